/*
 * Tests of children with leaves: what is asked of the keeper, who waits for
 * it, and what a hostile one says. The launcher is child 1, the keeper child 2;
 * what they make begins with 3.
 */

#include "monitor_maker.h"
#include "monitor_util.h"

#include "channel.h"
#include "monitor/channels.h"
#include "monitor/contain.h"
#include "monitor/exit.h"
#include "monitor/keep.h"
#include "monitor/launch.h"
#include "monitor/phase.h"
#include "monitor/reply.h"
#include "monitor/request.h"
#include "monitor/request_leaf.h"
#include "monitor/stop.h"
#include "monitor/watch.h"

#define KEEPER_PID 950
#define ALARM 2990 /* ms; no multiple of the looks in between */
#define PATIENCE 12000 /* ms */
#define FD1 (FD_FAKE + 1)
#define FD2 (FD_FAKE + 2)
#define BAD_FD (2 * FD_FAKE) /* of no control group */

static void
keeper_ended(struct child *c, int status)
{
	(void)c;
	(void)status;
}

static void
begin_with(size_t makers)
{
	exit_init(0);
	stop_init(ALARM);
	makers_start(makers);
	proc_born(KEEPER_PID, 0);
	(void)child_new_ring("keeper", KEEPER_PID, keeper_ended);
	keep_init(KEEPER_PID);
	world.rule.runas = world.kill_rule.runas = maker_user(0);
}

static void
begin(void)
{
	begin_with(1);
}

/*
 * What the keeper says: what the handler returns.
 */

static int
says_file(uint32_t id, uint32_t left, int fd)
{
	struct msg m = { .type = IMSG_LEAF, .fd = fd };

	m.leaf.id = id;
	m.leaf.left = left;
	return (handle(contain_handle_leaf, &m));
}

static int
says_done(uint32_t id, enum leaf_op op, int error, const char *text)
{
	struct msg m = { .type = IMSG_LEAF_DONE };

	m.leaf_done.m.id = id;
	m.leaf_done.m.op = op;
	m.leaf_done.m.error = error;
	m.leaf_done.text = text;
	return (handle(contain_handle_done, &m));
}

static int
says_state(uint32_t id, enum leaf_op op, uint64_t kills)
{
	struct msg m = { .type = IMSG_LEAF_STATE };

	m.leaf_state.m.id = id;
	m.leaf_state.m.op = op;
	m.leaf_state.m.stat[LEAF_OOM_KILLS] = kills;
	m.leaf_state.path = "/c";
	return (handle(contain_handle_state, &m));
}

static int
says_event(uint32_t id, uint64_t kills)
{
	struct msg m = { .type = IMSG_LEAF_EVENT };

	m.leaf_event.id = id;
	m.leaf_event.oom_kills = kills;
	return (handle(contain_handle_event, &m));
}

/* All of it is true. */
#define true_of(saying) assert_int_equal(saying, 0)

/*
 * What the broker asks for.
 */

/* Answers have no order from here on. */
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

static void
asks(int (*handler)(const struct msg *), int32_t pid, int32_t arg)
{
	struct msg m = { .type = IMSG_STATS };

	m.request.tid = 20 + arg;
	m.request.pid = pid;
	m.request.arg = arg;
	assert_int_equal(handle(handler, &m), 0);
}

static void
asks_limits(int32_t pid)
{
	struct msg m = { .type = IMSG_CGROUP_SET };

	m.cgroup_set.tid = 30;
	m.cgroup_set.pid = pid;
	assert_int_equal(handle(request_handle_cgroup_set, &m), 0);
}

static void
runs(const struct run *r)
{
	struct msg m = { .type = IMSG_RUN };

	m.run = *r;
	assert_int_equal(handle(request_handle_run, &m), 0);
}

static void
run_asked(uint32_t flags)
{
	struct run r = run_plain(flags | RUN_CGROUP);

	runs(&r);
}

/* Child 3 has its leaf, and is pid 100. */
static void
running_in(const struct run *r)
{
	runs(r);
	did("leaf 1 make");
	true_of(says_file(1, 0, FD1));
	true_of(says_done(1, LEAF_MAKE, 0, ""));
	did("leaf 3 fd 1001 left 0; launch 3");
	proc_born(100, 0);
	maker_says(0, 3, 100, STAGE_NONE, 0);
	makers_turn();
	did("child 3 pid 100");
}

static void
running(uint32_t flags)
{
	struct run r = run_plain(flags | RUN_CGROUP);

	running_in(&r);
}

static void
ended(pid_t pid, int status)
{
	proc_dies(pid, status);
	watch_dispatch();
}

/*
 * Cases.
 */

static void
test_life(void)
{
	struct run r = run_plain(RUN_CGROUP);

	begin();
	r.leaf_name = "web";
	runs(&r);
	did("leaf 1 make web");
	assert_int_equal(child_by_id(3)->state, CHILD_ASKED);
	true_of(says_file(1, 1, FD1));
	true_of(says_file(1, 0, FD2));
	did("");
	true_of(says_done(1, LEAF_MAKE, 0, ""));
	did("leaf 3 fd 1001 left 1; leaf 3 fd 1002 left 0; launch 3");
	proc_born(100, 0);
	maker_says(0, 3, 100, STAGE_NONE, 0);
	makers_turn();
	did("child 3 pid 100");
	ended(100, EXITED(3));
	did("leaf 1 end; now; reap 100");
	assert_int_equal(child_by_id(3)->state, CHILD_EMPTYING);
	assert_null(child_by_pid(100));
	assert_int_equal(world.taken, 1);
	assert_int_equal(child_count(), 1);
	true_of(says_state(1, LEAF_END, 0));
	did("0 state 3 end ''; exit 3 768/768");
	assert_int_equal(child_count(), 0);
	assert_int_equal(world.taken, 0);
}

