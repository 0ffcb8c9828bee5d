/*
 * What guard, reaper and priv call alike, and the two of the task program that
 * are like them: they wait, read, signal and reap.
 */

#include <sys/mman.h>

#include "compat/seccomp_linux.h"

static const int calls[] = {
	SYS_read,
	SYS_write,
	SYS_close,
	SYS_ppoll,
	SYS_ppoll_time64,
	SYS_rt_sigtimedwait,
	SYS_rt_sigtimedwait_time64,
	SYS_rt_sigreturn,
	SYS_sigreturn,
	SYS_clock_gettime, /* where there is no vdso */
	SYS_clock_gettime64,
	SYS_pidfd_open,
	SYS_fstat, /* where there is no statx */
	SYS_newfstatat, /* how some libcs do fstat */
	SYS_wait4,
	SYS_waitid,
	SYS_getpgid,
	SYS_nanosleep,
	SYS_clock_nanosleep,
	SYS_clock_nanosleep_time64,
	SYS_restart_syscall,
};

static const struct seccomp_row rows[] = {
	/* Everybody, one's own group, init: no child is any of these. */
	{ SYS_kill, 0, IS_NOT, VALUES((uint32_t)-1, 0, 1), NULL },
	{ SYS_pidfd_send_signal, 3, IS, VALUES(0), NULL }, /* one process */
	/* A starter's GLIBC_TUNABLES reach those that nobody executes anew. */
	{ SYS_madvise, 2, IS, VALUES(MADV_HUGEPAGE), NULL },
};

const struct seccomp_list seccomp_signals = LIST(calls, rows);
