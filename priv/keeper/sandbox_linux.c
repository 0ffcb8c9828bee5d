/*
 * The keeper's sandbox on Linux: groups, files of the kernel's in them, and
 * messages with descriptors. It makes no file.
 */

#include <sys/mman.h>

#include <fcntl.h>

#include "compat/sandbox_linux.h"
#include "compat/seccomp_linux.h"
#include "log.h"
#include "sandbox.h"

static const int calls[] = {
	SYS_read,
	SYS_write,
	SYS_close,
	SYS_writev,
	SYS_sendmsg,
	SYS_recvmsg,
	SYS_mremap,
	SYS_clock_gettime, /* where there is no vdso */
	SYS_clock_gettime64,
	SYS_mkdirat,
	SYS_fchdir,
	SYS_inotify_add_watch,
	SYS_inotify_rm_watch,
	SYS_getdents64,
	SYS_lseek,
	SYS_fstat,
	SYS_newfstatat,
	FSTAT_BY_STATX,
	SYS_restart_syscall,
};

#define USING                                                         \
	(O_RDONLY | O_WRONLY | O_CLOEXEC | O_DIRECTORY | O_NONBLOCK | \
	    O_NOFOLLOW | O_LARGEFILE | O_PATH)

static const struct seccomp_row rows[] = {
	{ SYS_openat, 2, LACKS, VALUES((uint32_t)~USING), NULL },
	{ SYS_open, 1, LACKS, VALUES((uint32_t)~USING), NULL },
	/* A door of version 1 is for all. */
	{ SYS_fchmodat, 2, IS, VALUES(0666), NULL },
	{ SYS_unlinkat, 2, IS, VALUES(AT_REMOVEDIR), NULL },
	{ SYS_fcntl, 1, IS, VALUES(F_SETFD, F_GETFL), NULL },
	{ SYS_madvise, 2, IS, VALUES(MADV_HUGEPAGE), NULL },
};

static const struct seccomp_list list = LIST(calls, rows);
const struct seccomp_list *const seccomp_keeper[] = { &seccomp_common, &list,
	NULL };

void
sandbox_keeper(const int *dirs, size_t count)
{
	sandbox_alone();
	(void)sandbox_confine(seccomp_keeper, LANDLOCK_ALONE | LANDLOCK_MAKE,
	    dirs, count, log_debug);
}
