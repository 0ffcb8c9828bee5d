/*
 * Births: see birth.h.
 */

#include <sys/resource.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "log.h"

#include "monitor/birth.h"
#include "monitor/exit.h"
#include "monitor/group.h"
#include "monitor/left.h"
#include "monitor/watch.h"
#include "policy/runas.h"

/* Is pid what a launcher may speak of: our child, and not known yet? */
static int
birth_is_new(pid_t pid)
{
	return (pid > 1 && child_by_pid(pid) == NULL && watch_is_child(pid));
}

int
birth_kill(pid_t pid)
{
	return (birth_is_new(pid) && kill(pid, SIGKILL) == 0);
}

static void
birth_enter(struct child *c, pid_t pid)
{
	child_set_pid(c, pid);
	group_join(c);
	watch_child(c);
}

int
birth_adopt(pid_t pid)
{
	if (!birth_is_new(pid) || watch_reap_pid(pid))
		return (0);
	birth_enter(child_new(CHILD_FAILED), pid);
	return (1);
}

/* The node's ends of its pipes, of which nobody wants these any more. */
static void
fds_close(int fds[3])
{
	int i;

	for (i = 0; i < 3; i++)
		if (fds[i] != -1)
			(void)close(fds[i]);
}

static void
birth_failed(struct child *c, struct launched *l, int fds[3])
{
	static char text[128];

	/* What it failed on, where the launcher does not know that. */
	if (l->stage == STAGE_NICE)
		(void)snprintf(text, sizeof(text), "nice %d", c->nice);
	else
		(void)snprintf(text, sizeof(text), "'%.100s'",
		    c->runas->base.any ? l->text : c->runas->user);
	if (l->stage == STAGE_USER || l->stage == STAGE_NICE)
		l->text = text;
	if (c->started != NULL)
		c->started(c, l, fds);
	fds_close(fds);
	c->silent = 1;
	exit_leave(c);
}

void
birth_fail(struct child *c, enum stage stage, int error, const char *text)
{
	int fds[3] = { -1, -1, -1 };
	struct launched l = { 0 };

	l.stage = stage;
	l.error = error;
	l.text = text;
	birth_failed(c, &l, fds);
}

void
birth_lost(struct child *c)
{
	birth_fail(c, STAGE_LAUNCHER, EPIPE, "");
}

/* Did all its pipes arrive? If not, l says which is missing. 1 or 0. */
static int
streams_complete(const struct child *c, struct launched *l, const int fds[3])
{
	uint32_t i;

	for (i = 0; i < 3; i++)
		if ((l->streams & 1U << i) && fds[i] == -1) {
			l->stage =
			    c->run_flags & RUN_PTY ? STAGE_PTY : STAGE_PIPE;
			l->error = EMFILE;
			l->text =
			    c->run_flags & RUN_PTY ? "" : proto_stream_names[i];
			return (0);
		}
	return (1);
}

/*
 * Give c the priority that it could not give itself: its launcher says that
 * it is pid. It alone: what else is in its group by now, also if c has forked
 * it, may be somebody whom no rule makes urgent. 1, or 0 and l says why not.
 */
static int
priority_complete(const struct child *c, struct launched *l)
{
	if (!(c->run_flags & RUN_NICE) || c->nice >= 0 ||
	    !c->runas->base.change || !birth_is_new(l->pid) ||
	    setpriority(PRIO_PROCESS, (id_t)l->pid, c->nice) == 0 ||
	    errno == ESRCH)
		return (1);
	l->stage = STAGE_NICE;
	l->error = errno;
	l->text = "";
	return (0);
}

/* c is pid now: 0, or -1 if that is no child of ours, or one that is known. */
static int
birth_name(struct child *c, pid_t pid)
{
	struct child *old = child_by_pid(pid);

	left_pid_reused(pid);
	/* A managed process may be gone, and its pid be a child's now. */
	if (old != NULL && old->kind == CHILD_FOREIGN)
		exit_check(old);
	if (!birth_is_new(pid))
		return (-1);
	birth_enter(c, pid);
	return (0);
}

int
birth_result(struct child *c, struct launched *l, int fds[3])
{
	if (l->stage != STAGE_NONE) {
		/* The process that failed is dead, or about to be. */
		(void)birth_adopt(l->pid);
		birth_failed(c, l, fds);
		return (0);
	}
	if (!streams_complete(c, l, fds) || !priority_complete(c, l)) {
		(void)birth_kill(l->pid);
		(void)birth_adopt(l->pid);
		birth_failed(c, l, fds);
		return (0);
	}
	if (birth_name(c, l->pid) == -1)
		return (-1);
	c->streams = l->streams;
	if (c->run_flags & RUN_DEBUG)
		log_warnx("pid %d started", (int)c->pid);
	if (c->started != NULL)
		c->started(c, l, fds);
	fds_close(fds);
	return (0);
}
