%% @doc The process that prints the output of an OS process or calls functions
%% with it, so that the one that stands for the OS process is never busy.
-module(proctor_sink).
-behaviour(gen_server).

-include("proctor_log.hrl").

-export([start_link/1, put/4]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, format_status/1]).

-record(sink, {owner :: pid(),
               ospid :: proctor:ospid()}).

%% @doc Starts it, linked to the caller, which gets
%% `{proctor_sink, Stream, Bytes}' for each piece that is done with. A function
%% that fails ends it with `{Reason, Stacktrace}'.
-spec start_link(proctor:ospid()) -> pid().
start_link(OsPid) ->
    {ok, Pid} = gen_server:start_link(?MODULE, {self(), OsPid}, []),
    Pid.

%% @doc Hands one piece over.
-spec put(pid(), print | proctor:output_fun(), stdout | stderr,
          proctor_stream:piece()) -> ok.
put(Pid, Sink, Stream, Piece) ->
    gen_server:cast(Pid, {Sink, Stream, Piece}).

%% @private
-spec init({pid(), proctor:ospid()}) -> {ok, #sink{}}.
init({Owner, OsPid}) ->
    {ok, #sink{owner = Owner, ospid = OsPid}}.

%% @private
-spec handle_call(term(), gen_server:from(), #sink{}) ->
    {reply, {error, badarg}, #sink{}}.
handle_call(_Request, _From, State) ->
    {reply, {error, badarg}, State}.

%% @private
-spec handle_cast({print | proctor:output_fun(), stdout | stderr,
                   proctor_stream:piece()}, #sink{}) -> {noreply, #sink{}}.
handle_cast({Sink, Stream, {Data, Cost}}, #sink{owner = Owner, ospid = OsPid}
            = State) ->
    ok = consume(Sink, Stream, OsPid, Data),
    Owner ! {?MODULE, Stream, Cost},
    {noreply, State}.

%% @private
-spec handle_info(term(), #sink{}) -> {noreply, #sink{}}.
handle_info(_Message, State) ->
    {noreply, State}.

%% @private
-spec format_status(gen_server:format_status()) -> gen_server:format_status().
format_status(Status) ->
    maps:map(fun(message, _) -> hidden;
                (log, _) -> [];
                (_, Value) -> Value
             end, Status).

consume(print, Stream, OsPid, Data) ->
    io:format("Got ~w from ~w: ~p\n", [Stream, OsPid, Data]);
consume(Fun, Stream, OsPid, Data) ->
    try Fun(Stream, OsPid, Data) of
        _ -> ok
    catch
        Class:Reason:Stack ->
            Short = proctor_log:stack(Stack),
            ?TELL(error, "proctor: the function that takes ~w of ~w failed: "
                       "~w ~w in ~tp",
                       [Stream, OsPid, Class, proctor_log:failure(Reason),
                        Short]),
            proctor_exit:quit({Reason, Short})
    end.
