/*
 * Packing, unpacking and checking of the messages in proto.h. What is
 * unpacked here comes from a process that may have been taken over: every
 * string must lie exactly where pack would have put it, so that there is
 * one way only to write a message, without overlaps, gaps or left-overs.
 */

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "compat/cgroup.h"
#include "compat/ptymodes.h"
#include "limitname.h"
#include "log.h"
#include "proto.h"
#include "proto_leaf.h"
#include "proto_tail.h"

_Static_assert(LIMITS == RUN_LIMITS, "a run has all limits");
_Static_assert(sizeof(struct msg_run) == 648 + 8 + sizeof(struct leaf_limits),
    "padding in msg_run");
_Static_assert(sizeof(struct msg_note) == 8, "padding in msg_note");
_Static_assert(sizeof(struct msg_request) == 16, "padding in msg_request");
_Static_assert(sizeof(struct msg_launched) == 32, "padding in msg_launched");
_Static_assert(sizeof(struct msg_child) == 48, "padding in msg_child");
_Static_assert(
    sizeof(struct msg_exit) == 24 + 8 * USAGES, "padding in msg_exit");
_Static_assert(sizeof(struct msg_down) == 8, "padding in msg_down");
_Static_assert(sizeof(struct msg_ack) == 16, "padding in msg_ack");
_Static_assert(sizeof(struct msg_hello) == 56, "padding in msg_hello");
_Static_assert(sizeof(struct msg_reply) == 32, "padding in msg_reply");
_Static_assert(sizeof(struct msg_pids) == 16, "padding in msg_pids");
_Static_assert(sizeof(struct msg_winsz) == 16, "padding in msg_winsz");
_Static_assert(sizeof(struct msg_ptyopts) == 16, "padding in msg_ptyopts");

const char *const proto_stream_names[3] = { "stdin", "stdout", "stderr" };

const char *
strvec_next(const char *s)
{
	return (s + strlen(s) + 1);
}

/* count modes at p, each of which must be one. */
static int
modes_get(const char *p, uint32_t count, struct msg_mode *modes)
{
	uint32_t i;

	memcpy(modes, p, count * sizeof(*modes));
	for (i = 0; i < count; i++)
		if (ptymode_check(modes[i].opcode, modes[i].value) == -1)
			return (-1);
	return (0);
}

static int
tail_getmodes(struct tail *t, const struct msg_vec *m, struct run *r)
{
	if (m->off != t->off || m->count > TTYMODES_MAX ||
	    m->len != m->count * sizeof(struct msg_mode) ||
	    m->len > t->size - t->off)
		return (-1);
	r->modes_count = m->count;
	t->off += m->len;
	return (modes_get(t->in + m->off, m->count, r->modes));
}

static int
run_size(const struct run *r, size_t *size)
{
	const char *const words[] = { r->io[0].path, r->io[1].path,
		r->io[2].path, r->executable, r->cd, r->user, r->kill, r->arg0,
		r->gid, r->leaf_name };
	size_t i, n = sizeof(struct msg_run);

	if (r->args.len > RUN_STRINGS_MAX || r->env.len > RUN_STRINGS_MAX ||
	    r->args.len + r->env.len > RUN_STRINGS_MAX)
		return (-1);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i]) >= RUN_PATH_MAX)
			return (-1);
		n += strlen(words[i]) + 1;
	}
	if (r->groups.len > RUN_PATH_MAX || r->modes_count > TTYMODES_MAX ||
	    leaf_name_check(r->leaf_name) == -1)
		return (-1);
	*size = n + r->args.len + r->env.len + r->groups.len +
		r->modes_count * sizeof(struct msg_mode);
	return (0);
}

