"""ARCHITECTURE, "One byte": output that is moved and not copied.

What comes must not differ.
"""

import fcntl
import hashlib
import os
import select
import statistics
import tempfile
import time

import proc
from case import SLOW, case, check, eventually, expect, rows
from etf import A
from native import Native, exited
from patience import Limit
from port import Port
from trace import Trace
from traffic import Counting, Data, OutputTo, socket_pair

MOVE = "6 moved:"
MIB = 1 << 20
PYTHON = "/usr/bin/python3"


class Hashed(Data):
    """A file that children write to their output."""

    def __init__(self, size):
        super().__init__(size)
        self.hash = hashlib.sha256(self.bytes).digest()


def script(text, *args):
    return [PYTHON, "-c", text, *args]


def worker_calls(p, cmd):
    """What the worker called while cmd ran."""
    trace = Trace([p.ring()["worker"]])
    pid = p.run(cmd, [A.stdout])
    expect(0, p.exit(pid, 30), "status")
    p.rest()
    return [name for name, _ in trace.stop()[p.ring()["worker"]]]


@rows(MOVE + " splice is used for much,", [("-p 4", 4), ("-p 2", 2)],
      limit=40)
def much(packet):
    with Counting(packet=packet) as p:
        calls = worker_calls(p, ["/usr/bin/head", "-c", str(8 * MIB),
                                 "/dev/zero"])
        check(calls.count("splice") > 8, "%d times", calls.count("splice"))
        copied = calls.count("writev")
        check(copied < 40 * SLOW, "%d pieces were copied", copied)


@case(MOVE + " and not for little", limit=40)
def little():
    with Port() as p:
        calls = worker_calls(p, "for i in 1 2 3 4 5 6 7 8; do echo $i; "
                             "sleep 0.02; done")
        check(calls and "splice" not in calls, "calls %s", calls)


@rows(MOVE + " every byte in its order,", [
    ("-p 4", 4, "cat %s"), ("-p 2", 2, "cat %s"),
    ("in odd pieces", 4, "dd if=%s bs=61439 status=none"),
    ("in odd pieces, -p 2", 2, "dd if=%s bs=10007 status=none"),
    ("in pieces just above the least", 4, "dd if=%s bs=8193 status=none"),
    ("after a pause", 4, "head -c 300000 %s; sleep 0.1; "
     "tail -c +300001 %s"),
    ("little between much", 4, "head -c 300000 %s; sleep 0.05; "
     "tail -c +300001 %s | head -c 5; sleep 0.05; tail -c +300006 %s"),
], limit=60)
def order(packet, cmd):
    data = Hashed(8 * MIB)
    with Counting(packet=packet) as p:
        pid = p.run(cmd.replace("%s", data.name), [A.stdout])
        expect(0, p.exit(pid, 40), "status")
        expect(len(data.bytes), p.count[pid], "bytes")
        check(p.hashed.digest() == data.hash, "other bytes")


@case(MOVE + " a port that is a socket gets copies", limit=60)
def other_port():
    data = Hashed(4 * MIB)
    reader, output = socket_pair()
    with OutputTo(reader, output) as p:
        os.close(output)
        pid = p.run(["/bin/cat", data.name], [A.stdout])
        expect(0, p.exit(pid, 30), "status")
        check(p.out(pid) == data.bytes, "other bytes")


class ToFile(OutputTo):
    """A file has no end of file while somebody writes it."""

    def _fill(self):
        data = os.read(self.rfd, MIB)
        self.received += data
        self._frames()
        if not data:
            time.sleep(0.01)


@case(MOVE + " a port that is a file gets copies", limit=60)
def file_port():
    data = Hashed(4 * MIB)
    with tempfile.NamedTemporaryFile() as out:
        reader = os.open(out.name, os.O_RDONLY)
        with ToFile(reader, out.fileno()) as p:
            pid = p.run(["/bin/cat", data.name], [A.stdout])
            expect(0, p.exit(pid, 30), "status")
            check(p.out(pid) == data.bytes, "other bytes")
            p.eof = True


@rows(MOVE + " a reader that takes it in pieces of", [
    ("1 byte, then all", 1), ("63 bytes", 63), ("4,095 bytes", 4095),
    ("65,537 bytes", 65537)], limit=60)
