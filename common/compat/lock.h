/*
 * Locks on single bytes of a file, which whoever has a copy of the descriptor
 * holds: they are gone when the last of these has ended, however it did.
 * configure chooses lock_linux.c or lock_none.c.
 */

#ifndef COMPAT_LOCK_H
#define COMPAT_LOCK_H

#include <sys/types.h>

/* 0, or -1 with errno; EAGAIN: somebody else holds it. */
int lock_byte(int fd, off_t at);
/* Does somebody else hold it? 1, 0, or -1 with errno. */
int lock_is_held(int fd, off_t at);

#endif