void *
proto_pack_run(const struct run *r, size_t *len)
{
	struct msg_run *m;
	struct tail t = { 0 };
	struct strvec modes;
	int i;

	if (run_size(r, len) == -1) {
		errno = E2BIG;
		return (NULL);
	}
	if ((m = calloc(1, *len)) == NULL)
		return (NULL);
	memcpy(m, r, offsetof(struct msg_run, io));
	t.out = (char *)(m + 1);
	for (i = 0; i < 3; i++) {
		m->io[i].kind = r->io[i].kind;
		m->io[i].append = r->io[i].append;
		m->io[i].perm = r->io[i].perm;
		tail_put(&t, &m->io[i].path, r->io[i].path);
	}
	tail_put(&t, &m->executable, r->executable);
	tail_put(&t, &m->cd, r->cd);
	tail_put(&t, &m->user, r->user);
	tail_put(&t, &m->kill, r->kill);
	tail_put(&t, &m->arg0, r->arg0);
	tail_put(&t, &m->gid, r->gid);
	tail_put(&t, &m->leaf_name, r->leaf_name);
	tail_putvec(&t, &m->args, &r->args);
	tail_putvec(&t, &m->env, &r->env);
	tail_putvec(&t, &m->groups, &r->groups);
	modes.base = (const char *)r->modes;
	modes.len = (uint32_t)(r->modes_count * sizeof(struct msg_mode));
	modes.count = r->modes_count;
	tail_putvec(&t, &m->modes, &modes);
	return (m);
}

static int
io_check(const struct msg_io *m, int stream)
{
	if (m->kind >= IO_KINDS || m->append > 1 || m->perm > 07777)
		return (-1);
	if (m->kind == IO_FILE) {
		if (m->path.len == 0)
			return (-1);
	} else if (m->path.len != 0 || m->append != 0 || m->perm != 0)
		return (-1);
	if (m->kind == IO_STDOUT || m->kind == IO_INHERIT)
		return (stream == 2 ? 0 : -1);
	if (m->kind == IO_STDERR)
		return (stream == 1 ? 0 : -1);
	return (0);
}

/* What is not given is 0, and so is what goes with a flag that is not set. */
static int
run_check_numbers(const struct msg_run *m)
{
	if (m->flags & ~(uint32_t)RUN_FLAGS || m->stop_signal >= NSIG)
		return (-1);
	if (!(m->flags & RUN_CAPS) && m->caps != 0)
		return (-1);
	if (m->umask > 0777 || (!(m->flags & RUN_UMASK) && m->umask != 0))
		return (-1);
	if (!(m->flags & RUN_GROUPS) && m->groups.count != 0)
		return (-1);
	if (m->group < 0 || (!(m->flags & RUN_GROUP) && m->group != 0))
		return (-1);
	if (m->nice < -20 || m->nice > 20 ||
	    (!(m->flags & RUN_NICE) && m->nice != 0))
		return (-1);
	if (m->rows > UINT16_MAX || m->cols > UINT16_MAX ||
	    (m->rows == 0) != (m->cols == 0))
		return (-1);
	if (!(m->flags & RUN_PTY) &&
	    (m->flags & RUN_PTY_ECHO || m->modes.count != 0 || m->rows != 0 ||
		m->cols != 0))
		return (-1);
	/* A session leader cannot join another group. */
	if (m->flags & RUN_PTY && m->group != 0)
		return (-1);
	return (0);
}

/* 1 or 0: does it have any of what a process begins with, and no other? */
static int
run_is_bounded(const struct msg_run *m)
{
	uint64_t cpus = 0;
	size_t i;

	for (i = 0; i < RUN_CPUS / 64; i++)
		cpus |= m->cpus[i];
	return (m->limits != 0 || m->cpu_time != 0 || m->io_priority != 0 ||
		cpus != 0);
}

/* A number, or none. */
static int
limit_check(uint64_t n)
{
	return (n <= LIMIT_MAX || n == LIMIT_NONE ? 0 : -1);
}

static int
run_check_bounds(const struct msg_run *m)
{
	uint32_t class = m->io_priority >> 3, level = m->io_priority & 7, i;

	if (m->limits >> RUN_LIMITS != 0)
		return (-1);
	for (i = 0; i < RUN_LIMITS; i++)
		if (m->limits & 1U << i ? m->soft[i] > m->hard[i] ||
					      limit_check(m->soft[i]) == -1 ||
					      limit_check(m->hard[i]) == -1
					: m->soft[i] != 0 || m->hard[i] != 0)
			return (-1);
	/* The one is made of the other. */
	if (m->cpu_time > RUN_CPU_TIME_MAX ||
	    (m->cpu_time != 0 && m->limits & 1U << LIMIT_CPU))
		return (-1);
	if (m->score > RUN_SCORE_MAX ||
	    (m->score != 0 && !(m->flags & RUN_SCORE)))
		return (-1);
	return (
	    class > IO_IDLE || (class % IO_IDLE == 0 && level != 0) ? -1 : 0);
}

