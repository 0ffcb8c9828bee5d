/*
 * Channels: reading, queueing and writing messages. What they mean, and
 * whether they may come at all, is for dispatch.c.
 */

#include <sys/socket.h>
#include <sys/uio.h>

#include <unistd.h>

#include "channel.h"
#include "compat/imsg_send.h"
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
	c->ahead = 0;
	c->open = 1;
	if (imsgbuf_init(&c->ibuf, fd) == -1 ||
	    imsgbuf_set_maxsize(&c->ibuf, MSG_MAX) == -1)
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
	int n;

	if (!c->open)
		return (0);
	if ((n = imsgbuf_read(&c->ibuf)) == -1)
		log_debug("reading from %s failed", c->peer);
	return (n == 1);
}

int
channel_write(struct channel *c)
{
	if (!c->open)
		return (-1);
	return (imsgbuf_write(&c->ibuf));
}

int
channel_queued(struct channel *c)
{
	return (c->open ? (int)imsgbuf_queuelen(&c->ibuf) : 0);
}

size_t
channel_ahead(struct channel *c)
{
	if (channel_queued(c) == 0)
		c->ahead = 0;
	return (c->ahead);
}

int
channel_poll(struct pollfd *pfd, struct channel *c, int want)
{
	pfd->fd = c->open ? c->ibuf.fd : -1;
	pfd->events = (short)(want ? POLLIN : 0);
	pfd->revents = 0;
	if (channel_queued(c) == 0)
		return (-1);
	if (imsgbuf_stuck(&c->ibuf))
		return (IMSG_STUCK_MS);
	pfd->events |= POLLOUT;
	return (-1);
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
	c->ahead = channel_ahead(c) + len;
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
	c->ahead = channel_ahead(c) + headlen + len;
	iov[0].iov_base = (void *)(uintptr_t)head;
	iov[0].iov_len = headlen;
	iov[1].iov_base = (void *)(uintptr_t)data;
	iov[1].iov_len = len;
	if (headlen + len < SEND_NOW)
		r = imsg_composev(&c->ibuf, type, 0, 0, -1, iov, 2);
	else
		r = imsgbuf_send(&c->ibuf, type, iov, 2);
	if (r == -1)
		fatal("message of two pieces to %s", c->peer);
}
