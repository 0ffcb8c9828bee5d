/*
 * Roots and mounts in one folder. A folder is in it if the way up from there
 * passes it. Mounts do not change that: nothing can be mounted over what is
 * above it, nor can it be bound elsewhere.
 */

#include <sys/types.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bounds.h"
#include "log.h"
#include "within.h"

#define FOLDER (O_PATH | O_DIRECTORY | O_CLOEXEC)
#define UP_MAX 4096 /* folders above one; more are none */

/* As linux/mount.h has them, which not all C libraries let us include. */
#define TREE_CLONE 1
#define FROM_FD 0x4
#define TO_FD 0x40
#define RECURSIVE 0x8000

/* What is made of nothing, and shows nothing that is elsewhere. */
static const char *const kinds[] = { "tmpfs", "proc", "sysfs", "devpts",
	"mqueue", "ramfs", "cgroup2" };

int
within_set(const char *path)
{
	struct stat st;

	if (*path != '/') {
		errno = EINVAL;
		return (-1);
	}
	if (stat(path, &st) == -1)
		return (-1);
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return (-1);
	}
	bounds.folder = 1;
	bounds.dev = (uint64_t)st.st_dev;
	bounds.ino = (uint64_t)st.st_ino;
	return (0);
}

int
within_is_set(void)
{
	return (bounds.folder);
}

static int
refuse(struct call *c)
{
	return (call_failed(c, "policy", EPERM, c->row->name));
}

static int
same(const struct stat *a, const struct stat *b)
{
	return (a->st_dev == b->st_dev && a->st_ino == b->st_ino);
}

static int
is_folder(const struct stat *st)
{
	return ((uint64_t)st->st_dev == bounds.dev &&
		(uint64_t)st->st_ino == bounds.ino);
}

/*
 * From here up. The top is in it only if it is our own root, which was in it
 * when it became that.
 */
static int
leads_in(int fd)
{
	struct stat here, above, root;
	int i, up, at = dup(fd);

	for (i = 0; at != -1 && i < UP_MAX; i++) {
		if (fstat(at, &here) == -1 || is_folder(&here))
			break;
		up = openat(at, "..", FOLDER);
		(void)close(at);
		at = up;
		if (at == -1 || fstat(at, &above) == -1 || same(&here, &above))
			break;
	}
	if (at == -1)
		return (0);
	(void)close(at);
	if (i == UP_MAX)
		return (0);
	if (is_folder(&here))
		return (1);
	return (bounds.inside && stat("/", &root) == 0 && same(&here, &root));
}

/* path without what is behind its last name, which is *last; 0 or -1. */
static int
split(const char *path, char *folder, size_t size, const char **last)
{
	size_t n;
	char *slash;

	if (strlcpy(folder, path, size) >= size)
		return (-1);
	for (n = strlen(folder); n > 1 && folder[n - 1] == '/'; n--)
		folder[n - 1] = '\0';
	slash = strrchr(folder, '/');
	*last = path + (slash == NULL ? 0 : slash - folder + 1);
	n = strcspn(*last, "/");
	if (n == 0 || strncmp(*last, ".", n) == 0 ||
	    strncmp(*last, "..", n) == 0)
		return (-1);
	if (slash == NULL)
		(void)strlcpy(folder, ".", size);
	else
		slash[slash == folder] = '\0';
	return (0);
}

/* The folder that path is in, if that is in ours: -1 was said. */
static int
open_above(struct call *c, const char *path, char *name, size_t size)
{
	char folder[PATH_MAX];
	const char *last;
	int fd;

	if (split(path, folder, sizeof(folder), &last) == -1)
		return (refuse(c));
	if ((size_t)snprintf(
		name, size, "%.*s", (int)strcspn(last, "/"), last) >= size)
		return (refuse(c));
	if ((fd = open(folder, FOLDER)) == -1)
		return (-1);
	if (leads_in(fd))
		return (fd);
	(void)close(fd);
	return (refuse(c));
}

