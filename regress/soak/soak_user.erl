%% Other users, in privileged mode.
-module(soak_user).

-export([kinds/0]).

kinds() ->
    [{user, 8, fun user/1}, {user_stop, 2, fun user_stop/1}].

%% `plain' is to say that it cannot.
user(#{instance := plain}) ->
    case proctor:cmd("id", ["-un"], [{user, "daemon"}, {instance, plain}]) of
        {error, {Stage, eperm, _}} when Stage =/= port -> ok;
        Other -> soak_mail:fault(answer, soak_mail:cmd(Other))
    end;
user(#{instance := Instance}) ->
    User = lists:nth(rand:uniform(2), [<<"daemon">>, <<"bin">>]),
    Want = <<User/binary, "\n">>,
    case soak_mail:cmd(proctor:cmd("id", ["-un"], [{user, User},
                                                   {instance, Instance}])) of
        #{status := {exited, 0}, stdout := Want} -> ok;
        Other -> soak_mail:fault(answer, {User, Other})
    end.

user_stop(#{instance := plain}) ->
    left_out;
user_stop(#{tag := Tag} = Context) ->
    Pid = soak_mail:run(["/bin/cat"], [stdin, stdout, {user, "daemon"}],
                        Context),
    _ = proctor:send(Pid, "word\n"),
    Before = soak_mail:until(Tag, <<"word\n">>, []),
    _ = proctor:stop(Pid),
    case soak_mail:follow(Tag, Before) of
        {{signaled, 15, false}, normal, #{stdout := <<"word\n">>}} -> ok;
        {gone, _, _} -> soak_mail:gone(port);
        Other -> soak_mail:fault(answer, Other)
    end.
