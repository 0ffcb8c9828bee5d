%% What tests of tasks in the shape of prx share.
-module(proctor_trees).

-include_lib("eunit/include/eunit.hrl").

-export([cases/1, tree/1, next/0, quiet/0, ends/2, gone/1, all/1]).

%% Each case over a tree of its own, which it is given the root of; it must take
%% all messages.
cases(Cases) ->
    proctor_case:cases([], [{Title, fun() -> tree(Case) end}
                            || {Title, Case} <- Cases]).

tree(Case) ->
    {ok, Root} = proctor_prx:fork(),
    try
        Case(Root)
    after
        true = unlink(Root),
        ok = proctor_prx:stop(Root)
    end.

next() ->
    proctor_case:next().

%% Nothing has come.
quiet() ->
    ?assertEqual([], proctor_case:flush()).

%% How a process ends.
ends(Pid, Do) ->
    Ref = monitor(process, Pid),
    _ = Do(),
    proctor_case:down(Ref).

%% An OS process is no more, or nobody's any more.
gone(OsPid) ->
    proctor_case:wait_until(fun() -> not proctor_case:alive(OsPid) end).

%% All that a program writes, and how it ends.
all(Task) ->
    all(Task, []).

all(Task, Before) ->
    case next() of
        {stdout, Task, Data} -> all(Task, [Before | Data]);
        {stderr, Task, Data} -> all(Task, [Before | Data]);
        {What, Task, How} -> {iolist_to_binary(Before), {What, How}}
    end.
