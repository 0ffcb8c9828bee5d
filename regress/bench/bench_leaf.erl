%% What leaves cost: control groups of one child each. Figures are of the
%% client, in one node: each compares runs with a leaf and without, in turns.
-module(bench_leaf).

-export([run/2]).

-define(TRUE, ["/bin/true"]).
-define(LEAF, {cgroup, true}).
-define(SOME, 10).
-define(APART, 3). % ms

%% `#{}' where there can be none. The system is at its end afterwards.
run(#{client := Client} = System, Args) ->
    case Client:run(?TRUE, [monitor, ?LEAF]) of
        {ok, _, OsPid} ->
            ok = ended(OsPid),
            measured(System, Args);
        {error, _} ->
            io:format(standard_error, "~nbench: no control groups here~n", []),
            #{}
    end.

measured(System, #{count := Count, alive := Alive, bomb := Bomb,
                   killed := Killed}) ->
    {First, Bare} = pairs(System, Count, 0),
    {Apart, BareApart} = pairs(System, Count, ?APART),
    Keeper = keeper(System),
    Before = bench_os:memory([Keeper]),
    Idle = idle(System, Alive),
    Grown = bench_os:memory([Keeper]) - Before,
    {Last, LastBare} = pairs(System, Count, 0),
    ok = kill(System, Idle),
    BombMs = bomb(System, Bomb),
    #{p50_us => First, ratio => First / Bare, apart => Apart / BareApart,
      flat => (Last / LastBare) / (First / Bare),
      bytes_leaf => Grown / Alive, bomb_ms => BombMs,
      killed_ms => killed(System, Killed)}.

%% Some with a leaf and as many without, in turns: the p50 of each. What is
%% done behind one that has a leaf is in the time of the next that has one.
pairs(System, Count, Pause) ->
    {Leaves, Bare} = lists:unzip([{some(System, [?LEAF], Pause),
                                   some(System, [], Pause)}
                                  || _ <- lists:seq(1, Count div ?SOME)]),
    {bench_stat:percentile(50, lists:append(Leaves)),
     bench_stat:percentile(50, lists:append(Bare))}.

some(System, Options, Pause) ->
    [begin
         ok = timer:sleep(Pause),
         spawn_us(System, Options)
     end || _ <- lists:seq(1, ?SOME)].

spawn_us(#{client := Client}, Options) ->
    micros(fun() ->
               {ok, _, OsPid} = Client:run(?TRUE, [monitor | Options]),
               ok = ended(OsPid)
           end).

ended(OsPid) ->
    receive
        {'DOWN', OsPid, process, _, _} -> ok
    end.

idle(#{client := Client}, Count) ->
    Command = [bench_os:helper("child"), "idle"],
    [begin
         {ok, Pid, OsPid} = Client:run(Command, [monitor, ?LEAF]),
         {Pid, OsPid}
     end || _ <- lists:seq(1, Count)].

kill(#{client := Client}, Idle) ->
    _ = [spawn_link(fun() -> ok = Client:kill(Pid, 9) end)
         || {Pid, _} <- Idle],
    lists:foreach(fun({_, OsPid}) -> ok = ended(OsPid) end, Idle).

%% From a stop that gives no time to an exit, which comes when all are gone.
bomb(#{client := Client}, Count) ->
    Command = [bench_os:helper("child"), "bomb", integer_to_list(Count)],
    {ok, Pid, OsPid} = Client:run(Command, [monitor, stdout, ?LEAF,
                                            {kill_timeout, 0}]),
    receive {stdout, OsPid, _} -> ok end,
    micros(fun() -> ok = Client:stop(Pid), ok = ended(OsPid) end) / 1000.

%% From the death of priv, when the reaper writes once, until all are gone,
%% with their groups: last of all goes the guard.
killed(#{os_pid := Guard, family := Family} = System, Count) ->
    OsPids = [OsPid || {_, OsPid} <- idle(System, Count)],
    Priv = titled("priv", Family),
    micros(fun() ->
               [] = os:cmd("kill -9 " ++ Priv),
               bench_os:gone([list_to_integer(Guard) | OsPids])
           end) / 1000.

keeper(#{family := Family}) ->
    titled("keeper", Family).

titled(Name, Pids) ->
    [Pid] = [Pid || Pid <- Pids,
                    {ok, Title} <- [file:read_file("/proc/" ++ Pid
                                                   ++ "/cmdline")],
                    string:find(Title, "proctor: " ++ Name) =/= nomatch],
    Pid.

micros(Fun) ->
    Start = erlang:monotonic_time(),
    _ = Fun(),
    Taken = erlang:monotonic_time() - Start,
    erlang:convert_time_unit(Taken, native, nanosecond) / 1000.
