%% @doc The process that prints the output of an OS process or calls functions
%% with it, so that the one that stands for the OS process is never busy.
-module(proctor_sink).

-behaviour(proctor_loop).

-include("proctor_log.hrl").

-export([start/1, put/4]).
-export([init/1, handle/2]).

%% @doc Starts it, linked to the caller, which gets
%% `{proctor_sink, Stream, Bytes}' for each piece that is done with. A function
%% that fails ends it with `{Reason, Stacktrace}'.
-spec start(proctor:ospid()) -> pid().
start(OsPid) ->
    proctor_loop:start_link(?MODULE, self(), {self(), OsPid}).

%% @doc Hands one piece over.
-spec put(pid(), print | proctor:output_fun(), stdout | stderr, binary()) ->
    ok.
put(Pid, Sink, Stream, Data) ->
    Pid ! {?MODULE, Sink, Stream, Data},
    ok.

%% @private
-spec init({pid(), proctor:ospid()}) -> {pid(), proctor:ospid()}.
init(State) ->
    State.

%% @private
-spec handle(term(), {pid(), proctor:ospid()}) -> {pid(), proctor:ospid()}.
handle({?MODULE, Sink, Stream, Data}, {Owner, OsPid} = State) ->
    ok = consume(Sink, Stream, OsPid, Data),
    Owner ! {?MODULE, Stream, byte_size(Data)},
    State;
handle(_Message, State) ->
    State.

consume(print, Stream, OsPid, Data) ->
    io:format("Got ~w from ~w: ~p\n", [Stream, OsPid, Data]);
consume(Fun, Stream, OsPid, Data) ->
    try Fun(Stream, OsPid, Data) of
        _ -> ok
    catch
        Class:Reason:Stack ->
            ?TELL(error, "proctor: the function that takes ~w of ~w failed: "
                  "~tp", [Stream, OsPid, {Class, Reason, Stack}]),
            exit({Reason, Stack})
    end.
