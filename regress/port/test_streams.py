"""Streams that outlive their child: linger, and what was cut.

After the end of a child its output stays open for others that hold it, until
nobody does or its linger is over.
"""

import os
import shutil
import signal
import tempfile
import time

import proc
from case import (OK, Naming, Skip, case, check, eventually, expect, rows,
                  timely)
from etf import A
from native import Native, exited, signaled
from patience import stretched
from port import Port
from trace import Trace

LINGER = "linger:"
CUT = "stdin cut:"
FIFO = "fifo:"
SAME = "same file:"
LONG = (A.linger, 60000)
LATER = "(sleep 0.3; echo late) & echo soon"
FOREVER = "sleep 1000 & echo soon"
DIALECTS = [("native", Native), ("exec-port", Port)]


def bash(text):
    if not os.access("/bin/bash", os.X_OK):
        raise Skip("no bash")
    return ["/bin/bash", "-c", text]


def truncated(p, pid, *streams):
    expect(list(streams), p.exits[pid][0][A.truncated], "truncated")


def said(p, pid, data, stream=A.stdout):
    check(p.out(pid, stream) == data, "%r", p.out(pid, stream))


@rows(LINGER, [("what is written later is heard, %s" % name, kind)
               for name, kind in DIALECTS])
def linger_heard(kind):
    with kind() as p:
        pid = p.run(LATER, [A.stdout, LONG])
        p.exit(pid, 10)
        said(p, pid, b"soon\nlate\n")


@rows(LINGER, [("without it, %s, not" % name, kind, more)
               for name, kind in DIALECTS for more in ([], [(A.linger, 0)])])
def linger_none(kind, more):
    with kind() as p:
        pid = p.run(FOREVER, [A.stdout, *more])
        value = p.exit(pid)
        said(p, pid, b"soon\n")
        if kind is Native:
            expect([A.stdout], value[A.truncated], "truncated")


@case(LINGER + " a process substitution")
def linger_substitution():
    with Native() as p:
        pid = p.run(bash("echo hi > >(sleep 0.3; cat)"),
                    [A.stdout, A.kill_group, LONG])
        p.ended(pid, exited(0), seconds=10)
        said(p, pid, b"hi\n")
        truncated(p, pid)


@case(LINGER + " exec > >(tee LOG): both have all of it")
def linger_tee():
    with tempfile.TemporaryDirectory() as folder, Port() as p:
        log = os.path.join(folder, "log")
        pid = p.run(bash("exec > >(sleep 0.3; exec tee %s) 2>&1; echo out; "
                         "echo err >&2; exit 3" % log),
                    [A.stdout, A.kill_group, LONG])
        expect(768, p.exit(pid, 10), "status")
        said(p, pid, b"out\nerr\n")
        with open(log, "rb") as f:
            expect(b"out\nerr\n", f.read(), "log")


@case(LINGER + " -linger is for all runs, its option for one")
def linger_flag():
    with Native("-linger", "60000") as p:
        pid = p.run(LATER, [A.stdout])
        p.ended(pid, exited(0), seconds=10)
        said(p, pid, b"soon\nlate\n")
        pid = p.run(FOREVER, [A.stdout, (A.linger, 0)])
        p.ended(pid, exited(0))
        truncated(p, pid, A.stdout)


@case(LINGER + " it ends, whoever holds the pipe, and that is told")
def linger_over():
    with Native() as p:
        pid = p.run("sleep 1000 & echo soon; echo bad >&2; exit 3",
                    [A.stdout, A.stderr, (A.linger, 200)])
        p.until_out(pid, b"soon\n")
        p.ended(pid, exited(3))
        said(p, pid, b"soon\n")
        truncated(p, pid, A.stdout, A.stderr)


