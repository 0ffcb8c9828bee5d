/*
 * Process groups of children: see group.h.
 */

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "compat/tree.h"
#include "signals.h"

#include "monitor/group.h"
#include "monitor/orphan.h"

static int
cmp_member(const struct child *a, const struct child *b)
{
	if (a->group != b->group)
		return (a->group < b->group ? -1 : 1);
	return (a->id < b->id ? -1 : a->id > b->id);
}

/* Children that have joined another's group and were not reaped. */
static RB_HEAD(member_tree, child) members = RB_INITIALIZER(&members);
TREE_GENERATE(member_tree, child, by_group, cmp_member)

void
group_join(struct child *c)
{
	if (c->group != 0)
		(void)RB_INSERT(member_tree, &members, c);
}

void
group_leave(struct child *c)
{
	if (c->group != 0)
		(void)RB_REMOVE(member_tree, &members, c);
}

pid_t
group_of(const struct child *c)
{
	const struct child *leader;

	if (c->kind == CHILD_FOREIGN || c->kind == CHILD_RING || c->pid == 0)
		return (0);
	if (c->group == 0)
		return (c->pid);
	if ((leader = child_by_pid(c->group)) == NULL ||
	    leader->kind == CHILD_FOREIGN || leader->kind == CHILD_RING ||
	    leader->group != 0)
		return (0);
	return (c->group);
}

int
group_is_due(const struct child *c)
{
	return (c->killed || c->reason == REASON_TIMEOUT ||
		c->reason == REASON_IDLE ||
		(c->reason == REASON_STOPPED && c->kill_timeout == 0));
}

void
group_signal(const struct child *c)
{
	pid_t group;

	if (c->run_flags & RUN_KILL_GROUP && (group = group_of(c)) != 0)
		signals_group(group, group_is_due(c) ? SIGKILL : SIGTERM);
}

/*
 * If there is a process of that number, the group is gone and the number is
 * another process's: c itself was reaped.
 */
int
group_is_gone(const struct child *c)
{
	if (kill(c->pid, 0) == 0 || errno == EPERM)
		return (1);
	return (kill(-c->pid, 0) == -1 && errno == ESRCH);
}

void
group_kill(const struct child *c)
{
	struct child *m, key;

	key.group = c->pid;
	key.id = 0;
	for (m = RB_NFIND(member_tree, &members, &key);
	     m != NULL && m->group == c->pid;
	     m = RB_NEXT(member_tree, &members, m))
		if (getpgid(m->pid) == c->pid) {
			(void)kill(-c->pid, SIGKILL);
			return;
		}
	orphan_kill_group(c->pid);
}
