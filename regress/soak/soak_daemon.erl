%% Daemons, alone and in a supervision tree.
-module(soak_daemon).
-behaviour(supervisor).

-export([kinds/0, init/1]).

-define(PATIENCE, 120000).

kinds() ->
    [{daemon, 3, fun daemon/1}, {restarted, 1, fun restarted/1}].

options(Instance) ->
    [{argv, ["sh", "-c", "echo ready; exec cat"]}, stdin, {instance, Instance},
     {log, none}, {ready, {line, "^ready$"}}, {ready_timeout, 60000}].

daemon(#{instance := Instance}) ->
    case proctor_daemon:start_link([{output, self()} | options(Instance)]) of
        {ok, Daemon} ->
            talked(Daemon, [integer_to_binary(rand:uniform(1000000))
                            || _ <- lists:seq(1, rand:uniform(20))]);
        {error, Reason} ->
            receive {'EXIT', _, _} -> ok after 100 -> ok end,
            soak_mail:gone({daemon, Reason})
    end.

%% Each line once and in order, then one end.
talked(Daemon, Lines) ->
    _ = try proctor_daemon:send(Daemon, [[Line, $\n] || Line <- Lines])
        catch exit:_ -> gone
        end,
    lists:foreach(fun(Line) -> line(Daemon, Line) end, [<<"ready">> | Lines]),
    try proctor_daemon:stop(Daemon) catch exit:_ -> gone end,
    receive
        {'EXIT', Daemon, normal} -> ok;
        {'EXIT', Daemon, Reason} -> ended(Daemon, Reason)
    after ?PATIENCE ->
        soak_mail:fault(lost, daemon)
    end.

line(Daemon, Line) ->
    receive
        {proctor_daemon, Daemon, stdout, Line} -> ok;
        {proctor_daemon, Daemon, stdout, Other} ->
            soak_mail:fault(bytes, {Other, Line});
        {'EXIT', Daemon, Reason} ->
            ended(Daemon, Reason)
    after ?PATIENCE ->
        soak_mail:fault(bytes, {daemon, Line})
    end.

%% What it had written may be behind.
ended(Daemon, Reason) ->
    receive
        {proctor_daemon, Daemon, stdout, _} -> ended(Daemon, Reason)
    after 0 ->
        soak_mail:gone({daemon, Reason})
    end.

%% Its supervisor has another when it is killed.
restarted(#{instance := Instance}) ->
    case supervisor:start_link(?MODULE, Instance) of
        {ok, Sup} ->
            First = ospid(Sup),
            _ = proctor:kill({First, [{instance, Instance}]}, sigkill),
            Next = another(Sup, First, 600),
            unlink(Sup),
            Ref = monitor(process, Sup),
            exit(Sup, shutdown),
            receive {'DOWN', Ref, process, _, _} -> ok end,
            receive {'EXIT', Sup, _} -> ok after 0 -> ok end,
            case Next of
                none -> soak_mail:gone(supervised);
                _ -> ok
            end;
        {error, Reason} ->
            receive {'EXIT', _, _} -> ok after 100 -> ok end,
            soak_mail:gone({supervised, Reason})
    end.

another(_Sup, _First, 0) ->
    none;
another(Sup, First, N) ->
    case ospid(Sup) of
        Next when is_integer(Next), Next =/= First -> Next;
        gone -> none;
        _ -> timer:sleep(50), another(Sup, First, N - 1)
    end.

ospid(Sup) ->
    try
        [{_, Pid, _, _}] = supervisor:which_children(Sup),
        proctor_daemon:ospid(Pid)
    catch
        _:_ ->
            case is_process_alive(Sup) of
                true -> undefined;
                false -> gone
            end
    end.

init(Instance) ->
    {ok, {#{intensity => 3, period => 10},
          [proctor_daemon:child_spec([{output, fun(_) -> ok end}
                                      | options(Instance)])]}}.