static int
run_check(const struct msg_run *m)
{
	int i;

	if (run_check_numbers(m) == -1 || run_check_bounds(m) == -1)
		return (-1);
	if (m->kill_timeout > RUN_TIMEOUT_MAX || m->success > 255 ||
	    m->timeout > RUN_TIMEOUT_MAX || m->window > RUN_WINDOW_MAX ||
	    m->stdin_ack > RUN_WINDOW_MAX)
		return (-1);
	/* Only what comes by a pipe, or a terminal that is heard, is output. */
	if (m->idle > RUN_TIMEOUT_MAX ||
	    (m->idle != 0 && m->io[1].kind != IO_PIPE &&
		m->io[2].kind != IO_PIPE))
		return (-1);
	if (leaf_limits_check(&m->leaf) == -1 ||
	    (!(m->flags & RUN_CGROUP) &&
		(m->leaf.given != 0 || m->leaf_name.len != 0)))
		return (-1);
	if (m->success != 0 && !(m->flags & RUN_SUCCESS))
		return (-1);
	if (m->linger > RUN_LINGER_MAX ||
	    (m->linger != 0 && !(m->flags & RUN_LINGER)))
		return (-1);
	if (m->pid != 0 ? m->args.count != 0 : m->args.count == 0)
		return (-1);
	if (m->pid != 0 && (m->window != 0 || m->stdin_ack != 0 ||
			       m->timeout != 0 || run_is_bounded(m)))
		return (-1);
	if (m->pid != 0 &&
	    (m->env.count != 0 || m->user.len != 0 || m->cd.len != 0 ||
		m->executable.len != 0 || m->arg0.len != 0 || m->gid.len != 0))
		return (-1);
	if (m->pid < 0 || m->pid == 1 ||
	    ((m->flags & RUN_SHELL) && m->args.count != 1))
		return (-1);
	for (i = 0; i < 3; i++)
		if (io_check(&m->io[i], i) == -1)
			return (-1);
	if (m->io[1].kind == IO_STDERR && m->io[2].kind == IO_STDOUT)
		return (-1);
	return (0);
}

static int
unpack_run(struct msg *msg)
{
	struct run *r = &msg->run;
	struct msg_run m;
	struct tail t = { 0 };
	int i;

	memcpy(&m, msg->data, sizeof(m));
	if (run_check(&m) == -1)
		return (-1);
	t.in = (const char *)msg->data + sizeof(m);
	t.size = (uint32_t)(msg->len - sizeof(m));
	memcpy(r, &m, offsetof(struct msg_run, io));
	for (i = 0; i < 3; i++) {
		r->io[i].kind = m.io[i].kind;
		r->io[i].append = m.io[i].append;
		r->io[i].perm = m.io[i].perm;
		if (tail_get(&t, &m.io[i].path, RUN_PATH_MAX, &r->io[i].path) ==
		    -1)
			return (-1);
	}
	if (tail_get(&t, &m.executable, RUN_PATH_MAX, &r->executable) == -1 ||
	    tail_get(&t, &m.cd, RUN_PATH_MAX, &r->cd) == -1 ||
	    tail_get(&t, &m.user, RUN_PATH_MAX, &r->user) == -1 ||
	    tail_get(&t, &m.kill, RUN_PATH_MAX, &r->kill) == -1 ||
	    tail_get(&t, &m.arg0, RUN_PATH_MAX, &r->arg0) == -1 ||
	    tail_get(&t, &m.gid, RUN_PATH_MAX, &r->gid) == -1 ||
	    tail_get(&t, &m.leaf_name, LEAF_NAME_MAX, &r->leaf_name) == -1 ||
	    tail_getvec(&t, &m.args, &r->args) == -1 ||
	    tail_getvec(&t, &m.env, &r->env) == -1 ||
	    tail_getvec(&t, &m.groups, &r->groups) == -1 ||
	    tail_getmodes(&t, &m.modes, r) == -1)
		return (-1);
	if (t.off != t.size || r->groups.len > RUN_PATH_MAX ||
	    leaf_name_check(r->leaf_name) == -1 ||
	    r->args.len + r->env.len > RUN_STRINGS_MAX)
		return (-1);
	return (0);
}

size_t
proto_pack_reply(void *buf, const struct reply *r)
{
	struct msg_reply m = { 0 };
	size_t len;

	memcpy(&m, r, offsetof(struct msg_reply, text));
	len = text_put(buf, sizeof(m), &m.text, r->text);
	memcpy(buf, &m, sizeof(m));
	return (len);
}

