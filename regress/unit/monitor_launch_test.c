/*
 * Tests of launches: what is asked of launchers, in which order they answer,
 * what becomes of it when one is held or dies, and what a hostile one says.
 * Linked with what is below launch.c.
 */

#include "monitor_maker.h"
#include "monitor_util.h"

#include "monitor/exit.h"
#include "monitor/launch.h"
#include "monitor/phase.h"
#include "monitor/reply.h"
#include "monitor/watch.h"

static void
begin(size_t n)
{
	exit_init(0);
	makers_start(n);
}

static void
note_started(struct child *c, const struct launched *l, int fds[3])
{
	int i;

	if (l->stage != STAGE_NONE)
		note("%u failed %u %d", (unsigned int)c->id,
		    (unsigned int)l->stage, (int)l->error);
	else
		note("%u is pid %d", (unsigned int)c->id, (int)c->pid);
	for (i = 0; i < 3; i++)
		if (fds[i] != -1)
			note("fd %d", fds[i]);
	fds[0] = fds[1] = fds[2] = -1;
}

/* Ask for a child at the nth: its number. */
static uint32_t
ask(size_t n)
{
	struct run r = run_plain(0);
	uint32_t id = maker_asked(n, &r);
	char line[32];

	(void)snprintf(line, sizeof(line), "launch %u", (unsigned int)id);
	did(line);
	child_by_id(id)->started = note_started;
	return (id);
}

static void
native(void)
{
	struct {
		struct msg_hello m;
		char tail[4 + MSG_TEXT_MAX];
	} w = { { .tid = 3, .users = { 0, 4, 1 } }, "www" };

	reply_send(
	    IMSG_HELLO_REPLY, &w, proto_pack_hello(&w, &w.m, "no leaves"));
	did("hello reply");
}

/* The launcher is child 1, of its kind: what it makes begins with 2. */
static void
test_made(void)
{
	begin(1);
	assert_int_equal(ask(0), 2);
	assert_int_equal(ask(0), 3);
	proc_born(100, 0);
	maker_says_stream(0, 2, 1, FD_FAKE + 1);
	maker_says_stream(0, 2, 0, FD_FAKE);
	maker_says(0, 2, 100, STAGE_NONE, 3);
	maker_says(0, 3, 0, STAGE_FORK, 0);
	makers_turn();
	did("2 is pid 100; fd 1000; fd 1001; 3 failed 4 0");
	assert_int_equal(child_count(), 1);
}

/* Two launchers do not wait for each other. */
static void
test_overtakes(void)
{
	begin(2);
	assert_int_equal(ask(0), 3);
	assert_int_equal(ask(1), 4);
	proc_born(101, 0);
	maker_says(1, 4, 101, STAGE_NONE, 0);
	makers_turn();
	did("4 is pid 101");
	proc_born(100, 0);
	maker_says(0, 3, 100, STAGE_NONE, 0);
	makers_turn();
	did("3 is pid 100");
}

/*
 * What a hostile launcher says. 1 and 2 are launchers, 3 and 4 asked of the
 * first, 5 of the second, 6 runs as pid 100, and 101 is a new child.
 */
static const struct lie_row {
	const char *title;
	uint32_t id;
	pid_t pid;
	uint32_t streams; /* as it says last */
	uint32_t stream_id; /* of the one that it says before; 0: none */
	uint32_t stream;
	int fd;
	const char *done;
} lies[] = {
	{ "the truth", 3, 101, 0, 0, 0, 0, "3 is pid 101" },
	{ "not the first", 4, 101, 0, 0, 0, 0, "lie" },
	{ "another launcher's", 5, 101, 0, 0, 0, 0, "lie" },
	{ "itself", 1, 101, 0, 0, 0, 0, "lie" },
	{ "another launcher", 2, 101, 0, 0, 0, 0, "lie" },
	{ "one that runs", 6, 101, 0, 0, 0, 0, "lie" },
	{ "nobody", 7, 101, 0, 0, 0, 0, "lie" },
	{ "it is one that runs", 3, 100, 0, 0, 0, 0, "lie" },
	{ "it is a launcher", 3, MAKER_PID, 0, 0, 0, 0, "lie" },
	{ "it is no child", 3, 99, 0, 0, 0, 0, "lie" },
	{ "a stream that never came", 3, 101, 2, 0, 0, 0, "lie" },
	{ "a stream that it does not count", 3, 101, 0, 3, 1, FD_FAKE, "lie" },
	{ "another stream", 3, 101, 1, 3, 1, FD_FAKE, "lie" },
	{ "another child's stream", 3, 101, 2, 4, 1, FD_FAKE, "lie" },
	{ "no such stream", 3, 101, 0, 3, 3, FD_FAKE, "lie; 3 is pid 101" },
	{ "what is no stream", 3, 101, 0, 3, 1, 2 * FD_FAKE,
	    "lie; 3 is pid 101" },
	{ "a stream that was lost", 3, 101, 2, 3, 1, -1,
	    "kill 101 KILL; 3 failed 2 24" },
};

