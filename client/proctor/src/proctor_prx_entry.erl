%% @doc What the parent of a task has about it, in the shape of prx's `cpid'.
%% The two processes share it: the child says what became of its descriptors,
%% the parent what it wants of its output, and neither asks the other.
%%
%% The descriptors are none of the operating system: no other has such a
%% number, and they say of which stream of which task they are.
-module(proctor_prx_entry).

-export([new/3, number/1, map/1, field/2, set/3, execed/1, close/2,
         is_open/2, reaped/1, is_reaped/1, descriptor/1, flow/1, passed/1,
         signaloneof/1]).

-export_type([entry/0, stream/0]).

-type stream() :: stdin | stdout | stderr.

-record(entry, {number :: pos_integer(),
                pid :: integer(),
                cells :: atomics:atomics_ref()}).

-opaque entry() :: #entry{}.

%% Below it are the operating system's.
-define(FIRST, 1000000).

-define(FLOWCONTROL, 1).
-define(SIGNALONEOF, 2).
-define(EXEC, 3).
-define(FDCTL, 4).
-define(STDIN, 5).
-define(STDOUT, 6).
-define(STDERR, 7).
-define(REAPED, 8).

%% @doc The entry of the task with that number and that pid.
-spec new(pos_integer(), integer(),
          #{flowcontrol := integer(), signaloneof := 0..255, _ => _}) ->
    entry().
new(Number, Pid, #{flowcontrol := Flow, signaloneof := Signal}) ->
    Cells = atomics:new(8, [{signed, true}]),
    First = ?FIRST + 4 * Number,
    _ = [ok = atomics:put(Cells, Cell, Value)
         || {Cell, Value} <- [{?FLOWCONTROL, Flow}, {?SIGNALONEOF, Signal},
                              {?STDIN, First}, {?STDOUT, First + 1},
                              {?STDERR, First + 2}, {?FDCTL, First + 3}]],
    #entry{number = Number, pid = Pid, cells = Cells}.

%% @doc Its number in the tree.
-spec number(entry()) -> pos_integer().
number(#entry{number = Number}) ->
    Number.

%% @doc All of it.
-spec map(entry()) -> #{atom() => integer() | boolean()}.
map(#entry{pid = Pid, cells = Cells}) ->
    #{pid => Pid,
      exec => atomics:get(Cells, ?EXEC) =:= 1,
      flowcontrol => atomics:get(Cells, ?FLOWCONTROL),
      signaloneof => atomics:get(Cells, ?SIGNALONEOF),
      fdctl => atomics:get(Cells, ?FDCTL),
      stdin => atomics:get(Cells, ?STDIN),
      stdout => atomics:get(Cells, ?STDOUT),
      stderr => atomics:get(Cells, ?STDERR)}.

%% @doc One of it, as a number; `false' if there is no such field.
-spec field(atom(), entry()) -> integer() | false.
field(pid, #entry{pid = Pid}) ->
    Pid;
field(Name, #entry{cells = Cells}) ->
    case cell(Name) of
        undefined -> false;
        Cell -> atomics:get(Cells, Cell)
    end.

cell(flowcontrol) -> ?FLOWCONTROL;
cell(signaloneof) -> ?SIGNALONEOF;
cell(exec) -> ?EXEC;
cell(fdctl) -> ?FDCTL;
cell(stdin) -> ?STDIN;
cell(stdout) -> ?STDOUT;
cell(stderr) -> ?STDERR;
cell(_) -> undefined.

%% @doc Sets it, if it can be.
-spec set(atom(), integer(), entry()) -> boolean().
set(flowcontrol, Value, #entry{cells = Cells}) ->
    ok = atomics:put(Cells, ?FLOWCONTROL, max(Value, -1)),
    true;
set(signaloneof, Value, #entry{cells = Cells}) when Value >= 0, Value =< 255 ->
    ok = atomics:put(Cells, ?SIGNALONEOF, Value),
    true;
set(_Name, _Value, _Entry) ->
    false.

%% @doc The task has become a program.
-spec execed(entry()) -> ok.
execed(#entry{cells = Cells}) ->
    ok = atomics:put(Cells, ?EXEC, 1),
    atomics:put(Cells, ?FDCTL, -2).

%% @doc This end is closed.
-spec close(stream() | fdctl, entry()) -> ok.
close(Stream, #entry{cells = Cells}) ->
    atomics:put(Cells, cell(Stream), -1).

-spec is_open(stream() | fdctl, entry()) -> boolean().
is_open(Stream, #entry{cells = Cells}) ->
    atomics:get(Cells, cell(Stream)) >= 0.

%% @doc The OS process is gone, and not by a `stop'.
-spec reaped(entry()) -> ok.
reaped(#entry{cells = Cells}) ->
    atomics:put(Cells, ?REAPED, 1).

-spec is_reaped(entry()) -> boolean().
is_reaped(#entry{cells = Cells}) ->
    atomics:get(Cells, ?REAPED) =:= 1.

%% @doc Whose stream a descriptor is; `none' if it is the system's.
-spec descriptor(integer()) ->
    {Number :: pos_integer(), stream() | fdctl} | none.
descriptor(Number) when is_integer(Number), Number >= ?FIRST + 4 ->
    {(Number - ?FIRST) div 4,
     element((Number - ?FIRST) rem 4 + 1, {stdin, stdout, stderr, fdctl})};
descriptor(_Number) ->
    none.

%% @doc How many messages of output may go; -1: any number.
-spec flow(entry()) -> integer().
flow(#entry{cells = Cells}) ->
    atomics:get(Cells, ?FLOWCONTROL).

%% @doc One has gone. What the count has been set to meanwhile stays.
-spec passed(entry()) -> ok.
passed(#entry{cells = Cells}) ->
    case atomics:get(Cells, ?FLOWCONTROL) of
        Count when Count > 0 ->
            _ = atomics:compare_exchange(Cells, ?FLOWCONTROL, Count, Count - 1),
            ok;
        _ ->
            ok
    end.

%% @doc What its program is sent when it is to end.
-spec signaloneof(entry()) -> 0..255.
signaloneof(#entry{cells = Cells}) ->
    atomics:get(Cells, ?SIGNALONEOF).