@case(LINGER + " only the stream that was cut is named")
def linger_one():
    with Native() as p:
        pid = p.run("sleep 1000 >&2 2>&2 & exec sleep 0",
                    [A.stdout, A.stderr, (A.linger, 50)])
        p.ended(pid, exited(0))
        truncated(p, pid, A.stderr)
        check(A.stdout in p.eofs[pid], "no eof of stdout")


@rows(LINGER, [
    ("nothing is waited for without a pipe of output", [A.stdin, LONG]),
    ("nor for a terminal", [A.pty, A.stdout, LONG]),
    ("nor if nobody else has it", [A.stdout, A.stderr, LONG])])
def linger_nobody(options):
    with Native() as p:
        pid = p.run(["/bin/true"], options)
        p.ended(pid, exited(0))
        truncated(p, pid)


@case(LINGER + " nor for a terminal that its launcher is slow to close")
def linger_launcher():
    with Native() as p:
        if "launcher" not in p.ring():
            raise Skip("there is no launcher")
        t = Trace([p.ring()["launcher"]],
                  ["-e", "inject=close:delay_enter=200000"])
        try:
            pid = p.run(["/bin/true"], [A.pty, A.stdout, LONG])
            p.ended(pid, exited(0))
            truncated(p, pid)
        finally:
            t.stop()


@case(LINGER + " a terminal, whose holders are hung up, is not waited for")
def linger_pty():
    with Native() as p:
        pid = p.run("trap '' HUP; sleep 1000 & echo soon",
                    [A.pty, A.stdout, LONG])
        p.ended(pid, exited(0))
        truncated(p, pid, A.stdout)


@case(LINGER + " both streams to one pipe")
def linger_joined():
    with Native() as p:
        pid = p.run("(sleep 0.3; echo late >&2) & echo soon",
                    [A.stdout, (A.stderr, A.stdout), LONG])
        p.ended(pid, exited(0), seconds=10)
        said(p, pid, b"soon\nlate\n")


@case(LINGER + " a window does not lose what is in the pipe")
def linger_window():
    with Native() as p:
        pid = p.run("(sleep 0.2; head -c 5000 /dev/zero) & "
                    "head -c 5000 /dev/zero",
                    [A.stdout, (A.window, 1000), LONG])
        p.still(pid, 1000)
        while not p.exits[pid]:
            p.ack(pid)
            p.pump(0.02)
        p.ended(pid, exited(0))
        check(len(p.out(pid)) == 10000, "%d bytes", len(p.out(pid)))
        truncated(p, pid)


@case(LINGER + " a window does not lose the rest of a packet")
def linger_packets():
    with Native() as p:
        pid = p.run(["/usr/bin/python3", "-c", "import fcntl, os\n"
                     "fcntl.fcntl(1, fcntl.F_SETFL, os.O_WRONLY | os.O_DIRECT)"
                     "\nfor n in range(9): os.write(1, b'%07d\\n' % n * 500)"],
                    [A.stdout, (A.window, 10000)])
        p.still(pid, 10000)
        while not p.exits[pid]:
            p.ack(pid)
            p.pump(0.02)
        p.ended(pid, exited(0))
        check(b"".join(b"%07d\n" % n * 500 for n in range(9)) == p.out(pid),
              "%d bytes", len(p.out(pid)))


@case(LINGER + " the others of the group are ended after it, not before")
def linger_group():
    with Native() as p:
        pid = p.run("(trap 'echo bye; exit' TERM; echo up; "
                    "while :; do sleep 0.05; done) & read x",
                    [A.stdin, A.stdout, A.kill_group, (A.linger, 300)])
        p.until_out(pid, b"up\n")
        p.stdin(pid, A.eof)
        p.ended(pid, exited(1))
        check(p.out(pid).startswith(b"up\n"), "%r", p.out(pid))
        eventually(lambda: not proc.group(pid), 5, "the group lives")


# In linger: what may be asked of it ---

