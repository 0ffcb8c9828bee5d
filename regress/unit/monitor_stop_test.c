/*
 * Tests of stops: of one child, by a signal or a command, and of all. Linked
 * with what is below stop.c, but for launches.
 */

#include "monitor_launch.h"
#include "monitor_util.h"

#include "monitor/birth.h"
#include "monitor/exit.h"
#include "monitor/foreign.h"
#include "monitor/left.h"
#include "monitor/phase.h"
#include "monitor/reply.h"
#include "monitor/stop.h"
#include "monitor/watch.h"

#define ALARM 2990 /* ms; no multiple of the looks in between */

static void
begin(void)
{
	exit_init(0);
	stop_init(ALARM);
}

/* The loop's turn when something has ended. */
static void
ended(pid_t pid, int status)
{
	proc_dies(pid, status);
	watch_dispatch();
}

static const struct stop_row {
	const char *title;
	uint32_t flags;
	uint32_t sig;
	pid_t group; /* joined */
	pid_t moved; /* to that group, by itself */
	const char *done;
	const char *late;
} stops[] = {
	{ "itself", 0, 0, 0, 0, "kill 100 TERM; kill 100 CONT",
	    "kill 100 KILL" },
	{ "with its own signal", 0, SIGINT, 0, 0, "kill 100 2; kill 100 CONT",
	    "kill 100 KILL" },
	{ "with SIGKILL", 0, SIGKILL, 0, 0, "kill 100 KILL", "kill 100 KILL" },
	{ "with its group", RUN_KILL_GROUP, 0, 0, 0,
	    "kill -100 TERM; kill -100 CONT", "kill -100 KILL" },
	{ "with a group that it has left", RUN_KILL_GROUP, 0, 0, 77,
	    "kill -100 TERM; kill -100 CONT; kill 100 TERM; kill 100 CONT",
	    "kill -100 KILL; kill 100 KILL" },
	{ "with another's group", RUN_KILL_GROUP | RUN_GROUP, 0, 90, 0,
	    "kill -90 TERM; kill -90 CONT", "kill -90 KILL" },
	{ "with nobody's group", RUN_KILL_GROUP | RUN_GROUP, 0, 91, 0,
	    "kill 100 TERM; kill 100 CONT", "kill 100 KILL" },
};

static void
stop_row(const void *arg)
{
	const struct stop_row *row = arg;
	struct run r = run_plain(row->flags);
	struct child *c;

	begin();
	(void)child_running(90, 0);
	r.stop_signal = row->sig;
	r.group = row->group;
	c = child_running_as(100, &r);
	if (row->moved != 0)
		proc_moves(100, row->moved);
	stop_child(c);
	did(row->done);
	assert_int_equal(c->reason, REASON_STOPPED);
	/* Once. */
	stop_child(c);
	sleep_ms(KILL_TIMEOUT_DEFAULT - 1);
	did("");
	assert_int_equal(c->killed, 0);
	sleep_ms(1);
	did(row->late);
	assert_int_equal(c->killed, 1);
	sleep_ms(100000);
	did("");
}

static void
test_stop(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(stops); i++)
		apart(stops[i].title, stop_row, &stops[i]);
}

/* It ends in time: its deadline is nobody's. */
static void
test_in_time(void)
{
	begin();
	stop_child(child_running(100, 0));
	did("kill 100 TERM; kill 100 CONT");
	ended(100, SIGTERM);
	did("reap 100; exit 1 0/15 stopped");
	(void)child_running(100, 0);
	sleep_ms(100000);
	did("");
}

/* What is left of its group has what is left of its time. */
static void
test_group_left(void)
{
	begin();
	stop_child(child_running(100, RUN_KILL_GROUP));
	proc_other(101, WWW_UID, 100);
	sleep_ms(2000);
	ended(100, SIGTERM);
	did("kill -100 TERM; kill -100 CONT; kill -100 TERM; kill -100 CONT; "
	    "reap 100");
	sleep_ms(KILL_TIMEOUT_DEFAULT - 2000);
	did("");
	sleep_ms(1);
	did("orphans of group 100 KILL");
	proc_gone(101);
	sleep_ms(50);
	did("exit 1 0/15 stopped killed");
}

