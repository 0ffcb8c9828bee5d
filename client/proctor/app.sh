#!/bin/sh
# Writes proctor.app, with the version of this tree, into the folder named.

set -eu
client=$(cd "$(dirname "$0")" && pwd)
sed "s/{file, \"VERSION\"}/\"$(cat "$client/VERSION")\"/" \
    "$client/src/proctor.app.src" >"$1/proctor.app"
