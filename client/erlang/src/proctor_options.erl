%% @doc Reads the options that users give: those of {@link proctor:start/1},
%% which become a command line, and those of {@link proctor:run/2}, of which
%% some concern Erlang processes alone and the rest is the port program's to
%% judge.
-module(proctor_options).

-export([start/1, from_env/0, run/3]).

-export_type([start/0, spec/0, sink/0]).

-define(KEYS, [portexe, user, limit_users, alarm, args, env, debug, verbose]).

%% What the port program waits at shutdown unless told otherwise.
-define(ALARM, 12).

-type start() :: #{portexe => file:filename_all(),
                   user => string(),
                   limit_users => string(),
                   debug => non_neg_integer(),
                   alarm := non_neg_integer(),
                   alarm_given => true,
                   args := [string()],
                   env := [{string(), string() | false}],
                   verbose := boolean()}.

-type sink() :: none | collect | print | pid() | proctor:output_fun().
%% Where a stream's data go. `collect' keeps them for the result of a
%% synchronous call.

-type spec() :: #{caller := pid(),
                  group_leader := pid(),
                  sync := boolean(),
                  monitor := boolean(),
                  link := boolean(),
                  stdout := sink(),
                  stderr := sink()}.
%% What the Erlang process of an OS process has to know.

%%% Starting the port program

%% @doc Checks the options of {@link proctor:start/1}.
-spec start([term()]) -> {ok, start()} | {error, {badopt, term()}}.
start(Options) when is_list(Options) ->
    Defaults = #{alarm => ?ALARM, args => [], env => [], verbose => false},
    try
        {ok, lists:foldl(fun start_option/2, Defaults, Options)}
    catch
        throw:{badopt, _} = Reason -> {error, Reason};
        error:_ -> {error, {badopt, Options}}
    end;
start(Options) ->
    {error, {badopt, Options}}.

%% @doc The options that the environment of the application holds.
-spec from_env() -> [{atom(), term()}].
from_env() ->
    [Option || {Key, _} = Option <- application:get_all_env(proctor),
               lists:member(Key, ?KEYS)].

start_option({portexe, default}, Acc) ->
    Acc;
start_option({portexe, Path} = Option, Acc) ->
    Acc#{portexe => text(Path, Option)};
start_option({user, User}, Acc) when is_atom(User) ->
    Acc#{user => atom_to_list(User)};
start_option({user, User} = Option, Acc) ->
    Acc#{user => text(User, Option)};
start_option({limit_users, Users} = Option, Acc) when is_list(Users) ->
    Names = [text(User, Option) || User <- Users],
    Acc#{limit_users => lists:append(lists:join(",", Names))};
start_option({alarm, Seconds}, Acc) when is_integer(Seconds), Seconds >= 0 ->
    Acc#{alarm => Seconds, alarm_given => true};
start_option({args, Args} = Option, Acc) when is_list(Args) ->
    Acc#{args => [text(Arg, Option) || Arg <- Args]};
start_option({env, Env} = Option, Acc) when is_list(Env) ->
    Acc#{env => [variable(Var, Option) || Var <- Env]};
start_option(debug, Acc) ->
    Acc#{debug => 1};
start_option({debug, true}, Acc) ->
    Acc#{debug => 1};
start_option({debug, false}, Acc) ->
    Acc;
start_option({debug, Level}, Acc) when is_integer(Level), Level >= 0 ->
    Acc#{debug => Level};
start_option(verbose, Acc) ->
    Acc#{verbose => true};
start_option({verbose, Flag}, Acc) when is_boolean(Flag) ->
    Acc#{verbose => Flag};
start_option(Option, _Acc) ->
    throw({badopt, Option}).

variable({Name, false}, Option) ->
    {text(Name, Option), false};
variable({Name, Value}, Option) ->
    {text(Name, Option), text(Value, Option)};
variable(_, Option) ->
    throw({badopt, Option}).

text([], Option) ->
    throw({badopt, Option});