def lingering(p, *options):
    """A child that is dead; its sleep has its stdout."""
    pid = p.run(FOREVER, [A.stdout, LONG, *options])
    p.until_out(pid, b"soon\n")
    eventually(lambda: proc.state(pid) == "Z", 5, "it lives")
    p.ask(A.list)
    check(not p.exits[pid], "its end is told")
    return pid


@case(LINGER + " it is listed, and cannot be signalled or moved")
def linger_asked():
    with Native() as p:
        pid = lingering(p)
        expect([pid], p.ask(A.list), "list")
        expect((A.error, A.esrch), p.ask(A.kill, pid, 0), "kill 0")
        expect((A.error, A.esrch), p.ask(A.kill, pid, 15), "kill")
        expect((A.error, A.esrch), p.ask(A.setpgid, pid, 0), "setpgid")
        p.stdin(pid, b"x")
        other = p.run(["/bin/sleep", "1000"], [(A.group, pid)])
        expect(OK, p.ask(A.stop, other))
        p.exit(other)
        expect(OK, p.ask(A.stop, pid), "stop")
        p.ended(pid, exited(0), A.stopped)
        truncated(p, pid, A.stdout)


@case(LINGER + " the answer to a stop comes before the exit")
def linger_stop_order():
    with Native() as p:
        pid = lingering(p)
        number = p.send((A.stop, pid))
        seen = len(p.events)
        expect(OK, p.reply(number), "stop")
        check(p.before[number] == seen, "%r", p.events[seen:])
        p.ended(pid, exited(0), A.stopped)


@case(LINGER + " a stop ends it, and its group")
def linger_stop_group():
    with Native() as p:
        pid = lingering(p, A.kill_group)
        expect(OK, p.ask(A.stop, pid))
        p.ended(pid, exited(0), A.stopped)
        check(not proc.group(pid), "the group lives")


@case(LINGER + " no kill command is run for a dead one")
def linger_kill_command():
    with tempfile.TemporaryDirectory() as folder, Native() as p:
        mark = os.path.join(folder, "ran")
        pid = lingering(p, (A.kill, "touch %s" % mark))
        expect(OK, p.ask(A.stop, pid))
        p.ended(pid, exited(0), A.stopped)
        check(not os.path.exists(mark), "it ran")


@case(LINGER + " its timeout ends it, and is not why it ended")
def linger_timeout():
    with Native() as p:
        pid = p.run(FOREVER, [A.stdout, LONG, (A.timeout, stretched(500))])
        p.ended(pid, exited(0))
        truncated(p, pid, A.stdout)


@case(LINGER + " one that is stopped or killed for its time has none")
def linger_stopped():
    with Native() as p:
        pid = p.run("sleep 1000 & echo up; exec sleep 1000",
                    [A.stdout, LONG])
        p.until_out(pid, b"up\n")
        expect(OK, p.ask(A.stop, pid))
        p.ended(pid, signaled(15), A.stopped)
        truncated(p, pid, A.stdout)
        pid = p.run("sleep 1000 & exec sleep 1000",
                    [A.stdout, LONG, (A.timeout, stretched(200))])
        p.ended(pid, signaled(15), A.timeout)


@case(LINGER + " one that was killed from outside has one")
def linger_killed():
    with Native() as p:
        pid = p.run("(sleep 0.5; echo late) & echo up; exec sleep 1000",
                    [A.stdout, LONG])
        p.until_out(pid, b"up\n")
        os.kill(pid, signal.SIGKILL)
        p.ended(pid, signaled(9), seconds=10)
        said(p, pid, b"up\nlate\n")


@rows(LINGER, [("a shutdown does not wait for it: " + name, how)
               for name, how in (
                   ("end of file", lambda p: p.close_input()),
                   ("{shutdown}", lambda p: p.send((A.shutdown,), 0)))])
def linger_shutdown(how):
    with Native() as p:
        lingering(p)
        how(p)
        started = time.monotonic()
        p.end(10)
        check(time.monotonic() - started < 30, "too long")


