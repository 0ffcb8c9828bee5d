%% Tasks in the shape of prx: what they are, who may ask them, what is heard of
%% them, and how they end. What a call does is in proctor_prx_call_tests.
-module(proctor_prx_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_trees, [next/0, quiet/0, ends/2, gone/1, all/1]).

%%% The tree

tree_test_() ->
    proctor_trees:cases([
        {"a child has what its parent's fork returned as its number",
         fun numbers/1},
        {"a pipeline goes from the root's child down", fun pipeline/1},
        {"anybody may fork a task, and it is his", fun strangers/1},
        {"children as their parent sees them", fun children/1},
        {"a task that is gone", fun gone_task/1},
        {"whoever has a tree is linked to its root", fun linked/1}]).

numbers(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    Pid = proctor_prx:pidof(Task),
    ?assertEqual(Pid, proctor_prx:getpid(Task)),
    ?assertEqual(proctor_prx:getpid(Root), proctor_prx:pidof(Root)),
    ?assertEqual(proctor_prx:getpid(Root),
                 proctor_prx:call(Task, getppid, [])),
    ?assertEqual(Root, proctor_prx:parent(Task)),
    ?assertEqual(noproc, proctor_prx:parent(Root)).

pipeline(Root) ->
    {ok, A} = proctor_prx:fork(Root),
    {ok, B} = proctor_prx:fork(A),
    ?assertEqual([], proctor_prx:pipeline(Root)),
    ?assertEqual([proctor_prx:pidof(A), proctor_prx:pidof(B)],
                 proctor_prx:pipeline(B)).

%% As another process does: what it returns or raises.
elsewhere(Fun) ->
    {_, Ref} = spawn_monitor(fun() ->
                                 exit({done, try Fun() of V -> {ok, V}
                                             catch C:E -> {C, E} end})
                             end),
    {done, What} = proctor_case:down(Ref),
    What.

strangers(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    ?assertMatch({ok, {ok, _}}, elsewhere(fun() -> proctor_prx:fork(Task) end)),
    ?assertMatch({ok, {{ok, _}, {error, eacces}}}, elsewhere(fun() ->
        {ok, Mine} = proctor_prx:fork(Task),
        {proctor_prx:getcwd(Mine),
         try proctor_prx:getcwd(Task) catch C:E -> {C, E} end}
    end)),
    ?assertMatch({ok, [_]}, elsewhere(fun() -> proctor_prx:pipeline(Task) end)),
    ?assertMatch({ok, _}, elsewhere(fun() -> proctor_prx:pidof(Root) end)),
    ?assertEqual({ok, false},
                 elsewhere(fun() -> proctor_prx:execed(Task) end)),
    [?assertEqual({error, eacces}, elsewhere(fun() -> Ask(Task) end))
     || Ask <- [fun proctor_prx:parent/1, fun proctor_prx:drv/1,
                fun proctor_prx:cpid/1, fun proctor_prx:getcwd/1,
                fun(T) -> proctor_prx:controlling_process(T, self()) end,
                fun(T) -> proctor_prx:stdio(T, self()) end,
                fun(T) -> proctor_prx:atexit(T, fun(_, _, _) -> ok end) end,
                fun(T) -> proctor_prx:exit(T, 0) end,
                fun(T) -> proctor_prx:execvp(T, ["true"]) end,
                fun(T) -> proctor_prx:eof(T) end,
                fun(T) -> proctor_prx_task:with(T, [{chdir, ["/"]},
                                                    {chdir, ["/"]}], none)
                end,
                fun(T) -> proctor_prx:getopt(T, termsig) end]],
    ?assertEqual({ok, ok}, elsewhere(fun() -> proctor_prx:stop(Task) end)).

children(Root) ->
    ?assertEqual([], proctor_prx:cpid(Root)),
    {ok, A} = proctor_prx:fork(Root),
    {ok, B} = proctor_prx:fork(Root),
    Pid = proctor_prx:pidof(A),
    [#{pid := Pid, exec := false, flowcontrol := -1, signaloneof := 15} = Map,
     #{}] = proctor_prx:cpid(Root),
    ?assertEqual(Map, proctor_prx:cpid(Root, A)),
    ?assertEqual(Map, proctor_prx:cpid(Root, Pid)),
    ?assertEqual(error, proctor_prx:cpid(Root, self())),
    ?assertEqual(error, proctor_prx:cpid(Root, 1)),
    [true = maps:get(F, Map) > 1000000 || F <- [stdin, stdout, stderr, fdctl]],
    ok = proctor_prx:execvp(A, ["cat"]),
    ?assertMatch(#{exec := true, fdctl := -2}, proctor_prx:cpid(Root, A)),
    %% close/2 knows these numbers: the program reads its end.
    ok = proctor_prx:close(Root, maps:get(stdin, Map)),
    ?assertEqual({exit_status, A, 0}, next()),
    ?assertEqual({error, ebadf}, proctor_prx:close(Root, maps:get(stdin, Map))),
    [#{}] = proctor_prx:cpid(Root),
    ok = proctor_prx:stop(B),
    ?assertEqual([], proctor_prx:cpid(Root)).

gone_task(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    ok = proctor_prx:stop(Task),
    ?assertEqual(noproc, proctor_prx:pidof(Task)),
    ?assertEqual(noproc, proctor_prx:parent(Task)),
    ?assertEqual(false, proctor_prx:getcpid(Task, flowcontrol)),
    ?assertEqual(false, proctor_prx:setcpid(Task, flowcontrol, 1)),
    ?assertEqual({error, ebadf}, proctor_prx:eof(Task)),
    ?assertEqual(ok, proctor_prx:stop(Task)),
    ?assertEqual(ok, proctor_prx:stdin(Task, "x")),
    ?assertExit({noproc, {gen_statem, call, [Task, getcwd, infinity]}},
                proctor_prx:getcwd(Task)),
    ?assertExit({noproc, _}, proctor_prx:fork(Task)),
    ?assertEqual({error, ebadf}, proctor_prx:eof(Root)).

linked(Root) ->
    {links, Links} = process_info(self(), links),
    ?assert(lists:member(Root, Links)),
    Me = self(),
    Starter = spawn(fun() ->
        Me ! {started, proctor_prx:start_link(Me)},
        receive stop -> exit(shutdown) end
    end),
    {started, {ok, Other}} = next(),
    {links, Same} = process_info(self(), links),
    ?assertEqual(lists:sort(Links), lists:sort(Same)),
    Pid = proctor_prx:pidof(Other),
    {ok, Child} = proctor_prx:fork(Other),
    ok = proctor_prx:execvp(Child, ["sh", "-c", "trap '' TERM; sleep 1000"]),
    ChildPid = proctor_prx:pidof(Child),
    shutdown = ends(Other, fun() -> Starter ! stop end),
    gone(Pid),
    gone(ChildPid),
    proctor_case:wait_until(fun() -> not is_process_alive(Child) end),
    quiet().

%%% Who owns it

owner_test_() ->
    proctor_trees:cases([
        {"a task is given away, with its output", fun given/1},
        {"only its output is", fun output_given/1},
        {"nobody who is dead is given a task", fun dead_owner/1},
        {"an owner's end is nothing to a child", fun owner_ends/1}]).

given(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    Me = self(),
    Other = spawn_link(fun() ->
        receive go -> ok end,
        Me ! {said, proctor_prx:execvp(Task, ["echo", "x"])},
        Me ! {said, all(Task)},
        receive stop -> ok end
    end),
    ok = proctor_prx:controlling_process(Task, Other),
    ?assertError(eacces, proctor_prx:getcwd(Task)),
    Other ! go,
    ?assertEqual({said, ok}, next()),
    ?assertEqual({said, {<<"x\n">>, {exit_status, 0}}}, next()),
    true = unlink(Other),
    Other ! stop.

output_given(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    Me = self(),
    Other = spawn_link(fun() -> Me ! {said, all(Task)} end),
    ok = proctor_prx:stdio(Task, Other),
    {ok, _} = proctor_prx:getcwd(Task),
    ok = proctor_prx:execvp(Task, ["echo", "x"]),
    ?assertEqual({said, {<<"x\n">>, {exit_status, 0}}}, next()).

dead_owner(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    {Dead, Ref} = spawn_monitor(fun() -> ok end),
    normal = proctor_case:down(Ref),
    ?assertEqual({error, badarg}, proctor_prx:controlling_process(Task, Dead)),
    ?assertEqual({error, badarg}, proctor_prx:stdio(Task, Dead)),
    ?assertMatch({ok, _}, proctor_prx:getcwd(Task)).

owner_ends(Root) ->
    {ok, {Task, Pid}} = elsewhere(fun() ->
        {ok, T} = proctor_prx:fork(Root),
        {T, proctor_prx:getpid(T)}
    end),
    ?assertEqual(Pid, proctor_prx:pidof(Task)),
    ?assertError(eacces, proctor_prx:getcwd(Task)),
    ?assert(proctor_case:alive(Pid)).

%%% States

state_test_() ->
    proctor_trees:cases([
        {"a program accepts no calls", fun program/1},
        {"no program while there are children", fun with_children/1},
        {"a program that is not there", fun no_program/1},
        {"input of a task that waits for calls is dropped", fun dropped/1},
        {"it becomes itself again", fun again/1},
        {"the root becomes a program", fun root_program/1}]).

program(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    ?assertNot(proctor_prx:execed(Task)),
    ok = proctor_prx:execvp(Task, ["cat"]),
    ?assert(proctor_prx:execed(Task)),
    [?assertError(eacces, Ask(Task))
     || Ask <- [fun proctor_prx:getcwd/1, fun proctor_prx:fork/1,
                fun proctor_prx:cpid/1, fun(T) -> proctor_prx:exit(T, 1) end,
                fun(T) -> proctor_prx:execvp(T, ["true"]) end,
                fun(T) -> proctor_prx:getopt(T, maxchild) end]],
    ?assertEqual(Root, proctor_prx:parent(Task)),
    ?assertMatch([_], proctor_prx:pipeline(Task)),
    ok = proctor_prx:stdio(Task, self()),
    ok = proctor_prx:controlling_process(Task, self()),
    ?assertEqual(15, proctor_prx:getcpid(Task, signaloneof)),
    ?assert(proctor_prx:setcpid(Task, signaloneof, 9)),
    ?assertMatch(#{signaloneof := 9}, proctor_prx:cpid(Root, Task)),
    ok = proctor_prx:eof(Task),
    ?assertEqual({exit_status, Task, 0}, next()).

with_children(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    {ok, Child} = proctor_prx:fork(Task),
    ?assertEqual({error, eacces}, proctor_prx:execvp(Task, ["true"])),
    ?assertEqual({error, eacces}, proctor_prx:execve(Task, ["/bin/true"], [])),
    ?assertEqual({error, eacces}, proctor_prx:reexec(Task)),
    ?assertEqual({error, eacces}, proctor_prx:exit(Root, 0)),
    ok = proctor_prx:stop(Child),
    ok = proctor_prx:execvp(Task, ["true"]),
    ?assertEqual({exit_status, Task, 0}, next()).

no_program(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    ?assertEqual({error, enoent}, proctor_prx:execvp(Task, ["/nowhere"])),
    ?assertEqual({error, enoent}, proctor_prx:execve(Task, ["/nowhere"], [])),
    ?assertEqual({error, eacces}, proctor_prx:execvp(Task, ["/etc/passwd"])),
    ?assertError(badarg, proctor_prx:execvp(Task, ["/bin/true\0x"])),
    ?assertNot(proctor_prx:execed(Task)),
    ok = proctor_prx:execvp(Task, "sh", ["me", "-c", "echo $0"]),
    ?assertEqual({<<"me\n">>, {exit_status, 0}}, all(Task)).

dropped(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    ok = proctor_prx:stdin(Task, "lost"),
    {ok, _} = proctor_prx:getcwd(Task),
    ok = proctor_prx:execvp(Task, ["cat"]),
    ok = proctor_prx:stdin(Task, ["ke", <<"pt">>]),
    ok = proctor_prx:eof(Task),
    ?assertEqual({<<"kept">>, {exit_status, 0}}, all(Task)).

again(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    Pid = proctor_prx:getpid(Task),
    ok = proctor_prx:setenv(Task, "KEPT", "yes", 1),
    ok = proctor_prx:filter(Task, [chroot]),
    ok = proctor_prx:reexec(Task),
    ?assertEqual(Pid, proctor_prx:getpid(Task)),
    ?assertEqual(<<"yes">>, proctor_prx:getenv(Task, "KEPT")),
    ?assertError(undef, proctor_prx:chroot(Task, "/")),
    ok = proctor_prx:replace_process_image(Task, ["me"], ["A=b"]),
    ?assertEqual([<<"A=b">>], proctor_prx:environ(Task)),
    ?assertError(undef, proctor_prx:chroot(Task, "/")),
    ok = proctor_prx:execvp(Task, ["/bin/echo", "x"]),
    ?assertEqual({<<"x\n">>, {exit_status, 0}}, all(Task)).

root_program(_Root) ->
    process_flag(trap_exit, true),
    {ok, Other} = proctor_prx:fork(),
    ok = proctor_prx:execvp(Other, ["sh", "-c", "read x; echo $x; exit 3"]),
    ok = proctor_prx:stdin(Other, "hello\n"),
    ?assertEqual({stdout, Other, <<"hello\n">>}, next()),
    ?assertMatch({'EXIT', Other, {shutdown, _}}, next()).

%%% Messages

message_test_() ->
    proctor_trees:cases([
        {"output, and then the end", fun output/1},
        {"the end is told as it was", fun endings/1},
        {"the end can be kept quiet", fun quiet_end/1},
        {"a call that is under way when the task ends", fun call_under_way/1},
        {"input that has no room is refused whole", fun eagain/1},
        {"input is not lost", fun input/1},
        {"signals", fun signals/1},
        {"signals that a function takes", fun signal_fun/1},
        {"a function that fails is the end of its task", fun signal_fails/1},
        {"what becomes of a signal", fun actions/1},
        {"flow control counts messages", fun flow/1},
        {"nothing comes unasked, and nothing is lost", fun flow_at_end/1}]).

output(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    Ref = monitor(process, Task),
    ok = proctor_prx:execvp(Task, ["sh", "-c", "echo out; sleep 0.1;"
                                               "echo err >&2; exit 7"]),
    ?assertEqual({stdout, Task, <<"out\n">>}, next()),
    ?assertEqual({stderr, Task, <<"err\n">>}, next()),
    ?assertEqual({exit_status, Task, 7}, next()),
    ?assertEqual(shutdown, proctor_case:down(Ref)).

endings(Root) ->
    Exits = fun(Status) ->
                {ok, Task} = proctor_prx:fork(Root),
                ok = proctor_prx:exit(Task, Status),
                {exit_status, Task, Told} = next(),
                Told
            end,
    ?assertEqual([0, 7, 255, 255, 9],
                 [Exits(N) || N <- [256, 7, 255, -1, 1 bsl 40 + 9]]),
    {ok, Killed} = proctor_prx:fork(Root),
    ok = proctor_prx:kill(Root, proctor_prx:pidof(Killed), sigkill),
    ?assertEqual({termsig, Killed, sigkill}, next()),
    {ok, Eof} = proctor_prx:fork(Root),
    ok = proctor_prx:eof(Eof),
    ?assertEqual({exit_status, Eof, 0}, next()),
    {ok, ByParent} = proctor_prx:fork(Root),
    ?assertEqual({error, esrch}, proctor_prx:eof(Root, 1)),
    ok = proctor_prx:eof(Root, proctor_prx:pidof(ByParent), stdout),
    {ok, _} = proctor_prx:getcwd(ByParent),
    ok = proctor_prx:eof(Root, ByParent),
    ?assertEqual({exit_status, ByParent, 0}, next()).

quiet_end(Root) ->
    ?assert(proctor_prx:setopt(Root, exit_status, 0)),
    ?assert(proctor_prx:setopt(Root, termsig, 0)),
    {ok, A} = proctor_prx:fork(Root),
    {ok, B} = proctor_prx:fork(Root),
    ?assertEqual(shutdown, ends(A, fun() -> proctor_prx:exit(A, 1) end)),
    Pid = proctor_prx:pidof(B),
    ?assertEqual(shutdown,
                 ends(B, fun() -> proctor_prx:kill(Root, Pid, sigkill) end)),
    quiet().

call_under_way(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    Pid = proctor_prx:pidof(Task),
    Me = self(),
    {Killer, Ref} = spawn_monitor(fun() ->
        proctor_case:wait_until(fun() -> waits(Pid) end),
        Me ! killing,
        [] = os:cmd("kill -9 " ++ integer_to_list(Pid))
    end),
    ?assertExit({{{termsig, sigkill}, _}, {gen_statem, call, _}},
                proctor_prx:select(Task, [], [], [], [])),
    ?assertEqual(killing, next()),
    ?assertEqual({'DOWN', Ref, process, Killer, normal}, next()),
    quiet().

%% Whether it is in select, and not waiting for calls.
waits(Pid) ->
    {ok, Text} = file:read_file("/proc/" ++ integer_to_list(Pid) ++ "/wchan"),
    binary:match(Text, <<"poll">>) =/= nomatch.

eagain(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    ok = proctor_prx:execvp(Task, ["sleep", "1000"]),
    ok = proctor_prx:stdin(Task, binary:copy(<<"x">>, 3000000)),
    ?assertEqual({stdin, Task, {error, {eagain, 0}}}, next()),
    ok = proctor_prx:stop(Task),
    ?assertEqual([{stdin, Task, {error, {eagain, 0}}}],
                 lists:usort(proctor_case:flush())).

input(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    Data = binary:copy(<<"0123456789">>, 100000),
    ok = proctor_prx:execvp(Task, ["cat"]),
    ok = proctor_prx:stdin(Task, Data),
    ok = proctor_prx:eof(Task),
    ?assertEqual({Data, {exit_status, 0}}, all(Task)).

signals(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    ok = proctor_prx:kill(Root, proctor_prx:pidof(Task), sigusr1),
    {signal, Task, sigusr1, Info} = next(),
    ?assertEqual(128, byte_size(Info)),
    ?assertMatch(<<10:32/native, _/binary>>, Info).

signal_fun(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    Me = self(),
    Drv = proctor_prx:drv(Task),
    Pipeline = proctor_prx:pipeline(Task),
    Pid = proctor_prx:pidof(Task),
    Fun = fun(D, P, Signal, Info) ->
              Me ! {fn, D, P, Signal, byte_size(Info), self(),
                    proctor_prx_drv:call(D, P, getpid, [])}
          end,
    ?assertEqual({ok, sig_info}, proctor_prx:sigaction(Task, sigusr2,
                                                       {sig_info, Fun})),
    ok = proctor_prx:kill(Root, Pid, sigusr2),
    ?assertEqual({fn, Drv, Pipeline, sigusr2, 128, Task, Pid}, next()),
    ?assertEqual({ok, sig_info}, proctor_prx:sigaction(Task, sigusr2, [])),
    ok = proctor_prx:kill(Root, Pid, sigusr2),
    ?assertMatch({fn, _, _, _, _, _, _}, next()),
    ?assertEqual({ok, sig_info},
                 proctor_prx:sigaction(Task, sigusr2, sig_info)),
    ok = proctor_prx:kill(Root, Pid, sigusr2),
    ?assertMatch({signal, Task, sigusr2, _}, next()).

signal_fails(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    Pid = proctor_prx:pidof(Task),
    {ok, _} = proctor_prx:sigaction(Task, sigusr2, fun(_, _, _, Info) ->
                                                       error({secret, Info})
                                                   end),
    Logged = proctor_case:logged(error, fun() ->
        ?assertMatch({shutdown, {proctor_failed, secret}},
                     ends(Task, fun() ->
                                    proctor_prx:kill(Root, Pid, sigusr2)
                                end))
    end),
    ?assertMatch([_], Logged),
    gone(Pid),
    ?assertEqual([], proctor_prx:cpid(Root)).

actions(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    ?assertEqual({ok, sig_info}, proctor_prx:sigaction(Task, sigterm, sig_ign)),
    ?assertEqual({ok, sig_ign}, proctor_prx:sigaction(Task, 'SIGTERM', [])),
    ?assertEqual({ok, sig_ign}, proctor_prx:sigaction(Task, 15, sig_dfl)),
    ?assertEqual({ok, sig_dfl}, proctor_prx:sigaction(Task, sigterm, [])),
    ?assertEqual({error, einval},
                 proctor_prx:sigaction(Task, sigkill, sig_ign)),
    ?assertEqual({error, einval}, proctor_prx:sigaction(Task, 9999, sig_ign)),
    ?assertEqual({error, enotsup}, proctor_prx:sigaction(Task, signone, [])),
    ok = proctor_prx:kill(Root, proctor_prx:pidof(Task), sigterm),
    ?assertEqual({termsig, Task, sigterm}, next()).

flow(Root) ->
    ?assert(proctor_prx:setopt(Root, flowcontrol, 0)),
    {ok, Task} = proctor_prx:fork(Root),
    ok = proctor_prx:execvp(Task, ["sh", "-c",
                                   "for i in 1 2 3; do echo $i;"
                                   "sleep 0.1; done; read x; echo end"]),
    proctor_case:wait_until(fun() -> sleeping(proctor_prx:pidof(Task)) end),
    quiet(),
    ?assertEqual(0, proctor_prx:getcpid(Task, flowcontrol)),
    ?assert(proctor_prx:setcpid(Task, flowcontrol, 1)),
    ?assertEqual({stdout, Task, <<"1\n">>}, next()),
    ?assertEqual(0, proctor_prx:getcpid(Root, Task, flowcontrol)),
    {ok, _} = proctor_prx:getcwd(Root),
    quiet(),
    ?assert(proctor_prx:setcpid(Root, Task, flowcontrol, -1)),
    ok = proctor_prx:stdin(Task, "\n"),
    ?assertEqual({<<"2\n3\nend\n">>, {exit_status, 0}}, all(Task)).

%% It waits for input: all else is done.
sleeping(Pid) ->
    {ok, Text} = file:read_file("/proc/" ++ integer_to_list(Pid) ++ "/wchan"),
    binary:match(Text, <<"pipe_read">>) =/= nomatch.

flow_at_end(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    ?assert(proctor_prx:setcpid(Task, flowcontrol, 0)),
    Pid = proctor_prx:pidof(Task),
    ok = proctor_prx:execvp(Task, ["head", "-c", "65536", "/dev/zero"]),
    gone(Pid),
    {ok, _} = proctor_prx:getcwd(Root),
    quiet(),
    ?assert(proctor_prx:setcpid(Task, flowcontrol, -1)),
    ?assertEqual({binary:copy(<<0>>, 65536), {exit_status, 0}}, all(Task)).

%%% Life and death

death_test_() ->
    proctor_trees:cases([
        {"a program that is stopped is dead", fun stop_program/1},
        {"a program that does not care", fun stop_deaf/1},
        {"a task that is stopped in a call", fun stop_blocked/1},
        {"a program's children are not waited for", fun background/1},
        {"what is below a task that is stopped", fun stop_below/1},
        {"what is below a task that ends", fun end_below/1},
        {"what is below a task that is killed", fun kill_below/1},
        {"a root that is killed", fun kill_root/1},
        {"a root that ends", fun exit_root/1},
        {"atexit", fun atexit/1},
        {"a stop and a fork: no wrong death", fun stop_and_fork/1},
        {"a task that waits holds up nobody else", fun others_go_on/1}]).

stop_program(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    ok = proctor_prx:execvp(Task, ["sleep", "1000"]),
    Pid = proctor_prx:pidof(Task),
    ?assertEqual(normal, ends(Task, fun() -> proctor_prx:stop(Task) end)),
    ?assertNot(proctor_case:alive(Pid)),
    quiet().

stop_deaf(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    ?assert(proctor_prx:setcpid(Task, signaloneof, 9)),
    ok = proctor_prx:execvp(Task, ["sh", "-c", "trap '' TERM; echo up; "
                                               "while :; do sleep 1; done"]),
    ?assertEqual({stdout, Task, <<"up\n">>}, next()),
    Pid = proctor_prx:pidof(Task),
    ok = proctor_prx:stop(Task),
    ?assertNot(proctor_case:alive(Pid)).

stop_blocked(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    Pid = proctor_prx:pidof(Task),
    {_, Ref} = spawn_monitor(fun() ->
        proctor_case:wait_until(fun() -> waits(Pid) end),
        ok = proctor_prx:stop(Task)
    end),
    ?assertExit({_, {gen_statem, call, _}},
                proctor_prx:select(Task, [], [], [], [])),
    normal = proctor_case:down(Ref),
    ?assertNot(proctor_case:alive(Pid)),
    quiet().

background(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    ok = proctor_prx:execvp(Task, ["sh", "-c", "sleep 1000 & echo $!"]),
    {Out, {exit_status, 0}} = all(Task),
    Pid = binary_to_integer(string:trim(Out)),
    ?assert(proctor_case:alive(Pid)),
    ok = proctor_prx:kill(Root, Pid, sigkill),
    gone(Pid).

%% A task with a child, a program below that, and their numbers.
family(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    {ok, Child} = proctor_prx:fork(Task),
    {ok, Program} = proctor_prx:fork(Child),
    ok = proctor_prx:execvp(Program, ["sleep", "1000"]),
    {Task, [Child, Program],
     [proctor_prx:pidof(T) || T <- [Task, Child, Program]]}.

all_gone(Tasks, Pids) ->
    [proctor_case:wait_until(fun() -> not is_process_alive(T) end)
     || T <- Tasks],
    [gone(Pid) || Pid <- Pids],
    ok.

stop_below(Root) ->
    {Task, Below, Pids} = family(Root),
    ok = proctor_prx:stop(Task),
    [?assertNot(proctor_case:alive(Pid)) || Pid <- Pids],
    all_gone(Below, Pids),
    quiet().

end_below(Root) ->
    {Task, Below, Pids} = family(Root),
    ok = proctor_prx:exit(Task, 3),
    ?assertEqual({exit_status, Task, 3}, next()),
    all_gone(Below, Pids),
    quiet().

kill_below(Root) ->
    {Task, Below, Pids} = family(Root),
    ok = proctor_prx:kill(Root, proctor_prx:pidof(Task), sigkill),
    ?assertEqual({termsig, Task, sigkill}, next()),
    all_gone(Below, Pids),
    quiet().

kill_root(_Root) ->
    process_flag(trap_exit, true),
    {ok, Other} = proctor_prx:fork(),
    {Task, Below, Pids} = family(Other),
    [] = os:cmd("kill -9 " ++ integer_to_list(proctor_prx:pidof(Other))),
    ?assertMatch({'EXIT', Other, {shutdown, _}}, next()),
    all_gone([Task | Below], Pids),
    quiet().

exit_root(_Root) ->
    process_flag(trap_exit, true),
    {ok, Other} = proctor_prx:fork(),
    Pid = proctor_prx:pidof(Other),
    ok = proctor_prx:exit(Other, 3),
    ?assertEqual({'EXIT', Other, shutdown}, next()),
    gone(Pid).

atexit(Root) ->
    Me = self(),
    Drv = proctor_prx:drv(Root),
    ok = proctor_prx:atexit(Root, fun(D, Pipeline, Cpid) ->
        #{stdin := Stdin} = Cpid,
        Me ! {atexit, D, Pipeline, Cpid, self(),
              proctor_alcove:close(D, Pipeline, Stdin)}
    end),
    {ok, A} = proctor_prx:fork(Root),
    {ok, B} = proctor_prx:fork(Root),
    ok = proctor_prx:exit(A, 0),
    ?assertEqual({exit_status, A, 0}, next()),
    Pid = proctor_prx:pidof(B),
    ok = proctor_prx:stop(B),
    ?assertMatch({atexit, Drv, [], #{pid := Pid, exec := false}, Root, ok},
                 next()),
    quiet().

stop_and_fork(Root) ->
    [begin
         {ok, A} = proctor_prx:fork(Root),
         ok = proctor_prx:stop(A),
         {ok, B} = proctor_prx:fork(Root),
         ?assert(is_integer(proctor_prx:getpid(B))),
         ok = proctor_prx:stop(B)
     end || _ <- lists:seq(1, 100)],
    quiet().

others_go_on(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    {ok, Child} = proctor_prx:fork(Task),
    ok = proctor_prx:execvp(Child, ["sh", "-c", "read x; echo $x; exit 5"]),
    Pid = proctor_prx:pidof(Task),
    Me = self(),
    Blocked = spawn_link(fun() ->
        receive go -> ok end,
        Me ! {blocked, catch proctor_prx:select(Task, [], [], [], [])}
    end),
    ok = proctor_prx:controlling_process(Task, Blocked),
    Blocked ! go,
    proctor_case:wait_until(fun() -> waits(Pid) end),
    ok = proctor_prx:stdin(Child, "x\n"),
    ?assertEqual({<<"x\n">>, {exit_status, 5}}, all(Child)),
    {ok, Other} = proctor_prx:fork(Root),
    {ok, _} = proctor_prx:getcwd(Other),
    ok = proctor_prx:stop(Task),
    ?assertMatch({blocked, {'EXIT', _}}, next()).

%%% Options

option_test_() ->
    proctor_trees:cases([
        {"defaults, and what children have of them", fun options/1},
        {"limits", fun limits/1},
        {"options of a child", fun child_options/1}]).

options(Root) ->
    ?assertEqual([1, 1, -1, 15, 0, 0, 0],
                 [proctor_prx:getopt(Root, O)
                  || O <- [exit_status, termsig, flowcontrol, signaloneof,
                           stdin_closed, stdout_closed, stderr_closed]]),
    ?assertEqual(false, proctor_prx:getopt(Root, nothing)),
    ?assertEqual(false, proctor_prx:setopt(Root, nothing, 1)),
    ?assertError(badarg, proctor_prx:setopt(Root, termsig, -1)),
    ?assertEqual(false, proctor_prx:setopt(Root, signaloneof, 256)),
    ?assert(proctor_prx:setopt(Root, signaloneof, 2)),
    ?assert(proctor_prx:setopt(Root, flowcontrol, -5)),
    {ok, Task} = proctor_prx:fork(Root),
    ?assertEqual(2, proctor_prx:getopt(Task, signaloneof)),
    ?assertEqual(2, proctor_prx:getcpid(Task, signaloneof)),
    ?assertEqual(-1, proctor_prx:getcpid(Task, flowcontrol)).

limits(Root) ->
    ?assert(is_integer(proctor_prx:getopt(Root, maxchild))),
    ?assertEqual(16, proctor_prx:getopt(Root, maxforkdepth)),
    ?assert(proctor_prx:setopt(Root, maxchild, 1)),
    ?assertEqual(1, proctor_prx:getopt(Root, maxchild)),
    {ok, Task} = proctor_prx:fork(Root),
    ?assertEqual({error, eagain}, proctor_prx:fork(Root)),
    ?assertEqual(false, proctor_prx:setopt(Root, maxchild, 0)),
    ?assert(proctor_prx:setopt(Task, maxchild, 0)),
    ?assertEqual({error, eagain}, proctor_prx:fork(Task)),
    ?assert(proctor_prx:setopt(Task, maxchild, 1)),
    {ok, Below} = proctor_prx:fork(Task),
    ?assertEqual(1, proctor_prx:getopt(Below, maxchild)),
    %% The length of a pipeline, whoever is asked.
    ?assertEqual(16, proctor_prx:getopt(Below, maxforkdepth)),
    ?assertEqual(false, proctor_prx:setopt(Below, maxforkdepth, 1)),
    ?assert(proctor_prx:setopt(Below, maxforkdepth, 2)),
    ?assertEqual({error, eagain}, proctor_prx:fork(Below)),
    ?assert(proctor_prx:setopt(Below, maxforkdepth, 2048)),
    ?assertEqual(2048, proctor_prx:getopt(Below, maxforkdepth)),
    ?assertMatch({ok, _}, proctor_prx:fork(Below)).

child_options(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    Pid = proctor_prx:pidof(Task),
    ?assertEqual(Pid, proctor_prx:getcpid(Root, Task, pid)),
    ?assertEqual(0, proctor_prx:getcpid(Root, Pid, exec)),
    ?assertEqual(false, proctor_prx:getcpid(Root, Pid, nothing)),
    ?assertEqual(false, proctor_prx:getcpid(Root, 1, pid)),
    ?assertEqual(false, proctor_prx:getcpid(Root, pid)),
    ?assertEqual(false, proctor_prx:setcpid(Root, flowcontrol, 1)),
    ?assertEqual(false, proctor_prx:setcpid(Root, 1, flowcontrol, 1)),
    ?assertEqual(false, proctor_prx:setcpid(Root, Task, pid, 1)),
    ?assertEqual(false, proctor_prx:setcpid(Root, Task, signaloneof, 256)),
    ?assert(proctor_prx:setcpid(Root, Pid, signaloneof, 0)),
    ?assertEqual(0, proctor_prx:getcpid(Task, signaloneof)).

%%% Filters

filter_test_() ->
    proctor_trees:cases([
        {"a call that is forbidden", fun denied/1},
        {"what is not allowed is forbidden", fun allowed/1},
        {"calls that are answered here", fun above/1},
        {"nobody may ask what is left", fun unasked/1}]).

denied(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    ok = proctor_prx:filter(Task, [getcwd, fork]),
    ?assertError(undef, proctor_prx:getcwd(Task)),
    ?assertError(undef, proctor_prx:fork(Task)),
    ok = proctor_prx:filter(Task, []),
    ?assertError(undef, proctor_prx:getcwd(Task)),
    ?assert(is_integer(proctor_prx:getpid(Task))),
    ok = proctor_prx:filter(Root, [], {deny, [getcwd]}),
    ?assertMatch({ok, _}, proctor_prx:getcwd(Root)),
    {ok, Child} = proctor_prx:fork(Root),
    ?assertError(undef, proctor_prx:getcwd(Child)),
    ?assertError(badarg, proctor_prx:filter(Root, [nothing])).

allowed(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    ok = proctor_prx:filter(Task, {allow, [fork, execvp, getcwd]}),
    ?assertMatch({ok, _}, proctor_prx:getcwd(Task)),
    ?assertError(undef, proctor_prx:getpid(Task)),
    ?assertError(undef, proctor_prx:filter(Task, [])),
    {ok, Child} = proctor_prx:fork(Task),
    ok = proctor_prx:stop(Child),
    ?assert(proctor_prx:setcpid(Task, flowcontrol, 7)),
    ?assertEqual(7, proctor_prx:getcpid(Task, flowcontrol)),
    ok = proctor_prx:execvp(Task, ["true"]),
    ?assertEqual({exit_status, Task, 0}, next()).

above(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    ok = proctor_prx:filter(Task, {deny, [getopt, signal_constant]}, [cpid]),
    ?assertError(undef, proctor_prx:getopt(Task, termsig)),
    ?assertError(undef, proctor_prx:call(Task, signal_constant, [sigterm])),
    ?assert(proctor_prx:setopt(Task, termsig, 1)),
    {ok, Child} = proctor_prx:fork(Task),
    ?assertError(undef, proctor_prx:cpid(Child)),
    ?assertEqual(1, proctor_prx:getopt(Child, termsig)).

unasked(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    ok = proctor_prx:filter(Task, {allow, [fork, getpid, getopt, filter]},
                            {deny, [filters, setopt]}),
    ?assertEqual(1, proctor_prx:getopt(Task, termsig)),
    ?assertError(undef, proctor_prx:setopt(Task, termsig, 0)),
    {ok, Child} = proctor_prx:fork(Task),
    ?assertEqual([], proctor_prx:cpid(Child)),
    ?assertEqual(1, proctor_prx:getopt(Child, termsig)),
    ?assertError(undef, proctor_prx:setopt(Child, termsig, 0)),
    %% And only ever less.
    ok = proctor_prx:filter(Task, [getopt], {allow, [getopt]}),
    ?assertError(undef, proctor_prx:getopt(Task, termsig)),
    {ok, Second} = proctor_prx:fork(Task),
    ?assertEqual(1, proctor_prx:getopt(Second, termsig)),
    ?assertError(undef, proctor_prx:cpid(Second)),
    ?assertError(undef, proctor_prx:setopt(Second, termsig, 0)).

%%% Programs and their output

cmd_test_() ->
    proctor_trees:cases([
        {"all that a program writes", fun cmd/1},
        {"a command of the shell", fun sh/1},
        {"what the caller was told of exits stays", fun cmd_traps/1}]).

cmd(Root) ->
    ?assertEqual(<<"a b\n">>, proctor_prx:cmd(Root, ["echo", "a", <<"b">>])),
    ?assertEqual({error, enoent}, proctor_prx:cmd(Root, ["/nowhere"])),
    ?assertEqual([], proctor_prx:cpid(Root)),
    Big = proctor_prx:cmd(Root, ["head", "-c", "1000000", "/dev/zero"]),
    ?assertEqual(1000000, byte_size(Big)),
    ?assert(proctor_prx:setopt(Root, flowcontrol, 0)),
    ?assertEqual(<<"x\n">>, proctor_prx:cmd(Root, ["echo", "x"])).

sh(Root) ->
    {ok, Task} = proctor_prx:fork(Root),
    ?assertEqual(<<"out\nerr\n">>,
                 proctor_prx:sh(Task, "echo out; sleep 0.1; echo err >&2; "
                                      "exit 3")),
    ?assertEqual({ok, sig_info}, proctor_prx:sigaction(Task, sigint, [])).

cmd_traps(Root) ->
    {trap_exit, Before} = process_info(self(), trap_exit),
    _ = proctor_prx:cmd(Root, ["true"]),
    ?assertEqual({trap_exit, Before}, process_info(self(), trap_exit)).

%%% The start

start_test_() ->
    proctor_case:alone([
        {"the application is started if there is nothing", fun started/0},
        {"the instance that it was started in ends", fun instance_ends/0},
        {"a program that is not there", fun no_task_program/0},
        {"sudo is a user", fun sudo/0}]).

started() ->
    {ok, Root} = proctor_prx:fork(),
    ?assert(is_pid(whereis(proctor))),
    ok = proctor_prx:stop(Root).

instance_ends() ->
    process_flag(trap_exit, true),
    {ok, Root} = proctor_prx:fork(),
    {Task, Below, Pids} = family(Root),
    Server = whereis(proctor),
    exit(Server, kill),
    ?assertMatch({'EXIT', Root, {shutdown, _}}, next()),
    all_gone([Task | Below], Pids),
    quiet().

no_task_program() ->
    with_options([{progname, "/nowhere"}], fun() ->
        ?assertEqual({error, enoent}, proctor_prx:fork()),
        quiet()
    end).

sudo() ->
    with_options([], fun() ->
        ok = proctor_prx:sudo("doas"),
        ?assertEqual({ok, [{exec, "doas"}]},
                     application:get_env(proctor_prx, options)),
        ok = proctor_prx:sudo(),
        ?assertEqual({ok, [{exec, "sudo -n"}]},
                     application:get_env(proctor_prx, options)),
        case proctor_prx:fork() of
            {ok, Root} ->
                ?assertEqual(0, proctor_prx:getuid(Root)),
                ok = proctor_prx:stop(Root);
            {error, _} ->
                ?assertNotEqual("0\n", os:cmd("id -u"))
        end
    end).

with_options(Options, Fun) ->
    ok = application:set_env(proctor_prx, options, Options),
    try Fun() after application:unset_env(proctor_prx, options) end.
