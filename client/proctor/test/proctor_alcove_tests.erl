%% Tasks in the shape of alcove.
-module(proctor_alcove_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_trees, [next/0, quiet/0, gone/1]).

-define(A, proctor_alcove).

alcove_test_() ->
    proctor_case:cases([], [{Title, fun() -> tree(Case) end}
                            || {Title, Case} <- [
        {"a task is a list of numbers", fun numbers/1},
        {"a program, its output and its end", fun program/1},
        {"output is waited for", fun waits/1},
        {"input has a bound", fun input/1},
        {"the end of a task's input is its end", fun eof/1},
        {"signals", fun signals/1},
        {"children and options", fun options/1},
        {"flow control", fun flow/1},
        {"a time for a call", fun timeout/1},
        {"constants and errors", fun errors/1},
        {"a tree ends with whoever has started it", fun owner/1}]]).

prx_test_() ->
    proctor_trees:cases([{"a tree of prx's", fun of_prx/1}]).

tree(Case) ->
    {ok, Drv} = proctor_alcove_drv:start_link(),
    try
        Case(Drv)
    after
        true = unlink(Drv),
        ok = proctor_alcove_drv:stop(Drv)
    end.

numbers(Drv) ->
    {ok, Pid} = ?A:fork(Drv, []),
    ?assertEqual(Pid, ?A:getpid(Drv, [Pid])),
    {ok, Below} = ?A:fork(Drv, [Pid]),
    ?assertEqual(Below, ?A:getpid(Drv, [Pid, Below])),
    ?assertEqual({error, esrch}, ?A:getpid(Drv, [Below])),
    ?assertEqual({ok, <<"/">>}, begin
                                    ok = ?A:chdir(Drv, [Pid, Below], "/"),
                                    ?A:getcwd(Drv, [Pid, Below])
                                end),
    ?assertEqual({ok, 0, 0, []}, ?A:waitpid(Drv, [Pid], Below, [wnohang])).

program(Drv) ->
    {ok, Pid} = ?A:fork(Drv, []),
    ok = ?A:execvp(Drv, [Pid], "sh", ["sh", "-c", "read x; echo $x;"
                                                  "echo e >&2; exit 3"]),
    ?assertEqual({alcove_ctl, Drv, [Pid], fdctl_closed}, next()),
    ok = ?A:stdin(Drv, [Pid], "hello\n"),
    Messages = [next(), next(), next()],
    ?assertEqual([{alcove_event, Drv, [Pid], {exit_status, 3}},
                  {alcove_stderr, Drv, [Pid], <<"e\n">>},
                  {alcove_stdout, Drv, [Pid], <<"hello\n">>}],
                 lists:sort(Messages)),
    ?assertEqual({alcove_event, Drv, [Pid], {exit_status, 3}},
                 lists:last(Messages)),
    ?assertEqual({error, esrch}, ?A:getpid(Drv, [Pid])).

waits(Drv) ->
    {ok, Pid} = ?A:fork(Drv, []),
    ok = ?A:execve(Drv, [Pid], "/bin/sh",
                   ["sh", "-c", "echo o; echo e >&2; kill -9 $$"], []),
    ?assertEqual(false, ?A:stdout(Drv, [Pid, 1])),
    ?assertEqual(<<"o\n">>, ?A:stdout(Drv, [Pid], 30000)),
    ?assertEqual(<<"e\n">>, ?A:stderr(Drv, [Pid], 30000)),
    ?assertEqual({termsig, sigkill}, ?A:event(Drv, [Pid], 30000)),
    ?assertEqual([false, false, false],
                 [?A:What(Drv, [Pid]) || What <- [stdout, stderr, event]]),
    {alcove_ctl, Drv, [Pid], fdctl_closed} = next().

input(Drv) ->
    {ok, Pid} = ?A:fork(Drv, []),
    ok = ?A:execvp(Drv, [Pid], "wc", ["wc", "-c"]),
    {alcove_ctl, Drv, [Pid], fdctl_closed} = next(),
    ok = ?A:stdin(Drv, [Pid], binary:copy(<<"x">>, 1000000)),
    ok = ?A:eof(Drv, [Pid]),
    ?assertEqual(<<"1000000\n">>, ?A:stdout(Drv, [Pid], 30000)),
    ?assertEqual({exit_status, 0}, ?A:event(Drv, [Pid], 30000)),
    {ok, Other} = ?A:fork(Drv, []),
    ok = ?A:execvp(Drv, [Other], "sleep", ["sleep", "1000"]),
    ok = ?A:stdin(Drv, [Other], binary:copy(<<"x">>, 3000000)),
    {alcove_ctl, Drv, [Other], fdctl_closed} = next(),
    ?assertEqual({alcove_pipe, Drv, [Other], 0}, next()),
    ok = ?A:kill(Drv, [], Other, sigterm),
    ?assertEqual({termsig, sigterm}, ?A:event(Drv, [Other], 30000)),
    _ = proctor_case:flush().

eof(Drv) ->
    {ok, Pid} = ?A:fork(Drv, []),
    ok = ?A:eof(Drv, [Pid], stdout),
    ?assertEqual({error, ebadf}, ?A:eof(Drv, [Pid], stdout)),
    {ok, _} = ?A:getcwd(Drv, [Pid]),
    ok = ?A:eof(Drv, [Pid]),
    ?assertEqual({alcove_event, Drv, [Pid], {exit_status, 0}}, next()),
    ?assertEqual({error, ebadf}, ?A:eof(Drv, [])).

