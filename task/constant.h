/*
 * The names that the system's headers have for numbers, by kind. Kinds and
 * names are in constants.txt; what is in no header of this system is not here.
 */

#ifndef TASK_CONSTANT_H
#define TASK_CONSTANT_H

#include <stddef.h>
#include <stdint.h>

struct constant {
	int64_t value;
	const char *name; /* as in the header */
};

struct constant_kind {
	const char *name;
	const struct constant *list; /* ends with a name that is NULL */
};

/* NULL: there is no such kind. len: without the NUL. */
const struct constant_kind *constant_kind(const char *name, size_t len);

/* A name in any case. 0, or -1: this system has no such number. */
int constant_get(const struct constant_kind *, const char *name, int64_t *);

/* The first name of a number, as in the header; NULL if it has none. */
const char *constant_name(const struct constant_kind *, int64_t value);

/* An errno as an atom is written, until the next is asked for; or "unknown". */
const char *constant_errno(int error);

#endif
