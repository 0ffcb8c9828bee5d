/*
 * What the command line lets a tree do of what its rights would let it: who
 * writes it is root, in a rule, and who speaks to it is the node.
 */

#ifndef TASK_BOUNDS_H
#define TASK_BOUNDS_H

#include <stdint.h>

#include "call.h"

struct bounds {
	int ids; /* only these can be taken and given */
	uint32_t lowest;
	uint32_t highest;
	int folder; /* and only what is in this one: within.h */
	int inside; /* its root is */
	uint64_t dev;
	uint64_t ino;
};
extern struct bounds bounds; /* the same for all tasks; a reexec hands it on */

/* "A-B": 0, or -1 if it is no range. */
int bounds_ids(const char *text);

/*
 * Would they hold? -1 where a program that root starts has all rights again: in
 * no launcher of proctor's. 0 if nothing is bounded.
 */
int bounds_hold(void);

/*
 * Is that id one that may be? (uint32_t)-1, which is none, always is. 0; -1, to
 * be returned, with what is to be answered.
 */
int bounds_id(struct call *, int64_t id);

/*
 * Around execve(2): a program of a bounded tree has no capability. The end is
 * reached if it has failed.
 */
void bounds_exec_begin(void);
void bounds_exec_end(void);

/*
 * Around a change of uids: who was root and is not has no capability, also
 * where the system does not see to that, as a launcher's securebits say.
 */
int bounds_was_root(void);
void bounds_changed(int was_root);

#endif
