/*
 * Tests of children of priv that are in no table: they are reaped, and never
 * one that a launcher is about to name. Linked with what is below stray.c.
 */

#include "monitor_maker.h"
#include "monitor_util.h"

#include "monitor/exit.h"
#include "monitor/stray.h"
#include "monitor/watch.h"

static void
begin(void)
{
	exit_init(0);
	makers_start(1);
}

/* A turn of the loop that SIGCHLD has begun. */
static void
sigchld(void)
{
	watch_signal(1);
	watch_dispatch();
	stray_check();
}

static uint32_t
ask(void)
{
	struct run r = run_plain(0);
	uint32_t id = maker_asked(0, &r);
	char line[32];

	(void)snprintf(line, sizeof(line), "launch %u", (unsigned int)id);
	did(line);
	return (id);
}

static void
named(uint32_t id, pid_t pid)
{
	maker_says(0, id, pid, STAGE_NONE, 0);
	makers_turn();
	did("");
	assert_ptr_equal(child_by_id(id), child_by_pid(pid));
}

/* A signal that a child explains is no reason to look. */
static void
test_explained(void)
{
	begin();
	(void)child_running(100, 0);
	proc_dies(100, 0);
	sigchld();
	did("reap 100; exit 2 0/0");
	assert_int_equal(watch_unexplained(), 0);
	assert_int_equal(timer_wait(), -1);
	/* A child that is reaped before its signal comes explains that, too. */
	(void)child_running(100, 0);
	proc_dies(100, 0);
	watch_dispatch();
	sigchld();
	assert_int_equal(watch_unexplained(), 0);
	did("reap 100; exit 3 0/0");
}

static void
test_stray(void)
{
	begin();
	proc_born(300, 0);
	proc_dies(300, 0);
	sigchld();
	sleep_ms(999);
	did("");
	sleep_ms(1);
	did("reap 300");
	assert_int_equal(watch_unexplained(), 0);
	sleep_ms(10000);
	did("");
}

/* Two for one signal: both. */
static void
test_strays(void)
{
	begin();
	proc_born(300, 0);
	proc_born(301, 0);
	proc_dies(300, 0);
	proc_dies(301, 0);
	sigchld();
	sleep_ms(1000);
	did("reap 300; reap 301");
}

/* It is what a launcher names in the end. */
static void
test_awaited(void)
{
	uint32_t id;

	begin();
	id = ask();
	proc_born(100, 0);
	proc_dies(100, EXITED(1));
	sigchld();
	sleep_ms(3000);
	did("");
	named(id, 100);
	watch_dispatch();
	did("reap 100; exit 2 256/256");
	sleep_ms(3000);
	did("");
	assert_int_equal(watch_unexplained(), 0);
}

/* It is not: who was asked for was heard of, and it was none of them. */
static void
test_awaited_in_vain(void)
{
	uint32_t id;

	begin();
	id = ask();
	proc_born(300, 0);
	proc_dies(300, 0);
	sigchld();
	sleep_ms(1000);
	did("");
	/* Who is asked for later does not put it off. */
	(void)ask();
	maker_says(0, id, 0, STAGE_FORK, 0);
	makers_turn();
	did("");
	sleep_ms(1000);
	did("reap 300");
}

/*
 * The number of one that was taken for a stray, and then named, comes again:
 * that is another process, and what a launcher is about to name, too.
 */
static void
test_number_again(void)
{
	uint32_t id;

	begin();
	id = ask();
	proc_born(100, 0);
	proc_dies(100, 0);
	sigchld();
	sleep_ms(1000);
	did("");
	named(id, 100);
	watch_dispatch();
	did("reap 100; exit 2 0/0");
	id = ask();
	proc_born(100, 0);
	proc_dies(100, EXITED(1));
	sigchld();
	sleep_ms(3000);
	did("");
	named(id, 100);
	watch_dispatch();
	did("reap 100; exit 3 256/256");
}

/* What came first hides none behind it, and explains its own signal. */
static void
test_hidden(void)
{
	struct run r = run_plain(RUN_LINGER);

	begin();
	r.linger = 60000;
	(void)child_running_as(100, &r);
	proc_dies(100, 0);
	sigchld();
	assert_int_equal(child_by_pid(100)->state, CHILD_LINGERING);
	assert_int_equal(watch_unexplained(), 0);
	proc_born(300, 0);
	proc_born(301, 0);
	proc_born(302, 0);
	proc_dies(300, 0);
	proc_dies(302, 0);
	sigchld();
	sleep_ms(1000);
	did("reap 300; reap 302");
	assert_int_equal(watch_unexplained(), 0);
	sleep_ms(58999);
	did("");
	sleep_ms(1);
	did("reap 100; exit 2 0/0 cut");
	/* Its signal had come: the next one is a stray's. */
	proc_dies(301, 0);
	sigchld();
	sleep_ms(1000);
	did("reap 301");
}

/* A child that nobody looked at is reaped as itself, not as a stray. */
static void
test_known(void)
{
	begin();
	(void)child_running(100, 0);
	watch_signal(1);
	stray_check();
	proc_dies(100, EXITED(1));
	sleep_ms(1000);
	did("reap 100; exit 2 256/256");
}

/* Those that live are taken in when all others have ended. */
static void
test_adopt(void)
{
	begin();
	proc_born(300, 0);
	proc_born(301, 0);
	proc_dies(301, 0);
	/* The launcher is known, and a dead one is reaped. */
	assert_int_equal(stray_adopt(), 1);
	did("reap 301");
	assert_int_equal(child_by_pid(300)->kind, CHILD_FAILED);
	assert_int_equal(stray_adopt(), 0);
	did("");
}

/* There are more than one answer of the reaper's has. */
static void
test_adopt_many(void)
{
	int i;

	begin();
	for (i = 0; i < 600; i++)
		proc_born(300 + i, 0);
	/* They are no more in the list once they were reaped. */
	for (i = 0; i < 100; i++)
		proc_dies(300 + i, 0);
	assert_int_equal(stray_adopt(), 500);
	assert_int_equal(child_count(), 500);
	for (i = 0; i < 500; i++)
		assert_non_null(child_by_pid(400 + i));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_explained),
		CASE(test_stray),
		CASE(test_strays),
		CASE(test_awaited),
		CASE(test_awaited_in_vain),
		CASE(test_number_again),
		CASE(test_hidden),
		CASE(test_known),
		CASE(test_adopt),
		CASE(test_adopt_many),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
