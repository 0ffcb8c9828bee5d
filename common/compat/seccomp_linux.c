/*
 * System call filters: tables, and the one loop that turns them into a BPF
 * program. All but launchers have lists of what they may call,
 * and die at anything else. A launcher has a list of what it may not: all
 * that its children do, other people's programs, is done under it.
 *
 * The kernel sees a call's arguments as 64 bits and takes the lower half of
 * most that are looked at here: then that is what counts. Of an offset, and of
 * a pointer that must be none, both halves are looked at. What pointers point
 * to cannot be seen by a filter.
 */

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

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

/* A call that is looked into: if all tests hold, the action is taken. */
struct row {
	int call;
	unsigned int arg; /* its lower half; with UPPER the other one */
	enum test test;
	const uint32_t *values;
	size_t count;
	const struct row *also; /* another test of this call, or NULL */
};
#define UPPER 8U
#define ARG(arg) ((arg) & ~UPPER)
/* Of an offset that is argument 3, which a long may not hold. */
#define OFFSET_UPPER (sizeof(long) == sizeof(uint32_t) ? 4U : 3U | UPPER)

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
 * and why. What every one of them does: log, end, and have memory that is never
 * executable.
 */
static const int common_calls[] = {
	SYS_poll, /* before a line of the log, too */
	SYS_getpid, /* which has it */
	SYS_brk,
	SYS_munmap,
	SYS_exit_group,
};

static const uint32_t not_data[] = { (uint32_t) ~(PROT_READ | PROT_WRITE) };
static const uint32_t no_file[] = { MAP_ANONYMOUS };
static const uint32_t zero[] = { 0 };
static const struct row and_no_file = { NONE, 3, HAS, no_file, 1, NULL };
static const uint32_t std[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO };
static const uint32_t port_in[] = { STDIN_FILENO }; /* of the broker */
static const uint32_t port[] = { STDOUT_FILENO }; /* of the worker */
static const struct row and_not_in = { NONE, 0, IS_NOT, port_in, 1, NULL };
static const struct row and_not_port = { NONE, 0, IS_NOT, port, 1, NULL };
static const struct row and_nowhere = { NONE, 4 | UPPER, IS, zero, 1,
	&and_not_in };
static const struct row common_rows[] = {
	{ SYS_mmap, 2, LACKS, not_data, 1, &and_no_file },
	{ SYS_mprotect, 2, LACKS, not_data, 1, NULL },
	/* To a log that is a socket, and to nobody else whom it could reach. */
	{ SYS_sendto, 4, IS, zero, 1, &and_nowhere },
	{ SYS_send, 0, IS_NOT, port_in, 1, NULL }, /* it has no address */
};

/* A starter's GLIBC_TUNABLES reach the processes that nobody executes anew. */
static const uint32_t advice[] = { MADV_HUGEPAGE };

/*
 * The broker takes no descriptor, sends none and closes none. A port that is a
 * socket could be written to by who reads it, and be read by who writes to it:
 * the broker says nothing to the node, and the worker hears nothing of it.
 */
static const int broker_calls[] = {
	SYS_read, SYS_mremap,
	SYS_restart_syscall, /* stopped and continued in poll */
};
static const struct row broker_rows[] = {
	{ SYS_write, 0, IS_NOT, port_in, 1, NULL },
	{ SYS_writev, 0, IS_NOT, port_in, 1, NULL },
};

/*
 * The worker: libevent, descriptors from priv, pipes, terminals. It sends
 * none, and so none has another number than it began with.
 */
static const int worker_calls[] = {
	SYS_write,
	SYS_close,
	SYS_mremap,
	SYS_epoll_wait,
	SYS_epoll_pwait,
	SYS_epoll_pwait2,
	SYS_epoll_ctl,
	SYS_clock_gettime, /* these where there is no vdso */
	SYS_clock_gettime64,
	SYS_gettimeofday,
	SYS_writev,
	SYS_vmsplice,
	SYS_statx,
	SYS_fstat, /* where there is no statx */
	SYS_newfstatat,
	SYS_rt_sigreturn,
	SYS_sigreturn,
};

