/*
 * Many descriptors in one that polls readable when something is the case with
 * one of them. What is watched stays watched until it is told not to be.
 */

#ifndef COMPAT_EVSET_H
#define COMPAT_EVSET_H

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

/* The descriptor. Fatal on failure. */
int evset_open(void);

/*
 * Watch for these from here on; to 0 before fd is closed. 0, or -1: it cannot
 * be watched.
 */
int evset_set(struct watch *, int events);

/* Call fn for whatever is the case, without waiting. */
void evset_run(void);

#endif
