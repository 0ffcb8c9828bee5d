#!/bin/sh
# run.sh BUILD [priv] [ARGUMENT ...]: what this machine cannot show, under User
# Mode Linux: a kernel of its own as a process of ours, with a whole cgroup2
# tree. Root there is nobody here, and what it sees of this machine's files it
# can only read. ARGUMENTs are regress/port/run.py's or regress/priv/run.py's;
# without any it is the cases of control groups in both. Without the package it
# says so in one line, and is content.

set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
shift

if ! command -v linux.uml >/dev/null; then
	echo "uml: skipped: user-mode-linux is not installed"
	exit 0
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

# The kernel's command line has no room for what is to run.
{
	printf "root='%s' build='%s'\n" "$root" "$build"
	printf 'set --'
	for argument in "$@"; do
		printf " '%s'" "$argument"
	done
	printf '\n'
	cat "$root/regress/uml/init.sh"
} >"$dir/init.sh"
printf '#!/bin/sh\nexec /bin/sh %s/init.sh\n' "$dir" >"$dir/init"
chmod +x "$dir/init"

# A disk for those that limit what is written.
truncate -s 16M "$dir/disk"

# What it ends with says nothing: its last line does.
TMPDIR=$dir timeout -k 10 900 linux.uml mem=1024M quiet \
    rootfstype=hostfs hostfs=/ root=/dev/root ro init="$dir/init" \
    uml_dir="$dir" ubdb="$dir/disk" con=null con0=fd:0,fd:1 ssl=null </dev/null >"$dir/out" 2>&1 || true
if ! grep -q '^uml: begins' "$dir/out"; then
	echo "uml: skipped: it does not boot here:" \
	    "$(tail -1 "$dir/out" | tr -d '\r')"
	exit 0
fi
# Before the first line of ours the kernel talks.
sed -n '/^uml: begins/,/^uml: ends/p' "$dir/out" | tr -d '\r' | sed 1d
if ! grep -q '^uml: ends with 0' "$dir/out"; then
	tail -5 "$dir/out" >&2
	exit 1
fi
