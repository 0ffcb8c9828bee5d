"""5 shutdown: processes of ours that somebody has stopped, as in plain mode
whatever runs as the same user can, when the node dies: they are continued, or
killed, and nothing is left.
"""

import os
import signal
import time

import proc
from case import LAUNCHER, Skip, check, eventually, rows
from etf import A
from family import FAMILY, gone, start
from port import Port
from traffic import node_dies

SECTION = "5 stopped:"
RING_FAILED = 5
# Two looks of priv's, then all that has to end.
PATIENCE = 30
PARTS = ["guard", "reaper", "priv", "broker", "worker", "keeper"]
ORPHAN = "setsid sleep 1000 & exit 0"


def some(p):
    """Children with descendants, and an orphan: their mark."""
    entry, _ = start(p, FAMILY, 3, 3)
    p.exit(p.run(ORPHAN, [(A.env, [entry])]))
    eventually(lambda: len(proc.marked(entry)) == 10, 5, "no orphan")
    return entry


def stop(p, roles):
    """Those of them that there are."""
    ring = p.ring()
    for role in roles:
        if role == "keeper" and role not in ring:
            raise Skip("there are no control groups")
        os.kill(ring[role], signal.SIGSTOP)
    for role in roles:
        eventually(lambda role=role: proc.state(ring[role]) == "T", 2,
                   role + " runs")


def each(*groups):
    return [(" and ".join(roles), roles) for roles in groups]


@rows(SECTION + " the node dies, nothing is left:",
      each(*[[part] for part in PARTS], *[["launcher"]] * LAUNCHER,
           ["broker", "worker"], ["priv", "broker"], ["priv", "worker"],
           ["reaper", "priv"], ["reaper", "priv", "broker", "worker"]),
      limit=90)
def stopped(roles):
    with Port("-alarm", "1") as p:
        entry = some(p)
        stop(p, roles)
        node_dies(p)
        p.end(PATIENCE)
        gone(entry, 0)
        p.nothing_left()


class Apart(Port):
    """Whose starter is a process that can die, as the emulator's does."""

    def _exec(self, child_in, child_out):
        if os.fork() == 0:
            super()._exec(child_in, child_out)
        os.closerange(0, 1000)
        while True:
            signal.pause()

    def _find_ring(self):
        starter, self.pid = self.pid, (proc.children(self.pid) or [0])[0]
        try:
            return super()._find_ring()
        finally:
            self.pid = starter


@rows(SECTION + " the starter dies, too, nothing is left:",
      each(["guard"], ["guard", "reaper"], ["guard", "reaper", "priv"],
           ["guard", "reaper", "priv", "broker", "worker"]), limit=90)
def all_stopped(roles):
    """Nobody runs but the kernel, which continues the guard."""
    with Apart("-alarm", "1") as p:
        entry = some(p)
        stop(p, roles)
        ring = p.ring()
        os.kill(p.pid, signal.SIGKILL)
        node_dies(p)
        eventually(lambda: not any(map(proc.alive, ring.values())), 60,
                   lambda: "alive: %s" % {role: proc.state(pid)
                                          for role, pid in ring.items()})
        gone(entry, 0)
        p.closed = True
        p.nothing_left()


@rows(SECTION + " who is stopped again and again is killed, and all with it:",
      [(role, role) for role in ("priv", "reaper")], limit=120)
def again(role):
    with Port("-alarm", "1") as p:
        entry = some(p)
        pid = p.ring()[role]

        def held():
            if proc.state(pid) in ("S", "R", "D"):
                os.kill(pid, signal.SIGSTOP)
            time.sleep(0.05)
            return not proc.alive(pid)
        eventually(held, 60, "it is not killed")
        check(p.end(20) == RING_FAILED, "exit %s", p.status)
        gone(entry, 1)
        p.nothing_left()
        p.closed = True