static struct child *
managed(pid_t pid, const char *kill)
{
	struct run r = run_plain(0);
	char line[32];

	proc_other(pid, WWW_UID, 0);
	r.pid = pid;
	r.kill = kill;
	assert_int_equal(foreign_manage(&r), 0);
	(void)snprintf(line, sizeof(line), "child %u pid %d",
	    (unsigned int)child_last(), (int)pid);
	did(line);
	return (child_by_pid(pid));
}

static void
test_foreign(void)
{
	begin();
	stop_child(managed(100, ""));
	did("pidfd 100 TERM; pidfd 100 CONT");
	sleep_ms(KILL_TIMEOUT_DEFAULT);
	did("pidfd 100 KILL");
	proc_gone(100);
	watch_dispatch();
	did("exit 1 0/-1 stopped killed");
}

/* Its number came again: nobody is signalled, now or at its deadline. */
static void
test_foreign_reused(void)
{
	begin();
	(void)managed(100, "");
	proc_gone(100);
	proc_other(100, WWW_UID, 0);
	stop_child(child_by_pid(100));
	logs("signal 15 to pid 100");
	sleep_ms(KILL_TIMEOUT_DEFAULT);
	did("");
	watch_dispatch();
	did("exit 1 0/-1 stopped killed");
}

static struct child *
lingering(uint32_t flags, uint32_t timeout)
{
	struct run r = run_plain(flags | RUN_LINGER);
	struct child *c;

	begin();
	r.linger = 300;
	r.kill = "stop";
	r.timeout = timeout;
	c = child_running_as(100, &r);
	stop_child_started(c);
	ended(100, 0);
	did("");
	assert_int_equal(c->state, CHILD_LINGERING);
	return (c);
}

/* It is dead: its number is nothing for a command, and it is over at once. */
static void
test_lingering(void)
{
	stop_child(lingering(RUN_KILL_GROUP, 0));
	did("kill -100 TERM; kill -100 CONT");
	sleep_ms(0);
	did("kill -100 TERM; kill -100 CONT; reap 100; exit 1 0/0 stopped cut");
}

/* It has ended in time. */
static void
test_lingering_timeout(void)
{
	(void)lingering(0, 100);
	sleep_ms(99);
	did("");
	sleep_ms(1);
	did("reap 100; exit 1 0/0 cut");
}

static void
test_lingering_shutdown(void)
{
	(void)lingering(0, 0);
	stop_all(0);
	did("descendants 100 TERM; kill -100 TERM; kill -100 CONT");
	sleep_ms(0);
	did("reap 100; exit 1 0/0 shutdown cut");
}

static struct child *
timed(uint32_t ms)
{
	struct run r = run_plain(0);
	struct child *c;

	begin();
	r.timeout = ms;
	c = child_running_as(100, &r);
	stop_child_started(c);
	did("");
	return (c);
}

static void
test_timeout(void)
{
	(void)timed(1000);
	sleep_ms(999);
	did("");
	sleep_ms(1);
	did("kill 100 TERM; kill 100 CONT");
	ended(100, SIGTERM);
	did("reap 100; exit 1 15/15 timeout");
}

/* The first cause counts, and there is one end of it. */
static void
test_timeout_stopped(void)
{
	stop_child(timed(1000));
	did("kill 100 TERM; kill 100 CONT");
	sleep_ms(1000);
	did("");
	ended(100, SIGTERM);
	did("reap 100; exit 1 0/15 stopped");
}

static void
test_stopped_timeout(void)
{
	struct child *c = timed(1000);

	sleep_ms(1000);
	did("kill 100 TERM; kill 100 CONT");
	stop_child(c);
	did("");
	ended(100, SIGTERM);
	did("reap 100; exit 1 15/15 timeout");
}

/* What has lost input must not take the rest for all: nor its family. */
static void
test_cut(void)
{
	struct child *c;

	begin();
	c = child_running(100, 0);
	stop_cut(c);
	did("descendants 100 KILL; kill -100 KILL");
	assert_int_equal(c->killed, 1);
	ended(100, SIGKILL);
	did("reap 100; exit 1 9/9 killed");
}

