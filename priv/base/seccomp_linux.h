/* System calls of the processes that signal others: guard, reaper, priv. */

#ifndef PRIV_SECCOMP_LINUX_H
#define PRIV_SECCOMP_LINUX_H

#include "compat/seccomp_linux.h"

/* To be one of each one's lists. */
extern const struct seccomp_list seccomp_signals;

#endif
