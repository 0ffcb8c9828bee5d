/*
 * The log in a buffer, for tests of what has common/log.c beneath it.
 */

#ifndef LOG_UTIL_H
#define LOG_UTIL_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"

static char logged[4096];
static int log_lines;

static inline void
log_add(const char *, va_list) __attribute__((__format__(printf, 1, 0)));

static inline void
log_add(const char *fmt, va_list ap)
{
	size_t used = strlen(logged);

	log_lines++;
	(void)vsnprintf(logged + used, sizeof(logged) - used, fmt, ap);
	(void)strlcat(logged, "\n", sizeof(logged));
}

static inline void
log_clear(void)
{
	logged[0] = '\0';
	log_lines = 0;
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_add(fmt, ap);
	va_end(ap);
}

void
log_warnx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_add(fmt, ap);
	va_end(ap);
}

#endif
