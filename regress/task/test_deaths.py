"""Certain death: whoever is killed, nothing of it is left, and nothing else
ends."""

import itertools
import os
import signal
import time

import proc
import tree
from case import Skip, check, eventually, expect, rows, case
from crash import crash
from etf import A
from tree import ROOT, TREE, Tree

# A program with a child, a child of another session, a daemon, and one that
# does not mind SIGTERM.
FAMILY = ("sleep 1000 & setsid sleep 1000 & "
          "(setsid sh -c 'trap \"\" TERM HUP; sleep 1000; sleep 1000' &) & "
          "trap '' TERM; echo up; sleep 1000; sleep 1000")
SOON = 2


class World:
    """A tree with all kinds of tasks and programs in it."""

    def __init__(self, **more):
        self.t = t = Tree(**more)
        self.other = t.sh(FAMILY)               # of the root
        self.upper = t.fork()
        self.lower = t.fork(self.upper)
        self.program = t.sh(FAMILY, parent=self.lower)
        self.blocked = t.fork(self.upper)
        t.begin(self.blocked, "select", [], [], [], [])
        self.stopped = t.fork(self.upper)
        self.frozen = t.program(["/bin/sleep", "1000"], parent=self.upper)
        self.daemon = t.sh("(setsid sleep 1000 &); exit 0",
                           parent=self.upper)
        t.exit(self.daemon)
        for n in (self.other, self.program):
            t.until_out(n, b"up\n")
        # All of a family: themselves, four sleeps and a shell.
        eventually(self._all_up, 10, "the families are not complete")
        os.kill(t.os_pid(self.stopped), signal.SIGSTOP)
        os.kill(t.os_pid(self.frozen), signal.SIGSTOP)

    def _all_up(self):
        names = [proc.comm(p) for p in proc.descendants(self.t.pid)
                 if proc.alive(p)]
        return names.count("sleep") == 2 * 4 + 2

    def tasks(self):
        return [self.upper, self.lower, self.program, self.blocked,
                self.stopped, self.frozen]

    def left(self):
        """Who lives, but for us."""
        return [p for p in proc.descendants(os.getpid()) if proc.alive(p)]

    def roles(self):
        t = self.t
        return {"guard": t.guard(), "switch": t.switch(),
                "root": t.os_pid(ROOT), "upper": t.os_pid(self.upper),
                "lower": t.os_pid(self.lower),
                "program": t.os_pid(self.program),
                "other": t.os_pid(self.other),
                "blocked": t.os_pid(self.blocked)}


def nobody(w, seconds=SOON):
    eventually(lambda: not w.left(), seconds,
               lambda: "left: %s" % [(p, proc.title(p)) for p in w.left()])


def end(t, status):
    """Its end as a process, whatever it was."""
    t.hang_up()
    t.wait()
    t.close(status=status)


@case("stop: a subtree, with what it has left, and nothing else")
def stop():
    w = World()
    with w.t as t:
        family = set(proc.descendants(t.os_pid(w.other)))
        expect(A.ok, t.stop(w.upper))
        for n in w.tasks():
            check(t.exits[n].cause == tree.STOPPED, "%r", t.exits[n])
        left = set(w.left()) - {t.guard(), t.switch(), t.os_pid(ROOT),
                                t.os_pid(w.other)} - family
        # The daemon of the other family is all that is left besides it.
        names = sorted(proc.comm(p) for p in left)
        expect(["sh", "sleep"], names)
        expect((A.ok, t.os_pid(ROOT)), t.call(ROOT, "getpid"))
        check(w.other not in t.exits, "it is gone")
        expect(A.ok, t.stop(w.other))
        expect(3, len(w.left()))


@rows("stop:", [("a task in its loop", "fork", 0),
                ("a task in a call that waits", "blocked", 0),
                ("a stopped task", "stopped", 9),
                ("a program that ends by the signal", "sleep", 15),
                ("a program that does not mind it", "deaf", 9)])
def stop_one(kind, how):
    with Tree() as t:
        n = t.fork()
        if kind == "blocked":
            asked = t.begin(n, "select", [], [], [], [])
            t.pump(0.2)
        elif kind == "stopped":
            os.kill(t.os_pid(n), signal.SIGSTOP)
        elif kind == "sleep":
            t.exec(n, ["/bin/sleep", "1000"])
        elif kind == "deaf":
            t.exec(n, ["/bin/sh", "-c",
                       "trap '' TERM; echo up; sleep 1000; sleep 1000"])
            t.until_out(n, b"up\n")
        expect(A.ok, t.stop(n, sig=15, ms=300))
        check(t.exits[n].is_signal(how) if how else t.exits[n].is_exit(0),
              "%r", t.exits[n])
        if kind == "blocked":
            expect((A.error, (A.timeout, A.etimedout, A.select)),
                   t.answer(asked))
        expect(A.ok, t.stop(n))


