/*
 * Tests of {run, Cmd, Options} and its like: what each option means, in every
 * form that it may have, and what is refused with which answer. The tables hold
 * Erlang terms as text, so that they can be read beside PROTOCOL.md. Each term
 * goes two ways: to options_run() directly, and as a whole request, whose
 * message must say the same after priv has unpacked it.
 *
 * Terms are written as in Erlang, with these differences: "text" is an Erlang
 * string, #"bytes" a list of bytes in the short form and <<"bytes">> a
 * binary, and in the last two ^ stands for a NUL. [97,98] is always the long
 * form of a list. A map is #{Key=>Value,...}.
 */

#include <sys/types.h>

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/broker.h"
#include "cpulist.h"
#include "leaf_limit.h"
#include "limitname.h"
#include "log.h"
#include "unpack.h"
#include "etf_write.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

#define TERM_MAX (128 << 20)
#define SHOW_MAX 8192
#define STRING_EXT 107

/* The ring, as far as request.c needs one: it holds the last message. */
static struct channel broker_priv, broker_worker;
static struct {
	int count;
	uint32_t type;
	uint8_t data[MSG_MAX];
	size_t len;
} sent;

void
channel_send(
    struct channel *c, uint32_t type, int fd, const void *data, size_t len)
{
	assert_ptr_equal(c, type == IMSG_ACK ? &broker_worker : &broker_priv);
	assert_int_equal(fd, -1);
	assert_true(len <= sizeof(sent.data));
	sent.count++;
	sent.type = type;
	sent.len = len;
	memcpy(sent.data, data, len);
}

void
channel_send2(struct channel *c, uint32_t type, const void *head,
    size_t headlen, const void *data, size_t len)
{
	assert_int_equal(type, IMSG_PTYOPTS);
	channel_send(c, type, -1, head, headlen);
	assert_true(len <= sizeof(sent.data) - headlen);
	memcpy(sent.data + headlen, data, len);
	sent.len += len;
}

static uint8_t *term; /* TERM_MAX bytes, for all tests */

static int
setup(void **state)
{
	(void)state;
	request_init(&broker_priv, &broker_worker);
	return ((term = malloc(TERM_MAX)) == NULL);
}

static int
teardown(void **state)
{
	(void)state;
	free(term);
	return (0);
}

static void put_term(struct etf_writer *, const char **);

static void
must(const char **p, const char *s)
{
	if (strncmp(*p, s, strlen(s)) != 0)
		fail_msg("not '%s': %s", s, *p);
	*p += strlen(s);
}

static int
is(const char **p, const char *s)
{
	while (**p == ' ')
		(*p)++;
	if (strncmp(*p, s, strlen(s)) != 0)
		return (0);
	*p += strlen(s);
	return (1);
}

/* Up to the closing quote; its length. */
static size_t
quoted(const char **p, char *buf, size_t size, int nul)
{
	size_t n = 0;

	must(p, "\"");
	while (**p != '"') {
		assert_true(**p != '\0' && n < size - 1);
		buf[n++] = nul && **p == '^' ? '\0' : **p;
		(*p)++;
	}
	(*p)++;
	buf[n] = '\0';
	return (n);
}

/* Elements up to close, after a head whose count is patched at the end. */
static uint32_t
put_elements(struct etf_writer *w, const char **p, const char *close)
{
	uint32_t n = 0;

	if (is(p, close))
		return (0);
	do {
		put_term(w, p);
		n++;
	} while (is(p, ","));
	if (*close == ']' && is(p, "|"))
		put_term(w, p);
	else if (*close == ']')
		etf_put_nil(w);
	if (!is(p, close))
		fail_msg("no '%s': %s", close, *p);
	return (n);
}

static void
put_list(struct etf_writer *w, const char **p)
{
	size_t at = w->len;
	uint32_t n;

	if (is(p, "]")) {
		etf_put_list(w, 0);
		return;
	}
	etf_put_list(w, 1);
	n = put_elements(w, p, "]");
	assert_true(n < 256);
	w->buf[at + 4] = (uint8_t)n;
}

static void
put_tuple(struct etf_writer *w, const char **p)
{
	size_t at = w->len;
	uint32_t n;

	etf_put_tuple(w, 0);
	n = put_elements(w, p, "}");
	assert_true(n < 256);
	w->buf[at + 1] = (uint8_t)n;
}

static void
put_map(struct etf_writer *w, const char **p)
{
	size_t at = w->len;
	uint32_t n = 0;

	etf_put_map(w, 0);
	if (is(p, "}"))
		return;
	do {
		put_term(w, p);
		must(p, "=>");
		put_term(w, p);
		n++;
	} while (is(p, ","));
	must(p, "}");
	assert_true(n < 256);
	w->buf[at + 4] = (uint8_t)n;
}

static void
put_bytes(struct etf_writer *w, const char **p)
{
	char buf[2048];
	size_t n;

	n = quoted(p, buf, sizeof(buf), 1);
	assert_true(w->size - w->len >= n + 3);
	w->buf[w->len++] = STRING_EXT;
	w->buf[w->len++] = (uint8_t)(n >> 8);
	w->buf[w->len++] = (uint8_t)n;
	memcpy(w->buf + w->len, buf, n);
	w->len += n;
}

static void
put_word(struct etf_writer *w, const char **p)
{
	char buf[1100];
	size_t n = 0;

	while (isalnum((unsigned char)**p) || **p == '_' || **p == '-' ||
	       (unsigned char)**p >= 0x80)
		buf[n++] = *(*p)++;
	buf[n] = '\0';
	if (n == 0)
		fail_msg("no term: %s", *p);
	if (isdigit((unsigned char)buf[0]) || buf[0] == '-')
		etf_put_int(w, strtoll(buf, NULL, 10));
	else
		etf_put_atom(w, buf);
}

static void
put_term(struct etf_writer *w, const char **p)
{
	char buf[2048];
	size_t n;

	if (is(p, "{"))
		put_tuple(w, p);
	else if (is(p, "["))
		put_list(w, p);
	else if (is(p, "#{"))
		put_map(w, p);
	else if (is(p, "#"))
		put_bytes(w, p);
	else if (is(p, "''"))
		etf_put_atom(w, "");
	else if (is(p, "<<")) {
		n = quoted(p, buf, sizeof(buf), 1);
		etf_put_binary(w, buf, n);
		must(p, ">>");
	} else if (**p == '"') {
		(void)quoted(p, buf, sizeof(buf), 0);
		etf_put_string(w, buf);
	} else
		put_word(w, p);
}

static void
put(char *, const char *, ...) __attribute__((__format__(printf, 2, 3)));

/* Go on with a text of SHOW_MAX bytes. */
static void
put(char *buf, const char *fmt, ...)
{
	size_t len = strlen(buf);
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf + len, SHOW_MAX - len, fmt, ap);
	va_end(ap);
	assert_true(n >= 0 && (size_t)n < SHOW_MAX - len);
}

static void
show_io(char *buf, const struct run_io *io, int stream)
{
	static const char *const names[] = { "stdin", "stdout", "stderr" };
	static const char *const kinds[] = { "null", "pipe", "close", "file",
		"stdout", "stderr", "inherit" };

	assert_true(io->kind < IO_KINDS);
	if (io->kind == IO_NULL)
		return;
	put(buf, " %s=%s", names[stream], kinds[io->kind]);
	if (io->kind != IO_FILE)
		return;
	put(buf, "(%s,%o%s)", io->path, io->perm, io->append ? ",append" : "");
}

static void
show_vec(char *buf, const struct strvec *v)
{
	const char *p = v->base;
	uint32_t i;

	for (i = 0; i < v->count; i++, p = strvec_next(p))
		put(buf, " '%s'", p);
	assert_ptr_equal(p, v->base + v->len);
}

/* " (opcode=value,...)" */
static void
show_modes(char *buf, const struct msg_mode *modes, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		put(buf, "%s%u=%u", i == 0 ? "(" : ",", modes[i].opcode,
		    modes[i].value);
	if (count > 0)
		put(buf, ")");
}

static void
show_amount(char *buf, char before, uint64_t v)
{
	if (v == LEAF_NO_LIMIT)
		put(buf, "%cmax", before);
	else
		put(buf, "%c%llu", before, (unsigned long long)v);
}

/* What is given of the limits of a leaf. */
static void
show_leaf(char *buf, const struct leaf_limits *l)
{
	char list[CPULIST_MAX];
	uint32_t i, j;

	for (i = 0; i < LEAF_VALUES; i++) {
		if (!(l->given & UINT64_C(1) << i))
			continue;
		if (i != LEAF_CPU_PERIOD)
			put(buf, " %s", leaf_limit_name((enum leaf_limit)i));
		show_amount(buf, i == LEAF_CPU_PERIOD ? '/' : '=', l->value[i]);
	}
	if (cpulist_write(list, sizeof(list), l->cpus, LEAF_CPUS_MAX) != 0)
		put(buf, " cpus=%s", list);
	if (cpulist_write(list, sizeof(list), &l->mems, LEAF_MEMS_MAX) != 0)
		put(buf, " mems=%s", list);
	for (i = 0; i < l->ios; i++) {
		put(buf, " %u:%u", l->major[i], l->minor[i]);
		for (j = 0; j < LEAF_RATES; j++)
			show_amount(buf, j == 0 ? '=' : '/', l->rate[i][j]);
	}
}

static void
show_limit(char *buf, const char *head, uint64_t n)
{
	if (n == LIMIT_NONE)
		put(buf, "%sinfinity", head);
	else
		put(buf, "%s%llu", head, (unsigned long long)n);
}

static void
show_bounds(char *buf, const struct run *r)
{
	char head[32];
	int i;

	for (i = 0; i < LIMITS; i++) {
		if (!(r->limits & 1U << i))
			continue;
		(void)snprintf(head, sizeof(head), " %s=", limitname[i]);
		show_limit(buf, head, r->soft[i]);
		show_limit(buf, "/", r->hard[i]);
	}
	for (i = 0; i < RUN_CPUS / 64; i++)
		if (r->cpus[i] != 0)
			put(buf, " cpus[%d]=%llx", i,
			    (unsigned long long)r->cpus[i]);
	if (r->io_priority != 0)
		put(buf, " io=%u/%u", r->io_priority >> 3, r->io_priority & 7);
	if (r->flags & RUN_SCORE)
		put(buf, " score=%u", r->score);
	if (r->flags & RUN_NO_NEW_PRIVS)
		put(buf, " no_new_privs");
	if (r->cpu_time != 0)
		put(buf, " cpu_time=%u", r->cpu_time);
}

static void
show_more(char *buf, const struct run *r)
{
	if (*r->kill != '\0')
		put(buf, " stop='%s'", r->kill);
	if (r->flags & RUN_KILL_GROUP)
		put(buf, " kill_group");
	if (r->flags & RUN_GROUP)
		put(buf, " group=%d", r->group);
	if (*r->user != '\0')
		put(buf, " user=%s", r->user);
	if (*r->gid != '\0')
		put(buf, " gid=%s", r->gid);
	if (r->flags & RUN_GROUPS)
		put(buf, " groups");
	show_vec(buf, &r->groups);
	if (r->flags & RUN_NICE)
		put(buf, " nice=%d", r->nice);
	if (r->flags & RUN_PTY)
		put(buf, " pty");
	show_modes(buf, r->modes, r->modes_count);
	if (r->flags & RUN_PTY_ECHO)
		put(buf, " echo");
	if (r->rows != 0 || r->cols != 0)
		put(buf, " winsz=%ux%u", r->rows, r->cols);
	if (r->flags & RUN_CAPS)
		put(buf, " caps=%llx", (unsigned long long)r->caps);
	if (r->flags & RUN_DEBUG)
		put(buf, " debug");
	if (r->window != 0)
		put(buf, " window=%u", r->window);
	if (r->stdin_ack != 0)
		put(buf, " stdin_ack=%u", r->stdin_ack);
	if (r->timeout != 0)
		put(buf, " timeout=%llu", (unsigned long long)r->timeout);
	if (r->idle != 0)
		put(buf, " idle=%llu", (unsigned long long)r->idle);
	if (r->flags & RUN_UMASK)
		put(buf, " umask=%o", r->umask);
	show_bounds(buf, r);
	if (*r->arg0 != '\0')
		put(buf, " arg0=%s", r->arg0);
	if (r->flags & RUN_CGROUP) {
		put(buf, " cgroup");
		show_leaf(buf, &r->leaf);
		if (*r->leaf_name != '\0')
			put(buf, " name=%s", r->leaf_name);
	}
	if (r->stop_signal != 0)
		put(buf, " signal=%u", r->stop_signal);
	if (r->flags & RUN_LINGER)
		put(buf, " linger=%u", r->linger);
}

/* A run as text: what is not the default. */
static void
show_run(char *buf, const struct run *r)
{
	int i;

	buf[0] = '\0';
	if (r->pid != 0)
		put(buf, "manage %d", r->pid);
	else
		put(buf, r->flags & RUN_SHELL ? "sh" : "exec");
	show_vec(buf, &r->args);
	for (i = 0; i < 3; i++)
		show_io(buf, &r->io[i], i);
	if (*r->cd != '\0')
		put(buf, " cd=%s", r->cd);
	if (*r->executable != '\0')
		put(buf, " executable=%s", r->executable);
	if (r->kill_timeout != 5000)
		put(buf, " kill=%llu", (unsigned long long)r->kill_timeout);
	if (r->flags & RUN_SUCCESS)
		put(buf, " success=%u", r->success);
	show_more(buf, r);
	if (r->flags & RUN_ENV_CLEAR)
		put(buf, " clear");
	if (r->env.count > 0)
		put(buf, " env");
	show_vec(buf, &r->env);
}

