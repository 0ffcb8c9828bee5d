/*
 * What systems have in common, tried on this one: proc_generic.c, pty.c.
 */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "compat/proc.h"
#include "compat/pty.h"

static void
block(sigset_t *set, int a, int b)
{
	sigset_t all;

	(void)sigfillset(&all);
	assert_int_equal(sigprocmask(SIG_BLOCK, &all, NULL), 0);
	(void)sigemptyset(set);
	(void)sigaddset(set, a);
	(void)sigaddset(set, b);
}

/* Those of the set, each once, and no others. */
static void
test_signal_take(void **state)
{
	siginfo_t info;
	sigset_t set, left;

	(void)state;
	block(&set, SIGUSR1, SIGTERM);
	assert_int_equal(proc_signal_take(&set, NULL), 0);
	assert_int_equal(kill(getpid(), SIGUSR2), 0);
	assert_int_equal(proc_signal_take(&set, NULL), 0);
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	memset(&info, 0x5a, sizeof(info));
	assert_int_equal(proc_signal_take(&set, &info), SIGUSR1);
	assert_int_equal(info.si_signo, SIGUSR1);
	assert_int_equal(info.si_pid, 0);
	assert_int_equal(info.si_code, 0);
	assert_int_equal(proc_signal_take(&set, NULL), SIGTERM);
	assert_int_equal(proc_signal_take(&set, NULL), 0);
	assert_int_equal(sigpending(&left), 0);
	assert_int_equal(sigismember(&left, SIGUSR2), 1);
	(void)sigaddset(&set, SIGUSR2);
	assert_int_equal(proc_signal_take(&set, NULL), SIGUSR2);
}

static void
test_pty_open(void **state)
{
	char name[64];
	int fd, slave;

	(void)state;
	assert_true((fd = pty_open(name, sizeof(name))) >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_true((slave = open(name, O_RDWR | O_NOCTTY)) >= 0);
	assert_int_equal(isatty(slave), 1);
	assert_int_equal(write(slave, "x", 1), 1);
	assert_int_equal(read(fd, name, sizeof(name)), 1);
	assert_int_equal(name[0], 'x');
	assert_int_equal(close(slave), 0);
	assert_int_equal(close(fd), 0);
}

/* It is not cut off, and nothing stays open. */
static void
test_pty_name_long(void **state)
{
	char name[4];
	int before = dup(0), after;

	(void)state;
	errno = 0;
	assert_int_equal(pty_open(name, sizeof(name)), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	after = dup(0);
	assert_int_equal(after, before + 1);
	assert_int_equal(close(after), 0);
	assert_int_equal(close(before), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signal_take),
		cmocka_unit_test(test_pty_open),
		cmocka_unit_test(test_pty_name_long),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
