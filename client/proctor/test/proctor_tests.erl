%% Tests of the client over the real port program, which the environment
%% variable PROCTOR_PORT names. Where the port program itself has to behave
%% badly a few lines of shell play its part.
-module(proctor_tests).

-include_lib("eunit/include/eunit.hrl").

%% What anything may take that takes no time.
-define(SOON, 30000).

-import(proctor_case, [next/0, down/1, flush/0, collect/3, wait_until/1,
                       alive/1, os_pid/1, with_dir/1, with_stub/2]).

%%% Tests that share one port program

%% Once as the port program likes it best, once as erlexec's users have it.
shared_test_() ->
    [proctor_case:cases([], shared()),
     proctor_case:cases([{dialect, exec_port}], shared())].

shared() ->
    [{"sync collects stdout", fun sync_stdout/0},
     {"sync collects stderr apart", fun sync_stderr/0},
     {"sync collects nothing that was not asked for", fun sync_nothing/0},
     {"stderr into stdout", fun stderr_into_stdout/0},
     {"exit codes", fun exit_codes/0},
     {"death by signal", fun death_by_signal/0},
     {"success_exit_code", fun success_exit_code/0},
     {"a program without a shell", fun no_shell/0},
     {"another shell", fun executable/0},
     {"env", fun env/0},
     {"cd", fun cd/0},
     {"unicode commands", fun unicode_commands/0},
     {"unicode in options", fun unicode_options/0},
     {"files", fun files/0},
     {"a conversation over stdin", fun conversation/0},
     {"ten megabytes out", fun large_output/0},
     {"ten megabytes in and out", fun large_echo/0},
     {"a process as sink", fun pid_sink/0},
     {"a function as sink", fun fun_sink/0},
     {"a function that fails", fun fun_fails/0},
     {"printing", fun print_sink/0},
     {"a sink leaves nothing behind", fun sink_ends/0},
     {"stop", fun stop_process/0},
     {"stop of one that ignores SIGTERM", fun stop_stubborn/0},
     {"stop_and_wait that does not wait long enough", fun stop_timeout/0},
     {"kill by number and by name", fun kill/0},
     {"kill of a process that is not ours", fun kill_foreign/0},
     {"which_children, pid and ospid", fun children/0},
     {"monitor says how it ended", fun monitored/0},
     {"erlang:monitor/2 works too", fun really_monitored/0},
     {"output comes before the end", fun output_before_end/0},
     {"a failing command ends a linked caller", fun link_to_caller/0},
     {"a caller that ends stops a linked command", fun link_from_caller/0},
     {"a caller that ends leaves others alone", fun no_link/0},
     {"a killed Erlang process stops its command", fun killed_child/0},
     {"a killed sync caller stops its command", fun killed_sync_caller/0},
     {"a sync caller learns of a killed child", fun killed_sync_child/0},
     {"one hundred at once", fun hundred/0},
     {"one hundred short ones in messages", fun hundred_messages/0},
     {"an unknown option is refused", fun refused_option/0},
     {"a program that does not exist", fun unknown_executable/0},
     {"unknown processes", fun unknown_process/0},
     {"the caller's mailbox is its own", fun mailbox/0},
     {"debug", fun debug/0},
     {"it is started already", fun already_started/0}].

sync_stdout() ->
    ?assertEqual({ok, [{stdout, [<<"hello\n">>]}]},
                 proctor:run("echo hello", [sync, stdout])),
    ?assertEqual({ok, [{stdout, [<<"hello\n">>]}]},
                 proctor:run(<<"echo hello">>, [{sync, true}, stdout])),
    ?assertEqual({ok, [{stdout, [<<"hello\n">>]}]},
                 proctor:run("echo hello", [sync, {stdout, self()}])).

sync_stderr() ->
    ?assertEqual({ok, [{stdout, [<<"out\n">>]}, {stderr, [<<"err\n">>]}]},
                 proctor:run("echo out; echo err >&2",
                             [sync, stdout, stderr])),
    ?assertEqual({ok, [{stderr, [<<"err\n">>]}]},
                 proctor:run("echo out; echo err >&2", [sync, stderr])).

sync_nothing() ->
    ?assertEqual({ok, []}, proctor:run("echo out; echo err >&2", [sync])),
    ?assertEqual({ok, []}, proctor:run("true", [sync, stdout, stderr])).

stderr_into_stdout() ->
    ?assertEqual({ok, [{stdout, [<<"to err\n">>]}]},
                 proctor:run("echo to err >&2",
                             [sync, stdout, {stderr, stdout}])).

exit_codes() ->
    [begin
         {error, [{exit_status, Raw}]} =
             proctor:run("exit " ++ integer_to_list(Code), [sync]),
         ?assertEqual({status, Code}, proctor:status(Raw))
     end || Code <- [1, 3, 127, 255]],
    ?assertEqual({error, [{exit_status, 768}, {stdout, [<<"x">>]},
                          {stderr, [<<"y">>]}]},
                 proctor:run("printf x; printf y >&2; exit 3",
                             [sync, stdout, stderr])).

death_by_signal() ->
    {error, [{exit_status, Raw}]} = proctor:run("kill -KILL $$", [sync]),
    ?assertEqual({signal, 9, false}, proctor:status(Raw)),
    {error, [{exit_status, 15}]} = proctor:run("kill -TERM $$", [sync]).

