/*
 * The channel under imsg: bytes and descriptors in and out of the socket.  The
 * peer is not trusted: no descriptor that arrives stays open without an owner,
 * and what arrives is not interpreted here.
 */

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/imsg_send.h"
#include "starved.h"
#include "imsg-channel.h"

#define IMSG_IOV_MAX 64
#define SENT_MAX 253 /* descriptors at once that a system lets through */

/*
 * Close what nobody has asked for.  A socket may have been told to linger, and
 * its peer may never read.
 */
static void
fd_drop(struct imsg_channel *ch, int fd)
{
	const struct linger no = { 0, 0 };

	ch->unasked = 1;
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &no, sizeof(no));
	(void)close(fd);
}

static void
pending_drop(struct imsg_channel *ch)
{
	ch->npending--;
	memmove(&ch->pending[0], &ch->pending[1],
	    ch->npending * sizeof(ch->pending[0]));
}

static void
pending_add(struct imsg_channel *ch, int fd, uint64_t start, uint64_t end)
{
	struct pending *p;

	if (ch->npending == IMSG_FD_PENDING || start == end) {
		fd_drop(ch, fd);
		return;
	}
	p = &ch->pending[ch->npending++];
	p->start = start;
	p->end = end;
	p->fd = fd;
}

/*
 * The descriptor of the message at the head of the stream, or -1.  Stretches
 * that ended before it are gone, so only the first can hold its start.
 */
int
pending_take(struct imsg_channel *ch)
{
	int fd;

	if (ch->npending == 0 || ch->pending[0].start > ch->taken)
		return (-1);
	fd = ch->pending[0].fd;
	pending_drop(ch);
	return (fd);
}

/* Close those in whose stretch no further message can start. */
void
pending_expire(struct imsg_channel *ch)
{
	while (ch->npending > 0 && ch->pending[0].end <= ch->taken) {
		fd_drop(ch, ch->pending[0].fd);
		pending_drop(ch);
	}
}

/* CMSG_NXTHDR, whose signs not every compiler likes as every libc has it. */
static struct cmsghdr *
control_next(struct msghdr *msg, struct cmsghdr *cmsg)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
	return (CMSG_NXTHDR(msg, cmsg));
#pragma GCC diagnostic pop
}

/*
 * Return the first descriptor of a control message, or -1.  A well-behaved
 * peer sends one at a time; any other is closed.  All of them fit: what the
 * kernel itself closes may make us wait.
 */
static int
control_fd(struct imsg_channel *ch, struct msghdr *msg)
{
	struct cmsghdr *cmsg;
	size_t i, n;
	int fd, first = -1;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg != NULL;
	     cmsg = control_next(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
		for (i = 0; i < n; i++) {
			memcpy(
			    &fd, CMSG_DATA(cmsg) + i * sizeof(fd), sizeof(fd));
			if (first == -1)
				first = fd;
			else
				fd_drop(ch, fd);
		}
	}
	return (first);
}

/*
 * Receive bytes and perhaps a descriptor.  MSG_CTRUNC needs no look: it says
 * that a descriptor was lost, and what is lost is not in pending.
 */
static ssize_t
channel_recv(struct imsg_channel *ch, int s, void *data, size_t len)
{
	struct msghdr msg;
	struct iovec iov;
	union {
		struct cmsghdr hdr;
		unsigned char buf[CMSG_SPACE(SENT_MAX * sizeof(int))];
	} control;
	ssize_t n;
	uint64_t start;
	int fd;

	iov.iov_base = data;
	iov.iov_len = len;
	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = &control;
	msg.msg_controllen = sizeof(control);
	if ((n = recvmsg(s, &msg,
		 MSG_CMSG_CLOEXEC | (ch->nowait ? MSG_DONTWAIT : 0))) == -1)
		return (-1);
	if ((fd = control_fd(ch, &msg)) != -1) {
		start = ch->taken + (ch->wpos - ch->rpos);
		pending_add(ch, fd, start, start + (uint64_t)n);
	}
	return (n);
}

void
imsgbuf_nowait(struct imsgbuf *imsgbuf)
{
	imsgbuf->ch->nowait = 1;
}

int
imsgbuf_unasked(const struct imsgbuf *imsgbuf)
{
	return (imsgbuf->ch->unasked);
}

int
read_resize(struct imsg_channel *ch, size_t size)
{
	unsigned char *buf;

	/* What is not read yet need not be copied, nor be had in memory. */
	if (ch->wpos == 0) {
		if ((buf = malloc(size)) == NULL)
			return (-1);
		free(ch->buf);
	} else if ((buf = realloc(ch->buf, size)) == NULL)
		return (-1);
	ch->buf = buf;
	ch->size = size;
	return (0);
}

