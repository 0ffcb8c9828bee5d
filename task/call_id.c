/*
 * Calls about who a task is.
 */

#include <sys/types.h>

#include <errno.h>
#include <grp.h>
#include <unistd.h>

#include "bounds.h"
#include "calls.h"
#include "compat/proc.h"
#include "value.h"

static int
put_three(struct call *c, int result, const uint32_t ids[3])
{
	int i;

	if (result == -1)
		return (-1);
	etf_put_tuple(c->out, 3);
	for (i = 0; i < 3; i++)
		etf_put_int(c->out, ids[i]);
	return (0);
}

/* No id is -1; what a filter says instead of EPERM might be one. */
static int
put_id(struct call *c, uint32_t id)
{
	if (id == UINT32_MAX)
		return (value_always(c, -EPERM));
	return (value_number(c, id));
}

static int
do_getuid(struct call *c)
{
	return (put_id(c, getuid()));
}

static int
do_getgid(struct call *c)
{
	return (put_id(c, getgid()));
}

static int
do_getresuid(struct call *c)
{
	uid_t id[3];

	return (put_three(c, getresuid(&id[0], &id[1], &id[2]), id));
}

static int
do_getresgid(struct call *c)
{
	gid_t id[3];

	return (put_three(c, getresgid(&id[0], &id[1], &id[2]), id));
}

static int
do_setuid(struct call *c)
{
	int root = bounds_was_root();

	if (bounds_id(c, c->a[0].number) == -1 ||
	    setuid((uid_t)c->a[0].number) == -1)
		return (-1);
	bounds_changed(root);
	return (0);
}

static int
do_setgid(struct call *c)
{
	if (bounds_id(c, c->a[0].number) == -1)
		return (-1);
	return (setgid((gid_t)c->a[0].number));
}

/* All three of them. */
static int
are_within(struct call *c)
{
	int i;

	for (i = 0; i < 3; i++)
		if (bounds_id(c, c->a[i].number) == -1)
			return (-1);
	return (0);
}

static int
do_setresuid(struct call *c)
{
	int root = bounds_was_root();

	if (are_within(c) == -1 ||
	    setresuid((uid_t)c->a[0].number, (uid_t)c->a[1].number,
		(uid_t)c->a[2].number) == -1)
		return (-1);
	bounds_changed(root);
	return (0);
}

static int
do_setresgid(struct call *c)
{
	if (are_within(c) == -1)
		return (-1);
	return (setresgid((gid_t)c->a[0].number, (gid_t)c->a[1].number,
	    (gid_t)c->a[2].number));
}

static int
do_getgroups(struct call *c)
{
	gid_t *gids;
	int i, n;

	if ((n = getgroups(0, NULL)) == -1)
		return (-1);
	if ((gids = call_alloc(c, (size_t)n * sizeof(*gids))) == NULL)
		return (-1);
	if ((n = getgroups(n, gids)) == -1)
		return (-1);
	etf_put_list(c->out, (uint32_t)n);
	for (i = 0; i < n; i++)
		etf_put_int(c->out, gids[i]);
	if (n > 0)
		etf_put_nil(c->out);
	return (0);
}

static int
do_setgroups(struct call *c)
{
	const struct arg *a = &c->a[0];
	gid_t *gids;
	size_t i;

	if ((gids = call_alloc(c, a->len * sizeof(*gids))) == NULL)
		return (-1);
	for (i = 0; i < a->len; i++) {
		if (a->numbers[i] < 0)
			return (call_wrong(c, 1, EINVAL));
		if (bounds_id(c, a->numbers[i]) == -1)
			return (-1);
		gids[i] = (gid_t)a->numbers[i];
	}
	return (setgroups((proc_ngroups)a->len, gids));
}

const struct call_handler call_id_handlers[] = {
	{ "getuid", do_getuid },
	{ "getgid", do_getgid },
	{ "getresuid", do_getresuid },
	{ "getresgid", do_getresgid },
	{ "setuid", do_setuid },
	{ "setgid", do_setgid },
	{ "setresuid", do_setresuid },
	{ "setresgid", do_setresgid },
	{ "getgroups", do_getgroups },
	{ "setgroups", do_setgroups },
	{ NULL, NULL },
};
