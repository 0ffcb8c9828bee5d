"""A taken-over launcher: what it sends, and what it keeps of what it sent.

Its end of the channel is fetched with pidfd_getfd(2), and so is the worker's
copy of a pipe, which is what a launcher could have kept.
"""

import array
import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess

import proc
import world
from case import Skip, case, check, eventually, expect, rows
from etf import A
from suid import SLEEP, SPARED, Suid, as_user
from test_hostile import FD_MARK, STREAM, imsg
from native import Native
from test_starter import lifts_limits
from test_users import usual_rules
from world import ONE, PARTS, TWO

SECTION = "hostile launcher:"
CHANNEL = 3             # a launcher's descriptor to priv
GETFD = 438             # pidfd_getfd


def fetch(pid, number):
    """Another process's descriptor: the same open file."""
    pidfd = os.pidfd_open(pid)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        fd = libc.syscall(GETFD, pidfd, number, 0)
        check(fd != -1, "pidfd_getfd: %s", os.strerror(ctypes.get_errno()))
        return fd
    finally:
        os.close(pidfd)


def lingering():
    """A connection that has bytes to deliver to who never reads them."""
    server = socket.create_server(("127.0.0.1", 0))
    ours = socket.create_connection(server.getsockname())
    theirs = server.accept()[0]
    server.close()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 1000))
    ours.setblocking(False)
    try:
        while True:
            ours.send(b"x" * 65536)
    except BlockingIOError:
        pass
    return ours.detach(), theirs


def named():
    path = world.home + "/named"
    os.mkfifo(path)
    fd = os.open(path, os.O_RDWR)
    os.unlink(path)
    return fd, None


