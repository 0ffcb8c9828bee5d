/* Which system calls a sealed filter lets through on Linux: the program that it
 * would install is played here. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>

#include "task/seal_linux.c"

#define END SECCOMP_RET_KILL_PROCESS
#define NO (SECCOMP_RET_ERRNO | EPERM)
#define YES SECCOMP_RET_ALLOW

long __wrap_syscall(long, ...);
int __wrap_proc_set_no_new_privs(void);

static struct sock_filter code[BPF_MAXINSNS];
static unsigned int length;

int
__wrap_proc_set_no_new_privs(void)
{
	return (0);
}

long
__wrap_syscall(long number, ...)
{
	const struct sock_fprog *prog;
	va_list ap;

	assert_int_equal(number, SYS_seccomp);
	va_start(ap, number);
	assert_int_equal(va_arg(ap, int), SECCOMP_SET_MODE_FILTER);
	(void)va_arg(ap, int);
	prog = va_arg(ap, const struct sock_fprog *);
	va_end(ap);
	length = prog->len;
	memcpy(code, prog->filter, length * sizeof(*code));
	return (0);
}

static int
jumps(const struct sock_filter *f, uint32_t a)
{
	switch (BPF_OP(f->code)) {
	case BPF_JEQ:
		return (a == f->k);
	case BPF_JGE:
		return (a >= f->k);
	case BPF_JSET:
		return ((a & f->k) != 0);
	default:
		fail_msg("jump %#x", f->code);
		return (0);
	}
}

/* What becomes of a call. */
static uint32_t
play(const struct seccomp_data *data)
{
	const struct sock_filter *f;
	uint32_t a = 0;
	unsigned int i;

	for (i = 0; i < length; i++) {
		f = &code[i];
		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (const char *)data + f->k, sizeof(a));
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= f->k;
			break;
		case BPF_RET | BPF_K:
			return (f->k);
		default:
			assert_int_equal(BPF_CLASS(f->code), BPF_JMP);
			i += jumps(f, a) ? f->jt : f->jf;
			break;
		}
	}
	fail_msg("no end");
	return (0);
}

/* Of this machine: the program says itself which that is. */
static uint32_t
asked(long number, unsigned int arg, uint64_t value)
{
	struct seccomp_data data = { 0 };

	assert_int_equal(code[0].k, offsetof(struct seccomp_data, arch));
	data.arch = code[1].k;
	data.nr = (int)number;
	data.args[arg] = value;
	return (play(&data));
}

static void
sealed(const char *names)
{
	struct call_set s;

	assert_int_equal(set_only(&s, names), 0);
	length = 0;
	assert_int_equal(seal(&s, 0), 0);
	assert_true(length > 0);
}

static void
test_rows(void **state)
{
	struct seccomp_data other = { 0 };

	(void)state;
	sealed("getuid,setresuid,truncate,fcntl,lseek,stat");
	assert_int_equal(asked(SYS_getuid, 0, 0), YES);
	assert_int_equal(asked(SYS_setresuid, 0, 0), YES);
	assert_int_equal(asked(SYS_truncate, 0, 0), YES);
	assert_int_equal(asked(SYS_fcntl, 0, 0), YES);
	assert_int_equal(asked(SYS_lseek, 0, 0), YES);
	assert_int_equal(asked(SYS_close, 0, 0), YES);
	assert_int_equal(asked(SYS_getgid, 0, 0), NO);
	assert_int_equal(asked(SYS_setuid, 0, 0), NO);
	assert_int_equal(asked(SYS_mkdirat, 0, 0), NO);
	assert_int_equal(asked(SYS_execve, 0, 0), NO);
	other.nr = SYS_getuid;
	assert_int_equal(play(&other), END);
}

/* Where longs are short the C library calls others, by other names. */
static void
test_short_longs(void **state)
{
	(void)state;
#ifdef SYS_getuid32
	sealed("getuid,setresuid,truncate,fcntl,lseek,stat,chown");
	assert_int_equal(asked(SYS_getuid32, 0, 0), YES);
	assert_int_equal(asked(SYS_getresuid32, 0, 0), YES);
	assert_int_equal(asked(SYS_setresuid32, 0, 0), YES);
	assert_int_equal(asked(SYS_truncate64, 0, 0), YES);
	assert_int_equal(asked(SYS_fcntl64, 0, 0), YES);
	assert_int_equal(asked(SYS__llseek, 0, 0), YES);
	assert_int_equal(asked(SYS_fstatat64, 0, 0), YES);
	assert_int_equal(asked(SYS_stat64, 0, 0), YES);
	assert_int_equal(asked(SYS_chown32, 0, 0), YES);
	assert_int_equal(asked(SYS_clock_gettime64, 0, 0), YES);
	assert_int_equal(asked(SYS_futex_time64, 0, 0), YES);
	assert_int_equal(asked(SYS_ppoll_time64, 0, 0), YES);
	assert_int_equal(asked(SYS_getgid32, 0, 0), NO);
	assert_int_equal(asked(SYS_setgid32, 0, 0), NO);
#else
	skip();
#endif
}

/* What becomes a program may begin as one. */
static void
test_programs(void **state)
{
	const uint64_t code_ = PROT_READ | PROT_EXEC;

	(void)state;
	sealed("getpid");
	assert_int_equal(asked(SYS_mmap, 2, code_), NO);
	assert_int_equal(asked(SYS_mmap, 2, PROT_READ), YES);
	assert_int_equal(asked(SYS_prctl, 0, PR_SET_PDEATHSIG), YES);
	assert_int_equal(asked(SYS_prctl, 0, PR_SET_NAME), NO);
	sealed("execve");
	assert_int_equal(asked(SYS_execve, 0, 0), YES);
	assert_int_equal(asked(SYS_mmap, 2, code_), YES);
#ifdef __ARM_NR_set_tls
	assert_int_equal(asked(__ARM_NR_set_tls, 0, 0), YES);
	sealed("getpid");
	assert_int_equal(asked(__ARM_NR_set_tls, 0, 0), NO);
#endif
}

/* fork is no clone of namespaces; clone is any. */
static void
test_clones(void **state)
{
	(void)state;
	sealed("fork");
	assert_int_equal(asked(SYS_clone, 0, SIGCHLD), YES);
	assert_int_equal(asked(SYS_clone, 0, CLONE_NEWUSER | SIGCHLD), NO);
	sealed("clone");
	assert_int_equal(asked(SYS_clone, 0, CLONE_NEWUSER | SIGCHLD), YES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_short_longs),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_clones),
	};

	if (!bpf_known())
		return (0);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
