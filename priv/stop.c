/*
 * Ending things: one child with its deadline, or all of them and whatever
 * they left behind, then ourselves.
 */

#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/signals.h"
#include "log.h"
#include "policy/count.h"
#include "policy/policy.h"
#include "policy/shape.h"
#include "priv.h"

#define STOP_TICK 20 /* ms between looks for orphans in a shutdown */
#define LAST_TICK 2 /* the same when there is nobody else */
#define STOP_GIVEUP 10000 /* ms after SIGKILL that a process may take */

static unsigned int state = STATE_RUN;
static int status_wanted;
static int killing, finished;
static int idle_ends; /* a launcher is missing */
static int orphans; /* that were left at the last look */
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

/* The first cause counts. 0: there was one before. */
static int
stop_because(struct child *c, uint32_t reason)
{
	if (c->reason != REASON_NORMAL)
		return (0);
	c->reason = reason;
	return (1);
}

/*
 * A stopped process hears nothing but SIGKILL, so that SIGCONT follows any
 * other signal here. What a child wants to hear is agreed with it and its
 * group: who has left that hears SIGTERM.
 */
static void
stop_send(struct child *c, int sig, int family)
{
	pid_t group;

	if (c->run_flags & RUN_KILL_GROUP && !family &&
	    (group = child_group(c)) != 0) {
		signals_group(group, sig);
		/* It may have left for another group by itself. */
		if (getpgid(c->pid) == group)
			return;
	}
	if (family && !(c->flags & CHILD_FOREIGN)) {
		reaper_descendants(c->pid, sig == SIGKILL ? SIGKILL : SIGTERM);
		signals_group(c->pid, sig);
		if (getpgid(c->pid) == c->pid)
			return;
	}
	if (child_signal(c, sig) == -1) {
		if (!killing)
			log_warn("signal %d to pid %d", sig, (int)c->pid);
	} else if (sig != SIGKILL)
		(void)child_signal(c, SIGCONT);
}

static void
stop_deadline(void *arg)
{
	struct child *c = arg;

	log_debug("pid %d did not end in time", (int)c->pid);
	c->flags |= CHILD_KILLED;
	stop_send(c, SIGKILL, state == STATE_STOP || c->flags & CHILD_HELPER);
}

/*
 * Run a child's own kill command, in the shell, with CHILD_PID set. It is a
 * child like others, but nobody is told of it. 0, or -1: not possible.
 */
static int
stop_command(struct child *c)
{
	char pid[32];
	struct run r = { 0 };
	struct child *helper;
	char *env;
	int i, place;

	/* Without a rule nobody may run it. */
	if (c->kill_rule == NULL || !launch_alive(c->target) || child_full())
		return (-1);
	(void)snprintf(pid, sizeof(pid), "CHILD_PID=%d", (int)c->pid);
	for (i = 0; i < 3; i++)
		r.io[i].path = "";
	r.executable = r.cd = r.user = r.kill = "";
	r.flags = RUN_SHELL | RUN_EXEC_ANSWER;
	r.kill_timeout = c->kill_timeout;
	r.args.base = c->kill;
	r.args.len = (uint32_t)strlen(c->kill) + 1;
	r.env.base = pid;
	r.env.len = (uint32_t)strlen(pid) + 1;
	r.args.count = r.env.count = 1;
	if (count_take(c->kill_rule, &place) == -1) {
		log_warnx("a kill command has no room: line %d permits %u"
			  " children",
		    c->kill_rule->line, (unsigned int)c->kill_rule->children);
		return (-1);
	}
	if ((env = shape_run(&r, c->kill_rule)) == NULL) {
		count_give(c->kill_rule, place);
		return (-1);
	}
	helper = child_new(&r, c->target, c->kill_rule);
	helper->place = place;
	helper->flags = CHILD_HELPER;
	helper->victim = c->id;
	r.id = helper->id;
	launch_run(helper, &r);
	free(env);
	return (0);
}

/*
 * A kill command runs: as long as its target's deadline, at most. One that
 * was over before it was named is freed.
 */
void
stop_helper(struct child *helper)
{
	if (helper->flags & CHILD_ENDED) {
		child_free(helper);
		return;
	}
	log_debug("kill command runs as pid %d", (int)helper->pid);
	if (!helper->deadline.set)
		timer_set(&helper->deadline, helper->kill_timeout,
		    stop_deadline, helper);
}

/* The command could not be executed: the stop signal has to do. */
void
stop_helper_failed(const struct child *helper)
{
	struct child *c = child_by_id(helper->victim);

	log_warnx("a kill command cannot be executed");
	if (c != NULL && c->pid != 0 && !(c->flags & CHILD_ENDED))
		stop_send(c, c->stop_signal, state == STATE_STOP);
}

