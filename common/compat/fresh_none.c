/*
 * A system where only the priority is inherited.
 */

#include <stddef.h>

#include "compat/fresh.h"

int
fresh_reset(const char **what)
{
	*what = "nice";
	return (setpriority(PRIO_PROCESS, 0, 0));
}

const char *
fresh_odd(void)
{
	return (NULL);
}

void
fresh_harmless(void)
{
}

void
fresh_limits(struct rlimit *rl)
{
	int i;

	for (i = 0; i < RLIM_NLIMITS; i++)
		rl[i].rlim_cur = rl[i].rlim_max = RLIM_INFINITY;
}
