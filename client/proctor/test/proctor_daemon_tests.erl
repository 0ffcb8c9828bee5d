%% Daemons: how they start and end whatever happens, and what they tell.
-module(proctor_daemon_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [quiet/1, next/0, down/1, flush/0, wait_until/1,
                       alive/1, freeze/1, thaw/1]).

daemon_test_() ->
    proctor_case:daemons(
      [{"what is refused", fun refused/0},
       {"calls wait until it is ready", fun calls_wait/0},
       {"its parent goes before it is ready", fun parent_goes/0},
       {"a check that does not return", fun check_hangs/0},
       {"a check that fails", fun check_fails/0},
       {"a line is told by its bytes", fun ready_bytes/0},
       {"ready by a line that has a text or matches", fun ready_line/0},
       {"ready when a port takes connections", fun ready_tcp/0},
       {"ready when a file is there", fun ready_file/0},
       {"all the time to be ready, and how often it is looked",
        fun ready_times/0},
       {"it ends before it is ready", fun ends_unready/0},
       {"a start that is not waited for", fun later/0},
       {"one that is started later cannot be", fun later_fails/0},
       {"one that is started later is not ready", fun later_unready/0},
       {"what is waited for before", fun wait_for/0},
       {"what is waited for fails", fun wait_fails/0},
       {"who is stopped waits no more", fun wait_stopped/0},
       {"reasons are what functions make of them", fun reasons/0},
       {"names", fun names/0},
       {"a name is free when its start has failed", fun name_again/0},
       {"options with a command among them", fun argv/0},
       {"words and signals for the OS process", fun talk/0},
       {"a signal to stop with", fun stop_signal/0},
       {"the signal is for its group", fun signal_group/0},
       {"a flood while it stops", fun flood/0},
       {"a silent port program", fun silent/0},
       {"a process that it is linked to", fun linked/0},
       {"nobody reads its arguments", fun secrets/0},
       {"who is not coming back is forgotten", fun forgotten/0}]).

start(Script, Options) ->
    proctor_daemon:start_link("sh", ["-c", Script], Options).

stop(Daemon) ->
    ok = proctor_daemon:stop(Daemon),
    receive {'EXIT', Daemon, normal} -> ok after 0 -> ok end.

%% Another process starts it, and waits.
starting(Name, Script, Options) ->
    Self = self(),
    Parent = spawn(fun() ->
                 Self ! {started, start(Script, [{name, Name} | Options])},
                 receive stop -> ok end
             end),
    wait_until(fun() -> is_pid(whereis(Name)) end),
    wait_until(fun() -> length(proctor:which_children()) =:= 1 end),
    {Parent, whereis(Name)}.

refused() ->
    [?assertMatch({error, {options, einval, _}},
                  proctor_daemon:start_link("sleep", ["1000"], [Bad]))
     || Bad <- [{log, warn}, {ready, {line, "("}}, {ready, fun(_) -> true end},
                {ready_timeout, -1}, {log_metadata, []}, {output, foo},
                {max_line, 0}, {exit_to_reason, normal}, {name, "name"},
                {name, {local, "name"}},
                {name, {via, "m", n}}, {start, soon},
                {wait_for, fun(_) -> ok end},
                {error_to_reason, fun() -> ok end}, {ready_poll, 0},
                {ready_timeout, never}, {ready, {text, ""}},
                {ready, {tcp, 0}}, {ready, {tcp, "", 80}},
                {ready, {tcp, "localhost", 65536}}, {ready, {file, ""}},
                {ready, {line, {re_pattern, 0, 0, 0, <<>>}}},
                {output, {send, pid}}, {output, {m, f, a}},
                {output, fun() -> ok end}, {output_as, bytes},
                {output_as, chunks},
                {long_lines, keep}, {last_line, cut},
                {log_transform, fun() -> ok end},
                {stop_signal, sigfoo}, {timeot, 1}]],
    ?assertEqual([], flush()),
    ?assertEqual([], proctor:which_children()).

