%% @doc Reads the options of {@link proctor:run/2}: some concern Erlang
%% processes alone and make up a specification for {@link proctor_child}; the
%% rest is the port program's to judge.
-module(proctor_spec).

-export([run/3, run/4, request/2, where/1, timeout/1]).

-export_type([spec/0, sink/0]).

%% Output that its reader has not taken yet, and input that the child has not.
-define(WINDOW, 65536).
-define(STDIN_WINDOW, 262144).

%% How long a call that waits leaves a command's output open after its end, for
%% others that hold it, in milliseconds.
-define(LINGER, 500).

-type sink() :: none | owner | collect | print | pid() | proctor:output_fun().
%% Where a stream's data go: messages to the caller or what it receives by
%% {@link proctor:recv/3} are `owner'; `collect' keeps them for the result of
%% a call that waits.

-type spec() :: #{caller := pid(),
                  group_leader := pid(),
                  command := term(),
                  ref := reference(),
                  reply := run | sync | full,
                  monitor := boolean(),
                  link := boolean(),
                  exit := boolean(),
                  stdin := boolean(),
                  stdout := sink(),
                  stderr := sink(),
                  active := proctor:active(),
                  window := non_neg_integer() | default,
                  stdin_window := pos_integer(),
                  input := binary() | none,
                  max_output := non_neg_integer() | infinity,
                  timeout := pos_integer() | infinity,
                  linger := non_neg_integer() | default,
                  success := 0..255,
                  errors := text | term,
                  where := proctor:where()}.
%% What the Erlang process of an OS process has to know.

%% @doc As run/4 with nothing said beforehand.
-spec run(term(), term(), boolean()) ->
    {ok, {run, term(), [term()]}, spec()} | {error, term()}.
run(Command, Options, Link) ->
    run(Command, Options, Link, #{}).

%% @doc Divides the options of {@link proctor:run/2} between the port program
%% and the Erlang process, and turns all text into UTF-8. `Link' is true if
%% linking was asked for otherwise; `Given' is what the caller has decided.
%% What is wrong with an option for the port program is for that to say; only
%% what must not leave the node is refused here.
-spec run(term(), term(), boolean(), map()) ->
    {ok, {run, term(), [term()]}, spec()} | {error, term()}.
run(Command, Options, Link, Given) when is_list(Options) ->
    Spec = maps:merge(#{caller => self(), group_leader => group_leader(),
                        command => Command, ref => make_ref(),
                        reply => run, monitor => false, link => Link,
                        exit => false, stdin => false, stdout => none,
                        stderr => none, active => true, window => default,
                        stdin_window => ?STDIN_WINDOW, input => none,
                        max_output => infinity, timeout => infinity,
                        linger => default,
                        success => 0, errors => text, where => []}, Given),
    try lists:foldl(fun option/2, {[], Spec}, Options) of
        {Rest, Spec1} ->
            Request = {run, command(Command), lists:reverse(Rest)},
            {ok, Request, window(collect(Spec1))}
    catch
        throw:{badopt, _} = Reason -> {error, Reason};
        error:_ -> {error, {badopt, Options}}
    end;
run(_Command, Options, _Link, _Given) ->
    {error, {badopt, Options}}.

%% @doc The request as a port program of that dialect takes it.
-spec request({run | manage, term(), [term()]},
              {proctor_port:dialect(), spec()}) -> tuple().
request({run, Command, Options}, {native, Spec}) ->
    #{window := Window, timeout := Timeout, errors := Errors} = Spec,
    {run, Command,
     [{window, Window} || Window > 0]
     ++ [{timeout, Timeout} || is_integer(Timeout)]
     ++ [{linger, Linger} || Linger <- linger(Spec)]
     ++ [{exec_error, exit} || Errors =:= text] ++ Options};
