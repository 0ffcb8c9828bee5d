/*
 * See pty.h. OpenBSD's posix_openpt(3) does not look at O_CLOEXEC, and others
 * have been seen to refuse it; nobody can exec in between, as whoever makes a
 * terminal has one thread.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pty.h"

static int
pty_name(int fd, char *name, size_t size)
{
	const char *slave;

	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 || grantpt(fd) == -1 ||
	    unlockpt(fd) == -1 || (slave = ptsname(fd)) == NULL)
		return (-1);
	if (strlcpy(name, slave, size) < size)
		return (0);
	errno = ENAMETOOLONG;
	return (-1);
}

int
pty_open(char *name, size_t size)
{
	int error, fd = posix_openpt(O_RDWR | O_NOCTTY);

	if (fd == -1 || pty_name(fd, name, size) == 0)
		return (fd);
	error = errno;
	(void)close(fd);
	errno = error;
	return (-1);
}
