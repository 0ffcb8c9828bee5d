/*
 * What broker and worker have in common: how priv starts them.
 */

#ifndef PART_H
#define PART_H

#include <stdint.h>

struct part_args {
	int packet; /* 2 or 4 */
	int debug; /* log level */
	int64_t stdin_limit; /* bytes */
};

/*
 * Read the command line that priv makes (packet, debug level, stdin limit)
 * and ignore the signals that are priv's to hear: a part ends when its
 * channels do. Exits if it was not priv that started it.
 */
void part_init(const char *who, int argc, char *argv[], struct part_args *);

#endif
