"""ARCHITECTURE, rules 5 to 8: nothing leaks or grows; too much is refused."""

import contextlib
import os
import signal
import time

import etf
import proc
from case import (ERROR, LAUNCHER, OK, SLOW, SOAK, STARTED, Failure, Like,
                  Skip, case, check, check_took, eventually, expect,
                  matches, rows)
from etf import A
from port import Port
from visible import alone, unchanged, visible

LEAKS = "5 leaks:"
FULL = "5 descriptors run out:"
STDIN = "5 stdin:"
PRESSURE = "5 backpressure:"
PIPES = [A.stdin, A.stdout, A.stderr]
SLEEP = ["/bin/sleep", "1000"]
MIB = 1 << 20
# In the words of its libc: glibc's, or musl's.
TOO_MANY = "(Too many open files|No file descriptors available)"
EMFILE = (A.error, Like(
    r"^Couldn't start pid: (Failed to create a pipe for std(in|out|err)|"
    r"Failed to fork): " + TOO_MANY + "$"))


def many(p, request, count, pattern, batch=50):
    """The same request many times, a batch in flight; starts are ended."""
    for done in range(0, count, batch):
        numbers = [p.send(request) for _ in range(batch)]
        replies = [p.reply(number, 15) for number in numbers]
        for reply in replies:
            expect(pattern, reply)
            if reply[0] == A.pid:
                p.exit(reply[1], 15)
                p.output.clear()


# Leaks

@rows(LEAKS, [
    ("200 of cd to a missing directory",
     (A.run, "true", PIPES + [(A.cd, "/nonexistent")]), ERROR),
    ("200 of a missing file for stdin",
     (A.run, "true", [(A.stdin, "/nonexistent"), A.stdout, A.stderr]),
     ERROR),
    ("200 of a missing directory for stderr",
     (A.run, "true", [A.stdin, A.stdout, (A.stderr, "/nonexistent/x")]),
     ERROR),
    ("200 of an unknown option", (A.run, "true", PIPES + [A.nonsense]),
     ERROR),
    ("200 of a circular redirection",
     (A.run, "true", [(A.stdout, A.stderr), (A.stderr, A.stdout)]), ERROR),
    ("200 of e2big", (A.run, ["/bin/true"] + [b"x" * 100000] * 70, PIPES),
     (A.error, A.e2big)),
    ("200 of a failing exec", (A.run, ["/nonexistent/x"], PIPES), STARTED),
    ("200 of an unknown command", (A.nonsense,), ERROR),
    ("200 of no Cmd", (A.run, [], PIPES), ERROR),
    ("1,000 good runs with stdin, stdout, stderr",
     (A.run, ["/bin/echo", "x"], PIPES), STARTED),
    ("200 with files for all three", (A.run, ["/bin/true"], [
        (A.stdin, "/dev/null"), (A.stdout, "/dev/null"),
        (A.stderr, "/dev/null")]), STARTED),
], limit=60)
def leaks(request, pattern):
    with Port() as p:
        # The first of its kind may keep something for the next.
        many(p, request, 4, pattern, batch=4)
        before = alone(p)
        good = pattern is STARTED and request[1][0] == "/bin/echo"
        many(p, request, 1000 if good else 200, pattern)
        unchanged(p, before)


@case(LEAKS + " 200 children stopped, their stdin full")
def leaks_full_stdin():
    with Port() as p:
        # The launcher is ready, too.
        many(p, (A.run, ["/bin/true"], PIPES), 1, STARTED)
        before = visible(p)
        for _ in range(4):
            pids = [p.run(["/bin/sleep", "1000"], PIPES)
                    for _ in range(50)]
            for pid in pids:
                p.stdin(pid, bytes(200000))
                p.send((A.stop, pid))
            for pid in pids:
                p.exit(pid)
        unchanged(p, before)


@case(LEAKS + " memory after 2,000 runs", limit=60)
def leaks_memory():
    with Port() as p:
        many(p, (A.run, ["/bin/echo", "x"], PIPES), 500, STARTED)
        before = {role: proc.rss(pid) for role, pid in p.ring().items()}
        many(p, (A.run, ["/bin/echo", "x"], PIPES), 1500, STARTED)
        for role, pid in p.ring().items():
            grown = proc.rss(pid) - before[role]
            check(grown < MIB * SLOW, "%s grew by %d KiB", role,
                  grown >> 10)


@case(LEAKS + " soak: 10,000 short children one after another", limit=300)
def soak():
    if not SOAK:
        raise Skip("PORT_SOAK is not set")
    with Port() as p:
        before = visible(p)
        for _ in range(10000):
            pid = p.run(["/bin/true"], PIPES)
            expect(0, p.exit(pid), "status")
        check(len(p.events) == 10000, "%d exits", len(p.events))
        unchanged(p, before)