@case(LINGER + " many at once")
def linger_many():
    with Native() as p:
        pids = [p.run(LATER, [A.stdout, LONG]) for _ in range(50)]
        for pid in pids:
            p.ended(pid, exited(0), seconds=20)
            said(p, pid, b"soon\nlate\n")
            truncated(p, pid)


@case(LINGER + " priv sleeps meanwhile")
def linger_idle():
    with Native() as p:
        lingering(p)
        priv = p.ring()["priv"]
        p.rest()
        before = [int(n) for n in proc.stat(priv)[11:13]]
        p.pump(0.5)
        spent = sum(int(n) for n in proc.stat(priv)[11:13]) - sum(before)
        check(spent < 10, "%d ticks", spent)


@rows(LINGER + " refused:", [
    ("-1", (A.linger, -1)), ("an atom", (A.linger, A.x)),
    ("a day and a ms", (A.linger, 86400001)), ("alone", A.linger),
    ("twice", [(A.linger, 1), (A.linger, 1)])])
def linger_refused(option):
    options = option if isinstance(option, list) else [option]
    with Native() as p:
        p.refused((A.badopt, A.linger), A.run, "true", options)
    with Port() as p:
        expect(Naming("linger"), p.ask(A.run, "true", options))
        expect(Naming("linger"), p.ask(A.manage, os.getpid(), [(A.linger, 1)]))


# Input that is lost ---------------------------------------------------------

READERS = [
    ("the child", "exec cat > %s"),
    ("a child of the child's", "cat > %s; exit 0"),
    ("one in a pipeline", "cat | cat > %s"),
    ("one in a session of its own", "setsid cat > %s; exit 0"),
]


@rows(CUT, [("no end of file for %s, %s" % (who, name), cmd, kind)
            for who, cmd in READERS for name, kind in DIALECTS])
def cut_reader(cmd, kind):
    """It reads only when the limit is passed; ended is told by a file."""
    with tempfile.TemporaryDirectory() as folder, (
            kind("-stdin-limit", "200000")) as p:
        go, got = (os.path.join(folder, name) for name in ("go", "got"))
        os.mkfifo(go)
        wait = "(read x < %s; " % go
        pid = p.run(wait + cmd % got + " && touch %s.whole)" % got,
                    [A.stdin])
        for _ in range(10):
            p.stdin(pid, bytes(65536))
        p.stdin(pid, A.eof)
        value = p.exit(pid)
        if kind is Native:
            expect(signaled(9), value[A.status], "status")
        else:
            expect(9, value, "status")
        eventually(lambda: not proc.group(pid), 5, "the group lives")
        check(not os.path.exists(got + ".whole"), "it has seen an end")


@case(CUT + " one that reads gets no more of it, and no end")
def cut_midway():
    """It has begun to read when the limit is passed, and goes on then."""
    with Native("-stdin-limit", "100000") as p:
        pid = p.run(["/usr/bin/python3", "-c",
                     "import os, signal, sys, time\n"
                     "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                     "os.read(0, 10); print('up', flush=True)\n"
                     "time.sleep(1000)\n"],
                    [A.stdin, A.stdout, A.kill_group])
        p.stdin(pid, bytes(10))
        p.until_out(pid, b"up\n")
        for _ in range(5):
            p.stdin(pid, bytes(65536))
        p.ended(pid, signaled(9), A.normal, killed=True)


@case(CUT + " in linger: those who read it are ended")
def cut_lingering():
    with Native("-stdin-limit", "100000") as p:
        pid = p.run("exec 3<&0; (echo up; exec sleep 1000 <&3) & exit 3",
                    [A.stdin, A.stdout, LONG])
        p.until_out(pid, b"up\n")
        eventually(lambda: proc.state(pid) == "Z", 5, "it lives")
        for _ in range(5):
            p.stdin(pid, bytes(65536))
        p.ended(pid, exited(3))
        eventually(lambda: not proc.group(pid), 5, "they live")


