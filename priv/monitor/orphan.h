/*
 * What priv asks the reaper, which looks into /proc for it and has all that
 * children leave behind. It answers at once, as it has nothing else to do; if
 * it does not, all of these do without it until its answer comes.
 */

#ifndef MONITOR_ORPHAN_H
#define MONITOR_ORPHAN_H

#include <sys/types.h>

#include "proto.h"

#include "guard/reaper.h"

/* The link is copied. One with fd -1 means that nobody can be asked. */
void orphan_init(const struct guard_link *);

/* Who ends what has lost its parent, for the node. */
enum orphans orphan_who(void);

/*
 * Have a reaper that is killed end priv in an orderly way, if the guard lets
 * it. To be called again after each change of user, which undoes it. Fatal if
 * the reaper is dead.
 */
void orphan_watch_reaper(void);

/* The reaper is needed now: if somebody has stopped it, it goes on. 0: dead. */
int orphan_wake_reaper(void);

/* 1 or 0: is pid one of the two processes above priv? */
int orphan_is_guard(pid_t);

/* The real uid of a process: 0, or -1 if it is not known. See proc_uid(). */
int orphan_uid(pid_t, uid_t *);

/* Signal all descendants of a child, except those in its own group. */
void orphan_signal_descendants(pid_t child, int sig);

/* Kill a group that has lost its leader, if orphans are in it. */
void orphan_kill_group(pid_t group);

/* Who is in a leaf of that path that the keeper cannot kill is killed. */
void orphan_kill_leaf(const char *path);

/*
 * End all orphans: with SIGTERM each hears it once, and has its time. How many
 * are left; 0 if that is not known.
 */
int orphan_end_all(int sig);

/*
 * Children of priv, whoever has made them, behind the first skip of them: how
 * many. Fewer than REAPER_PIDS: there are no others.
 */
int orphan_children(int skip, pid_t pids[REAPER_PIDS]);

#endif
