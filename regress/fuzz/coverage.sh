#!/bin/sh
# What the inputs in corpus/ reach of each file, by clang's own count.
#
#	coverage.sh [HARNESS ...]
#
# What a run of run.sh has found, in BUILD/fuzzing, counts too if it is there.

set -eu
cd "$(dirname "$0")/../.."

BUILD=${BUILD:-build}
MAKE=${MAKE:-make}
out=$BUILD/coverage
mkdir -p "$out"

if ! command -v clang >/dev/null || ! command -v llvm-cov >/dev/null; then
	echo "fuzz: no clang with llvm-cov, no coverage"
	exit 0
fi
counted="BUILD=$out/build ENGINE=files ENGINE_FLAGS=-fprofile-instr-generate"
sh ./configure --quiet BUILD="$out/build" CC=clang \
    CFLAGS='-O1 -g -fprofile-instr-generate -fcoverage-mapping'
# shellcheck disable=SC2086
{
	$MAKE -s $counted rules
	$MAKE -s $counted fuzzers >"$out/make.log" 2>&1 || {
		cat "$out/make.log"
		exit 1
	}
}
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(cd "$out/build/fuzz" && ls)
objects=''
profiles=''
for name; do
	inputs=$out/inputs/$name
	rm -rf "$inputs"
	/usr/bin/python3 regress/fuzz/corpus.py unpack \
	    "regress/fuzz/corpus/$name" "$inputs"
	folders=$inputs
	[ ! -d "$BUILD/fuzzing/$name" ] || folders="$inputs $BUILD/fuzzing/$name"
	# shellcheck disable=SC2086
	LLVM_PROFILE_FILE=$out/$name.profraw "$out/build/fuzz/$name" $folders
	objects="$objects -object $out/build/fuzz/$name"
	profiles="$profiles $out/$name.profraw"
done
# shellcheck disable=SC2086
{
	llvm-profdata merge -o "$out/all" $profiles
	llvm-cov report $objects -instr-profile="$out/all" \
	    -show-branch-summary=false -show-region-summary=false \
	    -ignore-filename-regex='regress/'
}
