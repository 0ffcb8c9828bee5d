/*
 * The reaper: a process between guard and priv, to which falls whatever
 * children leave behind. So priv has no children but those that it knows,
 * each with a pidfd, and never has to look through all of them for others.
 *
 * It is also priv's eyes: priv cannot open a file, so the reaper looks into
 * /proc for it. Requests come from priv only, which may ask for the real uid
 * of a process, for a signal to the descendants of one of its children, for
 * all of its children, and for the end of what is left behind: of one process
 * group, in one leaf, or all of it. How it asks is in monitor/orphan.c.
 */

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "timer.h"
#include "reap.h"
#include "compat/cgroup.h"
#include "compat/proc.h"
#include "compat/tree.h"
#include "log.h"
#include "proto.h"
#include "sandbox.h"
#include "starved.h"

#include "guard/family.h"
#include "guard/reaper.h"
#include "guard/wait.h"

/* An orphan that is to end. */
struct orphan {
	RB_ENTRY(orphan) entry;
	pid_t pid;
	struct timer deadline;
	int dead; /* it was at the last look, and could not be reaped */
};

static int
orphan_cmp(const struct orphan *a, const struct orphan *b)
{
	return (a->pid < b->pid ? -1 : a->pid > b->pid);
}

static RB_HEAD(orphan_tree, orphan) orphans = RB_INITIALIZER(&orphans);
TREE_GENERATE(orphan_tree, orphan, entry, orphan_cmp)

static pid_t guard_pid, priv_pid;

static struct orphan *
orphan_find(pid_t pid)
{
	struct orphan key;

	key.pid = pid;
	return (RB_FIND(orphan_tree, &orphans, &key));
}

static void
orphan_deadline(void *arg)
{
	const struct orphan *o = arg;

	family_signal(o->pid, SIGKILL);
}

/* Kill it, or ask it to end, which is done once. */
static void
orphan_stop(pid_t pid, int sig)
{
	struct orphan *o = orphan_find(pid);

	if (o != NULL && sig != SIGKILL)
		return;
	if (o == NULL) {
		if ((o = calloc(1, sizeof(*o))) == NULL)
			fatal("no memory for an orphan");
		o->pid = pid;
		(void)RB_INSERT(orphan_tree, &orphans, o);
	}
	timer_set(&o->deadline, KILL_TIMEOUT_DEFAULT, orphan_deadline, o);
	family_signal(pid, sig);
}

/*
 * Is it dead, and a tracer's, who does not wait for it? Nobody waits for such,
 * but what it has left, which the first look at it may not have found.
 */
static int
orphan_is_held(pid_t pid)
{
	struct orphan *o = orphan_find(pid);
	int before;

	if (o == NULL)
		return (0);
	before = o->dead;
	o->dead = proc_has_ended(pid);
	return (before);
}

static void
orphan_reaped(pid_t pid)
{
	struct orphan *o = orphan_find(pid);

	if (o == NULL)
		return;
	timer_clear(&o->deadline);
	(void)RB_REMOVE(orphan_tree, &orphans, o);
	free(o);
}

/* What is done to all children but priv. */
struct sweep {
	pid_t group;
	int sig;
	int found;
	int reaped;
};

static void
end_orphan(pid_t pid, void *arg)
{
	struct sweep *s = arg;
	int status;

	if (pid == priv_pid || !family_has(pid))
		return;
	if (reap_ended(pid, &status, NULL) == pid) {
		orphan_reaped(pid);
		s->reaped++;
		return;
	}
	if (orphan_is_held(pid))
		return;
	s->found++;
	orphan_stop(pid, s->sig);
}

/*
 * While a child of ours that was not reaped is in a group, its number is that
 * group's and nobody else's.
 */
static void
end_group(pid_t pid, void *arg)
{
	struct sweep *s = arg;

	if (s->found || pid == priv_pid || getpgid(pid) != s->group ||
	    !family_has(pid))
		return;
	s->found = 1;
	(void)kill(-s->group, SIGKILL);
}

