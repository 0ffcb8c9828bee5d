/*
 * Tests of processes that are managed and no children of ours: who may be
 * had, and that one whose number is another's by now is nobody's. Linked with
 * what is below foreign.c.
 */

#include "monitor_util.h"

#include "monitor/exit.h"
#include "monitor/foreign.h"
#include "monitor/watch.h"

static const struct manage_row {
	const char *title;
	pid_t pid;
	const char *kill;
	int nice; /* 0: none asked for */
	int forbid;
	uint32_t children; /* of the rule; 0: as many as they like */
	int no_pidfds; /* 1; or errno of a watch */
	int error;
	const char *done;
} manages[] = {
	{ "the starter's", 100, "", 0, 0, 0, 0, 0, "child 2 pid 100" },
	{ "a user's whom a rule has", 101, "", 0, 0, 0, 0, 0,
	    "child 2 pid 101" },
	{ "a user's whom no rule has", 101, "", 0, 1, 0, 0, EPERM, "" },
	{ "anybody's", 102, "", 0, 0, 0, 0, EPERM, "" },
	{ "nobody's", 99, "", 0, 0, 0, 0, ESRCH, "" },
	{ "the worker", 103, "", 0, 0, 0, 0, EPERM, "" },
	{ "the guard", 50, "", 0, 0, 0, 0, EPERM, "" },
	{ "the reaper", 51, "", 0, 0, 0, 0, EPERM, "" },
	{ "a child that is about to be named", 104, "", 0, 0, 0, 0, EAGAIN,
	    "" },
	{ "that, dead", 105, "", 0, 0, 0, 0, EAGAIN, "" },
	{ "nothing to hold it by", 100, "", 0, 0, 0, 1, ENOSYS, "" },
	{ "no more watches", 100, "", 0, 0, 0, ENOSPC, ENOSPC, "" },
	{ "no memory for a watch", 100, "", 0, 0, 0, ENOMEM, ENOMEM, "" },
	{ "a thread's", 100, "", 0, 0, 0, EINVAL, ESRCH, "" },

	{ "a command to stop it", 101, "stop", 0, 0, 0, 0, 0,
	    "child 2 pid 101" },
	{ "a command that is not permitted", 101, "forbidden", 0, 0, 0, 0,
	    EPERM, "" },
	{ "a command as the starter, whom no rule has", 100, "stop", 0, 0, 0, 0,
	    EPERM, "" },
	{ "a command, and there is a place", 101, "stop", 0, 0, 1, 0, 0,
	    "child 2 pid 101" },

	{ "nicer", 100, "", 5, 0, 0, 0, 0, "nice 100 5; child 2 pid 100" },
	{ "less nice", 100, "", -5, 0, 0, 0, EACCES, "" },
	{ "less nice than its rule has", 101, "", -5, 0, 0, 0, EACCES, "" },
};

