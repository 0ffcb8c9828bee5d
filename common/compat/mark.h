/*
 * A number that a process has, and that all have whom it makes, whatever they
 * execute and whoever adopts them; until one of them takes another one. It is
 * nothing that holds against a process that does not want it.
 */

#ifndef COMPAT_MARK_H
#define COMPAT_MARK_H

#include <sys/types.h>

#include <stdint.h>

/* Take one. 0, or -1: this system has none, or a limit is in the way. */
int mark_set(uint32_t);

/* That of another one, which may have none: 0, or -1. */
int mark_of(pid_t, uint32_t *);

#endif
