/*
 * The table of tasks: who is whose child, what was asked of it and not
 * answered, and what a program's streams are doing. The tree is in the kernel;
 * this is what the switch knows of it.
 */

#ifndef TASK_TABLE_H
#define TASK_TABLE_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/tree.h>

#include <stdint.h>

#include "channel.h"
#include "compat/evset.h"
#include "timer.h"

#include "task/message.h"
#include "task/wire.h"

/*
 * A watch that is off while the node does not take what is there, or the system
 * has no memory for it.
 */
struct source {
	struct watch watch;
	int held; /* the events that it is to have again, or 0 */
	TAILQ_ENTRY(source) next;
};

/* Something that the node has asked a task for. */
struct asked {
	TAILQ_ENTRY(asked) next;
	struct task *task;
	uint32_t seq;
	uint32_t type; /* TASK_CALL or TASK_BATCH */
	uint16_t number; /* of the call, or of a batch's first one */
	struct timer deadline;
	uint8_t *data; /* what is to be sent; NULL if it was */
	size_t len;
};

struct stream {
	struct source source; /* fd -1: there is none, or no more */
	struct task *task;
	int number;
	int tty;
	/* of output */
	size_t window, credit; /* what the node takes, and takes now */
	ssize_t left; /* to be read behind the end; -1: until its end */
	int bulk; /* it brings much */
	int large; /* and its pipe was made larger for that */
	/* of input */
	uint8_t *buf;
	size_t off, end;
	int closing;
};

/* Where a task is, a bit each. */
enum task_state {
	TASK_NEW = 1, /* was told of, and has said nothing yet */
	TASK_READY = 2,
	TASK_LEAVING = 4, /* about to become a program */
	TASK_AGAIN = 8, /* about to become itself again */
	TASK_PROGRAM = 16
};

struct stopping {
	TAILQ_ENTRY(stopping) next;
	uint32_t seq;
};

TAILQ_HEAD(task_list, task);
TAILQ_HEAD(asked_list, asked);
TAILQ_HEAD(stopping_list, stopping);

struct task {
	uint32_t number;
	char name[24]; /* for the log */
	struct task *parent; /* NULL: the root */
	struct task_list children;
	TAILQ_ENTRY(task) sibling;
	RB_ENTRY(task) by_number, by_pid;
	TAILQ_ENTRY(task) gone;

	enum task_state state;
	int32_t inner; /* its pid as its parent sees it */
	int32_t own; /* and as it sees it itself */
	pid_t pid; /* as we see it; 0 unknown, or reaped by us */
	pid_t told_pid;
	int depth;

	struct channel channel;
	struct source channel_source;
	struct watch pidfd; /* fd -1: it has none yet */
	struct task *newborn; /* the child whose pidfd is to come */
	int lost; /* why we cannot have what it made, or 0 */
	int lied;

	struct asked_list asked; /* the first is what it does now */
	size_t waiting; /* bytes of the others */
	uint32_t exec_seq;
	int exec_results;
	uint8_t *exec_reply;
	size_t exec_len;
	struct task_signal *early; /* caught before the node knows of it */
	size_t early_count;

	int next_fds[3]; /* of the program that it is about to become */
	unsigned int next_ttys;
	struct stream stream[3];
	unsigned int streams;

	uint32_t maxchild, maxdepth;
	int signaloneof;
	int64_t kill_timeout, linger;
	uint32_t window; /* of its next program's output */

	int dead; /* it has ended, and its children are on their way */
	int known; /* how */
	int born; /* the node knows of it */
	int told; /* and of its end */
	int tries; /* to know it */
	int status; /* as of wait(2) */
	uint64_t utime, stime, maxrss;
	int cause; /* 0: itself */
	int ending; /* it is to end when nobody is left below it */
	int first; /* of a PID namespace */
	int strays; /* some of what it has left lives, as seen last */
	int looked; /* and was looked for behind its end */
	uint32_t
	    *heirs; /* those that have ended, and what they have left not */
	size_t nheirs;
	struct timer timer; /* for what is to be known of its end */
	struct timer stopping;
	struct timer lingering;
	struct stopping_list stops;
};

/* What the command line says of the root task; set before it is there. */
struct table_start {
	uint32_t maxchild;
	int64_t kill_timeout; /* ms */
};
extern struct table_start table_start;

extern struct task *table_root; /* NULL: there is none, or no more */
extern unsigned int table_count;

/*
 * A new one below parent, which has its options from there, in state TASK_NEW,
 * and without channel or pidfd. Fatal without memory.
 */
struct task *table_add(struct task *parent, int32_t inner);

struct task *table_by_number(uint32_t);
struct task *table_by_pid(pid_t); /* of those that we have not reaped */
void table_set_pid(struct task *, pid_t);
/* A child of parent's that is not known to be reaped. */
struct task *table_child(const struct task *parent, int32_t inner);
unsigned int table_children(const struct task *);

/*
 * The next one of the subtree of top, which is the first: all of it, those
 * above before those below. NULL: that was the last.
 */
struct task *table_next(const struct task *top, struct task *);

/* In the order of numbers. */
struct task *table_first(void);
struct task *table_after(struct task *);

/* Out of the table; its memory stays until table_sweep(). */
void table_remove(struct task *);
void table_sweep(void);

#endif
