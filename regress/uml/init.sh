# shellcheck shell=sh
# Process 1 under User Mode Linux: run.sh has set root, and the words that
# follow regress/port/run.py.
: "${root:?is the tree}"
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
# The tree may be below /tmp, which is ours from here on.
mkdir -p /run/tree
mount -t hostfs -o "$root" tree /run/tree
mount -t tmpfs tmp /tmp
cd /run/tree || exit
echo "uml: begins"
code=0
/usr/bin/python3 regress/port/run.py "$@" || code=$?
echo "uml: ends with $code"
/usr/bin/python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x4321fedc)'
