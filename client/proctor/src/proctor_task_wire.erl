%% @doc What crosses between the node and the switch of `proctor-task', as
%% `task/wire.h' and `doc/task-protocol.md' have it. Nothing but data: no
%% process, no message.
%%
%% Heads of frames are the switch's; the terms in them were written by tasks,
%% which may have been taken over: they make no atom here, none of them is
%% unpacked to more than it is, and an answer that is none becomes an error.
-module(proctor_task_wire).

-export([new/0, frames/2, encode/3, call/3, batch/3, args/1, max/0]).
-export([vocabulary/0]).

-export_type([buffer/0, frame/0, down/0, up/0, answer/0, failure/0, streams/0,
              usage/0, exit/0]).

-record(buffer, {%% What has come, the last first, and what of it is known to
                 %% be needed for one frame more.
                 parts = [] :: [binary()],
                 have = 0 :: non_neg_integer(),
                 need = 4 :: pos_integer(),
                 %% Of whose output the rest is to come, and how much.
                 open :: undefined | {non_neg_integer(), stdout | stderr,
                                      pos_integer()}}).

-opaque buffer() :: #buffer{}.

-type stream() :: stdin | stdout | stderr.

-type streams() :: [stream()].

-type failure() :: {Stage :: atom(), Errno :: atom(), Detail :: term()}.

-type answer() :: ok | {ok, term()} | {error, failure()}.

-type usage() :: #{utime_us | stime_us | maxrss_kb => non_neg_integer()}.

-type exit() :: #{status := proctor_exit:status(),
                  cause := itself | stopped | parent | tree | lie,
                  usage := usage()}.

-type down() :: {call, Ms :: non_neg_integer(), Number :: non_neg_integer(),
                 Args :: binary()}
              | {batch, Ms :: non_neg_integer(), stop | all,
                 [{Number :: non_neg_integer(), Args :: binary()}]}
              | {stdin, binary()}
              | {close, stream()}
              | {ack, stdout | stderr, pos_integer()}
              | {kill, process | group | subtree, 0..64}
              | {stop, 0..64, Ms :: non_neg_integer()}
              | {option, option(), get | integer()}
              | list
              | {winsz, 0..65535, 0..65535}.

-type option() :: maxchild | maxforkdepth | signaloneof | kill_timeout
                | linger | window.

-type up() :: {hello, map()}
            | {reply, answer()}
            | {results, [answer()]}
            | {born, Parent :: non_neg_integer(), Pid :: integer(),
               Inner :: integer()}
            | {exec, streams()}
            | {stdout | stderr, binary()}
            | {eof, stream(), Errno :: non_neg_integer()}
            | {taken, non_neg_integer()}
            | {signal, Number :: non_neg_integer(), Info :: binary()}
            | {exit, exit()}
            | {error, term()}.

-type frame() :: {Task :: non_neg_integer(), Seq :: non_neg_integer(), up()}.

