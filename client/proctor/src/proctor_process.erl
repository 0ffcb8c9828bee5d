%% @doc What is done to a process that runs: everything of {@link proctor} that
%% takes one. What is wrong with the arguments is said before anything is
%% asked.
-module(proctor_process).

-export([send/3, send_nowait/2, recv/3, setopts/2, is_opts/1, await/2, stop/1,
         stop_and_wait/2,
         kill/2, winsz/3, pty_opts/2, setpgid/2, ospid/1, pid/1]).
-export([stats/2, cgroup_set/3, pause/2, resume/2]).

%%% Data

%% @doc See {@link proctor:send/3}.
-spec send(proctor:target(), iodata() | eof, [{timeout, timeout()}]) ->
    ok | {error, term()}.
send(Process, Data, []) ->
    write(Process, Data, infinity);
send(Process, Data, [{timeout, Timeout}]) ->
    proctor_await:within(Timeout, fun() -> write(Process, Data, Timeout) end);
send(_Process, _Data, Options) ->
    {error, {badopt, Options}}.

%% @doc See {@link proctor:send_nowait/2}.
-spec send_nowait(proctor:target(), iodata() | eof) -> ok | {error, term()}.
send_nowait(Process, Data) ->
    write(Process, Data, nowait).

write(Process, eof, Timeout) ->
    to_child(Process, no_process,
             fun(Pid) -> proctor_request:send(Pid, eof, Timeout) end);
write(Process, Data, Timeout) ->
    case proctor_text:data(Data) of
        {ok, Bytes} ->
            to_child(Process, no_process,
                     fun(Pid) -> proctor_request:send(Pid, Bytes, Timeout) end);
        error ->
            {error, {badopt, data}}
    end.