static void
test_cut_lingering(void)
{
	struct child *c = lingering(0, 0);

	stop_cut(c);
	did("descendants 100 KILL; kill -100 KILL");
	assert_int_equal(c->killed, 0);
}

/*
 * Kill commands. The child is 1, pid 100, and its command 2, pid 200.
 */

static struct child *
commanded(uint32_t flags)
{
	struct run r = run_plain(flags);
	struct child *c;

	begin();
	r.kill = "stop";
	r.kill_timeout = 1000;
	c = child_running_as(100, &r);
	stop_child(c);
	did("launch 2 'stop' CHILD_PID=100");
	assert_int_equal(world.taken, 2);
	return (c);
}

static void
test_command(void)
{
	(void)commanded(0);
	launched(2, 200);
	did("");
	ended(200, 0);
	did("reap 200");
	ended(100, EXITED(4));
	did("reap 100; exit 1 0/1024 stopped");
	assert_int_equal(child_count(), 0);
}

static const struct command_row {
	const char *title;
	int status;
	uint32_t flags;
	const char *done;
} commands[] = {
	{ "well", 0, 0, "reap 200" },
	{ "not well", EXITED(1), 0, "reap 200" },
	{ "by a signal", SIGTERM, 0, "reap 200" },
	{ "not found", EXITED(127), 0,
	    "reap 200; kill 100 TERM; kill 100 CONT" },
	{ "not executable", EXITED(126), 0,
	    "reap 200; kill 100 TERM; kill 100 CONT" },
	{ "not found, and the group is to go", EXITED(127), RUN_KILL_GROUP,
	    "reap 200; kill -100 TERM; kill -100 CONT" },
};

static void
command_row(const void *arg)
{
	const struct command_row *row = arg;

	(void)commanded(row->flags);
	launched(2, 200);
	ended(200, row->status);
	did(row->done);
	/* In each case SIGKILL is next. */
	sleep_ms(1000);
	did(row->flags != 0 ? "kill -100 KILL" : "kill 100 KILL");
}

static void
test_command_ends(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(commands); i++)
		apart(commands[i].title, command_row, &commands[i]);
}

static void
test_command_fails(void)
{
	(void)commanded(0);
	launch_fails(2);
	logs("a kill command cannot be executed");
	did("kill 100 TERM; kill 100 CONT");
	assert_int_equal(world.taken, 1);
}

/* It cannot be executed, and whom it was for is gone, or is somebody else. */
static void
test_command_fails_late(void)
{
	(void)commanded(0);
	ended(100, 0);
	did("reap 100; exit 1 0/0 stopped");
	(void)child_running(100, 0);
	launch_fails(2);
	did("");
}

static void
test_command_ends_late(void)
{
	(void)commanded(0);
	launched(2, 200);
	ended(100, 0);
	did("reap 100; exit 1 0/0 stopped");
	(void)child_running(100, 0);
	ended(200, EXITED(127));
	did("reap 200");
	sleep_ms(5000);
	did("");
}

/* Its victim was reaped, and the rest of the group has its own deadline. */
static void
test_command_fails_left(void)
{
	(void)commanded(RUN_KILL_GROUP);
	proc_other(101, WWW_UID, 100);
	ended(100, 0);
	did("kill -100 TERM; kill -100 CONT; reap 100");
	launch_fails(2);
	did("");
}

/* It has as much time as its victim, and its descendants have none more. */
static void
test_command_hangs(void)
{
	(void)commanded(0);
	launched(2, 200);
	sleep_ms(999);
	did("");
	sleep_ms(1);
	did("kill 100 KILL; descendants 200 KILL; kill -200 KILL");
	ended(200, SIGKILL);
	did("reap 200");
	ended(100, SIGKILL);
	did("reap 100; exit 1 0/9 stopped killed");
}

/* Its launcher is slow: the deadline does not wait. */
static void
test_command_unborn(void)
{
	(void)commanded(0);
	sleep_ms(1000);
	did("kill 100 KILL");
	ended(100, SIGKILL);
	did("reap 100; exit 1 0/9 stopped killed");
	launched(2, 200);
	ended(200, 0);
	did("reap 200");
}

