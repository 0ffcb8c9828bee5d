/*
 * The names of the limits of a leaf.
 */

#include "leaf_limit.h"

static const char *const names[LEAF_LIMITS] = {
	[LEAF_MEMORY_MAX] = "memory_max",
	[LEAF_MEMORY_HIGH] = "memory_high",
	[LEAF_MEMORY_LOW] = "memory_low",
	[LEAF_MEMORY_MIN] = "memory_min",
	[LEAF_SWAP_MAX] = "memory_swap_max",
	[LEAF_OOM_GROUP] = "memory_oom_group",
	[LEAF_PIDS_MAX] = "pids_max",
	[LEAF_CPU_WEIGHT] = "cpu_weight",
	[LEAF_CPU_MAX] = "cpu_max",
	[LEAF_CPU_PERIOD] = "cpu_max",
	[LEAF_CPU_IDLE] = "cpu_idle",
	[LEAF_IO_WEIGHT] = "io_weight",
	[LEAF_CPUS] = "cpuset_cpus",
	[LEAF_MEMS] = "cpuset_mems",
	[LEAF_IO_MAX] = "io_max",
};

static const char *const rates[LEAF_RATES] = {
	[LEAF_RBPS] = "rbps",
	[LEAF_WBPS] = "wbps",
	[LEAF_RIOPS] = "riops",
	[LEAF_WIOPS] = "wiops",
};

const char *
leaf_limit_name(enum leaf_limit limit)
{
	return (names[limit]);
}

const char *
leaf_rate_name(enum leaf_io rate)
{
	return (rates[rate]);
}
