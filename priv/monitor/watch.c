/*
 * Ends of children: see watch.h. Nobody else is a child of ours: what children
 * leave behind falls to the reaper.
 */

#include <sys/resource.h>
#include <sys/wait.h>

#include <poll.h>
#include <signal.h>
#include <stddef.h>

#include "reap.h"
#include "compat/proc.h"
#include "log.h"

#include "monitor/watch.h"

#define SWEEP_CHILDREN 100 /* of them, for each ms between two looks */

static int set = -1; /* of pidfds */
static void (*ended)(struct child *);

/* Those without a pidfd. */
static TAILQ_HEAD(watch_list, child) unwatched = TAILQ_HEAD_INITIALIZER(
    unwatched);
static int unwatched_count;
static struct timer sweep_timer;

static int unexplained; /* signals */
static int early; /* one was reaped, and its signal may be on its way */

void
watch_init(void (*fn)(struct child *))
{
	ended = fn;
	if ((set = pidset_open()) == -1)
		log_debug("no pidfds here: children are watched by SIGCHLD");
}

int
watch_fd(void)
{
	return (set);
}

void
watch_dispatch(void)
{
	uint32_t ids[64];
	struct child *c;
	int i, n;

	n = pidset_ended(set, ids, 64);
	for (i = 0; i < n; i++)
		if ((c = child_by_id(ids[i])) != NULL)
			ended(c);
}

static void
watch_sweep(void *arg)
{
	struct watch_list *list = arg;
	struct child *c, *next;

	TAILQ_FOREACH_SAFE (c, list, queue, next)
		if (reap_has_ended(c->pid, NULL))
			ended(c);
}

/* The more there are, the more signals are answered by one look. */
static void
watch_sigchld(void)
{
	if (unwatched_count > 0 && !sweep_timer.set)
		timer_set(&sweep_timer, unwatched_count / SWEEP_CHILDREN,
		    watch_sweep, &unwatched);
}

void
watch_child(struct child *c)
{
	if (set != -1)
		c->watch = pidset_add(set, c->pid, c->id);
	if (c->watch != -1)
		return;
	log_debug("pid %d is watched by SIGCHLD", (int)c->pid);
	watch_by_signal(c);
}

void
watch_by_signal(struct child *c)
{
	if (c->unwatched)
		return;
	pidset_remove(c->watch);
	c->watch = -1;
	c->unwatched = 1;
	TAILQ_INSERT_TAIL(&unwatched, c, queue);
	unwatched_count++;
	watch_sigchld();
}

int
watch_foreign(struct child *c, pid_t pid)
{
	return ((c->watch = pidset_add(set, pid, c->id)) == -1 ? -1 : 0);
}

int
watch_has_ended(const struct child *c)
{
	struct pollfd pfd = { .fd = c->watch, .events = POLLIN };

	return (c->watch != -1 && poll(&pfd, 1, 0) == 1);
}

void
watch_forget(struct child *c)
{
	pidset_remove(c->watch);
	c->watch = -1;
	if (!c->unwatched)
		return;
	c->unwatched = 0;
	TAILQ_REMOVE(&unwatched, c, queue);
	unwatched_count--;
}

int
watch_is_child(pid_t pid)
{
	siginfo_t si;

	return (
	    waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0);
}

void
watch_explain(void)
{
	if (unexplained > 0)
		unexplained--;
	else
		early = 1;
}

int
watch_reap(struct child *c, int *status)
{
	struct rusage ru;
	int64_t *usage = c->usage;

	if (reap_ended(c->pid, status, &ru) != c->pid)
		return (0);
	if (!c->dead)
		watch_explain();
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

int
watch_reap_pid(pid_t pid)
{
	int status;

	if (reap_ended(pid, &status, NULL) != pid)
		return (0);
	watch_explain();
	return (1);
}

void
watch_signal(int came)
{
	if (came && !early)
		unexplained++;
	early = 0;
	if (came)
		watch_sigchld();
}

int
watch_unexplained(void)
{
	return (unexplained);
}

void
watch_set_unexplained(int n)
{
	unexplained = n;
}
