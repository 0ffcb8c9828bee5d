/*
 * What limits do: see event.h. Much of it is told as one, as it may happen
 * all the time. Trees of version 1 tell nothing of themselves: there it is
 * known at the end only.
 */

#include <stdio.h>
#include <string.h>

#include "log.h"

#include "keeper/event.h"
#include "keeper/stats.h"

#define APART 100 /* ms from one that is told to the next */

static void
event_tell(void *arg)
{
	static const enum leaf_stat what[3] = { LEAF_OOM_KILLS,
		LEAF_PIDS_DENIED, LEAF_HIGHS };
	uint64_t stat[LEAF_STATS_COUNT], now[3];
	const struct cgroup_tree *t;
	struct leaf *l = arg;
	size_t i, count;
	int news = 0;

	if (l->ending)
		return;
	t = leaf_trees(&count);
	stats_read(t, count, l->used, l->path, 0, stat);
	for (i = 0; i < 3; i++) {
		now[i] = stat[what[i]] == LEAF_UNKNOWN ? 0 : stat[what[i]];
		news |= now[i] > l->told[i];
	}
	if (!news)
		return;
	memcpy(l->told, now, sizeof(l->told));
	leaf_say_event(l, now);
	timer_set(&l->tell, APART, event_tell, l);
}

/* If the last that was told is not long ago it waits for its time. */
static void
event_came(void *arg)
{
	struct leaf *l = arg;

	if (!l->tell.set)
		event_tell(l);
}

static void
event_file(
    struct leaf *l, struct watch *w, enum leaf_controller c, const char *file)
{
	const struct cgroup_tree *t = leaf_tree();

	if (t->v2 && t->controllers >> c & 1 &&
	    watch_add(w, t->dir, l->path, file, event_came, l) == -1)
		log_warn("what happens to a leaf is not told");
}

void
event_watch(struct leaf *l, const struct leaf_limits *m)
{
	if (LEAF_GIVEN(m, LEAF_MEMORY_MAX) || LEAF_GIVEN(m, LEAF_MEMORY_HIGH))
		event_file(l, &l->memory, LEAF_CTL_MEMORY, "memory.events");
	if (LEAF_GIVEN(m, LEAF_PIDS_MAX))
		event_file(l, &l->pids, LEAF_CTL_PIDS, "pids.events");
}
