/*
 * What a rule says of the leaves of its children. What was asked for is
 * hostile, but in its ranges: leaf_limits_check() was called.
 */

#include <string.h>

#include "leaf_limit.h"
#include "policy/leaf.h"
#include "policy/policy.h"

/*
 * Quotas are compared for the same period. That of a rule is small enough for
 * this (limit.c).
 */
static int
is_faster(const struct leaf_limits *l, const struct leaf_limits *most)
{
	uint64_t quota;

	if (!LEAF_GIVEN(l, LEAF_CPU_MAX) || !LEAF_GIVEN(most, LEAF_CPU_MAX))
		return (0);
	quota = most->value[LEAF_CPU_MAX] * l->value[LEAF_CPU_PERIOD] /
		most->value[LEAF_CPU_PERIOD];
	return (l->value[LEAF_CPU_MAX] > quota);
}

/* The place of that device in l, or l->ios. */
static uint32_t
device_find(const struct leaf_limits *l, uint32_t major, uint32_t minor)
{
	uint32_t i;

	for (i = 0; i < l->ios; i++)
		if (l->major[i] == major && l->minor[i] == minor)
			break;
	return (i);
}

/*
 * A device may be there twice. Of one that the rule limits, a rate that was
 * not said is the rule's.
 */
static int
devices_permit(const struct leaf_limits *most, struct leaf_limits *l)
{
	uint32_t i, j, n;

	for (i = 0; i < l->ios; i++) {
		j = device_find(most, l->major[i], l->minor[i]);
		for (n = 0; j < most->ios && n < LEAF_RATES; n++)
			if (l->rate[i][n] == LEAF_NO_LIMIT)
				l->rate[i][n] = most->rate[j][n];
			else if (l->rate[i][n] > most->rate[j][n])
				return (-1);
	}
	return (0);
}

/* Those of the rule that were not named: 0, or -1 if there is no room. */
static int
devices_add(const struct leaf_limits *most, struct leaf_limits *l)
{
	uint32_t i, j;

	for (j = 0; j < most->ios; j++) {
		i = device_find(l, most->major[j], most->minor[j]);
		if (i < l->ios)
			continue;
		if (i == LEAF_IOS)
			return (-1);
		l->major[i] = most->major[j];
		l->minor[i] = most->minor[j];
		memcpy(l->rate[i], most->rate[j], sizeof(l->rate[i]));
		l->ios++;
	}
	l->given |= most->given & UINT64_C(1) << LEAF_IO_MAX;
	return (0);
}

/*
 * The first limit that may not be asked for, or LEAF_LIMITS. A program that a
 * rule fixes is not to be made to fail where its starter likes.
 */
static enum leaf_limit
leaf_refuse(const struct rule *rule, struct leaf_limits *l)
{
	static const struct {
		enum leaf_limit limit, ceiling;
	} rows[] = {
		{ LEAF_MEMORY_MAX, LEAF_MEMORY_MAX },
		{ LEAF_MEMORY_HIGH, LEAF_MEMORY_MAX },
		{ LEAF_MEMORY_LOW, LEAF_MEMORY_MAX },
		{ LEAF_MEMORY_MIN, LEAF_MEMORY_MAX },
		{ LEAF_SWAP_MAX, LEAF_SWAP_MAX },
		{ LEAF_PIDS_MAX, LEAF_PIDS_MAX },
		{ LEAF_CPU_WEIGHT, LEAF_CPU_WEIGHT },
		{ LEAF_IO_WEIGHT, LEAF_IO_WEIGHT },
	};
	const struct leaf_limits *most = &rule->limits;
	enum leaf_limit limit;
	size_t i;

	for (limit = 0; rule->cmd != NULL && limit < LEAF_LIMITS; limit++)
		if (LEAF_GIVEN(l, limit))
			return (limit);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		/* No limit at all is the largest number there is. */
		if (LEAF_GIVEN(l, rows[i].limit) &&
		    LEAF_GIVEN(most, rows[i].ceiling) &&
		    l->value[rows[i].limit] > most->value[rows[i].ceiling])
			return (rows[i].limit);
	if (is_faster(l, most))
		return (LEAF_CPU_MAX);
	for (i = 0; LEAF_GIVEN(most, LEAF_CPUS) && i < LEAF_CPUS_MAX / 64; i++)
		if (l->cpus[i] & ~most->cpus[i])
			return (LEAF_CPUS);
	if (LEAF_GIVEN(most, LEAF_MEMS) && l->mems & ~most->mems)
		return (LEAF_MEMS);
	return (devices_permit(most, l) == -1 ? LEAF_IO_MAX : LEAF_LIMITS);
}

/* What the rule has and the run has not asked for. */
static void
leaf_fill(const struct leaf_limits *most, struct leaf_limits *l)
{
	uint64_t missing = most->given & ~l->given;
	size_t i;

	/* Who wants to be idle has no weight, and less than any. */
	if (l->value[LEAF_CPU_IDLE] != 0)
		missing &= ~(UINT64_C(1) << LEAF_CPU_WEIGHT);
	for (i = 0; i < LEAF_VALUES; i++)
		if (missing >> i & 1)
			l->value[i] = most->value[i];
	if (missing >> LEAF_CPUS & 1)
		memcpy(l->cpus, most->cpus, sizeof(l->cpus));
	if (missing >> LEAF_MEMS & 1)
		l->mems = most->mems;
	l->given |= missing;
}

int
permit_leaf(const struct rule *rule, struct leaf_limits *l, int wanted,
    const char **name)
{
	enum leaf_limit above;

	if (!rule->leaf && !wanted)
		return (0);
	above = leaf_refuse(rule, l);
	if (above == LEAF_LIMITS && devices_add(&rule->limits, l) == -1)
		above = LEAF_IO_MAX;
	if (above != LEAF_LIMITS) {
		*name = leaf_limit_name(above);
		return (-1);
	}
	leaf_fill(&rule->limits, l);
	return (1);
}

int
permit_leaf_set(
    const struct rule *rule, struct leaf_limits *l, const char **name)
{
	enum leaf_limit above;

	above = leaf_refuse(rule, l);
	/* No more idle, it would have the usual weight. */
	if (above == LEAF_LIMITS && LEAF_GIVEN(l, LEAF_CPU_IDLE) &&
	    l->value[LEAF_CPU_IDLE] == 0 &&
	    LEAF_GIVEN(&rule->limits, LEAF_CPU_WEIGHT))
		above = LEAF_CPU_IDLE;
	if (above == LEAF_LIMITS)
		return (0);
	*name = leaf_limit_name(above);
	return (-1);
}
