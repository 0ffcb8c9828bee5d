%% @doc Reads the options of {@link proctor_task:exec/3}: some concern the
%% Erlang process of the task alone, which is to have the program's output; the
%% rest is for the task that becomes the program.
-module(proctor_task_exec).

-export([read/2, defaults/0]).

-export_type([option/0, spec/0]).

-type target() :: pipe | null | close | {file, proctor:text()}
                | {append, proctor:text()}.

-type option() :: {env, [{proctor:text(), proctor:text()} | proctor:text()]}
                | {cd, proctor:text()}
                | {arg0, proctor:text()}
                | {search, boolean()}
                | {signals, keep | default}
                | {stdin, target()}
                | {stdout, target() | pid() | proctor:output_fun()}
                | {stderr, target() | stdout | pid() | proctor:output_fun()}
                | pty | {pty, boolean() | {Rows :: pos_integer(),
                                           Columns :: pos_integer()}}
                | {active, proctor:per_stream(proctor:active())}
                | {window, Bytes :: pos_integer()}
                | lines | {lines, boolean()}
                | {max_line, pos_integer() | infinity}
                | {cr, keep | strip}
                | {timeout, timeout()}.

-type spec() :: #{atom() => term()}.
%% What {@link proctor_output} and {@link proctor_input} want of a run, for a
%% task: `caller' is for the process of it to say.

%% What the switch lets be under way of each stream.
-define(WIRE, 65536).
-define(WIRE_OUTPUT, 1048576).

%% Acknowledged at a time: what a program's pipe holds, which fills while the
%% switch waits for it, so that its pieces are large.
-define(WORTH, 262144).

-define(MAX_LINE, 65536).

%% @doc The arguments of the call `exec', what the task's process has to know,
%% and the time that it may take.
-spec read([proctor:text(), ...], [option()]) ->
    {ok, [term()], spec(), timeout()} | {error, proctor_task_wire:failure()}.
