/*
 * Frames from the node: a length, then that many bytes. The buffer grows
 * with what has arrived, never with what a length claims. A long stdin
 * request is handed on in pieces as it comes in; everything else is
 * collected until it is whole.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker.h"
#include "log.h"
#include "starved.h"

#define READ_MIN (256UL * 1024) /* room to have for a read */
#define FRAME_MAX (64U << 20) /* more is a broken peer */
#define STDIN_HEAD_MAX 64 /* bytes before the bytes of a stdin request */

static uint8_t *buf;
static size_t buf_size, start, end; /* unread: start to end */
static int prefix; /* bytes of the length */
static size_t stream_left; /* bytes of a stdin request still to come */
static int32_t stream_pid;
static int stream_tried; /* the frame at start is not a stdin request */

void
frame_init(int packet)
{
	prefix = packet;
	buf_size = 2 * READ_MIN;
	if ((buf = malloc(buf_size)) == NULL)
		fatal("buffer of frames");
}

/* Room for READ_MIN bytes behind what is there. */
static void
frame_make_room(void)
{
	uint8_t *p;

	if (start > 0) {
		memmove(buf, buf + start, end - start);
		end -= start;
		start = 0;
	}
	if (buf_size - end >= READ_MIN)
		return;
	if ((p = recallocarray(buf, buf_size, buf_size * 2, 1)) == NULL)
		fatal("larger buffer of frames");
	buf = p;
	buf_size *= 2;
}

int
frame_read(int fd)
{
	ssize_t n;

	if (buf_size - end < READ_MIN)
		frame_make_room();
	n = read(fd, buf + end, buf_size - end);
	if (n == -1)
		return (errno == EINTR || errno == EAGAIN || starved(errno) ? 1
			: errno == ECONNRESET				    ? 0
					      : -1);
	end += (size_t)n;
	return (n > 0);
}

static size_t
frame_prefix(const uint8_t *p)
{
	size_t v = 0;
	int i;

	for (i = 0; i < prefix; i++)
		v = v << 8 | p[i];
	return (v);
}

/*
 * Does a frame of len bytes, perhaps unfinished, begin {_, {stdin, Pid,
 * Binary}}, with the binary up to its end? Then *head bytes come before it.
 */
static int
frame_begins_stdin(const uint8_t *p, size_t have, size_t len, size_t *head)
{
	char atom[ETF_ATOM_MAX];
	struct etf e;
	uint32_t arity, n;
	int64_t tid;
	int32_t pid;

	if (etf_open(&e, p, have) == -1 || etf_get_tuple(&e, &arity) == -1 ||
	    arity != 2 || etf_get_int(&e, &tid) == -1 ||
	    etf_get_tuple(&e, &arity) == -1 || arity != 3 ||
	    etf_get_atom(&e, atom, sizeof(atom)) == -1 ||
	    strcmp(atom, "stdin") != 0 || etf_get_pid(&e, &pid) == -1 ||
	    pid == 0)
		return (0);
	if (etf_get_binary_head(&e, &n) == -1)
		return (0);
	*head = (size_t)(e.p - p);
	stream_pid = pid;
	return (*head + n == len);
}

/* Bytes of a stdin request that has begun. */
static enum frame_kind
frame_stdin_piece(struct frame *f)
{
	size_t n = end - start;

	if (n == 0)
		return (FRAME_NONE);
	if (n > stream_left)
		n = stream_left;
	if (n > MSG_STDIN_MAX)
		n = MSG_STDIN_MAX;
	f->data = buf + start;
	f->len = n;
	f->pid = stream_pid;
	start += n;
	stream_left -= n;
	return (FRAME_STDIN);
}

enum frame_kind
frame_next(struct frame *f)
{
	size_t have = end - start, len, head;

	if (stream_left > 0)
		return (frame_stdin_piece(f));
	if (have < (size_t)prefix)
		return (FRAME_NONE);
	if ((len = frame_prefix(buf + start)) > FRAME_MAX)
		return (FRAME_TOOBIG);
	have -= (size_t)prefix;
	/* In pieces also if it is whole: more than fits one message. */
	if ((have < len || len > MSG_STDIN_MAX) && !stream_tried &&
	    have >= STDIN_HEAD_MAX) {
		stream_tried = 1;
		if (frame_begins_stdin(buf + start + prefix,
			have < len ? have : len, len, &head)) {
			stream_tried = 0;
			start += (size_t)prefix + head;
			stream_left = len - head;
			return (frame_stdin_piece(f));
		}
	}
	if (have < len)
		return (FRAME_NONE);
	f->data = buf + start + prefix;
	f->len = len;
	start += (size_t)prefix + len;
	stream_tried = 0;
	return (FRAME_WHOLE);
}