/* Nothing is left of it, and there is nothing to be ended. */
static void
test_refused_by_keeper(void)
{
	begin();
	run_asked(0);
	did("leaf 1 make");
	true_of(says_done(1, LEAF_MAKE, ENODEV, "memory_max"));
	did("7 runfail; stage 14; error 19; 'memory_max'");
	assert_int_equal(child_count(), 0);
	assert_int_equal(world.taken, 0);
}

static void
test_file_lost(void)
{
	begin();
	run_asked(0);
	did("leaf 1 make");
	true_of(says_file(1, 1, FD1));
	true_of(says_file(1, 0, -1));
	true_of(says_done(1, LEAF_MAKE, 0, ""));
	did("7 runfail; stage 14; error 24; leaf 1 end; close 1001");
	assert_int_equal(world.taken, 1);
	true_of(says_state(1, LEAF_END, 0));
	did("");
	assert_int_equal(child_count(), 0);
	assert_int_equal(world.taken, 0);
}

/* Answered at once; its place is not free before its leaf is. */
static void
test_launch_fails(void)
{
	begin();
	run_asked(0);
	true_of(says_file(1, 0, FD1));
	true_of(says_done(1, LEAF_MAKE, 0, ""));
	did("leaf 1 make; leaf 3 fd 1001 left 0; launch 3");
	maker_says(0, 3, 0, STAGE_EXEC, 0);
	makers_turn();
	did("7 runfail; stage 10; leaf 1 end");
	assert_int_equal(world.taken, 1);
	assert_true(child_count() == 1);
	true_of(says_state(1, LEAF_END, 0));
	did("");
	assert_int_equal(child_count(), 0);
}

static void
test_launcher_dies(void)
{
	begin();
	run_asked(0);
	did("leaf 1 make");
	maker_hangs_up(0);
	makers_turn();
	did("down www0; shut 0");
	true_of(says_file(1, 0, FD1));
	true_of(says_done(1, LEAF_MAKE, 0, ""));
	did("7 runfail; stage 11; error 32; leaf 1 end; close 1001");
	stop_check();
	assert_int_equal(phase_now(), PHASE_RUN);
	true_of(says_state(1, LEAF_END, 0));
	did("");
	stop_check();
	assert_int_equal(phase_now(), PHASE_DONE);
}

/* It does not begin any more, and is waited for. */
static void
test_shutdown_while_made(void)
{
	begin();
	run_asked(0);
	did("leaf 1 make");
	stop_all(EXIT_CLEAN);
	stop_check();
	assert_int_equal(phase_now(), PHASE_STOP);
	true_of(says_file(1, 0, FD1));
	true_of(says_done(1, LEAF_MAKE, 0, ""));
	did("7 runfail; stage 11; error 32; leaf 1 end; close 1001");
	stop_check();
	assert_int_equal(phase_now(), PHASE_STOP);
	true_of(says_state(1, LEAF_END, 0));
	stop_check();
	assert_int_equal(phase_now(), PHASE_DONE);
	did("");
}

static void
test_shutdown(void)
{
	begin();
	running(0);
	stop_all(EXIT_CLEAN);
	did("descendants 100 TERM; kill -100 TERM; kill -100 CONT");
	sleep_ms(ALARM);
	did("descendants 100 KILL; kill -100 KILL; leaf 1 kill");
	ended(100, SIGKILL);
	did("leaf 1 end; now; reap 100");
	stop_check();
	assert_int_equal(phase_now(), PHASE_KILL);
	true_of(says_state(1, LEAF_END, 0));
	did("0 state 3 end ''; exit 3 9/9 shutdown killed");
	stop_check();
	assert_int_equal(phase_now(), PHASE_DONE);
}

/* A shutdown does not ask for what is on its way. */
static void
test_shutdown_emptying(void)
{
	begin();
	running(0);
	ended(100, 0);
	did("leaf 1 end; now; reap 100");
	stop_all(EXIT_CLEAN);
	sleep_ms(ALARM);
	did("");
	true_of(says_state(1, LEAF_END, 0));
	did("0 state 3 end ''; exit 3 0/0");
}

/* Who is left, the keeper cannot kill. */
static void
test_deaf(void)
{
	begin();
	running(0);
	ended(100, 0);
	did("leaf 1 end; now; reap 100");
	true_of(says_done(1, LEAF_KILL, EBUSY, "t0/c1"));
	did("orphans in t0/c1 KILL");
	true_of(says_state(1, LEAF_END, 0));
	did("0 state 3 end ''; exit 3 0/0; leaf 2 make");
}

/* Where the keeper kills nobody the reaper does, as often as it is asked. */
static void
test_each(void)
{
	int i;

	begin();
	world.how = CGROUP_STILL;
	running(0);
	assert_int_equal(says_done(1, LEAF_KILL, EBUSY, "t0/c1"), -1);
	contain_kill(child_by_pid(100));
	did("leaf 1 kill");
	true_of(says_done(1, LEAF_KILL, EBUSY, "t0/c1"));
	did("orphans in t0/c1 KILL");
	assert_int_equal(says_done(1, LEAF_KILL, EBUSY, "t0/c1"), -1);
	ended(100, 0);
	did("leaf 1 end; now; reap 100");
	for (i = 0; i < 64; i++) {
		true_of(says_done(1, LEAF_KILL, EBUSY, "t0/c1"));
		did("orphans in t0/c1 KILL");
	}
	assert_int_equal(says_done(1, LEAF_KILL, EBUSY, "t0/c1"), -1);
}

