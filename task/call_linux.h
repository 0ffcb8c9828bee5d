/* The handlers of Linux that have files of their own. */

#ifndef TASK_CALL_LINUX_H
#define TASK_CALL_LINUX_H

#include "call.h"

int call_map_ids(struct call *);
int call_capget(struct call *);
int call_capset(struct call *);
int call_seccomp_rules(struct call *);
int call_landlock(struct call *);

#endif
