/*
 * Tests of what a rule makes of the limits of a run, and of other limits for
 * one that runs. Limits are written as text here: "memory_max 5 io_max 8:0
 * 1,max,max,7".
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "leaf_limit.h"
#include "policy/leaf.h"
#include "policy/policy.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n) (UINT64_C(1) << (n))
#define NONE LEAF_NO_LIMIT
#define TIMES 200000

static uint64_t
number(const char *word)
{
	return (
	    strcmp(word, "max") == 0 ? LEAF_NO_LIMIT : strtoull(word, NULL, 0));
}

static enum leaf_limit
limit(const char *name)
{
	enum leaf_limit i = 0;

	while (strcmp(leaf_limit_name(i), name) != 0)
		assert_true(++i < LEAF_LIMITS);
	return (i);
}

/* A device: "8:0" and four rates with commas. */
static void
device(struct leaf_limits *l, const char *name, char *rates)
{
	unsigned int major, minor, i;

	assert_int_equal(sscanf(name, "%u:%u", &major, &minor), 2);
	assert_in_range(l->ios, 0, LEAF_IOS - 1);
	l->major[l->ios] = major;
	l->minor[l->ios] = minor;
	for (i = 0; i < LEAF_RATES; i++)
		l->rate[l->ios][i] = number(strsep(&rates, ","));
	l->ios++;
}

static void
limits(struct leaf_limits *l, const char *text)
{
	char copy[256], *p = copy, *name, *word;
	enum leaf_limit n;

	memset(l, 0, sizeof(*l));
	assert_true(strlcpy(copy, text, sizeof(copy)) < sizeof(copy));
	while ((name = strsep(&p, " ")) != NULL && *name != '\0') {
		n = limit(name);
		word = strsep(&p, " ");
		assert_non_null(word);
		l->given |= BIT(n);
		if (n == LEAF_IO_MAX)
			device(l, word, strsep(&p, " "));
		else if (n == LEAF_CPUS)
			l->cpus[0] = number(word);
		else if (n == LEAF_MEMS)
			l->mems = number(word);
		else
			l->value[n] = number(word);
		if (n == LEAF_CPU_MAX) {
			word = strsep(&p, " ");
			l->value[LEAF_CPU_PERIOD] = number(word);
			l->given |= BIT(LEAF_CPU_PERIOD);
		}
	}
	assert_int_equal(leaf_limits_check(l), 0);
}

/* rule: what it says; NULL: nothing of leaves. */
struct row {
	const char *rule;
	const char *asked; /* NULL: no leaf */
	int expected;
	const char *is; /* then; -1: the limit that is refused */
};

