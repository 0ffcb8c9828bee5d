#!/bin/sh
# Runs the programs that are named, with only the cases that UNIT_CASE matches
# if that is set (choose.c); says at the end how many programs went well.

set -u

passed=0
failed=0
cases=0
# As in regress/port/lib/runner.py: so many get a second chance.
again=${CASES_AGAIN:-0}
for t; do
	echo "== $(basename "$t")"
	if out=$("$t" 2>&1); then
		passed=$((passed + 1))
	elif [ "$again" -gt 0 ]; then
		again=$((again - 1))
		echo "$out"
		echo "== $(basename "$t"), again"
		if out=$("$t" 2>&1); then
			passed=$((passed + 1))
			echo "note: $(basename "$t") passed the second time only"
		else
			failed=$((failed + 1))
		fi
	else
		failed=$((failed + 1))
	fi
	echo "$out"
	# "[==========] timers: 3 test(s) run.", in older ones without the name;
	# once for each group of cases that the program has.
	for ran in $(echo "$out" | sed -n \
	    's/^\[=*\] \(.*: \)\{0,1\}\([0-9]*\) test(s) run.*/\2/p'); do
		cases=$((cases + ran))
	done
done
if [ -n "${UNIT_CASE:-}" ]; then
	echo "unit cases like $UNIT_CASE: $cases"
	[ $cases -gt 0 ] || failed=$((failed + 1))
fi
echo "unit programs: $passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
