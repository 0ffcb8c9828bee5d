/*
 * Output of children to the node. A child is read only when the node takes
 * what is read, so nothing is ever kept here: a child that writes faster
 * than the node reads fills its own pipe and waits. Those that are readable
 * while the port is busy stand in line, each with its event off, and are
 * served in turn.
 *
 * A stream that brings much at once is moved and not copied, and its pipe made
 * larger: the less often anybody wakes up, the better. Those that bring little,
 * as in a conversation, have a line of their own and need not wait for all of
 * the others.
 */

#include <sys/ioctl.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "compat/nowait.h"
#include "compat/splice.h"
#include "log.h"
#include "worker.h"

#define BULK_MIN 16384 /* bytes read at once by which a stream is known */
#define MOVE_MIN 8192 /* bytes that are cheaper moved than copied */
#define IN_ROW 8 /* streams with little that go before one with much */
#define ROUND 16 /* pieces before a look at what else happens */
#define LARGE_MAX 16 /* streams that may have a large pipe */

/* More than a terminal can hold of what was printed on it. */
#define PTY_BUFFERED (256 * 1024)

TAILQ_HEAD(line, stream);
static struct line little = TAILQ_HEAD_INITIALIZER(little);
static struct line much = TAILQ_HEAD_INITIALIZER(much);
static int in_row; /* of little, served while much waited */
static int large_count;
static uint8_t piece[65536];

/* Where s stands: it does not change before it is served. */
static struct line *
line_of(const struct stream *s)
{
	return (s->bulk ? &much : &little);
}

static void
line_up(struct stream *s)
{
	if (s->queued)
		return;
	s->queued = 1;
	(void)event_del(&s->ev);
	TAILQ_INSERT_TAIL(line_of(s), s, next);
}

static void
leave_line(struct stream *s)
{
	if (s->queued)
		TAILQ_REMOVE(line_of(s), s, next);
	s->queued = 0;
}

/* Whose turn is it? */
static struct stream *
line_next(void)
{
	if (TAILQ_EMPTY(&little) || (!TAILQ_EMPTY(&much) && in_row >= IN_ROW)) {
		in_row = 0;
		return (TAILQ_FIRST(&much));
	}
	in_row++;
	return (TAILQ_FIRST(&little));
}

/*
 * Much comes: its pipe may hold more. Not more than the node lets us send at
 * once, and not for everyone, as the system counts what a user's pipes hold.
 */
static void
bulk_begin(struct stream *s)
{
	size_t window = s->child->window;

	s->bulk = 1;
	if (s->large || large_count == LARGE_MAX ||
	    (window != 0 && window < BODY_PIPE))
		return;
	if (splice_size(s->fd, BODY_PIPE) < BODY_PIPE)
		return;
	s->large = 1;
	large_count++;
}

void
relay_close(struct stream *s)
{
	if (s->fd == -1)
		return;
	leave_line(s);
	large_count -= s->large;
	(void)event_del(&s->ev);
	(void)close(s->fd);
	s->fd = -1;
}

/* Nothing more of it may be sent: it is not looked at until that changes. */
static void
park(struct stream *s)
{
	s->parked = 1;
	(void)event_del(&s->ev);
}

/* Not read before relay_release(). */
void
relay_hold(struct stream *s)
{
	if (s->fd != -1)
		park(s);
}

void
relay_release(struct stream *s)
{
	if (s->fd == -1 || !s->parked)
		return;
	s->parked = 0;
	line_up(s);
}

/* The node is done with some of what it was sent. */
int
relay_ack(void *arg, const void *data, size_t len, int fd)
{
	struct msg_ack m;
	struct stream *s;
	struct child *c;

	(void)arg;
	(void)fd;
	if (proto_unpack_ack(data, len, &m) == -1)
		return (-1);
	if ((c = child_by_pid(m.pid)) == NULL || c->window == 0)
		return (0);
	/* A terminal has one stream, whatever it is called. */
	s = &c->out[c->tty & TTY_YES ? 0 : m.stream - 1];
	s->credit = m.bytes > c->window - s->credit
			? c->window
			: s->credit + (size_t)m.bytes;
	if (s->credit > 0)
		relay_release(s);
	return (0);
}

