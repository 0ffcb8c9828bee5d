%% @doc A long-running OS process as a member of a supervision tree. It is
%% started with the daemon and lives as long; if it ends by itself so does the
%% daemon, with a reason that the supervisor judges by its `restart'. Its
%% output goes to the logger line by line, or where it is wanted.
%%
%% ```
%% init([]) ->
%%     Daemon = {"/usr/bin/redis-server", ["--port", "6380"],
%%               [{name, redis}, {log, info}, {ready, {line, "Ready"}}]},
%%     {ok, {#{strategy => one_for_one}, [proctor_daemon:child_spec(Daemon)]}}.
%% '''
%%
%% Options, besides those of {@link proctor:run/2} that concern the OS process
%% (`cd', `env', `user', `kill', `nice', `instance' and so on). Its output may
%% go elsewhere (`{stdout, null | File}'); what it shares with its process group
%% ends with it unless `{kill_group, false}' says no. What is wrong with the
%% command, its arguments or an option is `{error, {options, einval, What}}', as
%% in {@link proctor:cmd/3}.
%%
%% <dl>
%% <dt>`{name, Name}'</dt><dd>An atom to register the daemon as, or
%%   `{local, Atom}', `{global, Term}' or `{via, Module, Term}'.</dd>
%% <dt>`{start, now | later}'</dt><dd>With `now', which is so unless something
%%   else is said, who starts the daemon waits until its OS process runs and is
%%   ready, and is told what has failed. With `later' it is told of a wrong
%%   option only: the OS process is started then, and what fails ends the
%%   daemon, with `{spawn, Reason}' if it does not run at all.</dd>
%% <dt>`{wait_for, Fun}'</dt><dd>Before the OS process is started `Fun' is
%%   called in a process of its own, and its end is waited for. If it fails that
%%   ends the daemon, with `{Reason, Stacktrace}'.</dd>
%% <dt>`{exit_to_reason, Fun}'</dt><dd>With what the daemon ends after the OS
%%   process did: `Fun' gets {@link proctor_exit:exit()}. Otherwise it is
%%   `normal' after an exit code of 0, else `{exited, Code}' or
%%   `{signaled, Signal, Core}'.</dd>
%% <dt>`{error_to_reason, Fun}'</dt><dd>With what it fails to start, or ends
%%   when nobody can tell how the OS process did: `Fun' gets what it would be
%%   otherwise, without `spawn'.</dd>
%% <dt>`{ready, Check}'</dt><dd>The daemon has started when `Check' says so:
%%   `{line, Regexp}' waits for a line of output that matches (as bytes, so of
%%   UTF-8; or what re:compile/2 has made), `{text, Text}' for one that has that
%%   in it; `{tcp, Port}' and `{tcp, Host, Port}' until there is something that
%%   takes connections, whatever it is, `{file, Path}' until there is a file; a
%%   function of no arguments is called in a process of its own until it says
%%   `true'. If that fails so does the start, `{not_ready, {Reason,
%%   Stacktrace}}', and if the OS process ends it is `{ended, Reason}'. Unless
%%   it started `later', calls of the daemon wait meanwhile.</dd>
%% <dt>`{ready_timeout, Ms | infinity}'</dt><dd>Otherwise it fails to start with
%%   `{not_ready, Ms}' (10000). What it has written until then is logged.</dd>
%% <dt>`{ready_poll, Ms}'</dt><dd>How long between two looks (50).</dd>
%% <dt>`{stop_signal, Signal}'</dt><dd>What asks it and its process group to
%%   stop (SIGTERM); the option `kill' is a command that does. If that does not
%%   help within `kill_timeout' seconds (5) all of them get SIGKILL. If nothing
%%   is heard of its end for 3 seconds more the daemon ends without, and its
%%   instance sees to the rest.</dd>
%% <dt>`{log, Level}'</dt><dd>Log each line at this level (`info', which
%%   Erlang's logger shows only if its own level is set to that), `none' for not
%%   at all.</dd>
%% <dt>`{log_prefix, Text}'</dt><dd>What each line begins with (the name of
%%   the program, a colon and a space).</dd>
%% <dt>`{log_metadata, Map}'</dt><dd>More metadata for the logger; `ospid',
%%   `stream', `daemon' and `domain', `[proctor, daemon]', are there.</dd>
%% <dt>`{log_transform, Fun}'</dt><dd>What is logged of a line. Otherwise each
%%   byte that is no part of UTF-8 becomes U+FFFD.</dd>
%% <dt>`{output, Where}'</dt><dd>Instead of logging, send `{proctor_daemon,
%%   Daemon, Stream, Line}' to a process, `Pid' or `{send, Pid}', or `{Tag,
%%   Daemon, Stream, Line}' with `{send, Pid, Tag}'; or call a function,
%%   `Fun(Line)', `Fun(Stream, Line)' or, with `{Module, Function, Args}',
%%   `Module:Function(Line, Args...)'. The line is as it was written. The OS
%%   process waits for a function that takes its time, and not for another
%%   process. A function that fails ends the daemon with `{Reason,
%%   Stacktrace}'.</dd>
%% <dt>`{output_as, lines | chunks}'</dt><dd>With `chunks' it gets what came as
%%   it came. The logger takes lines.</dd>
%% <dt>`{max_line, Bytes}'</dt><dd>What is longer is no line (65536).</dd>
%% <dt>`{long_lines, split | cut | drop}'</dt><dd>It comes in several (`split',
%%   which is so unless something else is said), is cut, or is left out. Where
%%   it is logged all that is not the end of a line ends in ` [...]' and has
%%   `part => true' in its metadata, and what is left out is that alone; {@link
%%   statistics/1} counts it in `cut' or `dropped'.</dd>
%% <dt>`{last_line, keep | drop}'</dt><dd>Whether what no newline ends, at the
%%   end, is a line (`keep').</dd>
%% <dt>`{cr, keep | strip}'</dt><dd>Whether a carriage return before a newline
%%   belongs to the line (`keep').</dd>
%% <dt>`stderr_to_stdout'</dt><dd>One stream for both.</dd>
%% <dt>`{cgroup, auto | false | true | Limits}'</dt><dd>As in {@link
%%   proctor:run/2}, but that it is `auto' unless something else is said: where
%%   there are control groups it has one, so that nothing that it has started
%%   outlives it. When a limit is met the log has a warning.</dd>
%% </dl>
%%
%% Neither its logs nor its state hold arguments or environment, nor does what a
%% supervisor reports of it, if that has it from {@link child_spec/1}. Of one
%% that starts it by {@link start_link/3} a report has the arguments.
-module(proctor_daemon).
-behaviour(gen_server).

-include_lib("kernel/include/logger.hrl").

-export([child_spec/1, start_link/1, start_link/3, ospid/1, statistics/1,
         send/2, send/3, signal/2, stop/1, stop/2]).
-export([stats/1, cgroup_set/2, pause/1, resume/1, has_cgroup/1]).
-export([init/1, handle_continue/2, handle_call/3, handle_cast/2,
         handle_info/2, terminate/2, format_status/1]).

-export_type([option/0, spec/0, name/0, statistics/0]).

-type option() :: {name, name()}
                | {start, now | later}
                | {wait_for, fun(() -> term())}
                | {exit_to_reason, fun((proctor_exit:exit()) -> term())}
                | {error_to_reason, fun((term()) -> term())}
                | {ready, {line, iodata() | tuple()} | {text, iodata()}
                          | {tcp, inet:port_number()}
                          | {tcp, inet:ip_address() | inet:hostname(),
                             inet:port_number()}
                          | {file, proctor:text()} | fun(() -> boolean())}
                | {ready_timeout, timeout()}
                | {ready_poll, pos_integer()}
                | {stop_signal, atom() | pos_integer()}
                | {log, logger:level() | none}
                | {log_prefix, proctor:text()}
                | {log_metadata, map()}
                | {log_transform, fun((binary()) -> unicode:chardata())}
                | {output, pid() | {send, pid()} | {send, pid(), Tag :: term()}
                           | fun((binary()) -> term())
                           | fun((stdout | stderr, binary()) -> term())
                           | {module(), atom(), [term()]}}
                | {output_as, lines | chunks}
                | {long_lines, split | cut | drop}
                | {last_line, keep | drop}
                | proctor:line_option()
                | stderr_to_stdout
                | proctor:run_option().

-type name() :: atom() | {local, atom()} | {global, term()}
              | {via, module(), term()}.

-type spec() :: {proctor:text(), [proctor:text()]}
              | {proctor:text(), [proctor:text()], [option()]}
              | [{argv, [proctor:text(), ...]} | option()].
%% A command, its arguments and the options.

-type statistics() :: #{ospid := proctor:ospid() | undefined,
                        ready := boolean(),
                        bytes := non_neg_integer(),
                        lines := non_neg_integer(),
                        cut := non_neg_integer(),
                        dropped := non_neg_integer(),
                        restarts := non_neg_integer(),
                        uptime_ms := non_neg_integer(),
                        last_exit := proctor_exit:exit() | undefined}.
%% `bytes', `lines', `cut', the lines that were longer than `max_line', and
%% `dropped' are of this start; `last_exit' of the one before, with the
%% resources that it used.

%% Pieces of output that come before the next must be asked for.
-define(BURST, 16).

%% How long an instance that restarts is waited for, and how long the answer of
%% one may take, in milliseconds.
-define(PATIENCE, 5000).
-define(ANSWER, 30000).
-define(PAUSE, 50).

%% What the news of an end may take once its time to be killed is over, and what
%% a supervisor allows for the rest, in milliseconds.
-define(MARGIN, 3000).
-define(LONGEST, 16#FFFF0000).
-define(REST, 2000).


-record(daemon, {key :: term(),
                 %% Until it runs.
                 run :: done | proctor_secret:secret(
                                 {proctor:text(), [proctor:text()],
                                  [term()]}),
                 options :: map(),
                 %% What its stop may take, in milliseconds.
                 limit :: non_neg_integer(),
                 %% Whether its options ask for a control group, and how
                 %% often limits of it were met when that was last logged.
                 has_cgroup :: boolean(),
                 met = #{} :: proctor_cgroup:events(),
                 phase = new :: phase(),
                 known :: map(),
                 pid :: pid() | undefined,
                 ospid :: proctor:ospid() | undefined,
                 output :: proctor_daemon_output:output(),
                 exit :: undefined | proctor_exit:exit(),
                 started = now_ms() :: integer()}).

-type phase() :: new
               | {waiting, pid()}
               %% The time that it has, and the process that looks.
               | {unready, reference() | none, pid() | none}
               | ready
               %% It was asked to end, and has so much time.
               | {stopping, reference()}.

%% @doc How a supervisor starts `{Command, Args}' or
%% `{Command, Args, Options}', or options with `{argv, [Command | Args]}' among
%% them. The identifier is the name, or the command.
-spec child_spec(spec()) -> supervisor:child_spec().
child_spec(Spec) ->
    {Command, _, Options} = Given = given(Spec),
    %% What is wrong with them is for the start to tell.
    {Own, RunOptions} = case proctor_option_table:divide(daemon, Options) of
                            {ok, Its, Rest} -> {Its, Rest};
                            {error, _} -> {#{}, []}
                        end,
    Id = case bare(Own) of
             #{name := Name} when Name =/= undefined -> Name;
             #{} -> Command
         end,
    #{id => Id,
      start => {?MODULE, start_link, [proctor_secret:hide(Given)]},
      restart => permanent,
      shutdown => stop_limit(RunOptions) + ?REST,
      type => worker,
      modules => [?MODULE]}.

given({Command, Args}) ->
    {Command, Args, []};
given({Command, Args, Options}) ->
    {Command, Args, Options};
given(Options) ->
    case lists:keytake(argv, 1, Options) of
        {value, {argv, [Command | Args]}, Rest} -> {Command, Args, Rest};
        _ -> {undefined, [], lists:keydelete(argv, 1, Options)}
    end.

bare(#{name := {local, Name}} = Own) -> Own#{name := Name};
bare(Own) -> Own.

%% @doc The same as start_link/3, of options with `{argv, [Command | Args]}'
%% among them, or what {@link child_spec/1} has a supervisor call.
-spec start_link([{argv, [proctor:text(), ...]} | option()]
                 | proctor_secret:secret({proctor:text(), [proctor:text()],
                                          [option()]})) ->
    {ok, pid()} | {error, term()}.
start_link(Options) when is_list(Options) ->
    start_given(given(Options));
start_link(Hidden) ->
    start_given(proctor_secret:show(Hidden)).

start_given({Command, Args, Options}) ->
    start_link(Command, Args, Options).

%% @doc Starts a command, found through PATH, and the daemon that stands for
%% it. Returns when it runs or, with the option `ready', when it is ready; with
%% `{start, later}' at once.
-spec start_link(proctor:text(), [proctor:text()], [option()]) ->
    {ok, pid()} | {error, term()}.
start_link(Command, Args, Options) ->
    case proctor_option_table:divide(daemon, Options) of
        {error, Problem} ->
            {error, {options, einval, proctor_option_table:explain(Problem)}};
        {ok, Own, RunOptions} ->
            Init = {Command, Args, maps:merge(defaults(Command), Own),
                    RunOptions},
            case Own of
                #{name := Name} when Name =/= undefined ->
                    gen_server:start_link(Name, ?MODULE, Init, []);
                #{} ->
                    gen_server:start_link(?MODULE, Init, [])
            end
    end.

%% @doc The OS process; `undefined' until there is one.
-spec ospid(gen_server:server_ref()) -> proctor:ospid() | undefined.
ospid(Daemon) ->
    gen_server:call(Daemon, ospid, infinity).

%% @doc What it has written, how often it was restarted, and how it ended the
%% last time. Restarts are counted while the application `proctor' runs.
-spec statistics(gen_server:server_ref()) -> statistics().
statistics(Daemon) ->
    gen_server:call(Daemon, statistics, infinity).

%% @doc Writes to its standard input, if it has the option `stdin', as
%% {@link proctor:send/2} does. Who sends waits, not the daemon.
-spec send(gen_server:server_ref(), iodata() | eof) -> ok | {error, term()}.
send(Daemon, Data) ->
    with_process(Daemon, fun(Pid) -> proctor:send(Pid, Data) end).

%% @doc The same, with options, as {@link proctor:send/3} has them.
-spec send(gen_server:server_ref(), iodata() | eof, [{timeout, timeout()}]) ->
    ok | {error, term()}.
send(Daemon, Data, Options) ->
    with_process(Daemon, fun(Pid) -> proctor:send(Pid, Data, Options) end).

%% @doc Sends a signal to the OS process.
-spec signal(gen_server:server_ref(), atom() | integer()) ->
    ok | {error, term()}.
signal(Daemon, Signal) ->
    with_process(Daemon, fun(Pid) -> proctor:kill(Pid, Signal) end).

%% @doc What its control group uses: see {@link proctor:stats/1}.
-spec stats(gen_server:server_ref()) ->
    {ok, proctor_cgroup:stats()} | {error, term()}.
stats(Daemon) ->
    with_process(Daemon, fun proctor:stats/1).

%% @doc Sets limits: see {@link proctor:cgroup_set/2}.
-spec cgroup_set(gen_server:server_ref(), proctor_cgroup:limits()) ->
    ok | {error, term()}.
cgroup_set(Daemon, Limits) ->
    with_process(Daemon, fun(Pid) -> proctor:cgroup_set(Pid, Limits) end).

%% @doc Holds it: see {@link proctor:pause/1}.
-spec pause(gen_server:server_ref()) -> {ok, cgroup | signal} | {error, term()}.
pause(Daemon) ->
    with_process(Daemon, fun proctor:pause/1).

%% @doc Lets it go on.
-spec resume(gen_server:server_ref()) ->
    {ok, cgroup | signal} | {error, term()}.
resume(Daemon) ->
    with_process(Daemon, fun proctor:resume/1).

%% @private Whether its options ask for one, and not only its instance has some.
-spec has_cgroup(gen_server:server_ref()) -> boolean().
has_cgroup(Daemon) ->
    gen_server:call(Daemon, has_cgroup, infinity).

with_process(Daemon, Fun) ->
    case gen_server:call(Daemon, process, infinity) of
        undefined -> {error, no_process};
        Pid -> Fun(Pid)
    end.

%% @doc Stops the OS process gracefully, and the daemon with it: not later than
%% 3 seconds after its `kill_timeout', whatever the port program does.
-spec stop(gen_server:server_ref()) -> ok.
stop(Daemon) ->
    gen_server:stop(Daemon).

%% @doc Sends the OS process this signal first, and stops it as stop/1 does if
%% it lives when its `kill_timeout' is over.
-spec stop(gen_server:server_ref(), atom() | pos_integer()) ->
    ok | {error, term()}.
stop(Daemon, Signal) ->
    case gen_server:call(Daemon, {stop, Signal}, infinity) of
        {ok, Pid} ->
            Ref = monitor(process, Pid),
            receive {'DOWN', Ref, process, _, _} -> ok end;
        {error, _} = Error ->
            Error
    end.

%%% gen_server

%% @private
-spec init({proctor:text(), [proctor:text()], map(), [term()]}) ->
    {ok, #daemon{}} | {ok, #daemon{}, {continue, start}}.
init({Command, Args, Own, RunOptions}) ->
    process_flag(trap_exit, true),
    Daemon = #daemon{key = key(bare(Own), Command, Args),
                     known = known(bare(Own), Command, RunOptions),
                     run = proctor_secret:hide({Command, Args, RunOptions}),
                     options = Own,
                     limit = stop_limit(RunOptions),
                     has_cgroup = has_cgroup_option(RunOptions),
                     output = proctor_daemon_output:new(Own)},
    case Own of
        #{start := later} -> {ok, Daemon, {continue, start}};
        #{start := now} -> settled(start(Daemon), parent())
    end.

%% Takes what is about the start, and nothing else: calls and the like wait for
%% their turn.
settled({stop, Reason, Daemon}, _Parent) ->
    give_up(Reason, Daemon);
settled({noreply, #daemon{phase = ready} = Daemon}, _Parent) ->
    {ok, Daemon};
settled({noreply, #daemon{ospid = OsPid} = Daemon}, Parent) ->
    receive
        {'EXIT', Parent, Reason} ->
            give_up(Reason, Daemon);
        {Key, OsPid, _} = Message when Key =:= stdout; Key =:= stderr;
                                       Key =:= exit ->
            settled(handle_info(Message, Daemon), Parent);
        {passive, OsPid} = Message ->
            settled(handle_info(Message, Daemon), Parent);
        {'EXIT', _, _} = Message ->
            settled(handle_info(Message, Daemon), Parent);
        {timeout, _, ready} = Message ->
            settled(handle_info(Message, Daemon), Parent)
    end.

%% The reason as it is, and no crash.
-spec give_up(term(), #daemon{}) -> no_return().
give_up(Reason, Daemon) ->
    _ = ended(Reason, Daemon),
    ok = unregister_name(Daemon),
    proctor_exit:quit(Reason).

%% Before anybody hears of the end: who registers it again may be quicker than
%% who registers names.
unregister_name(#daemon{options = #{name := {global, Name}}}) ->
    _ = global:unregister_name(Name),
    ok;
unregister_name(#daemon{options = #{name := {via, Module, Name}}}) ->
    _ = Module:unregister_name(Name),
    ok;
unregister_name(_Daemon) ->
    ok.

parent() ->
    case get('$ancestors') of
        [Pid | _] when is_pid(Pid) -> Pid;
        [Name | _] -> whereis(Name);
        _ -> undefined
    end.

%% @private
-spec handle_continue(start, #daemon{}) ->
    {noreply, #daemon{}} | {stop, term(), #daemon{}}.
handle_continue(start, Daemon) ->
    start(Daemon).

%%% The start

start(#daemon{options = #{wait_for := none}} = Daemon) ->
    launch(Daemon);
start(#daemon{options = #{wait_for := Fun}} = Daemon) ->
    Waiter = spawn_link(fun() ->
                 try
                     Fun()
                 catch
                     _:Reason:Stack -> exit({Reason, proctor_log:stack(Stack)})
                 end
             end),
    {noreply, Daemon#daemon{phase = {waiting, Waiter}}}.

launch(#daemon{run = Hidden} = Daemon) ->
    {Command, Args, RunOptions} = proctor_secret:show(Hidden),
    Node = proplists:get_value(node, RunOptions, node()),
    try
        Argv = proctor_cmd:argv(Command, Args, Node),
        run(Argv, [{active, ?BURST} | RunOptions], now_ms() + ?PATIENCE)
    of
        {ok, Pid, OsPid} ->
            await_ready(RunOptions, Node,
                        Daemon#daemon{run = done, pid = Pid, ospid = OsPid});
        {error, {badopt, What}} ->
            not_run({options, einval, What}, Daemon);
        {error, {invalid_pty_value, _} = What} ->
            not_run({options, einval, What}, Daemon);
        {error, timeout} ->
            not_run(no_answer, Daemon);
        {error, Reason} ->
            not_run(Reason, Daemon)
    catch
        throw:{parent, Reason} -> {stop, Reason, Daemon};
        throw:Wrong -> not_run(Wrong, Daemon)
    end.

%% While the instance restarts there is nobody to ask.
run(Argv, RunOptions, Deadline) ->
    case proctor:run_link(Argv, RunOptions, ?ANSWER) of
        {error, Reason} = Error when Reason =:= not_started;
                                     Reason =:= port_closed ->
            case now_ms() < Deadline of
                true ->
                    ok = nap(parent()),
                    run(Argv, RunOptions, Deadline);
                false ->
                    Error
            end;
        Result ->
            Result
    end.

nap(Parent) ->
    receive
        {'EXIT', Parent, Reason} -> throw({parent, Reason})
    after ?PAUSE ->
        ok
    end.

%% Who was told already that it is there is told why it is not.
not_run(Reason, #daemon{options = #{start := later,
                                    error_to_reason := none}} = Daemon) ->
    {stop, {spawn, Reason}, Daemon};
not_run(Reason, Daemon) ->
    failed(Reason, Daemon).

failed(Reason, #daemon{options = #{error_to_reason := none}} = Daemon) ->
    {stop, Reason, Daemon};
failed(Reason, #daemon{options = #{error_to_reason := Fun}} = Daemon) ->
    {stop, told(Fun, Reason), Daemon}.

await_ready(_RunOptions, _Node, #daemon{options = #{ready := none}} = Daemon) ->
    {noreply, Daemon#daemon{phase = ready}};
await_ready(RunOptions, Node, #daemon{options = Options, output = Output}
            = Daemon) ->
    #{ready := Check, ready_timeout := Timeout, ready_poll := Every} = Options,
    Timer = case Timeout of
                infinity -> none;
                _ -> erlang:start_timer(Timeout, self(), ready)
            end,
    case proctor_ready:line(Check) of
        {ok, Fun} ->
            Awaiting = proctor_daemon_output:await(Fun, Output),
            {noreply, Daemon#daemon{phase = {unready, Timer, none},
                                    output = Awaiting}};
        none ->
            Poller = proctor_ready:start(in_place(Check, RunOptions), Node,
                                         Every),
            {noreply, Daemon#daemon{phase = {unready, Timer, Poller}}}
    end.

%% Its files are where it is.
in_place({file, Path}, RunOptions) ->
    {file, filename:absname(Path, proplists:get_value(cd, RunOptions, "."))};
in_place(Check, _RunOptions) ->
    Check.

ready(#daemon{phase = {unready, Timer, _}} = Daemon) ->
    _ = Timer =:= none orelse erlang:cancel_timer(Timer),
    {noreply, Daemon#daemon{phase = ready}}.

%%% Requests

%% @private
-spec handle_call(term(), gen_server:from(), #daemon{}) ->
    {reply, term(), #daemon{}} | {stop, normal, term(), #daemon{}}.
handle_call(ospid, _From, #daemon{ospid = OsPid} = Daemon) ->
    {reply, OsPid, Daemon};
handle_call(process, _From, #daemon{pid = Pid} = Daemon) ->
    {reply, Pid, Daemon};
handle_call(has_cgroup, _From, #daemon{has_cgroup = Has} = Daemon) ->
    {reply, Has, Daemon};
handle_call(statistics, _From, #daemon{ospid = OsPid, output = Output,
                                       phase = Phase, started = Started,
                                       key = Key} = Daemon) ->
    {Restarts, LastExit} = proctor_restarts:find(Key),
    {reply, maps:merge(proctor_daemon_output:counts(Output),
                       #{ospid => OsPid, ready => Phase =:= ready,
                         restarts => Restarts,
                         uptime_ms => now_ms() - Started,
                         last_exit => LastExit}), Daemon};
handle_call({stop, _Signal}, _From, #daemon{pid = undefined} = Daemon) ->
    {stop, normal, {ok, self()}, Daemon};
handle_call({stop, Signal}, _From, #daemon{pid = Pid} = Daemon) ->
    case proctor:kill(Pid, Signal) of
        {error, einval} = Error ->
            {reply, Error, Daemon};
        _ ->
            Timer = erlang:start_timer(Daemon#daemon.limit - ?MARGIN, self(),
                                       stop),
            ok = kill_helper(Daemon),
            {reply, {ok, self()}, Daemon#daemon{phase = {stopping, Timer}}}
    end;
handle_call(_Request, _From, Daemon) ->
    {reply, {error, badarg}, Daemon}.

%% @private
-spec handle_cast(term(), #daemon{}) -> {noreply, #daemon{}}.
handle_cast(_Message, Daemon) ->
    {noreply, Daemon}.

%% @private
-spec handle_info(term(), #daemon{}) ->
    {noreply, #daemon{}} | {stop, term(), #daemon{}}.
handle_info({Stream, OsPid, Data}, #daemon{ospid = OsPid} = Daemon)
  when Stream =:= stdout; Stream =:= stderr ->
    heard(fun(Output) ->
              proctor_daemon_output:put(Stream, Data, OsPid, Output)
          end, Daemon);
handle_info({passive, OsPid}, #daemon{ospid = OsPid, pid = Pid} = Daemon) ->
    _ = proctor:setopts(Pid, [{active, ?BURST}]),
    {noreply, Daemon};
handle_info({exit, OsPid, #{reason := Why}}, #daemon{ospid = OsPid} = Daemon)
  when Why =:= port_closed; Why =:= no_answer ->
    %% How it did nobody knows.
    {noreply, Daemon};
handle_info({exit, OsPid, Exit}, #daemon{ospid = OsPid} = Daemon) ->
    %% What was told of its limits may have been overtaken by its end.
    Met = maps:with([oom_kill, pids_denied, memory_high],
                    maps:get(cgroup, Exit, #{})),
    {noreply, limited(Met, Daemon#daemon{exit = Exit})};
handle_info({cgroup, OsPid, Events}, #daemon{ospid = OsPid} = Daemon) ->
    {noreply, limited(Events, Daemon)};
handle_info({'EXIT', Pid, Reason}, #daemon{pid = Pid} = Daemon) ->
    over(Reason, Daemon);
handle_info({'EXIT', Waiter, Reason},
            #daemon{phase = {waiting, Waiter}} = Daemon) ->
    case Reason of
        normal -> launch(Daemon#daemon{phase = new});
        _ -> {stop, Reason, Daemon#daemon{phase = new}}
    end;
handle_info({'EXIT', Poller, Reason},
            #daemon{phase = {unready, _, Poller}} = Daemon) ->
    case Reason of
        ready -> ready(Daemon);
        _ -> failed({not_ready, Reason}, Daemon)
    end;
handle_info({'EXIT', _Other, Reason}, Daemon) when Reason =/= normal ->
    %% As a function that makes processes and links to them would have it.
    {stop, Reason, Daemon};
handle_info({timeout, Timer, ready},
            #daemon{phase = {unready, Timer, _},
                    options = #{ready_timeout := Timeout}} = Daemon) ->
    failed({not_ready, Timeout}, Daemon);
handle_info({timeout, Timer, stop},
            #daemon{phase = {stopping, Timer}} = Daemon) ->
    {stop, normal, Daemon};
handle_info(_Message, Daemon) ->
    {noreply, Daemon}.

heard(Put, #daemon{output = Output, phase = Phase} = Daemon) ->
    try Put(Output) of
        Output1 ->
            Daemon1 = Daemon#daemon{output = Output1},
            case {Phase, proctor_daemon_output:awaited(Output1)} of
                {{unready, _, none}, false} -> ready(Daemon1);
                _ -> {noreply, Daemon1}
            end
    catch
        throw:{output_failed, Reason} ->
            Mute = proctor_daemon_output:mute(Output),
            {stop, Reason, Daemon#daemon{output = Mute}}
    end.

%% At a limit it may be for long: each is logged when it is met, and whenever it
%% was met twice as often as it was then.
limited(Events, #daemon{met = Met, known = #{program := Program},
                        ospid = OsPid} = Daemon) ->
    More = [{Event, Count} || {Event, Count} <- maps:to_list(Events),
                              is_integer(Count), Count > 0,
                              Count >= 2 * maps:get(Event, Met, 0)],
    _ = [?LOG_WARNING("~tp (~w): ~ts, ~w in all",
                      [Program, OsPid, event(Event), Count],
                      #{domain => [proctor, daemon], ospid => OsPid,
                        daemon => self()}) || {Event, Count} <- More],
    Daemon#daemon{met = maps:merge(Met, maps:from_list(More))}.

event(oom_kill) -> "processes killed for lack of memory";
event(pids_denied) -> "processes that were too many";
event(memory_high) -> "times above memory_high";
event(Event) -> atom_to_list(Event).

%% The OS process has ended, or nobody knows of it any more.
over(Reason, #daemon{phase = Phase} = Daemon) ->
    case {last_lines(Daemon#daemon{pid = undefined}), Phase} of
        {{stop, _, _} = Stop, _} -> Stop;
        {{noreply, Daemon1}, {stopping, _}} -> {stop, normal, Daemon1};
        {{noreply, Daemon1}, {unready, _, _}} ->
            failed({ended, exit_reason(Reason, Daemon1)}, Daemon1);
        {{noreply, #daemon{exit = undefined} = Daemon1}, _} ->
            failed(Reason, Daemon1);
        {{noreply, Daemon1}, _} ->
            {stop, exit_reason(Reason, Daemon1), Daemon1}
    end.

last_lines(#daemon{ospid = OsPid} = Daemon) ->
    heard(fun(Output) -> proctor_daemon_output:last(OsPid, Output) end,
          Daemon).

exit_reason(Reason, #daemon{exit = undefined}) ->
    Reason;
exit_reason(_Reason, #daemon{exit = Exit, options = Options}) ->
    #{exit_to_reason := Fun} = Options,
    told(Fun, Exit).

%% What a function of the user's says, or how it has failed.
told(Fun, Arg) ->
    try
        Fun(Arg)
    catch
        _:Reason:Stack -> {Reason, proctor_log:stack(Stack)}
    end.

%%% The end

%% @private
-spec terminate(term(), #daemon{}) -> ok.
terminate(Reason, Daemon) ->
    remember(Reason, ended(Reason, Daemon)).

ended(Reason, Daemon) ->
    ok = kill_helper(Daemon),
    #daemon{key = Key, known = Known, started = Started, exit = Exit,
            ospid = OsPid} = Daemon1 = stopped(Daemon),
    {Restarts, _} = proctor_restarts:find(Key),
    Status = case Exit of
                 #{status := How} -> How;
                 undefined -> unknown
             end,
    ok = proctor_telemetry:daemon_exit(
           Reason, Started, Known#{os_pid => OsPid, status => Status,
                                   restarts => Restarts}),
    Daemon1.

%% What telemetry is to hear of it.
known(#{name := Name}, Command, RunOptions) ->
    #{name => Name, program => proctor_log:program([Command]),
      instance => proplists:get_value(instance, RunOptions, proctor),
      telemetry => proplists:get_value(telemetry, RunOptions, terse),
      metadata => proplists:get_value(telemetry_metadata, RunOptions, #{})}.

%% Who waits or looks for us.
kill_helper(#daemon{phase = {waiting, Pid}}) -> kill_process(Pid);
kill_helper(#daemon{phase = {unready, _, Pid}}) when is_pid(Pid) ->
    kill_process(Pid);
kill_helper(_Daemon) -> ok.

kill_process(Pid) ->
    true = unlink(Pid),
    true = exit(Pid, kill),
    ok.

%% What it says while it stops is still its output, at the pace at which that is
%% taken. One that does not end in time is left to its instance.
stopped(#daemon{pid = undefined} = Daemon) ->
    Daemon;
stopped(#daemon{pid = Pid, limit = Limit} = Daemon) ->
    Deadline = now_ms() + Limit,
    _ = proctor_ref:ask(Pid, fun(Server, Target) ->
                                 proctor_server:stop(Server, Target, Limit)
                             end),
    last_output(Deadline, Daemon).

last_output(Deadline, #daemon{pid = Pid, ospid = OsPid} = Daemon) ->
    receive
        {Key, OsPid, _} = Message when Key =:= stdout; Key =:= stderr;
                                       Key =:= exit; Key =:= cgroup ->
            last_output(Deadline, state(handle_info(Message, Daemon)));
        {passive, OsPid} = Message ->
            last_output(Deadline, state(handle_info(Message, Daemon)));
        {'EXIT', Pid, _} ->
            state(last_lines(Daemon#daemon{pid = undefined}))
    after max(0, Deadline - now_ms()) ->
        ok = proctor_child:cancel(Pid),
        state(last_lines(Daemon#daemon{pid = undefined}))
    end.

state({noreply, Daemon}) -> Daemon;
state({stop, _Reason, Daemon}) -> Daemon.

%% @private Nothing that the OS process was given, or has written.
-spec format_status(gen_server:format_status()) -> gen_server:format_status().
format_status(Status) ->
    maps:map(fun(state, #daemon{} = Daemon) -> shown(Daemon);
                (message, {Stream, OsPid, Data}) when is_binary(Data) ->
                     {Stream, OsPid, byte_size(Data)};
                (log, _) -> [];
                (_, Value) -> Value
             end, Status).

shown(#daemon{ospid = OsPid, pid = Pid, phase = Phase, output = Output,
              exit = Exit}) ->
    maps:merge(proctor_daemon_output:counts(Output),
               #{ospid => OsPid, pid => Pid, phase => Phase, exit => Exit}).

%%% Options

defaults(Command) ->
    #{name => undefined, start => now, wait_for => none,
      exit_to_reason => fun exit_to_reason/1, error_to_reason => none,
      ready => none, ready_timeout => 10000, ready_poll => 50,
      log => info, log_prefix => prefix(Command), log_metadata => #{},
      log_transform => fun proctor_lines:repair/1,
      output => none, output_as => lines, max_line => 65536, cr => keep,
      long_lines => split, last_line => keep}.

prefix(Command) ->
    case proctor_text:name(Command) of
        {ok, Name} -> [proctor_lines:repair(filename:basename(Name)), ": "];
        error -> ""
    end.

exit_to_reason(#{status := {exited, 0}}) -> normal;
exit_to_reason(#{status := Status}) -> Status.

%% What a stop with these options may take, and what its news may.
stop_limit(RunOptions) ->
    min(proctor_await:stopping(RunOptions), ?LONGEST) + ?MARGIN.

has_cgroup_option(RunOptions) ->
    case proplists:get_value(cgroup, RunOptions, auto) of
        true -> true;
        Asked -> is_map(Asked)
    end.

%%% Restarts

%% The same daemon, started again: by name, or by supervisor and command, of
%% which nobody is to read the arguments.
key(#{name := undefined}, Command, Args) ->
    Digest = erlang:md5(term_to_binary({Command, Args})),
    case get('$ancestors') of
        [Parent | _] -> {Parent, Digest};
        _ -> {self(), Digest}
    end;
key(#{name := Name}, _Command, _Args) ->
    Name.

%% A daemon that is told to end is not coming back.
remember(_Reason, #daemon{key = Key, phase = {stopping, _}}) ->
    proctor_restarts:forget(Key);
remember(Reason, #daemon{key = Key, exit = Exit}) ->
    case Reason =:= normal andalso Exit =:= undefined
        orelse Reason =:= shutdown of
        true -> proctor_restarts:forget(Key);
        false -> proctor_restarts:ended(Key, Exit)
    end.

now_ms() ->
    erlang:monotonic_time(millisecond).
