"""Work of all kinds for a tree of tasks, as in load.py: a call is refused with
an error, a program ends as it should with all that it wrote, or it is told."""

from case import Failure, check
from etf import A
from load import LINES
import load
import tree
from tree import ROOT, WHOLE

PATIENCE = 12
TEXT = load.TEXT[:30000]    # a program's window holds it


class Refused(Exception):
    """A call was answered with an error, or a program hurt and told so."""


class Over(Exception):
    """The tree has ended."""


def until(t, done):
    try:
        t.until(lambda: done() or t.eof, "nothing happens", PATIENCE)
    except Failure:
        if not t.eof:
            raise
    if not done():
        raise Over()


def answer(t, number):
    until(t, lambda: number in t.answers)
    return t.answers.pop(number)


def value(t, task, name, *args):
    got = answer(t, t.begin(task, name, *args))
    if got != A.ok and got[0] != A.ok:
        raise Refused("%s: %s" % (name, got))
    return got


def program(t, argv, parent=ROOT):
    before = set(t.born)
    value(t, parent, "fork")
    task, = [n for n in set(t.born) - before if t.born[n][0] == parent]
    try:
        value(t, task, "exec", argv[0], list(argv), [], [])
    except Refused:
        value(t, task, "exit", 0)
        raise
    return task


def ended(t, task, status, output=b""):
    until(t, lambda: task in t.exits)
    out = t.out.get((task, 1), b"")
    check(output.startswith(out), "output %r", out[:80])
    told = t.eofs.get((task, 1), 0) or t.eofs.get((task, 0), 0)
    if not t.exits[task].is_exit(status):
        check(t.exits[task].is_signal(9) or told or
              t.exits[task].cause == WHOLE, "%r", t.exits[task])
        raise Refused("%r" % t.exits[task])
    if out != output:
        check(told, "%d bytes of %d, and nobody says so", len(out),
              len(output))
        raise Refused("told: %s" % told)


def writes(t):
    task = program(t, ["/usr/bin/seq", "1", "60000"])
    ended(t, task, 0, LINES)


def fails(t):
    task = program(t, ["/bin/sh", "-c", "echo out; echo err >&2; exit 3"])
    ended(t, task, 3, b"out\n")


def echoes(t):
    task = program(t, ["/bin/cat"])
    t.send(task, TEXT)
    number = t.ask(tree.CLOSE, task, bytes([0]))
    got = answer(t, number)
    ended(t, task, 0, TEXT)
    if got != A.ok:
        raise Refused("%s" % (got,))


def stopped(t):
    task = program(t, ["/bin/sleep", "1000"])
    got = answer(t, t.ask(tree.STOP, task, bytes([15, 0, 0, 0, 200])))
    until(t, lambda: task in t.exits)
    if got != A.ok:
        raise Refused("%s" % (got,))


def leaves(t):
    task = program(t, ["/bin/sh", "-c",
                       "sleep 1000 & setsid sleep 1000 & exit 4"])
    ended(t, task, 4)


def deep(t):
    before = set(t.born)
    value(t, ROOT, "fork")
    task, = set(t.born) - before
    try:
        below = program(t, ["/bin/echo", "x"], task)
        ended(t, below, 0, b"x\n")
        value(t, task, "getpid")
    finally:
        if not t.eof:
            answer(t, t.ask(tree.STOP, task, bytes([9, 0, 0, 0, 0])))


KINDS = (writes, fails, echoes, stopped, leaves, deep)


def work(t, kinds=KINDS):
    """Do it: what was refused; None if the tree has ended."""
    refused = []
    for kind in kinds:
        try:
            kind(t)
        except Refused as e:
            refused.append("%s: %s" % (kind.__name__, e))
        except Over:
            return None
        except Failure as e:
            raise Failure("%s: %s" % (kind.__name__, e)) from e
    return refused


def perfect(t, kinds=KINDS):
    refused = work(t, kinds)
    check(refused == [], "refused: %s", refused)
