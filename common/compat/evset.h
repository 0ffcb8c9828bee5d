/*
 * Many descriptors that are waited for together. What is watched stays watched
 * until it is told not to be.
 */

#ifndef COMPAT_EVSET_H
#define COMPAT_EVSET_H

#include <signal.h>

#define EVSET_IN 1
#define EVSET_OUT 2
#define EVSET_END 4 /* the other side is gone, or it failed */

/*
 * What is watched, and who is told. It is to live until the end of the turn in
 * which it was set to nothing.
 */
struct watch {
	int fd;
	int events; /* what is watched for; 0 is nothing, not even an end */
	void (*fn)(void *arg, int events);
	void *arg;
};

/* Fatal on failure. */
void evset_open(void);

/*
 * Watch for these from here on; to 0, which does not fail, before fd is closed.
 * 0, or -1 with errno: it cannot be watched, or for nothing else than before.
 */
int evset_set(struct watch *, int events);

/*
 * Call fn for whatever is the case; if nothing is wait ms for that, -1 without
 * end, or for a signal that is not in mask. 1: something was, 0: nothing.
 */
int evset_run(int ms, const sigset_t *mask);

#endif
