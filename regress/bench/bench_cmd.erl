%% One short command, by the way in which the users of each library call it, in
%% the caller's own process. Libraries that are not there are left out.
-module(bench_cmd).

-export([systems/0, run/2]).

-define(TRUE, <<"/bin/true">>).
-define(HEAD, <<"/usr/bin/head">>).

%% Who there is: each by the module that has to be loaded for it.
systems() ->
    [Name || {Name, Module} <- [{open_port, erlang}, {proctor, proctor},
                                {system_cmd, 'Elixir.System'},
                                {erlexec, exec}, {muontrap, 'Elixir.MuonTrap'},
                                {forcola, 'Elixir.Forcola'},
                                {exile, 'Elixir.Exile'},
                                {netrunner, 'Elixir.NetRunner'}, {prx, prx}],
             Module =:= erlang orelse code:which(Module) =/= non_existing].

run(Name, #{count := Count, callers := Callers, bytes := Bytes}) ->
    State = start(Name),
    Run = fun() -> ok = call(Name, State, ?TRUE, [], 0) end,
    _ = [Run() || _ <- lists:seq(1, 10)],
    Times = [micros(Run) || _ <- lists:seq(1, Count)],
    Rate = Count / (micros(fun() -> at_once(Run, Callers, Count) end) / 1.0e6),
    Args = [<<"-c">>, integer_to_binary(Bytes), <<"/dev/zero">>],
    Took = micros(fun() -> ok = call(Name, State, ?HEAD, Args, Bytes) end),
    #{p50_us => bench_stat:percentile(50, Times),
      quantiles => bench_stat:quantiles(Times),
      runs_s => Rate, mb_s => Bytes / Took}.

at_once(Run, Callers, Count) ->
    Loop = fun() -> [Run() || _ <- lists:seq(1, Count div Callers)] end,
    Loops = [spawn_monitor(Loop) || _ <- lists:seq(1, Callers)],
    lists:foreach(fun({Pid, Monitor}) ->
                      receive {'DOWN', Monitor, process, Pid, normal} -> ok end
                  end, Loops).

micros(Fun) ->
    Start = erlang:monotonic_time(),
    _ = Fun(),
    Taken = erlang:monotonic_time() - Start,
    erlang:convert_time_unit(Taken, native, nanosecond) / 1000.

%%% Starting

start(proctor) ->
    ok = application:set_env(proctor, portexe, bench_os:program()),
    application(proctor);
start(erlexec) ->
    true = os:putenv("SHELL", "/bin/sh"),
    application(erlexec);
start(system_cmd) -> application(elixir);
start(muontrap) -> application(muontrap);
start(forcola) -> application(forcola);
start(exile) -> application(exile);
start(netrunner) -> application(net_runner);
start(prx) ->
    {ok, Root} = prx:fork(),
    Root;
start(open_port) -> none.

application(Name) ->
    {ok, _} = application:ensure_all_started(Name),
    none.

%%% Each its users' way: the end, a status of 0, and so many bytes of output

call(open_port, _, Program, Args, Bytes) ->
    Port = open_port({spawn_executable, Program},
                     [{args, Args}, binary, exit_status, hide, use_stdio]),
    gather(Port, Bytes);
call(proctor, _, Program, Args, Bytes) ->
    {ok, #{status := {exited, 0}, stdout := Out}} =
        proctor:cmd(Program, Args, []),
    long(Out, Bytes);
call(erlexec, _, Program, Args, Bytes) ->
    Words = [binary_to_list(Word) || Word <- [Program | Args]],
    {ok, Streams} = exec:run(Words, [sync, stdout, stderr]),
    long(iolist_to_binary(proplists:get_value(stdout, Streams, [])), Bytes);
call(forcola, _, Program, Args, Bytes) ->
    {ok, #{status := 0, stdout := Out}} =
        'Elixir.Forcola':run([Program | Args], [{timeout_ms, 60000}]),
    long(Out, Bytes);
call(exile, _, Program, Args, Bytes) ->
    Stream = 'Elixir.Exile':'stream!'([Program | Args]),
    long(iolist_to_binary('Elixir.Enum':to_list(Stream)), Bytes);
call(netrunner, _, Program, Args, Bytes) ->
    {Out, 0} = 'Elixir.NetRunner':run([Program | Args]),
    long(Out, Bytes);
call(prx, Root, Program, Args, Bytes) ->
    {ok, Task} = prx:fork(Root),
    ok = prx:execvp(Task, [Program | Args]),
    driven(Task, Bytes);
call(System, _, Program, Args, Bytes) ->
    Module = case System of
                 system_cmd -> 'Elixir.System';
                 muontrap -> 'Elixir.MuonTrap'
             end,
    {Out, 0} = Module:cmd(Program, Args),
    long(Out, Bytes).

long(Out, Bytes) when byte_size(Out) =:= Bytes -> ok.

gather(Port, Left) ->
    receive
        {Port, {data, Data}} -> gather(Port, Left - byte_size(Data));
        {Port, {exit_status, 0}} when Left =:= 0 -> ok
    end.

driven(Task, Left) ->
    receive
        {stdout, Task, Data} -> driven(Task, Left - byte_size(Data));
        {exit_status, Task, 0} when Left =:= 0 -> ok
    end.
