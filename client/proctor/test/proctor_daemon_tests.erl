%% Daemons: how they start and end whatever happens, and what they tell.
-module(proctor_daemon_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [quiet/1, next/0, down/1, flush/0, wait_until/1,
                       alive/1, freeze/1, thaw/1]).

%% Each with the application, in a process of its own.
daemon_test_() ->
    {setup,
     fun() -> quiet(fun() ->
                        {ok, _} = application:ensure_all_started(proctor)
                    end)
     end,
     fun(_) -> quiet(fun() -> ok = application:stop(proctor) end) end,
     [{Title, {timeout, 60, {spawn, fun() -> quiet(fun() -> one(Case) end)
                                    end}}}
      || {Title, Case} <-
             [{"what is refused", fun refused/0},
              {"calls wait until it is ready", fun calls_wait/0},
              {"its parent goes before it is ready", fun parent_goes/0},
              {"a check that does not return", fun check_hangs/0},
              {"a check that fails", fun check_fails/0},
              {"a line is told by its bytes", fun ready_bytes/0},
              {"the signal is for its group", fun signal_group/0},
              {"a flood while it stops", fun flood/0},
              {"a silent port program", fun silent/0},
              {"a process that it is linked to", fun linked/0},
              {"lines that are cut are told", fun cut/0},
              {"carriage returns", fun strip/0},
              {"lines keep no pieces", fun own/0},
              {"nobody reads its arguments", fun secrets/0},
              {"its domain is shown", fun domain/0},
              {"who is not coming back is forgotten", fun forgotten/0}]]}.

one(Case) ->
    process_flag(trap_exit, true),
    Case(),
    wait_until(fun() -> proctor:which_children() =:= [] end).

start(Script, Options) ->
    proctor_daemon:start_link("sh", ["-c", Script], Options).

stop(Daemon) ->
    ok = proctor_daemon:stop(Daemon),
    receive {'EXIT', Daemon, normal} -> ok after 0 -> ok end.

%% Another process starts it, and waits.
starting(Name, Script, Options) ->
    Self = self(),
    Parent = spawn(fun() ->
                 Self ! {started, start(Script, [{name, Name} | Options])},
                 receive stop -> ok end
             end),
    wait_until(fun() -> is_pid(whereis(Name)) end),
    wait_until(fun() -> length(proctor:which_children()) =:= 1 end),
    {Parent, whereis(Name)}.

refused() ->
    [?assertMatch({error, {options, einval, _}},
                  proctor_daemon:start_link("sleep", ["1000"], [Bad]))
     || Bad <- [{log, warn}, {ready, {line, "("}}, {ready, fun(_) -> true end},
                {ready_timeout, -1}, {log_metadata, []}, {output, foo},
                {max_line, 0}, {exit_to_reason, normal}, {name, "name"},
                {stop_signal, sigfoo}, {timeot, 1}]],
    ?assertEqual([], flush()),
    ?assertEqual([], proctor:which_children()).

%% Neither they nor what is for the system are taken for something else.
calls_wait() ->
    {Parent, Daemon} = starting(d, "read x; echo ready; exec sleep 1000",
                                [stdin, {log, none},
                                 {ready, {line, "^ready$"}}]),
    Self = self(),
    [spawn_link(fun() -> Self ! {answer, Call()} end)
     || Call <- [fun() -> proctor_daemon:ospid(d) end,
                 fun() ->
                     {status, Pid, _, _} = sys:get_status(Daemon, infinity),
                     Pid
                 end]],
    wait_until(fun() ->
        {message_queue_len, 2} =:= process_info(Daemon, message_queue_len)
    end),
    [OsPid] = proctor:which_children(),
    ok = proctor:send(OsPid, "\n"),
    ?assertEqual({started, {ok, Daemon}}, next()),
    ?assertEqual(lists:sort([{answer, OsPid}, {answer, Daemon}]),
                 lists:sort([answer(), answer()])),
    ok = stop(Daemon),
    Parent ! stop.

answer() ->
    receive {answer, _} = Answer -> Answer end.

parent_goes() ->
    Blocks = fun() -> timer:sleep(infinity) end,
    [begin
         {Parent, Daemon} = starting(d, "exec sleep 1000",
                                     [{ready, Ready}, {log, none},
                                      {ready_timeout, 50000}]),
         [OsPid] = proctor:which_children(),
         Ref = monitor(process, Daemon),
         exit(Parent, kill),
         ?assertEqual(killed, down(Ref)),
         ?assertNot(alive(OsPid))
     end || Ready <- [{line, "never"}, Blocks]].

check_hangs() ->
    Self = self(),
    Ready = fun() -> Self ! {asked, self()}, timer:sleep(infinity) end,
    ?assertEqual({error, {not_ready, 100}},
                 start("echo why; exec sleep 1000",
                       [{ready, Ready}, {ready_timeout, 100},
                        {output, Self}])),
    [Asker] = [Pid || {asked, Pid} <- flush()],
    wait_until(fun() -> not is_process_alive(Asker) end).

