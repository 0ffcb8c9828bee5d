/*
 * A child that is one of our own processes, and that somebody stops: it is
 * continued, and killed if that goes on. Of stops SIGCHLD tells.
 */

#ifndef STOPPED_H
#define STOPPED_H

#include <sys/types.h>

#include "timer.h"

#define STOPPED_MAX 8000 /* ms that one of ours may be stopped */

struct stopped {
	const char *name; /* for the log */
	pid_t pid; /* not reaped */
	struct timer patience, calm;
	int times; /* it was continued since it was calm */
};

/*
 * SIGCHLD has come, or may have: if the child is stopped it is continued in
 * STOPPED_MAX, and the fourth time in a row killed. Whoever calls this has
 * timer_run() called.
 */
void stopped_check(struct stopped *);

#endif
