%% @doc The application `proctor': one supervised port program, configured by
%% the application environment, which takes the options of
%% {@link proctor:start/1} as its keys (`config :proctor, portexe: "/path"' of
%% Mix, `{proctor, [{portexe, "/path"}]}' of `sys.config'), and `instances', the
%% others that there are to be: `[{Name, Options}]'.
-module(proctor_app).
-behaviour(application).

-export([start/2, stop/1]).

%% @doc Starts the supervisor with the options of the environment.
-spec start(application:start_type(), term()) ->
    {ok, pid()} | {error, term()}.
start(_Type, _Args) ->
    ok = proctor_log:show(),
    case proctor_sup:start_link(proctor_start_options:from_env()) of
        {ok, Pid} -> {ok, Pid};
        ignore -> {error, ignore};
        {error, Reason} -> {error, Reason}
    end.

%% @doc The server has shut the port program down.
-spec stop(term()) -> ok.
stop(_State) ->
    proctor_log:hide().
