%% @doc What a process of the system uses now, as `/proc' of this node's machine
%% says. It asks no port program: what that sees there this node sees, too, and
%% where `/proc' hides the processes of other users (`hidepid') it is hidden
%% from both.
-module(proctor_usage).

-export([read/1, read_all/1, left_behind/1]).

-export_type([live/0, usage/0, sum/0]).

-type usage() :: #{utime_us := non_neg_integer(),
                   stime_us := non_neg_integer(),
                   rss_kb := non_neg_integer()}.
%% Processor time in microseconds, of a kernel that counts it in hundredths of
%% seconds, and resident memory in KiB.

-type sum() :: #{count := non_neg_integer(),
                 utime_us := non_neg_integer(),
                 stime_us := non_neg_integer(),
                 rss_kb := non_neg_integer()}.
%% The same of several, and how many they are.

-type live() :: #{usage := usage(),
                  descendants := sum() | undefined,
                  threads := non_neg_integer(),
                  maxrss_kb := non_neg_integer(),
                  uid := non_neg_integer(),
                  user := binary() | undefined,
                  since := integer()}.
%% Of the process itself; of its children, their children and so on, unless the
%% kernel does not tell who they are; and who it is. `user' is what
%% `/etc/passwd' calls that user, `since' the system time in milliseconds at
%% which it began.

%% Microseconds and milliseconds of what /proc counts in: USER_HZ is 100
%% wherever Linux runs that we know.
-define(TICK_US, 10000).
-define(TICK_MS, 10).

%% More descendants are not counted, and no file is longer that is read.
-define(MOST, 10000).
-define(LENGTH, 1048576).

%% How far below what the node has started the port program's reaper may be.
-define(BETWEEN, 4).

%% @doc Of one process, or why nothing can be said. Whether that number is still
%% the process that is meant is for the caller to know.
-spec read(proctor:ospid()) -> {ok, live()} | {error, file:posix() | badarg}.
read(OsPid) ->
    read(OsPid, users()).

read(OsPid, Users) ->
    try
        #{ppid := _, start := Start} = Stat = stat(OsPid),
        Status = status(OsPid),
        Uid = number(maps:get(<<"Uid">>, Status)),
        {ok, #{usage => usage(Stat, Status),
               descendants => unless_hidden(fun() -> descendants(OsPid) end),
               threads => number(maps:get(<<"Threads">>, Status, <<"0">>)),
               maxrss_kb => number(maps:get(<<"VmHWM">>, Status, <<"0">>)),
               uid => Uid, user => user(Uid, Users), since => since(Start)}}
    catch
        throw:{unreadable, Reason} -> {error, Reason};
        %% It was not what it should be.
        error:_ -> {error, badarg}
    end.

%% @doc Of those of several of which something can be said.
-spec read_all([proctor:ospid()]) -> #{proctor:ospid() => live()}.
read_all(OsPids) ->
    Users = users(),
    maps:from_list([{OsPid, Live} || OsPid <- OsPids,
                                     {ok, Live} <- [read(OsPid, Users)]]).