static const struct oom_row {
	const char *title;
	int status;
	enum reason reason;
	uint64_t kills;
	const char *exit;
} ooms[] = {
	{ "killed as there was no memory", SIGKILL, REASON_NORMAL, 1,
	    "0 state 3 end ''; exit 3 9/9 oom; leaf 2 make" },
	{ "killed by somebody", SIGKILL, REASON_NORMAL, 0,
	    "0 state 3 end ''; exit 3 9/9; leaf 2 make" },
	{ "killed where nobody counts", SIGKILL, REASON_NORMAL, LEAF_UNKNOWN,
	    "0 state 3 end ''; exit 3 9/9; leaf 2 make" },
	{ "it has outlived who was", EXITED(1), REASON_NORMAL, 2,
	    "0 state 3 end ''; exit 3 256/256; leaf 2 make" },
	{ "its time was over before", SIGKILL, REASON_TIMEOUT, 1,
	    "0 state 3 end ''; exit 3 9/9 timeout; leaf 2 make" },
};

static void
oom_row(const void *arg)
{
	const struct oom_row *row = arg;

	begin();
	running(0);
	child_by_id(3)->reason = row->reason;
	ended(100, row->status);
	did("leaf 1 end; now; reap 100");
	true_of(says_state(1, LEAF_END, row->kills));
	did(row->exit);
}

static void
test_oom(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(ooms); i++)
		apart(ooms[i].title, oom_row, &ooms[i]);
}

/*
 * Lies: each thing that the keeper can say, about each leaf that there can be.
 */

enum about {
	STRANGER, /* nobody has that number */
	SPARE_MAKING, /* ahead, for nobody yet */
	SPARE,
	MAKING,
	HALF, /* one of its two files has come */
	THERE,
	ENDING,
	ABOUTS
};

struct lie_row {
	const char *title;
	int (*say)(uint32_t id);
	int truth[ABOUTS]; /* of which it can be said */
};

static int
lie_last_file(uint32_t id)
{
	return (says_file(id, 0, FD2));
}

static int
lie_file(uint32_t id)
{
	return (says_file(id, 1, FD2));
}

static int
lie_other_file(uint32_t id)
{
	return (says_file(id, 0, BAD_FD));
}

static int
lie_made(uint32_t id)
{
	return (says_done(id, LEAF_MAKE, 0, ""));
}

static int
lie_not_made(uint32_t id)
{
	return (says_done(id, LEAF_MAKE, EPERM, ""));
}

static int
lie_set(uint32_t id)
{
	return (says_done(id, LEAF_SET, 0, ""));
}

static int
lie_killed(uint32_t id)
{
	return (says_done(id, LEAF_KILL, 0, ""));
}

static int
lie_deaf(uint32_t id)
{
	return (says_done(id, LEAF_KILL, EBUSY, "t0/c1"));
}

static int
lie_frozen(uint32_t id)
{
	return (says_done(id, LEAF_FREEZE, 0, ""));
}

static int
lie_thawed(uint32_t id)
{
	return (says_done(id, LEAF_THAW, EIO, ""));
}

static int
lie_no_stats(uint32_t id)
{
	return (says_done(id, LEAF_STATS, EIO, ""));
}

static int
lie_done(uint32_t id)
{
	return (says_done(id, LEAF_END, 0, ""));
}

static int
lie_stats(uint32_t id)
{
	return (says_state(id, LEAF_STATS, 0));
}

static int
lie_gone(uint32_t id)
{
	return (says_state(id, LEAF_END, 0));
}

static int
lie_for_somebody(uint32_t id)
{
	struct msg m = { .type = IMSG_LEAF_STATE };

	m.leaf_state.m.tid = 5;
	m.leaf_state.m.id = id;
	m.leaf_state.m.op = LEAF_END;
	m.leaf_state.path = "";
	return (handle(contain_handle_state, &m));
}

static int
lie_event(uint32_t id)
{
	return (says_event(id, 1));
}

static const struct lie_row lies[] = {
	{ "a file", lie_file, { [SPARE_MAKING] = 1, [MAKING] = 1 } },
	{ "the last file", lie_last_file,
	    { [SPARE_MAKING] = 1, [MAKING] = 1, [HALF] = 1 } },
	{ "a file of something else", lie_other_file, { 0 } },
	{ "made, without all files", lie_made, { 0 } },
	{ "not made", lie_not_made, { [SPARE_MAKING] = 1, [MAKING] = 1 } },
	{ "other limits", lie_set, { 0 } },
	{ "killed", lie_killed, { 0 } },
	{ "not to be killed", lie_deaf, { [ENDING] = 1 } },
	{ "frozen", lie_frozen, { 0 } },
	{ "not thawed", lie_thawed, { 0 } },
	{ "no stats", lie_no_stats, { 0 } },
	{ "ended, without what it has used", lie_done, { 0 } },
	{ "stats", lie_stats, { 0 } },
	{ "gone", lie_gone, { [ENDING] = 1 } },
	{ "gone, as somebody has asked", lie_for_somebody, { 0 } },
	{ "an event", lie_event, { [THERE] = 1, [ENDING] = 1 } },
};

/* Child 3 was there: the next leaf is made ahead. */
static void
spare_making(void)
{
	running(0);
	ended(100, 0);
	did("leaf 1 end; now; reap 100");
	true_of(says_state(1, LEAF_END, 0));
	did("0 state 3 end ''; exit 3 0/0; leaf 2 make");
}

static void
spare(void)
{
	spare_making();
	true_of(says_file(2, 0, FD2));
	true_of(says_done(2, LEAF_MAKE, 0, ""));
	did("");
}