static const struct row runs[] = {
	/* Whose rule says nothing has what he asks for. */
	{ NULL, NULL, 0, "" },
	{ NULL, "", 1, "" },
	{ NULL, "memory_max max pids_max 5", 1, "memory_max max pids_max 5" },
	{ NULL, "cpu_max max 1000000 cpuset_cpus 255", 1,
	    "cpu_max max 1000000 cpuset_cpus 255" },
	{ "", NULL, 1, "" },
	{ "", "memory_max 5", 1, "memory_max 5" },

	/* What is not asked for is the rule's. */
	{ "memory_max 9", NULL, 1, "memory_max 9" },
	{ "memory_max 9", "", 1, "memory_max 9" },
	{ "memory_max 9 memory_swap_max 0 pids_max 7", "pids_max 3", 1,
	    "memory_max 9 memory_swap_max 0 pids_max 3" },
	{ "cpu_max 50000 100000 cpu_weight 5 io_weight 6", "", 1,
	    "cpu_max 50000 100000 cpu_weight 5 io_weight 6" },
	{ "cpuset_cpus 0x0f cpuset_mems 1", "", 1,
	    "cpuset_cpus 0x0f cpuset_mems 1" },
	{ "memory_max 9", "cpu_idle 1 memory_oom_group 1", 1,
	    "memory_max 9 cpu_idle 1 memory_oom_group 1" },

	/* As much as there is, and more. */
	{ "memory_max 9", "memory_max 9", 1, "memory_max 9" },
	{ "memory_max 9", "memory_max 0", 1, "memory_max 0" },
	{ "memory_max 9", "memory_max 10", -1, "memory_max" },
	{ "memory_max 9", "memory_max max", -1, "memory_max" },
	{ "memory_max 9", "memory_high 9", 1, "memory_max 9 memory_high 9" },
	{ "memory_max 9", "memory_high 10", -1, "memory_high" },
	{ "memory_max 9", "memory_high max", -1, "memory_high" },
	{ "memory_max 9", "memory_low 10", -1, "memory_low" },
	{ "memory_max 9", "memory_low 9 memory_min 9", 1,
	    "memory_max 9 memory_low 9 memory_min 9" },
	{ "memory_max 9", "memory_min 10", -1, "memory_min" },
	{ "memory_max 9", "memory_min max", -1, "memory_min" },
	{ "memory_max 9", "memory_swap_max 10", 1,
	    "memory_max 9 memory_swap_max 10" },
	{ "memory_swap_max 0", "memory_swap_max 1", -1, "memory_swap_max" },
	{ "memory_swap_max 0", "memory_max max", 1,
	    "memory_swap_max 0 memory_max max" },
	{ "pids_max 7", "pids_max 8", -1, "pids_max" },
	{ "pids_max 7", "pids_max max", -1, "pids_max" },
	{ "cpu_weight 5", "cpu_weight 6", -1, "cpu_weight" },
	{ "cpu_weight 5", "cpu_weight 1", 1, "cpu_weight 1" },
	{ "io_weight 5", "io_weight 6", -1, "io_weight" },

	/* Less than any weight. */
	{ "cpu_weight 5", "cpu_idle 1", 1, "cpu_idle 1" },
	{ "cpu_weight 5", "cpu_idle 0", 1, "cpu_weight 5 cpu_idle 0" },

	/* Quotas of other periods; none of these numbers may wrap. */
	{ "cpu_max 50000 100000", "cpu_max 500000 1000000", 1,
	    "cpu_max 500000 1000000" },
	{ "cpu_max 50000 100000", "cpu_max 500001 1000000", -1, "cpu_max" },
	{ "cpu_max 50000 100000", "cpu_max 1000 2000", 1, "cpu_max 1000 2000" },
	{ "cpu_max 50000 100000", "cpu_max 1000 1999", -1, "cpu_max" },
	{ "cpu_max 50000 100000", "cpu_max max 100000", -1, "cpu_max" },
	{ "cpu_max 50000 100000", "cpu_max 9223372036854775 1000000", -1,
	    "cpu_max" },
	{ "cpu_max 102400000 100000", "cpu_max 1024000000 1000000", 1,
	    "cpu_max 1024000000 1000000" },
	{ "cpu_max 102400000 100000", "cpu_max 1024000001 1000000", -1,
	    "cpu_max" },
	{ "cpu_max 102400000 100000", "cpu_max 9223372036854775 1000000", -1,
	    "cpu_max" },

	/* Others than those of the rule. */
	{ "cpuset_cpus 0x0f", "cpuset_cpus 0x06", 1, "cpuset_cpus 0x06" },
	{ "cpuset_cpus 0x0f", "cpuset_cpus 0x10", -1, "cpuset_cpus" },
	{ "cpuset_cpus 0x0f", "cpuset_cpus 0x1f", -1, "cpuset_cpus" },
	{ "cpuset_cpus 0x0f", "cpuset_mems 0x10", 1,
	    "cpuset_cpus 0x0f cpuset_mems 0x10" },
	{ "cpuset_mems 0x1", "cpuset_mems 0x2", -1, "cpuset_mems" },
	{ "cpuset_mems 0x1", "cpuset_mems 0x1", 1, "cpuset_mems 0x1" },

	/* Devices: each for itself, and a rate not said is the rule's. */
	{ "io_max 8:0 5,max,6,max", "", 1, "io_max 8:0 5,max,6,max" },
	{ "io_max 8:0 5,max,6,max", "io_max 8:0 4,3,max,2", 1,
	    "io_max 8:0 4,3,6,2" },
	{ "io_max 8:0 5,max,6,max", "io_max 8:0 6,max,max,max", -1, "io_max" },
	{ "io_max 8:0 5,max,6,max", "io_max 8:0 max,max,7,max", -1, "io_max" },
	{ "io_max 8:0 5,max,6,max", "io_max 8:16 9,9,9,9", 1,
	    "io_max 8:16 9,9,9,9 io_max 8:0 5,max,6,max" },
	{ "io_max 8:0 5,max,6,max", "io_max 9:0 9,9,9,9", 1,
	    "io_max 9:0 9,9,9,9 io_max 8:0 5,max,6,max" },
	{ "io_max 8:0 5,max,6,max io_max 8:16 max,max,max,1",
	    "io_max 8:16 1,max,max,max", 1,
	    "io_max 8:16 1,max,max,1 io_max 8:0 5,max,6,max" },
	{ "io_max 8:0 5,max,max,max",
	    "io_max 8:0 1,max,max,max io_max 8:0 max,max,max,1", 1,
	    "io_max 8:0 1,max,max,max io_max 8:0 5,max,max,1" },
	{ "io_max 8:0 5,max,max,max",
	    "io_max 8:0 1,max,max,max io_max 8:0 6,max,max,1", -1, "io_max" },
	{ "io_max 8:0 5,max,max,max",
	    "io_max 1:0 1,1,1,1 io_max 1:1 1,1,1,1 io_max 1:2 1,1,1,1", 1,
	    "io_max 1:0 1,1,1,1 io_max 1:1 1,1,1,1 io_max 1:2 1,1,1,1"
	    " io_max 8:0 5,max,max,max" },
	{ "io_max 8:0 5,max,max,max",
	    "io_max 1:0 1,1,1,1 io_max 1:1 1,1,1,1 io_max 1:2 1,1,1,1"
	    " io_max 1:3 1,1,1,1",
	    -1, "io_max" },
};

