"""A taken-over launcher: what it sends, and what it keeps of what it sent.

Its end of the channel is fetched with pidfd_getfd(2), and so is the worker's
copy of a pipe, which is what a launcher could have kept. Then one that is held,
and whom that may hold up.
"""

import array
import ctypes
import fcntl
import os
import signal
import socket
import struct

import proc
import world
from case import case, check, expect, rows
from etf import A
from native import HELLO, Native
from suid import SLEEP, Suid, as_user
from test_hostile import FD_MARK, STREAM, imsg
from test_users import usual_rules
from world import ONE, TWO

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


class Held:
    """The launcher of a user is stopped, as his newborn children can do to
    it."""

    def __init__(self, p, user):
        expect([], p.ask(A.list))
        self.pid = p.launchers()[world.uid(user)]

    def __enter__(self):
        os.kill(self.pid, signal.SIGSTOP)

    def __exit__(self, *args):
        os.kill(self.pid, signal.SIGCONT)


@case(SECTION + " one that is held holds up its own user alone", limit=40)
def others_go_on():
    with usual_rules, Apart() as p:
        with Held(p, ONE):
            # More than may wait of who is in time.
            late = [p.send((A.run, ["/bin/true"], [as_user(ONE)]))
                    for _ in range(200)]
            p.run(["/bin/true"], [as_user(TWO)])
            p.exit(p.run(["/bin/true"]))
            p.ask(A.list)
            check(not [n for n in late if n in p.replies], "it was not held")
        for number in late:
            check(p.reply(number)[0] == A.pid, "no pid")


@case(SECTION + " one that is held and has no room: refusals, for its own"
      " user alone", limit=60)
def no_room():
    with usual_rules, Apart() as p:
        with Held(p, ONE):
            # In bytes more than may wait of all.
            late = [p.send((A.run, ["/bin/true"] + ["x" * 100000] * 10,
                            [as_user(ONE)])) for _ in range(20)]
            p.reply(p.send((A.run, ["/bin/true"], [as_user(TWO)])))
            check(p.logged("too much to do"), "log %s", p.log())
            # From now on at once.
            for _ in range(20):
                number = p.send((A.run, ["/bin/true"], [as_user(ONE)]))
                refused = p.reply(number, 1)
                expect((A.error, (A.launcher, A.eagain, b"")), refused)
                p.reply(p.send((A.run, ["/bin/true"], [as_user(TWO)])), 1)
        replies = [p.reply(number, 10)[0] for number in late]
        check(A.pid in replies and A.error in replies, "%s", replies)
        p.exit(p.run(["/bin/true"], [as_user(ONE)]))


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


@case(SECTION + " what was asked before hello is answered before it")
def hello_waits():
    with usual_rules, Apart(hello=False) as p:
        with Held(p, ONE):
            early = p.send((A.run, ["/bin/true"], [as_user(ONE)]))
            hello = p.send(HELLO)
            late = p.send((A.run, ["/bin/true"], [as_user(ONE)]))
            other = p.send((A.run, ["/bin/true"], [as_user(TWO)]))
            p.pump(0.7)
            check(not p.replies, "%s", p.replies)
        # Until the last of these in their order: the class looks at that.
        for number in (early, hello, other, late):
            p.reply(number)
