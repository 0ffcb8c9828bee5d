/*
 * From root to what each process needs that lives to the end with it. Who
 * that is was settled at start-up, in start/privdrop.c.
 */

#include <sys/types.h>

#include <stddef.h>

#include "base/privdrop.h"
#include "compat/privs.h"
#include "drop.h"
#include "log.h"

static int dropping;
static uid_t uid, count; /* uids of ours: so many, from that one on */
static gid_t gid;

void
privdrop_set(uid_t u, uid_t n, gid_t g)
{
	dropping = 1;
	uid = u;
	count = n;
	gid = g;
}

int
privdrop_ids(uid_t *u, gid_t *g)
{
	*u = uid;
	*g = gid;
	return (dropping);
}

int
privdrop_is_own(uid_t who)
{
	return (dropping && who - uid < count);
}

void
privdrop(unsigned int privs)
{
	if (!dropping)
		return;
	if (privs_lock(0) == -1)
		fatal("privdrop: securebits");
	drop_user(uid, gid, NULL, 0);
	if (privs_keep(privs) == -1)
		fatal("privdrop: capabilities");
	drop_prove(uid, gid, NULL, 0);
	drop_prove_no_root();
	if (!privs_only(privs) || !privs_locked(0))
		fatalx("privdrop: capabilities are left, or can be had back");
}