/* The same under cmd: a request has no say. */
static const struct row fixed[] = {
	{ NULL, NULL, 0, "" },
	{ NULL, "", 1, "" },
	{ NULL, "memory_max 5", -1, "memory_max" },
	{ NULL, "io_max 8:0 1,1,1,1", -1, "io_max" },
	{ "memory_max 9 pids_max 7", "", 1, "memory_max 9 pids_max 7" },
	{ "memory_max 9 pids_max 7", "pids_max 7", -1, "pids_max" },
	{ "memory_max 9", "cpuset_cpus 1 cpu_max 1000 1000", -1, "cpu_max" },
};

/* expected is 0 for what may be. */
static const struct row sets[] = {
	{ NULL, "memory_max max cpu_idle 0", 0, "memory_max max cpu_idle 0" },
	{ "", "memory_max max", 0, "memory_max max" },
	/* What was not asked for stays what it is. */
	{ "memory_max 9 pids_max 7 cpuset_cpus 1 io_max 8:0 5,5,5,5",
	    "pids_max 3", 0, "pids_max 3" },
	{ "io_max 8:0 5,5,5,5 io_max 8:16 5,5,5,5", "io_max 8:16 max,1,max,max",
	    0, "io_max 8:16 5,1,5,5" },
	{ "memory_max 9", "memory_max 10", -1, "memory_max" },
	{ "memory_max 9", "memory_max max", -1, "memory_max" },
	{ "memory_max 9", "memory_high max", -1, "memory_high" },
	{ "pids_max 9", "pids_max max", -1, "pids_max" },
	{ "cpu_max 50000 100000", "cpu_max 50000 99999", -1, "cpu_max" },
	{ "cpuset_cpus 1", "cpuset_cpus 3", -1, "cpuset_cpus" },
	{ "io_max 8:0 5,5,5,5", "io_max 8:0 max,6,max,max", -1, "io_max" },
	{ "cpu_weight 5", "cpu_weight 6", -1, "cpu_weight" },
	{ "cpu_weight 5", "cpu_idle 1", 0, "cpu_idle 1" },
	{ "cpu_weight 5", "cpu_idle 0", -1, "cpu_idle" },
	{ "cpu_weight 5", "cpu_idle 0 cpu_weight 5", -1, "cpu_idle" },
};

