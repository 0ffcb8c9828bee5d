/*
 * A system that has no calls of its own here.
 */

#include <errno.h>

#include "calls.h"
#include "within.h"

int
within_set(const char *path)
{
	(void)path;
	errno = ENOSYS;
	return (-1);
}

const struct call_handler call_system_handlers[] = {
	{ NULL, NULL },
};