%% `Gone' is what is said of one that is not there.
to_child(Target, Gone, Fun) ->
    case proctor_ref:process(Target) of
        {ok, Pid} -> Fun(Pid);
        {error, no_process} -> {error, Gone};
        {error, _} = Error -> Error
    end.

%% @doc See {@link proctor:recv/3}.
-spec recv(proctor:target(), proctor:wanted(), timeout()) ->
    {ok, proctor:received()} | {ok, {stdout | stderr, proctor:received()}}
    | {error, term()}.
recv(Process, {Stream, Length}, Timeout)
  when Stream =:= stdout orelse Stream =:= stderr orelse Stream =:= any,
       is_integer(Length), Length >= 0 ->
    read(Process, Stream, Length, Timeout);
recv(Process, Stream, Timeout)
  when Stream =:= stdout; Stream =:= stderr; Stream =:= any ->
    read(Process, Stream, 0, Timeout);
recv(Process, Length, Timeout) when is_integer(Length), Length >= 0 ->
    read(Process, only, Length, Timeout);
recv(_Process, What, _Timeout) ->
    {error, {badopt, What}}.

read(Process, Stream, Length, Timeout) ->
    Read = fun(Pid) -> proctor_request:recv(Pid, Stream, Length, Timeout) end,
    proctor_await:within(Timeout,
                         fun() -> to_child(Process, closed, Read) end).

%% @doc See {@link proctor:setopts/2}.
-spec setopts(proctor:target(), [{active, proctor_output:change()}]) ->
    ok | {error, term()}.
setopts(Process, Options) ->
    case is_opts(Options) of
        true ->
            to_child(Process, no_process,
                     fun(Pid) -> proctor_request:setopts(Pid, Options) end);
        false ->
            {error, {badopt, Options}}
    end.

%% @doc Whether these can be set.
-spec is_opts(term()) -> boolean().
is_opts(Options) ->
    is_list(Options) andalso length_of(Options) =/= improper
        andalso lists:all(fun is_opt/1, Options).

length_of(List) ->
    try length(List) catch error:badarg -> improper end.

is_opt({active, Modes}) when is_map(Modes) ->
    map_size(Modes) > 0 andalso maps:keys(Modes) -- [stdout, stderr] =:= []
        andalso lists:all(fun(Mode) -> not is_map(Mode)
                                           andalso is_opt({active, Mode})
                          end, maps:values(Modes));
is_opt({active, Active}) ->
    is_boolean(Active) orelse Active =:= once
        orelse (is_integer(Active) andalso Active =/= 0);
is_opt(_) ->
    false.

%%% The end

%% @doc See {@link proctor:await/2}.
-spec await(proctor:target(), timeout()) ->
    {ok, proctor_exit:exit()} | {error, term()}.
await(Process, Timeout) ->
    Await = fun(Pid) -> proctor_request:await(Pid, Timeout) end,
    proctor_await:within(Timeout,
                         fun() -> to_child(Process, no_process, Await) end).

%% @doc See {@link proctor:stop/1}.
-spec stop(proctor:target()) -> ok | {error, term()}.
stop(Process) ->
    proctor_error:answer(proctor_ref:ask(Process, fun proctor_server:stop/2)).

%% @doc See {@link proctor:stop_and_wait/2}.
-spec stop_and_wait(proctor:target(), timeout()) -> term().
stop_and_wait(Process, Timeout) ->
    proctor_await:within(Timeout, fun() -> stop_within(Process, Timeout) end).

stop_within(Process, Timeout) ->
    Start = erlang:monotonic_time(millisecond),
    case proctor_ref:process(Process) of
        {ok, Pid} ->
            Ref = monitor(process, Pid),
            _ = proctor_request:discard(Pid, Timeout),
            Result = case stop(Pid, left(Timeout, Start)) of
                         ok -> await_down(Ref, left(Timeout, Start));
                         Error -> ending(Ref, proctor_error:answer(Error),
                                         left(Timeout, Start))
                     end,
            true = demonitor(Ref, [flush]),
            Result;
        {error, _} = Error ->
            Error
    end.

stop(Pid, Timeout) ->
    proctor_ref:ask(Pid, fun(Server, Target) ->
                             proctor_server:stop(Server, Target, Timeout)
                         end).

left(infinity, _Start) ->
    infinity;
left(Timeout, Start) ->
    max(0, Timeout - (erlang:monotonic_time(millisecond) - Start)).

%% If the OS process ended by itself in the meantime its Erlang process is
%% about to.
ending(Ref, {error, Reason} = Error, Timeout)
  when Reason =:= no_process; Reason =:= "pid not alive" ->
    case await_down(Ref, Timeout) of
        noproc -> Error;
        Down -> Down
    end;
ending(_Ref, Error, _Timeout) ->
    Error.

await_down(Ref, Timeout) ->
    receive
        {'DOWN', Ref, process, _, Reason} -> Reason
    after Timeout ->
        {error, timeout}
    end.

%% @doc See {@link proctor:kill/2}.
-spec kill(proctor:target() | integer(), atom() | integer()) ->
    ok | {error, term()}.
kill(Process, Signal) when is_atom(Signal); is_integer(Signal) ->
    try proctor_signal:to_int(Signal) of
        Number when Number >= 0, Number =< 64 ->
            Kill = fun(Server, Target) ->
                       proctor_server:kill(Server, Target, Number)
                   end,
            killed(Process, proctor_ref:ask(Process, Kill));
        _ ->
            {error, einval}
    catch
        error:badarg -> {error, einval}
    end;
kill(_Process, _Signal) ->
    {error, einval}.

killed(OsPid, {error, _}) when is_integer(OsPid), OsPid < -1 ->
    {error, "Not allowed to send signal to all processes"};
killed(_Process, {error, not_managed}) ->
    {error, "Cannot kill a pid not managed by this application"};
killed(_Process, Result) ->
    Result.

%%% Its terminal and its process group

%% @doc See {@link proctor:winsz/3}.
-spec winsz(proctor:target(), pos_integer(), pos_integer()) ->
    ok | {error, term()}.
winsz(Process, Rows, Columns)
  when is_integer(Rows), Rows >= 1, Rows =< 16#FFFF,
       is_integer(Columns), Columns >= 1, Columns =< 16#FFFF ->
    change(Process, winsz, [Rows, Columns]);
winsz(_Process, Rows, Columns) ->
    {error, {badopt, {winsz, {Rows, Columns}}}}.

%% @doc See {@link proctor:pty_opts/2}.
-spec pty_opts(proctor:target(), [proctor_pty:mode()]) ->
    ok | {error, term()}.
pty_opts(Process, Options) ->
    case proctor_pty:check(Options) of
        ok -> change(Process, pty_opts, [Options]);
        {bad, Bad} -> {error, {invalid_pty_value, Bad}};
        _ -> {error, {badopt, Options}}
    end.

%% @doc See {@link proctor:setpgid/2}.
-spec setpgid(proctor:target(), non_neg_integer()) -> ok | {error, term()}.
setpgid(Process, Group)
  when is_integer(Group), Group >= 0, Group =< 16#7FFFFFFF ->
    change(Process, setpgid, [Group]);
setpgid(_Process, Group) ->
    {error, {badopt, {group, Group}}}.

change(Process, What, Args) ->
    Change = fun(Server, Target) ->
                 proctor_server:change(Server, Target, What, Args)
             end,
    proctor_error:answer(proctor_ref:ask(Process, Change)).

%%% Its control group

%% @doc See {@link proctor:stats/2}.
-spec stats(proctor:target(), timeout()) ->
    {ok, proctor_cgroup:stats()} | {error, term()}.
stats(Process, Timeout) ->
    of_leaf(Process, stats, [], Timeout).

%% @doc See {@link proctor:cgroup_set/3}.
-spec cgroup_set(proctor:target(), proctor_cgroup:limits(), timeout()) ->
    ok | {error, term()}.
cgroup_set(Process, Limits, Timeout) ->
    case proctor_cgroup:limits(Limits) of
        {ok, Checked} -> of_leaf(Process, cgroup_set, [Checked], Timeout);
        {why, Why} -> {error, {badopt, {cgroup, Why}}};
        error -> {error, {badopt, {cgroup, Limits}}}
    end.

%% @doc See {@link proctor:pause/2}.
-spec pause(proctor:target(), timeout()) ->
    {ok, cgroup | signal} | {error, term()}.
pause(Process, Timeout) ->
    of_leaf(Process, pause, [], Timeout).

%% @doc See {@link proctor:resume/2}.
-spec resume(proctor:target(), timeout()) ->
    {ok, cgroup | signal} | {error, term()}.
resume(Process, Timeout) ->
    of_leaf(Process, resume, [], Timeout).

of_leaf(Process, What, Args, Timeout) ->
    Ask = fun(Server, Target) ->
              proctor_server:change(Server, Target, What, Args, Timeout)
          end,
    proctor_await:within(Timeout, fun() ->
        case proctor_ref:ask(Process, Ask) of
            {error, Gone} when Gone =:= not_found; Gone =:= esrch ->
                {error, no_process};
            Answer ->
                Answer
        end
    end).

%%% Who it is

%% @doc See {@link proctor:ospid/1}.
-spec ospid(pid()) -> proctor:ospid() | {error, term()}.
ospid(Pid) when is_pid(Pid) ->
    proctor_ref:ask(Pid, fun proctor_server:ospid/2).

%% @doc See {@link proctor:pid/1}.
-spec pid(proctor:target()) -> pid() | undefined | {error, term()}.
pid(Process) ->
    proctor_ref:ask(Process, fun proctor_server:pid/2).
