/*
 * The files by which a child enters its leaf, which come before the message
 * that is about it: an IMSG_LEAF each.
 */

#ifndef LEAFSET_H
#define LEAFSET_H

#include <sys/types.h>

#include <stdint.h>

#include "proto.h"

struct leafset {
	uint32_t id; /* whose they are, if there are any */
	uint32_t count; /* that have come */
	uint32_t left; /* that have to come yet */
	int lost; /* one did not arrive */
	int fds[LEAF_FILES_MAX]; /* count of them, -1 if it did not arrive */
};

/* None has come yet. */
void leafset_init(struct leafset *);

/*
 * One has come, with fd, or -1 if that did not arrive. Takes fd. 0; or -1 if
 * it cannot be the next, and fd is the caller's still.
 */
int leafset_add(struct leafset *, const struct msg_leaf *, int fd);

/* 1 or 0: have all of id come? */
int leafset_complete(const struct leafset *, uint32_t id);

/* Close all that have come: the set is empty. */
void leafset_clear(struct leafset *);

#endif