static void
check(const struct row *row, int set, int cmd)
{
	struct rule rule = { .cmd = cmd ? (char[]){ "/bin/id" } : NULL };
	struct leaf_limits l, is;
	const char *name = NULL;
	int ret;

	rule.leaf = row->rule != NULL;
	limits(&rule.limits, row->rule != NULL ? row->rule : "");
	limits(&l, row->asked != NULL ? row->asked : "");
	ret = set ? permit_leaf_set(&rule, &l, &name)
		  : permit_leaf(&rule, &l, row->asked != NULL, &name);
	if (ret != row->expected)
		fail_msg("%s: %s: %d", row->rule, row->asked, ret);
	if (ret == -1) {
		assert_string_equal(name, row->is);
		return;
	}
	limits(&is, row->is);
	if (memcmp(&l, &is, sizeof(l)) != 0)
		fail_msg("%s: %s: not %s", row->rule, row->asked, row->is);
	assert_int_equal(leaf_limits_check(&l), 0);
}

static void
test_runs(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(runs); i++)
		check(&runs[i], 0, 0);
}

static void
test_fixed(void **state)
{
	struct row set = { "memory_max 9", "memory_max 1", -1, "memory_max" };
	size_t i;

	(void)state;
	for (i = 0; i < nitems(fixed); i++)
		check(&fixed[i], 0, 1);
	check(&set, 1, 1);
}

static void
test_sets(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(sets); i++)
		check(&sets[i], 1, 0);
}

/* Each has one, and but for the period none has another's. */
static void
test_names(void **state)
{
	enum leaf_limit i, j;

	(void)state;
	for (i = 0; i < LEAF_LIMITS; i++)
		for (j = 0; j < i; j++)
			if (i != LEAF_CPU_PERIOD &&
			    strcmp(leaf_limit_name(i), leaf_limit_name(j)) == 0)
				fail_msg("%d and %d", i, j);
	assert_string_equal(leaf_limit_name(LEAF_CPU_PERIOD), "cpu_max");
}

static uint64_t
next_random(uint64_t n)
{
	static uint64_t seed = 20240229;

	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return ((seed >> 33) % n);
}

/* A value of each, the most that there is in a rule, and some of a request. */
static const uint64_t values[LEAF_VALUES][4] = {
	[LEAF_MEMORY_MAX] = { 9, 0, INT64_MAX, NONE },
	[LEAF_MEMORY_HIGH] = { 9, 1, 10, NONE },
	[LEAF_MEMORY_LOW] = { 9, 1, 10, NONE },
	[LEAF_MEMORY_MIN] = { 9, 1, 10, NONE },
	[LEAF_SWAP_MAX] = { 9, 0, 10, NONE },
	[LEAF_OOM_GROUP] = { 0, 1, 0, 1 },
	[LEAF_PIDS_MAX] = { 9, 0, 10, NONE },
	[LEAF_CPU_WEIGHT] = { 9, 1, 10, 10000 },
	[LEAF_CPU_MAX] = { 102400000, 1000, INT64_MAX / 1000, NONE },
	[LEAF_CPU_PERIOD] = { 100000, 1000, 50001, 1000000 },
	[LEAF_CPU_IDLE] = { 0, 1, 0, 1 },
	[LEAF_IO_WEIGHT] = { 9, 1, 10, 10000 },
};

/* Half of all there is; of a rule what a rule can say. */
static void
random_limits(struct leaf_limits *l, int rule)
{
	static const uint64_t speeds[] = { 5, 1, 9, NONE };
	size_t i, j;

	memset(l, 0, sizeof(*l));
	l->given = next_random(BIT(LEAF_LIMITS)) & ~BIT(LEAF_CPU_PERIOD);
	if (rule)
		l->given &= ~(BIT(LEAF_MEMORY_HIGH) | BIT(LEAF_MEMORY_LOW) |
			      BIT(LEAF_MEMORY_MIN) | BIT(LEAF_OOM_GROUP) |
			      BIT(LEAF_CPU_IDLE));
	if (l->given & BIT(LEAF_CPU_MAX))
		l->given |= BIT(LEAF_CPU_PERIOD);
	for (i = 0; i < LEAF_VALUES; i++)
		if (l->given & BIT(i))
			l->value[i] = values[i][rule ? 0 : next_random(4)];
	if (l->given & BIT(LEAF_CPUS))
		l->cpus[next_random(2)] = 1 + next_random(7);
	if (l->given & BIT(LEAF_MEMS))
		l->mems = 1 + next_random(3);
	if (l->given & BIT(LEAF_IO_MAX))
		l->ios = (uint32_t)next_random(3) + 1;
	for (i = 0; i < l->ios; i++) {
		l->minor[i] = (uint32_t)(rule ? i : next_random(5));
		for (j = 0; j < LEAF_RATES; j++)
			l->rate[i][j] = speeds[next_random(4)];
	}
}

