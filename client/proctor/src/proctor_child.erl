%% @doc The light process that stands for one OS process: everything its owner
%% hears about that comes from here, so it comes in order. It holds the output
%% that nobody has taken yet ({@link proctor_output}), lets no more than a
%% window of standard input leave ({@link proctor_input}), and says how it
%% ended ({@link proctor_result}). It ends when the OS process has ended and all
%% is taken, with `normal', `{exit_status, Status}' or `timeout'. If it ends
%% earlier the server, which monitors it, stops the OS process.
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
%% <dt>`ended'</dt><dd>All is told and taken but the exit, for which it stays:
%%   see {@link proctor:await/2}.</dd>
%% </dl>
-module(proctor_child).
-behaviour(gen_statem).

-export([start/4, output/3, event/2, cancel/1, info/4]).
-export([enter/5, init/1, callback_mode/0, offered/3, running/3, draining/3,
         ended/3, format_status/1, code_change/4]).

-export_type([event/0]).

-type event() :: {exit, proctor_exit:exit()}
               | {eof, stdin | stdout | stderr}
               | {stdin_ack, non_neg_integer()}
               | {cgroup, proctor_cgroup:events()}.

%% Bytes that may have gone on and not been forgotten.
-define(GARBAGE, 65536).

-record(child, {ospid :: proctor:ospid(),
                server :: reference(),
                %% The monitor of a caller whose end is our end.
                caller_ref :: undefined | reference(),
                link :: proctor_server:link(),
                from :: gen_server:from(),
                spec :: proctor_run_options:spec(),
                %% There once the caller knows of the process.
                input :: undefined | proctor_input:input(),
                output :: proctor_output:output(),
                %% Bytes that have gone on since it last slept.
                passed = 0 :: non_neg_integer(),
                %% Who waits for the exit, by the monitors of their processes.
                awaiting = #{} :: #{reference() => awaiting()},
                expired = false :: boolean(),
                %% Whether our readers held up the end at the last look.
                held = false :: boolean(),
                %% Whether somebody has said that nobody wants what is left.
                discarded = false :: boolean(),
                exit :: undefined | proctor_exit:exit(),
                %% That all is over: what await/2 returns, and with what this
                %% process is to end.
                over :: undefined | {Answer :: term(), Reason :: term()},
                %% In native units.
                started = erlang:monotonic_time() :: integer()}).

-type awaiting() :: {gen_server:from(), Timer :: reference() | undefined}.

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
                   output = proctor_output:new(OsPid, Spec, Link)},
    State = case Spec of
                #{offer := true} -> offered;
                #{} -> running
            end,
    try begun(Child) of
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
offered({call, From}, {confirm, Ref}, #child{spec = #{ref := Ref} = Spec,
                                             link = #{server := Server},
                                             caller_ref = Tied} = Child) ->
    ok = proctor_server:confirm(Server, self()),
    Tie = proctor_caller:confirmed(Tied, Spec),
    {next_state, running, Child#child{caller_ref = Tie}, [{reply, From, ok}]};
offered({call, From}, begun, _Child) ->
    {keep_state_and_data, [{reply, From, ok}]};
offered(cast, cancel, Child) ->
    withdraw(normal, Child);
offered(info, {'DOWN', Server, process, _, _}, #child{server = Server} = Child) ->
    withdraw(port_closed, Child);
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
-spec ended(gen_statem:event_type(), term(), #child{}) ->
    gen_statem:event_handler_result(ended, #child{}).
ended({call, From}, {await, _}, #child{over = {Answer, Reason}} = Child) ->
    gen_server:reply(From, Answer),
    leave(Reason, Child);
ended({call, From}, discard, #child{over = {_, Reason}} = Child) ->
    gen_server:reply(From, ok),
    leave(Reason, Child);
ended(Type, Content, Child) ->
    draining(Type, Content, Child).

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
        #child{over = {_, _}} = Child1 -> maybe_gc(ended, Child1);
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
    break_off(error, proctor_log:failed(Who, Failure), Child).

dispatch({call, From}, Request, Child) ->
    maybe_finish(handle_call(Request, From, Child));
dispatch(cast, cancel, Child) ->
    withdraw(normal, Child);
dispatch(cast, {feed, Data}, #child{input = Input} = Child) ->
    Child#child{input = proctor_input:send(Data, infinity, none, Input)};
dispatch(cast, _Message, Child) ->
    Child;
dispatch(info, Message, Child) ->
    handle_info(Message, Child).

%% The link must stand before the caller knows.
begun(#child{ospid = OsPid, from = From, spec = Spec, link = Link} = Child) ->
    Tie = proctor_caller:tie(Spec),
    ok = proctor_telemetry:run_start(OsPid, Spec, Link),
    gen_server:reply(From, {ok, self(), OsPid}),
    ok = proctor_await:limit(Spec, Link),
    Child#child{caller_ref = Tie, input = proctor_input:new(OsPid, Spec, Link)}.

%% Nothing of it reaches the caller, which has another answer.
-spec withdraw(term(), #child{}) -> no_return().
withdraw(Reason, #child{spec = #{caller := Caller}} = Child) ->
    true = unlink(Caller),
    break_off(exit, Reason, Child).

handle_info({?MODULE, output, Stream, Data},
            #child{output = Output, passed = Passed} = Child) ->
    Child#child{output = proctor_output:put(Stream, Data, Output),
                passed = Passed + byte_size(Data)};
handle_info({?MODULE, Event}, Child) ->
    maybe_finish(handle_event(Event, Child));
handle_info({proctor_sink, Stream, Bytes}, #child{output = Output} = Child) ->
    Output1 = proctor_output:sunk(Stream, Bytes, Output),
    maybe_finish(Child#child{output = Output1});
handle_info({timeout, Ref, What}, Child) ->
    handle_timeout(What, Ref, Child);
handle_info({'DOWN', Server, process, _, _}, #child{server = Server} = Child) ->
    finish(port_closed, Child);
handle_info({'DOWN', Ref, process, _, Reason},
            #child{caller_ref = Ref} = Child) ->
    orphaned(Reason, Child);
handle_info({'DOWN', Monitor, process, _, _}, Child) ->
    forget(Monitor, gone, Child);
handle_info({nodedown, _}, Child) ->
    break_off(exit, normal, Child);
handle_info({'EXIT', Pid, Reason}, Child) ->
    handle_exit(Pid, Reason, Child);
handle_info(_Message, Child) ->
    Child.

handle_exit(Caller, Reason, #child{spec = #{caller := Caller, link := true}}
            = Child) ->
    orphaned(Reason, Child);
handle_exit(Pid, Reason, #child{output = Output} = Child) ->
    case proctor_output:sink(Output) of
        Pid -> finish({exit, Reason}, Child);
        _ when Reason =/= normal -> finish({exit, Reason}, Child);
        _ -> Child
    end.

%% The caller is gone. A linked one leaves with its reason.
-spec orphaned(term(), #child{}) -> no_return().
orphaned(Reason, #child{spec = #{link := true, reply := run}} = Child) ->
    leave(finished({exit, Reason}, Child), Child);
orphaned(_Reason, Child) ->
    break_off(exit, normal, Child).

%%% Events

handle_event({exit, Exit}, #child{expired = Expired, output = Output}
             = Child) ->
    Exit1 = case Expired of
                true -> proctor_exit:timed_out(Exit);
                false -> Exit
            end,
    close_input({error, closed},
                Child#child{exit = Exit1,
                            output = proctor_output:ended(Output)});
handle_event({eof, stdin}, Child) ->
    close_input({error, closed}, Child);
handle_event({eof, Stream}, #child{output = Output} = Child) ->
    Child#child{output = proctor_output:eof(Stream, Output)};
handle_event({stdin_ack, Bytes}, #child{input = Input} = Child) ->
    Child#child{input = proctor_input:acked(Bytes, Input)};
handle_event({cgroup, Events}, #child{ospid = OsPid, spec = Spec, link = Link}
             = Child) ->
    ok = proctor_telemetry:run_cgroup(Events, OsPid, {Spec, Link}),
    ok = proctor_result:limited(Events, OsPid, Spec),
    Child.

close_input(Answer, #child{input = Input} = Child) ->
    Child#child{input = proctor_input:close(Answer, Input)}.

handle_timeout(expired, _Ref, #child{exit = undefined, over = undefined,
                                     link = #{server := Server}} = Child) ->
    ok = proctor_server:stop_child(Server, self()),
    Child#child{expired = true};
handle_timeout(no_answer, _Ref, #child{exit = undefined, over = undefined,
                                       output = Output} = Child) ->
    silent(not proctor_output:is_taken(Output), Child);
handle_timeout(What, _Ref, Child)
  when What =:= expired; What =:= no_answer ->
    Child;
handle_timeout({What, Monitor}, _Ref, Child)
  when What =:= recv; What =:= await ->
    forget(Monitor, {answer, {error, timeout}}, Child);
handle_timeout(send, Ref, #child{input = Input} = Child) ->
    Child#child{input = proctor_input:timeout(Ref, Input)}.

%% The end comes behind all output, and that waits where a reader of ours takes
%% its time, or did until a moment ago.
silent(false, #child{held = false} = Child) ->
    finish(no_answer, Child);
silent(Held, Child) ->
    _ = erlang:start_timer(proctor_await:margin(), self(), no_answer),
    Child#child{held = Held}.

%% Somebody waits no longer: who does not live to hear it must not be given what
%% others could have.
forget(Monitor, Answer, #child{output = Output, awaiting = Awaiting} = Child) ->
    case maps:take(Monitor, Awaiting) of
        {{From, Timer}, Others} ->
            ok = proctor_receivers:answer(From, Monitor, Timer, Answer),
            Child#child{awaiting = Others};
        error ->
            Child#child{output = proctor_output:forget(Monitor, Answer,
                                                       Output)}
    end.

%%% Requests

handle_call({send, Data, Timeout}, From, #child{input = Input} = Child) ->
    Child#child{input = proctor_input:send(Data, Timeout, From, Input)};
handle_call({recv, only, Length, Timeout}, From, #child{spec = Spec}
            = Child) ->
    Stream = case Spec of
                 #{stdout := none, stderr := owner} -> stderr;
                 _ -> stdout
             end,
    handle_call({recv, Stream, Length, Timeout}, From, Child);
handle_call({recv, Stream, Length, Timeout}, From, #child{output = Output}
            = Child) ->
    Child#child{output = proctor_output:recv(Stream, Length, Timeout, From,
                                             Output)};
handle_call({setopts, Options}, From, #child{spec = Spec, caller_ref = Tied,
                                             output = Output} = Child) ->
    Output1 = proctor_output:setopts(Options, Output),
    gen_server:reply(From, ok),
    Child#child{caller_ref = proctor_caller:paces(Options, Tied, Spec),
                output = Output1};
handle_call({await, Timeout}, {Pid, _} = From, #child{awaiting = Awaiting}
            = Child) ->
    Monitor = monitor(process, Pid),
    Timer = case Timeout of
                infinity -> undefined;
                _ -> erlang:start_timer(Timeout, self(), {await, Monitor})
            end,
    Child#child{awaiting = Awaiting#{Monitor => {From, Timer}}};
handle_call(discard, From, #child{output = Output} = Child) ->
    gen_server:reply(From, ok),
    Child#child{output = proctor_output:discard(Output), discarded = true};
handle_call(begun, From, Child) ->
    gen_server:reply(From, ok),
    Child;
handle_call(info, From, Child) ->
    gen_server:reply(From, {ok, info(Child)}),
    Child;
handle_call(_Request, From, Child) ->
    gen_server:reply(From, {error, badarg}),
    Child.

%%% The end

%% All that is over, and nobody has anything left to take: the end.
maybe_finish(#child{exit = undefined} = Child) ->
    Child;
maybe_finish(#child{over = {_, _}} = Child) ->
    Child;
maybe_finish(#child{output = Output} = Child) ->
    case proctor_output:is_taken(Output) of
        true -> finish(ended, Child);
        false -> Child
    end.

%% Where somebody is to take the exit, and nobody has waited for it, it stays.
-spec finish(proctor_result:why(), #child{}) -> #child{}.
finish({exit, Reason}, #child{over = {_, _}} = Child) ->
    leave(Reason, Child);
finish(Why, #child{awaiting = Awaiting, output = Output} = Child) ->
    Reason = finished(Why, Child),
    Answer = answer(Why, Child),
    maps:foreach(fun(Monitor, {From, Timer}) ->
                     proctor_receivers:answer(From, Monitor, Timer,
                                              {answer, Answer})
                 end, Awaiting),
    case stays(Why, Child) of
        true -> Child#child{over = {Answer, Reason},
                            output = proctor_output:cut(Output)};
        false -> leave(Reason, Child)
    end.

stays({exit, _}, _Child) ->
    false;
stays(_Why, #child{spec = #{await := Await}, awaiting = Awaiting,
                   discarded = Discarded}) ->
    Await andalso not Discarded andalso map_size(Awaiting) =:= 0.

answer(Why, #child{exit = Exit, output = Output}) ->
    proctor_result:await(Why, Exit, proctor_output:collected(Output)).

%% Everybody is told who waits for something, or is to hear of the end. Says
%% with what this process ends.
finished(Why, #child{spec = Spec, ospid = OsPid, exit = Exit, output = Output}
         = Child) ->
    Error = case Why of
                _ when Why =:= port_closed; Why =:= no_answer -> {error, Why};
                _ -> {error, closed}
            end,
    _ = proctor_output:close(Error, Output),
    ok = end_told(Why, Child),
    #child{input = Input} = close_input(Error, Child),
    ok = proctor_input:flush(Input),
    proctor_result:tell(Why, {OsPid, Exit, proctor_output:collected(Output)},
                        Spec).

%% Once, of each run.
end_told(_Why, #child{over = {_, _}}) ->
    ok;
end_told(ended, #child{exit = Exit, started = Started, output = Output,
                       ospid = OsPid, spec = Spec, link = Link}) ->
    #{stdout := {Out, _}, stderr := {Err, _}} = proctor_output:info(Output),
    proctor_telemetry:run_stop(Exit, Started, {Out, Err}, OsPid, {Spec, Link});
end_told({exit, Reason}, Child) ->
    broken_off({exit, Reason}, Child);
end_told(Why, Child) ->
    broken_off({exit, Why}, Child).

broken_off(Why, #child{started = Started, ospid = OsPid, spec = Spec,
                       link = Link}) ->
    proctor_telemetry:run_exception(Why, Started, OsPid, {Spec, Link}).

%% Without a word to anybody but telemetry.
-spec break_off(exit | error, term(), #child{}) -> no_return().
break_off(Kind, Reason, #child{over = Over} = Child) ->
    ok = case Over of
             undefined -> broken_off({Kind, Reason}, Child);
             _ -> ok
         end,
    leave(Reason, Child).

%% An end that is normal would not end what is linked.
-spec leave(term(), #child{}) -> no_return().
leave(Reason, #child{output = Output}) ->
    Sink = proctor_output:sink(Output),
    is_pid(Sink) andalso exit(Sink, kill),
    ok = proctor_owner:remove(self()),
    proctor_exit:quit(Reason).

info(#child{ospid = OsPid, spec = Spec, input = Input, output = Output,
            started = Started}) ->
    info(OsPid, Spec, {Input, Output}, Started).

%% @doc What {@link proctor:info/1} says of an OS process, and the caller is the
%% process of.
-spec info(proctor:ospid(), proctor_run_options:spec(),
           {proctor_input:input(), proctor_output:output()},
           Started :: integer()) -> map().
info(OsPid, Spec, {Input, Output}, Started) ->
    #{total := Written, queued := Unwritten, unacked := Unacked} =
        proctor_input:info(Input),
    #{stdout := {Out, OutLeft}, stderr := {Err, ErrLeft}, sink := Busy} = Info =
        proctor_output:info(Output),
    {message_queue_len, Messages} = process_info(self(), message_queue_len),
    (maps:with([active, window, receivers], Info))
        #{pid => self(), ospid => OsPid, command => maps:get(command, Spec),
          caller => maps:get(caller, Spec),
          uptime_ms => erlang:convert_time_unit(
                         erlang:monotonic_time() - Started, native,
                         millisecond),
          bytes => #{stdin => Written, stdout => Out, stderr => Err},
          queued => #{stdin => Unwritten, stdout => OutLeft, stderr => ErrLeft,
                      sink => Busy, messages => Messages},
          stdin_unacked => Unacked}.