@case(LEAKS + " an orphaned daemon that ends is reaped")
def orphan():
    with Port() as p:
        pid = p.run("(setsid sleep 0.5 & echo $!) & wait", [A.stdout])
        expect(0, p.exit(pid), "status")
        daemon = int(p.out(pid))
        check(daemon in proc.descendants(p.pid),
              "the daemon is not below the port")
        eventually(lambda: proc.state(daemon) is None, 3, lambda: (
            "state %s after its end" % proc.state(daemon)))
        check(not p.zombies(), "zombies %s", p.zombies())


@case(LEAKS + " a hundred orphaned daemons are reaped")
def orphans():
    with Port() as p:
        numbers = [p.send((A.run, "(setsid sleep 0.3 &) ; exit 0", []))
                   for _ in range(100)]
        for number in numbers:
            p.exit(p.reply(number)[1])
        p.pump(0.4)
        ring = set(p.ring().values())
        eventually(lambda: set(proc.descendants(p.pid)) | {p.pid} == ring,
                   3, lambda: "%d left, %d of them zombies" % (
                       len(proc.descendants(p.pid)), len(p.zombies())))


# Descriptors run out --------------------------------------------------------

def fill(p):
    """Start children until it fails; their pids."""
    pids = []
    for _ in range(64):
        reply = p.ask(A.run, ["/bin/cat"], PIPES)
        if reply[0] == A.error:
            expect(EMFILE, reply)
            return pids
        expect(STARTED, reply)
        pids.append(reply[1])
    raise Failure("64 children with 64 descriptors")


@case(FULL + " RLIMIT_NOFILE of 64")
def nofile():
    with Port(nofile=(64, 64)) as p:
        pids = fill(p)
        check(len(pids) >= 5, "only %d children", len(pids))
        expect(EMFILE, p.ask(A.run, ["/bin/cat"], PIPES))
        # The earlier ones go on.
        for pid in pids:
            p.stdin(pid, b"%d" % pid)
        for pid in pids:
            p.until_out(pid, b"%d" % pid)
        # What was refused is not there.
        check(sorted(p.ask(A.list)) == sorted(pids), "list")
        # One that ends makes room for one.
        p.stdin(pids[0], A.eof)
        expect(0, p.exit(pids[0]), "status")
        new = p.run(["/bin/cat"], PIPES)
        p.stdin(new, b"new")
        p.until_out(new, b"new")


@rows(FULL + " the reply names the stream of the pipe:", [
    ("stdout", [A.stdout], "stdout"), ("stderr", [A.stderr], "stderr"),
    ("stdin", [A.stdin], "stdin"),
    ("stdout, {stderr, stdout}", [A.stdout, (A.stderr, A.stdout)], "stdout"),
])
def nofile_text(options, stream):
    """Word for word, at a soft limit of 64 descriptors."""
    with Port(nofile=(64, 64)) as p:
        pids = []
        for _ in range(100):
            reply = p.ask(A.run, SLEEP, options)
            if reply[0] == A.error:
                break
            expect(STARTED, reply)
            pids.append(reply[1])
        wanted = ["Failed to create a pipe for " + stream]
        # A priv that forks needs a pipe of its own, which may be the first
        # that it does not get.
        if not LAUNCHER:
            wanted.append("Failed to fork")
        check(any(matches((A.error, Like("^Couldn't start pid: %s: %s$"
                                         % (what, TOO_MANY))), reply)
                  for what in wanted),
              "reply %s", etf.show(reply))
        expect(sorted(pids), sorted(p.ask(A.list)), "list")
        expect(OK, p.ask(A.kill, pids[0], 9))
        expect(9, p.exit(pids[0]), "status")
        expect(STARTED, p.ask(A.run, SLEEP, options))


@case(FULL + " 200 refusals leak nothing")
def nofile_leaks():
    with Port(nofile=(64, 64)) as p:
        fill(p)
        # What was refused may have been half made: let it end.
        p.rest()
        before = visible(p)
        many(p, (A.run, ["/bin/cat"], PIPES), 200, EMFILE)
        unchanged(p, before)


@case(FULL + " full, emptied and full again: as many as before")
def nofile_again():
    with Port(nofile=(64, 64)) as p:
        counts = []
        for _ in range(3):
            pids = fill(p)
            counts.append(len(pids))
            for pid in pids:
                p.stdin(pid, A.eof)
            for pid in pids:
                expect(0, p.exit(pid), "status")
        check(len(set(counts)) == 1, "children %s", counts)


@case(FULL + " children without pipes still start")
def nofile_no_pipes():
    with Port(nofile=(64, 64)) as p:
        fill(p)
        reply = p.ask(A.run, ["/bin/true"], [])
        if reply[0] == A.pid:
            expect(0, p.exit(reply[1]), "status")
        else:
            expect((A.error, Like(TOO_MANY)), reply)


