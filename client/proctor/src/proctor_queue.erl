%% @doc A queue of commands: so many run at a time, the others wait for their
%% turn, the oldest first. What each of them is, and what comes of it, is that
%% of {@link proctor:cmd/3}.
%%
%% ```
%% {ok, Queue} = proctor_queue:start_link([{limit, 8}]),
%% {ok, Result} = proctor_queue:run(Queue, "make", ["-C", Dir], []),
%% {ok, Job} = proctor_queue:submit(Queue, "make", ["check"], [{cd, Dir}]),
%% receive {proctor_queue, Job, Answer} -> Answer end.
%% '''
%%
%% Options of a queue are
%%
%% <dl>
%% <dt>`{name, Name}'</dt><dd>Register it as `Name'.</dd>
%% <dt>`{limit, N}'</dt><dd>How many commands run at a time (one for each
%%   scheduler of the node).</dd>
%% <dt>`{max_queue, N | infinity}'</dt><dd>How many may wait (1000). One more is
%%   `{error, full}', at once.</dd>
%% <dt>`{options, Options}'</dt><dd>Options of {@link proctor:cmd/3} for all its
%%   commands that do not say these themselves, as `instance', `node', `timeout'
%%   or `max_output'.</dd>
%% </dl>
%%
%% The place of a command is given to another when it has ended, also if it was
%% cancelled, and what it has left with it. A command whose submitter dies is
%% cancelled. If the queue ends its commands are stopped.
-module(proctor_queue).
-behaviour(gen_server).

-export([start_link/1, child_spec/1, run/3, run/4, submit/3, submit/4,
         cancel/2, info/1, stop/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2,
         format_status/1]).

-export_type([option/0, job/0, answer/0, refusal/0]).

-type option() :: {name, atom()}
                | {limit, pos_integer()}
                | {max_queue, non_neg_integer() | infinity}
                | {options, [proctor:cmd_option()]}.

-type job() :: reference().

-type answer() :: {ok, proctor:result()} | {error, proctor:failure()}
                | {error, cancelled | {cancelled, proctor:result()}}.
%% `cancelled' has the result of a command that had begun.

-type refusal() :: proctor:failure() | full | not_started | closed.
%% What is wrong with a command is said at once; or there is no room for it, or
%% no such queue, or it has ended meanwhile.

-define(MAX_QUEUE, 1000).

%% The name of a job is the monitor of its submitter.
-record(job, {to :: {pid() | reference(), Key :: term()},
              command :: proctor_cmd:prepared()}).

-record(running, {worker :: pid(),
                  to :: {pid() | reference(), Key :: term()},
                  %% The Erlang process of its command.
                  process :: undefined | pid(),
                  cancelled = false :: boolean()}).

