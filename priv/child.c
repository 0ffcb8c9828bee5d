/*
 * The table of children: by number, which is how our own processes name
 * them, and by pid, which is how the node does. A pid is in the table from
 * birth until it was reaped, so a signal sent to it meets that child and
 * nobody else.
 */

#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "compat/proc.h"
#include "log.h"
#include "priv.h"

#define SWEEP_DELAY 100 /* ms from a SIGCHLD to looking whose it was */
#define SWEEP_MAX 256 /* dead processes taken in one go */

static int
cmp_id(const struct child *a, const struct child *b)
{
	return (a->id < b->id ? -1 : a->id > b->id);
}

static int
cmp_pid(const struct child *a, const struct child *b)
{
	return (a->pid < b->pid ? -1 : a->pid > b->pid);
}

static RB_HEAD(id_tree, child) ids = RB_INITIALIZER(&ids);
RB_PROTOTYPE(id_tree, child, by_id, cmp_id)
RB_GENERATE(id_tree, child, by_id, cmp_id)
static RB_HEAD(pid_tree, child) pids = RB_INITIALIZER(&pids);
RB_PROTOTYPE(pid_tree, child, by_pid, cmp_pid)
RB_GENERATE(pid_tree, child, by_pid, cmp_pid)

/*
 * Reaped while a launch was on its way, so that they may be what it has
 * made: a child can be dead before its launcher names it.
 */
#define UNCLAIMED_MAX 4096
static struct {
	pid_t pid;
	int status;
	uint64_t until; /* launches answered by when it is nobody's */
} unclaimed[UNCLAIMED_MAX];
static int unclaimed_count;

static uint32_t children, last_id;
static int set = -1;
static struct timer sweep_timer;

void
child_init(void)
{
	if ((set = pidset_open()) == -1)
		log_debug("no pidfds here: children are watched by SIGCHLD");
}

int
child_set(void)
{
	return (set);
}

struct child *
child_by_id(uint32_t id)
{
	struct child key;

	key.id = id;
	return (RB_FIND(id_tree, &ids, &key));
}

struct child *
child_by_pid(pid_t pid)
{
	struct child key;

	key.pid = pid;
	return (RB_FIND(pid_tree, &pids, &key));
}

static struct child *
child_alloc(void)
{
	struct child *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		fatal("child");
	do {
		c->id = ++last_id;
	} while (c->id == 0 || child_by_id(c->id) != NULL);
	(void)RB_INSERT(id_tree, &ids, c);
	children++;
	c->watch = -1;
	c->fds[0] = c->fds[1] = c->fds[2] = -1;
	return (c);
}

struct child *
child_new(const struct run *r)
{
	struct child *c;

	c = child_alloc();
	c->tid = r->tid;
	c->kill_timeout = r->kill_timeout;
	c->success = (int)r->success;
	return (c);
}

/* Is pid a child of ours that was not reaped? */
static int
child_is_ours(pid_t pid)
{
	siginfo_t si;

	return (
	    waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0);
}

/*
 * End a child that is in no table. Its number is a launcher's word, so it
 * counts only if it is a child of ours. 1 if it was killed.
 */
int
child_kill_stray(pid_t pid)
{
	if (child_by_pid(pid) != NULL || part_is(pid) || !child_is_ours(pid))
		return (0);
	(void)kill(pid, SIGKILL);
	child_sigchld();
	return (1);
}

/* The same for one that is dead or dying. */
void
child_reap_stray(pid_t pid)
{
	if (pid <= 1 || child_by_pid(pid) != NULL || part_is(pid))
		return;
	if (waitpid(pid, NULL, WNOHANG) != pid)
		child_sigchld();
}

/* Was pid reaped before its launcher could name it? The latest counts. */
static int
claim(pid_t pid, int *status)
{
	int i;

	for (i = unclaimed_count - 1; i >= 0; i--)
		if (unclaimed[i].pid == pid) {
			*status = unclaimed[i].status;
			unclaimed[i] = unclaimed[--unclaimed_count];
			return (1);
		}
	return (0);
}

/*
 * A launcher says that c is pid now. -1 if that is a lie: nobody's child, or
 * somebody known already.
 */
int
child_born(struct child *c, pid_t pid)
{
	if (child_by_pid(pid) != NULL || part_is(pid))
		return (-1);
	if (!child_is_ours(pid)) {
		if (!claim(pid, &c->status))
			return (-1);
		c->pid = pid;
		c->flags |= CHILD_ENDED;
		return (0);
	}
	c->pid = pid;
	(void)RB_INSERT(pid_tree, &pids, c);
	if (set != -1)
		c->watch = pidset_add(set, pid, c->id);
	if (c->watch == -1) {
		log_debug("pid %d is watched by SIGCHLD", (int)pid);
		child_sigchld();
	}
	return (0);
}

/* An orphan that was given to us: known so that it can be stopped. */
void
child_adopt(pid_t pid)
{
	struct child *c;

	if (child_by_pid(pid) != NULL || part_is(pid) ||
	    waitpid(pid, NULL, WNOHANG) == pid)
		return;
	c = child_alloc();
	c->flags = CHILD_ORPHAN;
	c->kill_timeout = KILL_TIMEOUT_DEFAULT;
	if (child_born(c, pid) == -1)
		child_free(c);
	else
		stop_late(c);
}

