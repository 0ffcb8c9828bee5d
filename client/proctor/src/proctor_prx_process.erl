%% @doc The process that stands for one task in the shape of prx: who owns it,
%% what it accepts in which state, what its owner is told, and what has become
%% of its children. See {@link proctor_prx}.
%%
%% <dl>
%% <dt>`unborn'</dt><dd>Its parent has asked for it, and has no answer
%%   yet.</dd>
%% <dt>`task'</dt><dd>It waits for calls. Those that change nothing here go on
%%   to the tree, which answers the caller itself.</dd>
%% <dt>`program'</dt><dd>It has become one.</dd>
%% </dl>
-module(proctor_prx_process).
-behaviour(gen_statem).

-export([start/2, ask/2, stop/1, stdin/2]).
-export([enter/1, init/1, callback_mode/0, handle_event/4, format_status/1,
         code_change/4]).

-export_type([atexit/0]).

-type atexit() :: fun((Drv :: pid(), Pipeline :: [integer()], Cpid :: map()) ->
                          term()).

-type handler() :: fun((Drv :: pid(), Pipeline :: [integer()],
                        Signal :: atom(), Info :: binary()) -> term()).

-type pending() :: {fork, gen_statem:from(), pid()}
                 | {reply, gen_statem:from()}
                 | {sigaction, gen_statem:from(), integer(),
                    handler() | none | keep}
                 | {option, gen_statem:from(), atom(), get | integer(),
                    Depth :: non_neg_integer()}
                 | {filter, gen_statem:from(), Args :: [term()]}
                 | stop.

-record(task, {tree :: pid(),
               drv :: pid(),
               number = 1 :: pos_integer(),
               pid = 0 :: integer(),
               pipeline = [] :: [integer()],
               %% The process of the task that has made it; of the root none.
               parent :: pid() | none,
               %% Whose end is the root's.
               starter = none :: pid() | none,
               entry :: undefined | proctor_prx_entry:entry(),
               owner :: pid(),
               stdio :: pid(),
               options :: proctor_prx_options:options(),
               children = #{} :: #{pid() => proctor_prx_entry:entry()},
               %% Of the calls that are answered here those that its filter
               %% denies, and its children's.
               denied = {[], []} :: {[atom()], [atom()]},
               handlers = #{} :: #{integer() => handler()},
               atexit = none :: none | atexit(),
               pending = #{} :: #{reference() => pending()},
               %% Whether it was asked to end, and who waits for the answer.
               exiting = no :: no | eof | gen_statem:from(),
               %% With what it will end when all is dead.
               stopping = no :: no | {yes, term()},
               input = proctor_prx_input:new() :: proctor_prx_input:input(),
               output = proctor_prx_output:new() :: proctor_prx_output:queue(),
               %% What is told when the output is, and whether calls of it had
               %% no answer.
               ended :: undefined | {map(), Unanswered :: boolean()}}).

%% An answer that raises an error at the caller.
-define(REFUSED, '$proctor_prx_refused').

%% Calls that no task answers.
-define(ABOVE, [cpid, getcpid, setcpid, getopt, setopt]).

%% Between the signal of a stop and SIGKILL, in milliseconds.
-define(KILL_TIMEOUT, 5000).

%% @doc Starts a tree, and the process of its root, which is linked to the
%% caller, and ends with it.
-spec start(pid(), [tuple()]) -> {ok, pid()} | {error, term()}.
start(Owner, Environment) ->
    case gen_statem:start(?MODULE, {self(), Owner, Environment}, []) of
        {ok, Pid} -> {ok, Pid};
        {error, {shutdown, Reason}} -> {error, Reason};
        {error, Reason} -> {error, Reason}
    end.

%% @doc Asks a task. Raises `eacces' if it does not accept that, or not from the
%% caller, and exits as prx does if it ends meanwhile.
-spec ask(pid(), term()) -> term().
ask(Task, Request) ->
    %% The tree may say that it is gone when its process is already.
    Ref = monitor(process, Task),
    try gen_statem:call(Task, Request, infinity) of
        {?REFUSED, Reason} -> error(Reason);
        {error, {gone, _, _}} -> gone(Ref, Task, Request);
        {error, {timeout, _, _}} -> gone(Ref, Task, Request);
        Answer -> Answer
    catch
        exit:{Reason, _} -> ended(Reason, Task, Request)
    after
        demonitor(Ref, [flush])
    end.

