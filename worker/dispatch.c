/*
 * All that the worker can be sent, and by whom. What is not in these tables
 * does not exist; see common/dispatch.h for what is checked before a handler
 * is called. A handler finds the child and hands over to the file that knows
 * what to do; -1 says that the message cannot be true.
 */

#include "compat/stream.h"
#include "fdset.h"
#include "log.h"
#include "worker.h"

/* The descriptors of the next child. */
static struct fdset next = FDSET_INITIALIZER;

static int
handle_stream(const struct msg *m)
{
	return (fdset_add(&next, &m->stream, m->fd));
}

/* Is what did arrive what it is said to be? */
static int
fds_fit(const struct msg_child *m, const int fds[3])
{
	enum stream_kind kind;
	int i;

	kind = m->tty & TTY_YES ? STREAM_TERMINAL : STREAM_PIPE;
	for (i = 0; i < 3; i++)
		if (fds[i] != -1 && stream_kind(fds[i]) != kind)
			return (0);
	return (1);
}

static int
handle_child(const struct msg *m)
{
	const struct msg_child *c = &m->child;
	int fds[3];

	if (fdset_take(&next, c->id, c->streams, fds) == -1 ||
	    wchild_by_id(c->id) != NULL || !fds_fit(c, fds))
		return (-1);
	wchild_start(c, fds);
	return (0);
}

static int
handle_exit(const struct msg *m)
{
	struct wchild *c = wchild_by_id(m->exit.id);

	if (c == NULL || c->ended)
		return (-1);
	wchild_exit(c, &m->exit);
	return (0);
}

static int
handle_reply(const struct msg *m)
{
	if (m->reply.code == REPLY_LEVEL)
		log_setlevel(m->reply.level);
	reply_send(&m->reply);
	return (0);
}

static int
handle_pids(const struct msg *m)
{
	reply_pids(&m->pids.m, m->pids.pids);
	return (0);
}

static int
handle_winsz(const struct msg *m)
{
	pty_winsz(wchild_by_pid(m->winsz.pid), &m->winsz);
	return (0);
}

static int
handle_ptyopts(const struct msg *m)
{
	const struct msg_ptyopts *o = &m->ptyopts.m;

	pty_opts(wchild_by_pid(o->pid), o, m->ptyopts.modes);
	return (0);
}

static int
handle_hello_reply(const struct msg *m)
{
	hello_reply(&m->hello.m, &m->hello.users, m->hello.cgroup);
	return (0);
}

static int
handle_down(const struct msg *m)
{
	event_down(m->down.user);
	return (0);
}

/* What one has used is said before its exit; else somebody has asked. */
static int
handle_leaf_state(const struct msg *m)
{
	const struct msg_leaf_state *s = &m->leaf_state.m;
	struct wchild *c;

	if (s->op == LEAF_STATS) {
		reply_stats(s, m->leaf_state.path);
		return (0);
	}
	c = wchild_by_id(s->id);
	return (c == NULL || c->ended ? -1 : wchild_used(c, s));
}

static int
handle_leaf_event(const struct msg *m)
{
	const struct wchild *c = wchild_by_id(m->leaf_event.id);

	if (c == NULL || c->ended)
		return (-1);
	if (!c->refused)
		event_leaf(c, &m->leaf_event);
	return (0);
}

/* The next four: to a child that is gone they are dropped. */

static int
handle_stdin(const struct msg *m)
{
	struct wchild *c = wchild_by_pid(m->input.pid);

	if (c != NULL)
		feed_data(c, m->input.bytes, m->input.len);
	return (0);
}

/* It has to be there, whoever it is for. */
static int
handle_moved(const struct msg *m)
{
	return (feed_moved(wchild_by_pid(m->moved.pid), m->moved.len));
}

static int
handle_stdin_eof(const struct msg *m)
{
	struct wchild *c = wchild_by_pid(m->input.pid);

	if (c != NULL)
		feed_eof(c);
	return (0);
}

static int
handle_ack(const struct msg *m)
{
	struct wchild *c = wchild_by_pid(m->ack.pid);

	if (c != NULL)
		relay_ack(c, m->ack.stream, m->ack.bytes);
	return (0);
}

/* In any state: the worker has one. */
#define ANY 1

const struct dispatch worker_priv_table[] = {
	{ IMSG_STREAM, ANY, handle_stream },
	{ IMSG_CHILD, ANY, handle_child },
	{ IMSG_EXIT, ANY, handle_exit },
	{ IMSG_REPLY, ANY, handle_reply },
	{ IMSG_WINSZ, ANY, handle_winsz },
	{ IMSG_PTYOPTS, ANY, handle_ptyopts },
	{ IMSG_HELLO_REPLY, ANY, handle_hello_reply },
	{ IMSG_DOWN, ANY, handle_down },
	{ IMSG_LEAF_STATE, ANY, handle_leaf_state },
	{ IMSG_LEAF_EVENT, ANY, handle_leaf_event },
	{ IMSG_PIDS, ANY, handle_pids },
};
const size_t worker_priv_rows =
    sizeof(worker_priv_table) / sizeof(worker_priv_table[0]);

const struct dispatch worker_broker_table[] = {
	{ IMSG_STDIN, ANY, handle_stdin },
	{ IMSG_MOVED, ANY, handle_moved },
	{ IMSG_ACK, ANY, handle_ack },
	{ IMSG_STDIN_EOF, ANY, handle_stdin_eof },
};
const size_t worker_broker_rows =
    sizeof(worker_broker_table) / sizeof(worker_broker_table[0]);
