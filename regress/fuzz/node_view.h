#ifndef NODE_VIEW_H
#define NODE_VIEW_H

#include <stddef.h>
#include <stdint.h>

/*
 * What a node makes of what the worker writes. Bytes of a stream are counted:
 * each is one more than the one before, from 0.
 */

#define KIDS 12 /* children of one input, by their number from 1 */
#define TID_FIRST 1000 /* of the run of the first */

struct kid {
	int known; /* priv has told the worker of it */
	int32_t pid;
	int tty;
	int counted; /* what it writes is: no terminal */
	int told; /* the node knows it */
	int over; /* and its exit */
	int exiting; /* its exit is on its way to the worker */
	int ends[3]; /* the child's, or -1 */
	uint64_t wrote[2]; /* bytes, of stdout and stderr */
	uint64_t owed[2]; /* of those, before its exit was told of */
	uint64_t got[2]; /* by the node */
};
extern struct kid kids[KIDS + 1];

/* A node that has read nothing, of frames with such a length. */
void node_begin(int prefix);
/* It reads so many bytes; how many there were. */
size_t node_reads(int fd, size_t);

#endif
