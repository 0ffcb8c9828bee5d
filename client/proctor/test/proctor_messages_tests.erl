%% Lines as messages: what they are, and at which pace they come.
-module(proctor_messages_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0, wait_until/1, flush/0]).

any_test_() ->
    [proctor_case:cases(Start, cases())
     || Start <- [[], [{dialect, exec_port}]]].

cases() ->
    [{"a message for each line", fun each/0},
     {"lines of one stream", fun one_stream/0},
     {"what no newline has ended", fun unended/0},
     {"lines that are too long", fun long/0},
     {"a line without an end", fun endless/0},
     {"carriage returns", fun returns/0},
     {"lines are counted", fun counted/0},
     {"recv of lines", fun received/0},
     {"recv of lines that are empty", fun empty/0},
     {"lines to others", fun others/0},
     {"lines of either stream", fun either/0},
     {"lines where there are none", fun refused/0}].

native_test_() ->
    proctor_case:native([],
     [{"lines at the pace of who takes them", fun pace/0},
      {"lines longer than the window", fun longer/0},
      {"a stream that ends before the command", fun stream_ends/0},
      {"many lines", fun many/0}]).

lines(Command, Options) ->
    lines(Command, lines, Options).

lines(Command, Lines, Options) ->
    {ok, _, OsPid} = proctor:run(Command, [stdout, Lines, exit | Options]),
    until_exit(OsPid).

until_exit(OsPid) ->
    case next() of
        {exit, OsPid, _} -> [];
        {Stream, OsPid, Line} -> [{Stream, Line} | until_exit(OsPid)]
    end.

each() ->
    ?assertEqual([{stdout, {eol, <<"a">>}}, {stdout, {eol, <<>>}},
                  {stdout, {eol, <<0, 255>>}}],
                 lines("printf 'a\\n\\n\\000\\377\\n'", [])),
    ?assertEqual([], lines("true", [])),
    %% However it comes in pieces.
    ?assertEqual([{stdout, {eol, <<"one">>}}, {stdout, {eol, <<"two">>}}],
                 lines("for c in o n e '\\n' tw 'o\\n'; do printf \"$c\"; "
                       "sleep 0.02; done", [])).

one_stream() ->
    Both = "echo out; echo err >&2",
    ?assertEqual([{stderr, <<"err\n">>}, {stdout, {eol, <<"out">>}}],
                 lists:sort(lines(Both, {lines, stdout}, [stderr]))),
    ?assertEqual([{stderr, {eol, <<"err">>}}, {stdout, {eol, <<"out">>}}],
                 lists:sort(lines(Both, [stderr]))).

unended() ->
    ?assertEqual([{stdout, {eol, <<"a">>}}, {stdout, {noeol, <<"b">>}}],
                 lines("printf 'a\\nb'", [])),
    ?assertEqual([{stdout, {noeol, <<"b\r">>}}],
                 lines("printf 'b\\r'", [{cr, strip}])).

long() ->
    ?assertEqual([{stdout, {noeol, <<"abc">>}}, {stdout, {eol, <<"de">>}},
                  {stdout, {eol, <<"abc">>}}, {stdout, {noeol, <<"abc">>}},
                  {stdout, {noeol, <<"d">>}}],
                 lines("printf 'abcde\\nabc\\nabcd'", [{max_line, 3}])),
    [{stdout, {noeol, First}}, {stdout, {eol, Rest}}] =
        lines("head -c 70000 /dev/zero; echo", []),
    ?assertEqual({65536, 4464}, {byte_size(First), byte_size(Rest)}),
    ?assertMatch([{stdout, {eol, <<_:70000/unit:8>>}}],
                 lines("head -c 70000 /dev/zero; echo",
                       [{max_line, infinity}])).

%% It leaves in parts.
endless() ->
    {ok, Pid, OsPid} = proctor:run("exec cat /dev/zero",
                                   [stdout, lines, {active, 3}]),
    [?assertMatch({stdout, OsPid, {noeol, <<_:65536/unit:8>>}}, next())
     || _ <- [1, 2, 3]],
    ?assertEqual({passive, OsPid}, next()),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 20000)).

returns() ->
    Command = "printf 'a\\r\\nb\\rc\\n'",
    ?assertEqual([{stdout, {eol, <<"a\r">>}}, {stdout, {eol, <<"b\rc">>}}],
                 lines(Command, [])),
    ?assertEqual([{stdout, {eol, <<"a">>}}, {stdout, {eol, <<"b\rc">>}}],
                 lines(Command, [{cr, strip}])).

counted() ->
    {ok, Pid, OsPid} = proctor:run("seq 5", [stdout, lines, {active, once}]),
    ?assertEqual({stdout, OsPid, {eol, <<"1">>}}, next()),
    ?assertEqual({error, timeout}, proctor:await(Pid, 50)),
    ?assertEqual([], flush()),
    ok = proctor:setopts(Pid, [{active, 2}]),
    ?assertEqual([{stdout, OsPid, {eol, <<"2">>}},
                  {stdout, OsPid, {eol, <<"3">>}}, {passive, OsPid}],
                 [next(), next(), next()]),
    ok = proctor:setopts(Pid, [{active, true}]),
    ?assertEqual([{stdout, OsPid, {eol, <<"4">>}},
                  {stdout, OsPid, {eol, <<"5">>}}], [next(), next()]).

