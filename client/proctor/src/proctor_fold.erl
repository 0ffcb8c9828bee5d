%% @doc The lines of a command, one by one, at the speed of whoever takes them.
-module(proctor_fold).

-export([fold_lines/4]).

%% How long the port program may say nothing once the limit of a command and
%% its time to be killed are over, and how long one that is given up may take
%% to go, in milliseconds.
-define(MARGIN, 5000).

%% Seconds, unless the options say something else.
-define(KILL_TIMEOUT, 5).

-record(fold, {function :: fun((binary(), term()) -> term()),
               acc :: term(),
               lines :: proctor_lines:lines(),
               %% When its end should have been told.
               deadline :: integer() | infinity}).

%% @doc See {@link proctor:fold_lines/4}.
-spec fold_lines(fun((binary(), Acc) -> Acc), Acc, proctor:cmd(),
                 [proctor:line_option() | proctor:run_option()]) ->
    {ok, Acc, proctor_exit:exit()} | {error, term()}.
fold_lines(Fun, Acc, Command, Options) ->
    case proctor_option_table:divide(fold_lines, Options) of
        {ok, Own, RunOptions} ->
            Lines = proctor_lines:new(maps:get(max_line, Own, infinity),
                                      maps:get(cr, Own, keep)),
            run(Command, lists:append([ours(O) || O <- RunOptions]),
                #fold{function = Fun, acc = Acc, lines = Lines,
                      deadline = deadline(RunOptions)});
        {error, Problem} ->
            {error, {options, einval, proctor_option_table:explain(Problem)}}
    end.

%% Nobody reads here what would come to the caller: it comes with the end. And
%% the end is ours to hear of.
ours(stderr) -> [{stderr, collect}];
ours({stderr, true}) -> [{stderr, collect}];
ours({stderr, Pid}) when Pid =:= self() -> [{stderr, collect}];
ours(monitor) -> [];
ours({monitor, true}) -> [];
ours(Option) -> [Option].

%% The port program keeps the limit; this is for one that says nothing.
deadline(Options) ->
    case proplists:get_value(timeout, Options, infinity) of
        infinity -> infinity;
        Limit -> now_ms() + Limit + stopping(Options)
    end.

stopping(Options) ->
    proplists:get_value(kill_timeout, Options, ?KILL_TIMEOUT) * 1000
        + proplists:get_value(linger, Options, 0).

%% A function that takes its time must not make it seem silent.
patience(#fold{deadline = infinity}) ->
    infinity;
patience(#fold{deadline = Deadline}) ->
    max(0, Deadline - now_ms()) + ?MARGIN.

%% What a stop may take, unless it was waited for that long already.
last_patience(#fold{deadline = infinity}, Options) ->
    stopping(Options) + ?MARGIN;
last_patience(#fold{deadline = Deadline}, Options) ->
    min(stopping(Options), max(-?MARGIN, Deadline - now_ms())) + ?MARGIN.

now_ms() ->
    erlang:monotonic_time(millisecond).

run(Command, Options, Fold) ->
    case proctor:run(Command, Options, patience(Fold)) of
        {ok, Pid, OsPid} ->
            Ref = monitor(process, Pid),
            try
                finished({Pid, OsPid, Ref}, fold(Pid, Fold))
            after
                true = demonitor(Ref, [flush]),
                leave(Pid, OsPid, last_patience(Fold, Options))
            end;
        {error, timeout} ->
            {error, no_answer};
        {error, {badopt, What}} ->
            {error, {options, einval, What}};
        {error, {invalid_pty_value, _} = What} ->
            {error, {options, einval, What}};
        {error, _} = Error ->
            Error
    end.

fold(Pid, #fold{lines = Lines} = Fold) ->
    case proctor:recv(Pid, stdout, patience(Fold)) of
        {ok, Data} ->
            {Complete, Rest} = proctor_lines:split(Data, Lines),
            fold(Pid, call(Complete, Fold#fold{lines = Rest}));
        {error, Reason} when Reason =:= closed; Reason =:= einval ->
            %% Who stops a command and waits for that takes its output away.
            {ended, Fold};
        {error, timeout} ->
            {no_answer, Fold};
        {error, Reason} ->
            {Reason, Fold}
    end.

call(Lines, #fold{function = Fun, acc = Acc} = Fold) ->
    Fold#fold{acc = lists:foldl(Fun, Acc, Lines)}.

%% The process tells the end of the command before its own. Only then what no
%% newline has ended is a line.
finished(Process, {ended, #fold{acc = Acc, lines = Lines} = Fold}) ->
    case await_exit(Process, Fold) of
        #{reason := shutdown} ->
            {error, {port_closed, Acc}};
        #{} = Exit ->
            #fold{acc = Last} = call(proctor_lines:rest(Lines), Fold),
            {ok, Last, Exit};
        Why ->
            {error, {Why, Acc}}
    end;
finished(_Process, {Why, #fold{acc = Acc}}) ->
    {error, {Why, Acc}}.

%% A function may have taken messages that it does not know. So the process is
%% asked for once more.
await_exit({Pid, OsPid, Ref}, Fold) ->
    Again = monitor(process, Pid),
    Exit = receive
               {exit, OsPid, Its} -> Its;
               {'DOWN', Again, process, _, _} -> last_word(OsPid, Ref)
           after patience(Fold) ->
               no_answer
           end,
    true = demonitor(Again, [flush]),
    Exit.

last_word(OsPid, Ref) ->
    receive
        {exit, OsPid, Exit} -> Exit
    after 0 ->
        receive
            {'DOWN', Ref, process, _, Reason} -> why(Reason)
        after 0 ->
            closed
        end
    end.

why({port_exit, _}) -> port_closed;
why(noproc) -> port_closed;
why(Reason) -> Reason.

%% However it went: nothing of it stays behind, no process and no message. One
%% that does not end in time is left to its instance, which sees to it.
leave(Pid, OsPid, Patience) ->
    Ref = monitor(process, Pid),
    _ = is_process_alive_there(Pid)
        andalso proctor:stop_and_wait(Pid, Patience),
    ok = proctor_child:cancel(Pid),
    receive
        {'DOWN', Ref, process, _, _} -> ok
    after ?MARGIN ->
        %% Its node does not answer.
        true = demonitor(Ref, [flush])
    end,
    receive {exit, OsPid, _} -> ok after 0 -> ok end.

is_process_alive_there(Pid) when node(Pid) =:= node() ->
    is_process_alive(Pid);
is_process_alive_there(_Pid) ->
    true.
