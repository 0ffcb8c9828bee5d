/*
 * Which of the ways to be started this is, and what is permitted in it. In
 * each of them it ends as a list of rules and nothing else: the command line
 * of root, the file of root, or one rule that lets the starter be himself.
 */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/privs.h"
#include "compat/proc.h"
#include "config.h"
#include "log.h"
#include "policy/permit.h"
#include "policy/policy.h"
#include "policy/runas.h"
#include "policy/shape.h"
#include "policy/userenv.h"
#include "start/privdrop.h"
#include "start/privilege.h"
#include "start/refuse.h"

#define NICE_ANY (-20)
#define ALL "all" /* of users, in a list */

static struct policy policy;
static enum privilege privilege = PRIVILEGE_NONE;
static const char *plain_why = "proctor is not set-user-ID root";

/* A rule without a file: the starter may be himself. */
static struct rule *
privilege_permit_self(const struct starter_env *s)
{
	struct rule *r;

	r = policy_add(
	    &policy, s->who.uid, runas_self_name(), s->who.uid, s->who.gid);
	if (r == NULL)
		fatal("policy: own rule");
	return (r);
}

/* user or user:group, each a name or a number: the user, or NULL. */
static const struct passwd *
privilege_passwd(const char *user)
{
	const struct passwd *pw;
	char *name;

	if ((name = strndup(user, strcspn(user, ":"))) == NULL)
		fatal("user");
	pw = userenv_passwd(name);
	free(name);
	return (pw);
}

/* The group's id into *gid, if there is one. 0, or -1: there is no such. */
static int
privilege_group(const char *user, gid_t *gid)
{
	const char *group = strchr(user, ':'), *why;
	const struct group *gr;

	if (group == NULL)
		return (0);
	if (policy_isnumber(++group)) {
		*gid = (gid_t)strtonum(group, 0, ID_MAX_VALUE, &why);
		return (why == NULL ? 0 : -1);
	}
	if ((gr = getgrnam(group)) == NULL)
		return (-1);
	*gid = gr->gr_gid;
	return (0);
}

/* The same for somebody whom root has named: he may have any priority. */
static void
privilege_permit_user(const struct starter_env *s, const char *user)
{
	const char *group = strchr(user, ':');
	const struct passwd *pw;
	struct rule *r;
	gid_t gid;

	if ((pw = privilege_passwd(user)) == NULL) {
		log_warnx("%s: no such user", user);
		return;
	}
	gid = pw->pw_gid;
	if (privilege_group(user, &gid) == -1) {
		log_warnx("%s: no such group", user);
		return;
	}
	if (!privdrop_try(pw->pw_uid, gid, NULL, 0)) {
		log_warnx("%s cannot be had here", user);
		return;
	}
	r = policy_add(&policy, s->who.uid, pw->pw_name, pw->pw_uid, gid);
	if (r == NULL ||
	    (group != NULL && (r->group = strdup(group + 1)) == NULL))
		fatal("policy: %s", user);
	r->nice = NICE_ANY;
}

/* Is that, of len bytes, whom a rule lets children be? */
static int
privilege_is(const struct rule *r, const char *user, size_t len)
{
	char *name;
	const struct passwd *pw;
	size_t n;
	int is;

	if ((name = strndup(user, len)) == NULL)
		fatal("user");
	n = strcspn(name, ":");
	if (name[n] == ':' &&
	    (r->group == NULL || strcmp(r->group, name + n + 1) != 0)) {
		free(name);
		return (0);
	}
	name[n] = '\0';
	is = policy_isnumber(name) ? (pw = userenv_passwd(name)) != NULL &&
					 strcmp(pw->pw_name, r->user) == 0
				   : strcmp(name, r->user) == 0;
	free(name);
	return (is);
}

/* Does the command line leave that rule in? */
static int
privilege_wanted(const struct args *a, const struct rule *r)
{
	const char *list = a->limit_users;
	size_t n;

	if (list == NULL || strcmp(runas_self_name(), r->user) == 0 ||
	    (a->user != NULL && privilege_is(r, a->user, strlen(a->user))))
		return (1);
	for (; *list != '\0'; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		if (privilege_is(r, list, n) ||
		    (n == sizeof(ALL) - 1 && strncmp(list, ALL, n) == 0))
			return (1);
	}
	return (0);
}

