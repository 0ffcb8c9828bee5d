# shellcheck shell=sh
# Process 1 under User Mode Linux: run.sh has set root, build, and its words.
: "${root:?is the tree}" "${build:?is a folder of it}"
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root PYTHONDONTWRITEBYTECODE=1
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs run /run
mount -t tmpfs tmp /var/tmp
[ -e /dev/null ] || mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o ptmxmode=666 devpts /dev/pts
mount -t tmpfs shm /dev/shm
# The tree may be below /tmp, which is ours from here on, and /run a case's.
mount -t hostfs -o "$root" tree /mnt
mount -t tmpfs tmp /tmp
cd /mnt || exit
echo "uml: begins"
code=0
port() {
	/usr/bin/python3 regress/port/run.py "$@" "$build/proctor" || code=$?
}
priv() {
	/usr/bin/python3 regress/priv/run.py "$@" "$build" || code=$?
}
case ${1-} in
"")
	test ! -x "$build/unit/keeper_test" || "$build/unit/keeper_test" 2>&1 ||
		code=$?
	port -k cgroup
	priv -k ceilings:
	;;
priv)
	shift
	priv "$@"
	;;
*) port "$@" ;;
esac
echo "uml: ends with $code"
/usr/bin/python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x4321fedc)'
