"""PROTOCOL, cgroup: limits in a tree of version 2 that has controllers, and
who can have them where. Few machines of ours have one: make regress-uml runs
these under a kernel of its own.
"""

import ctypes
import os
import stat

import cgroups
from case import Skip, case, check, expect, rows
from cgroups import NOBODY, WAYS, Place, of_nobody
from etf import A
from native import Native, exited, signaled

SECTION = "3 cgroup, version 2:"
MEMORY = 32 << 20
PYTHON = ["/usr/bin/python3", "-c"]
# As much as its argument says, which it keeps.
EATER = "x = bytearray(%d); print('ate', flush=True)"
CLONE_NEWNS, CLONE_NEWCGROUP = 0x20000, 0x2000000
MS_RDONLY, MS_REMOUNT, MS_REC, MS_PRIVATE = 1, 32, 16384, 1 << 18


LIMITED = {"memory", "pids", "cpu", "io"} <= set(cgroups.controllers())


@case(SECTION + " the tree has controllers")
def limited():
    if not LIMITED:
        raise Skip("no: what needs them is left out here")


def of_version_2():
    if cgroups.is_old():
        raise Skip("version 1 asks for nothing of the kind")


class Unit(Place):
    """As systemd delegates one with DelegateSubgroup=: the starter is in a
    group of it."""

    def own(self):
        super().own()
        os.setxattr(self.path, "user.delegate", b"1")
        self.node = self.path + "/node"
        os.mkdir(self.node)
        for name in cgroups.OWNED:
            os.chown(os.path.join(self.node, name), self.uid, -1)


def in_unit(place):
    return of_nobody(place, group=place.node)


STARTS = [("root", Place, *WAYS["root"]),
          ("without rights", Unit, NOBODY, in_unit)]


def every(name, *more):
    """For each start, and each row of what is more."""
    return rows("%s %s," % (SECTION, name),
                [(", ".join([*row[:1], start[0]]), start[1:], *row[1:])
                 for row in more or [()] for start in STARTS
                 if LIMITED], limit=60)


def where_limited(name):
    return rows("%s %s" % (SECTION, name.partition(" ")[0]),
                [(name.partition(" ")[2], )] if LIMITED else [], limit=60)


class started:
    """A place, and an instance in it."""

    def __init__(self, start):
        place, owner, self.how = start
        self.place = place(owner)

    def __enter__(self):
        self.place.__enter__()
        self.p = self.how(self.place)
        return self.p

    def __exit__(self, *why):
        try:
            self.p.__exit__(*why)
            if why[0] is None:
                check(self.place.empty(), "left: %s",
                      cgroups.instances(self.place.path))
        finally:
            self.place.__exit__(*why)


def leaf(limits):
    return (A.cgroup, limits)


def file_of(pid, name):
    path = cgroups.whole() + cgroups.group_of(pid)
    return cgroups.read(path + "/" + name).rstrip("\n")


def ended(p, pid, status, reason=A.normal):
    """Its exit, as it has to be: what its leaf has used."""
    p.ended(pid, status, reason, seconds=30, killed=False)
    return p.exits[pid][0][A.cgroup]


@every("memory_max: who needs more dies")
def oom(start):
    with started(start) as p:
        pid = p.run([*PYTHON, EATER % (4 * MEMORY)], [
            A.stdout, leaf({A.memory_max: MEMORY, A.memory_swap_max: 0})])
        used = ended(p, pid, signaled(9), A.oom)
        expect(1, used[A.oom_kill], "oom_kill")
        expect(MEMORY, used[A.memory_peak], "memory_peak")
        expect(b"", p.out(pid), "output")


