/*
 * Ending things: one child with its deadline, or all of them and whatever
 * they left behind, then ourselves.
 */

#include <signal.h>
#include <unistd.h>

#include "compat/proc.h"
#include "log.h"
#include "priv.h"

#define STOP_TICK 20 /* ms between looks for orphans in a shutdown */
#define STOP_GIVEUP 10000 /* ms after SIGKILL that a process may take */

static unsigned int state = STATE_RUN;
static int status_wanted;
static int killing, finished;
static int64_t alarm_ms;
static struct timer tick_timer, alarm_timer;

void
stop_init(int64_t alarm)
{
	alarm_ms = alarm;
}

unsigned int
stop_state(void)
{
	return (state);
}

int
stop_done(void)
{
	return (finished);
}

int
stop_status(void)
{
	return (status_wanted);
}

static void
stop_signal(struct child *c, int sig, int family)
{
	if (family) {
		proc_signal_descendants(c->pid, sig);
		(void)kill(-c->pid, sig);
		if (getpgid(c->pid) == c->pid)
			return;
	}
	if (kill(c->pid, sig) == -1 && !killing)
		log_warn("signal %d to pid %d", sig, (int)c->pid);
}

static void
stop_deadline(void *arg)
{
	struct child *c = arg;

	log_debug("pid %d did not end in time", (int)c->pid);
	stop_signal(c, SIGKILL, state == STATE_STOP);
}

/* SIGTERM now, SIGKILL when its time is over. */
static void
stop_begin(struct child *c, int family)
{
	stop_signal(c, SIGTERM, family);
	if (!c->deadline.set)
		timer_set(&c->deadline, c->kill_timeout, stop_deadline, c);
}

/* The node wants it to end: however it does so is no failure. */
void
stop_child(struct child *c)
{
	if (c->flags & CHILD_STOPPED)
		return;
	c->flags |= CHILD_STOPPED;
	stop_begin(c, 0);
}

/* For a shutdown: its group and other descendants, too. */
static void
stop_one(struct child *c)
{
	if (c->pid == 0 || (c->flags & CHILD_ENDED))
		return;
	if (killing)
		stop_signal(c, SIGKILL, 1);
	else
		stop_begin(c, 1);
}

/* A child that was on its way when the end began. */
void
stop_late(struct child *c)
{
	if (state == STATE_STOP)
		stop_one(c);
}

static void
adopt(pid_t pid, void *arg)
{
	(void)arg;
	child_adopt(pid);
}

/* Is there nobody left? Only children are asked: ours, and given to us. */
void
stop_check(void)
{
	if (state != STATE_STOP || finished || child_count() > 0)
		return;
	if (proc_children(adopt, NULL) == 0 && child_count() > 0)
		return;
	finished = 1;
}

static void
stop_tick(void *arg)
{
	(void)arg;
	child_sweep();
	/* Until all launches are answered, a stranger may be one of them. */
	if (!launch_waiting())
		(void)proc_children(adopt, NULL);
	if (killing)
		child_each(stop_one);
	stop_check();
	timer_set(&tick_timer, STOP_TICK, stop_tick, NULL);
}

static void
stop_giveup(void *arg)
{
	(void)arg;
	log_warnx("%d processes survive SIGKILL", child_count());
	finished = 1;
}

static void
stop_kill(void *arg)
{
	(void)arg;
	if (child_count() > 0)
		log_warnx("%d children did not end in time", child_count());
	killing = 1;
	launch_abandon();
	child_each(stop_one);
	timer_set(&alarm_timer, STOP_GIVEUP, stop_giveup, NULL);
}

/* One of our own has failed: no status can be a clean one any more. */
void
stop_broken(void)
{
	if (status_wanted == EXIT_CLEAN)
		status_wanted = EXIT_RING;
}

/* End everything, then priv with this exit status. The first one counts. */
void
stop_all(int status)
{
	if (state == STATE_STOP)
		return;
	log_debug("shutting down with status %d", status);
	state = STATE_STOP;
	status_wanted = status;
	timer_set(&alarm_timer, alarm_ms, stop_kill, NULL);
	timer_set(&tick_timer, STOP_TICK, stop_tick, NULL);
	child_each(stop_one);
	stop_check();
}
