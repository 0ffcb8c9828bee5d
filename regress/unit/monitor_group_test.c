/*
 * Tests of process groups: which number is whose, and what becomes of a group
 * that outlives its leader. group.c and left.c, without what is above.
 */

#include "monitor_util.h"

#include "monitor/group.h"
#include "monitor/left.h"
#include "monitor/phase.h"
#include "monitor/watch.h"

static struct child *
child_of_kind(enum child_kind kind, pid_t pid)
{
	struct child *c = child_new(kind);

	if (kind == CHILD_FOREIGN)
		proc_other(pid, STARTER_UID, 0);
	else
		proc_born(pid, 0);
	child_set_pid(c, pid);
	if (kind == CHILD_FOREIGN)
		assert_int_equal(watch_foreign(c, pid), 0);
	else
		watch_child(c);
	return (c);
}

static struct child *
member(pid_t pid, pid_t group)
{
	struct run r = run_plain(RUN_GROUP);

	r.group = group;
	return (child_running_as(pid, &r));
}

static void
left_is_gone(struct child *c)
{
	note("gone %d", (int)c->pid);
	world.taken--;
	child_free(c);
}

static void
begin(void)
{
	watch_init(left_is_gone);
	left_init(left_is_gone);
}

/* Only the number of a child's own group is nobody else's. */
static void
test_of(void)
{
	struct run r = run_plain(0);
	struct child *c;

	begin();
	assert_int_equal(group_of(child_running(100, 0)), 100);
	assert_int_equal(group_of(member(101, 100)), 100);
	/* Its leader leads nothing, is no child, or is none of the node's. */
	assert_int_equal(group_of(member(102, 101)), 0);
	assert_int_equal(group_of(member(103, 999)), 0);
	(void)child_of_kind(CHILD_FOREIGN, 104);
	assert_int_equal(group_of(child_by_pid(104)), 0);
	assert_int_equal(group_of(member(105, 104)), 0);
	assert_int_equal(group_of(child_of_kind(CHILD_FAILED, 106)), 106);
	proc_born(107, 0);
	c = child_new_ring("worker", 107, NULL);
	assert_int_equal(group_of(c), 0);
	assert_int_equal(group_of(member(108, 107)), 0);
	assert_int_equal(group_of(child_asked(&r)), 0);
	/* Dead, and not reaped: its number is its own still. */
	proc_dies(100, 0);
	assert_int_equal(group_of(child_by_pid(100)), 100);
	did("");
}

static const struct {
	unsigned int killed;
	enum reason reason;
	uint32_t kill_timeout;
	int due;
} dues[] = {
	{ 0, REASON_NORMAL, 5000, 0 },
	{ 0, REASON_NORMAL, 0, 0 },
	{ 1, REASON_NORMAL, 5000, 1 },
	{ 0, REASON_STOPPED, 5000, 0 },
	{ 0, REASON_STOPPED, 0, 1 },
	{ 0, REASON_TIMEOUT, 5000, 1 },
	{ 0, REASON_SHUTDOWN, 0, 0 },
};

static void
test_due(void)
{
	struct child *c;
	size_t i;

	begin();
	c = child_running(100, RUN_KILL_GROUP);
	for (i = 0; i < nitems(dues); i++) {
		c->killed = dues[i].killed & 1;
		c->reason = dues[i].reason;
		c->kill_timeout = dues[i].kill_timeout;
		assert_int_equal(group_is_due(c), dues[i].due);
		group_signal(c);
		did(dues[i].due ? "kill -100 KILL"
				: "kill -100 TERM; kill -100 CONT");
	}
	c->run_flags = 0;
	group_signal(c);
	did("");
}

/* A group of another's is signalled by its number, one that is gone is not. */
static void
test_signal_joined(void)
{
	struct child *leader, *c;

	begin();
	leader = child_running(100, 0);
	c = member(101, 100);
	c->run_flags |= RUN_KILL_GROUP;
	group_signal(c);
	did("kill -100 TERM; kill -100 CONT");
	child_clear_pid(leader);
	watch_forget(leader);
	world.taken--;
	child_free(leader);
	group_signal(c);
	did("");
}

