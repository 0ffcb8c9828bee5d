/* poll(2), for systems whose own way nobody has written here yet. */

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "compat/evset.h"
#include "log.h"

static struct {
	struct watch *watch;
} * watches;
static struct pollfd *fds;
static size_t count, room;

void
evset_open(void)
{
}

static size_t
place(const struct watch *w)
{
	size_t i;

	for (i = 0; i < count && watches[i].watch != w; i++)
		continue;
	return (i);
}

int
evset_set(struct watch *w, int events)
{
	size_t i = place(w);

	if (events == 0 && i < count)
		watches[i] = watches[--count];
	if (events != 0 && i == count) {
		if (count == room) {
			room = room * 2 + 8;
			watches = reallocarray(watches, room, sizeof(*watches));
			fds = reallocarray(fds, room, sizeof(*fds));
			if (watches == NULL || fds == NULL)
				fatal("no memory for what is watched");
		}
		watches[count++].watch = w;
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

	for (i = 0; i < count; i++) {
		fds[i].fd = watches[i].watch->fd;
		fds[i].events =
		    (short)((watches[i].watch->events & EVSET_IN ? POLLIN : 0) |
			    (watches[i].watch->events & EVSET_OUT ? POLLOUT
								  : 0));
		fds[i].revents = 0;
	}
	ts.tv_sec = ms / 1000;
	ts.tv_nsec = (ms % 1000) * 1000000L;
	if (ppoll(fds, (nfds_t)count, ms == -1 ? NULL : &ts, mask) == -1) {
		if (errno != EINTR)
			fatal("poll");
		return (0);
	}
	for (i = 0; i < count && n < 64; i++) {
		if (fds[i].revents == 0)
			continue;
		w[n] = watches[i].watch;
		is[n++] =
		    (fds[i].revents & POLLIN ? EVSET_IN : 0) |
		    (fds[i].revents & POLLOUT ? EVSET_OUT : 0) |
		    (fds[i].revents & ~(POLLIN | POLLOUT) ? EVSET_END : 0);
	}
	for (i = 0; i < n; i++)
		if (w[i]->events != 0)
			w[i]->fn(w[i]->arg, is[i]);
	return (n > 0);
}
