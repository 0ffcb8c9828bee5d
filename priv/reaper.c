/*
 * The reaper: a process between guard and priv, to which falls whatever
 * children leave behind. So priv has no children but those that it knows,
 * each with a pidfd, and never has to look through all of them for others.
 *
 * It is also priv's eyes: priv cannot open a file, so the reaper looks into
 * /proc for it. It hears nobody but priv, who may ask for the real uid of a
 * process, for a signal to the descendants of one of its children, for all of
 * its children, and for the end of what is left behind: of one process group,
 * or all of it. The
 * first part of this file runs in the reaper, the second in priv.
 */

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/signals.h"
#include "compat/proc.h"
#include "log.h"
#include "priv.h"
#include "sandbox.h"

#define ANSWER_MAX 5 /* seconds; its starter can stop it as it begins */

enum reaper_op {
	REAPER_UID,
	REAPER_DESCENDANTS, /* of pid, a child of priv's */
	REAPER_GROUP, /* pid */
	REAPER_ORPHANS, /* all */
	REAPER_CHILDREN /* of priv, but the first pid of them */
};

struct reaper_request {
	int32_t op;
	int32_t pid;
	int32_t sig;
	uint32_t seq;
};

struct reaper_answer {
	uint32_t seq; /* the request's */
	int32_t found; /* how many; 0 or 1 where one is asked for */
	uint32_t uid;
	int32_t pids[REAPER_PIDS];
};

/* An orphan that was asked to end. */
struct orphan {
	RB_ENTRY(orphan) entry;
	pid_t pid;
	struct timer deadline;
};

static int
orphan_cmp(const struct orphan *a, const struct orphan *b)
{
	return (a->pid < b->pid ? -1 : a->pid > b->pid);
}

static RB_HEAD(orphan_tree, orphan) orphans = RB_INITIALIZER(&orphans);
RB_PROTOTYPE(orphan_tree, orphan, entry, orphan_cmp)
RB_GENERATE(orphan_tree, orphan, entry, orphan_cmp)

static pid_t guard_pid, reaper_pid;
static int reaper_fd = -1; /* in priv: to the reaper */
static uint32_t asked; /* the last request's number */
static int late; /* its answer did not come */

static struct orphan *
orphan_find(pid_t pid)
{
	struct orphan key;

	key.pid = pid;
	return (RB_FIND(orphan_tree, &orphans, &key));
}

/* Signal pid, which is a child of ours, its group, and its descendants. */
void
reaper_end(pid_t pid, int sig)
{
	proc_signal_descendants(getpid(), pid, sig, guard_ours);
	if (guard_groups()) {
		signals_group(pid, sig);
		if (getpgid(pid) == pid)
			return;
	}
	(void)kill(pid, sig);
	if (sig != SIGKILL)
		(void)kill(pid, SIGCONT);
}

static void
orphan_deadline(void *arg)
{
	const struct orphan *o = arg;

	reaper_end(o->pid, SIGKILL);
}

static void
orphan_stop(pid_t pid)
{
	struct orphan *o;

	if (orphan_find(pid) != NULL)
		return;
	if ((o = calloc(1, sizeof(*o))) == NULL)
		fatal("orphan");
	o->pid = pid;
	(void)RB_INSERT(orphan_tree, &orphans, o);
	timer_set(&o->deadline, KILL_TIMEOUT_DEFAULT, orphan_deadline, o);
	reaper_end(pid, SIGTERM);
}

/* pid was reaped. */
void
reaper_gone(pid_t pid)
{
	struct orphan *o = orphan_find(pid);

	if (o == NULL)
		return;
	timer_clear(&o->deadline);
	(void)RB_REMOVE(orphan_tree, &orphans, o);
	free(o);
}

/* What is done to all children but priv. */
struct round {
	pid_t priv;
	pid_t group;
	int sig;
	int found;
	int reaped;
};

static void
end_orphan(pid_t pid, void *arg)
{
	struct round *r = arg;

	if (pid == r->priv || !guard_ours(pid))
		return;
	if (waitpid(pid, NULL, WNOHANG) == pid) {
		reaper_gone(pid);
		r->reaped++;
		return;
	}
	r->found++;
	if (r->sig == SIGKILL)
		reaper_end(pid, SIGKILL);
	else
		orphan_stop(pid);
}

/*
 * While a child of ours that was not reaped is in a group, its number is that
 * group's and nobody else's.
 */
static void
end_group(pid_t pid, void *arg)
{
	struct round *r = arg;

	if (r->found || pid == r->priv || getpgid(pid) != r->group ||
	    !guard_ours(pid))
		return;
	r->found = 1;
	(void)kill(-r->group, SIGKILL);
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
reaper_answer(
    const struct reaper_request *q, struct reaper_answer *a, pid_t priv)
{
	struct round r = { priv, q->pid, q->sig, 0, 0 };
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
		(void)proc_children_of(priv, list_child, &l);
		return (0);
	case REAPER_DESCENDANTS:
		proc_signal_descendants(priv, q->pid, q->sig, guard_ours);
		return (0);
	case REAPER_GROUP:
		if (q->pid <= 1)
			return (-1);
		(void)proc_children(end_group, &r);
		break;
	case REAPER_ORPHANS:
		/* Who is reaped makes others be skipped: see that none is. */
		do {
			r.reaped = 0;
			(void)proc_children(end_orphan, &r);
		} while (r.reaped > 0 && r.found == 0);
		break;
	default:
		return (-1);
	}
	a->found = r.found;
	return (0);
}

