/*
 * System call filters: tables, and the one loop that turns them into a BPF
 * program. Guard, priv, broker and worker have lists of what they may call,
 * and die at anything else. A launcher has a list of what it may not: all
 * that its children do, other people's programs, is done under it.
 *
 * The kernel sees a call's arguments as 64 bits and takes the lower half of
 * all those that are looked at here, so the lower half is what counts.
 * What pointers point to cannot be seen by a filter.
 */

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

#include "log.h"
#include "sandbox_linux.h"
#include "seccomp_calls.h"

/* The machines whose numbers and argument order we know. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__LP64__) && defined(__AARCH64EL__)
#define MACHINE AUDIT_ARCH_AARCH64
#elif defined(__arm__) && defined(__ARM_EABI__) && defined(__ARMEL__)
#define MACHINE AUDIT_ARCH_ARM
#else
#define MACHINE 0
#endif
#define X32_BIT 0x40000000U /* on x86_64; no call of others is as high */

#ifdef SANDBOX_DEBUG
#define REFUSE SECCOMP_RET_TRAP
#else
#define REFUSE SECCOMP_RET_KILL_PROCESS
#define seccomp_debug()
#endif

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What a row wants to be true of an argument. */
enum test {
	IS, /* one of the values */
	IS_NOT, /* none of the values */
	HAS, /* a bit of the first value */
	LACKS /* all bits of the first value */
};

/* A call that is looked into: if the test holds, the action is taken. */
struct row {
	int call;
	unsigned int arg;
	enum test test;
	const uint32_t *values;
	size_t count;
};

/* Calls that are decided by their number, and those that are looked into. */
struct list {
	const int *calls;
	size_t ncalls;
	const struct row *rows;
	size_t nrows;
};

/*
 * A call is in a list because that process was seen to make it, or because
 * libc, another one or a newer one, may: regress/priv/calls.txt says which,
 * and why. What every one of them does: read, write, log, end, and have memory
 * that is never executable.
 */
static const int common_calls[] = {
	SYS_read,
	SYS_write,
	SYS_sendto, /* to a log that is a socket */
	SYS_send,
	SYS_poll, /* before a line of the log, too */
	SYS_getpid, /* which has it */
	SYS_brk,
	SYS_munmap,
	SYS_exit_group,
};

static const uint32_t not_data[] = { (uint32_t) ~(PROT_READ | PROT_WRITE) };
static const struct row common_rows[] = {
	{ SYS_mmap, 2, LACKS, not_data, 1 },
	{ SYS_mprotect, 2, LACKS, not_data, 1 },
};

/* A starter's GLIBC_TUNABLES reach the processes that nobody executes anew. */
static const uint32_t advice[] = { MADV_HUGEPAGE };

/* The broker takes no descriptor, and closes none. */
static const int broker_calls[] = {
	SYS_sendmsg, SYS_mremap,
	SYS_restart_syscall, /* stopped and continued in poll */
};

/* The worker: libevent, descriptors from priv, pipes, terminals. */
static const int worker_calls[] = {
	SYS_close,
	SYS_sendmsg,
	SYS_recvmsg,
	SYS_mremap,
	SYS_epoll_wait,
	SYS_epoll_pwait,
	SYS_epoll_pwait2,
	SYS_epoll_ctl,
	SYS_clock_gettime, /* these where there is no vdso */
	SYS_clock_gettime64,
	SYS_gettimeofday,
	SYS_writev,
	SYS_splice,
	SYS_preadv2,
	SYS_pwritev2,
	SYS_vmsplice,
	SYS_statx,
	SYS_fstat, /* where there is no statx */
	SYS_newfstatat,
	SYS_rt_sigreturn,
	SYS_sigreturn,
};

static const uint32_t zero[] = { 0 };
static const uint32_t linger[] = { SO_LINGER };

/* Nothing that would type into a terminal, or have signals sent. */
static const uint32_t worker_ioctls[] = {
	FIONREAD,
	TIOCSWINSZ,
	TCGETS,
	TCSETS,
	TCGETS2,
	TCSETS2,
};
static const uint32_t worker_fcntls[] = {
	F_GETFL,
	F_SETFL,
	F_GETPIPE_SZ,
	F_SETPIPE_SZ,
};

