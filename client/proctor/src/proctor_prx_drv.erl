%% @doc Calls of a tree in the shape of prx's driver, for the functions of
%% {@link proctor_prx:atexit/2} and {@link proctor_prx:sigaction/3}.
-module(proctor_prx_drv).

-export([call/4, call/5]).

%% @equiv call(Drv, Pipeline, Name, Args, infinity)
-spec call(pid(), [integer()], atom(), [term()]) -> term().
call(Drv, Pipeline, Name, Args) ->
    call(Drv, Pipeline, Name, Args, infinity).

%% @doc See {@link proctor_alcove:call/5}.
-spec call(pid(), [integer()], atom(), [term()], timeout()) -> term().
call(Drv, Pipeline, Name, Args, Timeout) ->
    proctor_alcove_drv:call(Drv, Pipeline, Name, Args, Timeout).
