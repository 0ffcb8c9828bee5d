%% @doc Which task an Erlang process stands for: found without asking it, so
%% that a call goes to the tree at once. Where it is not found here, as on
%% another node, the process itself is asked.
-module(proctor_task_ref).

-export([new/0, add/2, remove/1, find/1]).

-export_type([ref/0]).

-define(TABLE, ?MODULE).

-type ref() :: {Tree :: pid(), Number :: pos_integer(),
                Owner :: pid() | none}.

%% @doc Makes the caller the owner of the table.
-spec new() -> ok.
new() ->
    ?TABLE = ets:new(?TABLE, [named_table, public, {read_concurrency, true},
                              {write_concurrency, true}]),
    ok.

%% @doc Which `Task' is, and whose.
-spec add(pid(), ref()) -> ok.
add(Task, Ref) ->
    try ets:insert(?TABLE, {Task, Ref}) of
        true -> ok
    catch
        error:badarg -> ok
    end.

%% @doc It has ended, or is about to.
-spec remove(pid()) -> ok.
remove(Task) ->
    try ets:delete(?TABLE, Task) of
        true -> ok
    catch
        error:badarg -> ok
    end.

%% @doc What is known of it here.
-spec find(pid()) -> {ok, ref()} | unknown.
find(Task) ->
    try ets:lookup(?TABLE, Task) of
        [{Task, Ref}] -> {ok, Ref};
        [] -> unknown
    catch
        error:badarg -> unknown
    end.
