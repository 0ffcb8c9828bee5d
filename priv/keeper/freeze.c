/*
 * Frozen leaves: see freeze.h.
 */

#include <errno.h>

#include "keeper/freeze.h"

#define PAUSE 10 /* ms, where the kernel does not tell */
#define PATIENCE 5000 /* ms that a process may be on its way in the kernel */

static void
answer(struct leaf *l, int error)
{
	timer_clear(&l->patience);
	timer_clear(&l->look);
	watch_end(&l->state);
	for (; l->freezes > 0; l->freezes--)
		leaf_say_done(l->id, LEAF_FREEZE, error, "");
}

static void
freeze_look(void *arg)
{
	struct leaf *l = arg;

	if (cgroup_is_held(leaf_tree(), l->path) == 1)
		answer(l, 0);
	else if (l->state.number == 0)
		timer_set(&l->look, PAUSE, freeze_look, l);
}

static void
freeze_late(void *arg)
{
	answer(arg, ETIMEDOUT);
}

/* 0 or an errno. */
static int
freeze_put(const struct leaf *l, int hold)
{
	return (cgroup_hold(leaf_tree(), l->path, hold) == -1 ? errno : 0);
}

void
freeze_begin(struct leaf *l)
{
	int error;

	l->freezes++;
	if ((error = freeze_put(l, 1)) != 0) {
		answer(l, error);
		return;
	}
	if (leaf_tree()->v2)
		(void)watch_add(&l->state, leaf_tree()->dir, l->path,
		    "cgroup.events", freeze_look, l);
	if (!l->patience.set)
		timer_set(&l->patience, PATIENCE, freeze_late, l);
	freeze_look(l);
}

void
freeze_end(struct leaf *l)
{
	answer(l, ECANCELED);
	leaf_say_done(l->id, LEAF_THAW, freeze_put(l, 0), "");
}
