/*
 * Tests of a task, as its switch sees it: calls and lists of them, children,
 * signals, limits and filters, and what becomes of it in the end.
 */

#include "loop_util.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "etf_read.h"
#include "log.h"
#include "task_util.h"

#include "task/interrupt.h"
#include "task/loop.h"
#include "task/reexec.h"
#include "task/seal.h"
#include "task/wire.h"

#define SAY(p, name, args, want) \
	assert_string_equal(task_call(p, name, args), want)

static struct peer *root;

static int
setup(void **state)
{
	(void)state;
	root = task_root();
	return (0);
}

/* The end of the channel ends the task. */
static int
teardown(void **state)
{
	(void)state;
	task_end(root);
	return (0);
}

static const char *
ok(int64_t n)
{
	static char text[32];

	(void)snprintf(text, sizeof(text), "{ok,%lld}", (long long)n);
	return (text);
}

static void
test_call(void **state)
{
	(void)state;
	SAY(root, "getpid", "{}", ok(root->pid));
	SAY(root, "getpid", "{1}", "{error,{argument,einval,0}}");
	SAY(root, "chdir", "{\"/nowhere\"}", "{error,{call,enoent,chdir}}");
	SAY(root, "umask", "{-1}", "{error,{argument,einval,1}}");
	SAY(root, "chdir", "{\"/\"}", "ok");
	SAY(root, "pledge", "{[],[]}", "{error,{system,enosys,pledge}}");
	SAY(root, "getcpid", "{a}", "{error,{system,enosys,getcpid}}");
	/* No row at all. */
	SAY(root, "nothing", "{}", "{error,{system,enosys,call}}");
}

/* What it has open for itself is nobody else's. */
static void
test_owned(void **state)
{
	char args[32], close[32];
	int fd;

	(void)state;
	for (fd = 3; fd < 6; fd++) {
		(void)snprintf(close, sizeof(close), "{%d}", fd);
		(void)snprintf(args, sizeof(args), "{0,%d}", fd);
		SAY(root, "close", close, "{error,{argument,ebadf,1}}");
		SAY(root, "dup2", args, "{error,{argument,ebadf,2}}");
	}
	SAY(root, "dup", "{0}", "{ok,6}");
	SAY(root, "close", "{6}", "ok");
}

/* Whoever the term comes from, it is a term or nothing. */
static void
test_no_term(void **state)
{
	struct task_call head = { ++task_seq, 0, 0 };
	struct iovec iov = { &head, sizeof(head) };

	(void)state;
	assert_int_equal(
	    imsg_composev(&root->ibuf, TASK_CALL, 0, 0, -1, &iov, 1), 1);
	assert_int_equal(imsgbuf_flush(&root->ibuf), 0);
	assert_string_equal(task_answer(root), "{error,{argument,einval,0}}");
	SAY(root, "getpid", "{}", ok(root->pid));
}

static void
test_fork(void **state)
{
	struct peer *child = task_fork(root, "fork", "{}"), *below;

	(void)state;
	assert_int_equal(child->inner, child->pid);
	SAY(child, "getpid", "{}", ok(child->pid));
	SAY(child, "getppid", "{}", ok(root->pid));
	below = task_fork(child, "fork", "{}");
	SAY(below, "getppid", "{}", ok(child->pid));
	SAY(root, "getpid", "{}", ok(root->pid));
}

static void
limits(uint32_t children, uint32_t depth)
{
	struct task_limits m = { children, depth, 0 };

	assert_int_equal(
	    imsg_compose(&root->ibuf, TASK_LIMITS, 0, 0, -1, &m, sizeof(m)), 1);
	assert_int_equal(imsgbuf_flush(&root->ibuf), 0);
}

static void
test_limits(void **state)
{
	struct peer *child;

	(void)state;
	limits(1, 2);
	child = task_fork(root, "fork", "{}");
	SAY(root, "fork", "{}", "{error,{limit,eagain,fork}}");
	child = task_fork(child, "fork", "{}");
	SAY(child, "fork", "{}", "{error,{limit,eagain,fork}}");
	limits(0, 9);
	SAY(root, "clone", "{[]}", "{error,{limit,eagain,clone}}");
}

