%% Watches an instance: each of its deaths has to have a cause, which is a part
%% that was struck.
-module(soak_watch).

-export([start/1, strike/2, is_draining/1, has_left/2]).

%% How long an instance may live once somebody has had to do with its death.
-define(LEAVES, 20000).

start(Instance) ->
    _ = spawn_link(fun() -> watch(Instance) end),
    ok.

%% Before the driver does it. One that has lost a launcher ends when nobody uses
%% it, so nobody does.
strike(Instance, "launcher") ->
    true = ets:insert(soak_count, {{draining, Instance}, whereis(Instance)}),
    strike(Instance, "");
strike(_Instance, "task") ->
    _ = soak_count:add({struck, tree}),
    ok;
strike(Instance, _Role) ->
    _ = soak_count:add({struck, Instance}),
    ok.

%% Until there is another.
is_draining(Instance) ->
    case ets:lookup(soak_count, {draining, Instance}) of
        [{_, Pid}] -> Pid =:= whereis(Instance);
        [] -> false
    end.

%% Is that server the instance no more, or about to be?
has_left(Instance, Server) ->
    has_left(Instance, Server, ?LEAVES).

has_left(Instance, Server, Ms) ->
    case Server =:= undefined orelse Server =/= whereis(Instance)
        orelse not is_process_alive(Server) orelse is_draining(Instance) of
        true -> true;
        false when Ms =< 0 -> false;
        false -> timer:sleep(50), has_left(Instance, Server, Ms - 50)
    end.

watch(Instance) ->
    case whereis(Instance) of
        undefined ->
            timer:sleep(10);
        Pid ->
            Ref = monitor(process, Pid),
            receive
                {'DOWN', Ref, process, Pid, shutdown} -> exit(normal);
                {'DOWN', Ref, process, Pid, Reason} -> died(Instance, Reason)
            end
    end,
    watch(Instance).

died(_Instance, noproc) ->
    ok;
died(Instance, Reason) ->
    Deaths = soak_count:add({died, Instance}),
    case ets:lookup(soak_count, {struck, Instance}) of
        [{_, Struck}] when Struck >= Deaths -> ok;
        _ -> soak_count:fault(unexplained, {died, Instance, Reason})
    end.
