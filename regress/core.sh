#!/bin/sh
# core.sh BUILD: the heart of the suites, for systems and builds on which the
# whole of them takes too long: the port program's and the tasks' first cases,
# of each kind some. With CORE_CONTAINMENT=no without the longest of them. The
# last line is of what was not passed.

set -u
cd "$(dirname "$0")/.." || exit 1
[ $# -eq 1 ] || { echo "usage: core.sh BUILD" >&2; exit 2; }
status=0

set -- "$1" -k '5 containment: '
[ "${CORE_CONTAINMENT:-yes}" = yes ] || set -- "$1"
build=$1
shift

echo "core: the port"
/usr/bin/python3 regress/port/run.py -j 2 -k '1 framing: ' -k '2 start-up: ' \
    -k '3 run: ' -k '3 stop: ' -k '3 kill: ' -k '3 stdin: ' -k '3 winsz: ' \
    -k '3 debug: ' -k '4 events: ' -k '5 orphans: ' -k '5 ring: ' \
    -k '5 descriptors' -k '6 moved: ' -k '6 native errors: ' \
    -k 'stdin cut: ' "$@" "$build/proctor" || status=1
echo "core: tasks"
/usr/bin/python3 regress/task/run.py -j 2 -k 'start' -k 'fork' -k 'filter' \
    -k 'reexec' -k 'exit' -k 'stdin' -k 'calls' -k 'init' \
    "$build/proctor-task" || status=1
exit $status
