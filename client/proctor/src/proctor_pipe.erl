%% @doc Commands joined by pipes of the kernel: what one writes the next reads
%% without passing through here. A shell makes the pipes, and is the leader of
%% one process group, which is what timeouts and stops concern. It sees no
%% command and no argument: these are its parameters, which its script names
%% by number. It says what became of each in status lines: lines on its standard
%% error that begin with a word that nobody else can write by accident.
-module(proctor_pipe).

-export([pipe/2]).

%% Bytes of a status line: the word, two numbers of three digits each, and what
%% parts them.
-define(TOKEN, 32).
-define(WIDTH, (?TOKEN + 9)).
-define(MOST, 999).

%% @doc See {@link proctor:pipe/2}.
-spec pipe([{proctor:text(), [proctor:text()]}], [proctor:cmd_option()]) ->
    {ok, proctor:result()} | {error, proctor:failure()}.
pipe(Commands, Options) ->
    case proctor_option_table:divide(pipe, Options) of
        {ok, Own, RunOptions} ->
            try found(Commands, RunOptions) of
                Found ->
                    run(Found, maps:get(max_output, Own, infinity),
                        RunOptions)
            catch
                throw:Reason -> {error, Reason}
            end;
        {error, Problem} ->
            {error, {options, einval, proctor_option_table:explain(Problem)}}
    end.

run(Found, Max, RunOptions) ->
    Token = binary_to_list(binary:encode_hex(rand:bytes(?TOKEN div 2))),
    {Errors, Options} = errors(RunOptions),
    Script = script([length(Words) || Words <- Found], Errors, Token),
    Result = proctor_cmd:cmd("/bin/sh", ["-c", Script, "sh"
                                         | lists:append(Found)],
                             [stderr, {max_output, most(Max, length(Found))}
                              | Options]),
    judge(take_status_lines(Result, Token), Found, Max).

%% What they may write does not count the status lines.
most(infinity, _Count) -> infinity;
most(Max, Count) -> Max + Count * ?WIDTH.

found([_ | _] = Commands, Options) ->
    Node = proplists:get_value(node, Options, node()),
    try length(Commands) of
        Count when Count =< ?MOST ->
            [words(N, Command, Node)
             || {N, Command} <- lists:zip(lists:seq(1, Count), Commands)];
        _ ->
            throw({options, einval, commands})
    catch
        error:badarg -> throw({options, einval, commands})
    end;
found(_Commands, _Options) ->
    throw({options, einval, commands}).

%% An error says which of the commands it is about, too.
words(N, {Command, Args}, Node) ->
    try
        [Path | Words] = proctor_cmd:argv(Command, Args, Node),
        [path(Path) | Words]
    catch
        throw:{options, einval, What} -> throw({options, einval, {N, What}})
    end;
words(N, _, _Node) ->
    throw({options, einval, {N, command}}).

%% Some shells would take it for an option of exec.
path(<<"-", _/binary>> = Path) -> <<"./", Path/binary>>;
path(Path) -> Path.

%% Whether the standard error of the commands is wanted is the script's to see
%% to; the shell's own has the status lines.
errors(Options) ->
    {Wanted, Rest} = lists:partition(fun is_stderr/1, Options),
    Where = case Wanted of
                [{stderr, stdout}] -> "&1";
                [{stderr, null}] -> "/dev/null";
                [{stderr, false}] -> "/dev/null";
                [_] -> "&2";
                [] -> "/dev/null"
            end,
    {Where, Rest}.

is_stderr(Option) ->
    Option =:= stderr orelse is_tuple(Option)
        andalso element(1, Option) =:= stderr.

%%% The script

%% Nothing is started unless everything can be. The shell's own complaints are
%% nobody's standard error.
script(Lengths, Errors, Token) ->
    {Stages, _} = lists:mapfoldl(fun(Length, {N, First}) ->
                                     {{N, First, Length},
                                      {N + 1, First + Length}}
                                 end, {1, 1}, Lengths),
    unicode:characters_to_binary(
      [io_lib:format("t() { printf '%s %03d %03d\\n' ~s $1 $2 >&3; }\n"
                     "exec 3>&2 4>~s 2>/dev/null\n", [Token, Errors]),
       [io_lib:format("[ -e \"${~w}\" ] || { t ~w 256; exit; }\n"
                      "[ -f \"${~w}\" ] && [ -x \"${~w}\" ] || "
                      "{ t ~w 257; exit; }\n", [First, N, First, First, N])
        || {N, First, _} <- Stages],
       lists:join(" | ", [stage(Stage) || Stage <- Stages])]).

stage({N, First, Length}) ->
    Words = [io_lib:format("\"${~w}\" ", [I])
             || I <- lists:seq(First, First + Length - 1)],
    ["{ (exec ", Words, io_lib:format("2>&4 3>&- 4>&-); t ~w $?; }", [N])].

%%% Results

%% Takes the status lines out of the result: by number, the status of each, or
%% why it cannot be executed.
take_status_lines({ok, Result}, Token) ->
    {Statuses, Rest} = status_lines(Result, Token),
    {ok, Statuses, Rest};
take_status_lines({error, {Stage, Errno, #{stderr := _} = Result}}, Token) ->
    {Statuses, Rest} = status_lines(Result, Token),
    {Stage, Errno, Statuses, Rest};
take_status_lines({error, _} = Error, _Token) ->
    Error.

status_lines(#{stderr := Text} = Result, Token) ->
    Pattern = [Token, " ([0-9]{3}) ([0-9]{3})\n"],
    Statuses = case re:run(Text, Pattern, [global, {capture, all_but_first,
                                                    list}]) of
                   {match, Matches} ->
                       [{list_to_integer(N), list_to_integer(Status)}
                        || [N, Status] <- Matches];
                   nomatch ->
                       []
               end,
    {Statuses, Result#{stderr := re:replace(Text, Pattern, "",
                                            [global, {return, binary}])}}.

judge({error, _} = Error, _Found, _Max) ->
    Error;
judge({ok, [{N, Why} | _], _}, Found, _Max) when Why > 255 ->
    Errno = case Why of 256 -> enoent; 257 -> eacces end,
    [Path | _] = lists:nth(N, Found),
    {error, {exec, Errno, Path}};
judge({ok, Statuses, Result}, Found, Max) ->
    #{stdout := Out, stderr := Err} = Full = statuses(Statuses, Result, Found),
    case byte_size(Out) + byte_size(Err) > Max of
        true -> {error, {output, emsgsize, cut(Full, Max)}};
        false -> {ok, Full}
    end;
judge({Stage, Errno, Statuses, Result}, Found, Max) ->
    {error, {Stage, Errno, cut(statuses(Statuses, Result, Found), Max)}}.

statuses(Statuses, Result, Found) ->
    Result#{statuses => [proplists:get_value(N, Statuses)
                         || N <- lists:seq(1, length(Found))]}.

cut(Result, infinity) ->
    Result;
cut(#{stdout := Out, stderr := Err} = Result, Max) ->
    Out1 = binary:part(Out, 0, min(Max, byte_size(Out))),
    Left = Max - byte_size(Out1),
    Result#{stdout := Out1,
            stderr := binary:part(Err, 0, min(Left, byte_size(Err)))}.
