/*
 * Tests of the life of a leaf in the keeper. The trees, what tells of changes,
 * priv and the time are the test's: a case says what the kernel does, and with
 * did() all that the keeper has done since.
 */

#include <sys/types.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "timer.h"
#include "compat/cgroup.h"
#include "keeper/leaf.h"
#include "keeper/request.h"
#include "keeper/watch.h"
#include "log_util.h"
#include "proto.h"

#define V2_DIR 3
#define V1_DIR 4
#define USERS 2

static char done[4096];
static int64_t now;
static struct channel priv;
static struct cgroup_tree trees[2] = {
	{ 1, 1U << LEAF_CTL_MEMORY, V2_DIR, CGROUP_AT_ONCE },
	{ 0, 1U << LEAF_CTL_PIDS, V1_DIR, CGROUP_EACH },
};

/* What the kernel does. */
static int busy; /* 1 << tree: groups that are not empty */
static int refuses; /* errno of what is made in refuses_dir */
static int refuses_dir;
static const char *fails; /* a file that cannot be written */
static int fails_with;
static int frozen;
static uint64_t ooms;
static struct watch *watched;
static int blind; /* nothing can be watched */

static void say(const char *, ...) __attribute__((__format__(printf, 1, 2)));

static void
say(const char *fmt, ...)
{
	size_t len = strlen(done);
	va_list ap;

	if (len > sizeof(done) - 256)
		return; /* of many nobody asks what they did */
	if (len > 0)
		len = strlcat(done, "; ", sizeof(done));
	va_start(ap, fmt);
	(void)vsnprintf(done + len, sizeof(done) - len, fmt, ap);
	va_end(ap);
}

static void
did(const char *want)
{
	assert_string_equal(done, want);
	done[0] = '\0';
}

void
fatal(const char *fmt, ...)
{
	fail_msg("fatal: %s", fmt);
	abort();
}

void
fatalx(const char *fmt, ...)
{
	fail_msg("fatal: %s", fmt);
	abort();
}

static const char *
tree_name(int dir)
{
	return (dir == V2_DIR ? "" : "old ");
}

int
cgroup_mkdir(const struct cgroup_tree *t, const char *name)
{
	if (refuses != 0 && refuses_dir == t->dir) {
		errno = refuses;
		return (-1);
	}
	say("%smkdir %s", tree_name(t->dir), name);
	return (0);
}

int
cgroup_door(const struct cgroup_tree *t, const char *name)
{
	(void)name;
	if (refuses != 0 && refuses_dir == -t->dir) {
		errno = refuses;
		return (-1);
	}
	return (dup(STDERR_FILENO));
}

int
cgroup_rmdir(int dir, const char *name)
{
	(void)name;
	if (busy & (dir == V2_DIR ? 1 : 2)) {
		errno = EBUSY;
		return (-1);
	}
	say("%srmdir", tree_name(dir));
	return (0);
}

int
cgroup_put(int dir, const char *name, const char *text)
{
	const char *file = strrchr(name, '/') + 1;

	if (fails != NULL && strcmp(file, fails) == 0) {
		errno = fails_with;
		return (-1);
	}
	say("%s%s=%s", tree_name(dir), file, text);
	return (0);
}

int
cgroup_get(int dir, const char *name, char *buf, size_t size)
{
	const char *file = strrchr(name, '/') + 1;

	(void)dir;
	if (strcmp(file, "cgroup.events") == 0)
		(void)snprintf(buf, size, "populated 1\nfrozen %d\n", frozen);
	else if (strcmp(file, "memory.events") == 0)
		(void)snprintf(
		    buf, size, "high 0\noom_kill %u\n", (unsigned int)ooms);
	else if (strcmp(file, "pids.max") == 0)
		(void)snprintf(buf, size, "5\n");
	else if (strcmp(file, "memory.max") == 0)
		(void)snprintf(buf, size, "4096\n");
	else if (strcmp(file, "freezer.state") == 0)
		(void)snprintf(buf, size, frozen ? "FROZEN\n" : "FREEZING\n");
	else
		(void)snprintf(buf, size, "1\n");
	return (0);
}

int
watch_add(struct watch *w, int dir, const char *path, const char *file,
    void (*fn)(void *), void *arg)
{
	(void)dir;
	(void)path;
	if (w->number != 0)
		return (0);
	if (blind) {
		errno = ENOSPC;
		return (-1);
	}
	say("watch %s", file);
	w->number = 1;
	w->fn = fn;
	w->arg = arg;
	watched = w;
	return (0);
}