def slow_reader(size):
    """The header, too, may be cut anywhere."""
    data = Hashed(MIB)
    with Counting() as p:
        p.reading = False
        p.send((A.run, ["/bin/cat", data.name], [A.stdout]))
        p.send((A.list,))
        for _ in range(3000):
            try:
                got = os.read(p.rfd, size)
            except BlockingIOError:
                time.sleep(0.001)
                continue
            p.received += got
        p._frames()
        p.reading = True
        p.until(lambda: p.exits and all(p.exits.values()), "its exit", 20)
        check(p.hashed.digest() == data.hash, "other bytes")


@case(MOVE + " replies wait until a frame is whole", limit=60)
def replies():
    """Asked while the node does not read: a body is on its way then."""
    data = Hashed(4 * MIB)
    with Counting() as p:
        p.reading = False
        p.send((A.run, ["/bin/cat", data.name], [A.stdout]))
        p.pump(0.5 * SLOW)
        numbers = [p.send((A.list,)) for _ in range(50)]
        p.pump(0.3 * SLOW)
        p.reading = True
        for number in numbers:
            p.reply(number, 20)
        p.until(lambda: p.exits and all(p.exits.values()), "its exit", 20)
        check(p.hashed.digest() == data.hash, "other bytes")


@case(MOVE + " two that write much do not mix", limit=60)
def two():
    data = Hashed(4 * MIB)
    with Port() as p:
        pids = [p.run("cat %s; cat %s >&2" % (data.name, data.name),
                      [A.stdout, A.stderr]) for _ in range(2)]
        for pid in pids:
            expect(0, p.exit(pid, 30), "status")
            for stream in (A.stdout, A.stderr):
                check(p.out(pid, stream) == data.bytes, "other bytes")


STEAL = """
import os, threading, time
thief = os.open('/proc/self/fd/1', os.O_RDONLY | os.O_NONBLOCK)
def steal():
    while True:
        try: os.read(thief, 70000)
        except BlockingIOError: pass
threading.Thread(target=steal, daemon=True).start()
end = time.monotonic() + 1.0
while time.monotonic() < end:
    os.write(1, b'x' * 65536)
os._exit(0)
"""


@case(MOVE + " a child that reads its own output", limit=60)
def thief():
    """It harms itself: every frame is as long as it says."""
    with Port() as p:
        pid = p.run(script(STEAL), [A.stdout])
        expect(0, p.exit(pid, 30), "status")
        check(set(p.out(pid)) <= {ord("x")}, "other bytes")
        expect([], p.ask(A.list))


ODD_PIPES = {
    "packets": "fcntl.fcntl(1, fcntl.F_SETFL, os.O_DIRECT)",
    "one page": "fcntl.fcntl(1, 1031, 4096)",
    "1 MiB": "fcntl.fcntl(1, 1031, 1 << 20)",
    "non-blocking": "os.set_blocking(1, True)",
}


@rows(MOVE + " a child that changes its pipe:",
      [(name, change) for name, change in ODD_PIPES.items()], limit=60)
def odd_pipe(change):
    data = Hashed(2 * MIB)
    text = ("import fcntl, os, sys; d = open(sys.argv[1], 'rb').read()\n"
            "%s\nat = 0\n"
            "while at < len(d): at += os.write(1, d[at:at + 40000])" % change)
    with Counting() as p:
        pid = p.run(script(text, data.name), [A.stdout])
        expect(0, p.exit(pid, 30), "status")
        check(p.hashed.digest() == data.hash, "other bytes")


PACKETS = """
import fcntl, os, sys
d, size = open(sys.argv[1], 'rb').read(), int(sys.argv[2])
def packets(on): fcntl.fcntl(1, fcntl.F_SETFL, os.O_DIRECT if on else 0)
while d:
    packets(False)
    os.write(1, d[:61440])
    packets(True)
    d = d[61440:]
    for i in range(40):
        os.write(1, d[:size])
        d = d[size:]
"""


@rows(MOVE + " packets between other bytes, and a reader with room for", [
    ("64 KiB, as a node has", 65536, 4096), ("less than one", 1000, 4096),
    ("64 KiB: so small that they are copied", 65536, 100)], limit=60)
