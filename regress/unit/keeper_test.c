/*
 * Tests of the keeper on the system's own trees of control groups, as root: a
 * process plays the guard, another priv, which asks the keeper, and makes
 * children that enter what it opens. Everything twice: as where there are no
 * rights to give away, and with them; and that again as if the kernel were
 * older. Where no group can be made all is skipped, and limits where a
 * controller is in no tree.
 */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "channel.h"
#include "compat/cgroup.h"
#include "dispatch.h"
#include "drop.h"
#include "keeper/keeper.h"
#include "log.h"
#include "proto.h"

#define OUR_ID 65534 /* nobody's */
#define USER_ID 4711 /* a child's */
#define USERS 2
#define PATIENCE 20000 /* ms, for what has to come */
#define SKIPPED 77

/* Where there is less: what a test sees of the kernel. */
static const struct way {
	const char *name;
	int privileged;
	enum cgroup_how how;
	int old; /* there is no tree of version 2 */
} ways[] = {
	{ "plain", 0, CGROUP_AT_ONCE, 0 },
	{ "privileged", 1, CGROUP_AT_ONCE, 0 },
	{ "plain, before Linux 5.14", 0, CGROUP_STILL, 0 },
	{ "privileged, before Linux 5.14", 1, CGROUP_STILL, 0 },
	{ "plain, before Linux 5.2", 0, CGROUP_EACH, 0 },
	{ "privileged, before Linux 5.2", 1, CGROUP_EACH, 0 },
	{ "plain, version 1", 0, CGROUP_STILL, 1 },
	{ "privileged, version 1", 1, CGROUP_STILL, 1 },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static const struct way *way = ways;
#define privileged (way->privileged)

static int
is_hidden(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;

	errno = ENOENT;
	return (
	    (way->how != CGROUP_AT_ONCE && strcmp(name, "cgroup.kill") == 0) ||
	    (way->how == CGROUP_EACH && strcmp(name, "cgroup.freeze") == 0));
}

/* By the names that they have everywhere with large files. */
/* What glibc calls those with an off_t of 64 bits. */
#ifdef __GLIBC__
#define __wrap_openat __wrap_openat64
#define __real_openat __real_openat64
#define __wrap_fstatat __wrap_fstatat64
#define __real_fstatat __real_fstatat64
#endif
int __wrap_openat(int, const char *, int, ...);
int __real_openat(int, const char *, int, ...);
int __wrap_fstatat(int, const char *, struct stat *, int);
int __real_fstatat(int, const char *, struct stat *, int);

/* Nothing here makes a file. */
int
__wrap_openat(int dir, const char *path, int flags, ...)
{
	return (is_hidden(path) ? -1 : __real_openat(dir, path, flags));
}

int
__wrap_fstatat(int dir, const char *path, struct stat *st, int flags)
{
	return (is_hidden(path) ? -1 : __real_fstatat(dir, path, st, flags));
}

/* Of priv. */
void permit_forget(void);
void runas_forget(void *);
uint32_t runas_count(void);
int privdrop_ids(uid_t *, gid_t *);
void privdrop(unsigned int);
void ownlog_open(void);

void
permit_forget(void)
{
}

void
runas_forget(void *t)
{
	(void)t;
}

uint32_t
runas_count(void)
{
	return (USERS);
}

int
privdrop_ids(uid_t *uid, gid_t *gid)
{
	*uid = *gid = OUR_ID;
	return (privileged);
}

void
privdrop(unsigned int privs)
{
	(void)privs;
	if (privileged)
		drop_user(OUR_ID, OUR_ID, NULL, 0);
}

void
ownlog_open(void)
{
}

#define CHECK(what) ((what) ? (void)0 : failed(__LINE__, #what))

static void failed(int line, const char *) __attribute__((__noreturn__));

static void
failed(int line, const char *what)
{
	print_error("keeper_test.c:%d: not %s\n", line, what);
	_exit(1);
}

/* What the keeper says last. */
static struct channel keeper;
static struct keeper running;
static struct msg_leaf_done done;
static struct msg_leaf_state state;
static struct msg_leaf_event event;
static char text[MSG_TEXT_MAX];
static int doors[CGROUP_TREES], ndoors, came[IMSG_CGROUP_SET + 1];

static int
on_leaf(const struct msg *m)
{
	CHECK(m->fd != -1 && ndoors < CGROUP_TREES);
	doors[ndoors++] = m->fd;
	if (m->leaf.left == 0)
		came[IMSG_LEAF]++;
	return (0);
}

static int
on_done(const struct msg *m)
{
	done = m->leaf_done.m;
	(void)strlcpy(text, m->leaf_done.text, sizeof(text));
	if (done.op == LEAF_KILL) {
		/* As the reaper, which priv tells. */
		CHECK(done.error == EBUSY);
		cgroup_kill_leaf(text);
	} else
		came[IMSG_LEAF_DONE]++;
	return (0);
}

static int
on_state(const struct msg *m)
{
	state = m->leaf_state.m;
	(void)strlcpy(text, m->leaf_state.path, sizeof(text));
	came[IMSG_LEAF_STATE]++;
	return (0);
}

static int
on_event(const struct msg *m)
{
	event = m->leaf_event;
	came[IMSG_LEAF_EVENT]++;
	return (0);
}

static const struct dispatch table[] = {
	{ IMSG_LEAF, 1, on_leaf },
	{ IMSG_LEAF_DONE, 1, on_done },
	{ IMSG_LEAF_STATE, 1, on_state },
	{ IMSG_LEAF_EVENT, 1, on_event },
};

/* Until one of that type has come; those behind it stay. */
static void
until(enum imsg_type type)
{
	struct pollfd pfd = { .fd = running.fd, .events = POLLIN };
	int before = came[type];

	while (came[type] == before) {
		if (channel_dispatch(&keeper, 1))
			continue;
		CHECK(poll(&pfd, 1, PATIENCE) == 1);
		CHECK(channel_read(&keeper) == 1);
	}
}

static void
send_leaf(enum imsg_type type, uint32_t id, uint32_t target, const char *name,
    const struct leaf_limits *limits)
{
	struct msg_leaf_make m = { .id = id, .target = target };

	if (limits != NULL)
		m.limits = *limits;
	(void)strlcpy(m.name, name, sizeof(m.name));
	channel_send(&keeper, type, -1, &m, sizeof(m));
	CHECK(channel_write(&keeper) == 0);
}

static void
ask(uint32_t id, enum leaf_op op)
{
	struct msg_leaf_ask m = { id, op };

	channel_send(&keeper, IMSG_LEAF_ASK, -1, &m, sizeof(m));
	CHECK(channel_write(&keeper) == 0);
}

/* 0, or the errno with which it is refused. */
static int
make(uint32_t id, const char *name, const struct leaf_limits *limits)
{
	ndoors = 0;
	send_leaf(IMSG_LEAF_MAKE, id, 0, name, limits);
	until(IMSG_LEAF_DONE);
	CHECK(done.id == id && done.op == LEAF_MAKE);
	CHECK((done.error == 0) == (ndoors > 0));
	return (done.error);
}

static void
end(uint32_t id)
{
	ask(id, LEAF_END);
	until(IMSG_LEAF_STATE);
	CHECK(state.id == id && state.op == LEAF_END);
}

/* A child in the leaf that was made last. */
static pid_t
child(void (*run)(void))
{
	pid_t pid;
	int i;

	CHECK((pid = fork()) != -1);
	if (pid == 0) {
		cgroup_enter_launch(0);
		if (privileged)
			drop_user(USER_ID, USER_ID, NULL, 0);
		for (i = 0; i < ndoors; i++)
			if (cgroup_join(doors[i]) == -1)
				_exit(100 + i);
		run();
		_exit(0);
	}
	for (i = 0; i < ndoors; i++)
		(void)close(doors[i]);
	return (pid);
}

static int
ended(pid_t pid)
{
	int status;

	CHECK(waitpid(pid, &status, 0) == pid);
	return (status);
}

/* Does anything that priv's child has left have that group? */
static int
is_there(const char *path)
{
	struct cgroup_tree trees[CGROUP_TREES];
	size_t i, count = cgroup_trees(trees);
	struct stat st;

	for (i = 0; i < count; i++)
		if (trees[i].dir != -1 &&
		    fstatat(trees[i].dir, path, &st, 0) == 0)
			return (1);
	return (0);
}

static volatile uint32_t *shared;

static void
wait_for(uint32_t n)
{
	const struct timespec ts = { 0, 1000000 };
	int i;

	for (i = 0; shared[0] < n; i++) {
		CHECK(i < PATIENCE);
		(void)nanosleep(&ts, NULL);
	}
}

static void run_pause(void) __attribute__((__noreturn__));

static void
run_pause(void)
{
	shared[0]++;
	for (;;)
		(void)pause();
}

static void
run_count(void)
{
	for (;;)
		shared[0]++;
}

/* Somebody in a session of his own, who has another; nobody waits. */
static void
run_family(void)
{
	if (fork() == 0) {
		(void)setsid();
		(void)signal(SIGTERM, SIG_IGN);
		if (fork() == 0)
			run_pause();
		shared[1] = (uint32_t)getpid();
		run_pause();
	}
	wait_for(2);
}

static void
run_memory(void)
{
	size_t i, size = 200UL << 20;
	volatile char *p = malloc(size);

	for (i = 0; p != NULL && i < size; i += 4096)
		p[i] = 1;
}

/* Until there can be no more, or it is clear that there is no limit. */
static void run_forks(void) __attribute__((__noreturn__));

static void
run_forks(void)
{
	int i;

	for (i = 0; i < 50; i++) {
		switch (fork()) {
		case 0:
			run_pause();
		case -1:
			_exit(errno == EAGAIN ? i : 200);
		default:
			break;
		}
	}
	_exit(201);
}

static void run_where(void) __attribute__((__noreturn__));

static void
run_where(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == -1)
		_exit(200);
	_exit(CPU_COUNT(&set) * 10 + (int)CPU_ISSET(0U, &set));
}

