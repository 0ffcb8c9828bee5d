/*
 * What priv can ask: see request.h. It is believed no more than anybody: a
 * leaf that is there already, or whose user is nobody, ends the keeper.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "leaf_limit.h"

#include "keeper/end.h"
#include "keeper/event.h"
#include "keeper/freeze.h"
#include "keeper/leaf.h"
#include "keeper/limits.h"
#include "keeper/request.h"
#include "keeper/stats.h"

static uint32_t users;

void
request_init(uint32_t n)
{
	users = n;
}

/* Names that our own are like: no child's is to be in another's way. */
static int
is_ours(const char *name)
{
	return (*name == 'c' && name[1] != '\0' &&
		name[1 + strspn(name + 1, "0123456789")] == '\0');
}

/* Its groups are made, one in each tree that is used: 0 or an errno. */
static int
make_groups(uint32_t used, const char *path)
{
	const struct cgroup_tree *t;
	size_t i, count;
	int error;

	t = leaf_trees(&count);
	for (i = 0; i < count; i++) {
		if (!(used >> i & 1) || cgroup_mkdir(&t[i], path) == 0)
			continue;
		error = errno;
		while (i-- > 0)
			if (used >> i & 1)
				(void)cgroup_rmdir(t[i].dir, path);
		return (error);
	}
	return (0);
}

static void
remove_groups(uint32_t used, const char *path)
{
	const struct cgroup_tree *t;
	size_t i, count;

	t = leaf_trees(&count);
	for (i = 0; i < count; i++)
		if (used >> i & 1)
			(void)cgroup_rmdir(t[i].dir, path);
}

/* What the child enters them by: 0 or an errno, and then nothing is open. */
static int
open_doors(uint32_t used, const char *path, int fds[CGROUP_TREES], uint32_t *n)
{
	const struct cgroup_tree *t;
	size_t i, count;
	int error;

	t = leaf_trees(&count);
	*n = 0;
	for (i = 0; i < count; i++) {
		if (!(used >> i & 1))
			continue;
		if ((fds[*n] = cgroup_door(&t[i], path)) != -1) {
			(*n)++;
			continue;
		}
		error = errno;
		while (*n > 0)
			(void)close(fds[--*n]);
		return (error);
	}
	return (0);
}

/* Make it: 0, or an errno and what it was that could not be had. */
static int
make(const struct msg_leaf_make *m, const char *path, const char **failed)
{
	const struct cgroup_tree *t;
	enum leaf_limit limit;
	uint32_t used, n = 0, i;
	int fds[CGROUP_TREES], error;
	size_t count;

	t = leaf_trees(&count);
	*failed = "";
	error = limits_trees(&m->limits, t, count, &used, &limit);
	if (error != 0) {
		*failed = leaf_limit_name(limit);
		return (error);
	}
	used |= 1U; /* what contains it */
	if ((error = make_groups(used, path)) != 0) {
		*failed = m->name;
		return (error);
	}
	error = limits_write(&m->limits, t, count, path, &limit);
	if (error != 0)
		*failed = leaf_limit_name(limit);
	else
		error = open_doors(used, path, fds, &n);
	if (error != 0) {
		remove_groups(used, path);
		return (error);
	}
	event_watch(leaf_new(m->id, used, path), &m->limits);
	for (i = 0; i < n; i++)
		leaf_say_door(m->id, fds[i], n - 1 - i);
	return (0);
}

static int
handle_make(const struct msg *msg)
{
	const struct msg_leaf_make *m = &msg->leaf_make;
	char path[LEAF_PATH_MAX];
	const char *failed = m->name;
	int error = EINVAL;

	if (m->target >= users || leaf_by_id(m->id) != NULL || m->id == 0)
		return (-1);
	if (m->name[0] == '\0')
		(void)snprintf(path, sizeof(path), "t%u/c%u",
		    (unsigned int)m->target, (unsigned int)m->id);
	else
		(void)snprintf(path, sizeof(path), "t%u/%s",
		    (unsigned int)m->target, m->name);
	if (!is_ours(m->name))
		error = make(m, path, &failed);
	leaf_say_done(m->id, LEAF_MAKE, error, failed);
	return (0);
}

/* 0, or an errno and the limit that cannot be had. */
static int
set(struct leaf *l, const struct leaf_limits *m, const char **failed)
{
	const struct cgroup_tree *t;
	enum leaf_limit limit;
	uint32_t used;
	size_t count;
	int error;

	t = leaf_trees(&count);
	*failed = "";
	error = limits_trees(m, t, count, &used, &limit);
	/* Who is in it cannot be put into another group now. */
	if (error == 0 && used & ~l->used)
		error = limits_outside(m, t, count, l->used, &limit);
	if (error == 0)
		error = limits_write(m, t, count, l->path, &limit);
	if (error != 0)
		*failed = leaf_limit_name(limit);
	else
		event_watch(l, m);
	return (error);
}

static int
handle_set(const struct msg *msg)
{
	const struct msg_leaf_make *m = &msg->leaf_make;
	struct leaf *l = leaf_by_id(m->id);
	const char *failed = "";
	int error;

	if (l == NULL || l->ending)
		return (-1);
	error = set(l, &m->limits, &failed);
	leaf_say_done(m->id, LEAF_SET, error, failed);
	return (0);
}

static void
tell_stats(const struct leaf *l)
{
	uint64_t stat[LEAF_STATS_COUNT];
	const struct cgroup_tree *t;
	size_t count;

	t = leaf_trees(&count);
	stats_read(t, count, l->used, l->path, 1, stat);
	leaf_say_state(l, LEAF_STATS, stat);
}

static int
handle_ask(const struct msg *msg)
{
	const struct msg_leaf_ask *m = &msg->leaf_ask;
	struct leaf *l = leaf_by_id(m->id);

	if (l == NULL || l->ending)
		return (-1);
	switch (m->op) {
	case LEAF_KILL:
		end_kill(l);
		return (0);
	case LEAF_FREEZE:
		freeze_begin(l);
		return (0);
	case LEAF_THAW:
		freeze_end(l);
		return (0);
	case LEAF_STATS:
		tell_stats(l);
		return (0);
	case LEAF_END:
		end_begin(l);
		return (0);
	default:
		return (-1);
	}
}

const struct dispatch keeper_table[] = {
	{ IMSG_LEAF_MAKE, 1, handle_make },
	{ IMSG_LEAF_SET, 1, handle_set },
	{ IMSG_LEAF_ASK, 1, handle_ask },
};
const size_t keeper_rows = sizeof(keeper_table) / sizeof(keeper_table[0]);