-define(MAX, 16#100000).
-define(HEAD, 9).

%% Bytes of output that are copied rather than handed on by themselves.
-define(SMALL, 65536).

%% @doc How much one frame may hold behind its head.
-spec max() -> pos_integer().
max() ->
    ?MAX - ?HEAD.

%%% To the switch

%% @doc A frame, or that it would be too long.
-spec encode(non_neg_integer(), 0..16#FFFFFFFF, down()) ->
    {ok, iodata()} | too_long.
encode(Task, Seq, What) ->
    {Type, Body} = body(What),
    case iolist_size(Body) + ?HEAD of
        Size when Size > ?MAX -> too_long;
        Size -> {ok, [<<Size:32, Type, Task:32, Seq:32>>, Body]}
    end.

body({call, Ms, Number, Args}) ->
    {1, [<<Ms:32, Number:16>>, Args]};
body({batch, Ms, How, Calls}) ->
    {2, [<<Ms:32, (flags(How)), (length(Calls)):16>>
         | [[<<Number:16, (byte_size(Args)):32>>, Args]
            || {Number, Args} <- Calls]]};
body({stdin, Data}) -> {3, Data};
body({close, Stream}) -> {4, <<(number(Stream))>>};
body({ack, Stream, Bytes}) -> {5, <<(number(Stream)), Bytes:32>>};
body({kill, Scope, Signal}) -> {6, <<(scope(Scope)), Signal>>};
body({stop, Signal, Ms}) -> {7, <<Signal, Ms:32>>};
body({option, Name, get}) -> {8, <<(option(Name)), 0, 0:64>>};
body({option, Name, Value}) -> {8, <<(option(Name)), 1, Value:64>>};
body(list) -> {9, <<>>};
body({winsz, Rows, Columns}) -> {10, <<Rows:16, Columns:16>>}.

flags(stop) -> 0;
flags(all) -> 1.

number(stdin) -> 0;
number(stdout) -> 1;
number(stderr) -> 2.

scope(process) -> 0;
scope(group) -> 1;
scope(subtree) -> 2.

option(maxchild) -> 1;
option(maxforkdepth) -> 2;
option(signaloneof) -> 3;
option(kill_timeout) -> 4;
option(linger) -> 5;
option(window) -> 6.

%% @doc The arguments of a call, as they cross.
-spec args([term()]) -> binary().
args(Args) ->
    term_to_binary(list_to_tuple(Args)).

%% @doc A call, by its number.
-spec call(non_neg_integer(), [term()], non_neg_integer()) -> down().
call(Number, Args, Ms) ->
    {call, Ms, Number, args(Args)}.

%% @doc Calls in one frame: all of them, or up to the first that fails.
-spec batch(stop | all, [{non_neg_integer(), [term()]}], non_neg_integer()) ->
    down().
batch(How, Calls, Ms) ->
    {batch, Ms, How, [{Number, args(Args)} || {Number, Args} <- Calls]}.

%%% From the switch

%% @doc Nothing has come.
-spec new() -> buffer().
new() ->
    #buffer{}.

%% @doc More has come: the frames that are whole now, and of output what there
%% is, as if each piece were a frame, so that none of it is copied. `error' is
%% what no switch of ours says.
-spec frames(binary(), buffer()) -> {ok, [frame()], buffer()} | error.
frames(Data, #buffer{open = {Task, Stream, Left}}) ->
    case Data of
        <<Last:Left/binary, Rest/binary>> ->
            cut(Rest, [{Task, 0, {Stream, Last}}]);
        _ ->
            {ok, [{Task, 0, {Stream, Data}}],
             #buffer{open = {Task, Stream, Left - byte_size(Data)}}}
    end;
frames(Data, #buffer{parts = Parts, have = Have, need = Need} = Buffer) ->
    case Have + byte_size(Data) of
        Now when Now < Need ->
            {ok, [], Buffer#buffer{parts = [Data | Parts], have = Now}};
        _ when Parts =:= [] ->
            cut(Data, []);
        _ ->
            cut(iolist_to_binary(lists:reverse([Data | Parts])), [])
    end.

cut(<<Size:32, _/binary>>, _Frames) when Size < ?HEAD; Size > ?MAX ->
    error;
cut(<<Size:32, Frame:Size/binary, Rest/binary>>, Frames) ->
    case frame(Frame) of
        error -> error;
        Read -> cut(Rest, [Read | Frames])
    end;
cut(<<Size:32, Type, Task:32, 0:32, Data/binary>>, Frames)
  when Type =:= 69; Type =:= 70 ->
    Stream = output(Type),
    Pieces = [{Task, 0, {Stream, Data}} || Data =/= <<>>],
    {ok, joined(Pieces ++ Frames),
     #buffer{open = {Task, Stream, Size - ?HEAD - byte_size(Data)}}};
cut(<<Size:32, _/binary>> = Rest, Frames) ->
    kept(Rest, Size + 4, Frames);
cut(Rest, Frames) ->
    kept(Rest, 4, Frames).

kept(<<>>, _Need, Frames) ->
    {ok, joined(Frames), #buffer{}};
kept(Rest, Need, Frames) ->
    {ok, joined(Frames),
     #buffer{parts = [Rest], have = byte_size(Rest), need = Need}}.

%% In their order, of which the last comes first. Small pieces of one stream that
%% have come together go on together: to hand one on costs more than its bytes.
joined(Frames) ->
    joined(Frames, []).

joined([{Task, 0, {Stream, Last}}, {Task, 0, {Stream, _}} | _] = Frames, Acc)
  when (Stream =:= stdout orelse Stream =:= stderr),
       byte_size(Last) < ?SMALL ->
    {Pieces, Rest} = small(Frames, Task, Stream, []),
    joined(Rest, [{Task, 0, {Stream, iolist_to_binary(Pieces)}} | Acc]);
joined([Frame | Rest], Acc) ->
    joined(Rest, [Frame | Acc]);
joined([], Acc) ->
    Acc.

small([{Task, 0, {Stream, Data}} | Rest], Task, Stream, Acc)
  when byte_size(Data) < ?SMALL ->
    small(Rest, Task, Stream, [Data | Acc]);
small(Rest, _Task, _Stream, Acc) ->
    {Acc, Rest}.

frame(<<Type, Task:32, Seq:32, Body/binary>>) ->
    case up(Type, Body) of
        error -> error;
        What -> {Task, Seq, What}
    end.

%% The first is the switch's own word, and brings names with it.
up(64, Body) ->
    case hello(Body) of
        #{} = Hello -> {hello, Hello};
        _ -> error
    end;
up(65, Body) -> {reply, answer(term(Body))};
up(66, Body) -> {results, answers(term(Body))};
up(67, <<Parent:32, Pid:32/signed, Inner:32/signed>>) ->
    {born, Parent, Pid, Inner};
up(68, <<Streams>>) -> {exec, streams(Streams)};
up(Type, Data) when (Type =:= 69 orelse Type =:= 70), Data =/= <<>> ->
    {output(Type), Data};
up(71, <<Stream, Errno>>) when Stream =< 2 -> {eof, stream(Stream), Errno};
up(72, <<Bytes:32>>) -> {taken, Bytes};
up(73, <<Signal, Info/binary>>) -> {signal, Signal, Info};
up(74, <<How, Value:32, Core, Cause, Utime:64, Stime:64, Rss:64>>)
  when Cause =< 4 ->
    {exit, #{status => status(How, Value, Core), cause => cause(Cause),
             usage => #{utime_us => Utime, stime_us => Stime,
                        maxrss_kb => Rss}}};
up(75, Body) -> {error, term(Body)};
up(_Type, _Body) -> error.

hello(Body) ->
    try binary_to_term(Body)
    catch error:badarg -> error
    end.

output(69) -> stdout;
output(70) -> stderr.

stream(0) -> stdin;
stream(1) -> stdout;
stream(2) -> stderr.

streams(Mask) ->
    [stream(N) || N <- [0, 1, 2], Mask band (1 bsl N) =/= 0].

status(0, Value, _) -> {exited, Value band 255};
status(1, Value, Core) when Value > 0, Value < 128 ->
    {signaled, Value, Core =/= 0};
status(_, _, _) -> unknown.

cause(0) -> itself;
cause(1) -> stopped;
cause(2) -> parent;
cause(3) -> tree;
cause(4) -> lie.

%%% What a task has written

%% A term that was packed may be a thousand times as long as it looks.
term(<<131, 80, _/binary>>) ->
    undefined;
term(Bytes) ->
    _ = vocabulary(),
    try binary_to_term(Bytes, [safe, used]) of
        {Term, Used} when Used =:= byte_size(Bytes) -> Term;
        _ -> undefined
    catch
        error:badarg -> undefined
    end.

answer(ok) -> ok;
answer({ok, _} = Answer) -> Answer;
answer({error, {Stage, Errno, _}} = Answer)
  when is_atom(Stage), is_atom(Errno) -> Answer;
answer(_) -> {error, {wire, eproto, answer}}.

answers(List) when is_list(List) ->
    try [answer(Each) || Each <- List]
    catch error:_ -> [answer(none)]
    end;
answers(_) ->
    [answer(none)].

%% @doc All atoms that a task may say beside the names of its calls, which come
%% with the first frame; being here they exist. A test compares them with its
%% sources.
-spec vocabulary() -> [atom()].
vocabulary() ->
    %% Signals are there with the module that names them.
    _ = proctor_signal:to_atom(0),
    [ok, error, true, false, unknown, undefined, infinity,
     %% stages
     call, argument, policy, system, state, timeout, limit, gone, exec, wire,
     %% what errors are about
     answer, stdin, stdout, stderr, pty, cd, search, signals, arg0, option,
     list, batch, close, kill, stop, winsz, nofile, reply, length, calls,
     limits, interrupt, program, sigprocmask, file, append, null, keep,
     default, allow, deny, syscall, usage, none, other,
     %% values
     exit_status, termsig, stopsig, continued, sig_dfl, sig_ign, sig_info,
     cur, max, pid, inner, own, parent, task, depth, children, pending, eof,
     inet, inet6, local, ptr, type, regular, directory, character, block,
     fifo, link, socket, mode, nlink, uid, gid, size, dev, ino, rdev, blksize,
     blocks, atime, mtime, ctime, effective, permitted, inheritable, cap,
     uid_map, gid_map, subs, seals, return_value, arg, sec, usec,
     %% errno
     e2big, eacces, eaddrinuse, eaddrnotavail, eadv, eafnosupport, eagain,
     ealready, eauth, ebade, ebadf, ebadfd, ebadmsg, ebadr, ebadrpc, ebadrqc,
     ebadslt, ebfont, ebusy, ecanceled, ecapmode, echild, echrng, ecomm,
     econnaborted, econnrefused, econnreset, edeadlk, edeadlock, edestaddrreq,
     edom, edoofus, edotdot, edquot, eexist, efault, efbig, eftype, ehostdown,
     ehostunreach, ehwpoison, eidrm, eilseq, einprogress, eintegrity, eintr,
     einval, eio, eipsec, eisconn, eisdir, eisnam, ekeyexpired, ekeyrejected,
     ekeyrevoked, el2hlt, el2nsync, el3hlt, el3rst, elast, elibacc, elibbad,
     elibexec, elibmax, elibscn, elnrng, eloop, emediumtype, emfile, emlink,
     emsgsize, emultihop, enametoolong, enavail, eneedauth, enetdown,
     enetreset, enetunreach, enfile, enoano, enoattr, enobufs, enocsi,
     enodata, enodev, enoent, enoexec, enokey, enolck, enolink, enomedium,
     enomem, enomsg, enonet, enopkg, enoprotoopt, enospc, enosr, enostr,
     enosys, enotblk, enotcapable, enotconn, enotdir, enotempty, enotnam,
     enotrecoverable, enotsock, enotsup, enotty, enotuniq, enxio, eopnotsupp,
     eoverflow, eownerdead, eperm, epfnosupport, epipe, eproclim,
     eprocunavail, eprogmismatch, eprogunavail, eproto, eprotonosupport,
     eprototype, erange, eremchg, eremote, eremoteio, erestart, erfkill,
     erofs, erpcmismatch, eshutdown, esocktnosupport, espipe, esrch, esrmnt,
     estale, estrpipe, etime, etimedout, etoomanyrefs, etxtbsy, euclean,
     eunatch, eusers, ewouldblock, exdev, exfull].
