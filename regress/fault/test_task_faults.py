"""The same of a tree of tasks: each row of its processes."""

import os
import signal

import proc
import task_load
import tree
from case import check, eventually
from each import each, expected
from inject import Fault
from tree import ROOT, Tree

SECTION = "faults of tasks:"
PROCESSES = ("task-guard", "switch", "task")
FAMILY = "sleep 1000 & setsid sleep 1000 & (setsid sleep 1000 &) ; exec cat"
SOON = 15


class World:
    """A tree with tasks and programs in it."""

    def __init__(self):
        self.t = Tree("-kill-timeout", "200")

    def __enter__(self):
        task_load.perfect(self.t)
        self.cat = self.t.sh(FAMILY)
        return self

    def __exit__(self, kind, value, trace):
        self.t.hang_up()
        proc.kill_all()

    def pid(self, process):
        return {"task-guard": self.t.guard(), "switch": self.t.switch(),
                "task": self.t.os_pid(ROOT)}[process]

    def lives(self):
        self.t.send(self.cat, b"still here\n")
        self.t.until_out(self.cat, b"still here\n")
        task_load.perfect(self.t)

    def over(self):
        """It ends, and nobody is left."""
        eventually(lambda: self.t.eof or self.t.turn(0.05), SOON,
                   "it goes on")
        eventually(lambda: not proc.alive(self.t.guard()), SOON,
                   "its first process goes on")

    def ended(self, fault, fine):
        hit = fault.hit()
        fault.stop()
        status = self.t.wait(SOON)

        def left():
            proc.reap(keep=(self.t.pid,))
            return [p for p in proc.descendants(os.getpid())
                    if proc.alive(p)]
        eventually(lambda: not left(), 3, lambda: "left: %s" % [
            (p, proc.title(p)) for p in left()])
        check(not self.t.broken, "%s", self.t.broken)
        return hit, "ends" if not fine or status == 0 else "fails"


def during_load(w, fault):
    refused = task_load.work(w.t)
    w.t.pump(0.3)
    if refused is None or w.t.eof or ROOT in w.t.exits:
        w.over()
        return w.ended(fault, False)
    hit = fault.hit()
    fault.stop()
    w.lives()
    w.t.hang_up()
    check(w.t.wait(SOON) == 0, "status %s: %s", w.t.status, w.t.log())
    w.t.close()
    return hit, "refuses" if refused else "lives"


def at_end(w, fault):
    w.t.hang_up()
    w.over()
    return w.ended(fault, True)


def at_death(w, fault):
    os.kill(w.t.switch(), signal.SIGKILL)
    w.over()
    return w.ended(fault, False)


PHASES = {"load": during_load, "end": at_end, "switch": at_death}


def fails(row, error, nth):
    with World() as w:
        return PHASES[row.phase](w, Fault(w.pid(row.process), row.call,
                                          error, nth))


@each(SECTION, PROCESSES)
def fault(row, error):
    expected(row, error, fails)
