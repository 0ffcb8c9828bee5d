%% @doc Names and numbers of signals on this platform.
-module(proctor_signal).

-export([to_atom/1, to_int/1]).

%% @doc The name of a signal, or the number itself if it has none.
-spec to_atom(integer()) -> atom() | integer().
to_atom(Number) when is_integer(Number) ->
    case lists:keyfind(Number, 2, table()) of
        {Name, Number} -> Name;
        false -> Number
    end.

%% @doc The number of a signal given by name or number.
%% Fails with `badarg' for a name that this platform does not have.
-spec to_int(atom() | integer()) -> integer().
to_int(Number) when is_integer(Number) ->
    Number;
to_int(Name) when is_atom(Name) ->
    case lists:keyfind(Name, 1, table()) of
        {Name, Number} -> Number;
        false -> error(badarg, [Name])
    end.

-spec table() -> [{atom(), pos_integer()}].
table() ->
    case os:type() of
        {unix, linux} -> common() ++ linux();
        _ -> common() ++ bsd()
    end.

common() ->
    [{sighup, 1}, {sigint, 2}, {sigquit, 3}, {sigill, 4}, {sigtrap, 5},
     {sigabrt, 6}, {sigfpe, 8}, {sigkill, 9}, {sigsegv, 11}, {sigpipe, 13},
     {sigalrm, 14}, {sigterm, 15}, {sigttin, 21}, {sigttou, 22},
     {sigxcpu, 24}, {sigxfsz, 25}, {sigvtalrm, 26}, {sigprof, 27},
     {sigwinch, 28}].

linux() ->
    [{sigbus, 7}, {sigusr1, 10}, {sigusr2, 12}, {sigstkflt, 16},
     {sigchld, 17}, {sigcont, 18}, {sigstop, 19}, {sigtstp, 20},
     {sigurg, 23}, {sigio, 29}, {sigpwr, 30}, {sigsys, 31},
     {sigrtmin, 34}, {sigrtmax, 64}].

bsd() ->
    [{sigemt, 7}, {sigbus, 10}, {sigsys, 12}, {sigurg, 16}, {sigstop, 17},
     {sigtstp, 18}, {sigcont, 19}, {sigchld, 20}, {sigio, 23},
     {siginfo, 29}, {sigusr1, 30}, {sigusr2, 31}].
