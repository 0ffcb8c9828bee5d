%% What is compared: ways to run OS processes from a node, behind one face.
%%
%% All functions are called by the process that owns the children: what these
%% do arrives in its mailbox, and next/1 takes it from there in one form.
-module(bench_system).

-export([start/1, run_to_end/2, await_exit/2]).

-export_type([name/0, system/0, child/0, event/0]).

-type name() :: open_port | proctor | frames | frames2
              | erlexec | erlexec_ours.
-type system() :: #{module := module(), os_pid := integer() | undefined,
                    _ => _}.
-type child() :: term().
-type event() :: {out, Id :: term(), binary()} | {exit, Id :: term()}.

-callback start(map()) -> system().
%% `os_pid' is the first of the system's own processes.
-callback stop(system()) -> ok.
-callback run(system(), [string()], [stdin | stdout | window]) ->
    {Id :: term(), child()}.
%% With `window' output waits in the child when nobody takes it, if the system
%% can do that.
-callback send(system(), child(), binary()) -> ok.
-callback kill(system(), child()) -> ok.
-callback next(system()) -> event().
-callback count(system(), [string()], counters:counters_ref(), pos_integer())
    -> child().
%% Runs a command whose output is only counted, at this index, and nowhere
%% piles up.

%% What each name is.
options(open_port) -> {bench_port, #{}};
options(proctor) -> {bench_exec, #{client => proctor}};
options(frames) -> {bench_frames, #{packet => 4}};
options(frames2) -> {bench_frames, #{packet => 2}};
options(erlexec) -> {bench_exec, #{client => exec, portexe => default}};
options(erlexec_ours) -> {bench_exec, #{client => exec}}.

-spec start(name()) -> system().
start(Name) ->
    {Module, Options} = options(Name),
    System = Module:start(maps:merge(#{portexe => bench_os:program()},
                                     Options)),
    System#{module => Module}.

run_to_end(#{module := Module} = System, Command) ->
    {Id, _} = Module:run(System, Command, []),
    await_exit(System, Id).

%% The bytes that came until the end of Id; other children are not expected.
await_exit(System, Id) ->
    await_exit(System, Id, 0).

await_exit(#{module := Module} = System, Id, Bytes) ->
    case Module:next(System) of
        {out, Id, Data} ->
            forget(System, Id, Bytes + byte_size(Data));
        {exit, Id} ->
            Bytes
    end.

%% With `forget' what was counted is garbage no longer than that.
forget(#{forget := true} = System, Id, Bytes) ->
    true = garbage_collect(),
    await_exit(System, Id, Bytes);
forget(System, Id, Bytes) ->
    await_exit(System, Id, Bytes).