/* Root, whose children may be root, lets a run name anybody. */
static void
privilege_permit_all(void)
{
	struct rule *r;

	if (privilege != PRIVILEGE_ROOT) {
		log_warnx("-limit-users " ALL ": only with -user root");
		exit(EXIT_REFUSED);
	}
	if ((r = rule_new(RULE_PERMIT, 0)) == NULL)
		fatal("policy: " ALL);
	r->nice = NICE_ANY;
	r->runas = runas_any();
	permit_any(r);
}

/*
 * Is there what the rule gives away? Its launcher has these capabilities, and
 * where priv makes the children itself there is none.
 */
static int
privilege_has_caps(const struct rule *r)
{
	if (r->caps == 0 ||
	    (!MAKER_IN_PRIV && (r->caps & ~privs_permitted()) == 0))
		return (1);
	log_warnx("line %d of the policy is left out: its capabilities cannot"
		  " be had here",
	    r->line);
	return (0);
}

/*
 * Let children run as each user whom the last rule that matches permits, and
 * as nobody else: no process is to be able to become who is denied in the end.
 * user is who children are by default.
 */
static void
privilege_settle(
    const struct starter_env *s, const struct args *a, const char *user)
{
	struct rule *r;

	TAILQ_FOREACH (r, &policy.rules, entry)
		if (r->action == RULE_PERMIT && privilege_wanted(a, r) &&
		    policy_decides(r, &s->who) && privilege_has_caps(r)) {
			shape_rule(r, s->environ);
			r->runas = runas_get(r);
			/* With cmd its environment is put together here. */
			r->runas->keepenv |= r->keepenv && r->cmd == NULL;
		}
	permit_init(&policy, &s->who, user, privilege, plain_why);
}

/* Nobody else can be had: is that who the start asks for? */
static void
privilege_only_self(const struct starter_env *s, const struct args *a)
{
	const struct passwd *pw;

	if (a->user == NULL)
		return;
	if ((pw = privilege_passwd(a->user)) == NULL) {
		log_warnx("-user %s: no such user", a->user);
		refuse_told(s, EXIT_NOUSER, a->user, "no such user");
	}
	if (pw->pw_uid != s->who.uid) {
		log_warnx("-user %s: not the user that started this, and nobody"
			  " else can be had, as %s",
		    a->user, plain_why);
		refuse_told(s, EXIT_REFUSED, a->user, plain_why);
	}
}

/* The starter's own rights: it may run children as itself and nobody else. */
static void
privilege_plain(struct starter_env *s, const struct args *a)
{
	privilege_only_self(s, a);
	s->privileged = 0;
	privilege_permit_self(s)->nice = NICE_ANY; /* the kernel decides */
	privilege_settle(s, a, runas_self_name());
}

/* Each of the names with commas that root lists. */
static void
privilege_names(const struct starter_env *s, const char *list)
{
	char *copy, *rest, *name;

	if (list == NULL)
		return;
	if ((copy = strdup(list)) == NULL)
		fatal("limit-users");
	rest = copy;
	while ((name = strsep(&rest, ",")) != NULL)
		if (strcmp(name, ALL) == 0)
			privilege_permit_all();
		else if (*name != '\0')
			privilege_permit_user(s, name);
	free(copy);
}

