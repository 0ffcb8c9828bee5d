"""ARCHITECTURE, rules 4 and 5: what is long, and what is many."""

import hashlib
import os
import statistics
import struct
import tempfile
import time

import etf
from case import (ANY, BADARG, INT, OK, SLOW, SOAK, STARTED, Like, Skip,
                  Text, case, check, expect, rows)
from etf import A
from port import Port, environment
from traffic import Counting

LONG = "5 long:"
MANY = "5 many:"
MIB = 1 << 20
ARG_MAX = 128 << 10     # of one string on Linux, its NUL counted
CHILDREN = 2000
SLEEP = ["/bin/sleep", "1000"]


def note(text, *values):
    print("     " + text % values, flush=True)


def room(descriptors):
    """Skip the case if there may not be so many."""
    with open("/proc/self/limits", encoding="ascii") as f:
        soft = [line.split()[3] for line in f
                if line.startswith("Max open files")][0]
    if soft != "unlimited" and int(soft) < descriptors:
        raise Skip("only %s descriptors" % soft)


# Long -------------------------------------------------------------------

@rows(LONG + " an argument of", [
    ("128 KiB minus 1", ARG_MAX - 1, True),
    ("128 KiB: the system's refusal", ARG_MAX, False)])
def argument(size, good):
    with Port() as p:
        pid = p.run(["/bin/echo", b"x" * size], [A.stdout, A.stderr])
        expect(0 if good else 256, p.exit(pid), "status")
        want = b"x" * size + b"\n" if good else b""
        check(p.out(pid) == want, "%d bytes of output", len(p.out(pid)))
        err = p.out(pid, A.stderr)
        want = b"" if good else (b"Pid %d: cannot execute '/bin/echo': "
                                 b"Argument list too long\n" % pid)
        check(err == want, "stderr %r", err)


@case(LONG + " a shell command of 128 KiB minus 1")
def command():
    with Port() as p:
        text = "echo done " + "#" * (ARG_MAX - 1 - len("echo done "))
        pid = p.run(text.replace(" #", ";#", 1), [A.stdout])
        expect(0, p.exit(pid), "status")
        check(p.out(pid) == b"done\n", "output %r", p.out(pid))


@case(LONG + " 1,000 environment variables of 500 bytes")
def environ():
    pairs = [("KEY%d" % i, b"%0500d" % i) for i in range(1000)]
    with Port() as p:
        pid = p.run(["/usr/bin/env", "-0"],
                    [A.stdout, (A.env, [A.clear] + pairs)])
        expect(0, p.exit(pid), "status")
        want = sorted(b"%s=%s" % (k.encode(), v) for k, v in pairs)
        got = sorted(p.out(pid).split(b"\0")[:-1])
        check(got == want, "%d of them", len(got))


def stdin_frame(pid, size):
    """A stdin request of just this many bytes, and its payload."""
    head = len(etf.term_to_binary((0, (A.stdin, pid, b""))))
    data = os.urandom(size - head)
    frame = etf.term_to_binary((0, (A.stdin, pid, data)))
    check(len(frame) == size, "%d bytes", len(frame))
    return frame, data


@rows(LONG + " a stdin message of", [
    ("65,535 bytes, -p 2", 2, 65535, 5),
    ("65,536 bytes, -p 4", 4, 65536, 5),
    ("16 MiB, -p 4", 4, 16 * MIB, 2),
    ("63 MiB, -p 4", 4, 63 * MIB, 1),
], limit=60)
def stdin(packet, size, times):
    with Port(packet=packet) as p:
        pid = p.run(["/usr/bin/sha256sum"], [A.stdin, A.stdout])
        total = hashlib.sha256()
        for _ in range(times):
            frame, data = stdin_frame(pid, size)
            total.update(data)
            p.write(struct.pack(p.length, size))
            p.write(frame)
            p.until(lambda: not p.to_send, "the message to leave", 20)
        p.stdin(pid, A.eof)
        expect(0, p.exit(pid, seconds=30), "status")
        check(p.out(pid).split()[0].decode() == total.hexdigest(),
              "other bytes")


