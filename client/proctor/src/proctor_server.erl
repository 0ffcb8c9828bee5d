%% @doc Owns one port program. It numbers the requests, matches the replies,
%% and leads events to the process of the OS process they are about. It does
%% nothing that could make it wait: see {@link proctor_port} for writing and
%% {@link proctor_child} for what users see.
-module(proctor_server).
-behaviour(gen_server).

-include("proctor_log.hrl").

-export([start/1, start_link/1, start_hidden/2, take_over/2]).
-export([run/4, cancel/2, stop/2, stop/3, kill/3, kill/4, change/4, change/5,
         ospid/2, hello/1, pid/2, list/1, list/2, debug/2, counts/2, info/2, stop_child/2, confirm/2]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2,
         format_status/1]).

-export_type([ref/0, target/0, run/0, link/0]).

-type ref() :: atom() | pid() | {atom(), node()}.
-type target() :: pid() | integer().
%% An instance, and how it knows a process: by either end of it.

-type run() :: {run | manage, term(), [term()]}.
%% A command, or a process that runs already, and the port program's options.

-type link() :: #{server := pid(), instance := atom(),
                  writer := proctor_port:writer(),
                  dialect := proctor_port:dialect(),
                  linger := non_neg_integer(),
                  cgroup := proctor_cgroup:default(),
                  leaves := boolean(),
                  stdin_ack := boolean(),
                  counted := proctor_count:count(),
                  cwd := binary() | undefined}.
%% What the process of an OS process needs of its server.

