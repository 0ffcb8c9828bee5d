%% @doc Runs operating-system processes.
%%
%% Every OS process has an Erlang process of its own, which ends with it and
%% can be linked and monitored. A function that takes a process
%% ({@link target()}) takes the Erlang process, on whatever node, or the OS
%% process identifier: `OsPid' for one of the instance `proctor' of this node,
%% `{OsPid, Where}' for any other.
%%
%% The functions of erlexec's module `exec' are here with the same arguments
%% and the same results, so that a program migrates by renaming the module;
%% the rest is more than that one has.
%%
%% Functions answer `{error, not_started}' if there is no instance,
%% `{error, port_closed}' if its port program ends before it has answered,
%% `{error, noconnection}' if its node cannot be reached, and
%% `{error, no_process}' if the process they are given is none of an
%% instance's or has ended. All times are in milliseconds and all sizes in
%% bytes where nothing else is said.
-module(proctor).

-export([start/0, start/1, start_link/1]).
-export([start_instance/1, stop_instance/1, instances/0]).
-export([run/2, run/3, run_link/2, run_link/3, manage/2]).
-export([cmd/2, cmd/3, pipe/2, fold_lines/4, run_on/2, run_on/3]).
-export([send/2, send/3, send_nowait/2, recv/2, recv/3, setopts/2]).
-export([winsz/3, pty_opts/2, kill/2, setpgid/2, stop/1, stop_and_wait/2]).
-export([which_children/0, which_children/1, ospid/1, pid/1]).
-export([debug/1, debug/2, info/0, info/1, i/0]).
-export([status/1, signal/1, signal_to_int/1]).

-export_type([ospid/0, text/0, cmd/0, target/0, where/0, start_option/0,
              run_option/0, manage_option/0, cmd_option/0, output_fun/0,
              sink/0, output/0, active/0, reason/0, result/0, failure/0]).

-type ospid() :: pos_integer().

-type text() :: string() | binary() | unicode:chardata().
%% Lists are characters, binaries are UTF-8.

-type cmd() :: text() | [text(), ...].
%% Text is run by the shell; a list of texts is a program, by its full path,
%% and its arguments, with no shell between.

