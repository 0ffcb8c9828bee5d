%% Control groups, as far as the client has to do with them: what the port
%% program is asked for, and what becomes of what it tells. What it does is a
%% matter of its own tests.
-module(proctor_cgroup_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0, with_fake/3, logged/2, printed/1,
                       wait_until/1]).

-define(DAEMON, [{log, none}, {kill_timeout, 1}]).

%%% Over a port program that says what it was asked

fake_test_() ->
    proctor_case:alone(
      [{"a run asks for what it says", fun asked/0},
       {"beside what its instance has for all", fun defaults/0},
       {"auto and daemons, where there are none", fun nowhere/0},
       {"an instance that has none for daemons", fun not_for_daemons/0},
       {"what is wrong with that of an instance", fun wrong_default/0},
       {"the exit has what was used, and why", fun used/0},
       {"events for who asks for them, behind its tag", fun events/0},
       {"telemetry hears of them, and of what was used", fun telemetry/0},
       {"a daemon logs them, as they double", fun daemon_events/0},
       {"stats, limits, pause and resume", fun requests/0},
       {"the same of a daemon", fun daemon_requests/0},
       {"a limit above a ceiling", fun refused/0},
       {"in the dialect of erlexec", fun exec_port/0},
       {"what an instance says of itself", fun said/0},
       {"an instance for each base, made on demand", fun based/0},
       {"a base that cannot be had leaves no instance", fun not_based/0}]).

%%% Over the real one

contained_test_() ->
    proctor_case:contained([],
      [{"what it has started is gone with its end", fun gone/0},
       {"a daemon's, too, without being asked", fun daemon_gone/0},
       {"figures, and a pause of all of it", fun held/0},
       {"a pause without a control group", fun stopped/0}]).

-define(FAMILY, "setsid sleep 1000 >/dev/null 2>&1 & echo $!; ").

