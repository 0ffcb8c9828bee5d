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
	{ SYS_fcntl, 1, IS, VALUES(F_SETFD, F_GETFL), NULL },
};

static const struct seccomp_row reading[] = {
	{ SYS_openat, 2, LACKS, VALUES((uint32_t)~READING), NULL },
	{ SYS_open, 1, LACKS, VALUES((uint32_t)~READING), NULL },
};

/* Where no file kills all in a group, one stops them for it. */
#define WRITING (READING | O_WRONLY)

static const struct seccomp_row writing[] = {
	{ SYS_openat, 2, LACKS, VALUES((uint32_t)~WRITING), NULL },
	{ SYS_open, 1, LACKS, VALUES((uint32_t)~WRITING), NULL },
};

/* The reaper is asked, and has the guard go on. */
static const int reaper_calls[] = { SYS_recvfrom, SYS_recv, SYS_getppid };

static const struct seccomp_list list = LIST(calls, rows);
static const struct seccomp_list reads = { NULL, 0, reading, COUNT(reading) };
static const struct seccomp_list writes = { NULL, 0, writing, COUNT(writing) };
static const struct seccomp_list reaper_list = { reaper_calls,
	COUNT(reaper_calls), NULL, 0 };
const struct seccomp_list *const seccomp_guard[] = { &seccomp_common,
	&seccomp_signals, &list, &reads, NULL };
const struct seccomp_list *const seccomp_reaper[] = { &seccomp_common,
	&seccomp_signals, &list, &reads, &reaper_list, NULL };
static const struct seccomp_list *const guard_writes[] = { &seccomp_common,
	&seccomp_signals, &list, &writes, NULL };
static const struct seccomp_list *const reaper_writes[] = { &seccomp_common,
	&seccomp_signals, &list, &writes, &reaper_list, NULL };

static int
flags(int write)
{
	return (LANDLOCK_READ_PROC | (write ? LANDLOCK_WRITE : 0));
}

void
sandbox_guard(const int *places, size_t count, int write)
{
	(void)sandbox_confine(write ? guard_writes : seccomp_guard,
	    flags(write), places, count, log_debug);
}

void
sandbox_reaper(const int *places, size_t count, int write)
{
	(void)sandbox_confine(write ? reaper_writes : seccomp_reaper,
	    flags(write), places, count, log_debug);
}
