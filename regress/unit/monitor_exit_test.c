/*
 * Tests of ends of children: of what is told of them, in which order, and of
 * those that linger. Linked with what is below exit.c.
 */

#include "monitor_util.h"
#include "reap.h"

#include "monitor/exit.h"
#include "monitor/phase.h"
#include "monitor/reply.h"
#include "monitor/watch.h"

static const struct run_row {
	const char *title;
	uint32_t flags;
	uint32_t success;
	enum reason reason;
	unsigned int killed;
	int status;
	const char *done;
} told[] = {
	{ "by itself", 0, 0, REASON_NORMAL, 0, EXITED(3),
	    "reap 100; exit 1 768/768" },
	{ "well", 0, 0, REASON_NORMAL, 0, 0, "reap 100; exit 1 0/0" },
	{ "well, by a name of its own", RUN_SUCCESS, 5, REASON_NORMAL, 0, 0,
	    "reap 100; exit 1 5/0" },
	{ "not well, with such a name", RUN_SUCCESS, 5, REASON_NORMAL, 0,
	    EXITED(1), "reap 100; exit 1 256/256" },
	{ "after a stop", RUN_SUCCESS, 5, REASON_STOPPED, 0, SIGTERM,
	    "reap 100; exit 1 0/15 stopped" },
	{ "after a timeout", 0, 0, REASON_TIMEOUT, 0, SIGTERM,
	    "reap 100; exit 1 15/15 timeout" },
	{ "killed", 0, 0, REASON_STOPPED, 1, SIGKILL,
	    "reap 100; exit 1 0/9 stopped killed" },
	{ "as it was about to be killed", 0, 0, REASON_STOPPED, 1, SIGTERM,
	    "reap 100; exit 1 0/15 stopped" },
	{ "well, as it was about to be killed", 0, 0, REASON_TIMEOUT, 1, 0,
	    "reap 100; exit 1 0/0 timeout" },
	{ "its group with it", RUN_KILL_GROUP, 0, REASON_NORMAL, 0, 0,
	    "kill -100 TERM; kill -100 CONT; reap 100; exit 1 0/0" },
	{ "its group at once, as there is no time", RUN_KILL_GROUP, 0,
	    REASON_TIMEOUT, 0, SIGTERM,
	    "kill -100 KILL; reap 100; exit 1 15/15 timeout" },
};

static void
told_row(const void *arg)
{
	const struct run_row *row = arg;
	struct run r = run_plain(row->flags);
	struct child *c;

	exit_init(0);
	r.success = row->success;
	c = child_running_as(100, &r);
	watch_dispatch();
	did("");
	c->reason = row->reason;
	c->killed = row->killed & 1;
	proc_dies(100, row->status);
	watch_dispatch();
	did(row->done);
	assert_int_equal(child_count(), 0);
	assert_null(child_by_pid(100));
}

static void
test_told(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(told); i++)
		apart(told[i].title, told_row, &told[i]);
}

/* Of those that had 5 s of a processor. */
static const struct cpu_row {
	const char *title;
	uint32_t flags;
	enum reason reason;
	unsigned int killed;
	int status;
	int user; /* s that it has used */
	int system;
	const char *done;
} cpu_times[] = {
	{ "it hears that", 0, REASON_NORMAL, 0, SIGXCPU, 5, 0,
	    "reap 100; exit 1 24/24 timeout" },
	{ "by a clock that is a little behind", 0, REASON_NORMAL, 0, SIGXCPU, 4,
	    0, "reap 100; exit 1 24/24 timeout" },
	{ "it does not want to", 0, REASON_NORMAL, 0, SIGKILL, 3, 2,
	    "reap 100; exit 1 9/9 timeout killed" },
	{ "others kill it", 0, REASON_NORMAL, 0, SIGKILL, 2, 2,
	    "reap 100; exit 1 9/9" },
	{ "we kill it", 0, REASON_NORMAL, 1, SIGKILL, 9, 0,
	    "reap 100; exit 1 9/9 killed" },
	{ "it was stopped before", 0, REASON_STOPPED, 0, SIGXCPU, 9, 0,
	    "reap 100; exit 1 0/24 stopped" },
	{ "others end it", 0, REASON_NORMAL, 0, SIGTERM, 9, 0,
	    "reap 100; exit 1 15/15" },
	{ "it ends by itself", 0, REASON_NORMAL, 0, EXITED(24), 9, 0,
	    "reap 100; exit 1 6144/6144" },
	{ "its group with it", RUN_KILL_GROUP, REASON_NORMAL, 0, SIGXCPU, 5, 0,
	    "kill -100 TERM; kill -100 CONT; reap 100; exit 1 24/24 timeout" },
};

