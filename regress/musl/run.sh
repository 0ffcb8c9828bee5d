#!/bin/sh
# Builds with musl's libc, with -Werror, against what libs.sh has built from
# Debian's source packages, and tries what comes of it:
#
#	run.sh [all]
#
# all unit programs and the core of the suites (regress/core.sh); then a build
# that is static, the core's first cases as root and as nobody, and privileged
# mode's. `all' is both whole suites. What cannot be had is one line. The last
# line is "musl: N passed, N failed, N skipped".

set -u
cd "$(dirname "$0")/../.." || exit 1

BUILD=${BUILD:-build}
here=$BUILD/musl
root=$(pwd)/$here/root
all=${1:-}
passed=0
failed=0
unset MAKEFLAGS MFLAGS MAKELEVEL CC CFLAGS LDFLAGS YACC
mkdir -p "$here" || exit 1

# try NAME COMMAND ...: what it says is told if it fails.
try() {
	name=$1
	shift
	log=$here/$(echo "$name" | tr ' ' '_').log
	if "$@" >"$log" 2>&1; then
		echo "ok MUSL $name: $(grep -v '^ok' "$log" |
		    grep -c '^skip') skipped"
		passed=$((passed + 1))
	else
		echo "FAIL MUSL $name: $(grep -a '^FAIL\|error:' "$log" |
		    cut -c 1-300 | head -n 9 | tr '\n' '|')"
		failed=$((failed + 1))
	fi
}

build() {
	# build FOLDER TARGET OPTION ...
	folder=$1
	target=$2
	shift 2
	PKG_CONFIG_LIBDIR=$root/lib/pkgconfig ./configure --quiet \
	    BUILD="$here/$folder" CC="musl-gcc -idirafter $root/kernel" "$@" &&
	    ${MAKE:-make} -s -j 2 BUILD="$here/$folder" "$target"
}

units() {
	sh regress/unit/run.sh "$here"/build/unit/*_test
}

# Nothing that is loaded, and nowhere that it was built.
is_static() {
	for p in "$here"/static/proctor "$here"/static/proctor-[bctw]*; do
		if readelf -ld "$p" | grep -E 'INTERP|NEEDED'; then
			echo "FAIL: $p"
			return 1
		fi
	done
}

smoke() {
	/usr/bin/python3 regress/port/run.py -j 2 -k '3 run: ' \
	    -k '4 events: ' "$1/proctor" &&
	    /usr/bin/python3 regress/task/run.py -j 2 -k start -k fork \
	        "$1/proctor-task"
}

# In a place of which nobody can read all.
plain() (
	user=$(mktemp -d) || exit 1
	trap 'rm -rf "$user"' EXIT
	chmod 755 "$user"
	mkdir "$user/build" "$user/regress"
	cp "$here"/static/proctor "$here"/static/proctor-[bctw]* "$user/build"
	cp -R regress/port regress/task "$user/regress"
	cd "$user" || exit 1
	setpriv --reuid 65534 --regid 65534 --clear-groups \
	    /usr/bin/python3 regress/port/run.py -j 2 -k '3 run: ' \
	    -k '4 events: ' build/proctor &&
	    setpriv --reuid 65534 --regid 65534 --clear-groups \
	        /usr/bin/python3 regress/task/run.py -j 2 -k start -k fork \
	        build/proctor-task
)

privileged() {
	${MAKE:-make} -s BUILD="$here/$1" hostile &&
	    /usr/bin/python3 regress/priv/run.py -k "$2" "$here/$1"
}

whole() {
	/usr/bin/python3 regress/port/run.py -j 2 "$1/proctor"
	port=$?
	/usr/bin/python3 regress/task/run.py -j 2 "$1/proctor-task" &&
	    [ $port -eq 0 ]
}

if ! sh regress/musl/libs.sh "$here" >"$here/libs.log" 2>&1; then
	echo "skip MUSL: its libraries cannot be had: $(tail -n 1 \
	    "$here/libs.log")"
	echo "musl: 0 passed, 0 failed, 1 skipped"
	exit 0
fi
try "build" build build programs-and-units
try "unit programs" units
if [ "$all" = all ]; then
	try "whole suites" whole "$here/build"
	[ "$(id -u)" -ne 0 ] || try "privileged" privileged build ''
else
	try "core" sh regress/core.sh "$here/build"
fi
try "static build" build static all --static
try "static: nothing is loaded" is_static
if [ "$(id -u)" -eq 0 ]; then
	try "static: as root" smoke "$here/static"
	try "static: as nobody" plain
	try "static: privileged" privileged static 'users: '
else
	try "static: as $(id -un)" smoke "$here/static"
fi
echo "musl: $passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