static void
test_command_foreign(void)
{
	begin();
	stop_child(managed(100, "stop"));
	did("launch 2 'stop' CHILD_PID=100");
	launch_fails(2);
	did("pidfd 100 TERM; pidfd 100 CONT");
}

static const struct impossible_row {
	const char *title;
	int dead;
	int unshaped;
	uint32_t children;
	int forbid;
	const char *logged;
} impossible[] = {
	{ "no launcher", 1, 0, 0, 0, "" },
	{ "no room for its environment", 0, 1, 0, 0, "" },
	{ "no place", 0, 0, 1, 0,
	    "a kill command has no room: line 2 permits 1 children" },
	{ "no rule", 0, 0, 0, 1, "" },
};

static void
impossible_row(const void *arg)
{
	const struct impossible_row *row = arg;
	struct run r = run_plain(0);
	struct child *c;

	begin();
	r.kill = "stop";
	c = child_running_as(100, &r);
	world.launcher_dead = row->dead;
	world.unshaped = row->unshaped;
	world.kill_rule.children = row->children;
	if (row->forbid)
		c->kill_rule = NULL;
	stop_child(c);
	did("kill 100 TERM; kill 100 CONT");
	logs(row->logged);
	assert_int_equal(child_count(), 1);
	assert_int_equal(world.taken, 1);
	sleep_ms(KILL_TIMEOUT_DEFAULT);
	did("kill 100 KILL");
}

static void
test_command_impossible(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(impossible); i++)
		apart(impossible[i].title, impossible_row, &impossible[i]);
}

/*
 * The end of all.
 */

static void
done(int status)
{
	stop_check();
	assert_int_equal(phase_now(), PHASE_DONE);
	assert_int_equal(phase_status(), status);
	sound();
}

static void
not_done(void)
{
	stop_check();
	assert_int_not_equal(phase_now(), PHASE_DONE);
	sound();
}

static void
test_all(void)
{
	struct run r = run_plain(0);

	begin();
	(void)child_running(100, 0);
	r.stop_signal = SIGINT;
	(void)child_running_as(101, &r);
	not_done();
	stop_all(EXIT_PEER);
	did("descendants 100 TERM; kill -100 TERM; kill -100 CONT; "
	    "descendants 101 TERM; kill -101 2; kill -101 CONT");
	stop_all(EXIT_CLEAN);
	not_done();
	ended(100, SIGTERM);
	did("reap 100; exit 1 15/15 shutdown");
	not_done();
	ended(101, 0);
	did("reap 101; exit 2 0/0 shutdown");
	done(EXIT_PEER);
}

/* One that has left its group hears it, too. */
static void
test_all_moved(void)
{
	begin();
	(void)child_running(100, 0);
	proc_moves(100, 77);
	stop_all(0);
	did("descendants 100 TERM; kill -100 TERM; kill -100 CONT; "
	    "kill 100 TERM; kill 100 CONT");
}

/* What was asked to end before has its deadline still, and its cause. */
static void
test_all_stopped(void)
{
	struct child *c;

	begin();
	c = child_running(100, 0);
	stop_child(c);
	did("kill 100 TERM; kill 100 CONT");
	sleep_ms(1000);
	stop_all(0);
	did("descendants 100 TERM; kill -100 TERM; kill -100 CONT");
	assert_int_equal(timer_left(&c->deadline), KILL_TIMEOUT_DEFAULT - 1000);
	ended(100, SIGTERM);
	did("reap 100; exit 1 0/15 stopped");
}

/* Of its own time, or of all: in the end it is SIGKILL, with its family. */
static void
test_all_deadline(void)
{
	struct run r = run_plain(0);

	begin();
	r.kill_timeout = 500;
	(void)child_running_as(100, &r);
	stop_all(0);
	did("descendants 100 TERM; kill -100 TERM; kill -100 CONT");
	sleep_ms(500);
	did("descendants 100 KILL; kill -100 KILL");
}

