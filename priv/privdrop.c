/*
 * From root to what each process needs. In a start without privileges there
 * is nothing to drop and all of this does nothing.
 */

#include <sys/wait.h>

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/privs.h"
#include "compat/proc.h"
#include "drop.h"
#include "config.h"
#include "log.h"
#include "policy/permit.h"
#include "priv.h"
#include "sandbox.h"

#define OTHER_NAME "nobody" /* in a container, where nobody installs us */

static int dropping, apart; /* apart: with uids that nobody else has */
static uid_t uid;
static gid_t gid;

/* Children that are who we are could signal all of us. */
static void
privdrop_differs(const struct target *t, const char *name)
{
	if (!privdrop_ours(t->uid))
		return;
	log_warnx("children that run as %s could signal proctor, which runs"
		  " as it",
	    t->user);
	if (strcmp(name, DROP_NAME) == 0)
		exit(EXIT_REFUSED);
}

/* Whom guard, priv, launchers, broker and worker become, or NULL. */
static const struct passwd *
privdrop_user(const struct start *s)
{
	const struct passwd *pw = getpwnam(DROP_NAME);

	return (pw == NULL && s->who.uid == 0 ? getpwnam(OTHER_NAME) : pw);
}

/*
 * Can somebody be had? Root of a user namespace has all capabilities, but not
 * all ids, and may be refused its groups. So it is tried, by a child.
 */
int
privdrop_try(uid_t u, gid_t g, const gid_t *groups, int ngroups)
{
	pid_t pid;
	int status;

	switch (pid = fork()) {
	case -1:
		fatal("fork");
	case 0:
		if (setgroups((size_t)ngroups, groups) == -1 ||
		    setresgid(g, g, g) == -1 || setresuid(u, u, u) == -1)
			_exit(1);
		_exit(0);
	default:
		break;
	}
	if (waitpid(pid, &status, 0) != pid)
		fatal("waitpid");
	return (WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Can we become the one? 1 also where there is nobody: privdrop_init() says. */
int
privdrop_able(const struct start *s)
{
	const struct passwd *pw = privdrop_user(s);

	return (pw == NULL || privdrop_try(pw->pw_uid, pw->pw_gid, NULL, 0));
}

/* Has anybody but root children here? */
static int
privdrop_others(void)
{
	struct target *t;

	for (t = runas_next(NULL); t != NULL; t = runas_next(t))
		if (t->base.change)
			return (1);
	return (0);
}

/*
 * Uids that are this instance's alone, if root has given us some. Several
 * starters must not do without; what root starts is as safe as it arranges.
 */
static void
privdrop_uids(const struct start *s, const char *name)
{
	struct target *t;
	uid_t n;

	apart = strcmp(name, DROP_NAME) == 0 &&
		uids_take(name, s->who.uid, &uid) == 0;
	n = uid;
	for (t = runas_next(NULL); t != NULL; t = runas_next(t)) {
		if (apart && ++n - uid >= UIDS_SLOT)
			fatalx("more than %d users", LAUNCHERS_MAX);
		t->own = n;
	}
	if (apart || !privdrop_others())
		return;
	log_warnx("/etc/subuid has no %d uids for %s", UIDS_SLOT, DROP_NAME);
	if (s->who.uid != 0 && !MAKER_IN_PRIV)
		exit(EXIT_START);
}

/* To be asked once who can be had is known. */
void
privdrop_init(const struct start *s)
{
	const struct passwd *pw;
	struct target *t;
	char *name;

	if (!s->privileged)
		return;
	if ((pw = privdrop_user(s)) != NULL &&
	    strcmp(pw->pw_name, DROP_NAME) != 0)
		log_warnx(
		    "there is no user %s: %s has to do", DROP_NAME, OTHER_NAME);
	if (pw == NULL || pw->pw_uid == 0 || pw->pw_gid == 0) {
		log_warnx("there is no user %s", DROP_NAME);
		exit(EXIT_START);
	}
	uid = pw->pw_uid;
	gid = pw->pw_gid;
	if ((name = strdup(pw->pw_name)) == NULL)
		fatal("privdrop");
	dropping = 1;
	if (privdrop_others())
		start_log();
	privdrop_uids(s, name);
	for (t = runas_next(NULL); t != NULL; t = runas_next(t))
		privdrop_differs(t, name);
	free(name);
}

/* Is that the uid of one of our own processes? */
int
privdrop_ours(uid_t who)
{
	return (dropping && (who == uid || (apart && who - uid < UIDS_SLOT)));
}

/* For a process that lives to the end with these capabilities. */
static void
privdrop(unsigned int privs)
{
	if (!dropping)
		return;
	if (privs_lock() == -1)
		fatal("securebits");
	drop_user(uid, gid, NULL, 0);
	if (privs_keep(privs) == -1)
		fatal("capabilities");
	drop_prove(uid, gid, NULL, 0);
	drop_final();
	if (!privs_only(privs) || !privs_locked())
		fatalx("capabilities are left, or can be had back");
}

void
privdrop_guard(void)
{
	privdrop(PRIV_KILL);
}

void
privdrop_priv(void)
{
	if (!MAKER_IN_PRIV) {
		privdrop(PRIV_KILL | PRIV_NICE);
		return;
	}
	/*
	 * Its children's users are to be had from root only. They are away
	 * from the starter at least: see privdrop_apart().
	 */
	if (dropping && privdrop_others() && setsid() == -1)
		fatal("session");
}

/*
 * Away from the starter: children cannot have its terminal, nor its keys
 * unless they are its own, and whom it has in its session cannot join a group
 * of theirs, to be signalled with our rights.
 */
static void
privdrop_apart(const struct target *t)
{
	if (setsid() == -1)
		fatal("session");
	if (!uid_is_starter(t->uid) && privs_keyring() == -1)
		fatal("keyring");
}

/*
 * A launcher has its target's groups already, and opens files as the target;
 * its sandbox lets it become nobody else.
 */
void
privdrop_launcher(const struct target *t)
{
	uint64_t secret;
	int held;

	if (!dropping || !t->base.change)
		return;
	if ((secret = proc_make_secret()) == 0)
		fatal("launcher: random");
	privdrop_apart(t);
	if (privs_lock() == -1)
		fatal("securebits");
	drop_user(t->own, t->gid, t->groups, t->ngroups);
	if (privs_keep(PRIV_SETUID) == -1 || privs_fsuid(t->uid) == -1)
		fatal("launcher: capabilities");
	proc_hide();
	held = sandbox_launcher(t->uid, secret);
	drop_prove(t->own, t->gid, t->groups, t->ngroups);
	if (held && t->uid != 0)
		drop_final();
	if (!privs_only(PRIV_SETUID) || !privs_locked())
		fatalx("capabilities are left, or can be had back");
}

/* Whom broker and worker become: 1, or 0 if they need not change. */
int
privdrop_part(uid_t *u, gid_t *g)
{
	*u = uid;
	*g = gid;
	return (dropping);
}
