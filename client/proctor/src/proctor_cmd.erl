%% @doc One command, found through PATH and run without a shell, and what came
%% of it.
-module(proctor_cmd).

-export([cmd/3, prepare/3, run/2, argv/3]).

-export_type([prepared/0]).

-opaque prepared() :: {[binary(), ...], [tuple() | atom()], map()}.
%% A command that was found, and what is asked of it, all of it checked.

%% @doc See {@link proctor:cmd/3}.
-spec cmd(proctor:text(), [proctor:text()], [proctor:cmd_option()]) ->
    {ok, proctor:result()} | {error, proctor:failure()}.
cmd(Command, Args, Options) ->
    case prepare(Command, Args, Options) of
        {ok, Prepared} -> run(Prepared, #{});
        {error, _} = Error -> Error
    end.

%% @doc Runs it; `More' is what the caller has decided besides.
-spec run(prepared(), map()) ->
    {ok, proctor:result()} | {error, proctor:failure()}.
run({Argv, Options, Given}, More) ->
    result(proctor_run:run(Argv, Options, false, maps:merge(Given, More),
                           infinity), Options).

%% Why it ended is what the port program says, and nothing else.
result({ok, #{reason := Reason} = Result}, _Options) ->
    case Reason of
        timeout -> {error, {timeout, etimedout, Result}};
        idle_timeout -> {error, {timeout, etimedout, Result}};
        max_output -> {error, {output, emsgsize, Result}};
        port_closed -> {error, {port, eio, Result}};
        no_answer -> {error, {port, etimedout, Result}};
        _ -> {ok, Result}
    end;
result({error, not_started}, Options) ->
    {error, {port, eio, missing(Options)}};
result({error, Reason}, _Options) ->
    {error, failure(Reason)}.

%% An instance that was named may be one that there never is.
missing(Options) ->
    case [Option || {Name, _} = Option <- Options,
                    Name =:= instance orelse Name =:= node] of
        [] ->
            not_started;
        Where ->
            {ok, Server} = proctor_ref:where(Where),
            {not_started, Server}
    end.

%% More than the port program takes, as if the kernel had said it.
failure(TooBig) when TooBig =:= e2big; TooBig =:= {decode, e2big, <<>>} ->
    {exec, e2big, <<"arguments and environment">>};
failure({_Stage, _Errno, _Detail} = Failure) ->
    Failure;
failure({badopt, What}) ->
    {options, einval, What};
failure({invalid_pty_value, _} = What) ->
    {options, einval, What};
failure(Text) when is_list(Text) ->
    {run, unknown, unicode:characters_to_binary(Text)};
failure(killed) ->
    {run, ecanceled, <<"The process of the command was killed.">>};
failure(Reason) ->
    {port, eio, Reason}.

%%% Options

%% @doc Finds the command, and checks all of it.
-spec prepare(term(), term(), term()) ->
    {ok, prepared()} | {error, proctor:failure()}.
prepare(Command, Args, Options) ->
    case proctor_option_table:divide(cmd, Options) of
        {ok, Own, RunOptions} ->
            Node = proplists:get_value(node, RunOptions, node()),
            try
                {ok, {argv(Command, Args, Node), RunOptions,
                      maps:merge(#{reply => full, errors => term}, Own)}}
            catch
                throw:Reason -> {error, Reason}
            end;
        {error, Problem} ->
            {error, {options, einval, proctor_option_table:explain(Problem)}}
    end.

%% @doc A command, found, and its arguments, in bytes. Throws what the error
%% is to say.
-spec argv(term(), term(), node()) -> [binary(), ...].
argv(Command, Args, Node) ->
    Words = is_list(Args) andalso proctor_text:command(["-" | Args]),
    case Words of
        {ok, [_ | Bytes]} -> [proctor_path:find(Command, Node) | Bytes];
        {error, What} -> throw({options, einval, What});
        false -> throw({options, einval, args})
    end.