/* The shell says by its status that there is no such command, or no way. */
void
stop_helper_ended(const struct child *helper, int status)
{
	if (WIFEXITED(status) &&
	    (WEXITSTATUS(status) == 126 || WEXITSTATUS(status) == 127))
		stop_helper_failed(helper);
}

/* Its stop signal or its own command now, SIGKILL when its time is over. */
static void
stop_begin(struct child *c, int family)
{
	int again = c->deadline.set;

	if (again && !family)
		return;
	/* The pid of a dead one is nothing that a command may be given. */
	if (again || c->kill == NULL || c->flags & CHILD_LINGERS ||
	    stop_command(c) == -1)
		stop_send(c, c->stop_signal, family);
	linger_cut(c);
	if (!again)
		timer_set(&c->deadline, c->kill_timeout, stop_deadline, c);
}

/* The node wants it to end: however it does so is no failure. */
void
stop_child(struct child *c)
{
	if (stop_because(c, REASON_STOPPED))
		stop_begin(c, 0);
}

/* Not ours to end. An answer of which it is the subject may still wait. */
static void
stop_foreign(struct child *c)
{
	if (!(c->flags & CHILD_ENDED)) {
		(void)stop_because(c, REASON_SHUTDOWN);
		c->status = -1;
		child_unlist(c);
	}
	if (c->flags & CHILD_TOLD)
		child_free(c);
}

/*
 * Its input was cut. Whoever of its family reads the rest would take what
 * comes then for the end of it, so all of them go, and before the leader's end
 * is told.
 */
void
stop_cut(struct child *c)
{
	if (!(c->flags & CHILD_LINGERS))
		c->flags |= CHILD_KILLED;
	stop_send(c, SIGKILL, 1);
}

/* It has run for as long as it may. */
static void
stop_timeout(void *arg)
{
	struct child *c = arg;

	/* It has ended in time: nobody waits longer for what it left. */
	if (c->flags & CHILD_LINGERS) {
		linger_cut(c);
		return;
	}
	if (!stop_because(c, REASON_TIMEOUT))
		return;
	log_debug("pid %d: its time is over", (int)c->pid);
	stop_begin(c, 0);
}

/* It has begun to run: see that it ends. */
void
stop_limit(struct child *c)
{
	if (c->timeout != 0 && !(c->flags & CHILD_ENDED))
		timer_set(&c->limit, c->timeout, stop_timeout, c);
}

/* For a shutdown: its group and other descendants, too. */
static void
stop_one(struct child *c)
{
	if (c->flags & CHILD_FOREIGN) {
		stop_foreign(c);
		return;
	}
	if (c->flags & CHILD_HELD) {
		/* What is left of its group is found as orphans are. */
		group_release(c);
		return;
	}
	if (c->pid == 0 || (c->flags & CHILD_ENDED))
		return;
	(void)stop_because(c, REASON_SHUTDOWN);
	if (c->flags & CHILD_HELPER && !killing) {
		stop_helper(c);
		return;
	}
	if (killing) {
		c->flags |= CHILD_KILLED;
		stop_send(c, SIGKILL, 1);
	} else
		stop_begin(c, 1);
}

/* A child that was on its way when the end began. */
void
stop_late(struct child *c)
{
	if (state == STATE_STOP)
		stop_one(c);
}

/* Is there nobody left? */
void
stop_check(void)
{
	if (state == STATE_RUN && idle_ends && child_idle())
		stop_all(EXIT_RING);
	if (state != STATE_STOP || finished || child_count() > 0)
		return;
	if (orphans == 0 && stray_adopt() > 0) {
		child_each(stop_one);
		return;
	}
	orphans = reaper_orphans(killing ? SIGKILL : SIGTERM);
	finished = orphans == 0;
}

static void
stop_tick(void *arg)
{
	(void)arg;
	if (killing)
		child_each(stop_one);
	if (child_count() > 0)
		orphans = reaper_orphans(killing ? SIGKILL : SIGTERM);
	stop_check();
	timer_set(&tick_timer, child_count() > 0 ? STOP_TICK : LAST_TICK,
	    stop_tick, NULL);
}

/* Those that we know, and what they have left behind. */
static int
stop_left(void)
{
	return (child_count() + orphans);
}

static void
stop_giveup(void *arg)
{
	(void)arg;
	log_warnx("%d processes survive SIGKILL", stop_left());
	finished = 1;
}

static void
stop_kill(void *arg)
{
	(void)arg;
	if (stop_left() > 0)
		log_warnx("%d children did not end in time", stop_left());
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

/*
 * A launcher has died, and priv cannot make another one. It ends, so that its
 * supervisor starts it anew, but not before those who are alive have ended.
 */
void
stop_when_idle(void)
{
	idle_ends = 1;
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