static void
lie_row(const void *arg)
{
	const struct lie_row *row = arg;

	begin(2);
	assert_int_equal(ask(0), 3);
	assert_int_equal(ask(0), 4);
	assert_int_equal(ask(1), 5);
	(void)child_running(100, 0);
	proc_born(101, 0);
	if (row->stream_id != 0)
		maker_says_stream(0, row->stream_id, row->stream, row->fd);
	maker_says(0, row->id, row->pid, STAGE_NONE, row->streams);
	makers_turn();
	/* The dispatcher would have ended it at the first. */
	did(row->done);
}

static void
test_lies(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(lies); i++)
		apart(lies[i].title, lie_row, &lies[i]);
}

/* Nobody was asked for, and a launcher says that there is one. */
static void
test_unasked(void)
{
	begin(1);
	proc_born(100, 0);
	maker_says(0, 0, 100, STAGE_NONE, 0);
	makers_turn();
	did("lie");
}

/* It dies with three asked for, of which it has said what became of one. */
static void
test_dies(void)
{
	begin(2);
	(void)ask(0);
	(void)ask(0);
	(void)ask(0);
	(void)ask(1);
	proc_born(100, 0);
	maker_says(0, 3, 100, STAGE_NONE, 0);
	maker_hangs_up(0);
	makers_turn();
	did("3 is pid 100; down www0; shut 0; 4 failed 11 32; 5 failed 11 32");
	logs("the launcher of www0 has died");
	assert_true(phase_ends_when_idle());
	assert_false(launch_alive(maker_user(0)));
	assert_true(launch_alive(maker_user(1)));
	/* Its timers are gone with it, the other's are not. */
	proc_dies(MAKER_PID, SIGKILL);
	exit_check(child_by_pid(MAKER_PID));
	did("reap 900");
	proc_born(101, 0);
	maker_says(1, 6, 101, STAGE_NONE, 0);
	makers_turn();
	did("6 is pid 101");
	sleep_ms(100000);
	did("");
}

/* What it was making is ours, and nobody is told of it: it is killed. */
static void
test_dies_in_flight(void)
{
	begin(1);
	(void)ask(0);
	proc_born(100, 0);
	maker_in_flight(0, 100);
	maker_hangs_up(0);
	makers_turn();
	did("down www0; shut 0; kill 100 KILL; 2 failed 11 32");
	assert_int_equal(child_by_pid(100)->kind, CHILD_FAILED);
	proc_dies(100, SIGKILL);
	watch_dispatch();
	did("reap 100");
}

/* Its word of what it was making is nobody to be killed. */
static const struct flight_row {
	const char *title;
	pid_t pid;
} flights[] = {
	{ "all", -1 },
	{ "none", 0 },
	{ "init", 1 },
	{ "another's child", 200 },
	{ "itself", MAKER_PID },
	{ "somebody else", 201 },
};

static void
flight_row(const void *arg)
{
	const struct flight_row *row = arg;

	begin(1);
	(void)child_running(200, 0);
	proc_other(201, 0, 0);
	assert_int_equal(ask(0), 3);
	maker_in_flight(0, row->pid);
	maker_hangs_up(0);
	makers_turn();
	did("down www0; shut 0; 3 failed 11 32");
	assert_int_equal(child_count(), 1);
}