/* The number of a leaf of which that can be said. */
static uint32_t
about(enum about who)
{
	begin();
	switch (who) {
	case STRANGER:
		return (4711);
	case SPARE_MAKING:
		spare_making();
		return (2);
	case SPARE:
		spare();
		return (2);
	case MAKING:
		run_asked(0);
		return (1);
	case HALF:
		run_asked(0);
		true_of(says_file(1, 1, FD1));
		return (1);
	case THERE:
		running(0);
		return (1);
	default:
		running(0);
		ended(100, 0);
		return (1);
	}
}

static struct {
	const struct lie_row *row;
	enum about who;
} lie;

static void
lie_row(const void *arg)
{
	uint32_t id = about(lie.who);

	(void)arg;
	assert_int_equal(lie.row->say(id), lie.row->truth[lie.who] ? 0 : -1);
	/* It is not said twice. */
	if (lie.row->truth[lie.who] && lie.row->say != lie_event)
		assert_int_equal(lie.row->say(id), -1);
}

static void
test_lies(void **state)
{
	size_t i, who;

	(void)state;
	for (i = 0; i < nitems(lies); i++)
		for (who = 0; who < ABOUTS; who++) {
			lie.row = &lies[i];
			lie.who = (enum about)who;
			apart(lies[i].title, lie_row, NULL);
		}
}

/* Two are made at once: each has its own files. */
static void
test_two(void)
{
	begin();
	run_asked(0);
	run_asked(0);
	did("leaf 1 make; leaf 2 make");
	true_of(says_file(1, 1, FD1));
	true_of(says_file(2, 0, FD2));
	assert_int_equal(says_done(1, LEAF_MAKE, 0, ""), -1);
	true_of(says_done(2, LEAF_MAKE, 0, ""));
	did("leaf 4 fd 1002 left 0; launch 4");
	true_of(says_file(1, 0, FD2));
	true_of(says_done(1, LEAF_MAKE, 0, ""));
	did("leaf 3 fd 1001 left 1; leaf 3 fd 1002 left 0; launch 3");
}

/*
 * One that was made ahead.
 */

/* Who takes it waits for nothing, and the next is made when he has ended. */
static void
test_spare(void)
{
	begin();
	spare();
	run_asked(0);
	did("leaf 4 fd 1002 left 0; launch 4");
	proc_born(101, 0);
	maker_says(0, 4, 101, STAGE_NONE, 0);
	makers_turn();
	did("child 4 pid 101");
	/* It is the child's now: by its own number to the node. */
	true_of(says_event(2, 1));
	asks(request_handle_stats, 101, 0);
	true_of(says_state(2, LEAF_STATS, 0));
	did("leaf 2 stats; 20 state 4 stats '/c'");
	ended(101, 0);
	did("leaf 2 end; now; reap 101");
	true_of(says_state(2, LEAF_END, 1));
	did("event 4 oom 1; 0 state 4 end ''; exit 4 0/0; leaf 3 make");
	assert_int_equal(child_count(), 0);
}

/* There is one only: who comes behind has his own made. */
static void
test_spare_of_two(void)
{
	begin();
	spare();
	run_asked(0);
	run_asked(0);
	did("leaf 4 fd 1002 left 0; launch 4; leaf 3 make");
}

/* It is on its way: that one is waited for. */
static void
test_spare_soon(void)
{
	begin();
	spare_making();
	run_asked(0);
	did("");
	true_of(says_file(2, 0, FD2));
	true_of(says_done(2, LEAF_MAKE, 0, ""));
	did("leaf 4 fd 1002 left 0; launch 4");
}

static void
test_spare_soon_refused(void)
{
	begin();
	spare_making();
	run_asked(0);
	true_of(says_done(2, LEAF_MAKE, ENOSPC, ""));
	did("7 runfail; stage 14; error 28");
	assert_int_equal(child_count(), 0);
}

/* Nobody is told; the next has his own made. */
static void
test_spare_refused(void)
{
	begin();
	spare_making();
	true_of(says_done(2, LEAF_MAKE, ENOSPC, ""));
	did("");
	run_asked(0);
	did("leaf 3 make");
}

/* One that cannot be entered is nobody's. */
static void
test_spare_lost(void)
{
	begin();
	spare_making();
	true_of(says_file(2, 0, -1));
	true_of(says_done(2, LEAF_MAKE, 0, ""));
	did("");
	run_asked(0);
	did("leaf 2 end; leaf 3 make");
	true_of(says_state(2, LEAF_END, 0));
	did("");
	true_of(says_file(3, 0, FD1));
	true_of(says_done(3, LEAF_MAKE, 0, ""));
	did("leaf 4 fd 1001 left 0; launch 4");
}

/* It has no name and no limit, and who wants one does not get it. */
static void
test_spare_not_for(void)
{
	struct run r = run_plain(RUN_CGROUP);

	begin();
	native();
	spare();
	r.leaf_name = "web";
	runs(&r);
	did("leaf 3 make web");
	r.leaf_name = "";
	r.leaf.given = 1U << LEAF_PIDS_MAX;
	runs(&r);
	did("leaf 4 make");
	true_of(says_file(4, 0, FD1));
	true_of(says_done(4, LEAF_MAKE, 0, ""));
	did("leaf 5 fd 1001 left 0; launch 5");
	proc_born(100, 0);
	maker_says(0, 5, 100, STAGE_NONE, 0);
	makers_turn();
	did("child 5 pid 100");
	ended(100, 0);
	true_of(says_state(4, LEAF_END, 0));
	did("leaf 4 end; now; reap 100; 0 state 5 end ''; exit 5 0/0");
	run_asked(0);
	did("leaf 6 fd 1002 left 0; launch 6");
}

