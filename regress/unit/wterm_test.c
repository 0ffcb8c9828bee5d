/*
 * What the worker sends to the node, as terms in either dialect: events,
 * replies and the reply to hello. The port is replaced: it prints the terms.
 */

#include <sys/types.h>

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "compat/cgroup.h"
#include "etf_read.h"
#include "config.h"
#include "version.h"
#include "worker/worker.h"

/* The last term, as Erlang would print it. */
static char sent[4096];
static int terms;
static size_t term_max = INT32_MAX;

static void put(const char *fmt, ...) __attribute__((__format__(printf, 1, 2)));

static void
put(const char *fmt, ...)
{
	size_t len = strlen(sent);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(sent + len, sizeof(sent) - len, fmt, ap);
	va_end(ap);
}

static void put_term(struct etf *);

static void
put_some(struct etf *e, uint32_t n, int pairs)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		put("%s", i > 0 ? "," : "");
		put_term(e);
		if (pairs) {
			put("=>");
			put_term(e);
		}
	}
}

static void
put_term(struct etf *e)
{
	char text[2048];
	enum etf_type type;
	uint32_t n;
	int64_t i;

	assert_int_equal(etf_type(e, &type), 0);
	switch (type) {
	case ETF_INT:
		assert_int_equal(etf_get_int(e, &i), 0);
		put("%lld", (long long)i);
		break;
	case ETF_ATOM:
		assert_int_equal(etf_get_atom(e, text, sizeof(text)), 0);
		put("%s", text);
		break;
	case ETF_TUPLE:
		assert_int_equal(etf_get_tuple(e, &n), 0);
		put("{");
		put_some(e, n, 0);
		put("}");
		break;
	case ETF_MAP:
		assert_int_equal(etf_get_map(e, &n), 0);
		put("#{");
		put_some(e, n, 1);
		put("}");
		break;
	case ETF_NIL:
	case ETF_LIST:
		assert_int_equal(etf_get_list(e, &n), 0);
		put("[");
		put_some(e, n, 0);
		put("]");
		if (n > 0)
			assert_int_equal(etf_get_nil(e), 0);
		break;
	default:
		assert_int_equal(etf_get_text(e, text, sizeof(text), NULL), 0);
		put(type == ETF_BINARY ? "<<\"%s\">>" : "\"%s\"", text);
		break;
	}
}

void
port_term(const void *data, size_t len)
{
	struct etf e;

	terms++;
	*sent = '\0';
	assert_int_equal(etf_check(data, len), 0);
	assert_int_equal(etf_open(&e, data, len), 0);
	put_term(&e);
	assert_int_equal(e.left, 0);
}

size_t
port_term_max(void)
{
	return (term_max);
}

/* A head and its bytes are a term, too. */
void
port_output(struct port_head *h, const void *data, size_t len)
{
	uint8_t term[512];

	assert_true(h->len <= PORT_TERM_MAX);
	memcpy(term, h->bytes + PORT_PREFIX_MAX, h->len);
	memcpy(term + h->len, data, len);
	port_term(term, h->len + len);
}

void
port_output_moved(struct port_head *h)
{
	port_output(h, "moved", 5);
}

size_t
zc_pending(void)
{
	return (5);
}

static void
assert_sent(const char *exec_port, const char *native)
{
	const char *want = term_native ? native : exec_port;

	assert_int_equal(terms, want != NULL);
	if (want != NULL)
		assert_string_equal(sent, want);
	terms = 0;
}

/* Run in both dialects, the exec-port one first. */
static void
both(void (*fn)(void))
{
	for (term_native = 0; term_native <= 1; term_native++) {
		terms = 0;
		fn();
	}
	term_native = 0;
}

