"""What a child can do about the group that it is in: of each kind of user, in
privileged mode; and what it can where the groups are its own user's."""

import os

import proc
import world
from case import Skip, case, check, eventually, expect, rows
from etf import A
from native import Native, exited
from rules import usual_rules
from suid import SLEEP, Suid, as_user
from test_groups import Group, Old, Plain, plain_instances
from world import ONE, UNRULED, group_of

SECTION = "leaves:"
PYTHON = "/usr/bin/python3"
LEAF = (A.cgroup, A.true)
LIMITS = {A.memory_max: 256 << 20, A.pids_max: 100}

# What all attacks begin with. Whatever succeeds is a line; the last is "done".
COMMON = r"""
import ctypes, os, signal, sys, time
libc = ctypes.CDLL(None, use_errno=True)
others = sys.argv[1:]           # group paths in the tree of version 2

def attempt(what, function, *args):
    try:
        result = function(*args)
    except OSError:
        return
    print(what, *args, result, flush=True)

def trees():
    "{mount point: our group there}, of those that can be found."
    own = {}
    for line in open("/proc/self/cgroup"):
        _, names, path = line.rstrip("\n").split(":", 2)
        own[names] = path
    found = {}
    for line in open("/proc/self/mounts"):
        _, point, kind, options = line.split()[:4]
        if kind == "cgroup2":
            found[point] = own[""]
        elif kind == "cgroup":
            for names, path in own.items():
                if names and set(names.split(",")) <= set(options.split(",")):
                    found[point] = path
    return found

def groups():
    "Directories: ours, those above it, and others'."
    found = []
    for point, path in trees().items():
        for one in [path] + others:
            while one not in ("", "/"):
                found.append(point + one)
                found += [point + one + "/" + n for n in (
                    "ring", "launch", "t0", "t1", "guards")]
                one = os.path.dirname(one)
        found.append(point)
    return list(dict.fromkeys(found))

def put(path, text):
    fd = os.open(path, os.O_WRONLY)
    os.write(fd, text.encode())
"""
END = "\nprint('done', flush=True)\nsys.stdin.read()\n"

MOVE = r"""
for group in groups():
    for name in ("cgroup.procs", "cgroup.threads", "tasks"):
        attempt("move", put, group + "/" + name, "0")
        attempt("move", put, group + "/" + name, str(os.getpid()))
        attempt("chmod", os.chmod, group + "/" + name, 0o666)
    attempt("chmod", os.chmod, group, 0o777)
"""
RAISE = r"""
VALUES = {"memory.max": "max", "memory.high": "max", "memory.low": "max",
          "memory.swap.max": "max", "pids.max": "max", "cpu.max": "max",
          "cpu.weight": "10000", "cpuset.cpus": "0", "io.max": "8:0 rbps=max",
          "memory.oom.group": "0", "freezer.state": "FROZEN",
          "cgroup.kill": "1", "cgroup.freeze": "1",
          "cgroup.subtree_control": "-memory", "cgroup.type": "threaded",
          "cgroup.max.depth": "0", "cgroup.max.descendants": "0",
          "memory.reclaim": "1M", "memory.limit_in_bytes": "-1",
          "memory.memsw.limit_in_bytes": "-1", "cpu.shares": "1024",
          "memory.oom_control": "1", "memory.force_empty": "0",
          "cpu.cfs_quota_us": "-1", "cpuset.mems": "0", "notify_on_release":
          "1", "cgroup.clone_children": "1", "cgroup.event_control": "1 1"}
for group in groups():
    for name, value in VALUES.items():
        attempt("set", put, group + "/" + name, value)
        attempt("own", os.chown, group + "/" + name, os.getuid(), -1)
    attempt("remove", os.rmdir, group)
    attempt("make", os.mkdir, group + "/mine")
"""
BORN = r"""
class Args(ctypes.Structure):
    _fields_ = [(n, ctypes.c_uint64) for n in (
        "flags", "pidfd", "child_tid", "parent_tid", "exit_signal", "stack",
        "stack_size", "tls", "set_tid", "set_tid_size", "cgroup")]

def born(group, how):
    fd = os.open(group, how | os.O_DIRECTORY)
    args = Args(flags=0x200000000, exit_signal=signal.SIGCHLD, cgroup=fd)
    pid = libc.syscall(435, ctypes.byref(args), ctypes.sizeof(args))
    if pid == 0:
        os._exit(0)
    if pid == -1:
        raise OSError(ctypes.get_errno(), "clone3")
    os.waitpid(pid, 0)
    return "born"

mine = [point + path for point, path in trees().items()]
for group in groups():
    if group not in mine:
        attempt("clone", born, group, os.O_RDONLY)
        attempt("clone", born, group, os.O_PATH)
"""
# Descriptors: what it was born with, and what others have open.
TAKE = r"""
def look(pid):
    for fd in os.listdir("/proc/%s/fd" % pid):
        try:
            what = os.readlink("/proc/%s/fd/%s" % (pid, fd))
        except FileNotFoundError:
            continue
        if "cgroup" in what and pid != "self":
            print("sees", pid, what)
        elif "cgroup" in what:
            print("has", what)
            put("/proc/self/fd/" + fd, "0")

look("self")
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        look(pid)
    except OSError:
        pass
"""
# As root of a user namespace, where the system lets it have one.
SPACE = r"""
uid = os.getuid()
if libc.unshare(0x10000000 | 0x20000 | 0x02000000) == 0:
    attempt("mapped", put, "/proc/self/uid_map", "0 %d 1" % uid)
    os.makedirs("/tmp/leaf.%d" % uid, exist_ok=True)
    for kind in (b"cgroup2", b"cgroup"):
        libc.mount(kind, b"/tmp/leaf.%d" % uid, kind, 0, b"pids"
                   if kind == b"cgroup" else None)
    others = others + ["/tmp/leaf.%d" % uid]
""" + MOVE.replace('"move"', '"move in a namespace"') + RAISE
ATTACKS = [("leave it", MOVE), ("raise its limits, or be in the way", RAISE),
           ("be born elsewhere", BORN), ("find a descriptor", TAKE),
           ("as root of a namespace", SPACE)]
