%% @doc An OS process that an Erlang process stands for itself, as
%% {@link proctor_child} does for others: what the OS process writes comes to it
%% at once from the server, and what it sends goes to the port at once, with the
%% windows that any other has. A conversation has two processes less to wake so.
%% In all else it is a child as any: known to its server, which stops it when the
%% Erlang process ends, told of by {@link proctor:info/1} and in telemetry.
%%
%% That can only be on the node of the server; elsewhere the OS process gets a
%% process of its own, and its messages are read here, too.
-module(proctor_direct).

-export([run/2, grant/4, send/2, message/2, info/1, leave/2]).

-export_type([program/0]).

-type key() :: {Server :: pid(), proctor_run_options:spec(),
                proctor_server:link()}.

-record(direct, {ospid :: proctor:ospid(),
                 server :: reference(),
                 spec :: proctor_run_options:spec(),
                 link :: proctor_server:link(),
                 input :: proctor_input:input(),
                 output :: proctor_output:output(),
                 exit :: undefined | proctor_exit:exit(),
                 %% In native units.
                 started = erlang:monotonic_time() :: integer()}).

-record(other, {ospid :: proctor:ospid(),
                child :: pid()}).

-opaque program() :: #direct{} | #other{}.

-type why() :: proctor_exit:reason() | {exit, term()}.

