/*
 * Looks constants up. The tables are made of constants.txt, and by the Makefile
 * that of system calls of the system's header.
 */

#include <sys/types.h>
#include <sys/syscall.h>

#include <ctype.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "compat/realtime.h"
#include "constant.h"
#include "constants.h"

static const struct constant const_syscall[] = {
#include "syscall_names.h"
	{ 0, NULL }
};

static const struct constant_kind kinds[] = {
	CONSTANT_KINDS{ "syscall", const_syscall },
};

const struct constant_kind *
constant_kind(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].name) == len &&
		    memcmp(kinds[i].name, name, len) == 0)
			return (&kinds[i]);
	return (NULL);
}

/* The C library says these two only when it runs. */
static int
realtime(const char *name, int64_t *value)
{
	if (strcasecmp(name, "SIGRTMIN") == 0)
		*value = REALTIME_FIRST;
	else if (strcasecmp(name, "SIGRTMAX") == 0)
		*value = REALTIME_LAST;
	else
		return (-1);
	return (*value == 0 ? -1 : 0);
}

int
constant_get(const struct constant_kind *kind, const char *name, int64_t *value)
{
	const struct constant *c;

	/* System calls are named as in the manual, and as in the header. */
	if (kind->list == const_syscall && strncasecmp(name, "SYS_", 4) == 0)
		name += 4;
	for (c = kind->list; c->name != NULL; c++) {
		if (strcasecmp(c->name, name) == 0) {
			*value = c->value;
			return (0);
		}
	}
	if (strcmp(kind->name, "signal") == 0)
		return (realtime(name, value));
	return (-1);
}

const char *
constant_name(const struct constant_kind *kind, int64_t value)
{
	const struct constant *c;

	for (c = kind->list; c->name != NULL; c++)
		if (c->value == value)
			return (c->name);
	return (NULL);
}

const char *
constant_errno(int error)
{
	static char small[32];
	const char *name = constant_name(constant_kind("errno", 5), error);
	size_t i;

	if (name == NULL)
		return ("unknown");
	for (i = 0; i < sizeof(small) - 1 && name[i] != '\0'; i++)
		small[i] = (char)tolower((unsigned char)name[i]);
	small[i] = '\0';
	return (small);
}
