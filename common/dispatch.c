/*
 * The table check. Everything that any of the processes is sent by another
 * passes dispatch_check() before a handler sees it.
 */

#include "dispatch.h"
#include "log.h"

static const struct dispatch *
dispatch_check(const struct channel *c, uint32_t type, size_t len, int fd,
    unsigned int state)
{
	const struct dispatch *row = NULL;
	size_t i;

	for (i = 0; i < c->rows && row == NULL; i++)
		if (c->table[i].type == type)
			row = &c->table[i];
	if (row == NULL)
		fatalx("%s sent message type %u", c->peer, type);
	if (len < row->min || len > row->max)
		fatalx("%s sent %s of %zu bytes", c->peer, row->name, len);
	if (fd != -1 && row->fd == MSG_NOFD)
		fatalx("%s sent %s with a descriptor", c->peer, row->name);
	if (!(row->states & state))
		fatalx("%s sent %s out of turn", c->peer, row->name);
	return (row);
}

int
channel_dispatch(struct channel *c, unsigned int state)
{
	const struct dispatch *row;
	struct imsg imsg;
	struct ibuf body;
	size_t len;
	int fd, n;

	if (!c->open)
		return (0);
	if ((n = imsgbuf_get(&c->ibuf, &imsg)) == 0)
		return (0);
	if (n == -1)
		fatal("message from %s", c->peer);
	fd = imsg_get_fd(&imsg);
	len = imsg_get_len(&imsg);
	row = dispatch_check(c, imsg_get_type(&imsg), len, fd, state);
	if (len == 0 || imsg_get_ibuf(&imsg, &body) == -1)
		fatalx("%s sent an empty %s", c->peer, row->name);
	if (row->handler(c->arg, ibuf_data(&body), len, fd) == -1)
		fatalx("%s sent a broken %s", c->peer, row->name);
	imsg_free(&imsg);
	return (1);
}
