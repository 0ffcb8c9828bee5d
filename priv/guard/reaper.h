/*
 * The reaper: what priv may ask it, and how it is started.
 */

#ifndef GUARD_REAPER_H
#define GUARD_REAPER_H

#include <sys/types.h>

#include <stdint.h>

#include "guard/guard.h"

#define REAPER_PIDS 512 /* of an answer */
#define REAPER_PATH 96 /* of a leaf */

enum reaper_op {
	REAPER_UID, /* the real uid of pid */
	REAPER_DESCENDANTS, /* signal those of pid, a child of priv's */
	REAPER_GROUP, /* kill the group pid, if an orphan is in it */
	REAPER_ORPHANS, /* end all of them */
	REAPER_LEAF, /* kill who is left in a leaf, path */
	REAPER_CHILDREN /* list those of priv, but the first pid of them */
};

struct reaper_request {
	int32_t op;
	int32_t pid;
	int32_t sig;
	uint32_t seq;
	char path[REAPER_PATH]; /* with its NUL, below the instance's group */
};

struct reaper_answer {
	uint32_t seq; /* the request's */
	int32_t found; /* how many; 0 or 1 where one is asked for */
	uint32_t uid;
	int32_t pids[REAPER_PIDS];
};

/*
 * Fork: this returns in the child, which is priv, with what that has of guard
 * and reaper; the caller's process becomes the reaper.
 */
void reaper_start(pid_t guard, struct guard_link *);

#endif