@every("memory_oom_group", ("true", A.true), ("false", A.false))
def oom_group(start, whole):
    """A child of the child needs more; another is there, too."""
    shell = ("sleep 1000 & echo $!; /usr/bin/python3 -c '%s'; "
             "echo $?; kill $!; exit 3" % (EATER % (4 * MEMORY)).replace(
                 "'ate'", "1"))
    with started(start) as p:
        pid = p.run(shell, [A.stdout, A.stderr, leaf(
            {A.memory_max: MEMORY, A.memory_swap_max: 0,
             A.memory_oom_group: whole})])
        if whole == A.true:
            used = ended(p, pid, signaled(9), A.oom)
            check(used[A.oom_kill] >= 2, "oom_kill %d", used[A.oom_kill])
            lines = 1
        else:
            used = ended(p, pid, exited(3))
            expect(1, used[A.oom_kill], "oom_kill")
            check(p.out(pid).endswith(b"\n137\n"), "%r", p.out(pid))
            lines = 2
        check(p.out(pid).count(b"\n") == lines, "output %r", p.out(pid))


@every("memory_max is told while it lives")
def oom_event(start):
    """The child outlives the one that needs more."""
    with started(start) as p:
        pid = p.run("/usr/bin/python3 -c '%s'; exec cat"
                    % (EATER % (4 * MEMORY)).replace("'ate'", "1"),
                    [A.stdin, A.stderr, leaf({A.memory_max: MEMORY,
                                              A.memory_swap_max: 0})])
        p.until(lambda: p.leaves[pid], "an event", 30)
        expect(1, p.leaves[pid][0][A.oom_kill], "oom_kill")
        p.stdin(pid, A.eof)
        expect(1, ended(p, pid, exited(0))[A.oom_kill], "oom_kill")


@every("memory_high is told")
def high(start):
    with started(start) as p:
        pid = p.run([*PYTHON, EATER % (MEMORY + (1 << 20))
                     + "; input()"],
                    [A.stdin, A.stdout, leaf({A.memory_high: MEMORY,
                                              A.memory_swap_max: 0})])
        p.until(lambda: p.leaves[pid], "an event", 30)
        check(p.leaves[pid][-1][A.memory_high] > 0, "%s", p.leaves[pid])
        expect((A.ok, ), (p.ask(A.cgroup_set, pid, {
            A.memory_high: A.max}), ))
        p.until_out(pid, b"ate\n", seconds=30)
        p.stdin(pid, b"\n")
        check(ended(p, pid, exited(0))[A.memory_high] > 0, "not counted")


@every("pids_max: a fork more is refused, and told")
def pids(start):
    with started(start) as p:
        pid = p.run("sleep 1000 & sleep 1000 & sleep 1000 & sleep 1000 & "
                    "(trap 'exit 3' TERM; read x; sleep 0)",
                    [A.stdin, A.stderr, leaf({A.pids_max: 5})])
        p.until(lambda: p.leaves[pid], "an event", 30)
        expect({A.oom_kill: 0, A.memory_high: 0, A.pids_denied: 1},
               p.leaves[pid][0])
        used = ended(p, pid, exited(2))
        expect((5, 1), (used[A.pids_peak], used[A.pids_denied]), "pids")


@every("cpu_max: who wants more waits")
def cpu(start):
    with started(start) as p:
        pid = p.run([*PYTHON, "import time\n"
                     "while time.process_time() < 0.3: pass"],
                    [leaf({A.cpu_max: (20000, 100000)})])
        used = ended(p, pid, exited(0))
        check(used[A.cpu_throttled_us] > 100000, "throttled %d us",
              used[A.cpu_throttled_us])
        check(used[A.cpu_us] >= 250000, "used %d us", used[A.cpu_us])


FILES = [
    (A.memory_max, MEMORY, "memory.max", str(MEMORY)),
    (A.memory_max, A.max, "memory.max", "max"),
    (A.memory_high, MEMORY, "memory.high", str(MEMORY)),
    (A.memory_low, MEMORY, "memory.low", str(MEMORY)),
    (A.memory_min, 4096, "memory.min", "4096"),
    (A.memory_min, 6000, "memory.min", "4096"), # of whole pages
    (A.memory_oom_group, A.true, "memory.oom.group", "1"),
    (A.pids_max, 7, "pids.max", "7"),
    (A.pids_max, A.max, "pids.max", "max"),
    (A.cpu_weight, 10000, "cpu.weight", "10000"),
    (A.cpu_max, (5000, 20000), "cpu.max", "5000 20000"),
    (A.cpu_max, A.max, "cpu.max", "max 100000"),
    (A.cpu_idle, A.true, "cpu.idle", "1"),
]


