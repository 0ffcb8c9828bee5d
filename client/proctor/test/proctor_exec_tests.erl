%% What a program that was written for erlexec finds here, beyond what
%% proctor_tests has.
-module(proctor_exec_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0, down/1, wait_until/1, alive/1]).

exec_test_() ->
    [proctor_case:cases([], cases()),
     proctor_case:cases([{dialect, exec_port}], cases())].

cases() ->
    [{"every function is there", fun functions/0},
     {"run/3 that has the time", fun run_in_time/0},
     {"run/3 that has not", fun run_too_long/0},
     {"run_link/3", fun run_link/0},
     {"manage", fun manage/0},
     {"manage of nobody", fun manage_nobody/0},
     {"kill by all that a process may be given as", fun kill_by/0},
     {"who gets what", fun who_gets_what/0},
     {"stdin from elsewhere", fun stdin_from/0},
     {"what has ended, and what never was", fun gone/0},
     {"a terminal, its size and modes", fun terminal/0},
     {"a terminal that echoes", fun terminal_echo/0},
     {"what has no terminal", fun no_terminal/0},
     {"setpgid", fun setpgid/0},
     {"a group and kill_group", fun groups/0},
     {"a kill command", fun kill_command/0},
     {"nice", fun nice/0},
     {"send of eof by OS pid", fun send_eof/0},
     {"send without stdin", fun send_no_stdin/0},
     {"an Erlang port as a process", fun erlang_port/0},
     {"kill of what is not allowed", fun kill_refused/0},
     {"a file with append and mode", fun file_modes/0},
     {"a conversation from within a function", fun fun_sends/0},
     {"the exit message", fun exit_message/0},
     {"a timeout of run", fun timeout/0},
     {"errors as terms", fun error_terms/0},
     {"refused options by name", fun refused/0},
     {"text of all kinds", fun texts/0},
     {"options that are no good", fun bad_options/0}].

functions() ->
    Wanted = [{start, 0}, {start, 1}, {start_link, 1}, {run, 2}, {run, 3},
              {run_link, 2}, {run_link, 3}, {manage, 2}, {send, 2},
              {winsz, 3}, {pty_opts, 2}, {which_children, 0}, {kill, 2},
              {setpgid, 2}, {stop, 1}, {stop_and_wait, 2}, {ospid, 1},
              {pid, 1}, {status, 1}, {signal, 1}, {signal_to_int, 1},
              {debug, 1}],
    ?assertEqual([], Wanted -- proctor:module_info(exports)).

run_in_time() ->
    ?assertEqual({ok, [{stdout, [<<"x\n">>]}]},
                 proctor:run("echo x", [sync, stdout], 10000)),
    {ok, Pid, OsPid} = proctor:run("exit 3", [monitor], 10000),
    ?assertEqual({'DOWN', OsPid, process, Pid, {exit_status, 768}}, next()).

%% Its caller lives on, so that nothing else ends what was started.
run_too_long() ->
    ?assertEqual({error, timeout},
                 proctor:run("exec sleep 1000", [sync], 300)),
    wait_until(fun() -> proctor:which_children() =:= [] end),
    ?assertEqual({error, timeout},
                 proctor:run("exec sleep 1000", [], 0)),
    wait_until(fun() -> proctor:which_children() =:= [] end).

run_link() ->
    {_, Ref} = spawn_monitor(fun() ->
        {ok, _, _} = proctor:run_link("exit 3", [], 10000),
        timer:sleep(infinity)
    end),
    ?assertEqual({exit_status, 768}, down(Ref)).

manage() ->
    Port = sleeping_port(),
    {os_pid, OsPid} = erlang:port_info(Port, os_pid),
    {ok, Pid, OsPid} = proctor:manage(OsPid, [monitor]),
    ?assertEqual([OsPid], proctor:which_children()),
    ?assertEqual(OsPid, proctor:ospid(Pid)),
    ok = proctor:kill(OsPid, sigterm),
    ?assertEqual({'DOWN', OsPid, process, Pid, {exit_status, -1}}, next()),
    Port2 = sleeping_port(),
    {ok, Pid2, _} = proctor:manage(Port2, [{kill_timeout, 1}]),
    ?assertEqual({error, no_stdin}, proctor:send(Pid2, <<"x">>)),
    ?assertEqual(normal, proctor:stop_and_wait(Pid2, 10000)),
    wait_until(fun() -> erlang:port_info(Port2) =:= undefined end).