/* Each user has one of his own. */
static void
test_spare_of_users(void)
{
	begin_with(2);
	world.rule.runas = maker_user(1);
	run_asked(0);
	did("leaf 1 make");
	true_of(says_file(1, 0, FD1));
	true_of(says_done(1, LEAF_MAKE, 0, ""));
	did("leaf 4 fd 1001 left 0; launch 4");
	proc_born(100, 0);
	maker_says(1, 4, 100, STAGE_NONE, 0);
	makers_turn();
	did("child 4 pid 100");
	ended(100, 0);
	true_of(says_state(1, LEAF_END, 0));
	did("leaf 1 end; now; reap 100; 0 state 4 end ''; exit 4 0/0; leaf 2 "
	    "make");
	true_of(says_file(2, 0, FD2));
	true_of(says_done(2, LEAF_MAKE, 0, ""));
	world.rule.runas = maker_user(0);
	run_asked(0);
	did("leaf 3 make");
	world.rule.runas = maker_user(1);
	run_asked(0);
	did("leaf 6 fd 1002 left 0; launch 6");
}

/* Nobody is waited for on its behalf, and none is made at the end. */
static void
test_spare_shutdown(void)
{
	begin();
	spare();
	stop_all(EXIT_CLEAN);
	stop_check();
	assert_int_equal(phase_now(), PHASE_DONE);
	did("");
}

/* What was kept is the launcher's no more than any other. */
static void
test_spare_launcher_dies(void)
{
	begin();
	spare();
	run_asked(0);
	did("leaf 4 fd 1002 left 0; launch 4");
	maker_hangs_up(0);
	makers_turn();
	did("down www0; shut 0; 7 runfail; stage 11; error 32; leaf 2 end");
	true_of(says_state(2, LEAF_END, 0));
	stop_check();
	assert_int_equal(phase_now(), PHASE_DONE);
}

static void
test_spare_patience(void)
{
	begin();
	spare_making();
	sleep_ms(PATIENCE);
	did("kill 950 KILL");
}

static void
test_spare_keeper_dies(void)
{
	begin();
	spare();
	keeper_channel.open = 0;
	contain_lost();
	did("close 1002");
	assert_null(maker_user(0)->spare);
	assert_false(keep_busy());
}

static void
test_spare_keeper_dies_early(void)
{
	begin();
	spare_making();
	keeper_channel.open = 0;
	contain_lost();
	did("");
	assert_null(maker_user(0)->spare);
	assert_false(keep_busy());
}

/* In the first dialect answers have the order of their requests. */
static void
test_order(void)
{
	struct run r = run_plain(0);

	begin();
	run_asked(0);
	r.tid = 8;
	runs(&r);
	did("leaf 1 make; launch 4");
	proc_born(101, 0);
	maker_says(0, 4, 101, STAGE_NONE, 0);
	makers_turn();
	did("");
	ended(101, 0);
	did("reap 101");
	true_of(says_file(1, 0, FD1));
	true_of(says_done(1, LEAF_MAKE, 0, ""));
	did("leaf 3 fd 1001 left 0; launch 3");
	proc_born(100, 0);
	maker_says(0, 3, 100, STAGE_NONE, 0);
	makers_turn();
	did("child 3 pid 100; child 4 pid 101; exit 4 0/0");
}

/* What ends behind an answer that waits is told behind it. */
static void
test_ends_behind_answer(void)
{
	struct run r = run_plain(0);

	begin();
	runs(&r);
	run_asked(0);
	true_of(says_file(1, 0, FD1));
	true_of(says_done(1, LEAF_MAKE, 0, ""));
	did("launch 3; leaf 1 make; leaf 4 fd 1001 left 0; launch 4");
	proc_born(100, 0);
	proc_born(101, 0);
	maker_says(0, 3, 100, STAGE_NONE, 0);
	maker_says(0, 4, 101, STAGE_NONE, 0);
	makers_turn();
	did("child 3 pid 100; child 4 pid 101");
	true_of(says_event(1, 1));
	ended(101, SIGKILL);
	did("leaf 1 end; now; reap 101");
	true_of(says_state(1, LEAF_END, 1));
	did("event 4 oom 1; 0 state 4 end ''; exit 4 9/9 oom; leaf 2 make");
}

/*
 * Requests about a leaf.
 */

static void
test_asks(void)
{
	begin();
	running(0);
	asks(request_handle_stats, 100, 0);
	asks(request_handle_pause, 100, 1);
	asks(request_handle_pause, 100, 0);
	asks_limits(100);
	asks(request_handle_stats, 100, 0);
	did("leaf 1 stats; leaf 1 freeze; leaf 1 thaw; leaf 1 set; "
	    "leaf 1 stats");
	/* Those of one kind in their order. */
	true_of(says_state(1, LEAF_STATS, 0));
	did("20 state 3 stats '/c'");
	true_of(says_done(1, LEAF_STATS, EIO, ""));
	did("20 term; stage 14; error 5");
	assert_int_equal(says_state(1, LEAF_STATS, 0), -1);
	true_of(says_done(1, LEAF_THAW, 0, ""));
	true_of(says_done(1, LEAF_FREEZE, 0, ""));
	did("20 paused; error 1; 21 paused; error 1");
	true_of(says_done(1, LEAF_SET, EINVAL, "pids_max"));
	did("30 term; stage 14; error 22; 'pids_max'");
	assert_int_equal(says_done(1, LEAF_SET, 0, ""), -1);
	asks_limits(100);
	true_of(says_done(1, LEAF_SET, 0, ""));
	did("leaf 1 set; 30 ok");
}

