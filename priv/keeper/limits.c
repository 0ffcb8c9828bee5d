/*
 * The limits of a leaf: see limits.h.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/cgroup.h"
#include "cpulist.h"
#include "leaf_limit.h"

#include "keeper/limits.h"

#define HUGE_BYTES (UINT64_C(1) << 62) /* as good as no limit */
#define FILE_MAX 192

/* How a limit is said: into buf, of LIMIT_TEXT_MAX bytes. 0 or an errno. */
typedef int form(const struct leaf_limits *, enum leaf_limit, char *buf);

static void
say(char *buf, uint64_t v, const char *none)
{
	if (v == LEAF_NO_LIMIT)
		(void)strlcpy(buf, none, LIMIT_TEXT_MAX);
	else
		(void)snprintf(buf, LIMIT_TEXT_MAX, "%" PRIu64, v);
}

static int
say_max(const struct leaf_limits *l, enum leaf_limit i, char *buf)
{
	say(buf, l->value[i], "max");
	return (0);
}

static int
say_minus(const struct leaf_limits *l, enum leaf_limit i, char *buf)
{
	say(buf, l->value[i], "-1");
	return (0);
}

static int
say_cpu_max(const struct leaf_limits *l, enum leaf_limit i, char *buf)
{
	size_t len;

	say(buf, l->value[i], "max");
	len = strlen(buf);
	(void)snprintf(buf + len, LIMIT_TEXT_MAX - len, " %" PRIu64,
	    l->value[LEAF_CPU_PERIOD]);
	return (0);
}

/* The usual weight is 100 in one version and 1024 shares in the other. */
static int
say_shares(const struct leaf_limits *l, enum leaf_limit i, char *buf)
{
	uint64_t shares = l->value[i] * 1024 / 100;

	say(buf, shares < 2 ? 2 : shares, "");
	return (0);
}

static int
say_weight(const struct leaf_limits *l, enum leaf_limit i, char *buf)
{
	(void)snprintf(buf, LIMIT_TEXT_MAX, "default %" PRIu64, l->value[i]);
	return (0);
}

/* From 10 to 1000 there; what is beyond cannot be had. */
static int
say_old_weight(const struct leaf_limits *l, enum leaf_limit i, char *buf)
{
	say(buf, l->value[i], "");
	return (l->value[i] >= 1 && l->value[i] <= 1000 ? 0 : ERANGE);
}

/* Memory and swap in one: so that has to be known of both. */
static int
say_both(const struct leaf_limits *l, enum leaf_limit i, char *buf)
{
	uint64_t swap = l->value[i], memory = l->value[LEAF_MEMORY_MAX];

	if (!LEAF_GIVEN(l, LEAF_MEMORY_MAX))
		return (EINVAL);
	if (swap == LEAF_NO_LIMIT || memory == LEAF_NO_LIMIT ||
	    memory > INT64_MAX - swap)
		swap = LEAF_NO_LIMIT;
	else
		swap += memory;
	say(buf, swap, "-1");
	return (0);
}

static int
say_cpus(const struct leaf_limits *l, enum leaf_limit i, char *buf)
{
	(void)i;
	(void)cpulist_write(buf, LIMIT_TEXT_MAX, l->cpus, LEAF_CPUS_MAX);
	return (0);
}

static int
say_mems(const struct leaf_limits *l, enum leaf_limit i, char *buf)
{
	(void)i;
	(void)cpulist_write(buf, LIMIT_TEXT_MAX, &l->mems, LEAF_MEMS_MAX);
	return (0);
}

/* How it is seen to hold. */
enum proof {
	SAME, /* what is read is what was written */
	BYTES, /* or a number that is less by less than a page */
	NOTHING /* it tells something else */
};

struct way {
	const char *file; /* NULL: there is none */
	form *say; /* NULL: another row's file says it, too */
	enum proof proof;
};

#define NO_WAY                   \
	{                        \
		NULL, NULL, SAME \
	}