/* Groups below its own, with a process in the last. */
static void
run_nest(void)
{
	struct cgroup_tree trees[CGROUP_TREES];
	int fd;

	(void)cgroup_trees(trees);
	if ((fd = cgroup_open(trees[0].dir, "t0/c7")) == -1 ||
	    mkdirat(fd, ".a", 0755) == -1 || mkdirat(fd, ".a/b", 0755) == -1 ||
	    mkdirat(fd, ".a/c", 0755) == -1)
		_exit(errno);
	if (fork() == 0) {
		if (cgroup_put(fd, ".a/b/cgroup.procs", "0") == -1)
			_exit(errno);
		run_pause();
	}
	wait_for(1);
}

static const struct leaf_limits *
limit(enum leaf_limit which, uint64_t value)
{
	static struct leaf_limits l;

	memset(&l, 0, sizeof(l));
	l.given = UINT64_C(1) << which;
	if (which == LEAF_CPUS)
		l.cpus[0] = value;
	else
		l.value[which] = value;
	if (which == LEAF_CPU_MAX) {
		l.given |= UINT64_C(1) << LEAF_CPU_PERIOD;
		l.value[LEAF_CPU_PERIOD] = 20000;
	}
	return (&l);
}

static void
need(enum leaf_controller c)
{
	if (!(keeper_info()->controllers >> c & 1))
		_exit(SKIPPED);
}

