%% Flow control, and calls that wait for a command.
-module(proctor_flow_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0, down/1, wait_until/1, alive/1, flush/0]).

any_test_() ->
    proctor_case:cases([],
     [{"recv of what there is", fun recv/0},
      {"recv of so many bytes", fun recv_length/0},
      {"recv that waits too long loses nothing", fun recv_timeout/0},
      {"recv after the end", fun recv_end/0},
      {"recv of stderr", fun recv_stderr/0},
      {"recv of one that is active", fun recv_active/0},
      {"a receiver that dies takes nothing along", fun receiver_dies/0},
      {"active once", fun once/0},
      {"active N", fun counted/0},
      {"setopts", fun setopts/0},
      {"stop_and_wait drops what nobody has read", fun stop_unread/0},
      {"cmd", fun cmd/0},
      {"cmd that is not there", fun cmd_missing/0},
      {"cmd with input", fun cmd_input/0},
      {"cmd with a megabyte of input that nobody reads", fun cmd_ignored/0},
      {"cmd that takes too long", fun cmd_timeout/0},
      {"cmd that writes too much", fun cmd_max_output/0},
      {"cmd with options", fun cmd_options/0},
      {"cmd whose caller dies", fun cmd_caller_dies/0},
      {"pipe", fun pipe/0},
      {"pipe with odd arguments", fun pipe_arguments/0},
      {"pipe of what cannot be executed", fun pipe_no_exec/0},
      {"pipe that writes too much", fun pipe_max_output/0},
      {"pipe of a hundred, and of signals", fun pipe_many/0},
      {"pipe that takes too long", fun pipe_timeout/0},
      {"fold_lines", fun fold_lines/0},
      {"fold_lines that fails", fun fold_lines_fails/0},
      {"fold_lines leaves the mailbox alone", fun fold_lines_mailbox/0},
      {"the caller's mailbox is its own", fun mailbox/0},
      {"info and i", fun info/0}]).

native_test_() ->
    proctor_case:native([],
     [{"a flood costs nothing", fun flood/0},
      {"a flood with a window of our choice", fun flood_default/0},
      {"recv of more than a window", fun recv_large/0},
      {"a function that takes its time", fun slow_fun/0},
      {"windows of other sizes", fun windows/0},
      {"send waits for a child that does not read", fun send_waits/0},
      {"send_nowait", fun send_nowait/0},
      {"a conversation is not acknowledged by itself", fun conversation/0},
      {"send that waits when the port program dies", fun send_port_dies/0},
      {"send to a child that has closed its stdin", fun send_closed/0},
      {"an orphan that floods", fun orphan/0},
      {"ten megabytes through small windows", fun through/0},
      {"usage", fun usage/0},
      {"exits have causes", fun causes/0},
      {"a group that ignores SIGTERM is gone", fun cmd_group/0},
      {"a file that cannot be executed", fun no_exec/0},
      {"a slow reader of lines", fun slow_lines/0}]).

%%% Without one

%% Output stays where it arrived; whatever is a little different is no worse.
decode_test_() ->
    Bytes = binary:copy(<<"x">>, 1000),
    Frame = fun(Term) -> term_to_binary(Term, [{minor_version, 2}]) end,
    Decode = fun proctor_port:decode/1,
    {ok, {0, {stdout, 70000, Data}}} = Decode(Frame({0, {stdout, 70000,
                                                         Bytes}})),
    [?_assertEqual(Bytes, Data),
     ?_assert(binary:referenced_byte_size(Data) > byte_size(Data)),
     [?_assertEqual({ok, Term}, Decode(Frame(Term)))
      || Term <- [{0, {stderr, 70000, Bytes}}, {0, {stdout, 7, Bytes}},
                  {0, {stdout, 70000, <<>>}}, {0, {stdout, 70000, []}},
                  {1, {stdout, 70000, Bytes}}]],
     [?_assertEqual(error, Decode(Cut))
      || Cut <- [binary:part(Frame({0, {stdout, 70000, Bytes}}), 0, 1000),
                 <<131, 104, 2, 97, 0, 104, 3, 119, 6, "stdout">>]]].

