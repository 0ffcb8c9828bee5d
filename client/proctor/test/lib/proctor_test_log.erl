%% A logger handler that tells a process.
-module(proctor_test_log).

-export([log/2]).

log(Event, #{config := Pid}) ->
    Pid ! {log, Event},
    ok.
