/*
 * The children as the worker knows them: from the moment priv hands over
 * their descriptors until the node has been sent their exit.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child_tree.h"
#include "compat/stream.h"
#include "log.h"
#include "worker.h"

CHILD_TREES(wchild)

/*
 * A new child whose pid is still that of an old one which has ended but whose
 * output has not left: the node learns of the new one after the old one's
 * exit.
 */
static struct {
	struct wchild *child;
	int64_t tid;
} successor;

int
wchild_waits_for_pid(void)
{
	return (successor.child != NULL);
}

static struct wchild *
wchild_new(const struct msg_child *m)
{
	struct wchild *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		fatal("a child's memory");
	c->id = m->id;
	c->pid = m->pid;
	c->tty = m->tty;
	c->lingers = (int)m->linger;
	/* What the node is not sent it cannot acknowledge. */
	c->window = m->tty & TTY_SILENT ? 0 : m->window;
	c->in.worth = m->stdin_ack;
	idle_init(c, m->tty & TTY_SILENT ? 0 : m->idle);
	stream_terminals((c->tty & TTY_YES) != 0);
	c->slave = c->in.fd = c->out[0].fd = c->out[1].fd = -1;
	(void)RB_INSERT(id_tree, &ids, c);
	return (c);
}

/* Takes fd for stream n. 0, or -1 if it did not arrive or cannot be used. */
static int
wchild_stream(struct wchild *c, int n, int fd)
{
	errno = EMFILE; /* which is why one is lost */
	if (fd == -1)
		return (-1);
	if (n == 0)
		return (feed_start(c, fd));
	if (n == 2 && c->tty & TTY_YES) {
		c->slave = fd;
		return (0);
	}
	return (relay_start(c, n, fd));
}

/* Only the child and its descendants have the terminal open from now on. */
static void
wchild_close_slave(struct wchild *c)
{
	if (c->slave != -1)
		(void)close(c->slave);
	c->slave = -1;
}

static void
wchild_close(struct wchild *c)
{
	wchild_close_slave(c);
	feed_close(c);
	relay_close(&c->out[0]);
	relay_close(&c->out[1]);
}

/*
 * Stream n is not to be had, for that error: the run fails, and priv ends the
 * child. Priv learns of it before the node can read the reply and ask for a
 * list.
 */
static void
wchild_refuse(struct wchild *c, int64_t tid, int n, int error)
{
	enum stage stage = c->tty & TTY_YES ? STAGE_PTY : STAGE_PIPE;

	wchild_close(c);
	c->refused = 1;
	reply_nofd(tid, stage, n, error);
	notify_nofd(c->id, n);
}

static void
wchild_announce(struct wchild *c, int64_t tid)
{
	(void)RB_INSERT(pid_tree, &pids, c);
	reply_run(tid, c->pid);
	idle_start(c);
	/* If it has waited for its pid. */
	relay_unpause(&c->out[0]);
	relay_unpause(&c->out[1]);
}

/*
 * The pid is that of an old child, whose output waits. That must not wait for
 * the node any more: all other children would wait with it. What is left of
 * it, no more than its pipes held, is sent now whatever its window is.
 */
static void
wchild_wait_for_pid(struct wchild *c, struct wchild *old, int64_t tid)
{
	successor.child = c;
	successor.tid = tid;
	relay_pause(&c->out[0]);
	relay_pause(&c->out[1]);
	old->window = 0;
	relay_unpause(&old->out[0]);
	relay_unpause(&old->out[1]);
}

void
wchild_start(const struct msg_child *m, const int fds[3])
{
	struct wchild *c, *old;
	int i, bad = -1, error = 0;

	c = wchild_new(m);
	for (i = 0; i < 3; i++)
		if (m->streams & 1U << i && wchild_stream(c, i, fds[i]) == -1 &&
		    bad == -1) {
			bad = i;
			error = errno;
		}
	if (bad != -1)
		wchild_refuse(c, m->tid, bad, error);
	else if ((old = wchild_by_pid(m->pid)) != NULL)
		wchild_wait_for_pid(c, old, m->tid);
	else
		wchild_announce(c, m->tid);
}

static void
wchild_free(struct wchild *c)
{
	wchild_close(c);
	stream_terminals(-((c->tty & TTY_YES) != 0));
	(void)RB_REMOVE(id_tree, &ids, c);
	if (!c->refused)
		(void)RB_REMOVE(pid_tree, &pids, c);
	free(c->used);
	free(c);
}

/* Is it over: has it ended, and has all its output left? It is freed then. */
static void
wchild_settle(struct wchild *c)
{
	struct wchild *new = successor.child;

	if (c->out[0].fd != -1 || c->out[1].fd != -1)
		return;
	if (!c->ended) {
		/* Nobody has its output open any more. */
		if (c->lingers)
			notify_child(c->id, IMSG_DRAINED);
		c->lingers = 0;
		return;
	}
	if (!c->refused)
		event_exit(c);
	if (new != NULL &&new->pid != c->pid)
		new = NULL;
	wchild_free(c);
	if (new != NULL) {
		successor.child = NULL;
		wchild_announce(new, successor.tid);
	}
}

void
wchild_init(void)
{
	relay_init(wchild_settle);
}

int
wchild_used(struct wchild *c, const struct msg_leaf_state *m)
{
	if (c->used != NULL)
		return (-1);
	if ((c->used = malloc(sizeof(m->stat))) == NULL)
		fatal("what a child has used");
	memcpy(c->used, m->stat, sizeof(m->stat));
	return (0);
}

void
wchild_exit(struct wchild *c, const struct msg_exit *m)
{
	c->ended = 1;
	c->end = *m;
	idle_end(c);
	wchild_close_slave(c);
	feed_close(c);
	relay_finish(&c->out[0], m->cut == 1);
	relay_finish(&c->out[1], m->cut == 1);
	wchild_settle(c);
}
