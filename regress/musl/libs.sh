#!/bin/sh
# libs.sh DIR: what proctor is linked with, built for musl from Debian's own
# source packages, as static libraries in DIR/root: libevent, libbsd and libmd,
# libcap, cmocka; and the kernel's headers, which musl-gcc does not find. Of the
# machine it needs musl-tools and dpkg-dev, which it installs. What is in
# DIR/root already is not built again.

set -eu
[ $# -eq 1 ] || { echo "usage: libs.sh DIR" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)
root=$dir/root
SOURCES="libevent libmd libbsd libcap2 cmocka"
MIRROR=${MIRROR:-http://deb.debian.org/debian}

[ ! -e "$root/done" ] || exit 0
unset MAKEFLAGS MFLAGS MAKELEVEL

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

tools() {
	command -v musl-gcc && command -v dpkg-source && return 0
	for again in '' update; do
		[ -z "$again" ] || as_root apt-get -q update || continue
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
		    --no-install-recommends musl-tools dpkg-dev && return 0
	done
	return 1
}

# apt with lists of source packages, and nothing of this machine's.
sources() {
	rm -rf "$dir/apt" "$dir/src"
	mkdir -p "$dir/apt/lists/partial" "$dir/apt/archives/partial" "$dir/src"
	: >"$dir/apt/status"
	# shellcheck disable=SC1091
	echo "deb-src $MIRROR $(. /etc/os-release && echo "$VERSION_CODENAME")" \
	    main >"$dir/apt/sources.list"
	set -- apt-get -q -o APT::Sandbox::User= -o Debug::NoLocking=true \
	    -o Dir::State="$dir/apt" -o Dir::State::status="$dir/apt/status" \
	    -o Dir::Cache="$dir/apt" -o Acquire::Languages=none \
	    -o Dir::Etc::sourcelist="$dir/apt/sources.list" \
	    -o Dir::Etc::sourceparts=/dev/null
	"$@" update
	cd "$dir/src"
	# Their names are words.
	# shellcheck disable=SC2086
	"$@" source -q $SOURCES
	rm -rf "$dir/apt"
}

# A library with a configure of its own.
library() {
	name=$1
	shift
	cd "$dir/src/$name"-*/
	./configure -q CC="$CC" CFLAGS="$CFLAGS" CPPFLAGS="-I$root/include" \
	    LDFLAGS="-L$root/lib" --prefix="$root" --host="$HOST" \
	    --disable-shared --enable-static "$@"
	# The dates of what autoconf made say nothing here.
	make -s -j 2 AUTOMAKE=: ACLOCAL=: AUTOCONF=: AUTOHEADER=:
	make -s install AUTOMAKE=: ACLOCAL=: AUTOCONF=: AUTOHEADER=:
}

cap() {
	cd "$dir/src"/libcap2-*/libcap
	# Made here, for here.
	make -s CC="$CC" BUILD_CC="${BUILD_CC:-gcc}" COPTS="$CFLAGS" \
	    prefix="$root" lib=lib GOLANG=no SHARED=no USE_GPERF=no \
	    install-static-cap FAKEROOT= RAISE_SETFCAP=no
}

# It is told what it would find out: cmake is not wanted for one file. Shared,
# so that what a unit program puts in functions' places is not in its.
mocka() {
	cd "$dir/src"/cmocka-*/
	# Flags are words.
	# shellcheck disable=SC2086
	$CC $CFLAGS -fPIC -shared -Iinclude -DHAVE_SIGNAL_H=1 \
	    -DHAVE_STRINGS_H=1 -DHAVE_SNPRINTF=1 -DHAVE_VSNPRINTF=1 \
	    -DHAVE_CLOCK_REALTIME=1 -DHAVE_STRUCT_TIMESPEC=1 \
	    -DHAVE_INTTYPES_H=1 -DHAVE_STDINT_H=1 -DHAVE_MALLOC_H=1 \
	    -DHAVE_GCC_THREAD_LOCAL_STORAGE=1 \
	    src/cmocka.c -o "$root/lib/libcmocka.so"
	cp include/cmocka*.h "$root/include"
	cat >"$root/lib/pkgconfig/cmocka.pc" <<-END
		Name: cmocka
		Description: unit tests
		Version: $(pwd | sed 's/.*-//')
		Libs: -L$root/lib -Wl,-rpath,$root/lib -lcmocka
		Cflags: -I$root/include
	END
}

CC="musl-gcc -idirafter $root/kernel"
CFLAGS="-O2 -g -fPIE"
HOST=$(uname -m)-linux-musl

tools
rm -rf "$root"
mkdir -p "$root/kernel" "$root/include" "$root/lib/pkgconfig"
multiarch=$(gcc -print-multiarch)
ln -s /usr/include/linux /usr/include/asm-generic \
    "/usr/include/$multiarch/asm" "$root/kernel"
sources
library libmd
library libbsd
# Of what is static nothing says what it needs itself.
rm "$root/lib/libbsd.so"
sed -i 's/-lbsd$/-lbsd -lmd/' "$root/lib/pkgconfig"/libbsd*.pc
library libevent --disable-openssl --disable-samples \
    --disable-libevent-regress --disable-thread-support
cap
mocka
touch "$root/done"