static void
show_refusal(char *buf, uint32_t code, int value, const char *text)
{
	buf[0] = '\0';
	if (code == REPLY_BADARG)
		put(buf, "badarg");
	else if (code == REPLY_ERRNO)
		put(buf, "errno %s", value == E2BIG ? "E2BIG" : "?");
	else if (code == REPLY_TEXT || code == REPLY_BADOPT)
		put(buf, "error %s", text);
	else if (code == REPLY_TERM)
		put(buf, "term %s %s", value == EPROTO ? "EPROTO" : "?", text);
	else
		put(buf, "code %u", code);
}

/* As an allocation of its exact size. */
static uint8_t *
exact(const void *data, size_t len)
{
	uint8_t *p;

	p = malloc(len);
	assert_non_null(p);
	memcpy(p, data, len);
	return (p);
}

static void
show_sent_run(char *buf, const uint8_t *p)
{
	struct run r;

	assert_int_equal(proto_unpack_run(p, sent.len, &r), 0);
	assert_true(r.tid == -7 && r.id == 0);
	assert_int_equal(r.pid != 0, sent.type == IMSG_MANAGE);
	show_run(buf, &r);
}

static void
show_sent_reply(char *buf, const uint8_t *p)
{
	struct reply reply;

	assert_int_equal(proto_unpack_reply(p, sent.len, &reply), 0);
	assert_true(reply.tid == -7);
	show_refusal(buf, reply.code, reply.value, reply.text);
}

static void
show_sent_pty(char *buf, const uint8_t *p)
{
	struct msg_mode modes[TTYMODES_MAX];
	struct msg_ptyopts opts;
	struct msg_winsz w;

	if (sent.type == IMSG_WINSZ) {
		assert_int_equal(proto_unpack_winsz(p, sent.len, &w), 0);
		assert_true(w.tid == -7);
		put(buf, "winsz %d %ux%u", w.pid, w.rows, w.cols);
		return;
	}
	assert_int_equal(proto_unpack_ptyopts(p, sent.len, &opts, modes), 0);
	assert_true(opts.tid == -7);
	put(buf, "pty_opts %d ", opts.pid);
	show_modes(buf, modes, opts.count);
}

static void
show_sent_set(char *buf)
{
	struct msg m = {
		.type = sent.type, .fd = -1, .data = sent.data, .len = sent.len
	};

	assert_int_equal(proto_unpack(&m), 0);
	assert_true(m.cgroup_set.tid == -7);
	put(buf, "set %d", m.cgroup_set.pid);
	show_leaf(buf, &m.cgroup_set.limits);
}

static void
show_sent_request(char *buf, const uint8_t *p)
{
	struct msg_request m;

	assert_int_equal(proto_unpack_request(p, sent.len, &m), 0);
	assert_true(m.tid == -7);
	put(buf, "%s %d %d",
	    sent.type == IMSG_STOP	? "stop"
	    : sent.type == IMSG_KILL	? "kill"
	    : sent.type == IMSG_LIST	? "list"
	    : sent.type == IMSG_SETPGID ? "setpgid"
	    : sent.type == IMSG_HELLO	? "hello"
	    : sent.type == IMSG_STATS	? "stats"
	    : sent.type == IMSG_PAUSE	? "pause"
					: "?",
	    m.pid, m.arg);
}

static void
show_sent_ack(char *buf, const uint8_t *p)
{
	struct msg_ack m;

	assert_int_equal(proto_unpack_ack(p, sent.len, &m), 0);
	put(buf, "ack %d %u %llu", m.pid, m.stream,
	    (unsigned long long)m.bytes);
}

/* The message that came of the last request, as text. */
static void
show_sent(char *buf)
{
	uint8_t *p;

	assert_int_equal(sent.count, 1);
	p = exact(sent.data, sent.len);
	buf[0] = '\0';
	switch (sent.type) {
	case IMSG_RUN:
	case IMSG_MANAGE:
		show_sent_run(buf, p);
		break;
	case IMSG_REFUSE:
		show_sent_reply(buf, p);
		break;
	case IMSG_WINSZ:
	case IMSG_PTYOPTS:
		show_sent_pty(buf, p);
		break;
	case IMSG_ACK:
		show_sent_ack(buf, p);
		break;
	case IMSG_CGROUP_SET:
		show_sent_set(buf);
		break;
	default:
		show_sent_request(buf, p);
		break;
	}
	free(p);
}

/* {-7, {Name, the rest of which, two terms, is to be written. */
static void
request_begin_as(struct etf_writer *w, const char *name)
{
	etf_writer_init(w, term, TERM_MAX);
	etf_put_version(w);
	etf_put_tuple(w, 2);
	etf_put_int(w, -7);
	etf_put_tuple(w, 3);
	etf_put_atom(w, name);
}

static void
request_begin(struct etf_writer *w)
{
	request_begin_as(w, "run");
}

/* Behind the name: options_run() or options_manage() is to go on. */
static int
request_open(struct etf *e, const uint8_t *p, size_t len)
{
	char atom[ETF_ATOM_MAX];
	uint32_t arity;
	int64_t tid;

	assert_int_equal(etf_check(p, len), 0);
	assert_int_equal(etf_open(e, p, len), 0);
	assert_int_equal(etf_get_tuple(e, &arity), 0);
	assert_int_equal(etf_get_int(e, &tid), 0);
	assert_int_equal(etf_get_tuple(e, &arity), 0);
	assert_int_equal(etf_get_atom(e, atom, sizeof(atom)), 0);
	return (strcmp(atom, "manage") == 0);
}

/* What a request comes to, as text: both ways, which must agree. */
static void
outcome(const struct etf_writer *w, char *buf)
{
	char again[SHOW_MAX];
	struct refusal why;
	struct run r;
	struct etf e;
	uint8_t *p;
	int rc;

	assert_int_equal(w->full, 0);
	p = exact(w->buf, w->len);
	rc = request_open(&e, p, w->len);
	/* Left over from anything: no answer may follow from it. */
	errno = E2BIG;
	rc =
	    rc ? options_manage(&e, 0, &r, &why) : options_run(&e, 0, &r, &why);
	if (rc == 0) {
		assert_int_equal(e.left, 0);
		assert_true(r.tid == 0 && r.id == 0);
		show_run(buf, &r);
	} else
		show_refusal(buf, why.code, why.value, why.text);
	sent.count = 0;
	assert_int_equal(request_handle(p, w->len), 0);
	free(p);
	show_sent(again);
	assert_string_equal(buf, again);
}

static void
assert_outcome(const struct etf_writer *w, const char *want, const char *name)
{
	char buf[SHOW_MAX];

	outcome(w, buf);
	if (strcmp(buf, want) != 0)
		fail_msg("%s:\nnot  %s\nbut  %s", name, want, buf);
}

struct row {
	const char *term;
	const char *want;
};

/* cmd, options: NULL if it is what the row holds. */
static void
assert_rows(
    const struct row *rows, size_t n, const char *cmd, const char *options)
{
	struct etf_writer w;
	const char *p;
	size_t i;

	for (i = 0; i < n; i++) {
		request_begin(&w);
		p = cmd == NULL ? rows[i].term : cmd;
		put_term(&w, &p);
		p = options == NULL ? rows[i].term : options;
		put_term(&w, &p);
		assert_string_equal(p, "");
		assert_outcome(&w, rows[i].want, rows[i].term);
	}
}

static const struct row commands[] = {
	{ "\"ls -l\"", "sh 'ls -l'" },
	{ "<<\"ls -l\">>", "sh 'ls -l'" },
	{ "[108,115]", "sh 'ls'" },
	{ "#\"ls\"", "sh 'ls'" },
	{ "[\"ls\",\"-l\"]", "exec 'ls' '-l'" },
	{ "[<<\"ls\">>,<<\"-l\">>]", "exec 'ls' '-l'" },
	{ "[\"ls\",<<\"-l\">>,[47,120]]", "exec 'ls' '-l' '/x'" },
	{ "[\"ls\"]", "exec 'ls'" },
	{ "[[108,115]]", "exec 'ls'" },
	{ "[\"ls\",\"\"]", "exec 'ls' ''" },
	{ "[\"ls\",<<\"\">>,[]]", "exec 'ls' '' ''" },
	/* UTF-8 as bytes, as code points, and what is neither. */
	{ "\"\xce\xbb\"", "sh '\xce\xbb'" },
	{ "[955]", "sh '\xce\xbb'" },
	{ "[97,128512,98]", "sh 'a\xf0\x9f\x98\x80"
			    "b'" },
	{ "\"\xc3\xa9\"", "sh '\xc3\xa9'" },
	{ "#\"\xc3\xa9\"", "sh '\xc3\xa9'" },
	{ "[195,169]", "sh '\xc3\xa9'" },
	{ "[233]", "sh '\xc3\xa9'" },
	{ "<<\"\xe9\xff\">>", "sh '\xe9\xff'" },
	{ "[<<\"\xff\">>,\"\xce\xbb\"]", "exec '\xff' '\xce\xbb'" },
	{ "[1114111]", "sh '\xf4\x8f\xbf\xbf'" },

	{ "\"\"", "error Empty command" },
	{ "[]", "error Empty command" },
	{ "<<\"\">>", "error Empty command" },
	{ "#\"\"", "error Empty command" },
	{ "[\"\"]", "error Empty command" },
	{ "[[]]", "error Empty command" },
	{ "[<<\"\">>,\"x\"]", "error Empty command" },
	{ "<<\"a^b\">>", "badarg" },
	{ "<<\"^\">>", "badarg" },
	{ "#\"a^\"", "badarg" },
	{ "[97,0]", "badarg" },
	{ "[\"ls\",<<\"a^\">>]", "badarg" },
	{ "[\"ls\",#\"^\"]", "badarg" },
	{ "[55296]", "badarg" },
	{ "[1114112]", "badarg" },
	{ "[97,-1]", "badarg" },
	{ "[97|98]", "badarg" },
	{ "[\"a\"|\"b\"]", "badarg" },
	{ "[\"a\"|b]", "badarg" },
	{ "[\"a\",98]", "badarg" },
	{ "[97,\"b\"]", "badarg" },
	{ "[\"a\",[\"b\"]]", "badarg" },
	{ "[\"a\",b]", "badarg" },
	{ "[ls]", "badarg" },
	{ "ls", "badarg" },
	{ "1", "badarg" },
	{ "{}", "badarg" },
	{ "{\"ls\"}", "badarg" },
	{ "[{}]", "badarg" },
};

static void
test_commands(void **state)
{
	(void)state;
	assert_rows(commands, nitems(commands), NULL, "[]");
}

/* Everything here follows the command "x". */
static const struct row streams[] = {
	{ "[]", "sh 'x'" },
	{ "[stdin]", "sh 'x' stdin=pipe" },
	{ "[stdout]", "sh 'x' stdout=pipe" },
	{ "[stderr]", "sh 'x' stderr=pipe" },
	{ "[stderr,stdin,stdout]",
	    "sh 'x' stdin=pipe stdout=pipe stderr=pipe" },
	{ "[{stdin,null},{stdout,null},{stderr,null}]", "sh 'x'" },
	{ "[{stdin,close},{stdout,close},{stderr,close}]",
	    "sh 'x' stdin=close stdout=close stderr=close" },
	{ "[{stdin,\"/f\"}]", "sh 'x' stdin=file(/f,0)" },
	{ "[{stdin,<<\"f g\">>}]", "sh 'x' stdin=file(f g,0)" },
	{ "[{stdin,[47,955]}]", "sh 'x' stdin=file(/\xce\xbb,0)" },
	{ "[{stdin,<<\"\xff\">>}]", "sh 'x' stdin=file(\xff,0)" },
	{ "[{stdout,\"/f\"}]", "sh 'x' stdout=file(/f,644)" },
	{ "[{stderr,<<\"/f\">>}]", "sh 'x' stderr=file(/f,644)" },
	{ "[{stdout,\"a\"},{stderr,\"b\"},{stdin,\"c\"}]",
	    "sh 'x' stdin=file(c,0) stdout=file(a,644) stderr=file(b,644)" },
	{ "[{stdout,\"/f\",[]}]", "sh 'x' stdout=file(/f,644)" },
	{ "[{stdout,\"/f\",[append]}]", "sh 'x' stdout=file(/f,644,append)" },
	{ "[{stderr,\"/f\",[append]}]", "sh 'x' stderr=file(/f,644,append)" },
	{ "[{stdout,\"/f\",[{mode,384}]}]", "sh 'x' stdout=file(/f,600)" },
	{ "[{stdout,\"/f\",[{mode,0}]}]", "sh 'x' stdout=file(/f,0)" },
	{ "[{stderr,\"/f\",[{mode,4095}]}]", "sh 'x' stderr=file(/f,7777)" },
	{ "[{stdout,\"/f\",[append,{mode,384}]}]",
	    "sh 'x' stdout=file(/f,600,append)" },
	{ "[{stdout,\"/f\",[{mode,384},append]}]",
	    "sh 'x' stdout=file(/f,600,append)" },
	{ "[{stdout,stderr}]", "sh 'x' stdout=stderr" },
	{ "[{stderr,stdout}]", "sh 'x' stderr=stdout" },
	{ "[{stderr,stdout},stdout]", "sh 'x' stdout=pipe stderr=stdout" },
	{ "[{stdout,stderr},{stderr,\"/f\"}]",
	    "sh 'x' stdout=stderr stderr=file(/f,644)" },
	{ "[{stdout,stderr},{stderr,close}]",
	    "sh 'x' stdout=stderr stderr=close" },

	{ "[{stdout,stderr},{stderr,stdout}]",
	    "error Circular reference of options: stdout, stderr" },
	{ "[{stderr,stdout},{stdout,stderr}]",
	    "error Circular reference of options: stdout, stderr" },
	{ "[{stdin}]", "error Bad value of option: stdin" },
	{ "[{stdout}]", "error Bad value of option: stdout" },
	{ "[{foo}]", "error Unknown option: foo" },
	{ "[{stdout,stdout}]", "error Bad value of option: stdout" },
	{ "[{stderr,stderr}]", "error Bad value of option: stderr" },
	{ "[{stdin,stdout}]", "error Bad value of option: stdin" },
	{ "[{stdin,stderr}]", "error Bad value of option: stdin" },
	{ "[{stdin,stdin}]", "error Bad value of option: stdin" },
	{ "[{stdout,stdin}]", "error Bad value of option: stdout" },
	{ "[{stdout,pipe}]", "error Bad value of option: stdout" },
	{ "[{stdout,''}]", "error Bad value of option: stdout" },
	{ "[{stdin,\"\"}]", "error Bad value of option: stdin" },
	{ "[{stdout,<<\"\">>}]", "error Bad value of option: stdout" },
	{ "[{stderr,[]}]", "error Bad value of option: stderr" },
	{ "[{stdin,<<\"/f^\">>}]", "error Bad value of option: stdin" },
	{ "[{stdout,[47,0]}]", "error Bad value of option: stdout" },
	{ "[{stdin,1}]", "error Bad value of option: stdin" },
	{ "[{stdin,{}}]", "error Bad value of option: stdin" },
	{ "[{stdin,\"/f\",[]}]", "error Bad value of option: stdin" },
	{ "[{stdin,\"/f\",[append]}]", "error Bad value of option: stdin" },
	{ "[{stdout,null,[]}]", "error Bad value of option: stdout" },
	{ "[{stdout,null,[append]}]", "error Bad value of option: stdout" },
	{ "[{stdout,stderr,[]}]", "error Bad value of option: stdout" },
	{ "[{stdout,\"/f\",append}]", "error Bad value of option: stdout" },
	{ "[{stdout,\"/f\",[trunc]}]", "error Bad value of option: stdout" },
	{ "[{stdout,\"/f\",[{mode,4096}]}]",
	    "error Bad value of option: stdout" },
	{ "[{stdout,\"/f\",[{mode,-1}]}]",
	    "error Bad value of option: stdout" },
	{ "[{stdout,\"/f\",[{mode,\"644\"}]}]",
	    "error Bad value of option: stdout" },
	{ "[{stdout,\"/f\",[{mode}]}]", "error Bad value of option: stdout" },
	{ "[{stdout,\"/f\",[{mode,1,2}]}]",
	    "error Bad value of option: stdout" },
	{ "[{stdout,\"/f\",[{made,1}]}]", "error Bad value of option: stdout" },
	{ "[{stdout,\"/f\",[{append,true}]}]",
	    "error Bad value of option: stdout" },
	{ "[{stdout,\"/f\",[append|append]}]",
	    "error Bad value of option: stdout" },
	{ "[{stderr,inherit}]", "sh 'x' stderr=inherit" },
	{ "[{stderr,inherit},{stdout,stderr}]",
	    "sh 'x' stdout=stderr stderr=inherit" },
	{ "[{stdout,inherit}]", "error Bad value of option: stdout" },
	{ "[{stdin,inherit}]", "error Bad value of option: stdin" },
	{ "[{stderr,inherit,[append]}]", "error Bad value of option: stderr" },
	{ "[{stdout,\"/f\",\"append\"}]", "error Bad value of option: stdout" },
	{ "[{stdout,\"/f\",[append],1}]", "error Bad value of option: stdout" },
};

