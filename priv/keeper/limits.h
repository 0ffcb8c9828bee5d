/*
 * The limits of a leaf, as the kernel takes them: which file of which
 * controller, in the tree of either version, and in what form.
 */

#ifndef KEEPER_LIMITS_H
#define KEEPER_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include "compat/cgroup.h"
#include "proto.h"

#define LIMIT_TEXT_MAX 4096 /* of what is written at once */

/*
 * Which of the trees can hold these limits: 1 << n of each, into *used. 0, or
 * an errno, and *failed is the limit that no tree can hold.
 */
int limits_trees(const struct leaf_limits *, const struct cgroup_tree *,
    size_t count, uint32_t *used, enum leaf_limit *failed);

/* The same, if one is given that none of the trees used can hold; else 0. */
int limits_outside(const struct leaf_limits *, const struct cgroup_tree *,
    size_t count, uint32_t used, enum leaf_limit *failed);

/*
 * Write those that are given to the files of a leaf, path, and see that they
 * hold. 0, or an errno, and *failed is the one that does not.
 */
int limits_write(const struct leaf_limits *, const struct cgroup_tree *,
    size_t count, const char *path, enum leaf_limit *failed);

#endif
