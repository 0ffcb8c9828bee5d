/*
 * Whom the processes of this instance run as, once they have dropped what
 * root has. Where there is nothing to drop, none of this does anything.
 */

#ifndef BASE_PRIVDROP_H
#define BASE_PRIVDROP_H

#include <sys/types.h>

/* It is this uid and gid; n uids from there on are the instance's own. */
void privdrop_set(uid_t uid, uid_t n, gid_t gid);

/* Who all but launchers become: 1, or 0 if they need not change. */
int privdrop_ids(uid_t *uid, gid_t *gid);

/* Is that the uid of one of our own processes? */
int privdrop_is_own(uid_t);

/*
 * Become it for good, with these capabilities (PRIV_...) and no other, and
 * prove it. Fatal on failure.
 */
void privdrop(unsigned int privs);

#endif
