/* Frames of the node: see frame.h and wire.h. */

#include <sys/ioctl.h>

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/splice.h"
#include "log.h"

#include "task/frame.h"
#include "task/wire.h"

#define LENGTH 4
#define HEAD (LENGTH + WIRE_HEAD)
#define MOVE_MIN 8192 /* bytes that are cheaper moved than copied */
#define IN_SIZE (LENGTH + WIRE_MAX)
#define OUT_PIPE 524288U /* what the node's pipe, and ours, are to hold */
#define OUT_KEEP (1U << 20) /* of memory for what waits to leave */

static int fd_in, fd_out;

static struct {
	uint8_t *buf;
	size_t off, end;
} in;

static struct {
	uint8_t *buf;
	size_t off, end, size;
	size_t split; /* where what is moved belongs, if there is any */
	int gone;
} out;

/* What is moved: it lies in a pipe of ours, and leaves behind out.split. */
static struct {
	int pipe[2];
	int able;
	size_t left;
} mid;

uint16_t
frame_16(const uint8_t *p)
{
	return ((uint16_t)(p[0] << 8 | p[1]));
}

uint32_t
frame_32(const uint8_t *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return (be32toh(n));
}

uint64_t
frame_64(const uint8_t *p)
{
	uint64_t n;

	memcpy(&n, p, sizeof(n));
	return (be64toh(n));
}

void
frame_to_32(uint8_t *p, uint32_t n)
{
	n = htobe32(n);
	memcpy(p, &n, sizeof(n));
}

void
frame_to_64(uint8_t *p, uint64_t n)
{
	n = htobe64(n);
	memcpy(p, &n, sizeof(n));
}

void
frame_init(int from, int to)
{
	fd_in = from;
	fd_out = to;
	if ((in.buf = malloc(IN_SIZE)) == NULL)
		fatal("no memory for frames");
	if (pipe2(mid.pipe, O_CLOEXEC | O_NONBLOCK) == -1)
		fatal("pipe of our own");
	mid.able = splice_able(to) && splice_able(mid.pipe[0]);
	if (mid.able) {
		(void)splice_size(to, OUT_PIPE);
		(void)splice_size(mid.pipe[0], OUT_PIPE);
	}
}

int
frame_read(void)
{
	ssize_t n;

	if (in.off > 0) {
		memmove(in.buf, in.buf + in.off, in.end - in.off);
		in.end -= in.off;
		in.off = 0;
	}
	n = read(fd_in, in.buf + in.end, IN_SIZE - in.end);
	if (n == -1)
		return (errno == EAGAIN || errno == EINTR);
	in.end += (size_t)n;
	return (n > 0);
}

int
frame_next(struct frame *f)
{
	const uint8_t *p = in.buf + in.off;
	size_t have = in.end - in.off, len;

	if (have < LENGTH)
		return (0);
	len = frame_32(p);
	if (len < WIRE_HEAD || len > WIRE_MAX)
		return (-1);
	if (have < LENGTH + len)
		return (0);
	f->type = p[4];
	f->task = frame_32(p + 5);
	f->seq = frame_32(p + 9);
	f->data = p + LENGTH + WIRE_HEAD;
	f->len = len - WIRE_HEAD;
	in.off += LENGTH + len;
	return (1);
}

/* Room for so many bytes more at the end. */
static uint8_t *
out_room(size_t len)
{
	size_t have = out.end - out.off;

	if (out.size - out.end < len && out.off > 0) {
		memmove(out.buf, out.buf + out.off, have);
		out.split -= out.off;
		out.off = 0;
		out.end = have;
	}
	if (out.size - out.end < len) {
		out.size = (have + len) * 2;
		if ((out.buf = realloc(out.buf, out.size)) == NULL)
			fatal("no memory for frames");
	}
	return (out.buf + out.end);
}

static void
head_put(uint8_t *p, uint8_t type, uint32_t task, uint32_t seq, size_t len)
{
	if (len > WIRE_MAX - WIRE_HEAD)
		fatalx("a frame with %zu bytes", len);
	frame_to_32(p, (uint32_t)(WIRE_HEAD + len));
	p[4] = type;
	frame_to_32(p + 5, task);
	frame_to_32(p + 9, seq);
}

/* The head of a frame of so many bytes; where they go, if they are copied. */
static uint8_t *
put_head(uint8_t type, uint32_t task, uint32_t seq, size_t len, size_t copied)
{
	uint8_t *p = out_room(HEAD + copied);

	head_put(p, type, task, seq, len);
	out.end += HEAD + copied;
	return (p + HEAD);
}

void
frame_put(uint8_t type, uint32_t task, uint32_t seq, const void *head,
    size_t headlen, const void *data, size_t len)
{
	uint8_t *p;

	if (out.gone)
		return;
	p = put_head(type, task, seq, headlen + len, headlen + len);
	if (headlen > 0)
		memcpy(p, head, headlen);
	if (len > 0)
		memcpy(p + headlen, data, len);
}

/* It was promised before it was moved, and is not all there. */
static void
mid_mend(uint8_t type, uint32_t task, size_t len)
{
	uint8_t head[HEAD];

	if (read(mid.pipe[0], head, HEAD) != HEAD)
		fatalx("pipe of our own");
	if (len > 0)
		(void)put_head(type, task, 0, len, 0);
}

size_t
frame_move(uint8_t type, uint32_t task, int fd, size_t len)
{
	uint8_t head[HEAD];
	size_t moved;
	ssize_t n;
	int have;

	if (!mid.able || mid.left > 0 || out.gone ||
	    ioctl(fd, FIONREAD, &have) == -1 || have < MOVE_MIN)
		return (0);
	if (len > (size_t)have)
		len = (size_t)have;
	head_put(head, type, task, 0, len);
	if (write(mid.pipe[1], head, HEAD) != HEAD)
		fatalx("pipe of our own");
	n = splice_move(fd, mid.pipe[1], len);
	moved = n > 0 ? (size_t)n : 0;
	mid.left = moved;
	if (moved < len)
		mid_mend(type, task, moved);
	else
		mid.left += HEAD;
	out.split = out.end;
	return (moved);
}

size_t
frame_waiting(void)
{
	return (out.end - out.off + mid.left);
}

static void
out_drop(void)
{
	out.off = out.end = 0;
	if (out.size > OUT_KEEP) {
		free(out.buf);
		out.buf = NULL;
		out.size = 0;
	}
}

/* Write or move once: 1 more may go, 0 not now, -1 nobody takes it. */
static int
out_leave(void)
{
	size_t end = mid.left > 0 ? out.split : out.end;
	ssize_t n;

	if (out.off < end)
		n = write(fd_out, out.buf + out.off, end - out.off);
	else
		n = splice_move(mid.pipe[0], fd_out, mid.left);
	if (n == -1)
		return (errno == EAGAIN || errno == EINTR ? 0 : -1);
	if (out.off < end)
		out.off += (size_t)n;
	else
		mid.left -= (size_t)n;
	return (1);
}

int
frame_flush(void)
{
	int more = 1;

	while (more == 1 && frame_waiting() > 0)
		more = out_leave();
	if (more == 0)
		return (0);
	if (more == -1) {
		out.gone = 1;
		mid.left = 0;
	}
	out_drop();
	return (out.gone ? -1 : 0);
}