# A namespace of one's own has a map of one's own.
HARMLESS = ("mapped ",)


class Leaves(Native, Suid):
    """A privileged instance that speaks the native dialect."""

    def __init__(self, *args, **more):
        if world.groups_dir is None:
            raise Skip("no control groups here")
        super().__init__(*args, **more)

    def group(self, pid):
        """Its path in the tree that contains."""
        return group_of(pid)

    def directory(self, pid):
        return world.groups_dir + group_of(pid)


class OldLeaves(Leaves, Old):
    """The same, where there is version 1 only."""

    def __init__(self, *args, **more):
        self.tree = world.freezer()
        super().__init__(*args, **more)

    def group(self, pid):
        return world.old_group_of(pid)

    def directory(self, pid):
        return self.tree + self.group(pid)


KINDS = (("", Leaves), (", version 1", OldLeaves))


def as_whom(name):
    return [as_user(name)] if name else []


def all_groups(pid):
    with open("/proc/%d/cgroup" % pid, encoding="ascii") as f:
        return f.read()


def values(p, pid):
    """Of all files in its group that can be read and say what is allowed."""
    path = p.directory(pid)
    found = {}
    for name in sorted(os.listdir(path)):
        if name.endswith((".max", ".high", ".type", ".freeze", "_control",
                          ".state")):
            with open(os.path.join(path, name), encoding="ascii") as f:
                found[name] = f.read()
    for line in all_groups(pid).splitlines():
        _, names, below = line.split(":", 2)
        for point, options in world.old_trees():
            if names and set(names.split(",")) <= set(options.split(",")):
                for name in ("memory.limit_in_bytes", "pids.max",
                             "cpu.cfs_quota_us", "cpuset.cpus"):
                    try:
                        with open("%s%s/%s" % (point, below, name),
                                  encoding="ascii") as f:
                            found[point + name] = f.read()
                    except OSError:
                        pass
    return found


def limits_of(p, *options):
    """Those that can be had here, as an option."""
    for limits in (LIMITS, {A.pids_max: 100}):
        reply = p.ask(A.run, SLEEP, [*options, (A.cgroup, limits)])
        if reply[0] == A.pid:
            return reply[1], (A.cgroup, limits)
    return p.run(SLEEP, [*options, LEAF]), LEAF


@rows(SECTION + " a child cannot", [
    ("%s, %s%s" % (what, name or "the starter's", kind), start, name, code)
    for what, code in ATTACKS for name in (None, ONE)
    for kind, start in KINDS], limit=60)
def attacked(start, name, code):
    with usual_rules, start() as p:
        # Its sister has the same user, another that has no leaf, too.
        sister, leaf = limits_of(p, *as_whom(name))
        bare = p.run(SLEEP, as_whom(name))
        victims = [p.group(pid) for pid in (sister, bare)]
        pid = p.run([PYTHON, "-c", COMMON + code + END, *victims],
                    [A.stdin, A.stdout, A.stderr, leaf, *as_whom(name)])
        before = [(all_groups(q), values(p, q)) for q in (pid, sister, bare)]
        p.until(lambda: b"done\n" in p.out(pid) or p.exits[pid], "its end", 30)
        lines = [line for line in p.out(pid).decode().splitlines()
                 if not line.startswith(HARMLESS)]
        check(lines == ["done"], "%s, %s", lines[:5],
              p.out(pid, A.stderr)[-300:])
        after = [(all_groups(q), values(p, q)) for q in (pid, sister, bare)]
        expect(before, after, "groups and limits")
        p.stdin(pid, A.eof)
        p.ended(pid, exited(0))


