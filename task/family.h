/*
 * A task's children that are tasks, too: how many there may be, and their ends.
 */

#ifndef TASK_FAMILY_H
#define TASK_FAMILY_H

#include <sys/types.h>
#include <sys/resource.h>

#include <stdint.h>

/* Until the switch says otherwise. */
#define FAMILY_CHILDREN 64
#define FAMILY_DEPTH 16

struct family_limits {
	uint32_t children; /* alive or not yet reaped, at once */
	uint32_t depth; /* tasks in a row below this one */
};
extern struct family_limits family_limits;

/* Is there room for one more? 0, or -1 with EAGAIN or ENOMEM. */
int family_room(void);
/* It has come; there was room. */
void family_add(pid_t);
size_t family_count(void);
/* This is a child, and has none: one level less is left. */
void family_forget(void);

/* Somebody has reaped a child: if it is one of these, the switch is told. */
void family_ended(pid_t, int status, const struct rusage *);

/*
 * Reap all that have ended, orphans that fell to us as well. How the one child
 * that is asked for (-1: none) has ended is put into *status: 1 if it has.
 */
int family_reap(pid_t, int *status);

#endif