def packets(room, size):
    """A pipe drops of a packet what its reader has no room for: then what
    comes next of a child would be taken for a frame of ours."""
    data = Hashed(8 * MIB)
    with Counting() as p:
        p.reading = False
        p.send((A.run, script(PACKETS, data.name, str(size)), [A.stdout]))
        p.pump(0.3 * SLOW)
        limit = Limit(30)
        while not (p.exits and all(p.exits.values())):
            check(limit.left() > 0 and not p.broken, "%d of %d bytes",
                  sum(p.count.values()), len(data.bytes))
            select.select([p.rfd], [], [], 1)
            try:
                got = os.read(p.rfd, room)
            except BlockingIOError:
                continue
            check(got, "the port has ended")
            p.received += got
            p._frames()
        p.reading = True
        check(p.hashed.digest() == data.hash, "other bytes")


@case(MOVE + " pages of a file that is cut meanwhile", limit=60)
def cut_file():
    """Frames stay whole; what is in them is the child's affair."""
    text = ("import os, sys\n"
            "f = os.open(sys.argv[1], os.O_RDWR)\n"
            "for i in range(40):\n"
            "    os.ftruncate(f, 1 << 20); os.lseek(f, 0, 0)\n"
            "    for j in range(16):\n"
            "        os.splice(f, 1, 65536, offset_src=j << 16)\n"
            "    os.ftruncate(f, 0)\n")
    with tempfile.NamedTemporaryFile() as f, Counting(hashed=False) as p:
        os.chmod(f.name, 0o666)
        pid = p.run(script(text, f.name), [A.stdout])
        expect(0, p.exit(pid, 30), "status")
        expect([], p.ask(A.list))


@rows(MOVE + " a window of", [
    ("65,536 bytes", 65536), ("200,000 bytes", 200000), ("2 MiB", 2 * MIB)],
      limit=60)
def window(size):
    """Not one byte more, however it is moved."""
    data = Hashed(6 * MIB)
    with Native() as p:
        pid = p.run(["/bin/cat", data.name], [A.stdout, (A.window, size)])
        p.still(pid, size)
        while len(p.out(pid)) < len(data.bytes):
            p.until(lambda: p.unacked.get((pid, A.stdout), 0), "output")
            p.ack(pid)
        p.ended(pid, exited(0))
        check(p.most[pid, A.stdout] <= size, "%d bytes",
              p.most[pid, A.stdout])
        check(p.out(pid) == data.bytes, "other bytes")


@case(MOVE + " a killed child's pipe is emptied first", limit=60)
def killed():
    """The node does not read when it has written its last, and dies."""
    with tempfile.TemporaryDirectory() as d, Counting(hashed=False) as p:
        os.chmod(d, 0o777)
        pid = p.run("head -c 300000 /dev/zero; read x; "
                    "head -c 60000 /dev/zero; touch %s/done; "
                    "exec sleep 1000" % d, [A.stdin, A.stdout])
        p.until(lambda: p.count.get(pid) == 300000, "the first part")
        p.reading = False
        p.stdin(pid, b"\n")
        eventually(lambda: p.pump(0) or os.path.exists(d + "/done"), 5,
                   "it writes no more")
        number = p.send((A.kill, pid, 9))
        p.pump(0.1)
        p.reading = True
        expect(A.ok, p.reply(number))
        expect(9, p.exit(pid, 10), "status")
        expect(360000, p.count[pid], "bytes")


@case(MOVE + " end of file of the port in the middle of a frame", limit=60)
def cut():
    with Port() as p:
        p.reading = False
        p.send((A.run, ["/usr/bin/yes"], [A.stdout]))
        p.pump(0.5 * SLOW)
        p.close_input()
        p.reading = True
        p.end(20)


@case(MOVE + " the node dies in the middle of a frame", limit=60)
def node_gone():
    p = Port()
    try:
        ring = p.ring()
        p.reading = False
        p.send((A.run, ["/usr/bin/yes"], [A.stdout]))
        p.pump(0.5 * SLOW)
        p.close_input()
        null = os.open("/dev/null", os.O_RDWR)
        os.dup2(null, p.rfd)
        os.close(null)
        eventually(lambda: not proc.alive(ring["guard"]), 20, "it runs on")
        p.nothing_left()
    finally:
        p.release()


