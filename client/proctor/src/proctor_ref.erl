%% @doc Finds what the functions mean that take a place or a process: the
%% instance, on whatever node, and the Erlang process.
-module(proctor_ref).

-export([where/1, at/2, ask/2, process/1]).

%% What a look at another node may take, in milliseconds.
-define(LOOK, 5000).

%% What fits a pid_t.
-define(IS_OS_PID(OsPid), (is_integer(OsPid) andalso OsPid >= -16#80000000
                           andalso OsPid =< 16#7FFFFFFF)).

%% @doc Where something is to happen: the instance that the options say.
-spec where(proctor:where() | atom() | pid()) ->
    {ok, proctor_server:ref()} | {error, {badopt, term()}}.
where(Instance) when is_pid(Instance); is_atom(Instance) ->
    {ok, Instance};
where(Options) when is_list(Options) ->
    try length(Options) of
        _ -> listed(Options)
    catch
        error:badarg -> {error, {badopt, Options}}
    end;
where(Other) ->
    {error, {badopt, Other}}.

listed(Options) ->
    Instance = proplists:get_value(instance, Options, proctor),
    case proplists:get_value(node, Options, node()) of
        _ when is_pid(Instance) -> {ok, Instance};
        Node when Node =:= node(), is_atom(Instance) -> {ok, Instance};
        Node when is_atom(Node), is_atom(Instance) -> {ok, {Instance, Node}};
        _ -> {error, {badopt, Options}}
    end.

%% @doc Calls `Fun' with the server of a place.
-spec at(proctor:where() | atom() | pid(),
         fun((proctor_server:ref()) -> Result)) ->
    Result | {error, {badopt, term()}}.
at(Where, Fun) ->
    case where(Where) of
        {ok, Server} -> Fun(Server);
        {error, _} = Error -> Error
    end.

%% @doc Calls `Fun' with the server of a process, and what that knows it by.
-spec ask(proctor:target() | integer(),
          fun((proctor_server:ref(), proctor_server:target()) -> term())) ->
    term().
ask(Target, Fun) ->
    case server(Target) of
        {ok, Server, Process} -> Fun(Server, Process);
        {error, _} = Error -> Error
    end.

server(Pid) when is_pid(Pid) ->
    case owner(Pid) of
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
    case where(Where) of
        {ok, Server} -> {ok, Server, OsPid};
        {error, _} = Error -> Error
    end;
server(_Other) ->
    {error, no_process}.

owner(Pid) when node(Pid) =:= node() ->
    proctor_owner:find(Pid);
owner(Pid) ->
    try
        erpc:call(node(Pid), proctor_owner, find, [Pid], ?LOOK)
    catch
        error:{erpc, noconnection} -> {error, noconnection};
        error:{erpc, timeout} -> {error, timeout};
        _:_ -> undefined
    end.

%% @doc The Erlang process of a process.
-spec process(proctor:target()) -> {ok, pid()} | {error, term()}.
process(Pid) when is_pid(Pid) ->
    case owner(Pid) of
        {Server, _} when is_pid(Server) -> {ok, Pid};
        undefined -> {error, no_process};
        {error, _} = Error -> Error
    end;
process(Target) ->
    case ask(Target, fun proctor_server:pid/2) of
        Pid when is_pid(Pid) -> {ok, Pid};
        undefined -> {error, no_process};
        {error, _} = Error -> Error
    end.
