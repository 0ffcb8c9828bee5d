%% @doc Cuts output into lines. Nothing but data: no process, no message.
-module(proctor_lines).

-export([new/0, new/1, split/2, rest/1, repair/1]).

-export_type([lines/0]).

-record(lines, {part = [] :: [binary()],
                size = 0 :: non_neg_integer(),
                max = infinity :: pos_integer() | infinity}).

-opaque lines() :: #lines{}.

%% @doc No bytes yet, and lines of any length.
-spec new() -> lines().
new() ->
    #lines{}.

%% @doc A line that is longer than `Max' bytes comes in several.
-spec new(pos_integer() | infinity) -> lines().
new(Max) ->
    #lines{max = Max}.

%% @doc The lines that are complete now, without what ends them: a newline,
%% or a carriage return and a newline.
-spec split(binary(), lines()) -> {[binary()], lines()}.
split(Data, Lines) ->
    {Complete, Last} = pieces(binary:split(Data, <<"\n">>, [global]), Lines,
                              []),
    {lists:reverse(Complete), Last}.

pieces([Last], Lines, Acc) ->
    add(Last, Lines, Acc);
pieces([Piece | More], Lines, Acc) ->
    {Acc1, Whole} = add(Piece, Lines, Acc),
    Line = bare(join(Whole)),
    pieces(More, Whole#lines{part = [], size = 0}, [Line | Acc1]).

%% Whatever is too long leaves as a line before its time.
add(Piece, #lines{part = Part, size = Size, max = Max} = Lines, Acc)
  when Size + byte_size(Piece) =< Max ->
    {Acc, Lines#lines{part = [Piece | Part], size = Size + byte_size(Piece)}};
add(Piece, #lines{part = Part, size = Size, max = Max} = Lines, Acc) ->
    Room = Max - Size,
    <<Head:Room/binary, Tail/binary>> = Piece,
    Line = join(Lines#lines{part = [Head | Part]}),
    add(Tail, Lines#lines{part = [], size = 0}, [Line | Acc]).

join(#lines{part = Part}) ->
    iolist_to_binary(lists:reverse(Part)).

bare(Line) ->
    Size = byte_size(Line) - 1,
    case Line of
        <<Bare:Size/binary, "\r">> -> Bare;
        _ -> Line
    end.

%% @doc What no newline ended: no line or one.
-spec rest(lines()) -> [binary()].
rest(#lines{size = 0}) -> [];
rest(Lines) -> [join(Lines)].

%% @doc Text that is UTF-8 for sure: each byte that is part of none becomes
%% U+FFFD.
-spec repair(binary()) -> unicode:unicode_binary().
repair(Line) ->
    case unicode:characters_to_binary(Line) of
        Line -> Line;
        {_, Good, <<_, Rest/binary>>} ->
            <<Good/binary, 16#FFFD/utf8, (repair(Rest))/binary>>
    end.