%% @doc Runs a command with `stdin', `stdout', `monitor' and `exit', as
%% {@link proctor:run/2} does, for the caller to stand for it. Its standard error
%% goes where its options say.
-spec run([proctor:text()], [proctor:run_option()]) ->
    {ok, program(), proctor:ospid()} | {error, term()}.
run(Argv, Options) ->
    Given = [stdin, stdout, monitor, exit | Options],
    Self = self(),
    case proctor_run:run(Argv, Given, false, #{direct => true}, infinity) of
        {ok, Self, OsPid} ->
            receive {?MODULE, OsPid, Key} -> {ok, begun(OsPid, Key), OsPid} end;
        {ok, Child, OsPid} ->
            {ok, #other{ospid = OsPid, child = Child}, OsPid};
        {error, _} = Error ->
            Error
    end.

%% @doc Of the server: who has asked for it stands for it, if that can be, and is
%% answered.
-spec grant(proctor:ospid(), gen_server:from(), proctor_run_options:spec(),
            proctor_server:link()) -> {ok, pid()} | no.
grant(_OsPid, _From, #{offer := true}, _Link) ->
    no;
grant(OsPid, {Caller, _} = From,
      #{direct := true, caller := Caller, reply := run} = Spec, Link)
  when node(Caller) =:= node() ->
    Caller ! {?MODULE, OsPid, {self(), Spec, Link}},
    ok = proctor_owner:add(Caller, {self(), OsPid}),
    gen_server:reply(From, {ok, Caller, OsPid}),
    {ok, Caller};
grant(_OsPid, _From, _Spec, _Link) ->
    no.

%% A function that takes its standard error may fail.
-spec begun(proctor:ospid(), key()) -> #direct{}.
begun(OsPid, {Server, Spec, Link}) ->
    process_flag(trap_exit, true),
    ok = proctor_telemetry:run_start(OsPid, Spec, Link),
    #direct{ospid = OsPid, server = monitor(process, Server), spec = Spec,
            link = Link, input = proctor_input:new(OsPid, Spec, Link),
            output = proctor_output:new(OsPid, Spec#{stdout := none}, Link)}.

%% @doc Writes to its standard input, when there is room for it: who sends bounds
%% that by other means.
-spec send(binary(), program()) -> program().
send(Data, #direct{input = Input} = Program) ->
    Program#direct{input = proctor_input:send(Data, infinity, none, Input)};
send(Data, #other{child = Child} = Program) ->
    ok = proctor_request:feed(Child, Data),
    Program.

%% @doc Reads a message of the caller's: it is what the program has written, or
%% its end, or something that only concerns us; or nothing of the program's.
-spec message(term(), program()) ->
    {data, binary(), program()} | {ok, program()}
    | {ended, proctor_exit:status(), why(), program()} | other.
message({proctor_child, output, stdout, Data}, #direct{output = Output}
        = Program) ->
    {data, Data,
     Program#direct{output = proctor_output:put(stdout, Data, Output)}};
message({proctor_child, output, stderr, Data}, #direct{output = Output}
        = Program) ->
    {ok, Program#direct{output = proctor_output:put(stderr, Data, Output)}};
message({proctor_child, Event}, #direct{} = Program) ->
    over(event(Event, Program));
message({proctor_sink, Stream, Bytes}, #direct{output = Output} = Program) ->
    over(Program#direct{output = proctor_output:sunk(Stream, Bytes, Output)});
message({'DOWN', Server, process, _, _}, #direct{server = Server} = Program) ->
    {ended, unknown, port_closed, Program};
message({'EXIT', Pid, Reason}, #direct{output = Output} = Program) ->
    case proctor_output:sink(Output) of
        Pid -> {ended, unknown, {exit, Reason}, Program};
        _ -> other
    end;
message({stdout, OsPid, Data}, #other{ospid = OsPid} = Program) ->
    {data, Data, Program};
message({exit, OsPid, #{status := Status, reason := Reason}},
        #other{ospid = OsPid} = Program) ->
    {ended, Status, Reason, Program};
message({'DOWN', OsPid, process, _, _}, #other{ospid = OsPid} = Program) ->
    {ended, unknown, unknown, Program};
message(_Message, _Program) ->
    other.

event({exit, Exit}, #direct{output = Output} = Program) ->
    close_input(Program#direct{exit = Exit,
                               output = proctor_output:ended(Output)});
event({eof, stdin}, Program) ->
    close_input(Program);
event({eof, Stream}, #direct{output = Output} = Program) ->
    Program#direct{output = proctor_output:eof(Stream, Output)};
event({stdin_ack, Bytes}, #direct{input = Input} = Program) ->
    Program#direct{input = proctor_input:acked(Bytes, Input)};
event({cgroup, Events}, #direct{ospid = OsPid, spec = Spec, link = Link}
      = Program) ->
    ok = proctor_telemetry:run_cgroup(Events, OsPid, {Spec, Link}),
    Program.

close_input(#direct{input = Input} = Program) ->
    Program#direct{input = proctor_input:close({error, closed}, Input)}.

%% It has ended, and what takes its standard error has done so.
over(#direct{exit = undefined} = Program) ->
    {ok, Program};
over(#direct{exit = #{status := Status, reason := Reason},
             output = Output} = Program) ->
    case proctor_output:is_taken(Output) of
        true -> {ended, Status, Reason, Program};
        false -> {ok, Program}
    end.

%% @doc What is asked for by `info': see {@link proctor:info/1}.
-spec info(program()) -> {ok, map()} | {error, term()}.
info(#direct{ospid = OsPid, spec = Spec, input = Input, output = Output,
             started = Started}) ->
    {ok, proctor_child:info(OsPid, Spec, {Input, Output}, Started)};
info(#other{}) ->
    {error, badarg}.

%% @doc The caller is about to end with that reason, and has nothing more to do
%% with it. If it has not ended it is stopped.
-spec leave(term(), program()) -> ok.
leave(Reason, #direct{ospid = OsPid, spec = Spec, link = Link,
                      started = Started, output = Output, exit = Exit}) ->
    ok = case Exit of
             undefined ->
                 proctor_telemetry:run_exception({exit, Reason}, Started,
                                                 OsPid, {Spec, Link});
             _ ->
                 #{stdout := {Out, _}, stderr := {Err, _}} =
                     proctor_output:info(Output),
                 proctor_telemetry:run_stop(Exit, Started, {Out, Err}, OsPid,
                                            {Spec, Link})
         end,
    Sink = proctor_output:sink(Output),
    is_pid(Sink) andalso exit(Sink, kill),
    proctor_owner:remove(self());
leave(_Reason, #other{}) ->
    ok.
