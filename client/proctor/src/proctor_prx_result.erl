%% @doc What a task has answered, in the shape of prx: an error is its errno
%% alone, several values are elements of the tuple, some come bare.
-module(proctor_prx_result).

-export([shape/2, failed/1, ended/1, by_itself/1, is_plain/1]).

%% @doc What the function of that name returns. Raises `badarg' for arguments
%% that cannot be, and `undef' for a call that is not there or not allowed.
-spec shape(atom(), proctor_task_wire:answer()) -> term().
shape(_Name, ok) -> ok;
shape(Name, {ok, Value}) -> value(Name, Value);
shape(_Name, {error, Failure}) -> failed(Failure).

%% @doc The same of what has failed.
-spec failed(proctor_task_wire:failure()) -> {error, atom()}.
failed({argument, einval, _}) -> error(badarg);
failed({policy, _, _}) -> error(undef);
failed({system, _, _}) -> error(undef);
failed({_Stage, Errno, _Detail}) -> {error, Errno}.

value(lseek, _Offset) -> ok;
value(ioctl, {Value, Arg}) -> {ok, #{return_value => Value, arg => Arg}};
value(getgroups, Groups) -> {ok, lists:reverse(Groups)};
value(Name, Value) ->
    case is_bare(Name) of
        true -> Value;
        false when is_tuple(Value) ->
            list_to_tuple([ok | tuple_to_list(Value)]);
        false -> {ok, Value}
    end.

is_bare(Name) ->
    lists:member(Name, [getpid, getppid, getpgrp, getuid, getgid, environ,
                        getenv, version, errno_id, iolist_to_bin, constant]).

%% @doc How a task ended, if that is known.
-spec ended(proctor_task_wire:exit()) ->
    [{exit_status, 0..255} | {termsig, atom() | integer()}].
ended(#{status := {exited, Status}}) ->
    [{exit_status, Status}];
ended(#{status := {signaled, Signal, _Core}}) ->
    [{termsig, proctor_signal:to_atom(Signal)}];
ended(#{status := unknown}) ->
    [].

%% @doc Whether that is to be told: it was not ended, nor went with another.
-spec by_itself(proctor_task_wire:exit()) -> boolean().
by_itself(#{cause := Cause}) ->
    Cause =:= itself orelse Cause =:= lie.

%% @doc Whether it succeeds with `ok' or `{ok, Value}' and changes nothing but
%% the task, so that others can follow it in the same frame.
-spec is_plain(atom()) -> boolean().
is_plain(Name) ->
    lists:member(Name,
                 [cap_enter, cap_fcntls_get, cap_fcntls_limit, cap_getmode,
                  cap_ioctls_limit, cap_rights_limit, chdir, chmod, chown,
                  chroot, clearenv, fcntl, getcwd, gethostname, getpriority,
                  getrlimit, getsid, kill, link, lseek, mkdir, mkfifo, mount,
                  open, pivot_root, pledge, rmdir, seccomp, setenv, setgid,
                  setgroups, sethostname, setns, setpgid, setpriority,
                  setproctitle, setresgid, setresuid, setrlimit, setsid,
                  setuid, socket, symlink, umount, umount2, unlink, unsetenv,
                  unshare, unveil]).
