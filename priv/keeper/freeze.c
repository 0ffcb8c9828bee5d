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

	if (leaf_event(l, "frozen") == 1)
		answer(l, 0);
	else if (l->state.number == 0)
		timer_set(&l->look, PAUSE, freeze_look, l);
}

static void
freeze_late(void *arg)
{
	answer(arg, ETIMEDOUT);
}

void
freeze_begin(struct leaf *l)
{
	int error;

	l->freezes++;
	if ((error = leaf_put(l, "cgroup.freeze", "1")) != 0) {
		answer(l, error);
		return;
	}
	(void)watch_add(&l->state, leaf_tree()->dir, l->path, "cgroup.events",
	    freeze_look, l);
	if (!l->patience.set)
		timer_set(&l->patience, PATIENCE, freeze_late, l);
	freeze_look(l);
}

void
freeze_end(struct leaf *l)
{
	answer(l, ECANCELED);
	leaf_say_done(l->id, LEAF_THAW, leaf_put(l, "cgroup.freeze", "0"), "");
}