static void
test_in_flight_lies(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(flights); i++)
		apart(flights[i].title, flight_row, &flights[i]);
}

/* It was reaped, and what it said counts though there is no end of file. */
static void
test_reaped(void)
{
	begin(1);
	(void)ask(0);
	(void)ask(0);
	proc_born(100, 0);
	maker_says(0, 2, 100, STAGE_NONE, 0);
	proc_dies(MAKER_PID, SIGKILL);
	exit_check(child_by_pid(MAKER_PID));
	did("reap 900; 2 is pid 100; down www0; shut 0; 3 failed 11 32");
	assert_int_equal(child_count(), 1);
}

/* In a shutdown its end is no news. */
static void
test_dies_in_shutdown(void)
{
	begin(1);
	(void)ask(0);
	(void)phase_stop(0);
	maker_hangs_up(0);
	makers_turn();
	did("shut 0; 2 failed 11 32");
	assert_false(phase_ends_when_idle());
}

/* Streams that came before it died are nobody's. */
static void
test_dies_with_streams(void)
{
	begin(1);
	(void)ask(0);
	maker_says_stream(0, 2, 1, FD_FAKE + 1);
	maker_hangs_up(0);
	makers_turn();
	did("down www0; shut 0; close 1001; 2 failed 11 32");
}

/* A user stops what it makes: first that child goes, then its launcher. */
static const struct held_row {
	const char *title;
	size_t launchers;
	int native;
	int ms;
} helds[] = {
	{ "one user", 1, 0, 10000 },
	{ "users who wait for each other", 2, 0, 3000 },
	{ "users who do not", 2, 1, 10000 },
};

static void
held_row(const void *arg)
{
	const struct held_row *row = arg;

	begin(row->launchers);
	if (row->native)
		native();
	(void)ask(0);
	proc_born(100, 0);
	maker_in_flight(0, 100);
	sleep_ms(row->ms - 1);
	did("");
	sleep_ms(1);
	did("kill 100 KILL");
	logs("pid 100 was held before it ran: killed");
	sleep_ms(row->ms - 1);
	did("");
	sleep_ms(1);
	did("kill 900 KILL; kill 100 KILL; kill 100 KILL");
}

static void
test_held(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(helds); i++)
		apart(helds[i].title, held_row, &helds[i]);
}

/* One that answers has its time anew for the next, and all of its chances. */
static void
test_held_answers(void)
{
	begin(1);
	(void)ask(0);
	(void)ask(0);
	sleep_ms(10000 + 9000);
	maker_says(0, 2, 0, STAGE_EXEC, 0);
	makers_turn();
	did("2 failed 10 0");
	sleep_ms(9999);
	did("");
	sleep_ms(1);
	did(""); /* nothing is in flight */
	sleep_ms(10000);
	did("kill 900 KILL");
}

static void
test_idle_has_no_deadline(void)
{
	begin(1);
	(void)ask(0);
	maker_says(0, 2, 0, STAGE_EXEC, 0);
	makers_turn();
	did("2 failed 10 0");
	assert_int_equal(timer_wait(), -1);
	/* Whatever it says of what it is making: nothing was asked for. */
	proc_born(100, 0);
	maker_in_flight(0, 100);
	sleep_ms(100000);
	did("");
	launch_kill_busy();
	did("");
}

static void
test_kill_busy(void)
{
	begin(2);
	(void)ask(1);
	proc_born(100, 0);
	maker_in_flight(1, 100);
	launch_kill_busy();
	did("kill 901 KILL; kill 100 KILL");
}

/* All wait for the first in exec-port's order: together they have 64. */
static void
test_busy_ordered(void)
{
	int i;

	begin(2);
	for (i = 0; i < 64; i++) {
		assert_false(launch_busy());
		(void)ask((size_t)i % 2);
	}
	assert_true(launch_busy());
	assert_true(launch_room(maker_user(0)));
	maker_says(0, 3, 0, STAGE_EXEC, 0);
	makers_turn();
	did("3 failed 10 0");
	assert_false(launch_busy());
}

/*
 * Native: each has a thousand. Who has no room is waited for, as long as it
 * does something; then its own requests are refused.
 */
