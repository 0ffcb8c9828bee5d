%% A client with the functions of erlexec's module exec: that one, or proctor.
-module(bench_exec).
-behaviour(bench_system).

-export([start/1, stop/1, run/3, send/3, kill/2, next/1, count/4]).

start(#{client := Client, portexe := PortExe}) ->
    %% It does not start without.
    true = os:putenv("SHELL", "/bin/sh"),
    Options = [{portexe, PortExe} || PortExe =/= default] ++ root(Client),
    Before = bench_os:children(),
    {ok, Server} = Client:start(Options),
    [OsPid] = bench_os:children() -- Before,
    #{client => Client, server => Server, os_pid => OsPid}.

root(Client) ->
    case {bench_os:is_root(), Client} of
        {false, _} -> [];
        {true, proctor} -> [root];
        {true, exec} -> [root, {user, "root"}, {limit_users, ["root"]}]
    end.

stop(#{server := Server}) ->
    gen_server:stop(Server, normal, infinity).

run(#{client := Client}, Command, Options) ->
    {ok, Pid, OsPid} = Client:run(Command,
                                  [monitor | window(Client, Options)]),
    {OsPid, {Pid, OsPid}}.

%% One of the two has such a thing.
window(Client, Options) ->
    [case Option of window -> {window, 65536}; _ -> Option end
     || Option <- Options, Option =/= window orelse Client =:= proctor].

send(#{client := Client}, {Pid, _}, Data) ->
    ok = Client:send(Pid, Data).

%% Each by a process of its own: whoever kills many does not wait for one.
kill(#{client := Client}, {Pid, _}) ->
    spawn_link(fun() -> ok = Client:kill(Pid, 9) end).

next(_System) ->
    receive
        {stdout, OsPid, Data} -> {out, OsPid, Data};
        {'DOWN', OsPid, process, _, _} when is_integer(OsPid) -> {exit, OsPid}
    end.

count(#{client := Client}, Command, Counters, Index) ->
    Add = fun(_, _, Data) ->
                  counters:add(Counters, Index, byte_size(Data))
          end,
    {ok, Pid, OsPid} = Client:run(Command, [{stdout, Add}]),
    {Pid, OsPid}.