/* One that has ended makes room, and is told of. */
static void
test_exit(void **state)
{
	struct task_exit m;
	struct peer *child;

	(void)state;
	limits(1, 1);
	child = task_fork(root, "fork", "{}");
	SAY(child, "exit", "{259}", "ok");
	task_expect(root, TASK_EXIT);
	memcpy(&m, heard.data, sizeof(m));
	assert_int_equal(m.inner, child->pid);
	assert_int_equal(m.code, CLD_EXITED);
	assert_int_equal(m.status, 3);
	child = task_fork(root, "fork", "{}");
	(void)kill(child->pid, SIGKILL);
	task_expect(root, TASK_EXIT);
	memcpy(&m, heard.data, sizeof(m));
	assert_int_equal(m.code, CLD_KILLED);
	assert_int_equal(m.status, SIGKILL);
}

/* By a call of the caller's own. */
static void
test_waitpid(void **state)
{
	struct task_exit m;
	struct peer *child;

	(void)state;
	SAY(root, "sigaction", "{sigchld,sig_info}", "{ok,sig_dfl}");
	child = task_fork(root, "fork", "{}");
	(void)kill(child->pid, SIGKILL);
	task_expect(root, TASK_SIGNAL);
	task_ask(root, "waitpid", "{-1,0}");
	task_expect(root, TASK_EXIT);
	memcpy(&m, heard.data, sizeof(m));
	assert_int_equal(m.inner, child->pid);
	assert_non_null(strstr(task_answer(root), "{termsig,sigkill}"));
	SAY(root, "waitpid", "{-1,0}", "{error,{call,echild,waitpid}}");
}

/* Of the whole chain, whatever those below are at. */
static void
test_parent_dies(void **state)
{
	struct peer *child = task_fork(root, "fork", "{}");
	struct peer *below = task_fork(child, "fork", "{}");

	(void)state;
	task_ask(below, "read", "{0,1}");
	(void)kill(below->pid, SIGSTOP);
	(void)kill(child->pid, SIGKILL);
	task_gone(below);
	assert_int_equal(
	    task_hear(below) == TASK_REPLY ? task_hear(below) : 0, 0);
}

/* Its parent's end is its own still after it has become another user. */
static void
test_parent_dies_of_other(void **state)
{
	struct peer *child;

	(void)state;
	if (geteuid() != 0)
		skip();
	child = task_fork(root, "fork", "{}");
	SAY(child, "setresuid", "{65534,65534,65534}", "ok");
	(void)kill(root->pid, SIGKILL);
	task_gone(child);
}

static void
test_batch(void **state)
{
	char want[128];

	(void)state;
	task_ask_all(root, "getpid {}; chdir {\"/\"}; getuid {}", 0);
	(void)snprintf(want, sizeof(want), "[{ok,%d},ok,{ok,%d}]", root->pid,
	    (int)getuid());
	assert_string_equal(task_answer(root), want);
	task_ask_all(root, "chdir {\"/\"}; chdir {\"/nowhere\"}; getuid {}", 0);
	assert_string_equal(
	    task_answer(root), "[ok,{error,{call,enoent,chdir}}]");
	task_ask_all(root, "chdir {\"/nowhere\"}; chdir {\"/\"}", BATCH_ALL);
	assert_string_equal(
	    task_answer(root), "[{error,{call,enoent,chdir}},ok]");
	/* Nothing can come behind a program. */
	task_ask_all(root, "execvp {\"true\",[\"true\"]}; chdir {\"/\"}", 0);
	assert_string_equal(
	    task_answer(root), "[{error,{state,eacces,execvp}}]");
	task_ask_all(root, "chdir {\"/\"}; exit {0}", 0);
	assert_string_equal(task_answer(root), "[ok,ok]");
}

