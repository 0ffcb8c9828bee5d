/*
 * Tests of a task that becomes a program: what that has from it, what the
 * switch has of it, and what the task has still if it does not come to that.
 */

#include "loop_util.h"

#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/proc.h"
#include "etf_read.h"
#include "log.h"
#include "task_util.h"

#include "task/loop.h"
#include "task/reexec.h"

#define SAY(p, name, args, want) \
	assert_string_equal(task_call(p, name, args), want)

static struct peer *root;
static int ends[3]; /* the switch's, of the program */
static char folder[] = "/tmp/execXXXXXX";

static int
setup(void **state)
{
	(void)state;
	root = task_root();
	ends[0] = ends[1] = ends[2] = -1;
	return (0);
}

static int
teardown(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		if (ends[i] != -1)
			(void)close(ends[i]);
	task_end(root);
	return (0);
}

/* It says that it becomes a program: streams come first, a bit each. */
static void
hear_exec(uint32_t streams, uint32_t pty)
{
	struct task_stream s;
	struct task_exec m;
	uint32_t i;

	for (i = 0; i < 3; i++) {
		if ((streams & 1U << i) == 0)
			continue;
		task_expect(root, TASK_STREAM);
		memcpy(&s, heard.data, sizeof(s));
		assert_int_equal(s.stream, i);
		assert_int_equal(s.pty, pty);
		assert_int_not_equal(heard.fd, -1);
		ends[i] = heard.fd;
	}
	task_expect(root, TASK_EXEC);
	memcpy(&m, heard.data, sizeof(m));
	assert_int_equal(m.seq, task_seq);
	assert_int_equal(m.streams, streams);
	assert_int_equal(m.again, 0);
	assert_string_equal(task_term(sizeof(m)), "ok");
}

static void
become(const char *name, const char *args, uint32_t streams)
{
	task_ask(root, name, args);
	hear_exec(streams, 0);
	assert_int_equal(task_hear(root), 0);
}