# A child that does not read -------------------------------------------------

def echo(p, pid, data):
    """A cat answers soon."""
    start = time.monotonic()
    before = len(p.out(pid))
    p.stdin(pid, data)
    p.until(lambda: p.out(pid)[before:] == data, "an echo", 3)
    check_took(time.monotonic() - start, 0, 2)


@case(STDIN + " 70 MiB for one that does not read: others answer, "
      "it is killed at 64 MiB", limit=40)
def seventy():
    with Port() as p:
        cat = p.run(["/bin/cat"], [A.stdin, A.stdout])
        deaf = p.run(["/bin/sleep", "1000"], [A.stdin, A.stdout])
        echo(p, cat, b"before\n")
        lines = len(p.log())
        for i in range(60):
            p.stdin(deaf, bytes(MIB))
        p.until(lambda: not p.to_send, "60 MiB to be taken", 10)
        echo(p, cat, b"at 60 MiB\n")
        check(len(p.log()) == lines, "log %s", p.log()[lines:])
        for i in range(10):
            p.stdin(deaf, bytes(MIB))
        p.until(lambda: not p.to_send, "70 MiB to be taken", 10)
        echo(p, cat, b"at 70 MiB\n")
        eventually(lambda: len(p.log()) == lines + 1, 1, lambda: (
            "log lines, not 1: %s" % p.log()[lines:]))
        expect(9, p.exit(deaf), "status")
        expect([cat], p.ask(A.list), "list")


@case(STDIN + " -stdin-limit: killed above it, one line in the log")
def stdin_limit():
    with Port("-stdin-limit", str(MIB)) as p:
        cat = p.run(["/bin/cat"], [A.stdin, A.stdout])
        pid = p.run("sleep 1000; wc -c", [A.stdin, A.stdout])
        lines = len(p.log())
        for i in range(30):
            p.stdin(pid, bytes(100000))
        echo(p, cat, b"meanwhile\n")
        expect(9, p.exit(pid), "status")
        check(p.out(pid) == b"", "%r", p.out(pid))
        check(len(p.log()) == lines + 1, "log lines, not 1: %s",
              p.log()[lines:])


@case(STDIN + " -stdin-limit: below it nothing is lost")
def stdin_below_limit():
    with Port("-stdin-limit", str(MIB)) as p:
        pid = p.run("sleep 0.5; wc -c", [A.stdin, A.stdout])
        lines = len(p.log())
        for i in range(10):
            p.stdin(pid, bytes(100000))
        p.stdin(pid, A.eof)
        expect(0, p.exit(pid), "status")
        check(int(p.out(pid)) == 1000000, "%r bytes", p.out(pid))
        check(len(p.log()) == lines, "log %s", p.log()[lines:])


@case(STDIN + " -stdin-limit: in all more than it, to one that reads",
      limit=30)
def stdin_reader():
    """The limit is what waits, not what was ever sent."""
    with Port("-stdin-limit", str(MIB)) as p:
        pid = p.run(["/usr/bin/wc", "-c"], [A.stdin, A.stdout])
        for i in range(100):
            p.stdin(pid, bytes(100000))
            p.pump(0.005)
        p.stdin(pid, A.eof)
        expect(0, p.exit(pid), "status")
        check(int(p.out(pid)) == 10000000, "%r bytes", p.out(pid))


@case(STDIN + " what waits for a child that ends is freed")
def stdin_freed():
    with Port() as p:
        worker = p.ring()["worker"]
        before = proc.rss(worker)
        pid = p.run(["/bin/sleep", "1000"], [A.stdin])
        for i in range(40):
            p.stdin(pid, bytes(MIB))
        p.until(lambda: not p.to_send, "40 MiB to be taken", 10)
        expect([pid], p.ask(A.list))
        p.ask(A.kill, pid, 9)
        expect(9, p.exit(pid), "status")
        eventually(lambda: proc.rss(worker) - before < 20 * MIB * SLOW, 2,
                   lambda: "the worker keeps %d MiB" % (
                       (proc.rss(worker) - before) >> 20))


@case(STDIN + " a worker that stands still: little is read ahead")
def stdin_ahead():
    with Port() as p:
        worker = p.ring()["worker"]
        pid = p.run(["/usr/bin/wc", "-c"], [A.stdin, A.stdout])
        os.kill(worker, signal.SIGSTOP)
        for _ in range(256):
            p.stdin(pid, bytes(65536))
        p.pump(1, lambda: not p.to_send)
        taken = 16 * MIB - sum(len(m) for m in p.to_send)
        os.kill(worker, signal.SIGCONT)
        check(taken < 2 * MIB, "%d KiB", taken >> 10)
        p.stdin(pid, A.eof)
        expect(0, p.exit(pid), "status")
        expect(16 * MIB, int(p.out(pid)))


