%% @doc Trees of tasks in the shape of prx: a program that was written for that
%% migrates by renaming the modules, `prx' to `proctor_prx', `prx_task' to
%% {@link proctor_prx_task} and `alcove' to {@link proctor_alcove}. What differs
%% is in `doc/from-prx.md'; a program that is new is better off with
%% {@link proctor_task}.
%%
%% A task is an OS process that waits for calls, until it executes a program or
%% ends. Only its owner may call: whoever has made it, or was given it
%% ({@link controlling_process/2}). The owner, or the process that was given its
%% output ({@link stdio/2}), hears
%%
%% <dl>
%% <dt>`{stdout, Task, Bytes}', `{stderr, Task, Bytes}'</dt><dd>What its program
%%   has written.</dd>
%% <dt>`{exit_status, Task, Status}', `{termsig, Task, Signal}'</dt><dd>How it
%%   ended, behind that. The process of the task ends as well, with
%%   `shutdown'.</dd>
%% <dt>`{stdin, Task, {error, {eagain, 0}}}'</dt><dd>32 KiB of {@link stdin/2},
%%   or the rest of it, had no room and were dropped.</dd>
%% <dt>`{signal, Task, Signal, Info}'</dt><dd>A signal that it has caught, with
%%   its `siginfo_t'. To the owner.</dd>
%% </dl>
%%
%% Functions of system calls return `ok', a value, or `{error, Posix}'. They
%% raise `badarg' for arguments that cannot be, `eacces' if the caller is not
%% the owner or the task does not accept that in its state, and `undef' for what
%% this system does not have, or a filter forbids. If the task ends meanwhile
%% they exit with `{{{exit_status, N} | {termsig, Signal}, _}, _}', and nobody
%% is told besides.
-module(proctor_prx).

-export([fork/0, fork/1, clone/2, task/3, task/4, stop/1, start_link/1,
         pidof/1, pipeline/1, parent/1, cpid/1, cpid/2, drv/1, execed/1,
         atexit/2, controlling_process/2, stdio/2, sudo/0, sudo/1]).
-export([execvp/2, execvp/3, execve/3, execve/4, fexecve/4, reexec/1, reexec/3,
         replace_process_image/1, replace_process_image/3, exit/2, call/3]).
-export([stdin/2, eof/1, eof/2, eof/3, cmd/2, sh/2]).
-export([open/3, open/4, close/2, read/3, write/3, lseek/4, readdir/2,
         getcwd/1, chdir/2, chmod/3, chown/4, chroot/2, mkdir/3, mkfifo/3,
         rmdir/2, unlink/2, fcntl/3, fcntl/4, ioctl/4, select/5, mount/6,
         mount/7, umount/2, umount2/3, pivot_root/3]).
-export([kill/3, sigaction/3, waitpid/3, ptrace/5]).
-export([getpid/1, getpgrp/1, getuid/1, getgid/1, getsid/2, getpriority/3,
         getgroups/1, getresuid/1, getresgid/1, setuid/2, setgid/2, setgroups/2,
         setresuid/4, setresgid/4, setpgid/3, setpriority/4, setsid/1,
         getrlimit/2, setrlimit/3]).
-export([unshare/2, setns/2, setns/3, sethostname/2, gethostname/1, prctl/6,
         seccomp/4, pledge/3, unveil/3, cap_enter/1, cap_getmode/1,
         cap_rights_limit/3, cap_fcntls_limit/3, cap_fcntls_get/2,
         cap_ioctls_limit/3, jail/2, procctl/5, setproctitle/2, socket/4]).
-export([environ/1, getenv/2, setenv/4, unsetenv/2, clearenv/1]).
-export([filter/2, filter/3, getopt/2, setopt/3, getcpid/2, getcpid/3,
         setcpid/3, setcpid/4]).

-export_type([task/0, text/0, posix/0, constant/0, flags/0, fd/0, filter/0]).

-type task() :: pid().

-type text() :: iodata().
%% With no NUL in it.

-type posix() :: atom().

