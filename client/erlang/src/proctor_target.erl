%% @doc Finds what functions that take a process mean: its server, on whatever
%% node, and its Erlang process.
-module(proctor_target).

-export([ask/2, ask/3, process/1]).

%% What a look at another node may take, in milliseconds.
-define(LOOK, 5000).

%% What fits a pid_t.
-define(IS_OS_PID(OsPid), (is_integer(OsPid) andalso OsPid >= -16#80000000
                           andalso OsPid =< 16#7FFFFFFF)).

%% @doc Asks the server of a process something about it.
-spec ask(fun((proctor_server:target()) -> proctor_server:request()),
          proctor:target() | integer()) -> term().
ask(Request, Target) ->
    ask(Request, Target, infinity).

%% @doc The same with a limit in milliseconds.
-spec ask(fun((proctor_server:target()) -> proctor_server:request()),
          proctor:target() | integer(), timeout()) -> term().
ask(Request, Target, Timeout) ->
    case server(Target) of
        {ok, Server, Process} ->
            proctor_server:call(Server, Request(Process), Timeout);
        {error, _} = Error ->
            Error
    end.

server(Pid) when is_pid(Pid) ->
    case whose(Pid) of
        {Server, _} when is_pid(Server) -> {ok, Server, Pid};
        undefined -> {error, no_process};
        {error, _} = Error -> Error
    end;
server(OsPid) when ?IS_OS_PID(OsPid) ->
    {ok, proctor, OsPid};
server(Port) when is_port(Port) ->
    case erlang:port_info(Port, os_pid) of
        {os_pid, OsPid} -> {ok, proctor, OsPid};
        undefined -> {error, no_process}
    end;
server({OsPid, Where}) when ?IS_OS_PID(OsPid) ->
    case proctor_spec:where(Where) of
        {ok, Server} -> {ok, Server, OsPid};
        {error, _} = Error -> Error
    end;
server(_Other) ->
    {error, no_process}.

whose(Pid) when node(Pid) =:= node() ->
    proctor_child:whose(Pid);
whose(Pid) ->
    try
        erpc:call(node(Pid), proctor_child, whose, [Pid], ?LOOK)
    catch
        error:{erpc, noconnection} -> {error, noconnection};
        error:{erpc, timeout} -> {error, timeout};
        _:_ -> undefined
    end.

%% @doc The Erlang process of a process.
-spec process(proctor:target()) -> {ok, pid()} | {error, term()}.
process(Pid) when is_pid(Pid) ->
    case whose(Pid) of
        {Server, _} when is_pid(Server) -> {ok, Pid};
        undefined -> {error, no_process};
        {error, _} = Error -> Error
    end;
process(Target) ->
    case ask(fun(OsPid) -> {pid, OsPid} end, Target) of
        Pid when is_pid(Pid) -> {ok, Pid};
        undefined -> {error, no_process};
        {error, _} = Error -> Error
    end.
