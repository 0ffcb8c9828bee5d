%% What a run with `exit' and `monitor' is told: its output, then one exit, then
%% one 'DOWN', and nothing behind that.
-module(soak_mail).

-export([run/3, until/3, follow/1, follow/2, gone/1, fault/2, cmd/1, prefix/2]).

%% How long nothing may be heard of a run that should go on.
-define(PATIENCE, 120000).

-spec gone(term()) -> no_return().
gone(What) ->
    throw({gone, What}).

-spec fault(atom(), term()) -> no_return().
fault(Class, What) ->
    throw({fault, Class, What}).

%% Started, or its instance is gone.
run(Command, Options, #{tag := Tag, instance := Instance}) ->
    case proctor:run(Command, [exit, monitor, {tag, Tag}, {errors, term},
                               {instance, Instance} | Options]) of
        {ok, Pid, _OsPid} -> Pid;
        {error, Reason} -> refused(Reason)
    end.

refused(port_closed) -> gone(port_closed);
refused(not_started) -> gone(not_started);
refused({launcher, Errno, _}) -> gone({launcher, Errno});
refused({port, eio, _}) -> gone(port);
refused({cgroup, epipe, _}) -> gone(keeper);
refused(Reason) -> fault(answer, Reason).

%% The result of proctor:cmd/3 and the like.
cmd({ok, Result}) -> Result;
cmd({error, {port, eio, _}}) -> gone(port);
cmd({error, {launcher, Errno, _}}) -> gone({launcher, Errno});
cmd({error, {cgroup, epipe, _}}) -> gone(keeper);
cmd({error, Reason}) -> fault(answer, Reason).

%% Output until it ends with that, or its end is told, which follow/2 has then.
until(Tag, Suffix, Out) ->
    case ends(iolist_to_binary(Out), Suffix) of
        true ->
            Out;
        false ->
            receive
                {stdout, Tag, Data} -> until(Tag, Suffix, [Out, Data]);
                {exit, Tag, Exit} -> put({exit, Tag}, Exit), Out
            after ?PATIENCE ->
                fault(bytes, {waits_for, Suffix, iolist_to_binary(Out)})
            end
    end.

ends(Data, Suffix) ->
    byte_size(Data) >= byte_size(Suffix)
        andalso binary:part(Data, byte_size(Data), -byte_size(Suffix))
                    =:= Suffix.

%% To the end: its exit, what ended its process, and its output.
follow(Tag) ->
    follow(Tag, []).

follow(Tag, Out) ->
    Exit = case erase({exit, Tag}) of
               undefined -> none;
               Told -> Told
           end,
    follow(Tag, #{stdout => Out, stderr => []}, Exit).

follow(Tag, Got, Exit) ->
    receive
        {Stream, Tag, Data} when Stream =:= stdout; Stream =:= stderr ->
            Exit =:= none orelse fault(bytes, {behind_exit, byte_size(Data)}),
            #{Stream := Before} = Got,
            follow(Tag, Got#{Stream := [Before, Data]}, none);
        {exit, Tag, Told} when Exit =:= none ->
            follow(Tag, Got, Told);
        {exit, Tag, Told} ->
            fault(doubled, {Exit, Told});
        {'DOWN', Tag, process, _, Reason} ->
            ended(Exit, Reason, maps:map(fun(_, Data) ->
                                             iolist_to_binary(Data)
                                         end, Got))
    after ?PATIENCE ->
        fault(lost, {exit, Exit})
    end.

ended(none, Reason, _Got) ->
    fault(lost, {down, Reason});
ended(#{status := unknown} = Exit, port_closed, Got) ->
    {gone, Exit, Got};
%% The port program had time to say so.
ended(#{reason := shutdown} = Exit, _Reason, Got) ->
    {gone, Exit, Got};
ended(#{status := unknown} = Exit, Reason, _Got) ->
    fault(answer, {Exit, Reason});
ended(Exit, port_closed = Reason, _Got) ->
    fault(answer, {Exit, Reason});
ended(#{status := Status}, Reason, Got) ->
    {Status, Reason, Got}.

%% Of what was cut short no more is asked than that it begins so.
prefix(Part, Whole) ->
    case binary:longest_common_prefix([Part, Whole]) =:= byte_size(Part) of
        true -> ok;
        false -> fault(bytes, {no_prefix, byte_size(Part), byte_size(Whole)})
    end.
