%% @doc The loop of the small processes: the one of each OS process, the one
%% that calls a function with output, the one that writes to a port, the one
%% that watches another node. They are special processes as OTP has them: they
%% answer `sys', and new code of their modules can be loaded as often as one
%% likes, for while they wait they are in this module, which is not to change.
%%
%% They are no `gen_server' or `gen_statem', because those report each end that
%% is not `normal' as an error, with their state. That of a command that fails
%% is `{exit_status, Status}', it is the business of whoever has run it, and
%% its state holds the arguments. Besides, a message costs less here (see the
%% page of the benchmark).
-module(proctor_loop).

-export([start/3, start_link/3, enter/3]).
-export([init/4]).
-export([system_continue/3, system_terminate/4, system_get_state/1,
         system_replace_state/2, system_code_change/4, format_status/2]).

-type state() :: term().

-callback init(term()) -> state().
%% The first state. It may end the process by `exit/1', as may the next.

-callback handle(Message :: term(), state()) -> state().
%% The state after a message.

%% @doc Starts a process that is linked to nobody. `Parent' is whose it is.
-spec start(module(), pid(), term()) -> pid().
start(Module, Parent, Arg) ->
    spawn(?MODULE, init, [Module, Parent, ancestors(), Arg]).

%% @doc The same, linked to the caller.
-spec start_link(module(), pid(), term()) -> pid().
start_link(Module, Parent, Arg) ->
    spawn_link(?MODULE, init, [Module, Parent, ancestors(), Arg]).

ancestors() ->
    case get('$ancestors') of
        Pids when is_list(Pids) -> [self() | Pids];
        _ -> [self()]
    end.

%% @private
-spec init(module(), pid(), [pid() | atom()], term()) -> no_return().
init(Module, Parent, Ancestors, Arg) ->
    _ = put('$ancestors', Ancestors),
    _ = put('$initial_call', {Module, init, 1}),
    enter(Module, Parent, guarded(Module, init, [Arg])).

%% @doc Loops with a first state.
-spec enter(module(), pid(), state()) -> no_return().
enter(Module, Parent, State) ->
    loop(Parent, [], Module, State).

loop(Parent, Debug, Module, State) ->
    receive
        {system, From, Request} ->
            sys:handle_system_msg(Request, From, Parent, ?MODULE, Debug,
                                  {Module, State});
        Message ->
            loop(Parent, Debug, Module,
                 guarded(Module, handle, [Message, State]))
    end.

%% A fault of ours says where it is. What was being handled is somebody's
%% arguments, environment or data, and stays here.
guarded(Module, Function, Args) ->
    try
        apply(Module, Function, Args)
    catch
        error:Reason:Stack ->
            exit({crashed, kind(Reason),
                  [{M, F, arity(A), Info} || {M, F, A, Info} <- Stack]})
    end.

kind(Reason) when is_tuple(Reason), tuple_size(Reason) > 0 ->
    element(1, Reason);
kind(Reason) ->
    Reason.

arity(Args) when is_list(Args) -> length(Args);
arity(Arity) -> Arity.

%% @private
-spec system_continue(pid(), [sys:dbg_opt()], {module(), state()}) ->
    no_return().
system_continue(Parent, Debug, {Module, State}) ->
    loop(Parent, Debug, Module, State).

%% @private
-spec system_terminate(term(), pid(), [sys:dbg_opt()], {module(), state()}) ->
    no_return().
system_terminate(Reason, _Parent, _Debug, _Misc) ->
    exit(Reason).

%% @private
-spec system_get_state({module(), state()}) -> {ok, state()}.
system_get_state({_Module, State}) ->
    {ok, State}.

%% @private
-spec system_replace_state(fun((state()) -> state()), {module(), state()}) ->
    {ok, state(), {module(), state()}}.
system_replace_state(Fun, {Module, State}) ->
    New = Fun(State),
    {ok, New, {Module, New}}.

%% @private
-spec system_code_change({module(), state()}, module(), term(), term()) ->
    {ok, {module(), state()}}.
system_code_change(Misc, _Module, _OldVersion, _Extra) ->
    {ok, Misc}.

%% @private For `sys:get_status', of which one does not know who reads it.
-spec format_status(term(), [term()]) -> [term()].
format_status(_Option, [_Dictionary, SysState, Parent, _Debug,
                        {Module, State}]) ->
    [{header, {Module, self()}},
     {data, [{"Status", SysState}, {"Parent", Parent},
             {"State", element(1, State)}]}].
