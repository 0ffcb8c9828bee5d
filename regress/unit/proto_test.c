/*
 * Tests of the messages between the processes. Whoever sends one may have
 * been taken over, so every message that is shown to an unpack function here
 * lies in an allocation that ends with its last byte, and begins at an odd
 * address. Whatever is accepted must be the one way to write it: packed
 * again it has the very same bytes.
 *
 * PROTO_ROUNDS in the environment says how many mutated messages are tried,
 * PROTO_SEED what they begin from.
 */

#include <sys/types.h>

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compat/ptymodes.h"
#include "limitname.h"
#include "log.h"
#include "order.h"
#include "proto.h"
#include "unpack.h"

#define ROUNDS 1000000
#define SEED 0x9e3779b97f4a7c15ULL
#define SMALL_MAX 2048 /* the samples, mutated */
#define HEAD_WORDS (sizeof(struct msg_run) / 4)
#define SAMPLES 5 /* at most so many of a kind */

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

enum kind {
	RUN,
	REPLY,
	LAUNCHED,
	DOWN,
	CHILD,
	STREAM,
	REQUEST,
	STDIN,
	PIDS,
	WINSZ,
	PTYOPTS,
	EXIT,
	ACK,
	NOTE,
	WELCOME,
	KINDS
};

static uint8_t *
odd_copy(const void *data, size_t len)
{
	uint8_t *p;

	p = malloc(len + 1);
	assert_non_null(p);
	if (len > 0)
		memcpy(p + 1, data, len);
	return (p);
}

/* Every string of a vector is read, and the last ends the vector. */
static void
assert_vec(const struct strvec *v)
{
	const char *p = v->base;
	uint32_t i;

	for (i = 0; i < v->count; i++)
		p = strvec_next(p);
	assert_ptr_equal(p, v->base + v->len);
}

static void
assert_modes(const struct msg_mode *modes, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		assert_int_equal(
		    ptymode_check(modes[i].opcode, modes[i].value), 0);
}

static void
assert_run(const struct run *r, const void *data, size_t len)
{
	void *again;
	size_t n;

	assert_vec(&r->args);
	assert_vec(&r->env);
	assert_true(r->pid == 0 || (r->pid > 1 && r->args.count == 0));
	assert_true(r->modes_count <= TTYMODES_MAX);
	assert_modes(r->modes, r->modes_count);
	again = proto_pack_run(r, &n);
	assert_non_null(again);
	assert_int_equal(n, len);
	assert_memory_equal(again, data, len);
	free(again);
}

static int
try_run(const void *data, size_t len)
{
	struct run r;

	if (proto_unpack_run(data, len, &r) == -1)
		return (-1);
	assert_run(&r, data, len);
	return (0);
}

static int
try_reply(const void *data, size_t len)
{
	struct reply r;
	uint8_t again[MSG_REPLY_MAX];

	if (proto_unpack_reply(data, len, &r) == -1)
		return (-1);
	assert_int_equal(proto_pack_reply(again, &r), len);
	assert_memory_equal(again, data, len);
	return (0);
}

static int
try_launched(const void *data, size_t len)
{
	struct launched l;
	uint8_t again[MSG_LAUNCHED_MAX];

	if (proto_unpack_launched(data, len, &l) == -1)
		return (-1);
	assert_true(l.pid == 0 || l.pid > 1);
	assert_true((l.stage == STAGE_NONE) == (l.error == 0));
	assert_int_equal(proto_pack_launched(again, &l), len);
	assert_memory_equal(again, data, len);
	return (0);
}

static int
try_down(const void *data, size_t len)
{
	uint8_t again[MSG_DOWN_MAX];
	const char *user;

	if (proto_unpack_down(data, len, &user) == -1)
		return (-1);
	assert_true(*user != '\0');
	assert_int_equal(proto_pack_down(again, user), len);
	assert_memory_equal(again, data, len);
	return (0);
}

static int
try_stdin(const void *data, size_t len)
{
	struct msg_stdin m;
	const uint8_t *bytes;
	size_t n;

	if (proto_unpack_stdin(data, len, &m, &bytes, &n) == -1)
		return (-1);
	assert_true(n <= MSG_STDIN_MAX && m.pid > 1);
	assert_int_equal(sizeof(m) + n, len);
	assert_memory_equal(&m, data, sizeof(m));
	assert_ptr_equal(bytes, (const uint8_t *)data + sizeof(m));
	return (0);
}

static int
try_pids(const void *data, size_t len)
{
	struct msg_pids m;
	const uint8_t *pids;

	if (proto_unpack_pids(data, len, &m, &pids) == -1)
		return (-1);
	assert_true(m.count <= MSG_PIDS_MAX);
	assert_int_equal(sizeof(m) + m.count * sizeof(int32_t), len);
	assert_memory_equal(&m, data, sizeof(m));
	assert_ptr_equal(pids, (const uint8_t *)data + sizeof(m));
	return (0);
}

static int
try_ptyopts(const void *data, size_t len)
{
	struct msg_mode modes[TTYMODES_MAX];
	struct msg_ptyopts m;

	if (proto_unpack_ptyopts(data, len, &m, modes) == -1)
		return (-1);
	assert_true(m.count <= TTYMODES_MAX);
	assert_int_equal(sizeof(m) + m.count * sizeof(modes[0]), len);
	assert_memory_equal(&m, data, sizeof(m));
	assert_modes(modes, m.count);
	if (m.count > 0)
		assert_memory_equal(modes, (const uint8_t *)data + sizeof(m),
		    m.count * sizeof(modes[0]));
	return (0);
}

static int
try_welcome(const void *data, size_t len)
{
	struct msg_hello m;
	struct strvec users;

	if (proto_unpack_hello(data, len, &m, &users) == -1)
		return (-1);
	assert_true(m.privilege < PRIVILEGES && m.launcher <= 1);
	assert_true(users.count > 0 && users.len <= HELLO_USERS_MAX);
	assert_true(m.leaves <= 1 && m.kill <= 2 * m.leaves);
	assert_int_equal(sizeof(m) + users.len + m.cgroup.len + 1, len);
	assert_memory_equal(&m, data, sizeof(m));
	assert_ptr_equal(users.base, (const char *)data + sizeof(m));
	assert_vec(&users);
	return (0);
}

/* The messages that are nothing but their struct. */
static int
try_fixed(enum kind kind, const void *data, size_t len)
{
	struct msg_child child;
	struct msg_stream stream;
	struct msg_request request;
	struct msg_winsz winsz;
	struct msg_exit ended;
	struct msg_ack ack;
	struct msg_note note;
	const void *m;
	size_t size;
	int rc;

	switch (kind) {
	case CHILD:
		rc = proto_unpack_child(data, len, &child);
		m = &child;
		size = sizeof(child);
		break;
	case STREAM:
		rc = proto_unpack_stream(data, len, &stream);
		m = &stream;
		size = sizeof(stream);
		break;
	case REQUEST:
		rc = proto_unpack_request(data, len, &request);
		m = &request;
		size = sizeof(request);
		break;
	case WINSZ:
		rc = proto_unpack_winsz(data, len, &winsz);
		m = &winsz;
		size = sizeof(winsz);
		break;
	case ACK:
		rc = proto_unpack_ack(data, len, &ack);
		m = &ack;
		size = sizeof(ack);
		break;
	case NOTE:
		rc = proto_unpack_note(data, len, &note);
		m = &note;
		size = sizeof(note);
		break;
	default:
		rc = proto_unpack_exit(data, len, &ended);
		m = &ended;
		size = sizeof(ended);
		break;
	}
	if (rc == -1)
		return (-1);
	assert_int_equal(len, size);
	assert_memory_equal(m, data, len);
	return (0);
}

static int
try_data(enum kind kind, const void *data, size_t len)
{
	switch (kind) {
	case RUN:
		return (try_run(data, len));
	case REPLY:
		return (try_reply(data, len));
	case LAUNCHED:
		return (try_launched(data, len));
	case DOWN:
		return (try_down(data, len));
	case STDIN:
		return (try_stdin(data, len));
	case PIDS:
		return (try_pids(data, len));
	case PTYOPTS:
		return (try_ptyopts(data, len));
	case WELCOME:
		return (try_welcome(data, len));
	default:
		return (try_fixed(kind, data, len));
	}
}

/* 0 or -1, as unpack says; if it is 0, all that follows from it holds. */
static int
try(enum kind kind, const void *data, size_t len)
{
	uint8_t *p;
	int rc;

	p = odd_copy(data, len);
	rc = try_data(kind, p + 1, len);
	free(p);
	return (rc);
}

static void
set32(void *msg, size_t off, uint32_t v)
{
	memcpy((uint8_t *)msg + off, &v, sizeof(v));
}

static uint32_t
get32(const void *msg, size_t off)
{
	uint32_t v;

	memcpy(&v, (const uint8_t *)msg + off, sizeof(v));
	return (v);
}

#define ARGS "ls\0-l\0\0last"
#define ENV "HOME=/\0GONE\0A=\0"

static void
sample_run(struct run *r)
{
	memset(r, 0, sizeof(*r));
	r->tid = -0x123456789abcdefLL;
	r->id = 0xfedcba98;
	r->flags = RUN_ENV_CLEAR | RUN_SUCCESS | RUN_LINGER | RUN_UMASK |
		   RUN_GROUPS | RUN_CGROUP;
	r->leaf.given = UINT64_C(1) << LEAF_MEMORY_MAX | UINT64_C(1)
							     << LEAF_CPUS;
	r->leaf.value[LEAF_MEMORY_MAX] = 8U << 20;
	r->leaf.cpus[1] = 5;
	r->leaf_name = "web-1";
	r->kill_timeout = 1234;
	r->success = 77;
	r->window = 65536;
	r->stdin_ack = 4096;
	r->timeout = 60000;
	r->umask = 027;
	r->arg0 = "-ls";
	r->gid = "staff";
	r->groups.base = "adm\0"
			 "4";
	r->groups.len = 6;
	r->groups.count = 2;
	r->stop_signal = 3;
	r->linger = 500;
	r->io[0].kind = IO_FILE;
	r->io[0].path = "/in";
	r->io[1].kind = IO_FILE;
	r->io[1].append = 1;
	r->io[1].perm = 0640;
	r->io[1].path = "/a/longer/name";
	r->io[2].kind = IO_STDOUT;
	r->io[2].path = "";
	r->executable = "/bin/ls";
	r->cd = r->user = r->kill = "";
	r->args.base = ARGS;
	r->args.len = sizeof(ARGS);
	r->args.count = 4;
	r->env.base = ENV;
	r->env.len = sizeof(ENV) - 1;
	r->env.count = 3;
}