@case(CUT + " others go on")
def cut_others():
    with Native("-stdin-limit", "100000") as p:
        cat = p.run(["/bin/cat"], [A.stdin, A.stdout])
        pid = p.run(["/bin/sleep", "1000"], [A.stdin])
        for _ in range(5):
            p.stdin(pid, bytes(65536))
            p.stdin(cat, b"x")
        p.ended(pid, signaled(9), A.normal, killed=True)
        p.until_out(cat, b"xxxxx")


# FIFOs ----------------------------------------------------------------------

class Fifo:
    def __enter__(self):
        self.folder = tempfile.mkdtemp()
        self.path = os.path.join(self.folder, "fifo")
        os.mkfifo(self.path)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def option(self, stream=A.stdin):
        return (stream, self.path.encode())

    def write(self, data):
        """As one who comes late; it is there when its reader is."""
        fd = eventually(self._open, 5, "nobody reads")
        os.write(fd, data)
        os.close(fd)

    def _open(self):
        try:
            return os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return None


@rows(FIFO, [("stdin waits for its writer, " + name, kind)
             for name, kind in DIALECTS])
def fifo_stdin(kind):
    with Fifo() as f, kind() as p:
        pid = p.run(["/bin/cat"], [f.option(), A.stdout])
        # Nobody is held up by it.
        for _ in range(3):
            p.exit(p.run("true"))
        check(not p.exits[pid], "it has ended")
        f.write(b"at last\n")
        p.exit(pid)
        said(p, pid, b"at last\n")


@case(FIFO + " as stdin, with its writer there already")
def fifo_writer():
    with Fifo() as f, Native() as p:
        keep = os.open(f.path, os.O_RDWR)
        os.write(keep, b"early\n")
        pid = p.run(["/bin/cat"], [f.option(), A.stdout])
        p.until_out(pid, b"early\n")
        check(not p.exits[pid], "it has ended")
        os.close(keep)
        p.ended(pid, exited(0))


@case(FIFO + " by a relative path, behind cd")
def fifo_relative():
    with Fifo() as f, Native() as p:
        pid = p.run(["/bin/cat"], [(A.stdin, b"fifo"), A.stdout,
                                   (A.cd, f.folder.encode())])
        f.write(b"x")
        p.ended(pid, exited(0))
        said(p, pid, b"x")


@rows(FIFO + " a child that waits for its writer is ended by", [
    ("stop", [], lambda p, pid: expect(OK, p.ask(A.stop, pid)),
     signaled(15), A.stopped),
    ("its timeout", [(A.timeout, 300)], lambda p, pid: None, signaled(15),
     A.timeout),
    ("a signal", [], lambda p, pid: expect(OK, p.ask(A.kill, pid, 10)),
     signaled(10), A.normal)])
def fifo_ended(options, how, status, reason):
    with Fifo() as f, Native() as p:
        pid = p.run(["/bin/cat"], [f.option(), *timely(options)])
        expect([pid], p.ask(A.list), "list")
        how(p, pid)
        p.ended(pid, status, reason)


@case(FIFO + " a child that waits for its writer ends with the port")
def fifo_shutdown():
    with Fifo() as f, Native() as p:
        p.run(["/bin/cat"], [f.option(), A.stdout])


@case(FIFO + " a child that waits for its writer has its streams alone")
def fifo_descriptors():
    with Fifo() as f, Native() as p:
        pid = p.run(["/bin/cat"], [f.option(), A.stdout])
        eventually(lambda: "waits" in proc.title(pid), 5, "it is unnamed")
        eventually(lambda: set(proc.descriptors(pid)) == {0, 1, 2}, 5,
                   lambda: "%s" % proc.descriptors(pid))
        f.write(b"")
        p.ended(pid, exited(0))


