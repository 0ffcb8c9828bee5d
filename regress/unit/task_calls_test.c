/*
 * What each call does, and answers: scripts of calls, each in a process and an
 * empty folder of its own, as a task is one.
 */

#include <sys/types.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "order.h"
#include "task/call.h"
#include "task/interrupt.h"
#include "task_util.h"

#define SKIPPED 77
#define LINES 64

/*
 * A line is "name {arguments} = answer". In the answer * is anything; $U, $G
 * and $P are the uid, the gid and the pid with which it has begun. A line that
 * begins with ? ends the script without a word if it has another answer: this
 * system cannot do it, or we may not.
 */
struct script {
	const char *title;
	const char *lines[LINES];
};

static int
matches(const char *pattern, const char *text)
{
	for (; *pattern != '*'; pattern++, text++) {
		if (*pattern != *text)
			return (0);
		if (*text == '\0')
			return (1);
	}
	do {
		if (matches(pattern + 1, text))
			return (1);
	} while (*text++ != '\0');
	return (0);
}

static uid_t uid;
static gid_t gid;

/* With what stands for $U, $G and $P. */
static void
fill_in(char *to, size_t size, const char *from)
{
	size_t n = 0;

	for (; *from != '\0'; from++) {
		if (from[0] != '$') {
			to[n++] = *from;
			continue;
		}
		n += (size_t)snprintf(to + n, size - n, "%d",
		    from[1] == 'U'   ? (int)uid
		    : from[1] == 'G' ? (int)gid
				     : (int)getpid());
		from++;
	}
	to[n] = '\0';
}

static const char *
call(const char *name, const char *args, int *ok)
{
	static uint8_t buf[1 << 16];
	struct etf_writer out;
	uint8_t *term;
	size_t len;

	term = term_of(args, &len);
	etf_writer_init(&out, buf, sizeof(buf));
	*ok = call_run((unsigned int)call_number(name), term, len, &out);
	free(term);
	if (out.full)
		abort();
	return (text_of(buf, out.len));
}

/* One line. 0, SKIPPED, or 1. */
static int
run_line(const char *title, const char *line)
{
	char name[32], filled[2048];
	char *answer, *args;
	const char *got;
	int ok, optional = *line == '?';

	fill_in(filled, sizeof(filled), line + optional);
	if (sscanf(filled, "%31s", name) != 1 || call_number(name) == -1 ||
	    (answer = strstr(filled, " = ")) == NULL)
		abort();
	args = filled + strlen(name);
	*answer = '\0';
	answer += 3;
	got = call(name, args + strspn(args, " "), &ok);
	if (ok != (strncmp(got, "{error,", 7) != 0))
		abort();
	if (matches(answer, got))
		return (0);
	if (optional)
		return (SKIPPED);
	fprintf(
	    stderr, "%s: %s%s: %s, not %s\n", title, name, args, got, answer);
	return (1);
}

static void
remove_all(const char *folder)
{
	char command[PATH_MAX + 32];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	assert_int_equal(system(command), 0);
}

/*
 * Nothing is left to this process from here on but what its script asks for:
 * each row says all that it needs of the system. 1 if it is so.
 */
static int
seal_in(const struct script *s)
{
	char args[4096] = "{{allow,[", name[32];
	size_t i;
	int ok;

	for (i = 0; i < LINES && s->lines[i] != NULL; i++) {
		if (sscanf(s->lines[i] + (*s->lines[i] == '?'), "%31s", name) !=
		    1)
			abort();
		(void)strlcat(args, name, sizeof(args));
		(void)strlcat(args, " ", sizeof(args));
	}
	if (strlcat(args, "]},[],[seal]}", sizeof(args)) >= sizeof(args))
		abort();
	(void)call("filter", args, &ok);
	return (ok);
}

/* Only 0 to 3 are open, and 3 is nobody's. */
static int
run_here(const struct script *s, const char *folder, int sealed)
{
	size_t i;
	int fd, r;

	if (chdir(folder) == -1)
		abort();
	fd = open("/dev/null", O_RDWR);
	dup2(fd, 0);
	dup2(fd, 3);
	closefrom(4);
	umask(022);
	uid = geteuid();
	gid = getegid();
	interrupt_init();
	if (sealed && !seal_in(s))
		return (SKIPPED);
	for (i = 0; i < LINES && s->lines[i] != NULL; i++)
		if ((r = run_line(s->title, s->lines[i])) != 0)
			return (r);
	return (0);
}

