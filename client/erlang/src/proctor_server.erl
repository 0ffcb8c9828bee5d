%% @doc Owns one port program. It numbers the requests, matches the replies,
%% and leads events to the process of the OS process they are about. It does
%% nothing that could make it wait: see {@link proctor_port} for writing and
%% {@link proctor_child} for what users see.
-module(proctor_server).
-behaviour(gen_server).

-include("proctor_log.hrl").

-export([start/1, start_link/1, run/4, call/2, call/3]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2,
         format_status/1]).

-export_type([ref/0, target/0, request/0, link/0]).

-type ref() :: atom() | pid() | {atom(), node()}.
-type target() :: pid() | integer().
-type request() :: {run, {run | manage, term(), [term()]},
                    proctor_spec:spec()}
                 | {stop, target()}
                 | {kill, target(), integer()}
                 | {ask, atom(), target(), [term()]}
                 | {ospid, pid()}
                 | {pid, proctor:ospid()}
                 | {debug, non_neg_integer()}
                 | {cancel, reference()}
                 | list | count | info.

-type link() :: #{server := pid(), line := proctor_port:line(),
                  dialect := proctor_port:dialect(),
                  cwd := binary() | undefined}.
%% What the process of an OS process needs of its server.

%% Requests are numbered from 1 to this and then from 1 again; 0 means that
%% there is no reply.
-define(MAX_TRANS, 16#7FFFFFF).

%% How much longer than the port program's own limit its end may take.
-define(GRACE, 5000).

%% More than any window.
-define(ALL, 16#7FFFFFFF).

%% How much longer than its limit and its time to be killed a call that has a
%% limit waits for a port program that says nothing; and how much longer than
%% that for the process that would say so. In milliseconds, as all below.
-define(MARGIN, 5000).
-define(MORE, 1000).

%% What a command has to end by itself unless it is told otherwise.
-define(KILL_TIMEOUT, 5000).

%% How long it is remembered whose a run was that somebody waited for with a
%% limit.
-define(REMEMBER, 60000).

%% Between looks for the scope of groups after its end, and how many.
-define(PAUSE, 50).

-type waiter() :: none
                | {call, gen_server:from()}
                | {kill, gen_server:from(), proctor:ospid()}
                | {stop, gen_server:from() | none}
                | {run, gen_server:from(), proctor_spec:spec()}
                | cancelled.

-record(child, {ospid :: proctor:ospid(),
                from :: gen_server:from(),
                spec :: proctor_spec:spec(),
                exited = false :: boolean(),
                %% Who wants to be told that it has gone.
                cancelled :: undefined | gen_server:from()}).

-record(state, {name :: atom(),
                port :: port() | undefined,
                port_os_pid :: non_neg_integer() | undefined,
                hello :: map(),
                link :: link(),
                alarm :: non_neg_integer(),
                %% How long it may leave a request unanswered; which one was the
                %% oldest at the last look, and since when.
                patience = infinity :: timeout(),
                oldest = none :: none | {pos_integer(), integer()},
                groups = [] :: [atom()],
                scope :: undefined | reference(),
                launchers_down = [] :: [binary()],
                %% Runs that have ended and somebody may yet give up.
                gone = #{} :: #{reference() => {pid(), proctor:ospid()}},
                %% This server, and the port program's answer to hello.
                started :: integer(),
                answered = erlang:monotonic_time(millisecond) :: integer(),
                runs = 0 :: non_neg_integer(),
                trans = 1 :: pos_integer(),
                pending = #{} :: #{pos_integer() => waiter()},
                %% The requests in their order, answered ones perhaps still
                %% among them but not at the head.
                order = queue:new() :: queue:queue(pos_integer()),
                %% An OS process whose light process has died stays here, as
                %% orphan, until its end is reported.
                ospids = #{} :: #{proctor:ospid() => pid() | orphan},
                %% A light process stays here until it has ended, although
                %% its OS process may be gone.
                children = #{} :: #{pid() => #child{}}}).

%%% Functions for proctor.erl

%% @doc Starts a server that belongs to nobody.
-spec start([term()]) -> {ok, pid()} | {error, term()}.
start(Options) ->
    start(start, Options).

%% @doc Starts a server linked to the caller.
-spec start_link([term()]) -> {ok, pid()} | {error, term()}.
start_link(Options) ->
    start(start_link, Options).

%% Options that are wrong are so whether it runs already or not.
start(How, Options) ->
    case proctor_options:start(Options) of
        {ok, Start} ->
            start(How, proctor_options:name(Options), Options,
                  proctor_options:allowed(Start));
        {error, _} = Error ->
            Error
    end.

start(_How, _Name, _Options, {error, _} = Error) ->
    Error;
start(How, undefined, Options, ok) ->
    started(gen_server:How(?MODULE, Options, []));
start(How, Name, Options, ok) ->
    case supervised(Name) of
        {error, _} = Error -> Error;
        none -> named(How, Name, Options)
    end.

%% One that its supervisor is just starting again is there.
supervised(Name) ->
    Instances = case whereis(proctor_sup) of
                    Pid when Pid =:= self() -> [];
                    _ -> proctor_sup:instances()
                end,
    case lists:keyfind(Name, 1, Instances) of
        {Name, Server} ->
            case is_process_alive(Server) of
                true -> {error, {already_started, Server}};
                false -> supervised(Name)
            end;
        false ->
            none
    end.

%% It may have been killed just now, with its name still on the door.
named(How, Name, Options) ->
    case started(gen_server:How({local, Name}, ?MODULE, Options, [])) of
        {error, {already_started, Pid}} = Error ->
            case is_process_alive(Pid) of
                true ->
                    Error;
                false ->
                    Ref = monitor(process, Pid),
                    receive {'DOWN', Ref, process, _, _} -> ok end,
                    start(How, Name, Options, ok)
            end;
        Result ->
            Result
    end.

%% A refusal to start is the caller's to report: init/1 wraps it so that no
%% crash is logged.
started({ok, Pid}) -> {ok, Pid};
started({error, {shutdown, Reason}}) -> {error, Reason};
started({error, Reason}) -> {error, Reason}.

%% @doc Runs something, and waits for the answer at most `Timeout', or as long
%% as what is asked for may take. Who has waited long enough does not hear of it
%% any more, and it is stopped.
-spec run(ref(), {run | manage, term(), [term()]}, proctor_spec:spec(),
          timeout()) -> term().
run(Server, Request, Spec, Timeout) ->
    Backstop = backstop(Request, Spec),
    Limit = case Backstop of
                infinity -> Timeout;
                _ -> min(Timeout, Backstop + ?MORE)
            end,
    case call(Server, {run, Request, Spec#{backstop => Backstop,
                                            limited => Limit =/= infinity}},
              Limit) of
        {error, timeout} ->
            ok = cancel(Server, Spec),
            {error, case Limit of Timeout -> timeout; _ -> no_answer end};
        Result ->
            Result
    end.

backstop({run, _, Options}, #{reply := Reply, timeout := Limit})
  when Reply =/= run, is_integer(Limit) ->
    Kill = case lists:keyfind(kill_timeout, 1, Options) of
               {_, Seconds} -> Seconds * 1000;
               false -> ?KILL_TIMEOUT
           end,
    Limit + Kill + ?MARGIN;
backstop(_Request, _Spec) ->
    infinity.

%% When this returns its process is dead, and has left no message. The server
%% never waits, so it answers.
cancel(Server, #{ref := Ref}) ->
    case call(Server, {cancel, Ref}) of
        {ok, Pid, OsPid} -> flush(Pid, OsPid);
        _ -> ok
    end.

flush(Pid, OsPid) ->
    receive
        {Stream, OsPid, Data} when Stream =:= stdout, is_binary(Data);
                                   Stream =:= stderr, is_binary(Data) ->
            flush(Pid, OsPid);
        {exit, OsPid, #{raw := _}} -> flush(Pid, OsPid);
        {passive, OsPid} -> flush(Pid, OsPid);
        {'DOWN', OsPid, process, Pid, _} -> flush(Pid, OsPid);
        {'EXIT', Pid, _} -> flush(Pid, OsPid)
    after 0 ->
        ok
    end.

%% @doc Asks the server and waits for the answer. If there is none it is an
%% error like any other.
-spec call(ref(), request()) -> term().
call(Server, Request) ->
    call(Server, Request, infinity).

%% @doc The same with a limit in milliseconds.
-spec call(ref(), request(), timeout()) -> term().
call(Server, Request, Timeout) ->
    %% Not gen_server:call/3, which gives the server its plain process
    %% identifier: here others answer too, and what they say after the server
    %% has died must not reach the mailbox of the caller.
    RequestId = gen_server:send_request(Server, Request),
    case gen_server:receive_response(RequestId, Timeout) of
        {reply, Reply} -> Reply;
        timeout -> {error, timeout};
        {error, {noproc, _}} -> {error, not_started};
        {error, {noconnection, _}} -> {error, noconnection};
        {error, {_Reason, _}} -> {error, port_closed}
    end.

%%% gen_server

%% @private
-spec init([term()]) -> {ok, #state{}} | {stop, {shutdown, term()}}.
init(Options) ->
    process_flag(trap_exit, true),
    %% Output waits here when the node is slow: not to be copied with the heap.
    process_flag(message_queue_data, off_heap),
    Now = erlang:monotonic_time(millisecond),
    case proctor_options:start(Options) of
        {ok, Start} ->
            case proctor_port:open(Start) of
                {ok, Port, Dialect, Hello} ->
                    State = serving(proctor_options:name(Options), Port,
                                    {Dialect, Hello}, Start),
                    {ok, State#state{started = Now}};
                {error, Reason} ->
                    {stop, {shutdown, Reason}}
            end;
        {error, Reason} ->
            {stop, {shutdown, Reason}}
    end.

serving(Name, Port, {Dialect, Hello}, #{alarm := Alarm, groups := More}
        = Start) ->
    Groups = [Name || Name =/= undefined] ++ More,
    OsPid = case erlang:port_info(Port, os_pid) of
                {os_pid, Number} -> Number;
                undefined -> undefined
            end,
    ?TELL(info, #{what => proctor_started, instance => Name, port => OsPid,
                  dialect => Dialect}),
    #state{name = Name, port = Port, port_os_pid = OsPid, hello = Hello,
           alarm = Alarm, started = 0, groups = Groups,
           scope = proctor_nodes:join(Groups),
           patience = maps:get(answer_timeout, Start),
           link = #{server => self(), dialect => Dialect,
                    cwd => proctor_spec:cwd(),
                    line => proctor_port:start_line(Port)}}.

%% @private
-spec handle_call(request(), gen_server:from(), #state{}) ->
    {reply, term(), #state{}} | {noreply, #state{}}.
handle_call({run, Request, Spec}, From, #state{link = Link} = State) ->
    request(proctor_spec:request(Request, Spec, Link), {run, From, Spec},
            State);
handle_call({stop, Target}, From, State) ->
    on_target(Target, fun(OsPid) -> {{stop, OsPid}, {stop, From}} end,
              State);
handle_call({kill, Target, Signal}, From, State) ->
    on_target(Target,
              fun(OsPid) -> {{kill, OsPid, Signal}, {kill, From, OsPid}} end,
              State);
handle_call({ask, What, Target, Args}, From, State) ->
    on_target(Target,
              fun(OsPid) ->
                  {list_to_tuple([What, OsPid | Args]), {call, From}}
              end, State);
handle_call({ospid, Pid}, _From, State) ->
    case target(Pid, State) of
        {ok, OsPid} -> {reply, OsPid, State};
        {error, _} = Error -> {reply, Error, State}
    end;
handle_call({pid, OsPid}, _From, State) ->
    case State#state.ospids of
        #{OsPid := Pid} when is_pid(Pid) -> {reply, Pid, State};
        #{} -> {reply, undefined, State}
    end;
handle_call({debug, Level}, From, State) ->
    request({debug, Level}, {call, From}, State);
handle_call(list, From, State) ->
    request({list}, {call, From}, State);
handle_call({cancel, Ref}, From, State) ->
    cancelled(Ref, From, State);
handle_call(count, _From, #state{ospids = OsPids} = State) ->
    {reply, map_size(OsPids), State};
handle_call(info, _From, State) ->
    {reply, {ok, info(State)}, State};
handle_call(_Request, _From, State) ->
    {reply, {error, badarg}, State}.

%% @private
-spec handle_cast(term(), #state{}) -> {noreply, #state{}}.
handle_cast({stop, Pid}, State) ->
    case target(Pid, State) of
        {ok, OsPid} -> request({stop, OsPid}, {stop, none}, State);
        {error, _} -> {noreply, State}
    end;
handle_cast({ask, _Pid}, State) ->
    request({list}, cancelled, State);
handle_cast(_Message, State) ->
    {noreply, State}.

%% @private
-spec handle_info(term(), #state{}) ->
    {noreply, #state{}} | {stop, {shutdown, term()}, #state{}}.
handle_info({Port, {data, Frame}}, #state{port = Port} = State) ->
    case proctor_port:decode(Frame) of
        {ok, Message} -> {noreply, message(Message, State)};
        error -> port_exit(bad_frame, State)
    end;
handle_info({Port, {exit_status, Status}}, #state{port = Port} = State) ->
    port_exit(Status, State#state{port = undefined});
handle_info({'EXIT', Port, Reason}, #state{port = Port} = State) ->
    port_exit(Reason, State#state{port = undefined});
handle_info({'DOWN', Scope, process, _, _}, #state{scope = Scope} = State) ->
    _ = erlang:send_after(?PAUSE, self(), {join, 20}),
    {noreply, State#state{scope = undefined}};
handle_info({join, Times}, #state{groups = Groups} = State) ->
    case proctor_nodes:is_there() orelse Times =:= 0 of
        true ->
            {noreply, State#state{scope = proctor_nodes:join(Groups)}};
        false ->
            _ = erlang:send_after(?PAUSE, self(), {join, Times - 1}),
            {noreply, State}
    end;
handle_info({'DOWN', _, process, Pid, Reason}, State) ->
    {noreply, child_down(Pid, Reason, State)};
handle_info(look, State) ->
    look(State);
handle_info({forget, Ref}, #state{gone = Gone} = State) ->
    {noreply, State#state{gone = maps:remove(Ref, Gone)}};
handle_info(_Message, State) ->
    {noreply, State}.

%% @private
-spec terminate(term(), #state{}) -> ok.
terminate(_Reason, #state{port = undefined} = State) ->
    fail_pending(State);
terminate(_Reason, #state{port = Port, alarm = Alarm} = State) ->
    Fun = fun last_frame/2,
    Timeout = Alarm * 1000 + ?GRACE,
    {_Status, State1} = proctor_port:close(Port, {Timeout, Fun, State}),
    fail_pending(State1).

%% What is being done may be somebody's arguments, environment or data.
%% @private
-spec format_status(map()) -> map().
format_status(Status) ->
    maps:map(fun(state, State) -> element(1, State);
                (message, _Message) -> hidden;
                (log, _Log) -> [];
                (_Key, Value) -> Value
             end, Status).

port_exit(Reason, State) ->
    ?TELL(error, "proctor: the port program ended: ~tp; ~w OS processes with "
          "it", [Reason, map_size(State#state.ospids)]),
    {stop, {shutdown, {port_exit, Reason}}, State}.

%% Ends that are reported during the shutdown are still ends.
last_frame(Frame, State) ->
    case proctor_port:decode(Frame) of
        {ok, Message} -> message(Message, State);
        error -> State
    end.

fail_pending(#state{pending = Pending, order = Order}) ->
    lists:foreach(fun(Id) ->
                          answer(maps:get(Id, Pending), {error, port_closed})
                  end, [Id || Id <- queue:to_list(Order),
                              is_map_key(Id, Pending)]).

info(#state{name = Name, link = #{dialect := Dialect, line := Line},
            hello = Hello, port_os_pid = OsPid, started = Started,
            answered = Answered, runs = Runs, pending = Pending, ospids = OsPids,
            children = Children} = State) ->
    Now = erlang:monotonic_time(millisecond),
    #{instance => Name, pid => self(), node => node(), dialect => Dialect,
      hello => Hello, port_os_pid => OsPid, runs => Runs,
      uptime_ms => Now - Started, parts => parts(Now - Answered),
      pending => map_size(Pending),
      messages => messages(), writer_messages => proctor_port:waiting(Line),
      launchers_down => State#state.launchers_down,
      orphans => length([1 || orphan <- maps:values(OsPids)]),
      pids => maps:keys(Children)}.

%% One that dies takes all others along: they are as old as each other.
parts(Uptime) ->
    maps:from_keys([broker, priv, worker], #{uptime_ms => Uptime}).

messages() ->
    {message_queue_len, Length} = process_info(self(), message_queue_len),
    Length.

%%% Requests

on_target(Target, Fun, State) ->
    case target(Target, State) of
        {ok, OsPid} ->
            {Request, Waiter} = Fun(OsPid),
            request(Request, Waiter, State);
        {error, _} = Error ->
            {reply, Error, State}
    end.

%% Nobody waits any more for what was to be run: it must not stay.
cancelled(Ref, From, #state{pending = Pending, children = Children,
                            gone = Gone} = State) ->
    case {Gone, [Pid || {Pid, #child{spec = #{ref := R}}}
                            <- maps:to_list(Children), R =:= Ref]} of
        {#{Ref := {Pid, OsPid}}, _} ->
            {reply, {ok, Pid, OsPid}, State};
        {#{}, [Pid]} ->
            ok = proctor_child:cancel(Pid),
            #{Pid := Child} = Children,
            Cancelled = Child#child{cancelled = From},
            {noreply, State#state{children = Children#{Pid := Cancelled}}};
        {#{}, []} ->
            Cancel = fun(_Id, {run, _, #{ref := R}}) when R =:= Ref ->
                             cancelled;
                        (_Id, Other) ->
                             Other
                     end,
            {reply, ok, State#state{pending = maps:map(Cancel, Pending)}}
    end.

target(OsPid, _State) when is_integer(OsPid) ->
    {ok, OsPid};
target(Pid, #state{children = Children}) when is_pid(Pid) ->
    case Children of
        #{Pid := #child{ospid = OsPid, exited = false}} -> {ok, OsPid};
        #{} -> {error, no_process}
    end.

request(Request, Waiter, #state{trans = Id, pending = Pending, order = Order}
        = State) ->
    case proctor_port:encode(Id, Request) of
        {ok, Frames} ->
            _ = proctor_port:write(maps:get(line, State#state.link), Frames,
                                   none),
            {noreply, watch(State#state{trans = Id rem ?MAX_TRANS + 1,
                                        pending = Pending#{Id => Waiter},
                                        order = queue:in(Id, Order)})};
        {error, _} = Error ->
            {reply, Error, State}
    end.

%%% A port program that does not answer

%% There is something to wait for: look at it from time to time.
watch(#state{patience = infinity} = State) ->
    State;
watch(#state{oldest = none} = State) ->
    later(State);
watch(State) ->
    State.

later(#state{order = Order, oldest = Oldest, patience = Patience} = State) ->
    {value, Id} = queue:peek(Order),
    _ = erlang:send_after(max(1, Patience div 4), self(), look),
    case Oldest of
        {Id, _} -> State;
        _ -> State#state{oldest = {Id, erlang:monotonic_time(millisecond)}}
    end.

look(#state{order = Order, oldest = Oldest, patience = Patience} = State) ->
    Now = erlang:monotonic_time(millisecond),
    case {queue:peek(Order), Oldest} of
        {empty, _} ->
            {noreply, State#state{oldest = none}};
        {{value, Id}, {Id, Since}} when Now - Since >= Patience ->
            unresponsive(State);
        _ ->
            {noreply, later(State)}
    end.

%% It is taken for dead. Its end is nobody's to wait for.
unresponsive(#state{port = Port, port_os_pid = OsPid, alarm = Alarm}
             = State) ->
    ok = proctor_port:give_up(Port, OsPid, Alarm),
    port_exit(unresponsive, State#state{port = undefined}).

%% A request that has no answer.
send(Request, #state{link = #{line := Line}} = State) ->
    {ok, Frames} = proctor_port:encode(0, Request),
    _ = proctor_port:write(Line, Frames, none),
    State.

%%% Replies and events

message({0, {exit_status, OsPid, Status}}, State) ->
    ended(OsPid, proctor_exit:from_raw(Status), State);
message({0, {exit, OsPid, Exit}}, State) when is_map(Exit) ->
    ended(OsPid, Exit, State);
message({0, {Stream, OsPid, Data}}, State)
  when Stream =:= stdout orelse Stream =:= stderr, is_binary(Data) ->
    output(Stream, OsPid, Data, State);
message({0, {eof, OsPid, Stream}}, State) ->
    event(OsPid, {eof, Stream}, State);
message({0, {stdin_ack, OsPid, Bytes}}, State) ->
    event(OsPid, {stdin_ack, Bytes}, State);
message({0, {launcher_down, User}}, State) ->
    ?TELL(error, "proctor: the launcher of ~ts has died: the port program ends "
          "when its last child has", [User]),
    #state{launchers_down = Down} = State,
    State#state{launchers_down = [User | Down]};
message({0, Event}, State) ->
    ?TELL(warning, "proctor: unknown event dropped: ~tp",
          [element(1, {Event})]),
    State;
message({Id, Reply}, #state{pending = Pending, link = Link} = State) ->
    case maps:take(Id, Pending) of
        {Waiter, Rest} when map_get(dialect, Link) =:= native ->
            reply(Waiter, Reply, answered(State#state{pending = Rest}));
        {Waiter, Rest} ->
            reply(Waiter, Reply, overtaken(Id, State#state{pending = Rest}));
        error ->
            ?TELL(warning, "proctor: reply ~w, which nobody waits for, dropped",
                  [Id]),
            State
    end.

%% The head of the order is one that waits still.
answered(#state{pending = Pending, order = Order} = State) ->
    case queue:peek(Order) of
        {value, Id} when not is_map_key(Id, Pending) ->
            answered(State#state{order = queue:drop(Order)});
        _ ->
            State
    end.

output(Stream, OsPid, Data, #state{ospids = OsPids} = State) ->
    case OsPids of
        #{OsPid := Pid} when is_pid(Pid) ->
            ok = proctor_child:output(Pid, Stream, Data),
            State;
        #{OsPid := orphan} ->
            ack_all(OsPid, [Stream], State);
        #{} ->
            ?TELL(warning, "proctor: output of unknown process ~tp dropped",
                  [OsPid]),
            State
    end.

%% What nobody will ever take must not hold up the end.
ack_all(OsPid, Streams, #state{link = #{dialect := native}} = State) ->
    lists:foldl(fun(Stream, Acc) ->
                    send({ack, OsPid, Stream, ?ALL}, Acc)
                end, State, Streams);
ack_all(_OsPid, _Streams, State) ->
    State.

event(OsPid, Event, #state{ospids = OsPids} = State) ->
    case OsPids of
        #{OsPid := Pid} when is_pid(Pid) ->
            ok = proctor_child:event(Pid, Event);
        #{} ->
            ok
    end,
    State.

%% In the exec-port dialect replies keep the order of requests. One that is
%% for a later request than the oldest says that those before it will never be
%% answered.
overtaken(Id, #state{pending = Pending, order = Order} = State) ->
    case queue:out(Order) of
        {{value, Id}, Rest} ->
            State#state{order = Rest};
        _ ->
            Older = fun(Other) -> Other =/= Id end,
            {Lost, [Id | Rest]} = lists:splitwith(Older, queue:to_list(Order)),
            ?TELL(warning, "proctor: ~w requests before ~w got no reply",
                  [length(Lost), Id]),
            lists:foreach(fun(Other) ->
                                  answer(maps:get(Other, Pending),
                                         {error, no_reply})
                          end, Lost),
            State#state{pending = maps:without(Lost, Pending),
                        order = queue:from_list(Rest)}
    end.

%% The new OS process is registered here and now: the next frame may be its
%% output or even its end.
reply({run, From, Spec}, {pid, OsPid}, #state{link = Link} = State) ->
    Pid = proctor_child:start(OsPid, From, Spec, Link),
    _ = monitor(process, Pid),
    ?TELL(debug, #{what => proctor_run, instance => State#state.name,
                   ospid => OsPid, pid => Pid, program => program(Spec)}),
    #state{ospids = OsPids, children = Children, runs = Runs} = State,
    Child = #child{ospid = OsPid, from = From, spec = Spec},
    State#state{ospids = OsPids#{OsPid => Pid}, runs = Runs + 1,
                children = Children#{Pid => Child}};
reply({run, From, Spec}, {error, Reason}, State) ->
    ?TELL(debug, #{what => proctor_refused, instance => State#state.name,
                   program => program(Spec)}),
    gen_server:reply(From, {error, Reason}),
    State;
reply(cancelled, {pid, OsPid}, #state{ospids = OsPids} = State) ->
    orphan(OsPid, State#state{ospids = OsPids#{OsPid => orphan}});
reply({kill, From, OsPid}, {error, eperm}, #state{ospids = OsPids} = State) ->
    Reason = case OsPids of
                 #{OsPid := _} -> eperm;
                 #{} -> not_managed
             end,
    gen_server:reply(From, {error, Reason}),
    State;
reply({stop, From}, Reply, State) ->
    From =:= none orelse gen_server:reply(From, Reply),
    State;
reply(Waiter, Reply, State) ->
    answer(Waiter, Reply),
    State.

answer({call, From}, Reply) -> gen_server:reply(From, Reply);
answer({run, From, _Spec}, Reply) -> gen_server:reply(From, Reply);
answer({kill, From, _OsPid}, Reply) -> gen_server:reply(From, Reply);
answer({stop, {_, _} = From}, Reply) -> gen_server:reply(From, Reply);
answer(_, _Reply) -> ok.

%% What is run, without anything that may be a secret.
program(#{command := [Program | _]}) when is_list(Program);
                                          is_binary(Program) -> Program;
program(#{command := {manage, _} = Manage}) -> Manage;
program(_Spec) -> shell.

%% From here on the number may be another process's.
ended(OsPid, Exit, #state{ospids = OsPids} = State) ->
    case maps:take(OsPid, OsPids) of
        {Pid, Rest} when is_pid(Pid) ->
            #state{children = #{Pid := Child} = Children} = State,
            Exit1 = exit_of(Exit, Child),
            ok = proctor_child:event(Pid, {exit, Exit1}),
            ?TELL(debug, Exit1#{what => proctor_exit, ospid => OsPid,
                                pid => Pid, instance => State#state.name}),
            Children1 = Children#{Pid := Child#child{exited = true}},
            State#state{ospids = Rest, children = Children1};
        {orphan, Rest} ->
            State#state{ospids = Rest};
        error ->
            ?TELL(warning, "proctor: end of unknown process ~tp dropped",
                  [OsPid]),
            State
    end.

exit_of(#{raw := _} = Exit, _Child) ->
    Exit;
exit_of(Exit, #child{spec = #{success := Success}}) ->
    proctor_exit:from_native(Exit, Success).

orphan(OsPid, State) ->
    {noreply, State1} = request({stop, OsPid}, none,
                                ack_all(OsPid, [stdout, stderr], State)),
    State1.

%% A light process that ends before its OS process takes that with it.
child_down(Pid, Reason, #state{children = Children} = State) ->
    case maps:take(Pid, Children) of
        {#child{ospid = OsPid, exited = Exited} = Child, Rest} ->
            ok = mourn(Pid, Reason, Child),
            State1 = remember(Pid, Child, State#state{children = Rest}),
            case Exited of
                true ->
                    State1;
                false ->
                    OsPids = maps:put(OsPid, orphan, State1#state.ospids),
                    orphan(OsPid, State1#state{ospids = OsPids})
            end;
        error ->
            State
    end.

%% Its caller may give up at this very moment, and has to know of what it may
%% have got messages.
remember(Pid, #child{ospid = OsPid, cancelled = {_, _} = From}, State) ->
    gen_server:reply(From, {ok, Pid, OsPid}),
    State;
remember(Pid, #child{ospid = OsPid, spec = #{limited := true, ref := Ref}},
         #state{gone = Gone} = State) ->
    _ = erlang:send_after(?REMEMBER, self(), {forget, Ref}),
    State#state{gone = Gone#{Ref => {Pid, OsPid}}};
remember(_Pid, _Child, State) ->
    State.

%% It says itself why it ends, unless it was not left the time.
mourn(_Pid, _Reason, #child{cancelled = {_, _}}) ->
    ok;
mourn(_Pid, killed, #child{spec = #{reply := Reply}, from = From})
  when Reply =/= run ->
    gen_server:reply(From, {error, killed}),
    ok;
mourn(Pid, killed, #child{ospid = OsPid,
                          spec = #{monitor := true, caller := Caller}}) ->
    Caller ! {'DOWN', OsPid, process, Pid, killed},
    ok;
mourn(_Pid, _Reason, _Child) ->
    ok.