-type constant() :: atom() | integer().
%% A name as in the system's headers, in any case, or its number. A name that
%% this system does not have is answered `{error, enotsup}'.

-type flags() :: constant() | [constant()].

-type fd() :: integer().

-type arg() :: constant() | binary() | cstruct() | [].

-type cstruct() :: [binary() | {ptr, pos_integer() | binary()}, ...].
%% Bytes; a pointer to so many that are zero, or to these; `{ptr, _}' comes back
%% with what it points to then.

-type rlimit() :: #{cur := non_neg_integer(), max := non_neg_integer()}.

-type timeval() :: #{sec := non_neg_integer(), usec := non_neg_integer()}.

-type filter() :: [atom()] | {deny | allow, [atom()]}.

-type stream() :: stdin | stdout | stderr.

-type result() :: ok | {error, posix()}.

-type result(Value) :: {ok, Value} | {error, posix()}.

%% What of a frame is left for bytes.
-define(PIECE, 1000000).

%%% The tree

%% @doc Starts a tree, and is linked to its root: the caller's end is its end,
%% and that of all tasks and programs. Starts the application if there is no
%% instance. See `doc/from-prx.md' for what `application:set_env(proctor_prx,
%% options, _)' takes.
-spec fork() -> {ok, task()} | {error, term()}.
fork() ->
    start_link(self()).

%% @doc The same for another process, which owns it; the link is the caller's.
-spec start_link(pid()) -> {ok, task()} | {error, term()}.
start_link(Owner) ->
    proctor_prx_process:start(Owner, proctor_prx_root:environment()).

%% @doc Makes a child of a task, which is the caller's. Anybody may.
-spec fork(task()) -> {ok, task()} | {error, posix()}.
fork(Task) ->
    born(ask(Task, {fork, fork, []})).

%% @doc Makes a child in namespaces of its own.
-spec clone(task(), flags()) -> {ok, task()} | {error, posix()}.
clone(Task, Flags) ->
    born(ask(Task, {fork, clone, [Flags]})).

born({ok, Task}) -> {ok, Task};
born({error, Failure}) -> proctor_prx_result:failed(Failure).

%% @equiv task(Task, Ops, State, [])
-spec task(task(), [proctor_prx_task:op()], term()) ->
    {ok, task()} | {error, posix()}.
task(Task, Ops, State) ->
    proctor_prx_task:do(Task, Ops, State).

%% @doc See {@link proctor_prx_task:do/4}.
-spec task(task(), [proctor_prx_task:op()], term(),
           [proctor_prx_task:config()]) -> {ok, task()} | {error, posix()}.
task(Task, Ops, State, Config) ->
    proctor_prx_task:do(Task, Ops, State, Config).

%% @doc Ends it and all below it, and returns when they are dead: what
%% `signaloneof' says, and after 5 seconds SIGKILL. Anybody may. Its process ends
%% with `normal', so whoever is linked to a root lives on.
-spec stop(task()) -> ok.
stop(Task) ->
    proctor_prx_process:stop(Task).

%% @doc Its number as its parent sees it.
-spec pidof(task()) -> integer() | noproc.
pidof(Task) ->
    alive(Task, pidof, noproc).

%% @doc These numbers from the root's child down.
-spec pipeline(task()) -> [integer()].
pipeline(Task) ->
    ask(Task, pipeline).

%% @doc The task that has made it.
-spec parent(task()) -> task() | noproc.
parent(Task) ->
    alive(Task, parent, noproc).

%% @doc Its children. Their descriptors are no numbers of the system:
%% {@link close/2} knows them.
-spec cpid(task()) -> [map()].
cpid(Task) ->
    ask(Task, cpid).

%% @doc One of them.
-spec cpid(task(), task() | integer()) -> map() | error.
cpid(Task, Child) ->
    ask(Task, {cpid, Child}).

%% @doc What the functions of {@link proctor_alcove} take.
-spec drv(task()) -> pid().
drv(Task) ->
    ask(Task, drv).

%% @doc Whether it has become a program.
-spec execed(task()) -> boolean().
execed(Task) ->
    ask(Task, execed).

