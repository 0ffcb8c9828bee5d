"""A mount and a pid namespace with users, groups and a policy of their own.

Everything that the cases install or write is on a tmpfs that only the
processes of this namespace see: a copy of /etc with another passwd and group,
and a directory over the one that the program is installed in. The machine's
own files are where they were, and untouched. What happens to have the same
uid outside cannot be seen, and so not be signalled, from within.

Who is who:

    news    the starter: may run the program (group erlang)
    games   may run it too, but no rule is about it
    daemon  a target, with a home, a shell and further groups
    bin     another target
    mail    nobody has a rule for it
    man     may not run the program
"""

import ctypes
import grp
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile

from case import Skip

MS_RDONLY, MS_REMOUNT, MS_BIND = 1, 0x20, 0x1000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWCGROUP = 0x20000, 0x20000000, 0x2000000

STARTER, UNRULED, ONE, TWO, STRANGER, OUTSIDER = (
    "news", "games", "daemon", "bin", "mail", "man")
GROUP = "erlang"
PARTS = "_proctor"
PASSWD = """root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:{home}/daemon:/bin/sh
bin:x:2:2:bin:/nonexistent:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/bin/sh
games:x:5:60:games:/usr/games:/usr/sbin/nologin
man:x:6:12:man:/var/cache/man:/bin/sh
lp:x:7:7:lp:/:/bin/sh
mail:x:8:8:mail:/var/mail:/bin/sh
news:x:9:9:news:{home}/news:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
GROUPS = """root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:daemon
adm:x:4:daemon,bin
lp:x:7:
mail:x:8:
news:x:9:
man:x:12:
games:x:60:daemon
erlang:x:61234:news,games
nogroup:x:65534:
"""
RULES = "permit news as daemon\npermit news as bin\n"

home = None         # a directory on the tmpfs
folder = None       # the one that the three programs are installed in
libexecdir = None
build = None
# Trees of version 1 that ours are in: what limits, and what can contain.
OURS = {"memory", "cpu", "cpuset", "pids", "blkio", "freezer"}
groups_outside = None   # the control group of all cases, in the machine's tree
groups_dir = None       # the same as it is seen inside; None: there is no tree


def _libc(name, *args):
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*args) == -1:
        error = ctypes.get_errno()
        raise OSError(error, "%s%r: %s" % (name, args, os.strerror(error)))


def mount(source, target, kind=None, flags=0, data=None):
    _libc("mount", os.fsencode(source), os.fsencode(target),
          kind and kind.encode(), ctypes.c_ulong(flags),
          data and data.encode())


def bind(source, target):
    mount(source, target, None, MS_BIND | MS_REC)


def umount(target):
    _libc("umount2", os.fsencode(target), 0)


def tmpfs(path):
    mount("tmpfs", path, "tmpfs", 0, "mode=755")


def write(path, text, mode=0o644, owner=0, group=0):
    """A file with this text, whatever was there; never through a link."""
    if os.path.lexists(path):
        os.unlink(path)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)
    os.chown(path, owner, group)


# Over a directory --------------------------------------------------------

def _entries(path):
    """{name: O_PATH descriptor} of what is in a directory."""
    return {name: os.open(os.path.join(path, name),
                          os.O_PATH | os.O_NOFOLLOW)
            for name in os.listdir(path)}


def _again(fd, path):
    """Show at path what fd stands for."""
    kind = os.fstat(fd).st_mode
    if stat.S_ISLNK(kind):
        os.symlink(os.readlink("", dir_fd=fd), path)
        return
    if stat.S_ISDIR(kind):
        os.mkdir(path)
    else:
        write(path, "")
    bind("/proc/self/fd/%d" % fd, path)


def tmpfs_for(path):
    """A tmpfs at path, or over its last parent that exists, whose other
    entries stay to be seen."""
    top = path
    while not os.path.isdir(top):
        top = os.path.dirname(top)
    if top == path:
        tmpfs(path)
        return
    if top == "/":
        raise SystemExit("%s: make the directory first" % path)
    before = _entries(top)
    tmpfs(top)
    for name, fd in before.items():
        _again(fd, os.path.join(top, name))
        os.close(fd)
    os.makedirs(path)


def dev():
    """A /dev that things can be made in; the machine's is below. What is bound
    there as ptmx finds no terminals, so they are new, too."""
    tmpfs_for("/dev/proctor")
    mount("devpts", "/dev/pts", "devpts", 0, "mode=600,ptmxmode=666")
    umount("/dev/ptmx")
    os.unlink("/dev/ptmx")
    os.symlink("pts/ptmx", "/dev/ptmx")


# The files ---------------------------------------------------------------

def users():
    write("/etc/passwd", PASSWD.format(home=home))
    write("/etc/group", GROUPS)
    # Without passwords; sudo asks whether they have expired.
    write("/etc/shadow", "".join(
        line.split(":")[0] + ":*:19000:0:99999:7:::\n"
        for line in PASSWD.splitlines()), 0o600)
    write("/etc/gshadow", "", 0o600)
    write("/etc/subuid", "")
    write("/etc/nsswitch.conf", "passwd: files\ngroup: files\n")


def conf(text=RULES, **how):
    """What /etc/proctor.conf says from now on; None: there is none."""
    if os.path.lexists("/etc/proctor.conf"):
        os.unlink("/etc/proctor.conf")
    if text is not None:
        write("/etc/proctor.conf", text, **how)


def make(*words, **env):
    """Run make: the finished process."""
    clean = {k: v for k, v in os.environ.items()
             if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    clean.update(env)
    return subprocess.run(
        [os.environ.get("MAKE", "make"), "-s", "BUILD=" + build,
         "LIBEXECDIR=" + libexecdir, *words],
        env=clean, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False)


def install():
    """make install-suid, into the tmpfs; what it said if it failed."""
    done = make("install-suid", "GROUP=" + GROUP, "MANDIR=%s/man" % home,
                "BINDIR=%s/bin" % home, "SYSUSERSDIR=%s/sysusers.d" % home,
                "TMPFILESDIR=%s/tmpfiles.d" % home)
    return done.stdout if done.returncode else None


def leave():
    """Leave the machine's mounts, and its processes from the next fork on."""
    _groups_enter()
    _libc("unshare", CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWCGROUP)
    mount("none", "/", None, MS_REC | MS_PRIVATE)


