%% What the port program and the client both have to know, one of them in C:
%% the atoms of its answers, which are only decoded if they exist here, and the
%% English of a run that failed, which it says itself to erlexec's client.
-module(proctor_words_tests).

-include_lib("eunit/include/eunit.hrl").

words_test_() ->
    case sources() of
        [] ->
            [{"left out: the application has no checkout around it",
              fun() -> ok end}];
        Files ->
            [{"every word of the port program exists",
              fun() -> vocabulary(Files) end},
             {"a failed run in English", fun() -> english(Files) end}]
    end.

%% Those that write terms, and the names of errors and of what is in hello.
sources() ->
    Source = proplists:get_value(source, ?MODULE:module_info(compile)),
    Root = filename:join([filename:dirname(Source), "..", "..", ".."]),
    Texts = [begin {ok, Text} = file:read_file(File), Text end
             || Dir <- ["common", "common/compat", "worker"],
                File <- filelib:wildcard(filename:join([Root, Dir, "*.c"]))],
    [Text || Text <- Texts,
             re:run(Text, "put_atom\\(|^errname\\(|^sandbox_worker\\(",
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
                        || Text <- Files, [Word] <- matches(Text, Pattern)]),
    %% That it is some, and those that are meant.
    [?assert(lists:member(Word, Said))
     || Word <- [enoent, policy, launcher_down, utime_us, stdin_ack]],
    Known = proctor_port:vocabulary(),
    ?assertEqual([], Said -- Known),
    Options = [Name || {Name, _, _, _} <- proctor_option_table:rows()],
    ?assertEqual([], (Known -- Said) -- Options).

%% What stands before and behind the detail of each stage.
english(Files) ->
    Names = [{Stage, list_to_atom(Name)}
             || Text <- Files,
                [Stage, Name] <- matches(Text, "\\[STAGE_([A-Z]+)\\] = "
                                               "\"([a-z]+)\"")],
    Frames = [{proplists:get_value(Stage, Names), Head, Tail}
              || Text <- Files,
                 [Stage, Head, Tail]
                     <- matches(Text, "\\[STAGE_([A-Z]+)\\] = "
                                      "\\{ \"([^\"]*)\",\\s*\"([^\"]*)\" \\}")],
    ?assert(length(Frames) > 10),
    [?assertEqual({Stage, {error, "Couldn't start pid: " ++ Head ++ Detail
                           ++ Tail ++ ": Operation not permitted"}},
                  {Stage, proctor_error:answer(
                            {error, {Stage, eperm, list_to_binary(Detail)}})})
     || {Stage, Head, Tail} <- Frames,
        %% There is none of a launcher.
        Detail <- case Stage of launcher -> [""]; _ -> ["x"] end].
