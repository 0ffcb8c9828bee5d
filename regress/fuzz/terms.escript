#!/usr/bin/env escript
%% Terms of Erlang's own making, through our reader and writer and back: what
%% comes has to be what was sent.
%%
%%      terms.escript BUILD/fuzz/term [COUNT]
-mode(compile).

main([Program]) ->
    main([Program, "1000"]);
main([Program, Count]) ->
    N = list_to_integer(Count),
    Seed = erlang:system_time(millisecond),
    _ = rand:seed(exsss, Seed),
    Terms = edges() ++ [term(rand:uniform(5)) || _ <- lists:seq(1, N)],
    Folder = string:trim(os:cmd("mktemp -d")),
    try
        Bad = [T || {T, Copy} <- lists:zip(Terms, copies(Program, Folder, Terms)), T =/= Copy],
        lists:foreach(fun(T) -> io:format("not the same: ~0p~n", [T]) end, lists:sublist(Bad, 5)),
        io:format("~s FUZZ terms: ~b of Erlang's, seed ~b~n", [said(Bad), length(Terms), Seed]),
        Bad =:= [] orelse halt(1)
    after
        os:cmd("rm -rf " ++ Folder)
    end.

said([]) -> "ok";
said(_) -> "FAIL".

%% The program leaves a copy of the Nth input in the Nth file.
copies(Program, Folder, Terms) ->
    Numbered = lists:zip(lists:seq(0, length(Terms) - 1), Terms),
    Names = [filename:join(Folder, "in" ++ integer_to_list(I)) || {I, _} <- Numbered],
    [ok = file:write_file(filename:join(Folder, "in" ++ integer_to_list(I)), encoded(T, I)) || {I, T} <- Numbered],
    Port = open_port({spawn_executable, Program},
                     [{args, Names}, {env, [{"TERMS", Folder}]}, exit_status, stderr_to_stdout, binary]),
    0 = status(Port),
    [copy(filename:join(Folder, integer_to_list(I))) || {I, _} <- Numbered].

status(Port) ->
    receive
        {Port, {exit_status, Status}} -> Status;
        {Port, {data, Data}} ->
            string:find(Data, "inputs") =:= nomatch andalso io:put_chars(Data),
            status(Port)
    end.

copy(Name) ->
    case file:read_file(Name) of
        {ok, Bytes} -> binary_to_term(Bytes);
        {error, _} -> no_copy_of_it
    end.

%% Both ways of atoms that Erlang has, in turn.
encoded(Term, I) ->
    term_to_binary(Term, [{minor_version, 1 + I rem 2}]).

edges() ->
    [0, 255, 256, -1, 1 bsl 31 - 1, 1 bsl 31, -(1 bsl 31), -(1 bsl 31) - 1, 1 bsl 63 - 1, -(1 bsl 63),
     1 bsl 63, 1 bsl 64 - 1, [], {}, #{}, <<>>, '', "", "abc", [256], [[]], [a | [b]], lists:seq(0, 255),
     lists:duplicate(65535, $x), lists:duplicate(65536, $x), list_to_tuple(lists:seq(1, 255)),
     list_to_tuple(lists:seq(1, 256)), list_to_atom(lists:duplicate(255, $a)),
     list_to_atom(lists:duplicate(255, 16#20ac)), list_to_atom([233])].

term(0) -> leaf(rand:uniform(7));
term(Depth) ->
    N = rand:uniform(6) - 1,
    case rand:uniform(4) of
        1 -> [term(Depth - 1) || _ <- lists:seq(1, N)];
        2 -> list_to_tuple([term(Depth - 1) || _ <- lists:seq(1, N)]);
        3 -> maps:from_list([{term(Depth - 1), term(Depth - 1)} || _ <- lists:seq(1, N)]);
        4 -> leaf(rand:uniform(7))
    end.

leaf(1) -> rand:uniform(512) - 256;
leaf(2) -> rand:uniform(1 bsl 64) - 1 - (rand:uniform(2) - 1) * (1 bsl 63);
leaf(3) -> rand:bytes(rand:uniform(40) - 1);
leaf(4) -> binary_to_list(rand:bytes(rand:uniform(40) - 1));
leaf(5) -> lists:nth(rand:uniform(4), [ok, error, 'a b', 'Z']);
leaf(6) -> [rand:uniform(16#d7ff) || _ <- lists:seq(1, rand:uniform(9))];
leaf(7) -> [].
