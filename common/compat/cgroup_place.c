/*
 * Where a control group can be made. Nothing is taken for granted: the tree
 * may be mounted anywhere, or a part of it only, and what is above us may be
 * somebody's, as of a user's session or of a service that was delegated.
 */

#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

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
 * The root and the mount point of a line, cut out of it, if it is one of the
 * tree of a controller: 0 or -1. Spaces in names stand there as \040.
 */
static int
mount_line(char *line, const char *controller, char **root, char **point)
{
	const char *kind = controller == NULL ? " - cgroup2 " : " - cgroup ";
	char *word;
	int i;

	if (strstr(line, kind) == NULL)
		return (-1);
	for (i = 0; i < 3; i++)
		if (strsep(&line, " ") == NULL)
			return (-1);
	*root = strsep(&line, " ");
	*point = strsep(&line, " ");
	/* The options are left, then the kind, a name, and the tree's own. */
	if (line == NULL || (word = strstr(line, kind)) == NULL ||
	    strstr(line, " - ") != word)
		return (-1);
	if (controller != NULL &&
	    ((word = strchr(word + strlen(kind), ' ')) == NULL ||
		!cgroup_has_word(word, controller)))
		return (-1);
	return (strchr(*root, '\\') == NULL && strchr(*point, '\\') == NULL
		    ? 0
		    : -1);
}

int
cgroup_mounted(FILE *f, const char *controller, const char *path, char *point,
    size_t size, const char **below)
{
	char *line = NULL, *root, *at;
	size_t room = 0;
	int found = 0;

	while (!found && getline(&line, &room, f) != -1)
		found = mount_line(line, controller, &root, &at) == 0 &&
			(*below = below_root(path, root)) != NULL &&
			strlcpy(point, at, size) < size;
	free(line);
	return (found ? 0 : -1);
}

