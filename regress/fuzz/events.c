/*
 * libevent's calls that the worker makes, over poll(2) and without a sleep:
 * what is due, an input says.
 */

#include <poll.h>
#include <string.h>

#include <event.h>

#include "events.h"
#include "fuzz.h"

#define EVENTS 256

static struct {
	struct event *ev;
	int64_t due; /* ms; or -1: at no time */
} waiting[EVENTS];
static int count;
static void (*called)(evutil_socket_t, short, void *);

int64_t events_now;

static int
place(const struct event *ev)
{
	int i;

	for (i = 0; i < count; i++)
		if (waiting[i].ev == ev)
			return (i);
	return (-1);
}

struct event_base *
event_init(void)
{
	fuzz_wrong("nothing begins here");
}

void
event_set(struct event *ev, evutil_socket_t fd, short what,
    void (*fn)(evutil_socket_t, short, void *), void *arg)
{
	if (place(ev) != -1)
		fuzz_wrong("an event is set that is waited for");
	memset(ev, 0, sizeof(*ev));
	ev->ev_fd = fd;
	ev->ev_events = what;
	/* worker/callback.c: the same for all, and each has itself. */
	if (arg != ev || (called != NULL && called != fn))
		fuzz_wrong("an event that is not the worker's");
	called = fn;
}

int
event_add(struct event *ev, const struct timeval *tv)
{
	int i = place(ev);

	if (i == -1) {
		if (count == EVENTS)
			fuzz_wrong("events are left");
		i = count++;
		waiting[i].ev = ev;
		waiting[i].due = -1;
	}
	if (tv != NULL)
		waiting[i].due = events_now + (int64_t)tv->tv_sec * 1000 +
				 tv->tv_usec / 1000;
	return (0);
}

int
event_del(struct event *ev)
{
	int i = place(ev);

	if (i != -1)
		waiting[i] = waiting[--count];
	return (0);
}

int
event_pending(const struct event *ev, short what, struct timeval *tv)
{
	(void)what;
	(void)tv;
	return (place(ev) != -1);
}

/* One that was waited for when this turn began, and may not be any more. */
static void
happens(struct event *ev, int ready)
{
	int i = place(ev);

	if (i == -1 ||
	    (!ready && (waiting[i].due == -1 || waiting[i].due > events_now)))
		return;
	if (!(ev->ev_events & EV_PERSIST))
		(void)event_del(ev);
	called(ev->ev_fd, ev->ev_events, ev);
}

int
event_loop(int flags)
{
	struct pollfd pfd[EVENTS];
	struct event *evs[EVENTS];
	int i, n = count;

	(void)flags;
	for (i = 0; i < n; i++) {
		evs[i] = waiting[i].ev;
		pfd[i].fd = evs[i]->ev_fd;
		pfd[i].events = 0;
		pfd[i].revents = 0;
		if (evs[i]->ev_events & EV_READ)
			pfd[i].events |= POLLIN;
		if (evs[i]->ev_events & EV_WRITE)
			pfd[i].events |= POLLOUT;
	}
	if (poll(pfd, (nfds_t)n, 0) == -1)
		fuzz_wrong("nothing can be waited for");
	for (i = 0; i < n; i++) {
		if (pfd[i].revents & POLLNVAL)
			fuzz_wrong("a descriptor is waited for that is none");
		happens(evs[i], pfd[i].revents != 0);
	}
	return (0);
}
