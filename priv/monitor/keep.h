/*
 * Leaves as priv knows them: by number, which is how it and the keeper name
 * them, and what the keeper still owes of each. One that does not answer is
 * killed, and its end is that of priv.
 */

#ifndef MONITOR_KEEP_H
#define MONITOR_KEEP_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/tree.h>

#include <stdint.h>

#include "timer.h"
#include "leafset.h"
#include "proto.h"

struct child;
struct leaf_made;
struct runas;

/* Something that was asked of a leaf, and not answered. */
struct ask {
	STAILQ_ENTRY(ask) entry;
	enum leaf_op op;
	int64_t tid;
};

enum leaf_state { LEAF_MAKING, LEAF_THERE, LEAF_ENDING, LEAF_GONE };

struct leaf {
	/* The table's own. */
	RB_ENTRY(leaf) entry;
	uint32_t number;
	struct runas *target; /* in whose group it is */
	enum leaf_state state;
	struct timer patience; /* while anything is to come */
	unsigned int answers; /* of the keeper's when that began */
	int again;

	/* contain.c's. */
	TAILQ_ENTRY(leaf) news; /* while it is untold */
	struct child *child; /* NULL: nobody's yet, or any more */
	void (*made)(struct child *, struct leaf_made *);
	struct leafset files; /* until they are handed on */
	STAILQ_HEAD(, ask) asks;
	unsigned int plain : 1; /* as any other that has no name and no limit */
	unsigned int frozen : 1;
	unsigned int untold : 1;
	unsigned int known : 1; /* used is what it has used */
	unsigned int kills; /* asked for, which may be the reaper's to do */
	unsigned int deaf; /* times that it was at the end of it */
	struct msg_leaf_event event;
	struct msg_leaf_state used;
};

/* pid is the keeper, and keeper_channel the way to it. */
void keep_init(pid_t pid);

/*
 * One that the keeper is asked to make, LEAF_MAKING, for that user. name: "" or
 * its own. The table's until keep_free(). Fatal without memory.
 */
struct leaf *
keep_new(struct runas *, const struct leaf_limits *, const char *name);
/* Out of the table. It is in no list, and its files are closed. */
void keep_free(struct leaf *);

/* NULL: there is none. */
struct leaf *keep_find(uint32_t number);
/* Any; NULL: there is none. */
struct leaf *keep_any(void);

/* To the keeper: an IMSG_LEAF_ASK; an IMSG_LEAF_SET. */
void keep_ask(const struct leaf *, enum leaf_op);
void keep_set(const struct leaf *, const struct leaf_limits *);
/* LEAF_END: it is LEAF_ENDING, for as long as that may take. */
void keep_end(struct leaf *);

/* One more answer is to come; it has come; it does not, as it was dropped. */
void keep_expect(struct leaf *);
void keep_heard(struct leaf *);
void keep_drop(void);
/* What nobody has asked for has come: it is LEAF_GONE; it is in the making. */
void keep_gone(struct leaf *);
void keep_moves(void);

/* 1 or 0: is nothing to be asked for until some of that was answered? */
int keep_busy(void);

#endif
