%% @doc The process of a tree of tasks: it has run `proctor-task', writes the
%% frames of whoever asks, and sends on what comes: answers to who has asked,
%% at once, and all else to the process that has subscribed to the task.
%%
%% It takes everything as it comes. What is under way is bounded by the windows
%% of the streams, which subscribers acknowledge ({@link request/4}, `ack').
%% Who has subscribed to the root, or to a task, and ends, ends that and all
%% below it; and the end of this process is that of the whole tree.
%%
%% {@link proctor_task} and what is shaped as other libraries are sit on this.
-module(proctor_task_tree).
-behaviour(gen_server).

-include("proctor_log.hrl").

-export([start/1, hello/1, request/4, call/4, cast/3, subscribe/3, tasks/1,
         stop/2]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2,
         format_status/1]).

-export_type([option/0, request/0, from/0, subscriber/0, event/0]).

-type option() :: {program, proctor:text()}
                | {args, [proctor:text()]}
                | {maxchild, non_neg_integer()}
                | {kill_timeout, Milliseconds :: non_neg_integer()}
                | {start_timeout, Milliseconds :: non_neg_integer()}
                | proctor:run_option().

-type name() :: atom().

-type subscriber() :: pid() | none
                    | fun((Tree :: pid(), Number :: pos_integer(),
                           {Parent :: non_neg_integer(), Pid :: integer(),
                            Inner :: integer()}) -> pid()).
%% Who is to hear of a task that is born. The function is called here. The
%% answer to its fork is `{ok, {Number, Inner}}', or `{ok, Pid}' of a function.

-type request() :: {call, name(), [term()], Ms :: non_neg_integer()}
                 | {fork, name(), [term()], Ms :: non_neg_integer(),
                    subscriber()}
                 | {batch, stop | all, [{name(), [term()]}],
                    Ms :: non_neg_integer()}
                 | {batch, stop | all, [{name(), [term()]}],
                    Ms :: non_neg_integer(), subscriber()}
                 | proctor_task_wire:down().

-type from() :: gen_server:from() | {message, pid(), Tag :: term()} | none.
%% Who is answered: a call, or by the message `{Tag, Answer}'.

-type event() :: {proctor_task_tree, Tree :: pid(), Number :: pos_integer(),
                  {born, Parent :: non_neg_integer(), Pid :: integer(),
                   Inner :: integer()}
                | {exec, proctor_task_wire:streams()}
                | {stdout | stderr, binary()}
                | {eof, stdin | stdout | stderr, Errno :: non_neg_integer()}
                | {taken, non_neg_integer()}
                | {signal, non_neg_integer(), binary()}
                | {exit, proctor_task_wire:exit(), Pending :: [from()]}}.
%% What a subscriber hears. `Pending' has whose calls will be answered that it
%% is gone, behind this.

-define(ROOT, 1).
-define(SIGTERM, 15).

%% For a program that neither says what it is nor ends, in milliseconds.
-define(READY_TIMEOUT, 30000).

%% What a tree may take to end, and how much longer the program is left alone.
-define(KILL_TIMEOUT, 5000).
-define(GRACE, 5000).

-define(WINDOW, 1048576).

%% Of what comes at once: programs' output has windows of its own, and this one
%% is not to hold it up.
-define(OUTPUT, 4194304).

-type born() :: {pos_integer(), pid() | undefined}.
%% A task, and who subscribed to it if that was found out here.

-record(pending, {from :: from(),
                  ref :: term(),
                  task :: non_neg_integer(),
                  kind :: call | fork | {batch, [name()]} | other,
                  subscriber = none :: subscriber(),
                  born = [] :: [born()]}).

-record(task, {subscriber :: pid() | undefined,
               monitor :: reference() | undefined,
               %% The request that it was born by, until its owner has asked
               %% for something else.
               ref :: term()}).