static const struct row worker_rows[] = {
	{ SYS_ioctl, 1, IS, worker_ioctls, COUNT(worker_ioctls) },
	{ SYS_fcntl, 1, IS, worker_fcntls, COUNT(worker_fcntls) },
	{ SYS_setitimer, 0, IS, zero, 1 }, /* ITIMER_REAL */
	{ SYS_setsockopt, 2, IS, linger, 1 },
};

/* Priv: signals, priorities, groups and ends of children; messages. */
static const int priv_calls[] = {
	SYS_close,
	SYS_ppoll,
	SYS_ppoll_time64,
	SYS_rt_sigtimedwait,
	SYS_rt_sigtimedwait_time64,
	SYS_rt_sigreturn,
	SYS_sigreturn,
	SYS_sendmsg,
	SYS_recvmsg,
	SYS_recvfrom,
	SYS_recv,
	SYS_shutdown, /* of a launcher: its channel stays till we end */
	SYS_mremap,
	SYS_clock_gettime, /* where there is no vdso */
	SYS_clock_gettime64,
	SYS_epoll_wait,
	SYS_epoll_pwait,
	SYS_epoll_ctl,
	SYS_pidfd_open,
	SYS_statx,
	SYS_fstat, /* where there is no statx */
	SYS_newfstatat,
	SYS_wait4,
	SYS_waitid,
	SYS_setpgid,
	SYS_getpgid,
	SYS_nanosleep,
	SYS_clock_nanosleep,
	SYS_clock_nanosleep_time64,
	SYS_restart_syscall,
};

/* Everybody, one's own group, init: no child is any of these. */
static const uint32_t crowds[] = { (uint32_t)-1, 0, 1 };
static const uint32_t processes[] = { PRIO_PROCESS };
/* Children are counted by locks. */
static const uint32_t priv_fcntls[] = { F_SETLK, F_GETLK };

static const struct row priv_rows[] = {
	{ SYS_kill, 0, IS_NOT, crowds, COUNT(crowds) },
	{ SYS_pidfd_send_signal, 3, IS, zero, 1 }, /* one process */
	{ SYS_setpriority, 0, IS, processes, COUNT(processes) },
	{ SYS_getpriority, 0, IS, processes, COUNT(processes) },
	{ SYS_fcntl, 1, IS, priv_fcntls, COUNT(priv_fcntls) },
	{ SYS_setsockopt, 2, IS, linger, 1 },
	{ SYS_madvise, 2, IS, advice, COUNT(advice) },
};

/* Guard and reaper: the same signals, and /proc. */
static const int watcher_calls[] = {
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
	SYS_wait4,
	SYS_getdents64,
	SYS_pread64,
	SYS_lseek,
	SYS_readv,
	SYS_fstat,
	SYS_newfstatat, /* how some libcs do fstat */
	FSTAT_BY_STATX,
	SYS_getpgid,
	SYS_nanosleep,
	SYS_clock_nanosleep,
	SYS_clock_nanosleep_time64,
	SYS_restart_syscall,
};

static const uint32_t not_reading[] = { (uint32_t) ~(
    O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY |
    O_LARGEFILE) };
static const uint32_t watcher_fcntls[] = { F_SETFD };

static const struct row watcher_rows[] = {
	{ SYS_kill, 0, IS_NOT, crowds, COUNT(crowds) },
	{ SYS_pidfd_send_signal, 3, IS, zero, 1 },
	{ SYS_openat, 2, LACKS, not_reading, 1 },
	{ SYS_open, 1, LACKS, not_reading, 1 },
	{ SYS_fcntl, 1, IS, watcher_fcntls, COUNT(watcher_fcntls) },
	{ SYS_madvise, 2, IS, advice, COUNT(advice) },
};

/* The guard removes the instance's control group. */
static const uint32_t removedir[] = { AT_REMOVEDIR };
static const struct row guard_rows[] = {
	{ SYS_unlinkat, 2, IS, removedir, 1 },
};

/* The reaper is asked. */
static const int reaper_calls[] = { SYS_recvfrom, SYS_recv };

#define LIST(calls, rows)                              \
	{                                              \
		calls, COUNT(calls), rows, COUNT(rows) \
	}
