/*
 * What the limits of a leaf are called, by the node and in messages for it.
 */

#ifndef LEAF_LIMIT_H
#define LEAF_LIMIT_H

#include "proto.h"

/* The key of a limit in {cgroup, Map}: of a period that of its quota. */
const char *leaf_limit_name(enum leaf_limit);

/* The key of a rate of a device's, which is the kernel's own. */
const char *leaf_rate_name(enum leaf_io);

#endif
