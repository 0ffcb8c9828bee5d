/*
 * Whom a run of root's names, where root has said that it may be anybody: they
 * are looked up for each run, by the launcher, which is root and sees passwd.
 * Never root itself, nor who our own processes are.
 */

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/privdrop.h"
#include "policy/policy.h"
#include "policy/runas.h"
#include "policy/userenv.h"
#include "proto.h"

#include "launcher/any.h"

/* A group by name or number: 0, or -1 with errno. */
static int
any_group(const char *name, gid_t *gid)
{
	const struct group *gr;
	const char *why;

	if (policy_isnumber(name)) {
		*gid = (gid_t)strtonum(name, 0, RUN_ID_MAX, &why);
		errno = EINVAL;
		return (why == NULL ? 0 : -1);
	}
	if ((gr = getgrnam(name)) == NULL) {
		errno = ENOENT;
		return (-1);
	}
	*gid = gr->gr_gid;
	return (0);
}

/* The groups that a run names: all it has besides its own. NULL with errno. */
static gid_t *
any_listed(const struct strvec *v, int *n)
{
	const char *name = v->base;
	gid_t *groups;

	*n = 0;
	if ((groups = calloc((size_t)v->count + 1, sizeof(*groups))) == NULL)
		return (NULL);
	for (; *n < (int)v->count; (*n)++, name = strvec_next(name))
		if (any_group(name, &groups[*n]) == -1) {
			free(groups);
			return (NULL);
		}
	return (groups);
}

int
any_begin(struct spawn_base *b, const struct run *r)
{
	char name[RUN_PATH_MAX];
	size_t len = strcspn(r->user, ":");
	const struct passwd *pw;
	gid_t *groups;

	memcpy(name, r->user, len);
	name[len] = '\0';
	if ((pw = userenv_passwd(name)) == NULL) {
		errno = ENOENT;
		return (-1);
	}
	b->uid = pw->pw_uid;
	b->gid = pw->pw_gid;
	errno = EPERM;
	if (b->uid == 0 || privdrop_is_own(b->uid) ||
	    (r->user[len] == ':' &&
		any_group(r->user + len + 1, &b->gid) == -1))
		return (-1);
	groups = r->flags & RUN_GROUPS
		     ? any_listed(&r->groups, &b->ngroups)
		     : userenv_groups(pw->pw_name, b->gid, &b->ngroups);
	if (groups == NULL)
		return (-1);
	b->groups = groups;
	b->environ = b->keepenv =
	    userenv_login(pw->pw_name, pw->pw_dir, pw->pw_shell);
	return (0);
}

void
any_end(struct spawn_base *b)
{
	size_t i;

	for (i = 0; b->environ[i] != NULL; i++)
		free(b->environ[i]);
	free(b->environ);
	free((void *)(uintptr_t)b->groups);
}
