%% Lists of operations in the shape of prx.
-module(proctor_prx_task_tests).

-include_lib("eunit/include/eunit.hrl").

-export([add/2, more/2, tell/3]).

-import(proctor_trees, [next/0, quiet/0]).

-define(P, proctor_prx).

task_test_() ->
    proctor_trees:cases([
        {"a task is prepared", fun prepared/1},
        {"an error ends the list, and the task", fun failed/1},
        {"calls behind one that fails are not made", fun rest_left/1},
        {"an error that ends nothing", fun no_errexit/1},
        {"the state goes from one to the next", fun state/1},
        {"operations that return operations", fun branches/1},
        {"what becomes of a result", fun transform/1},
        {"operations of other modules, and nested ones", fun modules/1},
        {"what is no operation", fun bad/1},
        {"a task is made and ended by others", fun config/1},
        {"a list of calls is one message", fun one_frame/1},
        {"more calls than a frame holds", fun many/1}]).

prepared(Root) ->
    {ok, Task} = ?P:task(Root, [{setenv, ["A", "b", 1]},
                                {chdir, ["/"]},
                                {setpriority, [prio_process, 0, 3]}], none),
    ?assertEqual({ok, <<"/">>}, ?P:getcwd(Task)),
    ?assertEqual(<<"b">>, ?P:getenv(Task, "A")),
    ?assertEqual({ok, 3}, ?P:getpriority(Task, prio_process, 0)),
    {ok, Other} = ?P:task(Root, [], none),
    ?assertMatch([_, _], ?P:cpid(Root)),
    ok = ?P:stop(Other).

failed(Root) ->
    ?assertEqual({error, enoent},
                 ?P:task(Root, [{chdir, ["/"]}, {chdir, ["/nowhere"]}], none)),
    ?assertEqual({error, ebadf}, ?P:task(Root, [{close, [999]}], none, [])),
    ?assertEqual([], ?P:cpid(Root)),
    ?assertError({badop, {?P, nothing, []}, [], _},
                 ?P:task(Root, [{nothing, []}], none)),
    ?assertEqual([], ?P:cpid(Root)),
    quiet().

rest_left(Root) ->
    ?assertEqual({error, enoent},
                 proctor_prx_task:with(Root, [{setenv, ["A", "1", 1]},
                                              {chdir, ["/nowhere"]},
                                              {setenv, ["B", "2", 1]}], none)),
    ?assertEqual([<<"1">>, false], [?P:getenv(Root, N) || N <- ["A", "B"]]).

no_errexit(Root) ->
    ?assertEqual(ok,
                 proctor_prx_task:with(Root,
                                       [{chdir, ["/nowhere"],
                                         [{errexit, false}]},
                                        {setenv, ["B", "2", 1]}], none)),
    ?assertEqual(<<"2">>, ?P:getenv(Root, "B")).

add(State, _Task) -> {ok, State + 1}.

%% The descriptor is the state.
state(Root) ->
    Me = self(),
    ?assertEqual(ok,
                 proctor_prx_task:with(Root,
                                       [{?MODULE, add, [], [state]},
                                        {?MODULE, add, [], [{state, true}]},
                                        {?MODULE, tell, [Me], [state]},
                                        {open, ["/dev/null", [o_rdonly]]},
                                        {fcntl, [0, f_getfd]},
                                        {open, ["/dev/null", [o_rdonly]]},
                                        {chdir, ["/"]},
                                        {?MODULE, tell, [Me], [state]}],
                                       1)),
    ?assertEqual({state, 3}, next()),
    {state, FD} = next(),
    ?assertEqual(ok, ?P:close(Root, FD)).

tell(State, _Task, To) ->
    To ! {state, State},
    ok.

more(_Task, Path) -> [{chdir, [Path]}, {setenv, ["IN", Path, 1]}].

branches(Root) ->
    ?assertEqual(ok, proctor_prx_task:with(Root,
                                           [{?MODULE, more, ["/"]},
                                            {setenv, ["AFTER", "x", 1]}],
                                           none)),
    ?assertEqual([<<"/">>, <<"x">>],
                 [?P:getenv(Root, N) || N <- ["IN", "AFTER"]]).

transform(Root) ->
    Pid = ?P:getpid(Root),
    Same = fun(Found) when Found =:= Pid -> ok end,
    ?assertEqual(ok, proctor_prx_task:with(Root, [{getpid, [],
                                                   [{transform, Same}]}],
                                           none)),
    Never = fun(ok) -> {error, eagain} end,
    ?assertEqual({error, eagain},
                 proctor_prx_task:with(Root, [{chdir, ["/"],
                                               [{transform, Never}]}], none)).

modules(Root) ->
    ?assertEqual(ok, proctor_prx_task:with(Root,
                                           [[{?P, chdir, ["/"]},
                                             [{chdir, ["/tmp"]}]],
                                            {?P, setenv, ["X", "1", 1], []}],
                                           none)),
    ?assertEqual({ok, <<"/tmp">>}, ?P:getcwd(Root)),
    ?assertEqual(<<"1">>, ?P:getenv(Root, "X")).

bad(Root) ->
    Rest = [{chdir, ["/"]}],
    ?assertError({badop, {?P, getpid, []}, Rest, _},
                 proctor_prx_task:with(Root, [{getpid, []} | Rest], none)),
    ?assertError({badop, {?P, chdir, [nothing]}, _, _},
                 proctor_prx_task:with(Root, [{chdir, [nothing]}], none)),
    ?assertError({badop, {?P, setuid, ["x"]}, Rest, _},
                 proctor_prx_task:with(Root, [{chdir, ["/"]}, {setuid, ["x"]}
                                              | Rest], none)),
    ?assertError({badop, what}, proctor_prx_task:with(Root, [what], none)).

config(Root) ->
    Me = self(),
    Init = fun(Parent) -> ?P:clone(Parent, []) end,
    Terminate = fun(Parent, Task) -> Me ! {ends, Parent, Task} end,
    {error, enoent} = ?P:task(Root, [{chdir, ["/nowhere"]}], none,
                              [{init, Init}, {terminate, Terminate}]),
    {ends, Root, Task} = next(),
    ?assertMatch({ok, _}, ?P:getcwd(Task)),
    ?assertEqual({error, eagain},
                 ?P:task(Root, [], none,
                         [{init, fun(_) -> {error, eagain} end}])).

%% Counted at the process of the task.
one_frame(Root) ->
    _ = erlang:trace(Root, true, ['receive']),
    ok = proctor_prx_task:with(Root, [{chdir, ["/"]} || _ <- lists:seq(1, 30)],
                               none),
    _ = erlang:trace(Root, false, ['receive']),
    ?assertMatch([{trace, Root, 'receive',
                   {'$gen_call', _, {batch, Calls}}}]
                   when length(Calls) =:= 30, proctor_case:flush()).

many(Root) ->
    Ops = [{setenv, ["N", integer_to_list(N), 1]} || N <- lists:seq(1, 70000)],
    ?assertEqual(ok, proctor_prx_task:with(Root, Ops, none)),
    ?assertEqual(<<"70000">>, ?P:getenv(Root, "N")),
    Ops1 = [{getcwd, []} || _ <- lists:seq(1, 70000)],
    ?assertEqual(ok, proctor_prx_task:with(Root, Ops1, none)),
    Long = lists:duplicate(100000, $x),
    ?assertEqual(ok, proctor_prx_task:with(Root,
                                           [{setenv, ["L", Long, 1]}
                                            || _ <- lists:seq(1, 30)], none)),
    ?assertEqual(100000, byte_size(?P:getenv(Root, "L"))).