/* What path is, itself, and no link. -1 was said. */
static int
open_file(struct call *c, const char *path)
{
	char name[NAME_MAX + 1];
	struct stat st;
	int fd, above = open_above(c, path, name, sizeof(name));

	if (above == -1)
		return (-1);
	fd = openat(above, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	(void)close(above);
	if (fd == -1)
		return (-1);
	if (fstat(fd, &st) == 0 && !S_ISLNK(st.st_mode) && !S_ISDIR(st.st_mode))
		return (fd);
	(void)close(fd);
	return (refuse(c));
}

static int
open_folder(struct call *c, const char *path)
{
	int fd = open(path, FOLDER);

	if (fd == -1 || leads_in(fd))
		return (fd);
	(void)close(fd);
	return (refuse(c));
}

static int
open_any(struct call *c, const char *path)
{
	int fd = open_folder(c, path);

	return (fd == -1 && errno == ENOTDIR ? open_file(c, path) : fd);
}

/* Be there; *back is where it was. 0 or -1. */
static int
enter(int fd, int *back)
{
	if ((*back = open(".", FOLDER)) == -1)
		return (-1);
	if (fchdir(fd) == 0)
		return (0);
	(void)close(*back);
	return (-1);
}

static int
leave(int fd, int back, int result)
{
	int error = errno;

	if (fchdir(back) == -1)
		fatal("fchdir");
	(void)close(back);
	(void)close(fd);
	errno = error;
	return (result);
}

int
within_chroot(struct call *c)
{
	int back, fd = open_folder(c, c->a[0].text);

	if (fd == -1)
		return (-1);
	if (enter(fd, &back) == -1) {
		(void)close(fd);
		return (-1);
	}
	if (chroot(".") == -1)
		return (leave(fd, back, -1));
	bounds.inside = 1;
	return (leave(fd, back, 0));
}

/* One that is there, or a copy of it, is attached somewhere else. */
static int
attach(struct call *c, int to)
{
	unsigned long flags = (unsigned long)c->a[3].number;
	int error, from, r, tree;

	if (!c->a[0].given)
		return (call_wrong(c, 1, EINVAL));
	if ((from = open_any(c, c->a[0].text)) == -1)
		return (-1);
	tree = from;
	if ((flags & MS_BIND) != 0)
		tree = (int)syscall(SYS_open_tree, from, "",
		    TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH |
			((flags & MS_REC) != 0 ? RECURSIVE : 0));
	r = tree == -1 ? -1
		       : (int)syscall(
			     SYS_move_mount, tree, "", to, "", FROM_FD | TO_FD);
	error = errno;
	if (tree != -1 && tree != from)
		(void)close(tree);
	(void)close(from);
	errno = error;
	return (r);
}

static int
is_kind(const struct arg *a)
{
	size_t i;

	for (i = 0; a->given && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(a->text, kinds[i]) == 0)
			return (1);
	return (0);
}

int
within_mount(struct call *c)
{
	unsigned long flags = (unsigned long)c->a[3].number;
	int back, fd, r;

	if ((flags & MS_REMOUNT) == 0 && (flags & (MS_BIND | MS_MOVE)) != 0) {
		if ((fd = open_any(c, c->a[1].text)) == -1)
			return (-1);
		r = attach(c, fd);
		(void)close(fd);
		return (r);
	}
	if ((flags & (MS_REMOUNT | MS_PRIVATE | MS_SLAVE | MS_SHARED |
			 MS_UNBINDABLE)) == 0 &&
	    !is_kind(&c->a[2]))
		return (refuse(c));
	if ((fd = open_folder(c, c->a[1].text)) == -1)
		return (-1);
	if (enter(fd, &back) == -1) {
		(void)close(fd);
		return (-1);
	}
	return (leave(fd, back,
	    mount(c->a[0].text, ".", c->a[2].text, flags, c->a[4].text)));
}

int
within_umount(struct call *c)
{
	char name[NAME_MAX + 1];
	int back, fd = open_above(c, c->a[0].text, name, sizeof(name));

	if (fd == -1)
		return (-1);
	if (enter(fd, &back) == -1) {
		(void)close(fd);
		return (-1);
	}
	return (leave(
	    fd, back, umount2(name, (int)c->a[1].number | UMOUNT_NOFOLLOW)));
}

/* There is no such call of descriptors: who has been cheated ends. */
int
within_pivot_root(struct call *c)
{
	struct stat want, root;
	int old, fd = open_folder(c, c->a[0].text);

	if (fd == -1)
		return (-1);
	if ((old = open_folder(c, c->a[1].text)) == -1) {
		(void)close(fd);
		return (-1);
	}
	(void)close(old);
	if (fstat(fd, &want) == -1 ||
	    syscall(SYS_pivot_root, c->a[0].text, c->a[1].text) == -1) {
		(void)close(fd);
		return (-1);
	}
	(void)close(fd);
	if (stat("/", &root) == -1 || !same(&root, &want))
		fatalx("another root than the one that was asked for");
	bounds.inside = 1;
	return (0);
}

int
within_setns(struct call *c)
{
	int64_t type = c->a[1].number;

	if (type == 0 || (type & (CLONE_NEWNS | CLONE_NEWUSER)) != 0)
		return (refuse(c));
	return (setns((int)c->a[0].number, (int)type));
}
