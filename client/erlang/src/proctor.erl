%% @doc Runs operating-system processes.
%%
%% Every OS process has an Erlang process of its own, which ends with it and
%% can be linked and monitored. Each function that takes a process takes either
%% the Erlang process or the OS process identifier.
%%
%% Functions answer `{error, not_started}' if there is no port program, and
%% `{error, port_closed}' if it ends before it has answered.
-module(proctor).

-export([start/0, start/1, start_link/1]).
-export([run/2, run_link/2, send/2, stop/1, stop_and_wait/2, kill/2]).
-export([which_children/0, ospid/1, pid/1, debug/1]).
-export([status/1, signal/1, signal_to_int/1]).

-export_type([ospid/0, cmd/0, start_option/0, run_option/0, output_fun/0,
              sink/0, output/0, reason/0]).

-type ospid() :: pos_integer().

-type text() :: string() | binary().
%% Lists are characters, binaries are UTF-8.

-type cmd() :: text() | [text(), ...].
%% Text is run by the shell; a list is a program, by its full path, and its
%% arguments, with no shell between.

-type start_option() ::
        {portexe, default | file:filename_all()}
      | {user, atom() | text()}
      | {limit_users, [text()]}
      | {alarm, Seconds :: non_neg_integer()}
      | {args, [text()]}
      | {env, [{text(), text() | false}]}
      | debug | {debug, boolean() | non_neg_integer()}
      | verbose | {verbose, boolean()}.

-type output_fun() :: fun((stdout | stderr, ospid(), binary()) -> term()).

-type sink() :: null | close | print | text() | pid() | output_fun().

-type run_option() ::
        sync | monitor | link
      | stdin | {stdin, null | close | text()}
      | stdout | {stdout, stderr | sink()}
      | stderr | {stderr, stdout | sink()}
      | {stdout | stderr, text(), [append | {mode, non_neg_integer()}]}
      | {cd, text()}
      | {env, [clear | text() | {text(), text() | false}]}
      | {executable, text()}
      | {kill_timeout, Seconds :: non_neg_integer()}
      | {success_exit_code, 0..255}
      | term().

-type output() :: [{stdout | stderr, [binary()]}].

-type reason() :: {badopt, term()} | port_closed | not_started | no_process
                | no_reply | timeout | too_big | term().

%% @equiv start([])
-spec start() -> {ok, pid()} | {error, term()}.
start() ->
    start([]).

%% @doc Starts the port program and the server that owns it. Returns when it
%% answers. The server stands alone; `gen_server:stop/1' ends it, and with it
%% every OS process. To have it supervised start the application `proctor'
%% instead, whose environment takes the same options.
%%
%% <dl>
%% <dt>`{portexe, Path}'</dt><dd>The port program. Otherwise it is the
%%   application's environment that says it (key `portexe'), or the variable
%%   `PROCTOR_PORT', or it lies in the application's `priv' directory or where
%%   it is installed.</dd>
%% <dt>`{user, User}'</dt><dd>The user it serves as and runs commands as. A
%%   node that runs as root passes `root' if it is not given.</dd>
%% <dt>`{limit_users, Users}'</dt><dd>Other users that commands may name.</dd>
%% <dt>`{alarm, Seconds}'</dt><dd>What a shutdown may take before everything
%%   is killed.</dd>
%% <dt>`{args, Args}'</dt><dd>Further arguments.</dd>
%% <dt>`{env, Env}'</dt><dd>Changes to its environment.</dd>
%% <dt>`debug', `{debug, Level}'</dt><dd>What it tells on standard error.</dd>
%% <dt>`verbose'</dt><dd>Log the command line.</dd>
%% </dl>
%%
%% Errors: `{already_started, Pid}'; `{port_exit, Status}' if the port program
%% ended instead of answering; `{no_port_program, Paths}' if there is none;
%% `{Posix, Path}' if it cannot be executed; `{badopt, Option}'.
-spec start([start_option()]) -> {ok, pid()} | {error, term()}.
start(Options) ->
    proctor_server:start(?MODULE, Options).

%% @doc Like {@link start/1}, linked to the caller.
-spec start_link([start_option()]) -> {ok, pid()} | {error, term()}.
start_link(Options) ->
    proctor_server:start_link(?MODULE, Options).

%% @doc Runs a command. Returns its Erlang process and its OS process
%% identifier as soon as it exists or, with `sync', its output when it has
%% ended. Options that concern Erlang:
%%
%% <dl>
%% <dt>`sync'</dt><dd>Wait for the end: `{ok, Output}' after a success,
%%   `{error, [{exit_status, Status} | Output]}' after a failure, with what the
%%   streams that were asked for have written and {@link status/1} to read the
%%   status. If the caller dies meanwhile the command is stopped.</dd>
%% <dt>`monitor'</dt><dd>Send the caller
%%   `{'DOWN', OsPid, process, Pid, Reason}' at the end. `Reason'
%%   is `normal', `{exit_status, Status}', or what ended the Erlang process;
%%   `erlang:monitor/2' works as well, and says `noproc' if that process has
%%   ended already.</dd>
%% <dt>`link'</dt><dd>See {@link run_link/2}.</dd>
%% <dt>`stdout', `stderr'</dt><dd>Send the caller
%%   `{stdout, OsPid, Data}' and `{stderr, OsPid, Data}', or collect the data
%%   for the result of `sync'.</dd>
%% <dt>`{stdout, Sink}', `{stderr, Sink}'</dt><dd>Send these messages to a
%%   process, `print' them, or call a function with the stream, the OS process
%%   identifier and the data. A function that fails ends the command.</dd>
%% </dl>
%%
%% The port program judges all others. A stream that is not mentioned is
%% `null'; `stdin' makes {@link send/2} possible.
-spec run(cmd(), [run_option()]) ->
    {ok, pid(), ospid()} | {ok, output()} |
    {error, [{exit_status, integer()} | {stdout | stderr, [binary()]}]} |
    {error, reason()}.
