#!/bin/sh
# run.sh bench|bench_quick: runs that module over the port program that PROCTOR_PORT
# names. Limits go up to what they may be; each PEER_* that says where a library's
# compiled modules lie, and those that it needs, with colons between, has that measured,
# too. BENCH_ROUNDS and BENCH_TASKS choose less or more.

set -eu

: "${PROCTOR_PORT:?names the port program to measure}"
export PROCTOR_PORT

root=$(cd "$(dirname "$0")/../.." && pwd)
BENCH_DIR=$(cd "$BUILD/bench" && pwd)
BENCH_PATH=$BENCH_DIR:$root/client/proctor/ebin
for peer in "${PEER_ERLEXEC:-${PEER_EBIN-}}" "${PEER_MUONTRAP-}" "${PEER_FORCOLA-}" \
    "${PEER_EXILE-}" "${PEER_NETRUNNER-}" "${PEER_PRX-}"; do
	BENCH_PATH=$BENCH_PATH${peer:+:$peer}
done
# System.cmd, and what libraries for Elixir stand on.
if command -v elixir >/dev/null; then
	BENCH_PATH=$BENCH_PATH:$(elixir -e 'IO.write :code.lib_dir(:elixir, :ebin)')
fi
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
	    "$BENCH_DIR"/*.svg "$BENCH_DIR"/*.png "$BENCH_DIR"/page.html
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
