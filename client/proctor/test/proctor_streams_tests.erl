%% Output that outlives its command, input that is lost, FIFOs.
-module(proctor_streams_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0]).

-define(LATE, "(sleep 0.2; echo late) & echo soon").
-define(FOREVER, "sleep 1000 & echo soon").

streams_test_() ->
    [proctor_case:native([],
      [{"cmd waits for what comes late", fun cmd_late/0},
       {"cmd tells what it has cut", fun cmd_cut/0},
       {"pipe waits for what comes late", fun pipe_late/0},
       {"sync waits for what comes late", fun sync_late/0},
       {"sync tells what it has cut", fun sync_cut/0},
       {"run has no linger of its own", fun run_plain/0},
       {"an exit message tells what was cut", fun exit_message/0},
       {"nothing was cut", fun uncut/0},
       {"a FIFO waits for its writer", fun fifo/0},
       {"bad values", fun bad_values/0}]),
     proctor_case:native([{linger, 60000}],
      [{"linger of the instance", fun run_late/0}]),
     proctor_case:cases([{dialect, exec_port}],
      [{"linger in the old dialect", fun old_late/0},
       {"and its default", fun old_plain/0}]),
     proctor_case:cases([{dialect, exec_port},
                         {args, ["-stdin-limit", "100000"]}],
      [{"input that was cut", fun input_cut/0}])].

sh(Text) -> ["-c", Text].

cmd_late() ->
    ?assertMatch({ok, #{stdout := <<"soon\nlate\n">>, truncated := []}},
                 proctor:cmd("/bin/sh", sh(?LATE), [{linger, 60000}])),
    ?assertMatch({ok, #{stdout := <<"soon\nlate\n">>, truncated := []}},
                 proctor:cmd("/bin/sh", sh("(sleep 0.01; echo late) & "
                                           "echo soon"), [])).

cmd_cut() ->
    %% Who is in its group is ended, and holds nothing then.
    ?assertMatch({ok, #{stdout := <<"soon\n">>, truncated := []}},
                 proctor:cmd("/bin/sh", sh(?FOREVER), [])),
    ?assertMatch({ok, #{stdout := <<"soon\n">>, truncated := [stdout],
                        reason := normal, status := {exited, 0}}},
                 proctor:cmd("/bin/sh", sh("setsid " ?FOREVER), [])),
    ?assertMatch({ok, #{stdout := <<"soon\n">>, truncated := [stdout]}},
                 proctor:cmd("/bin/sh", sh(?LATE), [{linger, 0},
                                                    {kill_group, false}])),
    %% Its time is over, but not that of the command.
    ?assertMatch({ok, #{stdout := <<"soon\n">>, truncated := [stdout]}},
                 proctor:cmd("/bin/sh", sh("setsid " ?FOREVER),
                             [{linger, 60000}, {timeout, 2000}])).

pipe_late() ->
    ?assertMatch({ok, #{stdout := <<"soon\nlate\n">>}},
                 proctor:pipe([{"/bin/sh", sh(?LATE)}, {"cat", []}],
                              [{linger, 60000}])).

sync_late() ->
    {ok, [{stdout, Out}]} =
        proctor:run(?LATE, [sync, stdout, {linger, 60000}]),
    ?assertEqual(<<"soon\nlate\n">>, iolist_to_binary(Out)).

sync_cut() ->
    ?assertEqual({ok, [{stdout, [<<"soon\n">>]}, {truncated, [stdout]}]},
                 proctor:run(?FOREVER, [sync, stdout])),
    ?assertEqual({error, [{exit_status, 768}, {stdout, [<<"soon\n">>]},
                          {truncated, [stdout]}]},
                 proctor:run(?FOREVER "; exit 3",
                             [sync, stdout, {linger, 0}])).

run_plain() ->
    {ok, Pid, OsPid} = proctor:run(?FOREVER, [stdout, monitor]),
    ?assertEqual({stdout, OsPid, <<"soon\n">>}, next()),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()).

run_late() ->
    {ok, Pid, OsPid} = proctor:run(?LATE, [stdout, monitor]),
    ?assertEqual({stdout, OsPid, <<"soon\n">>}, next()),
    ?assertEqual({stdout, OsPid, <<"late\n">>}, next()),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()).

exit_message() ->
    {ok, _Pid, OsPid} = proctor:run(?FOREVER, [stdout, exit, {linger, 1}]),
    ?assertEqual({stdout, OsPid, <<"soon\n">>}, next()),
    ?assertMatch({exit, OsPid, #{truncated := [stdout], raw := 0}}, next()).

uncut() ->
    ?assertEqual({ok, [{stdout, [<<"x\n">>]}]},
                 proctor:run("echo x", [sync, stdout])),
    ?assertMatch({ok, #{truncated := []}}, proctor:cmd("true", [], [])).

fifo() ->
    Path = filename:join("/tmp", "proctor_fifo_" ++ os:getpid()),
    "" = os:cmd("mkfifo " ++ Path),
    try
        {ok, Pid, OsPid} = proctor:run(["/bin/cat"], [{stdin, Path}, stdout,
                                                      monitor]),
        ok = file:write_file(Path, <<"at last">>),
        ?assertEqual({stdout, OsPid, <<"at last">>}, next()),
        ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next())
    after
        ok = file:delete(Path)
    end.

bad_values() ->
    [?assertEqual({error, {badopt, {linger, Bad}}},
                  proctor:run("true", [{errors, term}, {linger, Bad}]))
     || Bad <- [-1, 86400001, 0.5, infinity, "1"]],
    ?assertEqual({error, {badopt, {linger, -1}}},
                 proctor:start([{name, bad}, {linger, -1}])).

old_late() ->
    {ok, [{stdout, Out}]} =
        proctor:run(?LATE, [sync, stdout, {linger, 60000}]),
    ?assertEqual(<<"soon\nlate\n">>, iolist_to_binary(Out)).

%% A port program that is not ours would refuse it.
old_plain() ->
    ?assertEqual({ok, [{stdout, [<<"soon\n">>]}]},
                 proctor:run(?FOREVER, [sync, stdout])).

input_cut() ->
    {ok, Pid, OsPid} = proctor:run("sleep 1000; cat >/dev/null",
                                   [stdin, monitor]),
    [proctor:send(Pid, binary:copy(<<0>>, 65536)) || _ <- lists:seq(1, 5)],
    ?assertEqual({'DOWN', OsPid, process, Pid, {exit_status, 9}}, next()).
