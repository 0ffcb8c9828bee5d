%% What is known of a process that runs, and of its instance.
-module(proctor_usage_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0, down/1, wait_until/1, freeze/1, thaw/1,
                       parts/1, os_pid/1]).

usage_test_() ->
    [proctor_case:cases(Start,
       [{"what a process uses", fun uses/0},
        {"what its descendants use", fun descendants/0},
        {"by either of its ends", fun ends/0},
        {"one that is over", fun over/0},
        {"runs and refusals are counted", fun counted/0},
        {"bytes are counted", fun bytes/0},
        {"ends are counted", fun exits/0},
        {"what is left behind", fun left_behind/0},
        {"a table", fun table/0}])
     || Start <- [[], [{dialect, exec_port}]]]
        ++ [proctor_case:cases([], [{"a silent port program", fun silent/0},
                                    {"a table without an answer",
                                     fun silent_table/0}]),
            proctor_case:alone([{"a number that is another's", fun another/0},
                                {"a number that is another child's",
                                 fun reused/0},
                                {"restarts are counted", fun restarts/0},
                                {"one of another node", fun remote/0}])].

live(Target) ->
    {ok, #{live := Live}} = proctor:info(Target),
    Live.

cpu(#{utime_us := User, stime_us := System}) ->
    User + System.

stop(Pid) ->
    normal = proctor:stop_and_wait(Pid, 20000),
    ok.

%% Memory that it holds, and time that it takes, are its own.
uses() ->
    Before = erlang:system_time(millisecond),
    {ok, Pid, OsPid} =
        proctor:run(["/usr/bin/perl", "-e",
                     "$x = 'x' x 50_000_000; $| = 1; print 'on'; 1 while 1"],
                    [stdout, monitor]),
    {stdout, OsPid, <<"on">>} = next(),
    wait_until(fun() -> cpu(maps:get(usage, live(Pid))) > 50000 end),
    #{usage := #{rss_kb := Size}, maxrss_kb := Most, threads := Threads,
      descendants := Descendants, uid := Uid, user := User,
      since := Since} = live(Pid),
    ?assert(Size > 40000 andalso Size < 400000),
    ?assert(Most >= Size),
    ?assertEqual(1, Threads),
    ?assertEqual(#{count => 0, utime_us => 0, stime_us => 0, rss_kb => 0},
                 Descendants),
    ?assertEqual(string:trim(os:cmd("id -u")), integer_to_list(Uid)),
    ?assertEqual(string:trim(os:cmd("id -un")), binary_to_list(User)),
    ?assert(abs(Since - Before) < 30000),
    ok = stop(Pid),
    {'DOWN', OsPid, process, Pid, _} = next().

%% Also of those whose parent is a thread's or a child's child.
descendants() ->
    {ok, Pid, OsPid} =
        proctor:run("sh -c 'sleep 1000 & "
                    "perl -e \"1 while times < 0.1; print qq(on\\n); "
                    "exec q(sleep), 1000\" & wait' & "
                    "sleep 1000 & wait",
                    [stdout, kill_group, monitor]),
    {stdout, OsPid, <<"on\n">>} = next(),
    #{descendants := #{count := Count, rss_kb := Size} = Sum} = live(Pid),
    ?assertEqual(4, Count),
    ?assert(Size > 0),
    ?assert(cpu(Sum) >= 90000),
    ok = stop(Pid),
    {'DOWN', OsPid, process, Pid, _} = next().

ends() ->
    {ok, Pid, OsPid} = proctor:run(["/bin/sleep", "1000"], [monitor]),
    [?assertMatch({ok, #{ospid := OsPid, pid := Pid, uptime_ms := _,
                         live := #{usage := _}}}, proctor:info(Target))
     || Target <- [Pid, OsPid, {OsPid, []}, {OsPid, [{instance, proctor}]}]],
    {ok, #{children := [Child]}} = proctor:info(),
    {ok, Info} = proctor:info(Pid),
    ?assertMatch(#{live := #{usage := #{rss_kb := _}}}, Child),
    ?assertEqual(lists:sort(maps:keys(Child)), lists:sort(maps:keys(Info))),
    ok = stop(Pid),
    {'DOWN', OsPid, process, Pid, _} = next().

%% Its number may be anybody's: that of one who lives says nothing of it.
over() ->
    Stranger = list_to_integer(os:getpid()),
    ?assertEqual({error, no_process}, proctor:info(Stranger)),
    ?assertMatch({error, _}, proctor_usage:read(1 bsl 30)),
    ?assertEqual({error, no_process}, proctor:info({Stranger, []})),
    {ok, Pid, OsPid} = proctor:run("echo rest", [stdout, monitor, exit,
                                                 {active, false}]),
    wait_until(fun() -> proctor:which_children() =:= [] end),
    %% Its process waits for somebody who takes the rest.
    ?assertEqual({error, no_process}, proctor:info(Pid)),
    {ok, #{children := [Child]}} = proctor:info(),
    ?assertNot(is_map_key(live, Child)),
    {ok, <<"rest\n">>} = proctor:recv(Pid, 0),
    {exit, OsPid, _} = next(),
    {'DOWN', OsPid, process, Pid, _} = next(),
    ?assertEqual({error, no_process}, proctor:info(OsPid)).

%% It is said to run, and has ended: who has its number now is not looked at.
another() ->
    proctor_case:with_fake(gone, [], fun(_) ->
        {ok, Pid, 1} = proctor:run("x", []),
        {ok, _} = proctor_usage:read(1),
        ?assertEqual({error, no_process}, proctor:info(Pid)),
        exit(Pid, kill)
    end).

%% One is over, and has output still; the other has its number now.
reused() ->
    proctor_case:with_fake(reused, [], fun(_) ->
        {ok, First, 1} = proctor:run("x", [stdout, {active, false}]),
        wait_until(fun() ->
            {ok, #{exits := Exits}} = proctor:info(),
            Exits =:= #{normal => 1}
        end),
        {ok, Second, 1} = proctor:run("x", []),
        {ok, #{children := Children}} = proctor:info(),
        ?assertEqual([{First, false}, {Second, true}],
                     lists:sort([{Pid, is_map_key(live, Child)}
                                 || #{pid := Pid} = Child <- Children])),
        exit(First, kill),
        exit(Second, kill)
    end).

counted() ->
    {ok, #{runs := Runs, refused := Refused, restarts := 0}} = proctor:info(),
    {ok, _} = proctor:run("true", [sync]),
    {error, _} = proctor:run("true", [{cd, "/no/such"}]),
    {ok, #{runs := After, refused := Then}} = proctor:info(),
    ?assertEqual({Runs + 1, Refused + 1}, {After, Then}).

%% Of all, also of those that are gone.
bytes() ->
    {ok, #{bytes := #{stdin := In, stdout := Out, stderr := Err}}} =
        proctor:info(),
    {ok, _} = proctor:cmd("cat", [], [{input, "12345"}]),
    {ok, _} = proctor:run("echo abc >&2", [sync, stderr]),
    {ok, _} = proctor:cmd("cat", [], [{input, "67"}]),
    {ok, #{bytes := After}} = proctor:info(),
    ?assertEqual(#{stdin => In + 7, stdout => Out + 7, stderr => Err + 4},
                 After).

%% One is stopped, which only the native dialect says, and nobody hears of the
%% end of another.
exits() ->
    {ok, #{dialect := Dialect, exits := Before}} = proctor:info(),
    {error, _} = proctor:run("exit 3", [sync]),
    {ok, Pid, OsPid} = proctor:run("exec sleep 1000", [monitor]),
    ok = stop(Pid),
    {'DOWN', OsPid, process, Pid, _} = next(),
    {ok, Orphan, _} = proctor:run("exec sleep 1000", []),
    exit(Orphan, kill),
    Expected = case Dialect of
                   native -> [{normal, 1}, {stopped, 2}];
                   exec_port -> [{unknown, 3}]
               end,
    wait_until(fun() ->
        {ok, #{exits := After}} = proctor:info(),
        Expected =:= [{Reason, Count - maps:get(Reason, Before, 0)}
                      || {Reason, Count} <- lists:sort(maps:to_list(After)),
                         Count > maps:get(Reason, Before, 0)]
    end).

%% Its parent has ended; its child is counted with it.
left_behind() ->
    ?assertMatch({ok, #{left_behind := #{count := 0, rss_kb := 0}}},
                 proctor:info()),
    {ok, Pid, OsPid} =
        proctor:run("(sh -c 'sleep 1000; :' & echo $!); read x",
                    [stdin, stdout, kill_group, monitor]),
    {stdout, OsPid, Line} = next(),
    Left = binary_to_integer(string:trim(Line)),
    wait_until(fun() ->
        {ok, #{left_behind := #{count := Count, rss_kb := Size}}} =
            proctor:info(),
        Count =:= 2 andalso Size > 0
    end),
    wait_until(fun() -> #{descendants := #{count := Count}} = live(Pid),
                        Count =:= 0
               end),
    ?assertEqual(undefined, proctor_usage:left_behind(Left)),
    ok = stop(Pid),
    {'DOWN', OsPid, process, Pid, _} = next(),
    wait_until(fun() ->
        {ok, #{left_behind := #{count := Count}}} = proctor:info(),
        Count =:= 0
    end).

%% Who, since when, and with whom below it.
table() ->
    {ok, Pid, OsPid} = proctor:run("sleep 1000 & echo on; wait",
                                   [stdout, kill_group, monitor]),
    {stdout, OsPid, <<"on\n">>} = next(),
    [Row] = rows(OsPid),
    [_, _, User, Date, Time, Cpu, Memory, Below, In, Out, Err | _] =
        string:lexemes(Row, " "),
    ?assertEqual(string:trim(os:cmd("id -un")), User),
    ?assertMatch([[_, _, $-, _, _], [_, _, $:, _, _]], [Date, Time]),
    ?assertEqual($s, lists:last(Cpu)),
    ?assertEqual($K, lists:last(Memory)),
    ?assertEqual(["1", "0", "3", "0"], [Below, In, Out, Err]),
    ok = stop(Pid),
    {'DOWN', OsPid, process, Pid, _} = next().

rows(OsPid) ->
    [Line || Line <- string:split(
                       proctor_case:printed(fun() -> ok = proctor:i() end),
                       "\n", all),
             lists:prefix(integer_to_list(OsPid) ++ " ", Line)].

%% What cannot be vouched for is not shown.
silent_table() ->
    {ok, Pid, OsPid} = proctor:run(["/bin/sleep", "1000"], [monitor]),
    Parts = parts(os_pid(proctor)),
    ok = freeze(Parts),
    [Row] = rows(OsPid),
    ?assertMatch([_, _, "-", _, _, "-", "-", "-" | _],
                 string:lexemes(Row, " ")),
    ok = thaw(Parts),
    ok = stop(Pid),
    {'DOWN', OsPid, process, Pid, _} = next().

silent() ->
    {ok, Pid, OsPid} = proctor:run(["/bin/sleep", "1000"], [monitor]),
    Parts = parts(os_pid(proctor)),
    ok = freeze(Parts),
    ?assertEqual({error, timeout}, proctor:info(Pid)),
    ok = thaw(Parts),
    ok = stop(Pid),
    {'DOWN', OsPid, process, Pid, _} = next().

restarts() ->
    {ok, _} = application:ensure_all_started(proctor),
    {ok, _} = proctor:start_instance([{name, two}]),
    {ok, #{restarts := 0, port_os_pid := First}} = proctor:info(two),
    ok = proctor_case:signal("KILL", [First]),
    wait_until(fun() ->
        case proctor:info(two) of
            {ok, #{restarts := 1, port_os_pid := Next}} -> Next =/= First;
            _ -> false
        end
    end),
    ok = proctor:stop_instance(two),
    {ok, _} = proctor:start_instance([{name, two}]),
    ?assertMatch({ok, #{restarts := 0}}, proctor:info(two)).

remote() ->
    case proctor_case:peers(1) of
        {ok, [{_, Node}] = Peers} ->
            {ok, Pid, OsPid} = proctor:run(["/bin/sleep", "1000"],
                                           [{node, Node}, monitor]),
            ?assertMatch({ok, #{ospid := OsPid, live := #{usage := _}}},
                         proctor:info(Pid)),
            ?assertMatch({ok, #{children := [#{live := #{usage := _}}],
                                left_behind := #{count := 0}}},
                         proctor:info([{node, Node}])),
            normal = proctor:stop_and_wait(Pid, 20000),
            {'DOWN', OsPid, process, Pid, _} = next(),
            proctor_case:stop_peers(Peers);
        {error, _} ->
            ?debugMsg("left out: no distribution")
    end.
