/*
 * Whom guard and reaper may end: what the starter's program has started, and
 * what has become of that.
 */

#ifndef GUARD_FAMILY_H
#define GUARD_FAMILY_H

#include <sys/types.h>

/*
 * starter: its real uid. privileged: we may signal what the starter may not.
 * Before the fork of the reaper.
 */
void family_init(uid_t starter, int privileged);

/* To this process falls also what the starter had before: for the guard. */
void family_mixed(void);

/* 1 or 0: can pid be a descendant of one of our children? */
int family_has(pid_t);

/*
 * Send sig to pid, which is a child of ours, to its group, and to its
 * descendants; behind any but SIGKILL SIGCONT.
 */
void family_signal(pid_t, int sig);

#endif
