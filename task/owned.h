/* Descriptors of a task that are its own, and not for the node to use. */

#ifndef TASK_OWNED_H
#define TASK_OWNED_H

/* One more; -1 is none. */
void owned_keep(int fd);

/* Is it, or is it the channel? 1 or 0. */
int owned_is(int fd);

#endif
