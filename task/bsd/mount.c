/*
 * mount(2) and unmount(2) as BSDs have them. What is mounted is in the data,
 * whose shape is that of the kind of file system: it is given as a cstruct, in
 * the sixth argument.
 */

#include <sys/param.h>
#include <sys/mount.h>

#include <errno.h>
#include <unistd.h>

#include "bsd.h"
#include "task/cstruct.h"
#include "task/within.h"

int
within_set(const char *path)
{
	(void)path;
	errno = ENOSYS;
	return (-1);
}

int
call_chroot(struct call *c)
{
	return (chroot(c->a[0].text));
}

int
call_mount(struct call *c)
{
	struct arg *data = &c->a[5];
	int given = c->nargs > 5 && data->given;

	if (!c->a[2].given)
		return (call_wrong(c, 3, EINVAL));
	if (given && cstruct_read(c, data) == -1)
		return (call_wrong(c, 6, errno));
	return (mount(c->a[2].text, c->a[1].text, (int)c->a[3].number,
	    given ? data->memory : NULL));
}

int
call_umount(struct call *c)
{
	return (unmount(c->a[0].text, (int)c->a[1].number));
}
