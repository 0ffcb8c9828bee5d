%% Trees of tasks: what takes long, or many, or another node.
-module(proctor_task_SUITE).

-include_lib("stdlib/include/assert.hrl").

-export([all/0, groups/0, suite/0, init_per_group/2, end_per_group/2,
         init_per_testcase/2, end_per_testcase/2]).
-export([forked_and_stopped/1, many_callers/1, killed_between/1, deep/1, gigabytes_out/1,
         gigabytes_in/1, flood_blocks/1, node_dies/1]).
-export([there/1, node_lost/1]).

-import(proctor_case, [next/0, wait_until/1, alive/1, flush/0]).

-define(MEGABYTE, 1048576).

suite() ->
    [{timetrap, {minutes, 5}}].

all() ->
    [forked_and_stopped, many_callers, killed_between, deep, gigabytes_out,
     gigabytes_in, flood_blocks, node_dies, {group, task_nodes}].

groups() ->
    [{task_nodes, [], [there, node_lost]}].

init_per_group(task_nodes, Config) ->
    case proctor_case:peers(1) of
        {ok, Peers} -> [{peers, Peers} | Config];
        {error, Reason} -> {skip, {no_distribution, Reason}}
    end.

end_per_group(task_nodes, Config) ->
    proctor_case:stop_peers(proplists:get_value(peers, Config)).

init_per_testcase(Case, Config) ->
    proctor_SUITE:init_per_testcase(Case, Config).

end_per_testcase(Case, Config) ->
    proctor_SUITE:end_per_testcase(Case, Config).

number(Name, Default) ->
    list_to_integer(os:getenv(Name, Default)).

fork(Parent) ->
    {ok, Task} = proctor_task:fork(Parent, 60000),
    Task.

run(Parent, Argv, Options) ->
    Task = fork(Parent),
    ok = proctor_task:exec(Task, Argv, Options),
    Task.