%% Requests are numbered from 1 to this and then from 1 again; 0 means that
%% there is no reply.
-define(MAX_TRANS, 16#7FFFFFF).

%% How much longer than the port program's own limit its end may take.
-define(GRACE, 5000).

%% How much later than at `answer_timeout' it is looked once more: answers may
%% wait to be read where the whole node was stopped.
-define(SECOND_LOOK, 1000).

%% When joining the groups is tried again, in milliseconds.
-define(REJOIN, 100).

%% More than any window.
-define(ALL, 16#7FFFFFFF).

-type waiter() :: none
                | {call, gen_server:from()}
                | {kill, gen_server:from(), proctor:ospid()}
                | {run, gen_server:from(), proctor_run_options:spec()}
                | cancelled.

-record(child, {ospid :: proctor:ospid(),
                spec :: proctor_run_options:spec(),
                %% Whether the caller has taken it: see proctor_await.
                taken = true :: boolean(),
                exited = false :: boolean()}).

-record(state, {name :: atom(),
                port :: port() | undefined,
                port_os_pid :: non_neg_integer() | undefined,
                hello = #{} :: map(),
                link :: undefined | link(),
                %% What the children begin with.
                environ = unknown :: proctor_environ:environ(),
                %% What the port program is to be started with, until it is.
                asleep :: undefined | proctor_start_options:start(),
                alarm :: non_neg_integer(),
                %% This server, and the port program's answer to hello.
                started :: integer(),
                answered = erlang:monotonic_time(millisecond) :: integer(),
                runs = 0 :: non_neg_integer(),
                refused = 0 :: non_neg_integer(),
                %% How many have ended, by reason.
                exits = #{} :: #{proctor_exit:reason() => pos_integer()},
                counted = proctor_count:new() :: proctor_count:count(),
                groups = [] :: [atom()],
                %% Whether it has its name; `{past, Id}' is in that place of the
                %% supervisor until it has nothing to do, and `over' from then on.
                turn = current :: next | current | over
                                | {past, term()},
                %% Those that it has replaced, while they live.
                past = [] :: [pid()],
                %% The monitor of the owner of the tables.
                tables :: undefined | reference(),
                %% The monitor of the scope that the groups are in.
                scope :: undefined | reference(),
                %% Whether runs and their ends are logged.
                notes = false :: boolean(),
                %% Users whose launcher has died.
                launchers_down = [] :: [binary()],
                answer_timeout :: pos_integer() | infinity,
                %% Since when the oldest request waits, or the last answer
                %% came if that is later; and the timer of who looks at that.
                silent_since = 0 :: integer(),
                look :: undefined | reference(),
                trans = 1 :: pos_integer(),
                %% Whose reply is next where they keep the order of requests.
                next = 1 :: pos_integer(),
                pending = #{} :: #{pos_integer() => waiter()},
                %% Runs by the names that their callers have for them: the
                %% request, and then the process.
                names = #{} :: #{reference() => pos_integer() | pid()},
                %% An OS process whose light process has died stays here, as
                %% orphan, until its end is reported.
                ospids = #{} :: #{proctor:ospid() => pid() | orphan},
                %% A light process stays here until it has ended, although
                %% its OS process may be gone.
                children = #{} :: #{pid() => #child{}}}).

%%% Starting

%% @doc Starts a server that belongs to nobody.
-spec start([term()]) -> {ok, pid()} | {error, term()}.
start(Options) ->
    start(start, Options).

%% @doc Starts a server linked to the caller.
-spec start_link([term()]) -> {ok, pid()} | {error, term()}.
start_link(Options) ->
    start(start_link, Options).

%% @doc Like start_link/1, with options that its supervisor cannot report. One
%% whose turn has not come yet has no name, and one whose turn is over is not
%% started again.
-spec start_hidden(proctor_secret:secret([term()]), proctor_turn:turn()) ->
    {ok, pid()} | ignore | {error, term()}.
start_hidden(Hidden, Turn) ->
    Options = proctor_secret:show(Hidden),
    case proctor_turn:read(Turn) of
        past -> ignore;
        current -> start_link(Options);
        next -> start_next(Options)
    end.

start_next(Options) ->
    case proctor_start_options:start(Options) of
        {ok, Start} ->
            case proctor_start_options:allowed(Start) of
                ok -> started(gen_server:start_link(?MODULE, {next, Options}, []));
                {error, _} = Error -> Error
            end;
        {error, _} = Error ->
            Error
    end.

%% Options that are wrong are so whether it runs already or not.
start(How, Options) ->
    case proctor_start_options:start(Options) of
        {ok, Start} ->
            start(How, proctor_start_options:name(Options), Options,
                  proctor_start_options:allowed(Start));
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

%%% What a server may be asked. Nobody else writes these messages.

%% @doc Takes the name, and the groups, from whoever has it: that one has `past_id'
%% under the supervisor, where `past' is its turn, and goes from there as soon as
%% nothing is left that it runs.
-spec take_over(pid(), #{turn := proctor_turn:turn(), past := proctor_turn:turn(),
                         past_id := term()}) ->
    ok | {error, term()}.
take_over(Server, Turns) ->
    call(Server, {take_over, Turns}).

%% @doc Runs or manages something; the process of it, or its result, is the
%% answer. See {@link proctor_await:run/4}, which waits for it.
-spec run(ref(), run(), proctor_run_options:spec(), timeout()) ->
    {ok, pid(), proctor:ospid()} | {error, term()}.
run(Server, Request, Spec, Timeout) ->
    call(Server, {run, Request, Spec}, Timeout).

%% @doc Nobody waits any more for the run of that name: it must not stay.
-spec cancel(ref(), reference()) -> ok.
cancel(Server, Ref) ->
    gen_server:cast(Server, {cancel, Ref}).

%% @doc Begins to stop a process.
-spec stop(ref(), target()) -> ok | {error, term()}.
stop(Server, Target) ->
    stop(Server, Target, infinity).

%% @doc The same, and waits no longer than that for the answer.
-spec stop(ref(), target(), timeout()) -> ok | {error, term()}.
stop(Server, Target, Timeout) ->
    call(Server, {stop, Target}, Timeout).

%% @doc Sends a signal. A process that it may not be sent to and that is none
%% of ours is `not_managed'.
-spec kill(ref(), target(), integer()) -> ok | {error, term()}.
kill(Server, Target, Signal) ->
    kill(Server, Target, Signal, infinity).

%% @doc The same, and waits no longer than that for the answer.
-spec kill(ref(), target(), integer(), timeout()) -> ok | {error, term()}.
kill(Server, Target, Signal, Timeout) ->
    call(Server, {kill, Target, Signal}, Timeout).

%% @doc Changes something of a process: the request of that name, with these
%% arguments behind the process.
-spec change(ref(), target(), winsz | pty_opts | setpgid, [term()]) ->
    ok | {error, term()}.
change(Server, Target, What, Args) ->
    change(Server, Target, What, Args, infinity).

%% @doc The same, and waits no longer than that for the answer.
-spec change(ref(), target(), atom(), [term()], timeout()) ->
    ok | {ok, term()} | {error, term()}.
change(Server, Target, What, Args, Timeout) ->
    call(Server, {change, What, Target, Args}, Timeout).

%% @doc What the port program says of itself.
-spec hello(ref()) -> {ok, map()} | {error, term()}.
hello(Server) ->
    call(Server, hello).

%% @doc The OS process of an Erlang process.
-spec ospid(ref(), pid()) -> proctor:ospid() | {error, term()}.
ospid(Server, Pid) ->
    call(Server, {ospid, Pid}).

%% @doc The Erlang process of an OS process.
-spec pid(ref(), target()) -> pid() | undefined | {error, term()}.
pid(Server, OsPid) ->
    call(Server, {pid, OsPid}).

%% @doc The identifiers of all OS processes, as the port program has them.
-spec list(ref()) -> [proctor:ospid()] | {error, term()}.
list(Server) ->
    list(Server, infinity).

%% @doc The same, and waits no longer than that for the answer.
-spec list(ref(), timeout()) -> [proctor:ospid()] | {error, term()}.
list(Server, Timeout) ->
    call(Server, list, Timeout).

%% @doc Sets what the port program tells on standard error.
-spec debug(ref(), non_neg_integer()) ->
    {ok, non_neg_integer()} | {error, term()}.
debug(Server, Level) ->
    call(Server, {debug, Level}).

%% @doc How many OS processes each of several has, asked all at once; those
%% that do not say it in so many milliseconds are left out.
-spec counts([pid()], non_neg_integer()) -> [{non_neg_integer(), pid()}].
counts(Servers, Timeout) ->
    Asked = [{gen_server:send_request(Server, count), Server}
             || Server <- Servers],
    Deadline = erlang:monotonic_time(millisecond) + Timeout,
    Answers = [{gen_server:receive_response(Request, {abs, Deadline}), Server}
               || {Request, Server} <- Asked],
    [{Count, Server} || {{reply, Count}, Server} <- Answers].

%% @doc What it knows of itself, and the Erlang processes of its children; by
%% their numbers, those whose OS processes run.
-spec info(ref(), timeout()) -> {ok, map()} | {error, term()}.
info(Server, Timeout) ->
    call(Server, info, Timeout).

%% @doc Of the process of an OS process, `Pid': that one is to be stopped.
-spec stop_child(pid(), pid()) -> ok.
stop_child(Server, Pid) ->
    gen_server:cast(Server, {stop, Pid}).

%% @doc Of the process of an OS process, `Pid': its caller has taken it.
-spec confirm(pid(), pid()) -> ok.
confirm(Server, Pid) ->
    gen_server:cast(Server, {confirmed, Pid}).

call(Server, Request) ->
    call(Server, Request, infinity).

%% Waits for the answer. If there is none it is an error like any other. The name
%% may be passing from one to another just now, and who has it now may have
%% replaced the one whose an OS process is.
call(Server, Request, Timeout) ->
    case ask(Server, Request, Timeout) of
        {error, not_started} when not is_pid(Server) ->
            ok = proctor_turn:wait(Server),
            there(ask(Server, Request, Timeout), Server, Request, Timeout);
        Answer ->
            there(Answer, Server, Request, Timeout)
    end.

there({past, []}, Server, Request, Timeout) ->
    ask(Server, {here, Request}, Timeout);
there({past, [Past | Others]}, Server, Request, Timeout) ->
    case ask(Past, {has, target_of(Request)}, Timeout) of
        true -> ask(Past, Request, Timeout);
        _ -> there({past, Others}, Server, Request, Timeout)
    end;
there(Answer, _Server, _Request, _Timeout) ->
    Answer.

ask(Server, Request, Timeout) ->
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

target_of({stop, Target}) -> Target;
target_of({kill, Target, _Signal}) -> Target;
target_of({change, _What, Target, _Args}) -> Target;
target_of({pid, Target}) -> Target;
target_of(_Request) -> none.

%%% gen_server

%% @private
-spec init([term()] | {next, [term()]}) ->
    {ok, #state{}} | {stop, {shutdown, term()}}.
init({next, Options}) ->
    init(Options, next);
init(Options) ->
    init(Options, current).

init(Options, Turn) ->
    process_flag(trap_exit, true),
    %% Output waits here when the node is slow: not to be copied with the heap.
    process_flag(message_queue_data, off_heap),
    Tables = proctor_tables:ensure(),
    Now = now_ms(),
    case proctor_start_options:start(Options) of
        {ok, #{alarm := Alarm, groups := Groups, answer_timeout := Timeout}
             = Start} ->
            Name = proctor_start_options:name(Options),
            first(Start, #state{name = Name, turn = Turn, alarm = Alarm, started = Now,
                                notes = notes(Start),
                                answer_timeout = Timeout, tables = Tables,
                                groups = [Name || Name =/= undefined] ++ Groups,
                                asleep = Start});
        {error, Reason} ->
            {stop, {shutdown, Reason}}
    end.

notes(#{verbose := Verbose} = Start) ->
    Verbose orelse maps:get(debug, Start, 0) > 0.

first(#{start := lazy}, #state{turn = current} = State) ->
    {ok, join(State)};
first(_Start, State) ->
    case wake(State) of
        {ok, Awake} -> {ok, join(Awake)};
        {error, Reason} -> {stop, {shutdown, Reason}}
    end.

%% What only a port program can do wakes one that is asleep still. If that
%% fails, whoever comes next tries again.
wake_for(Request, #state{asleep = #{}} = State) ->
    case needs_port(Request) of
        true -> wake(State);
        false -> {ok, State}
    end;
wake_for(_Request, State) ->
    {ok, State}.

needs_port({run, _, _}) -> true;
needs_port({stop, _}) -> true;
needs_port({kill, _, _}) -> true;
needs_port({change, _, _, _}) -> true;
needs_port({debug, _}) -> true;
needs_port(list) -> true;
needs_port(hello) -> true;
needs_port(_Request) -> false.

wake(#state{asleep = Start} = State) ->
    case proctor_port:open(Start) of
        {ok, Port, Said, Environ} ->
            ok = proctor_environ:put(Environ),
            {ok, serving(Port, Said, State#state{environ = Environ})};
        {error, _} = Error ->
            Error
    end.

serving(Port, {Dialect, Hello},
        #state{name = Name, asleep = #{} = Start} = State) ->
    OsPid = case erlang:port_info(Port, os_pid) of
                {os_pid, Number} -> Number;
                undefined -> undefined
            end,
    ?TELL(info, #{what => proctor_started, instance => Name, port => OsPid,
                  dialect => Dialect}),
    ok = proctor_telemetry:instance_up(Name, Dialect),
    State#state{port = Port, port_os_pid = OsPid, hello = Hello,
                asleep = undefined, answered = now_ms(),
                link = #{server => self(), instance => Name,
                         dialect => Dialect,
                         linger => maps:get(linger, Start, 0),
                         cgroup => maps:get(cgroup, Start, none),
                         leaves => proctor_cgroup:has_leaves(Hello),
                         stdin_ack => lists:member(
                                        stdin_ack_bytes,
                                        maps:get(features, Hello, [])),
                         counted => State#state.counted,
                         cwd => proctor_place:cwd(),
                         writer => proctor_port:start_writer(Port)}}.

join(#state{turn = next} = State) ->
    State;
join(#state{groups = Groups} = State) ->
    case proctor_nodes:join(Groups) of
        {ok, Scope} ->
            State#state{scope = Scope};
        retry ->
            _ = erlang:send_after(?REJOIN, self(), join),
            State#state{scope = undefined}
    end.

%% @private
-spec handle_call(term(), gen_server:from(), #state{}) ->
    {reply, term(), #state{}} | {noreply, #state{}}
    | {stop, {shutdown, term()}, #state{}}.
handle_call(Asked, From, State) ->
    try
        case here(Asked, State) of
            {ok, Request, Awake} -> over(on_call(Request, From, Awake));
            {error, _} = Error -> {reply, Error, State};
            {past, _} = Elsewhere -> {reply, Elsewhere, State}
        end
    catch
        Class:Reason:Stack -> failed({Class, Reason, Stack}, State)
    end.

%% Whether it is for this server, which is awake if it has to be then. An OS
%% process that it does not know may be one of those that it has replaced.
here({here, Request}, State) ->
    awake(Request, State);
here(_Request, #state{turn = over}) ->
    {error, not_started};
here(Request, #state{past = []} = State) ->
    awake(Request, State);
here(Request, #state{past = Past, ospids = OsPids} = State) ->
    case target_of(Request) of
        OsPid when is_integer(OsPid), not is_map_key(OsPid, OsPids) ->
            {past, Past};
        _ ->
            awake(Request, State)
    end.

awake(Request, State) ->
    case wake_for(Request, State) of
        {ok, Awake} -> {ok, Request, Awake};
        {error, _} = Error -> Error
    end.

%% One that was replaced goes when nothing is left that it has to do.
over({noreply, State}) -> {noreply, over_state(State)};
over({reply, Reply, State}) -> {reply, Reply, over_state(State)};
over(Stop) -> Stop.

over_state(#state{turn = {past, Id}, pending = Pending, ospids = OsPids,
                  children = Children} = State)
  when map_size(Pending) =:= 0, map_size(OsPids) =:= 0,
       map_size(Children) =:= 0 ->
    _ = spawn(proctor_sup, drop, [Id]),
    State#state{turn = over};
over_state(State) ->
    State.

%% Who has the name is asked for it until nobody has it: one that has died may
%% just have been started again.
take_name(#state{name = Name, past = Past} = State, Id) ->
    case whereis(Name) of
        undefined ->
            try register(Name, self()) of
                true -> State
            catch
                error:badarg -> take_name(State, Id)
            end;
        Pid ->
            More = case ask(Pid, {retire, Id}, infinity) of
                       {retired, Before} -> [Pid | Before];
                       {error, _} -> []
                   end,
            _ = [monitor(process, Each) || Each <- More],
            take_name(State#state{past = More ++ Past}, Id)
    end.

%% What has failed must not say with what: the reports of OTP would have the
%% message and the state.
failed(Failure, State) ->
    {stop, {shutdown, proctor_log:failed("an instance", Failure)}, State}.

on_call({take_over, #{turn := Turn, past := Past, past_id := Id}}, _From,
        #state{turn = next} = State) ->
    ok = proctor_turn:pass(Past, Turn),
    {reply, ok, join((take_name(State, Id))#state{turn = current})};
on_call({retire, Id}, _From, #state{turn = current, name = Name, groups = Groups,
                                    past = Past} = State) ->
    ok = proctor_nodes:leave(Groups),
    true = unregister(Name),
    {reply, {retired, Past}, State#state{turn = {past, Id}, groups = [],
                                         past = []}};
on_call({has, OsPid}, _From, #state{ospids = OsPids} = State) ->
    {reply, is_map_key(abs(OsPid), OsPids), State};
on_call({run, Request, Spec}, From, #state{link = Link} = State) ->
    Asked = Spec#{asked => erlang:monotonic_time()},
    request(proctor_run_options:request(Request, Spec, Link),
            {run, From, Asked}, State);
on_call({stop, Target}, From, State) ->
    on_target(Target, fun(OsPid) -> {{stop, OsPid}, {call, From}} end, State);
on_call({kill, Target, Signal}, From, State) ->
    on_target(Target,
              fun(OsPid) -> {{kill, OsPid, Signal}, {kill, From, OsPid}} end,
              State);
on_call({change, What, _Target, _Args}, _From,
        #state{link = #{dialect := exec_port}} = State)
  when What =:= stats; What =:= cgroup_set; What =:= pause;
       What =:= resume ->
    {reply, {error, enotsup}, State};
on_call({change, What, Target, Args}, From, State) ->
    on_target(Target,
              fun(OsPid) ->
                  {list_to_tuple([What, OsPid | Args]), {call, From}}
              end, State);
on_call({ospid, Pid}, _From, State) ->
    case target(Pid, State) of
        {ok, OsPid} -> {reply, OsPid, State};
        {error, _} = Error -> {reply, Error, State}
    end;
on_call({pid, OsPid}, _From, State) ->
    case State#state.ospids of
        #{OsPid := Pid} when is_pid(Pid) -> {reply, Pid, State};
        #{} -> {reply, undefined, State}
    end;
on_call({debug, Level}, From, State) ->
    request({debug, Level}, {call, From}, State#state{notes = Level > 0});
on_call(hello, _From, #state{hello = Hello} = State) ->
    {reply, {ok, Hello}, State};
on_call(list, From, State) ->
    request({list}, {call, From}, State);
on_call(count, _From, #state{ospids = OsPids} = State) ->
    {reply, map_size(OsPids), State};
on_call(info, _From, State) ->
    {reply, {ok, info(State)}, State};
on_call(_Request, _From, State) ->
    {reply, {error, badarg}, State}.

%% @private
-spec handle_cast(term(), #state{}) ->
    {noreply, #state{}} | {stop, {shutdown, term()}, #state{}}.
handle_cast(Message, State) ->
    try
        over(on_cast(Message, State))
    catch
        Class:Reason:Stack -> failed({Class, Reason, Stack}, State)
    end.

on_cast({stop, Pid}, State) ->
    case target(Pid, State) of
        {ok, OsPid} -> request({stop, OsPid}, none, State);
        {error, _} -> {noreply, State}
    end;
on_cast({confirmed, Pid}, #state{children = Children} = State) ->
    case Children of
        #{Pid := Child} ->
            Taken = Child#child{taken = true},
            {noreply, State#state{children = Children#{Pid := Taken}}};
        #{} ->
            {noreply, State}
    end;
on_cast({cancel, Ref}, State) ->
    {noreply, cancel_run(Ref, State)};
on_cast(_Message, State) ->
    {noreply, State}.

%% @private
-spec handle_info(term(), #state{}) ->
    {noreply, #state{}} | {stop, {shutdown, term()}, #state{}}.
handle_info(Message, State) ->
    try
        over(on_info(Message, State))
    catch
        Class:Reason:Stack -> failed({Class, Reason, Stack}, State)
    end.

on_info({Port, {data, Frame}}, #state{port = Port} = State) ->
    case proctor_port:decode(Frame) of
        {ok, Message} -> {noreply, message(Message, State)};
        error -> port_closed(bad_frame, State)
    end;
on_info({Port, {exit_status, Status}}, #state{port = Port} = State) ->
    port_closed(Status, State#state{port = undefined});
on_info({'EXIT', Port, Reason}, #state{port = Port} = State) ->
    port_closed(Reason, State#state{port = undefined});
on_info({'DOWN', Scope, process, _, _}, #state{scope = Scope} = State) ->
    {noreply, join(State)};
on_info({'DOWN', Tables, process, _, _}, #state{tables = Tables} = State) ->
    {noreply, refill_tables(State)};
on_info({'DOWN', _, process, Pid, Reason}, State) ->
    {noreply, child_down(Pid, Reason, State)};
on_info(join, #state{scope = undefined} = State) ->
    {noreply, join(State)};
on_info({timeout, Look, Which}, #state{look = Look} = State) ->
    look(Which, State#state{look = undefined});
on_info({'EXIT', Pid, Reason}, #state{link = #{writer := Writer}} = State)
  when Reason =/= normal ->
    case proctor_port:is_writer(Pid, Writer) of
        %% What it had is lost, and may have been half of something.
        true -> port_closed(writer, State);
        false -> {noreply, State}
    end;
on_info(_Message, State) ->
    {noreply, State}.

%% @private
-spec terminate(term(), #state{}) -> ok.
terminate(Reason, #state{name = Name, started = Started, ospids = OsPids,
                         asleep = Asleep, turn = Turn,
                         children = Children} = State) ->
    Why = case Reason of
              {shutdown, Known} -> Known;
              _ -> Reason
          end,
    ok = close(Why, State),
    %% Who was promised an answer has it before it hears of our end.
    ok = proctor_request:begun([Pid || {Pid, Child} <- maps:to_list(Children),
                                       not is_direct(Pid, Child)], ?GRACE),
    ok = gone(Turn, Why, Name),
    Asleep =/= undefined
        orelse proctor_telemetry:instance_down({Name, Why}, Started,
                                               map_size(OsPids)),
    ok.

%% We have answered those ourselves.
is_direct(Pid, #child{spec = #{caller := Caller}}) ->
    Pid =:= Caller.

%% What is counted is counted of the one that has the name.
gone(current, Why, Name) ->
    remember(Why, Name);
gone({past, Id}, _Why, _Name) ->
    _ = spawn(proctor_sup, drop, [Id]),
    ok;
gone(over, _Why, _Name) ->
    turn_away();
gone(next, _Why, _Name) ->
    ok.

%% Who asks one that goes because it was replaced may ask the other.
turn_away() ->
    receive
        {'$gen_call', From, _Request} ->
            gen_server:reply(From, {error, not_started}),
            turn_away()
    after 0 ->
        ok
    end.

%% One that was told to end is not coming back.
remember(Why, Name) when Why =:= normal; Why =:= shutdown; Name =:= undefined ->
    proctor_restarts:forget({instance, Name});
remember(_Why, Name) ->
    proctor_restarts:ended({instance, Name}, undefined).

close(_Why, #state{port = undefined} = State) ->
    fail_pending(State);
close({port_closed, unresponsive}, #state{port = Port, alarm = Alarm} = State) ->
    ok = fail_pending(State),
    proctor_port:put_down(Port, {proctor_port:identity(Port),
                                 Alarm * 1000 + ?GRACE});
close(_Why, #state{port = Port, alarm = Alarm} = State) ->
    Fun = fun last_frame/2,
    Timeout = Alarm * 1000 + ?GRACE,
    {_Status, State1} = proctor_port:close(Port, {Timeout, Fun, State}),
    fail_pending(State1).

%% @private Nothing of what is run.
-spec format_status(gen_server:format_status()) -> gen_server:format_status().
format_status(Status) ->
    maps:map(fun(state, #state{} = State) -> info(State);
                (message, _) -> hidden;
                (log, _) -> [];
                (_, Value) -> Value
             end, Status).

port_closed(Reason, State) ->
    ?TELL(error, "proctor: the port program ended: ~ts; ~w OS processes with "
          "it", [proctor_error:ended(Reason), map_size(State#state.ospids)]),
    {stop, {shutdown, {port_closed, Reason}}, State}.

%% Ends that are reported during the shutdown are still ends.
last_frame(Frame, State) ->
    case proctor_port:decode(Frame) of
        {ok, Message} -> message(Message, State);
        error -> State
    end.

fail_pending(#state{pending = Pending}) ->
    lists:foreach(fun({_, Waiter}) -> answer(Waiter, {error, port_closed}) end,
                  lists:keysort(1, maps:to_list(Pending))).

info(#state{name = Name, hello = Hello, port_os_pid = OsPid, runs = Runs,
            refused = Refused, exits = Exits, counted = Counted,
            started = Started, pending = Pending, ospids = OsPids,
            children = Children, launchers_down = Down, turn = Turn} = State) ->
    Now = now_ms(),
    {Restarts, _} = proctor_restarts:find({instance, Name}),
    maps:merge(#{instance => Name, pid => self(), node => node(),
                 hello => Hello, port_os_pid => OsPid, runs => Runs,
                 refused => Refused, restarts => Restarts, exits => Exits,
                 bytes => proctor_count:bytes(Counted),
                 uptime_ms => Now - Started, pending => map_size(Pending),
                 messages => messages(), launchers_down => Down,
                 replaced => Turn =/= current,
                 orphans => length([1 || orphan <- maps:values(OsPids)]),
                 pids => maps:keys(Children), ospids => OsPids},
               info_of_port(Now, State)).

info_of_port(_Now, #state{asleep = #{} = Start}) ->
    #{dialect => maps:get(dialect, Start, native), parts => #{},
      writer_messages => 0};
info_of_port(Now, #state{answered = Answered,
                         link = #{dialect := Dialect, writer := Writer}}) ->
    %% One that dies takes all others along: they are as old as each other.
    #{dialect => Dialect, writer_messages => proctor_port:waiting(Writer),
      parts => maps:from_keys([broker, priv, worker],
                              #{uptime_ms => Now - Answered})}.

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
cancel_run(Ref, #state{pending = Pending, names = Names} = State) ->
    case Names of
        #{Ref := Pid} when is_pid(Pid) ->
            ok = proctor_child:cancel(Pid),
            State;
        #{Ref := Id} ->
            State#state{pending = Pending#{Id := cancelled},
                        names = maps:remove(Ref, Names)};
        #{} ->
            lists:foreach(fun(Past) -> cancel(Past, Ref) end, State#state.past),
            State
    end.

name_run({run, _From, #{ref := Ref}}, Where, Names) -> Names#{Ref => Where};
name_run(_Waiter, _Where, Names) -> Names.

unname_run({run, _From, #{ref := Ref}}, Names) -> maps:remove(Ref, Names);
unname_run(_Waiter, Names) -> Names.

target(OsPid, _State) when is_integer(OsPid) ->
    {ok, OsPid};
target(Pid, #state{children = Children}) when is_pid(Pid) ->
    case Children of
        #{Pid := #child{ospid = OsPid, exited = false}} -> {ok, OsPid};
        #{} -> {error, no_process}
    end.

request(Request, Waiter, #state{trans = Id, pending = Pending, names = Names}
        = State) ->
    case proctor_port:encode(Id, Request) of
        {ok, Frames} ->
            _ = proctor_port:write(maps:get(writer, State#state.link), Frames,
                                   none),
            State1 = case map_size(Pending) of
                         0 -> watch(State#state{silent_since = now_ms()});
                         _ -> State
                     end,
            {noreply, State1#state{trans = following(Id),
                                   pending = Pending#{Id => Waiter},
                                   names = name_run(Waiter, Id, Names)}};
        {error, _} = Error ->
            {reply, Error, State}
    end.

following(Id) ->
    Id rem ?MAX_TRANS + 1.

%% While a request waits somebody has to look whether answers come.
watch(#state{look = undefined, answer_timeout = Timeout} = State)
  when is_integer(Timeout) ->
    look_in(Timeout, first, State);
watch(State) ->
    State.

look_in(Ms, Which, State) ->
    State#state{look = erlang:start_timer(Ms, self(), Which)}.

look(Which, #state{pending = Pending, answer_timeout = Timeout,
                   silent_since = Since} = State) ->
    Left = Timeout - (now_ms() - Since),
    case map_size(Pending) of
        0 -> {noreply, State};
        _ when Left > 0 -> {noreply, look_in(Left, first, State)};
        _ when Which =:= first ->
            {noreply, look_in(?SECOND_LOOK, second, State)};
        _ -> port_closed(unresponsive, State)
    end.

now_ms() ->
    erlang:monotonic_time(millisecond).

%% A request that has no answer.
send(Request, #state{link = #{writer := Writer}} = State) ->
    {ok, Frames} = proctor_port:encode(0, Request),
    _ = proctor_port:write(Writer, Frames, none),
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
message({0, {cgroup, OsPid, Events}}, State) when is_map(Events) ->
    event(OsPid, {cgroup, Events}, State);
message({0, {launcher_down, User}}, State) when is_binary(User) ->
    launcher_down(User, State);
message({0, Event}, State) ->
    ?TELL(warning, "proctor: unknown event dropped: ~w",
                 [proctor_log:failure(Event)]),
    State;
message({Id, Reply}, #state{pending = Pending, names = Names} = State) ->
    case maps:take(Id, Pending) of
        {Waiter, Rest} ->
            State1 = State#state{pending = Rest, silent_since = now_ms(),
                                 names = unname_run(Waiter, Names)},
            reply(Waiter, Reply, overtaken(Id, State1));
        error ->
            ?TELL(warning, "proctor: reply ~w, which nobody waits for, dropped",
                         [Id]),
            State
    end.

%% Nobody runs as that user any more; the port program ends itself when it has
%% no children, and whoever supervises us starts another.
launcher_down(User, #state{launchers_down = Down, name = Name} = State) ->
    ?TELL(error, "proctor: the launcher of ~ts has died; the port program of "
          "~tp ends when it has no children", [User, Name]),
    State#state{launchers_down = lists:usort([User | Down])}.

output(Stream, OsPid, Data, #state{ospids = OsPids, counted = Counted}
       = State) ->
    ok = proctor_count:add(Stream, byte_size(Data), Counted),
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

%% In the native dialect each reply comes when it is known. In the other one
%% they keep the order of requests, so that one for a later request than the
%% next says that those before it will never be answered.
overtaken(_Id, #state{link = #{dialect := native}} = State) ->
    State;
overtaken(Id, #state{next = Id} = State) ->
    State#state{next = following(Id)};
overtaken(Id, #state{next = Next, pending = Pending, names = Names} = State) ->
    Lost = between(Next, Id),
    ?TELL(warning, "proctor: ~w requests before ~w got no reply",
                 [length(Lost), Id]),
    Waiters = [maps:get(Other, Pending) || Other <- Lost],
    lists:foreach(fun(Waiter) -> answer(Waiter, {error, no_reply}) end,
                  Waiters),
    State#state{pending = maps:without(Lost, Pending), next = following(Id),
                names = lists:foldl(fun unname_run/2, Names, Waiters)}.

%% Each of these is pending: they were asked one after the other.
between(Id, Id) -> [];
between(Next, Id) -> [Next | between(following(Next), Id)].

%% The new OS process is registered here and now: the next frame may be its
%% output or even its end.
reply({run, From, Spec} = Waiter, {pid, OsPid}, #state{link = Link} = State) ->
    Pid = case proctor_direct:grant(OsPid, From, Spec, Link) of
              {ok, Caller} -> Caller;
              no -> proctor_child:start(OsPid, From, Spec, Link)
          end,
    _ = monitor(process, Pid),
    ok = note(#{what => proctor_run, ospid => OsPid, pid => Pid,
                program => program(Spec)}, State),
    #state{ospids = OsPids, children = Children, runs = Runs,
           names = Names} = State,
    Child = #child{ospid = OsPid, spec = Spec,
                   taken = not is_map_key(offer, Spec)},
    State#state{ospids = OsPids#{OsPid => Pid}, runs = Runs + 1,
                children = Children#{Pid => Child},
                names = name_run(Waiter, Pid, Names)};
reply({run, From, Spec}, {error, Reason}, #state{link = Link} = State) ->
    ok = proctor_telemetry:run_refused(Reason, Spec, Link),
    ok = note(#{what => proctor_refused, program => program(Spec),
                reason => proctor_log:refusal(Reason)}, State),
    gen_server:reply(From, {error, Reason}),
    State#state{refused = State#state.refused + 1};
reply(cancelled, {pid, OsPid}, #state{ospids = OsPids} = State) ->
    orphan(OsPid, State#state{ospids = OsPids#{OsPid => orphan}});
reply({kill, From, OsPid}, {error, eperm}, #state{ospids = OsPids} = State) ->
    Reason = case OsPids of
                 #{OsPid := _} -> eperm;
                 #{} -> not_managed
             end,
    gen_server:reply(From, {error, Reason}),
    State;
reply(Waiter, Reply, State) ->
    answer(Waiter, Reply),
    State.

answer({call, From}, Reply) -> gen_server:reply(From, Reply);
answer({run, From, _Spec}, Reply) -> gen_server:reply(From, Reply);
answer({kill, From, _OsPid}, Reply) -> gen_server:reply(From, Reply);
answer(_, _Reply) -> ok.

%% Telemetry tells programs; this is for people who are looking for something.
note(Report, #state{name = Name, notes = true}) ->
    ?TELL(debug, Report#{instance => Name}),
    ok;
note(_Report, _State) ->
    ok.

program(#{command := Command}) ->
    proctor_log:program(Command).

%% From here on the number may be another process's.
ended(OsPid, Exit, #state{ospids = OsPids} = State) ->
    case maps:take(OsPid, OsPids) of
        {Pid, Rest} when is_pid(Pid) ->
            #state{children = #{Pid := Child} = Children} = State,
            Exit1 = exit_of(Exit, Child),
            ok = proctor_child:event(Pid, {exit, Exit1}),
            ok = note(Exit1#{what => proctor_exit, ospid => OsPid, pid => Pid},
                      State),
            Children1 = Children#{Pid := Child#child{exited = true}},
            count_exit(Exit, State#state{ospids = Rest, children = Children1});
        {orphan, Rest} ->
            count_exit(Exit, State#state{ospids = Rest});
        error ->
            ?TELL(warning, "proctor: end of unknown process ~tp dropped",
                         [OsPid]),
            State
    end.

%% In the other dialect nobody says why.
count_exit(Exit, #state{exits = Exits} = State) ->
    Reason = maps:get(reason, Exit, unknown),
    State#state{exits = maps:update_with(Reason, fun(N) -> N + 1 end, 1,
                                         Exits)}.

exit_of(#{raw := _} = Exit, _Child) ->
    Exit;
exit_of(Exit, #child{spec = #{success := Success}}) ->
    proctor_exit:from_native(Exit, Success).

orphan(OsPid, State) ->
    {noreply, State1} = request({stop, OsPid}, none,
                                ack_all(OsPid, [stdout, stderr], State)),
    State1.

refill_tables(#state{children = Children, environ = Environ} = State) ->
    Tables = proctor_tables:ensure(),
    ok = proctor_environ:put(Environ),
    _ = [proctor_owner:add(Pid, {self(), OsPid})
         || {Pid, #child{ospid = OsPid}} <- maps:to_list(Children)],
    State#state{tables = Tables}.

%% A light process that ends before its OS process takes that with it.
child_down(Pid, Reason, #state{children = Children, names = Names} = State) ->
    ok = proctor_owner:remove(Pid),
    case maps:take(Pid, Children) of
        {#child{ospid = OsPid, exited = Exited, spec = #{ref := Ref}} = Child,
         Rest} ->
            report_killed(Pid, Reason, Child),
            State1 = State#state{children = Rest,
                                 names = maps:remove(Ref, Names)},
            case Exited of
                true ->
                    State1;
                false ->
                    OsPids = maps:put(OsPid, orphan, State#state.ospids),
                    orphan(OsPid, State1#state{ospids = OsPids})
            end;
        error ->
            State#state{past = lists:delete(Pid, State#state.past)}
    end.

%% It says itself why it ends, unless it was not left the time, or able to. Who
%% waits for the result of a run monitors it.
report_killed(Pid, Reason, #child{ospid = OsPid, taken = true,
                          spec = #{monitor := true, reply := run,
                                   caller := Caller} = Spec})
  when Reason =:= killed; element(1, Reason) =:= proctor_failed ->
    Down = {'DOWN', proctor_run_options:tag(Spec, OsPid), process, Pid, Reason},
    case Spec of
        #{message := Shape} ->
            %% Not here: it is anybody's function.
            _ = spawn(proctor_message, send, [Caller, Down, Shape]),
            ok;
        _ ->
            proctor_message:send(Caller, Down, plain)
    end;
report_killed(_Pid, _Reason, _Child) ->
    ok.
