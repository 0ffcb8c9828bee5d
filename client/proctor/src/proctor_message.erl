%% @doc The messages of a run, in the words of whoever gets them.
-module(proctor_message).

-export([send/3]).

-export_type([shape/0]).

-type shape() :: plain | fun((Message :: tuple()) -> term()).

%% @doc Sends a message to a process, as the option `message' has it; `none' is
%% not sent.
-spec send(pid(), term(), shape()) -> ok.
send(To, Message, plain) ->
    To ! Message,
    ok;
send(To, Message, Shape) ->
    case Shape(Message) of
        none -> ok;
        Shaped -> send(To, Shaped, plain)
    end.
