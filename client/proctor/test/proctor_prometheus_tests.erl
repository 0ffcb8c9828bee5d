%% What is told to Prometheus, as that reads it.
-module(proctor_prometheus_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0]).

prometheus_test_() ->
    [{"names and labels", fun escapes/0},
     {"one that does not answer", fun down/0},
     {"each figure is described in the guide", fun described/0},
     proctor_case:alone([{"what has happened", fun happened/0},
                         {"instances alone", fun alone/0}])].

%% The lines of a text: comments are about the samples that follow them, each of
%% which is there once.
read(Text) ->
    ?assertEqual($\n, binary:last(Text)),
    Lines = binary:split(binary:part(Text, 0, byte_size(Text) - 1), <<"\n">>,
                         [global]),
    {_, Samples} = lists:foldl(fun line/2, {none, []}, Lines),
    ?assertEqual(length(Samples), length(lists:ukeysort(1, Samples))),
    maps:from_list(Samples).

line(<<"# HELP ", Rest/binary>>, {_, Samples}) ->
    [Name, _] = binary:split(Rest, <<" ">>),
    {{help, Name}, Samples};
line(<<"# TYPE ", Rest/binary>>, {{help, Name}, Samples}) ->
    [Name, Type] = binary:split(Rest, <<" ">>),
    ?assert(lists:member(Type, [<<"counter">>, <<"gauge">>])),
    Counter = binary:longest_common_suffix([Name, <<"_total">>]) =:= 6,
    ?assertEqual(Type =:= <<"counter">>, Counter),
    {{type, Name}, Samples};
line(Line, {{type, Name}, Samples}) ->
    Value = "[a-z_]+=\"(?:[^\"\\\\\n]|\\\\[\\\\n\"])*\"",
    {match, [Name, Labels, Number]} =
        re:run(Line, ["^([a-z_]+)\\{(", Value, "(?:,", Value,
                      ")*)\\} ([0-9.]+)$"],
               [unicode, {capture, all_but_first, binary}]),
    {{type, Name}, [{<<Name/binary, " ", Labels/binary>>, Number} | Samples]}.

happened() ->
    {ok, _} = application:ensure_all_started(proctor),
    {ok, _} = proctor:start_instance([{name, two}]),
    {ok, _} = proctor:cmd("cat", [], [{input, "12345"}]),
    {error, _} = proctor:run("exit 3", [sync]),
    {error, _} = proctor:run("x", [{cd, "/no/such"}]),
    {ok, Pid, OsPid} = proctor:run("exec cat hidden -", [stdin, monitor]),
    Text = proctor_prometheus:text(),
    ?assertEqual(nomatch, binary:match(Text, <<"hidden">>)),
    Samples = read(Text),
    [?assertEqual({Key, Value}, {Key, maps:get(Key, Samples, none)})
     || {Key, Value} <-
            [{<<"proctor_up instance=\"proctor\"">>, <<"1">>},
             {<<"proctor_up instance=\"two\"">>, <<"1">>},
             {<<"proctor_runs_total instance=\"proctor\"">>, <<"3">>},
             {<<"proctor_runs_total instance=\"two\"">>, <<"0">>},
             {<<"proctor_refused_total instance=\"proctor\"">>, <<"1">>},
             {<<"proctor_exits_total instance=\"proctor\",reason=\"normal\"">>,
              <<"2">>},
             {<<"proctor_bytes_total instance=\"proctor\",stream=\"stdin\"">>,
              <<"5">>},
             {<<"proctor_bytes_total instance=\"proctor\",stream=\"stdout\"">>,
              <<"5">>},
             {<<"proctor_children instance=\"proctor\"">>, <<"1">>},
             {<<"proctor_children instance=\"two\"">>, <<"0">>}]],
    normal = proctor:stop_and_wait(Pid, 20000),
    {'DOWN', OsPid, process, Pid, _} = next().

