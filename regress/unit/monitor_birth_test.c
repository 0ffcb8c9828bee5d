/*
 * Tests of births: what a launcher says of a child, and the races between its
 * word, the child's own end, and numbers that come again. Linked with what is
 * below birth.c.
 */

#include "monitor_util.h"

#include "monitor/birth.h"
#include "monitor/exit.h"
#include "monitor/group.h"
#include "monitor/watch.h"

/* As those of runs answer, and without their answers. */
static void
note_started(struct child *c, const struct launched *l, int fds[3])
{
	if (l->stage != STAGE_NONE) {
		note("failed %u %d '%s'", l->stage, (int)l->error, l->text);
		return;
	}
	note("started %u pid %d", (unsigned int)c->id, (int)c->pid);
	/* It takes the second of its pipes. */
	fds[1] = -1;
}

static struct child *
asked_for(const struct run *r)
{
	struct child *c = child_asked(r);

	c->started = note_started;
	return (c);
}

static struct child *
asked(uint32_t flags)
{
	struct run r = run_plain(flags);

	return (asked_for(&r));
}

/* What a launcher says of c: it is pid, or stage says that it is not. */
static int
said(struct child *c, pid_t pid, enum stage stage, uint32_t streams, int fd)
{
	struct launched l = { .id = c->id,
		.pid = pid,
		.stage = stage,
		.error = stage == STAGE_NONE ? 0 : ENOENT,
		.streams = streams,
		.text = "what" };
	int fds[3] = { -1, fd, -1 };

	return (birth_result(c, &l, fds));
}

static void
begin(void)
{
	exit_init(0);
}

static void
test_runs(void)
{
	struct child *c;

	begin();
	c = asked(0);
	proc_born(100, 0);
	assert_int_equal(said(c, 100, STAGE_NONE, 2, FD_FAKE), 0);
	did("started 1 pid 100");
	assert_int_equal(c->streams, 2);
	assert_int_equal(c->state, CHILD_RUNNING);
	assert_ptr_equal(child_by_pid(100), c);
}

/* What nobody wants is closed. */
static void
test_unwanted(void)
{
	struct child *c;

	begin();
	c = asked(0);
	c->started = NULL;
	proc_born(100, 0);
	assert_int_equal(said(c, 100, STAGE_NONE, 2, FD_FAKE), 0);
	did("close 1000");
}

/* It was dead before its launcher said a word of it. */
static void
test_dead_before_named(void)
{
	struct child *c;

	begin();
	c = asked(0);
	proc_born(100, 0);
	proc_dies(100, EXITED(1));
	watch_dispatch();
	did("");
	assert_int_equal(said(c, 100, STAGE_NONE, 0, -1), 0);
	did("started 1 pid 100");
	watch_dispatch();
	did("reap 100; exit 1 256/256");
}

/* The same where SIGCHLD has to do, which came before, too. */
static void
test_dead_before_named_sigchld(void)
{
	struct child *c;

	world.no_pidfds = 1;
	begin();
	c = asked(0);
	proc_born(100, 0);
	proc_dies(100, EXITED(1));
	watch_signal(1);
	assert_int_equal(said(c, 100, STAGE_NONE, 0, -1), 0);
	did("started 1 pid 100");
	sleep_ms(0);
	did("reap 100; exit 1 256/256");
	assert_int_equal(watch_unexplained(), 0);
}

static const struct failure_row {
	const char *title;
	uint32_t stage;
	uint32_t streams;
	int born;
	int dead;
	const char *done;
	int left; /* children, until that process ends */
} failures[] = {
	{ "no process", STAGE_FORK, 0, 0, 0, "failed 4 2 'what'", 0 },
	{ "dead", STAGE_EXEC, 0, 1, 1, "reap 100; failed 10 2 'what'", 0 },
	{ "not dead yet", STAGE_EXEC, 0, 1, 0, "failed 10 2 'what'", 1 },
	{ "its user", STAGE_USER, 0, 1, 0, "failed 7 2 ''www''", 1 },
	{ "its priority", STAGE_NICE, 0, 1, 0, "failed 6 2 'nice 0'", 1 },
	{ "its stdin is missing", STAGE_NONE, 1, 1, 0,
	    "kill 100 KILL; failed 2 24 'stdin'", 1 },
	{ "its stderr is missing", STAGE_NONE, 6, 1, 0,
	    "kill 100 KILL; failed 2 24 'stderr'; close 1000", 1 },
	{ "its stdin is missing, and it is dead", STAGE_NONE, 1, 1, 1,
	    "kill 100 KILL; reap 100; failed 2 24 'stdin'", 0 },
};

