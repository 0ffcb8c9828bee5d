/* The orderly end of a task and all below it, and of the tree. */

#ifndef TASK_STOP_H
#define TASK_STOP_H

#include <sys/types.h>

#include <stdint.h>

struct task;

/*
 * Have all of them end: by this signal, or without one (0), and by SIGKILL in
 * ms. WIRE_REPLY when none is left.
 */
void stop_task(struct task *, uint32_t seq, int sig, int64_t ms);

/*
 * The whole tree, as the options of each say; or by this signal (-1: none was
 * given) and time. seq 0: nobody asks.
 */
void stop_tree(uint32_t seq, int sig, int64_t ms);

/* This signal (0 for none) to a program, whose input ends. */
void stop_program(struct task *, int sig);

/* Is it on its way? 1 or 0. */
int stop_under_way(void);

/* Something of a task's end is over: is it the last of a stop? */
void stop_gone(struct task *);

/* Nobody is left: who has asked for that is answered. */
void stop_over(void);

#endif