static void
events(void)
{
	const struct wchild c = { .pid = 7 };
	const struct msg_leaf_event some = { 1, 0, 2, INT64_MAX, 0 }, odd = { 1,
		0, 1, UINT64_C(1) << 63, LEAF_UNKNOWN };

	event_output(1, 7, "ab", 2);
	assert_sent("{0,{stdout,7,<<\"ab\">>}}", "{0,{stdout,7,<<\"ab\">>}}");
	event_output(2, INT32_MAX, "", 0);
	assert_sent("{0,{stderr,2147483647,<<\"\">>}}",
	    "{0,{stderr,2147483647,<<\"\">>}}");
	event_output_moved(1, 300);
	assert_sent(
	    "{0,{stdout,300,<<\"moved\">>}}", "{0,{stdout,300,<<\"moved\">>}}");
	event_eof(7, 0);
	assert_sent(NULL, "{0,{eof,7,stdin}}");
	event_stdin_ack(7, UINT32_MAX);
	assert_sent(NULL, "{0,{stdin_ack,7,4294967295}}");
	event_down("joe");
	assert_sent(NULL, "{0,{launcher_down,<<\"joe\">>}}");
	event_leaf(&c, &some);
	assert_sent(NULL, "{0,{cgroup,7,#{oom_kill=>2,memory_high=>0,"
			  "pids_denied=>9223372036854775807}}}");
	/* What can be no number, and what nobody knows. */
	event_leaf(&c, &odd);
	assert_sent(NULL, "{0,{cgroup,7,#{oom_kill=>1}}}");
}

static void
test_events(void **state)
{
	(void)state;
	both(events);
}

#define USAGE                                                         \
	"#{utime_us=>0,stime_us=>1,maxrss_kb=>2,minflt=>3,majflt=>4," \
	"inblock=>5,oublock=>6,nvcsw=>7,nivcsw=>8}"

static const struct {
	int32_t status;
	int32_t raw;
	uint32_t reason;
	uint32_t killed;
	uint32_t truncated;
	const char *exec_port;
	const char *native;
} exits[] = {
	{ 0, 0, REASON_NORMAL, 0, 0, "{0,{exit_status,7,0}}",
	    "{0,{exit,7,#{status=>{exited,0},reason=>normal,killed=>false,"
	    "truncated=>[],usage=>" USAGE "}}}" },
	{ 256, 256, REASON_STOPPED, 0, 2, "{0,{exit_status,7,256}}",
	    "{0,{exit,7,#{status=>{exited,1},reason=>stopped,killed=>false,"
	    "truncated=>[stdout],usage=>" USAGE "}}}" },
	{ SIGKILL, SIGKILL, REASON_TIMEOUT, 1, 6, "{0,{exit_status,7,9}}",
	    "{0,{exit,7,#{status=>{signaled,9,false},reason=>timeout,"
	    "killed=>true,truncated=>[stdout,stderr],usage=>" USAGE "}}}" },
	{ SIGSEGV | 0x80, SIGSEGV | 0x80, REASON_SHUTDOWN, 0, 4,
	    "{0,{exit_status,7,139}}",
	    "{0,{exit,7,#{status=>{signaled,11,true},reason=>shutdown,"
	    "killed=>false,truncated=>[stderr],usage=>" USAGE "}}}" },
	{ SIGTERM, SIGTERM, REASON_IDLE, 0, 0, "{0,{exit_status,7,15}}",
	    "{0,{exit,7,#{status=>{signaled,15,false},reason=>idle_timeout,"
	    "killed=>false,truncated=>[],usage=>" USAGE "}}}" },
	{ SIGKILL, SIGKILL, REASON_OOM, 0, 0, "{0,{exit_status,7,9}}",
	    "{0,{exit,7,#{status=>{signaled,9,false},reason=>oom,"
	    "killed=>false,truncated=>[],usage=>" USAGE "}}}" },
	{ 0, -1, REASON_NORMAL, 0, 0, "{0,{exit_status,7,0}}",
	    "{0,{exit,7,#{status=>unknown,reason=>normal,killed=>false,"
	    "truncated=>[]}}}" },
};

static void
ends(void)
{
	struct wchild c = { 0 };
	size_t i, u;

	c.pid = 7;
	for (u = 0; u < USAGES; u++)
		c.end.usage[u] = (int64_t)u;
	for (i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		c.end.status = exits[i].status;
		c.end.raw = exits[i].raw;
		c.end.reason = exits[i].reason;
		c.end.killed = exits[i].killed;
		c.truncated = exits[i].truncated;
		event_exit(&c);
		assert_sent(exits[i].exec_port, exits[i].native);
	}
}