-record(tree, {program :: proctor_direct:program(),
               ospid :: proctor:ospid(),
               hello :: map(),
               calls :: #{name() => non_neg_integer()},
               buffer :: proctor_task_wire:buffer(),
               seq = 0 :: non_neg_integer(),
               pending = #{} :: #{pos_integer() => #pending{}},
               tasks = #{} :: #{pos_integer() => #task{}}}).

%% @doc Runs the program, and waits until its root task is ready. The caller
%% subscribes to that. `args' are the program's own, and all that is not its own
%% is an option of {@link proctor:run/2}.
-spec start([option()]) -> {ok, pid(), Hello :: map()} | {error, term()}.
start(Options) ->
    Secret = proctor_secret:hide(Options),
    case gen_server:start(?MODULE, {self(), Secret}, []) of
        {ok, Tree} -> {ok, Tree, hello(Tree)};
        {error, {shutdown, Reason}} -> {error, Reason};
        {error, Reason} -> {error, Reason}
    end.

%% @doc What the program has said of itself.
-spec hello(pid()) -> map().
hello(Tree) ->
    gen_server:call(Tree, hello).

%% @doc Asks for something. The tree answers `From', if that is somebody.
-spec request(pid(), non_neg_integer(), request(), from()) -> ok.
request(Tree, Number, Request, From) ->
    gen_server:cast(Tree, {request, Number, Request, From}).

%% @doc The same without an answer.
-spec cast(pid(), non_neg_integer(), request()) -> ok.
cast(Tree, Number, Request) ->
    request(Tree, Number, Request, none).

%% @doc Asks for something and waits so long. If the time is over, what is born
%% of it later is ended.
-spec call(pid(), non_neg_integer(), request(), timeout()) ->
    term() | timeout | gone.
call(Tree, Number, Request, Timeout) ->
    Ref = make_ref(),
    try
        gen_server:call(Tree, {request, Number, Request, Ref}, Timeout)
    catch
        exit:{timeout, _} ->
            gen_server:cast(Tree, {abandon, Ref}),
            timeout;
        exit:_ ->
            gone
    end.

%% @doc From now on that process hears of the task.
-spec subscribe(pid(), pos_integer(), pid()) -> ok | {error, term()}.
subscribe(Tree, Number, Pid) ->
    try
        gen_server:call(Tree, {subscribe, Number, Pid}, infinity)
    catch
        exit:_ -> gone(Number)
    end.

%% @doc Who has subscribed to the tasks that there are.
-spec tasks(pid()) -> #{pos_integer() => pid() | undefined}.
tasks(Tree) ->
    gen_server:call(Tree, tasks).

%% @doc Ends the tree, with SIGKILL for what is left after so many milliseconds,
%% and returns when nothing of it is left.
-spec stop(pid(), non_neg_integer()) -> ok.
stop(Tree, Ms) ->
    Ref = monitor(process, Tree),
    cast(Tree, 0, {stop, ?SIGTERM, Ms}),
    receive
        {'DOWN', Ref, process, _, _} -> ok
    after Ms + ?GRACE ->
        %% It does not hear: the port program sees to it.
        exit(Tree, kill),
        receive {'DOWN', Ref, process, _, _} -> ok end
    end.

%%% gen_server

%% @private
-spec init({pid(), proctor_secret:secret([option()])}) ->
    {ok, #tree{}} | {stop, term()}.
init({Caller, Secret}) ->
    Options = proctor_secret:show(Secret),
    case run(Options) of
        {ok, Program, OsPid} ->
            Timeout = get(start_timeout, ?READY_TIMEOUT, Options),
            Timer = erlang:start_timer(Timeout, self(), hello),
            case await_hello(Program, Timer, proctor_task_wire:new()) of
                {ok, Hello, Buffer, Program1} ->
                    _ = erlang:cancel_timer(Timer),
                    Tree = #tree{program = Program1, ospid = OsPid,
                                 hello = Hello, buffer = Buffer,
                                 calls = calls(Hello)},
                    {ok, limited(Options, subscribed(?ROOT, Caller, none,
                                                     Tree))};
                {error, Reason, Program1} ->
                    ok = proctor_direct:leave(Reason, Program1),
                    {stop, {shutdown, started(Reason)}}
            end;
        {error, Reason} ->
            {stop, {shutdown, Reason}}
    end.

%% @private
-spec handle_call(term(), gen_server:from(), #tree{}) ->
    {reply, term(), #tree{}} | {noreply, #tree{}}.
handle_call({request, Number, Request, Ref}, From, Tree) ->
    {noreply, asked(Number, Request, From, Ref, Tree)};
handle_call(hello, _From, #tree{hello = Hello} = Tree) ->
    {reply, Hello, Tree};
handle_call(tasks, _From, #tree{tasks = Tasks} = Tree) ->
    {reply, maps:map(fun(_, #task{subscriber = Pid}) -> Pid end, Tasks), Tree};
handle_call({subscribe, Number, Pid}, _From, #tree{tasks = Tasks} = Tree) ->
    case Tasks of
        #{Number := Task} ->
            forget(Task),
            {reply, ok, subscribed(Number, Pid, none, Tree)};
        #{} ->
            {reply, gone(Number), Tree}
    end;
%% As the process of an OS process.
handle_call(info, _From, #tree{program = Program} = Tree) ->
    {reply, proctor_direct:info(Program), Tree};
handle_call(discard, _From, Tree) ->
    {reply, ok, Tree};
handle_call(_Request, _From, Tree) ->
    {reply, {error, badarg}, Tree}.

%% @private
-spec handle_cast(term(), #tree{}) -> {noreply, #tree{}}.
handle_cast({request, Number, Request, From}, Tree) ->
    {noreply, asked(Number, Request, From, none, Tree)};
handle_cast({abandon, Ref}, Tree) ->
    {noreply, abandon(Ref, Tree)};
handle_cast(_Message, Tree) ->
    {noreply, Tree}.

%% @private
-spec handle_info(term(), #tree{}) ->
    {noreply, #tree{}} | {stop, term(), #tree{}}.
handle_info(Message, #tree{program = Program} = Tree) ->
    case proctor_direct:message(Message, Program) of
        {data, Data, Program1} ->
            wrote(Data, Tree#tree{program = Program1});
        {ok, Program1} ->
            {noreply, Tree#tree{program = Program1}};
        {ended, _Status, Reason, Program1} ->
            {stop, {shutdown, {ended, Reason}}, Tree#tree{program = Program1}};
        other ->
            heard(Message, Tree)
    end.

wrote(Data, #tree{buffer = Buffer} = Tree) ->
    case proctor_task_wire:frames(Data, Buffer) of
        {ok, Frames, Buffer1} ->
            {noreply, lists:foldl(fun came/2, Tree#tree{buffer = Buffer1},
                                  Frames)};
        error ->
            broken(frame, Tree)
    end.

heard({'DOWN', Monitor, process, _, _}, Tree) ->
    {noreply, bereft(Monitor, Tree)};
heard({'EXIT', _Pid, Reason}, Tree) when Reason =/= normal ->
    {stop, Reason, Tree};
heard(_Message, Tree) ->
    {noreply, Tree}.

%% @private The program ends with its caller.
-spec terminate(term(), #tree{}) -> ok.
terminate(Reason, #tree{pending = Pending, program = Program}) ->
    _ = [answer(From, gone(Task))
         || #pending{from = From, task = Task} <- maps:values(Pending)],
    proctor_direct:leave(Reason, Program).

%% @private Nothing that tasks were given, or have written.
-spec format_status(gen_server:format_status()) -> gen_server:format_status().
format_status(Status) ->
    maps:map(fun(state, #tree{ospid = OsPid, pending = Pending,
                              tasks = Tasks}) ->
                     #{ospid => OsPid, pending => map_size(Pending),
                       tasks => map_size(Tasks)};
                (message, _) -> hidden;
                (log, _) -> [];
                (reason, {Reason, Stack}) when is_list(Stack) ->
                     {proctor_log:failure(Reason), proctor_log:stack(Stack)};
                (_, Value) -> Value
             end, Status).

%%% The start

started({eio, Status}) -> {start, eio, Status};
started(Reason) -> {start, Reason, hello}.

run(Options) ->
    case [Name || Name <- [maxchild, kill_timeout, start_timeout],
                  not is_number32(get(Name, 0, Options))] of
        [] -> run_program(Options);
        [Name | _] -> {error, {options, einval, Name}}
    end.

is_number32(N) ->
    is_integer(N) andalso N >= 0 andalso N =< 16#7FFFFFFF.

run_program(Options) ->
    case program(Options) of
        {ok, Program} ->
            Own = [program, args, maxchild, kill_timeout, start_timeout,
                   stderr],
            Rest = [Option || Option <- Options,
                              not lists:member(key(Option), Own)],
            Timeout = get(kill_timeout, ?KILL_TIMEOUT, Options),
            proctor_direct:run([Program | get(args, [], Options)],
                               [{errors, term}, {stdin_window, ?WINDOW},
                                {window, ?OUTPUT},
                                {kill_timeout, {ms, Timeout + ?GRACE}}
                                | stderr(Options)] ++ Rest);
        {error, _} = Error ->
            Error
    end.

key(Option) when is_tuple(Option), tuple_size(Option) > 0 ->
    element(1, Option);
key(Option) ->
    Option.

get(Name, Default, Options) ->
    case lists:keyfind(Name, 1, Options) of
        {Name, Value} -> Value;
        false -> Default
    end.

%% It lies beside the port program, on the node where it is to run.
program(Options) ->
    case get(program, default, Options) of
        default ->
            case beside(get(node, node(), Options)) of
                {ok, Port} ->
                    {ok, filename:join(filename:dirname(Port),
                                       "proctor-task")};
                {error, _} = Error ->
                    Error
            end;
        Program ->
            {ok, Program}
    end.

beside(Node) when Node =:= node() ->
    proctor_port:program(#{});
beside(Node) ->
    try
        erpc:call(Node, proctor_port, program, [#{}], ?READY_TIMEOUT)
    catch
        _:_ -> {error, noconnection}
    end.

stderr(Options) ->
    case [Option || Option <- Options, key(Option) =:= stderr] of
        [] -> [{stderr, fun logged/3}, {lines, stderr}];
        Given -> Given
    end.

%% What tasks that run no program write, and the program itself.
logged(stderr, OsPid, {_, Line}) ->
    ?TELL(notice, "proctor-task ~w: ~tp", [OsPid, Line]).

%% However often it says a little.
await_hello(Program, Timer, Buffer) ->
    receive
        {timeout, Timer, hello} ->
            {error, etimedout, Program};
        Message ->
            case proctor_direct:message(Message, Program) of
                {data, Data, Program1} ->
                    said(proctor_task_wire:frames(Data, Buffer), Timer,
                         Program1);
                {ok, Program1} ->
                    await_hello(Program1, Timer, Buffer);
                {ended, Status, _Reason, Program1} ->
                    {error, {eio, Status}, Program1};
                other ->
                    await_hello(Program, Timer, Buffer)
            end
    end.

said({ok, [], Buffer}, Timer, Program) ->
    await_hello(Program, Timer, Buffer);
said({ok, [{0, 0, {hello, #{calls := _} = Hello}}], Buffer}, _, Program) ->
    {ok, Hello, Buffer, Program};
said(_, _Timer, Program) ->
    {error, eproto, Program}.

%% Its tasks inherit that.
limited(Options, Tree) ->
    lists:foldl(fun({Name, Value}, Acc) ->
                    asked(?ROOT, {option, Name, Value}, none, none, Acc)
                end, Tree, [Option || {Name, _} = Option <- Options,
                                      Name =:= maxchild
                                          orelse Name =:= kill_timeout]).

calls(#{calls := Names}) ->
    {_, Calls} = lists:foldl(fun(Name, {N, Acc}) ->
                                 {N + 1, Acc#{name(Name) => N}}
                             end, {0, #{}}, Names),
    Calls.

%% Of the program that we have run, not of a task.
name(Name) when is_atom(Name) -> Name;
name(Name) when is_binary(Name) -> binary_to_atom(Name);
name(Name) -> list_to_atom(Name).

%%% What is asked

asked(Number, Request, From, Ref, #tree{tasks = Tasks} = Tree)
  when Number =:= 0; is_map_key(Number, Tasks) ->
    try
        sent(Request, #pending{kind = other, from = From, ref = Ref,
                               task = Number}, Tree)
    catch
        throw:{refused, Error} ->
            answer(From, {error, Error}),
            Tree
    end;
asked(Number, _Request, From, _Ref, Tree) ->
    answer(From, gone(Number)),
    Tree.

prepared({call, Name, Args, Ms}, Pending, Calls) ->
    forks(Name) andalso refuse({policy, eperm, Name}),
    {proctor_task_wire:call(known(Name, Calls), Args, Ms),
     Pending#pending{kind = call}};
prepared({fork, Name, Args, Ms, Subscriber}, Pending, Calls) ->
    {proctor_task_wire:call(known(Name, Calls), Args, Ms),
     Pending#pending{kind = fork, subscriber = Subscriber}};
prepared({batch, How, [{_, _} | _] = Ops, Ms}, Pending, Calls) ->
    prepared({batch, How, Ops, Ms, none}, Pending, Calls);
prepared({batch, How, Ops, Ms, Subscriber}, Pending, Calls) ->
    length(Ops) > 16#FFFF andalso refuse({wire, emsgsize, batch}),
    {proctor_task_wire:batch(How, [{known(Name, Calls), Args}
                                   || {Name, Args} <- Ops], Ms),
     Pending#pending{kind = {batch, [Name || {Name, _} <- Ops]},
                     subscriber = Subscriber}};
prepared(Down, Pending, _Calls) ->
    {Down, Pending}.

known(Name, Calls) ->
    case Calls of
        #{Name := Number} -> Number;
        #{} -> refuse({system, enosys, Name})
    end.

forks(Name) ->
    Name =:= fork orelse Name =:= clone orelse Name =:= init.

-spec refuse(term()) -> no_return().
refuse(Error) ->
    throw({refused, Error}).

sent(Request, #pending{task = Number} = Pending,
     #tree{program = Program, calls = Calls} = Tree) ->
    {Down, Pending1} = prepared(Request, Pending, Calls),
    {Seq, Tree1} = numbered(Down, Pending1, Tree),
    case encoded(Number, Seq, Down) of
        {ok, Frame} ->
            Tree1#tree{program = proctor_direct:send(Frame, Program)};
        too_long ->
            refuse({wire, emsgsize, element(1, Down)})
    end.

%% What cannot be put into a frame is a mistake of who has asked.
encoded(Number, Seq, Down) ->
    try proctor_task_wire:encode(Number, Seq, Down) of
        {ok, Frame} -> {ok, iolist_to_binary(Frame)};
        too_long -> too_long
    catch
        error:_ -> refuse({argument, einval, 0})
    end.

%% What is not answered has no number.
numbered({stdin, _}, _Pending, Tree) ->
    {0, Tree};
numbered({ack, _, _}, _Pending, Tree) ->
    {0, Tree};
numbered(_Down, Pending, #tree{seq = Last, pending = Others} = Tree) ->
    Seq = next(Last, Others),
    {Seq, Tree#tree{seq = Seq, pending = Others#{Seq => Pending}}}.

next(16#FFFFFFFF, Others) -> next(0, Others);
next(Last, Others) when is_map_key(Last + 1, Others) -> next(Last + 1, Others);
next(Last, _Others) -> Last + 1.

answer(none, _Answer) -> ok;
answer({message, To, Tag}, Answer) -> To ! {Tag, Answer}, ok;
answer(From, Answer) -> gen_server:reply(From, Answer).

gone(Number) ->
    {error, {gone, esrch, Number}}.

%% Whoever has asked waits no longer, and may not know what was born.
abandon(Ref, #tree{pending = Pending, tasks = Tasks} = Tree) ->
    Pending1 = maps:map(fun(_, #pending{ref = R} = Each) when R =:= Ref ->
                                Each#pending{from = none, subscriber = none};
                           (_, Each) ->
                                Each
                        end, Pending),
    Born = [Number || {Number, #task{ref = R}} <- maps:to_list(Tasks),
                      R =:= Ref],
    lists:foldl(fun put_down/2, Tree#tree{pending = Pending1}, Born).

put_down(Number, Tree) ->
    asked(Number, {stop, 0, 0}, none, none, Tree).

%%% What comes

came({_, Seq, {reply, Answer}}, Tree) ->
    replied(Seq, Answer, Tree);
came({_, Seq, {results, Answers}}, Tree) ->
    replied(Seq, Answers, Tree);
came({Number, Seq, {born, _, _, _} = Born}, Tree) ->
    born(Number, Seq, Born, Tree);
came({Number, 0, {exit, Exit}}, Tree) ->
    ended(Number, Exit, Tree);
came({_, _, {error, Reason}}, Tree) ->
    ?TELL(error, "proctor-task ~w has ended: ~w",
          [Tree#tree.ospid, proctor_log:refusal(Reason)]),
    Tree;
came({Number, _, Event}, #tree{tasks = Tasks} = Tree) ->
    case Tasks of
        #{Number := #task{subscriber = Pid}} when is_pid(Pid) ->
            tell(Pid, Number, Event),
            Tree;
        #{} ->
            dropped(Number, Event, Tree)
    end.

tell(Pid, Number, Event) ->
    Pid ! {?MODULE, self(), Number, Event},
    ok.

%% Nobody takes it, and its end is behind it.
dropped(Number, {Stream, Data}, #tree{tasks = Tasks} = Tree)
  when Stream =:= stdout, is_map_key(Number, Tasks);
       Stream =:= stderr, is_map_key(Number, Tasks) ->
    asked(Number, {ack, Stream, byte_size(Data)}, none, none, Tree);
dropped(_Number, _Event, Tree) ->
    Tree.

replied(Seq, Answer, #tree{pending = Pending} = Tree) ->
    case maps:take(Seq, Pending) of
        {#pending{from = From, kind = Kind, born = Born}, Others} ->
            answer(From, result(Kind, Answer, lists:reverse(Born))),
            Tree#tree{pending = Others};
        error ->
            Tree
    end.

result(fork, {ok, Inner}, [Born]) ->
    {ok, child(Born, Inner)};
result(fork, {error, _} = Error, _Born) ->
    Error;
result({batch, Names}, Answers, Born) when is_list(Answers) ->
    results(Names, Answers, Born);
result(Kind, Answer, _Born) when Kind =:= call; Kind =:= other ->
    Answer;
result(_Kind, {error, _} = Error, _Born) ->
    Error;
result(_Kind, _Answer, _Born) ->
    {error, {wire, eproto, answer}}.

results([Name | Names], [{ok, Inner} | Answers], [First | Born] = All) ->
    case forks(Name) of
        true -> [{ok, child(First, Inner)} | results(Names, Answers, Born)];
        false -> [{ok, Inner} | results(Names, Answers, All)]
    end;
results([_ | Names], [Answer | Answers], Born) ->
    [Answer | results(Names, Answers, Born)];
results(_Names, Answers, _Born) ->
    Answers.

child({Number, undefined}, Inner) -> {Number, Inner};
child({_, Pid}, _Inner) -> Pid.

born(Number, Seq, {born, Parent, Pid, Inner} = Event,
     #tree{pending = Pending} = Tree) ->
    case Pending of
        #{Seq := #pending{subscriber = Wanted, born = Born, ref = Ref} = Each}
          when Wanted =/= none ->
            {Subscriber, Found} =
                case is_pid(Wanted) of
                    true ->
                        {Wanted, undefined};
                    false ->
                        New = Wanted(self(), Number, {Parent, Pid, Inner}),
                        {New, New}
                end,
            tell(Subscriber, Number, Event),
            Each1 = Each#pending{born = [{Number, Found} | Born]},
            subscribed(Number, Subscriber, Ref,
                       Tree#tree{pending = Pending#{Seq := Each1}});
        #{} ->
            put_down(Number, add(Number, undefined, undefined, none, Tree))
    end.

%% The root is there before anything is said of it.
subscribed(Number, Pid, Ref, Tree) ->
    add(Number, Pid, monitor(process, Pid), Ref, Tree).

add(Number, Pid, Monitor, Ref, #tree{tasks = Tasks} = Tree) ->
    Tree#tree{tasks = Tasks#{Number => #task{subscriber = Pid, ref = Ref,
                                             monitor = Monitor}}}.

forget(#task{monitor = undefined}) -> true;
forget(#task{monitor = Monitor}) -> demonitor(Monitor, [flush]).

ended(Number, Exit, #tree{tasks = Tasks, pending = Pending} = Tree) ->
    {Theirs, Others} = lists:partition(
                         fun({_, #pending{task = Task, kind = Kind}}) ->
                             Task =:= Number andalso Kind =/= other
                         end, maps:to_list(Pending)),
    Waiting = [From || {_, #pending{from = From}} <- Theirs, From =/= none],
    case maps:take(Number, Tasks) of
        {#task{subscriber = Pid} = Task, Left} ->
            forget(Task),
            is_pid(Pid) andalso tell(Pid, Number, {exit, Exit, Waiting}),
            _ = [answer(From, gone(Number)) || From <- Waiting],
            without(Number, Tree#tree{tasks = Left,
                                      pending = maps:from_list(Others)});
        error ->
            Tree
    end.

%% With the root it is over.
without(?ROOT, Tree) -> put_down(0, Tree);
without(_Number, Tree) -> Tree.

%% A subscriber has ended: so do its tasks, and with the root's all.
bereft(Monitor, #tree{tasks = Tasks} = Tree) ->
    Theirs = [{Number, Task}
              || {Number, #task{monitor = M} = Task} <- maps:to_list(Tasks),
                 M =:= Monitor],
    lists:foldl(fun({?ROOT, Task}, Acc) ->
                        #tree{tasks = All} = Acc,
                        asked(0, {stop, ?SIGTERM, ?KILL_TIMEOUT}, none, none,
                              Acc#tree{tasks = All#{?ROOT := alone(Task)}});
                   ({Number, Task}, Acc) ->
                        #tree{tasks = All} = Acc,
                        put_down(Number,
                                 Acc#tree{tasks = All#{Number := alone(Task)}})
                end, Tree, Theirs).

alone(Task) ->
    Task#task{subscriber = undefined, monitor = undefined}.

broken(What, #tree{ospid = OsPid} = Tree) ->
    ?TELL(error, "proctor-task ~w has sent what cannot be: ~w",
          [OsPid, What]),
    {stop, {shutdown, {broken, What}}, Tree}.