static void
test_all_alarm(void)
{
	begin();
	(void)child_running(100, 0);
	stop_all(0);
	did("descendants 100 TERM; kill -100 TERM; kill -100 CONT");
	sleep_ms(ALARM - 1);
	did("");
	assert_int_equal(phase_now(), PHASE_STOP);
	assert_int_equal(world.orphans_sig, SIGTERM);
	sleep_ms(1);
	logs("1 children did not end in time");
	assert_int_equal(phase_now(), PHASE_KILL);
	assert_int_equal(child_by_pid(100)->killed, 1);
	ended(100, SIGKILL);
	did("kill busy; descendants 100 KILL; kill -100 KILL; reap 100; "
	    "exit 1 9/9 shutdown killed");
	done(0);
	assert_int_equal(world.orphans_sig, SIGKILL);
}

/* Some survive even that: they are not waited for. */
static void
test_all_giveup(void)
{
	begin();
	stop_all(0);
	world.orphans = 2;
	not_done();
	sleep_ms(ALARM + 9999);
	not_done();
	sleep_ms(1);
	logs("2 processes survive SIGKILL");
	assert_int_equal(phase_now(), PHASE_DONE);
}

/* Those that are left behind are waited for as children are. */
static void
test_all_orphans(void)
{
	begin();
	world.orphans = 1;
	stop_all(0);
	not_done();
	assert_int_equal(world.orphans_sig, SIGTERM);
	sleep_ms(100);
	not_done();
	world.orphans = 0;
	done(0);
}

/* A child of ours that was never named ends with the others. */
static void
test_all_strays(void)
{
	begin();
	proc_born(300, 0);
	stop_all(0);
	did("");
	not_done();
	did("descendants 300 TERM; kill -300 TERM; kill -300 CONT");
	ended(300, SIGTERM);
	did("reap 300");
	done(0);
}

/* It was asked for, and is made when all are to end. */
static void
run_started(struct child *c, const struct launched *l, int fds[3])
{
	(void)fds;
	if (l->stage == STAGE_NONE)
		stop_child_started(c);
}

static const struct late_row {
	const char *title;
	int ms;
	const char *done;
} lates[] = {
	{ "before", -1, "" },
	{ "in time", 0,
	    "descendants 100 TERM; kill -100 TERM; kill -100 CONT" },
	{ "when the time of all is over", ALARM,
	    "kill busy; descendants 100 KILL; kill -100 KILL" },
};

static void
late_row(const void *arg)
{
	const struct late_row *row = arg;
	struct run r = run_plain(0);

	begin();
	child_asked(&r)->started = run_started;
	if (row->ms >= 0)
		stop_all(0);
	did("");
	not_done();
	sleep_ms(row->ms);
	launched(1, 100);
	did(row->done);
	not_done();
	ended(100, SIGTERM);
	did(row->ms < 0 ? "reap 100; exit 1 15/15"
			: "reap 100; exit 1 15/15 shutdown");
	if (row->ms >= 0)
		done(0);
}

static void
test_all_unborn(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(lates); i++)
		apart(lates[i].title, late_row, &lates[i]);
}

/* It is not made: nobody is left. */
static void
test_all_unborn_fails(void)
{
	struct run r = run_plain(0);

	begin();
	child_asked(&r)->started = run_started;
	stop_all(0);
	not_done();
	launch_fails(1);
	did("");
	done(0);
}

/* A managed process is not ours to end: it is forgotten. */
static void
test_all_foreign(void)
{
	begin();
	(void)managed(100, "stop");
	stop_all(0);
	did("");
	done(0);
}

/* The answer about it waits for another one: behind it an end is told. */
static void
test_all_foreign_unanswered(void)
{
	struct launched failed = { .stage = STAGE_EXEC, .text = "" };
	struct run r = run_plain(0);
	struct slot *before;

	begin();
	reply_open(&before, &r);
	proc_other(100, STARTER_UID, 0);
	r.pid = 100;
	assert_int_equal(foreign_manage(&r), 0);
	stop_all(0);
	did("");
	assert_int_equal(child_count(), 0);
	reply_failed(before, &failed);
	did("7 runfail; stage 10; child 1 pid 100; exit 1 -1/-1 shutdown");
	done(0);
}

/* A dead one that a tracer has is waited for as long as always. */
static void
test_all_held(void)
{
	begin();
	(void)child_running(100, 0);
	world.traced = 1;
	ended(100, 0);
	(void)child_running(101, 0);
	sleep_ms(1500);
	stop_all(0);
	did("descendants 100 TERM; kill -100 TERM; kill -100 CONT; "
	    "descendants 101 TERM; kill -101 TERM; kill -101 CONT");
	ended(101, 0);
	sleep_ms(500);
	did("exit 1 -1/-1 shutdown");
	not_done();
	sleep_ms(1500);
	did("exit 2 -1/-1 shutdown");
	done(0);
}

