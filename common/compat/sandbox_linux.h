/*
 * The parts of the sandbox on Linux: sandbox_linux.c puts them together,
 * seccomp_linux.c limits system calls, landlock_linux.c limits what those
 * reach, and seccomp_debug.c says what was refused (make SANDBOX_DEBUG=1). What
 * is one process's alone is in sandbox_linux.c of its folder.
 */

#ifndef COMPAT_SANDBOX_LINUX_H
#define COMPAT_SANDBOX_LINUX_H

#include <sys/types.h>

struct seccomp_list;

/*
 * Undumpable, without a way to new privileges, under Landlock as flags and
 * directories say (landlock_restrict()) and under a filter that allows the
 * lists, behind the last of which is NULL. What the system has not is said by
 * missing(). Returns the names of what there was, which stay its own; behind
 * the last is NULL.
 */
const char *const *
sandbox_confine(const struct seccomp_list *const *lists, int flags,
    const int *dirs, size_t count, void (*missing)(const char *, ...));

/* No processes, and no cores. */
void sandbox_alone(void);

/* Both for broker and worker, and no files either. */
const char *const *sandbox_ring(const struct seccomp_list *const *lists,
    void (*missing)(const char *, ...));

/* Flags of landlock_restrict(). */
#define LANDLOCK_READ_PROC 1 /* /proc can be read; else there are no files */
#define LANDLOCK_ALONE 2 /* no signals, no abstract sockets */
#define LANDLOCK_MAKE 4
#define LANDLOCK_WRITE 8

/*
 * Below dirs, so many, directories can be removed, and all be read; with
 * LANDLOCK_WRITE files can be written, and with LANDLOCK_MAKE directories be
 * made, too. 0, or -1 where the system has no such
 * thing; fatal as above.
 */
int landlock_restrict(int flags, const int *dirs, size_t count);

/* Have SIGSYS reported by name, from here on. */
void seccomp_debug(void);

#endif
