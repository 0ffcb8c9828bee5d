"""A taken-over keeper: what it says to priv, and what it sends.

Its end of the channel is fetched with pidfd_getfd(2). It can say that it made
a leaf where there is none, and kill what is in those that it has; it can have
nobody else entered, signalled or told of, and nobody waits for it for ever.
"""

import array
import errno
import os
import signal
import socket
import struct

import proc
import world
from cgroups import spares
from case import Skip, case, check, eventually, expect, rows
from etf import A
from imsg import (FD_MARK, LAUNCHED, LEAF, LEAF_DONE, LEAF_EVENT, LEAF_STATE,
                  LIST, STREAM, imsg)
from native import Native, exited
from suid import SLEEP, Suid, as_user
from test_groups import Old
from test_launcher import fetch
from world import ONE, TWO
from rules import Rules, usual_rules

SECTION = "hostile keeper:"
CHANNEL = 3             # the keeper's descriptor to priv
MAKE, SET, KILL, FREEZE, THAW, STATS, END = range(7)
LEAF_OPTION = (A.cgroup, A.true)


class Contained(Native, Suid):
    """Its channel, as the keeper has it."""

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        if "keeper" not in self.ring():
            self.close_input()
            self.end()
            self.closed = True
            raise Skip("no keeper here")

    def says(self, raw, fds=()):
        channel = socket.socket(fileno=fetch(self.ring()["keeper"], CHANNEL))
        if fds:
            channel.sendmsg([raw], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                     array.array("i", fds))])
        else:
            channel.setblocking(True)
            channel.sendall(raw)
        channel.close()

    def held(self):
        """The keeper stands still: what it would say is ours to say."""
        os.kill(self.ring()["keeper"], signal.SIGSTOP)

    def lied(self):
        """All ends with status 5, and nothing is left."""
        self.end(20)
        self.closed = True
        expect(5, self.status, "exit")
        self.nothing_left(10)

    def child(self, user=ONE):
        """A child with a leaf: its pid and priv's number for it."""
        pid = self.run(SLEEP, [as_user(user), LEAF_OPTION])
        path = self.ask(A.stats, pid)[1][A.path].decode()
        return pid, int(os.path.basename(path)[1:])


class OldContained(Contained, Old):
    """The same where the reaper kills for it."""

    def __init__(self, *args, **more):
        world.freezer()
        super().__init__(*args, **more)


def leaf(number, left=0):
    return imsg(LEAF, struct.pack("=II", number, left), FD_MARK | 24)


def done(number, op, error=0, text=b"", off=0):
    return imsg(LEAF_DONE, struct.pack("=IIiIII", number, op, error, off,
                                       len(text), 0) + text + b"\0")


def state(number, op, tid=0, stats=(0,) * 16):
    return imsg(LEAF_STATE, struct.pack("=qII16QII", tid, number, op, *stats,
                                        0, 0) + b"\0")


def event(number, kills=1, pad=0):
    return imsg(LEAF_EVENT, struct.pack("=IIQQQ", number, pad, kills, 0, 0))


# About a leaf that is there: its number comes first.
LIES = [
    ("of a stranger, gone", lambda n: state(n + 1000, END)),
    ("of the next that is made", lambda n: state(n + 1, END)),
    ("gone, and its child lives", lambda n: state(n, END)),
    ("gone, by an answer", lambda n: done(n, END)),
    ("gone, for a request of somebody's", lambda n: state(n, END, tid=5)),
    ("made again", lambda n: done(n, MAKE)),
    ("not made, later", lambda n: done(n, MAKE, 1)),
    ("other limits, unasked", lambda n: done(n, SET)),
    ("not to be killed, unasked", lambda n: done(n, KILL, errno.EBUSY,
                                                 b"t0/c%d" % n)),
    ("frozen, unasked", lambda n: done(n, FREEZE)),
    ("stats, unasked", lambda n: state(n, STATS)),
    ("a negative error", lambda n: done(n, SET, -1)),
    ("an operation that there is not", lambda n: done(n, 7)),
    ("a text elsewhere", lambda n: done(n, SET, 1, b"x", 1)),
    ("an event with its padding", lambda n: event(n, pad=1)),
    ("a file that was lost", lambda n: imsg(LEAF, struct.pack("=II", n, 0))),
    ("a stream of a child's", lambda n: imsg(STREAM, struct.pack(
        "=II", n, 1))),
    ("a request of the node's", lambda n: imsg(LIST, struct.pack(
        "=qii", 7, 0, 0))),
    ("nothing that there is", lambda n: imsg(99, b"x" * 16)),
    ("half a header", lambda n: imsg(LEAF_EVENT, b"", 3)),
    ("100,000 events", lambda n: event(n) * 1000 + state(n, STATS)),
]