/* Is it in the tree that tells what happens? */
static int
is_new(enum leaf_controller c)
{
	struct cgroup_tree trees[CGROUP_TREES];

	(void)cgroup_trees(trees);
	return (trees[0].v2 && trees[0].controllers >> c & 1);
}

static void
test_make_and_end(void)
{
	pid_t pid;

	CHECK(make(7, "", NULL) == 0);
	CHECK(is_there("t0/c7"));
	pid = child(run_pause);
	wait_for(1);
	end(7);
	CHECK(strcmp(text + strlen(text) - 6, "/t0/c7") == 0);
	CHECK(strncmp(text, cgroup_path(), strlen(cgroup_path())) == 0);
	CHECK(!is_there("t0/c7"));
	CHECK(ended(pid) == SIGKILL);
	CHECK(way->old || state.stat[LEAF_CPU_US] != LEAF_UNKNOWN);
}

static void
test_empty(void)
{
	uint32_t id;

	for (id = 1; id < 300; id++) {
		CHECK(make(id, "", NULL) == 0);
		CHECK(WEXITSTATUS(ended(child(run_where))) > 0);
		end(id);
	}
	CHECK(!is_there("t0/c1") && !is_there("t0/c299"));
}

static void
test_family(void)
{
	CHECK(make(7, "", NULL) == 0);
	CHECK(ended(child(run_family)) == 0);
	CHECK(kill((pid_t)shared[1], 0) == 0);
	end(7);
	CHECK(!is_there("t0/c7"));
}

