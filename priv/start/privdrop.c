/*
 * Whom our own processes become, and what priv keeps of root. In a start
 * without privileges there is nothing to drop.
 */

#include <sys/wait.h>

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/ownlog.h"
#include "base/privdrop.h"
#include "compat/privs.h"
#include "compat/proc.h"
#include "config.h"
#include "drop.h"
#include "log.h"
#include "policy/runas.h"
#include "policy/uids.h"
#include "proto.h"
#include "start/privdrop.h"
#include "start/refuse.h"

#define DROP_NAME "_proctor"
#define OTHER_NAME "nobody" /* in a container, where nobody installs us */

static int own_name; /* it is DROP_NAME that we become */

/* Whom guard, priv, launchers, broker and worker become, or NULL. */
static const struct passwd *
privdrop_name_user(const struct starter_env *s)
{
	const struct passwd *pw = getpwnam(DROP_NAME);

	return (pw == NULL && s->who.uid == 0 ? getpwnam(OTHER_NAME) : pw);
}

int
privdrop_try(uid_t u, gid_t g, const gid_t *groups, int ngroups)
{
	pid_t pid;
	int status;

	switch (pid = fork()) {
	case -1:
		fatal("privdrop: fork");
	case 0:
		if (setgroups((proc_ngroups)ngroups, groups) == -1 ||
		    setresgid(g, g, g) == -1 || setresuid(u, u, u) == -1)
			_exit(1);
		_exit(0);
	default:
		break;
	}
	if (waitpid(pid, &status, 0) != pid)
		fatal("privdrop: waitpid");
	return (WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int
privdrop_able(const struct starter_env *s)
{
	const struct passwd *pw = privdrop_name_user(s);

	return (pw == NULL || privdrop_try(pw->pw_uid, pw->pw_gid, NULL, 0));
}

/* Has anybody but root children here? */
static int
privdrop_others(void)
{
	struct runas *t;

	for (t = runas_next(NULL); t != NULL; t = runas_next(t))
		if (t->base.change)
			return (1);
	return (0);
}

/*
 * Uids that are this instance's alone, if root has given us some: so many from
 * *uid on. Several starters must not do without; what root starts is as safe
 * as it arranges.
 */
static uid_t
privdrop_uids(const struct starter_env *s, uid_t *uid)
{
	const char *why;
	struct runas *t;
	uid_t n;
	int apart;

	apart = own_name && uids_take(DROP_NAME, s->who.uid, uid, &why) == 0;
	if (own_name && why != NULL)
		refuse(s, EXIT_START, "%s", why);
	n = *uid;
	for (t = runas_next(NULL); t != NULL; t = runas_next(t)) {
		if (apart && ++n - *uid >= UIDS_SLOT)
			refuse(s, EXIT_REFUSED,
			    "more than %d users with their groups",
			    LAUNCHERS_MAX);
		t->own = n;
	}
	if (apart)
		return (UIDS_SLOT);
	if (privdrop_others()) {
		log_warnx(
		    "/etc/subuid has no %d uids for %s", UIDS_SLOT, DROP_NAME);
		if (s->who.uid != 0 && !MAKER_IN_PRIV)
			refuse_told(s, EXIT_START, NULL,
			    "/etc/subuid has no uids for " DROP_NAME);
	}
	return (1);
}

void
privdrop_user(const struct starter_env *s)
{
	const struct passwd *pw;

	if (!s->privileged)
		return;
	pw = privdrop_name_user(s);
	own_name = pw != NULL && strcmp(pw->pw_name, DROP_NAME) == 0;
	if (pw != NULL && !own_name)
		log_warnx(
		    "there is no user %s: %s has to do", DROP_NAME, OTHER_NAME);
	if (pw == NULL || pw->pw_uid == 0 || pw->pw_gid == 0)
		refuse(s, EXIT_START, "there is no user %s", DROP_NAME);
	privdrop_set(pw->pw_uid, 1, pw->pw_gid);
}

void
privdrop_choose(const struct starter_env *s)
{
	struct runas *t;
	uid_t uid, n;
	gid_t gid;

	if (!s->privileged || !privdrop_ids(&uid, &gid))
		return;
	if (privdrop_others())
		ownlog_open();
	n = privdrop_uids(s, &uid);
	privdrop_set(uid, n, gid);
	/* Who is one of us, or of another instance, could signal it. */
	for (t = runas_next(NULL); t != NULL; t = runas_next(t)) {
		if (!privdrop_is_own(t->uid) && !uids_has(t->uid))
			continue;
		log_warnx("children that run as %s could signal proctor,"
			  " which runs as it",
		    t->user);
		if (own_name)
			refuse_told(s, EXIT_REFUSED, t->user,
			    "its children could signal " DROP_NAME);
	}
}

void
privdrop_self(const struct starter_env *s)
{
	uid_t uid = s->who.uid;
	gid_t gid = s->who.gid;
	int ngroups = getgroups(0, NULL);

	if (setresgid(gid, gid, gid) == -1 || setresuid(uid, uid, uid) == -1)
		fatal("drop: back to the starter");
	proc_undumpable();
	drop_prove(uid, gid, NULL, ngroups);
	if (uid == 0)
		return;
	drop_prove_no_root();
	if (!privs_none())
		fatalx("drop: capabilities are left");
}

void
privdrop_priv(void)
{
	uid_t uid;
	gid_t gid;

	if (!MAKER_IN_PRIV) {
		privdrop(PRIV_KILL | PRIV_NICE);
		return;
	}
	/*
	 * Its children's users are to be had from root only. They are away
	 * from the starter at least: see privdrop_session() of a launcher.
	 */
	if (privdrop_ids(&uid, &gid) && privdrop_others() && setsid() == -1)
		fatal("privdrop: session");
}
