/*
 * Ending things: see stop.h.
 */

#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signals.h"
#include "log.h"

#include "monitor/audit.h"
#include "monitor/channels.h"
#include "monitor/exit.h"
#include "monitor/foreign.h"
#include "monitor/group.h"
#include "monitor/launch.h"
#include "monitor/contain.h"
#include "monitor/left.h"
#include "monitor/orphan.h"
#include "monitor/phase.h"
#include "monitor/stop.h"
#include "monitor/stray.h"
#include "policy/count.h"
#include "policy/leaf.h"
#include "policy/policy.h"
#include "policy/shape.h"

#define STOP_TICK 20 /* ms between looks for orphans in a shutdown */
#define LAST_TICK 2 /* the same when there is no child */
#define STOP_GIVEUP 10000 /* ms after SIGKILL that a process may take */

static int orphans; /* that were left at the last look */
static int64_t alarm_ms;
static struct timer tick_timer, alarm_timer;

void
stop_init(int64_t alarm)
{
	alarm_ms = alarm;
}

/* The first cause counts. 0: there was one before. */
static int
stop_because(struct child *c, enum reason reason)
{
	if (c->reason != REASON_NORMAL)
		return (0);
	c->reason = reason;
	return (1);
}

/* To c alone. A stopped process hears nothing but SIGKILL: SIGCONT follows. */
static void
stop_signal(const struct child *c, int sig)
{
	if (foreign_signal(c, sig) == -1) {
		if (phase_now() < PHASE_KILL)
			log_warn("signal %d to pid %d", sig, (int)c->pid);
	} else if (sig != SIGKILL)
		(void)foreign_signal(c, SIGCONT);
}

/* To its group, if it is to end with that. */
static void
stop_group(const struct child *c, int sig)
{
	pid_t group;

	if (c->run_flags & RUN_KILL_GROUP && (group = group_of(c)) != 0) {
		signals_group(group, sig);
		/* It may have left for another group by itself. */
		if (getpgid(c->pid) == group)
			return;
	}
	stop_signal(c, sig);
}

/*
 * To it, its group and its descendants. What a child wants to hear is agreed
 * with it and its group: what has left that hears SIGTERM.
 */
static void
stop_family(const struct child *c, int sig)
{
	if (c->kind != CHILD_FOREIGN) {
		orphan_signal_descendants(
		    c->pid, sig == SIGKILL ? SIGKILL : SIGTERM);
		signals_group(c->pid, sig);
		if (getpgid(c->pid) == c->pid)
			return;
	}
	stop_signal(c, sig);
}

static void
stop_deadline(void *arg)
{
	struct child *c = arg;

	log_debug("pid %d did not end in time", (int)c->pid);
	c->killed = 1;
	if (phase_now() != PHASE_RUN || c->kind == CHILD_KILLER)
		stop_family(c, SIGKILL);
	else
		stop_group(c, SIGKILL);
	contain_kill(c);
}

/* The command could not be executed: the stop signal has to do. */
static void
killer_failed(const struct child *killer)
{
	struct child *c = child_by_id(killer->victim);

	log_warnx("a kill command cannot be executed");
	if (c == NULL || !child_alive(c))
		return;
	if (phase_now() != PHASE_RUN)
		stop_family(c, c->stop_signal);
	else
		stop_group(c, c->stop_signal);
}

/* It may run for as long as its victim has, at most. */
static void
killer_limit(struct child *killer)
{
	if (!killer->deadline.set)
		timer_set(&killer->deadline, killer->kill_timeout,
		    stop_deadline, killer);
}

static void
killer_started(struct child *killer, const struct launched *l, int fds[3])
{
	(void)fds; /* it has none of ours */
	audit_answered(killer, l);
	if (l->stage != STAGE_NONE) {
		killer_failed(killer);
		return;
	}
	log_debug("kill command runs as pid %d", (int)killer->pid);
	killer_limit(killer);
}

