/*
 * Ending things: one child with its deadline, or all of them and whatever
 * they left behind, then priv.
 */

#ifndef MONITOR_STOP_H
#define MONITOR_STOP_H

#include "monitor/child.h"

/* alarm: ms that a shutdown may take before SIGKILL. */
void stop_init(int64_t alarm);

/* The node wants c to end: however it does so is no failure. */
void stop_child(struct child *);

/* c runs: its timeout begins, and it ends if all others are to. */
void stop_child_started(struct child *);

/* A time of c is over: REASON_TIMEOUT, or REASON_IDLE. */
void stop_late(struct child *, enum reason);

/*
 * The input of c was cut. What else of its family reads the rest would take
 * that for all of it, so all of them are killed, and before the leader's end
 * is told.
 */
void stop_cut(struct child *);

/* End everything, then priv with this exit status. The first one counts. */
void stop_all(int status);

/* Once in a turn of the loop: is it time to begin the end, or is it over? */
void stop_check(void);

#endif
