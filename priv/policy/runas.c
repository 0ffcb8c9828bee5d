/*
 * Whom children can run as: each is looked up while we are still root, and
 * gets a launcher of its own.
 */

#include <fcntl.h>
#include <limits.h>
#include <paths.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/proc.h"
#include "log.h"
#include "policy/policy.h"
#include "policy/runas.h"
#include "policy/userenv.h"

#define OTHERS_UMASK 022

static TAILQ_HEAD(, runas) all = TAILQ_HEAD_INITIALIZER(all);
static const struct starter_env *env;
static int from_root;
static uint32_t count;
static char *self_name;
static const char *self_shell; /* NULL: not looked at yet */

static char *
runas_strdup(const char *text)
{
	char *p;

	if ((p = strdup(text)) == NULL)
		fatal("runas: strdup");
	return (p);
}

void
runas_init(const struct starter_env *s, int as_root)
{
	const struct passwd *pw;
	char number[32];

	env = s;
	self_shell = NULL;
	from_root = as_root;
	(void)snprintf(number, sizeof(number), "%u", (unsigned int)s->who.uid);
	pw = getpwuid(s->who.uid);
	self_name = runas_strdup(pw != NULL ? pw->pw_name : number);
}

const char *
runas_self_name(void)
{
	return (self_name);
}

/*
 * Can path run commands? An account that is closed to logins may be one that
 * services run as, and its shell says so. The kernel is asked as the starter,
 * who must learn nothing here about files that he cannot reach.
 */
static int
runas_shell_usable(const char *path)
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

/* The same for the starter, whose ids we do not have where we are root. */
static int
runas_shell_usable_self(const char *path)
{
	uid_t u = geteuid();
	gid_t g = getegid();
	int usable;

	if (u == env->who.uid)
		return (runas_shell_usable(path));
	if (setegid(env->who.gid) == -1)
		return (0);
	if (seteuid(env->who.uid) == -1)
		fatal("shell: starter");
	usable = runas_shell_usable(path);
	if (seteuid(u) == -1 || setegid(g) == -1)
		fatal("shell: root");
	return (usable);
}

/* What runs the starter's command lines; what is wrong with it is said once. */
static const char *
runas_shell_self(void)
{
	const char *shell;

	if (self_shell != NULL)
		return (self_shell);
	self_shell = _PATH_BSHELL;
	shell = userenv_get(env->environ, "SHELL");
	if (shell == NULL || *shell == '\0')
		return (self_shell);
	if (runas_shell_usable_self(shell))
		self_shell = runas_strdup(shell); /* that may be wiped */
	else
		log_warnx("SHELL of %s is no shell: %s is used", self_name,
		    self_shell);
	return (self_shell);
}

static struct runas *
runas_new(const char *user, uid_t uid, gid_t gid, gid_t *groups, int ngroups)
{
	struct runas *t;
	struct spawn_base *b;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		fatal("runas: %s", user);
	t->user = runas_strdup(user);
	t->uid = uid;
	t->gid = gid;
	t->other = uid != env->who.uid;
	b = &t->base;
	b->starter = env;
	b->uid = uid;
	b->gid = gid;
	b->cwd = env->cwd;
	b->score_fd = -1;
	b->groups = t->groups = groups;
	b->ngroups = t->ngroups = ngroups;
	/* From what a login has, with nothing of the starter's? */
	b->login = env->privileged && env->who.uid != 0 && uid != env->who.uid;
	b->rlimits = b->login ? env->login : env->limits;
	b->limits = 1U << RLIMIT_NOFILE;
	if (!b->login)
		b->limits |= env->changed;
	b->from_root = from_root;
	/* By name alone, so that a user has one shell in whatever group. */
	b->shell =
	    strcmp(user, self_name) == 0 ? runas_shell_self() : _PATH_BSHELL;
	if ((b->null_fd = open(_PATH_DEVNULL, O_RDWR | O_CLOEXEC)) == -1)
		fatal("runas: open of %s", _PATH_DEVNULL);
	t->number = count++;
	TAILQ_INSERT_TAIL(&all, t, entry);
	return (t);
}

/*
 * The starter: children have its environment and its groups, and where it
 * has no rights to give away they change nothing at all.
 */
static struct runas *
runas_self(void)
{
	const struct starter *w = &env->who;
	struct runas *t;
	gid_t *groups;

	groups = calloc((size_t)w->ngroups + 1, sizeof(*groups));
	if (groups == NULL)
		fatal("runas: groups of the starter");
	memcpy(groups, w->groups, (size_t)w->ngroups * sizeof(*groups));
	t = runas_new(self_name, w->uid, w->gid, groups, w->ngroups);
	t->base.environ = t->base.keepenv = env->environ;
	t->base.umask = env->umask;
	t->base.change = env->privileged && t->uid != 0;
	t->ambient = t->base.change ? 0 : proc_ambient();
	return (t);
}

