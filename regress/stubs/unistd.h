/*
 * What OpenBSD's unistd.h has besides: so that sandbox_openbsd.c can be
 * compiled where it cannot run.
 */

#ifndef STUBS_UNISTD_H
#define STUBS_UNISTD_H

#include_next <unistd.h>

int pledge(const char *, const char *);
int unveil(const char *, const char *);

#endif
