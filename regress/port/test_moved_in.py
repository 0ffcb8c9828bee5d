"""ARCHITECTURE, "One byte": stdin that is moved and not copied.

What a child gets must not differ, whatever its node, others and itself do.
"""

import fcntl
import hashlib
import os
import random
import socket
import tempfile

import etf
from case import case, check, expect, rows
from etf import A
from native import HELLO, Native, exited
from test_move import Hashed, script
from trace import Trace
from traffic import node_dies

MOVED = "6 stdin moved:"
MIB = 1 << 20
PIECE = 65536


class Copied(Native):
    """A node that does not say that its bytes can be moved."""

    def hello(self):
        return self.reply(self.send((A.hello, {A.version: 1})))


def calls_of(p, process, work):
    pid = p.ring()[process]
    trace = Trace([pid])
    work()
    return [name for name, _ in trace.stop()[pid]]


def feed(p, pid, data, size=PIECE):
    for at in range(0, len(data), size):
        p.stdin(pid, data[at:at + size])


def sums(p, data, sizes=(PIECE,)):
    """A child that hashes its stdin: data, in pieces of these sizes."""
    pid = p.run(["/usr/bin/sha256sum"], [A.stdin, A.stdout])
    at, turn = 0, 0
    while at < len(data):
        p.stdin(pid, data[at:at + sizes[turn % len(sizes)]])
        at += sizes[turn % len(sizes)]
        turn += 1
    p.stdin(pid, A.eof)
    return pid


def check_sum(p, pid, data):
    expect(exited(0), p.exit(pid, 40)[A.status], "exit")
    expect(hashlib.sha256(data).hexdigest(), p.out(pid)[:64].decode(), "sum")
    expect(len(data), p.left[pid], "acknowledged")


@rows(MOVED + " splice is used", [
    ("if the node has said so", Native, 4, True),
    ("with -p 2", Native, 2, True),
    ("and not if it has not", Copied, 4, False),
], limit=60)
def used(kind, packet, moves):
    size = PIECE if packet == 4 else 32768
    with kind(packet=packet) as p:
        def work():
            feed(p, pid, bytes(4 * MIB), size)
            p.stdin(pid, A.eof)
            expect(exited(0), p.exit(pid, 30)[A.status], "exit")
        pid = p.run(["/bin/cat"], [A.stdin, (A.stdout, A.null)])
        calls = calls_of(p, "broker", work)
        if moves:
            check(calls.count("splice") >= 30, "%d", calls.count("splice"))
        else:
            check("splice" not in calls, "%s", calls)


@rows(MOVED + " every byte in its order, in pieces of", [
    ("64 KiB", [PIECE]), ("1 MiB", [MIB]), ("16,361 bytes", [16361]),
    ("much and little", [PIECE, 1, 100000, 300, 16384]),
    ("much and much that is little", [PIECE] + 20 * [100] + [PIECE] * 3),
], limit=60)
def order(sizes):
    data = Hashed(8 * MIB)
    with Native() as p:
        check_sum(p, sums(p, data.bytes, sizes), data.bytes)


@case(MOVED + " frames of many children between each other", limit=90)
def many():
    """Some read slowly, one not at all, and one closes its stdin."""
    dice = random.Random(21)
    data = [dice.randbytes(MIB + 1000 * i) for i in range(8)]
    slow = script("import hashlib, os, time\n"
                  "h = hashlib.sha256()\n"
                  "while True:\n"
                  "    b = os.read(0, 30000)\n"
                  "    if not b: break\n"
                  "    h.update(b)\n"
                  "    time.sleep(0.001)\n"
                  "print(h.hexdigest())")
    with Native() as p:
        deaf = p.run(["/bin/sleep", "1000"], [A.stdin])
        closes = p.run("head -c 100000 | sha256sum", [A.stdin, A.stdout])
        pids = [p.run(slow if i % 2 else ["/usr/bin/sha256sum"],
                      [A.stdin, A.stdout]) for i in range(8)]
        at = [0] * 8
        while any(at[i] < len(data[i]) for i in range(8)):
            i = dice.randrange(8)
            size = dice.choice((1, 1000, 20000, PIECE, 200000))
            if at[i] < len(data[i]):
                p.stdin(pids[i], data[i][at[i]:at[i] + size])
                at[i] += size
            for pid in (deaf, closes, 4194303):
                if dice.randrange(20) == 0:
                    p.stdin(pid, data[0][:PIECE])
        for _ in range(3):
            p.stdin(closes, data[0][:PIECE])
        for pid in pids:
            p.stdin(pid, A.eof)
        for i, pid in enumerate(pids):
            check_sum(p, pid, data[i])
        expect(exited(0), p.exit(closes, 30)[A.status], "exit")
        want = hashlib.sha256((3 * data[0][:PIECE])[:100000]).hexdigest()
        expect(want, p.out(closes)[:64].decode(), "sum")


