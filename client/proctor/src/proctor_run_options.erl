%% @doc Reads a command and the options of {@link proctor:run/2}: some concern
%% Erlang processes alone and make up a specification for
%% {@link proctor_child}; the rest goes to the port program. What options there
%% are is in {@link proctor_option_table}, and how an instance is started in
%% {@link proctor_start_options}.
-module(proctor_run_options).

-export([run/3, run/4, manage/2, request/3, tag/2]).

-export_type([spec/0, sink/0, active/0]).

%% Output that its reader has not taken yet, and input that the child has not.
-define(WINDOW, 262144).
-define(STDIN_WINDOW, 262144).

%% The most input that is at rest without being told of.
-define(STDIN_ACK, 32768).

%% A longer line comes in several: one without an end must not fill the memory.
-define(MAX_LINE, 65536).

%% More than any window.
-define(ALL, 16#7FFFFFFF).

%% How long a call that waits leaves a command's output open after its end, for
%% others that hold it, in milliseconds.
-define(LINGER, 500).

-type sink() :: none | owner | collect | print | pid() | proctor:output_fun().
%% Where a stream's data go: messages to the caller or what it receives by
%% {@link proctor:recv/3} are `owner'; `collect' keeps them for the result of
%% a call that waits.

-type active() :: proctor:active() | #{stdout | stderr => proctor:active()}.

-type spec() :: #{caller := pid(),
                  group_leader := pid(),
                  command := term(),
                  ref := reference(),
                  %% Who is told of the Erlang process of a run that is
                  %% waited for, and by what name; see proctor_await.
                  notify => {pid(), reference()},
                  offer => true,
                  %% The caller is to stand for the OS process itself, where
                  %% it can: see proctor_direct.
                  direct => true,
                  patience => pos_integer() | infinity,
                  reply := run | sync | full,
                  monitor := boolean(),
                  link := boolean(),
                  exit := boolean(),
                  await := boolean(),
                  cgroup := default | proctor_cgroup:asked(),
                  cgroup_events := boolean(),
                  tag => term(),
                  message => proctor_message:shape(),
                  stdin := boolean(),
                  stdout := sink(),
                  stderr := sink(),
                  active := active(),
                  %% Of each stream, and what the port program knows of it.
                  windows := #{stdout | stderr => non_neg_integer()},
                  window := non_neg_integer() | default
                          | #{stdout | stderr => non_neg_integer()},
                  %% Bytes that are acknowledged at a time, if not half of it.
                  worth => pos_integer(),
                  stdin_window := pos_integer(),
                  input := binary() | none,
                  lines := boolean() | stdout | stderr,
                  max_line := proctor_lines:max() | default,
                  cr := proctor_lines:cr() | default,
                  %% Where pieces become lines: of what follows from these.
                  splits => #{stdout | stderr => proctor_lines:lines()},
                  max_output := non_neg_integer() | infinity | default,
                  timeout := pos_integer() | infinity,
                  success := 0..255,
                  errors := text | term,
                  where := proctor:where(),
                  cwd := binary() | undefined,
                  telemetry => none | terse | verbose,
                  telemetry_metadata => map(),
                  asked => integer(),
                  backstop => timeout(),
                  limited => boolean()}.
%% What the Erlang process of an OS process has to know; the last two are the
%% server's to say.

%% @doc As run/4 with nothing said beforehand.
-spec run(term(), term(), boolean()) ->
    {ok, {run, term(), [term()]}, spec()} | {error, term()}.
