#!/bin/sh
# Writes what h/1 of the shells shows of our modules to the folder named, from
# the comments in src/, where EDoc is. Does nothing if no source is newer.
#
#	chunks.sh DIR

set -eu
dir=$1
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
cd "$(dirname "$0")"
if [ -e "$dir/made" ] && [ -z "$(find src -type f -newer "$dir/made")" ]; then
	exit 0
fi
CHUNKS=$dir erl -noshell -eval '
    case code:which(edoc_doclet_chunks) of
        non_existing ->
            halt(0);
        _ ->
            ok = edoc:files(filelib:wildcard("src/*.erl"),
                            [{dir, os:getenv("CHUNKS")}, {preprocess, true},
                             {doclet, edoc_doclet_chunks},
                             {layout, edoc_layout_chunks}]),
            halt(0)
    end.'
: >"$dir/made"
