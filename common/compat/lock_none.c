/*
 * Where locks are a process's and a fork loses them, there are none.
 */

#include <errno.h>

#include "lock.h"

int
lock_byte(int fd, off_t at)
{
	(void)fd;
	(void)at;
	errno = ENOSYS;
	return (-1);
}

int
lock_is_held(int fd, off_t at)
{
	return (lock_byte(fd, at));
}