/* In the order in which they are written. */
static const struct limit {
	enum leaf_limit limit;
	enum leaf_controller controller;
	struct way v2;
	struct way v1;
} rows[] = {
	{ LEAF_CPUS, LEAF_CTL_CPUSET, { "cpuset.cpus", say_cpus, SAME },
	    { "cpuset.cpus", say_cpus, SAME } },
	{ LEAF_MEMS, LEAF_CTL_CPUSET, { "cpuset.mems", say_mems, SAME },
	    { "cpuset.mems", say_mems, SAME } },
	{ LEAF_MEMORY_MAX, LEAF_CTL_MEMORY, { "memory.max", say_max, BYTES },
	    { "memory.limit_in_bytes", say_minus, BYTES } },
	{ LEAF_MEMORY_HIGH, LEAF_CTL_MEMORY, { "memory.high", say_max, BYTES },
	    NO_WAY },
	{ LEAF_MEMORY_LOW, LEAF_CTL_MEMORY, { "memory.low", say_max, BYTES },
	    NO_WAY },
	{ LEAF_MEMORY_MIN, LEAF_CTL_MEMORY, { "memory.min", say_max, BYTES },
	    NO_WAY },
	{ LEAF_SWAP_MAX, LEAF_CTL_MEMORY, { "memory.swap.max", say_max, BYTES },
	    { "memory.memsw.limit_in_bytes", say_both, BYTES } },
	{ LEAF_OOM_GROUP, LEAF_CTL_MEMORY,
	    { "memory.oom.group", say_max, SAME }, NO_WAY },
	{ LEAF_PIDS_MAX, LEAF_CTL_PIDS, { "pids.max", say_max, SAME },
	    { "pids.max", say_max, SAME } },
	{ LEAF_CPU_WEIGHT, LEAF_CTL_CPU, { "cpu.weight", say_max, SAME },
	    { "cpu.shares", say_shares, SAME } },
	{ LEAF_CPU_PERIOD, LEAF_CTL_CPU, { "cpu.max", NULL, SAME },
	    { "cpu.cfs_period_us", say_max, SAME } },
	{ LEAF_CPU_MAX, LEAF_CTL_CPU, { "cpu.max", say_cpu_max, SAME },
	    { "cpu.cfs_quota_us", say_minus, SAME } },
	{ LEAF_CPU_IDLE, LEAF_CTL_CPU, { "cpu.idle", say_max, SAME },
	    { "cpu.idle", say_max, SAME } },
	{ LEAF_IO_WEIGHT, LEAF_CTL_IO, { "io.weight", say_weight, SAME },
	    { "blkio.bfq.weight", say_old_weight, SAME } },
	{ LEAF_IO_MAX, LEAF_CTL_IO, { "io.max", NULL, NOTHING },
	    { "blkio.throttle.read_bps_device", NULL, NOTHING } },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* The tree with that controller, or NULL. */
static const struct cgroup_tree *
tree_of(const struct cgroup_tree *t, size_t count, enum leaf_controller c)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (t[i].controllers >> c & 1)
			return (&t[i]);
	return (NULL);
}

static const struct way *
way_of(const struct limit *row, const struct cgroup_tree *t)
{
	return (t->v2 ? &row->v2 : &row->v1);
}

int
limits_trees(const struct leaf_limits *l, const struct cgroup_tree *trees,
    size_t count, uint32_t *used, enum leaf_limit *failed)
{
	const struct cgroup_tree *t;
	size_t i;

	*used = 0;
	for (i = 0; i < ROWS; i++) {
		if (!LEAF_GIVEN(l, rows[i].limit))
			continue;
		t = tree_of(trees, count, rows[i].controller);
		if (t == NULL || way_of(&rows[i], t)->file == NULL) {
			*failed = rows[i].limit;
			return (ENODEV);
		}
		*used |= 1U << (t - trees);
	}
	return (0);
}

int
limits_outside(const struct leaf_limits *l, const struct cgroup_tree *trees,
    size_t count, uint32_t used, enum leaf_limit *failed)
{
	const struct cgroup_tree *t;
	size_t i;

	for (i = 0; i < ROWS; i++) {
		if (!LEAF_GIVEN(l, rows[i].limit))
			continue;
		t = tree_of(trees, count, rows[i].controller);
		if (t == NULL || !(used >> (t - trees) & 1)) {
			*failed = rows[i].limit;
			return (ENODEV);
		}
	}
	return (0);
}

/* Does what is read say what was written? */
static int
is_proved(enum proof proof, const char *want, const char *got)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	size_t len = strcspn(got, "\n");
	uint64_t a, b;

	if (proof == NOTHING ||
	    (strlen(want) == len && strncmp(want, got, len) == 0))
		return (1);
	if (proof != BYTES || len == 0)
		return (0);
	b = strncmp(got, "max", 3) == 0 ? UINT64_MAX : strtoull(got, NULL, 10);
	if (strcmp(want, "max") == 0 || strcmp(want, "-1") == 0)
		return (b >= HUGE_BYTES);
	a = strtoull(want, NULL, 10);
	return (
	    (b <= a && a - b < page) || (a >= HUGE_BYTES && b >= HUGE_BYTES));
}

/* Write one file of a leaf: 0 or an errno. */
static int
put(const struct cgroup_tree *t, const char *path, const char *file,
    const char *text, enum proof proof)
{
	static char got[LIMIT_TEXT_MAX];
	char name[FILE_MAX];

	(void)snprintf(name, sizeof(name), "%s/%s", path, file);
	if (cgroup_put(t->dir, name, text) == -1)
		return (errno == ENOENT ? ENODEV : errno);
	if (proof == NOTHING)
		return (0);
	if (cgroup_get(t->dir, name, got, sizeof(got)) == -1)
		return (errno);
	return (is_proved(proof, text, got) ? 0 : EIO);
}

