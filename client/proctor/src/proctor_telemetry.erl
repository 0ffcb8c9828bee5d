%% @doc Tells what happens to whoever has attached to it through `telemetry', if
%% that library is loaded; nothing here depends on it, and without it an event
%% costs a look for it. Handlers run in the process of the run, the daemon or
%% the instance that it is about; those of a refusal in one of their own, so that
%% no run waits for the handlers of another.
%%
%% <dl>
%% <dt>`[proctor, run, start]'</dt><dd>A command runs. Measured: `system_time'.
%%   </dd>
%% <dt>`[proctor, run, stop]'</dt><dd>It has ended, and its output is taken:
%%   `duration', `stdout_bytes', `stderr_bytes' and, if they are known,
%%   `utime_us', `stime_us' and `maxrss_kb', and what its control group has used,
%%   as {@link proctor_cgroup:used()}. With `status' and `reason', as in
%%   {@link proctor_exit:exit()}.</dd>
%% <dt>`[proctor, run, exception]'</dt><dd>Nobody hears of its end: its caller
%%   has died, the port program has, or the process of it was told to end; or,
%%   without a start before, it was refused. `duration'; with `kind', `exit',
%%   `error' or `refused', and `reason'. Of a process that is killed nothing is
%%   told.</dd>
%% <dt>`[proctor, run, cgroup]'</dt><dd>A limit of its control group was met:
%%   `oom_kill', `pids_denied', `memory_high', each how often so far, as
%%   {@link proctor_cgroup:events()}.</dd>
%% <dt>`[proctor, daemon, exit]'</dt><dd>A daemon ends: `duration', `restarts'.
%%   With `name', `status' (`unknown' if it was not told) and `reason', with
%%   which it ends.</dd>
%% <dt>`[proctor, instance, up]'</dt><dd>`system_time'; with `dialect'.</dd>
%% <dt>`[proctor, instance, down]'</dt><dd>`duration', and `children', the OS
%%   processes that ended with it; with `reason'.</dd>
%% </dl>
%%
%% Times are in native units. All have `instance' and `node', and those of runs
%% and daemons `program' (the file, or `shell' for a command line), `os_pid' if
%% there is one, `pid', the Erlang process, and what the option
%% `{telemetry_metadata, Map}' has. Arguments are in none, unless a run has
%% `{telemetry, verbose}', as `command'; with `{telemetry, none}' it has no
%% events. Environment is never there.
-module(proctor_telemetry).

-export([run_start/3, run_stop/5, run_exception/4, run_refused/3,
         run_cgroup/3]).
-export([daemon_exit/3, instance_up/2, instance_down/3]).

%% @doc A run begins; its process calls this.
-spec run_start(proctor:ospid(), proctor_run_options:spec(),
                proctor_server:link()) -> ok.
