%% A caller: one thing after another, by one instance or another, as its seed has
%% it. Whatever that was, nothing of it may come to its mailbox later.
-module(soak_caller).

-export([kinds/2, start/3]).

%% [{Name, Weight, Fun}] of those that are asked for, or all. With other users
%% where there are any.
kinds(Users, Only) ->
    [Kind || {Name, _, _} = Kind <- kinds(Users),
             Only =:= [] orelse lists:member(atom_to_list(Name), Only)].

kinds(true) ->
    kinds(false) ++ soak_user:kinds();
kinds(false) ->
    soak_run:kinds() ++ soak_bytes:kinds() ++ soak_end:kinds()
        ++ soak_daemon:kinds() ++ soak_leaf:kinds() ++ soak_task:kinds().

start(Id, Seed, Kinds) ->
    spawn_link(fun() ->
        _ = rand:seed(exsss, {Seed, Id, 19}),
        process_flag(trap_exit, true),
        loop(1, #{id => Id, kinds => lists:append(
            [lists:duplicate(Weight, {Name, Fun})
             || {Name, Weight, Fun} <- Kinds])})
    end).

loop(N, #{id := Id, kinds := Kinds} = Caller) ->
    soak_count:is_held() andalso soak_count:hold_me(),
    {Name, Fun} = one_of(Kinds),
    Instance = instance(),
    Server = whereis(Instance),
    Done = once(Fun, #{tag => {soak, Id, N}, id => Id, instance => Instance}),
    _ = soak_count:add(operations),
    judge(Done, Name, Instance, Server),
    leftovers(Name, Done),
    loop(N + 1, Caller).

one_of(List) ->
    lists:nth(rand:uniform(length(List)), List).

%% Users are asked for by who wants them: `plain' has none.
instance() ->
    Instance = one_of([proctor, proctor, struck, struck, plain]),
    case soak_watch:is_draining(Instance) of
        true -> proctor;
        false -> Instance
    end.

once(Fun, Context) ->
    try Fun(Context) of
        ok -> ok;
        left_out -> left_out
    catch
        throw:{gone, _} = Gone -> Gone;
        throw:{fault, _, _} = Fault -> Fault;
        Class:Reason:Stack -> {fault, crash, {Class, Reason, hd(Stack)}}
    end.

judge(left_out, _Name, _Instance, _Server) ->
    ok;
judge(ok, Name, _Instance, _Server) ->
    _ = soak_count:add({done, Name}),
    ok;
judge({fault, Class, What}, Name, Instance, _Server) ->
    soak_count:fault(Class, {Name, Instance, What});
judge({gone, {tree, What}}, Name, proctor, _Server) ->
    one_tree(What, Name);
judge({gone, What}, Name, Instance, Server) ->
    case soak_watch:has_left(Instance, Server) of
        true ->
            _ = soak_count:add({cut, Name}),
            timer:sleep(rand:uniform(200));
        false ->
            soak_count:fault(unexplained, {Name, Instance, What})
    end.

%% Trees are struck where the instance is not: each is one caller's.
one_tree(What, Name) ->
    Lost = soak_count:add({died, tree}),
    case ets:lookup(soak_count, {struck, tree}) of
        [{_, Struck}] when Struck >= Lost -> soak_count:add({cut, Name});
        _ -> soak_count:fault(unexplained, {Name, What})
    end.

%% Behind the end of what was done, and of the one before.
leftovers(Name, Done) ->
    receive
        Message ->
            soak_count:fault(class(Message),
                             {Name, done(Done), shape(Message)}),
            leftovers(Name, Done)
    after 0 ->
        ok
    end.

done({What, _}) -> What;
done({What, _, _}) -> What;
done(What) -> What.

class({exit, _, _}) -> doubled;
class({'DOWN', _, process, _, _}) -> doubled;
class({proctor_task, _, {exit, _}}) -> doubled;
class({'EXIT', _, _}) -> doubled;
class(_) -> bytes.

shape({Stream, Tag, Data}) when is_binary(Data) ->
    {Stream, Tag, byte_size(Data)};
shape(Message) ->
    Message.