%% @doc What the process of the task calls when a child was stopped, or its
%% process has failed: with {@link drv/1}, {@link pipeline/1} and the child as
%% in {@link cpid/2}.
-spec atexit(task(), proctor_prx_process:atexit()) -> ok.
atexit(Task, Fun) when is_function(Fun, 3) ->
    ask(Task, {atexit, Fun}).

%% @doc Gives it away, with its output.
-spec controlling_process(task(), pid()) -> ok | {error, badarg}.
controlling_process(Task, Pid) when is_pid(Pid) ->
    ask(Task, {controlling_process, Pid}).

%% @doc Gives its output away, and what is told of its end.
-spec stdio(task(), pid()) -> ok | {error, badarg}.
stdio(Task, Pid) when is_pid(Pid) ->
    ask(Task, {stdio, Pid}).

%% @equiv sudo("sudo -n")
-spec sudo() -> ok.
sudo() ->
    sudo("sudo -n").

%% @doc Trees that are started from here on are root's, as far as the port
%% program and its policy allow that: `{user, "root"}' of {@link proctor:run/2}.
%% With empty text they are as before.
-spec sudo(text()) -> ok.
sudo(Words) ->
    proctor_prx_root:sudo(Words).

%%% Programs

%% @equiv execvp(Task, Arg0, [Arg0 | Args])
-spec execvp(task(), [text(), ...]) -> result().
execvp(Task, [Arg0 | _] = Argv) ->
    execvp(Task, Arg0, Argv).

%% @doc Becomes the program that is found through PATH. While it has children it
%% cannot: `eacces'.
-spec execvp(task(), text(), [text()]) -> result().
execvp(Task, File, Argv) ->
    exec(Task, execvp, [File, Argv]).

%% @equiv execve(Task, Arg0, [Arg0 | Args], Env)
-spec execve(task(), [text(), ...], [text()]) -> result().
execve(Task, [Arg0 | _] = Argv, Env) ->
    execve(Task, Arg0, Argv, Env).

%% @doc Becomes a program, with this environment.
-spec execve(task(), text(), [text()], [text()]) -> result().
execve(Task, File, Argv, Env) ->
    exec(Task, execve, [File, Argv, Env]).

%% @doc Becomes the program that a descriptor is open on; what it is told as its
%% own name is empty.
-spec fexecve(task(), fd(), [text()], [text()]) -> result().
fexecve(Task, FD, Argv, Env) ->
    exec(Task, fexecve, [FD, [<<>> | Argv], Env]).

%% @doc Becomes itself again, with memory laid out anew. Its filters stay.
-spec reexec(task()) -> result().
reexec(Task) ->
    call(Task, reexec, []).

%% @doc The same with these arguments and this environment. The program is its
%% own also where a descriptor is named.
-spec reexec(task(), [text()] | {fd, fd(), [text()]}, [text()]) -> result().
reexec(Task, {fd, _FD, Argv}, Env) ->
    reexec(Task, Argv, Env);
reexec(Task, Argv, Env) ->
    call(Task, reexec, [Argv, Env]).

%% @equiv reexec(Task)
-spec replace_process_image(task()) -> result().
replace_process_image(Task) ->
    reexec(Task).

%% @equiv reexec(Task, Argv, Env)
-spec replace_process_image(task(), [text()] | {fd, fd(), [text()]},
                            [text()]) -> result().
replace_process_image(Task, Argv, Env) ->
    reexec(Task, Argv, Env).

%% @doc Ends it with this status. The root cannot while it has children.
-spec exit(task(), integer()) -> ok | {error, eacces}.
exit(Task, Status) when is_integer(Status) ->
    ask(Task, {exit, Status band 255}).

%% @doc A call by its name, with the arguments as they are.
-spec call(task(), atom(), [term()]) -> term().
call(Task, Name, Args) when is_atom(Name), is_list(Args) ->
    case proctor_prx_call:of_node(Name, Args) of
        {true, Fun} -> Fun(Task);
        {exec, Args1} -> exec(Task, Name, Args1);
        false -> asked(Task, call, Name, Args)
    end.

exec(Task, Name, Args) ->
    asked(Task, exec, Name, Args).

asked(Task, How, Name, Args) ->
    shape(Name, ask(Task, {How, Name, proctor_prx_call:args(Name, Args)})).