run(Command, Options, Link) ->
    run(Command, Options, Link, #{}).

%% @doc Divides the options of {@link proctor:run/2} between the port program
%% and the Erlang process. `Link' is true if linking was asked for otherwise;
%% `Given' is what the caller has decided. Everything is checked here, in the
%% process that asks: what comes to a server can be sent.
-spec run(term(), term(), boolean(), map()) ->
    {ok, {run, term(), [term()]}, spec()} | {error, term()}.
run(Command, Options, Link, Given) ->
    case {proctor_text:command(Command),
          proctor_option_table:read(run, Options)} of
        {{ok, Argv}, {ok, List}} ->
            {Wire, Spec} = lists:foldl(fun option/2,
                                       {[], new(Command, Link, Given)}, List),
            placed(Argv, lists:reverse(Wire), split(window(collect(Spec))));
        {{error, What}, _} ->
            {error, {badopt, What}};
        {_, {error, Problem}} ->
            refused(Options, Given, Problem)
    end.

placed(Argv, Wire, #{where := Where, errors := Errors} = Spec) ->
    case proctor_path:program(Argv, Wire, Where, Errors) of
        {ok, Found} ->
            {Argv1, Wire1, Cwd} = proctor_place:place(Found, Wire, Where),
            whole({run, Argv1, Wire1}, Spec#{cwd := Cwd});
        {error, _} = Error ->
            Error
    end.

%% What one option says of another.
whole(_Request, #{max_output := Max, reply := sync}) when Max =/= default ->
    {error, {badopt, {max_output, "All of it is the result of sync."}}};
whole(_Request, #{max_output := Max, reply := run, stdout := Out,
                  stderr := Err})
  when Max =/= default, Out =/= collect, Err =/= collect ->
    {error, {badopt, {max_output, "There is nothing collected to limit."}}};
whole(_Request, #{lines := Lines, reply := Reply})
  when Lines =/= false, Reply =/= run ->
    {error, {badopt, {lines, "The output is the result of sync, as it is."}}};
whole(_Request, #{lines := Lines, splits := Splits})
  when Lines =/= false, map_size(Splits) =:= 0 ->
    {error, {badopt, {lines, "No output comes here that could be cut."}}};
whole(_Request, #{lines := false, max_line := Max}) when Max =/= default ->
    {error, {badopt, {max_line, "It is about lines."}}};
whole(_Request, #{lines := false, cr := Cr}) when Cr =/= default ->
    {error, {badopt, {cr, "It is about lines."}}};
whole(Request, Spec) ->
    {ok, Request, Spec}.

%% @doc The same for a process that was started elsewhere.
-spec manage(proctor:ospid(), term()) ->
    {ok, {manage, proctor:ospid(), [term()]}, spec()} | {error, term()}.
manage(OsPid, Options) ->
    case proctor_option_table:read(manage, Options) of
        {ok, List} ->
            {Wire, Spec} = lists:foldl(fun option/2,
                                       {[], new({manage, OsPid}, false, #{})},
                                       List),
            {ok, {manage, OsPid, lists:reverse(Wire)}, split(window(Spec))};
        {error, Problem} ->
            refused(Options, #{}, Problem)
    end.

refused(Options, Given, Problem) ->
    Terms = maps:get(errors, Given, text) =:= term
        orelse (is_list(Options) andalso asked_terms(Options)),
    Errors = case Terms of true -> term; false -> text end,
    {error, proctor_option_table:run_error(Errors, Problem)}.

asked_terms([{errors, term} | _]) -> true;
asked_terms([_ | Rest]) -> asked_terms(Rest);
asked_terms(_) -> false.

new(Command, Link, Given) ->
    maps:merge(#{caller => self(), group_leader => group_leader(),
                 command => Command, ref => make_ref(),
                 reply => run, monitor => false, link => Link,
                 exit => false, await => false, cgroup => default,
                 cgroup_events => false, stdin => false, stdout => none,
                 stderr => none, active => true, window => default,
                 stdin_window => ?STDIN_WINDOW, input => none,
                 lines => false, max_line => default, cr => default,
                 max_output => default, timeout => infinity,
                 success => 0, errors => text, where => [],
                 cwd => undefined}, Given).

%% @doc The request as the port program of that link takes it.
-spec request(proctor_server:run(), spec(), proctor_server:link()) -> tuple().
request({run, Command, Options}, Spec, #{dialect := Dialect} = Link) ->
    {run, Command, native(Dialect, Spec, Options) ++ stdin_ack(Spec, Link)
                   ++ cd(Spec, Link) ++ leaf(Spec, Link) ++ known(Dialect, Options)};
request({manage, OsPid, Options}, _Spec, #{dialect := Dialect}) ->
    {manage, OsPid, known(Dialect, Options)};
request(Request, _Spec, _Link) ->
    Request.

%% erlexec's port program counts in seconds.
known(exec_port, Options) ->
    [case Option of
         {kill_timeout, {ms, Ms}} -> {kill_timeout, (Ms + 999) div 1000};
         _ -> Option
     end || Option <- Options];
known(native, Options) ->
    Options.

native(native, #{window := Window, timeout := Timeout, errors := Errors,
                 reply := Reply}, Options) ->
    [{window, Window} || Window > 0]
        ++ [{timeout, Timeout} || is_integer(Timeout)]
        ++ [{linger, ?LINGER} || Reply =/= run,
                                 not lists:keymember(linger, 1, Options)]
        ++ [{exec_error, exit} || Errors =:= text];
native(exec_port, _Spec, _Options) ->
    [].

%% Of a conversation nothing is acknowledged by itself: what is at rest leaves
%% most of the window open.
stdin_ack(#{stdin := true, stdin_window := Window}, #{stdin_ack := true}) ->
    [{stdin_ack, min(Window div 8, ?STDIN_ACK)} || Window >= 16];
stdin_ack(_Spec, _Link) ->
    [].

%% The port program is where the node was when it was started.
cd(#{cwd := Cwd}, #{cwd := Start}) when is_binary(Cwd), Cwd =/= Start ->
    [{cd, Cwd}];
cd(_Spec, _Link) ->
    [].

%% In the other dialect there are none, and who asks for one is told so.
leaf(#{cgroup := Asked}, #{dialect := native, cgroup := Default,
                           leaves := Leaves}) ->
    leaf(proctor_cgroup:wanted(Asked, Default, Leaves));
leaf(#{cgroup := Asked}, #{dialect := exec_port}) ->
    leaf(proctor_cgroup:wanted(Asked, none, false)).

leaf(false) -> [];
leaf(Wanted) -> [{cgroup, Wanted}].

%% @doc What messages call an OS process.
-spec tag(spec(), proctor:ospid()) -> term().
tag(Spec, OsPid) ->
    maps:get(tag, Spec, OsPid).

%%% Options

option({Name, Value, To}, {Wire, Spec}) ->
    case To of
        spec -> spec(Name, Value, {Wire, Spec});
        where -> {Wire, Spec#{where => [{Name, Value}
                                        | maps:get(where, Spec)]}};
        wire -> {[wire(Name, Value) | Wire], Spec};
        both -> {[wire(Name, Value) | Wire], Spec#{success => Value}};
        own -> {Wire, Spec#{Name => Value}};
        _ -> stream(Name, Value, {Wire, Spec})
    end.

wire(Name, true) -> Name;
wire(Name, Value) -> {Name, Value}.

spec(sync, true, {Wire, #{reply := run} = Spec}) ->
    {Wire, Spec#{reply => sync}};
spec(sync, true, Acc) ->
    Acc;
spec(active, passive, {Wire, Spec}) ->
    {Wire, Spec#{active => false}};
spec(active, #{} = Modes, {Wire, Spec}) ->
    {Wire, Spec#{active => both(maps:merge(#{stdout => true, stderr => true},
                                           Modes))}};
spec(tag, {Tag}, {Wire, Spec}) ->
    {Wire, Spec#{tag => Tag}};
spec(owner, Pid, {Wire, Spec}) ->
    {Wire, Spec#{caller => Pid}};
spec(input, Data, {Wire, Spec}) ->
    {piped(stdin, Wire), Spec#{input => Data, stdin => true}};
spec(Name, Value, {Wire, Spec}) ->
    {Wire, Spec#{Name => Value}}.

%% Where there is nothing to count one mode is as good as two.
both(#{stdout := Same, stderr := Same}) when is_boolean(Same) -> Same;
both(Modes) -> Modes.

%%% Streams

stream(stdin, true, {Wire, Spec}) ->
    {piped(stdin, Wire), Spec#{stdin => true}};
stream(Stream, true, {Wire, Spec}) ->
    {[Stream | Wire], Spec#{Stream => owner}};
stream(Stream, Caller, {Wire, #{caller := Caller} = Spec}) ->
    {[Stream | Wire], Spec#{Stream => owner}};
stream(Stream, Sink, {Wire, Spec})
  when Sink =:= print; Sink =:= collect; is_pid(Sink); is_function(Sink) ->
    {[Stream | Wire], Spec#{Stream => Sink}};
stream(Stream, {File, Modes}, {Wire, Spec}) ->
    {[{Stream, File, Modes} | Wire], Spec};
stream(Stream, Target, {Wire, Spec}) ->
    {[{Stream, Target} | Wire], Spec}.

%% Input makes it a pipe, too.
piped(Stream, Wire) ->
    [Stream | lists:delete(Stream, Wire)].

%%% What follows from the whole

%% Nobody can read messages while waiting for a result.
collect(#{reply := run} = Spec) ->
    Spec;
collect(Spec) ->
    Collect = fun(_Key, owner) -> collect;
                 (_Key, Sink) -> Sink
              end,
    maps:merge(Spec, maps:map(Collect, maps:with([stdout, stderr], Spec))).

%% What only goes into a mailbox needs no window. A sink that takes its time
%% does, and so does whoever says when to send more. The port program has one
%% window for both streams: the smallest, and what is allowed beside that is
%% acknowledged as it comes.
window(#{window := Given} = Spec) ->
    Windows = maps:from_list([{Stream, window(Stream, Given, Spec)}
                              || Stream <- [stdout, stderr]]),
    Limits = [Window || {Stream, Window} <- maps:to_list(Windows), Window > 0,
                        maps:get(Stream, Spec) =/= none],
    Spec#{windows => Windows, window => lists:min([?ALL | Limits]) rem ?ALL}.

window(_Stream, Window, _Spec) when is_integer(Window) ->
    Window;
window(Stream, default, #{active := Active, max_output := Max} = Spec) ->
    Needed = case maps:get(Stream, Spec) of
                 owner -> mode(Stream, Active) =/= true;
                 print -> true;
                 Fun when is_function(Fun) -> true;
                 _ -> is_integer(Max)
             end,
    case Needed of true -> ?WINDOW; false -> 0 end;
window(Stream, Windows, Spec) ->
    window(Stream, maps:get(Stream, Windows, default), Spec).

%% What comes as messages, or to functions, may come in lines.
split(#{lines := Lines, max_line := Max, cr := Cr} = Spec) ->
    Wanted = case Lines of
                 true -> [stdout, stderr];
                 false -> [];
                 Stream -> [Stream]
             end,
    Ours = maps:filter(fun(_, Sink) ->
                           Sink =:= owner orelse is_pid(Sink)
                               orelse is_function(Sink)
                       end, maps:with(Wanted, Spec)),
    Split = proctor_lines:new(given(Max, ?MAX_LINE), given(Cr, keep), marked),
    Spec#{splits => maps:map(fun(_, _) -> Split end, Ours)}.

given(default, Default) -> Default;
given(Value, _Default) -> Value.

mode(Stream, Modes) when is_map(Modes) -> maps:get(Stream, Modes);
mode(_Stream, Mode) -> Mode.