void
child_free(struct child *c)
{
	int i;

	timer_clear(&c->deadline);
	pidset_remove(c->watch);
	for (i = 0; i < 3; i++)
		if (c->fds[i] != -1)
			(void)close(c->fds[i]);
	if (c->pid != 0 && !(c->flags & CHILD_ENDED))
		(void)RB_REMOVE(pid_tree, &pids, c);
	(void)RB_REMOVE(id_tree, &ids, c);
	children--;
	free(c);
}

/* The last that is heard of a child. */
static void
child_tell_exit(struct child *c)
{
	struct msg_exit m;

	m.id = c->id;
	m.status = c->status;
	if (c->flags & CHILD_STOPPED)
		m.status = 0;
	else if (c->status == 0)
		m.status = c->success;
	channel_send(&worker_channel, IMSG_EXIT, -1, &m, sizeof(m));
	child_free(c);
}

/* The worker knows of c from now on, and of its end if that came first. */
void
child_told(struct child *c)
{
	c->flags |= CHILD_TOLD;
	if (c->flags & CHILD_ENDED)
		child_tell_exit(c);
}

static void
child_reap(struct child *c)
{
	int status;

	if (waitpid(c->pid, &status, WNOHANG) != c->pid) {
		/* Its tracer has it yet: SIGCHLD comes when that lets go. */
		pidset_remove(c->watch);
		c->watch = -1;
		return;
	}
	log_debug("pid %d ended with status %d", (int)c->pid, status);
	(void)RB_REMOVE(pid_tree, &pids, c);
	pidset_remove(c->watch);
	c->watch = -1;
	timer_clear(&c->deadline);
	c->flags |= CHILD_ENDED;
	c->status = status;
	if (c->flags & CHILD_ORPHAN)
		child_free(c);
	else if (c->flags & CHILD_TOLD)
		child_tell_exit(c);
	stop_check();
}

void
child_ended_some(void)
{
	uint32_t ended[64];
	struct child *c;
	int i, n;

	n = pidset_ended(set, ended, 64);
	for (i = 0; i < n; i++)
		if ((c = child_by_id(ended[i])) != NULL)
			child_reap(c);
}

static void
sweep(void *arg)
{
	(void)arg;
	child_sweep();
}

static void
reap_stranger(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, WNOHANG) != pid)
		return;
	if (part_ended(pid, status) || !launch_waiting())
		return;
	unclaimed[unclaimed_count].until = launch_asked();
	unclaimed[unclaimed_count].pid = pid;
	unclaimed[unclaimed_count++].status = status;
}

/* Reap whoever has died and is watched by no pidfd. */
void
child_sweep(void)
{
	struct child *c;
	siginfo_t si;
	int i, n;

	for (i = n = 0; i < unclaimed_count; i++)
		if (unclaimed[i].until > launch_answered())
			unclaimed[n++] = unclaimed[i];
	unclaimed_count = n;
	for (i = 0; unclaimed_count < UNCLAIMED_MAX; i++) {
		if (i == SWEEP_MAX && stop_state() == STATE_RUN)
			break;
		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == -1 ||
		    si.si_pid == 0)
			return;
		if ((c = child_by_pid(si.si_pid)) != NULL)
			child_reap(c);
		else
			reap_stranger(si.si_pid);
	}
	timer_set(&sweep_timer, 1, sweep, NULL);
}

/*
 * Somebody died. Most are in the set and are reaped from there, at a cost
 * that does not grow; looking for the others walks all children in the
 * kernel, so one look is made for many signals.
 */
void
child_sigchld(void)
{
	if (!sweep_timer.set)
		timer_set(
		    &sweep_timer, set == -1 ? 0 : SWEEP_DELAY, sweep, NULL);
}

/* The worker could not be given a pipe: the child has to go. */
int
child_lost(void *arg, const void *data, size_t len, int fd)
{
	struct msg_stream m;
	struct child *c;

	(void)arg;
	(void)fd;
	if (proto_unpack_stream(data, len, &m) == -1)
		return (-1);
	/* It may have ended by itself meanwhile. */
	if ((c = child_by_id(m.id)) == NULL || c->pid == 0 ||
	    (c->flags & CHILD_ENDED))
		return (0);
	c->flags |= CHILD_LOST;
	if (kill(c->pid, SIGKILL) == -1)
		log_warn("SIGKILL to pid %d", (int)c->pid);
	return (0);
}

int
child_full(void)
{
	return (children >= MSG_PIDS_MAX);
}

int
child_count(void)
{
	return ((int)children);
}

/* fn may free the child that it is given. */
void
child_each(void (*fn)(struct child *))
{
	struct child *c, *next;

	RB_FOREACH_SAFE (c, id_tree, &ids, next)
		fn(c);
}

void
child_list(int64_t tid)
{
	struct msg_pids m = { 0 };
	struct child *c;
	int32_t *list;

	if ((list = calloc((size_t)children + 1, sizeof(*list))) == NULL)
		fatal("list");
	m.tid = tid;
	RB_FOREACH (c, pid_tree, &pids)
		if (!(c->flags & (CHILD_ORPHAN | CHILD_LOST)))
			list[m.count++] = c->pid;
	channel_send2(&worker_channel, IMSG_PIDS, &m, sizeof(m), list,
	    m.count * sizeof(*list));
	free(list);
}
