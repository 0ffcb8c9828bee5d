/*
 * All calls, a row each. Their order is the protocol's: a new one comes last.
 *
 * The promise is what pledge(2) wants besides "stdio", which the loop itself
 * needs; with NULL no promise permits the call. The last column is what a
 * sealed filter has to let through on Linux besides the loop's own calls.
 */

#include <string.h>

#include "call.h"

#define ALL SYS_ALL
#define LINUX SYS_LINUX
#define OPENBSD SYS_OPENBSD
#define FREEBSD SYS_FREEBSD
#define B CALL_BLOCKS
#define I CALL_IDS
#define N CALL_LEAVES
#define F CALL_FORKS
#define R CALL_ROOT
#define S CALL_ABOVE
#define EXECS                                                      \
	"execve execveat pipe2 dup2 dup3 openat open fcntl chdir " \
	"fchdir capget capset prctl " STARTS
/* How a program begins, before it does anything of its own. */
#define STARTS                                                             \
	"openat open read pread64 fstat newfstatat stat access faccessat " \
	"faccessat2 readlink readlinkat arch_prctl set_tid_address "       \
	"set_robust_list rseq getrandom uname fcntl"
#define FORKS "clone socketpair getsockopt setsockopt dup3"

/* clang-format off */
const struct call_row call_rows[] = {
	/* Tasks and programs. */
	{ "fork", "", ALL, F, "proc", FORKS },
	{ "clone", "f:clone", LINUX, F | R, "", FORKS },
	{ "execvp", "t v", ALL, N, "exec rpath", EXECS },
	{ "execve", "p v v", ALL, N, "exec", EXECS },
	{ "fexecve", "d v v", LINUX | FREEBSD, N, "exec", EXECS },
	{ "exec", "p v ?o:v ?T", ALL, N, "exec rpath", EXECS },
	{ "reexec", "?v ?v", ALL, N, "exec",
	    "execveat memfd_create signalfd4 write lseek getsockopt getuid "
	    "geteuid getgid getegid prlimit64 " STARTS },
	{ "exit", "i", ALL, N, "", "" },
	{ "init", "", LINUX, F, "", FORKS " kill" },
	{ "cpid", "?T ?T", ALL, S, "", "" },
	{ "getcpid", "T ?T ?T", ALL, S, "", "" },
	{ "setcpid", "T T ?T ?T", ALL, S, "", "" },
	{ "getopt", "T", ALL, S, "", "" },
	{ "setopt", "T i", ALL, S, "", "" },
	{ "filter", "T ?T ?T", ALL, 0, "", "seccomp" },
	{ "filters", "", ALL, 0, "", "" },
	{ "version", "", ALL, 0, "", "" },

	/* Files. */
	{ "open", "p f:file ?m", ALL, B, "rpath wpath cpath", "openat open" },
	{ "close", "d", ALL, 0, "", "close" },
	{ "read", "d n", ALL, B, "", "read" },
	{ "write", "d b", ALL, B, "", "write" },
	{ "lseek", "d l c:file", ALL, 0, "", "lseek" },
	{ "select", "g g g ?T", ALL, B, "", "ppoll" },
	{ "fcntl", "d c:fcntl ?x:fcntl", ALL, B, "", "fcntl" },
	{ "ioctl", "d c:ioctl ?x:ioctl", ALL, B, "tty", "ioctl" },
	{ "readdir", "p ?l", ALL, 0, "rpath",
	    "openat open getdents64 lseek fstat newfstatat fcntl" },
	{ "chdir", "p", ALL, 0, "rpath", "chdir" },
	{ "getcwd", "", ALL, 0, "rpath", "getcwd" },
	{ "chmod", "p m", ALL, 0, "fattr", "fchmodat chmod" },
	{ "chown", "p u u", ALL, R, "chown", "fchownat chown" },
	{ "mkdir", "p m", ALL, 0, "cpath", "mkdirat mkdir" },
	{ "rmdir", "p", ALL, 0, "cpath", "unlinkat rmdir" },
	{ "unlink", "p", ALL, 0, "cpath", "unlinkat unlink" },
	{ "mkfifo", "p m", ALL, 0, "dpath", "mknodat mknod" },
	{ "link", "p p", ALL, 0, "cpath", "linkat link" },
	{ "symlink", "t p", ALL, 0, "cpath", "symlinkat symlink" },
	{ "rename", "p p", ALL, 0, "cpath", "renameat rename renameat2" },
	{ "readlink", "p", ALL, 0, "rpath", "readlinkat readlink" },
	{ "truncate", "p l", ALL, 0, "wpath", "truncate" },
	{ "stat", "p", ALL, 0, "rpath", "newfstatat stat statx" },
	{ "lstat", "p", ALL, 0, "rpath", "newfstatat lstat statx" },
	{ "umask", "m", ALL, 0, "", "umask" },
	{ "dup", "d", ALL, 0, "", "dup" },
	{ "dup2", "d d", ALL, 0, "", "dup2 dup3 fcntl" },
	{ "pipe", "?f:file", ALL, 0, "", "pipe2 pipe" },

	/* The tree of files. */
	{ "chroot", "p", ALL, R, NULL,
	    "chroot fchdir openat newfstatat fstat dup" },
	{ "mount", "o:p p o:t f:mount ?o:t ?T", ALL, R, NULL,
	    "mount open_tree move_mount fchdir openat newfstatat fstat dup" },
	{ "umount", "p", ALL, R, NULL,
	    "umount2 fchdir openat newfstatat fstat dup" },
	{ "umount2", "p f:mount", ALL, R, NULL,
	    "umount2 fchdir openat newfstatat fstat dup" },
	{ "pivot_root", "p p", LINUX, R, "",
	    "pivot_root fchdir openat newfstatat fstat dup" },

	/* Signals and processes. */
	{ "kill", "P c:signal", ALL, 0, "proc", "kill" },
	{ "sigaction", "c:signal T", ALL, 0, "", "rt_sigaction" },
	{ "waitpid", "P f:wait", ALL, B | CALL_REAPS, "", "wait4" },
	{ "ptrace", "c:ptrace P x:ptrace x:ptrace", LINUX, 0, "", "ptrace" },
	{ "getpid", "", ALL, 0, "", "getpid" },
	{ "getppid", "", ALL, 0, "", "getppid" },
	{ "getpgrp", "", ALL, 0, "", "getpgrp getpgid" },
	{ "getsid", "P", ALL, 0, "", "getsid" },
	{ "setsid", "", ALL, 0, "proc", "setsid" },
	{ "setpgid", "P P", ALL, 0, "proc", "setpgid" },
	{ "getpriority", "c:prio P", ALL, 0, "", "getpriority" },
	{ "setpriority", "c:prio P i", ALL, 0, "proc", "setpriority" },
	{ "setproctitle", "t", ALL, 0, "", "" },

	/* Who it is. */
	{ "getuid", "", ALL, 0, "", "getuid" },
	{ "getgid", "", ALL, 0, "", "getgid" },
	{ "getgroups", "", ALL, 0, "", "getgroups" },
	{ "getresuid", "", ALL, 0, "", "getresuid" },
	{ "getresgid", "", ALL, 0, "", "getresgid" },
	{ "setuid", "u", ALL, I | R, "id", "setuid getresuid capset prctl" },
	{ "setgid", "u", ALL, I | R, "id", "setgid" },
	{ "setresuid", "u u u", ALL, I | R, "id",
	    "setresuid getresuid capset prctl" },
	{ "setresgid", "u u u", ALL, I | R, "id", "setresgid" },
	{ "setgroups", "g", ALL, I | R, "id", "setgroups" },

	/* Limits. */
	{ "getrlimit", "c:rlimit", ALL, 0, "", "prlimit64" },
	{ "setrlimit", "c:rlimit r", ALL, 0, "proc", "prlimit64" },
	{ "prlimit", "P c:rlimit o:r", LINUX, 0, "", "prlimit64" },
	{ "sched_getaffinity", "P", LINUX, 0, "", "sched_getaffinity" },
	{ "sched_setaffinity", "P g", LINUX, 0, "", "sched_setaffinity" },
	{ "cgroup_enter", "p", LINUX, 0, "", "openat open write" },

	/* Names and environment. */
	{ "gethostname", "", ALL, 0, "", "uname" },
	{ "sethostname", "t", ALL, R, NULL, "sethostname" },
	{ "environ", "?n", ALL, 0, "", "" },
	{ "getenv", "t", ALL, 0, "", "" },
	{ "setenv", "t t i", ALL, 0, "", "" },
	{ "unsetenv", "t", ALL, 0, "", "" },
	{ "clearenv", "", ALL, 0, "", "" },

	/* Namespaces and restriction. */
	{ "unshare", "f:clone", LINUX, I | R, "", "unshare" },
	{ "setns", "d ?f:clone", LINUX, I | R, "", "setns" },
	{ "map_ids", "P T T", LINUX, R, "", "openat open write" },
	{ "prctl", "c:prctl x:prctl x:prctl x:prctl x:prctl", LINUX, I, "",
	    "prctl" },
	{ "seccomp", "c:seccomp f:seccomp o:s", LINUX, 0, "", "seccomp" },
	{ "capget", "?P", LINUX, 0, "", "capget" },
	{ "capset", "g:cap g:cap g:cap", LINUX, I, "", "capset" },
	{ "pledge", "o:t o:t", OPENBSD, 0, "", "" },
	{ "unveil", "o:p o:t", OPENBSD, 0, "unveil", "" },
	{ "cap_enter", "", FREEBSD, 0, "", "" },
	{ "cap_getmode", "", FREEBSD, 0, "", "" },
	{ "cap_rights_limit", "d g:capsicum", FREEBSD, 0, "", "" },
	{ "cap_fcntls_limit", "d f:capsicum", FREEBSD, 0, "", "" },
	{ "cap_fcntls_get", "d", FREEBSD, 0, "", "" },
	{ "cap_ioctls_limit", "d g:ioctl", FREEBSD, 0, "", "" },
	{ "jail", "s", FREEBSD, R, "", "" },
	{ "jail_attach", "i", FREEBSD, R, "", "" },
	{ "jail_remove", "i", FREEBSD, R, "", "" },
	{ "procctl", "c:wait P c:procctl o:s", FREEBSD, 0, "", "" },

	/* Sockets. */
	{ "socket", "c:socket f:socket c:socket", ALL, 0, "inet unix",
	    "socket" },
	{ "socketpair", "c:socket f:socket c:socket", ALL, 0, "",
	    "socketpair" },
	{ "bind", "d T", ALL, 0, "inet unix", "bind" },
	{ "listen", "d i", ALL, 0, "inet unix", "listen" },
	{ "accept", "d", ALL, B, "inet unix", "accept4 accept" },
	{ "connect", "d T", ALL, B, "inet unix", "connect ppoll getsockopt" },

	/* Of names and memory. */
	{ "constant", "T T", ALL, 0, "", "" },
	{ "errno_id", "i", ALL, 0, "", "" },
	{ "iolist_to_bin", "b", ALL, 0, "", "" },
	{ "alloc", "s", ALL, 0, "", "" },

	/* Restriction by names. */
	{ "seccomp_rules", "T", LINUX, 0, "", "seccomp" },
	{ "landlock", "T ?T", LINUX, 0, "",
	    "openat open fstat newfstatat landlock_create_ruleset "
	    "landlock_add_rule landlock_restrict_self" },
};
/* clang-format on */

const char call_loop[] =
    "recvmsg sendmsg write writev select pselect6 pselect6_time64 poll "
    "ppoll ppoll_time64 read close "
    "rt_sigaction "
    "rt_sigprocmask rt_sigreturn rt_sigtimedwait rt_sigtimedwait_time64 "
    "rt_sigpending wait4 waitid getpid getppid gettid exit exit_group munmap "
    "mremap brk madvise futex clock_gettime restart_syscall sendto getrandom";

const size_t call_rows_count = sizeof(call_rows) / sizeof(call_rows[0]);

_Static_assert(sizeof(call_rows) / sizeof(call_rows[0]) <= CALLS_MAX,
    "filters hold every row");

int
call_number(const char *name)
{
	size_t i;

	for (i = 0; i < call_rows_count; i++)
		if (strcmp(name, call_rows[i].name) == 0)
			return ((int)i);
	return (-1);
}
