"""What every process holds, in every mode.

The states are read from /proc while a child of the starter's and two of other
users' run. Expectations are rows; the same states are the tables in
SECURITY.md, see table.py.
"""

import os
import re
import signal
import time

import proc
import state
import suid
import table
import world
from case import (Skip, case, check, check_took, eventually, expect,
                  rows)
from etf import A
from suid import SLEEP, Suid, as_user, settled
from rules import Rules

SECTION = "state:"
KILL, SETUID, NICE = 1 << 5, 1 << 7, 1 << 23
PARTS = ("guard", "reaper", "priv", "broker", "worker")

# Modes: how each is started, and whom children run as.
MODES = {
    "plain": (dict(who=world.UNRULED), [], [None]),
    "privileged": (dict(who=world.STARTER), [],
                   [None, world.ONE, world.TWO]),
    "root -user U": (dict(who="root"),
                     ["-user", world.ONE, "-limit-users", world.TWO],
                     [None, world.TWO]),
    "root": (dict(who="root"), ["-user", "root"], [None]),
}


def everything():
    return suid.caps(os.getpid())["CapPrm"]


def is_filtered(pid):
    """A filter is the last that each gives itself."""
    return proc.status(pid).get("Seccomp") == "2"


class Mode:
    """A port in one mode with children, and the state of each process."""

    def __init__(self, name):
        options, flags, users = MODES[name]
        self.name = name
        self.port = Suid(*flags, **options)
        self.starter = options["who"]
        self.users = [self.default() if u is None else u for u in users]
        self.states = {}
        self.children = []
        for user in users:
            self._child(user)

    def default(self):
        """Whom a child runs as that names nobody."""
        return world.ONE if self.name == "root -user U" else self.starter

    def _child(self, user):
        options = [A.stdin, A.stdout, A.stderr]
        options += [as_user(user)] if user else []
        pid = self.port.run(SLEEP, options)
        self.children.append(settled(pid, SLEEP[0]))

    @staticmethod
    def _pipes(pids):
        return {what for pid in pids
                for what in proc.descriptors(pid).values()
                if what.startswith("pipe:")} - set(
                    proc.descriptors(os.getpid()).values())

    def measure(self):
        """{"guard" ... "launcher USER", "child USER": State}"""
        ring = self.port.ring()
        eventually(lambda: all(is_filtered(pid) for pid in ring.values()), 5,
                   "all have dropped what they began with")
        launchers = self.port.launchers()
        eventually(lambda: not any(self._pipes(self.children)
                                   & self._pipes([pid])
                                   for pid in launchers.values()), 5,
                   "the launchers have closed what they have handed on")
        found = {role: state.State(pid) for role, pid in ring.items()}
        for user, pid in zip(self.users, self.children):
            launcher = launchers.get(world.uid(user))
            if launcher:
                found["launcher " + user] = state.State(launcher)
            found["child " + user] = state.State(pid)
        return found

    def __enter__(self):
        self.port.__enter__()
        self.states = self.measure()
        return self

    def __exit__(self, *args):
        return self.port.__exit__(*args)


def each(mode, kinds):
    """(name, state) of those whose first word is among kinds."""
    found = [(name, s) for name, s in mode.states.items()
             if name.split()[0] in kinds]
    check(found, "no %s in %s", kinds, list(mode.states))
    return found


# Privileged: the masks that the issue of it names ---

def unprivileged_ids(s, uid, gid, groups):
    check(s.uid[:3] == (uid,) * 3, "uids %s", s.uid)
    check(s.gid == (gid,) * 4, "gids %s", s.gid)
    check(s.groups == sorted(groups), "groups %s, not %s", s.groups, groups)


def holds(s, mask):
    """Permitted and effective are exactly that, the others empty."""
    check(s.caps["CapPrm"] == s.caps["CapEff"] == mask,
          "permitted %x, effective %x", s.caps["CapPrm"], s.caps["CapEff"])
    for key in ("CapInh", "CapBnd", "CapAmb"):
        check(s.caps[key] == 0, "%s %x", key, s.caps[key])


PRIVILEGED = ("privileged", "root -user U")


@rows(SECTION, [
    ("%s: %s: uids of the instance, capabilities %x" % (mode, role, mask),
     mode, role, mask)
    for mode in PRIVILEGED
    for role, mask in (("guard", KILL), ("reaper", KILL),
                       ("priv", KILL | NICE), ("broker", 0), ("worker", 0))
])
def part(mode, role, mask):
    with Mode(mode) as m:
        s = m.states[role]
        uid, gid = m.states["priv"].uid[0], world.gid(world.PARTS)
        check(uid in world.uids(), "uid %d", uid)
        unprivileged_ids(s, uid, gid, [])
        check(s.uid[3] == uid, "file-system uid %d", s.uid[3])
        holds(s, mask)