static void
test_kill(void)
{
	pid_t pid;

	CHECK(make(7, "", NULL) == 0);
	pid = child(run_pause);
	wait_for(1);
	ask(7, LEAF_KILL);
	if (way->how != CGROUP_AT_ONCE) {
		ask(7, LEAF_STATS); /* behind what is for the reaper */
		until(IMSG_LEAF_STATE);
	}
	CHECK(ended(pid) == SIGKILL);
	CHECK(is_there("t0/c7"));
	end(7);
}

static void
test_freeze(void)
{
	uint32_t before;
	pid_t pid;

	CHECK(make(7, "", NULL) == 0);
	pid = child(run_count);
	wait_for(1);
	if (way->how == CGROUP_EACH) {
		ask(7, LEAF_FREEZE);
		until(IMSG_LEAF_DONE);
		CHECK(done.op == LEAF_FREEZE && done.error == ENOENT);
		end(7);
		_exit(0);
	}
	ask(7, LEAF_FREEZE);
	until(IMSG_LEAF_DONE);
	CHECK(done.op == LEAF_FREEZE && done.error == 0);
	before = shared[0];
	ask(7, LEAF_STATS);
	until(IMSG_LEAF_STATE);
	CHECK(state.stat[LEAF_FROZEN] == 1);
	CHECK(shared[0] == before);
	ask(7, LEAF_THAW);
	until(IMSG_LEAF_DONE);
	CHECK(done.op == LEAF_THAW && done.error == 0);
	wait_for(before + 1);
	/* It can be killed when it is frozen, too. */
	ask(7, LEAF_FREEZE);
	end(7);
	CHECK(ended(pid) == SIGKILL);
}

static void
test_names(void)
{
	CHECK(make(1, "name-1.x", NULL) == 0);
	CHECK(make(2, "name-1.x", NULL) == EEXIST);
	CHECK(strcmp(text, "name-1.x") == 0);
	CHECK(make(2, "c44", NULL) == EINVAL);
	CHECK(make(2, "cgroup.procs", NULL) == EEXIST);
	CHECK(make(2, "cx", NULL) == 0);
	end(1);
	CHECK(strcmp(text + strlen(text) - 12, "/t0/name-1.x") == 0);
	CHECK(make(1, "name-1.x", NULL) == 0);
	end(1);
	end(2);
}

/* A priv that asks what it cannot is not served any more. */
static void
dies(void)
{
	struct pollfd pfd = { .fd = running.fd, .events = POLLIN };
	int status;

	do {
		while (channel_dispatch(&keeper, 1))
			continue;
		CHECK(poll(&pfd, 1, PATIENCE) == 1);
	} while (channel_read(&keeper) == 1);
	CHECK(waitpid(running.pid, &status, 0) == running.pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_RING);
	_exit(0);
}