static void
cpu_row(const void *arg)
{
	const struct cpu_row *row = arg;
	struct run r = run_plain(row->flags);
	struct child *c;

	exit_init(0);
	r.cpu_time = 5;
	c = child_running_as(100, &r);
	watch_dispatch();
	did("");
	c->reason = row->reason;
	c->killed = row->killed & 1;
	world.usage.ru_utime.tv_sec = row->user;
	world.usage.ru_stime.tv_sec = row->system;
	proc_dies(100, row->status);
	watch_dispatch();
	did(row->done);
}

static void
test_cpu_time(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(cpu_times); i++)
		apart(cpu_times[i].title, cpu_row, &cpu_times[i]);
}

static int ended_status;

static void
note_ended(struct child *c, int status)
{
	ended_status = status;
	assert_true(c->kind == CHILD_KILLER || c->kind == CHILD_FAILED);
}

/* The ends of kill commands and of failed launches are nobody's business. */
static void
test_untold(void)
{
	static const enum child_kind kinds[] = { CHILD_KILLER, CHILD_FAILED };
	struct child *c;
	size_t i;

	exit_init(0);
	for (i = 0; i < nitems(kinds); i++) {
		proc_born(100, 0);
		c = child_new(kinds[i]);
		c->victim = 99;
		c->ended = note_ended;
		child_set_pid(c, 100);
		watch_child(c);
		did("");
		proc_dies(100, EXITED(1));
		watch_dispatch();
		did("reap 100");
		assert_int_equal(ended_status, EXITED(1));
		ended_status = 0;
	}
	assert_int_equal(child_count(), 0);
}

/* Until its tracer lets go. */
static void
held(pid_t pid)
{
	assert_int_equal(child_by_pid(pid)->kind, CHILD_HELD);
	assert_int_equal(child_count(), 0);
	assert_true(child_idle());
	assert_int_equal(world.taken, 0);
	assert_int_equal(timer_wait(), -1);
	world.traced = 0;
	watch_signal(1);
	sleep_ms(1);
	did("reap 100");
	assert_null(child_by_pid(pid));
}

/* Nor are those of such that a tracer holds; but what has ended is over. */
static void
test_held_untold(void)
{
	struct child *c;

	exit_init(0);
	proc_born(100, 0);
	c = child_new(CHILD_KILLER);
	c->ended = note_ended;
	child_set_pid(c, 100);
	watch_child(c);
	world.traced = 1;
	proc_dies(100, EXITED(127));
	watch_dispatch();
	sleep_ms(2000);
	did("");
	assert_int_equal(ended_status, -1);
	held(100);
}

/* A process of the ring is what it is until it was reaped. */
static void
test_held_ring(void)
{
	exit_init(0);
	proc_born(100, 0);
	watch_child(child_new_ring("worker", 100, NULL));
	world.traced = 1;
	proc_dies(100, 0);
	watch_dispatch();
	sleep_ms(10000);
	did("");
	assert_int_equal(child_by_pid(100)->kind, CHILD_RING);
	assert_int_equal(timer_wait(), -1);
}

/* Its end is nobody's as soon as its pid is given up, and its timers are. */
static void
test_forgotten(void)
{
	struct child *c;

	exit_init(0);
	c = child_running(100, 0);
	timer_set(&c->deadline, 1000, NULL, NULL);
	timer_set(&c->limit, 1000, NULL, NULL);
	proc_dies(100, 0);
	exit_check(c);
	did("reap 100; exit 1 0/0");
	assert_int_equal(timer_wait(), -1);
	assert_int_equal(world.taken, 0);
}

