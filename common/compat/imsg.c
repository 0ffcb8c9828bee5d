/*
 * imsg: channels set up and torn down, messages taken from them and queued.
 * Moving the bytes is in imsg-channel.c, the cursor in imsg-buffer.c, and the
 * contract of every function in imsg.h.
 * The peer is not trusted: a length from the wire is found to be in range
 * before anything is done with it.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imsg-channel.h"

#define IMSG_READ_SIZE 65536

int
imsgbuf_init(struct imsgbuf *imsgbuf, int fd)
{
	struct imsg_channel *ch;

	imsgbuf->ch = NULL;
	imsgbuf->fd = fd;
	if ((ch = calloc(1, sizeof(*ch))) == NULL)
		return (-1);
	if ((ch->buf = malloc(IMSG_READ_SIZE)) == NULL) {
		free(ch);
		return (-1);
	}
	ch->size = IMSG_READ_SIZE;
	ch->maxsize = MAX_IMSGSIZE;
	ch->pid = getpid();
	TAILQ_INIT(&ch->queue);
	imsgbuf->ch = ch;
	return (0);
}

void
imsgbuf_allow_fdpass(struct imsgbuf *imsgbuf)
{
	imsgbuf->ch->fdpass = 1;
	flight_init(imsgbuf->fd);
}

int
imsgbuf_set_maxsize(struct imsgbuf *imsgbuf, uint32_t payload)
{
	struct imsg_channel *ch = imsgbuf->ch;
	size_t size;
	uint32_t maxsize;

	if (payload >= IMSG_FD_MARK - IMSG_HEADER_SIZE) {
		errno = ERANGE;
		return (-1);
	}
	maxsize = payload + IMSG_HEADER_SIZE;
	size = maxsize < IMSG_READ_MAX ? maxsize : IMSG_READ_MAX;
	if (size > ch->size && read_resize(ch, size) == -1)
		return (-1);
	ch->maxsize = maxsize;
	return (0);
}

void
imsgbuf_clear(struct imsgbuf *imsgbuf)
{
	struct imsg_channel *ch = imsgbuf->ch;
	struct ibuf *msg;

	if (ch == NULL)
		return;
	while ((msg = TAILQ_FIRST(&ch->queue)) != NULL) {
		TAILQ_REMOVE(&ch->queue, msg, entry);
		ibuf_free(msg);
	}
	ch->taken = UINT64_MAX;
	pending_expire(ch);
	free(ch->buf);
	free(ch);
	imsgbuf->ch = NULL;
}

uint32_t
imsgbuf_queuelen(struct imsgbuf *imsgbuf)
{
	return (imsgbuf->ch->queuelen);
}

int
imsgbuf_get(struct imsgbuf *imsgbuf, struct imsg *imsg)
{
	struct imsg_channel *ch = imsgbuf->ch;
	struct imsg_hdr hdr;
	size_t have = ch->wpos - ch->rpos;
	uint32_t len;

	memset(imsg, 0, sizeof(*imsg));
	if (have < IMSG_HEADER_SIZE)
		return (0);
	memcpy(&hdr, ch->buf + ch->rpos, sizeof(hdr));
	len = hdr.len & ~IMSG_FD_MARK;
	if (len < IMSG_HEADER_SIZE || len > ch->maxsize) {
		errno = ERANGE;
		return (-1);
	}
	if (len > have)
		return (len > ch->size ? read_resize(ch, len) : 0);
	imsg->hdr = hdr;
	ibuf_from_buffer(&imsg->payload, ch->buf + ch->rpos + IMSG_HEADER_SIZE,
	    len - IMSG_HEADER_SIZE);
	if ((hdr.len & IMSG_FD_MARK) && (imsg->fd = pending_take(ch)) != -1)
		imsg->has_fd = 1;
	ch->rpos += len;
	ch->taken += len;
	pending_expire(ch);
	return (1);
}

void
imsg_free(struct imsg *imsg)
{
	if (imsg->has_fd)
		(void)close(imsg->fd);
	memset(imsg, 0, sizeof(*imsg));
}

uint32_t
imsg_get_type(struct imsg *imsg)
{
	return (imsg->hdr.type);
}

size_t
imsg_get_len(struct imsg *imsg)
{
	return (ibuf_size(&imsg->payload));
}

int
imsg_get_ibuf(struct imsg *imsg, struct ibuf *view)
{
	size_t len = imsg_get_len(imsg);

	if (len == 0) {
		errno = EBADMSG;
		return (-1);
	}
	ibuf_from_buffer(view, ibuf_data(&imsg->payload), len);
	return (ibuf_skip(&imsg->payload, len));
}

int
imsg_get_fd(struct imsg *imsg)
{
	if (!imsg->has_fd)
		return (-1);
	imsg->has_fd = 0;
	return (imsg->fd);
}

int
imsg_composev(struct imsgbuf *imsgbuf, uint32_t type, uint32_t id, pid_t pid,
    int fd, const struct iovec *iov, int iovcnt)
{
	struct imsg_channel *ch = imsgbuf->ch;
	struct imsg_hdr hdr;
	struct ibuf *msg;
	size_t len = IMSG_HEADER_SIZE;
	int i;

	if (fd != -1 && !ch->fdpass) {
		errno = EINVAL;
		return (-1);
	}
	for (i = 0; i < iovcnt; i++) {
		if (iov[i].iov_len > ch->maxsize - len) {
			errno = ERANGE;
			return (-1);
		}
		len += iov[i].iov_len;
	}
	if ((msg = ibuf_open(len)) == NULL)
		return (-1);
	hdr.type = type;
	hdr.len = (uint32_t)len | (fd == -1 ? 0 : IMSG_FD_MARK);
	hdr.peerid = id;
	hdr.pid = (uint32_t)(pid == 0 ? ch->pid : pid);
	(void)ibuf_add(msg, &hdr, sizeof(hdr)); /* there is room */
	for (i = 0; i < iovcnt; i++)
		(void)ibuf_add(msg, iov[i].iov_base, iov[i].iov_len);
	msg->fd = fd;
	TAILQ_INSERT_TAIL(&ch->queue, msg, entry);
	ch->queuelen++;
	return (1);
}

int
imsg_compose(struct imsgbuf *imsgbuf, uint32_t type, uint32_t id, pid_t pid,
    int fd, const void *data, size_t len)
{
	struct iovec iov;

	iov.iov_base = (void *)(uintptr_t)data;
	iov.iov_len = len;
	return (imsg_composev(imsgbuf, type, id, pid, fd, &iov, 1));
}