static void
small_run(struct run *r)
{
	memset(r, 0, sizeof(*r));
	r->flags = RUN_SHELL;
	r->io[0].kind = IO_PIPE;
	r->io[1].kind = IO_STDERR;
	r->io[2].kind = IO_CLOSE;
	r->io[0].path = r->io[1].path = r->io[2].path = "";
	r->executable = r->cd = r->user = r->kill = r->arg0 = r->gid =
	    r->leaf_name = "";
	r->args.base = "x";
	r->args.len = 2;
	r->args.count = 1;
}

#define PTY_FLAGS                                                          \
	(RUN_SUCCESS | RUN_KILL_GROUP | RUN_GROUP | RUN_NICE | RUN_PTY |   \
	    RUN_PTY_ECHO | RUN_CAPS | RUN_DEBUG | RUN_LINGER | RUN_UMASK | \
	    RUN_GROUPS | RUN_CGROUP)

/* On a terminal, with all that a run may have there. */
static void
pty_run(struct run *r)
{
	static const struct msg_mode modes[] = { { 1, 255 }, { 30, 1 },
		{ 62, 0 }, { 91, 1 }, { 128, 0xffffffffU } };

	sample_run(r);
	r->flags = PTY_FLAGS;
	r->caps = 0x8000000000000021ULL;
	r->nice = -20;
	r->rows = 24;
	r->cols = 65535;
	r->user = "nobody";
	r->kill = "kill $CHILD_PID";
	memcpy(r->modes, modes, sizeof(modes));
	r->modes_count = nitems(modes);
}

static void
group_run(struct run *r)
{
	small_run(r);
	r->flags = RUN_GROUP | RUN_NICE;
	r->group = 4711;
	r->nice = 20;
	r->io[2].kind = IO_PIPE;
	r->idle = 600000;
	r->cd = "/";
	r->user = "u";
	r->flags |= RUN_SCORE | RUN_NO_NEW_PRIVS;
	r->score = RUN_SCORE_MAX;
	r->limits = 1U << LIMIT_AS | 1U << LIMIT_STACK;
	r->soft[LIMIT_AS] = 0;
	r->hard[LIMIT_AS] = LIMIT_NONE;
	r->soft[LIMIT_STACK] = r->hard[LIMIT_STACK] = LIMIT_MAX;
	r->cpus[0] = 5;
	r->cpus[15] = UINT64_MAX;
	r->io_priority = IO_PRIORITY(IO_BEST_EFFORT, 7);
	r->cpu_time = RUN_CPU_TIME_MAX;
}

static void
manage_run(struct run *r)
{
	small_run(r);
	memset(r->io, 0, sizeof(r->io));
	r->io[0].path = r->io[1].path = r->io[2].path = "";
	memset(&r->args, 0, sizeof(r->args));
	r->flags = RUN_MANAGE;
	r->pid = 4711;
	r->nice = 1;
	r->success = 1;
	r->kill = "stop it";
}

static void (*const runs[SAMPLES])(
    struct run *) = { sample_run, small_run, pty_run, group_run, manage_run };

static size_t
pack_small(uint8_t *buf, const struct run *r)
{
	void *msg;
	size_t len;

	msg = proto_pack_run(r, &len);
	assert_non_null(msg);
	assert_true(len <= SMALL_MAX);
	memcpy(buf, msg, len);
	free(msg);
	return (len);
}

static size_t
copy_struct(uint8_t *buf, const void *m, size_t size)
{
	memcpy(buf, m, size);
	return (size);
}

static size_t
sample_fixed(enum kind kind, uint8_t *buf)
{
	struct msg_child child = { -5, 250, 9, 4711, 6, TTY_YES, 65536, 4096, 0,
		0 };
	struct msg_stream stream = { 9, 2 };
	struct msg_request request = { 7, -1, 15 };
	struct msg_stdin in = { 4711, 0 };
	struct msg_pids pids = { 3, 4, 0 };
	struct msg_winsz winsz = { -3, 4711, 24, 80 };
	struct msg_ptyopts opts = { -3, 4711, 2 };
	struct msg_mode modes[] = { { 3, 127 }, { 53, 0 } };
	struct msg_exit ended = { 9, -1, -1, REASON_STOPPED, 1, 0, { 1 } };
	struct msg_ack ack = { 4711, 2, 1ULL << 40 };
	struct msg_note note = { 9, 0 };
	struct msg_hello welcome = { .tid = -3,
		.privilege = PRIVILEGE_ROOT,
		.launcher = 1,
		.users = { 0, 11, 3 },
		.leaves = 1,
		.controllers = 3,
		.kill = 1,
		.orphans = ORPHANS_REAPER };
	size_t n;

	switch (kind) {
	case CHILD:
		return (copy_struct(buf, &child, sizeof(child)));
	case STREAM:
		return (copy_struct(buf, &stream, sizeof(stream)));
	case REQUEST:
		return (copy_struct(buf, &request, sizeof(request)));
	case STDIN:
		n = copy_struct(buf, &in, sizeof(in));
		return (n + copy_struct(buf + n, "a\0b", 3));
	case PIDS:
		n = copy_struct(buf, &pids, sizeof(pids));
		memset(buf + n, 0x5a, 16);
		return (n + 16);
	case WINSZ:
		return (copy_struct(buf, &winsz, sizeof(winsz)));
	case PTYOPTS:
		n = copy_struct(buf, &opts, sizeof(opts));
		return (n + copy_struct(buf + n, modes, sizeof(modes)));
	case ACK:
		return (copy_struct(buf, &ack, sizeof(ack)));
	case NOTE:
		return (copy_struct(buf, &note, sizeof(note)));
	case WELCOME:
		memcpy(buf + sizeof(welcome), "alice\0bob\0", 11);
		return (proto_pack_hello(buf, &welcome, "/proctor"));
	default:
		return (copy_struct(buf, &ended, sizeof(ended)));
	}
}

/* A good message in buf of SMALL_MAX bytes; which: below SAMPLES. */
static size_t
sample(enum kind kind, int which, uint8_t *buf)
{
	struct run r;
	struct reply reply = { 8, REPLY_RUNFAIL, 2, STAGE_OPEN, 0, "/tmp/x" };
	struct reply ok = { 1, REPLY_LEVEL, 3, STAGE_NONE, 10, "" };
	struct launched l = { 9, 4711, STAGE_NONE, 0, 7, "" };
	struct launched failed = { 9, 0, STAGE_CHDIR, ENOENT, 0, "/nope" };

	switch (kind) {
	case RUN:
		runs[which](&r);
		return (pack_small(buf, &r));
	case REPLY:
		return (proto_pack_reply(buf, which == 0 ? &reply : &ok));
	case LAUNCHED:
		return (proto_pack_launched(buf, which == 0 ? &l : &failed));
	case DOWN:
		return (proto_pack_down(buf, which == 0 ? "alice" : "b"));
	default:
		return (sample_fixed(kind, buf));
	}
}

/* Every sample, and nothing shorter, and nothing longer. */
static void
test_lengths(void **state)
{
	uint8_t buf[SMALL_MAX + 16];
	size_t i, len;
	int kind, which, good;

	(void)state;
	for (kind = 0; kind < KINDS; kind++) {
		for (which = 0; which < SAMPLES; which++) {
			memset(buf, 0, sizeof(buf));
			len = sample((enum kind)kind, which, buf);
			assert_int_equal(try((enum kind)kind, buf, len), 0);
			for (i = 0; i <= len + 16; i++) {
				good = i == len ||
				       (kind == STDIN &&
					   i >= sizeof(struct msg_stdin));
				assert_int_equal(try((enum kind)kind, buf, i),
				    good ? 0 : -1);
			}
		}
	}
}

static void
assert_same_vec(const struct strvec *a, const struct strvec *b)
{
	assert_int_equal(a->len, b->len);
	assert_int_equal(a->count, b->count);
	if (a->len > 0)
		assert_memory_equal(a->base, b->base, a->len);
}

static void
assert_same_run(const struct run *a, const struct run *b)
{
	int i;

	assert_true(a->tid == b->tid);
	assert_true(a->caps == b->caps);
	assert_int_equal(a->pid, b->pid);
	assert_int_equal(a->group, b->group);
	assert_int_equal(a->nice, b->nice);
	assert_int_equal(a->rows, b->rows);
	assert_int_equal(a->cols, b->cols);
	assert_int_equal(a->id, b->id);
	assert_int_equal(a->flags, b->flags);
	assert_true(a->kill_timeout == b->kill_timeout);
	assert_int_equal(a->success, b->success);
	assert_int_equal(a->window, b->window);
	assert_int_equal(a->stdin_ack, b->stdin_ack);
	assert_true(a->timeout == b->timeout);
	assert_true(a->idle == b->idle);
	assert_int_equal(a->umask, b->umask);
	assert_int_equal(a->stop_signal, b->stop_signal);
	assert_memory_equal(a->soft, b->soft, sizeof(a->soft));
	assert_memory_equal(a->hard, b->hard, sizeof(a->hard));
	assert_memory_equal(a->cpus, b->cpus, sizeof(a->cpus));
	assert_int_equal(a->limits, b->limits);
	assert_int_equal(a->cpu_time, b->cpu_time);
	assert_int_equal(a->score, b->score);
	assert_int_equal(a->io_priority, b->io_priority);
	assert_int_equal(a->linger, b->linger);
	for (i = 0; i < 3; i++) {
		assert_int_equal(a->io[i].kind, b->io[i].kind);
		assert_int_equal(a->io[i].append, b->io[i].append);
		assert_int_equal(a->io[i].perm, b->io[i].perm);
		assert_string_equal(a->io[i].path, b->io[i].path);
	}
	assert_string_equal(a->executable, b->executable);
	assert_string_equal(a->cd, b->cd);
	assert_string_equal(a->user, b->user);
	assert_string_equal(a->kill, b->kill);
	assert_string_equal(a->arg0, b->arg0);
	assert_string_equal(a->gid, b->gid);
	assert_string_equal(a->leaf_name, b->leaf_name);
	assert_memory_equal(&a->leaf, &b->leaf, sizeof(a->leaf));
	assert_same_vec(&a->groups, &b->groups);
	assert_int_equal(a->modes_count, b->modes_count);
	if (a->modes_count > 0)
		assert_memory_equal(
		    a->modes, b->modes, a->modes_count * sizeof(a->modes[0]));
	assert_same_vec(&a->args, &b->args);
	assert_same_vec(&a->env, &b->env);
}

/* Pack, unpack, and find the same; or be refused with E2BIG. */
static void
assert_round(const struct run *r)
{
	struct run again;
	uint8_t *msg;
	size_t len;

	msg = proto_pack_run(r, &len);
	assert_non_null(msg);
	assert_true(len <= MSG_MAX);
	assert_int_equal(try(RUN, msg, len), 0);
	assert_int_equal(proto_unpack_run(msg, len, &again), 0);
	assert_same_run(r, &again);
	free(msg);
}

