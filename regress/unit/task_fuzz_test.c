/*
 * Each row with arguments that its letters make likely, hostile ones among
 * them, and with bytes changed: whatever comes, there is an answer. What it
 * finds is found with SANITIZE=1. CALLS_FUZZ says how many of each row,
 * CALLS_SEED which, CALLS_ROW of which row alone, and with CALLS_SHOW what
 * sanitizers say is shown.
 */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "task/call.h"
#include "task/constant.h"
#include "task/interrupt.h"
#include "task_util.h"

#define SEQ 5
#define NOBODY 54321 /* nobody has it, so that no process is hit */

const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return ("exitcode=66:allocator_may_return_null=1:detect_leaks=0");
}

static uint64_t seed;

static uint32_t
any(uint32_t below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return ((uint32_t)(seed >> 33) % below);
}

/* clang-format off */
static const char *const paths[] = {
	"f", "d", "d/f", "s", ".", "..", "/", "", "/nowhere/x", "/dev/null",
	"d/./../d/f", "fifo",
};
static const int64_t numbers[] = {
	0, 1, 2, 3, 4, 5, 9, 255, 256, 4095, 65535, 65536, -1, -2,
	INT32_MAX, INT32_MIN, UINT32_MAX, INT64_MAX, INT64_MIN, 1LL << 32,
};
/* clang-format on */

static void
put_number(struct etf_writer *w)
{
	if (any(40) == 0)
		etf_put_uint(w, UINT64_MAX - any(3));
	else if (any(3) == 0)
		etf_put_int(w, any(1000));
	else
		etf_put_int(
		    w, numbers[any(sizeof(numbers) / sizeof(numbers[0]))]);
}

static void
put_bytes(struct etf_writer *w, uint32_t most)
{
	uint8_t bytes[4096];
	uint32_t i, n = any(most);

	for (i = 0; i < n; i++)
		bytes[i] = (uint8_t)any(256);
	etf_put_binary(w, bytes, n);
}

static void
put_path(struct etf_writer *w)
{
	const char *path = paths[any(sizeof(paths) / sizeof(paths[0]))];
	char odd[5000];

	switch (any(12)) {
	case 0:
		etf_put_binary(w, "a\0b", 3);
		return;
	case 1:
		memset(odd, 'x', sizeof(odd));
		etf_put_binary(w, odd, any(sizeof(odd)));
		return;
	case 2:
		put_bytes(w, 300);
		return;
	case 3:
		etf_put_string(w, path);
		return;
	default:
		etf_put_binary(w, path, strlen(path));
	}
}

static void
put_constant(struct etf_writer *w, const struct constant_kind *kind)
{
	uint32_t n = 0;

	while (kind != NULL && kind->list[n].name != NULL)
		n++;
	if (n == 0 || any(4) == 0)
		put_number(w);
	else if (any(50) == 0)
		etf_put_atom(w, "no_such");
	else
		etf_put_atom(w, kind->list[any(n)].name);
}

static void
put_cstruct(struct etf_writer *w)
{
	uint32_t i, n = 1 + any(6);

	if (any(3) == 0) {
		put_bytes(w, 300);
		return;
	}
	if (any(100) == 0)
		n = 1000 + any(50);
	etf_put_list(w, n);
	for (i = 0; i < n; i++) {
		if (any(2) == 0) {
			put_bytes(w, 64);
			continue;
		}
		etf_put_tuple(w, 2);
		etf_put_atom(w, "ptr");
		if (any(2) == 0)
			put_bytes(w, 300);
		else
			etf_put_int(w, any(8) == 0 ? any(70000) : any(200));
	}
	etf_put_nil(w);
}

static void put_any(struct etf_writer *, int depth);

static void
put_several(struct etf_writer *w, uint32_t n, int depth)
{
	while (n-- > 0)
		put_any(w, depth + 1);
}

