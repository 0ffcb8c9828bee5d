# shellcheck shell=sh
# The user _proctor and its range of uids: read by install-suid.sh, and part of
# the Debian package's postinst. me is what its messages begin with,
# SYSUSERSDIR where proctor.conf of systemd-sysusers is.

USER_NAME=_proctor
me=${me:-proctor}

die() {
	echo "$me: $*" >&2
	exit 1
}

# known DATABASE NAME: is there such a user or group?
known() {
	if command -v getent >/dev/null; then
		getent "$1" "$2" >/dev/null
	else
		grep -q "^$2:" "/etc/$1"
	fi
}

nologin() {
	for f in /usr/sbin/nologin /sbin/nologin /bin/false; do
		if [ -x $f ]; then
			echo $f
			return
		fi
	done
	echo /bin/false
}

# With what the system has. A user that exists is left as it is.
make_user() {
	if ! known passwd $USER_NAME && command -v systemd-sysusers >/dev/null
	then
		systemd-sysusers "$SYSUSERSDIR/proctor.conf" ||
		    echo "$me: systemd-sysusers failed" >&2
	fi
	if ! known group $USER_NAME && command -v groupadd >/dev/null; then
		groupadd -r $USER_NAME || die "groupadd failed"
	fi
	if ! known passwd $USER_NAME && command -v useradd >/dev/null; then
		useradd -r -M -N -g $USER_NAME -d /nonexistent \
		    -s "$(nologin)" -c "proctor privilege separation" \
		    $USER_NAME || die "useradd failed"
	fi
	if ! known passwd $USER_NAME || ! known group $USER_NAME; then
		die "make a user and a group $USER_NAME, without a password" \
		    "or a shell; then try again"
	fi
	if [ "$(id -u $USER_NAME)" = 0 ] || [ "$(id -g $USER_NAME)" = 0 ]; then
		die "$USER_NAME is root: that must not be"
	fi
}

# The uids that proctor's own processes run as, behind all that are given away.
make_uids() {
	if grep -qs "^$USER_NAME:" /etc/subuid; then
		return
	fi
	[ -e /etc/subuid ] || install -o root -g root -m 644 /dev/null \
	    /etc/subuid || exit 1
	first=$(awk -F: 'BEGIN { n = 100000 }
	    NF == 3 && $2 + $3 > n { n = $2 + $3 }
	    END { printf "%.0f", n }' /etc/subuid)
	last=$((first + 65535))
	if [ "$last" -ge 4294967295 ]; then
		die "no room in /etc/subuid: give $USER_NAME 65536 uids there"
	fi
	if ! usermod --add-subuids "$first-$last" $USER_NAME 2>/dev/null; then
		echo "$USER_NAME:$first:65536" >>/etc/subuid || exit 1
	fi
	echo "$me: uids $first to $last are $USER_NAME's now"
}
