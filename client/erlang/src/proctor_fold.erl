%% @doc The lines of a command, one by one, at the speed of whoever takes them.
-module(proctor_fold).

-export([fold_lines/4]).

%% How much longer than its limit and its time to be killed a command is waited
%% for, and how long one that is given up, in milliseconds.
-define(MARGIN, 5000).

%% @doc See {@link proctor:fold_lines/4}.
-spec fold_lines(fun((binary(), Acc) -> Acc), Acc, proctor:cmd(),
                 [proctor:line_option() | proctor:run_option()]) ->
    {ok, Acc, proctor_exit:exit()} | {error, term()}.
fold_lines(Fun, Acc, Command, Options) ->
    case proctor_run_options:divide(fold_lines, Options) of
        {ok, Own, RunOptions} ->
            Lines = proctor_lines:new(maps:get(max_line, Own, infinity),
                                      maps:get(cr, Own, keep)),
            run({Fun, Acc, Lines}, Command, RunOptions);
        {error, Problem} ->
            {error, {options, einval, proctor_run_options:explain(Problem)}}
    end.

run(Fold, Command, RunOptions) ->
    case proctor:run(Command, [collected(Option) || Option <- RunOptions]) of
        {ok, Pid, OsPid} ->
            Deadline = deadline(RunOptions),
            try fold(Fold, Pid, Deadline) of
                {ok, Acc} -> {ok, Acc, await_exit(Pid, OsPid, Deadline)};
                {error, _} = Error -> Error
            after
                leave(Pid, OsPid, Deadline)
            end;
        {error, {badopt, What}} ->
            {error, {options, einval, What}};
        {error, {invalid_pty_value, _} = What} ->
            {error, {options, einval, What}};
        {error, _} = Error ->
            Error
    end.

%% Nobody reads it here: it comes with the end.
collected(stderr) -> {stderr, collect};
collected({stderr, true}) -> {stderr, collect};
collected(Option) -> Option.

%% The port program keeps the limit; this is for one that says nothing.
deadline(Options) ->
    case proplists:get_value(timeout, Options, infinity) of
        infinity ->
            infinity;
        Limit ->
            Kill = proplists:get_value(kill_timeout, Options, 5) * 1000,
            erlang:monotonic_time(millisecond) + Limit + Kill + ?MARGIN
    end.

left(infinity) ->
    infinity;
left(Deadline) ->
    max(0, Deadline - erlang:monotonic_time(millisecond)).

fold({Fun, Acc, Lines}, Pid, Deadline) ->
    case proctor:recv(Pid, stdout, left(Deadline)) of
        {ok, Data} ->
            {Complete, Rest} = proctor_lines:split(Data, Lines),
            fold({Fun, lists:foldl(Fun, Acc, Complete), Rest}, Pid, Deadline);
        {error, closed} ->
            {ok, lists:foldl(Fun, Acc, proctor_lines:rest(Lines))};
        {error, timeout} ->
            {error, no_answer};
        {error, _} = Error ->
            Error
    end.

await_exit(Pid, OsPid, Deadline) ->
    receive
        {exit, OsPid, Exit} -> Exit;
        {'DOWN', OsPid, process, Pid, Reason} ->
            self() ! {'DOWN', OsPid, process, Pid, Reason},
            proctor_exit:unknown()
    after left(Deadline) ->
        proctor_exit:unknown()
    end.

%% However it went: nothing of it stays behind, no process and no message. One
%% that cannot be stopped in time is given up, which ends its process.
leave(Pid, OsPid, Deadline) ->
    Limit = case Deadline of
                infinity -> infinity;
                _ -> left(Deadline) + ?MARGIN
            end,
    _ = is_process_alive_there(Pid)
        andalso proctor:stop_and_wait(Pid, Limit) =:= {error, timeout}
        andalso proctor_child:cancel(Pid),
    receive {exit, OsPid, _} -> ok after 0 -> ok end,
    %% Unless it cannot be reached any more.
    receive {'DOWN', OsPid, process, Pid, _} -> ok after ?MARGIN -> ok end.

is_process_alive_there(Pid) when node(Pid) =:= node() ->
    is_process_alive(Pid);
is_process_alive_there(_Pid) ->
    true.