@case("stop: what nobody takes is not waited for")
def stop_untaken():
    with Tree(acks=False) as t:
        n = t.program(["/usr/bin/yes"], parent=t.fork())
        t.until(lambda: len(t.out.get((n, 1), b"")) == tree.OUTPUT,
                "the window is not filled")
        t.pump(0.2)     # and so is the pipe
        expect(A.ok, t.stop(t.born[n][0]))
        check(n not in t.exits, "its output was taken")
        t.ack(n, 1, tree.OUTPUT)
        t.exit(n)


@case("an exit whose parent is stopped, or is killed")
def parent_stopped():
    with Tree() as t:
        above = t.fork()
        n = t.program(["/bin/cat"], parent=above)
        other = t.program(["/bin/cat"], parent=above)
        os.kill(t.os_pid(above), signal.SIGSTOP)
        t.shut(n)
        check(t.exit(n).how == 2, "%r", t.exit(n))  # unknown
        t.shut(other)
        os.kill(t.os_pid(above), signal.SIGCONT)
        check(t.exit(other).is_exit(0), "%r", t.exit(other))
        expect((A.ok, t.os_pid(above)), t.call(above, "getpid"))


@case("stop: of the tree")
def stop_tree():
    w = World()
    with w.t as t:
        seq = t.ask(tree.STOP, TREE, b"\x0f\0\0\1\x2c")
        expect(A.ok, t.answer(seq, seconds=10))
        for n in w.tasks() + [ROOT]:
            check(t.exits[n].cause == tree.WHOLE, "%r", t.exits[n])
        t.until(lambda: t.eof, "no end")
        nobody(w)


@rows("end:", [("the node has closed it", "eof"), ("SIGTERM", "term")])
def orderly(how):
    w = World()
    t = w.t
    # What minds SIGTERM ends at once, the rest when its time is over.
    t.option(ROOT, tree.KILL_TIMEOUT, 300)
    if how == "eof":
        t.hang_up()
    else:
        os.kill(t.guard(), signal.SIGTERM)
    expect(0, t.wait())
    nobody(w)
    for n in w.tasks() + [ROOT, w.other]:
        check(t.exits[n].cause == tree.WHOLE, "%r", t.exits[n])
    t.close()


@rows("end: somebody has stopped", [("the guard", "guard"),
                                    ("the switch", "switch")], limit=60)
def part_stopped(role):
    w = World()
    t = w.t
    pid = getattr(t, role)()
    os.kill(pid, signal.SIGSTOP)
    eventually(lambda: proc.state(pid) == "T", 2, "it runs")
    t.hang_up()
    expect(0, t.wait(30))
    nobody(w)
    t.close()


@case("end: the signal that each program is to hear")
def signaloneof():
    with Tree() as t:
        t.option(ROOT, tree.SIGNALONEOF, int(signal.SIGUSR1))
        n = t.program(["/bin/sleep", "1000"])
        os.kill(t.os_pid(n), signal.SIGSTOP)
        t.hang_up()
        expect(0, t.wait())
        check(t.exits[n].is_signal(signal.SIGUSR1), "%r", t.exits[n])


# Who is killed, and the exit status of the whole.
KILLED = ["guard", "switch", "root", "upper", "lower", "program", "blocked"]


@rows("SIGKILL:", [("of the " + who, who) for who in KILLED], limit=40)
def killed(who):
    w = World()
    t = w.t
    t.option(ROOT, tree.KILL_TIMEOUT, 300)
    below = {"upper": w.tasks(), "lower": [w.lower, w.program],
             "program": [w.program], "blocked": [w.blocked]}.get(who)
    os.kill(w.roles()[who], signal.SIGKILL)
    if below is None:
        nobody(w)
        if who != "guard":
            end(t, None)
        else:
            t.wait()
        return
    for n in below:
        e = t.exit(n, seconds=SOON)
        check(e.is_signal(9) and e.cause == (
            tree.ITSELF if n == below[0] else tree.PARENT), "%d %r", n, e)
    # The others go on.
    for n in set(w.tasks()) - set(below) - {w.stopped}:
        check(n not in t.exits, "%d is gone", n)
    expect((A.ok, t.os_pid(ROOT)), t.call(ROOT, "getpid"))
    if who == "upper":
        # The other family: two shells and four sleeps.
        eventually(lambda: len(w.left()) == 3 + 6, SOON,
                   lambda: "%r" % [(p, proc.title(p)) for p in w.left()])
    t.hang_up()
    expect(0, t.wait())
    nobody(w)
    t.close()


