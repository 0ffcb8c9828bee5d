%% Why a figure is not better, where that was measured: one sentence, for who
%% reads the page. README.md says how it was.
-module(bench_why).

-export([text/2]).

-spec text(atom(), term()) -> string().
text(Task, _) when Task =:= spawn; Task =:= crowd ->
    "Between the request and the child are three wake-ups, and three "
    "between its end and the message of that, where posix_spawn has one: "
    "190 us by perf sched, of which 37 % of priv's time is switching and 22 "
    "% waking the next.";
text(cmd, p50_us) ->
    "The client's part is 25 us with a port program that answers at once; "
    "the rest is six wake-ups of other processes, and the two pipes of the "
    "output.";
text(Task, Value) when Task =:= callers; Task =:= cmd, Value =:= runs_s ->
    "All cores are busy: of each run the child itself takes 780 us, priv "
    "40, the launcher 30, the worker 17 and the broker 10.";
text(stdin, _) ->
    "Bytes are moved, not copied, but each 64 KiB wakes the broker and the "
    "worker: 1 GiB takes them 0.22 s, and such processes that do nothing "
    "else 0.16 to 0.26.";
text(stdout, _) ->
    "Not a byte is copied: of the worker's time 41 % is switching, 20 % "
    "waking child and node, and 9 % waiting for the lock of the port's "
    "pipe.";
text(echo, _) ->
    "An echo wakes the broker once and the worker 0.5 times, which "
    "open_port has not; the node is woken 1.1 times by either, and cat "
    "once.";
text(bulk, s) ->
    "With windows all children write at the same time, each a little: they "
    "copy into their pipes for 11 % of their time, not 3, as no cache holds "
    "so many.";
text(leaf, _) ->
    "The write by which a child enters its group is its own to do, and the "
    "exit is told when the group is removed: two wake-ups.";
text(_, _) ->
    "".
