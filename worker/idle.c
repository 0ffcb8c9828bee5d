/*
 * Children that may not be silent for long: priv is told once one was. While
 * the node does not take what there is, by a window or at the port, a child
 * may well have to wait: that is no silence of its own.
 */

#include <time.h>

#include "log.h"
#include "worker.h"

/* ms: no timer is set for longer, whatever the system's time can hold. */
#define IDLE_LOOK 86400000

static int64_t
idle_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

static void
idle_look_in(struct wchild *c, int64_t ms)
{
	struct timeval tv;

	if (ms > IDLE_LOOK)
		ms = IDLE_LOOK;
	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	if (event_add(&c->quiet.ev, &tv) == -1)
		fatal("watching a silence");
}

static int
idle_is_held(const struct wchild *c)
{
	int i;

	for (i = 0; i < 2; i++)
		if (c->out[i].fd != -1 &&
		    (c->out[i].paused || c->out[i].queued))
			return (1);
	return (0);
}

static void
on_quiet(void *arg)
{
	struct wchild *c = arg;
	int64_t left;

	if (idle_is_held(c))
		idle_heard(c);
	left = c->heard + (int64_t)c->idle - idle_now();
	if (left > 0) {
		idle_look_in(c, left);
		return;
	}
	c->idle = 0;
	notify_child(c->id, IMSG_IDLE);
}

void
idle_init(struct wchild *c, uint64_t ms)
{
	c->idle = ms;
	callback_set(&c->quiet, -1, 0, on_quiet, c);
}

void
idle_start(struct wchild *c)
{
	if (c->idle == 0)
		return;
	idle_heard(c);
	idle_look_in(c, (int64_t)c->idle);
}

void
idle_heard(struct wchild *c)
{
	if (c->idle != 0)
		c->heard = idle_now();
}

void
idle_end(struct wchild *c)
{
	c->idle = 0;
	(void)event_del(&c->quiet.ev);
}