/* What the keeper has not said before the end it never says. */
static void
test_asks_dropped(void)
{
	begin();
	running(0);
	asks(request_handle_pause, 100, 1);
	asks(request_handle_stats, 100, 0);
	ended(100, 0);
	did("leaf 1 freeze; leaf 1 stats; leaf 1 end; now; reap 100");
	/* It was on its way. */
	true_of(says_state(1, LEAF_STATS, 0));
	did("20 state 3 stats '/c'");
	true_of(says_state(1, LEAF_END, 0));
	did("21 term; stage 14; error 3; 0 state 3 end ''; exit 3 0/0; leaf 2 "
	    "make");
	assert_false(keep_busy());
}

static void
test_asks_refused(void)
{
	struct msg m = { .type = IMSG_PAUSE };

	begin();
	(void)child_running(100, 0);
	asks(request_handle_stats, 100, 0);
	did("20 term; stage 14; error 19; 'it has none'");
	asks_limits(100);
	did("30 term; stage 14; error 19; 'it has none'");
	asks(request_handle_stats, 101, 0);
	asks(request_handle_pause, 101, 1);
	asks_limits(-1);
	did("20 not found; 21 not found; 30 not found");
	/* Those of the ring are nobody's. */
	asks(request_handle_pause, KEEPER_PID, 1);
	did("21 not found");
	m.request.arg = 2;
	assert_int_equal(handle(request_handle_pause, &m), -1);
	assert_int_equal(handle(request_handle_stats, &m), -1);
}

static void
test_above(void)
{
	begin();
	running(0);
	world.above = "pids_max";
	asks_limits(100);
	did("30 term; stage 1; error 1; 'pids_max'");
	run_asked(0);
	did("7 runfail; stage 1; error 1; 'pids_max'");
	logs("line 1 permits less of pids_max");
	assert_int_equal(child_count(), 1);
}

static void
test_no_leaves(void)
{
	begin();
	world.no_leaves = 1;
	run_asked(0);
	did("7 runfail; stage 14; error 19; 'no base'");
	assert_int_equal(world.taken, 0);
}

static void
test_rule(void)
{
	struct run r = run_plain(0);

	begin();
	world.leaf_rule = world.no_leaves = 1;
	runs(&r);
	did("7 runfail; stage 14; error 19; 'no base'");
	world.no_leaves = 0;
	runs(&r);
	did("leaf 1 make");
}

static const struct pause_row {
	const char *title;
	pid_t moved; /* to that group by itself */
	pid_t group; /* joined */
	const char *done;
} pauses[] = {
	{ "its group", 0, 0, "kill -100 19; 21 paused" },
	{ "itself, as it has left that", 77, 0, "kill 100 19; 21 paused" },
	{ "itself, as others are there", 0, 90, "kill 100 19; 21 paused" },
};

static void
pause_row(const void *arg)
{
	const struct pause_row *row = arg;
	struct run r = run_plain(row->group != 0 ? RUN_GROUP : 0);

	begin();
	if (row->group != 0)
		(void)child_running(90, 0);
	r.group = row->group;
	(void)child_running_as(100, &r);
	if (row->moved != 0)
		proc_moves(100, row->moved);
	asks(request_handle_pause, 100, 1);
	did(row->done);
}

/* Without a leaf: by signals. */
static void
test_pauses(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(pauses); i++)
		apart(pauses[i].title, pause_row, &pauses[i]);
}

static void
test_resumes(void)
{
	begin();
	(void)child_running(100, 0);
	asks(request_handle_pause, 100, 0);
	did("kill -100 CONT; 20 paused");
}

/* Its group, too, or it would wait for that. */
static void
test_stop_paused(void)
{
	begin();
	(void)child_running(100, 0);
	asks(request_handle_pause, 100, 1);
	did("kill -100 19; 21 paused");
	stop_child(child_by_id(3));
	did("kill -100 CONT; kill 100 TERM; kill 100 CONT");
}

/* What is dead is held by nobody. */
static void
test_pause_lingering(void)
{
	struct run r = run_plain(RUN_LINGER);

	begin();
	r.linger = 500;
	(void)child_running_as(100, &r);
	ended(100, 0);
	asks(request_handle_pause, 100, 1);
	did("21 errno; error 3");
}

/*
 * Stops.
 */

static void
test_stop(void)
{
	begin();
	running(0);
	stop_child(child_by_id(3));
	did("kill 100 TERM; kill 100 CONT");
	sleep_ms(KILL_TIMEOUT_DEFAULT);
	did("kill 100 KILL; leaf 1 kill");
	ended(100, SIGKILL);
	did("leaf 1 end; now; reap 100");
	true_of(says_state(1, LEAF_END, 1));
	did("0 state 3 end ''; exit 3 0/9 stopped killed; leaf 2 make");
}

/* One that is held hears nothing. */
static void
test_stop_frozen(void)
{
	begin();
	running(0);
	asks(request_handle_pause, 100, 1);
	true_of(says_done(1, LEAF_FREEZE, 0, ""));
	did("leaf 1 freeze; 21 paused; error 1");
	stop_child(child_by_id(3));
	did("leaf 1 thaw; kill 100 TERM; kill 100 CONT");
	/* priv has asked, and nobody wants to know. */
	true_of(says_done(1, LEAF_THAW, 0, ""));
	did("");
	assert_int_equal(says_done(1, LEAF_THAW, 0, ""), -1);
}

/* The rest of its group has its time, and then its leaf has none. */
static void
test_group_left(void)
{
	begin();
	running(RUN_KILL_GROUP);
	proc_born(101, 100);
	ended(100, 0);
	did("kill -100 TERM; kill -100 CONT; reap 100");
	assert_int_equal(child_by_id(3)->state, CHILD_LEFT);
	sleep_ms(KILL_TIMEOUT_DEFAULT);
	did("leaf 1 end");
	true_of(says_state(1, LEAF_END, 0));
	did("0 state 3 end ''; exit 3 0/0 killed; leaf 2 make");
}

