/*
 * Calls that only FreeBSD has, or has in its own way.
 */

#include <sys/param.h>
#include <sys/capsicum.h>
#include <sys/jail.h>
#include <sys/procctl.h>
#include <sys/wait.h>

#include <errno.h>

#include "bsd.h"
#include "task/calls.h"
#include "task/value.h"

static int
fd_of(const struct call *c)
{
	return ((int)c->a[0].number);
}

static int
do_enter(struct call *c)
{
	(void)c;
	return (cap_enter());
}

static int
do_getmode(struct call *c)
{
	unsigned int mode;

	if (cap_getmode(&mode) == -1)
		return (-1);
	return (value_number(c, mode));
}

static int
do_rights_limit(struct call *c)
{
	const struct arg *a = &c->a[1];
	cap_rights_t rights;
	size_t i;

	(void)cap_rights_init(&rights);
	for (i = 0; i < a->len; i++) {
		if (cap_rights_set(&rights, (uint64_t)a->numbers[i]) == NULL)
			return (call_wrong(c, 2, EINVAL));
	}
	return (cap_rights_limit(fd_of(c), &rights));
}

static int
do_fcntls_limit(struct call *c)
{
	return (cap_fcntls_limit(fd_of(c), (uint32_t)c->a[1].number));
}

static int
do_fcntls_get(struct call *c)
{
	uint32_t rights;

	if (cap_fcntls_get(fd_of(c), &rights) == -1)
		return (-1);
	return (value_number(c, rights));
}

static int
do_ioctls_limit(struct call *c)
{
	const struct arg *a = &c->a[1];
	unsigned long *list;
	size_t i;

	if ((list = call_alloc(c, a->len * sizeof(*list))) == NULL)
		return (-1);
	for (i = 0; i < a->len; i++)
		list[i] = (unsigned long)a->numbers[i];
	return (cap_ioctls_limit(fd_of(c), list, a->len));
}

static int
do_jail(struct call *c)
{
	if (c->a[0].len < sizeof(struct jail))
		return (call_wrong(c, 1, EINVAL));
	return (value_number(c, jail((struct jail *)(void *)c->a[0].memory)));
}

static int
do_jail_attach(struct call *c)
{
	return (jail_attach((int)c->a[0].number));
}

static int
do_jail_remove(struct call *c)
{
	return (jail_remove((int)c->a[0].number));
}

/* What is in the memory then, as bytes and in its shape. */
static int
do_procctl(struct call *c)
{
	const struct arg *a = &c->a[3];

	if (procctl((idtype_t)c->a[0].number, (id_t)c->a[1].number,
		(int)c->a[2].number, a->memory) == -1)
		return (-1);
	return (value_memory(c, a));
}

const struct call_handler call_system_handlers[] = {
	{ "chroot", call_chroot },
	{ "mount", call_mount },
	{ "umount", call_umount },
	{ "umount2", call_umount },
	{ "cap_enter", do_enter },
	{ "cap_getmode", do_getmode },
	{ "cap_rights_limit", do_rights_limit },
	{ "cap_fcntls_limit", do_fcntls_limit },
	{ "cap_fcntls_get", do_fcntls_get },
	{ "cap_ioctls_limit", do_ioctls_limit },
	{ "jail", do_jail },
	{ "jail_attach", do_jail_attach },
	{ "jail_remove", do_jail_remove },
	{ "procctl", do_procctl },
	{ NULL, NULL },
};