static void
assert_too_big(const struct run *r)
{
	size_t len;

	errno = 0;
	assert_null(proto_pack_run(r, &len));
	assert_int_equal(errno, E2BIG);
}

static void
test_run_round(void **state)
{
	struct run r;
	int i;

	(void)state;
	for (i = 0; i < SAMPLES; i++) {
		runs[i](&r);
		assert_round(&r);
	}
	sample_run(&r);
	r.tid = INT64_MIN;
	r.id = UINT32_MAX;
	r.success = 0;
	assert_round(&r);
	r.tid = INT64_MAX;
	r.id = 0;
	r.kill_timeout = RUN_TIMEOUT_MAX;
	r.success = 255;
	r.env.len = r.env.count = 0;
	assert_round(&r);
	r.io[2] = r.io[1];
	for (i = 0; i < 3; i++) {
		r.io[i].append = 1;
		r.io[i].perm = 07777;
	}
	assert_round(&r);
}

/* The members that only some runs have, from both ends. */
static void
test_run_round_more(void **state)
{
	struct run r;

	(void)state;
	pty_run(&r);
	r.caps = UINT64_MAX;
	r.nice = 20;
	r.rows = UINT16_MAX;
	r.cols = 1;
	assert_round(&r);
	r.caps = 0;
	r.nice = 0;
	r.rows = r.cols = 0;
	r.modes_count = 0;
	r.user = "";
	assert_round(&r);
	r.user = "u";
	r.kill = "";
	r.flags = RUN_PTY | RUN_LINGER | RUN_UMASK | RUN_GROUPS | RUN_CGROUP;
	r.success = 0;
	assert_round(&r);
	group_run(&r);
	r.group = INT32_MAX;
	r.nice = -20;
	assert_round(&r);
	r.group = 0;
	assert_round(&r);
	manage_run(&r);
	r.pid = INT32_MAX;
	assert_round(&r);
	r.pid = 2;
	r.flags = 0;
	r.nice = 0;
	r.success = 0;
	r.kill = "";
	assert_round(&r);
}

static void
test_reply_round(void **state)
{
	static const struct reply replies[] = {
		{ 0, REPLY_OK, 0, STAGE_NONE, 0, "" },
		{ 1, REPLY_NOTFOUND, 0, STAGE_NONE, 0, "" },
		{ 1, REPLY_PAUSED, 0, STAGE_NONE, 0, "" },
		{ 1, REPLY_PAUSED, 1, STAGE_NONE, 0, "" },
		{ INT64_MIN, REPLY_LEVEL, INT32_MIN, STAGES - 1, LOG_LEVEL_MAX,
		    "\377" },
		{ INT64_MAX, REPLY_RUNFAIL, INT32_MAX, STAGE_LAUNCHER, 1,
		    "a text" },
	};
	struct reply r;
	uint8_t buf[MSG_REPLY_MAX];
	size_t i, len;

	(void)state;
	for (i = 0; i < nitems(replies); i++) {
		len = proto_pack_reply(buf, &replies[i]);
		assert_int_equal(try(REPLY, buf, len), 0);
		assert_int_equal(proto_unpack_reply(buf, len, &r), 0);
		assert_true(r.tid == replies[i].tid);
		assert_int_equal(r.code, replies[i].code);
		assert_int_equal(r.value, replies[i].value);
		assert_int_equal(r.stage, replies[i].stage);
		assert_int_equal(r.level, replies[i].level);
		assert_string_equal(r.text, replies[i].text);
	}
}

/* Where an option's name begins has to be inside its text. */
static void
test_badopt_offset(void **state)
{
	struct reply r = { 5, REPLY_BADOPT, 0, STAGE_DECODE, 0, "bad: nice" };
	uint8_t buf[MSG_REPLY_MAX];
	size_t len;
	int i;

	(void)state;
	for (i = -3; i < 20; i++) {
		r.value = i;
		len = proto_pack_reply(buf, &r);
		assert_int_equal(
		    try(REPLY, buf, len), i >= 0 && i <= 9 ? 0 : -1);
	}
	r.value = INT32_MIN;
	len = proto_pack_reply(buf, &r);
	assert_int_equal(try(REPLY, buf, len), -1);
	r.value = INT32_MAX;
	len = proto_pack_reply(buf, &r);
	assert_int_equal(try(REPLY, buf, len), -1);
	/* For others it is an errno, or a level. */
	r.code = REPLY_TEXT;
	len = proto_pack_reply(buf, &r);
	assert_int_equal(try(REPLY, buf, len), 0);
}

/* As many users as there may be, none, and names that do not end. */
static void
test_welcome_limits(void **state)
{
	struct msg_hello m = { 0 };
	size_t full = sizeof(m) + HELLO_USERS_MAX, len;
	uint8_t *p;

	(void)state;
	p = calloc(1, full + 1 + MSG_TEXT_MAX);
	assert_non_null(p);
	len = proto_pack_hello(p, &m, "none");
	assert_int_equal(len, sizeof(m) + 5);
	assert_int_equal(try(WELCOME, p, len), -1);
	memset(p, 0, len);
	m.users.len = m.users.count = HELLO_USERS_MAX;
	len = proto_pack_hello(p, &m, "");
	assert_int_equal(try(WELCOME, p, len), -1);
	len = proto_pack_hello(p, &m, "none");
	assert_int_equal(len, full + 5);
	assert_int_equal(try(WELCOME, p, len), 0);
	assert_int_equal(try(WELCOME, p, len - 1), -1);
	m.kill = 1;
	assert_int_equal(try(WELCOME, p, proto_pack_hello(p, &m, "none")), -1);
	m.kill = 0;
	p[full - 1] = 'x';
	m.users.count--;
	len = proto_pack_hello(p, &m, "none");
	assert_int_equal(try(WELCOME, p, len), -1);
	p[full - 1] = '\0';
	m.users.len = m.users.count = HELLO_USERS_MAX + 1;
	len = proto_pack_hello(p, &m, "none");
	assert_int_equal(try(WELCOME, p, len), -1);
	free(p);
}

static void
test_launched_round(void **state)
{
	static const struct launched all[] = {
		{ 0, 2, STAGE_NONE, 0, 0, "" },
		{ UINT32_MAX, INT32_MAX, STAGE_NONE, 0, 7, "" },
		{ 1, 0, STAGE_LIMIT, 1, 0, "" },
		{ 1, 0, STAGE_PTY, EIO, 0, "" },
		{ 1, 0, STAGE_GROUP, EPERM, 0, "" },
		{ 1, 0, STAGE_NICE, EACCES, 0, "" },
		{ 1, 0, STAGE_USER, EPERM, 0, "nobody" },
		{ 1, 2, STAGES - 1, INT32_MAX, 0, "what" },
	};
	struct launched l;
	uint8_t buf[MSG_LAUNCHED_MAX];
	size_t i, len;

	(void)state;
	for (i = 0; i < nitems(all); i++) {
		len = proto_pack_launched(buf, &all[i]);
		assert_int_equal(try(LAUNCHED, buf, len), 0);
		assert_int_equal(proto_unpack_launched(buf, len, &l), 0);
		assert_int_equal(l.id, all[i].id);
		assert_int_equal(l.pid, all[i].pid);
		assert_int_equal(l.stage, all[i].stage);
		assert_int_equal(l.error, all[i].error);
		assert_int_equal(l.streams, all[i].streams);
		assert_string_equal(l.text, all[i].text);
	}
}

/* Well packed, but not what a launcher would say. */
static void
test_launched_refused(void **state)
{
	static const struct launched all[] = {
		{ 1, 4711, STAGE_NONE, 0, 0, "text" },
		{ 1, 0, STAGE_NONE, 0, 0, "" },
		{ 1, 4711, STAGE_NONE, 2, 0, "" },
		{ 1, 0, STAGE_EXEC, 0, 0, "/x" },
		{ 1, 4711, STAGE_EXEC, 2, 1, "/x" },
		{ 1, -1, STAGE_EXEC, 2, 0, "/x" },
	};
	uint8_t buf[MSG_LAUNCHED_MAX];
	size_t i, len;

	(void)state;
	for (i = 0; i < nitems(all); i++) {
		len = proto_pack_launched(buf, &all[i]);
		assert_int_equal(try(LAUNCHED, buf, len), -1);
	}
}

/* A new string of len letters. */
static char *
letters(size_t len)
{
	char *s;

	s = malloc(len + 1);
	assert_non_null(s);
	memset(s, 'p', len);
	s[len] = '\0';
	return (s);
}

/* Where the pointer to the path of this number is in a struct run. */
#define RUN_PATHS 9

static const char **
run_path(struct run *r, int i)
{
	const char **const others[] = { &r->executable, &r->cd, &r->user,
		&r->kill, &r->arg0, &r->gid };

	return (i < 3 ? &r->io[i].path : others[i - 3]);
}

static void
test_path_limits(void **state)
{
	struct run r;
	char *s;
	int i;

	(void)state;
	s = letters(RUN_PATH_MAX);
	for (i = 0; i < RUN_PATHS; i++) {
		sample_run(&r);
		if (i < 3)
			r.io[i].kind = IO_FILE;
		*run_path(&r, i) = s;
		assert_too_big(&r);
		*run_path(&r, i) = s + 1;
		assert_round(&r);
	}
	free(s);
}

static void
test_strings_limits(void **state)
{
	static const uint32_t parts[] = { 1, 2, 3, 4096, RUN_STRINGS_MAX / 2,
		RUN_STRINGS_MAX - 2, RUN_STRINGS_MAX - 1, RUN_STRINGS_MAX };
	struct run r;
	char *s;
	size_t i;

	(void)state;
	s = letters(RUN_STRINGS_MAX);
	for (i = 0; i < nitems(parts); i++) {
		small_run(&r);
		r.args.base = s + RUN_STRINGS_MAX + 1 - parts[i];
		r.args.len = parts[i];
		r.env.len = RUN_STRINGS_MAX - parts[i];
		r.env.base = s + parts[i] + 1;
		r.env.count = r.env.len > 0;
		assert_round(&r);
		r.env.len++;
		r.env.base--;
		assert_too_big(&r);
	}
	free(s);
	/* Lengths that only their sum, or its overflow, gives away. */
	r.args.len = UINT32_MAX;
	assert_too_big(&r);
	r.env.len = 1;
	assert_too_big(&r);
	r.args.len = r.env.len = 0x80000000U;
	assert_too_big(&r);
	r.args.len = 2;
	r.env.len = UINT32_MAX - 1;
	assert_too_big(&r);
}

/* As many strings as fit, none of them longer than its NUL. */
static void
test_many_strings(void **state)
{
	struct run r;
	char *s;

	(void)state;
	s = calloc(1, RUN_STRINGS_MAX);
	assert_non_null(s);
	small_run(&r);
	r.flags = 0;
	r.args.base = r.env.base = s;
	r.args.len = r.args.count = RUN_STRINGS_MAX / 2;
	r.env.len = r.env.count = RUN_STRINGS_MAX / 2;
	assert_round(&r);
	free(s);
}