%%% Input and output

%% @doc Input for its program. Never waits: what has no room is dropped, and the
%% owner of its output is told.
-spec stdin(task(), iodata()) -> ok.
stdin(Task, Data) ->
    proctor_prx_process:stdin(Task, Data).

%% @equiv eof(Task, stdin)
-spec eof(task()) -> result().
eof(Task) ->
    eof(Task, stdin).

%% @doc Closes a stream of a task, or the standard input of a child. A task that
%% waits for calls ends with its standard input.
-spec eof(task(), stream() | task() | integer()) -> result().
eof(Task, Stream)
  when Stream =:= stdin; Stream =:= stdout; Stream =:= stderr ->
    alive(Task, {eof, Stream}, {error, ebadf});
eof(Task, Child) ->
    eof(Task, Child, stdin).

%% @doc Closes a stream of a child.
-spec eof(task(), task() | integer(), stream()) -> result().
eof(Task, Child, Stream)
  when Stream =:= stdin; Stream =:= stdout; Stream =:= stderr ->
    ask(Task, {eof, Child, Stream}).

%% @doc Runs a program in a child, and returns all that it has written. The task
%% ignores SIGINT and SIGQUIT meanwhile.
-spec cmd(task(), [text(), ...]) -> binary() | {error, posix()}.
cmd(Task, Argv) ->
    proctor_prx_cmd:run(Task, Argv).

%% @doc The same of a command of the shell.
-spec sh(task(), text()) -> binary() | {error, posix()}.
sh(Task, Command) ->
    proctor_prx_cmd:run(Task, ["/bin/sh", "-c", Command]).

%% @doc Reads from a descriptor.
-spec read(task(), fd(), non_neg_integer()) -> result(binary()).
read(Task, FD, Size) when is_integer(Size), Size >= 0 ->
    call(Task, read, [FD, min(Size, ?PIECE)]).

%% @doc Writes to a descriptor: how much of it was written.
-spec write(task(), fd(), iodata()) -> result(non_neg_integer()).
write(Task, FD, Data) ->
    write(Task, FD, iolist_to_binary(Data), 0).

write(Task, FD, <<Piece:?PIECE/binary, Rest/binary>>, Written)
  when Rest =/= <<>> ->
    case call(Task, write, [FD, Piece]) of
        {ok, ?PIECE} -> write(Task, FD, Rest, Written + ?PIECE);
        {ok, Some} -> {ok, Written + Some};
        {error, _} when Written > 0 -> {ok, Written};
        {error, _} = Error -> Error
    end;
write(Task, FD, Piece, Written) ->
    case call(Task, write, [FD, Piece]) of
        {ok, Some} -> {ok, Written + Some};
        {error, _} when Written > 0 -> {ok, Written};
        {error, _} = Error -> Error
    end.

%% @doc What becomes of a signal from here on, and what became of it so far;
%% with `[]' that stays. A function is called by the process of the task with
%% {@link drv/1}, {@link pipeline/1}, the name and the `siginfo_t'. With
%% `sig_info' for SIGCHLD it is the caller that waits for children.
-spec sigaction(task(), constant(),
                sig_dfl | sig_ign | sig_info | []
                | fun((pid(), [integer()], atom(), binary()) -> term())
                | {sig_info, fun((pid(), [integer()], atom(), binary()) ->
                                     term())}) -> result(atom()).
sigaction(Task, Signal, {sig_info, Fun}) when is_function(Fun, 4) ->
    sigaction(Task, Signal, sig_info, Fun);
sigaction(Task, Signal, Fun) when is_function(Fun, 4) ->
    sigaction(Task, Signal, sig_info, Fun);
sigaction(Task, Signal, []) ->
    sigaction(Task, Signal, [], keep);
sigaction(Task, Signal, Action) ->
    sigaction(Task, Signal, Action, none).

%% A number that is no signal's is the system's to refuse.
sigaction(Task, Signal, Action, Handler) ->
    case ask(Task, {sigaction, proctor_prx_call:signal(Signal),
                    [Signal, Action], Handler}) of
        {error, {argument, einval, 1}} when is_integer(Signal) ->
            {error, einval};
        Answer ->
            shape(sigaction, Answer)
    end.

%%% Filters and options

%% @equiv filter(Task, Calls, [])
-spec filter(task(), filter()) -> result().
filter(Task, Calls) ->
    call(Task, filter, [Calls]).

%% @doc Forbids calls: to the task, and to tasks that it makes from then on.
-spec filter(task(), filter(), filter()) -> result().
filter(Task, Calls, Children) ->
    call(Task, filter, [Calls, Children]).

%% @doc An option: see `doc/from-prx.md'.
-spec getopt(task(), atom()) -> integer() | false.
getopt(Task, Name) ->
    ask(Task, {getopt, Name}).

