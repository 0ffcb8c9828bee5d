%% @doc Which file a name without a slash stands for. PATH is that of the node
%% where the command is to run, as it is now.
-module(proctor_path).

-export([find/2, program/4]).

%% @doc The same for the first word of a command that is a list, unless its file
%% is said otherwise. What is not found is an error, but with `text' nothing is
%% decided here: to erlexec it is a command that has run, and relative to where
%% that is.
-spec program(binary() | [binary(), ...], [term()], proctor:where(),
              text | term) ->
    {ok, binary() | [binary(), ...]} | {error, proctor:failure()}.
program([Name | Args] = Command, Options, Where, Errors) ->
    case lists:keymember(executable, 1, Options) of
        true ->
            {ok, Command};
        false ->
            try
                {ok, [find(Name, proctor_place:node(Where)) | Args]}
            catch
                throw:{exec, _, _} = Failure when Errors =:= term ->
                    {error, Failure};
                throw:_ ->
                    {ok, Command}
            end
    end;
program(Line, _Options, _Where, _Errors) ->
    {ok, Line}.

%% @doc The file of a command on the node where it is to run. A name with a
%% slash is a path already. Throws what the error is to say.
-spec find(term(), node()) -> binary().
find(Command, Node) ->
    case proctor_text:name(Command) of
        {ok, Name} ->
            case binary:match(Name, <<"/">>) of
                nomatch -> found(executable(Command, Name, Node), Name);
                _ -> Name
            end;
        error ->
            throw({options, einval, command})
    end.

%% PATH may have entries that are relative to where its node is.
executable(Command, Name, Node) when Node =:= node() ->
    absolute(os:find_executable(characters(Command, Name)),
             fun filename:absname/1);
executable(Command, Name, Node) ->
    Call = fun(Module, Function, Args) ->
               try
                   erpc:call(Node, Module, Function, Args)
               catch
                   error:{erpc, Reason} -> throw({node, Reason, Node})
               end
           end,
    absolute(Call(os, find_executable, [characters(Command, Name)]),
             fun(Path) -> Call(filename, absname, [Path]) end).

%% os:find_executable/1 takes no bytes.
characters(Command, _Name) when is_list(Command) ->
    unicode:characters_to_list(Command);
characters(_Command, Name) ->
    case unicode:characters_to_list(Name, file:native_name_encoding()) of
        Characters when is_list(Characters) -> Characters;
        _ -> throw({exec, enoent, Name})
    end.

absolute(false, _Absolute) ->
    false;
absolute(Path, Absolute) ->
    case filename:pathtype(Path) of
        absolute -> Path;
        _ -> Absolute(Path)
    end.

found(false, Name) ->
    throw({exec, enoent, Name});
found(Path, _Name) ->
    {ok, Bytes} = proctor_text:name(Path),
    Bytes.