static void
manage_row(const void *arg)
{
	const struct manage_row *row = arg;
	struct run r = run_plain(row->nice != 0 ? RUN_NICE : 0);
	struct child *c;

	world.no_pidfds = row->no_pidfds == 1;
	world.watch_error = row->no_pidfds == 1 ? 0 : row->no_pidfds;
	exit_init(0);
	world.forbid = row->forbid;
	world.rule.children = row->children;
	proc_other(100, STARTER_UID, 0);
	proc_other(101, WWW_UID, 0);
	proc_other(102, 0, 0);
	proc_born(103, 0);
	proc_born(104, 0);
	proc_born(105, 0);
	proc_dies(105, 0);
	(void)child_new_ring("worker", 103, NULL);
	r.pid = row->pid;
	r.kill = row->kill;
	r.nice = row->nice;
	errno = 0;
	assert_int_equal(foreign_manage(&r), row->error == 0 ? 0 : -1);
	if (row->error != 0)
		assert_int_equal(errno, row->error);
	did(row->done);
	assert_int_equal(child_count(), row->error == 0);
	if (row->error != 0)
		return;
	c = child_by_pid(row->pid);
	assert_int_equal(c->kind, CHILD_FOREIGN);
	/* Who may be stopped by a command of a rule counts as one of its. */
	assert_int_equal(world.taken, *row->kill != '\0');
	assert_int_equal(c->kill_rule != NULL, *row->kill != '\0');
	proc_gone(row->pid);
	watch_dispatch();
	did("exit 2 -1/-1");
	assert_int_equal(world.taken, 0);
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
begin(pid_t pid, uid_t uid)
{
	struct run r = run_plain(0);

	exit_init(0);
	proc_other(pid, uid, 0);
	r.pid = pid;
	assert_int_equal(foreign_manage(&r), 0);
	did("child 1 pid 100");
}

/* Children of a rule have all of its places: this one gets none. */
static void
test_no_place(void)
{
	struct run r = run_plain(0);

	exit_init(0);
	world.rule.children = 1;
	(void)child_running(200, 0);
	proc_other(100, WWW_UID, 0);
	r.pid = 100;
	r.kill = "stop";
	assert_int_equal(foreign_manage(&r), -1);
	assert_int_equal(errno, EAGAIN);
	did("");
	assert_int_equal(world.taken, 1);
}

/* As far as its rule permits it. */
static void
test_nice_permitted(void)
{
	struct run r = run_plain(RUN_NICE);

	exit_init(0);
	world.rule.nice = -5;
	proc_other(100, WWW_UID, 0);
	r.pid = 100;
	r.nice = -6;
	assert_int_equal(foreign_manage(&r), -1);
	assert_int_equal(errno, EACCES);
	did("");
	r.nice = -5;
	assert_int_equal(foreign_manage(&r), 0);
	did("nice 100 -5; child 2 pid 100");
}

/* It is not in the group that the run names, whatever it is in. */
static void
test_group(void)
{
	struct run r = run_plain(RUN_GROUP);

	exit_init(0);
	proc_other(100, STARTER_UID, 0);
	r.pid = 100;
	r.group = 77;
	assert_int_equal(foreign_manage(&r), 0);
	assert_int_equal(child_by_pid(100)->group, 0);
	did("child 1 pid 100");
}

/* Signals go to the process that is held, and to no other of its number. */
static void
test_signal(void)
{
	begin(100, STARTER_UID);
	assert_int_equal(foreign_signal(child_by_pid(100), SIGTERM), 0);
	did("pidfd 100 TERM");
}

/* Signals to a child do not ask policy: it is not reaped, so it is that. */
static void
test_signal_child(void)
{
	exit_init(0);
	world.forbid = 1;
	assert_int_equal(foreign_signal(child_running(100, 0), SIGTERM), 0);
	did("kill 100 TERM");
}

static void
test_signal_reused(void)
{
	begin(100, STARTER_UID);
	proc_gone(100);
	proc_other(100, STARTER_UID, 0);
	errno = 0;
	assert_int_equal(foreign_signal(child_by_pid(100), SIGTERM), -1);
	assert_int_equal(errno, ESRCH);
	did("");
	watch_dispatch();
	did("exit 1 -1/-1");
}

/* It has become another user's since: it may not be had any more. */
static void
test_signal_other_user(void)
{
	begin(100, WWW_UID);
	proc_gone(100);
	proc_other(100, 0, 0);
	assert_int_equal(foreign_signal(child_by_pid(100), SIGKILL), -1);
	did("");
}

static void
test_signal_forbidden(void)
{
	begin(100, WWW_UID);
	world.forbid = 1;
	assert_int_equal(foreign_signal(child_by_pid(100), SIGKILL), -1);
	assert_int_equal(errno, EPERM);
	did("");
}

/* Its number was that of the leader of a group that is left. */
static void
test_leader_reused(void)
{
	struct run r = run_plain(0);
	struct child *leader;

	exit_init(0);
	leader = child_running(100, RUN_KILL_GROUP);
	proc_other(101, WWW_UID, 100);
	leader->reason = REASON_STOPPED;
	timer_set(&leader->deadline, 500, NULL, NULL);
	proc_dies(100, SIGTERM);
	watch_dispatch();
	did("kill -100 TERM; kill -100 CONT; reap 100");
	proc_gone(101);
	proc_other(100, STARTER_UID, 0);
	r.pid = 100;
	assert_int_equal(foreign_manage(&r), 0);
	did("exit 1 0/15 stopped; child 2 pid 100");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manage),
		CASE(test_no_place),
		CASE(test_nice_permitted),
		CASE(test_group),
		CASE(test_signal),
		CASE(test_signal_child),
		CASE(test_signal_reused),
		CASE(test_signal_other_user),
		CASE(test_signal_forbidden),
		CASE(test_leader_reused),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