%% @doc Sets one.
-spec setopt(task(), atom(), integer()) -> boolean().
setopt(_Task, Name, Value) when Value < 0, Name =/= flowcontrol ->
    error(badarg);
setopt(Task, Name, Value) when is_atom(Name), is_integer(Value) ->
    ask(Task, {setopt, Name, Value}).

%% @doc What its parent has about it.
-spec getcpid(task(), atom()) -> integer() | false.
getcpid(Task, Name) ->
    alive(Task, {getcpid, Name}, false).

%% @doc What it has about a child.
-spec getcpid(task(), task() | integer(), atom()) -> integer() | false.
getcpid(Task, Child, Name) ->
    ask(Task, {getcpid, Child, Name}).

%% @doc Sets `flowcontrol', how many messages of output may come (-1: any
%% number), or `signaloneof', what its program is sent when it is to end.
-spec setcpid(task(), atom(), integer()) -> boolean().
setcpid(Task, Name, Value) when is_integer(Value) ->
    alive(Task, {setcpid, Name, Value}, false).

%% @doc The same of a child.
-spec setcpid(task(), task() | integer(), atom(), integer()) -> boolean().
setcpid(Task, Child, Name, Value) when is_integer(Value) ->
    ask(Task, {setcpid, Child, Name, Value}).

%%% Files

%% @doc Opens a file; with `o_creat' its mode is 0.
-spec open(task(), text(), flags()) -> result(fd()).
open(Task, Path, Flags) ->
    call(Task, open, [Path, Flags]).

%% @doc Opens a file.
-spec open(task(), text(), flags(), integer()) -> result(fd()).
open(Task, Path, Flags, Mode) ->
    call(Task, open, [Path, Flags, Mode]).

%% @doc Closes a descriptor, or the end of a child's stream that {@link cpid/1}
%% shows.
-spec close(task(), fd()) -> result().
close(Task, FD) ->
    call(Task, close, [FD]).

%% @doc Moves to an offset, which it does not tell.
-spec lseek(task(), fd(), integer(), constant()) -> result().
lseek(Task, FD, Offset, Whence) ->
    call(Task, lseek, [FD, Offset, Whence]).

%% @doc The names in a directory, with `.' and `..'.
-spec readdir(task(), text()) -> result([binary()]).
readdir(Task, Path) ->
    call(Task, readdir, [Path]).

%% @doc The working directory.
-spec getcwd(task()) -> result(binary()).
getcwd(Task) ->
    call(Task, getcwd, []).

%% @doc Changes the working directory.
-spec chdir(task(), text()) -> result().
chdir(Task, Path) ->
    call(Task, chdir, [Path]).

%% @doc Changes the mode of a file.
-spec chmod(task(), text(), integer()) -> result().
chmod(Task, Path, Mode) ->
    call(Task, chmod, [Path, Mode]).

%% @doc Changes the owner of a file.
-spec chown(task(), text(), integer(), integer()) -> result().
chown(Task, Path, Uid, Gid) ->
    call(Task, chown, [Path, Uid, Gid]).

%% @doc Changes the root directory.
-spec chroot(task(), text()) -> result().
chroot(Task, Path) ->
    call(Task, chroot, [Path]).

%% @doc Makes a directory.
-spec mkdir(task(), text(), integer()) -> result().
mkdir(Task, Path, Mode) ->
    call(Task, mkdir, [Path, Mode]).