text(Text, Option) when is_list(Text); is_binary(Text) ->
    try unicode:characters_to_list(Text) of
        String when is_list(String) -> String;
        _ -> throw({badopt, Option})
    catch
        error:badarg -> throw({badopt, Option})
    end;
text(_, Option) ->
    throw({badopt, Option}).

%%% Running a command

%% @doc Divides the options of {@link proctor:run/2} between the port program
%% and the Erlang process, and turns all text into UTF-8. `Link' is true if
%% linking was asked for otherwise. What is wrong with an option for the port
%% program is for that to say; only what must not leave the node is refused
%% here.
-spec run(term(), term(), boolean()) ->
    {ok, {run, term(), [term()]}, spec()} | {error, term()}.
run(Command, Options, Link) when is_list(Options) ->
    Spec = #{caller => self(), group_leader => group_leader(),
             sync => false, monitor => false, link => Link,
             stdout => none, stderr => none},
    try lists:foldl(fun run_option/2, {[], Spec}, Options) of
        {Rest, Spec1} ->
            Request = {run, command(Command), lists:reverse(Rest)},
            {ok, Request, collect(Spec1)}
    catch
        throw:{badopt, _} = Reason -> {error, Reason};
        error:_ -> {error, {badopt, Options}}
    end;
run(_Command, Options, _Link) ->
    {error, {badopt, Options}}.

run_option(sync, {Rest, Spec}) ->
    {Rest, Spec#{sync => true}};
run_option(monitor, {Rest, Spec}) ->
    {Rest, Spec#{monitor => true}};
run_option(link, {Rest, Spec}) ->
    {Rest, Spec#{link => true}};
run_option({Key, Flag}, {Rest, Spec})
  when Key =:= sync orelse Key =:= monitor orelse Key =:= link,
       is_boolean(Flag) ->
    {Rest, Spec#{Key => Flag}};
run_option(Stream, {Rest, #{caller := Caller} = Spec})
  when Stream =:= stdout; Stream =:= stderr ->
    {[Stream | Rest], Spec#{Stream => Caller}};
run_option({Stream, Sink}, {Rest, Spec})
  when Stream =:= stdout orelse Stream =:= stderr,
       Sink =:= print orelse is_pid(Sink) orelse is_function(Sink, 3) ->
    {[Stream | Rest], Spec#{Stream => Sink}};
run_option({Stream, Sink} = Option, _Acc)
  when Stream =:= stdout orelse Stream =:= stderr, is_function(Sink) ->
    throw({badopt, Option});
run_option({Stream, File, Modes}, {Rest, Spec})
  when Stream =:= stdout; Stream =:= stderr ->
    {[{Stream, utf8(File), Modes} | Rest], Spec};
run_option({env, Env}, {Rest, Spec}) when is_list(Env) ->
    {[{env, [utf8_variable(Var) || Var <- Env]} | Rest], Spec};
run_option({Key, Value}, {Rest, Spec})
  when Key =:= cd; Key =:= executable; Key =:= kill; Key =:= user;
       Key =:= stdin; Key =:= stdout; Key =:= stderr ->
    {[{Key, utf8(Value)} | Rest], Spec};
run_option(Option, {Rest, Spec}) ->
    {[Option | Rest], Spec}.

%% Nobody can read messages while waiting for a synchronous call.
collect(#{sync := true, caller := Caller} = Spec) ->
    Collect = fun(_Key, Sink) when Sink =:= Caller -> collect;
                 (_Key, Sink) -> Sink
              end,
    maps:merge(Spec, maps:map(Collect, maps:with([stdout, stderr], Spec)));
collect(Spec) ->
    Spec.

command([First | _] = Args) when is_list(First); is_binary(First) ->
    [utf8(Arg) || Arg <- Args];
command(Command) ->
    utf8(Command).

utf8_variable({Name, Value}) ->
    {utf8(Name), utf8(Value)};
utf8_variable(Var) ->
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
