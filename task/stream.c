/* The streams of programs: see stream.h. */

#include <sys/ioctl.h>
#include <sys/uio.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "compat/splice.h"
#include "compat/stream.h"
#include "log.h"

#include "task/frame.h"
#include "task/source.h"
#include "task/stream.h"
#include "task/table.h"
#include "task/tell.h"

#define CTRL_D 4 /* what ends the input of a terminal */
#define BULK_MIN 16384 /* bytes read at once by which a stream is known */
#define LARGE_MAX 64 /* of a user's memory for pipes, the system counts all */
/* Bytes moved at once: with its head it is what a worker moves at once. */
#define MOVE_MAX 245747U
#define LARGE_PIPE 262144U

static void (*on_closed)(struct task *);
static uint8_t piece[WIRE_WINDOW];
static int large; /* streams with a larger pipe */

void
stream_setup(void (*closed)(struct task *))
{
	on_closed = closed;
	stream_init();
	stream_io_init();
}

static int
is_open(const struct stream *s)
{
	return (s->source.watch.fd != -1);
}

static void
put_away(struct stream *s)
{
	if (!is_open(s))
		return;
	(void)source_set(&s->source, 0);
	if (s->tty)
		stream_terminals(-1);
	large -= s->large;
	s->large = 0;
	(void)close(s->source.watch.fd);
	s->source.watch.fd = -1;
	free(s->buf);
	s->buf = NULL;
	s->off = s->end = 0;
}

/* Output has come to its end. */
static void
output_end(struct stream *s, int error)
{
	put_away(s);
	tell_eof(s->task, s->number, error);
	if (!stream_open(s->task))
		on_closed(s->task);
}

static uint8_t
output_type(const struct stream *s)
{
	return (s->number == 2 ? WIRE_STDERR : WIRE_STDOUT);
}

static ssize_t
output_get(const struct stream *s, void *buf, size_t len)
{
	int fd = s->source.watch.fd;

	return (s->tty ? stream_get_terminal(fd, buf, len)
		       : stream_get_pipe(fd, buf, len));
}

/* What was there at the end is read: was there more, or could there be? */
static void
output_cut(struct stream *s)
{
	uint8_t byte;
	ssize_t n = output_get(s, &byte, 1);

	output_end(s, n > 0 || (n == -1 && errno == EAGAIN) ? EPIPE : 0);
}

/*
 * A piece of output, in piece; or, of a stream that brings much, moved on
 * already, which *moved says.
 */
static ssize_t
output_piece(struct stream *s, size_t want, int *moved)
{
	ssize_t n;

	*moved = 0;
	if (s->bulk && !s->tty) {
		n = (ssize_t)frame_move(
		    output_type(s), s->task->number, s->source.watch.fd, want);
		*moved = n > 0;
		if (n > 0)
			return (n);
	}
	n = output_get(s, piece, want < sizeof(piece) ? want : sizeof(piece));
	if (n < BULK_MIN)
		s->bulk = 0;
	else if (!s->bulk && !s->tty) {
		s->bulk = 1;
		/* As much as the node takes: the less often it waits. */
		if (large < LARGE_MAX && !s->large) {
			(void)splice_size(s->source.watch.fd, LARGE_PIPE);
			s->large = 1;
			large++;
		}
	}
	return (n);
}

static void
on_output(void *arg, int events)
{
	struct stream *s = arg;
	int moved;
	size_t want = s->credit < MOVE_MAX ? s->credit : MOVE_MAX;
	ssize_t n;

	(void)events;
	if (source_hold(&s->source))
		return;
	if (s->left >= 0 && want > (size_t)s->left)
		want = (size_t)s->left;
	if (want == 0 && s->left == 0) {
		output_cut(s);
		return;
	}
	n = output_piece(s, want, &moved);
	if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		if (s->left >= 0)
			output_cut(s);
		return;
	}
	/* A terminal whose other side is closed says EIO. */
	if (n <= 0) {
		output_end(s, n == 0 || (s->tty && errno == EIO) ? 0 : errno);
		return;
	}
	if (!moved)
		frame_put(output_type(s), s->task->number, 0, NULL, 0, piece,
		    (size_t)n);
	s->credit -= (size_t)n;
	if (s->left >= 0 && (s->left -= n) == 0)
		output_cut(s);
	else if (s->credit == 0)
		(void)source_set(&s->source, 0);
}

int
stream_ack(struct task *t, uint32_t number, uint32_t bytes)
{
	struct stream *s;

	if (number < 1 || number > 2)
		return (-1);
	s = &t->stream[number];
	if (!is_open(s))
		return (0); /* of what came before its end */
	if (bytes > s->window - s->credit)
		return (-1);
	s->credit += bytes;
	if (s->credit > 0)
		(void)source_set(&s->source, EVSET_IN);
	return (0);
}

static ssize_t
input_put(const struct stream *s)
{
	struct iovec iov = { s->buf + s->off, s->end - s->off };
	int fd = s->source.watch.fd;

	return (s->tty ? stream_put_terminal(fd, &iov, 1)
		       : stream_put_pipe(fd, &iov, 1));
}

static void
input_end(struct stream *s, int error)
{
	put_away(s);
	tell_eof(s->task, 0, error);
}

/* All has left: what was to come behind it? */
static void
input_empty(struct stream *s)
{
	free(s->buf);
	s->buf = NULL;
	s->off = s->end = 0;
	(void)source_set(&s->source, 0);
	if (s->closing)
		input_end(s, 0);
}

