/*
 * Linux: RWF_NOWAIT, which pipes know since 6.4 and terminals do not.
 */

#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "nowait.h"

#define NOWAIT 0x8 /* RWF_NOWAIT; not in every libc */

static int
flag_again(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || flags & O_NONBLOCK)
		return (flags == -1 ? -1 : 0);
	return (fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}

static int
unknown(ssize_t n)
{
	return (n == -1 && (errno == EOPNOTSUPP || errno == ENOSYS));
}

/* As readv(2): at the file's own position, if it has one. */
ssize_t
nowait_read(int fd, void *buf, size_t len)
{
	struct iovec iov = { buf, len };
	ssize_t n;

	n = syscall(SYS_preadv2, fd, &iov, 1L, -1L, -1L, NOWAIT);
	if (!unknown(n))
		return (n);
	return (flag_again(fd) == -1 ? -1 : read(fd, buf, len));
}

ssize_t
nowait_writev(int fd, const struct iovec *iov, int count)
{
	ssize_t n;

	n = syscall(SYS_pwritev2, fd, iov, (long)count, -1L, -1L, NOWAIT);
	if (!unknown(n))
		return (n);
	return (flag_again(fd) == -1 ? -1 : writev(fd, iov, count));
}
