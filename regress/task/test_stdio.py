"""Streams of programs: windows, ends, and nothing that is lost."""

import fcntl
import os
import signal
import struct
import tempfile
import termios

import proc
import tree
from case import SOAK, check, eventually, expect, rows, case
from etf import A
from tree import ROOT, Tree

MORE = 1 << 22


@case("stdin: a window, and all of it arrives", limit=60)
def stdin():
    with Tree() as t:
        n = t.program(["/usr/bin/sha256sum"])
        import hashlib
        data = os.urandom(1 << 16) * 32
        sent = 0
        while sent < len(data):
            t.until(lambda: sent - t.taken.get(n, 0) < tree.WINDOW,
                    "stdin does not leave")
            size = min(len(data) - sent,
                       tree.WINDOW - (sent - t.taken.get(n, 0)))
            t.send(n, data[sent:sent + size])
            sent += size
        expect(A.ok, t.shut(n))
        check(t.exit(n).is_exit(0), "%r", t.exit(n))
        expect(sent, t.taken[n])
        check(t.out[n, 1].split()[0].decode()
              == hashlib.sha256(data).hexdigest(), "%r", t.out)


@case("stdin: more than the window is a broken node")
def too_much():
    t = Tree()
    n = t.program(["/bin/sleep", "1000"])
    t.send(n, b"x" * tree.WINDOW)
    t.until(lambda: t.taken.get(n), "the pipe takes nothing")
    t.send(n, b"x" * tree.WINDOW)
    t.send(n, b"x" * tree.WINDOW)
    t.until(lambda: t.error, "no error")
    t.close(status=1)


@case("stdin: a program that does not read holds up nobody")
def no_reader():
    with Tree() as t:
        n = t.program(["/bin/sleep", "1000"])
        t.send(n, b"x" * tree.WINDOW)
        t.until(lambda: t.taken.get(n, 0) == tree.WINDOW, "not taken")
        t.send(n, b"x" * tree.WINDOW)
        other = t.program(["/bin/echo", "here"])
        t.until_out(other, b"here\n")
        expect(tree.WINDOW, t.taken[n])


@case("stdin: one whose reader is gone, and of no program")
def no_stdin():
    with Tree() as t:
        n = t.program(["/bin/sh", "-c", "exec <&-; echo; sleep 1000"])
        t.until_out(n, b"\n")
        t.send(n, b"x")
        t.until(lambda: (n, 0) in t.eofs, "no end of stdin")
        expect(32, t.eofs[n, 0])    # EPIPE
        task = t.fork()
        t.send(task, b"x")
        t.until(lambda: (task, 0) in t.eofs, "no word")
        expect(9, t.eofs[task, 0])  # EBADF


@case("stdin: closed behind what waits, and twice")
def close():
    with Tree() as t:
        n = t.program(["/bin/cat"])
        t.send(n, b"last words")
        expect(A.ok, t.shut(n))
        check(t.exit(n).is_exit(0), "%r", t.exit(n))
        expect(b"last words", t.out[n, 1])
        n = t.program(["/bin/sleep", "1000"])
        expect(A.ok, t.shut(n))
        expect((A.error, (A.call, A.ebadf, A.close)), t.shut(n))
        expect((A.error, (A.state, A.eacces, A.close)), t.shut(ROOT))


@case("stdout and stderr: apart, and before the exit")
def both():
    with Tree() as t:
        n = t.sh("echo out; echo err >&2; exit 5")
        check(t.exit(n).is_exit(5), "%r", t.exit(n))
        expect(b"out\n", t.out[n, 1])
        expect(b"err\n", t.out[n, 2])
        expect({1: 0, 2: 0}, {s: e for (m, s), e in t.eofs.items()
                              if m == n and s})
        expect(7, t.execs[n])
        check(t.order.index((tree.EXEC, n))
              < t.order.index((tree.STDOUT, n)), "%r", t.order)


@case("stdout: all of it, at any depth", limit=60)
def complete():
    with Tree() as t:
        for above in (ROOT, t.chain(8)[-1]):
            n = t.program(["/usr/bin/head", "-c", str(MORE), "/dev/zero"],
                          parent=above)
            check(t.exit(n, seconds=20).is_exit(0), "%r", t.exit(n))
            expect(MORE, len(t.out[n, 1]))


@case("stdout: no more than the window until it is taken")
def window():
    with Tree(acks=False) as t:
        n = t.sh("head -c 4000000 /dev/zero; echo end >&2")
        t.until(lambda: len(t.out.get((n, 1), b"")) == tree.OUTPUT,
                "the window is not filled")
        t.pump(0.3)
        expect(tree.OUTPUT, len(t.out[n, 1]))
        check((n, 2) not in t.out, "it went on")
        while len(t.out[n, 1]) < 4000000:
            t.ack(n, 1, tree.OUTPUT - t.credit[n, 1])
            got = len(t.out[n, 1])
            t.until(lambda: len(t.out[n, 1]) > got, "no more")
        t.until_out(n, b"end\n", stream=2)


