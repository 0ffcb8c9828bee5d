"""Processes below this one, found through /proc and never by a name.

The harness is a child subreaper: whatever a port leaves behind becomes a
child of the harness, however it daemonised itself. Walking down from our own
pid therefore finds everything that any case ever started and nothing else,
and only what is found that way is ever signalled.
"""

import ctypes
import os
import signal
import time

from case import Skip

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def _prctl(what, value):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(what, value, 0, 0, 0) == -1:
        raise OSError(ctypes.get_errno(), "prctl")


def become_subreaper():
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent():
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _read(pid, name):
    """A file of /proc/PID; empty once the process is gone."""
    try:
        with open("/proc/%d/%s" % (pid, name), "rb") as f:
            return f.read()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def children(pid):
    """The pids of all children of a process."""
    pids = []
    try:
        threads = os.listdir("/proc/%d/task" % pid)
    except (FileNotFoundError, ProcessLookupError):
        return pids
    for tid in threads:
        data = _read(pid, "task/%s/children" % tid)
        pids += [int(p) for p in data.split()]
    return pids


def descendants(pid):
    """All pids below a process, parents first."""
    found = []
    todo = [pid]
    while todo:
        below = children(todo.pop())
        found += below
        todo += below
    return found


def stat(pid):
    """The fields of /proc/PID/stat from the state on, or None."""
    data = _read(pid, "stat")
    return data[data.rindex(b")") + 2:].split() if data else None


def state(pid):
    """R, S, Z and so on; None if there is no such process."""
    fields = stat(pid)
    return fields[0].decode() if fields else None


def parent(pid):
    fields = stat(pid)
    return int(fields[1]) if fields else None


def alive(pid):
    return state(pid) not in (None, "Z", "X")


def group(number):
    """Our living descendants in that process group."""
    return [pid for pid in descendants(os.getpid())
            if alive(pid) and (stat(pid) or [b""] * 3)[2] == b"%d" % number]


def comm(pid):
    return _read(pid, "comm").decode(errors="replace").rstrip("\n")


def title(pid):
    """The command line, which setproctitle(3) changes."""
    data = _read(pid, "cmdline").replace(b"\0", b" ")
    return data.decode(errors="replace").strip()


def status(pid):
    """/proc/PID/status as a dict."""
    lines = _read(pid, "status").decode(errors="replace").splitlines()
    return {key: value.strip() for key, _, value in
            (line.partition(":") for line in lines)}


def rss(pid):
    """Resident memory in bytes."""
    return int(status(pid).get("VmRSS", "0 kB").split()[0]) * 1024


def descriptors(pid):
    """{number: what it is} of a process's open descriptors."""
    found = {}
    try:
        for fd in os.listdir("/proc/%d/fd" % pid):
            try:
                found[int(fd)] = os.readlink("/proc/%d/fd/%s" % (pid, fd))
            except FileNotFoundError:
                pass
    except FileNotFoundError:
        pass
    except PermissionError:
        raise Skip("the ring's /proc/PID/fd are root's") from None
    return found


def zombies(pid):
    return [p for p in descendants(pid) if state(p) == "Z"]


def marked(mark):
    """Our descendants that live with this entry in their environment."""
    entry = mark.encode()
    found = []
    for pid in descendants(os.getpid()):
        try:
            here = entry in _read(pid, "environ").split(b"\0")
        except PermissionError:
            continue
        if here and alive(pid):
            found.append(pid)
    return found


def switches(pids):
    """How often these processes have been given a processor or left it."""
    return sum(int(value) for pid in pids
               for key, value in status(pid).items()
               if key.endswith("ctxt_switches"))


def reap(keep=()):
    """Wait for the orphans that fell to us."""
    for pid in children(os.getpid()):
        if pid not in keep and state(pid) == "Z":
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass


def kill_all(seconds=10):
    """SIGKILL to every descendant of ours; those that would not go."""
    deadline = time.monotonic() + seconds
    while True:
        reap()
        below = descendants(os.getpid())
        if not below or time.monotonic() > deadline:
            return below
        for pid in below:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.005)
