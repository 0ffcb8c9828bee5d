%% @doc The one table of options that describe a command: of
%% {@link proctor:run/2} and its kin, {@link proctor:manage/2},
%% {@link proctor:cmd/3}, {@link proctor:pipe/2}, {@link proctor:fold_lines/4}
%% and {@link proctor_daemon}. A row says what an option is called, what it may
%% be, where it goes, and for each function that does not take it, or not all
%% of it, why.
-module(proctor_option_table).

-export([read/2, divide/2, rows/0, explain/1, run_error/2]).

-export_type([taker/0, row/0, problem/0, what/0]).

-type taker() :: run | manage | cmd | pipe | fold_lines | daemon.
%% `run' stands for run_link and run_on as well.

-type row() :: {Name :: atom(), proctor_option_value:type(), To :: to(),
                [{[taker()], rule()}]}.

-type to() :: spec        % the Erlang process knows it
            | wire        % the port program does
            | both
            | stream | where
            | alias       % another option in other words
            | own.        % the function that takes it does

-type rule() :: {no, Why :: string()}
              %% Of a stream, what is read or written by the caller alone.
              | {only, [term()], Why :: string()}
              %% What it asks for is so anyway.
              | idle.

-type problem() :: {unknown, atom()}
                 | {twice, atom(), to()}
                 | {value, to(), tuple()}
                 | {not_here, atom(), string()}
                 | {wrong, what()}
                 | {options, term()}.

-type what() :: term().
%% What an error names: an option with its value, or `{Name, Why}', or all of
%% the options if they are no list.