received() ->
    {ok, Pid, _} = proctor:run("printf 'a\\nb'", [stdout, lines,
                                                  {active, false}]),
    ?assertEqual({ok, {eol, <<"a">>}}, proctor:recv(Pid, 0)),
    ?assertEqual({error, einval}, proctor:recv(Pid, 1)),
    ?assertEqual({error, einval}, proctor:recv(Pid, {any, 1})),
    ?assertEqual({ok, {noeol, <<"b">>}}, proctor:recv(Pid, stdout)),
    ?assertEqual({error, closed}, proctor:recv(Pid, 0)).

%% They weigh nothing, and wait nevertheless.
empty() ->
    {ok, Pid, OsPid} = proctor:run("printf '\\n\\n\\n'",
                                   [stdout, lines, {active, false}, exit]),
    [?assertEqual({ok, {stdout, {eol, <<>>}}}, proctor:recv(Pid, any))
     || _ <- [1, 2, 3]],
    ?assertMatch({exit, OsPid, _}, next()).

others() ->
    Self = self(),
    Pass = spawn_link(fun Pass() -> receive M -> Self ! M, Pass() end end),
    {ok, _, OsPid} = proctor:run("seq 2", [{stdout, Pass}, lines]),
    ?assertEqual([{stdout, OsPid, {eol, <<"1">>}},
                  {stdout, OsPid, {eol, <<"2">>}}], [next(), next()]),
    Fun = fun(Stream, _, Line) -> Self ! {Stream, Line} end,
    {ok, _, _} = proctor:run("printf '1\\n2'", [{stdout, Fun}, lines]),
    ?assertEqual([{stdout, {eol, <<"1">>}}, {stdout, {noeol, <<"2">>}}],
                 [next(), next()]).

either() ->
    {ok, Pid, _} = proctor:run("echo out; sleep 0.1; echo err >&2",
                               [stdout, stderr, lines, {active, false}]),
    ?assertEqual({ok, {stdout, {eol, <<"out">>}}}, proctor:recv(Pid, any)),
    ?assertEqual({ok, {stderr, {eol, <<"err">>}}}, proctor:recv(Pid, any)),
    ?assertEqual({error, closed}, proctor:recv(Pid, any)).

refused() ->
    [?assertMatch({error, {badopt, {Name, _}}}, proctor:run("true", Options))
     || {Name, Options} <- [{lines, [lines]}, {lines, [lines, sync, stdout]},
                            {lines, [{lines, stderr}, stdout]},
                            {lines, [{stdout, collect}, lines]},
                            {max_line, [stdout, {max_line, 5}]},
                            {cr, [stdout, {cr, strip}]}]],
    ?assertMatch({error, {options, einval, {lines, _}}},
                 proctor:cmd("true", [], [lines])).

%%% With windows

bytes(Pid) ->
    {ok, #{children := [#{pid := Pid, bytes := #{stdout := N}}]}} =
        proctor:info(),
    N.

%% It stands when a window waits, and goes on by as much as was taken.
pace() ->
    {ok, Pid, _} = proctor:run("exec yes", [stdout, lines, {active, false},
                                            {window, 10000}]),
    wait_until(fun() -> bytes(Pid) =:= 10000 end),
    timer:sleep(100),
    ?assertEqual(10000, bytes(Pid)),
    [?assertEqual({ok, {eol, <<"y">>}}, proctor:recv(Pid, 0, 20000))
     || _ <- lists:seq(1, 20000)],
    wait_until(fun() -> bytes(Pid) >= 40000 end),
    ?assert(bytes(Pid) =< 50000),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 20000)).

longer() ->
    {ok, Pid, _} = proctor:run("head -c 50000 /dev/zero; echo; echo end",
                               [stdout, lines, {active, false},
                                {window, 1000}]),
    ?assertMatch({ok, {eol, <<_:50000/unit:8>>}},
                 proctor:recv(Pid, 0, 20000)),
    ?assertEqual({ok, {eol, <<"end">>}}, proctor:recv(Pid, 0, 20000)),
    ?assertEqual({error, closed}, proctor:recv(Pid, 0)).

stream_ends() ->
    {ok, Pid, OsPid} = proctor:run("printf a; exec >&-; read x",
                                   [stdout, stdin, lines]),
    ?assertEqual({stdout, OsPid, {noeol, <<"a">>}}, next()),
    ok = proctor:send(Pid, "\n").

many() ->
    {ok, _, OsPid} = proctor:run("exec seq 300000", [stdout, lines, exit,
                                                     {window, 5000}]),
    ok = sequence(1, OsPid).

sequence(N, OsPid) ->
    case next() of
        {stdout, OsPid, {eol, Line}} ->
            N = binary_to_integer(Line),
            sequence(N + 1, OsPid);
        {exit, OsPid, _} ->
            ?assertEqual(300001, N),
            ok
    end.
