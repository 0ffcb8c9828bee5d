#!/bin/sh
# Builds for other machines as Nerves does it, with a compiler, flags and
# pkg-config's variables in the environment, each in a folder of its own of
# this checkout, and runs the unit programs of each under qemu-user:
#
#	run.sh [arm64] [armhf] [riscv64] [s390x] [i386]
#
# arm64, armhf and s390x, which is big-endian, without words. numbers.py looks
# at the numbers of system calls of each.
#
# What is linked with is unpacked from Debian's packages of that architecture
# into BUILD/cross/ARCH/root: nothing of them is installed here. Of the machine
# itself it needs a cross compiler and qemu-user. What cannot be had is one
# line, and that architecture is skipped. The last line is "cross: N passed, N
# failed, N skipped".

set -u
cd "$(dirname "$0")/../.." || exit 1

BUILD=${BUILD:-build}
here=$(pwd)/$BUILD/cross
client=$(pwd)/client/proctor
PACKAGES="libc6-dev libgcc-12-dev libevent-dev libcap-dev libbsd-dev
libcmocka-dev"
passed=0
failed=0
skipped=0

say() {
	echo "$*"
}

# sudo, unless one is root.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

# The tools of this machine, which are the only packages that are installed.
tools() {
	if command -v "$triple-gcc" && command -v "$qemu"; then
		return 0
	fi >/dev/null
	command -v apt-get >/dev/null || return 1
	{
		as_root env DEBIAN_FRONTEND=noninteractive \
		    apt-get install -q -y --no-install-recommends \
		    "gcc-$triple" qemu-user ||
		    { as_root apt-get -q update &&
		        as_root env DEBIAN_FRONTEND=noninteractive apt-get \
		            install -q -y --no-install-recommends \
		            "gcc-$triple" qemu-user; }
	} >"$dir/tools.log" 2>&1
}

# apt with an architecture, lists and a cache of its own, and nothing there.
# riscv64 is in no Debian before 13.
foreign_apt() {
	if [ "$arch" = riscv64 ]; then
		echo "deb http://deb.debian.org/debian trixie main" \
		    >"$dir/apt/sources.list"
		set -- -o Dir::Etc::sourcelist="$dir/apt/sources.list" \
		    -o Dir::Etc::sourceparts=/dev/null "$@"
	fi
	apt-get -q -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
	    -o APT::Sandbox::User= -o APT::Install-Recommends=false \
	    -o Dir::State="$dir/apt" -o Dir::State::status="$dir/apt/status" \
	    -o Dir::Cache="$dir/apt" -o Acquire::Languages=none \
	    -o Debug::NoLocking=true "$@"
}

root() {
	if [ -e "$dir/root/done" ]; then
		return 0
	fi
	rm -rf "$dir/root" "$dir/apt"
	mkdir -p "$dir/apt/lists/partial" "$dir/apt/archives/partial" \
	    "$dir/root" && : >"$dir/apt/status" || return 1
	# A source that has nothing for this architecture does not matter.
	foreign_apt update >"$dir/root.log" 2>&1 || true
	# shellcheck disable=SC2086
	foreign_apt install -y --download-only $PACKAGES >>"$dir/root.log" \
	    2>&1 || return 1
	for deb in "$dir/apt/archives"/*.deb; do
		dpkg-deb -x "$deb" "$dir/root" || return 1
	done
	# Libraries' scripts say /lib where Debian 13 has /usr/lib.
	[ -e "$dir/root/lib" ] || ln -s usr/lib "$dir/root/lib"
	rm -rf "$dir/apt"
	touch "$dir/root/done"
}

# An environment like that of a Nerves system.
nerves() {
	unset MAKEFLAGS MFLAGS MAKELEVEL YACC
	export CC="$triple-gcc" CFLAGS="-O2 -g --sysroot=$dir/root"
	export LDFLAGS="--sysroot=$dir/root" PKG_CONFIG_SYSROOT_DIR="$dir/root"
	PKG_CONFIG_LIBDIR=$dir/root/usr/lib/$("$triple-gcc" \
	    -print-multiarch)/pkgconfig
	export PKG_CONFIG_LIBDIR
}

build() (
	nerves
	out=$BUILD/cross/$arch/build
	if [ ! -e "$out/config.args" ]; then
		./configure BUILD="$out" || exit 1
	fi
	${MAKE:-make} -s -j 2 BUILD="$out" programs-and-units
)

# A project that depends on this checkout, for each machine beside the others.
mix_build() (
	nerves
	rm -rf "$here/mix/_build/$arch"
	mkdir -p "$here/mix/lib" "$here/home" && cd "$here/mix" || exit 1
	cat >mix.exs <<-EOF
		defmodule Cross.MixProject do
		  use Mix.Project

		  def project do
		    [app: :cross, version: "0.1.0",
		     deps: [{:proctor, path: "$client"}]]
		  end
		end
	EOF
	HOME=$here/home MIX_TARGET=$arch MIX_BUILD_PATH=$here/mix/_build/$arch \
	    mix compile || exit 1
	for each in proctor proctor-broker proctor-worker; do
		"$triple-objdump" -f "_build/$arch/lib/proctor/priv/$each" |
		    grep "^architecture: $(objdump_name)," || exit 1
	done
)

objdump_name() {
	"$triple-objdump" -f "$dir/build/proctor" |
	    sed -n 's/^architecture: \([^,]*\),.*/\1/p'
}

