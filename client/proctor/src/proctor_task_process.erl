%% @doc The light process that stands for one task, and is what
%% {@link proctor_task} calls it. Calls go past it, to the tree; what the task
%% tells by itself comes here, and so it comes to its owner in order: signals
%% that it has caught, output of the program that it has become
%% ({@link proctor_output}), and its end. It ends when the task has ended and
%% all is taken, `normal' if that went well. The end of its owner, or its own
%% by anything else, is that of the task and of all below it.
-module(proctor_task_process).
-behaviour(gen_server).

-export([start/2, born/2, where/1, ask/3]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2,
         format_status/1]).

-type owner() :: pid() | none.

-record(process, {tree :: pid(),
                  tree_ref :: reference(),
                  number :: pos_integer(),
                  owner :: owner(),
                  owner_ref :: reference() | undefined,
                  born :: #{parent | pid | inner => integer()},
                  state = call :: call | exec | gone,
                  %% Of the program that it is about to become.
                  next :: undefined | proctor_task_exec:spec(),
                  %% What the switch has as its next program's window.
                  wire = maps:get(window, proctor_task_exec:defaults())
                      :: pos_integer(),
                  input :: undefined | proctor_input:input(),
                  output :: undefined | proctor_output:output(),
                  %% Streams whose end its owner has been told.
                  over = [] :: [stdin | stdout | stderr],
                  exit :: undefined | proctor_task_wire:exit()}).

%% @doc Starts a tree, and the process of its root.
-spec start(owner(), [proctor_task_tree:option()]) ->
    {ok, pid()} | {error, term()}.
start(Owner, Options) ->
    Secret = proctor_secret:hide(Options),
    case gen_server:start(?MODULE, {root, Owner, Secret}, []) of
        {ok, Pid} -> {ok, Pid};
        {error, {shutdown, Reason}} -> {error, Reason};
        {error, Reason} -> {error, Reason}
    end.

%% @doc Starts the process of a task that is born; `Tree' calls it.
-spec born(owner(), {pid(), pos_integer(), {integer(), integer(), integer()}})
    -> pid().
born(Owner, {Tree, Number, Born}) ->
    {ok, Pid} = gen_server:start(?MODULE, {child, Owner, Tree, Number, Born},
                                 []),
    Pid.

%% @doc Which task it is, and whose; it is asked only if that is not known here.
-spec where(pid()) -> {ok, proctor_task_ref:ref()} | gone.
where(Task) ->
    case proctor_task_ref:find(Task) of
        {ok, Ref} ->
            {ok, Ref};
        unknown ->
            case ask(Task, where, infinity) of
                {ok, _} = Found -> Found;
                _ -> gone
            end
    end.

%% @doc Asks it for something of its own.
-spec ask(pid(), term(), timeout()) -> term() | timeout | gone.
ask(Task, Request, Timeout) ->
    try
        gen_server:call(Task, Request, Timeout)
    catch
        exit:{timeout, _} -> timeout;
        exit:_ -> gone
    end.

%%% gen_server

%% @private
-spec init(tuple()) -> {ok, #process{}} | {stop, term()}.
init({root, Owner, Secret}) ->
    process_flag(trap_exit, true),
    case proctor_task_tree:start(proctor_secret:show(Secret)) of
        {ok, Tree, #{root_pid := Pid}} ->
            {ok, begun(Owner, Tree, 1, {0, Pid, Pid})};
        {ok, Tree, _} ->
            {ok, begun(Owner, Tree, 1, {0, 0, 0})};
        {error, Reason} ->
            {stop, {shutdown, Reason}}
    end;
init({child, Owner, Tree, Number, Born}) ->
    process_flag(trap_exit, true),
    {ok, begun(Owner, Tree, Number, Born)}.

begun(Owner, Tree, Number, {Parent, Pid, Inner}) ->
    Process = #process{tree = Tree, tree_ref = monitor(process, Tree),
                       number = Number, owner = none,
                       born = #{parent => Parent, pid => Pid,
                                inner => Inner}},
    owned(Owner, Process).

