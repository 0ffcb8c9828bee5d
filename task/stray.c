/*
 * What programs have left behind: see stray.h. It is looked for when a task has
 * ended, and then until nobody is left whom that has condemned.
 */

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "compat/mark.h"
#include "compat/pidfd.h"
#include "compat/proc.h"
#include "log.h"

#include "task/stray.h"
#include "task/table.h"

#define AGAIN_MS 5

static int wanted, found;
static struct timer again;

void
stray_wanted(void)
{
	wanted = 1;
}

static void
on_again(void *arg)
{
	(void)arg;
	wanted = 1;
}

/* The task whose number that is, or who has taken it over. */
static struct task *
owner(uint32_t mark)
{
	struct task *t = table_by_number(mark);
	size_t i;

	if (t != NULL)
		return (t);
	for (t = table_first(); t != NULL; t = table_after(t))
		for (i = 0; i < t->nheirs; i++)
			if (t->heirs[i] == mark)
				return (t);
	return (NULL);
}

/* What it has left lives on: a program that nobody has ended. */
static int
spared(const struct task *t)
{
	return (t->state == TASK_PROGRAM && t->cause == CAUSE_ITSELF);
}

/* Whose is it, if it is no task and is to be looked at? */
static struct task *
left_by(pid_t pid)
{
	struct task *t;
	uint32_t mark;

	if (table_by_pid(pid) != NULL || mark_of(pid, &mark) == -1 ||
	    (t = owner(mark)) == NULL || !t->dead)
		return (NULL);
	return (t);
}

/* A child of ours. */
static void
stray_one(pid_t pid, void *arg)
{
	struct task *t = left_by(pid);

	(void)arg;
	if (t == NULL)
		return;
	if (spared(t))
		t->strays = 1;
	else if (kill(pid, SIGKILL) == 0)
		found = t->strays = 1;
}

/*
 * A child of the first task of a PID namespace, to whom falls what is left
 * there. That one reaps it, when it comes to that.
 */
static void
stray_inner(pid_t pid, void *arg)
{
	const struct task *first = arg;
	struct task *t = left_by(pid);
	pid_t parent;
	int fd;

	if (t == NULL || (fd = pidfd_of(pid)) == -1)
		return;
	if (pidfd_parent(fd, &parent) == 0 && parent == first->pid &&
	    !proc_has_ended(pid)) {
		if (spared(t))
			t->strays = 1;
		else if (pidfd_signal(fd, SIGKILL) == 0)
			found = t->strays = 1;
	}
	(void)close(fd);
}

static void
heir_add(struct task *t, uint32_t mark)
{
	t->heirs = reallocarray(t->heirs, t->nheirs + 1, sizeof(*t->heirs));
	if (t->heirs == NULL)
		fatal("no memory for what a task has left");
	t->heirs[t->nheirs++] = mark;
}

/* They live, and are to end with who is above it. */
static void
hand_up(struct task *t)
{
	size_t i;

	for (i = 0; i < t->nheirs; i++)
		heir_add(t->parent, t->heirs[i]);
	heir_add(t->parent, t->number);
}

void
stray_look(void (*none)(struct task *))
{
	struct task *t, *next;

	if (!wanted)
		return;
	wanted = found = 0;
	for (t = table_first(); t != NULL; t = table_after(t))
		t->strays = 0;
	(void)proc_children(stray_one, NULL);
	for (t = table_first(); t != NULL; t = table_after(t))
		if (t->first && !t->dead && t->pid != 0)
			(void)proc_children_of(t->pid, stray_inner, t);
	for (t = table_first(); t != NULL; t = next) {
		next = table_after(t);
		if (!t->dead || t->looked || (t->strays && !spared(t)))
			continue;
		if (t->strays && t->parent != NULL)
			hand_up(t);
		t->looked = 1;
		none(t);
	}
	if (found)
		timer_set(&again, AGAIN_MS, on_again, NULL);
}
