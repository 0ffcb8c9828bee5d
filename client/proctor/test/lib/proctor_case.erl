%% What the tests share: how cases are run, and what they look at.
-module(proctor_case).

-include_lib("eunit/include/eunit.hrl").

-export([cases/2, native/2, contained/2, alone/1, daemons/1, mark/0,
         quiet/1]).
-export([next/0, next/1, down/1, flush/0, collect/3, wait_until/1]).
-export([alive/1, group_alive/1, os_pid/1, parts/1, freeze/1, thaw/1,
         signal/2]).
-export([with_dir/1, with_stub/2, with_fake/3, refused/1, logged/2, printed/1,
         no_secret/2]).
-export([peers/1, stop_peers/1]).

%% What anything may take that takes no time, on a machine that is busy.
-define(SOON, 30000).

%% What all processes of an instance have in their environment.
-define(MARK, "PROCTOR_TEST_MARK").

%%% Cases

%% Each case over one instance, in a process of its own with an empty mailbox;
%% it must leave nothing behind.
cases(StartOptions, Cases) ->
    {setup, fun() -> start(StartOptions) end, fun stop/1, titled(Cases)}.

titled(Cases) ->
    [{Title, {timeout, 60, {spawn, fun() -> one(Case) end}}}
     || {Title, Case} <- Cases].

start(Options) ->
    Mark = integer_to_list(erlang:unique_integer([positive]))
        ++ "." ++ os:getpid(),
    {ok, Pid} = quiet(fun() ->
        proctor:start([{env, [{?MARK, Mark}]} | Options])
    end),
    {Pid, os_pid(Pid), Mark}.

stop({Pid, OsPid, Mark}) ->
    ok = quiet(fun() -> gen_server:stop(Pid) end),
    ?assertNot(alive(OsPid)),
    ?assertEqual([], marked(Mark)).

%% The name of that variable.
mark() ->
    ?MARK.

%% The processes that carry the mark.
marked(Mark) ->
    Wanted = iolist_to_binary([?MARK, "=", Mark]),
    [Name || Name <- filelib:wildcard("[0-9]*", "/proc"),
             {ok, Env} <- [file:read_file("/proc/" ++ Name ++ "/environ")],
             binary:match(Env, Wanted) =/= nomatch].