pid(Task) ->
    {ok, #{pid := Pid}} = proctor_task:info(Task),
    Pid.

%% Each stop ends the one that is meant, and no other: the next one forked has
%% what the last one had, descriptors, number of the system and place.
forked_and_stopped(_Config) ->
    Pairs = number("FORKS", "10000") div 2,
    {ok, Root} = proctor_task:start([]),
    Parent = fork(Root),
    repeat(Pairs, fun() ->
        One = fork(Root),
        Other = fork(Parent),
        {ok, Pid} = proctor_task:call(Other, getpid, [], 60000),
        ok = proctor_task:stop(One),
        ?assertEqual({ok, Pid},
                     proctor_task:call(Other, getpid, [], 60000)),
        ok = proctor_task:stop(Other),
        [?assertMatch({ok, #{cause := stopped}}, proctor_task:await(Task))
         || Task <- [One, Other]]
    end),
    {ok, Left} = proctor_task:tree(Root),
    ?assertEqual(2, length(Left)),
    ok = proctor_task:stop(Root).

repeat(0, _Fun) -> ok;
repeat(N, Fun) -> Fun(), repeat(N - 1, Fun).

%% Fifty callers at one tree, each with a task of its own, among them tasks that
%% wait in a call and one that is stopped.
many_callers(_Config) ->
    {ok, Root} = proctor_task:start([{owner, none}, {maxchild, 100}]),
    Blocked = [begin
                   Task = fork(Root),
                   {ok, {Read, _}} = proctor_task:call(Task, pipe),
                   {ok, #{tree := Tree, number := Number}} =
                       proctor_task:info(Task),
                   ok = proctor_task_tree:cast(Tree, Number,
                                               {call, read, [Read, 1], 0}),
                   Task
               end || _ <- lists:seq(1, 10)],
    Stopped = fork(Root),
    ok = proctor_task:signal(Stopped, sigstop),
    Callers = [spawn_monitor(fun() ->
        Task = fork(Root),
        Pid = pid(Task),
        repeat(100, fun() ->
            {ok, Pid} = proctor_task:call(Task, getpid, [], 60000),
            {ok, [ok, {ok, <<"/usr">>}]} =
                proctor_task:run(Task, [{chdir, ["/usr"]}, {getcwd, []}],
                                 [{timeout, 60000}]),
            {ok, Child} = proctor_task:fork(Task, 60000),
            ok = proctor_task:stop(Child)
        end),
        exit(done)
    end) || _ <- lists:seq(1, 50)],
    [receive {'DOWN', Ref, process, _, Why} -> ?assertEqual(done, Why) end
     || {_, Ref} <- Callers],
    ok = proctor_task:stop(Root),
    [?assertNot(is_process_alive(Task)) || Task <- Blocked],
    _ = flush().

%% Eight callers at one tree, which is killed, one part after the other, when a
%% quarter of the calls are done, and another takes its place. Each call has one
%% answer; behind the last there is nothing.
killed_between(_Config) ->
    Calls = number("CALLS", "10000") div 8,
    Done = counters:new(1, []),
    First = tree(),
    Callers = [spawn_monitor(fun() ->
        call_on(Calls, element(1, First), Done, 0)
    end) || _ <- lists:seq(1, 8)],
    Kills = [fun(Tree, _) -> exit(Tree, kill) end,
             fun(_, OsPid) -> ok = proctor:kill(OsPid, sigkill) end,
             fun(Tree, _) -> exit(Tree, shutdown) end],
    Last = lists:foldl(fun({N, Kill}, {Root, Tree, OsPid}) ->
        wait_until(fun() -> counters:get(Done, 1) > N * Calls * 2 end),
        Kill(Tree, OsPid),
        {New, _, _} = Next = tree(),
        [Caller ! {root, Root, New} || {Caller, _} <- Callers],
        wait_until(fun() -> not is_process_alive(Root) end),
        wait_until(fun() -> length(proctor:which_children()) =:= 1 end),
        Next
    end, First, lists:zip([1, 2, 3], Kills)),
    Gone = [receive {'DOWN', Ref, process, _, {done, N}} -> N end
            || {_, Ref} <- Callers],
    ?assertEqual(Calls * 8, counters:get(Done, 1)),
    ?assert(lists:all(fun(N) -> N =< 3 end, Gone)),
    ?assert(lists:sum(Gone) > 0),
    ok = proctor_task:stop(element(1, Last)),
    _ = flush().

tree() ->
    {ok, Root} = proctor_task:start([{owner, none}]),
    {ok, #{tree := Tree}} = proctor_task:info(Root),
    {Root, Tree, proctor:ospid(Tree)}.

call_on(0, _Root, _Done, Gone) ->
    ?assertEqual([], [Message || Message <- flush(),
                                 element(1, Message) =/= root]),
    exit({done, Gone});
call_on(N, Root, Done, Gone) ->
    Answer = proctor_task:call(Root, getpid, [], 60000),
    ok = counters:add(Done, 1, 1),
    case Answer of
        {ok, _} ->
            call_on(N - 1, Root, Done, Gone);
        {error, {gone, _, _}} ->
            receive {root, Root, New} -> call_on(N - 1, New, Done, Gone + 1) end
    end.

%% As deep as the option says, and no deeper; a call costs the same there.
deep(_Config) ->
    {ok, Root} = proctor_task:start([]),
    {ok, 200} = proctor_task:option(Root, maxforkdepth, 200),
    Tasks = lists:foldl(fun(_, [Parent | _] = Acc) -> [fork(Parent) | Acc] end,
                        [Root], lists:seq(1, 200)),
    ?assertMatch({error, {limit, eagain, _}}, proctor_task:fork(hd(Tasks))),
    ?assertMatch({ok, _}, proctor_task:call(hd(Tasks), getpid)),
    Pids = [pid(Task) || Task <- Tasks],
    ok = proctor_task:exec(hd(Tasks), ["echo", "deep"], [{active, false}]),
    ?assertEqual({ok, <<"deep\n">>}, proctor_task:recv(hd(Tasks), stdout)),
    ok = proctor_task:stop(lists:nth(200, Tasks)),
    wait_until(fun() ->
        [Pid || Pid <- Pids, alive(Pid)] =:= [lists:last(Pids)]
    end),
    ok = proctor_task:stop(Root),
    _ = flush().

gigabytes_out(_Config) ->
    Bytes = number("GIGABYTES", "1") bsl 30,
    {ok, Root} = proctor_task:start([]),
    Parent = lists:foldl(fun(_, Acc) -> fork(Acc) end, Root,
                         lists:seq(1, 14)),
    Before = erlang:memory(total),
    Task = run(Parent, ["head", "-c", integer_to_list(Bytes), "/dev/zero"],
               [{active, false}]),
    {Took, {Received, Most}} =
        timer:tc(fun() -> take_all(Task, 0, Before) end),
    ct:pal("~p bytes in ~p ms, node ~p bytes more at most",
           [Received, Took div 1000, Most - Before]),
    ?assertEqual(Bytes, Received),
    ?assert(Most - Before < 8 * ?MEGABYTE),
    ?assertMatch({ok, #{status := {exited, 0}}}, proctor_task:await(Task)),
    ok = proctor_task:stop(Root),
    _ = flush().

take_all(Task, Bytes, Most) ->
    case proctor_task:recv(Task, stdout) of
        {ok, Data} ->
            Sum = Bytes + byte_size(Data),
            take_all(Task, Sum, case Sum bsr 26 =:= Bytes bsr 26 of
                                    true -> Most;
                                    false -> max(Most, erlang:memory(total))
                                end);
        {error, closed} ->
            {Bytes, Most}
    end.

gigabytes_in(_Config) ->
    Bytes = number("GIGABYTES", "1") bsl 30,
    {ok, Root} = proctor_task:start([]),
    Task = run(Root, ["wc", "-c"], [{active, false}]),
    Piece = binary:copy(<<"x">>, ?MEGABYTE),
    Before = erlang:memory(total),
    repeat(Bytes div ?MEGABYTE, fun() -> ok = proctor_task:send(Task, Piece)
                                end),
    ?assert(erlang:memory(total) - Before < 8 * ?MEGABYTE),
    ok = proctor_task:send(Task, eof),
    ?assertEqual({ok, [integer_to_binary(Bytes), "\n"]},
                 case proctor_task:recv(Task, stdout) of
                     {ok, Line} -> {ok, [string:trim(Line), "\n"]}
                 end),
    ok = proctor_task:stop(Root),
    _ = flush().

%% Whoever takes nothing is waited for, and others are not held up.
flood_blocks(_Config) ->
    {ok, Root} = proctor_task:start([{maxchild, 100}]),
    Slow = fun(_, _, _) -> timer:sleep(infinity) end,
    Before = erlang:memory(total),
    Floods = [run(Root, ["yes"], Options)
              || Options <- [[{active, false}], [{active, once}],
                             [{stdout, Slow}]],
                 _ <- lists:seq(1, 10)],
    wait_until(fun() ->
        Old = [written(Task) || Task <- Floods],
        timer:sleep(300),
        lists:all(fun(N) -> N >= 65536 end, Old)
            andalso Old =:= [written(Task) || Task <- Floods]
    end),
    %% A window of one, and what pipes hold.
    ?assertEqual([], [Task || Task <- Floods, written(Task) > 3 * ?MEGABYTE]),
    ?assert(erlang:memory(total) - Before < 64 * ?MEGABYTE),
    ?assertMatch({ok, _}, proctor_task:call(Root, getpid)),
    ok = proctor_task:stop(Root),
    _ = flush().

written(Task) ->
    {ok, Text} = file:read_file("/proc/" ++ integer_to_list(pid(Task))
                                ++ "/io"),
    {match, [Bytes]} = re:run(Text, "wchar: ([0-9]+)",
                              [{capture, all_but_first, list}]),
    list_to_integer(Bytes).

%% kill -9 of a node that has tasks, programs and daemons.
node_dies(_Config) ->
    {ok, [{_, Node}] = Peers} = proctor_case:peers(1),
    Pids = erpc:call(Node, fun() ->
        Self = self(),
        spawn(fun() ->
            {ok, Root} = proctor_task:start([{owner, none},
                                             {maxchild, 100}]),
            Tasks = [fork(Root) || _ <- lists:seq(1, 30)],
            Sleeps = [run(Task, ["sh", "-c", "trap '' TERM; setsid sleep "
                                 "1000 & echo $!; sleep 1000; :"],
                          [{active, false}]) || Task <- Tasks],
            Daemons = [begin
                           {ok, Line} = proctor_task:recv(Task, stdout),
                           binary_to_integer(string:trim(Line))
                       end || Task <- Sleeps],
            Self ! {pids, [pid(Task) || Task <- [Root | Tasks] ++ Sleeps]
                          ++ Daemons},
            receive never -> ok end
        end),
        receive {pids, Pids} -> Pids end
    end),
    ?assertEqual(91, length(Pids)),
    ?assertEqual([], [Pid || Pid <- Pids, not alive(Pid)]),
    OsPid = erpc:call(Node, os, getpid, []),
    [] = os:cmd("kill -9 " ++ OsPid),
    wait_until(fun() -> not lists:any(fun proctor_case:alive/1, Pids) end),
    ok = proctor_case:stop_peers(Peers).

%% A tree that another node runs, for an owner here.
there(Config) ->
    [{_, Node} | _] = proplists:get_value(peers, Config),
    {ok, Root} = proctor_task:start([{node, Node}]),
    ?assertMatch([_], proctor:which_children([{node, Node}])),
    ?assertEqual([], proctor:which_children()),
    Task = run(Root, ["cat"], [{active, false}]),
    ok = proctor_task:send(Task, "there"),
    ?assertEqual({ok, <<"there">>}, proctor_task:recv(Task, 5)),
    %% And one whose owner is there.
    Self = self(),
    {Owner, Ref} = spawn_monitor(Node, fun() ->
        {task, Its} = next(),
        Self ! {its, proctor_task:call(Its, getppid)},
        receive stop -> ok end
    end),
    Other = fork(Root),
    ok = proctor_task:controlling_process(Other, Owner),
    Owner ! {task, Other},
    ?assertEqual({its, {ok, pid(Root)}}, next()),
    ?assertMatch({error, {owner, eacces, _}},
                 proctor_task:call(Other, getpid)),
    Watch = monitor(process, Other),
    Owner ! stop,
    receive {'DOWN', Ref, process, _, _} -> ok end,
    receive {'DOWN', Watch, process, _, normal} -> ok end,
    ok = proctor_task:stop(Root),
    wait_until(fun() -> proctor:which_children([{node, Node}]) =:= [] end),
    _ = flush().

node_lost(_Config) ->
    {ok, [{_, Node}] = Peers} = proctor_case:peers(1),
    {ok, Root} = proctor_task:start([{node, Node}]),
    Task = run(Root, ["sleep", "1000"], []),
    Pids = [pid(Root), pid(Task)],
    ok = erpc:cast(Node, erlang, halt, [0, [{flush, false}]]),
    ?assertMatch({ok, #{cause := tree}}, proctor_task:await(Task)),
    ?assertMatch({ok, #{cause := tree}}, proctor_task:await(Root)),
    ?assertMatch({error, {gone, esrch, _}},
                 proctor_task:call(Root, getpid)),
    wait_until(fun() -> not lists:any(fun proctor_case:alive/1, Pids) end),
    ok = proctor_case:stop_peers(Peers),
    _ = flush().
