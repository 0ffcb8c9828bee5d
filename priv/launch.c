/*
 * What becomes of a launch, whoever made it: a child in the table and on its
 * way to the worker, or an answer that says where it failed.
 */

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "log.h"
#include "priv.h"

/* What it failed on, where the launcher does not know that. */
static const char *
failed_text(const struct child *c, const struct launched *l)
{
	static char text[128];

	if (l->stage == STAGE_USER)
		(void)snprintf(text, sizeof(text), "'%.100s'", c->target->user);
	else if (l->stage == STAGE_NICE)
		(void)snprintf(text, sizeof(text), "nice %d", c->nice);
	else
		return (l->text);
	return (text);
}

static void
launch_failed(struct child *c, struct launched *l)
{
	if (c->flags & CHILD_HELPER)
		stop_helper_failed(c);
	l->text = failed_text(c, l);
	answer_failed(c, l);
	child_free(c);
	stop_check();
}

/* Did all its pipes arrive? If not, l says which is missing. */
static int
streams_complete(struct launched *l, const int fds[3])
{
	static const char *const names[3] = { "stdin", "stdout", "stderr" };
	uint32_t i;

	for (i = 0; i < 3; i++)
		if ((l->streams & 1U << i) && fds[i] == -1) {
			l->stage = STAGE_PIPE;
			l->error = EMFILE;
			l->text = names[i];
			return (0);
		}
	return (1);
}

/* Has it the priority that was asked for? */
static int
priority_complete(const struct child *c, struct launched *l)
{
	if (child_renice(c, l->pid) == 0 || errno == ESRCH)
		return (1);
	l->stage = STAGE_NICE;
	l->error = errno;
	l->text = "";
	return (0);
}

/*
 * c was launched, or was not, as l says; fds are taken over. -1 if l cannot
 * be true.
 */
int
launch_result(struct child *c, struct launched *l, int fds[3])
{
	int i;

	for (i = 0; i < 3; i++)
		c->fds[i] = fds[i];
	if (l->stage != STAGE_NONE) {
		/* The process that failed is dead, or about to be. */
		child_stray(l->pid);
		launch_failed(c, l);
		return (0);
	}
	if (!streams_complete(l, fds) || !priority_complete(c, l)) {
		(void)child_kill_new(l->pid);
		child_stray(l->pid);
		launch_failed(c, l);
		return (0);
	}
	if (child_born(c, l->pid) == -1)
		return (-1);
	if (c->run_flags & RUN_DEBUG)
		log_warnx("pid %d started", (int)c->pid);
	if (c->flags & CHILD_HELPER)
		stop_helper(c); /* may be the last of c */
	else {
		stop_limit(c);
		stop_late(c);
		answer_child(c); /* the same */
	}
	stop_check();
	return (0);
}
