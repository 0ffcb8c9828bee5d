%% Several nodes on this machine.
-module(proctor_node_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0, down/1, wait_until/1, alive/1, flush/0]).

node_test_() ->
    {setup, fun start/0, fun stop/1,
     fun({error, _}) ->
             [{"left out: no distribution here", fun() -> ok end}];
        (Peers) ->
             [{Title, {timeout, 60, {spawn, fun() -> one(Case, Peers) end}}}
              || {Title, Case} <- cases()]
     end}.

cases() ->
    [{"a run elsewhere", fun run/1},
     {"a conversation with elsewhere", fun conversation/1},
     {"cmd and fold_lines elsewhere", fun cmd/1},
     {"a link to elsewhere", fun link/1},
     {"a caller elsewhere dies", fun caller_dies/1},
     {"run_on takes the idlest", fun run_on/1},
     {"a node that is not there", fun nobody/1},
     {"a caller's node is lost", fun node_lost/1}].

one(Case, Peers) ->
    proctor_case:quiet(fun() ->
        Case([Node || {_, Node} <- Peers]),
        ?assertEqual([], flush())
    end).

%% The nodes need a name daemon only if this one has no name yet.
start() ->
    case is_alive() orelse distribution() of
        true ->
            proctor_case:quiet(fun() ->
                {ok, _} = application:ensure_all_started(proctor),
                [peer(N) || N <- [1, 2]]
            end);
        Error ->
            Error
    end.

distribution() ->
    _ = os:cmd("epmd -daemon"),
    Name = list_to_atom("proctor_test_" ++ os:getpid()),
    case net_kernel:start(Name, #{name_domain => shortnames}) of
        {ok, _} -> true;
        {error, _} = Error -> Error
    end.

peer(_) ->
    Paths = lists:append([["-pa", Dir] || Dir <- code:get_path(),
                                          string:find(Dir, "/lib/erlang")
                                              =:= nomatch]),
    {ok, Pid, Node} = peer:start(#{name => peer:random_name(),
                                   args => Paths}),
    ok = erpc:call(Node, logger, set_primary_config, [level, none]),
    {ok, _} = erpc:call(Node, application, ensure_all_started, [proctor]),
    {Pid, Node}.

stop({error, _}) ->
    ok;
stop(Peers) ->
    [catch peer:stop(Pid) || {Pid, _} <- Peers],
    proctor_case:quiet(fun() -> application:stop(proctor) end),
    net_kernel:stop().

run([Node | _]) ->
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
    ?assertEqual({error, no_process}, proctor:stop(Pid2)).

conversation([Node | _]) ->
    {ok, Pid, OsPid} = proctor:run("exec cat", [stdin, stdout, monitor,
                                                {active, false},
                                                {node, Node}]),
    ok = proctor:send(Pid, "one"),
    ?assertEqual({ok, <<"one">>}, proctor:recv(Pid, 3, 10000)),
    ok = proctor:setopts(Pid, [{active, once}]),
    ok = proctor:send({OsPid, [{node, Node}]}, "two"),
    ?assertEqual({stdout, OsPid, <<"two">>}, next()),
    ok = proctor:send(Pid, eof),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()).

cmd([Node | _]) ->
    ?assertMatch({ok, #{stdout := <<"x\n">>}},
                 proctor:cmd("echo", ["x"], [{node, Node}])),
    {error, {timeout, etimedout, #{ospid := OsPid}}} =
        proctor:cmd("sleep", ["1000"], [{node, Node}, {timeout, 100}]),
    ?assertNot(proctor_case:group_alive(OsPid)),
    ?assertMatch({ok, 5050, _},
                 proctor:fold_lines(fun(Line, Sum) ->
                                        Sum + binary_to_integer(Line)
                                    end, 0, "seq 100", [{node, Node}])).

link([Node | _]) ->
    {_, Ref} = spawn_monitor(fun() ->
        {ok, _, _} = proctor:run_link("exit 3", [{node, Node}]),
        timer:sleep(infinity)
    end),
    ?assertEqual({exit_status, 768}, down(Ref)).

caller_dies([Node | _]) ->
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

run_on([A, B]) ->
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

nobody(_) ->
    ?assertEqual({error, noconnection},
                 proctor:run("true", [{node, 'nobody@nowhere'}])),
    ?assertMatch({error, {node, _, 'nobody@nowhere'}},
                 proctor:cmd("true", [], [{node, 'nobody@nowhere'}])).

%% The other node runs something here, fire and forget, and vanishes.
node_lost([_, Node]) ->
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
    ?assertEqual({'DOWN', OsPid2, process, Pid2, noconnection}, next()).