@case("stdout: a smaller window, of the next program alone")
def smaller():
    with Tree(acks=False) as t:
        n = t.fork()
        for value in (0, -1, tree.OUTPUT + 1):
            expect(A.error, t.option(n, tree.UNDER_WAY, value)[0])
        expect((A.ok, 1000), t.option(n, tree.UNDER_WAY, 1000))
        expect((A.ok, tree.OUTPUT), t.option(t.fork(n), tree.UNDER_WAY))
        t.stop(max(t.born))
        t.exec(n, ["/usr/bin/head", "-c", "30000", "/dev/zero"])
        t.until(lambda: len(t.out.get((n, 1), b"")) == 1000, "no output")
        t.pump(0.3)
        expect(1000, len(t.out[n, 1]))
        while n not in t.exits:
            # It is not more than this that was under way.
            check(t.credit[n, 1] >= tree.OUTPUT - 1000, "%r", t.credit)
            t.ack(n, 1, tree.OUTPUT - t.credit[n, 1])
            t.turn(0.1)
        expect(30000, len(t.out[n, 1]))


@case("stdout: more is taken than a smaller window has")
def smaller_too_much():
    t = Tree()
    n = t.fork()
    t.option(n, tree.UNDER_WAY, 1000)
    t.exec(n, ["/bin/sleep", "1000"])
    t.credit[n, 1] = 0
    t.ack(n, 1, 1)
    t.until(lambda: t.error, "no error")
    t.close(status=1)


@case("stdout: more is taken than was sent")
def too_much_taken():
    t = Tree()
    n = t.program(["/bin/sleep", "1000"])
    t.credit[n, 1] = 0
    t.ack(n, 1, 1)
    t.until(lambda: t.error, "no error")
    t.close(status=1)


@case("stdout: an exit waits for what was written, untaken or not")
def late():
    with Tree(acks=False) as t:
        size = tree.OUTPUT + 40000      # the rest is in its pipe
        n = t.sh("head -c %d /dev/zero; exit 3" % size)
        t.until(lambda: len(t.out.get((n, 1), b"")) == tree.OUTPUT,
                "the window is not filled")
        eventually(lambda: not proc.alive(t.os_pid(n)), 5, "it lives")
        t.pump(0.3)
        check(n not in t.exits, "%r", t.exits)
        t.ack(n, 1, tree.OUTPUT)
        check(t.exit(n).is_exit(3), "%r", t.exit(n))
        expect(size, len(t.out[n, 1]))


@case("stdout: the node reads nothing, memory does not grow, all arrives",
      limit=60)
def not_read():
    with Tree() as t:
        tasks = [t.program(["/usr/bin/head", "-c", "500000", "/dev/zero"])
                 for _ in range(20)]
        t.reading = False
        before = proc.rss(t.switch())
        import time
        time.sleep(0.5)
        grown = proc.rss(t.switch()) - before
        check(grown < 3 << 20, "%d bytes more", grown)
        t.reading = True
        for n in tasks:
            check(t.exit(n, seconds=20).is_exit(0), "%r", t.exit(n))
            expect(500000, len(t.out[n, 1]))


# In packets, as O_DIRECT makes them of what is written.
PACKETS = """
import fcntl, os, signal, sys
def packets():
    fcntl.fcntl(1, fcntl.F_SETFL, fcntl.fcntl(1, fcntl.F_GETFL) | os.O_DIRECT)
"""


@case("stdout: in packets, of which nothing is lost at the window's end")
def packets():
    with Tree(acks=False) as t:
        n = t.program(["/usr/bin/python3", "-c", PACKETS + """
packets()
for n in range(300):
    os.write(1, b"%07d\\n" % n * 500)
"""])
        t.until(lambda: len(t.out.get((n, 1), b"")) == tree.OUTPUT,
                "the window is not filled")
        t.ack(n, 1, tree.OUTPUT)
        check(t.exit(n).is_exit(0), "%r", t.exit(n))
        check(b"".join(b"%07d\n" % i * 500 for i in range(300))
              == t.out[n, 1], "%d bytes", len(t.out[n, 1]))


@case("stdout: small packets of one that had much to say harm nobody")
def packets_small():
    with Tree() as t, tempfile.TemporaryDirectory() as folder:
        n = t.program(["/usr/bin/python3", "-c", PACKETS + """
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
def step(n):
    open(sys.argv[1] + "/%d" % n, "w").close()
    signal.sigwait([signal.SIGUSR1])
step(0)
os.write(1, b"much" * 5000)
step(1)
packets()
for n in range(20):
    os.write(1, b"packet %02d\\n" % n)
step(2)
""", folder])

        def reaches(step):
            path = os.path.join(folder, str(step))
            eventually(lambda: os.path.exists(path), 5, "no step %d" % step)
        reaches(0)
        # The switch sees all of each step at once.
        for step, size in (1, 20000), (2, 20200):
            os.kill(t.switch(), signal.SIGSTOP)
            try:
                os.kill(t.os_pid(n), signal.SIGUSR1)
                reaches(step)
            finally:
                os.kill(t.switch(), signal.SIGCONT)
            t.until(lambda: len(t.out.get((n, 1), b"")) == size,
                    "%d bytes do not come" % size)
        expect(b"packet 19\n", t.out[n, 1][-10:])
        os.kill(t.os_pid(n), signal.SIGUSR1)
        check(t.exit(n).is_exit(0), "%r", t.exit(n))


