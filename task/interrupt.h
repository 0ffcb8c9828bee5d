/*
 * How a call that waits is ended when its time is over: the switch sends a
 * signal that is blocked everywhere but here, and sends it again until there
 * is an answer, as it may have come just before the wait. With it comes the
 * number of the call that it is meant for: another has begun, perhaps.
 */

#ifndef TASK_INTERRUPT_H
#define TASK_INTERRUPT_H

#include <signal.h>
#include <stdint.h>

/*
 * Nobody else may have it. Its value (sival_int) is the number. A program that
 * a task has become meanwhile does not mind this one.
 */
#define INTERRUPT_SIGNAL SIGURG

/* Once, before the first call: it and SIGCHLD are blocked from here on. */
void interrupt_init(void);

/* What is done from here on, a batch perhaps, is the call of this number. */
void interrupt_expect(uint32_t seq);

/*
 * System calls between these two fail with EINTR when it comes. Both say 1 if
 * it has come, for this call. children: when SIGCHLD comes as well.
 */
int interrupt_begin(int children);
int interrupt_end(void);

/* Has a child ended since this was asked last? */
int interrupt_child(void);

#endif
