/*
 * What policy says to what the broker asks for. No system call is made here.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "policy/count.h"
#include "policy/permit.h"
#include "policy/runas.h"

static struct policy *policy;
static const struct starter *starter;
static const char *default_user, *plain_why;
static struct rule *any; /* root's, for whom no rule names; or NULL */
static enum privilege privilege;

void
permit_init(struct policy *p, const struct starter *s, const char *user,
    enum privilege rights, const char *plain)
{
	policy = p;
	starter = s;
	default_user = user;
	privilege = rights;
	plain_why = plain;
}

void
permit_forget(void)
{
	policy_free(policy);
}

enum privilege
permit_privilege(void)
{
	return (privilege);
}

const char *
permit_place(void)
{
	return (policy->place);
}

/*
 * The rule that permits it, or NULL. A rule for a user whom the command line
 * has left out does not count: nothing could make a child run as that user.
 */
static struct rule *
permit(const char *user, const struct command *c)
{
	struct rule *r;

	r = policy_match(policy, starter, user, c);
	if (r == NULL || r->action != RULE_PERMIT || r->runas == NULL)
		return (NULL);
	return (r);
}

/* A command line as exec will get it; what is returned is to be freed. */
static char *
permit_words(struct command *c, const char *shell, const char *line)
{
	size_t len = strlen(shell) + 1, linelen = strlen(line) + 1;
	char *p;

	if ((p = malloc(len + 3 + linelen)) == NULL)
		fatal("words of a command");
	memcpy(p, shell, len);
	memcpy(p + len, "-c", 3);
	memcpy(p + len + 3, line, linelen);
	memset(c, 0, sizeof(*c));
	c->path = shell;
	c->argv.base = p;
	c->argv.len = (uint32_t)(len + 3 + linelen);
	c->argv.count = 3;
	return (p);
}

/* The rule that permits a command line in that shell, or NULL. */
static struct rule *
permit_shell(const char *user, const struct gids *groups, const char *shell,
    const char *line)
{
	struct command c;
	struct rule *r;
	char *words;

	words = permit_words(&c, shell, line);
	c.groups = groups;
	r = permit(user, &c);
	free(words);
	return (r);
}

void
permit_each(void (*fn)(struct rule *))
{
	struct rule *r;

	TAILQ_FOREACH (r, &policy->rules, entry)
		if (r->runas != NULL)
			fn(r);
	if (any != NULL)
		fn(any);
}

static void
permit_count(struct rule *r)
{
	if (r->children != 0)
		count_open(r, starter->uid);
}

void
permit_counts(void)
{
	permit_each(permit_count);
}

const char *
permit_name(const char *user)
{
	return (*user == '\0' ? default_user : user);
}

void
permit_any(struct rule *r)
{
	any = r;
}

const char *
permit_whom(const char *user, const char *group)
{
	static char whom[2 * RUN_PATH_MAX];
	const struct runas *t;

	if (policy_isnumber(user) && (t = runas_by_uid(user)) != NULL)
		user = t->user;
	if (*group == '\0')
		return (permit_name(user));
	(void)snprintf(whom, sizeof(whom), "%s:%s", permit_name(user), group);
	return (whom);
}

/*
 * The groups that a run asks for, or NULL. A name that no rule has is nobody's
 * id, and so are more of them than a rule can list. Until the next call.
 */
static const struct gids *
permit_groups(const struct run *r)
{
	static gid_t list[POLICY_LIST_MAX];
	static struct gids g = { list, 0 };
	const char *name = r->groups.base;
	uint32_t i;
	gid_t gid;

	if (!(r->flags & RUN_GROUPS))
		return (NULL);
	g.n = 0;
	for (i = 0; i < r->groups.count; i++, name = strvec_next(name)) {
		if (g.n == POLICY_LIST_MAX ||
		    policy_gid(policy, name, &gid) == -1) {
			list[0] = (gid_t)-1;
			g.n = 1;
			break;
		}
		if (!gids_has(&g, gid))
			list[g.n++] = gid;
	}
	return (&g);
}

/* The same of those that name whom they are for. */
static struct rule *
permit_named(const struct run *r)
{
	const char *user = permit_name(r->user), *shell;
	const struct gids *groups = permit_groups(r);
	struct command c = { .groups = groups };

	if (!(r->flags & RUN_SHELL)) {
		c.argv = r->args;
		c.path = permit_program(r);
		return (permit(user, &c));
	}
	if (*r->executable != '\0')
		shell = r->executable;
	else if ((shell = runas_shell(user)) == NULL)
		return (NULL);
	return (permit_shell(user, groups, shell, r->args.base));
}

struct rule *
permit_run(const struct run *r)
{
	struct rule *rule = permit_named(r);

	/* Only who becomes somebody anew has groups to choose from. */
	if (any != NULL && (rule == NULL || r->flags & RUN_GROUPS))
		return (any);
	return (rule);
}

