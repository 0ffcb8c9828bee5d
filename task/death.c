/* How tasks end: see death.h. */

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "compat/pidfd.h"
#include "log.h"
#include "reap.h"

#include "task/ask.h"
#include "task/death.h"
#include "task/interrupt.h"
#include "task/source.h"
#include "task/stray.h"
#include "task/stream.h"
#include "task/table.h"
#include "task/tell.h"

#define TELL_MS 100 /* that its parent has to say how it has ended */
#define TELL_TRIES 20
#define CLOSED_MS 2000 /* from the end of its channel to its own */
#define HURRY_MS 1000 /* that output has when the tree ends */

static void (*on_over)(struct task *);
static int hurry;

void
death_setup(void (*over)(struct task *))
{
	on_over = over;
}

/* The node was never told of it, and is not now. */
static void
on_unborn(void *arg)
{
	struct task *t = arg;

	t->dead = t->known = 1;
	t->status = -1;
	stray_wanted();
	death_check(t);
}

void
death_kill(struct task *top, int cause)
{
	struct task *t;

	for (t = top; t != NULL; t = table_next(top, t)) {
		if (t->dead)
			continue;
		if (t->cause == CAUSE_ITSELF)
			t->cause = cause;
		if (t->pidfd.fd != -1)
			(void)pidfd_signal(t->pidfd.fd, SIGKILL);
		/* Its parent is about to tell which process it is. */
		else if (t->parent != NULL && t->parent->newborn == t &&
			 !t->parent->dead && !t->parent->lied)
			continue;
		/* Or will not: it ends with its parent, and with this. */
		else {
			(void)source_set(&t->channel_source, 0);
			channel_shut(&t->channel);
			timer_set(&t->timer, 0, on_unborn, t);
		}
	}
}

void
death_lie(struct task *t, const char *why)
{
	struct task *c;

	if (t->lied)
		return;
	t->lied = 1;
	log_warnx("%s", why);
	TAILQ_FOREACH (c, &t->children, sibling)
		death_kill(c, CAUSE_PARENT);
	t->cause = CAUSE_LIE;
	death_kill(t, CAUSE_LIE);
	(void)source_set(&t->channel_source, 0);
	channel_shut(&t->channel);
	death_check(t);
}

/* Out of the table, and so are those above that have waited for it. */
static void
death_remove(struct task *t)
{
	struct task *parent;

	for (; t != NULL && t->told && t->looked && TAILQ_EMPTY(&t->children);
	     t = parent) {
		parent = t->parent;
		timer_clear(&t->timer);
		timer_clear(&t->lingering);
		timer_clear(&t->stopping);
		if (parent != NULL && parent->newborn == t)
			parent->newborn = NULL;
		free(t->exec_reply);
		free(t->early);
		free(t->heirs);
		t->exec_reply = NULL;
		t->early = NULL;
		t->heirs = NULL;
		table_remove(t);
	}
}

/*
 * How has it ended? Its parent says it best. One that waits in a call is woken
 * up for that; one that is stopped, or gone, can tell nobody.
 */
static void
on_unknown(void *arg)
{
	struct task *t = arg, *parent = t->parent;
	int status;

	/* As the first of a PID namespace it takes all with it. */
	if (parent != NULL && parent->dead && t->cause == CAUSE_ITSELF)
		t->cause = CAUSE_PARENT;
	if (pidfd_status(t->pidfd.fd, &status) == 0)
		death_known(t, status, 0, 0, 0);
	else if (parent == NULL || parent->dead ||
		 (++t->tries >= TELL_TRIES && pidfd_stopped(parent->pidfd.fd)))
		death_known(t, -1, 0, 0, 0);
	else {
		if (ask_busy(parent))
			(void)pidfd_queue(
			    parent->pidfd.fd, INTERRUPT_SIGNAL, 0);
		timer_set(&t->timer,
		    t->tries < TELL_TRIES ? TELL_MS : 10 * TELL_MS, on_unknown,
		    t);
	}
}

void
death_check(struct task *t)
{
	if (t->told || !t->dead)
		return;
	if (!t->known) {
		if (!t->timer.set)
			timer_set(&t->timer, TELL_MS, on_unknown, t);
		return;
	}
	if (stream_open(t)) {
		on_over(t);
		return;
	}
	if (t->pidfd.fd != -1)
		(void)close(t->pidfd.fd);
	t->pidfd.fd = -1;
	t->told = 1;
	if (t->born)
		tell_exit(t);
	ask_refuse_all(t);
	on_over(t);
	death_remove(t);
}

void
death_known(
    struct task *t, int status, uint64_t utime, uint64_t stime, uint64_t maxrss)
{
	if (t->known)
		return;
	t->known = 1;
	t->status = status;
	t->utime = utime;
	t->stime = stime;
	t->maxrss = maxrss;
	death_check(t);
}

static uint64_t
microseconds(const struct timeval *tv)
{
	return ((uint64_t)tv->tv_sec * 1000000 + (uint64_t)tv->tv_usec);
}

void
death_reaped(pid_t pid, int status, const struct rusage *ru)
{
	struct task *t = table_by_pid(pid);

	if (t == NULL)
		return;
	table_set_pid(t, 0);
	death_known(t, status, microseconds(&ru->ru_utime),
	    microseconds(&ru->ru_stime), (uint64_t)ru->ru_maxrss);
}

static void
on_linger(void *arg)
{
	struct task *t = arg;

	/* The node does not take it, and the tree is at its end. */
	if (hurry)
		stream_drop(t);
	else
		stream_cut(t);
	death_check(t);
}

/* What it has left in its pipes is read, and what others write for a while. */
static void
death_output(struct task *t)
{
	if (hurry)
		timer_set(&t->lingering, HURRY_MS, on_linger, t);
	else if (t->linger > 0)
		timer_set(&t->lingering, t->linger, on_linger, t);
	if (t->linger == 0 || hurry)
		stream_cut(t);
}

void
death_died(struct task *t)
{
	struct rusage ru;
	struct task *c;
	int status;

	if (t->dead)
		return;
	t->dead = 1;
	stray_wanted();
	timer_clear(&t->timer);
	(void)evset_set(&t->pidfd, 0);
	/* Others have it still, and may have sent what must not be closed. */
	(void)source_set(&t->channel_source, 0);
	channel_shut(&t->channel);
	stream_forget(t);
	stream_end_input(t);
	TAILQ_FOREACH (c, &t->children, sibling)
		death_kill(c, CAUSE_PARENT);
	death_output(t);
	if (!t->known && t->pid != 0 &&
	    reap_ended(t->pid, &status, &ru) == t->pid)
		death_reaped(t->pid, status, &ru);
	death_check(t);
}

static void
on_no_end(void *arg)
{
	struct task *t = arg;

	if (!t->dead && t->state != TASK_PROGRAM)
		death_kill(t, CAUSE_LIE);
}

/*
 * A task that ends has its channel closed before it is dead. One that lives on
 * without would be out of reach.
 */
void
death_closed(struct task *t)
{
	(void)source_set(&t->channel_source, 0);
	channel_close(&t->channel);
	if (!t->dead && !t->timer.set)
		timer_set(&t->timer, CLOSED_MS, on_no_end, t);
}

void
death_hurry(void)
{
	struct task *t;

	hurry = 1;
	for (t = table_first(); t != NULL; t = table_after(t))
		if (t->dead && !t->told)
			timer_set(&t->lingering, HURRY_MS, on_linger, t);
}

static void
death_over(struct task *t)
{
	on_over(t);
	death_remove(t);
}

void
death_strays(void)
{
	stray_look(death_over);
}
