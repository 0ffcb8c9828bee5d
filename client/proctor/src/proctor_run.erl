%% @doc Runs commands: reads what is asked for, finds the instance, waits for
%% its answer and says it as the caller wants it.
-module(proctor_run).

-export([run/4, run/5, run_on/3, manage/2]).

%% @doc As run/5 with nothing said beforehand.
-spec run(term(), term(), boolean(), timeout()) ->
    {ok, pid(), proctor:ospid()} | {ok, term()} | {error, term()}.
run(Command, Options, Link, Timeout) ->
    run(Command, Options, Link, #{}, Timeout).

%% @doc See {@link proctor:run/3}. `Link' is true if linking was asked for
%% otherwise; `Given' is what the caller has decided.
-spec run(term(), term(), boolean(), map(), timeout()) ->
    {ok, pid(), proctor:ospid()} | {ok, term()} | {error, term()}.
run(Command, Options, Link, Given, Timeout) ->
    start(Timeout,
          fun() -> proctor_run_options:run(Command, Options, Link, Given) end).

%% @doc See {@link proctor:run_on/3}.
-spec run_on(atom(), proctor:cmd(), [proctor:run_option()]) ->
    {ok, pid(), proctor:ospid()} | {ok, term()} | {error, term()}.
run_on(Group, Command, Options) ->
    run_on(Group, Command, Options, none).

%% One that was replaced and has gone just now has left the group before.
run_on(Group, Command, Options, Gone) ->
    case proctor_nodes:idlest(Group) of
        {ok, Instance} ->
            case run(Command, [{instance, Instance} | Options], false,
                     infinity) of
                {error, not_started} when Instance =/= Gone ->
                    run_on(Group, Command, Options, Instance);
                Result ->
                    Result
            end;
        {error, _} = Error ->
            Error
    end.

%% @doc See {@link proctor:manage/2}.
-spec manage(proctor:ospid() | port(), [proctor:manage_option()]) ->
    {ok, pid(), proctor:ospid()} | {error, term()}.
manage(Port, Options) when is_port(Port) ->
    case erlang:port_info(Port, os_pid) of
        {os_pid, OsPid} -> manage(OsPid, Options);
        undefined -> {error, not_found}
    end;
manage(OsPid, Options)
  when is_integer(OsPid), OsPid > 1, OsPid =< 16#7FFFFFFF ->
    start(infinity, fun() -> proctor_run_options:manage(OsPid, Options) end);
manage(_OsPid, _Options) ->
    {error, badarg}.

%% What is wrong is said before anything is asked.
start(Timeout, Read) ->
    proctor_await:within(Timeout, fun() -> ask(Read(), Timeout) end).

ask({ok, Request, #{where := Where} = Spec}, Timeout) ->
    proctor_ref:at(Where, fun(Server) ->
                              run_at(Server, Request, Spec, Timeout, none)
                          end);
ask({error, _} = Error, _Timeout) ->
    Error.

%% The instance that had the name may have been replaced, and gone, since.
run_at(Server, Request, Spec, Timeout, Gone) ->
    {Instance, Request1} = proctor_environ:request(Server, Request),
    case proctor_await:run(Instance, Request1, Spec, Timeout) of
        {error, not_started} when Instance =/= Server, Instance =/= Gone ->
            run_at(Server, Request, Spec, Timeout, Instance);
        Result ->
            started(Result, Request1, Spec)
    end.

started({error, Reason}, Request, #{errors := text}) ->
    {error, proctor_error:run_text(Reason, Request)};
started({ok, Pid, OsPid} = Result, _Request, #{monitor := true} = Spec) ->
    ok = proctor_nodes:watch(Pid, proctor_run_options:tag(Spec, OsPid),
                             self()),
    Result;
started(Result, _Request, _Spec) ->
    Result.
