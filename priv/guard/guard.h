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
 * orphans there is no reaper, link->fd is -1, and the guard is one that is told
 * of all forks (follower.h); where there is no such thing either, it returns in
 * the caller.
 */
void guard_start(const struct starter_env *, struct guard_link *link);

#endif
