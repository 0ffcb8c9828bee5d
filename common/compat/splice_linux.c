/*
 * splice(2) of Linux. The system counts what all pipes of a user may hold, so
 * a larger one may be refused.
 */

#include <sys/stat.h>

#include <fcntl.h>
#include <stddef.h>

#include "compat/splice.h"

int
splice_able(int fd)
{
	struct stat st;

	return (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode));
}

size_t
splice_size(int fd, size_t size)
{
	int n = fcntl(fd, F_GETPIPE_SZ);

	if (n != -1 && (size_t)n < size &&
	    fcntl(fd, F_SETPIPE_SZ, (int)size) != -1)
		n = fcntl(fd, F_GETPIPE_SZ);
	return (n == -1 ? 0 : (size_t)n);
}

ssize_t
splice_move(int from, int to, size_t len)
{
	return (splice(
	    from, NULL, to, NULL, len, SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
}
