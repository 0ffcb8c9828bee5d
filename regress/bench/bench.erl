%% The benchmark: every task in rounds, in each round all systems one after
%% the other, so that what else the machine does meets all of them.
-module(bench).

-export([main/0, in_node/3]).

%% Whatever takes longer than this hangs.
-define(RUN_TIMEOUT, 300000).

main() ->
    Max = bench_os:max_children(),
    Tasks = chosen(bench_figures:tasks(Max), os:getenv("BENCH_TASKS", "")),
    Results = [{Task, Args, rounds(Task, Systems, Args, count())}
               || {Task, Systems, Args} <- Tasks],
    Max >= 10000 orelse
        io:format("Limits allow ~w children at once, no more.~n", [Max]),
    bench_report:write(Max, Results),
    halt(case failures(Results) of [] -> 0; _ -> 1 end).

%% As root its own client wants sudo: it is an ordinary user's.
as(erlexec) ->
    case bench_os:is_root() of
        true -> "HOME=/tmp exec setpriv --reuid=65534 --regid=65534 "
                    "--clear-groups ";
        false -> "exec "
    end;
as(_System) ->
    "exec ".

count() ->
    list_to_integer(os:getenv("BENCH_ROUNDS", "5")).

chosen(Tasks, "") ->
    Tasks;
chosen(Tasks, Names) ->
    Wanted = string:lexemes(Names, ", "),
    [Task || {Name, _, _} = Task <- Tasks,
             lists:member(atom_to_list(Name), Wanted)].

failures(Results) ->
    [failed || {_, _, Rounds} <- Results, #{proctor := failed} <- Rounds].

rounds(Task, Systems, Args, Count) ->
    io:format(standard_error, "bench: ~w", [Task]),
    Rounds = [round({Task, Args}, Systems) || _ <- lists:seq(1, Count)],
    io:format(standard_error, "~n", []),
    Rounds.

%% `#{floor => Values, System => Values | failed}'
round({Task, Args}, Systems) ->
    io:format(standard_error, ".", []),
    Floor = bench_figures:floor(Task, Args),
    maps:from_list([{floor, Floor}
                    | [{System, in_node(Task, System, Args)}
                       || System <- Systems]]).

%% In a node of its own, which ends with its children when this one does. What
%% port programs have to say is in a file.
in_node(Task, System, Args) ->
    Erl = [as(System), "erl \"$@\" 2>>\"$BENCH_DIR/stderr.log\""],
    Path = lists:append([["-pa", Dir]
                         || Dir <- string:lexemes(os:getenv("BENCH_PATH"),
                                                  ":")]),
    {ok, Peer, _} = peer:start_link(
        #{connection => standard_io, wait_boot => 60000,
          exec => {"/bin/sh", ["-c", lists:flatten(Erl), "erl"]},
          args => ["-kernel", "logger_level", "critical" | Path]}),
    Result = try
                 peer:call(Peer, bench_run, run, [Task, System, Args],
                           ?RUN_TIMEOUT)
             catch
                 _:Reason -> {error, Reason}
             end,
    ok = peer:stop(Peer),
    case Result of
        {ok, Values} ->
            Values;
        {error, Why} ->
            io:format(standard_error, "~nbench: ~w of ~w failed: ~tP~n",
                      [Task, System, Why, 20]),
            failed
    end.
