%% @doc Cuts output into lines. Nothing but data: no process, no message.
%%
%% A line is what stands before a newline, to the byte: a carriage return
%% stays, unless it is asked that one before a newline goes with it. However
%% the output comes in pieces, the lines are the same, and each byte costs the
%% same, however many there are: about what `binary:split' and a carried rest
%% cost (`regress/bench/README.md').
%%
%% Lines are parts of the pieces that they came in, not copies: that would cost
%% several times as much. Whoever keeps few of many should keep
%% `binary:copy(Line)', or each keeps its whole piece, up to 64 KiB.
-module(proctor_lines).

-export([new/0, new/1, new/2, new/3, split/2, rest/1, size/1, own/1,
         repair/1]).

-export_type([lines/0, line/0, max/0, cr/0, parts/0]).

-type max() :: pos_integer() | infinity.
%% Bytes of a line, without its end; a longer one comes in several.

-type cr() :: keep | strip.
%% Whether a carriage return before a newline belongs to the line.

-type parts() :: plain | marked.
%% Whether it can be seen which of several is not the last.

-type line() :: binary() | {part, binary()}.
%% `part' if they are `marked': the line goes on in the next one.

%% A waiting piece that is smaller takes in the next, so that one that comes
%% byte by byte does not need forty for each.
-define(SMALL, 1024).

-record(lines, {part = [] :: [binary()],
                size = 0 :: non_neg_integer(),
                max = infinity :: max(),
                cr = keep :: cr(),
                parts = plain :: parts()}).

-opaque lines() :: #lines{}.

%% @doc No bytes yet, and lines of any length.
-spec new() -> lines().
new() ->
    new(infinity).

%% @doc A line that is longer than `Max' bytes comes in several.
-spec new(max()) -> lines().
new(Max) ->
    new(Max, keep).

%% @doc The same, and whether a carriage return before a newline stays.
-spec new(max(), cr()) -> lines().
new(Max, Cr) ->
    new(Max, Cr, plain).

%% @doc The same, and whether what is not a whole line is marked.
-spec new(max(), cr(), parts()) -> lines().
new(Max, Cr, Parts)
  when Max =:= infinity orelse is_integer(Max) andalso Max > 0,
       Cr =:= keep orelse Cr =:= strip,
       Parts =:= plain orelse Parts =:= marked ->
    #lines{max = Max, cr = Cr, parts = Parts}.

%% @doc The lines that are complete now, without the newlines.
-spec split(binary(), lines()) -> {[line()], lines()}.
split(Data, Lines) ->
    case binary:split(Data, <<"\n">>, [global]) of
        [Part] ->
            {Acc, Lines1} = hold(Part, Lines, []),
            {lists:reverse(Acc), Lines1};
        [End | Rest] ->
            [Last | Whole] = lists:reverse(Rest, [join(End, Lines)]),
            {Acc, Lines1} = hold(Last, Lines#lines{part = [], size = 0}, []),
            {whole(Whole, Lines, lists:reverse(Acc)), Lines1}
    end.

%% The lines that have ended, last first, before those that follow. Most often
%% each is as it should be, and looking costs less than making the list anew.
whole(Whole, #lines{cr = strip} = Lines, After) ->
    whole([bare(Line) || Line <- Whole], Lines#lines{cr = keep}, After);
whole(Whole, #lines{max = Max} = Lines, After) ->
    case Max =:= infinity orelse fit(Whole, Max) of
        true -> lists:reverse(Whole, After);
        false -> each(Whole, Lines, After)
    end.

fit([Line | Rest], Max) when byte_size(Line) =< Max -> fit(Rest, Max);
fit([], _Max) -> true;
fit(_, _Max) -> false.

each([], _Lines, After) ->
    After;
each([Line | Rest], Lines, After) ->
    each(Rest, Lines, lists:reverse(cut(Line, Lines, []), After)).

%% Of a line that has ended.
cut(Line, #lines{max = Max}, Acc) when byte_size(Line) =< Max ->
    [Line | Acc];
cut(Line, #lines{max = Max} = Lines, Acc) ->
    <<Head:Max/binary, Tail/binary>> = Line,
    cut(Tail, Lines, [part(Head, Lines) | Acc]).

part(Head, #lines{parts = plain}) -> Head;
part(Head, #lines{parts = marked}) -> {part, Head}.

%% The beginning of a line. What is too long already leaves before its time; of
%% a carriage return it is not known yet whether it counts.
hold(<<>>, Lines, Acc) ->
    {Acc, Lines};
hold(Part, #lines{part = Parts, size = Size, max = Max, cr = Cr} = Lines, Acc)
  ->
    Size1 = Size + byte_size(Part),
    Over = Cr =:= strip andalso binary:last(Part) =:= $\r,
    case Over andalso Size1 - 1 =< Max orelse Size1 =< Max of
        true ->
            {Acc, Lines#lines{part = add(Part, Parts), size = Size1}};
        false ->
            Length = case Over of true -> Size1 - 1; false -> Size1 end,
            Kept = Max * ((Length - 1) div Max),
            <<Heads:Kept/binary, Tail/binary>> = join(Part, Lines),
            {parts(Heads, Lines, Acc),
             Lines#lines{part = [own(Tail)], size = byte_size(Tail)}}
    end.

parts(<<>>, _Lines, Acc) ->
    Acc;
parts(Heads, #lines{max = Max} = Lines, Acc) ->
    <<Head:Max/binary, Tail/binary>> = Heads,
    parts(Tail, Lines, [part(Head, Lines) | Acc]).

add(Part, [Last | Rest]) when byte_size(Last) < ?SMALL ->
    [<<Last/binary, Part/binary>> | Rest];
add(Part, Parts) ->
    [own(Part) | Parts].

join(End, #lines{part = []}) -> End;
join(End, #lines{part = Parts}) ->
    iolist_to_binary(lists:reverse(Parts, [End])).

bare(Line) ->
    case byte_size(Line) of
        Size when Size > 0 ->
            case binary:last(Line) of
                $\r -> binary:part(Line, 0, Size - 1);
                _ -> Line
            end;
        0 ->
            Line
    end.

%% @doc What no newline ended: no line or one, and two where a carriage return
%% that no newline follows makes it too long.
-spec rest(lines()) -> [line()].
rest(#lines{size = 0}) ->
    [];
rest(Lines) ->
    lists:reverse(cut(join(<<>>, Lines), Lines, [])).

%% @doc How many bytes wait for a newline.
-spec size(lines()) -> non_neg_integer().
size(#lines{size = Size}) ->
    Size.

%% @doc The same line, but if the piece that it came in is more than twice as
%% large a copy that does not keep that.
-spec own(binary()) -> binary().
own(Line) ->
    case binary:referenced_byte_size(Line) > 2 * byte_size(Line) of
        true -> binary:copy(Line);
        false -> Line
    end.

%% @doc Text that is UTF-8 for sure: each byte that is part of none becomes
%% U+FFFD.
-spec repair(binary()) -> unicode:unicode_binary().
repair(Line) ->
    case unicode:characters_to_binary(Line) of
        Line -> Line;
        _ -> repair(Line, <<>>)
    end.

repair(<<Char/utf8, Rest/binary>>, Good) ->
    repair(Rest, <<Good/binary, Char/utf8>>);
repair(<<_, Rest/binary>>, Good) ->
    repair(Rest, <<Good/binary, 16#FFFD/utf8>>);
repair(<<>>, Good) ->
    Good.