static const struct list common_list = LIST(common_calls, common_rows);
static const struct list watcher_list = LIST(watcher_calls, watcher_rows);
static const struct list guard_list = { NULL, 0, guard_rows,
	COUNT(guard_rows) };
static const struct list reaper_list = { reaper_calls, COUNT(reaper_calls),
	NULL, 0 };
static const struct list priv_list = LIST(priv_calls, priv_rows);
static const struct list broker_list = { broker_calls, COUNT(broker_calls),
	NULL, 0 };
static const struct list worker_list = LIST(worker_calls, worker_rows);

/* Up to three for each. */
#define LISTS 3
static const struct list *const process_lists[][LISTS] = {
	[SANDBOX_GUARD] = { &common_list, &watcher_list, &guard_list },
	[SANDBOX_REAPER] = { &common_list, &watcher_list, &reaper_list },
	[SANDBOX_PRIV] = { &common_list, &priv_list },
	[SANDBOX_BROKER] = { &common_list, &broker_list },
	[SANDBOX_WORKER] = { &common_list, &worker_list },
};

/*
 * A launcher and its children. cap_setuid is good for three things: to set
 * uids, which is what is looked at here; to map them into a user namespace,
 * which it cannot make, but an accomplice of its user outside can; and to
 * claim one on a local socket. The last two no filter can see: SECURITY.md.
 */
static uint32_t uids[2] = { 0, (uint32_t)-1 }; /* the first is filled in */
static const uint32_t newuser[] = { CLONE_NEWUSER };
/* Type into somebody else's terminal: from a child, into its starter's. */
static const uint32_t typing[] = { TIOCSTI, TIOCLINUX };

static const int launcher_calls[] = {
	SYS_setns,
	UID16_CALL(SYS_setuid),
	UID16_CALL(SYS_setfsuid),
	UID16_CALL(SYS_setreuid),
	UID16_CALL(SYS_setresuid),
};
static const struct row launcher_rows[] = {
	{ UID_CALL(SYS_setuid), 0, IS_NOT, uids, 2 },
	{ UID_CALL(SYS_setfsuid), 0, IS_NOT, uids, 2 },
	{ UID_CALL(SYS_setreuid), 0, IS_NOT, uids, 2 },
	{ UID_CALL(SYS_setreuid), 1, IS_NOT, uids, 2 },
	{ UID_CALL(SYS_setresuid), 0, IS_NOT, uids, 2 },
	{ UID_CALL(SYS_setresuid), 1, IS_NOT, uids, 2 },
	{ UID_CALL(SYS_setresuid), 2, IS_NOT, uids, 2 },
	{ SYS_unshare, 0, HAS, newuser, 1 },
	{ SYS_clone, 0, HAS, newuser, 1 },
	{ SYS_ioctl, 1, IS, typing, COUNT(typing) },
};
static const struct list launcher_list = LIST(launcher_calls, launcher_rows);

/*
 * A child may not make children for priv, which would know nothing of them. A
 * launcher must: it says a secret in the two arguments that the kernel does
 * not look at with its flags, which are the last on every machine.
 */
#define SECRET_ARG 3
#define SECRET_ARGS 2

/* Its flags are in memory; libc takes clone when there is no clone3. */
static const int absent_calls[] = { SYS_clone3 };
static const struct list absent_list = { absent_calls, COUNT(absent_calls),
	NULL, 0 };

#define PROGRAM_MAX 512

struct program {
	struct sock_filter code[PROGRAM_MAX];
	unsigned short len;
};

static void
emit(struct program *p, int code, uint32_t k, size_t yes, size_t no)
{
	struct sock_filter *f;

	if (p->len == PROGRAM_MAX || yes > UINT8_MAX || no > UINT8_MAX)
		fatalx("a system call filter is too long");
	f = &p->code[p->len++];
	f->code = (uint16_t)code;
	f->k = k;
	f->jt = (uint8_t)yes;
	f->jf = (uint8_t)no;
}

static void
load(struct program *p, size_t offset)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Its lower half: MACHINE is little-endian. */
static void
load_argument(struct program *p, size_t arg)
{
	load(p, offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t));
}

/* Go on with the next instruction if it is equal, else pass over some. */
static void
unless_equal(struct program *p, uint32_t k, size_t skip)
{
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, k, 0, skip);
}

