/*
 * The table check. Everything that any of the processes is sent by another
 * passes dispatch_check() before a handler sees it.
 */

#include "compat/imsg_send.h"
#include "dispatch.h"
#include "log.h"

static const struct dispatch *
dispatch_check(const struct channel *c, const struct msg *m, unsigned int state)
{
	const struct msg_type *t = proto_type(m->type);
	const struct dispatch *row = NULL;
	size_t i;

	for (i = 0; i < c->rows && row == NULL; i++)
		if (c->table[i].type == m->type)
			row = &c->table[i];
	if (row == NULL || t == NULL)
		fatalx("%s sent message type %u", c->peer, m->type);
	if (m->len < t->min || m->len > t->max)
		fatalx("%s sent %s of %zu bytes", c->peer, t->name, m->len);
	if (m->fd != -1 && !t->passes_fd)
		fatalx("%s sent %s with a descriptor", c->peer, t->name);
	if (!(row->states & state))
		fatalx("%s sent %s out of turn", c->peer, t->name);
	if (m->data == NULL)
		fatalx("%s sent an empty %s", c->peer, t->name);
	return (row);
}

int
channel_dispatch(struct channel *c, unsigned int state)
{
	const struct dispatch *row;
	struct imsg imsg;
	struct ibuf body;
	struct msg m;
	int n;

	if (!c->open)
		return (0);
	if ((n = imsgbuf_get(&c->ibuf, &imsg)) == -1)
		fatal("message from %s", c->peer);
	if (imsgbuf_unasked(&c->ibuf))
		fatalx("%s sent a descriptor with nothing", c->peer);
	if (n == 0)
		return (0);
	m.type = imsg_get_type(&imsg);
	m.fd = imsg_get_fd(&imsg);
	m.arg = c->arg;
	m.len = imsg_get_len(&imsg);
	m.data = m.len == 0 || imsg_get_ibuf(&imsg, &body) == -1
		     ? NULL
		     : ibuf_data(&body);
	row = dispatch_check(c, &m, state);
	if (proto_unpack(&m) == -1 || row->handler(&m) == -1)
		fatalx(
		    "%s sent a broken %s", c->peer, proto_type(m.type)->name);
	imsg_free(&imsg);
	return (1);
}
