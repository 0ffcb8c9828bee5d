/*
 * common/reap.c, with children that have us trace them.
 */

#include <sys/ptrace.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "reap.h"

/* A child that is stopped because we trace it, and lives. */
static pid_t
traced(void)
{
	pid_t pid = fork();
	siginfo_t si;

	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
			_exit(1);
		(void)raise(SIGUSR1);
		_exit(2);
	}
	assert_true(pid > 0);
	si.si_pid = 0;
	assert_int_equal(
	    waitid(P_PID, (id_t)pid, &si, WEXITED | WSTOPPED | WNOWAIT), 0);
	assert_int_equal(si.si_code, CLD_TRAPPED);
	return (pid);
}

static pid_t
dead(void)
{
	pid_t pid = fork();
	siginfo_t si;

	if (pid == 0)
		_exit(7);
	assert_int_equal(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT), 0);
	return (pid);
}

static void
end(pid_t pid)
{
	siginfo_t si;
	int status;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT), 0);
	assert_int_equal(reap_has_ended(pid, NULL), 1);
	assert_int_equal(reap_ended(pid, &status, NULL), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void
test_reap(void **state)
{
	pid_t pid = traced();
	int status;

	(void)state;
	assert_int_equal(reap_ended(pid, &status, NULL), 0);
	assert_int_equal(reap_ended(-1, &status, NULL), 0);
	end(pid);
	assert_int_equal(reap_ended(-1, &status, NULL), -1);
	assert_int_equal(errno, ECHILD);
}

static void
test_look(void **state)
{
	pid_t pid = traced(), which;

	(void)state;
	assert_int_equal(reap_has_ended(pid, NULL), 0);
	assert_int_equal(reap_has_ended(-1, &which), 0);
	end(pid);
}

/* Whatever the kernel tells of first. */
static void
test_behind(void **state)
{
	pid_t first = traced(), ended = dead(), last = traced(), which;
	struct rusage ru;
	int status;

	(void)state;
	assert_int_equal(reap_has_ended(-1, &which), 1);
	assert_int_equal(which, ended);
	assert_int_equal(reap_ended(-1, &status, &ru), ended);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	end(first);
	end(last);
}

/* However often it is asked; and a tracer's stop is none. */
static void
test_stopped(void **state)
{
	pid_t pid = fork(), other;
	siginfo_t si;
	int status;

	(void)state;
	if (pid == 0)
		for (;;)
			(void)pause();
	assert_int_equal(reap_is_stopped(pid), 0);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &si, WSTOPPED | WNOWAIT), 0);
	assert_int_equal(reap_is_stopped(pid), 1);
	assert_int_equal(reap_is_stopped(pid), 1);
	assert_int_equal(reap_ended(pid, &status, NULL), 0);
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &si, WCONTINUED), 0);
	assert_int_equal(reap_is_stopped(pid), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT), 0);
	assert_int_equal(reap_is_stopped(pid), 0);
	assert_int_equal(reap_ended(pid, &status, NULL), pid);
	other = traced();
	assert_int_equal(reap_is_stopped(other), 0);
	end(other);
}

/* How it ended, as the log says it. */
static void
test_words(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	assert_string_equal(reap_words(3 << 8), "with status 3");
	assert_string_equal(reap_words(0), "with status 0");
	assert_string_equal(reap_words(-1), "with a status that nobody knows");
	if ((pid = fork()) == 0) {
		(void)raise(SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_string_equal(reap_words(status), "by signal 9 (Killed)");
	assert_string_equal(reap_words(11 | 0x80),
	    "by signal 11 (Segmentation fault, core dumped)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reap),
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_words),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