/* A device's rates: all in a line. */
static int
put_io(const struct leaf_limits *l, const struct cgroup_tree *t,
    const char *path, uint32_t device)
{
	char text[256], number[LIMIT_TEXT_MAX];
	uint32_t i;
	size_t len;

	len = (size_t)snprintf(
	    text, sizeof(text), "%u:%u", l->major[device], l->minor[device]);
	for (i = 0; i < LEAF_RATES; i++) {
		say(number, l->rate[device][i], "max");
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    " %s=%.24s", leaf_rate_name(i), number);
	}
	return (put(t, path, "io.max", text, NOTHING));
}

/* A file for each, in which 0 is no limit. */
static int
put_old_io(const struct leaf_limits *l, const struct cgroup_tree *t,
    const char *path, uint32_t device)
{
	static const char *const files[LEAF_RATES] = {
		"blkio.throttle.read_bps_device",
		"blkio.throttle.write_bps_device",
		"blkio.throttle.read_iops_device",
		"blkio.throttle.write_iops_device",
	};
	char text[64];
	uint64_t rate;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < LEAF_RATES; i++) {
		rate = l->rate[device][i];
		(void)snprintf(text, sizeof(text), "%u:%u %" PRIu64,
		    l->major[device], l->minor[device],
		    rate == LEAF_NO_LIMIT ? 0 : rate);
		r = put(t, path, files[i], text, NOTHING);
	}
	return (r);
}

/* One limit: 0 or an errno. */
static int
write_row(const struct leaf_limits *l, const struct limit *row,
    const struct cgroup_tree *t, const char *path)
{
	static char text[LIMIT_TEXT_MAX];
	const struct way *w = way_of(row, t);
	uint32_t i;
	int r = 0;

	if (row->limit == LEAF_IO_MAX) {
		for (i = 0; r == 0 && i < l->ios; i++)
			r = t->v2 ? put_io(l, t, path, i)
				  : put_old_io(l, t, path, i);
		return (r);
	}
	if (w->say == NULL)
		return (0);
	if ((r = w->say(l, row->limit, text)) != 0)
		return (r);
	return (put(t, path, w->file, text, w->proof));
}

/* What a file of a leaf says; UINT64_MAX if there is none. */
static uint64_t
get_bytes(const struct cgroup_tree *t, const char *path, const char *file)
{
	char name[FILE_MAX], text[LIMIT_TEXT_MAX];

	(void)snprintf(name, sizeof(name), "%s/%s", path, file);
	if (cgroup_get(t->dir, name, text, sizeof(text)) == -1)
		return (UINT64_MAX);
	return (strtoull(text, NULL, 10));
}

/*
 * In version 1 swap is what is above the limit of memory: with another one of
 * that it is to be as much as it was.
 */
static void
keep_swap(struct leaf_limits *l, const struct cgroup_tree *t, const char *path)
{
	uint64_t memory, both;

	if (t == NULL || t->v2 || !LEAF_GIVEN(l, LEAF_MEMORY_MAX) ||
	    LEAF_GIVEN(l, LEAF_SWAP_MAX))
		return;
	memory = get_bytes(t, path, "memory.limit_in_bytes");
	both = get_bytes(t, path, "memory.memsw.limit_in_bytes");
	if (both >= HUGE_BYTES || memory > both)
		return;
	l->given |= UINT64_C(1) << LEAF_SWAP_MAX;
	l->value[LEAF_SWAP_MAX] = both - memory;
}

int
limits_write(const struct leaf_limits *limits, const struct cgroup_tree *trees,
    size_t count, const char *path, enum leaf_limit *failed)
{
	static struct leaf_limits all;
	const struct leaf_limits *const l = &all;
	const struct cgroup_tree *t;
	const struct limit *late = NULL;
	size_t i;
	int r;

	all = *limits;
	keep_swap(&all, tree_of(trees, count, LEAF_CTL_MEMORY), path);
	for (i = 0; i < ROWS; i++) {
		if (!LEAF_GIVEN(l, rows[i].limit))
			continue;
		t = tree_of(trees, count, rows[i].controller);
		*failed = rows[i].limit;
		if (t == NULL)
			return (ENODEV);
		r = write_row(l, &rows[i], t, path);
		/* One that lives may have to have more of both first. */
		if (r == EINVAL && rows[i].limit == LEAF_MEMORY_MAX && !t->v2 &&
		    LEAF_GIVEN(l, LEAF_SWAP_MAX))
			late = &rows[i];
		else if (r != 0)
			return (r);
		if (rows[i].limit == LEAF_SWAP_MAX && late != NULL) {
			*failed = LEAF_MEMORY_MAX;
			if ((r = write_row(l, late, t, path)) != 0)
				return (r);
		}
	}
	return (0);
}