/* What a leaf is when it is over is not said of what it has used. */
static void
ends_in_leaf(void)
{
	uint64_t used[LEAF_STATS_COUNT];
	struct wchild c = { .pid = 7, .used = used };
	size_t i;

	c.end.raw = -1;
	for (i = 0; i < LEAF_STATS_COUNT; i++)
		used[i] = i;
	event_exit(&c);
	assert_sent("{0,{exit_status,7,0}}",
	    "{0,{exit,7,#{status=>unknown,reason=>normal,killed=>false,"
	    "truncated=>[],cgroup=>#{memory_peak=>1,oom_kill=>3,"
	    "memory_high=>4,cpu_us=>5,cpu_user_us=>6,cpu_system_us=>7,"
	    "cpu_throttled_us=>8,pids_peak=>10,pids_denied=>11,io_read=>12,"
	    "io_written=>13,memory_max=>14}}}}");
	for (i = 0; i < LEAF_STATS_COUNT; i++)
		used[i] = LEAF_UNKNOWN;
	event_exit(&c);
	assert_sent("{0,{exit_status,7,0}}",
	    "{0,{exit,7,#{status=>unknown,reason=>normal,killed=>false,"
	    "truncated=>[],cgroup=>#{}}}}");
}

/* All that a message may hold fits. */
static void
ends_largest(void)
{
	uint64_t used[LEAF_STATS_COUNT];
	struct wchild c = { .pid = INT32_MAX, .truncated = 6, .used = used };
	size_t i;

	for (i = 0; i < USAGES; i++)
		c.end.usage[i] = INT64_MIN;
	for (i = 0; i < LEAF_STATS_COUNT; i++)
		used[i] = INT64_MAX;
	c.end.raw = SIGKILL;
	c.end.reason = REASON_IDLE;
	event_exit(&c);
	assert_int_equal(terms, 1);
	terms = 0;
}

static void
test_exits(void **state)
{
	(void)state;
	both(ends);
	both(ends_in_leaf);
	both(ends_largest);
}

static void
test_stats(void **state)
{
	struct msg_leaf_state m = { .tid = 5, .op = LEAF_STATS };
	char path[MSG_TEXT_MAX];
	size_t i;

	(void)state;
	term_native = 1;
	for (i = 0; i < LEAF_STATS_COUNT; i++)
		m.stat[i] = i;
	reply_stats(&m, "/p/c1");
	assert_sent(NULL,
	    "{5,{ok,#{path=><<\"/p/c1\">>,memory_current=>0,memory_peak=>1,"
	    "swap_current=>2,oom_kill=>3,memory_high=>4,cpu_us=>5,"
	    "cpu_user_us=>6,cpu_system_us=>7,cpu_throttled_us=>8,"
	    "pids_current=>9,pids_peak=>10,pids_denied=>11,io_read=>12,"
	    "io_written=>13,memory_max=>14,frozen=>true}}}");
	m.tid = 0;
	reply_stats(&m, "");
	assert_int_equal(terms, 0);
	m.tid = INT64_MIN;
	for (i = 0; i < LEAF_STATS_COUNT; i++)
		m.stat[i] = i == LEAF_FROZEN ? 0 : LEAF_UNKNOWN;
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	reply_stats(&m, path);
	assert_non_null(strstr(sent, "p\">>,frozen=>false}}}"));
	for (i = 0; i < LEAF_STATS_COUNT; i++)
		m.stat[i] = INT64_MAX;
	reply_stats(&m, path);
	assert_int_equal(terms, 2);
	terms = 0;
	term_native = 0;
}

