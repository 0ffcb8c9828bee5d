%% The node's environment as it is now: to the byte what open_port/2 gives to a
%% program, whether only changes are sent or all of it.
-module(proctor_environ_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [wait_until/1]).

-export([as_it_came/0]).

now_test_() ->
    [{Title, {timeout, 120, {spawn, fun() -> proctor_case:quiet(Case) end}}}
     || {Title, Case} <-
            [{"environ: set, changed, changed back, unset", fun changes/0},
             {"environ: what a run says stands above", fun above/0},
             {"environ: the words clear and now", fun words/0},
             {"environ: as it came, in each encoding", fun encodings/0},
             {"environ: what is sent", fun sent/0},
             {"environ: a change while the port is opened", fun meanwhile/0},
             {"environ: one that starts late, and again", fun again/0},
             {"environ: without the tables", fun no_tables/0},
             {"environ: who may have it", fun lent/0}]].

%% One that lends its own, one that has another, and one that knows none.
-define(KINDS, [[], [{env, [{"PROCTOR_TEST_ONE", "instance"}]}],
                [{dialect, exec_port}]]).

with_each(Fun) ->
    [begin
         {ok, Server} = proctor:start([{name, environ} | Options]),
         try
             Fun()
         after
             gen_server:stop(Server)
         end
     end || Options <- ?KINDS].

%% What a program gets.
of_port() ->
    Port = open_port({spawn_executable, "/usr/bin/env"},
                     [{args, ["-0"]}, binary, exit_status]),
    variables(of_port(Port)).

of_port(Port) ->
    receive
        {Port, {data, Data}} -> [Data | of_port(Port)];
        {Port, {exit_status, 0}} -> []
    end.

variables(Text) ->
    lists:sort(binary:split(iolist_to_binary(Text), <<0>>,
                            [global, trim_all])).

of_command(Env) ->
    {ok, #{stdout := Text}} = proctor:cmd("env", ["-0"], [{instance, environ},
                                                          {env, Env}]),
    variables(Text).

same() ->
    ?assertEqual(of_port(), of_command([now])).

with_var(Name, Fun) ->
    try
        Fun()
    after
        os:unsetenv(Name)
    end.

changes() ->
    One = "PROCTOR_TEST_ONE",
    with_var(One, fun() ->
        true = os:putenv(One, "before"),
        with_each(fun() ->
            same(),
            true = os:putenv(One, "other=\nüß€"),
            same(),
            true = os:putenv("PROCTOR_TEST_TWO", ""),
            same(),
            true = os:putenv("PROCTOR_TEST_TWO",
                             lists:duplicate(100000, $x)),
            same(),
            true = os:unsetenv("PROCTOR_TEST_TWO"),
            same(),
            true = os:unsetenv(One),
            same(),
            true = os:putenv(One, "before"),
            same()
        end)
    end).

above() ->
    Ours = "PROCTOR_TEST_ONE",
    with_var(Ours, fun() ->
        with_each(fun() ->
            true = os:putenv(Ours, "later"),
            Without = [Var || Var <- of_port(),
                              Var =/= <<"PROCTOR_TEST_ONE=later">>],
            With = fun(Var) -> lists:sort([Var | Without]) end,
            ?assertEqual(With(<<"PROCTOR_TEST_ONE=mine">>),
                         of_command([now, {Ours, "mine"}])),
            ?assertEqual(With(<<"PROCTOR_TEST_ONE=mine">>),
                         of_command([{Ours, "mine"}, now])),
            ?assertEqual(With(<<"PROCTOR_TEST_ONE=last">>),
                         of_command(["PROCTOR_TEST_ONE=mine", now,
                                     {Ours, "last"}])),
            ?assertEqual(Without, of_command([now, {Ours, false}]))
        end)
    end).

words() ->
    with_each(fun() ->
        ?assertEqual([<<"A=b">>], of_command([clear, now, {"A", "b"}])),
        ?assertEqual([<<"A=b">>], of_command([now, {"A", "b"}, clear])),
        ?assertMatch({error, {options, einval, {env, _}}},
                     proctor:cmd("true", [], [{env, [later]}]))
    end).

%% Text or not. The peer has it from a shell, as nothing here could say it.
encodings() ->
    [begin
         Paths = [["-pa", filename:absname(filename:dirname(
                                             code:which(Module)))]
                  || Module <- [proctor, ?MODULE]],
         Script = "PROCTOR_TEST_RAW=\"$(printf '\\377\\303\\274x')\" "
             "PROCTOR_TEST_UTF8=\"$(printf '\\303\\274')\" exec erl \"$@\"",
         {ok, Peer, _} = peer:start(#{connection => standard_io,
                                      exec => {"/bin/sh", ["-c", Script, "sh"]},
                                      args => [Flag | lists:append(Paths)]}),
         try
             ?assertEqual(ok, peer:call(Peer, ?MODULE, as_it_came, [], 60000))
         after
             peer:stop(Peer)
         end
     end || Flag <- ["+fnu", "+fnl"]].

