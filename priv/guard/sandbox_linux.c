/* The sandboxes of guard and reaper on Linux: signals, and /proc. */

#include <fcntl.h>

#include "compat/seccomp_linux.h"
#include "compat/sandbox_linux.h"
#include "log.h"
#include "sandbox.h"

static const int calls[] = {
	SYS_getdents64,
	SYS_pread64,
	SYS_lseek,
	SYS_readv,
	FSTAT_BY_STATX,
};

#define READING                                                         \
	(O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NONBLOCK | O_NOFOLLOW | \
	    O_NOCTTY | O_LARGEFILE)

static const struct seccomp_row rows[] = {
	/* They remove the instance's control group, and what is in it. */
	{ SYS_unlinkat, 2, IS, VALUES(AT_REMOVEDIR), NULL },
	{ SYS_openat, 2, LACKS, VALUES((uint32_t)~READING), NULL },
	{ SYS_open, 1, LACKS, VALUES((uint32_t)~READING), NULL },
	{ SYS_fcntl, 1, IS, VALUES(F_SETFD, F_GETFL), NULL },
};

/* The reaper is asked. */
static const int reaper_calls[] = { SYS_recvfrom, SYS_recv };

static const struct seccomp_list list = LIST(calls, rows);
static const struct seccomp_list reaper_list = { reaper_calls,
	COUNT(reaper_calls), NULL, 0 };
const struct seccomp_list *const seccomp_guard[] = { &seccomp_common,
	&seccomp_signals, &list, NULL };
const struct seccomp_list *const seccomp_reaper[] = { &seccomp_common,
	&seccomp_signals, &list, &reaper_list, NULL };

void
sandbox_guard(const int *places, size_t count)
{
	(void)sandbox_confine(
	    seccomp_guard, LANDLOCK_READ_PROC, places, count, log_debug);
}

void
sandbox_reaper(const int *places, size_t count)
{
	(void)sandbox_confine(
	    seccomp_reaper, LANDLOCK_READ_PROC, places, count, log_debug);
}
