%% Queues whose members may give up: that they are queues, and that many who
%% wait cost no more each than few.
-module(proctor_fifo_tests).

-include_lib("eunit/include/eunit.hrl").

-import(proctor_case, [down/1, wait_until/1]).

-define(FEW, 1000).
-define(MANY, (8 * ?FEW)).

%% Against a list, whatever is done to it.
model_test() ->
    _ = rand:seed(exsss, {1, 2, 3}),
    lists:foldl(fun(_, {Fifo, Model}) ->
                    {Fifo1, Model1} = step(rand:uniform(5), Fifo, Model),
                    ?assertEqual([Value || {_, Value} <- Model1],
                                 proctor_fifo:to_list(Fifo1)),
                    ?assertEqual(length(Model1), proctor_fifo:size(Fifo1)),
                    {Fifo1, Model1}
                end, {proctor_fifo:new(), []}, lists:seq(1, 5000)).

step(N, Fifo, Model) when N < 3 ->
    Ref = make_ref(),
    {proctor_fifo:in(Ref, N, Fifo), Model ++ [{Ref, N}]};
step(_, Fifo, []) ->
    ?assertEqual(empty, proctor_fifo:peek(Fifo)),
    ?assertEqual(error, proctor_fifo:take(make_ref(), Fifo)),
    {Fifo, []};
step(3, Fifo, [{_, Value} | Rest]) ->
    ?assertEqual({value, Value}, proctor_fifo:peek(Fifo)),
    {proctor_fifo:drop(Fifo), Rest};
step(4, Fifo, [{Ref, _} | Rest]) ->
    {proctor_fifo:replace(new, Fifo), [{Ref, new} | Rest]};
step(5, Fifo, Model) ->
    {Ref, Value} = lists:nth(rand:uniform(length(Model)), Model),
    {Value, Fifo1} = proctor_fifo:take(Ref, Fifo),
    ?assertEqual(error, proctor_fifo:take(Ref, Fifo1)),
    {Fifo1, lists:keydelete(Ref, 1, Model)}.

%% What is done for eight times as many is about eight times as much, which is
%% far from the square. It is counted, not timed.
cheap(Work) ->
    Few = Work(?FEW),
    ?assert(Work(?MANY) < 20 * Few).

%% Senders that give up, the first or the last of them first.
feed_test_() ->
    [{Title, {timeout, 60, fun() ->
          cheap(fun(N) -> senders(N, Order) end)
      end}} || {Title, Order} <- [{"the first gives up first",
                                   fun(Refs) -> Refs end},
                                  {"the last gives up first",
                                   fun lists:reverse/1}]].

senders(N, Order) ->
    {_, Ref} = spawn_monitor(fun() ->
        Refs = [make_ref() || _ <- lists:seq(1, N)],
        Full = lists:foldl(fun(Each, Feed) ->
                               proctor_feed:push(<<"x">>, {self(), Each},
                                                 Each, Feed)
                           end, proctor_feed:new(10), Refs),
        Empty = lists:foldl(fun(Each, Feed) ->
                                {{_, Each}, Feed1} =
                                    proctor_feed:drop(Each, Feed),
                                Feed1
                            end, Full, Order(Refs)),
        0 = proctor_feed:size(Empty),
        {reductions, Reductions} = process_info(self(), reductions),
        exit({reductions, Reductions})
    end),
    {reductions, Reductions} = down(Ref),
    Reductions.

%% Who waits to receive, and gives up, by its time or by its end: those first
%% that came last.
recv_test_() ->
    proctor_case:cases([], [{"receivers whose time is over",
                             fun() -> cheap(fun timeouts/1) end},
                            {"receivers that die",
                             fun() -> cheap(fun deaths/1) end}]).

timeouts(N) ->
    receivers(N, fun(I) -> 500 + 500 * (N - I) div N end,
              fun(_) -> ok end).

deaths(N) ->
    receivers(N, fun(_) -> infinity end,
              fun(Pids) ->
                  wait_until(fun() -> waiting() =:= N end),
                  [exit(Pid, kill) || Pid <- lists:reverse(Pids)]
              end).

receivers(N, Timeout, Fun) ->
    {ok, Pid, _} = proctor:run("exec sleep 1000", [stdout, {active, false}]),
    {reductions, Before} = process_info(Pid, reductions),
    Waiting = [spawn_monitor(fun() -> proctor:recv(Pid, 1, Timeout(I)) end)
               || I <- lists:seq(1, N)],
    _ = Fun([Each || {Each, _} <- Waiting]),
    _ = [down(Ref) || {_, Ref} <- Waiting],
    wait_until(fun() -> waiting() =:= 0 end),
    {reductions, After} = process_info(Pid, reductions),
    normal = proctor:stop_and_wait(Pid, 30000),
    After - Before.

%% Runs that nobody waits for any more, by an instance that has no answer yet.
cancel_test_() ->
    proctor_case:alone([{"callers of run whose time is over",
                         fun() -> cheap(fun callers/1) end}]).

callers(N) ->
    proctor_case:with_fake(silent, [], fun(Server) ->
        Refs = [element(2, spawn_monitor(fun() ->
                    exit(proctor:run("x", [], 500))
                end)) || _ <- lists:seq(1, N)],
        [{error, timeout} = down(Ref) || Ref <- Refs],
        %% That it is told comes before that is asked.
        {ok, #{pending := N}} = proctor:info(),
        {reductions, Reductions} = process_info(Server, reductions),
        Reductions
    end).

waiting() ->
    {ok, #{children := Children}} = proctor:info(),
    lists:sum([Count || #{receivers := Count} <- Children]).