success_exit_code() ->
    ?assertEqual({error, [{exit_status, 7}]},
                 proctor:run("true", [sync, {success_exit_code, 7}])),
    ?assertEqual({ok, []},
                 proctor:run("true", [sync, {success_exit_code, 0}])),
    ?assertEqual({error, [{exit_status, 512}]},
                 proctor:run("exit 2", [sync, {success_exit_code, 7}])).

no_shell() ->
    ?assertEqual({ok, [{stdout, [<<"$HOME *\n">>]}]},
                 proctor:run(["/bin/echo", <<"$HOME">>, "*"],
                             [sync, stdout])).

executable() ->
    ?assertEqual({ok, [{stdout, [<<"-c words\n">>]}]},
                 proctor:run("words", [sync, stdout,
                                       {executable, "/bin/echo"}])).

env() ->
    Env = [{"A", "1"}, "B=2", {<<"C">>, <<"3">>}, {proctor_case:mark(), false}],
    ?assertEqual({ok, [{stdout, [<<"1 2 3 none\n">>]}]},
                 proctor:run("echo $A $B $C ${" ++ proctor_case:mark()
                             ++ "-none}", [sync, stdout, {env, Env}])),
    ?assertEqual({ok, [{stdout, [<<"ONLY=me\n">>]}]},
                 proctor:run(["/usr/bin/env"],
                             [sync, stdout, {env, [clear, {"ONLY", "me"}]}])).

cd() ->
    ?assertEqual({ok, [{stdout, [<<"/usr\n">>]}]},
                 proctor:run(["/bin/sh", "-c", "pwd -P"],
                             [sync, stdout, {cd, "/usr"}])),
    ?assertMatch({error, _},
                 proctor:run("true", [sync, {cd, "/no/such/place"}])).

unicode_commands() ->
    Text = [$ż, $ó, $ł, $ć],
    Bytes = unicode:characters_to_binary(Text),
    Expected = {ok, [{stdout, [<<Bytes/binary, "\n">>]}]},
    ?assertEqual(8, byte_size(Bytes)),
    ?assertEqual(Expected, proctor:run("echo " ++ Text, [sync, stdout])),
    ?assertEqual(Expected, proctor:run(<<"echo ", Bytes/binary>>,
                                       [sync, stdout])),
    ?assertEqual(Expected, proctor:run(["/bin/echo", Text], [sync, stdout])),
    %% A list is characters even where all of them would be bytes.
    ?assertEqual({ok, [{stdout, [<<"é\n"/utf8>>]}]},
                 proctor:run("echo " ++ [$é], [sync, stdout])).

unicode_options() ->
    with_dir(fun(Dir) ->
        Sub = filename:join(Dir, "żółć"),
        {ok, _} = proctor:run(["/bin/mkdir", Sub], [sync]),
        {ok, [{stdout, Parts}]} =
            proctor:run("basename \"$(pwd -P)\"; echo $V",
                        [sync, stdout, {cd, Sub}, {env, [{"V", "ęą"}]}]),
        ?assertEqual(<<"żółć\nęą\n"/utf8>>, iolist_to_binary(Parts))
    end).

files() ->
    with_dir(fun(Dir) ->
        File = filename:join(Dir, "out"),
        {ok, []} = proctor:run("echo one", [sync, {stdout, File}]),
        {ok, []} = proctor:run("echo two >&2",
                               [sync, {stderr, File, [append]}]),
        ?assertEqual({ok, <<"one\ntwo\n">>}, file:read_file(File)),
        ?assertEqual({ok, [{stdout, [<<"one\ntwo\n">>]}]},
                     proctor:run("cat", [sync, stdout, {stdin, File}])),
        {ok, []} = proctor:run("echo three", [sync, {stdout, File}]),
        ?assertEqual({ok, <<"three\n">>}, file:read_file(File))
    end).

conversation() ->
    {ok, Pid, OsPid} =
        proctor:run("while read x; do echo \"got $x\"; done; echo end",
                    [stdin, stdout, monitor]),
    ok = proctor:send(Pid, <<"one\n">>),
    ?assertEqual({stdout, OsPid, <<"got one\n">>}, next()),
    ok = proctor:send(OsPid, <<"two\n">>),
    ?assertEqual({stdout, OsPid, <<"got two\n">>}, next()),
    ok = proctor:send(Pid, eof),
    ?assertEqual({stdout, OsPid, <<"end\n">>}, next()),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()).

large_output() ->
    {ok, [{stdout, Parts}]} =
        proctor:run("yes 0123456789abcde | head -c 10485760", [sync, stdout]),
    %% Compared without printing them.
    Expected = binary:copy(<<"0123456789abcde\n">>, 655360),
    ?assertEqual(10485760, iolist_size(Parts)),
    ?assert(Expected =:= iolist_to_binary(Parts)).

large_echo() ->
    Data = << <<N:32>> || N <- lists:seq(1, 2621440) >>,
    {ok, Pid, OsPid} = proctor:run(["/bin/cat"], [stdin, stdout, monitor]),
    ok = proctor:send(Pid, Data),
    ok = proctor:send(Pid, eof),
    ?assert(Data =:= collect(OsPid, Pid, normal)).

pid_sink() ->
    Self = self(),
    Sink = spawn_link(fun() -> Self ! {sunk, [next(), next()]} end),
    {ok, Pid, OsPid} = proctor:run("echo out; sleep 0.1; echo err >&2",
                                   [monitor, {stdout, Sink},
                                    {stderr, Sink}]),
    ?assertEqual([{stdout, OsPid, <<"out\n">>}, {stderr, OsPid, <<"err\n">>}],
                 receive {sunk, Messages} -> Messages end),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()).

