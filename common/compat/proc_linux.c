/*
 * Processes on Linux: subreaper, pidfds, /proc. Kernels that lack pidfds or
 * close_range are served too, more slowly.
 */

#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <linux/magic.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

/* Descendants in each other, at most: a longer chain waits for SIGKILL. */
#define MAX_DEPTH 64

int
proc_subreaper(void)
{
	return (prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL));
}

int
proc_die_with(pid_t parent, int sig)
{
	if (prctl(PR_SET_PDEATHSIG, (unsigned long)sig, 0UL, 0UL, 0UL) == -1)
		return (-1);
	if (getppid() != parent) {
		errno = ESRCH;
		return (-1);
	}
	return (0);
}

uint64_t
proc_ambient(void)
{
	uint64_t caps = 0;
	int cap;

	if (geteuid() == 0)
		return (UINT64_MAX);
	for (cap = 0; cap < 64; cap++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) ==
		    1)
			caps |= 1ULL << cap;
	return (caps);
}

int
proc_keep_ambient(uint64_t caps)
{
	int cap;

	if (caps == 0)
		return (
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
	for (cap = 0; cap < 64; cap++)
		if (!(caps & 1ULL << cap) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, cap, 0, 0) ==
			-1 &&
		    errno != EINVAL)
			return (-1);
	return (0);
}

const int proc_limit_nice = RLIMIT_NICE;
const int proc_limit_rtprio = RLIMIT_RTPRIO;

int
proc_is_procfs(int fd)
{
	struct statfs st;

	return (fstatfs(fd, &st) == -1 || st.f_type == PROC_SUPER_MAGIC);
}

int
proc_is_path(int flags)
{
	return ((flags & O_PATH) != 0);
}

int
proc_open_cwd(void)
{
	return (open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

int
proc_reopen(int fd, int flags)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return (open(path, flags | O_APPEND | O_NOCTTY | O_CLOEXEC));
}

void
proc_disown(int fd)
{
	(void)fcntl(fd, F_SETOWN, 0);
	(void)fcntl(fd, F_SETSIG, 0);
}

void
proc_signals_default(void)
{
	/* A struct sigaction as the kernel has it: SIG_DFL is all zero. */
	static const unsigned char zero[64];
	const size_t mask = (NSIG - 1) / 8;
	void (*now[8])(int); /* its first member, and room for the others */
	long sig;

	for (sig = 1; sig < NSIG; sig++)
		if (syscall(SYS_rt_sigaction, sig, NULL, now, mask) == 0 &&
		    now[0] == SIG_IGN)
			(void)syscall(SYS_rt_sigaction, sig, zero, NULL, mask);
}

int
proc_signal_take(const sigset_t *set, siginfo_t *info)
{
	const struct timespec now = { 0, 0 };
	int sig;

	do
		sig = sigtimedwait(set, info, &now);
	while (sig == -1 && errno == EINTR);
	return (sig == -1 ? 0 : sig);
}

void
proc_signal_main(int sig)
{
	(void)syscall(SYS_tgkill, getpid(), getpid(), sig);
}

void
proc_cloexec_from(int first)
{
	/* CLOSE_RANGE_CLOEXEC; without it ours are close-on-exec already. */
	(void)syscall(SYS_close_range, (unsigned int)first, ~0U, 1U << 2);
}

int
proc_privileged(void)
{
	return (getauxval(AT_SECURE) != 0);
}

int
proc_own_dir(char *buf, size_t size)
{
	const char *name;
	char path[PATH_MAX], *slash;
	ssize_t n;

	n = readlink("/proc/self/exe", buf, size);
	if (n > 0 && (size_t)n < size)
		buf[n] = '\0';
	else {
		/* There is no /proc: what exec was told has to do. */
		name = (const char *)getauxval(AT_EXECFN);
		if (name == NULL || *name != '/' ||
		    realpath(name, path) == NULL ||
		    strlcpy(buf, path, size) >= size)
			return (-1);
	}
	if ((slash = strrchr(buf, '/')) == NULL)
		return (-1);
	*slash = '\0';
	return (0);
}

/* Call fn for each of the numbers that fd holds, from its beginning. */
static int
each_number(int fd, void (*fn)(pid_t, void *), void *arg)
{
	char buf[4096];
	off_t off = 0;
	pid_t pid = 0;
	ssize_t i, n;

	while ((n = pread(fd, buf, sizeof(buf), off)) > 0) {
		for (i = 0; i < n; i++) {
			if (buf[i] >= '0' && buf[i] <= '9')
				pid = pid * 10 + (buf[i] - '0');
			else if (pid != 0) {
				fn(pid, arg);
				pid = 0;
			}
		}
		off += n;
	}
	return (n == 0 ? 0 : -1);
}

/* What one thread has forked and not yet waited for. */
static int
thread_open(pid_t pid, const char *tid)
{
	char path[96];

	(void)snprintf(
	    path, sizeof(path), "/proc/%d/task/%.20s/children", (int)pid, tid);
	return (open(path, O_RDONLY | O_CLOEXEC));
}

int
proc_children_of(pid_t pid, void (*fn)(pid_t, void *), void *arg)
{
	const struct dirent *d;
	char path[64];
	int fd;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	if ((dir = opendir(path)) == NULL)
		return (-1);
	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.' ||
		    (fd = thread_open(pid, d->d_name)) == -1)
			continue;
		(void)each_number(fd, fn, arg);
		(void)close(fd);
	}
	(void)closedir(dir);
	return (0);
}