/* Somebody else: as from a login, with nothing of the starter's. */
static struct runas *
runas_other(const struct rule *r)
{
	const struct passwd *pw;
	struct runas *t;
	gid_t *groups;
	int n;

	if (r->groups == NULL)
		groups = userenv_groups(r->user, r->gid, &n);
	else {
		n = r->gids.n;
		groups = calloc((size_t)n + 1, sizeof(*groups));
	}
	if (groups == NULL)
		fatal("groups of %s", r->user);
	if (r->groups != NULL) /* the rule is to be forgotten */
		memcpy(groups, r->gids.list, (size_t)n * sizeof(*groups));
	if ((pw = getpwnam(r->user)) == NULL)
		fatalx("%s has no passwd entry", r->user);
	t = runas_new(r->user, r->uid, r->gid, groups, n);
	t->listed = r->groups != NULL;
	t->base.caps = t->ambient = r->caps;
	t->base.environ = userenv_login(pw->pw_name, pw->pw_dir, pw->pw_shell);
	t->base.keepenv = userenv_join(t->base.environ, env->environ);
	t->base.umask = OTHERS_UMASK;
	t->base.change = 1;
	t->base.keyring = from_root && t->other;
	return (t);
}

struct runas *
runas_any(void)
{
	struct runas *t;
	char **none;

	if ((none = calloc(1, sizeof(*none))) == NULL)
		fatal("runas: anybody");
	t = runas_new("all", (uid_t)-1, (gid_t)-1, NULL, 0);
	t->base.environ = t->base.keepenv = none;
	t->base.umask = OTHERS_UMASK;
	t->base.change = t->base.from_root = 1;
	t->base.keyring = t->base.any = 1;
	return (t);
}

struct runas *
runas_by_uid(const char *uid)
{
	struct runas *t;
	const char *why;
	long long n = strtonum(uid, 0, ID_MAX_VALUE, &why);

	TAILQ_FOREACH (t, &all, entry)
		if (why == NULL && t->uid == (uid_t)n)
			return (t);
	return (NULL);
}

/* Is that what a rule speaks of? */
static int
runas_is(const struct rule *r, const char *user, uid_t uid, gid_t gid)
{
	return (r->uid == uid && r->gid == gid && strcmp(r->user, user) == 0);
}

/* And does it have its groups from a rule as from this one? */
static int
runas_has(const struct runas *t, const struct rule *r)
{
	struct gids has = { t->groups, t->ngroups };

	if (t->base.caps != r->caps)
		return (0);
	if (r->groups == NULL)
		return (!t->listed);
	return (t->listed && gids_equal(&has, &r->gids));
}

struct runas *
runas_get(const struct rule *r)
{
	struct runas *t;

	TAILQ_FOREACH (t, &all, entry)
		if (runas_is(r, t->user, t->uid, t->gid) && runas_has(t, r))
			return (t);
	if (r->groups == NULL && r->caps == 0 &&
	    runas_is(r, self_name, env->who.uid, env->who.gid))
		return (runas_self());
	return (runas_other(r));
}

const char *
runas_shell(const char *user)
{
	const struct runas *t;
	size_t len = strcspn(user, ":");

	TAILQ_FOREACH (t, &all, entry)
		if (strncmp(t->user, user, len) == 0 && t->user[len] == '\0')
			return (t->base.shell);
	return (NULL);
}

void
runas_release(void)
{
	struct runas *t;

	if (from_root)
		return;
	TAILQ_FOREACH (t, &all, entry) {
		(void)close(t->base.null_fd);
		t->base.null_fd = t->base.cwd = -1;
	}
	if (env->cwd != -1)
		(void)close(env->cwd);
	userenv_wipe(env->environ);
}

void
runas_forget(struct runas *t)
{
	struct runas *other;

	TAILQ_FOREACH (other, &all, entry) {
		if (other == t)
			continue;
		/* The starter's is not theirs to wipe. */
		if (other->base.environ != env->environ)
			userenv_wipe(other->base.environ);
		explicit_bzero(other->user, strlen(other->user));
		explicit_bzero(other->groups,
		    (size_t)other->ngroups * sizeof(*other->groups));
	}
	if (t != NULL && (t->base.environ == env->environ || t->keepenv))
		return;
	userenv_wipe(env->environ);
	if (t == NULL || t->base.keepenv == t->base.environ)
		return;
	free(t->base.keepenv);
	t->base.keepenv = t->base.environ;
}

struct runas *
runas_next(struct runas *t)
{
	return (t == NULL ? TAILQ_FIRST(&all) : TAILQ_NEXT(t, entry));
}

uint32_t
runas_count(void)
{
	return (count);
}
