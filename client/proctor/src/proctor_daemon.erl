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
%% <dt>`{name, Name}'</dt><dd>An atom to register the daemon as.</dd>
%% <dt>`{exit_to_reason, Fun}'</dt><dd>With what the daemon ends after the OS
%%   process did: `Fun' gets {@link proctor_exit:exit()}. Otherwise it is
%%   `normal' after an exit code of 0, else `{exited, Code}' or
%%   `{signaled, Signal, Core}'.</dd>
%% <dt>`{ready, Check}'</dt><dd>The daemon has started when `Check' says so:
%%   `{line, Regexp}' waits for a line of output that matches (as bytes, so of
%%   UTF-8); a function of no arguments is called every 50 milliseconds, in a
%%   process of its own, until it says `true'. If it fails so does the start,
%%   `{not_ready, {Reason, Stacktrace}}'. Calls of the daemon wait
%%   meanwhile.</dd>
%% <dt>`{ready_timeout, Ms}'</dt><dd>Otherwise it fails to start with
%%   `{not_ready, Ms}' (10000). What it has written until then is logged.</dd>
%% <dt>`{stop_signal, Signal}'</dt><dd>What asks it and its process group to
%%   stop (SIGTERM); the option `kill' is a command that does. If that does not
%%   help within `kill_timeout' seconds (5) all of them get SIGKILL. If nothing
%%   is heard of its end for 3 seconds more the daemon ends without, and its
%%   instance sees to the rest.</dd>
%% <dt>`{log, Level}'</dt><dd>Log each line at this level (`info', which
%%   Erlang's logger shows only if its own level is set to that), `none' for not
%%   at all. Each byte that is no part of UTF-8 becomes U+FFFD.</dd>
%% <dt>`{log_prefix, Text}'</dt><dd>What each line begins with (the name of
%%   the program, a colon and a space).</dd>
%% <dt>`{log_metadata, Map}'</dt><dd>More metadata for the logger; `ospid',
%%   `stream', `daemon' and `domain', `[proctor, daemon]', are there.</dd>
%% <dt>`{output, Fun | Pid}'</dt><dd>Instead of logging, call
%%   `Fun(Stream, Line)' or send `{proctor_daemon, Daemon, Stream, Line}'; the
%%   line as it is. The OS process waits for a function that takes its time,
%%   and not for another process.</dd>
%% <dt>`{max_line, Bytes}'</dt><dd>Longer lines come in several (65536). Where
%%   they are logged all but the last end in ` [...]' and have `part => true'
%%   in their metadata; {@link statistics/1} counts them in `cut'.</dd>
%% <dt>`{cr, keep | strip}'</dt><dd>Whether a carriage return before a newline
%%   belongs to the line (`keep').</dd>
%% <dt>`stderr_to_stdout'</dt><dd>One stream for both.</dd>
%% </dl>
%%
%% Neither its logs nor its state hold arguments or environment, nor does what a
%% supervisor reports of it, if that has it from {@link child_spec/1}. Of one
%% that starts it by {@link start_link/3} a report has the arguments.
-module(proctor_daemon).
-behaviour(gen_server).

-export([child_spec/1, start_link/1, start_link/3, ospid/1, statistics/1,
         stop/1]).
-export([poll/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2,
         format_status/1]).

-export_type([option/0, statistics/0]).

-type option() :: {name, atom()}
                | {exit_to_reason, fun((proctor_exit:exit()) -> term())}
                | {ready, {line, iodata()} | fun(() -> boolean())}
                | {ready_timeout, non_neg_integer()}
                | {stop_signal, atom() | pos_integer()}
                | {log, logger:level() | none}
                | {log_prefix, proctor:text()}
                | {log_metadata, map()}
                | {output, pid() | fun((stdout | stderr, binary()) -> term())}
                | proctor:line_option()
                | stderr_to_stdout
                | proctor:run_option().

-type statistics() :: #{ospid := proctor:ospid() | undefined,
                        bytes := non_neg_integer(),
                        lines := non_neg_integer(),
                        cut := non_neg_integer(),
                        restarts := non_neg_integer(),
                        uptime_ms := non_neg_integer(),
                        last_exit := proctor_exit:exit() | undefined}.
%% `bytes', `lines' and `cut', the lines that were longer than `max_line', are
%% of this start; `last_exit' of the one before, with the resources that it
%% used.


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

