/*
 * What the node asks tasks for. A task has one thing to do at a time; what
 * comes meanwhile waits here, where its deadline can end it.
 */

#ifndef TASK_ASK_H
#define TASK_ASK_H

#include <sys/types.h>

#include <stdint.h>

struct task;

/*
 * Have it do this: TASK_CALL or TASK_BATCH, whose payload is head and data.
 * number is the call's, or that of the first one of a batch. ms: the
 * deadline, or 0. The answer goes to the node, whatever becomes of the task.
 */
void ask_for(struct task *, uint32_t type, uint32_t seq, uint16_t number,
    uint32_t ms, const void *head, size_t headlen, const uint8_t *, size_t);

/* Is seq what it does now? 1 or 0. */
int ask_is(const struct task *, uint32_t seq);

/* Does it do anything? 1 or 0. */
int ask_busy(const struct task *);

/* Have it end what it does now, as a deadline would. */
void ask_interrupt(struct task *);

/* That was answered: the next one. */
void ask_done(struct task *);

/* Answer all that is left, as the task is a program, or gone. */
void ask_refuse_all(struct task *);

/* Let leave what can. */
void ask_write(struct task *);

#endif