static void
largest_run(struct run *r, char *path, char *strings)
{
	int i;

	pty_run(r);
	for (i = 0; i < RUN_PATHS; i++)
		*run_path(r, i) = path;
	r->leaf_name = path + RUN_PATH_MAX - LEAF_NAME_MAX;
	for (i = 0; i < TTYMODES_MAX; i++) {
		r->modes[i].opcode = 129;
		r->modes[i].value = (uint32_t)i;
	}
	r->modes_count = TTYMODES_MAX;
	for (i = 0; i < 3; i++)
		r->io[i].kind = IO_FILE;
	r->args.base = r->env.base = strings;
	r->args.len = r->env.len = RUN_STRINGS_MAX / 2;
	r->args.count = r->env.count = 1;
	r->groups.base = path;
	r->groups.len = RUN_PATH_MAX;
	r->groups.count = 1;
}

static void
test_everything_at_limit(void **state)
{
	struct run r;
	char *path, *strings;

	(void)state;
	path = letters(RUN_PATH_MAX - 1);
	strings = letters(RUN_STRINGS_MAX / 2 - 1);
	largest_run(&r, path, strings);
	assert_round(&r);
	free(path);
	free(strings);
}

#define STR(m) offsetof(struct msg_run, m)
#define LOW(m) LOWER_HALF(STR(m))
#define HIGH(m) UPPER_HALF(STR(m))

/* What stands behind a run, in its order; the last is no string. */
static const size_t run_strings[] = { STR(io[0].path), STR(io[1].path),
	STR(io[2].path), STR(executable), STR(cd), STR(user), STR(kill),
	STR(arg0), STR(gid), STR(leaf_name), STR(args), STR(env), STR(groups),
	STR(modes) };

/*
 * Make the string of this number a letter longer, and all that follows from
 * that right. A new message.
 */
static uint8_t *
grow(const uint8_t *msg, size_t len, size_t which)
{
	size_t at, i, field = run_strings[which];
	uint8_t *p;

	p = malloc(len + 1);
	assert_non_null(p);
	at = sizeof(struct msg_run) + get32(msg, field);
	memcpy(p, msg, at);
	p[at] = 'g';
	memcpy(p + at + 1, msg + at, len - at);
	set32(p, field + 4, get32(p, field + 4) + 1);
	for (i = which + 1; i < nitems(run_strings); i++)
		set32(p, run_strings[i], get32(p, run_strings[i]) + 1);
	return (p);
}

static void
assert_grown(const struct run *r, int want)
{
	uint8_t *msg, *more;
	size_t i, len;

	msg = proto_pack_run(r, &len);
	assert_non_null(msg);
	assert_int_equal(try(RUN, msg, len), 0);
	for (i = 0; i < nitems(run_strings) - 1; i++) {
		more = grow(msg, len, i);
		assert_int_equal(try(RUN, more, len + 1), want);
		free(more);
	}
	free(msg);
}

/* What pack would not make, unpack does not take. */
static void
test_unpack_limits(void **state)
{
	struct run r;
	char *path, *strings;

	(void)state;
	sample_run(&r);
	r.io[2].kind = IO_FILE;
	r.io[2].path = "x";
	assert_grown(&r, 0);
	pty_run(&r);
	r.io[2].kind = IO_FILE;
	r.io[2].path = "x";
	assert_grown(&r, 0);
	path = letters(RUN_PATH_MAX - 1);
	strings = letters(RUN_STRINGS_MAX / 2 - 1);
	largest_run(&r, path, strings);
	assert_grown(&r, -1);
	free(path);
	free(strings);
}

static void
test_text_limits(void **state)
{
	struct reply r = { 1, REPLY_TEXT, 0, 0, 0, NULL };
	struct launched l = { 1, 0, STAGE_EXEC, 1, 0, NULL };
	uint8_t buf[MSG_REPLY_MAX + 1];
	char *s;
	size_t i, len;

	(void)state;
	assert_int_equal(MSG_REPLY_MAX, MSG_LAUNCHED_MAX);
	s = letters(4 * MSG_TEXT_MAX);
	for (i = MSG_TEXT_MAX - 2; i <= MSG_TEXT_MAX + 1; i++) {
		r.text = l.text = s + 4 * MSG_TEXT_MAX - i;
		len = i < MSG_TEXT_MAX ? i : MSG_TEXT_MAX - 1;
		buf[MSG_REPLY_MAX] = 0xa5;
		assert_int_equal(proto_pack_reply(buf, &r),
		    sizeof(struct msg_reply) + len + 1);
		assert_int_equal(
		    try(REPLY, buf, sizeof(struct msg_reply) + len + 1), 0);
		assert_int_equal(proto_pack_launched(buf, &l),
		    sizeof(struct msg_launched) + len + 1);
		assert_int_equal(
		    try(LAUNCHED, buf, sizeof(struct msg_launched) + len + 1),
		    0);
		assert_int_equal(buf[MSG_REPLY_MAX], 0xa5);
	}
	/* One letter more than the last, which was as long as may be. */
	set32(buf, offsetof(struct msg_launched, text) + 4, MSG_TEXT_MAX);
	buf[MSG_LAUNCHED_MAX - 1] = 'x';
	buf[MSG_LAUNCHED_MAX] = '\0';
	assert_int_equal(try(LAUNCHED, buf, MSG_LAUNCHED_MAX + 1), -1);
	len = proto_pack_reply(buf, &r);
	set32(buf, offsetof(struct msg_reply, text) + 4, MSG_TEXT_MAX);
	buf[len - 1] = 'x';
	buf[len] = '\0';
	assert_int_equal(try(REPLY, buf, len + 1), -1);
	free(s);
}

/* Offsets, lengths and counts: each has one right value. */
static const struct {
	enum kind kind;
	size_t off;
	uint32_t limit;
} places[] = {
	{ RUN, STR(io[0].path.off), 0 },
	{ RUN, STR(io[0].path.len), RUN_PATH_MAX },
	{ RUN, STR(io[1].path.off), RUN_PATH_MAX },
	{ RUN, STR(io[1].path.len), RUN_PATH_MAX },
	{ RUN, STR(io[2].path.off), RUN_PATH_MAX },
	{ RUN, STR(io[2].path.len), RUN_PATH_MAX },
	{ RUN, STR(executable.off), RUN_PATH_MAX },
	{ RUN, STR(executable.len), RUN_PATH_MAX },
	{ RUN, STR(cd.off), RUN_PATH_MAX },
	{ RUN, STR(cd.len), RUN_PATH_MAX },
	{ RUN, STR(user.off), RUN_PATH_MAX },
	{ RUN, STR(user.len), RUN_PATH_MAX },
	{ RUN, STR(kill.off), RUN_PATH_MAX },
	{ RUN, STR(kill.len), RUN_PATH_MAX },
	{ RUN, STR(args.off), RUN_STRINGS_MAX },
	{ RUN, STR(args.len), RUN_STRINGS_MAX },
	{ RUN, STR(args.count), RUN_STRINGS_MAX },
	{ RUN, STR(env.off), RUN_STRINGS_MAX },
	{ RUN, STR(env.len), RUN_STRINGS_MAX },
	{ RUN, STR(env.count), RUN_STRINGS_MAX },
	{ RUN, STR(modes.off), RUN_STRINGS_MAX },
	{ RUN, STR(modes.len), 8 * TTYMODES_MAX },
	{ RUN, STR(modes.count), TTYMODES_MAX },
	{ REPLY, offsetof(struct msg_reply, text.off), MSG_TEXT_MAX },
	{ REPLY, offsetof(struct msg_reply, text.len), MSG_TEXT_MAX },
	{ LAUNCHED, offsetof(struct msg_launched, text.off), MSG_TEXT_MAX },
	{ LAUNCHED, offsetof(struct msg_launched, text.len), MSG_TEXT_MAX },
	{ LAUNCHED, offsetof(struct msg_launched, pad), 1 },
	{ DOWN, offsetof(struct msg_down, user.off), MSG_TEXT_MAX },
	{ DOWN, offsetof(struct msg_down, user.len), MSG_TEXT_MAX },
	{ STDIN, offsetof(struct msg_stdin, pad), 1 },
	{ NOTE, offsetof(struct msg_note, pad), 1 },
	{ PIDS, offsetof(struct msg_pids, count), MSG_PIDS_MAX },
	{ PIDS, offsetof(struct msg_pids, pad), 1 },
	{ PTYOPTS, offsetof(struct msg_ptyopts, count), TTYMODES_MAX },
};

static void
assert_lies(size_t place, int which)
{
	uint8_t buf[SMALL_MAX];
	uint32_t right, v[16];
	size_t i, len, n = 0, off = places[place].off;

	len = sample(places[place].kind, which, buf);
	right = get32(buf, off);
	v[n++] = 0;
	v[n++] = 1;
	v[n++] = right - 1;
	v[n++] = right + 1;
	v[n++] = (uint32_t)len;
	v[n++] = (uint32_t)len - right;
	v[n++] = places[place].limit - 1;
	v[n++] = places[place].limit;
	v[n++] = places[place].limit + 1;
	v[n++] = 0x7fffffff;
	v[n++] = 0x80000000U;
	v[n++] = 0xffffffffU;
	v[n++] = 0xffffffffU - right;
	v[n++] = right | 0x40000000;
	for (i = 0; i < n; i++) {
		set32(buf, off, v[i]);
		assert_int_equal(
		    try(places[place].kind, buf, len), v[i] == right ? 0 : -1);
	}
}

static void
test_lies(void **state)
{
	size_t i;
	int which;

	(void)state;
	for (i = 0; i < nitems(places); i++)
		for (which = 0; which < SAMPLES; which++)
			assert_lies(i, which);
}

/* Two lies that may support each other. */
static void
assert_two_lies(uint8_t *buf, size_t len, size_t one, size_t other)
{
	static const uint32_t by[] = { 1, 0xffffffffU, 2, 0xfffffffeU, 8,
		0xfffffff8U };
	uint32_t a, b;
	size_t i, j;

	a = get32(buf, places[one].off);
	b = get32(buf, places[other].off);
	for (i = 0; i < nitems(by); i++) {
		for (j = 0; j < nitems(by); j++) {
			set32(buf, places[one].off, a + by[i]);
			set32(buf, places[other].off, b + by[j]);
			assert_int_equal(try(RUN, buf, len), -1);
		}
	}
	set32(buf, places[one].off, a);
	set32(buf, places[other].off, b);
}

