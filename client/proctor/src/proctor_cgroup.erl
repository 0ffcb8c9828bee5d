%% @doc The control group of a command, its leaf: what the option `cgroup' may
%% ask for, and what it means beside that of the instance. See {@link
%% proctor:run/2}.
-module(proctor_cgroup).

-export([check/1, default/1, limits/1, wanted/3, has_leaves/1, keys/0]).

-export_type([asked/0, limits/0, rates/0, used/0, stats/0, events/0,
              default/0]).

-type asked() :: boolean() | auto | limits().

-type limits() ::
        #{memory_max | memory_high | memory_low | memory_min
          | memory_swap_max => Bytes :: non_neg_integer() | max,
          memory_oom_group => boolean(),
          pids_max => non_neg_integer() | max,
          cpu_weight | io_weight => 1..10000,
          cpu_max => max | {QuotaUs :: pos_integer(), PeriodUs :: pos_integer()},
          cpu_idle => boolean(),
          cpuset_cpus | cpuset_mems => proctor:text(),
          io_max => [{Device :: proctor:text(), rates()}],
          name => proctor:text()}.
%% As the kernel's files have them: `memory.max', and so on. `name' is that of
%% the group itself, of letters, digits, `.', `_' and `-', 63 at most.

-type rates() :: #{rbps | wbps | riops | wiops => pos_integer() | max}.
%% Bytes, or operations, of reading and of writing in a second.

-type used() :: #{memory_peak | io_read | io_written => Bytes :: non_neg_integer(),
                  cpu_us | cpu_user_us | cpu_system_us
                  | cpu_throttled_us => non_neg_integer(),
                  oom_kill | memory_high | memory_max | pids_peak
                  | pids_denied => non_neg_integer()}.
%% What all of it together has used, as far as the system tells: processor time
%% in microseconds, and that which `cpu_max' has kept it from; how many were
%% killed because of `memory_max', how many could not be made because of
%% `pids_max', and how often it was above `memory_high', or met `memory_max' and
%% room was made.

-type stats() :: #{path := binary(),
                   memory_current | memory_peak | swap_current
                   | io_read | io_written => Bytes :: non_neg_integer(),
                   cpu_us | cpu_user_us | cpu_system_us
                   | cpu_throttled_us => non_neg_integer(),
                   oom_kill | memory_high | memory_max | pids_current | pids_peak
                   | pids_denied => non_neg_integer(),
                   frozen => boolean()}.
%% `path' is that of its group, below where the hierarchy is mounted.

-type events() :: #{oom_kill | pids_denied | memory_high => non_neg_integer()}.
%% How often so far: a process of it was killed for lack of memory, could not be
%% made, was held up above `memory_high'.

-type default() :: none | asked().
%% What an instance has for runs that say nothing.

%% What the port program takes.
-define(BYTES, ((1 bsl 63) - 1)).
-define(COUNT, ((1 bsl 31) - 1)).
-define(QUOTA, (?BYTES div 1000)).
-define(CPUS, 1024).
-define(MEMS, 64).
-define(DEVICES, 4).
-define(NAME, 63).

-define(LIMITS,
        [{memory_max, bytes}, {memory_high, bytes}, {memory_low, bytes},
         {memory_min, bytes}, {memory_swap_max, bytes},
         {memory_oom_group, boolean}, {pids_max, count}, {cpu_weight, weight},
         {cpu_max, quota}, {cpu_idle, boolean}, {io_weight, weight},
         {cpuset_cpus, {set, ?CPUS}}, {cpuset_mems, {set, ?MEMS}},
         {io_max, devices}]).

%% @doc The names of all limits.
-spec keys() -> [atom()].
keys() ->
    [Key || {Key, _} <- ?LIMITS].

%% @doc The value of the option.
-spec check(term()) -> {ok, asked()} | {why, string()} | error.
check(Asked) when is_boolean(Asked); Asked =:= auto ->
    {ok, Asked};
