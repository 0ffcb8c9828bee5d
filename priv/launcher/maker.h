/*
 * What makes children: maker_clone.c has a process for each user, whose
 * children are priv's by CLONE_PARENT; with maker_fork.c priv makes them
 * itself. configure chooses, and MAKER_IN_PRIV in config.h says which it was.
 */

#ifndef LAUNCHER_MAKER_H
#define LAUNCHER_MAKER_H

#include <sys/types.h>

struct runas;

/* A process that makes children, as priv has it. */
struct maker {
	pid_t pid;
	int fd; /* the channel to it, which does not block */
	/*
	 * Shared memory: the pid of the child that it is making, or 0. What is
	 * there is its word.
	 */
	pid_t *in_flight;
};

/*
 * Fork one for t, while we are root: 1 and it is in m, or 0: priv is the
 * maker. Fatal on failure. What priv has open by now it closes; others are
 * those that were made before, of which it keeps nothing.
 */
int maker_start(
    struct maker *m, struct runas *t, const struct maker *others, size_t count);

#endif
