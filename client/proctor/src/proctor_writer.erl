%% @doc Writes to the port what this did not take at once. It keeps what it is
%% given in order, and never waits itself: what the port does not take goes by
%% a process of its own, which runs nothing but a function of the kernel of
%% Erlang. So it answers, and outlives new versions of its code, however long
%% the port program does not read.
-module(proctor_writer).
-behaviour(gen_server).

-export([start_link/3, write/3, flush/2]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, format_status/1]).

-record(writer, {port :: port(),
                 owner :: pid(),
                 %% How many writes it was given and has not done.
                 behind :: atomics:atomics_ref(),
                 queue = queue:new() :: queue:queue(item()),
                 %% What is being written, and by whom.
                 current :: undefined | item(),
                 helper :: undefined | reference()}).

-type item() :: {write, [iodata()], gen_server:from() | none}
              | {flush, gen_server:from()}.

%% @doc Starts it, linked to the caller, for the port of `Owner'.
-spec start_link(port(), pid(), atomics:atomics_ref()) -> pid().
start_link(Port, Owner, Behind) ->
    {ok, Pid} = gen_server:start_link(?MODULE, {Port, Owner, Behind}, []),
    Pid.

%% @doc Hands frames over; `From' is answered `ok' when they have gone.
-spec write(pid(), [iodata()], gen_server:from() | none) -> ok.
write(Writer, Frames, From) ->
    gen_server:cast(Writer, {write, Frames, From}).

%% @doc Waits until all it was given is written and answered, or it has ended,
%% or so many milliseconds have passed.
-spec flush(pid(), timeout()) -> ok.
flush(Writer, Timeout) ->
    Request = gen_server:send_request(Writer, flush),
    _ = gen_server:receive_response(Request, Timeout),
    ok.

%% @private
-spec init({port(), pid(), atomics:atomics_ref()}) -> {ok, #writer{}}.
init({Port, Owner, Behind}) ->
    {ok, #writer{port = Port, owner = Owner, behind = Behind}}.

%% @private
-spec handle_call(flush, gen_server:from(), #writer{}) ->
    {noreply, #writer{}} | {stop, normal, #writer{}}.
handle_call(flush, From, Writer) ->
    add({flush, From}, Writer).

%% @private
-spec handle_cast(item(), #writer{}) ->
    {noreply, #writer{}} | {stop, normal, #writer{}}.
handle_cast({write, _, _} = Item, Writer) ->
    add(Item, Writer).

%% @private
-spec handle_info(term(), #writer{}) ->
    {noreply, #writer{}} | {stop, normal, #writer{}}.
handle_info({'DOWN', Helper, process, _, _},
            #writer{helper = Helper} = Writer) ->
    go_on(Writer#writer{helper = undefined});
handle_info(_Message, Writer) ->
    {noreply, Writer}.

%% @private
-spec format_status(gen_server:format_status()) -> gen_server:format_status().
format_status(Status) ->
    maps:map(fun(state, #writer{queue = Queue}) ->
                     #{queued => queue:len(Queue)};
                (message, _) -> hidden;
                (log, _) -> [];
                (_, Value) -> Value
             end, Status).

add(Item, #writer{queue = Queue} = Writer) ->
    go_on(Writer#writer{queue = queue:in(Item, Queue)}).

go_on(#writer{helper = Helper} = Writer) when is_reference(Helper) ->
    {noreply, Writer};
go_on(#writer{current = undefined, queue = Queue} = Writer) ->
    case queue:out(Queue) of
        {{value, Item}, Rest} ->
            go_on(Writer#writer{current = Item, queue = Rest});
        {empty, _} ->
            {noreply, Writer}
    end;
go_on(#writer{current = {flush, From}} = Writer) ->
    gen_server:reply(From, flushed),
    go_on(Writer#writer{current = undefined});
go_on(#writer{current = {write, [], From}, behind = Behind} = Writer) ->
    ok = atomics:sub(Behind, 1, 1),
    From =:= none orelse gen_server:reply(From, ok),
    go_on(Writer#writer{current = undefined});
go_on(#writer{current = {write, [Frame | Rest], From}, port = Port,
              owner = Owner} = Writer) ->
    Writer1 = Writer#writer{current = {write, Rest, From}},
    try port_command(Port, Frame, [nosuspend]) of
        true ->
            go_on(Writer1);
        false ->
            %% This is suspended until the port has taken it, or is no more.
            {_, Helper} = spawn_monitor(erlang, send,
                                        [Port, {Owner, {command, Frame}}]),
            {noreply, Writer1#writer{helper = Helper}}
    catch
        %% The owner hears of the port's end by itself.
        error:badarg -> {stop, normal, Writer}
    end.
