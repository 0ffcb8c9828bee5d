/*
 * A system call filter of what rows say that they need. What is not in it fails
 * with EPERM; another machine's calls end the process.
 */

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compat/bpf_linux.h"
#include "compat/proc.h"
#include "compat/seccomp_calls.h"
#include "compat/task_os.h"
#include "constant.h"
#include "seal.h"

#define NUMBERS 1024 /* all system calls that there are have smaller ones */

struct allowed {
	uint8_t call[NUMBERS];
	int exec; /* it may become a program */
	int clone; /* with any flags */
};

/*
 * What machines with short longs have besides, by which their C libraries call:
 * the same name with one of these behind it, or another name.
 */
static const char *const tails[] = { "", "32", "64", "_time64" };
static const char *const others[][2] = {
	{ "lseek", "_llseek" },
	{ "mmap", "mmap2" },
	{ "newfstatat", "fstatat64" },
	{ "select", "_newselect" },
};

/* A name of so many bytes, if this machine has it. */
static void
allow_name(struct allowed *a, const char *name, size_t len, const char *tail)
{
	const struct constant_kind *kind = constant_kind("syscall", 7);
	char whole[48];
	int64_t number;

	if (snprintf(whole, sizeof(whole), "%.*s%s", (int)len, name, tail) <
		(int)sizeof(whole) &&
	    constant_get(kind, whole, &number) == 0 && number >= 0 &&
	    number < NUMBERS)
		a->call[number] = 1;
}

/* All calls of a list of names. */
static void
allow(struct allowed *a, const char *names)
{
	size_t i, n;

	for (; *names != '\0'; names += n + strspn(names + n, " ")) {
		n = strcspn(names, " ");
		for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++)
			allow_name(a, names, n, tails[i]);
		for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
			if (strlen(others[i][0]) == n &&
			    strncmp(names, others[i][0], n) == 0)
				allow(a, others[i][1]);
	}
}

static void
allow_rows(struct allowed *a, const struct call_set *s)
{
	const struct call_row *r;
	unsigned int i;

	for (i = 0; i < call_rows_count; i++) {
		r = &call_rows[i];
		if (set_denies(s, i) || (r->systems & SYS_LINUX) == 0)
			continue;
		allow(a, r->syscalls);
		if ((r->marks & CALL_LEAVES) != 0 &&
		    strcmp(r->name, "exit") != 0)
			a->exec = 1;
		if (strcmp(r->name, "clone") == 0)
			a->clone = 1;
	}
}

/* A call that only some values of an argument are let through of: it is done.
 */
static void
some(struct bpf *p, struct allowed *a, int call, unsigned int arg, int how,
    uint32_t k, int yes)
{
	if (call == NONE || a->call[call])
		return;
	bpf_unless(p, (uint32_t)call, 5);
	bpf_argument(p, arg, 0);
	bpf_jump(p, how, k, yes ? 0 : 1, yes ? 1 : 0);
	bpf_give(p, SECCOMP_RET_ALLOW);
	bpf_give(p, SECCOMP_RET_ERRNO | EPERM);
	bpf_number(p);
}

/* What the loop and its libc do, but of that no more. */
static void
some_of_loop(struct bpf *p, struct allowed *a)
{
	some(p, a, SYS_prctl, 0, BPF_JEQ, PR_SET_PDEATHSIG, 1);
	some(p, a, SYS_prlimit64, 1, BPF_JEQ, RLIMIT_LOCKS, 1);
	if (!a->exec) {
		some(p, a, SYS_mmap, 2, BPF_JSET, PROT_EXEC, 0);
		some(p, a, SYS_mprotect, 2, BPF_JSET, PROT_EXEC, 0);
	}
}

/* fork is a clone that asks for nothing new. */
static void
some_clones(struct bpf *p, struct allowed *a)
{
	if (a->clone || !a->call[SYS_clone])
		return;
	a->call[SYS_clone] = 0;
	some(p, a, SYS_clone, 0, BPF_JSET, (uint32_t)os_clone_flags, 0);
}

static int
install(const struct bpf *p, int before)
{
	struct sock_fprog prog = { p->len,
		(struct sock_filter *)(uintptr_t)p->code };

	if (p->full) {
		errno = E2BIG;
		return (-1);
	}
	if (!before && proc_set_no_new_privs() == -1)
		return (-1);
	return ((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog));
}

int
seal(const struct call_set *denied, int before)
{
	struct allowed a;
	struct bpf p;
	uint32_t i;

	if (!bpf_known()) {
		errno = ENOSYS;
		return (-1);
	}
	memset(&a, 0, sizeof(a));
	allow(&a, call_loop);
	allow_rows(&a, denied);
	if (a.exec)
		allow(&a, "mmap mprotect");
	bpf_begin(&p, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS);
	some_clones(&p, &a);
	some_of_loop(&p, &a);
	for (i = 0; i < NUMBERS; i++)
		if (a.call[i]) {
			bpf_unless(&p, i, 1);
			bpf_give(&p, SECCOMP_RET_ALLOW);
		}
	if (a.exec && SYS_set_tls != NONE) {
		bpf_unless(&p, (uint32_t)SYS_set_tls, 1);
		bpf_give(&p, SECCOMP_RET_ALLOW);
	}
	bpf_give(&p, SECCOMP_RET_ERRNO | EPERM);
	return (install(&p, before));
}
