/*
 * A terminal's master, as each system makes it: not all know O_CLOEXEC there,
 * or have ptsname_r(3).
 */

#ifndef COMPAT_PTY_H
#define COMPAT_PTY_H

#include <stddef.h>

/*
 * A new one, close-on-exec, and the name of its slave: the descriptor, which
 * is the caller's, or -1 with errno.
 */
int pty_open(char *name, size_t size);

#endif
