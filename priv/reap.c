/*
 * Ends of children. Each is heard of by its pidfd, at a cost that does not
 * grow with their number. Those that have none, because the system has no
 * such thing or its tracer holds on to a dead one, are asked for after a
 * SIGCHLD. Nobody else is a child of ours: see reaper.c.
 */

#include <sys/resource.h>
#include <sys/wait.h>

#include <poll.h>
#include <signal.h>

#include "compat/proc.h"
#include "log.h"
#include "priv.h"

#define SWEEP_CHILDREN 100 /* of them, for each ms between two looks */

/* Those without a watch. */
static TAILQ_HEAD(, child) unwatched = TAILQ_HEAD_INITIALIZER(unwatched);
static int unwatched_count;
static struct timer sweep_timer;

static void sweep(void *);

/* waitpid(2) without waiting, and what the process has used. */
static int
reap_one(pid_t pid, int *status, int64_t usage[USAGES])
{
	struct rusage ru;

	if (wait4(pid, status, WNOHANG, &ru) != pid)
		return (0);
	stray_explained();
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

/* Has pid ended, and is it still there? Then its numbers are its own. */
int
reap_is_dead(pid_t pid)
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
		*status = -1;
		return (poll(&pfd, 1, 0) == 1);
	}
	if (c->run_flags & RUN_KILL_GROUP && reap_is_dead(c->pid))
		group_signal(c);
	return (reap_one(c->pid, status, c->usage));
}

/* Watch c, a child of ours; SIGCHLD is all there is where that fails. */
void
reap_watch(struct child *c)
{
	if (child_set() != -1)
		c->watch = pidset_add(child_set(), c->pid, c->id);
	if (c->watch != -1)
		return;
	log_debug("pid %d is watched by SIGCHLD", (int)c->pid);
	reap_unwatch(c);
}

/* c has lost its watch, or never had one. */
void
reap_unwatch(struct child *c)
{
	pidset_remove(c->watch);
	c->watch = -1;
	c->flags |= CHILD_UNWATCHED;
	TAILQ_INSERT_TAIL(&unwatched, c, queue);
	unwatched_count++;
	reap_sigchld();
}

/* c was reaped, or is to be forgotten. */
void
reap_forget(struct child *c)
{
	pidset_remove(c->watch);
	c->watch = -1;
	if (!(c->flags & CHILD_UNWATCHED))
		return;
	c->flags &= ~(uint32_t)CHILD_UNWATCHED;
	TAILQ_REMOVE(&unwatched, c, queue);
	unwatched_count--;
}

void
reap_child(struct child *c)
{
	int64_t left = timer_left(&c->deadline);
	int status;

	if (linger_begin(c))
		return;
	if (!reap_wait(c, &status)) {
		/* Its tracer has it yet: SIGCHLD comes when that lets go. */
		if (!(c->flags & (CHILD_FOREIGN | CHILD_UNWATCHED)))
			reap_unwatch(c);
		return;
	}
	log_debug("pid %d ended with status %d", (int)c->pid, status);
	child_unlist(c);
	c->status = status;
	/* Its time was over, and it has ended by itself at that moment. */
	if (!(c->flags & CHILD_FOREIGN) &&
	    (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL))
		c->flags &= ~(uint32_t)CHILD_KILLED;
	if (c->flags & CHILD_HELPER)
		stop_helper_ended(c, status);
	if (c->flags & (CHILD_STRAY | CHILD_HELPER))
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
		if (ended[i] == PART_ID)
			parts_reap();
		else if ((c = child_by_id(ended[i])) != NULL)
			reap_child(c);
}

static void
sweep(void *arg)
{
	struct child *c, *next;

	(void)arg;
	if (child_set() == -1)
		parts_reap();
	TAILQ_FOREACH_SAFE (c, &unwatched, queue, next)
		if (reap_is_dead(c->pid))
			reap_child(c);
}

/*
 * Somebody died: one of those that are not watched? The more these are, the
 * more signals are answered by one look.
 */
void
reap_sigchld(void)
{
	if ((child_set() == -1 || unwatched_count > 0) && !sweep_timer.set)
		timer_set(&sweep_timer, unwatched_count / SWEEP_CHILDREN, sweep,
		    NULL);
}