/* It is over before its child is: the node may want to know. */
static void
relay_eof(struct stream *s)
{
	int told = !(s->child->tty & TTY_SILENT) && s->left == STREAM_ALL;

	relay_close(s);
	if (told)
		event_eof(s->child->pid, s->number);
}

/* How much of what is there may be sent in one frame. */
static size_t
relay_want(const struct stream *s, size_t max)
{
	if (max > s->left)
		max = s->left;
	if (s->child->window != 0 && max > s->credit)
		max = s->credit;
	return (max);
}

static ssize_t
relay_copy(struct stream *s)
{
	ssize_t n;

	n = nowait_read(s->fd, piece, relay_want(s, port_piece()));
	if (n > 0 && !(s->child->tty & TTY_SILENT))
		port_output(s->number, s->child->pid, piece, (size_t)n);
	if (n >= BULK_MIN && body_able() && !(s->child->tty & TTY_YES))
		bulk_begin(s);
	return (n);
}

/*
 * Little is copied after all, as the next will be. Where nothing moves it is
 * read that says why: a child can have put into its pipe what cannot be moved.
 */
static ssize_t
relay_move(struct stream *s)
{
	ssize_t n;

	n = body_take(s->fd, relay_want(s, port_move_max()));
	if (n >= MOVE_MIN) {
		port_output_body(s->number, s->child->pid);
		return (n);
	}
	s->bulk = 0;
	if (n <= 0)
		return (relay_copy(s));
	body_copy(piece);
	port_output(s->number, s->child->pid, piece, (size_t)n);
	return (n);
}

/* Move one piece. 1 if there may be more, 0 if nothing is there now. */
static int
relay_piece(struct stream *s)
{
	ssize_t n;

	n = s->bulk && body_able() ? relay_move(s) : relay_copy(s);
	if (n == -1 && (errno == EAGAIN || errno == EINTR) &&
	    s->left == STREAM_ALL)
		return (0);
	if (n <= 0) {
		relay_eof(s);
		return (0);
	}
	if (s->left != STREAM_ALL && (s->left -= (size_t)n) == 0) {
		relay_close(s);
		return (0);
	}
	if (s->child->window != 0 && (s->credit -= (size_t)n) == 0)
		park(s);
	return (1);
}

static void
on_readable(int fd, short what, void *arg)
{
	struct stream *s = arg;

	(void)fd;
	(void)what;
	if (!port_free()) {
		line_up(s);
		return;
	}
	(void)relay_piece(s);
	child_check(s->child);
}

int
relay_waiting(void)
{
	return (!TAILQ_EMPTY(&little) || !TAILQ_EMPTY(&much));
}

/* One that has ended is served till its end, in its turn. */
static void
wait_on(struct stream *s)
{
	if (s->left != STREAM_ALL)
		line_up(s);
	else if (event_add(&s->ev, NULL) == -1)
		fatal("relay");
}

/* The port is free again: serve those that stand in line. */
void
relay_resume(void)
{
	struct stream *s;
	int i;

	for (i = 0; i < ROUND && port_free(); i++) {
		if ((s = line_next()) == NULL)
			break;
		leave_line(s);
		(void)relay_piece(s);
		if (s->fd != -1 && !s->parked)
			wait_on(s);
		child_check(s->child);
	}
}

/* Takes fd; -1 if it cannot be watched. */
int
relay_start(struct child *c, int number, int fd)
{
	struct stream *s = &c->out[number - 1];

	s->child = c;
	s->number = c->tty & TTY_STDERR ? 2 : number;
	s->left = STREAM_ALL;
	s->credit = c->window;
	s->fd = fd;
	event_set(&s->ev, fd, EV_READ | EV_PERSIST, on_readable, s);
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		return (-1);
	return (event_add(&s->ev, NULL));
}

/*
 * The child has ended: what is in the pipe now is all that it can have
 * written. Others that hold the pipe may go on, but are not heard.
 */
void
relay_finish(struct stream *s)
{
	int n;

	if (s->fd == -1)
		return;
	if (s->child->tty & TTY_YES) {
		/* What is on its way through the terminal is not counted. */
		n = PTY_BUFFERED;
	} else if (ioctl(s->fd, FIONREAD, &n) == -1 || n <= 0) {
		relay_close(s);
		return;
	}
	s->left = (size_t)n;
	if (!s->parked)
		line_up(s);
}