void
watch_end(struct watch *w)
{
	w->number = 0;
	if (watched == w)
		watched = NULL;
}

void
channel_send(
    struct channel *c, uint32_t type, int fd, const void *data, size_t len)
{
	struct msg m = { .type = type, .data = data, .len = len, .fd = fd };

	assert_ptr_equal(c, &priv);
	assert_int_equal(proto_unpack(&m), 0);
	switch (type) {
	case IMSG_LEAF:
		say("door %u", (unsigned int)m.leaf.left);
		(void)close(fd);
		break;
	case IMSG_LEAF_DONE:
		say("done %u: %d %s", (unsigned int)m.leaf_done.m.op,
		    m.leaf_done.m.error, m.leaf_done.text);
		break;
	case IMSG_LEAF_STATE:
		say("state %u %s", (unsigned int)m.leaf_state.m.op,
		    m.leaf_state.path);
		break;
	default:
		say("event %u", (unsigned int)m.leaf_event.oom_kills);
	}
}

int __wrap_clock_gettime(clockid_t, struct timespec *);

int
__wrap_clock_gettime(clockid_t which, struct timespec *ts)
{
	(void)which;
	ts->tv_sec = (time_t)(now / 1000);
	ts->tv_nsec = (long)(now % 1000) * 1000000;
	return (0);
}

static void
pass(int ms)
{
	now += ms;
	timer_run();
}

/* The file that is watched has changed. */
static void
changed(void)
{
	assert_non_null(watched);
	watched->fn(watched->arg);
}

static int
handle(uint32_t type, const void *data, size_t len)
{
	struct msg m = { .type = type, .data = data, .len = len, .fd = -1 };
	size_t i;

	if (proto_unpack(&m) == -1)
		return (-2);
	for (i = 0; keeper_table[i].type != type; i++)
		assert_true(i < keeper_rows);
	return (keeper_table[i].handler(&m));
}

static int
make(uint32_t id, uint32_t target, const char *name, uint64_t memory,
    uint64_t pids)
{
	struct msg_leaf_make m = { .id = id, .target = target };

	(void)strlcpy(m.name, name, sizeof(m.name));
	if (memory != 0) {
		m.limits.given |= UINT64_C(1) << LEAF_MEMORY_MAX;
		m.limits.value[LEAF_MEMORY_MAX] = memory;
	}
	if (pids != 0) {
		m.limits.given |= UINT64_C(1) << LEAF_PIDS_MAX;
		m.limits.value[LEAF_PIDS_MAX] = pids;
	}
	return (handle(IMSG_LEAF_MAKE, &m, sizeof(m)));
}

static int
ask(uint32_t id, enum leaf_op op)
{
	struct msg_leaf_ask m = { id, op };

	return (handle(IMSG_LEAF_ASK, &m, sizeof(m)));
}

static void
begin(void)
{
	leaf_init(&priv, "/inst", trees, 2);
	request_init(USERS);
	busy = refuses = frozen = blind = 0;
	trees[0].v2 = 1;
	trees[0].how = CGROUP_AT_ONCE;
	ooms = 0;
	fails = NULL;
	watched = NULL;
	done[0] = '\0';
	log_clear();
}

/* One that is there. */
static void
there(void)
{
	begin();
	assert_int_equal(make(7, 0, "", 0, 0), 0);
	did("mkdir t0/c7; door 0; done 0: 0 ");
}

static void
test_make(void **state)
{
	(void)state;
	there();
	assert_int_equal(ask(7, LEAF_END), 0);
	did("rmdir; state 6 /inst/t0/c7");
	/* Its number is free again. */
	assert_int_equal(make(7, 1, "", 0, 0), 0);
	did("mkdir t1/c7; door 0; done 0: 0 ");
	assert_int_equal(ask(7, LEAF_END), 0);
}

static void
test_make_both(void **state)
{
	(void)state;
	begin();
	assert_int_equal(make(7, 0, "", 4096, 5), 0);
	did("mkdir t0/c7; old mkdir t0/c7; memory.max=4096; old pids.max=5; "
	    "watch memory.events; door 1; door 0; done 0: 0 ");
	assert_int_equal(ask(7, LEAF_END), 0);
	did("rmdir; old rmdir; state 6 /inst/t0/c7");
}

