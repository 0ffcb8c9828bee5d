#!/bin/sh
# Runs every program in the folder that is named; says at the end how many
# went well.

set -u

passed=0
failed=0
for t in "$1"/*_test; do
	echo "== $(basename "$t")"
	if "$t"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
done
echo "unit programs: $passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
