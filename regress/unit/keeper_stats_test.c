/*
 * Tests of how the keeper reads what the kernel says of a leaf: numbers in
 * text, which may be anything. The files are the test's.
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
#include "keeper/stats.h"
#include "proto.h"

#define NONE LEAF_UNKNOWN
#define V2_DIR 3
#define V1_DIR 4

static const struct key {
	const char *text;
	const char *key;
	uint64_t want;
} keys[] = {
	{ "4096\n", "", 4096 },
	{ "0\n", "", 0 },
	{ "4096", "", 4096 },
	{ "18446744073709551614\n", "", UINT64_MAX - 1 },
	{ "18446744073709551615\n", "", NONE },
	{ "18446744073709551616\n", "", NONE },
	{ "99999999999999999999999\n", "", NONE },
	{ "max\n", "", NONE },
	{ "-1\n", "", NONE },
	{ "+1\n", "", NONE },
	{ " 1\n", "", NONE },
	{ "1x\n", "", NONE },
	{ "\n", "", NONE },
	{ "", "", NONE },
	{ "low 0\nhigh 3\nmax 5\noom 1\noom_kill 2\n", "oom_kill", 2 },
	{ "low 0\nhigh 3\nmax 5\noom 1\noom_kill 2\n", "oom", 1 },
	{ "low 0\nhigh 3\nmax 5\n", "high", 3 },
	{ "oom_kill 2", "oom_kill", 2 },
	{ "xoom_kill 2\n", "oom_kill", NONE },
	{ "x oom_kill 2\n", "oom_kill", NONE },
	{ "oom_kill\n2\n", "oom_kill", NONE },
	{ "oom_kill  2\n", "oom_kill", NONE },
	{ "oom_kill", "oom_kill", NONE },
	{ "oom_kill ", "oom_kill", NONE },
	{ "oom_kill 2\noom_kill 3\n", "oom_kill", 2 },
	{ "\n\n\nhigh 1\n", "high", 1 },
	{ "", "high", NONE },
};

static void
test_key(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_int_equal(
		    stats_key(keys[i].text, keys[i].key), keys[i].want);
}

static const struct key sums[] = {
	{ "", "rbytes=", 0 },
	{ "8:0 rbytes=10 wbytes=20 rios=1\n", "rbytes=", 10 },
	{ "8:0 rbytes=10 wbytes=20 rios=1\n", "wbytes=", 20 },
	{ "8:0 rbytes=10 wbytes=1\n8:16 rbytes=5 wbytes=2\n", "rbytes=", 15 },
	{ "8:0 wbytes=1\n8:16 rbytes=5 wbytes=2\n", "rbytes=", 5 },
	{ "8:0 \n", "rbytes=", 0 },
	{ "8:0 rbytes=x\n", "rbytes=", NONE },
	{ "8:0 rbytes=\n", "rbytes=", NONE },
	{ "8:0 rbytes=-1\n", "rbytes=", NONE },
	{ "8:0 rbytes=18446744073709551614\n8:1 rbytes=1\n", "rbytes=", NONE },
	{ "8:0 rbytes=18446744073709551614\n8:1 rbytes=0\n",
	    "rbytes=", UINT64_MAX - 1 },
	/* One that is cut could be another number. */
	{ "8:0 rbytes=10 wbytes=20\n8:16 rbytes=5", "rbytes=", NONE },
	{ "8:0 Read 7\n8:0 Write 8\n8:0 Total 15\nTotal 15\n", "Read ", 7 },
	{ "8:0 Read 7\n8:0 Write 8\n8:1 Write 9\nTotal 15\n", "Write ", 17 },
};

static void
test_sum(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		assert_int_equal(
		    stats_sum(sums[i].text, sums[i].key), sums[i].want);
}

static const struct file {
	int dir;
	const char *name;
	const char *text;
} * files;
static size_t nfiles;
static int opened;

int
cgroup_get(int dir, const char *name, char *buf, size_t size)
{
	size_t i;

	opened++;
	for (i = 0; i < nfiles; i++)
		if (files[i].dir == dir && strcmp(files[i].name, name) == 0) {
			(void)strlcpy(buf, files[i].text, size);
			return (0);
		}
	errno = ENOENT;
	return (-1);
}

#define AT "t0/c1/"

static const struct file new_files[] = {
	{ V2_DIR, AT "cpu.stat",
	    "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 2\n"
	    "throttled_usec 5\n" },
	{ V2_DIR, AT "cgroup.events", "populated 1\nfrozen 1\n" },
	{ V2_DIR, AT "memory.current", "4096\n" },
	{ V2_DIR, AT "memory.peak", "8192\n" },
	{ V2_DIR, AT "memory.swap.current", "1\n" },
	{ V2_DIR, AT "memory.events",
	    "low 0\nhigh 3\nmax 6\noom 2\noom_kill 1\n" },
	{ V2_DIR, AT "pids.current", "7\n" },
	{ V2_DIR, AT "pids.peak", "9\n" },
	{ V2_DIR, AT "pids.events", "max 4\n" },
	{ V2_DIR, AT "io.stat", "8:0 rbytes=100 wbytes=200\n" },
};

static const struct file old_files[] = {
	{ V2_DIR, AT "cpu.stat", "usage_usec 30\nuser_usec 20\n" },
	{ V1_DIR, AT "cpu.stat", "nr_throttled 1\nthrottled_time 5999\n" },
	{ V1_DIR, AT "memory.usage_in_bytes", "4096\n" },
	{ V1_DIR, AT "memory.max_usage_in_bytes", "8192\n" },
	{ V1_DIR, AT "memory.failcnt", "2\n" },
	{ V1_DIR, AT "memory.stat", "swap 5\ntotal_swap 1\n" },
	{ V1_DIR, AT "memory.oom_control", "under_oom 0\noom_kill 1\n" },
	{ V1_DIR, AT "pids.current", "7\n" },
	{ V1_DIR, AT "pids.peak", "9\n" },
	{ V1_DIR, AT "pids.events", "max 4\n" },
	{ V1_DIR, AT "blkio.throttle.io_service_bytes_recursive",
	    "8:0 Read 100\n8:0 Write 200\nTotal 300\n" },
};

