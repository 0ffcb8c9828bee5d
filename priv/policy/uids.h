/*
 * The uids of one instance's processes, which root's file gives.
 */

#ifndef POLICY_UIDS_H
#define POLICY_UIDS_H

#include <sys/types.h>

#define LAUNCHERS_MAX 64
#define UIDS_SLOT (LAUNCHERS_MAX + 1) /* one for all others */

/*
 * Take a slot for this instance, from the range of the user name: the first of
 * its UIDS_SLOT uids is *uid then. 0; or -1 if there is no range, or nothing
 * to lock it with; or -1, and *why says so, if all are taken or they are not
 * to be had here. While we are root.
 */
int uids_take(const char *name, uid_t starter, uid_t *uid, const char **why);

/* Is it in the range, of which every instance may have what it likes? */
int uids_has(uid_t);

/*
 * Have the lock on the slot at that descriptor, so that it lasts as long as
 * this process: how many descriptors that are, 1 or 0. Fatal on failure.
 */
int uids_keep(int at);

#endif
