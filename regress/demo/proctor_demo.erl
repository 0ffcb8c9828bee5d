%% Shows what the client and the port program do, and asserts it: whatever is
%% not as expected ends the demo with a status other than 0.
-module(proctor_demo).

-export([main/0]).

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
                       fun stopped/0, fun hundred/0]),
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
     || Role <- ["guard", "priv", "launcher", "broker", "worker"]],
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
