/* The table of tasks: see table.h. */

#include <stdio.h>
#include <stdlib.h>

#include "log.h"

#include "task/table.h"

static int
cmp_number(const struct task *a, const struct task *b)
{
	return (a->number < b->number ? -1 : a->number > b->number);
}

static int
cmp_pid(const struct task *a, const struct task *b)
{
	return (a->pid < b->pid ? -1 : a->pid > b->pid);
}

static RB_HEAD(number_tree, task) numbers = RB_INITIALIZER(&numbers);
RB_PROTOTYPE(number_tree, task, by_number, cmp_number)
RB_GENERATE(number_tree, task, by_number, cmp_number)
static RB_HEAD(pid_tree, task) pids = RB_INITIALIZER(&pids);
RB_PROTOTYPE(pid_tree, task, by_pid, cmp_pid)
RB_GENERATE(pid_tree, task, by_pid, cmp_pid)

static struct task_list gone = TAILQ_HEAD_INITIALIZER(gone);
static uint32_t last;
struct task *table_root;
unsigned int table_count;

/* As prx has them, but for the time, which is proctor's. */
struct table_start table_start = { 64, 5000 };

static void
table_defaults(struct task *t)
{
	t->maxchild = table_start.maxchild;
	t->maxdepth = 16;
	t->signaloneof = 15;
	t->kill_timeout = table_start.kill_timeout;
	t->linger = 0;
	t->window = WIRE_OUTPUT;
}

static void
table_inherit(struct task *t, const struct task *parent)
{
	t->maxchild = parent->maxchild;
	t->maxdepth = parent->maxdepth > 0 ? parent->maxdepth - 1 : 0;
	t->signaloneof = parent->signaloneof;
	t->kill_timeout = parent->kill_timeout;
	t->linger = parent->linger;
	t->window = WIRE_OUTPUT;
	t->depth = parent->depth + 1;
}

struct task *
table_add(struct task *parent, int32_t inner)
{
	struct task *t;
	int i;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		fatal("no memory for a task");
	if (last == UINT32_MAX)
		fatalx("no numbers are left");
	t->number = ++last;
	(void)snprintf(t->name, sizeof(t->name), "task %u", t->number);
	t->state = TASK_NEW;
	t->inner = inner;
	t->pidfd.fd = t->channel_source.watch.fd = -1;
	TAILQ_INIT(&t->children);
	TAILQ_INIT(&t->asked);
	TAILQ_INIT(&t->stops);
	for (i = 0; i < 3; i++) {
		t->next_fds[i] = t->stream[i].source.watch.fd = -1;
		t->stream[i].task = t;
		t->stream[i].number = i;
	}
	if ((t->parent = parent) == NULL) {
		table_defaults(t);
		table_root = t;
	} else {
		table_inherit(t, parent);
		TAILQ_INSERT_TAIL(&parent->children, t, sibling);
	}
	(void)RB_INSERT(number_tree, &numbers, t);
	table_count++;
	return (t);
}

struct task *
table_by_number(uint32_t number)
{
	struct task key;

	key.number = number;
	return (RB_FIND(number_tree, &numbers, &key));
}

struct task *
table_by_pid(pid_t pid)
{
	struct task key;

	key.pid = pid;
	return (pid == 0 ? NULL : RB_FIND(pid_tree, &pids, &key));
}

void
table_set_pid(struct task *t, pid_t pid)
{
	struct task *old;

	if (t->pid != 0)
		(void)RB_REMOVE(pid_tree, &pids, t);
	t->pid = pid;
	if (pid == 0 || (old = RB_INSERT(pid_tree, &pids, t)) == NULL)
		return;
	/* It has the number no more: somebody else has reaped it. */
	(void)RB_REMOVE(pid_tree, &pids, old);
	old->pid = 0;
	(void)RB_INSERT(pid_tree, &pids, t);
}

struct task *
table_child(const struct task *parent, int32_t inner)
{
	struct task *t;

	TAILQ_FOREACH (t, &parent->children, sibling)
		if (t->inner == inner && !t->known)
			return (t);
	return (NULL);
}

unsigned int
table_children(const struct task *parent)
{
	const struct task *t;
	unsigned int n = 0;

	TAILQ_FOREACH (t, &parent->children, sibling)
		n += !t->dead;
	return (n);
}

struct task *
table_next(const struct task *top, struct task *t)
{
	if (!TAILQ_EMPTY(&t->children))
		return (TAILQ_FIRST(&t->children));
	for (; t != top; t = t->parent)
		if (TAILQ_NEXT(t, sibling) != NULL)
			return (TAILQ_NEXT(t, sibling));
	return (NULL);
}

struct task *
table_first(void)
{
	return (RB_MIN(number_tree, &numbers));
}

struct task *
table_after(struct task *t)
{
	return (RB_NEXT(number_tree, &numbers, t));
}

void
table_remove(struct task *t)
{
	table_set_pid(t, 0);
	(void)RB_REMOVE(number_tree, &numbers, t);
	if (t->parent != NULL)
		TAILQ_REMOVE(&t->parent->children, t, sibling);
	else
		table_root = NULL;
	table_count--;
	TAILQ_INSERT_TAIL(&gone, t, gone);
}

void
table_sweep(void)
{
	struct task *t;

	while ((t = TAILQ_FIRST(&gone)) != NULL) {
		TAILQ_REMOVE(&gone, t, gone);
		free(t);
	}
}
