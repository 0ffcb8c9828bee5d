/*
 * How much a child may have: see bounds.h.
 */

#include <sys/types.h>
#include <sys/resource.h>

#include <errno.h>
#include <unistd.h>

#include "compat/bounds.h"
#include "compat/proc.h"
#include "log.h"
#include "proto.h"

#include "launcher/bounds.h"

const char *
bound_name(uint32_t bound)
{
	static const char *const names[BOUNDS - LIMITS] = {
		[BOUND_SCORE - LIMITS] = "oom_score_adj",
		[BOUND_CPUS - LIMITS] = "cpus",
		[BOUND_IO - LIMITS] = "ionice",
		[BOUND_NO_NEW_PRIVS - LIMITS] = "no_new_privs",
	};

	if (bound >= BOUNDS)
		return ("");
	return (bound < LIMITS ? limitname[bound] : names[bound - LIMITS]);
}

int
bounds_lend_score(int fd, const struct run *r, int *before)
{
	if (fd == -1 || !(r->flags & RUN_SCORE))
		return (0);
	return (bounds_score(fd, (int)r->score, before));
}

void
bounds_own_score(int fd, const struct run *r, int before)
{
	if (fd != -1 && r->flags & RUN_SCORE &&
	    bounds_score(fd, before, NULL) == -1)
		fatal("score of the out-of-memory killer");
}

int
bounds_child_score(const struct run *r, int plain)
{
	int fd, ret, error;

	if (!(r->flags & RUN_SCORE))
		return (0);
	if ((fd = bounds_score_open(plain)) == -1)
		return (-1);
	ret = bounds_score(fd, (int)r->score, NULL);
	error = errno;
	(void)close(fd);
	errno = error;
	return (ret);
}

static rlim_t
limit_value(uint64_t n)
{
	return (n == LIMIT_NONE ? RLIM_INFINITY : (rlim_t)n);
}

static int
limit_set(int limit, uint64_t soft, uint64_t hard)
{
	struct rlimit rl;

	rl.rlim_cur = limit_value(soft);
	rl.rlim_max = limit_value(hard);
	errno = ENOSYS;
	if (bounds_resource[limit] == -1)
		return (-1);
	return (setrlimit((proc_resource)bounds_resource[limit], &rl));
}

/*
 * Descriptors that it is about to open have higher numbers than it may be left
 * with: what cannot be refused waits for them.
 */
static int
limit_set_hard(const struct run *r)
{
	struct rlimit now;

	if (getrlimit(RLIMIT_NOFILE, &now) == -1)
		return (-1);
	if (limit_value(r->hard[LIMIT_NOFILE]) < now.rlim_cur)
		return (0);
	return (limit_set(LIMIT_NOFILE, now.rlim_cur, r->hard[LIMIT_NOFILE]));
}

static int
limits_set(const struct run *r, uint32_t *what)
{
	int i, set;

	for (i = 0; i < LIMITS; i++) {
		if (!(r->limits & 1U << i))
			continue;
		*what = (uint32_t)i;
		set = i == LIMIT_NOFILE ? limit_set_hard(r)
					: limit_set(i, r->soft[i], r->hard[i]);
		if (set == -1)
			return (-1);
	}
	*what = LIMIT_CPU;
	/* It hears that its time is over, and a second later it has none. */
	return (r->cpu_time == 0 ? 0
				 : limit_set(LIMIT_CPU, r->cpu_time,
				       (uint64_t)r->cpu_time + 1));
}

/* Does the run name any? */
static int
names_cpus(const struct run *r)
{
	int i;

	for (i = 0; i < RUN_CPUS / 64; i++)
		if (r->cpus[i] != 0)
			return (1);
	return (0);
}

int
bounds_child(const struct run *r, uint32_t *what)
{
	if (limits_set(r, what) == -1)
		return (-1);
	*what = BOUND_CPUS;
	if (names_cpus(r) && bounds_cpus(r->cpus) == -1)
		return (-1);
	*what = BOUND_IO;
	if (r->io_priority != 0 &&
	    bounds_io(r->io_priority >> 3, r->io_priority & 7) == -1)
		return (-1);
	*what = BOUND_NO_NEW_PRIVS;
	return (r->flags & RUN_NO_NEW_PRIVS ? bounds_no_new_privs() : 0);
}

int
bounds_child_descriptors(const struct run *r)
{
	if (!(r->limits & 1U << LIMIT_NOFILE))
		return (0);
	return (limit_set(
	    LIMIT_NOFILE, r->soft[LIMIT_NOFILE], r->hard[LIMIT_NOFILE]));
}
