%% @doc Text on its way to the port program. Nothing leaves the node that is
%% not bytes without a NUL, and of a size that has a limit.
-module(proctor_text).

-export([text/1, name/1, data/1, words/2, command/1]).

%% What arguments or environment may need together, each with what a pointer
%% to it costs: no kernel takes as much, and a frame holds both.
-define(MOST, 16#1000000).
-define(POINTER, 8).

%% @doc Text as bytes: lists are characters and become UTF-8, binaries are
%% bytes as they are.
-spec text(term()) -> {ok, binary()} | error.
text(Text) when is_binary(Text) ->
    bytes(Text);
text(Text) when is_list(Text) ->
    try unicode:characters_to_binary(Text) of
        Bytes when is_binary(Bytes) -> bytes(Bytes);
        _ -> error
    catch
        error:_ -> error
    end;
text(_) ->
    error.

%% @doc The name of a file or directory, not empty. The same, but a list is in
%% the encoding that this node has for file names, so that what `file' and
%% `filelib' have found is what is meant. Characters that this encoding does
%% not have make it UTF-8.
-spec name(term()) -> {ok, binary()} | error.
name(Name) ->
    case text(Name) of
        {ok, <<>>} -> error;
        {ok, Bytes} when is_list(Name) -> {ok, native(Bytes)};
        Result -> Result
    end.

native(Bytes) ->
    case file:native_name_encoding() of
        utf8 ->
            Bytes;
        latin1 ->
            case unicode:characters_to_binary(Bytes, utf8, latin1) of
                Native when is_binary(Native) -> Native;
                _ -> Bytes
            end
    end.

bytes(Bytes) ->
    case binary:match(Bytes, <<0>>) of
        nomatch -> {ok, Bytes};
        _ -> error
    end.

%% @doc What is to be written to a process, as it is.
-spec data(term()) -> {ok, binary()} | error.
data(Data) ->
    try
        {ok, iolist_to_binary(Data)}
    catch
        error:badarg -> error
    end.

%% @doc The elements of a list by `Read', or the number of the first that it
%% does not take or that makes them too many together.
-spec words(fun((term()) -> {ok, Word} | {error, Why}), term()) ->
    {ok, [Word]} | {error, pos_integer(), Why | too_big} | error.
words(Read, List) ->
    words(Read, List, 1, 0, []).

words(_Read, [], _N, _Size, Acc) ->
    {ok, lists:reverse(Acc)};
words(Read, [First | Rest], N, Size, Acc) ->
    case Read(First) of
        {ok, Word} ->
            case Size + size_of(Word) + ?POINTER of
                Sum when Sum > ?MOST -> {error, N, too_big};
                Sum -> words(Read, Rest, N + 1, Sum, [Word | Acc])
            end;
        {error, Why} ->
            {error, N, Why}
    end;
words(_Read, _Tail, _N, _Size, _Acc) ->
    error.

size_of({Name, Value}) -> size_of(Name) + size_of(Value);
size_of(Bytes) when is_binary(Bytes) -> byte_size(Bytes) + 1;
size_of(Atom) when is_atom(Atom) -> 1.

%% @doc A command as it crosses the port: text for the shell, or a program and
%% its arguments. The error names what is wrong: the command, its arguments
%% altogether, or the one with that number.
-spec command(term()) ->
    {ok, binary() | [binary(), ...]} |
    {error, command | args | {arg, pos_integer()}}.
command([First | Args]) when is_list(First); is_binary(First) ->
    case name(First) of
        {ok, Program} ->
            case words(fun argument/1, Args) of
                {ok, Words} -> {ok, [Program | Words]};
                {error, N, _} -> {error, {arg, N}};
                error -> {error, args}
            end;
        error ->
            {error, command}
    end;
command(Command) ->
    case text(Command) of
        {ok, Text} when Text =/= <<>>, byte_size(Text) =< ?MOST -> {ok, Text};
        _ -> {error, command}
    end.

argument(Arg) ->
    case text(Arg) of
        {ok, _} = Result -> Result;
        error -> {error, no_text}
    end.
