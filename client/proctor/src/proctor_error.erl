%% @doc Errors of the native dialect in the words that erlexec's users know. The
%% port program has the same words for the other dialect, whose clients have
%% none: both have them of proctor_stages.hrl.
-module(proctor_error).

-export([text/1, run_text/2, answer/1, ended/1]).


-include("proctor_stages.hrl").

%% @doc Why a request to run or manage something was refused, as text. What we
%% take for an option the port program may not know yet.
-spec run_text(term(), tuple()) -> term().
run_text({badopt, Name}, {_What, _, Options}) ->
    Key = name(Name),
    Given = [Option || Option <- Options, key(Option) =:= Key],
    Head = case Given of
               [] -> "Unknown option";
               [_] -> "Bad value of option";
               _ -> "Duplicate option"
           end,
    characters("~ts: ~ts", [Head, Key]);
run_text(Reason, _Request) ->
    text(Reason).

name(Name) when is_binary(Name) -> unicode:characters_to_list(Name);
name(Name) -> atom_to_list(Name).

key(Option) when is_tuple(Option), is_atom(element(1, Option)) ->
    atom_to_list(element(1, Option));
key(Option) when is_atom(Option) ->
    atom_to_list(Option);
key(_) ->
    "".

%% @doc An answer as erlexec's functions give it.
-spec answer(term()) -> term().
answer({error, esrch}) -> {error, "pid not alive"};
answer({error, Reason}) -> {error, text(Reason)};
answer(Result) -> Result.

%% @doc The reason of an error, if it is a term of the native dialect, as text.
-spec text(term()) -> term().
text({badopt, Name}) when is_atom(Name); is_binary(Name) ->
    characters("Bad option: ~ts", [Name]);
text({decode, enosys, Name}) ->
    characters("Unknown command: ~ts", [Name]);
text({decode, _, Text}) when is_binary(Text) ->
    characters("~ts", [Text]);
text({Stage, Errno, Detail})
  when is_atom(Stage), is_atom(Errno), is_binary(Detail) ->
    {Head, Tail} = maps:get(Stage, ?STAGES, {"", ""}),
    characters("Couldn't start pid: ~ts~ts~ts: ~ts",
               [Head, Detail, Tail, posix(Errno)]);
text(Reason) ->
    Reason.

%% @doc How the port program has ended, in words: its statuses are those of
%% `proctor(8)'; anything else is shown as it is.
-spec ended(term()) -> string().
ended(Status) when is_integer(Status) ->
    characters("status ~w~ts", [Status, ended_why(Status)]);
ended(Reason) ->
    characters("~tp", [Reason]).

ended_why(0) -> ", as it was asked to";
ended_why(1) -> ", as the port or what was sent on it is broken";
ended_why(2) -> ", as its command line is wrong";
ended_why(3) -> ", as -user names nobody";
ended_why(4) -> ", as this start is not permitted";
ended_why(5) -> ", as one of its own processes has died";
ended_why(6) -> ", as the system has refused what a start needs";
ended_why(Status) when Status > 128 ->
    characters(", by signal ~w", [Status - 128]);
ended_why(_) -> "".

%% An error number in words.
-spec posix(atom()) -> string().
posix(enoent) -> "No such file or directory";
posix(eacces) -> "Permission denied";
posix(eperm) -> "Operation not permitted";
posix(enoexec) -> "Exec format error";
posix(emfile) -> "Too many open files";
posix(Errno) ->
    case file:format_error(Errno) of
        "unknown POSIX error" ++ _ -> atom_to_list(Errno);
        Text -> string:titlecase(Text)
    end.

characters(Format, Args) ->
    unicode:characters_to_list(io_lib:format(Format, Args)).
