/* What brings something for the node: see source.h. */

#include <errno.h>

#include "timer.h"

#include "task/frame.h"
#include "task/source.h"
#include "task/table.h"

#define WAITING_MAX 262144U /* bytes that wait to leave */

static TAILQ_HEAD(held_list, source) held = TAILQ_HEAD_INITIALIZER(held);

static struct timer retry;

/* The end of this turn looks at those that are held. */
static void
on_retry(void *arg)
{
	(void)arg;
}

static void
hold(struct source *s, int events)
{
	s->held = events;
	TAILQ_INSERT_TAIL(&held, s, next);
}

static int
watch(struct source *s, int events)
{
	if (evset_set(&s->watch, events) == 0)
		return (0);
	if (errno != ENOMEM && errno != ENOSPC)
		return (-1);
	hold(s, events);
	if (!retry.set)
		timer_set(&retry, SOURCE_RETRY, on_retry, NULL);
	return (0);
}

int
source_set(struct source *s, int events)
{
	if (s->held != 0) {
		if (events != 0) {
			s->held = events;
			return (0);
		}
		TAILQ_REMOVE(&held, s, next);
		s->held = 0;
	}
	return (watch(s, events));
}

int
source_hold(struct source *s)
{
	if (s->held != 0)
		return (1);
	if (frame_waiting() < WAITING_MAX)
		return (0);
	hold(s, s->watch.events);
	(void)evset_set(&s->watch, 0);
	return (1);
}

void
source_release(void)
{
	struct held_list those = TAILQ_HEAD_INITIALIZER(those);
	struct source *s;
	int events;

	if (frame_waiting() >= WAITING_MAX / 2 || retry.set)
		return;
	TAILQ_CONCAT(&those, &held, next);
	while ((s = TAILQ_FIRST(&those)) != NULL) {
		TAILQ_REMOVE(&those, s, next);
		events = s->held;
		s->held = 0;
		(void)watch(s, events);
	}
}
