%% @doc A queue out of whose middle things can be taken, each by a reference of
%% its own: what waits in it may give up. All takes a time that grows with the
%% logarithm of its length. Nothing but data: no process, no message.
-module(proctor_fifo).

-export([new/0, in/3, peek/1, drop/1, replace/2, take/2, to_list/1, size/1]).

-export_type([fifo/1]).

-record(fifo, {next = 0 :: non_neg_integer(),
               %% By their numbers, in the order in which they came.
               tree = gb_trees:empty() :: gb_trees:tree(),
               numbers = #{} :: #{reference() => non_neg_integer()}}).

-opaque fifo(_Value) :: #fifo{}.

%% @doc With nothing in it.
-spec new() -> fifo(_).
new() ->
    #fifo{}.

%% @doc Puts something at the end, by the name of `Ref'.
-spec in(reference(), Value, fifo(Value)) -> fifo(Value).
in(Ref, Value, #fifo{next = Next, tree = Tree, numbers = Numbers}) ->
    #fifo{next = Next + 1, tree = gb_trees:insert(Next, {Ref, Value}, Tree),
          numbers = Numbers#{Ref => Next}}.

%% @doc The oldest.
-spec peek(fifo(Value)) -> {value, Value} | empty.
peek(#fifo{numbers = Numbers}) when map_size(Numbers) =:= 0 ->
    empty;
peek(#fifo{tree = Tree}) ->
    {_, {_, Value}} = gb_trees:smallest(Tree),
    {value, Value}.

%% @doc Without the oldest, of which there must be one.
-spec drop(fifo(Value)) -> fifo(Value).
drop(#fifo{tree = Tree, numbers = Numbers} = Fifo) ->
    {_, {Ref, _}, Rest} = gb_trees:take_smallest(Tree),
    Fifo#fifo{tree = Rest, numbers = maps:remove(Ref, Numbers)}.

%% @doc With something else as the oldest, by the same name.
-spec replace(Value, fifo(Value)) -> fifo(Value).
replace(Value, #fifo{tree = Tree} = Fifo) ->
    {Number, {Ref, _}} = gb_trees:smallest(Tree),
    Fifo#fifo{tree = gb_trees:update(Number, {Ref, Value}, Tree)}.

%% @doc Takes out what has that name.
-spec take(reference(), fifo(Value)) -> {Value, fifo(Value)} | error.
take(Ref, #fifo{tree = Tree, numbers = Numbers} = Fifo) ->
    case maps:take(Ref, Numbers) of
        {Number, Others} ->
            {{Ref, Value}, Rest} = gb_trees:take(Number, Tree),
            {Value, Fifo#fifo{tree = Rest, numbers = Others}};
        error ->
            error
    end.

%% @doc All, the oldest first.
-spec to_list(fifo(Value)) -> [Value].
to_list(#fifo{tree = Tree}) ->
    [Value || {_, Value} <- gb_trees:values(Tree)].

%% @doc How many there are.
-spec size(fifo(_)) -> non_neg_integer().
size(#fifo{numbers = Numbers}) ->
    map_size(Numbers).
