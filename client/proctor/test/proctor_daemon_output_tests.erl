%% What becomes of the output of daemons.
-module(proctor_daemon_output_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0, flush/0, wait_until/1]).

-export([told/3]).

output_test_() ->
    proctor_case:daemons(
      [{"lines that are cut are told", fun split/0},
       {"long lines are cut, or left out", fun long/0},
       {"a last line without an end", fun last_line/0},
       {"carriage returns", fun strip/0},
       {"lines keep no pieces", fun own/0},
       {"what came as it came", fun chunks/0},
       {"messages with a tag", fun tag/0},
       {"functions", fun functions/0},
       {"a function that fails", fun fails/0},
       {"what is logged of a line", fun transform/0},
       {"its domain is shown", fun domain/0}]).

start(Script, Options) ->
    proctor_daemon:start_link("sh", ["-c", Script], Options).

stop(Daemon) ->
    ok = proctor_daemon:stop(Daemon),
    receive {'EXIT', Daemon, normal} -> ok after 0 -> ok end.

bytes(Daemon, Bytes) ->
    wait_until(fun() ->
        maps:get(bytes, proctor_daemon:statistics(Daemon)) =:= Bytes
    end).

split() ->
    Events = logged(fun() ->
        {ok, Daemon} = start("printf '123456789\\nabcd\\nabcde'; "
                             "exec sleep 1000",
                             [{max_line, 4}, {log_prefix, "p: "},
                              {log, error}]),
        bytes(Daemon, 20),
        ?assertMatch(#{lines := 2, cut := 2},
                     proctor_daemon:statistics(Daemon)),
        ok = stop(Daemon)
    end),
    ?assertEqual([{<<"p: 1234 [...]">>, true}, {<<"p: 5678 [...]">>, true},
                  {<<"p: 9">>, false}, {<<"p: abcd">>, false},
                  {<<"p: abcd [...]">>, true}, {<<"p: e">>, false}],
                 [{text(Event), maps:get(part, Meta, false)}
                  || #{meta := #{stream := stdout} = Meta} = Event
                         <- Events]).

%% A line that is too long, one that is not, and one that never ends.
long() ->
    Script = "printf '123456789\\nabcd\\nABCDEFGHI'; exec sleep 1000",
    [begin
         Events = logged(fun() ->
             {ok, Daemon} = start(Script, [{max_line, 4}, {log_prefix, "p: "},
                                           {log, error}, {long_lines, Long}]),
             bytes(Daemon, 24),
             ?assertMatch(Counts, maps:with([lines, cut, dropped],
                                            proctor_daemon:statistics(Daemon))),
             ok = stop(Daemon)
         end),
         ?assertEqual(Texts, [text(Event)
                              || #{meta := #{stream := stdout}} = Event
                                     <- Events]),
         {ok, Daemon} = start(Script, [{max_line, 4}, {output, self()},
                                       {long_lines, Long}]),
         bytes(Daemon, 24),
         ok = proctor_daemon:stop(Daemon),
         ?assertEqual(Lines, [Line || {proctor_daemon, _, _, Line} <- flush()])
     end || {Long, Counts, Texts, Lines} <-
                [{cut, #{lines => 2, cut => 2, dropped => 0},
                  [<<"p: 1234 [...]">>, <<"p: abcd">>, <<"p: ABCD [...]">>],
                  [<<"1234">>, <<"abcd">>, <<"ABCD">>]},
                 {drop, #{lines => 1, cut => 0, dropped => 2},
                  [<<"p: [...]">>, <<"p: abcd">>, <<"p: [...]">>],
                  [<<"abcd">>]}]].

last_line() ->
    [begin
         {ok, Daemon} = start("printf 'a\\nb'; printf c >&2",
                              [{output, self()} | Options]),
         ?assertEqual(Lines ++ [{'EXIT', Daemon, normal}],
                      [case Message of
                           {proctor_daemon, Daemon, _, Line} -> Line;
                           _ -> Message
                       end || Message <- all(Daemon)])
     end || {Options, Lines} <- [{[], [<<"a">>, <<"b">>, <<"c">>]},
                                 {[{last_line, keep}],
                                  [<<"a">>, <<"b">>, <<"c">>]},
                                 {[{last_line, drop}], [<<"a">>]}]].

%% Until it has ended.
all(Daemon) ->
    case next() of
        {'EXIT', Daemon, _} = Message -> [Message];
        Message -> [Message | all(Daemon)]
    end.

strip() ->
    [begin
         {ok, Daemon} = start("printf 'a\\r\\n'; exec sleep 1000",
                              [{output, self()} | Options]),
         ?assertEqual({proctor_daemon, Daemon, stdout, Line}, next()),
         ok = stop(Daemon)
     end || {Options, Line} <- [{[], <<"a\r">>}, {[{cr, strip}], <<"a">>}]].

