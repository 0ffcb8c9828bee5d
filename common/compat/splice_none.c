/*
 * A system without splice(2): everything is read and written.
 */

#include <errno.h>

#include "compat/splice.h"

int
splice_able(int fd)
{
	(void)fd;
	return (0);
}

size_t
splice_size(int fd, size_t size)
{
	(void)fd;
	(void)size;
	return (0);
}

ssize_t
splice_move(int from, int to, size_t len)
{
	(void)from;
	(void)to;
	(void)len;
	errno = ENOSYS;
	return (-1);
}
