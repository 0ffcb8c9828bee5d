"""Control groups as a case sees them, and one that is a case's own.

Only root can make a place for one; as whom the program is started there is
another question.
"""

import ctypes
import os
import re
import signal
import subprocess

import proc
from case import ROOT, Skip, eventually
from starter import NOBODY, PLAIN, Starter, usable
from native import Native

OWNED = ("", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control")
CLONE_NEWNS = 0x20000
_count = 0


def mounts():
    """(type, mount point, controllers) of all trees, nearest root first."""
    found = []
    with open("/proc/self/mountinfo", encoding="utf-8") as f:
        for line in f:
            here, _, there = line.rstrip("\n").partition(" - ")
            kind, _, options = there.split(" ")[:3]
            if kind in ("cgroup", "cgroup2") and here.split()[3] == "/" \
                    and os.path.exists(here.split()[4] + "/cgroup.procs"):
                found.append((kind, here.split()[4], options.split(",")))
    return found


def is_old():
    """What contains is the freezer of version 1."""
    return not [kind for kind, _, _ in mounts() if kind == "cgroup2"]


def _apart():
    """Mounts of our own."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) == -1:
        raise OSError(ctypes.get_errno(), "unshare")
    _mount("--make-rprivate", "/")


def none():
    """For this process and what it starts there is no tree at all."""
    _apart()
    for _, point, _ in mounts():
        subprocess.run(["/usr/bin/umount", "--lazy", point], check=True)


def only_old():
    """For this process and what it starts there is no tree of version 2."""
    _apart()
    for kind, point, _ in mounts():
        if kind == "cgroup2":
            _mount("-t", "tmpfs", "none", point)
    if not [1 for _, _, options in mounts() if "freezer" in options]:
        os.makedirs("/sys/fs/cgroup/freezer", exist_ok=True)
        _mount("-t", "cgroup", "-o", "freezer", "none",
               "/sys/fs/cgroup/freezer")


def whole():
    """Where the tree that contains is mounted."""
    for kind, point, options in mounts():
        if kind == "cgroup2" or (is_old() and "freezer" in options):
            return point
    raise Skip("no control groups here")


def trees():
    """Where groups of ours may be: of both versions."""
    return [point for kind, point, options in mounts()
            if kind == "cgroup2" or set(options) &
            {"memory", "cpu", "cpuset", "pids", "blkio", "freezer"}]


def controllers():
    """Those of the tree of version 2."""
    try:
        return read(whole() + "/cgroup.controllers").split()
    except (Skip, FileNotFoundError):
        return []


def own_line(lines):
    """Of what /proc/PID/cgroup says, the path in that tree."""
    for line in lines:
        number, names, path = line.split(":", 2)
        if number == "0" if not is_old() else "freezer" in names.split(","):
            return path
    raise AssertionError("no such tree: %s" % lines)


def group_of(pid):
    """Its path in that tree; "" if it is gone."""
    try:
        with open("/proc/%d/cgroup" % pid, encoding="utf-8") as f:
            lines = f.read().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return own_line(lines) if lines else ""


def _mount(*args):
    subprocess.run(["/usr/bin/mount", *args], check=True)


def write(path, text):
    """In one write(2), as what it means comes with that."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, str(text).encode())
    finally:
        os.close(fd)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def below(path):
    """The groups in a group, deepest first."""
    return [d for d, _, _ in os.walk(path, topdown=False)][:-1]


def spares(path):
    """The groups in an instance that were made ahead: nobody's, and empty."""
    found = []
    for group in below(path):
        try:
            if (re.search(r"/t[0-9]+/c[0-9]+$", group)
                    and not any(read(d + "/cgroup.procs")
                                for d in [group] + below(group))):
                found.append(group)
        except OSError:
            pass
    return found


def instances(path):
    """The groups of instances in a place, of living and of dead."""
    found = []
    for place in (path, path + "/proctor"):
        if os.path.isdir(place):
            found += [place + "/" + name for name in os.listdir(place)
                      if re.match(r"(proctor\.)?[0-9]+\.[0-9a-f]+$", name)]
    return sorted(found)


class Place:
    """A group for instances, whose owner that user is: of all trees.

    name    its path below the mount points
    path    the same in the tree that contains
    """

    def __init__(self, uid=0, name=None):
        global _count
        if not ROOT:
            raise Skip("needs root")
        _count += 1
        self.uid = uid
        self.name = name or "/case.%d.%d" % (os.getpid(), _count)
        self.path = whole() + self.name

    def __enter__(self):
        os.mkdir(self.path)
        self.own()
        return self

    def own(self):
        """Delegate it, as systemd does."""
        for name in OWNED:
            if os.path.exists(os.path.join(self.path, name)):
                os.chown(os.path.join(self.path, name), self.uid, -1)

    def hold(self, held):
        """Have who is in it stand still, or go on."""
        if is_old():
            write(self.path + "/freezer.state", "FROZEN" if held else "THAWED")
        else:
            write(self.path + "/cgroup.freeze", int(held))

    def _kill(self):
        if not is_old():
            write(self.path + "/cgroup.kill", 1)
            return
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        for directory in below(self.path) + [self.path]:
            write(directory + "/freezer.state", "THAWED")

    def __exit__(self, *args):
        self._kill()
        for tree in trees():
            eventually(lambda t=tree: self._removed(t + self.name), 3,
                       "%s%s stays" % (tree, self.name))

    @staticmethod
    def _removed(path):
        proc.reap()
        if not os.path.isdir(path):
            return True
        try:
            for directory in below(path) + [path]:
                os.rmdir(directory)
        except OSError:
            return False
        return True

    def empty(self):
        """Is no instance in it any more, in any tree?"""
        return not [one for tree in trees()
                    for one in instances(tree + self.name)]

    def processes(self):
        """Whoever is in it, however deep."""
        found = []
        for directory in below(self.path) + [self.path]:
            found += read(directory + "/cgroup.procs").split()
        return [int(pid) for pid in found]


class _Inside(Starter, Native):
    """Started by somebody who is in a group, whatever owns it."""

    def __init__(self, group, flags, *args, **more):
        self.group = group
        super().__init__(flags, *args, **more)

    def _exec(self, child_in, child_out):
        if self.group:
            write(self.group + "/cgroup.procs", 0)
        super()._exec(child_in, child_out)


def of_root(place, *args, **more):
    """With root's rights, which says where."""
    return Native("-cgroup", place.name, *args, **more)


def of_nobody(place, *args, group=None, **more):
    """Without rights, in that place or a group of its; "": outside."""
    usable(PLAIN)
    return _Inside(place.path if group is None else group, PLAIN, *args,
                   user=False, cwd="/", **more)


# What a case can be run as: who owns the place, and how it is started.
WAYS = {"root": (0, of_root), "plain": (NOBODY, of_nobody)}
