%% Exits that are waited for, what messages call a run, and what is known when
%% the port program dies.
-module(proctor_await_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0, down/1, flush/0, wait_until/1, alive/1,
                       with_fake/3]).

any_test_() ->
    [proctor_case:cases(Start, cases())
     || Start <- [[], [{dialect, exec_port}]]].

cases() ->
    [{"await", fun await/0},
     {"await again and again until it is taken", fun again/0},
     {"an exit stays until it is taken", fun stays/0},
     {"an exit goes with its caller", fun caller_dies/0},
     {"an exit goes with a link", fun linked/0},
     {"an exit that nobody wants", fun unwanted/0},
     {"what an ended one answers", fun ended/0},
     {"several await", fun several/0},
     {"one who awaits dies", fun awaiting_dies/0},
     {"await of what was collected", fun collected/0},
     {"await behind output that is not taken", fun untaken/0},
     {"await of one that is managed", fun managed/0},
     {"tags", fun tags/0},
     {"a tag of one that is killed", fun tag_killed/0},
     {"a tag may be anything", fun any_tag/0},
     {"messages in other words", fun words/0},
     {"other words of one that is killed", fun words_killed/0},
     {"words that fail", fun words_fail/0},
     {"a run is another's", fun owner/0},
     {"and ends with that one", fun owner_dies/0}].

fake_test_() ->
    [{Title, {timeout, 60, {spawn, fun() -> proctor_case:quiet(Case) end}}}
     || {Title, Case} <-
         [{"a port program that dies", fun dies/0},
          {"an exit survives the port program", fun survives/0},
          {"what is left to be received survives it, too", fun left/0},
          {"a port program that says nothing", fun silent/0},
          {"a function for the exit of a daemon is not asked then",
           fun daemon/0}]].

run(Command, Options) ->
    {ok, Pid, OsPid} = proctor:run(Command, Options),
    {Pid, OsPid}.

%%% await

