%% Both streams of a process: who takes what of them, at which pace.
-module(proctor_recv_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0, down/1, flush/0, wait_until/1]).

any_test_() ->
    [proctor_case:cases(Start, cases())
     || Start <- [[], [{dialect, exec_port}]]].

cases() ->
    [{"recv of either stream", fun either/0},
     {"recv of either, so many bytes", fun either_length/0},
     {"recv of either waits for both", fun either_waits/0},
     {"recv of either where there is one", fun either_one/0},
     {"who asks first is served first", fun in_turn/0},
     {"who wants either has a turn", fun either_first/0},
     {"one who dies takes nothing of either", fun either_dies/0},
     {"neither stream starves", fun fair/0},
     {"a mode for each stream", fun modes/0},
     {"a count for each stream", fun counts/0},
     {"modes that change", fun change/0},
     {"what is collected comes with the exit", fun collected/0},
     {"what is collected is bounded", fun bounded/0}].

native_test_() ->
    proctor_case:native([],
     [{"stderr in the way of stdout", fun in_the_way/0},
      {"a window for each stream", fun windows/0},
      {"a window for one stream", fun one_window/0},
      {"ten megabytes through two windows", fun through/0}]).

run(Command, Options) ->
    {ok, Pid, OsPid} = proctor:run(Command, [stdout, stderr | Options]),
    {Pid, OsPid}.

%% What of each stream has come.
came(Pid) ->
    {ok, #{children := Children}} = proctor:info(),
    [Bytes] = [B || #{pid := P, bytes := B} <- Children, P =:= Pid],
    Bytes.

%%% recv

%% In the order in which it has come.
either() ->
    {Pid, _} = run("echo out; read x; echo err >&2; read x; echo end",
                   [stdin, {active, false}]),
    wait_until(fun() -> maps:get(stdout, came(Pid)) =:= 4 end),
    ok = proctor:send(Pid, "\n"),
    wait_until(fun() -> maps:get(stderr, came(Pid)) =:= 4 end),
    ok = proctor:send(Pid, "\n"),
    wait_until(fun() -> maps:get(stdout, came(Pid)) =:= 8 end),
    ?assertEqual({ok, {stdout, <<"out\n">>}}, proctor:recv(Pid, any)),
    ?assertEqual({ok, {stderr, <<"err\n">>}}, proctor:recv(Pid, any, 20000)),
    ?assertEqual({ok, {stdout, <<"end\n">>}}, proctor:recv(Pid, any)),
    ?assertEqual({error, closed}, proctor:recv(Pid, any)).

either_length() ->
    {Pid, _} = run("echo out; echo error >&2; exec sleep 1000",
                   [{active, false}]),
    ?assertEqual({ok, {stderr, <<"error">>}}, proctor:recv(Pid, {any, 5})),
    ?assertEqual({error, timeout}, proctor:recv(Pid, {any, 5}, 20)),
    ?assertEqual({ok, <<"out\n">>}, proctor:recv(Pid, {stdout, 4})),
    ?assertEqual({ok, <<"\n">>}, proctor:recv(Pid, stderr)),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 20000)).

%% One stream that has ended is no end. The old port program tells only with
%% the end of all that a stream has ended.
either_waits() ->
    {Pid, _} = run("exec >&-; read x; echo err >&2", [stdin,
                                                      {active, false}]),
    ?assertEqual({error, timeout}, proctor:recv(Pid, any, 50)),
    [{_, Any}, {_, Out}] =
        [spawn_monitor(fun() -> exit(proctor:recv(Pid, What)) end)
         || What <- [any, stdout]],
    Dialect = maps:get(dialect, element(2, proctor:info())),
    Closed = [down(Out) || Dialect =:= native],
    ok = proctor:send(Pid, "\n"),
    ?assertEqual({ok, {stderr, <<"err\n">>}}, down(Any)),
    ?assertEqual([{error, closed}],
                 Closed ++ [down(Out) || Dialect =/= native]),
    ?assertEqual({error, closed}, proctor:recv(Pid, any)).

