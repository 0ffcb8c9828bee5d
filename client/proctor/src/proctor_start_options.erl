%% @doc Reads the options of {@link proctor:start/1}, which become the command
%% line of the port program.
-module(proctor_start_options).

-include_lib("kernel/include/file.hrl").

-export([start/1, allowed/1, allowed/2, keys/0, from_env/0, name/1,
         instances/0]).

-export_type([start/0]).

-define(KEYS, [portexe, user, limit_users, alarm, args, env, debug, verbose,
               root, capabilities, groups, dialect, answer_timeout,
               linger, start, cgroup, cgroup_base]).

%% What the port program waits at shutdown unless told otherwise.
-define(ALARM, 12).

%% How long it may leave a request unanswered, in milliseconds.
-define(ANSWER, 60000).

%% What it takes as such, in seconds.
-define(DAY, 86400).

-type start() :: #{portexe => file:filename_all(),
                   user => string(),
                   limit_users => string(),
                   debug => non_neg_integer(),
                   alarm := non_neg_integer(),
                   alarm_given => true,
                   linger => non_neg_integer(),
                   args := [string()],
                   env := [{string(), string() | [[]] | false}],
                   root => true,
                   dialect => proctor_port:dialect(),
                   capabilities => string(),
                   groups := [atom()],
                   cgroup => proctor_cgroup:asked(),
                   cgroup_base => string(),
                   answer_timeout := timeout(),
                   start := now | lazy,
                   verbose := boolean()}.

%%% Starting the port program

%% @doc Checks the options of {@link proctor:start/1}.
-spec start(term()) -> {ok, start()} | {error, {badopt, term()}}.
start(Options) ->
    Defaults = #{alarm => ?ALARM, args => [], env => [], groups => [],
                 answer_timeout => ?ANSWER, start => now, verbose => false},
    try
        once([name_of(Option) || Option <- list(Options, Options)]),
        {ok, lists:foldl(fun start_option/2, Defaults, Options)}
    catch
        throw:{badopt, _} = Reason -> {error, Reason}
    end.

name_of(Option) when is_tuple(Option), tuple_size(Option) > 0 ->
    element(1, Option);
name_of(Option) ->
    Option.

once(Names) ->
    case Names -- lists:usort(Names) of
        [] -> ok;
        [Name | _] -> throw({badopt, {Name, "It is given twice."}})
    end.

%% @doc Whether the port program can do what it is asked: where neither this
%% node is root nor the port program SUID root it becomes nobody else, and
%% erlexec's users know the words for that. A script may well be one that asks
%% sudo, and is believed.
-spec allowed(start()) -> ok | {error, string()}.
allowed(Start) ->
    case claims(Start) of
        [] ->
            ok;
        Claims ->
            case others(Start) of
                true -> ok;
                false -> allowed(Claims, own_name())
            end
    end.

%% @doc The same of what is claimed, for a node of that user without rights.
-spec allowed([{atom(), term()}], string()) -> ok | {error, string()}.
allowed(Claims, Me) ->
    Root = lists:member({root, true}, Claims),
    User = proplists:get_value(user, Claims, none),
    Users = [Name || Name <- proplists:get_value(limit_users, Claims, []),
                     Name =/= Me],
    case {Root, User, Users} of
        {_, Me, _} ->
            ok;
        {true, none, _} ->
            refuse("Not allowed to run without providing effective user "
                   "{user, User}");
        {true, _, []} ->
            refuse("Not allowed to run without restricting effective users "
                   "{limit_users, Users}");
        {true, _, _} ->
            %% What erlexec would ask sudo for.
            ok;
        {false, none, []} ->
            ok;
        {false, none, _} ->
            refuse("Cannot restrict users to " ++ lists:join(", ", Users));
        {false, _, _} ->
            refuse("Cannot specify effective user " ++ User)
    end.

refuse(Text) ->
    {error, lists:flatten([Text, ": neither is this node root nor its port "
                                 "program SUID root"])}.