signals(Drv) ->
    {ok, Pid} = ?A:fork(Drv, []),
    ok = ?A:kill(Drv, [], Pid, sigusr1),
    ?assertMatch({alcove_event, Drv, [Pid],
                  {signal, sigusr1, <<_:128/binary>>}}, next()),
    ?assertEqual({ok, sig_info}, ?A:sigaction(Drv, [Pid], sigusr1, sig_ign)).

options(Drv) ->
    ?assertEqual([], ?A:cpid(Drv, [])),
    {ok, Pid} = ?A:fork(Drv, []),
    [#{pid := Pid, exec := false, signaloneof := 15, stdin := Stdin}] =
        ?A:cpid(Drv, []),
    ?assertEqual(15, ?A:getcpid(Drv, [], Pid, signaloneof)),
    ?assertEqual(true, ?A:setcpid(Drv, [], Pid, signaloneof, 9)),
    ?assertEqual(9, ?A:getcpid(Drv, [], Pid, signaloneof)),
    ?assertEqual(false, ?A:getcpid(Drv, [], 1, signaloneof)),
    ?assertEqual(false, ?A:setcpid(Drv, [], 1, signaloneof, 9)),
    ?assertEqual(1, ?A:getopt(Drv, [], termsig)),
    ?assertEqual(true, ?A:setopt(Drv, [], exit_status, 0)),
    ?assertEqual(false, ?A:getopt(Drv, [], nothing)),
    ?assertEqual(false, ?A:setopt(Drv, [], nothing, 1)),
    ?assertEqual(16, ?A:getopt(Drv, [Pid], maxforkdepth)),
    ?assertEqual(true, ?A:setopt(Drv, [Pid], maxchild, 0)),
    ?assertEqual({error, eagain}, ?A:fork(Drv, [Pid])),
    %% Of tasks that are made from then on.
    {ok, Quiet} = ?A:fork(Drv, []),
    ok = ?A:exit(Drv, [Quiet], 1, infinity),
    ?assertEqual(ok, ?A:close(Drv, [], Stdin)),
    ?assertEqual({alcove_event, Drv, [Pid], {exit_status, 0}}, next()),
    quiet().

flow(Drv) ->
    ?assertEqual(true, ?A:setopt(Drv, [], flowcontrol, 0)),
    {ok, Pid} = ?A:fork(Drv, []),
    ok = ?A:execvp(Drv, [Pid], "echo", ["echo", "x"]),
    {alcove_ctl, Drv, [Pid], fdctl_closed} = next(),
    gone(Pid),
    {ok, _} = ?A:getcwd(Drv, []),
    quiet(),
    ?assertEqual(true, ?A:setcpid(Drv, [], Pid, flowcontrol, 1)),
    ?assertEqual({alcove_stdout, Drv, [Pid], <<"x\n">>}, next()),
    ?assertEqual({alcove_event, Drv, [Pid], {exit_status, 0}}, next()).

timeout(Drv) ->
    {ok, Pid} = ?A:fork(Drv, []),
    ?assertEqual(false, ?A:select(Drv, [Pid], [], [], [], [], 10)),
    {ok, Other} = ?A:fork(Drv, [], infinity),
    ?assertMatch({ok, _}, ?A:getcwd(Drv, [Other], 30000)),
    ok = ?A:kill(Drv, [], Pid, sigkill),
    ?assertEqual({alcove_event, Drv, [Pid], {termsig, sigkill}}, next()).

errors(Drv) ->
    ?assertEqual(15, ?A:signal_constant(Drv, [], 'SIGTERM')),
    ?assertEqual({error, enoent}, ?A:chdir(Drv, [], "/nowhere")),
    ?assertError(badarg, ?A:chdir(Drv, [], nothing)),
    ?assertError(undef, ?A:call(Drv, [], nothing, [])),
    ?assertError(undef, ?A:pledge(Drv, [], "stdio", [])),
    ?assert(is_binary(?A:version(Drv, []))),
    ?assertEqual(ok, ?A:filter(Drv, [], [getcwd], [])),
    ?assertError(undef, ?A:getcwd(Drv, [])).

owner(_Drv) ->
    Me = self(),
    {Owner, Ref} = spawn_monitor(fun() ->
        {ok, Drv} = proctor_alcove_drv:start(),
        Me ! {drv, Drv, ?A:getpid(Drv, [])},
        receive stop -> ok end
    end),
    {drv, Other, Pid} = next(),
    Owner ! stop,
    normal = proctor_case:down(Ref),
    gone(Pid),
    proctor_case:wait_until(fun() -> not is_process_alive(Other) end).

%% What a function of prx's is given is enough for calls.
of_prx(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    {ok, Below} = proctor_prx:fork(Task),
    Drv = proctor_prx:drv(Below),
    Pids = proctor_prx:pipeline(Below),
    ?assertEqual(proctor_prx:pidof(Below), ?A:getpid(Drv, Pids)),
    ok = ?A:chdir(Drv, Pids, "/"),
    ?assertEqual({ok, <<"/">>}, proctor_prx:getcwd(Below)),
    ok = proctor_prx:stop(Below),
    ?assertEqual({error, esrch}, ?A:getpid(Drv, Pids)).