fun_sink() ->
    Self = self(),
    Fun = fun(Stream, OsPid, Data) -> Self ! {seen, Stream, OsPid, Data} end,
    {ok, Pid, OsPid} = proctor:run("echo out", [monitor, {stdout, Fun}]),
    ?assertEqual({seen, stdout, OsPid, <<"out\n">>}, next()),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()),
    ?assertEqual({error, {badopt, {stdout, fun erlang:self/0}}},
                 proctor:run("true", [{stdout, fun erlang:self/0}])).

fun_fails() ->
    Fun = fun(_, _, Data) -> binary_to_integer(Data) end,
    {ok, Pid, OsPid} = proctor:run("echo x; exec sleep 1000",
                                   [monitor, {stdout, Fun}]),
    ?assertMatch({'DOWN', OsPid, process, Pid, {badarg, [_ | _]}}, next()),
    wait_until(fun() -> not alive(OsPid) end),
    ?assertMatch({error, {badarg, _}},
                 proctor:run("echo x; exec sleep 1000",
                             [sync, {stdout, Fun}])).

print_sink() ->
    Self = self(),
    Printer = spawn_link(fun() -> print_loop(Self) end),
    Old = group_leader(),
    true = group_leader(Printer, self()),
    {ok, Pid, OsPid} = proctor:run("echo Test", [monitor, {stdout, print}]),
    true = group_leader(Old, self()),
    Text = io_lib:format("Got stdout from ~w: <<\"Test\\n\">>\n", [OsPid]),
    ?assertEqual(lists:flatten(Text), receive {printed, Seen} -> Seen end),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()),
    unlink(Printer),
    exit(Printer, kill).

print_loop(To) ->
    receive
        {io_request, From, Ref, {put_chars, unicode, M, F, A}} ->
            Text = unicode:characters_to_list(apply(M, F, A)),
            From ! {io_reply, Ref, ok},
            To ! {printed, Text},
            print_loop(To)
    end.

%% Its process goes with the one that stands for the command, however that
%% ends.
sink_ends() ->
    Before = length(processes()),
    Fun = fun(stdout, _, _) -> ok end,
    [{ok, []} = proctor:run("echo x", [sync, {stdout, Fun}])
     || _ <- lists:seq(1, 20)],
    wait_until(fun() -> length(processes()) < Before + 10 end),
    Self = self(),
    Slow = fun(stdout, _, _) ->
               Self ! {sink, self()},
               timer:sleep(infinity)
           end,
    {Caller, _} = spawn_monitor(fun() ->
        {ok, _, _} = proctor:run("echo x; exec sleep 1000",
                                 [monitor, {stdout, Slow}]),
        timer:sleep(infinity)
    end),
    {sink, Sink} = next(),
    exit(Caller, kill),
    {'DOWN', _, process, Caller, killed} = next(),
    wait_until(fun() -> not is_process_alive(Sink) end).

stop_process() ->
    {ok, Pid, OsPid} = proctor:run("exec sleep 1000", [monitor]),
    ok = proctor:stop(Pid),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()),
    {ok, Pid2, OsPid2} = proctor:run("exec sleep 1000", []),
    ?assertEqual(normal, proctor:stop_and_wait(OsPid2, ?SOON)),
    ?assertNot(is_process_alive(Pid2)),
    ?assertNot(alive(OsPid2)).

stop_stubborn() ->
    {ok, Pid, OsPid} = stubborn(1),
    Start = erlang:monotonic_time(millisecond),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 10000)),
    Took = erlang:monotonic_time(millisecond) - Start,
    ?assert(Took >= 900),
    ?assert(Took < 4000),
    ?assertNot(alive(OsPid)).

stop_timeout() ->
    {ok, Pid, OsPid} = stubborn(1),
    ?assertEqual({error, timeout}, proctor:stop_and_wait(Pid, 100)),
    ?assert(alive(OsPid)),
    wait_until(fun() -> not alive(OsPid) end).

%% A command that ignores SIGTERM and says when it does.
stubborn(KillTimeout) ->
    {ok, Pid, OsPid} = proctor:run("trap '' TERM; echo ready; read x",
                                   [stdin, stdout,
                                    {kill_timeout, KillTimeout}]),
    ?assertEqual({stdout, OsPid, <<"ready\n">>}, next()),
    {ok, Pid, OsPid}.

kill() ->
    {ok, Pid, OsPid} = proctor:run("exec sleep 1000", [monitor]),
    ok = proctor:kill(Pid, sigkill),
    ?assertEqual({'DOWN', OsPid, process, Pid, {exit_status, 9}}, next()),
    {ok, Pid2, OsPid2} = proctor:run("exec sleep 1000", [monitor]),
    ok = proctor:kill(OsPid2, 15),
    ?assertEqual({'DOWN', OsPid2, process, Pid2, {exit_status, 15}}, next()),
    {ok, Pid3, _} = proctor:run("exec sleep 1000", []),
    ?assertEqual({error, einval}, proctor:kill(Pid3, signosuch)),
    ?assertEqual({error, einval}, proctor:kill(Pid3, 4711)),
    normal = proctor:stop_and_wait(Pid3, ?SOON).

kill_foreign() ->
    {error, Text} = proctor:kill(list_to_integer(os:getpid()), sigcont),
    ?assertEqual("Cannot kill a pid not managed by this application", Text).

