%% @doc What the instances of this node count, as the text that Prometheus and
%% others read (its exposition format, 0.0.4). There is no server in it: give
%% {@link text/0} to whoever asks yours for `/metrics', with the content type
%% {@link content_type/0}.
%%
%% All have the label `instance'; one that has no name has its process for
%% that. Counters begin with an instance, so they fall to 0 when that is started
%% again, which readers of counters expect; `proctor_restarts_total' does not.
%% An instance that does not answer is `proctor_up 0', and has no other line.
%% Nothing here has the command of anybody in it, and there are as many lines
%% with a thousand OS processes as with one.
-module(proctor_prometheus).

-export([text/0, text/1, content_type/0, metrics/0]).

%% @doc What `Content-Type' is to say.
-spec content_type() -> binary().
content_type() ->
    <<"text/plain; version=0.0.4; charset=utf-8">>.

%% @doc All that there is to say now.
-spec text() -> binary().
text() ->
    text(proctor_info:local()).

%% @doc The same of instances that were asked before, with what
%% {@link proctor:info/1} has answered for each.
-spec text([{atom() | pid(), {ok, map()} | {error, term()}}]) -> binary().
text(Instances) ->
    unicode:characters_to_binary(
      [metric(Metric, Instances) || Metric <- metrics()]).

metric({Name, Type, Help, Values}, Instances) ->
    case [sample(Name, Instance, Sample)
          || {Instance, Answer} <- Instances,
             Sample <- samples(Values, Answer)] of
        [] -> [];
        Lines -> [["# HELP ", Name, " ", Help, "\n# TYPE ", Name, " ",
                   atom_to_list(Type), "\n"], Lines]
    end.

samples(up, {ok, _}) -> [{[], 1}];
samples(up, {error, _}) -> [{[], 0}];
samples(_Values, {error, _}) -> [];
samples(Values, {ok, Info}) -> Values(Info).

sample(Name, Instance, {Labels, Value}) ->
    [Name, "{", lists:join(",", [label(Label)
                                 || Label <- [{instance, Instance} | Labels]]),
     "} ", number(Value), "\n"].

label({Name, Value}) ->
    [atom_to_list(Name), "=\"", escaped(words(Value)), "\""].

words(Value) when is_atom(Value) -> atom_to_list(Value);
words(Value) when is_pid(Value) -> pid_to_list(Value);
words(Value) when is_binary(Value) ->
    case unicode:characters_to_list(Value) of
        Text when is_list(Text) -> Text;
        _ -> "?"
    end.

escaped(Text) ->
    lists:map(fun($\\) -> "\\\\";
                 ($") -> "\\\"";
                 ($\n) -> "\\n";
                 (Character) -> Character
              end, Text).

number(Value) when is_integer(Value) -> integer_to_list(Value);
number(Value) -> float_to_list(Value, [{decimals, 3}, compact]).

%% @private Each with its name, its type, what it is, and its samples: labels
%% and a value each.
-spec metrics() ->
    [{string(), counter | gauge, string(),
      up | fun((map()) -> [{[{atom(), term()}], number()}])}].
metrics() ->
    [{"proctor_up", gauge, "Whether the instance answers.", up},
     {"proctor_info", gauge,
      "1, with what its port program says of itself.", fun said/1},
     {"proctor_uptime_seconds", gauge, "How long the instance is up.",
      fun(#{uptime_ms := Ms}) -> [{[], Ms / 1000}] end},
     {"proctor_runs_total", counter, "Commands that were run.", one(runs)},
     {"proctor_refused_total", counter, "Commands that could not be run.",
      one(refused)},
     {"proctor_restarts_total", counter,
      "How often the instance was started again because it had ended.",
      one(restarts)},
     {"proctor_exits_total", counter, "Commands that have ended, by reason.",
      each(exits, reason)},
     {"proctor_bytes_total", counter,
      "Bytes to and from commands, by stream.", each(bytes, stream)},
     {"proctor_children", gauge, "OS processes that are told of.",
      fun(#{children := Children}) -> [{[], length(Children)}] end},
     {"proctor_children_seconds", gauge,
      "Processor time of those and their descendants that run now.",
      fun(#{children := Children}) ->
              [{[], (used(utime_us, Children) + used(stime_us, Children))
                    / 1000000}]
      end},
     {"proctor_children_bytes", gauge,
      "Resident memory of those and their descendants.",
      fun(#{children := Children}) ->
              [{[], used(rss_kb, Children) * 1024}]
      end},
     {"proctor_orphans", gauge,
      "OS processes that are stopped because their Erlang process has died.",
      one(orphans)},
     {"proctor_queued_bytes", gauge,
      "Bytes that wait in this node, by stream.", fun queued/1},
     {"proctor_left_behind", gauge,
      "Processes whose parent has ended, which run still.", left(count)},
     {"proctor_left_behind_bytes", gauge, "Their resident memory.",
      left(rss_kb)},
     {"proctor_pending_requests", gauge,
      "Requests that the port program has not answered.", one(pending)},
     {"proctor_messages", gauge, "Messages that wait for the instance.",
      one(messages)},
     {"proctor_pending_writes", gauge,
      "Writes that wait until the port program reads.", one(writer_messages)},
     {"proctor_launchers_down", gauge,
      "Users for whom nothing is run any more, as their launcher has died.",
      fun(#{launchers_down := Down}) -> [{[], length(Down)}] end}].

one(Key) ->
    fun(#{Key := Value}) -> [{[], Value}] end.

each(Key, Label) ->
    fun(#{Key := Values}) ->
            [{[{Label, Name}], Value}
             || {Name, Value} <- lists:sort(maps:to_list(Values))]
    end.

said(#{dialect := Dialect, hello := Hello}) ->
    [{[{dialect, Dialect} | [{Key, Value} || Key <- [mode, release],
                                             #{Key := Value} <- [Hello]]],
      1}].

queued(#{children := Children}) ->
    [{[{stream, Stream}],
      lists:sum([Bytes || #{queued := #{Stream := Bytes}} <- Children])}
     || Stream <- [stderr, stdin, stdout]].

used(Key, Children) ->
    lists:sum([maps:get(Key, Used)
               || #{live := #{usage := Usage, descendants := Descendants}}
                      <- Children,
                  #{} = Used <- [Usage, Descendants]]).

%% Nothing of them where nobody knows.
left(Key) ->
    fun(#{left_behind := #{Key := Value}}) when Key =:= rss_kb ->
            [{[], Value * 1024}];
       (#{left_behind := #{Key := Value}}) ->
            [{[], Value}];
       (#{}) ->
            []
    end.
