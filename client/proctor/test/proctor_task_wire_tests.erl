%% Frames of trees of tasks, and what is made of bytes that are none.
-module(proctor_task_wire_tests).

-include_lib("eunit/include/eunit.hrl").

frame(Type, Task, Seq, Body) ->
    <<(byte_size(Body) + 9):32, Type, Task:32, Seq:32, Body/binary>>.

%% One of each, and what it is.
each() ->
    [{frame(64, 0, 0, term_to_binary(#{calls => [a]})),
      {0, 0, {hello, #{calls => [a]}}}},
     {frame(65, 1, 2, term_to_binary(ok)), {1, 2, {reply, ok}}},
     {frame(65, 1, 3, term_to_binary({error, {call, enoent, chdir}})),
      {1, 3, {reply, {error, {call, enoent, chdir}}}}},
     {frame(66, 1, 4, term_to_binary([ok, {ok, 1}, 5])),
      {1, 4, {results, [ok, {ok, 1}, {error, {wire, eproto, answer}}]}}},
     {frame(67, 7, 5, <<1:32, 100:32, 2:32>>), {7, 5, {born, 1, 100, 2}}},
     {frame(68, 7, 0, <<5>>), {7, 0, {exec, [stdin, stderr]}}},
     {frame(69, 7, 0, <<"out">>), {7, 0, {stdout, <<"out">>}}},
     {frame(70, 7, 0, <<"err">>), {7, 0, {stderr, <<"err">>}}},
     {frame(71, 7, 0, <<1, 0>>), {7, 0, {eof, stdout, 0}}},
     {frame(72, 7, 0, <<65536:32>>), {7, 0, {taken, 65536}}},
     {frame(73, 7, 0, <<10, 0:1024>>), {7, 0, {signal, 10, <<0:1024>>}}},
     {frame(74, 7, 0, <<0, 3:32, 0, 0, 1:64, 2:64, 3:64>>),
      {7, 0, {exit, #{status => {exited, 3}, cause => itself,
                      usage => #{utime_us => 1, stime_us => 2,
                                 maxrss_kb => 3}}}}},
     {frame(74, 7, 0, <<1, 9:32, 1, 4, 0:192>>),
      {7, 0, {exit, #{status => {signaled, 9, true}, cause => lie,
                      usage => #{utime_us => 0, stime_us => 0,
                                 maxrss_kb => 0}}}}},
     {frame(74, 7, 0, <<2, 0:32, 0, 3, 0:192>>),
      {7, 0, {exit, #{status => unknown, cause => tree,
                      usage => #{utime_us => 0, stime_us => 0,
                                 maxrss_kb => 0}}}}},
     {frame(75, 0, 0, term_to_binary({wire, eproto, ack})),
      {0, 0, {error, {wire, eproto, ack}}}}].

all(Data) ->
    pieces([Data]).

pieces(Pieces) ->
    pieces(Pieces, proctor_task_wire:new(), []).

pieces([], _Buffer, Acc) ->
    joined(lists:append(lists:reverse(Acc)));
pieces([Piece | Rest], Buffer, Acc) ->
    case proctor_task_wire:frames(Piece, Buffer) of
        {ok, Frames, Buffer1} -> pieces(Rest, Buffer1, [Frames | Acc]);
        error -> error
    end.

%% Small pieces of a stream that come together become one; others, and those that
%% something is between, stay as they are.
small_test() ->
    Big = binary:copy(<<"b">>, 65536),
    Out = fun(Task, Data) -> frame(69, Task, 0, Data) end,
    Data = iolist_to_binary([Out(7, <<"a">>), Out(7, <<"b">>), Out(7, <<"c">>),
                             Out(8, <<"d">>), frame(70, 8, 0, <<"e">>),
                             frame(70, 8, 0, <<"f">>), Out(8, <<"g">>),
                             frame(71, 8, 0, <<1, 0>>), Out(9, <<"h">>),
                             Out(9, Big), Out(9, <<"i">>), Out(9, <<"j">>)]),
    ?assertMatch({ok, [{7, 0, {stdout, <<"abc">>}}, {8, 0, {stdout, <<"d">>}},
                       {8, 0, {stderr, <<"ef">>}}, {8, 0, {stdout, <<"g">>}},
                       {8, 0, {eof, stdout, 0}}, {9, 0, {stdout, <<"h">>}},
                       {9, 0, {stdout, Big}}, {9, 0, {stdout, <<"ij">>}}], _},
                 proctor_task_wire:frames(Data, proctor_task_wire:new())).