%% More is refused by the port program: bytes of a window, milliseconds of a
%% timeout (2^53), of a linger (a day), and what a `receive' can wait.
-define(WINDOW, 16#40000000).
-define(TIME, (1 bsl 53)).
-define(DAY, 86400000).
-define(WAIT, 16#FFFFFFFF).

-define(WAITS, "The call waits for the end by itself and returns what came "
               "of the command.").
-define(FOREIGN, "A process that was started elsewhere runs already, and its "
                 "streams are not ours.").
-define(SUPERVISED, "The daemon sees to that by itself.").
-define(COLLECTED, "The call reads the output by itself.").
-define(TERMS, "Errors are always terms here.").
-define(NOT_COLLECTED, "It collects no output that this could be a limit "
                       "of.").
-define(NO_LINES, "It does not cut output into lines.").
-define(DAEMONS, "It is an option of proctor_daemon alone.").

-define(DAEMON_ONLY,
        [{[run, manage, cmd, pipe, fold_lines], {no, ?DAEMONS}}]).
-define(NO_MANAGE, [{[manage], {no, ?FOREIGN}}]).

-define(ROWS,
    [{sync, flag, spec,
      [{[cmd, pipe, fold_lines], {no, ?WAITS}},
       {[daemon], {no, "A daemon is there while its command runs: nobody "
                       "waits for the end."}},
       {[manage], {no, "The end of a process that was started elsewhere is "
                       "told by monitor, exit or link."}}]},
     {monitor, flag, spec,
      [{[cmd, pipe], {no, ?WAITS}},
       {[fold_lines], {only, [true], ?WAITS}},
       {[daemon], {no, "Its own process can be monitored: a daemon ends with "
                       "its command."}}]},
     {link, flag, spec,
      [{[cmd, pipe, fold_lines], idle},
       {[daemon], {only, [true], "A daemon and its command end with each "
                                 "other."}}]},
     {exit, flag, spec,
      [{[cmd, pipe], {no, ?WAITS}},
       {[fold_lines], {only, [true], ?WAITS}},
       {[daemon], {only, [true], ?SUPERVISED}}]},
     {await, flag, spec,
      [{[cmd, pipe, fold_lines], {no, ?WAITS}},
       {[daemon], {no, ?SUPERVISED}}]},
     {cgroup, {flag, cgroup}, spec, ?NO_MANAGE},
     {cgroup_events, flag, spec,
      [{[cmd, pipe, fold_lines], {no, "The call sends no messages."}},
       {[daemon], {only, [true], ?SUPERVISED}} | ?NO_MANAGE]},
     {tag, term, spec,
      [{[cmd, pipe, fold_lines], {no, "The call sends no messages."}},
       {[daemon], {no, ?SUPERVISED}}]},
     {message, {function, 1}, spec,
      [{[cmd, pipe, fold_lines], {no, "The call sends no messages."}},
       {[daemon], {no, ?SUPERVISED}}]},
     {owner, pid, spec,
      [{[cmd, pipe, fold_lines], {no, "The call is its caller's."}},
       {[daemon], {no, ?SUPERVISED}}]},
     {active, {per_stream, active}, spec,
      [{[cmd, pipe, fold_lines], {no, ?COLLECTED}},
       {[daemon], {no, ?SUPERVISED}} | ?NO_MANAGE]},
     {window, {per_stream, {integer, 0, ?WINDOW}}, spec, ?NO_MANAGE},
     {stdin_window, {integer, 1, infinity}, spec, ?NO_MANAGE},
     {timeout, {integer_or, [infinity], 1, ?TIME}, spec, ?NO_MANAGE},
     {idle_timeout, {integer, 1, ?TIME}, wire, ?NO_MANAGE},
     {telemetry, {one_of, [none, terse, verbose]}, spec, []},
     {telemetry_metadata, map, spec, []},
     {errors, {one_of, [text, term]}, spec,
      [{[cmd, pipe, fold_lines, daemon], {only, [term], ?TERMS}}]},
     {instance, instance, where, []},
     {node, atom, where, []},
     {input, data, spec, ?NO_MANAGE},
     {stdin, {flag, input}, stream,
      [{[cmd, pipe, fold_lines],
        {only, [false, null, close, file],
         "Nobody can send anything while the call waits: what the command is "
         "to read is the option input."}} | ?NO_MANAGE]},
     {stdout, {flag, {output, stdout}}, stream,
      [{[fold_lines], {only, [true], "The lines are those of the standard "
                                     "output."}} | ?NO_MANAGE]},
     {stderr, {flag, {output, stderr}}, stream,
      [{[pipe], {only, [true, false, null, stdout],
                 "Several commands share it: it is collected, dropped (null) "
                 "or goes where stdout goes."}} | ?NO_MANAGE]},
     {stderr_to_stdout, flag, alias, ?NO_MANAGE},
     {cd, path, wire, ?NO_MANAGE},
     {env, env, wire, ?NO_MANAGE},
     {executable, path, wire,
      [{[pipe], {no, "A pipe has several commands, and a shell that joins "
                     "them."}} | ?NO_MANAGE]},
     {arg0, text, wire,
      [{[pipe], {no, "A pipe has several commands, each with a name of its "
                     "own."}} | ?NO_MANAGE]},
     {umask, {integer, 0, 8#777}, wire, ?NO_MANAGE},
     {rlimit, rlimit, wire, ?NO_MANAGE},
     {cpus, text, wire, ?NO_MANAGE},
     {ionice, ionice, wire, ?NO_MANAGE},
     {oom_score_adj, {integer, 0, 1000}, wire, ?NO_MANAGE},
     {no_new_privs, flag, wire, ?NO_MANAGE},
     {cpu_timeout, {integer, 1, 16#7FFFFFFF}, wire,
      [{[pipe], {no, "A pipe has several commands, each with a time of its "
                     "own."}} | ?NO_MANAGE]},
     {kill, text, wire, []},
     {kill_timeout, kill_timeout, wire, []},
     {stop_signal, signal, wire, []},
     {linger, {integer, 0, ?DAY}, wire, ?NO_MANAGE},
     {kill_group, flag, wire, []},
     {group, {integer, 0, 16#7FFFFFFF}, wire, ?NO_MANAGE},
     {user, id, wire, ?NO_MANAGE},
     {gid, id, wire, ?NO_MANAGE},
     {groups, ids, wire, ?NO_MANAGE},
     {nice, {integer, -20, 20}, wire, []},
     {success_exit_code, {integer, 0, 255}, both, []},
     {pty, {flag, modes}, wire,
      [{[pipe], {no, "Pipes join the commands, not a terminal."}}
       | ?NO_MANAGE]},
     {pty_echo, flag, wire, ?NO_MANAGE},
     {winsz, size, wire, ?NO_MANAGE},
     {capabilities, capabilities, wire, ?NO_MANAGE},
     {debug, {flag, {integer, 0, 10}}, wire, []},
     {max_output, {integer_or, [infinity], 0, infinity}, own,
      [{[manage, daemon], {no, ?NOT_COLLECTED}}]},
     {lines, {flag, {one_of, [stdout, stderr]}}, spec,
      [{[manage, cmd, pipe], {no, ?NO_LINES}},
       {[fold_lines, daemon], {no, "It cuts output into lines anyway."}}]},
     {max_line, {integer_or, [infinity], 1, infinity}, own,
      [{[manage, cmd, pipe], {no, ?NO_LINES}}]},
     {cr, {one_of, [keep, strip]}, own,
      [{[manage, cmd, pipe], {no, ?NO_LINES}}]},
     {long_lines, {one_of, [split, cut, drop]}, own, ?DAEMON_ONLY},
     {last_line, {one_of, [keep, drop]}, own, ?DAEMON_ONLY},
     {name, name, own, ?DAEMON_ONLY},
     {start, {one_of, [now, later]}, own, ?DAEMON_ONLY},
     {wait_for, {function, 0}, own, ?DAEMON_ONLY},
     {exit_to_reason, {function, 1}, own, ?DAEMON_ONLY},
     {error_to_reason, {function, 1}, own, ?DAEMON_ONLY},
     {ready, ready, own, ?DAEMON_ONLY},
     {ready_timeout, {integer_or, [infinity], 0, ?WAIT}, own, ?DAEMON_ONLY},
     {ready_poll, {integer, 1, ?WAIT}, own, ?DAEMON_ONLY},
     {log, {one_of, [emergency, alert, critical, error, warning, notice, info,
                     debug, none]}, own, ?DAEMON_ONLY},
     {log_prefix, any_text, own, ?DAEMON_ONLY},
     {log_metadata, map, own, ?DAEMON_ONLY},
     {log_transform, {function, 1}, own, ?DAEMON_ONLY},
     {output, sink, own, ?DAEMON_ONLY},
     {output_as, {one_of, [lines, chunks]}, own, ?DAEMON_ONLY}]).

%% @doc The table.
-spec rows() -> [row()].
rows() ->
    ?ROWS.

%% @doc Reads the options of a function: each by its name, once, with its
%% value as the port program or the Erlang process takes it. What is not
%% asked for is left out, but for what the instance may ask for instead.
-spec read(taker(), term()) ->
    {ok, [{atom(), term(), to()}]} | {error, problem()}.
read(Taker, Options) ->
    case checked(Taker, Options) of
        {ok, List} ->
            {ok, [{Name, Value, To}
                  || {Name, Value, To, _} <- List,
                     Value =/= false orelse Name =:= cgroup,
                     Value =/= anyway]};
        {error, _} = Error ->
            Error
    end.

%% @doc Divides the options of a function that runs a command in its own way:
%% its own options by name, and those of {@link proctor:run/2} that it wants.
%% What is not said is as that function has it.
-spec divide(taker(), term()) ->
    {ok, Own :: #{atom() => term()}, [tuple() | atom()]} | {error, problem()}.
divide(Taker, Options) ->
    case checked(Taker, Options) of
        {ok, List} ->
            Own = maps:from_list([{Name, Value}
                                  || {Name, Value, own, _} <- List]),
            Given = [{Name, Option}
                     || {Name, Value, To, Option} <- List,
                        To =/= own, Value =/= anyway],
            {ok, Own,
             [Option || {Name, Option} <- defaults(Taker),
                        not lists:keymember(Name, 1, Given)]
             ++ [Option || {_, Option} <- Given]};
        {error, _} = Error ->
            Error
    end.

%% What a function asks for unless it is told otherwise.
defaults(Taker) when Taker =:= cmd; Taker =:= pipe ->
    [{kill_group, kill_group}, {stdout, stdout}, {errors, {errors, term}},
     {kill_timeout, {kill_timeout, 0}}];
defaults(fold_lines) ->
    [{stdout, stdout}, {exit, exit}, {monitor, monitor},
     {active, {active, false}}, {errors, {errors, term}}];
defaults(daemon) ->
    [{stdout, stdout}, {stderr, stderr}, {exit, exit}, {cgroup, {cgroup, auto}},
     {cgroup_events, cgroup_events}, {kill_group, kill_group}, {errors, {errors, term}}];
defaults(_) ->
    [].

checked(Taker, Options) ->
    try
        {ok, joined(checked(Taker, Options, []))}
    catch
        throw:{problem, options} -> {error, {options, Options}};
        throw:{problem, Problem} -> {error, Problem}
    end.

checked(_Taker, [], Acc) ->
    lists:reverse(Acc);
checked(_Taker, Tail, _Acc) when not is_list(Tail) ->
    problem(options);
checked(Taker, [Option | Rest], Acc) ->
    {Given, Type, To, Rules} = row(Option),
    Read = value(Type, To, Option),
    allowed(Taker, Given, Read, Rules),
    {Name, Value} = meant(Given, Read, Taker, Rules),
    lists:keymember(Name, 1, Acc) andalso problem({twice, Name, To}),
    checked(Taker, Rest, [{Name, Value, To, plain(Name, Value, Option)}
                          | Acc]).

%% What is given as input comes through a pipe; a log is made of lines.
joined(List) ->
    case {lists:keyfind(output_as, 1, List), lists:keymember(output, 1, List)}
    of
        {{_, chunks, _, _}, false} ->
            problem({wrong, {output_as, "The logger takes lines only: chunks "
                                        "are for the option output."}});
        _ ->
            ok
    end,
    lists:keymember(sync, 1, List) andalso lists:keymember(owner, 1, List)
        andalso problem({wrong, {owner, "Who waits for the end is the caller."}}),
    case {lists:keymember(input, 1, List), lists:keyfind(stdin, 1, List)} of
        {true, {stdin, Target, _, _}} when not is_boolean(Target) ->
            problem({wrong, {input, "What it reads is said by the option "
                                   "stdin already."}});
        _ ->
            List
    end.

row(Option) ->
    Name = name(Option),
    case lists:keyfind(Name, 1, ?ROWS) of
        {_, _, _, _} = Row -> Row;
        false -> problem({unknown, Name})
    end.

name(Option) when is_atom(Option) ->
    Option;
name(Option) when is_tuple(Option), tuple_size(Option) > 1,
                  is_atom(element(1, Option)) ->
    element(1, Option);
name(Option) ->
    problem({wrong, Option}).

%% In words that run understands, whoever else was asked.
plain(stderr, stdout, stderr_to_stdout) -> {stderr, stdout};
plain(stderr, stdout, {stderr_to_stdout, true}) -> {stderr, stdout};
plain(_Name, _Value, Option) -> Option.

meant(stderr_to_stdout, true, _Taker, _Rules) ->
    {stderr, stdout};
meant(Name, Value, Taker, Rules) ->
    case rule(Taker, Rules) of
        idle -> {Name, anyway};
        _ -> {Name, Value}
    end.

rule(Taker, Rules) ->
    case [Rule || {Takers, Rule} <- Rules, lists:member(Taker, Takers)] of
        [Rule] -> Rule;
        [] -> all
    end.

%% A flag that is not set asks for nothing, and anybody can give that.
allowed(Taker, Name, Value, Rules) ->
    case rule(Taker, Rules) of
        {no, _} when Value =:= false -> ok;
        {no, Why} -> problem({not_here, Name, Why});
        {only, Values, Why} ->
            lists:member(sort_of(Value), Values)
                orelse problem({not_here, Name, Why});
        _ -> ok
    end.

sort_of(Value) when is_atom(Value) -> Value;
sort_of(Value) when is_binary(Value) -> file;
sort_of(_) -> other.

%%% Values

value(Type, To, Option) ->
    case proctor_option_value:check(Type, said(Type, Option)) of
        {ok, Value} -> Value;
        {wrong, Why} -> problem({wrong, Why});
        {why, Why} -> problem({wrong, {name(Option), Why}});
        error when is_tuple(Option) -> problem({value, To, Option});
        error -> problem({value, To, {Option, true}})
    end.

said(flag, Option) when is_atom(Option) -> true;
said({flag, _}, Option) when is_atom(Option) -> true;
said(_, Option) when is_atom(Option) -> no_value;
said(_, {_, Value}) -> Value;
said({flag, {output, _}}, {_, File, Modes}) -> {File, Modes};
said(_, _) -> no_value.

%%% Problems

-spec problem(problem() | options) -> no_return().
problem(Problem) ->
    throw({problem, Problem}).

%% @doc What an error names.
-spec explain(problem()) -> what().
explain({unknown, Name}) -> {Name, "There is no such option."};
explain({twice, Name, _}) -> {Name, "It is given twice."};
explain({value, _, Option}) -> Option;
explain({not_here, Name, Why}) -> {Name, Why};
explain({wrong, What}) -> What;
explain({options, Options}) -> Options.

%% @doc The reason of the error that `run' and its kin return. With texts it
%% is erlexec's where that one has any.
-spec run_error(text | term, problem()) -> term().
run_error(text, {unknown, Name}) ->
    lists:concat(["Unknown option: ", Name]);
run_error(text, {twice, Name, To}) when To =/= spec, To =/= where ->
    lists:concat(["Duplicate option: ", Name]);
run_error(text, {value, wire, Option}) ->
    lists:concat(["Bad value of option: ", element(1, Option)]);
run_error(text, {value, both, Option}) ->
    lists:concat(["Bad value of option: ", element(1, Option)]);
run_error(_, {wrong, {invalid_pty_value, _} = What}) ->
    What;
run_error(_, Problem) ->
    {badopt, explain(Problem)}.
