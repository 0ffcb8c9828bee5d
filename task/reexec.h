/* A task becomes itself again: the same program, from its beginning. */

#ifndef TASK_REEXEC_H
#define TASK_REEXEC_H

/*
 * Once, in the root task: keep what is needed for it. Without that the call
 * fails.
 */
void reexec_init(void);

/*
 * Was this process a task before it has become this program? Then what it was
 * is restored, but for its channel: 1. Else 0, and nothing has changed. What
 * says so cannot be wrong by chance; who makes it by himself has a task of his
 * own, with his own rights.
 */
int reexec_resume(void);

#endif