/* Lengths that are not what comes; no list at all. */
static void
test_batch_broken(void **state)
{
	struct {
		struct task_batch head;
		uint8_t calls[8];
	} m;
	size_t len;

	(void)state;
	memset(&m, 0, sizeof(m));
	for (len = 0; len <= 8; len++) {
		m.head.seq = ++task_seq;
		m.head.count = 2;
		m.calls[1] = 255;
		m.calls[5] = 3; /* a term of three bytes, of which two come */
		assert_int_equal(imsg_compose(&root->ibuf, TASK_BATCH, 0, 0, -1,
				     &m, sizeof(m.head) + len),
		    1);
		assert_int_equal(imsgbuf_flush(&root->ibuf), 0);
		assert_string_equal(
		    task_answer(root), "[{error,{wire,einval,batch}}]");
	}
	m.head.seq = ++task_seq;
	m.head.count = 0;
	assert_int_equal(
	    imsg_compose(&root->ibuf, TASK_BATCH, 0, 0, -1, &m, sizeof(m.head)),
	    1);
	assert_int_equal(imsgbuf_flush(&root->ibuf), 0);
	assert_string_equal(task_answer(root), "[]");
}

/* The child has been asked nothing; the parent goes on with the list. */
static void
test_batch_fork(void **state)
{
	struct peer *first, *second;
	char want[128];

	(void)state;
	task_ask_all(root, "fork {}; fork {}; getpid {}", 0);
	task_expect(root, TASK_BORN);
	first = task_child();
	task_expect(root, TASK_PIDFD);
	task_expect(root, TASK_BORN);
	second = task_child();
	task_expect(root, TASK_PIDFD);
	(void)snprintf(want, sizeof(want), "[{ok,%d},{ok,%d},{ok,%d}]",
	    first->pid, second->pid, root->pid);
	assert_string_equal(task_answer(root), want);
	task_expect(first, TASK_HERE);
	task_expect(second, TASK_HERE);
	SAY(first, "getpid", "{}", ok(first->pid));
	SAY(second, "getpid", "{}", ok(second->pid));
}

/* The answer to a list: the last of it as text, and how many they are. */
static const char *
last_result(uint32_t *n)
{
	const uint8_t *term = heard.data + sizeof(struct task_reply);
	size_t len;
	struct etf e, last = { NULL, 0 };
	uint32_t i;

	task_expect(root, TASK_REPLY);
	len = heard.len - sizeof(struct task_reply);
	assert_true(len <= WIRE_MAX - WIRE_HEAD);
	assert_int_equal(etf_check(term, len), 0);
	assert_int_equal(etf_open(&e, term, len), 0);
	assert_int_equal(etf_get_list(&e, n), 0);
	for (i = 0; i < *n; i++) {
		last = e;
		assert_int_equal(etf_skip(&e), 0);
	}
	return (text_of(last.p, (size_t)(e.p - last.p)));
}

/* A list ends where not even an error has room, whatever was asked. */
static void
test_too_large(void **state)
{
	static const char call[] = "filters {};";
	char all[1000 * sizeof(call)];
	uint32_t i, n;

	(void)state;
	for (i = 0; i < 1000; i++)
		memcpy(all + i * (sizeof(call) - 1), call, sizeof(call));
	task_ask_all(root, all, BATCH_ALL);
	assert_string_equal(last_result(&n), "{error,{wire,emsgsize,filters}}");
	assert_true(n > 100 && n < 1000);
	SAY(root, "getpid", "{}", ok(root->pid));
}

static void
heard_signal(int signo, int from)
{
	struct task_signal m;
	siginfo_t info;

	memcpy(&m, heard.data, sizeof(m));
	memcpy(&info, m.info, sizeof(info));
	assert_int_equal(m.signo, signo);
	assert_int_equal(info.si_signo, signo);
	assert_int_equal(info.si_pid, from);
}

static void
test_signals(void **state)
{
	struct peer *child;

	(void)state;
	(void)kill(root->pid, SIGTERM);
	task_expect(root, TASK_SIGNAL);
	heard_signal(SIGTERM, getpid());
	SAY(root, "sigaction", "{sigusr1,[]}", "{ok,sig_info}");
	SAY(root, "sigaction", "{sigusr1,SIG_IGN}", "{ok,sig_info}");
	(void)kill(root->pid, SIGUSR1);
	SAY(root, "sigaction", "{sigusr1,[]}", "{ok,sig_ign}");
	SAY(root, "sigaction", "{sigkill,sig_ign}",
	    "{error,{call,einval,sigaction}}");
	SAY(root, "sigaction", "{9999,[]}", "{error,{argument,einval,1}}");
	SAY(root, "sigaction", "{sigterm,[[]]}", "{error,{argument,einval,2}}");
	/* A child has what its parent has. */
	SAY(root, "sigaction", "{sigusr2,sig_dfl}", "{ok,sig_info}");
	child = task_fork(root, "fork", "{}");
	SAY(child, "sigaction", "{sigusr1,[]}", "{ok,sig_ign}");
	(void)kill(child->pid, SIGUSR2);
	task_gone(child);
}

