/*
 * The folder that root directories and mounts of a tree have to be in, as its
 * command line says. What leads there is opened, and it is that which is used:
 * names can be others a moment later.
 */

#ifndef TASK_WITHIN_H
#define TASK_WITHIN_H

#include "call.h"

/* Everything is in this folder from here on. 0, or -1 with errno. */
int within_set(const char *path);

/* Is there such a folder? 1 or 0. */
int within_is_set(void);

/* The calls, for a tree that has one. What is elsewhere a policy refuses. */
int within_chroot(struct call *);
int within_mount(struct call *);
int within_umount(struct call *);
int within_pivot_root(struct call *);
/* One that leads to other mounts is refused, too. */
int within_setns(struct call *);

#endif
