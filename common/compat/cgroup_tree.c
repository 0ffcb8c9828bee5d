/*
 * Files and directories in a tree of control groups.
 */

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "proto.h"

#define PAGE 4096 /* that the kernel tells at once, at least */
#define DEPTH_MAX 64 /* of what a child has made in its leaf */
#define OPEN_MODE 0711 /* who knows of one can read what it says */

static const char *const names[LEAF_CTLS] = {
	[LEAF_CTL_MEMORY] = "memory",
	[LEAF_CTL_CPU] = "cpu",
	[LEAF_CTL_CPUSET] = "cpuset",
	[LEAF_CTL_PIDS] = "pids",
	[LEAF_CTL_IO] = "io",
};

const char *
cgroup_name(int v2, int controller)
{
	return (!v2 && controller == LEAF_CTL_IO ? "blkio" : names[controller]);
}

int
cgroup_put(int dir, const char *name, const char *text)
{
	size_t len = strlen(text);
	int fd, r, error;

	if ((fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return (-1);
	r = write(fd, text, len) == (ssize_t)len ? 0 : -1;
	error = errno;
	(void)close(fd);
	errno = error;
	return (r);
}

int
cgroup_get(int dir, const char *name, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;
	int fd;

	if ((fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return (-1);
	/* Of what is less than a page there is no more. */
	do {
		if ((n = read(fd, buf + len, size - 1 - len)) > 0)
			len += (size_t)n;
	} while (n >= PAGE && len < size - 1);
	(void)close(fd);
	buf[len] = '\0';
	return (0);
}

int
cgroup_open(int dir, const char *name)
{
	return (
	    openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

int
cgroup_has_word(const char *text, const char *word)
{
	size_t n, len = strlen(word);

	for (;; text += n) {
		text += strspn(text, " ,\n");
		if ((n = strcspn(text, " ,\n")) == 0)
			return (0);
		if (n == len && strncmp(text, word, len) == 0)
			return (1);
	}
}

/*
 * A group with processes cannot give controllers to those below it, or makes
 * them of no use; but the first of all can, which is the one without a type.
 */
static int
may_enable(int dir)
{
	struct stat st;
	char pids[16];

	return (fstatat(dir, "cgroup.type", &st, AT_SYMLINK_NOFOLLOW) == -1 ||
		(cgroup_get(dir, "cgroup.procs", pids, sizeof(pids)) == 0 &&
		    pids[0] == '\0'));
}

void
cgroup_enable(int dir)
{
	char has[512], word[16];
	int i;

	if (!may_enable(dir) ||
	    cgroup_get(dir, "cgroup.controllers", has, sizeof(has)) == -1)
		return;
	for (i = 0; i < LEAF_CTLS; i++)
		if (cgroup_has_word(has, names[i])) {
			(void)snprintf(word, sizeof(word), "+%s", names[i]);
			(void)cgroup_put(dir, "cgroup.subtree_control", word);
		}
}

uint32_t
cgroup_enabled(int dir)
{
	char has[512];
	uint32_t bits = 0;
	int i;

	if (cgroup_get(dir, "cgroup.subtree_control", has, sizeof(has)) == -1)
		return (0);
	for (i = 0; i < LEAF_CTLS; i++)
		if (cgroup_has_word(has, names[i]))
			bits |= 1U << i;
	return (bits);
}

int
cgroup_inherit(int dir, const char *name)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	const char *slash = strrchr(name, '/');
	int up = slash == NULL ? 0 : (int)(slash - name);
	char path[256], text[4096];
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "%.*s%s%s", up, name,
		    up == 0 ? "" : "/", files[i]);
		if (cgroup_get(dir, path, text, sizeof(text)) == -1)
			return (errno == ENOENT ? 0 : -1);
		(void)snprintf(path, sizeof(path), "%s/%s", name, files[i]);
		if (cgroup_put(dir, path, text) == -1)
			return (-1);
	}
	return (0);
}

int
cgroup_mkdir(const struct cgroup_tree *t, const char *name)
{
	int error;

	if (mkdirat(t->dir, name, OPEN_MODE) == -1)
		return (-1);
	if (t->v2 || cgroup_inherit(t->dir, name) == 0)
		return (0);
	error = errno;
	(void)unlinkat(t->dir, name, AT_REMOVEDIR);
	errno = error;
	return (-1);
}

int
cgroup_door(const struct cgroup_tree *t, const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", name);
	if (t->v2)
		return (
		    openat(t->dir, path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
	if (fchmodat(t->dir, path, 0666, 0) == -1)
		return (-1);
	return (openat(
	    t->dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/*
 * In version 2 who has opened counts, in version 1 who writes: who has a group
 * there, and no way to others, opens it himself.
 */
int
cgroup_join(int fd)
{
	int flags;

	if ((flags = fcntl(fd, F_GETFL)) == -1)
		return (-1);
	if (!(flags & O_PATH))
		return (write(fd, "0", 1) == 1 ? 0 : -1);
	if (cgroup_put(fd, "cgroup.procs", "0") == 0)
		return (0);
	if (errno == ENOENT)
		errno = ENODEV; /* it was removed: as version 2 says it */
	return (-1);
}

/* Remove what is in a directory, as deep as it may be; dir is closed. */
static int
empty(int dir, int depth)
{
	struct dirent *d;
	DIR *list;
	int fd, r = 0;

	if ((list = fdopendir(dir)) == NULL) {
		(void)close(dir);
		return (-1);
	}
	while (r == 0 && (d = readdir(list)) != NULL) {
		if (d->d_type != DT_DIR || strcmp(d->d_name, ".") == 0 ||
		    strcmp(d->d_name, "..") == 0)
			continue;
		if (unlinkat(dir, d->d_name, AT_REMOVEDIR) == 0)
			continue;
		if (depth == 0 || (fd = cgroup_open(dir, d->d_name)) == -1 ||
		    empty(fd, depth - 1) == -1 ||
		    unlinkat(dir, d->d_name, AT_REMOVEDIR) == -1)
			r = -1;
	}
	(void)closedir(list);
	return (r);
}

int
cgroup_rmdir(int dir, const char *name)
{
	int fd;

	if (unlinkat(dir, name, AT_REMOVEDIR) == 0)
		return (0);
	if (errno != EBUSY || (fd = cgroup_open(dir, name)) == -1)
		return (-1);
	(void)empty(fd, DEPTH_MAX);
	return (unlinkat(dir, name, AT_REMOVEDIR));
}
