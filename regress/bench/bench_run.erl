%% One run of one task over one system, in a node of its own, whose memory and
%% mailboxes nobody else has used. Each answers with a map of values.
-module(bench_run).

-export([run/3]).

-define(TRUE, ["/bin/true"]).
-define(SAMPLE, 50). % ms

%% A peer's processes that serve calls come and go: the owner of children is
%% one of ours.
run(Task, Name, Args) ->
    {Pid, Monitor} =
        spawn_monitor(fun() -> exit({result, task(Task, Name, Args)}) end),
    receive
        {'DOWN', Monitor, process, Pid, {result, Values}} -> {ok, Values};
        {'DOWN', Monitor, process, Pid, Reason} -> {error, Reason}
    end.

task(cmd, Name, Args) ->
    bench_cmd:run(Name, Args);
task(Task, Name, Args) ->
    System = bench_system:start(Name),
    Family = bench_os:family(maps:get(os_pid, System)),
    Values = do(Task, System#{family => Family}, Args),
    case Task of
        _ when Task =:= ending; Task =:= leaf -> ok;
        _ -> ok = (maps:get(module, System)):stop(System)
    end,
    Values.

do(spawn, System, #{count := Count}) ->
    Times = spawns(System, Count),
    #{p50_us => percentile(50, Times),
      quantiles => bench_stat:quantiles(Times)};
do(crowd, System, Args) ->
    crowd(System, Args);
do(callers, System, #{callers := List, count := Count}) ->
    maps:from_list([{N, Count / seconds(fun() ->
                                    at_once(System, {?TRUE, []}, N, Count)
                                end)}
                    || N <- List]);
do(stdout, System, #{bytes := Bytes}) ->
    {Seconds, Used} = output(System, Bytes),
    PerGiB = maps:map(fun(_, S) -> S / Bytes * (1 bsl 30) end, Used),
    PerGiB#{mb_s => Bytes / 1.0e6 / Seconds};
do(sizes, System, #{sizes := [First | _] = Sizes}) ->
    _ = output(System, First),
    maps:from_list([{Size, Size / 1.0e6 / element(1, output(System, Size))}
                    || Size <- Sizes]);
do(stdin, System, #{bytes := Bytes}) ->
    #{mb_s => Bytes / 1.0e6 / seconds(fun() -> input(System, Bytes) end)};
do(echo, #{module := Module} = System, #{count := Count}) ->
    {Id, Child} = Module:run(System, ["/bin/cat"], [stdin, stdout]),
    Data = <<0:800>>,
    Times = [micros(fun() -> echo(System, {Id, Child}, Data) end)
             || _ <- lists:seq(1, Count)],
    #{p50_us => percentile(50, Times), p99_us => percentile(99, Times),
      quantiles => bench_stat:quantiles(Times)};
do(kill, System, #{children := Count}) ->
    #{ms => kill(System, idle(System, Count))};
do(ending, #{module := Module} = System, #{children := Count}) ->
    OsPids = [OsPid || {OsPid, _} <- idle(System, Count)],
    #{ms => 1000 * seconds(fun() ->
                               ok = Module:close(System),
                               bench_os:gone(OsPids)
                           end)};
do(fair, System, Args) ->
    fair(System, Args);
do(stopped, System, Args) ->
    stopped(System, Args);
do(bulk, System, Args) ->
    bulk(System, Args);
do(leaf, System, Args) ->
    bench_leaf:run(System, Args);
do(task, System, Args) ->
    bench_task:run(System, Args).

%%% Spawning

spawns(System, Count) ->
    [micros(fun() -> bench_system:run_to_end(System, ?TRUE) end)
     || _ <- lists:seq(1, Count)].

idle(#{module := Module} = System, Count) ->
    [Module:run(System, [bench_os:helper("child"), "idle"], [stdout])
     || _ <- lists:seq(1, Count)].

%% What a spawn takes beside ever more idle children; then what these take,
%% and to kill them.
crowd(#{family := Family} = System, #{sizes := Sizes, count := Count}) ->
    _ = spawns(System, 20),
    Before = bench_os:memory(Family),
    {Values, Idle} = lists:foldl(
        fun(Size, {Acc, Children}) ->
            More = idle(System, Size - length(Children)),
            P50 = percentile(50, spawns(System, Count)),
            {Acc#{Size => P50}, More ++ Children}
        end, {#{}, []}, Sizes),
    Grown = bench_os:memory(Family) - Before,
    Last = lists:last(Sizes),
    More = case Family of
               [] -> #{};
               _ -> #{kill_ms => kill(System, Idle),
                      bytes_child => Grown / Last}
           end,
    maps:merge(Values, More#{first => map_get(hd(Sizes), Values),
                             last => map_get(Last, Values)}).

kill(#{module := Module} = System, Idle) ->
    1000 * seconds(fun() ->
                       _ = [Module:kill(System, Child) || {_, Child} <- Idle],
                       exits(System, length(Idle))
                   end).

exits(_System, 0) ->
    ok;
exits(#{module := Module} = System, Left) ->
    case Module:next(System) of
        {exit, _} -> exits(System, Left - 1);
        {out, _, _} -> exits(System, Left)
    end.

%% So many loops of runs at once; the bytes that these wrote. One process alone
%% can own a port: in place of loops there are as many runs that it waits for.
at_once(#{module := bench_frames} = System, Run, N, Count) ->
    bench_frames:in_flight(System, Run, N, Count);
at_once(System, Run, N, Count) ->
    Loop = fun() -> exit({bytes, runs(System, Run, Count div N)}) end,
    Loops = [spawn_monitor(Loop) || _ <- lists:seq(1, N)],
    lists:sum([receive {'DOWN', Monitor, process, Pid, {bytes, Bytes}} -> Bytes
               end || {Pid, Monitor} <- Loops]).

runs(#{module := Module} = System, {Command, Options}, Count) ->
    lists:sum([begin
                   {Id, _} = Module:run(System, Command, Options),
                   bench_system:await_exit(System, Id)
               end || _ <- lists:seq(1, Count)]).

%%% Bytes

%% Seconds from the start of a writer to its end, and what processor time each
%% of the system's processes took, by its name, and all of them.
output(#{module := Module, family := Family} = System, Bytes) ->
    Before = bench_os:cpu(Family),
    Seconds = seconds(fun() ->
                          {Id, _} = Module:run(System, head(Bytes), [stdout]),
                          Bytes = bench_system:await_exit(System, Id)
                      end),
    Used = bench_os:cpu(Family),
    {Seconds, maps:map(fun(Name, S) -> S - map_get(Name, Before) end, Used)}.

input(#{module := Module} = System, Bytes) ->
    Command = [bench_os:helper("child"), "sink", integer_to_list(Bytes)],
    {Id, Child} = Module:run(System, Command, [stdin, stdout]),
    Piece = <<0:(65536 * 8)>>,
    _ = [ok = Module:send(System, Child, Piece)
         || _ <- lists:seq(1, Bytes div 65536)],
    %% What says that it has read all of it.
    1 = bench_system:await_exit(System, Id).

echo(#{module := Module} = System, {Id, Child}, Data) ->
    ok = Module:send(System, Child, Data),
    echoed(System, Id, byte_size(Data)).

echoed(_System, _Id, 0) ->
    ok;
echoed(#{module := Module} = System, Id, Left) ->
    {out, Id, Data} = Module:next(System),
    echoed(System, Id, Left - byte_size(Data)).

%% Some children that write all they can, beside one that answers.
fair(#{module := Module} = System, #{children := Count, ms := Ms}) ->
    Flood = [bench_os:helper("child"), "flood"],
    Counters = counters:new(Count, []),
    Floods = [Module:count(System, Flood, Counters, I)
              || I <- lists:seq(1, Count)],
    Cat = Module:run(System, ["/bin/cat"], [stdin, stdout]),
    _ = echoes(System, Cat, Ms div 2),
    Before = counts(Counters, Count),
    Times = echoes(System, Cat, Ms),
    After = counts(Counters, Count),
    Bytes = lists:zipwith(fun(A, B) -> A - B end, After, Before),
    true = length(Floods) =:= Count,
    #{p50_ms => percentile(50, Times) / 1000,
      p99_ms => percentile(99, Times) / 1000,
      mb_s => lists:sum(Bytes) / 1000 / Ms,
      least => lists:min(Bytes) / max(1, percentile(50, Bytes))}.

counts(Counters, Count) ->
    [counters:get(Counters, I) || I <- lists:seq(1, Count)].

echoes(System, Cat, Ms) ->
    echoes_until(System, Cat, erlang:monotonic_time(millisecond) + Ms).

echoes_until(System, Cat, Until) ->
    case erlang:monotonic_time(millisecond) >= Until of
        true ->
            [];
        false ->
            Time = micros(fun() -> echo(System, Cat, <<0:800>>) end),
            [Time | echoes_until(System, Cat, Until)]
    end.

%% A child that nobody reads and one that reads nothing: what they cost the
%% others, and the memory that is kept for the first.
stopped(#{client := Client, family := Family} = System, #{bytes := Bytes}) ->
    {Alone, _} = output(System, Bytes),
    Before = bench_os:memory(Family),
    Flood = [bench_os:helper("child"), "flood"],
    Idle = [bench_os:helper("child"), "idle"],
    {ok, _, _} = Client:run(Flood, [stdout, {active, false}]),
    timer:sleep(200),
    Grown = bench_os:memory(Family) - Before,
    {ok, Deaf, _} = Client:run(Idle, [stdin]),
    fill(Client, Deaf),
    {Beside, _} = output(System, Bytes),
    #{slower => Beside / Alone, grown_kb => Grown / 1024}.

fill(Client, Pid) ->
    case Client:send_nowait(Pid, <<0:(65536 * 8)>>) of
        ok -> fill(Client, Pid);
        {error, busy} -> ok
    end.

bulk(System, #{children := Count, bytes := Bytes}) ->
    ok = bench_os:reset_peak(),
    Run = {head(Bytes), [stdout, window]},
    Watch = watch(?SAMPLE),
    Seconds = seconds(fun() ->
                          Sum = at_once(System#{forget => true}, Run, Count,
                                        Count),
                          Sum = Count * Bytes
                      end),
    #{s => Seconds, peak_mb => bench_os:peak() / 1.0e6,
      memory => watched(Watch)}.

%% The node's memory, each so many milliseconds from now on.
watch(Every) ->
    Start = erlang:monotonic_time(millisecond),
    spawn_link(fun() -> watch(Start, Every, []) end).

watch(Start, Every, Samples) ->
    receive
        {stop, From} -> From ! {self(), lists:reverse(Samples)}
    after Every ->
        Sample = [erlang:monotonic_time(millisecond) - Start,
                  bench_os:resident() / 1.0e6],
        watch(Start, Every, [Sample | Samples])
    end.

watched(Watch) ->
    Watch ! {stop, self()},
    receive {Watch, Samples} -> Samples end.

head(Bytes) ->
    ["/usr/bin/head", "-c", integer_to_list(Bytes), "/dev/zero"].

%%% Time

seconds(Fun) ->
    micros(Fun) / 1.0e6.

micros(Fun) ->
    Start = erlang:monotonic_time(),
    _ = Fun(),
    Taken = erlang:monotonic_time() - Start,
    erlang:convert_time_unit(Taken, native, nanosecond) / 1000.

percentile(Percent, Values) ->
    bench_stat:percentile(Percent, Values).
