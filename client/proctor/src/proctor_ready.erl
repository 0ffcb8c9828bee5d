%% @doc When a daemon is ready: by a line of its output, or by looking again and
%% again, in a process of its own, whether a function says so, a port takes
%% connections or a file is there.
-module(proctor_ready).

-export([line/1, start/3]).
-export([poll/3, holds/1]).

-export_type([check/0, polled/0]).

-type check() :: {line, binary() | tuple()} | {text, binary()} | polled().
%% A line that matches a pattern, or has that in it.

-type polled() :: fun(() -> boolean())
                | {tcp, inet:ip_address() | inet:hostname(),
                   inet:port_number()}
                | {file, file:filename_all()}.

%% What one try to connect may take, in milliseconds, and the news of it from
%% another node.
-define(CONNECT, 1000).
-define(NEWS, 5000).

%% @doc How a line is known, if it is one that is waited for.
-spec line(check()) -> {ok, fun((binary()) -> boolean())} | none.
line({line, Regexp}) when is_binary(Regexp) ->
    {ok, Pattern} = re:compile(Regexp),
    line({line, Pattern});
line({line, Pattern}) ->
    {ok, fun(Line) -> matches(Line, Pattern) end};
line({text, Text}) ->
    {ok, fun(Line) -> binary:match(Line, Text) =/= nomatch end};
line(_Polled) ->
    none.

%% One that was compiled for Unicode takes nothing else.
matches(Line, Pattern) ->
    try
        re:run(Line, Pattern, [{capture, none}]) =:= match
    catch
        error:badarg ->
            re:run(proctor_lines:repair(Line), Pattern,
                   [{capture, none}]) =:= match
    end.

%% @doc Looks, on that node, every so many milliseconds. The process is linked
%% to the caller and ends with `ready', or with `{Reason, Stacktrace}' if the
%% function fails.
-spec start(polled(), node(), pos_integer()) -> pid().
start(Check, Node, Every) ->
    spawn_link(?MODULE, poll, [Check, Node, Every]).

%% @private
-spec poll(polled(), node(), pos_integer()) -> no_return().
poll(Check, Node, Every) ->
    try look(Check, Node) of
        true -> exit(ready);
        _ -> ok
    catch
        _:Reason:Stack -> exit({Reason, proctor_log:stack(Stack)})
    end,
    timer:sleep(Every),
    ?MODULE:poll(Check, Node, Every).

look(Fun, _Node) when is_function(Fun) -> Fun();
look(Check, Node) when Node =:= node() -> holds(Check);
look(Check, Node) -> erpc:call(Node, ?MODULE, holds, [Check], ?NEWS).

%% @private
-spec holds(polled()) -> boolean().
holds({tcp, Host, Port}) ->
    lists:any(fun(Family) -> takes_connections(Host, Port, Family) end,
              families(Host));
holds({file, Path}) ->
    case file:read_file_info(Path, [raw]) of
        {ok, _} -> true;
        {error, _} -> false
    end.

families(Host) when tuple_size(Host) =:= 4 -> [inet];
families(Host) when tuple_size(Host) =:= 8 -> [inet6];
families(_Name) -> [inet, inet6].

takes_connections(Host, Port, Family) ->
    case gen_tcp:connect(Host, Port, [Family], ?CONNECT) of
        {ok, Socket} -> gen_tcp:close(Socket), true;
        {error, _} -> false
    end.
