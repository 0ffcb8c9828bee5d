%% Instances and what becomes of them, and daemons.
-module(proctor_life_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0, down/1, wait_until/1, alive/1, flush/0]).

life_test_() ->
    proctor_case:alone(cases()).

cases() ->
    [{"start returns soon", fun soon/0},
     {"options of start", fun options/0},
     {"where the port program is looked for", fun discovery/0},
     {"no port program: what to do, in one line", fun nowhere/0},
     {"a port program in an archive", fun in_archive/0},
     {"the port program at its first use", fun lazy/0},
     {"a lazy start that fails", fun lazy_fails/0},
     {"the application, lazy", fun lazy_application/0},
     {"several instances", fun several/0},
     {"instances of the environment", fun from_environment/0},
     {"an instance without a name", fun nameless/0},
     {"an instance restarts", fun restarts/0},
     {"logger reports", fun reports/0},
     {"a daemon logs", fun daemon_logs/0},
     {"a daemon's output elsewhere", fun daemon_output/0},
     {"a daemon that ends", fun daemon_ends/0},
     {"a daemon that fails is restarted", fun daemon_restarts/0},
     {"a daemon is ready when it says so", fun daemon_ready/0},
     {"a daemon is stopped gracefully", fun daemon_stops/0},
     {"a daemon survives its port program", fun daemon_port_dies/0},
     {"a daemon that cannot start", fun daemon_refused/0}].

%%% Instances

%% No fixed sleep: it takes as long as the port program takes to answer, however
%% long that takes here. Of some tries of both, in turns, the best.
soon() ->
    {Starts, Answers} = lists:unzip([{start_time(), answer_time()}
                                     || _ <- lists:seq(1, 10)]),
    ?assert(lists:min(Starts) < 3 * lists:min(Answers)).

start_time() ->
    {Time, {ok, Pid}} = timer:tc(fun() -> proctor:start() end),
    ok = gen_server:stop(Pid),
    Time.

answer_time() ->
    User = case proctor_port:real_uid() of
               0 -> ["-user", "root"];
               _ -> []
           end,
    {Time, Port} = timer:tc(fun() ->
        Port = open_port({spawn_executable, os:getenv("PROCTOR_PORT")},
                         [{args, ["-p", "4" | User]}, {packet, 4}, binary,
                          exit_status]),
        true = port_command(Port, term_to_binary({1, {list}})),
        receive {Port, {data, _}} -> Port end
    end),
    true = port_command(Port, term_to_binary({0, {shutdown}})),
    receive {Port, {exit_status, _}} -> ok end,
    Time.

