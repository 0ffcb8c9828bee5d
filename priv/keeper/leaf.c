/*
 * The table of leaves, and what is said of them: see leaf.h.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat/tree.h"
#include "log.h"

#include "keeper/leaf.h"
#include "keeper/stats.h"

static int
leaf_cmp(const struct leaf *a, const struct leaf *b)
{
	return (a->id < b->id ? -1 : a->id > b->id);
}

static RB_HEAD(leaf_tree, leaf) leaves = RB_INITIALIZER(&leaves);
TREE_GENERATE(leaf_tree, leaf, entry, leaf_cmp)

static struct channel *priv;
static const char *instance;
static const struct cgroup_tree *trees;
static size_t count;

void
leaf_init(
    struct channel *c, const char *path, const struct cgroup_tree *t, size_t n)
{
	priv = c;
	instance = path;
	trees = t;
	count = n;
}

const struct cgroup_tree *
leaf_trees(size_t *n)
{
	*n = count;
	return (trees);
}

const struct cgroup_tree *
leaf_tree(void)
{
	return (&trees[0]);
}

struct leaf *
leaf_new(uint32_t id, uint32_t used, const char *path)
{
	struct leaf *l;

	if ((l = calloc(1, sizeof(*l))) == NULL ||
	    (l->path = strdup(path)) == NULL)
		fatal("no memory for a leaf");
	l->id = id;
	l->used = used;
	if (RB_INSERT(leaf_tree, &leaves, l) != NULL)
		fatalx("leaf %u is there already", (unsigned int)id);
	return (l);
}

struct leaf *
leaf_by_id(uint32_t id)
{
	struct leaf key;

	key.id = id;
	return (RB_FIND(leaf_tree, &leaves, &key));
}

void
leaf_each(void (*fn)(struct leaf *))
{
	struct leaf *l;

	RB_FOREACH (l, leaf_tree, &leaves)
		fn(l);
}

void
leaf_free(struct leaf *l)
{
	(void)RB_REMOVE(leaf_tree, &leaves, l);
	timer_clear(&l->patience);
	timer_clear(&l->look);
	timer_clear(&l->deadline);
	timer_clear(&l->tell);
	watch_end(&l->state);
	watch_end(&l->memory);
	watch_end(&l->pids);
	free(l->path);
	free(l);
}

int
leaf_put(const struct leaf *l, const char *file, const char *text)
{
	char name[LEAF_PATH_MAX + 32];

	(void)snprintf(name, sizeof(name), "%s/%s", l->path, file);
	return (cgroup_put(trees[0].dir, name, text) == -1 ? errno : 0);
}

void
leaf_say_done(uint32_t id, enum leaf_op op, int error, const char *text)
{
	uint8_t buf[MSG_LEAF_DONE_MAX];

	channel_send(priv, IMSG_LEAF_DONE, -1, buf,
	    proto_pack_leaf_done(buf, id, op, error, text));
}

void
leaf_say_state(const struct leaf *l, enum leaf_op op,
    const uint64_t stat[LEAF_STATS_COUNT])
{
	static uint8_t buf[MSG_LEAF_STATE_MAX];
	static char path[PATH_MAX + LEAF_PATH_MAX];
	struct msg_leaf_state m = { 0 };

	m.id = l->id;
	m.op = op;
	memcpy(m.stat, stat, sizeof(m.stat));
	(void)snprintf(path, sizeof(path), "%s/%s", instance, l->path);
	channel_send(priv, IMSG_LEAF_STATE, -1, buf,
	    proto_pack_leaf_state(buf, &m, path));
}

void
leaf_say_event(const struct leaf *l, const uint64_t told[3])
{
	struct msg_leaf_event m = { 0 };

	m.id = l->id;
	m.oom_kills = told[0];
	m.pids_denied = told[1];
	m.highs = told[2];
	channel_send(priv, IMSG_LEAF_EVENT, -1, &m, sizeof(m));
}

void
leaf_say_door(uint32_t id, int fd, uint32_t left)
{
	struct msg_leaf m = { id, left };

	channel_send(priv, IMSG_LEAF, fd, &m, sizeof(m));
}
