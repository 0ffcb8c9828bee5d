/*
 * What a rule with cmd is worth: is its program there, and can nobody but
 * root put another one in its place? Only proctor -C asks, with the rights of
 * who called it.
 */

#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/path.h"
#include "policy/policy.h"

static int
path_others_write(const struct stat *sb)
{
	return (sb->st_uid != 0 || sb->st_mode & (S_IWGRP | S_IWOTH));
}

/*
 * The first directory on the way to an absolute path that is not root's alone,
 * in buf; NULL if there is none.
 */
static const char *
path_open_dir(const char *path, char *buf, size_t size)
{
	struct stat sb;
	size_t len;

	for (len = 1; path[len - 1] != '\0'; len++) {
		if (path[len - 1] != '/')
			continue;
		if (len >= size)
			return (NULL);
		memcpy(buf, path, len);
		buf[len] = '\0';
		if (stat(buf, &sb) == 0 && path_others_write(&sb))
			return (buf);
	}
	return (NULL);
}

/* Why the program is none, or not root's; NULL if it is. */
static const char *
path_fault(const char *path)
{
	struct stat sb;

	if (stat(path, &sb) == -1)
		return (strerror(errno));
	if (!S_ISREG(sb.st_mode))
		return ("not a file");
	if (!(sb.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
		return ("not executable");
	if (path_others_write(&sb))
		return ("others than root can write it");
	return (NULL);
}

void
path_check(struct policy *p, const char *name)
{
	char real[PATH_MAX], buf[PATH_MAX];
	const char *fault, *dir;
	const struct rule *r;

	TAILQ_FOREACH (r, &p->rules, entry) {
		if (r->cmd == NULL)
			continue;
		if ((fault = path_fault(r->cmd)) != NULL) {
			policy_tell(p, name, r->line, 0, "cmd \"%.64s\": %s",
			    r->cmd, fault);
			continue;
		}
		/* The path as it is written, and where its links lead. */
		dir = path_open_dir(r->cmd, buf, sizeof(buf));
		if (dir == NULL && realpath(r->cmd, real) != NULL)
			dir = path_open_dir(real, buf, sizeof(buf));
		if (dir != NULL)
			policy_tell(p, name, r->line, 0,
			    "cmd \"%.64s\": others than root can write %.64s",
			    r->cmd, dir);
	}
}
