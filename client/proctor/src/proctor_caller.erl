%% @doc What ties an OS process to the caller of its run: the process of it,
%% which calls this, ends with that one where nobody else would ever hear of
%% it, or take what it writes.
-module(proctor_caller).

-export([tie/1, confirmed/2, paces/3]).

-type tie() :: reference() | undefined.
%% The monitor of a caller whose end is our end.

%% @doc Links and monitors the caller as its run says, before it has the answer;
%% in any case until it has taken that, where it does not wait for ever.
-spec tie(proctor_run_options:spec()) -> tie().
tie(#{caller := Caller} = Spec) ->
    linked(Spec) andalso link(Caller),
    node(Caller) =:= node() orelse monitor_node(node(Caller), true),
    case tied(Spec) orelse is_map_key(offer, Spec) of
        true -> monitor(process, Caller);
        false -> undefined
    end.

%% A caller that waits for the end is tied, and has its answer; the signal of a
%% link would be one more.
linked(#{link := Link, reply := Reply}) ->
    Link andalso Reply =:= run.

tied(#{reply := run, monitor := false, active := true, await := false}) ->
    false;
tied(_) ->
    true.

%% @doc It has taken the answer.
-spec confirmed(tie(), proctor_run_options:spec()) -> tie().
confirmed(Tie, Spec) ->
    case tied(Spec) of
        true ->
            Tie;
        false ->
            true = demonitor(Tie, [flush]),
            undefined
    end.

%% @doc Its options are set. Who says when to send more is waited for.
-spec paces([{active, proctor_output:change()}], tie(),
            proctor_run_options:spec()) -> tie().
paces(Options, undefined, #{caller := Caller}) ->
    case lists:all(fun({active, Active}) -> Active =:= true end, Options) of
        true -> undefined;
        false -> monitor(process, Caller)
    end;
paces(_Options, Tie, _Spec) ->
    Tie.
