/*
 * The one loop that makes BPF programs of lists of system calls. A process of
 * ours has a list of what it may call, and dies at anything else. A launcher
 * has lists of what it may not: all that its children do, other people's
 * programs, is done under it.
 */

#include <sys/mman.h>
#include <sys/prctl.h>

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "log.h"
#include "sandbox_linux.h"
#include "seccomp_linux.h"

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

#define ARG(arg) ((arg) & ~UPPER)

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

static const struct seccomp_row common_rows[] = {
	{ SYS_mmap, 2, LACKS, VALUES((uint32_t) ~(PROT_READ | PROT_WRITE)),
	    ALSO(3, HAS, VALUES(MAP_ANONYMOUS), NULL) },
	{ SYS_mprotect, 2, LACKS, VALUES((uint32_t) ~(PROT_READ | PROT_WRITE)),
	    NULL },
	/* To a log that is a socket, and to nobody else whom it could reach. */
	{ SYS_sendto, 4, IS, VALUES(0),
	    ALSO(4 | UPPER, IS, VALUES(0),
		ALSO(0, IS_NOT, VALUES(STDIN_FILENO), NULL)) },
	/* It has no address. */
	{ SYS_send, 0, IS_NOT, VALUES(STDIN_FILENO), NULL },
};
const struct seccomp_list seccomp_common = LIST(common_calls, common_rows);

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
program_length(const struct seccomp_row *r)
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
program_test(struct program *p, const struct seccomp_row *r)
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
program_row(struct program *p, const struct seccomp_row *r, uint32_t action)
{
	unless_equal(p, (uint32_t)r->call, program_length(r) + 2);
	for (; r != NULL; r = r->also)
		program_test(p, r);
	give(p, action);
	load(p, offsetof(struct seccomp_data, nr));
}

static void
program_list(struct program *p, const struct seccomp_list *l, uint32_t action)
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
program_allow(struct program *p, const struct seccomp_list *const *lists)
{
	program_begin(p, REFUSE, REFUSE);
	for (; *lists != NULL; lists++)
		program_list(p, *lists, SECCOMP_RET_ALLOW);
	give(p, REFUSE);
}

int
seccomp_allow(const struct seccomp_list *const *lists)
{
	struct program p;

	if (MACHINE == 0)
		return (-1);
	seccomp_debug();
	program_allow(&p, lists);
	return (program_install(&p));
}

static void
program_refuse(struct program *p, const struct seccomp_list *not_permitted,
    const struct seccomp_list *absent)
{
	program_begin(p, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ERRNO | ENOSYS);
	program_list(p, not_permitted, SECCOMP_RET_ERRNO | EPERM);
	program_list(p, absent, SECCOMP_RET_ERRNO | ENOSYS);
	give(p, SECCOMP_RET_ALLOW);
}

int
seccomp_refuse(
    const struct seccomp_list *not_permitted, const struct seccomp_list *absent)
{
	struct program p;

	if (MACHINE == 0)
		return (-1);
	program_refuse(&p, not_permitted, absent);
	return (program_install(&p));
}
