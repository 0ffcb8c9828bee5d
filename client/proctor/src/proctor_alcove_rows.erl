%% @doc The arguments of each row of the task program, by letters as in
%% `task/call.h'. Written by `alcove.sh' from `task/rows.c'.
-module(proctor_alcove_rows).

-export([letters/1, kinds/0, loop/0]).

%% @doc Those of the row of that name; none if there is no such row.
-spec letters(atom()) -> string().
letters(fork) -> "";
letters(clone) -> "f:clone";
letters(execvp) -> "t v";
letters(execve) -> "p v v";
letters(fexecve) -> "d v v";
letters(exec) -> "p v ?o:v ?T";
letters(reexec) -> "?v ?v";
letters(exit) -> "i";
letters(init) -> "";
letters(cpid) -> "?T ?T";
letters(getcpid) -> "T ?T ?T";
letters(setcpid) -> "T T ?T ?T";
letters(getopt) -> "T";
letters(setopt) -> "T i";
letters(filter) -> "T ?T ?T";
letters(filters) -> "";
letters(version) -> "";
letters(open) -> "p f:file ?m";
letters(close) -> "d";
letters(read) -> "d n";
letters(write) -> "d b";
letters(lseek) -> "d l c:file";
letters(select) -> "g g g ?T";
letters(fcntl) -> "d c:fcntl ?x:fcntl";
letters(ioctl) -> "d c:ioctl ?x:ioctl";
letters(readdir) -> "p ?l";
letters(chdir) -> "p";
letters(getcwd) -> "";
letters(chmod) -> "p m";
letters(chown) -> "p u u";
letters(mkdir) -> "p m";
letters(rmdir) -> "p";
letters(unlink) -> "p";
letters(mkfifo) -> "p m";
letters(link) -> "p p";
letters(symlink) -> "t p";
letters(rename) -> "p p";
letters(readlink) -> "p";
letters(truncate) -> "p l";
letters(stat) -> "p";
letters(lstat) -> "p";
letters(umask) -> "m";
letters(dup) -> "d";
letters(dup2) -> "d d";
letters(pipe) -> "?f:file";
letters(chroot) -> "p";
letters(mount) -> "o:p p o:t f:mount ?o:t ?T";
letters(umount) -> "p";
letters(umount2) -> "p f:mount";
letters(pivot_root) -> "p p";
letters(kill) -> "P c:signal";
letters(sigaction) -> "c:signal T";
letters(waitpid) -> "P f:wait";
letters(ptrace) -> "c:ptrace P x:ptrace x:ptrace";
letters(getpid) -> "";
letters(getppid) -> "";
letters(getpgrp) -> "";
letters(getsid) -> "P";
letters(setsid) -> "";
letters(setpgid) -> "P P";
letters(getpriority) -> "c:prio P";
letters(setpriority) -> "c:prio P i";
letters(setproctitle) -> "t";
letters(getuid) -> "";
letters(getgid) -> "";
letters(getgroups) -> "";
letters(getresuid) -> "";
letters(getresgid) -> "";
letters(setuid) -> "u";
letters(setgid) -> "u";
letters(setresuid) -> "u u u";
letters(setresgid) -> "u u u";
letters(setgroups) -> "g";
letters(getrlimit) -> "c:rlimit";
letters(setrlimit) -> "c:rlimit r";
letters(prlimit) -> "P c:rlimit o:r";
letters(sched_getaffinity) -> "P";
letters(sched_setaffinity) -> "P g";
letters(cgroup_enter) -> "p";
letters(gethostname) -> "";
letters(sethostname) -> "t";
letters(environ) -> "?n";
letters(getenv) -> "t";
letters(setenv) -> "t t i";
letters(unsetenv) -> "t";
letters(clearenv) -> "";
letters(unshare) -> "f:clone";
letters(setns) -> "d ?f:clone";
letters(map_ids) -> "P T T";
letters(prctl) -> "c:prctl x:prctl x:prctl x:prctl x:prctl";
letters(seccomp) -> "c:seccomp f:seccomp o:s";
letters(capget) -> "?P";
letters(capset) -> "g:cap g:cap g:cap";
letters(pledge) -> "o:t o:t";
letters(unveil) -> "o:p o:t";
letters(cap_enter) -> "";
letters(cap_getmode) -> "";
letters(cap_rights_limit) -> "d g:capsicum";
letters(cap_fcntls_limit) -> "d f:capsicum";
letters(cap_fcntls_get) -> "d";
letters(cap_ioctls_limit) -> "d g:ioctl";
letters(jail) -> "s";
letters(jail_attach) -> "i";
letters(jail_remove) -> "i";
letters(procctl) -> "c:wait P c:procctl o:s";
letters(socket) -> "c:socket f:socket c:socket";
letters(socketpair) -> "c:socket f:socket c:socket";
letters(bind) -> "d T";
letters(listen) -> "d i";
letters(accept) -> "d";
letters(connect) -> "d T";
letters(constant) -> "T T";
letters(errno_id) -> "i";
letters(iolist_to_bin) -> "b";
letters(alloc) -> "s";
letters(seccomp_rules) -> "T";
letters(landlock) -> "T ?T";
letters(_) -> "".

%% @doc The kinds of constants.
-spec kinds() -> [atom()].
kinds() ->
    [file,
     fcntl,
     ioctl,
     mount,
     clone,
     signal,
     wait,
     prio,
     rlimit,
     socket,
     ptrace,
     cap,
     prctl,
     seccomp,
     errno,
     capsicum,
     procctl,
     syscall].

%% @doc The system calls of Linux that the loop of a task makes, some of them
%% only in part.
-spec loop() -> [atom()].
loop() ->
    [recvmsg,
     sendmsg,
     write,
     writev,
     select,
     pselect6,
     pselect6_time64,
     poll,
     ppoll,
     ppoll_time64,
     read,
     close,
     rt_sigaction,
     rt_sigprocmask,
     rt_sigreturn,
     rt_sigtimedwait,
     rt_sigtimedwait_time64,
     rt_sigpending,
     wait4,
     waitid,
     getpid,
     getppid,
     gettid,
     exit,
     exit_group,
     munmap,
     mremap,
     brk,
     madvise,
     futex,
     clock_gettime,
     restart_syscall,
     sendto,
     getrandom,
     mmap,
     mprotect,
     prctl,
     prlimit64].
