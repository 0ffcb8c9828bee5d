#!/bin/sh
# Compiles the application into the folder named, with the flags behind it.
# LIBEXECDIR is where ./configure was told that programs are installed.

set -eu
client=$(cd "$(dirname "$0")" && pwd)
to=$1
shift
erlc -Werror +debug_info +warn_unused_vars +warn_export_vars \
    +warn_shadow_vars +warn_missing_spec \
    -DLIBEXECDIR="\"${LIBEXECDIR:-/usr/local/libexec}\"" "$@" -o "$to" \
    "$client"/src/*.erl
sh "$client/app.sh" "$to"
