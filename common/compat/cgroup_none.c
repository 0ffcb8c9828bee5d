/*
 * No control groups.
 */

#include "cgroup.h"

int
cgroup_make(gid_t gid)
{
	(void)gid;
	return (-1);
}

void
cgroup_enter(void)
{
}

int
cgroup_keep(int at)
{
	(void)at;
	return (0);
}

int
cgroup_place(void)
{
	return (-1);
}

void
cgroup_kill(void)
{
}

void
cgroup_remove(void)
{
}
