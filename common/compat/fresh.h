/*
 * Attributes of a process that pass through fork and exec, and that a user
 * can set for himself: on Linux there are many of them.
 */

#ifndef COMPAT_FRESH_H
#define COMPAT_FRESH_H

#include <sys/types.h>
#include <sys/resource.h>

/*
 * Undo, for this process and those that it makes, whatever a user may have
 * set: root, before it drops. 0, or -1 with errno and what it was.
 */
int fresh_reset(const char **what);

/* What is set and cannot be undone, or NULL. */
const char *fresh_odd(void);

/* What would kill a program for nothing that it does: undone. */
void fresh_harmless(void);

/*
 * The limits of the first process, which root or the system has set; none
 * where they cannot be read. For each of RLIM_NLIMITS.
 */
void fresh_limits(struct rlimit *);

#endif