@every("what the kernel has been told")
def files(start):
    with started(start) as p:
        # Of one that had none before, and of new ones.
        plain = p.run(["/bin/cat"], [A.stdin, leaf(A.true)])
        for limit, value, file, text in FILES:
            pid = p.run(["/bin/cat"], [A.stdin, leaf({limit: value})])
            expect(text, file_of(pid, file), file)
            expect(A.ok, p.ask(A.cgroup_set, plain, {limit: value}))
            expect(text, file_of(plain, file), file)


ABSENT = [(A.io_weight, 50, "io.weight"),
          (A.cpuset_cpus, b"0", "cpuset.cpus"),
          (A.cpuset_mems, b"0", "cpuset.mems"),
          (A.io_max, [(b"250:250", {A.rbps: 1 << 20})], None)]


@every("what cannot be had is refused by name, and nothing is left of it")
def absent(start):
    with started(start) as p:
        there = p.run(["/bin/cat"], [A.stdin, leaf(A.true)])
        user = os.path.dirname(cgroups.whole() + cgroups.group_of(there))
        before = cgroups.below(user)
        for limit, value, file in ABSENT:
            if file and os.path.exists(user + "/" + file):
                continue    # another kernel
            why = (A.error, (A.cgroup, A.enodev, str(limit).encode()))
            expect(why, p.ask(A.run, ["/bin/cat"], [
                A.stdin, leaf({A.memory_max: MEMORY, limit: value})]))
            expect(before, cgroups.below(user), "groups")
            expect(why, p.ask(A.cgroup_set, there, {limit: value}))


