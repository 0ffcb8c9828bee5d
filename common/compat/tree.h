/*
 * Trees that one file has for itself. RB_GENERATE_STATIC() would do where the
 * system's headers know __unused, as those of libbsd do not.
 */

#ifndef COMPAT_TREE_H
#define COMPAT_TREE_H

#include <sys/tree.h>

/* The functions of a tree, those that the file calls and no others. */
#define TREE_GENERATE(name, type, field, cmp) \
	RB_GENERATE_INTERNAL(                 \
	    name, type, field, cmp, __attribute__((__unused__)) static)

#endif
