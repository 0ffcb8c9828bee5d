/*
 * How tasks end, and what ends with them. A task is told of as gone after all
 * that it has written; it stays in the table until what was below it is gone,
 * too.
 */

#ifndef TASK_DEATH_H
#define TASK_DEATH_H

#include <sys/types.h>
#include <sys/resource.h>

#include <stdint.h>

struct task;

/* over: something of a task's end is over. */
void death_setup(void (*over)(struct task *));

/* SIGKILL to a task and all below it; cause is wire.h's. */
void death_kill(struct task *, int cause);

/* It has sent what cannot be: the end of it and of all below it. */
void death_lie(struct task *, const char *why);

/* Its end is told by its parent, or was taken by ourselves. */
void death_known(
    struct task *, int status, uint64_t utime, uint64_t stime, uint64_t maxrss);
void death_reaped(pid_t, int status, const struct rusage *);

/* Its pidfd says that it has ended. */
void death_died(struct task *);

/* Its channel has come to its end. */
void death_closed(struct task *);

/* Is all of it over that the node has to be told before its exit? */
void death_check(struct task *);

/* To be called at the end of each turn: what dead ones have left. */
void death_strays(void);

/* The tree ends: nobody is waited for any more who does not take output. */
void death_hurry(void);

#endif
