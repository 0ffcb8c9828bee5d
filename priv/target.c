/*
 * Whom children can run as: each is resolved while we are still root, and
 * gets a launcher of its own.
 */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <paths.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/proc.h"
#include "log.h"
#include "priv.h"

#define GROUPS_MAX 65536
#define OTHERS_UMASK 022

static TAILQ_HEAD(, target) targets = TAILQ_HEAD_INITIALIZER(targets);
static const struct start *start;

void
target_init(const struct start *s)
{
	start = s;
}

static char *
copy(const char *text)
{
	char *p;

	if ((p = strdup(text)) == NULL)
		fatal("target");
	return (p);
}

static struct target *
target_new(const char *user, uid_t uid, gid_t gid)
{
	struct target *t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		fatal("target");
	t->user = copy(user);
	t->uid = uid;
	t->gid = gid;
	t->base.start = start;
	t->base.uid = uid;
	t->base.gid = gid;
	t->base.cwd = start->cwd;
	t->base.login = login_wanted(start, uid);
	t->base.rlimits = t->base.login ? start->login : start->limits;
	t->base.limits = 1U << RLIMIT_NOFILE;
	if (!t->base.login)
		t->base.limits |= start->changed;
	t->base.from_root = launch_forks();
	t->base.null_fd = open(_PATH_DEVNULL, O_RDWR | O_CLOEXEC);
	if (t->base.null_fd == -1)
		fatal("%s", _PATH_DEVNULL);
	TAILQ_INSERT_TAIL(&targets, t, entry);
	return (t);
}

/* The groups of a login. */
static void
target_groups(struct target *t)
{
	int n = 64;

	for (;;) {
		t->groups =
		    reallocarray(t->groups, (size_t)n, sizeof(*t->groups));
		if (t->groups == NULL || n > GROUPS_MAX)
			fatal("groups of %s", t->user);
		t->ngroups = n;
		if (getgrouplist(t->user, t->gid, t->groups, &t->ngroups) != -1)
			return;
		n *= 2;
	}
}

/* What the starter is called: a number if passwd does not know him. */
const char *
target_self_name(void)
{
	static char number[32];
	static const char *name;
	const struct passwd *pw;

	if (name != NULL)
		return (name);
	(void)snprintf(
	    number, sizeof(number), "%u", (unsigned int)start->who.uid);
	pw = getpwuid(start->who.uid);
	return (name = pw != NULL ? copy(pw->pw_name) : number);
}

/*
 * Can path run commands? An account that is closed to logins may be one that
 * services run as, and its shell says so. The kernel is asked as the starter,
 * who must learn nothing here about files that he cannot reach.
 */
static int
shell_usable(const char *path)
{
	static const char *const none[] = { "nologin", "false", "true" };
	char inside[PATH_MAX];
	const char *name;
	size_t i;

	if (*path != '/' || faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == -1)
		return (0);
	name = strrchr(path, '/') + 1;
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (strcmp(name, none[i]) == 0)
			return (0);
	/* A directory can be "executed", too. */
	return (snprintf(inside, sizeof(inside), "%s/.", path) <
		    (int)sizeof(inside) &&
		faccessat(AT_FDCWD, inside, F_OK, AT_EACCESS) == -1);
}

/* The same for the starter, who is not our real user where root is. */
static int
shell_usable_self(const char *path)
{
	uid_t u = geteuid();
	gid_t g = getegid();
	int usable;

	if (u == start->who.uid)
		return (shell_usable(path));
	if (setegid(start->who.gid) == -1)
		return (0);
	if (seteuid(start->who.uid) == -1)
		fatal("shell: starter");
	usable = shell_usable(path);
	if (seteuid(u) == -1 || setegid(g) == -1)
		fatal("shell: root");
	return (usable);
}

/* What runs the starter's command lines. */
static const char *
self_shell(const char *user)
{
	const char *shell = environ_get(start->environ, "SHELL");

	if (shell == NULL || *shell == '\0')
		return (_PATH_BSHELL);
	if (shell_usable_self(shell))
		return (copy(shell)); /* the environment may be wiped */
	log_warnx("SHELL of %s is no shell: %s is used", user, _PATH_BSHELL);
	return (_PATH_BSHELL);
}

