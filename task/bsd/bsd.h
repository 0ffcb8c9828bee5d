/* The handlers that both systems have. */

#ifndef TASK_BSD_H
#define TASK_BSD_H

#include "task/call.h"

int call_chroot(struct call *);
int call_mount(struct call *);
int call_umount(struct call *);

#endif
