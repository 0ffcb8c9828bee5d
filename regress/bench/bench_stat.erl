%% Of many numbers, one.
-module(bench_stat).

-export([percentile/2, median/1]).

percentile(Percent, Values) ->
    Sorted = lists:sort(Values),
    lists:nth((length(Sorted) - 1) * Percent div 100 + 1, Sorted).

median(Values) ->
    percentile(50, Values).
