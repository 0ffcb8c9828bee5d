/*
 * Output of children to the node. A child is read only when the node takes
 * what is read, so nothing is ever kept here: a child that writes faster
 * than the node reads fills its own pipe and waits. Streams that are readable
 * while the port is busy are queued, each with its event off, and served in
 * turn.
 *
 * A stream that brings much at once is moved and not copied, and its pipe made
 * larger: the less often anybody wakes up, the better. Streams that bring
 * little, as in a conversation, have a queue of their own and need not wait
 * for all of the bulk.
 */

#include <sys/ioctl.h>

#include <errno.h>
#include <unistd.h>

#include "compat/stream.h"
#include "log.h"
#include "starved.h"
#include "worker.h"

#define BULK_MIN 16384 /* bytes read at once by which a stream is known */
#define MOVE_MIN 8192 /* bytes that are cheaper moved than copied */
#define SMALL_BURST 8 /* small streams that go before one with bulk */
#define ROUND 16 /* pieces before other events are handled */

/* More than a terminal can hold of what was printed on it. */
#define PTY_BUFFERED (256 * 1024)

TAILQ_HEAD(streams, stream);
static struct streams small = TAILQ_HEAD_INITIALIZER(small);
static struct streams bulk = TAILQ_HEAD_INITIALIZER(bulk);
static int small_run; /* of small, served while bulk waited */
static int large_count;
static void (*on_closed)(struct wchild *);
static uint8_t piece[65536];

void
relay_init(void (*closed)(struct wchild *))
{
	on_closed = closed;
}

/* s->bulk must not change while s is queued. */
static struct streams *
relay_queue_of(const struct stream *s)
{
	return (s->bulk ? &bulk : &small);
}

static void
relay_queue(struct stream *s)
{
	if (s->queued)
		return;
	s->queued = 1;
	(void)event_del(&s->readable.ev);
	TAILQ_INSERT_TAIL(relay_queue_of(s), s, next);
}

static void
relay_unqueue(struct stream *s)
{
	if (s->queued)
		TAILQ_REMOVE(relay_queue_of(s), s, next);
	s->queued = 0;
}

/* Whose turn is it? */
static struct stream *
relay_next(void)
{
	if (TAILQ_EMPTY(&small) ||
	    (!TAILQ_EMPTY(&bulk) && small_run >= SMALL_BURST)) {
		small_run = 0;
		return (TAILQ_FIRST(&bulk));
	}
	small_run++;
	return (TAILQ_FIRST(&small));
}

/*
 * Much comes: its pipe may hold more, but not more than the node lets us send
 * at once.
 */
static void
relay_begin_bulk(struct stream *s)
{
	size_t window = s->child->window;

	s->bulk = 1;
	if (s->large || (window != 0 && window < PIPE_LARGE))
		return;
	s->large = pipe_grow(s->fd, large_count);
	large_count += s->large;
}

void
relay_close(struct stream *s)
{
	if (s->fd == -1)
		return;
	relay_unqueue(s);
	large_count -= s->large;
	(void)event_del(&s->readable.ev);
	(void)close(s->fd);
	s->fd = -1;
}

void
relay_pause(struct stream *s)
{
	if (s->fd == -1)
		return;
	s->paused = 1;
	(void)event_del(&s->readable.ev);
}

void
relay_unpause(struct stream *s)
{
	if (s->fd == -1 || !s->paused)
		return;
	s->paused = 0;
	idle_heard(s->child);
	relay_queue(s);
}

