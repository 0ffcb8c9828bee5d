%% @doc How a tree in the shape of prx is started: from the environment that prx
%% has, `application:set_env(proctor_prx, options, _)'.
-module(proctor_prx_root).

-export([environment/0, tree/1, sudo/1]).

%% @doc What trees are started with if nothing else is said.
-spec environment() -> [tuple()].
environment() ->
    application:get_env(proctor_prx, options, []).

%% @doc Starts one, for the caller.
-spec tree([tuple()]) -> {ok, pid()} | {error, term()}.
tree(Environment) ->
    Options = options(Environment),
    case ready(Options) of
        ok -> started(proctor_task_tree:start(Options));
        {error, _} = Error -> Error
    end.

started({ok, Tree, _Hello}) -> {ok, Tree};
started({error, {_Stage, Errno, _Detail}}) -> {error, Errno};
started({error, Reason}) -> {error, Reason}.

%% There is no control directory.
options(Environment) ->
    proplists:get_value(start, Environment, [])
        ++ [{program, Path} || {progname, Path} <- Environment]
        ++ [{user, "root"} || {exec, Words} <- Environment,
                              iolist_size(Words) > 0].

%% Where nothing else is named, the application has it.
ready(Options) ->
    case proplists:is_defined(instance, Options)
        orelse proplists:is_defined(node, Options)
        orelse whereis(proctor) =/= undefined of
        true -> ok;
        false -> ready_now(application:ensure_all_started(proctor))
    end.

ready_now({ok, _}) -> ok;
ready_now({error, Reason}) -> {error, Reason}.

%% @doc See {@link proctor_prx:sudo/1}.
-spec sudo(iodata()) -> ok.
sudo(Words) ->
    Kept = lists:keydelete(exec, 1, environment()),
    application:set_env(proctor_prx, options, [{exec, Words} | Kept]).