@case(MOVED + " who does not read holds up nobody else", limit=60)
def deaf():
    """More than the pipe between broker and worker holds."""
    with Native() as p:
        deaf = p.run(["/bin/sleep", "1000"], [A.stdin])
        cat = p.run(["/bin/cat"], [A.stdin, A.stdout])
        feed(p, deaf, bytes(4 * MIB))
        p.stdin(cat, b"here")
        p.until_out(cat, b"here")
        feed(p, cat, bytes(MIB))
        p.until(lambda: len(p.out(cat)) == MIB + 4, "the rest", 20)


@case(MOVED + " -stdin-limit holds", limit=60)
def limit():
    with Native("-stdin-limit", "200000") as p:
        deaf = p.run(["/bin/sleep", "1000"], [A.stdin])
        cat = p.run(["/bin/cat"], [A.stdin, A.stdout])
        feed(p, deaf, bytes(4 * PIECE))
        feed(p, cat, bytes(3 * PIECE))
        p.until(lambda: len(p.out(cat)) == 3 * PIECE, "its output")
        check(not p.exits[deaf], "it has ended")
        p.stdin(deaf, bytes(PIECE))
        p.exit(deaf)
        feed(p, cat, bytes(PIECE))
        p.until(lambda: len(p.out(cat)) == 4 * PIECE, "its output")


@case(MOVED + " a terminal gets copies", limit=60)
def terminal():
    with Native() as p:
        tty = p.run("stty raw -echo; echo up; exec head -c 200000 | sha256sum",
                    [A.stdin, A.stdout, A.pty])
        p.until_out(tty, b"up\n")
        data = bytes(range(256)) * 800
        feed(p, tty, data[:200000], 50000)
        p.exit(tty, 30)
        check(hashlib.sha256(data[:200000]).hexdigest().encode()
              in p.out(tty), "other bytes: %s", p.out(tty)[:100])


class FromSocket(Native):
    """Its port's input is a socket."""

    def _start(self):
        pair, pipe = socket.socketpair(), os.pipe
        ends = [end.detach() for end in pair]
        made = []

        def first_is_socket():
            made.append(1)
            return ends if len(made) == 1 else pipe()
        os.pipe = first_is_socket
        try:
            super()._start()
        finally:
            os.pipe = pipe


@case(MOVED + " a port that is a socket is copied from", limit=60)
def from_socket():
    data = Hashed(4 * MIB)
    with FromSocket() as p:
        def work():
            check_sum(p, sums(p, data.bytes), data.bytes)
        check("splice" not in calls_of(p, "broker", work), "splice")


@rows(MOVED + " the node ends in the middle of a frame:", [
    ("of the bytes", 30000), ("of their beginning", 10),
], limit=60)
def cut(size):
    """What came is what the child has, and no byte more."""
    data = Hashed(3 * PIECE)
    with tempfile.NamedTemporaryFile() as got:
        with Native("-alarm", "1") as p:
            pid = p.run("trap '' TERM; echo up; exec cat >>%s" % got.name,
                        [A.stdin, A.stdout])
            p.until_out(pid, b"up\n")
            feed(p, pid, data.bytes)
            p.until(lambda: p.left[pid] == 3 * PIECE, "all of it")
            frame = etf.term_to_binary((0, (A.stdin, pid, data.bytes)))
            frame = len(frame).to_bytes(4, "big") + frame
            head = len(frame) - len(data.bytes)
            p.write(frame[:head + size] if size > 10 else frame[:size])
            p.until(lambda: not p.to_send, "the beginning of a frame")
            if size > 10:
                p.until(lambda: p.left[pid] == 3 * PIECE + size, "that, too")
            node_dies(p)
            expect(0, p.end(), "status")
        want = data.bytes + (data.bytes[:size] if size > 10 else b"")
        got.seek(0)
        check(got.read() == want, "other bytes")


@rows(MOVED + " a head that is not true:", [
    ("more than the frame has", 1), ("less", -1),
], limit=60)
def lies(more):
    """Then nothing of the frame is for a child, and the node is broken."""
    with Native() as p:
        cat = p.run(["/bin/cat"], [A.stdin, A.stdout])
        feed(p, cat, bytes(3 * PIECE))
        p.until(lambda: len(p.out(cat)) == 3 * PIECE, "its output")
        data = b"x" * PIECE
        term = bytearray(etf.term_to_binary((0, (A.stdin, cat, data))))
        at = len(term) - len(data) - 4
        term[at:at + 4] = (len(data) + more).to_bytes(4, "big")
        p.frame(bytes(term))
        expect(1, p.end(), "status")
        p.close(code=1)
        check(b"x" not in p.out(cat), "bytes of it")


def packets(p, data):
    """Each write is a packet: who reads less of it loses the rest."""
    fcntl.fcntl(p.wfd, fcntl.F_SETFL,
                fcntl.fcntl(p.wfd, fcntl.F_GETFL) | os.O_DIRECT)
    return sums(p, data)


@case(MOVED + " packets of a node that has not said that it writes none",
      limit=60)
def packets_copied():
    data = Hashed(MIB)
    with Copied() as p:
        check_sum(p, packets(p, data.bytes), data.bytes)


@case(MOVED + " packets of one that has: it is broken", limit=60)
def packets_lost():
    with Native() as p:
        packets(p, bytes(MIB))
        expect(1, p.end(), "status")
        p.close(code=1)
