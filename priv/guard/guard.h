/*
 * Guard and reaper: the two processes above priv.
 */

#ifndef GUARD_GUARD_H
#define GUARD_GUARD_H

#include <sys/types.h>

struct starter_env;

/* What priv has of the two. */
struct guard_link {
	int fd; /* to the reaper; -1: there are no such processes */
	pid_t guard;
	pid_t reaper;
};

/*
 * Fork twice: this returns in the last child, which is priv, and never in the
 * caller's process, which becomes the guard. Where no process can inherit
 * orphans these two would be of no use: then it returns in the caller, and
 * link->fd is -1.
 */
void guard_start(const struct starter_env *, struct guard_link *link);

#endif