const char *
permit_program(const struct run *r)
{
	const char *shell;

	if (*r->executable != '\0')
		return (r->executable);
	if (!(r->flags & RUN_SHELL))
		return (r->args.base);
	shell = runas_shell(permit_name(r->user));
	return (shell != NULL ? shell : "a shell");
}

struct rule *
permit_kill(const struct rule *rule, const char *line)
{
	const struct runas *t = rule->runas;
	char whom[2 * POLICY_WORD_MAX];
	struct rule *r;

	r = permit_shell(t->user, NULL, t->base.shell, line);
	if (r != NULL && r->runas == t)
		return (r);
	/* In the rule's own words, so that those for other groups are not. */
	(void)snprintf(whom, sizeof(whom), "%s%s%s", t->user,
	    rule->group != NULL ? ":" : "",
	    rule->group != NULL ? rule->group : "");
	r = permit_shell(whom, rule->groups != NULL ? &rule->gids : NULL,
	    t->base.shell, line);
	return (r != NULL && r->runas == t ? r : NULL);
}

/* Why nothing permits that, into buf. 1: it is the user that cannot be had. */
static int
permit_why(const char *user, const struct command *c, char *buf, size_t size)
{
	static const char *const texts[] = {
		[DENIAL_UNKNOWN] = "names somebody unknown",
		[DENIAL_GROUP] = "is for another group",
		[DENIAL_GROUPS] = "is not for these groups",
		[DENIAL_PROGRAM] = "is for another program",
		[DENIAL_NAME] = "has its path as the first argument",
		[DENIAL_ARGS] = "has other arguments",
		[DENIAL_RULE] = "denies it",
	};
	enum denial d;
	int line;

	d = policy_denial(policy, starter, user, c, &line);
	if (privilege == PRIVILEGE_NONE && d != DENIAL_GROUPS) {
		(void)snprintf(buf, size, "nobody but %s can be had, as %s",
		    runas_self_name(), plain_why);
		return (1);
	}
	if (line == 0 && (d == DENIAL_GROUP || d == DENIAL_GROUPS))
		(void)snprintf(buf, size, "no rule is for %s",
		    d == DENIAL_GROUP ? "that group" : "these groups");
	else if (d != DENIAL_NONE)
		(void)snprintf(buf, size, "line %d %s", line, texts[d]);
	else if (policy_match(policy, starter, user, c) != NULL)
		(void)snprintf(buf, size, "-limit-users leaves it out");
	else if (starter->uid == 0)
		(void)snprintf(buf, size, "the command line does not name it");
	else
		(void)snprintf(buf, size, "no rule permits it");
	return (d < DENIAL_GROUPS || d == DENIAL_RULE);
}

void
permit_why_user(const char *user, char *buf, size_t size)
{
	(void)permit_why(user, NULL, buf, size);
}

int
permit_why_run(const struct run *r, char *buf, size_t size)
{
	const char *user = permit_name(r->user);
	struct command c = { .groups = permit_groups(r) };
	char *words;
	int ret;

	if (!(r->flags & RUN_SHELL)) {
		c.path = permit_program(r);
		c.argv = r->args;
		return (permit_why(user, &c, buf, size));
	}
	words = permit_words(&c, permit_program(r), r->args.base);
	c.groups = permit_groups(r);
	ret = permit_why(user, &c, buf, size);
	free(words);
	return (ret);
}

int
permit_lowest(const struct rule *r)
{
	return (r->nice != NICE_UNSET && r->nice < 0 ? r->nice : 0);
}

/* Is it the default user, or one whom we have told of with other groups? */
static int
permit_is_told(const struct runas *t)
{
	struct runas *before = NULL;

	if (strcmp(t->user, default_user) == 0)
		return (1);
	while ((before = runas_next(before)) != t)
		if (strcmp(before->user, t->user) == 0)
			return (1);
	return (0);
}

size_t
permit_users(char *buf, size_t size, uint32_t *count)
{
	struct runas *t;
	size_t len = strlen(default_user) + 1, n;

	if (len > size)
		fatalx("users: the first one is too long");
	memcpy(buf, default_user, len);
	*count = 1;
	for (t = runas_next(NULL); t != NULL; t = runas_next(t)) {
		n = strlen(t->user) + 1;
		if (permit_is_told(t) || n > size - len)
			continue;
		memcpy(buf + len, t->user, n);
		len += n;
		(*count)++;
	}
	return (len);
}

struct rule *
permit_user(const char *user)
{
	return (permit(user, NULL));
}

struct rule *
permit_uid(uid_t uid)
{
	struct runas *t;
	struct rule *r;

	for (t = runas_next(NULL); t != NULL; t = runas_next(t))
		if (t->uid == uid && (r = permit_user(t->user)) != NULL)
			return (r);
	return (NULL);
}

int
uid_is_starter(uid_t uid)
{
	return (uid == starter->uid && uid != 0);
}
