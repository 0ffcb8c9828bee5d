%% @doc The light process that stands for one OS process: everything its owner
%% hears about that comes from here, so it comes in order. It holds the output
%% that nobody has taken yet, acknowledges what was taken, and lets no more
%% than a window of standard input leave. It ends when the OS process has
%% ended and all is taken, with `normal', `{exit_status, Status}' or `timeout'.
%% If it ends earlier the server, which monitors it, stops the OS process.
%%
%% It is a `gen_statem' and not a loop of its own: a process that waits in a
%% loop of this module would be killed when a second new version of it is
%% loaded, and its command with it, unless a message had come meanwhile. What
%% that costs is in `regress/bench/README.md'. It is in one of these states:
%%
%% <dl>
%% <dt>`offered'</dt><dd>Its caller, which does not wait for ever, may have
%%   given up already. It has the answer of the call, and nothing else is sent
%%   to it until it has said that it took that.</dd>
%% <dt>`running'</dt><dd>The OS process lives, as far as is known.</dd>
%% <dt>`draining'</dt><dd>It has ended, and some of its output waits to be
%%   taken. What becomes of the port program does not matter any more.</dd>
%% </dl>
-module(proctor_child).
-behaviour(gen_statem).

-export([start/4, output/3, event/2, cancel/1]).
-export([confirm/2, send/3, recv/4, setopts/2, discard/2, infos/2]).
-export([enter/5, init/1, callback_mode/0, offered/3, running/3, draining/3,
         format_status/1, code_change/4]).

-export_type([event/0]).

-type event() :: {exit, proctor_exit:exit()}
               | {eof, stdin | stdout | stderr}
               | {stdin_ack, non_neg_integer()}.

%% Bytes that a stream that nobody reads before the end may leave with it.
-define(KEPT, 1048576).

%% Who waits to receive something of a stream: by the monitor of that process.
-record(waiter, {monitor :: reference(),
                 timer :: reference() | undefined,
                 from :: gen_server:from(),
                 length :: non_neg_integer()}).

%% What the writer may still take to answer who has sent something, at the end.
-define(LAST_WORDS, 5000).

%% Bytes that may have gone on and not been forgotten.
-define(GARBAGE, 65536).

-record(child, {ospid :: proctor:ospid(),
                server :: reference(),
                %% The monitor of a caller whose end is our end.
                caller_ref :: undefined | reference(),
                link :: proctor_server:link(),
                from :: gen_server:from(),
                spec :: proctor_run_options:spec(),
                active :: proctor:active(),
                streams = #{stdout => proctor_stream:new(),
                            stderr => proctor_stream:new()}
                    :: #{stdout | stderr => proctor_stream:stream()},
                eof = [] :: [stdout | stderr],
                feed :: proctor_feed:feed(),
                passed = 0 :: non_neg_integer(),
                %% Whether the writer was ever left to answer a sender, and
                %% those of these that do not wait for ever.
                wrote = false :: boolean(),
                writing = #{} :: #{reference() => gen_server:from()},
                recvs = #{stdout => proctor_fifo:new(),
                          stderr => proctor_fifo:new()}
                    :: #{stdout | stderr => proctor_fifo:fifo(#waiter{})},
                sink :: undefined | pid(),
                %% Pieces that the sink has not done with.
                busy = 0 :: non_neg_integer(),
                %% Collected bytes, or that there were too many.
                kept = 0 :: non_neg_integer() | too_many,
                collected = {[], []} :: {[binary()], [binary()]},
                expired = false :: boolean(),
                %% Whether our readers held up the end at the last look.
                held = false :: boolean(),
                exit :: undefined | proctor_exit:exit(),
                started = erlang:monotonic_time(millisecond) :: integer()}).

%% @doc Starts the process of `OsPid'. It answers the caller of
%% {@link proctor:run/2} itself: at once, or at the end if that waits.
-spec start(proctor:ospid(), gen_server:from(), proctor_run_options:spec(),
            proctor_server:link()) -> pid().
start(OsPid, From, Spec, Link) ->
    %% Nobody waits until it runs.
    proc_lib:spawn(?MODULE, enter, [self(), OsPid, From, Spec, Link]).

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

%% @doc The caller of that run has given up: what has become of it is to go,
%% without a word to the caller.
-spec cancel(pid()) -> ok.
cancel(Pid) ->
    gen_statem:cast(Pid, cancel).

