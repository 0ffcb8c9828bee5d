/* A system that has no descriptors of processes. */

#include <errno.h>

#include "compat/pidfd.h"

void
pidfd_init(void)
{
}

int
pidfd_of(pid_t pid)
{
	(void)pid;
	errno = ENOSYS;
	return (-1);
}

int
pidfd_pid(int fd, pid_t *pid)
{
	(void)fd;
	(void)pid;
	errno = ENOSYS;
	return (-1);
}

int
pidfd_signal(int fd, int sig)
{
	(void)fd;
	(void)sig;
	errno = ENOSYS;
	return (-1);
}

int
pidfd_queue(int fd, int sig, uint32_t value)
{
	(void)value;
	return (pidfd_signal(fd, sig));
}

int
pidfd_parent(int fd, pid_t *parent)
{
	(void)fd;
	(void)parent;
	return (-1);
}

int
pidfd_stopped(int fd)
{
	(void)fd;
	return (0);
}

int
pidfd_status(int fd, int *status)
{
	(void)fd;
	(void)status;
	return (-1);
}
