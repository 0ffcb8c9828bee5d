/*
 * Tests of what the broker asks for: what is answered, what is refused with
 * an answer and a line in the log, and what only a broker that is broken can
 * say. Linked with what is below request.c, but for launches.
 */

#include "monitor_launch.h"
#include "monitor_util.h"

#include "config.h"
#include "limitname.h"

#include "monitor/exit.h"
#include "monitor/phase.h"
#include "monitor/request.h"
#include "monitor/watch.h"

/*
 * 1 is a child that runs, pid 100; 2 a managed process, pid 101; 3 the worker,
 * pid 102; 4 what a failed launch has left, pid 103; 5 a kill command, pid
 * 104; 6 lingers, pid 105; 7 was refused by the worker, pid 106; 8 has joined
 * the group of 1, pid 107.
 */
static void
begin(void)
{
	static const pid_t failed = 103, killer = 104;
	struct run r = run_plain(0), linger = run_plain(RUN_LINGER);
	struct child *c;

	exit_init(0);
	(void)child_running(100, 0);
	proc_other(101, STARTER_UID, 0);
	c = child_new(CHILD_FOREIGN);
	assert_int_equal(watch_foreign(c, 101), 0);
	child_set_pid(c, 101);
	proc_born(102, 0);
	(void)child_new_ring("worker", 102, NULL);
	proc_born(failed, 0);
	c = child_new(CHILD_FAILED);
	child_set_pid(c, failed);
	watch_child(c);
	proc_born(killer, 0);
	c = child_new(CHILD_KILLER);
	c->victim = 1;
	child_set_pid(c, killer);
	watch_child(c);
	linger.linger = 1000;
	(void)child_running_as(105, &linger);
	proc_dies(105, 0);
	watch_dispatch();
	child_running(106, 0)->refused = 1;
	r.group = 100;
	(void)child_running_as(107, &r);
	did("");
}

/*
 * Runs.
 */

static const struct run_row {
	const char *title;
	uint32_t flags;
	const char *kill;
	const char *cd;
	const char *env;
	enum io_kind out;
	int nice;
	pid_t group;
	uint32_t children; /* that the rule permits; 0: as many as they like */
	int cmd; /* the rule has one */
	const char *done;
	const char *logged;
} runs[] = {
	{ "good", 0, "", "", "", IO_NULL, 0, 0, 0, 0, "launch 9 '/bin/true' ",
	    "" },
	{ "in a child's group", RUN_GROUP, "", "", "", IO_NULL, 0, 100, 0, 0,
	    "launch 9 '/bin/true' ", "" },
	{ "in a member's group", RUN_GROUP, "", "", "", IO_NULL, 0, 107, 0, 0,
	    "7 runfail; stage 5; error 3", "" },
	{ "in a managed one's group", RUN_GROUP, "", "", "", IO_NULL, 0, 101, 0,
	    0, "7 runfail; stage 5; error 3", "" },
	{ "in the worker's group", RUN_GROUP, "", "", "", IO_NULL, 0, 102, 0, 0,
	    "7 runfail; stage 5; error 3", "" },
	{ "in nobody's group", RUN_GROUP, "", "", "", IO_NULL, 0, 99, 0, 0,
	    "7 runfail; stage 5; error 3", "" },
	{ "in a group of minus one", RUN_GROUP, "", "", "", IO_NULL, 0, -1, 0,
	    0, "7 runfail; stage 5; error 3", "" },
	{ "with a kill command", 0, "stop", "", "", IO_NULL, 0, 0, 0, 0,
	    "launch 9 '/bin/true' ", "" },
	{ "with one that is not permitted", 0, "forbidden", "", "", IO_NULL, 0,
	    0, 0, 0,
	    "7 runfail; stage 12; error 1; 'a kill command: no rule permits "
	    "its shell that'",
	    "run refused: bob as www, /bin/true: a kill command" },
	{ "nicer", RUN_NICE, "", "", "", IO_NULL, 5, 0, 0, 0,
	    "launch 9 '/bin/true' ", "" },
	{ "less nice", RUN_NICE, "", "", "", IO_NULL, -5, 0, 0, 0,
	    "7 runfail; stage 6; error 1; 'nice -5: line 1 permits 0 at least'",
	    "nice -5: line 1 permits 0 at least" },
	{ "capabilities", RUN_CAPS, "", "", "", IO_NULL, 0, 0, 0, 0,
	    "7 runfail; stage 12; error 1; 'capabilities: they are not there "
	    "to be kept'",
	    "capabilities: they are not there" },
	{ "there is a place", 0, "", "", "", IO_NULL, 0, 0, 5, 0,
	    "launch 9 '/bin/true' ", "" },
	{ "there is no place", 0, "", "", "", IO_NULL, 0, 0, 4, 0,
	    "7 runfail; stage 1; error 11; 'children'",
	    "line 1 permits 4 children" },

	{ "under cmd", 0, "", "", "LANG=C", IO_PIPE, 0, 0, 0, 1,
	    "launch 9 '/bin/true' LANG=C", "" },
	{ "under cmd, somewhere", 0, "", "/tmp", "", IO_NULL, 0, 0, 0, 1,
	    "7 runfail; stage 12; error 1; 'cd: line 1 has cmd'",
	    "cd: line 1 has cmd" },
	{ "under cmd, with a file", 0, "", "", "", IO_FILE, 0, 0, 0, 1,
	    "7 runfail; stage 12; error 1; 'a file for stdout: line 1 has cmd'",
	    "a file for stdout" },
	{ "under cmd, with a variable", 0, "", "", "SECRET=x", IO_NULL, 0, 0, 0,
	    1, "7 runfail; stage 12; error 1; 'env: SECRET: line 1 has cmd'",
	    "env: SECRET: line 1" },
	{ "under cmd, without an environment", RUN_ENV_CLEAR, "", "", "",
	    IO_NULL, 0, 0, 0, 1,
	    "7 runfail; stage 12; error 1; 'env: clear: line 1 has cmd'",
	    "env: clear: line 1" },
};