def sets(of, least=1):
    """Of those each, and each two."""
    return [("of " + " and ".join(who), who) for n in (1, 2) if n >= least
            for who in itertools.combinations(of, n)]


def hurried():
    """A world whose tasks have not long to end."""
    w = World()
    w.t.option(ROOT, tree.KILL_TIMEOUT, 300)
    return w


def all_end(w, who):
    """Nothing is left, whether the node has gone or not."""
    t = w.t
    if who == ("guard", "switch"):
        # Tasks and programs hear of it from the kernel, but not what those
        # have started: that is the reaper's of proctor, which is us here.
        tasks = [t.os_pid(n) for n in w.tasks() + [w.other, ROOT]]
        eventually(lambda: not any(map(proc.alive, tasks)), SOON,
                   "tasks are left")
        t.wait()
        proc.kill_all()
        return
    if not set(who) & {"guard", "switch", "root"}:
        t.hang_up()
    nobody(w, SOON + 1)
    t.hang_up()
    t.wait()


@rows("SIGKILL:", sets(KILLED, 2), limit=40)
def two(who):
    w = hurried()
    roles = w.roles()
    for role in who:
        try:
            os.kill(roles[role], signal.SIGKILL)
        except ProcessLookupError:
            pass    # that was the first one's doing
    all_end(w, who)


@rows("a fault:", sets(["guard", "switch", "root", "upper"]), limit=40)
def fault(who):
    w = hurried()
    roles = w.roles()
    crash(*[roles[role] for role in who])
    all_end(w, who)


@rows("SIGSTOP:", [row for row in sets(["guard", "switch", "root", "upper"])
                  if row[1] != ("guard", "switch")], limit=60)
def stopped(who):
    """Guard and switch at once wait for whose child they are: proctor."""
    w = hurried()
    for role in who:
        os.kill(w.roles()[role], signal.SIGSTOP)
    w.t.hang_up()
    nobody(w, 30)
    w.t.wait()


@case("SIGKILL: of tasks at any moment of their birth", limit=60)
def births():
    with Tree() as t:
        for i in range(60):
            n = t.fork()
            t.begin(n, "fork")
            if i % 2:
                time.sleep(0.0001 * (i % 16))
            os.kill(t.os_pid(n), signal.SIGKILL)
            check(t.exit(n).is_signal(9), "%r", t.exit(n))
        t.stop(ROOT)
        t.until(lambda: t.eof, "no end")


@case("SIGKILL: of tasks at any moment of their exec", limit=60)
def execs():
    with Tree() as t:
        for i in range(60):
            n = t.fork()
            t.begin(n, "exec", "/bin/sleep", [b"sleep", b"1000"], [], [])
            if i % 2:
                time.sleep(0.0001 * (i % 32))
            os.kill(t.os_pid(n), signal.SIGKILL)
            check(t.exit(n).is_signal(9), "%r", t.exit(n))


@case("SIGKILL: of the guard while 300 programs fork", limit=60)
def crowd():
    t = Tree()
    t.option(ROOT, tree.MAXCHILD, 1000)
    t.option(ROOT, tree.KILL_TIMEOUT, 100)
    for _ in range(100):
        t.sh("sleep 1000 & (setsid sleep 1000 &) & sleep 1000")
    os.kill(t.switch(), signal.SIGKILL)
    eventually(lambda: not [p for p in proc.descendants(os.getpid())
                            if proc.alive(p)], SOON, "some are left")
    t.hang_up()
    t.wait()


def in_namespace(t, *flags):
    """A task in namespaces of its own; skips where that may not be."""
    names = ["clone_newpid", *flags]
    if os.geteuid() != 0:
        names.append("clone_newuser")
    answer = t.call(ROOT, "clone", [tree.etf.Atom(f) for f in names])
    if answer[0] == A.error and answer[1][1] in (A.eperm, A.enospc):
        raise Skip("no namespaces here")
    expect(A.ok, answer[0])
    return max(t.born)


