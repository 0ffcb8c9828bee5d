"""A task that becomes itself again, and one that only looks after another."""

import signal

from case import Skip, case, check, expect, eventually
from etf import A
from tree import ROOT, Tree

NAMESPACES = [A.clone_newuser, A.clone_newpid]


@case("reexec: the same number and pid, its signals and its environment")
def reexec():
    with Tree() as t:
        task = t.fork()
        pid = t.value(task, "getpid")
        expect(A.ok, t.call(task, "setenv", b"A", b"b", 1))
        expect((A.ok, A.sig_info), t.call(task, "sigaction", A.sigusr1,
                                          A.sig_ign))
        expect(A.ok, t.call(task, "reexec"))
        expect((A.ok, pid), t.call(task, "getpid"))
        expect((A.ok, b"b"), t.call(task, "getenv", b"A"))
        expect((A.ok, A.sig_ign), t.call(task, "sigaction", A.sigusr1, []))
        t.kill(task, signal.SIGUSR2)
        t.until(lambda: t.signals, "no signal")
        below = t.fork(task)
        expect((A.ok, pid), t.call(below, "getppid"))
        expect((A.error, (A.state, A.eacces, A.reexec)),
               t.call(task, "reexec"))
        expect(A.ok, t.call(below, "exit", 0))
        t.exit(below)
        expect(A.ok, t.call(task, "exit", 4))
        check(t.exit(task).is_exit(4), "%r", t.exits)


@case("reexec: of the root, in a batch, and with calls that wait behind it")
def reexec_root():
    with Tree() as t:
        pid = t.value(ROOT, "getpid")
        asked = [t.begin(ROOT, "reexec")] + \
            [t.begin(ROOT, "getpid") for _ in range(5)]
        for n in asked:
            expect(A.ok if n == asked[0] else (A.ok, pid), t.answer(n))
        expect([A.ok, A.ok], t.batch(ROOT, [("chdir", b"/"), ("reexec",)]))
        expect((A.ok, b"/"), t.call(ROOT, "getcwd"))


@case("reexec: one that is killed in it has an exit")
def reexec_killed():
    with Tree() as t:
        for _ in range(20):
            task = t.fork()
            t.begin(task, "reexec")
            t.kill(task, signal.SIGKILL)
            check(t.exit(task).is_signal(9), "%r", t.exits)
        t.answers.clear()
        t.waiting.clear()


@case("reexec: its limits are what they were")
def reexec_limits():
    with Tree("-maxchild", "1") as t:
        expect(A.ok, t.call(ROOT, "reexec"))
        t.fork()
        expect((A.error, (A.limit, A.eagain, A.fork)), t.call(ROOT, "fork"))


def contained(t):
    """The first of a namespace of processes, which looks after another."""
    try:
        first = t.fork(ROOT, "clone", NAMESPACES)
    except Exception as e:
        raise Skip("no namespaces: %s" % e)
    return first, t.fork(first, "init")


@case("init: what is left in a namespace is reaped, and ends with it")
def init():
    with Tree() as t:
        first, second = contained(t)
        expect((A.error, (A.state, A.eacces, A.init)),
               t.call(first, "getpid"))
        expect((A.ok, 1), t.call(second, "getppid"))
        expect(A.ok, t.call(second, "exec", b"/bin/sh", [
            b"sh", b"-c", b"(sleep 0.1 & exec sleep 0.2) & echo up; read a; "
                          b"for i in 1 2 3; do (true &); done; exit 6"]))
        t.until_out(second, b"up\n")
        t.send(second, b"x\n")
        check(t.exit(second).is_exit(6), "%r", t.exits)
        check(t.exit(first).is_exit(6), "%r", t.exits)


@case("init: signals go on to the one that it looks after")
def init_signals():
    with Tree() as t:
        first, second = contained(t)
        expect(A.ok, t.call(second, "exec", b"/bin/sh", [
            b"sh", b"-c", b"trap 'exit 7' TERM; echo up; "
                          b"while :; do sleep 0.01; done"]))
        t.until_out(second, b"up\n")
        t.kill(first, signal.SIGTERM)
        check(t.exit(second).is_exit(7), "%r", t.exits)
        check(t.exit(first).is_exit(7), "%r", t.exits)


@case("init: one that is killed takes all with it, and one that kills")
def init_killed():
    with Tree() as t:
        first, second = contained(t)
        third = t.fork(second)
        t.kill(first, signal.SIGKILL)
        for n in (second, third):
            check(t.exit(n).is_signal(9), "%r", t.exits)
        first, second = contained(t)
        t.kill(second, signal.SIGKILL)
        check(t.exit(first).is_exit(128 + 9), "%r", t.exits)


@case("init: not with children, and stopped as any other")
def init_refused():
    with Tree() as t:
        task = t.fork()
        t.fork(task)
        expect((A.error, (A.state, A.eacces, A.init)), t.call(task, "init"))
        first, second = contained(t)
        t.stop(first)
        eventually(lambda: first in t.exits and second in t.exits or t.pump(0),
                   5, "they live")


@case("limits: a task with no descriptors to spare is one still")
def no_descriptors():
    with Tree() as t:
        task = t.fork()
        fd = t.value(task, "open", b"/dev/zero", [A.o_rdonly], 0)
        expect(A.ok, t.call(task, "setrlimit", A.rlimit_nofile,
                            {A.cur: 0, A.max: 0}))
        expect((A.ok, b"\0" * 5), t.call(task, "read", fd, 5))
        t.kill(task, signal.SIGUSR1)
        t.until(lambda: t.signals, "no signal")
        expect((A.error, (A.call, A.emfile, A.fork)), t.call(task, "fork"))
        expect((A.error, (A.exec, A.emfile, A.stdin)),
               t.call(task, "exec", b"/bin/true", []))
        expect((A.ok, b"\0" * 5), t.call(task, "read", fd, 5))
        expect(A.ok, t.call(task, "exit", 0))
