/*
 * What a process inherits from its starter besides ids, descriptors, limits
 * and signals, as it is after a login. Each step is a name for the log.
 */

#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

#define TIMER_SLACK 50000UL /* ns */
#define PROCESSORS 8192 /* bits; the system takes those that there are */

/* A file of /proc of our own. */
static int
put(const char *path, const char *text)
{
	ssize_t len = (ssize_t)strlen(text);
	int fd, r;

	if ((fd = open(path, O_WRONLY | O_CLOEXEC)) == -1)
		return (errno == ENOENT ? 0 : -1);
	r = write(fd, text, (size_t)len) == len ? 0 : -1;
	(void)close(fd);
	return (r);
}

static int
normal_personality(void)
{
	return (personality(PER_LINUX) == -1 ? -1 : 0);
}

static int
normal_scheduler(void)
{
	const struct sched_param param = { 0 };

	return (sched_setscheduler(0, SCHED_OTHER, &param));
}

static int
normal_nice(void)
{
	return (setpriority(PRIO_PROCESS, 0, 0));
}

static int
normal_io(void)
{
	/* Of this process, none: as its nice value says. */
	return ((int)syscall(SYS_ioprio_set, 1, 0, 0));
}

static int
normal_processors(void)
{
	static unsigned char all[PROCESSORS / 8];

	memset(all, 0xff, sizeof(all));
	return (
	    syscall(SYS_sched_setaffinity, 0, sizeof(all), all) == -1 ? -1 : 0);
}

static int
normal_memory(void)
{
	long r = syscall(SYS_set_mempolicy, 0, NULL, 0UL);

	return (r == -1 && errno != ENOSYS ? -1 : 0);
}

static int
normal_slack(void)
{
	return (prctl(PR_SET_TIMERSLACK, TIMER_SLACK, 0UL, 0UL, 0UL));
}

static int
normal_pages(void)
{
	if (prctl(PR_SET_THP_DISABLE, 0UL, 0UL, 0UL, 0UL) == -1 &&
	    errno != EINVAL)
		return (-1);
	return (0);
}

/* Only some machines can have it taken away. */
static int
normal_tsc(void)
{
	(void)prctl(PR_SET_TSC, PR_TSC_ENABLE, 0UL, 0UL, 0UL);
	return (0);
}

static int
normal_oom(void)
{
	return (put("/proc/self/oom_score_adj", "0"));
}

static int
normal_core(void)
{
	return (put("/proc/self/coredump_filter", "0x33"));
}

static const struct {
	const char *name;
	int (*reset)(void);
} normals[] = {
	{ "personality", normal_personality },
	{ "scheduling policy", normal_scheduler },
	{ "priority", normal_nice },
	{ "I/O priority", normal_io },
	{ "processors", normal_processors },
	{ "memory policy", normal_memory },
	{ "timer slack", normal_slack },
	{ "huge pages", normal_pages },
	{ "time stamp counter", normal_tsc },
	{ "oom_score_adj", normal_oom },
	{ "coredump_filter", normal_core },
};

const char *
proc_normal(void)
{
	size_t i;

	for (i = 0; i < sizeof(normals) / sizeof(normals[0]); i++)
		if (normals[i].reset() == -1)
			return (normals[i].name);
	return (NULL);
}

void
proc_limits_system(struct rlimit limits[RLIM_NLIMITS])
{
	struct rlimit rl;
	int i;

	for (i = 0; i < RLIM_NLIMITS; i++)
		if (syscall(SYS_prlimit64, 1, i, NULL, &rl) == 0)
			limits[i] = rl;
}
