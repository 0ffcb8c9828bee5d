/* Tasks that tasks make: fork, clone, init. */

#ifndef TASK_FORK_H
#define TASK_FORK_H

#include <sys/types.h>

/*
 * The child, if this task has become what only looks after it (the call init),
 * or 0.
 */
pid_t fork_ward(void);

#endif
