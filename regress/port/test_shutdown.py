"""PROTOCOL 5, shutdown, and ARCHITECTURE, rule 7: no descendant is left.

Each child starts a family: a grandchild in its group, one that has made
its own session, and where a case says so one that ignores SIGTERM. All of
them carry a mark in their environment, by which they are found again.
"""

import os
import signal
import tempfile
import time

import proc
from case import (ERROR, LAUNCHER, OK, Skip, case, check, check_took,
                  eventually, expect, rows)
from etf import A
from port import Port
from family import DEAF, FAMILY, gone, mark, start

SECTION = "5 shutdown:"


WAYS = {
    "end of file": lambda p: p.close_input(),
    "SIGTERM": lambda p: os.kill(p.pid, signal.SIGTERM),
    "SIGINT": lambda p: os.kill(p.pid, signal.SIGINT),
    "SIGHUP": lambda p: os.kill(p.pid, signal.SIGHUP),
    "{shutdown}": lambda p: p.send((A.shutdown,), 0),
}


@rows(SECTION, [(way + ", no child", way) for way in WAYS])
def idle(way):
    with Port() as p:
        expect([], p.ask(A.list))
        WAYS[way](p)
        p.end(seconds=1)


@rows(SECTION, [(way + ", children and grandchildren", way)
                for way in WAYS])
def family(way):
    """Gone at once, not after the alarm."""
    with Port() as p:
        entry, _ = start(p, FAMILY, 5, 3)
        WAYS[way](p)
        p.end(seconds=3)
        check(not proc.marked(entry), "alive: %s", proc.marked(entry))


@rows(SECTION, [(way + ", who ignore SIGTERM, -alarm 1", way)
                for way in WAYS])
def deaf(way):
    with Port("-alarm", "1") as p:
        entry, _ = start(p, DEAF, 3, 6)
        WAYS[way](p)
        p.end(seconds=4)
        check(not proc.marked(entry), "alive: %s", proc.marked(entry))


@case(SECTION + " SIGTERM comes first, and time to use it")
def graceful():
    with Port() as p:
        path = "/tmp/" + mark()
        try:
            pid = p.run("trap 'sleep 0.3; echo bye >%s; exit' TERM; "
                        "echo up; while :; do sleep 0.02; done" % path,
                        [A.stdout])
            p.until_out(pid, b"up\n")
            p.close_input()
            p.end()
            check(os.path.exists(path), "no time for its last words")
        finally:
            if os.path.exists(path):
                os.unlink(path)


@case(SECTION + " -alarm 2 is kept to")
def alarm():
    with Port("-alarm", "2") as p:
        start(p, "trap '' TERM; sleep 1000; sleep 1000", 1, 2)
        began = time.monotonic()
        p.close_input()
        p.end(seconds=5)
        took = time.monotonic() - began
        check_took(took, 1.8, 3.5)


@case(SECTION + " -alarm is 12 without it", limit=40)
def alarm_default():
    """For one whose own time, kill_timeout, is longer."""
    with Port() as p:
        pid = p.run("trap '' TERM; echo up; while :; do sleep 0.05; done",
                    [A.stdout, (A.kill_timeout, 60)])
        p.until_out(pid, b"up\n")
        began = time.monotonic()
        p.close_input()
        p.end(seconds=20)
        took = time.monotonic() - began
        check_took(took, 11.8, 14)


@case(SECTION + " -alarm 0: SIGKILL follows at once")
def alarm_zero():
    with Port("-alarm", "0") as p:
        entry, _ = start(p, DEAF, 2, 6)
        p.close_input()
        p.end(seconds=2)
        gone(entry, 0)


