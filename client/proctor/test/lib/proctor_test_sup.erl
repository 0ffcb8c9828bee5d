%% A supervisor of whatever it is given.
-module(proctor_test_sup).
-behaviour(supervisor).

-export([init/1]).

init(Children) ->
    {ok, {#{strategy => one_for_one, intensity => 10, period => 10},
          Children}}.
