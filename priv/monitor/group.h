/*
 * Process groups of children: who is in which, and how they are signalled.
 *
 * The number of a group is nobody else's for as long as its leader was not
 * reaped, or it has members. So all of it is signalled at once while its
 * leader is dead and not reaped. Later signal 0 asks whether there is anybody
 * left, and a group that has no time left is killed by whichever process is
 * the parent of a member that was not reaped: priv, if that is a child that
 * has joined the group, or the reaper, to whom orphans fall.
 */

#ifndef MONITOR_GROUP_H
#define MONITOR_GROUP_H

#include <sys/types.h>

#include "monitor/child.h"

/* c has its pid now, and: it is about to lose it. */
void group_join(struct child *);
void group_leave(struct child *);

/*
 * The process group to which signals for c's group go, or 0: one that a child
 * leads that was not reaped, so that its number is nobody else's.
 */
pid_t group_of(const struct child *);

/* 1 or 0: is whatever c leaves of its group to be killed at once? */
int group_is_due(const struct child *);

/* RUN_KILL_GROUP, dead and not reaped: the others of its group are to go. */
void group_signal(const struct child *);

/* 1 or 0: has the last of the group gone that c led? c was reaped. */
int group_is_gone(const struct child *);

/* SIGKILL to what is left of it. */
void group_kill(const struct child *);

#endif
