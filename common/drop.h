/*
 * Changes of user and groups that cannot be undone, for processes that root
 * starts. Each is fatal on failure.
 */

#ifndef DROP_H
#define DROP_H

#include <sys/types.h>

/*
 * These groups, this group and this user: real, effective and saved; and not
 * dumpable, which a change of ids may have undone.
 */
void drop_user(uid_t, gid_t, const gid_t *groups, int ngroups);

/* Prove that. Of groups that are NULL their number is what counts. */
void drop_prove(uid_t, gid_t, const gid_t *groups, int ngroups);

/* Prove that there is no way back to root. */
void drop_prove_no_root(void);

#endif