static void
run(const struct script *s, int sealed)
{
	char folder[] = "/tmp/proctor-calls.XXXXXX";
	int status;
	pid_t pid;

	assert_non_null(mkdtemp(folder));
	fflush(NULL);
	if ((pid = fork()) == 0) {
		alarm(60);
		_exit(run_here(s, folder, sealed));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	remove_all(folder);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		skip();
	assert_int_equal(status, 0);
}

static void
run_script(void **state)
{
	run(*state, 0);
}

static void
run_sealed(void **state)
{
	run(*state, 1);
}

/* clang-format off */
static const struct script scripts[] = {
	{ "files", {
	    "open {<\"f\"> [o_rdwr o_creat o_excl] 384} = {ok,4}",
	    "open {<\"f\"> [o_rdwr o_creat o_excl] 384} = {error,{call,eexist,"
	    "open}}",
	    "open {<\"g\"> o_rdonly} = {error,{call,enoent,open}}",
	    "open {<\"g\"> o_foo} = {error,{argument,enotsup,2}}",
	    "open {<\"f\\zg\"> o_rdonly} = {error,{argument,einval,1}}",
	    "open {<\"f\">} = {error,{argument,einval,0}}",
	    "write {4 <\"hello\">} = {ok,5}",
	    "write {4 [<\" w\"> \"or\" [108] \"d\"]} = {ok,6}",
	    "write {99 <\"\">} = {error,{call,ebadf,write}}",
	    "write {3 <\"a\">} = {error,{argument,ebadf,1}}",
	    "lseek {4 -5 seek_end} = {ok,6}",
	    "lseek {4 -5 seek_set} = {error,{call,einval,lseek}}",
	    "read {4 100} = {ok,<\"world\">}",
	    "read {4 100} = {ok,<\"\">}",
	    "read {4 -1} = {error,{argument,einval,2}}",
	    "read {99 1} = {error,{call,ebadf,read}}",
	    "truncate {<\"f\"> 3} = ok",
	    "truncate {<\"f\"> -1} = {error,{call,einval,truncate}}",
	    "lseek {4 0 seek_set} = {ok,0}",
	    /* More than has room in the answer: what is there comes later. */
	    "read {4 9223372036854775807} = {ok,<\"hel\">}",
	    "dup {4} = {ok,5}",
	    "dup {3} = {error,{argument,ebadf,1}}",
	    "dup2 {4 9} = {ok,9}",
	    "dup2 {4 3} = {error,{argument,ebadf,2}}",
	    "fcntl {4 f_getfd} = {ok,0}",
	    "fcntl {4 f_setfd fd_cloexec} = {ok,0}",
	    "fcntl {4 f_getfd} = {ok,1}",
	    "fcntl {4 f_dupfd 20} = {ok,20}",
	    "fcntl {4 12345} = {error,{call,einval,fcntl}}",
	    "close {4} = ok",
	    "close {4} = {error,{call,ebadf,close}}",
	    "close {3} = {error,{argument,ebadf,1}}",
	    } },
	{ "names", {
	    "mkdir {<\"d\"> 493} = ok",
	    "mkdir {<\"d\"> 493} = {error,{call,eexist,mkdir}}",
	    "mkdir {<\"d/e/f\"> 493} = {error,{call,enoent,mkdir}}",
	    "chdir {<\"d\">} = ok",
	    "chdir {<\"nowhere\">} = {error,{call,enoent,chdir}}",
	    "getcwd {} = {ok,<\"/tmp/proctor-calls.*/d\">}",
	    "mkfifo {<\"p\"> 384} = ok",
	    "stat {<\"p\">} = {ok,#{type,fifo,mode,384,uid,$U,gid,*,size,0,"
	    "nlink,1,*}}",
	    "symlink {\"p\" <\"s\">} = ok",
	    "symlink {\"p\" <\"s\">} = {error,{call,eexist,symlink}}",
	    "lstat {<\"s\">} = {ok,#{type,symlink,*,size,1,*}}",
	    "stat {<\"s\">} = {ok,#{type,fifo,*}}",
	    "lstat {<\"t\">} = {error,{call,enoent,lstat}}",
	    "readlink {<\"s\">} = {ok,<\"p\">}",
	    "readlink {<\"p\">} = {error,{call,einval,readlink}}",
	    "link {<\"p\"> <\"q\">} = ok",
	    "rename {<\"q\"> <\"r\">} = ok",
	    "rename {<\"q\"> <\"r\">} = {error,{call,enoent,rename}}",
	    "stat {<\"r\">} = {ok,#{type,fifo,*,nlink,2,*}}",
	    "chmod {<\"r\"> 448} = ok",
	    "chmod {<\"r\"> rwx} = {error,{argument,einval,2}}",
	    "stat {<\"p\">} = {ok,#{type,fifo,mode,448,*}}",
	    "chown {<\"r\"> -1 -1} = ok",
	    "chown {<\"r\"> $U $G} = ok",
	    "chown {<\"x\"> $U $G} = {error,{call,enoent,chown}}",
	    "unlink {<\"s\">} = ok",
	    "unlink {<\"s\">} = {error,{call,enoent,unlink}}",
	    "unlink {<\"r\">} = ok",
	    "unlink {<\"p\">} = ok",
	    "chdir {<\"..\">} = ok",
	    "rmdir {<\"d\">} = ok",
	    "rmdir {<\"d\">} = {error,{call,enoent,rmdir}}",
	    "umask {63} = {ok,18}",
	    "umask {18} = {ok,63}",
	    } },
	{ "folders", {
	    "mkdir {<\"d\"> 493} = ok",
	    "mkdir {<\"d/a\"> 493} = ok",
	    "readdir {<\"d\">} = {ok,[<\"*\">,<\"*\">,<\"*\">]}",
	    "readdir {<\"d\"> 0} = {ok,{[<\"*\">,<\"*\">,<\"*\">],eof}}",
	    "readdir {<\"e\">} = {error,{call,enoent,readdir}}",
	    "open {<\"d\"> [o_rdonly o_directory]} = {ok,4}",
	    } },
	{ "select", {
	    "pipe {} = {ok,{4,5}}",
	    "pipe {o_cloexec} = {ok,{6,7}}",
	    "pipe {-1} = {error,{argument,einval,1}}",
	    "pipe {o_creat} = {error,{call,einval,pipe}}",
	    "fcntl {6 f_getfd} = {ok,1}",
	    "select {[4 6] [5] [] 0} = {ok,{[],[5],[]}}",
	    "select {[4] [] [] #{sec 0 usec 1000}} = {ok,{[],[],[]}}",
	    "write {5 <\"a\">} = {ok,1}",
	    "select {[4 6] [5 7] [4]} = {ok,{[4],[5,7],[]}}",
	    "select {[4] [] [] []} = {ok,{[4],[],[]}}",
	    "select {[] [] [] 1} = {ok,{[],[],[]}}",
	    "close {7} = ok",
	    "select {[6] [] []} = {ok,{[6],[],[]}}",
	    "select {[7] [] [] 0} = {error,{call,ebadf,select}}",
	    "select {[3] [] [] 0} = {error,{call,ebadf,select}}",
	    "select {[-1] [] [] 0} = {error,{call,ebadf,select}}",
	    "select {[] [] [] -1} = {error,{argument,einval,4}}",
	    "select {[] [] [] #{sec 0 usec 1000000}} = {error,{argument,einval,"
	    "4}}",
	    "select {[] [] [] #{seconds 0}} = {error,{argument,einval,4}}",
	    "select {4 [] [] 0} = {error,{argument,einval,1}}",
	    "ioctl {4 fionread <\"\\z\\z\\z\\z\">} = {ok,{0,"
	    "<\"" TEXT_OF_4("\\01", "\\00") "\">}}",
	    "ioctl {4 fionread [{ptr 4}]} = {ok,{0,[{ptr,*}]}}",
	    "ioctl {4 tiocsctty 0} = {error,{call,enotty,ioctl}}",
	    "ioctl {4 tiocfoo 0} = {error,{argument,enotsup,2}}",
	    } },
	{ "who", {
	    "getuid {} = {ok,$U}",
	    "getgid {} = {ok,$G}",
	    "getuid {1} = {error,{argument,einval,0}}",
	    "getresuid {} = {ok,{$U,$U,$U}}",
	    "getresgid {} = {ok,{$G,$G,$G}}",
	    "getgroups {} = {ok,[*]}",
	    "setresuid {-1 -1 -1} = ok",
	    "setresgid {$G -1 $G} = ok",
	    "setuid {$U} = ok",
	    "setgid {$G} = ok",
	    "setuid {-2} = {error,{argument,einval,1}}",
	    "setuid {4294967296} = {error,{argument,einval,1}}",
	    "setgroups {[-1]} = {error,{argument,einval,1}}",
	    "setgroups {[a]} = {error,{argument,einval,1}}",
	    } },
	/* Numbers under 256 are a string on the wire, of which 200 is 200. */
	{ "groups", {
	    "?setgroups {\"\xc8\x64\"} = ok",
	    "getgroups {} = {ok,[*200*]}",
	    "setgroups {[100000 7]} = ok",
	    "getgroups {} = {ok,[7,100000]}",
	    "setgroups {[]} = ok",
	    "getgroups {} = {ok,[]}",
	    "setresgid {100 200 300} = ok",
	    "getresgid {} = {ok,{100,200,300}}",
	    "getgid {} = {ok,100}",
	    "setresuid {1000 1001 1002} = ok",
	    "getresuid {} = {ok,{1000,1001,1002}}",
	    "setuid {0} = {error,{call,eperm,setuid}}",
	    "setgid {0} = {error,{call,eperm,setgid}}",
	    "setgroups {[1]} = {error,{call,eperm,setgroups}}",
	    "setresuid {0 -1 -1} = {error,{call,eperm,setresuid}}",
	    "chroot {<\"/\">} = {error,{call,eperm,chroot}}",
	    "sethostname {\"a\"} = {error,{call,eperm,sethostname}}",
	    } },
	{ "processes", {
	    "getpid {} = {ok,$P}",
	    "getppid {} = {ok,*}",
	    "setpgid {0 0} = ok",
	    "getpgrp {} = {ok,$P}",
	    "getsid {0} = {ok,*}",
	    "getsid {-1} = {error,{call,esrch,getsid}}",
	    "setpgid {0 -1} = {error,{call,einval,setpgid}}",
	    "setsid {} = {error,{call,eperm,setsid}}",
	    "kill {$P 0} = ok",
	    "kill {$P 9999} = {error,{call,einval,kill}}",
	    "kill {$P sigfoo} = {error,{argument,enotsup,2}}",
	    "kill {4294967297 0} = {error,{argument,einval,1}}",
	    "kill {2147483647 sigterm} = {error,{call,esrch,kill}}",
	    "waitpid {-1 wnohang} = {error,{call,echild,waitpid}}",
	    "waitpid {-1 wfoo} = {error,{argument,enotsup,2}}",
	    "getpriority {prio_process 0} = {ok,*}",
	    "setpriority {prio_process 0 19} = ok",
	    "getpriority {prio_process 0} = {ok,19}",
	    "getpriority {99 0} = {error,{call,einval,getpriority}}",
	    "setpriority {prio_process 2147483647 1} = {error,{call,esrch,"
	    "setpriority}}",
	    } },
	{ "session", {
	    "setsid {} = {ok,$P}",
	    "getsid {0} = {ok,$P}",
	    } },
	{ "limits", {
	    "setrlimit {rlimit_nofile #{cur 64 max 128}} = ok",
	    "getrlimit {rlimit_nofile} = {ok,#{cur,64,max,128}}",
	    "setrlimit {rlimit_nofile #{cur 129 max 128}} = {error,{call,"
	    "einval,setrlimit}}",
	    "setrlimit {rlimit_nofile #{cur 1}} = {error,{argument,einval,2}}",
	    "setrlimit {rlimit_foo #{cur 1 max 1}} = {error,{argument,enotsup,"
	    "1}}",
	    "getrlimit {99} = {error,{call,einval,getrlimit}}",
	    "setrlimit {rlimit_core #{cur 0 max infinity}} = *",
	    } },
	{ "limits of others", {
	    "?prlimit {0 rlimit_nofile #{cur 64 max 128}} = {ok,#{cur,*,max,"
	    "*}}",
	    "prlimit {0 rlimit_nofile []} = {ok,#{cur,64,max,128}}",
	    "prlimit {2147483647 rlimit_nofile []} = {error,{call,esrch,"
	    "prlimit}}",
	    "prlimit {0 rlimit_nofile 1} = {error,{argument,einval,3}}",
	    } },
	{ "limits without end", {
	    "getrlimit {rlimit_fsize} = {ok,#{cur,*,max,*}}",
	    "?setrlimit {rlimit_fsize #{cur infinity max "
	    "18446744073709551615}} = ok",
	    "getrlimit {rlimit_fsize} = {ok,#{cur,18446744073709551615,max,"
	    "18446744073709551615}}",
	    } },
	{ "processors", {
	    "?sched_setaffinity {0 [0]} = ok",
	    "sched_getaffinity {0} = {ok,[0]}",
	    "sched_setaffinity {0 []} = {error,{call,einval,"
	    "sched_setaffinity}}",
	    "sched_setaffinity {0 [99999]} = {error,{argument,einval,2}}",
	    "sched_setaffinity {0 [-1]} = {error,{argument,einval,2}}",
	    "sched_getaffinity {2147483647} = {error,{call,esrch,"
	    "sched_getaffinity}}",
	    } },
	{ "environment", {
	    "clearenv {} = ok",
	    "environ {} = {ok,[]}",
	    "environ {0} = {ok,{[],eof}}",
	    "getenv {\"A\"} = {ok,false}",
	    "setenv {\"A\" \"1\" 0} = ok",
	    "setenv {\"A\" \"2\" 0} = ok",
	    "getenv {\"A\"} = {ok,<\"1\">}",
	    "setenv {\"A\" \"2\" 1} = ok",
	    "setenv {\"B\" [] 1} = ok",
	    "environ {} = {ok,[<\"A=2\">,<\"B=\">]}",
	    "environ {1} = {ok,{[<\"B=\">],eof}}",
	    "environ {7} = {ok,{[],eof}}",
	    "setenv {\"A=B\" \"1\" 1} = {error,{call,einval,setenv}}",
	    "setenv {\"A\\zB\" \"1\" 1} = {error,{argument,einval,1}}",
	    "unsetenv {\"A\"} = ok",
	    "unsetenv {\"\"} = {error,{call,einval,unsetenv}}",
	    "environ {} = {ok,[<\"B=\">]}",
	    } },
	{ "sockets", {
	    "socket {af_unix sock_stream 0} = {ok,4}",
	    "socket {af_unix [sock_stream sock_cloexec] 0} = {ok,5}",
	    "socket {af_foo sock_stream 0} = {error,{argument,enotsup,1}}",
	    "socket {af_unix sock_rdm 0} = {error,{call,*,socket}}",
	    "fcntl {5 f_getfd} = {ok,1}",
	    "bind {4 {local <\"s\">}} = ok",
	    "bind {5 {local <\"s\">}} = {error,{call,eaddrinuse,bind}}",
	    "listen {4 5} = ok",
	    "connect {5 {local <\"s\">}} = ok",
	    "accept {4} = {ok,{6,{local,<\"\">}}}",
	    "write {5 <\"a\">} = {ok,1}",
	    "read {6 9} = {ok,<\"a\">}",
	    "connect {99 {local <\"s\">}} = {error,{call,ebadf,connect}}",
	    "connect {5 {local <\"\">}} = {error,{argument,einval,2}}",
	    "connect {5 {local <\"a\\zb\">}} = {error,{argument,einval,2}}",
	    "connect {5 {inet {127 0 0 256} 1}} = {error,{argument,einval,2}}",
	    "connect {5 {inet {127 0 0 1} 65536}} = {error,{argument,einval,"
	    "2}}",
	    "connect {5 {inet {127 0 0} 1}} = {error,{argument,einval,2}}",
	    "connect {5 {inet6 {0 0 0 0 0 0 0 65536} 1}} = {error,{argument,"
	    "einval,2}}",
	    "connect {5 {local}} = {error,{argument,einval,2}}",
	    "connect {5 7} = {error,{argument,einval,2}}",
	    "connect {5 [{ptr 1} 7]} = {error,{argument,einval,2}}",
	    "accept {5} = {error,{call,einval,accept}}",
	    "accept {3} = {error,{argument,ebadf,1}}",
	    "listen {99 1} = {error,{call,ebadf,listen}}",
	    "socketpair {af_unix sock_dgram 0} = {ok,{7,8}}",
	    "socketpair {af_inet sock_dgram 0} = {error,{call,*,socketpair}}",
	    "socket {af_unix sock_stream 0} = {ok,9}",
	    /* The bytes of the same address. */
	    "connect {9 <\"" TEXT_OF_2("\x01", "\\z") "s\">} = ok",
	    } },
	{ "internet", {
	    "socket {af_inet sock_dgram 0} = {ok,4}",
	    "?bind {4 {inet {127 0 0 1} 0}} = ok",
	    "connect {4 {inet {127 0 0 1} 9}} = ok",
	    "socket {af_inet sock_stream 0} = {ok,5}",
	    "connect {5 {inet {127 0 0 1} 1}} = {error,{call,econnrefused,"
	    "connect}}",
	    "socket {af_inet6 sock_dgram 0} = {ok,6}",
	    "?bind {6 {inet6 {0 0 0 0 0 0 0 1} 0}} = ok",
	    "connect {6 {inet {127 0 0 1} 9}} = {error,{call,*,connect}}",
	    } },
	{ "words", {
	    "version {} = {ok,<\"*.*\">}",
	    "gethostname {} = {ok,<\"*\">}",
	    "constant {signal sigkill} = {ok,9}",
	    "constant {signal SIGKILL} = {ok,9}",
	    "constant {signal sigfoo} = {ok,unknown}",
	    "constant {foo sigkill} = {error,{argument,einval,1}}",
	    "constant {<\"signal\"> sigkill} = {error,{argument,einval,1}}",
	    "constant {signal 9} = {error,{argument,einval,2}}",
	    "errno_id {1} = {ok,eperm}",
	    "errno_id {99999} = {ok,unknown}",
	    "iolist_to_bin {[<\"a\"> [\"b\" 99]]} = {ok,<\"abc\">}",
	    "alloc {[<\"a\"> {ptr 1}]} = {ok,{<\"a*\">,[<\"a\">,{ptr,"
	    "<\"\\00\">}]}}",
	    "alloc {[]} = {error,{argument,einval,1}}",
	    "setproctitle {\"a task %s\"} = ok",
	    "getcpid {a b c} = {error,{system,enosys,getcpid}}",
	    "umount {} = *",
	    } },
	{ "one's own rights", {
	    "?prctl {pr_get_dumpable 0 0 0 0} = {ok,{*,0,0,0,0}}",
	    "prctl {pr_set_name <\"named\\z\"> 0 0 0} = {ok,{0,<\"named\\00\">,"
	    "0,0,0}}",
	    "prctl {pr_get_name <\"0123456789abcdef\"> 0 0 0} = {ok,{0,"
	    "<\"named\\00*\">,0,0,0}}",
	    "prctl {pr_set_pdeathsig sigkill 0 0 0} = {ok,{0,9,0,0,0}}",
	    "prctl {pr_get_pdeathsig <\"\\z\\z\\z\\z\"> 0 0 0} = {ok,{0,"
	    "<\"" TEXT_OF_4("\\09", "\\00") "\">,0,0,0}}",
	    "prctl {999999 0 0 0 0} = {error,{call,einval,prctl}}",
	    "prctl {pr_foo 0 0 0 0} = {error,{argument,enotsup,1}}",
	    "prctl {pr_get_no_new_privs 0 0 0 0} = {ok,{*,0,0,0,0}}",
	    "prctl {pr_set_no_new_privs 1 0 0 0} = {ok,{0,1,0,0,0}}",
	    "prctl {pr_get_no_new_privs 0 0 0 0} = {ok,{1,0,0,0,0}}",
	    "capget {} = {ok,#{effective,[*],permitted,[*],inheritable,[*]}}",
	    "capget {2147483647} = {error,{call,esrch,capget}}",
	    "capset {[] [] []} = ok",
	    "capget {} = {ok,#{effective,[],permitted,[],inheritable,[]}}",
	    "capset {[cap_kill] [cap_kill] []} = {error,{call,eperm,capset}}",
	    "capset {[cap_foo] [] []} = {error,{argument,enotsup,1}}",
	    "capset {[] [] [64]} = {error,{argument,einval,3}}",
	    "unshare {clone_newuts} = {error,{call,eperm,unshare}}",
	    "mount {[] <\"/\"> \"tmpfs\" 0} = {error,{call,eperm,mount}}",
	    "umount {<\"/\">} = {error,{call,eperm,umount}}",
	    "umount2 {<\"/\"> mnt_detach} = {error,{call,eperm,umount2}}",
	    "pivot_root {<\"/\"> <\"/\">} = {error,{call,eperm,pivot_root}}",
	    "cgroup_enter {<\"/nowhere\">} = {error,{call,enoent,"
	    "cgroup_enter}}",
	    "cgroup_enter {<\"/\">} = {error,{call,enoent,cgroup_enter}}",
	    "setns {99 clone_newns} = {error,{call,ebadf,setns}}",
	    "setns {3 0} = {error,{argument,ebadf,1}}",
	    } },
	/* As anybody, root of a world of his own. */
	{ "unsealed: by name wants no_new_privs", {
	    "?prctl {pr_get_no_new_privs 0 0 0 0} = {ok,{0,0,0,0,0}}",
	    "seccomp_rules {#{default allow, calls []}} = {error,{call,eacces,"
	    "seccomp_rules}}",
	    } },
	{ "system calls by name", {
	    "prctl {pr_set_no_new_privs 1 0 0 0} = {ok,*}",
	    "seccomp_rules {5} = {error,{argument,einval,1}}",
	    "seccomp_rules {#{default allow}} = {error,{argument,einval,1}}",
	    "seccomp_rules {#{default allow, default allow}} = {error,"
	    "{argument,einval,1}}",
	    "seccomp_rules {#{default some, calls []}} = {error,{argument,"
	    "einval,1}}",
	    "seccomp_rules {#{default allow, calls [{nothing,kill}]}} = {error,"
	    "{argument,einval,1}}",
	    "seccomp_rules {#{default allow, calls [{getuid}]}} = {error,"
	    "{argument,einval,1}}",
	    "seccomp_rules {#{default allow, calls [{getuid,{errno,efoo}}]}} = "
	    "{error,{argument,einval,1}}",
	    "seccomp_rules {#{default allow, calls [{getuid,{errno,0}}]}} = "
	    "{error,{argument,einval,1}}",
	    "seccomp_rules {#{default allow, calls [{getuid,{args,[{6,eq,1}]},"
	    "kill}]}} = {error,{argument,einval,1}}",
	    "seccomp_rules {#{default allow, calls [{getuid,{args,[{0,is,1}]},"
	    "kill}]}} = {error,{argument,einval,1}}",
	    "seccomp_rules {#{default allow, calls [{getuid,{args,[{0,mask,"
	    "1}]},kill}]}} = {error,{argument,einval,1}}",
	    "chdir {<\"/\">} = ok",
	    /* Of a whole argument, of some bits; the first rule counts. */
	    "seccomp_rules {#{default allow, calls ["
	    "{getsid,{args,[{0,eq,4294967296}]},kill},"
	    "{getsid,{args,[{0,eq,19}]},{errno,enotty}},"
	    "{getsid,{args,[{0,mask,7,4},{1,mask,0,0}]},{errno,62}},"
	    "{getsid,allow},{getsid,kill},"
	    "{chdir,errno},{getpriority,{args,[]},{errno,eio}}]}} = ok",
	    "getsid {0} = {ok,*}",
	    "getsid {19} = {error,{call,enotty,getsid}}",
	    "getsid {20} = {error,{call,etime,getsid}}",
	    "chdir {<\"/\">} = {error,{call,eperm,chdir}}",
	    "getpriority {prio_process 0} = {error,{call,eio,getpriority}}",
	    "getuid {} = {ok,$U}",
	    } },
	{ "files by path", {
	    "mkdir {<\"in\"> 448} = ok",
	    "mkdir {<\"out\"> 448} = ok",
	    "getcwd {} = *",
	    "prctl {pr_set_no_new_privs 1 0 0 0} = {ok,*}",
	    "?landlock {[{<\"/\">,[read,write,make,remove,execute,ioctl]}]} = "
	    "ok",
	    "landlock {5} = {error,{argument,einval,1}}",
	    "landlock {[{<\"in\">,[]}]} = {error,{argument,einval,1}}",
	    "landlock {[{<\"in\">,[look]}]} = {error,{argument,einval,1}}",
	    "landlock {[{<\"in\">,read}]} = {error,{argument,einval,1}}",
	    "landlock {[{<\"nowhere\">,[read]}]} = {error,{call,enoent,"
	    "landlock}}",
	    "landlock {[] [all]} = {error,{argument,einval,2}}",
	    "open {<\"out/a\"> [o_creat o_rdwr] 384} = {ok,*}",
	    "open {<\"in/a\"> [o_creat o_rdwr] 384} = {ok,*}",
	    "open {<\"one\"> [o_creat o_rdwr] 384} = {ok,*}",
	    "landlock {[{<\"in\">,[read,write,make]},{<\"one\">,[read,make]}] "
	    "[]} = ok",
	    "open {<\"in/b\"> [o_creat o_rdwr] 384} = {ok,*}",
	    "open {<\"in/a\"> o_rdwr 0} = {ok,*}",
	    "unlink {<\"in/a\">} = {error,{call,eacces,unlink}}",
	    "open {<\"out/a\"> o_rdonly 0} = {error,{call,eacces,open}}",
	    "open {<\"out/b\"> [o_creat o_rdwr] 384} = {error,{call,eacces,"
	    "open}}",
	    "open {<\"one\"> o_rdonly 0} = {ok,*}",
	    "open {<\"one\"> o_rdwr 0} = {error,{call,eacces,open}}",
	    } },
	{ "connections", {
	    "prctl {pr_set_no_new_privs 1 0 0 0} = {ok,*}",
	    "socket {af_inet sock_stream 0} = {ok,*}",
	    "?landlock {[{<\"/\">,[read]}] [tcp]} = ok",
	    "socket {af_inet sock_stream 0} = {ok,5}",
	    "connect {5 {inet,{127,0,0,1},9}} = {error,{call,eacces,connect}}",
	    } },
	{ "namespaces", {
	    "?unshare {[clone_newuser clone_newns clone_newuts]} = ok",
	    "map_ids {0 [{0 $U}] []} = {error,{argument,einval,2}}",
	    "map_ids {0 [{0 $U -1}] []} = {error,{argument,einval,2}}",
	    "map_ids {0 [{0 $U 4294967296}] []} = {error,{argument,einval,2}}",
	    "map_ids {0 {0 $U 1} []} = {error,{argument,einval,2}}",
	    "map_ids {0 [] [{0 0 0 0}]} = {error,{argument,einval,3}}",
	    "map_ids {-1 [] []} = {error,{argument,einval,1}}",
	    "map_ids {0 [] []} = ok",
	    "getuid {} = {ok,65534}",
	    "map_ids {0 [{0 $U 1}] [{0 $G 1}]} = ok",
	    "map_ids {0 [{0 $U 1}] []} = {error,{call,eperm,map_ids}}",
	    "map_ids {2147483647 [{0 0 1}] []} = {error,{call,enoent,map_ids}}",
	    "getuid {} = {ok,0}",
	    "getgid {} = {ok,0}",
	    "sethostname {\"inside\"} = ok",
	    "gethostname {} = {ok,<\"inside\">}",
	    "sethostname {[]} = ok",
	    "open {<\"/proc/self/ns/uts\"> o_rdonly} = {ok,4}",
	    "setns {4 clone_newns} = {error,{call,einval,setns}}",
	    "setns {4 clone_newuts} = ok",
	    "setns {4} = ok",
	    "mkdir {<\"new\"> 493} = ok",
	    "mount {[] <\"/\"> [] [ms_rec ms_private]} = ok",
	    "mount {\"it\" <\"new\"> \"tmpfs\" [ms_nosuid ms_nodev] "
	    "\"size=64k\"} = ok",
	    "mount {\"it\" <\"new\"> \"nofs\" 0} = {error,{call,enodev,mount}}",
	    "mount {\"it\" <\"nowhere\"> \"tmpfs\" 0} = {error,{call,enoent,"
	    "mount}}",
	    "mount {\"it\" <\"new\"> \"tmpfs\" ms_foo} = {error,{argument,"
	    "enotsup,4}}",
	    "mkdir {<\"new/old\"> 493} = ok",
	    "mkdir {<\"new/sub\"> 493} = ok",
	    "mount {<\"new\"> <\"new/sub\"> [] ms_bind} = ok",
	    "umount {<\"new/sub\">} = ok",
	    "umount {<\"new/sub\">} = {error,{call,einval,umount}}",
	    "umount2 {<\"new\"> 12345678} = {error,{call,einval,umount2}}",
	    "pivot_root {<\"new\"> <\"new/old\">} = ok",
	    "chdir {<\"/\">} = ok",
	    "readdir {<\"/\">} = {ok,[<\"*\">,<\"*\">,<\"*\">,<\"*\">]}",
	    "umount2 {<\"/old\"> mnt_detach} = ok",
	    "rmdir {<\"/old\">} = ok",
	    "mkdir {<\"/root\"> 493} = ok",
	    "chroot {<\"/nowhere\">} = {error,{call,enoent,chroot}}",
	    "chroot {<\"/root\">} = ok",
	    "chdir {<\"/\">} = ok",
	    "readdir {<\"/\"> 0} = {ok,{[<\"*\">,<\"*\">],eof}}",
	    "unshare {clone_foo} = {error,{argument,enotsup,1}}",
	    "unshare {4294967296} = {error,{argument,einval,1}}",
	    } },
	{ "calls of other systems", {
	    "?pledge {\"stdio\" []} = {error,{system,enosys,pledge}}",
	    "unveil {[] []} = {error,{system,enosys,unveil}}",
	    "cap_enter {} = {error,{system,enosys,cap_enter}}",
	    "cap_rights_limit {0 []} = {error,{system,enosys,"
	    "cap_rights_limit}}",
	    "jail {<\"\">} = {error,{system,enosys,jail}}",
	    "procctl {p_pid 0 1 []} = {error,{system,enosys,procctl}}",
	    } },
};
/* clang-format on */

/* {error, {wire, emsgsize, _}} if it does not fit, and nothing half written. */
static void
test_too_large(void **state)
{
	uint8_t buf[4096], *term;
	struct etf_writer out;
	size_t i, len, n = 0;

	(void)state;
	term = term_of("{<\"/etc\">}", &len);
	for (i = sizeof(buf); i > 40; i -= 7) {
		etf_writer_init(&out, buf, i);
		if (call_run((unsigned int)call_number("readdir"), term, len,
			&out) == 0) {
			assert_string_equal(text_of(buf, out.len),
			    "{error,{wire,emsgsize,readdir}}");
			n++;
		}
		assert_false(out.full);
	}
	assert_true(n > 0);
	free(term);
}

/* What is no row at all. */
static void
test_no_row(void **state)
{
	uint8_t buf[256], *term;
	struct etf_writer out;
	size_t len;

	(void)state;
	term = term_of("{}", &len);
	etf_writer_init(&out, buf, sizeof(buf));
	assert_int_equal(
	    call_run((unsigned int)call_rows_count, term, len, &out), 0);
	assert_string_equal(
	    text_of(buf, out.len), "{error,{system,enosys,call}}");
	etf_writer_init(&out, buf, sizeof(buf));
	assert_int_equal(call_run(UINT16_MAX, term, len, &out), 0);
	free(term);
}

/* Each row that is for this system has a handler, and no other has. */
static void
test_here(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < call_rows_count; i++) {
		if (call_rows[i].marks & CALL_ABOVE)
			assert_false(call_here(i));
		else if ((call_rows[i].systems & SYS_LINUX) != 0 &&
			 !call_here(i))
			fail_msg("%s has no handler", call_rows[i].name);
	}
}

