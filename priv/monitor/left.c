/*
 * What a leader leaves of its group: see left.h.
 */

#include <stddef.h>

#include "compat/tree.h"
#include "log.h"

#include "monitor/group.h"
#include "monitor/left.h"
#include "monitor/phase.h"

#define POLL_MAX 50 /* ms between two looks at the groups that are left */
#define POLL_GROUPS 500 /* groups that make it a ms longer */
#define GIVEUP 2000 /* ms after SIGKILL that a group may take */
#define LEAST 500 /* ms after SIGTERM where nobody has asked for an end */

static int
cmp_leader(const struct child *a, const struct child *b)
{
	return (a->pid < b->pid ? -1 : a->pid > b->pid);
}

/* Leaders that were reaped, and whose groups were not gone then. */
static RB_HEAD(leader_tree, child) leaders = RB_INITIALIZER(&leaders);
TREE_GENERATE(leader_tree, child, by_pid, cmp_leader)

static void (*gone)(struct child *);
static struct timer poll_timer;
static int poll_ms, count;

static void left_poll(void *);

void
left_init(void (*fn)(struct child *))
{
	gone = fn;
}

/* Each poll asks for all groups that are left: the interval grows with them. */
static void
left_poll_in(int ms)
{
	int64_t wait;

	poll_ms = ms < POLL_MAX ? ms : POLL_MAX;
	wait = poll_ms + count / POLL_GROUPS;
	if (!poll_timer.set || timer_left(&poll_timer) > wait)
		timer_set(&poll_timer, wait, left_poll, &leaders);
}

void
left_end(struct child *c)
{
	(void)RB_REMOVE(leader_tree, &leaders, c);
	count--;
	timer_clear(&c->deadline);
}

static void
left_gone(struct child *c)
{
	left_end(c);
	gone(c);
}

/* A traced or unreaped member can keep a group alive: give up. */
static void
left_giveup(void *arg)
{
	struct child *c = arg;

	log_warnx("not all of process group %d has ended", (int)c->pid);
	left_gone(c);
}

static void
left_expired(struct child *c)
{
	c->expired = 1;
	timer_set(&c->deadline, GIVEUP, left_giveup, c);
	left_poll_in(1);
}

static void
left_deadline(void *arg)
{
	struct child *c = arg;

	if (group_is_gone(c)) {
		left_gone(c);
		return;
	}
	c->killed = 1;
	/* Its leaf kills all of them. */
	if (c->leaf != NULL)
		left_gone(c);
	else
		left_expired(c);
}

static void
left_poll(void *arg)
{
	struct leader_tree *tree = arg;
	struct child *c, *next;

	for (c = RB_MIN(leader_tree, tree); c != NULL; c = next) {
		next = RB_NEXT(leader_tree, tree, c);
		if (group_is_gone(c))
			left_gone(c);
		else if (c->expired)
			group_kill(c);
	}
	if (!RB_EMPTY(tree))
		left_poll_in(2 * poll_ms);
}

int
left_begin(struct child *c, int64_t ms)
{
	if (!(c->run_flags & RUN_KILL_GROUP) || c->group != 0 ||
	    c->kind != CHILD_RUN || phase_now() != PHASE_RUN ||
	    group_is_gone(c) || (c->leaf != NULL && group_is_due(c)))
		return (0);
	/* It has ended by itself: the others' time begins now. */
	if (c->reason == REASON_NORMAL)
		ms = c->kill_timeout > LEAST ? c->kill_timeout : LEAST;
	left_pid_reused(c->pid);
	log_debug("pid %d has left a process group", (int)c->pid);
	c->state = CHILD_LEFT;
	count++;
	(void)RB_INSERT(leader_tree, &leaders, c);
	if (group_is_due(c))
		left_expired(c);
	else {
		timer_set(&c->deadline, ms, left_deadline, c);
		left_poll_in(1);
	}
	return (1);
}

void
left_pid_reused(pid_t pid)
{
	struct child *c, key = { 0 };

	key.pid = pid;
	if ((c = RB_FIND(leader_tree, &leaders, &key)) != NULL)
		left_gone(c);
}