run(Command, Options) ->
    run(Command, Options, false).

%% @doc Runs a command whose Erlang process is linked to the caller: a command
%% that fails sends the exit signal `{exit_status, Status}', and when the
%% caller ends, for whatever reason, the command is stopped.
-spec run_link(cmd(), [run_option()]) ->
    {ok, pid(), ospid()} | {ok, output()} |
    {error, [{exit_status, integer()} | {stdout | stderr, [binary()]}]} |
    {error, reason()}.
run_link(Command, Options) ->
    run(Command, Options, true).

run(Command, Options, Link) ->
    case proctor_options:run(Command, Options, Link) of
        {ok, Request, Spec} ->
            proctor_server:call(?MODULE, {run, Request, Spec});
        {error, _} = Error ->
            Error
    end.

%% @doc Writes to the standard input of a process, or closes it. Returns when
%% the port program has taken the data.
-spec send(pid() | ospid(), binary() | eof) -> ok | {error, reason()}.
send(Process, Data) when is_pid(Process) orelse is_integer(Process),
                         is_binary(Data) orelse Data =:= eof ->
    proctor_server:call(?MODULE, {send, Process, Data}).

%% @doc Stops a process: SIGTERM or its own stop command and, if that does not
%% help within its `kill_timeout', SIGKILL. Returns when this has begun.
-spec stop(pid() | ospid()) -> ok | {error, reason()}.
stop(Process) when is_pid(Process); is_integer(Process) ->
    proctor_server:call(?MODULE, {stop, Process}).

%% @doc Stops a process and waits until it has ended, at most `Timeout'
%% milliseconds. Returns the reason with which its Erlang process ended:
%% `normal', if stopping is what ended it.
-spec stop_and_wait(pid() | ospid(), timeout()) -> term() | {error, reason()}.
stop_and_wait(OsPid, Timeout) when is_integer(OsPid) ->
    case pid(OsPid) of
        Pid when is_pid(Pid) -> stop_and_wait(Pid, Timeout);
        undefined -> {error, no_process};
        {error, _} = Error -> Error
    end;
stop_and_wait(Pid, Timeout) when is_pid(Pid) ->
    Ref = monitor(process, Pid),
    Start = erlang:monotonic_time(millisecond),
    Result = case proctor_server:call(?MODULE, {stop, Pid}, Timeout) of
                 ok -> await_down(Ref, left(Timeout, Start));
                 Error -> Error
             end,
    true = demonitor(Ref, [flush]),
    Result.

left(infinity, _Start) ->
    infinity;
left(Timeout, Start) ->
    max(0, Timeout - (erlang:monotonic_time(millisecond) - Start)).

await_down(Ref, Timeout) ->
    receive
        {'DOWN', Ref, process, _, Reason} -> Reason
    after Timeout ->
        {error, timeout}
    end.

%% @doc Sends a signal, by number or name, as `9' or `sigkill'.
-spec kill(pid() | ospid(), atom() | integer()) -> ok | {error, reason()}.
kill(Process, Signal) when is_pid(Process) orelse is_integer(Process),
                           is_atom(Signal) orelse is_integer(Signal) ->
    try signal_to_int(Signal) of
        Number -> proctor_server:call(?MODULE, {kill, Process, Number})
    catch
        error:badarg -> {error, einval}
    end.

%% @doc The identifiers of all OS processes that the port program has.
-spec which_children() -> [ospid()] | {error, reason()}.
which_children() ->
    proctor_server:call(?MODULE, list).

%% @doc The OS process of an Erlang process.
-spec ospid(pid()) -> ospid() | {error, reason()}.
ospid(Pid) when is_pid(Pid) ->
    proctor_server:call(?MODULE, {ospid, Pid}).

%% @doc The Erlang process of an OS process.
-spec pid(ospid()) -> pid() | undefined | {error, reason()}.
pid(OsPid) when is_integer(OsPid) ->
    proctor_server:call(?MODULE, {pid, OsPid}).

%% @doc Sets what the port program tells on standard error, from 0 to 10;
%% returns what it was.
-spec debug(non_neg_integer()) ->
    {ok, OldLevel :: non_neg_integer()} | {error, reason()}.
debug(Level) when is_integer(Level), Level >= 0 ->
    proctor_server:call(?MODULE, {debug, Level}).

%% @doc Reads a raw exit status: how a process exited, or which signal ended
%% it and whether it left a core file.
-spec status(non_neg_integer()) ->
    {status, ExitStatus :: 0..255} |
    {signal, Signal :: 1..127, Core :: boolean()}.
status(Status) when is_integer(Status), Status >= 0 ->
    case Status band 16#7F of
        0 -> {status, (Status bsr 8) band 16#FF};
        Signal -> {signal, Signal, Status band 16#80 =/= 0}
    end.

%% @doc The name of a signal, or its number if it has no name.
-spec signal(integer()) -> atom() | integer().
signal(Number) ->
    proctor_signal:to_atom(Number).

%% @doc The number of a signal. Fails with `badarg' for an unknown name.
-spec signal_to_int(atom() | integer()) -> integer().
signal_to_int(Signal) ->
    proctor_signal:to_int(Signal).
