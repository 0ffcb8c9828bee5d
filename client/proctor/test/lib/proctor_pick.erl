%% Runs test modules of EUnit, or of these only what bears a name: a function,
%% or a case by its title. A part of the name will do.
-module(proctor_pick).

-export([main/2]).

%% Everything (`all'), or what has that in its name. Ends the node.
main(Modules, all) ->
    finish(eunit:test(Modules, [verbose]));
main(Modules, Wanted) ->
    Found = counters:new(1, []),
    Tests = [{atom_to_list(Module), Picked}
             || Module <- Modules,
                [_ | _] = Picked <- [module(Module, {Wanted, Found})]],
    Result = eunit:test(Tests, [verbose]),
    counters:get(Found, 1) > 0
        orelse begin
                   io:format("no case has \"~ts\" in its name~n", [Wanted]),
                   halt(1)
               end,
    finish(Result).

finish(ok) -> halt(0);
finish(_) -> halt(1).

module(Module, Pick) ->
    {module, Module} = code:ensure_loaded(Module),
    lists:append([function(Module, Name, atom_to_list(Name), Pick)
                  || {Name, 0} <- Module:module_info(exports)]).

function(Module, Name, Text, Pick) ->
    case {string:find(Text, "_test", trailing), wanted(Text, Pick)} of
        {"_test", true} -> [found({Text, fun Module:Name/0}, Pick)];
        {"_test_", true} -> [found({Text, Module:Name()}, Pick)];
        {"_test_", false} -> cases(Module:Name(), Pick);
        _ -> []
    end.

wanted(Text, {Wanted, _}) ->
    string:find(Text, Wanted) =/= nomatch.

found(Test, {_, Found}) ->
    counters:add(Found, 1, 1),
    Test.

%% What is left of tests, as EUnit has them, if only such cases are wanted.
cases(Tests, Pick) when is_list(Tests) ->
    lists:append([cases(Test, Pick) || Test <- Tests]);
cases({setup, Setup, Tests}, Pick) ->
    fixture(Tests, Pick, fun(Left) -> {setup, Setup, Left} end);
cases({setup, Setup, Cleanup, Tests}, Pick) ->
    fixture(Tests, Pick, fun(Left) -> {setup, Setup, Cleanup, Left} end);
cases({timeout, Seconds, Tests}, Pick) ->
    [{timeout, Seconds, Left} || [_ | _] = Left <- [cases(Tests, Pick)]];
cases({Order, Tests}, Pick)
  when Order =:= spawn; Order =:= inorder; Order =:= inparallel ->
    [{Order, Left} || [_ | _] = Left <- [cases(Tests, Pick)]];
cases({generator, Generator}, Pick) ->
    cases(Generator(), Pick);
cases({Title, Tests}, Pick) when is_list(Title); is_binary(Title) ->
    case wanted(Title, Pick) of
        true -> [found({Title, Tests}, Pick)];
        false -> cases(Tests, Pick)
    end;
cases(_Nameless, _Pick) ->
    [].

%% Which tests there are may be known only behind the setup.
fixture(Tests, Pick, Make) when is_function(Tests, 1) ->
    [Make(fun(Context) -> cases(Tests(Context), Pick) end)];
fixture(Tests, Pick, Make) ->
    [Make(Left) || [_ | _] = Left <- [cases(Tests, Pick)]].