%% Nothing else interrupts a call.
-spec gone(reference(), pid(), term()) -> no_return().
gone(Ref, Task, Request) ->
    receive
        {'DOWN', Ref, process, _, Reason} -> ended(Reason, Task, Request)
    end.

%% What was asked says no arguments.
-spec ended(term(), pid(), term()) -> no_return().
ended(Reason, Task, Request) ->
    Call = {gen_statem, call, [Task, what(Request), infinity]},
    case Reason of
        {shutdown, {How, _} = End} when How =:= exit_status; How =:= termsig ->
            exit({{End, []}, Call});
        _ ->
            exit({Reason, Call})
    end.

what({call, Name, _}) -> Name;
what(Request) when is_tuple(Request) -> element(1, Request);
what(Request) -> Request.

%% @doc Ends it and all below it; returns when none is left.
-spec stop(pid()) -> ok.
stop(Task) ->
    Ref = monitor(process, Task),
    gen_statem:cast(Task, stop),
    receive
        {'DOWN', Ref, process, _, _} -> ok
    end.

%% @doc Input for its program.
-spec stdin(pid(), iodata()) -> ok.
stdin(Task, Data) ->
    gen_statem:cast(Task, {stdin, Data}).

%%% gen_statem

%% @private The root.
-spec init({pid(), pid(), [tuple()]}) ->
    {ok, task, #task{}} | {stop, {shutdown, term()}}.
init({Starter, Owner, Environment}) ->
    process_flag(trap_exit, true),
    case proctor_prx_root:tree(Environment) of
        {ok, Tree} ->
            _ = monitor(process, Tree),
            {ok, Drv} = proctor_alcove_drv:attach(Tree),
            true = link(Starter),
            Defaults = proctor_prx_options:new(),
            {ok, task, #task{tree = Tree, drv = Drv, pid = pid_of(Tree),
                             parent = none, starter = Starter, owner = Owner,
                             stdio = Owner, options = Defaults,
                             entry = proctor_prx_entry:new(1, 0, Defaults)}};
        {error, Reason} ->
            {stop, {shutdown, Reason}}
    end.

pid_of(Tree) ->
    Tag = make_ref(),
    ok = proctor_task_tree:request(Tree, 1, {call, getpid, [], 0},
                                   {message, self(), Tag}),
    receive
        {Tag, {ok, Pid}} -> Pid;
        {Tag, {error, _}} -> 0;
        {'DOWN', _, process, Tree, _} -> 0
    end.