either_one() ->
    {ok, Pid, _} = proctor:run("echo err >&2", [stderr, {active, false}]),
    ?assertEqual({ok, {stderr, <<"err\n">>}}, proctor:recv(Pid, any)),
    ?assertEqual({error, closed}, proctor:recv(Pid, any)),
    {ok, Other, _} = proctor:run("exec sleep 1000", [stdin]),
    ?assertEqual({error, einval}, proctor:recv(Other, any)),
    [?assertEqual({error, {badopt, What}}, proctor:recv(Other, What))
     || What <- [all, {any, -1}, {any, stdout}]],
    ?assertEqual(normal, proctor:stop_and_wait(Other, 20000)).

%% One that waits for more than there is holds up those who came later for the
%% same stream, and nobody for the other one.
in_turn() ->
    {Pid, _} = run("read x; printf ab; printf c >&2; read x; printf def",
                   [stdin, {active, false}]),
    Ask = fun(What, N) ->
              {_, Ref} = spawn_monitor(fun() ->
                             exit(proctor:recv(Pid, What))
                         end),
              wait_until(fun() -> receivers(Pid) =:= N end),
              Ref
          end,
    Four = Ask({stdout, 4}, 1),
    Any = Ask(any, 2),
    Rest = Ask(stdout, 3),
    ok = proctor:send(Pid, "\n"),
    ?assertEqual({ok, {stderr, <<"c">>}}, down(Any)),
    ok = proctor:send(Pid, "\n"),
    ?assertEqual({ok, <<"abde">>}, down(Four)),
    ?assertEqual({ok, <<"f">>}, down(Rest)).

%% Who wants either is one of those who want each.
either_first() ->
    {Pid, _} = run("read x; printf a; read x; printf b",
                   [stdin, {active, false}]),
    Refs = [begin
                {_, Ref} = spawn_monitor(fun() ->
                               exit(proctor:recv(Pid, What))
                           end),
                wait_until(fun() -> receivers(Pid) =:= N end),
                Ref
            end || {What, N} <- [{any, 1}, {stdout, 2}]],
    Go = fun() -> ok = proctor:send(Pid, "\n") end,
    Go(),
    ?assertEqual({ok, {stdout, <<"a">>}}, down(hd(Refs))),
    Go(),
    ?assertEqual({ok, <<"b">>}, down(lists:last(Refs))).

receivers(Pid) ->
    {ok, #{children := Children}} = proctor:info(),
    [Count] = [N || #{pid := P, receivers := N} <- Children, P =:= Pid],
    Count.

either_dies() ->
    {Pid, _} = run("read x; echo out", [stdin, {active, false}]),
    {One, Ref} = spawn_monitor(fun() -> proctor:recv(Pid, any) end),
    wait_until(fun() -> receivers(Pid) =:= 1 end),
    exit(One, kill),
    killed = down(Ref),
    wait_until(fun() -> receivers(Pid) =:= 0 end),
    ok = proctor:send(Pid, "\n"),
    ?assertEqual({ok, {stdout, <<"out\n">>}}, proctor:recv(Pid, any)).

%% One stream has always something, and the other's little is heard.
fair() ->
    {Pid, OsPid} = run("echo err >&2; exec yes", [{active, false}]),
    wait_until(fun() -> maps:get(stderr, came(Pid)) =:= 4 end),
    ?assert(lists:any(fun(_) ->
                          {ok, {Stream, _}} = proctor:recv(Pid, any),
                          Stream =:= stderr
                      end, lists:seq(1, 100))),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 20000)),
    ?assertEqual([], flush()),
    {Again, Its} = run("echo err >&2; exec yes", [{active, false}]),
    wait_until(fun() -> maps:get(stderr, came(Again)) =:= 4 end),
    ?assert(lists:any(fun(_) ->
                          ok = proctor:setopts(Again, [{active, once}]),
                          {Stream, Its, _} = next(),
                          Stream =:= stderr
                      end, lists:seq(1, 100))),
    ?assertEqual(normal, proctor:stop_and_wait(Again, 20000)),
    ?assertNotEqual(OsPid, Its).

