/*
 * Bounds of a process where there are no others than the limits that BSD has.
 */

#include <sys/types.h>
#include <sys/resource.h>

#include <errno.h>

#include "bounds.h"

#define NONE (-1)

#ifndef RLIMIT_AS
#define RLIMIT_AS NONE
#endif

const int bounds_resource[LIMITS] = {
	[LIMIT_AS] = RLIMIT_AS,
	[LIMIT_CORE] = RLIMIT_CORE,
	[LIMIT_CPU] = RLIMIT_CPU,
	[LIMIT_DATA] = RLIMIT_DATA,
	[LIMIT_FSIZE] = RLIMIT_FSIZE,
	[LIMIT_LOCKS] = NONE,
	[LIMIT_MEMLOCK] = RLIMIT_MEMLOCK,
	[LIMIT_MSGQUEUE] = NONE,
	[LIMIT_NICE] = NONE,
	[LIMIT_NOFILE] = RLIMIT_NOFILE,
	[LIMIT_NPROC] = RLIMIT_NPROC,
	[LIMIT_RSS] = RLIMIT_RSS,
	[LIMIT_RTPRIO] = NONE,
	[LIMIT_RTTIME] = NONE,
	[LIMIT_SIGPENDING] = NONE,
	[LIMIT_STACK] = RLIMIT_STACK,
};

static int
bounds_lack(void)
{
	errno = ENOSYS;
	return (-1);
}

int
bounds_score_open(int plain)
{
	(void)plain;
	return (bounds_lack());
}

int
bounds_score_get(int fd, int *score)
{
	(void)fd;
	(void)score;
	return (bounds_lack());
}

int
bounds_score(int fd, int score, int *before)
{
	(void)fd;
	(void)score;
	(void)before;
	return (bounds_lack());
}

int
bounds_cpus(const uint64_t cpus[16])
{
	(void)cpus;
	return (bounds_lack());
}

int
bounds_io(unsigned int class, unsigned int level)
{
	(void)class;
	(void)level;
	return (bounds_lack());
}

int
bounds_no_new_privs(void)
{
	return (bounds_lack());
}
