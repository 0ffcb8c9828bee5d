/*
 * Ends of children: from the moment that one may have ended until it was
 * reaped, told of and forgotten.
 *
 * A child has ended, and others may have its output open still, as those that
 * a shell leaves behind for `> >(tee LOG)`. For a time of its own it lingers
 * then: it is not reaped, its pid and the number of its group are no other
 * process's, and no end of it is told, so the worker goes on reading. That is
 * over when the worker says that all its output has come to its end, when the
 * time is over, or when its end is asked for. It is reaped as if it had ended
 * only then: the others of its group are signalled, what is left in its pipes
 * is read, and its exit is told.
 *
 * A tracer that does not wait keeps a dead child from its parent. It is over
 * all the same after a while: its exit is told without a status, and what is
 * left of it is its pid, which is CHILD_HELD until the tracer lets go.
 */

#ifndef MONITOR_EXIT_H
#define MONITOR_EXIT_H

#include "monitor/child.h"

/* linger_ms: how long those linger that say nothing of it. */
void exit_init(uint32_t linger_ms);

/*
 * How long a child of that run lingers, ms. Of a terminal nothing is waited
 * for: it has no end of file before the worker lets go of it, and is hung up
 * with its session.
 */
uint32_t exit_linger(const struct run *);

/* c may have ended: if so it lingers, or is reaped and settled. May free c. */
void exit_check(struct child *);

/*
 * c lingers no longer than until the requests that are at hand were answered.
 * Nothing if it does not linger.
 */
void exit_hurry(struct child *);

/* Nobody has its output open any more. May free c. */
void exit_drained(struct child *);

/*
 * c is over, and nobody else is waited for but what is in its leaf: then it is
 * settled.
 */
void exit_leave(struct child *);

/*
 * c is over: its exit is told to whom it concerns, and c is freed. Nobody
 * else frees a child.
 */
void exit_settle(struct child *);

#endif
