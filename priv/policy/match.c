/*
 * The policy's decision. The rules are root's; who asks, and what for, is
 * hostile. No file, no memory and no system call is needed.
 */

#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

int
policy_identity(const struct rule *r, const struct starter *s)
{
	int i;

	if (!r->resolved)
		return (0);
	if (!r->ident_is_group)
		return (r->ident_uid == s->uid);
	if (r->ident_gid == s->gid)
		return (1);
	for (i = 0; i < s->ngroups; i++)
		if (r->ident_gid == s->groups[i])
			return (1);
	return (0);
}

int
policy_isnumber(const char *s)
{
	return (*s != '\0' && s[strspn(s, "0123456789")] == '\0');
}

/*
 * Is that the user asked for? By name, since two users may share an id and
 * not the rest of their passwd entry.
 */
static int
match_user(const struct rule *r, const char *user)
{
	size_t len = strcspn(user, ":");
	const char *group, *why;
	long long n;

	if (strncmp(r->user, user, len) != 0 || r->user[len] != '\0')
		return (0);
	if (user[len] == '\0' || r->action == RULE_DENY)
		return (1);
	if (r->group == NULL)
		return (0);
	group = user + len + 1;
	if (!policy_isnumber(group))
		return (strcmp(r->group, group) == 0);
	n = strtonum(group, 0, ID_MAX_VALUE, &why);
	return (why == NULL && r->gid == (gid_t)n);
}

static int
match_args(const struct rule *r, const struct strvec *argv)
{
	const char *arg = argv->base;
	uint32_t i;

	if (r->args == NULL)
		return (1);
	for (i = 1; i < argv->count; i++) {
		arg = strvec_next(arg);
		if (r->args[i - 1] == NULL || strcmp(r->args[i - 1], arg) != 0)
			return (0);
	}
	return (r->args[i - 1] == NULL);
}

/* Does it list those groups, and no others? */
static int
match_groups(const struct rule *r, const struct gids *groups)
{
	return (r->groups != NULL && gids_equal(&r->gids, groups));
}

/* DENIAL_NONE: it is that command. Else the first thing that it lacks. */
static enum denial
match_command(const struct rule *r, const struct command *c)
{
	if (c != NULL && c->groups != NULL && !match_groups(r, c->groups))
		return (DENIAL_GROUPS);
	if (r->cmd == NULL)
		return (DENIAL_NONE);
	if (c == NULL || c->argv.count == 0 || strcmp(r->cmd, c->path) != 0)
		return (DENIAL_PROGRAM);
	/* A shell, and not only that, does as its argv[0] says. */
	if (strcmp(r->cmd, c->argv.base) != 0)
		return (DENIAL_NAME);
	return (match_args(r, &c->argv) ? DENIAL_NONE : DENIAL_ARGS);
}

struct rule *
policy_match(const struct policy *p, const struct starter *s, const char *user,
    const struct command *c)
{
	struct rule *r, *last = NULL;
	int matches;

	TAILQ_FOREACH (r, &p->rules, entry) {
		if (!policy_identity(r, s))
			continue;
		matches = match_user(r, user);
		/*
		 * What was permitted by one name of a user is denied by any
		 * other name of the same id, too.
		 */
		if (r->action == RULE_DENY)
			matches =
			    matches || (last != NULL && last->uid == r->uid);
		else
			matches = matches && match_command(r, c) == DENIAL_NONE;
		if (matches)
			last = r;
	}
	return (last);
}

int
policy_gid(const struct policy *p, const char *name, gid_t *gid)
{
	const struct rule *r;
	const char *why;
	int i;

	if (policy_isnumber(name)) {
		*gid = (gid_t)strtonum(name, 0, ID_MAX_VALUE, &why);
		return (why == NULL ? 0 : -1);
	}
	TAILQ_FOREACH (r, &p->rules, entry)
		for (i = 0; i < r->gids.n; i++)
			if (strcmp(r->groups[i], name) == 0) {
				*gid = r->gids.list[i];
				return (0);
			}
	return (-1);
}

int
policy_concerns(const struct policy *p, const struct starter *s)
{
	const struct rule *r;

	TAILQ_FOREACH (r, &p->rules, entry)
		if (r->line > 0 && policy_identity(r, s))
			return (1);
	return (0);
}

/* How near does a permit that does not match come to it? */
static enum denial
nearness(const struct rule *r, const struct starter *s, const char *user,
    const struct command *c)
{
	size_t len = strcspn(user, ":");

	if (r->action == RULE_DENY || strncmp(r->user, user, len) != 0 ||
	    r->user[len] != '\0')
		return (DENIAL_NONE);
	if (!r->resolved)
		return (DENIAL_UNKNOWN);
	if (!policy_identity(r, s))
		return (DENIAL_NONE);
	return (match_user(r, user) ? match_command(r, c) : DENIAL_GROUP);
}

enum denial
policy_denial(const struct policy *p, const struct starter *s, const char *user,
    const struct command *c, int *line)
{
	enum denial d, nearest = DENIAL_NONE;
	const struct rule *r;

	*line = 0;
	if ((r = policy_match(p, s, user, c)) != NULL) {
		*line = r->line;
		return (r->action == RULE_DENY ? DENIAL_RULE : DENIAL_NONE);
	}
	TAILQ_FOREACH (r, &p->rules, entry)
		if ((d = nearness(r, s, user, c)) != DENIAL_NONE &&
		    d >= nearest) {
			nearest = d;
			*line = r->line;
		}
	return (nearest);
}

/* Does a later rule decide whatever r would? */
static int
rule_covers(const struct rule *later, const struct rule *r)
{
	size_t i;

	if (later->action == RULE_DENY) /* see policy_match() */
		return (
		    strcmp(later->user, r->user) == 0 || later->uid == r->uid);
	if (strcmp(later->user, r->user) != 0)
		return (0);
	if (r->group != NULL &&
	    (later->group == NULL || strcmp(later->group, r->group) != 0))
		return (0);
	if (r->groups != NULL && !match_groups(later, &r->gids))
		return (0);
	if (later->cmd == NULL)
		return (1);
	if (r->cmd == NULL || strcmp(later->cmd, r->cmd) != 0)
		return (0);
	if (later->args == NULL)
		return (1);
	if (r->args == NULL)
		return (0);
	for (i = 0; later->args[i] != NULL && r->args[i] != NULL; i++)
		if (strcmp(later->args[i], r->args[i]) != 0)
			return (0);
	return (later->args[i] == r->args[i]);
}

int
policy_decides(const struct rule *r, const struct starter *s)
{
	const struct rule *later = r;

	if (!policy_identity(r, s))
		return (0);
	while ((later = TAILQ_NEXT(later, entry)) != NULL)
		if (policy_identity(later, s) && rule_covers(later, r))
			return (0);
	return (1);
}
