%% Trees of tasks: what proctor_demo shows of them.
-module(proctor_task_demo).

-export([steps/0]).

%% @doc A title and a step each; a step says what it does with its argument, and
%% returns what it has and what it should have.
-spec steps() -> [{string(), fun((fun()) -> {term(), term()})}].
steps() ->
    [{"A task, and one call after the other", fun calls/1},
     {"A pipeline of tasks", fun pipeline/1},
     {"A worker that reads a key, and then may do nothing else", fun worker/1},
     {"A container with a root of its own, and a build in it", fun container/1},
     {"What is stopped is gone: in a call, stopped, deaf", fun stopped/1}].

%%% One by one

calls(Say) ->
    {ok, Root} = proctor_task:start([]),
    {ok, Task} = proctor_task:fork(Root),
    Answers = [begin
                   Answer = proctor_task:call(Task, Name, Args),
                   Say("  ~w ~0tp -> ~0tp", [Name, Args, Answer]),
                   Answer
               end || {Name, Args} <- [{chdir, ["/usr"]}, {getcwd, []},
                                       {chdir, ["/nowhere"]}]],
    ok = proctor_task:stop(Root),
    flush(),
    {[ok, {ok, <<"/usr">>}, {error, {call, enoent, chdir}}], Answers}.

%%% Joined by pipes of their own

%% Both are forked from one that has a pipe, which they are so given.
pipeline(Say) ->
    {ok, Root} = proctor_task:start([]),
    {ok, {Read, Write}} = proctor_task:call(Root, pipe, []),
    {ok, [{ok, From}, {ok, To}]} = proctor_task:run(Root, [{fork, []},
                                                           {fork, []}]),
    [ok = proctor_task:call(Root, close, [Fd]) || Fd <- [Read, Write]],
    ok = proctor_task:exec(From, ["printf", "pear\\napple\\nfig\\n"],
                           [{stdout, {file, fd(Write)}}, {stderr, null}]),
    ok = proctor_task:call(To, close, [Write]),
    ok = proctor_task:exec(To, ["sort"], [{stdin, {file, fd(Read)}},
                                          {stderr, stdout}, lines]),
    Lines = lines(To),
    Say("  printf | sort -> ~0tp", [Lines]),
    ok = proctor_task:stop(Root),
    flush(),
    {[<<"apple">>, <<"fig">>, <<"pear">>], Lines}.

fd(Fd) ->
    "/proc/self/fd/" ++ integer_to_list(Fd).

lines(Task) ->
    receive
        {proctor_task, Task, {stdout, {_, Line}}} -> [Line | lines(Task)];
        {proctor_task, Task, {exit, _}} -> []
    end.

%%% Privileges

