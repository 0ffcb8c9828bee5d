%% What takes long, or many: callers, nodes, bytes. All over the real port
%% program, which the environment variable PROCTOR_PORT names. What is short
%% is in the EUnit modules.
-module(proctor_SUITE).

-include_lib("stdlib/include/assert.hrl").

-export([all/0, groups/0, suite/0, init_per_group/2, end_per_group/2,
         init_per_testcase/2, end_per_testcase/2]).
-export([many_callers/1, callers_die/1, killed_under_load/1,
         killed_with_children/1, flood_blocks/1, gigabytes_through/1]).
-export([run_there/1, conversation_there/1, cmd_there/1, link_there/1,
         caller_there_dies/1, run_on/1, nobody_there/1, node_lost/1,
         node_lost_under_load/1]).

-import(proctor_case, [next/0, down/1, wait_until/1, alive/1, group_alive/1,
                       flush/0]).

%% What may be held by node and port program together for children whose
%% output nobody takes.
-define(MEGABYTE, 1048576).

suite() ->
    [{timetrap, {minutes, 3}}].

all() ->
    [many_callers, callers_die, killed_under_load, killed_with_children,
     flood_blocks, gigabytes_through, {group, nodes}].

groups() ->
    [{nodes, [], [run_there, conversation_there, cmd_there, link_there,
                  caller_there_dies, run_on, nobody_there, node_lost,
                  node_lost_under_load]}].

init_per_group(nodes, Config) ->
    case proctor_case:peers(2) of
        {ok, Peers} -> [{peers, Peers} | Config];
        {error, Reason} -> {skip, {no_distribution, Reason}}
    end.

end_per_group(nodes, Config) ->
    proctor_case:stop_peers(proplists:get_value(peers, Config)).

init_per_testcase(_Case, Config) ->
    #{level := Level} = logger:get_primary_config(),
    ok = logger:set_primary_config(level, none),
    {ok, Started} = application:ensure_all_started(proctor),
    [{level, Level}, {started, Started} | Config].

%% An application that was there before stays; nothing else does.
end_per_testcase(_Case, Config) ->
    Left = proctor:which_children(),
    [ok = application:stop(App)
     || App <- lists:reverse(proplists:get_value(started, Config))],
    ok = logger:set_primary_config(level, proplists:get_value(level, Config)),
    case Left of
        [] -> ok;
        _ -> {fail, {children_left, Left}}
    end.

%% The peers of the group, by node.
peers(Config) ->
    [Node || {_, Node} <- proplists:get_value(peers, Config)].

%%% Many

%% Each gets what is its own, whatever the others do.
many_callers(_Config) ->
    Refs = [element(2, spawn_monitor(fun() -> exit({got, ask(N)}) end))
            || N <- lists:seq(1, 500)],
    ?assertEqual([{got, N} || N <- lists:seq(1, 500)],
                 [down(Ref) || Ref <- Refs]),
    wait_until(fun nothing_left/0).

