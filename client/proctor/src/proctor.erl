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
-export([start_instance/1, replace_instance/2, stop_instance/1, instances/0]).
-export([run/2, run/3, run_link/2, run_link/3, manage/2]).
-export([cmd/2, cmd/3, pipe/2, fold_lines/4, run_on/2, run_on/3]).
-export([send/2, send/3, send_nowait/2, recv/2, recv/3, setopts/2]).
-export([await/1, await/2]).
-export([stats/1, stats/2, cgroup_set/2, cgroup_set/3]).
-export([pause/1, pause/2, resume/1, resume/2]).
-export([winsz/3, pty_opts/2, kill/2, setpgid/2, stop/1, stop_and_wait/2]).
-export([which_children/0, which_children/1, ospid/1, pid/1]).
-export([debug/1, debug/2, info/0, info/1, i/0]).
-export([status/1, signal/1, signal_to_int/1]).

-export_type([ospid/0, text/0, cmd/0, target/0, where/0, start_option/0,
              run_option/0, manage_option/0, cmd_option/0, line_option/0,
              wanted/0, received/0, per_stream/1,
              output_fun/0,
              sink/0, output/0, active/0, reason/0, run_result/0, result/0,
              failure/0, flag/1]).

-type ospid() :: pos_integer().

-type text() :: string() | binary() | unicode:chardata().
%% Lists are characters, binaries are bytes as they are. Characters become
%% UTF-8, but in the name of a program, file or directory what this node has
%% for such names (`file:native_name_encoding/0'), or UTF-8 where that does not
%% have them. A name among the arguments is an argument: on a node that has
%% ISO Latin-1 for names it goes as a binary, `list_to_binary(Name)'. No text
%% has a NUL in it.

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
      | {start, now | lazy}
      | {linger, Milliseconds :: non_neg_integer()}
      | {args, [text()]}
      | {env, [{text(), text() | false}]}
      | {capabilities, all | [atom()]}
      | {cgroup, proctor_cgroup:asked()}
      | {cgroup_base, text()}
      | {groups, [atom()]}
      | {dialect, native | exec_port}
      | flag(root) | flag(debug) | {debug, 0..10} | flag(verbose).

-type output_fun() ::
        fun((stdout | stderr, ospid(), proctor_stream:data()) -> term()).
%% It gets binaries or, with the option `lines', lines.

-type sink() :: null | close | print | collect | text() | pid() | output_fun().

-type active() :: true | false | once | pos_integer().

-type per_stream(Value) :: Value | #{stdout | stderr => Value}.
%% For both streams, or for each that is named.

-type wanted() :: non_neg_integer() | stdout | stderr | any
                | {stdout | stderr | any, non_neg_integer()}.

-type received() :: proctor_stream:data().

-type flag(Name) :: Name | {Name, boolean()}.
%% `{Name, false}' asks for nothing, and any function takes that.

-type run_option() ::
        flag(sync | monitor | link | exit | await)
      | flag(cgroup_events) | {cgroup, proctor_cgroup:asked()}
      | {message, fun((tuple()) -> term())} | {owner, pid()}
      | {tag, term()}
      | {active, per_stream(active())}
      | {window, per_stream(Bytes :: non_neg_integer())}
      | {max_output, Bytes :: non_neg_integer() | infinity}
      | flag(lines) | {lines, stdout | stderr} | line_option()
      | {stdin_window, Bytes :: pos_integer()}
      | {timeout, Milliseconds :: pos_integer() | infinity}
      | {idle_timeout, Milliseconds :: pos_integer()}
      | {errors, text | term}
      | {telemetry, none | terse | verbose} | {telemetry_metadata, map()}
      | {instance, atom() | pid()} | {node, node()}
      | {input, iodata()}
      | flag(stdin) | {stdin, null | close | text()}
      | flag(stdout) | {stdout, stderr | sink()}
      | flag(stderr) | {stderr, stdout | inherit | sink()}
      | {stdout | stderr, text(), [append | {mode, non_neg_integer()}]}
      | flag(stderr_to_stdout)
      | {cd, text()}
      | {env, [clear | now | text() | {text(), text() | false}]}
      | {executable, text()} | {arg0, text()} | {umask, 0..8#777}
      | {rlimit, [{Name :: atom(), limit() | {Soft :: limit(),
                                              Hard :: limit()}}]}
      | {cpus, text()}
      | {ionice, idle | {best_effort | realtime, 0..7}}
      | {oom_score_adj, 0..1000} | flag(no_new_privs)
      | {cpu_timeout, Seconds :: pos_integer()}
      | {kill, text()} | {kill_timeout, kill_timeout()}
      | {stop_signal, atom() | pos_integer()}
      | {linger, Milliseconds :: non_neg_integer()}
      | flag(kill_group) | {group, 0 | ospid()}
      | {user, text() | Uid :: non_neg_integer()}
      | {gid, text() | Gid :: non_neg_integer()}
      | {groups, [text() | non_neg_integer()]} | {nice, -20..20}
      | {success_exit_code, 0..255}
      | flag(pty) | {pty, [proctor_pty:mode()]} | flag(pty_echo)
      | {winsz, {Rows :: pos_integer(), Columns :: pos_integer()}}
      | {capabilities, all | [atom()]}
      | flag(debug) | {debug, 0..10}.

-type limit() :: non_neg_integer() | infinity.

-type kill_timeout() ::
        Seconds :: non_neg_integer()
      | {ms, Milliseconds :: non_neg_integer()}.

-type manage_option() ::
        flag(monitor | link | exit | await) | {tag, term()}
      | {errors, text | term}
      | {telemetry, none | terse | verbose} | {telemetry_metadata, map()}
      | {instance, atom() | pid()} | {node, node()}
      | {kill, text()} | {kill_timeout, kill_timeout()}
      | {stop_signal, atom() | pos_integer()}
      | flag(kill_group) | {nice, -20..20} | {success_exit_code, 0..255}
      | flag(debug) | {debug, 0..10}.

-type cmd_option() ::
        {max_output, Bytes :: non_neg_integer() | infinity}
      | run_option().
%% Those of {@link run/2} that it does not take are refused by name.

-type line_option() ::
        {max_line, Bytes :: pos_integer() | infinity}
      | {cr, keep | strip}
      | {max_output, Bytes :: non_neg_integer() | infinity}.
%% A longer line comes in several; a carriage return before a newline stays, or
%% goes with it. Of what is collected besides no more than `max_output' is kept.

-type output() :: [{stdout | stderr, [binary()]}
                   | {truncated, [stdout | stderr]}].
%% `truncated' names the streams that others still had open when they were
%% closed: see the option `linger' of {@link run/2}.

-type reason() :: {badopt, term()} | {invalid_pty_value, [term()]}
                | badarg | einval | port_closed | not_started | no_process
                | noconnection | no_answer | no_reply | timeout | too_big
                | closed | busy | no_stdin
                | {timeout | port_closed | no_answer,
                   [{exit_status, integer()} | {stdout | stderr, [binary()]}
                    | {truncated, [stdout | stderr]}]}
                | string() | atom().
%% `timeout', `port_closed' and `no_answer' with what was known are of `sync'.

-type run_result() ::
        {ok, pid(), ospid()} | {ok, output()}
      | {error, [{exit_status, integer()} | {stdout | stderr, [binary()]}]}
      | {error, reason() | failure()}.
%% Of `sync' it is the output, or the status and the output.

-type result() :: #{status := proctor_exit:status(),
                    reason := proctor_exit:reason() | max_output | port_closed
                            | no_answer,
                    killed := boolean(),
                    usage := proctor_exit:usage(),
                    cgroup => proctor_cgroup:used(),
                    truncated := [stdout | stderr],
                    ospid := ospid() | undefined,
                    stdout := binary(),
                    stderr := binary(),
                    statuses => [0..255 | undefined]}.
%% `usage' is empty with a port program that does not tell it. Of a command
%% whose end was not told `status' is `unknown' (and `ospid' `undefined' if not
%% even its start was), and the rest is what was known by then.

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
%% An instance ends when its port program does: because it was killed, does not
%% answer, or has lost a launcher, which it survives until no child is left. For
%% whom it runs something that is `port_closed', however it was seen: the error of
%% calls, the reason of exits, of `DOWN' and of links. Its own reason says more,
%% `{shutdown, {port_closed, Why}}', with the exit status of the port program, an
%% error number of its pipe or `unresponsive'. Who comes later finds
%% `{error, not_started}', if there is no supervisor to start another.
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
%% <dt>`{limit_users, Users}'</dt><dd>Other users that commands may name, as
%%   `"user"', `"user:group"' or, where `root' is one, `"all"'. Where
%%   neither the node is root nor the port program SUID root (nor a script,
%%   which may ask sudo) these three can mean nobody else, and are refused as
%%   erlexec does.</dd>
%% <dt>`{capabilities, all | Names}'</dt><dd>What commands may be given as
%%   ambient capabilities.</dd>
%% <dt>`{cgroup, false | auto | true | Limits}'</dt><dd>See {@link run/2}: for
%%   runs that do not say it themselves, and limits for all whose own say
%%   nothing of them. With `false' daemons have no control group either.</dd>
%% <dt>`{cgroup_base, Path}'</dt><dd>Below which control group those of commands
%%   are to be, from where the hierarchies are mounted. Otherwise it is the
%%   node's own, if that was delegated to its user; in privileged mode
%%   `proctor.conf' says it. `hello' of {@link info/1} has in `cgroup' what came
%%   of it: `#{path := Path, controllers := Names, kill := true | freezer | each}',
%%   with how all in one are killed, or why there are none.</dd>
%% <dt>`{alarm, Seconds}'</dt><dd>What a shutdown may take before everything
%%   is killed (12).</dd>
%% <dt>`{linger, Milliseconds}'</dt><dd>See {@link run/2}: for runs that do not
%%   say it themselves, and do not wait (0).</dd>
%% <dt>`{answer_timeout, Milliseconds | infinity}'</dt><dd>A port program that
%%   leaves a request without answer for that long (60000) is taken for dead:
%%   it is closed, continued if it was stopped, so that it ends with all that it
%%   runs, and killed if it does not within `alarm', as far as the node has the
%%   rights; the instance ends with `{port_closed, unresponsive}'.</dd>
%% <dt>`{args, Args}'</dt><dd>Further arguments.</dd>
%% <dt>`{env, Env}'</dt><dd>Changes to its environment, which is the node's at
%%   that moment and that of all commands: `{Name, Value}', and `false' to take
%%   one away. What `os:putenv/2' does to the node later reaches those that
%%   have `{env, [now]}' (see {@link run/2}).</dd>
%% <dt>`{start, now | lazy}'</dt><dd>`lazy': start the port program when it is
%%   first used, which then is what fails if that fails; the next use tries
%%   again. Otherwise it is there when the instance is (`now').</dd>
%% <dt>`{groups, Groups}'</dt><dd>Groups, besides its name, in which
%%   {@link run_on/3} finds it.</dd>
%% <dt>`{dialect, native | exec_port}'</dt><dd>`exec_port' says no more than
%%   erlexec's port program understands: there are no windows, no structured
%%   errors, no usage. Otherwise the port program is asked (`native').</dd>
%% <dt>`debug', `{debug, Level}'</dt><dd>What it tells on standard error.</dd>
%% <dt>`verbose'</dt><dd>Log the port program's command line and, at level
%%   `debug', each run, refusal and exit; `debug' does that as well, and
%%   {@link debug/2} from then on.</dd>
%% </dl>
%%
%% Errors: `{badopt, Option}' or `{badopt, {Name, Why}}', and then text for
%% users that it cannot have, in the words of erlexec's client: "Cannot specify
%% effective user ...", "Cannot restrict users ...", "Not allowed to run
%% without restricting effective users ..." (`root' with a `user', and no
%% `limit_users'), "Not allowed to run without providing effective user ..."
%% (`root' alone); `{already_started, Pid}', once the options are right;
%% `{port_exited_with_status, Status}' if the port program ended instead of
%% answering, `{port_closed, Posix}' if its pipe broke; `{no_port_program,
%% Paths}' if there is none; `{Posix, Path}' if it cannot be executed. One that
%% was killed a moment ago is waited for.
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

%% @doc Starts a new instance beside that one of {@link start_instance/1} or of the
%% application, with its name and its groups: for a new port program, or other
%% options. What is not among `Options' stays as the old one was started. Nothing
%% that runs is lost: from then on new commands are run by the new one, and the old
%% one ends with the last of its own. Until then these are reached as before, by
%% either end, while {@link which_children/1}, {@link info/1} and {@link debug/2} of
%% the name are about the new one; {@link instances/0} has the old one, without a
%% name. A daemon stays where it is until it is started again. `pid()' of an
%% instance, where somebody has kept that, is the old one.
%%
%% If the new one cannot be started nothing is changed, and the error is that of
%% {@link start/1}; it is started at once, whatever `start' says.
%% `{error, not_found}' if there is none of that name under the supervisor of the
%% application. While both are there they share what limits an instance: rules of
%% `proctor.conf' count the children of both.
-spec replace_instance(atom(), [start_option()]) -> {ok, pid()} | {error, term()}.
replace_instance(Name, Options) ->
    proctor_sup:replace_instance(Name, Options).

%% @doc Ends one, and every OS process with it; by its name, also those that it has
%% replaced.
-spec stop_instance(atom() | pid()) -> ok | {error, not_found | not_started}.
stop_instance(Instance) ->
    proctor_sup:stop_instance(Instance).

%% @doc The instances under the supervisor of the application, by name, which
%% is `undefined' for those that have none, as those that were replaced.
-spec instances() -> [{atom(), pid()}].
instances() ->
    proctor_sup:instances().

%% @doc Runs a command. Returns its Erlang process and its OS process
%% identifier as soon as it exists or, with `sync', its output when it has
%% ended. It is in the directory that this node is in now, unless it is run by
%% another node or as another user, and relative names are of that directory or
%% of the option `cd'; its environment is that of the port program.
%%
%% There is one table of options for this and all that run commands; what one
%% of them does not take is refused by name with the reason. A flag is also
%% `{Flag, boolean()}', and none may be said twice. Everything is checked
%% before anything is started: `{error, {badopt, What}}', where `What' is the
%% option, `{Name, Why}', `command', or `{arg, N}' for the argument of that
%% number; for options of the port program and `{errors, text}' it is
%% erlexec's text. Options that concern Erlang:
%%
%% <dl>
%% <dt>`sync'</dt><dd>Wait for the end: `{ok, Output}' after a success,
%%   `{error, [{exit_status, Status} | Output]}' after a failure, with what the
%%   streams that were asked for have written and {@link status/1} to read the
%%   status. If its time was over (`timeout') it is `{error, {timeout,
%%   [{exit_status, Status} | Output]}}', whatever its status; if the port
%%   program ends meanwhile `{error, {port_closed, Output}}', or
%%   `{error, port_closed}' if the command had not begun. If the caller dies
%%   meanwhile the command is stopped.</dd>
%% <dt>`monitor'</dt><dd>Send the caller
%%   `{'DOWN', OsPid, process, Pid, Reason}' at the end. `Reason'
%%   is `normal', `{exit_status, Status}', `timeout' if its time was over,
%%   whatever its status, or what ended the Erlang process: `port_closed'
%%   with the port program, `no_answer' (see `timeout');
%%   `erlang:monitor/2' works as well, and says `noproc' if that process has
%%   ended already. If the caller dies the command is stopped.</dd>
%% <dt>`exit'</dt><dd>Send the caller `{exit, OsPid, Exit}' at the end, before
%%   that: see {@link proctor_exit:exit()}. If the port program ends, or tells
%%   nothing, `reason' says so, and `status' is `unknown'.</dd>
%% <dt>`await'</dt><dd>Its Erlang process stays until {@link await/2} has taken
%%   its exit, or the caller dies.</dd>
%% <dt>`{tag, Term}'</dt><dd>In all messages of this run `Term' is in the place
%%   of the OS process identifier, which other instances and nodes have, too,
%%   and which comes again.</dd>
%% <dt>`{message, Fun}'</dt><dd>What `Fun' makes of a message of this run is what
%%   is sent, and nothing if that is `none'. It is called by the Erlang process of the command, and ends the
%%   command if it fails.</dd>
%% <dt>`{owner, Pid}'</dt><dd>Messages are for `Pid', and `monitor', `await' and
%%   `link' have to do with it, as if it had called. Not with `sync'.</dd>
%% <dt>`link'</dt><dd>See {@link run_link/2}.</dd>
%% <dt>`stdout', `stderr'</dt><dd>Send the caller
%%   `{stdout, OsPid, Data}' and `{stderr, OsPid, Data}', or collect the data
%%   for the result of `sync'.</dd>
%% <dt>`{stdout, collect}', `{stderr, collect}'</dt><dd>Keep it: it comes with
%%   the exit, by the option `exit' or {@link await/2}, as `stdout' and `stderr'
%%   in the map. No more than 1 MiB of both together is kept, or as much as
%%   `{max_output, Bytes | infinity}' says; `truncated' tells if there was
%%   more.</dd>
%% <dt>`{stdout, Sink}', `{stderr, Sink}'</dt><dd>Send these messages to a
%%   process, `print' them, or call a function with the stream, the OS process
%%   identifier and the data, in a process made for that on the node where the
%%   command runs. A function that fails ends the command, and one that takes
%%   its time makes it wait.</dd>
%% <dt>`{active, true | false | once | N}'</dt><dd>Whether output comes to the
%%   caller as messages: all of it (`true', the default), none, which leaves it
%%   to {@link recv/3}, one, or N, with `{passive, OsPid}' after the last. Both
%%   streams share that, and come in their order, unless it is said for one or
%%   each: `{active, #{stdout => once, stderr => true}}' (`true' for one that is
%%   not named). Then it is `{passive, OsPid, Stream}' after the last. If
%%   not `true' the command is stopped when the caller dies, and its Erlang
%%   process ends when all output is taken, of both streams if both were asked
%%   for: as a socket, it stays for its reader, also when the port program is
%%   gone. {@link stop_and_wait/2} takes what is left away.</dd>
%% <dt>`{window, Bytes}'</dt><dd>How much of each stream may be on its way to
%%   whoever takes it; then the command has to wait. 0 is no limit, and the
%%   default where all that happens is a message (`{active, true}', another
%%   process, `sync'); else it is 262144. `#{stdout => Bytes, stderr => Bytes}'
%%   says it for one or each: then what is read at once is no more than the
%%   smaller of them. Windows need a port program that has them.</dd>
%% <dt>`lines', `{lines, stdout | stderr}'</dt><dd>What comes as messages, or to
%%   a function, or by {@link recv/3}, comes line by line, each a message of its
%%   own that counts for `active': `{stdout, OsPid, {eol, Line}}' is a line
%%   without its newline, `{noeol, Part}' what something else has ended. That
%%   is the rest at the end, and each `{max_line, Bytes | infinity}' (65536) of
%%   a line that is longer. `{cr, strip}' drops a carriage return before a
%%   newline. A line is a part of what came with it: keep `binary:copy(Line)' if
%%   you keep few of many.</dd>
%% <dt>`{stdin_window, Bytes}'</dt><dd>How much of what is sent may be on its
%%   way to the command before {@link send/3} waits (262144).</dd>
%% <dt>`{input, Data}'</dt><dd>What it reads on its standard input, which ends
%%   behind it.</dd>
%% <dt>`{timeout, Milliseconds}'</dt><dd>Stop it when it has run that long. It
%%   is the port program that keeps the time, but in the
%%   dialect of erlexec the node does. If the port program tells nothing of the
%%   end within `kill_timeout', `linger' and 5 seconds after that, nobody waits
%%   for it any more: `{error, {no_answer, Output}}' of `sync', else
%%   `no_answer'. It has the same time for the start.</dd>
%% <dt>`{idle_timeout, Milliseconds}'</dt><dd>Stop it when it has written nothing
%%   to its standard output and error for that long, of which at least one has
%%   to come here; its end has the reason `idle_timeout', as a timeout has
%%   `timeout'. While somebody has a window to empty no time counts. Only the
%%   native dialect has it.</dd>
%% <dt>`{linger, Milliseconds}'</dt><dd>After its end its output stays open for
%%   others that hold it, such as the `tee' of `exec > >(tee LOG)', at most that
%%   long; its end is told after it. With `kill_group' the others are ended only
%%   then. The default is 500 with `sync', in {@link cmd/3} and {@link pipe/2},
%%   so that a background job can hold them up no longer; else it is what the
%%   instance was started with. What they had open even then is told:
%%   `{truncated, Streams}' in the output of `sync', `truncated' in the exit
%%   message and in results. With a terminal nothing is waited for.</dd>
%% <dt>`{cgroup, true | Limits}'</dt><dd>Run it in a control group of its own,
%%   with these limits, a map as {@link proctor_cgroup:limits()}; a limit that the
%%   system, or a rule of `proctor.conf', does not let it have refuses the run:
%%   `{cgroup, Errno, Name}' or `{limit, eperm, Name}'. Whatever it starts is in
%%   there, and is killed when it ends; its end is told when nothing is left.
%%   What the group has used is `cgroup' of the exit, whose `reason' is `oom' for
%%   one that was killed for lack of memory. `auto' is `true' where the instance
%%   has control groups, and says nothing where it has not; `false' is none,
%%   whatever the instance has for all. Limits of the instance hold beside those
%%   of the run. Only the native dialect has it.</dd>
%% <dt>`cgroup_events'</dt><dd>Send the caller `{cgroup, OsPid, Events}' when a
%%   limit of its control group was met: see {@link proctor_cgroup:events()}. What
%%   was met just before its end, or in a tree of version 1, is in its exit
%%   alone.</dd>
%% <dt>`{errors, text | term}'</dt><dd>Whether errors are erlexec's (`text',
%%   the default) or `{Stage, Errno, Detail}'. A program that cannot be
%%   executed is to erlexec one that has run: it says so on its standard error
%%   and exits with 1, which is the status 256. Otherwise it is an error,
%%   `{exec, enoent, <<"/no/such">>}'.</dd>
%% <dt>`{telemetry, none | terse | verbose}', `{telemetry_metadata, Map}'</dt>
%%   <dd>What events of it say: nothing at all, what it is (`terse'), or also its
%%   arguments; and what else is to be in their metadata. See
%%   {@link proctor_telemetry}.</dd>
%% <dt>`{instance, Instance}', `{node, Node}'</dt><dd>Run it by that instance
%%   (`proctor'), on that node (this one). If that node loses the connection to
%%   the caller's the command is stopped there.</dd>
%% </dl>
%%
%% The rest concerns the port program:
%%
%% <dl>
%% <dt>`stdin', `{stdin, null | close | File}'</dt><dd>`stdin' makes
%%   {@link send/2} possible; a stream that is not mentioned is `null'.</dd>
%% <dt>`{stdout | stderr, null | close | File}',
%%   `{stdout | stderr, File, [append | {mode, Mode}]}', `{stdout, stderr}',
%%   `{stderr, stdout}', `stderr_to_stdout', `{stderr, inherit}'</dt>
%%   <dd>Redirections. `stderr_to_stdout' is `{stderr, stdout}'; `inherit' is
%%   the node's own, where that may be had: not in privileged mode.</dd>
%% <dt>`{cd, Dir}', `{env, [clear | now | Text | {Name, Text | false}]}',
%%   `{executable, File}', `{arg0, Text}', `{umask, Mode}'</dt><dd>Where, with
%%   what environment, which file it really is, what it sees as its name, and
%%   what modes of new files lack. The environment begins as that of the port
%%   program, with `now' as the node's is now (another node and another user
%%   have their own), with `clear' with nothing.</dd>
%% <dt>`{rlimit, [{Name, N | infinity | {Soft, Hard}}]}'</dt><dd>How much its
%%   process may have of what setrlimit(2) limits, and each that it starts for
%%   itself: `as', `core', `cpu', `data', `fsize', `locks', `memlock',
%%   `msgqueue', `nice', `nofile', `nproc', `rss', `rtprio', `rttime',
%%   `sigpending', `stack', in bytes, seconds or numbers. One number is both
%%   limits. A hard limit can only go down: more is `{rlimit, eperm,
%%   <<"nofile">>}'. `nproc' counts all that its user has, not what the command
%%   starts; `data' comes nearest to a limit of memory, `as' does not go with
%%   programs that reserve much, as the BEAM does.</dd>
%% <dt>`{cpu_timeout, Seconds}'</dt><dd>Time of processors that its process may
%%   use by itself: then it gets SIGXCPU, a second later SIGKILL, and its end
%%   has the reason `timeout'. What it starts has as much, each, and its end is
%%   no timeout. Only the native dialect has it.</dd>
%% <dt>`{cpus, "0-3,5"}', `{ionice, idle | {best_effort | realtime, 0..7}}',
%%   `{oom_score_adj, 0..1000}', `no_new_privs'</dt><dd>Which processors it runs
%%   on, all of which must be there; its turn at disks; how much sooner than
%%   others it is killed when memory is short; that no program which it runs
%%   gives it more rights. What cannot be had is `{rlimit, Errno, Name}', and
%%   nothing is started.</dd>
%% <dt>`{kill, Command}', `{stop_signal, Signal}',
%%   `{kill_timeout, Seconds | {ms, Milliseconds}}', `kill_group'</dt>
%%   <dd>How it is stopped: by a shell command that finds `CHILD_PID', else by
%%   that signal (SIGTERM); how long until SIGKILL (5); with its whole process
%%   group.</dd>
%% <dt>`{group, 0 | OsPid}', `{user, User}', `{gid, Group}',
%%   `{groups, Groups}', `{nice, N}', `{capabilities, all | Names}'</dt>
%%   <dd>Its process group; its user, that one's group and all other groups,
%%   each a name or a number: a group other than that of a login is for a rule
%%   that says `as User:Group', all others for one that lists exactly these,
%%   `as User groups { A B }'; both for a node that is root with
%%   `{limit_users, ["all"]}'; its priority and ambient capabilities.</dd>
%% <dt>`{success_exit_code, Code}'</dt><dd>What is told instead of 0.</dd>
%% <dt>`pty', `{pty, Modes}', `pty_echo', `{winsz, {Rows, Columns}}'</dt>
%%   <dd>A terminal instead of pipes. Modes that are wrong are
%%   `{error, {invalid_pty_value, Bad}}', with exactly those in their
%%   order.</dd>
%% <dt>`debug', `{debug, Level}'</dt><dd>Log its start and end.</dd>
%% </dl>
-spec run(cmd(), [run_option()]) -> run_result().
run(Command, Options) ->
    run(Command, Options, infinity).

%% @doc The same, and answers `{error, timeout}' after that time, which is
%% `infinity' or what `receive' can wait (4294967295); what was started, or
%% still would have been, is stopped, and no message of it ever comes.
-spec run(cmd(), [run_option()], timeout()) -> run_result().
run(Command, Options, Timeout) ->
    proctor_run:run(Command, Options, false, Timeout).

%% @doc Runs a command whose Erlang process is linked to the caller: a command
%% that fails sends the exit signal `{exit_status, Status}', and when the
%% caller ends, for whatever reason, the command is stopped. One whose time was
%% over sends `timeout'.
-spec run_link(cmd(), [run_option()]) -> run_result().
run_link(Command, Options) ->
    run_link(Command, Options, infinity).

%% @doc See {@link run/3}.
-spec run_link(cmd(), [run_option()], timeout()) -> run_result().
run_link(Command, Options, Timeout) ->
    proctor_run:run(Command, Options, true, Timeout).

%% @doc Watches an OS process that was started elsewhere, one of your own, as
%% if it had been run here: {@link stop/1}, {@link kill/2} and the option
%% `monitor' work. Its exit status is for its parent only; here it is -1. It
%% survives the instance.
%%
%% Of the options of {@link run/2} it takes those that concern a process which
%% runs already. Errors: `not_found'; `badarg'; `{badopt, What}'; text if it is
%% not yours or managed already.
-spec manage(ospid() | port(), [manage_option()]) ->
    {ok, pid(), ospid()} | {error, reason()}.
manage(Process, Options) ->
    proctor_run:manage(Process, Options).

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
%% <dt>`{input, Data}', `{stdin, File}'</dt><dd>What it reads on its standard
%%   input; otherwise there is none.</dd>
%% <dt>`{stdout, null | File | Pid | Fun}'</dt><dd>Its standard output goes
%%   elsewhere, and is empty in the result; the same for `stderr'.</dd>
%% <dt>`{kill_group, false}'</dt><dd>Leave alone what it has left running in
%%   its process group, which otherwise ends with it.</dd>
%% <dt>`{timeout, Milliseconds}'</dt><dd>It and its whole process group are
%%   killed after that time. The port program sees to that however busy the
%%   node is; the call returns when they are gone:
%%   `{error, {timeout, etimedout, Result}}'. If the port program tells nothing
%%   of it, for 5 seconds more than that may take, it is
%%   `{error, {port, etimedout, Result}}' with what is known.</dd>
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
%% `{kill_group, false}' leaves it. `sync', `monitor',
%% `exit' and `active' are none here, and `link' says nothing: if the caller
%% dies the command is stopped. PATH is this node's, or that of the option
%% `node', and its relative entries are of the directory that node is in.
%% Errors are `{Stage, Errno, Detail}': `{exec, enoent, <<"name">>}' if there
%% is no such command, the stages of the port program, `{options, einval,
%% What}' for what is wrong with the call, and `{port, eio, Reason}' if there is
%% no port program; `Reason' is the partial result if it dies or is shut down
%% when the command has begun, and `{not_started, Where}', with an instance as
%% `Name' or `{Name, Node}', if the options name one that is not there. To be
%% stopped, by {@link stop/1}, is no error: `{ok, #{reason := stopped}}'. `What'
%% is the option, `{Name, Why}' if it is one that cannot be used here or so,
%% `command', `args' or `{arg, N}' for the argument of that number, counted from
%% 1; nothing has been sent then.
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
%% the commands cannot be executed none is, `{exec, Errno, Path}'; if one is
%% wrong as such it is `{options, einval, {N, What}}', of the command of that
%% number. The options `executable' and `pty' are none here, and `stderr' may
%% be collected, dropped (`null') or go where `stdout' goes.
-spec pipe([{text(), [text()]}], [cmd_option()]) ->
    {ok, result()} | {error, failure()}.
pipe(Commands, Options) ->
    proctor_pipe:pipe(Commands, Options).

%% @doc Calls `Fun' for each line of the output of a command, without what ends
%% it, with the result of the call before, or first with `Acc'. The command
%% waits while the function is busy. Returns the last result and how the
%% command ended, with a `reason' of `timeout' if its time was over.
%%
%% A line is what stands before a newline, to the byte (`{cr, strip}' drops a
%% carriage return there); `{max_line, Bytes}' cuts a longer one into several;
%% what no newline has ended is the last. It is a part of what came with it:
%% keep `binary:copy(Line)' if you keep few of many.
%%
%% Other options are those of {@link run/2}. `stderr' (or `{stderr, self()}')
%% is collected: it comes with the end, in `stderr' of
%% {@link proctor_exit:exit()}, up to 1 MiB of it or `max_output' (`truncated'
%% says if there was more); with `stderr_to_stdout' its lines come among the others. A stream that
%% goes elsewhere holds up nothing.
%%
%% If the function fails the command is stopped, the failure is that of the
%% call, and how the command ended is not told: throw what you have if you want
%% no more lines. If the caller dies the command is stopped, too. No message and
%% no process is left behind.
%%
%% Errors are `{Stage, Errno, Detail}', or those of {@link run/2} if it has not
%% begun. If it has, they have the last result and the exit as far as it is
%% known, with the collected `stderr': `{port_closed, Acc, Exit}' if the port
%% program ends, `{no_answer, Acc, Exit}' if that says nothing for 5 seconds
%% more than `timeout' and `kill_timeout' allow, `{noconnection, Acc, Exit}' if
%% the node is lost, `{closed, Acc, Exit}' if nobody knows.
-spec fold_lines(fun((Line :: binary(), Acc) -> Acc), Acc, cmd(),
                 [line_option() | run_option()]) ->
    {ok, Acc, proctor_exit:exit()} | {error, term()}.
fold_lines(Fun, Acc, Command, Options) when is_function(Fun, 2) ->
    proctor_fold:fold_lines(Fun, Acc, Command, Options).

%% @equiv run_on(Group, Command, [])
-spec run_on(atom(), cmd()) ->
    run_result() | {error, {no_instance, atom()}}.
run_on(Group, Command) ->
    run_on(Group, Command, []).

%% @doc Runs a command by that instance of a group, on all connected nodes,
%% which has the fewest OS processes. Every instance is in the group of its
%% name, and in those of its option `groups'. `{error, {no_instance, Group}}'
%% says that nobody is. Otherwise it is {@link run/2}.
-spec run_on(atom(), cmd(), [run_option()]) ->
    run_result() | {error, {no_instance, atom()}}.
run_on(Group, Command, Options) ->
    proctor_run:run_on(Group, Command, Options).

%% @equiv send(Process, Data, [])
-spec send(target(), iodata() | eof) -> ok | {error, reason()}.
send(Process, Data) ->
    send(Process, Data, []).

%% @doc Writes to the standard input of a process, or closes it (`eof').
%% Returns when all is with the port program or the process: when so much is
%% on its way as `stdin_window' says, it waits until the process reads.
%%
%% `{timeout, Milliseconds}' limits that: `{error, timeout}', and what has not
%% left by then never will. Other errors: `{badopt, data}' for what is no
%% iodata; `no_stdin' if the process was run
%% without `stdin', `closed' if it has closed it, has ended, or `eof' was sent.
-spec send(target(), iodata() | eof, [{timeout, timeout()}]) ->
    ok | {error, reason()}.
send(Process, Data, Options) ->
    proctor_process:send(Process, Data, Options).

%% @doc The same without waiting: `{error, busy}' if it would have to.
-spec send_nowait(target(), iodata() | eof) -> ok | {error, reason()}.
send_nowait(Process, Data) ->
    proctor_process:send_nowait(Process, Data).

%% @equiv recv(Process, What, infinity)
-spec recv(target(), wanted()) ->
    {ok, received()} | {ok, {stdout | stderr, received()}}
    | {error, reason()}.
recv(Process, What) ->
    recv(Process, What, infinity).

%% @doc Receives output of a process that is not active: exactly so many bytes
%% or, with 0 or no number, what is there as soon as anything is. A number
%% alone means standard output, or standard error if there is only that. If
%% the stream ends before so many have come, what there is.
%%
%% `any' is whichever stream has something, the one that has waited longer
%% first: the answer says which it was, `{ok, {stdout, Data}}'. It is `closed'
%% when both are. Who receives is served in the order of asking.
%%
%% Errors: `timeout', and nothing is lost; `closed' if the stream or the
%% process has ended; `einval' if the process is active or its output goes
%% elsewhere, or for a number of bytes where it comes in lines.
-spec recv(target(), wanted(), timeout()) ->
    {ok, received()} | {ok, {stdout | stderr, received()}}
    | {error, reason()}.
recv(Process, What, Timeout) ->
    proctor_process:recv(Process, What, Timeout).

%% @doc Sets `{active, true | false | once | N}' of a process, or of the streams
%% that a map names; a number is added to what is left of the last one. See
%% {@link run/2}. A process that was
%% run with `{active, true}' and no window has none later either: what it
%% writes waits in the node.
-spec setopts(target(), [{active, per_stream(active() | neg_integer())}]) ->
    ok | {error, reason()}.
setopts(Process, Options) ->
    proctor_process:setopts(Process, Options).

%% @equiv await(Process, infinity)
-spec await(target()) -> {ok, proctor_exit:exit()} | {error, term()}.
await(Process) ->
    await(Process, infinity).

%% @doc Waits for the end of a process and returns its exit, with what was
%% collected of its output: everybody who waits then gets it. Who has waited in
%% vain, `{error, timeout}', may ask again. What ends before anybody asks is
%% `{error, no_process}', unless it was run with `await': then it waits for the
%% one who does, and is gone after that.
%%
%% If the port program ends it is `{error, {port_closed, Exit}}', if that tells
%% nothing of an end that is due `{error, {no_answer, Exit}}', with what was
%% known.
-spec await(target(), timeout()) ->
    {ok, proctor_exit:exit()} | {error, term()}.
await(Process, Timeout) ->
    proctor_process:await(Process, Timeout).

%% @doc Stops a process: SIGTERM or its own stop command and, if that does not
%% help within its `kill_timeout', SIGKILL. Returns when this has begun. To be
%% stopped is no failure: its Erlang process ends with `normal'.
-spec stop(target()) -> ok | {error, reason()}.
stop(Process) ->
    proctor_process:stop(Process).

%% @doc Stops a process and waits until it has ended, at most `Timeout'
%% milliseconds. Returns the reason with which its Erlang process ended:
%% `normal', if stopping is what ended it. Output that waits to be received is
%% dropped, and so is an exit that waits to be taken.
-spec stop_and_wait(target(), timeout()) -> term() | {error, reason()}.
stop_and_wait(Process, Timeout) ->
    proctor_process:stop_and_wait(Process, Timeout).

%% @doc Sends a signal, by number or name, as `9' or `sigkill'.
%%
%% Errors: `esrch', `eperm', `einval', and text if the process is not one of
%% the instance.
-spec kill(target() | integer(), atom() | integer()) -> ok | {error, reason()}.
kill(Process, Signal) ->
    proctor_process:kill(Process, Signal).

%% @equiv stats(Process, infinity)
-spec stats(target()) -> {ok, proctor_cgroup:stats()} | {error, term()}.
stats(Process) ->
    stats(Process, infinity).

%% @doc What the control group of a process uses at this moment, and has used:
%% sizes in bytes, times in microseconds.
%%
%% Errors of this and of the three that follow, which all wait no longer than
%% `Timeout' milliseconds: `{cgroup, Errno, Detail}', as `{cgroup, enoent,
%% <<>>}' if it has none; `no_process'; `timeout'; `enotsup' in the dialect of
%% erlexec, which has none of them.
-spec stats(target(), timeout()) ->
    {ok, proctor_cgroup:stats()} | {error, term()}.
stats(Process, Timeout) ->
    proctor_process:stats(Process, Timeout).

%% @equiv cgroup_set(Process, Limits, infinity)
-spec cgroup_set(target(), proctor_cgroup:limits()) -> ok | {error, term()}.
cgroup_set(Process, Limits) ->
    cgroup_set(Process, Limits, infinity).

%% @doc Sets limits of the control group of a process; those that are not named
%% stay. In trees of version 1 it has one only for what it was run with a limit
%% of, and no other can be set there. `{cgroup, Errno, Name}' names the limit that cannot be had, and `{limit,
%% eperm, Name}' one above what `proctor.conf' permits; what is no limit is
%% `{badopt, {cgroup, Why}}'.
-spec cgroup_set(target(), proctor_cgroup:limits(), timeout()) ->
    ok | {error, term()}.
cgroup_set(Process, Limits, Timeout) ->
    proctor_process:cgroup_set(Process, Limits, Timeout).

%% @equiv pause(Process, infinity)
-spec pause(target()) -> {ok, cgroup | signal} | {error, term()}.
pause(Process) ->
    pause(Process, infinity).

%% @doc Holds a process, and says how: all of its control group, which then is
%% frozen (`cgroup'), or, where it has none, its process group by SIGSTOP
%% (`signal'), which it can see, and which what has left that group does not
%% get. A stop or a kill ends it all the same; its `timeout' runs on.
-spec pause(target(), timeout()) -> {ok, cgroup | signal} | {error, term()}.
pause(Process, Timeout) ->
    proctor_process:pause(Process, Timeout).

%% @equiv resume(Process, infinity)
-spec resume(target()) -> {ok, cgroup | signal} | {error, term()}.
resume(Process) ->
    resume(Process, infinity).

%% @doc Lets it go on.
-spec resume(target(), timeout()) -> {ok, cgroup | signal} | {error, term()}.
resume(Process, Timeout) ->
    proctor_process:resume(Process, Timeout).

%% @doc Sets the size of a process's terminal: 1 to 65535 of each, else it is
%% `{badopt, {winsz, {Rows, Columns}}}'.
-spec winsz(target(), Rows :: pos_integer(), Columns :: pos_integer()) ->
    ok | {error, reason()}.
winsz(Process, Rows, Columns) ->
    proctor_process:winsz(Process, Rows, Columns).

%% @doc Sets modes of a process's terminal, by the names of RFC 4254, section
%% 8, in lower case: `[{echo, 0}, {vintr, 3}]'. A character is a number from 0
%% to 255, a flag 0, 1 or a boolean, a speed a number. If some are none of
%% these it is `{invalid_pty_value, Bad}', with exactly those in their order.
-spec pty_opts(target(), [proctor_pty:mode()]) ->
    ok | {error, reason()}.
pty_opts(Process, Options) ->
    proctor_process:pty_opts(Process, Options).

%% @doc Puts a process into the process group of another child, or with 0 into
%% one of its own.
-spec setpgid(target(), non_neg_integer()) -> ok | {error, reason()}.
setpgid(Process, Group) ->
    proctor_process:setpgid(Process, Group).

%% @equiv which_children([])
-spec which_children() -> [ospid()] | {error, reason()}.
which_children() ->
    which_children([]).

%% @doc The identifiers of all OS processes of an instance.
-spec which_children(where() | atom() | pid()) ->
    [ospid()] | {error, reason()}.
which_children(Where) ->
    proctor_info:which_children(Where).

%% @doc The OS process of an Erlang process.
-spec ospid(pid()) -> ospid() | {error, reason()}.
ospid(Pid) when is_pid(Pid) ->
    proctor_process:ospid(Pid).

%% @doc The Erlang process of an OS process.
-spec pid(ospid() | {ospid(), where()}) ->
    pid() | undefined | {error, reason()}.
pid(Process) ->
    proctor_process:pid(Process).

%% @equiv debug(Level, [])
-spec debug(non_neg_integer()) ->
    {ok, OldLevel :: non_neg_integer()} | {error, reason()}.
debug(Level) ->
    debug(Level, []).

%% @doc Sets whether the port program of an instance tells on standard error what
%% is only good to know: 0 is no, 1 to 10 are yes, and one as the other. Returns
%% what it was.
-spec debug(non_neg_integer(), where() | atom() | pid()) ->
    {ok, OldLevel :: non_neg_integer()} | {error, reason()}.
debug(Level, Where) ->
    proctor_info:debug(Level, Where).

%% @equiv info([])
-spec info() -> {ok, map()} | {error, reason()}.
info() ->
    info([]).

%% @doc What an instance knows of itself, in a map, or what is known of one
%% process.
%%
%% <dl>
%% <dt>`instance', `node', `pid', `dialect'</dt><dd>Its name, node, server and
%%   dialect.</dd>
%% <dt>`runs', `refused', `restarts'</dt><dd>How many commands it has run, how
%%   many it could not, and how often it was started again because it had ended,
%%   since one of that name was last told to end.</dd>
%% <dt>`exits', `bytes'</dt><dd>How many commands have ended, by their reason
%%   ({@link proctor_exit:reason()}; `unknown' in the dialect of erlexec), and how
%%   many bytes have passed, by stream: `#{stdin := N, stdout := N, stderr := N}'.
%%   </dd>
%% <dt>`left_behind'</dt><dd>What has fallen to the port program because its
%%   parent has ended, and runs still, with all below it, as
%%   {@link proctor_usage:sum()}; `undefined' where `/proc' does not tell.</dd>
%% <dt>`hello', `port_os_pid'</dt><dd>What the port program said of itself, in
%%   `cgroup' also where its control groups are or why there are none, in
%%   `orphans' who ends what has lost its parent (`reaper', `guard' or `none'), and
%%   its OS process.</dd>
%% <dt>`uptime_ms', `parts'</dt><dd>How long the instance is up, and each part
%%   of its port program, as `#{broker := #{uptime_ms := Ms}, priv := ...,
%%   worker := ...}'. If one of these dies the port program ends, and the
%%   instance with it: so they are of one age, that of the port program's
%%   first answer.</dd>
%% <dt>`pending', `messages', `writer_messages'</dt><dd>How many requests wait
%%   for an answer of the port program, how many messages for the server, and
%%   how many writes until the port program reads what was written before.</dd>
%% <dt>`replaced'</dt><dd>Whether another has its name: see
%%   {@link replace_instance/2}.</dd>
%% <dt>`launchers_down'</dt><dd>The users whose launcher has died: nothing is
%%   run as them any more, and the port program ends when no child is left.</dd>
%% <dt>`orphans'</dt><dd>How many OS processes are being stopped because their
%%   Erlang process has died.</dd>
%% <dt>`children'</dt><dd>A map for each OS process: `pid', `ospid', `command',
%%   `caller', `active', `window' (0 is none), `uptime_ms'; `bytes' that have
%%   passed, by stream; `queued', the bytes that wait by stream, the pieces
%%   that a function or the screen has not done with (`sink'), and `messages';
%%   `stdin_unacked', the bytes that the port program has and the OS process
%%   has not, or up to an eighth of the window more, of which it is not told; how many wait in {@link recv/3} (`receivers'); and `live', where
%%   that is known: see below.</dd>
%% </dl>
%%
%% Of a process, by either of its ends, it is the map that is in `children'.
%% `live' is what it uses at this moment, as {@link proctor_usage:live()}:
%% processor time, memory, the same of all its descendants, threads, user, and
%% since when it runs. `/proc' of its node's machine says that; where that
%% hides it, it is `{error, Posix}' of one process, and not there among
%% `children', as it is not if the port program does not say in a second that it
%% has it still. What has fallen to the port program, as the children of one that
%% has ended do, is nobody's descendant: `left_behind' has that.
-spec info(where() | atom() | target()) -> {ok, map()} | {error, reason()}.
info(Where) ->
    proctor_info:info(Where).

%% @doc Prints what runs in all instances of this node, as `c:i/0' does: of each
%% OS process its user and since when it runs, processor time and memory with
%% those of its descendants and how many (`Below') they are, and the bytes that
%% have passed and wait. {@link proctor_prometheus} has the figures of instances
%% for programs.
-spec i() -> ok.
i() ->
    proctor_info:i().

%% @doc Reads a raw exit status: how a process exited, or which signal ended
%% it and whether it left a core file. -1, which is all there is to say of a
%% process that was taken over with {@link manage/2}, becomes a signal that
%% does not exist, `{signal, 127, true}', as it does in erlexec.
-spec status(integer()) ->
    {status, ExitStatus :: 0..255} |
    {signal, Signal :: 1..127, Core :: boolean()}.
status(Status) when is_integer(Status) ->
    proctor_exit:status(Status).

%% @doc The name of a signal, or its number if it has no name.
-spec signal(integer()) -> atom() | integer().
signal(Number) ->
    proctor_signal:to_atom(Number).

%% @doc The number of a signal. Fails with `badarg' for an unknown name.
-spec signal_to_int(atom() | integer()) -> integer().
signal_to_int(Signal) ->
    proctor_signal:to_int(Signal).