static void
test_streams(void **state)
{
	(void)state;
	assert_rows(streams, nitems(streams), "\"x\"", NULL);
}

static const struct row others[] = {
	{ "[{cd,\"/tmp\"}]", "sh 'x' cd=/tmp" },
	{ "[{cd,<<\"/\xce\xbb\">>}]", "sh 'x' cd=/\xce\xbb" },
	{ "[{cd,[955]}]", "sh 'x' cd=\xce\xbb" },
	{ "[{executable,\"/bin/bash\"}]", "sh 'x' executable=/bin/bash" },
	{ "[{executable,<<\"sh\">>}]", "sh 'x' executable=sh" },
	{ "[{kill_timeout,0}]", "sh 'x' kill=0" },
	{ "[{kill_timeout,1}]", "sh 'x' kill=1000" },
	{ "[{kill_timeout,5}]", "sh 'x'" },
	{ "[{kill_timeout,86401}]", "sh 'x' kill=86401000" },
	{ "[{kill_timeout,9007199254740}]", "sh 'x' kill=9007199254740000" },
	{ "[{kill_timeout,{ms,300}}]", "sh 'x' kill=300" },
	{ "[{kill_timeout,{ms,0}}]", "sh 'x' kill=0" },
	{ "[{kill_timeout,{ms,9007199254740992}}]",
	    "sh 'x' kill=9007199254740992" },
	{ "[{kill_timeout,{ms,9007199254740993}}]",
	    "error Bad value of option: kill_timeout" },
	{ "[{kill_timeout,{ms,-1}}]",
	    "error Bad value of option: kill_timeout" },
	{ "[{kill_timeout,{ms}}]", "error Bad value of option: kill_timeout" },
	{ "[{kill_timeout,{s,1}}]", "error Bad value of option: kill_timeout" },
	{ "[{kill_timeout,{ms,1,2}}]",
	    "error Bad value of option: kill_timeout" },
	{ "[{arg0,\"-sh\"}]", "sh 'x' arg0=-sh" },
	{ "[{arg0,<<\"\">>}]", "error Bad value of option: arg0" },
	{ "[{arg0,<<\"a^\">>}]", "error Bad value of option: arg0" },
	{ "[arg0]", "error Bad value of option: arg0" },
	{ "[{umask,0}]", "sh 'x' umask=0" },
	{ "[{umask,511}]", "sh 'x' umask=777" },
	{ "[{umask,512}]", "error Bad value of option: umask" },
	{ "[{umask,-1}]", "error Bad value of option: umask" },
	{ "[umask]", "error Bad value of option: umask" },
	{ "[{rlimit,[]}]", "sh 'x'" },
	{ "[{rlimit,[{nofile,5},{as,{1,2}}]}]", "sh 'x' as=1/2 nofile=5/5" },
	{ "[{rlimit,[{core,0},{cpu,{1,infinity}}]}]",
	    "sh 'x' core=0/0 cpu=1/infinity" },
	{ "[{rlimit,[{fsize,infinity},{locks,{infinity,infinity}}]}]",
	    "sh 'x' fsize=infinity/infinity locks=infinity/infinity" },
	{ "[{rlimit,[{data,1},{memlock,1},{msgqueue,1},{nice,1},{nproc,1},"
	  "{rss,1},{rtprio,1},{rttime,1},{sigpending,1},{stack,1}]}]",
	    "sh 'x' data=1/1 memlock=1/1 msgqueue=1/1 nice=1/1 nproc=1/1 "
	    "rss=1/1 rtprio=1/1 rttime=1/1 sigpending=1/1 stack=1/1" },
	{ "[{rlimit,[{as,9223372036854775806}]}]",
	    "sh 'x' as=9223372036854775806/9223372036854775806" },
	{ "[{rlimit,[{as,9223372036854775807}]}]",
	    "error Bad value of option: rlimit" },
	{ "[{rlimit,[{as,-1}]}]", "error Bad value of option: rlimit" },
	{ "[{rlimit,[{as,none}]}]", "error Bad value of option: rlimit" },
	{ "[{rlimit,[{as,{2,1}}]}]", "error Bad value of option: rlimit" },
	{ "[{rlimit,[{as,{infinity,1}}]}]",
	    "error Bad value of option: rlimit" },
	{ "[{rlimit,[{as,{1,-1}}]}]", "error Bad value of option: rlimit" },
	{ "[{rlimit,[{as,{1}}]}]", "error Bad value of option: rlimit" },
	{ "[{rlimit,[{as,{1,2,3}}]}]", "error Bad value of option: rlimit" },
	{ "[{rlimit,[{as,1,2}]}]", "error Bad value of option: rlimit" },
	{ "[{rlimit,[{as,1},{as,1}]}]", "error Bad value of option: rlimit" },
	{ "[{rlimit,[{memory,1}]}]", "error Bad value of option: rlimit" },
	{ "[{rlimit,[{<<\"as\">>,1}]}]", "error Bad value of option: rlimit" },
	{ "[{rlimit,[as]}]", "error Bad value of option: rlimit" },
	{ "[{rlimit,{as,1}}]", "error Bad value of option: rlimit" },
	{ "[{rlimit,[{as,1}|x]}]", "error Bad value of option: rlimit" },
	{ "[rlimit]", "error Bad value of option: rlimit" },
	{ "[{cpus,\"0\"}]", "sh 'x' cpus[0]=1" },
	{ "[{cpus,<<\"0-2,64,1023\">>}]",
	    "sh 'x' cpus[0]=7 cpus[1]=1 cpus[15]=8000000000000000" },
	{ "[{cpus,\"1024\"}]", "error Bad value of option: cpus" },
	{ "[{cpus,\"\"}]", "error Bad value of option: cpus" },
	{ "[{cpus,\"0-\"}]", "error Bad value of option: cpus" },
	{ "[{cpus,<<\"0^\">>}]", "error Bad value of option: cpus" },
	{ "[{cpus,0}]", "error Bad value of option: cpus" },
	{ "[{ionice,idle}]", "sh 'x' io=3/0" },
	{ "[{ionice,{best_effort,0}}]", "sh 'x' io=2/0" },
	{ "[{ionice,{best_effort,7}}]", "sh 'x' io=2/7" },
	{ "[{ionice,{realtime,4}}]", "sh 'x' io=1/4" },
	{ "[{ionice,{best_effort,8}}]", "error Bad value of option: ionice" },
	{ "[{ionice,{best_effort,-1}}]", "error Bad value of option: ionice" },
	{ "[{ionice,{idle,0}}]", "error Bad value of option: ionice" },
	{ "[{ionice,{none,0}}]", "error Bad value of option: ionice" },
	{ "[{ionice,{realtime}}]", "error Bad value of option: ionice" },
	{ "[{ionice,best_effort}]", "error Bad value of option: ionice" },
	{ "[{ionice,3}]", "error Bad value of option: ionice" },
	{ "[{oom_score_adj,0}]", "sh 'x' score=0" },
	{ "[{oom_score_adj,1000}]", "sh 'x' score=1000" },
	{ "[{oom_score_adj,1001}]",
	    "error Bad value of option: oom_score_adj" },
	{ "[{oom_score_adj,-1}]", "error Bad value of option: oom_score_adj" },
	{ "[no_new_privs]", "sh 'x' no_new_privs" },
	{ "[{no_new_privs,true}]", "error Bad value of option: no_new_privs" },
	{ "[{cpu_timeout,1}]", "error Unknown option: cpu_timeout" },
	{ "[{success_exit_code,0}]", "sh 'x' success=0" },
	{ "[{success_exit_code,255}]", "sh 'x' success=255" },
	{ "[{success_exit_code,7},{kill_timeout,2},{executable,\"/e\"},"
	  "{cd,\"/c\"},{env,[clear,\"A=1\"]},stderr,stdout,stdin]",
	    "sh 'x' stdin=pipe stdout=pipe stderr=pipe cd=/c executable=/e "
	    "kill=2000 success=7 clear env 'A=1'" },

	{ "[cd]", "error Bad value of option: cd" },
	{ "[{cd}]", "error Bad value of option: cd" },
	{ "[{cd,\"\"}]", "error Bad value of option: cd" },
	{ "[{cd,[]}]", "error Bad value of option: cd" },
	{ "[{cd,tmp}]", "error Bad value of option: cd" },
	{ "[{cd,1}]", "error Bad value of option: cd" },
	{ "[{cd,[\"/tmp\"]}]", "error Bad value of option: cd" },
	{ "[{cd,<<\"/tmp^/etc\">>}]", "error Bad value of option: cd" },
	{ "[{cd,\"/a\",\"/b\"}]", "error Bad value of option: cd" },
	{ "[executable]", "error Bad value of option: executable" },
	{ "[{executable,<<\"\">>}]", "error Bad value of option: executable" },
	{ "[{executable,#\"^\"}]", "error Bad value of option: executable" },
	{ "[{executable,sh}]", "error Bad value of option: executable" },
	{ "[{stop_signal,1}]", "sh 'x' signal=1" },
	{ "[{stop_signal,64}]", "sh 'x' signal=64" },
	{ "[{stop_signal,15}]", "sh 'x' signal=15" },
	{ "[stop_signal]", "error Bad value of option: stop_signal" },
	{ "[{stop_signal,0}]", "error Bad value of option: stop_signal" },
	{ "[{stop_signal,-1}]", "error Bad value of option: stop_signal" },
	{ "[{stop_signal,65}]", "error Bad value of option: stop_signal" },
	{ "[{stop_signal,4294967297}]",
	    "error Bad value of option: stop_signal" },
	{ "[{stop_signal,quit}]", "error Bad value of option: stop_signal" },
	{ "[{stop_signal,1},{stop_signal,1}]",
	    "error Duplicate option: stop_signal" },
	{ "[kill_timeout]", "error Bad value of option: kill_timeout" },
	{ "[{kill_timeout,-1}]", "error Bad value of option: kill_timeout" },
	{ "[{kill_timeout,9007199254741}]",
	    "error Bad value of option: kill_timeout" },
	{ "[{kill_timeout,9223372036854775807}]",
	    "error Bad value of option: kill_timeout" },
	{ "[{kill_timeout,\"5\"}]", "error Bad value of option: kill_timeout" },
	{ "[{kill_timeout,infinity}]",
	    "error Bad value of option: kill_timeout" },
	{ "[{success_exit_code,256}]",
	    "error Bad value of option: success_exit_code" },
	{ "[{success_exit_code,-1}]",
	    "error Bad value of option: success_exit_code" },
	{ "[{success_exit_code,-9223372036854775808}]",
	    "error Bad value of option: success_exit_code" },
	{ "[success_exit_code]",
	    "error Bad value of option: success_exit_code" },
	{ "[{success_exit_code,true}]",
	    "error Bad value of option: success_exit_code" },
};

static void
test_others(void **state)
{
	(void)state;
	assert_rows(others, nitems(others), "\"x\"", NULL);
}

