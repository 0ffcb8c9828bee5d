/*
 * Broker, worker and keeper as priv has them: see ring.h.
 */

#include <signal.h>
#include <time.h>

#include "log.h"
#include "reap.h"
#include "stopped.h"

#include "monitor/channels.h"
#include "monitor/child.h"
#include "monitor/exit.h"
#include "monitor/launch.h"
#include "monitor/phase.h"
#include "monitor/ring.h"
#include "monitor/watch.h"

#define END_TICK 2 /* ms */
#define END_MAX 1000 /* ticks that they may take to end */

struct channel broker_channel, worker_channel, keeper_channel;

static void
ring_ended(struct child *c, int status)
{
	if (status == 0)
		return;
	log_warnx("%s ended %s", c->name, reap_words(status));
	phase_broken();
}

void
ring_add(const char *name, pid_t pid)
{
	(void)child_new_ring(name, pid, ring_ended);
}

void
ring_watch(void)
{
	struct child *c;

	for (c = child_next(1, 0); c != NULL; c = child_next(1, c->id))
		watch_child(c);
}

/* One that was stopped at the last look, and is still. */
static void
ring_look(void *arg)
{
	struct timer *timer = arg;
	struct child *c;
	unsigned int stopped;

	for (c = child_next(1, 0); c != NULL; c = child_next(1, c->id)) {
		stopped = reap_is_stopped(c->pid) ? 1 : 0;
		if (stopped && c->paused) {
			(void)kill(c->pid, SIGCONT);
			log_warnx("%s was stopped: continued", c->name);
			stopped = 0;
		}
		c->paused = stopped & 1;
		if (stopped)
			timer_set(timer, STOPPED_MAX, ring_look, timer);
	}
}

void
ring_check(void)
{
	static struct timer timer;

	if (!timer.set)
		timer_set(&timer, STOPPED_MAX, ring_look, &timer);
}

/* How many lived when they were looked at. */
static int
ring_count(void)
{
	struct child *c;
	uint32_t id;
	int n = 0;

	for (c = child_next(1, 0); c != NULL; c = child_next(1, id)) {
		id = c->id;
		exit_check(c); /* may free it */
		n++;
	}
	return (n);
}

static void
ring_sleep(void)
{
	struct timespec ts = { 0, END_TICK * 1000000L };

	(void)nanosleep(&ts, NULL);
}

void
ring_end(void)
{
	struct child *c;
	int i;

	/* Not all: a SIGCONT takes a stop away that is meant for a debugger. */
	for (c = child_next(1, 0); c != NULL; c = child_next(1, c->id))
		if (reap_is_stopped(c->pid))
			(void)kill(c->pid, SIGCONT);
	channel_close(&broker_channel);
	channel_shut(&keeper_channel);
	launch_close();
	for (i = 0; worker_channel.open && i < END_MAX &&
		    imsgbuf_queuelen(&worker_channel.ibuf) > 0;
	     i++) {
		if (channel_write(&worker_channel) == -1)
			break;
		ring_sleep();
	}
	channel_close(&worker_channel);
	for (i = 0; ring_count() > 0 && i < END_MAX; i++)
		ring_sleep();
	for (c = child_next(1, 0); c != NULL; c = child_next(1, c->id)) {
		log_warnx("%s does not end: killed", c->name);
		(void)kill(c->pid, SIGKILL);
	}
}