@rows(SECTION, [
    ("%s: launcher: a uid of its own, its target's groups, capabilities 80"
     % mode, mode) for mode in PRIVILEGED
])
def launcher(mode):
    with Mode(mode) as m:
        seen = [m.states["priv"].uid[0]]
        for user in m.users:
            s = m.states.get("launcher " + user)
            check(s is not None, "no launcher for %s", user)
            check(s.uid[0] in world.uids() and s.uid[0] not in seen,
                  "uid %d, others have %s", s.uid[0], seen)
            seen.append(s.uid[0])
            unprivileged_ids(s, s.uid[0], world.gid(user),
                             world.groups(user))
            check(s.uid[3] == world.uid(user), "file-system uid %d",
                  s.uid[3])
            holds(s, SETUID)


@rows(SECTION, [
    ("%s: child of another user: his ids, no capability" % mode, mode)
    for mode in PRIVILEGED
])
def child(mode):
    with Mode(mode) as m:
        for user in m.users:
            s = m.states["child " + user]
            uid = world.uid(user)
            check(s.uid == (uid,) * 4, "uids %s", s.uid)
            check(s.gid == (world.gid(user),) * 4, "gids %s", s.gid)
            check(s.groups == world.groups(user), "groups %s", s.groups)
            holds(s, 0)
            check(sorted(s.fds) == [0, 1, 2], "descriptors %s", s.fds)


# What holds in every mode ---

@rows(SECTION, [("%s: parts: no_new_privs and a seccomp filter" % mode, mode)
                for mode in MODES])
def confined(mode):
    with Mode(mode) as m:
        for name, s in each(m, PARTS):
            check(s.no_new_privs == 1, "%s: no_new_privs", name)
            check(s.seccomp == 2, "%s: seccomp %d", name, s.seccomp)


@rows(SECTION, [
    ("%s: launchers and children: no_new_privs %d" % (mode, value), mode,
     value) for mode, value in (("plain", 0), ("privileged", 1),
                                ("root -user U", 1), ("root", 0))
])
def new_privs(mode, value):
    """sudo and su are of no use to a child of another user."""
    with Mode(mode) as m:
        for name, s in each(m, ("launcher", "child")):
            check(s.no_new_privs == value, "%s: %d", name, s.no_new_privs)
            if value:
                check(s.seccomp == 2, "%s: seccomp %d", name, s.seccomp)


@rows(SECTION, [("%s: no part is dumpable" % mode, mode)
                for mode in MODES if mode != "root"])
def dumpable(mode):
    """In root mode root owns what nobody may look at anyway."""
    with Mode(mode) as m:
        for name, s in each(m, PARTS + ("launcher",)):
            check(not s.dumpable and s.owner == 0, "%s: owner %d", name,
                  s.owner)


TERMINAL = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTSTP,
            signal.SIGTTIN, signal.SIGTTOU)


@rows(SECTION, [("%s: no part ends or stops of what a terminal sends" % mode,
                 mode) for mode in MODES])
def terminal(mode):
    """Blocked, ignored or caught."""
    with Mode(mode) as m:
        for name, s in each(m, PARTS + ("launcher",)):
            for sig in TERMINAL:
                check(s.no_default & 1 << sig - 1, "%s: %s", name, sig.name)


@rows(SECTION, [("%s: broker and worker see an empty directory" % mode,
                 mode) for mode in MODES if mode != "plain"])
def chrooted(mode):
    with Mode(mode) as m:
        for name, s in each(m, ("broker", "worker")):
            check(s.root == world.folder + "/empty", "%s: root %s", name,
                  s.root)
            check(s.cwd == s.root, "%s: cwd %s", name, s.cwd)


@rows(SECTION, [("%s: the parts are in /" % mode, mode) for mode in MODES])
def directories(mode):
    """No directory of the starter's is held."""
    with Mode(mode) as m:
        for name, s in each(m, ("guard", "reaper", "priv")):
            check(s.cwd == "/", "%s: cwd %s", name, s.cwd)


@rows(SECTION, [("%s: plain ids in each part" % mode, mode)
                for mode in ("plain",)])
def plain_ids(mode):
    with Mode(mode) as m:
        uid = world.uid(m.starter)
        for name, s in each(m, PARTS + ("launcher", "child")):
            check(s.uid == (uid,) * 4, "%s: uids %s", name, s.uid)
            check(s.gid == (world.gid(m.starter),) * 4, "%s: gids %s",
                  name, s.gid)
            for key in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
                check(s.caps[key] == 0, "%s: %s %x", name, key,
                      s.caps[key])


