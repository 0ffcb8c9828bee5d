/*
 * Files that say when they have changed: see watch.h. The kernel names them by
 * path, which is relative to where we are: so that is where their tree is, for
 * a moment.
 */

#include <sys/inotify.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "compat/tree.h"
#include "log.h"

#include "keeper/watch.h"

static int
watch_cmp(const struct watch *a, const struct watch *b)
{
	return (a->number < b->number ? -1 : a->number > b->number);
}

static RB_HEAD(watch_tree, watch) watches = RB_INITIALIZER(&watches);
TREE_GENERATE(watch_tree, watch, entry, watch_cmp)

static int fd = -1;

int
watch_start(int at)
{
	int n;

	if ((n = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) == -1) {
		log_warn("nothing tells of control groups");
		return (-1);
	}
	if (n != at && (dup3(n, at, O_CLOEXEC) == -1 || close(n) == -1))
		fatal("keeper: descriptors");
	fd = at;
	return (fd);
}

int
watch_add(struct watch *w, int dir, const char *path, const char *file,
    void (*fn)(void *), void *arg)
{
	char name[PATH_MAX];
	int n;

	if (w->number != 0)
		return (0);
	(void)snprintf(name, sizeof(name), "%s/%s", path, file);
	errno = EBADF;
	if (fd == -1 || fchdir(dir) == -1 ||
	    (n = inotify_add_watch(fd, name, IN_MODIFY)) == -1)
		return (-1);
	w->number = n;
	w->fn = fn;
	w->arg = arg;
	if (RB_INSERT(watch_tree, &watches, w) != NULL)
		fatalx("keeper: a file is watched twice");
	return (0);
}

void
watch_end(struct watch *w)
{
	if (w->number == 0)
		return;
	(void)RB_REMOVE(watch_tree, &watches, w);
	(void)inotify_rm_watch(fd, w->number);
	w->number = 0;
}

static void
watch_call(int number)
{
	struct watch key, *w;

	key.number = number;
	if ((w = RB_FIND(watch_tree, &watches, &key)) != NULL)
		w->fn(w->arg);
}

/* Some were lost: whose, is not known. */
static void
watch_call_all(void)
{
	struct watch key, *w;

	key.number = 0;
	while ((w = RB_NFIND(watch_tree, &watches, &key)) != NULL) {
		key.number = w->number + 1;
		w->fn(w->arg);
	}
}

void
watch_run(void)
{
	static union {
		struct inotify_event event;
		char bytes[16384];
	} buf;
	const struct inotify_event *e;
	ssize_t n, at;

	n = read(fd, buf.bytes, sizeof(buf.bytes));
	for (at = 0; at < n; at += (ssize_t)(sizeof(*e) + e->len)) {
		e = (const void *)(buf.bytes + at);
		if (e->mask & IN_Q_OVERFLOW)
			watch_call_all();
		else if (e->mask & IN_MODIFY)
			watch_call(e->wd);
	}
}
