%% The examples of README.md and of the pages for Erlang, as they stand there: in each
%% block whose results are behind its prompts, each line that begins with a
%% prompt is evaluated, and the result has to match the pattern in the comment
%% behind it, if there is one.
-module(proctor_readme_tests).

-include_lib("eunit/include/eunit.hrl").

pages_test_() ->
    [{Page, {timeout, 60, {spawn, fun() -> page(Page, Least) end}}}
     || {Page, Least} <- [{"README.md", 9}, {"doc/erlang.md", 15},
                             {"doc/from-erlexec.md", 12}, {"doc/task.md", 38},
                             {"doc/from-prx.md", 16},
                             {"doc/watching.md", 8}, {"doc/wrong.md", 4}]].

%% The table says all keys that the application reads, and no others.
environment_test() ->
    case file:read_file(filename:join(root(), "doc/getting.md")) of
        {ok, Text} ->
            [_, Behind] = binary:split(Text, <<"\n## The application's "
                                              "environment\n">>),
            [Part | _] = binary:split(Behind, <<"\n## ">>),
            {match, Keys} = re:run(Part, "^\\| `([a-z_]+)`",
                                   [multiline, global,
                                    {capture, all_but_first, list}]),
            ?assertEqual(lists:sort([instances | proctor_start_options:keys()]),
                         lists:sort([list_to_atom(Key) || [Key] <- Keys]));
        {error, enoent} ->
            ok
    end.

page(Page, Least) ->
    case file:read_file(filename:join(root(), Page)) of
        {ok, Text} ->
            proctor_case:quiet(fun() -> examples(Text, Least) end);
        {error, enoent} ->
            %% The application alone, without the checkout around it.
            ok
    end.

root() ->
    Source = proplists:get_value(source, ?MODULE:module_info(compile)),
    filename:join([filename:dirname(Source), "..", "..", ".."]).

examples(Text, Least) ->
    Blocks = [hd(binary:split(Block, <<"```">>))
              || Block <- tl(binary:split(Text, <<"```erlang\n">>, [global]))],
    [_ | _] = Lines = [Line || Block <- runnable(Blocks),
                               Line <- string:split(Block, "\n", all),
                               re:run(Line, "^[0-9]+> ", [{capture, none}])
                                   =:= match],
    ?assert(length(Lines) >= Least),
    try
        lists:foldl(fun example/2, erl_eval:new_bindings(), Lines)
    after
        _ = application:stop(proctor)
    end.

%% A block with results below its prompts, as a shell prints them, shows what
%% needs another machine than this.
runnable(Blocks) ->
    [Block || Block <- Blocks,
              re:run(Block, "^[0-9]+> .*\n[^0-9\n]", [{capture, none},
                                                      multiline]) =:= nomatch].

example(Line, Bindings) ->
    {Code, Pattern} = parts(Line),
    {value, Value, Bindings1} = erl_eval:exprs(parse(Code), Bindings),
    check(Pattern, Value, Line),
    Bindings1.

parts(Line) ->
    case re:run(Line, "^[0-9]+> (.*?\\.)( *% .*)?$",
                [unicode, {capture, all_but_first, list}]) of
        {match, [Code]} ->
            {Code, ""};
        {match, [Code, Comment]} ->
            {Code, string:trim(string:trim(Comment, leading), leading, "% ")}
    end.

parse(Text) ->
    {ok, Tokens, _} = erl_scan:string(Text),
    {ok, Exprs} = erl_parse:parse_exprs(Tokens),
    Exprs.

check("", _Value, _Line) ->
    ok;
check(Pattern, Value, Line) ->
    Case = parse("case V__ of " ++ Pattern ++ " -> ok; _ -> {no, V__} end."),
    {value, Result, _} = erl_eval:exprs(Case, [{'V__', Value}]),
    ?assertEqual({ok, Line}, {Result, Line}).
