#!/bin/sh
# What the Makefile and ./configure promise, tried in a copy of this tree: that
# no more is compiled than has to be, and no less; that builds of another kind
# do not meet; that what was configured stays so. A line each on stdout, and as
# the last "build: N passed, N failed".

set -u
cd "$(dirname "$0")/../.." || exit 1

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$tmp/tree"
tar -cf - --exclude=./build --exclude=./.git . | tar -xf - -C "$tmp/tree"
cd "$tmp/tree" || exit 1
rm -rf client/proctor/ebin
unset MAKEFLAGS MFLAGS MAKELEVEL BUILD CC CFLAGS LDFLAGS YACC

passed=0
failed=0
case_() {
	# case_ NAME FUNCTION: its output is told if it fails
	# In a condition set -e would mean nothing.
	(set -e; "$2") >"$tmp/said" 2>&1
	status=$?
	if [ $status -eq 0 ]; then
		echo "ok BUILD $1"
		passed=$((passed + 1))
	else
		echo "FAIL BUILD $1: regress/build/run.sh: $2: $(tail -n 9 \
		    "$tmp/said" | tr '\n' '|')"
		failed=$((failed + 1))
	fi
}

# BSD make sees no more of a date than its second.
change() {
	sleep 1
	touch "$@"
}

# What `make' compiles, and what it links.
compiled() {
	"${MAKE:-make}" -s "$@" >"$tmp/out" 2>&1 || { cat "$tmp/out"; exit 1; }
	grep -E '^(cc|ld) ' "$tmp/out" || true
}

nothing() {
	did=$(compiled "$@")
	echo "did: $did"
	[ -z "$did" ]
}

first() {
	touch "$tmp/before"
	sleep 1
	./configure CFLAGS=-O1
	make -j 4
	for name in proctor proctor-broker proctor-task proctor-worker \
	    proctor-check; do
		[ -x "build/$name" ]
	done
	others=$(find . -newer "$tmp/before" -type f ! -path './build/*' \
	    ! -path './client/proctor/ebin/*')
	echo "outside of build: $others"
	[ -z "$others" ]
}

