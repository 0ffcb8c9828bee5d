%% @doc Commands joined by pipes of the kernel: what one writes the next reads
%% without passing through here. A shell makes the pipes, and is the leader of
%% one process group, which is what timeouts and stops concern. It sees no
%% command and no argument: these are its parameters, which its script names
%% by number. It tells what became of each in lines on its standard error that
%% begin with a word that nobody else can write by accident.
-module(proctor_pipe).

-export([pipe/2]).

%% Bytes of such a line: the word, two numbers of three digits each, and what
%% parts them.
-define(TOKEN, 32).
-define(WIDTH, (?TOKEN + 9)).
-define(MOST, 999).

%% @doc See {@link proctor:pipe/2}.
-spec pipe([{proctor:text(), [proctor:text()]}], [proctor:cmd_option()]) ->
    {ok, proctor:result()} | {error, proctor:failure()}.
pipe(Commands, Options) ->
    Token = binary_to_list(binary:encode_hex(rand:bytes(?TOKEN div 2))),
    try
        Found = found(Commands, Options),
        Script = script([length(Words) || Words <- Found], Options, Token),
        {Max, CmdOptions} = options(Options, length(Found)),
        {Found, Max, proctor_cmd:cmd("/bin/sh", ["-c", Script, "sh"
                                                 | lists:append(Found)],
                                     CmdOptions)}
    of
        {Words, Most, Result} ->
            judge(told(Result, Token), Words, Most)
    catch
        throw:Reason -> {error, Reason};
        error:_ -> {error, {options, einval, Commands}}
    end.

found([_ | _] = Commands, Options) when length(Commands) =< ?MOST ->
    Node = proplists:get_value(node, Options, node()),
    [words(Command, Node) || Command <- Commands];
found(Commands, _Options) ->
    throw({options, einval, Commands}).

words({Command, Args}, Node) ->
    [path(proctor_cmd:find(Command, Node)) | [argument(Arg) || Arg <- Args]].

%% Some shells would take it for an option of exec.
path("-" ++ _ = Path) -> "./" ++ Path;
path(Path) -> Path.

%% Any bytes but that which ends it.
argument(Arg) ->
    Bytes = case is_binary(Arg) of
                true -> Arg;
                false -> unicode:characters_to_binary(Arg)
            end,
    is_binary(Bytes) andalso binary:match(Bytes, <<0>>) =:= nomatch
        orelse throw({options, einval, Arg}),
    Bytes.

%% Whether the standard error of the commands is wanted is the script's to see
%% to, and what they may write does not count what the shell tells.
options(Options, Count) ->
    lists:keymember(executable, 1, Options)
        andalso throw({options, einval, executable}),
    Rest = [Option || Option <- Options, Option =/= stderr,
                      Option =/= stderr_to_stdout,
                      not is_tuple(Option) orelse
                          element(1, Option) =/= max_output],
    case proplists:get_value(max_output, Options, infinity) of
        Max when is_integer(Max), Max >= 0 ->
            {Max, [stderr, {max_output, Max + Count * ?WIDTH} | Rest]};
        infinity ->
            {infinity, [stderr | Rest]};
        Bad ->
            throw({options, einval, {max_output, Bad}})
    end.

%%% The script

%% Nothing is started unless everything can be. The shell's own complaints are
%% nobody's standard error.
script(Lengths, Options, Token) ->
    {Stages, _} = lists:mapfoldl(fun(Length, {N, First}) ->
                                     {{N, First, Length},
                                      {N + 1, First + Length}}
                                 end, {1, 1}, Lengths),
    unicode:characters_to_binary(
      [io_lib:format("t() { printf '%s %03d %03d\\n' ~s $1 $2 >&3; }\n"
                     "exec 3>&2 4>~s 2>/dev/null\n", [Token, errors(Options)]),
       [io_lib:format("[ -e \"${~w}\" ] || { t ~w 256; exit; }\n"
                      "[ -f \"${~w}\" ] && [ -x \"${~w}\" ] || "
                      "{ t ~w 257; exit; }\n", [First, N, First, First, N])
        || {N, First, _} <- Stages],
       lists:join(" | ", [stage(Stage) || Stage <- Stages])]).

errors(Options) ->
    case {lists:member(stderr, Options),
          lists:member(stderr_to_stdout, Options)} of
        {_, true} -> "&1";
        {true, false} -> "&2";
        {false, false} -> "/dev/null"
    end.

stage({N, First, Length}) ->
    Words = [io_lib:format("\"${~w}\" ", [I])
             || I <- lists:seq(First, First + Length - 1)],
    ["{ (exec ", Words, io_lib:format("2>&4 3>&- 4>&-); t ~w $?; }", [N])].

%%% Results

%% Takes out of the result what the shell has told: by number, the status of
%% each, or why it cannot be executed.
told({ok, Result}, Token) ->
    {Told, Rest} = lines(Result, Token),
    {ok, Told, Rest};
told({error, {Stage, Errno, #{stderr := _} = Result}}, Token) ->
    {Told, Rest} = lines(Result, Token),
    {Stage, Errno, Told, Rest};
told({error, _} = Error, _Token) ->
    Error.

lines(#{stderr := Text} = Result, Token) ->
    Pattern = [Token, " ([0-9]{3}) ([0-9]{3})\n"],
    Told = case re:run(Text, Pattern, [global, {capture, all_but_first,
                                                list}]) of
               {match, Matches} ->
                   [{list_to_integer(N), list_to_integer(Status)}
                    || [N, Status] <- Matches];
               nomatch ->
                   []
           end,
    {Told, Result#{stderr := re:replace(Text, Pattern, "",
                                        [global, {return, binary}])}}.

judge({error, _} = Error, _Found, _Max) ->
    Error;
judge({ok, [{N, Why} | _], _}, Found, _Max) when Why > 255 ->
    Errno = case Why of 256 -> enoent; 257 -> eacces end,
    [Path | _] = lists:nth(N, Found),
    {error, {exec, Errno, unicode:characters_to_binary(Path)}};
judge({ok, Told, Result}, Found, Max) ->
    #{stdout := Out, stderr := Err} = Full = statuses(Told, Result, Found),
    case byte_size(Out) + byte_size(Err) > Max of
        true -> {error, {output, emsgsize, cut(Full, Max)}};
        false -> {ok, Full}
    end;
judge({Stage, Errno, Told, Result}, Found, Max) ->
    {error, {Stage, Errno, cut(statuses(Told, Result, Found), Max)}}.

statuses(Told, Result, Found) ->
    Result#{statuses => [proplists:get_value(N, Told)
                         || N <- lists:seq(1, length(Found))]}.

cut(Result, infinity) ->
    Result;
cut(#{stdout := Out, stderr := Err} = Result, Max) ->
    Out1 = binary:part(Out, 0, min(Max, byte_size(Out))),
    Left = Max - byte_size(Out1),
    Result#{stdout := Out1,
            stderr := binary:part(Err, 0, min(Left, byte_size(Err)))}.
