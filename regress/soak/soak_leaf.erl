%% Control groups, where there are any.
-module(soak_leaf).

-export([kinds/0]).

kinds() ->
    [{leaf, 4, fun leaf/1}, {leaf_left, 2, fun leaf_left/1},
     {pause, 2, fun pause/1}].

has(Instance) ->
    case proctor:info([{instance, Instance}]) of
        {ok, #{hello := Hello}} -> proctor_cgroup:has_leaves(Hello);
        _ -> soak_mail:gone(port)
    end.

leaf(#{instance := Instance} = Context) ->
    case has(Instance) of
        true -> limited(Context);
        false -> left_out
    end.

limited(#{tag := Tag} = Context) ->
    Pid = soak_mail:run(["cat"], [stdin, stdout, {cgroup, true}], Context),
    _ = proctor:send(Pid, "word\n"),
    Before = soak_mail:until(Tag, <<"word\n">>, []),
    Stats = proctor:stats(Pid, 60000),
    _ = proctor:send(Pid, eof),
    case {soak_mail:follow(Tag, Before), Stats} of
        {{{exited, 0}, normal, #{stdout := <<"word\n">>}},
         {ok, #{path := _}}} ->
            ok;
        {{gone, _, _}, _} -> soak_mail:gone(port);
        Other -> soak_mail:fault(answer, Other)
    end.

%% What it leaves is gone with it, out of its session, too.
leaf_left(#{instance := Instance}) ->
    case has(Instance) of
        true ->
            Script = "setsid sleep 1000 >/dev/null 2>&1 & exec echo left",
            Answer = proctor:cmd("sh", ["-c", Script],
                                 [{instance, Instance}, {cgroup, true}]),
            case soak_mail:cmd(Answer) of
                #{status := {exited, 0}, stdout := <<"left\n">>,
                  cgroup := #{}} -> ok;
                %% Nobody is there any more who could say what it has used.
                #{status := {exited, 0}} -> soak_mail:gone(keeper);
                Other -> soak_mail:fault(answer, Other)
            end;
        false ->
            left_out
    end.

pause(#{tag := Tag} = Context) ->
    Pid = soak_mail:run(["cat"], [stdin, stdout, {cgroup, auto}], Context),
    Paused = proctor:pause(Pid, 60000),
    _ = proctor:send(Pid, "word\n"),
    Resumed = proctor:resume(Pid, 60000),
    _ = proctor:send(Pid, eof),
    case soak_mail:follow(Tag) of
        {{exited, 0}, normal, #{stdout := <<"word\n">>}}
          when Paused =:= Resumed, element(1, Paused) =:= ok -> ok;
        {gone, _, _} -> soak_mail:gone(port);
        Other -> soak_mail:fault(answer, {Paused, Resumed, Other})
    end.
