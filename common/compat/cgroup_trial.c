/*
 * Whether there can be leaves is tried: what the kernel says of rights, and of
 * files that there are, is half of it. Nobody is waited for for ever, as
 * whatever is in a group of root's can be held by root.
 */

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "drop.h"
#include "log.h"
#include "proc.h"

#define LEAF "t0/c0" /* no child has that number */
#define PATIENCE 2000 /* ms, for each step */

static void trial_child(const struct cgroup_tree *, int, uid_t, gid_t, pid_t,
    int) __attribute__((__noreturn__));

/* As a child would, with what the keeper will be able to do. */
static void
trial_child(const struct cgroup_tree *t, int privileged, uid_t uid, gid_t gid,
    pid_t parent, int fd)
{
	char error = 0;
	int leaf;

	if (privileged) {
		if (cgroup_put(t->dir, "t0/launch/cgroup.procs", "0") == -1)
			goto fail;
		drop_user(uid, gid, NULL, 0);
	}
	(void)proc_die_with(parent, SIGKILL);
	if (cgroup_mkdir(t, LEAF) == -1 ||
	    (leaf = cgroup_door(t, LEAF)) == -1 || cgroup_join(leaf) == -1)
		goto fail;
	if (write(fd, &error, 1) == 1)
		for (;;)
			(void)pause();
fail:
	error = (char)errno;
	_exit(write(fd, &error, 1) != 1);
}

/* What it says: 0 or an errno. */
static int
trial_answer(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char error;

	if (poll(&pfd, 1, PATIENCE) == 0)
		return (ETIMEDOUT);
	return (read(fd, &error, 1) == 1 ? error : EIO);
}

/* It was killed: 0, or -1 with errno if it lives. */
static int
trial_reap(pid_t pid)
{
	const struct timespec ts = { 0, 1000000L };
	int i;

	for (i = 0; i < PATIENCE; i++) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return (0);
		(void)nanosleep(&ts, NULL);
	}
	errno = ETIMEDOUT;
	return (-1);
}

int
cgroup_trial(const struct cgroup_tree *t, int privileged, uid_t uid, gid_t gid)
{
	pid_t pid, parent = getpid();
	int fds[2], error;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return (-1);
	if ((pid = fork()) == -1)
		fatal("control groups: trial");
	if (pid == 0)
		trial_child(t, privileged, uid, gid, parent, fds[1]);
	(void)close(fds[1]);
	error = trial_answer(fds[0]);
	(void)close(fds[0]);
	if (error != 0)
		(void)kill(pid, SIGKILL);
	else if (t->how != CGROUP_AT_ONCE)
		cgroup_kill_each(t, LEAF);
	else if (cgroup_put(t->dir, LEAF "/cgroup.kill", "1") == -1) {
		error = errno;
		(void)kill(pid, SIGKILL);
	}
	if (trial_reap(pid) == -1 || cgroup_rmdir_wait(t, LEAF) == -1)
		return (-1);
	errno = error;
	return (error == 0 ? 0 : -1);
}
