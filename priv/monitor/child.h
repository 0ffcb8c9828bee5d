/*
 * The table of children: by number, which is how our own processes name
 * them, and by pid, which is how the node does. It keeps, and decides
 * nothing. A pid is in the table from birth until the process was reaped, so
 * a signal sent to it meets that child and nobody else.
 */

#ifndef MONITOR_CHILD_H
#define MONITOR_CHILD_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/tree.h>

#include <stdint.h>

#include "proto.h"
#include "timer.h"

struct leaf;
struct rule;
struct slot;
struct runas;

/* What it is, for all of its life. */
enum child_kind {
	CHILD_RUN, /* the node has asked for it */
	CHILD_KILLER, /* a kill command; the node is not told of it */
	CHILD_FOREIGN, /* no child of ours: only managed */
	CHILD_FAILED, /* what a failed launch has left, until it is reaped */
	CHILD_HELD, /* dead, and over: a tracer keeps it from being reaped */
	CHILD_RING, /* broker, worker or a launcher */
	CHILD_KINDS
};

/*
 * How far it is. CHILD_RUN goes through all of them, CHILD_KILLER through the
 * first two and the last; the others begin with CHILD_RUNNING. One that did not
 * come to run may have a leaf all the same. What is over is freed.
 */
enum child_state {
	CHILD_ASKED, /* no pid yet: its launcher makes it */
	CHILD_RUNNING, /* it has a pid, and was not seen dead */
	CHILD_LINGERING, /* dead, and not reaped: others have its output */
	CHILD_LEFT, /* reaped: the rest of its group is waited for */
	CHILD_EMPTYING /* over: what is in its leaf is waited for */
};

struct child {
	/* The table's own. */
	RB_ENTRY(child) by_id;
	RB_ENTRY(child) by_pid; /* CHILD_LEFT: in the tree of left.c */
	RB_ENTRY(child) by_group; /* if it has joined one: group.c */
	uint32_t id;
	pid_t pid; /* 0: CHILD_ASKED */
	enum child_kind kind;
	enum child_state state;

	/* What was asked for. */
	uint32_t run_flags; /* RUN_... */
	int64_t kill_timeout; /* ms */
	int64_t timeout; /* ms; 0: none */
	int64_t cpu_time; /* us of a processor; 0: as many as it likes */
	uint64_t idle; /* ms that it may be silent; 0: for ever */
	uint32_t linger; /* ms that others may have its output */
	int success; /* status to report for 0 */
	int stop_signal; /* asks it to end */
	int nice; /* RUN_NICE */
	pid_t group; /* joined; 0 if it leads its own */
	char *audit; /* for the system's log: audit.c; or NULL; owned */
	char *kill; /* the command that stops it, or NULL; owned */
	struct rule *kill_rule; /* that permits it */
	struct rule *rule; /* that permits the child, or NULL */
	int place; /* among the children of that rule, or -1 */
	struct runas *runas; /* whose launcher makes it, or NULL */
	uint32_t victim; /* CHILD_KILLER: the id of whom it is to stop */
	const char *name; /* CHILD_RING: for the log */

	/*
	 * What its making has come to: called once, when it runs, or with
	 * l->stage set when it does not and is about to be freed. Of fds it
	 * takes those that it wants and sets them to -1. NULL: nothing.
	 */
	void (*started)(struct child *, const struct launched *l, int fds[3]);
	/* It was reaped, with that status of wait(2). NULL: nothing. */
	void (*ended)(struct child *, int status);

	/* Of the part that has it at the time. */
	struct slot *slot; /* its answer's place, until that has left */
	size_t asked; /* CHILD_ASKED: bytes of its launch */
	void *launch; /* that, while its leaf is made; owned */
	struct leaf *leaf; /* of contain.c; or NULL */
	TAILQ_ENTRY(child) queue; /* CHILD_ASKED: launch.c, then watch.c */
	int watch; /* from pidset_add(), or -1 */
	int unwatched; /* it is in the list of watch.c */
	uint32_t streams; /* 1 << n for each that the worker has */
	struct timer deadline; /* of its stop */
	struct timer limit; /* of its timeout */
	struct timer lingering; /* CHILD_LINGERING; or dead and not reaped */

	/* Why and how it ends. */
	enum reason reason; /* why it was asked to */
	int status; /* of wait(2), once it was reaped */
	int64_t usage[USAGES]; /* then, too */
	unsigned int killed : 1; /* it did not end in time */
	unsigned int silent : 1; /* no end of it is told */
	unsigned int refused : 1; /* by the worker; nobody is told of it */
	unsigned int drained : 1; /* nobody has its output open any more */
	unsigned int cut : 1; /* some of its stdin was lost */
	unsigned int dead : 1; /* it was seen to be, and not reaped */
	unsigned int overstayed : 1; /* others had its output to the last */
	unsigned int paused : 1; /* so is the group that it leads, by SIGSTOP */
	unsigned int expired : 1; /* CHILD_LEFT: its group has no time left */
};

/*
 * A child of that kind, in the table by its new number, with the values that
 * nothing was said of. The table's until child_free().
 */
struct child *child_new(enum child_kind);

/*
 * A child for a run: what r says is copied. t: whose launcher makes it; rule:
 * that permits it, or NULL.
 */
struct child *child_new_run(
    enum child_kind, const struct run *r, struct runas *t, struct rule *rule);

/* A process of the ring, pid: name and ended as in struct child. */
struct child *child_new_ring(
    const char *name, pid_t pid, void (*ended)(struct child *, int status));

/* It is pid from now on: CHILD_RUNNING, and found by that. */
void child_set_pid(struct child *, pid_t);
/* It was reaped: its pid is nobody's, or somebody else's. */
void child_clear_pid(struct child *);

/* Out of the table, with all that it owns; exit_settle() alone calls it. */
void child_free(struct child *);

/* NULL: there is none. */
struct child *child_by_id(uint32_t);
struct child *child_by_pid(pid_t);
/* The same by the pid that the node has named. NULL: none that it knows. */
struct child *child_named(int32_t pid);

/* The number of the child that came last. */
uint32_t child_last(void);

/* 1 or 0: does it exist as a process that has its pid still? */
int child_alive(const struct child *);
/* 1 or 0: does the node know of it? */
int child_public(const struct child *);

/* How many there are, but for processes of the ring and those held. */
int child_count(void);
/*
 * 1 or 0: is nobody among them but processes that are only managed, and what
 * failed launches have left, which may be held by others?
 */
int child_idle(void);
/* 1 or 0: is there no room for one more? */
int child_table_full(void);

/*
 * Of the processes of the ring, or of the others, the one with the least
 * number above that; NULL behind the last.
 */
struct child *child_next(int ring, uint32_t after);
/* Call fn for each of the others; fn may free any. */
void child_each(void (*fn)(struct child *));

/*
 * The pids that the node knows, in their order: how many, in a list to be
 * freed by the caller. Fatal if there is no memory.
 */
uint32_t child_pids(int32_t **list);

#endif
