/*
 * Files by which the kernel is told something.
 */

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "write.h"

int
file_write(int at, const char *path, const char *text, size_t len)
{
	int error, fd, r;

	if ((fd = openat(at, path, O_WRONLY | O_CLOEXEC)) == -1)
		return (-1);
	r = write(fd, text, len) == -1 ? -1 : 0;
	error = errno;
	(void)close(fd);
	errno = error;
	return (r);
}