%% @doc Makes a FIFO.
-spec mkfifo(task(), text(), integer()) -> result().
mkfifo(Task, Path, Mode) ->
    call(Task, mkfifo, [Path, Mode]).

%% @doc Removes a directory.
-spec rmdir(task(), text()) -> result().
rmdir(Task, Path) ->
    call(Task, rmdir, [Path]).

%% @doc Removes a name.
-spec unlink(task(), text()) -> result().
unlink(Task, Path) ->
    call(Task, unlink, [Path]).

%% @doc See {@link fcntl/4}.
-spec fcntl(task(), fd(), constant()) -> result(integer()).
fcntl(Task, FD, Command) ->
    call(Task, fcntl, [FD, Command]).

%% @doc Asks or changes a descriptor.
-spec fcntl(task(), fd(), constant(), integer()) -> result(integer()).
fcntl(Task, FD, Command, Arg) ->
    call(Task, fcntl, [FD, Command, Arg]).

%% @doc Asks or changes a device; `arg' is what came back.
-spec ioctl(task(), fd(), constant(), arg()) ->
    result(#{return_value := integer(), arg := iodata()}).
ioctl(Task, FD, Request, Arg) ->
    call(Task, ioctl, [FD, Request, Arg]).

%% @doc Waits until something can be done with a descriptor. The task does
%% nothing else meanwhile.
-spec select(task(), [integer()], [integer()], [integer()], [] | timeval()) ->
    {ok, [fd()], [fd()], [fd()]} | {error, posix()}.
select(Task, Reading, Writing, Failing, Timeout) ->
    call(Task, select, [Reading, Writing, Failing, Timeout]).

%% @doc See {@link mount/7}.
-spec mount(task(), text(), text(), text(), flags(), text()) -> result().
mount(Task, Source, Target, Type, Flags, Data) ->
    call(Task, mount, [Source, Target, Type, Flags, Data]).

%% @doc Mounts; an empty text is none.
-spec mount(task(), text(), text(), text(), flags(), text(), text()) ->
    result().
mount(Task, Source, Target, Type, Flags, Data, Options) ->
    call(Task, mount, [Source, Target, Type, Flags, Data, Options]).

%% @doc Unmounts.
-spec umount(task(), text()) -> result().
umount(Task, Path) ->
    call(Task, umount, [Path]).

%% @doc Unmounts in a certain way.
-spec umount2(task(), text(), flags()) -> result().
umount2(Task, Path, Flags) ->
    call(Task, umount2, [Path, Flags]).

%% @doc Changes the root of the mount namespace.
-spec pivot_root(task(), text(), text()) -> result().
pivot_root(Task, New, Old) ->
    call(Task, pivot_root, [New, Old]).

%%% Signals

%% @doc Sends a signal; 0 only asks, and negative numbers are as in kill(2).
-spec kill(task(), integer(), constant()) -> result().
kill(Task, Pid, Signal) ->
    call(Task, kill, [Pid, Signal]).

%% @doc Waits for a child.
-spec waitpid(task(), integer(), flags()) ->
    {ok, integer(), integer(), [tuple() | atom()]} | {error, posix()}.
waitpid(Task, Pid, Options) ->
    call(Task, waitpid, [Pid, Options]).

%% @doc Traces a process.
-spec ptrace(task(), constant(), integer(), arg(), arg()) ->
    {ok, integer(), term(), term()} | {error, posix()}.
ptrace(Task, Request, Pid, Addr, Data) ->
    call(Task, ptrace, [Request, Pid, Addr, Data]).

%%% Ids

%% @doc Its number as it sees it itself.
-spec getpid(task()) -> integer().
getpid(Task) ->
    call(Task, getpid, []).

%% @doc Its process group.
-spec getpgrp(task()) -> integer().
getpgrp(Task) ->
    call(Task, getpgrp, []).

%% @doc Its user.
-spec getuid(task()) -> integer().
getuid(Task) ->
    call(Task, getuid, []).

%% @doc Its group.
-spec getgid(task()) -> integer().
getgid(Task) ->
    call(Task, getgid, []).

%% @doc The session of a process.
-spec getsid(task(), integer()) -> result(integer()).
getsid(Task, Pid) ->
    call(Task, getsid, [Pid]).

%% @doc How nice a process is.
-spec getpriority(task(), constant(), integer()) -> result(integer()).
getpriority(Task, Which, Who) ->
    call(Task, getpriority, [Which, Who]).

%% @doc Its supplementary groups, the last first.
-spec getgroups(task()) -> result([non_neg_integer()]).
getgroups(Task) ->
    call(Task, getgroups, []).

%% @doc Its real, effective and saved user.
-spec getresuid(task()) ->
    {ok, integer(), integer(), integer()} | {error, posix()}.
getresuid(Task) ->
    call(Task, getresuid, []).

%% @doc Its real, effective and saved group.
-spec getresgid(task()) ->
    {ok, integer(), integer(), integer()} | {error, posix()}.
getresgid(Task) ->
    call(Task, getresgid, []).

%% @doc Changes its user.
-spec setuid(task(), integer()) -> result().
setuid(Task, Uid) ->
    call(Task, setuid, [Uid]).

%% @doc Changes its group.
-spec setgid(task(), integer()) -> result().
setgid(Task, Gid) ->
    call(Task, setgid, [Gid]).

%% @doc Changes its supplementary groups.
-spec setgroups(task(), [integer()]) -> result().
setgroups(Task, Gids) ->
    call(Task, setgroups, [Gids]).

%% @doc Changes its users; -1 leaves one.
-spec setresuid(task(), integer(), integer(), integer()) -> result().
setresuid(Task, Real, Effective, Saved) ->
    call(Task, setresuid, [Real, Effective, Saved]).

%% @doc Changes its groups; -1 leaves one.
-spec setresgid(task(), integer(), integer(), integer()) -> result().
setresgid(Task, Real, Effective, Saved) ->
    call(Task, setresgid, [Real, Effective, Saved]).

%% @doc Moves a process to a process group.
-spec setpgid(task(), integer(), integer()) -> result().
setpgid(Task, Pid, Pgid) ->
    call(Task, setpgid, [Pid, Pgid]).

%% @doc Changes how nice a process is.
-spec setpriority(task(), constant(), integer(), integer()) -> result().
setpriority(Task, Which, Who, Priority) ->
    call(Task, setpriority, [Which, Who, Priority]).

%% @doc Makes a session.
-spec setsid(task()) -> result(integer()).
setsid(Task) ->
    call(Task, setsid, []).

%%% Limits

%% @doc A limit.
-spec getrlimit(task(), constant()) -> result(rlimit()).
getrlimit(Task, Resource) ->
    call(Task, getrlimit, [Resource]).

%% @doc Changes a limit.
-spec setrlimit(task(), constant(), rlimit()) -> result().
setrlimit(Task, Resource, Limit) ->
    call(Task, setrlimit, [Resource, Limit]).

%%% Namespaces

%% @doc Leaves namespaces for new ones.
-spec unshare(task(), flags()) -> result().
unshare(Task, Flags) ->
    call(Task, unshare, [Flags]).

%% @doc See {@link setns/3}.
-spec setns(task(), fd()) -> result().
setns(Task, FD) ->
    call(Task, setns, [FD]).

%% @doc Enters a namespace.
-spec setns(task(), fd(), flags()) -> result().
setns(Task, FD, Type) ->
    call(Task, setns, [FD, Type]).

%% @doc Changes the name of the host.
-spec sethostname(task(), text()) -> result().
sethostname(Task, Name) ->
    call(Task, sethostname, [Name]).

%% @doc The name of the host.
-spec gethostname(task()) -> result(binary()).
gethostname(Task) ->
    call(Task, gethostname, []).

%%% Restriction

%% @doc Changes the process. A binary, or a cstruct, is a buffer, which comes
%% back as the call left it.
-spec prctl(task(), constant(), arg(), arg(), arg(), arg()) ->
    {ok, integer(), term(), term(), term(), term()}
          | {error, posix()}.
prctl(Task, Option, A2, A3, A4, A5) ->
    call(Task, prctl, [Option, A2, A3, A4, A5]).

%% @doc Restricts its system calls.
-spec seccomp(task(), constant(), flags(), arg()) -> result().
seccomp(Task, Operation, Flags, Program) ->
    call(Task, seccomp, [Operation, Flags, Program]).

%% @doc Restricts it on OpenBSD; `[]' is NULL.
-spec pledge(task(), text(), text()) -> result().
pledge(Task, Promises, ExecPromises) ->
    call(Task, pledge, [Promises, ExecPromises]).

