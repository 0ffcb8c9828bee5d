/* A system that has nothing of what a task would like to have. */

#include <sys/types.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "compat/task_os.h"

const unsigned long os_clone_flags = 0;

static int
missing(void)
{
	errno = ENOSYS;
	return (-1);
}

pid_t
os_clone(unsigned long flags, int *pidfd)
{
	*pidfd = -1;
	return (flags == 0 ? fork() : missing());
}

void
os_own_proc(void)
{
}

int
os_signals_open(void)
{
	return (missing());
}

/* What is pending is known, and waited for, but not what came with it. */
int
os_signals_take(siginfo_t *info)
{
	sigset_t pending, one;
	int signo;

	if (sigpending(&pending) == -1)
		return (0);
	for (signo = 1; signo < NSIG; signo++)
		if (sigismember(&pending, signo) == 1)
			break;
	if (signo == NSIG)
		return (0);
	(void)sigemptyset(&one);
	(void)sigaddset(&one, signo);
	if (sigwait(&one, &signo) != 0)
		return (0);
	info->si_signo = signo;
	return (signo);
}

int
os_program(void)
{
	return (missing());
}

int
os_exec(int fd, char *const *argv, char *const *envp)
{
	(void)fd;
	(void)argv;
	(void)envp;
	return (missing());
}

int
os_hand_over(const void *data, size_t size)
{
	(void)data;
	(void)size;
	return (missing());
}

int
os_handed(int fd, void *data, size_t size)
{
	(void)fd;
	(void)data;
	(void)size;
	return (missing());
}
