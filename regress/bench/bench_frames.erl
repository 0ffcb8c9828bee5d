%% Our port program with as little Erlang before it as can be: a port, and the
%% frames of PROTOCOL.md's older dialect. What it takes less than the client is
%% what the client costs.
-module(bench_frames).
-behaviour(bench_system).

-export([start/1, stop/1, run/3, send/3, kill/2, next/1, count/4]).
-export([in_flight/4, close/1]).

-define(STDIN_LIMIT, "1073741824").

start(#{packet := Packet, portexe := PortExe}) ->
    Root = [Arg || bench_os:is_root(), Arg <- ["-user", "root"]],
    %% It has no windows, and whatever a child has not read yet must not be
    %% too much.
    Args = ["-p", integer_to_list(Packet), "-stdin-limit", ?STDIN_LIMIT
            | Root],
    Port = open_port({spawn_executable, PortExe},
                     [{args, Args}, {packet, Packet}, binary, exit_status,
                      use_stdio, hide]),
    {os_pid, OsPid} = erlang:port_info(Port, os_pid),
    System = #{port => Port, os_pid => OsPid},
    %% It answers: start-up is over.
    [] = ask(System, {list}),
    System.

%% All that it started ends with it.
stop(System) ->
    close(System).

close(#{port := Port}) ->
    true = port_close(Port),
    ok.

send_term(#{port := Port}, TransId, Request) ->
    true = port_command(Port, term_to_iovec({TransId, Request})),
    ok.

%% Events that come first are kept for next/1; in the mailbox, each of them
%% would be looked at again and again.
ask(System, Request) ->
    ok = send_term(System, 1, Request),
    await_reply(System).

await_reply(System) ->
    case message(System) of
        {1, Reply} ->
            Reply;
        {0, Event} ->
            _ = put(?MODULE, queue:in(Event, kept())),
            await_reply(System)
    end.

kept() ->
    case get(?MODULE) of
        undefined -> queue:new();
        Queue -> Queue
    end.

%% The next but what is only counted.
message(#{port := Port} = System) ->
    receive
        {Port, {data, Frame}} ->
            Message = binary_to_term(Frame),
            case counted(Message) of
                true -> message(System);
                false -> Message
            end
    end.

counted({0, {stdout, OsPid, Data}}) ->
    case get({?MODULE, OsPid}) of
        {Counters, Index} ->
            ok = counters:add(Counters, Index, byte_size(Data)),
            true;
        undefined ->
            false
    end;
counted(_) ->
    false.

%% Windows are of the other dialect.
run(System, Command, Options) ->
    {pid, OsPid} = ask(System, {run, Command, Options -- [window]}),
    {OsPid, OsPid}.

send(System, OsPid, Data) ->
    send_term(System, 0, {stdin, OsPid, Data}).

kill(System, OsPid) ->
    send_term(System, 0, {kill, OsPid, 9}).

next(System) ->
    case queue:out(kept()) of
        {{value, Event}, Rest} ->
            _ = put(?MODULE, Rest),
            event(Event);
        {empty, _} ->
            case message(System) of
                {0, Event} -> event(Event);
                {_, {pid, _}} -> next(System)
            end
    end.

event({stdout, OsPid, Data}) -> {out, OsPid, Data};
event({exit_status, OsPid, _}) -> {exit, OsPid}.

%% In passing, by next/1.
count(System, Command, Counters, Index) ->
    {OsPid, _} = run(System, Command, [stdout]),
    _ = put({?MODULE, OsPid}, {Counters, Index}),
    OsPid.

%% Runs a command Count times, so many at once; the bytes that they wrote.
in_flight(System, {Command, Options}, AtOnce, Count) ->
    Request = {run, Command, Options -- [window]},
    Run = fun() -> send_term(System, 2, Request) end,
    _ = [Run() || _ <- lists:seq(1, AtOnce)],
    in_flight(System, Run, Count - AtOnce, AtOnce, 0).

in_flight(_System, _Run, 0, 0, Bytes) ->
    Bytes;
in_flight(System, Run, Left, Alive, Bytes) ->
    case next(System) of
        {out, _, Data} ->
            in_flight(System, Run, Left, Alive, Bytes + byte_size(Data));
        {exit, _} when Left =:= 0 ->
            in_flight(System, Run, 0, Alive - 1, Bytes);
        {exit, _} ->
            ok = Run(),
            in_flight(System, Run, Left - 1, Alive, Bytes)
    end.
