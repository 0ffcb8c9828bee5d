%% Commands that do not end by themselves.
-module(soak_end).

-export([kinds/0]).

kinds() ->
    [{timeout, 3, fun timeout/1}, {signal, 4, fun signal/1},
     {stop, 3, fun stop/1}, {deserted, 2, fun deserted/1},
     {left, 2, fun left/1}].

timeout(#{instance := Instance}) ->
    case proctor:cmd("sleep", ["1000"], [{timeout, 20 + rand:uniform(300)},
                                         {instance, Instance}]) of
        {error, {timeout, etimedout, _}} -> ok;
        Other -> soak_mail:fault(answer, soak_mail:cmd(Other))
    end.

signal(#{tag := Tag} = Context) ->
    {Name, Number} = lists:nth(rand:uniform(4), [{sigkill, 9}, {sigterm, 15},
                                                 {sigusr1, 10}, {sighup, 1}]),
    Pid = soak_mail:run(["sleep", "1000"], [], Context),
    Answer = proctor:kill(Pid, Name),
    case soak_mail:follow(Tag) of
        {{signaled, Number, false}, {exit_status, Number}, _}
          when Answer =:= ok ->
            ok;
        {gone, _, _} -> soak_mail:gone(port);
        Other -> soak_mail:fault(answer, {Name, Answer, Other})
    end.

%% One that does not want to.
stop(#{tag := Tag} = Context) ->
    Pid = soak_mail:run("trap '' TERM; echo up; while :; do sleep 1000; done",
                        [stdout, kill_group, {group, 0},
                         {kill_timeout, {ms, rand:uniform(300)}}], Context),
    Up = soak_mail:until(Tag, <<"up\n">>, []),
    _ = proctor:stop(Pid),
    case soak_mail:follow(Tag, Up) of
        {{signaled, 9, false}, normal, #{stdout := <<"up\n">>}} -> ok;
        {gone, _, _} -> soak_mail:gone(port);
        Other -> soak_mail:fault(answer, Other)
    end.

%% Its caller dies: so does it. Rests look whether something was left.
deserted(#{instance := Instance}) ->
    Self = self(),
    Ref = make_ref(),
    Caller = spawn(fun() ->
        Self ! {Ref, proctor:run_link(["sleep", "1000"],
                                      [{errors, term}, {instance, Instance}])},
        receive never -> ok end
    end),
    Answer = receive {Ref, Told} -> Told after 60000 -> {error, timeout} end,
    exit(Caller, kill),
    case Answer of
        {ok, Pid, _} ->
            Monitor = monitor(process, Pid),
            receive
                {'DOWN', Monitor, process, Pid, port_closed} ->
                    soak_mail:gone(port);
                {'DOWN', Monitor, process, Pid, _} -> ok
            after 60000 ->
                soak_mail:fault(lost, deserted)
            end;
        {error, port_closed} -> soak_mail:gone(port);
        {error, not_started} -> soak_mail:gone(port);
        {error, Reason} -> soak_mail:cmd({error, Reason})
    end.

%% What it leaves in its group ends with it.
left(#{instance := Instance}) ->
    Script = "sleep 1000 >/dev/null 2>&1 & exec echo left",
    case soak_mail:cmd(proctor:cmd("sh", ["-c", Script],
                                   [{instance, Instance}])) of
        #{status := {exited, 0}, stdout := <<"left\n">>} -> ok;
        Other -> soak_mail:fault(answer, Other)
    end.
