%% That what is said of an end is so, that everybody is answered, and that
%% nothing is said that nobody may know.
-module(proctor_truth_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0, next/1, down/1, wait_until/1, alive/1,
                       flush/0, signal/2]).

%% Its time is over, and it calls that a success.
-define(OBEYS, "trap 'exit 0' TERM; echo on; while :; do sleep 0.05; done").

native_test_() ->
    both([]).

exec_port_test_() ->
    both([{dialect, exec_port}]).

both(Options) ->
    proctor_case:cases(Options,
                       [{"a timeout says so in every shape", fun shapes/0},
                        {"what is stopped ends normally",
                         fun stopped_in_a_crowd/0},
                        {"run that is given up leaves no message",
                         fun given_up/0},
                        {"a stream that nobody takes", fun nobody_takes/0}]).

alone_test_() ->
    proctor_case:alone(cases()).

cases() ->
    [{"what has ended a cmd", fun cmd_endings/0},
     {"the port program is killed", fun port_killed/0},
     {"the server is killed", fun server_killed/0},
     {"an exit is believed", fun believed/0},
     {"what has ended waits for its reader", fun drains/0},
     {"a launcher that has died", fun launcher_down/0},
     {"the scope of the groups dies", fun scope_dies/0},
     {"the tables die", fun tables_die/0},
     {"a silent port program", fun silent/0},
     {"a port program that never answered", fun never_answered/0},
     {"a reader that takes its time is not silence", fun slow_reader/0},
     {"a port program that is stopped", fun stopped_port/0},
     {"a send to a port that does not read", fun deaf/0},
     {"an instance that says nothing is restarted", fun unresponsive/0},
     {"a slow answer finds nobody", fun too_late/0},
     {"new code, twice", fun new_code/0},
     {"new code while the writer waits", fun new_code_writer/0},
     {"sys", fun sys/0},
     {"a fault says no secret", fun faults/0},
     {"a supervisor reports no secret", fun supervisors/0},
     {"logs name the program", fun logs/0}].

fake(Mode, Fun) ->
    fake(Mode, [], Fun).

fake(Mode, Options, Fun) ->
    proctor_case:with_fake(Mode, Options, Fun).

%% Those whose result is only known when others have theirs.
at_once(Funs) ->
    Refs = [element(2, spawn_monitor(fun() -> exit({result, Fun()}) end))
            || Fun <- Funs],
    [begin {result, Result} = down(Ref), Result end || Ref <- Refs].

%%% How it ended