/* What has come while it was caught is fetched before it no longer is. */
static void
test_signal_before(void **state)
{
	(void)state;
	(void)kill(root->pid, SIGSTOP);
	(void)kill(root->pid, SIGUSR1);
	task_ask(root, "sigaction", "{sigusr1,sig_dfl}");
	(void)kill(root->pid, SIGCONT);
	do
		assert_int_not_equal(task_hear(root), 0);
	while (heard.type == TASK_SIGNAL);
	assert_int_equal(heard.type, TASK_REPLY);
	SAY(root, "getpid", "{}", ok(root->pid));
}

static void
interrupt(struct peer *p, uint32_t seq)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = INTERRUPT_SIGNAL;
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = (int)seq;
	assert_int_equal(syscall(SYS_pidfd_send_signal, p->pidfd,
			     INTERRUPT_SIGNAL, &info, 0),
	    0);
}

/* That of another call does not end this one. */
static void
test_interrupt(void **state)
{
	struct pollfd pfd = { .fd = root->ibuf.fd, .events = POLLIN };

	(void)state;
	SAY(root, "pipe", "{}", "{ok,{6,7}}");
	interrupt(root, task_seq);
	SAY(root, "getpid", "{}", ok(root->pid));
	task_ask(root, "read", "{6,1}");
	interrupt(root, task_seq - 1);
	assert_int_equal(poll(&pfd, 1, 100), 0);
	do
		interrupt(root, task_seq);
	while (poll(&pfd, 1, 20) == 0);
	assert_string_equal(
	    task_answer(root), "{error,{timeout,etimedout,read}}");
	SAY(root, "write", "{7,\"x\"}", "{ok,1}");
	SAY(root, "read", "{6,9}", "{ok,<\"x\">}");
}

/* What it waits for is its own affair: its children's ends are told. */
static void
test_exit_meanwhile(void **state)
{
	struct task_exit m;
	struct peer *child, *writer;

	(void)state;
	SAY(root, "pipe", "{}", "{ok,{6,7}}");
	child = task_fork(root, "fork", "{}");
	writer = task_fork(root, "fork", "{}");
	task_ask(root, "read", "{6,9}");
	(void)kill(child->pid, SIGKILL);
	task_expect(root, TASK_EXIT);
	memcpy(&m, heard.data, sizeof(m));
	assert_int_equal(m.inner, child->pid);
	task_seq--;
	SAY(writer, "write", "{7,<\"x\">}", "{ok,1}");
	assert_string_equal(task_answer(root), "{ok,<\"x\">}");
}

/* Nor does it wait any longer for that. */
static void
test_select(void **state)
{
	struct pollfd pfd = { .fd = root->ibuf.fd, .events = POLLIN };
	int i;

	(void)state;
	SAY(root, "pipe", "{}", "{ok,{6,7}}");
	task_ask(root, "select", "{[6],[],[],300}");
	for (i = 0; i < 200 && poll(&pfd, 1, 50) == 0; i++)
		(void)kill(root->pid, SIGCHLD);
	assert_true(i < 200);
	assert_string_equal(task_answer(root), "{ok,{[],[],[]}}");
}

