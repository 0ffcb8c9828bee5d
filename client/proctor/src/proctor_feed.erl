%% @doc What waits for the standard input of an OS process. No more than a
%% window of it is ever with the port program; the rest waits here, and those
%% who sent it wait with it. Nothing but data: no process, no message.
-module(proctor_feed).

-export([new/1, closed/0, push/4, pump/1, acked/2, close/1, drop/2]).
-export([state/1, fits/2, size/1, total/1, unacked/1, bytes/1]).

-export_type([feed/0, sender/0, step/0]).

-type sender() :: gen_server:from() | none.

-type step() :: {write, binary() | eof, Last :: boolean(),
                 sender(), reference() | undefined}.
%% What is to be written next; after the last piece of something its sender is
%% to be answered.

-record(item, {data :: binary() | eof,
               from :: sender(),
               ref :: reference() | undefined}).

-record(feed, {window :: pos_integer() | infinity,
               %% Written, but not known to have left for the child.
               unacked = 0 :: non_neg_integer(),
               queue = proctor_fifo:new() :: proctor_fifo:fifo(#item{}),
               size = 0 :: non_neg_integer(),
               total = 0 :: non_neg_integer(),
               state = open :: open | ending | closed | none}).

-opaque feed() :: #feed{}.

%% @doc A standard input of which `Window' bytes may be on the way.
-spec new(pos_integer() | infinity) -> feed().
new(Window) ->
    #feed{window = Window}.

%% @doc That of an OS process whose standard input is not ours.
-spec closed() -> feed().
closed() ->
    #feed{window = infinity, state = none}.

%% @doc More to be written; `eof' is the last that can be.
-spec push(binary() | eof, sender(), reference() | undefined, feed()) ->
    feed().
push(eof, From, Ref, Feed) ->
    enqueue(#item{data = eof, from = From, ref = Ref}, 0,
            Feed#feed{state = ending});
push(Data, From, Ref, Feed) ->
    enqueue(#item{data = Data, from = From, ref = Ref}, byte_size(Data),
            Feed).

enqueue(#item{ref = Ref} = Item, Bytes, #feed{queue = Queue, size = Size}
        = Feed) ->
    Name = case Ref of undefined -> make_ref(); _ -> Ref end,
    Feed#feed{queue = proctor_fifo:in(Name, Item, Queue), size = Size + Bytes}.

%% @doc What may be written now.
-spec pump(feed()) -> {[step()], feed()}.
pump(Feed) ->
    pump(Feed, []).

pump(#feed{queue = Queue} = Feed, Steps) ->
    case proctor_fifo:peek(Queue) of
        {value, Item} -> pump(Item, room(Feed), Feed, Steps);
        empty -> {lists:reverse(Steps), Feed}
    end.

pump(#item{data = eof, from = From, ref = Ref}, _Room, Feed, Steps) ->
    Step = {write, eof, true, From, Ref},
    {lists:reverse([Step | Steps]),
     Feed#feed{queue = proctor_fifo:new(), state = closed}};
pump(#item{data = Data, from = From, ref = Ref}, Room,
     #feed{queue = Queue} = Feed, Steps)
  when byte_size(Data) =< Room ->
    Step = {write, Data, true, From, Ref},
    Feed1 = Feed#feed{queue = proctor_fifo:drop(Queue)},
    pump(written(byte_size(Data), Feed1), [Step | Steps]);
%% A little room is left alone until there is more: what is cut to fit it costs
%% as much as a large piece.
pump(_Item, Room, #feed{window = Window} = Feed, Steps)
  when Room * 4 < Window ->
    {lists:reverse(Steps), Feed};
pump(#item{data = Data, from = From, ref = Ref} = Item, Room,
     #feed{queue = Queue} = Feed, Steps) ->
    <<Head:Room/binary, Tail/binary>> = Data,
    Rest = proctor_fifo:replace(Item#item{data = Tail}, Queue),
    Step = {write, Head, false, From, Ref},
    {lists:reverse([Step | Steps]), written(Room, Feed#feed{queue = Rest})}.

room(#feed{window = infinity}) -> infinity;
room(#feed{window = Window, unacked = Unacked}) -> max(0, Window - Unacked).

written(Bytes, #feed{unacked = Unacked, size = Size, total = Total} = Feed) ->
    Feed#feed{unacked = Unacked + Bytes, size = Size - Bytes,
              total = Total + Bytes}.

%% @doc So many bytes have left for the child.
-spec acked(non_neg_integer(), feed()) -> feed().
acked(Bytes, #feed{unacked = Unacked} = Feed) ->
    Feed#feed{unacked = max(0, Unacked - Bytes)}.

%% @doc Nothing can be written any more: who waits in vain.
-spec close(feed()) ->
    {[{gen_server:from(), reference() | undefined}], feed()}.
close(#feed{queue = Queue, state = State} = Feed) ->
    Waiting = [{From, Ref} || #item{from = {_, _} = From, ref = Ref}
                                  <- proctor_fifo:to_list(Queue)],
    Closed = case State of none -> none; _ -> closed end,
    {Waiting, Feed#feed{queue = proctor_fifo:new(), size = 0,
                        state = Closed}}.

%% @doc Forgets what is left of one thing that was to be sent.
-spec drop(reference(), feed()) -> {gen_server:from() | none, feed()}.
drop(Ref, #feed{queue = Queue, size = Size} = Feed) ->
    case proctor_fifo:take(Ref, Queue) of
        {#item{data = Data, from = From}, Others} ->
            {From, reopen(Data, Feed#feed{queue = Others,
                                          size = Size - bytes(Data)})};
        error ->
            {none, Feed}
    end.

%% An end-of-file that never left is none.
reopen(eof, Feed) -> Feed#feed{state = open};
reopen(_, Feed) -> Feed.

%% @doc How many bytes there are in what is to be written.
-spec bytes(binary() | eof) -> non_neg_integer().
bytes(eof) -> 0;
bytes(Data) -> byte_size(Data).

%% @doc Whether more may be pushed: not after an end-of-file, and not if there
%% is no standard input.
-spec state(feed()) -> open | ending | closed | none.
state(#feed{state = State}) ->
    State.

%% @doc Whether data would leave at once, or at least begin to with next to
%% nothing before them: a little may have left without being told of.
-spec fits(binary() | eof, feed()) -> boolean().
fits(_Data, #feed{unacked = 0, size = 0}) ->
    true;
fits(_Data, #feed{unacked = Unacked, size = 0, window = Window})
  when is_integer(Window), Unacked * 4 < Window ->
    true;
fits(eof, #feed{size = Size}) ->
    Size =:= 0;
fits(Data, #feed{size = Size} = Feed) ->
    Size =:= 0 andalso byte_size(Data) =< room(Feed).

%% @doc How many bytes wait here.
-spec size(feed()) -> non_neg_integer().
size(#feed{size = Size}) ->
    Size.

%% @doc How many bytes have been written.
-spec total(feed()) -> non_neg_integer().
total(#feed{total = Total}) ->
    Total.

%% @doc How many of them may not have left for the child.
-spec unacked(feed()) -> non_neg_integer().
unacked(#feed{unacked = Unacked}) ->
    Unacked.