static struct run
run_of(const struct run_row *row)
{
	struct run r = run_plain(row->flags);

	r.kill = row->kill;
	r.cd = row->cd;
	r.env.base = row->env;
	r.env.count = *row->env != '\0';
	r.io[1].kind = row->out;
	r.nice = row->nice;
	r.group = row->group;
	r.caps = 1;
	return (r);
}

static void
run_row(const void *arg)
{
	const struct run_row *row = arg;
	struct msg m = { .type = IMSG_RUN };
	int asked = strncmp(row->done, "launch", 6) == 0;
	struct child *c;

	begin();
	assert_int_equal(world.taken, 4);
	world.rule.children = row->children;
	world.rule.cmd = row->cmd ? (char[]){ "/bin/true" } : NULL;
	m.run = run_of(row);
	assert_int_equal(handle(request_handle_run, &m), 0);
	did(row->done);
	logs(row->logged);
	assert_null(strstr(log_text(), "x\n"));
	assert_int_equal(world.audited, *row->logged != '\0');
	assert_int_equal(world.taken, 4 + asked);
	assert_int_equal((c = child_by_id(9)) != NULL, asked);
	if (!asked)
		return;
	assert_string_equal(c->audit, "asked");
	assert_int_equal(c->state, CHILD_ASKED);
	assert_int_equal(c->kill_rule != NULL, c->kill != NULL);
	launched(9, 200);
	did("child 9 pid 200");
	assert_null(c->audit);
}

static void
test_run(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(runs); i++)
		apart(runs[i].title, run_row, &runs[i]);
}