claims(Start) ->
    [{root, true} || #{root := true} <- [Start]]
        ++ [{user, User} || #{user := User} <- [Start]]
        ++ [{limit_users, string:lexemes(Users, ",")}
            || #{limit_users := Users} <- [Start]].

others(Start) ->
    proctor_port:real_uid() =:= 0
        orelse case proctor_port:program(Start) of
                   {ok, Program} -> suid_root(Program) orelse script(Program);
                   {error, _} -> true
               end.

suid_root(Program) ->
    case file:read_file_info(Program) of
        {ok, #file_info{uid = 0, mode = Mode}} -> Mode band 8#4000 =/= 0;
        _ -> false
    end.

script(Program) ->
    case file:open(Program, [read, raw, binary]) of
        {ok, File} ->
            Start = file:read(File, 2),
            ok = file:close(File),
            Start =:= {ok, <<"#!">>};
        %% Who may not read it may still be allowed to execute it.
        {error, _} ->
            true
    end.

own_name() ->
    string:trim(os:cmd("id -un")).

%% @doc The options that the environment of the application may hold.
-spec keys() -> [atom()].
keys() ->
    ?KEYS.

%% @doc Those that it does hold.
-spec from_env() -> [{atom(), term()}].
from_env() ->
    [Option || {Key, _} = Option <- application:get_all_env(proctor),
               lists:member(Key, ?KEYS)].

%% @doc The name of an instance: the option `name', else `proctor'; `undefined'
%% is none.
-spec name(term()) -> atom().
name(Options) when is_list(Options) ->
    case lists:keyfind(name, 1, Options) of
        {name, Name} when is_atom(Name) -> Name;
        _ -> proctor
    end;
name(_Options) ->
    proctor.

%% @doc The instances that the environment of the application names, besides
%% the first.
-spec instances() -> [[term()]].
instances() ->
    [[{name, Name} | Options]
     || {Name, Options} <- application:get_env(proctor, instances, [])].

start_option({portexe, default}, Acc) ->
    Acc;
start_option({portexe, Path} = Option, Acc) ->
    Acc#{portexe => path(Path, Option)};
start_option({user, User}, Acc) when is_atom(User) ->
    Acc#{user => atom_to_list(User)};
start_option({user, User} = Option, Acc) ->
    Acc#{user => text(User, Option)};
start_option({limit_users, Users} = Option, Acc) ->
    Names = [text(User, Option) || User <- list(Users, Option)],
    Acc#{limit_users => lists:append(lists:join(",", Names))};
start_option({alarm, Seconds}, Acc)
  when is_integer(Seconds), Seconds >= 0, Seconds =< ?DAY ->
    Acc#{alarm => Seconds, alarm_given => true};
start_option({linger, Linger}, Acc)
  when is_integer(Linger), Linger >= 0, Linger =< ?DAY * 1000 ->
    Acc#{linger => Linger};
start_option({answer_timeout, Time}, Acc)
  when Time =:= infinity; is_integer(Time), Time > 0, Time =< ?DAY * 1000 ->
    Acc#{answer_timeout => Time};
start_option({start, When}, Acc) when When =:= now; When =:= lazy ->
    Acc#{start => When};
start_option({args, Args} = Option, Acc) ->
    Acc#{args => [any_text(Arg, Option) || Arg <- list(Args, Option)]};
start_option({env, Env} = Option, Acc) ->
    Acc#{env => [variable(Var) || Var <- list(Env, Option)]};
start_option({name, Name}, Acc) when is_atom(Name) ->
    Acc;
start_option({dialect, Dialect}, Acc)
  when Dialect =:= native; Dialect =:= exec_port ->
    Acc#{dialect => Dialect};
start_option({cgroup, Asked} = Option, Acc) ->
    case proctor_cgroup:default(Asked) of
        {ok, Checked} -> Acc#{cgroup => Checked};
        {why, Why} -> throw({badopt, {cgroup, Why}});
        error -> throw({badopt, Option})
    end;
start_option({cgroup_base, Path} = Option, Acc) ->
    Acc#{cgroup_base => text(Path, Option)};
start_option({groups, Groups} = Option, Acc) ->
    Acc#{groups => atoms(Groups, Option)};
start_option({capabilities, all}, Acc) ->
    Acc#{capabilities => "all"};
start_option({capabilities, Names} = Option, Acc) ->
    List = lists:join(",", [atom_to_list(Name)
                            || Name <- atoms(Names, Option)]),
    Acc#{capabilities => lists:append(List)};
start_option({debug, Level}, Acc)
  when is_integer(Level), Level >= 0, Level =< 10 ->
    Acc#{debug => Level};
start_option({Flag, Value}, Acc)
  when is_boolean(Value), Flag =:= root orelse Flag =:= debug
                              orelse Flag =:= verbose ->
    case Value of
        true -> flag(Flag, Acc);
        false -> Acc
    end;
start_option(Option, Acc) ->
    flag(Option, Acc).

flag(root, Acc) -> Acc#{root => true};
flag(debug, Acc) -> Acc#{debug => 1};
flag(verbose, Acc) -> Acc#{verbose => true};
flag(Option, _Acc) -> throw({badopt, Option}).

%% What is wrong is said with its name, never with its value.
variable({Name, Value}) ->
    case any_text(Name, {env, "A name is no text without NUL."}) of
        [] ->
            throw({badopt, {env, "A variable has no name."}});
        Text ->
            {Bare, Rest} = lists:splitwith(fun(C) -> C =/= $= end, Text),
            Rest =:= [] orelse bad_variable("An equals sign follows ", Bare),
            {Text, set(Value, Text)}
    end;
variable(_) ->
    throw({badopt, {env, "A variable is no {Name, Value}."}}).

set(false, _Name) ->
    false;
set(Value, Name) ->
    case chars(Value) of
        %% To open_port/2 this is empty, and [] would be false.
        {ok, []} -> [[]];
        {ok, Text} -> Text;
        error -> bad_variable("No text without NUL is the value of ", Name)
    end.

-spec bad_variable(string(), string()) -> no_return().
bad_variable(Why, Name) ->
    throw({badopt, {env, lists:flatten([Why, Name, "."])}}).

list(List, Option) ->
    try length(List) of
        _ -> List
    catch
        error:badarg -> throw({badopt, Option})
    end.

atoms(List, Option) ->
    lists:all(fun is_atom/1, list(List, Option)) orelse throw({badopt, Option}),
    List.

%% A binary may be a name in another encoding than the node's.
path(Path, Option) when is_binary(Path) ->
    case proctor_text:name(Path) of
        {ok, Bytes} -> Bytes;
        error -> throw({badopt, Option})
    end;
path(Path, Option) ->
    text(Path, Option).

text(Text, Option) ->
    case any_text(Text, Option) of
        [] -> throw({badopt, Option});
        Chars -> Chars
    end.

any_text(Text, Option) ->
    case chars(Text) of
        {ok, Chars} -> Chars;
        error -> throw({badopt, Option})
    end.

chars(Text) ->
    case proctor_text:text(Text) of
        {ok, Bytes} ->
            case unicode:characters_to_list(Bytes) of
                Chars when is_list(Chars) -> {ok, Chars};
                _ -> error
            end;
        error ->
            error
    end.
