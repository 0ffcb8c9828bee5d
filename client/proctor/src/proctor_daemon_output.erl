%% @doc What becomes of the output of a daemon's OS process: it is cut into
%% lines or stays as it came, is counted, and goes to the logger, to a process
%% or to a function. No process of its own: functions are called in the daemon.
-module(proctor_daemon_output).

-export([new/1, put/4, last/2, await/2, awaited/1, mute/1, counts/1]).

-export_type([output/0, stream/0]).

-type stream() :: stdout | stderr.

-type sink() :: none
              | {log, logger:level(), unicode:chardata(), map(),
                 fun((binary()) -> unicode:chardata())}
              | {send, pid(), term()}
              | fun((binary()) -> term())
              | fun((stream(), binary()) -> term())
              | {module(), atom(), [term()]}.

-record(output, {sink :: sink(),
                 as :: lines | chunks,
                 long :: split | cut | drop,
                 last :: keep | drop,
                 lines :: #{stream() => proctor_lines:lines()},
                 %% Streams in the middle of a line that is too long.
                 within = [] :: [stream()],
                 bytes = 0 :: non_neg_integer(),
                 count = 0 :: non_neg_integer(),
                 cut = 0 :: non_neg_integer(),
                 dropped = 0 :: non_neg_integer(),
                 awaited = none :: none | fun((binary()) -> boolean())}).

-opaque output() :: #output{}.

%% @doc Nothing yet. The map has the options of {@link proctor_daemon}.
-spec new(map()) -> output().
new(#{output_as := As, long_lines := Long, last_line := Last, max_line := Max,
      cr := Cr} = Options) ->
    Lines = proctor_lines:new(Max, Cr, marked),
    #output{sink = sink(Options), as = As, long = Long, last = Last,
            lines = #{stdout => Lines, stderr => Lines}}.