kill_by() ->
    {ok, Pid, OsPid} = proctor:run("exec sleep 1000", [monitor]),
    [ok = proctor:kill(Process, 0) || Process <- [Pid, OsPid]],
    ok = proctor:kill(Pid, sigusr1),
    ?assertEqual({'DOWN', OsPid, process, Pid,
                  {exit_status, proctor:signal_to_int(sigusr1)}}, next()),
    Port = sleeping_port(),
    ?assertEqual({error, "Cannot kill a pid not managed by this application"},
                 proctor:kill(Port, sigkill)),
    {ok, Pid2, OsPid2} = proctor:manage(Port, [monitor]),
    ok = proctor:kill(Port, sigkill),
    ?assertEqual({'DOWN', OsPid2, process, Pid2, {exit_status, -1}}, next()),
    ?assertEqual({signal, 127, true}, proctor:status(-1)),
    wait_until(fun() -> erlang:port_info(Port) =:= undefined end).

%% Output goes where it is said to, the end to whoever has run it.
who_gets_what() ->
    Self = self(),
    Sink = spawn_link(fun() ->
        Self ! {sink, [next(), next()]},
        receive Other -> Self ! {sink, Other} after 200 -> ok end
    end),
    {Caller, Ref} = spawn_monitor(fun() ->
        {ok, Pid, OsPid} = proctor:run("echo out; sleep 0.1; echo err >&2; "
                                       "exit 3",
                                       [{stdout, Sink}, {stderr, Sink},
                                        monitor]),
        {'DOWN', OsPid, process, Pid, {exit_status, 768}} = next(),
        exit({ran, OsPid})
    end),
    {'DOWN', Ref, process, Caller, {ran, OsPid}} =
        receive {'DOWN', Ref, _, _, _} = Down -> Down end,
    ?assertEqual({sink, [{stdout, OsPid, <<"out\n">>},
                         {stderr, OsPid, <<"err\n">>}]}, next()),
    wait_until(fun() -> not is_process_alive(Sink) end).

stdin_from() ->
    proctor_case:with_dir(fun(Dir) ->
        File = filename:join(Dir, "żó"),
        ok = file:write_file(File, "from a file\n"),
        [?assertEqual({ok, [{stdout, [<<"from a file\n">>]}]},
                      proctor:run("exec cat", [sync, stdout, {stdin, Name}]))
         || Name <- [File, unicode:characters_to_binary(File)]],
        ?assertEqual({error, "Couldn't start pid: Cannot open '/no/such': "
                             "No such file or directory"},
                     proctor:run("exec cat", [{stdin, "/no/such"}]))
    end),
    ?assertEqual({ok, []}, proctor:run("exec cat", [sync, stdout,
                                                    {stdin, null}])),
    ?assertEqual({ok, []}, proctor:run("exec cat", [sync, stdout])),
    ?assertEqual({ok, [{stdout, [<<"closed\n">>]}]},
                 proctor:run("[ -e /proc/self/fd/0 ] || echo closed",
                             [sync, stdout, {stdin, close}])).

gone() ->
    {ok, Pid, OsPid} = proctor:run("true", [monitor]),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()),
    Never = spawn(fun() -> ok end),
    [?assertEqual({error, no_process}, Fun(Who))
     || Who <- [Pid, Never, self()],
        Fun <- [fun proctor:stop/1, fun proctor:ospid/1,
                fun(P) -> proctor:kill(P, 9) end,
                fun(P) -> proctor:send(P, <<"x">>) end,
                fun(P) -> proctor:send(P, eof) end,
                fun(P) -> proctor:stop_and_wait(P, 100) end,
                fun(P) -> proctor:winsz(P, 1, 1) end,
                fun(P) -> proctor:pty_opts(P, [{echo, 1}]) end,
                fun(P) -> proctor:setpgid(P, 0) end]],
    ?assertEqual(undefined, proctor:pid(OsPid)),
    ?assertEqual({error, badarg}, proctor:debug(11)).

