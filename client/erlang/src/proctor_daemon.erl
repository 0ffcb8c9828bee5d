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
%%   `{line, Regexp}' waits for a line of output that matches; a function of
%%   no arguments is called every 50 milliseconds until it says `true'.</dd>
%% <dt>`{ready_timeout, Ms}'</dt><dd>Otherwise it fails to start with
%%   `{not_ready, Ms}' (10000).</dd>
%% <dt>`{stop_signal, Signal}'</dt><dd>What asks it to stop (SIGTERM); the
%%   option `kill' is a command that does. If that does not help within
%%   `kill_timeout' seconds (5) its process group gets SIGKILL.</dd>
%% <dt>`{log, Level}'</dt><dd>Log each line at this level (`info'), `none' for
%%   not at all. What is no UTF-8 is repaired.</dd>
%% <dt>`{log_prefix, Text}'</dt><dd>What each line begins with (the name of
%%   the program, a colon and a space).</dd>
%% <dt>`{log_metadata, Map}'</dt><dd>More metadata for the logger; `ospid',
%%   `stream' and `daemon' are there.</dd>
%% <dt>`{output, Fun | Pid}'</dt><dd>Instead of logging, call
%%   `Fun(Stream, Line)' or send `{proctor_daemon, Daemon, Stream, Line}'; the
%%   line as it is.</dd>
%% <dt>`{max_line, Bytes}'</dt><dd>Longer lines are cut (65536).</dd>
%% <dt>`stderr_to_stdout'</dt><dd>One stream for both.</dd>
%% </dl>
-module(proctor_daemon).
-behaviour(gen_server).

-export([child_spec/1, start_link/3, ospid/1, statistics/1, stop/1]).
-export([init_restarts/0]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2]).

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
                | {max_line, pos_integer()}
                | stderr_to_stdout
                | proctor:run_option().

-type statistics() :: #{ospid := proctor:ospid() | undefined,
                        bytes := non_neg_integer(),
                        lines := non_neg_integer(),
                        restarts := non_neg_integer(),
                        uptime_ms := non_neg_integer(),
                        last_exit := proctor_exit:exit() | undefined}.
%% `bytes' and `lines' are of this start; `last_exit' of the one before, with
%% the resources that it used.

-define(RESTARTS, proctor_daemon_restarts).

%% Pieces of output that come before the next must be asked for.
-define(BURST, 16).

%% How long an instance that restarts is waited for, in milliseconds.
-define(PATIENCE, 5000).
-define(PAUSE, 50).