@rows(SECTION + " daemons of children that ended before it,", [
    ("end of file", "end of file", ""), ("SIGTERM", "SIGTERM", ""),
    ("{shutdown}", "{shutdown}", ""),
    ("who ignore SIGTERM, -alarm 1", "end of file", "trap '' TERM; "),
])
def daemons(way, deaf):
    """They have left session and parent, but not us."""
    with Port("-alarm", "1") as p:
        entry = mark()
        for _ in range(5):
            p.exit(p.run("%ssetsid sleep 1000 & exit 0" % deaf,
                         [(A.env, [entry])]))
        expect([], p.ask(A.list))
        eventually(lambda: len(proc.marked(entry)) == 5, 2, lambda: (
            "%d daemons" % len(proc.marked(entry))))
        WAYS[way](p)
        p.end(seconds=4)
        gone(entry, 0)


@rows(SECTION + " daemons get SIGTERM, and time to use it,", [
    (way, way) for way in WAYS])
def daemons_graceful(way):
    with tempfile.TemporaryDirectory() as directory, Port() as p:
        note = directory + "/note"
        p.exit(p.run("setsid sh -c \"trap 'echo term >>%s; exit' TERM; "
                     "echo up >>%s; while :; do sleep 0.02; done\" & exit 0"
                     % (note, note)))

        def words():
            with open(note, encoding="ascii") as f:
                return f.read().split()
        eventually(lambda: os.path.exists(note) and words(), 2, "no daemon")
        WAYS[way](p)
        p.end(seconds=4)
        check(words() == ["up", "term"], "it wrote %s", words())


@case(SECTION + " twice: SIGTERM during an end of file")
def twice():
    with Port("-alarm", "1") as p:
        start(p, "trap '' TERM; sleep 1000; sleep 1000", 3, 2)
        p.close_input()
        time.sleep(0.1)
        os.kill(p.pid, signal.SIGTERM)
        os.kill(p.pid, signal.SIGHUP)
        p.end(seconds=4)


def node(pipe):
    """In a process of its own: a node with children; their mark."""
    with Port() as p:
        entry, _ = start(p, FAMILY, 5, 3)
        os.write(pipe, ("%d %s" % (p.pid, entry)).encode())
        p.pump(1000)


@case(SECTION + " kill -9 of the node")
def node_killed():
    """What is left falls to the harness, which looks for it."""
    rfd, wfd = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
            os.close(rfd)
            node(wfd)
        finally:
            os._exit(1)
    os.close(wfd)
    with os.fdopen(rfd, "rb") as f:
        port, entry = f.read1(200).decode().split()
    eventually(lambda: len(proc.marked(entry)) == 15, 5, lambda: (
        "%d processes of 15" % len(proc.marked(entry))))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    gone(entry, 3)
    eventually(lambda: proc.state(int(port)) in (None, "Z"), 3,
               "the port goes on")
    _, status = os.waitpid(int(port), 0)
    check(status == 0, "the port ended with %d", status)
    eventually(lambda: not proc.descendants(os.getpid()), 1, lambda: (
        "left behind: %s" % proc.descendants(os.getpid())))


@case(SECTION + " both pipes to the node close")
def node_gone():
    p = Port()
    try:
        pid = p.run("yes", [A.stdout])
        p.until(lambda: len(p.out(pid)) > 100000, "output")
        entry, _ = start(p, FAMILY, 5, 3)
        os.close(p.rfd)
        p.rfd = os.open("/dev/null", os.O_RDONLY)
        p.close_input()
        p.eof = True
        p.end(seconds=4)
        gone(entry, 0)
        p.nothing_left()
    finally:
        p.release()


@case(SECTION + " the node is stuck: a full pipe delays nothing")
def node_stuck():
    with Port("-alarm", "1") as p:
        for _ in range(5):
            p.run("yes", [A.stdout])
        p.reading = False
        p.pump(0.5)
        entry, _ = start_unread(p)
        os.kill(p.pid, signal.SIGTERM)
        gone(entry, 4)
        p.end(seconds=4)


def start_unread(p):
    """Start a family when no reply can be read."""
    entry = mark()
    p.send((A.run, FAMILY, [(A.env, [entry])]))
    eventually(lambda: len(proc.marked(entry)) >= 3, 5, "no family")
    return entry, None


