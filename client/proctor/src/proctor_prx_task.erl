%% @doc Lists of operations on a task in the shape of prx. Calls that follow
%% each other cross in one frame.
-module(proctor_prx_task).

-export([do/3, do/4, with/3]).

-export_type([op/0, option/0, config/0]).

-type op() :: {Fun :: atom(), Args :: [term()]}
            | {Fun :: atom(), Args :: [term()], [option()]}
            | {module(), Fun :: atom(), Args :: [term()]}
            | {module(), Fun :: atom(), Args :: [term()], [option()]}
            | [op()].
%% `Module:Fun(Task, Args...)', of {@link proctor_prx} if no module is said. It
%% returns `ok', `{ok, State}', more operations, or `{error, Reason}'.

-type option() :: errexit | {errexit, boolean()} | state | {state, boolean()}
                | {transform, fun((term()) -> term())}.
%% Whether an error ends the list (it does), whether the state is to be the
%% argument before the task, and what becomes of the result first.

-type config() :: {init, fun((pid()) -> {ok, pid()} | {error, term()})}
                | {terminate, fun((pid(), pid()) -> term())}.

%% What a frame holds for certain, and its answer.
-define(CALLS, 128).
-define(BYTES, 500000).

%% @equiv do(Parent, Ops, State, [])
-spec do(pid(), [op()], term()) -> {ok, pid()} | {error, term()}.
do(Parent, Ops, State) ->
    do(Parent, Ops, State, []).

%% @doc Makes a child, by `init' or as {@link proctor_prx:fork/1} does, and
%% prepares it by these operations. If they fail it is ended, by `terminate' or
%% as {@link proctor_prx:stop/1} does, and the error returned.
-spec do(pid(), [op()], term(), [config()]) -> {ok, pid()} | {error, term()}.
do(Parent, Ops, State, Config) ->
    Init = proplists:get_value(init, Config, fun proctor_prx:fork/1),
    Terminate = proplists:get_value(terminate, Config, fun terminate/2),
    case Init(Parent) of
        {ok, Task} -> prepared(Task, Parent, Ops, State, Terminate);
        {error, _} = Error -> Error
    end.

prepared(Task, Parent, Ops, State, Terminate) ->
    try with(Task, Ops, State) of
        ok ->
            {ok, Task};
        {error, _} = Error ->
            _ = Terminate(Parent, Task),
            Error
    catch
        Class:Reason:Stack ->
            _ = Terminate(Parent, Task),
            erlang:raise(Class, Reason, Stack)
    end.

terminate(_Parent, Task) ->
    proctor_prx:stop(Task).

%% @doc Carries out operations on a task. Raises `{badop, {Module, Fun, Args},
%% Rest, Reason}' for one that returns what it must not, or fails.
-spec with(pid(), [op()], term()) -> ok | {error, term()}.
with(_Task, [], _State) ->
    ok;
with(Task, [Nested | Ops], State) when is_list(Nested) ->
    with(Task, Nested ++ Ops, State);
with(Task, Ops, State) ->
    case plain(Ops, ?CALLS, ?BYTES, []) of
        {[_, _ | _] = Plain, Rest} -> batch(Task, Plain, Rest, State);
        _ -> single(Task, Ops, State)
    end.

%%% Several in a frame

%% The operations at the head that can follow each other without us.
plain([Op | Rest] = Ops, Calls, Bytes, Plain)
  when Calls > 0, Bytes > 0, is_tuple(Op) ->
    case op(Op) of
        {proctor_prx, Name, Args, []} ->
            case proctor_prx_result:is_plain(Name) of
                true -> plain(Rest, Calls - 1,
                              Bytes - erlang:external_size(Args),
                              [{Name, Args} | Plain]);
                false -> {lists:reverse(Plain), Ops}
            end;
        _ ->
            {lists:reverse(Plain), Ops}
    end;
plain(Ops, _Calls, _Bytes, Plain) ->
    {lists:reverse(Plain), Ops}.

batch(Task, Plain, Rest, State) ->
    Calls = [{Name, proctor_prx_call:args(Name, Args)}
             || {Name, Args} <- Plain],
    Answers = proctor_prx_process:ask(Task, {batch, Calls}),
    case answered(Plain, Answers, State) of
        {ok, State1} -> with(Task, Rest, State1);
        {error, _} = Error -> Error
    end.

%% All have an answer, or the last that has one has failed.
answered([{Name, _} = Op | Ops], [Answer | Answers], State) ->
    try proctor_prx_result:shape(Name, Answer) of
        ok -> answered(Ops, Answers, State);
        {ok, State1} -> answered(Ops, Answers, State1);
        {error, _} = Error -> Error
    catch
        error:Reason -> bad(Op, Ops, Reason)
    end;
answered([], _Answers, State) ->
    {ok, State};
answered(_Ops, {error, Failure}, _State) ->
    proctor_prx_result:failed(Failure);
answered(_Ops, _Answers, _State) ->
    {error, eproto}.

-spec bad({atom(), [term()]}, [{atom(), [term()]}], term()) -> no_return().
bad({Name, Args}, Ops, Reason) ->
    error({badop, {proctor_prx, Name, Args}, Ops, {error, Reason}}).

%%% One by one

single(Task, [Op | Ops], State) ->
    {Module, Fun, Args, Options} = op(Op),
    Given = case is(state, false, Options) of
                true -> [State, Task | Args];
                false -> [Task | Args]
            end,
    Transform = proplists:get_value(transform, Options, fun same/1),
    try Transform(apply(Module, Fun, Given)) of
        ok ->
            with(Task, Ops, State);
        {ok, State1} ->
            with(Task, Ops, State1);
        More when is_list(More) ->
            with(Task, More ++ Ops, State);
        {error, _} = Error ->
            case is(errexit, true, Options) of
                true -> Error;
                false -> with(Task, Ops, State)
            end;
        Other ->
            error({badop, {Module, Fun, Args}, Ops, {badmatch, Other}})
    catch
        Class:Reason ->
            error({badop, {Module, Fun, Args}, Ops, {Class, Reason}})
    end.

same(Result) -> Result.

is(Name, Default, Options) ->
    proplists:get_value(Name, Options, Default).

op({Fun, Args}) when is_atom(Fun), is_list(Args) ->
    {proctor_prx, Fun, Args, []};
op({Fun, Args, Options}) when is_atom(Fun), is_list(Args), is_list(Options) ->
    {proctor_prx, Fun, Args, Options};
op({Module, Fun, Args}) when is_atom(Module), is_atom(Fun), is_list(Args) ->
    {Module, Fun, Args, []};
op({Module, Fun, Args, Options})
  when is_atom(Module), is_atom(Fun), is_list(Args), is_list(Options) ->
    {Module, Fun, Args, Options};
op(Op) ->
    error({badop, Op}).