static void
test_make_fails(void **state)
{
	(void)state;
	begin();
	refuses = EEXIST;
	refuses_dir = V2_DIR;
	assert_int_equal(make(7, 0, "x", 0, 0), 0);
	did("done 0: 17 x");
	refuses_dir = V1_DIR;
	assert_int_equal(make(7, 0, "", 0, 5), 0);
	did("mkdir t0/c7; rmdir; done 0: 17 ");
	refuses_dir = -V1_DIR;
	assert_int_equal(make(7, 0, "", 0, 5), 0);
	did("mkdir t0/c7; old mkdir t0/c7; old pids.max=5; rmdir; old rmdir; "
	    "done 0: 17 ");
	refuses = 0;
	fails = "memory.max";
	fails_with = EINVAL;
	assert_int_equal(make(7, 0, "", 4096, 0), 0);
	did("mkdir t0/c7; rmdir; done 0: 22 memory_max");
	/* None of these is there. */
	assert_int_equal(ask(7, LEAF_END), -1);
}

static void
test_never(void **state)
{
	(void)state;
	there();
	assert_int_equal(make(7, 1, "x", 0, 0), -1);
	assert_int_equal(make(0, 0, "", 0, 0), -1);
	assert_int_equal(make(8, USERS, "", 0, 0), -1);
	assert_int_equal(make(8, 0, "a/b", 0, 0), -2);
	assert_int_equal(make(8, 0, "..", 0, 0), -2);
	assert_int_equal(ask(8, LEAF_KILL), -1);
	assert_int_equal(ask(7, LEAF_SET), -2);
	did("");
	assert_int_equal(make(8, 0, "c9", 0, 0), 0);
	did("done 0: 22 c9");
	busy = 1;
	assert_int_equal(ask(7, LEAF_END), 0);
	did("cgroup.kill=1");
	assert_int_equal(ask(7, LEAF_END), -1);
	assert_int_equal(ask(7, LEAF_KILL), -1);
	assert_int_equal(ask(7, LEAF_STATS), -1);
	busy = 0;
	pass(1);
	did("rmdir; state 6 /inst/t0/c7");
}

/* It is looked at soon, and then when the kernel says so. */
static void
test_busy(void **state)
{
	(void)state;
	there();
	busy = 1;
	assert_int_equal(ask(7, LEAF_END), 0);
	did("cgroup.kill=1");
	pass(1);
	pass(2);
	did("");
	pass(4);
	did("watch cgroup.events");
	changed(); /* it is not yet */
	did("");
	busy = 0;
	changed();
	did("rmdir; state 6 /inst/t0/c7");
	assert_null(watched);
	pass(20000);
	did("");
	assert_int_equal(log_lines, 0);
}

/* The kernel may say nothing. */
static void
test_silent(void **state)
{
	(void)state;
	there();
	busy = 1;
	assert_int_equal(ask(7, LEAF_END), 0);
	pass(1);
	pass(2);
	pass(4);
	did("cgroup.kill=1; watch cgroup.events");
	busy = 0;
	pass(8);
	did("rmdir; state 6 /inst/t0/c7");
}

/* Others have to kill what is left. */
static void
test_deaf(void **state)
{
	(void)state;
	there();
	busy = 1;
	assert_int_equal(ask(7, LEAF_END), 0);
	pass(1);
	pass(2);
	pass(4);
	did("cgroup.kill=1; watch cgroup.events");
	pass(8);
	did("");
	pass(16);
	did("cgroup.freeze=1; done 2: 16 t0/c7");
	pass(32);
	did("");
	busy = 0;
	pass(64);
	did("rmdir; state 6 /inst/t0/c7");
}

static void
test_stays(void **state)
{
	(void)state;
	there();
	busy = 1;
	assert_int_equal(ask(7, LEAF_END), 0);
	pass(5000);
	did("cgroup.kill=1");
	pass(4999);
	did("");
	pass(1);
	did("state 6 /inst/t0/c7");
	assert_int_equal(log_lines, 1);
	pass(20000);
	did("");
	assert_int_equal(ask(7, LEAF_END), -1);
}

/* What has been counted is told when the last is gone. */
static void
test_counts_stay(void **state)
{
	(void)state;
	begin();
	assert_int_equal(make(7, 0, "", 0, 5), 0);
	done[0] = '\0';
	busy = 1;
	assert_int_equal(ask(7, LEAF_END), 0);
	did("cgroup.kill=1");
	busy = 0;
	pass(1);
	did("rmdir; old rmdir; state 6 /inst/t0/c7");
}

