%% @doc Output of a program, let through as prx's flow control counts it: by
%% messages, of both streams together. What waits was not acknowledged, so no
%% more than a window of each stream does, and the program waits, too.
-module(proctor_prx_output).

-export([new/0, put/2, take/2, all/1, is_empty/1]).

-export_type([queue/0, data/0]).

-type data() :: {stdout | stderr, binary()}.

-opaque queue() :: queue:queue(data()).

-spec new() -> queue().
new() ->
    queue:new().

%% @doc It has come.
-spec put(data(), queue()) -> queue().
put(Data, Queue) ->
    queue:in(Data, Queue).

%% @doc What may go now, in its order.
-spec take(proctor_prx_entry:entry(), queue()) -> {[data()], queue()}.
take(Entry, Queue) ->
    take(Entry, Queue, []).

take(Entry, Queue, Taken) ->
    case proctor_prx_entry:flow(Entry) =/= 0 andalso queue:out(Queue) of
        {{value, Data}, Rest} ->
            ok = proctor_prx_entry:passed(Entry),
            take(Entry, Rest, [Data | Taken]);
        _ ->
            {lists:reverse(Taken), Queue}
    end.

-spec is_empty(queue()) -> boolean().
is_empty(Queue) ->
    queue:is_empty(Queue).

%% @doc All that waits.
-spec all(queue()) -> [data()].
all(Queue) ->
    queue:to_list(Queue).
