%% Trees of tasks over a program that says what a test wants: what the client
%% believes, and what becomes of those who wait.
-module(proctor_task_fake_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0, wait_until/1, flush/0]).

fake_test_() ->
    proctor_case:cases([],
     [{"task: a program that says nothing and ends", fun dead/0},
      {"task: a program that says nothing", fun mute/0},
      {"task: a program that says a little, again and again", fun dribble/0},
      {"task: a program whose first word is no greeting", fun no_hello/0},
      {"task: a greeting that is no term", fun no_term/0},
      {"task: no such program", fun no_program/0},
      {"task: wrong options", fun options/0},
      {"task: a call", fun call/0},
      {"task: an answer that comes byte by byte", fun bytes/0},
      {"task: calls that there are not", fun no_call/0},
      {"task: an answer that is none", fun no_answer/0},
      {"task: an answer with a name of its own", fun new_atom/0},
      {"task: an answer that was packed", fun packed/0},
      {"task: an answer to nobody", fun stranger/0},
      {"task: a frame that is too long", broken(long)},
      {"task: a frame that is too short", broken(short)},
      {"task: a frame of no type", broken(type)},
      {"task: a program that dies under a call", broken(die)},
      {"task: a task that dies under a call", fun gone/0},
      {"task: no answer in time, and a late one", fun silent/0},
      {"task: a fork that comes too late is ended", fun late/0},
      {"task: what is too long", fun too_long/0},
      {"task: acknowledged when it was taken", fun acks/0},
      {"task: a signal that was caught", fun signal/0},
      {"task: another's", fun stranger_calls/0},
      {"task: given away", fun given/0},
      {"task: its owner dies", fun orphan/0},
      {"task: lists of calls", fun batch/0},
      {"task: tables that are made anew", fun tables/0},
      {"task: no argument in a report", fun secret/0}]).

with(Mode, Fun) ->
    proctor_task_fake:with(Mode, fun(Path) ->
        {ok, Root} = proctor_task:start([{program, Path}]),
        Fun(Root),
        ended(Root)
    end).

ended(Root) ->
    ok = proctor_task:stop(Root),
    wait_until(fun() -> not is_process_alive(Root) end),
    _ = flush().

start(Mode) ->
    proctor_task_fake:with(Mode, fun(Path) ->
        proctor_task:start([{program, Path}])
    end).

dead() ->
    ?assertEqual({error, {start, eio, {exited, 3}}}, start(dead)).

%% And nothing is left of it.
mute() ->
    ?assertEqual({error, {start, etimedout, hello}},
                 late_start(mute, 50)),
    wait_until(fun() -> proctor:which_children() =:= [] end).

dribble() ->
    ?assertEqual({error, {start, etimedout, hello}},
                 late_start(dribble, 3000)),
    wait_until(fun() -> proctor:which_children() =:= [] end).

late_start(Mode, Ms) ->
    proctor_task_fake:with(Mode, fun(Path) ->
        proctor_task:start([{program, Path}, {start_timeout, Ms}])
    end).

no_hello() ->
    ?assertEqual({error, {start, eproto, hello}}, start(no_hello)).

no_term() ->
    ?assertEqual({error, {start, eproto, hello}}, start(no_term)).

no_program() ->
    ?assertMatch({error, {exec, enoent, _}},
                 proctor_task:start([{program, "/nowhere/proctor-task"}])),
    ?assertMatch({error, _}, proctor_task:start([{instance, nobody_here}])),
    ?assertMatch({error, _}, proctor_task:start([{node, 'nobody@nowhere'}])).

options() ->
    ?assertEqual({error, {options, einval, owner}},
                 proctor_task:start([{owner, me}])),
    {Pid, Ref} = spawn_monitor(fun() -> ok end),
    receive {'DOWN', Ref, process, _, _} -> ok end,
    ?assertEqual({error, {options, einval, owner}},
                 proctor_task:start([{owner, Pid}])),
    ?assertMatch({error, {badopt, _}},
                 proctor_task:start([{program, "/bin/true"}, stdout])).

