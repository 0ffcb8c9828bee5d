%% @doc Trees of processes of the system that are driven by calls: a *task* is a
%% process that waits for system calls to carry out. It can fork, restrict and
%% isolate itself, and at last become a program, whose input and output are
%% then its owner's, as those of {@link proctor:run/2} are.
%%
%% ```
%% {ok, Root} = proctor_task:start([]),
%% {ok, Task} = proctor_task:fork(Root),
%% {ok, _} = proctor_task:run(Task, [{chdir, ["/tmp"]}, {setsid, []},
%%                                   {umask, [8#077]}]),
%% ok = proctor_task:exec(Task, ["/bin/pwd"], [{active, false}]),
%% {ok, <<"/tmp\n">>} = proctor_task:recv(Task, stdout),
%% ok = proctor_task:stop(Root).
%% '''
%%
%% A task is called by the pid of the Erlang process that stands for it. It
%% belongs to whoever has forked it: only its owner has it carry out calls, and
%% with its owner it ends, with all below it. `doc/task.md' is a guide, and the
%% calls are in `doc/task-calls.md'.
%%
%% The owner gets these messages, the last of them at the end:
%%
%% <dl>
%% <dt>`{proctor_task, Task, {stdout | stderr, Data}}'</dt><dd>Output of the
%%   program, if it is active, `Data' being `{eol | noeol, Line}' where it
%%   comes in lines.</dd>
%% <dt>`{proctor_task, Task, {eof, stdout | stderr}}'</dt><dd>Nothing more comes
%%   of that stream.</dd>
%% <dt>`{proctor_task, Task, passive}', `{passive, Stream}'</dt><dd>A number of
%%   messages is over; see {@link setopts/2}.</dd>
%% <dt>`{proctor_task, Task, {signal, Name, Info}}'</dt><dd>It has caught a
%%   signal; `Info' is the system's `siginfo_t'.</dd>
%% <dt>`{proctor_task, Task, {exit, Exit}}'</dt><dd>It is gone, and all of its
%%   output was taken. `Exit' has its `status', `{exited, 0..255}',
%%   `{signaled, Signal, Core}' or `unknown'; its `cause': `itself', `stopped',
%%   `parent' if one above it has ended, `tree', or `lie' if it sent what cannot
%%   be; and its `usage'.</dd>
%% </dl>
%%
%% Errors are `{error, {Stage, Errno, Detail}}':
%%
%% <dl>
%% <dt>`call'</dt><dd>A system call has failed; `Detail' is its name.</dd>
%% <dt>`argument'</dt><dd>The argument of that number, from 1, is wrong; 0 says
%%   that there are too few or too many.</dd>
%% <dt>`policy'</dt><dd>The call is filtered, or the program was started without
%%   it.</dd>
%% <dt>`system'</dt><dd>There is no such call here.</dd>
%% <dt>`state'</dt><dd>The task is a program, or is none, or has children.</dd>
%% <dt>`owner'</dt><dd>It is somebody else's.</dd>
%% <dt>`timeout'</dt><dd>The call took too long, and was interrupted.</dd>
%% <dt>`limit'</dt><dd>There may not be more tasks.</dd>
%% <dt>`gone'</dt><dd>There is no such task any more.</dd>
%% <dt>`exec'</dt><dd>A step to the program has failed; `Detail' says
%%   which.</dd>
%% <dt>`wire'</dt><dd>What was asked, or is the answer, is too long.</dd>
%% <dt>`options', `start'</dt><dd>Of {@link exec/3} and {@link start/1}.</dd>
%% </dl>
-module(proctor_task).

-export([start/0, start/1, fork/1, fork/2, clone/2, clone/3]).
-export([call/2, call/3, call/4, run/2, run/3]).
-export([seccomp/2, loop_calls/0]).
-export([exec/2, exec/3, send/2, send/3, close/2, recv/2, recv/3, setopts/2,
         winsz/3]).
