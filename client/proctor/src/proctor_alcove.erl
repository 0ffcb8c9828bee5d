%% @doc Calls of tasks in the shape of alcove: of a tree that
%% {@link proctor_alcove_drv:start/0} has started, or that
%% {@link proctor_prx:drv/1} names, by the numbers from the root's child down to
%% the task. Each is there with a time in milliseconds as well; when that is
%% over it returns `false', and what comes later is dropped. Results, and what
%% is raised, are those of {@link proctor_prx}.
%%
%% Written by `alcove.sh' from `task/rows.c'.
-module(proctor_alcove).

-export([call/4, call/5, stdin/3, eof/2, eof/3, stdout/2, stdout/3, stderr/2,
         stderr/3, event/2, event/3]).
-export([fork/2, fork/3]).
-export([clone/3, clone/4]).
-export([execvp/4, execvp/5]).
-export([execve/5, execve/6]).
-export([fexecve/5, fexecve/6]).
-export([exec/6, exec/7]).
-export([reexec/4, reexec/5]).
-export([exit/3, exit/4]).
-export([init/2, init/3]).
-export([cpid/2, cpid/3]).
-export([getcpid/4, getcpid/5]).
-export([setcpid/5, setcpid/6]).
-export([getopt/3, getopt/4]).
-export([setopt/4, setopt/5]).
-export([filter/4, filter/5]).
-export([filters/2, filters/3]).
-export([version/2, version/3]).
-export([open/5, open/6]).
-export([close/3, close/4]).
-export([read/4, read/5]).
-export([write/4, write/5]).
-export([lseek/5, lseek/6]).
-export([select/6, select/7]).
-export([fcntl/5, fcntl/6]).
-export([ioctl/5, ioctl/6]).
-export([readdir/3, readdir/4]).
-export([chdir/3, chdir/4]).
-export([getcwd/2, getcwd/3]).
-export([chmod/4, chmod/5]).
-export([chown/5, chown/6]).
-export([mkdir/4, mkdir/5]).
-export([rmdir/3, rmdir/4]).
-export([unlink/3, unlink/4]).
-export([mkfifo/4, mkfifo/5]).
-export([link/4, link/5]).
-export([symlink/4, symlink/5]).
-export([rename/4, rename/5]).
-export([readlink/3, readlink/4]).
-export([truncate/4, truncate/5]).
-export([stat/3, stat/4]).
-export([lstat/3, lstat/4]).
-export([umask/3, umask/4]).
-export([dup/3, dup/4]).
-export([dup2/4, dup2/5]).
-export([pipe/3, pipe/4]).
-export([chroot/3, chroot/4]).
-export([mount/8, mount/9]).
-export([umount/3, umount/4]).
-export([umount2/4, umount2/5]).
-export([pivot_root/4, pivot_root/5]).
-export([kill/4, kill/5]).
-export([sigaction/4, sigaction/5]).
-export([waitpid/4, waitpid/5]).
-export([ptrace/6, ptrace/7]).
-export([getpid/2, getpid/3]).
-export([getppid/2, getppid/3]).
-export([getpgrp/2, getpgrp/3]).
-export([getsid/3, getsid/4]).
-export([setsid/2, setsid/3]).
-export([setpgid/4, setpgid/5]).
-export([getpriority/4, getpriority/5]).
-export([setpriority/5, setpriority/6]).
-export([setproctitle/3, setproctitle/4]).
-export([getuid/2, getuid/3]).
-export([getgid/2, getgid/3]).
-export([getgroups/2, getgroups/3]).
-export([getresuid/2, getresuid/3]).
-export([getresgid/2, getresgid/3]).
-export([setuid/3, setuid/4]).
-export([setgid/3, setgid/4]).
-export([setresuid/5, setresuid/6]).
-export([setresgid/5, setresgid/6]).
-export([setgroups/3, setgroups/4]).
-export([getrlimit/3, getrlimit/4]).
-export([setrlimit/4, setrlimit/5]).
-export([prlimit/5, prlimit/6]).
-export([sched_getaffinity/3, sched_getaffinity/4]).
-export([sched_setaffinity/4, sched_setaffinity/5]).
-export([cgroup_enter/3, cgroup_enter/4]).
-export([gethostname/2, gethostname/3]).
-export([sethostname/3, sethostname/4]).
-export([environ/3, environ/4]).
-export([getenv/3, getenv/4]).
-export([setenv/5, setenv/6]).
-export([unsetenv/3, unsetenv/4]).
-export([clearenv/2, clearenv/3]).
-export([unshare/3, unshare/4]).
-export([setns/4, setns/5]).
-export([map_ids/5, map_ids/6]).
-export([prctl/7, prctl/8]).
-export([seccomp/5, seccomp/6]).
-export([capget/3, capget/4]).
-export([capset/5, capset/6]).
-export([pledge/4, pledge/5]).
-export([unveil/4, unveil/5]).
-export([cap_enter/2, cap_enter/3]).
-export([cap_getmode/2, cap_getmode/3]).
-export([cap_rights_limit/4, cap_rights_limit/5]).
-export([cap_fcntls_limit/4, cap_fcntls_limit/5]).
-export([cap_fcntls_get/3, cap_fcntls_get/4]).
-export([cap_ioctls_limit/4, cap_ioctls_limit/5]).
-export([jail/3, jail/4]).
-export([jail_attach/3, jail_attach/4]).
-export([jail_remove/3, jail_remove/4]).
-export([procctl/6, procctl/7]).
-export([socket/5, socket/6]).
-export([socketpair/5, socketpair/6]).
-export([bind/4, bind/5]).
-export([listen/4, listen/5]).
-export([accept/3, accept/4]).
-export([connect/4, connect/5]).
-export([constant/4, constant/5]).
-export([errno_id/3, errno_id/4]).
-export([iolist_to_bin/3, iolist_to_bin/4]).
-export([alloc/3, alloc/4]).
-export([seccomp_rules/3, seccomp_rules/4]).
-export([landlock/4, landlock/5]).
-export([file_constant/3, file_constant/4]).
-export([fcntl_constant/3, fcntl_constant/4]).
-export([ioctl_constant/3, ioctl_constant/4]).
-export([mount_constant/3, mount_constant/4]).
-export([clone_constant/3, clone_constant/4]).
-export([signal_constant/3, signal_constant/4]).
-export([wait_constant/3, wait_constant/4]).
-export([prio_constant/3, prio_constant/4]).
-export([rlimit_constant/3, rlimit_constant/4]).
-export([socket_constant/3, socket_constant/4]).
-export([ptrace_constant/3, ptrace_constant/4]).
-export([cap_constant/3, cap_constant/4]).
-export([prctl_constant/3, prctl_constant/4]).
-export([seccomp_constant/3, seccomp_constant/4]).
-export([errno_constant/3, errno_constant/4]).
-export([capsicum_constant/3, capsicum_constant/4]).
-export([procctl_constant/3, procctl_constant/4]).
-export([syscall_constant/3, syscall_constant/4]).

-type drv() :: pid().

-type pids() :: [integer()].

%% @doc A call by its name.
-spec call(drv(), pids(), atom(), [term()]) -> term().
call(Drv, Pids, Name, Args) ->
    call(Drv, Pids, Name, Args, infinity).

