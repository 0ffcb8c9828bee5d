/*
 * A system that has no calls of its own here.
 */

#include "calls.h"

const struct call_handler call_system_handlers[] = {
	{ NULL, NULL },
};
