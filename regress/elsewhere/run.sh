#!/bin/sh
# run.sh SYSTEM FOLDER: configures, compiles and links all programs for a system
# that is not here, as far as that can be done without it: see cc. Each kind of
# its imsg is a build of its own. A line each on stdout; 1 if one failed.

# Functions are called by their names.
# shellcheck disable=SC2317

set -u
cd "$(dirname "$0")/../.." || exit 1
system=$1
build=$2
here=regress/elsewhere/$system
unset MAKEFLAGS MFLAGS MAKELEVEL BUILD CC CFLAGS LDFLAGS YACC
command -v clang >/dev/null || {
	echo "lint: $system: no clang, left out"
	exit 0
}

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
bad=0
try() {
	# try NAME FUNCTION
	echo "lint: $system: $1"
	# In a condition set -e would mean nothing.
	(set -e; "$2") >"$tmp/said" 2>&1
	status=$?
	if [ $status -ne 0 ]; then
		grep -E 'error|nobody has|twice|Error|is not|wants' \
		    "$tmp/said" || tail -n 20 "$tmp/said"
		bad=1
	fi
}

compiler() {
	sh regress/elsewhere/cc "$system" "$@"
}

# No header declares a function that the list of names does not have.
headers() {
	(cd "$here/include" && find . -name '*.h') |
	    sed 's/.*/#include <&>/' >"$tmp/all.c"
	compiler -fsyntax-only -Xclang -ast-dump "$tmp/all.c" |
	    sed -n "s/.*FunctionDecl.* \([a-z_A-Z0-9]*\) '.*/\1/p" |
	    sort -u >"$tmp/declared"
	[ "$(wc -l <"$tmp/declared")" -gt 200 ]
	sort -u "$here/names.txt" >"$tmp/known"
	comm -23 "$tmp/declared" "$tmp/known" >"$tmp/unknown"
	sed 's/$/ is not in names.txt/' "$tmp/unknown"
	[ ! -s "$tmp/unknown" ]
}

# What links is in the list; what is not does not, whoever declares it.
links() {
	echo "int $1(void); int main(void) { return $1(); }" >"$tmp/t.c"
	compiler -o "$tmp/t" "$tmp/t.c" "$2"
}

linker() {
	links getpid -lc
	links imsg_free -lutil
	for name in sigtimedwait ptsname_r setproctitle_init imsg_free; do
		if links "$name" -lc 2>"$tmp/why"; then
			echo "$name is not there"
			exit 1
		fi
		grep "nobody has $name\$" "$tmp/why"
	done
}

# value NAME: in config.mk
value() {
	sed -n "s/^$1 = *//p" "$dir/config.mk"
}

configured() {
	# configured KIND ARGUMENT ...
	dir=$build/$1
	shift
	./configure BUILD="$dir" CC="sh regress/elsewhere/cc $system" "$@"
	make -s BUILD="$dir" rules
	[ "$(value CAP_LIBS)" = "" ]
	[ "$(value CAPS_SRC)" = "" ]
	[ "$(value LAUNCHER)" = no ]
	[ "$(value SANDBOX_SRC)" = common/compat/sandbox_openbsd.c ]
	[ "$(value PROC_SRC)" = common/compat/proc_generic.c ]
	[ "$(value FOLLOW_SRC)" = common/compat/follow_kqueue.c ]
	grep 'PLATFORM "openbsd"' "$dir/config.h"
}

plain=common/compat/imsg_send_plain.c

# The system's imsg as it was until 2025.
whole() {
	configured old
	[ "$(value IMSG_SRC)" = "" ]
	[ "$(value SEND_SRC)" = "$plain common/compat/imsg_get.c" ]
	[ "$(value BSD_LIBS)" = -lutil ]
	make -s -k -j 2 BUILD="$dir" programs
}

# What each process promises there, by what it is seen to do here.
pledges() {
	/usr/bin/python3 regress/elsewhere/pledge.py "$build/old"
}

newer() {
	configured new CFLAGS=-DOPENBSD_IMSGBUF_GET LDFLAGS=-lutil-7.8
	[ "$(value IMSG_SRC)" = "" ]
	[ "$(value SEND_SRC)" = "$plain" ]
	make -s -j 2 BUILD="$dir" "$dir/proctor-broker"
}

own() {
	configured own --with-own-imsg
	[ "$(value SEND_SRC)" = "" ]
	[ "$(value BSD_LIBS)" = "" ]
	make -s -j 2 BUILD="$dir" "$dir/proctor-broker"
}

# Programs that were made before are made again: a name may have gone.
rm -rf "$build"
try "its headers have what it has" headers
try "its linker" linker
try "all programs" whole
try "promises" pledges
try "with the imsg of 7.8" newer
try "with our own imsg" own
exit $bad
