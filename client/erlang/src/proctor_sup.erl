%% @doc Supervises the server that owns the port program. A port program that
%% dies takes all OS processes with it; a new one starts empty.
-module(proctor_sup).
-behaviour(supervisor).

-export([start_link/1]).
-export([init/1]).

%% @doc Starts the supervisor; the options are those of
%% {@link proctor:start/1}.
-spec start_link([proctor:start_option()]) ->
    {ok, pid()} | ignore | {error, term()}.
start_link(Options) ->
    supervisor:start_link({local, ?MODULE}, ?MODULE, Options).

%% @private
-spec init([proctor:start_option()]) ->
    {ok, {supervisor:sup_flags(), [supervisor:child_spec()]}}.
init(Options) ->
    Server = #{id => proctor,
               start => {proctor_server, start_link, [proctor, Options]},
               restart => permanent,
               %% The server bounds its own end by the option alarm.
               shutdown => infinity,
               type => worker},
    {ok, {#{strategy => one_for_one, intensity => 5, period => 30},
          [Server]}}.
