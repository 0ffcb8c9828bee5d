/*
 * Deadlines, in a tree by time: setting, clearing and finding the first cost
 * the same however many there are, and nothing ticks.
 */

#include <limits.h>
#include <time.h>

#include "compat/tree.h"
#include "timer.h"

static int
timer_cmp(const struct timer *a, const struct timer *b)
{
	if (a->at != b->at)
		return (a->at < b->at ? -1 : 1);
	return (a->seq < b->seq ? -1 : a->seq > b->seq);
}

static RB_HEAD(timer_tree, timer) timers = RB_INITIALIZER(&timers);
TREE_GENERATE(timer_tree, timer, entry, timer_cmp)

static uint64_t timer_seq;

static int64_t
timer_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

void
timer_set(struct timer *t, int64_t ms, void (*fn)(void *), void *arg)
{
	timer_clear(t);
	t->at = timer_now() + ms;
	t->seq = timer_seq++;
	t->fn = fn;
	t->arg = arg;
	t->set = 1;
	(void)RB_INSERT(timer_tree, &timers, t);
}

void
timer_clear(struct timer *t)
{
	if (!t->set)
		return;
	t->set = 0;
	(void)RB_REMOVE(timer_tree, &timers, t);
}

int64_t
timer_left(const struct timer *t)
{
	int64_t ms;

	if (!t->set)
		return (0);
	ms = t->at - timer_now();
	return (ms > 0 ? ms : 0);
}

int
timer_wait(void)
{
	const struct timer *t;
	int64_t ms;

	if ((t = RB_MIN(timer_tree, &timers)) == NULL)
		return (-1);
	/* One more: the clock was cut to whole milliseconds. */
	ms = t->at - timer_now() + 1;
	if (ms < 0)
		return (0);
	return (ms > INT_MAX ? INT_MAX : (int)ms);
}

void
timer_run(void)
{
	struct timer *t;
	int64_t now = timer_now();

	while ((t = RB_MIN(timer_tree, &timers)) != NULL && t->at <= now) {
		timer_clear(t);
		t->fn(t->arg);
	}
}
