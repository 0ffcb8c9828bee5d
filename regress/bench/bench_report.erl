%% What was measured: as a table, as JSON, and as data for pictures.
-module(bench_report).

-export([write/2, values/2]).

-define(COLUMNS, [floor, open_port, system_cmd, proctor, frames, frames2,
                  erlexec, erlexec_ours, muontrap, forcola, exile, netrunner,
                  prx]).

%% Results are `[{Task, Args, [#{System => Values | failed}]}]'.
write(Max, Results) ->
    Figures = [figure(Figure, Rounds)
               || #{task := Task} = Figure <- bench_figures:figures(Max),
                  {Name, _, Rounds} <- Results, Name =:= Task],
    ok = file:write_file(bench_os:helper("results.json"),
                         [bench_json:encode(json(Figures, Results)), "\n"]),
    _ = [curve(File, Rounds)
         || {Task, File} <- bench_figures:curves(),
            {Name, _, Rounds} <- Results, Name =:= Task],
    table(Figures).

%% Adds the median of each system, and whether the goal is met.
figure(#{value := Value} = Figure, Rounds) ->
    {Goal, Verdict} = bench_figures:judge(Figure, Rounds),
    Medians = maps:from_list(
        [{System, bench_stat:median(Values)}
         || System <- ?COLUMNS,
            [_ | _] = Values <- [values({System, Value}, Rounds)]]),
    Figure#{goal := Goal, verdict => Verdict, medians => Medians}.

values({System, Value}, Rounds) ->
    [map_get(Value, Values)
     || #{System := #{} = Values} <- Rounds, is_map_key(Value, Values)].

%%% The table

table(Figures) ->
    Columns = [System || System <- ?COLUMNS,
                         lists:any(fun(#{medians := Medians}) ->
                                       is_map_key(System, Medians)
                                   end, Figures)],
    io:format("~-42s", [""]),
    _ = [io:format("~13s", [atom_to_list(System)]) || System <- Columns],
    io:format("~n"),
    lists:foreach(fun(Figure) -> line(Figure, Columns) end, Figures).

line(#{text := Text, unit := Unit, medians := Medians, goal := Goal,
       verdict := Verdict}, Columns) ->
    io:format("~-42s", [Text ++ ", " ++ Unit]),
    _ = [io:format("~13s", [number(maps:get(System, Medians, none))])
         || System <- Columns],
    io:format("  ~s~n", [goal(Goal, Verdict)]).

goal(none, _) -> "";
goal(Goal, Verdict) ->
    [bench_figures:goal_text(Goal), ": ", atom_to_list(Verdict)].

number(none) -> "-";
number(N) when N >= 100 -> integer_to_list(round(N));
number(N) when N >= 10 -> io_lib:format("~.1f", [float(N)]);
number(N) -> io_lib:format("~.3f", [float(N)]).

%%% JSON

json(Figures, Results) ->
    #{machine => machine(),
      figures => [json_figure(Figure) || Figure <- Figures],
      runs => [#{task => Task, args => Args, rounds => Rounds}
               || {Task, Args, Rounds} <- Results]}.

json_figure(#{goal := Goal, text := Text, unit := Unit, why := Why}
            = Figure) ->
    Figure#{goal := iolist_to_binary(bench_figures:goal_text(Goal)),
            text := list_to_binary(Text), unit := list_to_binary(Unit),
            why := list_to_binary(Why)}.

machine() ->
    #{kernel => command("uname -r"),
      processor => command("sed -n 's/^model name.*: //p' /proc/cpuinfo | "
                           "head -n 1"),
      cpus => erlang:system_info(logical_processors_online),
      otp => list_to_binary(erlang:system_info(otp_release)),
      date => list_to_binary(calendar:system_time_to_rfc3339(
                                 erlang:system_time(second),
                                 [{offset, "Z"}])),
      commit => command("git describe --always --dirty 2>/dev/null"),
      root => bench_os:is_root(),
      nofile => bench_os:nofile()}.

command(Line) ->
    list_to_binary(string:trim(os:cmd(Line))).

%%% Pictures

%% A row for each number that the task was run with, a column for a system.
curve(File, Rounds) ->
    Columns = [System || System <- ?COLUMNS,
                         lists:any(fun(Round) -> is_map_key(System, Round) end,
                                   Rounds)],
    Keys = lists:usort([Key || Round <- Rounds, #{} = Values <-
                                   maps:values(Round),
                               Key <- maps:keys(Values), is_integer(Key)]),
    Rows = [[integer_to_list(Key)
             | [point(System, Key, Rounds) || System <- Columns]]
            || Key <- Keys],
    Head = ["x" | [atom_to_list(System) || System <- Columns]],
    Lines = [[lists:join(" ", Row), "\n"] || Row <- [Head | Rows]],
    ok = file:write_file(bench_os:helper(File ++ ".dat"), Lines).

point(System, Key, Rounds) ->
    case values({System, Key}, Rounds) of
        [] -> "-";
        Values -> io_lib:format("~w", [bench_stat:median(Values)])
    end.
