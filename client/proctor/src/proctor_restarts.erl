%% @doc Counts how often each daemon and each instance was started again, and how
%% the last one ended. They write the table themselves.
-module(proctor_restarts).

-export([new/0, ended/2, forget/1, find/1]).

-define(TABLE, proctor_daemon_restarts).

%% If more than this have been started again, those that ended so long
%% ago, in milliseconds, are forgotten.
-define(MOST, 1000).
-define(LONG_AGO, 600000).

%% @doc Makes the caller the owner of the table.
-spec new() -> ok.
new() ->
    ?TABLE = ets:new(?TABLE, [named_table, public]),
    ok.

%% @doc It has ended, and may be started again.
-spec ended(term(), proctor_exit:exit() | undefined) -> ok.
ended(Key, Exit) ->
    try
        _ = ets:update_counter(?TABLE, Key, {2, 1}, {Key, 0, none, 0}),
        _ = ets:update_element(?TABLE, Key, [{3, Exit}, {4, now_ms()}]),
        _ = ets:info(?TABLE, size) > ?MOST andalso forget_old(),
        ok
    catch
        error:badarg -> ok
    end.

%% Most that end are not started again.
forget_old() ->
    Then = now_ms() - ?LONG_AGO,
    ets:select_delete(?TABLE, [{{'_', '_', '_', '$1'},
                                [{'<', '$1', Then}], [true]}]).

%% @doc It was told to end, and is not coming back.
-spec forget(term()) -> ok.
forget(Key) ->
    try ets:delete(?TABLE, Key) of
        true -> ok
    catch
        error:badarg -> ok
    end.

%% @doc How often it was started again, and how it ended the last time.
-spec find(term()) -> {non_neg_integer(), proctor_exit:exit() | undefined}.
find(Key) ->
    try ets:lookup(?TABLE, Key) of
        [{_, Restarts, Exit, _}] -> {Restarts, Exit};
        [] -> {0, undefined}
    catch
        error:badarg -> {0, undefined}
    end.

now_ms() ->
    erlang:monotonic_time(millisecond).