as_it_came() ->
    ok = logger:set_primary_config(level, none),
    {ok, _} = proctor:start([{name, environ}]),
    true = lists:member(<<"PROCTOR_TEST_RAW=", 255, 16#C3, 16#BC, $x>>,
                        of_command([now])),
    same(),
    true = os:putenv("PROCTOR_TEST_LATER", [16#FC]),
    same(),
    true = os:putenv("PROCTOR_TEST_UTF8", [16#E4]),
    same(),
    ok.

run(Options) ->
    {run, [<<"x">>], Options}.

sent() ->
    {ok, Server} = proctor:start([{name, environ}]),
    Read = fun(Where) ->
               proctor_environ:request(Where, run([{env, [now]}]))
           end,
    %% As long as nothing changes nothing is.
    ?assertEqual({Server, run([])}, Read(environ)),
    ?assertEqual({Server, run([])}, Read(Server)),
    ?assertEqual({Server, run([])}, Read({environ, node()})),
    with_var("PROCTOR_TEST_ONE", fun() ->
        true = os:putenv("PROCTOR_TEST_ONE", "a"),
        ?assertEqual({Server, run([{env, [<<"PROCTOR_TEST_ONE=a">>]}])},
                     Read(environ))
    end),
    %% Others have their own, whatever this node's is.
    Other = {environ, 'other@host'},
    ?assertEqual({Other, run([])}, Read(Other)),
    ?assertEqual({environ, run([{user, <<"u">>}])},
                 proctor_environ:request(environ, run([{env, [now]},
                                                       {user, <<"u">>}]))),
    %% And who does not ask for it gets what it said.
    Old = run([{env, [clear, <<"A=b">>]}]),
    ?assertEqual({environ, Old}, proctor_environ:request(environ, Old)),
    ?assertEqual({environ, {manage, 2, []}},
                 proctor_environ:request(environ, {manage, 2, []})),
    ok = gen_server:stop(Server),
    ?assertMatch({environ, {run, _, [{env, [clear | _]}]}}, Read(environ)).

meanwhile() ->
    with_var("PROCTOR_TEST_ONE", fun() ->
        Change = fun() -> os:putenv("PROCTOR_TEST_ONE", "a"), port end,
        ?assertEqual({port, unknown}, proctor_environ:opened(Change)),
        %% This time it changes nothing.
        {port, Known} = proctor_environ:opened(Change),
        ?assertNotEqual(unknown, Known)
    end).

again() ->
    with_var("PROCTOR_TEST_ONE", fun() ->
        {ok, First} = proctor:start([{name, environ}, {start, lazy}]),
        true = os:putenv("PROCTOR_TEST_ONE", "lazy"),
        same(),
        same(),
        exit(First, kill),
        wait_until(fun() -> whereis(environ) =:= undefined end),
        true = os:putenv("PROCTOR_TEST_ONE", "again"),
        {ok, Second} = proctor:start([{name, environ}]),
        same(),
        true = os:unsetenv("PROCTOR_TEST_ONE"),
        same(),
        %% Of the one that was killed nothing is left.
        ?assertEqual([Second], [Pid || {Pid, _} <- ets:tab2list(
                                                     proctor_environ)]),
        ok = gen_server:stop(Second)
    end).

no_tables() ->
    {ok, Server} = proctor:start([{name, environ}]),
    Kill = fun() ->
               Ref = monitor(process, proctor_tables),
               exit(whereis(proctor_tables), kill),
               receive {'DOWN', Ref, process, _, killed} -> ok end
           end,
    ok = sys:suspend(Server),
    ok = Kill(),
    ?assertMatch({Server, {run, _, [{env, [clear | _]}]}},
                 proctor_environ:request(environ, run([{env, [now]}]))),
    ok = sys:resume(Server),
    same(),
    wait_until(fun() ->
        {Server, run([])}
            =:= proctor_environ:request(environ, run([{env, [now]}]))
    end),
    ok = gen_server:stop(Server).

%% One that becomes others has rules, and one may have variables of its own.
lent() ->
    {port, Known} = proctor_environ:opened(fun() -> port end),
    Lent = fun(Hello, Env) ->
               proctor_environ:lent(Hello, #{env => Env}, Known)
           end,
    ?assertEqual(Known, Lent(#{mode => plain, user => <<"u">>}, [])),
    ?assertEqual(Known, Lent(#{mode => root, user => <<"root">>}, [])),
    ?assertEqual(unknown, Lent(#{mode => root, user => <<"u">>}, [])),
    ?assertEqual(unknown, Lent(#{mode => privileged, user => <<"u">>}, [])),
    ?assertEqual(unknown, Lent(#{}, [])),
    ?assertEqual(unknown, Lent(#{mode => plain}, [{"A", "b"}])).
