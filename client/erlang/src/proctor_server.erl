%% @doc Owns one port program. It numbers the requests, matches the replies,
%% and leads events to the process of the OS process they are about. It does
%% nothing that could make it wait: see {@link proctor_port} for writing and
%% {@link proctor_child} for what users see.
-module(proctor_server).
-behaviour(gen_server).

-include_lib("kernel/include/logger.hrl").

-export([start/2, start_link/2, call/2, call/3]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2]).

-export_type([target/0, request/0]).

-type target() :: pid() | proctor:ospid().
-type request() :: {run, {run, term(), [term()]}, proctor_options:spec()}
                 | {stop, target()}
                 | {kill, target(), integer()}
                 | {send, target(), binary() | eof}
                 | {ospid, pid()}
                 | {pid, proctor:ospid()}
                 | {debug, non_neg_integer()}
                 | list.

%% Requests are numbered from 1 to this and then from 1 again; 0 means that
%% there is no reply.
-define(MAX_TRANS, 16#7FFFFFF).

%% How much longer than the port program's own limit its end may take.
-define(GRACE, 5000).

-type waiter() :: none
                | {call, gen_server:from()}
                | {run, gen_server:from(), proctor_options:spec()}.

-record(child, {ospid :: proctor:ospid(),
                from :: gen_server:from(),
                spec :: proctor_options:spec(),
                exited = false :: boolean()}).

-record(state, {port :: port() | undefined,
                writer :: pid(),
                alarm :: non_neg_integer(),
                trans = 1 :: pos_integer(),
                pending = queue:new() :: queue:queue({pos_integer(),
                                                      waiter()}),
                %% An OS process whose light process has died stays here, as
                %% orphan, until its end is reported.
                ospids = #{} :: #{proctor:ospid() => pid() | orphan},
                %% A light process stays here until it has ended, although
                %% its OS process may be gone.
                children = #{} :: #{pid() => #child{}}}).

%%% Functions for proctor.erl

%% @doc Starts a server that belongs to nobody.
-spec start(atom(), [term()]) -> {ok, pid()} | {error, term()}.
start(Name, Options) ->
    started(gen_server:start({local, Name}, ?MODULE, Options, [])).

%% @doc Starts a server linked to the caller.
-spec start_link(atom(), [term()]) -> {ok, pid()} | {error, term()}.
start_link(Name, Options) ->
    started(gen_server:start_link({local, Name}, ?MODULE, Options, [])).

%% A refusal to start is the caller's to report: init/1 wraps it so that no
%% crash is logged.
started({ok, Pid}) -> {ok, Pid};
started({error, {shutdown, Reason}}) -> {error, Reason};
started({error, Reason}) -> {error, Reason}.

%% @doc Asks the server and waits for the answer. If there is none it is an
%% error like any other.
-spec call(atom() | pid(), request()) -> term().
call(Server, Request) ->
    call(Server, Request, infinity).

%% @doc The same with a limit in milliseconds.
-spec call(atom() | pid(), request(), timeout()) -> term().
call(Server, Request, Timeout) ->
    %% Not gen_server:call/3, which gives the server its plain process
    %% identifier: here others answer too, and what they say after the server
    %% has died must not reach the mailbox of the caller.
    RequestId = gen_server:send_request(Server, Request),
    case gen_server:receive_response(RequestId, Timeout) of
        {reply, Reply} -> Reply;
        timeout -> {error, timeout};
        {error, {noproc, _}} -> {error, not_started};
        {error, {_Reason, _}} -> {error, port_closed}
    end.

%%% gen_server

%% @private
-spec init([term()]) -> {ok, #state{}} | {stop, {shutdown, term()}}.
init(Options) ->
    process_flag(trap_exit, true),
    case proctor_options:start(Options) of
        {ok, #{alarm := Alarm} = Start} ->
            case proctor_port:open(Start) of
                {ok, Port} ->
                    {ok, #state{port = Port, alarm = Alarm,
                                writer = proctor_port:start_writer(Port)}};
                {error, Reason} ->
                    {stop, {shutdown, Reason}}
            end;
        {error, Reason} ->
            {stop, {shutdown, Reason}}
    end.

%% @private
-spec handle_call(request(), gen_server:from(), #state{}) ->
    {reply, term(), #state{}} | {noreply, #state{}}.
handle_call({run, Request, Spec}, From, State) ->
    request(Request, {run, From, Spec}, State);
handle_call({stop, Target}, From, State) ->
    on_target(Target, fun(OsPid) -> {stop, OsPid} end, From, State);
handle_call({kill, Target, Signal}, From, State) ->
    on_target(Target, fun(OsPid) -> {kill, OsPid, Signal} end, From, State);
handle_call({send, Target, Data}, From, State) ->
    case target(Target, State) of
        {ok, OsPid} when is_map_key(OsPid, State#state.ospids) ->
            {ok, Frames} = proctor_port:encode(0, {stdin, OsPid, Data}),
            ok = proctor_port:write(State#state.writer, Frames, From),
            {noreply, State};
        _ ->
            {reply, {error, no_process}, State}
    end;
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
    request({list}, {call, From}, State).

%% @private
-spec handle_cast(term(), #state{}) -> {noreply, #state{}}.
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
handle_info({'DOWN', _, process, Pid, Reason}, State) ->
    {noreply, child_down(Pid, Reason, State)};
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

port_exit(Reason, State) ->
    ?LOG_ERROR("proctor: the port program ended: ~tp; ~w OS processes with it",
               [Reason, map_size(State#state.ospids)]),
    {stop, {shutdown, {port_exit, Reason}}, State}.

%% Ends that are reported during the shutdown are still ends.
last_frame(Frame, State) ->
    case proctor_port:decode(Frame) of
        {ok, Message} -> message(Message, State);
        error -> State
    end.

fail_pending(#state{pending = Pending}) ->
    lists:foreach(fun({_, Waiter}) -> answer(Waiter, {error, port_closed}) end,
                  queue:to_list(Pending)).

%%% Requests

on_target(Target, Request, From, State) ->
    case target(Target, State) of
        {ok, OsPid} -> request(Request(OsPid), {call, From}, State);
        {error, _} = Error -> {reply, Error, State}
    end.

target(OsPid, _State) when is_integer(OsPid) ->
    {ok, OsPid};
target(Pid, #state{children = Children}) when is_pid(Pid) ->
    case Children of
        #{Pid := #child{ospid = OsPid, exited = false}} -> {ok, OsPid};
        #{} -> {error, no_process}
    end.

request(Request, Waiter, #state{trans = Id, pending = Pending} = State) ->
    case proctor_port:encode(Id, Request) of
        {ok, Frames} ->
            ok = proctor_port:write(State#state.writer, Frames, none),
            {noreply, State#state{trans = Id rem ?MAX_TRANS + 1,
                                  pending = queue:in({Id, Waiter}, Pending)}};
        {error, _} = Error ->
            {reply, Error, State}
    end.

%%% Replies and events

message({0, {exit_status, OsPid, Status}}, State) ->
    exit_status(OsPid, Status, State);
message({0, {Stream, OsPid, Data}}, State)
  when Stream =:= stdout; Stream =:= stderr ->
    case State#state.ospids of
        #{OsPid := Pid} when is_pid(Pid) ->
            ok = proctor_child:output(Pid, Stream, Data);
        #{OsPid := orphan} ->
            ok;
        #{} ->
            ?LOG_WARNING("proctor: output of unknown process ~tp dropped",
                         [OsPid])
    end,
    State;
message({0, Event}, State) ->
    ?LOG_WARNING("proctor: unknown event dropped: ~tp", [Event]),
    State;
message({Id, Reply}, #state{pending = Pending} = State) ->
    case queue:out(Pending) of
        {{value, {Id, Waiter}}, Rest} ->
            reply(Waiter, Reply, State#state{pending = Rest});
        _ ->
            overtaken(Id, Reply, State)
    end.

%% Replies keep the order of requests. One that is for a later request than
%% the oldest says that those before it will never be answered.
overtaken(Id, Reply, #state{pending = Pending} = State) ->
    Older = fun({Other, _}) -> Other =/= Id end,
    case lists:splitwith(Older, queue:to_list(Pending)) of
        {_, []} ->
            ?LOG_WARNING("proctor: reply ~w, which nobody waits for, dropped",
                         [Id]),
            State;
        {Lost, [{Id, Waiter} | Rest]} ->
            ?LOG_WARNING("proctor: ~w requests before ~w got no reply",
                         [length(Lost), Id]),
            lists:foreach(fun({_, W}) -> answer(W, {error, no_reply}) end,
                          Lost),
            reply(Waiter, Reply, State#state{pending = queue:from_list(Rest)})
    end.

%% The new OS process is registered here and now: the next frame may be its
%% output or even its end.
reply({run, From, Spec}, {pid, OsPid}, State) ->
    Pid = proctor_child:start(OsPid, From, Spec),
    _ = monitor(process, Pid),
    #state{ospids = OsPids, children = Children} = State,
    Child = #child{ospid = OsPid, from = From, spec = Spec},
    State#state{ospids = OsPids#{OsPid => Pid},
                children = Children#{Pid => Child}};
reply(Waiter, Reply, State) ->
    answer(Waiter, Reply),
    State.

answer(none, _Reply) -> ok;
answer({call, From}, Reply) -> gen_server:reply(From, Reply);
answer({run, From, _Spec}, Reply) -> gen_server:reply(From, Reply).

%% From here on the number may be another process's.
exit_status(OsPid, Status, #state{ospids = OsPids} = State) ->
    case maps:take(OsPid, OsPids) of
        {Pid, Rest} when is_pid(Pid) ->
            ok = proctor_child:exited(Pid, Status),
            #state{children = #{Pid := Child} = Children} = State,
            Children1 = Children#{Pid := Child#child{exited = true}},
            State#state{ospids = Rest, children = Children1};
        {orphan, Rest} ->
            State#state{ospids = Rest};
        error ->
            ?LOG_WARNING("proctor: end of unknown process ~tp dropped",
                         [OsPid]),
            State
    end.

%% A light process that ends before its OS process takes that with it.
child_down(Pid, Reason, #state{children = Children} = State) ->
    case maps:take(Pid, Children) of
        {#child{exited = true} = Child, Rest} ->
            mourn(Pid, Reason, Child),
            State#state{children = Rest};
        {#child{ospid = OsPid} = Child, Rest} ->
            mourn(Pid, Reason, Child),
            OsPids = maps:put(OsPid, orphan, State#state.ospids),
            State1 = State#state{children = Rest, ospids = OsPids},
            {noreply, State2} = request({stop, OsPid}, none, State1),
            State2;
        error ->
            State
    end.

%% It says itself why it ends, unless it was not left the time.
mourn(_Pid, killed, #child{spec = #{sync := true}, from = From}) ->
    gen_server:reply(From, {error, killed});
mourn(Pid, killed, #child{ospid = OsPid,
                          spec = #{monitor := true, caller := Caller}}) ->
    Caller ! {'DOWN', OsPid, process, Pid, killed},
    ok;
mourn(_Pid, _Reason, _Child) ->
    ok.
