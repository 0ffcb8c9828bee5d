%% @doc One command, found through PATH and run without a shell, and what came
%% of it; or its lines, one by one, at the speed of whoever takes them.
-module(proctor_cmd).

-export([cmd/3, fold_lines/4, argv/3]).

%% How long the rest of a killed process group may take to be gone, and how
%% often that is looked at, in milliseconds.
-define(GONE, 5000).
-define(LOOK, 5).

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
    case proctor_spec:run(Argv, RunOptions, false, Given) of
        {ok, Request, #{where := Where} = Spec} ->
            call(Where, Request, Spec);
        {error, Reason} ->
            {error, Reason}
    end.

call(Where, Request, Spec) ->
    case proctor_spec:where(Where) of
        {ok, Server} -> {Server, proctor_server:call(Server, {run, Request,
                                                              Spec})};
        {error, _} = Error -> Error
    end.

result({_, {ok, #{reason := Reason} = Result}}, #{timeout := Limit} = Given)
  when Reason =:= timeout; Reason =:= killed, is_integer(Limit) ->
    ok = await_gone(Result, Given),
    {error, {timeout, etimedout, Result}};
result({_, {ok, #{reason := max_output} = Result}}, Given) ->
    ok = await_gone(Result, Given),
    {error, {output, emsgsize, Result}};
result({_, {ok, Result}}, _Given) ->
    {ok, Result};
result({_, {error, Reason}}, _Given) ->
    {error, failure(Reason)};
result({error, Reason}, _Given) ->
    {error, failure(Reason)}.

%% More than the port program takes, as if the kernel had said it.
failure(TooBig) when TooBig =:= e2big; TooBig =:= {decode, e2big, <<>>} ->
    {exec, e2big, <<"arguments and environment">>};
failure({_Stage, _Errno, _Detail} = Failure) ->
    Failure;
failure({badopt, What}) ->
    {options, einval, What};
failure({invalid_pty_value, _} = What) ->
    {options, einval, What};
failure(Text) when is_list(Text) ->
    {run, unknown, unicode:characters_to_binary(Text)};
failure(Reason) ->
    {port, eio, Reason}.

%%% Options

prepare(Command, Args, Options) ->
    case proctor_run_options:divide(cmd, Options) of
        {ok, Own, RunOptions} ->
            Node = proplists:get_value(node, RunOptions, node()),
            try
                {ok, argv(Command, Args, Node), RunOptions,
                 maps:merge(#{reply => full, errors => term,
                              max_output => infinity,
                              timeout => proplists:get_value(timeout,
                                                             RunOptions,
                                                             infinity),
                              target_node => Node,
                              kill_group => not lists:member(
                                                  {kill_group, false},
                                                  RunOptions)}, Own)}
            catch
                throw:Reason -> {error, Reason}
            end;
        {error, Problem} ->
            {error, {options, einval, proctor_run_options:explain(Problem)}}
    end.

%% @doc A command, found, and its arguments, in bytes. Throws what the error
%% is to say.
-spec argv(term(), term(), node()) -> [binary(), ...].
argv(Command, Args, Node) ->
    Words = is_list(Args) andalso proctor_text:command(["-" | Args]),
    case Words of
        {ok, [_ | Bytes]} -> [find(Command, Node) | Bytes];
        {error, What} -> throw({options, einval, What});
        false -> throw({options, einval, args})
    end.

%% @doc The file of a command on the node where it is to run. A name with a
%% slash is a path already. Throws what the error is to say.
-spec find(term(), node()) -> binary().
find(Command, Node) ->
    case proctor_text:name(Command) of
        {ok, Name} ->
            case binary:match(Name, <<"/">>) of
                nomatch -> found(executable(Command, Name, Node), Name);
                _ -> Name
            end;
        error ->
            throw({options, einval, command})
    end.

%% PATH may have entries that are relative to where its node is.
executable(Command, Name, Node) when Node =:= node() ->
    absolute(os:find_executable(characters(Command, Name)),
             fun filename:absname/1);
executable(Command, Name, Node) ->
    Call = fun(Module, Function, Args) ->
               try
                   erpc:call(Node, Module, Function, Args)
               catch
                   error:{erpc, Reason} -> throw({node, Reason, Node})
               end
           end,
    absolute(Call(os, find_executable, [characters(Command, Name)]),
             fun(Path) -> Call(filename, absname, [Path]) end).

%% os:find_executable/1 takes no bytes.
characters(Command, _Name) when is_list(Command) ->
    unicode:characters_to_list(Command);
characters(_Command, Name) ->
    case unicode:characters_to_list(Name, file:native_name_encoding()) of
        Characters when is_list(Characters) -> Characters;
        _ -> throw({exec, enoent, Name})
    end.

absolute(false, _Absolute) ->
    false;
absolute(Path, Absolute) ->
    case filename:pathtype(Path) of
        absolute -> Path;
        _ -> Absolute(Path)
    end.

found(false, Name) ->
    throw({exec, enoent, Name});
found(Path, _Name) ->
    {ok, Bytes} = proctor_text:name(Path),
    Bytes.

%%% A process group that was killed

%% Its leader is dead; the others got the same SIGKILL. Wait until none is
%% left that is not a corpse.
await_gone(_Result, #{kill_group := false}) ->
    ok;
await_gone(#{ospid := Group}, #{target_node := Node}) ->
    Deadline = erlang:monotonic_time(millisecond) + ?GONE,
    Look = fun() -> gone(Group, Deadline) end,
    try
        case Node =:= node() of
            true -> Look();
            false -> erpc:call(Node, Look)
        end
    catch
        error:{erpc, _} -> ok
    end.

gone(Group, Deadline) ->
    case group_alive(Group)
        andalso erlang:monotonic_time(millisecond) < Deadline of
        true ->
            timer:sleep(?LOOK),
            gone(Group, Deadline);
        false ->
            ok
    end.

group_alive(Group) ->
    Wanted = integer_to_binary(Group),
    case file:list_dir("/proc") of
        {ok, Names} ->
            lists:any(fun([Digit | _] = Name) when Digit >= $0, Digit =< $9 ->
                              in_group(Name, Wanted);
                         (_) ->
                              false
                      end, Names);
        {error, _} ->
            false
    end.

%% Of /proc/N/stat: state, parent and group follow the name in parentheses.
in_group(Name, Group) ->
    case file:read_file("/proc/" ++ Name ++ "/stat") of
        {ok, Stat} ->
            Rest = lists:last(binary:split(Stat, <<") ">>, [global])),
            case binary:split(Rest, <<" ">>, [global]) of
                [State, _, Group | _] ->
                    not lists:member(State, [<<"Z">>, <<"X">>]);
                _ ->
                    false
            end;
        {error, _} ->
            false
    end.

%%% Lines

%% @doc See {@link proctor:fold_lines/4}.
-spec fold_lines(fun((binary(), Acc) -> Acc), Acc, proctor:cmd(),
                 [{max_line, pos_integer() | infinity}
                  | proctor:run_option()]) ->
    {ok, Acc, proctor_exit:exit()} | {error, term()}.
fold_lines(Fun, Acc, Command, Options) ->
    case proctor_run_options:divide(fold_lines, Options) of
        {ok, Own, RunOptions} ->
            fold_lines(Fun, Acc, Command, RunOptions,
                       maps:get(max_line, Own, infinity));
        {error, Problem} ->
            {error, {options, einval, proctor_run_options:explain(Problem)}}
    end.

fold_lines(Fun, Acc, Command, RunOptions, Max) ->
    case proctor:run(Command, RunOptions) of
        {ok, Pid, OsPid} ->
            try fold(Fun, Acc, Pid, proctor_lines:new(Max)) of
                {ok, Acc1} -> {ok, Acc1, await_exit(Pid, OsPid)};
                {error, _} = Error -> Error
            after
                leave(Pid, OsPid)
            end;
        {error, {badopt, What}} ->
            {error, {options, einval, What}};
        {error, {invalid_pty_value, _} = What} ->
            {error, {options, einval, What}};
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
