/*
 * Channels and the table check. Everything that any of the processes hears
 * from another passes dispatch_check() before a handler sees it.
 */

#include <sys/socket.h>
#include <sys/uio.h>

#include <unistd.h>

#include "compat/imsg_send.h"
#include "dispatch.h"
#include "log.h"
#include "proto.h"

#define SEND_NOW 16384 /* bytes that are too many to be copied */

void
channel_init(struct channel *c, const char *peer, int fd, int passes_fds,
    const struct dispatch *table, size_t rows, void *arg)
{
	c->peer = peer;
	c->table = table;
	c->rows = rows;
	c->arg = arg;
	c->open = 1;
	if (imsgbuf_init(&c->ibuf, fd) == -1)
		fatal("channel to %s", peer);
	if (imsgbuf_set_maxsize(&c->ibuf, MSG_MAX) == -1)
		fatal("channel to %s", peer);
	if (passes_fds)
		imsgbuf_allow_fdpass(&c->ibuf);
}

void
channel_close(struct channel *c)
{
	if (!c->open)
		return;
	c->open = 0;
	imsgbuf_clear(&c->ibuf);
	(void)close(c->ibuf.fd);
}

void
channel_shut(struct channel *c)
{
	if (!c->open)
		return;
	c->open = 0;
	imsgbuf_clear(&c->ibuf);
	(void)shutdown(c->ibuf.fd, SHUT_RDWR);
}

int
channel_read(struct channel *c)
{
	if (!c->open)
		return (0);
	switch (imsgbuf_read(&c->ibuf)) {
	case 1:
		return (1);
	case 0:
		return (0);
	default:
		log_debug("reading from %s failed", c->peer);
		return (0);
	}
}

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

int
channel_write(struct channel *c)
{
	if (!c->open)
		return (-1);
	return (imsgbuf_write(&c->ibuf));
}

void
channel_send(
    struct channel *c, uint32_t type, int fd, const void *data, size_t len)
{
	if (!c->open) {
		if (fd != -1)
			(void)close(fd);
		return;
	}
	if (imsg_compose(&c->ibuf, type, 0, 0, fd, data, len) == -1)
		fatal("message to %s", c->peer);
}

void
channel_send2(struct channel *c, uint32_t type, const void *head,
    size_t headlen, const void *data, size_t len)
{
	struct iovec iov[2];
	int r;

	if (!c->open)
		return;
	iov[0].iov_base = (void *)(uintptr_t)head;
	iov[0].iov_len = headlen;
	iov[1].iov_base = (void *)(uintptr_t)data;
	iov[1].iov_len = len;
	if (headlen + len < SEND_NOW)
		r = imsg_composev(&c->ibuf, type, 0, 0, -1, iov, 2);
	else
		r = imsgbuf_send(&c->ibuf, type, iov, 2);
	if (r == -1)
		fatal("message to %s", c->peer);
}
