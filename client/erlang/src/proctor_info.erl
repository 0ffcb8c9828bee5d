%% @doc What runs, for programs and for people.
-module(proctor_info).

-export([info/1, print/1]).

%% How long one process may take to tell about itself, in milliseconds.
-define(PATIENCE, 1000).

%% @doc See {@link proctor:info/1}.
-spec info(proctor_server:ref()) -> {ok, map()} | {error, term()}.
info(Server) ->
    case proctor_server:call(Server, info, ?PATIENCE * 5) of
        {ok, #{pids := Pids} = Info} ->
            {ok, (maps:remove(pids, Info))#{children => children(Pids)}};
        {error, _} = Error ->
            Error
    end.

%% All are asked first, so that one that is slow holds nobody up.
children(Pids) ->
    Asked = [gen_server:send_request(Pid, info) || Pid <- Pids],
    Deadline = erlang:monotonic_time(millisecond) + ?PATIENCE,
    [Info || Request <- Asked,
             {reply, {ok, Info}}
                 <- [gen_server:receive_response(Request, {abs, Deadline})]].

%% @doc Prints a table, wide as `c:i/0' is.
-spec print([{atom(), {ok, map()} | {error, term()}}]) -> ok.
print(Instances) ->
    lists:foreach(fun instance/1, Instances).

instance({Name, {error, Reason}}) ->
    io:format("~tp: ~tp~n", [Name, Reason]);
instance({_, {ok, #{instance := Name, node := Node, dialect := Dialect,
                    port_os_pid := OsPid, uptime_ms := Uptime,
                    parts := Parts, pending := Pending,
                    messages := Messages, writer_messages := Writer,
                    runs := Runs, launchers_down := Down,
                    children := Children}}}) ->
    io:format("~tp on ~tp: port program ~w (~w), up ~ts, ~w runs, "
              "~w children~n",
              [Name, Node, OsPid, Dialect, duration(Uptime), Runs,
               length(Children)]),
    io:format("  ~ts; waiting: ~w requests, ~w messages, ~w to write~n",
              [lists:join(", ", [part(Part) || Part <- maps:to_list(Parts)]),
               Pending, Messages, Writer]),
    Down =:= []
        orelse io:format("  launchers that have died: ~ts~n",
                         [lists:join(", ", Down)]),
    Children =:= []
        orelse io:format("~-8ts ~-14ts ~9ts ~8ts ~8ts ~8ts ~8ts ~8ts ~-8ts "
                         "~ts~n",
                         ["OS PID", "Pid", "Up", "In", "Out", "Err", "Queued",
                          "Window", "Active", "Command"]),
    lists:foreach(fun child/1,
                  lists:sort(fun(#{ospid := A}, #{ospid := B}) -> A =< B end,
                             Children)).

part({Name, #{uptime_ms := Uptime}}) ->
    io_lib:format("~ts up ~ts", [Name, duration(Uptime)]).

child(#{ospid := OsPid, pid := Pid, uptime_ms := Uptime, bytes := Bytes,
        queued := Queued, active := Active, window := Window,
        command := Command}) ->
    #{stdin := In, stdout := Out, stderr := Err} = Bytes,
    #{stdin := QueuedIn, stdout := QueuedOut, stderr := QueuedErr} = Queued,
    io:format("~-8w ~-14w ~9ts ~8ts ~8ts ~8ts ~8ts ~8ts ~-8w ~ts~n",
              [OsPid, Pid, duration(Uptime), bytes(In), bytes(Out),
               bytes(Err), bytes(QueuedIn + QueuedOut + QueuedErr),
               bytes(Window), Active, command(Command)]).

duration(Ms) when Ms < 60000 ->
    io_lib:format("~.1fs", [Ms / 1000]);
duration(Ms) when Ms < 3600000 ->
    io_lib:format("~wm~2..0ws", [Ms div 60000, Ms rem 60000 div 1000]);
duration(Ms) ->
    io_lib:format("~wh~2..0wm", [Ms div 3600000, Ms rem 3600000 div 60000]).

bytes(N) when N < 10240 -> integer_to_list(N);
bytes(N) when N < 10485760 -> integer_to_list(N div 1024) ++ "K";
bytes(N) -> integer_to_list(N div 1048576) ++ "M".

command(Command) ->
    Text = case Command of
               {manage, _} -> "(managed)";
               [First | _] when is_list(First); is_binary(First) ->
                   lists:join(" ", Command);
               _ -> Command
           end,
    try unicode:characters_to_list(Text) of
        Characters when is_list(Characters) ->
            string:slice(Characters, 0, 40);
        _ ->
            io_lib:format("~0tp", [Command])
    catch
        error:_ -> io_lib:format("~0tp", [Command])
    end.
