%% @doc The lines of a command, one by one, at the speed of whoever takes them.
-module(proctor_fold).

-export([fold_lines/4]).

-record(fold, {function :: fun((binary(), term()) -> term()),
               acc :: term(),
               lines :: proctor_lines:lines()}).

%% @doc See {@link proctor:fold_lines/4}.
-spec fold_lines(fun((binary(), Acc) -> Acc), Acc, proctor:cmd(),
                 [proctor:line_option() | proctor:run_option()]) ->
    {ok, Acc, proctor_exit:exit()} | {error, term()}.
fold_lines(Fun, Acc, Command, Options) ->
    case proctor_option_table:divide(fold_lines, Options) of
        {ok, Own, RunOptions} ->
            Lines = proctor_lines:new(maps:get(max_line, Own, infinity),
                                      maps:get(cr, Own, keep)),
            run(Command, [{max_output, Max} || #{max_output := Max} <- [Own]]
                         ++ RunOptions,
                #fold{function = Fun, acc = Acc, lines = Lines});
        {error, Problem} ->
            {error, {options, einval, proctor_option_table:explain(Problem)}}
    end.

run(Command, Options, Fold) ->
    case proctor_reader:open(Command, Options) of
        {ok, Reader} ->
            try
                finished(Reader, fold(Reader, Fold))
            after
                proctor_reader:close(Reader)
            end;
        {error, _} = Error ->
            Error
    end.

fold(Reader, #fold{lines = Lines} = Fold) ->
    case proctor_reader:next(stdout, Reader) of
        {ok, Data} ->
            {Complete, Rest} = proctor_lines:split(Data, Lines),
            fold(Reader, call(Complete, Fold#fold{lines = Rest}));
        ended ->
            {ended, Fold};
        {error, Reason} ->
            {Reason, Fold}
    end.

call(Lines, #fold{function = Fun, acc = Acc} = Fold) ->
    Fold#fold{acc = lists:foldl(Fun, Acc, Lines)}.

%% Only when its end is told what no newline has ended is a line.
finished(Reader, {ended, #fold{acc = Acc, lines = Lines} = Fold}) ->
    case proctor_reader:await_exit(Reader) of
        #{reason := shutdown} = Exit ->
            {error, {port_closed, Acc, Exit}};
        #{} = Exit ->
            #fold{acc = Last} = call(proctor_lines:rest(Lines), Fold),
            {ok, Last, Exit};
        {Why, Partial} ->
            {error, {Why, Acc, Partial}}
    end;
finished(_Reader, {Why, #fold{acc = Acc}}) ->
    {error, {Why, Acc, proctor_exit:unknown(Why)}}.