static void
put_any(struct etf_writer *w, int depth)
{
	static const char *const atoms[] = { "sec", "usec", "cur", "max",
		"infinity", "local", "inet", "inet6", "ptr", "allow", "deny",
		"fork", "read", "sig_dfl", "sig_ign", "signal", "sigkill",
		"file", "uid", "true" };
	uint32_t n = any(5);

	switch (any(depth > 4 ? 4 : 8)) {
	case 0:
		put_number(w);
		return;
	case 1:
		etf_put_atom(w, atoms[any(sizeof(atoms) / sizeof(atoms[0]))]);
		return;
	case 2:
		put_bytes(w, 120);
		return;
	case 3:
		etf_put_string(w, "text");
		return;
	case 4:
	case 5:
		etf_put_tuple(w, n);
		put_several(w, n, depth);
		return;
	case 6:
		etf_put_list(w, n);
		put_several(w, n, depth);
		if (n > 0)
			etf_put_nil(w);
		return;
	default:
		etf_put_map(w, n);
		put_several(w, 2 * n, depth);
	}
}

static void
put_list(struct etf_writer *w, const struct constant_kind *kind, int texts)
{
	uint32_t i, n = any(6);

	etf_put_list(w, n);
	for (i = 0; i < n; i++) {
		if (texts)
			put_path(w);
		else
			put_constant(w, kind);
	}
	if (n > 0)
		etf_put_nil(w);
}

static void
put_limits(struct etf_writer *w)
{
	etf_put_map(w, 2);
	etf_put_atom(w, "cur");
	put_number(w);
	etf_put_atom(w, "max");
	put_number(w);
}

/* One of that letter, or now and then of none. */
static void
put_argument(struct etf_writer *w, char letter, const struct constant_kind *k)
{
	if (any(12) == 0)
		letter = 'T';
	switch (letter) {
	case 'p':
	case 't':
		put_path(w);
		return;
	case 'b':
		put_bytes(w, 4096);
		return;
	case 'v':
	case 'g':
		put_list(w, k, letter == 'v');
		return;
	case 'r':
		put_limits(w);
		return;
	case 'c':
		put_constant(w, k);
		return;
	case 'f':
		if (any(2) == 0)
			put_constant(w, k);
		else
			put_list(w, k, 0);
		return;
	case 'x':
		if (any(2) == 0) {
			put_constant(w, k);
			return;
		}
		/* FALLTHROUGH */
	case 's':
		put_cstruct(w);
		return;
	case 'T':
		put_any(w, 0);
		return;
	case 'd':
		etf_put_int(w, (int64_t)any(12) - 1);
		return;
	default:
		put_number(w);
	}
}

static void
put_arguments(struct etf_writer *w, const char *args)
{
	const struct constant_kind *kind;
	const char *s = args;
	uint32_t n = 0;
	size_t len;

	for (; *(s += strspn(s, " ")) != '\0'; s += strcspn(s, " "))
		n++;
	if (any(20) == 0)
		n = any(10);
	else if (strchr(args, '?') != NULL && any(2) == 0)
		n--;
	etf_put_version(w);
	etf_put_tuple(w, n);
	for (s = args; n-- > 0; s += strcspn(s, " ")) {
		s += strspn(s, " ?");
		if (s[0] == 'o' && s[1] == ':') {
			s += 2;
			if (any(4) == 0) {
				etf_put_nil(w);
				continue;
			}
		}
		len = strcspn(s, " ");
		kind = len > 2 ? constant_kind(s + 2, len - 2) : NULL;
		put_argument(w, len > 0 ? *s : 'T', kind);
	}
}

static void
change_bytes(struct etf_writer *w)
{
	uint32_t n = 1 + any(4);

	if (any(4) != 0)
		return;
	if (any(4) == 0)
		w->len = any((uint32_t)w->len + 1);
	while (n-- > 0 && w->len > 0)
		w->buf[any((uint32_t)w->len)] = (uint8_t)any(256);
}

static void
one_call(unsigned int number)
{
	static uint8_t term[1 << 20], answer[1 << 20];
	struct etf_writer w, out;
	uint8_t *copy;

	etf_writer_init(&w, term, sizeof(term));
	put_arguments(&w, call_rows[number].args);
	change_bytes(&w);
	if ((copy = malloc(w.len + 1)) == NULL)
		return;
	memcpy(copy, term, w.len);
	etf_writer_init(&out, answer, any(8) == 0 ? any(4096) : sizeof(answer));
	interrupt_expect(SEQ);
	(void)call_run(number, copy, w.len, &out);
	if (!out.full && out.len > 0) {
		struct etf e = { answer, out.len };

		if (etf_skip(&e) == -1 || e.left != 0)
			abort();
	}
	free(copy);
}