%% Output comes in whatever pieces it came.
joined([{Task, 0, {Stream, A}}, {Task, 0, {Stream, B}} | Rest])
  when Stream =:= stdout; Stream =:= stderr ->
    joined([{Task, 0, {Stream, <<A/binary, B/binary>>}} | Rest]);
joined([Frame | Rest]) ->
    [Frame | joined(Rest)];
joined([]) ->
    [].

each_test() ->
    [?assertEqual([Read], all(Bytes)) || {Bytes, Read} <- each()].

%% However they are cut.
cut_test() ->
    {Bytes, Read} = lists:unzip(each()),
    Whole = iolist_to_binary(Bytes),
    ?assertEqual(Read, all(Whole)),
    ?assertEqual(Read, pieces([<<Byte>> || <<Byte>> <= Whole])),
    [begin
         <<Head:At/binary, Tail/binary>> = Whole,
         ?assertEqual(Read, pieces([Head, Tail]))
     end || At <- lists:seq(0, byte_size(Whole))].

%% Nobody waits for the rest of output, and none of it is copied.
output_test() ->
    <<Head:13/binary, Body/binary>> = frame(69, 7, 0, binary:copy(<<1>>, 200)),
    <<First:100/binary, Last:100/binary>> = Body,
    Frames = fun proctor_task_wire:frames/2,
    {ok, [], Begun} = Frames(Head, proctor_task_wire:new()),
    {ok, [{7, 0, {stdout, First}}], Half} = Frames(First, Begun),
    {ok, [{7, 0, {stdout, Given}}, {7, 0, {exec, [stdin]}}], End} =
        Frames(<<Last/binary, (frame(68, 7, 0, <<1>>))/binary>>, Half),
    ?assertEqual(Last, Given),
    ?assertEqual(114, binary:referenced_byte_size(Given)),
    ?assertEqual(proctor_task_wire:new(), End).

%% Each of these ends the tree: no switch of ours says it.
broken_test() ->
    [?assertEqual(error, all(Bytes))
     || Bytes <- [<<0:32>>, <<8:32, 0:64>>, <<16#100001:32>>, <<-1:32>>,
                  frame(0, 0, 0, <<>>), frame(63, 0, 0, <<>>),
                  frame(76, 0, 0, <<>>), frame(255, 0, 0, <<>>),
                  frame(64, 0, 0, <<>>), frame(64, 0, 0, <<131, 106>>),
                  frame(67, 1, 1, <<0:88>>), frame(67, 1, 1, <<0:104>>),
                  frame(68, 1, 0, <<>>), frame(69, 1, 0, <<>>),
                  frame(70, 1, 0, <<>>), frame(71, 1, 0, <<3, 0>>),
                  frame(71, 1, 0, <<0>>), frame(72, 1, 0, <<0:24>>),
                  frame(73, 1, 0, <<>>), frame(74, 1, 0, <<0:200>>),
                  frame(74, 1, 0, <<0, 0:32, 0, 5, 0:192>>)]].

%% What a task has written is an answer or an error, whatever it is.
answers_test() ->
    Wrong = {error, {wire, eproto, answer}},
    Packed = term_to_binary({ok, binary:copy(<<0>>, 100000)}, [compressed]),
    ?assertMatch(<<131, 80, _/binary>>, Packed),
    [?assertEqual([{1, 1, {reply, Wrong}}], all(frame(65, 1, 1, Bytes)))
     || Bytes <- [<<>>, <<131>>, <<0>>, Packed, <<131, 104, 2>>,
                  <<131, 119, 27, "an_atom_that_nobody_has_yet">>,
                  <<131, 104, 2, 119, 2, "ok", 119, 27,
                    "an_atom_that_nobody_has_yet">>,
                  term_to_binary(error), term_to_binary({error, 5}),
                  term_to_binary({error, {1, 2, 3}}),
                  term_to_binary({error, {call, enoent}}),
                  term_to_binary({ok, 1, 2}), term_to_binary([]),
                  <<(term_to_binary(ok))/binary, 0>>]],
    [?assertEqual([{1, 1, {results, [Wrong]}}], all(frame(66, 1, 1, Bytes)))
     || Bytes <- [<<>>, term_to_binary(ok), term_to_binary([ok | ok]),
                  Packed]].

