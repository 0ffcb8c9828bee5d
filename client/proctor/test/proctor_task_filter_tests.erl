%% What a task may be asked for, and what the kernel keeps of it.
-module(proctor_task_filter_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [flush/0]).

filter_test_() ->
    proctor_case:cases([],
     [{Title, fun() -> with(Case) end} || {Title, Case} <- cases()]
         ++ [{"task filter: from the command line", fun command_line/0}]).

cases() ->
    [{"task filter: what is taken away stays so", fun filter/1},
     {"task filter: sealed", fun sealed/1},
     {"task filter: over reexec", fun reexec/1},
     {"task filter: the loop lives by its own calls", fun loop/1},
     {"task filter: what never fails fails by names", fun by_names/1},
     {"task filter: by names wants no_new_privs", fun no_new_privs/1}].

with(Case) ->
    {ok, Root} = proctor_task:start([]),
    {ok, Task} = proctor_task:fork(Root),
    Case(Task),
    ok = proctor_task:stop(Root),
    _ = flush().

command_line() ->
    {ok, Root} = proctor_task:start([{args, ["-calls", "@self,fork"]}]),
    {ok, Task} = proctor_task:fork(Root),
    {ok, _} = proctor_task:call(Task, getuid),
    [?assertEqual({error, {policy, eperm, open}},
                  proctor_task:call(T, open, ["/", [], 0])) || T <- [Root, Task]],
    ok = proctor_task:stop(Root),
    _ = flush().

filter(Task) ->
    ok = proctor_task:call(Task, filter, [{allow, [fork, filter, getuid]},
                                          {deny, [getuid]}]),
    {ok, _} = proctor_task:call(Task, getuid),
    ?assertEqual({error, {policy, eperm, getpid}},
                 proctor_task:call(Task, getpid)),
    ok = proctor_task:call(Task, filter, [{allow, [getpid, fork]}]),
    ?assertEqual({error, {policy, eperm, getpid}},
                 proctor_task:call(Task, getpid)),
    {ok, Child} = proctor_task:fork(Task),
    ?assertEqual({error, {policy, eperm, getuid}},
                 proctor_task:call(Child, getuid)),
    {ok, _} = proctor_task:call(Child, getpid).

by_names(Task) ->
    {ok, _} = proctor_task:call(Task, prctl,
                                [pr_set_no_new_privs, 1, 0, 0, 0]),
    Rules = #{default => errno,
              calls => [{C, allow} || C <- proctor_task:loop_calls()]},
    case proctor_task:seccomp(Task, Rules) of
        ok ->
            [?assertEqual({error, {call, eperm, Name}},
                          proctor_task:call(Task, Name, Args))
             || {Name, Args} <- [{umask, [8#077]}, {getuid, []}, {getgid, []},
                                 {getpgrp, []}, {getcwd, []}]];
        {error, {call, enosys, seccomp_rules}} ->
            ok
    end.

sealed(Task) ->
    case proctor_task:call(Task, filter,
                           [{allow, [getuid, fork, filters]}, [], [seal]]) of
        ok ->
            {ok, _} = proctor_task:call(Task, getuid),
            {ok, Child} = proctor_task:fork(Task),
            {ok, {Own, Own}} = proctor_task:call(Child, filters),
            ?assertEqual([filters, fork, getuid], lists:sort(Own)),
            ok = proctor_task:stop(Child);
        {error, {call, enosys, filter}} ->
            ok
    end.

reexec(Task) ->
    ok = proctor_task:call(Task, filter, [{allow, [reexec, getpid]}, []]),
    {ok, Pid} = proctor_task:call(Task, getpid),
    ok = proctor_task:call(Task, reexec, []),
    ?assertEqual({ok, Pid}, proctor_task:call(Task, getpid)),
    ?assertEqual({error, {policy, eperm, getuid}},
                 proctor_task:call(Task, getuid)).

%% Under a filter that kills for all else it is asked, signalled and ended.
loop(Task) ->
    {ok, _} = proctor_task:call(Task, prctl,
                                [pr_set_no_new_privs, 1, 0, 0, 0]),
    Allowed = [getuid, clone, socketpair, setsockopt, getsockopt, dup3
               | proctor_task:loop_calls()],
    case proctor_task:seccomp(Task,
                              #{default => kill,
                                calls => [{C, allow} || C <- Allowed]}) of
        ok ->
            {ok, _} = proctor_task:call(Task, getuid),
            ok = proctor_task:signal(Task, sigusr1),
            receive {proctor_task, Task, {signal, sigusr1, _}} -> ok end,
            {ok, Child} = proctor_task:fork(Task),
            {ok, _} = proctor_task:call(Child, getuid),
            ok = proctor_task:call(Child, exit, [3]),
            {ok, #{status := {exited, 3}}} = proctor_task:await(Child, 30000),
            {ok, [{ok, _}, {ok, _}]} =
                proctor_task:run(Task, [{getuid, []}, {getuid, []}]),
            {error, _} = proctor_task:call(Task, mkdir, ["/nowhere", 0]),
            {ok, #{status := {signaled, 31, _}}} =
                proctor_task:await(Task, 30000);
        {error, {call, enosys, seccomp_rules}} ->
            ok
    end.

no_new_privs(Task) ->
    Rules = #{default => allow, calls => [{mkdir, {errno, enotty}},
                                          {mkdirat, {errno, enotty}}]},
    case proctor_task:seccomp(Task, Rules) of
        {error, {call, eacces, seccomp_rules}} ->
            {ok, _} = proctor_task:call(Task, prctl,
                                        [pr_set_no_new_privs, 1, 0, 0, 0]),
            ok = proctor_task:seccomp(Task, Rules),
            ?assertEqual({error, {call, enotty, mkdir}},
                         proctor_task:call(Task, mkdir, ["/nowhere", 0]));
        {error, {call, enosys, seccomp_rules}} ->
            ok
    end.
