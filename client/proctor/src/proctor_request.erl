%% @doc What the process of an OS process may be asked. Nobody else writes these
%% messages; {@link proctor_child} answers them.
-module(proctor_request).

-export([confirm/2, send/3, feed/2, recv/4, setopts/2, discard/2, await/2, infos/2,
         begun/2]).

%% @doc The caller of that run has its answer.
-spec confirm(pid(), reference()) -> ok | {error, term()}.
confirm(Pid, Ref) ->
    call(Pid, {confirm, Ref}, infinity).

%% @doc Writes to the standard input, or closes it. With `nowait' it is `busy'
%% if it would have to wait. It keeps the time itself.
-spec send(pid(), binary() | eof, timeout() | nowait) -> ok | {error, term()}.
send(Pid, Data, Timeout) ->
    call(Pid, {send, Data, Timeout}, infinity).

%% @doc The same for one who does not wait, however much is waiting: who asks so
%% bounds that by other means.
-spec feed(pid(), binary()) -> ok.
feed(Pid, Data) ->
    gen_statem:cast(Pid, {feed, Data}).

%% @doc Takes so many bytes of a stream, or with 0 what there is; `only' is
%% standard output, or standard error if there is only that. Of `any' it is
%% said which it was.
-spec recv(pid(), proctor_receivers:stream() | only, non_neg_integer(),
           timeout()) ->
    {ok, proctor:received()} | {ok, {stdout | stderr, proctor:received()}}
    | {error, term()}.
recv(Pid, Stream, Length, Timeout) ->
    call(Pid, {recv, Stream, Length, Timeout}, infinity).

%% @doc Sets `{active, ...}'.
-spec setopts(pid(), [{active, proctor_output:change()}]) ->
    ok | {error, term()}.
setopts(Pid, Options) ->
    call(Pid, {setopts, Options}, infinity).

%% @doc From now on nobody wants its output, nor its exit.
-spec discard(pid(), timeout()) -> ok | {error, term()}.
discard(Pid, Timeout) ->
    call(Pid, discard, Timeout).

%% @doc Waits for its exit, and takes that.
-spec await(pid(), timeout()) -> {ok, proctor_exit:exit()} | {error, term()}.
await(Pid, Timeout) ->
    call(Pid, {await, Timeout}, infinity).

%% @doc What each of several knows of itself, asked all at once, so that one
%% that is slow holds nobody up; those that do not say it in so many
%% milliseconds are left out.
-spec infos([pid()], non_neg_integer()) -> [map()].
infos(Pids, Timeout) ->
    Asked = [gen_server:send_request(Pid, info) || Pid <- Pids],
    Deadline = erlang:monotonic_time(millisecond) + Timeout,
    [Info || Request <- Asked,
             {reply, {ok, Info}}
                 <- [gen_server:receive_response(Request, {abs, Deadline})]].

%% @doc Waits until each of several has answered the caller of its run, or is
%% gone, no longer than so many milliseconds.
-spec begun([pid()], non_neg_integer()) -> ok.
begun(Pids, Timeout) ->
    Asked = [gen_server:send_request(Pid, begun) || Pid <- Pids],
    Deadline = erlang:monotonic_time(millisecond) + Timeout,
    _ = [gen_server:receive_response(Request, {abs, Deadline})
         || Request <- Asked],
    ok.

call(Pid, Request, Timeout) ->
    RequestId = gen_server:send_request(Pid, Request),
    case gen_server:receive_response(RequestId, Timeout) of
        {reply, Reply} -> Reply;
        timeout -> {error, timeout};
        {error, {Why, _}} when Why =:= port_closed; Why =:= no_answer;
                               Why =:= noconnection ->
            {error, Why};
        {error, _} -> {error, closed}
    end.
