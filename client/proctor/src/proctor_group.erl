%% @doc Process groups seen from outside, through /proc. Where there is none
%% they are taken for gone.
-module(proctor_group).

-export([await_gone/2, born/1, signal/2]).

%% How often is looked, in milliseconds.
-define(LOOK, 5).

%% @doc Waits until nobody is left in a group who is not a corpse, at most so
%% many milliseconds; says whether it is so.
-spec await_gone(proctor:ospid(), non_neg_integer()) -> boolean().
await_gone(Group, Timeout) ->
    look(Group, erlang:monotonic_time(millisecond) + Timeout).

look(Group, Deadline) ->
    case alive(Group) of
        false ->
            true;
        true ->
            case erlang:monotonic_time(millisecond) < Deadline of
                true ->
                    timer:sleep(?LOOK),
                    look(Group, Deadline);
                false ->
                    false
            end
    end.

%% Whether somebody lives there.
alive(Group) ->
    Wanted = integer_to_binary(Group),
    case file:list_dir("/proc") of
        {ok, Names} ->
            lists:any(fun([Digit | _] = Name) when Digit >= $0, Digit =< $9 ->
                              in_group(Name, Wanted);
                         (_) ->
                              false
                      end, Names);
        {error, _} ->
            false
    end.

%% Of /proc/N/stat: state, parent and group follow the name in parentheses.
in_group(Name, Group) ->
    case stat(Name) of
        [State, _, Group | _] -> not lists:member(State, [<<"Z">>, <<"X">>]);
        _ -> false
    end.

stat(Name) ->
    case file:read_file("/proc/" ++ Name ++ "/stat") of
        {ok, Stat} ->
            Rest = lists:last(binary:split(Stat, <<") ">>, [global])),
            binary:split(Rest, <<" ">>, [global]);
        {error, _} ->
            []
    end.

%% @doc When a process began, as the kernel counts it: together with its number
%% this is one process and no other, ever.
-spec born(proctor:ospid()) -> binary() | undefined.
born(OsPid) ->
    case stat(integer_to_list(OsPid)) of
        Fields when length(Fields) > 19 -> lists:nth(20, Fields);
        _ -> undefined
    end.

%% @doc Sends a signal, `"KILL"', to all of a group, by the program that does
%% this; there is no function for it. No shell sees more than two words of
%% ours.
-spec signal(proctor:ospid(), string()) -> ok.
signal(Group, Signal) ->
    Target = "-" ++ integer_to_list(Group),
    case os:find_executable("kill") of
        false -> _ = os:cmd("kill -s " ++ Signal ++ " -- " ++ Target), ok;
        Kill -> kill(Kill, ["-s", Signal, "--", Target])
    end.

kill(Kill, Args) ->
    try open_port({spawn_executable, Kill},
                  [{args, Args}, exit_status, stderr_to_stdout, hide]) of
        Port -> await(Port)
    catch
        error:_ -> ok
    end.

await(Port) ->
    receive
        {Port, {data, _}} -> await(Port);
        {Port, {exit_status, _}} -> closed(Port);
        {'EXIT', Port, _} -> ok
    end.

%% Where exits are trapped there is one more word.
closed(Port) ->
    receive {'EXIT', Port, _} -> ok after 0 -> ok end.
