/* What a task wants of Linux. */

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "compat/proc.h"
#include "compat/task_os.h"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

const unsigned long os_clone_flags =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

/*
 * Not by clone3(2): no filter can see the flags of that, so launchers have it
 * fail. Without a stack the child goes on on its copy of this one.
 */
pid_t
os_clone(unsigned long flags, int *pidfd)
{
	*pidfd = -1;
	return ((pid_t)syscall(SYS_clone,
	    flags | CLONE_PIDFD | (unsigned long)SIGCHLD, NULL, pidfd, NULL,
	    0UL));
}

void
os_own_proc(void)
{
	(void)prctl(PR_SET_DUMPABLE, 1UL, 0UL, 0UL, 0UL);
}

int
os_signals_open(void)
{
	sigset_t all;

	(void)sigfillset(&all);
	return (signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
}

/*
 * The descriptor only tells when: what is read from it is no siginfo_t. It
 * tells of whoever asks, so one is enough for all that are forked.
 */
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
	return (open("/proc/self/exe", O_PATH | O_CLOEXEC));
}

int
os_exec(int fd, char *const *argv, char *const *envp)
{
	return ((int)syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH));
}

int
os_hand_over(const void *data, size_t size)
{
	int error, fd = memfd_create("task", MFD_ALLOW_SEALING);

	if (fd == -1)
		return (-1);
	if (write(fd, data, size) != (ssize_t)size ||
	    fcntl(fd, F_ADD_SEALS, SEALS) == -1) {
		error = errno;
		(void)close(fd);
		errno = error;
		return (-1);
	}
	return (fd);
}

int
os_handed(int fd, void *data, size_t size)
{
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals == -1 || (seals & SEALS) != SEALS ||
	    pread(fd, data, size, 0) != (ssize_t)size)
		return (-1);
	return (close(fd));
}