run_start(OsPid, Spec, Link) ->
    of_run([run, start], fun system_time/0,
           fun() -> #{os_pid => OsPid, pid => self()} end, Spec, Link).

%% @doc It has ended, which began at that native time, with so many bytes of
%% output.
-spec run_stop(proctor_exit:exit(), integer(),
               {non_neg_integer(), non_neg_integer()},
               proctor:ospid(),
               {proctor_run_options:spec(), proctor_server:link()}) -> ok.
run_stop(Exit, Started, {Out, Err}, OsPid, {Spec, Link}) ->
    Usage = maps:merge(maps:with([utime_us, stime_us, maxrss_kb],
                                 maps:get(usage, Exit, #{})),
                       maps:get(cgroup, Exit, #{})),
    of_run([run, stop],
           fun() -> Usage#{duration => since(Started), stdout_bytes => Out,
                           stderr_bytes => Err} end,
           fun() -> (maps:with([status, reason], Exit))#{os_pid => OsPid,
                                                         pid => self()} end,
           Spec, Link).

%% @doc A limit of its control group was met.
-spec run_cgroup(proctor_cgroup:events(), proctor:ospid(),
                 {proctor_run_options:spec(), proctor_server:link()}) -> ok.
run_cgroup(Events, OsPid, {Spec, Link}) ->
    of_run([run, cgroup], fun() -> Events end,
           fun() -> #{os_pid => OsPid, pid => self()} end, Spec, Link).

%% @doc Nobody will hear how it ends.
-spec run_exception({exit | error, term()}, integer(), proctor:ospid(),
                    {proctor_run_options:spec(), proctor_server:link()}) -> ok.
run_exception({Kind, Reason}, Started, OsPid, {Spec, Link}) ->
    of_run([run, exception], fun() -> #{duration => since(Started)} end,
           fun() -> #{kind => Kind, reason => Reason, os_pid => OsPid,
                      pid => self()} end, Spec, Link).

%% @doc It does not begin. An instance calls this.
-spec run_refused(term(), proctor_run_options:spec(), proctor_server:link()) ->
    ok.
run_refused(Reason, #{asked := Asked} = Spec, Link) ->
    Duration = since(Asked),
    attached() andalso
        spawn(fun() ->
                  of_run([run, exception],
                         fun() -> #{duration => Duration} end,
                         fun() -> #{kind => refused,
                                    reason => proctor_log:refusal(Reason)} end,
                         Spec, Link)
              end),
    ok.

of_run(Event, Measurements, Metadata, Spec, Link) ->
    case maps:get(telemetry, Spec, terse) =/= none andalso attached() of
        true ->
            #{command := Command} = Spec,
            #{instance := Instance} = Link,
            Command1 = case Spec of
                           #{telemetry := verbose} -> #{command => Command};
                           #{} -> #{}
                       end,
            Given = maps:get(telemetry_metadata, Spec, #{}),
            execute(Event, Measurements(),
                    maps:merge(maps:merge(Given, Command1),
                               (Metadata())#{program =>
                                                 proctor_log:program(Command),
                                             instance => Instance,
                                             node => node()}));
        false ->
            ok
    end.

%% @doc A daemon ends, with that reason, that began at this millisecond; the map
%% is what is known of it.
-spec daemon_exit(term(), integer(), map()) -> ok.
daemon_exit(_Reason, _Started, #{telemetry := none}) ->
    ok;
daemon_exit(Reason, Started, Known) ->
    case attached() of
        true ->
            #{restarts := Restarts, metadata := Metadata} = Known,
            execute([daemon, exit],
                    #{duration => since_ms(Started), restarts => Restarts},
                    maps:merge(Metadata,
                               (maps:with([name, program, os_pid, status,
                                           instance], Known))
                                   #{reason => Reason, pid => self(),
                                     node => node()}));
        false ->
            ok
    end.

%% @doc An instance works.
-spec instance_up(atom(), proctor_port:dialect()) -> ok.
instance_up(Name, Dialect) ->
    of_instance([instance, up], fun system_time/0,
                #{instance => Name, dialect => Dialect}).

%% @doc It ends, which began at this millisecond, with so many children.
-spec instance_down({atom(), term()}, integer(), non_neg_integer()) -> ok.
instance_down({Name, Reason}, Started, Children) ->
    of_instance([instance, down],
                fun() -> #{duration => since_ms(Started),
                           children => Children}
                end, #{instance => Name, reason => Reason}).

of_instance(Event, Measurements, Metadata) ->
    case attached() of
        true -> execute(Event, Measurements(),
                        Metadata#{pid => self(), node => node()});
        false -> ok
    end.

system_time() ->
    #{system_time => erlang:system_time()}.

since(Started) ->
    erlang:monotonic_time() - Started.

since_ms(Started) ->
    since(erlang:convert_time_unit(Started, millisecond, native)).

%% Who attaches loads it.
attached() ->
    erlang:function_exported(telemetry, execute, 3).

%% It catches what handlers fail with.
execute(Event, Measurements, Metadata) ->
    %% No name that Dialyzer could look for.
    Telemetry = list_to_existing_atom("telemetry"),
    try Telemetry:execute([proctor | Event], Measurements, Metadata) of
        _ -> ok
    catch
        _:_ -> ok
    end.