static int own_children = -1;

int
proc_children_open(void)
{
	char tid[32];

	(void)snprintf(tid, sizeof(tid), "%d", (int)getpid());
	own_children = thread_open(getpid(), tid);
	return (own_children == -1 ? -1 : 0);
}

void
proc_children_close(void)
{
	if (own_children != -1)
		(void)close(own_children);
	own_children = -1;
}

int
proc_children(void (*fn)(pid_t, void *), void *arg)
{
	return (own_children == -1 ? -1 : each_number(own_children, fn, arg));
}

/* A process's parent and group. The name before them can hold anything. */
static int
stat_read(pid_t pid, pid_t *ppid, pid_t *pgrp)
{
	char path[64], buf[512];
	const char *p;
	ssize_t n;
	int fd, a, b;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return (-1);
	n = read(fd, buf, sizeof(buf) - 1);
	(void)close(fd);
	if (n <= 0)
		return (-1);
	buf[n] = '\0';
	if ((p = strrchr(buf, ')')) == NULL ||
	    sscanf(p, ") %*c %d %d", &a, &b) != 2)
		return (-1);
	*ppid = a;
	*pgrp = b;
	return (0);
}

struct walk {
	pid_t parent;
	int parent_fd; /* its pidfd */
	pid_t group; /* has its signal already */
	int sig;
	int depth;
	int (*ours)(pid_t);
};

static int
has_ended(int pidfd)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };

	return (poll(&pfd, 1, 0) != 0);
}

int
proc_has_ended(pid_t pid)
{
	int fd, ended;

	if ((fd = (int)syscall(SYS_pidfd_open, pid, 0U)) == -1)
		return (0);
	ended = has_ended(fd);
	(void)close(fd);
	return (ended);
}

static void
walk_signal(int pidfd, int sig)
{
	(void)pidset_signal(pidfd, sig);
	/* Or one that is stopped would not hear it. */
	if (sig != SIGKILL)
		(void)pidset_signal(pidfd, SIGCONT);
}

/*
 * The pidfd is opened first and the parent read after it: if that pid is
 * parent's child then, the pidfd is either that child or a dead process. The
 * parent must live still after that, or its number may be another's.
 */
