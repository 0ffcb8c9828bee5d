%% @doc Output of one stream of an OS process that its reader has not taken
%% yet, and what may be acknowledged to the port program for what was taken.
%% Nothing but data: no process, no message.
-module(proctor_stream).

-export([new/0, put/2, take/2, drop/1, consumed/3, flush/1, ahead/1,
         size/1, total/1]).

-export_type([stream/0]).

-record(stream, {queue = queue:new() :: queue:queue(binary()),
                 size = 0 :: non_neg_integer(),
                 total = 0 :: non_neg_integer(),
                 %% Taken, but not acknowledged yet.
                 consumed = 0 :: non_neg_integer(),
                 %% Acknowledged, but not taken yet: the oldest of the queue.
                 ahead = 0 :: non_neg_integer()}).

-opaque stream() :: #stream{}.

%% @doc Nothing has come.
-spec new() -> stream().
new() ->
    #stream{}.

%% @doc More has come.
-spec put(binary(), stream()) -> stream().
put(Data, #stream{queue = Queue, size = Size, total = Total} = Stream) ->
    Bytes = byte_size(Data),
    Stream#stream{queue = queue:in(Data, Queue), size = Size + Bytes,
                  total = Total + Bytes}.

%% @doc Takes exactly `Length' bytes, or with 0 the oldest piece as it came,
%% or `all'.
-spec take(non_neg_integer() | all, stream()) -> {binary(), stream()} | none.
take(_, #stream{size = 0}) ->
    none;
take(all, #stream{queue = Queue} = Stream) ->
    {iolist_to_binary(queue:to_list(Queue)),
     Stream#stream{queue = queue:new(), size = 0}};
take(0, #stream{queue = Queue, size = Size} = Stream) ->
    {{value, Piece}, Rest} = queue:out(Queue),
    {Piece, Stream#stream{queue = Rest, size = Size - byte_size(Piece)}};
take(Length, #stream{size = Size}) when Length > Size ->
    none;
take(Length, #stream{queue = Queue, size = Size} = Stream) ->
    {Pieces, Rest} = pieces(Length, Queue, []),
    {iolist_to_binary(Pieces),
     Stream#stream{queue = Rest, size = Size - Length}}.

pieces(0, Queue, Acc) ->
    {lists:reverse(Acc), Queue};
pieces(Length, Queue, Acc) ->
    {{value, Piece}, Rest} = queue:out(Queue),
    case Piece of
        <<Head:Length/binary, Tail/binary>> when Tail =/= <<>> ->
            {lists:reverse([Head | Acc]), queue:in_r(Tail, Rest)};
        _ ->
            pieces(Length - byte_size(Piece), Rest, [Piece | Acc])
    end.

%% @doc Forgets what has not been taken.
-spec drop(stream()) -> {non_neg_integer(), stream()}.
drop(#stream{size = Size} = Stream) ->
    {Size, Stream#stream{queue = queue:new(), size = 0}}.

%% @doc `Bytes' have been dealt with: how many are to be acknowledged now.
%% Half a window at a time is enough to keep a child busy.
-spec consumed(non_neg_integer(), non_neg_integer(), stream()) ->
    {non_neg_integer(), stream()}.
consumed(_Bytes, 0, Stream) ->
    {0, Stream};
consumed(Bytes, Window, #stream{consumed = Consumed, ahead = Ahead} = Stream) ->
    Left = Stream#stream{ahead = max(0, Ahead - Bytes)},
    case Consumed + max(0, Bytes - Ahead) of
        Sum when Sum > 0, Sum * 2 >= Window ->
            {Sum, Left#stream{consumed = 0}};
        Sum ->
            {0, Left#stream{consumed = Sum}}
    end.

%% @doc What has been dealt with but would not be acknowledged yet.
-spec flush(stream()) -> {non_neg_integer(), stream()}.
flush(#stream{consumed = Consumed} = Stream) ->
    {Consumed, Stream#stream{consumed = 0}}.

%% @doc Somebody wants more at once than a window: how many bytes are to be
%% acknowledged now although they stay.
-spec ahead(stream()) -> {non_neg_integer(), stream()}.
ahead(#stream{size = Size, ahead = Ahead, consumed = Consumed} = Stream) ->
    {Size - Ahead + Consumed, Stream#stream{ahead = Size, consumed = 0}}.

%% @doc How many bytes wait.
-spec size(stream()) -> non_neg_integer().
size(#stream{size = Size}) ->
    Size.

%% @doc How many bytes have come at all.
-spec total(stream()) -> non_neg_integer().
total(#stream{total = Total}) ->
    Total.