@case(SECTION + " a child that is stopped dies, too")
def stopped_child():
    with Port("-alarm", "1") as p:
        pid = p.run(["/bin/sleep", "1000"])
        expect(OK, p.ask(A.kill, pid, int(signal.SIGSTOP)))
        p.close_input()
        p.end(seconds=4)


@case(SECTION + " 500 children in 2 s", limit=30)
def five_hundred():
    with Port() as p:
        for _ in range(500):
            p.send((A.run, ["/bin/sleep", "1000"], [A.stdout]))
        p.until(lambda: not p.asked, "500 replies", 10)
        began = time.monotonic()
        p.close_input()
        p.end(seconds=10)
        took = time.monotonic() - began
        check_took(took, 0, 2)


@case(SECTION + " nothing that is not ours is signalled")
def not_ours():
    """A neighbour that was started by us, in a group of its own."""
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            os.execv("/bin/sleep", ["sleep", "1000"])
        finally:
            os._exit(127)
    p = Port("-alarm", "1")
    try:
        start(p, DEAF, 2, 5)
        p.close_input()
        p.end()
        check(proc.alive(pid), "the neighbour is dead")
    finally:
        p.release()
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


# A part of the ring dies ----------------------------------------------------

@rows(SECTION + " SIGKILL of", [
    ("the broker", "broker"), ("the worker", "worker"), ("priv", "priv"),
    ("the guard", "guard"), ("the reaper", "reaper"),
], limit=40)
def ring_dies(role):
    """200 children, grandchildren, half of them in their own sessions."""
    with Port("-alarm", "1") as p:
        p.ring()
        entry, _ = start(p, FAMILY, 200, 3)
        os.kill(p.ring()[role], signal.SIGKILL)
        gone(entry, 4)
        eventually(lambda: p._wait(0) or p.status is not None, 4,
                   "the port goes on")
        if role != "guard":
            check(p.status != 0, "exit code 0")
        p.nothing_left(4)
        p.closed = True


@rows(SECTION + " SIGKILL, who ignore SIGTERM, of", [
    ("the broker", "broker"), ("the worker", "worker"), ("priv", "priv"),
    ("the guard", "guard"), ("the reaper", "reaper"),
], limit=40)
def ring_dies_deaf(role):
    with Port("-alarm", "1") as p:
        p.ring()
        entry, _ = start(p, DEAF, 10, 6)
        os.kill(p.ring()[role], signal.SIGKILL)
        gone(entry, 4)
        p.nothing_left(4)
        p.closed = True


@rows(SECTION + " SIGSEGV of", [
    ("the broker", "broker"), ("the worker", "worker")])
def ring_faults(role):
    with Port("-alarm", "1") as p:
        entry, _ = start(p, FAMILY, 5, 3)
        os.kill(p.ring()[role], signal.SIGSEGV)
        gone(entry, 4)
        p.nothing_left(4)
        p.closed = True


@case(SECTION + " SIGKILL of the launcher: children live, runs are refused",
      limit=40)
def launcher_dies():
    if not LAUNCHER:
        raise Skip("built without a launcher")
    with Port() as p:
        p.ring()
        cat = p.run(["/bin/cat"], [A.stdin, A.stdout])
        entry, pids = start(p, FAMILY, 200, 3)
        os.kill(p.ring()["launcher"], signal.SIGKILL)
        expect(ERROR, p.ask(A.run, ["/bin/true"], []))
        expect(ERROR, p.ask(A.run, "true", [A.stdin, A.stdout]))
        time.sleep(0.2)
        check(len(proc.marked(entry)) == 600, "%d of 600 live",
              len(proc.marked(entry)))
        p.stdin(cat, b"still here")
        p.until_out(cat, b"still here")
        expect(OK, p.ask(A.stop, pids[0]))
        expect(0, p.exit(pids[0]), "status")
        check(len(p.ask(A.list)) == 200, "list")
        p.close_input()
        p.end()
        gone(entry, 0)