def send(p, fds, marked=True):
    """Say to priv what the target's launcher could say."""
    channel = socket.socket(
        fileno=fetch(p.launchers()[world.uid(ONE)], CHANNEL))
    # Its own copies are closed before priv has any.
    os.kill(p.ring()["priv"], signal.SIGSTOP)
    body = struct.pack("=II", 1, 0)
    length = 16 + len(body) | (FD_MARK if marked else 0)
    channel.sendmsg([imsg(STREAM, body, length)], [(
        socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])
    channel.close()
    for fd in fds:
        os.close(fd)
    os.kill(p.ring()["priv"], signal.SIGCONT)


@rows(SECTION + " ends all at once, and holds up nobody:", [
    ("a socket that lingers", lingering),
    ("a file with a name that is a FIFO", named),
    ("a directory", lambda: (os.open("/", os.O_RDONLY), None)),
    ("a file", lambda: (os.open("/etc/passwd", os.O_RDONLY), None)),
    ("/dev/null", lambda: (os.open("/dev/null", os.O_RDWR), None)),
    ("an event descriptor", lambda: (os.eventfd(0), None)),
    ("a local socket", lambda: (socket.socketpair()[0].detach(), None)),
])
def odd(make):
    with usual_rules, Suid() as p:
        expect([], p.ask(A.list))
        fd, kept = make()
        send(p, [fd])
        p.end(10)
        p.closed = True
        expect(5, p.status, "exit")
        expect(1, len(p.logged("what is no pipe")), "lines")
        p.nothing_left(5)
        del kept


@rows(SECTION + " what nobody has asked for holds up nobody:", [
    ("one that lingers and is not announced", 1, False),
    ("three at once, not announced", 3, False)])
def unasked(count, marked):
    with usual_rules, Suid() as p:
        expect([], p.ask(A.list))
        made = [lingering() for _ in range(count)]
        send(p, [fd for fd, _ in made], marked)
        p.run(SLEEP)
        p.close_input()
        p.end(15)
        p.closed = True
        p.nothing_left(5)


def held_pipe(p, pid):
    """The worker's end of the only pipe of this child's that it has."""
    theirs = {os.readlink("/proc/%d/fd/%d" % (pid, n)) for n in (0, 1)}
    theirs = {name for name in theirs if name.startswith("pipe:")}
    worker = p.ring()["worker"]
    for number in sorted(proc.descriptors(worker)):
        try:
            name = os.readlink("/proc/%d/fd/%d" % (worker, number))
        except OSError:
            continue
        if name in theirs or "ptmx" in name:
            return fetch(worker, number)
    check(False, "no pipe of %d's", pid)


def wait_again(fd):
    fcntl.fcntl(fd, fcntl.F_SETFL,
                fcntl.fcntl(fd, fcntl.F_GETFL) & ~os.O_NONBLOCK)


@case(SECTION + " a pipe that is made to wait holds up nobody")
def stdin_waits():
    with usual_rules, Suid() as p:
        pid = p.run(SLEEP, [as_user(ONE), A.stdin])
        fd = held_pipe(p, pid)
        wait_again(fd)
        p.send((A.stdin, pid, b"x" * (1 << 20)))
        said = p.output_of(["/bin/echo", "still here"])
        expect("still here\n", said)
        os.close(fd)


@case(SECTION + " a terminal that is made to wait holds up for a second")
def terminal_waits():
    with usual_rules, Suid() as p:
        pid = p.run(SLEEP, [as_user(ONE), A.stdin, A.stdout, A.pty])
        fd = held_pipe(p, pid)
        # Sooner or later the flag is cleared just before a read or write.
        for _ in range(200):
            wait_again(fd)
            p.send((A.stdin, pid, b"x" * 4000 + b"\n"))
        said = p.output_of(["/bin/echo", "still here"])
        expect("still here\n", said)
        os.close(fd)


# A launcher that is held ---

class Apart(Native, Suid):
    """The native dialect, for a starter with rules."""


@case(SECTION + " one that is held holds up its own user alone", limit=40)
def others_go_on():
    with usual_rules, Apart() as p:
        expect([], p.ask(A.list))
        held = p.launchers()[world.uid(ONE)]
        os.kill(held, signal.SIGSTOP)
        # More than priv lets wait for an answer.
        late = [p.send((A.run, ["/bin/true"], [as_user(ONE)]))
                for _ in range(100)]
        p.run(["/bin/true"], [as_user(TWO)])
        p.run(["/bin/true"])
        p.ask(A.list)
        check(not [n for n in late if n in p.replies], "it was not held")
        os.kill(held, signal.SIGCONT)
        for number in late:
            check(p.reply(number)[0] == A.pid, "no pid")


@case(SECTION + " one that is held and in order: a shorter patience",
      limit=40)
def order_is_kept():
    with usual_rules, Suid() as p:
        expect([], p.ask(A.list))
        os.kill(p.launchers()[world.uid(ONE)], signal.SIGSTOP)
        p.send((A.run, ["/bin/true"], [as_user(ONE)]))
        number = p.send((A.run, ["/bin/true"], [as_user(TWO)]))
        # Twice 3 s: for a child, then for the launcher, whose end is told.
        check(p.reply(number, 9)[0] == A.pid, "no pid")
        p.end(10)
        p.close(code=5)


# Descriptors on their way ---

def pipes_held(pid):
    return len([fd for fd in proc.descriptors(pid)
                if os.readlink("/proc/%d/fd/%d" % (pid, fd))
                .startswith("pipe:")])


def cpu(pid):
    """Ticks that it has used."""
    return sum(map(int, proc.stat(pid)[11:13]))


@case(SECTION + " few descriptors are on their way to who does not read",
      limit=60)
def flight_bounded():
    """And nobody spins for that; a worker does not read if the node does
    not."""
    with usual_rules, Apart() as p:
        expect([], p.ask(A.list))
        priv, worker = p.ring()["priv"], p.ring()["worker"]
        before = pipes_held(priv)
        os.kill(worker, signal.SIGSTOP)
        numbers = [p.send((A.run, SLEEP, [A.stdin, A.stdout, A.stderr]))
                   for _ in range(60)]
        eventually(lambda: len(proc.children(priv)) >= 60 + 2, 10,
                   "they are not made")
        eventually(lambda: pipes_held(priv) - before >= 180 - 64, 5,
                   lambda: "on their way: %d" % (
                       180 - pipes_held(priv) + before))
        used = cpu(priv)
        p.pump(1)
        check(cpu(priv) - used < 50, "it spins")
        os.kill(worker, signal.SIGCONT)
        for number in numbers:
            check(p.reply(number, 10)[0] == A.pid, "no pid")


FLIGHT = """
import array, os, socket, sys
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (
    resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
kept = []
for _ in range(1100 // 10):
    a, b = socket.socketpair()
    kept += [a, b]
    a.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                        array.array("i", [2] * 10))])
print("sent", flush=True)
sys.stdin.read()
"""


@case(SECTION + " another's descriptors on their way: an answer, in time",
      limit=60)
def flight_of_others():
    """They count for the user that all proctors of the machine run as."""
    if lifts_limits():
        raise Skip("its limit is too high for that here")
    with usual_rules, Suid(nofile=(1024, 1024)) as p:
        expect([], p.ask(A.list))
        other = subprocess.Popen(
            ["setpriv", "--reuid", PARTS, "--regid", "nogroup",
             "--clear-groups", "/usr/bin/python3", "-c", FLIGHT],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        SPARED.add(other.pid)
        try:
            expect(b"sent\n", other.stdout.readline())
            number = p.send((A.run, SLEEP, [A.stdout, as_user(ONE)]))
            reply = p.reply(number, 12)
            expect(A.error, reply[0])
            check(not p.logged("has died"), "log %s", p.log())
        finally:
            other.stdin.close()
            other.wait()
            SPARED.discard(other.pid)
        p.output_of(["/bin/true"], as_user(ONE))
