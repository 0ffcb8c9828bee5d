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
    [ -z "$(find src -type f -newer ebin/proctor.app)" ]; then
	exit 0
fi
echo "client: erlc"
# The behaviour first, so that the others are held against it.
for files in src/proctor_loop.erl 'src/*.erl'; do
	# The names are to be found.
	# shellcheck disable=SC2086
	erlc -Werror +debug_info +warn_unused_vars +warn_export_vars \
	    +warn_shadow_vars +warn_missing_spec -pa ebin -o ebin $files
done
cp src/proctor.app.src ebin/proctor.app
