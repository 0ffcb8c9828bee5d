%% @doc Which instances there are on all connected nodes, by group, and which
%% of them has the least to do. The groups are those of OTP's `pg', in a scope
%% of their own.
-module(proctor_nodes).

-behaviour(proctor_loop).

-export([start_link/0, is_there/0, join/1, members/1, idlest/1, watch/3]).
-export([init/1, handle/2]).

-define(SCOPE, proctor_pg).

%% How long an instance may take to say what it has to do, in milliseconds.
-define(PATIENCE, 5000).

%% @doc Starts the scope, unless an instance outside the application did.
-spec start_link() -> {ok, pid()} | ignore | {error, term()}.
start_link() ->
    case pg:start_link(?SCOPE) of
        {error, {already_started, _}} -> ignore;
        Result -> Result
    end.

%% @doc Whether the scope is there.
-spec is_there() -> boolean().
is_there() ->
    is_pid(whereis(?SCOPE)).

%% @doc Makes the caller, an instance, a member of groups, as long as the scope
%% lives: the monitor that is returned tells of its end, after which the caller
%% has to join again.
-spec join([atom()]) -> reference() | undefined.
join([]) ->
    undefined;
join(Groups) ->
    _ = is_there() orelse pg:start(?SCOPE),
    Ref = monitor(process, ?SCOPE),
    try
        lists:foreach(fun(Group) -> ok = pg:join(?SCOPE, Group, self()) end,
                      lists:usort(Groups))
    catch
        exit:_ -> ok % it has died meanwhile, which the monitor tells
    end,
    Ref.

%% @doc The instances in a group, on all connected nodes.
-spec members(atom()) -> [pid()].
members(Group) ->
    case whereis(?SCOPE) of
        undefined -> [];
        _ -> pg:get_members(?SCOPE, Group)
    end.

%% @doc The instance of a group with the fewest OS processes; if several have
%% as few, any of them. Instances that do not answer are left out.
-spec idlest(atom()) -> {ok, pid()} | {error, {no_instance, atom()}}.
idlest(Group) ->
    Asked = [{Pid, gen_server:send_request(Pid, count)}
             || Pid <- members(Group)],
    Deadline = erlang:monotonic_time(millisecond) + ?PATIENCE,
    Answers = [{gen_server:receive_response(Request, {abs, Deadline}), Pid}
               || {Pid, Request} <- Asked],
    case lists:sort([{Count, rand:uniform(), Pid}
                     || {{reply, Count}, Pid} <- Answers]) of
        [{_, _, Pid} | _] -> {ok, Pid};
        [] -> {error, {no_instance, Group}}
    end.

%% @doc Tells `Caller' what the option `monitor' promises when the process of
%% another node cannot do that any more: because the node is lost.
-spec watch(pid(), proctor:ospid(), pid()) -> ok.
watch(Pid, _OsPid, _Caller) when node(Pid) =:= node() ->
    ok;
watch(Pid, OsPid, Caller) ->
    _ = proctor_loop:start(?MODULE, self(), {Pid, OsPid, Caller}),
    ok.

%% @private The process that watches.
-spec init({pid(), proctor:ospid(), pid()}) -> tuple().
init({Pid, OsPid, Caller}) ->
    {monitor(process, Pid), Pid, OsPid, Caller}.

%% @private
-spec handle(term(), tuple()) -> tuple().
handle({'DOWN', Ref, process, _, Reason}, {Ref, Pid, OsPid, Caller}) ->
    Reason =:= noconnection
        andalso (Caller ! {'DOWN', OsPid, process, Pid, noconnection}),
    exit(normal);
handle(_Message, State) ->
    State.
