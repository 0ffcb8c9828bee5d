/*
 * Pipes on Linux: preadv2 and pwritev2 do not wait if they are told so, since
 * 6.5 on pipes, too, but no more on one end that something was spliced from or
 * to. Then vmsplice reads, and what is to be written goes through a pipe of
 * our own and is moved from there.
 */

#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "compat/stream.h"
#include "log.h"

#define NOWAIT 8 /* RWF_NOWAIT */
#define PTMX_MAJOR 5
#define PTMX_MINOR 2
#define PTS_FIRST 136 /* majors of terminals' other sides */
#define PTS_LAST 143

static dev_t pipes; /* where those without a name are */
static int own[2] = { -1, -1 };

static ssize_t
nowait(long call, int fd, const struct iovec *iov, int count)
{
	return (syscall(call, fd, iov, (long)count, -1L, -1L, NOWAIT));
}

void
stream_init(int serves)
{
	struct stat st;

	if (pipe2(own, O_CLOEXEC | O_NONBLOCK) == -1 ||
	    fstat(own[0], &st) == -1)
		fatal("pipe");
	pipes = st.st_dev;
	if (serves)
		return;
	(void)close(own[0]);
	(void)close(own[1]);
}

/* What the kernel knows by itself: a file system's server is not asked. */
static int
look(int fd, struct stat *st)
{
	struct statx x;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &x) ==
	    -1)
		return (errno == ENOSYS ? fstat(fd, st) : -1);
	st->st_mode = x.stx_mode;
	st->st_dev = makedev(x.stx_dev_major, x.stx_dev_minor);
	st->st_rdev = makedev(x.stx_rdev_major, x.stx_rdev_minor);
	return (0);
}

enum stream_kind
stream_kind(int fd)
{
	unsigned int n;
	struct stat st;

	if (look(fd, &st) == -1)
		return (STREAM_OTHER);
	/* One with a name can be in anybody's file system. */
	if (S_ISFIFO(st.st_mode))
		return (st.st_dev == pipes ? STREAM_PIPE : STREAM_OTHER);
	n = major(st.st_rdev);
	return (S_ISCHR(st.st_mode) && ((n >= PTS_FIRST && n <= PTS_LAST) ||
					   (n == PTMX_MAJOR &&
					       minor(st.st_rdev) == PTMX_MINOR))
		    ? STREAM_TERMINAL
		    : STREAM_OTHER);
}

ssize_t
stream_get_pipe(int fd, void *buf, size_t len)
{
	struct iovec iov = { buf, len };
	ssize_t n;

	n = nowait(SYS_preadv2, fd, &iov, 1);
	if (n != -1 || (errno != EOPNOTSUPP && errno != ENOSYS))
		return (n);
	return (vmsplice(fd, &iov, 1, SPLICE_F_NONBLOCK));
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

	n = nowait(SYS_pwritev2, fd, iov, count);
	if (n != -1 || (errno != EOPNOTSUPP && errno != ENOSYS))
		return (n);
	if ((n = writev(own[1], iov, count)) <= 0)
		return (n);
	moved = splice(own[0], NULL, fd, NULL, (size_t)n, SPLICE_F_NONBLOCK);
	error = errno;
	own_empty((size_t)(n - (moved > 0 ? moved : 0)));
	errno = error;
	return (moved);
}