@rows(LONG + " output of 100 MiB without a newline,", [
    ("-p 4", 4), ("-p 2", 2)], limit=60)
def line(packet):
    with Counting(packet=packet) as p:
        pid = p.run("head -c %d /dev/zero | tr '\\0' a" % (100 * MIB),
                    [A.stdout])
        expect(0, p.exit(pid, seconds=40), "status")
        check(p.count[pid] == 100 * MIB, "%d bytes", p.count[pid])
        want = hashlib.sha256(b"a" * (100 * MIB)).digest()
        check(p.hashed.digest() == want, "other bytes")


@case(LONG + " strings of 4 kB and more: each is answered")
def strings():
    with Port() as p:
        for size in (4095, 4096, 70000):
            for option in ((A.kill, b"#" * size), (A.cd, b"/" * size),
                           (A.user, b"u" * size),
                           (A.executable, b"/" * size)):
                reply = p.ask(A.run, SLEEP, [option, (A.kill_timeout, 0)])
                check(reply[0] in (A.error, A.pid), "reply %s",
                      etf.show(reply))


# Many -------------------------------------------------------------------

def start(p, cmd, options, count=CHILDREN):
    """That many children, all asked for at once: their pids."""
    numbers = [p.send((A.run, cmd, options)) for _ in range(count)]
    pids = []
    for number in numbers:
        reply = p.reply(number, 60)
        expect(STARTED, reply)
        pids.append(reply[1])
    return pids


@case(MANY + " 2,000 children at once print 1 MiB each", limit=200)
def many_print():
    room(2 * CHILDREN)
    with Counting(hashed=False) as p:
        began = time.monotonic()
        start(p, ["/usr/bin/head", "-c", str(MIB), "/dev/zero"], [A.stdout])
        p.until(lambda: len(p.events) == CHILDREN, "2,000 exits", 120)
        took = time.monotonic() - began
        note("%.0f MiB/s", CHILDREN / took)
        wrong = [c for c in p.count.values() if c != MIB]
        check(len(p.count) == CHILDREN and not wrong,
              "%d printed, other counts: %s", len(p.count), wrong[:5])
        check({e[2] for e in p.events} == {0}, "statuses")


def latency(p, turns=200):
    """Median seconds from the request to the exit of a short child."""
    times = []
    for _ in range(turns):
        began = time.monotonic()
        p.exit(p.run(["/bin/true"], [A.stdout]))
        times.append(time.monotonic() - began)
    return statistics.median(times)


@case(MANY + " a run beside 2,000 idle children takes at most 3 times as "
      "long, and all end with the port", limit=120)
def many_idle():
    room(2 * CHILDREN)
    with Port() as p:
        none = latency(p)
        start(p, SLEEP, [A.stdout])
        # Others use this machine, too: what is slow is so three times.
        for _ in range(3):
            idle = latency(p)
            if idle <= 3 * none * SLOW:
                break
        note("run beside 2,000: %.2f ms, alone %.2f ms, ratio %.2f",
             idle * 1000, none * 1000, idle / none)
        check(idle <= 3 * none * SLOW, "%.2f ms, alone %.2f ms",
              idle * 1000, none * 1000)
        began = time.monotonic()
        p.close_input()
        expect(0, p.end(30), "exit")
        took = time.monotonic() - began
        note("the end of 2,000: %.2f s", took)


@case(MANY + " 2,000 children killed by kill, each with its exit",
      limit=120)
def many_killed():
    room(2 * CHILDREN)
    with Port() as p:
        pids = start(p, SLEEP, [A.stdout])
        p.events.clear()
        began = time.monotonic()
        numbers = [p.send((A.kill, pid, 9)) for pid in pids]
        p.until(lambda: len(p.events) == CHILDREN, "2,000 exits", 30)
        took = time.monotonic() - began
        for number in numbers:
            expect(OK, p.reply(number))
        note("the kill of 2,000: %.2f s", took)
        expect({9}, {e[2] for e in p.events}, "statuses")
        expect([], p.ask(A.list))


