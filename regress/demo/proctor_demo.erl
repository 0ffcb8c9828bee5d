%% Shows what the client and the port program do, and asserts it: whatever is
%% not as expected ends the demo with a status other than 0.
-module(proctor_demo).

-behaviour(supervisor).

-export([main/0]).
-export([init/1]).

%% @doc Runs the demo and ends the node.
-spec main() -> no_return().
main() ->
    ok = io:setopts([{encoding, unicode}]),
    %% That the application has stopped is told below.
    ok = logger:set_primary_config(level, warning),
    try
        {ok, _} = application:ensure_all_started(proctor),
        lists:foreach(fun(Step) -> Step() end,
                      [fun pipeline/0, fun conversation/0, fun failure/0,
                       fun stopped/0, fun hundred/0, fun backpressure/0,
                       fun deadline/0, fun daemon/0, fun other_node/0]
                      ++ [fun() -> task(Title, Step) end
                          || {Title, Step} <- proctor_task_demo:steps()]),
        ring(),
        say("~nAll as expected.", []),
        halt(0)
    catch
        Class:Reason:Stack ->
            say("~nNOT as expected: ~tp", [{Class, Reason, Stack}]),
            halt(1)
    end.

%%% The steps

pipeline() ->
    title("A shell pipeline"),
    Command = "printf 'pear\\napple\\nfig\\n' | sort | tr a-z A-Z",
    {ok, [{stdout, Lines}]} = run(Command, [sync, stdout]),
    expect_quietly(<<"APPLE\nFIG\nPEAR\n">>, iolist_to_binary(Lines)).

conversation() ->
    title("A conversation over stdin"),
    {ok, Pid, OsPid} = run("while read x; do echo \"you said $x\"; done",
                           [stdin, stdout, monitor]),
    [begin
         say("  > ~ts", [Word]),
         ok = proctor:send(Pid, <<Word/binary, "\n">>),
         Answer = <<"you said ", Word/binary, "\n">>,
         expect_quietly({stdout, OsPid, Answer}, next()),
         io:format("  < ~ts", [Answer])
     end || Word <- [<<"hello">>, <<"żółć"/utf8>>]],
    say("  > (end of file)", []),
    ok = proctor:send(Pid, eof),
    expect({'DOWN', OsPid, process, Pid, normal}, next()).

failure() ->
    title("A command that fails"),
    {error, [{exit_status, Raw} | _]} =
        run("echo 'no such luck' >&2; exit 3", [sync, stderr]),
    say("  raw status ~w is ~w", [Raw, proctor:status(Raw)]),
    expect_quietly({status, 3}, proctor:status(Raw)),
    {error, [{exit_status, Raw2}]} = run("kill -SEGV $$", [sync]),
    {signal, Signal, _} = Status = proctor:status(Raw2),
    say("  raw status ~w is ~w: ~w", [Raw2, Status, proctor:signal(Signal)]),
    expect_quietly(sigsegv, proctor:signal(Signal)).

stopped() ->
    title("One that is stopped although it ignores SIGTERM"),
    {ok, Pid, OsPid} = run("trap '' TERM; echo ready; read x",
                           [stdin, stdout, {kill_timeout, 1}, monitor]),
    expect({stdout, OsPid, <<"ready\n">>}, next()),
    {Took, normal} = timed(fun() -> proctor:stop_and_wait(Pid, 5000) end),
    say("  stopped after ~w ms", [Took]),
    expect({'DOWN', OsPid, process, Pid, normal}, next()),
    expect_quietly([], proctor:which_children()).

hundred() ->
    title("One hundred at once, each of which takes half a second"),
    Run = fun(N) ->
              Command = "sleep 0.5; echo " ++ integer_to_list(N),
              exit(proctor:run(Command, [sync, stdout]))
          end,
    {Took, Results} =
        timed(fun() ->
                  Refs = [element(2, spawn_monitor(fun() -> Run(N) end))
                          || N <- lists:seq(1, 100)],
                  [result(Ref) || Ref <- Refs]
              end),
    expect_quietly([{ok, [{stdout, [<<(integer_to_binary(N))/binary,
                                      "\n">>]}]}
                    || N <- lists:seq(1, 100)], Results),
    say("  100 results, all right, after ~w ms", [Took]),
    true = Took < 10000.

