/*
 * The table of children: by number, which is how our own processes name
 * them, and by pid, which is how the node does. A pid is in the table from
 * birth until it was reaped, so a signal sent to it meets that child and
 * nobody else.
 */

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>

#include "compat/proc.h"
#include "log.h"
#include "policy/count.h"
#include "policy/permit.h"
#include "policy/policy.h"
#include "priv.h"

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

static uint32_t children, foreign, last_id;
static int set = -1;

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
	c->watch = c->place = -1;
	c->stop_signal = SIGTERM;
	c->fds[0] = c->fds[1] = c->fds[2] = -1;
	return (c);
}

/* What becomes of what is printed on the terminal. */
static uint32_t
run_tty(const struct run *r)
{
	if (r->io[1].kind == IO_PIPE)
		return (TTY_YES);
	if (r->io[2].kind == IO_PIPE)
		return (TTY_YES | TTY_STDERR);
	return (TTY_YES | TTY_SILENT);
}

/* t: whose launcher makes it; rule: that permits it, or NULL. */
struct child *
child_new(const struct run *r, struct target *t, struct rule *rule)
{
	struct child *c;

	c = child_alloc();
	c->target = t;
	c->rule = rule;
	c->tid = r->tid;
	c->kill_timeout = r->kill_timeout;
	c->success = (int)r->success;
	c->run_flags = r->flags;
	c->group = r->group;
	c->nice = r->nice;
	c->window = r->window;
	c->timeout = r->timeout;
	if (r->stop_signal != 0)
		c->stop_signal = (int)r->stop_signal;
	c->linger = r->linger;
	if (*r->kill != '\0' && (c->kill = strdup(r->kill)) == NULL)
		fatal("child");
	if (r->flags & RUN_PTY)
		c->tty = run_tty(r);
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

/* Is pid what a launcher may speak of: our child, and not known yet? */
static int
child_is_new(pid_t pid)
{
	return (pid > 1 && child_by_pid(pid) == NULL && !part_is(pid) &&
		child_is_ours(pid));
}

/* pid is c, from now on. */
static void
child_list_pid(struct child *c, pid_t pid)
{
	c->pid = pid;
	(void)RB_INSERT(pid_tree, &pids, c);
	group_join(c);
	reap_watch(c);
}

/*
 * A process that never became a child that anybody is told of: it is waited
 * for, and ended with all others. 1 if it lives.
 */
int
child_stray(pid_t pid)
{
	struct child *c;

	if (!child_is_new(pid))
		return (0);
	if (waitpid(pid, NULL, WNOHANG) == pid) {
		stray_explained();
		return (0);
	}
	c = child_alloc();
	c->flags = CHILD_STRAY;
	c->kill_timeout = KILL_TIMEOUT_DEFAULT;
	child_list_pid(c, pid);
	return (1);
}

/* The id of the child that was asked for last. */
uint32_t
child_last(void)
{
	return (last_id);
}

/*
 * Kill a child that is in no table. Its number is a launcher's word, so it
 * counts only if it is a child of ours. 1 if it was killed.
 */
int
child_kill_new(pid_t pid)
{
	return (child_is_new(pid) && kill(pid, SIGKILL) == 0);
}

/*
 * Give c the priority that it could not give itself: its launcher says that
 * it is pid. It alone: whoever else is in its group by now, also if c has
 * forked it, may be somebody whom no rule makes urgent. 0, or -1 with errno.
 */
int
child_renice(const struct child *c, pid_t pid)
{
	if (!(c->run_flags & RUN_NICE) || c->nice >= 0 ||
	    !c->target->base.change)
		return (0);
	if (!child_is_new(pid)) {
		errno = ESRCH;
		return (-1);
	}
	return (setpriority(PRIO_PROCESS, (id_t)pid, c->nice));
}

/*
 * A launcher says that c is pid now. -1 if that is a lie: nobody's child, or
 * somebody known already.
 */
int
child_born(struct child *c, pid_t pid)
{
	struct child *old = child_by_pid(pid);

	group_recycled(pid);
	/* A managed process may be gone, and its pid be a child's now. */
	if (old != NULL && old->flags & CHILD_FOREIGN)
		reap_child(old);
	if (!child_is_new(pid))
		return (-1);
	child_list_pid(c, pid);
	return (0);
}

/*
 * Whose is a process that the watch of c holds? The watch is older than the
 * answer; if the process is alive still, the answer was about that one. 0, or
 * -1 with errno.
 */
static int
foreign_owner(const struct child *c, pid_t pid, uid_t *uid)
{
	if (reaper_uid(pid, uid) == -1) {
		errno = ESRCH;
		return (-1);
	}
	return (pidset_signal(c->watch, 0));
}

/* The starter's, or a user's whom the policy lets do as he likes. */
static int
foreign_allowed(const struct child *c, pid_t pid, struct rule **rule)
{
	uid_t uid;

	if (foreign_owner(c, pid, &uid) == -1)
		return (0);
	errno = EPERM;
	return ((*rule = permit_uid(uid)) != NULL || uid_is_starter(uid));
}

/* Up only as far as policy says, whatever we could. */
static int
foreign_nice(const struct run *r, const struct rule *rule)
{
	int now;

	errno = 0;
	now = getpriority(PRIO_PROCESS, (id_t)r->pid);
	if (now == -1 && errno != 0)
		return (-1);
	if (r->nice < now && (rule == NULL || rule->nice == NICE_UNSET ||
				 r->nice < rule->nice)) {
		errno = EACCES;
		return (-1);
	}
	return (setpriority(PRIO_PROCESS, (id_t)r->pid, r->nice));
}

/*
 * Its kill command, if it has one, is run as its user, whose children are
 * counted; so it is counted as one of them.
 */
static int
foreign_kill(struct child *c, const struct run *r, struct rule *rule)
{
	if (*r->kill == '\0')
		return (0);
	errno = EPERM;
	if (rule == NULL || (c->kill_rule = permit_kill(rule, r->kill)) == NULL)
		return (-1);
	errno = EAGAIN;
	if (count_take(rule, &c->place) == -1)
		return (-1);
	c->target = rule->target;
	c->rule = rule;
	return (0);
}

/* May it be had, and does it get what it is to have? 0, or -1 with errno. */
static int
foreign_take(struct child *c, const struct run *r)
{
	struct rule *rule = NULL;

	if ((c->watch = pidset_add(set, r->pid, c->id)) == -1) {
		if (errno != EMFILE && errno != ENFILE)
			errno = ESRCH;
		return (-1);
	}
	/* One that is ours may be what a launcher is about to name. */
	if (child_is_ours(r->pid)) {
		errno = EAGAIN;
		return (-1);
	}
	if (!foreign_allowed(c, r->pid, &rule) ||
	    foreign_kill(c, r, rule) == -1)
		return (-1);
	return (r->flags & RUN_NICE ? foreign_nice(r, rule) : 0);
}

/*
 * Take in a process that is not ours, as a child whose end is known by its
 * pidfd alone. 0 and it was answered, or -1 with errno.
 */
int
child_manage(const struct run *r)
{
	struct child *c;
	int error;

	errno = EPERM;
	if (part_is(r->pid) || r->pid == getpid() || reaper_is(r->pid))
		return (-1);
	errno = ENOSYS;
	if (set == -1)
		return (-1);
	c = child_new(r, NULL, NULL);
	c->group = 0; /* whatever it is in */
	if (foreign_take(c, r) == -1) {
		error = errno;
		child_free(c);
		errno = error;
		return (-1);
	}
	group_recycled(r->pid);
	c->flags = CHILD_FOREIGN;
	foreign++;
	answer_reserve(c);
	c->pid = r->pid;
	(void)RB_INSERT(pid_tree, &pids, c);
	answer_child(c);
	return (0);
}

/*
 * A child is not reaped yet, so its pid is its own; others have a pidfd, and
 * may have become somebody else's since.
 */
int
child_signal(const struct child *c, int sig)
{
	struct rule *rule;

	if (!(c->flags & CHILD_FOREIGN))
		return (kill(c->pid, sig));
	if (!foreign_allowed(c, c->pid, &rule))
		return (-1);
	return (pidset_signal(c->watch, sig));
}

/*
 * The process group to which signals for c's group go, or 0: one that a
 * child leads that was not reaped, so that its number is nobody else's.
 */
pid_t
child_group(const struct child *c)
{
	const struct child *leader;

	if (c->flags & CHILD_FOREIGN || c->pid == 0)
		return (0);
	if (c->group == 0)
		return (c->pid);
	if ((leader = child_by_pid(c->group)) == NULL ||
	    leader->flags & CHILD_FOREIGN || leader->group != 0)
		return (0);
	return (c->group);
}

/* c was reaped: its pid is nobody's, or somebody else's. */
void
child_unlist(struct child *c)
{
	(void)RB_REMOVE(pid_tree, &pids, c);
	group_leave(c);
	reap_forget(c);
	timer_clear(&c->deadline);
	timer_clear(&c->limit);
	timer_clear(&c->lingering);
	c->flags |= CHILD_ENDED;
}

void
child_free(struct child *c)
{
	int i;

	if (c->pid != 0 && !(c->flags & CHILD_ENDED))
		child_unlist(c);
	timer_clear(&c->deadline);
	timer_clear(&c->limit);
	timer_clear(&c->lingering);
	reap_forget(c);
	for (i = 0; i < 3; i++)
		if (c->fds[i] != -1)
			(void)close(c->fds[i]);
	(void)RB_REMOVE(id_tree, &ids, c);
	children--;
	foreign -= (c->flags & CHILD_FOREIGN) != 0;
	if (c->rule != NULL)
		count_give(c->rule, c->place);
	free(c->kill);
	free(c);
}

/* The last that is heard of a child. */
void
child_tell_exit(struct child *c)
{
	struct msg_exit m = { 0 };

	m.id = c->id;
	m.status = m.raw = c->status;
	m.reason = c->reason;
	m.killed = (c->flags & CHILD_KILLED) != 0;
	m.cut = (c->flags & CHILD_OVERSTAYED) != 0;
	memcpy(m.usage, c->usage, sizeof(m.usage));
	if (c->run_flags & RUN_DEBUG)
		log_warnx(
		    "pid %d ended with status %d", (int)c->pid, (int)c->status);
	if (c->reason == REASON_STOPPED)
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
	if (c->flags & CHILD_ENDED && !(c->flags & CHILD_HELD))
		child_tell_exit(c);
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
	/* A managed process has no pipes, and its pid may not be its own. */
	if (c->flags & CHILD_FOREIGN)
		return (-1);
	c->flags |= CHILD_LOST;
	if (kill(c->pid, SIGKILL) == -1)
		log_warn("SIGKILL to pid %d", (int)c->pid);
	linger_cut(c);
	return (0);
}

/* The worker has lost input of a child, which must not take it for all. */
int
child_cut(void *arg, const void *data, size_t len, int fd)
{
	struct msg_note m;
	struct child *c;

	(void)arg;
	(void)fd;
	if (proto_unpack_note(data, len, &m) == -1)
		return (-1);
	/* It may have been told of and forgotten meanwhile. */
	if ((c = child_by_id(m.id)) == NULL)
		return (0);
	if (!(c->streams & 1) || c->flags & CHILD_CUT)
		return (-1);
	c->flags |= CHILD_CUT;
	if (!(c->flags & CHILD_ENDED))
		stop_cut(c);
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

/* Is nobody left but processes that are only managed? */
int
child_idle(void)
{
	return (children == foreign);
}

/* fn may free any child: its answer lets others' out that waited behind it. */
void
child_each(void (*fn)(struct child *))
{
	struct child *c, key;

	c = RB_MIN(id_tree, &ids);
	while (c != NULL) {
		key.id = c->id + 1;
		fn(c);
		c = key.id == 0 ? NULL : RB_NFIND(id_tree, &ids, &key);
	}
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
		if (!(c->flags & CHILD_SILENT))
			list[m.count++] = c->pid;
	channel_send2(&worker_channel, IMSG_PIDS, &m, sizeof(m), list,
	    m.count * sizeof(*list));
	free(list);
}
