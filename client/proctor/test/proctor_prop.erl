%% A model of run, send, recv, setopts, kill, stop and exit, against real
%% processes: PropEr makes up sequences of calls, whatever they meet each other
%% in, and the model says what each may answer.
%%
%% The child is a shell that says what it is told to say, and exits when told.
%% What it has not said yet when it is killed may be missing, but only from the
%% end.
-module(proctor_prop).

-export([main/1, property/0, lines/0]).
-export([initial_state/0, command/1, precondition/2, postcondition/3,
         next_state/3]).
-export([run/2, say/2, read/2, nothing/1, setopts/2, leave/2, kill/1, stop/1,
         finish/1, gone/1, children/0]).

-define(SOON, 10000).

%% For each process, by the symbolic result of run: what it is yet to be heard
%% saying; whether that is certain; how it will end, if that is decided.
-record(proc, {var, active, unread = <<>>, certain = true, outcome}).

-record(model, {procs = [] :: [#proc{}], gone = [] :: [term()]}).

%% @doc Tests the property `N' times; ends the node.
main(N) ->
    ok = logger:set_primary_config(level, none),
    {ok, _} = application:ensure_all_started(proctor),
    Start = erlang:monotonic_time(millisecond),
    Result = apart(fun lines/0, N) =:= true
        andalso apart(fun nonsense/0, N) =:= true
        andalso apart(fun property/0, N),
    Took = erlang:monotonic_time(millisecond) - Start,
    ok = application:stop(proctor),
    case Result of
        true ->
            io:format("  PropEr: ~w sequences passed in ~w s.~n",
                      [N, Took div 1000]),
            halt(0);
        Other ->
            io:format("  PropEr: failed: ~tp~n", [Other]),
            halt(1)
    end.

%% In a process that keeps its mailbox to itself: PropEr leaves messages of its
%% own processes in that of whoever asks it.
apart(Property, N) ->
    {_, Ref} = spawn_monitor(fun() ->
        Result = proper:quickcheck(Property(), [{numtests, N}, quiet]),
        Result =:= true orelse io:format("~tP~n", [proper:counterexample(),
                                                   60]),
        exit(Result)
    end),
    receive {'DOWN', Ref, process, _, Result} -> Result end.

%% Whatever somebody takes for a command, arguments, options and a time is
%% answered, and is no matter of the port: here nothing can be started.
nonsense() ->
    Term = proper_types:any(),
    Names = [Name || {Name, _, _, _} <- proctor_option_table:rows(),
                     Name =/= instance, Name =/= node],
    Name = proper_types:oneof(Names),
    Option = proper_types:frequency([{1, Term}, {2, Name},
                                     {5, proper_types:tuple([Name, Term])}]),
    Options = proper_types:frequency([{1, Term},
                                      {9, proper_types:list(Option)}]),
    proper:forall(proper_types:tuple([Term, Term, Options, Term]),
                  fun answered/1).

answered({Command, Args, Options, Time}) ->
    Nowhere = case is_list(Options) of
                  true -> [{instance, no_such_instance} | Options];
                  false -> Options
              end,
    Run = [proctor:run(Command, Nowhere, Time),
           proctor:run_link(Command, Nowhere, Time),
           proctor:manage(2, Nowhere)],
    Cmd = [proctor:cmd(Command, Args, Nowhere),
           proctor:cmd("true", Args, Nowhere),
           proctor:pipe([{Command, Args}], Nowhere),
           proctor:pipe(Args, Nowhere),
           proctor:fold_lines(fun(_, A) -> A end, 0, Command, Nowhere)],
    lists:all(fun({error, not_started}) -> true;
                 ({error, {badopt, _}}) -> true;
                 ({error, {invalid_pty_value, _}}) -> true;
                 ({error, Text}) -> is_list(Text)
              end, Run)
        andalso lists:all(fun({error, {port, eio, {not_started, _}}}) -> true;
                             ({error, {options, einval, _}}) -> true;
                             ({error, {exec, enoent, _}}) -> true;
                             ({error, not_started}) -> true;
                             (_) -> false
                          end, Cmd).

%% However output is cut into pieces, the lines are the same; each is as long as
%% it may be; and put together again they are the output.
lines() ->
    proper:forall(
      proper_types:tuple(
        [proper_types:list(proper_types:list(
                             proper_types:elements("ab\r\n"))),
         proper_types:elements([infinity, 1, 2, 3, 7]),
         proper_types:elements([keep, strip])]),
      fun({Pieces, Max, Cr}) ->
          Whole = cut([Pieces], proctor_lines:new(Max, Cr, marked)),
          {Ended, Rest} = Whole,
          Whole =:= cut(Pieces, proctor_lines:new(Max, Cr, marked))
              andalso plain(Whole) =:= cut(Pieces, proctor_lines:new(Max, Cr))
              andalso lists:all(fun(Line) -> exact(Line, Max) end,
                                Ended ++ Rest)
              andalso iolist_to_binary([ended(Line) || Line <- Ended]
                                       ++ [bytes(Line) || Line <- Rest])
                      =:= without(Cr, iolist_to_binary(Pieces))
      end).

cut(Pieces, Lines) ->
    {Ended, Last} = lists:mapfoldl(fun(Piece, Acc) ->
                                       proctor_lines:split(
                                         iolist_to_binary(Piece), Acc)
                                   end, Lines, Pieces),
    {lists:append(Ended), proctor_lines:rest(Last)}.

plain({Ended, Rest}) ->
    {[bytes(Line) || Line <- Ended], [bytes(Line) || Line <- Rest]}.

exact({part, Part}, Max) -> byte_size(Part) =:= Max;
exact(Line, Max) -> byte_size(Line) =< Max.

ended({part, Part}) -> Part;
ended(Line) -> [Line, "\n"].

bytes({part, Part}) -> Part;
bytes(Line) -> Line.

without(keep, Data) ->
    Data;
without(strip, Data) ->
    binary:replace(Data, <<"\r\n">>, <<"\n">>, [global]).

property() ->
    proper:forall(proper_statem:commands(?MODULE), fun check/1).

check(Commands) ->
    {History, State, Result} = proper_statem:run_commands(?MODULE, Commands),
    Left = tidy(History),
    case {Result, Left} of
        {ok, {[], []}} ->
            true;
        _ ->
            io:format("~tP~n~tP~n~tP~n~tP~n",
                      [Commands, 60, State, 60, Result, 60, Left, 60]),
            _ = [io:format("~tP~n", [Step, 40])
                 || {_, Step} <- lists:nthtail(max(0, length(History) - 3),
                                               History)],
            false
    end.

%% Whatever is left is ended, and then nothing may be: no process, no message.
tidy(History) ->
    _ = [proctor:stop_and_wait(Pid, infinity)
         || {_, {ok, Pid, _}} <- History],
    OsPids = [OsPid || {_, {ok, _, OsPid}} <- History],
    _ = [forget(OsPid) || OsPid <- OsPids],
    {proctor:which_children(), drain()}.

forget(OsPid) ->
    receive
        {_, OsPid, _} -> forget(OsPid);
        {'DOWN', OsPid, process, _, _} -> forget(OsPid)
    after 0 ->
        ok
    end.

drain() ->
    receive Message -> [Message | drain()] after 0 -> [] end.

%%% The model

initial_state() ->
    #model{}.

command(#model{procs = Procs, gone = Gone}) ->
    New = [{3, {call, ?MODULE, run, [active(), window()]}}
           || length(Procs) < 4],
    Any = [{1, {call, ?MODULE, children, []}}],
    Old = lists:append([on(Proc) || Proc <- Procs]),
    Dead = [{1, {call, ?MODULE, gone, [Var]}} || Var <- Gone],
    proper_types:frequency(New ++ Any ++ Old ++ Dead).

on(#proc{var = Var, unread = Unread, outcome = undefined, active = Active}) ->
    Size = byte_size(Unread),
    [{4, {call, ?MODULE, say, [Var, words()]}},
     {1, {call, ?MODULE, leave, [Var, proper_types:integer(0, 255)]}},
     {1, {call, ?MODULE, kill, [Var]}},
     {1, {call, ?MODULE, stop, [Var]}},
     {2, {call, ?MODULE, setopts, [Var, active()]}}]
    ++ [{4, {call, ?MODULE, read, [Var, proper_types:integer(1, Size)]}}
        || Size > 0, Active =/= once]
    ++ [{1, {call, ?MODULE, nothing, [Var]}} || Size =:= 0];
on(#proc{var = Var}) ->
    [{3, {call, ?MODULE, finish, [Var]}}].

active() ->
    proper_types:oneof([true, false]).

window() ->
    proper_types:oneof([0, 100, 4096, 65536]).

%% Now and then more than a window or a pipe holds.
words() ->
    proper_types:frequency(
      [{8, proper_types:integer(1, 60)},
       {1, proper_types:integer(1000, 9000)},
       {1, proper_types:integer(60000, 150000)}]).

precondition(#model{procs = Procs}, {call, _, Name, [Var | _] = Args})
  when Name =/= run, Name =/= gone ->
    case lists:keyfind(Var, #proc.var, Procs) of
        false -> false;
        #proc{outcome = undefined, unread = Unread} ->
            case {Name, Args} of
                {finish, _} -> false;
                {read, [_, N]} -> N =< byte_size(Unread);
                {nothing, _} -> Unread =:= <<>>;
                _ -> true
            end;
        #proc{} -> Name =:= finish
    end;
precondition(#model{gone = Gone}, {call, _, gone, [Var]}) ->
    lists:member(Var, Gone);
precondition(_Model, _Call) ->
    true.

next_state(#model{procs = Procs} = Model, Var,
           {call, _, run, [Active, _Window]}) ->
    Model#model{procs = [#proc{var = Var, active = Active} | Procs]};
next_state(#model{procs = Procs, gone = Gone} = Model, _,
           {call, _, finish, [Var]}) ->
    Model#model{procs = lists:keydelete(Var, #proc.var, Procs),
                gone = [Var | Gone]};
next_state(Model, _, {call, _, Name, _})
  when Name =:= children; Name =:= gone; Name =:= nothing ->
    Model;
next_state(#model{procs = Procs} = Model, _, {call, _, Name, [Var | Args]}) ->
    Proc = lists:keyfind(Var, #proc.var, Procs),
    Model#model{procs = lists:keystore(Var, #proc.var, Procs,
                                       step(Name, Args, Proc))}.

step(say, [Length], #proc{unread = Unread} = Proc) ->
    Proc#proc{unread = <<Unread/binary, (text(Length))/binary>>};
step(read, [N], #proc{unread = Unread} = Proc) ->
    Proc#proc{unread = binary:part(Unread, N, byte_size(Unread) - N)};
step(setopts, [Active], Proc) ->
    Proc#proc{active = Active};
step(leave, [0], Proc) ->
    Proc#proc{outcome = normal};
step(leave, [Code], Proc) ->
    Proc#proc{outcome = {exit_status, Code bsl 8}};
step(kill, [], Proc) ->
    Proc#proc{outcome = {exit_status, 9}, certain = false};
step(stop, [], Proc) ->
    Proc#proc{outcome = normal, certain = false}.

postcondition(_Model, {call, _, run, _}, Result) ->
    case Result of
        {ok, Pid, OsPid} -> is_pid(Pid) andalso is_integer(OsPid);
        _ -> false
    end;
postcondition(#model{procs = Procs}, {call, _, children, []}, Result) ->
    Alive = [OsPid || #proc{var = {ok, _, OsPid}, outcome = undefined}
                          <- Procs],
    is_list(Result) andalso Alive -- Result =:= []
        andalso length(Result) =< length(Procs);
postcondition(_Model, {call, _, gone, _}, Result) ->
    Result =:= {{error, no_process}, {error, closed}, {error, no_process},
                undefined};
postcondition(_Model, {call, _, nothing, _}, Result) ->
    Result =:= nothing;
postcondition(#model{procs = Procs}, {call, _, read, [Var, N]}, Result) ->
    #proc{unread = Unread} = lists:keyfind(Var, #proc.var, Procs),
    Result =:= {ok, binary:part(Unread, 0, N)};
postcondition(#model{procs = Procs}, {call, _, finish, [Var]}, Result) ->
    #proc{unread = Unread, certain = Certain, outcome = Outcome} =
        lists:keyfind(Var, #proc.var, Procs),
    case Result of
        {Data, Outcome} when Certain ->
            Data =:= Unread;
        {Data, Outcome} ->
            byte_size(Data) =:= binary:longest_common_prefix([Data, Unread]);
        _ ->
            false
    end;
postcondition(_Model, _Call, Result) ->
    Result =:= ok.

%%% The calls

-define(CHILD,
        "while read -r what n; do case $what in say) "
        "head -c $n /dev/zero | tr '\\0' x; echo;; exit) exit $n;; esac; "
        "done").

text(Length) ->
    <<(binary:copy(<<"x">>, Length))/binary, "\n">>.

run(Active, Window) ->
    Options = [{window, Window} || Window > 0],
    proctor:run(?CHILD, [stdin, stdout, monitor, kill_group,
                         {active, Active} | Options]).

say({ok, Pid, _}, Length) ->
    proctor:send(Pid, ["say ", integer_to_list(Length), "\n"]).

leave({ok, Pid, _}, Code) ->
    proctor:send(Pid, ["exit ", integer_to_list(Code), "\n"]).

kill({ok, Pid, _}) ->
    proctor:kill(Pid, sigkill).

stop({ok, _, OsPid}) ->
    proctor:stop(OsPid).

setopts({ok, Pid, _}, Active) ->
    proctor:setopts(Pid, [{active, Active}]).

children() ->
    proctor:which_children().

%% It may have come as messages, or wait to be received, or be yet to come.
read({ok, Pid, OsPid}, N) ->
    read(Pid, OsPid, N, <<>>).

read(_Pid, OsPid, N, Acc) when byte_size(Acc) >= N ->
    <<Data:N/binary, Rest/binary>> = Acc,
    %% Messages cannot be cut: what is too much comes first the next time.
    Rest =:= <<>> orelse put_back(OsPid, Rest),
    {ok, Data};
read(Pid, OsPid, N, Acc) ->
    case next(OsPid, 0) of
        {ok, Data} ->
            read(Pid, OsPid, N, <<Acc/binary, Data/binary>>);
        none ->
            case proctor:recv(Pid, N - byte_size(Acc), ?SOON) of
                {ok, Data} ->
                    read(Pid, OsPid, N, <<Acc/binary, Data/binary>>);
                {error, einval} ->
                    {ok, Data} = next(OsPid, ?SOON),
                    read(Pid, OsPid, N, <<Acc/binary, Data/binary>>);
                Other ->
                    {Other, Acc}
            end
    end.

next(OsPid, Timeout) ->
    case erase({rest, OsPid}) of
        undefined ->
            receive {stdout, OsPid, Data} -> {ok, Data}
            after Timeout -> none
            end;
        Rest ->
            {ok, Rest}
    end.

put_back(OsPid, Rest) ->
    undefined = put({rest, OsPid}, Rest),
    ok.

nothing({ok, Pid, OsPid}) ->
    case next(OsPid, 0) of
        none ->
            case proctor:recv(Pid, 0, 0) of
                {error, timeout} -> nothing;
                {error, einval} -> nothing;
                Other -> Other
            end;
        Other ->
            Other
    end.

%% All that is still to be heard, and how it ended.
finish({ok, Pid, OsPid}) ->
    finish(Pid, OsPid, []).

finish(Pid, OsPid, Acc) ->
    case next(OsPid, 0) of
        {ok, Data} ->
            finish(Pid, OsPid, [Data | Acc]);
        none ->
            receive
                {'DOWN', OsPid, process, Pid, Reason} ->
                    {iolist_to_binary(lists:reverse(Acc, rest(OsPid))),
                     Reason}
            after 0 ->
                finish_more(Pid, OsPid, Acc)
            end
    end.

finish_more(Pid, OsPid, Acc) ->
    case proctor:recv(Pid, 0, ?SOON) of
        {ok, Data} ->
            finish(Pid, OsPid, [Data | Acc]);
        {error, timeout} ->
            {timeout, iolist_to_binary(lists:reverse(Acc))};
        {error, _} ->
            timer:sleep(1),
            finish(Pid, OsPid, Acc)
    end.

%% Messages that came before the last one.
rest(OsPid) ->
    case next(OsPid, 0) of
        {ok, Data} -> [Data | rest(OsPid)];
        none -> []
    end.

gone({ok, Pid, OsPid}) ->
    {proctor:stop(Pid), proctor:recv(Pid, 0), proctor:send(OsPid, "x"),
     proctor:pid(OsPid)}.