@case(FIFO + " what cannot be executed is said before the wait")
def fifo_exec():
    with Fifo() as f, Native() as p:
        p.refused((A.exec, A.enoent, b"/nope"), A.run, ["/nope"],
                  [f.option()])
        p.refused((A.exec, A.eacces, b"/etc/passwd"), A.run, ["/etc/passwd"],
                  [f.option()])
        p.refused((A.open, A.enoent, b"/nope/x"), A.run, ["/bin/cat"],
                  [f.option(), (A.stdout, b"/nope/x")])
        expect([], p.ask(A.list), "list")


@case(FIFO + " what cannot be executed after it, the child says")
def fifo_exec_late():
    with Fifo() as f, Native() as p:
        path = os.path.join(f.folder, "empty").encode()
        with open(path, "wb") as script:
            script.write(b"\0\0\0\0")
        os.chmod(path, 0o755)
        pid = p.run([path], [f.option(), A.stderr])
        f.write(b"")
        p.ended(pid, exited(1))
        said(p, pid, b"Pid %d: cannot execute '%s': Exec format error\n"
             % (pid, path), A.stderr)


@case(FIFO + " as stdout, without a reader: refused; with one: written to")
def fifo_stdout():
    with Fifo() as f, Native() as p:
        p.refused((A.open, A.enxio, f.path.encode()), A.run, ["/bin/true"],
                  [f.option(A.stdout)])
        fd = os.open(f.path, os.O_RDONLY | os.O_NONBLOCK)
        p.ended(p.run(["/bin/echo", "x"], [f.option(A.stdout)]), exited(0))
        expect(b"x\n", os.read(fd, 10))
        os.close(fd)


# Two streams, one file ------------------------------------------------------

OLD = b"what was there before, and longer than what comes"


@rows(SAME, [
    ("by one name", b"log", b"log"), ("by two", b"log", b"./log"),
    ("by a hard link", b"log", b"hard"), ("by a symbolic one", b"log",
                                          b"soft")])
def same_file(out, err):
    with tempfile.TemporaryDirectory() as folder, Native() as p:
        log = os.path.join(folder, "log")
        with open(log, "wb") as f:
            f.write(OLD)
        os.link(log, os.path.join(folder, "hard"))
        os.symlink("log", os.path.join(folder, "soft"))
        pid = p.run("echo 1; echo 2 >&2; echo 3; echo 4 >&2",
                    [(A.stdout, out), (A.stderr, err),
                     (A.cd, folder.encode())])
        p.ended(pid, exited(0))
        with open(log, "rb") as f:
            expect(b"1\n2\n3\n4\n", f.read(), "file")


@rows(SAME, [
    ("stdout appends", [A.append], [], OLD + b"1\n2\n"),
    ("stderr appends: stdout decides", [], [A.append], b"1\n2\n")])
def same_append(out, err, want):
    with tempfile.TemporaryDirectory() as folder, Native() as p:
        log = os.path.join(folder, "log")
        with open(log, "wb") as f:
            f.write(OLD)
        pid = p.run("echo 1; echo 2 >&2",
                    [(A.stdout, log.encode(), out),
                     (A.stderr, log.encode(), err)])
        p.ended(pid, exited(0))
        with open(log, "rb") as f:
            expect(want, f.read(), "file")


@case(SAME + " not: both are truncated, and apart")
def same_not():
    with tempfile.TemporaryDirectory() as folder, Native() as p:
        names = [os.path.join(folder, name) for name in ("out", "err")]
        for name in names:
            with open(name, "wb") as f:
                f.write(OLD)
        pid = p.run("echo 1; echo 2 >&2",
                    [(stream, name.encode()) for stream, name in
                     zip((A.stdout, A.stderr), names)])
        p.ended(pid, exited(0))
        for name, want in zip(names, (b"1\n", b"2\n")):
            with open(name, "rb") as f:
                expect(want, f.read(), name)
