%% A queue of commands: how many run, in which order, and what ends them.
-module(proctor_queue_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0, down/1, flush/0, wait_until/1, alive/1,
                       with_dir/1]).

any_test_() ->
    proctor_case:cases([],
     [{"run", fun run/0},
      {"submit", fun submit/0},
      {"no more run than may", fun limited/0},
      {"the oldest is the first", fun order/0},
      {"a queue that is full", fun full/0},
      {"a queue where none may wait", fun no_waiting/0},
      {"one that waits is cancelled", fun cancel_waiting/0},
      {"one that runs is cancelled", fun cancel_running/0},
      {"one that is about to run is cancelled", fun cancel_early/0},
      {"its place is free when it is gone", fun place/0},
      {"a submitter dies", fun submitter_dies/0},
      {"the queue ends", fun ends/0},
      {"the queue is killed", fun killed/0},
      {"who runs a command is killed", fun worker_killed/0},
      {"options of the queue", fun defaults/0},
      {"what is wrong is said at once", fun wrong/0},
      {"start options", fun start_options/0},
      {"several hundred", fun many/0},
      {"the mailbox is the caller's", fun mailbox/0},
      {"nothing of what is run is shown", fun hidden/0}]).

alone_test_() ->
    proctor_case:alone([{"under a supervisor", fun supervised/0},
                        {"a port program that dies", fun port_dies/0}]).

with_queue(Options, Fun) ->
    {ok, Queue} = proctor_queue:start_link(Options),
    try
        Fun(Queue)
    after
        true = unlink(Queue),
        is_process_alive(Queue) andalso proctor_queue:stop(Queue)
    end.

sleep(Queue) ->
    {ok, Job} = proctor_queue:submit(Queue, "sleep", ["1000"]),
    Job.

info(Queue) ->
    {ok, Info} = proctor_queue:info(Queue),
    Info.

answer(Job) ->
    receive
        {proctor_queue, Job, Answer} -> Answer
    after 30000 ->
        error(no_answer)
    end.

children(Count) ->
    wait_until(fun() -> length(proctor:which_children()) =:= Count end).

%%% What runs

