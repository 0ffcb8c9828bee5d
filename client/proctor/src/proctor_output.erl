%% @doc What an OS process writes, on both its streams, and who takes it: its
%% caller, by messages or as it asks for it, another process, a function, the
%% screen, or the result. What was dealt with is acknowledged to the port
%% program.
-module(proctor_output).

-export([new/3, put/3, sunk/3, eof/2, ended/1, cut/1]).
-export([recv/5, forget/3, setopts/2, owner/2, discard/1, close/2]).
-export([is_taken/1, is_over/2, sink/1, collected/1, info/1]).

-export_type([output/0, collected/0, change/0]).

%% Bytes that a stream that nobody reads before the end may leave with it.
-define(KEPT, 1048576).

-type stream() :: stdout | stderr.

-type collected() :: #{stream() => [binary()], too_many := boolean()}.
%% The pieces of those that were to be collected, and whether some are missing.

-type change() :: proctor:active() | neg_integer()
                | #{stream() => proctor:active() | neg_integer()}.
%% A number is added to what is left of the last one.

-type link() :: #{ack := fun((stream(), pos_integer()) -> ok), _ => _}.
%% Of what runs otherwise than by a server: how it is acknowledged.

-record(output, {ospid :: proctor:ospid(),
                 link :: proctor_server:link() | link(),
                 caller :: pid(),
                 %% What messages call the OS process.
                 tag :: term(),
                 %% And how they are put.
                 message :: proctor_message:shape(),
                 sinks :: #{stream() => proctor_run_options:sink()},
                 active :: proctor_run_options:active(),
                 streams :: #{stream() => proctor_stream:stream()},
                 %% Pieces that have come.
                 next = 0 :: non_neg_integer(),
                 %% Those of which nothing will come any more.
                 eof = [] :: [stream()],
                 %% Whether the OS process has ended, and its number with it.
                 ended = false :: boolean(),
                 receivers = proctor_receivers:new()
                     :: proctor_receivers:receivers(),
                 sink :: undefined | pid(),
                 %% Pieces that the sink has not done with.
                 busy = 0 :: non_neg_integer(),
                 %% What may be collected, and whether more of it ends all.
                 most :: {non_neg_integer() | infinity, stop | drop},
                 %% Collected bytes, or that there were too many.
                 kept = 0 :: non_neg_integer() | too_many,
                 collected = #{stdout => [], stderr => []}
                     :: #{stream() => [binary()]}}).

-opaque output() :: #output{}.

%% @doc Nothing has come yet.
-spec new(proctor:ospid(), proctor_run_options:spec(),
          proctor_server:link() | link()) -> output().
new(OsPid, #{caller := Caller, active := Active, stdout := Out, stderr := Err}
    = Spec, Link) ->
    #output{ospid = OsPid, link = Link, caller = Caller, active = Active,
            tag = proctor_run_options:tag(Spec, OsPid),
            message = maps:get(message, Spec, plain),
            sinks = #{stdout => Out, stderr => Err},
            streams = #{stdout => stream(stdout, Spec),
                        stderr => stream(stderr, Spec)},
            most = most(Spec)}.

stream(Stream, #{window := Wire, windows := Windows, splits := Splits}
       = Spec) ->
    Window = maps:get(Stream, Windows),
    Lines = maps:get(Stream, Splits, none),
    case Spec of
        #{worth := Worth} -> proctor_stream:new(Window, Wire, Worth, Lines);
        #{} -> proctor_stream:new(Window, Wire, Lines)
    end.