-type stream() :: stdout | stderr.

-record(daemon, {key :: term(),
                 options :: map(),
                 %% What its stop may take, in milliseconds.
                 limit :: non_neg_integer(),
                 pid :: pid() | undefined,
                 ospid :: proctor:ospid() | undefined,
                 lines :: #{stream() => proctor_lines:lines()},
                 bytes = 0 :: non_neg_integer(),
                 count = 0 :: non_neg_integer(),
                 cut = 0 :: non_neg_integer(),
                 %% Streams in the middle of a line that was cut.
                 within = [] :: [stream()],
                 wanted = none :: none | tuple(),
                 exit :: undefined | proctor_exit:exit(),
                 started = now_ms() :: integer()}).

%% @doc How a supervisor starts `{Command, Args}' or
%% `{Command, Args, Options}'. The identifier is the name, or the command.
-spec child_spec({proctor:text(), [proctor:text()]}
                 | {proctor:text(), [proctor:text()], [option()]}) ->
    supervisor:child_spec().
child_spec({Command, Args}) ->
    child_spec({Command, Args, []});
child_spec({Command, Args, Options}) ->
    %% What is wrong with them is for the start to tell.
    {Own, RunOptions} = case proctor_option_table:divide(daemon, Options) of
                            {ok, Its, Rest} -> {Its, Rest};
                            {error, _} -> {#{}, []}
                        end,
    #{id => maps:get(name, Own, Command),
      start => {?MODULE, start_link,
                [proctor_secret:hide({Command, Args, Options})]},
      restart => permanent,
      shutdown => stop_limit(RunOptions) + ?REST,
      type => worker,
      modules => [?MODULE]}.

%% @private What {@link child_spec/1} has a supervisor call.
-spec start_link(proctor_secret:secret({proctor:text(), [proctor:text()],
                                        [option()]})) ->
    {ok, pid()} | {error, term()}.
start_link(Hidden) ->
    {Command, Args, Options} = proctor_secret:show(Hidden),
    start_link(Command, Args, Options).

%% @doc Starts a command, found through PATH, and the daemon that stands for
%% it. Returns when it runs or, with the option `ready', when it is ready.
-spec start_link(proctor:text(), [proctor:text()], [option()]) ->
    {ok, pid()} | {error, term()}.
start_link(Command, Args, Options) ->
    Init = {Command, Args, Options},
    Started = case proctor_option_table:divide(daemon, Options) of
                  {error, Problem} ->
                      {error, {options, einval,
                               proctor_option_table:explain(Problem)}};
                  {ok, #{name := Name}, _} when Name =/= undefined ->
                      gen_server:start_link({local, Name}, ?MODULE, Init, []);
                  {ok, _, _} ->
                      gen_server:start_link(?MODULE, Init, [])
              end,
    case Started of
        {ok, Pid} -> {ok, Pid};
        {error, {shutdown, Reason}} -> {error, Reason};
        {error, Reason} -> {error, Reason};
        ignore -> {error, ignore}
    end.

%% @doc The OS process.
-spec ospid(gen_server:server_ref()) -> proctor:ospid() | undefined.
ospid(Daemon) ->
    gen_server:call(Daemon, ospid, infinity).

%% @doc What it has written, how often it was restarted, and how it ended the
%% last time. Restarts are counted while the application `proctor' runs.
-spec statistics(gen_server:server_ref()) -> statistics().
statistics(Daemon) ->
    gen_server:call(Daemon, statistics, infinity).

