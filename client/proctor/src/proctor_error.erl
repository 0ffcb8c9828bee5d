%% @doc Errors of the native dialect in the words that erlexec's users know. The
%% port program has the same words for the other dialect, whose clients have
%% none: both have them of proctor_stages.hrl.
-module(proctor_error).

-export([text/1, run_text/2, answer/1]).

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