/* Nothing that a limit of the rule concerns is above it. */
static void
check_below(const struct leaf_limits *most, const struct leaf_limits *l)
{
	static const enum leaf_limit memory[] = { LEAF_MEMORY_MAX,
		LEAF_MEMORY_HIGH, LEAF_MEMORY_LOW, LEAF_MEMORY_MIN };
	static const enum leaf_limit others[] = { LEAF_SWAP_MAX, LEAF_PIDS_MAX,
		LEAF_CPU_WEIGHT, LEAF_IO_WEIGHT };
	const uint64_t *m = most->value, *v = l->value;
	uint32_t i, j, n;

	for (i = 0; i < nitems(memory); i++)
		assert_true(!(most->given & BIT(LEAF_MEMORY_MAX)) ||
			    v[memory[i]] <= m[LEAF_MEMORY_MAX]);
	for (i = 0; i < nitems(others); i++)
		assert_true(!(most->given & BIT(others[i])) ||
			    v[others[i]] <= m[others[i]]);
	/* That of the rule is 1024 processors. */
	assert_true(!(most->given & BIT(LEAF_CPU_MAX)) ||
		    v[LEAF_CPU_MAX] <= 1024 * v[LEAF_CPU_PERIOD]);
	for (i = 0; i < LEAF_CPUS_MAX / 64; i++)
		assert_true(!(most->given & BIT(LEAF_CPUS)) ||
			    (l->cpus[i] | most->cpus[i]) == most->cpus[i]);
	assert_true(!(most->given & BIT(LEAF_MEMS)) ||
		    (l->mems | most->mems) == most->mems);
	for (i = 0; i < l->ios; i++)
		for (j = 0; j < most->ios; j++)
			for (n = 0; n < LEAF_RATES; n++)
				assert_true(l->minor[i] != most->minor[j] ||
					    l->rate[i][n] <= most->rate[j][n]);
}

/* Every device of the rule is there. */
static void
check_devices(const struct leaf_limits *most, const struct leaf_limits *l)
{
	uint32_t i, j;

	for (j = 0; j < most->ios; j++) {
		for (i = 0; i < l->ios; i++)
			if (l->minor[i] == most->minor[j])
				break;
		assert_true(i < l->ios);
	}
}

/* All that is permitted is below the rule, and a run has all that it says. */
static void
test_random(void **state)
{
	struct rule rule = { .leaf = 1 };
	struct leaf_limits asked, l;
	unsigned int i, good[2] = { 0 };
	uint64_t missing;
	const char *name;
	int set;

	(void)state;
	for (i = 0; i < TIMES; i++) {
		random_limits(&rule.limits, 1);
		random_limits(&asked, 0);
		assert_int_equal(leaf_limits_check(&rule.limits), 0);
		assert_int_equal(leaf_limits_check(&asked), 0);
		l = asked;
		set = (int)(i % 2);
		if (set && permit_leaf_set(&rule, &l, &name) == -1)
			continue;
		if (!set && permit_leaf(&rule, &l, 1, &name) == -1)
			continue;
		good[set]++;
		assert_int_equal(leaf_limits_check(&l), 0);
		check_below(&rule.limits, &l);
		assert_int_equal(asked.given & ~l.given, 0);
		if (set) {
			assert_true(l.given == asked.given);
			continue;
		}
		check_devices(&rule.limits, &l);
		missing = rule.limits.given & ~l.given;
		if (l.value[LEAF_CPU_IDLE])
			missing &= ~BIT(LEAF_CPU_WEIGHT);
		assert_int_equal(missing, 0);
	}
	assert_in_range(good[0], TIMES / 200, TIMES / 2 - TIMES / 200);
	assert_in_range(good[1], TIMES / 200, TIMES / 2 - TIMES / 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_random),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
