#ifndef OPENBSD_STRINGS_H
#define OPENBSD_STRINGS_H

#include <sys/types.h>

int strcasecmp(const char *, const char *);
int strncasecmp(const char *, const char *, size_t);
int ffs(int);

#endif
