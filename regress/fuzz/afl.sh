#!/bin/sh
# Each harness with AFL++, from the inputs in corpus/ on.
#
#	afl.sh SECONDS [HARNESS ...]
#
# An input that fails is left in BUILD/afl/HARNESS/default/crashes.

set -eu
cd "$(dirname "$0")/../.."

BUILD=${BUILD:-build}
MAKE=${MAKE:-make}
seconds=$1
shift
out=$BUILD/afl
mkdir -p "$out"

if ! command -v afl-clang-fast >/dev/null || ! command -v afl-fuzz >/dev/null
then
	echo "fuzz: no AFL++ (apt-get install afl++), left out"
	exit 0
fi
# It asks for a file that cores go to, and for a processor of its own.
export AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_QUIET=1
export AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1
fuzzing="BUILD=$out/build ENGINE=libfuzzer ENGINE_FLAGS=-fsanitize=fuzzer"
sh ./configure --quiet BUILD="$out/build" CC=afl-clang-fast CFLAGS='-O1 -g'
# shellcheck disable=SC2086
{
	$MAKE -s $fuzzing rules
	$MAKE -s $fuzzing fuzzers >"$out/make.log" 2>&1 || {
		cat "$out/make.log"
		exit 1
	}
}
bad=0
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(cd "$out/build/fuzz" && ls)
for name; do
	rm -rf "$out/seeds/${name:?}" "$out/${name:?}"
	/usr/bin/python3 regress/fuzz/corpus.py unpack \
	    "regress/fuzz/corpus/$name" "$out/seeds/$name"
	words=
	[ ! -e "regress/fuzz/$name.dict" ] || words="-x regress/fuzz/$name.dict"
	said=ok
	# shellcheck disable=SC2086
	afl-fuzz -V "$seconds" -t 5000+ -i "$out/seeds/$name" -o "$out/$name" \
	    $words -- "$out/build/fuzz/$name" >"$out/log" 2>&1 || said=FAIL
	stats=$out/$name/default/fuzzer_stats
	n=$(awk '$1 == "execs_done" { print $3 }' "$stats" || :)
	fails=$(awk '$1 == "saved_crashes" || $1 == "saved_hangs" { s += $3 }
	    END { print s + 0 }' "$stats" || :)
	[ "${fails:-1}" = 0 ] || said=FAIL
	if [ $said = FAIL ]; then
		bad=1
		tail -n 5 "$out/log"
	fi
	echo "$said AFL $name: ${n:-0} inputs, $seconds s"
done
exit $bad
