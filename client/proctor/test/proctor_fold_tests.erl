%% Lines of a command, and what becomes of everything that is not a line.
-module(proctor_fold_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [cases/2, native/2, quiet/1, next/0, down/1, flush/0,
                       wait_until/1, alive/1, freeze/1, thaw/1]).

fold_test_() ->
    [cases([], lines()), cases([{dialect, exec_port}], lines())].

lines() ->
    [{"stderr that is asked for", fun collected/0},
     {"stderr elsewhere", fun elsewhere/0},
     {"stdout that ends early", fun early/0},
     {"a function that fails", fun fails/0},
     {"a function that takes messages", fun thief/0},
     {"somebody else stops it", fun stopped/0},
     {"options", fun options/0}].

native_test_() ->
    native([], [{"more stderr than is kept", fun flood/0},
                {"a time that is over", fun timeout/0}]).

%% Nothing is left behind, whatever happens to the port program.
broken_test_() ->
    [{Title, {timeout, 60, {spawn, fun() -> quiet(Case) end}}}
     || {Title, Case} <- [{"port program killed", fun killed/0},
                          {"instance stopped", fun shutdown/0},
                          {"port program silent", fun silent/0},
                          {"port program silent before", fun silent_before/0},
                          {"node lost", fun node_lost/0}]].

all(Command, Options) ->
    proctor:fold_lines(fun(Line, Acc) -> [Line | Acc] end, [], Command,
                       Options).

collected() ->
    Command = "echo a; echo b >&2; echo c",
    [?assertMatch({ok, [<<"c">>, <<"a">>], #{stderr := <<"b\n">>,
                                             truncated := [],
                                             status := {exited, 0}}},
                  all(Command, [Option | Options]))
     || Option <- [stderr, {stderr, true}, {stderr, self()}],
        Options <- [[], [{timeout, 20000}]]],
    {ok, [<<"c">>, <<"a">>], Exit} = all(Command, []),
    ?assertNot(is_map_key(stderr, Exit)),
    ?assertMatch({ok, [<<"c">>, <<"b">>, <<"a">>], _},
                 all(Command, [stderr_to_stdout])).

elsewhere() ->
    Self = self(),
    ?assertMatch({ok, [<<"a">>], _},
                 all("echo a; echo b >&2",
                     [{stderr, fun(stderr, _, Data) ->
                                       Self ! {err, Data}
                               end}])),
    ?assertEqual({err, <<"b\n">>}, next()),
    Other = spawn_link(fun() -> Self ! {other, next()} end),
    {ok, [], _} = all("echo b >&2", [{stderr, Other}]),
    ?assertMatch({other, {stderr, _, <<"b\n">>}}, next()).

