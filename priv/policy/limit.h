/*
 * Limits of leaves as words of a rule.
 */

#ifndef POLICY_LIMIT_H
#define POLICY_LIMIT_H

#include <stddef.h>

struct leaf_limits;

#define LIMIT_WHY_MAX 128 /* bytes of what is wrong */

/* Which limit has that word, as in "memory 512M"; -1: none. */
int limit_find(const char *);

/*
 * Read what stands behind that of a limit: 0, or -1 and why, in LIMIT_WHY_MAX
 * bytes; then l is as it was.
 */
int limit_read(struct leaf_limits *l, int which, const char *word, char *why);

/*
 * The same for each of the words in braces behind "io", and at the end of
 * them.
 */
int limit_read_io(struct leaf_limits *l, const char *word, char *why);
int limit_end_io(const struct leaf_limits *l, char *why);

#endif