static void
test_two_lies(void **state)
{
	uint8_t buf[SMALL_MAX];
	size_t i, j, len;
	int which;

	(void)state;
	for (which = 0; which < SAMPLES; which++) {
		len = sample(RUN, which, buf);
		for (i = 0; places[i].kind == RUN; i++)
			for (j = 0; j < i; j++)
				assert_two_lies(buf, len, i, j);
		assert_int_equal(try(RUN, buf, len), 0);
	}
}

#define SAMPLE_FLAGS                                                         \
	(RUN_ENV_CLEAR | RUN_SUCCESS | RUN_LINGER | RUN_UMASK | RUN_GROUPS | \
	    RUN_CGROUP)
#define TIMEOUT_HIGH ((uint32_t)(RUN_TIMEOUT_MAX >> 32))

/*
 * One member of a sample is set: is the message still taken?
 */
static const struct {
	enum kind kind;
	int which;
	size_t off;
	uint32_t value;
	int want;
} values[] = {
	{ RUN, 0, STR(flags), 0, -1 },
	{ RUN, 0, STR(flags), SAMPLE_FLAGS & ~RUN_ENV_CLEAR, 0 },
	{ RUN, 0, STR(flags), SAMPLE_FLAGS & ~RUN_LINGER, -1 },
	{ RUN, 0, STR(flags), SAMPLE_FLAGS & ~RUN_UMASK, -1 },
	{ RUN, 0, STR(flags), SAMPLE_FLAGS & ~RUN_GROUPS, -1 },
	{ RUN, 0, STR(flags), SAMPLE_FLAGS & ~RUN_CGROUP, -1 },
	{ RUN, 0, LOW(leaf.given), 0, -1 }, /* with a value */
	{ RUN, 0, LOW(leaf.value[LEAF_MEMORY_MAX]), 0, 0 },
	{ RUN, 0, LOW(leaf.value[LEAF_PIDS_MAX]), 1, -1 }, /* not given */
	{ RUN, 0, STR(leaf.pad), 1, -1 },
	{ RUN, 1, STR(leaf.ios), 1, -1 },
	{ RUN, 1, LOW(leaf.given), 1, -1 }, /* without its flag */
	{ RUN, 0, STR(flags), RUN_FLAGS, -1 }, /* a shell, four arguments */
	{ RUN, 0, STR(flags), SAMPLE_FLAGS | (RUN_FLAGS + 1), -1 },
	{ RUN, 0, STR(flags), SAMPLE_FLAGS | 0x80000000U, -1 },
	{ RUN, 1, STR(flags), 0, 0 },
	{ RUN, 1, STR(flags), RUN_FLAGS, 0 },
	{ RUN, 1, STR(flags), RUN_FLAGS + 1, -1 },
	{ RUN, 1, STR(flags), 0xffffffffU, -1 },
	{ RUN, 0, LOW(kill_timeout), 0, 0 },
	{ RUN, 0, LOW(kill_timeout), 0xffffffffU, 0 },
	{ RUN, 0, HIGH(kill_timeout), TIMEOUT_HIGH - 1, 0 },
	{ RUN, 0, HIGH(kill_timeout), TIMEOUT_HIGH, -1 },
	{ RUN, 0, HIGH(kill_timeout), 0xffffffffU, -1 },
	{ RUN, 0, STR(success), 0, 0 },
	{ RUN, 0, STR(success), 255, 0 },
	{ RUN, 0, STR(success), 256, -1 },
	{ RUN, 0, STR(success), 0xffffffffU, -1 },
	{ RUN, 1, STR(success), 1, -1 }, /* without the flag */
	{ RUN, 0, STR(window), 0, 0 },
	{ RUN, 0, STR(window), 1, 0 },
	{ RUN, 0, STR(window), RUN_WINDOW_MAX, 0 },
	{ RUN, 0, STR(window), RUN_WINDOW_MAX + 1, -1 },
	{ RUN, 0, STR(window), 0xffffffffU, -1 },
	{ RUN, 0, STR(stdin_ack), RUN_WINDOW_MAX, 0 },
	{ RUN, 0, STR(stdin_ack), RUN_WINDOW_MAX + 1, -1 },
	{ RUN, 0, STR(stdin_ack), 0xffffffffU, -1 },
	{ RUN, 0, STR(stop_signal), 0, 0 },
	{ RUN, 0, STR(stop_signal), NSIG - 1, 0 },
	{ RUN, 0, STR(stop_signal), NSIG, -1 },
	{ RUN, 0, STR(stop_signal), 0xffffffffU, -1 },
	{ RUN, 0, LOW(timeout), 0, 0 },
	{ RUN, 0, LOW(timeout), 1, 0 },
	{ RUN, 0, LOW(timeout), 0xffffffffU, 0 },
	{ RUN, 0, HIGH(timeout), TIMEOUT_HIGH - 1, 0 },
	{ RUN, 0, HIGH(timeout), TIMEOUT_HIGH, -1 },
	{ RUN, 0, HIGH(timeout), 0xffffffffU, -1 },
	{ RUN, 0, LOW(idle), 1, -1 }, /* without output */
	{ RUN, 1, LOW(idle), 1, -1 },
	{ RUN, 3, LOW(idle), 0xffffffffU, 0 },
	{ RUN, 3, HIGH(idle), TIMEOUT_HIGH - 1, 0 },
	{ RUN, 3, HIGH(idle), TIMEOUT_HIGH + 1, -1 },
	{ RUN, 4, LOW(idle), 1, -1 },
	{ RUN, 0, STR(umask), 0777, 0 },
	{ RUN, 0, STR(umask), 01000, -1 },
	{ RUN, 1, STR(umask), 1, -1 }, /* without its flag */
	{ RUN, 3, STR(limits), 0, -1 }, /* values that are not given */
	{ RUN, 3, STR(limits), 1U << LIMIT_AS, -1 },
	{ RUN, 3, STR(limits),
	    1U << LIMIT_AS | 1U << LIMIT_STACK | 1U << LIMIT_CORE, 0 },
	{ RUN, 3, STR(limits),
	    1U << LIMIT_AS | 1U << LIMIT_STACK | 1U << LIMIT_CPU, -1 },
	{ RUN, 1, STR(limits), 0xffff, 0 },
	{ RUN, 1, STR(limits), 0x10000, -1 },
	{ RUN, 1, STR(limits), 0x80000000U, -1 },
	{ RUN, 3, HIGH(soft[LIMIT_AS]), 0x7fffffff, 0 },
	{ RUN, 3, LOW(hard[LIMIT_STACK]), 0xffffffffU, -1 },
	{ RUN, 3, HIGH(soft[LIMIT_AS]), 0x80000000U, -1 }, /* no number */
	{ RUN, 3, LOW(hard[LIMIT_AS]), 0, -1 },
	{ RUN, 3, HIGH(hard[LIMIT_AS]), 0x7ffffffe, 0 },
	{ RUN, 3, LOW(hard[LIMIT_STACK]), 0, -1 }, /* below the soft one */
	{ RUN, 3, LOW(soft[LIMIT_STACK]), 0, 0 },
	{ RUN, 1, LOW(soft[LIMIT_CORE]), 1, -1 },
	{ RUN, 1, HIGH(hard[LIMIT_CORE]), 1, -1 },
	{ RUN, 3, STR(cpu_time), 0, 0 },
	{ RUN, 3, STR(cpu_time), RUN_CPU_TIME_MAX + 1, -1 },
	{ RUN, 3, STR(score), RUN_SCORE_MAX + 1, -1 },
	{ RUN, 3, STR(score), 0xffffffffU, -1 },
	{ RUN, 1, STR(score), 1, -1 },
	{ RUN, 1, STR(io_priority), IO_PRIORITY(0, 1), -1 },
	{ RUN, 1, STR(io_priority), IO_PRIORITY(IO_REALTIME, 0), 0 },
	{ RUN, 1, STR(io_priority), IO_PRIORITY(IO_IDLE, 0), 0 },
	{ RUN, 1, STR(io_priority), IO_PRIORITY(IO_IDLE, 1), -1 },
	{ RUN, 1, STR(io_priority), IO_PRIORITY(IO_IDLE + 1, 0), -1 },
	{ RUN, 1, STR(io_priority), 0xffffffffU, -1 },
	{ RUN, 1, HIGH(cpus[15]), 0x80000000U, 0 },
	{ RUN, 4, LOW(cpus[0]), 1, -1 }, /* of a managed process */
	{ RUN, 4, STR(limits), 1, -1 },
	{ RUN, 4, STR(cpu_time), 1, -1 },
	{ RUN, 4, STR(io_priority), IO_PRIORITY(IO_IDLE, 0), -1 },
	{ RUN, 0, STR(linger), 0, 0 },
	{ RUN, 0, STR(linger), RUN_LINGER_MAX, 0 },
	{ RUN, 0, STR(linger), RUN_LINGER_MAX + 1, -1 },
	{ RUN, 0, STR(linger), 0xffffffffU, -1 },
	/* Without its flag. */
	{ RUN, 1, STR(linger), 1, -1 },
	{ RUN, 4, STR(window), 1, -1 }, /* of a managed process */
	{ RUN, 4, STR(stdin_ack), 1, -1 },
	{ RUN, 4, LOW(timeout), 1, -1 },
	{ RUN, 0, STR(io[0].kind), IO_NULL, -1 }, /* with a path */
	{ RUN, 0, STR(io[0].append), 1, 0 },
	{ RUN, 0, STR(io[0].append), 2, -1 },
	{ RUN, 0, STR(io[1].append), 0, 0 },
	{ RUN, 0, STR(io[1].append), 0x80000000U, -1 },
	{ RUN, 0, STR(io[1].perm), 0, 0 },
	{ RUN, 0, STR(io[1].perm), 07777, 0 },
	{ RUN, 0, STR(io[1].perm), 010000, -1 },
	{ RUN, 0, STR(io[1].perm), 0xffffffffU, -1 },
	{ RUN, 0, STR(io[2].append), 1, -1 },
	{ RUN, 0, STR(io[2].perm), 0644, -1 },
	{ RUN, 1, STR(io[0].kind), IO_NULL, 0 },
	{ RUN, 1, STR(io[0].kind), IO_CLOSE, 0 },
	{ RUN, 1, STR(io[0].kind), IO_FILE, -1 }, /* without a path */
	{ RUN, 1, STR(io[0].kind), IO_STDOUT, -1 },
	{ RUN, 1, STR(io[0].kind), IO_STDERR, -1 },
	{ RUN, 1, STR(io[0].kind), IO_INHERIT, -1 },
	{ RUN, 1, STR(io[1].kind), IO_INHERIT, -1 },
	{ RUN, 1, STR(io[2].kind), IO_INHERIT, 0 },
	{ RUN, 1, STR(io[0].kind), IO_KINDS, -1 },
	{ RUN, 1, STR(io[0].kind), 0xffffffffU, -1 },
	{ RUN, 1, STR(io[1].kind), IO_STDOUT, -1 },
	{ RUN, 1, STR(io[1].kind), IO_PIPE, 0 },
	{ RUN, 1, STR(io[2].kind), IO_STDERR, -1 },
	{ RUN, 1, STR(io[2].kind), IO_STDOUT, -1 }, /* in a circle */
	{ RUN, 1, STR(io[2].kind), IO_PIPE, 0 },

	/* Values whose flag is not set. */
	{ RUN, 1, LOW(caps), 1, -1 },
	{ RUN, 1, HIGH(caps), 1, -1 },
	{ RUN, 1, STR(group), 1, -1 },
	{ RUN, 1, STR(nice), 1, -1 },
	{ RUN, 1, STR(nice), 0xffffffffU, -1 },
	{ RUN, 1, STR(rows), 1, -1 },
	{ RUN, 1, STR(cols), 1, -1 },
	{ RUN, 1, STR(flags), RUN_SHELL | RUN_PTY_ECHO, -1 },
	{ RUN, 1, STR(flags), RUN_SHELL | RUN_PTY_ECHO | RUN_PTY, 0 },
	{ RUN, 2, STR(flags), PTY_FLAGS & ~RUN_SUCCESS, -1 },
	{ RUN, 2, STR(flags), PTY_FLAGS & ~RUN_KILL_GROUP, 0 },
	{ RUN, 2, STR(flags), PTY_FLAGS & ~RUN_GROUP, 0 },
	{ RUN, 2, STR(flags), PTY_FLAGS & ~RUN_NICE, -1 },
	{ RUN, 2, STR(flags), PTY_FLAGS & ~RUN_PTY, -1 },
	{ RUN, 2, STR(flags), PTY_FLAGS & ~(RUN_PTY | RUN_PTY_ECHO), -1 },
	{ RUN, 2, STR(flags), PTY_FLAGS & ~RUN_PTY_ECHO, 0 },
	{ RUN, 2, STR(flags), PTY_FLAGS & ~RUN_CAPS, -1 },
	{ RUN, 2, STR(flags), PTY_FLAGS & ~RUN_DEBUG, 0 },
	{ RUN, 3, STR(flags), RUN_GROUP, -1 },
	{ RUN, 3, STR(flags), RUN_NICE, -1 },

	{ RUN, 2, LOW(caps), 0xffffffffU, 0 },
	{ RUN, 2, HIGH(caps), 0xffffffffU, 0 },
	{ RUN, 2, STR(nice), 20, 0 },
	{ RUN, 2, STR(nice), 21, -1 },
	{ RUN, 2, STR(nice), (uint32_t)-20, 0 },
	{ RUN, 2, STR(nice), (uint32_t)-21, -1 },
	{ RUN, 2, STR(nice), 0x7fffffff, -1 },
	{ RUN, 2, STR(nice), 0x80000000U, -1 },
	{ RUN, 2, STR(rows), 0, -1 },
	{ RUN, 2, STR(rows), 65535, 0 },
	{ RUN, 2, STR(rows), 65536, -1 },
	{ RUN, 2, STR(rows), 0xffffffffU, -1 },
	{ RUN, 2, STR(cols), 0, -1 },
	{ RUN, 2, STR(cols), 65535, 0 },
	{ RUN, 2, STR(cols), 65536, -1 },
	{ RUN, 2, STR(cols), 0x80000000U, -1 },
	{ RUN, 2, STR(group), 1, -1 }, /* it leads its session */
	{ RUN, 2, STR(group), 0x7fffffff, -1 },
	{ RUN, 3, STR(flags), RUN_GROUP | RUN_NICE | RUN_PTY, -1 },
	{ RUN, 3, STR(group), 0, 0 },
	{ RUN, 3, STR(group), 1, 0 },
	{ RUN, 3, STR(group), 0x7fffffff, 0 },
	{ RUN, 3, STR(group), 0x80000000U, -1 },
	{ RUN, 3, STR(group), 0xffffffffU, -1 },

	/* Whoever is named has no arguments; whoever is not has some. */
	{ RUN, 0, STR(pid), 2, -1 },
	{ RUN, 1, STR(pid), 2, -1 },
	{ RUN, 2, STR(pid), 4711, -1 },
	{ RUN, 1, STR(pid), 0xffffffffU, -1 },
	{ RUN, 1, STR(args.count), 0, -1 },
	{ RUN, 4, STR(pid), 0, -1 },
	{ RUN, 4, STR(pid), 1, -1 },
	{ RUN, 4, STR(pid), 2, 0 },
	{ RUN, 4, STR(pid), 0x7fffffff, 0 },
	{ RUN, 4, STR(pid), 0x80000000U, -1 },
	{ RUN, 4, STR(pid), 0xffffffffU, -1 },
	{ RUN, 4, STR(args.count), 1, -1 },
	{ RUN, 4, STR(flags), RUN_MANAGE | RUN_SHELL, -1 },

	{ REPLY, 0, offsetof(struct msg_reply, code), REPLY_OK, 0 },
	{ REPLY, 0, offsetof(struct msg_reply, code), REPLY_NOTFOUND, 0 },
	{ REPLY, 0, offsetof(struct msg_reply, code), REPLY_TERM, 0 },
	{ REPLY, 0, offsetof(struct msg_reply, code), REPLY_PAUSED, -1 },
	{ REPLY, 0, offsetof(struct msg_reply, code), REPLY_CODES, -1 },
	{ REPLY, 0, offsetof(struct msg_reply, code), 0xffffffffU, -1 },
	{ REPLY, 0, offsetof(struct msg_reply, stage), STAGES - 1, 0 },
	{ REPLY, 0, offsetof(struct msg_reply, stage), STAGES, -1 },
	{ REPLY, 0, offsetof(struct msg_reply, stage), 0x80000000U, -1 },
	{ REPLY, 0, offsetof(struct msg_reply, value), 0x80000000U, 0 },
	{ REPLY, 0, offsetof(struct msg_reply, level), LOG_LEVEL_MAX, 0 },
	{ REPLY, 0, offsetof(struct msg_reply, level), LOG_LEVEL_MAX + 1, -1 },
	{ REPLY, 0, offsetof(struct msg_reply, level), 0xffffffffU, -1 },
	{ REPLY, 0, offsetof(struct msg_reply, level), 0x80000000U, -1 },

	{ LAUNCHED, 0, offsetof(struct msg_launched, pid), 2, 0 },
	{ LAUNCHED, 0, offsetof(struct msg_launched, pid), 1, -1 },
	{ LAUNCHED, 0, offsetof(struct msg_launched, pid), 0, -1 },
	{ LAUNCHED, 0, offsetof(struct msg_launched, pid), 0xffffffffU, -1 },
	{ LAUNCHED, 0, offsetof(struct msg_launched, pid), 0x80000000U, -1 },
	{ LAUNCHED, 0, offsetof(struct msg_launched, stage), STAGE_EXEC, -1 },
	{ LAUNCHED, 0, offsetof(struct msg_launched, error), 1, -1 },
	{ LAUNCHED, 0, offsetof(struct msg_launched, streams), 0, 0 },
	{ LAUNCHED, 0, offsetof(struct msg_launched, streams), 8, -1 },
	{ LAUNCHED, 1, offsetof(struct msg_launched, pid), 2, 0 },
	{ LAUNCHED, 1, offsetof(struct msg_launched, pid), 1, -1 },
	{ LAUNCHED, 1, offsetof(struct msg_launched, pid), 0xffffffffU, -1 },
	{ LAUNCHED, 1, offsetof(struct msg_launched, stage), STAGE_NONE, -1 },
	{ LAUNCHED, 1, offsetof(struct msg_launched, stage), STAGES, -1 },
	{ LAUNCHED, 1, offsetof(struct msg_launched, error), 0, -1 },
	{ LAUNCHED, 1, offsetof(struct msg_launched, error), 0xffffffffU, -1 },
	{ LAUNCHED, 1, offsetof(struct msg_launched, streams), 1, -1 },

	{ CHILD, 0, offsetof(struct msg_child, pid), 2, 0 },
	{ CHILD, 0, offsetof(struct msg_child, pid), 1, -1 },
	{ CHILD, 0, offsetof(struct msg_child, pid), 0, -1 },
	{ CHILD, 0, offsetof(struct msg_child, pid), 0x80000000U, -1 },
	{ CHILD, 0, offsetof(struct msg_child, streams), 7, 0 },
	{ CHILD, 0, offsetof(struct msg_child, streams), 8, -1 },
	{ CHILD, 0, offsetof(struct msg_child, streams), 0xffffffffU, -1 },
	{ CHILD, 0, offsetof(struct msg_child, tty), 0, 0 },
	{ CHILD, 0, offsetof(struct msg_child, tty), TTY_YES | TTY_STDERR, 0 },
	{ CHILD, 0, offsetof(struct msg_child, tty), TTY_YES | TTY_SILENT, 0 },
	{ CHILD, 0, offsetof(struct msg_child, tty), TTY_STDERR, -1 },
	{ CHILD, 0, offsetof(struct msg_child, tty), TTY_SILENT, -1 },
	{ CHILD, 0, offsetof(struct msg_child, tty), 7, -1 },
	{ CHILD, 0, offsetof(struct msg_child, tty), 8, -1 },
	{ CHILD, 0, offsetof(struct msg_child, streams), 0, -1 },
	{ CHILD, 0, offsetof(struct msg_child, streams), 5, -1 },
	{ CHILD, 0, offsetof(struct msg_child, tty), 0x80000000U, -1 },
	{ CHILD, 0, offsetof(struct msg_child, tty), 0xffffffffU, -1 },
	{ CHILD, 0, offsetof(struct msg_child, window), 0, 0 },
	{ CHILD, 0, offsetof(struct msg_child, window), RUN_WINDOW_MAX, 0 },
	{ CHILD, 0, offsetof(struct msg_child, window), RUN_WINDOW_MAX + 1,
	    -1 },
	{ CHILD, 0, offsetof(struct msg_child, window), 0xffffffffU, -1 },
	{ CHILD, 0, offsetof(struct msg_child, stdin_ack), 0, 0 },
	{ CHILD, 0, offsetof(struct msg_child, stdin_ack), RUN_WINDOW_MAX, 0 },
	{ CHILD, 0, offsetof(struct msg_child, stdin_ack), RUN_WINDOW_MAX + 1,
	    -1 },
	{ CHILD, 0, offsetof(struct msg_child, pad), 1, -1 },
	{ EXIT, 0, offsetof(struct msg_exit, reason), REASON_NORMAL, 0 },
	{ EXIT, 0, offsetof(struct msg_exit, killed), 0, 0 },
	{ EXIT, 0, offsetof(struct msg_exit, killed), 2, -1 },
	{ EXIT, 0, offsetof(struct msg_exit, killed), 0xffffffffU, -1 },
	{ EXIT, 0, offsetof(struct msg_exit, cut), 1, 0 },
	{ EXIT, 0, offsetof(struct msg_exit, cut), 2, -1 },
	/* The sample is on a terminal. */
	{ CHILD, 0, offsetof(struct msg_child, linger), 1, -1 },
	{ CHILD, 0, offsetof(struct msg_child, linger), 2, -1 },
	{ NOTE, 0, offsetof(struct msg_note, id), 0xffffffffU, 0 },
	{ NOTE, 0, offsetof(struct msg_note, pad), 1, -1 },
	{ NOTE, 0, offsetof(struct msg_note, pad), 0xffffffffU, -1 },
	{ EXIT, 0, offsetof(struct msg_exit, reason), REASONS - 1, 0 },
	{ EXIT, 0, offsetof(struct msg_exit, reason), REASONS, -1 },
	{ EXIT, 0, offsetof(struct msg_exit, reason), 0x80000000U, -1 },
	{ EXIT, 0, offsetof(struct msg_exit, reason), 0xffffffffU, -1 },
	{ EXIT, 0, offsetof(struct msg_exit, raw), 0x80000000U, 0 },
	{ ACK, 0, offsetof(struct msg_ack, pid), 2, 0 },
	{ ACK, 0, offsetof(struct msg_ack, pid), 0x7fffffff, 0 },
	{ ACK, 0, offsetof(struct msg_ack, pid), 1, -1 },
	{ ACK, 0, offsetof(struct msg_ack, pid), 0, -1 },
	{ ACK, 0, offsetof(struct msg_ack, pid), 0xffffffffU, -1 },
	{ ACK, 0, offsetof(struct msg_ack, stream), 1, 0 },
	{ ACK, 0, offsetof(struct msg_ack, stream), 0, -1 },
	{ ACK, 0, offsetof(struct msg_ack, stream), 3, -1 },
	{ ACK, 0, offsetof(struct msg_ack, stream), 0xffffffffU, -1 },
	{ ACK, 0, LOWER_HALF(offsetof(struct msg_ack, bytes)), 0xffffffffU, 0 },
	{ ACK, 0, UPPER_HALF(offsetof(struct msg_ack, bytes)), 0xffffffffU, 0 },
	{ WELCOME, 0, offsetof(struct msg_hello, privilege), PRIVILEGE_NONE,
	    0 },
	{ WELCOME, 0, offsetof(struct msg_hello, privilege), PRIVILEGES, -1 },
	{ WELCOME, 0, offsetof(struct msg_hello, privilege), 0xffffffffU, -1 },
	{ WELCOME, 0, offsetof(struct msg_hello, launcher), 0, 0 },
	{ WELCOME, 0, offsetof(struct msg_hello, launcher), 2, -1 },
	{ WELCOME, 0, offsetof(struct msg_hello, users.off), 1, -1 },
	{ WELCOME, 0, offsetof(struct msg_hello, users.len), 0, -1 },
	{ WELCOME, 0, offsetof(struct msg_hello, users.len), 10, -1 },
	{ WELCOME, 0, offsetof(struct msg_hello, users.len), 12, -1 },
	{ WELCOME, 0, offsetof(struct msg_hello, users.len), 0xffffffffU, -1 },
	{ WELCOME, 0, offsetof(struct msg_hello, users.count), 2, -1 },
	{ WELCOME, 0, offsetof(struct msg_hello, users.count), 4, -1 },
	{ WELCOME, 0, offsetof(struct msg_hello, leaves), 0, -1 },
	{ WELCOME, 0, offsetof(struct msg_hello, leaves), 2, -1 },
	{ WELCOME, 0, offsetof(struct msg_hello, kill), 0, 0 },
	{ WELCOME, 0, offsetof(struct msg_hello, kill), 2, 0 },
	{ WELCOME, 0, offsetof(struct msg_hello, kill), 3, -1 },
	{ WELCOME, 0, offsetof(struct msg_hello, controllers),
	    (1U << LEAF_CTLS) - 1, 0 },
	{ WELCOME, 0, offsetof(struct msg_hello, controllers), 1U << LEAF_CTLS,
	    -1 },
	{ WELCOME, 0, offsetof(struct msg_hello, cgroup.off), 0, -1 },
	{ WELCOME, 0, offsetof(struct msg_hello, cgroup.off), 12, -1 },
	{ WELCOME, 0, offsetof(struct msg_hello, cgroup.len), 7, -1 },
	{ WELCOME, 0, offsetof(struct msg_hello, cgroup.len), 9, -1 },
	{ WELCOME, 0, offsetof(struct msg_hello, orphans), ORPHANS_NONE, 0 },
	{ WELCOME, 0, offsetof(struct msg_hello, orphans), ORPHANS_HOWS, -1 },
	{ WELCOME, 0, offsetof(struct msg_hello, pad), 1, -1 },
	{ STREAM, 0, offsetof(struct msg_stream, stream), 0, 0 },
	{ STREAM, 0, offsetof(struct msg_stream, stream), 3, -1 },
	{ STREAM, 0, offsetof(struct msg_stream, stream), 0xffffffffU, -1 },
	{ STDIN, 0, offsetof(struct msg_stdin, pid), 2, 0 },
	{ STDIN, 0, offsetof(struct msg_stdin, pid), 0x7fffffff, 0 },
	{ STDIN, 0, offsetof(struct msg_stdin, pid), 1, -1 },
	{ STDIN, 0, offsetof(struct msg_stdin, pid), 0, -1 },
	{ STDIN, 0, offsetof(struct msg_stdin, pid), 0xffffffffU, -1 },
};