%% @doc The caller of that run has its answer.
-spec confirm(pid(), reference()) -> ok | {error, term()}.
confirm(Pid, Ref) ->
    call(Pid, {confirm, Ref}, infinity).

%% @doc Writes to the standard input, or closes it. With `nowait' it is `busy'
%% if it would have to wait. It keeps the time itself.
-spec send(pid(), binary() | eof, timeout() | nowait) -> ok | {error, term()}.
send(Pid, Data, Timeout) ->
    call(Pid, {send, Data, Timeout}, infinity).

%% @doc Takes so many bytes of a stream, or with 0 what there is; `any' is
%% standard output, or standard error if there is only that.
-spec recv(pid(), stdout | stderr | any, non_neg_integer(), timeout()) ->
    {ok, binary()} | {error, term()}.
recv(Pid, Stream, Length, Timeout) ->
    call(Pid, {recv, Stream, Length, Timeout}, infinity).

%% @doc Sets `{active, ...}'.
-spec setopts(pid(), [{active, proctor:active() | neg_integer()}]) ->
    ok | {error, term()}.
setopts(Pid, Options) ->
    call(Pid, {setopts, Options}, infinity).

%% @doc From now on nobody wants its output.
-spec discard(pid(), timeout()) -> ok | {error, term()}.
discard(Pid, Timeout) ->
    call(Pid, discard, Timeout).

%% @doc What each of several knows of itself, asked all at once, so that one
%% that is slow holds nobody up; those that do not say it in so many
%% milliseconds are left out.
-spec infos([pid()], non_neg_integer()) -> [map()].
infos(Pids, Timeout) ->
    Asked = [gen_server:send_request(Pid, info) || Pid <- Pids],
    Deadline = erlang:monotonic_time(millisecond) + Timeout,
    [Info || Request <- Asked,
             {reply, {ok, Info}}
                 <- [gen_server:receive_response(Request, {abs, Deadline})]].

call(Pid, Request, Timeout) ->
    RequestId = gen_server:send_request(Pid, Request),
    case gen_server:receive_response(RequestId, Timeout) of
        {reply, Reply} -> Reply;
        timeout -> {error, timeout};
        {error, {{port_exit, _}, _}} -> {error, port_closed};
        {error, {no_answer, _}} -> {error, no_answer};
        {error, {noconnection, _}} -> {error, noconnection};
        {error, _} -> {error, closed}
    end.

%%% gen_statem

%% @private
-spec enter(pid(), proctor:ospid(), gen_server:from(),
            proctor_run_options:spec(), proctor_server:link()) -> no_return().
enter(Server, OsPid, From, #{group_leader := GroupLeader} = Spec, Link) ->
    process_flag(trap_exit, true),
    ok = proctor_owner:add(self(), {Server, OsPid}),
    %% The server may be gone, and its name with it, before that is looked for.
    _ = put('$ancestors', [Server]),
    true = group_leader(GroupLeader, self()),
    Child = #child{ospid = OsPid, server = monitor(process, Server),
                   link = Link, from = From, spec = Spec,
                   active = maps:get(active, Spec), feed = feed(Spec, Link)},
    State = case Spec of
                #{offer := true} -> offered;
                #{} -> running
            end,
    try input(limit(announce(Child))) of
        Child1 -> gen_statem:enter_loop(?MODULE, [], State, Child1)
    catch
        Class:Reason:Stack -> failed({Class, Reason, Stack}, Child)
    end.