/* The number is another option's at another level: TCP_CONGESTION. */
static const uint32_t linger[] = { SO_LINGER };
static const uint32_t socket_level[] = { SOL_SOCKET };
static const struct row and_socket = { NONE, 1, IS, socket_level, 1, NULL };

/*
 * Nothing that would type into a terminal, or have signals sent; and nothing
 * of this with a port or a log that is one.
 */
static const uint32_t worker_ioctls[] = {
	FIONBIO,
	FIONREAD,
	TIOCSWINSZ,
	TCGETS,
	TCSETS,
	TCGETS2,
	TCSETS2,
};
static const uint32_t worker_fcntls[] = {
	F_GETFL,
	F_GETPIPE_SZ,
	F_SETPIPE_SZ,
};
static const uint32_t nonblock[] = { FIONBIO };
static const struct row and_not_std = { NONE, 0, IS_NOT, std, COUNT(std),
	NULL };
static const struct row and_port = { NONE, 0, IS, port, 1, NULL };

/* What is written to a file, as a log can be, is written where it is due. */
static const uint32_t minus[] = { UINT32_MAX }; /* each half of -1 */
static const uint32_t nowait[] = { 8 }; /* RWF_NOWAIT */
static const struct row and_due_upper = { NONE, OFFSET_UPPER, IS, minus, 1,
	NULL };
static const struct row and_due = { NONE, 3, IS, minus, 1, &and_due_upper };
static const struct row and_due_not_port = { NONE, 0, IS_NOT, port, 1,
	&and_due };
static const struct row splice_rows[] = {
	{ NONE, 1 | UPPER, IS, zero, 1, &splice_rows[1] },
	{ NONE, 3, IS, zero, 1, &splice_rows[2] },
	{ NONE, 3 | UPPER, IS, zero, 1, &and_not_port },
};

static const struct row worker_rows[] = {
	{ SYS_ioctl, 1, IS, worker_ioctls, COUNT(worker_ioctls), &and_not_std },
	{ SYS_ioctl, 1, IS, nonblock, 1, &and_port },
	{ SYS_fcntl, 1, IS, worker_fcntls, COUNT(worker_fcntls), &and_not_std },
	{ SYS_read, 0, IS_NOT, port, 1, NULL },
	{ SYS_recvmsg, 0, IS_NOT, port, 1, NULL },
	{ SYS_preadv2, 5, IS, nowait, 1, &and_due_not_port },
	{ SYS_pwritev2, 5, IS, nowait, 1, &and_due },
	{ SYS_splice, 1, IS, zero, 1, splice_rows },
	{ SYS_setitimer, 0, IS, zero, 1, NULL }, /* ITIMER_REAL */
	{ SYS_setsockopt, 2, IS, linger, 1, &and_socket },
};

/* Priv: signals, priorities, groups and ends of children; messages. */
static const int priv_calls[] = {
	SYS_read,
	SYS_write,
	SYS_close,
	SYS_ppoll,
	SYS_ppoll_time64,
	SYS_rt_sigtimedwait,
	SYS_rt_sigtimedwait_time64,
	SYS_rt_sigreturn,
	SYS_sigreturn,
	SYS_writev,
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
	SYS_fstatfs, /* of what the keeper sends */
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
	{ SYS_kill, 0, IS_NOT, crowds, COUNT(crowds), NULL },
	{ SYS_pidfd_send_signal, 3, IS, zero, 1, NULL }, /* one process */
	{ SYS_setpriority, 0, IS, processes, COUNT(processes), NULL },
	{ SYS_getpriority, 0, IS, processes, COUNT(processes), NULL },
	{ SYS_fcntl, 1, IS, priv_fcntls, COUNT(priv_fcntls), NULL },
	{ SYS_setsockopt, 2, IS, linger, 1, &and_socket },
	{ SYS_madvise, 2, IS, advice, COUNT(advice), NULL },
};

