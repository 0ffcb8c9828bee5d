/*
 * Limits of leaves as words for who reads a rule.
 */

#ifndef CHECK_LIMIT_H
#define CHECK_LIMIT_H

#include <stddef.h>

struct leaf_limits;

#define LIMITS_TEXT_MAX 8192

/*
 * Write all that there are, by the names that the node has for them, into buf,
 * which is large enough with LIMITS_TEXT_MAX bytes.
 */
void limit_write(char *buf, size_t size, const struct leaf_limits *);

#endif
