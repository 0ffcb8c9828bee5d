/*
 * Files of the kernel's that say when they have changed: one descriptor for
 * all of them.
 */

#ifndef KEEPER_WATCH_H
#define KEEPER_WATCH_H

#include <sys/types.h>
#include <sys/tree.h>

/* A file; zeroed memory is one that is not watched. */
struct watch {
	RB_ENTRY(watch) entry;
	int number; /* the kernel's; 0: none */
	void (*fn)(void *);
	void *arg;
};

/*
 * To be called first: the descriptor, which is that one and polls readable; -1,
 * after a line in the log, if the user has too many: then nothing is watched.
 */
int watch_start(int at);

/*
 * Have fn called with arg whenever a file in path below dir has changed: 0, or
 * -1 with errno. One that is watched stays so. The user may have too many of
 * these, too.
 */
int watch_add(struct watch *, int dir, const char *path, const char *file,
    void (*fn)(void *), void *arg);

/* Watch it no longer; it may not be watched at all. */
void watch_end(struct watch *);

/* Some have changed, or may have: call theirs. fn may end any. */
void watch_run(void);

#endif
