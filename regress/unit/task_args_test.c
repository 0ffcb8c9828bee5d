/*
 * What a call's arguments are read as, and what is refused: task/args.c,
 * task/cstruct.c, task/constant.c.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "task/call.h"
#include "task/constant.h"
#include "task/cstruct.h"
#include "task_util.h"

/* One argument as it was read, between bars. */
static void
add_arg(struct etf_writer *w, const struct arg *a, char letter)
{
	size_t i;

	if (!a->given)
		etf_put_atom(w, "none");
	else if (letter == 'p' || letter == 't') {
		assert_int_equal(a->len, strlen(a->text));
		etf_put_binary(w, a->text, a->len);
	} else if (letter == 'b')
		etf_put_binary(w, a->bytes, a->len);
	else if (letter == 's' || letter == 'x')
		cstruct_write(w, a);
	else if (letter == 'v') {
		etf_put_tuple(w, (uint32_t)a->len);
		for (i = 0; i < a->len; i++)
			etf_put_binary(w, a->texts[i], strlen(a->texts[i]));
		assert_null(a->texts[a->len]);
	} else if (letter == 'g' || letter == 'r') {
		etf_put_tuple(w, letter == 'r' ? 2 : (uint32_t)a->len);
		for (i = 0; i < (letter == 'r' ? 2 : a->len); i++)
			etf_put_int(w, a->numbers[i]);
	} else if (letter == 'T')
		etf_put_atom(w, "term");
	else
		etf_put_int(w, a->number);
}

/* The arguments, or {error, Errno, Number}. */
static const char *
read_as(const char *args, const uint8_t *term, size_t len)
{
	static uint8_t buf[1 << 16];
	struct call_row row = { "it", args, SYS_ALL, 0, NULL, NULL };
	struct etf_writer w;
	struct call c;
	size_t i;

	memset(&c, 0, sizeof(c));
	c.row = &row;
	etf_writer_init(&w, buf, sizeof(buf));
	if (args_read(&c, term, len) == -1) {
		assert_string_equal(c.stage, "argument");
		assert_null(c.detail);
		etf_put_tuple(&w, 3);
		etf_put_atom(&w, "error");
		etf_put_atom(&w, constant_errno(errno));
		etf_put_int(&w, c.number);
	} else {
		etf_put_tuple(&w, (uint32_t)c.nargs);
		for (i = 0; i < c.nargs; i++) {
			args += strspn(args, " ?");
			if (args[0] == 'o' && args[1] == ':')
				args += 2;
			add_arg(&w, &c.a[i], *args);
			args += strcspn(args, " ");
		}
	}
	call_free(&c);
	assert_null(c.memory);
	assert_false(w.full);
	return (text_of(buf, w.len));
}

