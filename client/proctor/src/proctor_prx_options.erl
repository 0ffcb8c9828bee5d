%% @doc The options of a task in the shape of prx that are the node's: numbers,
%% by name. Those of {@link is_deep/1} are the switch's.
-module(proctor_prx_options).

-export([new/0, is_deep/1, request/3, answer/4, find/2, set/3]).

-export_type([options/0]).

-type options() :: #{exit_status := integer(), termsig := integer(),
                     flowcontrol := integer(), signaloneof := 0..255,
                     stdin_closed := integer(), stdout_closed := integer(),
                     stderr_closed := integer()}.

-spec new() -> options().
new() ->
    #{exit_status => 1, termsig => 1, flowcontrol => -1, signaloneof => 15,
      stdin_closed => 0, stdout_closed => 0, stderr_closed => 0}.

%% @doc Whether it is a limit that the switch keeps.
-spec is_deep(term()) -> boolean().
is_deep(Name) ->
    Name =:= maxchild orelse Name =:= maxforkdepth.

%% @doc What the switch is asked, of a task so far below the root. A fork depth
%% is here the length of the longest pipeline there may be; the switch counts
%% from the task.
-spec request(maxchild | maxforkdepth, get | integer(), non_neg_integer()) ->
    proctor_task_wire:down().
request(maxforkdepth, Value, Depth) when is_integer(Value) ->
    {option, maxforkdepth, Value - Depth};
request(Name, Value, _Depth) ->
    {option, Name, Value}.

%% @doc What its answer says.
-spec answer(maxchild | maxforkdepth, get | integer(), non_neg_integer(),
             proctor_task_wire:answer()) -> integer() | boolean().
answer(maxforkdepth, get, Depth, {ok, Value}) -> Value + Depth;
answer(_Name, get, _Depth, {ok, Value}) -> Value;
answer(_Name, _Value, _Depth, {error, _}) -> false;
answer(_Name, _Value, _Depth, _Set) -> true.

-spec find(term(), options()) -> integer() | false.
find(Name, Options) ->
    maps:get(Name, Options, false).

%% @doc Sets it; `false' if there is none of that name or the value cannot be.
-spec set(term(), integer(), options()) -> {ok, options()} | false.
set(signaloneof, Value, _Options) when Value > 255 ->
    false;
set(flowcontrol, Value, Options) ->
    {ok, Options#{flowcontrol := max(Value, -1)}};
set(Name, Value, Options) when is_map_key(Name, Options) ->
    {ok, Options#{Name := Value}};
set(_Name, _Value, _Options) ->
    false.