%% Who waits for all of it has too much: it is stopped. What is only wanted with
%% the end is kept as far as it goes.
most(#{reply := run, max_output := default}) -> {?KEPT, drop};
most(#{reply := run, max_output := Max}) -> {Max, drop};
most(#{max_output := default}) -> {infinity, stop};
most(#{max_output := Max}) -> {Max, stop}.

%% @doc Something has come.
-spec put(stream(), binary(), output()) -> output().
put(Stream, Data, #output{streams = Streams} = Output) ->
    #{Stream := Queue} = Streams,
    {Pieces, Queue1} = proctor_stream:came(Data, Queue),
    %% There may be room for more in its window beside what is left.
    consumed(Stream, 0,
             give(Stream, Pieces,
                  Output#output{streams = Streams#{Stream := Queue1}})).

give(Stream, Pieces, #output{sinks = Sinks} = Output) ->
    case Sinks of
        #{Stream := owner} ->
            deliver(Stream, lists:foldl(fun(Piece, Acc) ->
                                            keep_here(Stream, Piece, Acc)
                                        end, Output, Pieces));
        #{Stream := Sink} ->
            lists:foldl(fun(Piece, Acc) -> hand(Sink, Stream, Piece, Acc) end,
                        Output, Pieces)
    end.

keep_here(Stream, Piece, #output{streams = Streams, next = Next} = Output) ->
    #{Stream := Queue} = Streams,
    Queue1 = proctor_stream:put(Piece, Next, Queue),
    Output#output{streams = Streams#{Stream := Queue1}, next = Next + 1}.

hand(collect, Stream, {Data, Cost}, Output) ->
    consumed(Stream, Cost, collect(Stream, Data, Output));
hand(none, Stream, {_, Cost}, Output) ->
    consumed(Stream, Cost, Output);
hand(Pid, Stream, {Data, Cost}, Output) when is_pid(Pid) ->
    ok = say(Pid, {Stream, Output#output.tag, Data}, Output),
    consumed(Stream, Cost, Output);
hand(Sink, Stream, Piece, #output{sink = undefined, ospid = OsPid} = Output) ->
    hand(Sink, Stream, Piece,
         Output#output{sink = proctor_sink:start_link(OsPid)});
hand(Sink, Stream, Piece, #output{sink = Pid, busy = Busy} = Output) ->
    ok = proctor_sink:put(Pid, Sink, Stream, Piece),
    Output#output{busy = Busy + 1}.

%% @doc The sink has done with a piece.
-spec sunk(stream(), non_neg_integer(), output()) -> output().
sunk(Stream, Bytes, #output{busy = Busy} = Output) ->
    consumed(Stream, Bytes, Output#output{busy = Busy - 1}).

%%% What is collected

collect(_Stream, _Data, #output{kept = too_many} = Output) ->
    Output;
collect(Stream, Data, #output{kept = Kept, most = {Most, Then}} = Output) ->
    case Kept + byte_size(Data) of
        Sum when Sum > Most ->
            Then =:= drop orelse stop(Output),
            keep(Stream, binary:part(Data, 0, Most - Kept),
                 Output#output{kept = too_many});
        Sum ->
            keep(Stream, Data, Output#output{kept = Sum})
    end.

stop(#output{link = #{server := Server}}) ->
    proctor_server:stop_child(Server, self()).

keep(Stream, Data, #output{collected = Collected} = Output) ->
    #{Stream := Pieces} = Collected,
    Output#output{collected = Collected#{Stream := [Data | Pieces]}}.

%% @doc What was to be collected, as far as it was.
-spec collected(output()) -> collected().
collected(#output{collected = Collected, kept = Kept, sinks = Sinks}) ->
    Wanted = [Stream || {Stream, collect} <- maps:to_list(Sinks)],
    Pieces = maps:map(fun(_, Last) -> lists:reverse(Last) end,
                      maps:with(Wanted, Collected)),
    Pieces#{too_many => Kept =:= too_many}.

%%% What is acknowledged

%% So much has been dealt with; the port program may send as much again.
consumed(Stream, Bytes, Output) ->
    ack(Stream, fun(Queue) -> proctor_stream:consumed(Bytes, Queue) end,
        Output).

%% Once it has ended its number may be that of another.
ack(Stream, Fun, #output{streams = Streams, ended = Ended} = Output) ->
    #{Stream := Queue} = Streams,
    {Bytes, Queue1} = Fun(Queue),
    Bytes > 0 andalso not Ended andalso send_ack(Stream, Bytes, Output),
    Output#output{streams = Streams#{Stream := Queue1}}.

send_ack(Stream, Bytes, #output{ospid = OsPid, link = #{dialect := native,
                                                        writer := Writer}}) ->
    {ok, Frames} = proctor_port:encode(0, {ack, OsPid, Stream, Bytes}),
    _ = proctor_port:write(Writer, Frames, none),
    ok;
send_ack(Stream, Bytes, #output{link = #{ack := Ack}}) ->
    Ack(Stream, Bytes);
send_ack(_Stream, _Bytes, _Output) ->
    ok.

%%% Who takes it by and by

%% Give what has come of a stream to those who want it: messages, or whoever
%% waits. What others have left there is older.
deliver(Stream, #output{streams = Streams} = Output) ->
    case active(Stream, Output) of
        false ->
            serve(Stream, Output);
        _ ->
            case proctor_stream:is_empty(maps:get(Stream, Streams)) of
                true -> Output;
                false -> deliver(Stream, first(Stream, Output))
            end
    end.

%% Both, in the order in which it has come, so that neither keeps the other from
%% being heard.
deliver(#output{streams = Streams} = Output) ->
    Ready = [Stream || {Stream, Queue} <- maps:to_list(Streams),
                       not proctor_stream:is_empty(Queue),
                       active(Stream, Output) =/= false],
    case by_age(Ready, Output) of
        [] -> serve(stderr, serve(stdout, Output));
        [First | _] -> deliver(first(First, Output))
    end.

first(Stream, #output{streams = Streams} = Output) ->
    #{Stream := Queue} = Streams,
    {Piece, Queue1} = proctor_stream:take(0, Queue),
    message(Stream, Piece, Output#output{streams = Streams#{Stream := Queue1}}).

by_age(Some, #output{streams = Streams}) ->
    Age = fun(Stream) -> proctor_stream:oldest(maps:get(Stream, Streams)) end,
    lists:sort(fun(A, B) -> Age(A) =< Age(B) end, Some).

active(Stream, #output{active = Active}) when is_map(Active) ->
    maps:get(Stream, Active);
active(_Stream, #output{active = Active}) ->
    Active.

say(To, Message, #output{message = Shape}) ->
    proctor_message:send(To, Message, Shape).

message(Stream, {Data, Cost}, #output{caller = Caller, tag = Tag} = Output) ->
    ok = say(Caller, {Stream, Tag, Data}, Output),
    Output1 = consumed(Stream, Cost, Output),
    case active(Stream, Output) of
        true -> Output1;
        once -> set_active(Stream, false, Output1);
        Count -> set_active(Stream, Count - 1, Output1)
    end.

%% Where both streams have one mode they share its count. The last message of
%% a count is followed by a word.
set_active(Stream, Count, #output{caller = Caller, tag = Tag, active = Active}
           = Output) when is_integer(Count), Count =< 0 ->
    ok = say(Caller, case is_map(Active) of
                         true -> {passive, Tag, Stream};
                         false -> {passive, Tag}
                     end, Output),
    set_active(Stream, false, Output);
set_active(Stream, Mode, #output{active = Active} = Output)
  when is_map(Active) ->
    Output#output{active = Active#{Stream := Mode}};
set_active(_Stream, Mode, Output) ->
    Output#output{active = Mode}.

%% @doc From now on it is that process's.
-spec owner(pid(), output()) -> output().
owner(Caller, Output) ->
    Output#output{caller = Caller}.

%% @doc Sets what is active from now on.
-spec setopts([{active, change()}], output()) -> output().
setopts(Options, Output) ->
    lists:foldl(fun setopt/2, Output, Options).

setopt({active, Modes}, #output{active = Active} = Output)
  when is_map(Modes) ->
    Each = case Active of
               #{} -> Active;
               _ -> #{stdout => Active, stderr => Active}
           end,
    deliver(maps:fold(fun change/3, Output#output{active = Each}, Modes));
setopt({active, Mode}, #output{active = Active} = Output)
  when is_map(Active) ->
    setopt({active, Mode}, Output#output{active = false});
setopt({active, Mode}, Output) ->
    deliver(change(any, Mode, Output)).

change(Stream, Count, Output) when is_integer(Count) ->
    Left = case active(Stream, Output) of
               Old when is_integer(Old) -> Old;
               _ -> 0
           end,
    set_active(Stream, Left + Count, Output);
change(Stream, Mode, Output) ->
    set_active(Stream, Mode, Output).

%%% Who waits to receive

%% @doc Somebody wants so many bytes of a stream, or with 0 what there is; `any'
%% is that which has something first. It is answered when that is there.
-spec recv(proctor_receivers:stream(), non_neg_integer(), timeout(),
           gen_server:from(), output()) -> output().
recv(Stream, Length, Timeout, From, #output{receivers = Receivers} = Output) ->
    case served(Stream, Length, Output) of
        [] ->
            gen_server:reply(From, {error, einval}),
            Output;
        Streams ->
            Receivers1 = proctor_receivers:in(Stream, Length, From, Timeout,
                                              Receivers),
            lists:foldl(fun serve/2, Output#output{receivers = Receivers1},
                        Streams)
    end.

%% Nobody can receive a number of bytes where there are lines.
served(Stream, Length, #output{streams = Streams} = Output) ->
    [S || S <- served(Stream, Output),
          Length =:= 0
              orelse not proctor_stream:has_lines(maps:get(S, Streams))].

%% Of which streams somebody can receive, the one that has waited longest first.
served(any, Output) ->
    by_age([Stream || Stream <- [stdout, stderr],
                      served(Stream, Output) =/= []], Output);
served(Stream, #output{sinks = Sinks} = Output) ->
    [Stream || maps:get(Stream, Sinks) =:= owner,
               active(Stream, Output) =:= false].

%% Each in its turn: who wants more than there is holds up those behind it.
serve(Stream, #output{receivers = Receivers} = Output) ->
    case proctor_receivers:first(Stream, Receivers) of
        none -> Output;
        Receiver -> serve(Receiver, Stream, Output)
    end.

serve(Receiver, Stream, Output) ->
    {Wanted, Length} = proctor_receivers:wants(Receiver),
    case take(Stream, Length, Output) of
        {Data, #output{receivers = Receivers} = Output1} ->
            Answer = case Wanted of
                         any -> {ok, {Stream, Data}};
                         _ -> {ok, Data}
                     end,
            Rest = proctor_receivers:answer(Receiver, Answer, Receivers),
            serve(Stream, Output1#output{receivers = Rest});
        none ->
            ack_early(Stream, Length, Output);
        closed ->
            closed(Stream, Output)
    end.

take(Stream, Length, #output{streams = Streams, eof = Eof} = Output) ->
    #{Stream := Queue} = Streams,
    Ended = lists:member(Stream, Eof),
    case proctor_stream:take(Length, Queue) of
        {Piece, Queue1} -> taken(Stream, Piece, Queue1, Output);
        none when not Ended -> none;
        none ->
            case proctor_stream:take(all, Queue) of
                {Piece, Queue1} -> taken(Stream, Piece, Queue1, Output);
                none -> closed
            end
    end.

taken(Stream, {Data, Cost}, Queue, #output{streams = Streams} = Output) ->
    Output1 = Output#output{streams = Streams#{Stream := Queue}},
    {Data, consumed(Stream, Cost, Output1)}.

%% Somebody waits: what was taken is acknowledged now, however little it is,
%% and what would never fit into the window before it is taken.
ack_early(Stream, Length, #output{streams = Streams} = Output) ->
    #{Stream := Queue} = Streams,
    Ack = case Length > proctor_stream:window(Queue) of
              true -> fun proctor_stream:ahead/1;
              false -> fun proctor_stream:flush/1
          end,
    ack(Stream, Ack, Output).

%% Who wants either waits for the other one, if something may come of that.
closed(Stream, #output{receivers = Receivers} = Output) ->
    Open = [S || S <- served(any, Output), not is_closed(S, Output)],
    Gone = [Stream | [any || Open =:= []]],
    Output#output{receivers = proctor_receivers:fail({error, closed}, Gone,
                                                     Receivers)}.

is_closed(Stream, #output{streams = Streams, eof = Eof}) ->
    lists:member(Stream, Eof)
        andalso proctor_stream:is_empty(maps:get(Stream, Streams)).

%% @doc The process of that monitor waits no longer.
-spec forget(reference(), {answer, term()} | gone, output()) -> output().
forget(Monitor, Answer, #output{receivers = Receivers} = Output) ->
    Output#output{receivers = proctor_receivers:forget({Monitor, Answer},
                                                       Receivers)}.

%%% The end

%% @doc Nothing will come of that stream any more.
-spec eof(stream(), output()) -> output().
eof(Stream, Output) ->
    #output{eof = Eof} = Output1 = last(Stream, Output),
    deliver(Stream, Output1#output{eof = [Stream | Eof]}).

last(Stream, #output{streams = Streams} = Output) ->
    #{Stream := Queue} = Streams,
    {Pieces, Queue1} = proctor_stream:last(Queue),
    give(Stream, Pieces, Output#output{streams = Streams#{Stream := Queue1}}).

%% @doc The OS process has ended, and nothing will come any more.
-spec ended(output()) -> output().
ended(Output) ->
    Output1 = last(stderr, last(stdout, Output)),
    deliver(Output1#output{eof = [stdout, stderr], ended = true}).

%% @doc Nothing will come any more, and nothing more is told: what is left is for
%% who asks for it.
-spec cut(output()) -> output().
cut(Output) ->
    Output#output{eof = [stdout, stderr], ended = true}.

%% @doc From now on nobody wants it, unless it goes into a mailbox anyway.
-spec discard(output()) -> output().
discard(Output) ->
    discard(stderr, discard(stdout, Output)).

discard(Stream, #output{sinks = Sinks, streams = Streams} = Output) ->
    case {Sinks, active(Stream, Output)} of
        {#{Stream := owner}, Active} when Active =/= true ->
            {Bytes, Queue} = proctor_stream:drop(maps:get(Stream, Streams)),
            consumed(Stream, Bytes,
                     Output#output{sinks = Sinks#{Stream := none},
                                   streams = Streams#{Stream := Queue}});
        _ ->
            Output
    end.

%% @doc Who waits to receive is told `Answer'.
-spec close(term(), output()) -> output().
close(Answer, #output{receivers = Receivers} = Output) ->
    Output#output{receivers = proctor_receivers:fail(Answer,
                                                     [stdout, stderr, any],
                                                     Receivers)}.

%% @doc Whether all that has come was dealt with.
-spec is_taken(output()) -> boolean().
is_taken(#output{busy = Busy, streams = Streams}) ->
    Busy =:= 0 andalso lists:all(fun proctor_stream:is_empty/1,
                                 maps:values(Streams)).

%% @doc Whether nothing more of a stream will be told in messages, as all was.
-spec is_over(stream(), output()) -> boolean().
is_over(Stream, #output{sinks = Sinks} = Output) ->
    maps:get(Stream, Sinks) =:= owner andalso is_closed(Stream, Output)
        andalso active(Stream, Output) =/= false.

%% @doc The process, linked to this one, that prints it or calls functions.
-spec sink(output()) -> pid() | undefined.
sink(#output{sink = Sink}) ->
    Sink.

%% @doc What {@link proctor:info/1} says of it.
-spec info(output()) ->
    #{active := proctor_run_options:active(), window := term(),
      receivers := non_neg_integer(), sink := non_neg_integer(),
      stream() := {Total :: non_neg_integer(), Queued :: non_neg_integer()}}.
info(#output{active = Active, streams = #{stdout := Out, stderr := Err},
             busy = Busy, receivers = Receivers} = Output) ->
    Stream = fun(S) -> {proctor_stream:total(S), proctor_stream:size(S)} end,
    #{active => Active, sink => Busy,
      window => window(Output),
      stdout => Stream(Out), stderr => Stream(Err),
      receivers => proctor_receivers:size(Receivers)}.

%% Of the streams that are ours, if it is not the same.
window(#output{sinks = Sinks, streams = Streams}) ->
    Ours = maps:filter(fun(Stream, _) -> maps:get(Stream, Sinks) =/= none end,
                       Streams),
    Windows = maps:map(fun(_, Stream) -> proctor_stream:window(Stream) end,
                       Ours),
    case lists:usort(maps:values(Windows)) of
        [] -> 0;
        [Same] -> Same;
        _ -> Windows
    end.
