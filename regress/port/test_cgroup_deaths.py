"""ARCHITECTURE, rule 7: however parts die, nothing is left in control groups,
and no group of theirs; and what is left when all die at once goes with the
next start.
"""

import os
import signal

import cgroups
import proc
from case import LAUNCHER, OK, check, eventually, expect, rows
from cgroups import WAYS, Place
from etf import A
from family import gone, mark

SECTION = "5 containment:"
RING_FAILED = 5
# Its own session, and nobody's child any more.
DAEMON = ("setsid sh -c 'trap \"\" TERM; sleep 1000; sleep 1000' & "
          "exec sleep 1000")
# What the kernel's cgroup.kill does not meet: its first thread has ended.
HEADLESS = ["/usr/bin/python3", "-c", """
import ctypes, os, threading, time
if os.fork():
    time.sleep(1000)
os.setsid()
if os.fork():
    time.sleep(1000)
threading.Thread(target=time.sleep, args=(1000,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""]
LEAF = {True: [(A.cgroup, A.true)], False: []}
TOGETHER = ("guard", "reaper", "priv", "keeper")


def families(p, leaves=(True, False)):
    """Children with a daemon each, with a leaf and without: their mark. One
    leaf more is nobody's: it was made ahead."""
    entry = mark()
    for leaf in leaves:
        p.run(DAEMON, [(A.env, [entry]), *LEAF[leaf]])
    eventually(lambda: len(proc.marked(entry)) == 3 * len(leaves), 5,
               lambda: "%d processes" % len(proc.marked(entry)))
    if True in leaves:
        pid = p.run(["/bin/true"], LEAF[True])
        p.exit(pid)
        own = cgroups.group_of(p.ring()["keeper"])
        eventually(lambda: cgroups.spares(cgroups.whole() + os.path.dirname(
            own)), 5, "no leaf is made ahead")
    return entry


def signal_all(pids, sig, state):
    for pid in pids:
        os.kill(pid, sig)
    for pid in pids:
        eventually(lambda pid=pid: proc.state(pid) in state, 3,
                   "%d does not" % pid)


def blow(p):
    """All that could end the others die before any of them can."""
    pids = [p.ring()[role] for role in TOGETHER]
    signal_all(pids, signal.SIGSTOP, "T")
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    p.end()
    p.closed = True


def again(start, place, options=()):
    """Another instance in that place, started and ended; its log. Others may
    be there."""
    with start(place) as q:
        q.run(["/bin/true"], options)
        q.close_input()
        expect(0, q.end(), "exit")
        q.closed = True
        return q.log()


def nothing(place, entry):
    gone(entry, 3)
    eventually(place.empty, 3, lambda: "left: %s" % (
        cgroups.instances(place.path)))


def every_way(table):
    return [("%s, %s" % (name, way), way, *more)
            for name, *more in table for way in WAYS]


def of(role):
    return lambda p: os.kill(p.ring()[role], signal.SIGKILL)


def frozen(p):
    """One leaf stands still when priv dies."""
    pid = p.run(DAEMON, LEAF[True])
    expect((A.ok, A.cgroup), p.ask(A.pause, pid))
    of("priv")(p)


def deaf(role):
    """It is killed while the keeper does not hear."""
    def function(p):
        signal_all([p.ring()["keeper"]], signal.SIGSTOP, "T")
        of(role)(p)
    return function


@rows(SECTION + " nothing is left of daemons, with a leaf and without, nor a "
      "group:", every_way([
          ("the node ends", lambda p: p.close_input(), 0),
          ("SIGTERM", lambda p: os.kill(p.pid, signal.SIGTERM), 0),
          ("SIGKILL of the broker", of("broker"), RING_FAILED),
          ("SIGKILL of the worker", of("worker"), RING_FAILED),
          ("SIGKILL of the keeper", of("keeper"), RING_FAILED),
          ("SIGKILL of priv", of("priv"), RING_FAILED),
          ("SIGKILL of the reaper", of("reaper"), RING_FAILED),
          ("SIGKILL of the guard", of("guard"), -signal.SIGKILL),
          ("SIGKILL of priv, one leaf frozen", frozen, RING_FAILED),
          ("SIGKILL of priv, the keeper stopped", deaf("priv"), RING_FAILED),
          ("SIGKILL of the broker, the keeper stopped", deaf("broker"),
           RING_FAILED),
      ]), limit=60)
def dies(way, death, code):
    owner, start = WAYS[way]
    with Place(owner) as place, start(place, "-alarm", "1") as p:
        entry = families(p)
        check(len(cgroups.instances(place.path)) == 1, "%s",
              cgroups.instances(place.path))
        death(p)
        expect(code, p.end(40), "exit")
        nothing(place, entry)
        p.nothing_left(3)
        p.closed = True


@rows(SECTION + " SIGKILL of a launcher: leaves live, and end as ever,",
      [(way, way) for way in WAYS] if LAUNCHER else [], limit=60)
def launcher(way):
    owner, start = WAYS[way]
    with Place(owner) as place, start(place) as p:
        entry = mark()
        pid = p.run(DAEMON, [(A.env, [entry]), *LEAF[True]])
        leaf = cgroups.whole() + cgroups.group_of(pid)
        eventually(lambda: len(proc.marked(entry)) == 3, 5, "no daemon")
        # One is on its way when it dies: what it enters goes with it.
        signal_all([p.ring()["launcher"]], signal.SIGSTOP, "T")
        number = p.send((A.run, ["/bin/sleep", "1000"], LEAF[True]))
        eventually(lambda: len(os.listdir(os.path.dirname(leaf))) > len(
            os.listdir(leaf)), 5, "no second leaf")
        of("launcher")(p)
        check(p.reply(number)[0] == A.error, "it runs")
        eventually(lambda: len(cgroups.below(os.path.dirname(leaf))) <= 2, 3,
                   lambda: "left: %s" % cgroups.below(os.path.dirname(leaf)))
        check(len(proc.marked(entry)) == 3, "a daemon is dead")
        expect(OK, p.ask(A.stop, pid))
        p.exit(pid, 10)
        check(not os.path.exists(leaf), "its exit came before its leaf's end")
        expect(RING_FAILED, p.end(20), "exit")
        nothing(place, entry)
        p.closed = True


def headless(pid):
    """Has its first thread ended, and not all of them?"""
    return (proc.state(pid) == "Z"
            and len(os.listdir("/proc/%d/task" % pid)) > 1)


@rows(SECTION + " the next start ends one whose first thread has ended, too,",
      [(way, way) for way in WAYS], limit=60)
def swept_headless(way):
    owner, start = WAYS[way]
    with Place(owner) as place:
        with start(place) as p:
            pid = p.run(HEADLESS, LEAF[True])
            below = lambda: [q for q in proc.descendants(pid) if headless(q)]
            eventually(below, 5, "none")
            left, = below()
            blow(p)
            check(headless(left), "it is dead")
        again(start, place)
        eventually(lambda: not headless(left), 3, "it lives")
        eventually(place.empty, 3, lambda: "left: %s" % (
            cgroups.instances(place.path)))


@rows(SECTION + " all that could end it die at once, and the next start ends "
      "what they left,", [(way, way) for way in WAYS], limit=60)
def swept(way):
    owner, start = WAYS[way]
    with Place(owner) as place:
        with start(place) as p:
            entry = families(p)
            blow(p)
            check(len(proc.marked(entry)) >= 2, "%d daemons live",
                  len(proc.marked(entry)))
            check(len(cgroups.instances(place.path)) == 1, "it is gone")
        log = again(start, place)
        nothing(place, entry)
        check(len([line for line in log
                   if "left processes behind" in line]) == 1, "log %s", log)


@rows(SECTION + " a start ends what the dead left, and nothing of who lives "
      "beside it,", [(way, way) for way in WAYS], limit=60)
def beside(way):
    owner, start = WAYS[way]
    with Place(owner) as place, start(place) as living:
        kept = families(living)
        stopped = living.ring()["keeper"]
        os.kill(stopped, signal.SIGSTOP)
        with start(place) as p:
            entry = families(p)
            blow(p)
        for _ in range(3):
            again(start, place, LEAF[True])
        gone(entry, 1)
        os.kill(stopped, signal.SIGCONT)
        check(len(proc.marked(kept)) == 6, "%d live", len(proc.marked(kept)))
        check(len(cgroups.instances(place.path)) == 1, "instances %s",
              cgroups.instances(place.path))
        living.run(["/bin/true"], LEAF[True])
        living.close()
        nothing(place, kept)


@rows(SECTION + " each of many that start at once has what one alone has,",
      [(way, way) for way in WAYS], limit=120)
def crowd(way):
    """One that starts takes none that is being made for a dead one's."""
    owner, start = WAYS[way]
    with Place(owner) as place:
        with start(place, hello=False) as p:
            alone = p.hello()[1][A.cgroup]
        check(isinstance(alone, dict), "no leaves: %s", alone)
        for _ in range(10):
            crowd = [start(place, hello=False) for _ in range(8)]
            for p in crowd:
                about = p.hello()[1][A.cgroup]
                expect({**alone, A.path: 0},
                       {**about, A.path: 0} if isinstance(about, dict)
                       else about)
            for p in crowd:
                p.close_input()
                expect(0, p.end(), "exit")
                p.closed = True
                p.release()
        check(place.empty(), "left: %s", cgroups.instances(place.path))


@rows(SECTION + " of who is left one holds it still:",
      every_way([("the " + role, role) for role in TOGETHER]), limit=60)
def holds(way, last):
    """Nobody sweeps what one of them can still end, or has to."""
    owner, start = WAYS[way]
    with Place(owner) as place, start(place) as p:
        entry = families(p, [True])
        daemon, = [q for q in proc.marked(entry) if os.getsid(q) == q]
        pids = [p.ring()[role] for role in TOGETHER]
        signal_all(pids, signal.SIGSTOP, "T")
        for role in TOGETHER:
            if role != last:
                os.kill(p.ring()[role], signal.SIGKILL)
        again(start, place, LEAF[True])
        check(proc.alive(daemon), "it was swept")
        os.kill(p.ring()[last], signal.SIGCONT)
        p.end(20)
        p.closed = True
        # With the keeper priv has lost all that could end a daemon; and a
        # keeper ends what it has where one write does that, but the groups
        # are not its to remove.
        if last != "priv" and not (last == "keeper" and cgroups.is_old()):
            gone(entry, 3)
        if last in ("priv", "keeper"):
            eventually(lambda: not proc.alive(p.ring()[last]), 3, "it lives")
            again(start, place)
        nothing(place, entry)