/* Guard and reaper: the same signals, and /proc. */
static const int watcher_calls[] = {
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
static const uint32_t watcher_fcntls[] = { F_SETFD, F_GETFL };

/* They remove the instance's control group, and what is in it. */
static const uint32_t removedir[] = { AT_REMOVEDIR };

static const struct row watcher_rows[] = {
	{ SYS_unlinkat, 2, IS, removedir, 1, NULL },
	{ SYS_kill, 0, IS_NOT, crowds, COUNT(crowds), NULL },
	{ SYS_pidfd_send_signal, 3, IS, zero, 1, NULL },
	{ SYS_openat, 2, LACKS, not_reading, 1, NULL },
	{ SYS_open, 1, LACKS, not_reading, 1, NULL },
	{ SYS_fcntl, 1, IS, watcher_fcntls, COUNT(watcher_fcntls), NULL },
	{ SYS_madvise, 2, IS, advice, COUNT(advice), NULL },
};

/* The reaper is asked. */
static const int reaper_calls[] = { SYS_recvfrom, SYS_recv };

/*
 * The keeper: groups, files of the kernel's in them, and messages with
 * descriptors. It makes no file.
 */
static const int keeper_calls[] = {
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

static const uint32_t not_using[] = { (uint32_t) ~(
    O_RDONLY | O_WRONLY | O_CLOEXEC | O_DIRECTORY | O_NONBLOCK | O_NOFOLLOW |
    O_LARGEFILE | O_PATH) };
static const uint32_t for_all[] = { 0666 }; /* of a door of version 1 */

static const struct row keeper_rows[] = {
	{ SYS_openat, 2, LACKS, not_using, 1, NULL },
	{ SYS_open, 1, LACKS, not_using, 1, NULL },
	{ SYS_fchmodat, 2, IS, for_all, 1, NULL },
	{ SYS_unlinkat, 2, IS, removedir, 1, NULL },
	{ SYS_fcntl, 1, IS, watcher_fcntls, COUNT(watcher_fcntls), NULL },
	{ SYS_madvise, 2, IS, advice, COUNT(advice), NULL },
};

#define LIST(calls, rows)                              \
	{                                              \
		calls, COUNT(calls), rows, COUNT(rows) \
	}
static const struct list common_list = LIST(common_calls, common_rows);
static const struct list watcher_list = LIST(watcher_calls, watcher_rows);
static const struct list reaper_list = { reaper_calls, COUNT(reaper_calls),
	NULL, 0 };
static const struct list keeper_list = LIST(keeper_calls, keeper_rows);
static const struct list priv_list = LIST(priv_calls, priv_rows);
static const struct list broker_list = LIST(broker_calls, broker_rows);
static const struct list worker_list = LIST(worker_calls, worker_rows);

/* Up to three for each. */
#define LISTS 3
static const struct list *const process_lists[][LISTS] = {
	[SANDBOX_GUARD] = { &common_list, &watcher_list },
	[SANDBOX_REAPER] = { &common_list, &watcher_list, &reaper_list },
	[SANDBOX_PRIV] = { &common_list, &priv_list },
	[SANDBOX_BROKER] = { &common_list, &broker_list },
	[SANDBOX_WORKER] = { &common_list, &worker_list },
	[SANDBOX_KEEPER] = { &common_list, &keeper_list },
};

/*
 * No file of a launcher's own uid may be set-user-ID, which could be another
 * instance's later; who makes it, launcher or child, a filter cannot tell.
 */
static const uint32_t suid[] = { S_ISUID };
static const uint32_t making[] = { O_CREAT | (O_TMPFILE & ~O_DIRECTORY) };
static const struct row and_open_makes = { NONE, 1, HAS, making, 1, NULL };
static const struct row and_openat_makes = { NONE, 2, HAS, making, 1, NULL };

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
	{ UID_CALL(SYS_setuid), 0, IS_NOT, uids, 2, NULL },
	{ UID_CALL(SYS_setfsuid), 0, IS_NOT, uids, 2, NULL },
	{ UID_CALL(SYS_setreuid), 0, IS_NOT, uids, 2, NULL },
	{ UID_CALL(SYS_setreuid), 1, IS_NOT, uids, 2, NULL },
	{ UID_CALL(SYS_setresuid), 0, IS_NOT, uids, 2, NULL },
	{ UID_CALL(SYS_setresuid), 1, IS_NOT, uids, 2, NULL },
	{ UID_CALL(SYS_setresuid), 2, IS_NOT, uids, 2, NULL },
	{ SYS_unshare, 0, HAS, newuser, 1, NULL },
	{ SYS_clone, 0, HAS, newuser, 1, NULL },
	{ SYS_ioctl, 1, IS, typing, COUNT(typing), NULL },
	{ SYS_chmod, 1, HAS, suid, 1, NULL },
	{ SYS_fchmod, 1, HAS, suid, 1, NULL },
	{ SYS_fchmodat, 2, HAS, suid, 1, NULL },
	{ SYS_fchmodat2, 2, HAS, suid, 1, NULL },
	{ SYS_mknod, 1, HAS, suid, 1, NULL },
	{ SYS_mknodat, 2, HAS, suid, 1, NULL },
	{ SYS_creat, 1, HAS, suid, 1, NULL },
	{ SYS_open, 2, HAS, suid, 1, &and_open_makes },
	{ SYS_openat, 3, HAS, suid, 1, &and_openat_makes },
};
static const struct list launcher_list = LIST(launcher_calls, launcher_rows);

/*
 * A child may not make children for priv, which would know nothing of them. A
 * launcher must: it says a secret in the two arguments that the kernel does
 * not look at with its flags, which are the last on every machine.
 */
#define SECRET_ARG 3
#define SECRET_ARGS 2

/*
 * What they do is in memory; libc takes clone when there is no clone3, and who
 * calls the others has to go on without them on older systems.
 */
static const int absent_calls[] = {
	SYS_clone3,
	SYS_openat2,
	SYS_io_uring_setup,
};
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

/* Half 0 of an argument is the lower one: MACHINE is little-endian. */
static void
load_half(struct program *p, unsigned int arg, unsigned int half)
{
	load(p, offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t) +
		    half * sizeof(uint32_t));
}

