/*
 * The parts of the sandbox on Linux: sandbox_linux.c puts them together,
 * seccomp_linux.c limits system calls, landlock_linux.c limits what those
 * reach, and seccomp_debug.c says what was refused (make SANDBOX_DEBUG=1).
 */

#ifndef COMPAT_SANDBOX_LINUX_H
#define COMPAT_SANDBOX_LINUX_H

#include <sys/types.h>

/* The processes that have a list of what they may call. */
enum sandbox_process {
	SANDBOX_GUARD,
	SANDBOX_REAPER,
	SANDBOX_PRIV,
	SANDBOX_BROKER,
	SANDBOX_WORKER,
	SANDBOX_KEEPER
};

/*
 * From here on any other call kills the process. 0, or -1 where the system
 * has no such thing; fatal if it has and refuses.
 */
int seccomp_process(enum sandbox_process);
/* No uid but this one, for the caller and what it will ever start. */
int seccomp_uid(uid_t, uint64_t secret);

/* Flags of landlock_restrict(). */
#define LANDLOCK_READ_PROC 1 /* /proc can be read; else there are no files */
#define LANDLOCK_ALONE 2 /* no signals, no abstract sockets */
#define LANDLOCK_MAKE 4

/*
 * Below dirs, so many, directories can be removed; with LANDLOCK_MAKE they can
 * be made, and files read and written. 0, or -1 where the system has no such
 * thing; fatal as above.
 */
int landlock_restrict(int flags, const int *dirs, size_t count);

/* Have SIGSYS reported by name, from here on. */
void seccomp_debug(void);

#endif