children() ->
    ?assertEqual([], proctor:which_children()),
    Runs = [proctor:run("exec sleep 1000", []) || _ <- lists:seq(1, 5)],
    OsPids = [OsPid || {ok, _, OsPid} <- Runs],
    ?assertEqual(lists:sort(OsPids), lists:sort(proctor:which_children())),
    [begin
         ?assert(alive(OsPid)),
         ?assertEqual(OsPid, proctor:ospid(Pid)),
         ?assertEqual(Pid, proctor:pid(OsPid))
     end || {ok, Pid, OsPid} <- Runs],
    [normal = proctor:stop_and_wait(Pid, ?SOON) || {ok, Pid, _} <- Runs],
    ?assertEqual([], proctor:which_children()),
    [?assertEqual(undefined, proctor:pid(OsPid)) || OsPid <- OsPids].

monitored() ->
    {ok, Pid, OsPid} = proctor:run("true", [monitor]),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()),
    {ok, Pid2, OsPid2} = proctor:run("exit 3", [monitor]),
    ?assertEqual({'DOWN', OsPid2, process, Pid2, {exit_status, 768}}, next()).

really_monitored() ->
    {ok, Pid, _} = proctor:run("read x; exit 3", [stdin]),
    Ref = monitor(process, Pid),
    ok = proctor:send(Pid, eof),
    ?assertEqual({'DOWN', Ref, process, Pid, {exit_status, 768}}, next()),
    Ref2 = monitor(process, Pid),
    ?assertEqual({'DOWN', Ref2, process, Pid, noproc}, next()).

output_before_end() ->
    {ok, Pid, OsPid} = proctor:run("yes | head -c 1000000; exit 3",
                                   [stdout, monitor]),
    ?assertEqual(1000000, byte_size(collect(OsPid, Pid, {exit_status, 768}))).

link_to_caller() ->
    {_, Ref} = spawn_monitor(fun() ->
        {ok, _, _} = proctor:run_link("exit 3", []),
        timer:sleep(infinity)
    end),
    ?assertMatch({'DOWN', Ref, process, _, {exit_status, 768}}, next()),
    {_, Ref2} = spawn_monitor(fun() ->
        {ok, Pid, _} = proctor:run("exec sleep 1000", [link]),
        ok = proctor:kill(Pid, sigterm),
        timer:sleep(infinity)
    end),
    ?assertMatch({'DOWN', Ref2, process, _, {exit_status, 15}}, next()),
    %% Success ends nobody.
    {ok, Pid3, OsPid3} = proctor:run_link("true", [monitor]),
    ?assertEqual({'DOWN', OsPid3, process, Pid3, normal}, next()),
    ?assertEqual({error, [{exit_status, 256}]},
                 proctor:run_link("exit 1", [sync])).

link_from_caller() ->
    [begin
         Self = self(),
         Caller = spawn(fun() ->
             {ok, _, OsPid} = proctor:run_link("exec sleep 1000", []),
             Self ! {os_pid, OsPid},
             receive stop -> exit(Reason) end
         end),
         {os_pid, OsPid} = next(),
         ?assert(alive(OsPid)),
         Caller ! stop,
         wait_until(fun() -> not alive(OsPid) end)
     end || Reason <- [normal, shutdown, boom]].

no_link() ->
    Self = self(),
    {_, Ref} = spawn_monitor(fun() ->
        {ok, Pid, OsPid} = proctor:run("exec sleep 1000", []),
        Self ! {ran, Pid, OsPid}
    end),
    {ran, Pid, OsPid} = next(),
    ?assertMatch({'DOWN', Ref, process, _, normal}, next()),
    timer:sleep(100),
    ?assert(alive(OsPid)),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, ?SOON)).

killed_child() ->
    {ok, Pid, OsPid} = proctor:run("exec sleep 1000", [monitor]),
    exit(Pid, kill),
    ?assertEqual({'DOWN', OsPid, process, Pid, killed}, next()),
    wait_until(fun() -> not alive(OsPid) end),
    {ok, Pid2, OsPid2} = proctor:run("exec sleep 1000", [monitor]),
    exit(Pid2, shutdown),
    ?assertEqual({'DOWN', OsPid2, process, Pid2, shutdown}, next()),
    wait_until(fun() -> not alive(OsPid2) end).

killed_sync_caller() ->
    {Caller, Ref} = spawn_monitor(fun() ->
        proctor:run("exec sleep 1000", [sync])
    end),
    OsPid = only_child(),
    exit(Caller, kill),
    {'DOWN', Ref, process, Caller, killed} = next(),
    wait_until(fun() -> not alive(OsPid) end).

killed_sync_child() ->
    {_, Ref} = spawn_monitor(fun() ->
        exit(proctor:run("exec sleep 1000", [sync]))
    end),
    OsPid = only_child(),
    exit(proctor:pid(OsPid), kill),
    ?assertMatch({'DOWN', Ref, process, _, {error, killed}}, next()).

only_child() ->
    wait_until(fun() -> length(proctor:which_children()) =:= 1 end),
    [OsPid] = proctor:which_children(),
    OsPid.

hundred() ->
    Run = fun(N) ->
              exit({N, proctor:run("sleep 0.2; echo " ++ integer_to_list(N),
                                   [sync, stdout])})
          end,
    Start = erlang:monotonic_time(millisecond),
    Refs = [element(2, spawn_monitor(fun() -> Run(N) end))
            || N <- lists:seq(1, 100)],
    Results = [down(Ref) || Ref <- Refs],
    Took = erlang:monotonic_time(millisecond) - Start,
    ?assertEqual([{N, {ok, [{stdout, [<<(integer_to_binary(N))/binary,
                                        "\n">>]}]}}
                  || N <- lists:seq(1, 100)], Results),
    ?assert(Took < 10000).

