/*
 * What broker and worker have in common: how priv starts them.
 */

#ifndef PART_H
#define PART_H

#include <sys/types.h>

#include <stdint.h>

struct part_args {
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
 * and where root starts it: uid, gid, empty folder)
 * and ignore the signals that are priv's to hear: a part ends when its
 * channels do. Exits if it was not priv that started it.
 */
void part_init(const char *who, int argc, char *argv[], struct part_args *);

/* If root has started it: give that up for good, and prove it. */
void part_drop(const struct part_args *);

#endif
