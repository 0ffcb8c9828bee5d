/*
 * A system that we know nothing of.
 */

#include <sys/resource.h>

#include <unistd.h>

#include "proc.h"

const char *
proc_normal(void)
{
	return (setpriority(PRIO_PROCESS, 0, 0) == -1 ? "priority" : NULL);
}

void
proc_limits_system(struct rlimit limits[RLIM_NLIMITS])
{
	(void)limits;
}
