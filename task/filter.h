/*
 * Which calls a task may be asked for, and those that it makes from here on.
 * Both sets only ever get smaller.
 */

#ifndef TASK_FILTER_H
#define TASK_FILTER_H

#include <stdint.h>

#include "call.h"

struct filter_set {
	uint64_t denied[CALLS_MAX / 64];
};

struct filter {
	struct filter_set own;
	struct filter_set children;
	int sealed; /* the kernel knows it, too */
};
extern struct filter filter;

int filter_has(const struct filter_set *, unsigned int number);

/* Is row number denied to this task? 1 or 0. */
int filter_denies(unsigned int number);

/* This is a task's child, and has what that has for its children. */
void filter_born(void);

/*
 * Deny all but what set allows, to this task and all below it. For what must
 * hold before the node has said anything.
 */
void filter_only(const struct filter_set *);

#endif
