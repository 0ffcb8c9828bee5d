%% @doc Output of one stream of an OS process that its reader has not taken
%% yet, in pieces as it comes or in lines, and what may be acknowledged to the
%% port program for what was taken. Nothing but data: no process, no message.
-module(proctor_stream).

-export([new/3, new/4, came/2, last/1, put/3, drop/1, take/2, consumed/2, flush/1,
         ahead/1]).
-export([is_empty/1, has_lines/1, oldest/1, size/1, total/1, window/1]).

-export_type([stream/0, data/0, piece/0]).

-type data() :: binary() | {eol | noeol, binary()}.
%% A piece, or a line, which a newline has ended or something else.

-type piece() :: {data(), Cost :: non_neg_integer()}.
%% What is to be told of it when it was dealt with.

-record(stream, {%% What the reader allows to be under way, 0 for no limit, and
                 %% what the port program does, which is no more, or 0.
                 window :: non_neg_integer(),
                 wire :: non_neg_integer(),
                 %% How many bytes are worth an acknowledgement.
                 worth :: non_neg_integer(),
                 %% Whether it comes in lines, and what waits for a newline.
                 in_lines :: boolean(),
                 lines :: proctor_lines:lines() | none,
                 %% What waits, by the numbers with which it was put here.
                 queue = queue:new()
                     :: queue:queue({non_neg_integer(), piece()}),
                 size = 0 :: non_neg_integer(),
                 total = 0 :: non_neg_integer(),
                 %% What has come and was not dealt with, here or elsewhere.
                 held = 0 :: non_neg_integer(),
                 %% What has come and was not acknowledged.
                 unacked = 0 :: non_neg_integer()}).

-opaque stream() :: #stream{}.

%% @doc Nothing has come. `Window' bytes may be under way to its reader, and the
%% port program lets `Wire' be: of the smaller one half at a time is acknowledged,
%% which is enough to keep a child busy.
-spec new(non_neg_integer(), non_neg_integer(),
          proctor_lines:lines() | none) -> stream().
new(Window, Wire, Lines) ->
    new(Window, Wire, Wire, Lines).

%% @doc The same where so much is enough, too.
-spec new(non_neg_integer(), non_neg_integer(), non_neg_integer(),
          proctor_lines:lines() | none) -> stream().
new(Window, Wire, Enough, Lines) ->
    Least = case Window of
                0 -> Wire;
                _ -> min(Window, Wire)
            end,
    #stream{window = Window, wire = Wire, worth = min((Least + 1) div 2, Enough),
            in_lines = Lines =/= none,
            lines = Lines}.

%% @doc Something has come: what is to be given on of it now.
-spec came(binary(), stream()) -> {[piece()], stream()}.
came(<<>>, Stream) ->
    {[], Stream};
came(Data, #stream{total = Total, held = Held, unacked = Unacked} = Stream) ->
    Bytes = byte_size(Data),
    cut(Data, Stream#stream{total = Total + Bytes, held = Held + Bytes,
                            unacked = Unacked + Bytes}).

%% A line may be longer than the window: its beginning is dealt with when it is
%% kept, and what it may need is limited elsewhere. Of the lines that have come
%% together the last bears the cost.
cut(Data, #stream{lines = none} = Stream) ->
    {[{Data, byte_size(Data)}], Stream};
cut(Data, #stream{lines = Lines, held = Held} = Stream) ->
    {Whole, Lines1} = proctor_lines:split(Data, Lines),
    Kept = case Whole of
               [] -> byte_size(Data);
               _ -> min(byte_size(Data), proctor_lines:size(Lines1))
           end,
    {pieces(Whole, byte_size(Data) - Kept),
     Stream#stream{lines = Lines1, held = Held - Kept}}.

pieces([], _Cost) -> [];
pieces([Line], Cost) -> [{line(Line), Cost}];
pieces([Line | Rest], Cost) -> [{line(Line), 0} | pieces(Rest, Cost)].

line({part, Part}) -> {noeol, Part};
line(Line) -> {eol, Line}.

%% @doc Nothing more will come: what no newline has ended.
-spec last(stream()) -> {[piece()], stream()}.
last(#stream{lines = none} = Stream) ->
    {[], Stream};
last(#stream{lines = Lines} = Stream) ->
    {[{{noeol, bytes(Line)}, 0} || Line <- proctor_lines:rest(Lines)],
     Stream#stream{lines = none}}.

bytes({part, Part}) -> Part;
bytes(Line) -> Line.

%% @doc It waits to be taken, as that of that number.
-spec put(piece(), non_neg_integer(), stream()) -> stream().
put({_, Cost} = Piece, Number, #stream{queue = Queue, size = Size} = Stream) ->
    Stream#stream{queue = queue:in({Number, Piece}, Queue),
                  size = Size + Cost}.

%% @doc Forgets what has not been taken: so many bytes.
-spec drop(stream()) -> {non_neg_integer(), stream()}.
drop(#stream{size = Size} = Stream) ->
    {Size, Stream#stream{queue = queue:new(), size = 0}}.

%% @doc Takes exactly `Length' bytes, or with 0 the oldest piece as it came,
%% or `all'. Of lines there is only the oldest.
-spec take(non_neg_integer() | all, stream()) -> {piece(), stream()} | none.
take(0, #stream{queue = Queue, size = Size} = Stream) ->
    case queue:out(Queue) of
        {{value, {_, {_, Cost} = Piece}}, Rest} ->
            {Piece, Stream#stream{queue = Rest, size = Size - Cost}};
        {empty, _} ->
            none
    end;
take(Length, #stream{size = Size}) when Size =:= 0; Length > Size,
                                        Length =/= all ->
    none;
take(all, #stream{queue = Queue, size = Size} = Stream) ->
    {{iolist_to_binary([Data || {_, {Data, _}} <- queue:to_list(Queue)]), Size},
     Stream#stream{queue = queue:new(), size = 0}};
take(Length, #stream{queue = Queue, size = Size} = Stream) ->
    {Pieces, Rest} = so_many(Length, Queue, []),
    {{iolist_to_binary(Pieces), Length},
     Stream#stream{queue = Rest, size = Size - Length}}.

so_many(0, Queue, Acc) ->
    {lists:reverse(Acc), Queue};
so_many(Length, Queue, Acc) ->
    {{value, {Number, {Data, Cost}}}, Rest} = queue:out(Queue),
    case Data of
        <<Head:Length/binary, Tail/binary>> when Tail =/= <<>> ->
            {lists:reverse([Head | Acc]),
             queue:in_r({Number, {Tail, Cost - Length}}, Rest)};
        _ ->
            so_many(Length - Cost, Rest, [Data | Acc])
    end.

%% @doc `Bytes' have been dealt with: how many are to be acknowledged now.
-spec consumed(non_neg_integer(), stream()) -> {non_neg_integer(), stream()}.
consumed(Bytes, #stream{held = Held, worth = Worth} = Stream) ->
    Stream1 = Stream#stream{held = Held - Bytes},
    case may(Stream1) of
        May when May >= Worth -> acked(May, Stream1);
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

%% @doc Whether it comes in lines.
-spec has_lines(stream()) -> boolean().
has_lines(#stream{in_lines = InLines}) ->
    InLines.

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