-record(daemon, {key :: term(),
                 options :: map(),
                 pid :: pid() | undefined,
                 ospid :: proctor:ospid() | undefined,
                 lines :: #{stdout | stderr => proctor_lines:lines()},
                 bytes = 0 :: non_neg_integer(),
                 count = 0 :: non_neg_integer(),
                 wanted :: undefined | term(),
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
    {Own, RunOptions} = case proctor_run_options:divide(daemon, Options) of
                            {ok, Its, Rest} -> {Its, Rest};
                            {error, _} -> {#{}, []}
                        end,
    Seconds = proplists:get_value(kill_timeout, RunOptions, 5),
    #{id => maps:get(name, Own, Command),
      start => {?MODULE, start_link, [Command, Args, Options]},
      restart => permanent,
      shutdown => Seconds * 1000 + 5000,
      type => worker,
      modules => [?MODULE]}.

%% @doc Starts a command, found through PATH, and the daemon that stands for
%% it. Returns when it runs or, with the option `ready', when it is ready.
-spec start_link(proctor:text(), [proctor:text()], [option()]) ->
    {ok, pid()} | {error, term()}.
start_link(Command, Args, Options) ->
    Init = {Command, Args, Options},
    Started = case proctor_run_options:divide(daemon, Options) of
                  {error, Problem} ->
                      {error, {options, einval,
                               proctor_run_options:explain(Problem)}};
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
    gen_server:call(Daemon, ospid).

%% @doc What it has written, how often it was restarted, and how it ended the
%% last time. Restarts are counted while the application `proctor' runs.
-spec statistics(gen_server:server_ref()) -> statistics().
statistics(Daemon) ->
    gen_server:call(Daemon, statistics).

%% @doc Stops the OS process gracefully, and the daemon with it.
-spec stop(gen_server:server_ref()) -> ok.
stop(Daemon) ->
    gen_server:stop(Daemon).

%% @private Called by the supervisor of the application, which then owns the
%% table.
-spec init_restarts() -> ok.
init_restarts() ->
    _ = ets:new(?RESTARTS, [named_table, public, set]),
    ok.

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
        New = proctor_lines:new(maps:get(max_line, Own)),
        Daemon = #daemon{key = key(Own, Argv), options = Own,
                         lines = #{stdout => New, stderr => New}},
        case run(Argv, RunOptions, now_ms() + ?PATIENCE) of
            {ok, Pid, OsPid} ->
                await_ready(Daemon#daemon{pid = Pid, ospid = OsPid,
                                          wanted = maps:get(ready, Own)});
            {error, {badopt, What}} ->
                {stop, {shutdown, {options, einval, What}}};
            {error, {invalid_pty_value, _} = What} ->
                {stop, {shutdown, {options, einval, What}}};
            {error, Reason} ->
                {stop, {shutdown, Reason}}
        end
    catch
        throw:Wrong -> {stop, {shutdown, Wrong}}
    end.

%% While the instance restarts there is nobody to ask.
run(Argv, RunOptions, Deadline) ->
    case proctor:run_link(Argv, RunOptions) of
        {error, Reason} when Reason =:= not_started;
                             Reason =:= port_closed ->
            case now_ms() < Deadline of
                true ->
                    timer:sleep(?PAUSE),
                    run(Argv, RunOptions, Deadline);
                false ->
                    {error, Reason}
            end;
        Result ->
            Result
    end.

await_ready(#daemon{options = #{ready := none}} = Daemon) ->
    {ok, Daemon};
await_ready(#daemon{options = #{ready_timeout := Timeout}} = Daemon) ->
    await_ready(Daemon, now_ms() + Timeout).

await_ready(#daemon{wanted = none} = Daemon, _Deadline) ->
    {ok, counted(Daemon)};
await_ready(#daemon{wanted = Wanted} = Daemon, Deadline) ->
    Ready = is_function(Wanted, 0) andalso Wanted() =:= true,
    case now_ms() of
        _ when Ready ->
            {ok, counted(Daemon)};
        Now when Now >= Deadline ->
            _ = proctor:stop_and_wait(Daemon#daemon.pid, infinity),
            #daemon{options = #{ready_timeout := Timeout}} = Daemon,
            {stop, {shutdown, {not_ready, Timeout}}};
        _ ->
            await_ready_message(Daemon, Deadline)
    end.

await_ready_message(Daemon, Deadline) ->
    receive
        Message ->
            case handle_info(Message, Daemon) of
                {noreply, Daemon1} -> await_ready(Daemon1, Deadline);
                {stop, Reason, _} -> {stop, {shutdown, {ended, Reason}}}
            end
    after ?PAUSE ->
        await_ready(Daemon, Deadline)
    end.

counted(Daemon) ->
    Daemon#daemon{wanted = none}.

%% @private
-spec handle_call(term(), gen_server:from(), #daemon{}) ->
    {reply, term(), #daemon{}}.
handle_call(ospid, _From, #daemon{ospid = OsPid} = Daemon) ->
    {reply, OsPid, Daemon};
handle_call(statistics, _From, #daemon{ospid = OsPid, bytes = Bytes,
                                       count = Count, started = Started,
                                       key = Key} = Daemon) ->
    {Restarts, LastExit} = restarts(Key),
    {reply, #{ospid => OsPid, bytes => Bytes, lines => Count,
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
handle_info({'EXIT', _Parent, Reason}, Daemon) ->
    {stop, Reason, Daemon};
handle_info(_Message, Daemon) ->
    {noreply, Daemon}.

%% @private
-spec terminate(term(), #daemon{}) -> ok.
terminate(Reason, #daemon{pid = undefined} = Daemon) ->
    remember(Reason, Daemon);
terminate(Reason, #daemon{pid = Pid, ospid = OsPid} = Daemon) ->
    %% What it says while it stops is still its output.
    _ = proctor:setopts(Pid, [{active, true}]),
    _ = proctor:stop_and_wait(Pid, infinity),
    remember(Reason, last_lines(drain(OsPid, Daemon))).

drain(OsPid, Daemon) ->
    receive
        {Key, OsPid, _} = Message when is_atom(Key) ->
            {noreply, Daemon1} = handle_info(Message, Daemon),
            drain(OsPid, Daemon1)
    after 0 ->
        Daemon
    end.

reason(Reason, #daemon{exit = undefined}) ->
    Reason;
reason(_Reason, #daemon{exit = Exit, options = #{exit_to_reason := Fun}}) ->
    Fun(Exit).

%%% Lines

line(Stream, Line, #daemon{count = Count, options = Options} = Daemon) ->
    case Options of
        #{output := Fun} when is_function(Fun) ->
            _ = Fun(Stream, Line);
        #{output := Pid} when is_pid(Pid) ->
            Pid ! {?MODULE, self(), Stream, Line};
        #{log := none} ->
            ok;
        #{log := Level, log_prefix := Prefix, log_metadata := Metadata} ->
            logger:log(Level, "~ts~ts",
                       [Prefix, proctor_lines:repair(Line)],
                       maps:merge(#{domain => [proctor]},
                                  Metadata#{ospid => Daemon#daemon.ospid,
                                            stream => Stream,
                                            daemon => self()}))
    end,
    check(Line, Daemon#daemon{count = Count + 1}).

check(Line, #daemon{wanted = {line, Regexp}} = Daemon) ->
    case re:run(Line, Regexp, [{capture, none}]) of
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
                 output => none, max_line => 65536},
    case proctor_run_options:divide(daemon, Options) of
        {ok, Own, RunOptions} ->
            {maps:merge(Defaults, Own),
             [{active, ?BURST} | RunOptions]};
        {error, Problem} ->
            throw({options, einval, proctor_run_options:explain(Problem)})
    end.

prefix(Command) ->
    case proctor_text:name(Command) of
        {ok, Name} -> [proctor_lines:repair(filename:basename(Name)), ": "];
        error -> ""
    end.

exit_to_reason(#{status := {exited, 0}}) -> normal;
exit_to_reason(#{status := Status}) -> Status.

%%% Restarts

%% The same daemon, started again: by name, or by supervisor and command.
key(#{name := undefined}, Argv) ->
    case get('$ancestors') of
        [Parent | _] -> {Parent, Argv};
        _ -> {self(), Argv}
    end;
key(#{name := Name}, _Argv) ->
    Name.

%% A daemon that is told to end is not coming back.
remember(Reason, #daemon{key = Key, exit = Exit}) ->
    Stays = Reason =:= normal andalso Exit =:= undefined
        orelse Reason =:= shutdown,
    try
        case Stays of
            true -> ets:delete(?RESTARTS, Key);
            false ->
                _ = ets:update_counter(?RESTARTS, Key, {2, 1}, {Key, 0, none}),
                ets:update_element(?RESTARTS, Key, {3, Exit})
        end
    of
        _ -> ok
    catch
        error:badarg -> ok
    end.

restarts(Key) ->
    try ets:lookup(?RESTARTS, Key) of
        [{_, Restarts, Exit}] -> {Restarts, Exit};
        [] -> {0, undefined}
    catch
        error:badarg -> {0, undefined}
    end.

now_ms() ->
    erlang:monotonic_time(millisecond).