static void
test_filter(void **state)
{
	struct peer *child;

	(void)state;
	SAY(root, "filter", "{[getpid],{deny,[getuid]}}", "ok");
	SAY(root, "getpid", "{}", "{error,{policy,eperm,getpid}}");
	SAY(root, "getuid", "{}", ok(getuid()));
	child = task_fork(root, "fork", "{}");
	SAY(child, "getpid", "{}", ok(child->pid));
	SAY(child, "getuid", "{}", "{error,{policy,eperm,getuid}}");
	/* Nothing comes back; what is wrong changes nothing. */
	SAY(root, "filter", "{{allow,[fork,filter,filters]},[]}", "ok");
	SAY(root, "filter", "{{allow,[getpid,fork,filters,filter]}}", "ok");
	SAY(root, "getpid", "{}", "{error,{policy,eperm,getpid}}");
	SAY(root, "filter", "{[fork,nonsense]}", "{error,{argument,einval,1}}");
	SAY(root, "filter", "{{some,[fork]}}", "{error,{argument,einval,1}}");
	SAY(root, "filter", "{[fork],5}", "{error,{argument,einval,2}}");
	assert_non_null(strstr(task_call(root, "filters", "{}"),
	    "{ok,{[fork,filter,filters],[fork,clone,"));
	child = task_fork(root, "fork", "{}");
	SAY(root, "filter", "{[filter]}", "ok");
	SAY(root, "filter", "{[]}", "{error,{policy,eperm,filter}}");
}

/* Is there what seals? Not where calls are watched by a sanitizer. */
static int
seals(void)
{
	struct call_set none;
	int status;
	pid_t pid = fork();

	memset(&none, 0, sizeof(none));
	if (pid == 0)
		_exit(seal(&none, 0) == 0 ? 0 : 1);
	(void)waitpid(pid, &status, 0);
	return (status == 0);
}

/* The loop does all that it does by the calls that it says. */
static void
test_seal(void **state)
{
	struct peer *child, *below;

	(void)state;
	SAY(root, "filter", "{[],[],some}", "{error,{argument,einval,3}}");
	SAY(root, "filter", "{[],[],[seal,some]}",
	    "{error,{argument,einval,3}}");
	if (!seals())
		skip();
	child = task_fork(root, "fork", "{}");
	SAY(child, "filter",
	    "{{allow,[getpid,fork,exit,sigaction,getgid,filter,chdir,read,pipe]"
	    "},"
	    "{allow,[getuid,getgid,exit,read,pipe]},[seal]}",
	    "ok");
	SAY(child, "getpid", "{}", ok(child->pid));
	SAY(child, "getuid", "{}", "{error,{policy,eperm,getuid}}");
	SAY(child, "sigaction", "{sigusr1,sig_dfl}", "{ok,sig_info}");
	SAY(child, "chdir", "{\"/nowhere\"}", "{error,{call,enoent,chdir}}");
	(void)kill(child->pid, SIGTERM);
	task_expect(child, TASK_SIGNAL);
	below = task_fork(child, "fork", "{}");
	SAY(below, "getgid", "{}", ok(getgid()));
	SAY(below, "getuid", "{}", "{error,{policy,eperm,getuid}}");
	SAY(below, "pipe", "{}", "{ok,{6,7}}");
	task_ask(below, "read", "{6,1}");
	while (poll(&(struct pollfd){ below->ibuf.fd, POLLIN, 0 }, 1, 20) == 0)
		interrupt(below, task_seq);
	assert_string_equal(
	    task_answer(below), "{error,{timeout,etimedout,read}}");
	SAY(below, "exit", "{3}", "ok");
	task_expect(child, TASK_EXIT);
	/* As often as one likes. */
	SAY(child, "filter", "{[fork],[],seal}", "ok");
	SAY(child, "filter", "{[],[],seal}", "ok");
	task_ask_all(child, "getpid {}; getgid {}; exit {0}", 0);
	(void)task_answer(child);
	task_expect(root, TASK_EXIT);
}

/* In this process: what the filter says no longer matters. */
static void
sealed_by(const char *args)
{
	uint8_t out[256];
	struct etf_writer w;
	size_t len;
	uint8_t *term = term_of(args, &len);

	etf_writer_init(&w, out, sizeof(out));
	if (call_run((unsigned int)call_number("filter"), term, len, &w) != 1)
		_exit(9);
}

