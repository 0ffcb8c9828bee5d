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
#define AGAIN 16 /* looks; what cannot be killed in one blow is again then */
#define DEAF 16 /* ms: others than we have to kill what is left by then */
#define PAUSE_MAX 512 /* ms, where the kernel should have told */
#define PAUSE_OLD 32 /* where it tells nothing */

static void end_look(void *);

void
end_kill(struct leaf *l)
{
	int error;

	/* We may not signal: who may is told to. */
	if (leaf_tree()->how != CGROUP_AT_ONCE) {
		leaf_say_done(l->id, LEAF_KILL, EBUSY, l->path);
		return;
	}
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

/*
 * Remove its groups, of which some may be gone: 0, or -1 with errno. Whoever is
 * in the first is in the others, too: as long as that is not empty they stay,
 * with what they have counted.
 */
static int
end_remove(struct leaf *l)
{
	const struct cgroup_tree *t;
	size_t i, count;

	t = leaf_trees(&count);
	for (i = 0; i < count; i++) {
		if (!(l->used >> i & 1))
			continue;
		if (cgroup_rmdir(t[i].dir, l->path) == -1 && errno != ENOENT)
			return (-1);
		l->used &= ~(1U << i);
	}
	return (0);
}

/* What it has used is in its files as long as those are there. */
static void
end_look(void *arg)
{
	uint64_t stat[LEAF_STATS_COUNT];
	const struct cgroup_tree *t;
	unsigned int pause_max = leaf_tree()->v2 ? PAUSE_MAX : PAUSE_OLD;
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
	if (leaf_tree()->how != CGROUP_AT_ONCE) {
		if (l->looks >= AGAIN && !(l->looks & (l->looks - 1)))
			end_kill(l);
	} else if (l->pause == DEAF) {
		(void)leaf_put(l, "cgroup.freeze", "1");
		leaf_say_done(l->id, LEAF_KILL, EBUSY, l->path);
	}
	if (l->pause >= 4 && leaf_tree()->v2)
		(void)watch_add(&l->state, leaf_tree()->dir, l->path,
		    "cgroup.events", end_look, l);
	l->looks++;
	l->pause = l->pause == 0 ? 1 : l->pause * 2;
	if (l->pause > pause_max)
		l->pause = pause_max;
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
