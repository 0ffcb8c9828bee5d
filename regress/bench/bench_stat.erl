%% Of many numbers, one, or their distribution.
-module(bench_stat).

-export([percentile/2, quantiles/1, median/1]).

percentile(Percent, Values) ->
    at(Percent, lists:sort(Values)).

at(Percent, Sorted) ->
    lists:nth((length(Sorted) - 1) * Percent div 100 + 1, Sorted).

%% Each second percentile, and those at the end.
quantiles(Values) ->
    Sorted = lists:sort(Values),
    [[Percent, at(Percent, Sorted)] || Percent <- lists:seq(0, 98, 2) ++ [99]].

median(Values) ->
    percentile(50, Values).
