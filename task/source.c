/* What brings something for the node: see source.h. */

#include "task/frame.h"
#include "task/source.h"
#include "task/table.h"

#define WAITING_MAX 262144U /* bytes that wait to leave */

static TAILQ_HEAD(held_list, source) held = TAILQ_HEAD_INITIALIZER(held);

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
	return (evset_set(&s->watch, events));
}

int
source_hold(struct source *s)
{
	if (s->held != 0)
		return (1);
	if (frame_waiting() < WAITING_MAX)
		return (0);
	s->held = s->watch.events;
	TAILQ_INSERT_TAIL(&held, s, next);
	(void)evset_set(&s->watch, 0);
	return (1);
}

void
source_release(void)
{
	struct source *s;
	int events;

	if (frame_waiting() >= WAITING_MAX / 2)
		return;
	while ((s = TAILQ_FIRST(&held)) != NULL) {
		TAILQ_REMOVE(&held, s, next);
		events = s->held;
		s->held = 0;
		(void)evset_set(&s->watch, events);
	}
}
