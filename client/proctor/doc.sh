#!/bin/sh
# Writes the reference manual as HTML to build/doc, from the comments in src/, and
# what h/1 of the shell shows to doc/.
# Any warning is an error.

set -eu
cd "$(dirname "$0")"
if ! command -v erl >/dev/null ||
    ! erl -noshell -eval 'case code:which(edoc) of
        non_existing -> halt(1);
        _ -> halt(0)
    end.'; then
	echo "edoc: not installed, left out"
	exit 0
fi
mkdir -p ../../build/doc
log=../../build/doc.log
erl -noshell -eval '
    Files = filelib:wildcard("src/*.erl"),
    try edoc:files(Files, [{dir, "../../build/doc"}, {preprocess, true}]) of
        ok -> halt(0)
    catch
        _:_ -> halt(1)
    end.' >"$log" 2>&1 || { cat "$log"; exit 1; }
if [ -s "$log" ]; then
	cat "$log"
	exit 1
fi
sh ./chunks.sh doc
echo "edoc: build/doc"