static const struct row refused[] = {
	{ "[foo]", "error Unknown option: foo" },
	{ "[{foo,1}]", "error Unknown option: foo" },
	{ "[stdin,foo,bar]", "error Unknown option: foo" },
	{ "[stdi]", "error Unknown option: stdi" },
	{ "[stdinx]", "error Unknown option: stdinx" },
	{ "[Stdin]", "error Unknown option: Stdin" },
	{ "[\xce\xbb]", "error Unknown option: \xce\xbb" },
	{ "['']", "error Unknown option" },
	{ "[stdin,stdin]", "error Duplicate option: stdin" },
	{ "[stdin,stdout,{stdin,null}]", "error Duplicate option: stdin" },
	{ "[{stdout,\"a\"},{stdout,\"b\"}]", "error Duplicate option: stdout" },
	{ "[stderr,stderr]", "error Duplicate option: stderr" },
	{ "[{cd,\"a\"},{cd,\"a\"}]", "error Duplicate option: cd" },
	{ "[{env,[]},{env,[]}]", "error Duplicate option: env" },
	{ "[{executable,\"a\"},{executable,\"a\"}]",
	    "error Duplicate option: executable" },
	{ "[{kill_timeout,1},{kill_timeout,2}]",
	    "error Duplicate option: kill_timeout" },
	{ "[{success_exit_code,1},{success_exit_code,1}]",
	    "error Duplicate option: success_exit_code" },
	/* The first that is wrong is what is told. */
	{ "[stdin,{cd,1},stdin]", "error Bad value of option: cd" },
	{ "[stdin,stdin,{cd,1}]", "error Duplicate option: stdin" },
	{ "[1]", "badarg" },
	{ "[\"stdin\"]", "badarg" },
	{ "[<<\"stdin\">>]", "badarg" },
	{ "[{}]", "badarg" },
	{ "[{\"cd\",\"/\"}]", "badarg" },
	{ "[{1,cd}]", "badarg" },
	{ "[[stdin]]", "badarg" },
	{ "[stdin|stdout]", "badarg" },
	{ "stdin", "badarg" },
	{ "{cd,\"/\"}", "badarg" },
	{ "#\"ab\"", "badarg" },
	{ "<<\"\">>", "badarg" },
	{ "1", "badarg" },
};

static void
test_refused(void **state)
{
	(void)state;
	assert_rows(refused, nitems(refused), "\"x\"", NULL);
}

static const struct row envs[] = {
	{ "[{env,[]}]", "sh 'x'" },
	{ "[{env,[clear]}]", "sh 'x' clear" },
	{ "[{env,[clear,clear]}]", "sh 'x' clear" },
	{ "[{env,[\"A=1\"]}]", "sh 'x' env 'A=1'" },
	{ "[{env,[<<\"A=1\">>,\"B=2\"]}]", "sh 'x' env 'A=1' 'B=2'" },
	{ "[{env,[[65,61,955]]}]", "sh 'x' env 'A=\xce\xbb'" },
	{ "[{env,[\"A=\"]}]", "sh 'x' env 'A='" },
	{ "[{env,[\"A==b=c\"]}]", "sh 'x' env 'A==b=c'" },
	{ "[{env,[{\"A\",\"1\"}]}]", "sh 'x' env 'A=1'" },
	{ "[{env,[{<<\"A\">>,<<\"1=2\">>}]}]", "sh 'x' env 'A=1=2'" },
	{ "[{env,[{\"A\",<<\"1\">>},{<<\"B\">>,\"2\"}]}]",
	    "sh 'x' env 'A=1' 'B=2'" },
	{ "[{env,[{\"A\",\"\"},{\"B\",<<\"\">>},{\"C\",[]}]}]",
	    "sh 'x' env 'A=' 'B=' 'C='" },
	{ "[{env,[{\"A\",[955,10]}]}]", "sh 'x' env 'A=\xce\xbb\n'" },
	{ "[{env,[{\"A\",false}]}]", "sh 'x' env 'A'" },
	{ "[{env,[{<<\"A\">>,false},\"B=\",{\"A\",\"1\"}]}]",
	    "sh 'x' env 'A' 'B=' 'A=1'" },
	{ "[{env,[\"A=1\",clear,{\"A\",false}]}]",
	    "sh 'x' clear env 'A=1' 'A'" },
	{ "[{env,[{\"a b\",\"\xff\"},{<<\"\xff\">>,\"1\"}]}]",
	    "sh 'x' env 'a b=\xc3\xbf' '\xff=1'" },

	{ "[env]", "error Bad value of option: env" },
	{ "[{env,\"A=1\"}]", "error Bad value of option: env" },
	{ "[{env,<<\"A=1\">>}]", "error Bad value of option: env" },
	{ "[{env,clear}]", "error Bad value of option: env" },
	{ "[{env,{\"A\",\"1\"}}]", "error Bad value of option: env" },
	{ "[{env,[cleared]}]", "error Bad value of option: env" },
	{ "[{env,['']}]", "error Bad value of option: env" },
	{ "[{env,[\"A\"]}]", "error Bad value of option: env" },
	{ "[{env,[\"\"]}]", "error Bad value of option: env" },
	{ "[{env,[[]]}]", "error Bad value of option: env" },
	{ "[{env,[\"=1\"]}]", "error Bad value of option: env" },
	{ "[{env,[\"=\"]}]", "error Bad value of option: env" },
	{ "[{env,[1]}]", "error Bad value of option: env" },
	{ "[{env,[65,61]}]", "error Bad value of option: env" },
	{ "[{env,[<<\"A=^\">>]}]", "error Bad value of option: env" },
	{ "[{env,[#\"A=^b\"]}]", "error Bad value of option: env" },
	{ "[{env,[{\"\",\"1\"}]}]", "error Bad value of option: env" },
	{ "[{env,[{\"\",false}]}]", "error Bad value of option: env" },
	{ "[{env,[{\"A=\",\"1\"}]}]", "error Bad value of option: env" },
	{ "[{env,[{\"A=B\",false}]}]", "error Bad value of option: env" },
	{ "[{env,[{\"=\",\"1\"}]}]", "error Bad value of option: env" },
	{ "[{env,[{<<\"A^\">>,\"1\"}]}]", "error Bad value of option: env" },
	{ "[{env,[{\"A\",<<\"^\">>}]}]", "error Bad value of option: env" },
	{ "[{env,[{\"A\",true}]}]", "error Bad value of option: env" },
	{ "[{env,[{\"A\",1}]}]", "error Bad value of option: env" },
	{ "[{env,[{a,\"1\"}]}]", "error Bad value of option: env" },
	{ "[{env,[{\"A\",\"1\",\"2\"}]}]", "error Bad value of option: env" },
	{ "[{env,[{\"A\"}]}]", "error Bad value of option: env" },
	{ "[{env,[{}]}]", "error Bad value of option: env" },
	{ "[{env,[\"A=1\"|\"B=2\"]}]", "error Bad value of option: env" },
	{ "[{env,[\"A=1\"|clear]}]", "error Bad value of option: env" },
	{ "[{env,[[\"A=1\"]]}]", "error Bad value of option: env" },
	{ "[{env,[],[]}]", "error Bad value of option: env" },
};

static void
test_envs(void **state)
{
	(void)state;
	assert_rows(envs, nitems(envs), "\"x\"", NULL);
}

/* A failed request leaves nothing behind for the next. */
static void
test_no_traces(void **state)
{
	static const struct row rows[] = {
		{ "[{env,[\"A=1\",clear]},stdin,{cd,\"/\"},"
		  "{success_exit_code,1},{kill_timeout,1},foo]",
		    "error Unknown option: foo" },
		{ "[]", "sh 'x'" },
		{ "[{stdout,\"/f\",[append]},{stderr,stdout},"
		  "{executable,\"/e\"}]",
		    "sh 'x' stdout=file(/f,644,append) stderr=stdout "
		    "executable=/e" },
		{ "[]", "sh 'x'" },
	};

	(void)state;
	assert_rows(rows, nitems(rows), "\"x\"", NULL);
}

/* Names that are cut to fit a reply: as far as may be an atom's. */
static void
test_long_names(void **state)
{
	char name[4 * 255 + 1], want[SHOW_MAX], buf[SHOW_MAX];
	struct etf_writer w;
	size_t i;

	(void)state;
	for (i = 0; i < 255; i++)
		memcpy(name + 4 * i, "\xf0\x9f\x98\x80", 5);
	request_begin(&w);
	etf_put_string(&w, "x");
	etf_put_list(&w, 1);
	etf_put_atom(&w, name);
	etf_put_nil(&w);
	outcome(&w, buf);
	(void)snprintf(want, sizeof(want), "error Unknown option: %s", name);
	assert_string_equal(buf, want);
}

/* len letters, in a form that the test chooses. */
enum form { BINARY, BYTES, CODES };

static void
put_letters(struct etf_writer *w, enum form form, size_t len)
{
	char *s;
	size_t i;

	if (form == CODES) {
		etf_put_list(w, (uint32_t)len);
		for (i = 0; i < len; i++)
			etf_put_int(w, 'p');
		if (len > 0)
			etf_put_nil(w);
		return;
	}
	s = malloc(len + 1);
	assert_non_null(s);
	memset(s, 'p', len);
	s[len] = '\0';
	if (form == BINARY)
		etf_put_binary(w, s, len);
	else
		etf_put_string(w, s);
	free(s);
}

/* Too large to be shown: 0 if it became a run, E2BIG if it was that. */
static int
large_outcome(const struct etf_writer *w, struct run *r)
{
	struct refusal why;
	struct reply reply;
	struct etf e;
	int rc;

	assert_int_equal(w->full, 0);
	(void)request_open(&e, w->buf, w->len);
	rc = options_run(&e, 0, r, &why);
	sent.count = 0;
	assert_int_equal(request_handle(w->buf, w->len), 0);
	assert_int_equal(sent.count, 1);
	if (sent.type == IMSG_RUN) {
		assert_int_equal(rc, 0);
		assert_int_equal(proto_unpack_run(sent.data, sent.len, r), 0);
		return (0);
	}
	assert_int_equal(proto_unpack_reply(sent.data, sent.len, &reply), 0);
	assert_int_equal(reply.code, REPLY_ERRNO);
	assert_int_equal(rc, -1);
	assert_int_equal(why.code, REPLY_ERRNO);
	assert_int_equal(why.value, reply.value);
	return (reply.value);
}

static void
test_path_limits(void **state)
{
	static const char *const names[] = { "stdin", "stdout", "stderr", "cd",
		"executable", "user", "kill" };
	struct etf_writer w;
	struct run r;
	size_t i, len;
	int form;

	(void)state;
	for (i = 0; i < nitems(names); i++) {
		for (form = BINARY; form <= CODES; form++) {
			for (len = RUN_PATH_MAX - 2; len < RUN_PATH_MAX + 2;
			     len++) {
				request_begin(&w);
				etf_put_string(&w, "x");
				etf_put_list(&w, 1);
				etf_put_tuple(&w, 2);
				etf_put_atom(&w, names[i]);
				put_letters(&w, (enum form)form, len);
				etf_put_nil(&w);
				assert_int_equal(large_outcome(&w, &r),
				    len < RUN_PATH_MAX ? 0 : E2BIG);
			}
		}
	}
}

/* All paths at their limit, and the strings too: the largest message. */
static void
test_all_limits(void **state)
{
	static const char *const names[] = { "stdin", "stdout", "stderr", "cd",
		"executable", "user", "kill" };
	struct etf_writer w;
	struct run r;
	size_t i;

	(void)state;
	request_begin(&w);
	put_letters(&w, BINARY, RUN_STRINGS_MAX - 1 - 2);
	etf_put_list(&w, nitems(names) + 1);
	for (i = 0; i < nitems(names); i++) {
		etf_put_tuple(&w, 2);
		etf_put_atom(&w, names[i]);
		put_letters(&w, BINARY, RUN_PATH_MAX - 1);
	}
	etf_put_tuple(&w, 2);
	etf_put_atom(&w, "env");
	etf_put_list(&w, 1);
	etf_put_tuple(&w, 2);
	etf_put_string(&w, "K");
	etf_put_atom(&w, "false");
	etf_put_nil(&w);
	etf_put_nil(&w);
	assert_int_equal(large_outcome(&w, &r), 0);
	assert_int_equal(r.args.len + r.env.len, RUN_STRINGS_MAX);
	assert_int_equal(strlen(r.io[2].path), RUN_PATH_MAX - 1);
}

/* {run, Cmd, [{env, [{"K", Value}]}]}, both of so many letters. */
static int
strings_outcome(enum form form, size_t cmd, size_t value, struct run *r)
{
	struct etf_writer w;

	request_begin(&w);
	put_letters(&w, form, cmd);
	etf_put_list(&w, 1);
	etf_put_tuple(&w, 2);
	etf_put_atom(&w, "env");
	etf_put_list(&w, 1);
	etf_put_tuple(&w, 2);
	etf_put_string(&w, "K");
	put_letters(&w, form, value);
	etf_put_nil(&w);
	etf_put_nil(&w);
	return (large_outcome(&w, r));
}

static void
test_strings_limits(void **state)
{
	struct run r;
	size_t cmd;
	int form;

	(void)state;
	/* "Cmd" and "K=Value", each with its NUL. */
	for (form = BINARY; form <= CODES; form++) {
		for (cmd = 1; cmd < RUN_STRINGS_MAX - 4;
		     cmd += RUN_STRINGS_MAX / 2 - 3) {
			assert_int_equal(strings_outcome((enum form)form, cmd,
					     RUN_STRINGS_MAX - 4 - cmd, &r),
			    0);
			assert_int_equal(r.args.len, cmd + 1);
			assert_int_equal(
			    r.args.len + r.env.len, RUN_STRINGS_MAX);
			assert_int_equal(strings_outcome((enum form)form, cmd,
					     RUN_STRINGS_MAX - 3 - cmd, &r),
			    E2BIG);
		}
	}
	assert_int_equal(
	    strings_outcome(BINARY, 1, RUN_STRINGS_MAX, &r), E2BIG);
	assert_int_equal(
	    strings_outcome(BINARY, 1, 4 * RUN_STRINGS_MAX, &r), E2BIG);
	assert_int_equal(strings_outcome(CODES, RUN_STRINGS_MAX, 0, &r), E2BIG);
	assert_int_equal(
	    strings_outcome(BYTES, RUN_STRINGS_MAX + 1000000, 0, &r), E2BIG);
}