%% @doc Restricts its files on OpenBSD; `[]' is NULL.
-spec unveil(task(), text(), text()) -> result().
unveil(Task, Path, Permissions) ->
    call(Task, unveil, [Path, Permissions]).

%% @doc Enters capability mode on FreeBSD.
-spec cap_enter(task()) -> result().
cap_enter(Task) ->
    call(Task, cap_enter, []).

%% @doc Whether it is in capability mode.
-spec cap_getmode(task()) -> result(0..1).
cap_getmode(Task) ->
    call(Task, cap_getmode, []).

%% @doc Limits what can be done with a descriptor.
-spec cap_rights_limit(task(), fd(), flags()) -> result().
cap_rights_limit(Task, FD, Rights) ->
    call(Task, cap_rights_limit, [FD, Rights]).

%% @doc Limits fcntl(2) of a descriptor.
-spec cap_fcntls_limit(task(), fd(), flags()) -> result().
cap_fcntls_limit(Task, FD, Rights) ->
    call(Task, cap_fcntls_limit, [FD, Rights]).

%% @doc What fcntl(2) may do with a descriptor.
-spec cap_fcntls_get(task(), fd()) -> result(integer()).
cap_fcntls_get(Task, FD) ->
    call(Task, cap_fcntls_get, [FD]).

%% @doc Limits ioctl(2) of a descriptor.
-spec cap_ioctls_limit(task(), fd(), flags()) -> result().
cap_ioctls_limit(Task, FD, Requests) ->
    call(Task, cap_ioctls_limit, [FD, Requests]).

%% @doc Makes a jail on FreeBSD.
-spec jail(task(), arg()) -> result(integer()).
jail(Task, Jail) ->
    call(Task, jail, [Jail]).

%% @doc Controls processes on FreeBSD.
-spec procctl(task(), constant(), integer(), constant(), arg()) ->
    {ok, binary(), term()} | {error, posix()}.
procctl(Task, IdType, Id, Command, Arg) ->
    call(Task, procctl, [IdType, Id, Command, Arg]).

%% @doc Changes what ps(1) shows.
-spec setproctitle(task(), text()) -> result().
setproctitle(Task, Title) ->
    call(Task, setproctitle, [Title]).

%%% Sockets

%% @doc Makes a socket.
-spec socket(task(), constant(), flags(), constant()) -> result(fd()).
socket(Task, Domain, Type, Protocol) ->
    call(Task, socket, [Domain, Type, Protocol]).

%%% Environment

%% @doc Its environment, as `NAME=VALUE'.
-spec environ(task()) -> [binary()].
environ(Task) ->
    call(Task, environ, []).

%% @doc A variable.
-spec getenv(task(), text()) -> binary() | false.
getenv(Task, Name) ->
    call(Task, getenv, [Name]).

%% @doc Sets a variable.
-spec setenv(task(), text(), text(), integer()) -> result().
setenv(Task, Name, Value, Overwrite) ->
    call(Task, setenv, [Name, Value, Overwrite]).

%% @doc Takes a variable away.
-spec unsetenv(task(), text()) -> result().
unsetenv(Task, Name) ->
    call(Task, unsetenv, [Name]).

%% @doc Takes all variables away.
-spec clearenv(task()) -> result().
clearenv(Task) ->
    call(Task, clearenv, []).
%%% Asking

ask(Task, Request) ->
    proctor_prx_process:ask(Task, Request).

%% With what is said of a task that is gone.
alive(Task, Request, Gone) ->
    try ask(Task, Request)
    catch exit:{noproc, _} -> Gone
    end.

shape(Name, Answer) ->
    proctor_prx_result:shape(Name, Answer).
