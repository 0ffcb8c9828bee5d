/*
 * What is a file of a control group on Linux.
 */

#include <sys/vfs.h>

#include <linux/magic.h>

#include "compat/cgroup_file.h"

#define LOOKS 3

int
cgroup_is_file(int fd)
{
	struct statfs fs;
	int i;

	/* An error that passes is no answer. */
	for (i = 0; fstatfs(fd, &fs) == -1; i++)
		if (i == LOOKS)
			return (0);
	return (fs.f_type == CGROUP2_SUPER_MAGIC ||
		fs.f_type == CGROUP_SUPER_MAGIC);
}
