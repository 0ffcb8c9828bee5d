"""A system call fails, once, of one process that has work: each row of
faults.txt. Whatever it is, each run is answered with the truth, and the port
lives with all that it had, or ends with nothing left."""

import os
import signal

import cgroups
import load
import proc
from case import LAUNCHER, Skip, check, eventually, expect
from cgroups import Place, of_root
from each import each, expected
from etf import A
from family import gone, mark
from inject import Fault

SECTION = "faults:"
PROCESSES = ("broker", "worker", "priv", "reaper", "guard", "keeper",
             "launcher", "child")
FAMILY = "sleep 1000 & setsid sleep 1000 & exec cat"
RING_FAILED = 5
# Of a port that is not what the node wanted, and of the ring.
FAILED = (1, RING_FAILED)
SOON = 15


class World:
    """A port that has children of all kinds already, in a place of its own."""

    def __init__(self):
        self.place = Place()

    def __enter__(self):
        self.place.__enter__()
        self.p = of_root(self.place, "-alarm", "1")
        self.mark = mark()
        self.cat = self.p.run(FAMILY, [A.stdin, A.stdout, load.LEAF,
                                       (A.env, [self.mark])])
        self.terminal = self.p.run(["/bin/cat"], [A.pty, A.stdin, A.stdout])
        load.perfect(self.p, (load.leaves, load.contained, load.terminal))
        load.perfect(self.p)
        self.spares()
        self.before = self.p.descriptors()
        return self

    def __exit__(self, kind, value, trace):
        try:
            self.p.release()
        finally:
            proc.kill_all()
            self.place.__exit__(kind, value, trace)

    def spares(self):
        """Leaves that are there without a child, one for the next."""
        eventually(lambda: len(cgroups.spares(self.own())) == 1, 3,
                   lambda: "leaves %s" % cgroups.below(self.own()))

    def own(self):
        one, = cgroups.instances(self.place.path)
        return one

    def lives(self):
        """It has all that it had, loses nothing, and works."""
        p = self.p
        for pid in (self.cat, self.terminal):
            had = len(p.out(pid))
            p.stdin(pid, b"still here\n")
            p.until(lambda: len(p.out(pid)) >= had + 11, "an echo")
        load.perfect(p)
        self.spares()
        eventually(lambda: p.descriptors() == self.before, 3, lambda: (
            "descriptors %s, before %s" % (p.descriptors(), self.before)))
        expect({self.cat, self.terminal}, set(p.ask(A.list)))
        eventually(lambda: not p.zombies(), 3, "dead ones are kept")

    def ended(self, codes):
        """It is over, says so, and nothing is left."""
        p = self.p
        p.reading = True
        check(p.wait(lambda: p.eof, SOON), "it does not end: %s", p.log()[-3:])
        eventually(lambda: p._wait(0) or p.status is not None, SOON,
                   "its first process does not end")
        gone(self.mark, 3)
        p.nothing_left(3)
        eventually(self.place.empty, 3, lambda: "groups are left: %s" % (
            cgroups.instances(self.place.path)))
        check(p.status in codes, "status %s; log %s", p.status, p.log()[-3:])
        # Who is killed as it writes has written a part of a frame.
        p.broken = [what for what in p.broken
                    if p.status == 0 or "unfinished frame" not in what]
        p.no_faults()
        p.closed = True

    def unmanned(self):
        """Its launcher is gone: what runs goes on, and nothing else runs."""
        p = self.p
        had = len(p.out(self.cat))
        p.stdin(self.cat, b"still here\n")
        p.until(lambda: len(p.out(self.cat)) >= had + 11, "an echo")
        expect((A.error, (A.launcher, A.epipe, b"")),
               p.ask(A.run, ["/bin/true"], []))
        self.end()

    def end(self):
        self.p.close_input()
        self.ended((0,))


def said_so(w):
    check(len(w.p.log()) > 3, "it has ended without a word: %s", w.p.log())


def during_load(w, fault):
    """What became of the port, once all of the work is over."""
    pieces = load.work(w.p)
    hit = fault.hit()
    fault.stop()
    bad = [piece for piece in pieces if piece.result not in (load.DONE, None)]
    w.p.pump(0.1)
    if w.p.eof:
        w.ended(FAILED + (0,))
        said_so(w)
        return hit, "ends" if w.p.status else "gone"
    if any("(launcher," in (piece.why or "") for piece in bad):
        w.unmanned()
        return hit, "unmanned"
    w.lives()
    w.end()
    return hit, "refuses" if bad else "lives"


def after(function, codes):
    """What ends it; the fault comes behind that."""
    def phase(w, fault):
        function(w.p)
        w.p.wait(lambda: w.p.eof, SOON)
        eventually(lambda: not proc.alive(w.p.pid), SOON, "it goes on")
        hit = fault.hit()
        fault.stop()
        w.ended(codes)
        return hit, "ends"
    return phase


def kill(role):
    return lambda p: os.kill(p.ring()[role], signal.SIGKILL)


def held(p):
    """Priv cannot have ended before the guard looks."""
    os.kill(p.ring()["priv"], signal.SIGSTOP)
    kill("reaper")(p)


PHASES = {"load": during_load,
          "end": after(lambda p: p.close_input(), (0,)),
          "priv": after(kill("priv"), (RING_FAILED,)),
          "reaper": after(kill("reaper"), (RING_FAILED,)),
          "held": after(held, (RING_FAILED,))}



def fails(row, error, nth):
    with World() as w:
        ring = w.p.ring()
        if row.process == "child":
            fault = Fault(ring["launcher"], row.call, error, nth, False)
        else:
            fault = Fault(ring[row.process], row.call, error, nth)
        return PHASES[row.phase](w, fault)


@each(SECTION, PROCESSES)
def fault(row, error):
    if not LAUNCHER and row.process in ("launcher", "child"):
        raise Skip("built without launchers")
    expected(row, error, fails)