header() {
	change worker/worker.h
	did=$(compiled)
	echo "did: $did"
	want=$({ grep -l '"worker.h"' worker/*.c | sed 's/^/cc /'
	    echo "ld build/proctor-worker"; } | sort)
	[ "$(echo "$did" | sort)" = "$want" ]
}

other_make() {
	command -v bmake || exit 0
	MAKE=bmake nothing
	source=$(echo */queue.c)
	change "$source"
	did=$(MAKE=bmake compiled)
	[ "$did" = "cc $source
ld build/proctor-worker" ]
	nothing
}

other_folder() {
	before=$(cksum build/proctor build/config.h build/config.mk)
	./configure BUILD="$tmp/other" --without-launcher CFLAGS=-O1
	make -s -j 4 BUILD="$tmp/other"
	[ "$(cksum build/proctor build/config.h build/config.mk)" = "$before" ]
	nothing
	nothing BUILD="$tmp/other"
	[ "$("$tmp/other/proctor" --version)" = "$(build/proctor --version)" ]
	grep -q '^LAUNCHER = no' "$tmp/other/config.mk"
	if cmp build/proctor "$tmp/other/proctor"; then
		exit 1
	fi
}

other_flags() {
	compiled USER_CFLAGS="-O1 -DOTHER" | grep -q '^cc priv/.*/stop.c'
	did=$(compiled)
	echo "did: $did"
	[ "$(echo "$did" | grep -c '^cc')" -eq 0 ]
	[ "$(echo "$did" | grep -c '^ld')" -eq 5 ]
	nothing
}

# In the folder of its own it is still without a launcher.
stale() {
	change configure
	make BUILD="$tmp/other" >"$tmp/out" 2>&1
	grep 'older than configure: again' "$tmp/out"
	grep -q '^LAUNCHER = no' "$tmp/other/config.mk"
	grep -q '^USER_CFLAGS = -O1$' "$tmp/other/config.mk"
	nothing BUILD="$tmp/other"
}

words() {
	./configure BUILD="$tmp/words" CFLAGS="-O1 -DIT='\"s\"'"
	change configure
	./configure --if-needed BUILD="$tmp/words"
	grep -F "USER_CFLAGS = -O1 -DIT='\"s\"'" "$tmp/words/config.mk"
}

libraries() {
	cat >"$tmp/pkg" <<EOF
#!/bin/sh
echo "\$PKG_CONFIG_SYSROOT_DIR" >>"$tmp/asked"
unset PKG_CONFIG_SYSROOT_DIR
exec pkg-config "\$@"
EOF
	chmod +x "$tmp/pkg"
	PKG_CONFIG=$tmp/pkg PKG_CONFIG_SYSROOT_DIR="/its root" \
	    ./configure BUILD="$tmp/libraries"
	rm "$tmp/asked"
	change configure
	./configure --if-needed BUILD="$tmp/libraries"
	grep -qx '/its root' "$tmp/asked"
}

version() {
	sleep 1
	echo 9.8.7 >VERSION
	did=$(compiled)
	echo "did: $did"
	[ "$(echo "$did" | grep '^cc' | sort)" = \
	    "$(grep -l '"version.h"' priv/*.c priv/*/*.c broker/*.c worker/*.c \
	        task/*.c |
	    sed 's/^/cc /' | sort)" ]
	[ "$(build/proctor --version)" = "proctor 9.8.7" ]
	if command -v erlc; then
		grep '{vsn, "9.8.7"}' client/proctor/ebin/proctor.app
	fi
}

# Where the client looks behind its priv.
client_looks_in() {
	erl -noshell -pa client/proctor/ebin -eval '
	    {error, {no_port_program, Paths}} = proctor_port:program(#{}),
	    io:format("~s~n", [lists:last(Paths)]), halt().' |
	    grep -x "$1/proctor/proctor"
}

libexecdir() {
	compiled LIBEXECDIR=/opt/x | grep -q '^ld build/proctor$'
	strings -a build/proctor | grep -qx /opt/x/proctor
	if command -v erl; then
		client_looks_in /opt/x
	fi
	nothing LIBEXECDIR=/opt/x
}

uninstall() {
	make -s install DESTDIR="$tmp/at"
	[ -x "$tmp/at/usr/local/libexec/proctor/proctor" ]
	make -s uninstall DESTDIR="$tmp/at"
	left=$(find "$tmp/at" ! -type d)
	echo "left: $left"
	[ -z "$left" ]
	[ ! -e "$tmp/at/usr/local/libexec/proctor" ]
}

target() {
	cat >"$tmp/cc" <<'EOF'
#!/bin/sh
for arg; do
	if [ "$arg" = -dumpmachine ]; then
		echo amd64-unknown-openbsd7.4
		exit
	fi
done
exec cc "$@"
EOF
	chmod +x "$tmp/cc"
	./configure BUILD="$tmp/cross" CC="$tmp/cc" >"$tmp/out"
	grep '^system  *openbsd$' "$tmp/out"
	grep '"openbsd"' "$tmp/cross/config.h"
	grep 'sandbox_openbsd.c' "$tmp/cross/config.mk"
}

forgotten() {
	cp regress/unit/timer_test.c regress/unit/new_test.c
	if make regress-unit >"$tmp/out" 2>&1; then
		exit 1
	fi
	rm regress/unit/new_test.c
	grep 'how is new_test linked' "$tmp/out"
}

one_unit_case() {
	make -s
	make -s SERIAL=parallel build/unit/timer_test
	name=$(build/unit/timer_test 2>&1 |
	    sed -n 's/^\[ RUN      \] //p' | head -n 1)
	UNIT_CASE=$name sh regress/unit/run.sh build/unit/timer_test \
	    >"$tmp/out"
	cat "$tmp/out"
	grep "^unit cases like $name: 1\$" "$tmp/out"
	if UNIT_CASE='no such*' sh regress/unit/run.sh build/unit/timer_test
	then
		exit 1
	fi
}

case_ "./configure; make -j: the programs, and nothing outside of build" first
case_ "what is up to date is not made again" nothing
case_ "a header: what includes it, and no more" header
case_ "BSD make goes on where GNU make has ended, and back" other_make
case_ "a folder of its own: the builds do not meet" other_folder
case_ "other flags: other objects, and the first ones are there again" \
    other_flags
case_ "a newer configure is run again, as the last time" stale
case_ "and what it was told keeps its quotes" words
case_ "and whose libraries it was to ask for" libraries
case_ "another VERSION: what says it, in C and in Erlang" version
case_ "another LIBEXECDIR is in the program" libexecdir
case_ "make uninstall leaves nothing of make install" uninstall
case_ "the target system is what the compiler says" target
case_ "a unit test that nobody links is an error" forgotten
case_ "one case of a unit test can be run alone" one_unit_case
echo "build: $passed passed, $failed failed"
[ $failed -eq 0 ]