static void
walk_child(pid_t pid, void *arg)
{
	const struct walk *w = arg;
	struct walk next = *w;
	pid_t ppid, pgrp;
	int fd;

	if (w->depth >= MAX_DEPTH ||
	    (fd = (int)syscall(SYS_pidfd_open, pid, 0U)) == -1)
		return;
	if (stat_read(pid, &ppid, &pgrp) == 0 && ppid == w->parent &&
	    !has_ended(w->parent_fd)) {
		next.parent = pid;
		next.parent_fd = fd;
		next.depth++;
		(void)proc_children_of(pid, walk_child, &next);
		if (pgrp != w->group && w->ours(pid))
			walk_signal(fd, w->sig);
	}
	(void)close(fd);
}

void
proc_signal_descendants(pid_t parent, pid_t child, int sig, int (*ours)(pid_t))
{
	struct walk w = { child, -1, child, sig, 0, ours };
	pid_t ppid, pgrp;

	w.parent_fd = (int)syscall(SYS_pidfd_open, child, 0U);
	if (w.parent_fd == -1)
		return;
	if (stat_read(child, &ppid, &pgrp) == 0 && ppid == parent)
		(void)proc_children_of(child, walk_child, &w);
	(void)close(w.parent_fd);
}

/* It is read by name, and can have another only as its own user likes. */
pid_t
proc_node(void)
{
	static const char helper[] = "erl_child_setup\n";
	pid_t parent = getppid(), above, pgrp;
	char path[64], name[sizeof(helper)];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)parent);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return (parent);
	n = read(fd, name, sizeof(name));
	(void)close(fd);
	/* The kernel keeps 15 bytes of a name: this one has as many. */
	if (n == sizeof(helper) - 1 && memcmp(name, helper, (size_t)n) == 0 &&
	    stat_read(parent, &above, &pgrp) == 0)
		return (above);
	return (parent);
}

const char *
proc_suid_lost(void)
{
	struct statvfs fs;
	struct stat st;

	if (stat("/proc/self/exe", &st) == -1 || !(st.st_mode & S_ISUID) ||
	    st.st_uid != 0)
		return (NULL);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0UL, 0UL, 0UL, 0UL) == 1)
		return ("no_new_privs is set, with which its set-user-ID bit"
			" does not count");
	if (statvfs("/proc/self/exe", &fs) == 0 && fs.f_flag & ST_NOSUID)
		return ("its file system is mounted nosuid");
	return ("its set-user-ID bit did not count: it is traced, or in a user"
		" namespace");
}

int
proc_uid(pid_t pid, uid_t *uid)
{
	char path[64], line[256];
	unsigned int n;
	int found = -1;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if ((f = fopen(path, "re")) == NULL)
		return (-1);
	while (found == -1 && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "Uid: %u", &n) == 1)
			found = 0;
	(void)fclose(f);
	if (found == 0)
		*uid = n;
	return (found);
}

int
pidset_open(void)
{
	int fd;

	/* Is there pidfd_open, and may we use it? */
	if ((fd = (int)syscall(SYS_pidfd_open, getpid(), 0U)) == -1)
		return (-1);
	(void)close(fd);
	return (epoll_create1(EPOLL_CLOEXEC));
}

int
pidset_add(int set, pid_t pid, uint32_t id)
{
	struct epoll_event ev = { 0 };
	int fd;

	if ((fd = (int)syscall(SYS_pidfd_open, pid, 0U)) == -1)
		return (-1);
	ev.events = EPOLLIN;
	ev.data.u32 = id;
	if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &ev) == -1) {
		(void)close(fd);
		return (-1);
	}
	return (fd);
}

int
pidset_signal(int watch, int sig)
{
	return ((int)syscall(SYS_pidfd_send_signal, watch, sig, NULL, 0U));
}

void
pidset_remove(int watch)
{
	if (watch != -1)
		(void)close(watch);
}

int
pidset_ended(int set, uint32_t *ids, int max)
{
	struct epoll_event ev[64];
	int i, n;

	if (max > 64)
		max = 64;
	if ((n = epoll_wait(set, ev, max, 0)) == -1)
		return (0);
	for (i = 0; i < n; i++)
		ids[i] = ev[i].data.u32;
	return (n);
}