@case(MANY + " 2,000 terminals, or as many as the system has", limit=120)
def many_ptys():
    room(2 * CHILDREN)
    with open("/proc/sys/kernel/pty/max", encoding="ascii") as f:
        count = min(CHILDREN, int(f.read()) // 2)
    with Port() as p:
        pids = start(p, ["/bin/echo", "x"], [A.stdin, A.stdout, A.pty],
                     count)
        for pid in pids:
            expect(0, p.exit(pid), "status")
            check(p.out(pid) == b"x\r\n", "output %r", p.out(pid))


def unknown(name):
    return (A.error, Text("Unknown command: " + name))


MIXED = [
    ((A.run, ["/bin/true"], [A.stdout]), STARTED),
    ((A.run, "echo x", [A.stdin, A.stdout, A.pty, A.kill_group]), STARTED),
    ((A.run, "true", [(A.winsz, 5)]), (A.error, Like("winsz"))),
    ((A.run, "true", [(A.nice, 5), (A.kill, "true")]), STARTED),
    ((A.manage, 2 ** 30, []), (A.error, A.not_found)),
    ((A.manage, 1, []), BADARG),
    ((A.winsz, 2 ** 30, 24, 80), (A.error, Text("pid not alive"))),
    ((A.pty_opts, 2 ** 30, []), (A.error, Text("pid not alive"))),
    ((A.pty_opts, 2 ** 30, [(A.nonsense, 1)]), BADARG),
    ((A.setpgid, 2 ** 30, 0), (A.error, Text("pid not alive"))),
    ((A.list,), ANY),
    ((A.stop, 2 ** 30), (A.error, Text("pid not alive"))),
    ((A.debug, 0), (OK, INT)),
    ((A.nonsense,), unknown("nonsense")),
]


@case(MANY + " replies in the order of 1,000 mixed requests", limit=60)
def mixed():
    """Port itself checks each reply's place; here, that it is the right
    one. Requests to a terminal are answered by another process than those
    to priv."""
    with Port() as p:
        tty = p.run(SLEEP, [A.stdin, A.stdout, A.pty])
        kinds = MIXED + [((A.winsz, tty, 24, 80), OK),
                         ((A.pty_opts, tty, [(A.echo, 0)]), OK),
                         ((A.kill, tty, 0), OK)]
        sent = []
        for i in range(1000):
            instruction, pattern = kinds[i * 5 % len(kinds)]
            sent.append((p.send(instruction), pattern))
        p.until(lambda: sent[-1][0] in p.replies, "1,000 replies", 30)
        started = []
        for number, pattern in sent:
            expect(pattern, p.replies[number], "reply %d" % number)
            if pattern is STARTED:
                started.append(p.replies[number][1])
        for pid in started:
            expect(0, p.exit(pid, 30), "status")


@case(MANY + " 2,000 children in turn that write 100 KiB and exit at once",
      limit=120)
def in_turn():
    size = 100 << 10
    with tempfile.NamedTemporaryFile() as f:
        f.write(bytes(size))
        f.flush()
        with Counting(hashed=False) as p:
            for turn in range(CHILDREN):
                p.count.clear()
                pid = p.run(["/bin/cat", f.name], [A.stdout])
                expect(0, p.exit(pid), "status")
                check(p.count.get(pid) == size, "turn %d: %s bytes", turn,
                      p.count.get(pid))


@case(MANY + " soak: 100,000 short children", limit=900)
def soak():
    if not SOAK:
        raise Skip("PORT_SOAK is not set")
    with Counting(hashed=False, env=environment()) as p:
        for turn in range(100000):
            pid = p.run(["/bin/echo", "x"], [A.stdout])
            expect(0, p.exit(pid), "status")
            check(p.count.pop(pid) == 2, "turn %d", turn)
