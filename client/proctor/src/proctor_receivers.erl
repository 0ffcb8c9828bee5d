%% @doc Who waits to receive output of an OS process, each for its stream or for
%% either, in the order in which they have asked. Whoever is no more, or whose
%% time is over, must be given nothing that others could have.
-module(proctor_receivers).

-export([new/0, in/5, first/2, wants/1, answer/3, forget/2, fail/3, size/1]).
-export([answer/4]).

-export_type([receivers/0, receiver/0, stream/0]).

-record(receiver, {number :: non_neg_integer(),
                   stream :: stream(),
                   length :: non_neg_integer(),
                   from :: gen_server:from(),
                   monitor :: reference(),
                   timer :: reference() | undefined}).

-type stream() :: stdout | stderr | any.

-opaque receiver() :: #receiver{}.

-record(receivers, {next = 0 :: non_neg_integer(),
                    %% By the monitors of their processes; most have nobody.
                    waiting = #{}
                        :: #{stream() => proctor_fifo:fifo(receiver())}}).

-opaque receivers() :: #receivers{}.

%% @doc Nobody waits.
-spec new() -> receivers().
new() ->
    #receivers{}.

%% @doc One more, who is monitored, and of whose time the caller gets
%% `{timeout, _, {recv, Monitor}}'.
-spec in(stream(), non_neg_integer(), gen_server:from(), timeout(),
         receivers()) -> receivers().
in(Stream, Length, {Pid, _} = From, Timeout,
   #receivers{next = Next, waiting = Waiting} = Receivers) ->
    Monitor = monitor(process, Pid),
    Timer = case Timeout of
                infinity -> undefined;
                _ -> erlang:start_timer(Timeout, self(), {recv, Monitor})
            end,
    Receiver = #receiver{number = Next, stream = Stream, length = Length,
                         from = From, monitor = Monitor, timer = Timer},
    Fifo = maps:get(Stream, Waiting, proctor_fifo:new()),
    Fifo1 = proctor_fifo:in(Monitor, Receiver, Fifo),
    Receivers#receivers{next = Next + 1, waiting = Waiting#{Stream => Fifo1}}.

%% @doc Who is the first for a stream: the one that has asked for it, or for
%% either, before all others.
-spec first(stdout | stderr, receivers()) -> receiver() | none.
first(_Stream, #receivers{waiting = Waiting}) when map_size(Waiting) =:= 0 ->
    none;
first(Stream, #receivers{waiting = Waiting}) ->
    case {peek(Stream, Waiting), peek(any, Waiting)} of
        {{value, #receiver{number = N} = One}, {value, #receiver{number = M}}}
          when N < M -> One;
        {_, {value, Other}} -> Other;
        {{value, One}, empty} -> One;
        {empty, empty} -> none
    end.

peek(Stream, Waiting) ->
    case Waiting of
        #{Stream := Fifo} -> proctor_fifo:peek(Fifo);
        #{} -> empty
    end.

%% @doc What one wants: of which stream, and how many bytes.
-spec wants(receiver()) -> {stream(), non_neg_integer()}.
wants(#receiver{stream = Stream, length = Length}) ->
    {Stream, Length}.

%% @doc Answers the first of its stream, which is none of them any more.
-spec answer(receiver(), term(), receivers()) -> receivers().
answer(#receiver{stream = Stream} = Receiver, Answer,
       #receivers{waiting = Waiting} = Receivers) ->
    reply(Receiver, {answer, Answer}),
    #{Stream := Fifo} = Waiting,
    Receivers#receivers{waiting = Waiting#{Stream := proctor_fifo:drop(Fifo)}}.

reply(#receiver{timer = Timer, monitor = Monitor, from = From}, Answer) ->
    answer(From, Monitor, Timer, Answer).

%% @doc Ends somebody's waiting, whose monitor and timer these are. Of one that
%% has died (`gone') the monitor is no more: to look for its message among those
%% of others would cost too much where many die.
-spec answer(gen_server:from(), reference(), reference() | undefined,
             {answer, term()} | gone) -> ok.
answer(From, Monitor, Timer, Answer) ->
    _ = Timer =:= undefined orelse erlang:cancel_timer(Timer),
    case Answer of
        gone ->
            ok;
        {answer, What} ->
            true = demonitor(Monitor, [flush]),
            gen_server:reply(From, What)
    end.

%% @doc The process of that monitor waits no longer, and is told why, or is
%% gone.
-spec forget({reference(), {answer, term()} | gone}, receivers()) ->
    receivers().
forget({Monitor, Answer}, #receivers{waiting = Waiting} = Receivers) ->
    Taken = maps:map(fun(_, Fifo) -> proctor_fifo:take(Monitor, Fifo) end,
                     Waiting),
    maps:fold(fun(_, error, Acc) ->
                      Acc;
                 (Stream, {Receiver, Rest}, #receivers{waiting = Left}) ->
                      reply(Receiver, Answer),
                      Receivers#receivers{waiting = Left#{Stream := Rest}}
              end, Receivers, Taken).

%% @doc Answers all who want one of these.
-spec fail(term(), [stream()], receivers()) -> receivers().
fail(Answer, Streams, #receivers{waiting = Waiting} = Receivers) ->
    _ = [reply(Receiver, {answer, Answer})
         || Fifo <- maps:values(maps:with(Streams, Waiting)),
            Receiver <- proctor_fifo:to_list(Fifo)],
    Receivers#receivers{waiting = maps:without(Streams, Waiting)}.

%% @doc How many wait.
-spec size(receivers()) -> non_neg_integer().
size(#receivers{waiting = Waiting}) ->
    lists:sum([proctor_fifo:size(Fifo) || Fifo <- maps:values(Waiting)]).
