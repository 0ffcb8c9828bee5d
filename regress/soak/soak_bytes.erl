%% Bytes to and from commands, each of which is looked at.
-module(soak_bytes).

-export([prepare/0, kinds/0]).

-define(LINES, 200000).

kinds() ->
    [{echo, 5, fun echo/1}, {pull, 4, fun pull/1}, {lines, 3, fun lines/1},
     {file, 3, fun file/1}, {both, 2, fun both/1},
     {terminal, 4, fun terminal/1}].

%% What `seq' writes, once for all.
prepare() ->
    Lines = [[integer_to_binary(N), $\n] || N <- lists:seq(1, ?LINES)],
    persistent_term:put(?MODULE, iolist_to_binary(Lines)).

seq(N) ->
    Size = lists:sum([max(0, N - Least + 1) || Least <- [1, 10, 100, 1000,
                                                         10000, 100000]]) + N,
    binary:part(persistent_term:get(?MODULE), 0, Size).

chunks() ->
    [rand:bytes(rand:uniform(rand:uniform(60000)))
     || _ <- lists:seq(1, rand:uniform(12))].

%% All that is taken arrives; who takes no more has ended.
send(Pid, Chunks) ->
    lists:all(fun(Chunk) -> proctor:send(Pid, Chunk) =:= ok end,
              Chunks ++ [eof]).

echo(#{tag := Tag} = Context) ->
    Chunks = chunks(),
    Pid = soak_mail:run(["cat"], [stdin, stdout], Context),
    Sent = send(Pid, Chunks),
    case soak_mail:follow(Tag) of
        {{exited, 0}, normal, #{stdout := Out}} ->
            same(Out, iolist_to_binary(Chunks), Sent);
        {gone, _, #{stdout := Out}} ->
            ok = soak_mail:prefix(Out, iolist_to_binary(Chunks)),
            soak_mail:gone(port);
        {Status, Down, _} ->
            soak_mail:fault(answer, {Status, Down})
    end.

same(Bytes, Bytes, true) ->
    _ = soak_count:add(bytes, byte_size(Bytes)),
    ok;
same(Out, Want, Sent) ->
    soak_mail:fault(bytes, {byte_size(Out), byte_size(Want), Sent}).

pull(#{instance := Instance}) ->
    N = rand:uniform(rand:uniform(?LINES)),
    case proctor:run(["seq", integer_to_list(N)],
                     [stdout, {active, false}, await, {errors, term},
                      {window, 65536}, {instance, Instance}]) of
        {ok, Pid, _} -> pulled(Pid, N);
        {error, Reason} -> soak_mail:cmd({error, port(Reason)})
    end.

port(Gone) when Gone =:= port_closed; Gone =:= not_started -> {port, eio, Gone};
port(Reason) -> Reason.

pulled(Pid, N) ->
    Out = pull(Pid, []),
    case proctor:await(Pid, 60000) of
        {ok, #{status := {exited, 0}}} ->
            same(Out, seq(N), true);
        {ok, #{reason := shutdown}} ->
            ok = soak_mail:prefix(Out, seq(N)),
            soak_mail:gone(shutdown);
        {error, {port_closed, _}} ->
            ok = soak_mail:prefix(Out, seq(N)),
            soak_mail:gone(port);
        Other ->
            soak_mail:fault(lost, Other)
    end.

pull(Pid, Out) ->
    case proctor:recv(Pid, rand:uniform(2) - 1, 120000) of
        {ok, Data} -> pull(Pid, [Out, Data]);
        %% Who waits just then is told why; it stays for its reader even so.
        {error, port_closed} -> pull(Pid, Out);
        {error, closed} -> iolist_to_binary(Out);
        Other -> soak_mail:fault(bytes, Other)
    end.

lines(#{instance := Instance}) ->
    N = rand:uniform(20000),
    Count = fun(Line, Before) ->
                case binary_to_integer(Line) of
                    Next when Next =:= Before + 1 -> Next;
                    Other -> soak_mail:fault(bytes, {line, Before, Other})
                end
            end,
    case proctor:fold_lines(Count, 0, ["seq", integer_to_list(N)],
                            [{errors, term}, {instance, Instance}]) of
        {ok, N, #{status := {exited, 0}}} -> ok;
        {ok, _, #{reason := shutdown}} -> soak_mail:gone(shutdown);
        {error, {port_closed, _, _}} -> soak_mail:gone(port);
        {error, Reason} -> soak_mail:cmd({error, port(Reason)});
        Other -> soak_mail:fault(bytes, {N, Other})
    end.

file(#{id := Id, tag := Tag} = Context) ->
    File = filename:join(os:getenv("SOAK_DIR"), integer_to_list(Id)),
    Chunks = chunks(),
    Pid = soak_mail:run("exec cat >" ++ File, [stdin], Context),
    Sent = send(Pid, Chunks),
    Ended = soak_mail:follow(Tag),
    Written = case file:read_file(File) of
                  {ok, Data} -> Data;
                  {error, enoent} -> <<>>
              end,
    _ = file:delete(File),
    case Ended of
        {{exited, 0}, normal, _} ->
            same(Written, iolist_to_binary(Chunks), Sent);
        {gone, _, _} ->
            ok = soak_mail:prefix(Written, iolist_to_binary(Chunks)),
            soak_mail:gone(port);
        {Status, Down, _} ->
            soak_mail:fault(answer, {Status, Down})
    end.

both(#{tag := Tag} = Context) ->
    N = rand:uniform(3000),
    _ = soak_mail:run(["sh", "-c", "seq $0; seq $0 >&2", integer_to_list(N)],
                      [stdout, stderr], Context),
    Want = seq(N),
    case soak_mail:follow(Tag) of
        {{exited, 0}, normal, #{stdout := Out, stderr := Err}} ->
            same(Out, Want, true),
            same(Err, Want, true);
        {gone, _, #{stdout := Out, stderr := Err}} ->
            ok = soak_mail:prefix(Out, Want),
            ok = soak_mail:prefix(Err, Want),
            soak_mail:gone(port);
        {Status, Down, _} ->
            soak_mail:fault(answer, {Status, Down})
    end.

%% Asks how large it is, is made another, and is talked with.
terminal(#{tag := Tag} = Context) ->
    Script = "stty -echo; stty size; read x; stty size; echo got $x; exit 5",
    Pid = soak_mail:run(Script, [stdin, stdout, pty, {winsz, {33, 99}}],
                        Context),
    Before = soak_mail:until(Tag, <<"33 99\r\n">>, []),
    _ = proctor:winsz(Pid, 20, 50),
    _ = proctor:send(Pid, "word\n"),
    Want = <<"33 99\r\n20 50\r\ngot word\r\n">>,
    case soak_mail:follow(Tag, Before) of
        {{exited, 5}, _, #{stdout := Want}} -> ok;
        {gone, _, #{stdout := Out}} ->
            ok = soak_mail:prefix(Out, Want),
            soak_mail:gone(port);
        Other -> soak_mail:fault(bytes, Other)
    end.
