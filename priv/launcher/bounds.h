/*
 * How much a child may have, as its run says. All but the first are for the
 * child, which may share its launcher's memory: they allocate nothing.
 */

#ifndef LAUNCHER_BOUNDS_H
#define LAUNCHER_BOUNDS_H

#include <stdint.h>

#include "limitname.h"

struct run;

/* What was not possible, beside the limits by their numbers. */
enum bound {
	BOUND_SCORE = LIMITS,
	BOUND_CPUS,
	BOUND_IO,
	BOUND_NO_NEW_PRIVS,
	BOUNDS
};

/* As the option is called. */
const char *bound_name(uint32_t);

/*
 * In the maker, before it makes the child and after that: what has its score
 * by birth. fd: of the maker's own, or -1, and then nothing is done. 0 or -1.
 */
int bounds_lend_score(int fd, const struct run *, int *before);
void bounds_own_score(int fd, const struct run *, int before);

/*
 * In the child, whose maker had no such descriptor: it has its own. plain: see
 * bounds_score_open(). 0 or -1 with errno.
 */
int bounds_child_score(const struct run *, int plain);

/*
 * All the others, once it is nobody else any more: so no limit goes up that
 * its user could not raise. 0; or -1 with errno, and what that is about.
 */
int bounds_child(const struct run *, uint32_t *what);

/*
 * How many descriptors it may have, when it has those that it needs for
 * itself: what bounds_child() let pass cannot fail here. 0 or -1.
 */
int bounds_child_descriptors(const struct run *);

#endif
