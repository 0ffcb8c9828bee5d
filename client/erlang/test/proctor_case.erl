%% What the tests share.
-module(proctor_case).

-include_lib("eunit/include/eunit.hrl").

-export([cases/2, native/2, quiet/1, next/0, next/1, down/1, flush/0,
         wait_until/1, alive/1, group_alive/1, with_dir/1, os_pid/1,
         parts/1, freeze/1, thaw/1, peers/1, stop_peers/1]).

%% What anything may take that takes no time, on a machine that is busy.
-define(SOON, 30000).

%% Each case over one instance, in a process of its own with an empty mailbox;
%% it must leave nothing behind.
cases(StartOptions, Cases) ->
    {setup,
     fun() -> quiet(fun() -> {ok, Pid} = proctor:start(StartOptions), Pid end)
     end,
     fun(Pid) -> quiet(fun() -> ok = gen_server:stop(Pid) end) end,
     [{Title, {timeout, 60, {spawn, fun() -> one(Case) end}}}
      || {Title, Case} <- Cases]}.

%% The same for what only the native dialect can do; with an older port
%% program one case says that it is left out.
native(StartOptions, Cases) ->
    {setup,
     fun() -> quiet(fun() -> {ok, Pid} = proctor:start(StartOptions), Pid end)
     end,
     fun(Pid) -> quiet(fun() -> ok = gen_server:stop(Pid) end) end,
     fun(_) ->
         case proctor:info() of
             {ok, #{dialect := native}} ->
                 [{Title, {timeout, 60, {spawn, fun() -> one(Case) end}}}
                  || {Title, Case} <- Cases];
             {ok, #{dialect := exec_port}} ->
                 [{"left out: the port program has no native dialect",
                   fun() -> ok end}]
         end
     end}.

one(Case) ->
    quiet(fun() ->
        try
            Case(),
            wait_until(fun() -> proctor:which_children() =:= [] end),
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

%% Failures are provoked; their reports would only confuse.
quiet(Fun) ->
    #{level := Level} = logger:get_primary_config(),
    ok = logger:set_primary_config(level, none),
    try
        Fun()
    after
        ok = logger:set_primary_config(level, Level)
    end.

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

signal(Name, OsPids) ->
    "" = os:cmd("kill -" ++ Name
                ++ [[$\s | integer_to_list(OsPid)] || OsPid <- OsPids]),
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