check(#{} = Map) when map_size(Map) =:= 0 ->
    {ok, true};
check(#{} = Map) ->
    checked(Map, [{name, name} | ?LIMITS]);
check(_) ->
    error.

%% @doc The same of an instance: its runs cannot all have one name.
-spec default(term()) -> {ok, asked()} | {why, string()} | error.
default(#{name := _}) ->
    {why, "name: It is for one run alone."};
default(Asked) ->
    check(Asked).

%% @doc Limits for a group that is there: at least one.
-spec limits(term()) -> {ok, limits()} | {why, string()} | error.
limits(#{} = Map) when map_size(Map) > 0 ->
    checked(Map, ?LIMITS);
limits(_) ->
    error.

%% @doc What the port program is asked for: what the run says, beside what the
%% instance has for all, and where there may be no leaves at all.
-spec wanted(default | asked(), default(), boolean()) ->
    boolean() | limits().
wanted(default, none, _Leaves) ->
    false;
wanted(default, Default, Leaves) ->
    wanted(Default, none, Leaves);
wanted(auto, none, Leaves) ->
    Leaves;
wanted(auto, Default, Leaves) ->
    wanted(Default, none, Leaves);
wanted(true, #{} = Default, _Leaves) ->
    Default;
wanted(#{} = Own, #{} = Default, _Leaves) ->
    maps:merge(Default, Own);
wanted(Own, _Default, _Leaves) ->
    Own.

%% @doc Whether a port program that says that of itself has any.
-spec has_leaves(map()) -> boolean().
has_leaves(#{cgroup := #{}}) -> true;
has_leaves(#{}) -> false.

%%% Values

%% A value may be anything; the name of a limit is said, or else nothing.
checked(Map, Rows) ->
    try
        {ok, maps:map(fun(Key, Value) -> value(Key, Value, Rows) end, Map)}
    catch
        throw:{why, Why} -> {why, lists:flatten(Why)}
    end.

value(Key, Value, Rows) ->
    case lists:keyfind(Key, 1, Rows) of
        {_, Type} ->
            case of_type(Type, Value) of
                {ok, Checked} -> Checked;
                error -> throw({why, [atom_to_list(Key), ": ", kind(Type)]})
            end;
        false when is_atom(Key) ->
            throw({why, io_lib:format("There is no limit ~tp.", [Key])});
        false ->
            throw({why, "The name of a limit is an atom."})
    end.

of_type(bytes, Value) -> number(Value, 0, ?BYTES);
of_type(count, Value) -> number(Value, 0, ?COUNT);
of_type(rate, Value) -> number(Value, 1, ?BYTES);
of_type(weight, max) -> error;
of_type(weight, Value) -> number(Value, 1, 10000);
of_type(boolean, Value) when is_boolean(Value) -> {ok, Value};
of_type(quota, max) -> {ok, max};
of_type(quota, {Quota, Period})
  when is_integer(Quota), Quota >= 1000, Quota =< ?QUOTA,
       is_integer(Period), Period >= 1000, Period =< 1000000 ->
    {ok, {Quota, Period}};
of_type({set, Max}, Value) -> text(Value, fun(Text) -> set(Text, Max) end);
of_type(devices, List) -> devices(List);
of_type(name, Value) -> text(Value, fun name/1);
of_type(_, _) -> error.

kind(bytes) -> "It is a number of bytes, or max.";
kind(count) -> "It is a number, or max.";
kind(weight) -> "It is a number from 1 to 10000.";
kind(boolean) -> "It is true or false.";
kind(quota) -> "It is max, or microseconds, at least 1000, of each so many, "
               "1000 to 1000000.";
kind({set, Max}) -> io_lib:format("It is a list as in \"0-3,5\", of numbers "
                                  "below ~w.", [Max]);
kind(devices) -> "It is a list of 1 to 4 devices, as in {\"8:0\", #{rbps => "
                 "Bytes}}, each with rates.";
kind(name) -> "It is a text of at most 63 letters, digits, dots, underscores "
              "and hyphens, and no dot comes first.".

number(max, _, _) -> {ok, max};
number(Value, Min, Max)
  when is_integer(Value), Value >= Min, Value =< Max -> {ok, Value};
number(_, _, _) -> error.

text(Value, Fits) ->
    case proctor_text:text(Value) of
        {ok, Text} ->
            case Fits(Text) of
                true -> {ok, Text};
                false -> error
            end;
        error ->
            error
    end.

name(<<First, _/binary>> = Name) ->
    First =/= $. andalso byte_size(Name) =< ?NAME
        andalso matches(Name, "^[A-Za-z0-9._-]+\\z");
name(<<>>) ->
    false.

matches(Text, Regexp) ->
    re:run(Text, Regexp, [{capture, none}]) =:= match.

%% Not so long that to read it is work.
set(Text, Max) ->
    byte_size(Text) =< 4095
        andalso matches(Text, "^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*\\z")
        andalso lists:all(fun(Range) -> range(Range, Max) end,
                          binary:split(Text, <<",">>, [global])).

range(Range, Max) ->
    case [digits(Text) || Text <- binary:split(Range, <<"-">>)] of
        [N] -> N < Max;
        [First, Last] -> First =< Last andalso Last < Max
    end.

%% Of a number with more digits only that it is too much is known.
digits(Text) when byte_size(Text) > 9 -> infinity;
digits(Text) -> binary_to_integer(Text).

devices(List) ->
    try length(List) of
        N when N >= 1, N =< ?DEVICES -> devices(List, []);
        _ -> error
    catch
        error:badarg -> error
    end.

devices([], Acc) ->
    {ok, lists:reverse(Acc)};
devices([{Device, #{} = Rates} | Rest], Acc) when map_size(Rates) > 0 ->
    Checked = maps:map(fun(_, Rate) -> of_type(rate, Rate) end, Rates),
    case {text(Device, fun device/1),
          maps:keys(Rates) -- [rbps, wbps, riops, wiops],
          lists:member(error, maps:values(Checked))} of
        {{ok, Name}, [], false} ->
            devices(Rest, [{Name, maps:map(fun(_, {ok, Rate}) -> Rate end,
                                           Checked)} | Acc]);
        _ ->
            error
    end;
devices(_, _Acc) ->
    error.

device(Text) ->
    matches(Text, "^[0-9]{1,9}:[0-9]{1,9}\\z").
