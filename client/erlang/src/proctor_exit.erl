%% @doc How an OS process ended, whichever dialect told it.
-module(proctor_exit).

-export([from_raw/1, from_native/3, reason/1]).

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
                  reason := normal | stopped | timeout | killed | unknown,
                  raw := integer(),
                  truncated => [stdout | stderr],
                  usage => usage()}.
%% `raw' is what erlexec's users are told; `truncated' has the streams that
%% others still had open when they were closed: output may be missing.

%% @doc Of a status as wait(2) gives it.
-spec from_raw(integer()) -> exit().
from_raw(Raw) ->
    #{raw => Raw, status => status(Raw), reason => unknown}.

status(Raw) when Raw < 0 ->
    unknown;
status(Raw) ->
    case Raw band 16#7F of
        0 -> {exited, (Raw bsr 8) band 16#FF};
        Signal -> {signaled, Signal, Raw band 16#80 =/= 0}
    end.

%% @doc Of what the native dialect says. `Success' is the option
%% `success_exit_code'; `Stopped' says that the end was ordered with `stop':
%% to the old dialect's users that is a success, whatever it took.
-spec from_native(map(), 0..255, boolean()) -> exit().
from_native(#{status := Status, reason := Reason} = Exit, Success, Stopped) ->
    Raw = case Stopped andalso Reason =/= timeout of
              true -> 0;
              false -> raw(Status, Success)
          end,
    Exit#{raw => Raw}.

raw({exited, 0}, Success) -> Success;
raw({exited, Code}, _Success) -> Code bsl 8;
raw({signaled, Signal, true}, _Success) -> Signal bor 16#80;
raw({signaled, Signal, false}, _Success) -> Signal;
raw(unknown, _Success) -> -1.

%% @doc With what the Erlang process ends.
-spec reason(exit()) -> normal | {exit_status, integer()}.
reason(#{raw := 0}) -> normal;
reason(#{raw := Raw}) -> {exit_status, Raw}.
