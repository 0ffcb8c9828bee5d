/*
 * What the systems do differently about how much one process may use, and of
 * what. bounds_linux.c and bounds_none.c implement it; configure chooses. All
 * of it is for the calling process itself, and allocates nothing. What a
 * system has not fails with ENOSYS.
 */

#ifndef COMPAT_BOUNDS_H
#define COMPAT_BOUNDS_H

#include <stdint.h>

#include "limitname.h"

/* What setrlimit(2) calls each of them here; -1: there is no such thing. */
extern const int bounds_resource[LIMITS];

/*
 * A descriptor of this process's score, by which it is killed sooner or later
 * than others when memory is short; -1 with errno. Whom nobody may look into
 * (proc_undumpable) may not have it either, unless it is root: with plain,
 * for who has no right that its user has not, it may be looked into meanwhile.
 */
int bounds_score_open(int plain);

/* The score that such a descriptor, or another process's, says. 0 or -1. */
int bounds_score_get(int fd, int *score);

/* Set the score; before, unless it is NULL, is what it was. 0 or -1. */
int bounds_score(int fd, int score, int *before);

/*
 * Run on these processors of 1024 only, 1 << n % 64 of cpus[n / 64] for each.
 * 0, or -1: EINVAL if one of them is not there, or not for this process.
 */
int bounds_cpus(const uint64_t cpus[16]);

/* Its turn at disks: a class, 1 to 3, and a level in it, 0 to 7. 0 or -1. */
int bounds_io(unsigned int class, unsigned int level);

/* No exec gives it more rights from now on. 0 or -1. */
int bounds_no_new_privs(void);

#endif