gone() ->
    {ok, #{stdout := Out, cgroup := #{cpu_us := _}}} =
        proctor:cmd("sh", ["-c", ?FAMILY], [cgroup]),
    ?assertNot(proctor_case:alive(number(Out))).

number(Out) ->
    binary_to_integer(string:trim(Out)).

daemon_gone() ->
    {ok, Daemon} = proctor_daemon:start_link("sh", ["-c", ?FAMILY "sleep 1000"],
                                             [{output, self()} | ?DAEMON]),
    Line = receive {proctor_daemon, Daemon, stdout, Out} -> Out end,
    ?assert(proctor_case:alive(number(Line))),
    ok = proctor_daemon:stop(Daemon),
    ?assertNot(proctor_case:alive(number(Line))).

held() ->
    {ok, Pid, _} = proctor:run("cat", [stdin, stdout, cgroup, {active, false}]),
    {ok, #{path := <<"/", _/binary>>, cpu_us := _}} = proctor:stats(Pid),
    ?assertEqual({ok, cgroup}, proctor:pause(Pid)),
    ?assertMatch({ok, #{frozen := true}}, proctor:stats(Pid)),
    ok = proctor:send(Pid, <<"x">>),
    ?assertEqual({error, timeout}, proctor:recv(Pid, 1, 100)),
    ?assertEqual({ok, cgroup}, proctor:resume(Pid)),
    ?assertEqual({ok, <<"x">>}, proctor:recv(Pid, 1)),
    normal = proctor:stop_and_wait(Pid, 30000).

stopped() ->
    {ok, Pid, _} = proctor:run("cat", [stdin, stdout, {cgroup, false},
                                       {active, false}]),
    ?assertMatch({error, {cgroup, _, _}}, proctor:stats(Pid)),
    ?assertMatch({error, {cgroup, _, _}},
                 proctor:cgroup_set(Pid, #{pids_max => 5})),
    ?assertEqual({ok, signal}, proctor:pause(Pid)),
    ok = proctor:send(Pid, <<"x">>),
    ?assertEqual({error, timeout}, proctor:recv(Pid, 1, 100)),
    ?assertEqual({ok, signal}, proctor:resume(Pid)),
    ?assertEqual({ok, <<"x">>}, proctor:recv(Pid, 1)),
    normal = proctor:stop_and_wait(Pid, 30000).

%%% What they do

ask(Options) ->
    Run = proctor:run("x", [sync, stdout, {errors, term} | Options]),
    {_, List} = Run,
    {stdout, [Asked]} = lists:keyfind(stdout, 1, List),
    binary_to_term(Asked).

asked() ->
    with_fake(leaf, [], fun(_) ->
        ?assertEqual(none, ask([])),
        ?assertEqual(none, ask([{cgroup, false}])),
        ?assertEqual(true, ask([cgroup])),
        ?assertEqual(true, ask([{cgroup, true}])),
        ?assertEqual(true, ask([{cgroup, #{}}])),
        ?assertEqual(true, ask([{cgroup, auto}])),
        ?assertEqual(#{memory_max => 5, name => <<"a">>, cpuset_cpus => <<"0">>,
                       io_max => [{<<"8:0">>, #{rbps => max}}]},
                     ask([{cgroup, #{memory_max => 5, name => "a",
                                     cpuset_cpus => "0",
                                     io_max => [{"8:0", #{rbps => max}}]}}]))
    end).

defaults() ->
    Default = #{memory_max => 5, pids_max => 7},
    with_fake(leaf, [{cgroup, Default}], fun(_) ->
        [?assertEqual(Default, ask(Options))
         || Options <- [[], [cgroup], [{cgroup, auto}]]],
        ?assertEqual(none, ask([{cgroup, false}])),
        ?assertEqual(Default#{pids_max := max, cpu_weight => 1},
                     ask([{cgroup, #{pids_max => max, cpu_weight => 1}}]))
    end),
    with_fake(leaf, [{cgroup, auto}], fun(_) ->
        ?assertEqual(true, ask([])),
        ?assertEqual(true, ask([{cgroup, auto}]))
    end).

%% Who insists is told by the port program.
nowhere() ->
    with_fake(no_leaf, [{cgroup, auto}], fun(_) ->
        ?assertEqual(none, ask([])),
        ?assertEqual(none, ask([{cgroup, auto}])),
        ?assertEqual(true, ask([cgroup])),
        ?assertEqual(none, daemon_asks([])),
        ?assertEqual(#{pids_max => 1}, daemon_asks([{cgroup,
                                                     #{pids_max => 1}}]))
    end).

daemon_asks(Options) ->
    process_flag(trap_exit, true),
    {ok, Daemon} = proctor_daemon:start_link(
                     "sleep", [], [{output, self()}, {output_as, chunks}
                                   | Options ++ ?DAEMON]),
    Asked = receive {proctor_daemon, Daemon, stdout, Data} -> Data end,
    receive {'EXIT', Daemon, _} -> ok end,
    binary_to_term(Asked).

not_for_daemons() ->
    with_fake(leaf, [], fun(_) ->
        ?assertEqual(true, daemon_asks([])),
        ?assertEqual(none, daemon_asks([{cgroup, false}]))
    end),
    with_fake(leaf, [{cgroup, false}], fun(_) ->
        ?assertEqual(none, daemon_asks([])),
        ?assertEqual(true, daemon_asks([{cgroup, true}])),
        ?assertEqual(true, ask([cgroup]))
    end).

wrong_default() ->
    [?assertMatch({error, {badopt, {cgroup, _}}},
                  proctor:start([{cgroup, Bad}]))
     || Bad <- [#{name => "a"}, #{memory_max => -1}, some, [auto]]],
    [?assertMatch({error, {badopt, {cgroup_base, _}}},
                  proctor:start([{cgroup_base, Bad}]))
     || Bad <- ["", a, [0], 7]].

used() ->
    Used = #{memory_peak => 4096, oom_kill => 1},
    with_fake(leaf, [], fun(_) ->
        {ok, Result} = proctor:cmd("true", [], []),
        ?assertMatch(#{reason := oom, status := {signaled, 9, false},
                       cgroup := Used}, Result),
        {ok, Pid, 42} = proctor:run("x", [exit, monitor, await]),
        ?assertMatch({exit, 42, #{reason := oom, cgroup := Used}}, next()),
        ?assertEqual({'DOWN', 42, process, Pid, {exit_status, 9}}, next()),
        ?assertMatch({ok, #{reason := oom, cgroup := Used}},
                     proctor:await(Pid)),
        ?assertMatch({error, [{exit_status, 9} | _]},
                     proctor:run("x", [sync]))
    end),
    with_fake(no_leaf, [], fun(_) ->
        {ok, Result} = proctor:cmd("true", [], []),
        ?assertNot(maps:is_key(cgroup, Result))
    end).

events() ->
    with_fake(leaf, [], fun(_) ->
        {ok, _, 42} = proctor:run("x", [cgroup_events, exit, {tag, mine}]),
        ?assertEqual({cgroup, mine, #{oom_kill => 1, pids_denied => 0}},
                     next()),
        ?assertEqual({cgroup, mine, #{oom_kill => 1, pids_denied => 1}},
                     next()),
        ?assertMatch({exit, mine, _}, next()),
        {ok, _, 42} = proctor:run("x", [exit, {cgroup_events, false}]),
        ?assertMatch({exit, 42, _}, next()),
        ?assertMatch({error, [_ | _]}, proctor:run("x", [sync, cgroup_events]))
    end).

telemetry() ->
    with_fake(leaf, [], fun(_) ->
        telemetry:attached(self(), fun() -> proctor:run("x", [sync]) end)
    end),
    Told = proctor_case:flush(),
    ?assertMatch([#{oom_kill := 1, pids_denied := 0},
                  #{oom_kill := 1, pids_denied := 1}],
                 [Measured || {[proctor, run, cgroup], Measured,
                               #{os_pid := 42, program := shell}} <- Told]),
    ?assertMatch([#{memory_peak := 4096, oom_kill := 1}],
                 [Measured || {[proctor, run, stop], Measured,
                               #{reason := oom}} <- Told]).

daemon_events() ->
    with_fake(leaf, [], fun(_) ->
        process_flag(trap_exit, true),
        Lines = logged(warning, fun() ->
            {ok, Daemon} = proctor_daemon:start_link("sleep", [], ?DAEMON),
            receive {'EXIT', Daemon, {signaled, 9, false}} -> ok end
        end),
        Told = [Text || #{msg := {Format, Args}} <- Lines, is_list(Format),
                        Text <- [lists:flatten(io_lib:format(Format, Args))],
                        string:find(Text, "in all") =/= nomatch],
        ?assertMatch([_, _], Told),
        %% The end has the same numbers once more.
        [Killed, Denied] = Told,
        ?assertMatch([_ | _], string:find(Killed,
                                          "killed for lack of memory, 1 in all")),
        ?assertMatch([_ | _], string:find(Denied, "too many, 1 in all"))
    end).

requests() ->
    with_fake(leaf, [], fun(_) ->
        {ok, Pid, 42} = proctor:run("x", [stdin, stdout, exit, cgroup]),
        {stdout, 42, _} = next(),
        Stats = {ok, #{path => <<"/fake/c1">>, cpu_us => 5}},
        ?assertEqual(Stats, proctor:stats(Pid)),
        ?assertEqual(Stats, proctor:stats(42, 5000)),
        ?assertEqual(ok, proctor:cgroup_set(Pid, #{pids_max => 1})),
        ?assertEqual({error, {limit, eperm, <<"memory_max">>}},
                     proctor:cgroup_set(Pid, #{memory_max => max}, 5000)),
        [?assertMatch({error, {badopt, {cgroup, _}}},
                      proctor:cgroup_set(Pid, Bad))
         || Bad <- [#{}, true, [], #{name => "a"}, #{pids_max => -1},
                    #{no_such => 1}, [{pids_max, 1}]]],
        ?assertEqual({ok, cgroup}, proctor:pause(Pid)),
        ?assertEqual({ok, signal}, proctor:resume(Pid, 5000)),
        ?assertEqual({error, no_process}, proctor:stats(43)),
        ?assertEqual({error, no_process}, proctor:pause(43)),
        ?assertEqual({error, no_process}, proctor:stats(self())),
        ?assertEqual({error, no_process}, proctor:stats(nobody)),
        ?assertEqual({error, {badopt, {timeout, soon}}},
                     proctor:stats(Pid, soon)),
        ok = proctor:stop(Pid),
        ?assertMatch({exit, 42, _}, next())
    end).

daemon_requests() ->
    with_fake(leaf, [], fun(_) ->
        {ok, Daemon} = proctor_daemon:start_link("sleep", [], [stdin | ?DAEMON]),
        ?assertNot(proctor_daemon:has_cgroup(Daemon)),
        ?assertMatch({ok, #{cpu_us := 5}}, proctor_daemon:stats(Daemon)),
        ?assertEqual(ok, proctor_daemon:cgroup_set(Daemon, #{pids_max => 1})),
        ?assertEqual({ok, cgroup}, proctor_daemon:pause(Daemon)),
        ?assertEqual({ok, signal}, proctor_daemon:resume(Daemon)),
        ok = proctor_daemon:stop(Daemon),
        [begin
             {ok, Asked} = proctor_daemon:start_link("sleep", [],
                                                     [Option, stdin | ?DAEMON]),
             ?assert(proctor_daemon:has_cgroup(Asked)),
             ok = proctor_daemon:stop(Asked)
         end || Option <- [cgroup, {cgroup, true}, {cgroup, #{pids_max => 1}}]]
    end).

refused() ->
    with_fake(leaf, [], fun(_) ->
        ?assertEqual({error, {limit, eperm, <<"memory_max">>}},
                     proctor:cmd("true", ["x"], [{cgroup,
                                                  #{memory_max => max}}])),
        {error, Text} = proctor:run(["/bin/true", "x"], []),
        ?assertMatch([_ | _], string:find(Text, "memory_max"))
    end).

exec_port() ->
    with_fake(leaf, [{dialect, exec_port}, {cgroup, true}], fun(_) ->
        ?assertEqual({error, enotsup}, proctor:stats(42)),
        ?assertEqual({error, enotsup}, proctor:cgroup_set(42, #{pids_max => 1})),
        ?assertEqual({error, enotsup}, proctor:pause(42)),
        ?assertEqual({error, enotsup}, proctor:resume(42)),
        ?assertEqual(none, ask([])),
        ?assertEqual(none, ask([{cgroup, auto}])),
        ?assertEqual(true, ask([cgroup]))
    end).

said() ->
    with_fake(leaf, [], fun(_) ->
        {ok, #{hello := #{cgroup := #{path := <<"/fake">>}}}} = proctor:info(),
        ?assertMatch([_ | _], string:find(printed(fun proctor:i/0),
                                          "below /fake, limits of memory, pids"))
    end),
    with_fake(no_leaf, [], fun(_) ->
        ?assertMatch([_ | _], string:find(printed(fun proctor:i/0),
                                          "no control groups: none delegated"))
    end).

%% The application over that port program, which notes with what it is started.
with_bases(Mode, Fun) ->
    proctor_case:with_dir(fun(Dir) ->
        Program = filename:join(Dir, "port"),
        "#!/bin/sh\n" ++ Script =
            lists:flatten(proctor_fake:script(Mode, Dir)),
        ok = file:write_file(Program, ["#!/bin/sh\necho \"$*\" >>", Dir,
                                       "/args\n", Script]),
        ok = file:change_mode(Program, 8#755),
        _ = application:load(proctor),
        [ok = application:set_env(proctor, Key, Value)
         || {Key, Value} <- [{portexe, Program}, {alarm, 0}, {groups, [g]},
                             {cgroup, #{pids_max => 7}}]],
        {ok, _} = application:ensure_all_started(proctor),
        Fun(fun() ->
                {ok, Args} = file:read_file(filename:join(Dir, "args")),
                string:lexemes(Args, "\n")
            end)
    end).

based() ->
    ?assertEqual({error, not_started}, proctor_sup:based(<<"/a">>)),
    with_bases(leaf, fun(Args) ->
        {ok, A, #{cgroup := #{path := <<"/fake">>}}} =
            proctor_sup:based(<<"/a">>),
        {ok, A, _} = proctor_sup:based(<<"/a">>),
        {ok, B, _} = proctor_sup:based(<<"/b">>),
        ?assertNotEqual(A, B),
        [Own, ForA, ForB] = Args(),
        ?assertEqual(nomatch, string:find(Own, "-cgroup")),
        ?assertNotEqual(nomatch, string:find(ForA, "-cgroup /a")),
        ?assertNotEqual(nomatch, string:find(ForB, "-cgroup /b")),
        ?assertEqual([A, B], [Pid || {undefined, Pid}
                                         <- lists:sort(proctor:instances())]),
        ?assertEqual(#{pids_max => 7}, ask([{instance, A}])),
        %% It has no group of another's.
        ?assertEqual([whereis(proctor)], proctor_nodes:members(g)),
        ok = proctor:stop_instance(A),
        {ok, C, _} = proctor_sup:based(<<"/a">>),
        ?assertNotEqual(A, C),
        %% One that dies its supervisor starts again.
        exit(C, kill),
        wait_until(fun() ->
                       case proctor_sup:based(<<"/a">>) of
                           {ok, D, _} -> D =/= C;
                           {error, _} -> false
                       end
                   end)
    end).

not_based() ->
    with_bases(no_leaf, fun(_) ->
        ?assertEqual({error, {cgroup, enodev, <<"none delegated">>}},
                     proctor_sup:based(<<"/a">>)),
        ?assertEqual([{proctor, whereis(proctor)}], proctor:instances()),
        ok = application:set_env(proctor, portexe, "/bin/false"),
        ?assertMatch({error, {port_exited_with_status, 1}},
                     proctor_case:refused(fun() ->
                         proctor_sup:based(<<"/a">>)
                     end)),
        ?assertMatch({error, {badopt, {cgroup_base, _}}},
                     proctor_sup:based(<<>>)),
        ?assertEqual([{proctor, whereis(proctor)}], proctor:instances())
    end).