static void
test_no_user(void)
{
	send_leaf(IMSG_LEAF_MAKE, 1, USERS, "", NULL);
	dies();
}

static void
test_twice(void)
{
	CHECK(make(1, "", NULL) == 0);
	send_leaf(IMSG_LEAF_MAKE, 1, 0, "other", NULL);
	dies();
}

static void
test_nobody(void)
{
	ask(1, LEAF_KILL);
	dies();
}

static void
test_set_nobody(void)
{
	send_leaf(IMSG_LEAF_SET, 1, 0, "", NULL);
	dies();
}

static void
test_other_user(void)
{
	send_leaf(IMSG_LEAF_MAKE, 1, 1, "", NULL);
	until(IMSG_LEAF_DONE);
	CHECK(done.error == 0 && is_there("t1/c1"));
	/* Who is one user's cannot enter what is another's. */
	if (privileged && !way->old)
		CHECK(WEXITSTATUS(ended(child(run_pause))) == 100);
	end(1);
	CHECK(!is_there("t1/c1"));
}

static void
test_nested(void)
{
	if (privileged)
		_exit(SKIPPED); /* it owns nothing there */
	CHECK(make(7, "", NULL) == 0);
	CHECK(ended(child(run_nest)) == 0);
	end(7);
	CHECK(!is_there("t0/c7"));
}

static void
test_no_nesting(void)
{
	if (!privileged)
		_exit(SKIPPED);
	CHECK(make(7, "", NULL) == 0);
	CHECK(WEXITSTATUS(ended(child(run_nest))) == EACCES);
	end(7);
}

static void
test_memory(void)
{
	int status;

	need(LEAF_CTL_MEMORY);
	CHECK(make(7, "", limit(LEAF_MEMORY_MAX, 32UL << 20)) == 0);
	status = ended(child(run_memory));
	CHECK(status == SIGKILL);
	if (is_new(LEAF_CTL_MEMORY)) {
		until(IMSG_LEAF_EVENT);
		CHECK(event.id == 7 && event.oom_kills == 1);
	}
	end(7);
	CHECK(state.stat[LEAF_OOM_KILLS] == 1);
	CHECK(state.stat[LEAF_MEMORY_PEAK] <= 32UL << 20);
	CHECK(state.stat[LEAF_MEMORY_PEAK] > 16UL << 20);
	CHECK(!is_there("t0/c7"));
}

static void
test_pids(void)
{
	need(LEAF_CTL_PIDS);
	CHECK(make(7, "", limit(LEAF_PIDS_MAX, 4)) == 0);
	CHECK(WEXITSTATUS(ended(child(run_forks))) == 3);
	if (is_new(LEAF_CTL_PIDS)) {
		until(IMSG_LEAF_EVENT);
		CHECK(event.id == 7 && event.pids_denied == 1);
	}
	ask(7, LEAF_STATS);
	until(IMSG_LEAF_STATE);
	CHECK(state.stat[LEAF_PIDS_CURRENT] == 3);
	end(7);
	if (state.stat[LEAF_PIDS_DENIED] != 1)
		print_error("denied %llu\n",
		    (unsigned long long)state.stat[LEAF_PIDS_DENIED]);
	CHECK(state.stat[LEAF_PIDS_DENIED] == 1);
	CHECK(state.stat[LEAF_PIDS_PEAK] == 4);
}

static void
test_cpu(void)
{
	pid_t pid;

	need(LEAF_CTL_CPU);
	CHECK(make(7, "", limit(LEAF_CPU_MAX, 1000)) == 0);
	pid = child(run_count);
	wait_for(1);
	do {
		ask(7, LEAF_STATS);
		until(IMSG_LEAF_STATE);
	} while (state.stat[LEAF_THROTTLED_US] == 0);
	CHECK(state.stat[LEAF_THROTTLED_US] != LEAF_UNKNOWN);
	end(7);
	CHECK(ended(pid) == SIGKILL);
}

