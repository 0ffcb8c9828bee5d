%% @doc Cuts output into lines. Nothing but data: no process, no message.
%%
%% A line is what stands before a newline, to the byte: a carriage return
%% stays, unless it is asked that those before a newline go with it. However
%% the output comes in pieces, the lines are the same, and each byte costs the
%% same.
-module(proctor_lines).

-export([new/0, new/1, new/2, split/2, rest/1, repair/1]).

-export_type([lines/0, max/0, cr/0]).

-type max() :: pos_integer() | infinity.
%% Bytes of a line, without its end; a longer one comes in several.

-type cr() :: keep | strip.
%% Whether a carriage return before a newline belongs to the line.

-record(lines, {part = [] :: [binary()],
                size = 0 :: non_neg_integer(),
                max = infinity :: max(),
                cr = keep :: cr()}).

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
new(Max, Cr) when Max =:= infinity orelse is_integer(Max) andalso Max > 0,
                  Cr =:= keep orelse Cr =:= strip ->
    #lines{max = Max, cr = Cr}.

%% @doc The lines that are complete now, without the newlines.
-spec split(binary(), lines()) -> {[binary()], lines()}.
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
whole(Whole, #lines{max = Max, cr = keep} = Lines, After) ->
    case Max =:= infinity orelse fit(Whole, Max) of
        true -> lists:reverse(Whole, After);
        false -> each(Whole, Lines, After)
    end;
whole(Whole, Lines, After) ->
    each(Whole, Lines, After).

fit([Line | Rest], Max) when byte_size(Line) =< Max -> fit(Rest, Max);
fit([], _Max) -> true;
fit(_, _Max) -> false.

each([], _Lines, After) ->
    After;
each([Line | Rest], Lines, After) ->
    each(Rest, Lines, lists:reverse(line(Line, Lines, []), After)).

%% A line that has ended.
line(Line, #lines{max = Max, cr = strip}, Acc) ->
    cut(bare(Line), Max, Acc);
line(Line, #lines{max = Max}, Acc) ->
    cut(Line, Max, Acc).

cut(Line, Max, Acc) when byte_size(Line) =< Max ->
    [Line | Acc];
cut(Line, Max, Acc) ->
    <<Head:Max/binary, Tail/binary>> = Line,
    cut(Tail, Max, [Head | Acc]).

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
            {Acc, Lines#lines{part = [own(Part) | Parts], size = Size1}};
        false ->
            Length = case Over of true -> Size1 - 1; false -> Size1 end,
            Kept = Max * ((Length - 1) div Max),
            <<Heads:Kept/binary, Tail/binary>> = join(Part, Lines),
            {cut(Heads, Max, Acc),
             Lines#lines{part = [own(Tail)], size = byte_size(Tail)}}
    end.

%% What waits must not keep the frame that it came in.
own(Part) ->
    case binary:referenced_byte_size(Part) > 2 * byte_size(Part) of
        true -> binary:copy(Part);
        false -> Part
    end.

join(End, #lines{part = []}) -> End;
join(End, #lines{part = Parts}) ->
    iolist_to_binary(lists:reverse(Parts, [End])).

bare(Line) ->
    Size = byte_size(Line) - 1,
    case Line of
        <<Bare:Size/binary, "\r">> -> Bare;
        _ -> Line
    end.

%% @doc What no newline ended: no line or one, and two where a carriage return
%% that no newline follows makes it too long.
-spec rest(lines()) -> [binary()].
rest(#lines{size = 0}) ->
    [];
rest(#lines{max = Max} = Lines) ->
    lists:reverse(cut(join(<<>>, Lines), Max, [])).

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