run() ->
    with_queue([], fun(Queue) ->
        ?assertMatch({ok, #{status := {exited, 0}, stdout := <<"a\n">>}},
                     proctor_queue:run(Queue, "echo", ["a"])),
        ?assertMatch({ok, #{status := {exited, 3}, stderr := <<"x">>}},
                     proctor_queue:run(Queue, "sh", ["-c",
                                                     "printf x >&2; exit 3"],
                                       [stderr])),
        ?assertMatch({error, {timeout, etimedout, #{}}},
                     proctor_queue:run(Queue, "sleep", ["1000"],
                                       [{timeout, 20}])),
        #{limit := Limit, done := 3} = info(Queue),
        ?assertEqual(erlang:system_info(schedulers_online), Limit)
    end).

submit() ->
    with_queue([{limit, 2}], fun(Queue) ->
        {ok, Job} = proctor_queue:submit(Queue, "echo", ["a"]),
        ?assertMatch({proctor_queue, Job, {ok, #{stdout := <<"a\n">>}}},
                     next()),
        ?assertEqual(#{limit => 2, running => 0, waiting => 0,
                       max_queue => 1000, done => 1}, info(Queue)),
        ?assertEqual({error, not_found}, proctor_queue:cancel(Queue, Job))
    end).

limited() ->
    with_queue([{limit, 3}], fun(Queue) ->
        Jobs = [sleep(Queue) || _ <- lists:seq(1, 8)],
        children(3),
        timer:sleep(50),
        ?assertMatch(#{running := 3, waiting := 5}, info(Queue)),
        ?assertEqual(3, length(proctor:which_children())),
        [ok = proctor_queue:cancel(Queue, Job) || Job <- Jobs],
        [?assertMatch({error, _}, answer(Job)) || Job <- Jobs],
        ?assertMatch(#{running := 0, waiting := 0, done := 8}, info(Queue))
    end).

order() ->
    with_queue([{limit, 1}], fun(Queue) ->
        with_dir(fun(Dir) ->
            Write = "echo $1 >>list",
            Jobs = [begin
                        {ok, Job} = proctor_queue:submit(
                                      Queue, "sh",
                                      ["-c", Write, "sh",
                                       integer_to_list(N)], [{cd, Dir}]),
                        Job
                    end || N <- lists:seq(1, 20)],
            [{ok, #{}} = answer(Job) || Job <- Jobs],
            {ok, List} = file:read_file(filename:join(Dir, "list")),
            ?assertEqual([integer_to_binary(N) || N <- lists:seq(1, 20)],
                         binary:split(List, <<"\n">>, [global, trim_all]))
        end)
    end).

%%% What has no room

full() ->
    with_queue([{limit, 1}, {max_queue, 2}], fun(Queue) ->
        [A, B, C] = [sleep(Queue) || _ <- [1, 2, 3]],
        ?assertEqual({error, full},
                     proctor_queue:submit(Queue, "true", [])),
        ?assertEqual({error, full}, proctor_queue:run(Queue, "true", [])),
        ok = proctor_queue:cancel(Queue, B),
        ?assertEqual({error, cancelled}, answer(B)),
        {ok, D} = proctor_queue:submit(Queue, "true", []),
        [ok = proctor_queue:cancel(Queue, Job) || Job <- [C, A]],
        ?assertMatch({ok, #{}}, answer(D)),
        [?assertMatch({error, _}, answer(Job)) || Job <- [A, C]]
    end).

no_waiting() ->
    with_queue([{limit, 1}, {max_queue, 0}], fun(Queue) ->
        A = sleep(Queue),
        ?assertEqual({error, full},
                     proctor_queue:submit(Queue, "true", [])),
        ok = proctor_queue:cancel(Queue, A),
        ?assertMatch({error, _}, answer(A)),
        ?assertMatch({ok, #{}}, proctor_queue:run(Queue, "true", []))
    end).

%%% Cancelling

cancel_waiting() ->
    with_queue([{limit, 1}], fun(Queue) ->
        with_dir(fun(Dir) ->
            A = sleep(Queue),
            {ok, B} = proctor_queue:submit(Queue, "touch", ["ran"],
                                           [{cd, Dir}]),
            ok = proctor_queue:cancel(Queue, B),
            ?assertEqual({proctor_queue, B, {error, cancelled}}, next()),
            ?assertEqual({error, not_found}, proctor_queue:cancel(Queue, B)),
            ok = proctor_queue:cancel(Queue, A),
            ?assertMatch({error, _}, answer(A)),
            ?assertEqual({ok, []}, file:list_dir(Dir)),
            [?assertEqual({error, not_found}, proctor_queue:cancel(Queue, No))
             || No <- [make_ref(), self(), job]]
        end)
    end).

cancel_running() ->
    with_queue([{limit, 1}], fun(Queue) ->
        {ok, Job} = proctor_queue:submit(Queue, "sh",
                                         ["-c", "echo on; exec sleep 1000"]),
        wait_until(fun() ->
            {ok, #{children := Children}} = proctor:info(),
            [3] =:= [N || #{bytes := #{stdout := N}} <- Children]
        end),
        ok = proctor_queue:cancel(Queue, Job),
        ok = proctor_queue:cancel(Queue, Job),
        {proctor_queue, Job, {error, {cancelled, Result}}} = next(),
        ?assertMatch(#{stdout := <<"on\n">>, reason := stopped}, Result),
        ?assertNot(alive(maps:get(ospid, Result))),
        ?assertEqual([], proctor:which_children())
    end).

%% Nobody knows yet how to stop it.
cancel_early() ->
    Parts = proctor_case:parts(proctor_case:os_pid(proctor)),
    with_queue([{limit, 1}], fun(Queue) ->
        ok = proctor_case:freeze(Parts),
        Job = sleep(Queue),
        ok = proctor_queue:cancel(Queue, Job),
        timer:sleep(20),
        ?assertEqual([], flush()),
        ok = proctor_case:thaw(Parts),
        ?assertMatch({error, {cancelled, #{reason := stopped}}}, answer(Job))
    end).

%% Nobody takes it while the other one is there.
place() ->
    with_queue([{limit, 1}], fun(Queue) ->
        {ok, Deaf} = proctor_queue:submit(
                       Queue, "sh",
                       ["-c", "trap '' TERM; echo on; "
                              "while :; do sleep 0.01; done"],
                       [{kill_timeout, 1}]),
        wait_until(fun() ->
            {ok, #{children := Children}} = proctor:info(),
            [3] =:= [N || #{bytes := #{stdout := N}} <- Children]
        end),
        [OsPid] = proctor:which_children(),
        {ok, Next} = proctor_queue:submit(Queue, "kill",
                                          ["-0", integer_to_list(OsPid)],
                                          [stderr]),
        ok = proctor_queue:cancel(Queue, Deaf),
        ?assertMatch({error, {cancelled, #{killed := true}}}, answer(Deaf)),
        ?assertMatch({ok, #{status := {exited, 1}}}, answer(Next))
    end).

submitter_dies() ->
    with_queue([{limit, 1}], fun(Queue) ->
        {Submitter, Ref} = spawn_monitor(fun() ->
            _ = [sleep(Queue) || _ <- [1, 2, 3]],
            receive after infinity -> ok end
        end),
        wait_until(fun() -> maps:get(waiting, info(Queue)) =:= 2 end),
        {ok, Mine} = proctor_queue:submit(Queue, "echo", ["mine"]),
        children(1),
        exit(Submitter, kill),
        killed = down(Ref),
        ?assertMatch({ok, #{stdout := <<"mine\n">>}}, answer(Mine)),
        ?assertMatch(#{running := 0, waiting := 0, done := 4}, info(Queue))
    end).

%%% What ends it

ends() ->
    {ok, Queue} = proctor_queue:start_link([{limit, 1}]),
    _ = sleep(Queue),
    {_, Ref} = spawn_monitor(fun() ->
        exit(proctor_queue:run(Queue, "sleep", ["1000"]))
    end),
    children(1),
    wait_until(fun() -> maps:get(waiting, info(Queue)) =:= 1 end),
    ok = proctor_queue:stop(Queue),
    ?assertEqual({error, closed}, down(Ref)),
    children(0),
    ?assertEqual({error, not_started}, proctor_queue:run(Queue, "true", [])),
    ?assertEqual({error, not_started}, proctor_queue:info(Queue)),
    ?assertEqual({error, not_started},
                 proctor_queue:cancel(Queue, make_ref())).

killed() ->
    {ok, Queue} = proctor_queue:start_link([{limit, 2}]),
    true = unlink(Queue),
    _ = [sleep(Queue) || _ <- [1, 2, 3]],
    children(2),
    exit(Queue, kill),
    children(0).

worker_killed() ->
    with_queue([{limit, 1}], fun(Queue) ->
        Self = self(),
        Job = sleep(Queue),
        children(1),
        {links, Links} = process_info(Queue, links),
        [Worker] = [Pid || Pid <- Links, is_pid(Pid), Pid =/= Self],
        exit(Worker, kill),
        ?assertMatch({error, {run, ecanceled, _}}, answer(Job)),
        children(0),
        ?assertMatch({ok, #{}}, proctor_queue:run(Queue, "true", []))
    end).

port_dies() ->
    {ok, _} = proctor:start([]),
    with_queue([{limit, 1}], fun(Queue) ->
        Server = monitor(process, proctor),
        Job = sleep(Queue),
        children(1),
        _ = os:cmd("kill -KILL "
                   ++ integer_to_list(proctor_case:os_pid(proctor))),
        ?assertMatch({error, {port, eio, _}}, answer(Job)),
        _ = down(Server),
        ?assertEqual({error, {port, eio, not_started}},
                     proctor_queue:run(Queue, "true", [])),
        {ok, _} = proctor:start([]),
        ?assertMatch({ok, #{}}, proctor_queue:run(Queue, "true", [])),
        ok = gen_server:stop(proctor)
    end).

%%% Options

%% A command's own count for more.
defaults() ->
    Options = [{max_output, 3}, {env, [{"V", "queue"}]}, stderr],
    with_queue([{options, Options}], fun(Queue) ->
        Run = fun(More) ->
                  proctor_queue:run(Queue, "sh",
                                    ["-c", "echo $V; echo err >&2"], More)
              end,
        ?assertMatch({error, {output, emsgsize, #{}}}, Run([])),
        ?assertMatch({ok, #{stdout := <<"queue\n">>, stderr := <<"err\n">>}},
                     Run([{max_output, infinity}])),
        ?assertMatch({ok, #{stdout := <<"own\nerr\n">>}},
                     Run([{max_output, 100}, {env, [{"V", "own"}]},
                          stderr_to_stdout]))
    end).

wrong() ->
    with_queue([{limit, 1}], fun(Queue) ->
        _ = sleep(Queue),
        Submit = fun(Command, Args, Options) ->
                     proctor_queue:submit(Queue, Command, Args, Options)
                 end,
        ?assertEqual({error, {exec, enoent, <<"no-such-command">>}},
                     Submit("no-such-command", [], [])),
        ?assertEqual({error, {options, einval, {arg, 2}}},
                     Submit("echo", ["a", [0]], [])),
        ?assertEqual({error, {options, einval, {timeout, soon}}},
                     Submit("echo", [], [{timeout, soon}])),
        [?assertMatch({error, {options, einval, _}},
                      Submit("echo", [], Bad))
         || Bad <- [x, [x | y], [{a, b}], [{"x", 1}], [sync]]],
        ?assertMatch(#{waiting := 0, running := 1}, info(Queue))
    end),
    children(0).

start_options() ->
    [?assertEqual({error, {badopt, What}}, proctor_queue:start_link(Options))
     || {What, Options} <-
            [{{limit, 0}, [{limit, 0}]}, {{limit, x}, [{limit, x}]},
             {{max_queue, -1}, [{max_queue, -1}]},
             {{name, "q"}, [{name, "q"}]}, {x, x}, {y, [{limit, 1} | y]},
             {limit, [limit]},
             {{limit, "It is given twice."}, [{limit, 1}, {limit, 2}]},
             {{no, "There is no such option."}, [{no, 1}]},
             {{timeout, soon}, [{options, [{timeout, soon}]}]}]],
    {ok, Queue} = proctor_queue:start_link([{name, a_queue}]),
    ?assertEqual({error, {already_started, Queue}},
                 proctor_queue:start_link([{name, a_queue}])),
    ?assertMatch({ok, #{}}, proctor_queue:run(a_queue, "true", [])),
    ok = proctor_queue:stop(a_queue).

many() ->
    with_queue([{limit, 8}, {max_queue, infinity}], fun(Queue) ->
        Jobs = [begin
                    {ok, Job} = proctor_queue:submit(
                                  Queue, "echo", [integer_to_list(N)]),
                    {N, Job}
                end || N <- lists:seq(1, 300)],
        [begin
             {ok, #{stdout := Out}} = answer(Job),
             ?assertEqual(integer_to_binary(N), string:trim(Out))
         end || {N, Job} <- Jobs],
        ?assertMatch(#{running := 0, waiting := 0, done := 300}, info(Queue))
    end).

mailbox() ->
    with_queue([{limit, 1}], fun(Queue) ->
        self() ! before,
        ?assertMatch({ok, #{}}, proctor_queue:run(Queue, "true", [])),
        {error, _} = proctor_queue:run(Queue, "true", [nothing]),
        ?assertEqual([before], flush())
    end).

hidden() ->
    Secret = "s3cr3t",
    Options = [{limit, 1}, {options, [{env, [{"V", Secret}]}]}],
    Spec = proctor_queue:child_spec(Options),
    proctor_case:no_secret(Secret, Spec),
    with_queue(Options, fun(Queue) ->
        _ = [proctor_queue:submit(Queue, "sh", ["-c", "sleep 1000", Secret])
             || _ <- [1, 2]],
        proctor_case:no_secret(Secret, sys:get_status(Queue))
    end),
    children(0).

supervised() ->
    {ok, _} = proctor:start([]),
    {ok, Sup} = supervisor:start_link(
                  proctor_test_sup,
                  [proctor_queue:child_spec([{name, q}, {limit, 1}])]),
    ?assertMatch([{q, _, worker, [proctor_queue]}],
                 supervisor:which_children(Sup)),
    Ref = monitor(process, q),
    exit(whereis(q), kill),
    _ = down(Ref),
    wait_until(fun() -> is_pid(whereis(q)) end),
    ?assertMatch({ok, #{}}, proctor_queue:run(q, "true", [])),
    true = unlink(Sup),
    Its = monitor(process, Sup),
    exit(Sup, shutdown),
    shutdown = down(Its),
    ?assertEqual({error, not_started}, proctor_queue:run(q, "true", [])),
    ok = gen_server:stop(proctor).