static int
unpack_reply(struct msg *msg)
{
	struct reply *r = &msg->reply;
	struct msg_reply m;

	memcpy(&m, msg->data, sizeof(m));
	if (m.code >= REPLY_CODES || m.stage >= STAGES || m.level < 0 ||
	    m.level > LOG_LEVEL_MAX)
		return (-1);
	memcpy(r, &m, offsetof(struct msg_reply, text));
	if (text_get(msg, sizeof(m), &m.text, &r->text) == -1)
		return (-1);
	if (m.code == REPLY_PAUSED && m.value != 0 && m.value != 1)
		return (-1);
	if (m.code == REPLY_BADOPT &&
	    (m.value < 0 || (uint32_t)m.value > strlen(r->text)))
		return (-1);
	return (0);
}

size_t
proto_pack_launched(void *buf, const struct launched *l)
{
	struct msg_launched m = { 0 };
	size_t len;

	memcpy(&m, l, offsetof(struct msg_launched, text));
	len = text_put(buf, sizeof(m), &m.text, l->text);
	memcpy(buf, &m, sizeof(m));
	return (len);
}

static int
unpack_launched(struct msg *msg)
{
	struct launched *l = &msg->launched;
	struct msg_launched m;

	memcpy(&m, msg->data, sizeof(m));
	if (m.stage >= STAGES || m.streams > 7 || m.pad != 0)
		return (-1);
	if (m.stage == STAGE_NONE) {
		if (m.pid <= 1 || m.error != 0 || m.text.len != 0)
			return (-1);
	} else if (m.pid < 0 || m.pid == 1 || m.error <= 0 || m.streams != 0)
		return (-1);
	memcpy(l, &m, offsetof(struct msg_launched, text));
	return (text_get(msg, sizeof(m), &m.text, &l->text));
}

static int
unpack_child(struct msg *msg)
{
	struct msg_child *m = &msg->child;

	memcpy(m, msg->data, sizeof(*m));
	if (m->pid <= 1 || m->streams > 7 || m->window > RUN_WINDOW_MAX ||
	    m->stdin_ack > RUN_WINDOW_MAX || m->pad != 0 ||
	    m->idle > RUN_TIMEOUT_MAX || (m->idle != 0 && !(m->streams & 6)))
		return (-1);
	/* Only the end of output that comes by a pipe can be told. */
	if (m->linger > 1 || (m->linger && (!(m->streams & 6) || m->tty != 0)))
		return (-1);
	switch (m->tty) {
	case 0:
		return (0);
	case TTY_YES:
	case TTY_YES | TTY_STDERR:
	case TTY_YES | TTY_SILENT:
		return ((m->streams & 6) == 6 ? 0 : -1);
	default:
		return (-1);
	}
}

static int
unpack_stream(struct msg *msg)
{
	struct msg_stream *m = &msg->stream;

	memcpy(m, msg->data, sizeof(*m));
	return (m->stream <= 2 ? 0 : -1);
}

static int
unpack_note(struct msg *msg)
{
	struct msg_note *m = &msg->note;

	memcpy(m, msg->data, sizeof(*m));
	return (m->pad == 0 ? 0 : -1);
}

static int
unpack_request(struct msg *msg)
{
	struct msg_request *m = &msg->request;

	memcpy(m, msg->data, sizeof(*m));
	return (0);
}

static int
unpack_stdin(struct msg *msg)
{
	struct msg_stdin m;

	memcpy(&m, msg->data, sizeof(m));
	if (m.pid <= 1 || m.pad != 0)
		return (-1);
	msg->input.pid = m.pid;
	msg->input.bytes = (const uint8_t *)msg->data + sizeof(m);
	msg->input.len = msg->len - sizeof(m);
	return (0);
}

static int
unpack_moved(struct msg *msg)
{
	struct msg_moved *m = &msg->moved;

	memcpy(m, msg->data, sizeof(*m));
	return (m->pid > 1 && m->len > 0 && m->len <= MSG_MOVED_MAX ? 0 : -1);
}