@case(SECTION + " root: broker and worker are nobody's all the same")
def root_parts():
    with Mode("root") as m:
        uid, gid = m.states["priv"].uid[0], world.gid(world.PARTS)
        check(uid in world.uids(), "uid %d", uid)
        for name, s in each(m, ("broker", "worker")):
            unprivileged_ids(s, uid, gid, [])
            holds(s, 0)
        check(m.port.logged("root"), "the log does not say so")


@case(SECTION + " root: children are root with all that the starter holds")
def root_child():
    with Mode("root") as m:
        s = m.states["child root"]
        check(s.uid == (0,) * 4, "uids %s", s.uid)
        check(s.caps["CapEff"] == everything(), "effective %x",
              s.caps["CapEff"])
        check(sorted(s.fds) == [0, 1, 2], "descriptors %s", s.fds)


# Descriptors ---

@rows(SECTION, [("%s: descriptors: only the worker's go to the node or to "
                 "children" % mode, mode) for mode in MODES])
def descriptors(mode):
    with Mode(mode) as m:
        own = proc.descriptors(os.getpid())
        node = (own[m.port.wfd], own[m.port.rfd])
        pipes = set()
        for name, s in each(m, ("child",)):
            pipes |= {what for what in s.fds.values()
                      if what.startswith("pipe:")}
        check(len(pipes) == 3 * len(m.children), "children's: %s", pipes)
        for name, s in each(m, PARTS + ("launcher",)):
            held = set(s.fds.values())
            check((node[0] in held) == (name == "broker"),
                  "%s and the pipe from the node", name)
            check((node[1] in held) == (name == "worker"),
                  "%s and the pipe to the node", name)
            check((pipes <= held) if name == "worker"
                  else not pipes & held, "%s and children's pipes", name)


@rows(SECTION, [("%s: descriptors: no file but the log; a directory in "
                 "launchers only" % mode, mode) for mode in MODES])
def no_files(mode):
    """Children without {cd, Dir} begin where the starter was."""
    with Mode(mode) as m:
        for name, s in each(m, PARTS + ("launcher",)):
            held = [what for fd, what in s.kinds().items()]
            check("file" not in held, "%s holds a file: %s", name, s.fds)
            check("directory" not in held or name.startswith("launcher"),
                  "%s holds a directory: %s", name, s.fds)


# Securebits: /proc does not tell, but a child has its launcher's. ---

BITS = ("import ctypes; print(ctypes.CDLL(None).prctl(27, 0, 0, 0, 0), "
        "*(ctypes.CDLL(None).prctl(23, n, 0, 0, 0) for n in range(41)))")
# noroot, no_setuid_fixup, no keep_caps and no_cap_ambient_raise, all locked
LOCKED = 0xef
KEEP_CAPS = 0x10


@case(SECTION + " privileged: securebits are locked, from within a child")
def securebits():
    with Mode("privileged") as m:
        words = m.port.output_of(["/usr/bin/python3", "-c", BITS],
                                 as_user(world.ONE)).split()
        bits = int(words[0])
        check(bits & LOCKED == LOCKED and not bits & KEEP_CAPS,
              "securebits %#x", bits)
        check(set(words[1:]) <= {"0", "-1"}, "bounding set %s", words[1:])


# What a launcher knows ---

def memory(pid):
    """All that a process can read of its own."""
    found = []
    with open("/proc/%d/maps" % pid, encoding="utf-8") as maps, \
            open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for line in maps:
            where, how = line.split()[:2]
            if how[0] != "r" or "[v" in line:
                continue
            start, end = (int(n, 16) for n in where.split("-"))
            mem.seek(start)
            try:
                found.append(mem.read(end - start))
            except OSError:
                pass
    return b"".join(found)


ALL_RULES = """permit news as daemon
permit :erlang as bin cmd /usr/bin/secret-of-bin args one-of-bin
permit setenv { MARK=set-for-lp } games as lp cmd /secret-of-lp
permit keepenv news as sys
permit keepenv news as lp cmd /bin/true
"""


@case(SECTION + " a launcher knows no rule, no other user, and of the "
      "starter's environment only what its children may have")
def knows():
    env = {"PATH": "/bin:/usr/bin", "SECRET": "the-starters-own"}
    words = [b"secret-of", b"one-of-bin", b"set-for-lp"]
    kept = {world.STARTER, "sys"}
    with Rules(ALL_RULES), Suid(env=env) as p:
        for user in (world.STARTER, world.ONE, "sys"):
            said = p.output_of(["/usr/bin/env"], as_user(user))
            check(("SECRET=" in said) == (user in kept), "%s: %s", user, said)
        for user in (world.STARTER, world.ONE, world.TWO, "sys", "lp"):
            held = memory(p.launchers()[world.uid(user)])
            check(b"proctor" in held, "nothing was read")
            expect([], [w for w in words if w in held], user)
            check((b"the-starters-own" in held) == (user in kept),
                  "%s and the starter's environment", user)
        for role in ("guard", "reaper", "priv"):
            held = memory(p.ring()[role])
            check(b"the-starters-own" not in held, "%s has it", role)