/*
 * The starter: children have its environment, its shell and its groups, and
 * where it has no rights to give away they change nothing at all.
 */
static struct target *
target_self(void)
{
	const struct starter *w = &start->who;
	struct target *t;

	t = target_new(target_self_name(), w->uid, w->gid);
	t->ngroups = w->ngroups;
	t->groups = calloc((size_t)w->ngroups + 1, sizeof(*t->groups));
	if (t->groups == NULL)
		fatal("target");
	memcpy(t->groups, w->groups, (size_t)w->ngroups * sizeof(gid_t));
	t->base.environ = t->base.keepenv = start->environ;
	t->base.umask = start->umask;
	t->base.shell = self_shell(t->user);
	t->base.change = start->privileged && t->uid != 0;
	t->ambient = t->base.change ? 0 : proc_ambient();
	t->base.groups = t->groups;
	t->base.ngroups = t->ngroups;
	return (t);
}

/* Is that who has started us, as far as names and ids go? */
static int
is_self(const struct rule *r)
{
	return (r->uid == start->who.uid && r->gid == start->who.gid &&
		strcmp(r->user, target_self_name()) == 0);
}

/* Somebody else: as from a login, with nothing of the starter's. */
static struct target *
target_other(const struct rule *r)
{
	const struct passwd *pw;
	struct target *t;

	if ((pw = getpwnam(r->user)) == NULL)
		fatalx("%s has no passwd entry", r->user);
	t = target_new(r->user, r->uid, r->gid);
	t->base.environ = environ_user(pw->pw_name, pw->pw_dir, pw->pw_shell);
	t->base.keepenv = environ_join(t->base.environ, start->environ);
	t->base.umask = OTHERS_UMASK;
	t->base.shell = _PATH_BSHELL;
	t->base.change = 1;
	t->other = t->uid != start->who.uid;
	target_groups(t);
	t->base.groups = t->groups;
	t->base.ngroups = t->ngroups;
	return (t);
}

/* The one that a rule speaks of. */
struct target *
target_get(const struct rule *r)
{
	struct target *t;

	TAILQ_FOREACH (t, &targets, entry)
		if (t->uid == r->uid && t->gid == r->gid &&
		    strcmp(t->user, r->user) == 0)
			return (t);
	return (is_self(r) ? target_self() : target_other(r));
}

/* The shell for command lines of a user, or of user:group; or NULL. */
const char *
target_shell(const char *user)
{
	const struct target *t;
	size_t len = strcspn(user, ":");

	TAILQ_FOREACH (t, &targets, entry)
		if (strncmp(t->user, user, len) == 0 && t->user[len] == '\0')
			return (t->base.shell);
	return (NULL);
}

/* Each launcher has what it needs of these by now: priv needs none. */
void
target_release(void)
{
	struct target *t;

	if (launch_forks())
		return;
	TAILQ_FOREACH (t, &targets, entry) {
		(void)close(t->base.null_fd);
		t->base.null_fd = t->base.cwd = -1;
	}
	if (start->cwd != -1)
		(void)close(start->cwd);
	environ_wipe(start->environ);
}

static void
target_wipe(struct target *t)
{
	char **e = t->base.environ;

	/* Of others it was made here; the starter's is not theirs to wipe. */
	for (; e != start->environ && *e != NULL; e++)
		explicit_bzero(*e, strlen(*e));
	explicit_bzero(t->user, strlen(t->user));
	explicit_bzero(t->groups, (size_t)t->ngroups * sizeof(*t->groups));
}

/*
 * In the launcher of t: the others are none of its business, nor is the
 * starter's environment unless a child of its may have that. NULL: where none
 * is made.
 */
void
target_forget(struct target *t)
{
	struct target *other;

	TAILQ_FOREACH (other, &targets, entry)
		if (other != t)
			target_wipe(other);
	if (t != NULL && (t->base.environ == start->environ || t->keepenv))
		return;
	environ_wipe(start->environ);
	if (t != NULL)
		t->base.keepenv = t->base.environ;
}

/* One after another; NULL for the first. */
struct target *
target_next(struct target *t)
{
	return (t == NULL ? TAILQ_FIRST(&targets) : TAILQ_NEXT(t, entry));
}
