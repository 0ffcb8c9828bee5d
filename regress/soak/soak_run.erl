%% Short commands and their answers.
-module(soak_run).

-export([kinds/0]).

kinds() ->
    [{answer, 6, fun answer/1}, {status, 6, fun status/1},
     {pipe, 2, fun pipe/1}, {sync, 2, fun sync/1}].

answer(#{instance := Instance}) ->
    Text = base64:encode(rand:bytes(rand:uniform(6000))),
    case soak_mail:cmd(proctor:cmd("printf", ["%s", Text],
                                   [{instance, Instance}])) of
        #{status := {exited, 0}, stdout := Text} -> ok;
        Other -> soak_mail:fault(bytes, maps:without([stdout], Other))
    end.

status(#{tag := Tag} = Context) ->
    Code = rand:uniform(256) - 1,
    _ = soak_mail:run(["sh", "-c", "exit $0", integer_to_list(Code)], [],
                      Context),
    Down = case Code of
               0 -> normal;
               _ -> {exit_status, Code bsl 8}
           end,
    case soak_mail:follow(Tag) of
        {{exited, Code}, Down, _} -> ok;
        {gone, _, _} -> soak_mail:gone(port);
        Other -> soak_mail:fault(answer, {Code, Other})
    end.

pipe(#{instance := Instance}) ->
    N = rand:uniform(2000),
    Want = integer_to_binary(N),
    Answer = proctor:pipe([{"seq", [Want]}, {"tail", ["-n", "1"]},
                           {"tr", ["-d", "\n"]}], [{instance, Instance}]),
    case soak_mail:cmd(Answer) of
        #{statuses := [0, 0, 0], stdout := Want} -> ok;
        Other -> soak_mail:fault(answer, Other)
    end.

sync(#{instance := Instance}) ->
    case proctor:run("echo out; echo err >&2; exit 3",
                     [sync, stdout, stderr, {instance, Instance}]) of
        {error, [{exit_status, 768}, {stdout, Out}, {stderr, Err}]} ->
            {<<"out\n">>, <<"err\n">>} =
                {iolist_to_binary(Out), iolist_to_binary(Err)},
            ok;
        {error, {port_closed, _}} -> soak_mail:gone(port);
        {error, port_closed} -> soak_mail:gone(port);
        {error, not_started} -> soak_mail:gone(not_started);
        {error, "Couldn't start pid: The launcher" ++ _} ->
            soak_mail:gone(launcher);
        Other -> soak_mail:fault(answer, Other)
    end.
