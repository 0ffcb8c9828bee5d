%% What the operating system knows about processes, from /proc.
-module(bench_os).

-export([program/0, helper/1, floor/1, is_root/0, max_children/0, nofile/0]).
-export([children/0, family/1, cpu/1, memory/1, gone/1]).
-export([reset_peak/0, peak/0, resident/0]).

%%% The files of the benchmark

program() ->
    env("PROCTOR_PORT").

%% One of the C programs beside the results.
helper(Name) ->
    filename:join(env("BENCH_DIR"), Name).

env(Name) ->
    case os:getenv(Name) of
        false -> error({not_set, Name});
        Value -> Value
    end.

%% What the C program measures: `#{name => value}'.
floor(Args) ->
    Port = open_port({spawn_executable, helper("floor")},
                     [{args, Args}, exit_status, {line, 200}]),
    floor_lines(Port, #{}).

floor_lines(Port, Values) ->
    receive
        {Port, {data, {eol, Line}}} ->
            [Name, Value] = string:lexemes(Line, " "),
            floor_lines(Port, Values#{list_to_atom(Name) =>
                                          list_to_float(Value)});
        {Port, {exit_status, 0}} ->
            Values
    end.

%%% Limits

is_root() ->
    {match, [Uid]} = re:run(status("self"), "^Uid:\\s+([0-9]+)",
                            [multiline, {capture, [1], list}]),
    Uid =:= "0".

nofile() ->
    limit("Max open files").

%% How many children there can be: each takes descriptors, and a process.
max_children() ->
    Files = nofile() - 300,
    Processes = (min(limit("Max processes"), number("kernel/pid_max")) * 3)
        div 4,
    max(1, min(Files, Processes)).

limit(Name) ->
    {ok, Limits} = file:read_file("/proc/self/limits"),
    {match, [Soft]} = re:run(Limits, "^" ++ Name ++ "\\s+([0-9]+|unlimited)",
                             [multiline, {capture, [1], list}]),
    case Soft of
        "unlimited" -> 1 bsl 30;
        _ -> list_to_integer(Soft)
    end.

number(Name) ->
    {ok, Text} = file:read_file("/proc/sys/" ++ Name),
    binary_to_integer(string:trim(Text)).

%%% Processes

status(Pid) ->
    case file:read_file("/proc/" ++ Pid ++ "/status") of
        {ok, Text} -> Text;
        {error, _} -> <<>>
    end.

%% The OS processes that this node has started, but for its own helper.
children() ->
    lists:append([children_of(Pid) || Pid <- children_of(os:getpid())]).

children_of(Pid) ->
    Files = filelib:wildcard("/proc/" ++ Pid ++ "/task/*/children"),
    lists:append([read_pids(File) || File <- Files]).

read_pids(File) ->
    case file:read_file(File) of
        {ok, Text} -> string:lexemes(binary_to_list(Text), " ");
        {error, _} -> []
    end.

%% A process and all that descend from it, as texts. To be asked before the
%% system has children: these would be in it.
family(undefined) ->
    [];
family(OsPid) when is_integer(OsPid) ->
    family(integer_to_list(OsPid));
family(OsPid) ->
    [OsPid | lists:append([family(Child) || Child <- children_of(OsPid)])].

%% Seconds of processor time that these have used, from nanoseconds: all of
%% them, and the one that moves output.
cpu(Pids) ->
    Used = [{name(Pid), cpu_of(Pid)} || Pid <- Pids],
    #{cpu => lists:sum([S || {_, S} <- Used]),
      worker => lists:sum([S || {<<"proctor-worker">>, S} <- Used])}.

cpu_of(Pid) ->
    {ok, Text} = file:read_file("/proc/" ++ Pid ++ "/schedstat"),
    [Ns | _] = string:lexemes(binary_to_list(Text), " "),
    list_to_integer(Ns) / 1.0e9.

name(Pid) ->
    {ok, Name} = file:read_file("/proc/" ++ Pid ++ "/comm"),
    string:trim(Name).

%% Bytes of memory that these have, shared pages divided by who shares them.
%% Who may not read that (an ordinary user, of processes that hide their
%% memory) gets the anonymous pages.
memory(Pids) ->
    lists:sum([memory_of(Pid) || Pid <- Pids]).

memory_of(Pid) ->
    case file:read_file("/proc/" ++ Pid ++ "/smaps_rollup") of
        {ok, Text} -> kb(Text, "Pss");
        {error, _} -> kb(status(Pid), "RssAnon")
    end.

kb(Text, Name) ->
    {match, [Kb]} = re:run(Text, "^" ++ Name ++ ":\\s+([0-9]+) kB",
                           [multiline, {capture, [1], binary}]),
    1024 * binary_to_integer(Kb).

%% Waits until none of these is left.
gone([]) ->
    ok;
gone([OsPid | Rest] = Pids) ->
    case file:read_link_info("/proc/" ++ integer_to_list(OsPid), [raw]) of
        {ok, _} -> timer:sleep(1), gone(Pids);
        {error, _} -> gone(Rest)
    end.

%%% The node's own memory

reset_peak() ->
    file:write_file("/proc/self/clear_refs", "5").

peak() ->
    kb(status("self"), "VmHWM").

resident() ->
    kb(status("self"), "VmRSS").
