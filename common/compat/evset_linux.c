/* epoll(7). */

#include <sys/epoll.h>

#include <errno.h>
#include <stddef.h>

#include "compat/evset.h"
#include "log.h"

#define TURN 64 /* descriptors in one turn */

static int set = -1;

void
evset_open(void)
{
	if ((set = epoll_create1(EPOLL_CLOEXEC)) == -1)
		fatal("epoll");
}

int
evset_set(struct watch *w, int events)
{
	struct epoll_event ev = { 0 };
	int op;

	if (events == w->events)
		return (0);
	op = events == 0      ? EPOLL_CTL_DEL
	     : w->events == 0 ? EPOLL_CTL_ADD
			      : EPOLL_CTL_MOD;
	ev.events = (events & EVSET_IN ? (uint32_t)EPOLLIN : 0) |
		    (events & EVSET_OUT ? (uint32_t)EPOLLOUT : 0);
	ev.data.ptr = w;
	/* One that could not be taken out is in it still, and is not heard. */
	if (epoll_ctl(set, op, w->fd, &ev) == -1 && events != 0 &&
	    (errno != EEXIST ||
		epoll_ctl(set, EPOLL_CTL_MOD, w->fd, &ev) == -1))
		return (-1);
	w->events = events;
	return (0);
}

int
evset_run(int ms, const sigset_t *mask)
{
	struct epoll_event ev[TURN];
	struct watch *w;
	int i, n, is;

	if ((n = epoll_pwait(set, ev, TURN, ms, mask)) == -1) {
		if (errno != EINTR)
			fatal("epoll");
		return (0);
	}
	for (i = 0; i < n; i++) {
		w = ev[i].data.ptr;
		is = (ev[i].events & EPOLLIN ? EVSET_IN : 0) |
		     (ev[i].events & EPOLLOUT ? EVSET_OUT : 0) |
		     (ev[i].events & (EPOLLHUP | EPOLLERR) ? EVSET_END : 0);
		/* Somebody before it may have set it to nothing. */
		if (w->events != 0)
			w->fn(w->arg, is);
	}
	return (n > 0);
}
