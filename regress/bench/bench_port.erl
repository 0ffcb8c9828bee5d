%% Raw open_port: what the runtime system itself does.
-module(bench_port).
-behaviour(bench_system).

-export([start/1, stop/1, run/3, send/3, kill/2, next/1, count/4]).

start(_Options) ->
    #{os_pid => undefined}.

%% The children die with the node.
stop(_System) ->
    ok.

run(_System, [Program | Args], Options) ->
    Port = open_port({spawn_executable, Program},
                     [{args, Args}, binary, exit_status, hide
                      | direction(Options)]),
    {Port, Port}.

%% A descriptor is all that an idle child costs the node.
direction(Options) ->
    case lists:member(stdout, Options) andalso
        not lists:member(stdin, Options) of
        true -> [in];
        false -> [use_stdio]
    end.

send(_System, Port, Data) ->
    true = port_command(Port, Data),
    ok.

%% There is no such thing: by hand, and the end is heard of as any other.
kill(_System, Port) ->
    {os_pid, OsPid} = erlang:port_info(Port, os_pid),
    _ = os:cmd("kill -9 " ++ integer_to_list(OsPid)),
    ok.

next(_System) ->
    receive
        {Port, {data, Data}} when is_port(Port) -> {out, Port, Data};
        {Port, {exit_status, _}} when is_port(Port) -> {exit, Port}
    end.

count(System, Command, Counters, Index) ->
    spawn_link(fun() ->
                   {_, Port} = run(System, Command, [stdout]),
                   count_loop(Port, Counters, Index)
               end).

count_loop(Port, Counters, Index) ->
    receive
        {Port, {data, Data}} ->
            counters:add(Counters, Index, byte_size(Data)),
            count_loop(Port, Counters, Index)
    end.