static void
test_values(void **state)
{
	uint8_t buf[SMALL_MAX];
	size_t i, len;

	(void)state;
	for (i = 0; i < nitems(values); i++) {
		len = sample(values[i].kind, values[i].which, buf);
		set32(buf, values[i].off, values[i].value);
		if (try(values[i].kind, buf, len) != values[i].want)
			fail_msg("row %zu: not %d", i, values[i].want);
	}
}

/* Nobody's launcher is none. */
static void
test_down(void **state)
{
	uint8_t buf[MSG_DOWN_MAX];
	const char *user;
	char *s;

	(void)state;
	assert_int_equal(try(DOWN, buf, proto_pack_down(buf, "")), -1);
	assert_int_equal(try(DOWN, buf, proto_pack_down(buf, "1000")), 0);
	s = letters(4 * MSG_TEXT_MAX);
	assert_int_equal(proto_pack_down(buf, s), sizeof(buf));
	assert_int_equal(proto_unpack_down(buf, sizeof(buf), &user), 0);
	assert_int_equal(strlen(user), MSG_TEXT_MAX - 1);
	free(s);
}

/* Any byte of the strings set to NUL, any NUL to a letter. */
static void
test_nul(void **state)
{
	static const size_t heads[] = { sizeof(struct msg_run),
		sizeof(struct msg_reply), sizeof(struct msg_launched),
		sizeof(struct msg_down) };
	uint8_t buf[SMALL_MAX], c;
	size_t end, i, len;
	int kind, which;

	(void)state;
	for (kind = RUN; kind <= DOWN; kind++) {
		for (which = 0; which < SAMPLES; which++) {
			len = sample((enum kind)kind, which, buf);
			/* A mode may well have another value. */
			end = kind == RUN
				  ? heads[kind] + get32(buf, STR(modes.off))
				  : len;
			for (i = heads[kind]; i < end; i++) {
				c = buf[i];
				buf[i] = c == '\0' ? 'x' : '\0';
				assert_int_equal(
				    try((enum kind)kind, buf, len), -1);
				buf[i] = c;
			}
		}
	}
}