/* clang-format off */
static const struct {
	const char *args;
	const char *term;
	const char *want;
} cases[] = {
	/* How many there are, and what they are in. */
	{ "", "{}", "{}" },
	{ "", "{1}", "{error,einval,0}" },
	{ "i", "{}", "{error,einval,0}" },
	{ "i", "{1 2}", "{error,einval,0}" },
	{ "i", "[1]", "{error,einval,0}" },
	{ "i", "1", "{error,einval,0}" },
	{ "i ?i", "{1}", "{1,none}" },
	{ "i ?i", "{1 2}", "{1,2}" },
	{ "i ?i ?i", "{1 2}", "{1,2,none}" },
	{ "i ?i", "{1 2 3}", "{error,einval,0}" },
	{ "i ?i", "{1 a}", "{error,einval,2}" },
	{ "i i i i i i i i", "{1 2 3 4 5 6 7 8}", "{1,2,3,4,5,6,7,8}" },
	{ "i i i i i i i i", "{1 2 3 4 5 6 7 8 9}", "{error,einval,0}" },

	/* Texts. */
	{ "p", "{<\"/tmp\">}", "{<\"/tmp\">}" },
	{ "p", "{\"/tmp\"}", "{<\"/tmp\">}" },
	{ "p", "{<\"\">}", "{<\"\">}" },
	{ "t", "{[]}", "{<\"\">}" },
	{ "t", "{[233]}", "{<\"\\c3\\a9\">}" },
	{ "t", "{[955]}", "{<\"\\ce\\bb\">}" },
	{ "p", "{<\"/etc/passwd\\z.png\">}", "{error,einval,1}" },
	{ "p", "{\"/etc\\z\"}", "{error,einval,1}" },
	{ "p", "{[47 0]}", "{error,einval,1}" },
	{ "p", "{tmp}", "{error,einval,1}" },
	{ "p", "{1}", "{error,einval,1}" },
	{ "p", "{{}}", "{error,einval,1}" },
	{ "p", "{[-1]}", "{error,einval,1}" },
	{ "o:p", "{[]}", "{none}" },
	{ "o:p", "{<\"\">}", "{<\"\">}" },
	{ "o:p p", "{[] <\"a\">}", "{none,<\"a\">}" },

	/* Bytes. */
	{ "b", "{<\"a\\zb\">}", "{<\"a\\00b\">}" },
	{ "b", "{\"a\\zb\"}", "{<\"a\\00b\">}" },
	{ "b", "{[]}", "{<\"\">}" },
	{ "b", "{[1 255]}", "{<\"\\01\\ff\">}" },
	{ "b", "{[<\"a\"> \"bc\" [[100] []]]}", "{<\"abcd\">}" },
	{ "b", "{[256]}", "{error,einval,1}" },
	{ "b", "{[-1]}", "{error,einval,1}" },
	{ "b", "{[a]}", "{error,einval,1}" },
	{ "b", "{1}", "{error,einval,1}" },
	{ "b", "{a}", "{error,einval,1}" },

	/* Numbers, and where they end. */
	{ "i", "{-2147483648}", "{-2147483648}" },
	{ "i", "{2147483647}", "{2147483647}" },
	{ "i", "{2147483648}", "{error,einval,1}" },
	{ "i", "{-2147483649}", "{error,einval,1}" },
	{ "i", "{18446744073709551615}", "{error,einval,1}" },
	{ "i", "{a}", "{error,einval,1}" },
	{ "P", "{-5}", "{-5}" },
	{ "P", "{4294967297}", "{error,einval,1}" },
	{ "u", "{4294967295}", "{4294967295}" },
	{ "u", "{-1}", "{4294967295}" },
	{ "u", "{-2}", "{error,einval,1}" },
	{ "u", "{4294967296}", "{error,einval,1}" },
	{ "m", "{420}", "{420}" },
	{ "m", "{-1}", "{error,einval,1}" },
	{ "n", "{9223372036854775807}", "{9223372036854775807}" },
	{ "n", "{9223372036854775808}", "{error,einval,1}" },
	{ "n", "{-1}", "{error,einval,1}" },
	{ "l", "{-9223372036854775808}", "{-9223372036854775808}" },
	{ "l", "{18446744073709551615}", "{-1}" },
	{ "l", "{a}", "{error,einval,1}" },

	/* Descriptors: none of our own. */
	{ "d", "{0}", "{0}" },
	{ "d", "{-1}", "{-1}" },
	{ "d", "{3}", "{error,ebadf,1}" },
	{ "d", "{4294967299}", "{error,einval,1}" },

	/* Constants. */
	{ "c:signal", "{sigkill}", "{9}" },
	{ "c:signal", "{SIGKILL}", "{9}" },
	{ "c:signal", "{9}", "{9}" },
	{ "c:signal", "{-5}", "{-5}" },
	{ "c:signal", "{sigfoo}", "{error,enotsup,1}" },
	{ "c:signal", "{o_rdonly}", "{error,enotsup,1}" },
	{ "c:signal", "{<\"sigkill\">}", "{error,einval,1}" },
	{ "c:signal", "{4294967305}", "{error,einval,1}" },
	{ "f:wait", "{[wnohang wuntraced]}", "{3}" },
	{ "f:wait", "{[wnohang 2]}", "{3}" },
	{ "f:wait", "{\"\x01\x02\"}", "{3}" },
	{ "f:wait", "{wnohang}", "{1}" },
	{ "f:wait", "{3}", "{3}" },
	{ "f:wait", "{[]}", "{0}" },
	{ "f:wait", "{[-1]}", "{error,einval,1}" },
	{ "f:wait", "{-1}", "{error,einval,1}" },
	{ "f:wait", "{[wfoo]}", "{error,enotsup,1}" },
	{ "f:wait", "{[[1]]}", "{error,einval,1}" },
	{ "f:wait", "{{1}}", "{error,einval,1}" },

	/* Lists. */
	{ "v", "{[]}", "{{}}" },
	{ "v", "{[<\"a\"> \"b\" []]}", "{{<\"a\">,<\"b\">,<\"\">}}" },
	{ "v", "{[<\"a\\z\">]}", "{error,einval,1}" },
	{ "v", "{\"ab\"}", "{error,einval,1}" },
	{ "v", "{[1]}", "{error,einval,1}" },
	{ "v", "{<\"a\">}", "{error,einval,1}" },
	{ "o:v", "{[]}", "{none}" },
	{ "g", "{[200 100]}", "{{200,100}}" },
	{ "g", "{\"\xc8\x64\"}", "{{200,100}}" },
	{ "g", "{[]}", "{{}}" },
	{ "g", "{[100000 4294967295]}", "{{100000,4294967295}}" },
	{ "g", "{[4294967296]}", "{error,einval,1}" },
	{ "g", "{[a]}", "{error,einval,1}" },
	{ "g", "{<\"ab\">}", "{error,einval,1}" },
	{ "g:signal", "{[sigkill 1]}", "{{9,1}}" },
	{ "g:signal", "{[sigfoo]}", "{error,enotsup,1}" },

	/* Limits. */
	{ "r", "{#{cur 1 max 2}}", "{{1,2}}" },
	{ "r", "{#{max 2 cur 1}}", "{{1,2}}" },
	{ "r", "{#{cur 18446744073709551615 max infinity}}", "{{-1,-1}}" },
	{ "r", "{#{cur 1}}", "{error,einval,1}" },
	{ "r", "{#{cur 1 cur 2}}", "{error,einval,1}" },
	{ "r", "{#{cur 1 min 2}}", "{error,einval,1}" },
	{ "r", "{#{cur 1 max -1}}", "{error,einval,1}" },
	{ "r", "{#{cur 1 max much}}", "{error,einval,1}" },
	{ "r", "{{1 2}}", "{error,einval,1}" },

	/* What may be anything. */
	{ "x:signal", "{5}", "{5}" },
	{ "x:signal", "{-5}", "{-5}" },
	{ "x:signal", "{18446744073709551615}", "{-1}" },
	{ "x:signal", "{sigkill}", "{9}" },
	{ "x:signal", "{sigfoo}", "{error,enotsup,1}" },
	{ "x:signal", "{[]}", "{0}" },
	{ "x:signal", "{<\"ab\">}", "{<\"ab\">}" },
	{ "x:signal", "{<\"\">}", "{<\"\">}" },
	{ "x:signal", "{{}}", "{error,einval,1}" },

	/* Memory. */
	{ "s", "{<\"ab\">}", "{<\"ab\">}" },
	{ "s", "{<\"\">}", "{<\"\">}" },
	{ "s", "{[<\"ab\"> {ptr 2} {ptr <\"cd\">} <\"e\">]}",
	    "{[<\"ab\">,{ptr,<\"\\00\\00\">},{ptr,<\"cd\">},<\"e\">]}" },
	{ "s", "{[{ptr 0} {ptr <\"\">}]}", "{[{ptr,<\"\">},{ptr,<\"\">}]}" },
	{ "s", "{[]}", "{error,einval,1}" },
	{ "o:s", "{[]}", "{none}" },
	{ "s", "{[{ptr -1}]}", "{error,einval,1}" },
	{ "s", "{[{ptr 65536}]}", "{error,einval,1}" },

	{ "s", "{[{ptr 40000} {ptr 40000}]}", "{error,einval,1}" },
	{ "s", "{[{pointer 1}]}", "{error,einval,1}" },
	{ "s", "{[{ptr 1 2}]}", "{error,einval,1}" },
	{ "s", "{[{ptr a}]}", "{error,einval,1}" },
	{ "s", "{[1]}", "{error,einval,1}" },
	{ "s", "{\"ab\"}", "{error,einval,1}" },
	{ "s", "{1}", "{error,einval,1}" },
};
/* clang-format on */

