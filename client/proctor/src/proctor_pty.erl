%% @doc Modes of a terminal, by the names of RFC 4254, section 8, in lower
%% case, and what values they may have.
-module(proctor_pty).

-export([check/1, modes/0]).

-export_type([mode/0]).

-type mode() :: {atom(), non_neg_integer() | boolean()}.

%% The port program takes so many at once.
-define(MOST, 64).

-define(CHARACTERS, [vintr, vquit, verase, vkill, veof, veol, veol2, vstart,
                     vstop, vsusp, vdsusp, vreprint, vwerase, vlnext, vflush,
                     vswtch, vstatus, vdiscard]).
-define(FLAGS, [ignpar, parmrk, inpck, istrip, inlcr, igncr, icrnl, iuclc,
                ixon, ixany, ixoff, imaxbel, iutf8, isig, icanon, xcase, echo,
                echoe, echok, echonl, noflsh, tostop, iexten, echoctl, echoke,
                pendin, opost, olcuc, onlcr, ocrnl, onocr, onlret, cs7, cs8,
                parenb, parodd]).
-define(SPEEDS, [tty_op_ispeed, tty_op_ospeed]).

%% @doc All names, with the kind of their values.
-spec modes() -> [{atom(), character | flag | speed}].
modes() ->
    [{Name, character} || Name <- ?CHARACTERS]
        ++ [{Name, flag} || Name <- ?FLAGS]
        ++ [{Name, speed} || Name <- ?SPEEDS].

%% @doc Whether all can be asked for; else those that cannot, in their order.
-spec check(term()) -> ok | {bad, [term()]} | too_many | no_list.
check(Modes) ->
    try length(Modes) of
        Count when Count > ?MOST ->
            too_many;
        _ ->
            case [Mode || Mode <- Modes, not valid(Mode)] of
                [] -> ok;
                Bad -> {bad, Bad}
            end
    catch
        error:badarg -> no_list
    end.

valid({Name, Value}) when is_atom(Name) ->
    case {lists:member(Name, ?FLAGS), lists:member(Name, ?CHARACTERS),
          lists:member(Name, ?SPEEDS)} of
        {true, _, _} -> lists:member(Value, [0, 1, true, false]);
        {_, true, _} -> is_integer(Value) andalso Value >= 0
                            andalso Value =< 255;
        {_, _, true} -> is_integer(Value) andalso Value >= 0
                            andalso Value =< 16#FFFFFFFF;
        _ -> false
    end;
valid(_) ->
    false.
