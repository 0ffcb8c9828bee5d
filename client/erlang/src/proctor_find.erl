%% @doc Where the port program lies.
-module(proctor_find).

-export([program/1]).

-define(INSTALLED, "/usr/local/libexec/proctor/proctor").

%% @doc The path of the port program: what the option `portexe' says, else
%% the application's environment, else the variable `PROCTOR_PORT', else the
%% first of the application's own `priv' directory and the installed path
%% that is there. A place that somebody chose is used or fails; the error
%% lists what was tried.
-spec program(proctor_options:start()) ->
    {ok, file:filename_all()} |
    {error, {no_port_program, [file:filename_all()]}}.
program(#{portexe := Path}) ->
    first([Path]);
program(#{}) ->
    case {application:get_env(proctor, portexe), os:getenv("PROCTOR_PORT")} of
        {{ok, Path}, _} when Path =/= default -> first([Path]);
        {_, [_ | _] = Path} -> first([Path]);
        _ -> first([filename:join(priv_dir(), "proctor"), ?INSTALLED])
    end.

first(Paths) ->
    case lists:search(fun filelib:is_regular/1, Paths) of
        {value, Path} -> {ok, filename:absname(Path)};
        false -> {error, {no_port_program, Paths}}
    end.

priv_dir() ->
    case code:priv_dir(proctor) of
        {error, bad_name} ->
            %% Not in a directory named as an application should be.
            Ebin = filename:absname(filename:dirname(code:which(?MODULE))),
            filename:join(filename:dirname(Ebin), "priv");
        Dir ->
            Dir
    end.
