%% @doc A program in a child of a task in the shape of prx, and all that it has
%% written. See {@link proctor_prx:cmd/2}.
-module(proctor_prx_cmd).

-export([run/2]).

-spec run(pid(), [iodata(), ...]) -> binary() | {error, atom()}.
run(Task, Argv) ->
    Old = [{Signal, ignore(Task, Signal)} || Signal <- [sigint, sigquit]],
    try
        forked(proctor_prx:fork(Task), Argv)
    after
        restore(Task, Old)
    end.

ignore(Task, Signal) ->
    case action(Task, Signal, sig_ign) of
        {ok, Action} -> Action;
        {error, _} -> []
    end.

%% What was to be called stays known.
action(Task, Signal, Action) ->
    Request = {sigaction, proctor_signal:to_int(Signal), [Signal, Action],
               keep},
    proctor_prx_result:shape(sigaction, proctor_prx_process:ask(Task, Request)).

%% It may have ended meanwhile.
restore(Task, Old) ->
    try
        _ = [action(Task, Signal, Action) || {Signal, Action} <- Old],
        ok
    catch
        exit:_ -> ok
    end.

%% The child may be no more when it is asked; its end is heard all the same.
forked({ok, Child}, Argv) ->
    Ref = monitor(process, Child),
    try
        _ = [{ok, _} = proctor_prx:sigaction(Child, Signal, sig_dfl)
             || Signal <- [sigint, sigquit]],
        true = proctor_prx:setcpid(Child, flowcontrol, -1),
        proctor_prx:execvp(Child, Argv)
    of
        ok ->
            collect(Child, Ref, []);
        {error, _} = Error ->
            ended(Child, Ref, Error)
    catch
        exit:_ ->
            ended(Child, Ref, {error, esrch});
        Class:Reason:Stack ->
            _ = ended(Child, Ref, ok),
            erlang:raise(Class, Reason, Stack)
    end;
forked({error, _} = Error, _Argv) ->
    Error.

ended(Child, Ref, Error) ->
    ok = proctor_prx:stop(Child),
    true = demonitor(Ref, [flush]),
    Error.

collect(Child, Ref, Collected) ->
    receive
        {stdout, Child, Data} -> collect(Child, Ref, [Collected | Data]);
        {stderr, Child, Data} -> collect(Child, Ref, [Collected | Data]);
        {exit_status, Child, _} -> collect(Child, Ref, Collected);
        {termsig, Child, _} -> collect(Child, Ref, Collected);
        {'DOWN', Ref, process, Child, _} -> iolist_to_binary(Collected)
    end.
