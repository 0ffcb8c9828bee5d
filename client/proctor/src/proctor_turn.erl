%% @doc Whose turn it is, where one instance takes the name of another: its place
%% under the supervisor is for one that is to be the next, that is the current one,
%% or that was. Who passes the name on is alone with it.
-module(proctor_turn).

-export([new/1, read/1, pass/2, alone/2, wait/1]).

-export_type([turn/0, whose/0]).

-opaque turn() :: atomics:atomics_ref().

-type whose() :: next | current | past.

%% @doc That of a new place.
-spec new(next | current) -> turn().
new(Whose) ->
    Turn = atomics:new(1, []),
    ok = atomics:put(Turn, 1, number(Whose)),
    Turn.

%% @doc Whose it is.
-spec read(turn()) -> whose().
read(Turn) ->
    lists:nth(atomics:get(Turn, 1) + 1, [next, current, past]).

%% @doc From now on the supervisor starts the second one again, and not the first.
-spec pass(From :: turn(), To :: turn()) -> ok.
pass(From, To) ->
    ok = atomics:put(From, 1, number(past)),
    ok = atomics:put(To, 1, number(current)).

number(next) -> 0;
number(current) -> 1;
number(past) -> 2.

%% @doc Calls `Fun' while nobody else passes that name on.
-spec alone(atom(), fun(() -> Result)) -> Result.
alone(Name, Fun) ->
    global:trans({{?MODULE, Name}, self()}, Fun, [node()]).

%% @doc Returns when nobody passes on that name, of this node or another.
-spec wait(atom() | {atom(), node()}) -> ok.
wait({Name, Node}) ->
    Id = {{?MODULE, Name}, self()},
    true = global:set_lock(Id, [Node]),
    true = global:del_lock(Id, [Node]),
    ok;
wait(Name) ->
    wait({Name, node()}).
