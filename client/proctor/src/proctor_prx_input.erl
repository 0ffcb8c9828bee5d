%% @doc Input of a program for a sender that never waits. A window of it is
%% under way to the program, and some more waits here; a chunk that has no room
%% is refused whole.
-module(proctor_prx_input).

-export([new/0, put/2, taken/2, is_empty/1]).

-export_type([input/0]).

-record(input, {away = 0 :: non_neg_integer(),
                waiting = queue:new() :: queue:queue(binary()),
                bytes = 0 :: non_neg_integer()}).

-opaque input() :: #input{}.

%% As prx cuts it.
-define(CHUNK, 32768).
%% WIRE_WINDOW of task/wire.h.
-define(WINDOW, 65536).
%% Bytes that wait here for the window.
-define(ROOM, 16#100000).

-spec new() -> input().
new() ->
    #input{}.

%% @doc What is to leave now, and how many chunks were refused.
-spec put(iodata(), input()) -> {[binary()], non_neg_integer(), input()}.
put(Data, Input) ->
    {Input1, Refused} = chunks(iolist_to_binary(Data), Input, 0),
    {Leaving, Input2} = leave(Input1, []),
    {Leaving, Refused, Input2}.

chunks(<<>>, Input, Refused) ->
    {Input, Refused};
chunks(<<Chunk:?CHUNK/binary, Rest/binary>>, Input, Refused) ->
    chunk(Chunk, Rest, Input, Refused);
chunks(Chunk, Input, Refused) ->
    chunk(Chunk, <<>>, Input, Refused).

chunk(Chunk, Rest, #input{waiting = Waiting, bytes = Bytes} = Input, Refused) ->
    case Bytes + byte_size(Chunk) of
        More when More > ?ROOM ->
            chunks(Rest, Input, Refused + 1);
        More ->
            chunks(Rest, Input#input{waiting = queue:in(Chunk, Waiting),
                                     bytes = More}, Refused)
    end.

%% @doc So many bytes have reached the program: what is to leave now.
-spec taken(non_neg_integer(), input()) -> {[binary()], input()}.
taken(Bytes, #input{away = Away} = Input) ->
    leave(Input#input{away = max(0, Away - Bytes)}, []).

leave(#input{away = Away, waiting = Waiting, bytes = Bytes} = Input, Leaving) ->
    case queue:out(Waiting) of
        {{value, Chunk}, Rest} when Away + byte_size(Chunk) =< ?WINDOW ->
            leave(Input#input{away = Away + byte_size(Chunk), waiting = Rest,
                              bytes = Bytes - byte_size(Chunk)},
                  [Chunk | Leaving]);
        _ ->
            {lists:reverse(Leaving), Input}
    end.

%% @doc Whether nothing waits here.
-spec is_empty(input()) -> boolean().
is_empty(#input{waiting = Waiting}) ->
    queue:is_empty(Waiting).