static void
test_cpus(void)
{
	need(LEAF_CTL_CPUSET);
	CHECK(make(7, "", limit(LEAF_CPUS, 1)) == 0);
	CHECK(WEXITSTATUS(ended(child(run_where))) == 11);
	end(7);
}

static void
test_set(void)
{
	need(LEAF_CTL_PIDS);
	CHECK(make(7, "", limit(LEAF_PIDS_MAX, 40)) == 0);
	send_leaf(IMSG_LEAF_SET, 7, 0, "", limit(LEAF_PIDS_MAX, 3));
	until(IMSG_LEAF_DONE);
	CHECK(done.op == LEAF_SET && done.error == 0);
	CHECK(WEXITSTATUS(ended(child(run_forks))) == 2);
	send_leaf(IMSG_LEAF_SET, 7, 0, "", limit(LEAF_PIDS_MAX, INT32_MAX));
	until(IMSG_LEAF_DONE);
	CHECK(done.error == EINVAL && strcmp(text, "pids_max") == 0);
	end(7);
}

/* What cannot be had refuses it, and leaves nothing. */
static void
test_refused(void)
{
	need(LEAF_CTL_PIDS);
	CHECK(make(7, "", limit(LEAF_PIDS_MAX, INT32_MAX)) == EINVAL);
	CHECK(strcmp(text, "pids_max") == 0);
	CHECK(!is_there("t0/c7"));
	if (keeper_info()->controllers >> LEAF_CTL_CPUSET & 1) {
		CHECK(make(7, "", limit(LEAF_CPUS, UINT64_C(1) << 63)) != 0);
		CHECK(strcmp(text, "cpuset_cpus") == 0);
		CHECK(!is_there("t0/c7"));
	}
	CHECK(make(7, "", limit(LEAF_PIDS_MAX, 1)) == 0);
	end(7);
}