static void
test_group_gone(void)
{
	begin();
	running(RUN_KILL_GROUP);
	proc_born(101, 100);
	ended(100, 0);
	did("kill -100 TERM; kill -100 CONT; reap 100");
	proc_dies(101, 0);
	proc_gone(101);
	sleep_ms(100);
	did("leaf 1 end");
}

/* None, where there is no time: its leaf is quicker. */
static void
test_group_due(void)
{
	begin();
	running(RUN_KILL_GROUP);
	proc_born(101, 100);
	child_by_id(3)->reason = REASON_TIMEOUT;
	ended(100, SIGTERM);
	did("kill -100 KILL; reap 100; leaf 1 end");
}

static void
test_shutdown_left(void)
{
	begin();
	running(RUN_KILL_GROUP);
	proc_born(101, 100);
	ended(100, 0);
	did("kill -100 TERM; kill -100 CONT; reap 100");
	stop_all(EXIT_CLEAN);
	did("leaf 1 end");
	true_of(says_state(1, LEAF_END, 0));
	did("0 state 3 end ''; exit 3 0/0");
}

/* A tracer keeps it; its leaf is emptied all the same. */
static void
test_traced(void)
{
	begin();
	running(0);
	world.traced = 1;
	ended(100, 0);
	did("");
	sleep_ms(2000);
	did("leaf 1 end");
	true_of(says_state(1, LEAF_END, 0));
	did("0 state 3 end ''; exit 3 -1/-1; leaf 2 make");
	assert_int_equal(child_by_pid(100)->kind, CHILD_HELD);
}

/* A kill command has the limits of its rule, or it is none. */
static void
test_killer(void)
{
	struct run r = run_plain(0);

	begin();
	r.kill = "quit";
	(void)child_running_as(100, &r);
	child_by_id(3)->runas = maker_user(0);
	world.leaf_rule = 1;
	stop_child(child_by_id(3));
	did("leaf 1 make");
	true_of(says_file(1, 0, FD1));
	true_of(says_done(1, LEAF_MAKE, 0, ""));
	did("leaf 4 fd 1001 left 0; launch 4");
	proc_born(101, 0);
	maker_says(0, 4, 101, STAGE_NONE, 0);
	makers_turn();
	true_of(says_event(1, 1));
	contain_tell(keep_busy);
	did("");
	ended(101, 0);
	did("leaf 1 end; now; reap 101");
	true_of(says_state(1, LEAF_END, 1));
	did("leaf 2 make");
	assert_null(child_by_id(4));
}

static void
test_killer_refused(void)
{
	struct run r = run_plain(0);

	begin();
	r.kill = "quit";
	(void)child_running_as(100, &r);
	child_by_id(3)->runas = maker_user(0);
	world.leaf_rule = 1;
	stop_child(child_by_id(3));
	did("leaf 1 make");
	true_of(says_done(1, LEAF_MAKE, EPERM, ""));
	did("kill 100 TERM; kill 100 CONT");
	logs("a kill command cannot be executed");
}

static void
test_killer_without_leaves(void)
{
	struct run r = run_plain(0);

	begin();
	r.kill = "quit";
	(void)child_running_as(100, &r);
	child_by_id(3)->runas = maker_user(0);
	world.leaf_rule = 1;
	keeper_channel.open = 0;
	stop_child(child_by_id(3));
	did("kill 100 TERM; kill 100 CONT");
	assert_int_equal(child_count(), 1);
}

/*
 * Events.
 */

static int has_room;

static int
room(void)
{
	return (has_room);
}

/* Those that wait become one. */
static void
test_events(void)
{
	begin();
	running(0);
	true_of(says_event(1, 1));
	did("");
	contain_tell(room);
	did("");
	true_of(says_event(1, 2));
	has_room = 1;
	contain_tell(room);
	did("event 3 oom 2");
	contain_tell(room);
	did("");
	/* Behind its exit there is nothing. */
	has_room = 0;
	true_of(says_event(1, 3));
	ended(100, 0);
	did("leaf 1 end; now; reap 100");
	true_of(says_event(1, 4));
	true_of(says_state(1, LEAF_END, 4));
	did("event 3 oom 4; 0 state 3 end ''; exit 3 0/0; leaf 2 make");
}

/* What is not there yet, or never was, is nothing to tell of. */
static void
test_events_untold(void)
{
	begin();
	has_room = 1;
	run_asked(0);
	true_of(says_file(1, 0, FD1));
	true_of(says_done(1, LEAF_MAKE, 0, ""));
	did("leaf 1 make; leaf 3 fd 1001 left 0; launch 3");
	true_of(says_event(1, 1));
	contain_tell(room);
	did("");
	maker_says(0, 3, 0, STAGE_EXEC, 0);
	makers_turn();
	did("7 runfail; stage 10; leaf 1 end");
	true_of(says_event(1, 2));
	contain_tell(room);
	true_of(says_state(1, LEAF_END, 2));
	did("");
}

/*
 * A keeper that does not answer, or is gone.
 */

static void
test_patience(void)
{
	begin();
	run_asked(0);
	did("leaf 1 make");
	sleep_ms(PATIENCE - 1);
	did("");
	sleep_ms(1);
	did("kill 950 KILL");
	logs("the keeper does not answer");
}

