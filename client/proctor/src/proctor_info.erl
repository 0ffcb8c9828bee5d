%% @doc What runs, for programs and for people, and how much the port program
%% tells of it.
-module(proctor_info).

-export([info/1, i/0, local/0, which_children/1, debug/2]).

%% How long one process may take to tell about itself, in milliseconds.
-define(PATIENCE, 1000).

%% A line for each OS process.
-define(ROW, "~-8ts ~-14ts ~-9ts ~-11ts ~8ts ~8ts ~5ts ~8ts ~8ts ~8ts ~8ts ~8ts "
             "~-6ts ~ts~n").
-define(HEAD, ["OS PID", "Pid", "User", "Since", "Cpu", "Memory", "Below", "In",
               "Out", "Err", "Queued", "Window", "Active", "Command"]).

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
            live(Target, Info, of_machine(node(Pid), read, OsPid));
        [] ->
            {error, timeout}
    end;
of_process(_Target, {error, _} = Error) ->
    Error.

%% What `/proc' says there.
of_machine(Node, Function, Argument) when Node =:= node() ->
    proctor_usage:Function(Argument);
of_machine(Node, Function, Argument) ->
    try
        erpc:call(Node, proctor_usage, Function, [Argument], ?PATIENCE * 5)
    catch
        error:{erpc, Reason} -> {error, Reason};
        %% An older node.
        error:{exception, undef, _} -> {error, enotsup}
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
            {ok, (maps:without([pids, ospids], Info))
                     #{children => lively(Children, Info),
                       left_behind => left(Info)}};
        {error, _} = Error ->
            Error
    end.

left(#{port_os_pid := undefined}) ->
    undefined;
left(#{port_os_pid := OsPid, node := Node}) ->
    case of_machine(Node, left_behind, OsPid) of
        #{} = Sum -> Sum;
        _ -> undefined
    end.

%% Each with what it uses now, where that is known: of one that is over and has
%% output still it is not. Those that the port program has afterwards it had all
%% the time.
lively(Children, #{pid := Server, node := Node, ospids := Pids})
  when map_size(Pids) > 0 ->
    OsPids = [OsPid || {OsPid, Pid} <- maps:to_list(Pids), is_pid(Pid)],
    Lives = case of_machine(Node, read_all, OsPids) of
                {error, _} -> #{};
                All -> maps:with(listed(Server), All)
            end,
    [case {Lives, Pids} of
         {#{OsPid := Live}, #{OsPid := Pid}} -> Child#{live => Live};
         _ -> Child
     end || #{ospid := OsPid, pid := Pid} = Child <- Children];
%% There is none, or their node is older than this.
lively(Children, #{}) ->
    Children.

listed(Server) ->
    case proctor_server:list(Server, ?PATIENCE) of
        Listed when is_list(Listed) -> Listed;
        {error, _} -> []
    end.

%% @doc See {@link proctor:i/0}: a table, wider than that of `c:i/0'.
-spec i() -> ok.
i() ->
    case local() of
        [] -> instance({proctor, {error, not_started}});
        Instances -> lists:foreach(fun instance/1, Instances)
    end.

%% @doc All instances of this node, under the supervisor of the application or
%% alone, each with its name and what it knows of itself. One that ends
%% meanwhile is an error.
-spec local() -> [{atom() | pid(), {ok, map()} | {error, term()}}].
local() ->
    Supervised = [{Server, Name} || {Name, Server} <- proctor_sup:instances()],
    Servers = lists:usort([Server || {Server, _} <- Supervised]
                          ++ proctor_nodes:local()),
    lists:sort([{name(Server, Supervised), of_instance(Server)}
                || Server <- Servers]).

name(Server, Supervised) ->
    case lists:keyfind(Server, 1, Supervised) of
        {Server, Name} when Name =/= undefined ->
            Name;
        _ ->
            case process_info(Server, registered_name) of
                {registered_name, Name} -> Name;
                _ -> Server
            end
    end.

instance({Name, {error, Reason}}) ->
    io:format("~tp: ~tp~n", [Name, Reason]);