@case("linger: 0, others that have its output are not waited for")
def cut():
    with Tree() as t:
        n = t.sh("sleep 1000 & echo out; exit 2")
        check(t.exit(n).is_exit(2), "%r", t.exit(n))
        expect(b"out\n", t.out[n, 1])
        expect(32, t.eofs[n, 1])    # EPIPE: there could have been more


@case("linger: some time, and for ever")
def linger():
    with Tree() as t:
        t.option(ROOT, tree.LINGER, 60000)
        n = t.sh("(sleep 0.3; echo late) & exit 2")
        check(t.exit(n).is_exit(2), "%r", t.exit(n))
        expect(b"late\n", t.out[n, 1])
        t.option(ROOT, tree.LINGER, 100)
        n = t.sh("sleep 1000 & exit 2")
        check(t.exit(n).is_exit(2), "%r", t.exit(n))
        t.option(ROOT, tree.LINGER, -1)
        n = t.sh("sleep 1000 & exit 2")
        eventually(lambda: not proc.alive(t.os_pid(n)), 5, "it lives")
        t.pump(0.3)
        check(n not in t.exits, "%r", t.exits)
        expect(A.ok, t.shut(n, 1))
        expect(A.ok, t.shut(n, 2))
        check(t.exit(n).is_exit(2), "%r", t.exit(n))


@case("close: of stdout, the program hears of it")
def close_output():
    with Tree() as t:
        n = t.program(["/usr/bin/yes"])
        t.until(lambda: (n, 1) in t.out, "no output")
        expect(A.ok, t.shut(n, 1))
        check(t.exit(n).is_signal(signal.SIGPIPE), "%r", t.exit(n))


@case("descriptors: a program has 0, 1 and 2")
def descriptors():
    with Tree() as t:
        for above in (ROOT, t.chain(3)[-1]):
            n = t.program(["/bin/ls", "/proc/self/fd"], parent=above)
            t.exit(n)
            # The fourth is the directory that it reads.
            expect(b"0\n1\n2\n3\n", t.out[n, 1])


@case("descriptors: of the switch, two a task and five a program")
def of_switch():
    with Tree() as t:
        # Two of those that pass descriptors stay for a while.
        def count():
            return len(proc.descriptors(t.switch()))
        before = count()
        tasks = [t.fork() for _ in range(10)]
        expect(before + 20, count())
        for n in tasks:
            t.exec(n, ["/bin/sleep", "1000"])
        check(count() <= before + 50, "%d, %d", before, count())
        for n in tasks:
            t.stop(n)
        expect(before, count())


@case("pty: a terminal, its size, its end")
def pty():
    with Tree() as t:
        n = t.program(["/bin/sh", "-c",
                       "stty size; read x; stty size; echo got $x;"
                       " read y; echo end"],
                      (A.pty, (30, 90)))
        t.until_out(n, b"30 90")
        expect(A.ok, t.answer(t.ask(tree.WINSZ, n,
                                    struct.pack(">HH", 40, 100))))
        t.send(n, b"word\n")
        t.until_out(n, b"got word")
        check(b"40 100" in t.out[n, 1], "%r", t.out[n, 1])
        expect(A.ok, t.shut(n))
        t.until_out(n, b"end")
        check(t.exit(n).is_exit(0), "%r", t.exit(n))
        plain = t.program(["/bin/sleep", "1000"])
        expect((A.error, (A.call, A.enotty, A.winsz)),
               t.answer(t.ask(tree.WINSZ, plain,
                              struct.pack(">HH", 40, 100))))


@case("a gigabyte each way", limit=300)
def gigabyte():
    if not SOAK:
        tree.skip("soak")
    size = 1 << 30
    with Tree() as t:
        n = t.program(["/usr/bin/head", "-c", str(size), "/dev/zero"])
        got = 0
        while n not in t.exits:
            t.until(lambda: t.out.get((n, 1)) or n in t.exits, "nothing", 60)
            got += len(t.out.pop((n, 1), b""))
        got += len(t.out.pop((n, 1), b""))
        expect(size, got)
        n = t.program(["/usr/bin/wc", "-c"])
        sent, data = 0, b"x" * tree.WINDOW
        while sent < size:
            room = tree.WINDOW - (sent - t.taken.get(n, 0))
            if room:
                t.send(n, data[:min(room, size - sent)])
                sent += min(room, size - sent)
            t.turn(0.1)
        expect(A.ok, t.shut(n))
        t.exit(n, seconds=60)
        expect(size, int(t.out[n, 1]))
