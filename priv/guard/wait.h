/*
 * What guard and reaper have in common: a process that waits for one child,
 * hands the signals that it gets on to it, and ends as it has ended.
 */

#ifndef GUARD_WAIT_H
#define GUARD_WAIT_H

#include <sys/types.h>

#include "stopped.h"

#define WAIT_FD 3 /* what it serves, where that is anything */

struct waiter {
	struct stopped child; /* which is continued if somebody stops it */
	pid_t parent; /* is continued at the end; 0: it is none of ours */
	/*
	 * 1: what the child leaves is killed however it has ended, and the
	 * exit status tells our parent that this was done. 0: it is killed
	 * only where the child's status does not say that.
	 */
	int cleans;
	/* WAIT_FD can be read: 0, or -1: no more. NULL: there is none. */
	int (*serve)(int fd);
	/* Another child of ours was reaped. */
	void (*reaped)(pid_t);
	/*
	 * 1: pid, a child of ours, is nothing that the child has left. NULL:
	 * all are.
	 */
	int (*spares)(pid_t);
};

/*
 * Become such a process: its title, log, descriptors (fd goes to WAIT_FD, if
 * it is not -1), signals and user. Fatal where that is not possible.
 */
void wait_confine(const char *name, int fd);

/* Until the child has ended. What it leaves is killed; then exit. */
void wait_for(struct waiter *) __attribute__((__noreturn__));

#endif