%% What Erlang starts takes no signal before it has become what it is to be.
sleeping_port() ->
    Port = open_port({spawn_executable, "/bin/sleep"}, [{args, ["1000"]}]),
    {os_pid, OsPid} = erlang:port_info(Port, os_pid),
    wait_until(fun() ->
        os:cmd("ps -o comm= -p " ++ integer_to_list(OsPid)) =:= "sleep\n"
    end),
    Port.

manage_nobody() ->
    ?assertMatch({error, _}, proctor:manage(4194303, [])),
    ?assertMatch({error, _}, proctor:manage(1, [stdout])).

terminal() ->
    {ok, Pid, OsPid} =
        proctor:run("stty size; read x; stty size",
                    [stdin, stdout, pty, {winsz, {17, 23}}, monitor]),
    ?assertEqual(<<"17 23\r\n">>, text(OsPid, 7)),
    ok = proctor:winsz(OsPid, 19, 29),
    ok = proctor:pty_opts(Pid, [{vintr, 2}, {echo, 0}]),
    ok = proctor:send(Pid, <<"\n">>),
    Rest = [Data || {stdout, _, Data} <- until_down(OsPid)],
    ?assertMatch({_, _}, binary:match(iolist_to_binary(Rest),
                                      <<"19 29\r\n">>)).

terminal_echo() ->
    {ok, Pid, OsPid} = proctor:run("exec cat", [stdin, stdout,
                                                {stderr, stdout}, pty,
                                                pty_echo, monitor]),
    ok = proctor:send(OsPid, <<"hello">>),
    ?assertEqual(<<"hello">>, text(OsPid, 5)),
    ok = proctor:send(OsPid, <<"\n">>),
    ?assertEqual(<<"\r\nhello\r\n">>, text(OsPid, 9)),
    ok = proctor:send(OsPid, <<3>>),
    ?assertMatch({'DOWN', OsPid, process, Pid, {exit_status, 2}},
                 lists:last(until_down(OsPid))).

text(_OsPid, 0) ->
    <<>>;
text(OsPid, Bytes) ->
    {stdout, OsPid, Data} = next(),
    <<Data/binary, (text(OsPid, Bytes - byte_size(Data)))/binary>>.

until_down(OsPid) ->
    case next() of
        {'DOWN', OsPid, _, _, _} = Down -> [Down];
        Message -> [Message | until_down(OsPid)]
    end.

no_terminal() ->
    {ok, Pid, _} = proctor:run("exec sleep 1000", []),
    ?assertMatch({error, _}, proctor:winsz(Pid, 1, 1)),
    ?assertMatch({error, _}, proctor:pty_opts(Pid, [{echo, 1}])),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 10000)),
    ?assertEqual({error, no_process}, proctor:winsz(Pid, 1, 1)),
    ?assertEqual({error, "pid not alive"}, proctor:winsz(4194303, 1, 1)),
    ?assertEqual({error, "pid not alive"},
                 proctor:pty_opts(4194303, [{echo, 1}])).

setpgid() ->
    {ok, Leader, Group} = proctor:run("exec sleep 1000", []),
    ?assertEqual({error, "pid not alive"}, proctor:setpgid(4194303, 0)),
    %% It has executed something by now, or leads a group.
    ?assertMatch({error, _}, proctor:setpgid(Leader, Group + 1)),
    ?assertEqual(normal, proctor:stop_and_wait(Leader, 10000)).

groups() ->
    {ok, Pid, Group} = proctor:run("exec sleep 1000", [{group, 0},
                                                       kill_group]),
    {ok, Pid2, OsPid2} = proctor:run("exec sleep 1000", [{group, Group},
                                                         monitor]),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 10000)),
    ?assertEqual({'DOWN', OsPid2, process, Pid2, {exit_status, 15}}, next()).

