/*
 * An instance's control groups: see cgroup.h. Of what is open one descriptor
 * is held by guard, reaper, priv and keeper, and locked, so that the kernel
 * says which instances live. Guard and reaper have what kills all that is in
 * it, and where it is to be removed from. Nobody keeps what could move a
 * process, but for the keeper, whose are the leaves.
 */

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "drop.h"
#include "log.h"
#include "proc.h"
#include "proto.h"

#define NAME "proctor"
#define GUARDS "guards"
#define RING "ring"
#define LAUNCH "launch"
#define TRIAL "c0" /* no child has that number */
#define TRIES 16 /* with other names, if somebody takes ours for a dead one */
#define TICK 2 /* ms */
#define TICKS 500 /* that he may take to remove it */
#define FIRST_FD 16 /* out of the way of those with fixed numbers */
#define OPEN_MODE 0711 /* what is in a group can be read by who knows of it */

static struct tree {
	int v2;
	int place; /* what the instance is removed from */
	int held; /* the instance; its lock says that we live */
	uint32_t controllers; /* that its leaves have */
} trees[CGROUP_TREES] = { { 1, -1, -1, 0 } }; /* the first is version 2's */
static size_t count = 1;

static int killer = -1; /* cgroup.kill of the first */
static int privileged;
static char id[64], path[PATH_MAX + 128], reason[160];

/* There is none, or no leaf in it: why. */
static int refuse(const char *, ...) __attribute__((__format__(printf, 1, 2)));

static int
refuse(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	return (-1);
}

const char *
cgroup_reason(void)
{
	return (reason);
}

const char *
cgroup_path(void)
{
	return (trees[0].held != -1 ? path : "");
}

static void
drop(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
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

/*
 * Our folder: root's to list, so that it is root who looks for the dead, and
 * the guards' to remove from.
 */
static int
folder_open(int parent, gid_t gid, int v2)
{
	struct stat st;
	int fd;

	if (mkdirat(parent, NAME, 0700) == -1) {
		if (errno != EEXIST)
			return (-1);
	} else if (!v2)
		(void)cgroup_inherit(parent, NAME);
	if ((fd = cgroup_open(parent, NAME)) == -1)
		return (-1);
	if (fstat(fd, &st) == 0 && st.st_uid == 0 && !(st.st_mode & S_IWOTH) &&
	    cgroup_is_roots(fd) && fchown(fd, 0, gid) == 0 &&
	    fchmod(fd, 0731) == 0)
		return (fd);
	(void)close(fd);
	return (-1);
}

/* Where instances are, of that place, which is closed; -1 with errno. */
static int
place_open(const struct cgroup_place *p, gid_t gid, int v2)
{
	int fd = p->fd;

	if (p->delegated && v2)
		cgroup_enable(fd);
	if (privileged) {
		fd = folder_open(p->fd, gid, v2);
		(void)close(p->fd);
	}
	return (lift(fd));
}

/*
 * A locked descriptor of an instance, or -1 if somebody has it, or has removed
 * it: of that name there may be another one by now. Who has it locked alone
 * removes it.
 */
static int
instance_lock(int place, const char *name)
{
	struct stat st;
	int fd;

	fd = lift(cgroup_open(place, name));
	if (fd != -1 && (flock(fd, LOCK_EX | LOCK_NB) == -1 ||
			    fstatat(fd, "cgroup.procs", &st, 0) == -1))
		drop(&fd);
	return (fd);
}

/* Nobody holds its lock: all that watched it are dead, and it is to follow. */
static void
instance_sweep(int place, const char *name, int v2)
{
	char events[256];
	int fd;

	if ((fd = instance_lock(place, name)) == -1)
		return;
	if (v2 &&
	    cgroup_get(fd, "cgroup.events", events, sizeof(events)) == 0 &&
	    strstr(events, "populated 1") != NULL) {
		log_warnx("a dead proctor left processes behind: killed");
		/* So that nobody whom that does not meet has a child. */
		(void)cgroup_put(fd, "cgroup.freeze", "1");
		if (cgroup_put(fd, "cgroup.kill", "1") == -1)
			log_warn("control group %s", name);
	}
	if (cgroup_rmdir_wait(place, name) == -1)
		log_warn("control group %s", name);
	(void)close(fd);
}

static int
is_instance(const char *name)
{
	const size_t len = privileged ? 0 : sizeof(NAME);

	return (strncmp(name, NAME ".", len) == 0 && name[len] >= '0' &&
		name[len] <= '9');
}

static void
sweep(int place, int v2)
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
	rewinddir(dir);
	while ((d = readdir(dir)) != NULL)
		if (is_instance(d->d_name))
			instance_sweep(place, d->d_name, v2);
	(void)closedir(dir);
}