/* Sends the interrupt of call seq again and again. */
static pid_t
interrupts(uint32_t seq, int times)
{
	union sigval value = { .sival_int = (int)seq };
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) != 0)
		return (pid);
	for (; times > 0; times--) {
		usleep(50000);
		if (sigqueue(getppid(), INTERRUPT_SIGNAL, value) == -1)
			_exit(1);
	}
	_exit(0);
}

static int
interrupted(const char *name, const char *args, const char *want)
{
	const char *got;
	int ok, status;
	pid_t pid;

	pid = interrupts(5, 20);
	interrupt_expect(5);
	got = call(name, args, &ok);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (strcmp(got, want) == 0)
		return (0);
	fprintf(stderr, "%s %s: %s, not %s\n", name, args, got, want);
	return (1);
}

/*
 * A wait ends with its deadline, and not with that of another call; in what
 * follows in the same batch nothing is waited for.
 */
static int
interrupt_here(void)
{
	struct timespec start, end;
	int fds[2], ok, status;
	pid_t pid;

	interrupt_init();
	if (pipe(fds) == -1 || fds[0] != 4 ||
	    interrupted("read", "{4 1}", "{error,{timeout,etimedout,read}}") ||
	    interrupted("select", "{[4] [] []}",
		"{error,{timeout,etimedout,select}}") ||
	    interrupted("select", "{[4] [] [] 60000}",
		"{error,{timeout,etimedout,select}}"))
		return (1);
	if (strcmp(call("read", "{4 1}", &ok),
		"{error,{timeout,etimedout,read}}") != 0)
		return (2);
	if (strcmp(call("getcwd", "{}", &ok), "{ok,<\"/\">}") != 0)
		return (3);
	pid = interrupts(4, 10);
	interrupt_expect(5);
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	if (strcmp(call("select", "{[4] [] [] 700}", &ok), "{ok,{[],[],[]}}") !=
	    0)
		return (4);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	timespecsub(&end, &start, &end);
	/* It has not begun its time again each time. */
	if (end.tv_sec * 1000 + end.tv_nsec / 1000000 < 700)
		return (5);
	waitpid(pid, &status, 0);
	return (0);
}

