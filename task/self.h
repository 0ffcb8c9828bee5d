/*
 * What a task is: its channel to the switch, who made it, and how it ends with
 * that one. Every task has come from another by fork(2), so that all of this
 * is a copy at first, of which self_begin() makes its own.
 */

#ifndef TASK_SELF_H
#define TASK_SELF_H

#include <sys/types.h>

#include <stdint.h>

struct dispatch;

/* What the switch may send, and the handlers: for each channel to come. */
void self_init(const struct dispatch *, size_t rows);

/*
 * Be a task from here on, a child of parent's or of who cannot be seen from
 * here (0): with TASK_CHANNEL_FD as the channel, and SIGKILL at the parent's
 * end. Tells the switch. again: it has been one before, as another program.
 * Does not return if the parent is gone or the system refuses.
 */
void self_begin(pid_t parent, int again);

/* The child's first step: what of ours is the parent's, and fd the channel. */
void self_take(int fd);

/* Die with the parent still, after ids have changed. */
void self_arm(void);

/* Has it become another process since this was asked last? */
int self_is_new(void);

/*
 * Queue a message, and see to it that all that is queued leaves. An end of the
 * channel is the end of the task. fd: the channel's, or -1.
 */
void self_send(uint32_t type, int fd, const void *, size_t);
void self_send2(
    uint32_t type, const void *head, size_t headlen, const void *, size_t);
void self_flush(void);

/* One message: 1 if there was one. */
int self_dispatch(void);
/* 0: the switch has closed the channel. */
int self_read(void);

#endif
