%% @doc What the caller of a run does until it has its answer, or gives up, and
%% how long that may be.
-module(proctor_await).

-export([run/4, within/2, limit/2, margin/0, stopping/1, waitable/1]).

%% How much longer than the limit of a run and the time for its stop the port
%% program may take to tell of its end; then we wait no longer.
-define(MARGIN, 5000).

%% What a receive can wait.
-define(LONGEST, 16#FFFFFFFF).

%% What a stop may take where the options do not say it, in seconds.
-define(KILL_TIMEOUT, 5).

%% @doc Calls `Fun' if the time that somebody is to wait is one that `receive'
%% can wait.
-spec within(term(), fun(() -> Result)) ->
    Result | {error, {badopt, {timeout, term()}}}.
within(Timeout, Fun)
  when Timeout =:= infinity;
       is_integer(Timeout), Timeout >= 0, Timeout =< ?LONGEST ->
    Fun();
within(Timeout, _Fun) ->
    {error, {badopt, {timeout, Timeout}}}.

%% @doc Runs something by an instance and waits for the answer: the process, or
%% with `sync' and the like the result. `{error, timeout}' after `Timeout', and
%% `no_answer' if the run has a limit of its own, and the port program has told
%% nothing of its end long after that. What was started, or still would have
%% been, is stopped then, and nothing of it comes to the caller's mailbox.
-spec run(proctor_server:ref(), proctor_server:run(),
          proctor_run_options:spec(), timeout()) ->
    {ok, pid(), proctor:ospid()} | {ok, term()} | {error, term()}.
run(Server, Request, Spec, Timeout) ->
    Start = now_ms(),
    Patience = patience(Request, Spec),
    Spec1 = named(offered(min(Timeout, Patience),
                          Spec#{patience => Patience})),
    case proctor_server:run(Server, Request, Spec1, min(Timeout, Patience)) of
        {error, timeout} ->
            ok = proctor_server:cancel(Server, maps:get(ref, Spec1)),
            unname(Spec1, in_vain(Timeout =< Patience, Spec1));
        {ok, Pid, OsPid} ->
            accept(Pid, OsPid, Spec1, left(Timeout, Start));
        {error, _} = Error ->
            unname(Spec1, Error)
    end.

%% How many milliseconds after it has begun nobody waits for a run any more
%% that has a limit, though nothing was heard of its end; nor for its beginning.
patience(_Request, #{timeout := infinity}) ->
    infinity;
patience({_, _, Options}, #{timeout := Timeout}) ->
    waitable(Timeout + ?MARGIN + stopping(Options)).

%% @doc So many milliseconds as a `receive' can wait them.
-spec waitable(timeout()) -> timeout().
waitable(Ms) when is_integer(Ms), Ms =< ?LONGEST -> Ms;
waitable(_) -> infinity.

%% @doc What the end of a run with these options may take once its time is
%% over, in milliseconds.
-spec stopping([term()]) -> non_neg_integer().
stopping(Options) ->
    proctor_option_value:milliseconds(
      proplists:get_value(kill_timeout, Options, ?KILL_TIMEOUT))
        + proplists:get_value(linger, Options, 0).

%% @doc What the port program may take more than it should, in milliseconds.
-spec margin() -> pos_integer().
margin() ->
    ?MARGIN.

%% Who may give up before it has the answer has to say that it got it.
offered(infinity, Spec) -> Spec;
offered(_, #{reply := run} = Spec) -> Spec#{offer => true};
offered(_, Spec) -> Spec.

%% The result of a run that is waited for comes to a name that nobody has when
%% nobody waits for it any more.
named(#{reply := run} = Spec) -> Spec;
named(Spec) -> Spec#{ref := alias()}.

unname(#{reply := run}, Result) ->
    Result;
unname(#{ref := Alias}, Result) ->
    _ = unalias(Alias),
    receive {Alias, _} -> ok after 0 -> ok end,
    Result.

in_vain(true, _Spec) -> {error, timeout};
in_vain(false, #{reply := run}) -> {error, no_answer};
in_vain(false, #{reply := sync}) -> {error, {no_answer, []}};
in_vain(false, #{reply := full}) ->
    {ok, proctor_exit:result(proctor_exit:unknown(no_answer), undefined,
                             {[], []})}.

accept(Pid, OsPid, #{reply := run, offer := true, ref := Ref}, _Left) ->
    %% It is there to answer, whatever the port program does.
    case proctor_request:confirm(Pid, Ref) of
        ok -> {ok, Pid, OsPid};
        {error, closed} -> {error, port_closed};
        {error, _} = Error -> Error
    end;
accept(Pid, OsPid, #{reply := run}, _Left) ->
    {ok, Pid, OsPid};
accept(Pid, OsPid, #{notify := {Whom, Name}} = Spec, Left) ->
    Whom ! {started, Name, Pid},
    accept(Pid, OsPid, maps:remove(notify, Spec), Left);
accept(Pid, _OsPid, #{ref := Ref} = Spec, Left) ->
    %% The same is true here: it says itself that it has no answer.
    Monitor = monitor(process, Pid),
    Result = case await(Ref, Monitor, Left) of
                 nothing ->
                     ok = proctor_child:cancel(Pid),
                     {error, timeout};
                 Answer ->
                     Answer
             end,
    true = demonitor(Monitor, [flush]),
    unname(Spec, Result).

await(Ref, Monitor, Timeout) ->
    receive
        {Ref, Result} -> Result;
        {'DOWN', Monitor, process, _, Reason} -> gone(Ref, Reason)
    after Timeout ->
        nothing
    end.

%% It may have been dead before it was monitored.
gone(Ref, Reason) ->
    receive
        {Ref, Result} -> Result
    after 0 ->
        {error, why(Reason)}
    end.

why(noproc) -> port_closed;
why(Reason) -> Reason.

left(infinity, _Start) ->
    infinity;
left(Timeout, Start) ->
    max(0, Timeout - (now_ms() - Start)).

now_ms() ->
    erlang:monotonic_time(millisecond).

%% @doc Of the process of a run, which calls this: it gets `{timeout, _, expired}'
%% when the time of the run is over, where the port program does not keep that,
%% and `{timeout, _, no_answer}' after all that it may need for the end.
-spec limit(proctor_run_options:spec(), proctor_server:link()) -> ok.
limit(#{timeout := Timeout} = Spec, #{dialect := Dialect} = Link)
  when is_integer(Timeout) ->
    _ = Dialect =:= exec_port
        andalso is_integer(waitable(Timeout))
        andalso erlang:start_timer(Timeout, self(), expired),
    case Spec of
        #{patience := Ms} when is_integer(Ms) ->
            _ = erlang:start_timer(Ms + linger(Spec, Link), self(), no_answer),
            ok;
        #{} ->
            ok
    end;
limit(_Spec, _Link) ->
    ok.

%% What the instance was started with is for those that do not wait.
linger(#{reply := run}, #{linger := Ms}) -> Ms;
linger(_Spec, _Link) -> 0.
