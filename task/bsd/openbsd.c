/*
 * Calls that only OpenBSD has, or has in its own way.
 */

#include <unistd.h>

#include "bsd.h"
#include "task/calls.h"

static int
do_pledge(struct call *c)
{
	return (pledge(c->a[0].text, c->a[1].text));
}

static int
do_unveil(struct call *c)
{
	return (unveil(c->a[0].text, c->a[1].text));
}

const struct call_handler call_system_handlers[] = {
	{ "chroot", call_chroot },
	{ "mount", call_mount },
	{ "umount", call_umount },
	{ "umount2", call_umount },
	{ "pledge", do_pledge },
	{ "unveil", do_unveil },
	{ NULL, NULL },
};
