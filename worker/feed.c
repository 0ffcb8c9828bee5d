/*
 * Bytes from the node to a child's stdin. What the child does not take waits,
 * up to a limit; a child that lets more wait is killed, as some of its input
 * is lost. No other child has to wait for it. Memory is allocated only when
 * more waits than queue.c keeps chunks for.
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "compat/stream.h"
#include "log.h"
#include "starved.h"
#include "worker.h"

#define ACK_MARK 32768 /* bytes that are worth an acknowledgement */
#define LARGE_FED (1UL << 20) /* bytes after which a pipe may be larger */

static int64_t limit; /* bytes that may wait for one child */
static int large_count;

void
feed_init(int64_t bytes)
{
	limit = bytes;
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
	    (f->left < ACK_MARK && f->queue.len > 0))
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

static void
on_writable(void *arg)
{
	struct wchild *c = arg;
	struct feed *f = &c->in;
	ssize_t n;

	if ((n = queue_write(&f->queue, f->fd, feed_put(c))) == -1 &&
	    errno != EAGAIN && errno != EINTR && !starved(errno)) {
		feed_failed(c, errno);
		return;
	}
	feed_ack(c, n > 0 ? (size_t)n : 0);
	if (f->queue.len > 0) {
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
	if (c->in.queue.len == 0)
		feed_close(c);
}
