#!/bin/sh
# Calls of functions that are nowhere, and functions that nobody calls; any is
# an error.

set -eu
cd "$(dirname "$0")"
if ! command -v erl >/dev/null ||
    ! erl -noshell -eval 'case code:which(xref) of
        non_existing -> halt(1);
        _ -> halt(0)
    end.'; then
	echo "xref: not installed, left out"
	exit 0
fi
sh ./build.sh
echo "xref: client/proctor"
erl -noshell -eval '
    {ok, _} = xref:start(client),
    ok = xref:set_default(client, [{warnings, false}]),
    {ok, _} = xref:add_directory(client, "ebin"),
    ok = xref:set_library_path(client, code_path),
    Bad = [{What, Found}
           || What <- [undefined_function_calls, locals_not_used],
              {ok, [_ | _] = Found} <- [xref:analyze(client, What)]],
    _ = [io:format("~p~n", [Each]) || Each <- Bad],
    halt(length(Bad)).'
