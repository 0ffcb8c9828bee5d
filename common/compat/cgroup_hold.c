/*
 * Groups that stand still: by cgroup.freeze of version 2, or by the freezer of
 * version 1. What a group above does holds for it, too.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cgroup.h"

const char *
cgroup_hold_file(int v2)
{
	return (v2 ? "cgroup.freeze" : "freezer.state");
}

const char *
cgroup_hold_text(int v2, int hold)
{
	if (v2)
		return (hold ? "1" : "0");
	return (hold ? "FROZEN" : "THAWED");
}

int
cgroup_hold(const struct cgroup_tree *t, const char *name, int hold)
{
	char path[256];

	(void)snprintf(
	    path, sizeof(path), "%s/%s", name, cgroup_hold_file(t->v2));
	return (cgroup_put(t->dir, path, cgroup_hold_text(t->v2, hold)));
}

int
cgroup_is_held(const struct cgroup_tree *t, const char *name)
{
	char path[256], text[256];

	(void)snprintf(path, sizeof(path), "%s/%s", name,
	    t->v2 ? "cgroup.events" : cgroup_hold_file(0));
	if (cgroup_get(t->dir, path, text, sizeof(text)) == -1)
		return (-1);
	if (t->v2)
		return (strstr(text, "frozen 1") != NULL);
	return (strcmp(text, "FROZEN\n") == 0);
}