static void
on_input(void *arg, int events)
{
	struct stream *s = arg;
	ssize_t n;

	(void)events;
	if (s->off == s->end) {
		input_empty(s);
		return;
	}
	n = input_put(s);
	if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		(void)source_set(&s->source, EVSET_OUT);
		return;
	}
	if (n == -1) {
		input_end(s, errno);
		return;
	}
	s->off += (size_t)n;
	tell_taken(s->task, (uint32_t)n);
	if (s->off == s->end)
		input_empty(s);
	else
		(void)source_set(&s->source, EVSET_OUT);
}

int
stream_input(struct task *t, const uint8_t *data, size_t len)
{
	struct stream *s = &t->stream[0];
	size_t have = s->end - s->off;

	if (!is_open(s) || s->closing) {
		tell_eof(t, 0, is_open(s) || t->streams & 1 ? EPIPE : EBADF);
		return (0);
	}
	if (len > WIRE_WINDOW - have)
		return (-1);
	if (s->buf == NULL && (s->buf = malloc(WIRE_WINDOW)) == NULL)
		fatal("no memory for input");
	if (s->off > 0) {
		memmove(s->buf, s->buf + s->off, have);
		s->off = 0;
		s->end = have;
	}
	memcpy(s->buf + s->end, data, len);
	s->end += len;
	if (have == 0 && len > 0)
		on_input(s, 0);
	return (0);
}

void
stream_close_input(struct task *t)
{
	static const uint8_t eof = CTRL_D;
	struct stream *s = &t->stream[0];

	if (!is_open(s) || s->closing)
		return;
	/* A terminal is open as long as its output is. */
	if (s->tty && s->end - s->off < WIRE_WINDOW)
		(void)stream_input(t, &eof, 1);
	if (!is_open(s))
		return;
	s->closing = 1;
	if (s->off == s->end)
		input_empty(s);
}

void
stream_end_input(struct task *t)
{
	put_away(&t->stream[0]);
}

int
stream_close(struct task *t, uint32_t number)
{
	struct stream *s = &t->stream[number];

	if (!is_open(s))
		return (-1);
	if (number == 0) {
		stream_close_input(t);
		return (0);
	}
	put_away(s);
	if (!stream_open(t))
		on_closed(t);
	return (0);
}

int
stream_winsz(struct task *t, unsigned int rows, unsigned int columns)
{
	struct winsize ws = { 0 };
	int i;

	ws.ws_row = (unsigned short)rows;
	ws.ws_col = (unsigned short)columns;
	for (i = 0; i < 3; i++)
		if (is_open(&t->stream[i]) && t->stream[i].tty)
			return (ioctl(
			    t->stream[i].source.watch.fd, TIOCSWINSZ, &ws));
	errno = ENOTTY;
	return (-1);
}

int
stream_open(const struct task *t)
{
	return (is_open(&t->stream[1]) || is_open(&t->stream[2]));
}

void
stream_cut(struct task *t)
{
	struct stream *s;
	int i, n;

	for (i = 1; i < 3; i++) {
		s = &t->stream[i];
		if (!is_open(s) || s->left >= 0)
			continue;
		if (ioctl(s->source.watch.fd, FIONREAD, &n) == -1)
			n = 0;
		s->left = n;
		if (n == 0)
			output_cut(s);
	}
}

void
stream_drop(struct task *t)
{
	int i;

	for (i = 0; i < 3; i++)
		put_away(&t->stream[i]);
}

int
stream_next(struct task *t, uint32_t number, int tty, int fd)
{
	enum stream_kind kind;

	if (number > 2 || t->next_fds[number] != -1 || fd == -1)
		return (-1);
	kind = stream_kind(fd);
	if (kind != (tty ? STREAM_TERMINAL : STREAM_PIPE) ||
	    stream_unwaiting(fd) == -1)
		return (-1);
	t->next_fds[number] = fd;
	if (tty)
		t->next_ttys |= 1U << number;
	return (0);
}

int
stream_check(const struct task *t, uint32_t streams)
{
	uint32_t have = 0;
	int i;

	for (i = 0; i < 3; i++)
		if (t->next_fds[i] != -1)
			have |= 1U << i;
	return (have == streams ? 0 : -1);
}

static void
stream_take(struct task *t, int number, int fd, int tty)
{
	struct stream *s = &t->stream[number];

	s->source.watch.fd = fd;
	s->source.watch.events = 0;
	s->source.watch.fn = number == 0 ? on_input : on_output;
	s->source.watch.arg = s;
	s->tty = tty;
	s->window = s->credit = t->window;
	s->left = -1;
	s->bulk = 0;
	s->off = s->end = 0;
	s->closing = 0;
	t->streams |= 1U << number;
	if (number != 0)
		(void)source_set(&s->source, EVSET_IN);
}

/* Of a terminal there are two descriptors, one for each of its streams. */
void
stream_begin(struct task *t)
{
	int i, fd, tty;

	t->streams = 0;
	for (i = 0; i < 3; i++) {
		fd = t->next_fds[i];
		tty = (t->next_ttys >> i) & 1;
		t->next_fds[i] = -1;
		if (fd == -1)
			continue;
		if (tty)
			stream_terminals(1);
		stream_take(t, i, fd, tty);
	}
	t->next_ttys = 0;
}

void
stream_forget(struct task *t)
{
	int i;

	for (i = 0; i < 3; i++) {
		if (t->next_fds[i] != -1)
			(void)close(t->next_fds[i]);
		t->next_fds[i] = -1;
	}
	t->next_ttys = 0;
}