%%% Modes

modes() ->
    {Pid, OsPid} = run("echo out; echo err >&2; read x",
                       [stdin, {active, #{stdout => false}}]),
    ?assertEqual({stderr, OsPid, <<"err\n">>}, next()),
    ?assertEqual({error, einval}, proctor:recv(Pid, stderr)),
    ?assertEqual({ok, {stdout, <<"out\n">>}}, proctor:recv(Pid, any)),
    {ok, #{children := [#{active := Active, window := Windows}]}} =
        proctor:info(),
    ?assertEqual(#{stdout => false, stderr => true}, Active),
    ?assertEqual(#{stdout => 262144, stderr => 0}, Windows),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 20000)),
    ?assertEqual([], flush()).

counts() ->
    {Pid, OsPid} = run("echo 1; read x; echo 2; echo 3 >&2; read x; "
                       "echo 4 >&2; read x; echo 5",
                       [stdin, {active, #{stdout => 2, stderr => once}}]),
    Go = fun() -> ok = proctor:send(Pid, "\n") end,
    ?assertEqual({stdout, OsPid, <<"1\n">>}, next()),
    Go(),
    ?assertEqual([{passive, OsPid, stdout}, {stderr, OsPid, <<"3\n">>},
                  {stdout, OsPid, <<"2\n">>}],
                 lists:sort([next(), next(), next()])),
    Go(),
    ?assertEqual({ok, <<"4\n">>}, proctor:recv(Pid, stderr)),
    ok = proctor:setopts(Pid, [{active, #{stdout => 1}}]),
    Go(),
    ?assertEqual({stdout, OsPid, <<"5\n">>}, next()),
    ?assertEqual({passive, OsPid, stdout}, next()).

change() ->
    {Pid, OsPid} = run("read x; echo 1; echo 2 >&2", [stdin, {active, 3}]),
    ok = proctor:setopts(Pid, [{active, #{stderr => false}}]),
    ok = proctor:setopts(Pid, [{active, #{stdout => -1}}]),
    {ok, #{children := [#{active := Active}]}} = proctor:info(),
    ?assertEqual(#{stdout => 2, stderr => false}, Active),
    ok = proctor:setopts(Pid, [{active, false}]),
    ok = proctor:send(Pid, "\n"),
    wait_until(fun() -> maps:with([stdout, stderr], came(Pid))
                            =:= #{stdout => 2, stderr => 2} end),
    ok = proctor:setopts(Pid, [{active, 2}]),
    ?assertEqual([{stderr, OsPid, <<"2\n">>}, {stdout, OsPid, <<"1\n">>}],
                 lists:sort([next(), next()])),
    ?assertEqual({passive, OsPid}, next()),
    [?assertEqual({error, {badopt, [{active, Bad}]}},
                  proctor:setopts(Pid, [{active, Bad}]))
     || Bad <- [#{}, #{stdin => true}, #{stdout => 0}, #{stdout => #{}},
                #{stdout => off, stderr => true}]].

%%% What is collected

collected() ->
    {ok, _, OsPid} = proctor:run("echo out; echo err >&2; exit 3",
                                 [stdout, {stderr, collect}, exit]),
    ?assertEqual({stdout, OsPid, <<"out\n">>}, next()),
    {exit, OsPid, Exit} = next(),
    ?assertMatch(#{raw := 768, stderr := <<"err\n">>, truncated := []}, Exit),
    ?assertNot(is_map_key(stdout, Exit)).

bounded() ->
    Run = fun(Options) ->
              {ok, _, OsPid} = proctor:run("yes | head -c 3000000",
                                           [{stdout, collect}, exit
                                            | Options]),
              {exit, OsPid, #{stdout := Out, truncated := Cut}} = next(),
              {byte_size(Out), Cut}
          end,
    ?assertEqual({1048576, [stdout]}, Run([])),
    ?assertEqual({10, [stdout]}, Run([{max_output, 10}])),
    ?assertEqual({3000000, []}, Run([{max_output, infinity}])),
    ?assertEqual({3000000, []}, Run([{max_output, 3000000}])),
    ?assertMatch({error, {badopt, {max_output, _}}},
                 proctor:run("true", [stdout, {max_output, 10}])),
    ?assertMatch({error, {badopt, {max_output, _}}},
                 proctor:run("true", [sync, stdout, {max_output, 10}])),
    ?assertMatch({ok, [], #{stderr := <<"y\n">>, truncated := [stderr]}},
                 proctor:fold_lines(fun(L, Acc) -> [L | Acc] end, [],
                                    "yes | head -c 1000 >&2",
                                    [stderr, {max_output, 2}])).

%%% Windows

%% More of one stream than its window: the other is received all the same.
in_the_way() ->
    {Pid, _} = run("yes | head -c 500000 >&2; echo out; exec sleep 1000",
                   [{active, false}, {window, #{stdout => 65536,
                                                stderr => 0}}]),
    ?assertEqual({ok, <<"out\n">>}, proctor:recv(Pid, stdout, 20000)),
    wait_until(fun() -> maps:get(stderr, came(Pid)) =:= 500000 end),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 20000)).

%% Each stream stands at its own window, and no further: less than half of the
%% smaller one is not worth a word.
windows() ->
    Windows = #{stdout => 10000, stderr => 100000},
    {Pid, _} = run("yes >&2 & exec yes",
                   [{active, false}, {window, Windows}, kill_group]),
    Full = fun(Out, Err) ->
               #{stdout := ItsOut, stderr := ItsErr} = came(Pid),
               ItsOut =:= Out andalso ItsErr =< Err andalso ItsErr > Err - 5000
           end,
    wait_until(fun() -> Full(10000, 100000) end),
    timer:sleep(200),
    ?assert(Full(10000, 100000)),
    {ok, #{children := [#{window := Told}]}} = proctor:info(),
    ?assertEqual(Windows, Told),
    %% What is taken may come again.
    {ok, _} = proctor:recv(Pid, {stderr, 60000}),
    {ok, _} = proctor:recv(Pid, {stdout, 6000}),
    wait_until(fun() -> Full(16000, 160000) end),
    %% And somebody may want more at once than that.
    {ok, Data} = proctor:recv(Pid, {stderr, 300000}, 20000),
    ?assertEqual(300000, byte_size(Data)),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 20000)).

one_window() ->
    {Pid, OsPid} = run("yes | head -c 1000000 >&2; exec yes",
                       [{active, #{stdout => false}},
                        {window, #{stdout => 20000}}]),
    wait_until(fun() -> maps:with([stdout, stderr], came(Pid))
                            =:= #{stdout => 20000, stderr => 1000000} end),
    ?assertEqual(1000000, iolist_size(messages(stderr, OsPid))),
    timer:sleep(100),
    ?assertEqual(20000, maps:get(stdout, came(Pid))),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 20000)).

messages(Stream, OsPid) ->
    receive
        {Stream, OsPid, Data} -> [Data | messages(Stream, OsPid)]
    after 0 ->
        []
    end.

%% All of both, in order, whatever the windows.
through() ->
    [begin
         {Pid, _} = run("(seq 700000 >&2) & seq 700000; wait",
                        [{active, false}, {window, Windows}]),
         All = iolist_to_binary([[integer_to_list(N), $\n]
                                 || N <- lists:seq(1, 700000)]),
         Got = drain(Pid, #{stdout => [], stderr => []}),
         ?assert(iolist_to_binary(maps:get(stdout, Got)) =:= All),
         ?assert(iolist_to_binary(maps:get(stderr, Got)) =:= All)
     end || Windows <- [#{stdout => 4096, stderr => 100000}, 30000,
                        #{stdout => 0, stderr => 5000}]].

drain(Pid, Got) ->
    case proctor:recv(Pid, any, 20000) of
        {ok, {Stream, Data}} ->
            #{Stream := Before} = Got,
            drain(Pid, Got#{Stream := [Before, Data]});
        {error, closed} ->
            Got
    end.
