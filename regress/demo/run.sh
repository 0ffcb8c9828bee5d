#!/bin/sh
# Run the demo over the port program that PROCTOR_PORT names, from a checkout
# and whoever owns that. The exit status says whether all was as expected.

set -eu

: "${PROCTOR_PORT:?names the port program to show}"
export PROCTOR_PORT

demo=$(cd "$(dirname "$0")" && pwd)
client=$(cd "$demo/../../client/proctor" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

erlc -Werror +warn_unused_vars -o "$scratch" "$demo"/*.erl
sh "$client/erlc.sh" "$scratch"
erl -noshell -pa "$scratch" -s proctor_demo main