call() ->
    with(plain, fun(Root) ->
        ?assertEqual({ok, 7}, proctor_task:call(Root, getpid)),
        ?assertEqual({ok, 7}, proctor_task:call(Root, getpid, [], infinity)),
        ?assertEqual(ok, proctor_task:call(Root, chdir, ["/"])),
        ?assertEqual({ok, [fork, getpid, read, chdir, exec]},
                     proctor_task:calls(Root)),
        ?assertMatch({ok, #{number := 1, pid := 7, state := call}},
                     proctor_task:info(Root)),
        Root1 = Root,
        ?assertEqual({ok, [#{task => Root1, number => 1, parent => 0}]},
                     proctor_task:tree(Root))
    end).

bytes() ->
    with(bytes, fun(Root) ->
        ?assertEqual({ok, 7}, proctor_task:call(Root, getpid))
    end).

no_call() ->
    with(plain, fun(Root) ->
        ?assertEqual({error, {system, enosys, nonsense}},
                     proctor_task:call(Root, nonsense)),
        ?assertEqual({error, {system, enosys, nonsense}},
                     proctor_task:run(Root, [{nonsense, []}])),
        ?assertEqual({error, {policy, eperm, fork}},
                     proctor_task:call(Root, fork, [1])),
        ?assertEqual({ok, 7}, proctor_task:call(Root, getpid))
    end).

no_answer() ->
    with(no_answer, fun(Root) ->
        ?assertEqual({error, {wire, eproto, answer}},
                     proctor_task:call(Root, getpid)),
        ?assertEqual(ok, proctor_task:call(Root, chdir, ["/"]))
    end).

new_atom() ->
    with(new_atom, fun(Root) ->
        ?assertEqual({error, {wire, eproto, answer}},
                     proctor_task:call(Root, getpid)),
        Name = "an_atom_that_is_" ++ "not_yet",
        ?assertError(badarg, list_to_existing_atom(Name))
    end).

packed() ->
    with(packed, fun(Root) ->
        ?assertEqual({error, {wire, eproto, answer}},
                     proctor_task:call(Root, getpid))
    end).

stranger() ->
    with(stranger, fun(Root) ->
        ?assertEqual({ok, 7}, proctor_task:call(Root, getpid))
    end).

%% Whoever waits is told, the owner too, and the program is gone.
broken(Mode) ->
    fun() ->
        with(Mode, fun(Root) ->
            ?assertEqual({error, {gone, esrch, 1}},
                         proctor_task:call(Root, getpid)),
            ?assertMatch({ok, #{status := unknown, cause := tree}},
                         proctor_task:await(Root)),
            wait_until(fun() -> proctor:which_children() =:= [] end),
            ?assertMatch({error, {gone, esrch, _}},
                         proctor_task:call(Root, getpid))
        end)
    end.

gone() ->
    with(gone, fun(Root) ->
        ?assertEqual({error, {gone, esrch, 1}},
                     proctor_task:call(Root, getpid)),
        ?assertEqual({ok, #{status => {exited, 3}, cause => stopped,
                            usage => #{utime_us => 5, stime_us => 6,
                                       maxrss_kb => 7}}},
                     proctor_task:await(Root))
    end).

silent() ->
    with(silent, fun(Root) ->
        ?assertEqual({error, {timeout, etimedout, getpid}},
                     proctor_task:call(Root, getpid, [], 10)),
        ?assertEqual(ok, proctor_task:call(Root, chdir, ["/"])),
        ?assertEqual([], flush())
    end).

late() ->
    with(late, fun(Root) ->
        ?assertEqual({error, {timeout, etimedout, fork}},
                     proctor_task:fork(Root, 10)),
        %% Behind that, whatever it was, nothing is left.
        ?assertEqual(ok, proctor_task:call(Root, chdir, ["/"], infinity)),
        {ok, #{tree := Tree}} = proctor_task:info(Root),
        wait_until(fun() ->
            map_size(proctor_task_tree:tasks(Tree)) =:= 1
        end),
        ?assertEqual([], flush())
    end).

too_long() ->
    with(plain, fun(Root) ->
        Long = binary:copy(<<"x">>, 1100000),
        ?assertEqual({error, {wire, emsgsize, call}},
                     proctor_task:call(Root, chdir, [Long])),
        ?assertEqual({error, {wire, emsgsize, batch}},
                     proctor_task:run(Root, [{chdir, [Long]}])),
        ?assertEqual({ok, 7}, proctor_task:call(Root, getpid))
    end).

acks() ->
    with(plain, fun(Root) ->
        {ok, Task} = proctor_task:fork(Root),
        ok = proctor_task:exec(Task, ["x"], [{active, false}]),
        {ok, Half} = proctor_task:recv(Task, 524288),
        ?assertEqual(524288, byte_size(Half)),
        ?assertEqual({ok, <<"524288">>}, proctor_task:recv(Task, stderr)),
        ?assertEqual({error, timeout},
                     proctor_task:recv(Task, stderr, 10)),
        ok = proctor_task:stop(Task),
        ?assertMatch({ok, #{status := {signaled, 15, false}}},
                     proctor_task:await(Task))
    end).

signal() ->
    with(plain, fun(Root) ->
        ok = proctor_task:signal(Root, sigusr1),
        ?assertMatch({proctor_task, Root, {signal, sigusr1, _}}, next()),
        ok = proctor_task:signal(Root, 12, group),
        ?assertMatch({proctor_task, Root, {signal, sigusr2, _}}, next()),
        ?assertEqual({error, {argument, einval, 2}},
                     proctor_task:signal(Root, signonsense)),
        ?assertEqual({error, {argument, einval, 2}},
                     proctor_task:signal(Root, 65))
    end).

elsewhere(Fun) ->
    {Pid, Ref} = spawn_monitor(fun() -> exit({value, Fun()}) end),
    receive {'DOWN', Ref, process, Pid, {value, Value}} -> Value end.

stranger_calls() ->
    with(plain, fun(Root) ->
        Denied = fun(Name) -> {error, {owner, eacces, Name}} end,
        ?assertEqual(Denied(getpid),
                     elsewhere(fun() -> proctor_task:call(Root, getpid) end)),
        ?assertEqual(Denied(fork),
                     elsewhere(fun() -> proctor_task:fork(Root) end)),
        ?assertEqual(Denied(run),
                     elsewhere(fun() ->
                                   proctor_task:run(Root, [{getpid, []}])
                               end)),
        ?assertEqual(Denied(exec),
                     elsewhere(fun() -> proctor_task:exec(Root, ["x"]) end)),
        ?assertEqual(Denied(controlling_process),
                     elsewhere(fun() ->
                                   proctor_task:controlling_process(Root,
                                                                    self())
                               end)),
        ?assertEqual(ok, elsewhere(fun() ->
                                       proctor_task:signal(Root, 0)
                                   end)),
        _ = flush()
    end).

given() ->
    with(plain, fun(Root) ->
        {Dead, Ref} = spawn_monitor(fun() -> ok end),
        receive {'DOWN', Ref, process, _, _} -> ok end,
        ?assertEqual({error, {argument, einval, 2}},
                     proctor_task:controlling_process(Root, Dead)),
        ?assertEqual({ok, 7}, proctor_task:call(Root, getpid)),
        Self = self(),
        Other = spawn_link(fun() ->
            receive go -> ok end,
            Self ! {its, proctor_task:call(Root, getpid)},
            receive {proctor_task, Root, {signal, Name, _}} ->
                Self ! {heard, Name}
            end,
            ok = proctor_task:controlling_process(Root, none),
            Self ! {its, ok}
        end),
        ok = proctor_task:controlling_process(Root, Other),
        ?assertEqual({error, {owner, eacces, getpid}},
                     proctor_task:call(Root, getpid)),
        Other ! go,
        ?assertEqual({its, {ok, 7}}, next()),
        ok = proctor_task:signal(Root, sigusr1),
        ?assertEqual({heard, sigusr1}, next()),
        ?assertEqual({its, ok}, next()),
        %% Nobody's: anybody may.
        ?assertEqual({ok, 7}, proctor_task:call(Root, getpid)),
        ?assertEqual([], flush())
    end).

orphan() ->
    with(plain, fun(Root) ->
        Self = self(),
        {Owner, Ref} = spawn_monitor(fun() ->
            {root, R} = next(),
            {ok, Task} = proctor_task:fork(R),
            ok = proctor_task:controlling_process(R, Self),
            Self ! {task, Task},
            receive stop -> ok end
        end),
        ok = proctor_task:controlling_process(Root, Owner),
        Owner ! {root, Root},
        {task, Task} = next(),
        Watch = monitor(process, Task),
        Owner ! stop,
        receive {'DOWN', Ref, process, _, _} -> ok end,
        receive {'DOWN', Watch, process, _, normal} -> ok end,
        ?assertEqual({ok, 7}, proctor_task:call(Root, getpid))
    end).

batch() ->
    with(plain, fun(Root) ->
        Many = [{getpid, []} || _ <- lists:seq(1, 30)],
        ?assertEqual({ok, lists:duplicate(30, {ok, 30})},
                     proctor_task:run(Root, Many)),
        ?assertEqual({ok, []}, proctor_task:run(Root, [])),
        %% More than a frame holds goes in several.
        Big = binary:copy(<<"x">>, 300000),
        {ok, Answers} = proctor_task:run(Root, lists:duplicate(
                                                 5, {chdir, [Big]})),
        ?assertEqual(lists:duplicate(5, {ok, 1}), Answers),
        ?assertEqual({error, {options, einval, {op, 2}}},
                     proctor_task:run(Root, [{getpid, []}, getpid])),
        ?assertEqual({error, {options, einval, timeout}},
                     proctor_task:run(Root, [], [{timeout, soon}]))
    end).

tables() ->
    with(plain, fun(Root) ->
        exit(whereis(proctor_tables), kill),
        ?assertEqual({ok, 7}, proctor_task:call(Root, getpid)),
        wait_until(fun() -> ets:info(proctor_task_ref) =/= undefined end),
        ?assertEqual({ok, 7}, proctor_task:call(Root, getpid))
    end).

secret() ->
    with(silent, fun(Root) ->
        {ok, #{tree := Tree}} = proctor_task:info(Root),
        Secret = "tHe-SeCrEt",
        {error, {timeout, _, _}} =
            proctor_task:call(Root, getpid, [Secret], 10),
        Text = io_lib:format("~p ~p", [sys:get_status(Tree),
                                       sys:get_status(Root)]),
        ?assertEqual(nomatch, string:find(Text, Secret)),
        %% Not from a call that finds nobody, either.
        exit(Tree, kill),
        ?assertMatch({error, {gone, esrch, _}},
                     proctor_task:call(Root, getpid, [Secret]))
    end).