# For what Nerves runs on.
mix_() {
	case $arch in
	arm*) ;;
	*) return ;;
	esac
	if ! command -v mix >/dev/null; then
		say "skip CROSS $arch Mix: no mix"
		skipped=$((skipped + 1))
	elif mix_build >"$dir/mix.log" 2>&1; then
		say "ok CROSS $arch Mix"
		passed=$((passed + 1))
	else
		say "FAIL CROSS $arch Mix: $(tail -n 9 "$dir/mix.log" |
		    tr '\n' '|')"
		failed=$((failed + 1))
	fi
}

# The system calls in the filters' tables, by the headers of its kernel.
numbers() {
	# shellcheck disable=SC2086 # as words
	if said=$(nerves && /usr/bin/python3 regress/cross/numbers.py \
	    $CC $CFLAGS 2>&1); then
		say "ok CROSS $arch system calls: $said"
		passed=$((passed + 1))
	else
		say "FAIL CROSS $arch system calls: $(echo "$said" |
		    tr '\n' '|')"
		failed=$((failed + 1))
	fi
}

# Six megabytes of Erlang's lists take many minutes there.
skip_of() {
	case $1 in
	options_test) echo 'test_*_*i*s' ;; # limits and many_strings
	task_calls_test) # a filter of them; we have none for all machines
		case $arch in
		arm*) echo 'system calls by name' ;;
		*) echo '*by name*' ;;
		esac
		;;
	esac
}

unit() {
	name=$(basename "$1")
	case $name in
	reap_test) missing="has no ptrace" ;;
	undo_test) missing="has signals and limits of its own" ;;
	loop_test | exec_test) missing="has no clone with a pidfd" ;;
	keeper_test) missing="dies with what it emulates" ;;
	*) missing= ;;
	esac
	if [ -n "$missing" ]; then
		say "skip CROSS $arch $name: qemu-user $missing"
		skipped=$((skipped + 1))
		return
	fi
	skip=$(skip_of "$name")
	if QEMU_LD_PREFIX="$dir/root" UNIT_SKIP="$skip" ETF_ROUNDS=20000 \
	    PROTO_ROUNDS=20000 "$qemu" "$1" >"$dir/$name.log" 2>&1; then
		passed=$((passed + 1))
		if grep -q 'no system call filters' "$dir/$name.log"; then
			skip="its cases: qemu-user has no system call filters"
		fi
		say "ok CROSS $arch $name${skip:+, without $skip}"
	else
		failed=$((failed + 1))
		say "FAIL CROSS $arch $name: $(grep -a 'FAILED\|ERROR' \
		    "$dir/$name.log" | head -n 9 | tr '\n' '|')"
	fi
}

# machine ARCH TRIPLE QEMU
machine() {
	arch=$1
	triple=$2
	qemu=$3
	dir=$here/$arch
	mkdir -p "$dir" || exit 1
	if ! tools; then
		say "skip CROSS $arch: no gcc-$triple, or no qemu-user"
		skipped=$((skipped + 1))
		return
	fi
	if ! root; then
		say "skip CROSS $arch: its libraries cannot be had:" \
		    "$(tail -n 1 "$dir/root.log")"
		skipped=$((skipped + 1))
		return
	fi
	if ! build >"$dir/build.log" 2>&1; then
		say "FAIL CROSS $arch: build: $(tail -n 9 "$dir/build.log" |
		    tr '\n' '|')"
		failed=$((failed + 1))
		return
	fi
	say "ok CROSS $arch: $(objdump_name), all programs"
	passed=$((passed + 1))
	numbers
	mix_
	for program in "$dir"/build/unit/*_test; do
		unit "$program"
	done
}

[ $# -gt 0 ] || set -- arm64 armhf s390x
for name; do
	case $name in
	arm64) machine arm64 aarch64-linux-gnu qemu-aarch64 ;;
	armhf) machine armhf arm-linux-gnueabihf qemu-arm ;;
	riscv64) machine riscv64 riscv64-linux-gnu qemu-riscv64 ;;
	s390x) machine s390x s390x-linux-gnu qemu-s390x ;;
	i386) machine i386 i686-linux-gnu qemu-i386 ;;
	*)
		echo "cross: which machine is $name?" >&2
		exit 2
		;;
	esac
done
say "cross: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