# Who stays, in ways that could keep a group busy, or seem to. Each says so.
STAYS = [
    ("forks for ever", r"""
for _ in range(20):
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(0.005)
            if os.fork():
                os._exit(0)
"""),
    ("stands still", r"""
for sig in (signal.SIGSTOP, signal.SIGTSTP):
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.kill(os.getpid(), sig)
        time.sleep(1000)
    if sig == signal.SIGSTOP:
        os.waitpid(pid, os.WUNTRACED)
"""),
    ("is traced", r"""
pid = os.fork()
if pid == 0:
    tracee = os.fork()
    if tracee == 0:
        os.setsid()
        libc.ptrace(0, 0, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(1000)
    os.setsid()
    os.waitpid(tracee, 0)
    time.sleep(1000)
time.sleep(0.2)
"""),
    ("has threads", r"""
if os.fork() == 0:
    import threading
    os.setsid()
    for _ in range(20):
        threading.Thread(target=time.sleep, args=(1000,)).start()
    libc.syscall(60, 0)     # the first of them ends alone
time.sleep(0.3)
"""),
    ("is a zombie's parent", r"""
if os.fork() == 0:
    os.setsid()
    for _ in range(20):
        if os.fork() == 0:
            os._exit(0)
    time.sleep(1000)
time.sleep(0.2)
"""),
    ("has its files open, and is in its directory", r"""
if os.fork() == 0:
    os.setsid()
    for point, path in trees().items():
        try:
            os.chdir(point + path)
        except OSError:
            continue
        for name in ("", "cgroup.events", "memory.events", "cgroup.procs"):
            attempt("", lambda: os.open(point + path + "/" + name,
                                        os.O_RDONLY) * 0)
    time.sleep(1000)
time.sleep(0.2)
"""),
    ("is in namespaces of its own", r"""
if os.fork() == 0:
    os.setsid()
    libc.unshare(0x10000000)
    libc.unshare(0x20000 | 0x02000000 | 0x20000000)
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(1000)
    time.sleep(1000)
time.sleep(0.2)
"""),
]
READY = "\nprint('ready', flush=True)\nsys.stdin.readline()\nos._exit(3)\n"
PAUSED = "\nprint('ready', flush=True)\ntime.sleep(1000)\n"


@rows(SECTION + " its exit is told when nobody is left, who", [
    ("%s, %s%s" % (what, name or "the starter's", kind), start, name, code)
    for what, code in STAYS for name in (None, ONE)
    for kind, start in KINDS], limit=60)
def stays(start, name, code):
    with usual_rules, start() as p:
        pid = p.run([PYTHON, "-c", COMMON + code + READY],
                    [A.stdin, A.stdout, LEAF, *as_whom(name)])
        p.until(lambda: p.out(pid).endswith(b"ready\n"), "it is ready", 20)
        group = p.directory(pid)
        check(len(processes(group)) > 1, "it is alone")
        p.stdin(pid, b"\n")
        p.ended(pid, exited(3), seconds=20)
        check(not os.path.exists(group), "%s is there", group)


@rows(SECTION + " one that stands still, and forks, is stopped for good",
      KINDS, limit=60)
def paused(start):
    with usual_rules, start() as p:
        pid = p.run([PYTHON, "-c", COMMON + STAYS[0][1] + PAUSED],
                    [A.stdout, LEAF, as_user(ONE), (A.kill_timeout, 0)])
        p.until(lambda: p.out(pid).endswith(b"ready\n"), "it is ready", 20)
        group = p.directory(pid)
        expect((A.ok, A.cgroup), p.ask(A.pause, pid))
        still = processes(group)
        check(len(still) > 1, "it is alone")
        p.pump(0.2)
        expect(still, processes(group), "processes")
        expect(A.ok, p.ask(A.stop, pid))
        p.exit(pid, 20)
        check(not os.path.exists(group), "%s is there", group)


def processes(group):
    with open(group + "/cgroup.procs", encoding="ascii") as f:
        return sorted(int(line) for line in f if line != "0\n")


# Where all of it is one user's --------------------------------------------

LEAVE = COMMON + r"""
base = os.path.dirname(os.path.dirname(os.path.dirname(trees()[others.pop()])))
point = [point for point in trees() if os.path.isdir(point + base)][0]
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.mkdir(point + base + "/away")
    put(point + base + "/away/cgroup.procs", "0")
    print("away", os.getpid(), flush=True)
    time.sleep(1000)
sys.stdin.readline()
"""


@case(SECTION + " plain: a child can leave its own, and ends with the port")
def away():
    """What SECURITY.md says of children that can write to the tree."""
    with Group(UNRULED) as group, Plain(group) as p:
        pid = p.ask(A.run, [PYTHON, "-c", LEAVE, world.groups_dir],
                    [A.stdin, A.stdout, A.stderr, LEAF])[1]
        p.until(lambda: p.out(pid).endswith(b"\n") or p.exits[pid], "a line")
        check(p.out(pid).startswith(b"away"), "%s", p.out(pid, A.stderr))
        left = int(p.out(pid).split()[1])
        expect(group.name + "/away", group_of(left), "its group")
        p.stdin(pid, b"\n")
        p.ended(pid, exited(0))
        check(proc.alive(left), "it did not outlive its command")
        p.close_input()
        p.end()
        eventually(lambda: not proc.alive(left), 2, "it outlives the port")
        expect([], plain_instances(group))
