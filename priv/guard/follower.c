/*
 * A guard that ends what it knows: see follower.h. It has the rights that it
 * was started with, as children of other users are killed by root alone, and
 * reads nothing but what the kernel tells it.
 */

#include <sys/wait.h>

#include <fcntl.h>
#include <paths.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "compat/follow.h"
#include "compat/tree.h"
#include "log.h"
#include "policy/permit.h"
#include "policy/runas.h"
#include "proto.h"
#include "sandbox.h"

#include "guard/follower.h"

#define GATE_FD 3 /* is closed when priv may go on */
#define LAST_TICK 2 /* ms */
#define LAST_MAX 5000 /* ticks that processes may take to die */
#define LAST_EVENTS 1000 /* before all that are known are killed again */

/* One that lives. */
struct descendant {
	RB_ENTRY(descendant) entry;
	pid_t pid;
};

static int
descendant_cmp(const struct descendant *a, const struct descendant *b)
{
	return (a->pid < b->pid ? -1 : a->pid > b->pid);
}

static RB_HEAD(descendant_tree, descendant) living = RB_INITIALIZER(&living);
TREE_GENERATE(descendant_tree, descendant, entry, descendant_cmp)

static void
born(pid_t pid)
{
	struct descendant *d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		fatal("no memory for who descends from priv");
	d->pid = pid;
	if (RB_INSERT(descendant_tree, &living, d) != NULL)
		free(d);
}

static void
ended(pid_t pid)
{
	struct descendant key, *d;

	key.pid = pid;
	if ((d = RB_FIND(descendant_tree, &living, &key)) == NULL)
		return;
	(void)RB_REMOVE(descendant_tree, &living, d);
	free(d);
}

/* 1: it was child that has ended. */
static int
follower_take(const struct follow_event *e, pid_t child)
{
	static int lost;

	if (e->what & FOLLOW_SIGNAL) {
		(void)kill(child, e->pid);
		return (0);
	}
	if (e->what & FOLLOW_LOST && !lost++)
		log_warnx("a process cannot be followed, nor what it starts");
	if (e->what & FOLLOW_BORN)
		born(e->pid);
	if (e->what & FOLLOW_ENDED)
		ended(e->pid);
	return (e->what & FOLLOW_ENDED && e->pid == child);
}

/* Whoever is told of late may fork once more: again until nobody is left. */
static void
follower_end(int fd, pid_t child)
{
	struct follow_event e;
	struct descendant *d;
	int i, n;

	for (i = 0; i < LAST_MAX; i++) {
		for (n = 0; n < LAST_EVENTS; n++) {
			if (follow_next(
				fd, i > 0 && n == 0 ? LAST_TICK : 0, &e) != 1)
				break;
			(void)follower_take(&e, child);
		}
		if (RB_EMPTY(&living))
			return;
		RB_FOREACH (d, descendant_tree, &living)
			(void)kill(d->pid, SIGKILL);
	}
	log_warnx("processes survive SIGKILL");
}

int
follower_loop(int fd, pid_t child)
{
	struct follow_event e;
	int n, status;

	do
		if ((n = follow_next(fd, -1, &e)) == -1)
			fatal("who descends from priv");
	while (n == 0 || !follower_take(&e, child));
	if (waitpid(child, &status, 0) != child)
		fatal("the end of priv");
	follower_end(fd, child);
	return (status);
}

static void follower_main(pid_t child) __attribute__((__noreturn__));

static void
follower_main(pid_t child)
{
	int fd, nullfd, status;

	setproctitle("-proctor: guard");
	log_init("guard", log_getlevel());
	permit_forget();
	runas_forget(NULL);
	if ((nullfd = open(_PATH_DEVNULL, O_RDWR)) == -1 ||
	    dup2(nullfd, STDIN_FILENO) == -1 ||
	    dup2(nullfd, STDOUT_FILENO) == -1)
		fatal("descriptors of the guard");
	closefrom(GATE_FD + 1);
	if ((fd = follow_open(child)) == -1)
		fatal("the guard cannot follow priv");
	sandbox_guard(NULL, 0, 0);
	/* A byte: it may go on. An end without one: the guard is no more. */
	if (write(GATE_FD, "", 1) != 1 || close(GATE_FD) == -1)
		fatal("priv does not begin");
	status = follower_loop(fd, child);
	if (WIFSIGNALED(status))
		log_warnx("priv was killed by signal %d", WTERMSIG(status));
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_RING);
}

void
follower_start(void)
{
	int fds[2];
	pid_t pid;
	char c;

	if (pipe2(fds, O_CLOEXEC) == -1 || (pid = fork()) == -1)
		fatal("fork of priv");
	if (pid != 0) {
		if (fds[1] != GATE_FD && dup2(fds[1], GATE_FD) == -1)
			fatal("descriptors of the guard");
		follower_main(pid);
	}
	(void)close(fds[1]);
	if (read(fds[0], &c, 1) != 1)
		exit(EXIT_RING);
	(void)close(fds[0]);
}