kill_command() ->
    {ok, Pid, OsPid} =
        proctor:run("trap '' TERM; trap 'exit 7' INT; echo ready; "
                    "while :; do sleep 0.01; done",
                    [stdout, monitor, {kill, "kill -INT $CHILD_PID"}]),
    ?assertEqual({stdout, OsPid, <<"ready\n">>}, next()),
    ok = proctor:stop(Pid),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()).

nice() ->
    {ok, [{stdout, [Line]}]} = proctor:run("nice", [sync, stdout]),
    Own = binary_to_integer(string:trim(Line)),
    Nice = min(19, Own + 7),
    Expected = <<(integer_to_binary(Nice))/binary, "\n">>,
    ?assertEqual({ok, [{stdout, [Expected]}]},
                 proctor:run("nice", [sync, stdout, {nice, Nice}])).

send_eof() ->
    {ok, Pid, OsPid} = proctor:run("exec tac", [stdin, stdout, monitor]),
    [ok = proctor:send(OsPid, Line) || Line <- [<<"foo\n">>, <<"bar\n">>]],
    ok = proctor:send(OsPid, eof),
    ?assertEqual({stdout, OsPid, <<"bar\nfoo\n">>}, next()),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()).

send_no_stdin() ->
    {ok, Pid, OsPid} = proctor:run("exec sleep 1000", []),
    ?assertEqual({error, no_stdin}, proctor:send(Pid, <<"x">>)),
    ?assertEqual({error, no_stdin}, proctor:send(OsPid, eof)),
    ?assertEqual(normal, proctor:stop_and_wait(OsPid, 10000)),
    {ok, Pid2, _} = proctor:run("exec cat", [stdin]),
    ok = proctor:send(Pid2, eof),
    ?assertMatch({error, Reason} when Reason =:= closed;
                                      Reason =:= no_process,
                 proctor:send(Pid2, <<"x">>)).

erlang_port() ->
    Port = sleeping_port(),
    ?assertMatch({error, _}, proctor:stop(Port)),
    {ok, Pid, _} = proctor:manage(Port, []),
    Ref = monitor(process, Pid),
    ok = proctor:stop(Port),
    ?assertEqual(normal, down(Ref)),
    wait_until(fun() -> erlang:port_info(Port) =:= undefined end),
    ?assertEqual({error, no_process}, proctor:stop(Port)).

kill_refused() ->
    ?assertMatch({error, _}, proctor:kill(-1, sigterm)),
    ?assertMatch({error, _}, proctor:kill(0, sigterm)),
    ?assertEqual({error, "Not allowed to send signal to all processes"},
                 proctor:kill(-2, sigterm)),
    ?assertEqual({error, "Cannot kill a pid not managed by this application"},
                 proctor:kill(1, sigterm)).