static void
test_cases(void **state)
{
	uint8_t *term;
	size_t i, len;
	int bad = 0;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got;

		term = term_of(cases[i].term, &len);
		got = read_as(cases[i].args, term, len);
		if (strcmp(got, cases[i].want) != 0) {
			print_error("%s %s: %s, not %s\n", cases[i].args,
			    cases[i].term, got, cases[i].want);
			bad++;
		}
		free(term);
	}
	assert_int_equal(bad, 0);
}

/* No beginning of a term is one, and nothing may stand behind it. */
static void
test_cut(void **state)
{
	uint8_t *copy, *term;
	size_t i, len, n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		term = term_of(cases[i].term, &len);
		for (n = 0; n < len; n++) {
			/* Where a sanitizer sees its end. */
			assert_non_null(copy = malloc(n + 1));
			memcpy(copy, term, n);
			assert_string_equal(read_as(cases[i].args, copy, n),
			    "{error,einval,0}");
			free(copy);
		}
		term[len] = 0;
		assert_string_equal(
		    read_as(cases[i].args, term, len + 1), "{error,einval,0}");
		free(term);
	}
}

/* A pointer points behind the list, to what is its own. */
static void
test_pointer(void **state)
{
	struct call_row row = { "it", "s", SYS_ALL, 0, NULL, NULL };
	struct call c;
	uint8_t *p, *term;
	size_t len;

	(void)state;
	memset(&c, 0, sizeof(c));
	c.row = &row;
	term = term_of("{[<\"ab\"> {ptr <\"cd\">} {ptr 0}]}", &len);
	assert_int_equal(args_read(&c, term, len), 0);
	assert_int_equal(c.a[0].len, 2 + 2 * sizeof(void *));
	assert_memory_equal(c.a[0].memory, "ab", 2);
	memcpy(&p, c.a[0].memory + 2, sizeof(p));
	assert_memory_equal(p, "cd", 2);
	memcpy(&p, c.a[0].memory + 2 + sizeof(p), sizeof(p));
	assert_null(p);
	call_free(&c);
	free(term);
}

