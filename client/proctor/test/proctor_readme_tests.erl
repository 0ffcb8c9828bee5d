%% The examples of the README, as they stand there: each line of the section
%% "From Erlang" that begins with a prompt is evaluated, and the result has to
%% match the pattern in the comment behind it, if there is one.
-module(proctor_readme_tests).

-include_lib("eunit/include/eunit.hrl").

readme_test_() ->
    {timeout, 60,
     {spawn, fun() ->
         case file:read_file(readme()) of
             {ok, Text} ->
                 proctor_case:quiet(fun() -> examples(Text) end);
             {error, enoent} ->
                 %% The application alone, without the checkout around it.
                 ok
         end
     end}}.

readme() ->
    Source = proplists:get_value(source, ?MODULE:module_info(compile)),
    filename:join([filename:dirname(Source), "..", "..", "..", "README.md"]).

examples(Text) ->
    [_, Section] = binary:split(Text, <<"## From Erlang\n">>),
    [Erlang | _] = binary:split(Section, <<"\n## ">>),
    Blocks = [hd(binary:split(Block, <<"```">>))
              || Block <- tl(binary:split(Erlang, <<"```erlang\n">>,
                                          [global]))],
    Lines = [Line || Block <- Blocks,
                     Line <- string:split(Block, "\n", all),
                     re:run(Line, "^[0-9]+> ", [{capture, none}]) =:= match],
    ?assert(length(Lines) >= 15),
    try
        lists:foldl(fun example/2, erl_eval:new_bindings(), Lines)
    after
        _ = application:stop(proctor)
    end.

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
