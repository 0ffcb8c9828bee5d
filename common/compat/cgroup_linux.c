/*
 * An instance's control groups: see cgroup.h. Of what is open one descriptor
 * is held by guard, reaper, priv and keeper, and locked, so that the kernel
 * says which instances live. Guard, reaper and priv have what kills all that is
 * in it, the first two also where it is to be removed from. Nobody keeps what
 * could move a process, but for the keeper, whose are the leaves.
 */

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "log.h"
#include "proto.h"

#define NAME "proctor"
#define GUARDS "guards"
#define RING "ring"
#define LAUNCH "launch"
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
	enum cgroup_how how;
} trees[CGROUP_TREES] = { { 1, -1, -1, 0, 0 } }; /* the first contains */
static size_t count = 1;

static int killer = -1; /* what kills all in the first, or holds it */
static int privileged;
static int stuck; /* who enters it stands still, so nobody does */
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

static struct cgroup_tree
view(const struct tree *t, int dir)
{
	const struct cgroup_tree v = { t->v2, t->controllers, dir, t->how };

	return (v);
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

/* A group of ours, if it is not there: 0, or -1 with errno. */
static int
group_make(int parent, const char *name, int v2)
{
	if (mkdirat(parent, name, 0700) == -1)
		return (errno == EEXIST ? 0 : -1);
	return (v2 ? 0 : cgroup_inherit(parent, name));
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

	if (group_make(parent, NAME, v2) == -1 ||
	    (fd = cgroup_open(parent, NAME)) == -1)
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

/* Whatever is in that group of the place, in one instant if that can be. */
static void
kill_all(const struct tree *t, const char *name)
{
	const struct cgroup_tree v = view(t, t->place);
	char file[NAME_MAX + 16];

	if (t->how != CGROUP_AT_ONCE) {
		cgroup_kill_each(&v, name);
		return;
	}
	/* So that nobody whom that does not meet has a child. */
	(void)cgroup_hold(&v, name, 1);
	(void)snprintf(file, sizeof(file), "%s/cgroup.kill", name);
	if (cgroup_put(t->place, file, "1") == -1)
		log_warn("control group %s", name);
}

/* Nobody holds its lock: all that watched it are dead, and it is to follow. */
static void
instance_sweep(const struct tree *t, const char *name)
{
	const struct cgroup_tree v = view(t, t->place);
	int fd;

	if ((fd = instance_lock(t->place, name)) == -1)
		return;
	if (cgroup_rmdir(t->place, name) == -1 && errno == EBUSY &&
	    t == &trees[0]) {
		log_warnx("a dead proctor left processes behind: killed");
		kill_all(t, name);
	}
	if (cgroup_rmdir_wait(&v, name) == -1)
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
sweep(const struct tree *t)
{
	struct dirent *d;
	DIR *dir;
	int fd;

	if ((fd = fcntl(t->place, F_DUPFD_CLOEXEC, FIRST_FD)) == -1)
		return;
	if ((dir = fdopendir(fd)) == NULL) {
		(void)close(fd);
		return;
	}
	rewinddir(dir);
	while ((d = readdir(dir)) != NULL)
		if (is_instance(d->d_name))
			instance_sweep(t, d->d_name);
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
	if (mkdirat(t->place, id, 0700) == -1 && (t->v2 || errno != EEXIST))
		return (-1);
	if (!t->v2)
		(void)cgroup_inherit(t->place, id);
	if ((t->held = instance_lock(t->place, id)) == -1) {
		errno = EAGAIN;
		return (-1);
	}
	return (0);
}

/* How all that is in a group of the tree can be killed. */
static enum cgroup_how
tree_how(int dir, int v2)
{
	struct stat st;

	if (v2 && fstatat(dir, "cgroup.kill", &st, 0) == 0)
		return (CGROUP_AT_ONCE); /* from 5.14 on */
	if (fstatat(dir, cgroup_hold_file(v2), &st, 0) == 0)
		return (CGROUP_STILL); /* of version 2 from 5.2 on */
	return (CGROUP_EACH);
}

/*
 * The one that contains can do that no worse than so. What does it from above
 * is opened by who may: it is not the keeper's. 0, or -1 with errno.
 */
static int
main_make(struct tree *t, enum cgroup_how worst)
{
	const char *file = "cgroup.kill";
	int error;

	if (instance_make(t) == -1)
		return (-1);
	t->how = tree_how(t->held, t->v2);
	if (t->how == CGROUP_STILL)
		file = cgroup_hold_file(t->v2);
	errno = ENOSYS;
	if (t->how <= worst) {
		killer = lift(
		    openat(t->held, file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
		if (killer != -1 || t->how == CGROUP_EACH)
			return (0);
	}
	error = errno;
	(void)unlinkat(t->place, id, AT_REMOVEDIR);
	drop(&t->held);
	errno = error;
	return (-1);
}

/* The guard goes where nobody but root can reach it: not above controllers. */
static int
enter_guards(const struct tree *t)
{
	if (!privileged)
		return (0);
	if (group_make(t->place, GUARDS, t->v2) == -1)
		return (-1);
	return (cgroup_put(t->place, GUARDS "/cgroup.procs", "0"));
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

	for (i = 0; fstat(fd, &st) == 0 && i < count; i++)
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
	struct tree *t, new = { 0, -1, -1, 1U << c, CGROUP_EACH };
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
	sweep(&new);
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

/*
 * An instance in the tree that contains: 0, or -1 with errno, and nobody has
 * entered it.
 */
static int
main_fill(struct tree *t, enum cgroup_how worst)
{
	const struct cgroup_tree place = view(t, t->place);
	int i, r = -1;

	if (cgroup_is_held(&place, ".") == 1) {
		errno = ETIMEDOUT; /* so would we be */
		return (-1);
	}
	t->how = tree_how(t->place, t->v2);
	if (enter_guards(t) == -1)
		return (-1);
	sweep(t);
	cgroup_enable(t->place);
	for (i = 0; i < TRIES && r == -1; i++) {
		(void)snprintf(id, sizeof(id), "%s%ld.%08x",
		    privileged ? "" : NAME ".", (long)getpid(),
		    (unsigned int)arc4random());
		if ((r = main_make(t, worst)) == -1 && errno != EAGAIN)
			break;
	}
	return (r);
}

/* It is not that we may not: there is none, or it is one that cannot do it. */
static int
is_lacking(int error)
{
	return (error == ENODEV || error == ENOENT || error == ENOSYS);
}

/*
 * Is there one, in that tree? 0, or -1 with errno: the reason is that of the
 * first that there is.
 */
static int
main_find(int controller, enum cgroup_how worst, gid_t gid, const char *wish)
{
	static struct cgroup_place p;
	struct tree *t = &trees[0];
	int error;

	t->v2 = controller == CGROUP_V2;
	if (cgroup_find(controller, privileged, wish, &p) == -1) {
		error = errno;
		if (*reason == '\0' || !is_lacking(error))
			(void)refuse(
			    "there is no place for one: %s", strerror(error));
		errno = error;
		return (-1);
	}
	t->place = place_open(&p, gid, t->v2);
	if (t->place != -1 && main_fill(t, worst) == 0) {
		(void)snprintf(path, sizeof(path), "%s%s/%s", p.path,
		    privileged ? "/" NAME : "", id);
		*reason = '\0';
		return (0);
	}
	error = errno;
	(void)refuse("none can be made in %s: %s",
	    p.path[0] == '\0' ? "/" : p.path,
	    error == ETIMEDOUT ? "it is frozen" : strerror(error));
	forget(t);
	errno = error;
	return (-1);
}

int
cgroup_make(int with_rights, gid_t gid, const char *wish)
{
	int i;

	privileged = with_rights;
	if (main_find(CGROUP_V2, CGROUP_STILL, gid, wish) == -1 &&
	    (!is_lacking(errno) ||
		(main_find(CGROUP_FREEZER, CGROUP_STILL, gid, wish) == -1 &&
		    main_find(CGROUP_V2, CGROUP_EACH, gid, wish) == -1)))
		return (-1);
	for (i = 0; i < LEAF_CTLS; i++)
		make_old((enum leaf_controller)i, gid, wish);
	return (0);
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
	if (t != &trees[0] || !privileged || group_make(fd, LAUNCH, t->v2) == 0)
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
	if (forks && t->v2 &&
	    fchownat(t->held, "cgroup.procs", uid, gid, 0) == -1)
		return (-1);
	return (
	    fchown(t->held, uid, gid) == -1 ? -1 : fchmod(t->held, OPEN_MODE));
}

int
cgroup_users(uint32_t n, uid_t uid, gid_t gid, int forks)
{
	struct cgroup_tree t;
	size_t i;

	if (trees[0].held == -1)
		return (-1);
	if (group_make(trees[0].held, RING, trees[0].v2) == -1)
		return (refuse("%s cannot be made: %s", RING, strerror(errno)));
	for (i = 0; i < count; i++)
		if (users_make(&trees[i], n, uid, gid, forks) == -1)
			return (refuse(
			    "users' cannot be made: %s", strerror(errno)));
	t = view(&trees[0], trees[0].held);
	if (cgroup_trial(&t, privileged, uid, gid) == 0)
		return (0);
	stuck = errno == ETIMEDOUT;
	return (refuse("one cannot be entered: %s",
	    stuck ? "who is in it does not run" : strerror(errno)));
}

void
cgroup_enter(void)
{
	if (trees[0].held != -1 && !stuck &&
	    cgroup_put(trees[0].held, RING "/cgroup.procs", "0") == -1)
		log_debug("control group: %s", strerror(errno));
}

void
cgroup_enter_launch(uint32_t n)
{
	char name[64];

	if (trees[0].held == -1 || !privileged || stuck)
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

	for (i = 0; i < count; i++)
		list[i] = view(&trees[i], trees[i].held);
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
cgroup_places(int dirs[CGROUP_TREES], int *write)
{
	size_t i, n = 0;

	for (i = 0; i < count; i++)
		if (trees[i].place != -1)
			dirs[n++] = trees[i].place;
	*write = trees[0].how == CGROUP_STILL;
	return (n);
}

static void
tell_killer(const char *text)
{
	if (killer != -1 && write(killer, text, strlen(text)) == -1)
		log_warn("control group");
}

void
cgroup_kill(void)
{
	const struct tree *t = &trees[0];
	const struct cgroup_tree v = view(t, t->held);

	if (t->held == -1)
		return;
	if (t->how == CGROUP_AT_ONCE) {
		tell_killer("1");
		return;
	}
	tell_killer(cgroup_hold_text(t->v2, 1));
	cgroup_kill_held(&v);
	tell_killer(cgroup_hold_text(t->v2, 0));
}

void
cgroup_kill_last(void)
{
	if (trees[0].how == CGROUP_AT_ONCE)
		tell_killer("1");
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
	const struct cgroup_tree v = view(&trees[0], trees[0].held);

	if (v.dir != -1 && is_leaf(name))
		cgroup_kill_each(&v, name);
}

void
cgroup_remove(void)
{
	struct cgroup_tree v;
	struct tree *t;
	size_t i;

	for (i = 0; i < count; i++) {
		t = &trees[i];
		v = view(t, t->place);
		if (t->place == -1 || cgroup_rmdir(t->place, id) == 0 ||
		    errno == ENOENT)
			continue;
		cgroup_kill();
		if (cgroup_rmdir_wait(&v, id) == -1)
			log_warn("control group %s", id);
	}
}
