/*
 * The orderly end of a task and all below it: see stop.h. A program hears a
 * signal and the end of its input, a task in its loop the end of its channel;
 * what is left when time is over is killed.
 */

#include <sys/socket.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "compat/pidfd.h"
#include "log.h"

#include "task/ask.h"
#include "task/death.h"
#include "task/stop.h"
#include "task/stream.h"
#include "task/table.h"
#include "task/tell.h"

static struct stopping_list of_tree = TAILQ_HEAD_INITIALIZER(of_tree);
static int ending;

void
stop_program(struct task *t, int sig)
{
	stream_close_input(t);
	if (sig == 0 || t->pidfd.fd == -1)
		return;
	/* To the group that it leads, or else to itself. */
	if (t->pid != 0 && getpgid(t->pid) == t->pid &&
	    pidfd_signal(t->pidfd.fd, 0) == 0) {
		(void)kill(-t->pid, sig);
		(void)kill(-t->pid, SIGCONT);
		return;
	}
	(void)pidfd_signal(t->pidfd.fd, sig);
	(void)pidfd_signal(t->pidfd.fd, SIGCONT);
}

/*
 * A task hears the end of its channel when nobody is left below it, as its end
 * is that of its children; and what it waits for is over.
 */
static void
stop_loop(struct task *t)
{
	if (!t->ending || !t->channel.open || table_children(t) != 0)
		return;
	(void)shutdown(t->channel.ibuf.fd, SHUT_WR);
	ask_interrupt(t);
}

static void
on_time(void *arg)
{
	struct task *t = arg;

	death_kill(t, ending ? CAUSE_TREE : CAUSE_STOPPED);
}

static void
stop_subtree(struct task *top, int sig, int64_t ms, int cause)
{
	struct task *t;

	for (t = top; t != NULL; t = table_next(top, t)) {
		if (t->dead)
			continue;
		if (t->cause == CAUSE_ITSELF)
			t->cause = cause;
		if (t->state == TASK_PROGRAM)
			stop_program(t, sig == -1 ? t->signaloneof : sig);
		else {
			t->ending = 1;
			stop_loop(t);
		}
	}
	if (ms == 0)
		death_kill(top, cause);
	else if (!top->stopping.set || timer_left(&top->stopping) > ms)
		timer_set(&top->stopping, ms, on_time, top);
}

static struct stopping *
stopping(uint32_t seq)
{
	struct stopping *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		fatal("no memory for a stop");
	s->seq = seq;
	return (s);
}

static int
all_gone(struct task *top)
{
	struct task *t;

	for (t = top; t != NULL; t = table_next(top, t))
		if (!t->looked || !(t->told || (t->known && stream_open(t))))
			return (0);
	return (1);
}

/* What they have written may be on its way still. */
static void
stop_answer(struct task *t)
{
	struct stopping *s;

	if (TAILQ_EMPTY(&t->stops) || !all_gone(t))
		return;
	timer_clear(&t->stopping);
	while ((s = TAILQ_FIRST(&t->stops)) != NULL) {
		TAILQ_REMOVE(&t->stops, s, next);
		tell_ok(t->number, s->seq);
		free(s);
	}
}

void
stop_task(struct task *t, uint32_t seq, int sig, int64_t ms)
{
	struct stopping *s = stopping(seq);

	TAILQ_INSERT_TAIL(&t->stops, s, next);
	stop_subtree(t, sig, ms, CAUSE_STOPPED);
	stop_answer(t);
}

void
stop_tree(uint32_t seq, int sig, int64_t ms)
{
	struct stopping *s;

	if (seq != 0) {
		s = stopping(seq);
		TAILQ_INSERT_TAIL(&of_tree, s, next);
	}
	ending = 1;
	death_hurry();
	if (table_root == NULL)
		return;
	if (ms == -1)
		ms = table_root->kill_timeout;
	stop_subtree(table_root, sig, ms, CAUSE_TREE);
}

int
stop_under_way(void)
{
	return (ending);
}

void
stop_gone(struct task *t)
{
	if (t->parent != NULL)
		stop_loop(t->parent);
	for (; t != NULL; t = t->parent)
		stop_answer(t);
}

void
stop_over(void)
{
	struct stopping *s;

	while ((s = TAILQ_FIRST(&of_tree)) != NULL) {
		TAILQ_REMOVE(&of_tree, s, next);
		tell_ok(TASK_TREE, s->seq);
		free(s);
	}
}
