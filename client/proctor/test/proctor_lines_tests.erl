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

%% Who asks is told which of several is not the last.
marked_test_() ->
    [?_assertEqual(Expected, all(proctor_lines:new(3, Cr, marked), [Data]))
     || {Cr, Data, Expected} <-
            [{keep, <<"abc\nab">>, [<<"abc">>, <<"ab">>]},
             {keep, <<"abcd\n">>, [{part, <<"abc">>}, <<"d">>]},
             {keep, <<"abcdef\ng">>, [{part, <<"abc">>}, <<"def">>, <<"g">>]},
             {keep, <<"abcdef">>, [{part, <<"abc">>}, <<"def">>]},
             {strip, <<"abc\r\n">>, [<<"abc">>]},
             {strip, <<"abc\r">>, [{part, <<"abc">>}, <<"\r">>]}]].

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
    [?_assertError(function_clause, proctor_lines:new(Max, Cr, Parts))
     || {Max, Cr, Parts} <- [{0, keep, plain}, {-1, keep, plain},
                             {foo, keep, plain}, {1, foo, plain},
                             {1, keep, foo}]].

%% Nor must one that comes byte by byte take forty for each.
tiny_test() ->
    Self = self(),
    Pid = spawn_link(fun() ->
              L = lists:foldl(fun(Byte, Acc) ->
                                  element(2, proctor_lines:split(<<Byte>>, Acc))
                              end, proctor_lines:new(),
                              lists:duplicate(300000, $x)),
              garbage_collect(),
              {memory, Heap} = process_info(self(), memory),
              Self ! {self(), Heap},
              receive done -> proctor_lines:rest(L) end
          end),
    receive {Pid, Heap} -> ?assert(Heap < 3000000) end,
    Pid ! done.

%% A line that is still to come must not keep megabytes of others.
reference_test() ->
    Frame = <<(binary:copy(<<"x\n">>, 500000))/binary, "tail">>,
    {_, Lines} = proctor_lines:split(Frame, proctor_lines:new()),
    [Tail] = proctor_lines:rest(Lines),
    ?assertEqual(<<"tail">>, Tail),
    ?assert(binary:referenced_byte_size(Tail) < 1000).

%% As much again takes as long again: eight times is far from the square.
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
         [?assert(time(F, 8 * 32768) < 32 * time(F, 32768))
          || F <- [Repair, Join, Cut]]
     end}.

%% With room enough that collecting garbage does not count.
time(Fun, N) ->
    lists:min([once(fun() -> Fun(N) end) || _ <- [1, 2, 3, 4, 5]]) + 200.

once(Fun) ->
    Self = self(),
    _ = spawn_opt(fun() ->
                      {Time, _} = timer:tc(Fun),
                      Self ! {time, Time}
                  end, [link, {min_heap_size, 8000000},
                        {min_bin_vheap_size, 8000000}]),
    receive {time, Time} -> Time end.

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