/* The command alone. */
static void
test_command_limits(void **state)
{
	struct etf_writer w;
	struct run r;
	size_t len;
	int form, words;

	(void)state;
	for (words = 0; words < 2; words++) {
		for (form = BINARY; form <= CODES; form++) {
			for (len = RUN_STRINGS_MAX - 1; len <= RUN_STRINGS_MAX;
			     len++) {
				request_begin(&w);
				if (words)
					etf_put_list(&w, 1);
				put_letters(&w, (enum form)form, len);
				if (words)
					etf_put_nil(&w);
				etf_put_list(&w, 0);
				assert_int_equal(large_outcome(&w, &r),
				    len < RUN_STRINGS_MAX ? 0 : E2BIG);
			}
		}
	}
}

/* n words of one byte with the NUL, then as many variables "A=" (3 bytes). */
static int
many_outcome(uint32_t words, uint32_t vars, struct run *r)
{
	struct etf_writer w;
	uint32_t i;

	request_begin(&w);
	etf_put_list(&w, words + 1);
	etf_put_string(&w, "x");
	for (i = 0; i < words; i++)
		etf_put_nil(&w);
	etf_put_nil(&w);
	etf_put_list(&w, 1);
	etf_put_tuple(&w, 2);
	etf_put_atom(&w, "env");
	etf_put_list(&w, vars);
	for (i = 0; i < vars; i++)
		etf_put_string(&w, "A=");
	if (vars > 0)
		etf_put_nil(&w);
	etf_put_nil(&w);
	return (large_outcome(&w, r));
}

static void
test_many_strings(void **state)
{
	uint32_t n = (RUN_STRINGS_MAX - 2) / 4;
	struct run r;

	(void)state;
	assert_int_equal(many_outcome(RUN_STRINGS_MAX - 2, 0, &r), 0);
	assert_int_equal(r.args.count, RUN_STRINGS_MAX - 1);
	assert_int_equal(many_outcome(RUN_STRINGS_MAX - 1, 0, &r), E2BIG);
	assert_int_equal(many_outcome(n, n, &r), 0);
	assert_int_equal(r.args.count, n + 1);
	assert_int_equal(r.env.count, n);
	assert_int_equal(many_outcome(n + 3, n, &r), E2BIG);
	assert_int_equal(many_outcome(0, RUN_STRINGS_MAX / 3 + 1, &r), E2BIG);
}

static const struct row newer[] = {
	{ "[{user,\"joe\"}]", "sh 'x' user=joe" },
	{ "[{user,<<\"joe\">>}]", "sh 'x' user=joe" },
	{ "[{user,#\"joe\"}]", "sh 'x' user=joe" },
	{ "[{user,[106,111]}]", "sh 'x' user=jo" },
	{ "[{user,[955]}]", "sh 'x' user=\xce\xbb" },
	{ "[{user,<<\"a b; c\">>}]", "sh 'x' user=a b; c" },
	{ "[user]", "error Bad value of option: user" },
	{ "[{user}]", "error Bad value of option: user" },
	{ "[{user,\"\"}]", "error Bad value of option: user" },
	{ "[{user,<<\"\">>}]", "error Bad value of option: user" },
	{ "[{user,[]}]", "error Bad value of option: user" },
	{ "[{user,joe}]", "error Bad value of option: user" },
	{ "[{user,0}]", "sh 'x' user=0" },
	{ "[{user,4294967294}]", "sh 'x' user=4294967294" },
	{ "[{user,4294967295}]", "error Bad value of option: user" },
	{ "[{user,-1}]", "error Bad value of option: user" },
	{ "[{gid,\"adm\"}]", "sh 'x' gid=adm" },
	{ "[{gid,4}]", "sh 'x' gid=4" },
	{ "[{gid,-1}]", "error Bad value of option: gid" },
	{ "[{gid,\"\"}]", "error Bad value of option: gid" },
	{ "[gid]", "error Bad value of option: gid" },
	{ "[{groups,[]}]", "sh 'x' groups" },
	{ "[{groups,[\"adm\",4,<<\"b\">>]}]", "sh 'x' groups 'adm' '4' 'b'" },
	{ "[{groups,[\"adm\"|4]}]", "error Bad value of option: groups" },
	{ "[{groups,[\"adm\",-1]}]", "error Bad value of option: groups" },
	{ "[{groups,\"adm\"}]", "error Bad value of option: groups" },
	{ "[{groups,4}]", "error Bad value of option: groups" },
	{ "[{user,[\"joe\"]}]", "error Bad value of option: user" },
	{ "[{user,<<\"a^b\">>}]", "error Bad value of option: user" },
	{ "[{user,#\"^\"}]", "error Bad value of option: user" },
	{ "[{user,[97,0]}]", "error Bad value of option: user" },
	{ "[{user,[1114112]}]", "error Bad value of option: user" },
	{ "[{user,{}}]", "error Bad value of option: user" },
	{ "[{user,\"a\",\"b\"}]", "error Bad value of option: user" },
	{ "[{kill,\"joe\"}]", "sh 'x' stop='joe'" },
	{ "[{kill,<<\"joe\">>}]", "sh 'x' stop='joe'" },
	{ "[{kill,#\"joe\"}]", "sh 'x' stop='joe'" },
	{ "[{kill,[106,111]}]", "sh 'x' stop='jo'" },
	{ "[{kill,[955]}]", "sh 'x' stop='\xce\xbb'" },
	{ "[{kill,<<\"a b; c\">>}]", "sh 'x' stop='a b; c'" },
	{ "[kill]", "error Bad value of option: kill" },
	{ "[{kill}]", "error Bad value of option: kill" },
	{ "[{kill,\"\"}]", "error Bad value of option: kill" },
	{ "[{kill,<<\"\">>}]", "error Bad value of option: kill" },
	{ "[{kill,[]}]", "error Bad value of option: kill" },
	{ "[{kill,joe}]", "error Bad value of option: kill" },
	{ "[{kill,0}]", "error Bad value of option: kill" },
	{ "[{kill,[\"joe\"]}]", "error Bad value of option: kill" },
	{ "[{kill,<<\"a^b\">>}]", "error Bad value of option: kill" },
	{ "[{kill,#\"^\"}]", "error Bad value of option: kill" },
	{ "[{kill,[97,0]}]", "error Bad value of option: kill" },
	{ "[{kill,[1114112]}]", "error Bad value of option: kill" },
	{ "[{kill,{}}]", "error Bad value of option: kill" },
	{ "[{kill,\"a\",\"b\"}]", "error Bad value of option: kill" },
	{ "[kill_group]", "sh 'x' kill_group" },
	{ "[{kill_group}]", "error Bad value of option: kill_group" },
	{ "[{kill_group,true}]", "error Bad value of option: kill_group" },
	{ "[{kill_group,[]}]", "error Bad value of option: kill_group" },
	{ "[{kill_group,1,2}]", "error Bad value of option: kill_group" },
	{ "[{group,0}]", "sh 'x' group=0" },
	{ "[{group,1}]", "sh 'x' group=1" },
	{ "[{group,2147483647}]", "sh 'x' group=2147483647" },
	{ "[group]", "error Bad value of option: group" },
	{ "[{group}]", "error Bad value of option: group" },
	{ "[{group,-1}]", "error Bad value of option: group" },
	{ "[{group,2147483648}]", "error Bad value of option: group" },
	{ "[{group,4294967296}]", "error Bad value of option: group" },
	{ "[{group,9223372036854775807}]", "error Bad value of option: group" },
	{ "[{group,\"users\"}]", "error Bad value of option: group" },
	{ "[{group,users}]", "error Bad value of option: group" },
	{ "[{group,true}]", "error Bad value of option: group" },
	{ "[{group,[]}]", "error Bad value of option: group" },
	{ "[{group,1,2}]", "error Bad value of option: group" },
	{ "[{nice,-20}]", "sh 'x' nice=-20" },
	{ "[{nice,-1}]", "sh 'x' nice=-1" },
	{ "[{nice,0}]", "sh 'x' nice=0" },
	{ "[{nice,1}]", "sh 'x' nice=1" },
	{ "[{nice,20}]", "sh 'x' nice=20" },
	{ "[nice]", "error Bad value of option: nice" },
	{ "[{nice}]", "error Bad value of option: nice" },
	{ "[{nice,21}]", "error Bad value of option: nice" },
	{ "[{nice,-21}]", "error Bad value of option: nice" },
	{ "[{nice,4294967296}]", "error Bad value of option: nice" },
	{ "[{nice,-9223372036854775808}]", "error Bad value of option: nice" },
	{ "[{nice,\"5\"}]", "error Bad value of option: nice" },
	{ "[{nice,true}]", "error Bad value of option: nice" },
	{ "[{nice,1,2}]", "error Bad value of option: nice" },
	{ "[debug]", "sh 'x' debug" },
	{ "[{debug,0}]", "sh 'x'" },
	{ "[{debug,1}]", "sh 'x' debug" },
	{ "[{debug,10}]", "sh 'x' debug" },
	{ "[{debug}]", "error Bad value of option: debug" },
	{ "[{debug,11}]", "error Bad value of option: debug" },
	{ "[{debug,-1}]", "error Bad value of option: debug" },
	{ "[{debug,4294967296}]", "error Bad value of option: debug" },
	{ "[{debug,true}]", "error Bad value of option: debug" },
	{ "[{debug,\"1\"}]", "error Bad value of option: debug" },
	{ "[{debug,1,2}]", "error Bad value of option: debug" },
	{ "[pty]", "sh 'x' pty" },
	{ "[{pty,[]}]", "sh 'x' pty" },
	{ "[{pty,[{echo,1}]}]", "sh 'x' pty(53=1)" },
	{ "[{pty,[{vintr,3},{echo,false},{tty_op_ospeed,4294967295}]}]",
	    "sh 'x' pty(1=3,53=0,129=4294967295)" },
	{ "[{pty,[{echo,0},{echo,1}]}]", "sh 'x' pty(53=0,53=1)" },
	{ "[{pty,[{vkill,true}]}]", "sh 'x' pty(4=1)" },
	{ "[pty,pty_echo]", "sh 'x' pty echo" },
	{ "[pty_echo,{pty,[]}]", "sh 'x' pty echo" },
	{ "[pty,{group,0}]", "sh 'x' group=0 pty" },
	{ "[pty,kill_group,stdin,stdout]",
	    "sh 'x' stdin=pipe stdout=pipe kill_group pty" },
	{ "[pty,{winsz,{24,80}}]", "sh 'x' pty winsz=24x80" },
	{ "[{winsz,{1,65535}},pty]", "sh 'x' pty winsz=1x65535" },
	{ "[{pty}]", "error Bad value of option: pty" },
	{ "[{pty,true}]", "error Bad value of option: pty" },
	{ "[{pty,echo}]", "error Bad value of option: pty" },
	{ "[{pty,{echo,1}}]", "error Bad value of option: pty" },
	{ "[{pty,[echo]}]", "error Bad value of option: pty" },
	{ "[{pty,[{echo}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{echo,1,2}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{echo,1,[]}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{\"echo\",1}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{foo,1}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{'',1}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{''}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{echo,2}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{echo,-1}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{echo,4294967296}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{echo,4294967297}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{echo,maybe}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{echo,\"1\"}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{echo,[]}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{vintr,256}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{vintr,-1}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{tty_op_ispeed,4294967296}]}]",
	    "error Bad value of option: pty" },
	{ "[{pty,[{tty_op_ispeed,-1}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{tty_op_ispeed,9223372036854775807}]}]",
	    "error Bad value of option: pty" },
	{ "[{pty,[{echo,1},{foo,1}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{53,1}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{echo,1}|{echo,1}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{echo,1}|x]}]", "error Bad value of option: pty" },
	{ "[{pty,#\"ab\"}]", "error Bad value of option: pty" },
	{ "[{pty,<<\"\">>}]", "error Bad value of option: pty" },
	{ "[{pty,[],[]}]", "error Bad value of option: pty" },
	{ "[{pty,[[]]}]", "error Bad value of option: pty" },
	{ "[{pty,[{tty_op_end,0}]}]", "error Bad value of option: pty" },
	{ "[{pty,[{Echo,1}]}]", "error Bad value of option: pty" },
	{ "[pty_echo]", "sh 'x'" },
	{ "[{pty_echo}]", "error Bad value of option: pty_echo" },
	{ "[{pty_echo,true}]", "error Bad value of option: pty_echo" },
	{ "[{pty_echo,[]}]", "error Bad value of option: pty_echo" },
	{ "[{winsz,{24,80}}]", "sh 'x'" },
	{ "[winsz]", "error Bad value of option: winsz" },
	{ "[{winsz}]", "error Bad value of option: winsz" },
	{ "[{winsz,24,80}]", "error Bad value of option: winsz" },
	{ "[{winsz,[24,80]}]", "error Bad value of option: winsz" },
	{ "[{winsz,{}}]", "error Bad value of option: winsz" },
	{ "[{winsz,{24}}]", "error Bad value of option: winsz" },
	{ "[{winsz,{24,80,1}}]", "error Bad value of option: winsz" },
	{ "[{winsz,{0,80}}]", "error Bad value of option: winsz" },
	{ "[{winsz,{24,0}}]", "error Bad value of option: winsz" },
	{ "[{winsz,{65536,80}}]", "error Bad value of option: winsz" },
	{ "[{winsz,{24,65536}}]", "error Bad value of option: winsz" },
	{ "[{winsz,{-1,80}}]", "error Bad value of option: winsz" },
	{ "[{winsz,{24,-1}}]", "error Bad value of option: winsz" },
	{ "[{winsz,{4294967297,80}}]", "error Bad value of option: winsz" },
	{ "[{winsz,{24,\"80\"}}]", "error Bad value of option: winsz" },
	{ "[{winsz,{a,b}}]", "error Bad value of option: winsz" },
	{ "[pty,{winsz,{24,0}}]", "error Bad value of option: winsz" },
	{ "[{winsz,80}]", "error Bad value of option: winsz" },
	{ "[{capabilities,all}]", "sh 'x' caps=ffffffffffffffff" },
	{ "[{capabilities,[]}]", "sh 'x' caps=0" },
	{ "[{capabilities,[kill]}]", "sh 'x' caps=20" },
	{ "[{capabilities,[cap_kill]}]", "sh 'x' caps=20" },
	{ "[{capabilities,[kill,cap_kill,kill]}]", "sh 'x' caps=20" },
	{ "[{capabilities,[checkpoint_restore,chown]}]",
	    "sh 'x' caps=10000000001" },
	{ "[capabilities]", "error Bad value of option: capabilities" },
	{ "[{capabilities}]", "error Bad value of option: capabilities" },
	{ "[{capabilities,kill}]", "error Bad value of option: capabilities" },
	{ "[{capabilities,none}]", "error Bad value of option: capabilities" },
	{ "[{capabilities,[all]}]", "error Bad value of option: capabilities" },
	{ "[{capabilities,[foo]}]", "error Bad value of option: capabilities" },
	{ "[{capabilities,[kill,foo]}]",
	    "error Bad value of option: capabilities" },
	{ "[{capabilities,['']}]", "error Bad value of option: capabilities" },
	{ "[{capabilities,[cap_]}]",
	    "error Bad value of option: capabilities" },
	{ "[{capabilities,[cap_cap_kill]}]",
	    "error Bad value of option: capabilities" },
	{ "[{capabilities,[CAP_KILL]}]",
	    "error Bad value of option: capabilities" },
	{ "[{capabilities,[Kill]}]",
	    "error Bad value of option: capabilities" },
	{ "[{capabilities,[kil]}]", "error Bad value of option: capabilities" },
	{ "[{capabilities,[killx]}]",
	    "error Bad value of option: capabilities" },
	{ "[{capabilities,[\"kill\"]}]",
	    "error Bad value of option: capabilities" },
	{ "[{capabilities,\"kill\"}]",
	    "error Bad value of option: capabilities" },
	{ "[{capabilities,[5]}]", "error Bad value of option: capabilities" },
	{ "[{capabilities,#\"ab\"}]",
	    "error Bad value of option: capabilities" },
	{ "[{capabilities,[kill|chown]}]",
	    "error Bad value of option: capabilities" },
	{ "[{capabilities,[kill|x]}]",
	    "error Bad value of option: capabilities" },
	{ "[{capabilities,[],[]}]", "error Bad value of option: capabilities" },
	{ "[{capabilities,{kill}}]",
	    "error Bad value of option: capabilities" },
	{ "[{capabilities,1}]", "error Bad value of option: capabilities" },
	{ "[{user,\"a\"},{user,\"a\"}]", "error Duplicate option: user" },
	{ "[{kill,\"a\"},{kill,\"b\"}]", "error Duplicate option: kill" },
	{ "[kill_group,kill_group]", "error Duplicate option: kill_group" },
	{ "[{group,0},{group,1}]", "error Duplicate option: group" },
	{ "[{nice,0},{nice,0}]", "error Duplicate option: nice" },
	{ "[pty,{pty,[]}]", "error Duplicate option: pty" },
	{ "[{pty,[]},pty]", "error Duplicate option: pty" },
	{ "[pty_echo,pty_echo]", "error Duplicate option: pty_echo" },
	{ "[{winsz,{1,1}},{winsz,{1,1}}]", "error Duplicate option: winsz" },
	{ "[{capabilities,[]},{capabilities,all}]",
	    "error Duplicate option: capabilities" },
	{ "[debug,{debug,0}]", "error Duplicate option: debug" },
	{ "[pty,{group,1}]", "error Not possible with pty: group" },
	{ "[{group,2147483647},{pty,[{echo,1}]}]",
	    "error Not possible with pty: group" },
	{ "[debug,{capabilities,[chown]},{winsz,{2,3}},pty_echo,"
	  "{pty,[{cs8,true}]},{nice,-5},{user,\"u\"},{group,0},kill_group,"
	  "{kill,\"k\"},{success_exit_code,7}]",
	    "sh 'x' success=7 stop='k' kill_group group=0 user=u nice=-5 "
	    "pty(91=1) echo winsz=2x3 caps=1 debug" },
	{ "[]", "sh 'x'" },
};

