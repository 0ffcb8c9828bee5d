/*
 * Frames from the node: a length, then that many bytes. The buffer grows
 * with what has arrived, never with what a length claims. A long stdin
 * request is handed on in pieces as it comes in; everything else is
 * collected until it is whole.
 *
 * Where bytes can be moved no more is read than is known to be none of them: a
 * node that sends much begins its frames alike, so from the first large one on
 * a head is read, and looked at, before what follows is moved.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker.h"
#include "compat/splice.h"
#include "log.h"
#include "starved.h"

#define READ_MIN (256UL * 1024) /* room to have for a read */
#define FRAME_MAX (64U << 20) /* more is a broken peer */
#define STDIN_HEAD_MAX 64 /* bytes before the bytes of a stdin request */
#define LARGE_MIN \
	16384 /* bytes of a frame that are cheaper moved than copied */
#define OTHERS_MAX 16 /* frames in a row that are none, until all is read */

static uint8_t *buf;
static size_t buf_size, start, end; /* unread: start to end */
static int prefix; /* bytes of the length */
static size_t stream_left; /* bytes of a stdin request still to come */
static int32_t stream_pid;
static int stream_tried; /* the frame at start is not a stdin request */
static int moves_from, moves_to = -1; /* once anything may be moved */
static int moves_now; /* something was read, and nothing tried since */
static size_t moved; /* bytes of the stdin request that are in the pipe */
static size_t head_size; /* of the last large one; 0: none of late */
static int others; /* frames since then */

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

void
frame_moves(int from, int to)
{
	moves_from = from;
	moves_to = to;
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
 * How many bytes from start on, at least, are to be read: all that can be had,
 * or what cannot be moved of the frame there, and a head behind it.
 */
static size_t
frame_end(void)
{
	size_t have = end - start, len;

	if (head_size == 0)
		return (SIZE_MAX);
	if (stream_left > 0)
		return (stream_left + head_size);
	if (have < (size_t)prefix)
		return (head_size);
	len = frame_prefix(buf + start);
	if (len >= LARGE_MIN && !stream_tried && have < head_size)
		return (head_size);
	if (len >= LARGE_MIN && !stream_tried)
		return ((size_t)prefix + STDIN_HEAD_MAX);
	return ((size_t)prefix + len + head_size);
}

/* Are the next bytes those of a stdin request, none of which was read? */
static int
frame_movable(void)
{
	return (head_size > 0 && stream_left > 0 && start == end);
}

/* As read(2), not waiting; nothing is moved while the pipe is full. */
static ssize_t
frame_move(void)
{
	size_t len = stream_left < MSG_MOVED_MAX ? stream_left : MSG_MOVED_MAX;
	ssize_t n;

	moves_now = 0;
	if ((n = splice_move(moves_from, moves_to, len)) > 0)
		moved = (size_t)n;
	else if (n == -1 && errno != EAGAIN && errno != EINTR &&
		 !starved(errno)) {
		log_debug("stdin is copied: it cannot be moved");
		moves_to = -1;
		head_size = 0;
	}
	return (n);
}

static ssize_t
frame_copy(int fd)
{
	size_t room, want = frame_end();
	ssize_t n;

	if (buf_size - end < READ_MIN)
		frame_make_room();
	room = buf_size - end;
	want = want > end - start ? want - (end - start) : head_size;
	n = read(fd, buf + end, want < room ? want : room);
	if (n > 0)
		end += (size_t)n;
	moves_now = 1;
	return (n);
}

int
frame_read(int fd)
{
	ssize_t n = -1;

	if (moved > 0)
		return (1);
	if (frame_movable())
		n = frame_move();
	if (n == -1)
		n = frame_copy(fd);
	if (n == -1)
		return (errno == EINTR || errno == EAGAIN || starved(errno) ? 1
			: errno == ECONNRESET				    ? 0
					      : -1);
	return (n > 0);
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

/* Bytes of it that are in the pipe; what stands behind its head is tried. */
static enum frame_kind
frame_stdin_moved(struct frame *f)
{
	if (moved == 0 && (!moves_now || frame_move() <= 0))
		return (FRAME_NONE);
	f->data = NULL;
	f->len = moved;
	f->pid = stream_pid;
	stream_left -= moved;
	moved = 0;
	return (FRAME_MOVED);
}

/*
 * Is the frame of len bytes at start, of which have are there, a stdin request
 * to be handed on in pieces? Then the first of these are at start now.
 */
static int
frame_stream(size_t have, size_t len)
{
	int large = moves_to != -1 && len >= LARGE_MIN;
	size_t head;

	/* In pieces also if it is whole: more than fits one message. */
	if (stream_tried || (have >= len && len <= MSG_STDIN_MAX && !large))
		return (0);
	if (have < STDIN_HEAD_MAX &&
	    !(large && head_size > 0 && have + (size_t)prefix >= head_size))
		return (0);
	if (!frame_begins_stdin(
		buf + start + prefix, have < len ? have : len, len, &head)) {
		stream_tried = have >= STDIN_HEAD_MAX;
		return (0);
	}
	if (large) {
		head_size = (size_t)prefix + head;
		others = 0;
	}
	start += (size_t)prefix + head;
	stream_left = len - head;
	return (1);
}

enum frame_kind
frame_next(struct frame *f)
{
	size_t have = end - start, len;

	if (frame_movable())
		return (frame_stdin_moved(f));
	if (stream_left > 0)
		return (frame_stdin_piece(f));
	if (have < (size_t)prefix)
		return (FRAME_NONE);
	if ((len = frame_prefix(buf + start)) > FRAME_MAX)
		return (FRAME_TOOBIG);
	have -= (size_t)prefix;
	if (frame_stream(have, len))
		return (frame_movable() ? frame_stdin_moved(f)
					: frame_stdin_piece(f));
	if (have < len)
		return (FRAME_NONE);
	if (++others > OTHERS_MAX)
		head_size = 0;
	f->data = buf + start + prefix;
	f->len = len;
	start += (size_t)prefix + len;
	stream_tried = 0;
	return (FRAME_WHOLE);
}
