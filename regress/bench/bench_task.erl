%% What trees of tasks cost. Figures are of the client, in one node: what is
%% compared is measured in turns, as the machine may do something else as well.
-module(bench_task).

-export([run/2]).

-define(TRUE, ["/bin/true"]).
-define(DEPTH, 15).
-define(OPS, 30).

%% Calls in a row, between which the others have their turn.
-define(BURST, 50).

run(#{client := proctor}, #{count := Count, tasks := Tasks, forks := Forks,
                            bytes := Bytes}) ->
    {ok, Root} = proctor_task:start([{maxchild, Tasks + 10}]),
    {ok, Task} = proctor_task:fork(Root),
    Deep = deep(Task, ?DEPTH - 1),
    Values = lists:foldl(fun maps:merge/2, #{},
                         [calls(Task, Deep, Count), births(Root, Count),
                          output(Deep, Bytes), input(Root, Bytes),
                          sizes(Root, Tasks), forks(Root, Forks)]),
    ok = proctor_task:stop(Root),
    Values.

deep(Task, 0) ->
    Task;
deep(Task, Left) ->
    {ok, Child} = proctor_task:fork(Task),
    deep(Child, Left - 1).

%%% Calls

calls(Task, Deep, Count) ->
    {ok, _, OsPid} = proctor:run(["/bin/cat"], [stdin, stdout]),
    Echo = fun() ->
               ok = proctor:send(OsPid, <<"0123456789">>),
               receive {stdout, OsPid, _} -> ok end
           end,
    Getpid = fun(Which) ->
                 fun() -> {ok, _} = proctor_task:call(Which, getpid) end
             end,
    Ops = [{getpid, []} || _ <- lists:seq(1, ?OPS)],
    Batch = fun() -> {ok, _} = proctor_task:run(Task, Ops) end,
    [EchoUs, GetpidUs, DeepUs, BatchUs] =
        turns([Echo, Getpid(Task), Getpid(Deep), Batch], Count),
    ok = proctor:stop(OsPid),
    #{getpid_us => GetpidUs, echo_us => EchoUs,
      getpid_x => GetpidUs / EchoUs, deep_x => DeepUs / GetpidUs,
      ops_us => BatchUs, ops_x => BatchUs / GetpidUs}.

%% The median of each function's bursts, all of which are done so often.
turns(Funs, Count) ->
    Rounds = [[micros(fun() -> repeat(?BURST, Fun) end) / ?BURST
               || Fun <- Funs]
              || _ <- lists:seq(1, max(10, Count div ?BURST))],
    [bench_stat:median(Column) || Column <- columns(Rounds)].

columns([[] | _]) -> [];
columns(Rounds) -> [[hd(Round) || Round <- Rounds]
                    | columns([tl(Round) || Round <- Rounds])].

repeat(0, _Fun) -> ok;
repeat(N, Fun) -> Fun(), repeat(N - 1, Fun).

micros(Fun) ->
    element(1, timer:tc(Fun)).

%%% Births

births(Root, Count) ->
    Rounds = [begin
                  {ForkUs, {ok, Task}} =
                      timer:tc(fun() -> proctor_task:fork(Root) end),
                  ExecUs = micros(fun() -> true(Task) end),
                  {RunUs, ok} = timer:tc(fun run_true/0),
                  [ForkUs, ForkUs + ExecUs, RunUs]
              end || _ <- lists:seq(1, max(20, Count div 20))],
    [ForkUs, ExecUs, RunUs] = [bench_stat:median(Column)
                               || Column <- columns(Rounds)],
    #{fork_us => ForkUs, exec_us => ExecUs, exec_x => ExecUs / RunUs}.