/* What the broker's own mistake in a vector would be is found out by priv. */
static void
test_vectors(void **state)
{
	static const struct {
		uint32_t len, count;
		int want;
	} all[] = { { 12, 4, 0 }, { 12, 3, -1 }, { 12, 5, -1 }, { 12, 0, -1 },
		{ 12, UINT32_MAX, -1 }, { 11, 3, -1 }, { 11, 4, -1 },
		{ 7, 3, 0 }, { 0, 0, -1 }, { 0, 1, -1 }, { 6, 2, 0 },
		{ 5, 1, -1 }, { 3, 1, 0 }, { 1, 1, -1 }, { 1, 0, -1 } };
	struct run r;
	uint8_t buf[SMALL_MAX];
	size_t i, len;

	(void)state;
	assert_int_equal(sizeof(ARGS), 12);
	for (i = 0; i < nitems(all); i++) {
		sample_run(&r);
		r.args.len = all[i].len;
		r.args.count = all[i].count;
		len = pack_small(buf, &r);
		assert_int_equal(try(RUN, buf, len), all[i].want);
	}
	sample_run(&r);
	r.env = r.args;
	r.env.count = 3;
	len = pack_small(buf, &r);
	assert_int_equal(try(RUN, buf, len), -1);
	r.env.len = r.env.count = 0;
	len = pack_small(buf, &r);
	assert_int_equal(try(RUN, buf, len), 0);
	r.args.base = "";
	r.args.len = r.args.count = 1;
	len = pack_small(buf, &r);
	assert_int_equal(try(RUN, buf, len), 0);
}

/* The highest value of a mode, by RFC 4254, section 8; 0: no such mode. */
static uint32_t
mode_max(uint32_t opcode)
{
	if (opcode >= 1 && opcode <= 18)
		return (255);
	if (opcode == 128 || opcode == 129)
		return (UINT32_MAX);
	return (
	    (opcode >= 30 && opcode <= 42) || (opcode >= 50 && opcode <= 62) ||
	    (opcode >= 70 && opcode <= 75) || (opcode >= 90 && opcode <= 93));
}

/* The last mode of both messages that have modes is this one. */
static void
assert_mode(uint32_t opcode, uint32_t value)
{
	static const int kinds[] = { RUN, PTYOPTS };
	uint32_t max = mode_max(opcode);
	uint8_t buf[SMALL_MAX];
	size_t i, len;

	for (i = 0; i < nitems(kinds); i++) {
		len = sample((enum kind)kinds[i], 2, buf);
		set32(buf, len - 8, opcode);
		set32(buf, len - 4, value);
		if (try((enum kind)kinds[i], buf, len) !=
		    (max > 0 && value <= max ? 0 : -1))
			fail_msg("mode %u, value %u", opcode, value);
	}
}

static void
test_mode_values(void **state)
{
	static const uint32_t all[] = { 0, 1, 2, 127, 254, 255, 256, 257, 65536,
		0x7fffffff, 0x80000000U, 0xffffff01U, 0xffffffffU };
	uint32_t opcode;
	size_t i, j;

	(void)state;
	for (i = 0; i < nitems(all); i++) {
		for (opcode = 0; opcode < 512; opcode++)
			assert_mode(opcode, all[i]);
		for (j = 0; j < nitems(all); j++)
			assert_mode(all[j], all[i]);
		assert_mode(0x80000001U, all[i]);
		assert_mode(0x01000001U, all[i]);
	}
}

