/* Where orphans can be adopted, or nothing tells of a fork. */

#include <errno.h>

#include "follow.h"

const int follow_able = 0;

int
follow_open(pid_t child)
{
	(void)child;
	errno = ENOSYS;
	return (-1);
}

int
follow_next(int fd, int ms, struct follow_event *e)
{
	(void)fd;
	(void)ms;
	(void)e;
	errno = ENOSYS;
	return (-1);
}
