"""Beside proctor: whoever of the two programs' processes is killed, and the
node, nothing is left."""

import itertools
import os
import signal

import proc
import tree
from beside import Beside
from case import SOAK, case, check, eventually, expect, rows
from etf import A
from tree import ROOT

# Five processes: itself, a child, one of another session, and two of a daemon
# that does not mind SIGTERM.
FAMILY = ("sleep 1000 & setsid sleep 1000 & "
          "(setsid sh -c 'trap \"\" TERM HUP; sleep 1000; :' &) & "
          "trap '' TERM; echo up; wait; sleep 1000")
SOON = 2
RING = ["guard", "reaper", "priv", "launcher", "broker", "worker"]
TASK = ["task guard", "switch", "root"]
FEW, MANY = 4, 300


def living():
    return [p for p in proc.descendants(os.getpid()) if proc.alive(p)]


def world(count):
    """A tree with so many families, below tasks five deep, and who is who."""
    t = Beside("-kill-timeout", "200", options=[(A.kill_timeout, 1)])
    t.option(ROOT, tree.MAXCHILD, 1000)
    above = [ROOT, *t.chain(4)]
    for n in above[1:]:
        t.option(n, tree.MAXCHILD, 1000)
    tasks = [t.sh(FAMILY, parent=above[i % 5]) for i in range(count)]
    for n in tasks:
        t.until_out(n, b"up\n", seconds=30)
    eventually(lambda: len([p for p in living()
                            if proc.comm(p) == "sleep"]) >= 3 * count, 20,
               "the families are not complete")
    roles = dict(t.port.ring())
    roles.update({"task guard": t.pid, "switch": t.switch(),
                  "root": t.os_pid(ROOT)})
    return t, roles


def end(t, seconds=SOON):
    """The node goes; then nobody is left, whatever was killed before."""
    t.port.close_input()
    eventually(lambda: not living(), seconds, lambda: "left: %s" % [
        (p, proc.title(p)) for p in living()][:10])


@rows("beside proctor: SIGKILL", [
    ("of the " + " and the ".join(who), who)
    for n in (1, 2)
    for who in itertools.combinations(RING + TASK, n)
    if set(who) & set(TASK) or n == 1], limit=90)
def killed(who):
    t, roles = world(FEW)
    with t:
        for role in who:
            if role in roles:
                try:
                    os.kill(roles[role], signal.SIGKILL)
                except ProcessLookupError:
                    pass
        if set(who) != {"task guard", "switch"}:
            # Of the tree nobody is left while proctor, if it was not meant,
            # goes on.
            if not set(who) & set(RING):
                ring = set(roles.values()) | {roles.get("keeper")}
                eventually(lambda: not set(living()) - ring, SOON,
                           lambda: "left: %s" % [
                               (p, proc.title(p))
                               for p in set(living()) - ring][:10])
                eventually(lambda: t.port.ask(A.list) == [], SOON,
                           "proctor has a child still")
        end(t)


@case("beside proctor: SIGSTOP of the task guard and the switch", limit=90)
def both_stopped():
    """Nobody of the tree is left who could end it: proctor does."""
    t, roles = world(FEW)
    with t:
        for role in ("task guard", "switch"):
            os.kill(roles[role], signal.SIGSTOP)
        end(t)


@case("beside proctor: the node is gone, 1,500 processes", limit=200)
def node():
    t, _ = world(MANY if SOAK else 60)
    with t:
        check(len(living()) >= 5 * (MANY if SOAK else 60), "%d",
              len(living()))
        end(t)


@case("beside proctor: SIGKILL of the switch, 1,500 processes", limit=200)
def many():
    t, roles = world(MANY if SOAK else 60)
    with t:
        os.kill(roles["switch"], signal.SIGKILL)
        end(t)


@case("beside proctor: a stop of the child is the end of the tree")
def stop():
    t, _ = world(FEW)
    with t:
        expect(A.ok, t.port.ask(A.stop, t.pid, seconds=10))
        t.port.exit(t.pid, seconds=10)
        t.turn(0)
        check(t.exits[ROOT].cause == tree.WHOLE, "%r", t.exits)
        expect([], t.port.ask(A.list))
        end(t)
