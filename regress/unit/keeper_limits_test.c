/*
 * Tests of what the keeper writes for the limits of a leaf: each limit, in a
 * tree of either version, and what comes of files that are not there, that
 * refuse, or that say something else afterwards. The files are the test's.
 */

#include <sys/types.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "compat/cgroup.h"
#include "keeper/limits.h"
#include "proto.h"

#define V2_DIR 3
#define V1_DIR 4
#define MAX LEAF_NO_LIMIT
#define ALL ((1U << LEAF_CTLS) - 1)

/* What was written, "file=text" each, and what is done to it. */
static char written[4096];
static const char *refuses; /* a file */
static int refusal; /* with this errno; once, if it is negative */
static const char *reads; /* what is read in place of what was written */
static const char *before[2]; /* limits of memory, and with swap */
static char last[LIMIT_TEXT_MAX];

int
cgroup_put(int dir, const char *name, const char *text)
{
	const char *file = name + strlen("t0/c1/");
	size_t len = strlen(written);

	assert_true(dir == V2_DIR || dir == V1_DIR);
	assert_int_equal(strncmp(name, "t0/c1/", 6), 0);
	if (refuses != NULL && strcmp(file, refuses) == 0 && refusal != 0) {
		errno = refusal < 0 ? -refusal : refusal;
		if (refusal < 0)
			refusal = 0;
		return (-1);
	}
	(void)snprintf(written + len, sizeof(written) - len, "%s%s=%s",
	    len == 0 ? "" : ";", file, text);
	(void)strlcpy(last, text, sizeof(last));
	return (0);
}

/* The kernel ends what it says with a newline. */
int
cgroup_get(int dir, const char *name, char *buf, size_t size)
{
	static const char *const files[] = { "memory.limit_in_bytes",
		"memory.memsw.limit_in_bytes" };
	size_t i;

	(void)dir;
	for (i = 0; written[0] == '\0' && i < 2; i++)
		if (strcmp(name + strlen("t0/c1/"), files[i]) == 0) {
			errno = ENOENT;
			if (before[i] == NULL)
				return (-1);
			(void)snprintf(buf, size, "%s\n", before[i]);
			return (0);
		}
	(void)snprintf(buf, size, "%s\n", reads != NULL ? reads : last);
	return (0);
}

static void
begin(void)
{
	written[0] = '\0';
	refuses = reads = before[0] = before[1] = NULL;
	refusal = 0;
}

/* Both trees have the same controllers: as many as are in the first. */
static int
limits_do(const struct leaf_limits *l, int v2, uint32_t controllers,
    enum leaf_limit *failed)
{
	const struct cgroup_tree trees[2] = {
		{ 1, v2 ? controllers : 0, V2_DIR, CGROUP_AT_ONCE },
		{ 0, v2 ? 0 : controllers, V1_DIR, CGROUP_EACH },
	};
	uint32_t used;
	int error;

	*failed = LEAF_LIMITS;
	error = limits_trees(l, trees, 2, &used, failed);
	if (error != 0)
		return (error);
	assert_int_equal(used, v2 ? 1 : 2);
	error = limits_outside(l, trees, 2, used, failed);
	assert_int_equal(error, 0);
	error = limits_outside(l, trees, 2, ~used & 3, failed);
	assert_int_equal(error, ENODEV);
	return (limits_write(l, trees, 2, "t0/c1", failed));
}

struct value {
	enum leaf_limit limit;
	uint64_t value;
};