static void
taken_over(void)
{
	sealed_by("{{allow,[chdir,fork]},[],[seal]}");
	if (chdir("/") == -1)
		_exit(1);
	if (mkdir("/tmp/sealed", 0700) == 0 || errno != EPERM)
		_exit(2);
	if (open("/etc/passwd", O_RDONLY) != -1 || errno != EPERM)
		_exit(3);
	if (socket(AF_UNIX, SOCK_STREAM, 0) != -1 || errno != EPERM)
		_exit(4);
	if (syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) != -1 ||
	    errno != EPERM)
		_exit(5);
	if (prctl(PR_SET_DUMPABLE, 1) != -1 || errno != EPERM)
		_exit(6);
	if (prctl(PR_SET_PDEATHSIG, 0) == -1)
		_exit(7);
	if (mmap(NULL, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	    MAP_FAILED)
		_exit(8);
	_exit(0);
}

static void
test_seal_holds(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (!seals())
		skip();
	if ((pid = fork()) == 0)
		taken_over();
	(void)waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

/* What is not narrow enough for exec(2) is for it, too. */
static void
test_seal_reexec(void **state)
{
	struct peer *child;

	(void)state;
	if (!seals())
		skip();
	child = task_fork(root, "fork", "{}");
	SAY(child, "filter", "{{allow,[reexec,getpid]},[],[seal]}", "ok");
	task_ask(child, "reexec", "{}");
	task_expect(child, TASK_EXEC);
	task_expect(child, TASK_HERE);
	SAY(child, "getpid", "{}", ok(child->pid));
	SAY(child, "mkdir", "{\"/x\",0}", "{error,{policy,eperm,mkdir}}");
}

static void
test_seal_exec(void **state)
{
	struct task_exit m;
	struct peer *child;

	(void)state;
	if (!seals())
		skip();
	child = task_fork(root, "fork", "{}");
	SAY(child, "filter", "{{allow,[execve]},[],[seal]}", "ok");
	task_ask(child, "execve", "{\"/bin/true\",[\"true\"],[]}");
	while (task_hear(child) != 0)
		if (heard.fd != -1)
			(void)close(heard.fd);
	task_expect(root, TASK_EXIT);
	memcpy(&m, heard.data, sizeof(m));
	assert_int_equal(m.code, CLD_EXITED);
	assert_int_equal(m.status, 0);
}

/* It has the same number, and no more rights than before. */
static void
test_reexec(void **state)
{
	struct task_exec m;
	struct task_here here;
	struct peer *child;

	(void)state;
	child = task_fork(root, "fork", "{}");
	SAY(root, "reexec", "{}", "{error,{state,eacces,reexec}}");
	SAY(child, "filter", "{[getuid],[getgid]}", "ok");
	SAY(child, "sigaction", "{sigusr1,sig_ign}", "{ok,sig_info}");
	SAY(child, "sigaction", "{sigusr2,sig_dfl}", "{ok,sig_info}");
	SAY(child, "sigaction", "{sigchld,sig_info}", "{ok,sig_dfl}");
	SAY(child, "setenv", "{\"A\",\"b\",1}", "ok");
	task_ask(child, "reexec", "{}");
	task_expect(child, TASK_EXEC);
	memcpy(&m, heard.data, sizeof(m));
	assert_int_equal(m.again, 1);
	assert_int_equal(m.seq, task_seq);
	assert_string_equal(task_term(sizeof(m)), "ok");
	task_expect(child, TASK_HERE);
	memcpy(&here, heard.data, sizeof(here));
	assert_int_equal(here.again, 1);
	assert_int_equal(here.inner, child->pid);
	SAY(child, "getpid", "{}", ok(child->pid));
	SAY(child, "getuid", "{}", "{error,{policy,eperm,getuid}}");
	SAY(child, "sigaction", "{sigusr1,[]}", "{ok,sig_ign}");
	SAY(child, "sigaction", "{sigusr2,[]}", "{ok,sig_dfl}");
	SAY(child, "sigaction", "{sigchld,[]}", "{ok,sig_info}");
	SAY(child, "getenv", "{\"A\"}", "{ok,<\"b\">}");
	SAY(child, "getenv", "{\"PROCTOR_TASK\"}", "{ok,false}");
	/* As often as one likes, with other arguments and environment. */
	task_ask_all(child, "chdir {\"/\"}; reexec {[\"other\"],[\"C=d\"]}", 0);
	task_expect(child, TASK_EXEC);
	memcpy(&m, heard.data, sizeof(m));
	assert_int_equal(m.results, 1);
	assert_string_equal(task_term(sizeof(m)), "[ok,ok]");
	task_expect(child, TASK_HERE);
	SAY(child, "environ", "{}", "{ok,[<\"C=d\">]}");
	SAY(child, "getuid", "{}", "{error,{policy,eperm,getuid}}");
	child = task_fork(child, "fork", "{}");
	SAY(child, "getgid", "{}", "{error,{policy,eperm,getgid}}");
	(void)kill(root->pid, SIGKILL);
	task_gone(child);
}

/* Who says so without being it is no task. */
static void
test_not_again(void **state)
{
	(void)state;
	(void)setenv("PROCTOR_TASK", "0", 1);
	assert_int_equal(reexec_resume(), 0);
	(void)setenv("PROCTOR_TASK", "77", 1);
	assert_int_equal(reexec_resume(), 0);
	(void)setenv("PROCTOR_TASK", "x", 1);
	assert_int_equal(reexec_resume(), 0);
	assert_int_equal(unsetenv("PROCTOR_TASK"), 0);
	assert_int_equal(reexec_resume(), 0);
}

static int
namespaces(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWPID) == 0 ? 0 : 1);
	(void)waitpid(pid, &status, 0);
	return (status == 0);
}

