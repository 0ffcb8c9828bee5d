%% @doc Where a command is. The port program is where the node was when it was
%% started; a node that has moved since means where it is now.
%%
%% To ask the system is a job for a scheduler of its own, which can cost a run
%% on a small machine a third of a millisecond. So it is asked once, and again
%% only when the server of files, who moves the node, has done something since:
%% two tenths of a microsecond.
-module(proctor_place).

-export([new/0, cwd/0, place/3, node/1]).

-compile({no_auto_import, [node/1]}).

-define(TABLE, ?MODULE).

%% @doc Makes the caller the owner of what is remembered. Without one nothing
%% is.
-spec new() -> ok.
new() ->
    ?TABLE = ets:new(?TABLE, [named_table, public, {read_concurrency, true}]),
    ok.

%% @doc The directory that this node is in, as bytes; `undefined' if that is
%% gone. A node is moved by `file:set_cwd/1'.
-spec cwd() -> binary() | undefined.
cwd() ->
    %% Before the directory is read: what happens meanwhile counts again.
    case whereis(file_server_2) of
        undefined -> read();
        Server -> cwd({Server, process_info(Server, reductions)})
    end.

cwd(Stamp) ->
    try ets:lookup(?TABLE, cwd) of
        [{cwd, Stamp, Dir}] -> Dir;
        _ -> remember(Stamp, read())
    catch
        error:badarg -> read()
    end.

remember(Stamp, Dir) ->
    try ets:insert(?TABLE, {cwd, Stamp, Dir}) of
        true -> Dir
    catch
        error:badarg -> Dir
    end.

read() ->
    case prim_file:get_cwd() of
        {ok, Dir} ->
            case proctor_text:name(Dir) of
                {ok, Bytes} -> Bytes;
                error -> undefined
            end;
        {error, _} ->
            undefined
    end.

%% @doc Relative names are of the directory that this node is in now, as those
%% are that `file' takes. Another node has its own, and a name is relative to
%% the option `cd' if there is one. Who names a user is spared a directory that
%% nothing asks for: a rule of proctor.conf may be about the command alone.
%% Says in what directory the command is to be otherwise.
-spec place(Command, [term()], proctor:where()) ->
    {Command, [term()], binary() | undefined}
  when Command :: binary() | [binary(), ...].
place(Command, Options, Where) ->
    Cd = lists:keymember(cd, 1, Options),
    User = lists:keymember(user, 1, Options),
    case local(Where) of
        false ->
            {Command, Options, undefined};
        true when Cd ->
            {Command, [absolute_cd(Option) || Option <- Options], undefined};
        true when User ->
            {absolute_program(Command),
             [absolute_file(Option) || Option <- Options], undefined};
        true ->
            {Command, Options, cwd()}
    end.

local(Where) ->
    node(Where) =:= node().

%% @doc The node where it is to run.
-spec node(proctor:where()) -> node().
node([]) ->
    node();
node(Where) ->
    case lists:keyfind(instance, 1, Where) of
        {instance, Pid} when is_pid(Pid) -> erlang:node(Pid);
        _ -> proplists:get_value(node, Where, node())
    end.

absolute_cd({cd, Dir}) -> {cd, absolute(Dir)};
absolute_cd(Option) -> Option.

absolute_program([Program | Args]) -> [absolute(Program) | Args];
absolute_program(Text) -> Text.

absolute_file({Name, File})
  when is_binary(File), Name =:= stdin orelse Name =:= stdout
                        orelse Name =:= stderr orelse Name =:= executable ->
    {Name, absolute(File)};
absolute_file({Stream, File, Modes}) ->
    {Stream, absolute(File), Modes};
absolute_file(Option) ->
    Option.

absolute(<<"/", _/binary>> = Name) ->
    Name;
absolute(Name) ->
    case cwd() of
        undefined -> Name;
        Dir -> <<Dir/binary, "/", Name/binary>>
    end.