/* Under a rule with limits of 100 descriptors and 60 s, in line 1. */
static const struct limit_row {
	const char *title;
	uint32_t limits; /* of the run: each is as below */
	uint64_t soft, hard;
	uint32_t cpu_time;
	int cmd; /* the rule has one */
	const char *done;
} limits[] = {
	{ "none", 0, 0, 0, 0, 0, "launch 9 '/bin/true' " },
	{ "as many", 1U << LIMIT_NOFILE, 100, 100, 0, 0,
	    "launch 9 '/bin/true' " },
	{ "too many", 1U << LIMIT_NOFILE, 101, 101, 0, 0,
	    "7 runfail; stage 1; error 1; 'rlimit nofile: line 1 permits 100 "
	    "at most'" },
	{ "too many to rise to", 1U << LIMIT_NOFILE, 1, 101, 0, 0,
	    "7 runfail; stage 1; error 1; 'rlimit nofile: line 1 permits 100 "
	    "at most'" },
	{ "no limit", 1U << LIMIT_NOFILE, 1, LIMIT_NONE, 0, 0,
	    "7 runfail; stage 1; error 1; 'rlimit nofile: line 1 permits 100 "
	    "at most'" },
	{ "of what the rule does not limit", 1U << LIMIT_AS, 1, LIMIT_NONE, 0,
	    0, "launch 9 '/bin/true' " },
	{ "time enough", 0, 0, 0, 59, 0, "launch 9 '/bin/true' " },
	{ "too much time", 0, 0, 0, 60, 0,
	    "7 runfail; stage 1; error 1; 'rlimit cpu: line 1 permits 60 at "
	    "most'" },
	{ "under cmd", 1U << LIMIT_NOFILE, 5, 5, 0, 1,
	    "7 runfail; stage 12; error 1; 'rlimit: line 1 has cmd'" },
	{ "a time under cmd", 0, 0, 0, 5, 1, "launch 9 '/bin/true' " },
};

static void
limit_row(const void *arg)
{
	const struct limit_row *row = arg;
	struct msg m = { .type = IMSG_RUN };
	int i;

	begin();
	world.rule.cmd = row->cmd ? (char[]){ "/bin/true" } : NULL;
	world.rule.ceilings = 1U << LIMIT_NOFILE | 1U << LIMIT_CPU;
	world.rule.ceiling[LIMIT_NOFILE] = 100;
	world.rule.ceiling[LIMIT_CPU] = 60;
	m.run = run_plain(0);
	m.run.limits = row->limits;
	m.run.cpu_time = row->cpu_time;
	for (i = 0; i < LIMITS; i++)
		if (row->limits & 1U << i) {
			m.run.soft[i] = row->soft;
			m.run.hard[i] = row->hard;
		}
	assert_int_equal(handle(request_handle_run, &m), 0);
	did(row->done);
}

static void
test_limits(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(limits); i++)
		apart(limits[i].title, limit_row, &limits[i]);
}

static const struct no_row {
	const char *title;
	int forbid;
	int dead;
	int full;
	int unshaped;
	const char *done;
	const char *logged;
} nos[] = {
	{ "no rule", 1, 0, 0, 0,
	    "7 runfail; stage 12; error 1; '/bin/true as www: no rule permits "
	    "it'",
	    "run refused: bob as www, /bin/true: no rule permits it" },
	{ "no launcher", 0, 1, 0, 0, "7 runfail; stage 11; error 32",
	    "its launcher is gone" },
	{ "no room at its launcher", 0, 0, 1, 0,
	    "7 runfail; stage 11; error 11", "too much to do" },
	{ "no room for its environment", 0, 0, 0, 1,
	    "7 runfail; stage 1; error 7; 'env'", "" },
};

static void
no_row(const void *arg)
{
	const struct no_row *row = arg;
	struct msg m = { .type = IMSG_RUN, .run = run_plain(0) };

	exit_init(0);
	world.forbid = row->forbid;
	world.launcher_dead = row->dead;
	world.launcher_full = row->full;
	world.unshaped = row->unshaped;
	assert_int_equal(handle(request_handle_run, &m), 0);
	did(row->done);
	logs(row->logged);
	assert_int_equal(world.audited, *row->logged != '\0');
	assert_int_equal(child_count(), 0);
	assert_int_equal(world.taken, 0);
}

static void
test_no_run(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(nos); i++)
		apart(nos[i].title, no_row, &nos[i]);
}

/* It is asked for, and fails: an answer, and no end. */
static void
test_run_fails(void)
{
	struct msg m = { .type = IMSG_RUN, .run = run_plain(0) };

	exit_init(0);
	assert_int_equal(handle(request_handle_run, &m), 0);
	did("launch 1 '/bin/true' ");
	launch_fails(1);
	did("7 runfail; stage 11; error 32");
	assert_int_equal(child_count(), 0);
}

