/*
 * Errors as atoms, the way that Erlang's own file and socket modules spell
 * them.
 */

#include <errno.h>
#include <stddef.h>

#include "errname.h"

static const struct {
	int error;
	const char *name;
} names[] = {
	{ EPERM, "eperm" },
	{ ENOENT, "enoent" },
	{ ESRCH, "esrch" },
	{ EINTR, "eintr" },
	{ EIO, "eio" },
	{ ENXIO, "enxio" },
	{ E2BIG, "e2big" },
	{ ENOEXEC, "enoexec" },
	{ EBADF, "ebadf" },
	{ ECHILD, "echild" },
	{ EAGAIN, "eagain" },
	{ ENOMEM, "enomem" },
	{ EACCES, "eacces" },
	{ EFAULT, "efault" },
	{ EBUSY, "ebusy" },
	{ EEXIST, "eexist" },
	{ ENODEV, "enodev" },
	{ ENOTDIR, "enotdir" },
	{ EISDIR, "eisdir" },
	{ EINVAL, "einval" },
	{ ENFILE, "enfile" },
	{ EMFILE, "emfile" },
	{ ENOTTY, "enotty" },
	{ ETXTBSY, "etxtbsy" },
	{ EFBIG, "efbig" },
	{ ENOSPC, "enospc" },
	{ EROFS, "erofs" },
	{ EPIPE, "epipe" },
	{ ERANGE, "erange" },
	{ EPROTO, "eproto" },
	{ EOVERFLOW, "eoverflow" },
	{ ENAMETOOLONG, "enametoolong" },
	{ ENOSYS, "enosys" },
	{ ELOOP, "eloop" },
	{ EMSGSIZE, "emsgsize" },
	{ ENOTSUP, "enotsup" },
	{ ETIMEDOUT, "etimedout" },
	{ EDQUOT, "edquot" },
	{ ESTALE, "estale" },
};

const char *
errname(int error)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].error == error)
			return (names[i].name);
	return ("unknown");
}