%% A thousand times whatever bytes, and frames with one that is wrong: it says
%% so, or reads them, and never fails.
fuzz_test() ->
    {Bytes, _} = lists:unzip(each()),
    Whole = iolist_to_binary(Bytes),
    _ = rand:seed(exsss, {1, 2, 3}),
    [begin
         At = rand:uniform(byte_size(Whole)) - 1,
         <<Head:At/binary, _, Tail/binary>> = Whole,
         Read = all(<<Head/binary, (rand:uniform(256) - 1), Tail/binary>>),
         ?assert(is_list(Read) orelse Read =:= error)
     end || _ <- lists:seq(1, 5000)],
    [begin
         Read = all(rand:bytes(rand:uniform(200))),
         ?assert(is_list(Read) orelse Read =:= error)
     end || _ <- lists:seq(1, 1000)].

encode_test() ->
    Frame = fun(What) ->
                {ok, Data} = proctor_task_wire:encode(7, 9, What),
                iolist_to_binary(Data)
            end,
    Args = term_to_binary({"/"}),
    Size = byte_size(Args),
    [?assertEqual(frame(Type, 7, 9, Body), Frame(What))
     || {Type, Body, What} <-
            [{1, <<5:32, 3:16, Args/binary>>,
              proctor_task_wire:call(3, ["/"], 5)},
             {2, <<5:32, 0, 2:16, 3:16, Size:32, Args/binary,
                   4:16, Size:32, Args/binary>>,
              proctor_task_wire:batch(stop, [{3, ["/"]}, {4, ["/"]}], 5)},
             {2, <<0:32, 1, 0:16>>, proctor_task_wire:batch(all, [], 0)},
             {3, <<"in">>, {stdin, <<"in">>}},
             {4, <<0>>, {close, stdin}},
             {4, <<2>>, {close, stderr}},
             {5, <<1, 100:32>>, {ack, stdout, 100}},
             {6, <<2, 9>>, {kill, subtree, 9}},
             {6, <<1, 0>>, {kill, group, 0}},
             {7, <<15, 5000:32>>, {stop, 15, 5000}},
             {8, <<1, 0, 0:64>>, {option, maxchild, get}},
             {8, <<5, 1, -1:64>>, {option, linger, -1}},
             {9, <<>>, list},
             {10, <<24:16, 80:16>>, {winsz, 24, 80}}]],
    Most = proctor_task_wire:max(),
    ?assertMatch({ok, _}, proctor_task_wire:encode(
                            1, 1, {stdin, binary:copy(<<0>>, Most)})),
    ?assertEqual(too_long, proctor_task_wire:encode(
                             1, 1, {stdin, binary:copy(<<0>>, Most + 1)})).

%% Every word that a task writes exists here: of another it could not be heard.
words_test() ->
    Source = proplists:get_value(source, ?MODULE:module_info(compile)),
    Task = filename:join([filename:dirname(Source), "..", "..", "..",
                          "task"]),
    Files = [File || File <- filelib:wildcard(filename:join(Task, "*.c")),
                     not lists:member(filename:basename(File),
                                      ["rows.c", "main.c"])],
    Said = lists:usort(
             [list_to_atom(Word)
              || File <- Files,
                 Line <- lines(File),
                 re:run(Line, "put_atom|tell_error|call_wrong|call_failed"
                              "|answer_error|stage = |detail = ",
                        [{capture, none}]) =:= match,
                 [Word] <- matches(Line)]),
    Known = proctor_task_wire:vocabulary() ++ rows(Task),
    Hello = [absent, features],
    ?assertEqual([], (Said -- Known) -- Hello).

lines(File) ->
    {ok, Text} = file:read_file(File),
    binary:split(Text, <<"\n">>, [global]).

matches(Line) ->
    case re:run(Line, "\"([a-z][a-z0-9_]*)\"",
                [global, {capture, all_but_first, list}]) of
        {match, Words} -> Words;
        nomatch -> []
    end.

%% Names of calls come with the first frame.
rows(Task) ->
    case file:read_file(filename:join(Task, "rows.c")) of
        {ok, Text} ->
            {match, Names} = re:run(Text, "{ \"([a-z0-9_]+)\"",
                                    [global, {capture, all_but_first, list}]),
            [list_to_atom(Name) || [Name] <- Names];
        {error, enoent} ->
            []
    end.
