/*
 * What a launcher keeps of root. It has the groups of its user already, and
 * opens files as that user; its sandbox lets it become nobody else.
 */

#include <stdint.h>
#include <unistd.h>

#include "base/privdrop.h"
#include "compat/privs.h"
#include "compat/proc.h"
#include "drop.h"
#include "launcher/privdrop.h"
#include "log.h"
#include "policy/permit.h"
#include "policy/runas.h"
#include "sandbox.h"

/*
 * Away from the starter: children cannot have its terminal, nor its keys
 * unless they are its own, and whom it has in its session cannot join a group
 * of theirs, to be signalled with our rights.
 */
static void
privdrop_session(const struct runas *t)
{
	if (setsid() == -1)
		fatal("launcher: session");
	if (!uid_is_starter(t->uid) && privs_keyring() == -1)
		fatal("launcher: keyring");
}

void
privdrop_launcher(const struct runas *t)
{
	uint64_t secret, caps = t->base.caps;
	uid_t uid;
	gid_t gid;
	int held;

	if (!privdrop_ids(&uid, &gid) || !t->base.change)
		return;
	if (t->base.any) {
		privdrop_session(t);
		proc_undumpable();
		return; /* it is root, who says each time who that is to be */
	}
	if ((secret = proc_make_secret()) == 0)
		fatal("launcher: random");
	privdrop_session(t);
	if (privs_lock(caps) == -1)
		fatal("launcher: securebits");
	drop_user(t->own, t->gid, t->groups, t->ngroups);
	if (privs_have(caps | CAP_OF_SETUID, CAP_OF_SETUID, caps) == -1 ||
	    privs_fsuid(t->uid) == -1)
		fatal("launcher: capabilities");
	proc_undumpable();
	held = sandbox_launcher(t->uid, secret, caps);
	drop_prove(t->own, t->gid, t->groups, t->ngroups);
	if (held && t->uid != 0 && !(caps & CAP_OF_SETUID))
		drop_prove_no_root();
	if (!privs_has(caps | CAP_OF_SETUID, CAP_OF_SETUID, caps) ||
	    !privs_locked(caps))
		fatalx("launcher: capabilities are left, or can be had back");
}
