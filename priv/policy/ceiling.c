/*
 * Limits of a rule: see ceiling.h.
 */

#include <sys/types.h>
#include <sys/resource.h>

#include "compat/bounds.h"
#include "policy/ceiling.h"
#include "policy/policy.h"
#include "policy/runas.h"

/* A time of processors is a limit of them, too: see launcher/bounds.c. */
static int
limits_cpu(const struct run *r, int limit)
{
	return (limit == LIMIT_CPU && r->cpu_time != 0);
}

int
ceiling_exceeded(const struct rule *rule, const struct run *r)
{
	int i;

	for (i = 0; i < LIMITS; i++)
		if (rule->ceilings & 1U << i &&
		    (r->hard[i] > rule->ceiling[i] ||
			(limits_cpu(r, i) && r->cpu_time >= rule->ceiling[i])))
			return (i);
	return (-1);
}

/* No limit goes up: what is asked for on nobody's behalf would fail by that. */
static uint64_t
ceiling_possible(const struct rule *rule, int limit)
{
	const struct rlimit *rl;

	if (bounds_resource[limit] == -1)
		return (rule->ceiling[limit]);
	rl = &rule->runas->base.rlimits[bounds_resource[limit]];
	return (rl->rlim_max < rule->ceiling[limit] ? rl->rlim_max
						    : rule->ceiling[limit]);
}

void
ceiling_lower(const struct rule *rule, struct run *r)
{
	int i;

	for (i = 0; i < LIMITS; i++) {
		if (!(rule->ceilings & 1U << i) || r->limits & 1U << i ||
		    limits_cpu(r, i))
			continue;
		r->limits |= 1U << i;
		r->soft[i] = r->hard[i] = ceiling_possible(rule, i);
	}
}