%% It opens what it needs, and then there is nothing left that it could open.
worker(Say) ->
    {ok, Root} = proctor_task:start([]),
    {ok, Worker} = proctor_task:fork(Root),
    {ok, Key} = proctor_task:call(Worker, open, ["/etc/passwd",
                                                 [o_rdonly], 0]),
    Drop = [{setrlimit, [rlimit_nproc, #{cur => 0, max => 0}]},
            {setrlimit, [rlimit_nofile, #{cur => 4, max => 4}]},
            {prctl, [pr_set_no_new_privs, 1, 0, 0, 0]},
            {filter, [{allow, [read]}, []]}],
    {ok, Dropped} = proctor_task:run(Worker, Drop),
    Say("  ~0tp~n  -> ~0tp", [Drop, Dropped]),
    {ok, Bytes} = proctor_task:call(Worker, read, [Key, 4]),
    Refused = [proctor_task:call(Worker, Name, Args)
               || {Name, Args} <- [{open, ["/etc/passwd", [o_rdonly], 0]},
                                   {fork, []},
                                   {execve, ["/bin/sh", ["sh"], []]}]],
    Say("  read -> ~0tp, and all else ~0tp", [Bytes, Refused]),
    ok = proctor_task:stop(Root),
    flush(),
    {[{error, {policy, eperm, Name}} || Name <- [open, fork, execve]],
     Refused}.

%%% A container

%% In one list: its own users, processes, names, network and files, of which the
%% system's /usr is all it has beside the sources that it is to build.
container(Say) ->
    Dir = string:trim(os:cmd("mktemp -d")),
    try
        [ok = file:make_dir(filename:join(Dir, Name))
         || Name <- ["root", "src"]],
        ok = file:write_file(filename:join(Dir, "src/hello.c"),
                             "#include <stdio.h>\n"
                             "int main(void) { puts(\"hello\"); return 5; }\n"),
        {ok, Root} = proctor_task:start([]),
        Flags = [clone_newuser, clone_newpid, clone_newns, clone_newuts,
                 clone_newipc, clone_newnet],
        Answer = case proctor_task:clone(Root, Flags) of
                     {ok, Box} ->
                         in(Box, Dir, Root, Say);
                     {error, {_, Errno, _}} ->
                         %% A kernel, or a container, that forbids it.
                         Say("  (no user namespaces here: ~w)", [Errno]),
                         {left_out, left_out}
                 end,
        ok = proctor_task:stop(Root),
        flush(),
        Answer
    after
        os:cmd("rm -rf " ++ Dir)
    end.

in(Box, Dir, Root, Say) ->
    {ok, [{ok, Uid}, {ok, Gid}]} = proctor_task:run(Root, [{getuid, []},
                                                          {getgid, []}]),
    {ok, Before} = proctor_task:run(Box, recipe(Dir, Uid, Gid)),
    Say("  ~w calls in one message: ~0tp", [length(Before), Before]),
    {ok, Init} = lists:last(Before),
    %% Of other names the files may be in /etc, which is not there.
    Make = case os:find_executable("gcc") of
               false -> "echo hello";
               _ -> "cd /src && gcc -o hello hello.c && ./hello"
           end,
    Build = "hostname; id -u; ls /; " ++ Make,
    ok = proctor_task:exec(Init, ["sh", "-c", Build],
                           [{stderr, stdout}, lines,
                            {env, [{"PATH", "/bin"}, {"TMPDIR", "/src"}]}]),
    Lines = lines(Init),
    Say("  ~ts~n  -> ~0tp", [Build, Lines]),
    {[<<"box">>, <<"0">>, <<"bin">>, <<"dev">>, <<"lib">>, <<"lib64">>,
      <<"src">>, <<"usr">>, <<"hello">>], Lines}.

recipe(Dir, Uid, Gid) ->
    Top = filename:join(Dir, "root"),
    At = fun(Name) -> filename:join(Top, Name) end,
    [{map_ids, [0, [{0, Uid, 1}], [{0, Gid, 1}]]},
     {sethostname, ["box"]},
     {mount, ["none", "/", "", [ms_rec, ms_private], "", ""]},
     {mount, ["tmpfs", Top, "tmpfs", [], "", ""]}]
        ++ [{mkdir, [At(Name), 8#755]}
            || Name <- ["usr", "src", "dev", "old"]]
        ++ [{mount, ["/usr", At("usr"), "", [ms_bind, ms_rec], "", ""]},
            {mount, ["/dev", At("dev"), "", [ms_bind, ms_rec], "", ""]},
            {mount, [filename:join(Dir, "src"), At("src"), "", [ms_bind], "",
                     ""]}]
        ++ [{symlink, ["usr/" ++ Name, At(Name)]}
            || Name <- ["bin", "lib", "lib64"]]
        ++ [{pivot_root, [Top, At("old")]}, {chdir, ["/"]},
            {umount2, ["/old", [mnt_detach]]}, {rmdir, ["/old"]},
            {prctl, [pr_set_no_new_privs, 1, 0, 0, 0]},
            {init, []}].

%%% The end

stopped(Say) ->
    {ok, Root} = proctor_task:start([]),
    {ok, Waits} = proctor_task:fork(Root, [{owner, none}]),
    {ok, {Read, _}} = proctor_task:call(Waits, pipe, []),
    spawn(fun() -> proctor_task:call(Waits, read, [Read, 1], infinity) end),
    {ok, Stopped} = proctor_task:fork(Root),
    ok = proctor_task:signal(Stopped, sigstop),
    {ok, Deaf} = proctor_task:fork(Root),
    ok = proctor_task:exec(Deaf, ["sh", "-c", "trap '' TERM; setsid sleep "
                                  "1000 & echo $!; while :; do sleep 1; done"],
                           [lines]),
    Daemon = receive
                 {proctor_task, Deaf, {stdout, {_, Line}}} ->
                     binary_to_integer(Line)
             end,
    Pids = [Daemon | [pid(Task) || Task <- [Waits, Stopped, Deaf]]],
    {Took, _} = timer:tc(fun() ->
        [ok = proctor_task:stop(Task, 200) || Task <- [Waits, Stopped, Deaf]]
    end),
    Left = [Pid || Pid <- Pids, filelib:is_dir("/proc/"
                                               ++ integer_to_list(Pid))],
    Say("  after ~w ms nothing is left of ~0tp: ~0tp",
        [Took div 1000, Pids, Left]),
    ok = proctor_task:stop(Root),
    flush(),
    {[], Left}.

pid(Task) ->
    {ok, #{pid := Pid}} = proctor_task:info(Task),
    Pid.

flush() ->
    receive {proctor_task, _, _} -> flush() after 0 -> ok end.
