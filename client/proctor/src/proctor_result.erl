%% @doc What is said of the end of a run, and to whom: its exit, or the result
%% of a call that has waited.
-module(proctor_result).

-export([tell/3, await/3, limited/3]).

-export_type([why/0]).

-type why() :: ended | port_closed | no_answer | {exit, term()}.
%% It is `ended', the OS process; or something else ends the one that stands
%% for it.

-type known() :: undefined | proctor_exit:exit().

%% @doc The process of a run, which calls this, tells its caller of the end, and
%% says with what it ends itself.
-spec tell(why(), {proctor:ospid(), known(), proctor_output:collected()},
           proctor_run_options:spec()) -> term().
tell(Why, {OsPid, Exit, Collected}, #{reply := run} = Spec) ->
    #{monitor := Monitor, exit := Wanted} = Spec,
    Tag = proctor_run_options:tag(Spec, OsPid),
    Last = exit(Why, Exit, Collected),
    Reason = reason(Why, Exit),
    is_map(Last) andalso Wanted andalso say({exit, Tag, Last}, Spec),
    Monitor andalso say({'DOWN', Tag, process, self(), Reason}, Spec),
    Reason;
tell(Why, {_, Exit, Collected}, #{reply := sync, ref := Alias}) ->
    result(Alias, sync(Why, Exit, Collected));
tell(Why, {OsPid, Exit, Collected}, #{reply := full, ref := Alias}) ->
    result(Alias, full(Why, Exit, OsPid, Collected)).

say(Message, #{caller := Caller} = Spec) ->
    proctor_message:send(Caller, Message, maps:get(message, Spec, plain)).

%% @doc Its caller hears, if it wants to, that a limit was met.
-spec limited(proctor_cgroup:events(), proctor:ospid(),
              proctor_run_options:spec()) -> ok.
limited(Events, OsPid, #{reply := run, cgroup_events := true} = Spec) ->
    say({cgroup, proctor_run_options:tag(Spec, OsPid), Events}, Spec);
limited(_Events, _OsPid, _Spec) ->
    ok.

%% Its name is an alias of the caller: if that has given up nothing arrives.
result(Alias, Result) ->
    Alias ! {Alias, Result},
    normal.

%% The exit that messages and maps have; of one whose end was not told what
%% is known, and why no more. There is none if its process ends before it.
-spec exit(why(), known(), proctor_output:collected()) -> known().
exit(Why, Exit, #{too_many := TooMany} = Collected) ->
    case known(Why, Exit) of
        undefined ->
            undefined;
        #{truncated := Truncated} = Known ->
            Kept = maps:map(fun(_, Pieces) -> iolist_to_binary(Pieces) end,
                            maps:with([stdout, stderr], Collected)),
            Cut = case TooMany of
                      true -> maps:keys(Kept);
                      false -> []
                  end,
            maps:merge(Known#{truncated := lists:usort(Truncated ++ Cut)},
                       Kept)
    end.

known(Why, undefined) when Why =:= port_closed; Why =:= no_answer ->
    proctor_exit:unknown(Why);
known(_Why, Exit) ->
    Exit.

reason(ended, Exit) -> proctor_exit:reason(Exit);
reason({exit, Reason}, _Exit) -> Reason;
reason(Why, _Exit) -> Why.

%% @doc What {@link proctor:await/2} returns.
-spec await(why(), known(), proctor_output:collected()) ->
    {ok, proctor_exit:exit()} | {error, term()}.
await({exit, Reason}, _Exit, _Collected) ->
    {error, Reason};
await(Why, Exit, Collected) ->
    case exit(Why, Exit, Collected) of
        #{reason := Reason} = Last when Reason =:= port_closed;
                                        Reason =:= no_answer ->
            {error, {Reason, Last}};
        Last ->
            {ok, Last}
    end.

%% What a call with `sync' returns.
sync(ended, #{reason := Reason, raw := Raw} = Exit, Collected)
  when Reason =:= timeout; Reason =:= idle_timeout ->
    {error, {Reason, [{exit_status, Raw} | streams(Exit, Collected)]}};
sync(ended, #{reason := shutdown} = Exit, Collected) ->
    {error, {port_closed, streams(Exit, Collected)}};
sync(ended, Exit, Collected) ->
    case proctor_exit:reason(Exit) of
        normal -> {ok, streams(Exit, Collected)};
        Status -> {error, [Status | streams(Exit, Collected)]}
    end;
sync({exit, Reason}, _Exit, _Collected) ->
    {error, Reason};
sync(Why, Exit, Collected) ->
    {error, {Why, streams(Exit, Collected)}}.

streams(Exit, Collected) ->
    [{Stream, Pieces} || Stream <- [stdout, stderr],
                         {ok, [_ | _] = Pieces}
                             <- [maps:find(Stream, Collected)]]
        ++ [{truncated, Cut} || #{truncated := [_ | _] = Cut} <- [Exit]].

%% All there is to know, and why it ended before its time, if it did.
full(ended, Exit, OsPid, #{too_many := true} = Collected) ->
    {ok, full(Exit#{reason := max_output}, OsPid, Collected)};
full(ended, #{reason := shutdown} = Exit, OsPid, Collected) ->
    {ok, full(Exit#{reason := port_closed}, OsPid, Collected)};
full({exit, Reason}, _Exit, _OsPid, _Collected) ->
    {error, Reason};
full(Why, Exit, OsPid, Collected) ->
    {ok, full(known(Why, Exit), OsPid, Collected)}.

full(Exit, OsPid, Collected) ->
    proctor_exit:result(Exit, OsPid, {maps:get(stdout, Collected, []),
                                      maps:get(stderr, Collected, [])}).