%% They end while others start: an event that overtook its registration would
%% be missed here.
hundred_messages() ->
    Runs = [proctor:run("echo $$", [stdout, monitor])
            || _ <- lists:seq(1, 100)],
    [begin
         Line = <<(integer_to_binary(OsPid))/binary, "\n">>,
         ?assertEqual(Line, collect(OsPid, Pid, normal))
     end || {ok, Pid, OsPid} <- Runs],
    ?assertEqual(100, length(Runs)).

refused_option() ->
    {error, Text} = proctor:run("true", [{no_such_option, 1}]),
    ?assertNotEqual(nomatch, string:find(Text, "no_such_option")),
    {error, Text2} = proctor:run("true", [sync, no_such_option]),
    ?assertNotEqual(nomatch, string:find(Text2, "no_such_option")),
    {error, _} = proctor:run("true", [{kill_timeout, "soon"}]),
    {error, _} = proctor:run("true", [stdout, {stdout, null}]),
    ?assertEqual({error, {badopt, [sync | stdout]}},
                 proctor:run("true", [sync | stdout])).

%% As erlexec has it: it has run, it says why not, and ends with 1.
unknown_executable() ->
    Args = ["/no/such/program", "x"],
    {error, [{exit_status, 256}, {stderr, Parts}]} =
        proctor:run(Args, [sync, stdout, stderr]),
    ?assertMatch({match, _},
                 re:run(Parts, "^Pid [0-9]+: cannot execute "
                               "'/no/such/program': No such file")),
    {error, [{exit_status, 256}, {stdout, Parts2}]} =
        proctor:run(Args, [sync, stdout, {stderr, stdout}]),
    ?assertMatch({match, _}, re:run(Parts2, "cannot execute")),
    ?assertEqual({error, [{exit_status, 256}]}, proctor:run(Args, [sync])),
    {ok, Pid, OsPid} = proctor:run(Args, [stdout, stderr, monitor]),
    {stderr, OsPid, Text} = next(),
    ?assertEqual(iolist_to_binary(io_lib:format(
                   "Pid ~w: cannot execute '/no/such/program': "
                   "No such file or directory\n", [OsPid])), Text),
    ?assertEqual({'DOWN', OsPid, process, Pid, {exit_status, 256}}, next()),
    {_, Ref} = spawn_monitor(fun() ->
        {ok, _, _} = proctor:run_link(Args, []),
        timer:sleep(infinity)
    end),
    ?assertEqual({exit_status, 256}, down(Ref)),
    {error, [{exit_status, Raw} | _]} =
        proctor:run("/no/such/program", [sync, stdout, stderr]),
    ?assertEqual({status, 127}, proctor:status(Raw)).

unknown_process() ->
    {ok, Pid, OsPid} = proctor:run("true", [monitor]),
    {'DOWN', OsPid, process, Pid, normal} = next(),
    ?assertEqual({error, no_process}, proctor:stop(Pid)),
    ?assertEqual({error, "pid not alive"}, proctor:stop(OsPid)),
    ?assertEqual({error, no_process}, proctor:kill(Pid, sigterm)),
    ?assertEqual({error, no_process}, proctor:send(Pid, <<"x">>)),
    ?assertEqual({error, no_process}, proctor:send(OsPid, eof)),
    ?assertEqual({error, no_process}, proctor:ospid(self())),
    ?assertEqual(undefined, proctor:pid(OsPid)),
    ?assertEqual({error, no_process}, proctor:stop_and_wait(Pid, 1000)),
    ?assertEqual({error, no_process}, proctor:stop_and_wait(OsPid, 1000)).

mailbox() ->
    {ok, Stubborn, StubbornOs} = stubborn(1),
    %% Look-alikes of everything that a careless wait could take.
    Mine = [{stdout, 1, <<"mine">>}, {'DOWN', 1, process, self(), normal},
            {'DOWN', make_ref(), process, self(), normal},
            {make_ref(), ok}, {self(), mine}, {'EXIT', self(), normal}],
    [self() ! Message || Message <- Mine],
    {ok, [{stdout, [<<"x\n">>]}]} = proctor:run("echo x", [sync, stdout]),
    {error, _} = proctor:run("exit 1", [sync]),
    {error, _} = proctor:run("true", [no_such_option]),
    {ok, Pid, OsPid} = proctor:run("exec cat", [stdin]),
    ok = proctor:send(Pid, <<"x">>),
    ?assertEqual(lists:sort([StubbornOs, OsPid]),
                 lists:sort(proctor:which_children())),
    {error, timeout} = proctor:stop_and_wait(Stubborn, 50),
    normal = proctor:stop_and_wait(Pid, ?SOON),
    timer:sleep(50),
    ?assertEqual(Mine, flush()).

debug() ->
    {ok, Old} = proctor:debug(0),
    ?assertEqual({ok, 0}, proctor:debug(Old)),
    ?assertEqual({ok, Old}, proctor:debug(Old)).

already_started() ->
    Pid = whereis(proctor),
    ?assertEqual({error, {already_started, Pid}}, proctor:start()),
    ?assertEqual({error, {already_started, Pid}}, proctor:start([])).

%%% Tests that need a port program of their own

