%% An instance in the place of another: proctor:replace_instance/2.
-module(proctor_replace_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0, down/1, wait_until/1, alive/1]).

replace_test_() ->
    proctor_case:alone(
      [{"commands go to the new one, and none is lost", fun moves/0},
       {"no caller notices", fun busy/0},
       {"one that has nothing to do ends at once", fun idle/0},
       {"what cannot be started changes nothing", fun refused/0},
       {"options that are not said stay", fun options/0},
       {"an old port program that dies is not started again", fun old_dies/0},
       {"nor is an old server", fun old_killed/0},
       {"a new one that dies is, and can be replaced", fun new_dies/0},
       {"who asks while nobody has the name waits", fun nameless/0},
       {"who is late asks the next", fun late/0},
       {"who gives up waiting gives up at the old one", fun cancelled/0},
       {"to stop the name is to stop both", fun stopped/0},
       {"the application's own", fun application/0}]).

here() ->
    [{instance, x}].

begin_(Options) ->
    {ok, _} = application:ensure_all_started(proctor),
    {ok, Pid} = proctor:start_instance([{name, x} | Options]),
    {Pid, proctor_case:os_pid(Pid)}.

cat() ->
    {ok, Pid, OsPid} = proctor:run("exec cat", [stdin, stdout, monitor | here()]),
    {Pid, OsPid}.

says(OsPid, Target) ->
    ok = proctor:send(Target, "hello\n"),
    ?assertEqual({stdout, OsPid, <<"hello\n">>}, next()).

instances() ->
    lists:sort([Pid || {Name, Pid} <- proctor:instances(), Name =/= proctor]).

