/*
 * What Linux passes on through fork and exec, set-user-ID programs included,
 * and what lets a user choose it: from prctl(2), execve(2), sched(7) and the
 * files of /proc that can be written. SECURITY.md has the whole table.
 */

#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/bounds.h"
#include "compat/fresh.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SLACK 50000UL /* ns: what the first process has */
#define CORE_FILTER "0x33" /* what is dumped where nobody says otherwise */
#define LIMIT_COLUMN 26 /* of /proc/1/limits: the first value */

/* Not in every header. */
#define SET_MEMORY_MERGE 67
#define GET_MDWE 66
#define SET_SPECULATION 53
#define STORE_BYPASS 0UL
#define INDIRECT_BRANCH 1UL
#define L1D_FLUSH 2UL
#define SPEC_ENABLE 2UL
#define SPEC_DISABLE 4UL
#define CORE_SCHED 62
#define CORE_SCHED_GET 0UL
#define CORE_SCHED_CREATE 1UL
#define CLAMP_BOTH 0x60U

/* As the kernel has it; libcs do not agree. */
struct attr {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
	uint32_t util_min;
	uint32_t util_max;
};
#define ATTR_FIRST 48 /* bytes of it that all kernels know */

static int
write_file(const char *path, const char *text)
{
	size_t len = strlen(text);
	int fd, error;
	ssize_t n;

	if ((fd = open(path, O_WRONLY | O_CLOEXEC)) == -1)
		return (-1);
	n = write(fd, text, len);
	error = errno;
	(void)close(fd);
	errno = error;
	return (n == (ssize_t)len ? 0 : -1);
}

static int
reset_personality(void)
{
	return (personality(PER_LINUX) == -1 ? -1 : 0);
}

/* All that there are: the kernel leaves those that the cpuset has. */
static int
reset_processors(void)
{
	static cpu_set_t all[8];

	memset(all, 0xff, sizeof(all));
	return (sched_setaffinity(0, sizeof(all), all));
}

/* Priority, policy, slice and, where the kernel has that, its clamps. */
static int
reset_scheduling(void)
{
	struct attr a = { .size = sizeof(a), .flags = CLAMP_BOTH };

	a.util_min = a.util_max = UINT32_MAX; /* back to the default */
	if (syscall(SYS_sched_setattr, 0, &a, 0U) == 0)
		return (0);
	memset(&a, 0, sizeof(a));
	a.size = ATTR_FIRST;
	return (syscall(SYS_sched_setattr, 0, &a, 0U) == -1 ? -1 : 0);
}

/* Whoever shares a core with us knows of us; nobody but ourselves does. */
static int
reset_cookie(void)
{
	uint64_t cookie = 0;

	if (prctl(CORE_SCHED, CORE_SCHED_GET, 0UL, 0UL, &cookie) == -1 ||
	    cookie == 0)
		return (0);
	return (prctl(CORE_SCHED, CORE_SCHED_CREATE, 0UL, 0UL, 0UL));
}

static int
reset_io(void)
{
	/* IOPRIO_WHO_PROCESS, ourselves, IOPRIO_CLASS_NONE */
	return (
	    syscall(SYS_ioprio_set, 1, 0, 0) == -1 && errno != ENOSYS ? -1 : 0);
}

/* Where it is forbidden by a filter, the starter could not set it either. */
static int
reset_memory_policy(void)
{
	return (syscall(SYS_set_mempolicy, 0, NULL, 0UL) == -1 &&
			errno != ENOSYS && errno != EPERM
		    ? -1
		    : 0);
}

/* That of the first process: 0, or what a container has. */
static int
reset_score(void)
{
	char text[16];
	int fd, score = 0;

	if ((fd = open("/proc/1/oom_score_adj", O_RDONLY | O_CLOEXEC)) != -1) {
		if (bounds_score_get(fd, &score) == -1 || score < 0)
			score = 0;
		(void)close(fd);
	}
	(void)snprintf(text, sizeof(text), "%d", score);
	return (write_file("/proc/self/oom_score_adj", text));
}

