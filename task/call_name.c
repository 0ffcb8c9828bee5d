/*
 * Calls that only tell what something is called, or looks like.
 */

#include <errno.h>
#include <string.h>

#include "calls.h"
#include "constant.h"
#include "value.h"

/* unknown: this system has no such constant. A kind that is none is wrong. */
static int
do_constant(struct call *c)
{
	const struct constant_kind *kind;
	struct etf e = c->a[0].term;
	char name[ETF_ATOM_MAX];
	int64_t n;

	if (etf_get_atom(&e, name, sizeof(name)) == -1 ||
	    (kind = constant_kind(name, strlen(name))) == NULL)
		return (call_wrong(c, 1, EINVAL));
	e = c->a[1].term;
	if (etf_get_atom(&e, name, sizeof(name)) == -1)
		return (call_wrong(c, 2, EINVAL));
	if (constant_get(kind, name, &n) == -1)
		etf_put_atom(c->out, "unknown");
	else
		etf_put_int(c->out, n);
	return (0);
}

static int
do_errno_id(struct call *c)
{
	etf_put_atom(c->out, constant_errno((int)c->a[0].number));
	return (0);
}

static int
do_iolist_to_bin(struct call *c)
{
	etf_put_binary(c->out, c->a[0].bytes, c->a[0].len);
	return (0);
}

/* What a cstruct is in memory, and what comes back of it. */
static int
do_alloc(struct call *c)
{
	return (value_memory(c, &c->a[0]));
}

const struct call_handler call_name_handlers[] = {
	{ "constant", do_constant },
	{ "errno_id", do_errno_id },
	{ "iolist_to_bin", do_iolist_to_bin },
	{ "alloc", do_alloc },
	{ NULL, NULL },
};
