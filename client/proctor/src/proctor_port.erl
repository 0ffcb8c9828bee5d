%% @doc The port program seen from Erlang: where it lies, how it is started,
%% what its frames hold, and the process that writes to it.
%%
%% A port that does not read suspends whoever writes to it. That must never be
%% the server, which has output to deliver and shutdowns to order meanwhile, nor
%% the process of an OS process, which has timeouts to answer. They write
%% themselves as long as the port takes what they write. What it does not take
%% goes to {@link proctor_writer}, and everything after it goes the same way
%% until that has written all it was given: so nothing overtakes what was
%% written before, whoever wrote it.
-module(proctor_port).

-include("proctor_log.hrl").

-export([program/1, real_uid/0, open/1, close/2, put_down/2, identity/1]).
-export([start_writer/1, write/3, flush/2, waiting/1, is_writer/2]).
-export([encode/2, decode/1, vocabulary/0]).

-export_type([exit/0, dialect/0, writer/0, identity/0]).

-type exit() :: non_neg_integer() | atom().
%% The exit status of the port program, or why its pipe broke.

-type dialect() :: native | exec_port.
%% `exec_port' is what erlexec's port program speaks, and what an old one of
%% ours is spoken to in.

-type identity() :: {proctor:ospid(), Born :: binary() | undefined}
                  | undefined.
%% The port program as a process of the system.

-record(writer, {port :: port(),
                 pid :: pid(),
                 %% How many writes it was given and has not done.
                 behind :: atomics:atomics_ref()}).

%% Messages that whoever writes may have and still write itself.
-define(CROWD, 100).

-opaque writer() :: #writer{}.
%% The way to the port program: the port, and the process that writes to it
%% what it does not take at once.

%% Where `make install' puts it: what ./configure was told, else what it has as
%% its default.
-ifndef(LIBEXECDIR).
-define(LIBEXECDIR, "/usr/local/libexec").
-endif.
-define(INSTALLED, ?LIBEXECDIR "/proctor/proctor").

%% Not a delay: a limit for a port program that neither answers nor ends.
-define(READY_TIMEOUT, 10000).

%% What is left to one that has nothing to end, and to what was killed, in
%% milliseconds.
-define(LAST_WORD, 1000).

