/*
 * The children as the worker knows them: from the moment priv hands over
 * their pipes until the node has been told of their end.
 */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "compat/proc.h"
#include "log.h"
#include "worker.h"

static int
cmp_id(const struct child *a, const struct child *b)
{
	return (a->id < b->id ? -1 : a->id > b->id);
}

static int
cmp_pid(const struct child *a, const struct child *b)
{
	return (a->pid < b->pid ? -1 : a->pid > b->pid);
}

static RB_HEAD(id_tree, child) ids = RB_INITIALIZER(&ids);
RB_PROTOTYPE(id_tree, child, by_id, cmp_id)
RB_GENERATE(id_tree, child, by_id, cmp_id)
static RB_HEAD(pid_tree, child) pids = RB_INITIALIZER(&pids);
RB_PROTOTYPE(pid_tree, child, by_pid, cmp_pid)
RB_GENERATE(pid_tree, child, by_pid, cmp_pid)

/* The descriptors of the next child, which come before it. */
static struct {
	uint32_t id;
	uint32_t streams; /* 1 << n for each that was announced */
	int fds[3]; /* -1 if it did not arrive */
} next = { 0, 0, { -1, -1, -1 } };

/*
 * A new child whose pid is still that of one that has ended but is not over:
 * the node hears of the new one after the old one's exit.
 */
static struct {
	struct child *child;
	int64_t tid;
} held;

static struct child *
child_by_id(uint32_t id)
{
	struct child key;

	key.id = id;
	return (RB_FIND(id_tree, &ids, &key));
}

struct child *
child_by_pid(pid_t pid)
{
	struct child key;

	key.pid = pid;
	return (RB_FIND(pid_tree, &pids, &key));
}

int
child_held(void)
{
	return (held.child != NULL);
}

int
child_stream(void *arg, const void *data, size_t len, int fd)
{
	struct msg_stream m;

	(void)arg;
	if ((fd != -1 && !proc_is_stream(fd)) ||
	    proto_unpack_stream(data, len, &m) == -1 ||
	    (next.streams != 0 && next.id != m.id) ||
	    (next.streams & 1U << m.stream))
		return (-1);
	next.id = m.id;
	next.streams |= 1U << m.stream;
	next.fds[m.stream] = fd;
	return (0);
}

static struct child *
child_new(const struct msg_child *m)
{
	struct child *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		fatal("child");
	c->id = m->id;
	c->pid = m->pid;
	c->tty = m->tty;
	/* What the node is not told it cannot acknowledge. */
	c->window = m->tty & TTY_SILENT ? 0 : m->window;
	c->slave = c->in.fd = c->out[0].fd = c->out[1].fd = -1;
	(void)RB_INSERT(id_tree, &ids, c);
	return (c);
}

/* Start what did arrive; the number of a stream that did not, or -1. */
static int
child_streams(struct child *c)
{
	int fds[3], i, bad = -1, r;

	for (i = 0; i < 3; i++) {
		fds[i] = next.fds[i];
		next.fds[i] = -1;
	}
	for (i = 0; i < 3; i++) {
		if (!(next.streams & 1U << i))
			continue;
		if (fds[i] == -1)
			r = -1;
		else if (i == 0)
			r = feed_start(c, fds[i]);
		else if (i == 2 && c->tty & TTY_YES)
			r = (c->slave = fds[i]) == -1 ? -1 : 0;
		else
			r = relay_start(c, i, fds[i]);
		if (r == -1 && bad == -1)
			bad = i;
	}
	next.streams = 0;
	return (bad);
}

/* Nobody but the child and its like has the terminal open from now on. */
static void
slave_close(struct child *c)
{
	if (c->slave != -1)
		(void)close(c->slave);
	c->slave = -1;
}

static void
child_close(struct child *c)
{
	slave_close(c);
	feed_close(c);
	relay_close(&c->out[0]);
	relay_close(&c->out[1]);
}

/* No descriptors left for it: the run fails, and priv ends the child. */
static void
child_refuse(struct child *c, int64_t tid, int number)
{
	struct msg_stream m;

	child_close(c);
	c->refused = 1;
	reply_lost(tid, number);
	m.id = c->id;
	m.stream = (uint32_t)number;
	channel_send(&worker_priv, IMSG_LOST, -1, &m, sizeof(m));
	/* Before the node can read the refusal, and ask who is there. */
	(void)channel_write(&worker_priv);
}

static void
child_announce(struct child *c, int64_t tid)
{
	(void)RB_INSERT(pid_tree, &pids, c);
	reply_run(tid, c->pid);
	/* If it was held. */
	relay_release(&c->out[0]);
	relay_release(&c->out[1]);
}

/*
 * The pid is that of an old child, whose output waits. It must not wait for
 * the node any more: all others would wait with it. What is left of it, no
 * more than its pipes held, goes now whatever its window is.
 */
static void
child_hold(struct child *c, struct child *old, int64_t tid)
{
	held.child = c;
	held.tid = tid;
	relay_hold(&c->out[0]);
	relay_hold(&c->out[1]);
	old->window = 0;
	relay_release(&old->out[0]);
	relay_release(&old->out[1]);
}

int
child_child(void *arg, const void *data, size_t len, int fd)
{
	struct msg_child m;
	struct child *c, *old;
	int bad;

	(void)arg;
	(void)fd;
	if (proto_unpack_child(data, len, &m) == -1 ||
	    m.streams != next.streams || (m.streams != 0 && m.id != next.id) ||
	    child_by_id(m.id) != NULL)
		return (-1);
	c = child_new(&m);
	if ((bad = child_streams(c)) != -1)
		child_refuse(c, m.tid, bad);
	else if ((old = child_by_pid(m.pid)) != NULL)
		child_hold(c, old, m.tid);
	else
		child_announce(c, m.tid);
	return (0);
}

static void
child_free(struct child *c)
{
	child_close(c);
	(void)RB_REMOVE(id_tree, &ids, c);
	if (!c->refused)
		(void)RB_REMOVE(pid_tree, &pids, c);
	free(c);
}

/* A child is over when it has ended and all its output has left. */
void
child_check(struct child *c)
{
	struct child *new = held.child;

	if (!c->ended || c->out[0].fd != -1 || c->out[1].fd != -1)
		return;
	if (!c->refused)
		event_exit(c);
	if (new != NULL &&new->pid == c->pid)
		held.child = NULL;
	else
		new = NULL;
	child_free(c);
	if (new != NULL)
		child_announce(new, held.tid);
}

int
child_exit(void *arg, const void *data, size_t len, int fd)
{
	struct msg_exit m;
	struct child *c;

	(void)arg;
	(void)fd;
	if (proto_unpack_exit(data, len, &m) == -1 ||
	    (c = child_by_id(m.id)) == NULL || c->ended)
		return (-1);
	c->ended = 1;
	c->end = m;
	slave_close(c);
	feed_close(c);
	relay_finish(&c->out[0]);
	relay_finish(&c->out[1]);
	child_check(c);
	return (0);
}