int
imsgbuf_read(struct imsgbuf *imsgbuf)
{
	struct imsg_channel *ch = imsgbuf->ch;
	ssize_t n;

	if (ch->rpos > 0) {
		ch->wpos -= ch->rpos;
		memmove(ch->buf, ch->buf + ch->rpos, ch->wpos);
		ch->rpos = 0;
	}
	/* What one large message has needed goes back, if that can be. */
	if (ch->wpos == 0 && ch->size > IMSG_READ_MAX)
		(void)read_resize(ch, IMSG_READ_MAX);
	if (ch->wpos == ch->size)
		return (1);
	/* A plain read makes the kernel discard descriptors. */
	if (ch->fdpass)
		n = channel_recv(
		    ch, imsgbuf->fd, ch->buf + ch->wpos, ch->size - ch->wpos);
	else
		n = read(imsgbuf->fd, ch->buf + ch->wpos, ch->size - ch->wpos);
	if (n == -1)
		return (errno == EAGAIN || errno == EINTR || starved(errno)
			    ? 1
			    : -1);
	if (n == 0)
		return (0);
	ch->wpos += (size_t)n;
	if (ch->high < ch->wpos)
		ch->high = ch->wpos;
	return (1);
}

void
imsgbuf_shrink(struct imsgbuf *imsgbuf)
{
	struct imsg_channel *ch = imsgbuf->ch;
	unsigned char *buf;

	/* New memory costs nothing before it is written to. */
	if (ch->rpos != ch->wpos || ch->high <= IMSG_READ_KEEP ||
	    (buf = malloc(IMSG_READ_MAX)) == NULL)
		return;
	free(ch->buf);
	ch->buf = buf;
	ch->size = IMSG_READ_MAX;
	ch->rpos = ch->wpos = ch->high = 0;
}

/*
 * Collect what one sendmsg can carry: a descriptor belongs to the first byte
 * of its sendmsg and must not be mistaken for another message's, so a message
 * that has one comes first, and those behind it have none.  Returns how many
 * pieces.
 */
static size_t
channel_gather(struct imsg_channel *ch, struct iovec *iov, int *fd)
{
	struct ibuf *msg;
	size_t n = 0;

	*fd = -1;
	TAILQ_FOREACH (msg, &ch->queue, entry) {
		if (n == IMSG_IOV_MAX || (n > 0 && msg->fd != -1))
			break;
		iov[n].iov_base = ibuf_data(msg);
		iov[n].iov_len = ibuf_size(msg);
		if (n++ == 0)
			*fd = msg->fd;
	}
	return (n);
}

/*
 * Without a descriptor by a call that could not carry one: a sandbox can
 * forbid the other to who has none to send.
 */
static ssize_t
stream_send(
    struct imsg_channel *ch, int s, struct iovec *iov, size_t iovcnt, int fd)
{
	struct msghdr msg;
	struct cmsghdr *cmsg;
	union {
		struct cmsghdr hdr;
		unsigned char buf[CMSG_SPACE(sizeof(int))];
	} control;

	if (fd == -1 && !ch->nowait)
		return (writev(s, iov, (int)iovcnt));
	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = iov;
	msg.msg_iovlen = (__typeof__(msg.msg_iovlen))iovcnt;
	if (fd == -1)
		return (sendmsg(s, &msg, MSG_NOSIGNAL | MSG_DONTWAIT));
	memset(&control, 0, sizeof(control));
	msg.msg_control = &control;
	msg.msg_controllen = sizeof(control);
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return (sendmsg(s, &msg, MSG_NOSIGNAL));
}

/* Take n bytes that were sent off the queue. */
static void
channel_sent(struct imsg_channel *ch, size_t n)
{
	struct ibuf *msg;

	while (n > 0 && (msg = TAILQ_FIRST(&ch->queue)) != NULL) {
		/* It left with the first byte, and must not leave again. */
		if (msg->fd != -1) {
			(void)close(msg->fd);
			msg->fd = -1;
		}
		if (n < ibuf_size(msg)) {
			(void)ibuf_skip(msg, n);
			return;
		}
		n -= ibuf_size(msg);
		TAILQ_REMOVE(&ch->queue, msg, entry);
		ch->queuelen--;
		ibuf_free(msg);
	}
}

int
imsgbuf_write(struct imsgbuf *imsgbuf)
{
	struct imsg_channel *ch = imsgbuf->ch;
	struct iovec iov[IMSG_IOV_MAX];
	size_t iovcnt;
	ssize_t n;
	int fd;

	ch->stuck = 0;
	if ((iovcnt = channel_gather(ch, iov, &fd)) == 0)
		return (0);
	if (fd != -1 && !flight_room(imsgbuf->fd))
		return (0);
	if ((n = stream_send(ch, imsgbuf->fd, iov, iovcnt, fd)) == -1) {
		switch (errno) {
		case EAGAIN:
		case EINTR:
			return (0);
		case EMFILE: /* what some systems say */
		case ENOBUFS:
		case ENOMEM:
		case ETOOMANYREFS:
			flight_refused(ch);
			return (0);
		default:
			return (-1);
		}
	}
	if (fd != -1)
		ch->refused = 0;
	channel_sent(ch, (size_t)n);
	return (0);
}

/* Until it is worth another try. */
static void
channel_wait(const struct imsg_channel *ch, int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };

	if (ch->stuck)
		(void)poll(NULL, 0, IMSG_STUCK_MS);
	else
		(void)poll(&pfd, 1, -1);
}

int
imsgbuf_flush(struct imsgbuf *imsgbuf)
{
	uint32_t before;

	while ((before = imsgbuf->ch->queuelen) > 0) {
		if (imsgbuf_write(imsgbuf) == -1)
			return (-1);
		if (imsgbuf->ch->queuelen == before)
			channel_wait(imsgbuf->ch, imsgbuf->fd);
	}
	return (0);
}
