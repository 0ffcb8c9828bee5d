/*
 * Bytes from the node to a child's stdin. What the child does not take waits,
 * up to a limit; a child that lets more wait has its stdin closed. Nobody
 * else is ever held up by it. Memory is allocated only where more waits than
 * queue.c keeps chunks for.
 */

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "compat/nowait.h"
#include "compat/splice.h"
#include "log.h"
#include "worker.h"

#define TELL_MARK 32768 /* bytes */
#define LARGE_FED (1UL << 20) /* bytes after which a pipe may be larger */
#define LARGE_MAX 16 /* children that may have a larger one */

static int64_t limit;
static int large_count;

void
feed_init(int64_t bytes)
{
	limit = bytes;
}

/* Tell the node how much has left, not too often. */
static void
feed_told(struct child *c, size_t n)
{
	struct feed *f = &c->in;
	size_t own = n < f->own ? n : f->own;

	f->own -= own;
	f->fed += n;
	f->left += n - own;
	if (f->left == 0 || (f->left < TELL_MARK && f->queue.len > 0))
		return;
	event_stdin_ack(c->pid, f->left);
	f->left = 0;
}

/* The child will not read any more: what waits for it is lost. */
static void
feed_lost(struct child *c)
{
	feed_close(c);
	event_eof(c->pid, 0);
}

void
feed_close(struct child *c)
{
	struct feed *f = &c->in;

	if (f->fd == -1)
		return;
	(void)event_del(&f->ev);
	(void)close(f->fd);
	f->fd = -1;
	large_count -= f->large;
	f->large = 0;
	queue_clear(&f->queue);
}

/*
 * One that has taken much, and that more waits for, gets a larger pipe: the
 * less often it has to wake us, the better. One that does not read gets none.
 */
static void
feed_enlarge(struct feed *f)
{
	if (f->large || f->fed < LARGE_FED || large_count == LARGE_MAX ||
	    splice_size(f->fd, BODY_PIPE) < BODY_PIPE)
		return;
	f->large = 1;
	large_count++;
}

static void
on_writable(int fd, short what, void *arg)
{
	struct child *c = arg;
	struct feed *f = &c->in;
	ssize_t n;

	(void)fd;
	(void)what;
	if ((n = queue_write(&f->queue, f->fd, nowait_writev)) == -1 &&
	    errno != EAGAIN && errno != EINTR) {
		feed_lost(c);
		return;
	}
	feed_told(c, n > 0 ? (size_t)n : 0);
	if (f->queue.len > 0) {
		feed_enlarge(f);
		return;
	}
	if (f->eof) {
		feed_close(c);
		return;
	}
	(void)event_del(&f->ev);
}

/* Takes fd; -1 if it cannot be used. */
int
feed_start(struct child *c, int fd)
{
	c->in.fd = fd;
	c->in.last = '\n';
	queue_init(&c->in.queue);
	event_set(&c->in.ev, fd, EV_WRITE | EV_PERSIST, on_writable, c);
	return (fcntl(fd, F_SETFL, O_NONBLOCK));
}

/* -1: no memory for it, or more than the limit. */
static int
feed_wait(struct feed *f, const uint8_t *data, size_t len)
{
	if ((int64_t)(f->queue.len + len) > limit)
		return (-1);
	if (f->queue.len == 0 && event_add(&f->ev, NULL) == -1)
		return (-1);
	return (queue_add(&f->queue, data, len));
}

static void
feed_write(struct child *c, const uint8_t *data, size_t len)
{
	struct feed *f = &c->in;
	struct iovec iov;
	ssize_t n = 0;

	if (f->queue.len == 0) {
		iov.iov_base = (void *)(uintptr_t)data;
		iov.iov_len = len;
		n = nowait_writev(f->fd, &iov, 1);
		if (n == -1 && errno != EAGAIN && errno != EINTR) {
			feed_lost(c);
			return;
		}
		if (n == -1)
			n = 0;
	}
	if ((size_t)n < len && feed_wait(f, data + n, len - (size_t)n) == -1) {
		log_warnx(
		    "pid %d does not read its stdin: closed", (int)c->pid);
		feed_lost(c);
		return;
	}
	feed_told(c, (size_t)n);
}

/* To a child that is gone, or that has no stdin: dropped. */
int
feed_data(void *arg, const void *data, size_t len, int fd)
{
	const uint8_t *bytes;
	struct msg_stdin m;
	struct child *c;
	size_t n;

	(void)arg;
	(void)fd;
	if (proto_unpack_stdin(data, len, &m, &bytes, &n) == -1)
		return (-1);
	c = child_by_pid(m.pid);
	if (c == NULL || c->in.fd == -1 || c->in.eof || n == 0)
		return (0);
	c->in.last = bytes[n - 1];
	feed_write(c, bytes, n);
	return (0);
}

int
feed_eof(void *arg, const void *data, size_t len, int fd)
{
	const uint8_t *bytes;
	struct msg_stdin m;
	struct child *c;
	char eof[2];
	size_t n;

	(void)arg;
	(void)fd;
	if (proto_unpack_stdin(data, len, &m, &bytes, &n) == -1 || n != 0)
		return (-1);
	if ((c = child_by_pid(m.pid)) == NULL || c->in.fd == -1)
		return (0);
	if (c->tty & TTY_YES) {
		n = pty_eof(c, eof, sizeof(eof));
		c->in.own += n;
		if (n > 0)
			feed_write(c, (const uint8_t *)eof, n);
		c->in.last = '\n';
		return (0);
	}
	c->in.eof = 1;
	if (c->in.queue.len == 0)
		feed_close(c);
	return (0);
}
