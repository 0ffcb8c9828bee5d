#!/bin/sh
# Compiles the benchmark to BUILD/bench. The compiler and its flags come from
# the Makefile.

set -eu

out=$BUILD/bench
mkdir -p "$out"
# Lists of words, all of them. The child is static where the system can, as
# what it takes must not hide what we take.
# shellcheck disable=SC2086
{
	$CC $CFLAGS -o "$out/floor" regress/bench/floor.c $LDFLAGS
	$CC $CFLAGS -fno-pie -no-pie -static -o "$out/child" \
	    regress/bench/child.c 2>/dev/null ||
	    $CC $CFLAGS -o "$out/child" regress/bench/child.c $LDFLAGS
}
erlc -Werror +warn_unused_vars +warn_export_vars +warn_shadow_vars \
    -o "$out" regress/bench/bench_system.erl
erlc -Werror +warn_unused_vars +warn_export_vars +warn_shadow_vars \
    -pa "$out" -o "$out" regress/bench/*.erl