@rows(SECTION, [("%s: a launcher shares one page with priv, and none with "
                 "other launchers" % mode, mode) for mode in PRIVILEGED])
def boards(mode):
    with Mode(mode) as m:
        for name, s in each(m, ("launcher",)):
            with open("/proc/%d/maps" % s.pid, encoding="utf-8") as f:
                shared = [line for line in f if line.split()[1][3] == "s"]
            expect(1, len(shared), name)


# The tables ---

def names(mode, user):
    """What the ids of a mode mean, for a process that serves user."""
    uids = {n: "its own" for n in world.uids()}
    uids[0] = "root"
    if "priv" in mode.states:
        uids[mode.states["priv"].uid[0]] = "the instance's"
    gids = {0: "root", world.gid(world.PARTS): "_proctor"}
    if mode.starter != "root":
        uids[world.uid(mode.starter)] = "starter"
        gids[world.gid(mode.starter)] = "starter"
    if user and user not in (mode.starter, "root"):
        uids[world.uid(user)] = "target"
        gids[world.gid(user)] = "target"
    return uids, gids


def cells(mode):
    for name, s in mode.states.items():
        kind, _, user = name.partition(" ")
        whose = {"starter": world.groups(mode.starter)}
        if user and user != mode.starter:
            whose["target"] = world.groups(user)
            kind += " (of another user)"
        yield state.row(kind, s, names(mode, user), whose, everything())


TITLES = {
    "plain": "Plain: an ordinary user, no SUID bit or no rule",
    "privileged": "Privileged: set-user-ID, started by a user with rules",
    "root -user U": "Privileged: started by root with -user U",
    "root": "Root: started by root with -user root",
}


def measured():
    text = ""
    for name, title in TITLES.items():
        with Mode(name) as m:
            seen = []
            for one in cells(m):
                if one not in seen:
                    seen.append(one)
            text += table.markdown(title, state.COLUMNS, seen)
    return text + "\n"


@case(SECTION + " table: SECURITY.md says what is measured", limit=60)
def stale():
    if world.groups_dir is None:
        raise Skip("without control groups some rows are others")
    text = measured()
    if os.environ.get("PRIV_TABLE"):
        print(table.BEGIN + text + table.END, end="")
        raise Skip("printed")
    parts = table.section(table.current())
    check(parts is not None, "SECURITY.md has no place for the tables")
    check(parts[1] == text, "they are others: regress/priv/table.py --write")


PRCTL_H = "/usr/include/linux/prctl.h"
# They ask, are another's other half, or set what there is but one of.
NO_STATE = {"CAPBSET_READ", "MCE_KILL_GET", "TASK_PERF_EVENTS_ENABLE",
            "MPX_ENABLE_MANAGEMENT", "MPX_DISABLE_MANAGEMENT", "TIMING",
            "TIMER_CREATE_RESTORE_IDS", "LOCK_SHADOW_STACK_STATUS", "NAME"}


@case(SECTION + " table: SECURITY.md has a word for each prctl(2)")
def prctls():
    """Of whatever kernel's header it is: a new one is to be thought of."""
    try:
        with open(PRCTL_H, encoding="utf-8") as f:
            found = re.findall(r"^#define\s+PR_(\w+)\s+(?:0x)?[0-9a-f]+\b",
                               f.read(), re.M)
    except FileNotFoundError as error:
        raise Skip("no %s" % PRCTL_H) from error
    check(len(found) > 40, "%s", found)
    names = {re.sub("^SET_", "", name) for name in found
             if not name.startswith("GET_") and "_GET_" not in name}
    told = table.current().split("## What passes through execve\n")[1]
    told = set(re.findall(r"\w+", told.split("\n## ")[0]))
    told |= {word.removeprefix("PR_").removeprefix("SET_") for word in told}
    missing = sorted(names - NO_STATE - told)
    check(not missing, "not in the table: %s", missing)


@case(SECTION + " no process holds root once it has started")
def no_root():
    with Mode("privileged") as m:
        for pid in [m.port.pid] + proc.descendants(m.port.pid):
            for key in ("Uid", "Gid", "Groups"):
                check(0 not in suid.ids(pid, key), "%s has %s %s",
                      proc.title(pid), key, suid.ids(pid, key))


@case(SECTION + " two launchers: ready within 350 ms, the best of five")
def ready():
    took = []
    for _ in range(5):
        start = time.monotonic()
        with Suid() as p:
            expect([], p.ask(A.list))
            took.append(time.monotonic() - start)
    check_took(min(took), 0, 0.35)
