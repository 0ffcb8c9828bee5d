"""A system that lacks something: see regress/port/lib/missing.py."""

from case import INT, check, expect, rows
from etf import A
from missing import FEATURES, without
from tree import ROOT, Tree

BOTH = ("ENOSYS", "EPERM")
# By which tasks are ended: what cannot be is not begun.
NEEDED = [f for f in FEATURES if "pidfd_open" in FEATURES[f]
          or "pidfd_send_signal" in FEATURES[f]]


@rows("a system without", [("%s, %s: it says so, and ends" % (f, e), f, e)
                           for f in NEEDED for e in BOTH])
def needs(feature, error):
    with Tree(before=without(feature, error), hello=False) as t:
        status = t.wait()
        check(status > 0, "status %d", status)
        check("no tree of tasks without pidfds" in t.log(), "%s", t.log())
        t.close(status=status)


@rows("a system without", [
    ("%s, %s" % (feature, error), feature, error)
    for feature in FEATURES if feature not in NEEDED + ["seccomp"]
    for error in BOTH]
    + [("seccomp, EINVAL", "seccomp", "EINVAL")])
def lacks(feature, error):
    """Tasks, a program that talks, one that is stopped, and some left."""
    with Tree(before=without(feature, error)) as t:
        tasks = t.chain(3)
        expect((A.ok, INT), t.call(tasks[2], "getpid"))
        cat = t.program(["/bin/cat"])
        t.send(cat, b"word\n")
        t.until_out(cat, b"word\n")
        t.shut(cat)
        check(t.exit(cat).is_exit(0), "%r", t.exits)
        much = t.sh("head -c 300000 /dev/zero")
        check(t.exit(much).is_exit(0), "%r", t.exits)
        expect(300000, len(t.out[much, 1]), "bytes")
        deaf = t.sh("trap '' TERM; echo up; sleep 1000 & sleep 1000")
        t.until_out(deaf, b"up\n")
        expect(A.ok, t.stop(deaf, ms=200))
        expect(A.ok, t.call(tasks[1], "exit", 3))
        check(t.exit(tasks[1]).is_exit(3), "%r", t.exits)
        t.sh("exec sleep 1000", parent=ROOT)
