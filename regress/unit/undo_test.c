/*
 * Tests of what start-up undoes: each step in a process in which a starter has
 * arranged what it undoes, with the system's own calls.
 */

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <fcntl.h>
#include <grp.h>
#include <signal.h>

#include "compat/proc.h"
#include "monitor/audit.h"
#include "proto.h"
#include "start/port.h"
#include "start/undo.h"
#include "start_util.h"

#define LOW 64 /* of a limit */

extern char **environ;

/* What was found when a step was done. */
static struct found {
	struct starter_env s;
	int facts[RLIM_NLIMITS];
	gid_t gid;
	struct rlimit limits[RLIM_NLIMITS];
} * found;

static struct starter_env s;

/* Nothing here is a set-user-ID start. */
void
audit_no_start(
    const struct starter_env *starter, const char *user, const char *why)
{
	(void)starter;
	(void)user;
	(void)why;
	abort();
}

/* arg: how many of descriptors 0 to 2 are closed. */
static void
descriptors(const void *arg)
{
	struct stat null, st;
	int fd;

	for (fd = 0; fd < *(const int *)arg; fd++)
		(void)close(fd);
	(void)close(STDERR_FILENO + 1);
	undo_descriptors();
	for (fd = 0; fd <= STDERR_FILENO; fd++)
		found->facts[fd] = fstat(fd, &st) == 0;
	/* And no more than these. */
	found->facts[fd] = fcntl(fd, F_GETFD) == -1;
	found->facts[fd + 1] =
	    *(const int *)arg == 0 ||
	    (stat("/dev/null", &null) == 0 && fstat(0, &st) == 0 &&
		st.st_rdev == null.st_rdev);
}

static void
test_descriptors(void **state)
{
	int closed, i;

	(void)state;
	for (closed = 0; closed <= 3; closed++) {
		take_step(descriptors, &closed);
		assert_int_equal(step->status, RETURNED);
		for (i = 0; i < 5; i++)
			assert_int_equal(found->facts[i], 1);
	}
}

/* As the bit of root would have it, where we can be root. */
static void
ids(const void *arg)
{
	static const gid_t groups[] = { 7, 8 };
	uid_t r, e, v;

	(void)arg;
	if (getuid() == 0 && (setgroups(2, groups) == -1 || setgid(5) == -1 ||
				 setresuid(1000, 0, 0) == -1))
		abort();
	undo_ids(&s);
	found->s = s;
	found->gid = s.who.ngroups > 0 ? s.who.groups[0] : 0;
	if (getresuid(&r, &e, &v) == -1)
		abort();
	found->facts[0] = (int)r;
	found->facts[1] = (int)e;
	found->facts[2] = (int)v;
}

static void
test_ids(void **state)
{
	const int root = getuid() == 0;

	(void)state;
	take_step(ids, NULL);
	assert_int_equal(step->status, RETURNED);
	assert_int_equal(found->s.who.uid, root ? 1000 : getuid());
	assert_int_equal(found->s.who.gid, root ? 5 : getgid());
	if (root) {
		assert_int_equal(found->s.who.ngroups, 2);
		assert_true(found->gid == 7 || found->gid == 8);
	}
	/* The starter's uid is none of ours. */
	assert_int_equal(found->facts[0], root ? 0 : getuid());
	assert_int_equal(found->facts[1], found->facts[0]);
	assert_int_equal(found->facts[2], found->facts[0]);
}

static void
environment(const void *arg)
{
	char **before;

	if (arg == NULL)
		environ = NULL;
	before = environ;
	undo_environ(&s);
	found->facts[0] = environ != NULL && environ[0] == NULL;
	found->facts[1] = getenv("HOME") == NULL && getenv("PATH") == NULL;
	found->facts[2] =
	    before == NULL ? s.environ[0] == NULL : s.environ == before;
}

static void
test_environ(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		take_step(environment, i == 0 ? NULL : state);
		assert_int_equal(step->status, RETURNED);
		assert_int_equal(found->facts[0], 1);
		assert_int_equal(found->facts[1], 1);
		assert_int_equal(found->facts[2], 1);
	}
}

/* arg: from where; NULL: from where there is nothing any more. */
static void
directory(const void *arg)
{
	char gone[] = "/tmp/undo.XXXXXX";
	struct stat was, st, root;

	if (chdir(arg == NULL ? mkdtemp(gone) : arg) == -1 ||
	    stat(".", &was) == -1 || (arg == NULL && rmdir(gone) == -1))
		abort();
	undo_directory(&s);
	found->facts[0] = s.cwd > PORT_MAX;
	found->facts[1] = fstat(s.cwd, &st) == 0 && st.st_ino == was.st_ino &&
			  st.st_dev == was.st_dev;
	found->facts[2] = fcntl(s.cwd, F_GETFD) == FD_CLOEXEC;
	found->facts[3] = stat(".", &st) == 0 && stat("/", &root) == 0 &&
			  st.st_ino == root.st_ino;
}

static void
test_directory(void **state)
{
	static const char *const from[] = { "/proc", "/", NULL };
	size_t i;
	int fact;

	(void)state;
	for (i = 0; i < nitems(from); i++) {
		take_step(directory, from[i]);
		assert_int_equal(step->status, RETURNED);
		for (fact = 0; fact < 4; fact++)
			assert_int_equal(found->facts[fact], 1);
	}
}

