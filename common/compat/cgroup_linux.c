/*
 * An instance's control group. Root makes it and nobody else may open it; of
 * what is open one is held by guard, reaper and priv, and locked, so that the
 * kernel says which instances live; the guard has two more, to kill what is
 * in its own and to remove that. Nobody keeps what could move a process.
 */

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "log.h"

#define NAME "proctor"
#define TRIES 16 /* with other names, if somebody takes ours for a dead one */
#define TICK 2 /* ms */
#define TICKS 500 /* that processes may take to die */
#define FIRST_FD 16 /* out of the way of those with fixed numbers */

static char id[32];
static int place = -1; /* NAME, where the instances are */
static int held = -1; /* the instance; its lock says that we live */
static int killer = -1; /* its cgroup.kill */

static void
drop(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

static int
put(int dir, const char *name, const char *text)
{
	int fd, r;

	if ((fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return (-1);
	r = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
	(void)close(fd);
	return (r);
}

/*
 * Our folder: root's to list, so that it is root who looks for the dead, and
 * the guards' to remove from.
 */
static int
folder_open(int parent, gid_t gid)
{
	struct stat st;
	int fd;

	if (mkdirat(parent, NAME, 0700) == -1 && errno != EEXIST)
		return (-1);
	fd = openat(
	    parent, NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return (-1);
	if (fstat(fd, &st) == 0 && st.st_uid == 0 && !(st.st_mode & S_IWOTH) &&
	    cgroup_is_roots(fd) && fchown(fd, 0, gid) == 0 &&
	    fchmod(fd, 0730) == 0)
		return (fd);
	(void)close(fd);
	return (-1);
}

/* The same file by a number that nobody else wants. */
static int
lift(int fd)
{
	int high;

	if (fd == -1)
		return (-1);
	high = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);
	(void)close(fd);
	return (high);
}

/* A locked descriptor of an instance, or -1 if somebody has it. */
static int
instance_lock(const char *name)
{
	int fd;

	fd = lift(openat(
	    place, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
	if (fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == -1)
		drop(&fd);
	return (fd);
}

/* Whom the kernel has killed is there for a moment still. */
static int
instance_remove(const char *name)
{
	struct timespec ts = { 0, TICK * 1000000L };
	int i;

	for (i = 0; i < TICKS; i++) {
		if (unlinkat(place, name, AT_REMOVEDIR) == 0)
			return (0);
		if (errno != EBUSY)
			return (-1);
		(void)nanosleep(&ts, NULL);
	}
	return (-1);
}

/* Nobody holds its lock: all that watched it are dead, and it is to follow. */
static void
instance_sweep(const char *name)
{
	int fd;

	if ((fd = instance_lock(name)) == -1)
		return;
	if (unlinkat(place, name, AT_REMOVEDIR) == -1 && errno == EBUSY) {
		log_warnx("a dead proctor left processes behind: killed");
		if (put(fd, "cgroup.kill", "1") == -1 ||
		    instance_remove(name) == -1)
			log_warn("control group %s", name);
	}
	(void)close(fd);
}

static void
folder_sweep(void)
{
	struct dirent *d;
	DIR *dir;
	int fd;

	if ((fd = fcntl(place, F_DUPFD_CLOEXEC, FIRST_FD)) == -1)
		return;
	if ((dir = fdopendir(fd)) == NULL) {
		(void)close(fd);
		return;
	}
	while ((d = readdir(dir)) != NULL)
		if (d->d_name[0] >= '0' && d->d_name[0] <= '9')
			instance_sweep(d->d_name);
	(void)closedir(dir);
}

/*
 * Make one and lock it: 0, or -1, and then nothing is left of it. Between the
 * two somebody who starts may take it for a dead one's, and remove it: EAGAIN.
 */
static int
instance_make(void)
{
	int error;

	(void)snprintf(id, sizeof(id), "%ld.%08x", (long)getpid(),
	    (unsigned int)arc4random());
	if (mkdirat(place, id, 0700) == -1)
		return (-1);
	if ((held = instance_lock(id)) == -1) {
		(void)unlinkat(place, id, AT_REMOVEDIR);
		errno = EAGAIN;
		return (-1);
	}
	killer = lift(
	    openat(held, "cgroup.kill", O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
	if (killer != -1)
		return (0);
	/* It was removed, or the kernel is too old. */
	error = errno;
	drop(&held);
	if (unlinkat(place, id, AT_REMOVEDIR) == -1 && errno == ENOENT)
		error = EAGAIN;
	errno = error;
	return (-1);
}

int
cgroup_make(gid_t gid)
{
	int parent, i, r = -1;

	if ((parent = cgroup_find()) == -1) {
		log_debug("no place for a control group: %s", strerror(errno));
		return (-1);
	}
	place = lift(folder_open(parent, gid));
	(void)close(parent);
	if (place != -1) {
		folder_sweep();
		for (i = 0; i < TRIES && r == -1; i++)
			if ((r = instance_make()) == -1 && errno != EAGAIN)
				break;
	}
	if (r == 0 && put(place, "cgroup.procs", "0") == 0)
		return (0);
	log_debug("no control group: %s", strerror(errno));
	if (r == 0)
		(void)unlinkat(place, id, AT_REMOVEDIR);
	drop(&held);
	drop(&killer);
	drop(&place);
	return (-1);
}

void
cgroup_enter(void)
{
	if (held != -1 && put(held, "cgroup.procs", "0") == -1)
		log_warn("control group");
	drop(&place);
	drop(&killer);
}

static int
keep(int *fd, int at)
{
	if (*fd == -1)
		return (0);
	if (dup3(*fd, at, O_CLOEXEC) == -1)
		fatal("control group");
	*fd = at;
	return (1);
}

int
cgroup_keep(int at)
{
	int n = 0;

	n += keep(&held, at + n);
	n += keep(&place, at + n);
	n += keep(&killer, at + n);
	return (n);
}

int
cgroup_place(void)
{
	return (place);
}

void
cgroup_kill(void)
{
	if (killer != -1 && write(killer, "1", 1) != 1)
		log_warn("cgroup.kill");
}

void
cgroup_remove(void)
{
	if (place == -1 || unlinkat(place, id, AT_REMOVEDIR) == 0)
		return;
	cgroup_kill();
	if (instance_remove(id) == -1)
		log_warn("control group %s", id);
}