static void
give(struct program *p, uint32_t action)
{
	emit(p, BPF_RET | BPF_K, action, 0, 0);
}

/* Calls of another machine's numbers, and of x32, end in those. */
static void
program_begin(struct program *p, uint32_t foreign, uint32_t x32)
{
	p->len = 0;
	load(p, offsetof(struct seccomp_data, arch));
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0);
	give(p, foreign);
	load(p, offsetof(struct seccomp_data, nr));
	emit(p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
	give(p, x32);
}

/*
 * One call that is looked into: n jumps on the argument's value, of which
 * the last falls through; behind them the action, and behind that the end of
 * the row, which loads the number again for the next.
 */
static void
program_row(struct program *p, const struct row *r, uint32_t action)
{
	size_t i, n = r->count, left;

	unless_equal(p, (uint32_t)r->call, n + 3);
	load_argument(p, r->arg);
	for (i = 0; i < n; i++) {
		left = n - 1 - i; /* jumps that follow */
		if (r->test == IS)
			emit(p, BPF_JMP | BPF_JEQ | BPF_K, r->values[i], left,
			    left == 0);
		else if (r->test == IS_NOT)
			emit(p, BPF_JMP | BPF_JEQ | BPF_K, r->values[i],
			    left + 1, 0);
		else if (r->test == HAS)
			emit(p, BPF_JMP | BPF_JSET | BPF_K, r->values[i], left,
			    left == 0);
		else
			emit(p, BPF_JMP | BPF_JSET | BPF_K, r->values[i],
			    left + 1, 0);
	}
	give(p, action);
	load(p, offsetof(struct seccomp_data, nr));
}

static void
program_list(struct program *p, const struct list *l, uint32_t action)
{
	size_t i;

	for (i = 0; i < l->ncalls; i++) {
		if (l->calls[i] == NONE)
			continue;
		unless_equal(p, (uint32_t)l->calls[i], 1);
		give(p, action);
	}
	for (i = 0; i < l->nrows; i++)
		if (l->rows[i].call != NONE)
			program_row(p, &l->rows[i], action);
}

/* CLONE_PARENT without the secret: behind it is the end, as of a row. */
static void
program_parent(struct program *p, uint64_t secret, uint32_t action)
{
	const size_t n = SECRET_ARGS;
	size_t i;

	unless_equal(p, SYS_clone, 2 * n + 3);
	load_argument(p, 0);
	emit(p, BPF_JMP | BPF_JSET | BPF_K, CLONE_PARENT, 0, 2 * n + 1);
	for (i = 0; i < n; i++) {
		load_argument(p, SECRET_ARG + i);
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(secret >> 32 * i),
		    i == n - 1, 2 * (n - 1 - i));
	}
	give(p, action);
	load(p, offsetof(struct seccomp_data, nr));
}

/* EINVAL: the kernel was built without. */
static int
program_install(struct program *p)
{
	struct sock_fprog prog = { p->len, p->code };

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) == 0)
		return (0);
	if (errno != EINVAL)
		fatal("system call filter");
	return (-1);
}

static void
program_process(struct program *p, enum sandbox_process who)
{
	size_t i;

	program_begin(p, REFUSE, REFUSE);
	for (i = 0; i < LISTS; i++)
		if (process_lists[who][i] != NULL)
			program_list(
			    p, process_lists[who][i], SECCOMP_RET_ALLOW);
	give(p, REFUSE);
}

int
seccomp_process(enum sandbox_process who)
{
	struct program p;

	if (MACHINE == 0)
		return (-1);
	seccomp_debug();
	program_process(&p, who);
	return (program_install(&p));
}

static void
program_launcher(struct program *p, uint64_t secret)
{
	program_begin(p, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ERRNO | ENOSYS);
	program_list(p, &launcher_list, SECCOMP_RET_ERRNO | EPERM);
	program_parent(p, secret, SECCOMP_RET_ERRNO | EPERM);
	program_list(p, &absent_list, SECCOMP_RET_ERRNO | ENOSYS);
	give(p, SECCOMP_RET_ALLOW);
}

int
seccomp_uid(uid_t uid, uint64_t secret)
{
	struct program p;

	if (MACHINE == 0)
		return (-1);
	uids[0] = uid;
	program_launcher(&p, secret);
	return (program_install(&p));
}
