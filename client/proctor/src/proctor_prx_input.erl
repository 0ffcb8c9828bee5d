%% @doc Input of a program for a sender that never waits. A window of it is
%% under way to the program, and some more waits here; a chunk that has no room
%% is refused whole, and the end comes behind what waits.
-module(proctor_prx_input).

-export([new/0, put/2, taken/2, close/1]).

-export_type([input/0, request/0]).

-record(input, {away = 0 :: non_neg_integer(),
                waiting = queue:new() :: queue:queue(binary()),
                bytes = 0 :: non_neg_integer(),
                closing = false :: boolean()}).

-opaque input() :: #input{}.

-type request() :: {stdin, binary()} | {close, stdin}.
%% What is to be asked of the tree now.

%% As prx cuts it.
-define(CHUNK, 32768).
%% WIRE_WINDOW of task/wire.h.
-define(WINDOW, 65536).
%% Bytes that wait here for the window.
-define(ROOM, 16#100000).

-spec new() -> input().
new() ->
    #input{}.

%% @doc More of it, and how many chunks were refused. Behind the end it is
%% dropped.
-spec put(iodata(), input()) -> {[request()], non_neg_integer(), input()}.
put(_Data, #input{closing = true} = Input) ->
    {[], 0, Input};
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

%% @doc So many bytes have reached the program.
-spec taken(non_neg_integer(), input()) -> {[request()], input()}.
taken(Bytes, #input{away = Away} = Input) ->
    leave(Input#input{away = max(0, Away - Bytes)}, []).

%% @doc It ends here.
-spec close(input()) -> {[request()], input()}.
close(Input) ->
    leave(Input#input{closing = true}, []).

leave(#input{away = Away, waiting = Waiting, bytes = Bytes, closing = Closing}
      = Input, Leaving) ->
    case queue:out(Waiting) of
        {{value, Chunk}, Rest} when Away + byte_size(Chunk) =< ?WINDOW ->
            leave(Input#input{away = Away + byte_size(Chunk), waiting = Rest,
                              bytes = Bytes - byte_size(Chunk)},
                  [{stdin, Chunk} | Leaving]);
        {empty, _} when Closing ->
            {lists:reverse(Leaving, [{close, stdin}]), Input};
        _ ->
            {lists:reverse(Leaving), Input}
    end.