-export([await/1, await/2, signal/2, signal/3, stop/1, stop/2]).
-export([info/1, tree/1, calls/1, option/2, option/3, controlling_process/2]).

-export_type([task/0, op/0, how/0, failure/0, exit/0, run_option/0]).

-type task() :: pid().

-type op() :: {Name :: atom(), Args :: [term()]}
            | {exec, [proctor:text(), ...], [proctor_task_exec:option()]}.
%% The last may only be the last.

-type how() :: timeout() | [{timeout, timeout()} | {owner, pid() | none}].
%% Who the new task's owner is; with `none' anybody may call it, and it ends
%% with the one above it.

-type run_option() :: {timeout, timeout()} | {on_error, stop | continue}.

-type failure() :: proctor_task_wire:failure().

-type exit() :: proctor_task_wire:exit().

%% How long a call may take, and how long after that the answer is waited for.
-define(TIMEOUT, 5000).
-define(MARGIN, 500).

-define(KILL_TIMEOUT, 5000).

%% What goes in pieces: more at a time is not worth it.
-define(PIECE, 524288).

-define(IS_TIMEOUT(T), (T =:= infinity
                        orelse is_integer(T) andalso T >= 0
                               andalso T < 16#FFFFFFFF)).

%%% The tree

%% @equiv start([])
-spec start() -> {ok, task()} | {error, term()}.
start() ->
    start([]).

%% @doc Starts a tree of tasks, and returns its root. The program is
%% `proctor-task', beside the port program or where the option `program' says.
%%
%% <dl>
%% <dt>`{owner, Pid | none}'</dt><dd>Whose the root is (the caller's).</dd>
%% <dt>`{maxchild, N}'</dt><dd>How many children a task may have (64).</dd>
%% <dt>`{kill_timeout, Milliseconds}'</dt><dd>How long a program may take to end
%%   when the tree ends (5000).</dd>
%% <dt>`{start_timeout, Milliseconds}'</dt><dd>How long the program may take until it
%%   says what it is (30000).</dd>
%% <dt>`{args, [Text]}'</dt><dd>Other options of `proctor-task'.</dd>
%% </dl>
%%
%% All others are those of {@link proctor:run/2}, as `instance', `node', `user',
%% `cgroup', `cd' and `env'.
-spec start([{owner, pid() | none} | proctor_task_tree:option()]) ->
    {ok, task()} | {error, term()}.
start(Options) when is_list(Options) ->
    {Owner, Rest} = case lists:keytake(owner, 1, Options) of
                        {value, {owner, Pid}, Others} -> {Pid, Others};
                        false -> {self(), Options}
                    end,
    case is_owner(Owner) of
        true -> proctor_task_process:start(Owner, Rest);
        false -> wrong(owner)
    end.

is_owner(none) -> true;
is_owner(Pid) -> is_pid(Pid) andalso is_alive(Pid).

is_alive(Pid) when node(Pid) =:= node() ->
    is_process_alive(Pid);
is_alive(Pid) ->
    try erpc:call(node(Pid), erlang, is_process_alive, [Pid], ?TIMEOUT)
    catch _:_ -> false
    end.

wrong(What) ->
    {error, {options, einval, What}}.

%% @equiv fork(Task, 5000)
-spec fork(task()) -> {ok, task()} | {error, failure()}.
fork(Task) ->
    fork(Task, ?TIMEOUT).

%% @doc Has a task make another one, its child.
-spec fork(task(), how()) -> {ok, task()} | {error, failure()}.
fork(Task, How) ->
    forked(Task, fork, [], How).

%% @equiv clone(Task, Flags, 5000)
-spec clone(task(), [atom()] | integer()) ->
    {ok, task()} | {error, failure()}.
clone(Task, Flags) ->
    clone(Task, Flags, ?TIMEOUT).

%% @doc The same with namespaces of its own: `clone_newns', `clone_newuser' and
%% so on.
-spec clone(task(), [atom()] | integer(), how()) ->
    {ok, task()} | {error, failure()}.
clone(Task, Flags, How) ->
    forked(Task, clone, [Flags], How).

forked(Task, Name, Args, How) ->
    case how(How, #{timeout => ?TIMEOUT, owner => self()}) of
        {ok, #{timeout := Timeout, owner := Owner}} ->
            request(Task, Name, Timeout,
                    {fork, Name, Args, ms(Timeout), born(Owner)});
        {error, _} = Error ->
            Error
    end.

how(Timeout, How) when not is_list(Timeout) ->
    how([{timeout, Timeout}], How);
how([], How) ->
    {ok, How};
how([{timeout, T} | Rest], How) when ?IS_TIMEOUT(T) ->
    how(Rest, How#{timeout => T});
how([{owner, Owner} | Rest], How) ->
    case is_owner(Owner) of
        true -> how(Rest, How#{owner => Owner});
        false -> wrong(owner)
    end;
how(_, _How) ->
    wrong(timeout).

born(Owner) ->
    fun(Tree, Number, Born) ->
        proctor_task_process:born(Owner, {Tree, Number, Born})
    end.

%%% Calls

%% @equiv call(Task, Name, [], 5000)
-spec call(task(), atom()) -> proctor_task_wire:answer().
call(Task, Name) ->
    call(Task, Name, []).

%% @equiv call(Task, Name, Args, 5000)
-spec call(task(), atom(), [term()]) -> proctor_task_wire:answer().
call(Task, Name, Args) ->
    call(Task, Name, Args, ?TIMEOUT).

%% @doc Has a task carry out a call. If it takes longer it is interrupted, and
%% the task can be called again; so it can if it cannot be interrupted, when it
%% has come back. What is too long for one frame is written and read in pieces.
-spec call(task(), atom(), [term()], timeout()) -> proctor_task_wire:answer().
call(Task, Name, Args, Timeout)
  when is_atom(Name), is_list(Args), ?IS_TIMEOUT(Timeout) ->
    case {Name, Args} of
        {fork, []} ->
            fork(Task, Timeout);
        {clone, [Flags]} ->
            clone(Task, Flags, Timeout);
        {init, []} ->
            forked(Task, init, [], Timeout);
        {write, [Fd, Data]} ->
            written(Task, Fd, Data, Timeout);
        {Lists, _} when Lists =:= readdir andalso length(Args) =:= 1;
                        Lists =:= environ andalso Args =:= [] ->
            listed(Task, Name, Args, deadline(Timeout));
        {read, [Fd, Count]} when is_integer(Count), Count > ?PIECE ->
            read(Task, Fd, Count, deadline(Timeout), []);
        _ ->
            request(Task, Name, Timeout, {call, Name, Args, ms(Timeout)})
    end.

%% Where a task is, and that it is the caller's.
request(Task, Name, Timeout, Request) ->
    case mine(Task, Name) of
        {ok, Tree, Number} -> asked(Tree, Number, Name, Timeout, Request);
        {error, _} = Error -> Error
    end.

mine(Task, Name) ->
    case proctor_task_process:where(Task) of
        {ok, {Tree, Number, Owner}} when Owner =:= self(); Owner =:= none ->
            {ok, Tree, Number};
        {ok, _} -> {error, {owner, eacces, Name}};
        gone -> gone(Task)
    end.

%% Whoever's it is.
of_anybody(Task, Name, Timeout, Request) ->
    case proctor_task_process:where(Task) of
        {ok, {Tree, Number, _}} -> asked(Tree, Number, Name, Timeout, Request);
        gone -> gone(Task)
    end.

asked(Tree, Number, Name, Timeout, Request) ->
    case proctor_task_tree:call(Tree, Number, Request, local(Timeout)) of
        timeout -> {error, {timeout, etimedout, Name}};
        gone -> {error, {gone, esrch, Number}};
        Answer -> Answer
    end.

gone(Task) ->
    {error, {gone, esrch, Task}}.

%% The switch interrupts first; only of what does not hear it is the answer
%% given here.
local(infinity) -> infinity;
local(Timeout) -> Timeout + ?MARGIN.

ms(infinity) -> 0;
ms(Timeout) -> max(1, Timeout).

deadline(infinity) -> infinity;
deadline(Timeout) -> erlang:monotonic_time(millisecond) + Timeout.

left(infinity) -> infinity;
left(Deadline) -> max(0, Deadline - erlang:monotonic_time(millisecond)).

%%% What goes in pieces

written(Task, Fd, Data, Timeout) ->
    case proctor_text:data(Data) of
        {ok, Bytes} -> write(Task, Fd, Bytes, deadline(Timeout), 0);
        error -> {error, {argument, einval, 2}}
    end.

write(Task, Fd, <<Piece:?PIECE/binary, Rest/binary>>, Deadline, Done)
  when Rest =/= <<>> ->
    case write(Task, Fd, Piece, Deadline) of
        {ok, ?PIECE} -> write(Task, Fd, Rest, Deadline, Done + ?PIECE);
        {ok, Count} -> {ok, Done + Count};
        {error, _} when Done > 0 -> {ok, Done};
        {error, _} = Error -> Error
    end;
write(Task, Fd, Last, Deadline, Done) ->
    case write(Task, Fd, Last, Deadline) of
        {ok, Count} -> {ok, Done + Count};
        {error, _} when Done > 0 -> {ok, Done};
        {error, _} = Error -> Error
    end.

write(Task, Fd, Bytes, Deadline) ->
    Left = left(Deadline),
    request(Task, write, Left, {call, write, [Fd, Bytes], ms(Left)}).

%% A piece that is whole may have been the last: it is asked whether there is
%% more, as to read what is not there would wait.
read(Task, Fd, Count, Deadline, Acc) ->
    Left = left(Deadline),
    Size = min(Count, ?PIECE),
    case request(Task, read, Left, {call, read, [Fd, Size], ms(Left)}) of
        {ok, Data} when byte_size(Data) =:= Size, Count > Size ->
            case more(Task, Fd, left(Deadline)) of
                true -> read(Task, Fd, Count - Size, Deadline, [Data | Acc]);
                false -> {ok, joined([Data | Acc])}
            end;
        {ok, Data} -> {ok, joined([Data | Acc])};
        {error, _} when Acc =/= [] -> {ok, joined(Acc)};
        {error, _} = Error -> Error
    end.

more(Task, Fd, Left) ->
    Now = #{sec => 0, usec => 0},
    case request(Task, select, Left,
                 {call, select, [[Fd], [], [], Now], ms(Left)}) of
        {ok, {[_], _, _}} -> true;
        _ -> false
    end.

%% Nearly always all fit into one answer.
listed(Task, Name, Args, Deadline) ->
    Left = left(Deadline),
    case request(Task, Name, Left, {call, Name, Args, ms(Left)}) of
        {error, {wire, emsgsize, _}} ->
            listed(Task, Name, Args, 0, Deadline, []);
        Answer ->
            Answer
    end.

listed(Task, Name, Args, From, Deadline, Acc) ->
    Left = left(Deadline),
    case request(Task, Name, Left, {call, Name, Args ++ [From], ms(Left)}) of
        {ok, {Some, eof}} ->
            {ok, lists:append(lists:reverse([Some | Acc]))};
        {ok, {_, _}} when Left =:= 0 ->
            {error, {timeout, etimedout, Name}};
        {ok, {[], _}} ->
            {error, {wire, emsgsize, Name}};
        {ok, {Some, Next}} ->
            listed(Task, Name, Args, Next, Deadline, [Some | Acc]);
        {error, _} = Error ->
            Error
    end.

joined(Pieces) ->
    iolist_to_binary(lists:reverse(Pieces)).

%%% Lists of calls

%% @equiv run(Task, Ops, [])
-spec run(task(), [op()]) ->
    {ok, [term()]} | {error, {pos_integer(), failure(), [term()]}}
    | {error, failure()}.
run(Task, Ops) ->
    run(Task, Ops, []).

%% @doc Has a task carry out calls in their order: they go, and their answers
%% come, together, which costs little more than one of them. It ends with the
%% first that fails, `{error, {N, Error, Results}}', which is the one of that
%% number; `Results' are those before. With `{on_error, continue}' all are
%% carried out, and errors are among the results.
%%
%% A task that is forked here is `{ok, Task}' in the results. `{exec, Argv,
%% Options}' may be the last. `{timeout, Milliseconds}' is for all of them.
-spec run(task(), [op()], [run_option()]) ->
    {ok, [term()]} | {error, {pos_integer(), failure(), [term()]}}
    | {error, failure()}.
run(Task, Ops, Options) when is_list(Ops), is_list(Options) ->
    Timeout = proplists:get_value(timeout, Options, ?TIMEOUT),
    How = case proplists:get_value(on_error, Options, stop) of
              continue -> all;
              stop -> stop
          end,
    case {?IS_TIMEOUT(Timeout), plain(Ops, [])} of
        {true, {ok, Plain, Spec}} ->
            batch(Task, Plain, Spec, {How, deadline(Timeout)});
        {false, _} ->
            wrong(timeout);
        {_, {error, _} = Error} ->
            Error
    end.

%% A program's streams are for the task's process to know of.
plain([], Acc) ->
    {ok, lists:reverse(Acc), none};
plain([{exec, Argv, Options}], Acc) ->
    case proctor_task_exec:read(Argv, Options) of
        {ok, Args, Spec, _} -> {ok, lists:reverse([{exec, Args} | Acc]), Spec};
        {error, _} = Error -> Error
    end;
plain([{Name, Args} | Rest], Acc) when is_atom(Name), is_list(Args) ->
    plain(Rest, [{Name, Args} | Acc]);
plain(_, Acc) ->
    wrong({op, length(Acc) + 1}).

batch(Task, Ops, none, How) ->
    frames(Task, Ops, How, []);
batch(Task, Ops, Spec, {_, Deadline} = How) ->
    case proctor_task_process:ask(Task, {expect, Spec}, left(Deadline)) of
        ok ->
            Answer = frames(Task, Ops, How, []),
            gen_server:cast(Task, {unexpect, Spec}),
            Answer;
        {error, _} = Error ->
            Error;
        _ ->
            gone(Task)
    end.

%% As many at a time as a frame holds.
frames(_Task, [], _How, Acc) ->
    {ok, Acc};
frames(Task, Ops, {All, Deadline} = How, Acc) ->
    {Some, Rest} = fitting(Ops),
    Left = left(Deadline),
    case request(Task, run, Left,
                 {batch, All, Some, ms(Left), born(self())}) of
        Results when is_list(Results) ->
            case {All, lists:reverse(Results)} of
                {stop, [{error, Error} | Before]} ->
                    Good = Acc ++ lists:reverse(Before),
                    {error, {length(Good) + 1, Error, Good}};
                _ ->
                    frames(Task, Rest, How, Acc ++ Results)
            end;
        {error, Error} when Acc =/= [] ->
            {error, {length(Acc) + 1, Error, Acc}};
        {error, _} = Error ->
            Error
    end.

fitting([First | Rest]) ->
    fitting(Rest, size_of(First), 1, [First]).

fitting([Next | Rest] = Ops, Size, Count, Acc) ->
    case Size + size_of(Next) of
        Sum when Sum =< ?PIECE, Count < 16#FFFF ->
            fitting(Rest, Sum, Count + 1, [Next | Acc]);
        _ ->
            {lists:reverse(Acc), Ops}
    end;
fitting([], _Size, _Count, Acc) ->
    {lists:reverse(Acc), []}.

size_of({_, Args}) ->
    erlang:external_size(Args) + 6.

%%% The program

%% @equiv exec(Task, Argv, [])
-spec exec(task(), [proctor:text(), ...]) -> ok | {error, failure()}.
exec(Task, Argv) ->
    exec(Task, Argv, []).

%% @doc Has a task become a program: the first word is its file, found through
%% PATH, the others are its arguments. If that fails the task is as it was.
%%
%% <dl>
%% <dt>`{env, [{Name, Value}]}'</dt><dd>Exactly this environment (the
%%   task's).</dd>
%% <dt>`{cd, Dir}', `{arg0, Text}'</dt><dd>Where it is, and what it is told
%%   that it is called.</dd>
%% <dt>`{search, false}'</dt><dd>The file is not looked for in PATH.</dd>
%% <dt>`{signals, keep | default}'</dt><dd>Signals that the task ignores stay
%%   ignored (`keep').</dd>
%% <dt>`{stdin | stdout | stderr, pipe | null | close | {file, Path} |
%%   {append, Path}}'</dt><dd>Where its streams go (`pipe'); `{stderr, stdout}'
%%   is where stdout goes. Output also to another process, in the words of
%%   messages to the owner, or to a function, as in {@link
%%   proctor:run/2}.</dd>
%% <dt>`pty', `{pty, {Rows, Columns}}'</dt><dd>It has a terminal.</dd>
%% <dt>`{active, true | false | once | N}'</dt><dd>As in {@link proctor:run/2},
%%   and so are `lines', `max_line', `cr' and `window'; of that at most 1 MiB
%%   is ever on its way from the program.</dd>
%% <dt>`{timeout, Milliseconds}'</dt><dd>How long the start may take
%%   (`infinity').</dd>
%% </dl>
-spec exec(task(), [proctor:text(), ...], [proctor_task_exec:option()]) ->
    ok | {error, failure()}.
exec(Task, Argv, Options) ->
    case proctor_task_exec:read(Argv, Options) of
        {ok, Args, Spec, Timeout} ->
            of_process(Task, exec, {exec, Args, Spec, ms(Timeout)},
                       local(Timeout));
        {error, _} = Error ->
            Error
    end.

of_process(Task, Name, Request, Timeout) ->
    case proctor_task_process:ask(Task, Request, Timeout) of
        timeout -> {error, {timeout, etimedout, Name}};
        gone -> gone(Task);
        Answer -> Answer
    end.

%% @equiv send(Task, Data, infinity)
-spec send(task(), iodata() | eof) -> ok | {error, term()}.
send(Task, Data) ->
    send(Task, Data, infinity).

%% @doc Writes to the standard input of the program, or closes it (`eof'); waits
%% until all is on its way, of which there is a window. `{error, closed}' if the
%% program has closed it, `{error, no_stdin}' if it is not ours, `{error,
%% timeout}' if the time is over: what has not left by then never will.
-spec send(task(), iodata() | eof, timeout()) -> ok | {error, term()}.
send(Task, eof, Timeout) when ?IS_TIMEOUT(Timeout) ->
    of_process(Task, send, {send, eof, Timeout}, infinity);
send(Task, Data, Timeout) when ?IS_TIMEOUT(Timeout) ->
    case proctor_text:data(Data) of
        {ok, Bytes} ->
            of_process(Task, send, {send, Bytes, Timeout}, infinity);
        error ->
            {error, {argument, einval, 2}}
    end.

%% @doc Closes our end of a stream of the program.
-spec close(task(), stdin | stdout | stderr) -> ok | {error, term()}.
close(Task, stdin) ->
    send(Task, eof);
close(Task, Stream) when Stream =:= stdout; Stream =:= stderr ->
    of_anybody(Task, close, infinity, {close, Stream}).

%% @equiv recv(Task, What, infinity)
-spec recv(task(), proctor:wanted()) ->
    {ok, proctor:received()} | {ok, {stdout | stderr, proctor:received()}}
    | {error, term()}.
recv(Task, What) ->
    recv(Task, What, infinity).

%% @doc Receives output of the program where that is not active, as
%% {@link proctor:recv/3} does.
-spec recv(task(), proctor:wanted(), timeout()) ->
    {ok, proctor:received()} | {ok, {stdout | stderr, proctor:received()}}
    | {error, term()}.
recv(Task, {Stream, Length}, Timeout)
  when (Stream =:= stdout orelse Stream =:= stderr orelse Stream =:= any),
       is_integer(Length), Length >= 0, ?IS_TIMEOUT(Timeout) ->
    case of_process(Task, recv, {recv, Stream, Length, Timeout}, infinity) of
        %% All was taken, and then it went.
        {error, {gone, _, _}} -> {error, closed};
        Answer -> Answer
    end;
recv(Task, Stream, Timeout)
  when Stream =:= stdout; Stream =:= stderr; Stream =:= any ->
    recv(Task, {Stream, 0}, Timeout);
recv(Task, Length, Timeout) when is_integer(Length) ->
    recv(Task, {stdout, Length}, Timeout).

%% @doc Sets `{active, true | false | once | N}' of the program's output, or of
%% the streams that a map names, as {@link proctor:setopts/2} does.
-spec setopts(task(), [{active, proctor_output:change()}]) ->
    ok | {error, term()}.
setopts(Task, Options) ->
    case proctor_process:is_opts(Options) of
        true -> of_process(Task, setopts, {setopts, Options}, infinity);
        false -> {error, {badopt, Options}}
    end.

%% @doc Sets the size of the program's terminal.
-spec winsz(task(), pos_integer(), pos_integer()) -> ok | {error, term()}.
winsz(Task, Rows, Columns) ->
    of_anybody(Task, winsz, ?TIMEOUT, {winsz, Rows, Columns}).

%%% The end

%% @equiv await(Task, infinity)
-spec await(task()) -> {ok, exit()} | {error, term()}.
await(Task) ->
    await(Task, infinity).

%% @doc Waits for the message with the exit of a task of the caller's, and takes
%% it.
-spec await(task(), timeout()) -> {ok, exit()} | {error, term()}.
await(Task, Timeout) when ?IS_TIMEOUT(Timeout) ->
    Ref = monitor(process, Task),
    Answer = receive
                 {proctor_task, Task, {exit, Exit}} ->
                     {ok, Exit};
                 {'DOWN', Ref, process, _, _} ->
                     receive
                         {proctor_task, Task, {exit, Exit}} -> {ok, Exit}
                     after 0 ->
                         gone(Task)
                     end
             after Timeout ->
                 {error, {timeout, etimedout, await}}
             end,
    true = demonitor(Ref, [flush]),
    Answer.

%% @equiv signal(Task, Signal, process)
-spec signal(task(), atom() | integer()) -> ok | {error, term()}.
signal(Task, Signal) ->
    signal(Task, Signal, process).

%% @doc Sends a signal to the task or the program that it has become, to its
%% process group, or to all below it as well.
-spec signal(task(), atom() | integer(), process | group | subtree) ->
    ok | {error, term()}.
signal(Task, Signal, Scope)
  when Scope =:= process; Scope =:= group; Scope =:= subtree ->
    try proctor_signal:to_int(Signal) of
        Number when Number >= 0, Number =< 64 ->
            of_anybody(Task, signal, ?TIMEOUT, {kill, Scope, Number});
        _ ->
            {error, {argument, einval, 2}}
    catch
        error:_ -> {error, {argument, einval, 2}}
    end.

%% @equiv stop(Task, 5000)
-spec stop(task()) -> ok | {error, failure()}.
stop(Task) ->
    stop(Task, ?KILL_TIMEOUT).

%% @doc Ends a task and all below it: programs with SIGTERM, and with SIGKILL
%% when so many milliseconds are over. All are gone when it returns, whatever
%% they were doing. The end of the root is that of the tree and of its program.
%% Output that nobody has taken is lost.
-spec stop(task(), non_neg_integer()) -> ok | {error, failure()}.
stop(Task, Ms) when is_integer(Ms), Ms >= 0, Ms < 16#7FFFFFFF ->
    case proctor_task_process:where(Task) of
        {ok, {Tree, 1, _}} ->
            proctor_task_tree:stop(Tree, Ms);
        {ok, {Tree, Number, _}} ->
            _ = proctor_task_process:ask(Task, discard, infinity),
            case asked(Tree, Number, stop, Ms + ?KILL_TIMEOUT,
                       {stop, 15, Ms}) of
                {error, {gone, _, _}} -> ok;
                Answer -> Answer
            end;
        gone ->
            ok
    end.

%%% Who they are

%% @doc What is known of a task: its number in the tree, its `pid' as the switch
%% sees it and `inner' as its parent does, its `state': `call', `exec' or
%% `gone', its owner, and of a program what has crossed.
-spec info(task()) -> {ok, map()} | {error, term()}.
info(Task) ->
    of_process(Task, info, info, ?TIMEOUT).

%% @doc All tasks of the tree that a task is in, as the switch has them; `task'
%% is the pid of one that has a process.
-spec tree(task()) -> {ok, [map()]} | {error, term()}.
tree(Task) ->
    case proctor_task_process:where(Task) of
        {ok, {Tree, _, _}} ->
            named(Tree, asked(Tree, 0, tree, ?TIMEOUT, list));
        gone -> gone(Task)
    end.

named(Tree, {ok, List}) ->
    Pids = proctor_task_tree:tasks(Tree),
    {ok, [Each#{number => Number, task => maps:get(Number, Pids, undefined)}
          || #{task := Number} = Each <- List]};
named(_Tree, Error) ->
    Error.

%% @doc The calls that tasks of this tree have.
-spec calls(task()) -> {ok, [atom()]} | {error, term()}.
calls(Task) ->
    case proctor_task_process:where(Task) of
        {ok, {Tree, _, _}} ->
            #{calls := All} = Hello = proctor_task_tree:hello(Tree),
            {ok, All -- maps:get(absent, Hello, [])};
        gone ->
            gone(Task)
    end.

%% @doc A filter of system calls by name, for a task and all that it makes and
%% becomes: the call `seccomp_rules', which wants `no_new_privs'. What the task
%% itself needs is {@link loop_calls/0}.
-spec seccomp(task(), #{default := term(), calls := [tuple()]} | term()) ->
          proctor_task_wire:answer().
seccomp(Task, #{default := _, calls := _} = Rules) ->
    call(Task, seccomp_rules, [Rules]);
seccomp(_Task, _Rules) ->
    wrong(seccomp).

%% @doc The system calls of Linux that a task makes whatever it is asked for, to
%% be allowed by what restricts it: of `mmap' and `mprotect' what is not to be
%% executed, of `prctl' `pr_set_pdeathsig', of `prlimit64' `rlimit_locks'.
-spec loop_calls() -> [atom()].
loop_calls() ->
    proctor_alcove_rows:loop().

%% @doc An option of a task, which what is forked from it inherits: `maxchild',
%% `maxforkdepth', `signaloneof', `kill_timeout', `linger'.
-spec option(task(), atom()) -> {ok, integer()} | {error, term()}.
option(Task, Name) ->
    option(Task, Name, get).

%% @doc Sets one.
-spec option(task(), atom(), get | integer()) ->
    {ok, integer()} | {error, term()}.
option(_Task, window, _Value) ->
    %% That goes with a program.
    {error, {argument, einval, 0}};
option(Task, Name, Value) ->
    request(Task, option, ?TIMEOUT, {option, Name, Value}).

%% @doc Gives a task to another process, or to nobody (`none'). One that does
%% not live is refused.
-spec controlling_process(task(), pid() | none) -> ok | {error, term()}.
controlling_process(Task, Owner) ->
    case is_owner(Owner) of
        true -> of_process(Task, controlling_process, {owner, Owner},
                           ?TIMEOUT);
        false -> {error, {argument, einval, 2}}
    end.