/*
 * Make one and lock it: 0, or -1. Between the two somebody who starts may take
 * it for a dead one's, and remove it: EAGAIN. In a tree of version 1 it is
 * tried by the same name again.
 */
static int
instance_make(struct tree *t)
{
	int error;

	if (mkdirat(t->place, id, 0700) == -1 && (t->v2 || errno != EEXIST))
		return (-1);
	if (!t->v2)
		(void)cgroup_inherit(t->place, id);
	if ((t->held = instance_lock(t->place, id)) == -1) {
		errno = EAGAIN;
		return (-1);
	}
	if (!t->v2)
		return (0);
	killer = lift(
	    openat(t->held, "cgroup.kill", O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
	if (killer != -1)
		return (0);
	error = errno == ENOENT ? ENOSYS : errno; /* a kernel before 5.14 */
	(void)unlinkat(t->place, id, AT_REMOVEDIR);
	drop(&t->held);
	errno = error;
	return (-1);
}

/* The guard goes where nobody but root can reach it: not above controllers. */
static int
enter_guards(int place)
{
	if (!privileged)
		return (0);
	if (mkdirat(place, GUARDS, 0700) == -1 && errno != EEXIST)
		return (-1);
	return (cgroup_put(place, GUARDS "/cgroup.procs", "0"));
}

static void
forget(struct tree *t)
{
	drop(&t->place);
	drop(&t->held);
}

/* The tree that a directory is in, if there is one already, or NULL. */
static struct tree *
tree_of(int fd)
{
	struct stat st, have;
	size_t i;

	for (i = 1; fstat(fd, &st) == 0 && i < count; i++)
		if (fstat(trees[i].place, &have) == 0 &&
		    st.st_dev == have.st_dev)
			return (&trees[i]);
	return (NULL);
}

/*
 * The same in a tree of version 1, if a controller is in one and it can be
 * had: what is not there is limited by nothing, and who asks for it is refused.
 */
static void
make_old(enum leaf_controller c, gid_t gid, const char *wish)
{
	static struct cgroup_place p;
	struct tree *t, new = { 0, -1, -1, 1U << c };
	const struct timespec ts = { 0, TICK * 1000000L };
	int i, r = -1;

	if (cgroup_find((int)c, privileged, wish, &p) == -1)
		return;
	if ((t = tree_of(p.fd)) != NULL) {
		t->controllers |= 1U << c;
		(void)close(p.fd);
		return;
	}
	if ((new.place = place_open(&p, gid, 0)) == -1)
		return;
	sweep(new.place, 0);
	for (i = 0; i < TICKS; i++) {
		if ((r = instance_make(&new)) == 0 || errno != EAGAIN)
			break;
		(void)nanosleep(&ts, NULL);
	}
	if (r == -1)
		forget(&new);
	else
		trees[count++] = new;
}

int
cgroup_make(int with_rights, gid_t gid, const char *wish)
{
	static struct cgroup_place p;
	struct tree *t = &trees[0];
	int i, r = -1;

	privileged = with_rights;
	if (cgroup_find(CGROUP_V2, privileged, wish, &p) == -1)
		return (
		    refuse("there is no place for one: %s", strerror(errno)));
	if ((t->place = place_open(&p, gid, 1)) != -1 &&
	    enter_guards(t->place) == 0) {
		sweep(t->place, 1);
		cgroup_enable(t->place);
		for (i = 0; i < TRIES && r == -1; i++) {
			(void)snprintf(id, sizeof(id), "%s%ld.%08x",
			    privileged ? "" : NAME ".", (long)getpid(),
			    (unsigned int)arc4random());
			if ((r = instance_make(t)) == -1 && errno != EAGAIN)
				break;
		}
	}
	if (r == 0) {
		(void)snprintf(path, sizeof(path), "%s%s/%s", p.path,
		    privileged ? "/" NAME : "", id);
		for (i = 0; i < LEAF_CTLS; i++)
			make_old((enum leaf_controller)i, gid, wish);
		return (0);
	}
	(void)refuse("none can be made in %s: %s",
	    p.path[0] == '\0' ? "/" : p.path, strerror(errno));
	forget(t);
	return (-1);
}

/* A user's group in a tree, its owner's to make leaves in. */
static int
user_make(struct tree *t, uint32_t n, uid_t uid, gid_t gid)
{
	static const char *const owned[] = { "cgroup.procs", "tasks" };
	char name[32];
	size_t i;
	int fd, r = -1;

	(void)snprintf(name, sizeof(name), "t%u", (unsigned int)n);
	if (mkdirat(t->held, name, 0700) == -1 ||
	    (!t->v2 && cgroup_inherit(t->held, name) == -1) ||
	    (fd = cgroup_open(t->held, name)) == -1)
		return (-1);
	if (t->v2) {
		cgroup_enable(fd);
		t->controllers = cgroup_enabled(fd);
	}
	if (!t->v2 || !privileged || mkdirat(fd, LAUNCH, 0700) == 0)
		r = fchmod(fd, t->v2 ? OPEN_MODE : 0700);
	if (r == 0 && privileged) {
		for (i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
			if (fchownat(fd, owned[i], uid, gid, 0) == -1 &&
			    errno != ENOENT)
				r = -1;
		if (fchown(fd, uid, gid) == -1)
			r = -1;
	}
	(void)close(fd);
	return (r);
}

/* What is in an instance, in one of its trees. */
static int
users_make(struct tree *t, uint32_t n, uid_t uid, gid_t gid, int forks)
{
	uint32_t i;

	if (t->v2)
		cgroup_enable(t->held);
	for (i = 0; i < n; i++)
		if (user_make(t, i, uid, gid) == -1)
			return (-1);
	if (!privileged)
		return (fchmod(t->held, OPEN_MODE));
	/* Its own list of processes stays root's, so nobody leaves a user's. */
	if (forks && fchownat(t->held, "cgroup.procs", uid, gid, 0) == -1)
		return (-1);
	return (
	    fchown(t->held, uid, gid) == -1 ? -1 : fchmod(t->held, OPEN_MODE));
}

static void trial_child(uid_t, gid_t, pid_t, int) __attribute__((__noreturn__));

/* As a child would, with what the keeper will be able to do. */
static void
trial_child(uid_t uid, gid_t gid, pid_t parent, int fd)
{
	struct cgroup_tree t = { .v2 = 1 };
	char error = 0;
	int leaf;

	if (privileged) {
		if (cgroup_put(
			trees[0].held, "t0/" LAUNCH "/cgroup.procs", "0") == -1)
			goto fail;
		drop_user(uid, gid, NULL, 0);
	}
	(void)proc_die_with(parent, SIGKILL);
	t.dir = trees[0].held;
	if (cgroup_mkdir(&t, "t0/" TRIAL) == -1 ||
	    (leaf = cgroup_door(&t, "t0/" TRIAL)) == -1 ||
	    cgroup_join(leaf) == -1)
		goto fail;
	if (write(fd, &error, 1) == 1)
		for (;;)
			(void)pause();
fail:
	error = (char)errno;
	_exit(write(fd, &error, 1) != 1);
}

/* One process enters a leaf, and is killed there: 0 or -1 with errno. */
static int
trial(uid_t uid, gid_t gid)
{
	int fds[2], status, killed;
	char error = EIO;
	pid_t pid, parent = getpid();

	if (pipe2(fds, O_CLOEXEC) == -1)
		return (-1);
	if ((pid = fork()) == 0)
		trial_child(uid, gid, parent, fds[1]);
	(void)close(fds[1]);
	if (pid == -1 || read(fds[0], &error, 1) != 1)
		error = EIO;
	(void)close(fds[0]);
	killed = error == 0 && cgroup_put(trees[0].held,
				   "t0/" TRIAL "/cgroup.kill", "1") == 0;
	if (pid != -1 && !killed)
		(void)kill(pid, SIGKILL);
	if (pid != -1 && waitpid(pid, &status, 0) != pid)
		fatal("control groups: trial");
	if (cgroup_rmdir_wait(trees[0].held, "t0/" TRIAL) == -1)
		return (-1);
	errno = error != 0 ? error : EIO;
	return (killed ? 0 : -1);
}

int
cgroup_users(uint32_t n, uid_t uid, gid_t gid, int forks)
{
	size_t i;

	if (trees[0].held == -1)
		return (-1);
	if (mkdirat(trees[0].held, RING, 0700) == -1)
		return (refuse("%s cannot be made: %s", RING, strerror(errno)));
	for (i = 0; i < count; i++)
		if (users_make(&trees[i], n, uid, gid, forks) == -1)
			return (refuse(
			    "users' cannot be made: %s", strerror(errno)));
	if (trial(uid, gid) == -1)
		return (refuse("one cannot be entered: %s", strerror(errno)));
	return (0);
}

void
cgroup_enter(void)
{
	if (trees[0].held != -1 &&
	    cgroup_put(trees[0].held, RING "/cgroup.procs", "0") == -1)
		log_debug("control group: %s", strerror(errno));
}

void
cgroup_enter_launch(uint32_t n)
{
	char name[64];

	if (trees[0].held == -1 || !privileged)
		return;
	(void)snprintf(
	    name, sizeof(name), "t%u/" LAUNCH "/cgroup.procs", (unsigned int)n);
	if (cgroup_put(trees[0].held, name, "0") == -1)
		log_warn("control group");
}

void
cgroup_forget(void)
{
	size_t i;

	drop(&killer);
	drop(&trees[0].place);
	for (i = 1; i < count; i++)
		forget(&trees[i]);
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
	size_t i;
	int n = 0;

	for (i = 0; i < count; i++) {
		n += keep(&trees[i].held, at + n);
		n += keep(&trees[i].place, at + n);
	}
	n += keep(&killer, at + n);
	return (n);
}

size_t
cgroup_trees(struct cgroup_tree list[CGROUP_TREES])
{
	size_t i;

	for (i = 0; i < count; i++) {
		list[i].v2 = trees[i].v2;
		list[i].controllers = trees[i].controllers;
		list[i].dir = trees[i].held;
	}
	return (count);
}

size_t
cgroup_keep_trees(int at, struct cgroup_tree list[CGROUP_TREES])
{
	size_t i;

	for (i = 0; i < count; i++)
		(void)keep(&trees[i].held, at + (int)i);
	return (cgroup_trees(list));
}

size_t
cgroup_places(int dirs[CGROUP_TREES])
{
	size_t i, n = 0;

	for (i = 0; i < count; i++)
		if (trees[i].place != -1)
			dirs[n++] = trees[i].place;
	return (n);
}

void
cgroup_kill(void)
{
	if (killer != -1 && write(killer, "1", 1) != 1)
		log_warn("cgroup.kill");
}

/* Of a leaf, and of nothing else in it. */
static int
is_leaf(const char *name)
{
	const char *slash = strchr(name, '/');

	return (*name == 't' && slash != NULL && slash[1] != '.' &&
		slash[1] != '\0' && strchr(slash + 1, '/') == NULL &&
		strcmp(slash + 1, LAUNCH) != 0);
}

void
cgroup_kill_leaf(const char *name)
{
	if (trees[0].held != -1 && is_leaf(name))
		cgroup_kill_each(trees[0].held, name);
}

void
cgroup_remove(void)
{
	struct tree *t;
	size_t i;

	for (i = 0; i < count; i++) {
		t = &trees[i];
		if (t->place == -1 || cgroup_rmdir(t->place, id) == 0 ||
		    errno == ENOENT)
			continue;
		cgroup_kill();
		if (cgroup_rmdir_wait(t->place, id) == -1)
			log_warn("control group %s", id);
	}
}