@rows(SECTION + " ends all at once:", [
    (title + kind, start, make) for title, make in LIES
    for kind, start in (("", Contained), (", version 1", OldContained))])
def lie(start, make):
    with usual_rules, start() as p:
        pid, number = p.child()
        p.says(make(number))
        p.lied()
        check(not proc.alive(pid), "a child lives")


@case(SECTION + " events are told, however many, and as one where none reads")
def events():
    with usual_rules, Contained() as p:
        pid, number = p.child()
        size = proc.rss(p.ring()["priv"])
        for i in range(50):
            p.says(event(number, i) * 400)
        p.until(lambda: any(c[A.oom_kill] == 49 for c in p.leaves[pid]),
                "the last", 10)
        check(proc.rss(p.ring()["priv"]) < size + (4 << 20), "priv grows")
        p.ask(A.stop, pid)
        p.exit(pid)


# What is made ahead ---

def spare(p):
    """The number of the leaf that is made ahead, and the child beside it."""
    pid, number = p.child()
    p.exit(p.run(["/bin/true"], [as_user(ONE), LEAF_OPTION]))
    eventually(lambda: spares(world.groups_dir), 5, "none is made ahead")
    path, = spares(world.groups_dir)
    expect("c%d" % (number + 2), os.path.basename(path), "it")
    return pid, number + 2


@rows(SECTION + " of what was made ahead:", [
    ("it is gone", lambda n: state(n, END)),
    ("it is made again", lambda n: done(n, MAKE)),
    ("it is not made, later", lambda n: done(n, MAKE, 28)),
    ("an event", lambda n: event(n)),
    ("stats", lambda n: state(n, STATS)),
    ("nobody in it can be killed", lambda n: done(n, KILL, 16, b"t0/c1")),
])
def ahead(make):
    with usual_rules, Contained() as p:
        pid, number = spare(p)
        p.says(make(number))
        p.lied()
        check(not proc.alive(pid), "a child lives")


def says_ahead(p, make):
    """The keeper's own words, of one that is asked for ahead: with that."""
    number = p.child()[1] + 1
    pid = p.run(SLEEP, [as_user(ONE), LEAF_OPTION])
    p.held()
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not os.path.exists("/proc/%d" % pid), 5, "not reaped")
    p.says(state(number, END))
    p.exit(pid)
    fd = make()
    p.says(leaf(number + 1) + done(number + 1, MAKE), [fd])
    os.close(fd)


@case(SECTION + " what was made ahead and is no group is nobody's")
def ahead_file():
    with usual_rules, Contained() as p:
        says_ahead(p, lingering_file)
        p.lied()
        expect(1, len(p.logged("what is of no control group")), "lines")


@case(SECTION + " what was made ahead and cannot be entered is no child's")
def ahead_other_group():
    with usual_rules, Contained() as p:
        says_ahead(p, lambda: os.open(
            world.groups_dir + "/cgroup.controllers", os.O_RDONLY))
        reply = p.ask(A.run, SLEEP, [as_user(ONE), LEAF_OPTION])
        expect((A.error, A.cgroup, A.ebadf), (reply[0], *reply[1][:2]), "run")
        os.kill(p.ring()["keeper"], signal.SIGKILL)
        p.lied()


# What is no file of a group ---

def lingering_file():
    return os.open(world.home + "/left", os.O_CREAT | os.O_RDWR, 0o666)


FILES = [
    ("a file", lingering_file),
    ("a directory", lambda: os.open("/", os.O_RDONLY)),
    ("a socket", lambda: socket.socketpair()[0].detach()),
    ("a pipe", lambda: os.pipe()[1]),
    ("of /proc", lambda: os.open("/proc/self/oom_score_adj", os.O_RDWR)),
    ("of /proc/sys", lambda: os.open("/proc/sys/vm/swappiness", os.O_RDWR)),
    ("/dev/null", lambda: os.open("/dev/null", os.O_RDWR)),
    ("an event descriptor", lambda: os.eventfd(0)),
]


@rows(SECTION + " a child enters nothing that is no group:", FILES)
def file(make):
    """The leaf that it is asked for gets this, and is said to be there."""
    with usual_rules, Contained() as p:
        number = p.child()[1] + 1
        p.held()
        p.send((A.run, SLEEP, [as_user(TWO), LEAF_OPTION]))
        p.pump(0.2)
        fd = make()
        before = os.fstat(fd).st_size
        p.says(leaf(number) + done(number, MAKE), [fd])
        p.end(20)
        p.closed = True
        expect(5, p.status, "exit")
        expect(1, len(p.logged("what is of no control group")), "lines")
        expect(before, os.fstat(fd).st_size, "size: it was written")
        os.close(fd)
        p.nothing_left(10)


