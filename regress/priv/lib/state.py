"""What a process holds, as /proc tells it, and in words for a table."""

import os

import proc
import suid
import world

# The order of the columns in SECURITY.md.
COLUMNS = ("process", "uid", "file-system uid", "gid", "groups",
           "capabilities", "bounding set", "no_new_privs", "seccomp",
           "dumpable", "root", "descriptors")
NAMES = {5: "kill", 7: "setuid", 23: "sys_nice"}
EMPTY = "empty directory"
# Not in the tables: not every machine has them.
OLD = "control group of version 1"


class State:
    """A snapshot; the attributes are what test_state.py speaks of."""

    def __init__(self, pid):
        self.pid = pid
        status = proc.status(pid)
        self.uid = tuple(int(n) for n in status["Uid"].split())
        self.gid = tuple(int(n) for n in status["Gid"].split())
        self.groups = sorted(int(n) for n in status["Groups"].split())
        self.caps = suid.caps(pid)
        self.no_new_privs = int(status["NoNewPrivs"])
        self.seccomp = int(status["Seccomp"])
        # Of a process that is not dumpable all is root's.
        self.owner = os.stat("/proc/%d/fd" % pid).st_uid
        self.dumpable = self.owner == self.uid[1]
        self.root = os.readlink("/proc/%d/root" % pid)
        self.cwd = os.readlink("/proc/%d/cwd" % pid)
        self.fds = proc.descriptors(pid)
        # Signals that are blocked, ignored or caught.
        self.no_default = 0
        for key in ("SigBlk", "SigIgn", "SigCgt"):
            self.no_default |= int(status[key], 16)

    def kinds(self):
        """{number: null | pipe | socket | ...}"""
        return {fd: kind(self.pid, fd, what)
                for fd, what in self.fds.items()}


def kind(pid, fd, what):
    if what == "/dev/null":
        return "null"
    if what.startswith("anon_inode:"):
        return what.split(":")[1].strip("[]")
    if what.startswith(("pipe:", "socket:")):
        return what.split(":")[0]
    if what == "/run/proctor.uids":
        return "lock"
    if world.groups_dir and what.startswith(world.groups_dir + "/"):
        return ("cgroup.kill" if what.endswith("/cgroup.kill")
                else "control group")
    if any(what.startswith(tree + "/") for tree, _ in world.old_trees()):
        return OLD
    if what.startswith("/proc/") and what.endswith("/oom_score_adj"):
        return "its score"
    if what.startswith("/proc/"):
        return "its children in /proc" if "children" in what else "/proc"
    try:
        same = os.path.samestat(os.stat("/proc/%d/fd/%d" % (pid, fd)),
                                os.stat("/proc/%d/fd/2" % pid))
    except FileNotFoundError:
        same = False
    if same:
        return "log"
    return "directory" if os.path.isdir(what) else "file"


# In words ---

def _who(number, names):
    return names.get(number, str(number))


def _ids(four, names):
    words = [_who(n, names) for n in four[:3]]
    return words[0] if len(set(words)) == 1 else "/".join(words)


def _caps(mask, everything, all_of_it="all of root's"):
    if mask == 0:
        return "none"
    if mask == everything:
        return all_of_it
    return ", ".join(NAMES.get(n, str(n)) for n in range(64)
                     if mask >> n & 1)


def _sets(caps, everything):
    """One word if permitted and effective agree and the others are empty."""
    held = _caps(caps["CapPrm"], everything)
    odd = [key[3:].lower() + ": " + _caps(caps[key], everything)
           for key in ("CapInh", "CapAmb") if caps[key]]
    if caps["CapEff"] != caps["CapPrm"]:
        odd.append("effective: " + _caps(caps["CapEff"], everything))
    return "; ".join([held] + odd)


ORDER = ("null", "log", "pipe", "socket", "eventpoll", "inotify", "pidfd",
         "its children in /proc", "its score", "lock", "control group",
         "cgroup.kill")


def _counts(fds):
    """Of each kind one, or several; which numbers they have varies."""
    kinds = [k for k in fds.values() if k != OLD]
    known = [k for k in ORDER if k in kinds]
    known += sorted(set(kinds) - set(ORDER))
    return ", ".join(k + "s" if kinds.count(k) > 1 and k in (
        "pipe", "socket", "pidfd", "file", "control group") else k
                     for k in known)


def row(name, state, names, groups, everything):
    """The cells of a process. names: of uids, groups: of gids."""
    # What the starter already had is not ours to list.
    if state.groups == sorted(groups.get("target", ())):
        whose = "target's" if state.groups else "none"
    elif state.groups == sorted(groups.get("starter", ())):
        whose = "starter's"
    else:
        whose = " ".join(map(str, state.groups)) or "none"
    dumpable = "yes" if state.dumpable else "no"
    if state.uid[1] == 0:
        dumpable = "root's anyway"
    root = EMPTY if state.root == world.folder + "/empty" else state.root
    return (name, _ids(state.uid, names[0]), _who(state.uid[3], names[0]),
            _ids(state.gid, names[1]), whose,
            _sets(state.caps, everything),
            _caps(state.caps["CapBnd"], everything, "as it was"),
            "yes" if state.no_new_privs else "no",
            "filter" if state.seccomp == 2 else "none",
            dumpable, root,
            _counts(state.kinds()))
