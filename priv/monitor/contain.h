/*
 * Leaves of children: a control group for each child that has asked for one,
 * which the keeper has. Here is who waits for it, and for what. All that the
 * keeper says is checked.
 *
 * Of a leaf without a name and limits the next child of the same user waits for
 * nothing: when one has ended another is made ahead, and kept.
 */

#ifndef MONITOR_CONTAIN_H
#define MONITOR_CONTAIN_H

#include <sys/types.h>

#include "leafset.h"
#include "proto.h"

#include "monitor/child.h"

/* What the making of a leaf has come to. */
struct leaf_made {
	int error; /* errno; 0: it is there */
	const char *text; /* what it failed on, a limit; or "" */
	struct leafset *files; /* to enter it by, to be taken or left */
};

/* gone: called when the leaf of a child that contain_end() has ended is gone.
 */
void contain_init(void (*gone)(struct child *));

/*
 * Have a leaf made for c, which is CHILD_ASKED, as r says. made is called when
 * it was, or was not; at once, if one was kept.
 */
void contain_make(struct child *c, const struct run *r,
    void (*made)(struct child *, struct leaf_made *));

/* All that is in the leaf of c is killed. Nothing if it has none. */
void contain_kill(struct child *);

/* If it was frozen it goes on, so that it hears a signal. */
void contain_thaw(struct child *);

/*
 * Something is asked of the leaf of c, which has one, by the node: LEAF_FREEZE,
 * LEAF_THAW, LEAF_STATS, or other limits. It is answered.
 */
void contain_ask(struct child *, enum leaf_op, int64_t tid);
void contain_set(struct child *, const struct leaf_limits *, int64_t tid);

/*
 * c is dead, about to be reaped, and contain_end() about to be called: the
 * keeper begins meanwhile. Nothing if it has no leaf.
 */
void contain_hasten(struct child *);

/*
 * c is over: its leaf is emptied and removed. 1: c is CHILD_EMPTYING, and gone
 * will be called; else 0, and it has none, or the keeper is gone.
 */
int contain_end(struct child *);

/* What its leaf has used, once gone was called; NULL: nobody knows. */
const struct msg_leaf_state *contain_used(const struct child *);
/* The same for the worker, by an IMSG_LEAF_STATE into buf: its length. */
size_t contain_pack_used(const struct child *, void *buf);

/* c is forgotten: so is its leaf. */
void contain_forget(struct child *);

/*
 * Tell the worker of events that have come, as long as room() says that there
 * is some: 1 or 0. Those of one leaf become one while they wait.
 */
void contain_tell(int (*room)(void));

/* The keeper is gone: so is what was to come from it. */
void contain_lost(void);

/* Handlers of what the keeper says. */
int contain_handle_leaf(const struct msg *);
int contain_handle_done(const struct msg *);
int contain_handle_state(const struct msg *);
int contain_handle_event(const struct msg *);

#endif
