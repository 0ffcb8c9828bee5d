%% Trees of tasks over the real program: what proctor_task adds to it.
-module(proctor_task_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0, wait_until/1, flush/0, alive/1]).

task_test_() ->
    proctor_case:cases([],
     [{Title, fun() -> with(Case) end} || {Title, Case} <- cases()]
         ++ [{"task: its owner dies", fun owner_dies/0},
             {"task: its program is killed", fun killed/0},
             {"task: its Erlang process is killed", fun process_killed/0},
             {"task: options of the start", fun start_options/0},
             {"task: a tree is the process of its program", fun itself/0},
             {"task: a tree is stopped as any process", fun stopped_there/0},
             {"task: a tree whose time is limited", fun limited/0},
             {"task: what takes its standard error fails", fun sink_fails/0},
             {"task: telemetry of a tree", fun telemetry/0},
             {"task: its instance dies", fun instance_dies/0}]).

cases() ->
    [{"task: calls", fun calls/1},
     {"task: errors and signals of all numbers have names", fun words/1},
     {"task: a list of calls", fun ops/1},
     {"task: a list that goes on", fun ops_on/1},
     {"task: a list with a fork, and one with a program", fun ops_fork/1},
     {"task: more than a frame is written and read", fun pieces/1},
     {"task: a directory of many names, and a large environment", fun names/1},
     {"task: a program, its output and its end", fun program/1},
     {"task: a program that cannot be", fun no_program/1},
     {"task: a program where children are", fun with_children/1},
     {"task: what a program is given", fun given/1},
     {"task: where its streams go", fun targets/1},
     {"task: wrong options of a program", fun wrong_options/1},
     {"task: output to a pid and to a function", fun sinks/1},
     {"task: output in lines", fun lines/1},
     {"task: active once, and so many", fun active/1},
     {"task: a program that nobody reads waits", fun waits/1},
     {"task: ten megabytes there and back", fun through/1},
     {"task: ten megabytes by windows of all sizes", fun windows/1},
     {"task: a small window is one from the first byte on", fun small/1},
     {"task: more to a program that does not read", fun stuffed/1},
     {"task: the input of one that has closed it", fun closed/1},
     {"task: streams that are closed by us", fun close/1},
     {"task: a terminal", fun pty/1},
     {"task: state", fun state/1},
     {"task: a call that takes too long", fun timeout/1},
     {"task: a stopped task harms only itself", fun stopped/1},
     {"task: stop of one that waits, that is stopped, that ignores",
      fun stop/1},
     {"task: stop of what nobody reads", fun stop_unread/1},
     {"task: stop of one with a tree below it", fun stop_below/1},
     {"task: a task that exits, and one that is killed", fun exits/1},
     {"task: the end of a parent", fun parent/1},
     {"task: signals", fun signals/1},
     {"task: the root's program", fun root_program/1},
     {"task: limits", fun limits/1},
     {"task: two trees", fun trees/1},
     {"task: an unowned one", fun unowned/1},
     {"task: who is who", fun info/1}].

