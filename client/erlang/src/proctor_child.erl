%% @doc The light process that stands for one OS process: everything its owner
%% hears about that comes from here, so it comes in order. It holds the output
%% that nobody has taken yet, acknowledges what was taken, and lets no more
%% than a window of standard input leave. It ends when the OS process has
%% ended and all is taken, with `normal' or `{exit_status, Status}'. If it ends
%% earlier the server, which monitors it, stops the OS process.
-module(proctor_child).

-export([start/4, output/3, event/2, whose/1, call/3]).
-export([init/5]).

-export_type([event/0, request/0]).

-type event() :: {exit, proctor_exit:exit()}
               | {eof, stdin | stdout | stderr}
               | {stdin_ack, non_neg_integer()}.

-type request() :: {send, binary() | eof, timeout() | nowait}
                 | {recv, stdout | stderr | any, non_neg_integer(), timeout()}
                 | {setopts, [{active, proctor:active()}]}
                 | discard | info.

-record(waiter, {ref :: reference(),
                 monitor :: reference(),
                 from :: gen_server:from(),
                 stream :: stdout | stderr,
                 length :: non_neg_integer()}).

%% Bytes that may have gone on and not been forgotten.
-define(GARBAGE, 65536).

-record(child, {ospid :: proctor:ospid(),
                server :: reference(),
                %% The monitor of a caller whose end is our end.
                tie :: undefined | reference(),
                link :: proctor_server:link(),
                from :: gen_server:from(),
                spec :: proctor_spec:spec(),
                active :: proctor:active(),
                streams = #{stdout => proctor_stream:new(),
                            stderr => proctor_stream:new()}
                    :: #{stdout | stderr => proctor_stream:stream()},
                eof = [] :: [stdout | stderr],
                feed :: proctor_feed:feed(),
                passed = 0 :: non_neg_integer(),
                %% Whether the writer was ever left to answer a sender.
                wrote = false :: boolean(),
                recvs = [] :: [#waiter{}],
                sink :: undefined | pid(),
                %% Pieces that the sink has not done with.
                busy = 0 :: non_neg_integer(),
                %% Collected bytes, or that there were too many.
                kept = 0 :: non_neg_integer() | too_many,
                collected = {[], []} :: {[binary()], [binary()]},
                expired = false :: boolean(),
                exit :: undefined | proctor_exit:exit(),
                started = erlang:monotonic_time(millisecond) :: integer()}).

%% @doc Starts the process of `OsPid'. It answers the caller of
%% {@link proctor:run/2} itself: at once, or at the end if that waits.
-spec start(proctor:ospid(), gen_server:from(), proctor_spec:spec(),
            proctor_server:link()) -> pid().
start(OsPid, From, Spec, Link) ->
    spawn(?MODULE, init, [self(), OsPid, From, Spec, Link]).

%% @doc Passes on what the OS process has written.
-spec output(pid(), stdout | stderr, binary()) -> ok.
output(Pid, Stream, Data) ->
    Pid ! {?MODULE, output, Stream, Data},
    ok.

%% @doc Passes on what else the port program tells.
-spec event(pid(), event()) -> ok.
event(Pid, Event) ->
    Pid ! {?MODULE, Event},
    ok.

%% @doc Whose process `Pid' is, without asking it: its server and its OS
%% process. For a process of this node.
-spec whose(pid()) -> {pid(), proctor:ospid()} | undefined.
whose(Pid) ->
    case process_info(Pid, dictionary) of
        {dictionary, Dictionary} ->
            case lists:keyfind(?MODULE, 1, Dictionary) of
                {?MODULE, Owner} -> Owner;
                false -> undefined
            end;
        undefined ->
            undefined
    end.

%% @doc Asks the process itself.
-spec call(pid(), request(), timeout()) -> term().
call(Pid, Request, Timeout) ->
    RequestId = gen_server:send_request(Pid, Request),
    case gen_server:receive_response(RequestId, Timeout) of
        {reply, Reply} -> Reply;
        timeout -> {error, timeout};
        {error, {{port_exit, _}, _}} -> {error, port_closed};
        {error, {noconnection, _}} -> {error, noconnection};
        {error, _} -> {error, closed}
    end.

%% @private
-spec init(pid(), proctor:ospid(), gen_server:from(), proctor_spec:spec(),
           proctor_server:link()) -> no_return().