/* A run with so many modes in so many bytes, whatever it says of them. */
static int
modes_outcome(uint32_t count, uint32_t len, uint32_t bytes)
{
	static const struct msg_mode mode = { 1, 1 };
	uint8_t buf[2 * SMALL_MAX];
	size_t end;
	uint32_t i;
	struct run r;

	pty_run(&r);
	r.modes_count = 0;
	end = pack_small(buf, &r);
	assert_true(end + bytes + sizeof(mode) <= sizeof(buf));
	for (i = 0; i < bytes; i += sizeof(mode))
		memcpy(buf + end + i, &mode, sizeof(mode));
	set32(buf, STR(modes.count), count);
	set32(buf, STR(modes.len), len);
	return (try(RUN, buf, end + bytes));
}

static void
test_modes_lengths(void **state)
{
	struct run r;
	uint32_t n;

	(void)state;
	for (n = 0; n <= TTYMODES_MAX + 2; n++) {
		assert_int_equal(
		    modes_outcome(n, 8 * n, 8 * n), n <= TTYMODES_MAX ? 0 : -1);
		assert_int_equal(modes_outcome(n + 1, 8 * n, 8 * n), -1);
		assert_int_equal(modes_outcome(n, 8 * n + 8, 8 * n + 8), -1);
		assert_int_equal(modes_outcome(n, 8 * n + 4, 8 * n + 4), -1);
		assert_int_equal(modes_outcome(n, 8 * n + 1, 8 * n + 1), -1);
		assert_int_equal(modes_outcome(n, 8 * n, 8 * n + 8), -1);
		assert_int_equal(modes_outcome(n + 1, 8 * n + 8, 8 * n), -1);
		/* The product that overflows. */
		assert_int_equal(
		    modes_outcome(0x20000000U + n, 8 * n, 8 * n), -1);
	}
	assert_int_equal(modes_outcome(0xffffffffU, 0xfffffff8U, 8), -1);
	pty_run(&r);
	r.modes_count = TTYMODES_MAX + 1;
	assert_too_big(&r);
	r.modes_count = UINT32_MAX;
	assert_too_big(&r);
}

/* Modes of a terminal that is not there: nothing else is wrong. */
static void
test_modes_without_pty(void **state)
{
	uint8_t buf[SMALL_MAX];
	size_t len;
	struct run r;

	(void)state;
	pty_run(&r);
	r.rows = r.cols = 0;
	r.flags &= ~(uint32_t)RUN_PTY_ECHO;
	len = pack_small(buf, &r);
	assert_int_equal(try(RUN, buf, len), 0);
	r.flags &= ~(uint32_t)RUN_PTY;
	len = pack_small(buf, &r);
	assert_int_equal(try(RUN, buf, len), -1);
	r.modes_count = 0;
	len = pack_small(buf, &r);
	assert_int_equal(try(RUN, buf, len), 0);
}

static void
test_ptyopts_limits(void **state)
{
	static const uint32_t bad[] = { TTYMODES_MAX + 1, 0x20000000,
		0x20000001, 0x80000000U, 0xe0000000U, 0xffffffffU };
	struct msg_ptyopts m = { INT64_MIN, INT32_MIN, 0 };
	struct msg_mode modes[TTYMODES_MAX + 2];
	uint8_t buf[sizeof(m) + sizeof(modes)];
	size_t i, len;

	(void)state;
	for (i = 0; i < nitems(modes); i++) {
		modes[i].opcode = 50;
		modes[i].value = i & 1;
	}
	memcpy(buf + sizeof(m), modes, sizeof(modes));
	for (m.count = 0; m.count <= TTYMODES_MAX + 1; m.count++) {
		memcpy(buf, &m, sizeof(m));
		for (len = 0; len <= sizeof(buf); len++)
			assert_int_equal(try(PTYOPTS, buf, len),
			    m.count <= TTYMODES_MAX &&
				    len == sizeof(m) + m.count * 8
				? 0
				: -1);
	}
	for (i = 0; i < nitems(bad); i++) {
		m.count = bad[i];
		memcpy(buf, &m, sizeof(m));
		for (len = 0; len <= sizeof(buf); len += 8)
			assert_int_equal(try(PTYOPTS, buf, len), -1);
	}
}

static void
test_winsz_round(void **state)
{
	static const struct msg_winsz all[] = {
		{ INT64_MIN, INT32_MIN, 1, 1 },
		{ INT64_MAX, INT32_MAX, UINT16_MAX, 1 },
		{ 0, 2, 1, UINT16_MAX },
	};
	struct msg_winsz m;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(all); i++) {
		assert_int_equal(try(WINSZ, &all[i], sizeof(m)), 0);
		assert_int_equal(proto_unpack_winsz(&all[i], sizeof(m), &m), 0);
		assert_true(m.tid == all[i].tid);
		assert_int_equal(m.pid, all[i].pid);
		assert_int_equal(m.rows, all[i].rows);
		assert_int_equal(m.cols, all[i].cols);
	}
}

static void
test_stdin_limits(void **state)
{
	struct msg_stdin m = { 2, 0 };
	uint8_t *p;
	size_t full = sizeof(m) + MSG_STDIN_MAX;

	(void)state;
	p = calloc(1, full + 1);
	assert_non_null(p);
	memcpy(p, &m, sizeof(m));
	assert_int_equal(try(STDIN, p, sizeof(m)), 0);
	assert_int_equal(try(STDIN, p, full), 0);
	assert_int_equal(try(STDIN, p, full + 1), -1);
	free(p);
}

static void
test_pids_limits(void **state)
{
	static const uint32_t bad[] = { MSG_PIDS_MAX + 1, 0x40000000,
		0x40000001, 0x80000000U, 0xc0000000U, 0xffffffffU };
	struct msg_pids m = { 0, MSG_PIDS_MAX, 0 };
	uint8_t *p;
	size_t i, full = sizeof(m) + MSG_PIDS_MAX * sizeof(int32_t);

	(void)state;
	assert_true(full <= MSG_MAX);
	p = calloc(1, full + 4);
	assert_non_null(p);
	memcpy(p, &m, sizeof(m));
	assert_int_equal(try(PIDS, p, full), 0);
	assert_int_equal(try(PIDS, p, full - 4), -1);
	assert_int_equal(try(PIDS, p, full + 4), -1);
	for (i = 0; i < nitems(bad); i++) {
		m.count = bad[i];
		memcpy(p, &m, sizeof(m));
		assert_int_equal(try(PIDS, p, sizeof(m)), -1);
		assert_int_equal(try(PIDS, p, sizeof(m) + 4), -1);
		assert_int_equal(try(PIDS, p, full + 4), -1);
	}
	m.count = 0;
	memcpy(p, &m, sizeof(m));
	assert_int_equal(try(PIDS, p, sizeof(m)), 0);
	free(p);
}

static uint64_t random_state;

static uint64_t
next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state * 0x2545f4914f6cdd1dULL >> 16);
}

static size_t
below(size_t n)
{
	return ((size_t)(next_random() % n));
}

static uint64_t
setting(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);
	char *end;
	uint64_t v;

	if (s == NULL)
		return (otherwise);
	errno = 0;
	v = strtoull(s, &end, 0);
	if (errno != 0 || end == s || *end != '\0')
		fail_msg("%s=%s: not a number", name, s);
	return (v);
}

/* A number of the head becomes one that may hurt. */
static void
mutate_word(uint8_t *msg, size_t len)
{
	static const uint32_t bad[] = { 0, 1, 2, 3, 7, 8, 255, 256,
		MSG_TEXT_MAX, RUN_PATH_MAX, RUN_STRINGS_MAX, RUN_LINGER_MAX,
		0x7fffffff, 0x80000000U, 0xffffffffU };
	size_t off, words = len / 4;

	if (words == 0)
		return;
	off = below(words > HEAD_WORDS ? HEAD_WORDS : words) * 4;
	switch (below(3)) {
	case 0:
		set32(msg, off, bad[below(nitems(bad))]);
		break;
	case 1:
		set32(msg, off, get32(msg, off) + (below(2) ? 1U : -1U));
		break;
	default:
		set32(msg, off, (uint32_t)below(len + 1));
		break;
	}
}

static size_t
mutate(uint8_t *msg, size_t len)
{
	size_t at;

	if (len == 0)
		return (1);
	at = below(len);
	switch (below(6)) {
	case 0:
		msg[at] ^= (uint8_t)(1 << below(8));
		return (len);
	case 1:
		msg[at] = (uint8_t)(below(2) ? 0 : next_random());
		return (len);
	case 2: /* cut, or longer by what lay behind */
		return (below(2) ? at : len + below(9));
	case 3:
		memmove(msg + at, msg + at + 1, len - at - 1);
		return (len - 1);
	default:
		mutate_word(msg, len);
		return (len);
	}
}

static void
test_mutated(void **state)
{
	uint8_t buf[SMALL_MAX];
	unsigned long good = 0, i,
		      rounds = (unsigned long)setting("PROTO_ROUNDS", ROUNDS);
	size_t len, n;
	enum kind kind;

	(void)state;
	random_state = setting("PROTO_SEED", SEED) | 1;
	print_message("seed %#llx\n", (unsigned long long)random_state);
	memset(buf, 0, sizeof(buf));
	for (i = 0; i < rounds; i++) {
		/* Half of them are runs. */
		kind = below(2) ? RUN : (enum kind)below(KINDS);
		len = sample(kind, (int)below(SAMPLES), buf);
		for (n = 1 + below(3); n > 0; n--)
			len = mutate(buf, len);
		good += try(kind, buf, len) == 0;
	}
	print_message("%lu of %lu mutated messages passed\n", good, rounds);
	assert_true(good > rounds / 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_run_round),
		cmocka_unit_test(test_run_round_more),
		cmocka_unit_test(test_reply_round),
		cmocka_unit_test(test_badopt_offset),
		cmocka_unit_test(test_welcome_limits),
		cmocka_unit_test(test_launched_round),
		cmocka_unit_test(test_launched_refused),
		cmocka_unit_test(test_path_limits),
		cmocka_unit_test(test_strings_limits),
		cmocka_unit_test(test_many_strings),
		cmocka_unit_test(test_everything_at_limit),
		cmocka_unit_test(test_unpack_limits),
		cmocka_unit_test(test_text_limits),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_two_lies),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_down),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_mode_values),
		cmocka_unit_test(test_modes_lengths),
		cmocka_unit_test(test_modes_without_pty),
		cmocka_unit_test(test_ptyopts_limits),
		cmocka_unit_test(test_winsz_round),
		cmocka_unit_test(test_stdin_limits),
		cmocka_unit_test(test_pids_limits),
		cmocka_unit_test(test_mutated),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