%% Neither they nor what is for the system are taken for something else.
calls_wait() ->
    {Parent, Daemon} = starting(d, "read x; echo ready; exec sleep 1000",
                                [stdin, {log, none},
                                 {ready, {line, "^ready$"}}]),
    Self = self(),
    [spawn_link(fun() -> Self ! {answer, Call()} end)
     || Call <- [fun() -> proctor_daemon:ospid(d) end,
                 fun() ->
                     {status, Pid, _, _} = sys:get_status(Daemon, infinity),
                     Pid
                 end]],
    wait_until(fun() ->
        {message_queue_len, 2} =:= process_info(Daemon, message_queue_len)
    end),
    [OsPid] = proctor:which_children(),
    ok = proctor:send(OsPid, "\n"),
    ?assertEqual({started, {ok, Daemon}}, next()),
    ?assertEqual(lists:sort([{answer, OsPid}, {answer, Daemon}]),
                 lists:sort([answer(), answer()])),
    ok = stop(Daemon),
    Parent ! stop.

answer() ->
    receive {answer, _} = Answer -> Answer end.

parent_goes() ->
    Blocks = fun() -> timer:sleep(infinity) end,
    [begin
         {Parent, Daemon} = starting(d, "exec sleep 1000",
                                     [{ready, Ready}, {log, none},
                                      {ready_timeout, 50000}]),
         [OsPid] = proctor:which_children(),
         Ref = monitor(process, Daemon),
         exit(Parent, kill),
         ?assertEqual(killed, down(Ref)),
         ?assertNot(alive(OsPid))
     end || Ready <- [{line, "never"}, Blocks]].

check_hangs() ->
    Self = self(),
    Ready = fun() -> Self ! {asked, self()}, timer:sleep(infinity) end,
    ?assertEqual({error, {not_ready, 100}},
                 start("echo why; exec sleep 1000",
                       [{ready, Ready}, {ready_timeout, 100},
                        {output, Self}])),
    [Asker] = [Pid || {asked, Pid} <- flush()],
    wait_until(fun() -> not is_process_alive(Asker) end).

check_fails() ->
    ?assertMatch({error, {not_ready, {oops, [_ | _]}}},
                 start("exec sleep 1000", [{ready, fun() -> error(oops) end},
                                           {log, none}])).

ready_bytes() ->
    [begin
         {ok, Daemon} = start("printf '\\377 gr\\303\\274n\\n'; "
                              "exec sleep 1000",
                              [{ready, {line, Line}}, {log, none}]),
         ok = stop(Daemon)
     end || Line <- [[$g, $r, 252, $n, $$], <<"gr", 195, 188, "n$">>]].

ready_line() ->
    {ok, Unicode} = re:compile("gr\\x{fc}n", [unicode]),
    [begin
         {ok, Daemon} = start("printf 'a\\n\\377 (gr\\303\\274n)\\n'; "
                              "exec sleep 1000",
                              [{ready, Ready}, {log, none},
                               {ready_timeout, infinity} | More]),
         ?assertMatch(#{ready := true, bytes := 12},
                      proctor_daemon:statistics(Daemon)),
         ok = stop(Daemon)
     end || Ready <- [{text, "(gr"}, {text, <<"n)">>}, {line, Unicode}],
            More <- [[], [{output, fun(_, _) -> ok end},
                          {output_as, chunks}]]].

%% Where it listens is known when it is not yet: nobody else has the port.
ready_tcp() ->
    {ok, Socket} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}},
                                      {reuseaddr, true}]),
    {ok, Port} = inet:port(Socket),
    ok = gen_tcp:close(Socket),
    Self = self(),
    _ = spawn_link(fun() ->
            Self ! {started, start("exec sleep 1000",
                                   [{ready, {tcp, Port}}, {log, none},
                                    {ready_poll, 1}, {name, d}])},
            receive stop -> ok end
        end),
    wait_until(fun() -> length(proctor:which_children()) =:= 1 end),
    ?assertEqual([], flush()),
    {ok, Listen} = gen_tcp:listen(Port, [{ip, {127, 0, 0, 1}},
                                         {reuseaddr, true}]),
    {started, {ok, Daemon}} = next(),
    ok = gen_tcp:close(Listen),
    ok = stop(Daemon),
    ?assertEqual({error, {not_ready, 50}},
                 start("exec sleep 1000",
                       [{ready, {tcp, {127, 0, 0, 1}, Port}}, {log, none},
                        {ready_timeout, 50}])).