static int
reset_slack(void)
{
	return (prctl(PR_SET_TIMERSLACK, SLACK, 0UL, 0UL, 0UL));
}

/* Not every kernel has huge pages, or merges pages, or tells of bad ones. */
static int
reset_memory(void)
{
	(void)prctl(PR_SET_THP_DISABLE, 0UL, 0UL, 0UL, 0UL);
	(void)prctl(SET_MEMORY_MERGE, 0UL, 0UL, 0UL, 0UL);
	(void)prctl(
	    PR_MCE_KILL, (unsigned long)PR_MCE_KILL_CLEAR, 0UL, 0UL, 0UL);
	return (0);
}

/*
 * Without these programs are slow, and with the last they can be killed for
 * where they run. What is forced stays; not every machine has a choice.
 */
static int
reset_speculation(void)
{
	(void)prctl(SET_SPECULATION, STORE_BYPASS, SPEC_ENABLE, 0UL, 0UL);
	(void)prctl(SET_SPECULATION, INDIRECT_BRANCH, SPEC_ENABLE, 0UL, 0UL);
	(void)prctl(SET_SPECULATION, L1D_FLUSH, SPEC_DISABLE, 0UL, 0UL);
	return (0);
}

/* There is none where the kernel writes no cores. */
static int
reset_core(void)
{
	return (write_file("/proc/self/coredump_filter", CORE_FILTER) == -1 &&
			errno != ENOENT
		    ? -1
		    : 0);
}

int
fresh_reset(const char **what)
{
	static const struct {
		const char *name;
		int (*reset)(void);
	} steps[] = {
		{ "personality", reset_personality },
		{ "processors", reset_processors },
		{ "scheduling", reset_scheduling },
		{ "core cookie", reset_cookie },
		{ "io priority", reset_io },
		{ "memory policy", reset_memory_policy },
		{ "score of the out-of-memory killer", reset_score },
		{ "timer slack", reset_slack },
		{ "memory", reset_memory },
		{ "speculation", reset_speculation },
		{ "filter of cores", reset_core },
	};
	size_t i;

	for (i = 0; i < COUNT(steps); i++)
		if (steps[i].reset() == -1) {
			*what = steps[i].name;
			return (-1);
		}
	return (0);
}

const char *
fresh_odd(void)
{
	if (prctl(GET_MDWE, 0UL, 0UL, 0UL, 0UL) > 0)
		return ("memory that is written may never be executed");
	return (NULL);
}

/* A clock that is read without the kernel's help. */
void
fresh_harmless(void)
{

	(void)prctl(PR_SET_TSC, (unsigned long)PR_TSC_ENABLE, 0UL, 0UL, 0UL);
}

static rlim_t
limit_value(const char *text)
{
	return (strcmp(text, "unlimited") == 0 ? RLIM_INFINITY
					       : strtoull(text, NULL, 10));
}

/* The file has a head, and then a line for each in the order of numbers. */
void
fresh_limits(struct rlimit *rl)
{
	char line[128], soft[24], hard[24];
	FILE *f;
	int i;

	for (i = 0; i < RLIM_NLIMITS; i++)
		rl[i].rlim_cur = rl[i].rlim_max = RLIM_INFINITY;
	if ((f = fopen("/proc/1/limits", "re")) == NULL)
		return;
	for (i = -1; i < RLIM_NLIMITS && fgets(line, sizeof(line), f) != NULL;
	     i++) {
		if (i == -1 || strlen(line) < LIMIT_COLUMN ||
		    sscanf(line + LIMIT_COLUMN, "%23s %23s", soft, hard) != 2)
			continue;
		rl[i].rlim_cur = limit_value(soft);
		rl[i].rlim_max = limit_value(hard);
	}
	(void)fclose(f);
}
