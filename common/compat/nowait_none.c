/*
 * Where only the open file's flag says it.
 */

#include <fcntl.h>
#include <unistd.h>

#include "nowait.h"

ssize_t
nowait_read(int fd, void *buf, size_t len)
{
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		return (-1);
	return (read(fd, buf, len));
}

ssize_t
nowait_writev(int fd, const struct iovec *iov, int count)
{
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		return (-1);
	return (writev(fd, iov, count));
}