void
relay_ack(struct wchild *c, uint32_t number, uint64_t bytes)
{
	struct stream *s;

	if (c->window == 0)
		return;
	/* A terminal has one stream, whatever it is called. */
	s = &c->out[c->tty & TTY_YES ? 0 : number - 1];
	s->credit = bytes > c->window - s->credit ? c->window
						  : s->credit + (size_t)bytes;
	if (s->credit > 0)
		relay_unpause(s);
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

/* Never by what could be made to wait. */
static ssize_t
relay_get(const struct stream *s, void *buf, size_t len)
{
	return (s->child->tty & TTY_YES ? stream_get_terminal(s->fd, buf, len)
					: stream_get_pipe(s->fd, buf, len));
}

/*
 * What was in the pipe when the child had ended is read. If somebody else has
 * it open still, or has written since, there would have been more.
 */
static void
relay_cut(struct stream *s)
{
	struct wchild *c = s->child;
	uint8_t byte;
	ssize_t n;

	n = relay_get(s, &byte, 1);
	if (!(c->tty & TTY_SILENT) &&
	    (n > 0 || (n == -1 && (errno != EIO || !(c->tty & TTY_YES))))) {
		log_debug("pid %d: others have its %s", (int)c->pid,
		    proto_stream_names[s->number]);
		c->truncated |= 1U << s->number;
	}
	relay_close(s);
}

/*
 * It has ended before its child has, or failed: then what was to come is
 * missing, and the exit says so.
 */
static void
relay_end(struct stream *s, int failed)
{
	struct wchild *c = s->child;

	if (failed) {
		log_warn("pid %d: read of its %s", (int)c->pid,
		    proto_stream_names[s->number]);
		c->truncated |= 1U << s->number;
	}
	relay_close(s);
	if (!(c->tty & TTY_SILENT))
		event_eof(c->pid, s->number);
}

static ssize_t
relay_copy(struct stream *s)
{
	size_t want = relay_want(s, port_copy_max());
	ssize_t n;

	n = relay_get(s, piece, want);
	if (n > 0 && !(s->child->tty & TTY_SILENT))
		event_output(s->number, s->child->pid, piece, (size_t)n);
	if (n >= BULK_MIN && zc_able() && !(s->child->tty & TTY_YES))
		relay_begin_bulk(s);
	return (n);
}

/*
 * A small piece is copied after all, and the stream is small from now on. If
 * nothing was moved, read(2) says why: a child can have put into its pipe what
 * cannot be moved.
 */
static ssize_t
relay_move(struct stream *s)
{
	ssize_t n;

	n = zc_read(s->fd, relay_want(s, port_move_max()));
	if (n >= MOVE_MIN) {
		event_output_moved(s->number, s->child->pid);
		return (n);
	}
	s->bulk = 0;
	if (n <= 0)
		return (relay_copy(s));
	zc_copy(piece);
	event_output(s->number, s->child->pid, piece, (size_t)n);
	return (n);
}

/* Send one piece. 1 if there may be more, 0 if nothing is there now. */
static int
relay_piece(struct stream *s)
{
	ssize_t n;

	n = s->bulk && zc_able() ? relay_move(s) : relay_copy(s);
	if (n == -1 && (errno == EAGAIN || errno == EINTR) &&
	    s->left == STREAM_ALL)
		return (0);
	if (n == -1 && starved(errno))
		return (0);
	if (n <= 0 && s->left != STREAM_ALL) {
		relay_cut(s);
		return (0);
	}
	if (n <= 0) {
		relay_end(s, n == -1);
		return (0);
	}
	idle_heard(s->child);
	if (s->left != STREAM_ALL && (s->left -= (size_t)n) == 0) {
		relay_cut(s);
		return (0);
	}
	if (s->child->window != 0 && (s->credit -= (size_t)n) == 0)
		relay_pause(s);
	return (1);
}

static void
on_readable(void *arg)
{
	struct stream *s = arg;

	if (port_waiting()) {
		relay_queue(s);
		return;
	}
	(void)relay_piece(s);
	if (s->fd == -1)
		on_closed(s->child);
}

int
relay_waiting(void)
{
	return (!TAILQ_EMPTY(&small) || !TAILQ_EMPTY(&bulk));
}

/* What the child has left when it ended is read without waiting for it. */
static void
relay_wait(struct stream *s)
{
	if (s->left != STREAM_ALL)
		relay_queue(s);
	else if (event_add(&s->readable.ev, NULL) == -1)
		fatal("watching a stream");
}

void
relay_serve(void)
{
	struct stream *s;
	int i;

	for (i = 0; i < ROUND && !port_waiting(); i++) {
		if ((s = relay_next()) == NULL)
			break;
		relay_unqueue(s);
		(void)relay_piece(s);
		if (s->fd == -1)
			on_closed(s->child);
		else if (!s->paused)
			relay_wait(s);
	}
}

int
relay_start(struct wchild *c, int number, int fd)
{
	struct stream *s = &c->out[number - 1];

	s->child = c;
	s->number = c->tty & TTY_STDERR ? 2 : number;
	s->left = STREAM_ALL;
	s->credit = c->window;
	s->fd = fd;
	callback_set(&s->readable, fd, EV_READ | EV_PERSIST, on_readable, s);
	if (stream_unwaiting(fd) == -1)
		return (-1);
	return (event_add(&s->readable.ev, NULL));
}

/*
 * Others that have the pipe open may go on to write: that is not read. If the
 * child's linger is over, these may have been killed by now, so that a stream
 * of which all was read looks as if it had come to its end: it has not.
 */
void
relay_finish(struct stream *s, int cut)
{
	int n;

	if (s->fd == -1)
		return;
	if (cut && !s->paused && !s->queued)
		s->child->truncated |= 1U << s->number;
	if (s->child->tty & TTY_YES) {
		/* What is on its way through the terminal is not counted. */
		n = PTY_BUFFERED;
	} else if (ioctl(s->fd, FIONREAD, &n) == -1 || n <= 0) {
		relay_cut(s);
		return;
	}
	s->left = (size_t)n;
	if (!s->paused)
		relay_queue(s);
}