-type where() :: [{instance, atom() | pid()} | {node, node()}].
%% An instance (`proctor') of a node (this one).

-type target() :: pid() | ospid() | port() | {ospid(), where()}.

-type start_option() ::
        {name, atom()}
      | {portexe, default | file:filename_all()}
      | {user, atom() | text()}
      | {limit_users, [text()]}
      | {alarm, Seconds :: non_neg_integer()}
      | {linger, Milliseconds :: non_neg_integer()}
      | {args, [text()]}
      | {env, [{text(), text() | false}]}
      | {capabilities, all | [atom()]}
      | {groups, [atom()]}
      | {dialect, native | exec_port}
      | root | {root, boolean()}
      | debug | {debug, boolean() | non_neg_integer()}
      | verbose | {verbose, boolean()}.

-type output_fun() :: fun((stdout | stderr, ospid(), binary()) -> term()).

-type sink() :: null | close | print | text() | pid() | output_fun().

-type active() :: true | false | once | pos_integer().

-type run_option() ::
        sync | monitor | link | exit
      | {sync | monitor | link | exit, boolean()}
      | {active, active()}
      | {window, Bytes :: non_neg_integer()}
      | {stdin_window, Bytes :: pos_integer()}
      | {timeout, Milliseconds :: pos_integer() | infinity}
      | {linger, Milliseconds :: non_neg_integer()}
      | {errors, text | term}
      | {instance, atom() | pid()} | {node, node()}
      | stdin | {stdin, null | close | text()}
      | stdout | {stdout, stderr | sink()}
      | stderr | {stderr, stdout | sink()}
      | {stdout | stderr, text(), [append | {mode, non_neg_integer()}]}
      | {cd, text()}
      | {env, [clear | text() | {text(), text() | false}]}
      | {executable, text()}
      | {kill, text()}
      | {kill_timeout, Seconds :: non_neg_integer()}
      | kill_group | {group, 0 | ospid()}
      | {user, text()} | {nice, -20..20}
      | {success_exit_code, 0..255}
      | pty | {pty, [{atom(), integer() | boolean()}]} | pty_echo
      | {winsz, {Rows :: non_neg_integer(), Columns :: non_neg_integer()}}
      | {capabilities, all | [atom()]}
      | debug | {debug, integer()}.

-type manage_option() ::
        monitor | link | exit | {instance, atom() | pid()} | {node, node()}
      | {kill, text()} | {kill_timeout, Seconds :: non_neg_integer()}
      | kill_group | {nice, -20..20} | {success_exit_code, 0..255}
      | debug | {debug, integer()}.

-type cmd_option() ::
        {input, iodata()}
      | {timeout, Milliseconds :: pos_integer() | infinity}
      | {max_output, Bytes :: non_neg_integer() | infinity}
      | stderr | stderr_to_stdout
      | run_option().

-type output() :: [{stdout | stderr, [binary()]}
                   | {truncated, [stdout | stderr]}].
%% `truncated' names the streams that others still had open when they were
%% closed: see the option `linger' of {@link run/2}.

-type reason() :: {badopt, term()} | port_closed | not_started | no_process
                | noconnection | no_reply | timeout | too_big | closed | busy
                | no_stdin | string() | atom().

-type result() :: #{status := proctor_exit:status(),
                    reason := atom(),
                    usage := proctor_exit:usage(),
                    truncated := [stdout | stderr],
                    ospid := ospid(),
                    stdout := binary(),
                    stderr := binary(),
                    statuses => [0..255 | undefined]}.
%% `usage' is empty with a port program that does not tell it.

-type failure() :: {Stage :: atom(), Errno :: atom(),
                    Detail :: binary() | result() | term()}.

%% @equiv start([])
-spec start() -> {ok, pid()} | {error, term()}.
start() ->
    start([]).

%% @doc Starts an instance: a port program and the server that owns it. Returns
%% when the port program answers. The server stands alone; `gen_server:stop/1'
%% ends it, and with it every OS process. To have it supervised start the
%% application `proctor', whose environment takes the same options, or see
%% {@link start_instance/1}.
%%
%% <dl>
%% <dt>`{name, Name}'</dt><dd>Register it as `Name' (`proctor'); `undefined'
%%   is no name.</dd>
%% <dt>`{portexe, Path}'</dt><dd>The port program. Otherwise it is the
%%   application's environment that says it (key `portexe'), or the variable
%%   `PROCTOR_PORT', or it lies in the application's `priv' directory or where
%%   it is installed.</dd>
%% <dt>`{user, User}'</dt><dd>The user it serves as and runs commands as. A
%%   node that runs as root passes `root' if it is not given.</dd>
%% <dt>`root'</dt><dd>Run commands as root. With `user' it says nothing.</dd>
%% <dt>`{limit_users, Users}'</dt><dd>Other users that commands may name.</dd>
%% <dt>`{capabilities, all | Names}'</dt><dd>What commands may be given as
%%   ambient capabilities.</dd>
%% <dt>`{alarm, Seconds}'</dt><dd>What a shutdown may take before everything
%%   is killed (12).</dd>
%% <dt>`{linger, Milliseconds}'</dt><dd>See {@link run/2}: for runs that do not
%%   say it themselves, and do not wait (0).</dd>
%% <dt>`{args, Args}'</dt><dd>Further arguments.</dd>
%% <dt>`{env, Env}'</dt><dd>Changes to its environment.</dd>
%% <dt>`{groups, Groups}'</dt><dd>Groups, besides its name, in which
%%   {@link run_on/3} finds it.</dd>
%% <dt>`{dialect, native | exec_port}'</dt><dd>`exec_port' says no more than
%%   erlexec's port program understands: there are no windows, no structured
%%   errors, no usage. Otherwise the port program is asked (`native').</dd>
%% <dt>`debug', `{debug, Level}'</dt><dd>What it tells on standard error.</dd>
%% <dt>`verbose'</dt><dd>Log the command line.</dd>
%% </dl>
%%
%% Errors: `{already_started, Pid}'; `{port_exit, Status}' if the port program
%% ended instead of answering; `{no_port_program, Paths}' if there is none;
%% `{Posix, Path}' if it cannot be executed; `{badopt, Option}'.
-spec start([start_option()]) -> {ok, pid()} | {error, term()}.
start(Options) ->
    proctor_server:start(Options).

%% @doc Like {@link start/1}, linked to the caller.
-spec start_link([start_option()]) -> {ok, pid()} | {error, term()}.
start_link(Options) ->
    proctor_server:start_link(Options).

%% @doc Starts an instance under the supervisor of the application, which
%% restarts it when its port program dies: then everyone who waits gets
%% `{error, port_closed}' and the new one starts empty. The environment of the
%% application may list such: `{instances, [{Name, Options}]}'.
-spec start_instance([start_option()]) -> {ok, pid()} | {error, term()}.
start_instance(Options) ->
    proctor_sup:start_instance(Options).

%% @doc Ends one, and every OS process with it.
-spec stop_instance(atom() | pid()) -> ok | {error, not_found | not_started}.
stop_instance(Instance) ->
    proctor_sup:stop_instance(Instance).

%% @doc The instances under the supervisor of the application, by name, which
%% is `undefined' for those that have none.
-spec instances() -> [{atom(), pid()}].
instances() ->
    proctor_sup:instances().

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
%%   ended already. If the caller dies the command is stopped.</dd>
%% <dt>`exit'</dt><dd>Send the caller `{exit, OsPid, Exit}' at the end, before
%%   that: see {@link proctor_exit:exit()}.</dd>
%% <dt>`link'</dt><dd>See {@link run_link/2}.</dd>
%% <dt>`stdout', `stderr'</dt><dd>Send the caller
%%   `{stdout, OsPid, Data}' and `{stderr, OsPid, Data}', or collect the data
%%   for the result of `sync'.</dd>
%% <dt>`{stdout, Sink}', `{stderr, Sink}'</dt><dd>Send these messages to a
%%   process, `print' them, or call a function with the stream, the OS process
%%   identifier and the data, in a process made for that on the node where the
%%   command runs. A function that fails ends the command, and one that takes
%%   its time makes it wait.</dd>
%% <dt>`{active, true | false | once | N}'</dt><dd>Whether output comes to the
%%   caller as messages: all of it (`true', the default), none, which leaves it
%%   to {@link recv/3}, one, or N, with `{passive, OsPid}' after the last. If
%%   not `true' the command is stopped when the caller dies, and its Erlang
%%   process ends when all output is taken.</dd>
%% <dt>`{window, Bytes}'</dt><dd>How much of each stream may be on its way to
%%   whoever takes it; then the command has to wait. 0 is no limit, and the
%%   default where all that happens is a message (`{active, true}', another
%%   process, `sync'); else it is 65536. Windows need a port program that has
%%   them.</dd>
%% <dt>`{stdin_window, Bytes}'</dt><dd>How much of what is sent may be on its
%%   way to the command before {@link send/3} waits (262144).</dd>
%% <dt>`{timeout, Milliseconds}'</dt><dd>Stop it when it has run that long, at
%%   most a day. It is the port program that keeps the time.</dd>
%% <dt>`{linger, Milliseconds}'</dt><dd>After its end its output stays open for
%%   others that hold it, such as the `tee' of `exec > >(tee LOG)', at most that
%%   long; its end is told after it. With `kill_group' the others are ended only
%%   then. The default is 500 with `sync', in {@link cmd/3} and {@link pipe/2},
%%   so that a background job can hold them up no longer; else it is what the
%%   instance was started with. What they had open even then is told:
%%   `{truncated, Streams}' in the output of `sync', `truncated' in the exit
%%   message and in results. With a terminal nothing is waited for.</dd>
%% <dt>`{errors, text | term}'</dt><dd>Whether errors are erlexec's (`text',
%%   the default) or `{Stage, Errno, Detail}'. A program that cannot be
%%   executed is to erlexec one that has run: it says so on its standard error
%%   and exits with 1, which is the status 256. Otherwise it is an error,
%%   `{exec, enoent, <<"/no/such">>}'.</dd>
%% <dt>`{instance, Instance}', `{node, Node}'</dt><dd>Run it by that instance
%%   (`proctor'), on that node (this one). If that node loses the connection to
%%   the caller's the command is stopped there.</dd>
%% </dl>
%%
%% The port program judges all others:
%%
%% <dl>
%% <dt>`stdin', `{stdin, null | close | File}'</dt><dd>`stdin' makes
%%   {@link send/2} possible; a stream that is not mentioned is `null'.</dd>
%% <dt>`{stdout | stderr, null | close | File}',
%%   `{stdout | stderr, File, [append | {mode, Mode}]}', `{stdout, stderr}',
%%   `{stderr, stdout}'</dt><dd>Redirections.</dd>
%% <dt>`{cd, Dir}', `{env, [clear | Text | {Name, Text | false}]}',
%%   `{executable, File}'</dt><dd>Where, with what environment, and which file
%%   it really is.</dd>
%% <dt>`{kill, Command}', `{kill_timeout, Seconds}', `kill_group'</dt><dd>How
%%   it is stopped: by a shell command that finds `CHILD_PID', else SIGTERM;
%%   how long until SIGKILL (5); with its whole process group.</dd>
%% <dt>`{group, 0 | OsPid}', `{user, User}', `{nice, N}',
%%   `{capabilities, all | Names}'</dt><dd>Its process group, user, priority
%%   and ambient capabilities.</dd>
%% <dt>`{success_exit_code, Code}'</dt><dd>What is told instead of 0.</dd>
%% <dt>`pty', `{pty, Modes}', `pty_echo', `{winsz, {Rows, Columns}}'</dt>
%%   <dd>A terminal instead of pipes.</dd>
%% <dt>`debug', `{debug, Level}'</dt><dd>Log its start and end.</dd>
%% </dl>
-spec run(cmd(), [run_option()]) ->
    {ok, pid(), ospid()} | {ok, output()} |
    {error, [{exit_status, integer()} | {stdout | stderr, [binary()]}]} |
    {error, reason() | failure()}.
run(Command, Options) ->
    run(Command, Options, infinity).

%% @doc The same, and answers `{error, timeout}' after that time; what was
%% started, or still would have been, is stopped.
-spec run(cmd(), [run_option()], timeout()) ->
    {ok, pid(), ospid()} | {ok, output()} |
    {error, [{exit_status, integer()} | {stdout | stderr, [binary()]}]} |
    {error, reason() | failure()}.
run(Command, Options, Timeout) ->
    start_run(proctor_spec:run(Command, Options, false), Timeout).

%% @doc Runs a command whose Erlang process is linked to the caller: a command
%% that fails sends the exit signal `{exit_status, Status}', and when the
%% caller ends, for whatever reason, the command is stopped.
-spec run_link(cmd(), [run_option()]) ->
    {ok, pid(), ospid()} | {ok, output()} |
    {error, [{exit_status, integer()} | {stdout | stderr, [binary()]}]} |
    {error, reason() | failure()}.
run_link(Command, Options) ->
    run_link(Command, Options, infinity).

%% @doc See {@link run/3}.
-spec run_link(cmd(), [run_option()], timeout()) ->
    {ok, pid(), ospid()} | {ok, output()} |
    {error, [{exit_status, integer()} | {stdout | stderr, [binary()]}]} |
    {error, reason() | failure()}.
run_link(Command, Options, Timeout) ->
    start_run(proctor_spec:run(Command, Options, true), Timeout).

start_run({ok, Request, #{where := Where, ref := Ref} = Spec}, Timeout) ->
    case proctor_spec:where(Where) of
        {ok, Server} ->
            Result = proctor_server:call(Server, {run, Request, Spec},
                                         Timeout),
            Result =:= {error, timeout}
                andalso gen_server:cast(Server, {cancel, Ref}),
            started(Result, Request, Spec);
        {error, _} = Error ->
            Error
    end;
start_run({error, _} = Error, _Timeout) ->
    Error.

started({error, Reason}, Request, #{errors := text}) ->
    {error, proctor_error:run_text(Reason, Request)};
started({ok, Pid, OsPid} = Result, _Request, #{monitor := true}) ->
    ok = proctor_nodes:watch(Pid, OsPid, self()),
    Result;
started(Result, _Request, _Spec) ->
    Result.

%% @doc Watches an OS process that was started elsewhere, one of your own, as
%% if it had been run here: {@link stop/1}, {@link kill/2} and the option
%% `monitor' work. Its exit status is for its parent only; here it is -1. It
%% survives the instance.
%%
%% Errors: `not_found'; `badarg'; text if it is not yours or managed already.
-spec manage(ospid() | port(), [manage_option()]) ->
    {ok, pid(), ospid()} | {error, reason()}.
manage(Port, Options) when is_port(Port) ->
    case erlang:port_info(Port, os_pid) of
        {os_pid, OsPid} -> manage(OsPid, Options);
        undefined -> {error, not_found}
    end;
manage(OsPid, Options) when is_integer(OsPid) ->
    case proctor_spec:run("", Options, false,
                          #{command => {manage, OsPid}}) of
        {ok, {run, _, Rest}, Spec} ->
            start_run({ok, {manage, OsPid, Rest}, Spec}, infinity);
        {error, _} = Error ->
            Error
    end.

%% @equiv cmd(Command, Args, [])
-spec cmd(text(), [text()]) -> {ok, result()} | {error, failure()}.
cmd(Command, Args) ->
    cmd(Command, Args, []).

%% @doc Runs a command, found through PATH, with these arguments and no shell,
%% and waits for it: whatever its exit code, that is `{ok, Result}', with the
%% complete standard output and, if the option `stderr' asks for it, standard
%% error.
%%
%% <dl>
%% <dt>`{input, Data}'</dt><dd>What it reads on its standard input; otherwise
%%   there is none.</dd>
%% <dt>`{timeout, Milliseconds}'</dt><dd>It and its whole process group are
%%   killed after that time. The port program sees to that however busy the
%%   node is; the call returns when they are gone:
%%   `{error, {timeout, etimedout, Result}}'.</dd>
%% <dt>`{max_output, Bytes}'</dt><dd>The same if it writes more than that
%%   (`infinity'):
%%   `{error, {output, emsgsize, Result}}'.</dd>
%% <dt>`stderr_to_stdout'</dt><dd>Both in `stdout', in their order.</dd>
%% </dl>
%%
%% Further options are those of {@link run/2}, among them `cd', `env', `user',
%% `instance' and `node'; `kill_timeout' is 0 if not given. What the command
%% has left in the background is ended at its return, as the rest of its process
%% group, when it had 500 milliseconds to finish its output (`linger');
%% `{kill_group, false}' leaves it. If the caller dies
%% the command is stopped. Errors are `{Stage, Errno, Detail}':
%% `{exec, enoent, <<"name">>}' if there is no such command, the stages of the
%% port program, `options', and `{port, eio, Reason}' if there is no port
%% program or it dies.
-spec cmd(text(), [text()], [cmd_option()]) ->
    {ok, result()} | {error, failure()}.
cmd(Command, Args, Options) ->
    proctor_cmd:cmd(Command, Args, Options).

%% @doc Runs commands that are joined by pipes, `[{Command, Args}]', each found
%% through PATH, and waits for all of them. Options and errors are those of
%% {@link cmd/3}; `input' is read by the first, `stdout' is what the last has
%% written, and `stderr' what all have. `statuses' has one for each, in their
%% order, as a shell tells it: the exit code, or 128 and the number of the
%% signal; `undefined' for one that was killed by a timeout. It is a shell that
%% joins them, so `status' and `ospid' are its own, `usage' is that of all
%% together, and a file with no known format is run as its script. Commands
%% and arguments are not in its text: they may hold any bytes but 0. If one of
%% the commands cannot be executed none is, `{exec, Errno, Path}'. The option
%% `executable' is none here.
-spec pipe([{text(), [text()]}], [cmd_option()]) ->
    {ok, result()} | {error, failure()}.
pipe(Commands, Options) ->
    proctor_pipe:pipe(Commands, Options).

%% @doc Calls `Fun' for each line of the output of a command, without what ends
%% it, with the result of the call before, or first with `Acc'. The command
%% waits while the function is busy. Returns the last result and how the
%% command ended. If the function fails the command is stopped; if the caller
%% dies, too. Options are those of {@link run/2}, and `{max_line, Bytes}', at
%% which a longer line is cut into several; errors are `{Stage, Errno,
%% Detail}'.
-spec fold_lines(fun((Line :: binary(), Acc) -> Acc), Acc, cmd(),
                 [{max_line, Bytes :: pos_integer()} | run_option()]) ->
    {ok, Acc, proctor_exit:exit()} | {error, term()}.
fold_lines(Fun, Acc, Command, Options) when is_function(Fun, 2) ->
    proctor_cmd:fold_lines(Fun, Acc, Command, Options).

%% @equiv run_on(Group, Command, [])
-spec run_on(atom(), cmd()) -> {ok, pid(), ospid()} | {error, term()}.
run_on(Group, Command) ->
    run_on(Group, Command, []).

%% @doc Runs a command by that instance of a group, on all connected nodes,
%% which has the fewest OS processes. Every instance is in the group of its
%% name, and in those of its option `groups'. `{error, {no_instance, Group}}'
%% says that nobody is. Otherwise it is {@link run/2}.
-spec run_on(atom(), cmd(), [run_option()]) ->
    {ok, pid(), ospid()} | {ok, output()} | {error, term()}.
run_on(Group, Command, Options) ->
    case proctor_nodes:idlest(Group) of
        {ok, Instance} -> run(Command, [{instance, Instance} | Options]);
        {error, _} = Error -> Error
    end.

%% @equiv send(Process, Data, [])
-spec send(target(), iodata() | eof) -> ok | {error, reason()}.
send(Process, Data) ->
    send(Process, Data, []).

%% @doc Writes to the standard input of a process, or closes it (`eof').
%% Returns when all is with the port program or the process: when so much is
%% on its way as `stdin_window' says, it waits until the process reads.
%%
%% `{timeout, Milliseconds}' limits that: `{error, timeout}', and what has not
%% left by then never will. Other errors: `no_stdin' if the process was run
%% without `stdin', `closed' if it has closed it, has ended, or `eof' was sent.
-spec send(target(), iodata() | eof, [{timeout, timeout()}]) ->
    ok | {error, reason()}.
send(Process, Data, Options) when is_list(Options) ->
    Timeout = proplists:get_value(timeout, Options, infinity),
    case proctor_spec:timeout(Timeout) of
        true -> to_child(Process, {send, data(Data), Timeout}, no_process);
        false -> {error, {badopt, {timeout, Timeout}}}
    end.

%% @doc The same without waiting: `{error, busy}' if it would have to.
-spec send_nowait(target(), iodata() | eof) -> ok | {error, reason()}.
send_nowait(Process, Data) ->
    to_child(Process, {send, data(Data), nowait}, no_process).

data(eof) -> eof;
data(Data) -> iolist_to_binary(Data).

to_child(Target, Request, Gone) ->
    case proctor_target:process(Target) of
        {ok, Pid} -> proctor_child:call(Pid, Request, infinity);
        {error, no_process} -> {error, Gone};
        {error, _} = Error -> Error
    end.

%% @equiv recv(Process, What, infinity)
-spec recv(target(), non_neg_integer() | stdout | stderr
                     | {stdout | stderr, non_neg_integer()}) ->
    {ok, binary()} | {error, reason()}.
recv(Process, What) ->
    recv(Process, What, infinity).

%% @doc Receives output of a process that is not active: exactly so many bytes
%% or, with 0 or no number, what is there as soon as anything is. A number
%% alone means standard output, or standard error if there is only that. If
%% the stream ends before so many have come, what there is.
%%
%% Errors: `timeout', and nothing is lost; `closed' if the stream or the
%% process has ended; `einval' if the process is active or its output goes
%% elsewhere.
-spec recv(target(), non_neg_integer() | stdout | stderr
                     | {stdout | stderr, non_neg_integer()}, timeout()) ->
    {ok, binary()} | {error, reason()}.
recv(Process, Length, Timeout) when is_integer(Length) ->
    recv(Process, any, Length, Timeout);
recv(Process, Stream, Timeout) when is_atom(Stream) ->
    recv(Process, Stream, 0, Timeout);
recv(Process, {Stream, Length}, Timeout) ->
    recv(Process, Stream, Length, Timeout).

recv(Process, Stream, Length, Timeout)
  when Stream =:= stdout orelse Stream =:= stderr orelse Stream =:= any,
       is_integer(Length), Length >= 0 ->
    case proctor_spec:timeout(Timeout) of
        true -> to_child(Process, {recv, Stream, Length, Timeout}, closed);
        false -> {error, {badopt, {timeout, Timeout}}}
    end.

%% @doc Sets `{active, true | false | once | N}' of a process; a number is
%% added to what is left of the last one. See {@link run/2}. A process that was
%% run with `{active, true}' and no window has none later either: what it
%% writes waits in the node.
-spec setopts(target(), [{active, active() | neg_integer()}]) ->
    ok | {error, reason()}.
setopts(Process, Options) ->
    Valid = fun({active, Active}) ->
                    is_boolean(Active) orelse Active =:= once
                        orelse (is_integer(Active) andalso Active =/= 0);
               (_) ->
                    false
            end,
    case is_list(Options) andalso lists:all(Valid, Options) of
        true -> to_child(Process, {setopts, Options}, no_process);
        false -> {error, {badopt, Options}}
    end.

%% @doc Stops a process: SIGTERM or its own stop command and, if that does not
%% help within its `kill_timeout', SIGKILL. Returns when this has begun. To be
%% stopped is no failure: its Erlang process ends with `normal'.
-spec stop(target()) -> ok | {error, reason()}.
stop(Process) ->
    answer(proctor_target:ask(fun(Target) -> {stop, Target} end, Process)).

%% @doc Stops a process and waits until it has ended, at most `Timeout'
%% milliseconds. Returns the reason with which its Erlang process ended:
%% `normal', if stopping is what ended it. Output that waits to be received is
%% dropped.
-spec stop_and_wait(target(), timeout()) -> term() | {error, reason()}.
stop_and_wait(Process, Timeout) ->
    Start = erlang:monotonic_time(millisecond),
    case proctor_target:process(Process) of
        {ok, Pid} ->
            Ref = monitor(process, Pid),
            _ = proctor_child:call(Pid, discard, Timeout),
            Result = case proctor_target:ask(fun(P) -> {stop, P} end, Pid,
                                             left(Timeout, Start)) of
                         ok -> await_down(Ref, left(Timeout, Start));
                         Error -> ending(Ref, answer(Error),
                                         left(Timeout, Start))
                     end,
            true = demonitor(Ref, [flush]),
            Result;
        {error, _} = Error ->
            Error
    end.

left(infinity, _Start) ->
    infinity;
left(Timeout, Start) ->
    max(0, Timeout - (erlang:monotonic_time(millisecond) - Start)).

%% If the OS process ended by itself in the meantime its Erlang process is
%% about to.
ending(Ref, {error, Reason} = Error, Timeout)
  when Reason =:= no_process; Reason =:= "pid not alive" ->
    case await_down(Ref, Timeout) of
        noproc -> Error;
        Down -> Down
    end;
ending(_Ref, Error, _Timeout) ->
    Error.

await_down(Ref, Timeout) ->
    receive
        {'DOWN', Ref, process, _, Reason} -> Reason
    after Timeout ->
        {error, timeout}
    end.

%% @doc Sends a signal, by number or name, as `9' or `sigkill'.
%%
%% Errors: `esrch', `eperm', `einval', and text if the process is not one of
%% the instance.
-spec kill(target() | integer(), atom() | integer()) -> ok | {error, reason()}.
kill(Process, Signal) when is_atom(Signal); is_integer(Signal) ->
    try signal_to_int(Signal) of
        Number ->
            Request = fun(Target) -> {kill, Target, Number} end,
            killed(Process, proctor_target:ask(Request, Process))
    catch
        error:badarg -> {error, einval}
    end.

killed(OsPid, {error, _}) when is_integer(OsPid), OsPid < -1 ->
    {error, "Not allowed to send signal to all processes"};
killed(_Process, {error, not_managed}) ->
    {error, "Cannot kill a pid not managed by this application"};
killed(_Process, Result) ->
    Result.

%% @doc Sets the size of a process's terminal.
-spec winsz(target(), Rows :: non_neg_integer(),
            Columns :: non_neg_integer()) -> ok | {error, reason()}.
winsz(Process, Rows, Columns) when is_integer(Rows), is_integer(Columns) ->
    ask(winsz, Process, [Rows, Columns]).

%% @doc Sets modes of a process's terminal, by the names of RFC 4254, section
%% 8, in lower case: `[{echo, 0}, {vintr, 3}]'.
-spec pty_opts(target(), [{atom(), integer() | boolean()}]) ->
    ok | {error, reason()}.
pty_opts(Process, Options) when is_list(Options) ->
    ask(pty_opts, Process, [Options]).

%% @doc Puts a process into the process group of another child, or with 0 into
%% one of its own.
-spec setpgid(target(), non_neg_integer()) -> ok | {error, reason()}.
setpgid(Process, Group) when is_integer(Group) ->
    ask(setpgid, Process, [Group]).

ask(What, Process, Args) ->
    Request = fun(Target) -> {ask, What, Target, Args} end,
    answer(proctor_target:ask(Request, Process)).

answer({error, esrch}) -> {error, "pid not alive"};
answer({error, Reason}) -> {error, proctor_error:text(Reason)};
answer(Result) -> Result.

%% @equiv which_children([])
-spec which_children() -> [ospid()] | {error, reason()}.
which_children() ->
    which_children([]).

%% @doc The identifiers of all OS processes of an instance.
-spec which_children(where() | atom() | pid()) ->
    [ospid()] | {error, reason()}.
which_children(Where) ->
    at(Where, list).

at(Where, Request) ->
    case proctor_spec:where(Where) of
        {ok, Server} -> answer(proctor_server:call(Server, Request));
        {error, _} = Error -> Error
    end.

%% @doc The OS process of an Erlang process.
-spec ospid(pid()) -> ospid() | {error, reason()}.
ospid(Pid) when is_pid(Pid) ->
    proctor_target:ask(fun(Target) -> {ospid, Target} end, Pid).

%% @doc The Erlang process of an OS process.
-spec pid(ospid() | {ospid(), where()}) ->
    pid() | undefined | {error, reason()}.
pid(Process) ->
    proctor_target:ask(fun(OsPid) -> {pid, OsPid} end, Process).

%% @equiv debug(Level, [])
-spec debug(non_neg_integer()) ->
    {ok, OldLevel :: non_neg_integer()} | {error, reason()}.
debug(Level) ->
    debug(Level, []).

%% @doc Sets what the port program of an instance tells on standard error, from
%% 0 to 10; returns what it was.
-spec debug(non_neg_integer(), where() | atom() | pid()) ->
    {ok, OldLevel :: non_neg_integer()} | {error, reason()}.
debug(Level, Where) when is_integer(Level), Level >= 0 ->
    at(Where, {debug, Level}).

%% @equiv info([])
-spec info() -> {ok, map()} | {error, reason()}.
info() ->
    info([]).

%% @doc What an instance knows of itself, in a map.
%%
%% <dl>
%% <dt>`instance', `node', `pid', `dialect', `runs'</dt><dd>Its name, node,
%%   server and dialect, and how many commands it has run.</dd>
%% <dt>`hello', `port_os_pid'</dt><dd>What the port program said of itself, and
%%   its OS process.</dd>
%% <dt>`uptime_ms', `parts'</dt><dd>How long the instance is up, and each part
%%   of its port program, as `#{broker := #{uptime_ms := Ms}, priv := ...,
%%   worker := ...}'. If one of these dies the port program ends, and the
%%   instance with it: so they are of one age, that of the port program's
%%   first answer.</dd>
%% <dt>`pending', `messages', `writer_messages'</dt><dd>How many requests wait
%%   for an answer of the port program, how many messages for the server, and
%%   how many writes until the port program reads what was written before.</dd>
%% <dt>`orphans'</dt><dd>How many OS processes are being stopped because their
%%   Erlang process has died.</dd>
%% <dt>`children'</dt><dd>A map for each OS process: `pid', `ospid', `command',
%%   `caller', `active', `window' (0 is none), `uptime_ms'; `bytes' that have
%%   passed, by stream; `queued', the bytes that wait by stream, the pieces
%%   that a function or the screen has not done with (`sink'), and `messages';
%%   `stdin_unacked', the bytes that the port program has and the OS process
%%   has not; and how many wait in {@link recv/3} (`receivers').</dd>
%% </dl>
-spec info(where() | atom() | pid()) -> {ok, map()} | {error, reason()}.
info(Where) ->
    case proctor_spec:where(Where) of
        {ok, Server} -> proctor_info:info(Server);
        {error, _} = Error -> Error
    end.

%% @doc Prints what runs in all instances of this node, as `c:i/0' does.
-spec i() -> ok.
i() ->
    Names = case instances() of
                [] -> [{proctor, proctor}];
                Instances -> Instances
            end,
    proctor_info:print([{Name, proctor_info:info(Server)}
                        || {Name, Server} <- Names]).

%% @doc Reads a raw exit status: how a process exited, or which signal ended
%% it and whether it left a core file. -1, which is all there is to say of a
%% process that was taken over with {@link manage/2}, becomes a signal that
%% does not exist, `{signal, 127, true}', as it does in erlexec.
-spec status(integer()) ->
    {status, ExitStatus :: 0..255} |
    {signal, Signal :: 1..127, Core :: boolean()}.
status(Status) when is_integer(Status) ->
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