backpressure() ->
    title("A command that writes as fast as it can, and nobody who reads"),
    {ok, Pid, OsPid} = run("exec yes", [stdout, {active, false}]),
    timer:sleep(1000),
    {ok, #{dialect := Dialect, children := [Child]}} = proctor:info(),
    #{bytes := #{stdout := Bytes}} = Child,
    say("  after a second it has written ~w bytes to this node, whose memory "
        "is ~w KiB", [Bytes, erlang:memory(total) div 1024]),
    ok = proctor:i(),
    case Dialect of
        native -> expect_quietly(262144, Bytes);
        exec_port -> say("  (this port program knows no windows)", [])
    end,
    {ok, <<"y\ny\n">>} = Received = proctor:recv(Pid, 4),
    say("  proctor:recv(Pid, 4) -> ~tp", [Received]),
    {Took, normal} = timed(fun() -> proctor:stop_and_wait(OsPid, 5000) end),
    say("  stopped after ~w ms", [Took]).

deadline() ->
    title("A timeout that takes the whole process group"),
    Args = ["-c", "echo so far; sleep 1000 & sleep 1000"],
    say("  proctor:cmd(\"sh\", ~0tp, [{timeout, 500}])", [Args]),
    {Took, Result} =
        timed(fun() -> proctor:cmd("sh", Args, [{timeout, 500}]) end),
    say("  -> ~tp~n  after ~w ms", [Result, Took]),
    {error, {timeout, etimedout, #{stdout := <<"so far\n">>,
                                   ospid := Group}}} = Result,
    expect_quietly([], string:trim(os:cmd("ps -o pid= -g "
                                          ++ integer_to_list(Group)))).

daemon() ->
    title("A daemon that dies and is restarted by its supervisor"),
    {ok, Sup} = supervisor:start_link(?MODULE, []),
    First = proctor_daemon:ospid(demo_daemon),
    say("  it runs as ~w; kill -KILL ~w", [First, First]),
    %% Erlang reports that as it should; here it would only be in the way.
    ok = logger:set_primary_config(level, none),
    _ = os:cmd("kill -KILL " ++ integer_to_list(First)),
    Second = another(First, 100),
    ok = logger:set_primary_config(level, warning),
    Statistics = proctor_daemon:statistics(demo_daemon),
    say("  it runs as ~w~n  ~tp", [Second, Statistics]),
    #{restarts := 1, last_exit := #{status := {signaled, 9, false}}} =
        Statistics,
    unlink(Sup),
    ok = gen_server:stop(Sup, shutdown, 10000),
    %% Whoever runs this may trap exits.
    receive {'EXIT', Sup, _} -> ok after 0 -> ok end,
    expect_quietly([], proctor:which_children()).

another(OsPid, Tries) when Tries > 0 ->
    timer:sleep(50),
    try proctor_daemon:ospid(demo_daemon) of
        Other when is_integer(Other), Other =/= OsPid -> Other;
        _ -> another(OsPid, Tries - 1)
    catch
        exit:_ -> another(OsPid, Tries - 1)
    end.

other_node() ->
    title("Another node"),
    _ = os:cmd("epmd -daemon"),
    Name = list_to_atom("proctor_demo_" ++ os:getpid()),
    case net_kernel:start(Name, #{name_domain => shortnames}) of
        {ok, _} -> other_node(start_peer());
        {error, _} -> say("  (there is no distribution here)", [])
    end.

start_peer() ->
    Path = filename:dirname(code:which(proctor)),
    {ok, Peer, Node} = peer:start(#{name => peer:random_name(),
                                         args => ["-pa", Path]}),
    ok = erpc:call(Node, logger, set_primary_config, [level, warning]),
    {ok, _} = erpc:call(Node, application, ensure_all_started, [proctor]),
    {Peer, Node}.

other_node({Peer, Node}) ->
    {ok, Pid, OsPid} = run("echo \"hello from the child of $PPID\"; exit 3",
                           [stdout, monitor, {node, Node}]),
    say("  its Erlang process ~w is on ~w", [Pid, node(Pid)]),
    {stdout, OsPid, _} = Hello = next(),
    say("  ~tp", [Hello]),
    expect({'DOWN', OsPid, process, Pid, {exit_status, 768}}, next()),
    {ok, _, Lost} = run("exec sleep 1000", [{node, Node}, monitor]),
    say("  that node is stopped; its command cannot survive it", []),
    ok = peer:stop(Peer),
    expect_gone(Lost, 100),
    ok = net_kernel:stop().