shapes() ->
    Limit = {timeout, 300},
    Self = self(),
    [Sync, Monitor, Link, Fold, Cmd, Pipe] = at_once([
        fun() -> proctor:run(?OBEYS, [sync, stdout, Limit]) end,
        fun() ->
            {ok, Pid, OsPid} = proctor:run(?OBEYS, [monitor, exit, Limit]),
            {exit, OsPid, Exit} = next(),
            {'DOWN', OsPid, process, Pid, Reason} = next(),
            {Reason, maps:get(reason, Exit)}
        end,
        fun() ->
            process_flag(trap_exit, true),
            {ok, Pid, _} = proctor:run_link(?OBEYS, [Limit]),
            {'EXIT', Pid, Reason} = next(),
            Reason
        end,
        fun() ->
            proctor:fold_lines(fun(L, A) -> [L | A] end, [], ?OBEYS, [Limit])
        end,
        fun() ->
            proctor:cmd("sh", ["-c", ?OBEYS], [Limit, {kill_timeout, 5}])
        end,
        fun() ->
            proctor:pipe([{"sh", ["-c", ?OBEYS]}, {"cat", []}],
                         [Limit, {kill_timeout, 5}])
        end]),
    ?assertMatch({error, {timeout, [{exit_status, 0},
                                    {stdout, [<<"on\n">>]}]}}, Sync),
    ?assertEqual({timeout, timeout}, Monitor),
    ?assertEqual(timeout, Link),
    ?assertMatch({ok, [<<"on">>], #{reason := timeout}}, Fold),
    ?assertMatch({error, {timeout, etimedout, #{stdout := <<"on\n">>,
                                                reason := timeout,
                                                killed := false,
                                                truncated := []}}}, Cmd),
    ?assertMatch({error, {timeout, etimedout, #{reason := timeout}}}, Pipe),
    ?assertEqual(Self, self()),
    ?assertEqual({ok, []}, proctor:run("exit 0", [sync, {timeout, 60000}])).

%% Others' replies are under way all the time: the exit may come before the
%% answer to the stop.
stopped_in_a_crowd() ->
    Over = counters:new(1, []),
    Callers = [spawn_monitor(fun() -> busy(Over) end)
               || _ <- lists:seq(1, 5)],
    Ends = [begin
                {ok, Pid, OsPid} = proctor:run("exec sleep 1000", [monitor]),
                ok = proctor:stop(Pid),
                {'DOWN', OsPid, process, Pid, Reason} = next(),
                Reason
            end || _ <- lists:seq(1, 100)],
    counters:add(Over, 1, 1),
    [normal = down(Ref) || {_, Ref} <- Callers],
    ?assertEqual([normal], lists:usort(Ends)).

busy(Over) ->
    {ok, []} = proctor:run("true", [sync]),
    counters:get(Over, 1) > 0 orelse busy(Over).

cmd_endings() ->
    {ok, _} = application:ensure_all_started(proctor),
    Hour = {timeout, 3600000},
    Cmd = fun() ->
              spawn_monitor(fun() ->
                  exit(proctor:cmd("sh", ["-c", "echo on; exec sleep 1000"],
                                   [Hour]))
              end)
          end,
    {_, A} = Cmd(),
    ok = proctor:stop(written()),
    ?assertMatch({ok, #{reason := stopped, stdout := <<"on\n">>}}, down(A)),
    {_, B} = Cmd(),
    {_, Sync} = spawn_monitor(fun() ->
        exit(proctor:run("echo on; exec sleep 1000", [sync, stdout, Hour]))
    end),
    _ = [written(OsPid) || OsPid <- started(2)],
    ok = application:stop(proctor),
    ?assertMatch({error, {port, eio, #{reason := port_closed,
                                       stdout := <<"on\n">>}}}, down(B)),
    ?assertEqual({error, {port_closed, [{stdout, [<<"on\n">>]}]}},
                 down(Sync)).

started(Count) ->
    wait_until(fun() -> length(proctor:which_children()) =:= Count end),
    proctor:which_children().

written() ->
    [OsPid] = started(1),
    written(OsPid).

%% The first that it wrote has come here.
written(OsPid) ->
    wait_until(fun() ->
        {ok, #{children := Children}} = proctor:info(),
        [] =/= [1 || #{ospid := Each, bytes := #{stdout := N}} <- Children,
                     Each =:= OsPid, N > 0]
    end),
    OsPid.

port_killed() ->
    {ok, Server} = proctor:start(),
    Ref = monitor(process, Server),
    Text = "echo on; exec sleep 1000",
    Refs = [element(2, spawn_monitor(fun() -> exit(Fun()) end))
            || Fun <- [fun() -> proctor:cmd("sh", ["-c", Text],
                                            [{timeout, 3600000}]) end,
                       fun() -> proctor:run(Text, [sync, stdout]) end,
                       fun() -> proctor:pipe([{"sh", ["-c", Text]},
                                              {"cat", []}], []) end]],
    _ = [written(OsPid) || OsPid <- started(3)],
    ok = signal("KILL", [proctor_case:os_pid(proctor)]),
    [Cmd, Sync, Pipe] = [down(Each) || Each <- Refs],
    ?assertMatch({error, {port, eio, #{reason := port_closed,
                                       stdout := <<"on\n">>}}}, Cmd),
    ?assertEqual({error, {port_closed, [{stdout, [<<"on\n">>]}]}}, Sync),
    ?assertMatch({error, {port, eio, #{reason := port_closed,
                                       stdout := <<"on\n">>}}}, Pipe),
    {shutdown, {port_closed, 137}} = down(Ref),
    ?assertEqual({error, not_started}, proctor:run("true", [sync])),
    ?assertEqual({error, {port, eio, not_started}}, proctor:cmd("true", [])).

%% The program of the port may die without another word, too, and so may the
%% server.
server_killed() ->
    fake(dies, fun(_) ->
        ?assertEqual({error, {port_closed, [{stdout, [<<"so far\n">>]}]}},
                     proctor:run("x", [sync, stdout]))
    end),
    fake(dies, fun(_) ->
        ?assertMatch({error, {port, eio, #{status := unknown, ospid := 42,
                                           reason := port_closed,
                                           stdout := <<"so far\n">>}}},
                     proctor:cmd("true", []))
    end),
    {ok, Server} = proctor:start(),
    {_, Ref} = spawn_monitor(fun() ->
        exit(proctor:run("echo on; exec sleep 1000", [sync, stdout]))
    end),
    OsPid = written(),
    exit(Server, kill),
    ?assertEqual({error, {port_closed, [{stdout, [<<"on\n">>]}]}}, down(Ref)),
    wait_until(fun() -> not alive(OsPid) end).

believed() ->
    Run = fun(Options) -> proctor:run("x", [stdout | Options]) end,
    fake(old, fun(_) ->
        ?assertEqual({ok, []}, Run([sync])),
        ?assertMatch({ok, #{reason := stopped, killed := true,
                            truncated := []}}, proctor:cmd("true", []))
    end),
    fake(cut, fun(_) ->
        ?assertEqual({ok, [{stdout, [<<"so far\n">>]},
                           {truncated, [stdout]}]}, Run([sync])),
        ?assertMatch({ok, #{truncated := [stdout]}}, proctor:cmd("true", []))
    end),
    fake(shutdown, fun(_) ->
        ?assertEqual({error, {port_closed, [{stdout, [<<"so far\n">>]}]}},
                     Run([sync])),
        ?assertMatch({error, {port, eio, #{reason := port_closed,
                                           status := {signaled, 15, _}}}},
                     proctor:cmd("true", []))
    end),
    fake(timeout, fun(_) ->
        {ok, Pid, 42} = Run([monitor, exit]),
        ?assertEqual({stdout, 42, <<"so far\n">>}, next()),
        ?assertMatch({exit, 42, #{reason := timeout, killed := true}},
                     next()),
        ?assertEqual({'DOWN', 42, process, Pid, timeout}, next())
    end).

%% What is known of it does not depend on the port program any more.
drains() ->
    {ok, Server} = proctor:start(),
    {ok, Pid, OsPid} = proctor:run("echo on", [stdout, monitor,
                                               {active, false}]),
    wait_until(fun() -> proctor:which_children() =:= [] end),
    Ref = monitor(process, Server),
    ok = signal("KILL", [proctor_case:os_pid(proctor)]),
    {shutdown, _} = down(Ref),
    ?assertEqual({ok, <<"on\n">>}, proctor:recv(Pid, 0)),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()).

%%% What is known of an instance

launcher_down() ->
    fake(launcher, fun(_) ->
        {ok, #{launchers_down := []}} = proctor:info(),
        ?assertEqual([], proctor:which_children()),
        ?assertMatch({ok, #{launchers_down := [<<"alice">>]}},
                     proctor:info()),
        ok = proctor:i()
    end).

scope_dies() ->
    {ok, Alone} = proctor:start([{name, alone}, {groups, [some]}]),
    ok = scope_killed([{alone, [Alone]}, {some, [Alone]}]),
    {ok, _} = application:ensure_all_started(proctor),
    Server = whereis(proctor),
    [ok = scope_killed([{alone, [Alone]}, {proctor, [Server]}])
     || _ <- [1, 2, 3]],
    {ok, Pid, _} = proctor:run_on(some, "exec sleep 1000"),
    normal = proctor:stop_and_wait(Pid, 10000),
    ok = gen_server:stop(Alone).

scope_killed(Expected) ->
    Scope = whereis(proctor_pg),
    exit(Scope, kill),
    wait_until(fun() ->
        whereis(proctor_pg) =/= Scope andalso
            [{Group, proctor_nodes:members(Group)}
             || {Group, _} <- Expected] =:= Expected
    end).

%% With the application, without it, and when that starts or stops.
tables_die() ->
    {ok, Alone} = proctor:start([{name, alone}]),
    Run = fun(Name) ->
              {ok, Pid, OsPid} = proctor:run("exec sleep 1000",
                                             [{instance, Name}]),
              {Pid, OsPid}
          end,
    Found = fun(Runs) ->
                wait_until(fun() ->
                    [proctor:ospid(Pid) || {Pid, _} <- Runs]
                        =:= [OsPid || {_, OsPid} <- Runs]
                end)
            end,
    Kill = fun() ->
               Ref = monitor(process, proctor_tables),
               exit(whereis(proctor_tables), kill),
               killed = down(Ref)
           end,
    One = Run(alone),
    _ = Kill(),
    ok = Found([One]),
    {ok, _} = application:ensure_all_started(proctor),
    Two = Run(proctor),
    _ = [begin _ = Kill(), ok = Found([One, Two]) end || _ <- [1, 2, 3]],
    Three = Run(proctor),
    ok = Found([Three]),
    ok = application:stop(proctor),
    {Pid, OsPid} = One,
    ok = Found([One]),
    ?assertEqual({error, no_process}, proctor:ospid(element(1, Two))),
    _ = Kill(),
    ok = Found([One]),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 30000)),
    ?assertNot(alive(OsPid)),
    ok = gen_server:stop(Alone).

%%% Silence

silent() ->
    Limit = [{timeout, 200}, {kill_timeout, 0}],
    Cases = [fun(At) -> proctor:cmd("true", [], [At | Limit]) end,
             fun(At) -> proctor:run("x", [At, sync, stdout | Limit]) end,
             fun(At) ->
                 {ok, Pid, 42} = proctor:run("x", [At, monitor | Limit]),
                 {'DOWN', 42, process, Pid, Reason} = next(20000),
                 Reason
             end,
             fun(At) ->
                 proctor:fold_lines(fun(_, A) -> A end, 0, "x", [At | Limit])
             end,
             fun(At) ->
                 {ok, Pid, 42} = proctor:run("x", [At]),
                 proctor:stop_and_wait(Pid, 200)
             end],
    [Cmd, Sync, Monitor, Fold, Stop] = at_once(
        [fun() ->
             Name = list_to_atom("silent" ++ integer_to_list(N)),
             fake(deaf_after_run, [{name, Name}],
                  fun(_) -> Case({instance, Name}) end)
         end || {N, Case} <- lists:zip(lists:seq(1, length(Cases)), Cases)]),
    ?assertMatch({error, {port, etimedout,
                          #{reason := no_answer, status := unknown,
                            ospid := 42, stdout := <<"so far\n">>}}}, Cmd),
    ?assertEqual({error, {no_answer, [{stdout, [<<"so far\n">>]}]}}, Sync),
    ?assertEqual(no_answer, Monitor),
    ?assertMatch({error, {no_answer, 0, #{reason := no_answer}}}, Fold),
    ?assertEqual({error, timeout}, Stop).

never_answered() ->
    Limit = [{timeout, 200}, {kill_timeout, 0}],
    fake(silent, fun(_) ->
        [Cmd, Pipe, Sync, Run, Fold, Given] = at_once([
            fun() -> proctor:cmd("true", [], Limit) end,
            fun() -> proctor:pipe([{"true", []}], Limit) end,
            fun() -> proctor:run("x", [sync | Limit]) end,
            fun() -> proctor:run("x", [monitor | Limit]) end,
            fun() -> proctor:fold_lines(fun(_, A) -> A end, 0, "x", Limit) end,
            fun() -> proctor:run("x", [sync], 200) end]),
        ?assertMatch({error, {port, etimedout, #{reason := no_answer,
                                                 stdout := <<>>}}}, Cmd),
        ?assertMatch({error, {port, etimedout, #{reason := no_answer}}},
                     Pipe),
        ?assertEqual({error, {no_answer, []}}, Sync),
        ?assertEqual({error, no_answer}, Run),
        ?assertEqual({error, no_answer}, Fold),
        ?assertEqual({error, timeout}, Given)
    end).

%% The end comes behind the output, which waits for the function.
slow_reader() ->
    {ok, Server} = proctor:start(),
    Slow = fun(_, 0) -> timer:sleep(7000), 1;
              (_, N) -> N + 1
           end,
    Limit = [{timeout, 200}, {kill_timeout, 0}],
    Sink = fun(_, _, _) ->
               get(slept) =:= undefined andalso timer:sleep(7000),
               put(slept, true)
           end,
    [Fold, Sync] = at_once([
        fun() -> proctor:fold_lines(Slow, 0, "exec yes", Limit) end,
        fun() -> proctor:run("exec yes", [sync, {stdout, Sink} | Limit]) end]),
    ?assertMatch({ok, N, #{reason := timeout}} when N > 1, Fold),
    ?assertMatch({error, {timeout, [{exit_status, _} | _]}}, Sync),
    ok = gen_server:stop(Server).

%% All of the real one: it goes on when it is ended, and leaves nothing.
stopped_port() ->
    {ok, Server} = proctor:start([{alarm, 0}]),
    Port = proctor_case:os_pid(Server),
    {_, Ref} = spawn_monitor(fun() ->
        exit(proctor:cmd("sh", ["-c", "echo on; exec sleep 1000"],
                         [{timeout, 1000}]))
    end),
    OsPid = written(),
    ok = signal("STOP", [-Port]),
    ?assertMatch({error, {port, etimedout, #{stdout := <<"on\n">>}}},
                 down(Ref)),
    ?assert(alive(OsPid)),
    ok = gen_server:stop(Server, normal, 30000),
    wait_until(fun() -> not alive(OsPid) end),
    ?assertNot(proctor_case:group_alive(Port)).

%% In the old dialect it is the port itself that makes senders wait.
deaf() ->
    {ok, Server} = proctor:start([{alarm, 0}, {dialect, exec_port}]),
    Port = proctor_case:os_pid(Server),
    {ok, Pid, OsPid} = proctor:run("exec cat >/dev/null", [stdin]),
    ok = signal("STOP", [-Port]),
    Data = binary:copy(<<"x">>, 8000000),
    ?assertEqual({error, timeout},
                 proctor:send(Pid, Data, [{timeout, 300}])),
    ?assertEqual({error, timeout}, proctor:send(Pid, "x", [{timeout, 10}])),
    Ref = monitor(process, Pid),
    ?assertEqual({error, timeout}, proctor:stop_and_wait(Pid, 100)),
    ok = signal("CONT", [-Port]),
    %% The stop that was sent may be done before another can be.
    ?assertEqual(normal, down(Ref)),
    ?assertNot(alive(OsPid)),
    ok = gen_server:stop(Server).

unresponsive() ->
    ok = application:load(proctor),
    ok = application:set_env(proctor, answer_timeout, 500),
    ok = application:set_env(proctor, alarm, 2),
    {ok, _} = application:ensure_all_started(proctor),
    Server = whereis(proctor),
    Ref = monitor(process, Server),
    Port = proctor_case:os_pid(Server),
    {ok, Pid, OsPid} = proctor:run("exec sleep 1000", [monitor]),
    %% Nothing is asked, so nothing is missed.
    ok = signal("STOP", [-Port]),
    ?assertEqual(Server, whereis(proctor)),
    ?assertEqual({error, port_closed}, proctor:which_children()),
    ?assertEqual({shutdown, {port_closed, unresponsive}}, down(Ref)),
    ?assertEqual({'DOWN', OsPid, process, Pid, port_closed},
                 next()),
    wait_until(fun() -> is_list(proctor:which_children()) end),
    wait_until(fun() -> not alive(OsPid) end),
    ?assertNot(proctor_case:group_alive(Port)),
    ?assertEqual({error, {badopt, {answer_timeout, 0}}},
                 proctor:start([{name, x}, {answer_timeout, 0}])).

%%% Runs that were given up

%% Whatever it is just about to say.
given_up() ->
    process_flag(trap_exit, true),
    Options = [[monitor, exit, stdout], [link, stdout], [link, monitor],
               [monitor, {active, once}, stdout, exit]],
    Results = [proctor:run("echo on; exit 3", lists:nth(N rem 4 + 1, Options),
                           N rem 7)
               || N <- lists:seq(1, 120)],
    {Ran, Given} = lists:partition(fun(R) -> element(1, R) =:= ok end,
                                   Results),
    ?assertEqual([{error, timeout}], lists:usort(Given)),
    %% Those that were not are told as ever.
    _ = [down(monitor(process, Pid)) || {ok, Pid, _} <- Ran],
    wait_until(fun() ->
        {ok, #{children := Children, orphans := Orphans, pending := Pending}}
            = proctor:info(),
        {Children, Orphans, Pending} =:= {[], 0, 0}
    end),
    Pids = [Pid || {ok, Pid, _} <- Ran],
    OsPids = [OsPid || {ok, _, OsPid} <- Ran],
    ?assertEqual([], [Message || Message <- flush(),
                                 not about(Message, Pids, OsPids)]),
    ?assertEqual({error, timeout},
                 proctor:run("exec sleep 1000", [sync, stdout], 50)).

about({'EXIT', Pid, _}, Pids, _) -> lists:member(Pid, Pids);
about({_, OsPid, _}, _, OsPids) -> lists:member(OsPid, OsPids);
about({'DOWN', OsPid, process, _, _}, _, OsPids) ->
    lists:member(OsPid, OsPids);
about({passive, OsPid}, _, OsPids) -> lists:member(OsPid, OsPids);
about(_, _, _) -> false.

%% A port program that takes as long as the caller waits.
too_late() ->
    process_flag(trap_exit, true),
    fake(slow, fun(_) ->
        Results = [{Link, proctor:run("x", [monitor, exit, stdout,
                                            {link, Link}], 3)}
                   || _ <- lists:seq(1, 100), Link <- [true, false]],
        %% Whatever comes next comes behind the rest.
        {ok, _} = proctor:run("x", [sync]),
        wait_until(fun() ->
            {ok, #{children := Children}} = proctor:info(),
            Children =:= []
        end),
        Ran = [{Link, Pid} || {Link, {ok, Pid, 42}} <- Results],
        Messages = flush(),
        ?assertEqual(length(Ran), length([1 || {'DOWN', 42, _, _, _}
                                                   <- Messages])),
        ?assertEqual(lists:sort([Pid || {_, Pid} <- Ran]),
                     lists:sort([Pid || {'DOWN', 42, _, Pid, _}
                                            <- Messages])),
        ?assertEqual(lists:sort([Pid || {true, Pid} <- Ran]),
                     lists:sort([Pid || {'EXIT', Pid, _} <- Messages,
                                        is_pid(Pid)]))
    end).

%%% Output

nobody_takes() ->
    %% It stays for its reader, as a socket does, and ends with its caller.
    {ok, Pid, OsPid} = proctor:run("echo a; echo b >&2",
                                   [stdout, stderr, monitor,
                                    {active, false}]),
    {ok, <<"a\n">>} = proctor:recv(Pid, stdout),
    {error, closed} = proctor:recv(Pid, stdout),
    ?assert(is_process_alive(Pid)),
    ok = proctor_request:discard(Pid, infinity),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()),
    {ok, Pid2, _} = proctor:run("echo a", [stdout, {active, false}]),
    wait_until(fun() -> proctor:which_children() =:= [] end),
    ?assertEqual(normal, proctor:stop_and_wait(Pid2, 10000)),
    ?assertMatch({ok, [<<"a">>], #{status := {exited, 0}}},
                 proctor:fold_lines(fun(L, A) -> [L | A] end, [],
                                    "echo a; echo b >&2",
                                    [stderr, {timeout, 60000}])).

%%% Processes as OTP has them

ours() ->
    _ = application:load(proctor),
    {ok, Modules} = application:get_key(proctor, modules),
    Modules.

load_twice() ->
    [begin
         _ = code:purge(Module),
         {module, Module} = code:load_file(Module)
     end || Module <- ours(), _ <- [1, 2, 3]].

%% One process in each state waits while nothing happens, which is when a loop
%% of one's own would be taken by surprise.
new_code() ->
    {ok, _} = application:ensure_all_started(proctor),
    {ok, Pid, OsPid} = proctor:run("exec cat", [stdin, stdout, monitor]),
    {ok, Drains, _} = proctor:run("echo on", [stdout, {active, false}]),
    Self = self(),
    {ok, Sink, SinkOs} =
        proctor:run("exec cat", [stdin, monitor,
                                 {stdout, fun(_, _, D) -> Self ! D end}]),
    ok = proctor:send(Sink, "one"),
    ?assertEqual(<<"one">>, next()),
    wait_until(fun() -> length(proctor:which_children()) =:= 2 end),
    Server = whereis(proctor),
    _ = load_twice(),
    ok = proctor:send(Pid, "two"),
    ?assertEqual({stdout, OsPid, <<"two">>}, next()),
    ok = proctor:send(Sink, "three"),
    ?assertEqual(<<"three">>, next()),
    ?assertEqual({ok, <<"on\n">>}, proctor:recv(Drains, 3)),
    ok = proctor:send(Pid, eof),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()),
    ok = proctor:send(Sink, eof),
    ?assertEqual({'DOWN', SinkOs, process, Sink, normal}, next()),
    ?assertEqual(Server, whereis(proctor)).

%% It has more than the port takes.
new_code_writer() ->
    {ok, Server} = proctor:start([{dialect, exec_port}]),
    Port = proctor_case:os_pid(Server),
    {ok, Pid, OsPid} = proctor:run("exec cksum", [stdin, stdout, monitor]),
    ok = signal("STOP", [-Port]),
    Data = rand:bytes(12000000),
    Sends = [binary:part(Data, N * 3000000, 3000000) || N <- [0, 1, 2, 3]],
    Refs = [begin
                {_, Ref} = spawn_monitor(fun() ->
                    exit({sent, gen_server:receive_response(
                                  gen_server:send_request(
                                    Pid, {send, Part, infinity}), infinity)})
                end),
                %% Each before the next.
                wait_until(fun() ->
                    {ok, #{children := [#{bytes := #{stdin := In}}]}} =
                        proctor:info(),
                    In =:= N * 3000000
                end),
                Ref
            end || {N, Part} <- lists:zip([1, 2, 3, 4], Sends)],
    {ok, #{writer_messages := Waiting}} = proctor:info(),
    ?assert(Waiting > 0),
    _ = load_twice(),
    ok = signal("CONT", [-Port]),
    ?assertEqual([{sent, {reply, ok}}], lists:usort([down(R) || R <- Refs])),
    ok = proctor:send(Pid, eof),
    Want = proctor_case:with_dir(fun(Dir) ->
        File = filename:join(Dir, "data"),
        ok = file:write_file(File, Data),
        list_to_binary(os:cmd("cksum <" ++ File))
    end),
    ?assertEqual({stdout, OsPid, Want}, next()),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()),
    ok = gen_server:stop(Server).

sys() ->
    {ok, _} = proctor:start(),
    Secret = "my-secret",
    {ok, Pid, OsPid} = proctor:run(["/bin/sh", "-c", "exec cat", Secret],
                                   [stdin, stdout, monitor,
                                    {env, [{"X", Secret}]}]),
    {running, _} = sys:get_state(Pid),
    ok = sys:suspend(Pid),
    ok = sys:change_code(Pid, proctor_child, undefined, []),
    {_, Ref} = spawn_monitor(fun() -> exit(proctor:send(Pid, Secret)) end),
    ?assertEqual([], proctor_request:infos([Pid], 50)),
    ok = sys:resume(Pid),
    ok = down(Ref),
    ?assertMatch({stdout, OsPid, _}, next()),
    {ok, Sink, _} = proctor:run(["/bin/echo", Secret],
                                [{stdout, fun(_, _, _) ->
                                              timer:sleep(infinity)
                                          end}]),
    wait_until(fun() -> process_info(Sink, links) =/= {links, []} end),
    {links, [Function]} = process_info(Sink, links),
    [nomatch = string:find(io_lib:format("~tp", [sys:get_status(Process)]),
                           Secret)
     || Process <- [Pid, Sink, proctor]],
    %% It is busy with the user's function, and answers later.
    ?assertExit({timeout, _}, sys:get_status(Function, 50)),
    true = exit(Sink, kill),
    _ = proctor:stop(Pid),
    down_soon(OsPid, Pid).

down_soon(OsPid, Pid) ->
    receive
        {'DOWN', OsPid, process, Pid, _} -> ok;
        {stdout, OsPid, _} -> down_soon(OsPid, Pid)
    after 30000 ->
        error(not_down)
    end.

%%% What is logged

logged(Fun) ->
    proctor_case:logged(debug, Fun).

no_secret(Events) ->
    proctor_case:no_secret("my-secret", Events).

%% Events that cannot be, at each process that has something to hide.
faults() ->
    Events = logged(fun() ->
        {ok, Server} = proctor:start(),
        Secret = "my-secret",
        {ok, Pid, OsPid} =
            proctor:run(["/bin/sh", "-c", "exec sleep 1000", Secret],
                        [monitor, {env, [{"X", Secret}]}]),
        ok = proctor_child:event(Pid, {bogus, list_to_binary(Secret)}),
        ?assertMatch({'DOWN', OsPid, process, Pid, {proctor_failed, _}},
                     receive {'DOWN', _, _, _, _} = Down -> Down end),
        {ok, Sinks, _} = proctor:run(["/bin/echo", Secret],
                                     [{stdout, fun(out, _, _) -> ok end}]),
        _ = down(monitor(process, Sinks)),
        {_, Ref} = spawn_monitor(fun() ->
            exit(proctor:run(["/bin/sh", "-c", "exec sleep 1000", Secret],
                             [sync, {env, [{"X", Secret}]}]))
        end),
        wait_until(fun() -> length(proctor:which_children()) =:= 1 end),
        ServerRef = monitor(process, Server),
        ok = gen_server:cast(Server, {stop, [Secret]}),
        ?assertMatch({shutdown, {proctor_failed, _}},
                     down(ServerRef)),
        ?assertMatch({error, {port_closed, []}}, down(Ref))
    end),
    ?assertEqual(3, length([1 || #{level := error} <- Events])),
    no_secret(Events).

%% Whether a child starts, cannot, or dies; and what the supervisor is.
supervisors() ->
    Secret = "my-secret",
    Env = {env, [{"X", Secret}]},
    ok = application:load(proctor),
    ok = application:set_env([{proctor, [Env, {instances, [{two, [Env]}]}]}]),
    Events = logged(fun() ->
        {ok, _} = application:ensure_all_started(proctor),
        {ok, _} = proctor:start_instance([{name, three}, Env]),
        {error, {port_exited_with_status, 9}} =
            proctor_case:with_stub("exit 9", fun(Stub) ->
                proctor_case:refused(fun() ->
                    proctor:start_instance([{name, four}, {portexe, Stub},
                                            {args, [Secret]}])
                end)
            end),
        Spec = proctor_daemon:child_spec({"sh", ["-c", "read x", Secret],
                                          [{name, d}, stdin, Env]}),
        {ok, Sup} = supervisor:start_link(proctor_test_sup, [Spec]),
        [begin
             no_secret(sys:get_status(Each)),
             no_secret(sys:get_state(Each)),
             no_secret(supervisor:get_childspec(Each, Child))
         end || {Each, Child} <- [{proctor_sup, two}, {proctor_sup, three},
                                  {Sup, d}]],
        %% Older versions of the code are no more.
        _ = load_twice(),
        Before = [whereis(Name) || Name <- [three, d]],
        ok = signal("KILL", [proctor_daemon:ospid(d),
                             proctor_case:os_pid(three)]),
        wait_until(fun() ->
            After = [whereis(Name) || Name <- [three, d]],
            lists:all(fun is_pid/1, After) andalso After -- Before =:= After
        end),
        true = unlink(Sup),
        ok = gen_server:stop(Sup)
    end),
    Reports = [Report || #{msg := {report, #{label := {supervisor, Label},
                                             report := Report}}} <- Events,
                         Label =/= progress],
    ?assertMatch([_, _ | _], Reports),
    no_secret(Events).

logs() ->
    Secret = "my-secret",
    Events = logged(fun() ->
        {ok, Server} = proctor:start([verbose]),
        {ok, _} = proctor:run(["/bin/echo", Secret],
                              [sync, {env, [{"X", Secret}]}]),
        {ok, _} = proctor:run("echo " ++ Secret, [sync]),
        {error, _} = proctor:run(["/no/such", Secret],
                                 [sync, {errors, term}]),
        {error, _} = proctor:run(["/bin/echo"], [{cd, "/no/" ++ Secret}]),
        {ok, _} = proctor:cmd("echo", [Secret]),
        {ok, Daemon} = proctor_daemon:start_link("echo", ["said"], []),
        true = unlink(Daemon),
        _ = down(monitor(process, Daemon)),
        ok = gen_server:stop(Server)
    end),
    no_secret(Events),
    ?assertEqual([], [Event || #{meta := Meta, level := Level} = Event
                                   <- Events,
                               Level =/= notice,
                               not lists:prefix([proctor],
                                                maps:get(domain, Meta, []))]),
    Reports = [{Level, What, maps:get(program, Report, none)}
               || #{level := Level,
                    msg := {report, #{what := What} = Report}} <- Events],
    ?assertMatch([{info, proctor_started, none} | _], Reports),
    [?assert(lists:member({debug, What, Program}, Reports))
     || {What, Program} <- [{proctor_run, <<"/bin/echo">>},
                            {proctor_run, shell},
                            {proctor_refused, <<"/no/such">>},
                            {proctor_refused, <<"/bin/echo">>}]].
