%% A program like `proctor-task' that says what a test wants, also what the real
%% one never would. It runs in a node of its own, which a script starts.
-module(proctor_task_fake).

-export([with/2, main/1]).

%% Calls the function with the path of such a program.
with(Mode, Fun) ->
    proctor_case:with_dir(fun(Dir) ->
        Path = filename:join(Dir, "proctor-task"),
        Beams = filename:dirname(code:which(?MODULE)),
        ok = file:write_file(
               Path, ["#!/bin/sh\ncd ", Dir, "\n"
                      "exec erl -noinput -boot start_clean -pa ", Beams,
                      " -s ", atom_to_list(?MODULE), " main ",
                      atom_to_list(Mode), "\n"]),
        ok = file:change_mode(Path, 8#755),
        Fun(Path)
    end).

main([Mode]) ->
    Port = open_port({fd, 0, 1}, [{packet, 4}, binary, eof]),
    begin_as(Mode, Port),
    loop(Port, Mode).

begin_as(mute, _Port) -> ok;
begin_as(dribble, Port) ->
    raw(Port, <<0>>),
    timer:sleep(200),
    raw(Port, <<15>>),
    [begin timer:sleep(200), raw(Port, <<0>>) end || _ <- lists:seq(1, 1000)];
begin_as(dead, _Port) -> halt(3);
begin_as(no_hello, Port) -> say(Port, 65, 1, 0, term_to_binary(ok));
begin_as(no_term, Port) -> say(Port, 64, 0, 0, <<131, 255>>);
begin_as(_Mode, Port) ->
    Hello = #{version => <<"0">>, protocol => 1, pid => 6, root_pid => 7,
              system => linux,
              calls => [fork, getpid, read, chdir, exec, only_here],
              absent => [only_here], features => [], root => 1},
    say(Port, 64, 0, 0, term_to_binary(Hello)).

loop(Port, Mode) ->
    receive
        {Port, {data, <<Type, Task:32, Seq:32, Body/binary>>}} ->
            came(Mode, Type, Task, Seq, Body, Port),
            loop(Port, Mode);
        {Port, eof} ->
            halt(0)
    end.

%% Its end, and that of one task.
came(_, 7, 0, _, _, _) ->
    halt(0);
came(_, 7, Task, Seq, _, Port) ->
    ended(Task, 1, 15, Port),
    say(Port, 65, Task, Seq, term_to_binary(ok));
%% getpid, as the mode has it.
came(Mode, 1, Task, Seq, <<_:32, 1:16, _/binary>>, Port) ->
    case Mode of
        silent -> ok;
        die -> halt(4);
        no_answer -> reply(Port, Task, Seq, {hello, world});
        new_atom ->
            say(Port, 65, Task, Seq,
                <<131, 119, 23, "an_atom_that_is_not_yet">>);
        packed ->
            say(Port, 65, Task, Seq,
                term_to_binary({ok, binary:copy(<<0>>, 1000000)},
                               [compressed]));
        long -> raw(Port, <<16#7FFFFFFF:32, 0:80>>);
        short -> raw(Port, <<3:32, 1, 2, 3>>);
        type -> say(Port, 99, Task, Seq, <<>>);
        stranger -> say(Port, 65, 77, 99, term_to_binary(ok)),
                    reply(Port, Task, Seq, {ok, 7});
        gone -> ended(Task, 0, 3, Port);
        bytes ->
            %% A frame in pieces.
            Frame = frame(65, Task, Seq, term_to_binary({ok, 7})),
            _ = [begin raw(Port, <<Byte>>), timer:sleep(1) end
                 || <<Byte>> <= Frame];
        _ -> reply(Port, Task, Seq, {ok, 7})
    end;
%% fork
came(late, 1, Task, Seq, <<_:32, 0:16, _/binary>>, Port) ->
    timer:sleep(2000),
    born(Task, Seq, Port);
came(_, 1, Task, Seq, <<_:32, 0:16, _/binary>>, Port) ->
    born(Task, Seq, Port);
%% A program that writes at once, and waits for acknowledgements.
came(_, 1, Task, Seq, <<_:32, 4:16, _/binary>>, Port) ->
    say(Port, 68, Task, 0, <<7>>),
    reply(Port, Task, Seq, ok),
    _ = [say(Port, 69, Task, 0, binary:copy(<<"x">>, 65536))
         || _ <- lists:seq(1, 16)];
came(_, 1, Task, Seq, _, Port) ->
    reply(Port, Task, Seq, ok);
%% An acknowledgement comes back as stderr, a sign as a signal.
came(_, 5, Task, _, <<1, Bytes:32>>, Port) ->
    say(Port, 70, Task, 0, integer_to_binary(Bytes));
came(_, 6, Task, Seq, <<_Scope, Signal>>, Port) ->
    say(Port, 73, Task, 0, <<Signal, 0:1024>>),
    reply(Port, Task, Seq, ok);
came(_, 2, Task, Seq, <<_:32, _, Count:16, _/binary>>, Port) ->
    say(Port, 66, Task, Seq,
        term_to_binary(lists:duplicate(Count, {ok, Count})));
came(_, 9, Task, Seq, _, Port) ->
    reply(Port, Task, Seq, {ok, [#{task => 1, parent => 0}]});
came(_, _, _, _, _, _) ->
    ok.

born(Task, Seq, Port) ->
    Number = Seq + 100,
    say(Port, 67, Number, Seq, <<Task:32, 1000:32, 12:32>>),
    reply(Port, Task, Seq, {ok, 12}).

ended(Task, How, Value, Port) ->
    say(Port, 74, Task, 0, <<How, Value:32, 0, 1, 5:64, 6:64, 7:64>>).

reply(Port, Task, Seq, Term) ->
    say(Port, 65, Task, Seq, term_to_binary(Term)).

say(Port, Type, Task, Seq, Body) ->
    true = port_command(Port, <<Type, Task:32, Seq:32, Body/binary>>).

frame(Type, Task, Seq, Body) ->
    <<(byte_size(Body) + 9):32, Type, Task:32, Seq:32, Body/binary>>.

%% Not as frames: past the port's own lengths.
raw(_Port, Bytes) ->
    {ok, Out} = file:open("/dev/fd/1", [write, raw, append]),
    ok = file:write(Out, Bytes),
    file:close(Out).
