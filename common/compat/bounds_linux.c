/*
 * Bounds of a process on Linux.
 */

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bounds.h"

#define CPUS 1024
#define SCORE_PATH "/proc/self/oom_score_adj"
#define SCORE_MAX 1000 /* either way */

/* linux/ioprio.h, which not every system's headers have. */
#define IO_WHO_PROCESS 1
#define IO_CLASS_SHIFT 13

_Static_assert(
    CPUS <= 8 * sizeof(cpu_set_t), "a set holds all that can be asked for");

const int bounds_resource[LIMITS] = {
	[LIMIT_AS] = RLIMIT_AS,
	[LIMIT_CORE] = RLIMIT_CORE,
	[LIMIT_CPU] = RLIMIT_CPU,
	[LIMIT_DATA] = RLIMIT_DATA,
	[LIMIT_FSIZE] = RLIMIT_FSIZE,
	[LIMIT_LOCKS] = RLIMIT_LOCKS,
	[LIMIT_MEMLOCK] = RLIMIT_MEMLOCK,
	[LIMIT_MSGQUEUE] = RLIMIT_MSGQUEUE,
	[LIMIT_NICE] = RLIMIT_NICE,
	[LIMIT_NOFILE] = RLIMIT_NOFILE,
	[LIMIT_NPROC] = RLIMIT_NPROC,
	[LIMIT_RSS] = RLIMIT_RSS,
	[LIMIT_RTPRIO] = RLIMIT_RTPRIO,
	[LIMIT_RTTIME] = RLIMIT_RTTIME,
	[LIMIT_SIGPENDING] = RLIMIT_SIGPENDING,
	[LIMIT_STACK] = RLIMIT_STACK,
};

int
bounds_score_open(int plain)
{
	int fd, error, before;

	fd = open(SCORE_PATH, O_RDWR | O_CLOEXEC);
	if (fd != -1 || errno != EACCES || !plain)
		return (fd);
	before = prctl(PR_GET_DUMPABLE, 0UL, 0UL, 0UL, 0UL);
	(void)prctl(PR_SET_DUMPABLE, 1UL, 0UL, 0UL, 0UL);
	fd = open(SCORE_PATH, O_RDWR | O_CLOEXEC);
	error = errno;
	if (before != 1)
		(void)prctl(PR_SET_DUMPABLE, 0UL, 0UL, 0UL, 0UL);
	errno = error;
	return (fd);
}

int
bounds_score_get(int fd, int *score)
{
	char text[16];
	const char *why;
	ssize_t n;

	if ((n = pread(fd, text, sizeof(text) - 1, 0)) == -1)
		return (-1);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	*score = (int)strtonum(text, -SCORE_MAX, SCORE_MAX, &why);
	errno = EINVAL;
	return (why == NULL ? 0 : -1);
}

int
bounds_score(int fd, int score, int *before)
{
	char text[16];

	if (before != NULL && bounds_score_get(fd, before) == -1)
		return (-1);
	(void)snprintf(text, sizeof(text), "%d", score);
	return (pwrite(fd, text, strlen(text), 0) == -1 ? -1 : 0);
}

/* The kernel leaves out silently what it does not have: so it is asked. */
int
bounds_cpus(const uint64_t cpus[CPUS / 64])
{
	cpu_set_t want, have;
	unsigned int n;

	CPU_ZERO(&want);
	for (n = 0; n < CPUS; n++)
		if (cpus[n / 64] >> n % 64 & 1)
			CPU_SET(n, &want);
	if (sched_setaffinity(0, sizeof(want), &want) == -1 ||
	    sched_getaffinity(0, sizeof(have), &have) == -1)
		return (-1);
	errno = EINVAL;
	return (CPU_EQUAL(&want, &have) ? 0 : -1);
}

int
bounds_io(unsigned int class, unsigned int level)
{
	return ((int)syscall(SYS_ioprio_set, IO_WHO_PROCESS, 0,
	    (int)(class << IO_CLASS_SHIFT | level)));
}

int
bounds_no_new_privs(void)
{
	return (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL));
}
