/*
 * The end of a leaf: see end.h. Mostly it is empty by now, and gone at once.
 * The kernel tells that one has become empty, but not more often than each
 * 10 ms; so at first it is looked at before that.
 */

#include <errno.h>
#include <stdio.h>

#include "log.h"

#include "keeper/end.h"
#include "keeper/stats.h"

#define PATIENCE 10000 /* ms; what is left then cannot be killed */
#define DEAF 16 /* ms: others than we have to kill what is left by then */
#define PAUSE_MAX 512 /* ms, where the kernel should have told */

static void end_look(void *);

void
end_kill(struct leaf *l)
{
	int error;

	if ((error = leaf_put(l, "cgroup.kill", "1")) == 0 || error == ENOENT ||
	    error == ENODEV)
		return;
	errno = error;
	log_warn("a leaf cannot be killed");
}

/* Told, and forgotten. */
static void
end_done(struct leaf *l, const uint64_t stat[LEAF_STATS_COUNT])
{
	leaf_say_state(l, LEAF_END, stat);
	leaf_free(l);
}

static void
end_give_up(void *arg)
{
	uint64_t stat[LEAF_STATS_COUNT];
	const struct cgroup_tree *t;
	struct leaf *l = arg;
	size_t count;

	t = leaf_trees(&count);
	log_warnx("a leaf has processes that cannot be killed: it stays");
	stats_read(t, count, l->used, l->path, 0, stat);
	end_done(l, stat);
}

/* Remove its groups, of which some may be gone: 0, or -1 with errno. */
static int
end_remove(struct leaf *l)
{
	const struct cgroup_tree *t;
	size_t i, count;
	int error = 0;

	t = leaf_trees(&count);
	for (i = 0; i < count; i++) {
		if (!(l->used >> i & 1))
			continue;
		if (cgroup_rmdir(t[i].dir, l->path) == 0 || errno == ENOENT)
			l->used &= ~(1U << i);
		else
			error = errno;
	}
	errno = error;
	return (l->used == 0 ? 0 : -1);
}

/* What it has used is in its files as long as those are there. */
static void
end_look(void *arg)
{
	uint64_t stat[LEAF_STATS_COUNT];
	const struct cgroup_tree *t;
	struct leaf *l = arg;
	size_t count;

	t = leaf_trees(&count);
	stats_read(t, count, l->used, l->path, 0, stat);
	if (end_remove(l) == 0) {
		end_done(l, stat);
		return;
	}
	if (errno != EBUSY && l->pause == 0)
		log_warn("a leaf cannot be removed");
	if (!l->killed) {
		l->killed = 1;
		end_kill(l);
	}
	if (l->pause == DEAF) {
		(void)leaf_put(l, "cgroup.freeze", "1");
		leaf_say_done(l->id, LEAF_KILL, EBUSY, l->path);
	}
	if (l->pause >= 4)
		(void)watch_add(&l->state, leaf_tree()->dir, l->path,
		    "cgroup.events", end_look, l);
	l->pause = l->pause == 0 ? 1 : l->pause * 2;
	if (l->pause > PAUSE_MAX)
		l->pause = PAUSE_MAX;
	timer_set(&l->look, l->pause, end_look, l);
}

void
end_begin(struct leaf *l)
{
	l->ending = 1;
	watch_end(&l->state);
	timer_clear(&l->look);
	timer_clear(&l->patience);
	timer_set(&l->deadline, PATIENCE, end_give_up, l);
	end_look(l);
}