%% @doc The same; `false' if it takes longer.
-spec call(drv(), pids(), atom(), [term()], timeout()) -> term().
call(Drv, Pids, Name, Args, Timeout) ->
    proctor_alcove_drv:call(Drv, Pids, Name, Args, Timeout).

%% @equiv call(Drv, Pids, fork, [])
-spec fork(drv(), pids()) -> term().
fork(Drv, Pids) ->
    call(Drv, Pids, fork, []).

%% @equiv call(Drv, Pids, fork, [], Timeout)
-spec fork(drv(), pids(), timeout()) -> term().
fork(Drv, Pids, Timeout) ->
    call(Drv, Pids, fork, [], Timeout).

%% @equiv call(Drv, Pids, clone, [A1])
-spec clone(drv(), pids(), term()) -> term().
clone(Drv, Pids, A1) ->
    call(Drv, Pids, clone, [A1]).

%% @equiv call(Drv, Pids, clone, [A1], Timeout)
-spec clone(drv(), pids(), term(), timeout()) -> term().
clone(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, clone, [A1], Timeout).

%% @equiv call(Drv, Pids, execvp, [A1, A2])
-spec execvp(drv(), pids(), term(), term()) -> term().
execvp(Drv, Pids, A1, A2) ->
    call(Drv, Pids, execvp, [A1, A2]).

%% @equiv call(Drv, Pids, execvp, [A1, A2], Timeout)
-spec execvp(drv(), pids(), term(), term(), timeout()) -> term().
execvp(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, execvp, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, execve, [A1, A2, A3])
-spec execve(drv(), pids(), term(), term(), term()) -> term().
execve(Drv, Pids, A1, A2, A3) ->
    call(Drv, Pids, execve, [A1, A2, A3]).

%% @equiv call(Drv, Pids, execve, [A1, A2, A3], Timeout)
-spec execve(drv(), pids(), term(), term(), term(), timeout()) -> term().
execve(Drv, Pids, A1, A2, A3, Timeout) ->
    call(Drv, Pids, execve, [A1, A2, A3], Timeout).

%% @equiv call(Drv, Pids, fexecve, [A1, A2, A3])
-spec fexecve(drv(), pids(), term(), term(), term()) -> term().
fexecve(Drv, Pids, A1, A2, A3) ->
    call(Drv, Pids, fexecve, [A1, A2, A3]).

%% @equiv call(Drv, Pids, fexecve, [A1, A2, A3], Timeout)
-spec fexecve(drv(), pids(), term(), term(), term(), timeout()) -> term().
fexecve(Drv, Pids, A1, A2, A3, Timeout) ->
    call(Drv, Pids, fexecve, [A1, A2, A3], Timeout).

%% @equiv call(Drv, Pids, exec, [A1, A2, A3, A4])
-spec exec(drv(), pids(), term(), term(), term(), term()) -> term().
exec(Drv, Pids, A1, A2, A3, A4) ->
    call(Drv, Pids, exec, [A1, A2, A3, A4]).

%% @equiv call(Drv, Pids, exec, [A1, A2, A3, A4], Timeout)
-spec exec(drv(), pids(), term(), term(), term(), term(), timeout()) -> term().
exec(Drv, Pids, A1, A2, A3, A4, Timeout) ->
    call(Drv, Pids, exec, [A1, A2, A3, A4], Timeout).

%% @equiv call(Drv, Pids, reexec, [A1, A2])
-spec reexec(drv(), pids(), term(), term()) -> term().
reexec(Drv, Pids, A1, A2) ->
    call(Drv, Pids, reexec, [A1, A2]).

%% @equiv call(Drv, Pids, reexec, [A1, A2], Timeout)
-spec reexec(drv(), pids(), term(), term(), timeout()) -> term().
reexec(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, reexec, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, exit, [A1])
-spec exit(drv(), pids(), term()) -> term().
exit(Drv, Pids, A1) ->
    call(Drv, Pids, exit, [A1]).

%% @equiv call(Drv, Pids, exit, [A1], Timeout)
-spec exit(drv(), pids(), term(), timeout()) -> term().
exit(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, exit, [A1], Timeout).

%% @equiv call(Drv, Pids, init, [])
-spec init(drv(), pids()) -> term().
init(Drv, Pids) ->
    call(Drv, Pids, init, []).

%% @equiv call(Drv, Pids, init, [], Timeout)
-spec init(drv(), pids(), timeout()) -> term().
init(Drv, Pids, Timeout) ->
    call(Drv, Pids, init, [], Timeout).

%% @equiv call(Drv, Pids, cpid, [])
-spec cpid(drv(), pids()) -> term().
cpid(Drv, Pids) ->
    call(Drv, Pids, cpid, []).

%% @equiv call(Drv, Pids, cpid, [], Timeout)
-spec cpid(drv(), pids(), timeout()) -> term().
cpid(Drv, Pids, Timeout) ->
    call(Drv, Pids, cpid, [], Timeout).

%% @equiv call(Drv, Pids, getcpid, [A1, A2])
-spec getcpid(drv(), pids(), term(), term()) -> term().
getcpid(Drv, Pids, A1, A2) ->
    call(Drv, Pids, getcpid, [A1, A2]).

%% @equiv call(Drv, Pids, getcpid, [A1, A2], Timeout)
-spec getcpid(drv(), pids(), term(), term(), timeout()) -> term().
getcpid(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, getcpid, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, setcpid, [A1, A2, A3])
-spec setcpid(drv(), pids(), term(), term(), term()) -> term().
setcpid(Drv, Pids, A1, A2, A3) ->
    call(Drv, Pids, setcpid, [A1, A2, A3]).

%% @equiv call(Drv, Pids, setcpid, [A1, A2, A3], Timeout)
-spec setcpid(drv(), pids(), term(), term(), term(), timeout()) -> term().
setcpid(Drv, Pids, A1, A2, A3, Timeout) ->
    call(Drv, Pids, setcpid, [A1, A2, A3], Timeout).

%% @equiv call(Drv, Pids, getopt, [A1])
-spec getopt(drv(), pids(), term()) -> term().
getopt(Drv, Pids, A1) ->
    call(Drv, Pids, getopt, [A1]).

%% @equiv call(Drv, Pids, getopt, [A1], Timeout)
-spec getopt(drv(), pids(), term(), timeout()) -> term().
getopt(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, getopt, [A1], Timeout).

%% @equiv call(Drv, Pids, setopt, [A1, A2])
-spec setopt(drv(), pids(), term(), term()) -> term().
setopt(Drv, Pids, A1, A2) ->
    call(Drv, Pids, setopt, [A1, A2]).

%% @equiv call(Drv, Pids, setopt, [A1, A2], Timeout)
-spec setopt(drv(), pids(), term(), term(), timeout()) -> term().
setopt(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, setopt, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, filter, [A1, A2])
-spec filter(drv(), pids(), term(), term()) -> term().
filter(Drv, Pids, A1, A2) ->
    call(Drv, Pids, filter, [A1, A2]).

%% @equiv call(Drv, Pids, filter, [A1, A2], Timeout)
-spec filter(drv(), pids(), term(), term(), timeout()) -> term().
filter(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, filter, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, filters, [])
-spec filters(drv(), pids()) -> term().
filters(Drv, Pids) ->
    call(Drv, Pids, filters, []).

%% @equiv call(Drv, Pids, filters, [], Timeout)
-spec filters(drv(), pids(), timeout()) -> term().
filters(Drv, Pids, Timeout) ->
    call(Drv, Pids, filters, [], Timeout).

%% @equiv call(Drv, Pids, version, [])
-spec version(drv(), pids()) -> term().
version(Drv, Pids) ->
    call(Drv, Pids, version, []).

%% @equiv call(Drv, Pids, version, [], Timeout)
-spec version(drv(), pids(), timeout()) -> term().
version(Drv, Pids, Timeout) ->
    call(Drv, Pids, version, [], Timeout).

%% @equiv call(Drv, Pids, open, [A1, A2, A3])
-spec open(drv(), pids(), term(), term(), term()) -> term().
open(Drv, Pids, A1, A2, A3) ->
    call(Drv, Pids, open, [A1, A2, A3]).

%% @equiv call(Drv, Pids, open, [A1, A2, A3], Timeout)
-spec open(drv(), pids(), term(), term(), term(), timeout()) -> term().
open(Drv, Pids, A1, A2, A3, Timeout) ->
    call(Drv, Pids, open, [A1, A2, A3], Timeout).

%% @equiv call(Drv, Pids, close, [A1])
-spec close(drv(), pids(), term()) -> term().
close(Drv, Pids, A1) ->
    call(Drv, Pids, close, [A1]).

%% @equiv call(Drv, Pids, close, [A1], Timeout)
-spec close(drv(), pids(), term(), timeout()) -> term().
close(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, close, [A1], Timeout).

%% @equiv call(Drv, Pids, read, [A1, A2])
-spec read(drv(), pids(), term(), term()) -> term().
read(Drv, Pids, A1, A2) ->
    call(Drv, Pids, read, [A1, A2]).

%% @equiv call(Drv, Pids, read, [A1, A2], Timeout)
-spec read(drv(), pids(), term(), term(), timeout()) -> term().
read(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, read, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, write, [A1, A2])
-spec write(drv(), pids(), term(), term()) -> term().
write(Drv, Pids, A1, A2) ->
    call(Drv, Pids, write, [A1, A2]).

%% @equiv call(Drv, Pids, write, [A1, A2], Timeout)
-spec write(drv(), pids(), term(), term(), timeout()) -> term().
write(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, write, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, lseek, [A1, A2, A3])
-spec lseek(drv(), pids(), term(), term(), term()) -> term().
lseek(Drv, Pids, A1, A2, A3) ->
    call(Drv, Pids, lseek, [A1, A2, A3]).

%% @equiv call(Drv, Pids, lseek, [A1, A2, A3], Timeout)
-spec lseek(drv(), pids(), term(), term(), term(), timeout()) -> term().
lseek(Drv, Pids, A1, A2, A3, Timeout) ->
    call(Drv, Pids, lseek, [A1, A2, A3], Timeout).

%% @equiv call(Drv, Pids, select, [A1, A2, A3, A4])
-spec select(drv(), pids(), term(), term(), term(), term()) -> term().
select(Drv, Pids, A1, A2, A3, A4) ->
    call(Drv, Pids, select, [A1, A2, A3, A4]).

%% @equiv call(Drv, Pids, select, [A1, A2, A3, A4], Timeout)
-spec select(drv(), pids(), term(), term(), term(), term(), timeout()) ->
         term().
select(Drv, Pids, A1, A2, A3, A4, Timeout) ->
    call(Drv, Pids, select, [A1, A2, A3, A4], Timeout).

%% @equiv call(Drv, Pids, fcntl, [A1, A2, A3])
-spec fcntl(drv(), pids(), term(), term(), term()) -> term().
fcntl(Drv, Pids, A1, A2, A3) ->
    call(Drv, Pids, fcntl, [A1, A2, A3]).

%% @equiv call(Drv, Pids, fcntl, [A1, A2, A3], Timeout)
-spec fcntl(drv(), pids(), term(), term(), term(), timeout()) -> term().
fcntl(Drv, Pids, A1, A2, A3, Timeout) ->
    call(Drv, Pids, fcntl, [A1, A2, A3], Timeout).

%% @equiv call(Drv, Pids, ioctl, [A1, A2, A3])
-spec ioctl(drv(), pids(), term(), term(), term()) -> term().
ioctl(Drv, Pids, A1, A2, A3) ->
    call(Drv, Pids, ioctl, [A1, A2, A3]).

%% @equiv call(Drv, Pids, ioctl, [A1, A2, A3], Timeout)
-spec ioctl(drv(), pids(), term(), term(), term(), timeout()) -> term().
ioctl(Drv, Pids, A1, A2, A3, Timeout) ->
    call(Drv, Pids, ioctl, [A1, A2, A3], Timeout).

%% @equiv call(Drv, Pids, readdir, [A1])
-spec readdir(drv(), pids(), term()) -> term().
readdir(Drv, Pids, A1) ->
    call(Drv, Pids, readdir, [A1]).

%% @equiv call(Drv, Pids, readdir, [A1], Timeout)
-spec readdir(drv(), pids(), term(), timeout()) -> term().
readdir(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, readdir, [A1], Timeout).

%% @equiv call(Drv, Pids, chdir, [A1])
-spec chdir(drv(), pids(), term()) -> term().
chdir(Drv, Pids, A1) ->
    call(Drv, Pids, chdir, [A1]).

%% @equiv call(Drv, Pids, chdir, [A1], Timeout)
-spec chdir(drv(), pids(), term(), timeout()) -> term().
chdir(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, chdir, [A1], Timeout).

%% @equiv call(Drv, Pids, getcwd, [])
-spec getcwd(drv(), pids()) -> term().
getcwd(Drv, Pids) ->
    call(Drv, Pids, getcwd, []).

%% @equiv call(Drv, Pids, getcwd, [], Timeout)
-spec getcwd(drv(), pids(), timeout()) -> term().
getcwd(Drv, Pids, Timeout) ->
    call(Drv, Pids, getcwd, [], Timeout).

%% @equiv call(Drv, Pids, chmod, [A1, A2])
-spec chmod(drv(), pids(), term(), term()) -> term().
chmod(Drv, Pids, A1, A2) ->
    call(Drv, Pids, chmod, [A1, A2]).

%% @equiv call(Drv, Pids, chmod, [A1, A2], Timeout)
-spec chmod(drv(), pids(), term(), term(), timeout()) -> term().
chmod(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, chmod, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, chown, [A1, A2, A3])
-spec chown(drv(), pids(), term(), term(), term()) -> term().
chown(Drv, Pids, A1, A2, A3) ->
    call(Drv, Pids, chown, [A1, A2, A3]).

%% @equiv call(Drv, Pids, chown, [A1, A2, A3], Timeout)
-spec chown(drv(), pids(), term(), term(), term(), timeout()) -> term().
chown(Drv, Pids, A1, A2, A3, Timeout) ->
    call(Drv, Pids, chown, [A1, A2, A3], Timeout).

%% @equiv call(Drv, Pids, mkdir, [A1, A2])
-spec mkdir(drv(), pids(), term(), term()) -> term().
mkdir(Drv, Pids, A1, A2) ->
    call(Drv, Pids, mkdir, [A1, A2]).

%% @equiv call(Drv, Pids, mkdir, [A1, A2], Timeout)
-spec mkdir(drv(), pids(), term(), term(), timeout()) -> term().
mkdir(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, mkdir, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, rmdir, [A1])
-spec rmdir(drv(), pids(), term()) -> term().
rmdir(Drv, Pids, A1) ->
    call(Drv, Pids, rmdir, [A1]).

%% @equiv call(Drv, Pids, rmdir, [A1], Timeout)
-spec rmdir(drv(), pids(), term(), timeout()) -> term().
rmdir(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, rmdir, [A1], Timeout).

%% @equiv call(Drv, Pids, unlink, [A1])
-spec unlink(drv(), pids(), term()) -> term().
unlink(Drv, Pids, A1) ->
    call(Drv, Pids, unlink, [A1]).

%% @equiv call(Drv, Pids, unlink, [A1], Timeout)
-spec unlink(drv(), pids(), term(), timeout()) -> term().
unlink(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, unlink, [A1], Timeout).

%% @equiv call(Drv, Pids, mkfifo, [A1, A2])
-spec mkfifo(drv(), pids(), term(), term()) -> term().
mkfifo(Drv, Pids, A1, A2) ->
    call(Drv, Pids, mkfifo, [A1, A2]).

%% @equiv call(Drv, Pids, mkfifo, [A1, A2], Timeout)
-spec mkfifo(drv(), pids(), term(), term(), timeout()) -> term().
mkfifo(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, mkfifo, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, link, [A1, A2])
-spec link(drv(), pids(), term(), term()) -> term().
link(Drv, Pids, A1, A2) ->
    call(Drv, Pids, link, [A1, A2]).

%% @equiv call(Drv, Pids, link, [A1, A2], Timeout)
-spec link(drv(), pids(), term(), term(), timeout()) -> term().
link(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, link, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, symlink, [A1, A2])
-spec symlink(drv(), pids(), term(), term()) -> term().
symlink(Drv, Pids, A1, A2) ->
    call(Drv, Pids, symlink, [A1, A2]).

%% @equiv call(Drv, Pids, symlink, [A1, A2], Timeout)
-spec symlink(drv(), pids(), term(), term(), timeout()) -> term().
symlink(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, symlink, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, rename, [A1, A2])
-spec rename(drv(), pids(), term(), term()) -> term().
rename(Drv, Pids, A1, A2) ->
    call(Drv, Pids, rename, [A1, A2]).

%% @equiv call(Drv, Pids, rename, [A1, A2], Timeout)
-spec rename(drv(), pids(), term(), term(), timeout()) -> term().
rename(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, rename, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, readlink, [A1])
-spec readlink(drv(), pids(), term()) -> term().
readlink(Drv, Pids, A1) ->
    call(Drv, Pids, readlink, [A1]).

%% @equiv call(Drv, Pids, readlink, [A1], Timeout)
-spec readlink(drv(), pids(), term(), timeout()) -> term().
readlink(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, readlink, [A1], Timeout).

%% @equiv call(Drv, Pids, truncate, [A1, A2])
-spec truncate(drv(), pids(), term(), term()) -> term().
truncate(Drv, Pids, A1, A2) ->
    call(Drv, Pids, truncate, [A1, A2]).

%% @equiv call(Drv, Pids, truncate, [A1, A2], Timeout)
-spec truncate(drv(), pids(), term(), term(), timeout()) -> term().
truncate(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, truncate, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, stat, [A1])
-spec stat(drv(), pids(), term()) -> term().
stat(Drv, Pids, A1) ->
    call(Drv, Pids, stat, [A1]).

%% @equiv call(Drv, Pids, stat, [A1], Timeout)
-spec stat(drv(), pids(), term(), timeout()) -> term().
stat(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, stat, [A1], Timeout).

%% @equiv call(Drv, Pids, lstat, [A1])
-spec lstat(drv(), pids(), term()) -> term().
lstat(Drv, Pids, A1) ->
    call(Drv, Pids, lstat, [A1]).

%% @equiv call(Drv, Pids, lstat, [A1], Timeout)
-spec lstat(drv(), pids(), term(), timeout()) -> term().
lstat(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, lstat, [A1], Timeout).

%% @equiv call(Drv, Pids, umask, [A1])
-spec umask(drv(), pids(), term()) -> term().
umask(Drv, Pids, A1) ->
    call(Drv, Pids, umask, [A1]).

%% @equiv call(Drv, Pids, umask, [A1], Timeout)
-spec umask(drv(), pids(), term(), timeout()) -> term().
umask(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, umask, [A1], Timeout).

%% @equiv call(Drv, Pids, dup, [A1])
-spec dup(drv(), pids(), term()) -> term().
dup(Drv, Pids, A1) ->
    call(Drv, Pids, dup, [A1]).

%% @equiv call(Drv, Pids, dup, [A1], Timeout)
-spec dup(drv(), pids(), term(), timeout()) -> term().
dup(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, dup, [A1], Timeout).

%% @equiv call(Drv, Pids, dup2, [A1, A2])
-spec dup2(drv(), pids(), term(), term()) -> term().
dup2(Drv, Pids, A1, A2) ->
    call(Drv, Pids, dup2, [A1, A2]).

%% @equiv call(Drv, Pids, dup2, [A1, A2], Timeout)
-spec dup2(drv(), pids(), term(), term(), timeout()) -> term().
dup2(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, dup2, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, pipe, [A1])
-spec pipe(drv(), pids(), term()) -> term().
pipe(Drv, Pids, A1) ->
    call(Drv, Pids, pipe, [A1]).

%% @equiv call(Drv, Pids, pipe, [A1], Timeout)
-spec pipe(drv(), pids(), term(), timeout()) -> term().
pipe(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, pipe, [A1], Timeout).

%% @equiv call(Drv, Pids, chroot, [A1])
-spec chroot(drv(), pids(), term()) -> term().
chroot(Drv, Pids, A1) ->
    call(Drv, Pids, chroot, [A1]).

%% @equiv call(Drv, Pids, chroot, [A1], Timeout)
-spec chroot(drv(), pids(), term(), timeout()) -> term().
chroot(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, chroot, [A1], Timeout).

%% @equiv call(Drv, Pids, mount, [A1, A2, A3, A4, A5, A6])
-spec mount(drv(), pids(), term(), term(), term(), term(), term(), term()) ->
         term().
mount(Drv, Pids, A1, A2, A3, A4, A5, A6) ->
    call(Drv, Pids, mount, [A1, A2, A3, A4, A5, A6]).

%% @equiv call(Drv, Pids, mount, [A1, A2, A3, A4, A5, A6], Timeout)
-spec mount(drv(), pids(), term(), term(), term(), term(), term(), term(),
         timeout()) -> term().
mount(Drv, Pids, A1, A2, A3, A4, A5, A6, Timeout) ->
    call(Drv, Pids, mount, [A1, A2, A3, A4, A5, A6], Timeout).

%% @equiv call(Drv, Pids, umount, [A1])
-spec umount(drv(), pids(), term()) -> term().
umount(Drv, Pids, A1) ->
    call(Drv, Pids, umount, [A1]).

%% @equiv call(Drv, Pids, umount, [A1], Timeout)
-spec umount(drv(), pids(), term(), timeout()) -> term().
umount(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, umount, [A1], Timeout).

%% @equiv call(Drv, Pids, umount2, [A1, A2])
-spec umount2(drv(), pids(), term(), term()) -> term().
umount2(Drv, Pids, A1, A2) ->
    call(Drv, Pids, umount2, [A1, A2]).

%% @equiv call(Drv, Pids, umount2, [A1, A2], Timeout)
-spec umount2(drv(), pids(), term(), term(), timeout()) -> term().
umount2(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, umount2, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, pivot_root, [A1, A2])
-spec pivot_root(drv(), pids(), term(), term()) -> term().
pivot_root(Drv, Pids, A1, A2) ->
    call(Drv, Pids, pivot_root, [A1, A2]).

%% @equiv call(Drv, Pids, pivot_root, [A1, A2], Timeout)
-spec pivot_root(drv(), pids(), term(), term(), timeout()) -> term().
pivot_root(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, pivot_root, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, kill, [A1, A2])
-spec kill(drv(), pids(), term(), term()) -> term().
kill(Drv, Pids, A1, A2) ->
    call(Drv, Pids, kill, [A1, A2]).

%% @equiv call(Drv, Pids, kill, [A1, A2], Timeout)
-spec kill(drv(), pids(), term(), term(), timeout()) -> term().
kill(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, kill, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, sigaction, [A1, A2])
-spec sigaction(drv(), pids(), term(), term()) -> term().
sigaction(Drv, Pids, A1, A2) ->
    call(Drv, Pids, sigaction, [A1, A2]).

%% @equiv call(Drv, Pids, sigaction, [A1, A2], Timeout)
-spec sigaction(drv(), pids(), term(), term(), timeout()) -> term().
sigaction(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, sigaction, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, waitpid, [A1, A2])
-spec waitpid(drv(), pids(), term(), term()) -> term().
waitpid(Drv, Pids, A1, A2) ->
    call(Drv, Pids, waitpid, [A1, A2]).

%% @equiv call(Drv, Pids, waitpid, [A1, A2], Timeout)
-spec waitpid(drv(), pids(), term(), term(), timeout()) -> term().
waitpid(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, waitpid, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, ptrace, [A1, A2, A3, A4])
-spec ptrace(drv(), pids(), term(), term(), term(), term()) -> term().
ptrace(Drv, Pids, A1, A2, A3, A4) ->
    call(Drv, Pids, ptrace, [A1, A2, A3, A4]).

%% @equiv call(Drv, Pids, ptrace, [A1, A2, A3, A4], Timeout)
-spec ptrace(drv(), pids(), term(), term(), term(), term(), timeout()) ->
         term().
ptrace(Drv, Pids, A1, A2, A3, A4, Timeout) ->
    call(Drv, Pids, ptrace, [A1, A2, A3, A4], Timeout).

%% @equiv call(Drv, Pids, getpid, [])
-spec getpid(drv(), pids()) -> term().
getpid(Drv, Pids) ->
    call(Drv, Pids, getpid, []).

%% @equiv call(Drv, Pids, getpid, [], Timeout)
-spec getpid(drv(), pids(), timeout()) -> term().
getpid(Drv, Pids, Timeout) ->
    call(Drv, Pids, getpid, [], Timeout).

%% @equiv call(Drv, Pids, getppid, [])
-spec getppid(drv(), pids()) -> term().
getppid(Drv, Pids) ->
    call(Drv, Pids, getppid, []).

%% @equiv call(Drv, Pids, getppid, [], Timeout)
-spec getppid(drv(), pids(), timeout()) -> term().
getppid(Drv, Pids, Timeout) ->
    call(Drv, Pids, getppid, [], Timeout).

%% @equiv call(Drv, Pids, getpgrp, [])
-spec getpgrp(drv(), pids()) -> term().
getpgrp(Drv, Pids) ->
    call(Drv, Pids, getpgrp, []).

%% @equiv call(Drv, Pids, getpgrp, [], Timeout)
-spec getpgrp(drv(), pids(), timeout()) -> term().
getpgrp(Drv, Pids, Timeout) ->
    call(Drv, Pids, getpgrp, [], Timeout).

%% @equiv call(Drv, Pids, getsid, [A1])
-spec getsid(drv(), pids(), term()) -> term().
getsid(Drv, Pids, A1) ->
    call(Drv, Pids, getsid, [A1]).

%% @equiv call(Drv, Pids, getsid, [A1], Timeout)
-spec getsid(drv(), pids(), term(), timeout()) -> term().
getsid(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, getsid, [A1], Timeout).

%% @equiv call(Drv, Pids, setsid, [])
-spec setsid(drv(), pids()) -> term().
setsid(Drv, Pids) ->
    call(Drv, Pids, setsid, []).

%% @equiv call(Drv, Pids, setsid, [], Timeout)
-spec setsid(drv(), pids(), timeout()) -> term().
setsid(Drv, Pids, Timeout) ->
    call(Drv, Pids, setsid, [], Timeout).

%% @equiv call(Drv, Pids, setpgid, [A1, A2])
-spec setpgid(drv(), pids(), term(), term()) -> term().
setpgid(Drv, Pids, A1, A2) ->
    call(Drv, Pids, setpgid, [A1, A2]).

%% @equiv call(Drv, Pids, setpgid, [A1, A2], Timeout)
-spec setpgid(drv(), pids(), term(), term(), timeout()) -> term().
setpgid(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, setpgid, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, getpriority, [A1, A2])
-spec getpriority(drv(), pids(), term(), term()) -> term().
getpriority(Drv, Pids, A1, A2) ->
    call(Drv, Pids, getpriority, [A1, A2]).

%% @equiv call(Drv, Pids, getpriority, [A1, A2], Timeout)
-spec getpriority(drv(), pids(), term(), term(), timeout()) -> term().
getpriority(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, getpriority, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, setpriority, [A1, A2, A3])
-spec setpriority(drv(), pids(), term(), term(), term()) -> term().
setpriority(Drv, Pids, A1, A2, A3) ->
    call(Drv, Pids, setpriority, [A1, A2, A3]).

%% @equiv call(Drv, Pids, setpriority, [A1, A2, A3], Timeout)
-spec setpriority(drv(), pids(), term(), term(), term(), timeout()) -> term().
setpriority(Drv, Pids, A1, A2, A3, Timeout) ->
    call(Drv, Pids, setpriority, [A1, A2, A3], Timeout).

%% @equiv call(Drv, Pids, setproctitle, [A1])
-spec setproctitle(drv(), pids(), term()) -> term().
setproctitle(Drv, Pids, A1) ->
    call(Drv, Pids, setproctitle, [A1]).

%% @equiv call(Drv, Pids, setproctitle, [A1], Timeout)
-spec setproctitle(drv(), pids(), term(), timeout()) -> term().
setproctitle(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, setproctitle, [A1], Timeout).

%% @equiv call(Drv, Pids, getuid, [])
-spec getuid(drv(), pids()) -> term().
getuid(Drv, Pids) ->
    call(Drv, Pids, getuid, []).

%% @equiv call(Drv, Pids, getuid, [], Timeout)
-spec getuid(drv(), pids(), timeout()) -> term().
getuid(Drv, Pids, Timeout) ->
    call(Drv, Pids, getuid, [], Timeout).

%% @equiv call(Drv, Pids, getgid, [])
-spec getgid(drv(), pids()) -> term().
getgid(Drv, Pids) ->
    call(Drv, Pids, getgid, []).

%% @equiv call(Drv, Pids, getgid, [], Timeout)
-spec getgid(drv(), pids(), timeout()) -> term().
getgid(Drv, Pids, Timeout) ->
    call(Drv, Pids, getgid, [], Timeout).

%% @equiv call(Drv, Pids, getgroups, [])
-spec getgroups(drv(), pids()) -> term().
getgroups(Drv, Pids) ->
    call(Drv, Pids, getgroups, []).

%% @equiv call(Drv, Pids, getgroups, [], Timeout)
-spec getgroups(drv(), pids(), timeout()) -> term().
getgroups(Drv, Pids, Timeout) ->
    call(Drv, Pids, getgroups, [], Timeout).

%% @equiv call(Drv, Pids, getresuid, [])
-spec getresuid(drv(), pids()) -> term().
getresuid(Drv, Pids) ->
    call(Drv, Pids, getresuid, []).

%% @equiv call(Drv, Pids, getresuid, [], Timeout)
-spec getresuid(drv(), pids(), timeout()) -> term().
getresuid(Drv, Pids, Timeout) ->
    call(Drv, Pids, getresuid, [], Timeout).

%% @equiv call(Drv, Pids, getresgid, [])
-spec getresgid(drv(), pids()) -> term().
getresgid(Drv, Pids) ->
    call(Drv, Pids, getresgid, []).

%% @equiv call(Drv, Pids, getresgid, [], Timeout)
-spec getresgid(drv(), pids(), timeout()) -> term().
getresgid(Drv, Pids, Timeout) ->
    call(Drv, Pids, getresgid, [], Timeout).

%% @equiv call(Drv, Pids, setuid, [A1])
-spec setuid(drv(), pids(), term()) -> term().
setuid(Drv, Pids, A1) ->
    call(Drv, Pids, setuid, [A1]).

%% @equiv call(Drv, Pids, setuid, [A1], Timeout)
-spec setuid(drv(), pids(), term(), timeout()) -> term().
setuid(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, setuid, [A1], Timeout).

%% @equiv call(Drv, Pids, setgid, [A1])
-spec setgid(drv(), pids(), term()) -> term().
setgid(Drv, Pids, A1) ->
    call(Drv, Pids, setgid, [A1]).

%% @equiv call(Drv, Pids, setgid, [A1], Timeout)
-spec setgid(drv(), pids(), term(), timeout()) -> term().
setgid(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, setgid, [A1], Timeout).

%% @equiv call(Drv, Pids, setresuid, [A1, A2, A3])
-spec setresuid(drv(), pids(), term(), term(), term()) -> term().
setresuid(Drv, Pids, A1, A2, A3) ->
    call(Drv, Pids, setresuid, [A1, A2, A3]).

%% @equiv call(Drv, Pids, setresuid, [A1, A2, A3], Timeout)
-spec setresuid(drv(), pids(), term(), term(), term(), timeout()) -> term().
setresuid(Drv, Pids, A1, A2, A3, Timeout) ->
    call(Drv, Pids, setresuid, [A1, A2, A3], Timeout).

%% @equiv call(Drv, Pids, setresgid, [A1, A2, A3])
-spec setresgid(drv(), pids(), term(), term(), term()) -> term().
setresgid(Drv, Pids, A1, A2, A3) ->
    call(Drv, Pids, setresgid, [A1, A2, A3]).

%% @equiv call(Drv, Pids, setresgid, [A1, A2, A3], Timeout)
-spec setresgid(drv(), pids(), term(), term(), term(), timeout()) -> term().
setresgid(Drv, Pids, A1, A2, A3, Timeout) ->
    call(Drv, Pids, setresgid, [A1, A2, A3], Timeout).

%% @equiv call(Drv, Pids, setgroups, [A1])
-spec setgroups(drv(), pids(), term()) -> term().
setgroups(Drv, Pids, A1) ->
    call(Drv, Pids, setgroups, [A1]).

%% @equiv call(Drv, Pids, setgroups, [A1], Timeout)
-spec setgroups(drv(), pids(), term(), timeout()) -> term().
setgroups(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, setgroups, [A1], Timeout).

%% @equiv call(Drv, Pids, getrlimit, [A1])
-spec getrlimit(drv(), pids(), term()) -> term().
getrlimit(Drv, Pids, A1) ->
    call(Drv, Pids, getrlimit, [A1]).

%% @equiv call(Drv, Pids, getrlimit, [A1], Timeout)
-spec getrlimit(drv(), pids(), term(), timeout()) -> term().
getrlimit(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, getrlimit, [A1], Timeout).

%% @equiv call(Drv, Pids, setrlimit, [A1, A2])
-spec setrlimit(drv(), pids(), term(), term()) -> term().
setrlimit(Drv, Pids, A1, A2) ->
    call(Drv, Pids, setrlimit, [A1, A2]).

%% @equiv call(Drv, Pids, setrlimit, [A1, A2], Timeout)
-spec setrlimit(drv(), pids(), term(), term(), timeout()) -> term().
setrlimit(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, setrlimit, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, prlimit, [A1, A2, A3])
-spec prlimit(drv(), pids(), term(), term(), term()) -> term().
prlimit(Drv, Pids, A1, A2, A3) ->
    call(Drv, Pids, prlimit, [A1, A2, A3]).

%% @equiv call(Drv, Pids, prlimit, [A1, A2, A3], Timeout)
-spec prlimit(drv(), pids(), term(), term(), term(), timeout()) -> term().
prlimit(Drv, Pids, A1, A2, A3, Timeout) ->
    call(Drv, Pids, prlimit, [A1, A2, A3], Timeout).

%% @equiv call(Drv, Pids, sched_getaffinity, [A1])
-spec sched_getaffinity(drv(), pids(), term()) -> term().
sched_getaffinity(Drv, Pids, A1) ->
    call(Drv, Pids, sched_getaffinity, [A1]).

%% @equiv call(Drv, Pids, sched_getaffinity, [A1], Timeout)
-spec sched_getaffinity(drv(), pids(), term(), timeout()) -> term().
sched_getaffinity(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, sched_getaffinity, [A1], Timeout).

%% @equiv call(Drv, Pids, sched_setaffinity, [A1, A2])
-spec sched_setaffinity(drv(), pids(), term(), term()) -> term().
sched_setaffinity(Drv, Pids, A1, A2) ->
    call(Drv, Pids, sched_setaffinity, [A1, A2]).

%% @equiv call(Drv, Pids, sched_setaffinity, [A1, A2], Timeout)
-spec sched_setaffinity(drv(), pids(), term(), term(), timeout()) -> term().
sched_setaffinity(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, sched_setaffinity, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, cgroup_enter, [A1])
-spec cgroup_enter(drv(), pids(), term()) -> term().
cgroup_enter(Drv, Pids, A1) ->
    call(Drv, Pids, cgroup_enter, [A1]).

%% @equiv call(Drv, Pids, cgroup_enter, [A1], Timeout)
-spec cgroup_enter(drv(), pids(), term(), timeout()) -> term().
cgroup_enter(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, cgroup_enter, [A1], Timeout).

%% @equiv call(Drv, Pids, gethostname, [])
-spec gethostname(drv(), pids()) -> term().
gethostname(Drv, Pids) ->
    call(Drv, Pids, gethostname, []).

%% @equiv call(Drv, Pids, gethostname, [], Timeout)
-spec gethostname(drv(), pids(), timeout()) -> term().
gethostname(Drv, Pids, Timeout) ->
    call(Drv, Pids, gethostname, [], Timeout).

%% @equiv call(Drv, Pids, sethostname, [A1])
-spec sethostname(drv(), pids(), term()) -> term().
sethostname(Drv, Pids, A1) ->
    call(Drv, Pids, sethostname, [A1]).

%% @equiv call(Drv, Pids, sethostname, [A1], Timeout)
-spec sethostname(drv(), pids(), term(), timeout()) -> term().
sethostname(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, sethostname, [A1], Timeout).

%% @equiv call(Drv, Pids, environ, [A1])
-spec environ(drv(), pids(), term()) -> term().
environ(Drv, Pids, A1) ->
    call(Drv, Pids, environ, [A1]).

%% @equiv call(Drv, Pids, environ, [A1], Timeout)
-spec environ(drv(), pids(), term(), timeout()) -> term().
environ(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, environ, [A1], Timeout).

%% @equiv call(Drv, Pids, getenv, [A1])
-spec getenv(drv(), pids(), term()) -> term().
getenv(Drv, Pids, A1) ->
    call(Drv, Pids, getenv, [A1]).

%% @equiv call(Drv, Pids, getenv, [A1], Timeout)
-spec getenv(drv(), pids(), term(), timeout()) -> term().
getenv(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, getenv, [A1], Timeout).

%% @equiv call(Drv, Pids, setenv, [A1, A2, A3])
-spec setenv(drv(), pids(), term(), term(), term()) -> term().
setenv(Drv, Pids, A1, A2, A3) ->
    call(Drv, Pids, setenv, [A1, A2, A3]).

%% @equiv call(Drv, Pids, setenv, [A1, A2, A3], Timeout)
-spec setenv(drv(), pids(), term(), term(), term(), timeout()) -> term().
setenv(Drv, Pids, A1, A2, A3, Timeout) ->
    call(Drv, Pids, setenv, [A1, A2, A3], Timeout).

%% @equiv call(Drv, Pids, unsetenv, [A1])
-spec unsetenv(drv(), pids(), term()) -> term().
unsetenv(Drv, Pids, A1) ->
    call(Drv, Pids, unsetenv, [A1]).

%% @equiv call(Drv, Pids, unsetenv, [A1], Timeout)
-spec unsetenv(drv(), pids(), term(), timeout()) -> term().
unsetenv(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, unsetenv, [A1], Timeout).

%% @equiv call(Drv, Pids, clearenv, [])
-spec clearenv(drv(), pids()) -> term().
clearenv(Drv, Pids) ->
    call(Drv, Pids, clearenv, []).

%% @equiv call(Drv, Pids, clearenv, [], Timeout)
-spec clearenv(drv(), pids(), timeout()) -> term().
clearenv(Drv, Pids, Timeout) ->
    call(Drv, Pids, clearenv, [], Timeout).

%% @equiv call(Drv, Pids, unshare, [A1])
-spec unshare(drv(), pids(), term()) -> term().
unshare(Drv, Pids, A1) ->
    call(Drv, Pids, unshare, [A1]).

%% @equiv call(Drv, Pids, unshare, [A1], Timeout)
-spec unshare(drv(), pids(), term(), timeout()) -> term().
unshare(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, unshare, [A1], Timeout).

%% @equiv call(Drv, Pids, setns, [A1, A2])
-spec setns(drv(), pids(), term(), term()) -> term().
setns(Drv, Pids, A1, A2) ->
    call(Drv, Pids, setns, [A1, A2]).

%% @equiv call(Drv, Pids, setns, [A1, A2], Timeout)
-spec setns(drv(), pids(), term(), term(), timeout()) -> term().
setns(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, setns, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, map_ids, [A1, A2, A3])
-spec map_ids(drv(), pids(), term(), term(), term()) -> term().
map_ids(Drv, Pids, A1, A2, A3) ->
    call(Drv, Pids, map_ids, [A1, A2, A3]).

%% @equiv call(Drv, Pids, map_ids, [A1, A2, A3], Timeout)
-spec map_ids(drv(), pids(), term(), term(), term(), timeout()) -> term().
map_ids(Drv, Pids, A1, A2, A3, Timeout) ->
    call(Drv, Pids, map_ids, [A1, A2, A3], Timeout).

%% @equiv call(Drv, Pids, prctl, [A1, A2, A3, A4, A5])
-spec prctl(drv(), pids(), term(), term(), term(), term(), term()) -> term().
prctl(Drv, Pids, A1, A2, A3, A4, A5) ->
    call(Drv, Pids, prctl, [A1, A2, A3, A4, A5]).

%% @equiv call(Drv, Pids, prctl, [A1, A2, A3, A4, A5], Timeout)
-spec prctl(drv(), pids(), term(), term(), term(), term(), term(), timeout()) ->
         term().
prctl(Drv, Pids, A1, A2, A3, A4, A5, Timeout) ->
    call(Drv, Pids, prctl, [A1, A2, A3, A4, A5], Timeout).

%% @equiv call(Drv, Pids, seccomp, [A1, A2, A3])
-spec seccomp(drv(), pids(), term(), term(), term()) -> term().
seccomp(Drv, Pids, A1, A2, A3) ->
    call(Drv, Pids, seccomp, [A1, A2, A3]).

%% @equiv call(Drv, Pids, seccomp, [A1, A2, A3], Timeout)
-spec seccomp(drv(), pids(), term(), term(), term(), timeout()) -> term().
seccomp(Drv, Pids, A1, A2, A3, Timeout) ->
    call(Drv, Pids, seccomp, [A1, A2, A3], Timeout).

%% @equiv call(Drv, Pids, capget, [A1])
-spec capget(drv(), pids(), term()) -> term().
capget(Drv, Pids, A1) ->
    call(Drv, Pids, capget, [A1]).

%% @equiv call(Drv, Pids, capget, [A1], Timeout)
-spec capget(drv(), pids(), term(), timeout()) -> term().
capget(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, capget, [A1], Timeout).

%% @equiv call(Drv, Pids, capset, [A1, A2, A3])
-spec capset(drv(), pids(), term(), term(), term()) -> term().
capset(Drv, Pids, A1, A2, A3) ->
    call(Drv, Pids, capset, [A1, A2, A3]).

%% @equiv call(Drv, Pids, capset, [A1, A2, A3], Timeout)
-spec capset(drv(), pids(), term(), term(), term(), timeout()) -> term().
capset(Drv, Pids, A1, A2, A3, Timeout) ->
    call(Drv, Pids, capset, [A1, A2, A3], Timeout).

%% @equiv call(Drv, Pids, pledge, [A1, A2])
-spec pledge(drv(), pids(), term(), term()) -> term().
pledge(Drv, Pids, A1, A2) ->
    call(Drv, Pids, pledge, [A1, A2]).

%% @equiv call(Drv, Pids, pledge, [A1, A2], Timeout)
-spec pledge(drv(), pids(), term(), term(), timeout()) -> term().
pledge(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, pledge, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, unveil, [A1, A2])
-spec unveil(drv(), pids(), term(), term()) -> term().
unveil(Drv, Pids, A1, A2) ->
    call(Drv, Pids, unveil, [A1, A2]).

%% @equiv call(Drv, Pids, unveil, [A1, A2], Timeout)
-spec unveil(drv(), pids(), term(), term(), timeout()) -> term().
unveil(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, unveil, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, cap_enter, [])
-spec cap_enter(drv(), pids()) -> term().
cap_enter(Drv, Pids) ->
    call(Drv, Pids, cap_enter, []).

%% @equiv call(Drv, Pids, cap_enter, [], Timeout)
-spec cap_enter(drv(), pids(), timeout()) -> term().
cap_enter(Drv, Pids, Timeout) ->
    call(Drv, Pids, cap_enter, [], Timeout).

%% @equiv call(Drv, Pids, cap_getmode, [])
-spec cap_getmode(drv(), pids()) -> term().
cap_getmode(Drv, Pids) ->
    call(Drv, Pids, cap_getmode, []).

%% @equiv call(Drv, Pids, cap_getmode, [], Timeout)
-spec cap_getmode(drv(), pids(), timeout()) -> term().
cap_getmode(Drv, Pids, Timeout) ->
    call(Drv, Pids, cap_getmode, [], Timeout).

%% @equiv call(Drv, Pids, cap_rights_limit, [A1, A2])
-spec cap_rights_limit(drv(), pids(), term(), term()) -> term().
cap_rights_limit(Drv, Pids, A1, A2) ->
    call(Drv, Pids, cap_rights_limit, [A1, A2]).

%% @equiv call(Drv, Pids, cap_rights_limit, [A1, A2], Timeout)
-spec cap_rights_limit(drv(), pids(), term(), term(), timeout()) -> term().
cap_rights_limit(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, cap_rights_limit, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, cap_fcntls_limit, [A1, A2])
-spec cap_fcntls_limit(drv(), pids(), term(), term()) -> term().
cap_fcntls_limit(Drv, Pids, A1, A2) ->
    call(Drv, Pids, cap_fcntls_limit, [A1, A2]).

%% @equiv call(Drv, Pids, cap_fcntls_limit, [A1, A2], Timeout)
-spec cap_fcntls_limit(drv(), pids(), term(), term(), timeout()) -> term().
cap_fcntls_limit(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, cap_fcntls_limit, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, cap_fcntls_get, [A1])
-spec cap_fcntls_get(drv(), pids(), term()) -> term().
cap_fcntls_get(Drv, Pids, A1) ->
    call(Drv, Pids, cap_fcntls_get, [A1]).

%% @equiv call(Drv, Pids, cap_fcntls_get, [A1], Timeout)
-spec cap_fcntls_get(drv(), pids(), term(), timeout()) -> term().
cap_fcntls_get(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, cap_fcntls_get, [A1], Timeout).

%% @equiv call(Drv, Pids, cap_ioctls_limit, [A1, A2])
-spec cap_ioctls_limit(drv(), pids(), term(), term()) -> term().
cap_ioctls_limit(Drv, Pids, A1, A2) ->
    call(Drv, Pids, cap_ioctls_limit, [A1, A2]).

%% @equiv call(Drv, Pids, cap_ioctls_limit, [A1, A2], Timeout)
-spec cap_ioctls_limit(drv(), pids(), term(), term(), timeout()) -> term().
cap_ioctls_limit(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, cap_ioctls_limit, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, jail, [A1])
-spec jail(drv(), pids(), term()) -> term().
jail(Drv, Pids, A1) ->
    call(Drv, Pids, jail, [A1]).

%% @equiv call(Drv, Pids, jail, [A1], Timeout)
-spec jail(drv(), pids(), term(), timeout()) -> term().
jail(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, jail, [A1], Timeout).

%% @equiv call(Drv, Pids, jail_attach, [A1])
-spec jail_attach(drv(), pids(), term()) -> term().
jail_attach(Drv, Pids, A1) ->
    call(Drv, Pids, jail_attach, [A1]).

%% @equiv call(Drv, Pids, jail_attach, [A1], Timeout)
-spec jail_attach(drv(), pids(), term(), timeout()) -> term().
jail_attach(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, jail_attach, [A1], Timeout).

%% @equiv call(Drv, Pids, jail_remove, [A1])
-spec jail_remove(drv(), pids(), term()) -> term().
jail_remove(Drv, Pids, A1) ->
    call(Drv, Pids, jail_remove, [A1]).

%% @equiv call(Drv, Pids, jail_remove, [A1], Timeout)
-spec jail_remove(drv(), pids(), term(), timeout()) -> term().
jail_remove(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, jail_remove, [A1], Timeout).

%% @equiv call(Drv, Pids, procctl, [A1, A2, A3, A4])
-spec procctl(drv(), pids(), term(), term(), term(), term()) -> term().
procctl(Drv, Pids, A1, A2, A3, A4) ->
    call(Drv, Pids, procctl, [A1, A2, A3, A4]).

%% @equiv call(Drv, Pids, procctl, [A1, A2, A3, A4], Timeout)
-spec procctl(drv(), pids(), term(), term(), term(), term(), timeout()) ->
         term().
procctl(Drv, Pids, A1, A2, A3, A4, Timeout) ->
    call(Drv, Pids, procctl, [A1, A2, A3, A4], Timeout).

%% @equiv call(Drv, Pids, socket, [A1, A2, A3])
-spec socket(drv(), pids(), term(), term(), term()) -> term().
socket(Drv, Pids, A1, A2, A3) ->
    call(Drv, Pids, socket, [A1, A2, A3]).

%% @equiv call(Drv, Pids, socket, [A1, A2, A3], Timeout)
-spec socket(drv(), pids(), term(), term(), term(), timeout()) -> term().
socket(Drv, Pids, A1, A2, A3, Timeout) ->
    call(Drv, Pids, socket, [A1, A2, A3], Timeout).

%% @equiv call(Drv, Pids, socketpair, [A1, A2, A3])
-spec socketpair(drv(), pids(), term(), term(), term()) -> term().
socketpair(Drv, Pids, A1, A2, A3) ->
    call(Drv, Pids, socketpair, [A1, A2, A3]).

%% @equiv call(Drv, Pids, socketpair, [A1, A2, A3], Timeout)
-spec socketpair(drv(), pids(), term(), term(), term(), timeout()) -> term().
socketpair(Drv, Pids, A1, A2, A3, Timeout) ->
    call(Drv, Pids, socketpair, [A1, A2, A3], Timeout).

%% @equiv call(Drv, Pids, bind, [A1, A2])
-spec bind(drv(), pids(), term(), term()) -> term().
bind(Drv, Pids, A1, A2) ->
    call(Drv, Pids, bind, [A1, A2]).

%% @equiv call(Drv, Pids, bind, [A1, A2], Timeout)
-spec bind(drv(), pids(), term(), term(), timeout()) -> term().
bind(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, bind, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, listen, [A1, A2])
-spec listen(drv(), pids(), term(), term()) -> term().
listen(Drv, Pids, A1, A2) ->
    call(Drv, Pids, listen, [A1, A2]).

%% @equiv call(Drv, Pids, listen, [A1, A2], Timeout)
-spec listen(drv(), pids(), term(), term(), timeout()) -> term().
listen(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, listen, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, accept, [A1])
-spec accept(drv(), pids(), term()) -> term().
accept(Drv, Pids, A1) ->
    call(Drv, Pids, accept, [A1]).

%% @equiv call(Drv, Pids, accept, [A1], Timeout)
-spec accept(drv(), pids(), term(), timeout()) -> term().
accept(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, accept, [A1], Timeout).

%% @equiv call(Drv, Pids, connect, [A1, A2])
-spec connect(drv(), pids(), term(), term()) -> term().
connect(Drv, Pids, A1, A2) ->
    call(Drv, Pids, connect, [A1, A2]).

%% @equiv call(Drv, Pids, connect, [A1, A2], Timeout)
-spec connect(drv(), pids(), term(), term(), timeout()) -> term().
connect(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, connect, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, constant, [A1, A2])
-spec constant(drv(), pids(), term(), term()) -> term().
constant(Drv, Pids, A1, A2) ->
    call(Drv, Pids, constant, [A1, A2]).

%% @equiv call(Drv, Pids, constant, [A1, A2], Timeout)
-spec constant(drv(), pids(), term(), term(), timeout()) -> term().
constant(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, constant, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, errno_id, [A1])
-spec errno_id(drv(), pids(), term()) -> term().
errno_id(Drv, Pids, A1) ->
    call(Drv, Pids, errno_id, [A1]).

%% @equiv call(Drv, Pids, errno_id, [A1], Timeout)
-spec errno_id(drv(), pids(), term(), timeout()) -> term().
errno_id(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, errno_id, [A1], Timeout).

%% @equiv call(Drv, Pids, iolist_to_bin, [A1])
-spec iolist_to_bin(drv(), pids(), term()) -> term().
iolist_to_bin(Drv, Pids, A1) ->
    call(Drv, Pids, iolist_to_bin, [A1]).

%% @equiv call(Drv, Pids, iolist_to_bin, [A1], Timeout)
-spec iolist_to_bin(drv(), pids(), term(), timeout()) -> term().
iolist_to_bin(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, iolist_to_bin, [A1], Timeout).

%% @equiv call(Drv, Pids, alloc, [A1])
-spec alloc(drv(), pids(), term()) -> term().
alloc(Drv, Pids, A1) ->
    call(Drv, Pids, alloc, [A1]).

%% @equiv call(Drv, Pids, alloc, [A1], Timeout)
-spec alloc(drv(), pids(), term(), timeout()) -> term().
alloc(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, alloc, [A1], Timeout).

%% @equiv call(Drv, Pids, seccomp_rules, [A1])
-spec seccomp_rules(drv(), pids(), term()) -> term().
seccomp_rules(Drv, Pids, A1) ->
    call(Drv, Pids, seccomp_rules, [A1]).

%% @equiv call(Drv, Pids, seccomp_rules, [A1], Timeout)
-spec seccomp_rules(drv(), pids(), term(), timeout()) -> term().
seccomp_rules(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, seccomp_rules, [A1], Timeout).

%% @equiv call(Drv, Pids, landlock, [A1, A2])
-spec landlock(drv(), pids(), term(), term()) -> term().
landlock(Drv, Pids, A1, A2) ->
    call(Drv, Pids, landlock, [A1, A2]).

%% @equiv call(Drv, Pids, landlock, [A1, A2], Timeout)
-spec landlock(drv(), pids(), term(), term(), timeout()) -> term().
landlock(Drv, Pids, A1, A2, Timeout) ->
    call(Drv, Pids, landlock, [A1, A2], Timeout).

%% @equiv call(Drv, Pids, file_constant, [A1])
-spec file_constant(drv(), pids(), term()) -> term().
file_constant(Drv, Pids, A1) ->
    call(Drv, Pids, file_constant, [A1]).

%% @equiv call(Drv, Pids, file_constant, [A1], Timeout)
-spec file_constant(drv(), pids(), term(), timeout()) -> term().
file_constant(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, file_constant, [A1], Timeout).

%% @equiv call(Drv, Pids, fcntl_constant, [A1])
-spec fcntl_constant(drv(), pids(), term()) -> term().
fcntl_constant(Drv, Pids, A1) ->
    call(Drv, Pids, fcntl_constant, [A1]).

%% @equiv call(Drv, Pids, fcntl_constant, [A1], Timeout)
-spec fcntl_constant(drv(), pids(), term(), timeout()) -> term().
fcntl_constant(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, fcntl_constant, [A1], Timeout).

%% @equiv call(Drv, Pids, ioctl_constant, [A1])
-spec ioctl_constant(drv(), pids(), term()) -> term().
ioctl_constant(Drv, Pids, A1) ->
    call(Drv, Pids, ioctl_constant, [A1]).

%% @equiv call(Drv, Pids, ioctl_constant, [A1], Timeout)
-spec ioctl_constant(drv(), pids(), term(), timeout()) -> term().
ioctl_constant(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, ioctl_constant, [A1], Timeout).

%% @equiv call(Drv, Pids, mount_constant, [A1])
-spec mount_constant(drv(), pids(), term()) -> term().
mount_constant(Drv, Pids, A1) ->
    call(Drv, Pids, mount_constant, [A1]).

%% @equiv call(Drv, Pids, mount_constant, [A1], Timeout)
-spec mount_constant(drv(), pids(), term(), timeout()) -> term().
mount_constant(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, mount_constant, [A1], Timeout).

%% @equiv call(Drv, Pids, clone_constant, [A1])
-spec clone_constant(drv(), pids(), term()) -> term().
clone_constant(Drv, Pids, A1) ->
    call(Drv, Pids, clone_constant, [A1]).

%% @equiv call(Drv, Pids, clone_constant, [A1], Timeout)
-spec clone_constant(drv(), pids(), term(), timeout()) -> term().
clone_constant(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, clone_constant, [A1], Timeout).

%% @equiv call(Drv, Pids, signal_constant, [A1])
-spec signal_constant(drv(), pids(), term()) -> term().
signal_constant(Drv, Pids, A1) ->
    call(Drv, Pids, signal_constant, [A1]).

%% @equiv call(Drv, Pids, signal_constant, [A1], Timeout)
-spec signal_constant(drv(), pids(), term(), timeout()) -> term().
signal_constant(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, signal_constant, [A1], Timeout).

%% @equiv call(Drv, Pids, wait_constant, [A1])
-spec wait_constant(drv(), pids(), term()) -> term().
wait_constant(Drv, Pids, A1) ->
    call(Drv, Pids, wait_constant, [A1]).

%% @equiv call(Drv, Pids, wait_constant, [A1], Timeout)
-spec wait_constant(drv(), pids(), term(), timeout()) -> term().
wait_constant(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, wait_constant, [A1], Timeout).

%% @equiv call(Drv, Pids, prio_constant, [A1])
-spec prio_constant(drv(), pids(), term()) -> term().
prio_constant(Drv, Pids, A1) ->
    call(Drv, Pids, prio_constant, [A1]).

%% @equiv call(Drv, Pids, prio_constant, [A1], Timeout)
-spec prio_constant(drv(), pids(), term(), timeout()) -> term().
prio_constant(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, prio_constant, [A1], Timeout).

%% @equiv call(Drv, Pids, rlimit_constant, [A1])
-spec rlimit_constant(drv(), pids(), term()) -> term().
rlimit_constant(Drv, Pids, A1) ->
    call(Drv, Pids, rlimit_constant, [A1]).

%% @equiv call(Drv, Pids, rlimit_constant, [A1], Timeout)
-spec rlimit_constant(drv(), pids(), term(), timeout()) -> term().
rlimit_constant(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, rlimit_constant, [A1], Timeout).

%% @equiv call(Drv, Pids, socket_constant, [A1])
-spec socket_constant(drv(), pids(), term()) -> term().
socket_constant(Drv, Pids, A1) ->
    call(Drv, Pids, socket_constant, [A1]).

%% @equiv call(Drv, Pids, socket_constant, [A1], Timeout)
-spec socket_constant(drv(), pids(), term(), timeout()) -> term().
socket_constant(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, socket_constant, [A1], Timeout).

%% @equiv call(Drv, Pids, ptrace_constant, [A1])
-spec ptrace_constant(drv(), pids(), term()) -> term().
ptrace_constant(Drv, Pids, A1) ->
    call(Drv, Pids, ptrace_constant, [A1]).

%% @equiv call(Drv, Pids, ptrace_constant, [A1], Timeout)
-spec ptrace_constant(drv(), pids(), term(), timeout()) -> term().
ptrace_constant(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, ptrace_constant, [A1], Timeout).

%% @equiv call(Drv, Pids, cap_constant, [A1])
-spec cap_constant(drv(), pids(), term()) -> term().
cap_constant(Drv, Pids, A1) ->
    call(Drv, Pids, cap_constant, [A1]).

%% @equiv call(Drv, Pids, cap_constant, [A1], Timeout)
-spec cap_constant(drv(), pids(), term(), timeout()) -> term().
cap_constant(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, cap_constant, [A1], Timeout).

%% @equiv call(Drv, Pids, prctl_constant, [A1])
-spec prctl_constant(drv(), pids(), term()) -> term().
prctl_constant(Drv, Pids, A1) ->
    call(Drv, Pids, prctl_constant, [A1]).

%% @equiv call(Drv, Pids, prctl_constant, [A1], Timeout)
-spec prctl_constant(drv(), pids(), term(), timeout()) -> term().
prctl_constant(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, prctl_constant, [A1], Timeout).

%% @equiv call(Drv, Pids, seccomp_constant, [A1])
-spec seccomp_constant(drv(), pids(), term()) -> term().
seccomp_constant(Drv, Pids, A1) ->
    call(Drv, Pids, seccomp_constant, [A1]).

%% @equiv call(Drv, Pids, seccomp_constant, [A1], Timeout)
-spec seccomp_constant(drv(), pids(), term(), timeout()) -> term().
seccomp_constant(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, seccomp_constant, [A1], Timeout).

%% @equiv call(Drv, Pids, errno_constant, [A1])
-spec errno_constant(drv(), pids(), term()) -> term().
errno_constant(Drv, Pids, A1) ->
    call(Drv, Pids, errno_constant, [A1]).

%% @equiv call(Drv, Pids, errno_constant, [A1], Timeout)
-spec errno_constant(drv(), pids(), term(), timeout()) -> term().
errno_constant(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, errno_constant, [A1], Timeout).

%% @equiv call(Drv, Pids, capsicum_constant, [A1])
-spec capsicum_constant(drv(), pids(), term()) -> term().
capsicum_constant(Drv, Pids, A1) ->
    call(Drv, Pids, capsicum_constant, [A1]).

%% @equiv call(Drv, Pids, capsicum_constant, [A1], Timeout)
-spec capsicum_constant(drv(), pids(), term(), timeout()) -> term().
capsicum_constant(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, capsicum_constant, [A1], Timeout).

%% @equiv call(Drv, Pids, procctl_constant, [A1])
-spec procctl_constant(drv(), pids(), term()) -> term().
procctl_constant(Drv, Pids, A1) ->
    call(Drv, Pids, procctl_constant, [A1]).

%% @equiv call(Drv, Pids, procctl_constant, [A1], Timeout)
-spec procctl_constant(drv(), pids(), term(), timeout()) -> term().
procctl_constant(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, procctl_constant, [A1], Timeout).

%% @equiv call(Drv, Pids, syscall_constant, [A1])
-spec syscall_constant(drv(), pids(), term()) -> term().
syscall_constant(Drv, Pids, A1) ->
    call(Drv, Pids, syscall_constant, [A1]).

%% @equiv call(Drv, Pids, syscall_constant, [A1], Timeout)
-spec syscall_constant(drv(), pids(), term(), timeout()) -> term().
syscall_constant(Drv, Pids, A1, Timeout) ->
    call(Drv, Pids, syscall_constant, [A1], Timeout).

%% @doc Input for a program: see {@link proctor_prx:stdin/2}.
-spec stdin(drv(), pids(), iodata()) -> ok.
stdin(Drv, Pids, Data) ->
    proctor_alcove_drv:stdin(Drv, Pids, Data).

%% @equiv eof(Drv, Pids, stdin)
-spec eof(drv(), pids()) -> ok | {error, atom()}.
eof(Drv, Pids) ->
    eof(Drv, Pids, stdin).

%% @doc Closes a stream of a task.
-spec eof(drv(), pids(), stdin | stdout | stderr) -> ok | {error, atom()}.
eof(Drv, Pids, Stream) ->
    proctor_alcove_drv:eof(Drv, Pids, Stream).

%% @equiv stdout(Drv, Pids, 0)
-spec stdout(drv(), pids()) -> binary() | false.
stdout(Drv, Pids) ->
    stdout(Drv, Pids, 0).

%% @doc Output of a program that comes within that time.
-spec stdout(drv(), pids(), timeout()) -> binary() | false.
stdout(Drv, Pids, Timeout) ->
    taken(alcove_stdout, Drv, Pids, Timeout).

%% @equiv stderr(Drv, Pids, 0)
-spec stderr(drv(), pids()) -> binary() | false.
stderr(Drv, Pids) ->
    stderr(Drv, Pids, 0).

%% @doc The same of its standard error.
-spec stderr(drv(), pids(), timeout()) -> binary() | false.
stderr(Drv, Pids, Timeout) ->
    taken(alcove_stderr, Drv, Pids, Timeout).

%% @equiv event(Drv, Pids, 0)
-spec event(drv(), pids()) -> tuple() | false.
event(Drv, Pids) ->
    event(Drv, Pids, 0).

%% @doc How a task ended, or a signal that it has caught.
-spec event(drv(), pids(), timeout()) -> tuple() | false.
event(Drv, Pids, Timeout) ->
    taken(alcove_event, Drv, Pids, Timeout).

taken(What, Drv, Pids, Timeout) ->
    receive
        {What, Drv, Pids, Value} -> Value
    after Timeout ->
        false
    end.