static void
read_all(uint32_t v2, uint32_t v1, uint32_t used, int live, uint64_t *stat)
{
	const struct cgroup_tree trees[2] = { { 1, v2, V2_DIR, 0 },
		{ 0, v1, V1_DIR, 0 } };

	opened = 0;
	stats_read(trees, 2, used, "t0/c1", live, stat);
}

#define ALL ((1U << LEAF_CTLS) - 1)

static void
test_new(void **state)
{
	static const uint64_t want[LEAF_STATS_COUNT] = { [LEAF_MEMORY_CURRENT] =
							     4096,
		[LEAF_MEMORY_PEAK] = 8192,
		[LEAF_SWAP_CURRENT] = 1,
		[LEAF_OOM_KILLS] = 1,
		[LEAF_HIGHS] = 3,
		[LEAF_CPU_US] = 30,
		[LEAF_CPU_USER_US] = 20,
		[LEAF_CPU_SYSTEM_US] = 10,
		[LEAF_THROTTLED_US] = 5,
		[LEAF_PIDS_CURRENT] = 7,
		[LEAF_PIDS_PEAK] = 9,
		[LEAF_PIDS_DENIED] = 4,
		[LEAF_IO_READ] = 100,
		[LEAF_IO_WRITTEN] = 200,
		[LEAF_MAXES] = 6,
		[LEAF_FROZEN] = 1 };
	uint64_t stat[LEAF_STATS_COUNT];

	(void)state;
	files = new_files;
	nfiles = sizeof(new_files) / sizeof(new_files[0]);
	read_all(ALL, 0, 1, 1, stat);
	assert_memory_equal(stat, want, sizeof(want));
	assert_int_equal(opened, nfiles); /* each once */
	/* At the end nobody is in it. */
	read_all(ALL, 0, 1, 0, stat);
	assert_int_equal(stat[LEAF_PIDS_CURRENT], NONE);
	assert_int_equal(stat[LEAF_FROZEN], NONE);
	assert_int_equal(stat[LEAF_PIDS_PEAK], 9);
	/* Without controllers. */
	read_all(0, 0, 1, 1, stat);
	assert_int_equal(stat[LEAF_CPU_US], 30);
	assert_int_equal(stat[LEAF_MEMORY_PEAK], NONE);
	assert_int_equal(opened, 2);
}

static void
test_old(void **state)
{
	uint64_t stat[LEAF_STATS_COUNT];

	(void)state;
	files = old_files;
	nfiles = sizeof(old_files) / sizeof(old_files[0]);
	read_all(0, ALL, 3, 1, stat);
	assert_int_equal(stat[LEAF_CPU_US], 30);
	assert_int_equal(stat[LEAF_CPU_SYSTEM_US], NONE);
	assert_int_equal(stat[LEAF_THROTTLED_US], 5); /* of ns */
	assert_int_equal(stat[LEAF_MEMORY_PEAK], 8192);
	assert_int_equal(stat[LEAF_SWAP_CURRENT], 1);
	assert_int_equal(stat[LEAF_OOM_KILLS], 1);
	assert_int_equal(stat[LEAF_MAXES], 2);
	assert_int_equal(stat[LEAF_PIDS_DENIED], 4);
	assert_int_equal(stat[LEAF_IO_READ], 100);
	assert_int_equal(stat[LEAF_IO_WRITTEN], 200);
	assert_int_equal(stat[LEAF_FROZEN], NONE);
	/* It has no group in that tree. */
	read_all(0, ALL, 1, 1, stat);
	assert_int_equal(stat[LEAF_PIDS_PEAK], NONE);
	assert_int_equal(stat[LEAF_CPU_US], 30);
}

/* The freezer of version 1 contains. */
static void
test_freezer(void **state)
{
	static const struct {
		const char *text;
		uint64_t want;
	} states[] = { { "THAWED\n", 0 }, { "FREEZING\n", 0 },
		{ "FROZEN\n", 1 } };
	static struct file file = { V1_DIR, AT "freezer.state", NULL };
	uint64_t stat[LEAF_STATS_COUNT];
	size_t i;

	(void)state;
	files = &file;
	nfiles = 1;
	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		file.text = states[i].text;
		read_all(0, 0, 2, 1, stat);
		assert_int_equal(stat[LEAF_FROZEN], states[i].want);
		read_all(0, 0, 2, 0, stat);
		assert_int_equal(stat[LEAF_FROZEN], NONE);
	}
}

/* Files that are gone, or say nothing. */
static void
test_nothing(void **state)
{
	static const struct file odd[] = {
		{ V2_DIR, AT "cpu.stat", "" },
		{ V2_DIR, AT "io.stat", "" },
		{ V2_DIR, AT "memory.peak", "max\n" },
	};
	uint64_t stat[LEAF_STATS_COUNT];
	size_t i;

	(void)state;
	files = odd;
	nfiles = sizeof(odd) / sizeof(odd[0]);
	read_all(ALL, 0, 1, 1, stat);
	for (i = 0; i < LEAF_STATS_COUNT; i++)
		assert_int_equal(stat[i],
		    i == LEAF_IO_READ || i == LEAF_IO_WRITTEN ? 0 : NONE);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_old),
		cmocka_unit_test(test_freezer),
		cmocka_unit_test(test_nothing),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
