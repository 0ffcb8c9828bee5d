#!/bin/sh
# The Debian packages of BUILD/deb in a Debian 12 of their own, which debootstrap
# makes and which is gone afterwards: installed, made privileged, upgraded,
# purged. As root; a line each, and as the last "deb: N passed, N failed".

set -u
cd "$(dirname "$0")/../.." || exit 1

if [ "$(id -u)" != 0 ]; then
	echo "deb: only root can make a Debian: skipped"
	exit 0
fi
if [ "${1:-}" != inside ]; then
	# Mounts and processes are gone with the last of this.
	exec unshare --mount --pid --fork --kill-child \
	    sh regress/deb/run.sh inside
fi

tmp=$(mktemp -d) || exit 1
root=$tmp/root
# shellcheck disable=SC2064
trap 'umount "$root/proc" 2>/dev/null; rm -rf --one-file-system "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
program=/usr/libexec/proctor/proctor
passed=0
failed=0

in_root() {
	chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
	    DEBIAN_FRONTEND=noninteractive "$@"
}

case_() {
	# case_ NAME FUNCTION: its output is told if it fails
	(set -e; "$2") >"$tmp/said" 2>&1
	status=$?
	if [ $status -eq 0 ]; then
		echo "ok DEB $1"
		passed=$((passed + 1))
	else
		echo "FAIL DEB $1: regress/deb/run.sh: $2: $(tail -n 9 \
		    "$tmp/said" | tr '\n' '|')"
		failed=$((failed + 1))
	fi
}

# What is there: files, and who is who. dpkg's own lists, logs and caches are
# no package's, and the tools keep a copy of what they change.
snapshot() {
	(cd "$root" && find . -xdev \( -path ./var/lib/dpkg -o -path ./var/log \
	    -o -path ./var/cache -o -path ./deb -o -path ./proc \
	    -o -path ./tmp -o -path ./run/lock \) -prune -o -printf '%M %u %g %p\n' |
	    grep -v '/etc/[a-z]*-$\|ld.so.cache\|/etc/\.pwd\.lock' | sort
	    cat etc/passwd etc/group
	    ! grep -s proctor etc/subuid etc/subgid)
}

# What a node says.
erlang() {
	# erlang USER EXPRESSION
	in_root setpriv --reuid "$1" --regid "$1" --init-groups \
	    erl -noshell -eval "{ok, _} = application:ensure_all_started(proctor),
	    io:format(\"~p~n\", [$2]), halt()."
}

install_() {
	in_root sh -c 'dpkg -i /deb/proctor_*.deb /deb/erlang-proctor_*.deb'
	[ "$(in_root stat -c '%a %U %G' $program)" = "755 root root" ]
	in_root $program --version
	in_root proctor-check /usr/share/doc/proctor/examples/proctor.conf
	if in_root getent passwd _proctor; then
		exit 1
	fi
	[ ! -e "$root/etc/proctor.conf" ]
}

run() {
	erlang joe 'proctor:run("echo ok", [sync, stdout])' >"$tmp/out"
	cat "$tmp/out"
	grep -qxF '{ok,[{stdout,[<<"ok\n">>]}]}' "$tmp/out"
	erlang joe 'proctor:run("id", [sync, stdout, {user, "ann"}])' |
	    grep 'no rule permits it\|not permitted\|not allowed'
}

privileged() {
	in_root dpkg-statoverride --update --add root erlang 4750 $program
	in_root dpkg-reconfigure proctor
	echo 'permit joe as ann' >"$root/etc/proctor.conf"
	is_privileged
	as_ann
}

is_privileged() {
	[ "$(in_root stat -c '%a %U %G' $program)" = "4750 root erlang" ]
	in_root getent passwd _proctor
	[ "$(grep -c '^_proctor:' "$root/etc/subuid")" -eq 1 ]
}

as_ann() {
	erlang joe 'proctor:run("id -un", [sync, stdout, {user, "ann"}])' \
	    >"$tmp/out"
	cat "$tmp/out"
	grep -qxF '{ok,[{stdout,[<<"ann\n">>]}]}' "$tmp/out"
}

# The same with another version, and a new program.
newer() {
	for deb in "$root"/deb/*.deb; do
		rm -rf "$tmp/newer"
		dpkg-deb -R "$deb" "$tmp/newer"
		sed -i -e 's/^\(Version: .*\)-1$/\1-2/' \
		    -e 's/-1)/-2)/' "$tmp/newer/DEBIAN/control"
		dpkg-deb -b "$tmp/newer" "$deb"
	done
}

upgrade() {
	before=$(in_root stat -c %i $program)
	newer
	in_root sh -c 'dpkg -i /deb/proctor_*.deb /deb/erlang-proctor_*.deb'
	in_root dpkg -s proctor | grep '^Version: .*-2$'
	[ "$(in_root stat -c %i $program)" != "$before" ]
	is_privileged
	as_ann
}

purge() {
	in_root dpkg -P erlang-proctor proctor
	snapshot >"$tmp/after"
	diff "$tmp/before" "$tmp/after"
	[ -z "$(in_root dpkg-statoverride --list '*proctor*')" ]
}

debootstrap --variant=minbase --include=libbsd0,libcap2,libevent-core-2.1-7,erlang-base \
    bookworm "$root" >"$tmp/log" 2>&1 || {
	echo "skip DEB: debootstrap: $(tail -n 1 "$tmp/log")"
	exit 0
}
mount -t proc proc "$root/proc" || exit 1
mkdir "$root/deb"
cp "${BUILD:-build}"/deb/proctor_*.deb "${BUILD:-build}"/deb/erlang-proctor_*.deb \
    "$root/deb" || exit 1
in_root groupadd erlang
in_root useradd -m -G erlang joe
in_root useradd -m ann
snapshot >"$tmp/before"

case_ "installs: for its starter, with no user and no rules" install_
case_ "a run of the Erlang application, and none for others" run
case_ "an override makes it privileged, with a user and uids" privileged
case_ "an upgrade keeps mode and group" upgrade
case_ "a purge leaves nothing" purge
echo "deb: $passed passed, $failed failed"
[ $failed -eq 0 ]