expect_gone(OsPid, Tries) when Tries > 0 ->
    case lists:keymember(OsPid, 1, os_processes()) of
        true -> timer:sleep(50), expect_gone(OsPid, Tries - 1);
        false -> say("  ~w is gone", [OsPid])
    end,
    receive {'DOWN', OsPid, _, _, _} -> ok after 0 -> ok end.

%% Of a tree of tasks.
task(Title, Step) ->
    title(Title),
    {Expected, Result} = Step(fun say/2),
    expect_quietly(Expected, Result).

%% @private The supervisor of the daemon.
-spec init([]) -> {ok, {supervisor:sup_flags(), [supervisor:child_spec()]}}.
init([]) ->
    {ok, {#{strategy => one_for_one},
          [proctor_daemon:child_spec({"sleep", ["1000"],
                                      [{name, demo_daemon}, {log, none}]})]}}.

ring() ->
    title("The processes of the port program, and two commands"),
    {ok, _, Sleep} = proctor:run(["/bin/sleep", "1000"], []),
    {ok, _, Shell} = proctor:run("sleep 1001 & sleep 1002 & echo on; wait",
                                 [stdout]),
    {stdout, Shell, _} = next(),
    Port = port_program(),
    Ring = family(Port, os_processes()),
    show(Ring),
    [true = lists:any(fun({_, _, _, Args}) ->
                          string:find(Args, Role) =/= nomatch
                      end, Ring)
     || Role <- ["guard", "reaper", "priv", "launcher", "broker", "worker"]],
    [true = lists:keymember(OsPid, 1, Ring) || OsPid <- [Sleep, Shell]],
    title("The application is stopped: what is left of them?"),
    {Took, ok} = timed(fun() -> application:stop(proctor) end),
    say("  stopped after ~w ms", [Took]),
    Left = [Process || {OsPid, _, _, _} = Process <- os_processes(),
                       lists:keymember(OsPid, 1, Ring)],
    show(Left),
    expect_quietly([], Left).

%%% Looking at processes

port_program() ->
    {links, Links} = process_info(whereis(proctor), links),
    [OsPid] = [OsPid || Port <- Links, is_port(Port),
                        {os_pid, OsPid} <- [erlang:port_info(Port, os_pid)]],
    OsPid.

%% All that live; the dead whom nobody has buried yet are not the program's
%% to bury.
os_processes() ->
    Lines = string:lexemes(os:cmd("ps -e -o pid= -o ppid= -o stat= -o user= "
                                  "-o args="), "\n"),
    [{list_to_integer(Pid), list_to_integer(PPid), User,
      lists:append(lists:join(" ", Args))}
     || [Pid, PPid, Stat, User | Args]
            <- [string:lexemes(Line, " ") || Line <- Lines],
        hd(Stat) =/= $Z].

family(OsPid, All) ->
    [Process || {Pid, _, _, _} = Process <- All, Pid =:= OsPid]
        ++ [Member || {Child, Parent, _, _} <- All, Parent =:= OsPid,
                      Member <- family(Child, All)].

show([]) ->
    say("  nothing", []);
show(List) ->
    say("  ~7ts ~7ts ~-8ts ~ts", ["PID", "PPID", "USER", "COMMAND"]),
    [say("  ~7w ~7w ~-8ts ~ts", [Pid, PPid, User, Args])
     || {Pid, PPid, User, Args} <- List],
    ok.

%%% Helpers

run(Command, Options) ->
    say("  proctor:run(~0tp, ~0tp)", [Command, Options]),
    Result = proctor:run(Command, Options),
    say("  -> ~tp", [Result]),
    Result.

result(Ref) ->
    receive
        {'DOWN', Ref, process, _, Result} -> Result
    after 10000 ->
        error(no_result)
    end.

next() ->
    receive
        Message -> Message
    after 5000 ->
        error(no_message)
    end.

expect(Expected, Actual) ->
    say("  ~tp", [Actual]),
    expect_quietly(Expected, Actual).

expect_quietly(Expected, Expected) ->
    ok;
expect_quietly(Expected, Actual) ->
    error({expected, Expected, got, Actual}).

timed(Fun) ->
    Start = erlang:monotonic_time(millisecond),
    Result = Fun(),
    {erlang:monotonic_time(millisecond) - Start, Result}.

title(Text) ->
    say("~n== ~ts", [Text]).

say(Format, Args) ->
    io:format(Format ++ "~n", Args).
