/*
 * A message straight from the memory it is in to the socket. It is for much:
 * what is little is cheaper queued and sent together with others.
 */

#include "compat/imsg_send.h"
#include "imsg-channel.h"

/* What is left of the pieces behind the first sent bytes. */
static int
queue_rest(struct imsg_channel *ch, const struct iovec *iov, int iovcnt,
    size_t sent, size_t left)
{
	const char *base;
	struct ibuf *rest;
	int i;

	if ((rest = ibuf_open(left)) == NULL)
		return (-1);
	for (i = 0; i < iovcnt; i++) {
		if (sent >= iov[i].iov_len) {
			sent -= iov[i].iov_len;
			continue;
		}
		base = iov[i].iov_base;
		(void)ibuf_add(rest, base + sent, iov[i].iov_len - sent);
		sent = 0;
	}
	TAILQ_INSERT_TAIL(&ch->queue, rest, entry);
	ch->queuelen++;
	return (1);
}

int
imsgbuf_send(
    struct imsgbuf *imsgbuf, uint32_t type, const struct iovec *iov, int iovcnt)
{
	struct imsg_channel *ch = imsgbuf->ch;
	struct iovec all[1 + IMSG_SEND_IOV];
	struct imsg_hdr hdr = { 0 };
	size_t len = sizeof(hdr);
	ssize_t n;
	int i;

	for (i = 0; i < iovcnt && i < IMSG_SEND_IOV; i++) {
		if (iov[i].iov_len > ch->maxsize)
			break;
		all[1 + i] = iov[i];
		len += iov[i].iov_len;
	}
	/* In its turn, and refused if it must be. */
	if (i < iovcnt || len > ch->maxsize || ch->queuelen > 0 || ch->nowait)
		return (imsg_composev(imsgbuf, type, 0, 0, -1, iov, iovcnt));
	hdr.type = type;
	hdr.len = (uint32_t)len;
	hdr.pid = (uint32_t)ch->pid;
	all[0].iov_base = &hdr;
	all[0].iov_len = sizeof(hdr);
	/* What is wrong with the socket is said by the next write. */
	if ((n = writev(imsgbuf->fd, all, iovcnt + 1)) == -1)
		n = 0;
	if ((size_t)n == len)
		return (1);
	return (queue_rest(ch, all, iovcnt + 1, (size_t)n, len - (size_t)n));
}