%% @private What the behaviour asks for: enter/5 goes another way.
-spec init(#child{}) -> {ok, running, #child{}}.
init(Child) ->
    {ok, running, Child}.

%% @private
-spec callback_mode() -> state_functions.
callback_mode() ->
    state_functions.

%% @private
-spec offered(gen_statem:event_type(), term(), #child{}) ->
    gen_statem:event_handler_result(running | draining, #child{}).
offered({call, From}, {confirm, Ref}, #child{spec = #{ref := Ref},
                                             link = #{server := Server}}
        = Child) ->
    ok = proctor_server:confirm(Server, self()),
    {next_state, running, demonitor_caller(Child), [{reply, From, ok}]};
offered(cast, cancel, Child) ->
    withdraw(normal, Child);
offered(info, {'DOWN', Server, process, _, Reason},
        #child{server = Server} = Child) ->
    withdraw({port_exit, port_exit(Reason)}, Child);
offered(info, {'DOWN', Ref, process, _, _}, #child{caller_ref = Ref} = Child) ->
    withdraw(normal, Child);
offered(info, {nodedown, _}, Child) ->
    withdraw(normal, Child);
offered(_Type, _Content, _Child) ->
    {keep_state_and_data, [postpone]}.

%% @private
-spec running(gen_statem:event_type(), term(), #child{}) ->
    gen_statem:event_handler_result(running | draining, #child{}).
running(Type, Content, Child) ->
    handle(Type, Content, Child).

%% @private
-spec draining(gen_statem:event_type(), term(), #child{}) ->
    gen_statem:event_handler_result(running | draining, #child{}).
draining(info, {'DOWN', Server, process, _, _}, #child{server = Server}) ->
    keep_state_and_data;
draining(Type, Content, Child) ->
    handle(Type, Content, Child).

%% @private
-spec code_change(term(), atom(), #child{}, term()) ->
    {ok, atom(), #child{}}.
code_change(_Old, State, Child, _Extra) ->
    {ok, State, Child}.

%% @private Nothing that the OS process was given, or has written.
-spec format_status(gen_statem:format_status()) -> gen_statem:format_status().
format_status(Status) ->
    maps:map(fun(data, #child{} = Child) -> shown(Child);
                (Key, Events) when Key =:= queue; Key =:= postponed ->
                     length(Events);
                (log, _) -> [];
                (reason, {Class, Reason, Stack}) ->
                     {Class, proctor_log:failure(Reason),
                      proctor_log:stack(Stack)};
                (_, Value) -> Value
             end, Status).

shown(#child{spec = Spec, exit = Exit} = Child) ->
    Info = info(Child),
    (maps:with([ospid, caller, active, window, uptime_ms, bytes, queued,
                receivers], Info))#{program =>
                                        proctor_log:program(
                                          maps:get(command, Spec)),
                                    exit => Exit}.

%% What has failed must say neither arguments nor data: the report of
%% gen_statem would have the message, and that of proc_lib the stack.
handle(Type, Content, Child) ->
    try dispatch(Type, Content, Child) of
        #child{exit = undefined} = Child1 -> maybe_gc(running, Child1);
        Child1 -> maybe_gc(draining, Child1)
    catch
        Class:Reason:Stack -> failed({Class, Reason, Stack}, Child)
    end.

%% Output only passes through. Left to itself, each of us might keep hundreds
%% of kilobytes of it, and there may be thousands. To sleep is to forget, also
%% what gen_statem has of the last event.
maybe_gc(State, #child{passed = Passed} = Child) when Passed < ?GARBAGE ->
    {next_state, State, Child};
maybe_gc(State, Child) ->
    {next_state, State, Child#child{passed = 0}, [hibernate]}.

-spec failed({atom(), term(), list()}, #child{}) -> no_return().
failed(Failure, #child{ospid = OsPid} = Child) ->
    Who = io_lib:format("the process of ~w", [OsPid]),
    leave(proctor_log:failed(Who, Failure), Child).

dispatch({call, From}, Request, Child) ->
    maybe_finish(handle_call(Request, From, Child));
dispatch(cast, cancel, Child) ->
    withdraw(normal, Child);
dispatch(cast, _Message, Child) ->
    Child;
dispatch(info, Message, Child) ->
    handle_info(Message, Child).

feed(#{stdin := false}, _Link) ->
    proctor_feed:closed();
feed(#{stdin_window := Window}, #{dialect := native}) ->
    proctor_feed:new(Window);
feed(_Spec, _Link) ->
    proctor_feed:new(infinity).

%% The link must stand before the caller knows. Whoever waits for something
%% and dies leaves an OS process nobody could ever hear of: it is stopped.
announce(#child{spec = #{caller := Caller} = Spec, ospid = OsPid} = Child) ->
    linked(Spec) andalso link(Caller),
    node(Caller) =:= node() orelse monitor_node(node(Caller), true),
    Child1 = case tied(Spec) orelse is_map_key(offer, Spec) of
                 true -> monitor_caller(Child);
                 false -> Child
             end,
    gen_server:reply(Child#child.from, {ok, self(), OsPid}),
    Child1.

%% A caller that waits for the end is tied, and has its answer; the signal of a
%% link would be one more.
linked(#{link := Link, reply := Reply}) ->
    Link andalso Reply =:= run.

tied(#{reply := run, monitor := false, active := true}) -> false;
tied(_) -> true.

monitor_caller(#child{caller_ref = undefined, spec = #{caller := Caller}}
               = Child) ->
    Child#child{caller_ref = monitor(process, Caller)};
monitor_caller(Child) ->
    Child.

demonitor_caller(#child{spec = Spec, caller_ref = Ref} = Child) ->
    case tied(Spec) of
        true ->
            Child;
        false ->
            true = demonitor(Ref, [flush]),
            Child#child{caller_ref = undefined}
    end.

%% Nothing of it reaches the caller, which has another answer.
-spec withdraw(term(), #child{}) -> no_return().
withdraw(Reason, #child{spec = #{caller := Caller}} = Child) ->
    true = unlink(Caller),
    leave(Reason, Child).

%% A port program that keeps no time leaves that to us. After all that it may
%% need for the end we wait no longer for what it says of it.
limit(#child{spec = #{timeout := Timeout} = Spec, link = Link} = Child)
  when is_integer(Timeout) ->
    #{dialect := Dialect} = Link,
    _ = Dialect =:= exec_port
        andalso erlang:start_timer(Timeout, self(), expired),
    case Spec of
        #{patience := Ms} when is_integer(Ms) ->
            _ = erlang:start_timer(Ms + linger(Spec, Link), self(), no_answer),
            Child;
        #{} ->
            Child
    end;
limit(Child) ->
    Child.

%% What the instance was started with is for those that do not wait.
linger(#{reply := run}, #{linger := Ms}) -> Ms;
linger(_Spec, _Link) -> 0.

input(#child{spec = #{input := none}} = Child) ->
    Child;
input(#child{spec = #{input := Data}, feed = Feed} = Child) ->
    Feed1 = proctor_feed:push(Data, none, undefined, Feed),
    pump(Child#child{feed = proctor_feed:push(eof, none, undefined, Feed1)}).

handle_info({?MODULE, output, Stream, Data}, Child) ->
    #child{passed = Passed} = Child1 = deliver(Stream, Data, Child),
    Child1#child{passed = Passed + byte_size(Data)};
handle_info({?MODULE, Event}, Child) ->
    maybe_finish(handle_event(Event, Child));
handle_info({proctor_sink, Stream, Bytes}, #child{busy = Busy} = Child) ->
    maybe_finish(consumed(Stream, Bytes, Child#child{busy = Busy - 1}));
handle_info({timeout, Ref, What}, Child) ->
    handle_timeout(What, Ref, Child);
handle_info({'DOWN', Server, process, _, Reason},
            #child{server = Server} = Child) ->
    finish({port_exit, port_exit(Reason)}, Child);
handle_info({'DOWN', Ref, process, _, Reason},
            #child{caller_ref = Ref} = Child) ->
    orphaned(Reason, Child);
handle_info({'DOWN', Monitor, process, _, _}, Child) ->
    {_, Child1} = forget(Monitor, Child),
    Child1;
handle_info({nodedown, _}, Child) ->
    leave(normal, Child);
handle_info({'EXIT', Sink, Reason}, #child{sink = Sink} = Child) ->
    finish({exit, Reason}, Child#child{sink = undefined});
handle_info({'EXIT', Caller, Reason},
            #child{spec = #{caller := Caller, link := true}} = Child) ->
    orphaned(Reason, Child);
handle_info({'EXIT', _, Reason}, Child) when Reason =/= normal ->
    finish({exit, Reason}, Child);
handle_info(_Message, Child) ->
    Child.

port_exit({shutdown, {port_exit, Status}}) -> Status;
port_exit(Reason) -> Reason.

%% The caller is gone. A linked one leaves with its reason.
-spec orphaned(term(), #child{}) -> no_return().
orphaned(Reason, #child{spec = #{link := true, reply := run}} = Child) ->
    finish({exit, Reason}, Child);
orphaned(_Reason, Child) ->
    leave(normal, Child).

%% All that is over, and nobody has anything left to take: the end.
maybe_finish(#child{exit = Exit, busy = Busy} = Child)
  when Exit =:= undefined; Busy > 0 ->
    Child;
maybe_finish(#child{streams = Streams} = Child) ->
    case lists:all(fun(S) -> proctor_stream:size(S) =:= 0 end,
                   maps:values(Streams)) of
        true -> finish(ended, Child);
        false -> Child
    end.

%%% Events

handle_event({exit, Exit}, #child{expired = Expired} = Child) ->
    Exit1 = case Expired of
                true -> proctor_exit:timed_out(Exit);
                false -> Exit
            end,
    Child1 = close_feed(Child#child{exit = Exit1}),
    deliver_both(Child1#child{eof = [stdout, stderr]});
handle_event({eof, stdin}, Child) ->
    close_feed(Child);
handle_event({eof, Stream}, #child{eof = Eof} = Child) ->
    deliver_queued(Stream, Child#child{eof = [Stream | Eof]});
handle_event({stdin_ack, Bytes}, #child{feed = Feed} = Child) ->
    pump(Child#child{feed = proctor_feed:acked(Bytes, Feed)}).

handle_timeout(expired, _Ref, #child{exit = undefined} = Child) ->
    ok = stop(Child),
    Child#child{expired = true};
handle_timeout(no_answer, _Ref, #child{exit = undefined} = Child) ->
    silent(held_up(Child), Child);
handle_timeout(What, _Ref, Child)
  when What =:= expired; What =:= no_answer ->
    Child;
handle_timeout({recv, Monitor}, _Ref, Child) ->
    {Waiters, Child1} = forget(Monitor, Child),
    _ = [answer(Waiter, {error, timeout}) || Waiter <- Waiters],
    Child1;
handle_timeout(send, Ref, #child{feed = Feed, writing = Writing} = Child) ->
    {From, Feed1} = proctor_feed:drop(Ref, Feed),
    reply(From, {error, timeout}),
    %% What the writer has goes on; its answer will find nobody.
    reply(maps:get(Ref, Writing, none), {error, timeout}),
    Child#child{feed = Feed1, writing = maps:remove(Ref, Writing)}.

%% The end comes behind all output, and that waits where a reader of ours takes
%% its time, or did until a moment ago.
silent(false, #child{held = false} = Child) ->
    finish(no_answer, Child);
silent(Held, Child) ->
    _ = erlang:start_timer(proctor_await:margin(), self(), no_answer),
    Child#child{held = Held}.

held_up(#child{busy = Busy, streams = Streams}) ->
    Busy > 0 orelse lists:any(fun(S) -> proctor_stream:size(S) > 0 end,
                              maps:values(Streams)).

stop(#child{link = #{server := Server}}) ->
    proctor_server:stop_child(Server, self()).

%%% Output

deliver(Stream, Data, #child{spec = Spec} = Child) ->
    deliver(maps:get(Stream, Spec), Stream, Data, Child).

deliver(collect, Stream, Data, Child) ->
    consumed(Stream, byte_size(Data),
             count(Stream, Data, collect(Stream, Data, Child)));
deliver(owner, Stream, Data, #child{streams = Streams} = Child) ->
    #{Stream := Queue} = Streams,
    Queue1 = proctor_stream:put(Data, Queue),
    deliver_queued(Stream, Child#child{streams = Streams#{Stream := Queue1}});
deliver(Pid, Stream, Data, #child{ospid = OsPid} = Child)
  when is_pid(Pid) ->
    Pid ! {Stream, OsPid, Data},
    consumed(Stream, byte_size(Data), count(Stream, Data, Child));
deliver(none, Stream, Data, Child) ->
    consumed(Stream, byte_size(Data), count(Stream, Data, Child));
deliver(Sink, Stream, Data, #child{sink = undefined, ospid = OsPid} = Child) ->
    deliver(Sink, Stream, Data,
            Child#child{sink = proctor_sink:start_link(OsPid)});
deliver(Sink, Stream, Data, #child{sink = Pid, busy = Busy} = Child) ->
    ok = proctor_sink:put(Pid, Sink, Stream, Data),
    count(Stream, Data, Child#child{busy = Busy + 1}).

%% What is not kept in a queue is counted there nevertheless.
count(Stream, Data, #child{streams = Streams} = Child) ->
    #{Stream := Queue} = Streams,
    {_, Queue1} = proctor_stream:drop(proctor_stream:put(Data, Queue)),
    Child#child{streams = Streams#{Stream := Queue1}}.

%% Who waits for all of it has too much: it is stopped. What is only wanted with
%% the end is kept as far as it goes.
collect(_Stream, _Data, #child{kept = too_many} = Child) ->
    Child;
collect(Stream, Data, #child{kept = Kept, spec = #{max_output := Max,
                                                   reply := Reply}}
        = Child) ->
    Most = case Reply of run -> min(Max, ?KEPT); _ -> Max end,
    case Kept + byte_size(Data) of
        Sum when Sum > Most ->
            Child1 = keep(Stream, binary:part(Data, 0, Most - Kept),
                          Child#child{kept = too_many}),
            case Reply of
                run -> Child1;
                _ -> ok = stop(Child), Child1
            end;
        Sum ->
            keep(Stream, Data, Child#child{kept = Sum})
    end.

keep(stdout, Data, #child{collected = {Out, Err}} = Child) ->
    Child#child{collected = {[Data | Out], Err}};
keep(stderr, Data, #child{collected = {Out, Err}} = Child) ->
    Child#child{collected = {Out, [Data | Err]}}.

%% So much has been dealt with; the port program may send as much again.
consumed(Stream, Bytes, #child{spec = #{window := Window}, streams = Streams,
                               exit = Exit} = Child) ->
    #{Stream := Queue} = Streams,
    {Ack, Queue1} = proctor_stream:consumed(Bytes, Window, Queue),
    Ack > 0 andalso Exit =:= undefined andalso ack(Stream, Ack, Child),
    Child#child{streams = Streams#{Stream := Queue1}}.

ack(Stream, Bytes, #child{ospid = OsPid, link = #{dialect := native,
                                                  writer := Writer}}) ->
    {ok, Frames} = proctor_port:encode(0, {ack, OsPid, Stream, Bytes}),
    _ = proctor_port:write(Writer, Frames, none),
    ok;
ack(_Stream, _Bytes, _Child) ->
    ok.

%% Give what has come to those who want it: messages, or whoever waits.
deliver_queued(Stream, #child{active = false, recvs = Recvs} = Child) ->
    #{Stream := Waiters} = Recvs,
    case proctor_fifo:peek(Waiters) of
        {value, Waiter} -> deliver_queued(Waiter, Stream, Child);
        empty -> Child
    end;
deliver_queued(Stream, #child{streams = Streams} = Child) ->
    #{Stream := Queue} = Streams,
    case proctor_stream:take(0, Queue) of
        {Data, Queue1} ->
            Child1 = Child#child{streams = Streams#{Stream := Queue1}},
            deliver_queued(Stream, message(Stream, Data, Child1));
        none ->
            Child
    end.

deliver_queued(#waiter{length = Length} = Waiter, Stream, Child) ->
    case take(Stream, Length, Child) of
        {Result, Child1} ->
            answer(Waiter, Result),
            #child{recvs = #{Stream := Waiters} = Recvs} = Child1,
            Rest = Recvs#{Stream := proctor_fifo:drop(Waiters)},
            deliver_queued(Stream, Child1#child{recvs = Rest});
        none ->
            ack_early(Stream, Length, Child)
    end.

%% Somebody waits: what was taken is acknowledged now, however little it is,
%% and what would never fit into the window before it is taken.
ack_early(Stream, Length,
          #child{spec = #{window := Window}, streams = Streams} = Child)
  when Window > 0 ->
    #{Stream := Queue} = Streams,
    {Ack, Queue1} = case Length > Window of
                        true -> proctor_stream:ahead(Queue);
                        false -> proctor_stream:flush(Queue)
                    end,
    Ack > 0 andalso ack(Stream, Ack, Child),
    Child#child{streams = Streams#{Stream := Queue1}};
ack_early(_Stream, _Length, Child) ->
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
    {{ok, Data}, consumed(Stream, byte_size(Data), Child1)}.

message(Stream, Data, #child{spec = #{caller := Caller}, ospid = OsPid,
                             active = Active} = Child) ->
    Caller ! {Stream, OsPid, Data},
    Child1 = consumed(Stream, byte_size(Data), Child),
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
    reply_to(From, ok, discard_stream(stderr, discard_stream(stdout, Child)));
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
    deliver_both(set_active(Base + N, Child));
setopt({active, true}, Child) ->
    deliver_both(set_active(true, Child));
setopt({active, Active}, Child) ->
    deliver_both(set_active(Active, monitor_caller(Child))).

deliver_both(Child) ->
    deliver_queued(stderr, deliver_queued(stdout, Child)).

recv(Stream, Length, Timeout, From, #child{recvs = Recvs} = Child) ->
    {Pid, _} = From,
    Monitor = monitor(process, Pid),
    Waiter = #waiter{monitor = Monitor, timer = timer(Timeout, {recv, Monitor}),
                     from = From, length = Length},
    #{Stream := Waiters} = Recvs,
    Waiters1 = proctor_fifo:in(Monitor, Waiter, Waiters),
    deliver_queued(Stream, Child#child{recvs = Recvs#{Stream := Waiters1}}).

timer(infinity, _What) -> undefined;
timer(Timeout, What) -> erlang:start_timer(Timeout, self(), What).

answer(#waiter{timer = Timer, monitor = Monitor, from = From}, Result) ->
    ok = stop_timer(Timer),
    true = demonitor(Monitor, [flush]),
    gen_server:reply(From, Result).

%% Who does not live to read must not be given what others could. Nobody waits
%% for both streams.
forget(Monitor, #child{recvs = Recvs} = Child) ->
    lists:foldl(
      fun({Stream, Waiters}, {Found, Acc}) ->
          case proctor_fifo:take(Monitor, Waiters) of
              {Waiter, Rest} ->
                  {[Waiter | Found],
                   Acc#child{recvs = Recvs#{Stream := Rest}}};
              error ->
                  {Found, Acc}
          end
      end, {[], Child}, maps:to_list(Recvs)).

%% From now on nobody wants it, unless it goes into a mailbox anyway.
discard_stream(_Stream, #child{active = true} = Child) ->
    Child;
discard_stream(Stream, #child{spec = Spec, streams = Streams} = Child) ->
    case {Spec, Streams} of
        {#{Stream := owner}, #{Stream := Queue}} ->
            {Bytes, Queue1} = proctor_stream:drop(Queue),
            consumed(Stream, Bytes,
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

write({write, Data, Last, From, Ref}, #child{ospid = OsPid} = Child) ->
    {ok, Frames} = proctor_port:encode(0, {stdin, OsPid, Data}),
    Answer = case Last of true -> From; false -> none end,
    written(Frames, Answer, Ref, Child).

%% Where a window limits what is on its way, the last piece's sender may go on
%% at once; else when the port has taken it.
written(Frames, Answer, Ref, #child{link = #{dialect := native,
                                            writer := Writer}} = Child) ->
    _ = proctor_port:write(Writer, Frames, none),
    Answer =:= none orelse stop_timer(Ref),
    reply_to(Answer, ok, Child);
written(Frames, Answer, Ref, #child{link = #{writer := Writer}} = Child) ->
    case proctor_port:write(Writer, Frames, Answer) of
        waiting when Answer =/= none ->
            patient(Ref, Answer, Child#child{wrote = true});
        _ ->
            Answer =:= none orelse stop_timer(Ref),
            Child
    end.

%% Its timer is still to answer it, if it has one.
patient(undefined, _Answer, Child) ->
    Child;
patient(Ref, Answer, #child{writing = Writing} = Child) ->
    case erlang:read_timer(Ref) of
        false -> Child;
        _ -> Child#child{writing = Writing#{Ref => Answer}}
    end.

stop_timer(undefined) -> ok;
stop_timer(Ref) -> _ = erlang:cancel_timer(Ref), ok.

%% The end may overtake the answer to what has led to it: the sender would
%% take that for a failure. The writer answers in order.
await_writer(#child{wrote = true, link = #{writer := Writer}}) ->
    proctor_port:flush(Writer, ?LAST_WORDS);
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

%% It is `ended', the OS process; or something else ends this one.
-spec finish(ended | no_answer | {port_exit | exit, term()}, #child{}) ->
    no_return().
finish(Why, #child{spec = #{reply := Reply}, recvs = Recvs} = Child) ->
    Error = case Why of
                {port_exit, _} -> {error, port_closed};
                no_answer -> {error, no_answer};
                _ -> {error, closed}
            end,
    lists:foreach(fun(Waiter) -> answer(Waiter, Error) end,
                  lists:append([proctor_fifo:to_list(Waiters)
                                || Waiters <- maps:values(Recvs)])),
    _ = close_feed(Error, Child),
    ok = await_writer(Child),
    case Reply of
        run -> leave(say(Why, Child), Child);
        sync -> result(sync(Why, Child), Child);
        full -> result(full(Why, Child), Child)
    end.

say(Why, #child{spec = Spec, ospid = OsPid, exit = Exit} = Child) ->
    #{monitor := Monitor, exit := Wanted, caller := Caller} = Spec,
    Reason = case Why of
                 ended -> proctor_exit:reason(Exit);
                 {exit, Other} -> Other;
                 _ -> Why
             end,
    is_map(Exit) andalso Wanted
        andalso (Caller ! {exit, OsPid, with_collected(Child)}),
    Monitor andalso (Caller ! {'DOWN', OsPid, process, self(), Reason}),
    Reason.

with_collected(#child{exit = Exit, spec = Spec, collected = {Out, Err},
                      kept = Kept}) ->
    #{truncated := Truncated} = Exit,
    Collected = maps:from_list(
                  [{Stream, iolist_to_binary(lists:reverse(List))}
                   || {Stream, List} <- [{stdout, Out}, {stderr, Err}],
                      maps:get(Stream, Spec) =:= collect]),
    Cut = case Kept of
              too_many -> maps:keys(Collected);
              _ -> []
          end,
    maps:merge(Exit#{truncated := lists:usort(Truncated ++ Cut)}, Collected).

%% Its name is an alias of the caller: if that has given up nothing arrives.
-spec result(term(), #child{}) -> no_return().
result(Result, #child{spec = #{ref := Alias}} = Child) ->
    Alias ! {Alias, Result},
    leave(normal, Child).

%% An end that is normal would not end what is linked.
-spec leave(term(), #child{}) -> no_return().
leave(Reason, #child{sink = Sink}) ->
    is_pid(Sink) andalso exit(Sink, kill),
    ok = proctor_owner:remove(self()),
    proctor_exit:quit(Reason).

%% What a call with `sync' returns.
sync(ended, #child{exit = #{reason := timeout, raw := Raw}} = Child) ->
    {error, {timeout, [{exit_status, Raw} | streams(Child)]}};
sync(ended, #child{exit = #{reason := shutdown}} = Child) ->
    {error, {port_closed, streams(Child)}};
sync(ended, #child{exit = Exit} = Child) ->
    case proctor_exit:reason(Exit) of
        normal -> {ok, streams(Child)};
        Status -> {error, [Status | streams(Child)]}
    end;
sync({port_exit, _}, Child) ->
    {error, {port_closed, streams(Child)}};
sync(no_answer, Child) ->
    {error, {no_answer, streams(Child)}};
sync({exit, Reason}, _Child) ->
    {error, Reason}.

streams(#child{collected = {Out, Err}, exit = Exit}) ->
    [{Stream, lists:reverse(List)}
     || {Stream, [_ | _] = List} <- [{stdout, Out}, {stderr, Err}]]
        ++ [{truncated, Cut} || #{truncated := [_ | _] = Cut} <- [Exit]].

%% All there is to know, and why it ended before its time, if it did.
full(ended, #child{kept = too_many, exit = Exit} = Child) ->
    {ok, full_result(Exit#{reason := max_output}, Child)};
full(ended, #child{exit = #{reason := shutdown} = Exit} = Child) ->
    {ok, full_result(Exit#{reason := port_closed}, Child)};
full(ended, #child{exit = Exit} = Child) ->
    {ok, full_result(Exit, Child)};
full({port_exit, _}, Child) ->
    {ok, full_result(proctor_exit:unknown(port_closed), Child)};
full(no_answer, Child) ->
    {ok, full_result(proctor_exit:unknown(no_answer), Child)};
full({exit, Reason}, _Child) ->
    {error, Reason}.

full_result(Exit, #child{collected = {Out, Err}, ospid = OsPid}) ->
    proctor_exit:result(Exit, OsPid, {lists:reverse(Out), lists:reverse(Err)}).

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
      receivers => lists:sum([proctor_fifo:size(Waiters)
                              || Waiters <- maps:values(Recvs)])}.