instance({_, {ok, #{instance := Name, node := Node, dialect := Dialect,
                    port_os_pid := OsPid, parts := Parts,
                    pending := Pending, messages := Messages,
                    writer_messages := Writer, launchers_down := Down,
                    hello := Hello, children := Children} = Info}}) ->
    io:format("~tp on ~tp: port program ~w (~w), ~ts~n",
              [Name, Node, OsPid, Dialect, counts(Info)]),
    io:format("  ~ts; waiting: ~w requests, ~w messages, ~w to write~n",
              [lists:join(", ", [part(Part) || Part <- maps:to_list(Parts)]),
               Pending, Messages, Writer]),
    io:format("  ~ts~n", [cgroups(Hello)]),
    io:format("  ~ts~n", [passed(Info)]),
    Down =:= []
        orelse io:format("  launchers that have died: ~ts~n",
                         [lists:join(", ", Down)]),
    Children =:= [] orelse io:format(?ROW, ?HEAD),
    lists:foreach(fun child/1,
                  lists:sort(fun(#{ospid := A}, #{ospid := B}) -> A =< B end,
                             Children)).

counts(#{uptime_ms := Uptime, runs := Runs, refused := Refused,
         restarts := Restarts, children := Children}) ->
    io_lib:format("up ~ts, ~w runs, ~w refused, ~w restarts, ~w children",
                  [duration(Uptime), Runs, Refused, Restarts,
                   length(Children)]).

passed(#{bytes := #{stdin := In, stdout := Out, stderr := Err},
         exits := Exits, left_behind := Left}) ->
    io_lib:format("bytes: ~ts in, ~ts out, ~ts err; ended: ~ts; "
                  "left behind: ~ts",
                  [bytes(In), bytes(Out), bytes(Err), ended(Exits),
                   left_behind(Left)]).

ended(Exits) when map_size(Exits) =:= 0 ->
    "none";
ended(Exits) ->
    lists:join(", ", [io_lib:format("~w ~ts", [Count, Reason])
                      || {Reason, Count} <- lists:sort(maps:to_list(Exits))]).

left_behind(undefined) -> "not known";
left_behind(#{count := 0}) -> "none";
left_behind(#{count := Count, rss_kb := Size} = Sum) ->
    io_lib:format("~w (~ts, cpu ~ts)", [Count, bytes(Size * 1024), cpu(Sum)]).

part({Name, #{uptime_ms := Uptime}}) ->
    io_lib:format("~ts up ~ts", [Name, duration(Uptime)]).

child(#{ospid := OsPid, pid := Pid, bytes := Bytes, queued := Queued,
        active := Active, window := Window, command := Command} = Info) ->
    #{stdin := In, stdout := Out, stderr := Err} = Bytes,
    #{stdin := QueuedIn, stdout := QueuedOut, stderr := QueuedErr} = Queued,
    io:format(?ROW, [integer_to_list(OsPid), pid_to_list(Pid)]
              ++ live_columns(Info)
              ++ [bytes(In), bytes(Out), bytes(Err),
                  bytes(QueuedIn + QueuedOut + QueuedErr), bytes(Window),
                  io_lib:format("~w", [Active]), command(Command)]).

%% Whom and since when, processor time and memory with that of all below it, and
%% how many they are.
live_columns(#{live := #{usage := #{rss_kb := Size} = Usage, uid := Uid,
                         user := User, since := Since,
                         descendants := Descendants}}) ->
    {Count, #{rss_kb := More} = Below} =
        case Descendants of
            undefined -> {"-", #{rss_kb => 0, utime_us => 0, stime_us => 0}};
            #{count := N} -> {integer_to_list(N), Descendants}
        end,
    Name = case User of
               undefined -> integer_to_list(Uid);
               _ -> User
           end,
    [Name, date(Since), cpu(Usage, Below), bytes((Size + More) * 1024),
     Count];
live_columns(#{uptime_ms := Uptime}) ->
    ["-", date(erlang:system_time(millisecond) - Uptime), "-", "-", "-"].

date(Ms) ->
    {{_, Month, Day}, {Hour, Minute, _}} =
        calendar:system_time_to_local_time(Ms, millisecond),
    io_lib:format("~2..0w-~2..0w ~2..0w:~2..0w", [Month, Day, Hour, Minute]).

cpu(#{utime_us := A, stime_us := B}, #{utime_us := C, stime_us := D}) ->
    duration((A + B + C + D) div 1000).

cpu(Sum) ->
    cpu(Sum, #{utime_us => 0, stime_us => 0}).

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