static void
failure_row(const void *arg)
{
	const struct failure_row *row = arg;
	struct child *c;

	begin();
	c = asked(0);
	if (row->born)
		proc_born(100, 0);
	if (row->dead)
		proc_dies(100, EXITED(1));
	assert_int_equal(said(c, row->born ? 100 : 0, row->stage, row->streams,
			     row->streams & 2 ? FD_FAKE : -1),
	    0);
	did(row->done);
	assert_null(child_by_id(1));
	assert_int_equal(child_count(), row->left);
	if (row->left == 0)
		return;
	/* It is held until it is reaped, and nobody is told. */
	assert_int_equal(child_by_pid(100)->kind, CHILD_FAILED);
	assert_true(child_idle());
	proc_dies(100, SIGKILL);
	watch_dispatch();
	did("reap 100");
	assert_int_equal(child_count(), 0);
}

static void
test_failures(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(failures); i++)
		apart(failures[i].title, failure_row, &failures[i]);
}

/* Its launcher died with it. */
static void
test_lost(void)
{
	begin();
	birth_lost(asked(0));
	did("failed 11 32 ''");
	assert_int_equal(child_count(), 0);
}

/*
 * What cannot be true: a process that is no child of ours, or is one that is
 * known. Then nothing has happened.
 */
static const struct lie_row {
	const char *title;
	pid_t pid;
} lies[] = {
	{ "a negative one", -1 },
	{ "none", 0 },
	{ "init", 1 },
	{ "nobody", 99 },
	{ "a child that runs", 200 },
	{ "a child that has ended", 201 },
	{ "the worker", 202 },
	{ "somebody else's", 203 },
	{ "one that is managed", 204 },
	{ "what a failed launch has left", 205 },
};

static void
lie_row(const void *arg)
{
	const struct lie_row *row = arg;
	struct child *c, *foreign;

	begin();
	(void)child_running(200, 0);
	(void)child_running(201, 0);
	proc_dies(201, 0);
	proc_born(202, 0);
	(void)child_new_ring("worker", 202, NULL);
	proc_other(203, WWW_UID, 0);
	proc_other(204, WWW_UID, 0);
	foreign = child_new(CHILD_FOREIGN);
	assert_int_equal(watch_foreign(foreign, 204), 0);
	child_set_pid(foreign, 204);
	proc_born(205, 0);
	assert_int_equal(birth_adopt(205), 1);
	assert_int_equal(birth_adopt(205), 0);
	assert_int_equal(birth_adopt(row->pid), 0);
	assert_int_equal(birth_kill(row->pid), 0);
	c = asked(0);
	assert_int_equal(said(c, row->pid, STAGE_NONE, 0, -1), -1);
	did("");
	assert_int_equal(c->state, CHILD_ASKED);
}

static void
test_lies(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(lies); i++)
		apart(lies[i].title, lie_row, &lies[i]);
}

/* Nor is a priority given to what is no new child of ours. */
static void
test_lies_nice(void)
{
	struct run r = run_plain(RUN_NICE);

	begin();
	r.nice = -5;
	world.www.base.change = 1;
	(void)child_running(200, 0);
	proc_other(203, WWW_UID, 0);
	assert_int_equal(said(asked_for(&r), 200, STAGE_NONE, 0, -1), -1);
	assert_int_equal(said(asked_for(&r), 203, STAGE_NONE, 0, -1), -1);
	did("");
}