/* An improper list is text nowhere but as bytes, where its tail counts. */
static void
test_tail(void **state)
{
	static const uint8_t list[] = { 131, 104, 1, 108, 0, 0, 0, 1, 97, 65,
		109, 0, 0, 0, 1, 66 };

	(void)state;
	assert_string_equal(read_as("b", list, sizeof(list)), "{<\"AB\">}");
	assert_string_equal(
	    read_as("t", list, sizeof(list)), "{error,einval,1}");
	assert_string_equal(
	    read_as("g", list, sizeof(list)), "{error,einval,1}");
	assert_string_equal(
	    read_as("v", list, sizeof(list)), "{error,einval,1}");
	assert_string_equal(
	    read_as("s", list, sizeof(list)), "{error,einval,1}");
}

/* Each kind has what its headers say, whatever that is a macro for. */
static void
test_known(void **state)
{
	static const char *const known[][2] = {
		{ "file", "o_rdonly" },
		{ "file", "seek_end" },
		{ "fcntl", "f_setfl" },
		{ "ioctl", "tiocsctty" },
		{ "mount", "ms_bind" },
		{ "mount", "mnt_detach" },
		{ "clone", "clone_newns" },
		{ "clone", "clone_newtime" },
		{ "signal", "sigusr2" },
		{ "wait", "wuntraced" },
		{ "wait", "p_pid" },
		{ "prio", "prio_user" },
		{ "rlimit", "rlimit_nofile" },
		{ "socket", "af_inet6" },
		{ "socket", "sock_seqpacket" },
		{ "socket", "ipproto_udp" },
		{ "ptrace", "ptrace_attach" },
		{ "ptrace", "ptrace_peekuser" },
		{ "ptrace", "ptrace_o_exitkill" },
		{ "cap", "cap_bpf" },
		{ "prctl", "pr_cap_ambient" },
		{ "prctl", "cap_kill" },
		{ "prctl", "secbit_noroot" },
		{ "prctl", "sigterm" },
		{ "seccomp", "seccomp_ret_allow" },
		{ "errno", "exdev" },
		{ "syscall", "sys_exit_group" },
	};
	int64_t n;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (constant_get(
			constant_kind(known[i][0], strlen(known[i][0])),
			known[i][1], &n) == -1)
			fail_msg("no %s", known[i][1]);
}

