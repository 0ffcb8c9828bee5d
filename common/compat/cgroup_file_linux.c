/*
 * What is a file of a control group on Linux.
 */

#include <sys/vfs.h>

#include <linux/magic.h>

#include "compat/cgroup_file.h"

int
cgroup_is_file(int fd)
{
	struct statfs fs;

	return (fstatfs(fd, &fs) == 0 && (fs.f_type == CGROUP2_SUPER_MAGIC ||
					     fs.f_type == CGROUP_SUPER_MAGIC));
}