own() ->
    {ok, Daemon} = start("yes $(printf %0100d 1) | head -n 10000; "
                         "exec sleep 1000", [{output, self()}]),
    Lines = [receive {proctor_daemon, Daemon, stdout, Line} -> Line end
             || _ <- lists:seq(1, 10000)],
    ?assert(lists:max([binary:referenced_byte_size(Line) || Line <- Lines])
            < 1000),
    ok = stop(Daemon).

%% Also what is no line.
chunks() ->
    Self = self(),
    {ok, Daemon} = start("read x; printf 'a\\r\\nb'; read x; printf c",
                         [stdin, {output_as, chunks},
                          {output, fun(Stream, Data) ->
                                       Self ! {Stream, Data}
                                   end}]),
    ok = proctor_daemon:send(Daemon, "\n"),
    ?assertEqual({stdout, <<"a\r\nb">>}, next()),
    ?assertMatch(#{bytes := 4, lines := 0},
                 proctor_daemon:statistics(Daemon)),
    ok = proctor_daemon:send(Daemon, "\n"),
    ?assertEqual({stdout, <<"c">>}, next()),
    ?assertEqual({'EXIT', Daemon, normal}, next()).

tag() ->
    [begin
         {ok, Daemon} = start("echo a; echo b >&2",
                              [{output, Output}]),
         ?assertEqual(lists:sort([{Tag, Daemon, stdout, <<"a">>},
                                  {Tag, Daemon, stderr, <<"b">>},
                                  {'EXIT', Daemon, normal}]),
                      lists:sort(all(Daemon)))
     end || {Output, Tag} <- [{self(), proctor_daemon},
                              {{send, self()}, proctor_daemon},
                              {{send, self(), a_tag}, a_tag}]].

functions() ->
    Self = self(),
    [begin
         {ok, Daemon} = start("echo a; exec sleep 1000", [{output, Output}]),
         ?assertEqual({said, <<"a">>}, next()),
         ok = stop(Daemon)
     end || Output <- [fun(Line) -> Self ! {said, Line} end,
                       fun(stdout, Line) -> Self ! {said, Line} end,
                       {?MODULE, told, [Self, said]}]].

told(Line, Pid, What) ->
    Pid ! {What, Line}.

%% Nobody is called again, the OS process is gone, and what it has written is
%% not in what is told of it.
fails() ->
    Calls = counters:new(1, []),
    Only = fun(<<"good">>) -> ok end,
    Fun = fun(Line) -> counters:add(Calls, 1, 1), Only(Line) end,
    Events = logged(fun() ->
        {ok, Daemon} = start("trap 'echo more; exit' TERM; echo good; "
                             "echo s3cret; while :; do sleep 0.01; done",
                             [{output, Fun}]),
        Reason = receive {'EXIT', Daemon, Why} -> Why end,
        {function_clause, [{_, _, 1, _} | _]} = Reason,
        proctor_case:no_secret("s3cret", Reason)
    end),
    ?assertNotEqual([], Events),
    ?assertEqual(2, counters:get(Calls, 1)),
    proctor_case:no_secret("s3cret", Events).

transform() ->
    [Event] = logged(fun() ->
        {ok, Daemon} = start("printf 'a\\377\\n'; exec sleep 1000",
                             [{log, error},
                              {log_transform,
                               fun(<<"a", 255>>) -> ["it ", $w, <<"as a">>]
                               end}]),
        bytes(Daemon, 3),
        ok = stop(Daemon)
    end),
    ?assertEqual(<<"sh: it was a">>, text(Event)).

%% What Erlang's own handler does with a domain that it does not know is to
%% drop it.
domain() ->
    [Event] = logged(fun() ->
        {ok, Daemon} = start("echo a; exec sleep 1000", [{log, error}]),
        wait_until(fun() ->
            maps:get(lines, proctor_daemon:statistics(Daemon)) =:= 1
        end),
        ok = stop(Daemon)
    end),
    ?assertMatch(#{meta := #{domain := [proctor, daemon]}}, Event),
    ?assertEqual(<<"sh: a">>, text(Event)),
    {ok, #{filters := Filters}} = logger:get_handler_config(default),
    {Filter, Arg} = proplists:get_value(proctor, Filters),
    ?assertEqual(Event, Filter(Event, Arg)).

%%% Logs

logged(Fun) ->
    proctor_case:logged(error, Fun).

text(#{msg := {Format, Args}}) ->
    unicode:characters_to_binary(io_lib:format(Format, Args)).
