/*
 * What the worker reports: see report.h. A child that is meant may have been
 * told of and forgotten meanwhile, which is no fault of the worker.
 */

#include <signal.h>
#include <stddef.h>

#include "log.h"

#include "monitor/child.h"
#include "monitor/exit.h"
#include "monitor/report.h"
#include "monitor/stop.h"

/* Processes of the ring are none that it can name. NULL: there is none. */
static struct child *
report_child(uint32_t id)
{
	struct child *c = child_by_id(id);

	return (c == NULL || c->kind == CHILD_RING ? NULL : c);
}

/* The worker could not be given a pipe: the child has to go. */
int
report_handle_lost(const struct msg *msg)
{
	const struct msg_stream *m = &msg->stream;
	struct child *c;

	if ((c = report_child(m->id)) == NULL || !child_alive(c))
		return (0);
	/* Others have no pipes, and a managed pid may not be its own. */
	if (c->kind != CHILD_RUN)
		return (-1);
	c->refused = 1;
	if (kill(c->pid, SIGKILL) == -1)
		log_warn("SIGKILL to pid %d", (int)c->pid);
	exit_hurry(c);
	return (0);
}

/* It has read all that will ever be written for a child. */
int
report_handle_drained(const struct msg *msg)
{
	const struct msg_note *m = &msg->note;
	struct child *c;

	if ((c = report_child(m->id)) == NULL)
		return (0);
	/* Of one that the worker knows, and once. */
	if (!(c->run_flags & RUN_LINGER) || c->slot != NULL ||
	    c->state == CHILD_ASKED || c->drained)
		return (-1);
	exit_drained(c);
	return (0);
}

/* A child was silent for as long as it may: once, as it is stopped then. */
int
report_handle_idle(const struct msg *msg)
{
	const struct msg_note *m = &msg->note;
	struct child *c;

	if ((c = report_child(m->id)) == NULL)
		return (0);
	if (c->idle == 0 || c->slot != NULL || c->state == CHILD_ASKED)
		return (-1);
	c->idle = 0;
	if (child_alive(c))
		stop_late(c, REASON_IDLE);
	return (0);
}

/* It has lost input of a child, which must not take the rest for all. */
int
report_handle_cut(const struct msg *msg)
{
	const struct msg_note *m = &msg->note;
	struct child *c;

	if ((c = report_child(m->id)) == NULL)
		return (0);
	if (!(c->streams & 1) || c->slot != NULL || c->cut)
		return (-1);
	c->cut = 1;
	if (child_alive(c))
		stop_cut(c);
	return (0);
}