%% A relative name is one where the OS process is.
ready_file() ->
    proctor_case:with_dir(fun(Dir) ->
        {ok, Daemon} = start("read x; touch it; exec sleep 1000",
                             [{cd, Dir}, {ready, {file, "it"}}, {log, none},
                              {start, later}, stdin]),
        ok = proctor_daemon:send(Daemon, "go\n"),
        wait_until(fun() ->
            maps:get(ready, proctor_daemon:statistics(Daemon))
        end),
        ?assert(filelib:is_file(filename:join(Dir, "it"))),
        ok = stop(Daemon)
    end).

ready_times() ->
    Asked = counters:new(1, []),
    Ready = fun() ->
                counters:add(Asked, 1, 1),
                counters:get(Asked, 1) > 200
            end,
    {ok, Daemon} = start("exec sleep 1000",
                         [{ready, Ready}, {ready_poll, 1},
                          {ready_timeout, infinity}, {log, none}]),
    ok = stop(Daemon).

ends_unready() ->
    [?assertEqual({error, {ended, {exited, 7}}},
                  start("exit 7", [{ready, Ready}, {log, none}]))
     || Ready <- [{text, "x"}, fun() -> timer:sleep(infinity) end]],
    ?assertEqual([], flush()).

%%% Later

later() ->
    {ok, Daemon} = start("exec sleep 1000",
                         [{start, later}, {log, none},
                          {ready, {line, "never"}}]),
    OsPid = proctor_daemon:ospid(Daemon),
    ?assert(alive(OsPid)),
    ?assertMatch(#{ready := false}, proctor_daemon:statistics(Daemon)),
    ok = stop(Daemon),
    ?assertNot(alive(OsPid)),
    %% Its end is told, and not that it could not be asked.
    {ok, Short} = start("exit 3", [{start, later}, {log, none}]),
    ?assertEqual({exited, 3}, down(monitor(process, Short))),
    ?assertEqual({'EXIT', Short, {exited, 3}}, next()).

later_fails() ->
    [begin
         {ok, Daemon} = proctor_daemon:start_link(
                          Command, [], [{start, later} | Options]),
         ?assertEqual({'EXIT', Daemon, Reason}, next())
     end || {Command, Options, Reason} <-
                [{"no-such-command", [],
                  {spawn, {exec, enoent, <<"no-such-command">>}}},
                 {"true", [{cd, "/no/such"}],
                  {spawn, {chdir, enoent, <<"/no/such">>}}},
                 {"no-such-command",
                  [{error_to_reason, fun({exec, enoent, _}) -> mine end}],
                  mine}]],
    ?assertMatch({error, {options, einval, _}},
                 proctor_daemon:start_link("true", [], [{start, later},
                                                        {timeot, 1}])),
    ?assertEqual([], flush()).

later_unready() ->
    [begin
         {ok, Daemon} = start(Script, [{start, later}, {log, none},
                                       {ready_timeout, Ms} | Options]),
         ?assertEqual({'EXIT', Daemon, Reason}, next())
     end || {Script, Ms, Options, Reason} <-
                [{"exec sleep 1000", 50, [{ready, {line, "never"}}],
                  {not_ready, 50}},
                 {"exit 7", 50000, [{ready, {line, "never"}}],
                  {ended, {exited, 7}}},
                 {"exec sleep 1000", 50,
                  [{ready, {line, "never"}},
                   {error_to_reason, fun({not_ready, 50}) -> mine end}],
                  mine}]].

%%% Before

%% Whether the start is waited for or not.
wait_for() ->
    Self = self(),
    Fun = fun() ->
              Self ! {asked, self()},
              receive go -> anything end
          end,
    {ok, Daemon} = start("exec sleep 1000", [{start, later}, {log, none},
                                             {wait_for, Fun}]),
    {asked, Waiter} = next(),
    ?assertEqual(undefined, proctor_daemon:ospid(Daemon)),
    ?assertEqual({error, no_process}, proctor_daemon:send(Daemon, "x")),
    ?assertEqual({error, no_process}, proctor_daemon:signal(Daemon, 0)),
    ?assertEqual([], proctor:which_children()),
    Waiter ! go,
    wait_until(fun() -> is_integer(proctor_daemon:ospid(Daemon)) end),
    ok = stop(Daemon),
    {ok, Other} = start("exec sleep 1000",
                        [{log, none},
                         {wait_for, fun() -> Self ! early end}]),
    ?assertEqual(early, next()),
    ok = stop(Other).

wait_fails() ->
    Fun = fun() -> error(oops) end,
    {ok, Daemon} = start("exec sleep 1000", [{start, later}, {log, none},
                                             {wait_for, Fun}]),
    ?assertMatch({'EXIT', Daemon, {oops, [_ | _]}}, next()),
    ?assertMatch({error, {oops, [_ | _]}},
                 start("exec sleep 1000", [{log, none}, {wait_for, Fun}])).

wait_stopped() ->
    Self = self(),
    Fun = fun() -> Self ! self(), timer:sleep(infinity) end,
    Stops = [fun proctor_daemon:stop/1,
             fun(Daemon) -> proctor_daemon:stop(Daemon, sigint) end],
    [begin
         {ok, Daemon} = start("exec sleep 1000", [{start, later}, {log, none},
                                                  {wait_for, Fun}]),
         Waiter = next(),
         ok = Stop(Daemon),
         ?assertEqual({'EXIT', Daemon, normal}, next()),
         wait_until(fun() -> not is_process_alive(Waiter) end)
     end || Stop <- Stops].

%%% Reasons

reasons() ->
    Mine = [{error_to_reason, fun(Reason) -> {mine, Reason} end},
            {exit_to_reason, fun(#{status := Status}) -> {my, Status} end},
            {log, none}],
    ?assertEqual({error, {mine, {exec, enoent, <<"no-such-command">>}}},
                 proctor_daemon:start_link("no-such-command", [], Mine)),
    ?assertEqual({error, {mine, {ended, {my, {exited, 7}}}}},
                 start("exit 7", [{ready, {line, "x"}} | Mine])),
    %% Nothing else has come, and not in other words.
    ?assertEqual([], flush()),
    {ok, Daemon} = start("read x; exit 3", [stdin | Mine]),
    ok = proctor_daemon:send(Daemon, "\n"),
    ?assertEqual({'EXIT', Daemon, {my, {exited, 3}}}, next()),
    {ok, Other} = start("exit 3", [{log, none},
                                   {exit_to_reason, fun(#{}) -> error(a) end}]),
    ?assertMatch({'EXIT', Other, {a, [_ | _]}}, next()),
    proctor_case:with_fake(dies, [{name, fake}], fun(Server) ->
        {ok, Last} = start("exec sleep 1000", [{instance, Server} | Mine]),
        ?assertEqual({'EXIT', Last, {mine, port_closed}}, next())
    end).

%%% Names

names() ->
    Via = {via, global, {some, 1}},
    [begin
         {ok, Daemon} = start("exec sleep 1000", [{name, Name}, {log, none}]),
         ?assertEqual(proctor_daemon:ospid(Daemon),
                      proctor_daemon:ospid(Known)),
         ?assertEqual({error, {already_started, Daemon}},
                      start("exec sleep 1000", [{name, Name}, {log, none}])),
         ?assertMatch(#{id := Id},
                      proctor_daemon:child_spec({"true", [],
                                                 [{name, Name}]})),
         ok = proctor_daemon:stop(Known),
         ?assertEqual({'EXIT', Daemon, normal}, next()),
         ?assertEqual([], flush())
     end || {Name, Known, Id} <- [{d, d, d}, {{local, d}, d, d},
                                  {{global, "d"}, {global, "d"},
                                   {global, "d"}}, {Via, Via, Via}]].

%% Who registers names may be slow to hear of an end.
name_again() ->
    [begin
         {error, {ended, normal}} =
             start("exit 0", [{name, Name}, {log, none}, {ready, {text, "x"}}]),
         {ok, Daemon} = start("exec sleep 1000", [{name, Name}, {log, none}]),
         ok = stop(Daemon),
         _ = proctor_test_names:unregister_name(d),
         wait_until(fun() -> global:whereis_name(d) =:= undefined end)
     end || Name <- [d, {global, d}, {via, proctor_test_names, d}],
            _ <- lists:seq(1, 5)].

argv() ->
    Options = [{log, none}, {argv, ["sleep", "1000"]}, {name, d}],
    {ok, Daemon} = proctor_daemon:start_link(Options),
    ok = stop(Daemon),
    #{id := d, start := {Module, Function, Args}} =
        proctor_daemon:child_spec(Options),
    {ok, Other} = apply(Module, Function, Args),
    ok = stop(Other),
    [?assertEqual({error, {options, einval, What}},
                  proctor_daemon:start_link(Wrong))
     || {Wrong, What} <- [{[{log, none}], command}, {[{argv, []}], command},
                          {[{argv, "true"}], {arg, 1}}]].

talk() ->
    {ok, Daemon} = start("trap 'echo usr; exit 4' USR1; read x; echo $x; "
                         "while :; do sleep 0.01; done",
                         [stdin, {output, self()}]),
    ok = proctor_daemon:send(Daemon, "hi\n"),
    ?assertEqual({proctor_daemon, Daemon, stdout, <<"hi">>}, next()),
    ok = proctor_daemon:send(Daemon, eof, [{timeout, 10000}]),
    ?assertEqual({error, closed}, proctor_daemon:send(Daemon, "more")),
    ok = proctor_daemon:signal(Daemon, sigusr1),
    ?assertEqual({proctor_daemon, Daemon, stdout, <<"usr">>}, next()),
    ?assertEqual({'EXIT', Daemon, {exited, 4}}, next()).

%% The one that obeys, and the one that does not.
stop_signal() ->
    {ok, Daemon} = start("trap 'echo int; exit 0' INT; trap '' TERM; echo on; "
                         "while :; do sleep 0.01; done",
                         [{ready, {line, "on"}}, {output, self()},
                          {kill_timeout, 60}]),
    ?assertEqual({error, einval}, proctor_daemon:stop(Daemon, sigfoo)),
    ok = proctor_daemon:stop(Daemon, sigint),
    ?assertEqual([{proctor_daemon, Daemon, stdout, <<"on">>},
                  {proctor_daemon, Daemon, stdout, <<"int">>},
                  {'EXIT', Daemon, normal}], flush()),
    {ok, Deaf} = start("trap '' INT; trap 'echo term; exit 3' TERM; echo on; "
                       "while :; do sleep 0.01; done",
                       [{name, d}, {ready, {line, "on"}}, {output, self()},
                        {kill_timeout, 1}]),
    ok = proctor_daemon:stop(d, sigint),
    ?assertEqual([{proctor_daemon, Deaf, stdout, <<"on">>},
                  {proctor_daemon, Deaf, stdout, <<"term">>},
                  {'EXIT', Deaf, normal}],
                 [Message || Message <- flush(),
                             element(3, Message) =/= stderr]),
    ?assertEqual([], ets:lookup(proctor_daemon_restarts, d)).

%% No shell sends it, and not to the leader alone.
signal_group() ->
    Script = "sh -c 'trap \"echo inner; exit\" USR1; echo on >&2; "
             "while :; do sleep 0.01; done' & "
             "trap 'wait; echo outer; exit' USR1; wait; wait",
    {ok, Daemon} = start(Script, [{stop_signal, sigusr1},
                                  {ready, {line, "on"}}, {output, self()}]),
    ok = stop(Daemon),
    ?assertEqual([<<"inner">>, <<"outer">>],
                 [Line || {proctor_daemon, _, stdout, Line} <- flush()]).

%% Its output goes on at the pace at which it is taken.
flood() ->
    Most = atomics:new(1, []),
    Fun = fun(stdout, _) ->
                  {message_queue_len, Now} =
                      process_info(self(), message_queue_len),
                  Now > atomics:get(Most, 1) andalso atomics:put(Most, 1, Now),
                  timer:sleep(5);
             (stderr, _) ->
                  ok
          end,
    {ok, Daemon} = start("trap '' TERM; echo on >&2; exec cat /dev/zero",
                         [{output, Fun}, {kill_timeout, 1},
                          {ready, {line, "on"}}]),
    ok = stop(Daemon),
    ?assert(atomics:get(Most, 1) < 64).

silent() ->
    {ok, Daemon} = start("exec sleep 1000", [{kill_timeout, 0}, {log, none}]),
    OsPid = proctor_daemon:ospid(Daemon),
    Parts = proctor_case:parts(proctor_case:os_pid(proctor)),
    ok = freeze(Parts),
    ok = stop(Daemon),
    ?assert(alive(OsPid)),
    ok = thaw(Parts),
    wait_until(fun() -> not alive(OsPid) end).

linked() ->
    Self = self(),
    Fun = fun(_, Line) ->
                  Pid = spawn_link(fun() -> ok end),
                  Ref = monitor(process, Pid),
                  receive {'DOWN', Ref, _, _, _} -> Self ! Line end
          end,
    {ok, Daemon} = start("echo a; echo b; exec sleep 1000", [{output, Fun}]),
    ?assertEqual([<<"a">>, <<"b">>], [next(), next()]),
    ?assertMatch(#{lines := 2}, proctor_daemon:statistics(Daemon)),
    ok = stop(Daemon).

%% Not in its state, which is logged where it ends with a failure, nor in what
%% is kept of it.
secrets() ->
    Events = logged(fun() ->
        {ok, Daemon} = proctor_daemon:start_link(
                         "sh", ["-c", "read x; exit 3", "s3cret"],
                         [{env, [{"X", "s3cret"}]}, stdin, {log, error}]),
        Status = io_lib:format("~0p", [sys:get_status(Daemon)]),
        ?assertEqual(nomatch, string:find(Status, "s3cret")),
        ok = proctor:send(proctor_daemon:ospid(Daemon), "\n"),
        ?assertEqual({exited, 3},
                     receive {'EXIT', Daemon, Reason} -> Reason end)
    end),
    ?assertNotEqual([], Events),
    [?assertEqual(nomatch, string:find(io_lib:format("~0p", [Event]),
                                       "s3cret")) || Event <- Events],
    Kept = io_lib:format("~0p", [ets:tab2list(proctor_daemon_restarts)]),
    ?assertEqual(nomatch, string:find(Kept, "s3cret")).

forgotten() ->
    Old = [{{old, N}, 1, none, -1 bsl 60} || N <- lists:seq(1, 1001)],
    true = ets:insert(proctor_daemon_restarts, Old),
    {ok, Daemon} = start("exit 3", [{name, d}, {log, none}]),
    ?assertEqual({'EXIT', Daemon, {exited, 3}}, next()),
    ?assertEqual([], [Key || {{old, _} = Key, _, _, _}
                                 <- ets:tab2list(proctor_daemon_restarts)]),
    ?assertMatch([_], ets:lookup(proctor_daemon_restarts, d)).

logged(Fun) ->
    proctor_case:logged(error, Fun).
