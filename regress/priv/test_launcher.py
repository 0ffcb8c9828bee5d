"""A taken-over launcher: what it sends, and what it keeps of what it sent.

Its end of the channel is fetched with pidfd_getfd(2), and so is the worker's
copy of a pipe, which is what a launcher could have kept. Then one that is
held, and whom that may hold up.
"""

import array
import contextlib
import ctypes
import errno
import fcntl
import os
import signal
import socket
import struct
import subprocess
import time

import proc
import world
from case import OK, SLOW, case, check, eventually, expect, rows
from etf import A
from missing import without
from native import HELLO, Native
from suid import SLEEP, SPARED, Suid, as_user, ids
from world import ONE, STARTER, TWO, UNRULED
from imsg import FD_MARK, STREAM, imsg
from ports import BOTH, Ports, parts
from rules import usual_rules

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


@rows(SECTION + " what nobody has asked for ends all, and holds up nobody:", [
    ("one that lingers and is not announced", 1, False),
    ("three at once, not announced", 3, False),
    ("three at once, one announced", 3, True)])
def unasked(count, marked):
    with usual_rules, Suid() as p:
        expect([], p.ask(A.list))
        made = [lingering() for _ in range(count)]
        send(p, [fd for fd, _ in made], marked)
        p.end(15)
        p.closed = True
        expect(5, p.status, "exit")
        expect(1, len(p.logged("a descriptor with nothing")), "lines")
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


class Bare(Suid):
    """On a system on which the worker serves pipes as terminals."""

    def _exec(self, child_in, child_out):
        without("preadv2 and splice", "ENOSYS")()
        super()._exec(child_in, child_out)


WAITS = [("holds up nobody", Suid),
         ("holds up for a second, without preadv2 and splice", Bare)]


@rows(SECTION + " a pipe that is made to wait", WAITS)
def stdin_waits(kind):
    with usual_rules, kind() as p:
        pid = p.run(SLEEP, [as_user(ONE), A.stdin])
        fd = held_pipe(p, pid)
        wait_again(fd)
        p.send((A.stdin, pid, b"x" * (1 << 20)))
        said = p.output_of(["/bin/echo", "still here"])
        expect("still here\n", said)
        os.close(fd)


@rows(SECTION + " an output that is made to wait, and stays open,", WAITS)
def output_waits(kind):
    """What its child has left is read, and one byte more is asked for."""
    with usual_rules, kind() as p:
        pid = p.run(SLEEP, [as_user(ONE), A.stdout])
        kept = os.open("/proc/%d/fd/1" % pid, os.O_WRONLY)
        fd = held_pipe(p, pid)
        wait_again(fd)
        expect(OK, p.ask(A.kill, pid, 9))
        expect(9, p.exit(pid), "exit")
        said = p.output_of(["/bin/echo", "still here"])
        expect("still here\n", said)
        os.close(kept)
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


# What it leaves behind ---

SUID_FILE = r"""
import os, sys
path = os.path.join(sys.argv[1], "left")
for attempt in (lambda: os.open(path, os.O_CREAT | os.O_WRONLY, 0o4755),
                lambda: os.chmod(path, 0o4755),
                lambda: os.mknod(path + "2", 0o104755)):
    try:
        attempt()
        print("works")
    except PermissionError:
        open(path, "a").close()
os.chmod(path, 0o2755)
print(oct(os.stat(path).st_mode))
"""


@rows(SECTION + " no file that is set-user-ID, and for no child:", [
    ("the starter's own", STARTER), ("another user's", ONE)])
def suid_file(user):
    with usual_rules, Suid() as p:
        said = p.output_of(
            ["/usr/bin/python3", "-c", SUID_FILE,
             os.path.join(world.home, user)],
            *([as_user(user)] if user != STARTER else []))
    expect("0o102755\n", said)


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


# Descriptors on their way ---

BOUND = 128     # that are sent ahead of who does not read
PIPES = [A.stdin, A.stdout, A.stderr]
FILL = r"""
import array, fcntl, os, resource, socket, sys
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
kept = []
try:
    while len(kept) < 1000:
        kept.append(os.pipe())
        fcntl.fcntl(kept[-1][0], fcntl.F_SETPIPE_SZ, 1 << 20)
except PermissionError:
    pass                            # there are no more pages for it
rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [2] * 250))
try:
    while True:
        kept.append(socket.socketpair())
        while True:
            try:
                kept[-1][0].sendmsg([b"x"], [rights], socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
except OSError as e:
    print(e.errno, flush=True)
sys.stdin.read()
"""


