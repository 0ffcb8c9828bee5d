%% @doc The standard input of an OS process: writes what there is room for, and
%% answers those who have sent it. What waits is {@link proctor_feed}'s.
-module(proctor_input).

-export([new/3, send/4, acked/2, timeout/2, close/2, flush/1, info/1]).

-export_type([input/0]).

%% What the writer may still take to answer who has sent something, at the end.
-define(LAST_WORDS, 5000).

-type link() :: #{write := fun((binary() | eof) -> ok), _ => _}.
%% Of what runs otherwise than by a server: how it is written to.

-record(input, {ospid :: proctor:ospid(),
                link :: proctor_server:link() | link(),
                feed :: proctor_feed:feed(),
                %% Whether the writer was ever left to answer a sender, and
                %% those of these that do not wait for ever.
                wrote = false :: boolean(),
                writing = #{} :: #{reference() => gen_server:from()}}).

-opaque input() :: #input{}.

%% @doc That of a process as it was run; what it was given leaves at once.
-spec new(proctor:ospid(), proctor_run_options:spec(),
          proctor_server:link() | link()) -> input().
new(OsPid, #{input := Data} = Spec, Link) ->
    Input = #input{ospid = OsPid, link = Link, feed = feed(Spec, Link)},
    case Data of
        none -> Input;
        _ -> push(eof, none, infinity, push(Data, none, infinity, Input))
    end.

feed(#{stdin := false}, _Link) ->
    proctor_feed:closed();
feed(#{stdin_window := Window}, #{dialect := native}) ->
    proctor_feed:new(Window);
feed(#{stdin_window := Window}, #{write := _}) ->
    proctor_feed:new(Window);
feed(_Spec, _Link) ->
    proctor_feed:new(infinity).

%% @doc Somebody sends something, or closes it, and is answered when it has left
%% or the time is over: at once with `nowait'.
-spec send(binary() | eof, timeout() | nowait, proctor_feed:sender(),
           input()) -> input().
send(Data, Timeout, From, #input{feed = Feed} = Input) ->
    case {proctor_feed:state(Feed), Timeout} of
        {open, nowait} -> send_nowait(Data, From, Input);
        {open, _} -> push(Data, From, Timeout, Input);
        {none, _} -> answer(From, {error, no_stdin}, Input);
        _ -> answer(From, {error, closed}, Input)
    end.

send_nowait(Data, From, #input{feed = Feed} = Input) ->
    case proctor_feed:fits(Data, Feed) of
        true -> push(Data, none, infinity, answer(From, ok, Input));
        false -> answer(From, {error, busy}, Input)
    end.

push(Data, From, Timeout, #input{feed = Feed} = Input) ->
    Timer = case Timeout of
                infinity -> undefined;
                _ -> erlang:start_timer(Timeout, self(), send)
            end,
    pump(Input#input{feed = proctor_feed:push(Data, From, Timer, Feed)}).

answer(From, Answer, Input) ->
    reply(From, Answer),
    Input.

reply(none, _Answer) -> ok;
reply(From, Answer) -> gen_server:reply(From, Answer).

%% @doc So many bytes have left for the child: there is room for more.
-spec acked(non_neg_integer(), input()) -> input().
acked(Bytes, #input{feed = Feed} = Input) ->
    pump(Input#input{feed = proctor_feed:acked(Bytes, Feed)}).

pump(#input{feed = Feed} = Input) ->
    {Steps, Feed1} = proctor_feed:pump(Feed),
    lists:foldl(fun write/2, Input#input{feed = Feed1}, Steps).

write({write, Data, Last, From, Ref}, #input{ospid = OsPid, link = Link}
      = Input) ->
    Sender = case Last of true -> From; false -> none end,
    case Link of
        #{write := Write} ->
            ok = Write(Data),
            Sender =:= none orelse stop_timer(Ref),
            answer(Sender, ok, Input);
        #{counted := Counted} ->
            ok = proctor_count:add(stdin, proctor_feed:bytes(Data), Counted),
            {ok, Frames} = proctor_port:encode(0, {stdin, OsPid, Data}),
            written(Frames, Sender, Ref, Input)
    end.

%% Where a window limits what is on its way, the last piece's sender may go on
%% at once; else when the port has taken it.
written(Frames, Sender, Ref, #input{link = #{dialect := native,
                                            writer := Writer}} = Input) ->
    _ = proctor_port:write(Writer, Frames, none),
    Sender =:= none orelse stop_timer(Ref),
    answer(Sender, ok, Input);
written(Frames, Sender, Ref, #input{link = #{writer := Writer}} = Input) ->
    case proctor_port:write(Writer, Frames, Sender) of
        waiting when Sender =/= none ->
            patient(Ref, Sender, Input#input{wrote = true});
        _ ->
            Sender =:= none orelse stop_timer(Ref),
            Input
    end.

%% Its timer is still to answer it, if it has one.
patient(undefined, _Sender, Input) ->
    Input;
patient(Ref, Sender, #input{writing = Writing} = Input) ->
    case erlang:read_timer(Ref) of
        false -> Input;
        _ -> Input#input{writing = Writing#{Ref => Sender}}
    end.

stop_timer(undefined) -> ok;
stop_timer(Ref) -> _ = erlang:cancel_timer(Ref), ok.

%% @doc The time of a sender is over: what has not left never will.
-spec timeout(reference(), input()) -> input().
timeout(Ref, #input{feed = Feed, writing = Writing} = Input) ->
    {From, Feed1} = proctor_feed:drop(Ref, Feed),
    reply(From, {error, timeout}),
    %% What the writer has goes on; its answer will find nobody.
    reply(maps:get(Ref, Writing, none), {error, timeout}),
    Input#input{feed = Feed1, writing = maps:remove(Ref, Writing)}.

%% @doc Nothing can be written any more: who waits is told so.
-spec close(term(), input()) -> input().
close(Answer, #input{feed = Feed} = Input) ->
    {Waiting, Feed1} = proctor_feed:close(Feed),
    lists:foreach(fun({From, _Ref}) -> gen_server:reply(From, Answer) end,
                  Waiting),
    Input#input{feed = Feed1}.

%% @doc The end may overtake the answer to what has led to it: the sender would
%% take that for a failure. The writer answers in order.
-spec flush(input()) -> ok.
flush(#input{wrote = true, link = #{writer := Writer}}) ->
    proctor_port:flush(Writer, ?LAST_WORDS);
flush(_Input) ->
    ok.

%% @doc How many bytes were written, wait here, and may not have left for the
%% child.
-spec info(input()) -> #{total | queued | unacked => non_neg_integer()}.
info(#input{feed = Feed}) ->
    #{total => proctor_feed:total(Feed), queued => proctor_feed:size(Feed),
      unacked => proctor_feed:unacked(Feed)}.
