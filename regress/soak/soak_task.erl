%% Trees of tasks. Whatever ends them, each task's end is told once.
-module(soak_task).

-export([kinds/0]).

-define(PATIENCE, 120000).

kinds() ->
    [{tree, 4, fun tree/1}].

tree(#{instance := Instance}) ->
    case proctor_task:start([{instance, Instance}]) of
        {ok, Root} ->
            put(tasks, [Root]),
            Done = try used(Root)
                   catch throw:{Class, _} = Thrown when Class =:= tree -> Thrown
                   end,
            _ = proctor_task:stop(Root),
            Exits = [exit_of(Task) || Task <- get(tasks)],
            judge(Done, Exits);
        {error, Reason} ->
            soak_mail:gone({tree, Reason})
    end.

judge({tree, What}, _Exits) -> soak_mail:gone({tree, What});
judge(ok, _Exits) -> ok.

used(Root) ->
    Task = task(proctor_task:fork(Root, ?PATIENCE)),
    Other = task(proctor_task:fork(Task, ?PATIENCE)),
    case proctor_task:run(Other, [{chdir, ["/usr"]}, {getcwd, []}],
                          [{timeout, ?PATIENCE}]) of
        {ok, [ok, {ok, <<"/usr">>}]} -> ok;
        Wrong -> failed(Wrong)
    end,
    Cat = task(proctor_task:fork(Root, ?PATIENCE)),
    done(proctor_task:exec(Cat, ["cat"], [{active, false}, {stderr, null}])),
    Data = rand:bytes(rand:uniform(200000)),
    done(proctor_task:send(Cat, Data, ?PATIENCE)),
    done(proctor_task:send(Cat, eof)),
    case received(Cat, []) of
        Data -> ok;
        Out when byte_size(Out) < byte_size(Data) ->
            ok = soak_mail:prefix(Out, Data),
            failed({cut, byte_size(Out)});
        _ -> soak_mail:fault(bytes, tree)
    end,
    case proctor_task:await(Cat, ?PATIENCE) of
        {ok, #{status := {exited, 0}, cause := itself}} ->
            put(tasks, lists:delete(Cat, get(tasks))),
            _ = soak_count:add(bytes, byte_size(Data)),
            ok;
        {ok, Exit} ->
            put(tasks, lists:delete(Cat, get(tasks))),
            failed(Exit);
        Error ->
            soak_mail:fault(lost, Error)
    end.

task({ok, Task}) ->
    put(tasks, [Task | get(tasks)]),
    Task;
task(Error) ->
    failed(Error).

done(ok) -> ok;
done(Error) -> failed(Error).

-spec failed(term()) -> no_return().
failed(What) ->
    throw({tree, What}).

received(Cat, Out) ->
    case proctor_task:recv(Cat, stdout, ?PATIENCE) of
        {ok, Data} -> received(Cat, [Out, Data]);
        {error, closed} -> iolist_to_binary(Out);
        Error -> failed({Error, iolist_size(Out)})
    end.

%% Of each that there was, once, behind all else. Those of an instance that ends
%% hear SIGTERM, and tell.
exit_of(Task) ->
    case proctor_task:await(Task, ?PATIENCE) of
        {ok, Exit} -> signals(Task), Exit;
        Error -> soak_mail:fault(lost, {task, Error})
    end.

signals(Task) ->
    receive
        {proctor_task, Task, {signal, _, _}} -> signals(Task)
    after 0 ->
        ok
    end.
