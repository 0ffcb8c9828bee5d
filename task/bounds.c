/*
 * What a tree is kept to: see bounds.h.
 */

#include <sys/types.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bounds.h"
#include "compat/privs.h"
#include "log.h"

struct bounds bounds;

static int
are_set(void)
{
	return (bounds.ids || bounds.folder);
}

static uint64_t passed, inherited; /* while a program has none of them */

int
bounds_ids(const char *text)
{
	const char *dash = strchr(text, '-'), *why;
	char low[16];
	long long a, b;

	if (dash == NULL || (size_t)(dash - text) >= sizeof(low))
		return (-1);
	memcpy(low, text, (size_t)(dash - text));
	low[dash - text] = '\0';
	a = strtonum(low, 0, UINT32_MAX - 1, &why);
	if (why != NULL)
		return (-1);
	b = strtonum(dash + 1, a, UINT32_MAX - 1, &why);
	if (why != NULL)
		return (-1);
	bounds.ids = 1;
	bounds.lowest = (uint32_t)a;
	bounds.highest = (uint32_t)b;
	return (0);
}

int
bounds_hold(void)
{
	if (!are_set() || geteuid() != 0 || privs_plain_root())
		return (0);
	return (-1);
}

int
bounds_id(struct call *c, int64_t id)
{
	if (!bounds.ids || id == UINT32_MAX ||
	    (id >= bounds.lowest && id <= bounds.highest))
		return (0);
	return (call_failed(c, "policy", EPERM, c->row->name));
}

void
bounds_exec_begin(void)
{
	if (!are_set())
		return;
	passed = privs_passed();
	if (privs_inherit(0, &inherited) == -1)
		fatal("capabilities of programs");
}

void
bounds_exec_end(void)
{
	if (are_set() &&
	    (privs_inherit(inherited, NULL) == -1 || privs_pass(passed) == -1))
		fatal("capabilities of programs");
}

int
bounds_was_root(void)
{
	uid_t real, effective, saved;

	return (getresuid(&real, &effective, &saved) == 0 &&
		(real == 0 || effective == 0 || saved == 0));
}

void
bounds_changed(int was_root)
{
	if (was_root && !bounds_was_root() && privs_clear() == -1)
		fatal("capabilities of root");
}