/* Root's command line is the policy. */
static void
privilege_root(struct starter_env *s, const struct args *a)
{
	const struct passwd *pw;
	int root;

	if (a->user == NULL) {
		log_warnx("started as root: say -user root if children are to"
			  " run as root");
		exit(EXIT_REFUSED);
	}
	if ((pw = privilege_passwd(a->user)) == NULL) {
		log_warnx("-user %s: no such user", a->user);
		exit(EXIT_NOUSER);
	}
	if ((root = pw->pw_uid == 0)) /* others are looked up below */
		log_warnx("children run as root");
	if (!privs_able() || !privdrop_able(s)) {
		plain_why = privs_able()
				? "root cannot become another user here"
				: "root has no capabilities to give away here";
		privilege_plain(s, a);
		return;
	}
	s->privileged = 1;
	privilege = root ? PRIVILEGE_ROOT : PRIVILEGE_USERS;
	if (root)
		privilege_permit_self(s)->nice = NICE_ANY;
	else
		privilege_permit_user(s, a->user);
	privilege_names(s, a->limit_users);
	privilege_settle(s, a, root ? runas_self_name() : a->user);
	if (!root && permit_user(a->user) == NULL)
		exit(EXIT_REFUSED);
}

/* The file's rules behind the one that it can take away. -1: there is none. */
static int
privilege_file(const struct starter_env *s)
{
	int fd;

	if ((fd = policy_open(POLICY_PATH)) == -1) {
		plain_why = "there is no " POLICY_PATH;
		if (errno == ENOENT)
			return (-1);
		refuse_told(s, EXIT_REFUSED, NULL,
		    "others than root could write " POLICY_PATH
		    ", or it cannot be read");
	}
	/* The starter reads the log, and may not be one to read the file. */
	policy.terse = 1;
	if (policy_read(&policy, fd, POLICY_PATH) == -1 ||
	    policy_resolve(&policy, POLICY_PATH) == -1)
		refuse_told(s, EXIT_REFUSED, NULL, POLICY_PATH " is wrong");
	(void)close(fd);
	plain_why = "no rule of " POLICY_PATH " is for its starter";
	return (policy_concerns(&policy, &s->who) ? 0 : -1);
}

/* SUID-root: what root's file says of the starter. */
static void
privilege_suid(struct starter_env *s, const struct args *a)
{
	char why[128];

	/* As in a container without any: not even back to the starter. */
	if (!privs_able()) {
		log_warnx("set-user-ID root has no capabilities here: without"
			  " that bit the mode is plain");
		refuse_told(
		    s, EXIT_REFUSED, NULL, "root has no capabilities here");
	}
	(void)privilege_permit_self(s);
	if (privilege_file(s) == -1) {
		policy_free(&policy); /* it may be nobody's to read */
		policy_init(&policy);
		privilege_only_self(s, a); /* what it says is root's word */
		privdrop_self(s);
		privilege_plain(s, a);
		return;
	}
	s->privileged = 1;
	privilege = PRIVILEGE_USERS;
	privilege_settle(s, a, a->user != NULL ? a->user : runas_self_name());
	if (a->user != NULL && permit_user(a->user) == NULL) {
		permit_why_user(a->user, why, sizeof(why));
		log_warnx("-user %s: not permitted: %s", a->user, why);
		refuse_told(s,
		    getpwnam(a->user) == NULL ? EXIT_NOUSER : EXIT_REFUSED,
		    a->user, why);
	}
}

/* A number is a uid; whoever has no name is asked for in vain. */
static const char *
privilege_name(const char *user)
{
	const struct passwd *pw;
	char *name;

	if (user == NULL || !policy_isnumber(user) ||
	    (pw = userenv_passwd(user)) == NULL)
		return (user);
	if ((name = strdup(pw->pw_name)) == NULL)
		fatal("-user");
	return (name);
}

void
privilege_choose(struct starter_env *s, const struct args *args)
{
	static struct args named; /* the names live as long as the policy */
	const struct args *a = &named;

	named = *args;
	named.user = privilege_name(args->user);
	policy_init(&policy);
	runas_init(s, MAKER_IN_PRIV);
	if (s->who.uid == 0)
		privilege_root(s, a);
	else if (geteuid() == 0)
		privilege_suid(s, a);
	else if (proc_privileged())
		refuse(s, EXIT_REFUSED,
		    "set-user-ID or set-group-ID to a user other than root");
	else {
		if (proc_suid_lost() != NULL)
			plain_why = proc_suid_lost();
		privilege_plain(s, a);
	}
}

const char *
privilege_why_plain(void)
{
	return (plain_why);
}
