%% @doc Whose the process of an OS process is: found without asking that one,
%% which may be any process, and without asking an instance, as it says which.
-module(proctor_owner).

-export([new/0, add/2, remove/1, find/1]).

-define(TABLE, ?MODULE).

-type owner() :: {Server :: pid(), proctor:ospid()}.

%% @doc Makes the caller the owner of the table.
-spec new() -> ok.
new() ->
    ?TABLE = ets:new(?TABLE, [named_table, public, {read_concurrency, true},
                              {write_concurrency, true}]),
    ok.

%% @doc Whose `Pid' is. If there is no table its server hears of that, and adds
%% it to the next.
-spec add(pid(), owner()) -> ok.
add(Pid, {Server, OsPid}) ->
    try ets:insert(?TABLE, {Pid, Server, OsPid}) of
        true -> ok
    catch
        error:badarg -> ok
    end.

%% @doc It has ended, or is about to.
-spec remove(pid()) -> ok.
remove(Pid) ->
    try ets:delete(?TABLE, Pid) of
        true -> ok
    catch
        error:badarg -> ok
    end.

%% @doc Whose a process of this node is.
-spec find(pid()) -> owner() | undefined.
find(Pid) ->
    try ets:lookup(?TABLE, Pid) of
        [{Pid, Server, OsPid}] ->
            %% One that was killed is removed a moment later.
            case is_process_alive(Pid) of
                true -> {Server, OsPid};
                false -> undefined
            end;
        [] ->
            undefined
    catch
        error:badarg -> undefined
    end.