static void
test_newer(void **state)
{
	(void)state;
	assert_rows(newer, nitems(newer), "\"x\"", NULL);
}

/* {manage, Pid, Options}, of which each row holds the last two. */
static const struct row managed[] = {
	{ "{4711,[]}", "manage 4711" },
	{ "{2,[]}", "manage 2" },
	{ "{2147483647,[]}", "manage 2147483647" },
	{ "{9,[{kill,\"k\"},{kill_timeout,1},kill_group,{nice,-20},{success_"
	  "exit_code,0},debug]}",
	    "manage 9 kill=1000 success=0 stop='k' kill_group nice=-20 debug" },
	{ "{9,[{kill,<<\"k\">>}]}", "manage 9 stop='k'" },
	{ "{9,[{debug,0}]}", "manage 9" },
	{ "{9,[{debug,3}]}", "manage 9 debug" },
	{ "{9,[{nice,20}]}", "manage 9 nice=20" },
	{ "{9,[{success_exit_code,255}]}", "manage 9 success=255" },
	{ "{9,[{kill_timeout,0}]}", "manage 9 kill=0" },
	{ "{9,[{stop_signal,2}]}", "manage 9 signal=2" },
	{ "{9,[{stop_signal,0}]}", "error Bad value of option: stop_signal" },
	{ "{1,[]}", "badarg" },
	{ "{0,[]}", "badarg" },
	{ "{-1,[]}", "badarg" },
	{ "{-2147483648,[]}", "badarg" },
	{ "{2147483648,[]}", "badarg" },
	{ "{4294967298,[]}", "badarg" },
	{ "{9223372036854775807,[]}", "badarg" },
	{ "{joe,[]}", "badarg" },
	{ "{\"9\",[]}", "badarg" },
	{ "{<<\"9\">>,[]}", "badarg" },
	{ "{[9],[]}", "badarg" },
	{ "{{9},[]}", "badarg" },
	{ "{[],[]}", "badarg" },
	{ "{9,[stdin]}", "error Not an option of manage: stdin" },
	{ "{9,[stdout]}", "error Not an option of manage: stdout" },
	{ "{9,[stderr]}", "error Not an option of manage: stderr" },
	{ "{9,[{stdout,null}]}", "error Not an option of manage: stdout" },
	{ "{9,[{cd,\"/\"}]}", "error Not an option of manage: cd" },
	{ "{9,[{env,[]}]}", "error Not an option of manage: env" },
	{ "{9,[{executable,\"x\"}]}",
	    "error Not an option of manage: executable" },
	{ "{9,[{group,0}]}", "error Not an option of manage: group" },
	{ "{9,[{user,\"u\"}]}", "error Not an option of manage: user" },
	{ "{9,[pty]}", "error Not an option of manage: pty" },
	{ "{9,[{pty,[]}]}", "error Not an option of manage: pty" },
	{ "{9,[pty_echo]}", "error Not an option of manage: pty_echo" },
	{ "{9,[{winsz,{1,1}}]}", "error Not an option of manage: winsz" },
	{ "{9,[{capabilities,[]}]}",
	    "error Not an option of manage: capabilities" },
	{ "{9,[cd]}", "error Not an option of manage: cd" },
	{ "{9,[foo]}", "error Unknown option: foo" },
	{ "{9,[kill_group,{cd,1}]}", "error Not an option of manage: cd" },
	{ "{9,[debug,debug]}", "error Duplicate option: debug" },
	{ "{9,[kill_group,kill_group]}", "error Duplicate option: kill_group" },
	{ "{9,[{kill,\"\"}]}", "error Bad value of option: kill" },
	{ "{9,[{kill_timeout,9007199254741}]}",
	    "error Bad value of option: kill_timeout" },
	{ "{9,[{kill_group,1}]}", "error Bad value of option: kill_group" },
	{ "{9,[{nice,21}]}", "error Bad value of option: nice" },
	{ "{9,[{success_exit_code,256}]}",
	    "error Bad value of option: success_exit_code" },
	{ "{9,[{debug,11}]}", "error Bad value of option: debug" },
	{ "{9,kill_group}", "badarg" },
	{ "{9,{}}", "badarg" },
	{ "{9,[1]}", "badarg" },
	{ "{9,[kill_group|debug]}", "badarg" },
	{ "{9,#\"ab\"}", "badarg" },
	{ "{1,[foo]}", "badarg" },
	{ "{9,[{}]}", "badarg" },
	{ "{9,[]}", "manage 9" },
};

static void
test_managed(void **state)
{
	struct etf_writer w;
	const char *p;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(managed); i++) {
		request_begin_as(&w, "manage");
		p = managed[i].term;
		must(&p, "{");
		put_term(&w, &p);
		must(&p, ",");
		put_term(&w, &p);
		assert_string_equal(p, "}");
		assert_outcome(&w, managed[i].want, managed[i].term);
	}
}

/* What a whole request comes to. */
static void
assert_request(const char *request, const char *want)
{
	char buf[SHOW_MAX];
	struct etf_writer w;
	const char *p = request;
	uint8_t *frame;

	etf_writer_init(&w, term, TERM_MAX);
	etf_put_version(&w);
	etf_put_tuple(&w, 2);
	etf_put_int(&w, -7);
	put_term(&w, &p);
	assert_string_equal(p, "");
	frame = exact(w.buf, w.len);
	sent.count = 0;
	assert_int_equal(request_handle(frame, w.len), 0);
	free(frame);
	show_sent(buf);
	if (strcmp(buf, want) != 0)
		fail_msg("%s:\nnot  %s\nbut  %s", request, want, buf);
}

static const struct row requests[] = {
	{ "{manage,9,[kill_group]}", "manage 9 kill_group" },
	{ "{manage}", "badarg" },
	{ "{manage,9}", "badarg" },
	{ "{manage,9,[],[]}", "badarg" },
	{ "{run,\"x\"}", "badarg" },
	{ "{winsz,4711,24,80}", "winsz 4711 24x80" },
	{ "{winsz,4711,1,1}", "winsz 4711 1x1" },
	{ "{winsz,2,65535,65535}", "winsz 2 65535x65535" },
	{ "{winsz,0,1,2}", "winsz 0 1x2" },
	{ "{winsz,-5,1,2}", "winsz -5 1x2" },
	{ "{winsz,2147483647,1,2}", "winsz 2147483647 1x2" },
	{ "{winsz,2147483648,1,2}", "winsz 0 1x2" },
	{ "{winsz,4294967298,1,2}", "winsz 0 1x2" },
	{ "{winsz,-9223372036854775808,1,2}", "winsz -2147483648 1x2" },
	{ "{winsz}", "badarg" },
	{ "{winsz,9}", "badarg" },
	{ "{winsz,9,24}", "badarg" },
	{ "{winsz,9,{24,80}}", "badarg" },
	{ "{winsz,9,24,80,1}", "badarg" },
	{ "{winsz,9,0,80}", "badarg" },
	{ "{winsz,9,24,0}", "badarg" },
	{ "{winsz,9,-1,80}", "badarg" },
	{ "{winsz,9,24,-1}", "badarg" },
	{ "{winsz,9,65536,80}", "badarg" },
	{ "{winsz,9,24,65536}", "badarg" },
	{ "{winsz,9,4294967297,80}", "badarg" },
	{ "{winsz,9,24,\"80\"}", "badarg" },
	{ "{winsz,9,a,80}", "badarg" },
	{ "{winsz,joe,24,80}", "badarg" },
	{ "{winsz,\"9\",24,80}", "badarg" },
	{ "{pty_opts,4711,[]}", "pty_opts 4711 " },
	{ "{pty_opts,4711,[{echo,true}]}", "pty_opts 4711 (53=1)" },
	{ "{pty_opts,2,[{vintr,255},{cs8,1},{tty_op_ispeed,0}]}",
	    "pty_opts 2 (1=255,91=1,128=0)" },
	{ "{pty_opts,-1,[]}", "pty_opts -1 " },
	{ "{pty_opts,2147483648,[]}", "pty_opts 0 " },
	{ "{pty_opts}", "badarg" },
	{ "{pty_opts,9}", "badarg" },
	{ "{pty_opts,9,[],[]}", "badarg" },
	{ "{pty_opts,joe,[]}", "badarg" },
	{ "{pty_opts,9,{}}", "badarg" },
	{ "{pty_opts,9,echo}", "badarg" },
	{ "{pty_opts,9,[echo]}", "badarg" },
	{ "{pty_opts,9,[{echo,2}]}", "badarg" },
	{ "{pty_opts,9,[{echo,1,[]}]}", "badarg" },
	{ "{pty_opts,9,[{echo,-1}]}", "badarg" },
	{ "{pty_opts,9,[{foo,1}]}", "badarg" },
	{ "{pty_opts,9,[{echo,1},{foo,1}]}", "badarg" },
	{ "{pty_opts,9,[{vintr,256}]}", "badarg" },
	{ "{pty_opts,9,[{tty_op_ospeed,4294967296}]}", "badarg" },
	{ "{pty_opts,9,[{echo,1}|{echo,1}]}", "badarg" },
	{ "{pty_opts,9,[{echo,1}|x]}", "badarg" },
	{ "{pty_opts,9,#\"ab\"}", "badarg" },
	{ "{pty_opts,9,<<\"\">>}", "badarg" },
	{ "{pty_opts,9,{echo,1}}", "badarg" },
	{ "{setpgid,4711,0}", "setpgid 4711 0" },
	{ "{setpgid,4711,4711}", "setpgid 4711 4711" },
	{ "{setpgid,2,2147483647}", "setpgid 2 2147483647" },
	{ "{setpgid,2,2147483648}", "setpgid 2 -1" },
	{ "{setpgid,2,4294967296}", "setpgid 2 -1" },
	{ "{setpgid,4294967296,1}", "setpgid 0 1" },
	{ "{setpgid,-1,1}", "setpgid -1 1" },
	{ "{setpgid,0,0}", "setpgid 0 0" },
	{ "{setpgid}", "badarg" },
	{ "{setpgid,9}", "badarg" },
	{ "{setpgid,9,1,1}", "badarg" },
	{ "{setpgid,9,-1}", "badarg" },
	{ "{setpgid,9,-9223372036854775808}", "badarg" },
	{ "{setpgid,joe,1}", "badarg" },
	{ "{setpgid,9,joe}", "badarg" },
	{ "{setpgid,9,\"1\"}", "badarg" },
	{ "{setpgid,9,[]}", "badarg" },
	{ "{winszx,9,1}", "error Unknown command: winszx" },
	{ "{pty_opt,9,1}", "error Unknown command: pty_opt" },
	{ "{setpgi,9,1}", "error Unknown command: setpgi" },
	{ "{Manage,9,1}", "error Unknown command: Manage" },
};