/* Reap c, who leads its group, with ms left of its deadline. 1: it is left. */
static int
reaped(struct child *c, int64_t ms)
{
	proc_dies(c->pid, SIGTERM);
	proc_gone(c->pid);
	child_clear_pid(c);
	group_leave(c);
	watch_forget(c);
	return (left_begin(c, ms));
}

/* A leader, stopped, that was reaped, with 101 in its group. */
static struct child *
left(int64_t ms)
{
	struct child *c;

	begin();
	c = child_running(100, RUN_KILL_GROUP);
	proc_other(101, WWW_UID, 100);
	c->reason = REASON_STOPPED;
	assert_true(reaped(c, ms));
	did("");
	assert_int_equal(c->state, CHILD_LEFT);
	return (c);
}

static const struct left_row {
	const char *title;
	uint32_t flags;
	pid_t group;
	enum reason reason;
	int stops;
	int alone;
} not_left[] = {
	{ "it was not to end with its group", 0, 0, REASON_STOPPED, 0, 0 },
	{ "it was another's", RUN_KILL_GROUP, 99, REASON_STOPPED, 0, 0 },
	{ "in a shutdown", RUN_KILL_GROUP, 0, REASON_STOPPED, 1, 0 },
	{ "nobody is left", RUN_KILL_GROUP, 0, REASON_STOPPED, 0, 1 },
};

static void
not_left_row(const void *arg)
{
	const struct left_row *row = arg;
	struct run r = run_plain(row->flags);
	struct child *c;

	begin();
	r.group = row->group;
	c = child_running_as(100, &r);
	if (!row->alone)
		proc_other(101, WWW_UID, 100);
	c->reason = row->reason;
	if (row->stops)
		(void)phase_stop(0);
	assert_int_equal(reaped(c, 1000), 0);
	assert_int_equal(timer_wait(), -1);
	left_is_gone(c);
}

static void
test_not_left(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(not_left); i++)
		apart(not_left[i].title, not_left_row, &not_left[i]);
}

/* It is asked for less and less often, but 50 ms are the most. */
static void
test_left_goes(void)
{
	(void)left(5000);
	sleep_ms(1000);
	did("");
	proc_gone(101);
	sleep_ms(49);
	sleep_ms(1);
	did("gone 100");
	assert_int_equal(timer_wait(), -1);
}

static void
test_left_goes_soon(void)
{
	(void)left(5000);
	proc_gone(101);
	sleep_ms(1);
	did("gone 100");
}

/* A leader that has ended by itself, with 101 in its group. */
static struct child *
left_by_itself(int64_t kill_timeout)
{
	struct child *c;

	begin();
	c = child_running(100, RUN_KILL_GROUP);
	c->kill_timeout = kill_timeout;
	proc_other(101, WWW_UID, 100);
	assert_true(reaped(c, 0));
	did("");
	assert_int_equal(c->state, CHILD_LEFT);
	return (c);
}

/* The others have its kill_timeout from there. */
static void
test_left_by_itself(void)
{
	struct child *c = left_by_itself(800);

	sleep_ms(799);
	assert_int_equal(c->killed, 0);
	did("");
	sleep_ms(1);
	assert_int_equal(c->killed, 1);
	sleep_ms(1);
	did("orphans of group 100 KILL");
	proc_gone(101);
	sleep_ms(50);
	did("gone 100");
}

/* Half a second is the least: nobody has asked for their end before. */
static void
test_left_by_itself_least(void)
{
	struct child *c = left_by_itself(0);

	sleep_ms(499);
	did("");
	assert_int_equal(c->killed, 0);
	proc_gone(101);
	sleep_ms(1);
	did("gone 100");
}

/* At the deadline it is killed, as orphans, until it is gone. */
static void
test_left_deadline(void)
{
	struct child *c = left(300);

	sleep_ms(299);
	did("");
	sleep_ms(1);
	assert_int_equal(c->killed, 1);
	did("");
	sleep_ms(1);
	did("orphans of group 100 KILL");
	proc_gone(101);
	sleep_ms(50);
	did("gone 100");
}