%% The port program takes a longer frame for a broken peer.
-define(MAX_FRAME, 16#4000000).

%% A longer payload for a child's standard input goes in pieces, so that no
%% frame ever comes near the limit.
-define(MAX_STDIN, 16#100000).

%%% Where it lies

%% @doc The path of the port program: what the option `portexe' says, else
%% the application's environment, else the variable `PROCTOR_PORT', else the
%% first of the application's own `priv' directory and the installed path
%% that is there. A place that somebody chose is used or fails; the error
%% lists what was tried.
-spec program(proctor_start_options:start() | #{}) ->
    {ok, file:filename_all()} |
    {error, {no_port_program, [file:filename_all()]}}.
program(#{portexe := Path}) ->
    first([Path]);
program(#{}) ->
    case {application:get_env(proctor, portexe), os:getenv("PROCTOR_PORT")} of
        {{ok, Path}, _} when Path =/= default -> first([Path]);
        {_, [_ | _] = Path} -> first([Path]);
        _ -> first([filename:join(priv_dir(), "proctor"), ?INSTALLED])
    end.

first(Paths) ->
    case lists:search(fun filelib:is_regular/1, Paths) of
        {value, Path} -> {ok, filename:absname(Path)};
        false -> {error, {no_port_program, Paths}}
    end.

priv_dir() ->
    case code:priv_dir(proctor) of
        {error, bad_name} ->
            %% Not in a directory named as an application should be; Mix's
            %% escripts have no directories at all.
            Ebin = filename:absname(filename:dirname(code:which(?MODULE))),
            Root = case filelib:is_regular(Ebin) of
                       true -> Ebin;
                       false -> filename:dirname(Ebin)
                   end,
            filename:join(Root, "priv");
        Dir ->
            Dir
    end.

%%% Starting and ending

%% @doc Starts the port program and waits until it answers.
-spec open(proctor_start_options:start()) ->
    {ok, port(), {dialect(), Hello :: map()}, proctor_environ:environ()}
    | {error, term()}.
open(Start) ->
    case program(Start) of
        {ok, Program} ->
            open(Program, Start);
        {error, {no_port_program, Paths}} = Error ->
            ?TELL(error, "proctor: ~ts", [nowhere(Paths)]),
            Error
    end.

%% In one sentence, for who has an application that does not start.
nowhere(Paths) ->
    case lists:search(fun filelib:is_regular/1,
                      lists:flatmap(fun parents/1, Paths)) of
        {value, Archive} ->
            ["the port program cannot be executed from inside the archive or "
             "escript ", Archive, ": put it beside that, and say where with "
             "portexe in the environment of the application (config :proctor, "
             "portexe: ...), or with the variable PROCTOR_PORT"];
        false ->
            ["there is no port program at ", lists:join(" or ", Paths),
             ": compile the application as a dependency, or use `make "
             "install', or say where it is with portexe in the environment of "
             "the application (config :proctor, portexe: ...), or with the "
             "variable PROCTOR_PORT"]
    end.

parents(Path) ->
    case filename:dirname(Path) of
        Path -> [];
        Parent -> [Parent | parents(Parent)]
    end.

open(Program, #{env := Env, verbose := Verbose} = Start) ->
    Args = arguments(Start),
    Verbose andalso ?TELL(notice, "proctor: starting ~ts ~tp", [Program, Args]),
    Settings = [{args, Args}, {env, Env}, {packet, 4}, binary, exit_status,
                use_stdio, hide],
    try proctor_environ:opened(fun() -> open_port({spawn_executable, Program},
                                                  Settings) end) of
        {Port, Environ} -> ready(await_ready(Port, Start), Start, Environ)
    catch
        error:Reason -> {error, {Reason, Program}}
    end.

ready({ok, Port, Dialect, Hello}, Start, Environ) ->
    {ok, Port, {Dialect, Hello}, proctor_environ:lent(Hello, Start, Environ)};
ready({error, _} = Error, _Start, _Environ) ->
    Error.

%% Whether it speaks our dialect, unless that is not wanted; its answer proves
%% the whole ring.
greeting(#{dialect := exec_port}) -> {list};
greeting(#{}) -> {hello, #{version => 1, move => true}}.

await_ready(Port, Start) ->
    {ok, [Frame]} = encode(1, greeting(Start)),
    try
        true = port_command(Port, Frame),
        receive
            {Port, {data, Data}} -> check_ready(Port, decode(Data, []));
            {Port, {exit_status, Status}} -> {error, exited(Status)};
            {'EXIT', Port, Reason} -> {error, exited(Reason)}
        after ?READY_TIMEOUT ->
            ok = put_down(Port, {identity(Port), ?LAST_WORD}),
            {error, port_timeout}
        end
    catch
        error:badarg -> {error, exited(last_word(Port))}
    end.

%% A status as erlexec says it; the log has it in words.
exited(End) ->
    ?TELL(error, "proctor: the port program did not start: ~ts",
          [proctor_error:ended(End)]),
    case is_integer(End) of
        true -> {port_exited_with_status, End};
        false -> {port_closed, End}
    end.

check_ready(Port, {ok, {1, {ok, Hello}}}) when is_map(Hello) ->
    {ok, Port, native, Hello};
check_ready(Port, {ok, {1, OsPids}}) when is_list(OsPids) ->
    {ok, Port, exec_port, #{}};
check_ready(Port, {ok, {1, {error, Text}}}) when is_list(Text) ->
    %% It has never heard of this, as a port program for erlexec.
    {ok, Port, exec_port, #{}};
check_ready(Port, Other) ->
    abandon(Port),
    {error, {bad_port_program, Other}}.

%% The port ended before it could be written to: its messages are on the way.
last_word(Port) ->
    receive
        {Port, {exit_status, Status}} -> Status;
        {'EXIT', Port, Reason} -> Reason
    after ?READY_TIMEOUT ->
        closed
    end.

%% @doc Orders the port program to end and waits for it at most `Timeout'
%% milliseconds; then it is put down. Frames that still arrive are given to
%% `Fun', one by one, with the accumulated value that it last returned.
-spec close(port(), {timeout(), fun((binary(), Acc) -> Acc), Acc}) ->
    {exit(), Acc}.
close(Port, {Timeout, Fun, Acc}) ->
    Identity = identity(Port),
    {ok, [Frame]} = encode(0, {shutdown}),
    try port_command(Port, Frame, [nosuspend]) of
        true ->
            Deadline = erlang:monotonic_time(millisecond) + Timeout,
            await_exit(Port, Deadline, Fun, Acc, Identity);
        false ->
            %% It does not read: end-of-file says the same.
            ok = put_down(Port, {Identity, Timeout}),
            {closed, Acc}
    catch
        error:badarg -> {closed, Acc}
    end.

await_exit(Port, Deadline, Fun, Acc, Identity) ->
    Left = max(0, Deadline - erlang:monotonic_time(millisecond)),
    receive
        {Port, {data, Data}} ->
            await_exit(Port, Deadline, Fun, Fun(Data, Acc), Identity);
        {Port, {exit_status, Status}} ->
            {Status, Acc};
        {'EXIT', Port, Reason} ->
            {Reason, Acc}
    after Left ->
        ?TELL(error, "proctor: the port program does not end; closing it", []),
        ok = put_down(Port, {Identity, ?LAST_WORD}),
        {timeout, Acc}
    end.

%% @doc Closes the port of a port program that does not answer, and sees that
%% nothing of it is left, as far as this node may: the processes of the port
%% program are one process group. One that was stopped (SIGSTOP) goes on
%% (SIGCONT), finds the end of its input and ends in an orderly way, with all
%% its children, within `Timeout' milliseconds; else it gets SIGKILL. A port
%% program that runs with rights that the node lacks cannot be signalled.
-spec put_down(port(), {identity(), non_neg_integer()}) -> ok.
put_down(Port, {Identity, Timeout}) ->
    abandon(Port),
    case same(Identity) of
        true -> end_group(element(1, Identity), Timeout);
        false -> ok
    end.

end_group(OsPid, Timeout) ->
    ok = proctor_group:signal(OsPid, "CONT"),
    Gone = proctor_group:await_gone(OsPid, Timeout)
        orelse begin
                   ok = proctor_group:signal(OsPid, "KILL"),
                   proctor_group:await_gone(OsPid, ?LAST_WORD)
               end,
    Gone orelse ?TELL(error, "proctor: the port program ~w is still there",
                           [OsPid]),
    ok.

%% @doc Which process of the system a port's program is.
-spec identity(port()) -> identity().
identity(Port) ->
    case erlang:port_info(Port, os_pid) of
        {os_pid, OsPid} -> {OsPid, proctor_group:born(OsPid)};
        undefined -> undefined
    end.

%% Its number may be another's by now.
same(undefined) ->
    false;
same({OsPid, Born}) ->
    proctor_group:born(OsPid) =:= Born.

%% Closing would first write all that is queued, for ever if nobody reads, and
%% halt/0 would wait for that.
abandon(Port) ->
    true = exit(Port, kill),
    ok.

arguments(#{args := Extra} = Start) ->
    ["-p", "4"] ++ user(Start)
        ++ [Arg || #{limit_users := Users} <- [Start],
                   Arg <- ["-limit-users", Users]]
        ++ [Arg || #{alarm := Seconds, alarm_given := true} <- [Start],
                   Arg <- ["-alarm", integer_to_list(Seconds)]]
        ++ [Arg || #{linger := Linger} <- [Start],
                   Arg <- ["-linger", integer_to_list(Linger)]]
        ++ [Arg || #{debug := Level} <- [Start],
                   Arg <- ["-debug", integer_to_list(Level)]]
        ++ [Arg || #{capabilities := List} <- [Start], Arg <- ["-cap", List]]
        ++ [Arg || #{cgroup_base := Base} <- [Start],
                   Arg <- ["-cgroup", Base]]
        ++ Extra.

%% The port program refuses to serve root unless told so. A node that runs as
%% root, as in many a container, has made that choice already.
user(#{user := User}) ->
    ["-user", User];
user(#{root := true}) ->
    ["-user", "root"];
user(#{args := Extra}) ->
    case not lists:member("-user", Extra)
        andalso real_uid() =:= 0 of
        true ->
            ?TELL(notice, "proctor: this node runs as root, and so will "
                  "whatever it starts that names no other user", []),
            ["-user", "root"];
        false ->
            []
    end.

%% @doc The user that this node is.
-spec real_uid() -> non_neg_integer() | undefined.
real_uid() ->
    case file:read_file("/proc/self/status") of
        {ok, Status} ->
            {match, [Uid]} = re:run(Status, "^Uid:\\s+([0-9]+)",
                                    [multiline, {capture, [1], list}]),
            list_to_integer(Uid);
        {error, _} ->
            case string:to_integer(os:cmd("id -ru")) of
                {Uid, _} when is_integer(Uid) -> Uid;
                {error, _} -> undefined
            end
    end.

%%% Writing

%% @doc Makes the way to the program behind `Port'. Its process is linked to the
%% caller.
-spec start_writer(port()) -> writer().
start_writer(Port) ->
    Behind = atomics:new(1, [{signed, false}]),
    #writer{port = Port, behind = Behind,
            pid = proctor_writer:start_link(Port, self(), Behind)}.

%% @doc Writes frames, or hands them over to the writer; never waits. If `From'
%% is a caller it is answered `ok' when they have gone: a port that does not
%% read makes it wait. Says whether they have.
-spec write(writer(), [iodata()], gen_server:from() | none) -> gone | waiting.
write(#writer{behind = Behind} = Writer, Frames, From) ->
    case atomics:get(Behind, 1) =:= 0 andalso not crowded() of
        true -> write_now(Writer, Frames, From);
        false -> hand_over(Writer, Frames, From)
    end.

%% A port that is just being read, by another scheduler, answers with a message,
%% which would have to be looked for behind all others.
crowded() ->
    {message_queue_len, Length} = process_info(self(), message_queue_len),
    Length > ?CROWD.

write_now(_Writer, [], From) ->
    answer(From),
    gone;
write_now(#writer{port = Port} = Writer, [Frame | Rest] = Frames, From) ->
    try port_command(Port, Frame, [nosuspend]) of
        true -> write_now(Writer, Rest, From);
        false -> hand_over(Writer, Frames, From)
    catch
        %% The server hears of the port's end by itself.
        error:badarg -> gone
    end.

%% Counted before it is sent: whoever hears of this write must not find that
%% nothing waits.
hand_over(#writer{pid = Pid, behind = Behind}, Frames, From) ->
    ok = atomics:add(Behind, 1, 1),
    ok = proctor_writer:write(Pid, Frames, From),
    waiting.

answer(none) -> ok;
answer(From) -> gen_server:reply(From, ok).

%% @doc Waits until the writer has written and answered all that it was given,
%% or has ended, or so many milliseconds have passed.
-spec flush(writer(), timeout()) -> ok.
flush(#writer{pid = Pid}, Timeout) ->
    proctor_writer:flush(Pid, Timeout).

%% @doc How many writes wait for the port.
-spec waiting(writer()) -> non_neg_integer().
waiting(#writer{behind = Behind}) ->
    atomics:get(Behind, 1).

%% @doc Whether a process is that of the writer.
-spec is_writer(pid(), writer()) -> boolean().
is_writer(Pid, #writer{pid = Writer}) ->
    Pid =:= Writer.

%%% Frames

%% @doc The frames of one request; several for a long payload.
-spec encode(non_neg_integer(), tuple()) ->
    {ok, [iodata(), ...]} | {error, too_big}.
encode(0, {stdin, OsPid, <<Piece:?MAX_STDIN/binary, Rest/binary>>})
  when Rest =/= <<>> ->
    {ok, Frames} = encode(0, {stdin, OsPid, Rest}),
    {ok, [erlang:term_to_iovec({0, {stdin, OsPid, Piece}}) | Frames]};
encode(TransId, Request) ->
    Frame = erlang:term_to_iovec({TransId, Request}),
    case iolist_size(Frame) =< ?MAX_FRAME of
        true -> {ok, [Frame]};
        false -> {error, too_big}
    end.

%% @doc The term that a frame of the port program holds. It makes no atoms: the
%% process that writes frames is exposed to whatever children print.
-spec decode(binary()) -> {ok, {non_neg_integer(), term()}} | error.
decode(<<131, 104, 2, 97, 0, 104, 3, 119, 6, "stdout", Rest/binary>> = Frame) ->
    output(stdout, Rest, Frame);
decode(<<131, 104, 2, 97, 0, 104, 3, 119, 6, "stderr", Rest/binary>> = Frame) ->
    output(stderr, Rest, Frame);
decode(Frame) ->
    decode_term(Frame).

%% {0, {Stream, OsPid, Data}} as it is most of the time, with the data left in
%% the frame: binary_to_term/2 would copy it.
output(Stream, <<98, 0:1, OsPid:31, 109, Size:32, Data:Size/binary>>, _) ->
    {ok, {0, {Stream, OsPid, Data}}};
output(_, _, Frame) ->
    decode_term(Frame).

decode_term(Frame) ->
    _ = vocabulary(),
    decode(Frame, [safe]).

%% Before there is a child even the features of a port program that is newer
%% than this are welcome.
decode(Frame, Options) ->
    try binary_to_term(Frame, Options) of
        {TransId, Term} when is_integer(TransId), TransId >= 0 ->
            {ok, {TransId, Term}};
        _ ->
            error
    catch
        error:badarg -> error
    end.

%% @doc All atoms the port program may say; being here they exist. A test
%% compares them with its sources.
-spec vocabulary() -> [atom()].
vocabulary() ->
    [ok, error, pid, stdin, stdout, stderr, exit_status, badarg, not_found,
     %% hello
     version, release, platform, mode, plain, privileged, root, user, users,
     limits, children, string, features, window, ack, stdin_ack,
     stdin_ack_bytes, eof, usage,
     timeout, idle_timeout, pty, launcher, exec_error, linger, sandbox,
     landlock, syscall_filter, pledge, unveil, orphans, guard, reaper,
     %% leaves
     cgroup, pause, path, controllers, memory, cpu, cpuset, pids, io, signal,
     freezer, each,
     rlimit, oom, oom_kill, pids_denied, memory_high, memory_max,
     memory_current,
     memory_peak, swap_current, cpu_us, cpu_user_us, cpu_system_us,
     cpu_throttled_us, pids_current, pids_peak, io_read, io_written, frozen,
     %% errors
     none, badopt, decode, policy, limit, pipe, fork, group, nice, chdir, open,
     exec, rlimit,
     %% events
     launcher_down,
     %% exits
     exit, status, exited, signaled, true, false, unknown, reason, normal,
     stopped, shutdown, killed, truncated, utime_us, stime_us, maxrss_kb,
     minflt, majflt, inblock, oublock, nvcsw, nivcsw,
     %% options of run
     executable, cd, env, kill, kill_timeout, kill_group, success_exit_code,
     winsz, pty_echo, capabilities, debug, arg0, umask, gid,
     groups, cpus, ionice, oom_score_adj, no_new_privs, cpu_timeout,
     %% errno
     e2big, eacces, eagain, ebadf, ebusy, echild, efault, einval, eio, eisdir,
     eloop, emfile, enametoolong, enfile, enodev, enoent, enoexec, enomem,
     enospc, enosys, enotdir, enotsup, enotty, enxio, eoverflow, eperm,
     epipe, eproto, erofs, esrch, etimedout, etxtbsy, edquot, eexist, efbig,
     eintr, emsgsize, erange, estale].