/* What is left of a group is found as orphans are. */
static void
test_all_left(void)
{
	begin();
	stop_child(child_running(100, RUN_KILL_GROUP));
	proc_other(101, WWW_UID, 100);
	ended(100, SIGTERM);
	did("kill -100 TERM; kill -100 CONT; kill -100 TERM; kill -100 CONT; "
	    "reap 100");
	stop_all(0);
	did("exit 1 0/15 stopped");
	/* Nobody has it any more. */
	left_pid_reused(100);
	sleep_ms(ALARM - 1);
	did("");
	done(0);
}

/* What a failed launch has left, and a kill command, which has its time. */
static void
test_all_others(void)
{
	struct child *c = commanded(0);

	launched(2, 200);
	proc_born(300, 0);
	assert_int_equal(birth_adopt(300), 1);
	stop_all(0);
	did("descendants 100 TERM; kill -100 TERM; kill -100 CONT; "
	    "descendants 300 TERM; kill -300 TERM; kill -300 CONT");
	ended(300, SIGTERM);
	did("reap 300");
	ended(200, EXITED(127));
	did("reap 200; descendants 100 TERM; kill -100 TERM; kill -100 CONT");
	ended(100, SIGTERM);
	did("reap 100; exit 1 0/15 stopped");
	(void)c;
	done(0);
}

/* In a shutdown it is its command that stops it, as before. */
static void
test_all_command(void)
{
	struct run r = run_plain(0);

	begin();
	r.kill = "stop";
	(void)child_running_as(100, &r);
	stop_all(0);
	did("launch 2 'stop' CHILD_PID=100");
	not_done();
	launched(2, 200);
	ended(100, 0);
	did("reap 100; exit 1 0/0 shutdown");
	not_done();
	ended(200, 0);
	did("reap 200");
	done(0);
}

/* A launcher is missing: we are of use to those who live, and to no other. */
static void
test_idle(void)
{
	begin();
	proc_born(900, 0);
	(void)child_new_ring("worker", 900, NULL);
	(void)child_running(100, 0);
	phase_end_when_idle();
	not_done();
	assert_int_equal(phase_now(), PHASE_RUN);
	(void)managed(101, "");
	ended(100, 0);
	did("reap 100; exit 2 0/0");
	stop_check();
	did("");
	assert_int_equal(child_count(), 0);
	assert_int_equal(phase_status(), EXIT_RING);
	/* The ring is no child: it is not waited for here. */
	ended(900, 0);
	done(EXIT_RING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stop),
		CASE(test_in_time),
		CASE(test_group_left),
		CASE(test_foreign),
		CASE(test_foreign_reused),
		CASE(test_lingering),
		CASE(test_lingering_timeout),
		CASE(test_lingering_shutdown),
		CASE(test_timeout),
		CASE(test_timeout_stopped),
		CASE(test_stopped_timeout),
		CASE(test_cut),
		CASE(test_cut_lingering),
		CASE(test_command),
		cmocka_unit_test(test_command_ends),
		CASE(test_command_fails),
		CASE(test_command_fails_late),
		CASE(test_command_ends_late),
		CASE(test_command_fails_left),
		CASE(test_command_hangs),
		CASE(test_command_unborn),
		CASE(test_command_foreign),
		cmocka_unit_test(test_command_impossible),
		CASE(test_all),
		CASE(test_all_moved),
		CASE(test_all_stopped),
		CASE(test_all_deadline),
		CASE(test_all_alarm),
		CASE(test_all_giveup),
		CASE(test_all_orphans),
		CASE(test_all_strays),
		cmocka_unit_test(test_all_unborn),
		CASE(test_all_unborn_fails),
		CASE(test_all_foreign),
		CASE(test_all_foreign_unanswered),
		CASE(test_all_held),
		CASE(test_all_left),
		CASE(test_all_others),
		CASE(test_all_command),
		CASE(test_idle),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