%% @private A child.
-spec enter(#task{}) -> no_return().
enter(#task{tree = Tree, parent = Parent} = Task) ->
    process_flag(trap_exit, true),
    _ = monitor(process, Tree),
    _ = monitor(process, Parent),
    gen_statem:enter_loop(?MODULE, [], unborn, Task).

%% @private
-spec callback_mode() -> handle_event_function.
callback_mode() ->
    handle_event_function.

%% @private
-spec handle_event(gen_statem:event_type(), term(), atom(), #task{}) ->
    gen_statem:event_handler_result(atom(), #task{}).
handle_event(Type, Content, State, Task) ->
    try
        handled(Type, Content, State, Task)
    catch
        Class:Reason:Stack -> failed({Class, Reason, Stack}, Task)
    end.

%% A function of the caller's has failed, most likely. What it was about is not
%% said; the tree ends the task.
failed(Failure, #task{pid = Pid}) ->
    Who = io_lib:format("the process of task ~w", [Pid]),
    {stop, {shutdown, proctor_log:failed(Who, Failure)}}.

handled(info, {'DOWN', _, process, Tree, Reason}, _,
             #task{tree = Tree} = Task) ->
    {stop, tree_ended(Reason, Task)};
handled(info, {'DOWN', _, process, Parent, _}, _,
             #task{parent = Parent}) ->
    {stop, shutdown};
handled(info, {?MODULE, born, Number, Pid, Entry}, unborn,
             #task{pipeline = Pipeline} = Task) ->
    {next_state, task, Task#task{number = Number, pid = Pid, entry = Entry,
                                 pipeline = Pipeline ++ [Pid]}};
handled(info, {?MODULE, unborn}, unborn, _Task) ->
    {stop, normal};
handled(_Type, _Content, unborn, _Task) ->
    {keep_state_and_data, [postpone]};
handled({call, From}, Request, State, Task) ->
    permitted(may(Request, From, State, Task), Request, From, State, Task);
handled(cast, stop, _State, Task) ->
    stopping(normal, Task);
handled(cast, {stdin, Data}, program, Task) ->
    input(Data, Task);
handled(cast, {eof, Stream}, State, Task) ->
    close(Stream, State, Task);
handled(cast, flowcontrol, State, Task) ->
    flow(State, Task);
handled(info, {proctor_task_tree, Tree, Number, Event}, State,
             #task{tree = Tree, number = Number} = Task) ->
    event(Event, State, Task);
handled(info, {Tag, Answer}, State, #task{pending = Pending} = Task)
  when is_map_key(Tag, Pending) ->
    {What, Left} = maps:take(Tag, Pending),
    answered(What, Answer, State, Task#task{pending = Left});
handled(info, {'DOWN', _, process, Child, _}, _State, Task) ->
    {keep_state, bereaved(Child, Task)};
handled(info, {'EXIT', Starter, Reason}, _State,
        #task{starter = Starter} = Task) ->
    stopping(orderly(Reason), Task);
handled(_Type, _Content, _State, _Task) ->
    keep_state_and_data.

%% What the starter has failed with is nobody else's.
orderly(normal) -> normal;
orderly({shutdown, _} = Reason) -> Reason;
orderly(_Reason) -> shutdown.

tree_ended(_Reason, #task{stopping = {yes, Reason}}) -> Reason;
tree_ended({shutdown, _} = Reason, _Task) -> Reason;
tree_ended(Reason, _Task) -> {shutdown, Reason}.

%% @private
-spec code_change(term(), atom(), #task{}, term()) -> {ok, atom(), #task{}}.
code_change(_Old, State, Task, _Extra) ->
    {ok, State, Task}.

%% @private Nothing that the task was given, or has written.
-spec format_status(gen_statem:format_status()) -> gen_statem:format_status().
format_status(Status) ->
    maps:map(fun(data, #task{pid = Pid, pipeline = Pipeline, owner = Owner}) ->
                     #{pid => Pid, pipeline => Pipeline, owner => Owner};
                (Key, Events) when Key =:= queue; Key =:= postponed ->
                     length(Events);
                (log, _) -> [];
                (reason, {Class, Reason, Stack}) ->
                     {Class, proctor_log:failure(Reason),
                      proctor_log:stack(Stack)};
                (_, Value) -> Value
             end, Status).

%%% Who may ask what

may(Request, {Caller, _}, State, #task{owner = Owner}) ->
    {Who, When} = access(Request),
    (Who =:= anybody orelse Caller =:= Owner)
        andalso (When =:= always orelse State =:= task).

access(execed) -> {anybody, always};
access(pidof) -> {anybody, always};
access(pipeline) -> {anybody, always};
access({fork, _, _}) -> {anybody, task};
access(parent) -> {owner, always};
access({controlling_process, _}) -> {owner, always};
access({stdio, _}) -> {owner, always};
access({getcpid, _}) -> {owner, always};
access({setcpid, _, _}) -> {owner, always};
access({eof, _}) -> {owner, always};
access(_) -> {owner, task}.

permitted(true, Request, From, State, #task{denied = {Denied, _}} = Task) ->
    case Denied =/= [] andalso lists:member(filtered(Request), Denied) of
        true -> reply(From, {?REFUSED, undef});
        false -> request(Request, From, State, Task)
    end;
permitted(false, _Request, From, _State, _Task) ->
    reply(From, {?REFUSED, eacces}).

%% Of its own entry a task's parent would be asked: the task's filter is not for
%% that.
filtered({getcpid, _}) -> none;
filtered({setcpid, _, _}) -> none;
filtered(Request) -> what(Request).

reply(From, Answer) ->
    {keep_state_and_data, [{reply, From, Answer}]}.

reply(From, Answer, Task) ->
    {keep_state, Task, [{reply, From, Answer}]}.

%%% What is asked

request({call, close, [Descriptor]} = Request, From, _State, Task) ->
    case proctor_prx_entry:descriptor(Descriptor) of
        none -> deep(Request, From, Task);
        {Number, Stream} -> reply(From, close_child(Number, Stream, Task))
    end;
request({call, filter, Args}, From, _State, Task) ->
    pending({call, filter, Args, 0}, {filter, From, Args}, Task);
request({call, _, _} = Request, From, _State, Task) ->
    deep(Request, From, Task);
request({batch, Calls}, From, _State, Task) ->
    ok = tree({batch, stop, Calls, 0}, From, Task),
    keep_state_and_data;
request({exec, Name, Args}, From, _State, Task) ->
    pending({call, Name, Args, 0}, {reply, From}, Task);
request({exit, _}, From, _State, #task{parent = none, children = Children})
  when map_size(Children) > 0 ->
    reply(From, {error, eacces});
request({exit, Status}, From, _State, Task) ->
    ok = tree({call, exit, [Status], 0}, none, Task),
    {keep_state, Task#task{exiting = From}};
request({sigaction, Signal, Args, Handler}, From, _State, Task) ->
    pending({call, sigaction, Args, 0}, {sigaction, From, Signal, Handler},
            Task);
request({fork, Name, Args}, {Caller, _} = From, _State, Task) ->
    Child = proc_lib:spawn(?MODULE, enter, [child(Caller, Task)]),
    _ = monitor(process, Child),
    pending({fork, Name, Args, 0, Child}, {fork, From, Child}, Task);
request(execed, From, State, _Task) ->
    reply(From, State =:= program);
request(pidof, From, _State, #task{pid = Pid}) ->
    reply(From, Pid);
request(pipeline, From, _State, #task{pipeline = Pipeline}) ->
    reply(From, Pipeline);
request(drv, From, _State, #task{drv = Drv}) ->
    reply(From, Drv);
request(parent, From, _State, #task{parent = none}) ->
    reply(From, noproc);
request(parent, From, _State, #task{parent = Parent}) ->
    reply(From, Parent);
request(cpid, From, _State, #task{children = Children}) ->
    Entries = [proctor_prx_entry:map(Entry)
               || Entry <- lists:sort(maps:values(Children))],
    reply(From, Entries);
request({cpid, Who}, From, _State, Task) ->
    reply(From, case child_of(Who, Task) of
                    {_, Entry} -> proctor_prx_entry:map(Entry);
                    error -> error
                end);
request({controlling_process, Pid}, From, _State, Task) ->
    given(Pid, From, Task#task{owner = Pid, stdio = Pid});
request({stdio, Pid}, From, _State, Task) ->
    given(Pid, From, Task#task{stdio = Pid});
request({atexit, Fun}, From, _State, Task) ->
    reply(From, ok, Task#task{atexit = Fun});
request({eof, _}, From, _State, #task{parent = none}) ->
    reply(From, {error, ebadf});
request({eof, Stream}, From, State, #task{entry = Entry} = Task) ->
    case proctor_prx_entry:is_open(Stream, Entry) of
        true ->
            gen_statem:reply(From, ok),
            close(Stream, State, Task);
        false ->
            reply(From, {error, ebadf})
    end;
request({eof, Who, Stream}, From, _State, Task) ->
    reply(From, case child_of(Who, Task) of
                    {Child, Entry} -> close_of(Child, Stream, Entry);
                    error -> {error, esrch}
                end);
request({getopt, Name}, From, _State, #task{options = Options} = Task) ->
    case proctor_prx_options:is_deep(Name) of
        true -> deep_option(Name, get, From, Task);
        false -> reply(From, proctor_prx_options:find(Name, Options))
    end;
request({setopt, Name, Value}, From, _State,
        #task{options = Options} = Task) ->
    case proctor_prx_options:is_deep(Name) of
        true ->
            deep_option(Name, Value, From, Task);
        false ->
            case proctor_prx_options:set(Name, Value, Options) of
                {ok, New} -> reply(From, true, Task#task{options = New});
                false -> reply(From, false)
            end
    end;
request({getcpid, _}, From, _State, #task{parent = none}) ->
    reply(From, false);
request({getcpid, Name}, From, _State, #task{entry = Entry}) ->
    reply(From, proctor_prx_entry:field(Name, Entry));
request({setcpid, _, _}, From, _State, #task{parent = none}) ->
    reply(From, false);
request({setcpid, Name, Value}, From, State,
        #task{entry = Entry, number = Number} = Task) ->
    gen_statem:reply(From, set(Name, Value, Entry, Number, Task)),
    flow(State, Task);
request({getcpid, Who, Name}, From, _State, Task) ->
    reply(From, case child_of(Who, Task) of
                    {_, Entry} -> proctor_prx_entry:field(Name, Entry);
                    error -> false
                end);
request({setcpid, Who, Name, Value}, From, _State, Task) ->
    case child_of(Who, Task) of
        {Child, Entry} ->
            Number = proctor_prx_entry:number(Entry),
            Set = set(Name, Value, Entry, Number, Task),
            ok = gen_statem:cast(Child, flowcontrol),
            reply(From, Set);
        error ->
            reply(From, false)
    end.

deep({call, Name, Args}, From, Task) ->
    ok = tree({call, Name, Args, 0}, From, Task),
    keep_state_and_data.

deep_option(Name, Value, From, #task{pipeline = Pipeline} = Task) ->
    Depth = length(Pipeline),
    pending(proctor_prx_options:request(Name, Value, Depth),
            {option, From, Name, Value, Depth}, Task).

%% Here the answer comes first.
pending(Request, What, #task{pending = Pending} = Task) ->
    Tag = make_ref(),
    ok = tree(Request, {message, self(), Tag}, Task),
    {keep_state, Task#task{pending = Pending#{Tag => What}}}.

tree(Request, From, #task{tree = Tree, number = Number}) ->
    proctor_task_tree:request(Tree, Number, Request, From).

child(Owner, #task{tree = Tree, drv = Drv, pipeline = Pipeline,
                   options = Options, denied = {_, Denied}}) ->
    #task{tree = Tree, drv = Drv, pipeline = Pipeline, parent = self(),
          owner = Owner, stdio = Owner, options = Options,
          denied = {Denied, Denied}}.

%% Nobody must own what can never be called again.
given(Pid, From, Task) ->
    case node(Pid) =/= node() orelse is_process_alive(Pid) of
        true -> reply(From, ok, Task);
        false -> reply(From, {error, badarg})
    end.

child_of(Child, #task{children = Children}) when is_pid(Child) ->
    case Children of
        #{Child := Entry} -> {Child, Entry};
        #{} -> error
    end;
child_of(Pid, #task{children = Children}) ->
    with_pid(Pid, maps:next(maps:iterator(Children))).

with_pid(_Pid, none) ->
    error;
with_pid(Pid, {Child, Entry, More}) ->
    case proctor_prx_entry:field(pid, Entry) of
        Pid -> {Child, Entry};
        _ -> with_pid(Pid, maps:next(More))
    end.

%%% Options of one child

set(Name, Value, Entry, Number, #task{tree = Tree}) ->
    Set = proctor_prx_entry:set(Name, Value, Entry),
    case Set andalso Name =:= signaloneof of
        true -> ok = signaloneof(Tree, Number, Value);
        false -> ok
    end,
    Set.

signaloneof(Tree, Number, Value) ->
    proctor_task_tree:request(Tree, Number, {option, signaloneof, Value}, none).

%%% Closing

%% The end of a descriptor that the entry of a child shows.
close_child(Number, Stream, #task{children = Children}) ->
    Closed = [close_of(Child, Stream, Entry)
              || {Child, Entry} <- maps:to_list(Children),
                 proctor_prx_entry:number(Entry) =:= Number],
    case Closed of
        [ok] -> ok;
        _ -> {error, {call, ebadf, close}}
    end.

close_of(Child, Stream, Entry) ->
    case proctor_prx_entry:is_open(Stream, Entry) of
        true when Stream =:= fdctl ->
            proctor_prx_entry:close(fdctl, Entry);
        true ->
            ok = proctor_prx_entry:close(Stream, Entry),
            gen_statem:cast(Child, {eof, Stream});
        false ->
            {error, ebadf}
    end.

%% The input of a task is what it takes calls from.
close(Stream, State, #task{entry = Entry, input = Input} = Task) ->
    ok = proctor_prx_entry:close(Stream, Entry),
    case {State, Stream} of
        {task, stdin} ->
            ok = tree({call, exit, [0], 0}, none, Task),
            {keep_state, Task#task{exiting = eof}};
        {task, _} ->
            keep_state_and_data;
        {program, stdin} ->
            leave(proctor_prx_input:close(Input), Task);
        {program, _} ->
            ok = tree({close, Stream}, none, Task),
            keep_state_and_data
    end.

%% Its output is nobody's from here on.
stopping(_Reason, #task{stopping = {yes, _}}) ->
    keep_state_and_data;
stopping(Reason, #task{ended = {_, _}}) ->
    {stop, Reason};
stopping(Reason, #task{tree = Tree, number = Number, entry = Entry,
                       parent = Parent, output = Output} = Task) ->
    Which = case Parent of
                none -> 0;
                _ -> Number
            end,
    Tag = make_ref(),
    Signal = proctor_prx_entry:signaloneof(Entry),
    ok = proctor_task_tree:request(Tree, Which, {stop, Signal, ?KILL_TIMEOUT},
                                   {message, self(), Tag}),
    _ = [acknowledge(Data, Task) || Data <- proctor_prx_output:all(Output)],
    {keep_state, Task#task{stopping = {yes, Reason}, pending = #{Tag => stop},
                           output = proctor_prx_output:new()}}.

%%% What is answered

answered({fork, From, Child}, {ok, {Number, Pid}}, _State,
         #task{tree = Tree, options = Options, children = Children} = Task) ->
    Entry = proctor_prx_entry:new(Number, Pid, Options),
    Child ! {?MODULE, born, Number, Pid, Entry},
    #{signaloneof := Signal} = Options,
    ok = signaloneof(Tree, Number, Signal),
    reply(From, {ok, Child}, Task#task{children = Children#{Child => Entry}});
answered({fork, From, Child}, {error, _} = Error, _State, Task) ->
    Child ! {?MODULE, unborn},
    reply(From, Error, Task);
answered({sigaction, From, Signal, Handler}, {ok, Old}, _State,
         #task{handlers = Handlers} = Task) ->
    reply(From, {ok, Old}, Task#task{handlers = handlers(Signal, Handler,
                                                         Handlers)});
answered({sigaction, From, _, _}, Answer, _State, Task) ->
    reply(From, Answer, Task);
answered({option, From, Name, Value, Depth}, Answer, _State, Task) ->
    reply(From, proctor_prx_options:answer(Name, Value, Depth, Answer), Task);
answered({filter, From, [Own | Children]}, ok, _State,
         #task{denied = {Denied, Theirs}} = Task) ->
    reply(From, ok,
          Task#task{denied = {lists:usort(denied(Own) ++ Denied),
                              lists:usort(lists:flatmap(fun denied/1, Children)
                                          ++ Theirs)}});
answered({filter, From, _}, Answer, _State, Task) ->
    reply(From, Answer, Task);
answered({reply, From}, Answer, _State, Task) ->
    reply(From, Answer, Task);
answered(stop, _Answer, _State, #task{parent = none} = Task) ->
    {keep_state, Task};
answered(stop, _Answer, _State, #task{stopping = {yes, Reason}}) ->
    {stop, Reason}.

%% Of the calls that are answered here.
denied({deny, Calls}) -> denied(Calls);
denied({allow, Calls}) -> ?ABOVE -- Calls;
denied(Calls) -> [Call || Call <- ?ABOVE, lists:member(Call, Calls)].

handlers(_Signal, keep, Handlers) -> Handlers;
handlers(Signal, none, Handlers) -> maps:remove(Signal, Handlers);
handlers(Signal, Fun, Handlers) -> Handlers#{Signal => Fun}.

%%% What the tree tells

event({exec, _Streams}, task, #task{entry = Entry} = Task) ->
    ok = proctor_prx_entry:execed(Entry),
    {next_state, program, Task#task{handlers = #{}}};
event({Stream, Bytes} = Data, _State, #task{stopping = {yes, _}} = Task)
  when Stream =:= stdout, is_binary(Bytes); Stream =:= stderr ->
    acknowledge(Data, Task),
    keep_state_and_data;
event({Stream, _} = Data, State, #task{output = Output} = Task)
  when Stream =:= stdout; Stream =:= stderr ->
    flow(State, Task#task{output = proctor_prx_output:put(Data, Output)});
event({eof, Stream, _Errno}, _State, #task{entry = Entry}) ->
    ok = proctor_prx_entry:close(Stream, Entry),
    keep_state_and_data;
event({taken, Bytes}, _State, #task{input = Input} = Task) ->
    leave(proctor_prx_input:taken(Bytes, Input), Task);
event({signal, Number, Info}, task, Task) ->
    signalled(Number, proctor_signal:to_atom(Number), Info, Task),
    keep_state_and_data;
event({exit, _, _}, _State, #task{stopping = {yes, _}, parent = none}) ->
    %% Others may be left.
    keep_state_and_data;
event({exit, Exit, Unanswered}, _State, Task) ->
    over(Task#task{ended = {Exit, Unanswered =/= []}});
event(_Event, _State, _Task) ->
    keep_state_and_data.

signalled(Number, Name, Info, #task{handlers = Handlers, drv = Drv,
                                    pipeline = Pipeline})
  when is_map_key(Number, Handlers) ->
    #{Number := Fun} = Handlers,
    Fun(Drv, Pipeline, Name, Info);
signalled(_Number, Name, Info, #task{owner = Owner}) ->
    Owner ! {signal, self(), Name, Info}.

%%% Its program

input(Data, #task{input = Input, stdio = Stdio} = Task) ->
    {Leaving, Refused, Input1} = proctor_prx_input:put(Data, Input),
    _ = [Stdio ! {stdin, self(), {error, {eagain, 0}}}
         || _ <- lists:seq(1, Refused)],
    leave({Leaving, Input1}, Task).

leave({Requests, Input}, Task) ->
    _ = [ok = tree(Request, none, Task) || Request <- Requests],
    {keep_state, Task#task{input = Input}}.

flow(_State, #task{entry = Entry, output = Output, stdio = Stdio} = Task) ->
    {Taken, Output1} = proctor_prx_output:take(Entry, Output),
    _ = [begin
             Stdio ! {Stream, self(), Bytes},
             acknowledge(Data, Task)
         end || {Stream, Bytes} = Data <- Taken],
    over(Task#task{output = Output1}).

acknowledge({Stream, Bytes}, Task) ->
    tree({ack, Stream, byte_size(Bytes)}, none, Task).

%%% The end

%% It comes behind the output.
over(#task{ended = undefined} = Task) ->
    {keep_state, Task};
over(#task{ended = {Exit, Unanswered},
           output = Output, entry = Entry, exiting = Exiting} = Task) ->
    Own = proctor_prx_result:by_itself(Exit),
    case proctor_prx_output:is_empty(Output) orelse not Own of
        true ->
            Own andalso proctor_prx_entry:reaped(Entry),
            Told = Own andalso (Exiting =/= no orelse not Unanswered),
            answer_exit(Exiting),
            {stop, ended(proctor_prx_result:ended(Exit), Told, Unanswered,
                         Task)};
        false ->
            {keep_state, Task}
    end.

answer_exit(no) -> ok;
answer_exit(eof) -> ok;
answer_exit(From) -> gen_statem:reply(From, ok).

%% With what it ends, and whom that is told.
ended(_How, _Told, _Unanswered, #task{stopping = {yes, Reason}}) ->
    Reason;
ended(_How, _Told, _Unanswered, #task{parent = none, exiting = Exiting})
  when Exiting =/= no ->
    shutdown;
ended([How], _Told, _Unanswered, #task{parent = none}) ->
    {shutdown, How};
ended([How], false, true, _Task) ->
    {shutdown, How};
ended([{What, Value}], true, _Unanswered,
      #task{options = Options, stdio = Stdio}) ->
    _ = [Stdio ! {What, self(), Value} || maps:get(What, Options) =/= 0],
    shutdown;
ended(_How, _Told, _Unanswered, _Task) ->
    shutdown.

%% The process of a child has ended. What is left of one that did not end by
%% itself is for atexit.
bereaved(Child, #task{children = Children, atexit = Fun, drv = Drv,
                      pipeline = Pipeline} = Task) ->
    case maps:take(Child, Children) of
        {Entry, Left} ->
            case Fun =:= none orelse proctor_prx_entry:is_reaped(Entry) of
                true -> ok;
                false -> Fun(Drv, Pipeline, proctor_prx_entry:map(Entry))
            end,
            Task#task{children = Left};
        error ->
            Task
    end.
