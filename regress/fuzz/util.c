/* For all harnesses: a log that nobody reads. */

#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "log.h"

void
fuzz_wrong(const char *what)
{
	(void)fprintf(stderr, "wrong: %s\n", what);
	abort();
}

void
log_warn(const char *fmt, ...)
{
	(void)fmt;
}

void
log_warnx(const char *fmt, ...)
{
	(void)fmt;
}

void
log_debug(const char *fmt, ...)
{
	(void)fmt;
}

void
log_setlevel(int level)
{
	(void)level;
}
