/* poll(2), for systems whose own way nobody has written here yet. */

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "compat/evset.h"
#include "log.h"

static struct {
	struct place {
		struct watch *watch;
	} * watches;
	struct pollfd *fds;
	size_t count, room;
} set;

void
evset_open(void)
{
}

static size_t
place(const struct watch *w)
{
	size_t i;

	for (i = 0; i < set.count && set.watches[i].watch != w; i++)
		continue;
	return (i);
}

int
evset_set(struct watch *w, int events)
{
	size_t i = place(w);

	if (events == 0 && i < set.count)
		set.watches[i] = set.watches[--set.count];
	if (events != 0 && i == set.count) {
		if (set.count == set.room) {
			set.room = set.room * 2 + 8;
			set.watches = reallocarray(
			    set.watches, set.room, sizeof(*set.watches));
			set.fds =
			    reallocarray(set.fds, set.room, sizeof(*set.fds));
			if (set.watches == NULL || set.fds == NULL)
				fatal("no memory for what is watched");
		}
		set.watches[set.count++].watch = w;
	}
	w->events = events;
	return (0);
}

int
evset_run(int ms, const sigset_t *mask)
{
	struct watch *w[64];
	struct timespec ts;
	int is[64];
	size_t i, n = 0;

	for (i = 0; i < set.count; i++) {
		set.fds[i].fd = set.watches[i].watch->fd;
		set.fds[i].events =
		    (short)((set.watches[i].watch->events & EVSET_IN ? POLLIN
								     : 0) |
			    (set.watches[i].watch->events & EVSET_OUT ? POLLOUT
								      : 0));
		set.fds[i].revents = 0;
	}
	ts.tv_sec = ms / 1000;
	ts.tv_nsec = (ms % 1000) * 1000000L;
	if (ppoll(set.fds, (nfds_t)set.count, ms == -1 ? NULL : &ts, mask) ==
	    -1) {
		if (errno != EINTR)
			fatal("poll");
		return (0);
	}
	for (i = 0; i < set.count && n < 64; i++) {
		if (set.fds[i].revents == 0)
			continue;
		w[n] = set.watches[i].watch;
		is[n++] =
		    (set.fds[i].revents & POLLIN ? EVSET_IN : 0) |
		    (set.fds[i].revents & POLLOUT ? EVSET_OUT : 0) |
		    (set.fds[i].revents & ~(POLLIN | POLLOUT) ? EVSET_END : 0);
	}
	for (i = 0; i < n; i++)
		if (w[i]->events != 0)
			w[i]->fn(w[i]->arg, is[i]);
	return (n > 0);
}
