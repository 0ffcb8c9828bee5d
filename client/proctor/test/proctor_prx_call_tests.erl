%% System calls in the shape of prx: what each function returns, and raises.
%% What the calls do is the task program's to test.
-module(proctor_prx_call_tests).

-include_lib("eunit/include/eunit.hrl").
-include("../include/proctor_alcove_seccomp.hrl").

-import(proctor_trees, [next/0, quiet/0, all/1]).

-define(P, proctor_prx).

call_test_() ->
    proctor_trees:cases([
        {"files", fun files/1},
        {"directories", fun directories/1},
        {"more than prx can take in one message", fun large/1},
        {"descriptors", fun descriptors/1},
        {"select", fun select/1},
        {"processes", fun processes/1},
        {"waitpid", fun waitpid/1},
        {"ptrace", fun ptrace/1},
        {"ids", fun ids/1},
        {"limits", fun limits/1},
        {"names", fun names/1},
        {"environment", fun environment/1},
        {"prctl", fun prctl/1},
        {"seccomp", fun seccomp/1},
        {"sockets", fun sockets/1},
        {"programs", fun programs/1},
        {"root of a user namespace of its own", fun rootless/1},
        {"a program has the descriptors 0, 1 and 2", fun program_fds/1},
        {"a fork that fails leaks nothing", fun leaks/1},
        {"any call by its name", fun by_name/1},
        {"constants", fun constants/1},
        {"what this system does not have", fun elsewhere/1},
        {"errors say no arguments", fun secrets/1},
        {"all functions of prx are there", fun all_there/1}]).

root_test_() ->
    case os:cmd("id -u") of
        "0\n" ->
            proctor_trees:cases([
                {"ids of root's", fun root_ids/1},
                {"mounts", fun mounts/1},
                {"namespaces", fun namespaces/1},
                {"numbers inside a PID namespace", fun inner_numbers/1}]);
        _ ->
            [{"left out: not root", fun() -> ok end}]
    end.

with_dir(Fun) ->
    proctor_case:with_dir(Fun).

%% In a task of its own.
fork(Root) ->
    {ok, Task} = ?P:fork(Root),
    Task.

%%% Files

