/*
 * Numbers of proctor.conf(5) that can be large.
 */

#ifndef POLICY_SIZE_H
#define POLICY_SIZE_H

#include <stdint.h>

/*
 * Read digits, and perhaps a K, M, G or T behind them, each 1024 times the one
 * before: *n, from min to max. NULL, or what is wrong with it, as strtonum(3)
 * says that; *n is as it was then.
 */
const char *size_read(const char *, uint64_t min, uint64_t max, uint64_t *n);

#endif