owned(Owner, #process{tree = Tree, number = Number, owner_ref = Old,
                      output = Output} = Process) ->
    Old =:= undefined orelse demonitor(Old, [flush]),
    ok = proctor_task_ref:add(self(), {Tree, Number, Owner}),
    Ref = case Owner of
              none -> undefined;
              _ -> monitor(process, Owner)
          end,
    Output1 = case Output of
                  undefined -> undefined;
                  _ -> proctor_output:owner(hears(Owner), Output)
              end,
    Process#process{owner = Owner, owner_ref = Ref, output = Output1}.

%% @private
-spec handle_call(term(), gen_server:from(), #process{}) ->
    {reply, term(), #process{}} | {noreply, #process{}}
    | {stop, term(), #process{}}.
handle_call(where, _From, #process{tree = Tree, number = Number,
                                   owner = Owner} = Process) ->
    {reply, {ok, {Tree, Number, Owner}}, Process};
handle_call({exec, _Args, _Spec, _Ms}, {Pid, _},
            #process{owner = Owner} = Process)
  when Owner =/= none, Pid =/= Owner ->
    {reply, {error, {owner, eacces, exec}}, Process};
handle_call({exec, Args, Spec, Ms}, From, #process{tree = Tree, number = Number,
                                                   state = call} = Process) ->
    Expecting = expect(Spec, Process),
    ok = proctor_task_tree:request(Tree, Number, {call, exec, Args, Ms},
                                   {message, self(), {exec, From}}),
    {noreply, Expecting};
handle_call({exec, _Args, _Spec, _Ms}, _From, Process) ->
    {reply, refused(exec), Process};
handle_call({expect, Spec}, _From, Process) ->
    {reply, ok, expect(Spec, Process)};
handle_call({owner, _New}, {Pid, _}, #process{owner = Owner} = Process)
  when Owner =/= none, Pid =/= Owner ->
    {reply, {error, {owner, eacces, controlling_process}}, Process};
handle_call({owner, New}, _From, Process) ->
    {reply, ok, owned(New, Process)};
handle_call(info, _From, Process) ->
    {reply, {ok, info(Process)}, Process};
handle_call(discard, _From, #process{output = undefined} = Process) ->
    {reply, ok, Process};
handle_call(Request, _From, #process{output = undefined} = Process)
  when is_tuple(Request) ->
    {reply, refused(element(1, Request)), Process};
handle_call({send, Data, Timeout}, From, #process{input = Input} = Process) ->
    {noreply, Process#process{input = proctor_input:send(Data, Timeout, From,
                                                         Input)}};
handle_call({recv, Stream, Length, Timeout}, From,
            #process{output = Output} = Process) ->
    went(Process#process{output = proctor_output:recv(Stream, Length, Timeout,
                                                      From, Output)});
handle_call({setopts, Options}, From, #process{output = Output} = Process) ->
    Output1 = proctor_output:setopts(Options, Output),
    gen_server:reply(From, ok),
    went(Process#process{output = Output1});
handle_call(discard, From, #process{output = Output} = Process) ->
    gen_server:reply(From, ok),
    went(Process#process{output = proctor_output:discard(Output)});
handle_call(_Request, _From, Process) ->
    {reply, {error, badarg}, Process}.

refused(What) ->
    {error, {state, eacces, What}}.

%% @private
-spec handle_cast(term(), #process{}) -> {noreply, #process{}}.
handle_cast({unexpect, Spec}, #process{next = Spec} = Process) ->
    {noreply, Process#process{next = undefined}};
handle_cast(_Message, Process) ->
    {noreply, Process}.

%% @private
-spec handle_info(term(), #process{}) ->
    {noreply, #process{}} | {stop, term(), #process{}}.
handle_info({proctor_task_tree, Tree, Number, Event},
            #process{tree = Tree, number = Number} = Process) ->
    went(event(Event, Process));
handle_info({{exec, From}, Answer}, Process) ->
    gen_server:reply(From, Answer),
    {noreply, Process#process{next = undefined}};
handle_info({proctor_sink, Stream, Bytes}, #process{output = Output}
            = Process) ->
    went(Process#process{output = proctor_output:sunk(Stream, Bytes,
                                                      Output)});
handle_info({timeout, _Ref, {recv, Monitor}}, Process) ->
    forget(Monitor, {answer, {error, timeout}}, Process);
handle_info({timeout, Ref, send}, #process{input = Input} = Process)
  when Input =/= undefined ->
    {noreply, Process#process{input = proctor_input:timeout(Ref, Input)}};
handle_info({'DOWN', Ref, process, _, _}, #process{tree_ref = Ref}
            = Process) ->
    {stop, normal, lost(Process)};
handle_info({'DOWN', Ref, process, _, _}, #process{owner_ref = Ref}
            = Process) ->
    went(orphaned(Process));
handle_info({'DOWN', Monitor, process, _, _}, Process) ->
    forget(Monitor, gone, Process);
%% What calls functions with its output has failed: so has the task.
handle_info({'EXIT', Pid, Reason}, #process{output = Output} = Process)
  when Output =/= undefined ->
    case proctor_output:sink(Output) of
        Pid ->
            ok = terminate(Reason, Process),
            proctor_exit:quit(Reason);
        _ ->
            {noreply, Process}
    end;
handle_info(_Message, Process) ->
    {noreply, Process}.

%% @private The tree, which monitors it, ends its task.
-spec terminate(term(), #process{}) -> ok.
terminate(_Reason, #process{output = Output}) ->
    ok = proctor_task_ref:remove(self()),
    Sink = case Output of
               undefined -> undefined;
               _ -> proctor_output:sink(Output)
           end,
    is_pid(Sink) andalso exit(Sink, kill),
    ok.

%% @private Nothing that the task was given, or has written.
-spec format_status(gen_server:format_status()) -> gen_server:format_status().
format_status(Status) ->
    maps:map(fun(state, #process{number = Number, state = State}) ->
                     #{number => Number, state => State};
                (message, _) -> hidden;
                (log, _) -> [];
                (reason, {Reason, Stack}) when is_list(Stack) ->
                     {proctor_log:failure(Reason), proctor_log:stack(Stack)};
                (_, Value) -> Value
             end, Status).

%% The switch knows its window before it is there.
expect(#{window := Wire} = Spec, #process{wire = Wire} = Process) ->
    Process#process{next = Spec};
expect(#{window := Wire} = Spec, #process{tree = Tree, number = Number}
       = Process) ->
    ok = proctor_task_tree:cast(Tree, Number, {option, window, Wire}),
    Process#process{next = Spec, wire = Wire}.

%%% Events

event({born, Parent, Pid, Inner}, Process) ->
    Process#process{born = #{parent => Parent, pid => Pid, inner => Inner}};
event({exec, Streams}, #process{next = Next, wire = Wire} = Process) ->
    Spec = case Next of
               undefined ->
                   (proctor_task_exec:defaults())#{window := Wire};
               _ -> Next
           end,
    program(Streams, Spec, Process);
event({signal, Number, Info}, Process) ->
    tell({signal, proctor_signal:to_atom(Number), Info}, Process),
    Process;
event({exit, Exit, _Pending}, #process{output = undefined} = Process) ->
    Process#process{state = gone, exit = Exit};
event({exit, Exit, _Pending}, #process{output = Output} = Process) ->
    close_input(Process#process{state = gone, exit = Exit,
                                output = proctor_output:ended(Output)});
event(_Event, #process{output = undefined} = Process) ->
    Process;
event({taken, Bytes}, #process{input = Input} = Process) ->
    Process#process{input = proctor_input:acked(Bytes, Input)};
event({eof, stdin, _Errno}, Process) ->
    close_input(Process);
event({eof, Stream, _Errno}, #process{output = Output} = Process) ->
    Process#process{output = proctor_output:eof(Stream, Output)};
event({Stream, Data}, #process{output = Output} = Process)
  when Stream =:= stdout; Stream =:= stderr ->
    Process#process{output = proctor_output:put(Stream, Data, Output)}.

%% It is a program from here on. Of a stream that is not ours nothing comes.
program(Streams, Spec, #process{tree = Tree, number = Number, owner = Owner}
        = Process) ->
    Self = self(),
    Write = fun(eof) -> proctor_task_tree:cast(Tree, Number, {close, stdin});
               (Data) -> proctor_task_tree:cast(Tree, Number, {stdin, Data})
            end,
    Ack = fun(Stream, Bytes) ->
              proctor_task_tree:cast(Tree, Number, {ack, Stream, Bytes})
          end,
    Ours = Spec#{caller => hears(Owner), tag => Self, message => fun shaped/1,
                 stdin => lists:member(stdin, Streams)},
    Output = lists:foldl(fun proctor_output:eof/2,
                         proctor_output:new(Number, Ours, #{ack => Ack}),
                         [stdout, stderr] -- Streams),
    Process#process{state = exec, next = undefined, output = Output,
                    over = [stdin, stdout, stderr] -- Streams,
                    input = proctor_input:new(Number, Ours,
                                              #{write => Write})}.

shaped({passive, Task}) -> {proctor_task, Task, passive};
shaped({passive, Task, Stream}) -> {proctor_task, Task, {passive, Stream}};
shaped({Stream, Task, Data}) -> {proctor_task, Task, {Stream, Data}}.

close_input(#process{input = undefined} = Process) ->
    Process;
close_input(#process{input = Input} = Process) ->
    Process#process{input = proctor_input:close({error, closed}, Input)}.

%% Who gets the messages; of nobody's task they end here.
hears(none) -> self();
hears(Owner) -> Owner.

tell(_What, #process{owner = none}) ->
    ok;
tell(What, #process{owner = Owner}) ->
    Owner ! {proctor_task, self(), What},
    ok.

%%% The end

%% The end of a stream is told behind its last byte, and that of the task behind
%% those.
went(#process{output = Output} = Process) ->
    Process1 = case Output of
                   undefined -> Process;
                   _ -> lists:foldl(fun over/2, Process, [stdout, stderr])
               end,
    case Process1 of
        #process{exit = undefined} -> {noreply, Process1};
        #process{output = undefined} -> finished(Process1);
        #process{output = Left} ->
            case proctor_output:is_taken(Left) of
                true -> finished(Process1);
                false -> {noreply, Process1}
            end
    end.

over(Stream, #process{over = Over, output = Output} = Process) ->
    case not lists:member(Stream, Over)
             andalso proctor_output:is_over(Stream, Output) of
        true ->
            tell({eof, Stream}, Process),
            Process#process{over = [Stream | Over]};
        false ->
            Process
    end.

finished(#process{exit = Exit} = Process) ->
    Process1 = closed(Process),
    tell({exit, Exit}, Process1),
    {stop, reason(Exit), Process1}.

closed(#process{output = undefined} = Process) ->
    Process;
closed(#process{output = Output} = Process) ->
    Process#process{output = proctor_output:close({error, closed}, Output)}.

reason(#{status := {exited, 0}}) -> normal;
reason(#{cause := stopped}) -> normal;
reason(#{status := Status}) -> {shutdown, Status}.

%% The tree has ended, and can tell of no end.
lost(#process{exit = undefined} = Process) ->
    Exit = #{status => unknown, cause => tree, usage => #{}},
    Process1 = close_input(closed(Process)),
    tell({exit, Exit}, Process1),
    Process1;
lost(#process{exit = Exit} = Process) ->
    Process1 = closed(Process),
    tell({exit, Exit}, Process1),
    Process1.

%% Nobody will take what it writes.
orphaned(#process{tree = Tree, number = Number, output = Output} = Process) ->
    ok = proctor_task_tree:cast(Tree, Number, {stop, 15, 5000}),
    Output1 = case Output of
                  undefined -> undefined;
                  _ -> proctor_output:discard(Output)
              end,
    owned(none, Process#process{output = Output1}).

forget(_Monitor, _Answer, #process{output = undefined} = Process) ->
    {noreply, Process};
forget(Monitor, Answer, #process{output = Output} = Process) ->
    {noreply, Process#process{output = proctor_output:forget(Monitor, Answer,
                                                             Output)}}.

info(#process{number = Number, owner = Owner, born = Born, state = State,
              input = Input, output = Output, tree = Tree}) ->
    Info = Born#{task => self(), number => Number, owner => Owner,
                 state => State, tree => Tree},
    case Output of
        undefined ->
            Info;
        _ ->
            #{total := In, queued := Queued, unacked := Unacked} =
                proctor_input:info(Input),
            #{stdout := {Out, OutLeft}, stderr := {Err, ErrLeft}} = Its =
                proctor_output:info(Output),
            (maps:merge(Info, maps:with([active, window, receivers], Its)))
                #{bytes => #{stdin => In, stdout => Out, stderr => Err},
                  queued => #{stdin => Queued, stdout => OutLeft,
                              stderr => ErrLeft},
                  stdin_unacked => Unacked}
    end.
