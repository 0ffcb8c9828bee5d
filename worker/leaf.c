/*
 * What a leaf says of itself, as terms. What the system does not say is not
 * there; nor is what can be no number of its own.
 */

#include "etf_write.h"
#include "worker.h"

static const char *const names[LEAF_STATS_COUNT] = {
	[LEAF_MEMORY_CURRENT] = "memory_current",
	[LEAF_MEMORY_PEAK] = "memory_peak",
	[LEAF_SWAP_CURRENT] = "swap_current",
	[LEAF_OOM_KILLS] = "oom_kill",
	[LEAF_HIGHS] = "memory_high",
	[LEAF_CPU_US] = "cpu_us",
	[LEAF_CPU_USER_US] = "cpu_user_us",
	[LEAF_CPU_SYSTEM_US] = "cpu_system_us",
	[LEAF_THROTTLED_US] = "cpu_throttled_us",
	[LEAF_PIDS_CURRENT] = "pids_current",
	[LEAF_PIDS_PEAK] = "pids_peak",
	[LEAF_PIDS_DENIED] = "pids_denied",
	[LEAF_IO_READ] = "io_read",
	[LEAF_IO_WRITTEN] = "io_written",
	[LEAF_MAXES] = "memory_max",
	[LEAF_FROZEN] = "frozen",
};

static int
is_known(const uint64_t *stat, size_t i)
{
	return (stat[i] <= INT64_MAX);
}

uint32_t
leaf_count_stats(const uint64_t stat[LEAF_STATS_COUNT])
{
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < LEAF_STATS_COUNT; i++)
		n += (uint32_t)is_known(stat, i);
	return (n);
}

void
leaf_put_stats(struct etf_writer *w, const uint64_t stat[LEAF_STATS_COUNT])
{
	size_t i;

	for (i = 0; i < LEAF_STATS_COUNT; i++) {
		if (!is_known(stat, i))
			continue;
		etf_put_atom(w, names[i]);
		if (i == LEAF_FROZEN)
			etf_put_atom(w, stat[i] != 0 ? "true" : "false");
		else
			etf_put_int(w, (int64_t)stat[i]);
	}
}

void
leaf_put_used(struct etf_writer *w, const uint64_t stat[LEAF_STATS_COUNT])
{
	static const enum leaf_stat over[] = { LEAF_MEMORY_CURRENT,
		LEAF_SWAP_CURRENT, LEAF_PIDS_CURRENT, LEAF_FROZEN };
	uint64_t used[LEAF_STATS_COUNT];
	size_t i;

	for (i = 0; i < LEAF_STATS_COUNT; i++)
		used[i] = stat[i];
	for (i = 0; i < sizeof(over) / sizeof(over[0]); i++)
		used[over[i]] = LEAF_UNKNOWN;
	etf_put_map(w, leaf_count_stats(used));
	leaf_put_stats(w, used);
}
