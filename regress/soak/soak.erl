%% The node of the soak: starts instances, has many callers use them, and talks
%% with the driver (run.py), which strikes their parts and measures them. Lines of
%% ours begin with `@'; all else on standard output is the log.
%%
%%   driver      node
%%   strike I R  @struck         a part R of instance I is about to be killed
%%   rest        @rested K=V...  no caller does anything, and the node is swept
%%   go          @going
%%   where       @where I=PID... the port program of each instance
%%   end         @counts K=V...  and the node ends
%%               @ready          at the start
%%               @fault C TEXT   at any time
-module(soak).

-export([main/0]).

%% What a rest may take until every caller has ended what it was doing, and until
%% each instance is there and has nothing that runs, in milliseconds.
-define(HELD, 180000).
-define(QUIET, 60000).

main() ->
    process_flag(trap_exit, true),
    %% Daemons that end are reported by OTP, which is as it should be.
    ok = logger:add_handler_filter(default, otp, {fun logger_filters:domain/2,
                                                  {stop, sub, [otp]}}),
    ok = soak_count:new(),
    ok = soak_bytes:prepare(),
    Instances = start_instances(),
    [ok = soak_watch:start(Instance) || Instance <- Instances],
    Seed = number("SOAK_SEED"),
    Callers = number("SOAK_CALLERS"),
    Kinds = soak_caller:kinds(os:getenv("SOAK_PRIVILEGED") =:= "yes",
                              string:lexemes(os:getenv("SOAK_KINDS"), ",")),
    [soak_caller:start(Id, Seed, Kinds) || Id <- lists:seq(1, Callers)],
    say("ready", []),
    serve(Instances, Callers).

number(Name) ->
    list_to_integer(os:getenv(Name)).

%% `proctor' is never struck. `plain' has no SUID bit where the others have one.
start_instances() ->
    ok = application:load(proctor),
    {ok, _} = application:ensure_all_started(proctor),
    {ok, _} = proctor:start_instance([{name, struck}]),
    {ok, _} = proctor:start_instance([{name, plain},
                                      {portexe, os:getenv("SOAK_PLAIN")}]),
    [proctor, struck, plain].

serve(Instances, Callers) ->
    receive {'EXIT', Pid, Reason} ->
        soak_count:fault(crash, {Pid, Reason})
    after 0 ->
        ok
    end,
    case io:get_line("") of
        "strike " ++ What ->
            [Instance, Role] = string:lexemes(string:trim(What), " "),
            ok = soak_watch:strike(list_to_existing_atom(Instance), Role),
            say("struck", []);
        "rest\n" ->
            say("rested", rest(Instances, Callers));
        "go\n" ->
            ok = soak_count:hold(false),
            say("going", []);
        "where\n" ->
            say("where", [{Instance, port_of(Instance)}
                          || Instance <- Instances]);
        "end\n" ->
            _ = rest(Instances, Callers),
            ok = application:stop(proctor),
            say("counts", soak_count:all()),
            halt(0);
        eof ->
            halt(1)
    end,
    serve(Instances, Callers).

say(What, Values) ->
    io:format("@~s~s~n", [What, [io_lib:format(" ~s=~w", [name(Key), Value])
                                 || {Key, Value} <- Values]]).

name(Key) when is_tuple(Key) ->
    lists:join(".", [atom_to_list(Part) || Part <- tuple_to_list(Key)]);
name(Key) ->
    atom_to_list(Key).

%% 0 while there is none.
port_of(Instance) ->
    case proctor:info([{instance, Instance}]) of
        {ok, #{port_os_pid := OsPid, launchers_down := []}} -> OsPid;
        _ -> 0
    end.

%% Everybody waits, nothing runs, and nobody has anything that is garbage.
rest(Instances, Callers) ->
    ok = soak_count:hold(true),
    until(?HELD, fun() -> callers end, fun() -> soak_count:held() =:= Callers end),
    [until(?QUIET, fun() -> busy(Instance) end,
           fun() -> is_quiet(Instance) end) || Instance <- Instances],
    %% What a process has given back, another may hold until it is swept, too.
    [[garbage_collect(Pid) || Pid <- processes()] || _ <- [1, 2]],
    timer:sleep(500),
    [{memory, erlang:memory(total)},
     {binaries, erlang:memory(binary)},
     {heaps, erlang:memory(processes_used)},
     {rows, erlang:memory(ets)},
     {processes, erlang:system_info(process_count)},
     {ports, length(erlang:ports())},
     {tables, length(ets:all())},
     {operations, soak_count:operations()}].

is_quiet(Instance) ->
    port_of(Instance) > 0
        andalso proctor:which_children([{instance, Instance}]) =:= []
        andalso case proctor:info([{instance, Instance}]) of
                    {ok, #{pending := 0, orphans := 0, children := []}} -> true;
                    _ -> false
                end.

%% What an instance runs that should have ended.
busy(Instance) ->
    case proctor:info([{instance, Instance}]) of
        {ok, #{children := Children} = Info} ->
            {busy, Instance, maps:with([orphans, pending], Info),
             proctor:which_children([{instance, Instance}]),
             [maps:with([ospid, command, active, queued, uptime_ms], Child)
              || Child <- Children]};
        Error ->
            {busy, Instance, Error}
    end.

until(Ms, What, _Done) when Ms < 0 ->
    soak_count:fault(stuck, What());
until(Ms, What, Done) ->
    case Done() of
        true -> ok;
        false -> timer:sleep(50), until(Ms - 50, What, Done)
    end.