/* Gone as its deadline comes, and not asked for before: nobody is killed. */
static void
test_left_deadline_gone(void)
{
	struct child *c = left(300);

	sleep_ms(299);
	proc_gone(101);
	timer_set(&c->deadline, 0, c->deadline.fn, c);
	sleep_ms(0);
	did("gone 100");
}

/* A member that is a child of ours is proof enough: priv kills the group. */
static void
test_left_member(void)
{
	(void)left(10);
	(void)member(102, 100);
	sleep_ms(11);
	did("kill -100 KILL");
}

/* One that has left for another group by itself is none. */
static void
test_left_member_moved(void)
{
	(void)left(10);
	(void)member(102, 100);
	proc_moves(102, 102);
	sleep_ms(11);
	did("orphans of group 100 KILL");
}

/* There is no time: it is killed at the next look. */
static void
test_left_due(void)
{
	struct child *c;

	begin();
	c = child_running(100, RUN_KILL_GROUP);
	proc_other(101, WWW_UID, 100);
	c->reason = REASON_TIMEOUT;
	c->killed = 1;
	assert_true(reaped(c, 5000));
	sleep_ms(1);
	did("orphans of group 100 KILL");
}

/* A traced member survives SIGKILL: it is given up. */
static void
test_left_giveup(void)
{
	(void)left(10);
	sleep_ms(2009);
	assert_string_equal(log_text(), "");
	assert_int_equal(child_count(), 1);
	sleep_ms(1);
	logs("not all of process group 100 has ended");
	assert_int_equal(child_count(), 0);
}

/*
 * A process has its number: so it is another's, and the group is gone. Not
 * one signal goes to that number.
 */
static void
test_left_reused(void)
{
	(void)left(10);
	proc_gone(101);
	proc_other(100, STARTER_UID, 0);
	sleep_ms(2);
	did("gone 100");
}

static void
test_left_reused_told(void)
{
	(void)left(10);
	left_pid_reused(99);
	did("");
	left_pid_reused(100);
	did("gone 100");
	sleep_ms(3000);
	did("");
}

/* The next leader of that number is left, too: the first one is gone. */
static void
test_left_twice(void)
{
	struct child *c;

	(void)left(5000);
	proc_gone(101);
	c = child_running(100, RUN_KILL_GROUP);
	proc_other(102, WWW_UID, 100);
	c->reason = REASON_STOPPED;
	assert_true(reaped(c, 5000));
	did("gone 100");
	proc_gone(102);
	sleep_ms(50);
	did("gone 100");
}

/* Who waits no longer is not called. */
static void
test_left_end(void)
{
	struct child *c = left(10);

	left_end(c);
	left_is_gone(c);
	did("gone 100");
	sleep_ms(3000);
	did("");
}

/* Several at once, of which the later one goes first. */
static void
test_left_several(void)
{
	struct child *c;

	(void)left(100);
	c = child_running(200, RUN_KILL_GROUP);
	proc_other(201, WWW_UID, 200);
	c->reason = REASON_STOPPED;
	assert_true(reaped(c, 5000));
	proc_gone(201);
	sleep_ms(50);
	did("gone 200");
	proc_gone(101);
	sleep_ms(50);
	did("gone 100");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_of),
		CASE(test_due),
		CASE(test_signal_joined),
		cmocka_unit_test(test_not_left),
		CASE(test_left_goes),
		CASE(test_left_goes_soon),
		CASE(test_left_by_itself),
		CASE(test_left_by_itself_least),
		CASE(test_left_deadline),
		CASE(test_left_deadline_gone),
		CASE(test_left_member),
		CASE(test_left_member_moved),
		CASE(test_left_due),
		CASE(test_left_giveup),
		CASE(test_left_reused),
		CASE(test_left_reused_told),
		CASE(test_left_twice),
		CASE(test_left_end),
		CASE(test_left_several),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