%% No supervisor of ours has them, and one has no name.
alone() ->
    {ok, One} = proctor:start([{name, one}]),
    {ok, Two} = proctor:start([{name, undefined}, {groups, [some]}]),
    Samples = read(proctor_prometheus:text()),
    ?assertMatch(#{<<"proctor_up instance=\"one\"">> := <<"1">>}, Samples),
    Key = iolist_to_binary(["proctor_up instance=\"", pid_to_list(Two), "\""]),
    ?assertMatch(#{Key := <<"1">>}, Samples),
    ok = gen_server:stop(One),
    ok = gen_server:stop(Two),
    ?assertEqual(<<>>, proctor_prometheus:text()).

%% Whatever an instance is called, and a port program says.
escapes() ->
    Name = list_to_atom("a\"b\\c\nd\x{20ac}"),
    Text = proctor_prometheus:text([{Name, {ok, info()}}]),
    Samples = read(Text),
    Label = <<"instance=\"a\\\"b\\\\c\\nd\x{20ac}\""/utf8>>,
    Info = <<"proctor_info ", Label/binary,
             ",dialect=\"native\",mode=\"plain\",release=\"?\"">>,
    Up = <<"proctor_up ", Label/binary>>,
    Left = <<"proctor_left_behind_bytes ", Label/binary>>,
    Time = <<"proctor_children_seconds ", Label/binary>>,
    Size = <<"proctor_children_bytes ", Label/binary>>,
    Wait = <<"proctor_queued_bytes ", Label/binary, ",stream=\"stdout\"">>,
    ?assertMatch(#{Info := <<"1">>, Up := <<"1">>, Left := <<"2048">>,
                   Time := <<"3.5">>, Size := <<"6144">>, Wait := <<"6">>},
                 Samples).

info() ->
    #{instance => x, dialect => native, uptime_ms => 1500, runs => 0,
      hello => #{mode => plain, release => <<255>>}, refused => 0,
      restarts => 0, exits => #{}, orphans => 0, pending => 0, messages => 0,
      writer_messages => 0, launchers_down => [],
      bytes => #{stdin => 0, stdout => 0, stderr => 0},
      left_behind => #{count => 1, utime_us => 0, stime_us => 0, rss_kb => 2},
      children => [#{queued => #{stdin => 1, stdout => 2, stderr => 3}},
                   #{queued => #{stdin => 1, stdout => 2, stderr => 3},
                     live => #{usage => #{utime_us => 1, stime_us => 1000000,
                                          rss_kb => 1},
                               descendants => undefined}},
                   #{queued => #{stdin => 1, stdout => 2, stderr => 3},
                     live => #{usage => #{utime_us => 1, stime_us => 2000000,
                                          rss_kb => 1},
                               descendants =>
                                   #{count => 1, utime_us => 500000,
                                     stime_us => 0, rss_kb => 4}}}]}.

%% Nothing is made up for it, nor where nobody knows.
down() ->
    ?assertEqual(#{<<"proctor_up instance=\"x\"">> => <<"0">>},
                 read(proctor_prometheus:text([{x, {error, timeout}}]))),
    Text = proctor_prometheus:text(
             [{x, {ok, (info())#{left_behind := undefined}}}]),
    _ = read(Text),
    ?assertEqual(nomatch, binary:match(Text, <<"left_behind">>)).

%% Who has the application without its documents cannot ask.
described() ->
    Source = proplists:get_value(source, ?MODULE:module_info(compile)),
    Guide = filename:join([filename:dirname(Source), "..", "..", "..", "doc",
                           "watching.md"]),
    case file:read_file(Guide) of
        {ok, Text} ->
            Names = [Name || {Name, _, _, _} <- proctor_prometheus:metrics()],
            {match, Said} = re:run(Text, "^\\| `(proctor_[a-z_]+)",
                                   [global, multiline,
                                    {capture, all_but_first, list}]),
            ?assertEqual(lists:sort(Names), lists:sort(lists:append(Said)));
        {error, enoent} ->
            ?debugMsg("left out: the application has no checkout around it")
    end.
