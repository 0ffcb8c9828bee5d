/*
 * How many children of a rule live at once, in all instances of a starter's.
 * Each rule with `children' has a file of root's; each child that it permits
 * holds the lock of one byte of it, by priv, and the kernel lets go of all
 * when priv is gone, as its children are then. So there is nothing that could
 * be left over, and nothing to be read that somebody could have written.
 *
 * The files are opened as root, by priv alone: a lock is a process's, and is
 * lost when that closes any descriptor of the file. So each is opened once.
 */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "policy/count.h"
#include "policy/policy.h"

#define COUNT_DIR _PATH_VARRUN "proctor"

struct count {
	TAILQ_ENTRY(count) entry;
	char name[40];
	int fd; /* -1: this instance counts for itself */
	unsigned char own[POLICY_CHILDREN_MAX / 8]; /* a bit for each of ours */
};

static TAILQ_HEAD(, count) counts = TAILQ_HEAD_INITIALIZER(counts);

static uint64_t
count_hash(uint64_t h, const char *word)
{
	do {
		h = (h ^ (unsigned char)*word) * 1099511628211ULL;
	} while (*word++ != '\0');
	return (h);
}

/*
 * A starter and a rule, wherever in the file that stands and whatever number
 * it gives: an edit of the file must not let who has children have as many
 * again.
 */
static void
count_name(struct count *n, const struct rule *r, uid_t starter)
{
	uint64_t h = 14695981039346656037ULL;
	char **arg;

	h = count_hash(h, r->ident);
	h = count_hash(h, r->user);
	h = count_hash(h, r->group == NULL ? "" : r->group);
	h = count_hash(h, r->cmd == NULL ? "" : r->cmd);
	h = count_hash(h, r->args == NULL ? "" : "args");
	for (arg = r->groups; arg != NULL && *arg != NULL; arg++)
		h = count_hash(h, *arg);
	if (r->groups != NULL)
		h = count_hash(h, "groups");
	for (arg = r->args; arg != NULL && *arg != NULL; arg++)
		h = count_hash(h, *arg);
	(void)snprintf(n->name, sizeof(n->name), "%u.%016llx",
	    (unsigned int)starter, (unsigned long long)h);
}

/*
 * Open what nobody but root can, and so nobody else can lock: it is of that
 * kind, root's, and has none of the rights of others. -1 with errno.
 */
static int
count_open_own(int at, const char *name, int flags, mode_t kind, mode_t others)
{
	struct stat sb;
	int fd;

	fd = openat(at, name, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return (-1);
	if (fstat(fd, &sb) == 0) {
		if ((sb.st_mode & S_IFMT) == kind && sb.st_uid == 0 &&
		    (sb.st_mode & others) == 0)
			return (fd);
		errno = EPERM;
	}
	(void)close(fd);
	return (-1);
}

/* The file, in a directory that is made if need be. */
static void
count_open_file(struct count *n)
{
	int dir = -1;

	n->fd = -1;
	if (mkdir(COUNT_DIR, 0700) == 0 || errno == EEXIST)
		dir = count_open_own(AT_FDCWD, COUNT_DIR,
		    O_RDONLY | O_DIRECTORY, S_IFDIR, S_IWGRP | S_IWOTH);
	if (dir != -1) {
		n->fd = count_open_own(dir, n->name,
		    O_RDWR | O_CREAT | O_NONBLOCK, S_IFREG, S_IRWXG | S_IRWXO);
		(void)close(dir);
	}
	if (n->fd == -1)
		log_warn("%s: children are counted in each instance alone",
		    COUNT_DIR);
}

void
count_open(struct rule *r, uid_t starter)
{
	struct count *n, *old;

	if ((n = calloc(1, sizeof(*n))) == NULL)
		fatal("count");
	count_name(n, r, starter);
	TAILQ_FOREACH (old, &counts, entry)
		if (strcmp(old->name, n->name) == 0) {
			r->count = old;
			free(n);
			return;
		}
	count_open_file(n);
	TAILQ_INSERT_TAIL(&counts, n, entry);
	r->count = n;
}

static int
count_lock(const struct count *n, int what, short type, struct flock *l,
    unsigned int at)
{
	memset(l, 0, sizeof(*l));
	l->l_type = type;
	l->l_whence = SEEK_SET;
	l->l_start = (off_t)at;
	l->l_len = 1;
	return (fcntl(n->fd, what, l));
}

/*
 * Lock that place: 0, or where to try next: behind all that the one who has
 * it holds in a row.
 */
static unsigned int
count_try(const struct count *n, unsigned int at)
{
	struct flock l;
	off_t end;

	if (n->fd == -1 || count_lock(n, F_SETLK, F_WRLCK, &l, at) == 0)
		return (0);
	if (errno != EAGAIN && errno != EACCES) {
		log_warn("children cannot be counted");
		return (POLICY_CHILDREN_MAX);
	}
	if (count_lock(n, F_GETLK, F_WRLCK, &l, at) == -1 ||
	    l.l_type == F_UNLCK || l.l_start > (off_t)at)
		return (at + 1);
	end = l.l_start + l.l_len;
	if (end <= (off_t)at || end > POLICY_CHILDREN_MAX)
		return (at + 1);
	return ((unsigned int)end);
}

int
count_take(const struct rule *r, int *place)
{
	struct count *n = r->count;
	unsigned int at = 0, next, max = r->children;

	*place = -1;
	if (r->children == 0)
		return (0);
	while (n != NULL && at < max) {
		if (n->own[at / 8] == 0xff)
			at += 8 - at % 8;
		else if (n->own[at / 8] & 1U << at % 8)
			at++;
		else if ((next = count_try(n, at)) != 0)
			at = next;
		else {
			n->own[at / 8] |= (unsigned char)(1U << at % 8);
			*place = (int)at;
			return (0);
		}
	}
	return (-1);
}

void
count_give(const struct rule *r, int place)
{
	struct count *n = r->count;
	unsigned int at = (unsigned int)place;
	struct flock l;

	if (place == -1)
		return;
	n->own[at / 8] &= (unsigned char)~(1U << at % 8);
	if (n->fd != -1 && count_lock(n, F_SETLK, F_UNLCK, &l, at) == -1)
		log_warn("count of children");
}
