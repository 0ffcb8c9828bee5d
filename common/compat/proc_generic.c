/*
 * Processes where there is nothing but POSIX: no subreaper, no signal from a
 * dying parent, no pidfd. Children are watched by SIGCHLD and their process
 * groups are all that is known of their descendants.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

int
proc_subreaper(void)
{
	errno = ENOSYS;
	return (-1);
}

int
proc_die_with(pid_t parent, int sig)
{
	(void)sig;
	if (getppid() != parent) {
		errno = ESRCH;
		return (-1);
	}
	return (0);
}

uint64_t
proc_ambient(void)
{
	return (0);
}

int
proc_keep_ambient(uint64_t caps)
{
	(void)caps;
	return (0);
}

const int proc_limit_nice = -1;
const int proc_limit_rtprio = -1;

int
proc_is_procfs(int fd)
{
	(void)fd;
	return (0);
}

int
proc_is_path(int flags)
{
	(void)flags;
	return (0);
}

int
proc_open_cwd(void)
{
	return (open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

int
proc_reopen(int fd, int flags)
{
	(void)fd;
	(void)flags;
	errno = ENOSYS;
	return (-1);
}

void
proc_disown(int fd)
{
	(void)fcntl(fd, F_SETOWN, 0);
}

void
proc_signals_default(void)
{
	struct sigaction sa;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		if (sigaction(sig, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
			(void)signal(sig, SIG_DFL);
}

/* A signal that waits is known, and so is taken at once; of its sender nothing
 * is. */
int
proc_signal_take(const sigset_t *set, siginfo_t *info)
{
	sigset_t pending, one;
	int sig;

	if (sigpending(&pending) == -1)
		return (0);
	for (sig = 1; sig < NSIG; sig++)
		if (sigismember(set, sig) == 1 &&
		    sigismember(&pending, sig) == 1)
			break;
	if (sig == NSIG)
		return (0);
	(void)sigemptyset(&one);
	(void)sigaddset(&one, sig);
	if (sigwait(&one, &sig) != 0)
		return (0);
	if (info != NULL) {
		memset(info, 0, sizeof(*info));
		info->si_signo = sig;
	}
	return (sig);
}

void
proc_signal_main(int sig)
{
	(void)sig;
}

void
proc_cloexec_from(int first)
{
	(void)first;
}

int
proc_privileged(void)
{
	static int asked, privileged;

	if (!asked)
		privileged = getuid() != geteuid() || getgid() != getegid();
	asked = 1;
	return (privileged);
}

int
proc_own_dir(char *buf, size_t size)
{
	(void)buf;
	(void)size;
	return (-1);
}

int
proc_children(void (*fn)(pid_t, void *), void *arg)
{
	(void)fn;
	(void)arg;
	errno = ENOSYS;
	return (-1);
}

int
proc_children_of(pid_t pid, void (*fn)(pid_t, void *), void *arg)
{
	(void)pid;
	return (proc_children(fn, arg));
}

int
proc_children_open(void)
{
	return (-1);
}

void
proc_children_close(void)
{
}

void
proc_signal_descendants(pid_t parent, pid_t child, int sig, int (*ours)(pid_t))
{
	(void)ours;
	(void)parent;
	(void)child;
	(void)sig;
}

int
proc_has_ended(pid_t pid)
{
	(void)pid;
	return (0);
}

pid_t
proc_node(void)
{
	return (getppid());
}

const char *
proc_suid_lost(void)
{
	return (NULL);
}

int
proc_uid(pid_t pid, uid_t *uid)
{
	(void)pid;
	(void)uid;
	return (-1);
}

int
pidset_open(void)
{
	return (-1);
}

int
pidset_add(int set, pid_t pid, uint32_t id)
{
	(void)set;
	(void)pid;
	(void)id;
	return (-1);
}

int
pidset_signal(int watch, int sig)
{
	(void)watch;
	(void)sig;
	errno = ENOSYS;
	return (-1);
}

void
pidset_remove(int watch)
{
	(void)watch;
}

int
pidset_ended(int set, uint32_t *ids, int max)
{
	(void)set;
	(void)ids;
	(void)max;
	return (0);
}