/* What waits for pidfds has none here: SIGCHLD has to do. */
static void
test_no_pidfds(void)
{
	world.no_pidfds = 1;
	exit_init(0);
	(void)child_running(100, 0);
	(void)child_running(101, 0);
	sleep_ms(1000);
	proc_dies(101, 0);
	sleep_ms(1000);
	did("");
	watch_signal(1);
	sleep_ms(1);
	did("reap 101; exit 2 0/0");
	assert_int_equal(watch_unexplained(), 0);
}

/* A tracer has a dead one: it is reaped when that lets go, and not before. */
static void
test_traced(void)
{
	exit_init(0);
	(void)child_running(100, 0);
	world.traced = 1;
	proc_dies(100, 0);
	watch_dispatch();
	sleep_ms(1000);
	did("");
	assert_int_equal(child_by_pid(100)->unwatched, 1);
	exit_check(child_by_pid(100));
	did("");
	world.traced = 0;
	watch_signal(1);
	sleep_ms(1);
	did("reap 100; exit 1 0/0");
	watch_signal(1);
	sleep_ms(1);
	did("");
}

static const struct held_row {
	const char *title;
	uint32_t flags;
	enum reason reason;
	unsigned int killed;
	const char *done;
} helds[] = {
	{ "by itself", 0, REASON_NORMAL, 0, "exit 1 -1/-1" },
	{ "well, by a name of its own", RUN_SUCCESS, REASON_NORMAL, 0,
	    "exit 1 -1/-1" },
	{ "killed", 0, REASON_STOPPED, 1, "exit 1 0/-1 stopped killed" },
	{ "its group with it", RUN_KILL_GROUP, REASON_NORMAL, 0,
	    "kill -100 TERM; kill -100 CONT; exit 1 -1/-1" },
	{ "its group, which has no time left", RUN_KILL_GROUP, REASON_TIMEOUT,
	    0, "kill -100 KILL; exit 1 -1/-1 timeout" },
};

/* A tracer does not wait for a dead one: it is over, and its pid its own. */
static void
held_row(const void *arg)
{
	const struct held_row *row = arg;
	struct run r = run_plain(row->flags);
	struct child *c;

	exit_init(0);
	r.success = row->flags & RUN_SUCCESS ? 5 : 0;
	c = child_running_as(100, &r);
	c->reason = row->reason;
	c->killed = row->killed & 1;
	world.traced = 1;
	proc_dies(100, EXITED(0));
	watch_dispatch();
	sleep_ms(1999);
	did("");
	sleep_ms(1);
	did(row->done);
	logs("pid 100 is dead");
	held(100);
}

static void
test_held(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(helds); i++)
		apart(helds[i].title, held_row, &helds[i]);
}

static struct child *
lingering(uint32_t flags)
{
	struct run r = run_plain(flags | RUN_LINGER);
	struct child *c;

	exit_init(0);
	r.linger = 300;
	c = child_running_as(100, &r);
	proc_dies(100, 0);
	watch_dispatch();
	did("");
	assert_int_equal(c->state, CHILD_LINGERING);
	/* The node can speak of it still, and it is looked at in vain. */
	assert_ptr_equal(child_by_pid(100), c);
	assert_true(child_alive(c));
	watch_dispatch();
	exit_check(c);
	did("");
	return (c);
}

static void
test_linger_timeout(void)
{
	(void)lingering(0);
	sleep_ms(299);
	did("");
	sleep_ms(1);
	did("reap 100; exit 1 0/0 cut");
}

static void
test_linger_drained(void)
{
	struct child *c = lingering(0);

	sleep_ms(100);
	exit_drained(c);
	did("reap 100; exit 1 0/0");
	assert_int_equal(timer_wait(), -1);
}

