/*
 * Linux: locks of an open file and not of a process.
 */

#include <fcntl.h>
#include <string.h>

#include "lock.h"

static int
lock(int fd, int how, off_t at, short type)
{
	struct flock fl;

	memset(&fl, 0, sizeof(fl));
	fl.l_type = type;
	fl.l_whence = SEEK_SET;
	fl.l_start = at;
	fl.l_len = 1;
	if (fcntl(fd, how, &fl) == -1)
		return (-1);
	return (how == F_OFD_GETLK && fl.l_type != F_UNLCK);
}

int
lock_byte(int fd, off_t at)
{
	return (lock(fd, F_OFD_SETLK, at, F_WRLCK));
}

int
lock_is_held(int fd, off_t at)
{
	return (lock(fd, F_OFD_GETLK, at, F_WRLCK));
}
