/*
 * Tests of what the worker reports, which may have been taken over: about
 * whom, and when. Linked with what is below report.c, but for launches.
 */

#include "monitor_launch.h"
#include "monitor_util.h"

#include "monitor/exit.h"
#include "monitor/report.h"
#include "monitor/watch.h"

#define ASKED 8
#define LEFT 9
#define NOBODY 99

/*
 * 1 runs as pid 100, with stdin, and may linger; 2 is managed, pid 101; 3 is
 * the worker, pid 102; 4 a failed launch's, pid 103; 5 a kill command, pid
 * 104; 6 lingers, pid 105; 7 the same as 1, and its end is not told yet, pid
 * 106; 8 was asked for; 9 has left a group, pid 107.
 */
static void
begin(void)
{
	struct run r = run_plain(RUN_LINGER);
	struct child *c;

	exit_init(0);
	r.linger = 1000;
	r.idle = 60000;
	child_running_as(100, &r)->streams = 3;
	proc_other(101, STARTER_UID, 0);
	c = child_new(CHILD_FOREIGN);
	assert_int_equal(watch_foreign(c, 101), 0);
	child_set_pid(c, 101);
	proc_born(102, 0);
	(void)child_new_ring("worker", 102, NULL);
	proc_born(103, 0);
	c = child_new(CHILD_FAILED);
	child_set_pid(c, 103);
	watch_child(c);
	proc_born(104, 0);
	c = child_new(CHILD_KILLER);
	c->victim = 1;
	child_set_pid(c, 104);
	watch_child(c);
	child_running_as(105, &r)->streams = 3;
	proc_dies(105, 0);
	c = child_running_as(106, &r);
	c->streams = 3;
	c->drained = 1;
	c->cut = 1;
	c->idle = 0;
	(void)child_asked(&r);
	r.flags = RUN_KILL_GROUP;
	c = child_running_as(107, &r);
	c->streams = 3;
	c->reason = REASON_STOPPED;
	proc_other(108, WWW_UID, 107);
	proc_dies(107, 0);
	timer_set(&c->deadline, 5000, NULL, NULL);
	watch_dispatch();
	did("kill -107 TERM; kill -107 CONT; reap 107");
}

static const struct report_row {
	const char *title;
	uint32_t id;
	int lost; /* what the handlers return */
	const char *lost_done;
	int drained;
	const char *drained_done;
	int cut;
	const char *cut_done;
	int idle;
	const char *idle_done;
} reports[] = {
	{ "a child", 1, 0, "kill 100 KILL", 0, "", 0,
	    "descendants 100 KILL; kill -100 KILL", 0,
	    "kill 100 TERM; kill 100 CONT" },
	{ "a managed process", 2, -1, "", -1, "", -1, "", -1, "" },
	{ "itself", 3, 0, "", 0, "", 0, "", 0, "" },
	{ "what a failed launch has left", 4, -1, "", -1, "", -1, "", -1, "" },
	{ "a kill command", 5, -1, "", -1, "", -1, "", -1, "" },
	{ "one that lingers", 6, 0, "kill 105 KILL", 0, "reap 105; exit 6 0/0",
	    0, "descendants 105 KILL; kill -105 KILL", 0, "" },
	{ "one that it has reported", 7, 0, "kill 106 KILL", -1, "", -1, "", -1,
	    "" },
	{ "one that has no pid", ASKED, 0, "", -1, "", -1, "", -1, "" },
	{ "one that has left a group", LEFT, 0, "", -1, "", 0, "", 0, "" },
	{ "nobody", NOBODY, 0, "", 0, "", 0, "", 0, "" },
};

static void
lost_row(const void *arg)
{
	const struct report_row *row = arg;
	struct msg m = { .type = IMSG_STREAM, .fd = -1 };

	begin();
	m.stream.id = row->id;
	assert_int_equal(handle(report_handle_lost, &m), row->lost);
	did(row->lost_done);
	if (*row->lost_done != '\0')
		assert_false(child_public(child_by_id(row->id)));
}

static void
drained_row(const void *arg)
{
	const struct report_row *row = arg;
	struct msg m = { .type = IMSG_DRAINED };

	begin();
	m.note.id = row->id;
	assert_int_equal(handle(report_handle_drained, &m), row->drained);
	did(row->drained_done);
}

static void
cut_row(const void *arg)
{
	const struct report_row *row = arg;
	struct msg m = { .type = IMSG_CUT };

	begin();
	m.note.id = row->id;
	assert_int_equal(handle(report_handle_cut, &m), row->cut);
	did(row->cut_done);
}

/* The second time it cannot be true. */
static void
idle_row(const void *arg)
{
	const struct report_row *row = arg;
	struct msg m = { .type = IMSG_IDLE };
	const struct child *c;

	begin();
	m.note.id = row->id;
	assert_int_equal(handle(report_handle_idle, &m), row->idle);
	did(row->idle_done);
	c = child_by_id(row->id);
	if (row->idle == 0 && c != NULL && c->kind != CHILD_RING)
		assert_int_equal(handle(report_handle_idle, &m), -1);
	if (*row->idle_done != '\0')
		assert_int_equal(c->reason, REASON_IDLE);
}

static void
each_report(void (*fn)(const void *))
{
	size_t i;

	for (i = 0; i < nitems(reports); i++)
		apart(reports[i].title, fn, &reports[i]);
}

static void
test_lost(void **state)
{
	(void)state;
	each_report(lost_row);
}

static void
test_drained(void **state)
{
	(void)state;
	each_report(drained_row);
}

static void
test_idle(void **state)
{
	(void)state;
	each_report(idle_row);
}

static void
test_cut(void **state)
{
	(void)state;
	each_report(cut_row);
}

/* The worker has not been told of it: it cannot know. */
static void
test_untold(void)
{
	struct slot *slot = (struct slot *)&world;
	struct msg m = { .type = IMSG_CUT };
	struct child *c;

	begin();
	c = child_by_id(1);
	c->slot = slot;
	m.note.id = 1;
	assert_int_equal(handle(report_handle_cut, &m), -1);
	m.type = IMSG_IDLE;
	assert_int_equal(handle(report_handle_idle, &m), -1);
	m.type = IMSG_DRAINED;
	assert_int_equal(handle(report_handle_drained, &m), -1);
	did("");
	c->slot = NULL;
}

/* Its output has come to its end before it has: it does not linger. */
static void
test_drained_before(void)
{
	struct msg m = { .type = IMSG_DRAINED };

	begin();
	m.note.id = 1;
	assert_int_equal(handle(report_handle_drained, &m), 0);
	did("");
	proc_dies(100, 0);
	watch_dispatch();
	did("reap 100; exit 1 0/0");
}

/* A child that the worker has refused: its end is sent, and is no one's. */
static void
test_lost_ends(void)
{
	struct msg m = { .type = IMSG_STREAM, .fd = -1 };

	begin();
	m.stream.id = 6;
	assert_int_equal(handle(report_handle_lost, &m), 0);
	did("kill 105 KILL");
	/* It is not left to linger. */
	sleep_ms(0);
	did("reap 105; exit 6 0/0 cut");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_drained),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_idle),
		CASE(test_untold),
		CASE(test_drained_before),
		CASE(test_lost_ends),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