static int
unpack_pids(struct msg *msg)
{
	struct msg_pids *m = &msg->pids.m;

	memcpy(m, msg->data, sizeof(*m));
	if (m->pad != 0 || m->count > MSG_PIDS_MAX ||
	    msg->len != sizeof(*m) + m->count * sizeof(int32_t))
		return (-1);
	msg->pids.pids = (const uint8_t *)msg->data + sizeof(*m);
	return (0);
}

static int
unpack_winsz(struct msg *msg)
{
	struct msg_winsz *m = &msg->winsz;

	memcpy(m, msg->data, sizeof(*m));
	return (m->rows > 0 && m->cols > 0 ? 0 : -1);
}

static int
unpack_ptyopts(struct msg *msg)
{
	struct msg_ptyopts *m = &msg->ptyopts.m;

	memcpy(m, msg->data, sizeof(*m));
	if (m->count > TTYMODES_MAX ||
	    msg->len != sizeof(*m) + m->count * sizeof(struct msg_mode))
		return (-1);
	return (modes_get((const char *)msg->data + sizeof(*m), m->count,
	    msg->ptyopts.modes));
}

static int
unpack_exit(struct msg *msg)
{
	struct msg_exit *m = &msg->exit;

	memcpy(m, msg->data, sizeof(*m));
	if (m->reason >= REASONS || m->killed > 1 || m->cut > 1)
		return (-1);
	return (0);
}

size_t
proto_pack_down(void *buf, const char *user)
{
	struct msg_down m;
	size_t len;

	len = text_put(buf, sizeof(m), &m.user, user);
	memcpy(buf, &m, sizeof(m));
	return (len);
}

static int
unpack_down(struct msg *msg)
{
	struct msg_down m;

	memcpy(&m, msg->data, sizeof(m));
	if (text_get(msg, sizeof(m), &m.user, &msg->down.user) == -1 ||
	    *msg->down.user == '\0')
		return (-1);
	return (0);
}

static int
unpack_ack(struct msg *msg)
{
	struct msg_ack *m = &msg->ack;

	memcpy(m, msg->data, sizeof(*m));
	if (m->pid <= 1 || m->stream < 1 || m->stream > 2)
		return (-1);
	return (0);
}

size_t
proto_pack_hello(void *buf, const struct msg_hello *hello, const char *cgroup)
{
	struct msg_hello m = *hello;
	size_t len;

	len = text_put(buf, sizeof(m) + m.users.len, &m.cgroup, cgroup);
	m.cgroup.off = m.users.len;
	memcpy(buf, &m, sizeof(m));
	return (len);
}

static int
unpack_hello(struct msg *msg)
{
	struct msg_hello *m = &msg->hello.m;
	struct strvec *users = &msg->hello.users;
	struct tail t = { 0 };

	memcpy(m, msg->data, sizeof(*m));
	t.in = (const char *)msg->data + sizeof(*m);
	t.size = (uint32_t)(msg->len - sizeof(*m));
	if (m->privilege >= PRIVILEGES || m->launcher > 1 || m->leaves > 1 ||
	    m->kill >= CGROUP_HOWS || m->controllers >> LEAF_CTLS != 0 ||
	    (!m->leaves && (m->kill || m->controllers != 0)) ||
	    m->orphans >= ORPHANS_HOWS || m->pad != 0)
		return (-1);
	if (tail_getvec(&t, &m->users, users) == -1 || users->count == 0 ||
	    users->len > HELLO_USERS_MAX ||
	    tail_get(&t, &m->cgroup, MSG_TEXT_MAX, &msg->hello.cgroup) == -1 ||
	    t.off != t.size || *msg->hello.cgroup == '\0')
		return (-1);
	return (0);
}

#define FIXED(s) sizeof(struct s), sizeof(struct s), 0
#define AND(s, more) sizeof(struct s), sizeof(struct s) + (more), 0
#define WITH_FD(s) sizeof(struct s), sizeof(struct s), 1
#define RUN sizeof(struct msg_run), MSG_MAX, 0
#define MODES_BYTES (TTYMODES_MAX * sizeof(struct msg_mode))

