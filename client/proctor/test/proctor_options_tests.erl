%% The table of options, row by row, and what else comes from callers: it is
%% checked before anything leaves their process.
-module(proctor_options_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [next/0, with_dir/1, alive/1]).

-export([latin1_node/1]).

-define(TAKERS, [run, manage, cmd, pipe, fold_lines, daemon]).

%%% The table

%% What each row takes and what it does not, besides what flags have in
%% common.
samples() ->
    Sink = fun(_, _, _) -> ok end,
    {ok, Pattern} = re:compile("^on$"),
    [{sync, [], [1, yes]},
     {monitor, [], [1]},
     {link, [], [self()]},
     {exit, [], [normal]},
     {await, [], [1]},
     {tag, [tag, 7, "t", self()], []},
     {cgroup, [auto, #{}, #{memory_max => max, memory_min => 0, pids_max => 5,
                            cpu_max => {1000, 1000000}, name => "a.b-c_D1"},
               #{cpu_weight => 10000, io_weight => 1, cpu_idle => true,
                 memory_oom_group => false, cpuset_cpus => "0-3,5,1023",
                 cpuset_mems => <<"0">>},
               #{io_max => [{"8:0", #{rbps => 1, wiops => max}}]}],
      [max, [], [{memory_max, 1}], #{no_such => 1}, #{"memory_max" => 1},
       #{memory_max => -1}, #{memory_max => 1 bsl 63}, #{memory_low => "1M"},
       #{pids_max => 1 bsl 31}, #{cpu_weight => 0}, #{cpu_weight => max},
       #{io_weight => 10001}, #{cpu_max => {999, 1000}},
       #{cpu_max => {1000, 1000001}}, #{cpu_max => 1000},
       #{cpu_max => {1 bsl 63, 1000}}, #{cpu_idle => 1},
       #{memory_oom_group => max}, #{cpuset_cpus => ""},
       #{cpuset_cpus => "1024"}, #{cpuset_cpus => "3-1"},
       #{cpuset_cpus => "1,"}, #{cpuset_cpus => "1\n"},
       #{cpuset_cpus => "99999999999999999999"}, #{cpuset_mems => "64"},
       #{cpuset_mems => [0 | 1]}, #{io_max => []}, #{io_max => [x | y]},
       #{io_max => [{"8", #{rbps => 1}}]}, #{io_max => [{"8:0", #{}}]},
       #{io_max => [{"8:0", #{rbps => 0}}]}, #{io_max => [{"8:0", #{x => 1}}]},
       #{io_max => lists:duplicate(5, {"8:0", #{rbps => 1}})},
       #{name => ""}, #{name => "."}, #{name => "a/b"}, #{name => "a\n"},
       #{name => lists:duplicate(64, $a)}, #{name => name}]},
     {cgroup_events, [], [cgroup]},
     {message, [fun(M) -> M end], [Sink, f, false]},
     {owner, [self()], [owner, 1]},
     {active, [true, false, once, 3, #{stdout => false},
               #{stdout => once, stderr => 3}],
      [0, -1, sometimes, "once", #{}, #{stdin => true}, #{stdout => 0}]},
     {window, [0, 65536, #{stderr => 0}, #{stdout => 1, stderr => 1 bsl 30}],
      [-1, 1 bsl 31, big, 1.0, #{}, #{stdin => 1}, #{stdout => -1},
       #{stdout => 1, stderr => big}]},
     {stdin_window, [1, 1 bsl 40], [0, -1, none]},
     {timeout, [1, 1 bsl 53, infinity], [0, -3, foo, 0.5, (1 bsl 53) + 1]},
     {errors, [text, term], [bad, true]},
     {instance, [proctor, self()], ["proctor", 1]},
     {node, [node()], ["node", 1]},
     {input, ["x", <<"y">>, ["z", [<<"z">>]]], [x, 7, [x], [300]]},
     {stdin, [null, close, "/dev/null", <<"/dev/null">>],
      [stdout, print, 7, "", [0], <<"a", 0>>, ["a" | b]]},
     {stdout, [null, close, stderr, print, self(), Sink, "/dev/null"],
      [stdout, 7, "", fun erlang:self/0, [0], <<0>>, pipe]},
     {stderr, [null, close, stdout, inherit, print, self(), Sink, "/dev/null"],
      [stderr, 7, "", fun erlang:self/0]},
     {stderr_to_stdout, [], [stdout]},
     {cd, ["/", <<"/usr">>], ["", 7, root, [0], <<"/", 0>>, [$/ | x],
                              lists:duplicate(4096, $/), [16#D800]]},
     {env, [[], [clear], ["A=1", {"B", ""}, {<<"C">>, <<>>}, {"D", false},
                          "E="]],
      [foo, "A=1", [foo], [{"A=B", "c"}], [{[$A, 0], "c"}], [{"", "c"}],
       [{"A", [0]}], [{"A", true}], ["A"], ["=A"], [{"A", "b"} | x],
       [{"A", "b", "c"}], [{a, "b"}]]},
     {executable, ["/bin/true"], ["", foo, 7, <<0>>]},
     {arg0, ["-sh"], ["", foo, 7, <<0>>]},
     {umask, [0, 8#777], [-1, 8#1000, "022"]},
     {rlimit, [[], [{nofile, 100}], [{core, 0}, {fsize, {5, infinity}}],
               [{cpu, infinity}], [{as, 16#7FFFFFFFFFFFFFFE}]],
      [nofile, {nofile, 1}, [nofile], [{nofile, -1}], [{nofile, 1.0}],
       [{nofile, none}], [{nofile, {2, 1}}], [{nofile, {infinity, 1}}],
       [{nofile, {1}}], [{nofile, 1, 2}], [{"nofile", 1}],
       [{nofile, 1}, {nofile, 1}], [{nofile, 1} | x],
       [{as, 16#7FFFFFFFFFFFFFFF}]]},
     {cpus, ["0"], ["", 0, [0], <<0>>]},
     {ionice, [idle, {best_effort, 0}, {best_effort, 7}],
      [none, {idle, 1}, {best_effort, 8}, {best_effort, -1}, {realtime},
       {"realtime", 1}]},
     {oom_score_adj, [0, 1000], [-1, 1001, low]},
     {no_new_privs, [], [1]},
     {cpu_timeout, [1, 16#7FFFFFFF], [0, -1, 16#80000000, infinity]},
     {idle_timeout, [1, 1 bsl 53], [0, -1, (1 bsl 53) + 1, infinity]},
     {kill, ["true"], ["", foo, <<0>>]},
     {kill_timeout, [0, 5, 86401, {ms, 0}, {ms, 1 bsl 53}],
      [-1, soon, 0.5, 1 bsl 53, {ms, -1}, {ms, (1 bsl 53) + 1}, {s, 1},
       {ms}]},
     {stop_signal, [sigint, 2, 64], [0, 65, signosuch, "int", -1]},
     {linger, [0, 500], [-1, soon, infinity]},
     {kill_group, [], [1]},
     {group, [0], [-1, self, 1 bsl 31]},
     {user, ["nobody", 0, 16#FFFFFFFE],
      [nobody, "", -1, 16#FFFFFFFF, <<0>>]},
     {gid, ["adm", 4], [adm, "", -1, 16#FFFFFFFF]},
     {groups, [[], ["adm", 33], ["33"], [1]], ["adm", [33], adm, [adm], ["adm" | 4], [-1]]},
     {nice, [-20, 0, 20], [-21, 21, foo]},
     {success_exit_code, [0, 255], [-1, 256, foo]},
     {pty, [[], [{echo, 0}, {vintr, 3}, {opost, false}]],
      [[{echo, 2}], [{no_such, 1}], [echo], foo, [{echo, 1} | x],
       lists:duplicate(65, {echo, 1})]},
     {pty_echo, [], [1]},
     {winsz, [{1, 1}, {65535, 65535}],
      [{0, 80}, {24, 0}, {65536, 1}, {1}, foo, {a, b}, 0]},
     {capabilities, [all, [], [cap_kill]],
      [none, ["cap_kill"], [cap_kill | x], lists:duplicate(256, cap_kill)]},
     {debug, [0, 10], [-1, 11, loud]},
     {max_output, [0, infinity], [-1, all]},
     {lines, [stdout, stderr], [stdin, 80, infinity]},
     {max_line, [1, infinity], [0, -1, foo, long]},
     {cr, [keep, strip], [true, "strip", <<"\r">>]},
     {long_lines, [split, cut, drop], [true, keep, "cut"]},
     {last_line, [keep, drop], [true, cut, "drop"]},
     {name, [a_daemon, undefined, {local, a_daemon}, {global, "d"},
             {via, global, "d"}],
      ["name", {local, "name"}, {via, "global", d}, {name, a_daemon}]},
     {start, [now, later], [true, soon]},
     {wait_for, [fun() -> ok end], [true, fun(_) -> ok end]},
     {exit_to_reason, [fun(_) -> normal end], [normal, fun() -> normal end]},
     {error_to_reason, [fun(_) -> normal end], [normal, fun() -> normal end]},
     {ready, [{line, "on"}, {line, <<"^on$">>}, {line, Pattern}, {text, "on"},
              {tcp, 65535}, {tcp, "localhost", 1}, {tcp, <<"localhost">>, 1},
              {tcp, {127, 0, 0, 1}, 1}, {file, "/on"}, {file, <<"on">>},
              fun() -> true end],
      [{line, "("}, {line, foo}, {line, {re_pattern, 0, 0, 0, <<>>}},
       {text, ""}, {text, foo}, {tcp, 0}, {tcp, 65536}, {tcp, "", 1},
       {tcp, {127, 0, 0}, 1}, {tcp, <<0>>, 1}, {file, ""}, {file, foo}, soon,
       fun(_) -> true end]},
     {ready_timeout, [0, 4294967295, infinity], [-1, 4294967296, never]},
     {ready_poll, [1, 4294967295], [0, 4294967296, infinity]},
     {log, [emergency, debug, none], [warn, "info", loud, false]},
     {log_prefix, ["", "p: ", <<"p">>], [p, 7, [x]]},
     {telemetry, [none, terse, verbose], [true, false, "terse"]},
     {telemetry_metadata, [#{}, #{a => 1}], [[], a]},
     {log_metadata, [#{}], [[]]},
     {log_transform, [fun(Line) -> Line end], [none, fun() -> ok end]},
     {output, [self(), {send, self()}, {send, self(), tag},
               fun(_) -> ok end, fun(_, _) -> ok end, {m, f, [a]}],
      [none, Sink, {send, name}, {m, f}, {m, f, a}, {m, f, [a | b]},
       {"m", f, []}]},
     {output_as, [lines], [true, chunks, bytes]}].

%% A row that nobody has thought of here is none.
rows_test() ->
    ?assertEqual(lists:sort([Name || {Name, _, _, _}
                                         <- proctor_option_table:rows()]),
                 lists:sort([Name || {Name, _, _} <- samples()])).

table_test_() ->
    [{atom_to_list(Name) ++ " of " ++ atom_to_list(Taker),
      fun() -> row(Taker, Row) end}
     || {Name, _, _, _} = Row <- proctor_option_table:rows(),
        Taker <- ?TAKERS].

row(Taker, {Name, Type, _, Rules}) ->
    {Name, Good, Bad} = lists:keyfind(Name, 1, samples()),
    Flag = Type =:= flag orelse is_tuple(Type)
        andalso element(1, Type) =:= flag,
    Forms = [{Name, Value} || Value <- Good]
        ++ [Form || Flag, Form <- [Name, {Name, true}, {Name, false}]],
    [wrong(Taker, {Name, Value}) || Value <- Bad],
    Flag orelse wrong(Taker, Name),
    wrong(Taker, {Name, 1, 2, 3}),
    case rule(Taker, Rules) of
        {no, Why} ->
            [?assertEqual({error, {not_here, Name, Why}}, ask(Taker, [Form]))
             || Form <- Forms, Form =/= {Name, false}],
            Flag andalso taken(Taker, {Name, false});
        {only, _, Why} ->
            Results = [ask(Taker, [Form]) || Form <- Forms],
            ?assert(lists:any(fun(R) -> R =:= ok end, Results)),
            ?assert(lists:member({error, {not_here, Name, Why}}, Results)),
            ?assertEqual([], [Other || Other <- Results, Other =/= ok,
                                       Other =/= {error, {not_here, Name,
                                                          Why}}]);
        _ ->
            [taken(Taker, Form) || Form <- Forms],
            [?assertMatch({error, {twice, _, _}}, ask(Taker, [Form, Form]))
             || Form <- Forms]
    end,
    case rule(Taker, Rules) of
        {_, Text} -> sentence(Text);
        {_, _, Text} -> sentence(Text);
        _ -> ok
    end.

%% One sentence.
sentence([First | _] = Text) ->
    ?assert(First >= $A andalso First =< $Z),
    ?assertEqual($., lists:last(Text)),
    ?assertEqual(nomatch, string:find(Text, ". ")).

rule(Taker, Rules) ->
    case [Rule || {Takers, Rule} <- Rules, lists:member(Taker, Takers)] of
        [Rule] -> Rule;
        [] -> all
    end.

taken(Taker, Form) ->
    ?assertEqual({ok, Form}, {ask(Taker, [Form]), Form}).

wrong(Taker, Form) ->
    ?assertMatch({{error, _}, Form}, {ask(Taker, [Form]), Form}).

%% What a function divides is what run takes.
ask(Taker, Options) when Taker =:= run; Taker =:= manage ->
    case proctor_option_table:read(Taker, Options) of
        {ok, _} -> ok;
        Error -> Error
    end;
ask(Taker, Options) ->
    case proctor_option_table:divide(Taker, Options) of
        {ok, _, RunOptions} ->
            ?assertMatch({ok, _}, proctor_option_table:read(run, RunOptions)),
            ok;
        Error ->
            Error
    end.

odd_lists_test() ->
    [begin
         ?assertEqual({error, {badopt, Options}},
                      proctor:run("true", Options)),
         ?assertEqual({error, {badopt, Options}}, proctor:manage(2, Options)),
         ?assertEqual({error, {options, einval, Options}},
                      proctor:cmd("true", [], Options)),
         ?assertEqual({error, {options, einval, Options}},
                      proctor:pipe([{"true", []}], Options)),
         ?assertEqual({error, {options, einval, Options}},
                      proctor:fold_lines(fun(_, A) -> A end, 0, "true",
                                         Options)),
         ?assertEqual({error, {options, einval, Options}},
                      proctor_daemon:start_link("true", [], Options)),
         ?assertEqual({error, {badopt, Options}}, proctor:start(Options)),
         ?assertEqual({error, {badopt, Options}},
                      proctor:send(self(), "x", Options)),
         ?assertEqual({error, {badopt, Options}},
                      proctor:setopts(self(), Options))
     end || Options <- [foo, #{}, [debug | verbose], {stdout, true}]],
    [?assertEqual({error, {badopt, Option}}, proctor:run("true", [Option]))
     || Option <- [7, "x", {}, {7, 8}, {stdout}]].

%% How the errors of all functions name what is wrong.
errors_test() ->
    ?assertMatch({error, {options, einval, {sync, "The call" ++ _}}},
                 proctor:cmd("true", [], [sync])),
    ?assertMatch({error, {options, einval, {no_such, "There is" ++ _}}},
                 proctor:cmd("true", [], [{no_such, 1}])),
    ?assertMatch({error, {options, einval, {nice, foo}}},
                 proctor:cmd("true", [], [{nice, foo}])),
    ?assertMatch({error, {options, einval, {nice, "It is given" ++ _}}},
                 proctor:cmd("true", [], [{nice, 1}, {nice, 2}])),
    ?assertMatch({error, {options, einval, {executable, "A pipe" ++ _}}},
                 proctor:pipe([{"true", []}], [{executable, "/bin/x"}])),
    ?assertMatch({error, {options, einval, {stdout, "The lines" ++ _}}},
                 proctor:fold_lines(fun(_, A) -> A end, 0, "true",
                                    [{stdout, null}])),
    ?assertMatch({error, {badopt, {max_output, "There is" ++ _}}},
                 proctor:run("true", [{max_output, 1}])),
    ?assertMatch({error, {badopt, {env, "The name" ++ _}}},
                 proctor:run("true", [{env, [{"A=B", "secret"}]}])),
    {error, {badopt, {env, Why}}} =
        proctor:run("true", [{env, [{"A", <<"secret", 0>>}]}]),
    ?assertEqual(nomatch, string:find(Why, "secret")),
    ?assertMatch({error, {badopt, {input, _}}},
                 proctor:run("true", [{input, "x"}, {stdin, null}])),
    Bad = [{vintr, false}, {tty_op_ispeed, -1}, {invalid, 1}],
    Modes = [{vintr, false}, {echo, true}, {tty_op_ispeed, -1}, {vquit, 28},
             {invalid, 1}, {tty_op_ospeed, 9600}],
    ?assertEqual({error, {invalid_pty_value, Bad}},
                 proctor:run("true", [{pty, Modes}])),
    ?assertEqual({error, {invalid_pty_value, Bad}},
                 proctor:pty_opts(self(), Modes)),
    ?assertEqual({error, {options, einval, {invalid_pty_value, Bad}}},
                 proctor:cmd("true", [], [{pty, Modes}])).

%%% What comes from callers otherwise

%% No instance runs: whatever is refused is so before one is looked for.
arguments_test() ->
    process_flag(trap_exit, true),
    Megabyte = binary:copy(<<"x">>, 1 bsl 20),
    [begin
         ?assertEqual({error, {options, einval, What}},
                      proctor:cmd(Command, Args)),
         ?assertEqual({error, {options, einval, What}},
                      proctor_daemon:start_link(Command, Args, [])),
         ?assertEqual({error, {options, einval, {2, What}}},
                      proctor:pipe([{"true", []}, {Command, Args}], [])),
         receive {'EXIT', _, _} -> ok after 0 -> ok end
     end || {Command, Args, What} <-
                [{"echo", [1], {arg, 1}}, {"echo", [foo], {arg, 1}},
                 {"echo", ["a", <<"a", 0>>], {arg, 2}},
                 {"echo", ["a", [0]], {arg, 2}},
                 {"echo", [[16#D800]], {arg, 1}},
                 {"echo", ["a", ["b" | c]], {arg, 2}},
                 {"echo", lists:duplicate(70, Megabyte), {arg, 16}},
                 {"git", <<"status">>, args}, {"git", status, args},
                 {"git", "status", {arg, 1}},
                 {"echo", ["a" | "b"], {arg, 2}}, {"echo", ["a" | b], args},
                 {7, [], command}, {"", [], command}, {[0], [], command},
                 {<<"a", 0>>, [], command}, {echo, [], command},
                 {["a" | b], [], command}, {[16#110000], [], command}]],
    [?assertEqual({error, {badopt, What}}, proctor:run(Command, []))
     || {Command, What} <-
            [{"", command}, {<<>>, command}, {[], command}, {foo, command},
             {<<"a", 0>>, command}, {[$a, 0], command},
             {[$a | $b], command}, {[16#D800], command}, {[-1], command},
             {["/bin/echo" | x], args}, {["/bin/echo", x], {arg, 1}},
             {["/bin/echo", "a", [0]], {arg, 2}}, {[[], "a"], command},
             {[<<>>], command}, {[<<0>>, "a"], command},
             {binary:copy(<<"x">>, 70 bsl 20), command}]],
    ?assertEqual({error, {options, einval, commands}}, proctor:pipe([], [])),
    ?assertEqual({error, {options, einval, {1, command}}},
                 proctor:pipe([x], [])).

timeouts_test() ->
    [begin
         Bad = {error, {badopt, {timeout, T}}},
         ?assertEqual(Bad, proctor:run("true", [], T)),
         ?assertEqual(Bad, proctor:run_link("true", [], T)),
         ?assertEqual(Bad, proctor:send(self(), "x", [{timeout, T}])),
         ?assertEqual(Bad, proctor:recv(self(), 0, T)),
         ?assertEqual(Bad, proctor:stop_and_wait(self(), T)),
         T =:= 5000000000
             orelse ?assertEqual({error, {options, einval, {timeout, T}}},
                                 proctor:cmd("true", [], [{timeout, T}]))
     end || T <- [-3, foo, 0.5, 5000000000]],
    ?assertEqual({error, not_started}, proctor:run("true", [], 4294967295)).

requests_test() ->
    [?assertEqual({error, {badopt, {winsz, {R, C}}}},
                  proctor:winsz(self(), R, C))
     || {R, C} <- [{0, 1}, {1, 0}, {65536, 1}, {a, 1}, {1, 1 bsl 70}]],
    [?assertEqual({error, {badopt, {group, G}}}, proctor:setpgid(self(), G))
     || G <- [-1, foo, 1 bsl 31, 1 bsl 70]],
    [?assertEqual({error, einval}, proctor:kill(self(), S))
     || S <- [-1, 65, 1 bsl 70, signosuch, "kill"]],
    [?assertEqual({error, badarg}, proctor:debug(L))
     || L <- [-1, 11, foo, 1 bsl 70]],
    [?assertEqual({error, {badopt, What}}, proctor:recv(self(), What))
     || What <- [-1, stdin, {stdout, -1}, {stdin, 1}, "x"]],
    [?assertEqual({error, {badopt, data}}, proctor:send(self(), Data))
     || Data <- [foo, [foo], [300], 7]],
    [?assertEqual({error, no_process}, proctor:stop(Target))
     || Target <- [1 bsl 31, 1 bsl 70, foo, {1 bsl 70, []}, "1"]],
    [?assertEqual({error, {badopt, Where}}, proctor:info(Where))
     || Where <- [[a | b], [{node, "n"}], {instance, proctor}]],
    [?assertEqual({error, badarg}, proctor:manage(OsPid, []))
     || OsPid <- [1, 0, -1, 1 bsl 31, foo]].

%%% With a port program

port_test_() ->
    [proctor_case:cases(Start, port_cases())
     || Start <- [[], [{dialect, exec_port}]]].

port_cases() ->
    [{"the port program takes what the table does", fun taken_by_port/0},
     {"flags that are not set", fun unset/0},
     {"output of cmd that goes elsewhere", fun cmd_streams/0},
     {"cmd that leaves a background job", fun cmd_leaves/0},
     {"options that say what is so", fun cmd_idle/0},
     {"input of all that run commands", fun inputs/0},
     {"stderr of a pipe", fun pipe_stderr/0},
     {"nothing is started that is refused", fun not_started/0},
     {"a server that is asked nonsense", fun nonsense/0},
     {"more than the kernel takes", fun too_big/0},
     {"a relative entry of PATH", fun relative_path/0},
     {"the node's present directory", fun directory/0},
     {"a node that moves", fun moves/0},
     {"an entry of PATH and another node", fun remote_place/0},
     {"options of daemons", fun daemons/0}].

taken_by_port() ->
    [begin
         Result = proctor:run("exit 0", [sync, {errors, term} | Options]),
         ?assertNotMatch({_, {error, {badopt, _}}}, {Options, Result}),
         ?assertNotMatch({_, {error, badarg}}, {Options, Result})
     end || {Name, _, To, _} <- proctor_option_table:rows(),
            To =:= wire orelse To =:= both orelse To =:= stream,
            %% Refused by those that are older than this.
            Name =/= linger,
            {_, Good, _} <- [lists:keyfind(Name, 1, samples())],
            %% It is about output, and some is asked for.
            Options <- [[{Name, Value} | [stdout || Name =:= idle_timeout]]
                        || Value <- Good]].

unset() ->
    Unset = [{Flag, false} || Flag <- [stdin, stdout, stderr, monitor, link,
                                       exit, kill_group, pty, pty_echo,
                                       debug, stderr_to_stdout]],
    ?assertEqual({ok, []}, proctor:run("echo x; echo y >&2; cat",
                                       [sync | Unset])),
    Set = [{Flag, true} || Flag <- [stdin, stdout, exit, monitor, kill_group,
                                    debug, stderr_to_stdout]],
    {ok, Pid, OsPid} = proctor:run("echo x >&2; cat", Set),
    ok = proctor:send(Pid, eof),
    ?assertEqual({stdout, OsPid, <<"x\n">>}, next()),
    ?assertMatch({exit, OsPid, _}, next()),
    ?assertMatch({'DOWN', OsPid, process, Pid, normal}, next()),
    ?assertMatch({ok, #{stdout := <<"x\r\n">>}},
                 proctor:cmd("echo", ["x"], [{pty, true}])),
    ?assertEqual({ok, []}, proctor:run("echo x", [{sync, true},
                                                  {stdout, false}])).

cmd_streams() ->
    ?assertMatch({ok, #{stdout := <<>>, stderr := <<"y\n">>}},
                 proctor:cmd("sh", ["-c", "echo x; echo y >&2"],
                             [{stdout, null}, {stderr, true}])),
    ?assertMatch({ok, #{stdout := <<"x\n">>}},
                 proctor:cmd("echo", ["x"], [{stdout, self()}, {stderr, null},
                                             {stdin, null}])),
    with_dir(fun(Dir) ->
        File = filename:join(Dir, "out"),
        {ok, #{stdout := <<>>}} = proctor:cmd("echo", ["x"],
                                              [{stdout, File}]),
        {ok, #{}} = proctor:cmd("echo", ["y"], [{stdout, File, [append]}]),
        ?assertEqual({ok, <<"x\ny\n">>}, file:read_file(File)),
        ?assertMatch({ok, #{stdout := <<"x\ny\n">>}},
                     proctor:cmd("cat", [], [{stdin, File}]))
    end).

daemons() ->
    process_flag(trap_exit, true),
    with_dir(fun(Dir) ->
        File = filename:join(Dir, "out"),
        {ok, Daemon} = proctor_daemon:start_link(
                         "sh", ["-c", "echo x; echo y >&2; exec sleep 1000"],
                         [{stdout, File}, {kill_group, false}, link, exit,
                          {output, self()}, {stderr, true}]),
        ?assertEqual({proctor_daemon, Daemon, stderr, <<"y">>}, next()),
        ?assertEqual({ok, <<"x\n">>}, file:read_file(File)),
        ok = proctor_daemon:stop(Daemon),
        {'EXIT', Daemon, normal} = next()
    end),
    [begin
         ?assertMatch({error, {options, einval, {Name, _}}},
                      proctor_daemon:start_link("true", [], [Option])),
         %% Nothing was started that could send a signal.
         ?assertEqual([], proctor_case:flush())
     end || {Name, Option} <- [{log, {log, warn}}, {ready, {ready, {line,
                                                                    "("}}},
                               {sync, sync}, {monitor, monitor},
                               {link, {link, false}}, {errors, {errors,
                                                                text}},
                               {max_output, {max_output, 1}}]].

%% It is told apart from one that is ended with the call.
cmd_leaves() ->
    Script = "sleep 1000 >/dev/null 2>&1 & echo $!",
    {ok, #{stdout := Out}} = proctor:cmd("sh", ["-c", Script],
                                         [{kill_group, false}]),
    Job = binary_to_integer(string:trim(Out)),
    ?assert(alive(Job)),
    {ok, #{stdout := Out2}} = proctor:cmd("sh", ["-c", Script],
                                          [{kill_group, true}]),
    Job2 = binary_to_integer(string:trim(Out2)),
    proctor_case:wait_until(fun() -> not alive(Job2) end),
    ?assert(alive(Job)),
    _ = os:cmd("kill " ++ integer_to_list(Job)),
    ok.

cmd_idle() ->
    [?assertMatch({ok, #{stdout := <<"x\n">>}},
                  proctor:cmd("echo", ["x"], [Option]))
     || Option <- [link, {link, true}, {link, false}, kill_group, stdout,
                   {stdout, true}, {errors, term}, {sync, false},
                   {monitor, false}, {kill_timeout, 1}]],
    ?assertMatch({ok, #{stdout := <<"x\n">>}},
                 proctor:pipe([{"echo", ["x"]}, {"cat", []}],
                              [link, kill_group, {stderr, false}])),
    ?assertMatch({ok, 1, _},
                 proctor:fold_lines(fun(_, N) -> N + 1 end, 0, "echo x",
                                    [link, kill_group, {stdout, true}, exit,
                                     {max_line, infinity}])).

inputs() ->
    ?assertEqual({ok, [{stdout, [<<"x">>]}]},
                 proctor:run("cat", [sync, stdout, {input, "x"}])),
    ?assertMatch({ok, [<<"b">>, <<"a">>], _},
                 proctor:fold_lines(fun(L, Acc) -> [L | Acc] end, [], "cat",
                                    [{input, "a\nb\n"}])).

pipe_stderr() ->
    Commands = [{"sh", ["-c", "echo e >&2; echo o"]}, {"cat", []}],
    ?assertMatch({ok, #{stdout := <<"o\n">>, stderr := <<>>}},
                 proctor:pipe(Commands, [{stderr, null}])),
    ?assertMatch({ok, #{stderr := <<"e\n">>}},
                 proctor:pipe(Commands, [{stderr, true}])),
    {ok, #{stdout := Both, stderr := <<>>}} =
        proctor:pipe(Commands, [{stderr_to_stdout, true}]),
    ?assertEqual([<<"e">>, <<"o">>],
                 lists:sort(binary:split(Both, <<"\n">>,
                                         [global, trim_all]))).

not_started() ->
    with_dir(fun(Dir) ->
        File = filename:join(Dir, "made"),
        [?assertEqual({error, {badopt, {timeout, T}}},
                      proctor:run(["/usr/bin/touch", File], [], T))
         || T <- [-3, foo, 0.5, 5000000000]],
        %% Whatever was asked before has been done by then.
        {ok, []} = proctor:run("true", [sync]),
        ?assertEqual([], proctor:which_children()),
        ?assertEqual({error, enoent}, file:read_file_info(File))
    end).

nonsense() ->
    Server = whereis(proctor),
    ?assertEqual({error, badarg}, gen_server:call(Server, nonsense)),
    ?assertEqual(Server, whereis(proctor)).

%% Nothing of that is said of a port that is not there.
too_big() ->
    Args = lists:duplicate(12, binary:copy(<<"x">>, 1000000)),
    ?assertMatch({error, {exec, e2big, _}}, proctor:cmd("echo", Args)),
    ?assertMatch({ok, #{}}, proctor:cmd("echo", ["x"])).

%%% Where it is

%% In another directory than the port program, which has been there all along.
elsewhere(Fun) ->
    {ok, Old} = file:get_cwd(),
    Path = os:getenv("PATH"),
    with_dir(fun(Dir) ->
        ok = file:set_cwd(Dir),
        try
            Fun(string:trim(os:cmd("pwd -P")))
        after
            os:putenv("PATH", Path),
            ok = file:set_cwd(Old)
        end
    end).

script(Name, Text) ->
    ok = filelib:ensure_dir(Name),
    ok = file:write_file(Name, ["#!/bin/sh\n", Text, "\n"]),
    ok = file:change_mode(Name, 8#755).

relative_path() ->
    elsewhere(fun(_) ->
        script("bin/proctor-test-tool", "echo found"),
        os:putenv("PATH", "bin:" ++ os:getenv("PATH")),
        ?assertMatch({ok, #{stdout := <<"found\n">>}},
                     proctor:cmd("proctor-test-tool", [])),
        %% Found before it is somewhere else.
        ?assertMatch({ok, #{stdout := <<"found\n">>}},
                     proctor:cmd("proctor-test-tool", [], [{cd, "/"}])),
        ?assertMatch({ok, #{stdout := <<"found\n">>}},
                     proctor:pipe([{"proctor-test-tool", []}, {"cat", []}],
                                  [{cd, "/"}]))
    end).

directory() ->
    elsewhere(fun(Dir) ->
        Here = list_to_binary(Dir),
        Line = <<Here/binary, "\n">>,
        ?assertEqual({ok, [{stdout, [Line]}]},
                     proctor:run("pwd -P", [sync, stdout])),
        ?assertMatch({ok, #{stdout := Line}},
                     proctor:cmd("sh", ["-c", "pwd -P"])),
        ok = file:make_dir("sub"),
        Sub = <<Here/binary, "/sub\n">>,
        ?assertEqual({ok, [{stdout, [Sub]}]},
                     proctor:run("pwd -P", [sync, stdout, {cd, "sub"}])),
        {ok, []} = proctor:run("echo x", [sync, {stdout, "out"}]),
        ?assertEqual({ok, <<"x\n">>}, file:read_file("out")),
        ?assertEqual({ok, [{stdout, [<<"x\n">>]}]},
                     proctor:run("cat", [sync, stdout, {stdin, "out"}])),
        script("prog", "echo $0"),
        ?assertEqual({ok, [{stdout, [<<"./prog\n">>]}]},
                     proctor:run(["./prog"], [sync, stdout])),
        %% With a directory the others are relative to that.
        {ok, []} = proctor:run("echo y", [sync, {stdout, "in"},
                                          {cd, "sub"}]),
        ?assertEqual({ok, <<"y\n">>}, file:read_file("sub/in"))
    end),
    {ok, Dir} = file:get_cwd(),
    Line = list_to_binary([Dir, "\n"]),
    ?assertEqual({ok, [{stdout, [Line]}]},
                 proctor:run("pwd", [sync, stdout])).

%% However often and fast it moves.
moves() ->
    elsewhere(fun(Dir) ->
        Here = list_to_binary(Dir),
        Places = [<<Here/binary, "/", (integer_to_binary(N))/binary>>
                  || N <- lists:seq(1, 20)],
        [ok = file:make_dir(Place) || Place <- Places],
        [begin
             ok = file:set_cwd(Place),
             ?assertEqual(Place, proctor_place:cwd()),
             ?assertEqual(Place, proctor_place:cwd())
         end || _ <- lists:seq(1, 50), Place <- Places]
    end).

%% What is sent, without anybody there to take it.
remote_place() ->
    Read = fun(Command, Options) ->
               {ok, {run, Argv, Wire}, #{cwd := Cwd}} =
                   proctor_run_options:run(Command, Options, false),
               {Argv, Wire, Cwd}
           end,
    elsewhere(fun(Dir) ->
        Here = list_to_binary(Dir),
        ?assertEqual({<<"x">>, [], Here}, Read("x", [])),
        ?assertEqual({<<"x">>, [], Here}, Read("x", [{node, node()}])),
        ?assertEqual({<<"x">>, [{cd, <<"y">>}], undefined},
                     Read("x", [{node, 'other@host'}, {cd, "y"}])),
        ?assertEqual({<<"x">>, [{cd, <<Here/binary, "/y">>}], undefined},
                     Read("x", [{cd, "y"}])),
        %% A rule for the command alone refuses any directory.
        ?assertEqual({[<<"/bin/x">>, <<"a">>], [{user, <<"u">>}], undefined},
                     Read(["/bin/x", "a"], [{user, "u"}])),
        ?assertEqual({[<<Here/binary, "/bin/x">>, <<"a">>],
                      [{user, <<"u">>}, {stdin, <<Here/binary, "/in">>},
                       {stdout, <<Here/binary, "/out">>, [append]},
                       {stderr, null}], undefined},
                     Read(["bin/x", "a"],
                          [{user, "u"}, {stdin, "in"},
                           {stdout, "out", [append]}, {stderr, null}]))
    end).

%%% Names on a node with another encoding

latin1_test_() ->
    {timeout, 60, fun latin1/0}.

latin1() ->
    Paths = [["-pa", Dir] || Module <- [proctor, ?MODULE],
                             Dir <- [filename:absname(filename:dirname(
                                       code:which(Module)))]],
    {ok, Peer, _} = peer:start(#{connection => standard_io,
                                 args => ["+fnl" | lists:append(Paths)]}),
    try
        with_dir(fun(Dir) ->
            ?assertEqual(ok, peer:call(Peer, ?MODULE, latin1_node, [Dir],
                                       30000))
        end)
    after
        peer:stop(Peer)
    end.

%% Names of files as this node has them: a byte is a character.
latin1_node(Dir) ->
    latin1 = file:native_name_encoding(),
    ok = logger:set_primary_config(level, none),
    {ok, Server} = proctor:start(),
    Sub = filename:join(Dir, [$d, 16#E4]),
    Tool = [$t, 16#F6, 16#C3],
    script(filename:join(Sub, Tool), "cat; pwd -P"),
    true = os:putenv("PATH", Sub ++ ":" ++ os:getenv("PATH")),
    In = filename:join(Sub, [16#FC]),
    ok = file:write_file(In, <<"in\n">>),
    Place = list_to_binary(["in\n", Sub, "\n"]),
    Options = [{stdin, In}, {cd, Sub}],
    {ok, #{stdout := Place}} = proctor:cmd(Tool, [], Options),
    {ok, #{stdout := Place}} = proctor:cmd(list_to_binary(Tool), [], Options),
    {ok, [{stdout, Parts}]} = proctor:run([filename:join(Sub, Tool)],
                                          [sync, stdout | Options]),
    Place = iolist_to_binary(Parts),
    %% Arguments, text for the shell and environment are UTF-8 everywhere.
    {ok, #{stdout := <<"ä"/utf8>>}} = proctor:cmd("printf", ["%s", [16#E4]]),
    ok = gen_server:stop(Server).

%%% Start

start_options_test_() ->
    {timeout, 60, fun() -> proctor_case:quiet(fun start_options/0) end}.

start_options() ->
    [?assertMatch({error, {badopt, _}}, proctor:start([Option]))
     || Option <- [{portexe, ""}, {portexe, 7}, {user, ""}, {user, 7},
                   {limit_users, foo}, {limit_users, ["a" | b]},
                   {limit_users, [7]}, {alarm, -1}, {alarm, 0.5},
                   {alarm, 86401}, {alarm, infinity}, {args, foo},
                   {args, [foo]}, {args, [[$a, 0]]}, {env, foo},
                   {env, ["A=1"]}, {env, [{"A=B", "c"}]}, {env, [{"", "c"}]},
                   {env, [{[$A, 0], "c"}]}, {env, [{"A", [0]}]},
                   {env, [{"A", true}]}, {name, "x"}, {dialect, other},
                   {groups, [1]}, {groups, foo}, {capabilities, foo},
                   {debug, 11}, {debug, -1}, {debug, loud}, {root, 1},
                   {verbose, 1}, {no_such, true}, no_such, 7, {root}]],
    ?assertEqual({error, {badopt, {debug, "It is given twice."}}},
                 proctor:start([debug, {debug, 2}])),
    {error, {badopt, {env, Why}}} = proctor:start([{env, [{"A=B", "secret"}]}]),
    ?assertEqual(nomatch, string:find(Why, "secret")),
    {ok, Server} = proctor:start([{env, [{"E1", ""}, {"E2", <<>>},
                                         {"E3", <<"x">>}, {"PATH", false}]},
                                  {root, false}, {debug, false},
                                  {verbose, false}]),
    ?assertEqual({ok, [{stdout, [<<"set set  set x\n">>]}]},
                 proctor:run(["/bin/sh", "-c",
                              "echo ${E1+set} $E1 ${E2+set} \"$E2\" "
                              "${E3+set} $E3"], [sync, stdout])),
    %% Options first, then whether it is there.
    ?assertEqual({error, {already_started, Server}}, proctor:start([])),
    ?assertEqual({error, {badopt, {alarm, soon}}},
                 proctor:start([{alarm, soon}])),
    ok = gen_server:stop(Server).

restart_test_() ->
    {timeout, 60, fun() -> proctor_case:quiet(fun restart/0) end}.

%% One that was killed a moment ago does not stand in the way.
restart() ->
    [begin
         {ok, Server} = proctor:start(),
         exit(Server, kill),
         {ok, Next} = proctor:start(),
         ?assertEqual({ok, []}, proctor:run("true", [sync])),
         exit(Next, kill),
         {ok, Last} = proctor:start(),
         ok = gen_server:stop(Last)
     end || _ <- lists:seq(1, 5)],
    {ok, _} = application:ensure_all_started(proctor),
    exit(whereis(proctor), kill),
    ?assertMatch({error, {already_started, _}}, proctor:start()),
    ?assertEqual({ok, []}, proctor:run("true", [sync])),
    ok = application:stop(proctor).

%% What a node without rights may ask for: nobody but itself.
allowed_test_() ->
    Allowed = fun(Claims) -> proctor_start_options:allowed(Claims, "me") end,
    [?_assertEqual(ok, Allowed([])),
     ?_assertEqual(ok, Allowed([{user, "me"}])),
     ?_assertEqual(ok, Allowed([{root, true}, {user, "me"}])),
     ?_assertEqual(ok, Allowed([{user, "me"}, {limit_users, ["you"]}])),
     ?_assertEqual(ok, Allowed([{limit_users, ["me"]}])),
     ?_assertEqual(ok, Allowed([{root, true}, {user, "you"},
                                {limit_users, ["you"]}])),
     ?_assertMatch({error, "Cannot specify effective user you: " ++ _},
                   Allowed([{user, "you"}])),
     ?_assertMatch({error, "Cannot specify effective user you: " ++ _},
                   Allowed([{user, "you"}, {limit_users, ["you"]}])),
     ?_assertMatch({error, "Cannot restrict users to a, b: " ++ _},
                   Allowed([{limit_users, ["a", "b"]}])),
     ?_assertMatch({error, "Not allowed to run without restricting "
                           "effective users " ++ _},
                   Allowed([{root, true}, {user, "root"}])),
     ?_assertMatch({error, "Not allowed to run without providing "
                           "effective user " ++ _},
                   Allowed([{root, true}])),
     ?_assertMatch({error, "Not allowed to run without providing "
                           "effective user " ++ _},
                   Allowed([{root, true}, {limit_users, ["a"]}]))].
