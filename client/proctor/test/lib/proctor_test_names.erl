%% Registers names, and hears of the end of those that have them by and by.
-module(proctor_test_names).

-export([register_name/2, unregister_name/1, whereis_name/1, send/2]).

register_name(Name, Pid) ->
    case whereis_name(Name) of
        undefined -> ok = persistent_term:put({?MODULE, Name}, Pid), yes;
        _ -> no
    end.

unregister_name(Name) ->
    persistent_term:erase({?MODULE, Name}).

whereis_name(Name) ->
    persistent_term:get({?MODULE, Name}, undefined).

send(Name, Message) ->
    whereis_name(Name) ! Message.