/* An answer of nobody's is none: it has to answer this one in the end. */
static void
test_patience_with_others(void)
{
	int i;

	begin();
	native();
	running(0);
	run_asked(0);
	did("leaf 2 make");
	for (i = 0; i < 4; i++) {
		sleep_ms(PATIENCE / 2);
		asks(request_handle_stats, 100, 0);
		true_of(says_state(1, LEAF_STATS, 0));
		sleep_ms(PATIENCE / 2);
		did("leaf 1 stats; 20 state 3 stats '/c'");
	}
	asks(request_handle_stats, 100, 0);
	true_of(says_state(1, LEAF_STATS, 0));
	did("leaf 1 stats; 20 state 3 stats '/c'");
	sleep_ms(PATIENCE);
	did("kill 950 KILL");
}

/* It is waited for the end as long as for anything else. */
static void
test_patience_at_end(void)
{
	begin();
	running(0);
	asks(request_handle_stats, 100, 0);
	sleep_ms(PATIENCE - 1);
	ended(100, 0);
	did("leaf 1 stats; leaf 1 end; now; reap 100");
	sleep_ms(PATIENCE - 1);
	did("");
	sleep_ms(1);
	did("kill 950 KILL");
}

static void
test_lost(void)
{
	begin();
	native();
	running(0);
	run_asked(0);
	true_of(says_file(2, 1, FD2));
	asks(request_handle_stats, 100, 0);
	did("leaf 2 make; leaf 1 stats");
	keeper_channel.open = 0;
	contain_lost();
	did("20 term; stage 14; error 3; close 1002; "
	    "7 runfail; stage 14; error 32");
	assert_null(child_by_id(3)->leaf);
	assert_false(keep_busy());
	/* It is a child without a leaf from here on. */
	ended(100, 0);
	did("reap 100; exit 3 0/0");
}

static void
test_lost_at_end(void)
{
	begin();
	running(0);
	ended(100, SIGKILL);
	did("leaf 1 end; now; reap 100");
	keeper_channel.open = 0;
	contain_lost();
	did("exit 3 9/9");
	assert_int_equal(child_count(), 0);
}

/* The broker waits if the keeper has too much to do. */
static void
test_busy(void)
{
	int i;

	begin();
	running(0);
	for (i = 0; i < 256; i++) {
		assert_false(keep_busy());
		asks(request_handle_stats, 100, 0);
		did("leaf 1 stats");
	}
	assert_true(keep_busy());
	true_of(says_state(1, LEAF_STATS, 0));
	assert_false(keep_busy());
	did("20 state 3 stats '/c'");
}

/* An end is none of these: it may take seconds, and there may be many. */
static void
test_busy_ending(void)
{
	int i;

	begin();
	running(0);
	for (i = 0; i < 255; i++) {
		asks(request_handle_stats, 100, 0);
		did("leaf 1 stats");
	}
	ended(100, 0);
	did("leaf 1 end; now; reap 100");
	assert_false(keep_busy());
	for (i = 0; i < 255; i++) {
		true_of(says_state(1, LEAF_STATS, 0));
		did("20 state 3 stats '/c'");
	}
	true_of(says_state(1, LEAF_END, 0));
	did("0 state 3 end ''; exit 3 0/0; leaf 2 make");
	assert_false(keep_busy());
}

/* Where priv makes the children. */
static void
test_here(void)
{
	begin_with(0);
	run_asked(0);
	did("leaf 1 make");
	true_of(says_file(1, 1, FD1));
	true_of(says_file(1, 0, FD2));
	proc_born(100, 0);
	maker_makes(100, STAGE_NONE);
	true_of(says_done(1, LEAF_MAKE, 0, ""));
	did("enters by 2; child 2 pid 100; close 1001; close 1002");
	assert_int_equal(child_by_pid(100)->state, CHILD_RUNNING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_life),
		CASE(test_refused_by_keeper),
		CASE(test_file_lost),
		CASE(test_launch_fails),
		CASE(test_launcher_dies),
		CASE(test_shutdown_while_made),
		CASE(test_shutdown),
		CASE(test_shutdown_emptying),
		CASE(test_deaf),
		CASE(test_each),
		cmocka_unit_test(test_oom),
		cmocka_unit_test(test_lies),
		CASE(test_two),
		CASE(test_spare),
		CASE(test_spare_of_two),
		CASE(test_spare_soon),
		CASE(test_spare_soon_refused),
		CASE(test_spare_refused),
		CASE(test_spare_lost),
		CASE(test_spare_not_for),
		CASE(test_spare_of_users),
		CASE(test_spare_shutdown),
		CASE(test_spare_launcher_dies),
		CASE(test_spare_patience),
		CASE(test_spare_keeper_dies),
		CASE(test_spare_keeper_dies_early),
		CASE(test_order),
		CASE(test_ends_behind_answer),
		CASE(test_asks),
		CASE(test_asks_dropped),
		CASE(test_asks_refused),
		CASE(test_above),
		CASE(test_no_leaves),
		CASE(test_rule),
		cmocka_unit_test(test_pauses),
		CASE(test_resumes),
		CASE(test_stop_paused),
		CASE(test_pause_lingering),
		CASE(test_stop),
		CASE(test_stop_frozen),
		CASE(test_group_left),
		CASE(test_group_gone),
		CASE(test_group_due),
		CASE(test_shutdown_left),
		CASE(test_traced),
		CASE(test_killer),
		CASE(test_killer_refused),
		CASE(test_killer_without_leaves),
		CASE(test_events),
		CASE(test_events_untold),
		CASE(test_patience),
		CASE(test_patience_with_others),
		CASE(test_patience_at_end),
		CASE(test_lost),
		CASE(test_lost_at_end),
		CASE(test_busy),
		CASE(test_busy_ending),
		CASE(test_here),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