read(Argv, Options) ->
    try
        Words = words(Argv),
        Given = given(Options, #{}),
        {ok, args(Words, Given), spec(Given),
         maps:get(timeout, Given, infinity)}
    catch
        throw:{wrong, What} -> {error, {options, einval, What}}
    end.

%% @doc That of a program that was run by a plain call.
-spec defaults() -> spec().
defaults() ->
    spec(#{}).

words([_ | _] = Argv) ->
    try
        [word(Word, argv) || Word <- Argv]
    catch
        error:_ -> wrong(argv)
    end;
words(_) ->
    wrong(argv).

word(Word, What) ->
    case proctor_text:text(Word) of
        {ok, Bytes} -> Bytes;
        error -> wrong(What)
    end.

path(Path, What) ->
    case proctor_text:name(Path) of
        {ok, Bytes} -> Bytes;
        error -> wrong(What)
    end.

-spec wrong(term()) -> no_return().
wrong(What) ->
    throw({wrong, What}).

given([], Given) ->
    Given;
given([Option | Rest], Given) ->
    {Name, Value} = case Option of
                        {Name0, Value0} -> {Name0, Value0};
                        Name0 when is_atom(Name0) -> {Name0, true};
                        _ -> wrong(option)
                    end,
    is_map_key(Name, Given) andalso wrong({Name, "It is given twice."}),
    given(Rest, Given#{Name => value(Name, Value)});
given(_, _Given) ->
    wrong(options).

value(env, List) when is_list(List) -> [variable(Each) || Each <- List];
value(cd, Dir) -> path(Dir, cd);
value(arg0, Name) -> word(Name, arg0);
value(search, Value) when is_boolean(Value) -> Value;
value(signals, Value) when Value =:= keep; Value =:= default -> Value;
value(stdin, Target) -> target(stdin, Target);
value(stderr, stdout) -> stdout;
value(Stream, Sink) when Stream =:= stdout; Stream =:= stderr ->
    case is_pid(Sink) orelse is_function(Sink, 3) of
        true -> Sink;
        false -> target(Stream, Sink)
    end;
value(pty, Value) when is_boolean(Value) -> Value;
value(pty, {Rows, Columns} = Size)
  when is_integer(Rows), Rows > 0, Rows =< 16#FFFF,
       is_integer(Columns), Columns > 0, Columns =< 16#FFFF -> Size;
value(active, Modes) ->
    case proctor_process:is_opts([{active, Modes}]) of
        true -> Modes;
        false -> wrong(active)
    end;
value(window, Bytes) when is_integer(Bytes), Bytes > 0 -> Bytes;
value(lines, Value) when is_boolean(Value) -> Value;
value(max_line, Bytes) when is_integer(Bytes), Bytes > 0 -> Bytes;
value(max_line, infinity) -> infinity;
value(cr, Value) when Value =:= keep; Value =:= strip -> Value;
value(timeout, infinity) -> infinity;
value(timeout, Ms) when is_integer(Ms), Ms >= 0, Ms < 16#FFFFFFFF -> Ms;
value(Name, _Value)
  when Name =:= env; Name =:= search; Name =:= signals; Name =:= pty;
       Name =:= window; Name =:= lines; Name =:= max_line; Name =:= cr;
       Name =:= timeout -> wrong(Name);
value(Name, _Value) -> wrong({Name, "There is no such option."}).

variable({Name, Value}) ->
    variable([word(Name, env), $=, word(Value, env)]);
variable(Text) ->
    case word(Text, env) of
        <<$=, _/binary>> -> wrong(env);
        Bytes ->
            binary:match(Bytes, <<"=">>) =/= nomatch orelse wrong(env),
            Bytes
    end.

target(_Stream, Target)
  when Target =:= pipe; Target =:= null; Target =:= close -> Target;
target(Stream, {How, Path}) when How =:= file; How =:= append ->
    {How, path(Path, Stream)};
target(Stream, _Target) ->
    wrong(Stream).

%%% For the task

args([File | _] = Words, Given) ->
    Argv = case Given of
               #{arg0 := Name} -> [Name | tl(Words)];
               #{} -> Words
           end,
    Wire = maps:with([cd, search, signals, pty], Given),
    [File, Argv, maps:get(env, Given, []),
     maps:to_list(maps:merge(#{search => true}, Wire))
         ++ [{Stream, wire(maps:get(Stream, Given, pipe))}
             || Stream <- [stdin, stdout, stderr],
                not is_map_key(pty, Given) orelse is_map_key(Stream, Given)]].

wire(Sink) when is_pid(Sink); is_function(Sink) -> pipe;
wire(Target) -> Target.

%%% For its process

spec(Given) ->
    Active = case maps:get(active, Given, true) of
                 Modes when is_map(Modes) ->
                     maps:merge(#{stdout => true, stderr => true}, Modes);
                 Mode ->
                     Mode
             end,
    Sinks = maps:from_list([{Stream, sink(maps:get(Stream, Given, pipe))}
                            || Stream <- [stdout, stderr]]),
    Windows = maps:map(fun(Stream, Sink) -> window(Stream, Sink, Active, Given)
                       end, Sinks),
    maps:merge(Sinks, #{active => Active, windows => Windows,
                        window => under_way(Given), worth => ?WORTH,
                        stdin_window => ?WIRE, stdin => true, input => none,
                        max_output => infinity, reply => run,
                        splits => splits(Sinks, Given)}).

sink(Sink) when is_pid(Sink); is_function(Sink) -> Sink;
sink(pipe) -> owner;
sink(_) -> none.

%% What the switch lets be under way.
under_way(#{window := Bytes}) -> min(Bytes, ?WIRE_OUTPUT);
under_way(_Given) -> ?WIRE_OUTPUT.

%% What only goes into a mailbox needs no window.
window(_Stream, _Sink, _Active, #{window := Bytes}) -> Bytes;
window(_Stream, Sink, _Active, _Given) when is_function(Sink) ->
    ?WIRE_OUTPUT;
window(_Stream, Sink, _Active, _Given) when Sink =/= owner -> 0;
window(Stream, owner, Active, _Given) ->
    case Active of
        true -> 0;
        #{Stream := true} -> 0;
        _ -> ?WIRE_OUTPUT
    end.

splits(Sinks, #{lines := true} = Given) ->
    Split = proctor_lines:new(maps:get(max_line, Given, ?MAX_LINE),
                              maps:get(cr, Given, keep), marked),
    maps:map(fun(_, _) -> Split end,
             maps:filter(fun(_, Sink) -> Sink =/= none end, Sinks));
splits(_Sinks, Given) ->
    [wrong({Name, "It is about lines."}) || Name <- [max_line, cr],
                                            is_map_key(Name, Given)],
    #{}.