@case(STDIN + " the node ends while the worker stands still: status 0")
def stdin_end():
    with Port() as p:
        ring = p.ring()
        p.run(["/bin/cat"], [A.stdin])
        os.kill(ring["worker"], signal.SIGSTOP)
        for _ in range(256):
            p.stdin(2 ** 30, bytes(65536))
        p.pump(1, lambda: not p.to_send)
        left = len(p.to_send)
        p.to_send.clear()
        p.close_input()
        gone = p.wait(lambda: not proc.alive(ring["broker"]))
        # Priv may have seen to that by now.
        with contextlib.suppress(ProcessLookupError):
            os.kill(ring["worker"], signal.SIGCONT)
        check(left and gone, "%d frames left, broker gone: %s", left, gone)


# A node that does not read --------------------------------------------------

@rows(PRESSURE, [
    ("one child that writes without end", ["/usr/bin/yes"], 1),
    ("ten children", ["/usr/bin/yes"], 10),
    ("one byte at a time", "while :; do printf x; done", 5),
])
def backpressure(cmd, count):
    with Port() as p:
        expect([], p.ask(A.list))
        roles = ("broker", "worker", "priv")
        ring = p.ring()
        before = {role: proc.rss(ring[role]) for role in roles}
        pids = [p.run(cmd, [A.stdout]) for _ in range(count)]
        p.reading = False
        for _ in range(10):
            p.pump(0.15)
            for role in roles:
                grown = proc.rss(ring[role]) - before[role]
                check(grown < 20 * MIB, "%s grew by %d MiB", role,
                      grown >> 20)
        p.reading = True
        have = {pid: len(p.out(pid)) for pid in pids}
        p.until(lambda: all(len(p.out(pid)) > have[pid] + 10 for pid in
                            pids), "more output", 10)
        for pid in pids:
            check(p.out(pid)[:10] in (b"y\n" * 5, b"x" * 10), "output %r",
                  p.out(pid)[:10])
        for pid in pids:
            expect(OK, p.ask(A.stop, pid))
        for pid in pids:
            expect(0, p.exit(pid), "status")
        for pid in pids:
            check(set(p.out(pid)[::2]) <= set(b"yx"), "bytes are lost")


@case(PRESSURE + " long lists, thousands of them: priv does not keep them",
      limit=60)
def lists():
    with Port() as p:
        pids = [p.run(["/bin/sleep", "1000"], []) for _ in range(600)]
        priv = p.ring()["priv"]
        before = proc.rss(priv)
        p.reading = False
        asked = [p.send((A.list,)) for _ in range(3000)]
        p.pump(2, lambda: proc.rss(priv) - before > MIB * SLOW)
        grown = proc.rss(priv) - before
        check(grown < MIB * SLOW, "it grew by %d KiB", grown >> 10)
        p.reading = True
        for number in asked:
            expect(sorted(pids), sorted(p.reply(number)))


@case(PRESSURE + " the child stands still, it does not spin")
def stands_still():
    """Nor does the ring: no processor time goes by."""
    with Port() as p:
        pid = p.run(["/usr/bin/yes"], [A.stdout])
        p.reading = False
        p.rest(pid)

        def ticks():
            pids = [pid] + list(p.ring().values())
            return sum(int(proc.stat(q)[11]) + int(proc.stat(q)[12])
                       for q in pids)
        before = ticks()
        p.pump(1)
        used = (ticks() - before) / os.sysconf("SC_CLK_TCK")
        check(used < 0.1, "%.2f s of processor time in one second", used)
        p.reading = True


@case(PRESSURE + " nothing to do, nothing done")
def idle():
    """200 quiet children cost no processor time."""
    with Port() as p:
        for _ in range(200):
            p.send((A.run, ["/bin/sleep", "1000"], PIPES))
        p.until(lambda: not p.asked, "200 replies", 10)
        ring = list(p.ring().values())
        p.rest()
        before = proc.switches(ring)
        p.pump(1)
        woken = proc.switches(ring) - before
        check(woken <= 5, "woken %d times in a second", woken)


@case(PRESSURE + " one that writes without end does not starve others")
def starvation():
    with Port() as p:
        for _ in range(3):
            p.run(["/usr/bin/yes"], [A.stdout])
        cat = p.run(["/bin/cat"], [A.stdin, A.stdout])
        for i in range(10):
            echo(p, cat, b"echo %d\n" % i)
        pid = p.run(["/bin/echo", "short"], [A.stdout])
        expect(0, p.exit(pid), "status")
        check(p.out(pid) == b"short\n", "output %r", p.out(pid))
