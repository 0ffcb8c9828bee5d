/*
 * All that the worker can be sent, and by whom. What is not in these tables
 * does not exist; see common/dispatch.h for what is checked before a handler
 * is called. A handler finds the child and hands over to the file that knows
 * what to do; -1 says that the sender is broken.
 */

#include "compat/stream.h"
#include "fdset.h"
#include "log.h"
#include "worker.h"

/* The descriptors of the next child. */
static struct fdset next = FDSET_INITIALIZER;

static int
handle_stream(void *arg, const void *data, size_t len, int fd)
{
	struct msg_stream m;

	(void)arg;
	if (proto_unpack_stream(data, len, &m) == -1)
		return (-1);
	return (fdset_add(&next, &m, fd));
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
handle_child(void *arg, const void *data, size_t len, int fd)
{
	struct msg_child m;
	int fds[3];

	(void)arg;
	(void)fd;
	if (proto_unpack_child(data, len, &m) == -1 ||
	    fdset_take(&next, m.id, m.streams, fds) == -1 ||
	    wchild_by_id(m.id) != NULL || !fds_fit(&m, fds))
		return (-1);
	wchild_start(&m, fds);
	return (0);
}

static int
handle_exit(void *arg, const void *data, size_t len, int fd)
{
	struct msg_exit m;
	struct wchild *c;

	(void)arg;
	(void)fd;
	if (proto_unpack_exit(data, len, &m) == -1 ||
	    (c = wchild_by_id(m.id)) == NULL || c->ended)
		return (-1);
	wchild_exit(c, &m);
	return (0);
}

static int
handle_reply(void *arg, const void *data, size_t len, int fd)
{
	struct reply r;

	(void)arg;
	(void)fd;
	if (proto_unpack_reply(data, len, &r) == -1)
		return (-1);
	if (r.code == REPLY_LEVEL)
		log_setlevel(r.level);
	reply_send(&r);
	return (0);
}

static int
handle_pids(void *arg, const void *data, size_t len, int fd)
{
	const uint8_t *pids;
	struct msg_pids m;

	(void)arg;
	(void)fd;
	if (proto_unpack_pids(data, len, &m, &pids) == -1)
		return (-1);
	reply_pids(&m, pids);
	return (0);
}

static int
handle_winsz(void *arg, const void *data, size_t len, int fd)
{
	struct msg_winsz m;

	(void)arg;
	(void)fd;
	if (proto_unpack_winsz(data, len, &m) == -1)
		return (-1);
	pty_winsz(wchild_by_pid(m.pid), &m);
	return (0);
}

static int
handle_ptyopts(void *arg, const void *data, size_t len, int fd)
{
	struct msg_mode modes[TTYMODES_MAX];
	struct msg_ptyopts m;

	(void)arg;
	(void)fd;
	if (proto_unpack_ptyopts(data, len, &m, modes) == -1)
		return (-1);
	pty_opts(wchild_by_pid(m.pid), &m, modes);
	return (0);
}

static int
handle_hello(void *arg, const void *data, size_t len, int fd)
{
	struct strvec users;
	struct msg_hello m;

	(void)arg;
	(void)fd;
	if (proto_unpack_hello(data, len, &m, &users) == -1)
		return (-1);
	hello_reply(&m, &users);
	return (0);
}

static int
handle_down(void *arg, const void *data, size_t len, int fd)
{
	const char *user;

	(void)arg;
	(void)fd;
	if (proto_unpack_down(data, len, &user) == -1)
		return (-1);
	event_down(user);
	return (0);
}

/* To a child that is gone: dropped, as are the next two. */
static int
handle_stdin(void *arg, const void *data, size_t len, int fd)
{
	const uint8_t *bytes;
	struct msg_stdin m;
	struct wchild *c;
	size_t n;

	(void)arg;
	(void)fd;
	if (proto_unpack_stdin(data, len, &m, &bytes, &n) == -1)
		return (-1);
	if ((c = wchild_by_pid(m.pid)) != NULL)
		feed_data(c, bytes, n);
	return (0);
}

static int
handle_stdin_eof(void *arg, const void *data, size_t len, int fd)
{
	const uint8_t *bytes;
	struct msg_stdin m;
	struct wchild *c;
	size_t n;

	(void)arg;
	(void)fd;
	if (proto_unpack_stdin(data, len, &m, &bytes, &n) == -1 || n != 0)
		return (-1);
	if ((c = wchild_by_pid(m.pid)) != NULL)
		feed_eof(c);
	return (0);
}

static int
handle_ack(void *arg, const void *data, size_t len, int fd)
{
	struct wchild *c;
	struct msg_ack m;

	(void)arg;
	(void)fd;
	if (proto_unpack_ack(data, len, &m) == -1)
		return (-1);
	if ((c = wchild_by_pid(m.pid)) != NULL)
		relay_ack(c, m.stream, m.bytes);
	return (0);
}

#define FIXED(s) sizeof(struct s), sizeof(struct s)

const struct dispatch worker_priv_table[] = {
	{ IMSG_STREAM, "stream", FIXED(msg_stream), MSG_FD, 1, handle_stream },
	{ IMSG_CHILD, "child", FIXED(msg_child), MSG_NOFD, 1, handle_child },
	{ IMSG_EXIT, "exit", FIXED(msg_exit), MSG_NOFD, 1, handle_exit },
	{ IMSG_REPLY, "reply", sizeof(struct msg_reply), MSG_REPLY_MAX,
	    MSG_NOFD, 1, handle_reply },
	{ IMSG_WINSZ, "winsz", FIXED(msg_winsz), MSG_NOFD, 1, handle_winsz },
	{ IMSG_PTYOPTS, "pty_opts", sizeof(struct msg_ptyopts),
	    sizeof(struct msg_ptyopts) + TTYMODES_MAX * sizeof(struct msg_mode),
	    MSG_NOFD, 1, handle_ptyopts },
	{ IMSG_HELLO_REPLY, "hello reply", sizeof(struct msg_hello),
	    sizeof(struct msg_hello) + HELLO_USERS_MAX, MSG_NOFD, 1,
	    handle_hello },
	{ IMSG_DOWN, "down", sizeof(struct msg_down), MSG_DOWN_MAX, MSG_NOFD, 1,
	    handle_down },
	{ IMSG_PIDS, "pids", sizeof(struct msg_pids), MSG_MAX, MSG_NOFD, 1,
	    handle_pids },
};
const size_t worker_priv_rows =
    sizeof(worker_priv_table) / sizeof(worker_priv_table[0]);

const struct dispatch worker_broker_table[] = {
	{ IMSG_STDIN, "stdin", sizeof(struct msg_stdin),
	    sizeof(struct msg_stdin) + MSG_STDIN_MAX, MSG_NOFD, 1,
	    handle_stdin },
	{ IMSG_ACK, "ack", FIXED(msg_ack), MSG_NOFD, 1, handle_ack },
	{ IMSG_STDIN_EOF, "stdin eof", FIXED(msg_stdin), MSG_NOFD, 1,
	    handle_stdin_eof },
};
const size_t worker_broker_rows =
    sizeof(worker_broker_table) / sizeof(worker_broker_table[0]);
