%% @doc The process of a tree in the shape of alcove, where a task is a list of
%% numbers: from the root's child down to it, as the parent of each sees them.
%% See {@link proctor_alcove}. Its owner hears
%%
%% <dl>
%% <dt>`{alcove_stdout | alcove_stderr, Drv, Pids, Bytes}'</dt><dd>what a
%%   program has written,</dd>
%% <dt>`{alcove_event, Drv, Pids, {exit_status, N} | {termsig, Signal}}'</dt>
%%   <dd>how a task ended, behind that,</dd>
%% <dt>`{alcove_event, Drv, Pids, {signal, Signal, Info}}'</dt><dd>a signal that
%%   it has caught,</dd>
%% <dt>`{alcove_ctl, Drv, Pids, fdctl_closed}'</dt><dd>that it has become a
%%   program,</dd>
%% <dt>`{alcove_pipe, Drv, Pids, 0}'</dt><dd>that 32 KiB of input, or the rest
%%   of it, had no room and were dropped.</dd>
%% </dl>
%%
%% Of a tree of {@link proctor_prx} it carries out calls, and hears nothing.
-module(proctor_alcove_drv).
-behaviour(gen_server).

-export([start/0, start/1, start_link/0, start_link/1, attach/1, stop/1]).
-export([call/4, call/5, stdin/3, eof/3]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, format_status/1]).

-record(task, {pids :: [integer()],
               entry :: proctor_prx_entry:entry(),
               options :: proctor_prx_options:options(),
               input = proctor_prx_input:new() :: proctor_prx_input:input(),
               output = proctor_prx_output:new() :: proctor_prx_output:queue(),
               ended :: undefined | proctor_task_wire:exit()}).

-record(drv, {tree :: pid(),
              owner :: pid() | none,
              %% Those that are ours, by number, and whose numbers are known.
              tasks = #{} :: #{pos_integer() => #task{}},
              numbers = #{[] => 1} :: #{[integer()] => pos_integer()}}).

-define(ROOT, 1).

%% @equiv start([])
-spec start() -> {ok, pid()} | {error, term()}.
start() ->
    start([]).

%% @doc Starts a tree, which ends with the caller. Options are those of
%% {@link proctor_prx:fork/0}'s environment.
-spec start([tuple()]) -> {ok, pid()} | {error, term()}.
start(Options) ->
    started(gen_server:start(?MODULE, {new, self(), Options}, [])).

%% @equiv start_link([])
-spec start_link() -> {ok, pid()} | {error, term()}.
start_link() ->
    start_link([]).

%% @doc The same, linked to the caller.
-spec start_link([tuple()]) -> {ok, pid()} | {error, term()}.
start_link(Options) ->
    case start(Options) of
        {ok, Drv} ->
            true = link(Drv),
            {ok, Drv};
        {error, _} = Error ->
            Error
    end.

started({error, {shutdown, Reason}}) -> {error, Reason};
started(Result) -> Result.

%% @doc For a tree that is there; ends with it.
-spec attach(pid()) -> {ok, pid()}.
attach(Tree) ->
    gen_server:start(?MODULE, {attach, Tree}, []).

%% @doc Ends the tree, and returns when nothing of it is left.
-spec stop(pid()) -> ok.
stop(Drv) ->
    Ref = monitor(process, Drv),
    gen_server:cast(Drv, stop),
    receive
        {'DOWN', Ref, process, _, _} -> ok
    end.

%% @equiv call(Drv, Pids, Name, Args, infinity)
-spec call(pid(), [integer()], atom(), [term()]) -> term().
call(Drv, Pids, Name, Args) ->
    call(Drv, Pids, Name, Args, infinity).

%% @doc See {@link proctor_alcove:call/5}.
-spec call(pid(), [integer()], atom(), [term()], timeout()) -> term().
call(Drv, Pids, Name, Args, Timeout) ->
    case proctor_prx_call:constant(Name, Args) of
        {Name1, Args1} ->
            call(Drv, Pids, Name1, Args1, Timeout);
        none ->
            Request = {call, Pids, Name, proctor_prx_call:args(Name, Args)},
            asked(Drv, Request, Name, Timeout)
    end.

asked(Drv, Request, Name, Timeout) ->
    try gen_server:call(Drv, Request, Timeout) of
        {bare, Value} -> Value;
        {ok, {_Number, Pid}}
          when Name =:= fork; Name =:= clone; Name =:= init -> {ok, Pid};
        Answer -> proctor_prx_result:shape(Name, Answer)
    catch
        exit:{timeout, _} -> false;
        exit:{Reason, _} -> exit({Reason, {?MODULE, call, [Drv, Name]}})
    end.

%% @doc See {@link proctor_alcove:stdin/3}.
-spec stdin(pid(), [integer()], iodata()) -> ok.
stdin(Drv, Pids, Data) ->
    gen_server:cast(Drv, {stdin, Pids, Data}).

%% @doc See {@link proctor_alcove:eof/3}.
-spec eof(pid(), [integer()], stdin | stdout | stderr) -> ok | {error, atom()}.
eof(Drv, Pids, Stream) ->
    asked(Drv, {eof, Pids, Stream}, eof, infinity).

%%% gen_server

%% @private
-spec init({new, pid(), [tuple()]} | {attach, pid()}) ->
    {ok, #drv{}} | {stop, {shutdown, term()}}.
init({attach, Tree}) ->
    _ = monitor(process, Tree),
    {ok, #drv{tree = Tree, owner = none}};
init({new, Owner, Environment}) ->
    case proctor_prx_root:tree(Environment) of
        {ok, Tree} ->
            _ = monitor(process, Tree),
            _ = monitor(process, Owner),
            Options = proctor_prx_options:new(),
            Root = #task{pids = [], options = Options,
                         entry = proctor_prx_entry:new(?ROOT, 0, Options)},
            {ok, #drv{tree = Tree, owner = Owner, tasks = #{?ROOT => Root}}};
        {error, Reason} ->
            {stop, {shutdown, Reason}}
    end.

%% @private
-spec handle_call(term(), gen_server:from(), #drv{}) ->
    {reply, term(), #drv{}} | {noreply, #drv{}}.
handle_call({What, Pids, _, _} = Request, From, Drv) when What =:= call ->
    with(Pids, fun(Number, Drv1) -> request(Number, Request, From, Drv1) end,
         Drv);
handle_call({eof, Pids, Stream}, _From, Drv) ->
    with(Pids, fun(Number, Drv1) -> close(Number, Stream, Drv1) end, Drv).

%% @private
-spec handle_cast(term(), #drv{}) -> {noreply, #drv{}}.
handle_cast({stdin, Pids, Data},
            #drv{tasks = Tasks, numbers = Numbers} = Drv) ->
    case Numbers of
        #{Pids := Number} when is_map_key(Number, Tasks) ->
            {noreply, input(Number, Data, Drv)};
        #{} ->
            {noreply, Drv}
    end;
handle_cast(stop, #drv{tree = Tree} = Drv) ->
    ok = proctor_task_tree:cast(Tree, 0, {stop, 15, 5000}),
    {noreply, Drv}.

%% @private
-spec handle_info(term(), #drv{}) ->
    {noreply, #drv{}} | {stop, shutdown, #drv{}}.
handle_info({proctor_task_tree, Tree, Number, Event},
            #drv{tree = Tree, tasks = Tasks} = Drv) ->
    case Tasks of
        #{Number := Task} -> {noreply, event(Event, Number, Task, Drv)};
        #{} -> {noreply, new(Event, Number, Drv)}
    end;
handle_info({'DOWN', _, process, Pid, _},
            #drv{tree = Tree, owner = Owner} = Drv)
  when Pid =:= Tree; Pid =:= Owner ->
    {stop, shutdown, Drv};
handle_info(_Message, Drv) ->
    {noreply, Drv}.

%% @private Nothing that tasks were given, or have written.
-spec format_status(gen_server:format_status()) -> gen_server:format_status().
format_status(Status) ->
    maps:map(fun(state, #drv{numbers = Numbers}) ->
                     #{tasks => map_size(Numbers)};
                (message, _) -> hidden;
                (log, _) -> [];
                (reason, {Reason, Stack}) when is_list(Stack) ->
                     {proctor_log:failure(Reason), proctor_log:stack(Stack)};
                (_, Value) -> Value
             end, Status).

%%% Which task it is

with(Pids, Fun, #drv{numbers = Numbers} = Drv) ->
    case Numbers of
        #{Pids := Number} -> Fun(Number, Drv);
        #{} -> listed(found(Pids, Drv), Fun, Drv)
    end.

listed({ok, Number}, Fun, Drv) -> Fun(Number, Drv);
listed(error, _Fun, Drv) -> {reply, {error, {gone, esrch, 0}}, Drv}.

%% In a tree of somebody else's, where numbers come and go.
found(Pids, #drv{tree = Tree, owner = none}) ->
    case proctor_task_tree:call(Tree, 0, list, infinity) of
        {ok, Tasks} -> down(Pids, ?ROOT, Tasks);
        _ -> error
    end;
found(_Pids, _Drv) ->
    error.

down([], Number, _Tasks) ->
    {ok, Number};
down([Pid | Pids], Parent, Tasks) ->
    case [Number || #{task := Number, parent := P, inner := I} <- Tasks,
                    P =:= Parent, I =:= Pid] of
        [Number] -> down(Pids, Number, Tasks);
        _ -> error
    end.

children(Pids, #drv{tasks = Tasks}) ->
    lists:sort([Entry || #task{pids = Theirs, entry = Entry}
                             <- maps:values(Tasks),
                         Theirs =/= [], lists:droplast(Theirs) =:= Pids]).

child(Pids, Pid, #drv{numbers = Numbers, tasks = Tasks}) ->
    case maps:find(Pids ++ [Pid], Numbers) of
        {ok, Number} -> {Number, maps:get(Number, Tasks)};
        error -> error
    end.

%%% What is asked

request(Number, {call, _Pids, Name, Args}, From, #drv{tree = Tree} = Drv)
  when Name =:= fork; Name =:= clone; Name =:= init ->
    ok = proctor_task_tree:request(Tree, Number, {fork, Name, Args, 0, self()},
                                   From),
    {noreply, Drv};
request(Number, {call, Pids, Name, Args}, From, #drv{tree = Tree} = Drv) ->
    case own(Name, Args, Number, Pids, Drv) of
        none ->
            ok = proctor_task_tree:request(Tree, Number, {call, Name, Args, 0},
                                           From),
            {noreply, Drv};
        {bare, Value, Drv1} ->
            {reply, {bare, Value}, Drv1};
        {reply, Answer, Drv1} ->
            {reply, Answer, Drv1}
    end.



%% What the task program knows nothing of.
own(cpid, [], _Number, Pids, Drv) ->
    {bare, [proctor_prx_entry:map(Entry) || Entry <- children(Pids, Drv)], Drv};
own(getcpid, [Pid, Name], _Number, Pids, Drv) ->
    case child(Pids, Pid, Drv) of
        {_, #task{entry = Entry}} ->
            {bare, proctor_prx_entry:field(Name, Entry), Drv};
        error ->
            {bare, false, Drv}
    end;
own(setcpid, [Pid, Name, Value], _Number, Pids, Drv) ->
    case child(Pids, Pid, Drv) of
        {Child, Task} -> set(Name, Value, Child, Task, Drv);
        error -> {bare, false, Drv}
    end;
own(getopt, [Name], Number, Pids, #drv{tasks = Tasks} = Drv) ->
    case {proctor_prx_options:is_deep(Name), Tasks} of
        {false, #{Number := #task{options = Options}}} ->
            {bare, proctor_prx_options:find(Name, Options), Drv};
        {false, #{}} ->
            {bare, false, Drv};
        {true, #{}} ->
            {bare, deep(Name, get, Number, Pids, Drv), Drv}
    end;
own(setopt, [Name, Value], Number, Pids, #drv{tasks = Tasks} = Drv) ->
    case {proctor_prx_options:is_deep(Name), Tasks} of
        {false, #{Number := #task{options = Options} = Task}} ->
            case proctor_prx_options:set(Name, Value, Options) of
                {ok, New} ->
                    {bare, true, put(Number, Task#task{options = New}, Drv)};
                false ->
                    {bare, false, Drv}
            end;
        {false, #{}} ->
            {bare, false, Drv};
        {true, #{}} ->
            {bare, deep(Name, Value, Number, Pids, Drv), Drv}
    end;
own(close, [Descriptor], _Number, _Pids, Drv) ->
    case proctor_prx_entry:descriptor(Descriptor) of
        none -> none;
        {Child, Stream} -> {reply, ok, closed(Child, Stream, Drv)}
    end;
own(_Name, _Args, _Number, _Pids, _Drv) ->
    none.

deep(Name, Value, Number, Pids, #drv{tree = Tree}) ->
    Depth = length(Pids),
    Request = proctor_prx_options:request(Name, Value, Depth),
    case proctor_task_tree:call(Tree, Number, Request, infinity) of
        gone -> false;
        Answer -> proctor_prx_options:answer(Name, Value, Depth, Answer)
    end.

%% Of one that is gone it is closed.
closed(Child, Stream, #drv{tree = Tree, tasks = Tasks} = Drv) ->
    case Tasks of
        #{Child := Task} when Stream =/= fdctl ->
            ends(Child, Stream, Task, Drv);
        #{} when Stream =/= fdctl ->
            ok = proctor_task_tree:cast(Tree, Child, {close, Stream}),
            Drv;
        #{} ->
            Drv
    end.

set(Name, Value, Child, #task{entry = Entry} = Task, #drv{tree = Tree} = Drv) ->
    Set = proctor_prx_entry:set(Name, Value, Entry),
    _ = [ok = proctor_task_tree:cast(Tree, Child, {option, Name, Value})
         || Set, Name =:= signaloneof],
    {bare, Set, flow(Child, Task, Drv)}.

put(Number, Task, #drv{tasks = Tasks} = Drv) ->
    Drv#drv{tasks = Tasks#{Number => Task}}.

close(Number, Stream, #drv{tasks = Tasks} = Drv) ->
    case Tasks of
        #{Number := #task{entry = Entry} = Task} when Number =/= ?ROOT ->
            case proctor_prx_entry:is_open(Stream, Entry) of
                true -> {reply, ok, ends(Number, Stream, Task, Drv)};
                false -> {reply, {error, {call, ebadf, close}}, Drv}
            end;
        #{} ->
            {reply, {error, {call, ebadf, close}}, Drv}
    end.

%% The input of a task is what it takes calls from.
ends(Number, Stream, #task{entry = Entry, input = Input} = Task,
     #drv{tree = Tree} = Drv) ->
    ok = proctor_prx_entry:close(Stream, Entry),
    case proctor_prx_entry:field(exec, Entry) of
        0 when Stream =:= stdin ->
            ok = proctor_task_tree:cast(Tree, Number, {call, exit, [0], 0}),
            Drv;
        1 when Stream =:= stdin ->
            leave(proctor_prx_input:close(Input), Number, Task, Drv);
        _ ->
            ok = proctor_task_tree:cast(Tree, Number, {close, Stream}),
            Drv
    end.

input(Number, Data, #drv{tasks = Tasks, owner = Owner} = Drv) ->
    #{Number := #task{pids = Pids, input = Input} = Task} = Tasks,
    {Leaving, Refused, Input1} = proctor_prx_input:put(Data, Input),
    _ = [Owner ! {alcove_pipe, self(), Pids, 0} || _ <- lists:seq(1, Refused)],
    leave({Leaving, Input1}, Number, Task, Drv).

leave({Requests, Input}, Number, Task, #drv{tree = Tree} = Drv) ->
    _ = [ok = proctor_task_tree:cast(Tree, Number, Request)
         || Request <- Requests],
    put(Number, Task#task{input = Input}, Drv).

%%% What the tree tells

new({born, Parent, _Pid, Inner}, Number,
    #drv{tasks = Tasks, numbers = Numbers} = Drv)
  when is_map_key(Parent, Tasks) ->
    #{Parent := #task{pids = Above, options = Options}} = Tasks,
    Pids = Above ++ [Inner],
    put(Number, #task{pids = Pids, options = Options,
                      entry = proctor_prx_entry:new(Number, Inner, Options)},
        Drv#drv{numbers = Numbers#{Pids => Number}});
new({Stream, Bytes}, Number, #drv{tree = Tree} = Drv)
  when Stream =:= stdout; Stream =:= stderr ->
    ok = proctor_task_tree:cast(Tree, Number, {ack, Stream, byte_size(Bytes)}),
    Drv;
new(_Event, _Number, Drv) ->
    Drv.

event({exec, _}, _Number, #task{entry = Entry} = Task, Drv) ->
    ok = proctor_prx_entry:execed(Entry),
    tell(alcove_ctl, fdctl_closed, Task, Drv);
event({Stream, _} = Data, Number, #task{output = Output} = Task, Drv)
  when Stream =:= stdout; Stream =:= stderr ->
    flow(Number, Task#task{output = proctor_prx_output:put(Data, Output)}, Drv);
event({eof, Stream, _}, _Number, #task{entry = Entry}, Drv) ->
    ok = proctor_prx_entry:close(Stream, Entry),
    Drv;
event({taken, Bytes}, Number, #task{input = Input} = Task, Drv) ->
    leave(proctor_prx_input:taken(Bytes, Input), Number, Task, Drv);
event({signal, Signal, Info}, _Number, Task, Drv) ->
    Name = proctor_signal:to_atom(Signal),
    tell(alcove_event, {signal, Name, Info}, Task, Drv);
event({exit, Exit, _}, Number, Task, Drv) ->
    over(Number, Task#task{ended = Exit}, Drv);
event(_Event, _Number, _Task, Drv) ->
    Drv.

flow(Number, #task{entry = Entry, output = Output} = Task,
     #drv{tree = Tree} = Drv) ->
    {Taken, Output1} = proctor_prx_output:take(Entry, Output),
    _ = [begin
             Drv = tell(what(Stream), Bytes, Task, Drv),
             ok = proctor_task_tree:cast(Tree, Number,
                                         {ack, Stream, byte_size(Bytes)})
         end || {Stream, Bytes} <- Taken],
    over(Number, Task#task{output = Output1}, Drv).

what(stdout) -> alcove_stdout;
what(stderr) -> alcove_stderr.

tell(What, Value, #task{pids = Pids}, #drv{owner = Owner} = Drv) ->
    Owner ! {What, self(), Pids, Value},
    Drv.

%% The end comes behind the output.
over(Number, #task{ended = undefined} = Task, Drv) ->
    put(Number, Task, Drv);
over(Number, #task{pids = Pids, ended = Exit, output = Output} = Task,
     #drv{tasks = Tasks, numbers = Numbers} = Drv) ->
    case proctor_prx_output:is_empty(Output) of
        true ->
            _ = [Drv = tell(alcove_event, How, Task, Drv)
                 || How <- proctor_prx_result:ended(Exit),
                    proctor_prx_result:by_itself(Exit), is_wanted(How, Task)],
            Drv#drv{tasks = maps:remove(Number, Tasks),
                    numbers = maps:remove(Pids, Numbers)};
        false ->
            put(Number, Task, Drv)
    end.

is_wanted({Name, _}, #task{options = Options}) ->
    maps:get(Name, Options) =/= 0.
