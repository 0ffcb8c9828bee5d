/* The sandboxes of guard and reaper on Linux: signals, and /proc. */

#include <fcntl.h>

#include "base/seccomp_linux.h"
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
	{ SYS_openat, 2, LACKS, VALUES((uint32_t)~READING), NULL },
	{ SYS_open, 1, LACKS, VALUES((uint32_t)~READING), NULL },
	{ SYS_fcntl, 1, IS, VALUES(F_SETFD), NULL },
};

/* The guard removes the instance's control group. */
static const struct seccomp_row guard_rows[] = {
	{ SYS_unlinkat, 2, IS, VALUES(AT_REMOVEDIR), NULL },
};

/* The reaper is asked. */
static const int reaper_calls[] = { SYS_recvfrom, SYS_recv };

static const struct seccomp_list list = LIST(calls, rows);
static const struct seccomp_list guard_list = { NULL, 0, guard_rows,
	COUNT(guard_rows) };
static const struct seccomp_list reaper_list = { reaper_calls,
	COUNT(reaper_calls), NULL, 0 };
const struct seccomp_list *const seccomp_guard[] = { &seccomp_common,
	&seccomp_signals, &list, &guard_list, NULL };
const struct seccomp_list *const seccomp_reaper[] = { &seccomp_common,
	&seccomp_signals, &list, &reaper_list, NULL };

void
sandbox_guard(int place)
{
	(void)sandbox_confine(
	    seccomp_guard, LANDLOCK_READ_PROC, place, log_debug);
}

void
sandbox_reaper(void)
{
	(void)sandbox_confine(
	    seccomp_reaper, LANDLOCK_READ_PROC, -1, log_debug);
}
