%% Writes JSON: maps, lists, numbers, atoms and binaries.
-module(bench_json).

-export([encode/1]).

-spec encode(term()) -> iodata().
encode(Map) when is_map(Map) ->
    Pairs = [[encode(key(Key)), ":", encode(Value)]
             || {Key, Value} <- lists:sort(maps:to_list(Map))],
    ["{", lists:join(",\n", Pairs), "}"];
encode(List) when is_list(List) ->
    ["[", lists:join(",", [encode(Value) || Value <- List]), "]"];
encode(N) when is_integer(N) -> integer_to_binary(N);
encode(N) when is_float(N) -> float_to_binary(N, [short]);
encode(Atom) when Atom =:= true; Atom =:= false; Atom =:= null ->
    atom_to_binary(Atom);
encode(Atom) when is_atom(Atom) -> encode(atom_to_binary(Atom));
encode(Text) when is_binary(Text) ->
    ["\"", [escape(C) || <<C/utf8>> <= Text], "\""].

key(N) when is_integer(N) -> integer_to_binary(N);
key(Key) -> Key.

escape(C) when C =:= $"; C =:= $\\ -> [$\\, C];
escape(C) when C < 32 -> io_lib:format("\\u~4.16.0b", [C]);
escape(C) -> <<C/utf8>>.
