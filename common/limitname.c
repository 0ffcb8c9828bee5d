/*
 * Names of resources.
 */

#include <string.h>

#include "limitname.h"

const char *const limitname[LIMITS] = {
	[LIMIT_AS] = "as",
	[LIMIT_CORE] = "core",
	[LIMIT_CPU] = "cpu",
	[LIMIT_DATA] = "data",
	[LIMIT_FSIZE] = "fsize",
	[LIMIT_LOCKS] = "locks",
	[LIMIT_MEMLOCK] = "memlock",
	[LIMIT_MSGQUEUE] = "msgqueue",
	[LIMIT_NICE] = "nice",
	[LIMIT_NOFILE] = "nofile",
	[LIMIT_NPROC] = "nproc",
	[LIMIT_RSS] = "rss",
	[LIMIT_RTPRIO] = "rtprio",
	[LIMIT_RTTIME] = "rttime",
	[LIMIT_SIGPENDING] = "sigpending",
	[LIMIT_STACK] = "stack",
};

int
limitname_number(const char *name)
{
	int i;

	for (i = 0; i < LIMITS; i++)
		if (strcmp(name, limitname[i]) == 0)
			return (i);
	return (-1);
}
