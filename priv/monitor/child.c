/*
 * The table of children: see child.h.
 */

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "child_tree.h"
#include "log.h"

#include "monitor/child.h"

CHILD_TREES(child)

static uint32_t counts[CHILD_KINDS], total, last_id;

struct child *
child_new(enum child_kind kind)
{
	struct child *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		fatal("no memory for a child");
	do {
		c->id = ++last_id;
	} while (c->id == 0 || child_by_id(c->id) != NULL);
	c->kind = kind;
	c->watch = c->place = -1;
	c->stop_signal = SIGTERM;
	c->kill_timeout = KILL_TIMEOUT_DEFAULT;
	(void)RB_INSERT(id_tree, &ids, c);
	counts[kind]++;
	total++;
	return (c);
}

struct child *
child_new_run(enum child_kind kind, const struct run *r, struct runas *t,
    struct rule *rule)
{
	struct child *c = child_new(kind);

	c->runas = t;
	c->rule = rule;
	c->kill_timeout = (int64_t)r->kill_timeout;
	c->success = (int)r->success;
	c->run_flags = r->flags;
	c->group = r->group;
	c->nice = r->nice;
	c->timeout = (int64_t)r->timeout;
	c->cpu_time = (int64_t)r->cpu_time * 1000000;
	c->idle = r->idle;
	c->linger = r->linger;
	if (r->stop_signal != 0)
		c->stop_signal = (int)r->stop_signal;
	if (*r->kill != '\0' && (c->kill = strdup(r->kill)) == NULL)
		fatal("no memory for a kill command");
	return (c);
}

struct child *
child_new_ring(const char *name, pid_t pid, void (*ended)(struct child *, int))
{
	struct child *c = child_new(CHILD_RING);

	c->name = name;
	c->ended = ended;
	child_set_pid(c, pid);
	return (c);
}

void
child_set_pid(struct child *c, pid_t pid)
{
	c->pid = pid;
	c->state = CHILD_RUNNING;
	(void)RB_INSERT(pid_tree, &pids, c);
}

void
child_clear_pid(struct child *c)
{
	(void)RB_REMOVE(pid_tree, &pids, c);
}

void
child_free(struct child *c)
{
	(void)RB_REMOVE(id_tree, &ids, c);
	counts[c->kind]--;
	total--;
	free(c->audit);
	free(c->kill);
	free(c->launch);
	free(c);
}

struct child *
child_named(int32_t pid)
{
	struct child *c;

	if (pid <= 1 || (c = child_by_pid(pid)) == NULL || !child_public(c))
		return (NULL);
	return (c);
}

uint32_t
child_last(void)
{
	return (last_id);
}

int
child_alive(const struct child *c)
{
	return (c->state == CHILD_RUNNING || c->state == CHILD_LINGERING);
}

int
child_public(const struct child *c)
{
	return (
	    !c->refused && (c->kind == CHILD_RUN || c->kind == CHILD_FOREIGN));
}

int
child_count(void)
{
	return ((int)(total - counts[CHILD_RING] - counts[CHILD_HELD]));
}

int
child_idle(void)
{
	return (child_count() ==
		(int)(counts[CHILD_FOREIGN] + counts[CHILD_FAILED]));
}

int
child_table_full(void)
{
	return (total - counts[CHILD_RING] >= MSG_PIDS_MAX);
}

struct child *
child_next(int ring, uint32_t after)
{
	struct child *c, key;

	key.id = after + 1;
	c = key.id == 0 ? NULL : RB_NFIND(id_tree, &ids, &key);
	while (c != NULL && (c->kind == CHILD_RING) != ring)
		c = RB_NEXT(id_tree, &ids, c);
	return (c);
}

void
child_each(void (*fn)(struct child *))
{
	struct child *c;
	uint32_t id;

	for (c = child_next(0, 0); c != NULL; c = child_next(0, id)) {
		id = c->id;
		fn(c);
	}
}

uint32_t
child_pids(int32_t **list)
{
	struct child *c;
	uint32_t n = 0;

	if ((*list = calloc((size_t)total + 1, sizeof(**list))) == NULL)
		fatal("no memory for a list of pids");
	RB_FOREACH (c, pid_tree, &pids)
		if (child_public(c))
			(*list)[n++] = c->pid;
	return (n);
}