static const struct {
	struct reply r;
	const char *exec_port;
	const char *native; /* NULL: the same */
} replies[] = {
	{ { .code = REPLY_OK }, "{5,ok}", NULL },
	{ { .code = REPLY_NOTFOUND }, "{5,{error,not_found}}", NULL },
	{ { .code = REPLY_BADARG }, "{5,{error,badarg}}", NULL },
	{ { .code = REPLY_ERRNO, .value = ESRCH }, "{5,{error,esrch}}", NULL },
	{ { .code = REPLY_ERRNO, .value = 4321 }, "{5,{error,unknown}}", NULL },
	{ { .code = REPLY_TEXT, .value = EPERM, .text = "no" },
	    "{5,{error,\"no\"}}", "{5,{error,eperm}}" },
	{ { .code = REPLY_TEXT,
	      .value = EPERM,
	      .stage = STAGE_POLICY,
	      .text = "no" },
	    "{5,{error,\"no\"}}", "{5,{error,{policy,eperm,<<\"no\">>}}}" },
	{ { .code = REPLY_TERM,
	      .value = EPROTO,
	      .stage = STAGE_DECODE,
	      .text = "v" },
	    "{5,{error,{decode,eproto,<<\"v\">>}}}", NULL },
	{ { .code = REPLY_LEVEL, .value = 3, .level = 4 }, "{5,{ok,3}}", NULL },
	{ { .code = REPLY_PAUSED, .value = 0 }, "{5,{ok,signal}}", NULL },
	{ { .code = REPLY_PAUSED, .value = 1 }, "{5,{ok,cgroup}}", NULL },
	{ { .code = REPLY_RUNFAIL,
	      .stage = STAGE_CGROUP,
	      .value = ENODEV,
	      .text = "memory_max" },
	    "{5,{error,\"Couldn't start pid: Cannot have the control group:"
	    " memory_max: No such device\"}}",
	    "{5,{error,{cgroup,enodev,<<\"memory_max\">>}}}" },
	{ { .code = REPLY_BADOPT, .value = 3, .text = "x: opt" },
	    "{5,{error,\"x: opt\"}}", "{5,{error,{badopt,opt}}}" },
	/* What is no atom is a binary. */
	{ { .code = REPLY_BADOPT, .value = 3, .text = "x: \377" },
	    "{5,{error,\"x: \303\277\"}}",
	    "{5,{error,{badopt,<<\"\377\">>}}}" },
	{ { .code = REPLY_RUNFAIL,
	      .stage = STAGE_EXEC,
	      .value = ENOENT,
	      .text = "/x" },
	    "{5,{error,\"Couldn't start pid: Cannot execute '/x':"
	    " No such file or directory\"}}",
	    "{5,{error,{exec,enoent,<<\"/x\">>}}}" },
	{ { .code = REPLY_RUNFAIL,
	      .stage = STAGE_RLIMIT,
	      .value = EPERM,
	      .text = "nofile" },
	    "{5,{error,\"Couldn't start pid: Cannot set nofile:"
	    " Operation not permitted\"}}",
	    "{5,{error,{rlimit,eperm,<<\"nofile\">>}}}" },
	{ { .code = REPLY_RUNFAIL,
	      .stage = STAGE_LIMIT,
	      .value = EAGAIN,
	      .text = "children" },
	    "{5,{error,\"Couldn't start pid: Limit of children reached:"
	    " Resource temporarily unavailable\"}}",
	    "{5,{error,{limit,eagain,<<\"children\">>}}}" },
	/* It is there, and busy. */
	{ { .code = REPLY_RUNFAIL, .stage = STAGE_LAUNCHER, .value = EAGAIN },
	    "{5,{error,\"Couldn't start pid: The launcher takes no child:"
	    " Resource temporarily unavailable\"}}",
	    "{5,{error,{launcher,eagain,<<\"\">>}}}" },
};

