# shellcheck shell=sh
# Process 1 under qemu: run.sh has set its words.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root PYTHONDONTWRITEBYTECODE=1
export PORT_SLOW=1 MAKE=/tree/regress/qemu/make.sh
# Who tries a control group has to run there within two seconds.
export CORE_CONTAINMENT=no
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs run /run
mkdir -p /dev/pts /dev/shm
mount -t devpts -o ptmxmode=666,gid=5 devpts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t tmpfs tmp /tmp
chmod 1777 /tmp /var/tmp
ip link set lo up
cd /tree || exit
echo "qemu: begins: $(uname -sr)"
code=0
try() {
	echo "qemu: $* ($(cut -d. -f1 /proc/uptime) s)"
	"$@" || code=$?
}
port() {
	/usr/bin/python3 regress/port/run.py "$@" build/proctor
}
plain() {
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}
task() {
	/usr/bin/python3 regress/task/run.py -j 2 "$@" build/proctor-task
}
priv() {
	/usr/bin/python3 regress/priv/run.py "$@" build
}
smoke() {
	try port -j 2 -k '3 run: Cmd list' -k '4 events: status' \
	    -k '5 orphans: SIGTERM' -k 'without splice' -k 'without preadv2'
	try plain /usr/bin/python3 regress/port/run.py -j 2 \
	    -k '3 stop: a' -k 'every byte' build/proctor
	try priv -k 'users: id as' -k 'mode: ' -k 'end: ' -k 'made to wait'
	try task -k fork -k stdin
}
case ${1-} in
smoke) smoke ;;
core) try sh regress/core.sh build ;;
"")
	smoke
	try sh regress/core.sh build
	;;
sh) try "$@" ;; # to look around
priv)
	shift
	try priv "$@"
	;;
*) try port "$@" ;;
esac
echo "qemu: ends with $code"
/usr/bin/python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x4321fedc)'