true(Task) ->
    ok = proctor_task:exec(Task, ?TRUE, [{stdin, null}, {stdout, null},
                                         {stderr, null}]),
    {ok, #{status := {exited, 0}}} = proctor_task:await(Task).

run_true() ->
    {ok, Pid, OsPid} = proctor:run(?TRUE, [monitor]),
    receive {'DOWN', OsPid, process, Pid, normal} -> ok end.

%% Each stop ends the one that is meant, and no other.
forks(Root, Forks) ->
    {ok, Other} = proctor_task:fork(Root),
    {ok, Pid} = proctor_task:call(Other, getpid),
    Us = micros(fun() ->
        repeat(Forks, fun() ->
            {ok, Task} = proctor_task:fork(Root),
            ok = proctor_task:stop(Task),
            {ok, #{cause := stopped}} = proctor_task:await(Task),
            {ok, Pid} = proctor_task:call(Other, getpid)
        end)
    end),
    #{forks_s => Forks / (Us / 1.0e6)}.

%%% Bytes

%% From the deepest, and from a plain run, in turns.
output(Task, Bytes) ->
    Argv = ["head", "-c", integer_to_list(Bytes), "/dev/zero"],
    Rounds = [begin
                  {ok, Child} = proctor_task:fork(Task),
                  Mine = micros(fun() ->
                      ok = proctor_task:exec(Child, Argv,
                                             [{stdin, null},
                                              {stderr, null}]),
                      Bytes = taken(Child, 0)
                  end),
                  Plain = micros(fun() ->
                      {ok, _, OsPid} = proctor:run(Argv, [stdout, monitor]),
                      Bytes = ran(OsPid, 0)
                  end),
                  [Bytes / Mine, Bytes / Plain]
              end || _ <- [1, 2, 3]],
    [Mine, Plain] = [bench_stat:median(Column) || Column <- columns(Rounds)],
    #{stdout_mb => Mine, stdout_x => Mine / Plain}.

taken(Task, Sum) ->
    receive
        {proctor_task, Task, {stdout, Data}} ->
            taken(Task, Sum + byte_size(Data));
        {proctor_task, Task, {exit, #{status := {exited, 0}}}} ->
            Sum
    end.

ran(OsPid, Sum) ->
    receive
        {stdout, OsPid, Data} -> ran(OsPid, Sum + byte_size(Data));
        {'DOWN', OsPid, process, _, normal} -> Sum
    end.

input(Root, Bytes) ->
    {ok, Task} = proctor_task:fork(Root),
    ok = proctor_task:exec(Task, ["wc", "-c"], [{stderr, null}]),
    Piece = binary:copy(<<0>>, 1 bsl 20),
    Us = micros(fun() ->
        repeat(Bytes bsr 20, fun() -> ok = proctor_task:send(Task, Piece) end),
        ok = proctor_task:send(Task, eof),
        receive
            {proctor_task, Task, {stdout, Line}} ->
                Bytes = binary_to_integer(string:trim(Line))
        end
    end),
    {ok, _} = proctor_task:await(Task),
    #{stdin_mb => Bytes / Us}.

%%% Sizes

sizes(Root, Count) ->
    {ok, #{tree := Tree}} = proctor_task:info(Root),
    #{pid := Switch} = proctor_task_tree:hello(Tree),
    Empty = descriptors(Switch),
    Tasks = [begin {ok, Task} = proctor_task:fork(Root), Task end
             || _ <- lists:seq(1, Count)],
    {Pids, Words} = lists:unzip(
                      [begin
                           {ok, #{pid := Pid}} = proctor_task:info(Task),
                           {memory, Memory} = process_info(Task, memory),
                           {Pid, Memory}
                       end || Task <- Tasks]),
    Full = descriptors(Switch),
    Kb = bench_os:memory([integer_to_list(Pid) || Pid <- Pids]) / Count / 1024,
    [ok = proctor_task:exec(Task, ["sleep", "1000"]) || Task <- Tasks],
    Programs = descriptors(Switch),
    [ok = proctor_task:stop(Task) || Task <- Tasks],
    [{ok, _} = proctor_task:await(Task) || Task <- Tasks],
    #{task_kb => Kb, node_b => lists:sum(Words) / Count,
      task_fds => (Full - Empty) / Count,
      program_fds => (Programs - Empty) / Count}.

descriptors(Pid) ->
    {ok, Names} = file:list_dir("/proc/" ++ integer_to_list(Pid) ++ "/fd"),
    length(Names).