nothing_left() ->
    {ok, #{children := Children, orphans := Orphans, pending := Pending}} =
        proctor:info(),
    {Children, Orphans, Pending} =:= {[], 0, 0}.

ask(N) when N rem 4 =:= 0 ->
    {ok, [{stdout, [Out]}]} = proctor:run(["/bin/echo", integer_to_list(N)],
                                          [sync, stdout]),
    binary_to_integer(string:trim(Out));
ask(N) when N rem 4 =:= 1 ->
    {ok, Pid, OsPid} = proctor:run("exec cat", [stdin, stdout, monitor]),
    ok = proctor:send(Pid, integer_to_binary(N)),
    ok = proctor:send(Pid, eof),
    {stdout, OsPid, Out} = next(60000),
    {'DOWN', OsPid, process, Pid, normal} = next(60000),
    binary_to_integer(Out);
ask(N) when N rem 4 =:= 2 ->
    {ok, Sum, _} = proctor:fold_lines(
                     fun(Line, Acc) -> Acc + binary_to_integer(Line) end, 0,
                     ["/usr/bin/seq", integer_to_list(N - 1),
                      integer_to_list(N)], []),
    Sum - N + 1;
ask(N) ->
    {ok, #{stdout := Out}} = proctor:cmd("echo", [integer_to_list(N)]),
    binary_to_integer(string:trim(Out)).

next(Timeout) ->
    proctor_case:next(Timeout).

%% In every state that a caller can be in; but one that runs something
%% without option leaves it running, and is not here.
callers_die(_Config) ->
    lists:foreach(fun caller_dies/1, states()).

states() ->
    Sleep = fun(_) -> timer:sleep(infinity) end,
    Busy = "echo x; exec sleep 1000",
    Deaf = "trap '' TERM; echo x; while :; do sleep 0.05; done",
    Megabyte = binary:copy(<<"x">>, ?MEGABYTE),
    [ran(Busy, [monitor], Sleep),
     ran(Busy, [link], Sleep),
     ran(Busy, [stdout, {active, false}], Sleep),
     ran(Busy, [stdout, {active, once}], Sleep),
     ran(Busy, [stdout, {active, false}],
         fun(Pid) -> proctor:recv(Pid, 100) end),
     ran("echo x", [stdout, {active, false}], Sleep),
     ran("exec yes", [stdout, {active, false}], Sleep),
     ran("exec yes", [monitor, {stdout, fun(_, _, _) -> Sleep(x) end}],
         Sleep),
     ran(Busy, [stdin, monitor], fun(Pid) -> proctor:send(Pid, Megabyte) end),
     ran(Deaf, [stdout, monitor, {kill_timeout, 1}],
         fun(Pid) ->
             {stdout, _, <<"x\n">>} = next(),
             proctor:stop_and_wait(Pid, infinity)
         end),
     ran(Busy, [monitor], fun(Pid) ->
                              ok = proctor:setopts(Pid, [{active, false}]),
                              Sleep(Pid)
                          end),
     fun() -> proctor:run(Busy, [sync, stdout]) end,
     fun() -> proctor:run(Busy, [sync], 60000) end,
     fun() -> proctor:run_link(Busy, [sync]) end,
     fun() -> proctor:cmd("sleep", ["1000"]) end,
     fun() -> proctor:cmd("sleep", ["1000"], [{timeout, 60000},
                                              {input, Megabyte}]) end,
     fun() -> proctor:pipe([{"yes", []}, {"sleep", ["1000"]}], []) end,
     fun() -> proctor:fold_lines(fun(_, _) -> Sleep(x) end, 0, "yes", []) end,
     fun() -> proctor:fold_lines(fun(_, A) -> A end, 0, Busy, []) end].

ran(Command, Options, Then) ->
    fun() ->
        {ok, Pid, _} = proctor:run(Command, Options),
        Then(Pid)
    end.

caller_dies(Act) ->
    {Caller, Ref} = spawn_monitor(fun() -> exit({returned, Act()}) end),
    wait_until(fun() ->
        case proctor:info() of
            {ok, #{children := [_]}} -> true;
            _ -> false
        end
    end),
    OsPids = proctor:which_children(),
    timer:sleep(50),
    exit(Caller, kill),
    ?assertEqual(killed, down(Ref)),
    wait_until(fun() -> not lists:any(fun proctor_case:alive/1, OsPids) end),
    wait_until(fun nothing_left/0).

%%% The port program killed

%% Nobody hangs. Those who ask again and again may not even notice; those who
%% wait for something that takes long are told.
killed_under_load(_Config) ->
    Over = counters:new(2, []),
    Refs = [keeps_asking(fun() -> ask_on(N, Over) end)
            || N <- lists:seq(1, 50)],
    lists:foreach(fun(_) ->
        Waiting = [keeps_asking(fun() ->
                       {error, _} = proctor:run("exec sleep 1000", [sync])
                   end) || _ <- lists:seq(1, 10)],
        wait_until(fun() -> sleeping() =:= 10 end),
        Answers = counters:get(Over, 2),
        wait_until(fun() -> counters:get(Over, 2) > Answers + 50 end),
        ok = kill_port(),
        ?assertEqual([normal], lists:usort([down(Ref) || Ref <- Waiting])),
        wait_until(fun() -> is_list(proctor:which_children()) end)
    end, [1, 2, 3]),
    counters:add(Over, 1, 1),
    ?assertEqual([normal], lists:usort([down(Ref) || Ref <- Refs])),
    ?assertMatch({ok, #{stdout := <<"x\n">>}}, proctor:cmd("echo", ["x"])).

sleeping() ->
    case proctor:info() of
        {ok, #{children := Children}} ->
            length([1 || #{command := "exec sleep 1000"} <- Children]);
        {error, _} ->
            0
    end.

%% It goes with the test, if that fails.
keeps_asking(Fun) ->
    {_, Ref} = spawn_opt(Fun, [link, monitor]),
    Ref.

kill_port() ->
    OsPid = proctor_case:os_pid(proctor),
    _ = os:cmd("kill -KILL " ++ integer_to_list(OsPid)),
    ok.

%% Ask, this way and that, until it is over; count the answers.
ask_on(N, Over) ->
    Result = case N rem 5 of
                 0 -> proctor:cmd("true", []);
                 1 -> proctor:run("true", [sync]);
                 2 -> proctor:which_children();
                 3 -> proctor:cmd("cat", [], [{input, "x"}]);
                 4 -> proctor:fold_lines(fun(_, A) -> A end, 0, "seq 100", [])
             end,
    case Result of
        {error, _} -> timer:sleep(1);
        _ -> counters:add(Over, 2, 1)
    end,
    counters:get(Over, 1) > 0 orelse ask_on(N + 1, Over).

%% Children in all moods, with children of their own: none survives, and
%% whoever waits for one is told.
killed_with_children(_Config) ->
    Moods = ["sleep 1000 & sleep 1000", "trap '' TERM; sleep 1000; sleep 1000",
             "yes", "exec cat"],
    Options = [[stdout, {active, false}, stdin], [stdin, sync, stdout],
               [stdin, monitor], [stdin, stdout, {active, once}]],
    Callers = [spawn_monitor(fun() -> exit(wait_for(Mood, Option)) end)
               || Mood <- Moods, Option <- Options, _ <- [1, 2, 3]],
    wait_until(fun() -> length(proctor:which_children()) =:= 48 end),
    Groups = proctor:which_children(),
    timer:sleep(200),
    ok = kill_port(),
    [?assertMatch({ended, _}, down(Ref)) || {_, Ref} <- Callers],
    wait_until(fun() ->
        not lists:any(fun proctor_case:group_alive/1, Groups)
    end),
    wait_until(fun() -> is_list(proctor:which_children()) end).

wait_for(Command, Options) ->
    case proctor:run(Command, Options) of
        {ok, Pid, _} -> {ended, down(monitor(process, Pid))};
        {error, Reason} -> {ended, Reason}
    end.

%%% Many bytes

%% Ten gigabytes each, to three callers none of whom takes any. All that is
%% held is windows, and the children wait.
flood_blocks(_Config) ->
    Before = memory(),
    Fun = fun(_, _, _) -> timer:sleep(infinity) end,
    Flood = ["/usr/bin/head", "-c", "10G", "/dev/zero"],
    Runs = [proctor:run(Flood, Options)
            || Options <- [[stdout, {active, false}],
                           [stdout, {active, once}],
                           [{stdout, Fun}]]],
    OsPids = [OsPid || {ok, _, OsPid} <- Runs],
    wait_until(fun() -> lists:all(fun(P) -> written(P) > 65536 end, OsPids)
               end),
    wait_until(fun() ->
        Old = [written(OsPid) || OsPid <- OsPids],
        timer:sleep(300),
        Old =:= [written(OsPid) || OsPid <- OsPids]
    end),
    After = memory(),
    ct:pal("node ~p, port program ~p bytes more; written ~p",
           [element(1, After) - element(1, Before),
            element(2, After) - element(2, Before),
            [written(OsPid) || OsPid <- OsPids]]),
    ?assert(total(After) - total(Before) < ?MEGABYTE),
    %% A window, and what a pipe of the kernel holds.
    [?assert(written(OsPid) =< 2 * ?MEGABYTE) || OsPid <- OsPids],
    %% The function would not return.
    [exit(Pid, kill) || {ok, Pid, _} <- Runs],
    wait_until(fun() -> not lists:any(fun proctor_case:alive/1, OsPids) end),
    _ = flush(),
    ok.

%% One that reads gets all of it, GIGABYTES of it (1), and it costs no memory
%% however much it is.
gigabytes_through(_Config) ->
    Gigabytes = list_to_integer(os:getenv("GIGABYTES", "1")),
    Bytes = Gigabytes bsl 30,
    Before = memory(),
    {ok, Pid, _} = proctor:run(["/usr/bin/head", "-c",
                                integer_to_list(Bytes), "/dev/zero"],
                               [stdout, {active, false}]),
    Start = erlang:monotonic_time(millisecond),
    {Received, Most} = take_all(Pid, {0, {0, 0}}),
    Took = erlang:monotonic_time(millisecond) - Start,
    ct:pal("~p GiB in ~p ms; node ~p, port program ~p bytes more at most",
           [Gigabytes, Took, element(1, Most) - element(1, Before),
            element(2, Most) - element(2, Before)]),
    ?assertEqual(Bytes, Received),
    ?assert(total(Most) - total(Before) < 8 * ?MEGABYTE).

take_all(Pid, {Bytes, Most}) ->
    case proctor:recv(Pid, 0) of
        {ok, Data} ->
            Sum = Bytes + byte_size(Data),
            Most1 = case Sum bsr 26 =:= Bytes bsr 26 of
                        true -> Most;
                        false -> highest(Most, memory())
                    end,
            take_all(Pid, {Sum, Most1});
        {error, closed} ->
            {Bytes, highest(Most, memory())}
    end.

highest(A, B) ->
    case total(A) >= total(B) of
        true -> A;
        false -> B
    end.

%% Of this node, and of the processes of the port program.
memory() ->
    _ = [garbage_collect(Pid) || Pid <- processes()],
    Port = [anonymous(OsPid)
            || OsPid <- proctor_case:parts(proctor_case:os_pid(proctor))],
    ?assert(length(Port) >= 4),
    {erlang:memory(total), lists:sum(Port)}.

total({Node, Port}) ->
    Node + Port.

anonymous(OsPid) ->
    number(OsPid, "status", "RssAnon:\\s*([0-9]+) kB") * 1024.

written(OsPid) ->
    number(OsPid, "io", "wchar: ([0-9]+)").

number(OsPid, File, Regexp) ->
    Path = filename:join(["/proc", integer_to_list(OsPid), File]),
    {ok, Text} = file:read_file(Path),
    {match, [Number]} = re:run(Text, Regexp, [{capture, [1], list}]),
    list_to_integer(Number).

%%% Several nodes

run_there(Config) ->
    [Node | _] = peers(Config),
    {ok, [{stdout, [<<"x\n">>]}]} =
        proctor:run("echo x", [sync, stdout, {node, Node}]),
    {ok, Pid, OsPid} = proctor:run("echo x; exit 3",
                                   [stdout, monitor, {node, Node}]),
    ?assertEqual(Node, node(Pid)),
    ?assertEqual({stdout, OsPid, <<"x\n">>}, next()),
    ?assertEqual({'DOWN', OsPid, process, Pid, {exit_status, 768}}, next()),
    {ok, Pid2, OsPid2} = proctor:run("exec sleep 1000", [{node, Node}]),
    ?assertEqual([OsPid2], proctor:which_children([{node, Node}])),
    ?assertEqual([], proctor:which_children()),
    ?assertEqual(OsPid2, proctor:ospid(Pid2)),
    ?assertEqual(Pid2, proctor:pid({OsPid2, [{node, Node}]})),
    ?assertMatch({ok, #{node := Node, children := [_]}},
                 proctor:info([{node, Node}])),
    ?assertEqual(normal, proctor:stop_and_wait(Pid2, 10000)),
    ?assertEqual({error, no_process}, proctor:stop(Pid2)),
    ?assertEqual([], flush()).

conversation_there(Config) ->
    [Node | _] = peers(Config),
    {ok, Pid, OsPid} = proctor:run("exec cat", [stdin, stdout, monitor,
                                                {active, false},
                                                {node, Node}]),
    ok = proctor:send(Pid, "one"),
    ?assertEqual({ok, <<"one">>}, proctor:recv(Pid, 3, 10000)),
    ok = proctor:setopts(Pid, [{active, once}]),
    ok = proctor:send({OsPid, [{node, Node}]}, "two"),
    ?assertEqual({stdout, OsPid, <<"two">>}, next()),
    ok = proctor:send(Pid, eof),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()),
    ?assertEqual([], flush()).

cmd_there(Config) ->
    [Node | _] = peers(Config),
    ?assertMatch({ok, #{stdout := <<"x\n">>}},
                 proctor:cmd("echo", ["x"], [{node, Node}])),
    {error, {timeout, etimedout, #{ospid := OsPid}}} =
        proctor:cmd("sleep", ["1000"], [{node, Node}, {timeout, 100}]),
    ?assertNot(group_alive(OsPid)),
    ?assertMatch({ok, 5050, _},
                 proctor:fold_lines(fun(Line, Sum) ->
                                        Sum + binary_to_integer(Line)
                                    end, 0, "seq 100", [{node, Node}])),
    ?assertEqual([], flush()).

link_there(Config) ->
    [Node | _] = peers(Config),
    {_, Ref} = spawn_monitor(fun() ->
        {ok, _, _} = proctor:run_link("exit 3", [{node, Node}]),
        timer:sleep(infinity)
    end),
    ?assertEqual({exit_status, 768}, down(Ref)).

caller_there_dies(Config) ->
    [Node | _] = peers(Config),
    Self = self(),
    {Caller, Ref} = spawn_monitor(fun() ->
        {ok, _, OsPid} = proctor:run("exec sleep 1000",
                                     [monitor, {node, Node}]),
        Self ! {os_pid, OsPid},
        timer:sleep(infinity)
    end),
    {os_pid, OsPid} = next(),
    ?assert(alive(OsPid)),
    exit(Caller, kill),
    killed = down(Ref),
    wait_until(fun() -> not alive(OsPid) end).

run_on(Config) ->
    [A, B] = peers(Config),
    wait_until(fun() ->
        length(proctor_nodes:members(proctor)) =:= 3
    end),
    Runs = [{ok, _, _} = proctor:run_on(proctor, "exec sleep 1000")
            || _ <- lists:seq(1, 6)],
    ?assertEqual(lists:sort([A, A, B, B, node(), node()]),
                 lists:sort([node(Pid) || {ok, Pid, _} <- Runs])),
    [?assertEqual(normal, proctor:stop_and_wait(Pid, 10000))
     || {ok, Pid, _} <- Runs],
    ?assertEqual({error, {no_instance, nobody}},
                 proctor:run_on(nobody, "true")).

nobody_there(_Config) ->
    ?assertEqual({error, noconnection},
                 proctor:run("true", [{node, 'nobody@nowhere'}])),
    ?assertMatch({error, {node, _, 'nobody@nowhere'}},
                 proctor:cmd("true", [], [{node, 'nobody@nowhere'}])).

%% A node runs something here, fire and forget, and vanishes.
node_lost(_Config) ->
    {ok, [{_, Node}] = Peers} = proctor_case:peers(1),
    Here = node(),
    {ok, _, OsPid} = erpc:call(Node, proctor, run,
                               ["exec sleep 1000", [{node, Here}]]),
    {ok, Pid2, OsPid2} = proctor:run("exec sleep 1000", [{node, Node},
                                                         monitor]),
    timer:sleep(100),
    ?assert(alive(OsPid)),
    ok = erpc:cast(Node, erlang, halt, [0, [{flush, false}]]),
    wait_until(fun() -> not alive(OsPid) end),
    wait_until(fun() -> not alive(OsPid2) end),
    ?assertEqual({'DOWN', OsPid2, process, Pid2, noconnection}, next()),
    ok = proctor_case:stop_peers(Peers).

%% All run something everywhere, without pause; one of them vanishes. What
%% was its own ends here and there, the others go on.
node_lost_under_load(Config) ->
    [Stays | _] = peers(Config),
    {ok, [{_, Goes}] = Peers} = proctor_case:peers(1),
    Nodes = [node(), Stays, Goes],
    Ran = [{From, To, OsPid}
           || From <- Nodes, To <- Nodes, From =/= To, _ <- lists:seq(1, 10),
              {ok, _, OsPid} <- [erpc:call(From, proctor, run,
                                           ["exec sleep 1000",
                                            [{node, To}]])]],
    ?assertEqual(60, length(Ran)),
    Over = counters:new(1, []),
    Refs = [keeps_asking(fun() -> ask_at(Node, Over) end)
            || Node <- Nodes, _ <- lists:seq(1, 10)],
    timer:sleep(200),
    ok = erpc:cast(Goes, erlang, halt, [0, [{flush, false}]]),
    Lost = [OsPid || {From, To, OsPid} <- Ran,
                     From =:= Goes orelse To =:= Goes],
    wait_until(fun() -> not lists:any(fun proctor_case:alive/1, Lost) end),
    Kept = [{To, OsPid} || {From, To, OsPid} <- Ran, From =/= Goes,
                           To =/= Goes],
    [?assert(alive(OsPid)) || {_, OsPid} <- Kept],
    counters:add(Over, 1, 1),
    ?assertEqual([normal], lists:usort([down(Ref) || Ref <- Refs])),
    [ok = proctor:stop({OsPid, [{node, To}]}) || {To, OsPid} <- Kept],
    wait_until(fun() ->
        not lists:any(fun({_, OsPid}) -> alive(OsPid) end, Kept)
    end),
    ok = proctor_case:stop_peers(Peers).

ask_at(Node, Over) ->
    case proctor:cmd("cat", [], [{input, "x"}, {node, Node}]) of
        {ok, #{stdout := <<"x">>}} -> ok;
        {error, _} -> timer:sleep(1)
    end,
    counters:get(Over, 1) > 0 orelse ask_at(Node, Over).
