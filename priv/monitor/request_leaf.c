/*
 * What the broker asks of a child's leaf: other limits, what it has used, and
 * to hold it. All of it is checked again here, as in request.c.
 */

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "policy/leaf.h"

#include "monitor/request_leaf.h"
#include "monitor/foreign.h"
#include "monitor/contain.h"
#include "monitor/reply.h"

/* The child that has a leaf, or NULL and it was answered. */
static struct child *
leaf_child(int64_t tid, int32_t pid)
{
	struct child *c = child_named(pid);

	if (c == NULL)
		reply_code(tid, REPLY_NOTFOUND, 0, "");
	else if (c->leaf == NULL)
		reply_stage(
		    tid, REPLY_TERM, STAGE_CGROUP, ENODEV, "it has none");
	else
		return (c);
	return (NULL);
}

int
request_handle_cgroup_set(const struct msg *msg)
{
	const struct msg_cgroup_set *m = &msg->cgroup_set;
	struct leaf_limits limits = m->limits;
	const char *above;
	struct child *c;

	if ((c = leaf_child(m->tid, m->pid)) == NULL)
		return (0);
	if (permit_leaf_set(c->rule, &limits, &above) == -1)
		reply_stage(m->tid, REPLY_TERM, STAGE_LIMIT, EPERM, above);
	else
		contain_set(c, &limits, m->tid);
	return (0);
}

int
request_handle_stats(const struct msg *msg)
{
	const struct msg_request *m = &msg->request;
	struct child *c;

	if (m->arg != 0)
		return (-1);
	if ((c = leaf_child(m->tid, m->pid)) != NULL)
		contain_ask(c, LEAF_STATS, m->tid);
	return (0);
}

/*
 * Without a leaf: the group that it leads, if it is in that still. Others that
 * have joined that are held with it; one that has joined another's is alone.
 */
static int
pause_signal(struct child *c, int sig)
{
	if (c->kind == CHILD_RUN && c->group == 0 &&
	    getpgid(c->pid) == c->pid) {
		c->paused = sig == SIGSTOP;
		return (kill(-c->pid, sig));
	}
	return (foreign_signal(c, sig));
}

int
request_handle_pause(const struct msg *msg)
{
	const struct msg_request *m = &msg->request;
	struct child *c;

	if (m->arg != 0 && m->arg != 1)
		return (-1);
	if ((c = child_named(m->pid)) == NULL)
		reply_code(m->tid, REPLY_NOTFOUND, 0, "");
	else if (c->leaf != NULL)
		contain_ask(c, m->arg ? LEAF_FREEZE : LEAF_THAW, m->tid);
	else if (c->state == CHILD_LINGERING)
		reply_code(m->tid, REPLY_ERRNO, ESRCH, "");
	else if (pause_signal(c, m->arg ? SIGSTOP : SIGCONT) == -1)
		reply_code(m->tid, REPLY_ERRNO, errno, "");
	else
		reply_code(m->tid, REPLY_PAUSED, 0, "");
	return (0);
}
