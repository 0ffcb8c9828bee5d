%% Lines, without any OS process.
-module(proctor_lines_tests).

-include_lib("eunit/include/eunit.hrl").

bytes_test_() ->
    [?_assertEqual(Expected, all(proctor_lines:new(Max, Cr), [Data]))
     || {Max, Cr, Data, Expected} <-
            [{infinity, keep, <<>>, []},
             {infinity, keep, <<"a">>, [<<"a">>]},
             {infinity, keep, <<"a\nb\n">>, [<<"a">>, <<"b">>]},
             {infinity, keep, <<"\n\n">>, [<<>>, <<>>]},
             {infinity, keep, <<"a\r\n\r\nb\r">>,
              [<<"a\r">>, <<"\r">>, <<"b\r">>]},
             {infinity, strip, <<"a\r\n\r\nb\r">>, [<<"a">>, <<>>, <<"b\r">>]},
             {infinity, strip, <<"a\r\r\n">>, [<<"a\r">>]},
             {3, keep, <<"abc\nabcd\nabcdefg\n">>,
              [<<"abc">>, <<"abc">>, <<"d">>, <<"abc">>, <<"def">>, <<"g">>]},
             %% What ends a line makes it no longer, and no line of its own.
             {3, strip, <<"abc\r\nabcd\r\n">>, [<<"abc">>, <<"abc">>, <<"d">>]},
             {3, keep, <<"abc\r\n">>, [<<"abc">>, <<"\r">>]},
             {3, strip, <<"abcdef\r">>, [<<"abc">>, <<"def">>, <<"\r">>]},
             {1, keep, <<"ab\n\nc">>, [<<"a">>, <<"b">>, <<>>, <<"c">>]},
             {1, strip, <<"\r\n\r">>, [<<>>, <<"\r">>]}]].

%% However it is cut, it is the same.
pieces_test() ->
    lists:foreach(fun(_) -> pieces() end, lists:seq(1, 2000)).

pieces() ->
    Data = << <<(lists:nth(rand:uniform(5), "ab\r\nc"))>>
              || _ <- lists:seq(1, rand:uniform(40)) >>,
    Max = lists:nth(rand:uniform(5), [infinity, 1, 2, 3, 7]),
    Cr = lists:nth(rand:uniform(2), [keep, strip]),
    Lines = proctor_lines:new(Max, Cr),
    Whole = all(Lines, [Data]),
    ?assertEqual({Data, Max, Cr, Whole},
                 {Data, Max, Cr, all(Lines, cut(Data))}),
    ?assertEqual(naive(Data, Max, Cr), Whole).

cut(<<>>) ->
    [];
cut(Data) ->
    Size = min(byte_size(Data), rand:uniform(4) - 1),
    <<Head:Size/binary, Tail/binary>> = Data,
    [Head | cut(Tail)].

naive(Data, Max, Cr) ->
    Parts = binary:split(Data, <<"\n">>, [global]),
    Ended = [case Cr of
                 keep -> Line;
                 strip -> re:replace(Line, "\r\\z", "", [{return, binary}])
             end || Line <- lists:droplast(Parts)],
    lists:append([chop(Line, Max) || Line <- Ended]
                 ++ [chop(Last, Max) || Last <- [lists:last(Parts)],
                                        Last =/= <<>>]).

chop(Line, Max) when byte_size(Line) =< Max ->
    [Line];
chop(Line, Max) ->
    <<Head:Max/binary, Tail/binary>> = Line,
    [Head | chop(Tail, Max)].

all(Lines, Pieces) ->
    {Acc, Last} = lists:foldl(fun(Piece, {Acc, L}) ->
                                  {New, L1} = proctor_lines:split(Piece, L),
                                  {Acc ++ New, L1}
                              end, {[], Lines}, Pieces),
    Acc ++ proctor_lines:rest(Last).

bad_test_() ->
    [?_assertError(function_clause, proctor_lines:new(Max, Cr))
     || {Max, Cr} <- [{0, keep}, {-1, keep}, {foo, keep}, {1, foo}]].

%% A line that is still to come must not keep megabytes of others.
reference_test() ->
    Frame = <<(binary:copy(<<"x\n">>, 500000))/binary, "tail">>,
    {_, Lines} = proctor_lines:split(Frame, proctor_lines:new()),
    [Tail] = proctor_lines:rest(Lines),
    ?assertEqual(<<"tail">>, Tail),
    ?assert(binary:referenced_byte_size(Tail) < 1000).

%% As much again takes as long again; 256 would be the square.
linear_test_() ->
    {timeout, 60,
     fun() ->
         Bad = fun(N) -> binary:copy(<<255>>, N) end,
         Tiny = fun(N) -> [<<"x">> || _ <- lists:seq(1, N)] end,
         Repair = fun(N) -> proctor_lines:repair(Bad(N)) end,
         Join = fun(N) ->
                    lists:foldl(fun(P, L) ->
                                    element(2, proctor_lines:split(P, L))
                                end, proctor_lines:new(1 bsl 30), Tiny(N))
                end,
         Cut = fun(N) -> proctor_lines:split(Bad(N), proctor_lines:new(1)) end,
         [?assert(time(F, 16 * 32768) < 128 * time(F, 32768))
          || F <- [Repair, Join, Cut]]
     end}.

time(Fun, N) ->
    lists:min([element(1, timer:tc(fun() -> Fun(N) end)) || _ <- [1, 2, 3]])
        + 200.

repair_test_() ->
    [?_assertEqual(Expected, proctor_lines:repair(Data))
     || {Data, Expected} <-
            [{<<"plain">>, <<"plain">>},
             {<<"gr", 195, 188, "n">>, <<"gr", 195, 188, "n">>},
             {<<255, "a", 254>>, <<16#FFFD/utf8, "a", 16#FFFD/utf8>>},
             %% A character that is cut, one that is too long, half a pair.
             {<<"a", 195>>, <<"a", 16#FFFD/utf8>>},
             {<<192, 128>>, <<16#FFFD/utf8, 16#FFFD/utf8>>},
             {<<237, 160, 128>>,
              <<16#FFFD/utf8, 16#FFFD/utf8, 16#FFFD/utf8>>}]].
