/*
 * Bytes from the node to a child's stdin. What the child does not take waits,
 * up to a limit; a child that lets more wait is killed, as some of its input
 * is lost. No other child has to wait for it. Memory is allocated only when
 * more waits than queue.c keeps chunks for.
 *
 * What the broker has moved waits in the pipe from it, for one child, behind
 * what is queued for that; and goes on to the child's pipe without a copy. When
 * bytes come for another, or others for this one, it is copied to the queue.
 */

#include <sys/ioctl.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "compat/splice.h"
#include "compat/stream.h"
#include "log.h"
#include "starved.h"
#include "worker.h"

#define ACK_MARK 32768 /* bytes that are worth an acknowledgement */
#define LARGE_FED (1UL << 20) /* bytes after which a pipe may be larger */

static int64_t limit; /* bytes that may wait for one child */
static int large_count;
static struct {
	int fd;
	struct wchild *child; /* whose the bytes are; NULL: nobody's */
	size_t len;
} moved;

void
feed_init(int64_t bytes, int fd)
{
	limit = bytes;
	moved.fd = fd;
}

static size_t
feed_waiting(const struct wchild *c)
{
	return (c->in.queue.len + (moved.child == c ? moved.len : 0));
}

/* The next of them, at least one, as they are there. */
static size_t
moved_read(uint8_t *buf, size_t size)
{
	ssize_t n;

	do
		n = read(moved.fd, buf, moved.len < size ? moved.len : size);
	while (n == -1 && (errno == EINTR || starved(errno)));
	if (n <= 0)
		fatal("pipe from the broker");
	moved.len -= (size_t)n;
	return ((size_t)n);
}

/* Nobody wants them. */
static void
moved_drop(void)
{
	uint8_t buf[4096];

	moved.child = NULL;
	while (moved.len > 0)
		(void)moved_read(buf, sizeof(buf));
}

/* Acknowledge what has left, not too often. */
static void
feed_ack(struct wchild *c, size_t n)
{
	struct feed *f = &c->in;
	size_t own = n < f->own ? n : f->own;

	f->own -= own;
	f->fed += n;
	f->left += n - own;
	if (f->left == 0 || f->left < f->worth ||
	    (f->left < ACK_MARK && feed_waiting(c) > 0))
		return;
	event_stdin_ack(c->pid, f->left);
	f->left = 0;
}

/*
 * Some of its input is lost. It must not take what it has read for all of it,
 * so there is no end of file before it is dead.
 */
static void
feed_cut(struct wchild *c, const char *why)
{
	struct feed *f = &c->in;

	log_warnx("stdin of pid %d: %s: killed", (int)c->pid, why);
	(void)event_del(&f->writable.ev);
	queue_clear(&f->queue);
	if (moved.child == c)
		moved_drop();
	f->cut = 1;
	notify_child(c->id, IMSG_CUT);
	event_eof(c->pid, 0);
}

/*
 * It could not be written. A child that will not read any more, whose pipe is
 * broken or whose terminal has hung up, misses nothing.
 */
static void
feed_failed(struct wchild *c, int error)
{
	if (error != EPIPE && !(error == EIO && c->tty & TTY_YES)) {
		feed_cut(c, strerror(error));
		return;
	}
	feed_close(c);
	event_eof(c->pid, 0);
}

void
feed_close(struct wchild *c)
{
	struct feed *f = &c->in;

	if (f->fd == -1)
		return;
	(void)event_del(&f->writable.ev);
	(void)close(f->fd);
	f->fd = -1;
	large_count -= f->large;
	f->large = 0;
	queue_clear(&f->queue);
	if (moved.child == c)
		moved_drop();
}

/*
 * A child that has taken much, and for which more waits, gets a larger pipe;
 * one that does not read gets none.
 */
static void
feed_enlarge(struct feed *f)
{
	if (f->large || f->fed < LARGE_FED)
		return;
	f->large = pipe_grow(f->fd, large_count);
	large_count += f->large;
}

/* How it is written to. */
static ssize_t (*feed_put(const struct wchild *c))(
    int, const struct iovec *, int)
{
	return (c->tty & TTY_YES ? stream_put_terminal : stream_put_pipe);
}

/* What the pipe has for it is queued. */
static void
feed_settle(void)
{
	static uint8_t piece[65536];
	struct wchild *c = moved.child;
	size_t n;

	while (moved.child != NULL && moved.len > 0) {
		n = moved_read(piece, sizeof(piece));
		if (queue_add(&c->in.queue, piece, n) == -1)
			feed_cut(c, strerror(errno));
	}
	moved.child = NULL;
}

