%% @doc The light process that stands for one OS process: everything its owner
%% hears about that comes from here, so it comes in order. It ends when the OS
%% process has ended, with `normal' or `{exit_status, Status}'. If it ends
%% earlier the server, which monitors it, stops the OS process.
-module(proctor_child).

-include_lib("kernel/include/logger.hrl").

-export([start/3, output/3, exited/2]).
-export([init/4]).

-record(child, {ospid :: proctor:ospid(),
                server :: reference(),
                from :: gen_server:from(),
                spec :: proctor_options:spec(),
                waiting :: undefined | reference(),
                collected = {[], []} :: {[binary()], [binary()]}}).

%% @doc Starts the process of `OsPid'. It answers the caller of
%% {@link proctor:run/2} itself: at once, or at the end if that waits.
-spec start(proctor:ospid(), gen_server:from(), proctor_options:spec()) ->
    pid().
start(OsPid, From, Spec) ->
    spawn(?MODULE, init, [self(), OsPid, From, Spec]).

%% @doc Passes on what the OS process has written.
-spec output(pid(), stdout | stderr, binary()) -> ok.
output(Pid, Stream, Data) ->
    Pid ! {?MODULE, Stream, Data},
    ok.

%% @doc Says that the OS process has ended.
-spec exited(pid(), integer()) -> ok.
exited(Pid, Status) ->
    Pid ! {?MODULE, exit_status, Status},
    ok.

%% @private
-spec init(pid(), proctor:ospid(), gen_server:from(),
           proctor_options:spec()) -> no_return().
init(Server, OsPid, From, #{group_leader := GroupLeader} = Spec) ->
    process_flag(trap_exit, true),
    true = group_leader(GroupLeader, self()),
    Child = #child{ospid = OsPid, server = monitor(process, Server),
                   from = From, spec = Spec},
    loop(welcome(Child)).

%% The link must stand before the caller knows, and whoever waits for a result
%% and dies leaves an OS process nobody could ever hear of: it is stopped.
welcome(#child{spec = #{sync := true, caller := Caller}} = Child) ->
    Child#child{waiting = monitor(process, Caller)};
welcome(#child{spec = #{link := Link, caller := Caller}} = Child) ->
    Link andalso link(Caller),
    gen_server:reply(Child#child.from, {ok, self(), Child#child.ospid}),
    Child.

loop(#child{server = Server, waiting = Waiting, spec = Spec} = Child) ->
    #{caller := Caller, link := Link} = Spec,
    receive
        {?MODULE, exit_status, Status} ->
            finish(reason(Status), Child);
        {?MODULE, Stream, Data} ->
            loop(deliver(maps:get(Stream, Spec), Stream, Data, Child));
        {'DOWN', Server, process, _, {shutdown, {port_exit, Status}}} ->
            finish({port_exit, Status}, Child);
        {'DOWN', Server, process, _, Reason} ->
            finish({port_exit, Reason}, Child);
        {'DOWN', Waiting, process, _, _} ->
            exit(normal);
        {'EXIT', Caller, Reason} when Link ->
            finish(Reason, Child);
        {'EXIT', _, Reason} when Reason =/= normal ->
            finish(Reason, Child);
        _ ->
            loop(Child)
    end.

reason(0) -> normal;
reason(Status) -> {exit_status, Status}.

deliver(none, _Stream, _Data, Child) ->
    Child;
deliver(collect, stdout, Data, #child{collected = {Out, Err}} = Child) ->
    Child#child{collected = {[Data | Out], Err}};
deliver(collect, stderr, Data, #child{collected = {Out, Err}} = Child) ->
    Child#child{collected = {Out, [Data | Err]}};
deliver(print, Stream, Data, #child{ospid = OsPid} = Child) ->
    io:format("Got ~w from ~w: ~p\n", [Stream, OsPid, Data]),
    Child;
deliver(Sink, Stream, Data, #child{ospid = OsPid} = Child)
  when is_pid(Sink) ->
    Sink ! {Stream, OsPid, Data},
    Child;
deliver(Sink, Stream, Data, #child{ospid = OsPid} = Child)
  when is_function(Sink, 3) ->
    try Sink(Stream, OsPid, Data) of
        _ -> Child
    catch
        Class:Reason:Stack ->
            ?LOG_ERROR("proctor: the function that takes ~w of ~w failed: "
                       "~tp", [Stream, OsPid, {Class, Reason, Stack}]),
            finish({Reason, Stack}, Child)
    end.

-spec finish(term(), #child{}) -> no_return().
finish(Reason, #child{spec = #{sync := true}, from = From} = Child) ->
    gen_server:reply(From, result(Reason, Child#child.collected)),
    exit(normal);
finish(Reason, #child{spec = #{monitor := Monitor, caller := Caller},
                      ospid = OsPid}) ->
    Monitor andalso (Caller ! {'DOWN', OsPid, process, self(), Reason}),
    exit(Reason).

result(normal, Collected) ->
    {ok, streams(Collected)};
result({exit_status, _} = Status, Collected) ->
    {error, [Status | streams(Collected)]};
result({port_exit, _}, _Collected) ->
    {error, port_closed};
result(Reason, _Collected) ->
    {error, Reason}.

streams({Out, Err}) ->
    [{Stream, lists:reverse(List)}
     || {Stream, [_ | _] = List} <- [{stdout, Out}, {stderr, Err}]].