sink(#{output := Pid}) when is_pid(Pid) -> {send, Pid, proctor_daemon};
sink(#{output := {send, Pid}}) -> {send, Pid, proctor_daemon};
sink(#{output := Sink}) when Sink =/= none -> Sink;
sink(#{log := none}) -> none;
sink(#{log := Level, log_prefix := Prefix, log_metadata := Metadata,
       log_transform := Transform}) ->
    {log, Level, Prefix, Metadata, Transform}.

%% @doc More has come. Throws `{output_failed, {Reason, Stacktrace}}' if the
%% function that it goes to fails.
-spec put(stream(), binary(), proctor:ospid(), output()) -> output().
put(Stream, Data, OsPid, #output{bytes = Bytes} = Output) ->
    pieces(Stream, Data, OsPid, Output#output{bytes = Bytes
                                                  + byte_size(Data)}).

pieces(Stream, Data, OsPid, #output{as = chunks, sink = Sink} = Output) ->
    ok = tell(Sink, Stream, Data, OsPid),
    case Output of
        #output{awaited = none} ->
            Output;
        #output{} ->
            {Lines, Output1} = split(Stream, Data, Output),
            lists:foldl(fun({part, Line}, Acc) -> look(Line, Acc);
                           (Line, Acc) -> look(Line, Acc)
                        end, Output1, Lines)
    end;
pieces(Stream, Data, OsPid, Output) ->
    {Lines, Output1} = split(Stream, Data, Output),
    each(Stream, Lines, OsPid, Output1).

split(Stream, Data, #output{lines = Lines} = Output) ->
    #{Stream := Old} = Lines,
    {Complete, New} = proctor_lines:split(Data, Old),
    {Complete, Output#output{lines = Lines#{Stream := New}}}.

%% @doc What no newline ended is the last line, and then there is nothing more.
-spec last(proctor:ospid(), output()) -> output().
last(OsPid, #output{as = lines, lines = #{stdout := Out, stderr := Err}}
     = Output) ->
    None = proctor_lines:new(),
    lists:foldl(fun({Stream, Rest}, Acc) -> rest(Stream, Rest, OsPid, Acc) end,
                Output#output{lines = #{stdout => None, stderr => None}},
                [{stdout, proctor_lines:rest(Out)},
                 {stderr, proctor_lines:rest(Err)}]);
last(_OsPid, Output) ->
    Output.

rest(_Stream, [], _OsPid, Output) ->
    Output;
rest(_Stream, _Rest, _OsPid, #output{last = drop, dropped = Dropped}
     = Output) ->
    Output#output{dropped = Dropped + 1};
rest(Stream, Rest, OsPid, Output) ->
    each(Stream, Rest, OsPid, Output).

%% @doc From now on a line is looked for that the function says is it.
-spec await(fun((binary()) -> boolean()), output()) -> output().
await(Fun, Output) ->
    Output#output{awaited = Fun}.

%% @doc Whether that has not come yet.
-spec awaited(output()) -> boolean().
awaited(#output{awaited = Awaited}) ->
    Awaited =/= none.

%% @doc Nobody is told any more.
-spec mute(output()) -> output().
mute(Output) ->
    Output#output{sink = none}.

%% @doc What has come.
-spec counts(output()) ->
    #{bytes | lines | cut | dropped => non_neg_integer()}.
counts(#output{bytes = Bytes, count = Count, cut = Cut, dropped = Dropped}) ->
    #{bytes => Bytes, lines => Count, cut => Cut, dropped => Dropped}.

%%% Lines

each(Stream, Lines, OsPid, Output) ->
    lists:foldl(fun(Line, Acc) -> line(Stream, Line, OsPid, Acc) end, Output,
                Lines).

line(Stream, {part, Part}, OsPid,
     #output{long = Long, within = Within, sink = Sink} = Output) ->
    First = not lists:member(Stream, Within),
    Wanted = Long =:= split orelse Long =:= cut andalso First,
    Wanted andalso tell(Sink, Stream, {part, Part}, OsPid),
    Output1 = look(Part, Output),
    case First of
        true -> too_long(Output1#output{within = [Stream | Within]});
        false -> Output1
    end;
line(Stream, Line, OsPid, #output{long = Long, within = Within, sink = Sink,
                                  count = Count} = Output) ->
    case {Long, lists:member(Stream, Within)} of
        {drop, true} ->
            ok = tell(Sink, Stream, dropped, OsPid),
            Output#output{within = lists:delete(Stream, Within)};
        {cut, true} ->
            Output#output{within = lists:delete(Stream, Within),
                          count = Count + 1};
        _ ->
            ok = tell(Sink, Stream, Line, OsPid),
            look(Line, Output#output{within = lists:delete(Stream, Within),
                                     count = Count + 1})
    end.

too_long(#output{long = drop, dropped = Dropped} = Output) ->
    Output#output{dropped = Dropped + 1};
too_long(#output{cut = Cut} = Output) ->
    Output#output{cut = Cut + 1}.

look(_Line, #output{awaited = none} = Output) ->
    Output;
look(Line, #output{awaited = Fun} = Output) ->
    case Fun(Line) of
        true -> Output#output{awaited = none};
        false -> Output
    end.

%%% Whoever wants it

%% A line, or part of one; of one that was dropped the logger is told that it
%% was there.
tell(none, _Stream, _Line, _OsPid) ->
    ok;
tell({log, Level, Prefix, Metadata, Transform}, Stream, Line, OsPid) ->
    {Text, Rest} = case Line of
                       {part, Part} -> {call(Transform, [Part]), " [...]"};
                       dropped -> {"", "[...]"};
                       _ -> {call(Transform, [Line]), ""}
                   end,
    Mark = maps:from_list([{part, true} || Rest =/= ""]),
    logger:log(Level, "~ts~ts", [Prefix, [Text, Rest]],
               maps:merge(#{domain => [proctor, daemon]},
                          maps:merge(Metadata, Mark#{ospid => OsPid,
                                                     stream => Stream,
                                                     daemon => self()})));
tell(_Sink, _Stream, dropped, _OsPid) ->
    ok;
tell(Sink, Stream, {part, Part}, OsPid) ->
    tell(Sink, Stream, Part, OsPid);
tell({send, Pid, Tag}, Stream, Line, _OsPid) ->
    Pid ! {Tag, self(), Stream, proctor_lines:own(Line)},
    ok;
tell({Module, Function, Args}, _Stream, Line, _OsPid) ->
    _ = call(fun(Own) -> apply(Module, Function, [Own | Args]) end,
             [proctor_lines:own(Line)]),
    ok;
tell(Fun, _Stream, Line, _OsPid) when is_function(Fun, 1) ->
    _ = call(Fun, [proctor_lines:own(Line)]),
    ok;
tell(Fun, Stream, Line, _OsPid) ->
    _ = call(Fun, [Stream, proctor_lines:own(Line)]),
    ok.

%% A stack may have the line among its arguments.
call(Fun, Args) ->
    try
        apply(Fun, Args)
    catch
        _:Reason:Stack ->
            throw({output_failed, {Reason, proctor_log:stack(Stack)}})
    end.