static void
test_requests(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(requests); i++)
		assert_request(requests[i].term, requests[i].want);
}

/* What is native, before hello: nothing that is known. */
static const struct row before_hello[] = {
	{ "{ack,9,stdout,1}", "error Unknown command: ack" },
	{ "{run,\"x\",[{window,1}]}", "error Unknown option: window" },
	{ "{run,\"x\",[window]}", "error Unknown option: window" },
	{ "{run,\"x\",[{stdin_ack,1}]}", "error Unknown option: stdin_ack" },
	{ "{run,\"x\",[{linger,0}]}", "sh 'x' linger=0" },
	{ "{run,\"x\",[{timeout,1}]}", "error Unknown option: timeout" },
	{ "{manage,9,[{timeout,1}]}", "error Unknown option: timeout" },
	{ "{run,\"x\",[{exec_error,exit}]}",
	    "error Unknown option: exec_error" },
	{ "{run,\"x\",[{cgroup,true}]}", "error Unknown option: cgroup" },
	{ "{stats,9}", "error Unknown command: stats" },
	{ "{pause,9}", "error Unknown command: pause" },
	{ "{resume,9}", "error Unknown command: resume" },
	{ "{cgroup_set,9,#{pids_max=>1}}",
	    "error Unknown command: cgroup_set" },
	{ "{hello}", "badarg" },
	{ "{hello,1}", "badarg" },
	{ "{hello,[]}", "badarg" },
	{ "{hello,[{version,1}]}", "badarg" },
	{ "{hello,{version,1}}", "badarg" },
	{ "{hello,#{}}", "badarg" },
	{ "{hello,#{version=>one}}", "badarg" },
	{ "{hello,#{version=><<\"1\">>}}", "badarg" },
	{ "{hello,#{version=>[1]}}", "badarg" },
	{ "{hello,#{versio=>1}}", "badarg" },
	{ "{hello,#{versions=>1}}", "badarg" },
	{ "{hello,#{<<\"version\">>=>1}}", "badarg" },
	{ "{hello,#{x=>version,y=>1}}", "badarg" },
	{ "{hello,#{version=>1},1}", "badarg" },
	{ "{hello,#{version=>0}}", "term EPROTO version" },
	{ "{hello,#{version=>2}}", "term EPROTO version" },
	{ "{hello,#{version=>-1}}", "term EPROTO version" },
	{ "{hello,#{version=>4294967297}}", "term EPROTO version" },
	{ "{hello,#{x=>#{version=>1},version=>3}}", "term EPROTO version" },
	{ "{ack,9,stdout,1}", "error Unknown command: ack" },
	{ "{run,\"x\",[{window,1}]}", "error Unknown option: window" },
};

/* From the first row on all is native, so this test is the last. */
static const struct row after_hello[] = {
	{ "{hello,#{{version,2}=>[],#{}=>#{1=>2},version=>1,x=>version}}",
	    "hello 0 1" },
	{ "{hello,#{version=>1}}", "hello 0 1" },
	{ "{hello,#{version=>2}}", "term EPROTO version" },
	{ "{ack,9,stdout,1}", "ack 9 1 1" },
	{ "{ack,9,stderr,0}", "ack 9 2 0" },
	{ "{ack,2147483647,stdout,9223372036854775807}",
	    "ack 2147483647 1 9223372036854775807" },
	{ "{ack,9,stdin,1}", "badarg" },
	{ "{ack,9,1,1}", "badarg" },
	{ "{ack,9,stdout,-1}", "badarg" },
	{ "{ack,9,stdout,x}", "badarg" },
	{ "{ack,x,stdout,1}", "badarg" },
	{ "{ack,9,stdout}", "badarg" },
	{ "{ack,9,stdout,1,1}", "badarg" },
	{ "{run,\"x\",[{window,0}]}", "sh 'x'" },
	{ "{run,\"x\",[{window,1}]}", "sh 'x' window=1" },
	{ "{run,\"x\",[{window,1073741824}]}", "sh 'x' window=1073741824" },
	{ "{run,\"x\",[{window,1073741825}]}",
	    "error Bad value of option: window" },
	{ "{run,\"x\",[{window,4294967296}]}",
	    "error Bad value of option: window" },
	{ "{run,\"x\",[{window,-1}]}", "error Bad value of option: window" },
	{ "{run,\"x\",[{window,x}]}", "error Bad value of option: window" },
	{ "{run,\"x\",[window]}", "error Bad value of option: window" },
	{ "{run,\"x\",[{window,1,1}]}", "error Bad value of option: window" },
	{ "{run,\"x\",[{window,1},{window,1}]}",
	    "error Duplicate option: window" },
	{ "{run,\"x\",[{stdin_ack,0}]}", "sh 'x'" },
	{ "{run,\"x\",[{stdin_ack,1}]}", "sh 'x' stdin_ack=1" },
	{ "{run,\"x\",[{stdin_ack,1073741824},{window,7}]}",
	    "sh 'x' window=7 stdin_ack=1073741824" },
	{ "{run,\"x\",[{stdin_ack,1073741825}]}",
	    "error Bad value of option: stdin_ack" },
	{ "{run,\"x\",[{stdin_ack,-1}]}",
	    "error Bad value of option: stdin_ack" },
	{ "{run,\"x\",[stdin_ack]}", "error Bad value of option: stdin_ack" },
	{ "{run,\"x\",[{stdin_ack,1},{stdin_ack,1}]}",
	    "error Duplicate option: stdin_ack" },
	{ "{run,\"x\",[{linger,0}]}", "sh 'x' linger=0" },
	{ "{run,\"x\",[{linger,86400000}]}", "sh 'x' linger=86400000" },
	{ "{run,\"x\",[{linger,86400001}]}",
	    "error Bad value of option: linger" },
	{ "{run,\"x\",[{linger,-1}]}", "error Bad value of option: linger" },
	{ "{run,\"x\",[{linger,4294967296}]}",
	    "error Bad value of option: linger" },
	{ "{run,\"x\",[{linger,infinity}]}",
	    "error Bad value of option: linger" },
	{ "{run,\"x\",[linger]}", "error Bad value of option: linger" },
	{ "{manage,9,[{linger,1}]}", "error Not an option of manage: linger" },
	{ "{run,\"x\",[{timeout,1}]}", "sh 'x' timeout=1" },
	{ "{run,\"x\",[{timeout,86400000},{window,7}]}",
	    "sh 'x' window=7 timeout=86400000" },
	{ "{run,\"x\",[{timeout,0}]}", "error Bad value of option: timeout" },
	{ "{run,\"x\",[{timeout,86400001}]}", "sh 'x' timeout=86400001" },
	{ "{run,\"x\",[{timeout,9007199254740992}]}",
	    "sh 'x' timeout=9007199254740992" },
	{ "{run,\"x\",[{timeout,9007199254740993}]}",
	    "error Bad value of option: timeout" },
	{ "{run,\"x\",[stdout,{idle_timeout,1}]}",
	    "sh 'x' stdout=pipe idle=1" },
	{ "{run,\"x\",[{idle_timeout,9007199254740992},stderr]}",
	    "sh 'x' stderr=pipe idle=9007199254740992" },
	{ "{run,\"x\",[pty,{idle_timeout,5},stdout]}",
	    "sh 'x' stdout=pipe pty idle=5" },
	{ "{run,\"x\",[{idle_timeout,5}]}",
	    "error Not possible without output: idle_timeout" },
	{ "{run,\"x\",[{idle_timeout,5},stdin,{stdout,\"/f\"}]}",
	    "error Not possible without output: idle_timeout" },
	{ "{run,\"x\",[{cpu_timeout,1},{cpus,\"1\"}]}",
	    "sh 'x' cpus[0]=2 cpu_time=1" },
	{ "{run,\"x\",[{cpu_timeout,2147483647}]}",
	    "sh 'x' cpu_time=2147483647" },
	{ "{run,\"x\",[{cpu_timeout,2147483648}]}",
	    "error Bad value of option: cpu_timeout" },
	{ "{run,\"x\",[{cpu_timeout,0}]}",
	    "error Bad value of option: cpu_timeout" },
	{ "{run,\"x\",[{rlimit,[{as,1}]},{cpu_timeout,1}]}",
	    "sh 'x' as=1/1 cpu_time=1" },
	{ "{run,\"x\",[{rlimit,[{cpu,1}]},{cpu_timeout,1}]}",
	    "error Not possible with rlimit of cpu: cpu_timeout" },
	{ "{manage,9,[{cpu_timeout,5}]}",
	    "error Not an option of manage: cpu_timeout" },
	{ "{manage,9,[{rlimit,[]}]}", "error Not an option of manage: rlimit" },
	{ "{manage,9,[no_new_privs]}",
	    "error Not an option of manage: no_new_privs" },
	{ "{run,\"x\",[stdout,{idle_timeout,0}]}",
	    "error Bad value of option: idle_timeout" },
	{ "{run,\"x\",[stdout,{idle_timeout,infinity}]}",
	    "error Bad value of option: idle_timeout" },
	{ "{manage,9,[{idle_timeout,5}]}",
	    "error Not an option of manage: idle_timeout" },
	{ "{run,\"x\",[{timeout,-1}]}", "error Bad value of option: timeout" },
	{ "{run,\"x\",[{timeout,infinity}]}",
	    "error Bad value of option: timeout" },
	{ "{run,\"x\",[timeout]}", "error Bad value of option: timeout" },
	{ "{run,\"x\",[{timeout,1},{timeout,2}]}",
	    "error Duplicate option: timeout" },
	{ "{manage,9,[{timeout,1}]}",
	    "error Not an option of manage: timeout" },
	{ "{manage,9,[{window,1}]}", "error Not an option of manage: window" },
	{ "{manage,9,[{stdin_ack,1}]}",
	    "error Not an option of manage: stdin_ack" },
	{ "{run,\"x\",[{exec_error,answer}]}", "sh 'x'" },
	{ "{run,\"x\",[exec_error]}", "error Bad value of option: exec_error" },
	{ "{run,\"x\",[{exec_error,text}]}",
	    "error Bad value of option: exec_error" },
	{ "{run,\"x\",[{exec_error,\"exit\"}]}",
	    "error Bad value of option: exec_error" },
	{ "{run,\"x\",[{exec_error,1}]}",
	    "error Bad value of option: exec_error" },
	{ "{run,\"x\",[{exec_error,exit},{exec_error,exit}]}",
	    "error Duplicate option: exec_error" },
	{ "{manage,9,[{exec_error,exit}]}",
	    "error Not an option of manage: exec_error" },
	{ "{run,\"x\",[cgroup]}", "error Bad value of option: cgroup" },
	{ "{run,\"x\",[{cgroup,true},{cgroup,true}]}",
	    "error Duplicate option: cgroup" },
	{ "{manage,9,[{cgroup,true}]}",
	    "error Not an option of manage: cgroup" },
	{ "{stats,9}", "stats 9 0" },
	{ "{stats,x}", "badarg" },
	{ "{stats,9,1}", "badarg" },
	{ "{pause,9}", "pause 9 1" },
	{ "{pause,x}", "badarg" },
	{ "{resume,2147483648}", "pause 0 0" },
	{ "{resume,[]}", "badarg" },
	{ "{cgroup_set,9,true}", "badarg" },
	{ "{cgroup_set,9,#{}}", "badarg" },
	{ "{cgroup_set,x,#{pids_max=>1}}", "badarg" },
	{ "{cgroup_set,9,#{name=><<\"a\">>}}", "badarg" },
};

