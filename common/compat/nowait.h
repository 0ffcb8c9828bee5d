/*
 * Reading and writing that does not wait, whatever the flags of the open file
 * are: somebody who shares it may have changed them. EAGAIN: it would have to
 * wait. On systems that know it for a call, these are that call; elsewhere the
 * flag is looked at, and set again, before each.
 */

#ifndef COMPAT_NOWAIT_H
#define COMPAT_NOWAIT_H

#include <sys/types.h>
#include <sys/uio.h>

ssize_t nowait_read(int fd, void *, size_t);
ssize_t nowait_writev(int fd, const struct iovec *, int);

#endif
