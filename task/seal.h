/*
 * What the kernel itself lets a task do: see the third column of rows.c. A task
 * that has been taken over cannot go around that, as it can around its filter.
 */

#ifndef TASK_SEAL_H
#define TASK_SEAL_H

#include "callset.h"

/*
 * From here on this task, what it becomes and what it makes can do no more than
 * what the rows that are not denied need, and the loop itself. before: it is
 * not the first one. 0, or -1 with errno: ENOSYS where there is no such thing.
 */
int seal(const struct call_set *denied, int before);

#endif
