/*
 * Linger: a child has ended, and others have its output open still, as those
 * that a shell leaves behind for `> >(tee LOG)`. For a time of its own it is
 * not reaped then. It stays in the table, its pid and the number of its group
 * are nobody else's, and no end of it is told; so the worker goes on reading.
 *
 * That is over when the worker says that all its output has come to its end,
 * when the time is over, or when somebody wants to be rid of it. It is reaped
 * as if it had ended only then: the others of its group are signalled, what is
 * left in its pipes is read, and its exit is told.
 */

#include "log.h"
#include "priv.h"

/* No end of it is to be waited for. */
#define CHILD_NO_LINGER (CHILD_DRAINED | CHILD_KILLED | CHILD_LOST)

static uint32_t default_ms;

void
linger_init(uint32_t ms)
{
	default_ms = ms;
}

/*
 * How long r lingers. Of a terminal nothing is waited for: it has no end of
 * file before the worker lets go of it, and is hung up with its session.
 */
uint32_t
linger_of(const struct run *r)
{
	if (r->flags & RUN_PTY ||
	    (r->io[1].kind != IO_PIPE && r->io[2].kind != IO_PIPE))
		return (0);
	return (r->flags & RUN_LINGER ? r->linger : default_ms);
}

/* It is over. */
static void
linger_end(void *arg)
{
	struct child *c = arg;

	timer_clear(&c->lingering);
	c->flags &= ~(uint32_t)CHILD_LINGERS;
	/* Those that hold it may be gone before the worker looks. */
	if (!(c->flags & CHILD_DRAINED))
		c->flags |= CHILD_OVERSTAYED;
	c->linger = 0;
	reap_child(c);
}

/*
 * c may have ended. 1 if it lingers: reap_child() is called again. Its watch
 * would tell of its end all the time, so it has none meanwhile.
 */
int
linger_begin(struct child *c)
{
	if (c->flags & CHILD_LINGERS)
		return (1);
	if (c->linger == 0 || c->flags & CHILD_NO_LINGER ||
	    c->reason != REASON_NORMAL || stop_state() == STATE_STOP ||
	    !reap_is_dead(c->pid))
		return (0);
	log_debug("pid %d lingers", (int)c->pid);
	reap_forget(c);
	c->flags |= CHILD_LINGERS;
	timer_set(&c->lingering, c->linger, linger_end, c);
	return (1);
}

/* As soon as whoever wants this has been answered. */
void
linger_cut(struct child *c)
{
	if (c->flags & CHILD_LINGERS)
		timer_set(&c->lingering, 0, linger_end, c);
}

/* The worker has read all that anybody will ever write for a child. */
int
linger_drained(void *arg, const void *data, size_t len, int fd)
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
	if (!(c->run_flags & RUN_LINGER) || !(c->flags & CHILD_TOLD) ||
	    c->flags & CHILD_DRAINED)
		return (-1);
	c->flags |= CHILD_DRAINED;
	if (c->flags & CHILD_LINGERS)
		linger_end(c);
	return (0);
}