%% @doc Stops the OS process gracefully, and the daemon with it: not later than
%% 3 seconds after its `kill_timeout', whatever the port program does.
-spec stop(gen_server:server_ref()) -> ok.
stop(Daemon) ->
    gen_server:stop(Daemon).

%%% gen_server

%% @private
-spec init({proctor:text(), [proctor:text()], [option()]}) ->
    {ok, #daemon{}} | {stop, term()}.
init({Command, Args, Options}) ->
    process_flag(trap_exit, true),
    try
        {Own, RunOptions} = options(Options, Command),
        Argv = proctor_cmd:argv(Command, Args,
                                proplists:get_value(node, RunOptions,
                                                    node())),
        Lines = proctor_lines:new(maps:get(max_line, Own),
                                  maps:get(cr, Own), marked),
        started(run(Argv, RunOptions, now_ms() + ?PATIENCE),
                #daemon{key = key(Own, Argv), options = Own,
                        limit = stop_limit(RunOptions),
                        lines = #{stdout => Lines, stderr => Lines}})
    catch
        throw:{parent, Reason} -> {stop, Reason};
        throw:Wrong -> {stop, {shutdown, Wrong}}
    end.

started({ok, Pid, OsPid}, #daemon{options = Options} = Daemon) ->
    await_ready(maps:get(ready, Options),
                Daemon#daemon{pid = Pid, ospid = OsPid});
started({error, {badopt, What}}, _Daemon) ->
    {stop, {shutdown, {options, einval, What}}};
started({error, {invalid_pty_value, _} = What}, _Daemon) ->
    {stop, {shutdown, {options, einval, What}}};
started({error, timeout}, _Daemon) ->
    {stop, {shutdown, no_answer}};
started({error, Reason}, _Daemon) ->
    {stop, {shutdown, Reason}}.

%% While the instance restarts there is nobody to ask.
run(Argv, RunOptions, Deadline) ->
    case proctor:run_link(Argv, RunOptions, ?ANSWER) of
        {error, Reason} = Error when Reason =:= not_started;
                                     Reason =:= port_closed ->
            case now_ms() < Deadline of
                true ->
                    ok = pause(parent()),
                    run(Argv, RunOptions, Deadline);
                false ->
                    Error
            end;
        Result ->
            Result
    end.

pause(Parent) ->
    receive
        {'EXIT', Parent, Reason} -> throw({parent, Reason})
    after ?PAUSE ->
        ok
    end.

parent() ->
    case get('$ancestors') of
        [Pid | _] when is_pid(Pid) -> Pid;
        [Name | _] -> whereis(Name);
        _ -> undefined
    end.

%% What a stop may take with these options, and what its news may.
stop_limit(RunOptions) ->
    min(proctor_await:stopping(RunOptions), ?LONGEST) + ?MARGIN.

%%% Readiness

await_ready(none, Daemon) ->
    {ok, Daemon};
await_ready({line, Regexp}, #daemon{options = Options} = Daemon) ->
    {ok, Pattern} = re:compile(Regexp),
    await_ready(Daemon#daemon{wanted = {line, Pattern}}, parent(), undefined,
                now_ms() + maps:get(ready_timeout, Options));
await_ready(Fun, #daemon{options = Options} = Daemon) ->
    await_ready(Daemon#daemon{wanted = {poll, Fun}}, parent(),
                spawn_link(?MODULE, poll, [Fun]),
                now_ms() + maps:get(ready_timeout, Options)).

%% Takes what is about the OS process and the wait, and nothing else: calls and
%% the like wait for their turn.
await_ready(#daemon{wanted = none} = Daemon, _Parent, _Poller, _Deadline) ->
    {ok, Daemon};
await_ready(#daemon{pid = Pid, ospid = OsPid} = Daemon, Parent, Poller,
            Deadline) ->
    receive
        {Key, OsPid, _} = Message when Key =:= stdout; Key =:= stderr;
                                       Key =:= exit ->
            {noreply, Daemon1} = handle_info(Message, Daemon),
            await_ready(Daemon1, Parent, Poller, Deadline);
        {passive, OsPid} = Message ->
            {noreply, Daemon1} = handle_info(Message, Daemon),
            await_ready(Daemon1, Parent, Poller, Deadline);
        {'EXIT', Pid, _} = Message ->
            {stop, Reason, _} = handle_info(Message, Daemon),
            unready({ended, Reason}, Poller, Daemon#daemon{pid = undefined});
        {'EXIT', Poller, ready} ->
            {ok, Daemon#daemon{wanted = none}};
        {'EXIT', Poller, Reason} ->
            unready({not_ready, Reason}, undefined, Daemon);
        {'EXIT', Parent, Reason} ->
            _ = unready(Reason, Poller, Daemon),
            {stop, Reason}
    after max(0, Deadline - now_ms()) ->
        #daemon{options = #{ready_timeout := Timeout}} = Daemon,
        unready({not_ready, Timeout}, Poller, Daemon)
    end.

unready(Reason, Poller, Daemon) ->
    is_pid(Poller) andalso exit(Poller, kill),
    _ = stopped(Daemon#daemon{wanted = none}),
    {stop, {shutdown, Reason}}.

%% @private The process that asks a function again and again.
-spec poll(fun(() -> boolean())) -> no_return().
poll(Fun) ->
    try Fun() of
        true -> exit(ready);
        _ -> ok
    catch
        _:Reason:Stack -> exit({Reason, Stack})
    end,
    timer:sleep(?PAUSE),
    ?MODULE:poll(Fun).

%% @private
-spec handle_call(term(), gen_server:from(), #daemon{}) ->
    {reply, term(), #daemon{}}.
handle_call(ospid, _From, #daemon{ospid = OsPid} = Daemon) ->
    {reply, OsPid, Daemon};
handle_call(statistics, _From, #daemon{ospid = OsPid, bytes = Bytes,
                                       count = Count, cut = Cut,
                                       started = Started,
                                       key = Key} = Daemon) ->
    {Restarts, LastExit} = proctor_restarts:find(Key),
    {reply, #{ospid => OsPid, bytes => Bytes, lines => Count, cut => Cut,
              restarts => Restarts, uptime_ms => now_ms() - Started,
              last_exit => LastExit}, Daemon};
handle_call(_Request, _From, Daemon) ->
    {reply, {error, badarg}, Daemon}.

%% @private
-spec handle_cast(term(), #daemon{}) -> {noreply, #daemon{}}.
handle_cast(_Message, Daemon) ->
    {noreply, Daemon}.

%% @private
-spec handle_info(term(), #daemon{}) ->
    {noreply, #daemon{}} | {stop, term(), #daemon{}}.
handle_info({Stream, OsPid, Data}, #daemon{ospid = OsPid, lines = Lines,
                                           bytes = Bytes} = Daemon)
  when Stream =:= stdout; Stream =:= stderr ->
    #{Stream := Old} = Lines,
    {Complete, New} = proctor_lines:split(Data, Old),
    Daemon1 = Daemon#daemon{lines = Lines#{Stream := New},
                            bytes = Bytes + byte_size(Data)},
    {noreply, lists:foldl(fun(Line, Acc) -> line(Stream, Line, Acc) end,
                          Daemon1, Complete)};
handle_info({passive, OsPid}, #daemon{ospid = OsPid, pid = Pid} = Daemon) ->
    _ = proctor:setopts(Pid, [{active, ?BURST}]),
    {noreply, Daemon};
handle_info({exit, OsPid, Exit}, #daemon{ospid = OsPid} = Daemon) ->
    {noreply, Daemon#daemon{exit = Exit}};
handle_info({'EXIT', Pid, Reason}, #daemon{pid = Pid} = Daemon) ->
    Daemon1 = last_lines(Daemon#daemon{pid = undefined}),
    {stop, reason(Reason, Daemon1), Daemon1};
handle_info({'EXIT', _Other, Reason}, Daemon) when Reason =/= normal ->
    %% As a function that makes processes and links to them would have it.
    {stop, Reason, Daemon};
handle_info(_Message, Daemon) ->
    {noreply, Daemon}.

%% @private
-spec terminate(term(), #daemon{}) -> ok.
terminate(Reason, Daemon) ->
    remember(Reason, stopped(Daemon)).

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
                                       Key =:= exit ->
            {noreply, Daemon1} = handle_info(Message, Daemon),
            last_output(Deadline, Daemon1);
        {passive, OsPid} = Message ->
            {noreply, Daemon1} = handle_info(Message, Daemon),
            last_output(Deadline, Daemon1);
        {'EXIT', Pid, _} ->
            last_lines(Daemon#daemon{pid = undefined})
    after max(0, Deadline - now_ms()) ->
        ok = proctor_child:cancel(Pid),
        last_lines(Daemon#daemon{pid = undefined})
    end.

%% @private Nothing that the OS process was given, or has written.
-spec format_status(gen_server:format_status()) -> gen_server:format_status().
format_status(Status) ->
    maps:map(fun(state, #daemon{} = Daemon) -> shown(Daemon);
                (message, {Stream, OsPid, Data}) when is_binary(Data) ->
                     {Stream, OsPid, byte_size(Data)};
                (_, Value) -> Value
             end, Status).

shown(#daemon{ospid = OsPid, pid = Pid, bytes = Bytes, count = Count,
              cut = Cut, exit = Exit}) ->
    #{ospid => OsPid, pid => Pid, bytes => Bytes, lines => Count, cut => Cut,
      exit => Exit}.

reason(Reason, #daemon{exit = undefined}) ->
    Reason;
reason(Reason, #daemon{exit = #{reason := Why}})
  when Why =:= port_closed; Why =:= no_answer ->
    Reason;
reason(_Reason, #daemon{exit = Exit, options = #{exit_to_reason := Fun}}) ->
    Fun(Exit).

%%% Lines

line(Stream, {part, Part}, #daemon{within = Within, cut = Cut} = Daemon) ->
    ok = tell(Stream, Part, " [...]", Daemon),
    Daemon1 = check(Part, Daemon),
    case lists:member(Stream, Within) of
        true -> Daemon1;
        false -> Daemon1#daemon{within = [Stream | Within], cut = Cut + 1}
    end;
line(Stream, Line, #daemon{within = Within, count = Count} = Daemon) ->
    ok = tell(Stream, Line, "", Daemon),
    check(Line, Daemon#daemon{within = lists:delete(Stream, Within),
                              count = Count + 1}).

tell(Stream, Line, Rest, #daemon{options = Options, ospid = OsPid}) ->
    case Options of
        #{output := Fun} when is_function(Fun) ->
            _ = Fun(Stream, proctor_lines:own(Line)),
            ok;
        #{output := Pid} when is_pid(Pid) ->
            Pid ! {?MODULE, self(), Stream, proctor_lines:own(Line)},
            ok;
        #{log := none} ->
            ok;
        #{log := Level, log_prefix := Prefix, log_metadata := Metadata} ->
            Part = maps:from_list([{part, true} || Rest =/= ""]),
            logger:log(Level, "~ts~ts",
                       [Prefix, [proctor_lines:repair(Line), Rest]],
                       maps:merge(#{domain => [proctor, daemon]},
                                  maps:merge(Metadata, Part#{
                                      ospid => OsPid, stream => Stream,
                                      daemon => self()})))
    end.

check(Line, #daemon{wanted = {line, Pattern}} = Daemon) ->
    case re:run(Line, Pattern, [{capture, none}]) of
        match -> Daemon#daemon{wanted = none};
        nomatch -> Daemon
    end;
check(_Line, Daemon) ->
    Daemon.

last_lines(#daemon{lines = #{stdout := Out, stderr := Err}} = Daemon) ->
    Rest = [{stdout, Line} || Line <- proctor_lines:rest(Out)]
        ++ [{stderr, Line} || Line <- proctor_lines:rest(Err)],
    lists:foldl(fun({Stream, Line}, Acc) -> line(Stream, Line, Acc) end,
                Daemon#daemon{lines = #{stdout => proctor_lines:new(),
                                        stderr => proctor_lines:new()}}, Rest).

%%% Options

options(Options, Command) ->
    Defaults = #{name => undefined, exit_to_reason => fun exit_to_reason/1,
                 ready => none, ready_timeout => 10000, log => info,
                 log_prefix => prefix(Command), log_metadata => #{},
                 output => none, max_line => 65536, cr => keep},
    case proctor_option_table:divide(daemon, Options) of
        {ok, Own, RunOptions} ->
            {maps:merge(Defaults, Own),
             [{active, ?BURST} | RunOptions]};
        {error, Problem} ->
            throw({options, einval, proctor_option_table:explain(Problem)})
    end.

prefix(Command) ->
    case proctor_text:name(Command) of
        {ok, Name} -> [proctor_lines:repair(filename:basename(Name)), ": "];
        error -> ""
    end.

exit_to_reason(#{status := {exited, 0}}) -> normal;
exit_to_reason(#{status := Status}) -> Status.

%%% Restarts

%% The same daemon, started again: by name, or by supervisor and command, of
%% which nobody is to read the arguments.
key(#{name := undefined}, Argv) ->
    Digest = erlang:md5(term_to_binary(Argv)),
    case get('$ancestors') of
        [Parent | _] -> {Parent, Digest};
        _ -> {self(), Digest}
    end;
key(#{name := Name}, _Argv) ->
    Name.

%% A daemon that is told to end is not coming back.
remember(Reason, #daemon{key = Key, exit = Exit}) ->
    case Reason =:= normal andalso Exit =:= undefined
        orelse Reason =:= shutdown of
        true -> proctor_restarts:forget(Key);
        false -> proctor_restarts:ended(Key, Exit)
    end.

now_ms() ->
    erlang:monotonic_time(millisecond).