/* It is asked for, and all are to end before it is made. */
static void
test_run_unborn(void)
{
	struct msg m = { .type = IMSG_RUN, .run = run_plain(0) };
	struct msg end = { .type = IMSG_SHUTDOWN };

	exit_init(0);
	assert_int_equal(handle(request_handle_run, &m), 0);
	assert_int_equal(handle(request_handle_shutdown, &end), 0);
	did("launch 1 '/bin/true' ");
	launched(1, 100);
	did("child 1 pid 100; descendants 100 TERM; kill -100 TERM; "
	    "kill -100 CONT");
}

/* How long it lingers, and that it does, is settled as it is asked for. */
static void
test_run_lingers(void)
{
	struct msg m = { .type = IMSG_RUN, .run = run_plain(0) };

	exit_init(200);
	m.run.io[1].kind = IO_PIPE;
	assert_int_equal(handle(request_handle_run, &m), 0);
	m.run.io[1].kind = IO_NULL;
	m.run.flags = RUN_LINGER;
	m.run.linger = 100;
	assert_int_equal(handle(request_handle_run, &m), 0);
	did("launch 1 '/bin/true' ; launch 2 '/bin/true' ");
	assert_int_equal(child_by_id(1)->linger, 200);
	assert_true(child_by_id(1)->run_flags & RUN_LINGER);
	assert_int_equal(child_by_id(2)->linger, 0);
	assert_false(child_by_id(2)->run_flags & RUN_LINGER);
}

/*
 * What only a broken broker says.
 */

static void
test_broken_run(void)
{
	struct msg m = { .type = IMSG_RUN };

	begin();
	m.run = run_plain(0);
	m.run.id = 1;
	assert_int_equal(handle(request_handle_run, &m), -1);
	m.run = run_plain(0);
	m.run.pid = 100;
	assert_int_equal(handle(request_handle_run, &m), -1);
	m.run = run_plain(RUN_KEEPENV);
	assert_int_equal(handle(request_handle_run, &m), -1);
	m.type = IMSG_MANAGE;
	m.run = run_plain(0);
	assert_int_equal(handle(request_handle_manage, &m), -1);
	m.run.pid = 100;
	m.run.id = 1;
	assert_int_equal(handle(request_handle_manage, &m), -1);
	m.run = run_plain(RUN_SHELL);
	m.run.pid = 100;
	assert_int_equal(handle(request_handle_manage, &m), -1);
	did("");
}

static const struct {
	int (*handler)(const struct msg *);
	int32_t pid;
	int32_t arg;
} brokens[] = {
	{ request_handle_stop, 100, 1 },
	{ request_handle_list, 100, 0 },
	{ request_handle_list, 0, 1 },
	{ request_handle_debug, 1, 0 },
	{ request_handle_debug, 0, -1 },
	{ request_handle_debug, 0, 11 },
	{ request_handle_hello, 1, 1 },
	{ request_handle_hello, 0, 99 },
	{ request_handle_shutdown, 0, EXIT_RING },
	{ request_handle_shutdown, 0, -1 },
};

static void
test_broken(void)
{
	struct msg m = { .type = IMSG_STOP };
	size_t i;

	begin();
	for (i = 0; i < nitems(brokens); i++) {
		m.request.tid = TID;
		m.request.pid = brokens[i].pid;
		m.request.arg = brokens[i].arg;
		assert_int_equal(handle(brokens[i].handler, &m), -1);
	}
	did("");
	assert_int_equal(phase_now(), PHASE_RUN);
}

static void
test_refuse(void)
{
	struct msg m = { .type = IMSG_REFUSE };
	uint32_t code;

	begin();
	m.reply.tid = TID;
	m.reply.text = "why";
	for (code = 0; code < REPLY_CODES; code++) {
		m.reply.code = code;
		if (code == REPLY_OK || code == REPLY_NOTFOUND ||
		    code == REPLY_LEVEL || code == REPLY_RUNFAIL ||
		    code == REPLY_PAUSED)
			assert_int_equal(handle(request_handle_refuse, &m), -1);
		else
			assert_int_equal(handle(request_handle_refuse, &m), 0);
	}
	did("7 badarg; 'why'; 7 errno; 'why'; 7 text; 'why'; 7 badopt; 'why'; "
	    "7 term; 'why'");
}

