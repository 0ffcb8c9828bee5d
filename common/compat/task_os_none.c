/* A system that has nothing of what a task would like to have. */

#include <sys/types.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "compat/proc.h"
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

int
os_signals_take(siginfo_t *info)
{
	sigset_t all;

	(void)sigfillset(&all);
	return (proc_signal_take(&all, info));
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