/* The shell says by its status that there is no such command, or no way. */
static void
killer_ended(struct child *killer, int status)
{
	if (WIFEXITED(status) &&
	    (WEXITSTATUS(status) == 126 || WEXITSTATUS(status) == 127))
		killer_failed(killer);
}

/* What runs the command line, with CHILD_PID set; pid: room for that. */
static void
killer_run(struct run *r, const struct child *c, char *pid, size_t size)
{
	int i;

	(void)snprintf(pid, size, "CHILD_PID=%d", (int)c->pid);
	for (i = 0; i < 3; i++)
		r->io[i].path = "";
	r->executable = r->cd = r->user = r->kill = r->arg0 = r->gid =
	    r->leaf_name = "";
	r->flags = RUN_SHELL | RUN_EXEC_ANSWER;
	r->kill_timeout = (uint64_t)c->kill_timeout;
	r->args.base = c->kill;
	r->args.len = (uint32_t)strlen(c->kill) + 1;
	r->env.base = pid;
	r->env.len = (uint32_t)strlen(pid) + 1;
	r->args.count = r->env.count = 1;
}

/* Run the child's own kill command, in the shell. 0, or -1: not possible. */
static int
stop_command(struct child *c)
{
	struct run r = { 0 };
	struct child *killer;
	const char *above;
	char pid[32], *env;
	int place;

	/* Without a rule nobody may run it. */
	if (c->kill_rule == NULL || !launch_alive(c->runas) ||
	    child_table_full())
		return (-1);
	killer_run(&r, c, pid, sizeof(pid));
	/* It has the limits of its rule, whatever its victim has. */
	if (permit_leaf(c->kill_rule, &r.leaf, 0, &above) != 0) {
		r.flags |= RUN_CGROUP;
		if (!keeper_channel.open)
			return (-1);
	}
	if (count_take(c->kill_rule, &place) == -1) {
		log_warnx("a kill command has no room: line %d permits %u"
			  " children",
		    c->kill_rule->line, (unsigned int)c->kill_rule->children);
		audit_refused(&r, c->kill_rule, "a kill command has no room");
		return (-1);
	}
	if ((env = shape_run(&r, c->kill_rule)) == NULL) {
		count_give(c->kill_rule, place);
		return (-1);
	}
	killer = child_new_run(CHILD_KILLER, &r, c->runas, c->kill_rule);
	killer->place = place;
	killer->victim = c->id;
	killer->started = killer_started;
	killer->ended = killer_ended;
	audit_asked(killer, &r);
	r.id = killer->id;
	launch_run(killer, &r);
	free(env);
	return (0);
}

/* Its stop signal or its own command now, SIGKILL when its time is over. */
static void
stop_begin(struct child *c, int family)
{
	int again = c->deadline.set;

	if (again && !family)
		return;
	/* Who stands still hears nothing, and its leader may wait for it. */
	contain_thaw(c);
	if (c->paused)
		(void)kill(-c->pid, SIGCONT);
	c->paused = 0;
	/* The pid of a dead one is nothing that a command may be given. */
	if (again || c->kill == NULL || c->state == CHILD_LINGERING ||
	    stop_command(c) == -1) {
		if (family)
			stop_family(c, c->stop_signal);
		else
			stop_group(c, c->stop_signal);
	}
	exit_hurry(c);
	if (!again)
		timer_set(&c->deadline, c->kill_timeout, stop_deadline, c);
}

void
stop_child(struct child *c)
{
	if (stop_because(c, REASON_STOPPED))
		stop_begin(c, 0);
}

void
stop_late(struct child *c, enum reason reason)
{
	/* It has ended in time: nothing that it left is waited for. */
	if (c->state == CHILD_LINGERING) {
		exit_hurry(c);
		return;
	}
	if (!stop_because(c, reason))
		return;
	log_debug("pid %d: its time is over", (int)c->pid);
	stop_begin(c, 0);
}

