#!/bin/sh
# Each harness with clang's engine, one after another, under the sanitizers.
#
#	run.sh SECONDS [HARNESS ...]
#
# Starts from the inputs in corpus/HARNESS; what is found is in
# BUILD/fuzzing/HARNESS, where the next run goes on. An input that fails is left
# in BUILD/fuzzing and named. Says for each how many inputs were tried in how
# many seconds; BUILD/fuzzing/tried has a line for each run, and the last line
# said is the sum of all of them.

set -eu
cd "$(dirname "$0")/../.."

BUILD=${BUILD:-build}
MAKE=${MAKE:-make}
seconds=$1
shift
out=$BUILD/fuzzing
log=$out/log
mkdir -p "$out"

if ! echo 'int LLVMFuzzerTestOneInput(const char *p, long n)
    { return (n > 0 && *p == 0); }' |
    clang -fsanitize=fuzzer,address,undefined -x c -o "$out/probe" - \
        2>/dev/null; then
	echo "fuzz: no clang with its fuzzer, left out"
	exit 0
fi

fuzzing="BUILD=$out/build SANITIZE=1 ENGINE=libfuzzer
    ENGINE_FLAGS=-fsanitize=fuzzer"
sh ./configure --quiet BUILD="$out/build" CC=clang \
    CFLAGS='-O1 -g -fsanitize=fuzzer-no-link'
# shellcheck disable=SC2086
{
	$MAKE -s $fuzzing rules
	$MAKE -s $fuzzing fuzzers >"$out/make.log" 2>&1 || {
		cat "$out/make.log"
		exit 1
	}
}
bad=0 total=0 count=0
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(cd "$out/build/fuzz" && ls)
for name; do
	mkdir -p "$out/$name"
	began=$(date +%s)
	[ ! -e "regress/fuzz/corpus/$name" ] || /usr/bin/python3 \
	    regress/fuzz/corpus.py unpack "regress/fuzz/corpus/$name" \
	    "$out/$name"
	words=
	[ ! -e "regress/fuzz/$name.dict" ] ||
		words=-dict=regress/fuzz/$name.dict
	# shellcheck disable=SC2086
	if "$out/build/fuzz/$name" -max_total_time="$seconds" -max_len=8192 \
	    -rss_limit_mb=2048 -timeout=20 -print_final_stats=1 $words \
	    -artifact_prefix="$out/$name-" "$out/$name" >"$log" 2>&1; then
		said=ok
	else
		said=FAIL bad=1
		grep -vE '^(#|stat)' "$log" | head -40
	fi
	n=$(awk '/number_of_executed_units/ { print $2 }' "$log")
	edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
	total=$((total + ${n:-0})) count=$((count + 1))
	took=$(($(date +%s) - began))
	echo "$name ${n:-0} $took" >>"$out/tried"
	echo "$said FUZZ $name: ${n:-0} inputs, $took s, ${edges:-0} edges"
done
echo "fuzz: $count harnesses, $total inputs, $seconds s each"
awk '{ n += $2; s += $3 }
    END { printf "fuzz: in all runs of this folder %d inputs, %d s\n", n, s }' \
    "$out/tried"
exit $bad