/* Write some of what waits; as write(2). What cannot be moved is copied. */
static ssize_t
feed_some(struct wchild *c)
{
	struct feed *f = &c->in;
	ssize_t n;

	if (f->queue.len > 0)
		return (queue_write(&f->queue, f->fd, feed_put(c)));
	if ((n = splice_move(moved.fd, f->fd, moved.len)) == 0)
		fatalx("pipe from the broker: nothing moves");
	if (n == -1 && errno != EAGAIN && errno != EINTR && errno != EPIPE &&
	    !starved(errno)) {
		feed_settle();
		errno = EAGAIN;
	}
	if (n > 0 && (moved.len -= (size_t)n) == 0)
		moved.child = NULL;
	return (n);
}

static void
on_writable(void *arg)
{
	struct wchild *c = arg;
	struct feed *f = &c->in;
	ssize_t n;

	if ((n = feed_some(c)) == -1 && errno != EAGAIN && errno != EINTR &&
	    !starved(errno)) {
		feed_failed(c, errno);
		return;
	}
	/* As what could not be moved could not be copied. */
	if (f->cut)
		return;
	feed_ack(c, n > 0 ? (size_t)n : 0);
	if (feed_waiting(c) > 0) {
		feed_enlarge(f);
		return;
	}
	if (f->eof) {
		feed_close(c);
		return;
	}
	(void)event_del(&f->writable.ev);
}

int
feed_start(struct wchild *c, int fd)
{
	c->in.fd = fd;
	c->in.last = '\n';
	queue_init(&c->in.queue);
	callback_set(
	    &c->in.writable, fd, EV_WRITE | EV_PERSIST, on_writable, c);
	return (stream_unwaiting(fd));
}

/* -1: no memory for it, or more than the limit. */
static int
feed_wait(struct feed *f, const uint8_t *data, size_t len)
{
	if ((int64_t)(f->queue.len + len) > limit)
		return (-1);
	if (f->queue.len == 0 && event_add(&f->writable.ev, NULL) == -1)
		return (-1);
	return (queue_add(&f->queue, data, len));
}

static void
feed_write(struct wchild *c, const uint8_t *data, size_t len)
{
	struct feed *f = &c->in;
	struct iovec iov;
	ssize_t n = 0;

	if (moved.child == c)
		feed_settle();
	if (f->queue.len == 0) {
		iov.iov_base = (void *)(uintptr_t)data;
		iov.iov_len = len;
		n = feed_put(c)(f->fd, &iov, 1);
		if (n == -1 && errno != EAGAIN && errno != EINTR &&
		    !starved(errno)) {
			feed_failed(c, errno);
			return;
		}
		if (n == -1)
			n = 0;
	}
	if ((size_t)n < len && feed_wait(f, data + n, len - (size_t)n) == -1) {
		feed_cut(c, "it does not read");
		return;
	}
	feed_ack(c, (size_t)n);
}

void
feed_data(struct wchild *c, const uint8_t *bytes, size_t n)
{
	if (c->in.fd == -1 || c->in.cut || c->in.eof || n == 0)
		return;
	c->in.last = bytes[n - 1];
	feed_write(c, bytes, n);
}

/* Of a terminal it is a character, and the terminal stays open. */
void
feed_eof(struct wchild *c)
{
	char eof[2];
	size_t n;

	if (c->in.fd == -1 || c->in.cut)
		return;
	if (c->tty & TTY_YES) {
		n = pty_eof(c, eof, sizeof(eof));
		c->in.own += n;
		if (n > 0)
			feed_write(c, (const uint8_t *)eof, n);
		c->in.last = '\n';
		return;
	}
	c->in.eof = 1;
	if (feed_waiting(c) == 0)
		feed_close(c);
}

/* A terminal takes copies, and who takes nothing any more drops them. */
static void
feed_moved_copied(struct wchild *c)
{
	uint8_t buf[4096];
	size_t n;

	while (moved.len > 0) {
		n = moved_read(buf, sizeof(buf));
		feed_data(c, buf, n);
	}
}

/* What it does not take at once waits, if it may. */
static void
feed_moved_write(struct wchild *c, size_t len)
{
	struct event *ev = &c->in.writable.ev;
	int waits = feed_waiting(c) > 0;

	moved.child = c;
	moved.len += len;
	if (!waits)
		on_writable(c);
	if (feed_waiting(c) == 0)
		return;
	if ((int64_t)feed_waiting(c) > limit ||
	    (!waits && event_add(ev, NULL) == -1))
		feed_cut(c, "it does not read");
}

int
feed_moved(struct wchild *c, size_t len)
{
	int there;

	if (ioctl(moved.fd, FIONREAD, &there) == -1 || there < 0 ||
	    (size_t)there < moved.len + len)
		return (-1);
	if (moved.child != NULL && (moved.child != c || c->in.eof))
		feed_settle();
	if (c != NULL && c->in.fd != -1 && !c->in.cut && !c->in.eof &&
	    !(c->tty & TTY_YES)) {
		feed_moved_write(c, len);
		return (0);
	}
	moved.len = len;
	if (c != NULL)
		feed_moved_copied(c);
	else
		moved_drop();
	return (0);
}