/* How many instructions a row's tests are, from this one on. */
static size_t
program_length(const struct row *r)
{
	size_t n = 0;

	for (; r != NULL; r = r->also)
		n += 1 + r->count;
	return (n);
}

/*
 * One test: as many jumps as values, of which the last falls through to the
 * next test, or to the action; fail passes over all that.
 */
static void
program_test(struct program *p, const struct row *r)
{
	size_t i, left, fail = program_length(r->also) + 1;

	load_half(p, ARG(r->arg), (r->arg & UPPER) != 0);
	for (i = 0; i < r->count; i++) {
		left = r->count - 1 - i; /* jumps that follow */
		if (r->test == IS || r->test == HAS)
			emit(p,
			    BPF_JMP | BPF_K |
				(r->test == IS ? BPF_JEQ : BPF_JSET),
			    r->values[i], left, left == 0 ? fail : 0);
		else
			emit(p,
			    BPF_JMP | BPF_K |
				(r->test == IS_NOT ? BPF_JEQ : BPF_JSET),
			    r->values[i], left + fail, 0);
	}
}

/*
 * One call that is looked into: its tests; behind them the action, and behind
 * that the end of the row, which loads the number again for the next.
 */
static void
program_row(struct program *p, const struct row *r, uint32_t action)
{
	unless_equal(p, (uint32_t)r->call, program_length(r) + 2);
	for (; r != NULL; r = r->also)
		program_test(p, r);
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
	load_half(p, 0, 0);
	emit(p, BPF_JMP | BPF_JSET | BPF_K, CLONE_PARENT, 0, 2 * n + 1);
	for (i = 0; i < n; i++) {
		load_half(p, SECRET_ARG + (unsigned int)i, 0);
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
