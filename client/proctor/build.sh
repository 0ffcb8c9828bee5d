#!/bin/sh
# Compiles the application with nothing but erlc. Does nothing if no source is
# newer than what is there, and LIBEXECDIR what it was then.

set -eu
cd "$(dirname "$0")"

if ! command -v erlc >/dev/null; then
	echo "client: no erlc, left out"
	exit 0
fi
mkdir -p ebin
libexecdir=${LIBEXECDIR:-/usr/local/libexec}
if [ "$(cat ebin/libexecdir 2>/dev/null)" = "$libexecdir" ] &&
    [ -e ebin/proctor.app ] &&
    [ -z "$(find -L src ../../VERSION -type f -newer ebin/proctor.app)" ]; then
	exit 0
fi
echo "client: erlc"
# Modules that are no more would be found.
rm -f ebin/*.beam
sh ./erlc.sh ebin
echo "$libexecdir" >ebin/libexecdir
