#!/bin/sh
# Compile the Elixir of the client, warnings being errors, and run its tests over
# the port program that PROCTOR_PORT names (build/proctor). What is compiled is
# kept in the folder that BUILD names (build).
#
#	run.sh [what mix test takes]

set -eu

client=$(cd "$(dirname "$0")/../.." && pwd)
root=$(cd "$client/../.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in
/*) ;;
*) BUILD=$root/$BUILD ;;
esac
PROCTOR_PORT=${PROCTOR_PORT:-$BUILD/proctor}
MIX_BUILD_PATH=$BUILD/mix
MIX_ENV=test
export PROCTOR_PORT MIX_BUILD_PATH MIX_ENV

if ! command -v mix >/dev/null; then
	echo "elixir: no mix, left out"
	exit 0
fi
cd "$client"
mix format --check-formatted
mix compile --warnings-as-errors
exec mix test "$@"