static void
test_interrupt(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	fflush(NULL);
	if ((pid = fork()) == 0) {
		if (chdir("/") == -1 || open("/dev/null", O_RDWR) == -1)
			_exit(99);
		dup2(0, 3);
		closefrom(4);
		alarm(60);
		_exit(interrupt_here());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define N (sizeof(scripts) / sizeof(scripts[0]))

int
main(int argc, char *argv[])
{
	char *nothing[] = { NULL };
	static char names[N][64];
	static struct CMUnitTest tests[2 * N + 4] = {
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_no_row),
		cmocka_unit_test(test_here),
		cmocka_unit_test(test_interrupt),
	};
	struct CMUnitTest *t = &tests[4];
	size_t i;

	setproctitle_init(argc, argv, nothing);
	for (i = 0; i < N; i++) {
		t->name = scripts[i].title;
		t->test_func = run_script;
		t++->initial_state = (void *)(uintptr_t)&scripts[i];
		if (strncmp(scripts[i].title, "unsealed", 8) == 0)
			continue;
		(void)snprintf(
		    names[i], sizeof(names[i]), "sealed: %s", scripts[i].title);
		t->name = names[i];
		t->test_func = run_sealed;
		t++->initial_state = (void *)(uintptr_t)&scripts[i];
	}
	return (_cmocka_run_group_tests(
	    "calls", tests, (size_t)(t - tests), NULL, NULL));
}
