/* What the switch hears from tasks, each of which may be hostile. */

#ifndef TASK_PEER_H
#define TASK_PEER_H

#include <sys/types.h>

struct task;

/* checked: it is to be proved of each that it is its parent's child. */
void peer_init(int checked);

/* fd is the channel to a task from here on, and pidfd is that task. */
void peer_open(struct task *, int fd);
int peer_watch(struct task *, int pidfd);

/* What its options let it make. */
void peer_limits(struct task *);

#endif
