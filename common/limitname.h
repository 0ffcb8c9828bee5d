/*
 * Resources of setrlimit(2) by their names, on every system the same: what one
 * of them has not is refused where it is to be set (compat/bounds.h).
 */

#ifndef LIMITNAME_H
#define LIMITNAME_H

enum limit {
	LIMIT_AS,
	LIMIT_CORE,
	LIMIT_CPU,
	LIMIT_DATA,
	LIMIT_FSIZE,
	LIMIT_LOCKS,
	LIMIT_MEMLOCK,
	LIMIT_MSGQUEUE,
	LIMIT_NICE,
	LIMIT_NOFILE,
	LIMIT_NPROC,
	LIMIT_RSS,
	LIMIT_RTPRIO,
	LIMIT_RTTIME,
	LIMIT_SIGPENDING,
	LIMIT_STACK,
	LIMITS
};

/* "nofile" for LIMIT_NOFILE, and so on. */
extern const char *const limitname[LIMITS];

/* Which one is called so; -1: none. */
int limitname_number(const char *);

#endif
