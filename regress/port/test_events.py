"""PROTOCOL 4, events.

That no output follows an exit, that an exit comes once and only from a
process that was announced, is what Port checks in every case.
"""

import hashlib
import os
import random
import signal
import tempfile
import time

from case import (ANY, OK, Skip, case, check, check_took, eventually, expect,
                  rows)
from etf import A
from port import Port
import proc

SECTION = "4 events:"


# Output ----------------------------------------------------------------------

@rows(SECTION + " bytes are exact:", [
    ("none", b""), ("a NUL", b"\0"), ("all 256", bytes(range(256))),
    ("no newline", b"abc"), ("65,536", b"x" * 65536),
    ("65,537", b"y" * 65537), ("1 MiB", bytes(range(256)) * 4096),
])
def exact(data):
    with Port() as p:
        for stream, cmd in ((A.stdout, "cat"), (A.stderr, "cat >&2")):
            pid = p.run(cmd, [A.stdin, stream])
            p.stdin(pid, data)
            p.stdin(pid, A.eof)
            expect(0, p.exit(pid), "status")
            check(p.out(pid, stream) == data, "%d bytes",
                  len(p.out(pid, stream)))


@rows(SECTION + " order of one stream,", [("-p 2", 2), ("-p 4", 4)])
def order(packet):
    with Port(packet=packet) as p:
        pid = p.run(["/usr/bin/seq", "1", "300000"], [A.stdout])
        expect(0, p.exit(pid, seconds=10), "status")
        want = b"".join(b"%d\n" % i for i in range(1, 300001))
        check(p.out(pid) == want, "%d bytes differ or are lost",
              len(p.out(pid)))


@case(SECTION + " both streams of many children at once")
def many_streams():
    with Port() as p:
        cmd = "seq 1 20000; seq 20001 40000 >&2"
        pids = [p.run(cmd, [A.stdout, A.stderr]) for _ in range(20)]
        for pid in pids:
            expect(0, p.exit(pid, seconds=15), "status")
        out = b"".join(b"%d\n" % i for i in range(1, 20001))
        err = b"".join(b"%d\n" % i for i in range(20001, 40001))
        for pid in pids:
            check(p.out(pid) == out, "stdout of %d", pid)
            check(p.out(pid, A.stderr) == err, "stderr of %d", pid)


@case(SECTION + " output comes while the child runs")
def prompt():
    with Port() as p:
        pid = p.run("echo one; sleep 1000", [A.stdout])
        p.until_out(pid, b"one\n", seconds=1)


@case(SECTION + " exit after output: 100 times 100 KiB")
def exit_after_output():
    with Port() as p:
        for _ in range(100):
            pid = p.run(["/usr/bin/head", "-c", "102400", "/dev/zero"],
                        [A.stdout])
            expect(0, p.exit(pid), "status")
            check(len(p.out(pid)) == 102400, "%d bytes", len(p.out(pid)))


@case(SECTION + " exit after output: both streams, 50 at once")
def exit_after_output_at_once():
    with Port() as p:
        cmd = "head -c 60000 /dev/zero; head -c 60000 /dev/zero >&2; exit 3"
        pids = [p.run(cmd, [A.stdout, A.stderr]) for _ in range(50)]
        for pid in pids:
            expect(768, p.exit(pid, seconds=10), "status")
            for stream in (A.stdout, A.stderr):
                check(len(p.out(pid, stream)) == 60000, "%d bytes",
                      len(p.out(pid, stream)))


@case(SECTION + " exit after output: what a slow node has not read yet")
def exit_after_output_slow():
    with Port() as p:
        p.reading = False
        numbers = [p.send((A.run, "head -c 65000 /dev/zero", [A.stdout]))
                   for _ in range(40)]
        p.pump(0.5)
        p.reading = True
        for number in numbers:
            pid = p.reply(number)[1]
            expect(0, p.exit(pid), "status")
            check(len(p.out(pid)) == 65000, "%d bytes", len(p.out(pid)))


@rows(SECTION + " a node that reads by fits and starts,", [
    ("-p 2", 2), ("-p 4", 4)], limit=40)
