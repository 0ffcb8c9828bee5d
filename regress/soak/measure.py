"""What the node and each part has at a rest."""

import os

import parts
import proc
from case import Skip

# Of ours in a tree of control groups that stay, by design.
STAY = ("proctor", "guards")


def anonymous(pid):
    """Memory of its own, in KiB: pages of programs are the page cache's."""
    return int(proc.status(pid).get("RssAnon", "0 kB").split()[0])


def descriptors(pid):
    """How many it has open; None if that may not be known."""
    try:
        return len(proc.descriptors(pid))
    except (PermissionError, Skip):
        return None


def below(tops):
    """The control groups that there are below these, but for those that
    stay."""
    return [path for top in tops for path, _, _ in os.walk(top)
            if path != top and os.path.basename(path) not in STAY]


def of(pid):
    return {"kib": anonymous(pid), "fds": descriptors(pid)}


def rest(node, where, figures):
    """{(what, name): value} of everything: what the node said, and what is
    to be seen of it and of each instance's parts."""
    found = {("node", key): value for key, value in figures.items()}
    for key, value in of(node).items():
        found["node", key] = value
    for instance, guard in where.items():
        for name, pid in parts.ring(guard).items():
            for key, value in of(pid).items():
                found[instance + " " + name, key] = value
    return {key: value for key, value in found.items() if value is not None}


def strangers(node, where):
    """Processes below us that are neither the node nor a part: left behind."""
    ours = {node, os.getpid()}
    for guard in where.values():
        ours.update(parts.ring(guard).values())
    return [pid for pid in proc.descendants(os.getpid())
            if pid not in ours and proc.comm(pid) not in
            ("erl_child_setup", "inet_gethost") and not _passing(pid)]


def _passing(pid):
    """A thread of the node's start-up, or one that nobody can wait for."""
    return proc.state(pid) in (None, "X")