static const struct nice_row {
	const char *title;
	int nice;
	int change;
	int error;
	const char *done;
} nices[] = {
	{ "of somebody else's", -5, 1, 0, "nice 100 -5; started 1 pid 100" },
	{ "refused", -5, 1, EACCES,
	    "nice 100 -5; kill 100 KILL; failed 6 13 'nice -5'" },
	{ "it is dead", -5, 1, ESRCH, "nice 100 -5; started 1 pid 100" },
	{ "it could do it", 5, 1, 0, "started 1 pid 100" },
	{ "its launcher could", -5, 0, 0, "started 1 pid 100" },
};

static void
nice_row(const void *arg)
{
	const struct nice_row *row = arg;
	struct run r = run_plain(RUN_NICE);
	struct child *c;

	begin();
	r.nice = row->nice;
	world.www.base.change = row->change;
	world.nice_errno = row->error;
	c = asked_for(&r);
	proc_born(100, 0);
	assert_int_equal(said(c, 100, STAGE_NONE, 0, -1), 0);
	did(row->done);
}

static void
test_nice(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(nices); i++)
		apart(nices[i].title, nice_row, &nices[i]);
}

/* A managed process has ended unseen, and its number is a new child's. */
static void
test_foreign_reused(void)
{
	struct child *c, *foreign;

	begin();
	c = asked(0);
	proc_other(100, STARTER_UID, 0);
	foreign = child_new(CHILD_FOREIGN);
	assert_int_equal(watch_foreign(foreign, 100), 0);
	child_set_pid(foreign, 100);
	proc_gone(100);
	proc_born(100, 0);
	assert_int_equal(said(c, 100, STAGE_NONE, 0, -1), 0);
	did("exit 2 -1/-1; started 1 pid 100");
	assert_ptr_equal(child_by_pid(100), c);
}

/* The leader of a group that is left had the number of a new child. */
static void
test_leader_reused(void)
{
	struct child *leader, *c;

	begin();
	leader = child_running(100, RUN_KILL_GROUP);
	proc_other(101, WWW_UID, 100);
	leader->reason = REASON_STOPPED;
	timer_set(&leader->deadline, 500, NULL, NULL);
	c = asked(0);
	proc_dies(100, SIGTERM);
	watch_dispatch();
	did("kill -100 TERM; kill -100 CONT; reap 100");
	proc_gone(101);
	proc_born(100, 0);
	assert_int_equal(said(c, 100, STAGE_NONE, 0, -1), 0);
	did("exit 1 0/15 stopped; started 2 pid 100");
	/* And the new one's group is not that one's. */
	sleep_ms(5000);
	did("");
}

/* It has joined a group, and is found there. */
static void
test_joined(void)
{
	struct run r = run_plain(RUN_GROUP);
	struct child *c;

	begin();
	(void)child_running(100, 0);
	r.group = 100;
	c = asked_for(&r);
	proc_born(101, 100);
	assert_int_equal(said(c, 101, STAGE_NONE, 0, -1), 0);
	did("started 2 pid 101");
	group_kill(child_by_pid(100));
	did("kill -100 KILL");
	proc_dies(101, 0);
	watch_dispatch();
	did("reap 101; exit 2 0/0");
	/* Nor does somebody else of that number make it one that has. */
	proc_other(101, WWW_UID, 100);
	group_kill(child_by_pid(100));
	did("orphans of group 100 KILL");
}

static void
test_adopt(void)
{
	begin();
	proc_born(100, 0);
	proc_born(101, 0);
	proc_dies(101, 0);
	assert_int_equal(birth_adopt(100), 1);
	assert_int_equal(birth_adopt(101), 0);
	did("reap 101");
	assert_int_equal(child_count(), 1);
	proc_born(102, 0);
	assert_int_equal(birth_kill(102), 1);
	did("kill 102 KILL");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_runs),
		CASE(test_unwanted),
		CASE(test_dead_before_named),
		CASE(test_dead_before_named_sigchld),
		cmocka_unit_test(test_failures),
		CASE(test_lost),
		cmocka_unit_test(test_lies),
		CASE(test_lies_nice),
		cmocka_unit_test(test_nice),
		CASE(test_foreign_reused),
		CASE(test_leader_reused),
		CASE(test_joined),
		CASE(test_adopt),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
