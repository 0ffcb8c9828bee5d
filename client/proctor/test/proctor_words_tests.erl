%% The atoms of the port program's answers, which are only decoded if they exist
%% here.
-module(proctor_words_tests).

-include_lib("eunit/include/eunit.hrl").
-include("../src/proctor_stages.hrl").

words_test_() ->
    case sources() of
        [] ->
            {"left out: the application has no checkout around it",
             fun() -> ok end};
        Files ->
            {"every word of the port program exists",
             fun() -> vocabulary(Files) end}
    end.

%% Those that write terms, and the names of errors and of what is in hello.
sources() ->
    Source = proplists:get_value(source, ?MODULE:module_info(compile)),
    Root = filename:join([filename:dirname(Source), "..", "..", ".."]),
    Texts = [begin {ok, Text} = file:read_file(File), Text end
             || Dir <- ["common", "common/compat", "worker"],
                File <- filelib:wildcard(filename:join([Root, Dir, "*.c"]))],
    [Text || Text <- Texts,
             re:run(Text, "put_atom\\(|^errname\\(|^sandbox_(confine|worker)\\(",
                    [multiline, {capture, none}]) =:= match].

matches(Text, Pattern) ->
    case re:run(Text, Pattern, [global, dotall,
                                {capture, all_but_first, list}]) of
        {match, Matches} -> Matches;
        nomatch -> []
    end.

vocabulary(Files) ->
    %% What is only logged, or asked of a system, is nothing that the node is
    %% told.
    Pattern = "(?<!fatal\\()(?<!promise\\()\"([a-z][a-z0-9_]*)\"",
    Said = lists:usort([list_to_atom(Word)
                        || Text <- Files, [Word] <- matches(Text, Pattern)]
                       ++ maps:keys(?STAGES)),
    %% That it is some, and those that are meant.
    [?assert(lists:member(Word, Said))
     || Word <- [enoent, policy, launcher_down, utime_us, stdin_ack]],
    Known = proctor_port:vocabulary(),
    ?assertEqual([], Said -- Known),
    Options = [Name || {Name, _, _, _} <- proctor_option_table:rows()],
    ?assertEqual([], (Known -- Said) -- Options).