/* 0, or -1 if priv is not to be heard any more. */
int
reaper_serve(int fd, pid_t priv)
{
	struct reaper_answer a = { 0 };
	struct reaper_request q;

	/* One that was stopped meanwhile may answer late: to what, it says. */
	if (recv(fd, &q, sizeof(q), 0) != (ssize_t)sizeof(q) ||
	    reaper_answer(&q, &a, priv) == -1)
		return (-1);
	a.seq = q.seq;
	return (send(fd, &a, sizeof(a), MSG_NOSIGNAL) == -1 ? -1 : 0);
}

static void
reaper_main(pid_t priv, int fd)
{
	guard_confine("reaper", fd);
	/* Only now: a change of user undoes it. Priv may be at work by now. */
	if (proc_die_with(guard_pid, SIGTERM) == -1)
		(void)kill(priv, SIGTERM);
	sandbox_reaper();
	guard_wait("priv", priv, 1);
}

/* Fork: the caller goes on in the child, which is priv. */
void
reaper_start(pid_t guard)
{
	static const struct timeval patience = { ANSWER_MAX, 0 };
	int fds[2];
	pid_t pid;

	guard_pid = guard;
	reaper_pid = getpid();
	if (proc_subreaper() == -1 || proc_die_with(guard, SIGTERM) == -1)
		fatal("reaper");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == -1)
		fatal("reaper: socketpair");
	if ((pid = fork()) == -1)
		fatal("fork");
	if (pid != 0)
		reaper_main(pid, fds[1]);
	(void)close(fds[1]);
	reaper_fd = fds[0];
	if (setsockopt(reaper_fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		sizeof(patience)) == -1)
		fatal("reaper: patience");
	reaper_watch();
}

/*
 * A reaper that is killed ends priv in an orderly way, if the guard lets it.
 * To be said again after each change of user.
 */
void
reaper_watch(void)
{
	if (reaper_fd != -1 && proc_die_with(reaper_pid, SIGTERM) == -1)
		fatal("the reaper has died");
}

/* Is pid one of the two above priv? */
int
reaper_is(pid_t pid)
{
	return (reaper_pid != 0 && (pid == guard_pid || pid == reaper_pid));
}

/* recv(2); one with a time limit does not go on by itself after a SIGCONT. */
static int
reaper_hear(struct reaper_answer *a, int flags)
{
	ssize_t n;

	do
		n = recv(reaper_fd, a, sizeof(*a), flags);
	while (n == -1 && errno == EINTR);
	return (n == (ssize_t)sizeof(*a) && a->seq == asked ? 0 : -1);
}

/*
 * It answers at once: it has nothing else to do. A stopped one must not stop
 * priv, which goes on as if there was none until its answer comes. 0 or -1.
 */
static int
reaper_ask(int op, pid_t pid, int sig, struct reaper_answer *a)
{
	struct reaper_request q = { op, pid, sig, 0 };

	if (reaper_fd == -1 || (late && reaper_hear(a, MSG_DONTWAIT) == -1))
		return (-1);
	late = 0;
	q.seq = ++asked;
	if (send(reaper_fd, &q, sizeof(q), MSG_NOSIGNAL) != -1 &&
	    reaper_hear(a, 0) == 0)
		return (0);
	log_warn("the reaper does not answer");
	late = 1;
	return (-1);
}

/* The real uid of a process: see proc_uid(). */
int
reaper_uid(pid_t pid, uid_t *uid)
{
	struct reaper_answer a;

	if (reaper_ask(REAPER_UID, pid, 0, &a) == -1 || !a.found)
		return (-1);
	*uid = a.uid;
	return (0);
}

/* Signal all descendants of a child, except those in its own group. */
void
reaper_descendants(pid_t child, int sig)
{
	struct reaper_answer a;

	(void)reaper_ask(REAPER_DESCENDANTS, child, sig, &a);
}

/* Kill a group that has lost its leader, if orphans are in it. */
void
reaper_group(pid_t group)
{
	struct reaper_answer a;

	(void)reaper_ask(REAPER_GROUP, group, SIGKILL, &a);
}

/*
 * End all orphans: with SIGTERM each hears it once, and has its time. How many
 * are left.
 */
int
reaper_orphans(int sig)
{
	struct reaper_answer a;

	if (reaper_ask(REAPER_ORPHANS, 0, sig, &a) == -1)
		return (0);
	return (a.found);
}

/*
 * Children of priv, whoever has made them, behind the first skip of them: how
 * many. Fewer than REAPER_PIDS: there are no others.
 */
int
reaper_children(int skip, pid_t pids[REAPER_PIDS])
{
	struct reaper_answer a;
	int i;

	if (reaper_ask(REAPER_CHILDREN, skip, 0, &a) == -1)
		return (0);
	for (i = 0; i < a.found && i < REAPER_PIDS; i++)
		pids[i] = a.pids[i];
	return (i);
}