request({run, Command, Options}, {exec_port, #{linger := Linger}})
  when is_integer(Linger) ->
    {run, Command, [{linger, Linger} | Options]};
request(Request, {_Dialect, _Spec}) ->
    Request.

%% Nobody hears what comes after a result.
linger(#{linger := default, reply := run}) -> [];
linger(#{linger := default}) -> [?LINGER];
linger(#{linger := Linger}) -> [Linger].

%% @doc Where something is to happen: the instance that the options say.
-spec where(proctor:where() | atom() | pid()) ->
    {ok, proctor_server:ref()} | {error, {badopt, term()}}.
where(Instance) when is_pid(Instance) ->
    {ok, Instance};
where(Options) when is_list(Options) ->
    Instance = proplists:get_value(instance, Options, proctor),
    case proplists:get_value(node, Options, node()) of
        _ when is_pid(Instance) -> {ok, Instance};
        Node when Node =:= node(), is_atom(Instance) -> {ok, Instance};
        Node when is_atom(Node), is_atom(Instance) -> {ok, {Instance, Node}};
        _ -> {error, {badopt, Options}}
    end;
where(Instance) when is_atom(Instance) ->
    {ok, Instance};
where(Other) ->
    {error, {badopt, Other}}.

%% @doc Whether something is a time to wait.
-spec timeout(term()) -> boolean().
timeout(infinity) -> true;
timeout(Timeout) -> is_integer(Timeout) andalso Timeout >= 0.

%%% Options for Erlang processes

option(sync, {Rest, Spec}) ->
    {Rest, sync(true, Spec)};
option({sync, Flag}, {Rest, Spec}) when is_boolean(Flag) ->
    {Rest, sync(Flag, Spec)};
option(Key, {Rest, Spec})
  when Key =:= monitor; Key =:= link; Key =:= exit ->
    {Rest, Spec#{Key => true}};
option({Key, Flag}, {Rest, Spec})
  when Key =:= monitor orelse Key =:= link orelse Key =:= exit,
       is_boolean(Flag) ->
    {Rest, Spec#{Key => Flag}};
option({active, Active} = Option, {Rest, Spec}) ->
    Valid = is_boolean(Active) orelse Active =:= once
        orelse (is_integer(Active) andalso Active > 0),
    Valid orelse throw({badopt, Option}),
    {Rest, Spec#{active => Active}};
option({window, Bytes}, {Rest, Spec}) when is_integer(Bytes), Bytes >= 0 ->
    {Rest, Spec#{window => Bytes}};
option({stdin_window, Bytes}, {Rest, Spec})
  when is_integer(Bytes), Bytes > 0 ->
    {Rest, Spec#{stdin_window => Bytes}};
option({timeout, infinity}, {Rest, Spec}) ->
    {Rest, Spec#{timeout => infinity}};
option({timeout, Timeout}, {Rest, Spec})
  when is_integer(Timeout), Timeout >= 1, Timeout =< 86400000 ->
    {Rest, Spec#{timeout => Timeout}};
option({linger, Linger}, {Rest, Spec})
  when is_integer(Linger), Linger >= 0, Linger =< 86400000 ->
    {Rest, Spec#{linger => Linger}};
option({errors, Errors}, {Rest, Spec})
  when Errors =:= text; Errors =:= term ->
    {Rest, Spec#{errors => Errors}};
option({Key, _} = Where, {Rest, #{where := Wheres} = Spec})
  when Key =:= instance; Key =:= node ->
    {Rest, Spec#{where => [Where | Wheres]}};
option({Key, _} = Option, _Acc)
  when Key =:= sync; Key =:= monitor; Key =:= link; Key =:= exit;
       Key =:= window; Key =:= stdin_window; Key =:= timeout;
       Key =:= linger; Key =:= errors ->
    throw({badopt, Option});
option(Option, Acc) ->
    stream(Option, Acc).

sync(true, #{reply := run} = Spec) -> Spec#{reply => sync};
sync(_, Spec) -> Spec.

%%% Streams

stream(stdin, {Rest, Spec}) ->
    {[stdin | Rest], Spec#{stdin => true}};
stream({stdin, true}, {Rest, Spec}) ->
    {[stdin | Rest], Spec#{stdin => true}};
stream(Stream, {Rest, Spec}) when Stream =:= stdout; Stream =:= stderr ->
    {[Stream | Rest], Spec#{Stream => owner}};
stream({Stream, Sink}, {Rest, #{caller := Caller} = Spec})
  when Stream =:= stdout orelse Stream =:= stderr, Sink =:= Caller ->
    {[Stream | Rest], Spec#{Stream => owner}};
stream({Stream, Sink}, {Rest, Spec})
  when Stream =:= stdout orelse Stream =:= stderr,
       Sink =:= print orelse is_pid(Sink) orelse is_function(Sink, 3) ->
    {[Stream | Rest], Spec#{Stream => Sink}};
stream({Stream, Sink} = Option, _Acc)
  when Stream =:= stdout orelse Stream =:= stderr, is_function(Sink) ->
    throw({badopt, Option});
stream({Stream, File, Modes}, {Rest, Spec})
  when Stream =:= stdout; Stream =:= stderr ->
    {[{Stream, utf8(File), Modes} | Rest], Spec};
stream(Option, Acc) ->
    other(Option, Acc).

%% Nobody can read messages while waiting for a result.
collect(#{reply := run} = Spec) ->
    Spec;
collect(Spec) ->
    Collect = fun(_Key, owner) -> collect;
                 (_Key, Sink) -> Sink
              end,
    maps:merge(Spec, maps:map(Collect, maps:with([stdout, stderr], Spec))).

%% What only goes into a mailbox needs no window. A sink that takes its time
%% does, and so does whoever says when to send more.
window(#{window := default, stdout := Out, stderr := Err, active := Active,
         max_output := Max} = Spec) ->
    Slow = lists:any(fun(Sink) -> Sink =:= print orelse is_function(Sink) end,
                     [Out, Err]),
    Paced = lists:member(owner, [Out, Err]) andalso Active =/= true,
    case Slow orelse Paced orelse Max =/= infinity of
        true -> Spec#{window => ?WINDOW};
        false -> Spec#{window => 0}
    end;
window(Spec) ->
    Spec.

%%% Options for the port program

other({env, Env}, {Rest, Spec}) when is_list(Env) ->
    {[{env, [variable(Var) || Var <- Env]} | Rest], Spec};
other({success_exit_code, Code} = Option, {Rest, Spec}) ->
    {[Option | Rest], Spec#{success => Code}};
other({Key, Value}, {Rest, Spec})
  when Key =:= cd; Key =:= executable; Key =:= kill; Key =:= user;
       Key =:= stdin; Key =:= stdout; Key =:= stderr ->
    {[{Key, utf8(Value)} | Rest], Spec};
other(Option, {Rest, Spec}) ->
    {[Option | Rest], Spec}.

command([First | _] = Args) when is_list(First); is_binary(First) ->
    [utf8(Arg) || Arg <- Args];
command(Command) ->
    utf8(Command).

variable({Name, Value}) ->
    {utf8(Name), utf8(Value)};
variable(Var) ->
    utf8(Var).

%% Lists are characters, as everywhere in Erlang; binaries are bytes already.
utf8(Text) when is_list(Text) ->
    try unicode:characters_to_binary(Text) of
        Bytes when is_binary(Bytes) -> Bytes;
        _ -> Text
    catch
        error:badarg -> Text
    end;
utf8(Term) ->
    Term.
