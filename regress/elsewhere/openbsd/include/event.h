#ifndef OPENBSD_EVENT_H
#define OPENBSD_EVENT_H

#include <sys/types.h>
#include <sys/time.h>
#include <sys/queue.h>

#define EV_TIMEOUT 0x01
#define EV_READ 0x02
#define EV_WRITE 0x04
#define EV_SIGNAL 0x08
#define EV_PERSIST 0x10
#define EVLOOP_ONCE 0x01
#define EVLOOP_NONBLOCK 0x02

struct event {
	TAILQ_ENTRY(event) ev_next, ev_active_next, ev_signal_next;
	int ev_fd;
	short ev_events, ev_ncalls;
	struct timeval ev_timeout;
	void (*ev_callback)(int, short, void *);
	void *ev_arg;
};

struct event_base;

#define evtimer_set(ev, fn, arg) event_set(ev, -1, 0, fn, arg)
#define evtimer_add(ev, tv) event_add(ev, tv)
#define evtimer_del(ev) event_del(ev)
#define evtimer_pending(ev, tv) event_pending(ev, EV_TIMEOUT, tv)
#define signal_set(ev, n, fn, arg) \
	event_set(ev, n, EV_SIGNAL | EV_PERSIST, fn, arg)
#define signal_add(ev, tv) event_add(ev, tv)

struct event_base *event_init(void);
int event_add(struct event *, const struct timeval *);
int event_del(struct event *);
int event_dispatch(void);
int event_loop(int);
int event_loopexit(const struct timeval *);
int event_pending(struct event *, short, struct timeval *);
void event_set(struct event *, int, short, void (*)(int, short, void *),
    void *);

#endif
