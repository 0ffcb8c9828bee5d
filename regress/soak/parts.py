"""The processes below a node, by what they are; and a random one's end."""

import os
import re
import signal

import proc

RING = ("guard", "reaper", "priv", "keeper", "broker", "worker")
# Of a tree of tasks each process has the same name.
TASK = "proctor-task"
# A launcher starts with its ring; what has its title later is a child of it.
WITH = 100          # hundredths of a second


def role(pid):
    """By its title: "guard" and so on, "launcher USER", or None."""
    title = proc.title(pid)
    found = re.match(r"proctor: (guard|reaper|priv|keeper|launcher of \S+)"
                     r"[\s.]*$", title)
    if found:
        return found.group(1).replace(" of ", " ")
    found = re.match(r"\S*proctor-(broker|worker) \d", title)
    return found.group(1) if found else None


def _born(pid):
    fields = proc.stat(pid)
    return int(fields[19]) if fields else 0


def ring(guard):
    """{role: pid} of an instance, its launchers among them."""
    found = {}
    begun = _born(guard)
    for pid in [guard] + proc.descendants(guard):
        name = role(pid)
        if name and name not in found and _born(pid) - begun < WITH:
            found[name] = pid
    return found


def tasks(guard):
    """All that are of trees of tasks, and no program yet."""
    return [pid for pid in proc.descendants(guard)
            if proc.comm(pid) == TASK]


def strike(pid, still):
    """SIGKILL, if it is still what it was; was it?"""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if not still(pid):
            return False
        signal.pidfd_send_signal(fd, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False
    finally:
        os.close(fd)


def is_task(pid):
    return proc.comm(pid) == TASK
