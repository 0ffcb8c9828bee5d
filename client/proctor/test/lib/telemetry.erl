%% In place of the library of that name: what it is told goes to one process, or
%% to a function that does with it what handlers do.
-module(telemetry).

-export([attached/2, execute/3]).

%% Calls `Fun' while events go to `Handler'.
attached(Handler, Fun) ->
    persistent_term:put(?MODULE, Handler),
    {module, ?MODULE} = code:ensure_loaded(?MODULE),
    try
        Fun()
    after
        %% What is there of the last time, whose process was in it then, would
        %% be in the way.
        _ = code:soft_purge(?MODULE),
        true = code:delete(?MODULE),
        _ = code:soft_purge(?MODULE),
        persistent_term:erase(?MODULE)
    end.

execute(Event, Measurements, Metadata) ->
    case persistent_term:get(?MODULE) of
        Pid when is_pid(Pid) -> Pid ! {Event, Measurements, Metadata}, ok;
        Handler -> Handler(Event, Measurements, Metadata)
    end.