static void
signals(const void *arg)
{
	struct itimerval soon = { { 0, 0 }, { 100, 0 } }, left[3];
	struct sigaction sa;
	sigset_t set;
	int sig;

	(void)arg;
	if (setitimer(ITIMER_REAL, &soon, NULL) == -1 ||
	    setitimer(ITIMER_VIRTUAL, &soon, NULL) == -1 ||
	    setitimer(ITIMER_PROF, &soon, NULL) == -1)
		abort();
	for (sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_IGN);
	(void)sigemptyset(&set);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
	undo_signals();
	(void)sigprocmask(SIG_SETMASK, NULL, &set);
	for (sig = 1; sig < NSIG; sig++) {
		if (sigaction(sig, NULL, &sa) == -1)
			continue; /* libc's own */
		if (sa.sa_handler != SIG_DFL)
			found->facts[0] = sig;
		if (sig != SIGKILL && sig != SIGSTOP && !sigismember(&set, sig))
			found->facts[1] = sig;
	}
	(void)getitimer(ITIMER_REAL, &left[0]);
	(void)getitimer(ITIMER_VIRTUAL, &left[1]);
	(void)getitimer(ITIMER_PROF, &left[2]);
	for (sig = 0; sig < 3; sig++)
		found->facts[2] += left[sig].it_value.tv_sec != 0 ||
				   left[sig].it_value.tv_usec != 0;
}

static void
test_signals(void **state)
{
	(void)state;
	memset(found, 0, sizeof(*found));
	take_step(signals, NULL);
	assert_int_equal(step->status, RETURNED);
	assert_int_equal(found->facts[0], 0);
	assert_int_equal(found->facts[1], 0);
	assert_int_equal(found->facts[2], 0);
}

/* arg: the uid of the starter, where that is not ours. */
static void
limits(const void *arg)
{
	static const int low[] = { RLIMIT_CORE, RLIMIT_NOFILE, RLIMIT_FSIZE };
	struct rlimit rl;
	int i;

	s.who.uid = *(const uid_t *)arg;
	/* Hard ones stay: not everywhere can root lift these. */
	for (i = 0; i < 3; i++) {
		if (getrlimit((proc_resource)low[i], &rl) == -1)
			abort();
		rl.rlim_cur = rl.rlim_max < LOW ? rl.rlim_max : LOW;
		if (setrlimit((proc_resource)low[i], &rl) == -1)
			abort();
	}
	undo_limits(&s);
	found->s = s;
	for (i = 0; i < RLIM_NLIMITS; i++)
		(void)getrlimit((proc_resource)i, &found->limits[i]);
}

/* Of a start that gives no rights only the core goes. */
static void
test_limits_own(void **state)
{
	uid_t uid = getuid();
	int i;

	(void)state;
	take_step(limits, &uid);
	assert_int_equal(step->status, RETURNED);
	assert_int_equal(found->s.changed, 1U << RLIMIT_CORE);
	assert_int_equal(found->limits[RLIMIT_CORE].rlim_cur, 0);
	assert_int_equal(found->s.limits[RLIMIT_NOFILE].rlim_cur, LOW);
	for (i = 0; i < RLIM_NLIMITS; i++) {
		assert_int_equal(
		    found->limits[i].rlim_max, found->s.limits[i].rlim_max);
		if (i != RLIMIT_CORE)
			assert_int_equal(found->limits[i].rlim_cur,
			    found->s.limits[i].rlim_cur);
	}
}

/* Of one that does none can make us fail half way. */
static void
test_limits_lifted(void **state)
{
	uid_t uid = 1000;
	int i;

	(void)state;
	if (getuid() != 0)
		skip();
	take_step(limits, &uid);
	assert_int_equal(step->status, RETURNED);
	assert_int_equal(found->limits[RLIMIT_CORE].rlim_cur, 0);
	for (i = 0; i < RLIM_NLIMITS; i++)
		if (i != RLIMIT_CORE && i != proc_limit_nice &&
		    i != proc_limit_rtprio)
			assert_true(found->limits[i].rlim_cur ==
					found->limits[i].rlim_max &&
				    found->limits[i].rlim_max >=
					found->s.limits[i].rlim_max);
	assert_true(found->limits[RLIMIT_NOFILE].rlim_cur > LOW);
	assert_true(found->s.changed & 1U << RLIMIT_NOFILE);
	assert_true(found->s.changed & 1U << RLIMIT_FSIZE);
	assert_false(found->s.changed & 1U << proc_limit_nice);
	/* Children get theirs back. */
	assert_int_equal(found->s.limits[RLIMIT_NOFILE].rlim_cur, LOW);
	assert_int_equal(found->s.limits[RLIMIT_FSIZE].rlim_cur, LOW);
}

/* arg: 0 in the group of another; 1 the leader of one; 2 of a session. */
static void
group(const void *arg)
{
	const int how = *(const int *)arg;

	if ((how == 1 && setpgid(0, 0) == -1) || (how == 2 && setsid() == -1))
		abort();
	undo_group();
	found->facts[0] = getpgid(0) == getpid();
}

static void
test_group(void **state)
{
	int how;

	(void)state;
	for (how = 0; how < 3; how++) {
		found->facts[0] = 0;
		take_step(group, &how);
		assert_int_equal(step->status, RETURNED);
		assert_int_equal(found->facts[0], 1);
	}
}

static int
begin(void **state)
{
	(void)state;
	found = shared(sizeof(*found));
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_environ),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_limits_own),
		cmocka_unit_test(test_limits_lifted),
		cmocka_unit_test(test_group),
	};

	return (cmocka_run_group_tests(tests, begin, NULL));
}