/*
 * Requests about one process: by whose pid, and what is answered.
 */

#define NOT_ALIVE "7 text; error 3; 'pid not alive'"
#define NOT_MANAGED \
	"7 text; error 1; 'Cannot kill a pid not managed by this application'"

static const struct about_row {
	const char *title;
	int (*handler)(const struct msg *);
	int32_t pid;
	int32_t arg;
	const char *done;
} abouts[] = {
	{ "stop a child", request_handle_stop, 100, 0,
	    "kill 100 TERM; kill 100 CONT; 7 ok" },
	{ "stop a managed process", request_handle_stop, 101, 0,
	    "pidfd 101 TERM; pidfd 101 CONT; 7 ok" },
	{ "stop one that lingers", request_handle_stop, 105, 0,
	    "kill 105 TERM; kill 105 CONT; 7 ok" },
	{ "stop the worker", request_handle_stop, 102, 0, NOT_ALIVE },
	{ "stop what a failed launch has left", request_handle_stop, 103, 0,
	    NOT_ALIVE },
	{ "stop a kill command", request_handle_stop, 104, 0, NOT_ALIVE },
	{ "stop one that the worker has refused", request_handle_stop, 106, 0,
	    NOT_ALIVE },
	{ "stop nobody", request_handle_stop, 99, 0, NOT_ALIVE },
	{ "stop 0", request_handle_stop, 0, 0, NOT_ALIVE },
	{ "stop -1", request_handle_stop, -1, 0, NOT_ALIVE },
	{ "stop a group", request_handle_stop, -100, 0, NOT_ALIVE },

	{ "kill a child", request_handle_kill, 100, SIGTERM,
	    "kill 100 TERM; 7 ok" },
	{ "ask for a child", request_handle_kill, 100, 0, "7 ok" },
	{ "kill a managed process", request_handle_kill, 101, SIGKILL,
	    "pidfd 101 KILL; 7 ok" },
	{ "kill one that lingers", request_handle_kill, 105, SIGTERM,
	    "7 errno; error 3" },
	{ "kill the worker", request_handle_kill, 102, SIGTERM, NOT_MANAGED },
	{ "kill what a failed launch has left", request_handle_kill, 103,
	    SIGTERM, NOT_MANAGED },
	{ "kill a kill command", request_handle_kill, 104, SIGTERM,
	    NOT_MANAGED },
	{ "kill one that the worker has refused", request_handle_kill, 106,
	    SIGTERM, NOT_MANAGED },
	{ "kill init", request_handle_kill, 1, SIGTERM, NOT_MANAGED },
	{ "kill its own group", request_handle_kill, 0, SIGTERM, NOT_MANAGED },
	{ "kill all", request_handle_kill, -1, SIGTERM, "7 badarg" },
	{ "kill a group", request_handle_kill, -100, SIGTERM,
	    "7 text; error 1; 'Not allowed to send signal to all processes'" },
	{ "kill with no signal", request_handle_kill, 100, NSIG,
	    "7 errno; error 22" },
	{ "kill with -1", request_handle_kill, 100, -1, "7 errno; error 22" },

	{ "a group of its own", request_handle_setpgid, 107, 0,
	    "setpgid 107 0; 7 ok" },
	{ "a child's group", request_handle_setpgid, 100, 100,
	    "setpgid 100 100; 7 ok" },
	{ "a member's group", request_handle_setpgid, 100, 107,
	    "7 errno; error 1" },
	{ "the worker's group", request_handle_setpgid, 100, 102,
	    "7 errno; error 1" },
	{ "a kill command's group", request_handle_setpgid, 100, 104,
	    "7 errno; error 1" },
	{ "a managed one's group", request_handle_setpgid, 100, 101,
	    "7 errno; error 1" },
	{ "nobody's group", request_handle_setpgid, 100, 99,
	    "7 errno; error 1" },
	{ "a group for the worker", request_handle_setpgid, 102, 0, NOT_ALIVE },
	{ "a group for a managed process", request_handle_setpgid, 101, 0,
	    NOT_ALIVE },
	{ "a group for one that lingers", request_handle_setpgid, 105, 0,
	    NOT_ALIVE },

	{ "a list", request_handle_list, 0, 0, "pids; 100; 101; 105; 107" },
	{ "a level", request_handle_debug, 0, 3, "7 level; level 3" },
	{ "hello", request_handle_hello, 0, HELLO_VERSION, "hello reply" },
};

