#!/bin/sh
# run.sh BUILD [smoke | core | priv ARGUMENT ... | ARGUMENT ...]: the programs
# under Debian's kernel in qemu, without help of the processor; that of Debian
# 12 is Linux 6.1. The kernel's package is unpacked, not installed; its root is
# an initramfs of this machine's files. `smoke' is some of all suites as root,
# as nobody and set-user-ID, `core' regress/core.sh; without words it is both.
# ARGUMENTs are regress/port/run.py's or regress/priv/run.py's. PORT_SLOW is set
# there. What cannot be had is one line.

set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd)
shift
KERNEL=linux-image-cloud-amd64
# Whose files are there, with the libraries that they want.
python=$(/usr/bin/python3 -c \
    'import sys; print("python%d.%d" % sys.version_info[:2])')
PACKAGES="coreutils dash bash mount util-linux passwd procps sed grep mawk
findutils hostname libc-bin iproute2 strace python3-minimal
libgcc-s1 $python-minimal $python lib$python-minimal lib$python-stdlib"
PROGRAMS=$(echo "$build"/proctor "$build"/proctor-[bctw]*)
dir=$build/qemu
mkdir -p "$dir"

skip() {
	echo "qemu: skipped: $*"
	exit 0
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

# shellcheck disable=SC2086 # names of packages
tools() {
	for again in '' update; do
		dpkg-query -L qemu-system-x86 cpio $PACKAGES >/dev/null && return 0
		[ -z "$again" ] || as_root apt-get -q update || continue
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
		    --no-install-recommends qemu-system-x86 cpio $PACKAGES &&
		    return 0
	done
	return 1
}

# The package that the other one stands for, unpacked.
kernel() (
	[ ! -e "$dir/vmlinuz" ] || exit 0
	package=$(apt-cache depends $KERNEL |
	    sed -n 's/.*Depends: \(linux-image-.*\)/\1/p' | head -n 1)
	[ -n "$package" ] || exit 1
	rm -rf "$dir/deb" && mkdir "$dir/deb" && cd "$dir/deb" || exit 1
	apt-get -q download "$package" || exit 1
	dpkg-deb -x ./*.deb unpacked && mv unpacked/boot/vmlinuz-* ../vmlinuz
	cd .. && rm -rf deb
)

# What a program is linked with, and the loader.
libraries() {
	ldd "$@" 2>/dev/null | grep -o '/[^ :]*lib[^ :]*' | sort -u
}

# Their names are words.
# shellcheck disable=SC2086
files() {
	dpkg-query -L $PACKAGES |
	    grep -vE '/(doc|man|locale|info|test|lintian)(/|$)' |
	    while read -r file; do
		[ ! -f "$file" ] || echo "$file"
	    done >"$dir/list"
	programs=$(grep -E '/s?bin/|\.so$' "$dir/list")
	libraries $programs $PROGRAMS >>"$dir/list"
	echo /etc/ld.so.cache /etc/nsswitch.conf /etc/shells /etc/login.defs |
	    tr ' ' '\n' >>"$dir/list"
	sed -E 's,^/(s?bin|lib|lib64)/,/usr&,' "$dir/list" | sort -u
}

# A merged /usr: what packages call /bin is in /usr/bin.
initramfs() {
	new=$dir/root
	rm -rf "$new"
	mkdir -p "$new/usr" "$new/var/tmp" "$new/tree/build"
	for name in bin sbin lib lib64; do
		mkdir "$new/usr/$name"
		ln -s "usr/$name" "$new/$name"
	done
	for name in etc proc sys dev run tmp root; do
		mkdir "$new/$name"
	done
	files | tr '\n' '\0' | xargs -0 cp -L --parents -t "$new"
	ln -s ../run "$new/var/run"
	ln -sf dash "$new/usr/bin/sh"
	ln -sf "$python" "$new/usr/bin/python3"
	ln -sf mawk "$new/usr/bin/awk"
	printf '%s:/usr/sbin/nologin\n' root:x:0:0::/root daemon:x:1:1::/ \
	    bin:x:2:2::/ nobody:x:65534:65534::/nonexistent >"$new/etc/passwd"
	printf '%s:\n' root:x:0 daemon:x:1 bin:x:2 tty:x:5 nogroup:x:65534 \
	    >"$new/etc/group"
	# shellcheck disable=SC2086
	cp $PROGRAMS "$build/hostile" "$build/calls" "$new/tree/build"
	cp -R "$root/regress" "$root/dist" "$new/tree"
	rm -rf "$new/tree/regress/fuzz"
	{
		printf '#!/bin/sh\nset --'
		for argument; do
			printf " '%s'" "$argument"
		done
		printf '\n'
		cat "$root/regress/qemu/init.sh"
	} >"$new/init"
	chmod +x "$new/init"
	chmod -R go+rX "$new"
	(cd "$new" && find . | cpio --quiet -R 0:0 -o -H newc) >"$dir/initramfs"
	rm -rf "$new"
}

[ "$(uname -m)" = x86_64 ] || skip "this is no x86_64"
command -v dpkg-deb >/dev/null || skip "this is no Debian"
tools >"$dir/tools.log" 2>&1 ||
    skip "no qemu-system-x86_64: $(tail -n 1 "$dir/tools.log")"
kernel >"$dir/kernel.log" 2>&1 ||
    skip "no $KERNEL: $(tail -n 1 "$dir/kernel.log")"
initramfs "$@"
timeout -k 10 "${QEMU_SECONDS:-3000}" qemu-system-x86_64 -accel tcg -cpu max \
    -smp 2 -m 1500 -nodefaults -no-user-config -display none -no-reboot \
    -serial stdio -kernel "$dir/vmlinuz" -initrd "$dir/initramfs" \
    -append "console=ttyS0 quiet panic=-1 rdinit=/init" \
    </dev/null >"$dir/out" 2>&1 || true
rm -f "$dir/initramfs"
tr -d '\r' <"$dir/out" | sed -n '/^qemu: begins/,/^qemu: ends/p'
if ! grep -q '^qemu: ends with 0' "$dir/out"; then
	tail -n 5 "$dir/out" >&2
	exit 1
fi