%% What stubs are made of: reading a frame, answering {1, {error, "?"}} to the
%% first request, as one that knows no hello, and {1, {pid, 42}} to the next.
%% printf(1) knows octal.
-define(READ, "dd bs=65536 count=1 >/dev/null 2>&1\n").
-define(READY, ?READ "printf '\\0\\0\\0\\23\\203h\\2a\\1h\\2d\\0\\5errork\\0\\1?'\n").
-define(PID_42,
        "printf '\\0\\0\\0\\17\\203h\\2a\\1h\\2d\\0\\3pida*'\n").

alone_test_() ->
    proctor_case:alone(alone()).

alone() ->
    [{"nothing works without a port program", fun not_started/0},
     {"start-up failures", fun start_failures/0},
     {"options of start", fun start_options/0},
     {"a shutdown ends everything", fun shutdown/0},
     {"a port program that is killed", fun port_killed/0},
     {"a port program that dies silently", fun port_dies/0},
     {"a server that is killed", fun server_killed/0},
     {"the application restarts and stops", fun application_life/0},
     {"replies nobody waits for", fun strange_replies/0},
     {"a reply that never comes", fun lost_reply/0},
     {"native replies in any order", fun any_order/0},
     {"a frame that is no term", fun bad_frame/0},
     {"a port program of the future", fun newer_port/0},
     {"a port program that does not read", fun deaf_port/0}].

not_started() ->
    ?assertEqual({error, not_started}, proctor:run("true", [sync])),
    ?assertEqual({error, not_started}, proctor:which_children()),
    ?assertEqual({error, not_started}, proctor:stop(1)).