# Control groups ----------------------------------------------------------

def _groups_mount():
    """Where the tree of version 2 is mounted; None: nowhere, or only to be
    read."""
    with open("/proc/self/mounts", encoding="utf-8") as f:
        for line in f:
            words = line.split()
            if words[2] == "cgroup2" and "rw" in words[3].split(","):
                return words[1]
    return None


def old_trees():
    """[(where, controllers)]: those of version 1 that ours are in."""
    found = []
    with open("/proc/self/mounts", encoding="utf-8") as f:
        for line in f:
            words = line.split()
            options = words[3].split(",")
            if words[2] == "cgroup" and "rw" in options and (
                    OURS & set(options)):
                found.append((words[1], ",".join(
                    o for o in options if o not in ("rw", "relatime"))))
    return found


def _group_enter(tree):
    """A group of ours in that tree, and we are in it."""
    path = "%s/proctor-priv.%d" % (tree, os.getpid())
    os.mkdir(path)
    for name in ("cpuset.cpus", "cpuset.mems"):
        if os.path.exists(path + "/" + name) and tree != groups_dir:
            with open(tree + "/" + name, encoding="ascii") as above, \
                    open(path + "/" + name, "w", encoding="ascii") as f:
                f.write(above.read())
    with open(path + "/cgroup.procs", "w", encoding="ascii") as f:
        f.write("0")
    return path


def _groups_enter():
    """A group for all that the cases make, so that the machine's trees stay
    as they are."""
    global groups_outside, groups_dir
    groups_dir = _groups_mount()
    if groups_dir is None:
        return
    try:
        groups_outside = _group_enter(groups_dir)
        for tree, _ in old_trees():
            _group_enter(tree)
    except OSError:
        groups_dir = None


def group_of(pid):
    """Its control group, below the mount; "" once it is dead."""
    with open("/proc/%d/cgroup" % pid, encoding="ascii") as f:
        return [line[3:].rstrip("\n") for line in f
                if line.startswith("0::")][0]


def old_group_of(pid):
    """The same in the tree of version 1's freezer."""
    with open("/proc/%d/cgroup" % pid, encoding="ascii") as f:
        return [line.rstrip("\n").split(":")[2] for line in f
                if "freezer" in line.split(":")[1].split(",")][0]


def freezer():
    """Where that is."""
    for tree, controllers in old_trees():
        if "freezer" in controllers.split(","):
            return tree
    raise Skip("no freezer here")


def hide_groups(how):
    """For the caller and what it starts: a tree that can only be read, or
    none at all; "old": none but those of version 1."""
    _libc("unshare", CLONE_NEWNS)
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    for tree, controllers in old_trees():
        if how != "old" and "freezer" in controllers.split(","):
            umount(tree)
    if how == "ro":
        mount("none", groups_dir, None, MS_BIND | MS_REMOUNT | MS_RDONLY)
        return
    path = groups_dir
    while os.path.ismount(path) and _groups_mount():
        _libc("umount2", os.fsencode(path), 2)


