#!/bin/sh
# run.sh bench|bench_quick: runs that module over the port program that PROCTOR_PORT
# names. Limits go up to what they may be; with PEER_EBIN, where erlexec's
# compiled modules lie, that library is measured, too. BENCH_ROUNDS and
# BENCH_TASKS choose less or more.

set -eu

: "${PROCTOR_PORT:?names the port program to measure}"
export PROCTOR_PORT

root=$(cd "$(dirname "$0")/../.." && pwd)
BENCH_DIR=$(cd "$BUILD/bench" && pwd)
BENCH_PATH=$BENCH_DIR:$root/client/proctor/ebin${PEER_EBIN:+:$PEER_EBIN}
export BENCH_DIR BENCH_PATH

# More than enough; a runtime system reserves memory for what it might open.
# Every shell that there is has this ulimit.
# shellcheck disable=SC3045
files=$(ulimit -H -n)
if [ "$files" = unlimited ] || [ "$files" -gt 65536 ]; then
	files=65536
fi
# shellcheck disable=SC3045
ulimit -n "$files"

: >"$BENCH_DIR/stderr.log"
if [ "$1" = bench ]; then
	rm -f "$BENCH_DIR"/results.json "$BENCH_DIR"/*.dat \
	    "$BENCH_DIR"/*.svg "$BENCH_DIR"/*.png
fi

# The shell's words end where the path's entries do.
IFS=:
# shellcheck disable=SC2086
set -- "$1" $BENCH_PATH
IFS=' '
main=$1
shift
cd "$root"
exec erl +Bd -noinput -pa "$@" -s "$main" main
