/*
 * What a leaf has used and has, as the kernel tells it in text.
 */

#ifndef KEEPER_STATS_H
#define KEEPER_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "compat/cgroup.h"
#include "proto.h"

/*
 * Fill in what is known of a leaf, path, that has a group in the trees used
 * (1 << n of each); LEAF_UNKNOWN for what is not. live: also what is said only
 * of one that has processes.
 */
void stats_read(const struct cgroup_tree *, size_t count, uint32_t used,
    const char *path, int live, uint64_t stat[LEAF_STATS_COUNT]);

/*
 * The number behind a key at the beginning of a line, or at the beginning of
 * the text if key is "". LEAF_UNKNOWN if there is none, or it is none.
 */
uint64_t stats_key(const char *text, const char *key);

/* The sum of the numbers behind key= in all lines. */
uint64_t stats_sum(const char *text, const char *key);

#endif
