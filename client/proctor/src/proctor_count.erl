%% @doc How many bytes have gone to and come from the OS processes of an
%% instance: counted where they pass, by whoever sees them, for all of them
%% together.
-module(proctor_count).

-export([new/0, add/3, bytes/1]).

-export_type([count/0]).

-type count() :: counters:counters_ref().

-define(STREAMS, [{stdin, 1}, {stdout, 2}, {stderr, 3}]).

%% @doc Nothing yet.
-spec new() -> count().
new() ->
    counters:new(length(?STREAMS), [write_concurrency]).

%% @doc So many more.
-spec add(stdin | stdout | stderr, non_neg_integer(), count()) -> ok.
add(Stream, Bytes, Count) ->
    {Stream, Index} = lists:keyfind(Stream, 1, ?STREAMS),
    counters:add(Count, Index, Bytes).

%% @doc All of them.
-spec bytes(count()) -> #{stdin | stdout | stderr => non_neg_integer()}.
bytes(Count) ->
    maps:from_list([{Stream, counters:get(Count, Index)}
                    || {Stream, Index} <- ?STREAMS]).