static const struct row {
	const char *what;
	struct value values[3]; /* those of no value end it */
	const char *v2; /* NULL: it cannot be had */
	const char *v1;
	int error; /* if a text is NULL */
} rows[] = {
	{ "memory_max", { { LEAF_MEMORY_MAX, 268435456 }, { 0, 0 } },
	    "memory.max=268435456", "memory.limit_in_bytes=268435456", 0 },
	{ "no memory_max", { { LEAF_MEMORY_MAX, MAX }, { 0, 0 } },
	    "memory.max=max", "memory.limit_in_bytes=-1", 0 },
	{ "memory_high", { { LEAF_MEMORY_HIGH, 4096 }, { 0, 0 } },
	    "memory.high=4096", NULL, ENODEV },
	{ "memory_low", { { LEAF_MEMORY_LOW, 4096 }, { 0, 0 } },
	    "memory.low=4096", NULL, ENODEV },
	{ "memory_min", { { LEAF_MEMORY_MIN, MAX }, { 0, 0 } },
	    "memory.min=max", NULL, ENODEV },
	{ "memory_swap_max", { { LEAF_SWAP_MAX, 8192 }, { 0, 0 } },
	    "memory.swap.max=8192", NULL, EINVAL },
	{ "memory_max and memory_swap_max",
	    { { LEAF_MEMORY_MAX, 4096 }, { LEAF_SWAP_MAX, 8192 }, { 0, 0 } },
	    "memory.max=4096;memory.swap.max=8192",
	    "memory.limit_in_bytes=4096;memory.memsw.limit_in_bytes=12288", 0 },
	{ "memory_max and no memory_swap_max",
	    { { LEAF_MEMORY_MAX, 4096 }, { LEAF_SWAP_MAX, MAX }, { 0, 0 } },
	    "memory.max=4096;memory.swap.max=max",
	    "memory.limit_in_bytes=4096;memory.memsw.limit_in_bytes=-1", 0 },
	{ "both, more than there is",
	    { { LEAF_MEMORY_MAX, INT64_MAX }, { LEAF_SWAP_MAX, INT64_MAX },
		{ 0, 0 } },
	    "memory.max=9223372036854775807;"
	    "memory.swap.max=9223372036854775807",
	    "memory.limit_in_bytes=9223372036854775807;"
	    "memory.memsw.limit_in_bytes=-1",
	    0 },
	{ "memory_oom_group", { { LEAF_OOM_GROUP, 1 }, { 0, 0 } },
	    "memory.oom.group=1", NULL, ENODEV },
	{ "pids_max", { { LEAF_PIDS_MAX, 64 }, { 0, 0 } }, "pids.max=64",
	    "pids.max=64", 0 },
	{ "no pids_max", { { LEAF_PIDS_MAX, MAX }, { 0, 0 } }, "pids.max=max",
	    "pids.max=max", 0 },
	{ "the usual cpu_weight", { { LEAF_CPU_WEIGHT, 100 }, { 0, 0 } },
	    "cpu.weight=100", "cpu.shares=1024", 0 },
	{ "the least cpu_weight", { { LEAF_CPU_WEIGHT, 1 }, { 0, 0 } },
	    "cpu.weight=1", "cpu.shares=10", 0 },
	{ "the most cpu_weight", { { LEAF_CPU_WEIGHT, 10000 }, { 0, 0 } },
	    "cpu.weight=10000", "cpu.shares=102400", 0 },
	{ "cpu_max",
	    { { LEAF_CPU_MAX, 50000 }, { LEAF_CPU_PERIOD, 100000 }, { 0, 0 } },
	    "cpu.max=50000 100000",
	    "cpu.cfs_period_us=100000;cpu.cfs_quota_us=50000", 0 },
	{ "no cpu_max",
	    { { LEAF_CPU_MAX, MAX }, { LEAF_CPU_PERIOD, 100000 }, { 0, 0 } },
	    "cpu.max=max 100000",
	    "cpu.cfs_period_us=100000;cpu.cfs_quota_us=-1", 0 },
	{ "cpu_idle", { { LEAF_CPU_IDLE, 1 }, { 0, 0 } }, "cpu.idle=1",
	    "cpu.idle=1", 0 },
	{ "cpuset_cpus, one", { { LEAF_CPUS, 0x8 }, { 0, 0 } }, "cpuset.cpus=3",
	    "cpuset.cpus=3", 0 },
	{ "cpuset_cpus, a list",
	    { { LEAF_CPUS, 0x800000000000002fULL }, { 0, 0 } },
	    "cpuset.cpus=0-3,5,63", "cpuset.cpus=0-3,5,63", 0 },
	{ "cpuset_cpus, all that fit", { { LEAF_CPUS, UINT64_MAX }, { 0, 0 } },
	    "cpuset.cpus=0-63", "cpuset.cpus=0-63", 0 },
	{ "cpuset_mems", { { LEAF_MEMS, 0x3 }, { 0, 0 } }, "cpuset.mems=0-1",
	    "cpuset.mems=0-1", 0 },
	{ "io_weight", { { LEAF_IO_WEIGHT, 50 }, { 0, 0 } },
	    "io.weight=default 50", "blkio.bfq.weight=50", 0 },
	{ "more io_weight than the first version has",
	    { { LEAF_IO_WEIGHT, 1001 }, { 0, 0 } }, "io.weight=default 1001",
	    NULL, ERANGE },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void
fill(struct leaf_limits *l, const struct value *v)
{
	memset(l, 0, sizeof(*l));
	for (; v->value != 0; v++) {
		l->given |= UINT64_C(1) << v->limit;
		if (v->limit == LEAF_CPUS)
			l->cpus[0] = v->value;
		else if (v->limit == LEAF_MEMS)
			l->mems = v->value;
		else
			l->value[v->limit] = v->value;
	}
	assert_int_equal(leaf_limits_check(l), 0);
}

static void
test_row(void **state)
{
	const struct row *r = *state;
	enum leaf_limit failed;
	struct leaf_limits l;
	const char *want;
	int v2;

	fill(&l, r->values);
	for (v2 = 0; v2 < 2; v2++) {
		begin();
		want = v2 ? r->v2 : r->v1;
		assert_int_equal(limits_do(&l, v2, ALL, &failed),
		    want == NULL ? r->error : 0);
		assert_string_equal(written, want == NULL ? "" : want);
		if (want == NULL)
			assert_int_equal(failed, r->values[0].limit);
		/* Without a controller, and where a file is not there. */
		begin();
		assert_int_equal(limits_do(&l, v2, 0, &failed), ENODEV);
		assert_string_equal(written, "");
		if (want == NULL)
			continue;
		refuses = strcmp(r->what, "cpu_max") == 0 && !v2
			      ? "cpu.cfs_quota_us"
			      : "";
		refusal = ENOENT;
		assert_int_equal(limits_do(&l, v2, ALL, &failed),
		    *refuses == '\0' ? 0 : ENODEV);
	}
}

static struct leaf_limits
memory(uint64_t n)
{
	const struct value v[] = { { LEAF_MEMORY_MAX, n }, { 0, 0 } };
	struct leaf_limits l;

	fill(&l, v);
	return (l);
}

/* What the kernel says behind its back. */
static void
test_proof(void **state)
{
	static const struct {
		uint64_t n;
		const char *says;
		int error;
	} proofs[] = {
		{ 10000, "8192", 0 }, /* whole pages */
		{ 10000, "12288", EIO },
		{ 1000000, "900000", EIO },
		{ 10000, "max", EIO },
		{ MAX, "max", 0 },
		{ MAX, "9223372036854771712", 0 },
		{ MAX, "4096", EIO },
		{ INT64_MAX, "max", 0 },
		{ 10000, "", EIO },
	};
	enum leaf_limit failed;
	struct leaf_limits l;
	size_t i;
	int v2;

	(void)state;
	for (i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++)
		for (v2 = 0; v2 < 2; v2++) {
			begin();
			reads = proofs[i].says;
			l = memory(proofs[i].n);
			assert_int_equal(
			    limits_do(&l, v2, ALL, &failed), proofs[i].error);
			if (proofs[i].error != 0)
				assert_int_equal(failed, LEAF_MEMORY_MAX);
		}
}

static void
test_refused(void **state)
{
	const struct value v[] = { { LEAF_PIDS_MAX, 4 }, { LEAF_CPU_WEIGHT, 5 },
		{ 0, 0 } };
	enum leaf_limit failed;
	struct leaf_limits l;

	(void)state;
	fill(&l, v);
	begin();
	refuses = "cpu.weight";
	refusal = EINVAL;
	assert_int_equal(limits_do(&l, 1, ALL, &failed), EINVAL);
	assert_int_equal(failed, LEAF_CPU_WEIGHT);
	refuses = "pids.max";
	refusal = EACCES;
	assert_int_equal(limits_do(&l, 1, ALL, &failed), EACCES);
	assert_int_equal(failed, LEAF_PIDS_MAX);
	refusal = ENOENT;
	assert_int_equal(limits_do(&l, 0, ALL, &failed), ENODEV);
	assert_int_equal(failed, LEAF_PIDS_MAX);
}

/* Memory cannot be more than memory with swap, as it is now. */
static void
test_order(void **state)
{
	const struct value v[] = { { LEAF_MEMORY_MAX, 8192 },
		{ LEAF_SWAP_MAX, 4096 }, { 0, 0 } };
	enum leaf_limit failed;
	struct leaf_limits l;

	(void)state;
	fill(&l, v);
	begin();
	refuses = "memory.limit_in_bytes";
	refusal = -EINVAL;
	assert_int_equal(limits_do(&l, 0, ALL, &failed), 0);
	assert_string_equal(written,
	    "memory.memsw.limit_in_bytes=12288;memory.limit_in_bytes=8192");
	begin();
	refuses = "memory.limit_in_bytes";
	refusal = EINVAL;
	assert_int_equal(limits_do(&l, 0, ALL, &failed), EINVAL);
	assert_int_equal(failed, LEAF_MEMORY_MAX);
	/* The other one's place is where its own limit failed. */
	begin();
	refuses = "memory.max";
	refusal = -EINVAL;
	assert_int_equal(limits_do(&l, 1, ALL, &failed), EINVAL);
}

/* What may be swapped is what it was: there is a limit of both only. */
static void
test_swap_kept(void **state)
{
	enum leaf_limit failed;
	struct leaf_limits l = memory(8192);

	(void)state;
	begin();
	before[0] = "16384";
	before[1] = "20480";
	assert_int_equal(limits_do(&l, 0, ALL, &failed), 0);
	assert_string_equal(written,
	    "memory.limit_in_bytes=8192;memory.memsw.limit_in_bytes=12288");
	assert_false(LEAF_GIVEN(&l, LEAF_SWAP_MAX));
	begin();
	before[0] = "16384";
	before[1] = "9223372036854771712";
	assert_int_equal(limits_do(&l, 0, ALL, &failed), 0);
	assert_string_equal(written, "memory.limit_in_bytes=8192");
}

static void
test_devices(void **state)
{
	struct leaf_limits l = { .given = UINT64_C(1) << LEAF_IO_MAX,
		.ios = 2,
		.major = { 8, 259 },
		.minor = { 0, 16 },
		.rate = { { 1024, MAX, MAX, 7 }, { MAX, MAX, 9, MAX } } };
	enum leaf_limit failed;

	(void)state;
	assert_int_equal(leaf_limits_check(&l), 0);
	begin();
	assert_int_equal(limits_do(&l, 1, ALL, &failed), 0);
	assert_string_equal(written,
	    "io.max=8:0 rbps=1024 wbps=max riops=max wiops=7;"
	    "io.max=259:16 rbps=max wbps=max riops=9 wiops=max");
	begin();
	assert_int_equal(limits_do(&l, 0, ALL, &failed), 0);
	assert_string_equal(written,
	    "blkio.throttle.read_bps_device=8:0 1024;"
	    "blkio.throttle.write_bps_device=8:0 0;"
	    "blkio.throttle.read_iops_device=8:0 0;"
	    "blkio.throttle.write_iops_device=8:0 7;"
	    "blkio.throttle.read_bps_device=259:16 0;"
	    "blkio.throttle.write_bps_device=259:16 0;"
	    "blkio.throttle.read_iops_device=259:16 9;"
	    "blkio.throttle.write_iops_device=259:16 0");
	begin();
	refuses = "io.max";
	refusal = ENODEV;
	assert_int_equal(limits_do(&l, 1, ALL, &failed), ENODEV);
	assert_int_equal(failed, LEAF_IO_MAX);
}

/* The longest list of processors is written whole. */
static void
test_long(void **state)
{
	struct leaf_limits l = { .given = UINT64_C(1) << LEAF_CPUS };
	enum leaf_limit failed;
	size_t i;

	(void)state;
	for (i = 0; i < LEAF_CPUS_MAX / 64; i++)
		l.cpus[i] = 0x5555555555555555ULL;
	begin();
	assert_int_equal(limits_do(&l, 1, ALL, &failed), 0);
	assert_string_equal(written + strlen(written) - 5, ",1022");
	assert_int_equal(strncmp(written, "cpuset.cpus=0,2,4,", 18), 0);
}

int
main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(test_proof),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_swap_kept),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_long),
	};
	static struct CMUnitTest
	    tests[ROWS + sizeof(others) / sizeof(others[0])];
	size_t i;

	for (i = 0; i < ROWS; i++) {
		tests[i].name = rows[i].what;
		tests[i].test_func = test_row;
		tests[i].initial_state = (void *)(uintptr_t)&rows[i];
	}
	memcpy(tests + ROWS, others, sizeof(others));
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