/* Where there is no cgroup.kill the reaper is told to. */
static void
test_each(void **state)
{
	int i;

	(void)state;
	there();
	trees[0].how = CGROUP_STILL;
	assert_int_equal(ask(7, LEAF_KILL), 0);
	did("done 2: 16 t0/c7");
	busy = 1;
	assert_int_equal(ask(7, LEAF_END), 0);
	did("done 2: 16 t0/c7");
	for (i = 1; i <= 512; i *= 2)
		pass(i);
	did("watch cgroup.events");
	for (i = 0; i < 6; i++)
		pass(512);
	did("done 2: 16 t0/c7");
	busy = 0;
	changed();
	did("rmdir; state 6 /inst/t0/c7");
}

/* In version 1 nothing tells. */
static void
test_old(void **state)
{
	(void)state;
	there();
	trees[0].v2 = 0;
	trees[0].how = CGROUP_STILL;
	assert_int_equal(ask(7, LEAF_FREEZE), 0);
	pass(10);
	did("freezer.state=FROZEN");
	frozen = 1;
	pass(10);
	did("done 3: 0 ");
	assert_int_equal(ask(7, LEAF_THAW), 0);
	did("freezer.state=THAWED; done 4: 0 ");
	busy = 1;
	assert_int_equal(ask(7, LEAF_END), 0);
	pass(100);
	pass(100);
	did("done 2: 16 t0/c7");
	busy = 0;
	pass(32);
	did("rmdir; state 6 /inst/t0/c7");
}

/* The old tree's may be busy for longer. */
static void
test_old_busy(void **state)
{
	(void)state;
	begin();
	assert_int_equal(make(7, 0, "", 0, 5), 0);
	done[0] = '\0';
	busy = 2;
	assert_int_equal(ask(7, LEAF_END), 0);
	did("rmdir; cgroup.kill=1");
	busy = 0;
	pass(1);
	did("old rmdir; state 6 /inst/t0/c7");
}

static void
test_kill(void **state)
{
	(void)state;
	there();
	assert_int_equal(ask(7, LEAF_KILL), 0);
	did("cgroup.kill=1");
	fails = "cgroup.kill";
	fails_with = ENODEV; /* it is gone already */
	assert_int_equal(ask(7, LEAF_KILL), 0);
	assert_int_equal(log_lines, 0);
	fails_with = EACCES;
	assert_int_equal(ask(7, LEAF_KILL), 0);
	assert_int_equal(log_lines, 1);
	did("");
	assert_int_equal(ask(7, LEAF_END), 0);
}

static void
test_freeze(void **state)
{
	(void)state;
	there();
	assert_int_equal(ask(7, LEAF_FREEZE), 0);
	assert_int_equal(ask(7, LEAF_FREEZE), 0);
	did("cgroup.freeze=1; watch cgroup.events; cgroup.freeze=1");
	changed();
	did("");
	frozen = 1;
	changed();
	did("done 3: 0 ; done 3: 0 ");
	assert_null(watched);
	/* It is already. */
	assert_int_equal(ask(7, LEAF_FREEZE), 0);
	did("cgroup.freeze=1; watch cgroup.events; done 3: 0 ");
	assert_int_equal(ask(7, LEAF_THAW), 0);
	did("cgroup.freeze=0; done 4: 0 ");
	pass(20000);
	did("");
	assert_int_equal(ask(7, LEAF_END), 0);
}

static void
test_freeze_not(void **state)
{
	(void)state;
	there();
	assert_int_equal(ask(7, LEAF_FREEZE), 0);
	assert_int_equal(ask(7, LEAF_THAW), 0);
	did("cgroup.freeze=1; watch cgroup.events; done 3: 125 ; "
	    "cgroup.freeze=0; done 4: 0 ");
	assert_int_equal(ask(7, LEAF_FREEZE), 0);
	pass(4999);
	did("cgroup.freeze=1; watch cgroup.events");
	pass(1);
	did("done 3: 110 ");
	fails = "cgroup.freeze";
	fails_with = EIO;
	assert_int_equal(ask(7, LEAF_FREEZE), 0);
	assert_int_equal(ask(7, LEAF_THAW), 0);
	did("done 3: 5 ; done 4: 5 ");
	/* What was not answered before the end is not behind it. */
	fails = NULL;
	assert_int_equal(ask(7, LEAF_FREEZE), 0);
	done[0] = '\0';
	busy = 1;
	assert_int_equal(ask(7, LEAF_END), 0);
	did("cgroup.kill=1");
	frozen = busy = 0;
	pass(1);
	did("rmdir; state 6 /inst/t0/c7");
	pass(20000);
	did("");
}

