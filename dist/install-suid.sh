#!/bin/sh
# What `make install-suid' does besides `make install': the user _proctor
# and its range of uids, the SUID bit, an example of a policy; and for `make install' the program
# itself, which may be SUID-root already. Called with
#
#	install-suid.sh check	before anything was installed
#	install-suid.sh do	after `make install' has done its part
#	install-suid.sh program	before `make install' installs the others
#
# and GROUP, DESTDIR, LIBEXECDIR, SYSUSERSDIR, TMPFILESDIR, SYSCONFDIR, BUILD in the
# environment. With DESTDIR it touches nothing outside of that: no user is
# made, the package's own script has to.

set -u
cd "$(dirname "$0")/.." || exit 1

me=install-suid
. dist/users.sh

check() {
	if [ -z "$GROUP" ]; then
		die "say who may run it: make install-suid GROUP=erlang"
	fi
	known group "$GROUP" || die "there is no group $GROUP"
	if [ -z "$DESTDIR" ] && [ "$(id -u)" != 0 ]; then
		die "only root can make a program SUID-root"
	fi
	case $LIBEXECDIR in
	/*) ;;
	*) die "LIBEXECDIR is no absolute path: $LIBEXECDIR" ;;
	esac
}

# Nobody but root may be able to change what a SUID program starts or reads.
make_suid() {
	dir=$DESTDIR$LIBEXECDIR/proctor
	chown root:root "$dir" "$dir/empty" "$dir/proctor-broker" \
	    "$dir/proctor-worker" "$dir/proctor-check" "$dir/proctor-task" &&
	    chmod 755 "$dir" "$dir/empty" "$dir/proctor-broker" \
	        "$dir/proctor-worker" "$dir/proctor-check" \
	        "$dir/proctor-task" || exit 1
	if [ -n "$(ls -A "$dir/empty")" ]; then
		die "$dir/empty is not empty"
	fi
	# A new file, never the one that somebody may have a link to.
	install -o root -g "$GROUP" -m 4750 "$BUILD/proctor" "$dir/proctor" ||
	    exit 1
}

# symbolic LETTERS: what ls prints of a mode, for chmod.
symbolic() {
	comma=
	for who in u:1-3 g:4-6 o:7-9; do
		letters=$(echo "$1" | cut -c "${who#*:}" | tr -d - |
		    sed -e s/s/xs/ -e s/S/s/ -e s/t/x/ -e s/T//)
		printf '%s%s=%s' "$comma" "${who%:*}" "$letters"
		comma=,
	done
}

# An upgrade takes nobody's rights away, and gives none to anybody: what is
# SUID-root stays what it is, with its group.
install_program() {
	path=$DESTDIR$LIBEXECDIR/proctor/proctor
	if [ -h "$path" ] || [ ! -u "$path" ]; then
		exec install -m 755 "$BUILD/proctor" "$path"
	fi
	# shellcheck disable=SC2012 # one name, and nothing else is portable
	read -r mode owner group <<-EOF
	$(ls -ldn "$path" | awk '{ print substr($1, 2, 9), $3, $4 }')
	EOF
	if [ "$owner" != 0 ]; then
		die "$path is set-user-ID, and not root's: remove it"
	fi
	if [ "$(id -u)" != 0 ]; then
		die "$path is set-user-ID root: only root can replace it, by" \
		    "make install, or make install-suid GROUP=..."
	fi
	# Nobody sees it before it is what it was, and never a link of others.
	new=$path.new.$$
	trap 'rm -f "$new"' EXIT
	install -o root -g "$group" -m 700 "$BUILD/proctor" "$new" &&
	    chmod "$(symbolic "$mode")" "$new" &&
	    mv -f "$new" "$path" || exit 1
	echo "install: $path stays set-user-ID root ($mode, group $group)"
}

make_conf() {
	conf=$DESTDIR$SYSCONFDIR/proctor.conf
	if [ -e "$conf" ] || [ -L "$conf" ]; then
		echo "install-suid: $conf is there and stays as it is"
		return
	fi
	mkdir -p "$DESTDIR$SYSCONFDIR" || exit 1
	install -o root -g root -m 644 dist/proctor.conf "$conf" || exit 1
	echo "install-suid: $conf permits nothing yet: see proctor.conf(5)"
}

case ${1:-} in
check)
	check
	;;
program)
	install_program
	;;
do)
	check
	mkdir -p "$DESTDIR$SYSUSERSDIR" || exit 1
	install -m 644 dist/proctor.sysusers \
	    "$DESTDIR$SYSUSERSDIR/proctor.conf" || exit 1
	mkdir -p "$DESTDIR$TMPFILESDIR" || exit 1
	install -m 644 dist/proctor.tmpfiles \
	    "$DESTDIR$TMPFILESDIR/proctor.conf" || exit 1
	if [ -z "$DESTDIR" ]; then
		make_user
		make_uids
	fi
	make_suid
	make_conf
	;;
*)
	die "is called by make install and make install-suid"
	;;
esac