init(Server, OsPid, From, #{group_leader := GroupLeader} = Spec, Link) ->
    process_flag(trap_exit, true),
    undefined = put(?MODULE, {Server, OsPid}),
    true = group_leader(GroupLeader, self()),
    Child = #child{ospid = OsPid, server = monitor(process, Server),
                   link = Link, from = From, spec = Spec,
                   active = maps:get(active, Spec), feed = feed(Spec, Link)},
    loop(input(limit(welcome(Child)))).

feed(#{stdin := false}, _Link) ->
    proctor_feed:closed();
feed(#{stdin_window := Window}, #{dialect := native}) ->
    proctor_feed:new(Window);
feed(_Spec, _Link) ->
    proctor_feed:new(infinity).

%% The link must stand before the caller knows. Whoever waits for something
%% and dies leaves an OS process nobody could ever hear of: it is stopped.
welcome(#child{spec = #{caller := Caller, link := Link, reply := Reply} = Spec,
               ospid = OsPid} = Child) ->
    Link andalso link(Caller),
    node(Caller) =:= node() orelse monitor_node(node(Caller), true),
    Child1 = case tied(Spec) of
                 true -> tie(Child);
                 false -> Child
             end,
    Reply =:= run
        andalso gen_server:reply(Child#child.from, {ok, self(), OsPid}),
    Child1.

tied(#{reply := run, monitor := false, active := true}) -> false;
tied(_) -> true.

tie(#child{tie = undefined, spec = #{caller := Caller}} = Child) ->
    Child#child{tie = monitor(process, Caller)};
tie(Child) ->
    Child.

%% A port program that keeps no time leaves that to us.
limit(#child{spec = #{timeout := Timeout}, link = #{dialect := exec_port}}
      = Child) when is_integer(Timeout) ->
    _ = erlang:start_timer(Timeout, self(), expired),
    Child;
limit(Child) ->
    Child.

input(#child{spec = #{input := none}} = Child) ->
    Child;
input(#child{spec = #{input := Data}, feed = Feed} = Child) ->
    Feed1 = proctor_feed:push(Data, none, undefined, Feed),
    pump(Child#child{feed = proctor_feed:push(eof, none, undefined, Feed1)}).

loop(#child{server = Server, spec = #{caller := Caller, link := Link},
            sink = Sink, tie = Tie} = Child) ->
    receive
        {?MODULE, output, Stream, Data} ->
            loop(collect(byte_size(Data), deliver(Stream, Data, Child)));
        {?MODULE, Event} ->
            settle(handle_event(Event, Child));
        {'$gen_call', From, Request} ->
            settle(handle_call(Request, From, Child));
        {proctor_sink, Stream, Bytes} ->
            settle(eaten(Stream, Bytes,
                         Child#child{busy = Child#child.busy - 1}));
        {timeout, Ref, What} ->
            loop(handle_timeout(What, Ref, Child));
        {'DOWN', Server, process, _, Reason} ->
            finish({port_exit, port_exit(Reason)}, Child);
        {'DOWN', Tie, process, _, Reason} ->
            orphaned(Reason, Child);
        {'DOWN', Monitor, process, _, _} ->
            loop(forget(Monitor, Child));
        {nodedown, _} ->
            leave(normal, Child);
        {'EXIT', Sink, Reason} ->
            finish(Reason, Child#child{sink = undefined});
        {'EXIT', Caller, Reason} when Link ->
            orphaned(Reason, Child);
        {'EXIT', _, Reason} when Reason =/= normal ->
            finish(Reason, Child);
        _ ->
            loop(Child)
    end.

%% Output only passes through. Left to itself, each of us might keep hundreds
%% of kilobytes of it, and there may be thousands.
collect(Bytes, #child{passed = Passed} = Child)
  when Passed + Bytes < ?GARBAGE ->
    Child#child{passed = Passed + Bytes};
collect(_Bytes, Child) ->
    true = garbage_collect(),
    Child#child{passed = 0}.

port_exit({shutdown, {port_exit, Status}}) -> Status;
port_exit(Reason) -> Reason.

%% The caller is gone. A linked one leaves with its reason.
-spec orphaned(term(), #child{}) -> no_return().
orphaned(Reason, #child{spec = #{link := true, reply := run}} = Child) ->
    finish(Reason, Child);
orphaned(_Reason, Child) ->
    leave(normal, Child).

%% All that is over, and nobody has anything left to take: the end.
settle(#child{exit = undefined} = Child) ->
    loop(Child);
settle(#child{busy = 0, streams = Streams, exit = Exit} = Child) ->
    case lists:all(fun(S) -> proctor_stream:size(S) =:= 0 end,
                   maps:values(Streams)) of
        true -> finish(proctor_exit:reason(Exit), Child);
        false -> loop(Child)
    end;
settle(Child) ->
    loop(Child).

%%% Events

handle_event({exit, #{raw := 0} = Exit}, #child{expired = true} = Child) ->
    %% The old dialect takes what we ordered for a success.
    handle_event({exit, Exit#{raw := 15, status := {signaled, 15, false}}},
                 Child);
handle_event({exit, Exit}, Child) ->
    Child1 = close_feed(Child#child{exit = Exit}),
    serve(stderr, serve(stdout, Child1#child{eof = [stdout, stderr]}));
handle_event({eof, stdin}, Child) ->
    close_feed(Child);
handle_event({eof, Stream}, #child{eof = Eof} = Child) ->
    serve(Stream, Child#child{eof = [Stream | Eof]});
handle_event({stdin_ack, Bytes}, #child{feed = Feed} = Child) ->
    pump(Child#child{feed = proctor_feed:acked(Bytes, Feed)}).

handle_timeout(expired, _Ref, Child) ->
    order(stop, Child#child{expired = true});
handle_timeout(recv, Ref, #child{recvs = Recvs} = Child) ->
    case lists:keytake(Ref, #waiter.ref, Recvs) of
        {value, Waiter, Rest} ->
            answer(Waiter, {error, timeout}),
            Child#child{recvs = Rest};
        false ->
            Child
    end;
handle_timeout(send, Ref, #child{feed = Feed} = Child) ->
    {From, Feed1} = proctor_feed:drop(Ref, Feed),
    reply(From, {error, timeout}),
    Child#child{feed = Feed1}.

order(What, #child{link = #{server := Server}} = Child) ->
    ok = gen_server:cast(Server, {What, self()}),
    Child.

%%% Output

deliver(Stream, Data, #child{spec = Spec} = Child) ->
    deliver(maps:get(Stream, Spec), Stream, Data, Child).

deliver(collect, Stream, Data, Child) ->
    eaten(Stream, byte_size(Data), count(Stream, Data,
                                         collect(Stream, Data, Child)));
deliver(owner, Stream, Data, #child{streams = Streams} = Child) ->
    #{Stream := Queue} = Streams,
    Queue1 = proctor_stream:put(Data, Queue),
    serve(Stream, Child#child{streams = Streams#{Stream := Queue1}});
deliver(Pid, Stream, Data, #child{ospid = OsPid} = Child)
  when is_pid(Pid) ->
    Pid ! {Stream, OsPid, Data},
    eaten(Stream, byte_size(Data), count(Stream, Data, Child));
deliver(none, Stream, Data, Child) ->
    eaten(Stream, byte_size(Data), count(Stream, Data, Child));
deliver(Sink, Stream, Data, #child{sink = undefined, ospid = OsPid} = Child) ->
    deliver(Sink, Stream, Data,
            Child#child{sink = proctor_sink:start(OsPid)});
deliver(Sink, Stream, Data, #child{sink = Pid, busy = Busy} = Child) ->
    ok = proctor_sink:put(Pid, Sink, Stream, Data),
    count(Stream, Data, Child#child{busy = Busy + 1}).

%% What is not kept in a queue is counted there nevertheless.
count(Stream, Data, #child{streams = Streams} = Child) ->
    #{Stream := Queue} = Streams,
    {_, Queue1} = proctor_stream:drop(proctor_stream:put(Data, Queue)),
    Child#child{streams = Streams#{Stream := Queue1}}.

collect(_Stream, _Data, #child{kept = too_many} = Child) ->
    Child;
collect(Stream, Data, #child{kept = Kept, spec = #{max_output := Max}}
        = Child) ->
    case Kept + byte_size(Data) of
        Sum when Sum > Max ->
            order(stop, keep(Stream, binary:part(Data, 0, Max - Kept),
                             Child#child{kept = too_many}));
        Sum ->
            keep(Stream, Data, Child#child{kept = Sum})
    end.

keep(stdout, Data, #child{collected = {Out, Err}} = Child) ->
    Child#child{collected = {[Data | Out], Err}};
keep(stderr, Data, #child{collected = {Out, Err}} = Child) ->
    Child#child{collected = {Out, [Data | Err]}}.

%% So much has been dealt with; the port program may send as much again.
eaten(Stream, Bytes, #child{spec = #{window := Window}, streams = Streams,
                            exit = Exit} = Child) ->
    #{Stream := Queue} = Streams,
    {Ack, Queue1} = proctor_stream:eaten(Bytes, Window, Queue),
    Ack > 0 andalso Exit =:= undefined andalso ack(Stream, Ack, Child),
    Child#child{streams = Streams#{Stream := Queue1}}.

ack(Stream, Bytes, #child{ospid = OsPid, link = #{dialect := native,
                                                  line := Line}}) ->
    {ok, Frames} = proctor_port:encode(0, {ack, OsPid, Stream, Bytes}),
    _ = proctor_port:write(Line, Frames, none),
    ok;
ack(_Stream, _Bytes, _Child) ->
    ok.

%% Give what has come to those who want it: messages, or whoever waits.
serve(Stream, #child{active = false, recvs = Recvs} = Child) ->
    case lists:keyfind(Stream, #waiter.stream, Recvs) of
        #waiter{} = Waiter -> serve(Waiter, Stream, Child);
        false -> Child
    end;
serve(Stream, #child{streams = Streams} = Child) ->
    #{Stream := Queue} = Streams,
    case proctor_stream:take(0, Queue) of
        {Data, Queue1} ->
            Child1 = Child#child{streams = Streams#{Stream := Queue1}},
            serve(Stream, message(Stream, Data, Child1));
        none ->
            Child
    end.

serve(#waiter{length = Length} = Waiter, Stream, Child) ->
    case take(Stream, Length, Child) of
        {Result, Child1} ->
            answer(Waiter, Result),
            Recvs = lists:delete(Waiter, Child1#child.recvs),
            serve(Stream, Child1#child{recvs = Recvs});
        none ->
            more(Stream, Length, Child)
    end.

%% Somebody waits: what was taken is acknowledged now, however little it is,
%% and what would never fit into the window before it is taken.
more(Stream, Length, #child{spec = #{window := Window}, streams = Streams}
     = Child) when Window > 0 ->
    #{Stream := Queue} = Streams,
    {Ack, Queue1} = case Length > Window of
                        true -> proctor_stream:ahead(Queue);
                        false -> proctor_stream:flush(Queue)
                    end,
    Ack > 0 andalso ack(Stream, Ack, Child),
    Child#child{streams = Streams#{Stream := Queue1}};
more(_Stream, _Length, Child) ->
    Child.

take(Stream, Length, #child{streams = Streams, eof = Eof} = Child) ->
    #{Stream := Queue} = Streams,
    Ended = lists:member(Stream, Eof),
    case proctor_stream:take(Length, Queue) of
        {Data, Queue1} -> taken(Stream, Data, Queue1, Child);
        none when not Ended -> none;
        none ->
            case proctor_stream:take(all, Queue) of
                {Data, Queue1} -> taken(Stream, Data, Queue1, Child);
                none -> {{error, closed}, Child}
            end
    end.

taken(Stream, Data, Queue, #child{streams = Streams} = Child) ->
    Child1 = Child#child{streams = Streams#{Stream := Queue}},
    {{ok, Data}, eaten(Stream, byte_size(Data), Child1)}.

message(Stream, Data, #child{spec = #{caller := Caller}, ospid = OsPid,
                             active = Active} = Child) ->
    Caller ! {Stream, OsPid, Data},
    Child1 = eaten(Stream, byte_size(Data), Child),
    case Active of
        true -> Child1;
        once -> Child1#child{active = false};
        _ -> set_active(Active - 1, Child1)
    end.

set_active(Count, #child{spec = #{caller := Caller}, ospid = OsPid} = Child)
  when is_integer(Count), Count =< 0 ->
    Caller ! {passive, OsPid},
    Child#child{active = false};
set_active(Active, Child) ->
    Child#child{active = Active}.

%%% Requests

handle_call({send, Data, Timeout}, From, #child{feed = Feed} = Child) ->
    case proctor_feed:state(Feed) of
        open -> send(Data, Timeout, From, Child);
        none -> reply_to(From, {error, no_stdin}, Child);
        _ -> reply_to(From, {error, closed}, Child)
    end;
handle_call({recv, any, Length, Timeout}, From, #child{spec = Spec} = Child) ->
    Stream = case Spec of
                 #{stdout := none, stderr := owner} -> stderr;
                 _ -> stdout
             end,
    handle_call({recv, Stream, Length, Timeout}, From, Child);
handle_call({recv, Stream, Length, Timeout}, From, #child{spec = Spec,
                                                          active = Active}
            = Child) ->
    case maps:get(Stream, Spec) of
        owner when Active =:= false ->
            recv(Stream, Length, Timeout, From, Child);
        _ ->
            reply_to(From, {error, einval}, Child)
    end;
handle_call({setopts, Options}, From, Child) ->
    reply_to(From, ok, lists:foldl(fun setopt/2, Child, Options));
handle_call(discard, From, Child) ->
    reply_to(From, ok, discard(stderr, discard(stdout, Child)));
handle_call(info, From, Child) ->
    reply_to(From, {ok, info(Child)}, Child);
handle_call(_Request, From, Child) ->
    reply_to(From, {error, badarg}, Child).

reply_to(From, Reply, Child) ->
    reply(From, Reply),
    Child.

reply(none, _Reply) -> ok;
reply(From, Reply) -> gen_server:reply(From, Reply).

setopt({active, N}, #child{active = Old} = Child) when is_integer(N) ->
    Base = case is_integer(Old) of true -> Old; false -> 0 end,
    serve_all(set_active(Base + N, Child));
setopt({active, true}, Child) ->
    serve_all(set_active(true, Child));
setopt({active, Active}, Child) ->
    serve_all(set_active(Active, tie(Child))).

serve_all(Child) ->
    serve(stderr, serve(stdout, Child)).

recv(Stream, Length, Timeout, From, #child{recvs = Recvs} = Child) ->
    {Pid, _} = From,
    Ref = timer(Timeout, recv),
    Waiter = #waiter{ref = Ref, monitor = monitor(process, Pid), from = From,
                     stream = Stream, length = Length},
    serve(Stream, Child#child{recvs = Recvs ++ [Waiter]}).

timer(infinity, _What) -> make_ref();
timer(Timeout, What) -> erlang:start_timer(Timeout, self(), What).

answer(#waiter{ref = Ref, monitor = Monitor, from = From}, Result) ->
    _ = erlang:cancel_timer(Ref),
    true = demonitor(Monitor, [flush]),
    gen_server:reply(From, Result).

%% Who does not live to read must not be given what others could.
forget(Monitor, #child{recvs = Recvs} = Child) ->
    Child#child{recvs = lists:keydelete(Monitor, #waiter.monitor, Recvs)}.

%% From now on nobody wants it, unless it goes into a mailbox anyway.
discard(_Stream, #child{active = true} = Child) ->
    Child;
discard(Stream, #child{spec = Spec, streams = Streams} = Child) ->
    case {Spec, Streams} of
        {#{Stream := owner}, #{Stream := Queue}} ->
            {Bytes, Queue1} = proctor_stream:drop(Queue),
            eaten(Stream, Bytes,
                  Child#child{spec = Spec#{Stream := none},
                              streams = Streams#{Stream := Queue1}});
        _ ->
            Child
    end.

%%% Standard input

send(Data, nowait, From, #child{feed = Feed} = Child) ->
    case proctor_feed:fits(Data, Feed) of
        true ->
            gen_server:reply(From, ok),
            pump(Child#child{feed = proctor_feed:push(Data, none, undefined,
                                                      Feed)});
        false ->
            reply_to(From, {error, busy}, Child)
    end;
send(Data, Timeout, From, #child{feed = Feed} = Child) ->
    Ref = timer(Timeout, send),
    pump(Child#child{feed = proctor_feed:push(Data, From, Ref, Feed)}).

pump(#child{feed = Feed} = Child) ->
    {Steps, Feed1} = proctor_feed:pump(Feed),
    lists:foldl(fun write/2, Child#child{feed = Feed1}, Steps).

write({write, Data, Last, From, Ref},
      #child{ospid = OsPid, link = #{line := Line}} = Child) ->
    is_reference(Ref) andalso Last andalso erlang:cancel_timer(Ref),
    {ok, Frames} = proctor_port:encode(0, {stdin, OsPid, Data}),
    Answer = case Last of true -> From; false -> none end,
    written(Frames, Answer, Line, Child).

%% Where a window limits what is on its way, the last piece's sender may go on
%% at once; else when the port has taken it.
written(Frames, Answer, Line, #child{link = #{dialect := native}} = Child) ->
    _ = proctor_port:write(Line, Frames, none),
    reply_to(Answer, ok, Child);
written(Frames, Answer, Line, Child) ->
    case proctor_port:write(Line, Frames, Answer) of
        waiting when Answer =/= none -> Child#child{wrote = true};
        _ -> Child
    end.

%% The end may overtake the answer to what has led to it: the sender would
%% take that for a failure. The writer answers in order.
await_writer(#child{wrote = true, link = #{line := Line}}) ->
    proctor_port:flush(Line);
await_writer(_Child) ->
    ok.

close_feed(Child) ->
    close_feed({error, closed}, Child).

close_feed(Error, #child{feed = Feed} = Child) ->
    {Waiting, Feed1} = proctor_feed:close(Feed),
    lists:foreach(fun({From, _Ref}) -> gen_server:reply(From, Error) end,
                  Waiting),
    Child#child{feed = Feed1}.

%%% The end

-spec finish(term(), #child{}) -> no_return().
finish(Reason, #child{spec = Spec, recvs = Recvs, ospid = OsPid} = Child) ->
    #{reply := Reply, monitor := Monitor, exit := Exit, caller := Caller}
        = Spec,
    Closed = case Reason of
                 {port_exit, _} -> {error, port_closed};
                 _ -> {error, closed}
             end,
    lists:foreach(fun(Waiter) -> answer(Waiter, Closed) end, Recvs),
    _ = close_feed(Closed, Child),
    ok = await_writer(Child),
    case Reply of
        run ->
            is_map(Child#child.exit) andalso Exit
                andalso (Caller ! {exit, OsPid, Child#child.exit}),
            Monitor andalso (Caller ! {'DOWN', OsPid, process, self(),
                                       Reason}),
            leave(Reason, Child);
        sync ->
            gen_server:reply(Child#child.from,
                             sync(Reason, streams(Child))),
            leave(normal, Child);
        full ->
            gen_server:reply(Child#child.from, full(Reason, Child)),
            leave(normal, Child)
    end.

%% An end that is normal would not end what is linked.
-spec leave(term(), #child{}) -> no_return().
leave(Reason, #child{sink = Sink}) ->
    is_pid(Sink) andalso exit(Sink, kill),
    exit(Reason).

sync(normal, Streams) ->
    {ok, Streams};
sync({exit_status, _} = Status, Streams) ->
    {error, [Status | Streams]};
sync({port_exit, _}, _Streams) ->
    {error, port_closed};
sync(Reason, _Streams) ->
    {error, Reason}.

streams(#child{collected = {Out, Err}, exit = Exit}) ->
    [{Stream, lists:reverse(List)}
     || {Stream, [_ | _] = List} <- [{stdout, Out}, {stderr, Err}]]
    ++ [{truncated, Cut} || #{truncated := [_ | _] = Cut} <- [Exit]].

%% All there is to know, and why it ended before its time, if it did.
full(_Reason, #child{exit = #{status := Status} = Exit,
                     collected = {Out, Err}, ospid = OsPid} = Child) ->
    Result = #{status => Status, reason => maps:get(reason, Exit),
               usage => maps:get(usage, Exit, #{}), ospid => OsPid,
               truncated => maps:get(truncated, Exit, []),
               stdout => iolist_to_binary(lists:reverse(Out)),
               stderr => iolist_to_binary(lists:reverse(Err))},
    case Child of
        #child{kept = too_many} -> {ok, Result#{reason := max_output}};
        #child{expired = true} -> {ok, Result#{reason := timeout}};
        #child{} -> {ok, Result}
    end;
full({port_exit, _}, _Child) ->
    {error, port_closed};
full(Reason, _Child) ->
    {error, Reason}.

info(#child{ospid = OsPid, spec = Spec, streams = Streams, feed = Feed,
            active = Active, busy = Busy, recvs = Recvs, started = Started}) ->
    #{stdout := Out, stderr := Err} = Streams,
    {message_queue_len, Messages} = process_info(self(), message_queue_len),
    #{pid => self(), ospid => OsPid, command => maps:get(command, Spec),
      caller => maps:get(caller, Spec), active => Active,
      window => maps:get(window, Spec),
      uptime_ms => erlang:monotonic_time(millisecond) - Started,
      bytes => #{stdin => proctor_feed:total(Feed),
                 stdout => proctor_stream:total(Out),
                 stderr => proctor_stream:total(Err)},
      queued => #{stdin => proctor_feed:size(Feed),
                  stdout => proctor_stream:size(Out),
                  stderr => proctor_stream:size(Err),
                  sink => Busy, messages => Messages},
      stdin_unacked => proctor_feed:unacked(Feed),
      receivers => length(Recvs)}.