static void
test_busy_native(void)
{
	int i;

	begin(2);
	native();
	for (i = 0; i < 1024; i++) {
		assert_false(launch_busy());
		assert_true(launch_room(maker_user(0)));
		(void)ask(0);
	}
	assert_false(launch_room(maker_user(0)));
	assert_true(launch_room(maker_user(1)));
	assert_true(launch_busy());
	sleep_ms(999);
	assert_true(launch_busy());
	sleep_ms(1);
	assert_false(launch_busy());
	assert_false(launch_room(maker_user(0)));
	(void)ask(1);
	did("");
}

/* Kill commands have room always, and take none from runs. */
static void
test_busy_killers(void)
{
	struct run r = run_plain(0);
	struct child *c;
	int i;

	begin(1);
	for (i = 0; i < 64; i++) {
		c = child_new_run(CHILD_KILLER, &r, maker_user(0), NULL);
		c->victim = 1;
		r.id = c->id;
		launch_run(c, &r);
	}
	assert_false(launch_busy());
}

/* A dead process in no table may be what a launcher has not named yet. */
static void
test_may_name(void)
{
	begin(2);
	(void)ask(0);
	(void)ask(1);
	assert_true(launch_may_name(100));
	/* What is asked for from here on is not what that is. */
	(void)ask(0);
	maker_says(0, 3, 0, STAGE_EXEC, 0);
	makers_turn();
	did("3 failed 10 0");
	assert_true(launch_may_name(100));
	maker_says(1, 4, 0, STAGE_EXEC, 0);
	makers_turn();
	did("4 failed 10 0");
	assert_false(launch_may_name(100));
	/* And the next of that number begins anew. */
	assert_true(launch_may_name(100));
}

/* It was named. The next one of its number is what was asked for since. */
static void
test_may_name_again(void)
{
	begin(1);
	(void)ask(0);
	proc_born(100, 0);
	proc_dies(100, 0);
	assert_true(launch_may_name(100));
	maker_says(0, 2, 100, STAGE_NONE, 0);
	makers_turn();
	watch_dispatch();
	did("2 is pid 100; reap 100; exit 2 0/0");
	(void)ask(0);
	proc_born(100, 0);
	proc_dies(100, 0);
	assert_true(launch_may_name(100));
}

/* The same, as its launcher has died without naming it. */
static void
test_may_name_after_death(void)
{
	begin(2);
	(void)ask(0);
	proc_born(100, 0);
	proc_dies(100, 0);
	assert_true(launch_may_name(100));
	maker_in_flight(0, 100);
	maker_hangs_up(0);
	makers_turn();
	did("down www0; shut 0; kill 100 KILL; reap 100; 3 failed 11 32");
	(void)ask(1);
	proc_born(100, 0);
	proc_dies(100, 0);
	assert_true(launch_may_name(100));
}

/* Where priv makes the children. */
static void
test_here(void)
{
	begin(0);
	assert_true(launch_alive(maker_user(0)));
	assert_true(launch_room(maker_user(0)));
	proc_born(100, 0);
	maker_makes(100, STAGE_NONE);
	(void)maker_asked(0, &(struct run){ .kill = "", .tid = TID });
	did("");
	assert_int_equal(child_by_pid(100)->state, CHILD_RUNNING);
	maker_makes(0, STAGE_FORK);
	(void)maker_asked(0, &(struct run){ .kill = "", .tid = TID });
	assert_int_equal(child_count(), 1);
	assert_false(launch_may_name(101));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_made),
		CASE(test_overtakes),
		cmocka_unit_test(test_lies),
		CASE(test_unasked),
		CASE(test_dies),
		CASE(test_dies_in_flight),
		cmocka_unit_test(test_in_flight_lies),
		CASE(test_reaped),
		CASE(test_dies_in_shutdown),
		CASE(test_dies_with_streams),
		cmocka_unit_test(test_held),
		CASE(test_held_answers),
		CASE(test_idle_has_no_deadline),
		CASE(test_kill_busy),
		CASE(test_busy_ordered),
		CASE(test_busy_native),
		CASE(test_busy_killers),
		CASE(test_may_name),
		CASE(test_may_name_again),
		CASE(test_may_name_after_death),
		CASE(test_here),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
