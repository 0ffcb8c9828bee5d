/*
 * System calls for the tables of seccomp_linux.h: those that not every
 * machine, or not every header, has are NONE where they are not, and the
 * tables have one name for each whatever its number is called here.
 */

#ifndef COMPAT_SECCOMP_CALLS_H
#define COMPAT_SECCOMP_CALLS_H

#include <sys/syscall.h>

#define NONE (-1)

/*
 * Where a long has 32 bits, calls with more of a file's size, of time and of a
 * uid stand beside the first ones. libc takes these for sizes and uids; for
 * time it tries them first, on a kernel that has them. The first ones for
 * uids take 16 bits of what they are given, so what they would set is not what
 * a filter sees.
 */
#ifdef SYS_mmap2
#undef SYS_mmap /* i386 has an older one, too */
#define SYS_mmap SYS_mmap2
#undef SYS_fcntl
#define SYS_fcntl SYS_fcntl64
#undef SYS_lseek
#define SYS_lseek SYS__llseek
#undef SYS_fstat
#define SYS_fstat SYS_fstat64
#define SYS_newfstatat SYS_fstatat64
#undef SYS_fstatfs
#define SYS_fstatfs SYS_fstatfs64
#define FSTAT_BY_STATX SYS_statx /* for its 64 bits of time */
#define UID_CALL(call) call##32
#define UID16_CALL(call) call
#else
#define FSTAT_BY_STATX NONE
#define UID_CALL(call) call
#define UID16_CALL(call) NONE
#endif
#ifndef SYS_ppoll_time64
#define SYS_ppoll_time64 NONE
#endif
#ifndef SYS_clock_gettime64
#define SYS_clock_gettime64 NONE
#endif
#ifndef SYS_clock_nanosleep_time64
#define SYS_clock_nanosleep_time64 NONE
#endif
#ifndef SYS_rt_sigtimedwait_time64
#define SYS_rt_sigtimedwait_time64 NONE
#endif

/* By which a program begins on 32-bit ARM: what arch_prctl is elsewhere. */
#ifdef __ARM_NR_set_tls
#define SYS_set_tls __ARM_NR_set_tls
#else
#define SYS_set_tls NONE
#endif

/* Of a handler that asks for no siginfo. */
#ifndef SYS_sigreturn
#define SYS_sigreturn NONE
#endif
#ifndef SYS_send
#define SYS_send NONE
#endif
#ifndef SYS_recv
#define SYS_recv NONE
#endif
#ifndef SYS_open
#define SYS_open NONE
#endif
#ifndef SYS_creat
#define SYS_creat NONE
#endif
#ifndef SYS_chmod
#define SYS_chmod NONE
#endif
#ifndef SYS_mknod
#define SYS_mknod NONE
#endif
/* Without a poll of its own libc's is a ppoll. */
#ifndef SYS_poll
#define SYS_poll SYS_ppoll
#endif
#ifndef SYS_epoll_wait
#define SYS_epoll_wait NONE
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

#endif
