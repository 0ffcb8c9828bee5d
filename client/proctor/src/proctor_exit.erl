%% @doc How an OS process ended, whichever dialect told it.
-module(proctor_exit).

-export([status/1, from_raw/1, from_native/2, timed_out/1, reason/1, unknown/1,
         is_told/1, result/3, quit/1]).

-export_type([exit/0, status/0, reason/0, usage/0]).

-type status() :: {exited, 0..255}
                | {signaled, Signal :: 1..127, Core :: boolean()}
                | unknown.

-type reason() :: normal | stopped | timeout | idle_timeout | oom | shutdown
                | unknown | port_closed | no_answer | atom().
%% Why it ended: by itself, because it was stopped, because its time was over or
%% it was silent for too long, because it was killed for lack of memory in its
%% control group (`oom'), or because the port program was shutting down;
%% erlexec's port program does not tell. If nothing is known of the end, why:
%% `port_closed', `no_answer', `noconnection' or so.

-type usage() :: #{utime_us | stime_us | maxrss_kb | minflt | majflt | inblock
                   | oublock | nvcsw | nivcsw => non_neg_integer()}.
%% What it and those of its children it has waited for have used: processor
%% time in microseconds, the largest resident size in KiB, page faults, blocks
%% read and written, and context switches.

-type exit() :: #{status := status(),
                  reason := reason(),
                  raw := integer(),
                  killed := boolean(),
                  truncated := [stdout | stderr],
                  usage => usage(),
                  cgroup => proctor_cgroup:used(),
                  stdout => binary(),
                  stderr => binary()}.
%% `raw' is what erlexec's users are told: 0 for one that was stopped, -1 if it is
%% not known. `killed'
%% says that it took a SIGKILL, because its `kill_timeout' was over.
%% `truncated' has the streams that others still held open when they were
%% closed, or which were too much to be kept: something is missing there.
%% `stdout' and `stderr' are there if they were to be collected, and `cgroup' if
%% it had a control group.

%% @doc See {@link proctor:status/1}.
-spec status(integer()) ->
    {status, 0..255} | {signal, 1..127, Core :: boolean()}.
status(Raw) ->
    case Raw band 16#7F of
        0 -> {status, (Raw bsr 8) band 16#FF};
        Signal -> {signal, Signal, Raw band 16#80 =/= 0}
    end.

%% @doc Of a status as wait(2) gives it.
-spec from_raw(integer()) -> exit().
from_raw(Raw) ->
    Status = case status(Raw) of
                 _ when Raw < 0 -> unknown;
                 {status, Code} -> {exited, Code};
                 {signal, Signal, Core} -> {signaled, Signal, Core}
             end,
    #{raw => Raw, status => Status, reason => unknown, killed => false,
      truncated => []}.

%% @doc Of what the native dialect says. `Success' is the option
%% `success_exit_code'. To be stopped is a success to erlexec's users, whatever
%% it took. An old port program says `killed' for why: it was a stop, or its
%% time, but which is not known.
-spec from_native(map(), 0..255) -> exit().
from_native(#{reason := killed} = Exit, Success) ->
    from_native(Exit#{reason := stopped, killed => true}, Success);
from_native(#{status := Status, reason := Reason} = Exit, Success) ->
    Raw = case Reason of
              stopped -> 0;
              _ -> raw(Status, Success)
          end,
    maps:merge(#{killed => false, truncated => []},
               Exit#{raw => Raw, status := told(Status, Reason, Success)}).

%% The success that was asked for, in maps as well.
told({exited, 0}, Reason, Success) when Reason =/= stopped ->
    {exited, Success};
told(Status, _Reason, _Success) ->
    Status.

raw({exited, 0}, Success) -> Success;
raw({exited, Code}, _Success) -> Code bsl 8;
raw({signaled, Signal, true}, _Success) -> Signal bor 16#80;
raw({signaled, Signal, false}, _Success) -> Signal;
raw(unknown, _Success) -> -1.

%% @doc Of one whose time we have kept ourselves. erlexec's port program calls
%% whatever was stopped a success: how it ended nobody knows then.
-spec timed_out(exit()) -> exit().
timed_out(#{raw := 0} = Exit) ->
    Exit#{reason := timeout, status := unknown};
timed_out(Exit) ->
    Exit#{reason := timeout}.

%% @doc With what the Erlang process ends.
-spec reason(exit()) ->
    normal | timeout | idle_timeout | {exit_status, integer()}.
reason(#{reason := timeout}) -> timeout;
reason(#{reason := idle_timeout}) -> idle_timeout;
reason(#{raw := 0}) -> normal;
reason(#{raw := Raw}) -> {exit_status, Raw}.

%% @doc Of one whose end nobody has told, and why nobody will.
-spec unknown(atom()) -> exit().
unknown(Why) ->
    #{status => unknown, reason => Why, raw => -1, usage => #{},
      killed => false, truncated => []}.

%% @doc Whether the port program has told of that end.
-spec is_told(exit()) -> boolean().
is_told(#{status := unknown, usage := Usage}) -> map_size(Usage) > 0;
is_told(#{}) -> true.

%% @doc What {@link proctor:cmd/3} has to say of an end, and the output.
-spec result(map(), proctor:ospid() | undefined, {iodata(), iodata()}) ->
    proctor:result().
result(Exit, OsPid, {Out, Err}) ->
    #{status := Status, reason := Reason, killed := Killed,
      truncated := Truncated} = Exit,
    (maps:with([cgroup], Exit))
        #{status => Status, reason => Reason, killed => Killed,
          truncated => Truncated, usage => maps:get(usage, Exit, #{}),
          ospid => OsPid, stdout => iolist_to_binary(Out),
          stderr => iolist_to_binary(Err)}.

%% @doc Ends the caller with a reason that is an answer and no failure: links
%% and monitors get it, but nothing reports a crash, as OTP would do of a
%% process that exits with anything but `normal' or a `shutdown'.
-spec quit(term()) -> no_return().
quit(Reason) ->
    _ = process_flag(trap_exit, false),
    %% To oneself a signal is delivered at once, even `normal'.
    true = exit(self(), Reason),
    exit(Reason).
