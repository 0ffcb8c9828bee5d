/*
 * Other ends on Linux: an epoll set always tells of them.
 */

#include <sys/epoll.h>

#include <unistd.h>

#include "compat/hangup.h"

int
hangup_open(int fd)
{
	struct epoll_event ev = { 0 };
	int set;

	if ((set = epoll_create1(EPOLL_CLOEXEC)) == -1)
		return (-1);
	if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &ev) == 0)
		return (set);
	(void)close(set);
	return (-1);
}
