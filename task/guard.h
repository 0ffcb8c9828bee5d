/* The process that was started, and what it leaves behind: nothing. */

#ifndef TASK_GUARD_H
#define TASK_GUARD_H

#include <sys/types.h>

/*
 * Fork the switch, which is where this returns; the guard waits for it, kills
 * what it leaves, and ends with its status. Fatal on failure.
 */
void guard_start(void);

/* Kill what has fallen to this process, and what is below that. */
void guard_clean(void);

/* The switch is about to end: a guard that somebody has stopped goes on. */
void guard_wake(void);

#endif