with(Case) ->
    {ok, Root} = proctor_task:start([]),
    {ok, #{pid := Pid}} = proctor_task:info(Root),
    Case(Root),
    ok = proctor_task:stop(Root),
    wait_until(fun() -> not is_process_alive(Root) end),
    ?assertNot(alive(Pid)),
    _ = flush().

fork(Parent) ->
    {ok, Task} = proctor_task:fork(Parent),
    Task.

run(Parent, Argv, Options) ->
    Task = fork(Parent),
    ok = proctor_task:exec(Task, Argv, Options),
    Task.

sh(Parent, Text, Options) ->
    run(Parent, ["/bin/sh", "-c", Text], Options).

pid(Task) ->
    {ok, #{pid := Pid}} = proctor_task:info(Task),
    Pid.

%% All that comes of a stream.
all(Task, Stream) ->
    case proctor_task:recv(Task, Stream) of
        {ok, Data} -> <<Data/binary, (all(Task, Stream))/binary>>;
        {error, closed} -> <<>>
    end.

messages(Task) ->
    receive
        {proctor_task, Task, {exit, #{status := Status}}} -> [Status];
        {proctor_task, Task, What} -> [What | messages(Task)]
    after 30000 ->
        error(no_end)
    end.

status(Task) ->
    {ok, #{status := Status}} = proctor_task:await(Task, 30000),
    Status.

%%% Calls

calls(Root) ->
    Pid = pid(Root),
    [?assertEqual({error, {options, einval, seccomp}},
                  proctor_task:seccomp(Root, Rules))
     || Rules <- [#{}, #{default => allow}, [], none]],
    ?assertEqual({ok, Pid}, proctor_task:call(Root, getpid)),
    Child = fork(Root),
    ?assertEqual({ok, Pid}, proctor_task:call(Child, getppid)),
    ?assertNotEqual(Pid, pid(Child)),
    ?assertEqual(ok, proctor_task:call(Child, chdir, ["/usr"])),
    ?assertEqual({ok, <<"/usr">>}, proctor_task:call(Child, getcwd)),
    ?assertNotEqual({ok, <<"/usr">>}, proctor_task:call(Root, getcwd)),
    ?assertEqual({error, {call, enoent, chdir}},
                 proctor_task:call(Child, chdir, ["/nowhere/at/all"])),
    ?assertEqual({error, {argument, einval, 1}},
                 proctor_task:call(Child, chdir, [<<"/usr", 0, "x">>])),
    ?assertEqual({error, {argument, einval, 0}},
                 proctor_task:call(Child, chdir, [])),
    ?assertEqual({error, {system, enosys, no_such_call}},
                 proctor_task:call(Child, no_such_call)),
    {ok, Names} = proctor_task:calls(Root),
    ?assert(lists:member(getpid, Names)),
    ?assertNot(lists:member(pledge, Names)).

%% The names exist, where a task has one.
words(Root) ->
    Errnos = [proctor_task:call(Root, errno_id, [N]) || N <- lists:seq(1, 140)],
    ?assertEqual([], [Answer || Answer <- Errnos,
                                not is_tuple(Answer)
                                    orelse element(1, Answer) =/= ok]),
    ?assertEqual({ok, enoent}, lists:nth(2, Errnos)),
    ok = proctor_task:call(Root, setrlimit, [rlimit_core, #{cur => 0,
                                                            max => 0}]),
    [begin
         Task = fork(Root),
         ok = proctor_task:exec(Task, ["sleep", "1000"], [{signals, default}]),
         ok = proctor_task:signal(Task, Number),
         ?assertMatch({signaled, Number, false}, status(Task))
     end || Number <- [1, 2, 3, 9, 10, 14, 15, 31, 34, 64]].

ops(Root) ->
    Pid = pid(Root),
    ?assertEqual({ok, [{ok, Pid}, ok, {ok, <<"/">>}]},
                 proctor_task:run(Root, [{getpid, []}, {chdir, ["/"]},
                                         {getcwd, []}])),
    ?assertEqual({error, {2, {call, enoent, chdir}, [{ok, Pid}]}},
                 proctor_task:run(Root, [{getpid, []}, {chdir, ["/nowhere"]},
                                         {chdir, ["/usr"]}])),
    ?assertEqual({ok, <<"/">>}, proctor_task:call(Root, getcwd)),
    Many = [{getpid, []} || _ <- lists:seq(1, 70000)],
    {ok, Answers} = proctor_task:run(Root, Many, [{timeout, infinity}]),
    ?assertEqual([{ok, Pid}], lists:usort(Answers)),
    ?assertEqual(70000, length(Answers)).

ops_on(Root) ->
    ?assertMatch({ok, [{error, {call, enoent, chdir}}, ok, {ok, <<"/usr">>}]},
                 proctor_task:run(Root, [{chdir, ["/nowhere"]},
                                         {chdir, ["/usr"]}, {getcwd, []}],
                                  [{on_error, continue}])).

ops_fork(Root) ->
    {ok, [ok, {ok, A}, {ok, Pid}, {ok, B}]} =
        proctor_task:run(Root, [{chdir, ["/"]}, {fork, []}, {getpid, []},
                                {fork, []}]),
    ?assertEqual(pid(Root), Pid),
    [?assertEqual({ok, pid(Task)}, proctor_task:call(Task, getpid))
     || Task <- [A, B]],
    ?assertEqual({ok, [ok, ok]},
                 proctor_task:run(A, [{chdir, ["/usr"]},
                                      {exec, ["/bin/pwd"],
                                       [{active, false}]}])),
    ?assertEqual(<<"/usr\n">>, all(A, stdout)),
    ?assertEqual({exited, 0}, status(A)),
    %% Of one that fails the options are not those of the next.
    {error, {1, _, []}} =
        proctor_task:run(B, [{chdir, ["/nowhere"]},
                             {exec, ["/bin/pwd"], [{active, false}]}]),
    ok = proctor_task:call(B, execvp, ["/bin/echo", ["echo", "b"]]),
    ?assertEqual([{stdout, <<"b\n">>}, {exited, 0}],
                 messages(B) -- [{eof, stdout}, {eof, stderr}]).

pieces(Root) ->
    Data = crypto_free(3000000),
    proctor_case:with_dir(fun(Dir) ->
        File = filename:join(Dir, "file"),
        {ok, Fd} = proctor_task:call(Root, open, [File, [o_rdwr, o_creat],
                                                  8#600]),
        ?assertEqual({ok, 3000000},
                     proctor_task:call(Root, write, [Fd, Data], 60000)),
        {ok, _} = proctor_task:call(Root, lseek, [Fd, 0, seek_set]),
        ?assertEqual({ok, Data},
                     proctor_task:call(Root, read, [Fd, 3000000], 60000)),
        ?assertEqual({ok, Data}, file:read_file(File)),
        {ok, _} = proctor_task:call(Root, lseek, [Fd, 10, seek_set]),
        Rest = binary:part(Data, 10, 2999990),
        ?assertEqual({ok, Rest},
                     proctor_task:call(Root, read, [Fd, 4000000], 60000)),
        ?assertEqual({error, {call, ebadf, write}},
                     proctor_task:call(Root, write, [4000, Data])),
        ok = proctor_task:call(Root, close, [Fd])
    end).

%% Bytes that repeat nowhere near a piece.
crypto_free(Size) ->
    binary:part(<< <<N:32>> || N <- lists:seq(1, Size div 4 + 1) >>, 0, Size).

names(Root) ->
    proctor_case:with_dir(fun(Dir) ->
        Names = [lists:flatten(io_lib:format("~200..0w", [N]))
                 || N <- lists:seq(1, 6000)],
        _ = [ok = file:write_file(filename:join(Dir, Name), "")
             || Name <- Names],
        {ok, Found} = proctor_task:call(Root, readdir, [Dir], 60000),
        ?assertEqual(lists:sort([<<".">>, <<"..">>
                                 | [list_to_binary(Name) || Name <- Names]]),
                     lists:sort(Found)),
        _ = [ok = proctor_task:call(Root, setenv,
                                ["N" ++ integer_to_list(N),
                                 binary:copy(<<"x">>, 100000), 1])
         || N <- lists:seq(1, 15)],
    {ok, Environ} = proctor_task:call(Root, environ),
    ?assertEqual(15, length([Each || Each <- Environ,
                                     byte_size(Each) > 100000])),
    ok = proctor_task:call(Root, setenv,
                           ["N", binary:copy(<<"x">>, 1048545), 1]),
    ?assertEqual({error, {wire, emsgsize, environ}},
                 proctor_task:call(Root, environ)),
    {ok, Few} = proctor_task:call(Root, readdir, ["/"]),
        ?assert(lists:member(<<"usr">>, Few))
    end).

%%% Programs

program(Root) ->
    Task = sh(Root, "echo out; echo err >&2; exit 3", []),
    Messages = messages(Task),
    ?assertEqual({exited, 3}, lists:last(Messages)),
    ?assertEqual(lists:sort([{stdout, <<"out\n">>}, {stderr, <<"err\n">>},
                             {eof, stdout}, {eof, stderr}, {exited, 3}]),
                 lists:sort(Messages)),
    wait_until(fun() -> not is_process_alive(Task) end),
    ?assertMatch({error, {gone, esrch, _}},
                 proctor_task:call(Task, getpid)),
    ?assertMatch({error, {gone, esrch, _}}, proctor_task:info(Task)),
    ?assertEqual(ok, proctor_task:stop(Task)),
    %% Its end is behind all that it has written.
    Loud = sh(Root, "head -c 1000000 /dev/zero", [{active, false}]),
    ?assertEqual(1000000, byte_size(all(Loud, stdout))),
    ?assertEqual({exited, 0}, status(Loud)).

no_program(Root) ->
    Task = fork(Root),
    ?assertMatch({error, {exec, enoent, _}},
                 proctor_task:exec(Task, ["no-such-program"])),
    ?assertMatch({error, {exec, enoent, _}},
                 proctor_task:exec(Task, ["true"], [{search, false}])),
    ?assertMatch({error, {exec, eacces, _}},
                 proctor_task:exec(Task, ["/etc/passwd"])),
    ?assertMatch({error, {exec, enoent, cd}},
                 proctor_task:exec(Task, ["true"], [{cd, "/nowhere"}])),
    ?assertMatch({error, {exec, enoent, stdin}},
                 proctor_task:exec(Task, ["true"],
                                   [{stdin, {file, "/nowhere/x"}}])),
    %% It is as it was.
    {ok, Pid} = proctor_task:call(Task, getpid),
    ok = proctor_task:exec(Task, ["sh", "-c", "echo $$"]),
    Messages = messages(Task),
    ?assert(lists:member({stdout, <<(integer_to_binary(Pid))/binary, "\n">>},
                         Messages)).

with_children(Root) ->
    Task = fork(Root),
    Child = fork(Task),
    ?assertMatch({error, {state, eacces, _}},
                 proctor_task:exec(Task, ["true"])),
    ok = proctor_task:stop(Child),
    wait_until(fun() -> proctor_task:exec(Task, ["true"]) =:= ok end),
    ?assertEqual({exited, 0}, status(Task)).

output(Root, Argv, Options) ->
    Task = run(Root, Argv, [{active, false} | Options]),
    {all(Task, stdout), status(Task)}.

given(Root) ->
    ?assertEqual({<<"A=1\nB=two words\n">>, {exited, 0}},
                 output(Root, ["/usr/bin/env"],
                        [{env, [{"A", "1"}, {<<"B">>, "two words"}]}])),
    ?assertEqual({<<"C=3\n">>, {exited, 0}},
                 output(Root, ["/usr/bin/env"], [{env, ["C=3"]}])),
    ?assertEqual({<<"/usr\n">>, {exited, 0}},
                 output(Root, ["/bin/pwd"], [{cd, "/usr"}])),
    ?assertEqual({<<"name a b\n">>, {exited, 0}},
                 output(Root, ["sh", "-c", "echo $0 $@", "name", "a", "b"],
                        [])),
    ?assertMatch({<<"other:", _/binary>>, {exited, _}},
                 output(Root, ["sh", "-c", "exec 2>&1; /nowhere"],
                        [{arg0, "other"}])),
    %% Nothing else is open.
    ?assertEqual({<<"0\n1\n2\n">>, {exited, 0}},
                 output(Root, ["sh", "-c", "ls /proc/$$/fd"], [])).

targets(Root) ->
    proctor_case:with_dir(fun(Dir) ->
        Out = filename:join(Dir, "out"),
        Both = sh(Root, "cat; echo err >&2",
                  [{stdin, {file, "/etc/passwd"}}, {stdout, {file, Out}},
                   {stderr, null}]),
        ?assertEqual([{exited, 0}], messages(Both)),
        ?assertEqual(file:read_file("/etc/passwd"), file:read_file(Out)),
        Merged = sh(Root, "echo a; echo b >&2", [{stderr, stdout},
                                                 {active, false}]),
        ?assertEqual(<<"a\nb\n">>, all(Merged, stdout)),
        ?assertEqual({exited, 0}, status(Merged)),
        More = sh(Root, "echo more", [{stdout, {append, Out}}]),
        ?assertMatch([{eof, stderr}, {exited, 0}], messages(More)),
        {ok, Passwd} = file:read_file("/etc/passwd"),
        ?assertEqual({ok, <<Passwd/binary, "more\n">>}, file:read_file(Out)),
        Closed = sh(Root, "ls /proc/$$/fd | wc -l; read x || exit 7",
                    [{stdin, close}, {active, false}]),
        ?assertEqual({error, no_stdin}, proctor_task:send(Closed, "x")),
        _ = all(Closed, stdout),
        ?assertEqual({exited, 7}, status(Closed))
    end).

wrong_options(Root) ->
    Task = fork(Root),
    [?assertEqual({error, {options, einval, What}},
                  proctor_task:exec(Task, ["true"], Options))
     || {What, Options} <-
            [{cd, [{cd, 5}]}, {cd, [{cd, <<"a", 0>>}]}, {env, [{env, ["A"]}]},
             {env, [{env, [{"", "x"}]}]}, {env, [{env, x}]},
             {stdin, [{stdin, self()}]}, {stdout, [{stdout, nowhere}]},
             {stderr, [{stderr, {file, ""}}]}, {pty, [{pty, {0, 1}}]},
             {active, [{active, 0}]}, {active, [{active, #{stdin => true}}]},
             {window, [{window, 0}]}, {search, [{search, maybe}]},
             {signals, [{signals, all}]}, {timeout, [{timeout, -1}]},
             {lines, [{lines, 5}]}, {options, none},
             {{max_line, "It is about lines."}, [{max_line, 10}]},
             {{nonsense, "There is no such option."}, [{nonsense, 1}]},
             {{cd, "It is given twice."}, [{cd, "/"}, {cd, "/"}]}]],
    [?assertEqual({error, {options, einval, argv}},
                  proctor_task:exec(Task, Argv))
     || Argv <- [[], "true", ["true", 5], [<<"a", 0>>], true]],
    ?assertMatch({ok, _}, proctor_task:call(Task, getpid)).

sinks(Root) ->
    Self = self(),
    Task = sh(Root, "echo a; sleep 0.1; echo b >&2",
              [{stdout, fun(Stream, Number, Data) ->
                            Self ! {called, Stream, is_integer(Number), Data}
                        end},
               {stderr, Self}]),
    ?assertEqual({exited, 0}, status(Task)),
    ?assertEqual([{proctor_task, Task, {stderr, <<"b\n">>}},
                  {called, stdout, true, <<"a\n">>}], lists:sort(flush())),
    %% A function that fails takes the task along.
    Bad = sh(Root, "echo a; sleep 1000",
             [{stdout, fun(_, _, _) -> exit(bad) end}]),
    Ref = monitor(process, Bad),
    receive {'DOWN', Ref, process, _, {bad, _}} -> ok end,
    wait_until(fun() ->
        {ok, Tasks} = proctor_task:tree(Root),
        length(Tasks) =:= 1
    end).

lines(Root) ->
    Task = sh(Root, "printf 'a\\nb\\nc'", [lines, {stderr, null}]),
    ?assertEqual([{stdout, {eol, <<"a">>}}, {stdout, {eol, <<"b">>}},
                  {stdout, {noeol, <<"c">>}}, {eof, stdout}, {exited, 0}],
                 messages(Task)).

active(Root) ->
    Task = sh(Root, "for i in 1 2 3 4 5; do echo $i; read x; done",
              [{active, once}]),
    ?assertEqual({proctor_task, Task, {stdout, <<"1\n">>}}, next()),
    ok = proctor_task:send(Task, "\n"),
    ?assertEqual({error, {badopt, [{active, 0}]}},
                 proctor_task:setopts(Task, [{active, 0}])),
    ok = proctor_task:setopts(Task, [{active, 2}]),
    ?assertEqual({proctor_task, Task, {stdout, <<"2\n">>}}, next()),
    ok = proctor_task:send(Task, "\n"),
    ?assertEqual({proctor_task, Task, {stdout, <<"3\n">>}}, next()),
    ?assertEqual({proctor_task, Task, passive}, next()),
    ok = proctor_task:send(Task, "\n"),
    ?assertEqual({ok, <<"4\n">>}, proctor_task:recv(Task, 0, 30000)),
    ?assertEqual({error, timeout}, proctor_task:recv(Task, 0, 10)),
    ok = proctor_task:setopts(Task, [{active, true}]),
    ?assertEqual({error, einval}, proctor_task:recv(Task, 0)),
    ok = proctor_task:send(Task, "\n"),
    ?assertEqual({proctor_task, Task, {stdout, <<"5\n">>}}, next()),
    ok = proctor_task:send(Task, "\n"),
    ?assertEqual({exited, 0}, status(Task)),
    _ = flush().

%% What nobody takes stays in the pipe.
waits(Root) ->
    Task = sh(Root, "yes", [{active, false}]),
    {ok, _} = proctor_task:recv(Task, 1),
    Pid = pid(Task),
    wait_until(fun() -> written(Pid) =:= written(Pid) end),
    ?assert(written(Pid) < 2000000),
    {ok, #{queued := #{stdout := Queued}}} = proctor_task:info(Task),
    ?assert(Queued =< 1048576),
    %% Others are not held up.
    ?assertMatch({ok, _}, proctor_task:call(Root, getpid)),
    {ok, More} = proctor_task:recv(Task, 3000000),
    ?assertEqual(3000000, byte_size(More)),
    ok = proctor_task:stop(Task).

written(Pid) ->
    timer:sleep(50),
    {ok, Text} = file:read_file("/proc/" ++ integer_to_list(Pid) ++ "/io"),
    {match, [Bytes]} = re:run(Text, "wchar: ([0-9]+)",
                              [{capture, all_but_first, list}]),
    list_to_integer(Bytes).

through(Root) ->
    Data = crypto_free(10000000),
    Task = run(Root, ["cat"], [{active, false}, {stderr, null}]),
    Self = self(),
    spawn_link(fun() ->
        ok = proctor_task:send(Task, Data),
        ok = proctor_task:send(Task, eof),
        Self ! sent
    end),
    ?assert(all(Task, stdout) =:= Data),
    ?assertEqual(sent, next()),
    ?assertEqual({exited, 0}, status(Task)).

%% Those that are smaller than the switch's, too.
small(Root) ->
    {ok, Task} = proctor_task:fork(Root),
    ?assertMatch({error, {exec, enoent, _}},
                 proctor_task:exec(Task, ["/nowhere"], [{window, 10}])),
    ?assertEqual({error, {argument, einval, 0}},
                 proctor_task:option(Task, window, 5)),
    ok = proctor_task:exec(Task, ["head", "-c", "300000", "/dev/zero"],
                           [{window, 1000}, {active, false}]),
    Sizes = sizes(Task),
    ?assertEqual(300000, lists:sum(Sizes)),
    ?assert(lists:max(Sizes) =< 1000),
    %% In a row of operations, and not for the next task.
    {ok, Second} = proctor_task:fork(Root),
    {ok, _} = proctor_task:run(Second,
                               [{getpid, []},
                                {exec, ["head", "-c", "50000", "/dev/zero"],
                                 [{window, 700}, {active, false}]}]),
    Small = sizes(Second),
    ?assertEqual(50000, lists:sum(Small)),
    ?assert(lists:max(Small) =< 700).

sizes(Task) ->
    case proctor_task:recv(Task, stdout) of
        {ok, Data} -> [byte_size(Data) | sizes(Task)];
        {error, closed} -> []
    end.

windows(Root) ->
    [begin
         Task = run(Root, ["head", "-c", "10000000", "/dev/zero"],
                    [{window, Window} | Active]),
         ?assertEqual(10000000, came(Task, Active, 0))
     end || Window <- [1000, 100000, 2000000],
            Active <- [[], [{active, once}]]].

came(Task, Active, Sum) ->
    receive
        {proctor_task, Task, {stdout, Data}} ->
            %% It may be gone by now.
            Active =:= [] orelse proctor_task:setopts(Task, Active),
            came(Task, Active, Sum + byte_size(Data));
        {proctor_task, Task, {exit, #{status := {exited, 0}}}} ->
            Sum
    after 20000 ->
        Sum
    end.

stuffed(Root) ->
    Task = sh(Root, "kill -STOP $$; cat >/dev/null", []),
    Data = binary:copy(<<"x">>, 1000000),
    ?assertEqual({error, timeout}, proctor_task:send(Task, Data, 200)),
    {ok, #{stdin_unacked := Unacked}} = proctor_task:info(Task),
    ?assert(Unacked =< 65536),
    ?assertMatch({ok, _}, proctor_task:call(Root, getpid)),
    ok = proctor_task:signal(Task, sigcont),
    ok = proctor_task:send(Task, Data),
    ok = proctor_task:close(Task, stdin),
    ?assertEqual({exited, 0}, status(Task)),
    _ = flush().

closed(Root) ->
    Task = sh(Root, "exec <&-; echo closed; sleep 1000", [{active, false}]),
    {ok, <<"closed\n">>} = proctor_task:recv(Task, stdout),
    wait_until(fun() ->
        proctor_task:send(Task, "data\n") =:= {error, closed}
    end),
    ok = proctor_task:stop(Task).

close(Root) ->
    Task = sh(Root, "trap '' PIPE; read x; echo hi; echo $? >&2",
              [{active, false}]),
    ok = proctor_task:close(Task, stdout),
    ok = proctor_task:send(Task, "\n"),
    ?assertMatch({match, _}, re:run(all(Task, stderr), "1\n")),
    ?assertEqual({exited, 0}, status(Task)),
    ?assertMatch({error, _}, proctor_task:close(Task, stderr)).

pty(Root) ->
    Task = sh(Root, "stty size; tty; read x; stty size",
              [{pty, {11, 22}}, {active, false}]),
    {ok, First} = proctor_task:recv(Task, stdout),
    ?assertMatch({match, _}, re:run(First, "11 22\r\n")),
    ok = proctor_task:winsz(Task, 33, 44),
    ok = proctor_task:send(Task, "\n"),
    ?assertMatch({match, _}, re:run(all(Task, stdout), "33 44\r\n")),
    ?assertEqual({exited, 0}, status(Task)).

state(Root) ->
    [?assertEqual({error, {state, eacces, Name}}, Answer)
     || {Name, Answer} <- [{send, proctor_task:send(Root, "x")},
                           {recv, proctor_task:recv(Root, 0)},
                           {setopts, proctor_task:setopts(Root, [])},
                           {winsz, proctor_task:winsz(Root, 1, 1)},
                           {close, proctor_task:close(Root, stdout)}]],
    Task = sh(Root, "sleep 1000", []),
    ?assertMatch({error, {state, eacces, _}},
                 proctor_task:call(Task, getpid)),
    ?assertMatch({error, {state, eacces, _}},
                 proctor_task:exec(Task, ["true"])),
    ?assertMatch({error, {state, eacces, _}}, proctor_task:fork(Task)),
    ?assertMatch({error, {1, {state, eacces, _}, []}},
                 proctor_task:run(Task, [{getpid, []}])),
    ok = proctor_task:stop(Task).

%%% Time

pipe(Task) ->
    {ok, {Read, Write}} = proctor_task:call(Task, pipe),
    {Read, Write}.

timeout(Root) ->
    Task = fork(Root),
    {Read, Write} = pipe(Task),
    ?assertEqual({error, {timeout, etimedout, read}},
                 proctor_task:call(Task, read, [Read, 10], 50)),
    %% It can be called again, and no byte was lost.
    ?assertEqual({ok, 3}, proctor_task:call(Task, write, [Write, "abc"])),
    ?assertEqual({ok, <<"abc">>},
                 proctor_task:call(Task, read, [Read, 10], 5000)),
    ?assertMatch({error, {2, {timeout, etimedout, read}, [{ok, _}]}},
                 proctor_task:run(Task, [{getpid, []}, {read, [Read, 1]}],
                                  [{timeout, 50}])),
    ?assertMatch({ok, _}, proctor_task:call(Task, getpid)),
    %% What waits behind it is done when it is.
    Self = self(),
    ok = proctor_task:controlling_process(Task, none),
    spawn_link(fun() ->
        Self ! {read, proctor_task:call(Task, read, [Read, 10], 300)}
    end),
    ?assertMatch({ok, _}, proctor_task:call(Task, getpid, [], infinity)),
    ?assertEqual({read, {error, {timeout, etimedout, read}}}, next()).

stopped(Root) ->
    Task = fork(Root),
    Other = fork(Root),
    ok = proctor_task:signal(Task, sigstop),
    ?assertEqual({error, {timeout, etimedout, getpid}},
                 proctor_task:call(Task, getpid, [], 50)),
    ?assertEqual({error, {timeout, etimedout, fork}},
                 proctor_task:fork(Task, 50)),
    ?assertMatch({ok, _}, proctor_task:call(Other, getpid)),
    ?assertMatch({ok, _}, proctor_task:fork(Root)),
    ok = proctor_task:signal(Task, sigcont),
    ?assertMatch({ok, _}, proctor_task:call(Task, getpid, [], 30000)),
    %% The fork that came late has left nothing.
    wait_until(fun() ->
        {ok, Tasks} = proctor_task:tree(Root),
        length(Tasks) =:= 4
    end).

%%% The end

stop(Root) ->
    Waits = fork(Root),
    {Read, _} = pipe(Waits),
    ok = proctor_task:controlling_process(Waits, none),
    spawn(fun() -> proctor_task:call(Waits, read, [Read, 1], infinity) end),
    Stopped = fork(Root),
    ok = proctor_task:signal(Stopped, sigstop),
    Deaf = sh(Root, "trap '' TERM; echo up; while :; do sleep 1; done",
              [{active, false}]),
    {ok, <<"up\n">>} = proctor_task:recv(Deaf, stdout),
    [begin
         Pid = pid(Task),
         ?assert(alive(Pid)),
         ?assertEqual(ok, proctor_task:stop(Task, 100)),
         ?assertNot(alive(Pid))
     end || Task <- [Waits, Stopped, Deaf]],
    ?assertMatch({signaled, 9, _}, status(Deaf)).

stop_unread(Root) ->
    Task = sh(Root, "yes", [{active, false}]),
    Below = sh(Root, "yes", [{active, false}]),
    {ok, _} = proctor_task:recv(Task, 1),
    {ok, _} = proctor_task:recv(Below, 1),
    ok = proctor_task:stop(Task, 100),
    ?assertMatch({signaled, 15, _}, status(Task)).

stop_below(Root) ->
    Task = fork(Root),
    Middle = fork(Task),
    Low = sh(Middle, "setsid sleep 1000 & echo $!; yes", [{active, false}]),
    {ok, Line} = proctor_task:recv(Low, stdout),
    [Daemon | _] = binary:split(Line, <<"\n">>),
    Pids = [pid(Task), pid(Middle), pid(Low), binary_to_integer(Daemon)],
    ok = proctor_task:stop(Task, 1000),
    wait_until(fun() -> not lists:any(fun proctor_case:alive/1, Pids) end),
    ?assertMatch({ok, #{cause := stopped}}, proctor_task:await(Task)),
    _ = flush().

exits(Root) ->
    Task = fork(Root),
    ?assertEqual(ok, proctor_task:call(Task, exit, [3])),
    ?assertMatch({ok, #{status := {exited, 3}, cause := itself,
                        usage := #{maxrss_kb := _}}},
                 proctor_task:await(Task)),
    Killed = fork(Root),
    ok = proctor_task:signal(Killed, sigkill),
    ?assertMatch({ok, #{status := {signaled, 9, false}}},
                 proctor_task:await(Killed)),
    %% Whoever waits for a call is told.
    Waits = fork(Root),
    {Read, _} = pipe(Waits),
    Pid = pid(Waits),
    spawn_link(fun() -> timer:sleep(100), os:cmd("kill -9 "
                                                 ++ integer_to_list(Pid)) end),
    ?assertMatch({error, {gone, esrch, _}},
                 proctor_task:call(Waits, read, [Read, 1], infinity)),
    ?assertMatch({signaled, 9, _}, status(Waits)).

parent(Root) ->
    Task = fork(Root),
    Child = fork(Task),
    Program = sh(Child, "sleep 1000", []),
    ok = proctor_task:signal(Task, sigkill),
    ?assertMatch({ok, #{cause := itself}}, proctor_task:await(Task)),
    ?assertMatch({ok, #{cause := parent}}, proctor_task:await(Child)),
    ?assertMatch({ok, #{cause := parent}}, proctor_task:await(Program)),
    _ = flush().

signals(Root) ->
    Task = fork(Root),
    {ok, _} = proctor_task:call(Task, sigaction, [sigusr1, sig_info]),
    ok = proctor_task:signal(Task, sigusr1),
    receive
        {proctor_task, Task, {signal, sigusr1, Info}} ->
            ?assertEqual(128, byte_size(Info))
    after 30000 ->
        error(no_signal)
    end,
    Group = sh(Root, "sleep 1000 & sleep 1000; exit 1", []),
    ?assertEqual(ok, proctor_task:signal(Group, 0)),
    ok = proctor_task:signal(Group, sigterm),
    ?assertEqual({signaled, 15, false}, status(Group)),
    ?assertMatch({error, _}, proctor_task:signal(Group, 0)),
    _ = flush().

root_program(Root) ->
    ok = proctor_task:exec(Root, ["sh", "-c", "echo root; exit 5"]),
    Messages = messages(Root),
    ?assert(lists:member({stdout, <<"root\n">>}, Messages)),
    ?assertEqual({exited, 5}, lists:last(Messages)),
    wait_until(fun() -> proctor:which_children() =:= [] end).

limits(Root) ->
    ?assertEqual({ok, 2}, proctor_task:option(Root, maxchild, 2)),
    ?assertEqual({ok, 2}, proctor_task:option(Root, maxchild)),
    A = fork(Root),
    _ = fork(Root),
    ?assertMatch({error, {limit, eagain, _}}, proctor_task:fork(Root)),
    ok = proctor_task:stop(A),
    wait_until(fun() ->
        case proctor_task:fork(Root) of
            {ok, _} -> true;
            {error, {limit, eagain, _}} -> false
        end
    end),
    ?assertMatch({error, {argument, einval, _}},
                 proctor_task:option(Root, maxchild, -1)),
    ?assertMatch({error, {argument, einval, _}},
                 proctor_task:option(Root, nonsense)).

trees(Root) ->
    {ok, Other} = proctor_task:start([]),
    Task = fork(Other),
    ok = proctor_task:stop(Other),
    ?assertMatch({ok, #{cause := tree}}, proctor_task:await(Other)),
    ?assertMatch({ok, #{cause := tree}}, proctor_task:await(Task)),
    ?assertMatch({ok, _}, proctor_task:call(Root, getpid)).

unowned(Root) ->
    {ok, Task} = proctor_task:fork(Root, [{owner, none}]),
    Self = self(),
    spawn_link(fun() -> Self ! {its, proctor_task:call(Task, getpid)} end),
    ?assertEqual({its, {ok, pid(Task)}}, next()),
    ok = proctor_task:exec(Task, ["echo", "nobody hears that"]),
    wait_until(fun() -> not is_process_alive(Task) end),
    ?assertEqual([], flush()).

info(Root) ->
    Task = fork(Root),
    Below = sh(Task, "sleep 1000", []),
    Self = self(),
    ?assertMatch({ok, #{state := call, owner := Self, parent := 1}},
                 proctor_task:info(Task)),
    ?assertMatch({ok, #{state := exec, window := 0, active := true,
                        bytes := #{stdin := 0}}}, proctor_task:info(Below)),
    {ok, Tasks} = proctor_task:tree(Below),
    ?assertEqual(lists:sort([Root, Task, Below]),
                 lists:sort([Pid || #{task := Pid} <- Tasks])).

%%% Ends that come from elsewhere

start_options() ->
    {ok, Root} = proctor_task:start([{cd, "/usr"}, {env, [{"A", "5"}]},
                                     {maxchild, 1}]),
    ?assertEqual({ok, <<"/usr">>}, proctor_task:call(Root, getcwd)),
    ?assertEqual({ok, <<"5">>}, proctor_task:call(Root, getenv, ["A"])),
    ?assertEqual({ok, 1}, proctor_task:option(Root, maxchild)),
    ok = proctor_task:stop(Root),
    [?assertEqual({error, {options, einval, Name}},
                  proctor_task:start([{Name, Value}]))
     || Name <- [maxchild, kill_timeout, start_timeout],
        Value <- [foo, -1, 1 bsl 31, infinity]],
    _ = flush().

owner_dies() ->
    Self = self(),
    {Owner, Ref} = spawn_monitor(fun() ->
        {ok, Root} = proctor_task:start([]),
        Task = sh(Root, "setsid sleep 1000 & echo $!; wait",
                  [{active, false}]),
        {ok, Line} = proctor_task:recv(Task, stdout),
        [Daemon | _] = binary:split(Line, <<"\n">>),
        Self ! {pids, [pid(Root), pid(Task), binary_to_integer(Daemon)]},
        receive stop -> ok end
    end),
    {pids, Pids} = next(),
    ?assert(lists:all(fun proctor_case:alive/1, Pids)),
    Owner ! stop,
    receive {'DOWN', Ref, process, _, _} -> ok end,
    wait_until(fun() -> not lists:any(fun proctor_case:alive/1, Pids) end).

killed() ->
    {ok, Root} = proctor_task:start([]),
    Task = sh(Root, "sleep 1000", []),
    Pids = [pid(Root), pid(Task)],
    [OsPid] = proctor:which_children(),
    ok = proctor:kill(OsPid, sigkill),
    ?assertMatch({ok, #{cause := tree}}, proctor_task:await(Task)),
    ?assertMatch({ok, _}, proctor_task:await(Root)),
    ?assertMatch({error, {gone, esrch, _}},
                 proctor_task:call(Root, getpid)),
    wait_until(fun() -> not lists:any(fun proctor_case:alive/1, Pids) end),
    _ = flush().

process_killed() ->
    {ok, Root} = proctor_task:start([]),
    Task = fork(Root),
    Below = sh(Task, "sleep 1000", []),
    Pids = [pid(Task), pid(Below)],
    exit(Task, kill),
    ?assertMatch({ok, #{cause := stopped}}, proctor_task:await(Below)),
    wait_until(fun() -> not lists:any(fun proctor_case:alive/1, Pids) end),
    ?assertMatch({ok, _}, proctor_task:call(Root, getpid)),
    %% Nor does output wait that nobody will take.
    Loud = sh(Root, "yes", [{active, false}]),
    {ok, _} = proctor_task:recv(Loud, 1),
    exit(Loud, kill),
    wait_until(fun() ->
        {ok, Left} = proctor_task:tree(Root),
        length(Left) =:= 1
    end),
    ok = proctor_task:stop(Root),
    _ = flush().

%%% The tree, in the place of a process of its own for its program

tree(Root) ->
    {ok, #{tree := Tree}} = proctor_task:info(Root),
    Tree.

itself() ->
    {ok, Root} = proctor_task:start([]),
    Tree = tree(Root),
    [OsPid] = proctor:which_children(),
    ?assertEqual(Tree, proctor:pid(OsPid)),
    ?assertEqual(OsPid, proctor:ospid(Tree)),
    {ok, #{pid := Tree, bytes := #{stdin := In, stdout := Out}}} =
        proctor:info(OsPid),
    {ok, _} = proctor_task:call(Root, getpid),
    {ok, #{ospid := OsPid, bytes := #{stdin := In1, stdout := Out1}}} =
        proctor:info(OsPid),
    ?assert(In1 > In),
    ?assert(Out1 > Out),
    %% Its streams are nobody else's.
    ?assertMatch({error, _}, proctor:send(OsPid, <<0:800>>)),
    ?assertMatch({error, _}, proctor:recv(OsPid, 0)),
    ?assertMatch({ok, _}, proctor_task:call(Root, getpid)),
    ok = proctor_task:stop(Root),
    ?assertEqual(undefined, proctor:pid(OsPid)),
    ?assertEqual({error, no_process}, proctor:info(OsPid)),
    _ = flush().

stopped_there() ->
    {ok, Root} = proctor_task:start([]),
    Task = sh(Root, "sleep 1000", []),
    Pids = [pid(Root), pid(Task)],
    [OsPid] = proctor:which_children(),
    ?assertMatch({shutdown, {ended, _}}, proctor:stop_and_wait(OsPid, 20000)),
    ?assertMatch({ok, #{cause := tree}}, proctor_task:await(Task)),
    ?assertMatch({error, {gone, esrch, _}}, proctor_task:call(Root, getpid)),
    wait_until(fun() -> not lists:any(fun proctor_case:alive/1, Pids) end),
    _ = flush().

%% Its caller could give up: it has a process of its own.
limited() ->
    {ok, Root} = proctor_task:start([{timeout, 60000}]),
    [OsPid] = proctor:which_children(),
    ?assertNotEqual(tree(Root), proctor:pid(OsPid)),
    ?assertEqual({ok, pid(Root)}, proctor_task:call(Root, getpid)),
    ok = proctor_task:stop(Root),
    {ok, Short} = proctor_task:start([{timeout, 1500}]),
    ?assertMatch({ok, #{cause := tree}}, proctor_task:await(Short)),
    _ = flush().

sink_fails() ->
    {ok, Root} = proctor_task:start([{stderr, fun(_, _, _) -> error(no) end}]),
    [_ | _] = proctor_case:logged(error, fun() ->
        _ = proctor_task:call(Root, write, [2, <<"hm\n">>]),
        {ok, #{cause := tree}} = proctor_task:await(Root)
    end),
    wait_until(fun() -> proctor:which_children() =:= [] end),
    %% One that takes it, to the last.
    Self = self(),
    {ok, Other} = proctor_task:start([{stderr, Self}]),
    {ok, 3} = proctor_task:call(Other, write, [2, <<"hm\n">>]),
    receive {stderr, _, <<"hm\n">>} -> ok end,
    ok = proctor_task:stop(Other),
    _ = flush().

telemetry() ->
    telemetry:attached(self(), fun() ->
        {ok, Root} = proctor_task:start([{telemetry_metadata, #{mine => 1}}]),
        Tree = tree(Root),
        {[proctor, run, start], _, #{pid := Tree, mine := 1}} = next(),
        ok = proctor_task:stop(Root),
        receive
            {[proctor, run, stop], #{stdout_bytes := Bytes},
             #{pid := Tree, status := {exited, 0}}} ->
                ?assert(Bytes > 0)
        end
    end),
    _ = flush().

instance_dies() ->
    {ok, Server} = proctor_case:quiet(fun() ->
        proctor:start([{name, of_a_tree}])
    end),
    {ok, Root} = proctor_task:start([{instance, of_a_tree}]),
    Task = sh(Root, "sleep 1000", []),
    Pids = [pid(Root), pid(Task)],
    Tree = tree(Root),
    ?assertEqual(Tree, begin
                           [OsPid] = proctor:which_children([{instance,
                                                              of_a_tree}]),
                           gen_server:call(Server, {pid, OsPid})
                       end),
    exit(Server, kill),
    ?assertMatch({ok, #{cause := tree}}, proctor_task:await(Task)),
    ?assertMatch({ok, #{cause := tree}}, proctor_task:await(Root)),
    ?assertMatch({error, {gone, esrch, _}}, proctor_task:call(Root, getpid)),
    wait_until(fun() -> not lists:any(fun proctor_case:alive/1, Pids) end),
    ?assertNot(is_process_alive(Tree)),
    _ = flush().