check_fails() ->
    ?assertMatch({error, {not_ready, {oops, [_ | _]}}},
                 start("exec sleep 1000", [{ready, fun() -> error(oops) end},
                                           {log, none}])).

ready_bytes() ->
    [begin
         {ok, Daemon} = start("printf '\\377 gr\\303\\274n\\n'; "
                              "exec sleep 1000",
                              [{ready, {line, Line}}, {log, none}]),
         ok = stop(Daemon)
     end || Line <- [[$g, $r, 252, $n, $$], <<"gr", 195, 188, "n$">>]].

%% No shell sends it, and not to the leader alone.
signal_group() ->
    Script = "sh -c 'trap \"echo inner; exit\" USR1; echo on >&2; "
             "while :; do sleep 0.01; done' & "
             "trap 'wait; echo outer; exit' USR1; wait; wait",
    {ok, Daemon} = start(Script, [{stop_signal, sigusr1},
                                  {ready, {line, "on"}}, {output, self()}]),
    ok = stop(Daemon),
    ?assertEqual([<<"inner">>, <<"outer">>],
                 [Line || {proctor_daemon, _, stdout, Line} <- flush()]).

%% Its output goes on at the pace at which it is taken.
flood() ->
    Most = atomics:new(1, []),
    Fun = fun(stdout, _) ->
                  {message_queue_len, Now} =
                      process_info(self(), message_queue_len),
                  Now > atomics:get(Most, 1) andalso atomics:put(Most, 1, Now),
                  timer:sleep(5);
             (stderr, _) ->
                  ok
          end,
    {ok, Daemon} = start("trap '' TERM; echo on >&2; exec cat /dev/zero",
                         [{output, Fun}, {kill_timeout, 1},
                          {ready, {line, "on"}}]),
    ok = stop(Daemon),
    ?assert(atomics:get(Most, 1) < 64).

silent() ->
    {ok, Daemon} = start("exec sleep 1000", [{kill_timeout, 0}, {log, none}]),
    OsPid = proctor_daemon:ospid(Daemon),
    Parts = proctor_case:parts(proctor_case:os_pid(proctor)),
    ok = freeze(Parts),
    ok = stop(Daemon),
    ?assert(alive(OsPid)),
    ok = thaw(Parts),
    wait_until(fun() -> not alive(OsPid) end).

linked() ->
    Self = self(),
    Fun = fun(_, Line) ->
                  Pid = spawn_link(fun() -> ok end),
                  Ref = monitor(process, Pid),
                  receive {'DOWN', Ref, _, _, _} -> Self ! Line end
          end,
    {ok, Daemon} = start("echo a; echo b; exec sleep 1000", [{output, Fun}]),
    ?assertEqual([<<"a">>, <<"b">>], [next(), next()]),
    ?assertMatch(#{lines := 2}, proctor_daemon:statistics(Daemon)),
    ok = stop(Daemon).

cut() ->
    Events = logged(fun() ->
        {ok, Daemon} = start("printf '123456789\\nabcd\\nabcde'; "
                             "exec sleep 1000",
                             [{max_line, 4}, {log_prefix, "p: "},
                              {log, error}]),
        wait_until(fun() ->
            maps:get(bytes, proctor_daemon:statistics(Daemon)) =:= 20
        end),
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

%% Not in its state, which is logged where it ends with a failure, nor in what
%% is kept of it.
secrets() ->
    Events = logged(fun() ->
        {ok, Daemon} = proctor_daemon:start_link(
                         "sh", ["-c", "read x; exit 3", "s3cret"],
                         [{env, [{"X", "s3cret"}]}, stdin, {log, error}]),
        Status = io_lib:format("~0p", [sys:get_status(Daemon)]),
        ?assertEqual(nomatch, string:find(Status, "s3cret")),
        ok = proctor:send(proctor_daemon:ospid(Daemon), "\n"),
        ?assertEqual({exited, 3},
                     receive {'EXIT', Daemon, Reason} -> Reason end)
    end),
    ?assertNotEqual([], Events),
    [?assertEqual(nomatch, string:find(io_lib:format("~0p", [Event]),
                                       "s3cret")) || Event <- Events],
    Kept = io_lib:format("~0p", [ets:tab2list(proctor_daemon_restarts)]),
    ?assertEqual(nomatch, string:find(Kept, "s3cret")).

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

forgotten() ->
    Old = [{{old, N}, 1, none, -1 bsl 60} || N <- lists:seq(1, 1001)],
    true = ets:insert(proctor_daemon_restarts, Old),
    {ok, Daemon} = start("exit 3", [{name, d}, {log, none}]),
    ?assertEqual({'EXIT', Daemon, {exited, 3}}, next()),
    ?assertEqual([], [Key || {{old, _} = Key, _, _, _}
                                 <- ets:tab2list(proctor_daemon_restarts)]),
    ?assertMatch([_], ets:lookup(proctor_daemon_restarts, d)).

%%% Logs

logged(Fun) ->
    proctor_case:logged(error, Fun).

text(#{msg := {Format, Args}}) ->
    unicode:characters_to_binary(io_lib:format(Format, Args)).
