%% @doc One command, found through PATH and run without a shell, and what came
%% of it; or its lines, one by one, at the speed of whoever takes them.
-module(proctor_cmd).

-export([cmd/3, fold_lines/4, find/2]).

%% How long the rest of a killed process group may take to be gone, in
%% milliseconds.
-define(GONE, 5000).

%% @doc See {@link proctor:cmd/3}.
-spec cmd(proctor:text(), [proctor:text()], [proctor:cmd_option()]) ->
    {ok, proctor:result()} | {error, proctor:failure()}.
cmd(Command, Args, Options) ->
    case prepare(Command, Args, Options) of
        {ok, Argv, RunOptions, Given} ->
            result(run(Argv, RunOptions, Given), Given);
        {error, _} = Error ->
            Error
    end.

run(Argv, RunOptions, Given) ->
    case proctor_spec:run(Argv, [kill_group, stdout | RunOptions], false,
                          Given) of
        {ok, Request, #{where := Where} = Spec} ->
            call(Where, Request, Spec);
        {error, Reason} ->
            {error, Reason}
    end.

call(Where, Request, Spec) ->
    case proctor_spec:where(Where) of
        {ok, Server} -> proctor_await:run(Server, Request, Spec, infinity);
        {error, _} = Error -> Error
    end.

%% Why it ended is what the port program says.
result({ok, #{reason := Reason} = Result}, Given) ->
    case Reason of
        timeout ->
            ok = await_gone(Result, Given),
            {error, {timeout, etimedout, Result}};
        max_output ->
            ok = await_gone(Result, Given),
            {error, {output, emsgsize, Result}};
        port_closed ->
            {error, {port, eio, Result}};
        no_answer ->
            {error, {port, etimedout, Result}};
        _ ->
            {ok, Result}
    end;
result({error, Reason}, _Given) ->
    {error, failure(Reason)}.

failure({_Stage, _Errno, _Detail} = Failure) ->
    Failure;
failure({badopt, What}) ->
    {options, einval, What};
failure(Text) when is_list(Text) ->
    {run, unknown, unicode:characters_to_binary(Text)};
failure(Reason) ->
    {port, eio, Reason}.

%%% Options

prepare(Command, Args, Options) ->
    try
        {RunOptions, Given} =
            lists:foldl(fun option/2,
                        {[], #{reply => full, errors => term, timeout =>
                                   infinity, max_output => infinity}},
                        Options),
        Node = proplists:get_value(node, Options, node()),
        {ok, [find(Command, Node) | Args],
         [{kill_timeout, 0} || not lists:keymember(kill_timeout, 1, Options)]
         ++ lists:reverse(RunOptions), Given#{target_node => Node}}
    catch
        throw:Reason -> {error, Reason};
        error:_ -> {error, {options, einval, Options}}
    end.

option({input, Input}, {Rest, Given}) ->
    try iolist_to_binary(Input) of
        Data -> {[stdin | Rest], Given#{input => Data}}
    catch
        error:badarg -> throw({options, einval, {input, Input}})
    end;
option({timeout, Timeout}, {Rest, Given}) ->
    {[{timeout, Timeout} | Rest], Given#{timeout => Timeout}};
option({max_output, Max}, {Rest, Given})
  when Max =:= infinity; is_integer(Max), Max >= 0 ->
    {Rest, Given#{max_output => Max}};
option(stderr_to_stdout, {Rest, Given}) ->
    {[{stderr, stdout} | Rest], Given};
option({Key, _} = Option, _Acc)
  when Key =:= max_output; Key =:= sync; Key =:= monitor; Key =:= active ->
    throw({options, einval, Option});
option(Option, _Acc)
  when Option =:= sync; Option =:= monitor; Option =:= link ->
    throw({options, einval, Option});
option(Option, {Rest, Given}) ->
    {[Option | Rest], Given}.

text(Command) when is_binary(Command); is_list(Command) ->
    case unicode:characters_to_list(Command) of
        [_ | _] = Text -> Text;
        _ -> throw({options, einval, Command})
    end;
text(Command) ->
    throw({options, einval, Command}).

%% @doc The file of a command on the node where it is to run. A name with a
%% slash is a path already. Throws what the error is to say.
-spec find(proctor:text(), node()) -> string().
find(Command, Node) ->
    Name = text(Command),
    case lists:member($/, Name) of
        true -> Name;
        false -> found(executable(Name, Node), Name)
    end.

executable(Command, Node) when Node =:= node() ->
    os:find_executable(Command);
executable(Command, Node) ->
    try
        erpc:call(Node, os, find_executable, [Command])
    catch
        error:{erpc, Reason} -> throw({node, Reason, Node})
    end.

found(false, Command) ->
    throw({exec, enoent, unicode:characters_to_binary(Command)});
found(Path, _Command) ->
    Path.

%%% A process group that was killed

%% Its leader is dead; the others got the same SIGKILL. Wait until none is
%% left that is not a corpse.
await_gone(#{ospid := Group}, #{target_node := Node}) ->
    try
        case Node =:= node() of
            true -> proctor_group:await_gone(Group, ?GONE);
            false -> erpc:call(Node, proctor_group, await_gone, [Group, ?GONE])
        end
    of
        _ -> ok
    catch
        error:{erpc, _} -> ok
    end.

%%% Lines

%% @doc See {@link proctor:fold_lines/4}.
-spec fold_lines(fun((binary(), Acc) -> Acc), Acc, proctor:cmd(),
                 [{max_line, pos_integer()} | proctor:run_option()]) ->
    {ok, Acc, proctor_exit:exit()} | {error, term()}.
fold_lines(Fun, Acc, Command, Options) ->
    Max = proplists:get_value(max_line, Options, infinity),
    case proctor:run(Command, [stdout, exit, monitor, {active, false},
                               {errors, term}
                               | proplists:delete(max_line, Options)]) of
        {ok, Pid, OsPid} ->
            try fold(Fun, Acc, Pid, proctor_lines:new(Max)) of
                {ok, Acc1} -> {ok, Acc1, await_exit(Pid, OsPid)};
                {error, _} = Error -> Error
            after
                leave(Pid, OsPid)
            end;
        {error, _} = Error ->
            Error
    end.

fold(Fun, Acc, Pid, Lines) ->
    case proctor:recv(Pid, stdout) of
        {ok, Data} ->
            {Complete, Rest} = proctor_lines:split(Data, Lines),
            fold(Fun, lists:foldl(Fun, Acc, Complete), Pid, Rest);
        {error, closed} ->
            {ok, lists:foldl(Fun, Acc, proctor_lines:rest(Lines))};
        {error, _} = Error ->
            Error
    end.

await_exit(Pid, OsPid) ->
    receive
        {exit, OsPid, Exit} -> Exit;
        {'DOWN', OsPid, process, Pid, Reason} ->
            self() ! {'DOWN', OsPid, process, Pid, Reason},
            #{status => unknown, reason => unknown, raw => -1}
    end.

%% However it went: nothing of it stays behind, no process and no message.
leave(Pid, OsPid) ->
    _ = is_process_alive_there(Pid)
        andalso proctor:stop_and_wait(Pid, infinity),
    receive {exit, OsPid, _} -> ok after 0 -> ok end,
    %% Unless it cannot be reached any more.
    receive {'DOWN', OsPid, process, Pid, _} -> ok after 5000 -> ok end.

is_process_alive_there(Pid) when node(Pid) =:= node() ->
    is_process_alive(Pid);
is_process_alive_there(_Pid) ->
    true.