/* It lingers first. */
static void
test_linger_held(void)
{
	world.traced = 1;
	(void)lingering(0);
	sleep_ms(300 + 1999);
	did("");
	sleep_ms(1);
	did("exit 1 -1/-1 cut");
	held(100);
}

/* What is at hand is answered before. */
static void
test_linger_hurry(void)
{
	exit_hurry(lingering(0));
	did("");
	sleep_ms(0);
	did("reap 100; exit 1 0/0 cut");
}

static void
test_linger_hurry_then_drained(void)
{
	struct child *c = lingering(0);

	exit_hurry(c);
	exit_drained(c);
	did("reap 100; exit 1 0/0");
	sleep_ms(1000);
	did("");
}

/* Its group hears it when it is over, and not before. */
static void
test_linger_group(void)
{
	(void)lingering(RUN_KILL_GROUP);
	sleep_ms(300);
	did("kill -100 TERM; kill -100 CONT; reap 100; exit 1 0/0 cut");
}

/* One that runs is in no hurry. */
static void
test_hurry_runs(void)
{
	struct child *c;

	exit_init(0);
	c = child_running(100, 0);
	exit_hurry(c);
	sleep_ms(1000);
	did("");
	assert_int_equal(c->state, CHILD_RUNNING);
}

static const struct linger_row {
	const char *title;
	uint32_t linger;
	int drained;
	unsigned int killed;
	unsigned int refused;
	enum reason reason;
	int stops;
	const char *done;
} not_lingering[] = {
	{ "none asked for", 0, 0, 0, 0, REASON_NORMAL, 0,
	    "reap 100; exit 1 0/0" },
	{ "drained before", 300, 1, 0, 0, REASON_NORMAL, 0,
	    "reap 100; exit 1 0/0" },
	{ "killed", 300, 0, 1, 0, REASON_NORMAL, 0, "reap 100; exit 1 0/0" },
	{ "refused", 300, 0, 0, 1, REASON_NORMAL, 0, "reap 100; exit 1 0/0" },
	{ "stopped", 300, 0, 0, 0, REASON_STOPPED, 0,
	    "reap 100; exit 1 0/0 stopped" },
	{ "its time was over", 300, 0, 0, 0, REASON_TIMEOUT, 0,
	    "reap 100; exit 1 0/0 timeout" },
	{ "in a shutdown", 300, 0, 0, 0, REASON_NORMAL, 1,
	    "reap 100; exit 1 0/0" },
};

static void
not_lingering_row(const void *arg)
{
	const struct linger_row *row = arg;
	struct run r = run_plain(RUN_LINGER);
	struct child *c;

	exit_init(0);
	r.linger = row->linger;
	c = child_running_as(100, &r);
	c->killed = row->killed & 1;
	c->refused = row->refused & 1;
	c->reason = row->reason;
	if (row->drained)
		exit_drained(c);
	if (row->stops)
		(void)phase_stop(0);
	proc_dies(100, 0);
	watch_dispatch();
	did(row->done);
}

static void
test_not_lingering(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(not_lingering); i++)
		apart(not_lingering[i].title, not_lingering_row,
		    &not_lingering[i]);
}

static const struct {
	uint32_t flags;
	enum io_kind out;
	enum io_kind err;
	uint32_t ms;
} lingers[] = {
	{ 0, IO_PIPE, IO_NULL, 200 },
	{ 0, IO_NULL, IO_PIPE, 200 },
	{ RUN_LINGER, IO_PIPE, IO_PIPE, 50 },
	{ RUN_LINGER, IO_NULL, IO_FILE, 0 },
	{ RUN_PTY, IO_PIPE, IO_PIPE, 0 },
	{ RUN_PTY | RUN_LINGER, IO_PIPE, IO_PIPE, 0 },
};

static void
test_linger_of_runs(void)
{
	struct run r;
	size_t i;

	exit_init(200);
	for (i = 0; i < nitems(lingers); i++) {
		r = run_plain(lingers[i].flags);
		r.io[1].kind = lingers[i].out;
		r.io[2].kind = lingers[i].err;
		r.linger = 50;
		assert_int_equal(exit_linger(&r), lingers[i].ms);
	}
}

