#!/bin/sh
# The clients with the OTP and the Elixir of Debian 13: builds this tree there as
# a plain user, with warnings as errors in both languages, and runs EUnit, Common
# Test, PropEr and ExUnit. Needs root and debootstrap. Everything happens in
# namespaces of its own: neither mounts nor processes, and no epmd, are left.
#
#	run.sh
#
# TRIXIE is where the system is kept for the next time (/var/cache/proctor-trixie);
# with TRIXIE_KEEP=no it is removed in the end. MIRROR is where it comes from,
# if not from where debootstrap has it.

set -eu
cd "$(dirname "$0")/../.."

TRIXIE=${TRIXIE:-/var/cache/proctor-trixie}
MIRROR=${MIRROR:-}
system=$TRIXIE/root

if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
	echo "trixie: needs root and debootstrap, left out"
	exit 0
fi
mkdir -p "$TRIXIE"
exec 9>"$TRIXIE/lock"
flock -n 9 || { echo "trixie: $TRIXIE is in use"; exit 1; }
clean() {
	[ "${TRIXIE_KEEP:-yes}" != no ] || rm -rf "$system" "$system.new"
}
trap clean EXIT
trap 'exit 1' HUP INT TERM

# What is only half there has another name.
if [ ! -e "$system" ]; then
	echo "trixie: debootstrap to $system"
	rm -rf "$system.new"
	debootstrap --variant=minbase trixie "$system.new" ${MIRROR:+"$MIRROR"} \
	    >"$TRIXIE/debootstrap.log" 2>&1 || {
		tail -n 20 "$TRIXIE/debootstrap.log"
		exit 1
	}
	mv "$system.new" "$system"
fi

# inside [UNSHARE'S FLAGS] TEXT [WORD ...]: runs a text of sh there
# Single quotes: the text is the other shell's.
# shellcheck disable=SC2016
inside() {
	unshare --mount --pid --fork --kill-child "$@" 9>&-
}
# shellcheck disable=SC2016
enter='
	mount -t proc proc "$0/proc"
	mount --rbind /dev "$0/dev"
	mount -t tmpfs tmp "$0/tmp"
	exec chroot "$0" /usr/bin/env -i LANG=C.UTF-8 HOME=/root \
	    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	    sh -euc "$1"'

home=/home/builder
rm -rf "$system$home/proctor"
mkdir -p "$system$home/proctor"
git ls-files -z -c -o --exclude-standard | tar -c --null -T - |
    tar -x -C "$system$home/proctor"

# What make deps installs, and what the clients alone need.
cp /etc/resolv.conf "$system/etc/resolv.conf"
inside sh -euc "$enter" "$system" '
	cd /home/builder/proctor
	sh regress/deps.sh
	dpkg-query -W elixir erlang-edoc iproute2 git >/dev/null 2>&1 ||
	    DEBIAN_FRONTEND=noninteractive \
	    apt-get install -q -y --no-install-recommends elixir erlang-edoc \
	    iproute2 git
	id builder >/dev/null 2>&1 || useradd -M -s /bin/sh builder
	chown -R builder:builder /home/builder' \
    >"$TRIXIE/packages.log" 2>&1 || {
	tail -n 20 "$TRIXIE/packages.log"
	exit 1
}

inside --net sh -euc "$enter" "$system" '
	ip link set lo up
	exec su builder -c "export HOME=/home/builder LANG=C.UTF-8
		set -eu
		cd ~/proctor
		elixir --version | tr -s \"\\n\" \" \"
		echo
		make -s -j 2 >build.log 2>&1 || { tail -n 40 build.log; exit 1; }
		make -s -k regress-erlang regress-elixir"'
echo "trixie: passed"