%% What is taken is written by whoever writes; it comes back in order.
line_test() ->
    with_line(fun(#{line := Line} = Cat) ->
        Tag = make_ref(),
        ?assertEqual(gone, proctor_port:write(Line, [<<1:32>>], none)),
        ?assertEqual(gone, proctor_port:write(Line, [<<2:32>>, <<3:32>>],
                                              {self(), Tag})),
        receive {Tag, ok} -> ok after 0 -> error(not_answered) end,
        ?assertEqual([1, 2, 3], echoed(Cat, 3)),
        ?assertEqual(0, proctor_port:waiting(Line))
    end).

%% What the port does not take waits with the writer, and with it everything
%% that is written later, by whom ever, although the port takes it by then.
line_busy_test() ->
    with_line(fun(#{line := Line, writer := Writer} = Cat) ->
        signal("STOP", Cat),
        Last = fill(Line, 1),
        true = erlang:suspend_process(Writer),
        signal("CONT", Cat),
        ?assertEqual(lists:seq(1, Last - 1), echoed(Cat, Last - 1)),
        Tag = make_ref(),
        ?assertEqual(waiting, proctor_port:write(Line, [frame(Last + 1)],
                                                 {self(), Tag})),
        {_, Ref} = spawn_monitor(fun() ->
            exit(proctor_port:write(Line, [frame(Last + 2)], none))
        end),
        ?assertEqual(waiting, down(Ref)),
        ?assertEqual(3, proctor_port:waiting(Line)),
        receive {Tag, ok} -> error(answered) after 0 -> ok end,
        true = erlang:resume_process(Writer),
        ?assertEqual([Last, Last + 1, Last + 2], echoed(Cat, 3)),
        receive {Tag, ok} -> ok end,
        ok = proctor_port:flush(Line, infinity),
        ?assertEqual(gone, proctor_port:write(Line, [frame(0)], none)),
        ?assertEqual([0], echoed(Cat, 1))
    end).

%% Nobody who has much to read looks through it for what the port says.
line_crowded_test() ->
    with_line(fun(#{line := Line} = Cat) ->
        Write = fun(Messages) ->
                    {_, Ref} = spawn_monitor(fun() ->
                        [self() ! N || N <- lists:seq(1, Messages)],
                        exit(proctor_port:write(Line, [frame(Messages)],
                                                none))
                    end),
                    down(Ref)
                end,
        ?assertEqual(waiting, Write(1000)),
        ok = proctor_port:flush(Line, infinity),
        ?assertEqual(gone, Write(1)),
        ?assertEqual([1000, 1], echoed(Cat, 2))
    end).

%% A port that is gone is the server's affair.
line_gone_test() ->
    with_line(fun(#{line := Line, port := Port}) ->
        true = port_close(Port),
        ?assertEqual(gone, proctor_port:write(Line, [frame(1)], none))
    end).

%% What ends because of an eof may do so before the writer gets round to
%% answering who has sent it.
eof_answered_test() ->
    with_line(fun(#{line := Line, writer := Writer} = Cat) ->
        signal("STOP", Cat),
        _ = fill(Line, 1),
        true = erlang:suspend_process(Writer),
        {ok, _, Spec} = proctor_run_options:run("cat", [stdin], false),
        Link = #{server => self(), writer => Line, dialect => exec_port,
                 counted => proctor_count:new()},
        Tag = make_ref(),
        _ = proctor_tables:ensure(),
        Pid = proctor_child:start(42, {self(), Tag}, Spec, Link),
        receive {Tag, {ok, Pid, 42}} -> ok end,
        {_, Ref} = spawn_monitor(fun() -> exit(proctor:send(Pid, eof)) end),
        wait_until(fun() -> proctor_port:waiting(Line) =:= 2 end),
        Exit = #{status => {exited, 0}, reason => normal, raw => 0},
        ok = proctor_child:event(Pid, {exit, Exit}),
        timer:sleep(50),
        true = erlang:resume_process(Writer),
        signal("CONT", Cat),
        ?assertEqual(ok, down(Ref))
    end).

%% A line to a program that sends back what it gets.
with_line(Fun) ->
    Port = open_port({spawn_executable, os:find_executable("cat")},
                     [{packet, 4}, binary]),
    {os_pid, OsPid} = erlang:port_info(Port, os_pid),
    {links, Before} = process_info(self(), links),
    Line = proctor_port:start_writer(Port),
    {links, After} = process_info(self(), links),
    [Writer] = After -- Before,
    Cat = #{line => Line, writer => Writer, port => Port, os_pid => OsPid},
    try
        Fun(Cat)
    after
        true = unlink(Writer),
        true = exit(Writer, kill),
        signal("KILL", Cat),
        catch port_close(Port)
    end.

signal(Name, #{os_pid := OsPid}) ->
    os:cmd("kill -" ++ Name ++ " " ++ integer_to_list(OsPid)).

frame(N) ->
    [<<N:32>>, binary:copy(<<0>>, 60000)].

%% The number of the frame that the port did not take.
fill(Line, N) ->
    case proctor_port:write(Line, [frame(N)], none) of
        gone -> fill(Line, N + 1);
        waiting -> N
    end.

echoed(_Cat, 0) ->
    [];
echoed(#{port := Port} = Cat, Count) ->
    receive
        {Port, {data, <<N:32, _/binary>>}} -> [N | echoed(Cat, Count - 1)]
    after 30000 ->
        error(no_echo)
    end.

%% Nothing is cut to fit a room of less than a quarter of the window.
feed_room_test() ->
    Push = fun(Bytes, Feed) ->
               proctor_feed:push(binary:copy(<<"x">>, Bytes), none, undefined,
                                 Feed)
           end,
    Pump = fun(Feed) ->
               {Steps, Feed1} = proctor_feed:pump(Feed),
               {[byte_size(Data) || {write, Data, _, _, _} <- Steps], Feed1}
           end,
    {[80, 10], Feed} = Pump(Push(10, Push(80, proctor_feed:new(100)))),
    {[], Feed1} = Pump(Push(30, Feed)),
    {[], Feed2} = Pump(proctor_feed:acked(14, Feed1)),
    {[25], Feed3} = Pump(proctor_feed:acked(1, Feed2)),
    {[5], Feed4} = Pump(proctor_feed:acked(100, Feed3)),
    {[1], Feed5} = Pump(Push(2, proctor_feed:new(1))),
    {[], Feed6} = Pump(Feed5),
    {[1], _} = Pump(proctor_feed:acked(1, Feed6)),
    ?assertEqual(0, proctor_feed:size(Feed4)).

%%% With any port program

passive(Command, Options) ->
    {ok, Pid, _} = proctor:run(Command, [{active, false} | Options]),
    Pid.

recv() ->
    Pid = passive("echo one; read x; echo two", [stdin, stdout]),
    ?assertEqual({ok, <<"one\n">>}, proctor:recv(Pid, 0)),
    ok = proctor:send(Pid, "\n"),
    ?assertEqual({ok, <<"two\n">>}, proctor:recv(Pid, stdout)),
    ?assertEqual({error, closed}, proctor:recv(Pid, 0, 10000)).

recv_length() ->
    Pid = passive("printf abc; sleep 0.1; printf defgh", [stdout]),
    ?assertEqual({ok, <<"a">>}, proctor:recv(Pid, 1)),
    ?assertEqual({ok, <<"bcde">>}, proctor:recv(Pid, {stdout, 4})),
    ?assertEqual({ok, <<"fgh">>}, proctor:recv(Pid, 100)),
    ?assertEqual({error, closed}, proctor:recv(Pid, 100)).

recv_timeout() ->
    Pid = passive("printf abc; read x; printf def", [stdin, stdout]),
    ?assertEqual({error, timeout}, proctor:recv(Pid, 4, 100)),
    ok = proctor:send(Pid, "\n"),
    ?assertEqual({ok, <<"abcdef">>}, proctor:recv(Pid, 6, 10000)),
    ?assertEqual({error, closed}, proctor:recv(Pid, 1)).

recv_end() ->
    Pid = passive("printf abc; exit 3", [stdout, monitor]),
    OsPid = proctor:ospid(Pid),
    timer:sleep(100),
    %% It waits to be read before it is over.
    ?assertEqual([], flush()),
    ?assertEqual({ok, <<"abc">>}, proctor:recv(Pid, 0)),
    case next() of
        {'DOWN', _, process, Pid, Reason} ->
            ?assert(is_integer(OsPid) orelse OsPid =:= {error, no_process}),
            ?assertEqual({exit_status, 768}, Reason)
    end,
    ?assertEqual({error, closed}, proctor:recv(Pid, 0)).

recv_stderr() ->
    Pid = passive("printf out; printf err >&2", [stdout, stderr]),
    ?assertEqual({ok, <<"err">>}, proctor:recv(Pid, stderr)),
    ?assertEqual({ok, <<"out">>}, proctor:recv(Pid, stdout)),
    ?assertEqual({error, closed}, proctor:recv(Pid, stderr)),
    Only = passive("printf err >&2", [stderr]),
    ?assertEqual({ok, <<"err">>}, proctor:recv(Only, 0)).

recv_active() ->
    {ok, Pid, OsPid} = proctor:run("exec cat", [stdin, stdout]),
    ?assertEqual({error, einval}, proctor:recv(Pid, 0)),
    ?assertEqual({error, einval}, proctor:recv(Pid, stderr)),
    ?assertEqual(normal, proctor:stop_and_wait(OsPid, 10000)).

receiver_dies() ->
    Pid = passive("read x; echo x", [stdin, stdout]),
    {Receiver, Ref} = spawn_monitor(fun() -> proctor:recv(Pid, 0) end),
    wait_until(fun() ->
        {ok, #{children := [#{receivers := N}]}} = proctor:info(),
        N =:= 1
    end),
    exit(Receiver, kill),
    killed = down(Ref),
    wait_until(fun() ->
        {ok, #{children := [#{receivers := N}]}} = proctor:info(),
        N =:= 0
    end),
    ok = proctor:send(Pid, "\n"),
    ?assertEqual({ok, <<"x\n">>}, proctor:recv(Pid, 0, 10000)).

once() ->
    {ok, Pid, OsPid} = proctor:run("while read x; do echo $x; done",
                                   [stdin, stdout, monitor, {active, once}]),
    ok = proctor:send(Pid, "1\n"),
    ?assertEqual({stdout, OsPid, <<"1\n">>}, next()),
    ok = proctor:send(Pid, "2\n"),
    timer:sleep(100),
    ?assertEqual([], flush()),
    ok = proctor:setopts(OsPid, [{active, once}]),
    ?assertEqual({stdout, OsPid, <<"2\n">>}, next()),
    ok = proctor:send(Pid, eof),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()).

counted() ->
    {ok, Pid, OsPid} = proctor:run("while read x; do echo $x; done",
                                   [stdin, stdout, monitor, {active, 2}]),
    [begin
         ok = proctor:send(Pid, "1\n"),
         ?assertEqual({stdout, OsPid, <<"1\n">>}, next())
     end || _ <- [1, 2]],
    ?assertEqual({passive, OsPid}, next()),
    ok = proctor:setopts(Pid, [{active, 1}]),
    ok = proctor:setopts(Pid, [{active, 1}]),
    [begin
         ok = proctor:send(Pid, "2\n"),
         ?assertEqual({stdout, OsPid, <<"2\n">>}, next())
     end || _ <- [1, 2]],
    ?assertEqual({passive, OsPid}, next()),
    ok = proctor:send(Pid, eof),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()).

setopts() ->
    {ok, Pid, OsPid} = proctor:run("exec cat", [stdin, stdout, monitor]),
    ok = proctor:setopts(Pid, [{active, false}]),
    ok = proctor:send(Pid, "one"),
    ?assertEqual({ok, <<"one">>}, proctor:recv(Pid, 3)),
    ok = proctor:send(Pid, "two"),
    ok = proctor:setopts(Pid, [{active, true}]),
    ?assertEqual({stdout, OsPid, <<"two">>}, next()),
    ok = proctor:send(Pid, eof),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()),
    ?assertEqual({error, no_process}, proctor:setopts(Pid, [])).

stop_unread() ->
    Pid = passive("yes | head -c 50000; exec sleep 1000", [stdout]),
    timer:sleep(100),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 10000)).

cmd() ->
    ?assertMatch({ok, #{status := {exited, 0}, stdout := <<"$HOME a b\n">>,
                        stderr := <<>>}},
                 proctor:cmd("echo", ["$HOME", <<"a b">>])),
    ?assertMatch({ok, #{status := {exited, 3}, stdout := <<"o">>,
                        stderr := <<"e">>}},
                 proctor:cmd("sh", ["-c", "printf o; printf e >&2; exit 3"],
                             [stderr])),
    ?assertMatch({ok, #{stdout := <<"oe">>}},
                 proctor:cmd("sh", ["-c", "printf o; printf e >&2"],
                             [stderr_to_stdout])),
    ?assertMatch({ok, #{status := {signaled, 9, false}}},
                 proctor:cmd("sh", ["-c", "kill -KILL $$"])).

cmd_missing() ->
    ?assertEqual({error, {exec, enoent, <<"no-such-command-żó"/utf8>>}},
                 proctor:cmd("no-such-command-żó", [])),
    ?assertMatch({error, {options, einval, _}}, proctor:cmd(7, [])),
    ?assertMatch({error, {options, einval, _}}, proctor:cmd("true", [],
                                                            [sync])),
    ?assertMatch({error, {options, einval, _}},
                 proctor:cmd("true", [], [{timeout, -1}])),
    Nobody = {error, {port, eio, {not_started, nobody}}},
    Options = [{instance, nobody}],
    ?assertEqual(Nobody, proctor:cmd("true", [], Options)),
    ?assertEqual(Nobody, proctor:cmd("true", [], [{node, node()} | Options])),
    ?assertEqual(Nobody, proctor:pipe([{"true", []}], Options)),
    Gone = spawn(fun() -> ok end),
    Ref = monitor(process, Gone),
    _ = down(Ref),
    ?assertEqual({error, {port, eio, {not_started, Gone}}},
                 proctor:cmd("true", [], [{instance, Gone}])).

cmd_input() ->
    Data = << <<N:32>> || N <- lists:seq(1, 100000) >>,
    {ok, #{stdout := Out}} = proctor:cmd("cat", [], [{input, Data}]),
    ?assert(Data =:= Out),
    {ok, #{stdout := <<"3\n">>}} =
        proctor:cmd("wc", ["-c"], [{input, ["a", [<<"b">>], $c]}]),
    {ok, #{stdout := <<"0\n">>}} = proctor:cmd("wc", ["-c"], [{input, []}]).

cmd_ignored() ->
    ?assertMatch({ok, #{status := {exited, 0}}},
                 proctor:cmd("true", [],
                             [{input, binary:copy(<<"x">>, 1000000)}])).

cmd_timeout() ->
    {error, {timeout, etimedout, #{stdout := <<"so far\n">>,
                                   ospid := OsPid}}} =
        proctor:cmd("sh", ["-c", "echo so far; sleep 1000 & sleep 1000"],
                    [{timeout, 300}]),
    ?assertNot(proctor_case:group_alive(OsPid)),
    ?assertMatch({ok, _}, proctor:cmd("true", [], [{timeout, 60000}])).

cmd_max_output() ->
    {error, {output, emsgsize, #{stdout := Out, ospid := OsPid}}} =
        proctor:cmd("yes", [], [{max_output, 1001}]),
    ?assertEqual(1001, byte_size(Out)),
    ?assertNot(proctor_case:group_alive(OsPid)),
    ?assertMatch({ok, #{stdout := <<"12345">>}},
                 proctor:cmd("printf", ["12345"], [{max_output, 5}])).

cmd_options() ->
    ?assertMatch({ok, #{stdout := <<"/usr\nv\n">>}},
                 proctor:cmd("sh", ["-c", "pwd -P; echo $V"],
                             [{cd, "/usr"}, {env, [{"V", "v"}]}])).

cmd_caller_dies() ->
    {Caller, Ref} = spawn_monitor(fun() ->
        proctor:cmd("sleep", ["1000"])
    end),
    wait_until(fun() -> length(proctor:which_children()) =:= 1 end),
    [OsPid] = proctor:which_children(),
    exit(Caller, kill),
    killed = down(Ref),
    wait_until(fun() -> not alive(OsPid) end).

pipe() ->
    ?assertMatch({ok, #{statuses := [0, 0, 0], stdout := <<"B\nA\n">>,
                        stderr := <<>>}},
                 proctor:pipe([{"printf", ["a\\nb\\n"]}, {"tac", []},
                               {"tr", ["a-z", "A-Z"]}], [])),
    ?assertMatch({ok, #{statuses := [3, 141, 0], stdout := <<"y\n">>,
                        stderr := <<"e">>}},
                 proctor:pipe([{"sh", ["-c", "printf e >&2; exit 3"]},
                               {"yes", []}, {"head", ["-n1"]}], [stderr])),
    %% Nothing in an argument means anything.
    Odd = "'$(id)' `id` \"\\ ; | > \n żó",
    Bytes = unicode:characters_to_binary(Odd),
    ?assertMatch({ok, #{statuses := [0, 0], stdout := Bytes}},
                 proctor:pipe([{"printf", ["%s", Odd]}, {"cat", []}], [])),
    ?assertMatch({ok, #{statuses := [0], stdout := <<"abc">>}},
                 proctor:pipe([{"cat", []}], [{input, "abc"}])),
    ?assertMatch({ok, #{stdout := <<"e">>}},
                 proctor:pipe([{"true", []},
                               {"sh", ["-c", "printf e >&2"]}],
                              [stderr_to_stdout])),
    ?assertEqual({error, {exec, enoent, <<"no-such-command">>}},
                 proctor:pipe([{"true", []}, {"no-such-command", []}], [])),
    ?assertMatch({error, {options, einval, _}}, proctor:pipe([], [])),
    ?assertMatch({error, {options, einval, _}},
                 proctor:pipe([{"echo", [[0]]}], [])).

%% Whatever an argument is, it is that argument.
pipe_arguments() ->
    Odd = ["", " ", "'", "\"", "\\", "\n", "$HOME", "$(id)", "`id`", "${1}",
           "*", "~", "?", "[a]", "{a,b}", "a=b", "-n", "--", "-", "#", "!",
           ";", "&", "|", ">x", "<x", "(", ")", "3>&1", "%s", "\t\r",
           "'; exit 9; '", "\"; exit 9; \"", "żó", [$ż, <<"ó"/utf8>>],
           <<255, 254, 128>>, list_to_binary(lists:seq(1, 31)),
           list_to_binary(lists:seq(127, 255)),
           binary:copy(<<"'\\">>, 50000), binary:copy(<<"$x">>, 50000)],
    Bytes = << <<(unicode_or_bytes(Arg))/binary, "\n">> || Arg <- Odd >>,
    {ok, #{stdout := Out, statuses := [0, 0]}} =
        proctor:pipe([{"printf", ["%s\n" | Odd]}, {"cat", []}], []),
    ?assert(Bytes =:= Out),
    %% In the second one they have other numbers.
    {ok, #{stdout := Out2, statuses := [0, 0]}} =
        proctor:pipe([{"true", Odd}, {"printf", ["%s\n" | Odd]}], []),
    ?assert(Bytes =:= Out2),
    proctor_case:with_dir(fun(Dir) ->
        Name = filename:join(Dir, "a=b 'c' $(id)"),
        ok = file:write_file(Name, "#!/bin/sh\necho \"$0\"\n"),
        ok = file:change_mode(Name, 8#755),
        Said = list_to_binary([Name, "\n"]),
        ?assertMatch({ok, #{stdout := Said}},
                     proctor:pipe([{Name, []}, {"cat", []}], []))
    end),
    [?assertMatch({error, {options, einval, _}},
                  proctor:pipe(Commands, Options))
     || {Commands, Options} <-
            [{[{"echo", [<<"a", 0>>]}], []}, {[{"echo", x}], []},
             {[{"echo", [x]}], []}, {[x], []}, {[{"echo", ["x"]} | x], []},
             {[{"true", []}], [{executable, "/bin/true"}]},
             {[{"true", []}], [{max_output, -1}]}]].

unicode_or_bytes(Arg) when is_binary(Arg) -> Arg;
unicode_or_bytes(Arg) -> unicode:characters_to_binary(Arg).

%% It is an error as it is of cmd, and nothing has been started.
pipe_no_exec() ->
    proctor_case:with_dir(fun(Dir) ->
        Touch = fun(Name) -> {"touch", [filename:join(Dir, Name)]} end,
        [?assertEqual({error, {exec, Errno, Path}},
                      proctor:pipe([Touch("x"), {Path, ["x"]}, Touch("y")],
                                   [{cd, Dir}]))
         || {Errno, Path} <- [{enoent, <<"/no/such/program">>},
                              {enoent, <<"./no 'such' program">>},
                              {enoent, <<"no-such-program">>},
                              {enoent, <<"./-no/such/program">>},
                              {eacces, <<"/etc/passwd">>},
                              {eacces, <<"/etc">>}]],
        ?assertEqual({ok, []}, file:list_dir(Dir)),
        %% Where the commands run is what a path is relative to.
        ok = file:write_file(filename:join(Dir, "here"), "#!/bin/sh\npwd\n"),
        ok = file:change_mode(filename:join(Dir, "here"), 8#755),
        ?assertMatch({ok, #{statuses := [0]}},
                     proctor:pipe([{"./here", []}], [{cd, Dir}])),
        ok = file:make_dir(filename:join(Dir, "-c")),
        ok = file:rename(filename:join(Dir, "here"),
                         filename:join(Dir, "-c/here")),
        ?assertMatch({ok, #{statuses := [0]}},
                     proctor:pipe([{"-c/here", []}], [{cd, Dir}]))
    end).

%% What the shell tells is no output.
pipe_max_output() ->
    Both = [{"printf", ["12345"]},
            {"sh", ["-c", "printf 678 >&2; cat"]}],
    ?assertMatch({ok, #{stdout := <<"12345">>, stderr := <<"678">>}},
                 proctor:pipe(Both, [stderr, {max_output, 8}])),
    ?assertMatch({error, {output, emsgsize, #{stdout := <<"12345">>,
                                              stderr := <<"67">>}}},
                 proctor:pipe(Both, [stderr, {max_output, 7}])),
    {error, {output, emsgsize, #{stdout := Out, ospid := OsPid}}} =
        proctor:pipe([{"yes", []}, {"cat", []}], [{max_output, 1001}]),
    ?assertEqual(1001, byte_size(Out)),
    ?assertNot(proctor_case:group_alive(OsPid)).

pipe_many() ->
    Cats = [{"cat", []} || _ <- lists:seq(1, 98)],
    Data = << <<N:32>> || N <- lists:seq(1, 50000) >>,
    {ok, #{stdout := Out, statuses := Statuses}} =
        proctor:pipe([{"cat", []} | Cats] ++ [{"cat", []}],
                     [{input, Data}]),
    ?assert(Data =:= Out),
    ?assertEqual(lists:duplicate(100, 0), Statuses),
    %% The shell's own words about it are not the commands'.
    ?assertMatch({ok, #{statuses := [137, 143, 3], stderr := <<"e">>}},
                 proctor:pipe([{"sh", ["-c", "kill -KILL $$"]},
                               {"sh", ["-c", "printf e >&2; kill $$"]},
                               {"sh", ["-c", "exit 3"]}], [stderr])).

pipe_timeout() ->
    {error, {timeout, etimedout, #{ospid := OsPid, statuses := Statuses}}} =
        proctor:pipe([{"true", []}, {"sleep", ["1000"]},
                      {"sleep", ["1000"]}], [{timeout, 300}]),
    ?assertEqual([0, undefined, undefined], Statuses),
    ?assertNot(proctor_case:group_alive(OsPid)).

fold_lines() ->
    Count = fun(_Line, N) -> N + 1 end,
    ?assertMatch({ok, 100000, #{status := {exited, 0}}},
                 proctor:fold_lines(Count, 0, "seq 100000", [])),
    Collect = fun(Line, Acc) -> [Line | Acc] end,
    ?assertMatch({ok, [<<"last">>, <<>>, <<"b">>, <<"a\r">>],
                  #{status := {exited, 3}}},
                 proctor:fold_lines(Collect, [],
                                    "printf 'a\\r\\nb\\n\\nlast'; exit 3",
                                    [])),
    ?assertMatch({ok, 0, _}, proctor:fold_lines(Count, 0, "true", [])),
    ?assertMatch({ok, [<<"5">>, <<"34">>, <<"12">>], _},
                 proctor:fold_lines(Collect, [], "printf 12345",
                                    [{max_line, 2}])).

fold_lines_fails() ->
    ?assertError(enough, proctor:fold_lines(fun(_, _) -> error(enough) end,
                                            [], "yes", [])),
    ?assertEqual([], proctor:which_children()).

fold_lines_mailbox() ->
    Mine = [{exit, 1, mine}, {'DOWN', 1, process, self(), normal}],
    [self() ! Message || Message <- Mine],
    {ok, _, _} = proctor:fold_lines(fun(_, A) -> A end, [], "seq 10", []),
    ?assertEqual(Mine, flush()).

%% Nothing that is not theirs is taken, and nothing is left behind.
mailbox() ->
    Mine = [{stdout, 1, <<"mine">>}, {exit, 1, mine}, {passive, 1},
            {'DOWN', 1, process, self(), normal}, {make_ref(), {ok, mine}},
            {'DOWN', make_ref(), process, self(), normal}],
    [self() ! Message || Message <- Mine],
    {ok, _} = proctor:cmd("echo", ["x"], [{input, "x"}]),
    {error, _} = proctor:cmd("sleep", ["1000"], [{timeout, 50}]),
    {ok, _} = proctor:pipe([{"true", []}, {"true", []}], []),
    {error, timeout} = proctor:run("exec sleep 1000", [sync], 100),
    Pid = passive("exec cat", [stdin, stdout]),
    {error, timeout} = proctor:recv(Pid, 1, 10),
    ok = proctor:send(Pid, "x", [{timeout, 1000}]),
    {ok, <<"x">>} = proctor:recv(Pid, 1, 10000),
    ok = proctor:send_nowait(Pid, eof),
    {error, closed} = proctor:recv(Pid, 1),
    {ok, _} = proctor:info(),
    timer:sleep(50),
    ?assertEqual(Mine, flush()).

info() ->
    {ok, Pid, OsPid} = proctor:run("exec cat", [stdin, stdout]),
    ok = proctor:send(Pid, "abc"),
    {stdout, OsPid, <<"abc">>} = next(),
    {ok, Info} = proctor:info(),
    ?assertMatch(#{instance := proctor, children := [_], pending := 0},
                 Info),
    #{children := [Child], uptime_ms := Uptime, parts := Parts} = Info,
    ?assertEqual([broker, priv, worker], lists:sort(maps:keys(Parts))),
    [?assert(Up >= 0 andalso Up =< Uptime)
     || #{uptime_ms := Up} <- maps:values(Parts)],
    ?assertMatch(#{pid := Pid, ospid := OsPid, command := "exec cat",
                   active := true, window := 0, caller := _,
                   bytes := #{stdin := 3, stdout := 3, stderr := 0},
                   queued := #{stdin := 0, stdout := 0, stderr := 0,
                               sink := 0, messages := _}}, Child),
    Printed = proctor_case:printed(fun() -> ok = proctor:i() end),
    [?assertNotEqual(nomatch, string:find(Printed, Text))
     || Text <- ["exec cat", integer_to_list(OsPid), pid_to_list(Pid),
                 "1 children", "broker up ", "priv up ", "worker up ",
                 "0 requests"]],
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 10000)),
    ?assertEqual({error, not_started}, proctor:info(nobody)).

%%% With the native dialect

%% It writes as much as it can; it can write little more than a pipe and a
%% window, and then it waits.
flood() ->
    Before = erlang:memory(total),
    {ok, Pid, _} = proctor:run("exec yes", [stdout, {active, false},
                                            {window, 65536}]),
    Full = fun() ->
               {ok, #{children := [#{queued := #{stdout := N}}]}} =
                   proctor:info(),
               N
           end,
    wait_until(fun() -> Full() =:= 65536 end),
    timer:sleep(500),
    ?assertEqual(65536, Full()),
    true = garbage_collect(whereis(proctor)),
    ?assert(erlang:memory(total) - Before < 1048576),
    %% Taking some lets as much follow, in order.
    {ok, Data} = proctor:recv(Pid, 65536),
    ?assert(Data =:= binary:copy(<<"y\n">>, 32768)),
    wait_until(fun() -> Full() =:= 65536 end),
    %% And no more than was taken.
    {ok, _} = proctor:recv(Pid, 40000),
    wait_until(fun() -> Full() =:= 65536 end),
    timer:sleep(200),
    ?assertEqual(65536, Full()),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 10000)).

%% A window that nobody has asked for.
flood_default() ->
    {ok, Pid, _} = proctor:run("exec yes", [stdout, {active, false}]),
    wait_until(fun() ->
        {ok, #{children := [#{queued := #{stdout := N}, window := Window}]}} =
            proctor:info(),
        Window =:= 262144 andalso N =:= 262144
    end),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 10000)).

%% One that waits when the port program dies is told so.
send_port_dies() ->
    {ok, Other} = proctor:start([{name, undefined}]),
    {ok, Pid, _} = proctor:run("exec sleep 1000", [stdin,
                                                   {instance, Other}]),
    {_, Ref} = spawn_monitor(fun() ->
        exit(proctor:send(Pid, binary:copy(<<"x">>, 1000000)))
    end),
    wait_until(fun() ->
        {ok, #{children := [#{queued := #{stdin := N}}]}} =
            proctor:info(Other),
        N > 0
    end),
    _ = os:cmd("kill -KILL " ++ integer_to_list(proctor_case:os_pid(Other))),
    ?assertMatch({error, Reason} when Reason =:= port_closed;
                                      Reason =:= closed, down(Ref)).

recv_large() ->
    {ok, Pid, _} = proctor:run("yes 0123456 | head -c 1000000",
                               [stdout, {active, false}]),
    {ok, Data} = proctor:recv(Pid, 800000, 20000),
    ?assertEqual(800000, byte_size(Data)),
    {ok, Rest} = proctor:recv(Pid, 800000, 20000),
    ?assert(<<Data/binary, Rest/binary>>
                =:= binary:copy(<<"0123456\n">>, 125000)).

slow_fun() ->
    Self = self(),
    Fun = fun(stdout, _, Data) ->
              Self ! {got, byte_size(Data)},
              receive go -> ok after 300 -> ok end
          end,
    {ok, Pid, _} = proctor:run("exec yes", [{stdout, Fun}]),
    {got, _} = next(),
    timer:sleep(200),
    {ok, #{children := [#{bytes := #{stdout := Bytes}}]}} = proctor:info(),
    ?assert(Bytes =< 262144),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 10000)),
    flush().

windows() ->
    [begin
         {ok, Pid, _} = proctor:run("yes | head -c 100000",
                                    [stdout, {active, false},
                                     {window, Window}]),
         Total = drain(Pid, Window, 0),
         ?assertEqual(100000, Total)
     end || Window <- [1000, 4096, 1000000]].

drain(Pid, Window, Total) ->
    case proctor:recv(Pid, 0, 10000) of
        {ok, Data} ->
            ?assert(byte_size(Data) =< Window),
            drain(Pid, Window, Total + byte_size(Data));
        {error, closed} ->
            Total
    end.

send_waits() ->
    {ok, Pid, OsPid} = proctor:run("read x; exec wc -c",
                                   [stdin, stdout, monitor]),
    Data = binary:copy(<<"x">>, 1000000),
    {ok, Deaf, _} = proctor:run("exec sleep 1000", [stdin]),
    ?assertEqual({error, timeout}, proctor:send(Deaf, Data,
                                                [{timeout, 200}])),
    ?assertEqual(normal, proctor:stop_and_wait(Deaf, 10000)),
    %% One that reads gets all of it.
    ok = proctor:send(Pid, [<<"\n">>, Data], [{timeout, 20000}]),
    ok = proctor:send(Pid, eof),
    ?assertEqual({stdout, OsPid, <<"1000000\n">>}, next()),
    ?assertEqual({'DOWN', OsPid, process, Pid, normal}, next()).

send_nowait() ->
    {ok, Pid, _} = proctor:run("exec sleep 1000", [stdin]),
    Piece = binary:copy(<<"x">>, 10000),
    Try = fun Try(0) -> never;
              Try(N) ->
                  case proctor:send_nowait(Pid, Piece) of
                      ok -> Try(N - 1);
                      Error -> Error
                  end
          end,
    ?assertEqual({error, busy}, Try(1000)),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 10000)).

send_closed() ->
    {ok, Pid, OsPid} = proctor:run("exec <&-; echo closed; exec sleep 1000",
                                   [stdin, stdout]),
    ?assertEqual({stdout, OsPid, <<"closed\n">>}, next()),
    ?assertEqual({error, closed},
                 until_error(fun() ->
                     proctor:send(Pid, binary:copy(<<"x">>, 100000))
                 end, 100)),
    ?assertEqual(normal, proctor:stop_and_wait(Pid, 10000)).

until_error(_Fun, 0) ->
    never;
until_error(Fun, N) ->
    case Fun() of
        ok -> until_error(Fun, N - 1);
        Error -> Error
    end.

%% What it still writes has to go somewhere, or it would never end.
orphan() ->
    {ok, Pid, OsPid} = proctor:run("trap '' TERM; yes; exec sleep 1",
                                   [stdout, {active, false},
                                    {kill_timeout, 1}]),
    timer:sleep(100),
    exit(Pid, kill),
    wait_until(fun() -> not alive(OsPid) end),
    wait_until(fun() ->
        {ok, #{orphans := N}} = proctor:info(),
        N =:= 0
    end).

%% A little is at rest, and is in nobody's way.
conversation() ->
    {ok, Pid, OsPid} = proctor:run("exec cat", [stdin, stdout,
                                                {stdin_window, 1000}]),
    Turn = fun(Data) ->
               ok = proctor:send(Pid, Data),
               ?assertEqual({stdout, OsPid, Data}, next()),
               {ok, #{stdin_unacked := Unacked}} = proctor:info(Pid),
               Unacked
           end,
    ?assertEqual([10 * N || N <- lists:seq(1, 12)],
                 [Turn(<<"0123456789">>) || _ <- lists:seq(1, 12)]),
    ?assertEqual(124, Turn(<<"0123">>)),
    %% What could never fit into what is left begins to leave all the same.
    Large = binary:copy(<<"x">>, 5000),
    ok = proctor:send_nowait(Pid, Large),
    Large = received(OsPid, 5000),
    ok = proctor:send(Pid, eof).

received(_OsPid, 0) ->
    <<>>;
received(OsPid, Left) ->
    {stdout, OsPid, Data} = next(),
    <<Data/binary, (received(OsPid, Left - byte_size(Data)))/binary>>.

through() ->
    Data = << <<N:32>> || N <- lists:seq(1, 2621440) >>,
    {ok, Pid, _} = proctor:run("exec cat", [stdin, stdout, {active, false},
                                            {window, 10000},
                                            {stdin_window, 10000}]),
    {_, Ref} = spawn_monitor(fun() ->
        ok = proctor:send(Pid, Data),
        exit(proctor:send(Pid, eof))
    end),
    ?assert(Data =:= all(Pid, [])),
    ?assertEqual(ok, down(Ref)).

all(Pid, Parts) ->
    case proctor:recv(Pid, 0, 10000) of
        {ok, Data} -> all(Pid, [Data | Parts]);
        {error, closed} -> iolist_to_binary(lists:reverse(Parts))
    end.

usage() ->
    {ok, #{usage := Usage}} =
        proctor:cmd("sh", ["-c", "i=0; while [ $i -lt 100000 ]; do "
                                 "i=$((i+1)); done"]),
    #{utime_us := User, stime_us := System, maxrss_kb := Size} = Usage,
    ?assert(User + System > 1000),
    ?assert(Size > 100).

causes() ->
    Reason = fun(Command, Options, Act) ->
                 {ok, Pid, OsPid} = proctor:run(Command, [exit | Options]),
                 Act(Pid),
                 receive
                     {exit, OsPid, #{reason := R, status := S}} -> {R, S}
                 after 10000 -> error(no_exit)
                 end
             end,
    Nothing = fun(_) -> ok end,
    ?assertEqual({normal, {exited, 3}}, Reason("exit 3", [], Nothing)),
    ?assertEqual({stopped, {signaled, 15, false}},
                 Reason("exec sleep 1000", [], fun proctor:stop/1)),
    ?assertEqual({timeout, {signaled, 15, false}},
                 Reason("exec sleep 1000", [{timeout, 100}], Nothing)).

cmd_group() ->
    Script = "(trap '' TERM; echo started; sleep 1000; sleep 1000) & wait",
    {error, {timeout, etimedout, #{stdout := <<"started\n">>,
                                   ospid := OsPid}}} =
        proctor:cmd("sh", ["-c", Script], [{timeout, 500}]),
    ?assertNot(proctor_case:group_alive(OsPid)).

no_exec() ->
    ?assertEqual({error, {exec, enoent, <<"/no/such/program">>}},
                 proctor:run(["/no/such/program"], [{errors, term}])),
    ?assertEqual({error, {exec, enoent, <<"/no/such/program">>}},
                 proctor:run(["/no/such/program"], [sync, {errors, term}])),
    ?assertEqual({error, {exec, enoent, <<"/no/such/program">>}},
                 proctor:fold_lines(fun(_, A) -> A end, [],
                                    ["/no/such/program"], [])),
    ?assertEqual({error, {exec, eacces, <<"/etc/passwd">>}},
                 proctor:cmd("/etc/passwd", [])),
    ?assertEqual({error, {exec, eacces, <<"/etc/passwd">>}},
                 proctor:cmd("/etc/passwd", [], [{timeout, 1000}])).

slow_lines() ->
    Self = self(),
    Fun = fun(_Line, N) when N < 5 -> timer:sleep(100), N + 1;
             (_Line, _) ->
                 {ok, #{children := [#{bytes := #{stdout := B}}]}} =
                     proctor:info(),
                 Self ! {bytes, B},
                 throw(enough)
          end,
    ?assertThrow(enough, proctor:fold_lines(Fun, 0, "yes", [])),
    {bytes, Bytes} = next(),
    ?assert(Bytes =< 262144).
