%% A program as it is written for prx: nothing but names is replaced in its text
%% before it is compiled, and it does what its author meant.
-module(proctor_prx_program_tests).

-include_lib("eunit/include/eunit.hrl").

program_test_() ->
    proctor_case:alone([{"renamed, compiled, run", fun run/0}]).

run() ->
    {ok, Module, Beam} = compiled(renamed(text())),
    {module, Module} = code:load_binary(Module, "boxes.erl", Beam),
    try
        ?assertEqual(all_well, Module:main())
    after
        true = code:delete(Module),
        _ = code:purge(Module)
    end.

%% What doc/from-prx.md says has to be done.
renamed(Text) ->
    lists:foldl(fun({From, To}, Acc) ->
                    re:replace(Acc, From, To, [global, {return, list}])
                end, Text,
                [{"alcove/include/alcove_seccomp",
                  "proctor/include/proctor_alcove_seccomp"},
                 {"\\b(prx|prx_task|prx_drv|alcove|alcove_drv):", "proctor_\\1:"},
                 {"set_env\\(prx,", "set_env(proctor_prx,"}]).

%% It is no module of ours, so it is called text.
text() ->
    {ok, Text} = file:read_file(beside("lib/boxes.txt")),
    Text.

beside(Name) ->
    Source = proplists:get_value(source, ?MODULE:module_info(compile)),
    filename:join(filename:dirname(Source), Name).

compiled(Text) ->
    proctor_case:with_dir(fun(Dir) ->
        File = filename:join(Dir, "boxes.erl"),
        ok = file:write_file(File, Text),
        compile:file(File, [binary, return_errors, warnings_as_errors,
                            {i, beside("../..")}])
    end).