@case("PID namespace: numbers, signals and the end of all in it")
def namespace():
    with Tree() as t:
        first = in_namespace(t)
        expect((A.ok, 1), t.call(first, "getpid"))
        check(t.os_pid(first) > 1, "%r", t.born)
        n = t.sh(FAMILY, parent=first)
        t.until_out(n, b"up\n")
        inner = t.fork(first)
        expect(t.born[inner][2], t.value(inner, "getpid"))
        os.kill(t.os_pid(first), signal.SIGKILL)
        for task, cause in ((first, tree.ITSELF), (n, tree.PARENT),
                            (inner, tree.PARENT)):
            check(t.exit(task).is_signal(9), "%r", t.exit(task))
            expect(cause, t.exit(task).cause)
        eventually(lambda: len([p for p in proc.descendants(os.getpid())
                                if proc.alive(p)]) == 3, SOON, "left")


@case("PID namespace: a stop of a program in it, with what it has left")
def inside():
    with Tree() as t:
        first = in_namespace(t)
        n = t.sh(FAMILY, parent=first)
        t.until_out(n, b"up\n")
        eventually(lambda: len([p for p in proc.descendants(t.pid)
                                if proc.comm(p) == "sleep"]) == 4, 5,
                   "the family is not complete")
        expect(A.ok, t.stop(n))
        expect(4, len([p for p in proc.descendants(os.getpid())
                       if proc.alive(p)]))
        expect((A.ok, 1), t.call(first, "getpid"))


@case("PID namespace: in each other, and a stop")
def namespaces():
    with Tree() as t:
        first = in_namespace(t)
        second = t.fork(first, "clone", [A.clone_newpid])
        expect((A.ok, 1), t.call(second, "getpid"))
        n = t.sh(FAMILY, parent=second)
        t.until_out(n, b"up\n")
        check(t.os_pid(n) != t.born[n][2], "%r", t.born[n])
        expect(A.ok, t.stop(first))
        check(t.exits[n].is_signal(9), "%r", t.exits[n])
        expect(3, len([p for p in proc.descendants(os.getpid())
                       if proc.alive(p)]))


@case("signals: to a process, to its group, to all below a task")
def signals():
    with Tree() as t:
        upper = t.fork()
        n = t.program(["/bin/sleep", "1000"], parent=upper)
        expect((A.error, (A.call, A.esrch, A.kill)),
               t.kill(n, 15, tree.GROUP))
        expect(A.ok, t.kill(n, 0))
        expect(A.ok, t.kill(n, int(signal.SIGUSR2)))
        check(t.exit(n).is_signal(signal.SIGUSR2), "%r", t.exit(n))
        expect((A.error, (A.gone, A.esrch, n)), t.kill(n, 15))
        pair = [t.program(["/bin/sleep", "1000"], parent=upper)
                for _ in range(2)]
        expect(A.ok, t.kill(upper, int(signal.SIGKILL), tree.SUBTREE))
        for task in [upper, *pair]:
            check(t.exit(task).is_signal(9), "%r", t.exit(task))


@case("signals: to the group of all tasks, which is not the switch's")
def group_of_all():
    with Tree() as t:
        n, program = t.fork(), t.program(["/bin/sleep", "1000"])
        script = t.sh("kill 0")
        for task in (program, script):
            check(t.exit(task).is_signal(signal.SIGTERM), "%r", t.exit(task))
        expect(t.os_pid(ROOT), t.value(n, "getpgrp"))
        t.begin(n, "kill", 0, A.sigstop)
        eventually(lambda: proc.state(t.os_pid(ROOT)) == "T", SOON, "runs")
        expect(A.ok, t.stop(n, ms=100))
        expect(A.ok, t.kill(ROOT, signal.SIGCONT))
        expect(t.os_pid(ROOT), t.value(ROOT, "getpid"))


@case("signals: to a group that a program leads")
def group():
    with Tree() as t:
        n = t.fork()
        expect(t.born[n][2], t.value(n, "setsid"))
        t.exec(n, ["/bin/sh", "-c", "sleep 1000 & echo $!; wait"])
        t.until_out(n, b"\n")
        child = int(t.out[n, 1])
        expect(A.ok, t.kill(n, 15, tree.GROUP))
        check(t.exit(n).is_signal(15), "%r", t.exit(n))
        eventually(lambda: not proc.alive(child), 5, "its child lives")
