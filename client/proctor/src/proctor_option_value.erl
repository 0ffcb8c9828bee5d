%% @doc What the values of options may be, by the types that are in
%% {@link proctor_option_table}, and how they go on from here.
-module(proctor_option_value).

-export([check/2, milliseconds/1]).

-export_type([type/0]).

%% What the port program takes for a time, in milliseconds.
-define(TIME, (1 bsl 53)).
%% A limit is less.
-define(LIMIT, 16#7FFFFFFFFFFFFFFF).

-type type() :: flag | {flag, type()} | text | any_text | path | data
              | {integer, integer(), integer() | infinity}
              | {integer_or, [atom()], integer(), integer() | infinity}
              | {one_of, [atom()]} | {function, arity()} | pid
              | rlimit | ionice
              | input | {output, stdout | stderr}
              | kill_timeout | id | ids | active | {per_stream, type()} | term | instance
              | atom | env | size | modes | capabilities | signal | ready
              | sink | name | map | cgroup.

%% @doc A value as the port program or the Erlang process takes it. `why' is
%% what is wrong with it, `wrong' what the error is to name instead of the
%% option; `no_value' is none at all.
-spec check(type(), term()) ->
    {ok, term()} | {why, string()} | {wrong, term()} | error.
check(_, no_value) ->
    error;
check(flag, Flag) when is_boolean(Flag) ->
    {ok, Flag};
check({flag, _}, Flag) when is_boolean(Flag) ->
    {ok, Flag};
check({flag, Type}, Value) ->
    check(Type, Value);
check({integer, Min, Max}, Number)
  when is_integer(Number), Number >= Min, Number =< Max ->
    {ok, Number};
check({integer_or, Atoms, Min, Max}, Value) ->
    case lists:member(Value, Atoms) of
        true -> {ok, Value};
        false -> check({integer, Min, Max}, Value)
    end;
%% As text: a list of small numbers is a string to the port program.
check(id, Number) when is_integer(Number), Number >= 0,
                       Number =< 16#FFFFFFFE ->
    {ok, integer_to_binary(Number)};
check(id, Name) ->
    check(text, Name);
check(ids, [_ | _] = List) ->
    case io_lib:printable_latin1_list(List) of
        true -> {why, "It could be a text: say numbers as texts, too."};
        false -> list(id, List, [])
    end;
check(ids, List) ->
    list(id, List, []);
check(kill_timeout, {ms, Ms}) when is_integer(Ms), Ms >= 0, Ms =< ?TIME ->
    {ok, {ms, Ms}};
check(kill_timeout, Seconds) ->
    check({integer, 0, ?TIME div 1000}, Seconds);
check(rlimit, Limits) ->
    rlimit(Limits, []);
check(ionice, idle) ->
    {ok, idle};
check(ionice, {Class, Level})
  when Class =:= best_effort orelse Class =:= realtime, is_integer(Level),
       Level >= 0, Level =< 7 ->
    {ok, {Class, Level}};
check({one_of, Atoms}, Value) ->
    valid(lists:member(Value, Atoms), Value);
check({function, Arity}, Fun) ->
    valid(is_function(Fun, Arity), Fun);
check(pid, Pid) ->
    valid(is_pid(Pid), Pid);
check(text, Text) ->
    short(proctor_text:text(Text));
check(any_text, Text) ->
    proctor_text:text(Text);
check(path, Name) ->
    short(proctor_text:name(Name));
check(data, Data) ->
    case proctor_text:data(Data) of
        {ok, _} = Bytes -> Bytes;
        error -> {why, "It is no iodata."}
    end;
check(input, Target) when Target =:= null; Target =:= close ->
    {ok, Target};
check(input, File) ->
    check(path, File);
check({output, Stream}, Target) ->
    output(Stream, Target);
check(active, Active) ->
    valid(is_boolean(Active) orelse Active =:= once
          orelse (is_integer(Active) andalso Active > 0), active(Active));
check({per_stream, Type}, Map) when is_map(Map) ->
    each(Type, Map);
check({per_stream, Type}, Value) ->
    check(Type, Value);
check(term, Term) ->
    %% That it is `false' says nothing of it.
    {ok, {Term}};
check(instance, Instance) ->
    valid(is_atom(Instance) orelse is_pid(Instance), Instance);
check(atom, Atom) ->
    valid(is_atom(Atom), Atom);
check(env, Env) ->
    env(Env);
check(size, {Rows, Columns}) ->
    valid(lists:all(fun(N) -> is_integer(N) andalso N > 0
                                  andalso N =< 16#FFFF
                    end, [Rows, Columns]), {Rows, Columns});
check(modes, Modes) ->
    case proctor_pty:check(Modes) of
        ok -> {ok, Modes};
        {bad, Bad} -> {wrong, {invalid_pty_value, Bad}};
        too_many -> {why, "These are more modes than there are."};
        no_list -> error
    end;
check(capabilities, all) ->
    {ok, all};
check(capabilities, Names) ->
    try length(Names) of
        Count -> valid(Count =< 255 andalso lists:all(fun is_atom/1, Names),
                       Names)
    catch
        error:badarg -> error
    end;
check(signal, Signal) when is_atom(Signal); is_integer(Signal) ->
    try proctor_signal:to_int(Signal) of
        Number -> valid(Number >= 1 andalso Number =< 64, Number)
    catch
        error:badarg -> error
    end;
check(ready, Check) ->
    ready(Check);
check(sink, Sink) ->
    valid(sink(Sink), Sink);
check(name, Name) ->
    name(Name);
check(cgroup, Asked) ->
    proctor_cgroup:check(Asked);
check(map, Map) ->
    valid(is_map(Map), Map);
check(_, _) ->
    error.

%% Each once, and none above its hard one. That is an atom, which is more than
%% any number.
rlimit([], Limits) ->
    {ok, lists:reverse(Limits)};
rlimit([{Name, {Soft, Hard}} = Limit | Rest], Limits) when is_atom(Name) ->
    case limit(Soft) andalso limit(Hard) andalso Soft =< Hard
        andalso not lists:keymember(Name, 1, Limits) of
        true -> rlimit(Rest, [Limit | Limits]);
        false -> error
    end;
rlimit([{Name, Value} | Rest], Limits) when is_atom(Name) ->
    rlimit([{Name, {Value, Value}} | Rest], Limits);
rlimit(_, _) ->
    error.

%% Which names there are the port program knows.
limit(infinity) -> true;
limit(Number) -> is_integer(Number) andalso Number >= 0
                     andalso Number < ?LIMIT.

%% How a process is registered.
name(undefined) -> {ok, undefined};
name(Name) when is_atom(Name) -> {ok, {local, Name}};
name({local, Name}) -> name(Name);
name({global, _} = Name) -> {ok, Name};
name({via, Module, _} = Name) when is_atom(Module) -> {ok, Name};
name(_) -> error.

%% What the output of a daemon may go to.
sink(Pid) when is_pid(Pid) -> true;
sink({send, Pid}) -> is_pid(Pid);
sink({send, Pid, _Tag}) when is_pid(Pid) -> true;
sink({Module, Function, Args}) ->
    is_atom(Module) andalso is_atom(Function)
        andalso proper(Args);
sink(Fun) -> is_function(Fun, 1) orelse is_function(Fun, 2).

proper(List) ->
    try length(List) of
        _ -> true
    catch
        error:badarg -> false
    end.

%%% Readiness

ready({line, Pattern}) when element(1, Pattern) =:= re_pattern ->
    try re:run(<<>>, Pattern) of
        _ -> {ok, {line, Pattern}}
    catch
        error:badarg -> error
    end;
ready({line, Regexp}) ->
    case proctor_text:text(Regexp) of
        {ok, Bytes} -> pattern(Bytes);
        error -> error
    end;
ready({text, Text}) ->
    case proctor_text:text(Text) of
        {ok, <<_, _/binary>> = Bytes} -> {ok, {text, Bytes}};
        _ -> error
    end;
ready({tcp, Port}) ->
    ready({tcp, "localhost", Port});
ready({tcp, Host, Port}) when is_integer(Port), Port > 0, Port =< 16#FFFF ->
    address(Host, Port);
ready({file, Path}) ->
    case check(path, Path) of
        {ok, Name} -> {ok, {file, Name}};
        Wrong -> Wrong
    end;
ready(Fun) ->
    check({function, 0}, Fun).

address(Host, Port) when is_binary(Host) ->
    address(binary_to_list(Host), Port);
address(Host, Port) ->
    valid(inet:is_ip_address(Host) orelse is_atom(Host)
          orelse is_list(Host) andalso proctor_text:name(Host) =/= error,
          {tcp, Host, Port}).

%% Of bytes, as lines are.
pattern(Bytes) ->
    case re:compile(Bytes) of
        {ok, _} -> {ok, {line, Bytes}};
        {error, {Why, At}} -> {why, lists:concat([Why, " at character ", At,
                                                  " of its pattern."])}
    end.

%% @doc A `kill_timeout' in milliseconds.
-spec milliseconds(non_neg_integer() | {ms, non_neg_integer()}) ->
    non_neg_integer().
milliseconds({ms, Ms}) -> Ms;
milliseconds(Seconds) -> 1000 * Seconds.

%% Each of them.
list(_Type, [], Acc) ->
    {ok, lists:reverse(Acc)};
list(Type, [First | Rest], Acc) ->
    case check(Type, First) of
        {ok, Value} -> list(Type, Rest, [Value | Acc]);
        Wrong -> Wrong
    end;
list(_Type, _Tail, _Acc) ->
    error.

valid(true, Value) -> {ok, Value};
valid(false, _) -> error.

%% At least one.
each(Type, Map) ->
    Checked = maps:map(fun(_, Value) -> check(Type, Value) end, Map),
    Values = [Value || {ok, Value} <- maps:values(Checked)],
    valid(map_size(Map) > 0 andalso length(Values) =:= map_size(Map)
          andalso maps:keys(Map) -- [stdout, stderr] =:= [], Map).

%% Not to be asked for is something else than not to be active.
active(false) -> passive;
active(Active) -> Active.

%% The port program has room for so much, and a NUL.
short({ok, Bytes}) when byte_size(Bytes) > 4095 ->
    {why, "It is longer than 4095 bytes."};
short({ok, <<>>}) ->
    error;
short(Result) ->
    Result.

output(_, Target) when Target =:= null; Target =:= close; Target =:= print;
                       Target =:= collect;
                       is_pid(Target); is_function(Target, 3) ->
    {ok, Target};
output(stdout, stderr) ->
    {ok, stderr};
output(stderr, Target) when Target =:= stdout; Target =:= inherit ->
    {ok, Target};
output(_, {File, Modes}) ->
    case {check(path, File), file_modes(Modes)} of
        {{ok, Name}, true} -> {ok, {Name, Modes}};
        {{why, _} = Why, _} -> Why;
        _ -> error
    end;
output(_, File) when is_list(File); is_binary(File) ->
    check(path, File);
output(_, _) ->
    error.

%% Each once.
file_modes([]) -> true;
file_modes([Mode]) -> file_mode(Mode);
file_modes([A, B]) -> file_mode(A) andalso file_mode(B)
                          andalso is_atom(A) =/= is_atom(B);
file_modes(_) -> false.

file_mode(append) -> true;
file_mode({mode, Mode}) -> is_integer(Mode) andalso Mode >= 0
                               andalso Mode =< 8#7777;
file_mode(_) -> false.

%%% Environment

%% What is wrong is said with the name of the variable, never with its value.
env(Env) ->
    case proctor_text:words(fun variable/1, Env) of
        {ok, Variables} -> {ok, from(Variables)};
        {error, N, too_big} -> why("There is too much of it from variable ~w "
                                   "on.", [N]);
        {error, N, no_name} -> why("Variable ~w has no name.", [N]);
        {error, N, no_text} -> why("Variable ~w is no text without NUL.",
                                   [N]);
        {error, _, {equals, Name}} -> why("The name of a variable cannot "
                                          "have an equals sign behind ~ts.",
                                          [Name]);
        {error, _, {value, Name}} -> why("The value of ~ts is no text "
                                         "without NUL.", [Name]);
        error -> {why, "It is no list of variables."}
    end.

%% What it begins with stands first.
from(Variables) ->
    case {lists:member(clear, Variables), lists:member(now, Variables)} of
        {_, false} -> Variables;
        {true, true} -> [Var || Var <- Variables, Var =/= now];
        {false, true} -> [now | [Var || Var <- Variables, Var =/= now]]
    end.

why(Format, Args) ->
    {why, lists:flatten(io_lib:format(Format, Args))}.

variable(Word) when Word =:= clear; Word =:= now ->
    {ok, Word};
variable({Name, Value}) ->
    case proctor_text:text(Name) of
        {ok, <<>>} -> {error, no_name};
        {ok, Bytes} -> variable(binary:split(Bytes, <<"=">>), Value);
        error -> {error, no_text}
    end;
variable(Text) ->
    case proctor_text:text(Text) of
        {ok, <<"=", _/binary>>} -> {error, no_name};
        {ok, Bytes} ->
            case binary:match(Bytes, <<"=">>) of
                nomatch -> {error, no_name};
                _ -> {ok, Bytes}
            end;
        error -> {error, no_text}
    end.

variable([Name], false) ->
    {ok, {Name, false}};
variable([Name], Value) ->
    case proctor_text:text(Value) of
        {ok, Bytes} -> {ok, {Name, Bytes}};
        error -> {error, {value, Name}}
    end;
variable([Name | _], _Value) ->
    {error, {equals, Name}}.