/* What a leaf may be limited to, as an option and as a request. */
static const struct row leaves[] = {
	{ "true", "" },
	{ "#{}", "" },
	{ "#{memory_max=>0}", " memory_max=0" },
	{ "#{memory_max=>max,memory_high=>9223372036854775807}",
	    " memory_max=max memory_high=9223372036854775807" },
	{ "#{memory_low=>1,memory_min=>max,memory_swap_max=>0}",
	    " memory_low=1 memory_min=max memory_swap_max=0" },
	{ "#{memory_oom_group=>true,cpu_idle=>false}",
	    " memory_oom_group=1 cpu_idle=0" },
	{ "#{pids_max=>64}", " pids_max=64" },
	{ "#{cpu_weight=>10000,io_weight=>1}",
	    " cpu_weight=10000 io_weight=1" },
	{ "#{cpu_max=>max}", " cpu_max=max/100000" },
	{ "#{cpu_max=>{1000,1000000}}", " cpu_max=1000/1000000" },
	{ "#{cpuset_cpus=><<\"0-3,65\">>,cpuset_mems=>\"0\"}",
	    " cpus=0-3,65 mems=0" },
	{ "#{io_max=>[{<<\"8:0\">>,#{rbps=>1,wiops=>max}},{<<\"4095:"
	  "1048575\">>,#{}}]}",
	    " 8:0=1/max/max/max 4095:1048575=max/max/max/max" },
	{ "#{name=><<\"web-1\">>,pids_max=>max}", " pids_max=max name=web-1" },
	{ "true,1", NULL },
	{ "false", NULL },
	{ "yes", NULL },
	{ "1", NULL },
	{ "[]", NULL },
	{ "[{memory_max,1}]", NULL },
	{ "\"x\"", NULL },
	{ "#{1=>1}", NULL },
	{ "#{memory=>1}", NULL },
	{ "#{memory_max=>-1}", NULL },
	{ "#{memory_max=>none}", NULL },
	{ "#{memory_max=>1,memory_max=>2}", NULL },
	{ "#{memory_oom_group=>1}", NULL },
	{ "#{memory_oom_group=>max}", NULL },
	{ "#{pids_max=>2147483648}", NULL },
	{ "#{cpu_weight=>0}", NULL },
	{ "#{cpu_weight=>10001}", NULL },
	{ "#{cpu_weight=>max}", NULL },
	{ "#{cpu_max=>5000}", NULL },
	{ "#{cpu_max=>{5000}}", NULL },
	{ "#{cpu_max=>{5000,max}}", NULL },
	{ "#{cpu_max=>{max,5000}}", NULL },
	{ "#{cpu_max=>{999,100000}}", NULL },
	{ "#{cpu_max=>{5000,999}}", NULL },
	{ "#{cpu_max=>{5000,1000001}}", NULL },
	{ "#{cpu_max=>{1000,1000,1000}}", NULL },
	{ "#{cpu_max=>min}", NULL },
	{ "#{cpu_idle=>maybe}", NULL },
	{ "#{io_weight=>0}", NULL },
	{ "#{cpuset_cpus=><<\"\">>}", NULL },
	{ "#{cpuset_cpus=><<\"3-1\">>}", NULL },
	{ "#{cpuset_cpus=><<\"1024\">>}", NULL },
	{ "#{cpuset_cpus=>3}", NULL },
	{ "#{cpuset_mems=><<\"64\">>}", NULL },
	{ "#{io_max=>[]}", NULL },
	{ "#{io_max=>[{<<\"8\">>,#{}}]}", NULL },
	{ "#{io_max=>[{<<\"8:\">>,#{}}]}", NULL },
	{ "#{io_max=>[{<<\"8:0 \">>,#{}}]}", NULL },
	{ "#{io_max=>[{<<\":0\">>,#{}}]}", NULL },
	{ "#{io_max=>[{<<\"4096:0\">>,#{}}]}", NULL },
	{ "#{io_max=>[{<<\"8:0\">>,#{rbps=>0}}]}", NULL },
	{ "#{io_max=>[{<<\"8:0\">>,#{bps=>1}}]}", NULL },
	{ "#{io_max=>[{<<\"8:0\">>,#{rbps=>1,rbps=>1}}]}", NULL },
	{ "#{io_max=>[{<<\"8:0\">>,[]}]}", NULL },
	{ "#{io_max=>[{<<\"8:0\">>}]}", NULL },
	{ "#{io_max=>#{}}", NULL },
	{ "#{io_max=>[{<<\"1:0\">>,#{}},{<<\"2:0\">>,#{}},{<<\"3:0\">>,#{}},{<<"
	  "\"4:0\">>,#{}},{<<\"5:0\">>,#{}}]}",
	    NULL },
	{ "#{name=><<\"\">>}", NULL },
	{ "#{name=><<\"..\">>}", NULL },
	{ "#{name=><<\"a/b\">>}", NULL },
	{ "#{name=>a}", NULL },
	{ "#{name=><<\"a\">>,name=><<\"a\">>}", NULL },
};

static void
assert_leaf(const struct row *row)
{
	const char *more = row->want == NULL ? "" : row->want;
	char request[512], want[512];

	(void)snprintf(
	    request, sizeof(request), "{run,\"x\",[{cgroup,%s}]}", row->term);
	(void)snprintf(want, sizeof(want), "sh 'x' cgroup%s", more);
	assert_request(request,
	    row->want == NULL ? "error Bad value of option: cgroup" : want);
	/* It must say something, and a leaf has its name for good. */
	(void)snprintf(
	    request, sizeof(request), "{cgroup_set,9,%s}", row->term);
	(void)snprintf(want, sizeof(want), "set 9%s", more);
	assert_request(request,
	    *more == '\0' || strstr(more, "name") != NULL ? "badarg" : want);
}

/* An ack for who cannot be is not even sent. */
static void
assert_ack_dropped(int64_t pid)
{
	struct etf_writer w;

	etf_writer_init(&w, term, TERM_MAX);
	etf_put_version(&w);
	etf_put_tuple(&w, 2);
	etf_put_int(&w, 0);
	etf_put_tuple(&w, 4);
	etf_put_atom(&w, "ack");
	etf_put_int(&w, pid);
	etf_put_atom(&w, "stdout");
	etf_put_int(&w, 1);
	sent.count = 0;
	assert_int_equal(request_handle(w.buf, w.len), 0);
	assert_int_equal(sent.count, 0);
}

static void
test_native(void **state)
{
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(before_hello); i++)
		assert_request(before_hello[i].term, before_hello[i].want);
	assert_request("{run,\"x\",[]}", "sh 'x'");
	assert_int_equal(proto_unpack_run(sent.data, sent.len, &r), 0);
	assert_int_equal(r.flags & RUN_EXEC_ANSWER, 0);
	for (i = 0; i < nitems(after_hello); i++)
		assert_request(after_hello[i].term, after_hello[i].want);
	assert_request("{run,\"x\",[]}", "sh 'x'");
	assert_int_equal(proto_unpack_run(sent.data, sent.len, &r), 0);
	assert_int_equal(r.flags & RUN_EXEC_ANSWER, RUN_EXEC_ANSWER);
	assert_request("{run,\"x\",[{exec_error,exit}]}", "sh 'x'");
	assert_int_equal(proto_unpack_run(sent.data, sent.len, &r), 0);
	assert_int_equal(r.flags & RUN_EXEC_ANSWER, 0);
	for (i = 0; i < nitems(leaves); i++)
		assert_leaf(&leaves[i]);
	assert_ack_dropped(0);
	assert_ack_dropped(1);
	assert_ack_dropped(-9);
	assert_ack_dropped(INT64_C(1) << 31);
	assert_ack_dropped((INT64_C(1) << 32) + 9);
}

/* RFC 4254, section 8: names, whose opcodes follow each other. */
static const struct {
	uint32_t opcode;
	uint32_t max;
	const char *names;
} modes[] = {
	{ 1, 255,
	    "vintr vquit verase vkill veof veol veol2 vstart vstop vsusp "
	    "vdsusp vreprint vwerase vlnext vflush vswtch vstatus vdiscard" },
	{ 30, 1,
	    "ignpar parmrk inpck istrip inlcr igncr icrnl iuclc ixon ixany "
	    "ixoff imaxbel iutf8" },
	{ 50, 1,
	    "isig icanon xcase echo echoe echok echonl noflsh tostop iexten "
	    "echoctl echoke pendin" },
	{ 70, 1, "opost olcuc onlcr ocrnl onocr onlret" },
	{ 90, 1, "cs7 cs8 parenb parodd" },
	{ 128, UINT32_MAX, "tty_op_ispeed tty_op_ospeed" },
};

/* As an option and as a request. */
static void
assert_mode(const char *name, uint32_t opcode, const char *value, long long n)
{
	char options[256], want[256];
	struct row row = { options, want };

	(void)snprintf(
	    options, sizeof(options), "[{pty,[{%s,%s}]}]", name, value);
	(void)snprintf(want, sizeof(want),
	    n == -1 ? "error Bad value of option: pty" : "sh 'x' pty(%u=%lld)",
	    opcode, n);
	assert_rows(&row, 1, "\"x\"", NULL);
	(void)snprintf(
	    options, sizeof(options), "{pty_opts,9,[{%s,%s}]}", name, value);
	(void)snprintf(want, sizeof(want),
	    n == -1 ? "badarg" : "pty_opts 9 (%u=%lld)", opcode, n);
	assert_request(options, want);
}

static void
assert_mode_values(const char *name, uint32_t opcode, long long max)
{
	static const long long all[] = { -1, 0, 1, 2, 127, 255, 256, 9600,
		UINT32_MAX, 1LL + UINT32_MAX, INT64_MAX };
	char value[32];
	size_t i;

	assert_mode(name, opcode, "true", 1);
	assert_mode(name, opcode, "false", 0);
	assert_mode(name, opcode, "on", -1);
	assert_mode(name, opcode, "[]", -1);
	for (i = 0; i < nitems(all); i++) {
		(void)snprintf(value, sizeof(value), "%lld", all[i]);
		assert_mode(name, opcode, value, all[i] <= max ? all[i] : -1);
	}
}

static void
test_modes(void **state)
{
	char name[32];
	const char *p;
	size_t i, len, n = 0;
	uint32_t opcode;

	(void)state;
	for (i = 0; i < nitems(modes); i++) {
		opcode = modes[i].opcode;
		for (p = modes[i].names; *p != '\0'; p += len) {
			p += strspn(p, " ");
			len = strcspn(p, " ");
			(void)snprintf(name, sizeof(name), "%.*s", (int)len, p);
			assert_mode_values(name, opcode++, modes[i].max);
			n++;
		}
	}
	assert_int_equal(n, 56);
}

/* As many modes as there may be, and one more. */
static void
test_modes_limit(void **state)
{
	struct etf_writer w;
	struct run r;
	struct refusal why;
	struct etf e;
	uint32_t i, n;

	(void)state;
	for (n = TTYMODES_MAX - 1; n <= TTYMODES_MAX + 1; n++) {
		request_begin(&w);
		etf_put_string(&w, "x");
		etf_put_list(&w, 1);
		etf_put_tuple(&w, 2);
		etf_put_atom(&w, "pty");
		etf_put_list(&w, n);
		for (i = 0; i < n; i++) {
			etf_put_tuple(&w, 2);
			etf_put_atom(&w, "tty_op_ospeed");
			etf_put_int(&w, i);
		}
		etf_put_nil(&w);
		etf_put_nil(&w);
		if (n <= TTYMODES_MAX) {
			assert_int_equal(large_outcome(&w, &r), 0);
			assert_int_equal(r.modes_count, n);
			assert_int_equal(r.modes[n - 1].value, n - 1);
			continue;
		}
		(void)request_open(&e, w.buf, w.len);
		assert_int_equal(options_run(&e, 0, &r, &why), -1);
		assert_int_equal(why.code, REPLY_BADOPT);
		assert_string_equal(why.text, "Bad value of option: pty");
		assert_string_equal(why.text + why.value, "pty");
	}
}

/* Linux's names, in the order of their numbers. */
static void
test_capabilities(void **state)
{
	static const char *const names[] = { "chown", "dac_override",
		"dac_read_search", "fowner", "fsetid", "kill", "setgid",
		"setuid", "setpcap", "linux_immutable", "net_bind_service",
		"net_broadcast", "net_admin", "net_raw", "ipc_lock",
		"ipc_owner", "sys_module", "sys_rawio", "sys_chroot",
		"sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
		"sys_resource", "sys_time", "sys_tty_config", "mknod", "lease",
		"audit_write", "audit_control", "setfcap", "mac_override",
		"mac_admin", "syslog", "wake_alarm", "block_suspend",
		"audit_read", "perfmon", "bpf", "checkpoint_restore" };
	char options[256], want[256];
	struct row row = { options, want };
	size_t i;

	(void)state;
	assert_int_equal(nitems(names), 41);
	for (i = 0; i < nitems(names); i++) {
		(void)snprintf(
		    want, sizeof(want), "sh 'x' caps=%llx", 1ULL << i);
		(void)snprintf(options, sizeof(options),
		    "[{capabilities,[%s]}]", names[i]);
		assert_rows(&row, 1, "\"x\"", NULL);
		(void)snprintf(options, sizeof(options),
		    "[{capabilities,[cap_%s]}]", names[i]);
		assert_rows(&row, 1, "\"x\"", NULL);
	}
}

/* The last byte of the buffer is the NUL of K: no room for "=". */
static void
test_append_limits(void **state)
{
	struct etf_writer w;
	struct strings s = { NULL, 8, 0, 0 };
	struct etf e;
	size_t key, value;
	int rc;

	(void)state;
	for (key = 0; key <= 9; key++) {
		for (value = 0; value <= 9; value++) {
			s.base = malloc(s.size);
			assert_non_null(s.base);
			s.len = s.count = 0;
			etf_writer_init(&w, term, TERM_MAX);
			etf_put_version(&w);
			put_letters(&w, BINARY, key);
			put_letters(&w, BINARY, value);
			assert_int_equal(etf_open(&e, w.buf, w.len), 0);
			rc = strings_add(&s, &e);
			assert_int_equal(rc, key < 8 ? 0 : -1);
			if (rc == 0) {
				assert_int_equal(s.len, key + 1);
				rc = strings_append(&s, '=', &e);
				assert_int_equal(rc, key + value < 7 ? 0 : -1);
			}
			if (rc == -1)
				assert_int_equal(errno, E2BIG);
			else
				assert_int_equal(s.len, key + value + 2);
			free(s.base);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_envs),
		cmocka_unit_test(test_no_traces),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_path_limits),
		cmocka_unit_test(test_all_limits),
		cmocka_unit_test(test_strings_limits),
		cmocka_unit_test(test_command_limits),
		cmocka_unit_test(test_many_strings),
		cmocka_unit_test(test_newer),
		cmocka_unit_test(test_managed),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_modes_limit),
		cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_append_limits),
		cmocka_unit_test(test_native),
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