%% The same for what only the native dialect can do; with an older port
%% program one case says that it is left out.
native(StartOptions, Cases) ->
    {setup, fun() -> start(StartOptions) end, fun stop/1,
     fun(_) ->
         case proctor:info() of
             {ok, #{dialect := native}} ->
                 titled(Cases);
             {ok, #{dialect := exec_port}} ->
                 [{"left out: the port program has no native dialect",
                   fun() -> ok end}]
         end
     end}.

%% The same for what needs control groups.
contained(StartOptions, Cases) ->
    {setup, fun() -> start(StartOptions) end, fun stop/1,
     fun(_) ->
         case proctor:info() of
             {ok, #{hello := #{cgroup := #{}}}} ->
                 titled(Cases);
             {ok, #{hello := Hello}} ->
                 Why = maps:get(cgroup, Hello, <<"an older port program">>),
                 [{lists:flatten(io_lib:format("left out: no control groups: "
                                               "~ts", [Why])),
                   fun() -> ok end}]
         end
     end}.

one(Case) ->
    quiet(fun() ->
        try
            Case(),
            wait_until(fun() -> proctor:which_children() =:= [] end),
            wait_until(fun() -> ets:info(proctor_owner, size) =:= 0 end),
            ?assertEqual([], flush())
        after
            case proctor:which_children() of
                List when is_list(List) ->
                    [proctor:kill(OsPid, sigkill) || OsPid <- List];
                {error, _} ->
                    ok
            end
        end
    end).

%% Each with the application, in a process of its own that hears how its daemons
%% end.
daemons(Cases) ->
    {setup,
     fun() -> quiet(fun() ->
                        {ok, _} = application:ensure_all_started(proctor)
                    end)
     end,
     fun(_) -> quiet(fun() -> ok = application:stop(proctor) end) end,
     [{Title, {timeout, 60, {spawn, fun() ->
                                        quiet(fun() -> one_daemon(Case) end)
                                    end}}}
      || {Title, Case} <- Cases]}.

one_daemon(Case) ->
    process_flag(trap_exit, true),
    Case(),
    wait_until(fun() -> proctor:which_children() =:= [] end).

%% Each case with no instance but its own, which may be the application's.
alone(Cases) ->
    [{Title, {timeout, 120, {spawn, fun() -> one_alone(Case) end}}}
     || {Title, Case} <- Cases].

one_alone(Case) ->
    quiet(fun() ->
        try
            Case(),
            ?assertEqual([], flush())
        after
            _ = application:stop(proctor),
            _ = application:unload(proctor),
            is_pid(whereis(proctor)) andalso gen_server:stop(proctor)
        end
    end).

%% Failures are provoked; their reports would only confuse.
quiet(Fun) ->
    #{level := Level} = logger:get_primary_config(),
    ok = logger:set_primary_config(level, none),
    try
        Fun()
    after
        ok = logger:set_primary_config(level, Level)
    end.

%%% Waiting

next() ->
    next(?SOON).

next(Timeout) ->
    receive
        Message -> Message
    after Timeout ->
        error(no_message)
    end.

down(Ref) ->
    receive
        {'DOWN', Ref, process, _, Reason} -> Reason
    after ?SOON ->
        error(not_down)
    end.

flush() ->
    receive
        Message -> [Message | flush()]
    after 0 ->
        []
    end.

%% All that a process that ends with that reason has written.
collect(OsPid, Pid, Reason) ->
    iolist_to_binary(pieces(OsPid, Pid, Reason)).

pieces(OsPid, Pid, Reason) ->
    receive
        {stdout, OsPid, Data} ->
            [Data | pieces(OsPid, Pid, Reason)];
        {'DOWN', OsPid, process, Pid, Actual} ->
            ?assertEqual(Reason, Actual),
            []
    after ?SOON ->
        error(no_output)
    end.

wait_until(Condition) ->
    wait_until(Condition, erlang:monotonic_time(millisecond) + ?SOON).

wait_until(Condition, Deadline) ->
    case Condition() of
        true ->
            ok;
        false ->
            ?assert(erlang:monotonic_time(millisecond) < Deadline),
            timer:sleep(10),
            wait_until(Condition, Deadline)
    end.

%%% Processes of the system

%% One that is dead but not buried yet does not count.
alive(OsPid) ->
    case os:cmd("ps -o stat= -p " ++ integer_to_list(OsPid)) of
        "" -> false;
        "Z" ++ _ -> false;
        _ -> true
    end.

%% Who lives in a process group.
group_alive(Group) ->
    Lines = string:lexemes(os:cmd("ps -e -o pgid= -o stat="), "\n"),
    lists:any(fun(Line) ->
                  case string:lexemes(Line, " ") of
                      [_, "Z" ++ _] -> false;
                      [Pgid, _] -> list_to_integer(Pgid) =:= Group
                  end
              end, Lines).

%%% What a case brings with it

with_dir(Fun) ->
    Name = io_lib:format("proctor-test-~s-~w",
                         [os:getpid(), erlang:unique_integer([positive])]),
    Dir = filename:join(os:getenv("TMPDIR", "/tmp"), lists:flatten(Name)),
    ok = file:make_dir(Dir),
    try
        Fun(Dir)
    after
        ok = file:del_dir_r(Dir)
    end.

%% A port program that is a script. Calls `Fun' with its path.
with_stub(Script, Fun) ->
    with_dir(fun(Dir) ->
        Stub = filename:join(Dir, "stub"),
        ok = file:write_file(Stub, ["#!/bin/sh\n", Script, "\n"]),
        ok = file:change_mode(Stub, 8#755),
        Fun(Stub)
    end).

%% Why a port program that ends at once cannot be used, by that start. If it has
%% ended before the first byte is written to it its status is lost: once more.
refused(Start) ->
    case Start() of
        {error, {port_closed, epipe}} -> refused(Start);
        Other -> Other
    end.

%% An instance whose port program is proctor_fake.
with_fake(Mode, Options, Fun) ->
    with_dir(fun(Dir) ->
        Program = filename:join(Dir, "port"),
        ok = file:write_file(Program, proctor_fake:script(Mode, Dir)),
        ok = file:change_mode(Program, 8#755),
        {ok, Server} = proctor:start([{portexe, Program}, {alarm, 0}
                                      | Options]),
        Result = Fun(Server),
        is_process_alive(Server) andalso gen_server:stop(Server),
        Result
    end).

%% What is logged from that level on, by us and by OTP, while something runs.
logged(Level, Fun) ->
    ok = logger:add_handler(?MODULE, proctor_test_log, #{config => self()}),
    ok = logger:set_primary_config(level, Level),
    ok = logger:update_handler_config(default, level, none),
    try
        Fun()
    after
        ok = logger:set_primary_config(level, none),
        ok = logger:remove_handler(?MODULE),
        ok = logger:update_handler_config(default, level, all)
    end,
    logged().

logged() ->
    receive
        {log, Event} -> [Event | logged()]
    after 0 ->
        []
    end.

%% What a function that says `ok' prints.
printed(Fun) ->
    {Pid, Ref} = spawn_monitor(fun() ->
        receive go -> ok end,
        exit({printed, Fun()})
    end),
    true = group_leader(self(), Pid),
    Pid ! go,
    printed(Ref, []).

printed(Ref, Text) ->
    receive
        {io_request, From, As, {put_chars, unicode, M, F, A}} ->
            From ! {io_reply, As, ok},
            printed(Ref, [Text, apply(M, F, A)]);
        {'DOWN', Ref, process, _, {printed, ok}} ->
            unicode:characters_to_list(Text)
    end.

%% However the term is written.
no_secret(Secret, Term) ->
    [?assertEqual(nomatch, string:find(io_lib:format(Format, [Term]), Secret))
     || Format <- ["~tp", "~0p", "~w"]].

%%% Port programs

%% The port program of an instance.
os_pid(Instance) ->
    {ok, #{port_os_pid := OsPid}} = proctor:info(Instance),
    OsPid.

%% All processes that it consists of.
parts(OsPid) ->
    Lines = string:lexemes(os:cmd("ps -e -o pid= -o ppid= -o comm="), "\n"),
    Processes = [{list_to_integer(Pid), list_to_integer(Parent)}
                 || Line <- Lines,
                    [Pid, Parent, "proctor" ++ _]
                        <- [string:lexemes(Line, " ")]],
    offspring([OsPid], Processes).

offspring([], _Processes) ->
    [];
offspring(OsPids, Processes) ->
    Next = [Pid || {Pid, Parent} <- Processes, lists:member(Parent, OsPids)],
    OsPids ++ offspring(Next, Processes).

%% A port program that is alive and does nothing, as long as one likes.
freeze(OsPids) ->
    signal("STOP", OsPids).

thaw(OsPids) ->
    signal("CONT", OsPids).

%% "STOP" to all of these; a negative number is a process group.
signal(Name, OsPids) ->
    "" = os:cmd(["kill -s ", Name, " --"
                 | [[$\s | integer_to_list(OsPid)] || OsPid <- OsPids]]),
    ok.

%%% Other nodes

%% So many nodes on this machine with the application started. They need a
%% name daemon, and this one a name.
peers(Count) ->
    case is_alive() orelse distribution() of
        true -> {ok, quiet(fun() -> [peer() || _ <- lists:seq(1, Count)] end)};
        {error, _} = Error -> Error
    end.

distribution() ->
    _ = os:cmd("epmd -daemon"),
    Name = list_to_atom("proctor_test_" ++ os:getpid()),
    case net_kernel:start(Name, #{name_domain => shortnames}) of
        {ok, _} -> true;
        {error, _} = Error -> Error
    end.

peer() ->
    Paths = lists:append([["-pa", Dir] || Dir <- code:get_path(),
                                          string:find(Dir, code:lib_dir())
                                              =:= nomatch]),
    {ok, Pid, Node} = peer:start(#{name => peer:random_name(),
                                   args => ["-kernel",
                                            "prevent_overlapping_partitions",
                                            "false" | Paths]}),
    ok = erpc:call(Node, logger, set_primary_config, [level, none]),
    {ok, _} = erpc:call(Node, application, ensure_all_started, [proctor]),
    {Pid, Node}.

stop_peers(Peers) ->
    lists:foreach(fun({Pid, _}) ->
                      try peer:stop(Pid) catch exit:_ -> ok end
                  end, Peers).
