/* pidfds and what /proc tells of them. */

#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/ioctl.h"
#include "compat/pidfd.h"
#include "log.h"

/* What newer kernels answer, in a struct that grows: its first version. */
struct info {
	uint64_t mask;
	uint64_t cgroup;
	uint32_t pid, tgid, ppid;
	uint32_t ids[8];
	int32_t status;
};
#define INFO_EXIT (1ULL << 3)
#define INFO_ASK _IOWR(0xff, 11, struct info)

static int proc = -1;

void
pidfd_init(void)
{
	proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc == -1)
		fatal("/proc");
}

int
pidfd_of(pid_t pid)
{
	return ((int)syscall(SYS_pidfd_open, pid, 0U));
}

int
pidfd_signal(int fd, int sig)
{
	return ((int)syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0U));
}

int
pidfd_queue(int fd, int sig, uint32_t value)
{
	siginfo_t si;

	memset(&si, 0, sizeof(si));
	si.si_signo = sig;
	si.si_code = SI_QUEUE;
	si.si_pid = getpid();
	si.si_value.sival_int = (int)value;
	return ((int)syscall(SYS_pidfd_send_signal, fd, sig, &si, 0U));
}

/* A file of /proc as text. */
static int
proc_text(const char *path, char *buf, size_t size)
{
	ssize_t n;
	int error, fd;

	if ((fd = openat(proc, path, O_RDONLY | O_CLOEXEC)) == -1)
		return (-1);
	errno = EIO;
	n = read(fd, buf, size - 1);
	error = errno;
	(void)close(fd);
	errno = error;
	if (n <= 0)
		return (-1);
	buf[n] = '\0';
	return (0);
}

/* "Pid:\tN": 0 for one that is not in this /proc, -1 for one that was reaped.
 */
int
pidfd_pid(int fd, pid_t *pid)
{
	char path[64], buf[512];
	const char *p;
	long n;

	(void)snprintf(path, sizeof(path), "self/fdinfo/%d", fd);
	if (proc_text(path, buf, sizeof(buf)) == -1)
		return (-1);
	errno = EINVAL;
	if ((p = strstr(buf, "\nPid:\t")) == NULL)
		return (-1);
	errno = ESRCH;
	if ((n = strtol(p + 6, NULL, 10)) < 0)
		return (-1);
	*pid = (pid_t)n;
	return (0);
}

/* Its state and its parent. The name before them can hold anything. */
static int
stat_read(int fd, char *state, pid_t *parent)
{
	char path[64], buf[1024];
	const char *p;
	pid_t pid;
	int n;

	if (pidfd_pid(fd, &pid) == -1)
		return (-1);
	(void)snprintf(path, sizeof(path), "%d/stat", (int)pid);
	if (pid <= 0 || proc_text(path, buf, sizeof(buf)) == -1 ||
	    (p = strrchr(buf, ')')) == NULL ||
	    sscanf(p, ") %c %d", state, &n) != 2)
		return (-1);
	*parent = n;
	/* If it was not reaped yet, that was it. */
	return (pidfd_signal(fd, 0) == -1 && errno == ESRCH ? -1 : 0);
}

int
pidfd_parent(int fd, pid_t *parent)
{
	char state;

	return (stat_read(fd, &state, parent));
}

int
pidfd_stopped(int fd)
{
	pid_t parent;
	char state;

	return (stat_read(fd, &state, &parent) == 0 &&
		(state == 'T' || state == 't'));
}

/*
 * /proc tells it of nobody whom we may not trace, without saying so, and this
 * of nobody who was not reaped.
 */
int
pidfd_status(int fd, int *status)
{
	struct info info;

	memset(&info, 0, sizeof(info));
	info.mask = INFO_EXIT;
	if (ioctl(fd, (ioctl_request)INFO_ASK, &info) == -1 ||
	    !(info.mask & INFO_EXIT))
		return (-1);
	*status = info.status;
	return (0);
}
