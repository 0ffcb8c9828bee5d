%% @doc How an OS process ended, whichever dialect told it.
-module(proctor_exit).

-export([from_raw/1, from_native/2, unknown/0, reason/1]).

-export_type([exit/0, status/0, usage/0]).

-type status() :: {exited, 0..255}
                | {signaled, Signal :: 1..127, Core :: boolean()}
                | unknown.

-type usage() :: #{utime_us | stime_us | maxrss_kb | minflt | majflt | inblock
                   | oublock | nvcsw | nivcsw => non_neg_integer()}.
%% What it and those of its children it has waited for have used: processor
%% time in microseconds, the largest resident size in KiB, page faults, blocks
%% read and written, and context switches.

-type exit() :: #{status := status(),
                  reason := normal | stopped | timeout | shutdown | unknown,
                  raw := integer(),
                  killed := boolean(),
                  truncated := [stdout | stderr],
                  usage => usage(),
                  stdout => binary(),
                  stderr => binary()}.
%% `reason' is why it has ended: by itself, after a stop, because its time was
%% over, or with the port program; the old dialect does not say. `killed' tells
%% that it took SIGKILL, `truncated' of which streams output may be missing,
%% because others had them open when they were closed, or there was too much of
%% it. `raw' is what erlexec's users are told: 0 after a stop. `stdout' and
%% `stderr' are there if they were to be collected.

%% @doc Of a status as wait(2) gives it.
-spec from_raw(integer()) -> exit().
from_raw(Raw) ->
    #{raw => Raw, status => status(Raw), reason => unknown, killed => false,
      truncated => []}.

status(Raw) when Raw < 0 ->
    unknown;
status(Raw) ->
    case Raw band 16#7F of
        0 -> {exited, (Raw bsr 8) band 16#FF};
        Signal -> {signaled, Signal, Raw band 16#80 =/= 0}
    end.

%% @doc Of what the native dialect says. `Success' is the option
%% `success_exit_code'. A port program of before the reason was apart from the
%% means says `killed' for one that was stopped.
-spec from_native(map(), 0..255) -> exit().
from_native(#{reason := killed} = Exit, Success) ->
    from_native(Exit#{reason := stopped, killed => true}, Success);
from_native(#{status := Status, reason := Reason} = Exit, Success) ->
    Raw = case Reason of
              stopped -> 0;
              _ -> raw(Status, Success)
          end,
    maps:merge(#{killed => false, truncated => []}, Exit#{raw => Raw}).

raw({exited, 0}, Success) -> Success;
raw({exited, Code}, _Success) -> Code bsl 8;
raw({signaled, Signal, true}, _Success) -> Signal bor 16#80;
raw({signaled, Signal, false}, _Success) -> Signal;
raw(unknown, _Success) -> -1.

%% @doc Of one whose end nobody has told.
-spec unknown() -> exit().
unknown() ->
    from_raw(-1).

%% @doc With what the Erlang process ends.
-spec reason(exit()) -> normal | timeout | {exit_status, integer()}.
reason(#{reason := timeout}) -> timeout;
reason(#{raw := 0}) -> normal;
reason(#{raw := Raw}) -> {exit_status, Raw}.