/* Those of priv's children that fit an answer. */
struct list {
	struct reaper_answer *answer;
	int32_t skip;
};

static void
list_child(pid_t pid, void *arg)
{
	struct list *l = arg;

	if (l->skip-- <= 0 && l->answer->found < REAPER_PIDS)
		l->answer->pids[l->answer->found++] = pid;
}

/* -1 if that is nothing that priv asks. */
static int
reaper_answer(const struct reaper_request *q, struct reaper_answer *a)
{
	struct sweep s = { q->pid, q->sig, 0, 0 };
	struct list l = { a, q->pid };
	uid_t uid;

	if (q->op != REAPER_UID && q->op != REAPER_CHILDREN &&
	    q->sig != SIGTERM && q->sig != SIGKILL)
		return (-1);
	switch (q->op) {
	case REAPER_UID:
		if (proc_uid(q->pid, &uid) == 0) {
			a->found = 1;
			a->uid = uid;
		}
		return (0);
	case REAPER_CHILDREN:
		(void)proc_children_of(priv_pid, list_child, &l);
		return (0);
	case REAPER_DESCENDANTS:
		proc_signal_descendants(priv_pid, q->pid, q->sig, family_has);
		return (0);
	case REAPER_GROUP:
		if (q->pid <= 1)
			return (-1);
		(void)proc_children(end_group, &s);
		break;
	case REAPER_LEAF:
		if (memchr(q->path, '\0', sizeof(q->path)) == NULL)
			return (-1);
		cgroup_kill_leaf(q->path);
		return (0);
	case REAPER_ORPHANS:
		/*
		 * Reaping shifts the list while it is read: repeat until
		 * none was reaped.
		 */
		do {
			s.reaped = 0;
			(void)proc_children(end_orphan, &s);
		} while (s.reaped > 0 && s.found == 0);
		break;
	default:
		return (-1);
	}
	a->found = s.found;
	return (0);
}

/* Has a call failed for what may be over the next time? */
static int
passing(int error)
{
	return (error == EINTR || error == EAGAIN || starved(error));
}

/* 0, or -1: no more requests are taken. */
static int
reaper_serve(int fd)
{
	struct reaper_answer a = { 0 };
	struct reaper_request q;
	ssize_t n;

	/* One that was stopped meanwhile may answer late: to what, it says. */
	if ((n = recv(fd, &q, sizeof(q), 0)) == -1 && passing(errno))
		return (0);
	if (n != (ssize_t)sizeof(q) || reaper_answer(&q, &a) == -1)
		return (-1);
	a.seq = q.seq;
	/* Priv asks nothing more before it has this. */
	while (send(fd, &a, sizeof(a), MSG_NOSIGNAL) == -1)
		if (!passing(errno))
			return (-1);
	return (0);
}

static void reaper_main(int fd) __attribute__((__noreturn__));

static void
reaper_main(int fd)
{
	struct waiter w = { .child = { .name = "priv", .pid = priv_pid },
		.parent = guard_pid,
		.cleans = 1,
		.serve = reaper_serve,
		.reaped = orphan_reaped };
	int places[CGROUP_TREES], write;
	size_t count;

	wait_confine("reaper", fd);
	/* Only now: a change of user undoes it. Priv may be at work by now. */
	if (proc_die_with(guard_pid, SIGTERM) == -1)
		(void)kill(priv_pid, SIGTERM);
	count = cgroup_places(places, &write);
	sandbox_reaper(places, count, write);
	wait_for(&w);
}

void
reaper_start(pid_t guard, struct guard_link *link)
{
	int fds[2];

	guard_pid = link->guard = guard;
	link->reaper = getpid();
	if (proc_subreaper() == -1 || proc_die_with(guard, SIGTERM) == -1)
		fatal("the reaper cannot begin");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == -1)
		fatal("reaper: socketpair");
	if ((priv_pid = fork()) == -1)
		fatal("fork of priv");
	if (priv_pid != 0)
		reaper_main(fds[1]);
	(void)close(fds[1]);
	link->fd = fds[0];
}
