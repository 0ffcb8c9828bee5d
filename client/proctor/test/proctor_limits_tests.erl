%% What the port program keeps of a run: its silence, its time of processors and
%% other limits, the time of its stop; and
%% how it begins: its name, its umask, its standard error, and from which file.
-module(proctor_limits_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0]).

-define(DEAF, "trap '' TERM; echo on; while :; do sleep 0.05; done").

native_test_() ->
    proctor_case:native([],
        [{"silence ends it: cmd", fun idle_cmd/0},
         {"silence ends it: sync", fun idle_sync/0},
         {"silence ends it: monitor and exit", fun idle_messages/0},
         {"silence ends it: fold_lines", fun idle_fold/0},
         {"silence of one that nobody hears is refused", fun idle_nothing/0},
         {"a reader that takes its time is no silence", fun idle_window/0},
         {"a time of processors ends it", fun cpu_timeout/0},
         {"a limit that cannot be had, as a term", fun limit_term/0},
         {"no program of that name, as a term", fun not_found_term/0}]).

both_test_() ->
    [proctor_case:cases(Options,
        [{"a stop in milliseconds", fun kill_timeout/0},
         {"limits of years", fun years/0},
         {"how much it may have", fun bounds/0},
         {"a limit that cannot be had", fun limit_text/0},
         {"a program is found through PATH", fun path/0},
         {"no program of that name, as erlexec has it", fun not_found_text/0}])
     || Options <- [[], [{dialect, exec_port}]]].

begins_test_() ->
    proctor_case:cases([],
        [{"umask", fun umask/0},
         {"arg0", fun arg0/0},
         {"stderr of the node", fun inherit/0},
         {"success_exit_code in every shape", fun success/0},
         {"what a cmd has left is gone at its return", fun left/0}]).

idle_cmd() ->
    {error, {timeout, etimedout, Result}} =
        proctor:cmd("sh", ["-c", "echo on; exec sleep 1000"],
                    [{idle_timeout, 300}]),
    ?assertMatch(#{reason := idle_timeout, stdout := <<"on\n">>,
                   status := {signaled, _, false}}, Result),
    {ok, #{stdout := <<"1\n2\n">>}} =
        proctor:cmd("sh", ["-c", "echo 1; sleep 0.01; echo 2"],
                    [{idle_timeout, 20000}]).

idle_sync() ->
    ?assertMatch({error, {idle_timeout, [{exit_status, 15},
                                         {stdout, [<<"on\n">>]}]}},
                 proctor:run("echo on; exec sleep 1000",
                             [sync, stdout, {idle_timeout, 300}])).

idle_messages() ->
    {ok, Pid, OsPid} = proctor:run("exec sleep 1000",
                                   [monitor, exit, stdout,
                                    {idle_timeout, 300}]),
    ?assertMatch({exit, OsPid, #{reason := idle_timeout,
                                 status := {signaled, 15, false}}}, next()),
    ?assertEqual({'DOWN', OsPid, process, Pid, idle_timeout}, next()).