/* All that the program writes there. */
static const char *
output(int stream)
{
	static char text[8192];
	size_t n = 0;
	ssize_t r;

	while ((r = read(ends[stream], text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)r;
	text[n] = '\0';
	return (text);
}

static void
test_streams(void **state)
{
	(void)state;
	become("exec", "{\"/bin/sh\",[\"sh\",\"-c\",\"cat; echo no >&2\"]}", 7);
	assert_int_equal(write(ends[0], "yes\n", 4), 4);
	(void)close(ends[0]);
	ends[0] = -1;
	assert_string_equal(output(1), "yes\n");
	assert_string_equal(output(2), "no\n");
}

/* Of prx's shape: what is looked for in PATH, and what has an environment. */
static void
test_execvp(void **state)
{
	(void)state;
	SAY(root, "setenv", "{\"A\",\"b\",1}", "ok");
	become("execvp", "{\"sh\",[\"name\",\"-c\",\"echo $0 $A\"]}", 7);
	assert_string_equal(output(1), "name b\n");
}

static void
test_execve(void **state)
{
	(void)state;
	become("execve", "{\"/usr/bin/env\",[\"env\"],[\"A=b\",\"C=\"]}", 7);
	assert_string_equal(output(1), "A=b\nC=\n");
}

static void
test_execve_no_environment(void **state)
{
	(void)state;
	become("execve", "{\"/usr/bin/env\",[\"env\"],[]}", 7);
	assert_string_equal(output(1), "");
}

static void
test_fexecve(void **state)
{
	(void)state;
	SAY(root, "open", "{\"/usr/bin/env\",[o_rdonly,o_cloexec]}", "{ok,6}");
	become("fexecve", "{6,[\"env\"],[\"A=b\"]}", 7);
	assert_string_equal(output(1), "A=b\n");
}

static void
test_defaults(void **state)
{
	(void)state;
	SAY(root, "setenv", "{\"A\",\"b\",1}", "ok");
	become("exec", "{\"/usr/bin/printenv\",[\"printenv\",\"A\"],[],[]}", 7);
	assert_string_equal(output(1), "b\n");
}

static void
test_no_arguments(void **state)
{
	(void)state;
	become("exec", "{\"/bin/pwd\",[],[],#{cd \"/tmp\"}}", 7);
	assert_string_equal(output(1), "/tmp\n");
}

/* What it was before, it is again. */
static void
test_fails(void **state)
{
	const char *const no[] = { "{\"/nowhere\",[]}", "{\"/tmp\",[]}",
		"{\"/nowhere\",[],[],#{cd \"/\"}}", "{\"/x\",[],[],[search]}" };
	size_t i;

	(void)state;
	SAY(root, "chdir", "{\"/tmp\"}", "ok");
	SAY(root, "sigaction", "{sigusr1,sig_ign}", "{ok,sig_info}");
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		task_ask(root, "exec", no[i]);
		hear_exec(7, 0);
		assert_string_equal(
		    task_answer(root), i == 1 ? "{error,{exec,eacces,execve}}"
					      : "{error,{exec,enoent,execve}}");
	}
	SAY(root, "getcwd", "{}", "{ok,<\"/tmp\">}");
	SAY(root, "readlink", "{\"/proc/self/fd/1\"}", "{ok,<\"/dev/null\">}");
	SAY(root, "sigaction", "{sigusr1,[]}", "{ok,sig_ign}");
	(void)kill(root->pid, SIGTERM);
	task_expect(root, TASK_SIGNAL);
	/* Nothing was left open. */
	SAY(root, "open", "{\"/dev/null\",o_rdonly}", "{ok,6}");
}

/* What is known before is told before: no stream comes. */
static void
test_refused(void **state)
{
	static const char *const rows[][2] = {
		{ "#{cd \"/nowhere\"}", "{exec,enoent,cd}" },
		{ "#{stdin {file,\"/nowhere\"}}", "{exec,enoent,stdin}" },
		{ "#{stdout {file,\"/nowhere/x\"}}", "{exec,enoent,stdout}" },
		{ "#{stderr {append,\"/\"}}", "{exec,eisdir,stderr}" },
		{ "#{some thing}", "{argument,einval,4}" },
		{ "[some]", "{argument,einval,4}" },
		{ "[cd]", "{argument,einval,4}" },
		{ "[{cd,\"\"}]", "{argument,einval,4}" },
		{ "[{cd,\"a\\zb\"}]", "{argument,einval,4}" },
		{ "[{stdin,stdout}]", "{argument,einval,4}" },
		{ "[{stdin,{append,\"/x\"}}]", "{argument,einval,4}" },
		{ "[{stdin,file}]", "{argument,einval,4}" },
		{ "[{stdin,{null,1}}]", "{argument,einval,4}" },
		{ "[{stdin,{file,\"/x\",1}}]", "{argument,einval,4}" },
		{ "[{stdout,stdout}]", "{argument,einval,4}" },
		{ "[{pty,{1}}]", "{argument,einval,4}" },
		{ "[{pty,{0,1}}]", "{argument,einval,4}" },
		{ "[{pty,{1,65536}}]", "{argument,einval,4}" },
		{ "[{signals,some}]", "{argument,einval,4}" },
		{ "[{search,yes}]", "{argument,einval,4}" },
		{ "[{search,true,1}]", "{argument,einval,4}" },
		{ "5", "{argument,einval,4}" },
	};
	char args[256], want[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(
		    args, sizeof(args), "{\"/bin/true\",[],[],%s}", rows[i][0]);
		(void)snprintf(want, sizeof(want), "{error,%s}", rows[i][1]);
		SAY(root, "exec", args, want);
	}
	(void)task_fork(root, "fork", "{}");
	SAY(root, "exec", "{\"/bin/true\",[]}", "{error,{state,eacces,exec}}");
	SAY(root, "execvp", "{\"true\",[]}", "{error,{state,eacces,execvp}}");
}

/* The end of a list of calls. */
static void
test_batch(void **state)
{
	struct task_exec m;

	(void)state;
	task_ask_all(root, "chdir {\"/\"}; exec {\"/nowhere\",[]}", 0);
	while (task_hear(root) == TASK_STREAM)
		(void)close(heard.fd);
	assert_int_equal(heard.type, TASK_EXEC);
	memcpy(&m, heard.data, sizeof(m));
	assert_int_equal(m.results, 1);
	assert_string_equal(task_term(sizeof(m)), "[ok,ok]");
	assert_string_equal(
	    task_answer(root), "[ok,{error,{exec,enoent,execve}}]");
	task_ask_all(root, "chdir {\"/\"}; exec {\"/bin/true\",[]}", 0);
	while (task_hear(root) == TASK_STREAM)
		(void)close(heard.fd);
	assert_string_equal(task_term(sizeof(m)), "[ok,ok]");
	assert_int_equal(task_hear(root), 0);
}

/* Without opening anything. */
#define OPEN                                                          \
	"for i in 0 1 2 3 4 5 6 7 8 9; do test -e /proc/$$/fd/$i && " \
	"printf '%d ' $i; done"

/* 0, 1 and 2, whatever the task has; and what it has opened for it. */
static void
test_descriptors(void **state)
{
	(void)state;
	SAY(root, "pipe", "{[o_cloexec]}", "{ok,{6,7}}");
	SAY(root, "open", "{\"/dev/null\",o_rdonly}", "{ok,8}");
	become("exec", "{\"/bin/sh\",[\"sh\",\"-c\",\"" OPEN "\"]}", 7);
	assert_string_equal(output(1), "0 1 2 8 ");
}

static void
test_descriptors_closed(void **state)
{
	(void)state;
	SAY(root, "close", "{0}", "ok");
	SAY(root, "close", "{1}", "ok");
	become("exec", "{\"/bin/sh\",[\"sh\",\"-c\",\"cat; " OPEN "\"]}", 7);
	assert_int_equal(write(ends[0], "a ", 2), 2);
	(void)close(ends[0]);
	ends[0] = -1;
	assert_string_equal(output(1), "a 0 1 2 ");
}

static void
test_null_and_closed(void **state)
{
	(void)state;
	become("exec",
	    "{\"/bin/sh\",[\"sh\",\"-c\",\"cat; readlink /proc/$$/fd/0 "
	    "/proc/$$/fd/2\"],[],[{stdin,null},{stderr,close}]}",
	    2);
	assert_string_equal(output(1), "/dev/null\n");
}

static void
test_same(void **state)
{
	(void)state;
	become("exec",
	    "{\"/bin/sh\",[\"sh\",\"-c\",\"echo a; echo b >&2\"],[],"
	    "#{stderr stdout}}",
	    3);
	assert_string_equal(output(1), "a\nb\n");
}

static const char *
contents(const char *path)
{
	ends[1] = open(path, O_RDONLY);
	assert_int_not_equal(ends[1], -1);
	return (output(1));
}

static void
test_files(void **state)
{
	char in[64], out[64], args[512];

	(void)state;
	(void)snprintf(in, sizeof(in), "%s/in", folder);
	(void)snprintf(out, sizeof(out), "%s/out", folder);
	ends[1] = open(in, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(ends[1], "text\n", 5), 5);
	(void)close(ends[1]);
	(void)snprintf(args, sizeof(args),
	    "{\"/bin/sh\",[\"sh\",\"-c\",\"cat; echo err >&2\"],[],[{stdin,"
	    "{file,\"%s\"}},{stdout,{file,\"%s\"}},{stderr,{append,\"%s\"}}]}",
	    in, out, in);
	become("exec", args, 0);
	task_gone(root);
	assert_string_equal(contents(out), "text\n");
	(void)close(ends[1]);
	assert_string_equal(contents(in), "text\nerr\n");
	(void)unlink(in);
	(void)unlink(out);
}

/* Nobody reads it: the task is not held up. */
static void
test_fifo(void **state)
{
	char path[64], args[256];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	(void)snprintf(args, sizeof(args),
	    "{\"/bin/true\",[],[],[{stdout,{file,\"%s\"}}]}", path);
	SAY(root, "exec", args, "{error,{exec,enxio,stdout}}");
	(void)unlink(path);
}

static void
test_terminal(void **state)
{
	(void)state;
	task_ask(root, "exec",
	    "{\"/bin/sh\",[\"sh\",\"-c\",\"test -t 2 && stty size && tty "
	    ">/dev/null && echo good >/dev/tty\"],[],#{pty {24,80}}}");
	hear_exec(3, 1);
	assert_int_equal(task_hear(root), 0);
	assert_string_equal(output(1), "24 80\r\ngood\r\n");
}

static void
test_terminal_and_pipe(void **state)
{
	(void)state;
	task_ask(root, "exec",
	    "{\"/bin/sh\",[\"sh\",\"-c\",\"test -t 0; echo $?; test -t 2; "
	    "echo $? >&2\"],[],[pty,{stdin,null},{stderr,stdout}]}");
	hear_exec(2, 1);
	assert_string_equal(output(1), "1\r\n0\r\n");
}

/* The program finds none that is blocked. */
static const char *
signal_sets(const char *how)
{
	char args[256];

	SAY(root, "sigaction", "{sigusr1,sig_ign}", "{ok,sig_info}");
	SAY(root, "sigaction", "{sigchld,sig_ign}", "{ok,sig_dfl}");
	SAY(root, "sigaction", "{sigusr2,sig_dfl}", "{ok,sig_info}");
	(void)snprintf(args, sizeof(args),
	    "{\"/bin/sed\",[\"sed\",\"-n\",\"/Sig[BIC]/p\",\"/proc/self/"
	    "status\"],[],%s}",
	    how);
	become("exec", args, 7);
	return (output(1));
}

static void
test_signals_kept(void **state)
{
	(void)state;
	assert_string_equal(signal_sets("[{signals,keep}]"),
	    "SigBlk:\t0000000000000000\n"
	    "SigIgn:\t0000000000010200\n"
	    "SigCgt:\t0000000000000000\n");
}

static void
test_signals_default(void **state)
{
	(void)state;
	assert_string_equal(signal_sets("[]"), "SigBlk:\t0000000000000000\n"
					       "SigIgn:\t0000000000000000\n"
					       "SigCgt:\t0000000000000000\n");
}

/* What has come before is the task's, not the program's. */
static void
test_signal_before(void **state)
{
	char calls[128];

	(void)state;
	(void)snprintf(calls, sizeof(calls),
	    "kill {%d,sigterm}; exec {\"/bin/echo\",[\"echo\",\"alive\"]}",
	    root->pid);
	task_ask_all(root, calls, 0);
	task_expect(root, TASK_STREAM);
	(void)close(heard.fd);
	task_expect(root, TASK_STREAM);
	ends[1] = heard.fd;
	task_expect(root, TASK_STREAM);
	(void)close(heard.fd);
	task_expect(root, TASK_SIGNAL);
	task_expect(root, TASK_EXEC);
	assert_int_equal(task_hear(root), 0);
	assert_string_equal(output(1), "alive\n");
}

static void
test_arg0(void **state)
{
	(void)state;
	become("exec",
	    "{\"sh\",[\"sh\",\"-c\",\"cat /proc/$$/cmdline\"],[\"PATH=/bin\"],"
	    "[search,{arg0,\"other\"}]}",
	    7);
	assert_string_equal(output(1), "other");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_streams),
		CASE(test_execvp),
		CASE(test_execve),
		CASE(test_execve_no_environment),
		CASE(test_fexecve),
		CASE(test_defaults),
		CASE(test_no_arguments),
		CASE(test_fails),
		CASE(test_refused),
		CASE(test_batch),
		CASE(test_descriptors),
		CASE(test_descriptors_closed),
		CASE(test_null_and_closed),
		CASE(test_same),
		CASE(test_files),
		CASE(test_fifo),
		CASE(test_terminal),
		CASE(test_terminal_and_pipe),
		CASE(test_signals_kept),
		CASE(test_signals_default),
		CASE(test_signal_before),
		CASE(test_arg0),
	};
	int failed;

	log_init("task", 0);
	if (reexec_resume())
		task_main(1);
	if (mkdtemp(folder) == NULL)
		return (1);
	/* make(1) starts what it starts with some ignored that libc keeps. */
	proc_signals_default();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(folder);
	return (failed);
}
