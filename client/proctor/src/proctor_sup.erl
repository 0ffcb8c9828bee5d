%% @doc Supervises the instances, each of which owns a port program, the tables
%% they share, and the groups they are found by. A port program that dies takes
%% all its OS processes with it; a new one starts empty.
-module(proctor_sup).
-behaviour(supervisor).

-export([start_link/1, start_instance/1, stop_instance/1, instances/0,
         replace_instance/2, drop/1, based/1]).
-export([init/1]).

%% @doc Starts the supervisor; the options are those of
%% {@link proctor:start/1} for the instance `proctor'.
-spec start_link([proctor:start_option()]) ->
    {ok, pid()} | ignore | {error, term()}.
start_link(Options) ->
    supervisor:start_link({local, ?MODULE}, ?MODULE,
                          proctor_secret:hide(Options)).

%% @doc Starts one more instance.
-spec start_instance([proctor:start_option()]) ->
    {ok, pid()} | {error, term()}.
start_instance(Options) ->
    try supervisor:start_child(?MODULE, instance(Options)) of
        {ok, Pid} when is_pid(Pid) -> {ok, Pid};
        {ok, undefined} -> {error, ignore};
        {error, already_present} -> {error, already_present};
        {error, {already_started, _}} = Error -> Error;
        {error, {Reason, _Child}} -> {error, Reason};
        {error, Reason} -> {error, Reason}
    catch
        exit:{noproc, _} -> {error, not_started}
    end.

%% @doc The instance whose control groups are below that one, and what its port
%% program says of itself. It is started when it is first asked for, with the
%% options that the application's environment has, and stays until the
%% application ends, or {@link stop_instance/1} ends it. One that has no control
%% groups there does not stay, so that who asks later may have better luck.
-spec based(binary()) -> {ok, pid(), Hello :: map()} | {error, term()}.
based(Base) ->
    Without = [name, cgroup_base, groups, start],
    Options = [{name, undefined}, {cgroup_base, Base}
               | [Option || {Key, _} = Option
                                <- proctor_start_options:from_env(),
                            not lists:member(Key, Without)]],
    Spec = (instance(Options))#{id => {based, Base}},
    try supervisor:start_child(?MODULE, Spec) of
        {ok, Pid} when is_pid(Pid) -> with_leaves(Pid);
        {error, {already_started, Pid}} when is_pid(Pid) -> with_leaves(Pid);
        {error, {Reason, Child}} when element(1, Child) =:= child ->
            {error, Reason};
        {error, _} -> {error, port_closed};
        {ok, undefined} -> {error, port_closed}
    catch
        exit:{noproc, _} -> {error, not_started}
    end.

with_leaves(Pid) ->
    case proctor_server:hello(Pid) of
        {ok, #{cgroup := #{}} = Hello} ->
            {ok, Pid, Hello};
        {ok, Hello} ->
            _ = stop_instance(Pid),
            {error, {cgroup, enodev, maps:get(cgroup, Hello, <<>>)}};
        {error, _} = Error ->
            Error
    end.

%% @doc Starts another in the place of an instance, which then has the name; the
%% old one stays for what it runs. See {@link proctor:replace_instance/2}.
-spec replace_instance(atom(), [proctor:start_option()]) ->
    {ok, pid()} | {error, term()}.
replace_instance(Name, Options) ->
    case proctor_start_options:start(Options) of
        {ok, _} ->
            proctor_turn:alone(Name, fun() -> replace(Name, Options) end);
        {error, _} = Error ->
            Error
    end.

replace(Name, Options) ->
    case {current(Name), lists:keyfind(name, 1, Options)} of
        {{error, _} = Error, _} ->
            Error;
        {{ok, Id, Hidden, Turn}, Said} when Said =:= false;
                                            Said =:= {name, Name} ->
            All = changed(proctor_secret:show(Hidden), Options),
            Next = proctor_turn:new(next),
            succeed(instance({replaced, Name, make_ref()}, All, Next),
                    #{turn => Next, past => Turn, past_id => Id});
        {_, _} ->
            {error, {badopt, {name, "It stays what it is."}}}
    end.

current(Name) ->
    try [Id || {Id, _, _, [proctor_server]} <- supervisor:which_children(?MODULE),
               named(Id) =:= Name] of
        Ids ->
            case [{ok, Id, Hidden, Turn}
                  || Id <- Ids, {Hidden, Turn} <- arguments(Id),
                     proctor_turn:read(Turn) =:= current] of
                [Current] -> Current;
                [] -> {error, not_found}
            end
    catch
        exit:{noproc, _} -> {error, not_started}
    end.

%% What a place was made with, unless it is gone.
arguments(Id) ->
    case supervisor:get_childspec(?MODULE, Id) of
        {ok, #{start := {_, _, [Hidden, Turn]}}} -> [{Hidden, Turn}];
        {error, not_found} -> []
    end.

%% What is not said again stays.
changed(Old, New) ->
    Keys = [key(Option) || Option <- New],
    New ++ [Option || Option <- Old, not lists:member(key(Option), Keys)].

key(Option) when is_tuple(Option) -> element(1, Option);
key(Option) -> Option.

succeed(#{id := Id} = Spec, Turns) ->
    case supervisor:start_child(?MODULE, Spec) of
        {ok, Pid} when is_pid(Pid) ->
            case proctor_server:take_over(Pid, Turns) of
                ok ->
                    {ok, Pid};
                {error, _} = Error ->
                    ok = drop(Id),
                    Error
            end;
        {error, {Reason, Child}} when element(1, Child) =:= child ->
            {error, Reason};
        {error, Reason} ->
            {error, Reason}
    end.

%% @doc Takes a place away, with whoever is there.
-spec drop(term()) -> ok.
drop(Id) ->
    try
        _ = supervisor:terminate_child(?MODULE, Id),
        _ = supervisor:delete_child(?MODULE, Id),
        ok
    catch
        %% The application ends.
        exit:_ -> ok
    end.

%% @doc Ends an instance for good, and every OS process with it; by its name also
%% those that it has replaced, and that are there still.
-spec stop_instance(atom() | pid()) -> ok | {error, not_found | not_started}.
stop_instance(Instance) ->
    try [Id || {Id, Pid, _, [proctor_server]}
                   <- supervisor:which_children(?MODULE),
               named(Id) =:= Instance orelse Pid =:= Instance] of
        [_ | _] = Ids ->
            lists:foreach(fun drop/1, Ids);
        [] ->
            {error, not_found}
    catch
        exit:{noproc, _} -> {error, not_started}
    end.

%% @doc The instances under this supervisor, with their names.
-spec instances() -> [{atom(), pid()}].
instances() ->
    try [{name(Id), Pid} || {Id, Pid, _, [proctor_server]}
                                <- supervisor:which_children(?MODULE),
                            is_pid(Pid)]
    catch
        exit:{noproc, _} -> []
    end.

%% One that is replaced, or is to replace another, has no name.
name(Id) ->
    case [Turn || {_, Turn} <- arguments(Id)] of
        [Turn] ->
            case proctor_turn:read(Turn) of
                current -> named(Id);
                _ -> undefined
            end;
        [] ->
            undefined
    end.

%% What is there under a reference has none of its own, and `undefined' is no name.
named(Name) when is_atom(Name) -> Name;
named({replaced, Name, _}) -> Name;
named(_) -> undefined.

%% @private
-spec init(proctor_secret:secret([proctor:start_option()])) ->
    {ok, {supervisor:sup_flags(), [supervisor:child_spec()]}}.
init(Hidden) ->
    Options = proctor_secret:show(Hidden),
    Others = [#{id => Id, start => {Id, start_link, []}, modules => [Module]}
              || {Id, Module} <- [{proctor_tables, proctor_tables},
                                  {proctor_nodes, pg}]],
    Instances = [instance(Each)
                 || Each <- [Options | proctor_start_options:instances()]],
    {ok, {#{strategy => one_for_one, intensity => 5, period => 30},
          Others ++ Instances}}.

instance(Options) ->
    Id = case proctor_start_options:name(Options) of
             undefined -> make_ref();
             Name -> Name
         end,
    instance(Id, Options, proctor_turn:new(current)).

%% Environment and arguments of a port program are nothing for a report.
instance(Id, Options, Turn) ->
    #{id => Id,
      start => {proctor_server, start_hidden,
                [proctor_secret:hide(Options), Turn]},
      restart => permanent,
      %% The server bounds its own end by the option alarm.
      shutdown => infinity,
      type => worker,
      modules => [proctor_server]}.
