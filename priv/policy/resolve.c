/*
 * The names in the rules, as passwd and group know them. All are looked up
 * once, before any byte of the port is read.
 */

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

/*
 * Was that "there is none", or could nobody say? The C libraries have these
 * ways to tell the former.
 */
static int
resolve_failed(void)
{
	return (errno != 0 && errno != ENOENT && errno != ESRCH);
}

/* 1: there is one; 0: there is none; -1: could not be asked. */
static int
resolve_user(const char *name, uid_t *uid, gid_t *gid)
{
	const struct passwd *pw;

	errno = 0;
	if ((pw = getpwnam(name)) == NULL)
		return (resolve_failed() ? -1 : 0);
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return (1);
}

static int
resolve_group(const char *name, gid_t *gid)
{
	const struct group *gr;

	errno = 0;
	if ((gr = getgrnam(name)) == NULL)
		return (resolve_failed() ? -1 : 0);
	*gid = gr->gr_gid;
	return (1);
}

/* The same, or a number: parse.y has seen to it that it is one. */
static int
resolve_gid(const char *name, gid_t *gid)
{
	if (!policy_isnumber(name))
		return (resolve_group(name, gid));
	*gid = (gid_t)strtoul(name, NULL, 10);
	return (1);
}

static int
resolve_ident(struct rule *r)
{
	const char *name = r->ident;
	gid_t gid;

	if (*name == ':') {
		r->ident_is_group = 1;
		return (resolve_gid(name + 1, &r->ident_gid));
	}
	if (!policy_isnumber(name))
		return (resolve_user(name, &r->ident_uid, &gid));
	r->ident_uid = (uid_t)strtoul(name, NULL, 10);
	return (1);
}

/*
 * A number gets its name, by which a run may ask for it, if there is one. 0,
 * or -1 with errno.
 */
static int
resolve_name(char **name, gid_t gid)
{
	const struct group *gr;
	char *found;

	if (!policy_isnumber(*name))
		return (0);
	errno = 0;
	if ((gr = getgrgid(gid)) == NULL)
		return (resolve_failed() ? -1 : 0);
	if ((found = strdup(gr->gr_name)) == NULL)
		return (-1);
	freezero(*name, strlen(*name));
	*name = found;
	return (0);
}

/*
 * The groups that a rule lists: 0, or -1, which was logged. Without this rule
 * another one could give more than they are, so each must be there.
 */
static int
resolve_groups(struct policy *p, struct rule *r, const char *name)
{
	struct gids *g = &r->gids;
	gid_t gid;
	size_t n = 0;
	char **word;
	int found;

	if (r->groups == NULL)
		return (0);
	while (r->groups[n] != NULL)
		n++;
	if ((g->list = calloc(n + 1, sizeof(*g->list))) == NULL) {
		policy_tell(p, name, r->line, 1, "%s", strerror(errno));
		return (-1);
	}
	for (word = r->groups; *word != NULL; word++) {
		found = resolve_gid(*word, &gid);
		if (found == 0)
			policy_tell(p, name, r->line, 1,
			    "there is no group \"%.64s\"", *word);
		else if (found == -1 || resolve_name(word, gid) == -1)
			policy_tell(p, name, r->line, 1,
			    "cannot look up \"%.64s\": %s", *word,
			    strerror(errno));
		else if (gids_has(g, gid))
			policy_tell(p, name, r->line, 1,
			    "groups: \"%.64s\" a second time", *word);
		else {
			g->list[g->n++] = gid;
			continue;
		}
		return (-1);
	}
	return (0);
}

/* The same for all names of a rule; *what is the one that decided it. */
static int
resolve_rule(struct rule *r, const char **what)
{
	int found;

	*what = r->ident;
	if ((found = resolve_ident(r)) != 1)
		return (found);
	*what = r->user;
	if ((found = resolve_user(r->user, &r->uid, &r->gid)) != 1)
		return (found);
	*what = r->group;
	if (r->group != NULL)
		return (resolve_group(r->group, &r->gid));
	return (1);
}

int
policy_resolve(struct policy *p, const char *name)
{
	unsigned int before = p->errors;
	struct rule *r;
	const char *what;

	TAILQ_FOREACH (r, &p->rules, entry) {
		if (r->resolved)
			continue;
		switch (resolve_rule(r, &what)) {
		case -1:
			policy_tell(p, name, r->line, 1,
			    "cannot look up \"%s\": %s", what, strerror(errno));
			break;
		case 0:
			/* A deny that is misspelt must not become a permit. */
			policy_tell(p, name, r->line, r->action == RULE_DENY,
			    "there is no \"%s\": this rule is without effect",
			    what);
			break;
		default:
			r->resolved = resolve_groups(p, r, name) == 0;
			break;
		}
	}
	return (p->errors == before ? 0 : -1);
}
