/*
 * The one loop that makes BPF programs of lists of system calls. A process of
 * ours has a list of what it may call, and dies at anything else. A launcher
 * has lists of what it may not: all that its children do, other people's
 * programs, is done under it.
 */

#include <sys/mman.h>
#include <sys/prctl.h>

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "compat/bpf_linux.h"
#include "log.h"
#include "sandbox_linux.h"
#include "seccomp_linux.h"

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
	/* What musl's libc does with pages that are free. */
	{ SYS_madvise, 2, IS, VALUES(MADV_FREE), NULL },
	/* To a log that is a socket, and to nobody else whom it could reach. */
	{ SYS_sendto, 4, IS, VALUES(0),
	    ALSO(4 | UPPER, IS, VALUES(0),
		ALSO(0, IS_NOT, VALUES(STDIN_FILENO), NULL)) },
	/* It has no address. */
	{ SYS_send, 0, IS_NOT, VALUES(STDIN_FILENO), NULL },
};
const struct seccomp_list seccomp_common = LIST(common_calls, common_rows);

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
program_test(struct bpf *p, const struct seccomp_row *r)
{
	size_t i, left, fail = program_length(r->also) + 1;

	bpf_argument(p, ARG(r->arg), (r->arg & UPPER) != 0);
	for (i = 0; i < r->count; i++) {
		left = r->count - 1 - i; /* jumps that follow */
		if (r->test == IS || r->test == HAS)
			bpf_jump(p, r->test == IS ? BPF_JEQ : BPF_JSET,
			    r->values[i], left, left == 0 ? fail : 0);
		else
			bpf_jump(p, r->test == IS_NOT ? BPF_JEQ : BPF_JSET,
			    r->values[i], left + fail, 0);
	}
}

/*
 * One call that is looked into: its tests; behind them the action, and behind
 * that the end of the row, which loads the number again for the next.
 */
static void
program_row(struct bpf *p, const struct seccomp_row *r, uint32_t action)
{
	bpf_unless(p, (uint32_t)r->call, program_length(r) + 2);
	for (; r != NULL; r = r->also)
		program_test(p, r);
	bpf_give(p, action);
	bpf_number(p);
}

static void
program_list(struct bpf *p, const struct seccomp_list *l, uint32_t action)
{
	size_t i;

	for (i = 0; i < l->ncalls; i++) {
		if (l->calls[i] == NONE)
			continue;
		bpf_unless(p, (uint32_t)l->calls[i], 1);
		bpf_give(p, action);
	}
	for (i = 0; i < l->nrows; i++)
		if (l->rows[i].call != NONE)
			program_row(p, &l->rows[i], action);
}

/* EINVAL: the kernel was built without. */
static int
program_install(struct bpf *p)
{
	struct sock_fprog prog = { p->len, p->code };

	if (p->full)
		fatalx("a system call filter is too long");
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) == 0)
		return (0);
	if (errno != EINVAL)
		fatal("system call filter");
	return (-1);
}

static void
program_allow(struct bpf *p, const struct seccomp_list *const *lists)
{
	bpf_begin(p, REFUSE, REFUSE);
	for (; *lists != NULL; lists++)
		program_list(p, *lists, SECCOMP_RET_ALLOW);
	bpf_give(p, REFUSE);
}

int
seccomp_allow(const struct seccomp_list *const *lists)
{
	struct bpf p;

	if (!bpf_known())
		return (-1);
	seccomp_debug();
	program_allow(&p, lists);
	return (program_install(&p));
}

static void
program_refuse(struct bpf *p, const struct seccomp_list *not_permitted,
    const struct seccomp_list *absent)
{
	bpf_begin(p, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ERRNO | ENOSYS);
	program_list(p, not_permitted, SECCOMP_RET_ERRNO | EPERM);
	program_list(p, absent, SECCOMP_RET_ERRNO | ENOSYS);
	bpf_give(p, SECCOMP_RET_ALLOW);
}

int
seccomp_refuse(
    const struct seccomp_list *not_permitted, const struct seccomp_list *absent)
{
	struct bpf p;

	if (!bpf_known())
		return (-1);
	program_refuse(&p, not_permitted, absent);
	return (program_install(&p));
}
