/*
 * Deadlines on the monotonic clock. A timer is part of what it is for, and is
 * to be cleared before that is freed.
 */

#ifndef TIMER_H
#define TIMER_H

#include <sys/types.h>
#include <sys/tree.h>

#include <stdint.h>

/* Zeroed memory is a timer that is not set. */
struct timer {
	RB_ENTRY(timer) entry;
	int64_t at; /* ms */
	uint64_t seq; /* of those for the same time the first set is first */
	int set;
	void (*fn)(void *);
	void *arg;
};

/*
 * Have fn called with arg by timer_run() in ms milliseconds. One that is set
 * is set anew. Nothing is allocated, so nothing fails.
 */
void timer_set(struct timer *, int64_t ms, void (*fn)(void *), void *arg);

/* Unset it, if it is set. */
void timer_clear(struct timer *);

/* Milliseconds that are left of it; 0 if it is due or not set. */
int64_t timer_left(const struct timer *);

/* Milliseconds to the first deadline, for poll(2): -1 if none is set. */
int timer_wait(void);

/*
 * Call what is due, the earliest first. A timer is not set any more when it
 * is called, and may be set or freed, and others cleared, by what it calls.
 */
void timer_run(void);

#endif
