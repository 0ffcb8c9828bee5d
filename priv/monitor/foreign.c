/*
 * Processes that are managed: see foreign.h.
 */

#include <sys/resource.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "compat/proc.h"

#include "monitor/exit.h"
#include "monitor/foreign.h"
#include "monitor/left.h"
#include "monitor/orphan.h"
#include "monitor/reply.h"
#include "monitor/watch.h"
#include "policy/count.h"
#include "policy/permit.h"

/* The starter's, or a user's whom the policy lets do as he likes. 1 or 0. */
static int
foreign_allowed(const struct child *c, pid_t pid, struct rule **rule)
{
	uid_t uid;

	if (orphan_uid(pid, &uid) == -1) {
		errno = ESRCH;
		return (0);
	}
	/*
	 * The watch was opened before the uid was read; if it is still alive,
	 * the uid is its own.
	 */
	if (pidset_signal(c->watch, 0) == -1)
		return (0);
	errno = EPERM;
	return ((*rule = permit_uid(uid)) != NULL || uid_is_starter(uid));
}

/* Up only as far as policy says, whatever we could. 0, or -1 with errno. */
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
 * counted; so it is counted as one of them. 0, or -1 with errno.
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
	c->runas = rule->runas;
	c->rule = rule;
	return (0);
}

/* May it be had, and does it get what it is to have? 0, or -1 with errno. */
static int
foreign_take(struct child *c, const struct run *r)
{
	struct rule *rule = NULL;

	if (watch_foreign(c, r->pid) == -1) {
		if (errno == EINVAL)
			errno = ESRCH;
		return (-1);
	}
	/* One that is ours may be what a launcher is about to name. */
	if (watch_is_child(r->pid)) {
		errno = EAGAIN;
		return (-1);
	}
	if (!foreign_allowed(c, r->pid, &rule) ||
	    foreign_kill(c, r, rule) == -1)
		return (-1);
	return (r->flags & RUN_NICE ? foreign_nice(r, rule) : 0);
}

int
foreign_manage(const struct run *r)
{
	int fds[3] = { -1, -1, -1 };
	struct child *c;
	int error;

	/* One of our own processes. */
	c = child_by_pid(r->pid);
	errno = EPERM;
	if ((c != NULL && c->kind == CHILD_RING) || r->pid == getpid() ||
	    orphan_is_guard(r->pid))
		return (-1);
	errno = ENOSYS;
	if (watch_fd() == -1)
		return (-1);
	c = child_new_run(CHILD_FOREIGN, r, NULL, NULL);
	c->group = 0; /* whatever it is in */
	if (foreign_take(c, r) == -1) {
		error = errno;
		exit_settle(c);
		errno = error;
		return (-1);
	}
	left_pid_reused(r->pid);
	child_set_pid(c, r->pid);
	reply_open(&c->slot, r);
	reply_child(c, fds);
	return (0);
}

int
foreign_signal(const struct child *c, int sig)
{
	struct rule *rule;

	/* A child is not reaped yet, so its pid is its own. */
	if (c->kind != CHILD_FOREIGN)
		return (kill(c->pid, sig));
	if (!foreign_allowed(c, c->pid, &rule))
		return (-1);
	return (pidset_signal(c->watch, sig));
}
