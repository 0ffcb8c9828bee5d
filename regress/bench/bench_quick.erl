%% What has to hold on any machine, however busy: quotients of what was
%% measured side by side, the best of some rounds each, with slack. A worker
%% that copies takes more processor time than a loop of read and write that
%% does nothing else; a cost that grows with the children is a multiple beside
%% so many.
-module(bench_quick).

-export([main/0]).

-define(ROUNDS, 3).
-define(BYTES, (1 bsl 28)).
-define(LEAF, #{count => 100, alive => 500, bomb => 100, killed => 100}).

main() ->
    Children = min(bench_os:max_children(), 2000),
    Rounds = [maps:merge(output(), crowd(Children))
              || _ <- lists:seq(1, ?ROUNDS)],
    Leaves = [in_node(leaf, proctor, ?LEAF)
              || _ <- lists:seq(1, ?ROUNDS)],
    Checks = [{"worker's processor time of a copying relay's",
               quotient(worker, relay, Rounds), 0.9},
              {"all our processes'", quotient(cpu, relay, Rounds), 1.0},
              {io_lib:format("a run beside ~w children of one alone",
                             [Children]),
               quotient(last, first, Rounds), 2.0}
              | leaves(Leaves)],
    Texts = [io_lib:format("~s ~.2f (<= ~.1f)", [Text, Quotient, Most])
             || {Text, Quotient, Most} <- Checks],
    {Word, Status} =
        case [missed || {_, Quotient, Most} <- Checks, Quotient > Most] of
            [] -> {"passed", 0};
            _ -> {"FAILED", 1}
        end,
    io:format("bench-quick: ~s: ~s~n", [lists:join(", ", Texts), Word]),
    halt(Status).

%% Where there can be some.
leaves(Rounds) ->
    [{Text, best(Name, Rounds), Most}
     || {Name, Text, Most} <- [{ratio, "one in a leaf of one without", 2.0},
                               {flat, "that beside 500 leaves", 2.0}],
        is_map_key(Name, hd(Rounds))].

quotient(Name, Of, Rounds) ->
    best(Name, Rounds) / best(Of, Rounds).

best(Name, Rounds) ->
    lists:min([map_get(Name, Round) || Round <- Rounds]).

output() ->
    #{cpu_s_gib := Relay} = bench_figures:floor(relay, [?BYTES]),
    (in_node(stdout, frames, #{bytes => ?BYTES}))#{relay => Relay}.

crowd(Children) ->
    in_node(crowd, frames, #{sizes => [0, Children], count => 150}).

in_node(Task, System, Args) ->
    #{} = bench:in_node(Task, System, Args).