def fits_and_starts(packet):
    """No wake-up is lost: everything still comes, and whole."""
    rng = random.Random(packet)
    cmd = "cat; head -c %d /dev/zero; head -c %d /dev/zero >&2"
    with Port(packet=packet) as p:
        sizes = {}
        for _ in range(8):
            sent = {}
            for _ in range(15):
                n, m = rng.randrange(150000), rng.randrange(70000)
                sent[p.send((A.run, cmd % (n, m), [
                    A.stdin, A.stdout, A.stderr]))] = n, m
            p.until(lambda: all(i in p.replies for i in sent), "replies")
            for number, size in sent.items():
                pid = p.replies.pop(number)[1]
                sizes[pid] = size
                p.stdin(pid, b"x" * 1000)
                p.stdin(pid, A.eof)
            for _ in range(10):
                p.reading = rng.random() < 0.5
                p.pump(rng.random() / 100)
            p.reading = True
        for pid, (n, m) in sizes.items():
            expect(0, p.exit(pid), "status")
            check(len(p.out(pid)) == n + 1000, "%d bytes, not %d",
                  len(p.out(pid)), n + 1000)
            check(len(p.out(pid, A.stderr)) == m, "%d bytes, not %d",
                  len(p.out(pid, A.stderr)), m)


@case(SECTION + " a grandchild that holds stdout does not delay the exit")
def grandchild_holds():
    with Port() as p:
        start = time.monotonic()
        pid = p.run("echo hi; sleep 1000 & exit 3", [A.stdout, A.stderr])
        expect(768, p.exit(pid), "status")
        check_took(time.monotonic() - start, 0, 1)
        check(p.out(pid) == b"hi\n", "output %r", p.out(pid))


@case(SECTION + " a grandchild that writes on is cut off by the exit")
def grandchild_writes():
    with Port() as p:
        expect([], p.ask(A.list))
        worker = p.ring()["worker"]
        before = len(proc.descriptors(worker))
        pid = p.run("yes & sleep 0.1; exit 3", [A.stdout])
        expect(768, p.exit(pid), "status")
        eventually(lambda: len(proc.descriptors(worker)) == before, 1,
                   "the worker keeps its descriptors")
        p.pump(0.2)


# Exits -----------------------------------------------------------------------

@rows(SECTION + " status is wait(2)'s:", [
    ("exit 0", "exit 0", 0),
    ("exit 3", "exit 3", 768),
    ("exit 255", "exit 255", 255 << 8),
    ("SIGKILL", "kill -KILL $$", 9),
    ("SIGTERM", "kill -TERM $$", 15),
    ("SIGHUP", "kill -HUP $$", 1),
    ("SIGPIPE", "kill -PIPE $$", 13),
    ("a real-time signal", "kill -40 $$", 40),
])
def raw_status(cmd, status):
    with Port() as p:
        expect(status, p.exit(p.run(cmd)), "status")


def shell_status(cmd, directory):
    """What wait(2) tells ourselves about such a command."""
    pid = os.fork()
    if pid == 0:
        try:
            os.chdir(directory)
            os.execv("/bin/sh", ["sh", "-c", cmd])
        finally:
            os._exit(127)
    return os.waitpid(pid, 0)[1]


@rows(SECTION + " status is wait(2)'s:", [
    ("SIGSEGV, no core", "ulimit -c 0; kill -SEGV $$", signal.SIGSEGV),
    ("SIGSEGV, +128 for a core", "ulimit -c unlimited; kill -SEGV $$",
     signal.SIGSEGV | 128),
    ("SIGABRT, +128 for a core", "ulimit -c unlimited; kill -ABRT $$",
     signal.SIGABRT | 128),
])
def core_status(cmd, want):
    with tempfile.TemporaryDirectory() as directory, Port() as p:
        status = shell_status(cmd, directory)
        # Where core_pattern is a pipe, a limit of 0 does not hold.
        if status != want:
            raise Skip("status %d here without the port, too" % status)
        pid = p.run(cmd, [(A.cd, directory)])
        expect(int(want), p.exit(pid), "status")