file_modes() ->
    proctor_case:with_dir(fun(Dir) ->
        File = filename:join(Dir, "out"),
        Options = [sync, {stdout, File, [append, {mode, 8#600}]}],
        {ok, []} = proctor:run("echo 1", Options),
        {ok, []} = proctor:run("echo 2", Options),
        ?assertEqual({ok, <<"1\n2\n">>}, file:read_file(File)),
        ?assertEqual("600\n", os:cmd("stat -c %a " ++ File))
    end).

%% It would wait for ever if it ran in the process it writes to.
fun_sends() ->
    Fun = fun(stdout, OsPid, <<"ask\n">>) ->
                  ok = proctor:send(OsPid, <<"answer\n">>);
             (stdout, OsPid, <<"stop\n">>) ->
                  ok = proctor:stop(OsPid)
          end,
    {ok, Pid, OsPid} =
        proctor:run("echo ask; read x; [ $x = answer ] && echo stop; "
                    "exec sleep 1000", [stdin, {stdout, Fun}, monitor]),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()).

exit_message() ->
    {ok, Pid, OsPid} = proctor:run("exit 3", [exit, monitor]),
    ?assertMatch({exit, OsPid, #{status := {exited, 3}, raw := 768}},
                 next()),
    ?assertMatch({'DOWN', OsPid, process, Pid, {exit_status, 768}}, next()),
    {ok, _, OsPid2} = proctor:run("kill -KILL $$", [exit]),
    ?assertMatch({exit, OsPid2, #{status := {signaled, 9, false}}}, next()).

timeout() ->
    {ok, Pid, OsPid} = proctor:run("exec sleep 1000", [monitor,
                                                       {timeout, 100}]),
    ?assertEqual({'DOWN', OsPid, process, Pid, timeout}, next()),
    %% The old dialect calls whatever was stopped a success.
    {ok, #{dialect := Dialect}} = proctor:info(),
    Raw = case Dialect of native -> 15; exec_port -> 0 end,
    ?assertEqual({error, {timeout, [{exit_status, Raw}]}},
                 proctor:run("exec sleep 1000", [sync, {timeout, 100}])),
    %% Whatever it makes of that.
    ?assertMatch({error, {timeout, [{exit_status, _}]}},
                 proctor:run("trap 'exit 0' TERM; echo; "
                             "while :; do sleep 0.05; done",
                             [sync, {timeout, 300}])),
    ?assertEqual({ok, []}, proctor:run("true", [sync, {timeout, 60000}])).

error_terms() ->
    {ok, #{dialect := Dialect}} = proctor:info(),
    {error, Term} = proctor:run("true", [{cd, "/no/such"}, {errors, term}]),
    {error, Text} = proctor:run("true", [{cd, "/no/such"}]),
    ?assertEqual("Couldn't start pid: Cannot change directory to '/no/such': "
                 "No such file or directory", Text),
    ?assertEqual("Couldn't start pid: The launcher takes no child: "
                 "Resource temporarily unavailable",
                 proctor_error:text({launcher, eagain, <<>>})),
    case Dialect of
        native -> ?assertEqual({chdir, enoent, <<"/no/such">>}, Term);
        exec_port -> ?assertEqual(Text, Term)
    end.

refused() ->
    [?assertEqual({error, Text}, proctor:run("true", Options))
     || {Options, Text} <-
            [{[no_such_option], "Unknown option: no_such_option"},
             {[{no_such, 1}], "Unknown option: no_such"},
             {[{nice, foo}], "Bad value of option: nice"},
             {[{kill_timeout, -1}], "Bad value of option: kill_timeout"},
             {[{nice, 1}, {nice, 2}], "Duplicate option: nice"},
             {[stdout, {stdout, null}], "Duplicate option: stdout"},
             {[{stdout, stderr}, {stderr, stdout}],
              "Circular reference of options: stdout, stderr"}]],
    ?assertMatch({error, {badopt, {cd, "A process that was " ++ _}}},
                 proctor:manage(list_to_integer(os:getpid()), [{cd, "/"}])).

%% Code points, bytes of UTF-8, and both in one.
texts() ->
    Expected = <<"ż ż\n"/utf8>>,
    [?assertEqual({ok, [{stdout, [Expected]}]},
                  proctor:run(Command, [sync, stdout,
                                        {env, [{"V", Value}]}]))
     || Command <- ["echo ż $V", <<"echo ż $V"/utf8>>,
                    [$e, "cho ", [[<<"ż"/utf8>>], " "], "$V"],
                    ["/bin/sh", "-c", [$e, <<"cho ż "/utf8>>, "$V"]]],
        Value <- ["ż", <<"ż"/utf8>>, [$ż], [<<"ż"/utf8>>]]].

bad_options() ->
    [?assertEqual({error, {badopt, Option}}, proctor:run("true", [Option]))
     || Option <- [{active, 0}, {active, sometimes}, {window, -1},
                   {timeout, 0}, {timeout, soon}, {sync, 1}, {errors, bad},
                   {stdin_window, 0}]],
    ?assertMatch({error, {badopt, _}},
                 proctor:run("true", [{node, "string"}])),
    ?assertEqual({error, not_started},
                 proctor:run("true", [{instance, no_such_instance}])),
    ?assertEqual({error, {badopt, {timeout, -1}}},
                 proctor:recv(self(), 0, -1)),
    ?assertEqual({error, {badopt, [{active, maybe_}]}},
                 proctor:setopts(self(), [{active, maybe_}])).
