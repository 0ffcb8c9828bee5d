/*
 * Which calls a task may be asked for, and those that it makes from here on.
 * Both sets only ever get smaller.
 */

#ifndef TASK_FILTER_H
#define TASK_FILTER_H

#include "callset.h"

struct filter {
	struct call_set own;
	struct call_set children;
	int sealed; /* the kernel knows it, too */
};
extern struct filter filter;

/* Is row number denied to this task? 1 or 0. */
int filter_denies(unsigned int number);

/* This is a task's child, and has what that has for its children. */
void filter_born(void);

/*
 * Deny all but these (see set_only()), to the root task and all below it:
 * before there is one. 0, or -1 if a name is unknown.
 */
int filter_only(const char *names);

/* The root task's first step: that is sealed. Fatal if it cannot be. */
void filter_begin(void);

#endif
