%% @doc Commands joined by pipes of the kernel: what one writes the next reads
%% without passing through here. A shell makes the pipes and tells how each
%% command ended, in lines on its standard error that nobody else can write
%% by accident; the commands and their arguments it only ever sees quoted.
-module(proctor_pipe).

-export([pipe/2]).

%% @doc See {@link proctor:pipe/2}.
-spec pipe([{proctor:text(), [proctor:text()]}], [proctor:cmd_option()]) ->
    {ok, proctor:result()} | {error, proctor:failure()}.
pipe(Commands, Options) ->
    Token = binary_to_list(binary:encode_hex(rand:bytes(16))),
    try script(Commands, Options, Token) of
        Script ->
            Count = length(Commands),
            result(proctor_cmd:cmd("/bin/sh", ["-c", Script],
                                   options(Options)), Token, Count)
    catch
        throw:Reason -> {error, Reason};
        error:_ -> {error, {options, einval, Commands}}
    end.

%% Whether the standard error of the commands is wanted is the script's to see
%% to.
options(Options) ->
    [stderr | Options -- [stderr, stderr_to_stdout]].

script([_ | _] = Commands, Options, Token) ->
    Node = proplists:get_value(node, Options, node()),
    Stages = [stage(Stage, Command, Node, Token)
              || {Stage, Command} <- lists:zip(lists:seq(1, length(Commands)),
                                               Commands)],
    ["exec 3>&2", errors(Options), "; ", lists:join(" | ", Stages)];
script(Commands, _Options, _Token) ->
    throw({options, einval, Commands}).

errors(Options) ->
    case {lists:member(stderr, Options),
          lists:member(stderr_to_stdout, Options)} of
        {_, true} -> " 2>&1";
        {true, false} -> "";
        {false, false} -> " 2>/dev/null"
    end.

stage(Stage, {Command, Args}, Node, Token) ->
    Words = [proctor_cmd:find(Command, Node) | Args],
    ["{ ", lists:join(" ", [quote(Word) || Word <- Words]), " 3>&-; echo ",
     Token, " ", integer_to_list(Stage), " $? >&3; }"].

%% Nothing but a quote means anything between quotes.
quote(Text) ->
    case unicode:characters_to_list(Text) of
        Word when is_list(Word) ->
            lists:member(0, Word) andalso throw({options, einval, Text}),
            ["'", string:replace(Word, "'", "'\\''", all), "'"];
        _ ->
            throw({options, einval, Text})
    end.

%%% Results

result({ok, Result}, Token, Count) ->
    {ok, statuses(Result, Token, Count)};
result({error, {Stage, Errno, #{status := _} = Result}}, Token, Count) ->
    {error, {Stage, Errno, statuses(Result, Token, Count)}};
result({error, _} = Error, _Token, _Count) ->
    Error.

statuses(#{stderr := Text} = Result, Token, Count) ->
    Pattern = [Token, " ([0-9]+) ([0-9]+)\n"],
    Told = case re:run(Text, Pattern, [global, {capture, all_but_first,
                                                list}]) of
               {match, Matches} ->
                   maps:from_list([{list_to_integer(N),
                                    list_to_integer(Status)}
                                   || [N, Status] <- Matches]);
               nomatch ->
                   #{}
           end,
    Result#{statuses => [maps:get(N, Told, undefined)
                         || N <- lists:seq(1, Count)],
            stderr := re:replace(Text, Pattern, "",
                                 [global, {return, binary}])}.