/* A controller that is in no tree, or has no such file. */
static void
test_absent(void)
{
	static const struct {
		enum leaf_controller c;
		enum leaf_limit limit;
		const char *name;
	} rows[] = {
		{ LEAF_CTL_MEMORY, LEAF_MEMORY_MAX, "memory_max" },
		{ LEAF_CTL_CPU, LEAF_CPU_WEIGHT, "cpu_weight" },
		{ LEAF_CTL_CPUSET, LEAF_CPUS, "cpuset_cpus" },
		{ LEAF_CTL_PIDS, LEAF_PIDS_MAX, "pids_max" },
		{ LEAF_CTL_IO, LEAF_IO_WEIGHT, "io_weight" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (keeper_info()->controllers >> rows[i].c & 1)
			continue;
		CHECK(make(7, "", limit(rows[i].limit, 1)) == ENODEV);
		CHECK(strcmp(text, rows[i].name) == 0);
		CHECK(!is_there("t0/c7"));
	}
}

static void test_held(void);

static const struct row {
	const char *what;
	void (*fn)(void);
} rows[] = {
	{ "a place that stands still", test_held },
	{ "a leaf is made, entered, killed and removed", test_make_and_end },
	{ "many, of children that have ended", test_empty },
	{ "who has hidden is killed with it", test_family },
	{ "it is killed and stays", test_kill },
	{ "it is frozen and thawed", test_freeze },
	{ "names", test_names },
	{ "a user that there is not", test_no_user },
	{ "an id that is there already", test_twice },
	{ "a leaf that there is not", test_nobody },
	{ "limits for a leaf that there is not", test_set_nobody },
	{ "another user's", test_other_user },
	{ "groups that a child has made", test_nested },
	{ "a child can make none", test_no_nesting },
	{ "memory", test_memory },
	{ "processes", test_pids },
	{ "processor time", test_cpu },
	{ "processors", test_cpus },
	{ "limits are changed", test_set },
	{ "limits that are refused", test_refused },
	{ "controllers that there are not", test_absent },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void priv_main(const struct row *) __attribute__((__noreturn__));

static void
priv_main(const struct row *r)
{
	cgroup_enter();
	CHECK(keeper_start(&running, 0) == 1);
	CHECK(keeper_info()->how == way->how);
	channel_init(&keeper, "keeper", running.fd, 1, table,
	    sizeof(table) / sizeof(table[0]), NULL);
	r->fn();
	_exit(0);
}

/* Is nothing left of the instance? */
static int
is_gone(void)
{
	static struct cgroup_place p;
	struct stat st;

	return (
	    cgroup_find(way->old ? CGROUP_FREEZER : CGROUP_V2, privileged, NULL,
		&p) == 0 &&
	    fstatat(p.fd, cgroup_path() + strlen(p.path) + 1, &st, 0) == -1);
}

/* From here on there is no tree of that controller; NULL: of version 2. */
static void
hide_tree(const char *controller)
{
	char point[PATH_MAX];
	const char *below;
	FILE *f;

	CHECK((f = fopen("/proc/self/mountinfo", "re")) != NULL);
	if (unshare(CLONE_NEWNS) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		_exit(SKIPPED);
	while (cgroup_mounted(
		   f, controller, "/", point, sizeof(point), &below) == 0)
		CHECK(mount("none", point, "tmpfs", 0, NULL) == 0);
	(void)fclose(f);
}

/* Whoever enters it stands still: there are no leaves, and nobody hangs. */
static void
test_held(void)
{
	struct cgroup_tree t[CGROUP_TREES];

	(void)cgroup_trees(t);
	if (way->how == CGROUP_EACH)
		_exit(SKIPPED);
	CHECK(cgroup_hold(&t[0], ".", 1) == 0);
	CHECK(cgroup_users(USERS, OUR_ID, OUR_ID, 0) == -1);
	CHECK(strstr(cgroup_reason(), "does not run") != NULL);
	cgroup_enter(); /* does not */
	CHECK(cgroup_hold(&t[0], ".", 0) == 0);
	_exit(0);
}

static void guard_main(const struct row *) __attribute__((__noreturn__));

static void
guard_main(const struct row *r)
{
	int status;
	pid_t pid;

	if (way->old)
		hide_tree(NULL);
	if (way->how == CGROUP_EACH)
		hide_tree("freezer");
	if (cgroup_make(privileged, OUR_ID, NULL) == -1 ||
	    (r->fn != test_held &&
		cgroup_users(USERS, OUR_ID, OUR_ID, 0) == -1)) {
		print_message("%s\n", cgroup_reason());
		_exit(SKIPPED);
	}
	if ((pid = fork()) == 0) {
		if (r->fn == test_held)
			r->fn();
		priv_main(r);
	}
	status = ended(pid);
	cgroup_kill();
	cgroup_remove();
	CHECK(is_gone());
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static void
test_row(void **what)
{
	int status;
	pid_t pid;

	if (getuid() != 0) {
		print_message("only root can have this\n");
		skip();
	}
	shared[0] = shared[1] = 0;
	if ((pid = fork()) == 0)
		guard_main(*what);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		skip();
	assert_int_equal(status, 0);
}

int
main(int argc, char *argv[])
{
	static struct CMUnitTest tests[ROWS];
	char *nothing[] = { NULL };
	size_t i;
	int r = 0;

	setproctitle_init(argc, argv, nothing);
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return (1);
	log_init("keeper_test", 0);
	for (i = 0; i < ROWS; i++) {
		tests[i].name = rows[i].what;
		tests[i].test_func = test_row;
		tests[i].initial_state = (void *)(uintptr_t)&rows[i];
	}
	for (; way < ways + WAYS; way++)
		r |= cmocka_run_group_tests_name(way->name, tests, NULL, NULL);
	return (r);
}
