%% What is told through telemetry, and what is not.
-module(proctor_telemetry_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0, down/1, flush/0, wait_until/1, with_fake/3]).

telemetry_test_() ->
    [proctor_case:cases([],
       [{"a run", fun run/0},
        {"runs in every shape", fun shapes/0},
        {"what is not known is not there", fun told/0},
        {"a run that is refused", fun refused/0},
        {"a run whose end nobody hears", fun exceptions/0},
        {"an exit that waits to be taken", fun await/0},
        {"handlers that fail", fun fails/0},
        {"a handler that takes its time", fun slow/0},
        {"nobody is there", fun absent/0}]),
     proctor_case:alone(
       [{"instances", fun instances/0},
        {"an instance that dies, and its runs", fun dies/0},
        {"an instance that dies before a run is answered", fun dies_first/0},
        {"daemons", fun daemons/0}])].

attached(Fun) ->
    telemetry:attached(self(), Fun),
    flush().

event(Kind, Name) ->
    receive {[proctor, Kind, Name], Measured, Meta} -> {Measured, Meta} end.

run() ->
    telemetry:attached(self(), fun() ->
        {ok, Pid, OsPid} = proctor:run(["/bin/sh", "-c",
                                        "echo abc; echo x >&2; exit 3"],
                                       [stdout, stderr, monitor,
                                        {telemetry_metadata,
                                         #{mine => 1, node => not_mine}}]),
        Node = node(),
        {[proctor, run, start], Start, Meta} = next(),
        ?assertMatch([{system_time, Time}] when is_integer(Time),
                     maps:to_list(Start)),
        ?assertEqual(#{program => <<"/bin/sh">>, pid => Pid, os_pid => OsPid,
                       instance => proctor, node => Node, mine => 1}, Meta),
        {Stop, StopMeta} = event(run, stop),
        ?assertMatch(#{duration := Duration, stdout_bytes := 4,
                       stderr_bytes := 2, utime_us := _, stime_us := _,
                       maxrss_kb := Size}
                       when Duration > 0 andalso Size > 0
                            andalso map_size(Stop) =:= 6, Stop),
        ?assertEqual(Meta#{status => {exited, 3}, reason => normal}, StopMeta),
        receive {'DOWN', OsPid, process, Pid, _} -> ok end
    end),
    ?assertMatch([_, _], flush()).

shapes() ->
    [begin
         Events = attached(Call),
         ?assertMatch([{[proctor, run, start], _, _},
                       {[proctor, run, stop], #{stdout_bytes := 6}, _}],
                      Events),
         [proctor_case:no_secret("s3cret", Event) || Event <- Events]
     end || Options <- [[], [{telemetry, terse}]],
            Call <- [fun() -> proctor:run("echo s3cret | cut -c 1-5",
                                          [sync, stdout, {env, [{"A",
                                                                 "s3cret"}]}
                                           | Options]) end,
                     fun() -> proctor:cmd("printf", ["%.6s", "s3cret-more"],
                                          Options) end,
                     fun() -> proctor:fold_lines(fun(_, A) -> A end, 0,
                                                 ["/bin/echo", "s3cre"],
                                                 Options) end,
                     fun() -> proctor:pipe([{"echo", ["s3cre"]}, {"cat", []}],
                                           Options) end]].

told() ->
    Command = ["/bin/echo", "s3cret"],
    [{_, _, Meta}, _] = attached(fun() ->
        proctor:run(Command, [sync, {telemetry, verbose},
                              {env, [{"A", "environment"}]}])
    end),
    ?assertMatch(#{command := [<<"/bin/echo">>, <<"s3cret">>]},
                 maps:map(fun(command, Words) ->
                                  [iolist_to_binary(Word) || Word <- Words];
                             (_, Value) -> Value
                          end, Meta)),
    proctor_case:no_secret("environment", Meta),
    ?assertEqual([], attached(fun() ->
        proctor:run(Command, [sync, {telemetry, none}]),
        proctor:run(["/no/such"], [{telemetry, none}])
    end)),
    [{_, _, Shell}, _] = attached(fun() -> proctor:run("true", [sync]) end),
    ?assertMatch(#{program := shell}, Shell).

refused() ->
    telemetry:attached(self(), fun() ->
        {error, _} = proctor:run(["/bin/echo"], [{cd, "/no/s3cret"},
                                                 {errors, term}]),
        {Measured, Meta} = event(run, exception),
        ?assertMatch([{duration, Duration}] when Duration > 0,
                     maps:to_list(Measured)),
        Node = node(),
        ?assertEqual(#{kind => refused, reason => {chdir, enoent},
                       program => <<"/bin/echo">>, instance => proctor,
                       node => Node}, Meta)
    end),
    ?assertEqual([], flush()).

%% Whoever was to hear of it, and however that ends.
exceptions() ->
    Self = self(),
    Run = fun(Options) ->
              {ok, Pid, OsPid} = proctor:run("exec sleep 1000", Options),
              Self ! {ran, Pid, OsPid},
              receive stop -> ok end
          end,
    telemetry:attached(Self, fun() ->
        [begin
             Caller = spawn(fun() -> Run(Options) end),
             {Pid, OsPid} = receive {ran, P, O} -> {P, O} end,
             End(Caller, Pid),
             {_, #{pid := Pid, os_pid := OsPid}} = event(run, start),
             {Measured, Meta} = event(run, exception),
             ?assertMatch([{duration, Duration}] when Duration > 0,
                          maps:to_list(Measured)),
             ?assertMatch(#{kind := exit, reason := Reason, pid := Pid,
                            os_pid := OsPid}, Meta),
             wait_until(fun() -> not is_process_alive(Pid) end),
             exit(Caller, kill)
         end || {Options, End, Reason} <-
                    [{[monitor], fun(Caller, _) -> exit(Caller, kill) end,
                      normal},
                     {[link], fun(Caller, _) -> exit(Caller, kill) end,
                      killed},
                     {[], fun(_, Pid) -> exit(Pid, mine) end, mine}]],
        wait_until(fun() -> proctor:which_children() =:= [] end)
    end),
    ?assertEqual([], flush()).

%% Once, and not when it is taken.
await() ->
    telemetry:attached(self(), fun() ->
        {ok, Pid, _} = proctor:run("exit 0", [{await, true}]),
        {_, _} = event(run, start),
        {_, _} = event(run, stop),
        {ok, #{status := {exited, 0}}} = proctor:await(Pid),
        Self = self(),
        Caller = spawn(fun() ->
                     Self ! proctor:run("exit 0", [{await, true}, link]),
                     receive stop -> ok end
                 end),
        {_, #{pid := Left}} = event(run, stop),
        {_, _} = event(run, start),
        {ok, Left, _} = next(),
        Ref = monitor(process, Left),
        exit(Caller, kill),
        ?assertEqual(killed, down(Ref))
    end),
    ?assertEqual([], flush()).

fails() ->
    telemetry:attached(fun(_, _, _) -> error(oops) end, fun() ->
        ?assertEqual({ok, [{stdout, [<<"a\n">>]}]},
                     proctor:run("echo a", [sync, stdout])),
        ?assertMatch({error, _}, proctor:run(["/no/such"],
                                             [{errors, term}]))
    end).

%% Of one that was refused, and of one that runs: others go on.
slow() ->
    Self = self(),
    Handler = fun([_, run, What], _, #{mine := 1} = Meta)
                    when What =:= exception; What =:= start ->
                      Self ! {What, self(), maps:get(pid, Meta, none)},
                      receive go -> ok end;
                 (_, _, _) ->
                      ok
              end,
    telemetry:attached(Handler, fun() ->
        Mine = {telemetry_metadata, #{mine => 1}},
        {error, _} = proctor:run(["/no/such"], [{errors, term}, Mine]),
        {exception, Refused, none} = next(),
        _ = spawn_link(fun() ->
                Self ! proctor:run("echo a", [sync, stdout, Mine])
            end),
        {start, Runs, Runs} = next(),
        ?assertEqual({ok, []}, proctor:run("true", [sync])),
        Runs ! go,
        ?assertEqual({ok, [{stdout, [<<"a\n">>]}]}, next()),
        Refused ! go
    end).

absent() ->
    false = erlang:function_exported(telemetry, execute, 3),
    {ok, []} = proctor:run("true", [sync]),
    ?assertEqual(false, code:is_loaded(telemetry)).

instances() ->
    telemetry:attached(self(), fun() ->
        {ok, Server} = proctor:start(),
        Node = node(),
        {Up, UpMeta} = event(instance, up),
        ?assertMatch([{system_time, Time}] when is_integer(Time),
                     maps:to_list(Up)),
        ?assertMatch(#{instance := proctor, pid := Server, node := Node,
                       dialect := native}, UpMeta),
        {ok, _, _} = proctor:run("exec sleep 1000", [{telemetry, none}]),
        ok = gen_server:stop(Server),
        {Down, DownMeta} = event(instance, down),
        ?assertMatch(#{children := 1, duration := Duration}
                       when Duration > 0, Down),
        ?assertMatch(#{instance := proctor, pid := Server, node := Node,
                       reason := normal}, DownMeta)
    end),
    ?assertEqual([], flush()).

dies() ->
    with_fake(dies, [], fun(Server) ->
        telemetry:attached(self(), fun() ->
            {ok, Pid, 42} = proctor:run("x", [stdout]),
            {_, #{pid := Pid}} = event(run, start),
            {_, Down} = event(instance, down),
            ?assertMatch(#{reason := {port_closed, 7}, pid := Server}, Down),
            {_, Meta} = event(run, exception),
            ?assertMatch(#{kind := exit, reason := port_closed,
                           pid := Pid, os_pid := 42}, Meta)
        end),
        receive {stdout, 42, _} -> ok end
    end).

%% It has begun, so that is what its caller hears, and its end then.
dies_first() ->
    Self = self(),
    Handler = fun([_, run, start], _, #{pid := Pid}) ->
                      Self ! {begins, Pid},
                      receive go -> ok end;
                 (_, _, _) ->
                      ok
              end,
    telemetry:attached(Handler, fun() ->
        {ok, Server} = proctor:start(),
        Port = proctor_case:os_pid(Server),
        {_, Caller} = spawn_monitor(fun() ->
            Answer = proctor:run("exec sleep 1000", [monitor]),
            exit({Answer, next()})
        end),
        {begins, Pid} = next(),
        _ = os:cmd("kill -KILL " ++ integer_to_list(Port)),
        %% It is asked whether it has answered, or hears that the server is gone.
        wait_until(fun() ->
            {messages, Messages} = process_info(Pid, messages),
            [ok || Message <- Messages,
                   lists:member(element(1, Message), ['$gen_call', 'DOWN'])]
                =/= []
        end),
        Pid ! go,
        ?assertMatch({{ok, Pid, OsPid}, {'DOWN', OsPid, process, Pid, _}},
                     down(Caller))
    end).

daemons() ->
    {ok, _} = application:ensure_all_started(proctor),
    process_flag(trap_exit, true),
    telemetry:attached(self(), fun() ->
        {ok, Daemon} = proctor_daemon:start_link(
                         "sh", ["-c", "exit 3", "s3cret"],
                         [{name, d}, {log, none},
                          {telemetry_metadata, #{mine => 1}}]),
        {_, #{os_pid := OsPid, mine := 1}} = event(run, start),
        {_, _} = event(run, stop),
        {Measured, Meta} = event(daemon, 'exit'),
        ?assertMatch(#{duration := Duration, restarts := 0}
                       when Duration >= 0, Measured),
        Node = node(),
        ?assertEqual(#{name => d, program => <<"sh">>, os_pid => OsPid,
                       pid => Daemon, instance => proctor, node => Node,
                       mine => 1, status => {exited, 3},
                       reason => {exited, 3}}, Meta),
        {'EXIT', Daemon, {exited, 3}} = next(),
        {error, _} = proctor_daemon:start_link("no-such-command", [],
                                               [{name, d}]),
        ?assertMatch({#{restarts := 1},
                      #{status := unknown, reason := {exec, enoent, _},
                        os_pid := undefined}}, event(daemon, 'exit')),
        {ok, Quiet} = proctor_daemon:start_link("true", [], [{telemetry, none},
                                                             {log, none}]),
        {'EXIT', Quiet, normal} = next()
    end),
    ?assertEqual([], flush()).
