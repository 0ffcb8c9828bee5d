#!/bin/sh
# Builds the port program where the application is compiled as somebody's
# dependency: into build/ of the folder that the application is made in, and
# from there, stripped, into its priv/. What is up to date is not made again,
# and nothing is written to where the sources are unless that is this folder.
#
#	port.sh [FOLDER]
#
# FOLDER is what Mix has as MIX_APP_PATH. Of rebar3 it is found out. Says that it
# builds, and nothing else unless it fails.

set -eu
cd "$(dirname "$0")"
client=$(pwd -P)

fail() {
	echo "proctor: $*" >&2
	exit 1
}

# A folder's real name, or nothing.
real() {
	(cd "$1" 2>/dev/null && pwd -P) || true
}

# In a package, in a checkout.
for sources in "$client/port" "$(real ../..)"; do
	if [ -e "$sources/configure" ]; then
		break
	fi
	sources=
done
[ -n "$sources" ] || fail "the sources of the port program are not here"

# What rebar3 has fetched is already in the folder that it is made in; what is
# in _checkouts, by a link of that name perhaps, has one of its own.
if [ $# -gt 0 ]; then
	folder=$1
elif [ -n "${REBAR_DEPS_DIR:-}" ]; then
	folder=$REBAR_DEPS_DIR/proctor
	checkout=$(real "${REBAR_CHECKOUTS_DIR:-_checkouts}/proctor")
	if [ "$checkout" = "$client" ] || [ "$checkout" = "$sources" ]; then
		folder=${REBAR_CHECKOUTS_OUT_DIR:-$REBAR_BUILD_DIR/checkouts}/proctor
	fi
else
	folder=${MIX_APP_PATH:?}
fi
mkdir -p "$folder"
folder=$(real "$folder")

# What was built with another compiler or other flags stays beside it.
CFLAGS=${CFLAGS:--O2}
LDFLAGS="${LDFLAGS:-} -s"
export CFLAGS LDFLAGS
key=$({
	${CC:-cc} -v 2>&1 || true
	echo "${CC:-cc} $CFLAGS $LDFLAGS ${YACC:-}"
	env | grep '^PKG_CONFIG' | sort
} | cksum)
build=$folder/build/${key%% *}
mkdir -p "$build"

# make takes no name with a space: the sources get short ones.
for each in configure Makefile VERSION broker common dist priv task worker; do
	ln -sfn "$sources/$each" "$build/$each"
done
if [ ! -e "$folder/priv/proctor" ]; then
	echo "proctor: building the port program"
fi
unset MAKEFLAGS MFLAGS MAKELEVEL
cd "$build"
log=$build/log
{
	if [ ! -e build/config.args ]; then
		./configure BUILD=build --quiet --without-werror
	fi
	"${MAKE:-make}" -s -j "$(getconf _NPROCESSORS_ONLN || echo 1)" port
} >"$log" 2>&1 || {
	cat "$log" >&2
	fail "the port program cannot be built: see $log"
}

# rebar3 has a link to the priv of the sources there. What runs stays as it is.
priv=$folder/priv
[ ! -L "$priv" ] || rm "$priv"
mkdir -p "$priv"
for each in proctor proctor-broker proctor-task proctor-worker; do
	if ! cmp -s "build/$each" "$priv/$each"; then
		cp "build/$each" "$priv/$each.new"
		mv "$priv/$each.new" "$priv/$each"
	fi
done