@rows(SECTION + " status after kill:", [
    ("SIGKILL", signal.SIGKILL, 9), ("SIGTERM", signal.SIGTERM, 15),
    ("SIGUSR2", signal.SIGUSR2, 12), ("SIGSYS, its core apart",
                                      signal.SIGSYS, 31),
])
def kill_status(sig, status):
    with Port() as p:
        pid = p.run("ulimit -c 0; exec sleep 1000")
        eventually(lambda: proc.comm(pid) == "sleep", 2, "no exec")
        expect(OK, p.ask(A.kill, pid, int(sig)))
        expect(status, p.exit(pid) & 127, "status")


@rows(SECTION + " after stop the status is 0:", [
    ("dies of the signal", "echo up; exec sleep 1000"),
    ("exits with 5", "trap 'exit 5' TERM; echo up; "
                     "while :; do sleep 0.02; done"),
    ("must be killed", "trap '' TERM; echo up; "
                       "while :; do sleep 0.02; done"),
])
def stop_status(cmd):
    with Port() as p:
        pid = p.run(cmd, [A.stdout, (A.kill_timeout, 1)])
        p.until_out(pid, b"up\n")
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")


@case(SECTION + " after stop the status is 0: with {success_exit_code, 7}")
def stop_success():
    with Port() as p:
        pid = p.run(["/bin/sleep", "1000"], [(A.success_exit_code, 7)])
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")


@case(SECTION + " output between a stop and the exit is not lost")
def stop_output():
    with Port() as p:
        pid = p.run("trap 'echo bye; exit' TERM; echo up; "
                    "while :; do sleep 0.02; done", [A.stdout])
        p.until_out(pid, b"up\n")
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        check(p.out(pid) == b"up\nbye\n", "output %r", p.out(pid))


@case(SECTION + " exactly one exit a child: 200 ended in five ways")
def one_exit():
    with Port() as p:
        kinds = ["true", "exit 1", "kill -9 $$", "exec sleep 1000",
                 "exec sleep 1000"]
        pids = [p.run(kinds[i % 5], [A.stdout] if i % 2 else [])
                for i in range(200)]
        for pid in pids[3::5]:
            p.ask(A.stop, pid)
            p.ask(A.stop, pid)
        for pid in pids[4::5]:
            p.ask(A.kill, pid, 9)
            p.ask(A.kill, pid, 9)
        for pid in pids:
            p.exit(pid)
        p.pump(0.3)
        check(len(p.events) == 200, "%d events", len(p.events))
        check(all(len(p.exits[pid]) == 1 for pid in pids), "exits")


@case(SECTION + " a child that closes its streams early lives on")
def closes_early():
    with Port() as p:
        pid = p.run("echo x; exec >&- 2>&-; read x; exit 4",
                    [A.stdin, A.stdout, A.stderr])
        p.until_out(pid, b"x\n")
        p.pump(0.1)
        expect([pid], p.ask(A.list))
        p.stdin(pid, A.eof)
        expect(1024, p.exit(pid), "status")


@case(SECTION + " the reply with the pid comes before its events")
def reply_first():
    with Port() as p:
        numbers = [p.send((A.run, ["/bin/echo", "x"], [A.stdout]))
                   for _ in range(100)]
        for number in numbers:
            expect((A.pid, ANY), p.reply(number))
        p.until(lambda: all(p.exits.values()), "the exits")


# stdin -----------------------------------------------------------------------

@rows(SECTION + " stdin of 16 MiB through cat:", [
    ("-p 4, one message", 4, 16 << 20),
    ("-p 4, messages of 1 MiB", 4, 1 << 20),
    ("-p 2, messages of 65,000", 2, 65000),
])
def sixteen(packet, size):
    data = b"".join(hashlib.sha256(b"%d" % i).digest()
                    for i in range(1 << 15)) * 16
    with Port(packet=packet) as p:
        pid = p.run(["/bin/cat"], [A.stdin, A.stdout])
        for at in range(0, len(data), size):
            p.stdin(pid, data[at:at + size])
        p.stdin(pid, A.eof)
        expect(0, p.exit(pid, seconds=15), "status")
        check(len(p.out(pid)) == len(data), "%d bytes", len(p.out(pid)))
        check(hashlib.sha256(p.out(pid)).digest()
              == hashlib.sha256(data).digest(), "other bytes")
