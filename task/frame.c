/* Frames of the node: see frame.h and wire.h. */

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#include "task/frame.h"
#include "task/wire.h"

#define LENGTH 4
#define IN_SIZE (LENGTH + WIRE_MAX)
#define OUT_KEEP (1U << 20) /* of memory for what waits to leave */

static int fd_in, fd_out;

static struct {
	uint8_t *buf;
	size_t off, end;
} in;

static struct {
	uint8_t *buf;
	size_t off, end, size;
	int gone;
} out;

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

void
frame_put(uint8_t type, uint32_t task, uint32_t seq, const void *head,
    size_t headlen, const void *data, size_t len)
{
	size_t all = WIRE_HEAD + headlen + len;
	uint8_t *p;

	if (out.gone)
		return;
	if (all > WIRE_MAX)
		fatalx("a frame of %zu bytes", all);
	p = out_room(LENGTH + all);
	frame_to_32(p, (uint32_t)all);
	p[4] = type;
	frame_to_32(p + 5, task);
	frame_to_32(p + 9, seq);
	p += LENGTH + WIRE_HEAD;
	if (headlen > 0)
		memcpy(p, head, headlen);
	if (len > 0)
		memcpy(p + headlen, data, len);
	out.end += LENGTH + all;
}

size_t
frame_waiting(void)
{
	return (out.end - out.off);
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

int
frame_flush(void)
{
	ssize_t n;

	while (out.off < out.end) {
		n = write(fd_out, out.buf + out.off, out.end - out.off);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return (0);
		if (n == -1) {
			out.gone = 1;
			out_drop();
			return (-1);
		}
		out.off += (size_t)n;
	}
	out_drop();
	return (out.gone ? -1 : 0);
}
