/*
 * Where there are no control groups.
 */

#include "compat/cgroup_file.h"

int
cgroup_is_file(int fd)
{
	(void)fd;
	return (0);
}