static const struct msg_type types[] = {
	[IMSG_RUN] = { "run", RUN, unpack_run },
	[IMSG_STOP] = { "stop", FIXED(msg_request), unpack_request },
	[IMSG_KILL] = { "kill", FIXED(msg_request), unpack_request },
	[IMSG_LIST] = { "list", FIXED(msg_request), unpack_request },
	[IMSG_DEBUG] = { "debug", FIXED(msg_request), unpack_request },
	[IMSG_SETPGID] = { "setpgid", FIXED(msg_request), unpack_request },
	[IMSG_MANAGE] = { "manage", RUN, unpack_run },
	[IMSG_WINSZ] = { "winsz", FIXED(msg_winsz), unpack_winsz },
	[IMSG_PTYOPTS] = { "pty_opts", AND(msg_ptyopts, MODES_BYTES),
	    unpack_ptyopts },
	[IMSG_REFUSE] = { "refuse", AND(msg_reply, MSG_TEXT_MAX),
	    unpack_reply },
	[IMSG_SHUTDOWN] = { "shutdown", FIXED(msg_request), unpack_request },
	[IMSG_STDIN] = { "stdin", AND(msg_stdin, MSG_STDIN_MAX), unpack_stdin },
	[IMSG_STDIN_EOF] = { "stdin eof", FIXED(msg_stdin), unpack_stdin },
	[IMSG_MOVED] = { "moved", FIXED(msg_moved), unpack_moved },
	[IMSG_LAUNCH] = { "launch", RUN, unpack_run },
	[IMSG_STREAM] = { "stream", WITH_FD(msg_stream), unpack_stream },
	[IMSG_LAUNCHED] = { "launched", AND(msg_launched, MSG_TEXT_MAX),
	    unpack_launched },
	[IMSG_CHILD] = { "child", FIXED(msg_child), unpack_child },
	[IMSG_EXIT] = { "exit", FIXED(msg_exit), unpack_exit },
	[IMSG_REPLY] = { "reply", AND(msg_reply, MSG_TEXT_MAX), unpack_reply },
	[IMSG_PIDS] = { "pids", sizeof(struct msg_pids), MSG_MAX, 0,
	    unpack_pids },
	[IMSG_LOST] = { "lost", FIXED(msg_stream), unpack_stream },
	[IMSG_HELLO] = { "hello", FIXED(msg_request), unpack_request },
	[IMSG_HELLO_REPLY] = { "hello reply",
	    AND(msg_hello, HELLO_USERS_MAX + MSG_TEXT_MAX), unpack_hello },
	[IMSG_ACK] = { "ack", FIXED(msg_ack), unpack_ack },
	[IMSG_DOWN] = { "down", AND(msg_down, MSG_TEXT_MAX), unpack_down },
	[IMSG_DRAINED] = { "drained", FIXED(msg_note), unpack_note },
	[IMSG_CUT] = { "cut", FIXED(msg_note), unpack_note },
	[IMSG_IDLE] = { "idle", FIXED(msg_note), unpack_note },
	[IMSG_LEAF_MAKE] = { "leaf make", FIXED(msg_leaf_make),
	    proto_unpack_leaf_make },
	[IMSG_LEAF_SET] = { "leaf set", FIXED(msg_leaf_make),
	    proto_unpack_leaf_make },
	[IMSG_LEAF_ASK] = { "leaf ask", FIXED(msg_leaf_ask),
	    proto_unpack_leaf_ask },
	[IMSG_LEAF] = { "leaf", WITH_FD(msg_leaf), proto_unpack_leaf },
	[IMSG_LEAF_DONE] = { "leaf done", AND(msg_leaf_done, MSG_TEXT_MAX),
	    proto_unpack_leaf_done },
	[IMSG_LEAF_STATE] = { "leaf state", AND(msg_leaf_state, MSG_TEXT_MAX),
	    proto_unpack_leaf_state },
	[IMSG_LEAF_EVENT] = { "leaf event", FIXED(msg_leaf_event),
	    proto_unpack_leaf_event },
	[IMSG_CGROUP_SET] = { "cgroup set", FIXED(msg_cgroup_set),
	    proto_unpack_cgroup_set },
	[IMSG_STATS] = { "stats", FIXED(msg_request), unpack_request },
	[IMSG_PAUSE] = { "pause", FIXED(msg_request), unpack_request },
};

const struct msg_type *
proto_type(uint32_t type)
{
	if (type >= sizeof(types) / sizeof(types[0]) ||
	    types[type].unpack == NULL)
		return (NULL);
	return (&types[type]);
}

int
proto_unpack(struct msg *m)
{
	const struct msg_type *t = proto_type(m->type);

	if (t == NULL || m->len < t->min || m->len > t->max)
		return (-1);
	return (t->unpack(m));
}