moves() ->
    {Old, OldPort} = begin_([]),
    {Pid, OsPid} = cat(),
    {ok, New} = proctor:replace_instance(x, []),
    ?assertEqual(New, whereis(x)),
    ?assertNotEqual(Old, New),
    ?assertEqual(lists:sort([Old, New]), instances()),
    ?assertEqual({x, New}, lists:keyfind(New, 2, proctor:instances())),
    ?assertEqual({undefined, Old}, lists:keyfind(Old, 2, proctor:instances())),
    ?assertMatch({ok, #{replaced := false, instance := x}}, proctor:info(x)),
    ?assertMatch({ok, #{replaced := true}}, proctor:info(Old)),
    ?assertEqual({[], [OsPid]},
                 {proctor:which_children(x), proctor:which_children(Old)}),
    %% By either end, and by the name that it was run with.
    ok = says(OsPid, Pid),
    ok = says(OsPid, {OsPid, here()}),
    ?assertEqual(Pid, proctor:pid({OsPid, here()})),
    ?assertMatch({ok, #{ospid := OsPid}}, proctor:info({OsPid, here()})),
    ?assertEqual(ok, proctor:kill({OsPid, here()}, 0)),
    {NewPid, NewOsPid} = cat(),
    ?assertEqual([NewOsPid], proctor:which_children(x)),
    ?assertEqual(NewPid, proctor:pid({NewOsPid, here()})),
    ?assertEqual({error, no_process}, proctor:info({1, here()})),
    ?assertEqual(ok, proctor:stop({OsPid, here()})),
    ?assertMatch({'DOWN', OsPid, process, Pid, _}, next()),
    wait_until(fun() -> not alive(OldPort) end),
    wait_until(fun() -> instances() =:= [New] end),
    ok = says(NewOsPid, NewPid),
    ?assertEqual(normal, proctor:stop_and_wait(NewPid, 10000)),
    ?assertMatch({'DOWN', NewOsPid, process, NewPid, _}, next()).

%% They ask by the name and by the group, while it is replaced again and again.
busy() ->
    _ = begin_([{groups, [many]}]),
    Stop = atomics:new(1, []),
    Callers = [spawn_monitor(fun() -> exit(calls(How, Stop, 0)) end)
               || How <- [name, name, now, group]],
    _ = [begin
             {ok, New} = proctor:replace_instance(x, []),
             ?assertEqual(New, whereis(x)),
             ?assertMatch({ok, _}, proctor:run("exit 0", [sync | here()]))
         end || _ <- lists:seq(1, 10)],
    ok = atomics:put(Stop, 1, 1),
    [?assertMatch({done, N} when N > 0, down(Ref)) || {_, Ref} <- Callers],
    wait_until(fun() -> length(instances()) =:= 1 end).

calls(How, Stop, N) ->
    case {atomics:get(Stop, 1), called(How)} of
        {1, {ok, _}} -> {done, N + 1};
        {0, {ok, _}} -> calls(How, Stop, N + 1);
        {_, Other} -> {lost, Other}
    end.

called(name) -> proctor:run("exit 0", [sync | here()]);
called(now) -> proctor:run("exit 0", [sync, {env, [now]} | here()]);
called(group) -> proctor:run_on(many, "exit 0", [sync]).

idle() ->
    {ok, _} = application:ensure_all_started(proctor),
    {ok, _} = proctor:start_instance([{name, x}, {start, lazy}]),
    {ok, New} = proctor:replace_instance(x, []),
    wait_until(fun() -> instances() =:= [New] end),
    {ok, #{port_os_pid := Port}} = proctor:info(x),
    ?assert(alive(Port)).

refused() ->
    ?assertEqual({error, not_started}, proctor:replace_instance(x, [])),
    {Old, _} = begin_([]),
    {Pid, OsPid} = cat(),
    ?assertEqual({error, not_found}, proctor:replace_instance(y, [])),
    ?assertMatch({error, {badopt, {name, _}}},
                 proctor:replace_instance(x, [{name, y}])),
    ?assertEqual({error, {badopt, {alarm, soon}}},
                 proctor:replace_instance(x, [{alarm, soon}])),
    ?assertEqual({error, {badopt, [a | b]}},
                 proctor:replace_instance(x, [a | b])),
    ?assertEqual({error, {no_port_program, ["/no/such"]}},
                 proctor:replace_instance(x, [{portexe, "/no/such"}])),
    ?assertMatch({error, {port_exited_with_status, _}},
                 proctor:replace_instance(x, [{portexe, os:find_executable("false")}])),
    ?assertEqual([Old], instances()),
    ?assertEqual(Old, whereis(x)),
    ?assertEqual([OsPid], proctor:which_children(x)),
    {ok, Alone} = proctor:start([{name, alone}]),
    ?assertEqual({error, not_found}, proctor:replace_instance(alone, [])),
    ok = gen_server:stop(Alone),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 10000)),
    ?assertMatch({'DOWN', OsPid, process, Pid, _}, next()).

options() ->
    {Old, _} = begin_([{env, [{"WHICH", "old"}]}, {groups, [many]}]),
    Which = fun(Where) -> proctor:cmd("printenv", ["WHICH"], Where) end,
    {ok, New} = proctor:replace_instance(x, [{name, x}]),
    ?assertMatch({ok, #{stdout := <<"old\n">>}}, Which(here())),
    {Pid, _} = cat(),
    {ok, Newer} = proctor:replace_instance(x, [{env, [{"WHICH", "new"}]}]),
    ?assertMatch({ok, #{stdout := <<"new\n">>}}, Which(here())),
    %% Of the group is the new one only, also if it has more to do.
    Pids = [Pid | [element(2, proctor:run_on(many, "exec sleep 1000", []))
                   || _ <- [1, 2, 3]]],
    ?assertEqual({1, 3}, {length(proctor:which_children(New)),
                          length(proctor:which_children(x))}),
    _ = [normal = proctor:stop_and_wait(Each, 10000) || Each <- Pids],
    ?assertMatch({'DOWN', _, process, Pid, _}, next()),
    wait_until(fun() -> instances() =:= [Newer] end),
    ?assertEqual(3, length(lists:usort([Old, New, Newer]))).

old_dies() ->
    {Old, OldPort} = begin_([]),
    {Pid, OsPid} = cat(),
    {ok, New} = proctor:replace_instance(x, []),
    _ = proctor_case:signal("KILL", [OldPort]),
    ?assertMatch({'DOWN', OsPid, process, Pid, _}, next()),
    wait_until(fun() -> instances() =:= [New] end),
    ?assertNot(is_process_alive(Old)),
    ?assertMatch({ok, #{restarts := 0}}, proctor:info(x)),
    ?assertEqual(no_such(), proctor:kill({OsPid, here()}, 0)),
    %% Nobody is left of the old one for the supervisor either.
    wait_until(fun() ->
        [Id || {Id, _, _, [proctor_server]}
                   <- supervisor:which_children(proctor_sup), Id =:= x] =:= []
    end).

%% It cannot say that its place is to go.
old_killed() ->
    {Old, _} = begin_([]),
    {Pid, OsPid} = cat(),
    {ok, New} = proctor:replace_instance(x, []),
    Sup = whereis(proctor_sup),
    exit(Old, kill),
    ?assertMatch({'DOWN', OsPid, process, Pid, _}, next()),
    %% What was asked before this has come to the supervisor by now.
    wait_until(fun() -> instances() =:= [New] end),
    ?assertEqual({Sup, New}, {whereis(proctor_sup), whereis(x)}),
    ?assertMatch({ok, _}, proctor:run("exit 0", [sync | here()])),
    ok = proctor:stop_instance(x),
    ?assertEqual(error, maps:find(x, maps:from_list(proctor:instances()))).

%% What is said of a process that is none of ours.
no_such() ->
    proctor:kill({16#7FFFFFF0, here()}, 0).

new_dies() ->
    _ = begin_([]),
    {Pid, OsPid} = cat(),
    {ok, New} = proctor:replace_instance(x, []),
    _ = proctor_case:signal("KILL", [proctor_case:os_pid(x)]),
    wait_until(fun() -> is_pid(whereis(x)) andalso whereis(x) =/= New end),
    wait_until(fun() -> is_list(proctor:which_children(x)) end),
    {Pid2, OsPid2} = cat(),
    {ok, _} = proctor:replace_instance(x, []),
    {ok, Last} = proctor:replace_instance(x, []),
    ok = says(OsPid, Pid),
    ok = says(OsPid2, {OsPid2, here()}),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 10000)),
    ?assertEqual(normal, proctor:stop_and_wait(Pid2, 10000)),
    ?assertMatch([{'DOWN', OsPid, process, Pid, _}, {'DOWN', OsPid2, process, Pid2, _}],
                 [next(), next()]),
    wait_until(fun() -> instances() =:= [Last] end).

%% The old one does not even hear of the run before it is given up.
cancelled() ->
    {Old, OldPort} = begin_([]),
    Parts = proctor_case:parts(OldPort),
    _ = proctor_case:signal("STOP", Parts),
    {_, Ref} = spawn_monitor(fun() ->
        wait_until(fun() ->
            {ok, #{pending := Pending}} = proctor:info(Old),
            Pending > 0
        end),
        exit(proctor:replace_instance(x, []))
    end),
    ?assertEqual({error, timeout},
                 proctor:run("exec sleep 1000", here(), 3000)),
    {ok, New} = down(Ref),
    _ = proctor_case:signal("CONT", Parts),
    wait_until(fun() -> instances() =:= [New] end).

%% Between unregistering the old one and registering the new one.
nameless() ->
    {ok, _} = application:ensure_all_started(proctor),
    {Caller, Ref} = spawn_monitor(fun() ->
        receive go -> exit(proctor:run("exit 0", [sync | here()])) end
    end),
    proctor_turn:alone(x, fun() ->
        Caller ! go,
        wait_until(fun() -> waits(Caller) end),
        {ok, _} = proctor:start_instance([{name, x}])
    end),
    ?assertEqual({ok, []}, down(Ref)),
    ?assertEqual({error, not_started},
                 proctor:run("exit 0", [{instance, nobody}])).

waits(Pid) ->
    {current_stacktrace, Stack} = process_info(Pid, current_stacktrace),
    lists:keymember(proctor_turn, 1, Stack).

%% Who has looked for it before it went finds it gone.
late() ->
    {_, _} = begin_([{groups, [many]}]),
    ok = gone(fun() -> ok end, fun() -> ok = pg:leave(proctor_pg, many, self()) end,
              fun() -> proctor:run_on(many, "exit 0", [sync]) end),
    Server = whereis(x),
    ok = gone(fun() -> true = unregister(x), true = register(x, self()) end,
              fun() -> true = unregister(x), true = register(x, Server) end,
              fun() -> called(now) end).

%% Somebody who was asked for is not there any more when he is asked.
gone(Comes, Goes, Fun) ->
    Self = self(),
    Past = spawn_link(fun() ->
        ok = pg:join(proctor_pg, many, self()),
        _ = Comes(),
        Self ! ready,
        past(Goes)
    end),
    ready = next(),
    ?assertEqual({ok, []}, Fun()),
    unlink(Past),
    Ref = monitor(process, Past),
    ?assert(lists:member(down(Ref), [normal, noproc])),
    ok.

past(Goes) ->
    receive
        {'$gen_call', From, count} ->
            gen_server:reply(From, -1),
            past(Goes);
        {'$gen_call', From, {run, _, _}} ->
            _ = Goes(),
            gen_server:reply(From, {error, not_started})
    end.

stopped() ->
    {_, OldPort} = begin_([]),
    {Pid, OsPid} = cat(),
    {ok, _} = proctor:replace_instance(x, []),
    NewPort = proctor_case:os_pid(x),
    ok = proctor:stop_instance(x),
    ?assertMatch({'DOWN', OsPid, process, Pid, _}, next()),
    ?assertEqual([], instances()),
    ?assertEqual([false, false], [alive(Port) || Port <- [OldPort, NewPort]]).

application() ->
    {ok, _} = application:ensure_all_started(proctor),
    {ok, Pid, OsPid} = proctor:run("exec cat", [stdin, stdout, monitor]),
    {ok, New} = proctor:replace_instance(proctor, []),
    ?assertEqual(New, whereis(proctor)),
    %% An identifier alone means the first instance, whoever that is.
    ok = says(OsPid, OsPid),
    ?assertEqual(Pid, proctor:pid(OsPid)),
    ?assertEqual([], proctor:which_children()),
    ok = proctor:stop(OsPid),
    ?assertMatch({'DOWN', OsPid, process, Pid, _}, next()),
    wait_until(fun() -> [{proctor, New}] =:= proctor:instances() end).
