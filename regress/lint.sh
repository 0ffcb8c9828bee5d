#!/bin/sh
# What `make lint' looks at. Every finding is an error; what is not installed
# is said and passed over. The lists come from the Makefile.

set -u

bad=0
# What only gcc knows.
CLANG_CFLAGS=$(echo "$CFLAGS" | sed 's/-ftrivial-auto-var-init=zero//')
BSD_DIR=$(pkg-config --variable=includedir libbsd-overlay)/bsd

check() {
	# check NAME COMMAND ...: run it if it is there
	name=$1
	shift
	if ! command -v "$1" >/dev/null; then
		echo "lint: $name: no $1, left out"
		return
	fi
	echo "lint: $name"
	"$@" || bad=1
}

# What other manuals this machine has says nothing about ours, and Markdown has
# no macros.
manual() {
	! command -v mandoc >/dev/null ||
	    ! mandoc -Tlint -Wstyle "$@" 2>&1 |
	    grep -vE 'outdated mandoc.db|referenced manual not found|protocol.7:.*(using OS macro|function name)'
}

# Word lists, all of them.
# shellcheck disable=SC2086
{
	check format clang-format --dry-run -Werror $C_FORMAT
	check "gcc" gcc -fsyntax-only $CFLAGS $C_ALL $PARSE_C
	check "clang" clang -fsyntax-only $CLANG_CFLAGS $C_ALL $PARSE_C
	check cppcheck cppcheck -q --std=c11 --error-exitcode=1 \
	    --enable=warning,portability,performance --inline-suppr \
	    --suppress=missingIncludeSystem -D_GNU_SOURCE \
	    -D__linux__ -I. -Icommon -Ipriv -Icommon/compat \
	    -I"$BSD_DIR" --suppress="*:$BSD_DIR/*" $C_SRC
	check clang-tidy clang-tidy --quiet --warnings-as-errors='*' \
	    $C_SRC -- $CLANG_CFLAGS
}
check shell shellcheck configure regress/*.sh regress/unit/*.sh regress/elsewhere/cc \
    regress/elsewhere/*.sh \
    regress/build/*.sh regress/trixie/*.sh regress/get/*.sh regress/cross/*.sh regress/qemu/*.sh regress/musl/*.sh regress/core.sh \
    regress/deb/*.sh regress/demo/*.sh regress/fuzz/*.sh regress/bench/*.sh dist/*.sh \
    dist/debian/postinst dist/debian/proctor.postrm \
    client/proctor/*.sh client/proctor/test/*.sh .ci/run .ci/nightly
# shellcheck disable=SC2086
check manual manual $MANUALS
check "manuals, of themselves" /usr/bin/python3 regress/manuals.py --self-test
check manuals /usr/bin/python3 regress/manuals.py
check "manuals of tasks, of themselves" /usr/bin/python3 regress/manuals_task.py --self-test
check "manuals of tasks" /usr/bin/python3 regress/manuals_task.py
check dialyzer sh client/proctor/dialyze.sh
check xref sh client/proctor/xref.sh
check alcove sh client/proctor/alcove.sh check
check edoc sh client/proctor/doc.sh
check calls /usr/bin/python3 regress/calls.py
check "numbers of calls" /usr/bin/python3 regress/cross/numbers.py cc
check "arrows, of themselves" /usr/bin/python3 regress/arrows.py --self-test
check arrows /usr/bin/python3 regress/arrows.py
check "promises, of themselves" /usr/bin/python3 regress/elsewhere/pledge.py --self-test
check "functions, of themselves" /usr/bin/python3 regress/functions.py --self-test
check functions /usr/bin/python3 regress/functions.py
check "guarantees, of themselves" /usr/bin/python3 regress/guarantees.py --self-test
check guarantees /usr/bin/python3 regress/guarantees.py
check "faults, of themselves" /usr/bin/python3 regress/fault/faults.py --self-test
check faults /usr/bin/python3 regress/fault/faults.py
check python /usr/bin/python3 -c '
import ast, glob, sys
bad = 0
for path in (glob.glob("regress/**/*.py", recursive=True) +
             glob.glob("regress/bench/*.erl")):
    text = open(path).read()
    if path.endswith(".py"):
        ast.parse(text, path)
    for n, line in enumerate(text.split("\n"), 1):
        if len(line) > 79 or line != line.rstrip() or "\t" in line:
            print(f"{path}:{n}: too long, tab, or space at the end")
            bad = 1
sys.exit(bad)'

# No #ifdef outside common/compat, no line over 80 columns in C.
if grep -nE '^[[:space:]]*#[[:space:]]*(if|ifdef|ifndef|elif)\b' \
    priv/*/*.[cy] broker/*.c worker/*.c task/*.c common/*.c; then
	echo "lint: #ifdef outside common/compat"
	bad=1
fi
# shellcheck disable=SC2086
if expand $C_FORMAT priv/*/*.y | grep -nE '^.{81,}'; then
	echo "lint: lines over 80 columns"
	bad=1
fi
if [ $bad -ne 0 ]; then
	echo "lint: failed"
	exit 1
fi
echo "lint: clean"