/* Where nothing tells it is looked at. */
static void
test_blind(void **state)
{
	(void)state;
	there();
	blind = 1;
	assert_int_equal(ask(7, LEAF_FREEZE), 0);
	pass(10);
	did("cgroup.freeze=1");
	frozen = 1;
	pass(10);
	did("done 3: 0 ");
	pass(10);
	did("");
	frozen = 0;
	assert_int_equal(ask(7, LEAF_FREEZE), 0);
	busy = 1;
	assert_int_equal(ask(7, LEAF_END), 0);
	pass(1);
	pass(2);
	pass(4);
	did("cgroup.freeze=1; cgroup.kill=1");
	busy = 0;
	pass(8);
	did("rmdir; state 6 /inst/t0/c7");
	assert_int_equal(make(7, 0, "", 4096, 0), 0);
	did("mkdir t0/c7; memory.max=4096; door 0; done 0: 0 ");
	assert_int_equal(log_lines, 1);
	assert_int_equal(ask(7, LEAF_END), 0);
}

/* Many at once are told as one. */
static void
test_events(void **state)
{
	struct watch *w;

	(void)state;
	begin();
	assert_int_equal(make(7, 0, "", 4096, 0), 0);
	done[0] = '\0';
	w = watched;
	changed(); /* something else has */
	did("");
	ooms = 1;
	changed();
	did("event 1");
	ooms = 2;
	changed();
	ooms = 3;
	changed();
	did("");
	pass(100);
	did("event 3");
	pass(100);
	did("");
	ooms = 4;
	changed();
	did("event 4");
	ooms = 5;
	changed();
	busy = 1;
	assert_int_equal(ask(7, LEAF_END), 0);
	did("cgroup.kill=1");
	w->fn(w->arg);
	did("");
	pass(1);
	pass(2);
	pass(4);
	pass(100); /* what would have been told then is not */
	did("watch cgroup.events");
	busy = 0;
	changed();
	did("rmdir; state 6 /inst/t0/c7");
}

static void
test_set(void **state)
{
	struct msg_leaf_make m = { .id = 7 };

	(void)state;
	there();
	m.limits.given = UINT64_C(1) << LEAF_MEMORY_MAX;
	m.limits.value[LEAF_MEMORY_MAX] = 4096;
	assert_int_equal(handle(IMSG_LEAF_SET, &m, sizeof(m)), 0);
	did("memory.max=4096; watch memory.events; done 1: 0 ");
	fails = "memory.max";
	fails_with = EBUSY;
	assert_int_equal(handle(IMSG_LEAF_SET, &m, sizeof(m)), 0);
	did("done 1: 16 memory_max");
	/* It has no group there, and who is in it cannot be moved. */
	memset(&m.limits, 0, sizeof(m.limits));
	m.limits.given = UINT64_C(1) << LEAF_PIDS_MAX;
	m.limits.value[LEAF_PIDS_MAX] = 5;
	assert_int_equal(handle(IMSG_LEAF_SET, &m, sizeof(m)), 0);
	did("done 1: 19 pids_max");
	m.id = 8;
	assert_int_equal(handle(IMSG_LEAF_SET, &m, sizeof(m)), -1);
	assert_int_equal(ask(7, LEAF_END), 0);
}

static void
test_stats(void **state)
{
	(void)state;
	there();
	assert_int_equal(ask(7, LEAF_STATS), 0);
	did("state 5 /inst/t0/c7");
	assert_int_equal(ask(7, LEAF_END), 0);
}

/* Each is its own. */
static void
test_many(void **state)
{
	uint32_t id;

	(void)state;
	begin();
	for (id = 1; id <= 1000; id++)
		assert_int_equal(make(id, id % USERS, "", 0, 0), 0);
	done[0] = '\0';
	busy = 1;
	for (id = 1; id <= 1000; id += 2)
		assert_int_equal(ask(id, LEAF_END), 0);
	busy = 0;
	done[0] = '\0';
	pass(1);
	for (id = 1; id <= 1000; id++)
		assert_int_equal(ask(id, LEAF_END), id % 2 == 0 ? 0 : -1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_make_both),
		cmocka_unit_test(test_make_fails),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_deaf),
		cmocka_unit_test(test_stays),
		cmocka_unit_test(test_counts_stay),
		cmocka_unit_test(test_old_busy),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_old),
		cmocka_unit_test(test_kill),
		cmocka_unit_test(test_freeze),
		cmocka_unit_test(test_freeze_not),
		cmocka_unit_test(test_blind),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_stats),
		cmocka_unit_test(test_many),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
