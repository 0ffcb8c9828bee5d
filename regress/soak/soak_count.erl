%% What has happened so far: counters that all callers share, and faults, which
%% are told when they are found.
-module(soak_count).

-export([new/0, add/1, add/2, all/0, operations/0, fault/2]).
-export([hold/1, is_held/0, held/0, hold_me/0]).

%% A fault of a kind is told so often.
-define(SHOWN, 20).

new() ->
    _ = ets:new(?MODULE, [named_table, public, {write_concurrency, true}]),
    true = ets:insert(?MODULE, [{hold, false}, {held, 0}, {operations, 0}]),
    ok.

add(Key) ->
    add(Key, 1).

add(Key, N) ->
    ets:update_counter(?MODULE, Key, N, {Key, 0}).

%% {Group, Name}: Count.
all() ->
    lists:sort([{Key, Value} || {Key, Value} <- ets:tab2list(?MODULE),
                                is_integer(Value), Key =/= held]).

operations() ->
    ets:lookup_element(?MODULE, operations, 2).

%% Of one class: lost, doubled, bytes, answer, unexplained, stuck or crash.
fault(Class, What) ->
    case add({fault, Class}) =< ?SHOWN of
        true ->
            io:format("@fault ~s ~0P~n", [Class, What, 60]);
        false ->
            ok
    end.

%%% Rest

hold(Held) ->
    true = ets:insert(?MODULE, {hold, Held}),
    ok.

is_held() ->
    ets:lookup_element(?MODULE, hold, 2).

held() ->
    ets:lookup_element(?MODULE, held, 2).

%% Of a caller: it does nothing until all go on.
hold_me() ->
    _ = add(held),
    waits(),
    _ = add(held, -1),
    ok.

waits() ->
    case is_held() of
        true -> timer:sleep(20), waits();
        false -> ok
    end.
