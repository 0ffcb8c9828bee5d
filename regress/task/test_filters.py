"""What may be asked for: the command line's calls, filters, what is sealed."""

import subprocess

import tree
from case import ANY, INT, Skip, case, check, expect
from etf import A
from tree import ROOT, Tree

DENIED = (A.error, (A.policy, A.eperm, A.getuid))


def status_of(pid, field):
    """A line of /proc/PID/status."""
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith(field + ":"):
                return line.split()[1]
    return None


def seals(t):
    """Has this program, on this kernel, what seals?"""
    return t.call(ROOT, "filter", [], [], [A.seal]) == A.ok


@case("filter calls: only those, for all tasks, and nothing comes back")
def only():
    with Tree("-calls", "getpid,fork,filter,filters,exit") as t:
        expect((A.ok, INT), t.call(ROOT, "getpid"))
        expect(DENIED, t.call(ROOT, "getuid"))
        child = t.fork()
        expect(DENIED, t.call(child, "getuid"))
        expect(A.ok, t.call(child, "filter", (A.allow, [A.getuid, A.getpid]),
                            []))
        expect(DENIED, t.call(child, "getuid"))
        own, below = t.value(ROOT, "filters")
        expect(["exit", "filter", "filters", "fork", "getpid"],
               sorted(str(n) for n in own), "own")
        check(own == below, "%r and %r", own, below)


@case("filter calls: the kernel keeps them, where no program can come")
def kept():
    with Tree() as t:
        if not seals(t):
            raise Skip("nothing seals here")
    with Tree("-calls", "@self,fork") as t:
        expect("2", status_of(t.os_pid(ROOT), "Seccomp"))
        expect("1", status_of(t.os_pid(ROOT), "NoNewPrivs"))
        child = t.fork()
        expect("2", status_of(t.os_pid(child), "Seccomp"))
        expect((A.ok, INT), t.call(child, "getuid"))
        expect((A.ok, ANY), t.call(child, "environ"))
        t.kill(child, 10)
        t.until(lambda: t.signals, "no signal")
        expect(A.ok, t.call(child, "exit", 3))
        check(t.exit(child).is_exit(3), "%r", t.exits)


@case("filter calls: where a program can come it is free")
def programs():
    with Tree("-calls", "@sandbox") as t:
        expect("0", status_of(t.os_pid(ROOT), "Seccomp"))
        child = t.sh("id -u")
        t.until_out(child, b"\n")
        check(t.exit(child).is_exit(0), "%r", t.exits)
        expect((A.error, (A.policy, A.eperm, A.ptrace)),
               t.call(ROOT, "ptrace", 0, 0, 0, 0))


@case("filter calls: twice is less")
def twice():
    with Tree("-calls", "getpid,getuid", "-calls", "getpid,getgid") as t:
        expect(DENIED, t.call(ROOT, "getuid"))
        expect((A.ok, INT), t.call(ROOT, "getpid"))


@case("filter calls: names that are none")
def none():
    for names in ("", "getpid,", ",getpid", "nothing", "@", "@nothing", "self",
                  "getpid getuid", "x" * 100):
        done = subprocess.run([tree.PROGRAM, "-calls", names],
                              stdin=subprocess.DEVNULL, capture_output=True)
        expect(2, done.returncode, repr(names))


@case("filter: over reexec, with other arguments and environment")
def again():
    with Tree("-calls", "getpid,reexec,environ,fork,filter") as t:
        child = t.fork()
        pid = t.value(child, "getpid")
        expect(A.ok, t.call(child, "filter", [A.environ], []))
        for args in ((), ([b"name"], [b"A=b"])):
            expect(A.ok, t.call(child, "reexec", *args))
            expect((A.ok, pid), t.call(child, "getpid"))
            expect(DENIED, t.call(child, "getuid"))
            expect((A.error, (A.policy, A.eperm, A.environ)),
                   t.call(child, "environ"))
        expect(A.ok, t.call(child, "reexec", [], [b"A=b", b"PROCTOR_TASK=0"]))
        expect(DENIED, t.call(child, "getuid"))


@case("filter sealed: a task that is, and one beside it that is not")
def sealed():
    with Tree() as t:
        if not seals(t):
            raise Skip("nothing seals here")
        free, bound = t.fork(), t.fork()
        expect(A.ok, t.call(bound, "filter", (A.allow, [A.getuid, A.fork]), [],
                            [A.seal]))
        below = t.fork(bound)
        expect((A.error, (A.policy, A.eperm, A.mkdir)),
               t.call(below, "mkdir", b"/tmp/x", 0))
        expect((A.ok, INT), t.call(below, "getuid"))
        expect((A.ok, ANY), t.call(free, "getcwd"))
        t.stop(bound)
