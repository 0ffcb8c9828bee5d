%% The tasks that are run, and the figures that come of them with their goals.
-module(bench_figures).

-export([tasks/1, floor/2, figures/1, curves/0]).
-export([judge/2, goal_text/1]).

-export_type([figure/0]).

-type goal() :: none
              | {at_most | at_least, number()}
              | {at_most | at_least, [{float(), bench_system:name() | self,
                                       Value :: term()}]}.
%% Of a list, the first system that was measured counts.

-type figure() :: #{task := atom(), value := term(), text := string(),
                    unit := string(), goal := goal(),
                    judged := bench_system:name(), why := string()}.

%% What the reference machine has shown of erlexec, as part of open_port: for
%% when erlexec itself is not there.
-define(ERLEXEC_CALLERS, 2500 / 2300).
-define(ERLEXEC_STDIN, 0.95).
-define(ERLEXEC_ECHO, 60 / 45).

%% Max children there can be. Peers are not asked for more than 2,000, which
%% takes one of them 10 s.
tasks(Max) ->
    [{cmd, bench_cmd:systems(),
      #{count => 400, callers => 8, bytes => 1 bsl 25}},
     {spawn, [open_port, proctor, frames | peers()], #{count => 300}},
     {crowd, [open_port, proctor, frames],
      #{sizes => sizes(Max), count => 200}},
     {callers, [open_port, proctor, frames | peers()],
      #{callers => [1, 2, 4, 8, 16, 32, 64], count => 800}},
     {stdout, [open_port, proctor, frames, frames2 | peers()],
      #{bytes => 1 bsl 30}},
     {sizes, [open_port, proctor, frames],
      #{sizes => [1 bsl N || N <- lists:seq(10, 30, 4)]}},
     {stdin, [open_port, proctor, frames | peers()], #{bytes => 1 bsl 28}},
     {echo, [open_port, proctor, frames | peers()], #{count => 5000}},
     {kill, [proctor, frames | peers()], #{children => min(Max, 2000)}},
     {ending, [frames], #{children => min(Max, 10000)}},
     {fair, [open_port, proctor, frames],
      #{children => min(Max, 1000), ms => 4000}},
     {stopped, [proctor], #{bytes => 1 bsl 29}},
     {bulk, [open_port, proctor, frames | peers()],
      #{children => min(Max, 2000), bytes => 1 bsl 20}},
     {leaf, [proctor], #{count => 300, alive => min(Max, 10000),
                         bomb => min(Max, 1000), killed => min(Max, 500)}},
     {task, [proctor], #{count => 5000, tasks => 50, forks => 10000,
                         bytes => 1 bsl 30}}].

peers() ->
    case code:which(exec) of
        non_existing -> [];
        _ -> [erlexec, erlexec_ours]
    end.

sizes(Max) ->
    lists:usort([min(Max, N) || N <- [0, 500, 1000, 2000, 5000, 10000]]).

%% The same from C.
floor(spawn, #{count := Count}) ->
    floor(spawn, [Count]);
floor(crowd, #{count := Count, sizes := Sizes}) ->
    #{p50_us := P50} = floor(spawn, [Count]),
    maps:from_list([{Size, P50} || Size <- Sizes]);
floor(cmd, #{count := Count, callers := Callers}) ->
    maps:merge(floor(spawn, [Count]), floor(callers, [Count, Callers]));
floor(callers, #{count := Count, callers := List}) ->
    maps:from_list([{N, map_get(runs_s, floor(callers, [Count, N]))}
                    || N <- List]);
floor(stdout, #{bytes := Bytes}) ->
    #{mb_s := Speed, cpu_s_gib := Cpu} = floor(splice, [Bytes]),
    #{mb_s => Speed, cpu => Cpu, worker => Cpu};
floor(sizes, #{sizes := Sizes}) ->
    maps:from_list([{Size, map_get(mb_s, floor(splice, [Size]))}
                    || Size <- Sizes]);
floor(stdin, #{bytes := Bytes}) ->
    floor(stdin, [Bytes, bench_os:helper("child")]);
floor(echo, #{count := Count}) ->
    floor(echo, [Count]);
floor(leaf, #{count := Count}) ->
    floor(leaf, [Count]);
floor(kill, #{children := Count}) ->
    floor(kill, [Count, bench_os:helper("child")]);
floor(What, Args) when is_list(Args) ->
    bench_os:floor([atom_to_list(What) | [text(Arg) || Arg <- Args]]);
floor(_Task, _Args) ->
    #{}.

text(N) when is_integer(N) -> integer_to_list(N);
text(Text) -> Text.

-spec figures(pos_integer()) -> [figure()].
figures(Max) ->
    Last = lists:last(sizes(Max)),
    [figure(spawn, p50_us, "/bin/true to its end, p50", "us",
            {at_most, [{1.25, floor, p50_us}]})]
    ++ [figure(cmd, p50_us, "/bin/true, as its users call it, p50", "us",
               {at_most, [{0.9, erlexec, p50_us}]}),
        figure(cmd, runs_s, "  by 8 callers", "/s",
               {at_least, [{1.15, erlexec, runs_s}]}),
        figure(cmd, mb_s, "  32 MiB of its output", "MB/s", none)]
    ++ [figure(crowd, Size, "  beside ~w idle children", [Size], "us",
               crowd_goal(Size, Last)) || Size <- sizes(Max)]
    ++ [figure(crowd, bytes_child, "memory for each of those ~w", [Last], "B",
               {at_most, 2048}),
        figure(crowd, kill_ms, "killing them and hearing of it", "ms",
               {at_most, 1000}),
        figure(kill, ms, "killing ~w", [min(Max, 2000)], "ms", none),
        (figure(ending, ms, "end of the port with ~w children", [Last], "ms",
                {at_most, 2000}))#{judged := frames},
        figure(callers, 8, "8 callers at once", "/s",
               {at_least, [{1.0, erlexec, 8},
                           {?ERLEXEC_CALLERS, open_port, 8}]}),
        figure(stdout, mb_s, "stdout of head -c 1G /dev/zero", "MB/s",
               {at_least, [{0.9, open_port, mb_s}]}),
        figure(stdout, cpu, "  processor time of the port program", "s",
               {at_most, 0.10}),
        figure(stdout, worker, "    of its worker alone", "s", none),
        figure(stdin, mb_s, "stdin, 256 MiB in 64 KiB pieces", "MB/s",
               {at_least, [{1.0, erlexec, mb_s},
                           {?ERLEXEC_STDIN, open_port, mb_s}]}),
        figure(echo, p50_us, "100 bytes through cat, p50", "us",
               {at_most, [{1.1, erlexec, p50_us},
                          {1.1 * ?ERLEXEC_ECHO, open_port, p50_us}]}),
        figure(echo, p99_us, "  p99", "us", none),
        figure(fair, p99_ms, "echo beside ~w floods, p99", [min(Max, 1000)],
               "ms", {at_most, 20}),
        figure(fair, p50_ms, "  p50", "ms", none),
        figure(fair, mb_s, "  bytes of the floods", "MB/s", none),
        figure(fair, least, "  least of a flood, of the median", "x",
               {at_least, 0.5}),
        figure(stopped, slower, "beside children that do not read", "x",
               {at_most, 1.25}),
        figure(stopped, grown_kb, "  memory that they cost", "KiB",
               {at_most, 64}),
        figure(bulk, s, "~w children that write 1 MiB", [min(Max, 2000)], "s",
               {at_most, [{1.0, open_port, s}]}),
        figure(bulk, peak_mb, "  peak of the node's memory", "MB",
               {at_most, 200}),
        figure(leaf, p50_us, "/bin/true in a leaf to its end, p50", "us",
               none),
        figure(leaf, ratio, "  of one without", "x", {at_most, 1.15}),
        figure(leaf, apart, "  the same, each by itself", "x", none),
        figure(leaf, flat, "    beside ~w leaves, of that", [min(Max, 10000)],
               "x", {at_most, 1.05}),
        figure(leaf, bytes_leaf, "memory of the keeper for each", "B",
               {at_most, 1024}),
        figure(leaf, killed_ms, "~w leaves killed at once, and gone",
               [min(Max, 500)], "ms", {at_most, 500}),
        figure(leaf, bomb_ms, "end of a fork bomb of ~w", [min(Max, 1000)],
               "ms", {at_most, 1000}),
        figure(task, getpid_us, "getpid of a task, p50", "us", none),
        figure(task, getpid_x, "  of 10 bytes through cat", "x",
               {at_most, 1.5}),
        figure(task, deep_x, "  at depth 15, of that", "x", {at_most, 1.1}),
        figure(task, ops_x, "  30 in one message, of one", "x",
               {at_most, 1.5}),
        figure(task, fork_us, "fork of a task, p50", "us", none),
        figure(task, exec_us, "  and /bin/true to its end", "us", none),
        figure(task, exec_x, "    of a plain run", "x", none),
        figure(task, forks_s, "10,000 forked and stopped", "/s", none),
        figure(task, stdout_mb, "1 GiB from depth 15", "MB/s", none),
        figure(task, stdout_x, "  of a plain run", "x", {at_least, 0.8}),
        figure(task, stdin_mb, "1 GiB to a program", "MB/s", none),
        figure(task, task_kb, "memory of a task", "KiB", {at_most, 100}),
        figure(task, node_b, "  and of the node for it", "B", none),
        figure(task, task_fds, "descriptors for a task", "", {at_most, 2}),
        figure(task, program_fds, "  for a program", "", {at_most, 5})].

crowd_goal(Last, Last) -> {at_most, [{1.05, self, first}]};
crowd_goal(_, _) -> none.

figure(Task, Value, Format, Args, Unit, Goal) ->
    figure(Task, Value, lists:flatten(io_lib:format(Format, Args)), Unit,
           Goal).

figure(Task, Value, Text, Unit, Goal) ->
    #{task => Task, value => Value, text => Text, unit => Unit, goal => Goal,
      judged => proctor, why => bench_why:text(Task, Value)}.

%% The tasks whose values are a curve, by the names that plot.sh knows.
curves() ->
    [{crowd, "children"}, {sizes, "output"}, {callers, "callers"}].

%%% Goals

goal_text(none) -> "";
goal_text({How, Number}) when is_number(Number) ->
    [sign(How), number(Number)];
goal_text({How, [{Factor, System, _} | _]}) ->
    [sign(How), number(Factor), " x ", name(System)].

sign(at_most) -> "<= ";
sign(at_least) -> ">= ".

number(N) when is_integer(N) -> integer_to_list(N);
number(N) -> io_lib:format("~.2f", [N]).

name(self) -> "that beside none";
name(System) -> atom_to_list(System).

%% Of the rounds, `[#{System => #{Value => Number}}]': each compares what was
%% measured side by side, and the median of the quotients counts.
-spec judge(figure(), [map()]) ->
    {goal(), met | missed | none | unknown}.
judge(#{goal := none}, _Rounds) ->
    {none, none};
judge(#{goal := {How, Number}} = Figure, Rounds) when is_number(Number) ->
    {{How, Number}, verdict(How, own(Figure, Rounds), Number)};
judge(#{goal := {How, [{Factor, Name, Value} = Reference | Rest]},
        judged := Judged} = Figure, Rounds) ->
    System = case Name of self -> Judged; _ -> Name end,
    Quotients = [Own / Other
                 || #{Judged := #{} = Mine, System := #{} = Theirs} <- Rounds,
                    {ok, Own} <- [maps:find(map_get(value, Figure), Mine)],
                    {ok, Other} <- [maps:find(Value, Theirs)]],
    case {Quotients, Rest} of
        {[], [_ | _]} -> judge(Figure#{goal := {How, Rest}}, Rounds);
        _ -> {{How, [Reference]}, verdict(How, Quotients, Factor)}
    end.

own(#{judged := Judged, value := Value}, Rounds) ->
    [map_get(Value, Values)
     || #{Judged := #{} = Values} <- Rounds, is_map_key(Value, Values)].

verdict(_How, [], _Limit) ->
    unknown;
verdict(How, Numbers, Limit) ->
    Median = bench_stat:median(Numbers),
    case How of
        at_most when Median =< Limit -> met;
        at_least when Median >= Limit -> met;
        _ -> missed
    end.
