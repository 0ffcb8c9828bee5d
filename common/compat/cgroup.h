/*
 * A control group for an instance that has rights, out of its starter's
 * reach: whoever may write to a group can freeze all that is in it, kill it
 * in one instant, or move processes apart and kill some of them. So it is
 * made where nobody but root may write, in the nearest place above where the
 * starter is, whose limits hold as before:
 *
 *	PLACE/proctor/		stays, like a folder in /run; guards are here
 *	PLACE/proctor/ID/	an instance: reaper, priv, all below them
 *
 * The guard is outside to be able to remove what the others have left.
 * configure chooses cgroup_linux.c, where it is found by cgroup_place.c, or
 * cgroup_none.c, where all of this does nothing.
 */

#ifndef COMPAT_CGROUP_H
#define COMPAT_CGROUP_H

#include <sys/types.h>

#include <stdio.h>

/*
 * Kill and remove what dead instances have left in the same place, make a
 * group, and go to the place above it, as the guard. gid is that one's, which
 * may remove it. While still root. 0, or -1, and why in the log for who
 * debugs: then it stays where it is, and the others do nothing.
 */
int cgroup_make(gid_t gid);

/*
 * Whoever is forked by that enters it, while still root; and keeps only what
 * says that the instance lives.
 */
void cgroup_enter(void);

/* Have the descriptors from there on: how many there are. */
int cgroup_keep(int at);

/* What has to be there for the sandbox: the guard's PLACE/proctor, or -1. */
int cgroup_place(void);

/* The guard: kill all that is left, in one instant, whatever it forks. */
void cgroup_kill(void);

/* The guard, at its end: remove it, killing first what should not be there. */
void cgroup_remove(void);

/*
 * Of the lines of mountinfo, from where f is: the next that shows the group
 * of that path. Its mount point, of at most size bytes, and what of the path
 * is below that. 0, or -1 if there is none.
 */
int cgroup_mounted(
    FILE *f, const char *path, char *point, size_t size, const char **below);

/*
 * The nearest place above a process in which nobody but root may write, nor
 * in any above that: a descriptor, or -1 with errno.
 */
int cgroup_find(void);

/* Are those files of the group in dir root's alone, if they exist? */
int cgroup_is_roots(int dir);

#endif