files(Root) ->
    with_dir(fun(Dir) ->
        ok = ?P:chdir(Root, Dir),
        {ok, FD} = ?P:open(Root, [<<"f">>, "ile"],
                           [o_rdwr, o_creat, 'O_EXCL'], 8#600),
        ?assertEqual({ok, 5}, ?P:write(Root, FD, ["he", [<<"ll">>], $o])),
        ?assertEqual(ok, ?P:lseek(Root, FD, 1, seek_set)),
        ?assertEqual({ok, <<"ello">>}, ?P:read(Root, FD, 100)),
        ?assertEqual({ok, <<>>}, ?P:read(Root, FD, 100)),
        ?assertEqual(ok, ?P:close(Root, FD)),
        ?assertEqual({error, ebadf}, ?P:close(Root, FD)),
        ?assertEqual({error, ebadf}, ?P:read(Root, FD, 1)),
        ?assertEqual({error, ebadf}, ?P:lseek(Root, FD, 0, 0)),
        ?assertEqual({error, eexist},
                     ?P:open(Root, "file", [o_creat, o_excl], 8#600)),
        ?assertEqual({error, enotsup}, ?P:open(Root, "file", o_nothing)),
        ?assertError(badarg, ?P:open(Root, "fi\0le", o_rdonly)),
        ?assertError(badarg, ?P:open(Root, file, o_rdonly)),
        ?assertEqual({error, enametoolong},
                     ?P:open(Root, lists:duplicate(4096, $x), o_rdonly)),
        ?assertEqual(ok, ?P:chmod(Root, "file", 8#640)),
        ?assertEqual(ok, ?P:call(Root, link, ["file", "link"])),
        ?assertEqual(ok, ?P:call(Root, symlink, ["file", "symlink"])),
        ?assertEqual({ok, <<"file">>}, ?P:call(Root, readlink, ["symlink"])),
        [?assertEqual(ok, ?P:unlink(Root, F))
         || F <- ["file", "link", "symlink"]],
        ?assertEqual({error, enoent}, ?P:unlink(Root, "file")),
        ?assertEqual(ok, ?P:mkfifo(Root, "fifo", 8#600)),
        ?assertEqual(ok, ?P:chown(Root, "fifo", ?P:getuid(Root),
                                  ?P:getgid(Root)))
    end).

directories(Root) ->
    with_dir(fun(Dir) ->
        ok = ?P:chdir(Root, Dir),
        ?assertEqual({ok, iolist_to_binary(Dir)}, ?P:getcwd(Root)),
        ?assertEqual(ok, ?P:mkdir(Root, "d", 8#755)),
        ?assertEqual({error, eexist}, ?P:mkdir(Root, "d", 8#755)),
        {ok, Names} = ?P:readdir(Root, Dir),
        ?assertEqual([<<".">>, <<"..">>, <<"d">>], lists:sort(Names)),
        ?assertEqual(ok, ?P:rmdir(Root, "d")),
        ?assertEqual({error, enoent}, ?P:readdir(Root, "d")),
        ?assertEqual({error, enoent}, ?P:chdir(Root, "d"))
    end).

large(Root) ->
    with_dir(fun(Dir) ->
        ok = ?P:chdir(Root, Dir),
        {ok, FD} = ?P:open(Root, "big", [o_rdwr, o_creat], 8#600),
        Data = rand:bytes(3000000),
        ?assertEqual({ok, 70000},
                     ?P:write(Root, FD, binary:part(Data, 0, 70000))),
        ok = ?P:lseek(Root, FD, 0, seek_set),
        ?assertEqual({ok, 3000000}, ?P:write(Root, FD, Data)),
        ok = ?P:lseek(Root, FD, 0, seek_set),
        ?assertEqual({ok, binary:part(Data, 0, 65535)},
                     ?P:read(Root, FD, 65535)),
        ok = ?P:lseek(Root, FD, 0, seek_set),
        ?assertEqual({ok, binary:part(Data, 0, 1000000)},
                     ?P:read(Root, FD, 3000000)),
        ok = ?P:unlink(Root, "big"),
        Name = lists:duplicate(200, $x),
        Names = [Name ++ integer_to_list(N) || N <- lists:seq(1, 6000)],
        [ok = file:write_file(filename:join(Dir, N), <<>>) || N <- Names],
        {ok, Found} = ?P:readdir(Root, "."),
        ?assertEqual(lists:sort([<<".">>, <<"..">>
                                 | [list_to_binary(N) || N <- Names]]),
                     lists:sort(Found)),
        [ok = ?P:setenv(Root, "V" ++ integer_to_list(N), Name, 1)
         || N <- lists:seq(1, 450)],
        ?assert(iolist_size(?P:environ(Root)) > 90000)
    end).

descriptors(Root) ->
    {ok, FD} = ?P:open(Root, "/dev/null", [o_rdwr]),
    ?assertEqual({ok, 0}, ?P:fcntl(Root, FD, f_getfd)),
    ?assertEqual({ok, 0}, ?P:fcntl(Root, FD, f_setfd, 1)),
    ?assertEqual({ok, 1}, ?P:fcntl(Root, FD, f_getfd, 0)),
    ?assertEqual({error, ebadf}, ?P:fcntl(Root, 999, f_getfd)),
    ?assertEqual({error, enotsup}, ?P:fcntl(Root, FD, f_nothing)),
    ?assertEqual({error, ebadf}, ?P:close(Root, 3)),
    ?assertEqual({error, enotty}, ?P:ioctl(Root, FD, tiocgwinsz, <<0:64>>)),
    {ok, P} = ?P:open(Root, "/dev/ptmx", [o_rdwr, o_noctty]),
    Size = <<24:16/native, 80:16/native, 0:32>>,
    ?assertEqual({ok, #{return_value => 0, arg => Size}},
                 ?P:ioctl(Root, P, tiocswinsz, Size)),
    ?assertEqual({ok, #{return_value => 0, arg => Size}},
                 ?P:ioctl(Root, P, tiocgwinsz, <<0:64>>)).

select(Root) ->
    {ok, {R, W}} = case ?P:call(Root, pipe, []) of
                       {ok, A, B} -> {ok, {A, B}}
                   end,
    ?assertEqual({ok, [], [W], []},
                 ?P:select(Root, [R], [W], [], #{sec => 1, usec => 0})),
    ?assertEqual({ok, [], [], []},
                 ?P:select(Root, [R], [], [], #{sec => 0, usec => 1000})),
    {ok, 1} = ?P:write(Root, W, "x"),
    ?assertEqual({ok, [R], [], []}, ?P:select(Root, [R], [], [R], [])),
    ?assertEqual({error, ebadf}, ?P:select(Root, [999], [], [], [])).

%%% Processes

processes(Root) ->
    Task = fork(Root),
    Pid = ?P:getpid(Task),
    ?assertEqual({ok, Pid}, ?P:setsid(Task)),
    ?assertEqual({ok, Pid}, ?P:getsid(Task, 0)),
    ?assertEqual({error, eperm}, ?P:setsid(Task)),
    ?assertEqual(Pid, ?P:getpgrp(Task)),
    ?assertEqual({error, eperm}, ?P:setpgid(Task, 0, 0)),
    ?assertEqual({ok, 0}, ?P:getpriority(Task, prio_process, 0)),
    ?assertEqual(ok, ?P:setpriority(Task, prio_process, 0, 5)),
    ?assertEqual({ok, 5}, ?P:getpriority(Task, prio_process, 0)),
    ?assertEqual(ok, ?P:kill(Root, Pid, 0)),
    ?assertEqual({error, enotsup}, ?P:kill(Root, Pid, signone)),
    ?assertEqual({error, einval}, ?P:kill(Root, Pid, 9999)),
    ?assertEqual(ok, ?P:setproctitle(Task, "a title")),
    {ok, Shown} = file:read_file("/proc/" ++ integer_to_list(Pid)
                                 ++ "/cmdline"),
    ?assertMatch({_, _}, binary:match(Shown, <<"a title">>)).

waitpid(Root) ->
    Task = fork(Root),
    ?assertEqual({ok, sig_dfl}, ?P:sigaction(Task, sigchld, [])),
    {ok, _} = ?P:sigaction(Task, sigchld, sig_info),
    Child = fork(Task),
    Pid = ?P:pidof(Child),
    ?assertEqual({ok, 0, 0, []}, ?P:waitpid(Task, Pid, [wnohang])),
    ok = ?P:kill(Task, Pid, sigkill),
    ?assertEqual({ok, Pid, 9, [{termsig, sigkill}]}, ?P:waitpid(Task, Pid, [])),
    ?assertEqual({error, echild}, ?P:waitpid(Task, Pid, [])),
    ended(Task, Child).

%% What is told of an end, and of SIGCHLD, in whatever order.
ended(Task, Child) ->
    case next() of
        {signal, Task, sigchld, _} -> ended(Task, Child);
        {termsig, Child, sigkill} -> signals(Task)
    end.

signals(Task) ->
    {ok, _} = ?P:getcwd(Task),
    [] = [M || M <- proctor_case:flush(), element(1, M) =/= signal].

ptrace(Root) ->
    Task = fork(Root),
    ?assertMatch({ok, 0, _, _}, ?P:ptrace(Task, ptrace_traceme, 0, 0, 0)),
    ?assertMatch({error, _}, ?P:ptrace(Root, ptrace_cont, 1, 0, 0)),
    %% The parent is told of every signal now, and has to be there.
    ok = ?P:stop(Task).

ids(Root) ->
    Uid = list_to_integer(string:trim(os:cmd("id -u"))),
    Gid = list_to_integer(string:trim(os:cmd("id -g"))),
    ?assertEqual(Uid, ?P:getuid(Root)),
    ?assertEqual(Gid, ?P:getgid(Root)),
    ?assertEqual({ok, Uid, Uid, Uid}, ?P:getresuid(Root)),
    ?assertEqual({ok, Gid, Gid, Gid}, ?P:getresgid(Root)),
    {ok, Groups} = ?P:getgroups(Root),
    ?assert(lists:all(fun is_integer/1, Groups)),
    ?assertEqual(ok, ?P:setresuid(Root, Uid, Uid, Uid)),
    ?assertEqual(ok, ?P:setresgid(Root, -1, -1, -1)),
    ?assertEqual(ok, ?P:setuid(Root, Uid)),
    ?assertEqual(ok, ?P:setgid(Root, Gid)).

limits(Root) ->
    Task = fork(Root),
    {ok, #{cur := _, max := Max}} = ?P:getrlimit(Task, rlimit_nofile),
    ?assertEqual(ok, ?P:setrlimit(Task, rlimit_nofile,
                                  #{cur => 64, max => Max})),
    ?assertEqual({ok, #{cur => 64, max => Max}},
                 ?P:getrlimit(Task, rlimit_nofile)),
    ?assertEqual({error, enotsup}, ?P:getrlimit(Task, rlimit_nothing)),
    ?assertError(badarg, ?P:setrlimit(Task, rlimit_nofile, #{cur => 64})),
    ?assertMatch({ok, #{max := 16#FFFFFFFFFFFFFFFF}},
                 ?P:getrlimit(Task, rlimit_as)).

names(Root) ->
    {ok, Name} = ?P:gethostname(Root),
    ?assertEqual(string:trim(os:cmd("uname -n")), binary_to_list(Name)),
    case ?P:getuid(Root) of
        0 -> ok;
        _ -> ?assertEqual({error, eperm}, ?P:sethostname(Root, Name))
    end.

environment(Root) ->
    ?assertEqual(false, ?P:getenv(Root, "PRX_TEST")),
    ?assertEqual(ok, ?P:setenv(Root, "PRX_TEST", ["a", <<"b">>], 1)),
    ?assertEqual(<<"ab">>, ?P:getenv(Root, "PRX_TEST")),
    ?assertEqual(ok, ?P:setenv(Root, "PRX_TEST", "c", 0)),
    ?assertEqual(<<"ab">>, ?P:getenv(Root, <<"PRX_TEST">>)),
    ?assert(lists:member(<<"PRX_TEST=ab">>, ?P:environ(Root))),
    ?assertEqual(ok, ?P:unsetenv(Root, "PRX_TEST")),
    ?assertEqual({error, einval}, ?P:setenv(Root, "A=B", "c", 1)),
    Task = fork(Root),
    ?assertEqual(ok, ?P:clearenv(Task)),
    ?assertEqual([], ?P:environ(Task)),
    ok = ?P:setenv(Task, "X", "y", 1),
    ok = ?P:execvp(Task, "/usr/bin/env", ["env"]),
    ?assertEqual({<<"X=y\n">>, {exit_status, 0}}, all(Task)).

%%% Restriction

prctl(Root) ->
    Task = fork(Root),
    ?assertEqual({ok, 0, 0, 0, 0, 0},
                 ?P:prctl(Task, pr_get_no_new_privs, 0, 0, 0, 0)),
    ?assertEqual({ok, 0, 1, 0, 0, 0},
                 ?P:prctl(Task, pr_set_no_new_privs, 1, 0, 0, 0)),
    ?assertEqual({ok, 1, 0, 0, 0, 0},
                 ?P:prctl(Task, pr_get_no_new_privs, 0, 0, 0, 0)),
    ?assertMatch({ok, 0, <<"name\0", _/binary>>, 0, 0, 0},
                 begin
                     {ok, 0, _, _, _, _} = ?P:prctl(Task, pr_set_name,
                                                    <<"name\0">>, 0, 0, 0),
                     ?P:prctl(Task, pr_get_name, <<0:128>>, 0, 0, 0)
                 end),
    ?assertEqual({error, einval}, ?P:prctl(Task, 999999, 0, 0, 0, 0)),
    ?assertEqual({error, enotsup}, ?P:prctl(Task, pr_nothing, 0, 0, 0, 0)).

number(Task, Name) ->
    ?P:call(Task, syscall_constant, [Name]).

%% A program that is written with the macros, and given by both calls that take
%% one.
seccomp(Root) ->
    Program = [?VALIDATE_ARCHITECTURE,
               ?EXAMINE_SYSCALL,
               ?DENY_SYSCALL(number(Root, sys_getpriority), 42),
               ?DENY_SYSCALL(number(Root, sys_getsid), 1),
               ?BPF_STMT(?BPF_RET + ?BPF_K, ?SECCOMP_RET_ALLOW)],
    Pad = erlang:system_info(wordsize) - 2,
    Filter = [<<(length(Program)):16/native>>, <<0:Pad/unit:8>>,
              {ptr, iolist_to_binary(Program)}],
    [begin
         Task = fork(Root),
         {ok, 0, 1, 0, 0, 0} = ?P:prctl(Task, pr_set_no_new_privs, 1, 0, 0, 0),
         ?assertMatch({ok, _}, ?P:getsid(Task, 0)),
         Install(Task),
         ?assertEqual({error, eperm}, ?P:getsid(Task, 0)),
         ?assert(is_integer(?P:getpid(Task)))
     end || Install <- [fun(T) ->
                            {ok, 0, 2, [_, _, {ptr, _}], 0, 0} =
                                ?P:prctl(T, pr_set_seccomp,
                                         seccomp_mode_filter, Filter, 0, 0)
                        end,
                        fun(T) ->
                            ok = ?P:seccomp(T, seccomp_set_mode_filter, 0,
                                            Filter)
                        end]].

sockets(Root) ->
    {ok, FD} = ?P:socket(Root, af_unix, [sock_stream], 0),
    Address = [<<1:16/native, "/nowhere">>],
    ?assertEqual({error, enoent}, ?P:call(Root, connect, [FD, Address])),
    ?assertEqual({error, enotsup}, ?P:socket(Root, af_nothing, sock_stream, 0)).

%%% Programs

programs(Root) ->
    Says = fun(Exec) ->
               Task = fork(Root),
               ok = Exec(Task),
               all(Task)
           end,
    ?assertEqual({<<"a\n">>, {exit_status, 0}},
                 Says(fun(T) -> ?P:execve(T, ["/bin/echo", "a"], []) end)),
    ?assertEqual({<<"A=b\n">>, {exit_status, 0}},
                 Says(fun(T) -> ?P:execve(T, "/usr/bin/env", ["x"], ["A=b"])
                      end)),
    ?assertEqual({<<"-\n">>, {exit_status, 0}},
                 Says(fun(T) ->
                          {ok, FD} = ?P:open(T, "/bin/echo", [o_rdonly]),
                          ?P:fexecve(T, FD, ["-"], ["A=b"])
                      end)).

program_fds(Root) ->
    Task = fork(Root),
    ok = ?P:execvp(Task, ["cat"]),
    ok = ?P:stdin(Task, "up"),
    ?assertEqual({stdout, Task, <<"up">>}, next()),
    {ok, FDs} = file:list_dir("/proc/" ++ integer_to_list(?P:pidof(Task))
                              ++ "/fd"),
    ?assertEqual(["0", "1", "2"], lists:sort(FDs)),
    ok = ?P:stop(Task).

%% Anybody may, but where the system forbids it.
rootless(Root) ->
    Uid = ?P:getuid(Root),
    Gid = ?P:getgid(Root),
    case ?P:clone(Root, [clone_newuser, clone_newuts, clone_newpid,
                         clone_newns]) of
        {ok, Task} ->
            Map = fun(File, Text) ->
                      {ok, FD} = ?P:open(Task, ["/proc/self/", File],
                                         [o_wronly]),
                      ?assertEqual({ok, iolist_size(Text)},
                                   ?P:write(Task, FD, Text)),
                      ?assertEqual(ok, ?P:close(Task, FD))
                  end,
            Map("setgroups", "deny"),
            Map("uid_map", ["0 ", integer_to_list(Uid), " 1"]),
            Map("gid_map", ["0 ", integer_to_list(Gid), " 1"]),
            ?assertEqual({0, 0, 1}, {?P:getuid(Task), ?P:getgid(Task),
                                     ?P:getpid(Task)}),
            ?assertEqual(ok, ?P:sethostname(Task, "mine")),
            ?assertEqual(ok, ?P:mount(Task, "tmpfs", "/tmp", "tmpfs", [], [])),
            Child = fork(Task),
            ?assertEqual(2, ?P:getpid(Child)),
            ok = ?P:execvp(Child, ["sh", "-c", "id -u; uname -n; ls /tmp"]),
            ?assertEqual({<<"0\nmine\n">>, {exit_status, 0}}, all(Child));
        {error, Forbidden} ->
            ?assert(lists:member(Forbidden, [eperm, enospc]))
    end.

leaks(Root) ->
    Pid = integer_to_list(?P:getpid(Root)),
    Open = fun() -> {ok, F} = file:list_dir("/proc/" ++ Pid ++ "/fd"),
                    length(F)
           end,
    ?assert(?P:setopt(Root, maxchild, 0)),
    Before = Open(),
    [?assertEqual({error, eagain}, ?P:fork(Root)) || _ <- lists:seq(1, 3)],
    ?assertEqual(Before, Open()),
    quiet().

by_name(Root) ->
    Task = fork(Root),
    Pid = ?P:pidof(Task),
    ?assertEqual(Pid, ?P:call(Task, getpid, [])),
    ?assertEqual({error, eagain}, ?P:call(Task, fork, [])),
    ?assertEqual({error, eagain}, ?P:call(Task, clone, [[]])),
    ?assertMatch([#{pid := Pid}], ?P:call(Root, cpid, [])),
    ?assertEqual(15, ?P:call(Root, getcpid, [Pid, signaloneof])),
    ?assert(?P:call(Root, setcpid, [Pid, signaloneof, 9])),
    ?assertEqual(1, ?P:call(Task, getopt, [termsig])),
    ?assert(?P:call(Task, setopt, [termsig, 0])),
    ?assert(is_binary(?P:call(Task, version, []))),
    ?assertEqual({ok, sig_info}, ?P:call(Task, sigaction, [sigusr1, []])),
    ?assertError(undef, ?P:call(Task, nothing, [])),
    ?assertError(badarg, ?P:call(Task, getpid, [1])),
    ?assertError(badarg, ?P:call(Task, chdir, [])),
    ?assertEqual(ok, ?P:call(Task, execvp, ["echo", ["echo", "x"]])),
    ?assertEqual({<<"x\n">>, {exit_status, 0}}, all(Task)),
    Other = fork(Root),
    ?assertEqual(ok, ?P:call(Other, exit, [3])),
    ?assertEqual({exit_status, Other, 3}, next()).

constants(Root) ->
    ?assertEqual(15, ?P:call(Root, signal_constant, ['SIGTERM'])),
    ?assertEqual(15, ?P:call(Root, signal_constant, [sigterm])),
    ?assertEqual(unknown, ?P:call(Root, signal_constant, [signone])),
    [?assert(is_integer(?P:call(Root, Kind, [Name])))
     || {Kind, Name} <- [{file_constant, o_creat}, {fcntl_constant, f_getfd},
                         {ioctl_constant, tiocgwinsz},
                         {mount_constant, ms_rdonly},
                         {clone_constant, clone_newns},
                         {wait_constant, wnohang},
                         {prio_constant, prio_user},
                         {rlimit_constant, rlimit_as},
                         {socket_constant, af_unix},
                         {ptrace_constant, ptrace_cont},
                         {prctl_constant, pr_set_name},
                         {seccomp_constant, seccomp_mode_filter},
                         {syscall_constant, sys_read}]].

elsewhere(Root) ->
    [?assertError(undef, Ask(Root))
     || Ask <- [fun(T) -> ?P:pledge(T, "stdio", []) end,
                fun(T) -> ?P:unveil(T, [], []) end,
                fun(T) -> ?P:cap_enter(T) end,
                fun(T) -> ?P:cap_getmode(T) end,
                fun(T) -> ?P:cap_rights_limit(T, 0, []) end,
                fun(T) -> ?P:cap_fcntls_limit(T, 0, []) end,
                fun(T) -> ?P:cap_fcntls_get(T, 0) end,
                fun(T) -> ?P:cap_ioctls_limit(T, 0, []) end,
                fun(T) -> ?P:jail(T, [<<0>>]) end,
                fun(T) -> ?P:procctl(T, 0, 0, 0, []) end]].

secrets(Root) ->
    Task = fork(Root),
    Shown = fun(Fun) ->
                try Fun() of V -> error({returned, V})
                catch C:E:S -> io_lib:format("~p", [{C, E, S}])
                end
            end,
    ok = ?P:stop(Task),
    [?assertEqual(nomatch, string:find(Shown(Ask), "hidden"))
     || Ask <- [fun() -> ?P:setenv(Task, "A", "hidden", 1) end,
                fun() -> ?P:setenv(Root, "A", hidden, 1) end,
                fun() -> ?P:setenv(Root, "A", "hidden\0", 1) end,
                fun() -> ?P:execve(Task, ["/bin/true"], ["A=hidden"]) end]].

%% Names and arities, as section 2.6 of what prx promises counts them.
all_there(_Root) ->
    Exported = proctor_prx:module_info(exports)
        -- [{module_info, 0}, {module_info, 1}],
    ?assertEqual(116, length(Exported)),
    ?assertEqual(99, length(lists:usort([Name || {Name, _} <- Exported]))).

%%% Root's

root_ids(Root) ->
    Task = fork(Root),
    ?assertEqual(ok, ?P:setgroups(Task, [200, 100])),
    %% The kernel has them in order, prx the last first.
    ?assertEqual({ok, [200, 100]}, ?P:getgroups(Task)),
    ?assertEqual(ok, ?P:setresgid(Task, 65534, 65534, 65534)),
    ?assertEqual(ok, ?P:setresuid(Task, 65534, 65534, 65534)),
    ?assertEqual(65534, ?P:getuid(Task)),
    ?assertEqual({error, eperm}, ?P:setuid(Task, 0)),
    ?assertEqual({error, eperm}, ?P:setgroups(Task, [0])),
    ?assertEqual({error, eperm}, ?P:chroot(Task, "/")).

mounts(Root) ->
    {ok, Task} = ?P:clone(Root, [clone_newns]),
    with_dir(fun(Dir) ->
        ok = ?P:mount(Task, "none", "/", [], [ms_rec, ms_private], [], []),
        ?assertEqual(ok, ?P:mount(Task, "tmpfs", Dir, "tmpfs", [ms_nosuid],
                                  "size=1m")),
        ok = ?P:mkdir(Task, [Dir, "/in"], 8#700),
        ?assertEqual({ok, []}, file:list_dir(Dir)),
        ?assertEqual(ok, ?P:umount(Task, Dir)),
        ?assertEqual({error, einval}, ?P:umount2(Task, Dir, mnt_detach)),
        ?assertEqual({error, enodev},
                     ?P:mount(Task, "x", Dir, "nofs", [], <<>>))
    end).

namespaces(Root) ->
    {ok, Task} = ?P:clone(Root, [clone_newuts, clone_newipc]),
    {ok, Before} = ?P:gethostname(Root),
    ?assertEqual(ok, ?P:sethostname(Task, "inside")),
    ?assertEqual({ok, <<"inside">>}, ?P:gethostname(Task)),
    ?assertEqual({ok, Before}, ?P:gethostname(Root)),
    Other = fork(Root),
    {ok, FD} = ?P:open(Other, ["/proc/", integer_to_list(?P:pidof(Task)),
                               "/ns/uts"], [o_rdonly]),
    ?assertEqual(ok, ?P:setns(Other, FD)),
    ?assertEqual({ok, <<"inside">>}, ?P:gethostname(Other)),
    ?assertEqual(ok, ?P:setns(Other, FD, clone_newuts)),
    ?assertEqual(ok, ?P:unshare(Other, [clone_newuts])),
    ?assertEqual({error, enotsup}, ?P:unshare(Other, [clone_nothing])).

inner_numbers(Root) ->
    {ok, Init} = ?P:clone(Root, [clone_newpid]),
    ?assertEqual(1, ?P:getpid(Init)),
    ?assert(?P:pidof(Init) > 1),
    Child = fork(Init),
    ?assertEqual(2, ?P:pidof(Child)),
    ?assertEqual(2, ?P:getpid(Child)),
    ?assertEqual([?P:pidof(Init), 2], ?P:pipeline(Child)),
    ok = ?P:execvp(Child, ["sleep", "1000"]),
    ok = ?P:kill(Init, 2, sigkill),
    ?assertEqual({termsig, Child, sigkill}, next()).