options() ->
    Arguments = fun(Options) ->
        proctor_case:with_dir(fun(Dir) ->
            Stub = filename:join(Dir, "stub"),
            ok = file:write_file(Stub, "#!/bin/sh\necho \"$@\" > "
                                       "${0%/*}/args; exit 9\n"),
            ok = file:change_mode(Stub, 8#755),
            {error, {port_exited_with_status, 9}} =
                proctor:start([{portexe, Stub} | Options]),
            {ok, Args} = file:read_file(filename:join(Dir, "args")),
            Args
        end)
    end,
    ?assertEqual(<<"-p 4 -user root\n">>, Arguments([root])),
    ?assertEqual(<<"-p 4 -user me\n">>, Arguments([root, {user, me}])),
    ?assertEqual(<<"-p 4 -user me -cap all\n">>,
                 Arguments([{user, me}, {capabilities, all}])),
    ?assertEqual(<<"-p 4 -user me -cap cap_kill,cap_chown\n">>,
                 Arguments([{user, me}, {root, false},
                            {capabilities, [cap_kill, cap_chown]}])),
    ?assertEqual({error, {badopt, {capabilities, ["x"]}}},
                 proctor:start([{capabilities, ["x"]}])),
    ?assertEqual({error, {badopt, {groups, [1]}}},
                 proctor:start([{groups, [1]}])),
    {ok, _} = proctor:start([{dialect, exec_port}]),
    ?assertMatch({ok, #{dialect := exec_port}}, proctor:info()).

discovery() ->
    Port = os:getenv("PROCTOR_PORT"),
    _ = application:load(proctor),
    try
        true = os:putenv("PROCTOR_PORT", "/no/variable"),
        ?assertEqual({error, {no_port_program, ["/no/variable"]}},
                     proctor:start()),
        ok = application:set_env(proctor, portexe, "/no/environment"),
        ?assertEqual({error, {no_port_program, ["/no/environment"]}},
                     proctor:start()),
        ?assertEqual({error, {no_port_program, ["/no/option"]}},
                     proctor:start([{portexe, "/no/option"}])),
        {ok, Pid} = proctor:start([{portexe, Port}]),
        ok = gen_server:stop(Pid),
        ok = application:unset_env(proctor, portexe),
        true = os:unsetenv("PROCTOR_PORT"),
        case proctor:start() of
            {error, {no_port_program, [Priv, Installed]}} ->
                ?assertNotEqual(nomatch, string:find(Priv, "priv/proctor")),
                ?assertNotEqual(nomatch, string:find(Installed, "libexec"));
            {ok, Found} ->
                %% This machine has it installed.
                ok = gen_server:stop(Found)
        end
    after
        os:putenv("PROCTOR_PORT", Port)
    end.

nowhere() ->
    [Said] = start_logs("/no/such/port"),
    [?assertNotEqual(nomatch, string:find(Said, Word))
     || Word <- ["there is no port program at /no/such/port: ", "`make install'",
                 "(config :proctor, portexe: ...)", "PROCTOR_PORT"]],
    ?assertEqual(nomatch, string:find(Said, "\n")).

%% Where it would lie in an escript, or below ebin in an .ez.
in_archive() ->
    proctor_case:with_dir(fun(Dir) ->
        Archive = filename:join(Dir, "tool"),
        ok = file:write_file(Archive, "PK"),
        [Said] = start_logs(filename:join(Archive, "proctor/priv/proctor")),
        Wanted = "cannot be executed from inside the archive or escript "
            ++ Archive ++ ": ",
        ?assertNotEqual(nomatch, string:find(Said, Wanted)),
        ?assertNotEqual(nomatch, string:find(Said, "portexe"))
    end).

start_logs(Path) ->
    Events = proctor_case:logged(error, fun() ->
        ?assertEqual({error, {no_port_program, [Path]}},
                     proctor:start([{portexe, Path}]))
    end),
    [lists:flatten(io_lib:format(Format, Args))
     || #{msg := {Format, Args}} <- Events].

lazy() ->
    ?assertEqual({error, {badopt, {start, soon}}},
                 proctor:start([{start, soon}])),
    {ok, Server} = proctor:start([{start, lazy}, {groups, [mine]}]),
    %% Nothing of this is a use, and none of it fails.
    {ok, #{port_os_pid := undefined, dialect := native, hello := Hello,
           parts := Parts, children := []}} = proctor:info(),
    ?assertEqual({#{}, #{}}, {Hello, Parts}),
    ?assertEqual(undefined, proctor:pid(1)),
    ?assertEqual([{0, Server}], proctor_server:counts([Server], 5000)),
    {ok, #{port_os_pid := undefined}} = proctor:info(),
    %% Found by its group while asleep; two at once start one.
    Self = self(),
    Pids = [spawn_link(fun() ->
                {ok, [{stdout, [Out]}]} =
                    proctor:run_on(mine, "echo $PPID", [sync, stdout]),
                Self ! {self(), Out}
            end) || _ <- [1, 2]],
    [One, Other] = [receive {Pid, Out} -> Out end || Pid <- Pids],
    ?assertEqual(One, Other),
    {ok, #{port_os_pid := OsPid, parts := #{broker := _}}} = proctor:info(),
    ?assert(alive(OsPid)),
    ok = gen_server:stop(Server),
    ?assertNot(alive(OsPid)),
    %% One that was never used has nothing to end.
    {ok, Unused} = proctor:start([{start, lazy}]),
    ok = gen_server:stop(Unused).

lazy_fails() ->
    proctor_case:with_dir(fun(Dir) ->
        Path = filename:join(Dir, "later"),
        {ok, Server} = proctor:start([{start, lazy}, {portexe, Path}]),
        Error = {no_port_program, [Path]},
        _ = proctor_case:logged(error, fun() ->
            ?assertEqual({error, Error}, proctor:run("true", [sync])),
            ?assertEqual({error, {port, eio, Error}}, proctor:cmd("true", [])),
            ?assertEqual({error, Error}, proctor:which_children()),
            ?assertEqual({error, Error}, proctor:stop(1))
        end),
        ok = file:make_symlink(os:getenv("PROCTOR_PORT"), Path),
        ?assertEqual({ok, []}, proctor:run("true", [sync])),
        ok = gen_server:stop(Server)
    end).

%% Boots without a port program, and is as before when one has died.
lazy_application() ->
    _ = application:load(proctor),
    ok = application:set_env(proctor, start, lazy),
    try
        {ok, _} = application:ensure_all_started(proctor),
        {ok, #{port_os_pid := undefined}} = proctor:info(),
        ?assertEqual({ok, []}, proctor:run("true", [sync])),
        {ok, #{port_os_pid := OsPid, pid := Server}} = proctor:info(),
        Ref = monitor(process, Server),
        ok = proctor_case:signal("KILL", [OsPid]),
        {shutdown, {port_closed, _}} = down(Ref),
        wait_until(fun() ->
                       case proctor:info() of
                           {ok, #{port_os_pid := Now}} -> Now =:= undefined;
                           {error, _} -> false
                       end
                   end),
        ?assertEqual({ok, []}, proctor:run("true", [sync]))
    after
        ok = application:stop(proctor),
        ok = application:unset_env(proctor, start)
    end.

several() ->
    {ok, _} = application:ensure_all_started(proctor),
    {ok, Second} = proctor:start_instance([{name, second}]),
    ?assertEqual(Second, whereis(second)),
    ?assertMatch([{proctor, _}, {second, Second}],
                 lists:sort(proctor:instances())),
    ?assertMatch({error, {already_started, _}},
                 proctor:start_instance([{name, second}])),
    ?assertMatch({error, {port_exited_with_status, 2}},
                 proctor:start_instance([{name, third},
                                         {args, ["-no-such-flag"]}])),
    {ok, Pid, OsPid} = proctor:run("exec sleep 1000", [{instance, second}]),
    ?assertEqual([], proctor:which_children()),
    ?assertEqual([OsPid], proctor:which_children(second)),
    ?assertEqual([OsPid], proctor:which_children([{instance, Second}])),
    ?assertEqual({error, "pid not alive"}, proctor:stop(OsPid)),
    ?assertEqual(Pid, proctor:pid({OsPid, [{instance, second}]})),
    ?assertMatch({ok, #{instance := second, runs := 1}},
                 proctor:info(second)),
    ok = proctor:stop({OsPid, [{instance, second}]}),
    wait_until(fun() -> not alive(OsPid) end),
    {ok, _, OsPid2} = proctor:run("exec sleep 1000", [{instance, second},
                                                      monitor]),
    ok = proctor:stop_instance(second),
    ?assertNot(alive(OsPid2)),
    {'DOWN', OsPid2, process, _, _} = next(),
    ?assertEqual({error, not_found}, proctor:stop_instance(second)),
    ?assertMatch([{proctor, _}], proctor:instances()).

from_environment() ->
    ok = application:load(proctor),
    ok = application:set_env(proctor, instances, [{one, []}, {two, []}]),
    {ok, _} = application:ensure_all_started(proctor),
    ?assertMatch([{one, _}, {proctor, _}, {two, _}],
                 lists:sort(proctor:instances())).

nameless() ->
    ?assertEqual({error, not_started},
                 proctor:start_instance([{name, undefined}])),
    {ok, _} = application:ensure_all_started(proctor),
    {ok, A} = proctor:start_instance([{name, undefined}]),
    {ok, B} = proctor:start_instance([{name, undefined}]),
    ?assertNotEqual(A, B),
    ?assertMatch({ok, [{stdout, [<<"x\n">>]}]},
                 proctor:run("echo x", [sync, stdout, {instance, A}])),
    ok = proctor:stop_instance(A),
    ?assertMatch([_, _], proctor:instances()),
    {ok, C} = proctor:start([{name, undefined}]),
    {ok, Pid, OsPid} = proctor:run("exec sleep 1000", [{instance, C}]),
    ?assertEqual(OsPid, proctor:ospid(Pid)),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 10000)),
    ok = gen_server:stop(C).

kill_port(Instance) ->
    OsPid = proctor_case:os_pid(Instance),
    _ = os:cmd("kill -KILL " ++ integer_to_list(OsPid)),
    ok.

restarts() ->
    {ok, _} = application:ensure_all_started(proctor),
    {ok, Second} = proctor:start_instance([{name, second}]),
    {ok, Pid, OsPid} = proctor:run("exec cat", [stdin, stdout, monitor,
                                                {active, false},
                                                {instance, second}]),
    Waiting = [element(2, spawn_monitor(fun() -> exit(Fun()) end))
               || Fun <- [fun() -> proctor:recv(Pid, 100) end,
                          fun() -> proctor:run("exec sleep 1000",
                                               [sync, {instance, second}])
                          end]],
    wait_until(fun() -> length(proctor:which_children(second)) =:= 2 end),
    timer:sleep(50),
    ok = kill_port(second),
    [?assertMatch({error, _}, down(Ref)) || Ref <- Waiting],
    ?assertMatch({'DOWN', OsPid, process, Pid, _}, next()),
    wait_until(fun() -> is_list(proctor:which_children(second)) end),
    ?assertNotEqual(Second, whereis(second)),
    ?assertEqual([], proctor:which_children(second)),
    %% The other one has not noticed.
    ?assertMatch({ok, #{stdout := <<"x\n">>}}, proctor:cmd("echo", ["x"])).

reports() ->
    Events = proctor_case:logged(debug, fun() ->
        {ok, Instance} = proctor:start([{debug, 0}]),
        {ok, 0} = proctor:debug(0),
        {ok, _} = proctor:run("exit 0", [sync]),
        {ok, 0} = proctor:debug(1),
        {error, [{exit_status, 768}]} = proctor:run("exit 3", [sync]),
        {error, _} = proctor:run(["/no/such", "secret"], [{errors, term}]),
        ok = gen_server:stop(Instance)
    end),
    ?assertMatch([#{what := proctor_started},
                  #{what := proctor_run, program := shell, ospid := OsPid},
                  #{what := proctor_exit, status := {exited, 3},
                    ospid := OsPid},
                  #{what := proctor_refused, program := <<"/no/such">>}],
                 [Report || #{msg := {report, #{what := _} = Report}}
                                <- Events]).

%%% Daemons

sup(Spec) ->
    {ok, _} = application:ensure_all_started(proctor),
    {ok, Sup} = supervisor:start_link(proctor_test_sup, [Spec]),
    Sup.

stop_sup(Sup) ->
    unlink(Sup),
    Ref = monitor(process, Sup),
    exit(Sup, shutdown),
    shutdown = down(Ref).

daemon_logs() ->
    Script = "printf 'one\\ntw\\377o\\n' ; echo err >&2; printf end; "
             "exec sleep 1000",
    Self = self(),
    Logged = proctor_case:logged(warning, fun() ->
        Sup = sup(proctor_daemon:child_spec(
                    {"sh", ["-c", Script],
                     [{name, talker}, {log, error}, {log_prefix, "talk: "},
                      {log_metadata, #{mine => 1}}]})),
        wait_until(fun() ->
            maps:get(bytes, proctor_daemon:statistics(talker)) >= 15
        end),
        ?assertMatch(#{lines := 3, restarts := 0},
                     proctor_daemon:statistics(talker)),
        Self ! {talker, whereis(talker), proctor_daemon:ospid(talker)},
        stop_sup(Sup)
    end),
    {talker, Daemon, OsPid} = next(),
    Events = [{unicode:characters_to_binary(Args), Stream}
              || #{level := error, msg := {"~ts~ts", Args},
                   meta := #{ospid := Os, mine := 1, daemon := From,
                             stream := Stream}} <- Logged,
                 Os =:= OsPid, From =:= Daemon],
    ?assertEqual(lists:sort([{<<"talk: one">>, stdout},
                             {<<"talk: tw�o"/utf8>>, stdout},
                             {<<"talk: err">>, stderr},
                             {<<"talk: end">>, stdout}]),
                 lists:sort(Events)).

daemon_output() ->
    Self = self(),
    Sup = sup(proctor_daemon:child_spec(
                {"sh", ["-c", "echo a; echo b >&2; exec sleep 1000"],
                 [{name, d}, {output, Self}, stderr_to_stdout]})),
    Daemon = whereis(d),
    ?assertEqual({proctor_daemon, Daemon, stdout, <<"a">>}, next()),
    ?assertEqual({proctor_daemon, Daemon, stdout, <<"b">>}, next()),
    stop_sup(Sup),
    Sup2 = sup(proctor_daemon:child_spec(
                 {"sh", ["-c", "printf 12345678; exec sleep 1000"],
                  [{output, fun(S, L) -> Self ! {S, L} end},
                   {max_line, 4}]})),
    ?assertEqual({stdout, <<"1234">>}, next()),
    stop_sup(Sup2),
    ?assertEqual([{stdout, <<"5678">>}], flush()).

daemon_ends() ->
    {ok, _} = application:ensure_all_started(proctor),
    process_flag(trap_exit, true),
    Reason = fun(Command, Options) ->
                 {ok, Pid} = proctor_daemon:start_link("sh", ["-c", Command],
                                                       [{log, none}
                                                        | Options]),
                 receive {'EXIT', Pid, R} -> R after 10000 -> none end
             end,
    ?assertEqual(normal, Reason("exit 0", [])),
    ?assertEqual({exited, 3}, Reason("exit 3", [])),
    ?assertEqual({signaled, 9, false}, Reason("kill -KILL $$", [])),
    ?assertEqual({mine, {exited, 4}},
                 Reason("exit 4", [{exit_to_reason,
                                    fun(#{status := S}) -> {mine, S} end}])).

daemon_restarts() ->
    Sup = sup(proctor_daemon:child_spec(
                {"sh", ["-c", "read x; exit 3"], [{name, d}, stdin,
                                                  {log, none}]})),
    First = whereis(d),
    OsPid = proctor_daemon:ospid(d),
    ok = proctor:send(OsPid, "\n"),
    wait_until(fun() ->
        is_pid(whereis(d)) andalso whereis(d) =/= First
    end),
    ?assertMatch(#{restarts := 1, last_exit := #{status := {exited, 3}}},
                 proctor_daemon:statistics(d)),
    ?assertNotEqual(OsPid, proctor_daemon:ospid(d)),
    stop_sup(Sup),
    ?assertEqual([], proctor:which_children()).

daemon_ready() ->
    {ok, _} = application:ensure_all_started(proctor),
    Start = fun(Options) ->
                proctor_daemon:start_link(
                  "sh", ["-c", "sleep 0.2; echo ready 1; exec sleep 1000"],
                  [{log, none} | Options])
            end,
    {ok, A} = Start([{ready, {line, "^ready [0-9]"}}]),
    ?assertMatch(#{lines := 1}, proctor_daemon:statistics(A)),
    ok = proctor_daemon:stop(A),
    Counter = counters:new(1, []),
    {ok, B} = Start([{ready, fun() ->
                                 counters:add(Counter, 1, 1),
                                 counters:get(Counter, 1) > 3
                             end}]),
    ?assert(counters:get(Counter, 1) > 3),
    ok = proctor_daemon:stop(B),
    process_flag(trap_exit, true),
    ?assertEqual({error, {not_ready, 100}},
                 Start([{ready, {line, "never"}}, {ready_timeout, 100}])),
    not_linked(),
    ?assertMatch({error, {ended, {exited, 7}}},
                 proctor_daemon:start_link("sh", ["-c", "exit 7"],
                                           [{ready, {line, "x"}}])),
    not_linked(),
    ?assertEqual([], proctor:which_children()).

daemon_stops() ->
    {ok, _} = application:ensure_all_started(proctor),
    Self = self(),
    Script = "trap 'echo bye; exit 0' ~s; trap '' TERM; echo on; "
             "while :; do sleep 0.01; done",
    {ok, A} = proctor_daemon:start_link(
                "sh", ["-c", io_lib:format(Script, ["INT"])],
                [{stop_signal, sigint}, {ready, {line, "on"}},
                 {output, Self}]),
    OsPid = proctor_daemon:ospid(A),
    ok = proctor_daemon:stop(A),
    ?assertNot(alive(OsPid)),
    ?assertEqual([{proctor_daemon, A, stdout, <<"on">>},
                  {proctor_daemon, A, stdout, <<"bye">>}], flush()),
    {ok, B} = proctor_daemon:start_link(
                "sh", ["-c", io_lib:format(Script, ["INT"])],
                [{kill_timeout, 1}, {ready, {line, "on"}}, {log, none}]),
    OsPid2 = proctor_daemon:ospid(B),
    ok = proctor_daemon:stop(B),
    ?assertNot(alive(OsPid2)).

daemon_port_dies() ->
    Sup = sup(proctor_daemon:child_spec(
                {"sleep", ["1000"], [{name, d}, {log, none}]})),
    First = whereis(d),
    OsPid = proctor_daemon:ospid(d),
    ok = kill_port(proctor),
    wait_until(fun() ->
        is_pid(whereis(d)) andalso whereis(d) =/= First
    end),
    wait_until(fun() -> not alive(OsPid) end),
    ?assert(alive(proctor_daemon:ospid(d))),
    stop_sup(Sup).

daemon_refused() ->
    {ok, _} = application:ensure_all_started(proctor),
    process_flag(trap_exit, true),
    ?assertEqual({error, {exec, enoent, <<"no-such-command">>}},
                 proctor_daemon:start_link("no-such-command", [], [])),
    not_linked(),
    ?assertEqual({error, {options, einval, {max_line, 0}}},
                 proctor_daemon:start_link("sleep", ["1"], [{max_line, 0}])),
    not_linked(),
    ?assertMatch({error, _},
                 proctor_daemon:start_link("sleep", ["1"],
                                           [{cd, "/no/such"}])),
    not_linked().

%% One that did not start may have told its parent so by a signal, too: OTP 26
%% and later take that away.
not_linked() ->
    receive {'EXIT', _, _} -> ok
    after 200 -> ok
    end.
