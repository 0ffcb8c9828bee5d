/*
 * Ends of children. Each is heard of by its pidfd, at a cost that does not
 * grow with their number; orphans, and all where there are no pidfds, by
 * SIGCHLD and a sweep.
 */

#include <sys/resource.h>
#include <sys/wait.h>

#include <poll.h>
#include <signal.h>
#include <string.h>

#include "compat/proc.h"
#include "log.h"
#include "priv.h"

#define SWEEP_DELAY 100 /* ms from a SIGCHLD to looking whose it was */
#define SWEEP_CHILDREN 25 /* children that make it a ms longer */
#define SWEEP_MAX 256 /* dead processes taken in one go */
#define SWEEP_ALL 100000 /* the same in a shutdown */

static struct timer sweep_timer;

/*
 * Reaped while a launch was on its way, so that they may be what it has
 * made: a child can be dead before its launcher names it.
 */
#define UNCLAIMED_MAX 4096
static struct {
	pid_t pid;
	int status;
	int64_t usage[USAGES];
	uint64_t until; /* launches answered by when it is nobody's */
} unclaimed[UNCLAIMED_MAX];
static int unclaimed_count;

/* Was pid reaped before its launcher could name it? The latest counts. */
int
reap_claim(pid_t pid, struct child *c)
{
	int i;

	for (i = unclaimed_count - 1; i >= 0; i--)
		if (unclaimed[i].pid == pid) {
			c->status = unclaimed[i].status;
			memcpy(c->usage, unclaimed[i].usage, sizeof(c->usage));
			unclaimed[i] = unclaimed[--unclaimed_count];
			return (1);
		}
	return (0);
}

/* waitpid(2) without waiting, and what the process has used. */
static int
reap_one(pid_t pid, int *status, int64_t usage[USAGES])
{
	struct rusage ru;

	if (wait4(pid, status, WNOHANG, &ru) != pid)
		return (0);
	usage[USAGE_UTIME] =
	    (int64_t)ru.ru_utime.tv_sec * 1000000 + ru.ru_utime.tv_usec;
	usage[USAGE_STIME] =
	    (int64_t)ru.ru_stime.tv_sec * 1000000 + ru.ru_stime.tv_usec;
	usage[USAGE_MAXRSS] = ru.ru_maxrss;
	usage[USAGE_MINFLT] = ru.ru_minflt;
	usage[USAGE_MAJFLT] = ru.ru_majflt;
	usage[USAGE_INBLOCK] = ru.ru_inblock;
	usage[USAGE_OUBLOCK] = ru.ru_oublock;
	usage[USAGE_NVCSW] = ru.ru_nvcsw;
	usage[USAGE_NIVCSW] = ru.ru_nivcsw;
	return (1);
}

/*
 * A process that never became a child, as its launcher says: it is dead or
 * dying.
 */
void
reap_stray(pid_t pid)
{
	if (pid <= 1 || child_by_pid(pid) != NULL || part_is(pid))
		return;
	if (waitpid(pid, NULL, WNOHANG) != pid)
		reap_sigchld();
}

/* Has pid ended, and is it still there? Then its numbers are its own. */
static int
is_dead(pid_t pid)
{
	siginfo_t si;

	si.si_pid = 0;
	return (
	    waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    si.si_pid == pid);
}

/* Has c ended, and how? Only its own parent can know that. */
static int
reap_wait(struct child *c, int *status)
{
	struct pollfd pfd = { .fd = c->watch, .events = POLLIN };

	if (c->flags & CHILD_FOREIGN) {
		if (poll(&pfd, 1, 0) != 1)
			return (0);
		/* It may have been given to us as an orphan. */
		(void)waitpid(c->pid, NULL, WNOHANG);
		*status = -1;
		return (1);
	}
	if (c->run_flags & RUN_KILL_GROUP && is_dead(c->pid))
		group_signal(c);
	return (reap_one(c->pid, status, c->usage));
}

void
reap_child(struct child *c)
{
	int64_t left = timer_left(&c->deadline);
	int status;

	if (!reap_wait(c, &status)) {
		if (c->flags & CHILD_FOREIGN)
			return;
		/* Its tracer has it yet: SIGCHLD comes when that lets go. */
		pidset_remove(c->watch);
		c->watch = -1;
		return;
	}
	log_debug("pid %d ended with status %d", (int)c->pid, status);
	child_unlist(c);
	c->status = status;
	if (c->flags & (CHILD_ORPHAN | CHILD_HELPER))
		child_free(c);
	else if (!group_hold(c, left) && c->flags & CHILD_TOLD)
		child_tell_exit(c);
	stop_check();
}

void
reap_ended(void)
{
	uint32_t ended[64];
	struct child *c;
	int i, n;

	n = pidset_ended(child_set(), ended, 64);
	for (i = 0; i < n; i++)
		if ((c = child_by_id(ended[i])) != NULL)
			reap_child(c);
}

static void
sweep(void *arg)
{
	(void)arg;
	reap_sweep();
}

static void
reap_stranger(pid_t pid)
{
	int64_t usage[USAGES];
	struct child *c;
	int status;

	if (launch_waiting() && launch_leads(pid) && is_dead(pid))
		(void)kill(-pid, SIGTERM);
	if ((c = child_by_pid(pid)) != NULL) {
		reap_child(c); /* named just now */
		return;
	}
	if (!reap_one(pid, &status, usage))
		return;
	if (part_ended(pid, status) || !launch_waiting())
		return;
	unclaimed[unclaimed_count].until = launch_asked();
	unclaimed[unclaimed_count].pid = pid;
	memcpy(unclaimed[unclaimed_count].usage, usage, sizeof(usage));
	unclaimed[unclaimed_count++].status = status;
}

/* Reap whoever has died and is watched by no pidfd. */
void
reap_sweep(void)
{
	struct child *c;
	siginfo_t si;
	int i, n, max = stop_state() == STATE_RUN ? SWEEP_MAX : SWEEP_ALL;

	for (i = n = 0; i < unclaimed_count; i++)
		if (unclaimed[i].until > launch_answered())
			unclaimed[n++] = unclaimed[i];
	unclaimed_count = n;
	for (i = 0; unclaimed_count < UNCLAIMED_MAX; i++) {
		if (i == max)
			break;
		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == -1 ||
		    si.si_pid == 0)
			return;
		if ((c = child_by_pid(si.si_pid)) != NULL)
			reap_child(c);
		else
			reap_stranger(si.si_pid);
	}
	timer_set(&sweep_timer, 1, sweep, NULL);
}

/*
 * Somebody died. Most are in the set and are reaped from there, at a cost
 * that does not grow; looking for the others walks all children in the
 * kernel, so one look is made for many signals, and the more children there
 * are, the rarer.
 */
void
reap_sigchld(void)
{
	int delay = 0;

	if (child_set() != -1)
		delay = SWEEP_DELAY + child_count() / SWEEP_CHILDREN;
	if (!sweep_timer.set)
		timer_set(&sweep_timer, delay, sweep, NULL);
}