start_failures() ->
    ?assertEqual({error, {port_exited_with_status, 2}},
                 refused([{args, ["-no-such-flag"]}])),
    ?assertEqual({error, {no_port_program, ["/no/such/port"]}},
                 proctor:start([{portexe, "/no/such/port"}])),
    ?assertEqual({error, {badopt, {no_such_option, 1}}},
                 proctor:start([{no_such_option, 1}])),
    ?assertEqual({error, {badopt, {alarm, "soon"}}},
                 proctor:start([{alarm, "soon"}])),
    with_stub("exit 4", fun(Stub) ->
        ?assertEqual({error, {port_exited_with_status, 4}},
                     refused([{portexe, Stub}])),
        ok = file:change_mode(Stub, 8#644),
        ?assertEqual({error, {eacces, Stub}},
                     proctor:start([{portexe, Stub}]))
    end),
    [with_stub("exit " ++ integer_to_list(Status), fun(Stub) ->
         [Event | _] = proctor_case:logged(error, fun() ->
             refused([{portexe, Stub}])
         end),
         #{msg := {Format, Args}} = Event,
         ?assertEqual("proctor: the port program did not start: " ++ Why,
                      lists:flatten(io_lib:format(Format, Args)))
     end)
     || {Status, Why} <-
            [{1, "status 1, as the port or what was sent on it is broken"},
             {2, "status 2, as its command line is wrong"},
             {3, "status 3, as -user names nobody"},
             {4, "status 4, as this start is not permitted"},
             {5, "status 5, as one of its own processes has died"},
             {6, "status 6, as the system has refused what a start needs"},
             {7, "status 7"},
             {137, "status 137, by signal 9"}]].

refused(Options) ->
    proctor_case:refused(fun() -> proctor:start(Options) end).

start_options() ->
    with_stub("echo \"$@\" > ${0%/*}/args; echo \"$V\" >> ${0%/*}/args; exit 9",
              fun(Stub) ->
        ?assertEqual({error, {port_exited_with_status, 9}},
                     refused([{portexe, Stub}, {user, nobody},
                              {limit_users, ["a", "b"]}, {alarm, 3},
                              debug, {args, ["-x", "y"]},
                              {env, [{"V", "w"}]}])),
        Args = filename:join(filename:dirname(Stub), "args"),
        ?assertEqual({ok, <<"-p 4 -user nobody -limit-users a,b -alarm 3 "
                            "-debug 1 -x y\nw\n">>}, file:read_file(Args)),
        ?assertEqual({error, {port_exited_with_status, 9}},
                     refused([{portexe, Stub}])),
        Expected = case os:cmd("id -ru") of
                       "0\n" -> <<"-p 4 -user root\n\n">>;
                       _ -> <<"-p 4\n\n">>
                   end,
        ?assertEqual({ok, Expected}, file:read_file(Args))
    end).

shutdown() ->
    {ok, Server} = proctor:start(),
    Port = os_pid(Server),
    {ok, Pid, OsPid} = proctor:run("exec sleep 1000", [monitor]),
    {ok, _, OsPid2} = proctor:run("sleep 1000 & sleep 1000 & echo $!; wait",
                                  [stdout]),
    {stdout, OsPid2, Line} = next(),
    Grandchild = binary_to_integer(string:trim(Line)),
    {_, Ref} = spawn_monitor(fun() ->
        exit(proctor:run("exec sleep 1000", [sync]))
    end),
    wait_until(fun() -> length(proctor:which_children()) =:= 3 end),
    ?assert(alive(Grandchild)),
    ok = gen_server:stop(Server),
    ?assertNot(alive(OsPid)),
    ?assertNot(alive(OsPid2)),
    ?assertNot(alive(Grandchild)),
    ?assertNot(alive(Port)),
    %% To be ended by a shutdown is no success.
    {'DOWN', OsPid, process, Pid, Reason} =
        receive {'DOWN', OsPid, _, _, _} = Down -> Down end,
    ?assertNotEqual(normal, Reason),
    ?assertMatch({error, _}, down(Ref)).

port_killed() ->
    {ok, Server} = proctor:start(),
    ServerRef = monitor(process, Server),
    {ok, Pid, OsPid} = proctor:run("exec sleep 1000", [monitor]),
    Refs = [element(2, spawn_monitor(fun() ->
                exit(proctor:run("exec sleep 1000", [sync]))
            end)) || _ <- lists:seq(1, 10)],
    wait_until(fun() -> length(proctor:which_children()) =:= 11 end),
    OsPids = proctor:which_children(),
    Port = os_pid(Server),
    _ = os:cmd("kill -KILL " ++ integer_to_list(Port)),
    %% What is left of the port program may still say how they ended.
    ?assertEqual({shutdown, {port_closed, 137}}, down(ServerRef)),
    [?assertMatch({error, _}, down(Ref)) || Ref <- Refs],
    {'DOWN', OsPid, process, Pid, Reason} = next(),
    ?assertNotEqual(normal, Reason),
    ?assertEqual({error, not_started}, proctor:which_children()),
    wait_until(fun() -> not lists:any(fun proctor_case:alive/1,
                                       OsPids) end),
    %% And life goes on.
    {ok, Server2} = proctor:start(),
    ?assertEqual({ok, [{stdout, [<<"x\n">>]}]},
                 proctor:run("echo x", [sync, stdout])),
    ok = gen_server:stop(Server2).

%% This one dies without another word, and takes a reply with it.
port_dies() ->
    with_stub(?READY ?READ ?PID_42 ?READ "kill -KILL $$", fun(Stub) ->
        {ok, _} = proctor:start([{portexe, Stub}]),
        {ok, Pid, 42} = proctor:run("cat", [monitor]),
        ?assertEqual({error, port_closed}, proctor:which_children()),
        ?assertEqual({'DOWN', 42, process, Pid, port_closed}, next()),
        ?assertEqual({error, not_started}, proctor:which_children())
    end),
    with_stub(?READY ?READ ?PID_42 "kill -KILL $$", fun(Stub) ->
        {ok, _} = proctor:start([{portexe, Stub}]),
        ?assertEqual({error, {port_closed, []}},
                     proctor:run("cat", [sync]))
    end).

server_killed() ->
    {ok, Server} = proctor:start(),
    Port = os_pid(Server),
    {ok, Pid, OsPid} = proctor:run("exec sleep 1000", [monitor]),
    {_, Ref} = spawn_monitor(fun() ->
        exit(proctor:run("exec sleep 1000", [sync]))
    end),
    wait_until(fun() -> length(proctor:which_children()) =:= 2 end),
    exit(Server, kill),
    ?assertEqual({error, {port_closed, []}}, down(Ref)),
    ?assertEqual({'DOWN', OsPid, process, Pid, port_closed}, next()),
    wait_until(fun() -> not alive(OsPid) andalso not alive(Port) end).

application_life() ->
    ok = application:load(proctor),
    ok = application:set_env(proctor, debug, 0),
    ok = application:start(proctor),
    Server = whereis(proctor),
    ?assertEqual({error, {already_started, Server}}, proctor:start()),
    {ok, Pid, OsPid} = proctor:run("exec sleep 1000", [monitor]),
    _ = os:cmd("kill -KILL " ++ integer_to_list(os_pid(Server))),
    ?assertMatch({'DOWN', OsPid, process, Pid, _}, next()),
    wait_until(fun() -> is_list(proctor:which_children()) end),
    ?assertNotEqual(Server, whereis(proctor)),
    {ok, [{stdout, [<<"x\n">>]}]} = proctor:run("echo x", [sync, stdout]),
    {ok, _, OsPid2} = proctor:run("exec sleep 1000", []),
    Port2 = os_pid(whereis(proctor)),
    ok = application:stop(proctor),
    ?assertNot(alive(OsPid2)),
    ?assertNot(alive(Port2)),
    %% A port program that cannot start is why the application cannot.
    ok = application:set_env(proctor, args, ["-no-such-flag"]),
    {error, {Reason, _}} = application:start(proctor),
    ?assertMatch({shutdown, {failed_to_start_child, proctor,
                             {port_exited_with_status, 2}}},
                 Reason).

strange_replies() ->
    Script = ?READY ?READ
        %% {99, []}, {0, {exit_status, 5, 0}} and {0, []}, then {1, [7]}.
        "printf '\\0\\0\\0\\6\\203h\\2acj'\n"
        "printf '\\0\\0\\0\\31\\203h\\2a\\0h\\3d\\0\\13exit_statusa\\5a\\0'\n"
        "printf '\\0\\0\\0\\6\\203h\\2a\\0j'\n"
        "printf '\\0\\0\\0\\11\\203h\\2a\\1k\\0\\1\\7'\n"
        ?READ "exit 0",
    with_stub(Script, fun(Stub) ->
        {ok, Server} = proctor:start([{portexe, Stub}]),
        ?assertEqual([7], proctor:which_children()),
        ok = gen_server:stop(Server)
    end).

lost_reply() ->
    Script = ?READY
        "while [ -e \"$0\" ] && [ ! -e \"${0%/*}/go\" ]; do sleep 0.01; done\n"
        %% {2, [7]}
        "printf '\\0\\0\\0\\11\\203h\\2a\\2k\\0\\1\\7'\n"
        ?READ ?READ "exit 0",
    with_stub(Script, fun(Stub) ->
        {ok, Server} = proctor:start([{portexe, Stub}]),
        First = gen_server:send_request(Server, list),
        Second = gen_server:send_request(Server, list),
        undefined = proctor:pid(1),
        touch(Stub, "go"),
        ?assertEqual({reply, {error, no_reply}},
                     gen_server:receive_response(First, ?SOON)),
        ?assertEqual({reply, [7]},
                     gen_server:receive_response(Second, ?SOON)),
        exit(Server, kill)
    end).

any_order() ->
    Term = <<131, $h, 2, $a, 1, $h, 2, $w, 2, "ok", $t, 0:32>>,
    Script = ?READ "cat ${0%/*}/answer\n"
        "while [ -e \"$0\" ] && [ ! -e \"${0%/*}/go\" ]; do sleep 0.01; done\n"
        %% {3, [7]}, then {1, [9]} and {2, [8]}
        "printf '\\0\\0\\0\\11\\203h\\2a\\3k\\0\\1\\7'\n"
        "printf '\\0\\0\\0\\11\\203h\\2a\\1k\\0\\1\\11'\n"
        "printf '\\0\\0\\0\\11\\203h\\2a\\2k\\0\\1\\10'\n"
        ?READ ?READ "exit 0",
    with_stub(Script, fun(Stub) ->
        ok = file:write_file(filename:join(filename:dirname(Stub), "answer"),
                             [<<(byte_size(Term)):32>>, Term]),
        {ok, Server} = proctor:start([{portexe, Stub}]),
        Asked = [gen_server:send_request(Server, list) || _ <- [1, 2, 3]],
        undefined = proctor:pid(1),
        touch(Stub, "go"),
        ?assertEqual([{reply, [9]}, {reply, [8]}, {reply, [7]}],
                     [gen_server:receive_response(Request, ?SOON)
                      || Request <- Asked]),
        ?assertMatch({ok, #{pending := 0}}, proctor:info()),
        exit(Server, kill)
    end).

bad_frame() ->
    Script = ?READY ?READ "printf '\\0\\0\\0\\3\\203h\\7'\n" ?READ "exit 0",
    with_stub(Script, fun(Stub) ->
        {ok, Server} = proctor:start([{portexe, Stub}]),
        Ref = monitor(process, Server),
        ?assertEqual({error, port_closed}, proctor:which_children()),
        ?assertEqual({shutdown, {port_closed, bad_frame}}, down(Ref))
    end).

%% Its answer to hello has atoms that nobody here has ever heard of.
newer_port() ->
    Feature = <<"feature_of_the_future">>,
    Term = <<131, $h, 2, $a, 1, $h, 2, $w, 2, "ok", $t, 1:32,
             $w, 8, "features", $l, 1:32, $w, (byte_size(Feature)),
             Feature/binary, $j>>,
    with_stub(?READ "cat ${0%/*}/answer\n" ?READ "exit 0", fun(Stub) ->
        ok = file:write_file(filename:join(filename:dirname(Stub), "answer"),
                             [<<(byte_size(Term)):32>>, Term]),
        {ok, Server} = proctor:start([{portexe, Stub}]),
        {ok, #{dialect := native, hello := #{features := [Found]}}} =
            proctor:info(),
        ?assertEqual(Feature, atom_to_binary(Found)),
        ok = gen_server:stop(Server)
    end).

%% Only those who send to it wait; the server does not. When it ends it waits
%% as long as for any, and then kills it.
deaf_port() ->
    Script = ?READY ?READ ?PID_42
        "while [ -e \"$0\" ]; do sleep 0.01; done",
    with_stub(Script, fun(Stub) ->
        {ok, Server} = proctor:start([{portexe, Stub}, {alarm, 0}]),
        {ok, Pid, 42} = proctor:run("cat", [stdin]),
        Data = binary:copy(<<"x">>, 10000000),
        {_, Ref} = spawn_monitor(fun() -> exit(proctor:send(42, Data)) end),
        timer:sleep(200),
        ?assertEqual(Pid, proctor:pid(42)),
        ok = gen_server:stop(Server, normal, ?SOON),
        ?assertEqual({error, port_closed}, down(Ref)),
        %% Not even the last bytes for it may hold up the node.
        ?assertEqual([], ports(Stub))
    end).

%%% What needs no port program

status_test_() ->
    [?_assertEqual({status, 0}, proctor:status(0)),
     ?_assertEqual({status, 3}, proctor:status(768)),
     ?_assertEqual({status, 255}, proctor:status(16#FF00)),
     ?_assertEqual({signal, 15, false}, proctor:status(15)),
     ?_assertEqual({signal, 11, true}, proctor:status(139)),
     ?_assertEqual({signal, 127, true}, proctor:status(-1))].

signal_test_() ->
    [?_assertEqual(sigkill, proctor:signal(9)),
     ?_assertEqual(15, proctor:signal_to_int(sigterm)),
     ?_assertEqual(9, proctor:signal_to_int(9)),
     ?_assertEqual(99, proctor:signal(99)),
     ?_assertError(badarg, proctor:signal_to_int(signosuch)),
     ?_assertEqual(lists:seq(1, 31),
                   [proctor:signal_to_int(proctor:signal(N))
                    || N <- lists:seq(1, 31)])].

%%% Helpers

ports(Program) ->
    [Port || Port <- erlang:ports(),
             erlang:port_info(Port, name) =:= {name, Program}].

touch(Stub, Name) ->
    ok = file:write_file(filename:join(filename:dirname(Stub), Name), <<>>).
