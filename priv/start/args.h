/*
 * What the command line asks for.
 */

#ifndef START_ARGS_H
#define START_ARGS_H

#include <stdint.h>

struct args {
	int packet; /* 2 or 4 bytes of length */
	int port_in; /* 0, or 3 */
	int port_out; /* 1, or 4 */
	int debug; /* log level */
	int64_t alarm; /* ms */
	int64_t stdin_limit; /* bytes a child's stdin may queue */
	uint32_t linger; /* ms; of runs that say nothing of it */
	const char *cgroup; /* of a start without rights; or NULL */
	const char *user; /* or NULL */
	const char *limit_users; /* names with commas, or NULL */
};

/*
 * Fill it in; its strings are those of argv. Exits, after the usage, if the
 * command line is wrong, and for -h, --version and --whoami.
 */
void args_parse(struct args *, int argc, char *const *argv);

#endif