%% @doc What has fallen to a port program because its parent has ended, by the
%% process that the node has started: that of the port program's which reaps
%% them is below it, and has one child of its own, the first. `undefined' if
%% nobody is found who says that it is the one.
-spec left_behind(proctor:ospid()) -> sum() | undefined.
left_behind(Started) ->
    unless_hidden(fun() -> under(reaper(Started, ?BETWEEN)) end).

under(undefined) ->
    undefined;
under(Reaper) ->
    case children(Reaper) of
        [_Priv | Left] -> sum(Left);
        [] -> undefined
    end.

%% What starts it, as sudo(8), may stand between.
reaper(_OsPid, 0) ->
    undefined;
reaper(OsPid, Depth) ->
    case children(OsPid) of
        [{_, Child}] ->
            case file(path(Child, "cmdline")) of
                <<"proctor: reaper", _/binary>> -> Child;
                _ -> reaper(Child, Depth - 1)
            end;
        _ ->
            undefined
    end.

usage(#{utime := User, stime := System}, Status) ->
    #{utime_us => User * ?TICK_US, stime_us => System * ?TICK_US,
      rss_kb => number(maps:get(<<"VmRSS">>, Status, <<"0">>))}.

since(Start) ->
    [Uptime | _] = binary:split(file("/proc/uptime"), <<" ">>),
    erlang:system_time(millisecond)
        - (round(binary_to_float(Uptime) * 1000) - Start * ?TICK_MS).

%%% One process

%% Its name stands in parentheses and may have any character in it.
stat(OsPid) ->
    Text = file(path(OsPid, "stat")),
    {Last, 1} = lists:last(binary:matches(Text, <<")">>)),
    [_State, Parent | _] = Fields =
        binary:split(binary:part(Text, Last + 2, byte_size(Text) - Last - 2),
                     [<<" ">>, <<"\n">>], [global]),
    #{ppid => binary_to_integer(Parent),
      utime => binary_to_integer(lists:nth(12, Fields)),
      stime => binary_to_integer(lists:nth(13, Fields)),
      start => binary_to_integer(lists:nth(20, Fields))}.

status(OsPid) ->
    maps:from_list(
      [{Name, Value}
       || Line <- binary:split(file(path(OsPid, "status")), <<"\n">>,
                               [global]),
          [Name, Value] <- [binary:split(Line, <<":\t">>)]]).

%% The first of several.
number(Value) ->
    [First | _] = [Word || Word <- binary:split(Value, [<<" ">>, <<"\t">>],
                                                [global]), Word =/= <<>>],
    binary_to_integer(First).

%% Names of users that are not in this file are found otherwise, by libraries.
%% The first that has a number is meant.
users() ->
    Lines = try
                binary:split(file("/etc/passwd"), <<"\n">>, [global])
            catch
                throw:{unreadable, _} -> []
            end,
    maps:from_list(
      [{Number, Name} || Line <- lists:reverse(Lines),
                         [Name, _, Number | _] <- [binary:split(Line, <<":">>,
                                                                [global])]]).

user(Uid, Users) ->
    maps:get(integer_to_binary(Uid), Users, undefined).

%%% Descendants

descendants(OsPid) ->
    sum(children(OsPid)).

unless_hidden(Fun) ->
    try
        Fun()
    catch
        throw:{unreadable, _} -> undefined
    end.

sum(Children) ->
    sum(Children, 0, #{count => 0, utime_us => 0, stime_us => 0, rss_kb => 0}).

%% One that has ended meanwhile, whose number may be another's, is none.
sum([], _Seen, Sum) ->
    Sum;
sum(_Rest, ?MOST, Sum) ->
    Sum;
sum([{Parent, OsPid} | Rest], Seen, #{count := Count} = Sum) ->
    try {stat(OsPid), status(OsPid)} of
        {#{ppid := Parent} = Stat, Status} ->
            Usage = usage(Stat, Status),
            Sum1 = maps:map(fun(count, _) -> Count + 1;
                               (Key, Value) -> Value + maps:get(Key, Usage)
                            end, Sum),
            Below = try children(OsPid) catch throw:{unreadable, _} -> [] end,
            sum(Below ++ Rest, Seen + 1, Sum1);
        _ ->
            sum(Rest, Seen + 1, Sum)
    catch
        throw:{unreadable, _} -> sum(Rest, Seen + 1, Sum)
    end.

%% Each thread has children of its own.
children(OsPid) ->
    Tasks = path(OsPid, "task"),
    Threads = case file:list_dir(Tasks) of
                  {ok, Names} -> Names;
                  {error, Reason} -> throw({unreadable, Reason})
              end,
    [{OsPid, binary_to_integer(Word)}
     || Thread <- Threads,
        Word <- binary:split(thread(OsPid, Thread), <<" ">>, [global]),
        Word =/= <<>>].

%% The main one is there as long as the process.
thread(OsPid, Thread) ->
    try
        file([path(OsPid, "task/"), Thread, "/children"])
    catch
        throw:{unreadable, Reason} ->
            case integer_to_list(OsPid) of
                Thread -> throw({unreadable, Reason});
                _ -> <<>>
            end
    end.

%%% Files

path(OsPid, Name) ->
    "/proc/" ++ integer_to_list(OsPid) ++ "/" ++ Name.

%% Not by the file server, which others wait for.
file(Path) ->
    case file:open(Path, [read, raw, binary]) of
        {ok, File} ->
            try file:read(File, ?LENGTH) of
                {ok, Data} -> Data;
                eof -> <<>>;
                {error, Reason} -> throw({unreadable, Reason})
            after
                file:close(File)
            end;
        {error, Reason} ->
            throw({unreadable, Reason})
    end.