static void
test_clone(void **state)
{
	struct peer *child, *below;

	(void)state;
	SAY(root, "clone", "{256}", "{error,{argument,einval,1}}");
	if (!namespaces())
		skip();
	child = task_fork(root, "clone", "{[clone_newuser,clone_newpid]}");
	assert_int_equal(child->inner, 1);
	SAY(child, "getpid", "{}", ok(1));
	SAY(child, "getuid", "{}", ok(65534));
	below = task_fork(child, "fork", "{}");
	assert_int_equal(below->inner, 2);
	(void)kill(root->pid, SIGKILL);
	task_gone(below);
}

/* The first of a namespace is nothing else any more. */
static void
test_init(void **state)
{
	struct task_exit m;
	struct peer *first, *child;

	(void)state;
	if (!namespaces())
		skip();
	first = task_fork(root, "clone", "{[clone_newuser,clone_newpid]}");
	child = task_fork(first, "init", "{}");
	SAY(first, "getpid", "{}", "{error,{state,eacces,init}}");
	SAY(child, "getppid", "{}", ok(1));
	/* What it is sent is meant for its child. */
	assert_int_equal(
	    syscall(SYS_pidfd_send_signal, first->pidfd, SIGTERM, NULL, 0), 0);
	task_expect(child, TASK_SIGNAL);
	SAY(child, "exit", "{7}", "ok");
	task_expect(first, TASK_EXIT);
	memcpy(&m, heard.data, sizeof(m));
	assert_int_equal(m.status, 7);
	task_expect(root, TASK_EXIT);
	memcpy(&m, heard.data, sizeof(m));
	assert_int_equal(m.inner, first->pid);
	assert_int_equal(m.status, 7);
	SAY(root, "getpid", "{}", ok(root->pid));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_call),
		CASE(test_no_term),
		CASE(test_owned),
		CASE(test_fork),
		CASE(test_limits),
		CASE(test_exit),
		CASE(test_waitpid),
		CASE(test_parent_dies),
		CASE(test_parent_dies_of_other),
		CASE(test_batch),
		CASE(test_batch_broken),
		CASE(test_batch_fork),
		CASE(test_too_large),
		CASE(test_signals),
		CASE(test_signal_before),
		CASE(test_interrupt),
		CASE(test_exit_meanwhile),
		CASE(test_select),
		CASE(test_filter),
		CASE(test_seal),
		CASE(test_seal_holds),
		CASE(test_seal_reexec),
		CASE(test_seal_exec),
		CASE(test_reexec),
		CASE(test_not_again),
		CASE(test_clone),
		CASE(test_init),
	};

	log_init("task", 0);
	if (reexec_resume())
		task_main(1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