-record(queue, {limit :: pos_integer(),
                max :: non_neg_integer() | infinity,
                options :: [proctor:cmd_option()],
                waiting = proctor_fifo:new()
                    :: proctor_fifo:fifo({job(), #job{}}),
                running = #{} :: #{job() => #running{}},
                workers = #{} :: #{pid() => job()},
                done = 0 :: non_neg_integer()}).

%% @doc Starts a queue, linked to the caller. What is wrong with its options is
%% `{badopt, What}'.
-spec start_link([option()] | proctor_secret:secret([option()])) ->
    {ok, pid()} | {error, term()}.
start_link(Hidden) when is_function(Hidden, 0) ->
    start_link(proctor_secret:show(Hidden));
start_link(Options) ->
    case options(Options) of
        {ok, #{name := undefined} = Read} ->
            started(gen_server:start_link(?MODULE, Read, []));
        {ok, #{name := Name} = Read} ->
            started(gen_server:start_link({local, Name}, ?MODULE, Read, []));
        {error, _} = Error ->
            Error
    end.

started({ok, Pid}) -> {ok, Pid};
started({error, Reason}) -> {error, Reason}.

%% @doc How a supervisor starts one. The identifier is its name, or that of this
%% module.
-spec child_spec([option()]) -> supervisor:child_spec().
child_spec(Options) ->
    Id = case options(Options) of
             {ok, #{name := Name}} when Name =/= undefined -> Name;
             %% What is wrong with them is for the start to tell.
             _ -> ?MODULE
         end,
    #{id => Id,
      start => {?MODULE, start_link, [proctor_secret:hide(Options)]},
      restart => permanent, shutdown => 5000, type => worker,
      modules => [?MODULE]}.

options(Options) when is_list(Options) ->
    Defaults = #{name => undefined, max_queue => ?MAX_QUEUE, options => [],
                 limit => erlang:system_info(schedulers_online)},
    try
        {ok, maps:merge(Defaults, read(Options, #{}))}
    catch
        throw:Wrong -> {error, {badopt, Wrong}}
    end;
options(Options) ->
    {error, {badopt, Options}}.

read([], Read) ->
    Read;
read([{Name, Value} = Option | Rest], Read) ->
    is_map_key(Name, Read) andalso throw({Name, "It is given twice."}),
    is_option(Name, Value) orelse throw(wrong(Option)),
    read(Rest, Read#{Name => Value});
read(Wrong, _Read) ->
    throw(case Wrong of [Option | _] -> Option; _ -> Wrong end).

is_option(name, Name) -> is_atom(Name);
is_option(limit, N) -> is_integer(N) andalso N > 0;
is_option(max_queue, infinity) -> true;
is_option(max_queue, N) -> is_integer(N) andalso N >= 0;
is_option(options, Options) -> is_tuple(divide(Options));
is_option(Name, _Value) -> throw({Name, "There is no such option."}).

%% Of those of commands it is said which.
divide(Options) ->
    case proctor_option_table:divide(cmd, Options) of
        {ok, _, _} = Divided -> Divided;
        {error, Problem} -> throw(proctor_option_table:explain(Problem))
    end.

wrong({options, _}) -> options;
wrong(Option) -> Option.

%% @equiv run(Queue, Command, Args, [])
-spec run(gen_server:server_ref(), proctor:text(), [proctor:text()]) ->
    answer() | {error, refusal()}.
run(Queue, Command, Args) ->
    run(Queue, Command, Args, []).

%% @doc Runs a command when it is its turn, and waits for it.
-spec run(gen_server:server_ref(), proctor:text(), [proctor:text()],
          [proctor:cmd_option()]) -> answer() | {error, refusal()}.
run(Queue, Command, Args, Options) ->
    Alias = alias(),
    case submitted(Queue, {Alias, Alias}, {Command, Args, Options}) of
        {ok, Job, Server} ->
            Ref = monitor(process, Server),
            Answer = receive
                         {Alias, Job, Its} -> Its;
                         {'DOWN', Ref, process, _, _} -> {error, closed}
                     end,
            true = demonitor(Ref, [flush]),
            unname(Alias, Answer);
        {error, _} = Error ->
            unname(Alias, Error)
    end.

unname(Alias, Answer) ->
    _ = unalias(Alias),
    receive {Alias, _, _} -> ok after 0 -> ok end,
    Answer.

%% @equiv submit(Queue, Command, Args, [])
-spec submit(gen_server:server_ref(), proctor:text(), [proctor:text()]) ->
    {ok, job()} | {error, refusal()}.
submit(Queue, Command, Args) ->
    submit(Queue, Command, Args, []).

%% @doc Puts a command into the queue. What comes of it comes once, as
%% `{proctor_queue, Job, Answer}', but not if the queue ends before: who has to
%% know monitors it.
-spec submit(gen_server:server_ref(), proctor:text(), [proctor:text()],
             [proctor:cmd_option()]) -> {ok, job()} | {error, refusal()}.
submit(Queue, Command, Args, Options) ->
    case submitted(Queue, {self(), ?MODULE}, {Command, Args, Options}) of
        {ok, Job, _Server} -> {ok, Job};
        {error, _} = Error -> Error
    end.

%% It is looked for in the caller's process.
submitted(Queue, To, {Command, Args, Options}) ->
    case call(Queue, options) of
        {ok, Given} ->
            case proctor_cmd:prepare(Command, Args, merge(Given, Options)) of
                {ok, Prepared} -> call(Queue, {submit, To, Prepared});
                {error, _} = Error -> Error
            end;
        {error, _} = Error ->
            Error
    end.

%% What a command says itself counts.
merge(Given, Options) ->
    try [key(Option) || Option <- Options] of
        Keys -> [Option || Option <- Given,
                           not lists:member(key(Option), Keys)] ++ Options
    catch
        error:_ -> Options
    end.

key(Option) when is_tuple(Option) -> key(element(1, Option));
key(stderr_to_stdout) -> stderr;
key(Name) -> Name.

%% @doc Takes a command out of the queue, or stops it. The answer comes when it
%% is gone: `{error, cancelled}', or `{error, {cancelled, Result}}' if it had
%% begun.
-spec cancel(gen_server:server_ref(), job()) ->
    ok | {error, not_found | not_started | closed}.
cancel(Queue, Job) ->
    call(Queue, {cancel, Job}).

%% @doc How many commands may run, run, may wait and wait, and how many have
%% had their answer.
-spec info(gen_server:server_ref()) ->
    {ok, #{limit | running | max_queue | waiting | done
           => non_neg_integer() | infinity}}
    | {error, not_started | closed}.
info(Queue) ->
    call(Queue, info).

%% @doc Ends it, and its commands.
-spec stop(gen_server:server_ref()) -> ok.
stop(Queue) ->
    gen_server:stop(Queue).

call(Queue, Request) ->
    try
        gen_server:call(Queue, Request, infinity)
    catch
        exit:{noproc, _} -> {error, not_started};
        exit:_ -> {error, closed}
    end.

%%% gen_server

%% @private
-spec init(map()) -> {ok, #queue{}}.
init(#{limit := Limit, max_queue := Max, options := Options}) ->
    process_flag(trap_exit, true),
    {ok, #queue{limit = Limit, max = Max, options = Options}}.

%% @private
-spec handle_call(term(), gen_server:from(), #queue{}) ->
    {reply, term(), #queue{}}.
handle_call(options, _From, #queue{options = Options} = Queue) ->
    {reply, {ok, Options}, Queue};
handle_call({submit, To, Command}, {Pid, _}, Queue) ->
    case is_full(Queue) of
        true ->
            {reply, {error, full}, Queue};
        false ->
            Job = monitor(process, Pid),
            {reply, {ok, Job, self()},
             fill(add(Job, #job{to = To, command = Command}, Queue))}
    end;
handle_call({cancel, Job}, _From, Queue) ->
    {Answer, Queue1} = cancelled(Job, Queue),
    {reply, Answer, Queue1};
handle_call(info, _From, #queue{limit = Limit, max = Max, running = Running,
                                waiting = Waiting, done = Done} = Queue) ->
    {reply, {ok, #{limit => Limit, running => map_size(Running),
                   max_queue => Max, waiting => proctor_fifo:size(Waiting),
                   done => Done}}, Queue};
handle_call(_Request, _From, Queue) ->
    {reply, {error, badarg}, Queue}.

%% @private
-spec handle_cast(term(), #queue{}) -> {noreply, #queue{}}.
handle_cast(_Message, Queue) ->
    {noreply, Queue}.

%% @private
-spec handle_info(term(), #queue{}) -> {noreply, #queue{}}.
handle_info({started, Job, Pid}, #queue{running = Running} = Queue) ->
    case Running of
        #{Job := #running{cancelled = Cancelled} = Its} ->
            Cancelled andalso stop_process(Pid),
            {noreply, Queue#queue{running = Running#{
                                    Job := Its#running{process = Pid}}}};
        #{} ->
            {noreply, Queue}
    end;
handle_info({ended, Worker, Result}, Queue) ->
    {noreply, worker_ended(Worker, Result, Queue)};
handle_info({'EXIT', Worker, _Reason}, Queue) ->
    %% It was killed, if it has not said how its command ended.
    {noreply, worker_ended(Worker,
                           {error, {run, ecanceled,
                                    <<"The process of the command was "
                                      "killed.">>}}, Queue)};
handle_info({'DOWN', Job, process, _, _}, Queue) ->
    {_, Queue1} = cancelled(Job, Queue),
    {noreply, Queue1};
handle_info(_Message, Queue) ->
    {noreply, Queue}.

%% @private
-spec terminate(term(), #queue{}) -> ok.
terminate(_Reason, #queue{workers = Workers}) ->
    lists:foreach(fun(Worker) -> exit(Worker, kill) end, maps:keys(Workers)).

%% @private Nothing of what is run.
-spec format_status(gen_server:format_status()) -> gen_server:format_status().
format_status(Status) ->
    maps:map(fun(state, #queue{running = Running, waiting = Waiting}) ->
                     #{running => map_size(Running),
                       waiting => proctor_fifo:size(Waiting)};
                (message, _) -> hidden;
                (log, _) -> [];
                (reason, {Reason, Stack}) when is_list(Stack) ->
                     {proctor_log:failure(Reason), proctor_log:stack(Stack)};
                (_, Value) -> Value
             end, Status).

%%% Jobs

is_full(#queue{limit = Limit, running = Running})
  when map_size(Running) < Limit ->
    false;
is_full(#queue{max = Max, waiting = Waiting}) ->
    proctor_fifo:size(Waiting) >= Max.

add(Job, Its, #queue{waiting = Waiting} = Queue) ->
    Queue#queue{waiting = proctor_fifo:in(Job, {Job, Its}, Waiting)}.

%% As many run as may.
fill(#queue{limit = Limit, running = Running} = Queue)
  when map_size(Running) >= Limit ->
    Queue;
fill(#queue{waiting = Waiting, running = Running, workers = Workers}
     = Queue) ->
    case proctor_fifo:peek(Waiting) of
        {value, {Job, #job{to = To, command = Command}}} ->
            Worker = work(Job, Command),
            fill(Queue#queue{waiting = proctor_fifo:drop(Waiting),
                             running = Running#{Job => #running{
                                                  worker = Worker, to = To}},
                             workers = Workers#{Worker => Job}});
        empty ->
            Queue
    end.

work(Job, Command) ->
    Queue = self(),
    spawn_link(fun() ->
        Result = proctor_cmd:run(Command, #{notify => {Queue, Job}}),
        Queue ! {ended, self(), Result}
    end).

worker_ended(Worker, Result, #queue{workers = Workers, running = Running}
             = Queue) ->
    case maps:take(Worker, Workers) of
        {Job, Others} ->
            {#running{to = To, cancelled = Cancelled}, Rest} =
                maps:take(Job, Running),
            Answer = case Cancelled of
                         true -> why_cancelled(Result);
                         false -> Result
                     end,
            fill(answer(Job, To, Answer, Queue#queue{workers = Others,
                                                     running = Rest}));
        error ->
            Queue
    end.

why_cancelled({ok, Result}) -> {error, {cancelled, Result}};
why_cancelled({error, {_, _, #{status := _} = Result}}) ->
    {error, {cancelled, Result}};
why_cancelled({error, _}) -> {error, cancelled}.

answer(Job, {To, Key}, Answer, #queue{done = Done} = Queue) ->
    true = demonitor(Job, [flush]),
    To ! {Key, Job, Answer},
    Queue#queue{done = Done + 1}.

%% Of one that runs the place is free when its end was told.
cancelled(Job, #queue{waiting = Waiting, running = Running} = Queue) ->
    case Running of
        #{Job := #running{process = Process} = Its} ->
            is_pid(Process) andalso stop_process(Process),
            Cancelled = Its#running{cancelled = true},
            {ok, Queue#queue{running = Running#{Job := Cancelled}}};
        #{} when is_reference(Job) ->
            case proctor_fifo:take(Job, Waiting) of
                {{Job, #job{to = To}}, Rest} ->
                    {ok, answer(Job, To, {error, cancelled},
                                Queue#queue{waiting = Rest})};
                error ->
                    {{error, not_found}, Queue}
            end;
        #{} ->
            {{error, not_found}, Queue}
    end.

%% It may be anywhere, and take its time to be found.
stop_process(Process) ->
    _ = spawn(fun() -> proctor:stop(Process) end),
    ok.
