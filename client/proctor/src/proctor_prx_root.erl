%% @doc How a tree in the shape of prx is started: from the environment that prx
%% has, `application:set_env(proctor_prx, options, _)'.
-module(proctor_prx_root).

-export([start/1, sudo/1]).

%% @doc See {@link proctor_prx:start_link/1}.
-spec start(pid()) -> {ok, pid()} | {error, term()}.
start(Owner) ->
    Options = options(environment()),
    case ready(Options) of
        ok -> proctor_prx_process:start(Owner, Options);
        {error, _} = Error -> Error
    end.

environment() ->
    application:get_env(proctor_prx, options, []).

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
        false -> started(application:ensure_all_started(proctor))
    end.

started({ok, _}) -> ok;
started({error, Reason}) -> {error, Reason}.

%% @doc See {@link proctor_prx:sudo/1}.
-spec sudo(iodata()) -> ok.
sudo(Words) ->
    Kept = lists:keydelete(exec, 1, environment()),
    application:set_env(proctor_prx, options, [{exec, Words} | Kept]).