static void
answers(void)
{
	char text[128];
	struct reply r;
	size_t i;

	for (i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		r = replies[i].r;
		r.tid = 5;
		if (r.text == NULL)
			r.text = "";
		reply_send(&r);
		assert_sent(replies[i].exec_port, replies[i].native != NULL
						      ? replies[i].native
						      : replies[i].exec_port);
		/* Nobody waits for it. */
		r.tid = 0;
		reply_send(&r);
		assert_int_equal(terms, 0);
	}
	/* Every stage has a name, and words. */
	for (i = 0; i < STAGES; i++) {
		r = (struct reply){ .tid = 5,
			.code = REPLY_RUNFAIL,
			.stage = (uint32_t)i,
			.value = EPERM,
			.text = "it" };
		reply_send(&r);
		assert_int_equal(terms, 1);
		assert_null(strstr(sent, "(null)"));
		terms = 0;
	}
	reply_run(5, 77);
	assert_sent("{5,{pid,77}}", "{5,{pid,77}}");
	reply_run(0, 77);
	assert_int_equal(terms, 0);
	reply_nofd(5, STAGE_PIPE, 2, EMFILE);
	(void)snprintf(text, sizeof(text),
	    "{5,{error,\"Couldn't start pid: Failed to create a pipe"
	    " for stderr: %s\"}}",
	    strerror(EMFILE));
	assert_sent(text, "{5,{error,{pipe,emfile,<<\"stderr\">>}}}");
	reply_nofd(5, STAGE_PTY, 0, ENOSPC);
	(void)snprintf(text, sizeof(text),
	    "{5,{error,\"Couldn't start pid: Failed to create a pty: %s\"}}",
	    strerror(ENOSPC));
	assert_sent(text, "{5,{error,{pty,enospc,<<\"\">>}}}");
}

static void
test_replies(void **state)
{
	(void)state;
	both(answers);
}

/* Pids, as many as the frame takes. */
static void
test_pids(void **state)
{
	int32_t pids[3] = { 2, 300, INT32_MAX };
	struct msg_pids m = { .tid = 5 };
	uint8_t data[1 + sizeof(pids)];

	(void)state;
	memcpy(data + 1, pids, sizeof(pids));
	reply_pids(&m, data + 1);
	assert_sent("{5,[]}", NULL);
	m.count = 3;
	reply_pids(&m, data + 1);
	assert_sent("{5,[2,300,2147483647]}", NULL);
	term_max = 64 + 3 * 5 - 1;
	reply_pids(&m, data + 1);
	assert_sent("{5,{error,emsgsize}}", NULL);
	term_max++;
	m.tid = 0;
	reply_pids(&m, data + 1);
	assert_int_equal(terms, 0);
	term_max = INT32_MAX;
}

/* It is native itself, and so is all that follows. */
static void
test_hello(void **state)
{
	struct strvec users = { "me\0joe\0ann", 11, 3 };
	struct msg_hello m = { .tid = 5, .privilege = PRIVILEGE_USERS };
	const char *sandbox[] = { "landlock", "syscall_filter", NULL };
	char want[512];

	(void)state;
	hello_init(4096, sandbox);
	(void)snprintf(want, sizeof(want),
	    "{5,{ok,#{version=>1,release=><<\"%s\">>,platform=><<\"%s\">>,"
	    "mode=>privileged,user=><<\"me\">>,users=>[<<\"joe\">>,<<\"ann\">>]"
	    ",limits=>#{children=>%u,stdin=>4096,string=>%u},"
	    "features=>[ack,cgroup,eof,exec_error,idle_timeout,linger,pause,"
	    "pty,stdin_ack,stdin_ack_bytes,timeout,usage,window],"
	    "sandbox=>[landlock,syscall_filter],orphans=>none,cgroup=><<\"no "
	    "base\">>}}}",
	    PROCTOR_VERSION, PLATFORM, MSG_PIDS_MAX, RUN_STRINGS_MAX);
	hello_reply(&m, &users, "no base");
	assert_sent(NULL, want);
	m.tid = 0;
	m.launcher = 1;
	hello_reply(&m, &users, "no base");
	assert_int_equal(terms, 0);
	users.count = 1;
	m.tid = 6;
	sandbox[0] = NULL;
	m.leaves = 1;
	m.kill = CGROUP_STILL;
	m.orphans = ORPHANS_REAPER;
	m.controllers = 1U << LEAF_CTL_MEMORY | 1U << LEAF_CTL_IO;
	hello_reply(&m, &users, "/a/b");
	assert_non_null(strstr(sent,
	    ",sandbox=>[],orphans=>reaper,cgroup=>#{path=><<\"/a/b\">>,"
	    "controllers=>[memory,io],kill=>freezer}}}}"));
	assert_non_null(strstr(sent, "user=><<\"me\">>,users=>[],"));
	assert_non_null(strstr(sent, "features=>[launcher,ack,"));
	terms = 0;
	term_native = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_exits),
		cmocka_unit_test(test_stats),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_pids),
		cmocka_unit_test(test_hello),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
