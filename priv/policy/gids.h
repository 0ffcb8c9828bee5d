/*
 * Groups by their ids, as a set: in no order, and none of them twice.
 */

#ifndef POLICY_GIDS_H
#define POLICY_GIDS_H

#include <sys/types.h>

struct gids {
	gid_t *list; /* not const: of who has made it */
	int n;
};

/* Is that one of them? */
int gids_has(const struct gids *, gid_t);

/* Are they the same? */
int gids_equal(const struct gids *, const struct gids *);

#endif
