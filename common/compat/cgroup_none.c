/*
 * No control groups.
 */

#include "cgroup.h"

int
cgroup_make(int privileged, gid_t gid, const char *path)
{
	(void)privileged;
	(void)gid;
	(void)path;
	return (-1);
}

int
cgroup_users(uint32_t count, uid_t uid, gid_t gid, int forks)
{
	(void)count;
	(void)uid;
	(void)gid;
	(void)forks;
	return (-1);
}

const char *
cgroup_reason(void)
{
	return ("this system has no control groups");
}

const char *
cgroup_path(void)
{
	return ("");
}

void
cgroup_enter(void)
{
}

void
cgroup_enter_launch(uint32_t number)
{
	(void)number;
}

void
cgroup_forget(void)
{
}

int
cgroup_keep(int at)
{
	(void)at;
	return (0);
}

size_t
cgroup_trees(struct cgroup_tree list[CGROUP_TREES])
{
	(void)list;
	return (0);
}

size_t
cgroup_places(int dirs[CGROUP_TREES], int *write)
{
	(void)dirs;
	*write = 0;
	return (0);
}

void
cgroup_kill_last(void)
{
}

void
cgroup_kill(void)
{
}

void
cgroup_kill_leaf(const char *path)
{
	(void)path;
}

void
cgroup_remove(void)
{
}

int
cgroup_join(int fd)
{
	(void)fd;
	return (-1);
}
