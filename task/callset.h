/* Sets of calls: those that are denied. */

#ifndef TASK_CALLSET_H
#define TASK_CALLSET_H

#include <stdint.h>

#include "call.h"

struct call_set {
	uint64_t denied[CALLS_MAX / 64];
};

int set_denies(const struct call_set *, unsigned int number);
void set_deny(struct call_set *, unsigned int number);
/* Deny what the other one denies, too. */
void set_narrow(struct call_set *, const struct call_set *);
/* Deny what was not, and nothing else. */
void set_invert(struct call_set *);

/*
 * Deny all but the calls that are named, with commas between them; @NAME is a
 * profile. 0, or -1 if one is unknown.
 */
int set_only(struct call_set *, const char *names);

#endif
