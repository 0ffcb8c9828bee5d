/*
 * Changes of user and groups, and proof that they hold.
 */

#include <grp.h>
#include <stdlib.h>
#include <unistd.h>

#include "compat/proc.h"
#include "drop.h"
#include "log.h"

void
drop_user(uid_t uid, gid_t gid, const gid_t *groups, int ngroups)
{
	if (setgroups((proc_ngroups)ngroups, groups) == -1)
		fatal("setgroups");
	if (setresgid(gid, gid, gid) == -1)
		fatal("setresgid to %u", (unsigned int)gid);
	if (setresuid(uid, uid, uid) == -1)
		fatal("setresuid to %u", (unsigned int)uid);
	proc_undumpable();
}

static int
listed(gid_t gid, const gid_t *groups, int ngroups)
{
	int i;

	for (i = 0; i < ngroups; i++)
		if (groups[i] == gid)
			return (1);
	return (0);
}

/* In any order: the kernel has its own. */
static int
groups_are(const gid_t *groups, int ngroups)
{
	gid_t *have;
	int i, n;

	if ((n = getgroups(0, NULL)) != ngroups)
		return (0);
	if (groups == NULL)
		return (1);
	have = calloc((size_t)n + 1, sizeof(*have));
	if (have == NULL || getgroups(n, have) != n)
		fatal("drop: groups");
	for (i = 0; i < n && listed(have[i], groups, ngroups); i++)
		continue;
	free(have);
	return (i == n);
}

void
drop_prove(uid_t uid, gid_t gid, const gid_t *groups, int ngroups)
{
	uid_t u[3];
	gid_t g[3];

	if (getresuid(&u[0], &u[1], &u[2]) == -1 ||
	    getresgid(&g[0], &g[1], &g[2]) == -1)
		fatal("drop: ids");
	if (u[0] != uid || u[1] != uid || u[2] != uid || g[0] != gid ||
	    g[1] != gid || g[2] != gid || !groups_are(groups, ngroups))
		fatalx("uid, gid or groups are not those set");
}

void
drop_prove_no_root(void)
{
	if (setuid(0) != -1 || seteuid(0) != -1)
		fatalx("root can be had back");
}