/* It has run for as long as it may. */
static void
stop_timeout(void *arg)
{
	stop_late(arg, REASON_TIMEOUT);
}

void
stop_cut(struct child *c)
{
	if (c->state != CHILD_LINGERING)
		c->killed = 1;
	stop_family(c, SIGKILL);
	contain_kill(c);
}

/* A child that runs, in a shutdown: its group and other descendants, too. */
static void
shutdown_running(struct child *c)
{
	(void)stop_because(c, REASON_SHUTDOWN);
	if (phase_now() == PHASE_KILL) {
		c->killed = 1;
		stop_family(c, SIGKILL);
		contain_kill(c);
	} else if (c->kind == CHILD_KILLER)
		killer_limit(c);
	else
		stop_begin(c, 1);
}

static void
shutdown_child(struct child *c)
{
	if (c->kind == CHILD_HELD)
		return;
	if (c->kind == CHILD_FOREIGN) {
		/*
		 * Not ours to end: it is forgotten, and told of only behind
		 * an answer that waits.
		 */
		(void)stop_because(c, REASON_SHUTDOWN);
		c->silent = c->slot == NULL;
		c->status = -1;
		exit_settle(c);
	} else if (c->state == CHILD_LEFT) {
		/* What is left of its group is found as orphans are. */
		left_end(c);
		exit_leave(c);
	} else if (child_alive(c))
		shutdown_running(c);
}

void
stop_child_started(struct child *c)
{
	if (c->timeout != 0)
		timer_set(&c->limit, c->timeout, stop_timeout, c);
	if (phase_now() != PHASE_RUN)
		shutdown_child(c);
}

/* Is nobody left? */
void
stop_check(void)
{
	if (phase_now() == PHASE_RUN && phase_ends_when_idle() && child_idle())
		stop_all(EXIT_RING);
	if (phase_now() == PHASE_RUN || phase_now() == PHASE_DONE ||
	    child_count() > 0)
		return;
	if (orphans == 0 && stray_adopt() > 0) {
		child_each(shutdown_child);
		return;
	}
	orphans = orphan_end_all(phase_now() == PHASE_KILL ? SIGKILL : SIGTERM);
	if (orphans == 0)
		phase_next(PHASE_DONE);
}

static void
shutdown_tick(void *timer)
{
	int sig = SIGTERM;

	if (phase_now() == PHASE_KILL) {
		sig = SIGKILL;
		child_each(shutdown_child);
	}
	if (child_count() > 0)
		orphans = orphan_end_all(sig);
	timer_set(timer, child_count() > 0 ? STOP_TICK : LAST_TICK,
	    shutdown_tick, timer);
}

/* The time of all is over; then SIGKILL's own. */
static void
shutdown_late(void *timer)
{
	/* Those that we know, and what they have left behind. */
	int n = child_count() + orphans;

	if (phase_now() == PHASE_KILL) {
		log_warnx("%d processes survive SIGKILL", n);
		phase_next(PHASE_DONE);
		return;
	}
	if (n > 0)
		log_warnx("%d children did not end in time", n);
	phase_next(PHASE_KILL);
	launch_kill_busy();
	child_each(shutdown_child);
	timer_set(timer, STOP_GIVEUP, shutdown_late, timer);
}

static const char *
stop_why(int status)
{
	switch (status) {
	case EXIT_CLEAN:
		return ("as was asked");
	case EXIT_PEER:
		return ("the node or its port is broken");
	default:
		return ("one of its own processes has died");
	}
}

void
stop_all(int status)
{
	if (!phase_stop(status))
		return;
	log_debug("shutting down: %s", stop_why(status));
	(void)orphan_wake_reaper();
	timer_set(&alarm_timer, alarm_ms, shutdown_late, &alarm_timer);
	timer_set(&tick_timer, STOP_TICK, shutdown_tick, &tick_timer);
	child_each(shutdown_child);
}