@case(SECTION + " a group that it may not have is none for a child")
def other_group():
    """Root's own: the kernel looks at who has opened it, and so does priv at
    what comes of it: a child that cannot enter is none."""
    with usual_rules, Contained() as p:
        number = p.child()[1] + 1
        p.held()
        waiting = p.send((A.run, SLEEP, [as_user(TWO), LEAF_OPTION]))
        p.pump(0.2)
        fd = os.open(world.groups_dir + "/cgroup.controllers", os.O_RDONLY)
        p.says(leaf(number) + done(number, MAKE), [fd])
        os.close(fd)
        reply = p.reply(waiting)
        expect((A.error, A.cgroup, A.ebadf), (reply[0], *reply[1][:2]), "run")
        # Its end is waited for, and comes from who was held.
        os.kill(p.ring()["keeper"], signal.SIGKILL)
        p.lied()


@rows(SECTION + " of a leaf that is asked for:", [
    ("two files at once for the last", lambda n: leaf(n) + leaf(n), 2),
    ("made, without a file", lambda n: done(n, MAKE), 0),
    ("made, without all of them", lambda n: leaf(n, 1) + done(n, MAKE), 1),
    ("not made, and a file", lambda n: leaf(n) + done(n, MAKE, 1), 1),
    ("its end, before it is made", lambda n: state(n, END), 0),
    ("an event, before it is made", lambda n: event(n), 0),
    ("eight files behind it", lambda n: leaf(n, 8), 1),
])
def half_made(make, count):
    with usual_rules, Contained() as p:
        number = p.child()[1] + 1
        p.held()
        p.send((A.run, SLEEP, [as_user(TWO), LEAF_OPTION]))
        p.pump(0.2)
        fds = [os.open(world.groups_dir + "/cgroup.procs", os.O_WRONLY)
               for _ in range(count)]
        p.says(make(number), fds)
        for fd in fds:
            os.close(fd)
        p.lied()


@case(SECTION + " one that does not answer is killed, and all ends", limit=60)
def silent():
    with usual_rules, Contained() as p:
        p.held()
        waiting = p.send((A.run, SLEEP, [as_user(TWO), LEAF_OPTION]))
        reply = p.reply(waiting, 30)
        expect((A.error, A.cgroup, A.epipe), (reply[0], *reply[1][:2]), "run")
        p.lied()
        expect(1, len(p.logged("the keeper does not answer")), "lines")


@case(SECTION + " without it there is no kill command that has to have "
      "a leaf: the stop signal is heard", limit=60)
def no_killer():
    rules = Rules("permit news as daemon\n"
                  "permit memory 64M news as daemon\n")
    with rules, Contained("-alarm", "20") as p:
        pid = p.run("trap 'exit 7' TERM; echo up; sleep 1000 & wait",
                    [A.stdout, as_user(ONE), (A.kill, "sleep 1000"),
                     (A.kill_timeout, 15)])
        p.until_out(pid, b"up\n")
        os.kill(p.ring()["keeper"], signal.SIGKILL)
        p.ended(pid, exited(7), A.shutdown, 10)
        p.lied()


# A launcher that speaks of leaves ---

@rows(SECTION + " nor does a launcher speak for it:", [
    ("a leaf is gone", lambda n: state(n, END)),
    ("one is made", lambda n: done(n, MAKE)),
    ("an event", lambda n: event(n)),
])
def launcher(make):
    with usual_rules, Contained() as p:
        number = p.child()[1]
        channel = socket.socket(
            fileno=fetch(p.launchers()[world.uid(ONE)], CHANNEL))
        channel.send(make(number))
        channel.close()
        p.lied()


@case(SECTION + " a launcher answers for its own children only")
def launcher_answers():
    """For the child of another that waits for its leaf."""
    with usual_rules, Contained() as p:
        number = p.child()[1] + 1
        p.held()
        p.send((A.run, SLEEP, [as_user(TWO), LEAF_OPTION]))
        p.pump(0.2)
        pid = proc.children(p.ring()["priv"])[0]
        channel = socket.socket(
            fileno=fetch(p.launchers()[world.uid(TWO)], CHANNEL))
        channel.send(imsg(LAUNCHED, struct.pack(
            "=IiIiIIII", number, pid, 0, 0, 0, 0, 0, 0) + b"\0"))
        channel.close()
        p.lied()
