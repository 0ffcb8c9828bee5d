%% @doc Output of one stream of an OS process that its reader has not taken
%% yet, and what may be acknowledged to the port program for what was taken.
%% Nothing but data: no process, no message.
-module(proctor_stream).

-export([new/2, put/3, drop/1, take/2, consumed/2, flush/1, ahead/1,
         is_empty/1, oldest/1, size/1, total/1, window/1]).

-export_type([stream/0]).

-record(stream, {%% What the reader allows to be under way, 0 for no limit, and
                 %% what the port program does, which is no more, or 0.
                 window :: non_neg_integer(),
                 wire :: non_neg_integer(),
                 %% Pieces by the numbers with which they have come.
                 queue = queue:new()
                     :: queue:queue({non_neg_integer(), binary()}),
                 size = 0 :: non_neg_integer(),
                 total = 0 :: non_neg_integer(),
                 %% What has come and was not dealt with, here or elsewhere.
                 held = 0 :: non_neg_integer(),
                 %% What has come and was not acknowledged.
                 unacked = 0 :: non_neg_integer()}).

-opaque stream() :: #stream{}.

%% @doc Nothing has come. `Window' bytes may be under way to its reader, and the
%% port program lets `Wire' be.
-spec new(non_neg_integer(), non_neg_integer()) -> stream().
new(Window, Wire) ->
    #stream{window = Window, wire = Wire}.

%% @doc More has come, as the piece of that number.
-spec put(binary(), non_neg_integer(), stream()) -> stream().
put(<<>>, _Number, Stream) ->
    Stream;
put(Data, Number, #stream{queue = Queue, size = Size, total = Total,
                          held = Held, unacked = Unacked} = Stream) ->
    Bytes = byte_size(Data),
    Stream#stream{queue = queue:in({Number, Data}, Queue), size = Size + Bytes,
                  total = Total + Bytes, held = Held + Bytes,
                  unacked = Unacked + Bytes}.

%% @doc Forgets what has not been taken: so many bytes.
-spec drop(stream()) -> {non_neg_integer(), stream()}.
drop(#stream{size = Size} = Stream) ->
    {Size, Stream#stream{queue = queue:new(), size = 0}}.

%% @doc Takes exactly `Length' bytes, or with 0 the oldest piece as it came,
%% or `all'.
-spec take(non_neg_integer() | all, stream()) -> {binary(), stream()} | none.
take(_, #stream{size = 0}) ->
    none;
take(all, #stream{queue = Queue} = Stream) ->
    {iolist_to_binary([Piece || {_, Piece} <- queue:to_list(Queue)]),
     Stream#stream{queue = queue:new(), size = 0}};
take(0, #stream{queue = Queue, size = Size} = Stream) ->
    {{value, {_, Piece}}, Rest} = queue:out(Queue),
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
    {{value, {Number, Piece}}, Rest} = queue:out(Queue),
    case Piece of
        <<Head:Length/binary, Tail/binary>> when Tail =/= <<>> ->
            {lists:reverse([Head | Acc]), queue:in_r({Number, Tail}, Rest)};
        _ ->
            pieces(Length - byte_size(Piece), Rest, [Piece | Acc])
    end.

%% @doc `Bytes' have been dealt with: how many are to be acknowledged now.
%% Half a window at a time is enough to keep a child busy.
-spec consumed(non_neg_integer(), stream()) -> {non_neg_integer(), stream()}.
consumed(Bytes, #stream{held = Held, wire = Wire} = Stream) ->
    Stream1 = Stream#stream{held = Held - Bytes},
    case may(Stream1) of
        May when May * 2 >= Wire -> acked(May, Stream1);
        _ -> {0, Stream1}
    end.

%% What may be acknowledged: what was dealt with, and what the reader's window
%% has room for beside the port program's.
may(#stream{wire = 0}) ->
    0;
may(#stream{window = 0, unacked = Unacked}) ->
    Unacked;
may(#stream{window = Window, wire = Wire, held = Held, unacked = Unacked}) ->
    max(0, Unacked - max(0, Held - (Window - Wire))).

acked(Bytes, #stream{unacked = Unacked} = Stream) ->
    {Bytes, Stream#stream{unacked = Unacked - Bytes}}.

%% @doc What may be acknowledged but would not be yet.
-spec flush(stream()) -> {non_neg_integer(), stream()}.
flush(Stream) ->
    acked(may(Stream), Stream).

%% @doc Somebody wants more at once than a window: how many bytes are to be
%% acknowledged now although they stay.
-spec ahead(stream()) -> {non_neg_integer(), stream()}.
ahead(#stream{wire = 0} = Stream) ->
    {0, Stream};
ahead(#stream{unacked = Unacked} = Stream) ->
    acked(Unacked, Stream).

%% @doc Whether nothing waits.
-spec is_empty(stream()) -> boolean().
is_empty(#stream{queue = Queue}) ->
    queue:is_empty(Queue).

%% @doc The number of the oldest piece that waits.
-spec oldest(stream()) -> non_neg_integer() | none.
oldest(#stream{queue = Queue}) ->
    case queue:peek(Queue) of
        {value, {Number, _}} -> Number;
        empty -> none
    end.

%% @doc How many bytes wait.
-spec size(stream()) -> non_neg_integer().
size(#stream{size = Size}) ->
    Size.

%% @doc How many bytes have come at all.
-spec total(stream()) -> non_neg_integer().
total(#stream{total = Total}) ->
    Total.

%% @doc What its reader allows to be under way.
-spec window(stream()) -> non_neg_integer().
window(#stream{window = Window}) ->
    Window.
