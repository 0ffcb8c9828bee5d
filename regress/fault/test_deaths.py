"""The matrix of death: each part of the ring, and each pair, gets SIGKILL,
SIGSEGV or SIGSTOP while children of nine kinds run, and then the node ends.
Of the children nothing may be left, nor of the parts. Left out is
SIGKILL of guard and reaper where there are no groups: nobody is left who could
find orphans.

DEATHS_ALL=1 has all of it; else each part gets SIGKILL in each mode, and where
there are no groups all signals, and each pair SIGKILL.
"""

import itertools
import os
import signal

import proc
from case import LAUNCHER, Skip, eventually, rows
from cgroups import Place, of_nobody, of_root
from etf import A
from family import mark
from starter import NOBODY

SECTION = "deaths:"
ALL = os.environ.get("DEATHS_ALL", "0") not in ("", "0")
PARTS = ("guard", "reaper", "priv", "keeper", "launcher", "broker", "worker")
SETS = [c for n in (1, 2) for c in itertools.combinations(PARTS, n)]
SIGNALS = ("SIGKILL", "SIGSEGV", "SIGSTOP")
# vfork(2): until its child ends, its parent waits and hears only SIGKILL.
BLOCKED = ["/usr/bin/python3", "-c", "import ctypes\n"
           "libc = ctypes.PyDLL(None)\n"
           "libc.vfork() or libc.sleep(1000)\nlibc.sleep(1000)"]
KINDS = {
    "plain": ("exec sleep 1000", [], 1),
    "grandchild": ("sleep 1000 & wait", [], 2),
    "daemon": ("setsid sh -c '(sleep 1000 &)'; exit 0", [], 1),
    "session": ("setsid sleep 1000 & wait", [], 2),
    "deaf": ("trap '' TERM HUP; sleep 1000; sleep 1000", [], 2),
    "stopped": ("kill -STOP $$; exec sleep 1000", [], 1),
    "blocked": (BLOCKED, [], 2),
    "forks": ("while :; do (sleep 0.05 &); sleep 0.02; done", [], 1),
    "terminal": ("exec sleep 1000", [A.pty], 1),
}


def plain(place, *args):
    return of_nobody(place, *args)


def plain_outside(place, *args):
    return of_nobody(place, *args, group="")


# How it is started, and who owns the place.
MODES = {"plain, no groups": (NOBODY, plain_outside),
         "plain": (NOBODY, plain), "root": (0, of_root)}


def wanted(mode, sig, parts):
    return (ALL or (sig == "SIGKILL" and len(parts) == 1) or (
        mode == "plain, no groups" and (sig == "SIGKILL" or len(parts) == 1)))


def matrix():
    return [("%s of %s, %s" % (sig, " and ".join(parts), mode), mode, sig,
             parts)
            for mode in MODES for parts in SETS for sig in SIGNALS
            if wanted(mode, sig, parts)
            and not (mode == "plain, no groups" and (
                "keeper" in parts or (
                    sig != "SIGSTOP" and parts == ("guard", "reaper"))))]


def start(p):
    """All kinds: {name: mark}."""
    marks = {}
    for name, (cmd, options, least) in KINDS.items():
        marks[name] = mark()
        p.run(cmd, [(A.env, [marks[name]]), *options])
    for name, (_, _, least) in KINDS.items():
        eventually(lambda n=name, k=least: len(proc.marked(marks[n])) >= k,
                   5, "no %s" % name)
    return marks


def hit(pid, sig):
    """The first of a pair may have taken the second with it."""
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        pass


def left(marks):
    return sorted(name for name in marks if proc.marked(marks[name]))


def parts_left(ring):
    return [part for part in ring if proc.alive(ring[part])]


@rows(SECTION, matrix(), limit=60)
def dies(mode, sig, parts):
    if "launcher" in parts and not LAUNCHER:
        raise Skip("built without launchers")
    owner, begin = MODES[mode]
    with Place(owner) as place, begin(place, "-alarm", "1") as p:
        ring = p.ring()
        if not set(parts) <= set(ring):
            raise Skip("no control groups here, and so no keeper")
        marks = start(p)
        for part in parts:
            hit(ring[part], getattr(signal, sig))
        p.close_input()
        eventually(lambda: not left(marks), 15, lambda: (
            "left: %s; log %s" % (left(marks), p.log()[-2:])))
        eventually(lambda: not parts_left(ring), 15, lambda: (
            "parts live: %s" % parts_left(ring)))
        p.closed = True
    proc.kill_all()
