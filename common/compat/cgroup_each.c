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
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "proc.h"

#define SOME 64 /* at a time */
#define ROUNDS 256 /* of some; a fork bomb does not make it go on for ever */
#define DEPTH_MAX 64
#define TICK 2 /* ms */
#define TICKS 500 /* that processes may take to die */
#define EACH 25 /* of them from one time that each is killed to the next */

/* Of those listed, the first some: how many. */
static size_t
listed(int dir, pid_t pids[SOME])
{
	char line[32];
	size_t n = 0;
	FILE *f;
	int fd;

	fd = openat(dir, "cgroup.procs", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return (0);
	if ((f = fdopen(fd, "r")) == NULL) {
		(void)close(fd);
		return (0);
	}
	while (n < SOME && fgets(line, sizeof(line), f) != NULL)
		if ((pids[n] = (pid_t)strtol(line, NULL, 10)) > 1)
			n++;
	(void)fclose(f);
	return (n);
}

/*
 * What is listed again once its pidfd is open is what that stands for: a number
 * may have been another's in between. Returns how many were signalled.
 */
static int
kill_some(int dir)
{
	pid_t pids[SOME], again[SOME];
	int fds[SOME], killed = 0;
	size_t i, j, n, m;

	n = listed(dir, pids);
	for (i = 0; i < n; i++)
		fds[i] = (int)syscall(SYS_pidfd_open, pids[i], 0U);
	m = listed(dir, again);
	for (i = 0; i < n; i++) {
		if (fds[i] == -1)
			continue;
		for (j = 0; j < m && again[j] != pids[i]; j++)
			continue;
		if (j < m && pidset_signal(fds[i], SIGKILL) == 0)
			killed++;
		(void)close(fds[i]);
	}
	return (killed);
}

static void
kill_in(int fd, int depth)
{
	struct dirent *d;
	DIR *list;
	int i, below;

	for (i = 0; i < ROUNDS && kill_some(fd) > 0; i++)
		continue;
	if ((list = fdopendir(fd)) == NULL) {
		(void)close(fd);
		return;
	}
	while (depth > 0 && (d = readdir(list)) != NULL)
		if (d->d_type == DT_DIR && d->d_name[0] != '.' &&
		    (below = cgroup_open(fd, d->d_name)) != -1)
			kill_in(below, depth - 1);
	(void)closedir(list);
}

void
cgroup_kill_each(int dir, const char *name)
{
	int fd;

	if ((fd = cgroup_open(dir, name)) != -1)
		kill_in(fd, DEPTH_MAX);
}

/* Whom the kernel has killed is there for a moment still. */
int
cgroup_rmdir_wait(int dir, const char *name)
{
	struct timespec ts = { 0, TICK * 1000000L };
	int i;

	for (i = 0; i < TICKS; i++) {
		if (cgroup_rmdir(dir, name) == 0 || errno == ENOENT)
			return (0);
		if (errno != EBUSY)
			return (-1);
		if (i % EACH == EACH - 1)
			cgroup_kill_each(dir, name);
		(void)nanosleep(&ts, NULL);
	}
	return (-1);
}