int
cgroup_is_roots(int dir)
{
	static const char *const files[] = { "cgroup.procs", "cgroup.threads",
		"cgroup.kill", "cgroup.freeze", "cgroup.subtree_control",
		"tasks", "freezer.state" };
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (fstatat(dir, files[i], &st, AT_SYMLINK_NOFOLLOW) == -1) {
			if (errno == ENOENT)
				continue; /* not in every tree */
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
place_open(int at, const char *name, int roots)
{
	int fd;

	fd = cgroup_open(at, name);
	if (fd != -1 && roots && !place_is_roots(fd)) {
		(void)close(fd);
		errno = EPERM;
		return (-1);
	}
	return (fd);
}

/* The place is name in it from now on. 0, or -1, and it is what it was. */
static int
place_enter(struct cgroup_place *p, const char *name, int roots)
{
	size_t len = strlen(p->path);
	int fd;

	if (snprintf(p->path + len, sizeof(p->path) - len, "/%s", name) >=
	    (int)(sizeof(p->path) - len)) {
		p->path[len] = '\0';
		errno = ENAMETOOLONG;
		return (-1);
	}
	if ((fd = place_open(p->fd, name, roots)) == -1) {
		p->path[len] = '\0';
		return (-1);
	}
	(void)close(p->fd);
	p->fd = fd;
	return (0);
}

/*
 * Down the path as long as all is root's. What runs in an instance's group
 * and is one itself has its place beside it: nobody could remove one with
 * another in it.
 */
static void
place_descend(struct cgroup_place *p, char *path)
{
	char *name;

	while ((name = strsep(&path, "/")) != NULL)
		if (*name != '\0' &&
		    (strcmp(name, "proctor") == 0 || strcmp(name, "..") == 0 ||
			place_enter(p, name, 1) == -1))
			break;
	p->delegated = p->path[0] == '\0';
}

/* Is it marked as given to somebody, by systemd? */
static int
is_delegated(int fd)
{
	char value[2];

	return (fgetxattr(fd, "user.delegate", value, sizeof(value)) == 1 &&
		value[0] == '1');
}

/*
 * Where we are, or above that if this is what we were given, and only our
 * processes were put into a group of their own.
 */
static int
place_own(struct cgroup_place *p, char *path)
{
	char *name;

	while ((name = strsep(&path, "/")) != NULL) {
		if (*name == '\0')
			continue;
		if (path == NULL && is_delegated(p->fd))
			break;
		if (place_enter(p, name, 0) == -1)
			return (-1);
	}
	p->delegated = p->path[0] == '\0' || is_delegated(p->fd);
	return (0);
}

/* Where somebody says, and each group on the way gives what it has. */
static int
place_named(struct cgroup_place *p, char *path, int roots)
{
	char *name;

	p->delegated = 1;
	while ((name = strsep(&path, "/")) != NULL) {
		if (*name == '\0')
			continue;
		if (*name == '.') {
			errno = EINVAL;
			return (-1);
		}
		cgroup_enable(p->fd);
		if (mkdirat(p->fd, name, 0755) == -1 && errno != EEXIST)
			return (-1);
		if (place_enter(p, name, roots) == -1)
			return (-1);
	}
	return (0);
}

/* Is a line of /proc/self/cgroup the tree's? Where its path begins. */
static char *
own_line(char *line, const char *controller)
{
	char *list, *path;

	line[strcspn(line, "\n")] = '\0';
	if ((list = strchr(line, ':')) == NULL ||
	    (path = strchr(++list, ':')) == NULL || path[1] != '/')
		return (NULL);
	*path++ = '\0';
	if (controller == NULL)
		return (strcmp(line, "0:") == 0 ? path : NULL);
	return (cgroup_has_word(list, controller) ? path : NULL);
}

/* The path of our own group in that tree: 0 or -1. */
static int
own_path(const char *controller, char *path, size_t size)
{
	char line[PATH_MAX + 64], *found = NULL;
	FILE *f;

	if ((f = fopen("/proc/self/cgroup", "re")) == NULL)
		return (-1);
	while (found == NULL && fgets(line, sizeof(line), f) != NULL)
		found = own_line(line, controller);
	(void)fclose(f);
	errno = ENOENT;
	return (found != NULL && strlcpy(path, found, size) < size ? 0 : -1);
}

/* A file system of that name may be another one by now. */
static int
tree_open(const char *controller, const char *point, int roots)
{
	const unsigned long want =
	    controller == NULL ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC;
	struct statfs sfs;
	int fd, error;

	if ((fd = cgroup_open(AT_FDCWD, point)) == -1)
		return (-1);
	if (fstatfs(fd, &sfs) == -1 || (unsigned long)sfs.f_type != want)
		errno = ENODEV;
	else if (roots && !place_is_roots(fd))
		errno = EPERM;
	else
		return (fd);
	error = errno;
	(void)close(fd);
	errno = error;
	return (-1);
}

/* The tree's root, and our own group below it, to be freed. 0 or -1. */
static int
tree_find(const char *controller, int roots, struct cgroup_place *p, char **own)
{
	char path[PATH_MAX], point[PATH_MAX];
	const char *below;
	int error = ENODEV;
	FILE *f;

	if (own_path(controller, path, sizeof(path)) == -1 ||
	    (f = fopen("/proc/self/mountinfo", "re")) == NULL)
		return (-1);
	while (p->fd == -1 && cgroup_mounted(f, controller, path, point,
				  sizeof(point), &below) == 0)
		if ((p->fd = tree_open(controller, point, roots)) == -1)
			error = errno;
	(void)fclose(f);
	errno = error;
	if (p->fd == -1)
		return (-1);
	if ((*own = strdup(below)) != NULL)
		return (0);
	(void)close(p->fd);
	return (-1);
}

static const char *
tree_name(int controller)
{
	if (controller == CGROUP_FREEZER)
		return ("freezer");
	return (controller == CGROUP_V2 ? NULL : cgroup_name(0, controller));
}

int
cgroup_find(
    int controller, int privileged, const char *wish, struct cgroup_place *p)
{
	const char *name = tree_name(controller);
	char *own, *said = NULL;
	int r = 0, error;

	p->fd = -1;
	p->path[0] = '\0';
	p->delegated = 0;
	if (tree_find(name, privileged, p, &own) == -1)
		return (-1);
	if (wish != NULL)
		r = (said = strdup(wish)) == NULL
			? -1
			: place_named(p, said, privileged);
	else if (privileged)
		place_descend(p, own);
	else
		r = place_own(p, own);
	error = errno;
	free(said);
	free(own);
	if (r == -1)
		(void)close(p->fd);
	errno = error;
	return (r);
}
