%% @doc Calls by name, as {@link proctor_prx:call/3} takes them, that are not
%% simply sent to the task: they are the node's, become a program, or have
%% another shape than the row of the task program.
-module(proctor_prx_call).

-export([of_node/2, constant/2, args/2, signal/1]).

%% @doc What is done instead with the task, if anything is.
-spec of_node(atom(), [term()]) ->
    false | {exec, [term()]} | {true, fun((pid()) -> term())}.
of_node(Name, Args)
  when Name =:= execvp; Name =:= execve; Name =:= fexecve ->
    {exec, Args};
of_node(Name, _Args) when Name =:= fork; Name =:= clone ->
    {true, fun(_Task) -> {error, eagain} end};
of_node(exit, [Status]) ->
    {true, fun(Task) -> proctor_prx:exit(Task, Status) end};
of_node(sigaction, [Signal, Action]) ->
    {true, fun(Task) -> proctor_prx:sigaction(Task, Signal, Action) end};
of_node(cpid, []) ->
    {true, fun proctor_prx:cpid/1};
of_node(getcpid, [Child, Name]) ->
    {true, fun(Task) -> proctor_prx:getcpid(Task, Child, Name) end};
of_node(setcpid, [Child, Name, Value]) ->
    {true, fun(Task) -> proctor_prx:setcpid(Task, Child, Name, Value) end};
of_node(getopt, [Name]) ->
    {true, fun(Task) -> proctor_prx:getopt(Task, Name) end};
of_node(setopt, [Name, Value]) ->
    {true, fun(Task) -> proctor_prx:setopt(Task, Name, Value) end};
of_node(readdir, [Path]) ->
    {true, fun(Task) -> readdir(Task, Path, 0, []) end};
of_node(Name, Args) ->
    case constant(Name, Args) of
        {Call, Args1} ->
            {true, fun(Task) -> proctor_prx:call(Task, Call, Args1) end};
        none ->
            false
    end.

%% A directory may be more than an answer holds.
readdir(Task, Path, Position, Before) ->
    case proctor_prx:call(Task, readdir, [Path, Position]) of
        {ok, Names, eof} -> {ok, lists:append(lists:reverse(Before, [Names]))};
        {ok, Names, Next} -> readdir(Task, Path, Next, [Names | Before]);
        {error, _} = Error -> Error
    end.

%% @doc `signal_constant' and its like: the call that it is.
-spec constant(atom(), [term()]) -> {constant, [term()]} | none.
constant(Name, [Constant]) when is_atom(Name) ->
    case [Kind || Kind <- proctor_alcove_rows:kinds(),
                  atom_to_list(Kind) ++ "_constant" =:= atom_to_list(Name)] of
        [Kind] -> {constant, [Kind, Constant]};
        [] -> none
    end;
constant(_Name, _Args) ->
    none.

%% @doc Arguments as the task program reads them: text is one binary, and where
%% nothing is NULL, nothing. Raises `badarg' for text that is none.
-spec args(atom(), [term()]) -> [term()].
args(filter, Args) ->
    [calls(Calls) || Calls <- Args];
args(Name, Args) ->
    each(string:lexemes(proctor_alcove_rows:letters(Name), " "), Args).

each([Letter | Letters], [Arg | Args]) ->
    [arg(Letter, Arg) | each(Letters, Args)];
each(_, Args) ->
    Args.

arg("?" ++ Letter, Arg) -> arg(Letter, Arg);
arg("p", Arg) -> text(Arg);
arg("t", Arg) -> text(Arg);
arg("b", Arg) -> text(Arg);
arg("v", Args) when is_list(Args) -> [text(Arg) || Arg <- Args];
arg("o:" ++ Letter, Arg) when Letter =:= "p"; Letter =:= "t" ->
    case text(Arg) of
        <<>> -> [];
        Text -> Text
    end;
arg(_, Arg) -> Arg.

%% What is asked of constants is one call.
calls({What, Names}) -> {What, calls(Names)};
calls(Names) when is_list(Names) ->
    lists:usort([case constant(Name, [any]) of
                     {Call, _} -> Call;
                     none -> Name
                 end || Name <- Names]);
calls(Other) -> Other.

%% What is wrong with it says no arguments.
text(Text) ->
    try iolist_to_binary(Text)
    catch error:badarg -> error(badarg)
    end.

%% @doc The number of a signal, or -1: the task says what is wrong with it.
-spec signal(atom() | integer()) -> integer().
signal(Signal) when is_integer(Signal) ->
    Signal;
signal(Signal) ->
    try
        proctor_signal:to_int(binary_to_existing_atom(
                                string:lowercase(atom_to_binary(Signal))))
    catch
        error:_ -> -1
    end.