@every("stats: what there is now")
def stats(start):
    with started(start) as p:
        pid = p.run([*PYTHON, EATER % (MEMORY // 2) + "; input()"],
                    [A.stdin, A.stdout, leaf({A.memory_max: MEMORY,
                                              A.pids_max: 10})])
        p.until_out(pid, b"ate\n", seconds=30)
        answer = p.ask(A.stats, pid)
        expect(A.ok, answer[0])
        got = answer[1]
        check(got[A.path] == cgroups.group_of(pid).encode(), "%s", got)
        check(MEMORY // 2 < got[A.memory_current] <= got[A.memory_peak]
              <= MEMORY, "memory %s", got)
        expect((1, 1, 0), (got[A.pids_current], got[A.pids_peak],
                           got[A.pids_denied]), "pids")
        check(got[A.cpu_us] > 0 and got[A.frozen] == A.false, "%s", got)
        p.stdin(pid, b"\n")
        ended(p, pid, exited(0))


def disk():
    """A block device that nobody else has, as it can be opened; its name
    for the kernel."""
    try:
        major, minor = cgroups.read("/sys/block/ubdb/dev").strip().split(":")
    except OSError:
        raise Skip("no block device to write to") from None
    path = "/tmp/disk"
    if not os.path.exists(path):
        os.mknod(path, stat.S_IFBLK | 0o666, os.makedev(int(major),
                                                        int(minor)))
        os.chmod(path, 0o666)
    return path, ("%s:%s" % (major, minor)).encode()


@every("io_max: it is told to the kernel, and what is written counted")
def io(start):
    with started(start) as p:
        path, name = disk()
        pid = p.run("read x; exec dd if=/dev/zero of=%s bs=64k count=16 "
                    "oflag=direct 2>/dev/null" % path,
                    [A.stdin, leaf({A.io_max: [(name, {
                        A.wbps: 64 << 20, A.riops: 100})]})])
        expect("%s rbps=max wbps=%d riops=100 wiops=max" % (
            name.decode(), 64 << 20), file_of(pid, "io.max"), "io.max")
        p.stdin(pid, b"\n")
        used = ended(p, pid, exited(0))
        expect((0, 1 << 20), (used[A.io_read], used[A.io_written]), "io")


# Where there can be leaves, and limits ----------------------------------

@where_limited("who starts it is in the group that is given to it: leaves, "
               "and no limits")
def inner():
    with Place(NOBODY) as place, of_nobody(place) as p:
        expect((A.error, (A.cgroup, A.enodev, b"memory_max")),
               p.ask(A.run, ["/bin/cat"], [leaf({A.memory_max: MEMORY})]))
        pid = p.run("setsid sleep 1000 & read x; exit 3",
                    [A.stdin, leaf(A.true)])
        group = cgroups.whole() + cgroups.group_of(pid)
        p.stdin(pid, b"\n")
        used = ended(p, pid, exited(3))
        check(A.memory_peak not in used and A.cpu_us in used, "%s", used)
        check(not os.path.exists(group), "its leaf is there")
        expect("", cgroups.read(place.path + "/cgroup.subtree_control"
                                ).strip(), "controllers")


@case(SECTION + " outside of the group that it names: no leaves, and why",
      limit=60)
def outside():
    of_version_2()
    with Place(NOBODY) as place, of_nobody(
            place, "-cgroup", place.name, group="") as p:
        reply = p.ask(A.run, ["/bin/cat"], [leaf(A.true)])
        expect((A.cgroup, A.enodev), reply[1][:2], "refused")
        check(b"cannot be entered" in reply[1][2], "why: %s", reply)
        p.exit(p.run(["/bin/true"]))


@rows(SECTION + " its place is", [("where it was started", Unit, in_unit),
                                  ("what it names, from inside", Place, None)],
      limit=60)
def where(kind, how):
    of_version_2()
    with kind(NOBODY) as place:
        if how is None:
            inner_name = place.name + "/a/b"
            p = of_nobody(place, "-cgroup", inner_name)
        else:
            inner_name, p = place.name, how(place)
        with p:
            pid = p.run(["/bin/cat"], [A.stdin, leaf(A.true)])
            check(cgroups.group_of(pid).startswith(inner_name + "/proctor."),
                  "%s", cgroups.group_of(pid))


LIBC = ctypes.CDLL(None, use_errno=True)


def call(name, *args):
    if getattr(LIBC, name)(*args) == -1:
        raise OSError(ctypes.get_errno(), name)


class Container(Native):
    """Started in a cgroup namespace, as in a container: its root is the
    place; by default whoever starts it is in that."""

    def __init__(self, place, *args, flags=0, sub=None):
        self.place, self.mount, self.sub = place, flags, sub
        super().__init__(*args)

    def _exec(self, child_in, child_out):
        point = cgroups.whole().encode()
        cgroups.write(self.place.path + "/cgroup.procs", 0)
        call("unshare", CLONE_NEWNS | CLONE_NEWCGROUP)
        if self.sub:
            os.mkdir(self.place.path + self.sub)
            cgroups.write(self.place.path + self.sub + "/cgroup.procs", 0)
        call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
        call("umount2", point, 2)
        call("mount", b"cgroup2", point, b"cgroup2", 0, None)
        if self.mount:
            call("mount", None, point, None, MS_REMOUNT | self.mount |
                 4096, None)
        super()._exec(child_in, child_out)


@case(SECTION + " a container that sees groups to be read: none, and it goes "
      "on", limit=60)
def read_only():
    with Place() as place, Container(place, flags=MS_RDONLY) as p:
        reply = p.ask(A.run, ["/bin/cat"], [leaf(A.true)])
        expect((A.cgroup, A.enodev), reply[1][:2], "refused")
        check(b"Read-only" in reply[1][2], "why: %s", reply)
        p.exit(p.run(["/bin/true"]))
        check(place.empty(), "something was made")


@where_limited("a container whose groups can be written: leaves, and limits "
               "once its root is empty")
def read_write():
    want = (A.error, (A.cgroup, A.enodev, b"memory_max"))
    ask = (A.run, ["/bin/cat"], [A.stdin, leaf({A.memory_max: MEMORY})])
    with Place() as place:
        with Container(place) as p:
            expect(want, p.ask(*ask))
            pid = p.run(["/bin/cat"], [A.stdin, leaf(A.true)])
            check(cgroups.group_of(pid).startswith(place.name + "/proctor/"),
                  "%s", cgroups.group_of(pid))
        with Container(place, "-cgroup", "/", sub="/init") as p:
            expect(A.pid, p.ask(*ask)[0])
