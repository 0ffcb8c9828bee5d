%% @doc Reads the options of {@link proctor:start/1}, which become the command
%% line of the port program.
-module(proctor_options).

-export([start/1, from_env/0, name/1, instances/0]).

-export_type([start/0]).

-define(KEYS, [portexe, user, limit_users, alarm, args, env, debug, verbose,
               root, capabilities, groups, dialect, linger]).

%% What the port program waits at shutdown unless told otherwise.
-define(ALARM, 12).

-type start() :: #{portexe => file:filename_all(),
                   user => string(),
                   limit_users => string(),
                   debug => non_neg_integer(),
                   alarm := non_neg_integer(),
                   alarm_given => true,
                   linger => non_neg_integer(),
                   args := [string()],
                   env := [{string(), string() | false}],
                   root => true,
                   dialect => proctor_port:dialect(),
                   capabilities => string(),
                   groups := [atom()],
                   verbose := boolean()}.

%%% Starting the port program

%% @doc Checks the options of {@link proctor:start/1}.
-spec start([term()]) -> {ok, start()} | {error, {badopt, term()}}.
start(Options) when is_list(Options) ->
    Defaults = #{alarm => ?ALARM, args => [], env => [], groups => [],
                 verbose => false},
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
start_option({linger, Linger}, Acc)
  when is_integer(Linger), Linger >= 0, Linger =< 86400000 ->
    Acc#{linger => Linger};
start_option({args, Args} = Option, Acc) when is_list(Args) ->
    Acc#{args => [text(Arg, Option) || Arg <- Args]};
start_option({env, Env} = Option, Acc) when is_list(Env) ->
    Acc#{env => [variable(Var, Option) || Var <- Env]};
start_option({name, Name}, Acc) when is_atom(Name) ->
    Acc;
start_option({dialect, Dialect}, Acc)
  when Dialect =:= native; Dialect =:= exec_port ->
    Acc#{dialect => Dialect};
start_option({groups, Groups} = Option, Acc) when is_list(Groups) ->
    lists:all(fun is_atom/1, Groups) orelse throw({badopt, Option}),
    Acc#{groups => Groups};
start_option(root, Acc) ->
    Acc#{root => true};
start_option({root, true}, Acc) ->
    Acc#{root => true};
start_option({root, false}, Acc) ->
    Acc;
start_option({capabilities, all}, Acc) ->
    Acc#{capabilities => "all"};
start_option({capabilities, Names} = Option, Acc) when is_list(Names) ->
    lists:all(fun is_atom/1, Names) orelse throw({badopt, Option}),
    List = lists:join(",", [atom_to_list(Name) || Name <- Names]),
    Acc#{capabilities => lists:append(List)};
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