await() ->
    {Pid, _} = run("read x; exit 3", [stdin]),
    {_, Ref} = spawn_monitor(fun() -> exit(proctor:await(Pid)) end),
    ?assertEqual({error, timeout}, proctor:await(Pid, 20)),
    ok = proctor:send(Pid, "\n"),
    ?assertMatch({ok, #{status := {exited, 3}, raw := 768, reason := _}},
                 down(Ref)),
    ?assertEqual({error, {badopt, {timeout, soon}}},
                 proctor:await(Pid, soon)),
    wait_until(fun() -> proctor:await(Pid) =:= {error, no_process} end).

again() ->
    {Pid, OsPid} = run("read x; exit 4", [stdin, await]),
    [?assertEqual({error, timeout}, proctor:await(OsPid, Ms))
     || Ms <- [0, 5, 10]],
    ok = proctor:send(Pid, "\n"),
    ?assertMatch({ok, #{status := {exited, 4}}}, proctor:await(OsPid, 20000)),
    ?assertEqual({error, no_process}, proctor:await(Pid, 0)).

%% What it tells else it tells at the end.
stays() ->
    {Pid, OsPid} = run("echo on; exit 5", [stdout, exit, monitor, await]),
    Ref = monitor(process, Pid),
    ?assertEqual({stdout, OsPid, <<"on\n">>}, next()),
    {exit, OsPid, Exit} = next(),
    ?assertEqual({'DOWN', OsPid, process, Pid, {exit_status, 1280}}, next()),
    ?assertNot(alive(OsPid)),
    ?assert(is_process_alive(Pid)),
    ?assertEqual([], proctor:which_children()),
    ?assertEqual({ok, Exit}, proctor:await(Pid, 0)),
    ?assertEqual({exit_status, 1280}, down(Ref)).

caller_dies() ->
    Self = self(),
    {Caller, Ref} = spawn_monitor(fun() ->
        Self ! run("true", [await, exit]),
        receive {exit, _, _} -> Self ! ended end,
        receive go -> ok end
    end),
    {Pid, _} = next(),
    ended = next(),
    Its = monitor(process, Pid),
    ?assert(is_process_alive(Pid)),
    Caller ! go,
    normal = down(Ref),
    ?assertEqual(normal, down(Its)).

linked() ->
    {_, Ref} = spawn_monitor(fun() ->
        {ok, Pid, _} = proctor:run_link("exit 1", [await, exit]),
        receive {exit, _, _} -> ok end,
        {ok, _} = proctor:await(Pid),
        receive after infinity -> ok end
    end),
    ?assertEqual({exit_status, 256}, down(Ref)).

unwanted() ->
    {Pid, _} = run("exec sleep 1000", [await]),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 20000)),
    {Other, OsPid} = run("exit 7", [await, exit]),
    ?assertMatch({exit, OsPid, _}, next()),
    ?assertEqual({exit_status, 1792}, proctor:stop_and_wait(Other, 20000)).

%% Stopped, but not waited for: its exit is there.
ended() ->
    {Pid, OsPid} = run("exec sleep 1000", [await, exit, stdin, stdout,
                                           {active, false}]),
    ok = proctor:stop(Pid),
    {exit, OsPid, Exit} = next(),
    ?assertEqual({error, closed}, proctor:send(Pid, "x")),
    ?assertEqual({error, closed}, proctor:recv(Pid, 0)),
    ?assertEqual(ok, proctor:setopts(Pid, [{active, once}])),
    ?assertMatch({ok, #{children := [#{pid := Pid}]}}, proctor:info()),
    ?assertEqual({ok, Exit}, proctor:await(Pid)).

several() ->
    {Pid, _} = run("read x", [stdin, await]),
    Refs = [element(2, spawn_monitor(fun() -> exit(proctor:await(Pid)) end))
            || _ <- lists:seq(1, 5)],
    {_, Late} = spawn_monitor(fun() -> exit(proctor:await(Pid, 30)) end),
    ?assertEqual({error, timeout}, down(Late)),
    ok = proctor:send(Pid, "\n"),
    ?assertMatch([{ok, #{raw := 0}}], lists:usort([down(R) || R <- Refs])),
    wait_until(fun() -> not is_process_alive(Pid) end).

%% Its exit is not taken by one who is no more.
awaiting_dies() ->
    {Pid, _} = run("read x; exit 2", [stdin, await]),
    {One, Ref} = spawn_monitor(fun() -> proctor:await(Pid) end),
    wait_until(fun() -> {monitored_by, By} = process_info(One, monitored_by),
                        lists:member(Pid, By) end),
    exit(One, kill),
    killed = down(Ref),
    {ok, _} = proctor:info(),
    ok = proctor:send(Pid, "\n"),
    ?assertMatch({ok, #{raw := 512}}, proctor:await(Pid)).

collected() ->
    {Pid, _} = run("echo out; echo err >&2",
                   [{stdout, collect}, {stderr, collect}, await]),
    ?assertMatch({ok, #{stdout := <<"out\n">>, stderr := <<"err\n">>,
                        truncated := []}}, proctor:await(Pid, 20000)).

%% The end is that of all its output.
untaken() ->
    {Pid, OsPid} = run("echo on", [stdout, {active, false}, await]),
    wait_until(fun() -> not alive(OsPid) end),
    ?assertEqual({error, timeout}, proctor:await(Pid, 50)),
    ?assertEqual({ok, <<"on\n">>}, proctor:recv(Pid, 0)),
    ?assertMatch({ok, #{raw := 0}}, proctor:await(Pid)).

managed() ->
    Port = open_port({spawn, "sleep 1000"}, []),
    {ok, Pid, _} = proctor:manage(Port, [await, {tag, mine}, exit]),
    ok = proctor:stop(Pid),
    ?assertMatch({exit, mine, #{status := _}}, next()),
    ?assertMatch({ok, #{}}, proctor:await(Pid, 20000)).

%%% Tags

tags() ->
    Tag = make_ref(),
    Self = self(),
    {Pid, _} = run("echo out; echo err >&2; exit 1",
                   [stdout, {stderr, spawn_link(fun() -> pass(Self) end)},
                    exit, monitor, {active, 1}, {tag, Tag}]),
    Got = [next() || _ <- lists:seq(1, 5)],
    ?assertEqual([{stdout, Tag, <<"out\n">>}, {passive, Tag}],
                 [M || M <- Got, lists:member(element(1, M),
                                              [stdout, passive])]),
    ?assert(lists:member({stderr, Tag, <<"err\n">>}, Got)),
    ?assert(lists:member({'DOWN', Tag, process, Pid, {exit_status, 256}},
                         Got)),
    ?assertMatch([#{raw := 256}], [E || {exit, T, E} <- Got, T =:= Tag]).

pass(To) ->
    receive Message -> To ! Message, pass(To) end.

%% What tells the end then is its instance.
tag_killed() ->
    {Pid, _} = run("exec sleep 1000", [monitor, {tag, mine}]),
    exit(Pid, kill),
    ?assertEqual({'DOWN', mine, process, Pid, killed}, next()).

any_tag() ->
    [begin
         {_, _} = run("echo x", [stdout, {tag, Tag},
                                 {active, #{stdout => 1}}]),
         ?assertEqual({stdout, Tag, <<"x\n">>}, next()),
         ?assertEqual({passive, Tag, stdout}, next())
     end || Tag <- [false, true, undefined, "text", #{}]],
    ?assertMatch({error, {badopt, {tag, _}}},
                 proctor:run("true", [{tag, 1}, {tag, 2}])),
    ?assertMatch({error, {options, einval, {tag, _}}},
                 proctor:cmd("true", [], [{tag, 1}])).

%%% Messages

words() ->
    Say = fun(Message) when element(1, Message) =:= exit -> none;
             (Message) -> {said, self(), element(1, Message)}
          end,
    {Pid, _} = run("echo out; echo err >&2", [stdout, stderr, exit, monitor,
                                              {active, 2}, {message, Say}]),
    Got = [next() || _ <- lists:seq(1, 4)],
    ?assertEqual(lists:sort([{said, Pid, What}
                             || What <- [stdout, stderr, passive, 'DOWN']]),
                 lists:sort(Got)).

words_killed() ->
    Say = fun(Message) -> {said, element(1, Message)} end,
    {Pid, OsPid} = run("exec sleep 1000", [monitor, {message, Say}]),
    exit(Pid, kill),
    ?assertEqual({said, 'DOWN'}, next()),
    wait_until(fun() -> not alive(OsPid) end).

words_fail() ->
    Say = fun({stdout, _, _}) -> error(no_words); (Message) -> Message end,
    {Pid, OsPid} = run("echo x; exec sleep 1000",
                       [stdout, monitor, {message, Say}]),
    ?assertMatch({'DOWN', OsPid, process, Pid, _}, next()),
    wait_until(fun() -> not alive(OsPid) end).

owner() ->
    Self = self(),
    Owner = spawn_link(fun() -> pass(Self) end),
    {Pid, OsPid} = run("echo x", [stdout, exit, monitor, {owner, Owner}]),
    ?assertEqual({stdout, OsPid, <<"x\n">>}, next()),
    ?assertMatch({exit, OsPid, #{raw := 0}}, next()),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()),
    true = unlink(Owner),
    exit(Owner, kill),
    ?assertMatch({error, {badopt, {owner, _}}},
                 proctor:run("true", [sync, {owner, Self},
                                      {errors, term}])).

owner_dies() ->
    Owner = spawn(fun() -> receive stop -> ok end end),
    {Pid, OsPid} = run("exec sleep 1000", [monitor, {owner, Owner}]),
    Ref = monitor(process, Pid),
    Owner ! stop,
    _ = down(Ref),
    wait_until(fun() -> not alive(OsPid) end).

%%% Without an end

dies() ->
    with_fake(dies, [], fun(_) ->
        {Pid, _} = run("x", [{stdout, collect}, exit, monitor, {tag, t}]),
        ?assertMatch({error, {port_closed,
                              #{status := unknown, reason := port_closed,
                                raw := -1, stdout := <<"so far\n">>}}},
                     proctor:await(Pid, 20000)),
        ?assertMatch({exit, t, #{reason := port_closed,
                                 stdout := <<"so far\n">>}}, next()),
        ?assertMatch({'DOWN', t, process, Pid, port_closed}, next())
    end).

survives() ->
    with_fake(dies, [], fun(Server) ->
        {Pid, _} = run("x", [{stdout, collect}, await]),
        _ = down(monitor(process, Server)),
        ?assertMatch({error, {port_closed, #{stdout := <<"so far\n">>}}},
                     proctor:await(Pid, 20000)),
        ?assertEqual({error, no_process}, proctor:await(Pid)),
        ?assertEqual([], flush())
    end).

left() ->
    with_fake(dies, [], fun(Server) ->
        {Pid, _} = run("x", [stdout, {active, false}, await]),
        _ = down(monitor(process, Server)),
        ?assertEqual({ok, <<"so far\n">>}, proctor:recv(Pid, stdout, 20000)),
        ?assertEqual({error, closed}, proctor:recv(Pid, stdout, 20000)),
        ?assertEqual({error, closed}, proctor:recv(Pid, any, 20000)),
        ?assertMatch({error, {port_closed, _}}, proctor:await(Pid, 20000)),
        ?assertEqual({error, closed}, proctor:recv(Pid, stdout, 20000))
    end).

silent() ->
    with_fake(deaf_after_run, [], fun(_) ->
        {Pid, _} = run("x", [{stdout, collect}, {timeout, 10},
                             {kill_timeout, 0}, exit]),
        ?assertMatch({error, {no_answer, #{reason := no_answer,
                                           stdout := <<"so far\n">>}}},
                     proctor:await(Pid, 20000)),
        ?assertMatch({exit, 42, #{reason := no_answer}}, next())
    end).

daemon() ->
    with_fake(dies, [], fun(_) ->
        process_flag(trap_exit, true),
        {ok, Daemon} = proctor_daemon:start_link(
                         "true", [], [{exit_to_reason, fun(_) -> asked end}]),
        receive
            {'EXIT', Daemon, Reason} ->
                ?assertEqual(port_closed, Reason)
        end,
        _ = flush()
    end).
