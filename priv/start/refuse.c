/*
 * The end of a start that is not to be: see refuse.h.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/trail.h"
#include "compat/proc.h"
#include "log.h"
#include "monitor/audit.h"
#include "start/refuse.h"

void
refuse_told(
    const struct starter_env *s, int status, const char *user, const char *why)
{
	if (proc_privileged())
		audit_no_start(s, user, why);
	exit(status);
}

void
refuse(const struct starter_env *s, int status, const char *fmt, ...)
{
	char why[TRAIL_WHY_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	log_warnx("%s", why);
	refuse_told(s, status, NULL, why);
}