idle_fold() ->
    {ok, [<<"on">>], Exit} =
        proctor:fold_lines(fun(Line, Acc) -> [Line | Acc] end, [],
                           "echo on; exec sleep 1000",
                           [{idle_timeout, 300}]),
    ?assertMatch(#{reason := idle_timeout}, Exit).

idle_nothing() ->
    ?assertEqual({error, {badopt, idle_timeout}},
                 proctor:run("true", [{idle_timeout, 300}, {errors, term}])).

%% It has more to say than its window takes.
idle_window() ->
    {ok, Pid, OsPid} =
        proctor:run("head -c 100000 /dev/zero; exit 3",
                    [stdout, exit, {active, false}, {window, 4096},
                     {idle_timeout, 300}]),
    timer:sleep(1000),
    {ok, Data} = proctor:recv(Pid, 100000),
    ?assertEqual(100000, byte_size(Data)),
    ?assertEqual({error, closed}, proctor:recv(Pid, 0)),
    ?assertMatch({exit, OsPid, #{reason := normal, status := {exited, 3}}},
                 next()).

%% Less than the second that is the least otherwise, and not at once.
kill_timeout() ->
    {ok, Pid, OsPid} = proctor:run(?DEAF, [stdout, monitor,
                                           {kill_timeout, {ms, 1}}]),
    {stdout, OsPid, <<"on\n">>} = next(),
    ok = proctor:stop(Pid),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()),
    ?assertMatch({error, {options, einval, {kill_timeout, {ms, -1}}}},
                 proctor:cmd("true", [], [{kill_timeout, {ms, -1}}])).

years() ->
    Years = [{timeout, 1 bsl 53}, {kill_timeout, {ms, 1 bsl 40}}],
    ?assertMatch({ok, #{status := {exited, 0}, reason := _}},
                 proctor:cmd("true", [], Years)),
    ?assertEqual({ok, [{stdout, [<<"on\n">>]}]},
                 proctor:run("echo on", [sync, stdout | Years])),
    ?assertMatch({ok, [<<"on">>], _},
                 proctor:fold_lines(fun(Line, Acc) -> [Line | Acc] end, [],
                                    "echo on", Years)).

path() ->
    ?assertEqual({ok, [{stdout, [<<"found\n">>]}]},
                 proctor:run(["echo", "found"], [sync, stdout])),
    %% It is the node's as it is now.
    proctor_case:with_dir(fun(Dir) ->
        Name = "proctor-path-test",
        File = filename:join(Dir, Name),
        ok = file:write_file(File, "#!/bin/sh\necho mine\n"),
        ok = file:change_mode(File, 8#755),
        Before = os:getenv("PATH"),
        true = os:putenv("PATH", Before ++ ":" ++ Dir),
        try
            ?assertEqual({ok, [{stdout, [<<"mine\n">>]}]},
                         proctor:run([Name], [sync, stdout])),
            ?assertMatch({ok, [<<"mine">>], _},
                         proctor:fold_lines(fun(L, Acc) -> [L | Acc] end, [],
                                            [Name], []))
        after
            true = os:putenv("PATH", Before)
        end
    end),
    %% The file is said, and the first word is only its name.
    ?assertEqual({ok, [{stdout, [<<"other\n">>]}]},
                 proctor:run(["ls", "-c", "echo other"],
                             [sync, stdout, {executable, "/bin/sh"}])).

not_found_term() ->
    NotFound = {error, {exec, enoent, <<"no-such-command">>}},
    Command = ["no-such-command"],
    ?assertEqual(NotFound, proctor:run(Command, [{errors, term}])),
    ?assertEqual(NotFound, proctor:run(Command, [sync, {errors, term}])),
    ?assertEqual(NotFound, proctor:run(Command, [monitor, exit,
                                                 {errors, term}])),
    ?assertEqual(NotFound, proctor:cmd("no-such-command", [])),
    ?assertEqual(NotFound,
                 proctor:fold_lines(fun(_, Acc) -> Acc end, [], Command, [])).

not_found_text() ->
    {error, [{exit_status, 256}, {stderr, [Text]}]} =
        proctor:run(["no-such-command"], [sync, stderr]),
    ?assertMatch({match, _}, re:run(Text, "cannot execute 'no-such-command'")).

cpu_timeout() ->
    Command = "while :; do :; done",
    Options = [{cpu_timeout, 1}, {rlimit, [{core, 0}]}],
    ?assertMatch({error, {timeout, etimedout,
                          #{reason := timeout, killed := false,
                            status := {signaled, 24, false}}}},
                 proctor:cmd("sh", ["-c", Command], Options)),
    {ok, Pid, OsPid} = proctor:run(Command, [monitor | Options]),
    ?assertEqual({'DOWN', OsPid, process, Pid, timeout}, next()),
    ?assertMatch({error, {options, einval, {cpu_timeout, _}}},
                 proctor:pipe([{"true", []}], Options)).

bounds() ->
    [?assertMatch({ok, #{stdout := Said}},
                  proctor:cmd("sh", ["-c", Command], Options))
     || {Command, Said, Options} <-
            [{"ulimit -Sn; ulimit -Hn; ulimit -St", <<"40\n50\n7\n">>,
              [{rlimit, [{nofile, {40, 50}}, {cpu, 7}]}]},
             {"cat /proc/$$/oom_score_adj", <<"700\n">>,
              [{oom_score_adj, 700}]},
             {"ionice -p $$", <<"idle\n">>, [{ionice, idle}]},
             {"ionice -p $$", <<"best-effort: prio 6\n">>,
              [{ionice, {best_effort, 6}}]},
             {"grep -c '^NoNewPrivs:.*1' /proc/self/status", <<"1\n">>,
              [no_new_privs]}]].

%% No machine has as many.
limit_term() ->
    ?assertEqual({error, {rlimit, einval, <<"cpus">>}},
                 proctor:run("true", [{cpus, "0,1023"}, {errors, term}])),
    ?assertEqual({error, {badopt, rlimit}},
                 proctor:run("true", [{rlimit, [{memory, 1}]},
                                      {errors, term}])).

limit_text() ->
    ?assertEqual({error, "Couldn't start pid: Cannot set cpus: "
                         "Invalid argument"},
                 proctor:run("true", [{cpus, "0,1023"}])).

umask() ->
    ?assertEqual({ok, [{stdout, [<<"0027\n">>]}]},
                 proctor:run("umask", [sync, stdout, {umask, 8#27}])).

arg0() ->
    ?assertMatch({ok, #{stdout := <<"name\n">>}},
                 proctor:cmd("sh", ["-c", "echo $0"], [{arg0, "name"}])).

inherit() ->
    {ok, File} = file:read_link("/proc/" ++ os:getpid() ++ "/fd/2"),
    Line = iolist_to_binary([File, "\n"]),
    ?assertMatch({ok, #{status := {exited, 0}, stdout := Line,
                        stderr := <<>>}},
                 proctor:cmd("sh", ["-c", "readlink /proc/$$/fd/2"],
                             [{stderr, inherit}])).

success() ->
    Option = {success_exit_code, 7},
    ?assertMatch({ok, #{status := {exited, 7}}},
                 proctor:cmd("true", [], [Option])),
    ?assertMatch({ok, #{status := {exited, 2}}},
                 proctor:cmd("sh", ["-c", "exit 2"], [Option])),
    {ok, _, OsPid} = proctor:run("true", [exit, Option]),
    ?assertMatch({exit, OsPid, #{status := {exited, 7}, raw := 7}}, next()),
    {ok, Pid, Stopped} = proctor:run("trap 'exit 0' TERM; echo; while :; do "
                                     "sleep 0.05; done",
                                     [exit, stdout, Option]),
    {stdout, Stopped, <<"\n">>} = next(),
    ok = proctor:stop(Pid),
    ?assertMatch({exit, Stopped, #{status := {exited, 0}, raw := 0}}, next()).

%% Whether it obeys or not; what is to live on says so.
left() ->
    [begin
         {ok, #{stdout := Text, status := {exited, 3}}} =
             proctor:cmd("sh", ["-c", ["(", Trap, "exec sleep 1000) "
                                       ">/dev/null & echo $!; exit 3"]], []),
         Left = pid(Text),
         ?assertNot(proctor_case:alive(Left))
     end || Trap <- ["", "trap '' TERM; "]],
    {ok, #{stdout := Pid}} =
        proctor:cmd("sh", ["-c", "nohup sleep 1000 >/dev/null 2>&1 & echo $!"],
                    [{kill_group, false}]),
    Lives = pid(Pid),
    ?assert(proctor_case:alive(Lives)),
    ok = proctor_case:signal("KILL", [Lives]).

pid(Text) ->
    binary_to_integer(string:trim(Text)).
