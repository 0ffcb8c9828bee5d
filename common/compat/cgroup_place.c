/*
 * Where a control group can be made. Nothing is taken for granted: the tree
 * may be mounted anywhere, or a part of it only, and what is above us may be
 * somebody's, as of a user's session or of a service that was delegated.
 */

#include <sys/stat.h>
#include <sys/vfs.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"

#define OTHERS (S_IWGRP | S_IWOTH)

/* What of path is at or below root: NULL if nothing is. */
static const char *
below_root(const char *path, const char *root)
{
	size_t len = strlen(root);

	if (strcmp(root, "/") == 0)
		len = 0;
	if (strncmp(path, root, len) != 0 ||
	    (path[len] != '/' && path[len] != '\0'))
		return (NULL);
	return (path + len);
}

/*
 * The root and the mount point of a line, cut out of it, if it is one of a
 * tree of ours: 0 or -1. Spaces in names stand there as \040.
 */
static int
mount_line(char *line, char **root, char **point)
{
	static const char kind[] = " - cgroup2 ";
	char *word;
	int i;

	if (strstr(line, kind) == NULL)
		return (-1);
	for (i = 0; i < 3; i++)
		if (strsep(&line, " ") == NULL)
			return (-1);
	*root = strsep(&line, " ");
	*point = strsep(&line, " ");
	/* The options are left, and then the kind. */
	if (line == NULL || (word = strstr(line, kind)) == NULL ||
	    strstr(line, " - ") != word)
		return (-1);
	return (strchr(*root, '\\') == NULL && strchr(*point, '\\') == NULL
		    ? 0
		    : -1);
}

int
cgroup_mounted(
    FILE *f, const char *path, char *point, size_t size, const char **below)
{
	char *line = NULL, *root, *at;
	size_t room = 0;
	int found = 0;

	while (!found && getline(&line, &room, f) != -1)
		found = mount_line(line, &root, &at) == 0 &&
			(*below = below_root(path, root)) != NULL &&
			strlcpy(point, at, size) < size;
	free(line);
	return (found ? 0 : -1);
}

int
cgroup_is_roots(int dir)
{
	static const char *const names[] = { "cgroup.procs", "cgroup.threads",
		"cgroup.kill", "cgroup.freeze", "cgroup.subtree_control" };
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (fstatat(dir, names[i], &st, AT_SYMLINK_NOFOLLOW) == -1) {
			if (errno == ENOENT)
				continue; /* older kernels, or the first group
					   */
			return (0);
		}
		if (st.st_uid != 0 || (st.st_mode & OTHERS))
			return (0);
	}
	return (1);
}

/* And the directory itself. */
static int
place_is_roots(int fd)
{
	struct stat st;

	return (fstat(fd, &st) == 0 && st.st_uid == 0 &&
		!(st.st_mode & OTHERS) && cgroup_is_roots(fd));
}

static int
place_open(int at, const char *name)
{
	int fd;

	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd != -1 && !place_is_roots(fd)) {
		(void)close(fd);
		errno = EPERM;
		return (-1);
	}
	return (fd);
}

/*
 * From fd, which is closed, down the path as long as all is root's. What runs
 * in an instance's group and is one itself has its place beside it: nobody
 * could remove one with another in it.
 */
static int
place_descend(int fd, char *path)
{
	char *name;
	int next;

	while ((name = strsep(&path, "/")) != NULL) {
		if (*name == '\0')
			continue;
		if (strcmp(name, "proctor") == 0 || strcmp(name, "..") == 0)
			break;
		if ((next = place_open(fd, name)) == -1)
			break;
		(void)close(fd);
		fd = next;
	}
	return (fd);
}

/* The path of our own group in the one tree that has no number: 0 or -1. */
static int
own_path(char *path, size_t size)
{
	char line[PATH_MAX + 8];
	int found = 0;
	FILE *f;

	if ((f = fopen("/proc/self/cgroup", "re")) == NULL)
		return (-1);
	errno = ENOENT;
	while (!found && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		found = strncmp(line, "0::/", 4) == 0 &&
			strlcpy(path, line + 3, size) < size;
	}
	(void)fclose(f);
	return (found ? 0 : -1);
}

/* A file system of that name may be another one by now. */
static int
tree_open(const char *point)
{
	struct statfs sfs;
	int fd;

	if ((fd = place_open(AT_FDCWD, point)) == -1)
		return (-1);
	if (fstatfs(fd, &sfs) == 0 && sfs.f_type == CGROUP2_SUPER_MAGIC)
		return (fd);
	(void)close(fd);
	errno = ENODEV;
	return (-1);
}

int
cgroup_find(void)
{
	char path[PATH_MAX], point[PATH_MAX], *copy;
	const char *below;
	int fd = -1, error = ENODEV;
	FILE *f;

	if (own_path(path, sizeof(path)) == -1 ||
	    (f = fopen("/proc/self/mountinfo", "re")) == NULL)
		return (-1);
	while (fd == -1 &&
	       cgroup_mounted(f, path, point, sizeof(point), &below) == 0)
		if ((fd = tree_open(point)) == -1)
			error = errno;
	(void)fclose(f);
	errno = error;
	if (fd == -1 || (copy = strdup(below)) == NULL)
		return (-1);
	fd = place_descend(fd, copy);
	free(copy);
	return (fd);
}