early() ->
    ?assertMatch({ok, [<<"a">>], #{status := {exited, 3}}},
                 all("echo a; exec >&-; sleep 0.1; exit 3", [])).

fails() ->
    Self = self(),
    Fun = fun(Line, _) -> Self ! {os, binary_to_integer(Line)},
                          throw(enough)
          end,
    ?assertThrow(enough, proctor:fold_lines(Fun, 0, "echo $$; exec yes",
                                            [stderr, monitor])),
    {os, OsPid} = next(),
    ?assertNot(alive(OsPid)),
    ?assertEqual([], proctor:which_children()).

%% As some do, without knowing whose they are: then how it ended may be lost,
%% and nothing else.
thief() ->
    Fun = fun(_Line, N) -> timer:sleep(10), _ = flush(), N + 1 end,
    case proctor:fold_lines(Fun, 0, "seq 10", []) of
        {ok, 10, #{status := {exited, 0}}} -> ok;
        {error, {closed, 10, #{reason := closed}}} -> ok
    end.

stopped() ->
    [begin
         Fun = fun(Line, N) -> _ = Stop(binary_to_integer(Line)), N + 1 end,
         ?assertMatch({ok, 1, #{raw := 0}},
                      proctor:fold_lines(Fun, 0, "echo $$; exec sleep 1000",
                                         []))
     end || Stop <- [fun proctor:stop/1,
                     fun(OsPid) ->
                         spawn_link(fun() -> proctor:stop_and_wait(OsPid, 20000)
                                    end)
                     end]].

options() ->
    ?assertMatch({ok, [<<"a">>], _}, all("printf 'a\\r\\n'", [{cr, strip}])),
    ?assertMatch({ok, [<<"a\r">>], _}, all("printf 'a\\r\\n'", [])),
    [?assertEqual({error, {options, einval, Bad}}, all("true", [Bad]))
     || Bad <- [{max_line, 0}, {max_line, -1}, {max_line, foo}, {cr, foo}]],
    [?assertMatch({error, {options, einval, {_, _}}}, all("true", [Bad]))
     || Bad <- [sync, {active, once}, {stdout, null}, stdin]].

%% It holds up neither the command nor the lines.
flood() ->
    Command = "head -c 3000000 /dev/zero >&2; echo a; "
              "head -c 3000000 /dev/zero >&2; echo b",
    {ok, [<<"b">>, <<"a">>], #{stderr := Err, truncated := [stderr]}} =
        all(Command, [stderr, {timeout, 30000}]),
    ?assertEqual(1048576, byte_size(Err)).

timeout() ->
    [?assertMatch({ok, [<<"a">>], #{reason := timeout, stderr := <<"b\n">>}},
                  all(Command, [{timeout, 500}, stderr]))
     || Command <- ["echo a; echo b >&2; exec sleep 1000",
                    "echo a; echo b >&2; exec >&- 2>&-; exec sleep 1000",
                    "trap 'exit 0' TERM; echo a; echo b >&2; "
                    "while :; do sleep 0.01; done"]].

%%% What breaks

started() ->
    {ok, Pid} = proctor:start([]),
    Pid.

fold(Do, Command, Options) ->
    proctor:fold_lines(fun(Line, Acc) ->
                           Acc =/= [] orelse Do(),
                           [Line | Acc]
                       end, [], Command, Options).

killed() ->
    Server = started(),
    Port = proctor_case:os_pid(proctor),
    Kill = fun() ->
               wait_until(fun() -> stderr_bytes() =:= 4 end),
               os:cmd("kill -KILL " ++ integer_to_list(Port))
           end,
    %% It may be left the time to tell the end.
    ?assertMatch({error, {port_closed, [<<"a">>],
                          #{reason := Why, stderr := <<"bad\n">>}}}
                     when Why =:= port_closed; Why =:= shutdown,
                 fold(Kill, "echo a; printf b; echo bad >&2; exec sleep 1000",
                      [stderr])),
    _ = down(monitor(process, Server)),
    ?assertEqual([], flush()),
    ?assertEqual({error, not_started}, all("true", [])).

stderr_bytes() ->
    {ok, #{children := [#{bytes := #{stderr := Bytes}}]}} = proctor:info(),
    Bytes.

%% Its commands end with it, whatever their status.
shutdown() ->
    Server = started(),
    Stop = fun() -> spawn_link(gen_server, stop, [Server]) end,
    ?assertMatch({error, {port_closed, [_ | _], #{reason := shutdown}}},
                 fold(Stop, "trap 'exit 0' TERM; echo a; "
                            "while :; do sleep 0.01; done", [])),
    _ = down(monitor(process, Server)),
    ?assertEqual([], flush()).

silent() ->
    Server = started(),
    Parts = proctor_case:parts(proctor_case:os_pid(proctor)),
    ?assertMatch({error, {no_answer, [<<"a">>], #{reason := no_answer}}},
                 fold(fun() -> freeze(Parts) end,
                      "echo a; exec sleep 1000",
                      [{timeout, 100}, {kill_timeout, 0}, stderr])),
    ?assertEqual([], flush()),
    ok = thaw(Parts),
    wait_until(fun() -> proctor:which_children() =:= [] end),
    ?assertEqual([], flush()),
    ok = gen_server:stop(Server).

silent_before() ->
    Server = started(),
    Parts = proctor_case:parts(proctor_case:os_pid(proctor)),
    ok = freeze(Parts),
    ?assertEqual({error, no_answer},
                 all("sleep 1000", [{timeout, 100}, {kill_timeout, 0}])),
    ?assertEqual([], flush()),
    ok = thaw(Parts),
    wait_until(fun() -> proctor:which_children() =:= [] end),
    ?assertEqual([], flush()),
    ok = gen_server:stop(Server).

node_lost() ->
    case proctor_case:peers(1) of
        {ok, [{Peer, Node}] = Peers} ->
            Lose = fun() -> proctor_case:stop_peers(Peers) end,
            Result = fold(Lose, "echo a; exec sleep 1000", [{node, Node}]),
            ?assertMatch({error, {noconnection, [<<"a">>],
                                  #{reason := noconnection}}}, Result),
            ?assertNot(is_process_alive(Peer)),
            ?assertEqual([], flush());
        {error, _} ->
            ok
    end.
