%% @doc A command whose output its caller takes piece by piece, as fast as it
%% likes, and nothing of which stays behind when it stops: what
%% {@link proctor:fold_lines/4} and the streams of Elixir are made of.
-module(proctor_reader).

-export([open/2, next/2, await_exit/1, os_pid/1, process/1, close/1]).

-export_type([reader/0]).

%% How long the port program may say nothing once the limit of a command and
%% its time to be killed are over, and how long one that is given up may take
%% to go, in milliseconds.
-define(MARGIN, 5000).

-record(reader, {pid :: pid(),
                 os_pid :: proctor:ospid(),
                 %% What messages about it bear.
                 tag :: reference(),
                 ref :: reference(),
                 %% When its end should have been told.
                 deadline :: integer() | infinity,
                 options :: [tuple() | atom()]}).

-opaque reader() :: #reader{}.
%% Belongs to the process that opened it.

%% @doc Starts a command. The options are those that
%% {@link proctor_option_table:divide/2} has for `fold_lines'; `stdin' for who
%% writes to its process, and `{stderr, here}' for who takes `any' stream.
-spec open(proctor:cmd(), [tuple() | atom()]) ->
    {ok, reader()} | {error, term()}.
open(Command, Given) ->
    Options = lists:append([ours(Option) || Option <- Given]),
    Deadline = deadline(Options),
    Tag = make_ref(),
    case proctor:run(Command, [{tag, Tag} | Options], patience(Deadline)) of
        {ok, Pid, OsPid} ->
            {ok, #reader{pid = Pid, os_pid = OsPid, tag = Tag,
                         ref = monitor(process, Pid), deadline = Deadline,
                         options = Options}};
        {error, timeout} ->
            {error, no_answer};
        {error, {badopt, What}} ->
            {error, {options, einval, What}};
        {error, {invalid_pty_value, _} = What} ->
            {error, {options, einval, What}};
        {error, _} = Error ->
            Error
    end.

%% Nobody reads here what would come to the caller, unless it is to be taken
%% `here': it comes with the end. And the end is ours to hear of.
ours({stderr, here}) -> [stderr];
ours(stderr) -> [{stderr, collect}];
ours({stderr, true}) -> [{stderr, collect}];
ours({stderr, Pid}) when Pid =:= self() -> [{stderr, collect}];
ours(monitor) -> [];
ours({monitor, true}) -> [];
ours(Option) -> [Option].

%% @doc The next piece of a stream (see {@link proctor:recv/3}). `no_answer'
%% is of a port program that says nothing.
-spec next(stdout | stderr | any, reader()) ->
    {ok, proctor:received()} | ended | {error, no_answer}.
next(Stream, #reader{pid = Pid, deadline = Deadline}) ->
    case proctor:recv(Pid, Stream, patience(Deadline)) of
        {ok, _} = Piece ->
            Piece;
        {error, timeout} ->
            {error, no_answer};
        {error, _} ->
            %% Who stops a command and waits for that takes its output away. Of
            %% other ends its exit says more.
            ended
    end.

%% @doc The end of a command whose output has ended, or why that is not known,
%% with what is. The process tells it before its own end. A function of the caller's may have
%% taken messages that it does not know; so the process is asked for once more.
-spec await_exit(reader()) ->
    proctor_exit:exit() | {Why :: atom(), proctor_exit:exit()}.
await_exit(#reader{pid = Pid, tag = Tag, ref = Ref, deadline = Deadline}) ->
    Again = monitor(process, Pid),
    Exit = receive
               {exit, Tag, Its} -> Its;
               {'DOWN', Again, process, _, _} -> last_word(Tag, Ref)
           after patience(Deadline) ->
               proctor_exit:unknown(no_answer)
           end,
    true = demonitor(Again, [flush]),
    case proctor_exit:is_told(Exit) of
        true -> Exit;
        false -> {maps:get(reason, Exit), Exit}
    end.

last_word(Tag, Ref) ->
    receive
        {exit, Tag, Exit} -> Exit
    after 0 ->
        receive
            {'DOWN', Ref, process, _, Reason} ->
                proctor_exit:unknown(why(Reason))
        after 0 ->
            proctor_exit:unknown(closed)
        end
    end.

why(noproc) -> port_closed;
why(Reason) when is_atom(Reason) -> Reason;
why(_Reason) -> closed.

%% @doc The number of its OS process.
-spec os_pid(reader()) -> proctor:ospid().
os_pid(#reader{os_pid = OsPid}) ->
    OsPid.

%% @doc Its Erlang process.
-spec process(reader()) -> pid().
process(#reader{pid = Pid}) ->
    Pid.

%% @doc However it went: nothing of it stays behind, no process and no message.
%% One that does not end in time is left to its instance, which sees to it.
-spec close(reader()) -> ok.
close(#reader{pid = Pid, tag = Tag, ref = Known} = Reader) ->
    true = demonitor(Known, [flush]),
    Ref = monitor(process, Pid),
    _ = is_process_alive_there(Pid)
        andalso proctor:stop_and_wait(Pid, last_patience(Reader)),
    ok = proctor_child:cancel(Pid),
    receive
        {'DOWN', Ref, process, _, _} -> ok
    after ?MARGIN ->
        %% Its node does not answer.
        true = demonitor(Ref, [flush])
    end,
    receive {exit, Tag, _} -> ok after 0 -> ok end.

is_process_alive_there(Pid) when node(Pid) =:= node() ->
    is_process_alive(Pid);
is_process_alive_there(_Pid) ->
    true.

%%% Limits

%% The port program keeps the limit; this is for one that says nothing.
deadline(Options) ->
    case proplists:get_value(timeout, Options, infinity) of
        infinity -> infinity;
        Limit -> now_ms() + Limit + proctor_await:stopping(Options)
    end.

%% A caller that takes its time must not make it seem silent.
patience(infinity) ->
    infinity;
patience(Deadline) ->
    proctor_await:waitable(max(0, Deadline - now_ms()) + ?MARGIN).

%% What a stop may take, unless it was waited for that long already.
last_patience(#reader{deadline = infinity, options = Options}) ->
    proctor_await:waitable(proctor_await:stopping(Options) + ?MARGIN);
last_patience(#reader{deadline = Deadline, options = Options}) ->
    proctor_await:waitable(min(proctor_await:stopping(Options),
                               max(-?MARGIN, Deadline - now_ms()))
                               + ?MARGIN).

now_ms() ->
    erlang:monotonic_time(millisecond).
