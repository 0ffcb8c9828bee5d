/*
 * Pipes on Linux: preadv2 and pwritev2 do not wait if they are told so, since
 * 6.5 on pipes, too, but no more on one end that something was spliced from or
 * to. Then vmsplice reads, and what is to be written goes through a pipe of
 * our own and is moved from there. Where neither is let through, pipes are
 * served as terminals are.
 */

#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "compat/stream.h"
#include "log.h"

#define NOWAIT 8 /* RWF_NOWAIT */

static int own[2] = { -1, -1 };
static size_t page;
static int bare; /* there is neither here */

static ssize_t
nowait(long call, int fd, const struct iovec *iov, int count)
{
	return (syscall(call, fd, iov, (long)count, -1L, -1L, NOWAIT));
}

void
stream_io_init(void)
{
	if (pipe2(own, O_CLOEXEC | O_NONBLOCK) == -1)
		fatal("pipe");
	page = (size_t)sysconf(_SC_PAGESIZE);
	stream_tick_init();
}

/* EOPNOTSUPP of this pipe, EPERM of a container's filter that is older. */
static int
is_missing(void)
{
	return (errno == EOPNOTSUPP || errno == ENOSYS || errno == EPERM);
}

static int
is_none(ssize_t n)
{
	return (n == -1 && (errno == ENOSYS || errno == EPERM));
}

/* Nor that: from here on pipes are terminals, and the tick goes on. */
static int
is_bare(ssize_t n)
{
	if (!is_none(n))
		return (0);
	stream_terminals(1);
	bare = 1;
	return (1);
}

/*
 * What was written with O_DIRECT is a packet, of at most a page: of one for
 * which there is no room read(2) loses the rest, and vmsplice does not.
 */
ssize_t
stream_get_pipe(int fd, void *buf, size_t len)
{
	struct iovec iov = { buf, len };
	ssize_t n;

	if (bare)
		return (stream_get_terminal(fd, buf, len));
	if (len < page) {
		n = vmsplice(fd, &iov, 1, SPLICE_F_NONBLOCK);
		if (!is_none(n))
			return (n);
	}
	n = nowait(SYS_preadv2, fd, &iov, 1);
	if (n != -1 || !is_missing())
		return (n);
	n = vmsplice(fd, &iov, 1, SPLICE_F_NONBLOCK);
	return (is_bare(n) ? stream_get_terminal(fd, buf, len) : n);
}

/* What did not leave is still the caller's. */
static void
own_empty(size_t len)
{
	char rest[4096];
	ssize_t n;

	for (; len > 0; len -= (size_t)n) {
		n = read(own[0], rest, len < sizeof(rest) ? len : sizeof(rest));
		if (n <= 0)
			fatal("pipe of our own");
	}
}

ssize_t
stream_put_pipe(int fd, const struct iovec *iov, int count)
{
	ssize_t n, moved;
	int error;

	if (bare)
		return (stream_put_terminal(fd, iov, count));
	n = nowait(SYS_pwritev2, fd, iov, count);
	if (n != -1 || !is_missing())
		return (n);
	if ((n = writev(own[1], iov, count)) <= 0)
		return (n);
	moved = splice(own[0], NULL, fd, NULL, (size_t)n, SPLICE_F_NONBLOCK);
	error = errno;
	own_empty((size_t)(n - (moved > 0 ? moved : 0)));
	errno = error;
	return (is_bare(moved) ? stream_put_terminal(fd, iov, count) : moved);
}
