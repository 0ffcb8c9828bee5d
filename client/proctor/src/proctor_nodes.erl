%% @doc Which instances there are on all connected nodes, by group, and which
%% of them has the least to do. The groups are those of OTP's `pg', in a scope
%% of their own.
-module(proctor_nodes).
-behaviour(gen_server).

-export([start_link/0, join/1, leave/1, members/1, local/0, idlest/1, watch/3]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

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

%% @doc Makes the caller, an instance, a member of groups, and monitors the
%% scope: a new one knows nobody, so who hears of the end of the old one has to
%% join again. `retry' says that it has ended just now.
-spec join([atom()]) -> {ok, reference() | undefined} | retry.
join([]) ->
    {ok, undefined};
join(Groups) ->
    _ = is_pid(whereis(?SCOPE)) orelse pg:start(?SCOPE),
    Ref = monitor(process, ?SCOPE),
    try lists:foreach(fun(Group) -> ok = pg:join(?SCOPE, Group, self()) end,
                      lists:usort(Groups)) of
        ok -> {ok, Ref}
    catch
        exit:_ ->
            true = demonitor(Ref, [flush]),
            retry
    end.

%% @doc Makes the caller a member of groups no more.
-spec leave([atom()]) -> ok.
leave(Groups) ->
    try
        _ = [pg:leave(?SCOPE, Group, self()) || Group <- lists:usort(Groups)],
        ok
    catch
        %% Nobody is a member of what has ended.
        exit:_ -> ok
    end.

%% @doc The instances in a group, on all connected nodes.
-spec members(atom()) -> [pid()].
members(Group) ->
    case whereis(?SCOPE) of
        undefined -> [];
        _ -> pg:get_members(?SCOPE, Group)
    end.

%% @doc Those of this node that are in any.
-spec local() -> [pid()].
local() ->
    case whereis(?SCOPE) of
        undefined -> [];
        _ -> lists:usort([Server || Group <- pg:which_groups(?SCOPE),
                                    Server <- pg:get_local_members(?SCOPE,
                                                                   Group)])
    end.

%% @doc The instance of a group with the fewest OS processes; if several have
%% as few, any of them. Instances that do not answer are left out.
-spec idlest(atom()) -> {ok, pid()} | {error, {no_instance, atom()}}.
idlest(Group) ->
    Counts = proctor_server:counts(members(Group), ?PATIENCE),
    case lists:sort([{Count, rand:uniform(), Pid}
                     || {Count, Pid} <- Counts]) of
        [{_, _, Pid} | _] -> {ok, Pid};
        [] -> {error, {no_instance, Group}}
    end.

%% @doc Tells `Caller' what the option `monitor' promises when the process of
%% another node cannot do that any more: because the node is lost.
-spec watch(pid(), Tag :: term(), pid()) -> ok.
watch(Pid, _Tag, _Caller) when node(Pid) =:= node() ->
    ok;
watch(Pid, Tag, Caller) ->
    {ok, _} = gen_server:start(?MODULE, {Pid, Tag, Caller}, []),
    ok.

%%% The process that watches

%% @private
-spec init({pid(), term(), pid()}) -> {ok, {reference(), term(), pid()}}.
init({Pid, Tag, Caller}) ->
    {ok, {monitor(process, Pid), Tag, Caller}}.

%% @private
-spec handle_call(term(), gen_server:from(), State) ->
    {reply, {error, badarg}, State}.
handle_call(_Request, _From, State) ->
    {reply, {error, badarg}, State}.

%% @private
-spec handle_cast(term(), State) -> {noreply, State}.
handle_cast(_Message, State) ->
    {noreply, State}.

%% @private
-spec handle_info(term(), {reference(), term(), pid()}) ->
    {noreply, term()} | {stop, normal, term()}.
handle_info({'DOWN', Ref, process, Pid, noconnection},
            {Ref, Tag, Caller} = State) ->
    Caller ! {'DOWN', Tag, process, Pid, noconnection},
    {stop, normal, State};
handle_info({'DOWN', Ref, process, _, _}, {Ref, _, _} = State) ->
    {stop, normal, State};
handle_info(_Message, State) ->
    {noreply, State}.
