%% @doc What runs, for programs and for people, and how much the port program
%% tells of it.
-module(proctor_info).

-export([info/1, i/0, which_children/1, debug/2]).

%% How long one process may take to tell about itself, in milliseconds.
-define(PATIENCE, 1000).

%% @doc See {@link proctor:which_children/1}.
-spec which_children(proctor:where() | atom() | pid()) ->
    [proctor:ospid()] | {error, term()}.
which_children(Where) ->
    proctor_ref:at(Where, fun(Server) ->
                              proctor_error:answer(proctor_server:list(Server))
                          end).

%% @doc See {@link proctor:debug/2}.
-spec debug(non_neg_integer(), proctor:where() | atom() | pid()) ->
    {ok, non_neg_integer()} | {error, term()}.
debug(Level, Where) when is_integer(Level), Level >= 0, Level =< 10 ->
    proctor_ref:at(Where, fun(Server) ->
                              proctor_error:answer(
                                proctor_server:debug(Server, Level))
                          end);
debug(_Level, _Where) ->
    {error, badarg}.

%% @doc See {@link proctor:info/1}.
-spec info(proctor:where() | atom() | proctor:target()) ->
    {ok, map()} | {error, term()}.
info(Target)
  when is_integer(Target); is_port(Target); is_integer(element(1, Target)) ->
    of_process(Target, proctor_ref:process(Target));
info(Pid) when is_pid(Pid) ->
    case proctor_ref:process(Pid) of
        {ok, Pid} = Found -> of_process(Pid, Found);
        {error, no_process} -> of_instance(Pid);
        {error, _} = Error -> Error
    end;
info(Where) ->
    proctor_ref:at(Where, fun of_instance/1).

of_process(Target, {ok, Pid}) ->
    case proctor_request:infos([Pid], ?PATIENCE) of
        [#{ospid := OsPid} = Info] ->
            live(Target, Info, usage(node(Pid), OsPid));
        [] ->
            {error, timeout}
    end;
of_process(_Target, {error, _} = Error) ->
    Error.

usage(Node, OsPid) when Node =:= node() ->
    proctor_usage:read(OsPid);
usage(Node, OsPid) ->
    try
        erpc:call(Node, proctor_usage, read, [OsPid], ?PATIENCE)
    catch
        error:{erpc, Reason} -> {error, Reason}
    end.

%% Whom the port program can still signal it has not buried: so what was read
%% before was of that process, and of nobody who got its number.
live(Target, Info, Usage) ->
    Ask = fun(Server, Process) ->
              proctor_server:kill(Server, Process, 0, ?PATIENCE * 5)
          end,
    case {proctor_ref:ask(Target, Ask), Usage} of
        {ok, {ok, Live}} -> {ok, Info#{live => Live}};
        {ok, {error, Reason}} -> {ok, Info#{live => {error, Reason}}};
        {{error, not_managed}, _} -> {error, no_process};
        {{error, esrch}, _} -> {error, no_process};
        {{error, _} = Error, _} -> Error
    end.

of_instance(Server) ->
    case proctor_server:info(Server, ?PATIENCE * 5) of
        {ok, #{pids := Pids} = Info} ->
            Children = proctor_request:infos(Pids, ?PATIENCE),
            {ok, (maps:remove(pids, Info))#{children => Children}};
        {error, _} = Error ->
            Error
    end.

%% @doc See {@link proctor:i/0}: a table, wide as `c:i/0' is.
-spec i() -> ok.
i() ->
    Names = case proctor_sup:instances() of
                [] -> [{proctor, proctor}];
                Instances -> Instances
            end,
    lists:foreach(fun instance/1, [{Name, of_instance(Server)}
                                   || {Name, Server} <- Names]).

instance({Name, {error, Reason}}) ->
    io:format("~tp: ~tp~n", [Name, Reason]);
instance({_, {ok, #{instance := Name, node := Node, dialect := Dialect,
                    port_os_pid := OsPid, uptime_ms := Uptime,
                    parts := Parts, pending := Pending,
                    messages := Messages, writer_messages := Writer,
                    runs := Runs, refused := Refused, restarts := Restarts,
                    launchers_down := Down, hello := Hello,
                    children := Children}}}) ->
    io:format("~tp on ~tp: port program ~w (~w), up ~ts, ~w runs, "
              "~w refused, ~w restarts, ~w children~n",
              [Name, Node, OsPid, Dialect, duration(Uptime), Runs, Refused,
               Restarts, length(Children)]),
    io:format("  ~ts; waiting: ~w requests, ~w messages, ~w to write~n",
              [lists:join(", ", [part(Part) || Part <- maps:to_list(Parts)]),
               Pending, Messages, Writer]),
    io:format("  ~ts~n", [cgroups(Hello)]),
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

%% An older port program says nothing of them.
cgroups(#{cgroup := #{path := Path, controllers := Controllers}}) ->
    Limits = case Controllers of
                 [] -> "without limits";
                 _ -> ["limits of ", lists:join(", ", [atom_to_list(Name)
                                                       || Name <- Controllers])]
             end,
    io_lib:format("control groups below ~ts, ~ts", [Path, Limits]);
cgroups(#{cgroup := Why}) when is_binary(Why) ->
    ["no control groups: ", Why];
cgroups(#{}) ->
    "no control groups".

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
