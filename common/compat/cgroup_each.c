/*
 * Kill each process in a group by its number: see cgroup.h.
 */

#include <sys/syscall.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "proc.h"

#define SOME 64 /* at a time */
#define ROUNDS 256 /* a fork bomb does not make it go on for ever */
#define DEPTH_MAX 64
#define TICK 2 /* ms */
#define TICKS 500 /* that processes may take to die */
#define EACH 25 /* of them from one time that each is killed to the next */
#define HOLD_TICKS 250 /* that they may take to stand still */

/* Those that are in it, to be read; NULL. */
static FILE *
list_open(int dir)
{
	FILE *f;
	int fd;

	fd = openat(dir, "cgroup.procs", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return (NULL);
	if ((f = fdopen(fd, "r")) == NULL)
		(void)close(fd);
	return (f);
}

/* The next; 0: there is none. */
static pid_t
list_next(FILE *f)
{
	char line[32];
	pid_t pid;

	while (fgets(line, sizeof(line), f) != NULL)
		if ((pid = (pid_t)strtol(line, NULL, 10)) > 1)
			return (pid);
	return (0);
}

/*
 * What is listed again once its pidfd is open is what that stands for: a number
 * may have been another's in between. Returns how many were signalled.
 */
static int
kill_some(int dir, const pid_t pids[SOME], size_t n)
{
	int fds[SOME], killed = 0;
	size_t i;
	pid_t pid;
	FILE *f;

	for (i = 0; i < n; i++)
		fds[i] = (int)syscall(SYS_pidfd_open, pids[i], 0U);
	f = list_open(dir);
	while (f != NULL && (pid = list_next(f)) != 0)
		for (i = 0; i < n; i++)
			if (pids[i] == pid && fds[i] != -1 &&
			    pidset_signal(fds[i], SIGKILL) == 0)
				killed++;
	if (f != NULL)
		(void)fclose(f);
	for (i = 0; i < n; i++)
		if (fds[i] != -1)
			(void)close(fds[i]);
	return (killed);
}

/* All that are listed: how many were signalled. */
static int
kill_listed(int dir)
{
	pid_t pids[SOME];
	int killed = 0;
	size_t n;
	FILE *f;

	if ((f = list_open(dir)) == NULL)
		return (0);
	do {
		for (n = 0; n < SOME && (pids[n] = list_next(f)) != 0; n++)
			continue;
		killed += kill_some(dir, pids, n);
	} while (n == SOME);
	(void)fclose(f);
	return (killed);
}

/*
 * Who stands still is there as long as he does, and dies when he goes on:
 * version 1 lets nobody die before.
 */
static void
kill_in(const struct cgroup_tree *t, int fd, int depth)
{
	const struct cgroup_tree here = { t->v2, 0, fd, t->how };
	struct dirent *d;
	DIR *list;
	int i, below;

	for (i = 0; i < ROUNDS && kill_listed(fd) > 0; i++)
		if (t->how == CGROUP_STILL)
			break;
	if ((list = fdopendir(fd)) == NULL) {
		(void)close(fd);
		return;
	}
	while (depth > 0 && (d = readdir(list)) != NULL)
		if (d->d_type == DT_DIR && strcmp(d->d_name, ".") != 0 &&
		    strcmp(d->d_name, "..") != 0 &&
		    (below = cgroup_open(fd, d->d_name)) != -1)
			kill_in(t, below, depth - 1);
	if (t->how == CGROUP_STILL)
		(void)cgroup_hold(&here, ".", 0);
	(void)closedir(list);
}

/* One that hangs in the kernel is not waited for for ever. */
static void
wait_held(const struct cgroup_tree *t, const char *name)
{
	const struct timespec ts = { 0, TICK * 1000000L };
	int i;

	for (i = 0; i < HOLD_TICKS && cgroup_is_held(t, name) == 0; i++)
		(void)nanosleep(&ts, NULL);
}

void
cgroup_kill_each(const struct cgroup_tree *t, const char *name)
{
	int fd;

	if ((fd = cgroup_open(t->dir, name)) == -1)
		return;
	if (t->how == CGROUP_STILL && cgroup_hold(t, name, 1) == 0)
		wait_held(t, name);
	kill_in(t, fd, DEPTH_MAX);
}

void
cgroup_kill_held(const struct cgroup_tree *t)
{
	int fd;

	if (t->how == CGROUP_STILL)
		wait_held(t, ".");
	if ((fd = cgroup_open(t->dir, ".")) != -1)
		kill_in(t, fd, DEPTH_MAX);
}

/* Whom the kernel has killed is there for a moment still. */
int
cgroup_rmdir_wait(const struct cgroup_tree *t, const char *name)
{
	struct timespec ts = { 0, TICK * 1000000L };
	int i;

	for (i = 0; i < TICKS; i++) {
		if (cgroup_rmdir(t->dir, name) == 0 || errno == ENOENT)
			return (0);
		if (errno != EBUSY)
			return (-1);
		if (i % EACH == EACH - 1)
			cgroup_kill_each(t, name);
		(void)nanosleep(&ts, NULL);
	}
	return (-1);
}
