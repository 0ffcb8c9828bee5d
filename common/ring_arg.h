/*
 * What broker and worker have in common: how priv starts them.
 */

#ifndef RING_ARG_H
#define RING_ARG_H

#include <sys/types.h>

#include <stdint.h>

struct ring_args {
	int packet; /* 2 or 4 */
	int debug; /* log level */
	int64_t stdin_limit; /* bytes */
	int drop; /* started as root, to become uid and gid in dir */
	uid_t uid;
	gid_t gid;
	const char *dir; /* "" for no change of root */
};

/*
 * Read the command line that priv makes (packet, debug level, stdin limit,
 * and where root starts it: uid, gid, empty directory)
 * and ignore the signals that are priv's to hear: a ring process ends when its
 * channels do. Exits if it was not priv that started it.
 */
void ring_join(const char *who, int argc, char *argv[], struct ring_args *);

/* If root has started it: give that up for good, and prove it. */
void ring_drop(const struct ring_args *);

#endif