static void
test_constants(void **state)
{
	static const char *const kinds[] = { "file", "fcntl", "ioctl", "mount",
		"clone", "signal", "wait", "prio", "rlimit", "socket", "ptrace",
		"cap", "prctl", "seccomp", "errno", "syscall", "capsicum",
		"procctl" };
	const struct constant_kind *kind;
	const struct constant *k;
	int64_t n;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		kind = constant_kind(kinds[i], strlen(kinds[i]));
		assert_non_null(kind);
		assert_string_equal(kind->name, kinds[i]);
		for (k = kind->list; k->name != NULL; k++) {
			assert_int_equal(constant_get(kind, k->name, &n), 0);
			assert_true(n == k->value);
			assert_non_null(constant_name(kind, n));
		}
	}
	assert_null(constant_kind("fil", 3));
	assert_null(constant_kind("files", 5));
	kind = constant_kind("errno", 5);
	assert_string_equal(constant_name(kind, ENOTSUP), "ENOTSUP");
	assert_string_equal(constant_errno(EADDRINUSE), "eaddrinuse");
	assert_string_equal(constant_errno(EAGAIN), "eagain");
	assert_string_equal(constant_errno(99999), "unknown");
	kind = constant_kind("signal", 6);
	assert_int_equal(constant_get(kind, "sigrtmin", &n), 0);
	assert_null(constant_name(kind, 9999));
	kind = constant_kind("syscall", 7);
	assert_int_equal(constant_get(kind, "sys_read", &n), 0);
	assert_int_equal(constant_get(kind, "read", &n), 0);
	assert_int_equal(constant_get(kind, "sys_reed", &n), -1);
}

/* Each row can be read: no letter and no kind is unknown. */
static void
test_rows(void **state)
{
	const char *s;
	size_t i, n;

	(void)state;
	for (i = 0; i < call_rows_count; i++) {
		s = call_rows[i].args;
		for (; *(s += strspn(s, " ?")) != '\0'; s += n) {
			n = strcspn(s, " ");
			if (strncmp(s, "o:", 2) == 0) {
				s += 2;
				n -= 2;
			}
			assert_non_null(strchr("ptbmniulPdcfvgrxsT", *s));
			assert_int_equal(strchr("cf", *s) != NULL && n == 1, 0);
			if (n > 1)
				assert_non_null(constant_kind(s + 2, n - 2));
		}
		assert_int_equal(call_number(call_rows[i].name), (int)i);
	}
	assert_int_equal(call_number("opem"), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_pointer),
		cmocka_unit_test(test_tail),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_constants),
		cmocka_unit_test(test_rows),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
