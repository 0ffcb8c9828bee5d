/*
 * Whom our own processes become.
 */

#ifndef START_PRIVDROP_H
#define START_PRIVDROP_H

#include <sys/types.h>

#include "policy/starter.h"

/*
 * Can somebody be had, with these groups? Root of a user namespace has all
 * capabilities, but not all ids, and may be refused its groups. So it is
 * tried, by a child. Fatal if there can be none.
 */
int privdrop_try(uid_t, gid_t, const gid_t *groups, int ngroups);

/*
 * Can we become the user that our processes run as? 1 also where there is no
 * such user: privdrop_user() refuses that.
 */
int privdrop_able(const struct starter_env *);

/*
 * Settle which user that is, with one uid for all for now. Exits if there is
 * none.
 */
void privdrop_user(const struct starter_env *);

/*
 * Settle the users and uids of this instance's processes, and of each
 * launcher. To be called once, when it is known whom children can run as, and
 * where a starter cannot freeze us: what it takes is others' to use.
 * Exits if there are no uids left, or if children would be who we are.
 */
void privdrop_choose(const struct starter_env *);

/* Become for good who started this program, and prove it. Fatal on failure. */
void privdrop_self(const struct starter_env *);

/* In priv: keep what signals and renices children. Fatal on failure. */
void privdrop_priv(void);

#endif