/* An answer of exec-port's waits for one before it, and the end behind it. */
static void
test_behind_its_answer(void)
{
	struct launched failed = { .stage = STAGE_EXEC, .error = ENOENT };
	struct run r = run_plain(0);
	int fds[3] = { -1, FD_FAKE, -1 };
	struct slot *before, *holder;
	struct child *c;

	exit_init(0);
	reply_open(&before, &r);
	c = child_running(100, 0);
	reply_open(&holder, &r);
	c->slot = holder;
	reply_child(c, fds);
	proc_dies(100, EXITED(1));
	watch_dispatch();
	/* It is forgotten, and its slot is not. */
	did("reap 100");
	assert_int_equal(child_count(), 0);
	assert_int_equal(reply_waiting(), 2);
	failed.text = "/nowhere";
	reply_failed(before, &failed);
	did("7 runfail; stage 10; error 2; '/nowhere'; stream 1.1 fd 1000; "
	    "child 1 pid 100; exit 1 256/256");
	assert_null(before);
	assert_int_equal(reply_waiting(), 0);
	/* Its child would have had this, and is no more: it is not written. */
	assert_non_null(holder);
}

/* The rest of a group after a stop: the end is told behind its end. */
static void
test_behind_its_group(void)
{
	struct child *c;

	exit_init(0);
	c = child_running(100, RUN_KILL_GROUP);
	proc_other(101, WWW_UID, 100);
	c->reason = REASON_STOPPED;
	timer_set(&c->deadline, 500, NULL, NULL);
	proc_dies(100, SIGTERM);
	watch_dispatch();
	did("kill -100 TERM; kill -100 CONT; reap 100");
	assert_int_equal(c->state, CHILD_LEFT);
	/* What was left of the deadline is the rest's. */
	assert_int_equal(timer_left(&c->deadline), 500);
	sleep_ms(400);
	did("");
	proc_gone(101);
	sleep_ms(100);
	did("exit 1 0/15 stopped");
	assert_int_equal(timer_wait(), -1);
}

/* A managed process ends: its parent alone knows how. */
static void
test_foreign(void)
{
	struct child *c;

	exit_init(0);
	proc_other(100, STARTER_UID, 0);
	c = child_new(CHILD_FOREIGN);
	assert_int_equal(watch_foreign(c, 100), 0);
	child_set_pid(c, 100);
	watch_dispatch();
	exit_check(c);
	did("");
	c->killed = 1;
	proc_dies(100, EXITED(3));
	watch_dispatch();
	did("exit 1 -1/-1 killed");
	assert_int_equal(child_count(), 0);
}

/* Its number is a child's now: it is not the new one that is reaped. */
static void
test_foreign_reused(void)
{
	struct child *c;

	exit_init(0);
	proc_other(100, STARTER_UID, 0);
	c = child_new(CHILD_FOREIGN);
	assert_int_equal(watch_foreign(c, 100), 0);
	child_set_pid(c, 100);
	proc_gone(100);
	proc_born(100, 0);
	proc_dies(100, 0);
	exit_check(c);
	did("exit 1 -1/-1");
	assert_true(reap_has_ended(100, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_cpu_time),
		CASE(test_untold),
		CASE(test_forgotten),
		CASE(test_no_pidfds),
		CASE(test_traced),
		cmocka_unit_test(test_held),
		CASE(test_held_untold),
		CASE(test_held_ring),
		CASE(test_linger_timeout),
		CASE(test_linger_held),
		CASE(test_linger_drained),
		CASE(test_linger_hurry),
		CASE(test_linger_hurry_then_drained),
		CASE(test_linger_group),
		CASE(test_hurry_runs),
		cmocka_unit_test(test_not_lingering),
		CASE(test_linger_of_runs),
		CASE(test_behind_its_answer),
		CASE(test_behind_its_group),
		CASE(test_foreign),
		CASE(test_foreign_reused),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