static void
about_row(const void *arg)
{
	const struct about_row *row = arg;
	struct msg m = { .type = IMSG_STOP };

	begin();
	m.request.tid = TID;
	m.request.pid = row->pid;
	m.request.arg = row->arg;
	assert_int_equal(handle(row->handler, &m), 0);
	did(row->done);
}

static void
test_about(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(abouts); i++)
		apart(abouts[i].title, about_row, &abouts[i]);
}

/* What the worker has is passed on to it: for whom the node knows. */
static const struct winsz_row {
	const char *title;
	int32_t pid;
	const char *done;
} winszs[] = {
	{ "a child's", 100, "winsz" },
	{ "one that lingers", 105, "winsz" },
	{ "the worker's", 102, NOT_ALIVE },
	{ "a kill command's", 104, NOT_ALIVE },
	{ "refused", 106, NOT_ALIVE },
	{ "-1's", -1, NOT_ALIVE },
};

static void
winsz_row(const void *arg)
{
	const struct winsz_row *row = arg;
	struct msg_winsz w = { TID, row->pid, 24, 80 };
	struct msg m = {
		.type = IMSG_WINSZ, .data = &w, .len = sizeof(w), .winsz = w
	};

	begin();
	assert_int_equal(handle(request_handle_winsz, &m), 0);
	did(row->done);
}

static void
test_winsz(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(winszs); i++)
		apart(winszs[i].title, winsz_row, &winszs[i]);
}

static const struct manage_row {
	const char *title;
	int32_t pid;
	int nice;
	const char *done;
	const char *logged;
} manages[] = {
	{ "the starter's", 200, 0, "child 9 pid 200", "" },
	{ "a child", 100, 0, "7 badarg", "" },
	{ "one that is managed", 101, 0, "7 badarg", "" },
	{ "a kill command", 104, 0, "7 badarg", "" },
	{ "the worker", 102, 0, "7 errno; error 1",
	    "manage of pid 102 refused" },
	{ "root's", 201, 0, "7 errno; error 1", "manage of pid 201 refused" },
	{ "nobody", 99, 0, "7 not found", "" },
	{ "nobody, by a number that none has", -1, 0, "7 not found", "" },
	{ "less nice", 200, -5, "7 errno; stage 6; error 13; 'nice -5'",
	    "manage of pid 200 refused" },
};

static void
manage_row(const void *arg)
{
	const struct manage_row *row = arg;
	struct msg m = { .type = IMSG_MANAGE };

	begin();
	proc_other(200, STARTER_UID, 0);
	proc_other(201, 0, 0);
	m.run = run_plain(row->nice != 0 ? RUN_NICE : 0);
	m.run.pid = row->pid;
	m.run.nice = row->nice;
	assert_int_equal(handle(request_handle_manage, &m), 0);
	did(row->done);
	logs(row->logged);
}

static void
test_manage(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(manages); i++)
		apart(manages[i].title, manage_row, &manages[i]);
}

static void
test_shutdown(void)
{
	struct msg m = { .type = IMSG_SHUTDOWN };

	exit_init(0);
	m.request.arg = EXIT_PEER;
	assert_int_equal(handle(request_handle_shutdown, &m), 0);
	assert_int_equal(phase_now(), PHASE_STOP);
	assert_int_equal(phase_status(), EXIT_PEER);
	did("");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_no_run),
		CASE(test_run_fails),
		CASE(test_run_unborn),
		CASE(test_run_lingers),
		CASE(test_broken_run),
		CASE(test_broken),
		CASE(test_refuse),
		cmocka_unit_test(test_about),
		cmocka_unit_test(test_winsz),
		cmocka_unit_test(test_manage),
		CASE(test_shutdown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