/* Waits end, again and again. */
static void
end_waits(void)
{
	struct sigevent se;
	struct itimerspec each = { { 0, 3000000 }, { 0, 3000000 } };
	timer_t timer;

	memset(&se, 0, sizeof(se));
	se.sigev_notify = SIGEV_SIGNAL;
	se.sigev_signo = INTERRUPT_SIGNAL;
	se.sigev_value.sival_int = SEQ;
	if (timer_create(CLOCK_MONOTONIC, &se, &timer) == -1 ||
	    timer_settime(timer, 0, &each, NULL) == -1)
		abort();
}

static void
fuzz_row(unsigned int number, const char *folder, long calls)
{
	struct rlimit none = { 0, 0 };
	int fd, i;

	if (chdir(folder) == -1)
		_exit(1);
	/* What is written is noise; what sanitizers say, too, if not asked. */
	fd = open("/dev/null", O_RDWR);
	for (i = 0; i < 8; i++)
		if (i != fd && (i != 2 || getenv("CALLS_SHOW") == NULL))
			dup2(fd, i);
	if (geteuid() == 0 &&
	    (chown(folder, NOBODY, NOBODY) == -1 || setgroups(0, NULL) == -1 ||
		setgid(NOBODY) == -1 || setuid(NOBODY) == -1))
		_exit(1);
	(void)setrlimit(RLIMIT_CORE, &none);
	/* What cmocka has caught. */
	for (i = 1; i < 32; i++)
		(void)signal(i, SIG_DFL);
	interrupt_init();
	end_waits();
	alarm(120);
	while (calls-- > 0)
		one_call(number);
	_exit(0);
}

static int
is_among(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(name, *names) == 0)
			return (1);
	return (0);
}

/*
 * Not without a uid that nobody has; never, as of ptrace, where sanitizers
 * themselves follow what pointers there are in its memory; and what may end it,
 * as it asks to: with pr_set_tsc it must not look at the time.
 */
static const char *const others[] = { "kill", "setpriority", "prlimit",
	"sched_setaffinity", "setpgid", "map_ids", NULL };
static const char *const never[] = { "fork", "clone", "init", "exec", "execvp",
	"execve", "fexecve", "reexec", "exit", "ptrace", NULL };
static const char *const deadly[] = { "kill", "prctl", "seccomp", "setrlimit",
	"prlimit", "sigaction", "seccomp_rules", "landlock", "filter", NULL };

static int
fuzz(unsigned int number, long calls)
{
	const char *name = call_rows[number].name;
	char folder[] = "/tmp/proctor-fuzz.XXXXXX", command[64];
	int status;
	pid_t pid;

	if (mkdtemp(folder) == NULL)
		return (-1);
	fflush(NULL);
	if ((pid = fork()) == 0)
		fuzz_row(number, folder, calls);
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
		(void)kill(pid, SIGKILL);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	if (system(command) != 0)
		return (-1);
	if (status == 0)
		return (0);
	if (is_among(name, deadly) && WIFSIGNALED(status))
		return (0);
	fprintf(stderr, "%s: %s %d\n", name,
	    WIFSIGNALED(status) ? "signal" : "exit",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return (-1);
}

static void
test_rows(void **state)
{
	const char *text = getenv("CALLS_FUZZ"), *only = getenv("CALLS_ROW");
	long calls = text == NULL ? 1000 : strtol(text, NULL, 10);
	uint64_t first;
	unsigned int i, bad = 0;

	(void)state;
	text = getenv("CALLS_SEED");
	first = text == NULL ? 1 : strtoull(text, NULL, 10);
	for (i = 0; i < call_rows_count; i++) {
		if ((only != NULL && strcmp(only, call_rows[i].name) != 0) ||
		    is_among(call_rows[i].name, never) ||
		    (geteuid() != 0 && is_among(call_rows[i].name, others)))
			continue;
		seed = first * 1000003 + i;
		bad += fuzz(i, calls) == -1;
	}
	assert_int_equal(bad, 0);
}

int
main(int argc, char *argv[])
{
	char *nothing[] = { NULL };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	setproctitle_init(argc, argv, nothing);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