class Taken:
    """All that one user may have of what the system counts for users, the
    one that this process has: descriptors on their way, memory of pipes."""

    def __init__(self, pid):
        self.uid = ids(pid, "Uid")[0]
        with open("/proc/%d/limits" % pid, encoding="ascii") as f:
            self.limit = [line.split()[3] for line in f
                          if line.startswith("Max open files")][0]

    def __enter__(self):
        uid = str(self.uid)
        self.filler = subprocess.Popen(
            ["setpriv", "--reuid", uid, "--clear-groups",
             "/usr/bin/python3", "-c", FILL, self.limit],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        SPARED.add(self.filler.pid)
        said = self.filler.stdout.readline()
        expect(b"%d\n" % errno.ETOOMANYREFS, said, "of the filler")

    def __exit__(self, *args):
        self.filler.stdin.close()
        self.filler.wait()
        self.filler.stdout.close()
        SPARED.discard(self.filler.pid)


def pipes_held(pid):
    return len([name for name in proc.descriptors(pid).values()
                if name.startswith("pipe:")])


def ticks(pid):
    """Processor time that it has used."""
    return sum(map(int, proc.stat(pid)[11:13]))


@case(SECTION + " few descriptors are on their way to who does not read",
      limit=60)
def flight_bounded():
    with usual_rules, Apart() as p:
        expect([], p.ask(A.list))
        priv, worker = p.ring()["priv"], p.ring()["worker"]
        before = pipes_held(priv)
        os.kill(worker, signal.SIGSTOP)
        numbers = [p.send((A.run, SLEEP, PIPES)) for _ in range(60)]
        eventually(lambda: pipes_held(priv) - before >= 180 - BOUND, 10,
                   lambda: "on their way: %d" % (
                       180 - pipes_held(priv) + before))
        p.pump(0.3)
        used = ticks(priv)
        p.pump(1)
        check(ticks(priv) - used < 10, "it spins: %d", ticks(priv) - used)
        os.kill(worker, signal.SIGCONT)
        for number in numbers:
            check(p.reply(number, 10)[0] == A.pid, "no pid")


@rows(SECTION + " a user who may send no descriptors: an answer in time:", [
    ("a launcher's", lambda p: p.launchers()[world.uid(ONE)]),
    ("priv's", lambda p: p.ring()["priv"])], limit=60)
def flight_of_others(whose):
    with usual_rules, Suid() as p:
        p.output_of(["/bin/true"], as_user(ONE))
        pid = whose(p)
        with Taken(pid):
            used = ticks(pid)
            # Each three, and in the dialect with less patience.
            for _ in range(2):
                reply = p.ask(A.run, SLEEP, [as_user(ONE), *PIPES])
                check(reply[0] == A.error, "%s", reply)
            check(ticks(pid) - used < 20, "it spins: %d", ticks(pid) - used)
            p.run(["/bin/true"], [as_user(TWO)])
        check(not p.logged("has died"), "log %s", p.log())
        for user in (ONE, TWO):
            p.output_of(["/bin/true"], as_user(user))


PIPE = ["/usr/bin/python3", "-c",
        "import fcntl; print(fcntl.fcntl(1, fcntl.F_GETPIPE_SZ))"]


@case(SECTION + " nodes that do not read hold up no other starter", limit=90)
def two_starters():
    """Nor does whatever counts for the uids of their instances."""
    with BOTH, Ports() as ports:
        other = ports.start()
        deaf = [ports.start(who=UNRULED) for _ in range(4)]
        for p in deaf:
            # It does not read either then.
            os.kill(p.ring()["worker"], signal.SIGSTOP)
            for _ in range(60):
                p.send((A.run, SLEEP, [as_user(ONE), *PIPES]))
            p.pump(0.2)
        ring = [pid for p in deaf for pid in parts(p)]
        used = sum(map(ticks, ring))
        with contextlib.ExitStack() as stack:
            for pid in (deaf[0].ring()["priv"], *deaf[0].launchers().values()):
                stack.enter_context(Taken(pid))
            for _ in range(5):
                begin = time.monotonic()
                said = other.output_of(PIPE, as_user(ONE))
                took = time.monotonic() - begin
                check(took < 2 * SLOW, "%.1f s", took)
                check(int(said) >= 65536, "a pipe of %s bytes", said)
        check(sum(map(ticks, ring)) - used < 50, "they spin: %d",
              sum(map(ticks, ring)) - used)
        for p in deaf:
            os.kill(p.ring()["worker"], signal.SIGCONT)
