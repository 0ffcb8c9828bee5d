%% @doc What logs may say: which program it is about, but none of what it was
%% given or has written, and where something has failed, but not with what.
-module(proctor_log).

-include("proctor_log.hrl").

-export([show/0, hide/0, program/1, refusal/1, failed/2, failure/1, stack/1]).

%% What the filter of the default handler is called.
-define(FILTER, proctor).

%% @doc The default handler of Erlang's logger takes what has no domain, or that
%% of OTP: makes it take ours.
-spec show() -> ok.
show() ->
    Filter = {fun logger_filters:domain/2, {log, sub, [proctor]}},
    _ = logger:add_handler_filter(default, ?FILTER, Filter),
    ok.

%% @doc Leaves it as it was.
-spec hide() -> ok.
hide() ->
    _ = logger:remove_handler_filter(default, ?FILTER),
    ok.

%% @doc The name of what was to be run: a program's path, or `shell' for text,
%% which may hold anything.
-spec program(term()) -> binary() | shell | {manage, proctor:ospid()}.
program({manage, OsPid}) ->
    {manage, OsPid};
program([First | _]) when is_list(First); is_binary(First) ->
    try unicode:characters_to_binary(First) of
        Path when is_binary(Path) -> Path;
        _ -> <<"?">>
    catch
        error:badarg -> <<"?">>
    end;
program(_Text) ->
    shell.

%% @doc Why a request was refused, without the detail, which may have come
%% from an argument.
-spec refusal(term()) -> term().
refusal({Stage, Errno, _Detail}) when is_atom(Stage), is_atom(Errno) ->
    {Stage, Errno};
refusal({badopt, Name}) when is_atom(Name); is_binary(Name) ->
    {badopt, Name};
refusal(Reason) when is_atom(Reason) ->
    Reason;
refusal(_Text) ->
    refused.

%% @doc Logs that something of ours has failed where it must not, and says with
%% what it is to end.
-spec failed(string(), {atom(), term(), list()}) ->
    {proctor_failed, atom()}.
failed(Who, {Class, Reason, Stack}) ->
    ?TELL(error, "proctor: ~ts failed: ~w ~w in ~tp",
          [Who, Class, failure(Reason), stack(Stack)]),
    {proctor_failed, failure(Reason)}.

%% @doc The name of a failure, without the term that it was about.
-spec failure(term()) -> atom().
failure(Reason) when is_atom(Reason) -> Reason;
failure(Reason) when is_tuple(Reason), is_atom(element(1, Reason)) ->
    element(1, Reason);
failure(_Reason) -> unknown.

%% @doc Where it was: functions with their arities in place of arguments.
-spec stack(list()) -> [{module(), atom(), arity(), list()} | term()].
stack(Stack) ->
    [entry(Entry) || Entry <- Stack].

entry({Module, Function, Args, Where}) when is_list(Args) ->
    {Module, Function, length(Args), Where};
entry({Fun, Args, Where}) when is_list(Args) ->
    {Fun, length(Args), Where};
entry(Entry) ->
    Entry.
