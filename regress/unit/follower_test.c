/*
 * The guard that is told of forks, by a kernel of our own.
 */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>

#include "compat/follow.h"
#include "guard/follower.h"
#include "policy/permit.h"
#include "policy/runas.h"
#include "sandbox.h"

#define PRIV 10
#define HOW 0x300

const int follow_able = 1;

/* What is told; where nothing is left, whoever was killed has ended. */
static struct follow_event script[32];
static size_t at, count;

static struct {
	pid_t pid;
	int sig;
} killed[32];
static size_t kills, told_of;
static int reaped;

static void
tells(unsigned int what, pid_t pid)
{
	script[count].what = what;
	script[count++].pid = pid;
}

int
follow_open(pid_t child)
{
	(void)child;
	return (-1);
}

int
follow_next(int fd, int ms, struct follow_event *e)
{
	assert_int_equal(fd, 5);
	if (at < count) {
		*e = script[at++];
		return (1);
	}
	assert_int_not_equal(ms, -1);
	while (told_of < kills && killed[told_of].sig != SIGKILL)
		told_of++;
	if (told_of == kills)
		return (0);
	e->what = FOLLOW_ENDED;
	e->pid = killed[told_of++].pid;
	return (1);
}

int __wrap_kill(pid_t, int);
int
__wrap_kill(pid_t pid, int sig)
{
	assert_true(kills < 32);
	killed[kills].pid = pid;
	killed[kills++].sig = sig;
	return (0);
}

pid_t __wrap_waitpid(pid_t, int *, int);
pid_t
__wrap_waitpid(pid_t pid, int *status, int flags)
{
	assert_int_equal(pid, PRIV);
	assert_int_equal(flags, 0);
	reaped++;
	*status = HOW;
	return (pid);
}

void
permit_forget(void)
{
}

void
runas_forget(struct runas *t)
{
	(void)t;
}

void
sandbox_guard(const int *places, size_t n, int write)
{
	(void)places;
	(void)n;
	(void)write;
}

static int
begin(void **state)
{
	(void)state;
	at = count = kills = told_of = 0;
	reaped = 0;
	return (0);
}

static void
runs(void)
{
	assert_int_equal(follower_loop(5, PRIV), HOW);
	assert_int_equal(reaped, 1);
	assert_int_equal(at, count);
}

/* Who has ended is nobody's, or another's by now. */
static void
test_leaves(void **state)
{
	(void)state;
	tells(FOLLOW_BORN, 11);
	tells(FOLLOW_BORN, 12);
	tells(FOLLOW_BORN | FOLLOW_ENDED, 13);
	tells(FOLLOW_BORN, 14);
	tells(FOLLOW_ENDED, 12);
	tells(FOLLOW_ENDED, PRIV);
	runs();
	assert_int_equal(kills, 2);
	assert_int_equal(killed[0].pid, 11);
	assert_int_equal(killed[0].sig, SIGKILL);
	assert_int_equal(killed[1].pid, 14);
	assert_int_equal(killed[1].sig, SIGKILL);
}

/* A fork that is told of behind the end, and one of that. */
static void
test_late(void **state)
{
	(void)state;
	tells(FOLLOW_BORN, 11);
	tells(FOLLOW_ENDED, PRIV);
	tells(FOLLOW_BORN, 15);
	tells(FOLLOW_ENDED, 11);
	tells(FOLLOW_BORN, 16);
	runs();
	assert_int_equal(kills, 2);
	assert_int_equal(killed[0].pid, 15);
	assert_int_equal(killed[1].pid, 16);
}

/* A number that is another's again is known once, as the new one. */
static void
test_again(void **state)
{
	(void)state;
	tells(FOLLOW_BORN, 11);
	tells(FOLLOW_ENDED, 11);
	tells(FOLLOW_BORN, 11);
	tells(FOLLOW_BORN, 11);
	tells(FOLLOW_ENDED, PRIV);
	runs();
	assert_int_equal(kills, 1);
	assert_int_equal(killed[0].pid, 11);
}

/* They go on to priv, which ends everything in its order. */
static void
test_signals(void **state)
{
	(void)state;
	tells(FOLLOW_SIGNAL, SIGTERM);
	tells(FOLLOW_SIGNAL, SIGHUP);
	tells(FOLLOW_ENDED, PRIV);
	runs();
	assert_int_equal(kills, 2);
	assert_int_equal(killed[0].pid, PRIV);
	assert_int_equal(killed[0].sig, SIGTERM);
	assert_int_equal(killed[1].sig, SIGHUP);
}

/* What is lost ends nothing, and neither does the end of another. */
static void
test_lost(void **state)
{
	(void)state;
	tells(FOLLOW_LOST, 11);
	tells(FOLLOW_ENDED, 11);
	tells(FOLLOW_LOST, PRIV);
	tells(FOLLOW_BORN, 17);
	tells(FOLLOW_ENDED, PRIV);
	runs();
	assert_int_equal(kills, 1);
	assert_int_equal(killed[0].pid, 17);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_leaves, begin),
		cmocka_unit_test_setup(test_late, begin),
		cmocka_unit_test_setup(test_again, begin),
		cmocka_unit_test_setup(test_signals, begin),
		cmocka_unit_test_setup(test_lost, begin),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