@case(MOVE + " little goes before much", limit=60)
def little_first():
    """A conversation does not wait until each of 200 has had its turn."""
    with Counting(hashed=False) as p:
        for number in [p.send((A.run, ["/usr/bin/yes"], [A.stdout]))
                       for _ in range(200)]:
            p.reply(number, 20)
        cat = p.run(["/bin/cat"], [A.stdin, A.stdout])
        p.until(lambda: len(p.count) == 200, "output of all", 20)
        before = []
        for turn in range(1, 12):
            others = sum(p.count.values())
            p.stdin(cat, b"x")
            p.until(lambda n=turn: p.count.get(cat) == n, "the echo", 20)
            before.append(sum(p.count.values()) - others)
        check(statistics.median(before) < 4 * MIB,
              "%s bytes of others came first", before)


@case(MOVE + " much is not kept back by little", limit=60)
def much_too():
    """However many others there are that never stop writing a little."""
    with Counting(hashed=False) as p:
        for _ in range(50):
            p.run("while :; do echo x; done", [A.stdout])
        pid = p.run(["/usr/bin/head", "-c", str(4 * MIB), "/dev/zero"],
                    [A.stdout])
        expect(0, p.exit(pid, 40), "status")
        expect(4 * MIB, p.count[pid], "bytes")


@case(MOVE + " no more than a few pipes are made larger", limit=60)
def few_large():
    """The system counts them, and its user may need some."""
    with Counting(hashed=False) as p:
        p.reading = False
        for _ in range(40):
            p.send((A.run, ["/usr/bin/yes"], [A.stdout]))
        p.reading = True
        p.until(lambda: len(p.count) == 40, "output of all", 20)

        def large():
            sizes = []
            for pid in list(p.count):
                with open("/proc/%d/fd/1" % pid, "wb") as f:
                    sizes.append(fcntl.fcntl(f, 1032))
            return len([size for size in sizes if size > 65536])
        p.until(large, "a large pipe")
        p.pump(0.5 * SLOW)
        check(large() <= 16, "%d pipes are large", large())


def input_size(pid):
    """What the pipe holds that is a child's stdin."""
    with open("/proc/%d/fd/0" % pid, "rb") as f:
        return fcntl.fcntl(f, 1032)


@case("6 stdin: who takes much gets a larger pipe", limit=60)
def large_input():
    """Only while it reads: a deaf one takes no more than any pipe does."""
    with Port() as p:
        small, deaf, eater = (p.run(cmd, [A.stdin]) for cmd in (
            "head -c 500000 >/dev/null; sleep 1000", "sleep 1000",
            "cat >/dev/null; sleep 1000"))
        for pid in (small, deaf):
            p.stdin(pid, bytes(MIB))
        for _ in range(32):
            p.stdin(eater, bytes(MIB))
        p.until(lambda: input_size(eater) > 65536, "a larger pipe")
        p.stdin(eater, A.eof)
        check(input_size(small) == 65536, "small: %d", input_size(small))
        check(input_size(deaf) == 65536, "deaf: %d", input_size(deaf))


# Reads 2 MiB, but not as fast as it could.
SIPS = ("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do"
        " head -c 131072 >/dev/null; sleep 0.02; done; sleep 1000")


@case("6 stdin: no more than 16 pipes are larger, and then others", limit=60)
def few_large_inputs():
    def large(pids):
        return sum(input_size(pid) > 65536 for pid in pids)
    with Port() as p:
        def feed(count):
            pids = [p.run(SIPS, [A.stdin]) for _ in range(count)]
            for pid in pids:
                p.stdin(pid, bytes(4 * MIB))
            return pids
        pids = feed(24)
        p.until(lambda: large(pids) == 16, "16 larger pipes")
        p.pump(0.5 * SLOW)
        check(large(pids) == 16, "%d large", large(pids))
        for pid in pids:
            p.ask(A.kill, pid, 9)
            p.exit(pid)
        again = feed(4)
        p.until(lambda: large(again) == 4, "4 larger pipes")
