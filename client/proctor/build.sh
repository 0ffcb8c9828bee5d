#!/bin/sh
# Compiles the application with nothing but erlc. Does nothing if no source is
# newer than what is there.

set -eu
cd "$(dirname "$0")"

if ! command -v erlc >/dev/null; then
	echo "client: no erlc, left out"
	exit 0
fi
mkdir -p ebin
if [ -e ebin/proctor.app ] &&
    [ -z "$(find src ../../VERSION -type f -newer ebin/proctor.app)" ]; then
	exit 0
fi
echo "client: erlc"
# Modules that are no more would be found.
rm -f ebin/*.beam
erlc -Werror +debug_info +warn_unused_vars +warn_export_vars \
    +warn_shadow_vars +warn_missing_spec -o ebin src/*.erl
sh ./app.sh ebin