def groups_remove(pid):
    """What the process that called leave() has made, once it is dead."""
    for tree in [_groups_mount()] + [tree for tree, _ in old_trees()]:
        top = "%s/proctor-priv.%d" % (tree, pid)
        for directory, _, _ in os.walk(top, topdown=False):
            os.rmdir(directory)


def enter(directory, libexec):
    """As the first process after leave(); directory is for the tmpfs. What
    make install-suid said if it failed."""
    global home, folder, libexecdir
    mount("proc", "/proc", "proc")
    if groups_dir:
        umount(groups_dir)
        mount("cgroup2", groups_dir, "cgroup2")
        for tree, controllers in old_trees():
            umount(tree)
            mount("cgroup", tree, "cgroup", 0, controllers)
    tmpfs(directory)
    home = directory
    libexecdir = libexec
    folder = libexec + "/proctor"
    etc = directory + "/etc"
    shutil.copytree("/etc", etc, symlinks=True)
    bind(etc, "/etc")
    for noted in ("/run", "/var/log", "/var/mail", "/var/spool/mail"):
        if os.path.isdir(noted) and not os.path.islink(noted):
            tmpfs(noted)
    tmpfs(os.path.realpath("/var/run"))
    tmpfs_for(libexec)
    users()
    for name in (ONE, STARTER):
        os.mkdir(os.path.join(directory, name), 0o700)
        os.chown(os.path.join(directory, name), uid(name), gid(name))
    said = install()
    conf()
    return said


def copy_programs(name):
    """A folder with the programs, everybody's to run and not SUID."""
    path = os.path.join(home, name)
    if not os.path.isdir(path):
        os.mkdir(path)
        for program in ("proctor", "proctor-broker", "proctor-worker",
                        "proctor-check"):
            copy = shutil.copy(os.path.join(folder, program), path)
            os.chmod(copy, 0o755)
    return path


# Who is who --------------------------------------------------------------

def uid(name):
    return pwd.getpwnam(name).pw_uid


def uids():
    """The range that proctor's own processes have their uids from."""
    with open("/etc/subuid", encoding="utf-8") as f:
        first, count = [line.split(":")[1:] for line in f
                        if line.startswith(PARTS + ":")][0]
    return range(int(first), int(first) + int(count))


def gid(name):
    return pwd.getpwnam(name).pw_gid


def groups(name):
    """The groups of a login, in no order."""
    return sorted({gid(name)} | {
        g.gr_gid for g in grp.getgrall() if name in g.gr_mem})


def become(name):
    """For good, as login does it."""
    os.initgroups(name, gid(name))
    os.setgid(gid(name))
    os.setuid(uid(name))


def login(name, *argv):
    """What a command prints for a user."""
    return subprocess.run(
        ["setpriv", "--reuid", name, "--regid", str(gid(name)),
         "--init-groups", *argv], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, cwd="/", check=True).stdout


# The machine, before and after -------------------------------------------

def _digest(path):
    try:
        with open(path, "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()
    except FileNotFoundError:
        return None


def _tree(path):
    return sorted(os.path.join(d, f) for d, dirs, files in os.walk(path)
                  for f in files + dirs)


def _programs(libexec):
    """The processes that run an installed program, but for those that are in
    namespaces of somebody else's."""
    found = []
    here = os.readlink("/proc/self/ns/pid")
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            exe = os.readlink("/proc/%s/exe" % pid)
            where = os.readlink("/proc/%s/ns/pid" % pid)
        except OSError:
            continue
        if exe.startswith(libexec + "/proctor/") and where == here:
            found.append(pid)
    return sorted(found)


def fingerprint(libexec):
    """{what: value} of all that the cases could have changed."""
    found = {path: _digest(path) for path in (
        "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow",
        "/etc/proctor.conf", "/etc/nsswitch.conf", "/etc/.pwd.lock",
        "/etc/passwd-", "/etc/group-", "/etc/subuid", "/etc/subuid-",
        "/run/proctor.uids", "/proc/self/mounts")}
    found[libexec] = _tree(libexec)
    found["processes"] = _programs(libexec)
    return found


def directory():
    """One that every user may enter, to be removed by the caller."""
    path = tempfile.mkdtemp(prefix="proctor-priv.")
    os.chmod(path, 0o755)
    return path
